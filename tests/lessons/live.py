"""A lesson workbook in a calculator: type into cells, read what its formulas say; blocks of numbers compared."""

from pathlib import Path

import numpy as np
from openpyxl.utils.cell import range_boundaries

from tests import oracles
from xlcicf.sheet.block import Block


def table(values: oracles.Values, block: Block, empty: float = np.nan) -> np.ndarray:
    """A block's numbers (rows, cols) out of the values of a whole book; `empty` where there is none."""
    cells = oracles.addresses(block.sheet, block.local.replace("$", ""))
    return np.array([values.get(cell, empty) for cell in cells], float).reshape(block.rows, block.cols)


def agree(expected, got, within: float = 1e-9) -> None:
    """Asserts that cells hold what torch or numpy computes, in whichever shape these have it."""
    expected = expected.detach() if hasattr(expected, "detach") else expected
    got = np.asarray(got, float)
    assert oracles.difference(np.asarray(expected, float).reshape(got.shape), got) <= within


class Live:
    """`live["Net!P7"] = "MAE"` types; `live["Net!P5"]` reads a cell, `live.read(NET.prediction)` many."""

    def __init__(self, path: Path):
        self._model = oracles.load_ironcalc(path)
        self._sheets = [properties["name"] for properties in self._model.get_worksheets_properties()]
        self._typed: dict[tuple[int, int, int], str | float] = {}
        self._stale = False

    def __setitem__(self, area: str, values) -> None:
        values = [values] if isinstance(values, str) else np.ravel(values).tolist()
        for place, value in zip(self._places(area), values, strict=True):
            if self._typed.get(place) != value:  # else it stands there, and nothing is to be computed anew
                self._type(place, value)

    def _type(self, place: tuple[int, int, int], value: str | float) -> None:
        if isinstance(value, str):
            self._model.update_cell_with_text(*place, value)
        else:
            self._model.update_cell_with_number(*place, value)
        self._typed[place], self._stale = value, True

    def __getitem__(self, cell: str):
        return self._values(cell)[0]

    def numbers(self, area: str) -> np.ndarray:
        """The numbers of an area, row by row; nan where a cell holds none."""
        return np.array([value if isinstance(value, float) else np.nan for value in self._values(area)])

    def read(self, block: Block) -> np.ndarray:
        """The numbers of a block (rows, cols); nan where a cell holds none."""
        return self.numbers(block.ref).reshape(block.rows, block.cols)

    def _values(self, area: str) -> list:
        if self._stale:
            self._model.evaluate()
            self._stale = False
        return [self._model.get_cell_value(*place) for place in self._places(area)]

    def _places(self, area: str) -> list[tuple[int, int, int]]:
        sheet, _, ref = area.replace("$", "").rpartition("!")
        left, top, right, bottom = range_boundaries(ref)
        index = self._sheets.index(sheet.strip("'"))
        return [(index, row, col) for row in range(top, bottom + 1) for col in range(left, right + 1)]
