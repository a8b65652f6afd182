"""A lesson workbook in a calculator: type into cells, read what its formulas say; blocks of numbers compared."""

from pathlib import Path

import numpy as np
from openpyxl.utils.cell import range_boundaries

from tests import oracles
from xlcicf.formula.text import split_sheet
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
    """`live["Net!P7"] = "MAE"` types; `live["Net!P5"]` reads a cell, `live.read(NET.prediction)` many.

    IronCalc computes a whole book at each change; so there is a calculator for each set of sheets that what is read
    needs.
    """

    def __init__(self, path: Path):
        self._book = path.read_bytes()
        self._calculators: dict[frozenset[str], _Calculator] = {}
        self._typed: dict[tuple[str, int, int], str | float] = {}

    def __setitem__(self, area: str, values) -> None:
        values = [values] if isinstance(values, str) else np.ravel(values).tolist()
        self._typed |= zip(_places(area), values, strict=True)

    def __getitem__(self, cell: str):
        return self._values(cell)[0]

    def numbers(self, area: str) -> np.ndarray:
        """The numbers of an area, row by row; nan where a cell holds none."""
        return np.array([value if isinstance(value, float) else np.nan for value in self._values(area)])

    def read(self, block: Block) -> np.ndarray:
        """The numbers of a block (rows, cols); nan where a cell holds none."""
        return self.numbers(block.ref).reshape(block.rows, block.cols)

    def _values(self, area: str) -> list:
        places = _places(area)
        sheets = frozenset(oracles.needed_sheets(self._book, places[0][0]))
        if sheets not in self._calculators:
            self._calculators[sheets] = _Calculator(self._book, sheets)
        return self._calculators[sheets].values(places, self._typed)


class _Calculator:
    """The formulas of some sheets."""

    def __init__(self, book: bytes, sheets: frozenset[str]):
        self._model = oracles.load_ironcalc(book, *sheets)
        names = [properties["name"] for properties in self._model.get_worksheets_properties()]
        self._numbers = {name: number for number, name in enumerate(names) if name in sheets}
        self._typed: dict[tuple[str, int, int], str | float] = {}

    def values(self, places: list[tuple[str, int, int]], typed: dict) -> list:
        """What the places show after all that has been typed into the book."""
        new = {place: value for place, value in typed.items() if self._typed.get(place) != value}
        for (sheet, *cell), value in new.items():
            if sheet in self._numbers:
                self._type((self._numbers[sheet], *cell), value)
        if any(sheet in self._numbers for sheet, *_ in new):
            self._model.evaluate()
        self._typed |= new
        return [self._model.get_cell_value(self._numbers[sheet], *cell) for sheet, *cell in places]

    def _type(self, place: tuple[int, int, int], value: str | float) -> None:
        if isinstance(value, str):
            self._model.update_cell_with_text(*place, value)
        else:
            self._model.update_cell_with_number(*place, value)


def _places(area: str) -> list[tuple[str, int, int]]:
    sheet, ref = split_sheet(area.replace("$", ""))
    left, top, right, bottom = range_boundaries(ref)
    return [(sheet, row, col) for row in range(top, bottom + 1) for col in range(left, right + 1)]
