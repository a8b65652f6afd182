"""What is loaded, and when: a command loads the libraries that it needs and no others; names come when asked for."""

import subprocess
import sys
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import pytest

import xlcicf
from tests.small import save_small
from xlcicf import cli

HEAVY = {
    "torch", "scipy", "pandas", "numpy", "xlwings", "openpyxl", "ironcalc", "huggingface_hub", "safetensors",
    "threadpoolctl", "tqdm",
}  # fmt: skip
TIMED = "import time; began = time.perf_counter(); import {}; print(time.perf_counter() - began)"
TOLD = "import atexit, sys; atexit.register(lambda: print('loaded:', *sys.modules)); "
ENTRY = TOLD + "sys.argv = ['xlcicf', *{}]; from xlcicf.cli import main; sys.exit(main())"


def run(code: str, folder: Path | None = None) -> str:
    """What a fresh Python prints."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def loaded(printed: str) -> set[str]:
    """The heavy libraries, of the modules that TOLD has printed."""
    modules = printed.rpartition("loaded:")[2].split()
    assert "xlcicf" in modules
    return HEAVY.intersection(modules)


def test_import_xlcicf_loads_no_heavy_library():
    assert loaded(run(TOLD + "import xlcicf")) == set()


# ---- what a command loads --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Command:
    """Arguments, the heavy libraries that they may load, and commands to be run before."""

    arguments: str
    may_load: set[str] = field(default_factory=set)
    after: tuple[str, ...] = ()


# A book opened as it was saved; torch for what formulas come to and their gradient, which loads tqdm; scipy
# for its own method.
BOOK = {"numpy", "xlwings", "openpyxl"}
GRADIENT = BOOK | {"torch", "tqdm"}
TRAINING = GRADIENT | {"threadpoolctl"}
COMMANDS = {
    "help": Command("--help"),
    "help of a verb": Command("train --help"),
    "version": Command("--version"),
    "lessons": Command("lessons"),
    "undo": Command("undo small.xlsx", after=("train small.xlsx",)),
    "redo": Command("redo small.xlsx", after=("train small.xlsx", "undo small.xlsx")),
    "undo after a change by hand": Command("undo small.xlsx", GRADIENT, after=("train small.xlsx", "CHANGE")),
    "card": Command("card small.xlsx", BOOK | {"huggingface_hub", "tqdm"}, after=("train small.xlsx",)),
    "grad": Command("grad small.xlsx", GRADIENT),
    "check": Command("check small.xlsx", GRADIENT),
    "train": Command("train small.xlsx", TRAINING | {"scipy"}),
    "train by adam": Command("train small.xlsx --optimizer adam", TRAINING),
    "bench": Command("bench small.xlsx --seconds 0.1", TRAINING | {"scipy"}),
    "doctor": Command("doctor", GRADIENT - {"xlwings"}),
}


@pytest.fixture
def folder(tmp_path):
    save_small(tmp_path / "small.xlsx")
    book = xlcicf.open_book(tmp_path / "small.xlsx")
    xlcicf.solve.save_problem(book, xlcicf.Problem("Net!B3", "Net!B1:B2"))
    book.save()
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_command_loads_no_more_than_it_needs(command, folder):
    for before in command.after:
        if before == "CHANGE":
            book = xlcicf.open_book(folder / "small.xlsx")
            book.sheets["The log"]["C4"].value = "by hand"
            book.save()
        else:
            verb, *arguments = before.split()
            assert cli.main([verb, *(str(folder / argument) for argument in arguments)]) == 0
    found = loaded(run(ENTRY.format(command.arguments.split()), folder))
    assert found - command.may_load == set()


def test_pandas_is_left_out_where_the_process_is_the_commands_alone(titanic_book):
    """`main` with arguments, as a program calls it that may use xlwings itself, loads xlwings whole."""
    whole = TOLD + f"from xlcicf.cli import main; main(['grad', {str(titanic_book)!r}])"
    assert "pandas" in loaded(run(whole))
    assert "pandas" not in loaded(run(ENTRY.format(["grad", str(titanic_book)])))


def test_what_was_hidden_from_xlwings_can_be_imported_after_it():
    code = (
        "from xlcicf.host.bare_xlwings import import_bare; import_bare();"
        "import xlwings, sys; assert 'pandas' not in sys.modules; import pandas; print(pandas.__name__)"
    )
    assert run(code).strip() == "pandas"


def test_xlwings_is_whole_where_a_program_has_loaded_pandas_already():
    code = (
        "import pandas; from xlcicf.host.bare_xlwings import import_bare; import_bare();"
        "from xlwings import conversion; print(conversion.pd.__name__)"
    )
    assert run(code).strip() == "pandas"


# ---- names that come late --------------------------------------------------------------------------------

PACKAGES = ["xlcicf", "xlcicf.formula", "xlcicf.host", "xlcicf.solve"]
NAMES = [(package, name) for package in PACKAGES for name in import_module(package).__all__]


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_every_public_name_is_found_where_it_lives(package, name):
    module = import_module(package)
    assert getattr(module, name).__name__ == name
    assert name in dir(module)


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_no_late_name_is_that_of_a_module_beside_it(package, name):
    """Once imported, the module would stand in the name's place."""
    folder = Path(import_module(package).__file__).parent
    assert not (folder / f"{name}.py").exists() and not (folder / name).exists()


@pytest.mark.parametrize("package", PACKAGES)
def test_an_unknown_name_is_an_attribute_error(package):
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'nonsense'"):
        _ = import_module(package).nonsense


@pytest.mark.bench
def test_import_time_beside_numpy(measured):
    seconds = {module: [] for module in ("xlcicf", "numpy")}
    for _ in range(5):  # interleaved, so that a busy moment falls on both
        for module, taken in seconds.items():
            taken.append(float(run(TIMED.format(module))))
    ours, numpy = (min(taken) for taken in seconds.values())
    measured(
        "import xlcicf / import numpy", f"{ours / numpy:.3f}x  ({ours * 1e3:.1f} ms, {numpy * 1e3:.1f} ms)"
    )
