"""The lesson book of a test module, which names it `BOOK`: its saved values, calculators holding it, a copy."""

from pathlib import Path

import pytest

from tests import oracles
from tests.lessons.live import Live
from xlcicf.host import open_book


@pytest.fixture(scope="module")
def shipped(request) -> Path:
    return request.module.BOOK


@pytest.fixture(scope="module")
def saved(shipped) -> oracles.Values:
    """Address -> the value saved in the shipped workbook."""
    return oracles.saved_values(shipped)


@pytest.fixture(
    scope="module", params=["ironcalc", pytest.param("libreoffice", marks=pytest.mark.libreoffice)]
)
def computed(request, shipped) -> oracles.Values:
    """Address -> the value that another computer finds."""
    recomputed = oracles.ironcalc_values if request.param == "ironcalc" else oracles.libreoffice_values
    return recomputed(shipped)


@pytest.fixture
def live(shipped) -> Live:
    return Live(shipped)


@pytest.fixture(scope="module")
def shared(shipped) -> Live:
    """One calculator for tests that set all that they depend on."""
    return Live(shipped)


@pytest.fixture
def copy(shipped, tmp_path) -> Path:
    path = tmp_path / shipped.name
    path.write_bytes(shipped.read_bytes())
    return path


@pytest.fixture
def book(copy):
    """A copy of the book on the headless engine, as a person would open it."""
    opened = open_book(copy)
    yield opened
    opened.close()
