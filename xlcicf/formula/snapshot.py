"""What formula/ is handed of a workbook: formulas, values, names and tables, as plain Python values.

The host makes a snapshot in a handful of bulk reads; from then on neither Excel nor a file is needed.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from xlcicf.formula.address import Area

if TYPE_CHECKING:
    import numpy as np


class ExcelError(str):
    """An error value in a cell, such as ExcelError("#DIV/0!"); a plain str is text."""


# The texts that a cell shows for one.
ERRORS_IN_ORDER = tuple(  # as ERROR.TYPE numbers them from 1 on
    "#NULL! #DIV/0! #VALUE! #REF! #NAME? #NUM! #N/A #GETTING_DATA #SPILL! #CONNECT! #BLOCKED! #UNKNOWN!"
    " #FIELD! #CALC!".split()
)
ERRORS = frozenset(ERRORS_IN_ORDER)


Scalar = float | str | bool | ExcelError | None
Contents = Mapping[str, Mapping[tuple[int, int], Scalar]]  # a sheet's name -> cell -> what it holds

AGREE = 1e-9  # two computers of one formula that differ by more do not compute the same


def same(a: Scalar, b: Scalar) -> bool:
    return a == b and type(a) is type(b)


def agree(a: Scalar, b: Scalar) -> bool:
    """The same, or numbers as good as equal."""
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= AGREE * max(1.0, abs(a))
    return same(a, b)


def agreeing(a: "np.ndarray", b: "np.ndarray") -> "np.ndarray":
    """Which numbers of two arrays do."""
    return abs(a - b) <= AGREE * abs(a).clip(min=1.0)


@dataclass(frozen=True)
class WhatIf:
    """What a what-if data table asks: what a formula comes to with other values in one cell, or in two.

    row_input     the cell (row, column), on its sheet, into which the values in the row above it are put
    column_input  the same of the values in the column to its left. Without either, nobody knows
    """

    row_input: tuple[int, int] | None = None
    column_input: tuple[int, int] | None = None

    def reads(self, area: Area) -> list[Area]:
        """What the table in the area reads: the row above, the column before, their corner, its inputs."""
        top, left = area.top - 1, area.left - 1
        inputs = [Area(area.sheet, *cell, *cell) for cell in (self.row_input, self.column_input) if cell]
        above = Area(area.sheet, top, left, top, area.right)
        return [above, Area(area.sheet, area.top, left, area.bottom, left), *inputs]


@dataclass
class Sheet:
    """One worksheet. Keys are (row, column), counted from 1.

    formulas    text with its leading "=", in the file's own (English) grammar; of an array formula
                only the top left cell stands here
    values      what each non-empty cell holds: float, bool, str, ExcelError; formulas' results too.
                A formula cell without an entry has no known result.
    arrays      top left cell of each array formula (t="array", dynamic ones too) -> the area it fills
    data_tables area of each what-if data table -> what it asks
    hidden      rows that are hidden, by hand or by a filter
    filtered    areas in which a filter hides rows; of tables, Table says it
    spilling    those of `arrays` that are dynamic: they fill as many cells as they yield values
    """

    name: str
    formulas: dict[tuple[int, int], str] = field(default_factory=dict)
    values: dict[tuple[int, int], Scalar] = field(default_factory=dict)
    arrays: dict[tuple[int, int], Area] = field(default_factory=dict)
    data_tables: dict[Area, WhatIf] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    filtered: list[Area] = field(default_factory=list)
    spilling: set[tuple[int, int]] = field(default_factory=set)


@dataclass(frozen=True)
class Table:
    """An Excel table. `area` includes header and totals row; `columns` are the header texts in order; it is
    `filtered` where a filter hides some of its rows."""

    name: str
    area: Area
    columns: tuple[str, ...]
    header_rows: int = 1
    totals_rows: int = 0
    filtered: bool = False


@dataclass(frozen=True)
class Calculation:
    """How a book asks to be calculated, as its file says (calcPr of xl/workbook.xml).

    on_load         all formulas anew when the book is opened: who saved it does not vouch for their results
    mode            "auto", "autoNoTable" or "manual"
    complete        False where the book was saved before all was calculated
    full_precision  False for "precision as displayed": each number is rounded to what its cell shows
    iterates        circular references are computed again and again
    date1904        dates count from 1904
    """

    on_load: bool = False
    mode: str = "auto"
    complete: bool = True
    full_precision: bool = True
    iterates: bool = False
    date1904: bool = False

    @property
    def vouches(self) -> bool:
        """Whether results that were saved under it are those of the formulas, in full precision."""
        is_done = self.mode == "auto" and self.complete and not self.on_load
        return is_done and self.full_precision and not self.iterates


class Fused(NamedTuple):
    """The runs of a sheet, and of which formulas, arrays and words they were made."""

    formulas: dict[tuple[int, int], str]
    arrays: dict[tuple[int, int], Area]
    count: int
    words: tuple
    runs: list

    def is_of(self, sheet: Sheet, words: tuple) -> bool:
        """Whether those are this sheet's. Of equal dictionaries another one does not count: to compare them
        would take longer than to make the runs."""
        is_same = self.formulas is sheet.formulas and self.arrays is sheet.arrays
        return is_same and self.count == len(sheet.formulas) and self.words == words


@dataclass
class Snapshot:
    """A workbook at one moment.

    names  (name casefolded, sheet name or None for the whole workbook) -> what it refers to,
           formula text without "=", such as "Net!$D$4:$N$5"
    tables name casefolded -> Table
    elsewhere  "[1]sheet1" casefolded, a sheet of another workbook -> what this one keeps of its values
    fused  a sheet's name -> the runs of its formulas, once somebody has asked; snapshots with the same
           formulas may share it
    """

    sheets: dict[str, Sheet] = field(default_factory=dict)
    names: dict[tuple[str, str | None], str] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    calculation: Calculation = Calculation()
    elsewhere: dict[str, Sheet] = field(default_factory=dict)
    fused: dict[str, "Fused"] = field(default_factory=dict, repr=False, compare=False)

    @property
    def words(self) -> tuple:
        """What formulas may name besides cells: that decides what their texts mean."""
        return tuple(self.sheets), dict(self.names), dict(self.tables)

    def held(self, name: str) -> Sheet:
        """The sheet of exactly that name, of this workbook or of another."""
        return self.sheets[name] if name in self.sheets else self.elsewhere[name.casefold()]

    def numbers(self, area: Area) -> list[list[float]]:
        """Rows of the numbers in an area of this workbook; TRUE is 1, nan stands where there is no number."""
        values = self.sheets[area.sheet].values
        columns = range(area.left, area.right + 1)
        held = ([values.get((row, col)) for col in columns] for row in range(area.top, area.bottom + 1))
        return [[float(x) if isinstance(x, float | bool) else math.nan for x in row] for row in held]

    def sheet(self, name: str) -> Sheet | None:
        """The sheet of that name, letters' case ignored as Excel does."""
        found = self.sheets.get(name)
        if found is None:
            found = next((s for n, s in self.sheets.items() if n.casefold() == name.casefold()), None)
        return found
