"""What values a problem allows: Solver's constraints as bounds on the changing cells, limits on other cells,
whole numbers and orders."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from xlcicf.errors import Contradiction, DataError, ProblemError, XlcicfError
from xlcicf.formula.address import Area, SheetCell, cell_address, cells_in
from xlcicf.formula.limits import Limit
from xlcicf.formula.snapshot import Snapshot
from xlcicf.solve.constraints import PlacedConstraint


def as_limit(constraint: PlacedConstraint) -> Limit:
    """A constraint on cells as a Limit. Raises what `PlacedConstraint.number_or_cells` raises."""
    return Limit(
        constraint.text,
        constraint.left,
        constraint.relation,
        constraint.number_or_cells(),
        constraint.formula,
    )


@dataclass(frozen=True)
class Feasible:
    """What the changing cells may be, in their order.

    lower, upper  bounds (n,), infinite where nothing limits them
    limits        what is demanded of cells that follow them
    whole         which of them hold whole numbers (n,)
    orders        numbers of those that hold 1, 2, 3, ... in some order, group by group
    bounding      the constraints that are bounds, by their number in Solver's list
    """

    lower: np.ndarray
    upper: np.ndarray
    limits: tuple[Limit, ...]
    whole: np.ndarray
    orders: tuple[np.ndarray, ...]
    bounding: frozenset[int]


def feasible(
    book: Snapshot,
    changing: Sequence[Area],
    constraints: Iterable[PlacedConstraint],
    non_negative: bool,
    ignores_integers: bool = False,
) -> Feasible:
    """What the constraints allow.

    A row of Solver's list is a bound where it limits changing cells by what does not move with them.
    Raises ProblemError for bounds that leave no value and for whole numbers asked of cells that do not
    change, AddressError for a right side that is neither number nor cells, DataError for one that is a text;
    each names the cells.
    """
    return _feasible(_Moving(book, changing), constraints, non_negative, ignores_integers)


def _feasible(
    moving: "_Moving", constraints: Iterable[PlacedConstraint], non_negative: bool, ignores_integers: bool
) -> Feasible:
    cells = _cells(moving.changing)
    position = {cell: i for i, cell in enumerate(cells)}
    lower, upper = np.full(len(cells), -math.inf), np.full(len(cells), math.inf)
    free_below, whole = np.ones(len(cells), dtype=bool), np.zeros(len(cells), dtype=bool)
    limits: list[Limit] = []
    orders: list[np.ndarray] = []
    bounding: set[int] = set()
    for number, constraint in enumerate(constraints):
        relation, left = constraint.relation, _cells(constraint.left)
        if relation in _WHOLE:
            at = _changing_only(constraint, left, position)
            least, most = {"int": (-math.inf, math.inf), "bin": (0, 1), "dif": (1, len(at))}[relation]
            lower[at], upper[at] = np.maximum(lower[at], least), np.minimum(upper[at], most)
            free_below[at] &= relation == "int"
            whole[at] |= relation == "dif" or not ignores_integers
            orders += [np.array(at)] * (relation == "dif")
            continue
        at = [position[cell] for cell in left if cell in position]
        if len(at) < len(left) or (bound := _bound(moving, constraint, len(at))) is None:
            limits.append(as_limit(constraint))
            free_below[at] &= relation == "<="
            continue
        bounding.add(number)
        if relation != ">=":
            upper[at] = np.minimum(upper[at], bound)
        if relation != "<=":
            lower[at] = np.maximum(lower[at], bound)
            free_below[at] = False
    if non_negative:
        lower[free_below] = np.maximum(lower[free_below], 0)
    lower[whole], upper[whole] = np.ceil(lower[whole] - _NEAR), np.floor(upper[whole] + _NEAR)
    for i in np.flatnonzero(lower > upper):
        raise Contradiction(
            f"{cell_address(*cells[i])} should be at least {lower[i]:g} and at most {upper[i]:g};"
            " correct its bounds (Solver's tick at non-negative variables counts as one)"
        )
    return Feasible(lower, upper, tuple(limits), whole, tuple(orders), frozenset(bounding))


_WHOLE = ("int", "bin", "dif")
_NEAR = 1e-9  # a bound of 2.9999999999 allows 3


def unserved(
    book: Snapshot, changing: Sequence[Area], constraints: Iterable[PlacedConstraint]
) -> list[tuple[str, str]]:
    """(constraint, why) of those that cannot be read."""
    moving, found = _Moving(book, changing), []
    for constraint in constraints:
        try:
            _feasible(moving, [constraint], non_negative=False, ignores_integers=False)
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


def require_possible(constraint: PlacedConstraint, changing: Sequence[Area]) -> None:
    """Raises what `feasible` raises for a constraint that no values of any cells could make possible."""
    if constraint.relation in _WHOLE:
        position = {cell: i for i, cell in enumerate(_cells(changing))}
        _changing_only(constraint, _cells(constraint.left), position)
    elif isinstance(right := constraint.number_or_cells(), tuple):
        _require_as_many(constraint, cells_in(constraint.left), cells_in(right))


def _cells(areas: Iterable[Area]) -> list[SheetCell]:
    return [(area.sheet, *cell) for area in areas for cell in area.cells()]


def _changing_only(
    constraint: PlacedConstraint, left: list[SheetCell], position: dict[SheetCell, int]
) -> list[int]:
    for cell in left:
        if cell not in position:
            raise ProblemError(
                f"the constraint {constraint.text} is asked of {cell_address(*cell)}, which is not among the"
                " changing cells; only those can be made whole numbers: ask it of them, or delete it"
            )
    return [position[cell] for cell in left]


def _bound(moving: _Moving, constraint: PlacedConstraint, count: int) -> np.ndarray | None:
    """The numbers on the constraint's right side (1,) or (count,); None where they move."""
    right = constraint.number_or_cells()
    if not isinstance(right, tuple):
        return np.array([right], dtype=float)
    cells = _cells(right)
    _require_as_many(constraint, count, len(cells))
    if moving.reaches(right):
        return None
    return np.array([_number(moving.book, cell, constraint) for cell in cells])


def _require_as_many(constraint: PlacedConstraint, left: int, right: int) -> None:
    if right not in (1, left):
        raise ProblemError(
            f"the constraint {constraint.text} has {left} cells on its left side and {right} on its right;"
            " give it as many or one"
        )


def _number(book: Snapshot, cell: SheetCell, constraint: PlacedConstraint) -> float:
    sheet, row, col = cell
    value = book.held(sheet).values.get((row, col))
    if isinstance(value, str):
        raise DataError(
            f"{cell_address(*cell)} holds {str(value)!r} where the constraint {constraint.text} needs a"
            " number; type one"
        )
    return float(value or 0)  # blank is 0, as in Solver
