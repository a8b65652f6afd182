"""What a run came to beside its loss: constraints with both sides, parameters with their error bars."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from xlcicf.formula.address import cell_address
from xlcicf.formula.limits import limited_cells
from xlcicf.formula.references import resolve
from xlcicf.solve.feasible import as_limit
from xlcicf.solve.placed import PlacedProblem

if TYPE_CHECKING:
    from xlcicf.formula import SheetFunction

ConstraintRow = tuple[str, float, float | None, float | None, float | None]
ParameterRow = tuple[str, float, float | None, float | None, float | None]


@dataclass(frozen=True)
class Answer:
    """constraints  (text, left, right, slack, multiplier), cell by cell; what nobody knows is None
    parameters  (address, value, standard error, lower bound, upper bound)
    missed      the largest violation, measured by the right side or 1
    unknown     address -> why the parameter there has no standard error, as far as anybody knows
    """

    constraints: list[ConstraintRow]
    parameters: list[ParameterRow]
    missed: float
    unknown: dict[str, str] = field(default_factory=dict)


def answer(
    problem: PlacedProblem, f: "SheetFunction", values: np.ndarray, multipliers: np.ndarray | None
) -> Answer:
    """At values (n,), with the multipliers of f's constraints (m,) if they are known."""
    from xlcicf.optim.optimality import violation
    from xlcicf.optim.standard_errors import standard_errors

    errors = standard_errors(f, values)
    parameters = [
        (cell, value, _known(error), _known(lower), _known(upper))
        for cell, value, error, lower, upper in zip(
            f.cells, values.tolist(), errors.tolist(), f.lower.tolist(), f.upper.tolist(), strict=True
        )
    ]
    return Answer(list(_rows(problem, f, values, multipliers)), parameters, violation(f, values))


def _known(number: float) -> float | None:
    return number if np.isfinite(number) else None


def _rows(
    problem: PlacedProblem, f: "SheetFunction", values: np.ndarray, multipliers: np.ndarray | None
) -> Iterator[ConstraintRow]:
    """In the order of Solver's list."""
    held = dict(zip(f.cells, values.tolist(), strict=True))
    lefts, rights = f.constraint_sides(values)
    prices = np.full(len(lefts), np.nan)
    if multipliers is not None and not f.whole.any():  # whole numbers have no slopes
        prices = multipliers
    limited = iter(zip(f.constraints, lefts.tolist(), rights.tolist(), prices.tolist(), strict=True))
    allowed = problem.feasible
    slopes = dict(zip(f.cells, f.gradient(values).tolist(), strict=True))
    for number, constraint in enumerate(problem.constraints):
        if constraint.relation in ("int", "bin", "dif"):
            for area in constraint.left:
                for cell in area.cells():
                    address = cell_address(area.sheet, *cell)
                    yield f"{address} {constraint.relation}", held[address], None, None, None
        elif number in allowed.bounding:
            yield from _bounds(problem, number, f, held, slopes)
        else:
            for _ in range(sum(area.shape[0] * area.shape[1] for area in constraint.left)):
                row, left, right, price = next(limited)
                yield row.text, left, right, _slack(row.relation, left, right), _known(price)


def _bounds(
    problem: PlacedProblem, number: int, f: "SheetFunction", held: dict[str, float], slopes: dict[str, float]
) -> Iterator[ConstraintRow]:
    for row in limited_cells(as_limit(problem.constraints[number])):
        left = held[row.left]
        right = float(row.right) if not isinstance(row.right, str) else _shown(problem, row.right)
        slack = _slack(row.relation, left, right)
        binds = abs(slack) <= 1e-9 * max(1.0, abs(right))
        price = slopes[row.left] if binds else 0.0
        yield row.text, left, right, slack, None if f.whole.any() else price


def _shown(problem: PlacedProblem, address: str) -> float:
    book = problem.whole_book
    (cell,) = resolve(book, address, "a right side")
    value = book.held(cell.sheet).values.get((cell.top, cell.left))
    return float(value) if isinstance(value, float | bool) else 0.0


def _slack(relation: str, left: float, right: float) -> float:
    return right - left if relation == "<=" else left - right
