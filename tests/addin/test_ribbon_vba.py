"""The ribbon's own VBA runs: in LibreOffice, which computes what Excel would grey out, show, and hand on."""

import ast
import shutil

import openpyxl
import pytest

import xlcicf
from tests.addin.in_libreoffice import answers
from xlcicf.addin import ribbon
from xlcicf.addin.ribbon import ALWAYS, CONTROLS, IDLE, ON_SHEET, REDO, RUNNING, UNDO, SettingCell
from xlcicf.formula.address import Area
from xlcicf.formula.text import area_of
from xlcicf.solve import Constraint, Problem, find_problem, save_constraints, save_problem
from xlcicf.solve.history import Change, History, Record

pytestmark = pytest.mark.libreoffice

# LibreOffice 7.4 gives a book's name alone as its full name. That Excel gives the path is in its documentation.
FULL_NAME = "ActiveWorkbook.FullName", 'ActiveWorkbook.Path & "/" & ActiveWorkbook.Name'

# RunPython is xlwings'; here it keeps what it was asked for.
BESIDE = """
Private Asked As String

Private Sub RunPython(ByVal code As String)
    Asked = code
End Sub

Public Function Front(ByVal path As String)
    Workbooks.Open path
    Front = ActiveWorkbook.Name
End Function

Public Function Runs()
    Runs = Array(RunsToUndo(), RunsToRedo())
End Function

Public Function Selecting(ByVal sheet As String, ByVal cells As String)
    Worksheets(sheet).Activate
    Range(cells).Select
    Selecting = ShownBy("subject_to")
End Function

Public Function RunningFor(ByVal seconds As Double)
    SetRunning seconds
    RunningFor = IsRunning()
End Function
"""

TEXTS = ["", "200", "é\"'", "'); raise(", "line\ttab", "0,5 €", "漢字 and 😀"]

# Each box with what is in it, as Office hands it over, and what the command is to get.
ENTERED = {
    "set_steps": ('"300"', "300"),
    "set_lr": ('"0.1\'); x"', "0.1'); x"),
    "set_restarts": ('""', ""),
    "set_optimizer": ('"set_optimizer_adam", 4', "adam"),
    "subject_to": ('"<= SUM(Plan!C2:C4); int"', "<= SUM(Plan!C2:C4); int"),
}

# A book on whose sheet "Bob's plan" Solver has these; what lies beyond the number that it counts means nothing.
PLAN = Problem(
    "'Bob''s plan'!B1",
    "'Bob''s plan'!B2:D4",
    constraints=(
        Constraint("'Bob''s plan'!B2", "<=", 40.0),
        Constraint("'Bob''s plan'!B2:B4,'Bob''s plan'!D2", ">=", 1e-7),
        Constraint("'Bob''s plan'!B2", "int"),
        Constraint("'Bob''s plan'!C2:C4", "=", "Other!C2:C4"),
        Constraint("'Bob''s plan'!C3", "bin"),
        Constraint("'Bob''s plan'!B2:D2", "dif"),
        Constraint("Other!B7", ">=", "SUM(Other!$C$2:$C$4)*2"),
        Constraint("'Bob''s plan'!D3", "<=", "'Bob''s plan'!C1"),
        Constraint("'Bob''s plan'!D4", "<=", 1.0),
    ),
)
DELETED = "D4"

# (sheet, selected cells) -> what the box shows
SHOWN = {
    ("Bob's plan", "B2"): "<= 40; int",
    ("Bob's plan", "B2:B4,D2"): ">= 0.0000001",
    ("Bob's plan", "D2,B2:B4"): ">= 0.0000001",
    ("Bob's plan", "B2:B4"): "",
    ("Bob's plan", "C2:C4"): "= Other!C2:C4",
    ("Bob's plan", "C3"): "bin",
    ("Bob's plan", "B2:D2"): "dif",
    ("Bob's plan", "D3"): "<= 'Bob''s plan'!$C$1",
    ("Bob's plan", DELETED): "",
    ("Other", "B7"): ">= SUM(Other!C2:C4)*2",
    ("Other", "B2"): "",
}

HISTORY = [
    Record(title, (Change("Net!D4", [[number]], [[number + 1]]),), losses=((1, 0.5),))
    for number, title in enumerate(["lbfgs: Net!B2", 'a {"title": "x"} in a title', "two\nlines"])
]

ENABLED = "Array(" + ", ".join(f'IsEnabled("{name}")' for name in CONTROLS) + ")"
BOXES = [name for name, control in CONTROLS.items() if control.shows]
SETTINGS_BOXES = [name for name in BOXES if isinstance(CONTROLS[name].shows, SettingCell)]


@pytest.fixture(scope="module")
def books(titanic_book, tmp_path_factory):
    """Books by name: one with three runs of which two stand, one whose last undo was cut off, one with none, one
    with a file that is empty."""
    folder = tmp_path_factory.mktemp("books")
    paths = {name: folder / f"{name}.xlsx" for name in ("untrained", "unreadable", "cut off", "trained")}
    for path in paths.values():
        shutil.copy(titanic_book, path)
    workbook = openpyxl.load_workbook(titanic_book)
    workbook["Training"]["B5"], workbook["Training"]["B6"] = "adam", 7  # train.optimizer, train.steps
    workbook.save(paths["trained"])
    History(History.beside(paths["trained"]).path, HISTORY, done=2).save()
    path = History.beside(paths["cut off"]).path
    History(path, HISTORY[:1], done=1).save()
    path.write_text(path.read_text().replace('{"done": 1,', '{"done": 0, "was": 1,'))
    History.beside(paths["unreadable"]).path.write_bytes(b"")
    return paths


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """PLAN in a file, its last constraint deleted again."""
    path = tmp_path_factory.mktemp("plan") / "plan.xlsx"
    workbook = openpyxl.Workbook()
    workbook.active.title = "Bob's plan"
    workbook.active["B1"] = "=SUM(B2:D4)"
    workbook.create_sheet("Other")
    workbook.save(path)
    book = xlcicf.open_book(path)
    save_problem(book, PLAN)
    save_constraints(book, areas_of("Bob's plan", DELETED), "")
    book.save()
    return book


def areas_of(sheet: str, cells: str) -> list[Area]:
    return [area for part in cells.split(",") if (area := area_of(sheet, part))]


@pytest.fixture(scope="module")
def found(books, plan, tmp_path_factory):
    """(situation, what was asked) -> the answer of one running module that met the situations in this order."""
    questions = {("unsaved", "runs"): "Runs()"}
    for situation, path in books.items():
        questions[situation, "front"] = f"Front({vba_text(str(path))})"
        questions[situation, "runs"] = "Runs()"
        questions[situation, "enabled"] = ENABLED
        questions |= {(situation, name): f'ShownBy("{name}")' for name in SETTINGS_BOXES}
        questions[situation, "subject_to"] = 'Selecting("Net", "C5:M6")'
    for situation, seconds in ("running", 60), ("stopped", 0):
        questions[situation, "is running"] = f"RunningFor({seconds})"
        questions[situation, "enabled"] = ENABLED
    questions["plan", "front"] = f"Front({vba_text(plan.fullname)})"
    questions |= {("plan", *at): f"Selecting({', '.join(map(vba_text, at))})" for at in SHOWN}
    questions |= {("hexed", text): f"Hexed({vba_text(text)})" for text in TEXTS}

    calls = {name: f"Ribbon_{name} Nothing, {arguments}" for name, (arguments, _) in ENTERED.items()}
    calls |= {name: f"Press_{name}" for name in ON_SHEET}
    questions |= {("handed on", name): f"After_{name}()" for name in calls}
    after = [
        f"\nFunction After_{name}()\n    {call}\n    After_{name} = Asked\nEnd Function\n"
        for name, call in calls.items()
    ]

    module = "".join([ribbon.callbacks_module().replace(*FULL_NAME), BESIDE, *after])
    replies = answers(module, questions.values())
    return dict(zip(questions, replies, strict=True))


def vba_text(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


@pytest.mark.parametrize("text", TEXTS)
def test_text_in_hexadecimal_is_the_same_text_in_python(text, found):
    assert bytes.fromhex(found["hexed", text]).decode("utf-16-be") == text


@pytest.mark.parametrize(
    ("book", "to_undo", "to_redo"),
    [
        ("unsaved", 0, 0),
        ("untrained", 0, 0),
        ("trained", 2, 1),
        ("cut off", 1, 1),
        ("unreadable", -1, -1),
    ],
)
def test_runs_are_counted_in_the_history_beside_the_book_in_front(book, to_undo, to_redo, found):
    assert found[book, "runs"] == [to_undo, to_redo]


def test_the_book_opened_last_is_the_one_in_front(books, found):
    assert {name: found[name, "front"] for name in books} == {name: path.name for name, path in books.items()}


NOW_ENABLED = {
    "untrained": {ALWAYS, IDLE},
    "trained": {ALWAYS, IDLE, UNDO, REDO},
    "unreadable": {ALWAYS, IDLE, UNDO, REDO},  # the command says what is wrong
    "running": {ALWAYS, RUNNING},  # in front is the trained book
    "stopped": {ALWAYS, IDLE, UNDO, REDO},
}


@pytest.mark.parametrize("situation", NOW_ENABLED)
def test_controls_are_enabled_as_the_state_asks(situation, found):
    expected = {name: control.enabled in NOW_ENABLED[situation] for name, control in CONTROLS.items()}
    assert dict(zip(CONTROLS, found[situation, "enabled"], strict=True)) == expected


def test_a_run_is_on_until_its_time_is_over(found):
    assert (found["running", "is running"], found["stopped", "is running"]) == (True, False)


def test_the_boxes_show_the_settings_of_the_book_in_front(found):
    assert found["untrained", "set_steps"] == "200"
    assert found["untrained", "set_optimizer"] == "lbfgs"
    assert found["trained", "set_steps"] == "7"
    assert found["trained", "set_optimizer"] == "adam"
    assert found["trained", "set_lr"] == ""


@pytest.mark.parametrize(("sheet", "cells"), SHOWN)
def test_the_constraints_of_the_selected_cells_are_shown_as_python_has_them(sheet, cells, found, plan):
    shown, areas = found["plan", sheet, cells], areas_of(sheet, cells)
    assert shown == SHOWN[sheet, cells]
    before = find_problem(plan)
    save_constraints(plan, areas, shown)  # what is shown means what is there
    assert find_problem(plan) == before
    assert len(before.constraints) == len(PLAN.constraints) - 1


def test_cells_without_a_constraint_show_none(books, found):
    assert {found[name, "subject_to"] for name in books} == {""}


def test_every_box_is_entered_into_here():
    assert sorted(ENTERED) == sorted(BOXES)


@pytest.mark.parametrize("name", [*ENTERED, *ON_SHEET])
def test_a_callback_hands_python_the_command_and_the_text(name, found):
    call = ast.parse(found["handed on", name]).body[-1].value
    assert ast.unparse(call.func) == "commands.press"
    command, text = map(ast.literal_eval, call.args)
    assert command == name
    assert bytes.fromhex(text).decode("utf-16-be") == ENTERED.get(name, ("", ""))[1]
