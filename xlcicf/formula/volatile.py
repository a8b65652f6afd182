"""What a spreadsheet draws anew at each calculation, drawn once: NOW, TODAY, RAND, RANDBETWEEN.

The time is that of the reading, and each random number is told by its cell's address: two readings of a book
agree. These functions stand in no table: no gradient goes through a draw.
"""

import datetime as dt
import zlib

import numpy as np
import torch

from xlcicf.formula import tape as t
from xlcicf.formula.book_values import BookValues
from xlcicf.formula.choice import Value
from xlcicf.formula.coercion import taken_as_scalar
from xlcicf.formula.context import Context
from xlcicf.formula.evaluate import Evaluator
from xlcicf.formula.functions.table import elementwise, of_grids
from xlcicf.formula.grid import Grid, constant, from_numbers
from xlcicf.formula.runs import RunGraph
from xlcicf.formula.tree import Node
from xlcicf.formula.units import Batch, Host, Run

_EPOCHS = {False: dt.datetime(1899, 12, 30), True: dt.datetime(1904, 1, 1)}


class Drawing(Evaluator):
    """An evaluator of plain values that draws. `now` is the time that NOW shows."""

    def __init__(self, graph: RunGraph, book_values: BookValues, now: dt.datetime):
        super().__init__(graph, book_values=book_values)
        since = now - _EPOCHS[graph.book.calculation.date1904]
        self._now = since / dt.timedelta(days=1)
        self._draws = 0

    def cells_of(self, unit: Run | Batch) -> Grid:
        self._draws = 0
        return super().cells_of(unit)

    def _call(self, name: str, args: tuple[Node, ...], context: Context) -> Value:
        match name, len(args):
            case "NOW", 0:
                return constant(self._now)
            case "TODAY", 0:
                return constant(float(self._now // 1))
            case "RAND", 0:
                return from_numbers(self._draw(context.host))
            case "RANDBETWEEN", 2:
                return self._between(context, [context.operand(arg) for arg in args])
        return super()._call(name, args, context)

    def _between(self, context: Context, ends: list[Value]) -> Value:
        share = self._draw(context.host)

        def whole(low: torch.Tensor, high: torch.Tensor) -> torch.Tensor:
            lowest = torch.ceil(low)
            count = torch.floor(high) - lowest + 1
            return torch.where(count > 0, lowest + torch.floor(share * count), t.NAN)

        inside = context.taking("plain")
        return of_grids(inside, lambda *g: elementwise(inside, whole, [taken_as_scalar(x) for x in g]), ends)

    def _draw(self, host: Host) -> torch.Tensor:
        """A number from 0 to 1 for each cell (H, W, 1, 1), another for each RAND of its formula."""
        self._draws += 1
        rows, cols = host.shape
        cells = [[zlib.crc32(host.cell(i, j).encode()) for j in range(cols)] for i in range(rows)]
        bits = _mixed(_mixed(np.array(cells, np.uint64)) + np.uint64(self._draws))
        return torch.from_numpy((bits >> np.uint64(11)) / 2.0**53)[..., None, None]


def _mixed(x: np.ndarray) -> np.ndarray:
    """splitmix64 (Steele, Lea, Flood 2014): 64 bits whose neighbours have nothing in common."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
