"""Independent computers of the same formulas, and the one measure by which two of them agree.

    saved_values(path)        what stands in the file
    ironcalc_values(path)     the same book recomputed by IronCalc
    libreoffice_values(path)  the same book recomputed by LibreOffice (mark the test `libreoffice`)
    disagreements(path, a, b) sentences, one a block of cells where a and b differ

Single formulas are asked in batches, since LibreOffice takes more than a second to start:
`ironcalc_formulas([Case("=SUM(A1:A2)", {"A1": 1, "A2": "x"}), ...])`, `libreoffice_formulas(...)`.
"""

import functools
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import ironcalc
import numpy as np
import openpyxl
from openpyxl.utils.cell import range_boundaries
from openpyxl.worksheet.formula import ArrayFormula

from tests.kept import kept, kept_json
from tests.libreoffice import convert
from tests.saved_cells import SavedCell, saved_cells
from xlcicf.formula.address import cell_address, parse_cell, quote_sheet, unquote_sheet
from xlcicf.formula.snapshot import ExcelError, Scalar
from xlcicf.formula.text import split_sheet

Values = dict[str, Scalar]
"""Address, such as "Net!B2" -> value; numbers are floats. Empty cells and empty texts are left out, since a
file does not tell them apart."""

kept_values = kept_json(  # an error as a list of one text: JSON has no other way to tell it from a text
    lambda values: {
        cell: [value] if isinstance(value, ExcelError) else value for cell, value in values.items()
    },
    lambda plain: {
        cell: ExcelError(value[0]) if isinstance(value, list) else value for cell, value in plain.items()
    },
)


# ---- agreement -------------------------------------------------------------------------------------------


def difference(a, b) -> float:
    """max|a-b| / max(1, max|a|) of two arrays of one shape; inf where one of them is not a number."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    assert a.shape == b.shape, f"shapes {a.shape} and {b.shape}"
    if a.size == 0:
        return 0.0
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return float("inf")
    return float(np.abs(a - b).max() / max(1.0, np.abs(a).max()))


def disagreements(path: Path, a: Values, b: Values, tolerance: float = 1e-12) -> list[str]:
    """Where two computers differ on the book's formulas: numbers by `difference` in each fill-down block,
    text, booleans and errors by equality. An empty list means that they agree."""
    found = []
    for block in formula_blocks(path):
        here = [cell for cell in block if _is_number(a.get(cell)) and _is_number(b.get(cell))]
        gap = difference([a[cell] for cell in here], [b[cell] for cell in here])
        if gap > tolerance:
            worst = max(here, key=lambda cell: abs(a[cell] - b[cell]))
            found.append(
                f"{block[0]}..{block[-1]} differ by {gap:.3g}, most at {worst}: {a[worst]!r}, {b[worst]!r}"
            )
        numbers = set(here)
        found += [
            f"{cell}: {a.get(cell)!r}, {b.get(cell)!r}"
            for cell in block
            if cell not in numbers and (type(a.get(cell)), a.get(cell)) != (type(b.get(cell)), b.get(cell))
        ]
    return found


def _is_number(value: Scalar) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def formula_blocks(path: Path) -> list[list[str]]:
    """The addresses of all formula cells, grouped by fill-down: one column, one relative formula.
    The area of an array formula is one block."""
    return _blocks_in(Path(path).read_bytes())


@functools.lru_cache(maxsize=4)
@kept_json(list, list)
def _blocks_in(book: bytes) -> list[list[str]]:
    blocks: dict[tuple, list[str]] = {}
    for cell in saved_cells(book):
        if cell.array:
            blocks[cell.sheet, cell.place] = addresses(cell.sheet, cell.array)
        elif cell.formula:
            letters, row = _CELL.fullmatch(cell.place).groups()
            block = blocks.setdefault((cell.sheet, letters, _relative(cell.formula, int(row))), [])
            block.append(f"{quote_sheet(cell.sheet)}!{cell.place}")
    return list(blocks.values())


def _relative(formula: str, row: int) -> str:
    """The formula with each row that is not fixed counted from its own: equal texts are one fill-down."""
    return _ROW.sub(lambda reference: f"{reference[1]}[{int(reference[2]) - row}]", formula)


_CELL = re.compile(r"([A-Z]+)(\d+)")
_ROW = re.compile(r"(?<![\w.])(\$?[A-Z]{1,3})(\d+)(?![\w.(])")


# ---- books -----------------------------------------------------------------------------------------------


def addresses(sheet: str, ref: str) -> list[str]:
    """("Net", "B2:C3") -> ["Net!B2", "Net!C2", "Net!B3", "Net!C3"], row by row."""
    return [cell_address(sheet, row, col) for row, col in _cells(ref)]


def _cells(ref: str) -> list[tuple[int, int]]:
    left, top, right, bottom = range_boundaries(ref)
    return [(row, col) for row in range(top, bottom + 1) for col in range(left, right + 1)]


def saved_values(path: Path) -> Values:
    """What stands in the file's cells; formulas' saved results among them."""
    return dict(_saved_in(Path(path).read_bytes()))


@functools.lru_cache(maxsize=4)  # several tests look at one book
@kept_values
def _saved_in(book: bytes) -> Values:
    return {
        f"{quote_sheet(cell.sheet)}!{cell.place}": cell.value
        for cell in saved_cells(book)
        if cell.value is not None
    }


def ironcalc_values(path: Path) -> Values:
    """Every cell's value after IronCalc recomputed the book."""
    return dict(_recomputed_by_ironcalc(Path(path).read_bytes()))


@functools.lru_cache(maxsize=4)
@kept_values
def _recomputed_by_ironcalc(book: bytes) -> Values:
    return values_in(_ironcalc_holding(book))


def values_in(model: "ironcalc.Model") -> Values:
    """Every cell's value as IronCalc has computed it."""
    names = [properties["name"] for properties in model.get_worksheets_properties()]
    values = {
        cell_address(names[sheet], row, col): _ironcalc_value(model, sheet, row, col)
        for sheet, row, col in model.get_all_cells()
    }
    return {cell: value for cell, value in values.items() if value not in (None, "")}


def load_ironcalc(book: Path | bytes, *sheets: str) -> "ironcalc.Model":
    """The book in IronCalc, computed once; each call gives a model of its own.

    Where sheets are named, it has no formulas but those that the cells of these sheets need: IronCalc computes all
    that there are at each evaluation.
    """
    book = _content(book)
    if not sheets:
        return _ironcalc_holding(book)
    return ironcalc.load_from_bytes(_computed_for(book, *sorted(needed_sheets(book, *sheets))), "en")


@kept
def _computed_for(book: bytes, *sheets: str) -> bytes:
    model = _ironcalc_holding(book)
    clear_formulas(model, (cell for cell in saved_cells(book) if cell.sheet not in sheets))
    return model.to_bytes()


def clear_formulas(model: "ironcalc.Model", cells: Iterable[SavedCell]) -> None:
    """Empties the cells that hold formulas, but for array formulas, which IronCalc does not let go."""
    sheets = {properties["name"]: i for i, properties in enumerate(model.get_worksheets_properties())}
    for cell in cells:
        if cell.formula and not cell.array:
            model.clear_cell_contents(sheets[cell.sheet], *parse_cell(cell.place))


def needed_sheets(book: Path | bytes, *sheets: str) -> set[str]:
    """The sheets with all that their formulas read, directly or through others'."""
    reads = _sheets_read_in(_content(book))
    needed, more = set(), set(sheets)
    while more - needed:
        needed |= more
        more = {name for sheet in more for name in reads.get(sheet, [])}
    return needed


def _content(book: Path | bytes) -> bytes:
    return book if isinstance(book, bytes) else Path(book).read_bytes()


@functools.lru_cache(maxsize=4)
@kept_json(dict, dict)
def _sheets_read_in(book: bytes) -> dict[str, list[str]]:
    """Sheet -> the sheets that its formulas name."""
    formulas: dict[str, set[str]] = {}
    for cell in saved_cells(book):
        if cell.formula and "!" in cell.formula:
            formulas.setdefault(cell.sheet, set()).update(_SHEET.findall(cell.formula))
    return {sheet: sorted(map(unquote_sheet, names)) for sheet, names in formulas.items()}


_SHEET = re.compile(r"('(?:[^']|'')+'|[^\W\d][\w.]*)!")


def _ironcalc_holding(book: bytes) -> "ironcalc.Model":
    return ironcalc.load_from_bytes(_computed_by_ironcalc(book), "en")


@kept
def _computed_by_ironcalc(book: bytes) -> bytes:
    """IronCalc's own form of the book, results included: it is loaded in a fifth of the time."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "book.xlsx")
        path.write_bytes(book)
        model = ironcalc.load_from_xlsx(str(path), "en", "UTC", "en")
    model.evaluate()
    return model.to_bytes()


def _ironcalc_value(model, sheet: int, row: int, col: int) -> Scalar:
    value = model.get_cell_value(sheet, row, col)
    is_error = isinstance(value, str) and model.get_cell_type(sheet, row, col) == ironcalc.CellType.ErrorValue
    return ExcelError(value) if is_error else value


def libreoffice_values(path: Path) -> Values:
    """Every cell's value after LibreOffice recomputed the book. LibreOffice writes 15 significant digits,
    so a number may be off by 5e-15 of itself."""
    return dict(_recomputed_by_libreoffice(Path(path).read_bytes()))


@functools.lru_cache(maxsize=4)
@kept_values
def _recomputed_by_libreoffice(book: bytes) -> Values:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "book.xlsx")
        source.write_bytes(book)
        return saved_values(convert(source, "xlsx", Path(folder, "recomputed")))


# ---- single formulas -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """One formula and the cells it reads: `Case("=SUM(A1:A2)", {"A1": 1, "A2": "x"})`.

    It stands in Z99 of a sheet of its own; with `array`, such as "Z99:AA100", as an array formula there.
    """

    formula: str
    inputs: dict[str, Scalar] = field(default_factory=dict)
    array: str | None = None


def ironcalc_formulas(cases: list[Case]) -> list:
    """Each case's value by IronCalc; of an array a list of rows. None for empty text."""
    return _ask(ironcalc_values, cases)


def libreoffice_formulas(cases: list[Case]) -> list:
    """Each case's value by LibreOffice, all cases in one conversion."""
    return _ask(libreoffice_values, cases)


def _ask(computer, cases: list[Case]) -> list:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "cases.xlsx")
        _book_of(cases).save(path)
        values = computer(path)
    return [_result(values, f"C{number}", case) for number, case in enumerate(cases)]


def _book_of(cases: list[Case]) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, case in enumerate(cases):
        sheet = book.create_sheet(f"C{number}")
        for cell, value in case.inputs.items():
            sheet[cell] = value
            if isinstance(value, str) and not isinstance(value, ExcelError):
                sheet[cell].data_type = "s"  # text that looks like a formula stays text
        sheet["Z99"] = ArrayFormula(case.array, case.formula) if case.array else case.formula
    return book


def _result(values: Values, sheet: str, case: Case):
    if case.array is None:
        return values.get(cell_address(sheet, 99, 26))
    left, top, right, bottom = range_boundaries(case.array)
    return [
        [values.get(cell_address(sheet, row, col)) for col in range(left, right + 1)]
        for row in range(top, bottom + 1)
    ]


# ---- derivatives -----------------------------------------------------------------------------------------


class Recalculation:
    """A book as a plain function of some cells, by IronCalc recalculation: `f(v)` sets and reads.

    `Recalculation(path, "Net!B2", "Net!D4:N5")`; several areas are joined by commas. `start` (n,) is
    what stands in the changing cells.
    """

    def __init__(self, path: Path, objective: str, changing: str):
        self._model = load_ironcalc(path, split_sheet(objective)[0])
        self._objective = self._places(objective)[0]
        self._changing = self._places(changing)
        self.start = np.array([self._model.get_cell_value(*place) for place in self._changing], float)

    def _places(self, areas: str) -> list[tuple[int, int, int]]:
        names = [properties["name"] for properties in self._model.get_worksheets_properties()]
        places = []
        for area in areas.split(","):
            sheet, _, ref = area.replace("$", "").rpartition("!")
            places += [(names.index(sheet.strip("'")), row, col) for row, col in _cells(ref)]
        return places

    def __call__(self, v) -> float:
        for place, number in zip(self._changing, v, strict=True):
            self._model.update_cell_with_number(*place, float(number))
        self._model.evaluate()
        return self._model.get_cell_value(*self._objective)

    def read(self, areas: str) -> np.ndarray:
        """The numbers that now stand in other cells, such as a column of predictions."""
        return np.array([self._model.get_cell_value(*place) for place in self._places(areas)], float)


def extrapolated_differences(f, v, h: float = 1e-6) -> np.ndarray:
    """Central differences at step 2h and h, their error of second order cancelled (Richardson). (n,) -> (n,)"""
    return (4 * central_differences(f, v, h) - central_differences(f, v, 2 * h)) / 3


def central_differences(f, v, h: float = 1e-6) -> np.ndarray:
    """(f(v + step) - f(v - step)) / 2 step for each coordinate, step = h·max(1, |v|). (n,) -> (n,)"""
    v = np.asarray(v, float)
    slopes = np.empty_like(v)
    for i, step in enumerate(h * np.maximum(1, np.abs(v))):
        above, below = v.copy(), v.copy()
        above[i] += step
        below[i] -= step
        slopes[i] = (f(above) - f(below)) / (above[i] - below[i])
    return slopes


# ---- is the file one that Excel opens --------------------------------------------------------------------


def validator_command() -> str | None:
    """The Open XML SDK validator's command line: $OOXML_VALIDATOR, on the PATH, or in node_modules here."""
    local = Path(__file__).parents[1] / "node_modules" / ".bin" / "ooxml-validator"
    return os.environ.get("OOXML_VALIDATOR") or shutil.which("ooxml-validator") or shutil.which(local)


def validator_errors(path: str | Path) -> list[str]:
    """What the Open XML SDK finds wrong with a file, one sentence each (mark the test `validator`)."""
    path = Path(path)
    return _errors_in(path.read_bytes(), path.suffix)


@kept_json(list, list, least=0)  # starting the validator takes longer than looking up
def _errors_in(book: bytes, suffix: str) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"book{suffix}")
        path.write_bytes(book)
        done = subprocess.run(
            [validator_command(), path], env=os.environ | ONCE, capture_output=True, timeout=180
        )
    assert done.returncode in (0, 1), f"the validator did not run: {done.stderr.decode()}"
    return [f"{e['path']} {e['xPath']}: {e['description']}" for e in json.loads(done.stdout)["errors"]]


ONCE = {
    "DOTNET_TieredPGO": "0",
    "DOTNET_gcConcurrent": "0",
}  # a program that runs once does not look how it could run faster
