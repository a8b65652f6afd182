"""Each word that several rooms share is said once: no name, label or header of a setting or a log can drift."""

import ast
import inspect
from dataclasses import fields
from functools import cache
from pathlib import Path

import openpyxl
import pytest

import xlcicf
from xlcicf import cli, docs, words
from xlcicf.addin.commands import COMMANDS
from xlcicf.addin.ribbon import CONTROLS, SettingCell
from xlcicf.errors import TrainingError
from xlcicf.ooxml.inventory import Inventory
from xlcicf.ooxml.package import read_package
from xlcicf.optim import OPTIMIZERS, train
from xlcicf.sheet.training_log import SHIPPED
from xlcicf.solve.training import Settings
from xlcicf.words import INIT, SETTINGS

PACKAGE = Path(xlcicf.__file__).parent
BOOKS = sorted((PACKAGE.parent / "workbooks").glob("*.xlsx"))
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "words.py")

# constant in words -> the name in our books
NAMES = {
    constant: name
    for constant, name in vars(words).items()
    if constant == "WEIGHTS" or constant.startswith(("NET_", "PARITY_")) or constant in ("RUNS_LOG",
    "RUNS_WEIGHTS", "STEPS_LOG", "STARTS_LOG")
}  # fmt: skip
CELLS = {setting.cell for setting in (*SETTINGS.values(), INIT)}

# What is said in words alone: the names in books, of settings' cells and boxes, and the headers that are no
# everyday words. "Steps", "Loss" and "Accuracy" also head charts and columns that are no log.
SAID_ONCE = {
    *NAMES.values(),
    *CELLS,
    *(setting.control for setting in SETTINGS.values()),
    *(setting.option for setting in SETTINGS.values()),
    *(setting.label for setting in SETTINGS.values() if setting is not words.STEPS),
    words.LOSS_BEFORE,
    words.LOSS_AFTER,
    words.WHY,
}
ELSEWHERE = {
    ("lessons/mnist_basics.py", "hidden.weight"): "a tensor of a shipped state_dict, not a name in the book",
    ("lessons/convolutions.py", "Learning rate"): "the title of a chart of a run that fast.ai recorded",
}

# Where settings are shown or read, even their bare names ("lr") come from the table.
ROOMS = ("cli.py", "addin", "optim", "pages", "sheet", "solve")
BY_NAME = {
    "optim/train.py": "the arguments themselves",
    "pages/model_card/content.py": "reads what a run's facts in the history call them",
}


@cache
def texts(source: Path) -> frozenset[str]:
    """The string literals of a file."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    found = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return frozenset(value for value in found if isinstance(value, str))


@cache
def used(room: str) -> frozenset[str]:
    """The constants of words that the files of a room take."""
    found = set()
    for source in (PACKAGE / room).rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            match node:
                case ast.Attribute(value=ast.Name(id="words"), attr=attr):
                    found.add(attr)
                case ast.ImportFrom(module="xlcicf.words", names=names):
                    found |= {alias.name for alias in names}
    return frozenset(found)


# --- said once


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_file_but_words_says_a_shared_word(source):
    home = source.relative_to(PACKAGE).as_posix()
    said = texts(source) & SAID_ONCE
    assert said == {text for file, text in ELSEWHERE if file == home}


def test_where_settings_are_shown_no_file_says_even_a_bare_name():
    shown = [s for s in SOURCES if s.relative_to(PACKAGE).parts[0] in ROOMS]
    said = {s.relative_to(PACKAGE).as_posix() for s in shown if texts(s) & SETTINGS.keys()}
    assert said == BY_NAME.keys()


def test_no_text_is_joined_into_the_name_of_a_settings_cell():
    assert not [source.name for source in SOURCES if {"train.", "set_", "--"} & texts(source)]


# --- written and read


@cache
def names_of(book: Path) -> frozenset[str]:
    return frozenset(name.name for name in Inventory(read_package(book)).names)


def test_a_name_that_a_reader_looks_for_is_written_by_a_writer_and_the_other_way_round():
    readers = used("solve") | used("pages") | used("addin")
    writers = used("sheet") | used("lessons")
    assert {name for name in NAMES if name not in writers} == set()
    assert {name for name in NAMES if name not in readers} == {"PARITY_STATUS"}  # a person reads it


def test_the_shipped_books_have_every_name():
    found = frozenset().union(*map(names_of, BOOKS))
    assert {*NAMES.values(), *CELLS} <= found


def test_a_book_with_a_log_has_all_that_a_run_writes_and_reads():
    logged = [book for book in BOOKS if words.RUNS_LOG in names_of(book)]
    assert len(logged) > 5
    needed = {name for constant, name in NAMES.items() if not constant.startswith(("NET_VALID", "NET_HELD"))}
    for book in logged:
        lacking = (needed | CELLS) - names_of(book) - {words.NET_MEASURE}
        assert lacking == set(), book.name


# --- as a person sees them


def rows_of(workbook, name: str) -> list[list]:
    ((sheet, cells),) = workbook.defined_names[name].destinations
    found = workbook[sheet][cells]
    return [[c.value for c in row] for row in found] if isinstance(found, tuple) else [[found.value]]


def test_the_titanic_book_shows_the_headers_labels_and_defaults(titanic_book):
    workbook = openpyxl.load_workbook(titanic_book)
    assert tuple(rows_of(workbook, words.RUNS_LOG)[0]) == words.RUNS_HEADERS
    assert tuple(rows_of(workbook, words.STEPS_LOG)[0]) == words.STEPS_HEADERS
    for setting in (*SETTINGS.values(), INIT):
        ((sheet, cell),) = workbook.defined_names[setting.cell].destinations
        shown, label = workbook[sheet][cell], workbook[sheet][cell].offset(0, -1)
        assert (label.value, shown.value) == (setting.label.lower(), SHIPPED[setting.cell])
    assert (SHIPPED[words.OPTIMIZER.cell], SHIPPED[words.STEPS.cell]) == ("lbfgs", 200)


def test_the_ribbon_shows_each_setting_that_has_a_tip_with_its_default():
    boxes = {name: control for name, control in CONTROLS.items() if isinstance(control.shows, SettingCell)}
    assert boxes.keys() == {s.control for s in SETTINGS.values() if s.tip} <= COMMANDS.keys()
    for setting in filter(lambda s: s.tip, SETTINGS.values()):
        box = boxes[setting.control]
        usual = "" if setting.default is None else str(setting.default)
        assert (box.label, box.tip, box.shows) == (
            setting.label,
            setting.tip,
            SettingCell(setting.cell, usual),
        )


def test_the_ribbon_offers_each_optimizer_with_what_it_is_for():
    assert CONTROLS["solve"].choices == tuple(
        (name, f"{name}: {words.MADE_FOR[name]}") for name in OPTIMIZERS
    )
    assert len(set(words.MADE_FOR.values())) == len(OPTIMIZERS)


def test_the_command_line_and_its_page_show_each_setting(capsys):
    with pytest.raises(SystemExit):
        cli.main(["train", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    page = docs.page("commands")
    for setting in SETTINGS.values():
        value = "|".join(setting.choices) or setting.metavar
        assert f"{setting.option} {setting.metavar} {setting.usage}" in shown
        assert f"`{setting.option} {value}`" in page


def test_the_defaults_are_those_of_train_and_the_optimizers_those_that_it_has():
    _, *arguments = inspect.signature(train).parameters.values()
    defaults = {name: setting.default for name, setting in SETTINGS.items()}
    no_settings = {
        "elsewhere": None,
        "time_limit": None,
    }  # other processes; and what Solver's dialog has itself
    assert {argument.name: argument.default for argument in arguments} == defaults | no_settings
    assert {field.name: field.default for field in fields(Settings)} == defaults
    assert words.OPTIMIZER.choices == OPTIMIZERS


# --- what a setting can be


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        (words.OPTIMIZER, "newton", "no optimizer named 'newton'; choose one of auto, lbfgs, least-squares"),
        (words.STEPS, 0, "steps must be a whole number of at least 1, not 0"),
        (words.STEPS, True, "steps must be a whole number of at least 1, not True"),
        (words.SEED, -1, "seed must be a whole number of at least 0, not -1"),
        (words.RESTARTS, 1.5, "restarts must be a whole number of at least 1, not 1.5"),
        (words.LR, 0.0, "the learning rate must be a number above 0, not 0.0"),
        (words.LR, float("nan"), "the learning rate must be a number above 0, not nan"),
        (words.LR, "fast", "the learning rate must be a number above 0, not 'fast'"),
        (INIT, None, "the spread must be a number above 0, not None"),
    ],
)
def test_a_value_that_a_setting_cannot_have_is_refused(setting, value, message):
    with pytest.raises(TrainingError) as refused:
        setting.require(value)
    assert message in str(refused.value)


@pytest.mark.parametrize("setting", [*SETTINGS.values(), INIT], ids=lambda setting: setting.name)
def test_the_default_of_a_setting_is_a_value_that_it_can_have(setting):
    setting.require(setting.default)
