"""The optimum of a convex quadratic program to the last digits, and the proof that it is one: HiGHS stalls on
some of these, and calls others optimal that are not."""

import math
from dataclasses import dataclass

import numpy as np

from xlcicf.optim.highs import Program
from xlcicf.optim.objective import Objective
from xlcicf.optim.optimality import FEASIBLE, violation

NEAR = 1e-5  # of a number or 1: what HiGHS leaves between it and what holds it
NOTHING = 1e-12  # of the largest value: less tells nothing of how far a value moves
FLAT = 1e-8  # of the largest slope: what may be left of one at an optimum


@dataclass(frozen=True)
class Held:
    """What holds values v (n,) of a program whose corners are made of no others.

    sides, at_0, owners  the sides that are their corner's value: slopes (s, n), heights at 0 and corners (s,)
    normals, right       of constraints and bounds that hold v (k, n), (k,)
    least, most          between which each of these pushes (k,)
    rows                 which constraint it is, -1 for a bound (k,)
    """

    program: Program
    sides: np.ndarray
    at_0: np.ndarray
    owners: np.ndarray
    normals: np.ndarray
    right: np.ndarray
    least: np.ndarray
    most: np.ndarray
    rows: np.ndarray

    @property
    def weights(self) -> np.ndarray:
        """What the corner of each side is multiplied by (s,)."""
        return self.program.slope[self.normals.shape[1] :][self.owners]


def proven(f: Objective, program: Program, v: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """The optimum near v (n,), and the constraints' multipliers (m,): what two sides of a corner, a
    constraint or a bound holds there stays held, and the slopes of the rest vanish. None where that is no
    optimum, or where it cannot be told, as of corners that are made of others."""
    if program.matrix[program.rows :, len(v) :].nnz > program.row_lower.size - program.rows:
        return None
    found = np.clip(_settled(_held_at(program, v)), f.lower, f.upper)
    sign = -1.0 if f.sense == "max" else 1.0
    before, after = (sign * f.value_and_gradient(x)[0] for x in (v, found))
    if after > before or violation(f, found) > max(violation(f, v), FEASIBLE):
        found = v
    multipliers = _multipliers(f, _held_at(program, found), found)
    return None if multipliers is None or violation(f, found) > FEASIBLE else (found, multipliers)


def _held_at(program: Program, v: np.ndarray) -> Held:
    n, m = len(v), program.rows
    rise, owner = -program.matrix[m:, :n].tocsr(), program.matrix[m:, n:].tocsr().indices
    heights = program.row_lower[m:] + rise @ v
    tops = np.full(program.slope.size - n, -math.inf)
    np.maximum.at(tops, owner, heights)
    upper = np.flatnonzero(_are_near(heights, tops[owner]))
    parts = []
    for normals, lower, above, rows in (
        (program.matrix[:m, :n].toarray(), program.row_lower[:m], program.row_upper[:m], np.arange(m)),
        (np.eye(n), program.lower[:n], program.upper[:n], np.full(n, -1)),
    ):
        for bound, least, most in ((lower, -math.inf, 0.0), (above, 0.0, math.inf)):
            near = np.isfinite(bound) & _are_near(normals @ v, bound)
            count = int(near.sum())
            parts.append(
                (normals[near], bound[near], np.full(count, least), np.full(count, most), rows[near])
            )
    held = map(np.concatenate, zip(*parts, strict=True))
    return Held(program, rise[upper].toarray(), program.row_lower[m:][upper], owner[upper], *held)


def _are_near(x: np.ndarray, to: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # of infinities, which are near nothing
        return np.abs(x - to) <= NEAR * np.maximum(1.0, np.abs(to))


def _settled(held: Held) -> np.ndarray:
    """Where slopes vanish (n,) along what is held."""
    program, n = held.program, held.normals.shape[1]
    corners, taken = np.unique(held.owners, return_index=True)
    tied = np.delete(np.arange(held.owners.size), taken)
    rival = taken[np.searchsorted(corners, held.owners[tied])]
    rows = np.vstack([held.sides[tied] - held.sides[rival], held.normals])
    right = np.concatenate([held.at_0[rival] - held.at_0[tied], held.right])
    slope = program.slope[:n] + held.weights[taken] @ held.sides[taken]
    bend = program.curvature[:n, :n].toarray()
    system = np.block([[bend, rows.T], [rows, np.zeros((len(rows), len(rows)))]])
    return _least_squares(system, np.concatenate([-slope, right]))[:n]


def _least_squares(system: np.ndarray, right: np.ndarray) -> np.ndarray:
    from scipy.linalg import lstsq

    found = lstsq(system, right, lapack_driver="gelsy", check_finite=False)
    assert found is not None  # as scipy's types allow for
    return found[0]


def _multipliers(f: Objective, held: Held, v: np.ndarray) -> np.ndarray | None:
    """The constraints' multipliers (m,) with which Karush, Kuhn and Tucker's conditions hold: a corner's
    weight is shared out among its sides, and what holds v pushes so that no slope is left. None where there
    are none."""
    from scipy.optimize import lsq_linear

    program, n = held.program, len(v)
    sides, owners, weights = held.sides, held.owners, held.weights
    alone = np.bincount(owners, minlength=1)[owners] == 1
    bend = program.curvature[:n, :n]
    slope = program.slope[:n] + bend @ v + weights[alone] @ sides[alone]
    tied, first, shared = np.unique(owners[~alone], return_index=True, return_inverse=True)
    reach = np.maximum(np.abs(v), np.abs(f.start))
    reach = np.where(reach > NOTHING * reach.max(initial=0.0), reach, reach.max(initial=0.0) or 1.0)
    parts = program.slope[:n], abs(bend) @ reach, weights[:, None] * sides  # which cancel there
    size = max(1e-300, *(float(np.abs(part).max(initial=0.0)) for part in parts))
    sums = np.zeros((tied.size, shared.size + held.right.size))
    sums[shared, np.arange(shared.size)] = size
    system = np.vstack([np.hstack([sides[~alone].T, held.normals.T]), sums])
    right = np.concatenate([-slope, size * weights[~alone][first]])
    least = np.concatenate([np.zeros(shared.size), held.least])
    most = np.concatenate([np.full(shared.size, math.inf), held.most])
    pushes = _least_squares(system, right) if least.size else least
    if ((pushes < least) | (pushes > most)).any():
        pushes = lsq_linear(system, right, (least, most), tol=1e-14).x
    left = np.abs(system @ pushes - right)
    if left[:n].max() > FLAT * size or left[n:].max(initial=0.0) > FLAT * size * size:
        return None
    multipliers, is_row = np.zeros(program.rows), held.rows >= 0
    np.add.at(multipliers, held.rows[is_row], pushes[shared.size :][is_row])
    return multipliers
