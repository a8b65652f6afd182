"""What a run came to beside its loss: constraints with both sides, parameters with their error bars."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from xlcicf.errors import TrainingError
from xlcicf.formula.address import cell_address
from xlcicf.formula.limits import LimitedCell, limited_cells
from xlcicf.formula.references import resolve
from xlcicf.solve.feasible import as_limit
from xlcicf.solve.placed import PlacedProblem

if TYPE_CHECKING:
    from xlcicf.formula import SheetFunction
    from xlcicf.optim.fit import Fit

ParameterRow = tuple[str, float, float | None, float | None, float | None]
BINDS = 1e-6  # a slack that is no larger, measured by the right side or 1, is none


@dataclass(frozen=True)
class ConstraintRow:
    """A constraint on one cell, and how it stands; what nobody knows is None.

    text        as a person reads it
    left, right  what both sides come to
    slack       what is left of the right side; below 0 where the constraint is missed
    multiplier  by how much the objective would follow the right side
    limited     both sides' cells; None for int, bin and dif
    is_bound    whether it limits a changing cell by what does not move: its multiplier is the reduced cost
    """

    text: str
    left: float
    right: float | None = None
    slack: float | None = None
    multiplier: float | None = None
    limited: LimitedCell | None = None
    is_bound: bool = False

    @property
    def told(self) -> tuple[str, float, float | None, float | None, float | None]:
        """As --json lists it."""
        return self.text, self.left, self.right, self.slack, self.multiplier

    @property
    def binds(self) -> bool:
        return self.slack is not None and self.right is not None and is_near(self.slack, self.right)


def is_near(slack: float, right: float) -> bool:
    return abs(slack) <= BINDS * max(1.0, abs(right))


def room_taken(left: float, relation: str, right: float) -> float:
    """1 where nothing is to spare, 0 where the sides are as far apart as the larger of them is large; above 1
    where the constraint is broken."""
    slack = -abs(right - left) if relation == "=" else _slack(relation, left, right)
    scale = max(abs(left), abs(right))
    return 1.0 if not scale else max(0.0, 1 - slack / scale)


@dataclass(frozen=True)
class Answer:
    """constraints  cell by cell, in the order of Solver's list
    parameters  (address, value, standard error, lower bound, upper bound); what nobody knows is None
    missed      the largest violation, measured by the right side or 1
    fit         of a sum of squares or a likelihood, else None
    unknown     address -> why that fit knows no standard error of it
    """

    constraints: list[ConstraintRow]
    parameters: list[ParameterRow]
    missed: float
    fit: "Fit | None" = None
    unknown: Mapping[str, str] = field(default_factory=dict)


def answer(
    problem: PlacedProblem, f: "SheetFunction", values: np.ndarray, multipliers: np.ndarray | None
) -> Answer:
    """At values (n,), with the multipliers of f's constraints (m,) if they are known."""
    from xlcicf.optim.fit import fit
    from xlcicf.optim.optimality import violation

    known = fit(f, values)
    errors = known.errors if known else np.full(len(values), np.nan)
    parameters = [
        (cell, value, _known(error), _known(lower), _known(upper))
        for cell, value, error, lower, upper in zip(
            f.cells, values.tolist(), errors.tolist(), f.lower.tolist(), f.upper.tolist(), strict=True
        )
    ]
    rows = list(_Rows(problem, f, values, multipliers))
    unknown = {f.cells[i]: why for i, why in known.why.items()} if known else {}
    return Answer(rows, parameters, violation(f, values), known, unknown)


def _known(number: float) -> float | None:
    return number if np.isfinite(number) else None


class _Rows:
    """The rows of Solver's list, each constraint cell by cell."""

    def __init__(
        self, problem: PlacedProblem, f: "SheetFunction", v: np.ndarray, multipliers: np.ndarray | None
    ):
        self.problem, self.f, self.v = problem, f, v
        self.multipliers = None if f.whole.any() else multipliers  # whole numbers have no slopes
        self._held = dict(zip(f.cells, v.tolist(), strict=True))

    def __iter__(self) -> Iterator[ConstraintRow]:
        limited = self._limited()
        bounding = self.problem.feasible.bounding
        for number, constraint in enumerate(self.problem.constraints):
            if constraint.relation in ("int", "bin", "dif"):
                for area in constraint.left:
                    for cell in area.cells():
                        address = cell_address(area.sheet, *cell)
                        yield ConstraintRow(f"{address} {constraint.relation}", self._held[address])
            elif number in bounding:
                yield from self._bounds(number)
            else:
                for _ in range(sum(area.shape[0] * area.shape[1] for area in constraint.left)):
                    yield next(limited)

    def _limited(self) -> Iterator[ConstraintRow]:
        lefts, rights = self.f.constraint_sides(self.v)
        prices = np.full(len(lefts), np.nan) if self.multipliers is None else self.multipliers
        rows = self.f.constraints, lefts.tolist(), rights.tolist(), prices.tolist()
        for row, left, right, price in zip(*rows, strict=True):
            slack = _slack(row.relation, left, right)
            yield ConstraintRow(row.text, left, right, slack, _known(price), row)

    def _bounds(self, number: int) -> Iterator[ConstraintRow]:
        for row in limited_cells(as_limit(self.problem.constraints[number])):
            left = self._held[row.left]
            right = float(row.right) if not isinstance(row.right, str) else _shown(self.problem, row.right)
            slack = _slack(row.relation, left, right)
            price = self._reduced.get(row.left) if is_near(slack, right) else 0.0
            price = None if self.f.whole.any() else price
            yield ConstraintRow(row.text, left, right, slack, price, row, is_bound=True)

    @cached_property
    def _reduced(self) -> dict[str, float]:
        """By how much the objective would follow each changing cell's bound; empty where nobody knows."""
        from xlcicf.optim.sensitivity import sensitivity

        try:
            found = sensitivity(self.f, self.v, self.multipliers)
        except TrainingError:
            return {}
        return dict(zip(self.f.cells, found.reduced.tolist(), strict=True))


def _shown(problem: PlacedProblem, address: str) -> float:
    book = problem.whole_book
    (cell,) = resolve(book, address, "a right side")
    value = book.held(cell.sheet).values.get((cell.top, cell.left))
    return float(value) if isinstance(value, float | bool) else 0.0


def _slack(relation: str, left: float, right: float) -> float:
    return right - left if relation == "<=" else left - right
