"""A worksheet in formualizer, an engine of its own, with the very functions of xlcicf.addin.udfs registered.

sheet = Cells({"A1": [[1, 2], [3, 4]]})
sheet.shows("=NN_RELU(A1:B2)", rows=2, columns=2)
"""

import formualizer
import numpy as np

from xlcicf.addin import udfs
from xlcicf.addin.function_calls import FUNCTIONS
from xlcicf.formula.address import parse_cell

FORMULA = 1, 30  # where the formula is typed: AD1

# An error value as COM hands it to xlwings: 0x800A0000 and the number that VBA's CVErr takes.
AS_COM = {"Div": 2007 - 0x7FF60000, "Na": 2042 - 0x7FF60000}


class Cells:
    """Blocks of values, by the address of their top left cell, and one formula beside them."""

    def __init__(self, blocks: dict[str, list]):
        self._book = formualizer.Workbook()
        self._sheet = self._book.sheet("Sheet1")
        for name, function in FUNCTIONS.items():
            if not function.by_reference:
                self._book.register_function(name, _from_cells(getattr(udfs, name)), min_args=0)
        for corner, rows in blocks.items():
            top, left = parse_cell(corner)
            for i, row in enumerate(rows):
                for j, value in enumerate(row):
                    if isinstance(value, str) and value.startswith("="):
                        self._sheet.set_formula(top + i, left + j, value)
                    elif value is not None:
                        self._sheet.set_value(top + i, left + j, value)

    def shows(self, formula: str, rows: int = 1, columns: int = 1):
        """What the formula's cell and those it spills into show; exactly so many cells must be filled."""
        top, left = FORMULA
        self._sheet.set_formula(top, left, formula)
        self._book.evaluate_cell("Sheet1", top, left)
        shown = [[self._at(top + i, left + j) for j in range(columns + 1)] for i in range(rows + 1)]
        beyond = [row[columns] for row in shown] + shown[rows]
        assert beyond == [None] * len(beyond), f"{formula} fills more than {rows} x {columns} cells"
        return np.array([row[:columns] for row in shown[:rows]])

    def _at(self, row: int, column: int):
        return self._book.get_value("Sheet1", row, column)


def _from_cells(function):
    """`function` as formualizer calls it: there an error value is a dict."""

    def called(*arguments):
        return function(*(_as_com(argument) for argument in arguments))

    return called


def _as_com(value):
    if isinstance(value, list):
        return tuple(tuple(_as_com(cell) for cell in row) for row in value)
    return AS_COM[value["kind"]] if isinstance(value, dict) else value
