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

    upper   the sides, by number, that are their corner's value; of a corner first the one that is `taken`
    normals, right  of constraints and bounds that hold v (k, n), (k,); each pushes with a multiplier between
                    `least` and `most` (k,)
    """

    program: Program
    upper: np.ndarray
    normals: np.ndarray
    right: np.ndarray
    least: np.ndarray
    most: np.ndarray

    @property
    def rise(self):
        """The slopes of all sides (p, n)."""
        return -self.program.matrix[self.program.rows :, : self.normals.shape[1]].tocsr()

    @property
    def weights(self) -> np.ndarray:
        """What each corner is multiplied by (corners,)."""
        return self.program.slope[self.normals.shape[1] :]

    @property
    def owners(self) -> np.ndarray:
        """The corner of each of the upper sides."""
        return _owners(self.program, self.normals.shape[1])[self.upper]


def proven(f: Objective, program: Program, v: np.ndarray) -> np.ndarray | None:
    """The optimum near v (n,): what two sides of a corner, a constraint or a bound holds there stays held,
    and the slopes of the rest vanish. None where that is no optimum, or where it cannot be told, as of
    corners that are made of others."""
    if program.matrix[program.rows :, len(v) :].nnz > program.row_lower.size - program.rows:
        return None
    found = np.clip(_settled(_held_at(program, v)), f.lower, f.upper)
    sign = -1.0 if f.sense == "max" else 1.0
    before, after = (sign * f.value_and_gradient(x)[0] for x in (v, found))
    if after > before or violation(f, found) > max(violation(f, v), FEASIBLE):
        found = v
    return found if violation(f, found) <= FEASIBLE and _is_best(f, _held_at(program, found), found) else None


def _held_at(program: Program, v: np.ndarray) -> Held:
    n, m = len(v), program.rows
    owner = _owners(program, n)
    heights = program.row_lower[m:] - program.matrix[m:, :n] @ v
    tops = np.full(program.slope.size - n, -math.inf)
    np.maximum.at(tops, owner, heights)
    parts = []
    for normals, lower, upper in (
        (program.matrix[:m, :n].toarray(), program.row_lower[:m], program.row_upper[:m]),
        (np.eye(n), program.lower[:n], program.upper[:n]),
    ):
        for bound, least, most in ((lower, -math.inf, 0.0), (upper, 0.0, math.inf)):
            near = np.isfinite(bound) & _are_near(normals @ v, bound)
            parts.append((normals[near], bound[near], *np.full((2, near.sum()), [[least], [most]])))
    return Held(
        program,
        np.flatnonzero(_are_near(heights, tops[owner])),
        *map(np.concatenate, zip(*parts, strict=True)),
    )


def _owners(program: Program, n: int) -> np.ndarray:
    return program.matrix[program.rows :, n:].tocsr().indices


def _are_near(x: np.ndarray, to: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # of infinities, which are near nothing
        return np.abs(x - to) <= NEAR * np.maximum(1.0, np.abs(to))


def _settled(held: Held) -> np.ndarray:
    """Where slopes vanish (n,) along what is held."""
    program, rise, n = held.program, held.rise, held.normals.shape[1]
    corners, first = np.unique(held.owners, return_index=True)
    taken, tied = held.upper[first], np.delete(held.upper, first)
    rival = taken[np.searchsorted(corners, np.delete(held.owners, first))]
    least = program.row_lower[program.rows :]
    rows = np.vstack([(rise[tied] - rise[rival]).toarray(), held.normals])
    right = np.concatenate([least[rival] - least[tied], held.right])
    slope = program.slope[:n] + rise[taken].T @ held.weights[corners]
    bend = program.curvature[:n, :n].toarray()
    system = np.block([[bend, rows.T], [rows, np.zeros((len(rows), len(rows)))]])
    return _least_squares(system, np.concatenate([-slope, right]))[:n]


def _least_squares(system: np.ndarray, right: np.ndarray) -> np.ndarray:
    from scipy.linalg import lstsq

    found = lstsq(system, right, lapack_driver="gelsy", check_finite=False)
    assert found is not None  # as scipy's types allow for
    return found[0]


def _is_best(f: Objective, held: Held, v: np.ndarray) -> bool:
    """Whether Karush, Kuhn and Tucker's conditions hold: a corner's weight can be shared out among its sides,
    and what holds v can push so that no slope is left."""
    from scipy.optimize import lsq_linear

    program, n = held.program, len(v)
    sides, owners, weights = held.rise[held.upper].toarray(), held.owners, held.weights
    alone = np.bincount(owners, minlength=weights.size)[owners] == 1
    bend = program.curvature[:n, :n]
    slope = program.slope[:n] + bend @ v + weights[owners[alone]] @ sides[alone]
    tied, shared = np.unique(owners[~alone], return_inverse=True)
    reach = np.maximum(np.abs(v), np.abs(f.start))
    reach = np.where(reach > NOTHING * reach.max(initial=0.0), reach, reach.max(initial=0.0) or 1.0)
    parts = program.slope[:n], abs(bend) @ reach, weights[owners][:, None] * sides  # which cancel there
    size = max(1e-300, *(float(np.abs(part).max(initial=0.0)) for part in parts))
    if not shared.size and not held.right.size:
        return bool(np.abs(slope).max() <= FLAT * size)
    sums = np.zeros((tied.size, shared.size + held.right.size))
    sums[shared, np.arange(shared.size)] = size
    system = np.vstack([np.hstack([sides[~alone].T, held.normals.T]), sums])
    right = np.concatenate([-slope, size * weights[tied]])
    least = np.concatenate([np.zeros(shared.size), held.least])
    most = np.concatenate([np.full(shared.size, math.inf), held.most])
    pushes = _least_squares(system, right)
    if ((pushes < least) | (pushes > most)).any():
        pushes = lsq_linear(system, right, (least, most), tol=1e-14).x
    left = system @ pushes - right
    return bool(
        np.abs(left[:n]).max() <= FLAT * size and np.abs(left[n:]).max(initial=0.0) <= FLAT * size * size
    )
