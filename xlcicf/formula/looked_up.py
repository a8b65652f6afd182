"""Lookups by a number that changing cells decide: by tensors, many samples at once; and what such a number
never leads to."""

import math

import numpy as np
import torch
from torch import Tensor

from xlcicf.formula import tape as t
from xlcicf.formula.context import Context
from xlcicf.formula.grid import ERROR, NUMBER, TEXT, Grid, from_numbers, mask_tensor

FEW = 10_000  # comparisons of one sample


@t.Primitive
def first_equal(cells: Tensor, wanted: Tensor) -> Tensor:
    """Where in rows (H, W, 1, n) each of the numbers (H, W, 1, m) stands first, counted from 0; nan where it
    does not."""
    equal = wanted[..., :, None] == cells[..., None, :]
    return torch.where(equal.any(-1), equal.to(torch.uint8).argmax(-1).to(t.DTYPE), t.NAN)


def place_of_number(context: Context, wanted: Grid, cells: Grid) -> Grid | None:
    """The same of each cell's array, in a row or column, where what is wanted are numbers, and not many;
    else None."""
    count, among = math.prod(wanted.shape), math.prod(cells.size)
    if not wanted.is_all_numbers or cells.there is not None or count * among > FEW:
        return None
    H, W, m, n = wanted.shape
    are_numbers = mask_tensor(cells.shape, cells.kinds() == NUMBER)
    numbers = t.where(are_numbers, cells.num, t.NAN) if cells.kind is not None else cells.full()
    rows = t.reshape(numbers, shape=(*cells.batch, 1, among))
    found = first_equal(rows, t.reshape(wanted.full(), shape=(H, W, 1, m * n)))
    out = t.may_fail(t.reshape(found, shape=(*t.shape_of(found)[:2], m, n)))
    context.note_step(out)
    t.decide(out)
    return from_numbers(out, like=[wanted])


def number_among_numbers(context: Context, wanted: Grid, cells: Grid, how: Grid | None = None) -> Grid | None:
    """MATCH of a number among numbers, one of which must be equal."""
    if how is None or 1 not in cells.extent or not is_zero(how):
        return None
    found = place_of_number(context, wanted, cells)
    return None if found is None else found.with_num(t.add(found.num, 1.0))


def is_zero(grid: Grid) -> bool:
    """Whether it is 0 or FALSE in all cells, whatever the changing cells are."""
    return grid.is_constant and grid.is_single and not grid.has(TEXT, ERROR) and not grid.numbers().any()


def where_reached(wanted: Grid, searched: Grid, held: Grid) -> Grid:
    """The values beside those that are searched, with 0 for what a number never leads to: beside a text, as
    in the row of titles above a table."""
    if wanted.kinds().any() or wanted.there is not None:
        return held
    apart = np.broadcast_to(np.isin(searched.kinds(), (TEXT, ERROR)), held.shape)
    return held.of_kinds(np.where(apart, NUMBER, held.kinds()).astype(np.uint8)) if apart.any() else held
