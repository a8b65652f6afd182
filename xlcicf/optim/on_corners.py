"""The optimum of a quadratic with corners to the last digits: HiGHS bends all a little more than asked."""

import math
from collections.abc import Iterator

import numpy as np

from xlcicf.optim.highs import Program
from xlcicf.optim.objective import Objective
from xlcicf.optim.optimality import FEASIBLE, violation

NEAR = 1e-5  # of a number or 1: what HiGHS leaves between it and what holds it

Equations = tuple[np.ndarray, np.ndarray]  # left (k, n) and right sides (k,)


def on_corners(f: Objective, program: Program, v: np.ndarray) -> np.ndarray:
    """The optimum near v (n,): what two sides of a corner, a constraint or a bound holds there stays held,
    and the slopes of the rest vanish. v itself where that is not better, or corners are made of others."""
    n, m = len(v), program.rows
    owns = program.matrix[m:, n:].tocsr()
    if owns.nnz > owns.shape[0]:
        return v
    rise, least, owner = -program.matrix[m:, :n].tocsr(), program.row_lower[m:], owns.indices
    heights = rise @ v + least
    tops = np.full(owns.shape[1], -math.inf)
    np.maximum.at(tops, owner, heights)
    upper = np.flatnonzero(_are_near(heights, tops[owner]))  # sides that are the corner's value, all of them
    corners, first = np.unique(owner[upper], return_index=True)
    taken, tied = upper[first], np.delete(upper, first)
    rival = taken[np.searchsorted(corners, owner[tied])]
    ties = (rise[tied] - rise[rival]).toarray(), least[rival] - least[tied]
    held, right = map(np.concatenate, zip(ties, *_held(program, v), strict=True))
    slope = program.slope[:n] + rise[taken].T @ program.slope[n:][corners]
    bend = program.curvature[:n, :n].toarray()
    system = np.block([[bend, held.T], [held, np.zeros((len(held), len(held)))]])
    found = np.linalg.lstsq(system, np.concatenate([-slope, right]), rcond=None)[0][:n]
    found = np.clip(found, f.lower, f.upper)
    sign = -1.0 if f.sense == "max" else 1.0
    before, after = (sign * f.value_and_gradient(x)[0] for x in (v, found))
    return found if after <= before and violation(f, found) <= max(violation(f, v), FEASIBLE) else v


def _held(program: Program, v: np.ndarray) -> Iterator[Equations]:
    """The constraints and bounds that hold v (n,)."""
    n, m = len(v), program.rows
    limits = program.matrix[:m, :n].toarray()
    for left, bounds in (
        (limits, (program.row_lower[:m], program.row_upper[:m])),
        (np.eye(n), (program.lower[:n], program.upper[:n])),
    ):
        for bound in bounds:
            near = np.isfinite(bound) & _are_near(left @ v, bound)
            yield left[near], bound[near]


def _are_near(x: np.ndarray, to: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # of infinities, which are near nothing
        return np.abs(x - to) <= NEAR * np.maximum(1.0, np.abs(to))
