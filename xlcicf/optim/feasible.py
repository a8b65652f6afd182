"""Values at which constraints hold, where the way from the sheet's own led to none."""

from collections.abc import Iterator

import numpy as np

from xlcicf.optim.objective import Objective
from xlcicf.optim.optimality import RISE, violation
from xlcicf.optim.starting import starts

SOUGHT = 9  # places from which values are sought
EVALUATIONS = 200  # from each
ENTRIES = 100_000  # of the constraints' Jacobian, at most: each of many steps decomposes it
CLOSE = 1e-6  # a violation from which a search finds the rest of the way
FAR = 1e10  # what a constraint misses that shows an error


def feasible_starts(f: Objective, seed: int) -> Iterator[np.ndarray]:
    """Values (n,) at which all constraints all but hold: the least of what they miss, squared, from the start
    and from places drawn around it. None of a model too large for that."""
    moving = np.flatnonzero(f.lower < f.upper)
    if not moving.size or len(f.constraints) * moving.size > ENTRIES:
        return
    for begin in starts(f, SOUGHT, seed):
        v = _closest(f, begin, moving)
        if violation(f, v) <= CLOSE:
            yield v


def _closest(f: Objective, begin: np.ndarray, moving: np.ndarray) -> np.ndarray:
    from scipy.optimize import least_squares

    relations = [constraint.relation for constraint in f.constraints]
    signs, is_equal = np.array([RISE[relation] for relation in relations]), np.array(relations) == "="
    rows = np.linalg.norm(np.nan_to_num(f.jacobian(begin)[:, moving]), axis=1)
    scale = signs / np.where(rows > 0, rows, 1.0)

    def whole(x: np.ndarray) -> np.ndarray:
        v = begin.copy()
        v[moving] = x
        return v

    def missed(x: np.ndarray) -> np.ndarray:
        left, right = f.constraint_sides(whole(x))
        over = np.nan_to_num((left - right) * scale, nan=FAR, posinf=FAR, neginf=-FAR)
        return np.where(is_equal, over, np.maximum(over, 0.0))

    def slopes(x: np.ndarray) -> np.ndarray:
        jacobian = np.nan_to_num(f.jacobian(whole(x))[:, moving] * scale[:, None])
        return np.where((is_equal | (missed(x) > 0))[:, None], jacobian, 0.0)

    low, high = f.lower[moving], f.upper[moving]
    with np.errstate(all="ignore"):
        found = least_squares(
            missed,
            begin[moving].clip(low, high),
            slopes,  # pyright: ignore[reportArgumentType]
            bounds=(low, high),
            max_nfev=EVALUATIONS,
            **dict.fromkeys(("ftol", "xtol", "gtol"), 1e-15),
        )
    return whole(found.x)
