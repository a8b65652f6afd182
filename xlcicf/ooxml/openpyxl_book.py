"""A workbook that openpyxl made, saved with the results of its formulas, the same bytes each time."""

import io
import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence

import openpyxl

from xlcicf.errors import BookError, FormulaError
from xlcicf.formula.address import cell_address
from xlcicf.formula.recalculation import Recalculation
from xlcicf.formula.snapshot import ExcelError
from xlcicf.ooxml.cells import read_sheet
from xlcicf.ooxml.inventory import Inventory
from xlcicf.ooxml.package import Package, package_from_bytes, save_package
from xlcicf.ooxml.splice import KEEP, Patch, splice

_FONT = re.compile(rb"<font>(.*?)</font>", re.DOTALL)
_FONT_CHILD = re.compile(rb"<(\w+)[^>]*?/>")
_FONT_ORDER = (  # CT_Font of ECMA-376 part 1, as Excel writes it; openpyxl puts the name first
    b"b i strike condense extend outline shadow u vertAlign sz color name family charset scheme".split()
)
_TIMES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
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


def generated(workbook: openpyxl.Workbook, path: str | os.PathLike) -> Package:
    """A workbook of ours with each formula's result beside it, numbers in 17 digits; `path` is where it goes.

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
    return _with_results(_with_exact_numbers(tidied(package), workbook))


def errors_in(package: Package) -> dict[str, list[tuple[int, int]]]:
    """Where a generated package shows errors: sheet -> (row, column)."""
    inventory = Inventory(package)
    return {
        name: [
            cell
            for cell, value in read_sheet(inventory, entry).values.items()
            if isinstance(value, ExcelError)
        ]
        for name, entry in inventory.sheets.items()
    }


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


def _with_results(package: Package) -> Package:
    inventory = Inventory(package)
    book = inventory.outline()
    book.sheets |= {name: read_sheet(inventory, entry) for name, entry in inventory.sheets.items()}
    calculation = Recalculation(book, trusted=False)
    results = calculation.renewed()
    for place, error in calculation.uncomputed.items():
        raise FormulaError(str(error), cell_address(*place)) from error
    changes = {}
    for name, cells in results.items():
        part = inventory.sheets[name].part
        changes[part] = splice(package[part], part, {cell: Patch(v, KEEP) for cell, v in cells.items()})
    return package.replace(changes)
