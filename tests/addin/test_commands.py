"""The whole ribbon without Excel: each command through Book.caller(), on the lesson and on a stranger's book."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import openpyxl
import pytest
import xlwings

import xlcicf
from tests.layouts import MODELS
from tests.solve.models.planning import product_mix
from xlcicf.addin import claims, commands
from xlcicf.addin.ribbon import CONTROLS
from xlcicf.formula.address import Area
from xlcicf.host import cells_of
from xlcicf.host.headless.person import person_at
from xlcicf.lessons import LESSONS, Lesson
from xlcicf.pages import panel

MIX = product_mix()
TITANIC = Path(__file__).parents[2] / "workbooks" / "titanic.xlsx"
DANWOOD = next(model for model in MODELS if model.name == "danwood")


class Desk:
    """A book in front of a person who presses buttons."""

    def __init__(self, path: Path):
        self.path = path
        self.open()

    def open(self) -> None:
        self.book = xlcicf.open_book(self.path)
        self.book.set_mock_caller()
        self.person = person_at(self.book)

    def press(self, name: str, text: str = "") -> str:
        """What the person reads then: the box, or the status bar."""
        boxes = len(self.person.alerts)
        commands.press(name, text.encode("utf-16-be").hex())
        return self.person.alerts[-1] if len(self.person.alerts) > boxes else str(self.person.status_bar)

    def select(self, address: str) -> None:
        sheet, _, cells = address.rpartition("!")
        self.book.sheets[sheet.strip("'")].range(cells).select()

    def weights(self) -> list:
        problem = xlcicf.find_problem(self.book)
        return [
            cells_of(self.book, area).options(np.array, ndim=2).value.tolist()
            for area in xlcicf.differentiate(self.book, problem).changing
        ]

    def save_and_open(self) -> None:
        self.book.save()
        self.open()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home of its own: runs are noted and lessons are opened there."""
    folder = tmp_path / "home"
    (folder / "Documents").mkdir(parents=True)
    monkeypatch.setattr(Path, "home", lambda: folder)
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    yield folder
    if hasattr(xlwings.Book, "_mock_caller"):
        del xlwings.Book._mock_caller


@pytest.fixture
def lesson(tmp_path):
    path = tmp_path / "titanic.xlsx"
    shutil.copy(TITANIC, path)
    return Desk(path)


@pytest.fixture
def stranger(tmp_path):
    """Dan Wood's energy model, without any name of ours and without a problem saved in it."""
    path = tmp_path / "stranger.xlsx"
    DANWOOD.build(path)
    book = openpyxl.load_workbook(path)
    book["Fit"].defined_names.clear()
    book.save(path)
    return Desk(path)


@pytest.fixture
def modelled(stranger):
    """The stranger's book with its problem entered by the ribbon."""
    stranger.select(DANWOOD.objective)
    assert "the objective is Fit!E1" in stranger.press("set_objective")
    stranger.select(DANWOOD.changing)
    assert "training may change Fit!B1:B2" in stranger.press("set_changing")
    return stranger


@pytest.fixture
def mix(tmp_path):
    """A stranger's plan of five products from four resources, with Solver's constraint on the stock."""
    return Desk(MIX.save(tmp_path / "mix.xlsx"))


DESKS = ["lesson", "modelled"]


@pytest.fixture(params=DESKS)
def desk(request):
    return request.getfixturevalue(request.param)


# --- Model ----------------------------------------------------------------------------------------------


def test_a_problem_entered_by_the_ribbon_is_solvers(modelled):
    modelled.save_and_open()
    assert xlcicf.find_problem(modelled.book) == xlcicf.Problem(DANWOOD.objective, DANWOOD.changing)
    names = openpyxl.load_workbook(modelled.path)["Fit"].defined_names
    assert names["solver_opt"].attr_text == "Fit!$E$1" and names["solver_opt"].hidden


def test_changing_cells_need_an_objective_first(stranger):
    stranger.select(DANWOOD.changing)
    assert "press Set Objective" in stranger.press("set_changing")


@pytest.mark.parametrize("cells", ["Fit!B1", "Fit!B1:B2"])
def test_an_objective_is_one_formula(stranger, cells):
    stranger.select(cells)
    assert "is not one cell with a formula" in stranger.press("set_objective")


def test_a_problem_entered_before_can_be_entered_anew_after_saving(modelled):
    modelled.save_and_open()
    modelled.select("Fit!B2")
    modelled.press("set_changing")
    modelled.save_and_open()
    assert xlcicf.find_problem(modelled.book).changing == "Fit!B2"


def test_cells_selected_with_ctrl_are_all_taken_in_their_order(stranger):
    stranger.select(DANWOOD.objective)
    stranger.press("set_objective")
    stranger.select("Fit!B2,B1")
    assert stranger.press("set_changing").endswith("training may change Fit!B2,Fit!B1")
    stranger.save_and_open()
    assert xlcicf.find_problem(stranger.book).changing == "Fit!B2,Fit!B1"
    assert "->" in stranger.press("train")


def test_a_cell_selected_twice_counts_once(modelled):
    modelled.select("Fit!B1,B1:B2")
    assert modelled.press("set_changing").endswith("training may change Fit!B1,Fit!B2")


def test_an_objective_is_one_cell_however_many_areas_are_selected(stranger):
    stranger.select(f"{DANWOOD.objective},B1")
    assert "Fit!E1,Fit!B1 is not one cell with a formula" in stranger.press("set_objective")


def test_a_constraint_is_added_changed_and_deleted_from_the_selection(desk):
    sheet, first, second = {"titanic": ("Net", "C5", "D5"), "stranger": ("Fit", "B1", "B2")}[desk.path.stem]
    cells = f"{sheet}!{first},{sheet}!{second}"
    limits = [
        (f"{sheet}!{first},{second}", ">= -3", f"{cells} >= -3; 1 constraint in all"),
        (f"{sheet}!{second}", "<= 0,5", f"{sheet}!{second} <= 0.5; 2 constraints in all"),
        (f"{sheet}!{second}", "<= 2", f"{sheet}!{second} <= 2; no longer {sheet}!{second} <= 0.5; 2 constr"),
        (f"{sheet}!{second},{first}", "", f"no longer {cells} >= -3; 1 constraint in all"),
    ]
    for selected, line, said in limits:
        desk.select(selected)
        assert said in desk.press("subject_to", line)
        desk.save_and_open()
    problem = xlcicf.find_problem(desk.book)
    assert problem.constraints == (xlcicf.solve.Constraint(f"{sheet}!{second}", "<=", 2.0),)
    assert f"subject to {sheet}!{second} <= 2" in desk.press("read_solver")
    f = xlcicf.differentiate(desk.book, problem)
    assert f.upper[f.cells.index(f"{sheet}!{second}")] == 2 and np.isfinite(f.upper).sum() == 1


def test_a_run_keeps_to_a_constraint_that_was_typed(mix):
    mix.select("Mix!B4")
    mix.press("subject_to", ">= 20; int")
    mix.select("Mix!G7")
    mix.press("subject_to", "<= I7-100")
    mix.save_and_open()
    assert xlcicf.find_problem(mix.book).constraints == (
        *MIX.problem.constraints,
        xlcicf.solve.Constraint("Mix!B4", ">=", 20.0),
        xlcicf.solve.Constraint("Mix!B4", "int"),
        xlcicf.solve.Constraint("Mix!G7", "<=", "Mix!$I$7-100"),
    )
    before = mix.weights()
    assert "->" in mix.press("train")
    sheet = mix.book.sheets["Mix"]
    assert sheet["B4"].value >= 20 and sheet["B4"].value % 1 == 0
    assert sheet["G7"].value <= 380 + 1e-9
    mix.press("undo")
    assert mix.weights() == before
    assert len(xlcicf.find_problem(mix.book).constraints) == 4


@pytest.mark.parametrize(
    ("cells", "line", "said"),
    [
        ("Mix!B4", "about 40", "'about 40' is no constraint; write <= 40, = Mix!C7"),
        ("Mix!G7", "int", "Mix!G7, which is not among the changing cells"),
        ("Mix!B4:C4", "<= I7:I9", "has 2 cells on its left side and 3 on its right"),
        ("Mix!B4", "<= Nowhere!A1", "there is no sheet 'Nowhere'"),
        ("Mix!B:B", "<= 3", "1,048,576 cells"),
    ],
)
def test_a_constraint_that_cannot_be_meant_is_refused_in_a_box(mix, cells, line, said):
    mix.select(cells)
    assert said in mix.press("subject_to", line)
    assert len(mix.person.alerts) == 1
    assert xlcicf.find_problem(mix.book).constraints == MIX.problem.constraints


def test_constraints_need_an_objective_and_changing_cells_first(stranger):
    stranger.select("Fit!B1")
    assert "press Set Objective" in stranger.press("subject_to", "<= 3")
    stranger.select(DANWOOD.objective)
    stranger.press("set_objective")
    stranger.select("Fit!B1")
    assert "press By Changing Variable Cells" in stranger.press("subject_to", "<= 3")


def test_the_saved_problem_is_read_aloud(desk):
    problem = xlcicf.find_problem(desk.book)
    said = desk.press("read_solver")
    assert problem.objective in said and problem.changing in said and "as low as possible" in said


def test_a_book_without_a_problem_says_what_to_press(stranger):
    assert "press Set Objective" in stranger.press("train")


# --- Train ----------------------------------------------------------------------------------------------


def test_train_undo_redo_and_reset_over_saving_and_reopening(desk):
    states = [desk.weights()]
    for _ in range(3):
        desk.press("set_steps", "3")
        assert "->" in desk.press("train")
        states.append(desk.weights())
        desk.save_and_open()
    for state in reversed(states[:-1]):
        assert "taken back" in desk.press("undo")
        assert desk.weights() == state
        desk.save_and_open()
    assert "no run" in desk.press("undo")
    for state in states[1:]:
        assert "brought back" in desk.press("redo")
        assert desk.weights() == state
    assert "no run" in desk.press("redo")
    assert "before the first run" in desk.press("reset")
    assert desk.weights() == states[0]
    assert "weights reset" in desk.press("undo")
    assert desk.weights() == states[-1]


def test_step_makes_one_step(desk):
    before = desk.weights()
    desk.press("step")
    assert desk.weights() != before
    history = json.loads(Path(f"{desk.path}.xlcicf.json").read_text())
    assert [len(run["losses"]) for run in history["runs"]] == [1]


def test_stop_pressed_in_mid_run_keeps_the_best_so_far(desk):
    before = desk.weights()
    desk.press("set_optimizer", "adam")
    desk.press("set_steps", "10000000")
    said = []

    def meanwhile():
        if "step" in str(desk.person.status_bar) and not said:
            said.append(desk.press("stop"))

    desk.person.meanwhile = meanwhile
    ending = desk.press("train")
    desk.person.meanwhile = None
    assert "the best weights so far are kept" in said[0]
    assert "stopped by hand" in ending
    assert desk.weights() != before
    desk.press("undo")
    assert desk.weights() == before


def test_the_ribbon_is_told_while_a_run_is_on_and_when_it_is_over(lesson):
    lesson.press("set_steps", "3")
    lesson.person.macros.clear()
    lesson.press("train")
    told = [arguments for name, arguments in lesson.person.macros if name == "'xlcicf.xlam'!SetRunning"]
    assert told[0][0] > 0 and told[-1] == (0,)
    assert lesson.person.macros[-1][0].endswith("!RefreshRibbon")


def test_stop_without_a_run_says_so(desk):
    assert "no run on this book to stop" in desk.press("stop")


def test_nothing_is_exchanged_while_a_run_is_on(desk):
    desk.press("train")
    after = desk.weights()
    with claims.claim(desk.path):
        for name in ("undo", "redo", "reset", "train", "step", "solve"):
            said = desk.press(name, "lbfgs" if name == "solve" else "")
            assert "press Stop first" in said or "being trained already" in said
    assert desk.weights() == after


SETTINGS = [
    ("set_optimizer", "adam", "adam"),
    ("set_steps", "500", 500.0),
    ("set_lr", "0.05", 0.05),
    ("set_lr", "0,05", 0.05),
    ("set_lr", "", None),
    ("set_restarts", "20", 20.0),
]


@pytest.mark.parametrize(("name", "text", "value"), SETTINGS)
def test_a_box_sets_the_cell_that_it_shows(desk, name, text, value):
    desk.press(name, text)
    cell = CONTROLS[name].shows.name
    assert desk.book.names[cell].refers_to_range.value == value
    desk.save_and_open()
    assert desk.book.names[cell].refers_to_range.value == value


@pytest.mark.parametrize(
    ("name", "text"),
    [("set_steps", "many"), ("set_steps", "-1"), ("set_lr", "0"), ("set_optimizer", "ada'm\"), exit(")],
)
def test_a_box_refuses_what_cannot_be_meant_and_changes_nothing(desk, name, text):
    before = {n.name for n in desk.book.names}
    assert any(word in desk.press(name, text) for word in ("must", "at least", "choose one of"))
    assert {n.name for n in desk.book.names} == before


def test_the_boxes_settings_are_those_of_the_run(modelled):
    modelled.press("set_optimizer", "adam")
    modelled.press("set_steps", "7")
    modelled.press("train")
    history = json.loads(Path(f"{modelled.path}.xlcicf.json").read_text())
    assert history["runs"][0]["title"].startswith("adam")
    assert history["runs"][0]["losses"][-1][0] == 7


def test_solve_runs_with_the_method_pressed_whatever_the_book_says(desk):
    desk.press("set_optimizer", "momentum")
    desk.press("set_steps", "7")
    cell = desk.book.names[CONTROLS["set_optimizer"].shows.name].refers_to_range
    before = desk.weights()
    assert "->" in desk.press("solve", "adam")
    assert desk.weights() != before and cell.value == "momentum"
    cell.value = "no method at all"
    assert "->" in desk.press("solve", "rmsprop")
    history = json.loads(Path(f"{desk.path}.xlcicf.json").read_text())
    assert [run["title"].partition(":")[0] for run in history["runs"]] == ["adam", "rmsprop"]
    assert [run["losses"][-1][0] for run in history["runs"]] == [7, 7]
    for _ in range(2):
        desk.press("undo")
    assert desk.weights() == before


@pytest.mark.parametrize("method", ["auto", "linear"])
def test_solve_finds_the_best_plan_and_undo_takes_it_back(mix, method):
    before = mix.weights()
    assert "->" in mix.press("solve", method)
    assert mix.book.sheets["Mix"]["B1"].value == pytest.approx(MIX.answer().objective)
    assert "taken back" in mix.press("undo")
    assert mix.weights() == before
    assert "brought back" in mix.press("redo")
    assert mix.book.sheets["Mix"]["B1"].value == pytest.approx(MIX.answer().objective)


@pytest.mark.parametrize("method", CONTROLS["solve"].choices, ids=lambda choice: choice[0])
def test_every_method_offered_answers_in_words(mix, method):
    said = mix.press("solve", method[0])
    assert said.startswith("Neural Net: Mix!B1 0 -> ") or re.search("choose .*auto", said)


def test_a_method_that_is_none_is_refused(desk):
    before = desk.weights()
    for text in ("", "newton"):
        assert "choose one of auto" in desk.press("solve", text)
    assert desk.weights() == before


# --- Look -----------------------------------------------------------------------------------------------


def test_report_adds_a_sheet_of_the_run_that_left_the_values_and_another_when_they_are_changed(mix):
    mix.press("solve", "auto")
    assert mix.press("report").endswith("the report is on the sheet Report")
    assert mix.book.sheets.active.name == "Report"
    told = mix.book.sheets["Report"].used_range.options(ndim=2, err_to_str=True).value
    firsts = [row[0] for row in told]
    assert {"Answer", "Sensitivity", "Limits", "What was done"} <= set(firsts)
    assert "found: the best there is: no allowed values are better." in firsts
    assert any(str(text).startswith("One more on the right side of") for text in firsts)
    mix.save_and_open()
    mix.select(xlcicf.find_problem(mix.book).changing)
    mix.book.selection.value = 0
    assert mix.press("report").endswith("Report 2")
    told = mix.book.sheets["Report 2"].used_range.options(ndim=2, err_to_str=True).value
    assert any("is not known" in str(row[0]) for row in told)


def test_a_report_of_the_lessons_net_names_its_method_and_its_starts(lesson):
    for cell, value in {"train.restarts": 3, "train.steps": 40}.items():
        lesson.book.names[cell].refers_to_range.value = value
    lesson.press("train")
    lesson.press("report")
    told = lesson.book.sheets["Report"].used_range.options(ndim=2, err_to_str=True).value
    done = {row[0]: row[1] for row in told}
    assert (done["method"], done["starts"]) == ("lbfgs", 3)
    assert done["evaluations of the objective"] > done["steps"] > 40


def test_a_report_waits_for_the_run_to_end(desk):
    with claims.claim(desk.book.fullname):
        assert desk.press("report") == "a run is on; press Stop first"


def test_the_gradient_of_a_weight_is_the_gradient_sheets(lesson):
    lesson.select("Net!C5")
    said = lesson.press("gradient")
    f = xlcicf.differentiate(lesson.book, xlcicf.find_problem(lesson.book))
    assert f"Net!C5, set 1, Age:  {f.gradient(f.start)[0]:+.10g}" in said


def test_the_gradient_of_an_input_is_asked_of_the_objective(modelled):
    """A number that training never changes has a derivative too: one measured energy, say."""
    sheet = modelled.book.sheets["Fit"]
    row, col = next(
        (cell.row, cell.column)
        for cell in sheet.used_range
        if isinstance(cell.value, float) and not str(cell.formula).startswith("=") and cell.column != 2
    )
    address = Area("Fit", row, col, row, col).address
    modelled.select(address)
    said = modelled.press("gradient")
    f = xlcicf.differentiate(modelled.book, xlcicf.Problem(DANWOOD.objective, address))
    slope = f"{f.gradient(f.start)[0]:+.10g}"
    assert re.search(rf"^  {re.escape(address)}\b.*:  {re.escape(slope)}$", said, re.M)


def test_the_gradient_of_a_formula_is_by_the_changing_cells(lesson):
    lesson.select("Net!P5")
    said = lesson.press("gradient")
    f = xlcicf.differentiate(lesson.book, xlcicf.find_problem(lesson.book))
    slopes = dict(zip(f.cells, f.gradient(f.start), strict=True))
    largest = max(slopes, key=lambda cell: abs(slopes[cell]))
    assert f"Net!P5 is {f.value(f.start):.10g}" in said
    first = said.splitlines()[1]
    assert first.startswith(f"  {largest}, set ") and first.endswith(f":  {slopes[largest]:+.10g}")
    assert "and 14 more cells with smaller ones" in said


def test_the_gradient_is_by_every_cell_that_is_selected_with_ctrl(lesson):
    lesson.select("Net!C5,E6:F6,C5")
    said = lesson.press("gradient")
    f = xlcicf.differentiate(lesson.book, xlcicf.find_problem(lesson.book))
    slopes = dict(zip(f.cells, f.gradient(f.start), strict=True))
    for cell, name in (("Net!C5", "set 1, Age"), ("Net!E6", "set 2, Parch"), ("Net!F6", "set 2, LogFare")):
        assert said.count(f"{cell}, {name}:  {slopes[cell]:+.10g}") == 1


def test_the_gradient_of_too_many_cells_is_refused(lesson):
    lesson.select("Net!C1:C300,E1:E201")
    assert "has 501 cells; select at most 500" in lesson.press("gradient")


def test_the_gradient_of_text_is_refused(lesson):
    lesson.select("Net!A1")
    assert "Net!A1" in lesson.press("gradient")


def test_parity_is_said_in_digits(desk):
    assert "formulas and torch agree to" in desk.press("parity")


def test_the_lessons_loss_chart_comes_to_the_front(lesson):
    lesson.press("loss_chart")
    assert lesson.book.sheets.active.name == "Training"


def test_a_strangers_losses_are_drawn_on_a_sheet_of_their_own(modelled):
    assert "press Train first" in modelled.press("loss_chart")
    modelled.press("set_steps", "5")
    modelled.press("train")
    modelled.press("loss_chart")
    modelled.save_and_open()
    sheet = modelled.book.sheets[panel.SHEET]
    shown = [row for row in sheet["D4:E203"].value if row[0] is not None]
    history = json.loads(Path(f"{modelled.path}.xlcicf.json").read_text())
    assert shown == history["runs"][-1]["losses"]
    assert sheet.charts["Loss"].chart_type == "xy_scatter_lines_no_markers"
    modelled.press("train")
    modelled.press("loss_chart")
    assert len(sheet.charts) == 1


def test_a_picture_of_the_weights_is_added(desk):
    desk.press("weights_picture")
    assert desk.book.sheets.active.name == panel.SHEET
    desk.save_and_open()
    assert [p.name for p in desk.book.sheets[panel.SHEET].pictures] == ["Weights 1"]


# --- Lessons and help -----------------------------------------------------------------------------------


def test_a_lesson_is_opened_as_a_copy_that_overwrites_nothing(desk, home, monkeypatch):
    small = LESSONS["how_a_net_works"].build
    monkeypatch.setattr(Lesson, "build", lambda lesson: small())  # titanic takes seconds each time
    opened = [Path(desk.press("lesson", "titanic").rpartition(" ")[2]) for _ in range(2)]
    assert len({path.name for path in opened} - {desk.book.name}) == 2
    assert all(path.parent == home / "Documents" and path.exists() for path in opened)
    assert "no lesson is named" in desk.press("lesson", "submarine")


def test_help_names_the_buttons_and_the_doctor_answers(desk):
    assert "press Train" in desk.press("help").replace("Press", "press")
    assert "Python" in desk.press("doctor")


# --- all of them ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONTROLS)
def test_every_command_answers_in_words_on_a_book_that_is_closed(desk, name):
    desk.book.close()
    text = {"lesson": "titanic", "set_optimizer": "adam", "solve": "adam", "subject_to": "<= 1"}.get(
        name, "1"
    )
    said = desk.press(name, text if CONTROLS[name].kind != "button" else "")
    assert said and "Traceback" not in said
