"""A workbook that openpyxl made, saved with the results of its formulas, the same bytes each time."""

import io
import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import openpyxl

from xlcicf.errors import BookError, FormulaError
from xlcicf.formula.address import Area, cell_address, column_number
from xlcicf.formula.downstream import rectangles_of
from xlcicf.formula.recalculation import Recalculation
from xlcicf.formula.snapshot import Contents, ExcelError, Scalar, Snapshot
from xlcicf.ooxml.cells import read_sheet
from xlcicf.ooxml.inventory import Inventory
from xlcicf.ooxml.package import Package, package_from_bytes, save_package
from xlcicf.ooxml.saved_results import stamped
from xlcicf.ooxml.sheet_cells import Cell
from xlcicf.ooxml.splice import KEEP, Patch, splice, value_as_xml

_FONT = re.compile(rb"<font>(.*?)</font>", re.DOTALL)
_FONT_CHILD = re.compile(rb"<(\w+)[^>]*?/>")
_FONT_ORDER = (  # CT_Font of ECMA-376 part 1, as Excel writes it; openpyxl puts the name first
    b"b i strike condense extend outline shadow u vertAlign sz color name family charset scheme".split()
)
_TIMES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
_FORMULA_CELL = re.compile(rb'<c r="([A-Z]+)([0-9]+)"((?: s="[0-9]+")?)><f([^>]*)>([^<]+)</f><v ?/></c>')
_HUSHED = 'IFERROR(%s,"")'
_EARLIEST = rb"\g<1>1980-01-01T00:00:00Z"  # the time that the zip's members carry too


def save_generated(workbook: openpyxl.Workbook, path: str | os.PathLike) -> None:
    """Saves a workbook of ours as `generated` makes it; raises as that does, and as `save_package`."""
    save_package(generated(workbook, path), path)


def book_of_rows(sheets: Mapping[str, Iterable[Sequence]]) -> openpyxl.Workbook:
    """A new workbook of plain values: the name of a sheet -> its rows."""
    workbook = openpyxl.Workbook()
    for sheet in workbook.worksheets:
        workbook.remove(sheet)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return workbook


def generated(workbook: openpyxl.Workbook, path: str | os.PathLike, hushed: bool = False) -> Package:
    """A workbook of ours with each formula's result beside it, numbers in 17 digits, and a stamp that vouches
    for them; `path` is where it goes.

    hushed  a formula that errs shows nothing for as long as it does: it is put into an IFERROR
    Our evaluator computes the results; Excel computes them again when it opens the book. Equal workbooks make
    equal packages. Raises FormulaError, naming the cell, where a formula cannot be computed, and BookError
    where there is no room for openpyxl's temporary files.
    """
    buffer = io.BytesIO()
    try:
        workbook.save(buffer)
    except OSError as error:  # openpyxl writes each sheet into a temporary file first
        raise BookError(f"{path} cannot be built ({error.strerror}); make room on the disk") from error
    package = package_from_bytes(buffer.getvalue(), os.fspath(path))
    return stamped(_with_results(_with_exact_numbers(tidied(package), workbook), hushed))


def tidied(package: Package) -> Package:
    """openpyxl's package with fixed times and the children of <font> in the schema's order."""
    styles, core = "xl/styles.xml", "docProps/core.xml"
    return package.replace(
        {
            styles: _FONT.sub(_ordered_font, package[styles]),
            core: _TIMES.sub(_EARLIEST, package[core]),
        }
    )


def _ordered_font(match: re.Match[bytes]) -> bytes:
    children = sorted(_FONT_CHILD.finditer(match[1]), key=lambda child: _FONT_ORDER.index(child[1]))
    return b"<font>%b</font>" % b"".join(child[0] for child in children)


def _with_exact_numbers(package: Package, workbook: openpyxl.Workbook) -> Package:
    """openpyxl writes 16 digits, too few for some numbers: those are written again."""
    changes = {}
    for entry in Inventory(package).sheets.values():
        cells = workbook[entry.name]._cells.items()  # .values would make a cell of each gap between them
        cut = {
            at: float(cell.value)
            for at, cell in cells
            if isinstance(cell.value, float) and float(f"{cell.value:.16g}") != cell.value
        }
        assert all(map(math.isfinite, cut.values()))
        if cut:
            patches = {at: Patch(value) for at, value in cut.items()}
            changes[entry.part] = splice(package[entry.part], entry.part, patches)
    return package.replace(changes)


def _with_results(package: Package, hushed: bool) -> Package:
    inventory = Inventory(package)
    book = inventory.outline()
    book.sheets |= {name: read_sheet(inventory, entry) for name, entry in inventory.sheets.items()}
    calculation = Recalculation(book, trusted=False)
    results = _computed(calculation)
    erring = _erring_formulas(book, results) if hushed else {}
    if erring:
        quiet = _computed(calculation.after(*_without_errors(calculation.book, erring)))
        results = {name: cells | quiet.get(name, {}) for name, cells in results.items()}
    changes = {}
    for name, cells in results.items():
        part = inventory.sheets[name].part
        filled, others = _filled(package[part], cells, erring.get(name, set()))
        changes[part] = splice(filled, part, others) if others else filled
    return package.replace(changes)


def _computed(calculation: Recalculation) -> dict[str, dict[Cell, Scalar]]:
    """The results that are new. Raises FormulaError where there is none."""
    results = calculation.renewed()
    for place, error in calculation.uncomputed.items():
        raise FormulaError(str(error), cell_address(*place)) from error
    return {name: dict(cells) for name, cells in results.items()}


def _erring_formulas(book: Snapshot, results: Contents) -> dict[str, set[Cell]]:
    """Sheet -> the cells whose own formula, not an array's above them, has an error as its result."""
    found = {
        name: {
            cell
            for cell, value in cells.items()
            if isinstance(value, ExcelError) and cell in book.sheets[name].formulas
        }
        for name, cells in results.items()
    }
    return {name: cells for name, cells in found.items() if cells}


def _without_errors(book: Snapshot, erring: Mapping[str, set[Cell]]) -> tuple[Snapshot, list[Area]]:
    """The book with those formulas hushed, and where they stand."""
    sheets = dict(book.sheets)
    for name, cells in erring.items():
        formulas = sheets[name].formulas
        quiet = {cell: "=" + _HUSHED % formulas[cell].removeprefix("=") for cell in cells}
        sheets[name] = replace(sheets[name], formulas=formulas | quiet)
    return replace(book, sheets=sheets), [
        area for name, cells in erring.items() for area in rectangles_of(name, cells)
    ]


def _filled(
    data: bytes, results: Mapping[Cell, Scalar], hushed: set[Cell]
) -> tuple[bytes, dict[Cell, Patch]]:
    """A sheet's part with the results in its formulas' cells, which openpyxl leaves without one, and some of
    the formulas hushed; and what is to be written into other cells, which an array's formula fills."""
    left, loud, columns = dict(results), set(hushed), {}

    def with_result(cell: re.Match[bytes]) -> bytes:
        letters, row, style, attributes, formula = cell.groups()
        if letters not in columns:
            columns[letters] = column_number(letters.decode())
        at = int(row), columns[letters]
        if (value := left.pop(at, None)) is None:
            return cell[0]
        if at in loud:
            loud.remove(at)
            formula = _HUSHED.encode() % formula
        kind, held = value_as_xml(b"", value, of_formula=True)
        tag = b' t="%b"' % kind["t"].encode() if kind else b""
        return b'<c r="%b%b"%b%b><f%b>%b</f>%b</c>' % (letters, row, style, tag, attributes, formula, held)

    filled = _FORMULA_CELL.sub(with_result, data)
    assert not loud
    return filled, {cell: Patch(value, KEEP) for cell, value in left.items()}
