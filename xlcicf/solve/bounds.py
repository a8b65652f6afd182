"""Solver's constraints as bounds on the changing cells; whatever is no bound is refused by its cells."""

import math

import numpy as np

from xlcicf.errors import DataError, ProblemError
from xlcicf.formula.address import Area, cell_address
from xlcicf.formula.runs import RunGraph
from xlcicf.formula.snapshot import Snapshot
from xlcicf.solve.problem import Constraint, Problem, changing_areas, objective_area, resolve

_ELSE = "delete it in Solver's list, or solve this problem with Solver"


def bounds(book: Snapshot, problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """(lower, upper) of the changing cells, (n,) each, infinite where nothing limits them.

    Raises ProblemError for a constraint that is no constant bound on changing cells and for bounds that
    leave no value, DataError for a bound that is no number; each names the cells.
    """
    changing = changing_areas(book, problem)
    cells = _cells(changing)
    position = {cell: i for i, cell in enumerate(cells)}
    lower, upper = np.full(len(cells), -math.inf), np.full(len(cells), math.inf)
    free_below = np.ones(len(cells), dtype=bool)
    for constraint in problem.constraints:
        at = _positions(book, problem, constraint, position)
        limits = _limits(book, problem, constraint, changing, len(at))
        if constraint.relation == "<=":
            upper[at] = np.minimum(upper[at], limits)
        else:
            lower[at] = np.maximum(lower[at], limits)
            free_below[at] = False
    if problem.non_negative:
        lower[free_below] = 0
    for i in np.flatnonzero(lower > upper):
        raise ProblemError(
            f"{cell_address(*cells[i])} should be at least {lower[i]:g} and at most {upper[i]:g};"
            " correct its bounds (Solver's tick at non-negative variables counts as one)"
        )
    return lower, upper


def _cells(areas: list[Area]) -> list[tuple[str, int, int]]:
    return [(area.sheet, *cell) for area in areas for cell in area.cells()]


def _areas(book, problem, constraint, text):
    host = objective_area(book, problem).sheet
    return resolve(book, text, f"the constraint {constraint}:", host)


def _positions(book, problem, constraint: Constraint, position) -> list[int]:
    """Which of the changing cells the constraint limits."""
    if constraint.relation not in ("<=", ">="):
        raise ProblemError(
            f"the constraint {constraint} is not supported, only <= and >= on changing cells are; {_ELSE}"
        )
    limited = _cells(_areas(book, problem, constraint, constraint.cells))
    for cell in limited:
        if cell not in position:
            raise ProblemError(
                f"the constraint {constraint} limits {cell_address(*cell)}, which is not among the changing"
                f" cells; only those can have bounds here: {_ELSE}"
            )
    return [position[cell] for cell in limited]


def _limits(book, problem, constraint: Constraint, changing, count) -> np.ndarray:
    """The numbers on the constraint's right side (1,) or (count,)."""
    if not isinstance(constraint.bound, str):
        if constraint.bound is None or not math.isfinite(constraint.bound):
            raise ProblemError(f"the constraint {constraint} has no number on its right side; {_ELSE}")
        return np.array([constraint.bound], dtype=float)
    areas = _areas(book, problem, constraint, constraint.bound)
    cells = _cells(areas)
    if len(cells) not in (1, count):
        raise ProblemError(
            f"the constraint {constraint} has {count} cells on its left side and {len(cells)} on its right;"
            " give it as many bounds or one"
        )
    own = any(area.intersect(other) for area in areas for other in changing)
    if own or RunGraph(book).between(changing, areas).runs:
        raise ProblemError(
            f"the constraint {constraint} has a right side that moves with the changing cells; only constant"
            f" bounds are supported: {_ELSE}"
        )
    return np.array([_number(book, cell, constraint) for cell in cells])


def _number(book, cell, constraint):
    sheet, *place = cell
    value = book.sheets[sheet].values.get(tuple(place))
    if isinstance(value, bool | str | None):
        shown = "nothing" if value is None else repr(str(value))
        raise DataError(
            f"{cell_address(*cell)} holds {shown} where the constraint {constraint} needs a number; type one"
        )
    return float(value)
