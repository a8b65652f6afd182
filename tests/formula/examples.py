"""Examples of the function table on a sheet: what ~ marks stands in changing cells, other numbers in constant
ones, so that the formula can be filled down over rows that all hold something else."""

import re
from dataclasses import dataclass, field

from openpyxl.utils import FORMULAE

from xlcicf.formula.address import column_letters, parse_cell

# What examples may refer to.
RANGES = {"A1": 1.0, "A2": 2.0, "A3": 3.0, "B1": 4.0, "B2": 5.0, "B3": 6.0}

_NUMBER = r"-?\d+(?:\.\d+)?"
_PART = re.compile(
    rf'(?P<text>"[^"]*")|~(?P<range>[A-Z]\d+:[A-Z]\d+)|(?P<mark>~)(?P<marked>\{{[^}}]*\}}|{_NUMBER})'
    r"|(?P<still>\{[\d.,;-]*\}|(?<![A-Za-z0-9.:$])\d+(?:\.\d+)?(?![\d:]))"
)


_CALLED = re.compile(r"(?<![\w.])([A-Z][A-Z0-9.]*)(?=\()")
_WORKSHEET = {"FILTER", "SORT"}


def as_saved(formula: str) -> str:
    """The formula as a file has it: functions that came after Excel 2007 are written with _xlfn."""

    def written(call: re.Match) -> str:
        name = call[1]
        return name if name in FORMULAE else f"_xlfn._xlws.{name}" if name in _WORKSHEET else f"_xlfn.{name}"

    return _CALLED.sub(written, formula)


def unmarked(example: str) -> str:
    """The formula that a person would type."""
    return _PART.sub(lambda part: part[0].removeprefix("~"), example)


@dataclass
class Filled:
    """An example over several rows: `formulas[i]` stands in Z{i+1}, `data` holds what they read."""

    example: str
    rows: int
    data: dict[str, float] = field(default_factory=dict)
    changing: list[str] = field(default_factory=list)

    def __post_init__(self):
        self._column = 2  # C and beyond, a part of the example after another
        template = _PART.sub(self._moved, self.example)
        self.formulas = [
            "=" + re.sub(r"<(\w+?):(\d+)>", lambda m, i=i: f"{m[1]}{int(m[2]) + i}", template)
            for i in range(self.rows)
        ]

    def _moved(self, part: re.Match) -> str:
        if part["text"]:
            return part[0]
        if part["range"]:
            return self._ranged(part["range"])
        literal = part["marked"] or part["still"]
        rows = [[float(x) for x in line.split(",")] for line in literal.strip("{}").split(";")]
        first = self._column + 1
        self._column += len(rows[0])
        for r in range(self.rows + len(rows) - 1):
            for c, number in enumerate(rows[r % len(rows)]):
                cell = f"{column_letters(first + c)}{r + 1}"
                self.data[cell] = self._varied(number, r // len(rows), marked=bool(part["mark"]))
                if part["mark"]:
                    self.changing.append(cell)
        corner = f"<{column_letters(first)}:1>"
        if not literal.startswith("{"):
            return corner
        return f"{corner}:<{column_letters(first + len(rows[0]) - 1)}:{len(rows)}>"

    def _ranged(self, address: str) -> str:
        (top, left), (bottom, right) = map(parse_cell, address.split(":"))
        for r in range(top, bottom + self.rows):
            for c in range(left, right + 1):
                cell = f"{column_letters(c)}{r}"
                self.data[cell] = RANGES.get(cell, float(r))
                self.changing.append(cell)
        return f"<{column_letters(left)}:{top}>:<{column_letters(right)}:{bottom}>"

    @staticmethod
    def _varied(number: float, row: int, marked: bool) -> float:
        """Other numbers in other rows: slightly other changing ones, the place before for constants."""
        if marked:
            return number * (1 + 0.07 * row)
        return number - 1 if row % 2 and number >= 2 else number

    def alone(self, row: int) -> dict[str, object]:
        """The sheet with the formula of one row only."""
        return RANGES | self.data | {f"Z{row + 1}": self.formulas[row]}

    def together(self) -> dict[str, object]:
        """The sheet with the formulas of all rows, which make one run."""
        return RANGES | self.data | {f"Z{i + 1}": formula for i, formula in enumerate(self.formulas)}
