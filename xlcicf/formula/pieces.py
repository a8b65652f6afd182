"""Computed cells, and where among them each cell of the book stands."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from xlcicf.formula.address import MAX_COL, Area
from xlcicf.formula.grid import Grid


@dataclass(frozen=True, eq=False)
class Piece:
    """Computed cells: one area and its values (1, 1, rows, columns), or several areas, whose cells follow one
    another (1, 1, cells, 1), each area's row by row."""

    areas: tuple[Area, ...]
    grid: Grid

    def laid(self) -> Iterator["Laid"]:
        start = 0
        for area in self.areas:
            yield Laid(area, self, start)
            start += math.prod(area.shape)


class Laid(NamedTuple):
    """One area of a piece, whose cells begin at number `start` of it."""

    area: Area
    piece: Piece
    start: int

    def part(self, area: Area) -> Grid:
        """The cells of an area within (1, 1, rows, columns)."""
        whole = self.piece.grid
        if len(self.piece.areas) > 1:
            rows, cols = self.area.shape
            cells = whole.cut(slice(self.start, self.start + rows * cols), slice(0, 1))
            whole = cells if cols == 1 else cells.reshaped((1, 1, rows, cols))
        return whole if area == self.area else whole.cut(*area.within(self.area))


class Numbered:
    """The computed cells, each with a number: pieces stand one after another in the order they were laid."""

    def __init__(self):
        self.count = 0
        self._pieces: list[Piece] = []
        self._starts: list[int] = []
        self._waiting: dict[str, list[tuple[Area, int]]] = defaultdict(list)
        self._known: dict[str, tuple[np.ndarray, np.ndarray]] = {}  # sheet -> (cells as keys, numbers)

    def add(self, laid: Laid) -> None:
        """The areas of one piece follow one another."""
        if not laid.start:
            self._pieces.append(laid.piece)
            self._starts.append(self.count)
        self._waiting[laid.area.sheet].append((laid.area, self.count))
        self.count += math.prod(laid.area.shape)

    def numbers(self, sheet: str, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
        """Those of cells (n,); -1 for what is not computed."""
        keys, numbers = self._known.get(sheet, (np.zeros(0, np.int64),) * 2)
        if waiting := self._waiting.pop(sheet, None):
            new = [_keys(*(at.ravel() for at in _lines(area))) for area, _ in waiting]
            ones = [first + np.arange(math.prod(area.shape)) for area, first in waiting]
            keys, numbers = np.concatenate([keys, *new]), np.concatenate([numbers, *ones])
            order = np.argsort(keys, kind="stable")
            keys, numbers = self._known[sheet] = keys[order], numbers[order]
        if not keys.size:
            return np.full(rows.shape, -1)
        wanted = _keys(rows, cols)
        at = np.searchsorted(keys, wanted, side="right") - 1
        return np.where((at >= 0) & (keys[at] == wanted), numbers[at], -1)

    def sources(self, numbers: np.ndarray, others: Sequence[Grid]) -> tuple[list[Grid], np.ndarray]:
        """The pieces that the numbers lie in, each in a row, and `others`, which are numbered after all of
        them; and what the numbers are among these alone."""
        mine = numbers < self.count
        piece = np.searchsorted(self._starts, numbers[mine], side="right") - 1
        moved, grids, size = numbers - self.count, [], 0
        starts = np.zeros(len(self._pieces), np.int64)
        for k in np.unique(piece).tolist():
            grids.append(in_a_row(self._pieces[k].grid))
            starts[k] = size - self._starts[k]
            size += grids[-1].size[1]
        moved += size
        moved[mine] = numbers[mine] + starts[piece]
        return [*grids, *others], moved


def _keys(rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
    return rows.astype(np.int64) * (MAX_COL + 1) + cols


def _lines(area: Area) -> tuple[np.ndarray, np.ndarray]:
    """The rows and the columns of an area's cells (rows, columns)."""
    rows, cols = np.mgrid[area.top : area.bottom + 1, area.left : area.right + 1]
    return rows, cols


def in_a_row(grid: Grid) -> Grid:
    """(1, 1, rows, columns) -> (1, 1, 1, cells)"""
    rows, cols = grid.size
    return grid if rows == 1 else grid.reshaped((1, 1, 1, rows * cols))
