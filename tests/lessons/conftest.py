"""The shipped workbook, its saved values, and a fresh calculator holding it."""

from pathlib import Path

import pytest

from tests import oracles
from tests.lessons.live import Live

SHIPPED = Path(__file__).parents[2] / "workbooks" / "titanic.xlsx"


@pytest.fixture(scope="session")
def shipped() -> Path:
    return SHIPPED


@pytest.fixture(scope="session")
def saved(shipped) -> oracles.Values:
    """Address -> the value saved in the shipped workbook."""
    return oracles.saved_values(shipped)


@pytest.fixture
def live(shipped) -> Live:
    return Live(shipped)
