"""Central differences: what a gradient is compared with, by values alone."""

from collections.abc import Callable
from contextlib import closing

import numpy as np

from xlcicf.optim.elsewhere import Elsewhere, Nowhere, in_order
from xlcicf.optim.objective import one_thread

H = 1e-6
Value = Callable[[np.ndarray], float]


def central_differences(
    value: Value, v: np.ndarray, h: float = H, elsewhere: Elsewhere[float] | None = None,
    told: Callable[[float], None] = lambda done: None,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """(slopes (n,), steps (n,)): (value(v + s) - value(v - s)) / 2s a coordinate, s = h max(1, |v|).

    elsewhere  processes that know the same `value`, for many cells (`solve.share.slopes`)
    told       how much of it is done, 0 to 1
    """
    steps, slopes = h * np.maximum(1.0, np.abs(v)), np.empty(v.shape)

    def here(i: int) -> float:
        return central_difference(value, v, i, steps[i])

    with one_thread(), closing(in_order(len(v), here, elsewhere or Nowhere())) as found:
        for i, slope in enumerate(found):
            slopes[i] = slope
            told((i + 1) / len(v))
    return slopes, steps


def central_difference(value: Value, v: np.ndarray, i: int, step: float) -> float:
    """The slope along one coordinate."""
    up, down = v.copy(), v.copy()
    up[i] += step
    down[i] -= step
    return (value(up) - value(down)) / (up[i] - down[i])
