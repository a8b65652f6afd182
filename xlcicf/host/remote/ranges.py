"""xlwings' Range on a program with an agent inside it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from openpyxl.utils.datetime import WINDOWS_EPOCH

from xlcicf.errors import DataError
from xlcicf.formula.address import Area, area_around
from xlcicf.formula.snapshot import ExcelError
from xlcicf.host.cell_contents import (
    DATE_FORMAT,
    TIME_FORMAT,
    content_of,
    is_moment,
    moment_of,
    serial_of,
)
from xlcicf.host.looks import Looks
from xlcicf.host.rectangle import Rectangle, SeveralRectangles
from xlcicf.host.refusal import refusing
from xlcicf.host.remote.snapshots import scalar
from xlcicf.host.watching import Edited
from xlcicf.ooxml.cells import Cell
from xlcicf.ooxml.edits import Content, Formula


def _sent(content: Content) -> Any:
    """A cell's content as the protocol says it."""
    match content:
        case Formula():
            return {"formula": content.text}
        case ExcelError():
            return [str(content)]
    return content


def corners(area: Area) -> list[int]:
    """An area as the protocol says it."""
    return [area.top, area.left, area.bottom, area.right]


def values_of(found: dict) -> list[list]:
    """Rows of what cells hold that the protocol has READ; dates as serial numbers."""
    return [[scalar(value) for value in row] for row in found["values"]]


def moments_of(found: dict, book) -> list[list]:
    """The same with dates as datetimes, counted as the book does."""
    rows = values_of(found)
    if not found["dates"]:
        return rows
    epoch = book.epoch
    return [
        [
            moment_of(value, epoch) if is_date and isinstance(value, float) else value
            for value, is_date in zip(*pair, strict=True)
        ]
        for pair in zip(rows, found["dates"], strict=True)
    ]


@refusing
class Range(Looks, Rectangle):
    """Cells of a book that is open in the program."""

    @property
    def api(self) -> "Range":
        return self  # xlwings writes nothing where it has none

    @property
    def host(self):
        return self.sheet.book.host

    def ask(self, operation: str, *arguments) -> Any:
        """What the agent returns of an operation on these cells."""
        return self.sheet.book.ask(operation, self.sheet.name, corners(self.area), *arguments)

    # values

    def held(self, serials: bool) -> list[list]:
        """Rows of what the cells hold; dates as serial numbers or as datetimes."""
        found = self.read()
        return values_of(found) if serials else moments_of(found, self.sheet.book)

    def read(self) -> dict:
        """What the cells hold, as the protocol has it."""
        return self.sheet.book.read([self.area])[0]

    @property
    def raw_value(self):
        """One value, or rows of them."""
        rows = self.held(serials=False)
        return rows[0][0] if self.shape == (1, 1) else rows

    @raw_value.setter
    def raw_value(self, data) -> None:
        if isinstance(data, np.ndarray):
            data = data.tolist()
        if isinstance(data, list | tuple):
            written = self.places(data)
            epoch = self.sheet.book.epoch if any(map(is_moment, written.values())) else WINDOWS_EPOCH
            self._write({cell: content_of(value, epoch) for cell, value in written.items()})
            self._show_moments({cell: value for cell, value in written.items() if is_moment(value)})
        elif (content := self._content(data)) is None:
            self.clear_contents()
        else:
            cells = self.filled_with(content)
            self._write(cells)
            self._show_moments(dict.fromkeys(cells, data) if is_moment(data) else {})

    def _content(self, value) -> Content:
        return content_of(value, self.sheet.book.epoch if is_moment(value) else WINDOWS_EPOCH)

    def _write(self, cells: dict[Cell, Content]) -> None:
        """In one write: what data fill is a rectangle."""
        if not cells:
            return
        area = area_around(self.sheet.name, cells)
        assert len(cells) == area.shape[0] * area.shape[1], "rows of data are equally long"
        contents = iter([_sent(cells[cell]) for cell in area.cells()])
        rows = [[next(contents) for _ in range(area.shape[1])] for _ in range(area.shape[0])]
        self.sheet.range_at(area).write(rows)

    def write(self, rows: list[list]) -> None:
        """Rows as the protocol has them. Raises Edited where a cell on which a write depends was changed."""
        book = self.sheet.book
        if not self.ask("write", rows, book.app.engine.guards.get(book.id)):
            raise Edited

    def _show_moments(self, moments: dict[Cell, Any]) -> None:
        """Gives cells with a new date or time the format for it, as Excel does, where they have none."""
        if not moments:
            return
        area, epoch = area_around(self.sheet.name, moments), self.sheet.book.epoch
        dates = self.sheet.range_at(area).read()["dates"]
        for cell, moment in moments.items():
            if dates is None or not dates[cell[0] - area.top][cell[1] - area.left]:
                timed = serial_of(moment, epoch) % 1
                self._cell(*cell).give_look("number_format", TIME_FORMAT if timed else DATE_FORMAT)

    def clear_contents(self) -> None:
        area = self.area.intersect(self.sheet.used_range.area)
        if area:
            rows, cols = area.shape
            self.sheet.range_at(area).write([[None] * cols] * rows)

    # formulas

    def texts(self) -> list[Sequence[str]]:
        """Rows of what the formula bar has."""
        return self.ask("formulas")

    @property
    def formula(self):
        """Formula text with "=", of other cells the value as it would be typed; or a tuple of rows."""
        rows = self.texts()
        return rows[0][0] if self.shape == (1, 1) else tuple(tuple(row) for row in rows)

    @formula.setter
    def formula(self, data) -> None:
        self.raw_value = data

    @property
    def formula2(self):
        return self.formula

    @property
    def formula_array(self) -> str | None:
        """The array formula that fills the range, or what its first cell would show."""
        return self._cell(self.row, self.column).formula

    @formula_array.setter
    def formula_array(self, text: str) -> None:
        formula = self._content(text)
        if not isinstance(formula, Formula):
            raise DataError(f"{text!r} is no formula; an array formula starts with =")
        self.ask("write_array", formula.text)

    @property
    def has_array(self) -> bool | None:
        """Whether all cells belong to array formulas; None where some do."""
        arrays = self.read()["arrays"]
        found = {belongs for row in arrays for belongs in row} if arrays else {False}
        return found.pop() if len(found) == 1 else None

    @property
    def filled(self) -> set[Cell]:
        used = self.sheet.used_range
        rows = used.texts()
        return {cell for cell in used.area.cells() if rows[cell[0] - used.row][cell[1] - used.column] != ""}

    # formats

    def look(self, name: str) -> Any:
        """What the cells have of a property, None where they differ."""
        found = self.ask("look", name)
        return tuple(found) if isinstance(found, list) else found

    def give_look(self, name: str, value) -> None:
        self.ask("dress", {name: value})

    @property
    def column_width(self) -> float | None:
        """Characters that fit side by side, None where columns differ."""
        return self.look("column_width")

    @column_width.setter
    def column_width(self, characters: float) -> None:
        self.give_look("column_width", characters)

    def autofit(self, axis: str | None = None) -> None:
        """Makes rows as high as their texts need."""
        if axis in (None, "r", "rows"):
            bottom = self.row + self.shape[0] - 1
            self.sheet.book.ask("fit_rows", self.sheet.name, self.row, bottom)

    def select(self) -> None:
        self.ask("select")


class SeveralAreas(SeveralRectangles, Range):
    """Areas that are selected together."""

    def ask(self, operation: str, *arguments) -> Any:
        raise self.refusal

    def read(self) -> dict:
        raise self.refusal
