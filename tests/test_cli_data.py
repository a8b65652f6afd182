"""`xlcicf data mnist`: where the files go, what it says, and what it refuses."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.learn.test_fetch import server
from xlcicf import cli
from xlcicf.learn import fetch


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv(fetch.FOLDER, str(tmp_path / "cache"))
    return tmp_path / "cache" / "mnist"


@pytest.fixture
def raw():
    """Where this machine keeps the full set."""
    environment = {key: value for key, value in os.environ.items() if key != fetch.FOLDER}
    code = "from xlcicf.learn import fetch; print(fetch.cache())"
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.mark.mnist_full
def test_a_folder_that_has_the_files_fills_the_cache(raw, cache, capsys):
    assert cli.main(["data", "mnist", "--from", raw, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts == {"folder": str(cache), "train": 60_000, "valid": 10_000}
    shutil.rmtree(cache)


def test_an_archive_without_the_files_is_a_named_problem(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert cli.main(["data", "mnist", "--from", str(tmp_path / "empty"), "--json"]) == 1
    assert "has no train-images-idx3-ubyte" in json.loads(capsys.readouterr().out)["error"]


def test_a_mirror_that_refuses_is_a_named_problem(monkeypatch, capsys):
    with server(status=503) as (mirror, _):
        monkeypatch.setattr(fetch, "MIRRORS", (mirror,))
        assert cli.main(["data", "mnist"]) == 1
    assert "xlcicf: train-images-idx3-ubyte did not come from http://127.0.0.1" in capsys.readouterr().err


def test_other_data_is_wrong_usage(capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["data", "cifar"])
    assert stopped.value.code == 2
