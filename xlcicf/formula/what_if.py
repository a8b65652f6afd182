"""What-if tables: what a formula comes to where one cell, or two, held what stands beside the table."""

from collections.abc import Iterator, Sequence
from functools import cached_property

from xlcicf.errors import FormulaError
from xlcicf.formula.address import Area
from xlcicf.formula.book_values import BookValues
from xlcicf.formula.evaluate import Evaluator
from xlcicf.formula.pieces import Piece
from xlcicf.formula.replay import Replays
from xlcicf.formula.runs import RunGraph
from xlcicf.formula.snapshot import WhatIf
from xlcicf.formula.units import Unit

MOST_CELLS = 2**14  # of one table


class WhatIfTable:
    """A table and how it is computed: with each value of the row above it in the cell `asked.row_input`, each
    of the column to its left in `asked.column_input`, what a formula comes to.

    With both inputs that is the formula in the corner; with one, the formulas in the row above, or in the
    column to the left, where the other input's values would stand.
    """

    def __init__(self, graph: RunGraph, area: Area, asked: WhatIf):
        self._graph, self.area, self._asked = graph, area, asked

    @property
    def is_told(self) -> bool:
        """Whether it has inputs, and room for what is put into them."""
        has_inputs = self._asked.row_input or self._asked.column_input
        return bool(has_inputs) and self.area.top > 1 and self.area.left > 1

    def computed(self, book_values: BookValues) -> Iterator[Piece]:
        """Each of its cells. Raises FormulaError where that cannot be, naming a cell."""
        rows, cols = self.area.shape
        if rows * cols > MOST_CELLS:
            cell = self.area.cell(0, 0)
            raise FormulaError(
                f"{cell} is a what-if table of more than {MOST_CELLS:,} cells; make it smaller", cell
            )
        as_it_is = Evaluator(self._graph, book_values=book_values)
        heads = [self._head(row, col) for row in range(rows) for col in range(cols)]
        for at, head in enumerate(heads):
            row, col = divmod(at, cols)
            evaluator = as_it_is.afresh()
            for cell, value in self._inputs(row, col):
                evaluator.lay(Piece((cell,), as_it_is.values(value)))
            for unit in self._units:
                self._replays.compute(evaluator, unit)
            here = self._at((self.area.top + row, self.area.left + col))
            yield Piece((here,), evaluator.values(head))

    @cached_property
    def _units(self) -> Sequence[Unit]:
        """What lies between its inputs and its formulas, in order."""
        rows, cols = self.area.shape
        heads = {self._head(row, col): None for row in range(rows) for col in range(cols)}
        return self._graph.between([cell for cell, _ in self._inputs(0, 0)], heads).units

    @cached_property
    def _replays(self) -> Replays:
        return Replays(self._graph)

    def _head(self, row: int, col: int) -> Area:
        """The cell whose formula is asked, of the table's cell (row, column), counted from 0."""
        top, left = self.area.top + row, self.area.left + col
        if self._asked.row_input and self._asked.column_input:
            return self._at((self.area.top - 1, self.area.left - 1))
        return self._at((self.area.top - 1, left) if self._asked.column_input else (top, self.area.left - 1))

    def _inputs(self, row: int, col: int) -> Iterator[tuple[Area, Area]]:
        """Each input with the cell whose value it takes."""
        if cell := self._asked.row_input:
            yield self._at(cell), self._at((self.area.top - 1, self.area.left + col))
        if cell := self._asked.column_input:
            yield self._at(cell), self._at((self.area.top + row, self.area.left - 1))

    def _at(self, cell: tuple[int, int]) -> Area:
        row, col = cell
        return Area(self.area.sheet, row, col, row, col)
