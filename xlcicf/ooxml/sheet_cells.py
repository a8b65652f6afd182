"""What the cells of a worksheet hold, as its part has it."""

from dataclasses import dataclass, field, replace

from xlcicf.formula.address import Area
from xlcicf.formula.snapshot import Sheet

Cell = tuple[int, int]  # (row, column)


@dataclass
class SheetCells(Sheet):
    """A worksheet as its part has it: what formula/ is handed, and what only an editor asks for.

    styles      index of the cell format (s=) of each cell that has one; 0 is left out
    row_styles, column_styles  the same of whole rows, and of whole columns as (first, last, style)
    shared      number of a shared formula (si=) -> its cells, the one that spells it first
    typed_blanks  dressed cells that call themselves numbers (t="n") and hold nothing, as openpyxl writes them
    iso_dates   cells whose date is written out (t="d"); its serial number stands in values
    merged      areas of merged cells
    protected   whether the sheet is protected
    """

    styles: dict[Cell, int] = field(default_factory=dict)
    row_styles: dict[int, int] = field(default_factory=dict)
    column_styles: list[tuple[int, int, int]] = field(default_factory=list)
    shared: dict[str, list[Cell]] = field(default_factory=dict)
    typed_blanks: list[Cell] = field(default_factory=list)
    iso_dates: list[Cell] = field(default_factory=list)
    merged: list[Area] = field(default_factory=list)
    protected: bool = False

    def copy(self) -> "SheetCells":
        """One whose formulas, values and styles may be changed without changing this one's."""
        return replace(
            self,
            formulas=dict(self.formulas),
            values=dict(self.values),
            arrays=dict(self.arrays),
            spilling=set(self.spilling),
            styles=dict(self.styles),
        )

    def style(self, row: int, col: int) -> int:
        """The cell format that holds at a cell: its own, else its row's, else its column's."""
        own = self.styles.get((row, col), self.row_styles.get(row))
        if own is None:
            own = next((s for first, last, s in self.column_styles if first <= col <= last), 0)
        return own
