"""Solver's constraints as bounds on the changing cells; whatever is no bound is refused by its cells."""

import math
from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np

from xlcicf.errors import DataError, ProblemError, XlcicfError
from xlcicf.formula.address import Area, SheetCell, cell_address
from xlcicf.formula.snapshot import Snapshot
from xlcicf.solve.constraints import PlacedConstraint

_ELSE = "delete it in Solver's list, or solve this problem with Solver"


def bounds(
    book: Snapshot, changing: Sequence[Area], constraints: Iterable[PlacedConstraint], non_negative: bool
) -> tuple[np.ndarray, np.ndarray]:
    """(lower, upper) of the changing cells, (n,) each, infinite where nothing limits them.

    Raises ProblemError for a constraint that is no constant bound on changing cells and for bounds that
    leave no value, AddressError for a right side that is neither number nor cells, DataError for a bound that
    is no number; each names the cells.
    """
    return _bounds(_Moving(book, changing), constraints, non_negative)


def _bounds(
    moving: "_Moving", constraints: Iterable[PlacedConstraint], non_negative: bool
) -> tuple[np.ndarray, np.ndarray]:
    cells = _cells(moving.changing)
    position = {cell: i for i, cell in enumerate(cells)}
    lower, upper = np.full(len(cells), -math.inf), np.full(len(cells), math.inf)
    free_below = np.ones(len(cells), dtype=bool)
    for constraint in constraints:
        at = _positions(constraint, position)
        limits = _limits(moving, constraint, len(at))
        if constraint.relation == "<=":
            upper[at] = np.minimum(upper[at], limits)
        else:
            lower[at] = np.maximum(lower[at], limits)
            free_below[at] = False
    if non_negative:
        lower[free_below] = 0
    for i in np.flatnonzero(lower > upper):
        raise ProblemError(
            f"{cell_address(*cells[i])} should be at least {lower[i]:g} and at most {upper[i]:g};"
            " correct its bounds (Solver's tick at non-negative variables counts as one)"
        )
    return lower, upper


def unserved(
    book: Snapshot, changing: Sequence[Area], constraints: Iterable[PlacedConstraint]
) -> list[tuple[str, str]]:
    """(constraint, why) of those that are no bounds on the changing cells."""
    moving, found = _Moving(book, changing), []
    for constraint in constraints:
        try:
            _bounds(moving, [constraint], non_negative=False)
        except XlcicfError as error:
            found.append((constraint.text, str(error)))
    return found


class _Moving:
    """What moves with the changing cells of a book, whose formulas are looked at once for all constraints."""

    def __init__(self, book: Snapshot, changing: Sequence[Area]):
        self.book, self.changing = book, changing

    @cached_property
    def _graph(self):
        from xlcicf.formula.graph import graph_of  # most bounds are numbers, and need none

        return graph_of(self.book)

    def reaches(self, areas: Sequence[Area]) -> bool:
        own = any(area.intersect(other) for area in areas for other in self.changing)
        return own or bool(self._graph.between(self.changing, areas).runs)


def _cells(areas: Iterable[Area]) -> list[SheetCell]:
    return [(area.sheet, *cell) for area in areas for cell in area.cells()]


def _positions(constraint: PlacedConstraint, position: dict[SheetCell, int]) -> list[int]:
    """Which of the changing cells the constraint limits."""
    if constraint.relation not in ("<=", ">="):
        raise ProblemError(
            f"the constraint {constraint.text} is not supported, only <= and >= on changing cells are;"
            f" {_ELSE}"
        )
    limited = _cells(constraint.left)
    for cell in limited:
        if cell not in position:
            raise ProblemError(
                f"the constraint {constraint.text} limits {cell_address(*cell)}, which is not among the"
                f" changing cells; only those can have bounds here: {_ELSE}"
            )
    return [position[cell] for cell in limited]


def _limits(moving: _Moving, constraint: PlacedConstraint, count: int) -> np.ndarray:
    """The numbers on the constraint's right side (1,) or (count,)."""
    right = constraint.number_or_cells()
    if not isinstance(right, tuple):
        if right is None or not math.isfinite(right):
            raise ProblemError(f"the constraint {constraint.text} has no number on its right side; {_ELSE}")
        return np.array([right], dtype=float)
    cells = _cells(right)
    if len(cells) not in (1, count):
        raise ProblemError(
            f"the constraint {constraint.text} has {count} cells on its left side and {len(cells)} on its"
            " right; give it as many bounds or one"
        )
    if moving.reaches(right):
        raise ProblemError(
            f"the constraint {constraint.text} has a right side that moves with the changing cells; only"
            f" constant bounds are supported: {_ELSE}"
        )
    return np.array([_number(moving.book, cell, constraint) for cell in cells])


def _number(book: Snapshot, cell: SheetCell, constraint: PlacedConstraint) -> float:
    sheet, row, col = cell
    value = book.sheets[sheet].values.get((row, col))
    if isinstance(value, bool | str | None):
        shown = "nothing" if value is None else repr(str(value))
        raise DataError(
            f"{cell_address(*cell)} holds {shown} where the constraint {constraint.text} needs a number;"
            " type one"
        )
    return float(value)
