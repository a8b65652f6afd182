"""What cells hold that no formula of the graph fills, constants and results that stand, as grids."""

import math
from collections.abc import Collection, Sequence
from itertools import chain

import numpy as np
import torch

from xlcicf.errors import FormulaError
from xlcicf.formula.address import Area, cell_address
from xlcicf.formula.grid import (
    BLANK,
    BOOL,
    CellError,
    CellText,
    Grid,
    error_at,
    from_cells,
    from_kinds,
    from_scalars,
    kind_of,
)
from xlcicf.formula.snapshot import ExcelError, Scalar, Sheet, Snapshot

MANY = 256  # cells that are cut out of the sheet laid out as a whole
DENSE = 16  # cells of a sheet laid out for each number in it, at most
WORTH = 0.5  # of a sheet's cells, which have been asked for when it is laid out

Cell = tuple[int, int]


class BookValues:
    """What has been read is kept: whoever changes the book's values afterwards says so by `renew`."""

    def __init__(self, book: Snapshot):
        self._book = book
        self._grids: dict[Area, Grid] = {}
        self._some: dict[tuple[Area, bytes], Grid] = {}
        self._laid: dict[str, np.ndarray | None] = {}
        self._asked: dict[str, int] = {}
        self._filled: dict[str, set[Cell]] = {}
        self._unknown: dict[str, set[Cell]] = {}
        self._others: dict[str, set[Cell]] = {}

    def renew(self, sheet_name: str, cells: Sequence[Cell]) -> None:
        """These cells, of which there is at least one, hold something else than before."""
        sheet, laid = self._book.held(sheet_name), self._laid.get(sheet_name)
        rows, cols = np.array(cells).T

        def is_stale(area: Area) -> bool:
            inside = (rows >= area.top) & (rows <= area.bottom) & (cols >= area.left) & (cols <= area.right)
            return area.sheet == sheet_name and bool(inside.any())

        for area in list(filter(is_stale, self._grids)):
            del self._grids[area]
        for key in [key for key in self._some if is_stale(key[0])]:
            del self._some[key]
        if laid is not None:
            if rows.max() > laid.shape[0] or cols.max() > laid.shape[1]:
                del self._laid[sheet_name]
            else:
                held = map(sheet.values.get, cells)
                laid[rows - 1, cols - 1] = [x if type(x) is float else np.nan for x in held]
        for cell in cells:
            value = sheet.values.get(cell)
            _put(self._others.get(sheet_name), cell, value is not None and type(value) is not float)
            _put(self._unknown.get(sheet_name), cell, value is None and cell in self._filled_in(sheet))

    def grid(self, area: Area) -> Grid:
        """The cells (1, 1, rows, columns). Raises FormulaError where a formula fills one and no result is
        there."""
        if area not in self._grids:
            grid = self._numbers(area) or self._read(area, np.ones(area.shape, bool))
            self._grids[area] = grid.as_read()
        return self._grids[area]

    def some(self, area: Area, wanted: np.ndarray) -> Grid:
        """The same of the cells that are `wanted` (rows, columns); blanks stand in the others' places."""
        if wanted.size > MANY:
            return self._read(area, wanted)
        key = area, wanted.tobytes()
        if key not in self._some:
            self._some[key] = self._read(area, wanted)
        return self._some[key]

    def _read(self, area: Area, wanted: np.ndarray) -> Grid:
        sheet = self._book.held(area.sheet)
        if (first := min(self._among(area, wanted, self._unknowns(sheet)), default=None)) is not None:
            cell = cell_address(sheet.name, *first)
            raise FormulaError(
                f"{cell} has no saved value; open and save the book where it can be computed", cell
            )
        block = self._cut(area) if wanted.size > MANY else None
        if block is None:
            cells = np.empty((1, 1, *area.shape), dtype=object)
            for row, col in self._among(area, wanted, sheet.values):
                cells[0, 0, row - area.top, col - area.left] = self._value(sheet, row, col)
            return from_scalars(cells)
        is_number = wanted & ~np.isnan(block)
        kind = np.where(is_number, np.uint8(0), np.uint8(BLANK))
        num, text = np.where(is_number, block, 0.0), None
        for row, col in self._among(area, wanted, self._no_numbers(sheet)):
            at, value = (row - area.top, col - area.left), self._value(sheet, row, col)
            kind[at] = kind_of(value)
            if kind[at] <= BOOL:
                num[at] = value
            else:
                text = np.full(area.shape, None, dtype=object) if text is None else text
                text[at] = value
        shape = (1, 1, *area.shape)
        return from_kinds(
            num.reshape(shape), kind.reshape(shape), None if text is None else text.reshape(shape)
        )

    def _numbers(self, area: Area) -> Grid | None:
        """The quick way for what most data is: nothing but numbers."""
        held, count = self._book.held(area.sheet).values, math.prod(area.shape)
        if count > len(held):
            return None
        if count > MANY and (block := self._cut(area)) is not None:
            return None if np.isnan(block).any() else from_cells(torch.from_numpy(block.copy()))
        values = [held.get(cell) for cell in area.cells()]
        if not all(type(value) is float for value in values):
            return None
        return from_cells(torch.tensor(values, dtype=torch.float64).reshape(area.shape))

    def _cut(self, area: Area) -> np.ndarray | None:
        """The numbers in an area, nan where there is none; None where the sheet is not laid out."""
        sheet = self._book.held(area.sheet)
        self._asked[sheet.name] = self._asked.get(sheet.name, 0) + math.prod(area.shape)
        if sheet.name not in self._laid and self._asked[sheet.name] >= WORTH * len(sheet.values):
            self._laid[sheet.name] = _laid_out(sheet)
        laid = self._laid.get(sheet.name)
        if laid is None:
            return None
        block = laid[area.top - 1 : area.bottom, area.left - 1 : area.right]
        missing = [(0, n - m) for n, m in zip(area.shape, block.shape, strict=True)]
        return np.pad(block, missing, constant_values=np.nan) if block.shape != area.shape else block

    @staticmethod
    def _among(area: Area, wanted: np.ndarray, cells: Collection[Cell]) -> list[Cell]:
        return [(row, col) for row, col in area.among(cells) if wanted[row - area.top, col - area.left]]

    def _value(self, sheet: Sheet, row: int, col: int) -> Scalar:
        value = sheet.values[row, col]
        return located(value, cell_address(sheet.name, row, col)) if isinstance(value, str) else value

    def _unknowns(self, sheet: Sheet) -> set[Cell]:
        """The cells without a value that formulas fill, or what-if tables: they are no blanks."""
        if sheet.name not in self._unknown:
            self._unknown[sheet.name] = {c for c in self._filled_in(sheet) if c not in sheet.values}
        return self._unknown[sheet.name]

    def _filled_in(self, sheet: Sheet) -> set[Cell]:
        if sheet.name not in self._filled:
            areas = (area.cells() for area in (*sheet.arrays.values(), *sheet.data_tables))
            self._filled[sheet.name] = {*sheet.formulas, *chain(*areas)}
        return self._filled[sheet.name]

    def _no_numbers(self, sheet: Sheet) -> set[Cell]:
        if sheet.name not in self._others:
            self._others[sheet.name] = {cell for cell, v in sheet.values.items() if type(v) is not float}
        return self._others[sheet.name]


def _put(cells: set[Cell] | None, cell: Cell, is_among: bool) -> None:
    if cells is not None:
        (cells.add if is_among else cells.discard)(cell)


def _laid_out(sheet: Sheet) -> np.ndarray | None:
    """The numbers of a sheet (rows, columns), nan where there is none; None of a few cells far apart."""
    cells = [cell for cell, value in sheet.values.items() if type(value) is float]
    if not cells:
        return None
    rows, cols = (np.fromiter((cell[axis] for cell in cells), np.int64, len(cells)) for axis in (0, 1))
    shape = int(rows.max()), int(cols.max())
    if math.prod(shape) > DENSE * len(cells) + MANY:
        return None
    values = np.fromiter(map(sheet.values.__getitem__, cells), np.float64, len(cells))
    laid = np.full(shape, np.nan)
    laid[rows - 1, cols - 1] = values
    return laid


def located(value: Scalar, cell: str) -> Scalar:
    """Text and errors that know where they stand."""
    if isinstance(value, ExcelError):
        return value if isinstance(value, CellError) else error_at(value, cell)
    if isinstance(value, str):
        value = CellText(value)
        value.cell = cell
    return value
