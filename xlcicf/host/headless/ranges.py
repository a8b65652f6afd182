"""xlwings' Range without Excel: cells of an open book read and written."""

import datetime as dt
import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH

from xlcicf.errors import AddressError, DataError, NotPossibleHeadless
from xlcicf.formula.snapshot import Scalar
from xlcicf.host.cell_contents import (
    DATE_FORMAT,
    TIME_FORMAT,
    content_of,
    is_moment,
    moment_of,
    serial_of,
    typed,
)
from xlcicf.host.looks import Looks
from xlcicf.host.rectangle import MAX_WRITTEN, Rectangle, SeveralRectangles
from xlcicf.host.refusal import refusing
from xlcicf.ooxml.cells import Cell
from xlcicf.ooxml.document import Document
from xlcicf.ooxml.edits import AddSheet, Content, Formula, SetFormat, WriteArray, WriteCells
from xlcicf.ooxml.formats import PROPERTIES, shown

MAX_READ = 10_000_000  # cells of one range
MAX_WIDTH, USUAL_WIDTH, USUAL_HEIGHT = 255, 8.43, 15  # of columns in characters and rows in points, in Excel
# A character of width is a digit's; letters are narrower. A line is higher than its letters.
LETTERS_A_CHARACTER, LINE_SPACING = 1.15, 1.3


@refusing
class Range(Looks, Rectangle):
    """Cells of an open file."""

    @property
    def api(self):
        return self

    @property
    def host(self):
        return self.sheet.book.host

    @property
    def document(self) -> Document:
        """Asked each time: a closed book refuses."""
        return self.sheet.book.document

    # values

    @property
    def raw_value(self):
        """One value, or a tuple of rows. Dates are datetimes, errors ExcelError."""
        if len(self) > MAX_READ:
            raise AddressError(f"{self.area.address} has {len(self):,} cells; read sheet.used_range instead")
        document, name, epoch = self.document, self.sheet.name, self._epoch
        values = document.sheet(name, self.area).values

        def value(cell: Cell) -> Scalar | dt.datetime:
            found = values.get(cell)
            if isinstance(found, float) and document.is_date(name, cell):
                return moment_of(found, epoch)
            return found

        return self._collect(value)

    @raw_value.setter
    def raw_value(self, data) -> None:
        self._write(data, self._content)

    def _content(self, value) -> Content:
        return content_of(value, self._epoch)

    @property
    def _epoch(self) -> dt.datetime:
        return MAC_EPOCH if self.document.inventory.date1904 else WINDOWS_EPOCH

    def _write(self, data, content: Callable[[object], Content]) -> None:
        """One value for every cell, a row, or a table of values that fills the first cells of the range."""
        if isinstance(data, np.ndarray):
            data = data.tolist()
        if not isinstance(data, list | tuple):
            self._fill(data, content(data))
            return
        written = self.places(data)
        self._apply({cell: content(value) for cell, value in written.items()})
        self._show_moments({cell: value for cell, value in written.items() if is_moment(value)})

    def _fill(self, value, content: Content) -> None:
        if content is None:
            self.clear_contents()
            return
        cells = self.filled_with(content)
        self._apply(cells)
        if is_moment(value):
            self._show_moments(dict.fromkeys(cells, value))

    def _apply(self, cells: dict[Cell, Content]) -> None:
        if cells:
            self.document.apply(WriteCells(self.sheet.name, cells))

    def _show_moments(self, moments: dict[Cell, Any]) -> None:
        """Gives cells with a new date or time the format for it, as Excel does, where they have none."""
        name = self.sheet.name
        plain = [cell for cell in moments if not self.document.is_date(name, cell)]
        timed = tuple(cell for cell in plain if serial_of(moments[cell], self._epoch) % 1)
        dates = tuple(cell for cell in plain if cell not in timed)
        for cells, code in ((dates, DATE_FORMAT), (timed, TIME_FORMAT)):
            if cells:
                self.document.apply(SetFormat(name, cells, "number_format", code))

    def clear_contents(self) -> None:
        sheet = self.document.formulas(self.sheet.name)
        filled = [*sheet.values.keys() | sheet.formulas.keys()]
        self._apply(dict.fromkeys(sorted(cell for cell in filled if self.area.contains(*cell))))

    # formulas

    @property
    def formula(self):
        """Formula text with "=", of other cells the value as it would be typed; or a tuple of rows."""
        sheet = self.document.formulas(self.sheet.name)
        arrays = {cell: anchor for anchor, area in sheet.arrays.items() for cell in area.cells()}

        def text(cell: Cell) -> str:
            formula = sheet.formulas.get(arrays.get(cell, cell))
            return formula if formula is not None else typed(sheet.values.get(cell))

        return self._collect(text)

    @formula.setter
    def formula(self, data) -> None:
        self._write(data, self._content)

    @property
    def formula2(self):
        return self.formula

    @property
    def formula_array(self) -> str | None:
        """The array formula that fills the range, or what its first cell would show."""
        return Range(self.sheet, self.row, self.column, 1, 1).formula

    @formula_array.setter
    def formula_array(self, text: str) -> None:
        formula = self._content(text)
        if not isinstance(formula, Formula):
            raise DataError(f"{text!r} is no formula; an array formula starts with =")
        self.document.apply(WriteArray(self.area, formula))

    @property
    def has_array(self) -> bool | None:
        """Whether all cells belong to array formulas; None where some do."""
        areas = self.document.formulas(self.sheet.name).arrays.values()
        inside = [area for area in (a.intersect(self.area) for a in areas) if area]
        covered = sum(rows * cols for rows, cols in (area.shape for area in inside))
        return None if 0 < covered < len(self) else covered > 0

    # formats

    def look(self, name: str):
        """What the cells' formats say of a property of `formats.PROPERTIES`, None where they differ."""
        styles = {self.document.style(self.sheet.name, cell) for cell in self._first_cells()}
        found = {shown(self.document.inventory, style, name) for style in styles}
        return found.pop() if len(found) == 1 else None

    def give_look(self, name: str, value) -> None:
        """Gives all cells that property. Raises DataError for a value that no cell can have."""
        value = PROPERTIES[name].check(value)
        self.document.apply(SetFormat(self.sheet.name, tuple(self._first_cells()), name, value))

    @property
    def column_width(self) -> float | None:
        """Characters that fit side by side, None where columns differ; of a sheet added since the book was
        saved."""
        added = self._added_sheet()
        widths = {added.widths.get(col, USUAL_WIDTH) for col in self._columns()}
        return widths.pop() if len(widths) == 1 else None

    @column_width.setter
    def column_width(self, characters: float) -> None:
        added = self._added_sheet()
        if not isinstance(characters, int | float) or not 0 <= characters <= MAX_WIDTH:
            raise DataError(f"{characters!r} is no width of a column; write characters from 0 to {MAX_WIDTH}")
        widths = {**added.widths, **dict.fromkeys(self._columns(), float(characters))}
        self.document.apply(replace(added, widths=widths), instead_of=added)

    def autofit(self, axis: str | None = None) -> None:
        """Makes rows as high as their texts need, as far as that can be told without the fonts; of a sheet
        added since the book was saved. Columns need a running Excel."""
        if axis not in ("r", "rows"):
            raise NotPossibleHeadless("Range: autofit of columns needs a running Excel; set column_width")
        added = self._added_sheet()
        values = self.document.formulas(self.sheet.name).values
        texts = {cell: text for cell, text in values.items() if isinstance(text, str)}
        heights = dict(added.heights)
        for row, col in self.area.among(texts):
            width = added.widths.get(col, USUAL_WIDTH)
            height = self._height(texts[row, col], width, self.document.style(self.sheet.name, (row, col)))
            if height > USUAL_HEIGHT:
                heights[row] = max(height, heights.get(row, USUAL_HEIGHT))
        self.document.apply(replace(added, heights=heights), instead_of=added)

    def _height(self, text: str, width: float, style: int) -> float:
        """Points that a text takes in a column so many characters wide."""
        inventory = self.document.inventory
        size, lines = shown(inventory, style, "font.size"), 1
        assert isinstance(size, float)
        if shown(inventory, style, "wrap_text"):
            lines = sum(1 + int(len(line) / (LETTERS_A_CHARACTER * width)) for line in text.split("\n"))
        return math.ceil(LINE_SPACING * size * lines)

    def _columns(self) -> range:
        return range(self.column, self.column + self.shape[1])

    def _added_sheet(self) -> AddSheet:
        """The edit that added the sheet. Raises NotPossibleHeadless for one that stands in the file."""
        for edit in self.document.edits:
            if isinstance(edit, AddSheet) and edit.name == self.sheet.name:
                return edit
        raise NotPossibleHeadless(
            f"Range: column_width of {self.sheet.name}, which stands in the file, needs a running Excel; "
            "nothing was changed"
        )

    def _first_cells(self) -> Iterable[Cell]:
        if len(self) > MAX_WRITTEN:
            raise AddressError(f"{self.area.address} has {len(self):,} cells; name the ones you need")
        return self.area.cells()

    @property
    def filled(self) -> set[Cell]:
        sheet = self.document.formulas(self.sheet.name)
        return {*sheet.values.keys(), *sheet.formulas.keys()}

    def select(self) -> None:
        self.sheet.book.select(self)


class SeveralAreas(SeveralRectangles, Range):
    """Areas of an open file."""

    @property
    def document(self) -> Document:
        raise self.refusal
