"""What each control of the ribbon does: find the book, do the thing (it lives elsewhere), tell the person."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import xlwings

from xlcicf.addin import claims, host_side
from xlcicf.addin.doctor import findings
from xlcicf.addin.ribbon import ALWAYS, CONTROLS
from xlcicf.errors import AddressError, ProblemError, TrainingError, XlcicfError
from xlcicf.formula.address import Area, cells_in, disjoint
from xlcicf.host import cells_of, host_of, outline, read_snapshot
from xlcicf.ooxml.package import free_path
from xlcicf.pages import panel
from xlcicf.solve import History, Problem, place, save_changing, save_constraints, save_objective
from xlcicf.solve.book_problem import typed_setting
from xlcicf.solve.cell_labels import headings
from xlcicf.solve.problem import goal_of
from xlcicf.solve.solver_names import saved_problems
from xlcicf.solve.training import Settings
from xlcicf.words import OPTIMIZER, SETTINGS, STEPS_LOG, TAB, Setting

SHOWN = 8  # derivatives in one message
DERIVED = 500  # cells that one press of Gradient takes


def press(name: str, text: str = "") -> None:
    """What VBA calls: a command on the book in front. `text` is what a box holds, as hexadecimal UTF-16."""
    app = xlwings.Book.caller().app  # the caller itself is the add-in
    if not len(app.books):
        app.alert("no workbook is open; open one first", TAB)
        return
    try:
        run(app.books.active, name, bytes.fromhex(text).decode("utf-16-be"))
    except Exception as error:  # of Excel's, or of ours: a person shall read a sentence all the same
        app.alert(f"{name} did not work ({type(error).__name__}: {error}); try again", TAB, mode="critical")


def run(book: xlwings.Book, name: str, text: str = "") -> str:
    """Runs a command, here or in the process that waits with all loaded that it needs; returns what it said
    here."""
    if name in LONG_TO_LOAD and host_side.ask(book, name):
        return ""
    said = run_here(book, name, text)
    if name in BEFORE_TRAINING:
        host_side.prepare(book)
    return said


def run_here(book: xlwings.Book, name: str, text: str = "") -> str:
    """Runs a command and tells the person what came of it; returns that sentence.

    What is asked for is shown in a box, what is done in the status bar, and what cannot be done in a box.
    """
    app, file = book.app, book.name
    said = _carried_out(book, name, text)
    host_side.tell_ribbon(app, file, "RefreshRibbon")
    return said


def _carried_out(book: xlwings.Book, name: str, text: str) -> str:
    control = CONTROLS[name]
    writes = control.enabled != ALWAYS and name != "stop"
    try:
        with host_of(book).one_step(book, control.label) if writes else nullcontext():
            said = COMMANDS[name](book) if control.kind == "button" else COMMANDS[name](book, text)
    except XlcicfError as error:
        book.app.alert(str(error), TAB, mode="critical")
        return str(error)
    if name in ANSWERS:
        book.app.alert(said, TAB)
    elif said:
        book.app.status_bar = f"{TAB}: {said}"
    return said


# --- Model ----------------------------------------------------------------------------------------------


def set_objective(book) -> str:
    cell, *others = _selected(book)
    if others or cell.shape != (1, 1) or not str(cells_of(book, cell).formula).startswith("="):
        raise AddressError(
            f"{_addresses([cell, *others])} is not one cell with a formula; select the cell to optimise"
        )
    save_objective(book, cell)
    return f"the objective is {cell.address}"


def set_changing(book) -> str:
    areas = _selected(book)
    save_changing(book, areas)
    return f"training may change {_addresses(areas)}"


def subject_to(book, text: str) -> str:
    return save_constraints(book, _selected(book), text).sentence


def read_solver(book) -> str:
    problem = _problem(book)
    lines = [f"{problem.objective} {goal_of(problem.sense)}, by changing {problem.changing}"]
    lines += [f"subject to {constraint}" for constraint in problem.constraints]
    if problem.non_negative:
        lines.append("cells without a limit of their own stay at 0 or above")
    return "\n".join(lines)


# --- Train ----------------------------------------------------------------------------------------------


def train(book) -> str:
    return _start(book, Settings.of(book))


def step(book) -> str:
    return _start(book, replace(Settings.of(book), steps=1, restarts=1))


def solve(book, text: str) -> str:
    OPTIMIZER.require(text)
    return _start(book, Settings.of(book, **{OPTIMIZER.name: text}))


def stop(book) -> str:
    if not claims.running(book.fullname):
        raise TrainingError("there is no run on this book to stop")
    claims.stop(book.fullname)
    return "stopping; the best weights so far are kept"


def undo(book) -> str:
    return f"taken back: {_exchange(book, History.undo)}"


def redo(book) -> str:
    return f"brought back: {_exchange(book, History.redo)}"


def reset(book) -> str:
    """The changing cells as they were before the first run that the history knows."""
    _require_no_run(book)
    history = History.beside(host_side.file_of(book))
    areas = place(outline(book), _problem(book)).changing
    found = {area: history.before_first_run(book, area) for area in areas}
    first = {area: rows for area, rows in found.items() if rows is not None}
    if not first:
        raise TrainingError("no run is recorded beside this book; its weights are those it came with")
    recording = history.begin(book, "weights reset", areas, ahead=True)
    recording.write(first)
    recording.end()
    return "the weights are those from before the first run"


def set_setting(book, text: str, setting: Setting) -> str:
    value = typed_setting(setting, text)
    panel.setting_cell(book, setting).value = value
    return f"{setting.label}: {'the usual' if value is None else value}"


def _start(book, settings: Settings) -> str:
    ending = host_side.start(book, _problem(book), settings)
    if ending is None:
        return "training; Stop ends it"
    if ending.outcome is None:
        raise TrainingError(ending.sentence)
    return ending.sentence


def _exchange(book, move: Callable) -> str:
    _require_no_run(book)
    history = History.beside(host_side.file_of(book))
    moved = move(history, book)
    history.save()
    return moved.title


def _require_no_run(book) -> None:
    if claims.running(book.fullname):
        raise TrainingError("a run is on; press Stop first")


# --- Look -----------------------------------------------------------------------------------------------


def gradient(book) -> str:
    """Of an input: how the objective follows it. Of another formula: how it follows the changing cells."""
    problem, areas = place(read_snapshot(book), _problem(book)), _selected(book)
    first = areas[0]
    has_formula = (first.top, first.left) in problem.book.sheets[first.sheet].formulas
    if has_formula and cells_in(areas) == 1:
        asked = problem.asking(objective=first)
    else:
        _require_few(areas)
        asked = problem.asking(changing=tuple(areas))
    f = asked.function()
    value, slopes = f.value_and_gradient(f.start)
    order = np.argsort(-np.abs(slopes), kind="stable")[:SHOWN]
    lines = [f"{f.objective} is {value:.10g}. Its exact derivative by"]
    names = headings(problem.book, asked.changing)
    lines += [f"  {', '.join(filter(None, (f.cells[i], names[i])))}:  {slopes[i]:+.10g}" for i in order]
    if len(slopes) > SHOWN:
        lines.append(f"  and {len(slopes) - SHOWN} more cells with smaller ones")
    lines.append("It says how much the value changes for each 1 by which the cell changes, near where it is.")
    return "\n".join(lines)


def parity(book) -> str:
    from xlcicf.solve.check import check_problem

    report = check_problem(book, [_problem(book)])
    lines = [f"{report.formulas} formulas on the way to the objective, {report.differentiable} in torch"]
    lines.append(report.parity.sentence)
    lines += [f"{cell} shows {text}" for cell, text in report.errors[:SHOWN]]
    lines += [f"{cell} has no derivative: {function}" for cell, function in report.blockers[:SHOWN]]
    return "\n".join(lines)


def loss_chart(book) -> str:
    home = book.names[STEPS_LOG].refers_to_range.sheet if STEPS_LOG in book.names else None
    if home is not None and home.name != panel.SHEET:
        home.activate()
        return "the chart stands on this sheet"
    losses = History.beside(host_side.file_of(book)).losses(book)
    if not losses:
        raise TrainingError("no run is recorded beside this book; press Train first")
    panel.show_losses(book, losses)
    return f"the last run, {len(losses)} points"


def weights_picture(book) -> str:
    areas = place(outline(book), _problem(book)).changing
    for number, area in enumerate(areas, start=1):
        values = cells_of(book, area).options(np.array, ndim=2).value
        panel.show_picture(book, f"Weights {number}", np.asarray(values, dtype=float))
    return f"a picture of {', '.join(area.address for area in areas)}"


def report(book) -> str:
    """Of the values that stand in the cells, and of the last run if it has left these."""
    from xlcicf.pages.report.content import report_of
    from xlcicf.pages.report.in_book import add_report
    from xlcicf.solve.agreement import agreed
    from xlcicf.solve.solved import Solved

    _require_no_run(book)
    history = History.beside(host_side.file_of(book))
    told = report_of(Solved.in_book(agreed(book, _problem(book)), history, book))
    sheet = add_report(book, told, history)
    if history.runs:
        history.save()
    sheet.activate()
    return f"the report is on the sheet {sheet.name}"


def model_card(book) -> str:
    from xlcicf.pages.model_card import in_book

    _require_no_run(book)
    made = in_book.collect(book, History.beside(host_side.file_of(book)))
    in_book.show(book, made.content)
    empty, unanswered = len(made.content.empty), len(made.content.unanswered)
    return f"{empty} fields of the card and {unanswered} questions of ethics wait for a person"


# --- Lessons and help -----------------------------------------------------------------------------------


def open_lesson(book, text: str) -> str:
    from xlcicf.lessons import lesson
    from xlcicf.ooxml.openpyxl_book import save_generated

    documents = Path.home() / "Documents"
    folder = documents if documents.is_dir() else Path.home()
    open_already = [other.name for other in book.app.books]  # Excel opens no two books of one name
    path = free_path(folder / f"{text}.xlsx", open_already)
    save_generated(lesson(text).build(), path)
    book.app.books.open(str(path))
    return f"a copy of the lesson is {path}"


def help(book) -> str:
    return (
        "1. Open a lesson (group Lessons), or a book of your own with formulas.\n"
        "2. In a book of your own select the cell to optimise and press Set Objective, then the cells"
        " that may change and press By Changing Variable Cells. What limits cells is typed into Subject to:"
        " <= 40, say. Solver's settings are found by themselves.\n"
        "3. Press Train. Stop keeps the best so far, Undo puts the old values back.\n"
        "4. Select a weight and press Gradient of the selected cell."
    )


def doctor(book) -> str:
    return "\n".join(finding.line for finding in findings())


# --- what they share ------------------------------------------------------------------------------------


def _selected(book) -> list[Area]:
    """What is selected, in the order of the selection; a cell that is selected twice counts once."""
    selection = book.app.selection
    if selection is None:
        raise AddressError("no cells are selected; select some and press again")
    return disjoint(host_of(book).areas(selection))


def _addresses(areas: list[Area]) -> str:
    return ",".join(area.address for area in areas)


def _require_few(areas: list[Area]) -> None:
    count = cells_in(areas)
    if count > DERIVED:
        raise AddressError(f"{_addresses(areas)} has {count:,} cells; select at most {DERIVED}")


def _problem(book) -> Problem:
    """The problem on the sheet in front, or the only one that the book has."""
    snapshot = outline(book)
    found = saved_problems(snapshot)
    here = [p for p in found if place(snapshot, p).objective.sheet == book.sheets.active.name]
    if here or len(found) == 1:
        return (here or found)[0]
    if found:
        raise ProblemError(
            f"several sheets have a problem: {', '.join(p.objective for p in found)}; go to the one you mean"
        )
    raise ProblemError(
        "this book has no problem yet; select the cell to optimise and press Set Objective, then the cells"
        " that may change and press By Changing Variable Cells"
    )


COMMANDS: dict[str, Callable[..., str]] = {
    "set_objective": set_objective,
    "set_changing": set_changing,
    "subject_to": subject_to,
    "read_solver": read_solver,
    "train": train,
    "solve": solve,
    "step": step,
    "stop": stop,
    "undo": undo,
    "redo": redo,
    "reset": reset,
    **{
        setting.control: partial(set_setting, setting=setting) for setting in SETTINGS.values() if setting.tip
    },
    "gradient": gradient,
    "parity": parity,
    "loss_chart": loss_chart,
    "weights_picture": weights_picture,
    "report": report,
    "model_card": model_card,
    "lesson": open_lesson,
    "help": help,
    "doctor": doctor,
}

# Those that need torch and can begin anew where the program is busy, and those that a person presses before
# training.
LONG_TO_LOAD = {"gradient", "parity", "report"}
BEFORE_TRAINING = {"set_objective", "set_changing", "subject_to", "read_solver", *LONG_TO_LOAD} | {
    setting.control for setting in SETTINGS.values()
}

# Those whose sentence is what a person asked for; the others have done something and say so quietly.
ANSWERS = {"read_solver", "gradient", "parity", "help", "doctor"}
