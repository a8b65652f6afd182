"""A trained book, and a person before it, for the tests of its card."""

import shutil
from pathlib import Path

import pytest
import xlwings

from tests.addin.test_commands import TITANIC, Desk
from xlcicf import cli
from xlcicf.host import open_book


@pytest.fixture(scope="session")
def trained(tmp_path_factory) -> Path:
    """titanic.xlsx, a fifth held out, trained from two starts. Not to be written to."""
    path = tmp_path_factory.mktemp("trained") / "titanic.xlsx"
    book = open_book(TITANIC)
    book.sheets["Net"]["P8"].value = 0.2
    book.save(path)
    assert cli.main(["train", str(path), "--restarts", "2"]) == 0
    return path


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Runs are noted there."""
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield
    if hasattr(xlwings.Book, "_mock_caller"):
        del xlwings.Book._mock_caller


@pytest.fixture
def copy(trained, tmp_path) -> Path:
    path = tmp_path / trained.name
    shutil.copy(trained, path)
    shutil.copy(f"{trained}.xlcicf.json", f"{path}.xlcicf.json")
    return path


@pytest.fixture
def desk(copy) -> Desk:
    return Desk(copy)
