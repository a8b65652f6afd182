"""The left and the right sides of limits, as vectors on the tape."""

import math
from collections.abc import Sequence

import numpy as np
import torch

from xlcicf.errors import DataError, ProblemError, ShowsError
from xlcicf.formula import tape as t
from xlcicf.formula.address import Area, cell_address
from xlcicf.formula.evaluate import Evaluator, error_sentence
from xlcicf.formula.grid import TEXT, Grid
from xlcicf.formula.limits import Limit

MOST = 100_000  # cells that may be limited


def sides(evaluator: Evaluator, limits: Sequence[Limit]) -> list[tuple[t.Array, t.Array]]:
    """The left and the right sides of each limit's cells, two vectors of one length; blank cells count as 0.

    Raises DataError for cells that show text or an error, ProblemError for too many cells."""
    count = sum(math.prod(area.shape) for limit in limits for area in limit.left)
    if count > MOST:
        raise ProblemError(f"the constraints limit {count:,} cells; at most {MOST:,} are possible")
    return [_sides(evaluator, limit) for limit in limits]


def _sides(evaluator: Evaluator, limit: Limit) -> tuple[t.Array, t.Array]:
    left = _numbers(evaluator, limit, limit.left)
    return left, t.expand(_right(evaluator, limit), t.shape_of(left))


def _right(evaluator: Evaluator, limit: Limit) -> t.Array:
    if isinstance(limit.right, tuple):
        return _numbers(evaluator, limit, limit.right)
    return torch.tensor([limit.right], dtype=t.DTYPE)


def _numbers(evaluator: Evaluator, limit: Limit, areas: Sequence[Area]) -> t.Array:
    """What cells hold (k,)."""
    parts = [_of_area(limit, area, evaluator.values(area)) for area in areas]
    return t.join(*parts, dim=0) if len(parts) > 1 else parts[0]


def _of_area(limit: Limit, area: Area, grid: Grid) -> t.Array:
    if sentence := error_sentence(grid, area.address):
        raise ShowsError(f"the constraint {limit.text}: {sentence}")
    texts = np.broadcast_to(grid.kinds() == TEXT, (1, 1, *area.shape))[0, 0]
    for row, col in np.argwhere(texts).tolist():
        cell = cell_address(area.sheet, area.top + row, area.left + col)
        raise DataError(f"{cell} holds a text where the constraint {limit.text} needs a number; type one")
    full = grid.with_blanks_as_zeros().full()
    return t.reshape(t.expand(full, (1, 1, *area.shape)), shape=(-1,))
