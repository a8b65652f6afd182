"""Where restarts begin, and when one start is not enough."""

import numpy as np

from xlcicf.optim.objective import Objective, is_constant
from xlcicf.optim.optimality import Optimality

# Of a value, or of 1: how far off starts are drawn, by turns, where nothing bounds them; and where every
# slope is 0, so that nothing tells how far the way is.
REACH = (0.5, 1.0, 2.0, 4.0)
FROM_REST = (*REACH, 10.0, 100.0)
AT_REST = 2 * len(FROM_REST) + 1  # starts where the sheet's own values lead nowhere


def starts(f: Objective, restarts: int, seed: int) -> np.ndarray:
    """The values each restart begins with (restarts, n), all within the bounds.

    Row 0 is f.start. The others are uniform: between the bounds where both are finite; else within f.init on
    both sides of 0 where the book gives it; else around the value, by turns within 1/2, 1, 2 and 4 times
    max(1, |value|) on both sides, and 10 and 100 times where every slope is 0.
    """
    boxed = np.isfinite(f.lower) & np.isfinite(f.upper)
    with np.errstate(over="ignore"):  # a start beyond the largest number ends where it begins, and is told
        if f.init is None:
            turns = FROM_REST if restarts > 1 and _is_at_rest(f) else REACH
            reach = np.resize(turns, restarts - 1)[:, None]
            most = np.finfo(float).max / 4
            middle, half = f.start, np.minimum(np.maximum(1, np.abs(f.start)) * reach, most)
        else:
            middle, half = np.zeros_like(f.start), f.init
        low = np.where(boxed, f.lower, middle - half)
        high = np.where(boxed, f.upper, middle + half)
        drawn = low + (high - low) * np.random.default_rng(seed).random((restarts - 1, len(f.start)))
    return np.clip(np.vstack([f.start, drawn]), f.lower, f.upper)


def more_starts(f: Objective) -> tuple[int, str]:
    """How many starts a method needs that goes by slopes, and why: several where constraints alone are asked
    for, or every slope is 0 at the sheet's values, as where changing cells are blank and multiplied."""
    if is_constant(f):
        return AT_REST, f"; {AT_REST} starts at most, until all constraints hold"
    if not _is_at_rest(f):
        return 1, ""
    return AT_REST, f"; {AT_REST} starts, since every slope is 0 at the sheet's values"


def _is_at_rest(f: Objective) -> bool:
    return is_constant(f) or Optimality(f, np.clip(f.start, f.lower, f.upper), 0.0).is_flat
