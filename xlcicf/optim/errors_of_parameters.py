"""How far parameters are known: standard errors of a least-squares fit."""

import numpy as np

from xlcicf.optim.objective import Objective, Squares

SMALL = 200  # parameters
ENTRIES = 4_000_000  # of the Jacobian


def standard_errors(f: Objective, v: np.ndarray) -> np.ndarray:
    """Of parameters v (n,) that make a sum of squares least: s sqrt(diag((J' J)^-1)) with s^2 = r' r / (k - n),
    from k residuals r and their Jacobian J; nan for those at a bound, and where the objective is no such sum.
    """
    errors = np.full(len(v), np.nan)
    moving = np.flatnonzero((v > f.lower) & (v < f.upper) & ~f.whole)
    squares = _squares(f)
    if squares is None or not moving.size or squares.count <= moving.size:
        return errors
    jacobian, residuals = squares.jacobian(v)[:, moving], squares.values(v)
    if not np.isfinite(jacobian).all():
        return errors
    size = np.linalg.norm(jacobian, axis=0)
    if not size.all():
        return errors
    triangle = np.linalg.qr(jacobian / size, mode="r")
    if np.abs(np.diagonal(triangle)).min() < 1e-14:
        return errors  # two of them have the same effect, and nothing tells them apart
    inverse = np.linalg.solve(triangle, np.eye(moving.size))
    spread = np.sqrt(residuals @ residuals / (squares.count - moving.size))
    errors[moving] = spread * np.linalg.norm(inverse, axis=1) / size
    return errors


def _squares(f: Objective) -> Squares | None:
    if (
        f.structure is None
        or not f.structure.is_smooth
        or f.sense not in ("min", "max")
        or len(f.start) > SMALL
    ):
        return None
    found = f.structure.squares[f.sense]
    return (
        found if found is not None and found.count * len(f.start) <= ENTRIES and not f.constraints else None
    )
