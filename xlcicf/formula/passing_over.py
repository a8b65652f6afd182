"""What SUBTOTAL and AGGREGATE pass over: hidden rows, cells that hold such a total themselves, errors."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from xlcicf.formula import tape as t
from xlcicf.formula.choice import Value
from xlcicf.formula.choosing import choose
from xlcicf.formula.coercion import taken_as_scalar
from xlcicf.formula.context import Context, Fails, Misused
from xlcicf.formula.grid import ERROR, Grid, Place, first_error, from_truths
from xlcicf.formula.snapshot import Snapshot
from xlcicf.formula.tree import Node, Ref, Union, walk

_TOTAL = re.compile(r"(?<![\w.])(?:_xlfn\.)?(?:SUBTOTAL|AGGREGATE)\s*\(", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"')


@dataclass(frozen=True)
class PassedOver:
    """Which cells of a range do not count.

    hidden    those in hidden rows, by hand too
    filtered  those in rows that a filter hides
    totals    those that hold a SUBTOTAL or AGGREGATE of their own
    errors    those that show an error
    """

    hidden: bool = False
    filtered: bool = False
    totals: bool = False
    errors: bool = False

    def among(self, context: Context, node: Node, grid: Grid) -> Grid:
        """What the argument `node` comes to, `grid`, with blanks in the place of what does not count."""
        if grid.place is not None:
            if grid.place.moves:
                raise context.refuse("asks for rows that a changing cell decides")
            rows, cols = _cells_of(grid.place, grid.size)
            book, sheet = context.evaluator.book(), _sheet_of(context, node)
            passed = self._by_row(context, book, sheet, rows) | self._by_cell(book, sheet, rows, cols)
            grid = grid.blank_where(np.broadcast_to(passed, grid.shape))
        return _without_errors(grid) if self.errors else grid

    def _by_row(self, context: Context, book: Snapshot, sheet: str, rows: np.ndarray) -> np.ndarray:
        if not (self.hidden or self.filtered):
            return np.zeros_like(rows, bool)
        hidden = book.sheets[sheet].hidden
        if not self.hidden:
            areas = [*book.sheets[sheet].filtered, *(x.area for x in book.tables.values() if x.filtered)]
            inside = [(x.top, x.bottom) for x in areas if x.sheet == sheet]
            filtered = {row for row in hidden if any(top <= row <= bottom for top, bottom in inside)}
            if inside and np.isin(rows, sorted(hidden - filtered)).any():
                raise context.refuse(
                    "takes rows that are hidden beside a filter: whether Excel counts them depends on which"
                    " came first; show these rows, or write 100 more for its first argument"
                )
            hidden = filtered
        return np.isin(rows, sorted(hidden))

    def _by_cell(self, book: Snapshot, sheet: str, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
        rows, cols = np.broadcast_arrays(rows, cols)
        if not self.totals:
            return np.zeros(rows.shape, bool)
        formulas = book.sheets[sheet].formulas
        cells = zip(rows.ravel().tolist(), cols.ravel().tolist(), strict=True)
        found = [_is_total(formulas.get(cell, "")) for cell in cells]
        return np.array(found, bool).reshape(rows.shape)


def _is_total(formula: str) -> bool:
    return _TOTAL.search(_QUOTED.sub("", formula)) is not None


def _cells_of(place: Place, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The row and the column of each element (H, W, h, w), to broadcast."""
    rows = place.top[..., None, None] + np.arange(size[0])[:, None]
    return rows, place.left[..., None, None] + np.arange(size[1])


def _sheet_of(context: Context, node: Node) -> str:
    sheets = {part.sheet for part in walk(node) if isinstance(part, Ref)}
    if len(sheets) != 1:
        raise context.refuse("takes a range of which it is not clear on what sheet it lies; name the range")
    return sheets.pop()


def _without_errors(grid: Grid) -> Grid:
    """The grid with blanks for errors, and FALSE, which counts as little, where one may come up."""
    if grid.has(ERROR):
        grid = grid.as_array()  # of nothing: a blank alone would be an argument left out
    grid = grid.blank_where(grid.kinds() == ERROR)
    if not grid.may_fail:
        return grid
    fine = t.is_finite(grid.num)
    there = fine if grid.there is None else t.both(fine, grid.there)
    return replace(grid, num=t.where(fine, grid.num, 0.0), there=there)


def by_numbers(context: Context, numbers: Sequence[Node], compute: Callable[..., Value]) -> Value:
    """compute(*numbers), whole ones that no changing cell may decide, where each cell may have others."""
    grids = []
    for value in map(context.operand, numbers):
        if not isinstance(value, Grid) or value.varies_somewhere:
            raise context.refuse_changing()
        if (error := first_error(value)) is not None:
            context.require_alone(value)
            raise Fails(str(error))
        grids.append(np.clip(taken_as_scalar(value).numbers(), -1.0, 1000.0).astype(int))
    asked = np.stack(np.broadcast_arrays(*grids), -1)
    distinct = sorted({*map(tuple, asked.reshape(-1, len(numbers)).tolist())})

    def of_these(at: int) -> Value:
        if at == len(distinct) - 1:
            return compute(*distinct[at])
        here = from_truths(torch.from_numpy((asked == distinct[at]).all(-1)))
        return choose(context, here, lambda: compute(*distinct[at]), lambda: of_these(at + 1))

    return of_these(0)


def require_ranges(context: Context, nodes: tuple[Node, ...]) -> None:
    for node in nodes:
        for part in node.parts if isinstance(node, Union) else (node,):
            value = context.taking("array").value(part)
            if isinstance(value, Grid) and not value.is_range:
                raise Misused("takes ranges of cells only")
