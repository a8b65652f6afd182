"""Computed cells, and where among them each cell of the book stands."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from xlcicf.formula.address import MAX_COL, Area
from xlcicf.formula.grid import Grid
from xlcicf.formula.runs import AreaIndexes

WORTH_KEEPING = 16  # cells of a range
MOST_KEPT = 64  # ranges of a piece


@dataclass(frozen=True, eq=False)
class Piece:
    """Computed cells: one area and its values (1, 1, rows, columns), or several areas, whose cells follow one
    another (1, 1, cells, 1), each area's row by row."""

    areas: tuple[Area, ...]
    grid: Grid

    @cached_property
    def parts(self) -> dict[Area, Grid]:
        """Ranges of constants that have been read."""
        return {}

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

    def slices(self, area: Area) -> tuple[slice, slice] | None:
        """Which rows and columns of the piece the cells of an area within are; None where they are folded."""
        if len(self.piece.areas) == 1:
            return area.within(self.area)
        if self.area.left != self.area.right:
            return None
        start = self.start + area.top - self.area.top
        return slice(start, start + area.shape[0]), slice(0, 1)

    def part(self, area: Area) -> Grid:
        """The cells of an area within (1, 1, rows, columns)."""
        if not self.piece.grid.is_constant or math.prod(area.shape) < WORTH_KEEPING:
            return self._cut(area)
        parts = self.piece.parts
        if area not in parts:
            if len(parts) == MOST_KEPT:
                parts.clear()
            parts[area] = self._cut(area).as_read()
        return parts[area]

    def _cut(self, area: Area) -> Grid:
        whole, slices = self.piece.grid, self.slices(area)
        if slices is None:
            rows, cols = self.area.shape
            cells = whole.cut(slice(self.start, self.start + rows * cols), slice(0, 1))
            return cells.reshaped((1, 1, rows, cols)).cut(*area.within(self.area))
        return whole if self.piece.areas == (area,) else whole.cut(*slices)


class Spot(NamedTuple):
    """The same of the piece of that number: what a layout tells."""

    area: Area
    piece: int
    start: int


@dataclass(frozen=True, eq=False)
class Gathering:
    """Where the cells of areas, all of one size, are to be found: in a row of all of these pieces, and after
    them of the cells of others.

    pieces  by their numbers
    others  areas of which formulas fill none, or none yet, and which of their cells are meant (rows, columns)
    index   each cell's place in the row (areas, 1, h, w)
    """

    pieces: Sequence[int]
    others: Sequence[tuple[Area, np.ndarray]]
    index: np.ndarray

    def picked(self, row: Grid) -> Grid:
        """The cells (areas, 1, h, w)."""
        if self._first is None:
            return row.taken(self.index)
        cells = slice(self._first, self._first + self.index.size)
        return row.cut(slice(0, 1), cells).reshaped(self.index.shape)

    @cached_property
    def _first(self) -> int | None:
        """Where in the row the first of them is, if all follow one another."""
        first, size = int(self.index.flat[0]), self.index.size
        return first if np.array_equal(self.index.ravel(), np.arange(first, first + size)) else None


class Pieces:
    """The pieces laid so far. Their cells have numbers: pieces stand one after another as they were laid.

    layout  a number that tells one order of areas from another

    Where each cell is, is looked at once somebody asks: books of thousands of single formulas are computed
    time and again by who has noted that.
    """

    def __init__(self):
        self.count = self.layout = 0
        self._pieces: list[Piece] = []
        self._starts: list[int] = []
        self._index, self._indexed = AreaIndexes(), 0
        self._waiting: dict[str, list[tuple[Area, int]]] = defaultdict(list)
        self._known: dict[str, tuple[np.ndarray, np.ndarray]] = {}  # sheet -> (cells as keys, numbers)

    def add(self, piece: Piece) -> None:
        self._pieces.append(piece)
        self._starts.append(self.count)
        self.layout = hash((self.layout, piece.areas))
        self.count += math.prod(piece.grid.size)

    def touching(self, area: Area) -> list[Laid]:
        """The areas that share cells with this one."""
        return self.at(self.spots(area))

    def spots(self, area: Area) -> list[Spot]:
        """The same for any pieces of this layout, to be kept."""
        self._look_at_new()
        return self._index.touching(area)

    def at(self, spots: Sequence[Spot]) -> list[Laid]:
        return [Laid(area, self._pieces[number], start) for area, number, start in spots]

    def _look_at_new(self) -> None:
        for number in range(self._indexed, len(self._pieces)):
            for area, _, start in self._pieces[number].laid():
                self._index.add(area, Spot(area, number, start))
                self._waiting[area.sheet].append((area, self._starts[number] + start))
        self._indexed = len(self._pieces)

    def numbers(self, sheet: str, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
        """Those of cells (n,); -1 for what is not computed."""
        self._look_at_new()
        keys, numbers = self._known.get(sheet, (np.zeros(0, np.int64),) * 2)
        if waiting := self._waiting.pop(sheet, None):
            keys = np.concatenate([keys, *(_keys_of(area) for area, _ in waiting)])
            ones = [np.arange(first, first + math.prod(area.shape)) for area, first in waiting]
            numbers = np.concatenate([numbers, *ones])
            order = np.argsort(keys, kind="stable")
            keys, numbers = self._known[sheet] = keys[order], numbers[order]
        if not keys.size:
            return np.full(rows.shape, -1)
        wanted = _keys(rows, cols)
        at = np.searchsorted(keys, wanted, side="right") - 1
        return np.where((at >= 0) & (keys[at] == wanted), numbers[at], -1)

    def gathering(self, areas: Sequence[Area]) -> Gathering:
        """Where to find what stands in areas of one size."""
        h, w = areas[0].shape
        tops, lefts = np.array([(area.top, area.left) for area in areas]).T[..., None, None, None]
        rows, cols = np.broadcast_arrays(tops + np.arange(h)[:, None], lefts + np.arange(w))
        sheets = np.array([area.sheet for area in areas])
        numbers, others, count = np.full(rows.shape, -1), [], self.count
        for sheet in np.unique(sheets).tolist():
            here = np.broadcast_to((sheets == sheet)[:, None, None, None], rows.shape)
            numbers[here] = self.numbers(sheet, rows[here], cols[here])
            if (here := here & (numbers < 0)).any():
                around, wanted, numbers[here] = _around(sheet, rows[here], cols[here], count)
                others.append((around, wanted))
                count += wanted.size
        return self._found(numbers, others)

    def _found(self, numbers: np.ndarray, others: Sequence[tuple[Area, np.ndarray]]) -> Gathering:
        """The pieces that the numbers lie in, and what the numbers are among these and the `others`, which
        are numbered after all pieces."""
        mine = numbers < self.count
        piece = np.searchsorted(self._starts, numbers[mine], side="right") - 1
        pieces, size = np.unique(piece).tolist(), 0
        starts = np.zeros(len(self._pieces), np.int64)
        for k in pieces:
            starts[k] = size - self._starts[k]
            size += math.prod(self._pieces[k].grid.size)
        index = numbers - self.count + size
        index[mine] = numbers[mine] + starts[piece]
        return Gathering(pieces, others, index)

    def rows(self, pieces: Sequence[int]) -> list[Grid]:
        """The cells of pieces, by their numbers, each in a row."""
        return [in_a_row(self._pieces[k].grid) for k in pieces]


def _around(
    sheet: str, rows: np.ndarray, cols: np.ndarray, first: int
) -> tuple[Area, np.ndarray, np.ndarray]:
    """The area around cells, which of it they are (rows, columns), and their numbers, counted from its first
    cell's."""
    around = Area(sheet, *(int(x) for x in (rows.min(), cols.min(), rows.max(), cols.max())))
    wanted = np.zeros(around.shape, bool)
    rows, cols = rows - around.top, cols - around.left
    wanted[rows, cols] = True
    return around, wanted, first + rows * around.shape[1] + cols


def _keys(rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
    return rows.astype(np.int64) * (MAX_COL + 1) + cols


def _keys_of(area: Area) -> np.ndarray:
    """Those of an area's cells, row by row."""
    if area.is_cell:
        return np.array([area.top * (MAX_COL + 1) + area.left])
    rows, cols = area.positions()
    return _keys(rows, cols).ravel()


def in_a_row(grid: Grid) -> Grid:
    """(1, 1, rows, columns) -> (1, 1, 1, cells)"""
    rows, cols = grid.size
    return grid if rows == 1 else grid.reshaped((1, 1, 1, rows * cols))
