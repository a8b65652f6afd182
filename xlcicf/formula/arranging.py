"""Arrays of the elements of others, in other places and of another size: TAKE, FILTER, SORT and others."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch

from xlcicf.errors import NotDifferentiable
from xlcicf.formula import ordering
from xlcicf.formula import tape as t
from xlcicf.formula.context import Context, Fails
from xlcicf.formula.grid import Grid, errors_where, from_numbers, with_errors
from xlcicf.formula.plain import Cells, columns_of

NONE = -1  # in the place of an element: #N/A

Places = Callable[..., np.ndarray]  # ((rows, columns), *keys as Cells) -> numbers of elements (h, w)


def placed(context: Context, grid: Grid, keys: Sequence[Grid], places: Places) -> Grid:
    """The array whose elements are those of `grid` of the numbers that `places` tells, counted row by row."""
    shape, columns = columns_of(context, keys, [True] * len(keys), batch=grid.batch)

    def elements(*cells: Cells) -> np.ndarray:
        index = places(grid.size, *cells)
        if 0 in index.shape:
            raise Fails("#CALC!", "yields an array without elements")
        return index

    asked = list(zip(*columns, strict=True)) if keys else [()] * math.prod(shape[:2])
    found = context.of_each_cell(elements, asked)
    if len({index.shape for index in found}) > 1:
        raise context.cell_by_cell("yields arrays of several sizes; write a formula for each")
    index = np.stack(found).reshape(*shape[:2], *found[0].shape)
    taken = grid.as_value().rearranged(np.maximum(index, 0))
    lacking = errors_where(index == NONE, "#N/A", context.host, "has no value for each place")
    if grid.is_single_error and not grid.is_array:
        return taken
    return with_errors(taken, lacking).as_array()


def require_all(context: Context, grid: Grid) -> None:
    """Refuses whole columns and rows, of which the blank cells beyond the data are not at hand."""
    if grid.extent != grid.size:
        raise refused_as_whole(context)


def refused_as_whole(context: Context) -> NotDifferentiable:
    return context.refuse("arranges whole rows or columns anew; name the cells that hold something")


def numbered(size: tuple[int, int]) -> np.ndarray:
    return np.arange(size[0] * size[1]).reshape(size)


def in_order(context: Context, grid: Grid, descends: bool) -> Grid:
    """A row or column of numbers sorted; those that tie share the derivative."""
    if grid.kind is not None:
        raise context.refuse("sorts by changing cells what is more than numbers")
    n = grid.size[0] * grid.size[1]
    row = t.reshape(grid.full(), shape=(*grid.batch, 1, n))
    rank = torch.arange(n, dtype=t.DTYPE).expand(*grid.batch, 1, n)
    rank = rank.flip(3) if descends else rank
    still = torch.from_numpy(~grid.varies().reshape(*grid.batch, 1, n))
    t.decide(ordering.chosen(row, rank))
    out = t.unless_nan(ordering.ranked(row, rank, still), t.total(row, dims=(3,)))
    return from_numbers(t.reshape(out, shape=grid.shape))
