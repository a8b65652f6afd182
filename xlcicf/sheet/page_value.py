"""A page that xlcicf adds to a book, as a value: what its cells hold and how they look, names and charts.

It has two writers: `page_in_new_book` for a workbook that is being made, `page_in_open_book` for the book
that a person has open.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from xlcicf.formula.address import Area, area_around, column_letters
from xlcicf.sheet.block import Block, place


@dataclass(frozen=True)
class PageCell:
    """One cell. Only a `formula` begins a computation; any other text is text, whatever it begins with.

    style  one of style.LOOKS or style.VERDICTS
    wrap   whether its text breaks into lines
    fact   whether xlcicf knows it of the book and writes it anew; all else stays as a person left it
    hint   what a person may type here, said beside the cell in books that can say it
    """

    value: str | float | bool | dt.datetime | None
    style: str
    number_format: str | None = None
    formula: bool = False
    wrap: bool = False
    fact: bool = False
    hint: str = ""


@dataclass(frozen=True)
class PageChart:
    """Lines through points. `data` has x in its first column and y in its second, below their headers; in a
    person's open book further columns are further lines.

    name  which is also its title
    dots  so many of the lines, the first, are to be dots: for whoever knows the host
    type  as xlwings names it, in a person's open book: a chart of bars has names in place of x
    alt   what it shows, for those who cannot see it, in books that can say it
    size  width and height in pixels
    """

    name: str
    alt: str
    corner: str
    size: tuple[int, int]
    data: Block
    dots: int = 0
    type: str = "xy_scatter_lines_no_markers"

    @property
    def points(self) -> tuple[Block, Block]:
        """The cells with x and those with y."""
        area, rows = self.data.area, self.data.rows - 1
        x, y = (f"{column_letters(col)}{area.top + 1}" for col in (area.left, area.right))
        return Block("x", self.data.sheet, x, rows), Block("y", self.data.sheet, y, rows)


@dataclass(frozen=True)
class Tint:
    """Cells that are tinted, well or badly, while a formula is true; in books that can do it."""

    cells: str
    condition: str
    good: bool


@dataclass(frozen=True)
class Page:
    """A sheet. `title` stands in A1 and `note`, what the page is for, in A2; `cells` begin below.

    widths  of columns, in characters
    cells   address -> what stands there
    blocks  cells with a name in the book
    key     the column that names rows: a fact is written where a person has moved its row
    ours    the corner from which all to the right and down is xlcicf's: emptied before it is written anew
    frozen  the first cell that scrolls, in a new book
    printed  the last column that is printed, in a new book; None for all
    """

    name: str
    title: str
    note: str
    widths: Mapping[str, float]
    cells: Mapping[str, PageCell]
    blocks: tuple[Block, ...] = ()
    charts: tuple[PageChart, ...] = ()
    tints: tuple[Tint, ...] = ()
    key: str | None = None
    ours: str | None = None
    frozen: str | None = None
    printed: str | None = None

    @property
    def area(self) -> Area:
        """The smallest rectangle with all the cells in it."""
        return area_around(self.name, map(place, self.cells))
