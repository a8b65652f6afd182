"""Cell addresses: letters to numbers and back, sheet names as Excel quotes them, rectangles of cells."""

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import product

from xlcicf.formula.immutable import immutable

MAX_ROW = 1_048_576
MAX_COL = 16_384

SheetCell = tuple[str, int, int]  # a sheet's name, row, column

_CELL = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9][0-9]*)")
_PLAIN_SHEET = re.compile(r"[^\W\d][\w.]*")
_LOOKS_LIKE_CELL = re.compile(r"[A-Za-z]{1,3}[0-9]+|[Rr][0-9]*([Cc][0-9]*)?|[Cc][0-9]*")


def column_letters(col: int) -> str:
    """1 -> "A", 27 -> "AA"."""
    letters = ""
    while col:
        col, rest = divmod(col - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """ "A" -> 1, "AA" -> 27."""
    col = 0
    for letter in letters.upper():
        col = col * 26 + ord(letter) - 64
    return col


def parse_cell(text: str) -> tuple[int, int] | None:
    """ "$B$7" -> (7, 2), or None where `text` is no cell address."""
    match = _CELL.fullmatch(text)
    if not match:
        return None
    row, col = int(match[2]), column_number(match[1])
    return (row, col) if row <= MAX_ROW and col <= MAX_COL else None


def quote_sheet(name: str) -> str:
    """A sheet's name as it stands before the "!", in quotes where Excel puts them."""
    if _PLAIN_SHEET.fullmatch(name) and not _LOOKS_LIKE_CELL.fullmatch(name):
        return name
    return "'" + name.replace("'", "''") + "'"


def unquote_sheet(text: str) -> str:
    """The sheet's name of what stands before the "!": "'My sheet'" -> "My sheet"."""
    return text[1:-1].replace("''", "'") if text.startswith("'") else text


def cell_address(sheet: str, row: int, col: int) -> str:
    """("Net", 2, 2) -> "Net!B2"."""
    return f"{quote_sheet(sheet)}!{column_letters(col)}{row}"


@immutable
class Area:
    """A rectangle of cells on one sheet, both corners included; rows and columns count from 1."""

    sheet: str
    top: int
    left: int
    bottom: int
    right: int

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.bottom - self.top + 1, self.right - self.left + 1

    @property
    def is_cell(self) -> bool:
        return self.top == self.bottom and self.left == self.right

    @property
    def address(self) -> str:
        """ "Net!D4:N5", or "Net!B2" where the area is one cell."""
        first = cell_address(self.sheet, self.top, self.left)
        if self.is_cell:
            return first
        return f"{first}:{column_letters(self.right)}{self.bottom}"

    def cell(self, i: int, j: int) -> str:
        """The address of the cell in its row i and column j, counted from 0."""
        return cell_address(self.sheet, self.top + i, self.left + j)

    def positions(self):
        """Its rows (H, 1) and columns (1, W) as numpy arrays."""
        import numpy as np  # most that imports addresses needs no numbers

        return np.arange(self.top, self.bottom + 1)[:, None], np.arange(self.left, self.right + 1)[None, :]

    def cells(self):
        """(row, column) of each cell, row by row."""
        return product(range(self.top, self.bottom + 1), range(self.left, self.right + 1))

    def contains(self, row: int, col: int) -> bool:
        return self.top <= row <= self.bottom and self.left <= col <= self.right

    def holds(self, other: "Area") -> bool:
        """Whether all cells of the other area lie in it."""
        return (
            self.sheet == other.sheet
            and self.top <= other.top
            and self.left <= other.left
            and self.bottom >= other.bottom
            and self.right >= other.right
        )

    def among(self, cells: Collection[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """Those of the cells (row, column) that lie inside; quick for few cells and for a small area."""
        rows, cols = self.shape
        if rows * cols < len(cells):
            return (cell for cell in self.cells() if cell in cells)
        return (cell for cell in cells if self.contains(*cell))

    def within(self, whole: "Area") -> tuple[slice, slice]:
        """Where this area lies in an array (rows, columns) of `whole`."""
        top, left = self.top - whole.top, self.left - whole.left
        return slice(top, top + self.shape[0]), slice(left, left + self.shape[1])

    def intersect(self, other: "Area") -> "Area | None":
        """The cells that both have, or None. Areas of two sheets share none."""
        top, left = max(self.top, other.top), max(self.left, other.left)
        bottom, right = min(self.bottom, other.bottom), min(self.right, other.right)
        if self.sheet != other.sheet or top > bottom or left > right:
            return None
        return Area(self.sheet, top, left, bottom, right)

    def without(self, other: "Area") -> Iterator["Area"]:
        """This area as rectangles, without the cells that the other one has too."""
        both = self.intersect(other)
        if both is None:
            yield self
            return
        if self.top < both.top:
            yield Area(self.sheet, self.top, self.left, both.top - 1, self.right)
        if self.left < both.left:
            yield Area(self.sheet, both.top, self.left, both.bottom, both.left - 1)
        if both.right < self.right:
            yield Area(self.sheet, both.top, both.right + 1, both.bottom, self.right)
        if both.bottom < self.bottom:
            yield Area(self.sheet, both.bottom + 1, self.left, self.bottom, self.right)


def cells_in(areas: Iterable[Area]) -> int:
    """How many cells these are."""
    return sum(rows * cols for rows, cols in (area.shape for area in areas))


def beyond(area: Area, others: Iterable[Area]) -> list[Area]:
    """What of an area none of the others has."""
    parts = [area]
    for other in others:
        parts = [part for whole in parts for part in whole.without(other)]
    return parts


def disjoint(areas: Iterable[Area]) -> list[Area]:
    """The areas in their order, each without the cells that one before it has too."""
    found: list[Area] = []
    for area in areas:
        found += beyond(area, found)
    return found


def side_by_side(areas: Iterable[Area]) -> list[Area]:
    """The areas, sheet by sheet from the top; those of the same rows that touch are one."""
    found: list[Area] = []
    for area in sorted(areas, key=lambda area: (area.sheet, area.top, area.bottom, area.left)):
        last = found[-1] if found else area
        rows = last.sheet, last.top, last.bottom
        if found and rows == (area.sheet, area.top, area.bottom) and last.right + 1 == area.left:
            found[-1] = Area(*rows[:2], last.left, last.bottom, area.right)
        else:
            found.append(area)
    return found


def outermost(areas: Iterable[Area]) -> list[Area]:
    """The areas that lie inside no other, the largest first."""
    found: list[Area] = []
    for area in sorted(areas, key=lambda area: -area.shape[0] * area.shape[1]):
        if not any(other.holds(area) for other in found):
            found.append(area)
    return found


def area_around(sheet: str, cells: Iterable[tuple[int, int]]) -> Area:
    """The smallest rectangle with all these cells (row, column) in it, of which there is at least one."""
    cells = list(cells)
    rows, cols = [row for row, _ in cells], [col for _, col in cells]
    return Area(sheet, min(rows), min(cols), max(rows), max(cols))
