"""Central differences: what a gradient is compared with, by values alone."""

from collections.abc import Callable
from contextlib import closing

import numpy as np

from xlcicf.optim.elsewhere import Elsewhere, Nowhere, in_order
from xlcicf.optim.objective import one_thread

H = 1e-6
FAR = 1e-5  # of what would change the objective by its own size
OFF = 1e-8  # of the largest derivative or 1
SHORTENINGS = 6  # of one step
Value = Callable[[np.ndarray], float]


def nudges(v: np.ndarray, h: float) -> np.ndarray:
    """h max(1, |v|) for each coordinate (n,)."""
    return h * np.maximum(1.0, np.abs(v))


def fitting_steps(
    v: np.ndarray, value: float, gradient: np.ndarray, slopes: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """A step for each coordinate (n,): FAR of the distance in which the objective, of this `value` and
    `gradient` at v, changes by its own size; but from H |v| to H max(1, |v|).

    A step that is large beside a small coordinate is shortened until its central difference would not be off
    by more than OFF for how the `slopes` bend: it would be by a sixth of their second difference.
    """
    most, least = nudges(v, H), H * np.abs(v)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.abs(value / gradient)
    fitting = np.where(np.isfinite(scale) & (scale > 0), FAR * scale, most)
    steps = np.clip(fitting, least, most)
    allowed = OFF * max(1.0, float(np.abs(gradient).max(initial=0.0)))
    for i in np.flatnonzero(steps > 1e3 * least):
        for _ in range(SHORTENINGS):
            ends = [slopes(v + sign * steps[i] * (np.arange(len(v)) == i))[i] for sign in (1, -1)]
            off = abs(sum(ends) - 2 * gradient[i]) / 6
            if not off > allowed:
                break
            steps[i] = max(steps[i] * min(0.1, 0.5 * np.sqrt(allowed / off)), least[i])
    return steps


def central_differences(
    value: Value, v: np.ndarray, steps: np.ndarray, elsewhere: Elsewhere[float] | None = None,
    told: Callable[[float], None] = lambda done: None,
) -> np.ndarray:  # fmt: skip
    """The slopes (n,): (value(v + s) - value(v - s)) / 2s a coordinate, s its step.

    elsewhere  processes that know the same `value`, for many cells (`solve.share.slopes`)
    told       how much of it is done, 0 to 1
    """
    slopes = np.empty(v.shape)

    def here(i: int) -> float:
        return central_difference(value, v, i, steps[i])

    with one_thread(), closing(in_order(len(v), here, elsewhere or Nowhere())) as found:
        for i, slope in enumerate(found):
            slopes[i] = slope
            told((i + 1) / len(v))
    return slopes


def central_difference(value: Value, v: np.ndarray, i: int, step: float) -> float:
    """The slope along one coordinate."""
    up, down = v.copy(), v.copy()
    up[i] += step
    down[i] -= step
    return (value(up) - value(down)) / (up[i] - down[i])
