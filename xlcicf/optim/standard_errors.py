"""How far parameters are known: standard errors of a least-squares fit, and of a likelihood."""

import numpy as np

from xlcicf.optim.objective import Objective, Squares

SMALL = 200  # parameters
ENTRIES = 4_000_000  # of the Jacobian


def standard_errors(f: Objective, v: np.ndarray) -> np.ndarray:
    """Of parameters v (n,) at an optimum without constraints on formulas; nan for those at a bound, and where
    none are known.

    Of a sum of squares: s sqrt(diag((J' J)^-1)) with s^2 = r' r / (k - n), from k residuals r and their
    Jacobian J. Of a log-likelihood: sqrt(diag(-H^-1)), from its second derivatives H.
    """
    errors = np.full(len(v), np.nan)
    moving = np.flatnonzero((v > f.lower) & (v < f.upper) & ~f.whole)
    if f.structure is None or f.constraints or not moving.size or len(v) > SMALL:
        return errors
    if not f.structure.is_smooth or not isinstance(f.sense, str):
        return errors
    squares = f.structure.squares[f.sense]
    if squares is not None:
        if moving.size < squares.count and squares.count * len(v) <= ENTRIES:
            errors[moving] = _of_squares(squares, v, moving)
    elif f.structure.is_log_likelihood(f.sense):
        errors[moving] = _of_likelihood(f, v, moving)
    return errors


def _of_squares(squares: Squares, v: np.ndarray, moving: np.ndarray) -> np.ndarray:
    jacobian, residuals = squares.jacobian(v)[:, moving], squares.values(v)
    size = np.linalg.norm(jacobian, axis=0)
    if not np.isfinite(jacobian).all() or not size.all():
        return np.full(moving.size, np.nan)
    triangle = np.linalg.qr(jacobian / size, mode="r")
    if (
        np.abs(np.diagonal(triangle)).min() < 1e-14
    ):  # two of them have the same effect: nothing tells them apart
        return np.full(moving.size, np.nan)
    inverse = np.linalg.solve(triangle, np.eye(moving.size))
    spread = np.sqrt(residuals @ residuals / (squares.count - moving.size))
    return spread * np.linalg.norm(inverse, axis=1) / size


def _of_likelihood(f: Objective, v: np.ndarray, moving: np.ndarray) -> np.ndarray:
    bends = f.hessian(v, np.array([1.0]))[np.ix_(moving, moving)]
    information = -bends if f.sense == "max" else bends
    size = np.sqrt(np.abs(np.diagonal(information)))
    if not np.isfinite(information).all() or not size.all():
        return np.full(moving.size, np.nan)
    lengths, ways = np.linalg.eigh(information / np.outer(size, size))
    if lengths[0] < 1e-13:
        return np.full(moving.size, np.nan)
    return np.sqrt((ways**2 / lengths).sum(axis=1)) / size
