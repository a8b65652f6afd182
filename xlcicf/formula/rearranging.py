"""Elements of ranges and arrays in other places, with all that is known of them: INDEX, VLOOKUP, ..."""

from dataclasses import replace

import numpy as np
import torch

from xlcicf.formula import tape as t
from xlcicf.formula.choice import Value, either, of_each
from xlcicf.formula.coercion import taken_as_scalar
from xlcicf.formula.context import Context
from xlcicf.formula.grid import (
    BLANK,
    Grid,
    aligned,
    constant,
    errors_among,
    errors_where,
    from_numbers,
    mask_tensor,
    with_errors,
)
from xlcicf.formula.stepped import depend_on_changing, elements_at

FAR = 2.0**40
ALL = -1  # in the place of a row or column: every one of them


def fixed_number(context: Context, grid: Grid) -> Grid:
    """A number that says a place, which no changing cell may decide."""
    if grid.varies_somewhere:
        raise context.refuse("is keyed by a changing cell and has no derivative")
    return taken_as_scalar(grid)


def elements(context: Context, grid: Grid, found: Grid) -> Value:
    """For each element of `found` (H, W, h, w), a number from 0 or an error, that element of each cell's
    array, counted row by row; values of their own, no range any more."""
    if not found.is_constant:
        return elements_at(context, grid, found)
    taken = grid.rearranged(found.numbers().astype(np.intp))
    return with_errors(taken, errors_among([found]))


def _places(key: Grid) -> np.ndarray:
    """Numbers counted from 1 as whole ones counted from 0; of those far off, some that are outside too."""
    return np.clip(key.numbers(), -1.0, FAR).astype(np.intp) - 1


def part_at(grid: Grid, top: int, left: int, rows: int, columns: int) -> Grid:
    """So many rows and columns of each cell's array from one on, counted from 0; of a range a range."""
    place = grid.place and grid.place.part(np.array(top), np.array(left), rows, columns)
    return grid.cut(slice(top, top + rows), slice(left, left + columns)).at(place)


def line_of(table: Grid, rows: slice, columns: slice) -> Grid:
    """A row or column of a table; of a whole one it is known how many blank cells lie beyond the data."""
    line = table.cut(rows, columns)
    if table.place is None or table.extent == table.size:
        return line
    (h, w), (rows_there, columns_there) = line.size, table.extent
    down, right = np.array(rows.start), np.array(columns.start)
    h, w = (rows_there if h == table.size[0] else h), (columns_there if w == table.size[1] else w)
    return line.at(table.place.part(down, right, h, w))


def part(context: Context, grid: Grid, row: Grid, column: Grid | None = None) -> Value:
    """Of each cell's array the element in a row and column, numbers counted from 1, or the whole row or
    column where the other is 0; of a range a range. In a single row or column one number says the place.

    Cells that take parts of different sizes make an Either."""
    rows, cols = grid.extent
    if column is None:
        row, column = (constant(1.0), row) if rows == 1 else (row, constant(float(cols == 1)))
    if depend_on_changing([row, column]):
        return _part_by_changing(context, grid, row, column)
    keys = aligned([fixed_number(context, key) for key in (row, column)], context.host)
    down, right = np.broadcast_arrays(*(_places(key) for key in keys))
    before, beyond = (down < ALL) | (right < ALL), (down >= rows) | (right >= cols)
    found = errors_where(before, "#VALUE!", context.host, "counts from 1", after=errors_among(keys))
    found = errors_where(beyond, "#REF!", context.host, "looks outside its range", after=found)
    down, right = (at if found is None else np.where(found[0], 0, at) for at in (down, right))
    if found is not None and found[0].all():
        return with_errors(from_numbers(t.as_array(0.0)), found)  # an error, and no range of a size
    whole = np.stack([down == ALL, right == ALL])
    if whole.any() and down.shape[2:] != (1, 1):
        raise context.refuse("looks up several rows or columns at once; write one for each")
    out: Value | None = None
    for all_rows, all_cols in (divmod(kind, 2) for kind in np.unique(2 * whole[0] + whole[1]).tolist()):
        piece = _part(grid, np.maximum(down, 0), np.maximum(right, 0), all_rows, all_cols)
        here = (whole[0] == all_rows) & (whole[1] == all_cols)
        out = piece if out is None else either(mask_tensor(here.shape, here), piece, out, context.function)
    assert out is not None
    return of_each(lambda one: with_errors(one, found), out)


def _part_by_changing(context: Context, grid: Grid, row: Grid, column: Grid) -> Value:
    """One element of each cell's array, where changing cells decide which, or the whole row or column whose
    number they decide; nan for one that is whole only at some of their values."""
    h, w = grid.size
    keys = aligned([taken_as_scalar(key) for key in (row, column)], context.host)
    down, right = (t.sub(t.truncated(key.num), 1.0) for key in keys)
    all_rows, all_cols = _is_all(row, keys[0]), _is_all(column, keys[1])
    if all_rows:
        down = torch.arange(h, dtype=t.DTYPE)[None, None, :, None]
    if all_cols:
        right = torch.arange(w, dtype=t.DTYPE)[None, None, None, :]
    if (all_rows or all_cols) and grid.has(BLANK) and not context.array_formula:
        raise context.refuse("may hand on empty cells as a changing cell decides")
    inside = t.both(
        t.both(t.greater_equal(down, 0.0), t.less(down, float(h))),
        t.both(t.greater_equal(right, 0.0), t.less(right, float(w))),
    )
    place = t.where(inside, t.add(t.mul(down, float(w)), right), -1.0)
    t.decide(place)
    out = elements_at(context, grid, with_errors(from_numbers(place, like=keys), errors_among(keys)))
    if not isinstance(out, Grid):
        return out
    context.note_step(out.num)
    if grid.place is None or all_rows == all_cols:
        return out
    rows, cols = (grid.place.rows, 1) if all_rows else (1, grid.place.cols)
    return out.at(replace(grid.place, rows=rows, cols=cols, moves=True))


def _is_all(given: Grid, key: Grid) -> bool:
    """Whether a row's or column's number, one in each cell, is 0 whatever the changing cells are."""
    return given.is_single and not depend_on_changing([given]) and not key.numbers().astype(np.intp).any()


def _part(grid: Grid, down: np.ndarray, right: np.ndarray, all_rows: bool, all_cols: bool) -> Grid:
    """The elements so far down and right of each array's first (H, W, h, w), or from there whole rows and
    columns; blank beyond the data."""
    h, w = grid.size
    row = down + np.arange(h if all_rows else 1)[:, None]
    col = right + np.arange(w if all_cols else 1)
    held = (row < h) & (col < w)
    out = grid.rearranged(np.where(held, row * w + col, 0)).blank_where(~held)
    if grid.place is None or down.shape[2:] != (1, 1):
        return out
    rows, cols = grid.place.rows if all_rows else 1, grid.place.cols if all_cols else 1
    return out.at(grid.place.part(down[:, :, 0, 0], right[:, :, 0, 0], rows, cols))
