"""What xlwings' Range is on every engine of ours: a rectangle of cells of one sheet, and its address."""

from collections.abc import Callable
from typing import Any

from xlwings import base_classes

from xlcicf.errors import AddressError, NotPossibleHeadless
from xlcicf.formula.address import MAX_COL, MAX_ROW, Area, column_letters, quote_sheet
from xlcicf.formula.text import relative_template, shifted
from xlcicf.ooxml.cells import Cell
from xlcicf.ooxml.edits import Content, Formula

MAX_WRITTEN = 1_000_000  # cells

_DIRECTIONS = {
    "down": (True, 1, MAX_ROW),
    "up": (True, -1, 1),
    "right": (False, 1, MAX_COL),
    "left": (False, -1, 1),
}


class Rectangle(base_classes.Range):
    """Either side may be 0 cells long."""

    # Set below; the base class has properties without setters for them.
    sheet: Any = None
    row: int = 0
    column: int = 0
    shape: tuple[int, int] = 0, 0

    def __init__(self, sheet, row: int, column: int, rows: int, cols: int):
        if not (1 <= row <= MAX_ROW and 1 <= column <= MAX_COL):
            raise AddressError(f"row {row}, column {column} lies outside sheet {sheet.name}")
        self.sheet, self.row, self.column = sheet, row, column
        self.shape = min(rows, MAX_ROW + 1 - row), min(cols, MAX_COL + 1 - column)
        self.options: dict = {}

    @property
    def area(self) -> Area:
        (rows, cols), row, column = self.shape, self.row, self.column
        return Area(self.sheet.name, row, column, row + rows - 1, column + cols - 1)

    @property
    def areas(self) -> list[Area]:
        """The rectangles that a person selected."""
        return [self.area]

    @property
    def coords(self):
        return (self.sheet.name, self.row, self.column, *self.shape)

    def __len__(self) -> int:
        return self.shape[0] * self.shape[1]

    def __call__(self, row: int, column: int | None = None) -> "Rectangle":
        """The cell so many rows and columns from the first, counted from 1, or the so-manieth, row by row."""
        if column is None:
            row, column = (n + 1 for n in divmod(row - 1, self.shape[1]))
        return self._cell(self.row + row - 1, self.column + column - 1)

    def _cell(self, row: int, column: int) -> Any:
        return self.sheet.range_at(Area(self.sheet.name, row, column, row, column))

    @property
    def filled(self) -> set[Cell]:
        """The cells of the sheet that hold something."""
        raise NotImplementedError

    def _collect(self, value: Callable[[Cell], object]) -> Any:
        """The value of each cell, as rows; of one cell the value itself."""
        rows, cols = self.shape
        if (rows, cols) == (1, 1):
            return value((self.row, self.column))
        across = range(self.column, self.column + cols)
        return tuple(tuple(value((r, c)) for c in across) for r in range(self.row, self.row + rows))

    @property
    def name(self):
        """The defined name that refers to exactly this range, as a Name; setting it adds one."""
        reference = f"={quote_sheet(self.sheet.name)}!{self.address}"
        return next((name for name in self.sheet.book.names if name.refers_to == reference), None)

    @name.setter
    def name(self, name: str) -> None:
        self.sheet.book.names.add(name, f"={quote_sheet(self.sheet.name)}!{self.address}")

    @property
    def address(self) -> str:
        return self.get_address(True, True, False)

    def get_address(self, row_absolute: bool, col_absolute: bool, external: bool) -> str:
        """The address as Excel writes it: "$A$1:$B$2", "[book.xlsx]Sheet1!$A$1:$B$2"."""
        area, row_mark, col_mark = self.area, "$" * bool(row_absolute), "$" * bool(col_absolute)

        def corner(row: int, col: int) -> str:
            return f"{col_mark}{column_letters(col)}{row_mark}{row}"

        text = corner(area.top, area.left)
        if area.shape != (1, 1):
            text += ":" + corner(area.bottom, area.right)
        if external:
            book = f"[{self.sheet.book.name}]"
            quoted = quote_sheet(self.sheet.name)
            text = f"'{book}{quoted[1:]}!{text}" if quoted.startswith("'") else f"{book}{quoted}!{text}"
        return text

    def end(self, direction: str) -> Any:
        """Where Ctrl and an arrow key lead: the end of a filled run, or the next filled cell, or the edge."""
        vertical, step, edge = _DIRECTIONS[direction]
        cells = self.filled
        if vertical:
            start, filled = self.row, {row for row, col in cells if col == self.column}
        else:
            start, filled = self.column, {col for row, col in cells if row == self.row}
        if start in filled and start + step in filled:
            found = start + step
            while found + step in filled:
                found += step
        else:
            found = min(
                (at for at in filled if (at - start) * step > 0), key=lambda at: abs(at - start), default=edge
            )
        row, col = (found, self.column) if vertical else (self.row, found)
        return self._cell(row, col)

    @property
    def current_region(self) -> Any:
        """The cells around the first one up to blank rows and columns, as Ctrl+* selects them."""
        cells = self.filled
        top, left, bottom, right = self.row, self.column, self.row, self.column
        while True:
            near = [(r, c) for r, c in cells if top - 1 <= r <= bottom + 1 and left - 1 <= c <= right + 1]
            rows, cols = [top, bottom, *(r for r, _ in near)], [left, right, *(c for _, c in near)]
            grown = min(rows), min(cols), max(rows), max(cols)
            if grown == (top, left, bottom, right):
                return self.sheet.range_at(Area(self.sheet.name, top, left, bottom, right))
            top, left, bottom, right = grown

    def places(self, data: list | tuple) -> dict[Cell, Any]:
        """A row, or a table of values, by the cells that it fills from the first one of the range on."""
        table = data if data and isinstance(data[0], list | tuple) else [data]
        return {
            (self.row + i, self.column + j): value
            for i, line in enumerate(table[: self.shape[0]])
            for j, value in enumerate(line[: self.shape[1]])
        }

    def filled_with(self, content: Content) -> dict[Cell, Content]:
        """Each cell with one content, formulas as Excel fills them: relative to the first cell.

        Raises AddressError where these are too many.
        """
        if len(self) > MAX_WRITTEN:
            raise AddressError(f"{self.area.address} has {len(self):,} cells; write to the ones you need")
        cells: dict[Cell, Content] = dict.fromkeys(self.area.cells(), content)
        if isinstance(content, Formula) and len(self) > 1:
            template = relative_template(content.text.removeprefix("="))
            for row, col in cells:
                cells[row, col] = Formula("=" + shifted(template, row - self.row, col - self.column))
        return cells


class SeveralRectangles(Rectangle):
    """Rectangles selected together, with Ctrl held down: the first one, with the others behind it. They are
    read and written one by one."""

    def __init__(self, sheet, areas: list[Area]):
        first = areas[0]
        super().__init__(sheet, first.top, first.left, *first.shape)
        self._areas = areas

    @property
    def areas(self) -> list[Area]:
        return self._areas

    @property
    def refusal(self) -> NotPossibleHeadless:
        return NotPossibleHeadless(f"{self.address} are several areas; read and write one at a time")

    def get_address(self, row_absolute: bool, col_absolute: bool, external: bool) -> str:
        parts = (self.sheet.range_at(area) for area in self.areas)
        return ",".join(part.get_address(row_absolute, col_absolute, external) for part in parts)
