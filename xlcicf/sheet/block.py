"""Where a block of numbers lies in a workbook: a named rectangle, and how formulas call it."""

from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.workbook.defined_name import DefinedName

from xlcicf.formula.address import Area, column_letters, parse_cell
from xlcicf.formula.text import absolute, reference, relative


def place(cell: str) -> tuple[int, int]:
    """ "B7" -> (7, 2): row and column of a cell that a layout of ours names."""
    at = parse_cell(cell)
    assert at, cell
    return at


@dataclass(frozen=True)
class Block:
    """A named rectangle: `Block("hidden.weight", "Net", "C5", rows=2, cols=11)`."""

    name: str
    sheet: str
    corner: str
    rows: int = 1
    cols: int = 1

    @property
    def area(self) -> Area:
        """The rectangle without its name."""
        top, left = place(self.corner)
        return Area(self.sheet, top, left, top + self.rows - 1, left + self.cols - 1)

    @property
    def local(self) -> str:
        """ "$C$5:$M$6", as formulas on the block's own sheet call it."""
        return absolute(self.area)

    @property
    def ref(self) -> str:
        """ "Net!$C$5:$M$6", as formulas on any sheet call it."""
        return reference(self.area)

    @property
    def free_local(self) -> str:
        """ "C5:M6": without the $, so that formulas beside each other are one that is filled."""
        return relative(self.area)

    @property
    def free(self) -> str:
        """ "Net!C5:M6", the same for formulas on any sheet."""
        return self.area.address

    @property
    def letters(self) -> str:
        """Letters of the first column."""
        return column_letters(self.area.left)

    @property
    def parts(self) -> tuple["Block", ...]:
        """The rectangles that it is made of: itself alone."""
        return (self,)

    def row(self, i: int) -> "Block":
        """Row i, counted from 0."""
        assert 0 <= i < self.rows
        return self._part(i, 0, 1, self.cols)

    def col(self, j: int) -> "Block":
        """Column j, counted from 0."""
        assert 0 <= j < self.cols
        return self._part(0, j, self.rows, 1)

    def cell(self, i: int, j: int) -> "Block":
        """The cell in row i, column j, counted from 0."""
        return self.row(i).col(j)

    def on_row(self, row: int | str) -> str:
        """ "$C11:$M11": the block's columns on sheet row `row`; "{row}" for a formula that is filled down."""
        first, last = column_letters(self.area.left), column_letters(self.area.right)
        return f"${first}{row}" if first == last else f"${first}{row}:${last}{row}"

    def define(self, workbook: Workbook) -> None:
        """Adds the block's name to the workbook."""
        _define(workbook, self.name, self.ref)

    def _part(self, i: int, j: int, rows: int, cols: int) -> "Block":
        corner = f"{column_letters(self.area.left + j)}{self.area.top + i}"
        return Block(f"{self.name}[{i},{j}]", self.sheet, corner, rows, cols)


@dataclass(frozen=True)
class Blocks:
    """Several rectangles under one name, such as the weights of a net's layers."""

    name: str
    parts: tuple[Block, ...]

    @property
    def ref(self) -> str:
        """ "Net!$C$5:$M$6,Net!$C$9:$D$9", as names and Solver's settings list them."""
        return ",".join(part.ref for part in self.parts)

    def define(self, workbook: Workbook) -> None:
        """Adds the name to the workbook, for all the rectangles together."""
        _define(workbook, self.name, self.ref)


def _define(workbook: Workbook, name: str, ref: str) -> None:
    assert name not in workbook.defined_names, name
    workbook.defined_names[name] = DefinedName(name, attr_text=ref)
