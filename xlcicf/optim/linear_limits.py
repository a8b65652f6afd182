"""What constraints that are linear tell of a model that is not: bounds that follow, and conflicts."""

import math
from collections.abc import Sequence

import numpy as np

from xlcicf.optim.highs import Program
from xlcicf.optim.objective import Objective

ROUNDS = 10  # in which bounds follow from each other
ENTRIES = 100_000  # of the constraints, up to which these are gone through
ROUNDING = 1e-9  # of a bound or 1: by so much less a whole number is still within it


def program_of_limits(f: Objective) -> Program | None:
    """Any values within the bounds at which those constraints hold that are linear, whole or not; None where
    there is no such constraint."""
    if f.structure is None or not len(f.constraints):
        return None
    numbers, limits = f.structure.linear_limits
    if not numbers.size:
        return None
    row_lower, row_upper = row_bounds([f.constraints[i].relation for i in numbers], limits.constant)
    return Program(
        slope=np.zeros(len(f.start)),
        constant=0.0,
        curvature=None,
        matrix=limits.matrix,
        row_lower=row_lower,
        row_upper=row_upper,
        lower=f.lower.copy(),
        upper=f.upper.copy(),
        whole=np.zeros(len(f.start), dtype=bool),
        rows=numbers.size,
    )


def row_bounds(relations: Sequence[str], constant: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Between what the rows (m,) of linear constraints stay, to which their constants (m,) are added."""
    which = np.array(relations)
    return np.where(which == "<=", -math.inf, -constant), np.where(which == ">=", math.inf, -constant)


def implied_bounds(f: Objective) -> tuple[np.ndarray, np.ndarray]:
    """The bounds (n,), (n,), and those that follow from linear constraints, as x <= 5 of
    x + y <= 5 and x, y >= 0."""
    lower, upper = f.lower.copy(), f.upper.copy()
    program = program_of_limits(f)
    if program is None or program.matrix.nnz > ENTRIES:
        return lower, upper
    rows = _at_most(program)
    for _ in range(ROUNDS):
        before = lower.copy(), upper.copy()
        for columns, weights, most in rows:
            _tighten(lower, upper, columns, weights, most)
        if np.array_equal(before[0], lower) and np.array_equal(before[1], upper):
            break
    slack = ROUNDING * np.maximum(1.0, np.abs(np.stack([lower, upper])))
    lower = np.where(f.whole & np.isfinite(lower), np.ceil(lower - slack[0]), lower)
    upper = np.where(f.whole & np.isfinite(upper), np.floor(upper + slack[1]), upper)
    if (lower > upper).any():  # no values hold; what is missed is told at the end of the run
        return f.lower.copy(), f.upper.copy()
    return np.maximum(lower, f.lower), np.minimum(upper, f.upper)


def _at_most(program: Program) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """Each side of each row as columns, weights and what their sum is at most."""
    matrix, found = program.matrix.tocsr(), []
    for i, (least, most) in enumerate(zip(program.row_lower, program.row_upper, strict=True)):
        part = slice(matrix.indptr[i], matrix.indptr[i + 1])
        columns, weights = matrix.indices[part], matrix.data[part]
        columns, weights = columns[weights != 0], weights[weights != 0]
        found += [(columns, weights, most)] if math.isfinite(most) else []
        found += [(columns, -weights, -least)] if math.isfinite(least) else []
    return found


def _tighten(
    lower: np.ndarray, upper: np.ndarray, columns: np.ndarray, weights: np.ndarray, most: float
) -> None:
    """What is left over for each value where all others are at their least."""
    least = np.where(weights > 0, weights * lower[columns], weights * upper[columns])
    is_open = np.isinf(least)
    if is_open.sum() > 1:
        return
    left = most - (np.where(is_open, 0.0, least).sum() - np.where(is_open, 0.0, least))
    for k in np.flatnonzero(is_open) if is_open.any() else range(len(columns)):
        i, bound = columns[k], left[k] / weights[k]
        if weights[k] > 0:
            upper[i] = min(upper[i], bound)
        else:
            lower[i] = max(lower[i], bound)
