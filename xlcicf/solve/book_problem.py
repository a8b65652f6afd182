"""A book's problem: found in it, saved into it, made a function of its changing cells, and written back."""

import math
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from xlcicf import formula
from xlcicf.errors import AddressError, DataError, ProblemError, TrainingError
from xlcicf.formula.address import Area
from xlcicf.formula.references import resolve
from xlcicf.formula.snapshot import Snapshot
from xlcicf.host import cells_of, host_of, outline, read_snapshot
from xlcicf.solve.feasible import require_possible
from xlcicf.solve.placed import place
from xlcicf.solve.problem import Problem
from xlcicf.solve.solver_names import (
    emptied,
    has_problem,
    objective_names,
    objective_sheet,
    saved_problem,
    solver_names,
)
from xlcicf.solve.subject_to import ConstraintsTyped, line_of, typed
from xlcicf.words import KINDS, SETTINGS, Setting


def find_problem(book, sheet: str | None = None) -> Problem:
    """The problem that Solver or xlcicf saved in `book`, on `sheet` where several of its sheets have one.

    Raises ProblemError, saying the way out, where there is none or more than one, AddressError where there
    is no such sheet or where the settings mean no cells.
    """
    return saved_problem(outline(book), sheet)


def save_problem(book, problem: Problem) -> None:
    """Saves `problem` as Solver does, in hidden names of the objective's sheet: its dialog opens filled in.

    Raises AddressError where the problem means no cells.
    """
    _save_problem(book, outline(book), problem)


def save_objective(book, cell: Area) -> None:
    """Set Objective: `cell` in place of the objective saved on its sheet; changing cells may come later.

    Raises what `save_problem` raises.
    """
    snapshot = outline(book)
    if has_problem(snapshot, cell.sheet):
        problem = replace(saved_problem(snapshot, cell.sheet), objective=cell.address)
        _save_problem(book, snapshot, problem)
    else:
        _save_names(book, snapshot, cell.sheet, objective_names(cell))


def save_changing(book, areas: list[Area]) -> None:
    """By Changing Variable Cells, for the objective on their sheet or the only one that the book has.

    Raises ProblemError where no objective is saved or several are, and what `save_problem` raises.
    """
    snapshot = outline(book)
    host = objective_sheet(snapshot, areas[0].sheet)
    changing = ",".join(area.address for area in areas)
    if has_problem(snapshot, host):
        problem = replace(saved_problem(snapshot, host), changing=changing)
    else:
        problem = Problem(snapshot.names["solver_opt", host], changing)
    _save_problem(book, snapshot, problem)


def save_constraints(book, areas: list[Area], line: str) -> ConstraintsTyped:
    """Subject to: what a person typed with these areas selected, in the problem on their sheet or the only
    one that the book has; see `subject_to.typed`.

    Raises ProblemError where no objective or no changing cells are saved, where whole numbers are asked of
    cells that do not change, and for a right side of another size; and what `typed` and `save_problem` raise.
    """
    snapshot = outline(book)
    problem = _problem_near(snapshot, areas)
    change = typed(snapshot, problem.constraints, areas, line)
    problem = replace(problem, constraints=change.after)
    placed = place(snapshot, problem)
    for constraint, in_place in zip(change.after, placed.constraints, strict=True):
        if constraint in change.new:
            require_possible(in_place, placed.changing)
    _save_names(book, snapshot, placed.objective.sheet, solver_names(placed))
    return change


def constraints_of(book, areas: list[Area]) -> str:
    """What `save_constraints` would take for these cells as they are: "<= 40; int". Raises as it does."""
    snapshot = outline(book)
    return line_of(snapshot, _problem_near(snapshot, areas).constraints, areas)


def _problem_near(snapshot: Snapshot, areas: list[Area]) -> Problem:
    host = objective_sheet(snapshot, areas[0].sheet)
    if not has_problem(snapshot, host):
        raise ProblemError(
            f"no changing cells are saved for the objective on sheet {host}; select them and press"
            " By Changing Variable Cells"
        )
    return saved_problem(snapshot, host)


def _save_problem(book, snapshot: Snapshot, problem: Problem) -> None:
    placed = place(snapshot, problem)
    _save_names(book, snapshot, placed.objective.sheet, solver_names(placed))


def _save_names(book, snapshot: Snapshot, sheet: str, wanted: dict[str, str]) -> None:
    """Hidden names of a sheet and what they refer to; those that are so already are left alone."""
    saved = {name: text for (name, scope), text in snapshot.names.items() if scope == sheet}
    wanted = wanted | emptied(saved)
    host = host_of(book)
    for name, text in wanted.items():
        if saved.get(name) != text and len(text) >= host.longest_name:
            raise AddressError(
                f"{host.name} takes fewer than {host.longest_name:,} letters for {name}, and these addresses"
                f" are {len(text):,}; give the cells fewer areas"
            )
    names = book.sheets[sheet].names
    for name, text in wanted.items():
        if saved.get(name, text) != text:
            names[name].refers_to = "=" + text
    for name, text in wanted.items():
        if name not in saved:
            host.hide(names.add(name, "=" + text))


def differentiate(book, problem: Problem) -> "formula.SheetFunction":
    """The function from a book's changing cells to its objective, with exact gradients and within its bounds.

    Raises AddressError, ProblemError, DataError and what `xlcicf.formula.differentiate` raises, each with
    the cell and the way out.
    """
    return place(read_snapshot(book), problem).function()


def write_back(book, problem: Problem, values) -> None:
    """Writes `values` (n,) into the changing cells, in the order of `SheetFunction.cells`, area by area."""
    for area, rows in laid_out(place(outline(book), problem).changing, values).items():
        cells_of(book, area).value = rows


def laid_out(areas: Sequence[Area], values) -> dict[Area, list[list[float]]]:
    """Values (n,) as the rows of areas that together have n cells, area by area."""
    values = np.asarray(values, dtype=float)
    sizes = [math.prod(area.shape) for area in areas]
    assert values.shape == (sum(sizes),), f"{values.shape} values for {sum(sizes)} cells"
    parts = np.split(values, np.cumsum(sizes)[:-1])
    return {area: part.reshape(area.shape).tolist() for area, part in zip(areas, parts, strict=True)}


def training_settings(book, besides: Collection[str] = ()) -> dict[str, str | int | float]:
    """What the book's cells named train.optimizer, train.steps, ... set, as arguments for `train`; cells of
    those `besides` are not looked at.

    Blank cells and those of other books set nothing. Raises DataError, naming the cell, for what cannot be
    meant.
    """
    snapshot = outline(book)
    cells = {
        setting: resolve(snapshot, setting.cell, "the setting")
        for setting in SETTINGS.values()
        if setting.name not in besides and (setting.cell, None) in snapshot.names
    }
    held = host_of(book).contents(book, [area for (area,) in cells.values()]) if cells else []
    settings = {}
    for (setting, (area,)), [[(value, _)]] in zip(cells.items(), held, strict=True):
        if not _is_blank(value):
            settings[setting.name] = _meant(setting, value, f"{area.address} ({setting.cell})")
    return settings


def typed_setting(setting: Setting, text: str) -> str | int | float | None:
    """What a person typed for a setting, None for nothing. Raises DataError for what it cannot be."""
    if _is_blank(text):
        return None
    value = text
    if setting.kind is not str:
        try:
            value = float(text.strip().replace(",", "."))
        except ValueError:
            pass
    return _meant(setting, value, setting.name)


def _is_blank(value) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _meant(setting: Setting, held: object, where: str) -> str | int | float:
    kind = setting.kind
    if kind is str and isinstance(held, str):
        value = held.strip().lower()
    elif kind is not str and isinstance(held, float) and kind(held) == held:
        value = kind(held)
    else:
        shown = repr(held) if isinstance(held, str) else held
        raise DataError(f"{where} holds {shown}; it must be {KINDS[kind]}")
    try:
        setting.require(value)
    except TrainingError as error:
        raise DataError(f"{where}: {error}") from error
    return value
