"""A book as formula/ is handed it: formulas, values, names and tables, read in a few bulk calls a sheet."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import xlwings
from openpyxl.utils.datetime import to_excel

from xlcicf.formula.address import Area
from xlcicf.formula.snapshot import ExcelError, Scalar, Sheet, Snapshot, Table
from xlcicf.formula.text import area_of, split_sheet
from xlcicf.host.headless.engine import Book
from xlcicf.host.headless.ranges import ERRORS
from xlcicf.ooxml.document import Document


def read_snapshot(book: xlwings.Book) -> Snapshot:
    """The book at this moment. Values are those saved in the file; where an edit has changed them, or none
    is saved, IronCalc's. Of a book in Excel they are Excel's.

    Raises BookError for a damaged file and for one that IronCalc has to compute and cannot load.
    """
    if isinstance(book.impl, Book):
        return _of_document(book.impl.document)
    return through_xlwings(book)


def _of_document(document: Document) -> Snapshot:
    snapshot = Snapshot()
    for name in document.contents.sheets:
        cells = document.sheet(name)
        snapshot.sheets[name] = Sheet(name, dict(cells.formulas), dict(cells.values), dict(cells.arrays))
    snapshot.names = {(n.name.lower(), n.scope): n.refers_to for n in document.contents.names}
    snapshot.tables = {table.name.lower(): table for table in document.contents.tables}
    return snapshot


def through_xlwings(book: xlwings.Book) -> Snapshot:
    """The same through xlwings' public interface, whatever engine the book is on."""
    sheets = {sheet.name: _sheet(sheet) for sheet in book.sheets}
    tables = [_table(table) for sheet in book.sheets for table in sheet.tables]
    return Snapshot(sheets, dict(_names(book)), {table.name.lower(): table for table in tables})


def outline(book) -> Snapshot:
    """The sheets, names and tables of `book` without its cells: enough to know what a reference means."""
    tables = (_table(table) for sheet in book.sheets for table in sheet.tables)
    return Snapshot(
        sheets={sheet.name: Sheet(sheet.name) for sheet in book.sheets},
        names=dict(_names(book)),
        tables={table.name.lower(): table for table in tables},
    )


def _sheet(sheet: xlwings.Sheet) -> Sheet:
    used = sheet.used_range
    formulas, values = formula_rows(used), value_rows(used, dates=_serial)
    found = Sheet(sheet.name)
    for row, (texts, results) in enumerate(zip(formulas, values, strict=True), start=used.row):
        for col, (text, value) in enumerate(zip(texts, results, strict=True), start=used.column):
            if text.startswith("=") and text != value:
                found.formulas[row, col] = text
                found.values[row, col] = "" if value is None else _scalar(value)
            elif value is not None:
                found.values[row, col] = _scalar(value)
    for area in _arrays(used, found.formulas):
        found.arrays[area.top, area.left] = area
        for cell in area.cells():
            if cell != (area.top, area.left):
                del found.formulas[cell]
    return found


def formula_rows(cells) -> list[Sequence[str]]:
    """`cells.formula` as rows, whatever the shape: one cell gives a text, more give rows."""
    formulas = cells.formula
    if isinstance(formulas, str):
        return [(formulas,)]
    return [row if isinstance(row, tuple | list) else (row,) for row in formulas]


def value_rows(cells, **options) -> list[list]:
    """What cells show, as rows; errors as text, and what xlwings' `options` ask for.

    Of a cell formatted as currency Excel on Windows hands over a Decimal of four digits; Value2 has them all.
    """
    rows = cells.options(ndim=2, err_to_str=True, **options).value
    if not any(isinstance(value, Decimal) for row in rows for value in row):
        return rows
    exact = cells.api.Value2 if cells.size > 1 else ((cells.api.Value2,),)
    return [
        [number if isinstance(value, Decimal) else value for value, number in zip(*pair, strict=True)]
        for pair in zip(rows, exact, strict=True)
    ]


def _scalar(value) -> Scalar:
    return ExcelError(value) if isinstance(value, str) and value in ERRORS else value


def _serial(year, month, day, **time) -> float:
    return float(to_excel(dt.datetime(year, month, day, **{**time, "tzinfo": None})))


def _arrays(used: xlwings.Range, formulas: dict[tuple[int, int], str]) -> list[Area]:
    """The areas of legacy array formulas: every cell of one shows the same formula."""
    left_over = set(_array_cells(used))
    areas = []
    for row, col in sorted(left_over):
        if (row, col) not in left_over:
            continue
        bottom, right = row, col
        while (row, right + 1) in left_over and formulas[row, right + 1] == formulas[row, col]:
            right += 1
        while (bottom + 1, col) in left_over and formulas[bottom + 1, col] == formulas[row, col]:
            bottom += 1
        areas.append(Area(used.sheet.name, row, col, bottom, right))
        left_over -= set(areas[-1].cells())
    return areas


def _array_cells(cells: xlwings.Range) -> list[tuple[int, int]]:
    """The cells of a range that belong to array formulas, by halving where only some do."""
    rows, cols = cells.shape
    if cells.has_array is False:
        return []
    if cells.has_array:
        return [(cells.row + i, cells.column + j) for i in range(rows) for j in range(cols)]
    if rows > 1:
        halves = cells[: rows // 2, :], cells[rows // 2 :, :]
    else:
        halves = cells[:, : cols // 2], cells[:, cols // 2 :]
    return [cell for half in halves for cell in _array_cells(half)]


def _names(book: xlwings.Book):
    """((name in lower case, its sheet or None), what it refers to) of each defined name."""
    for name in book.names:
        sheet, bare = split_sheet(name.name)
        yield (bare.lower(), sheet or None), name.refers_to.removeprefix("=")


def _table(table: xlwings.main.Table) -> Table:
    area = area_of(table.parent.name, table.range.address)
    header = table.header_row_range
    columns = () if header is None else tuple(header.options(ndim=1, numbers=_plain).value)
    return Table(table.name, area, columns, int(header is not None), int(table.show_totals))


def _plain(number: float) -> str:
    """A header that is a number is text all the same: "2024"."""
    return f"{number:g}"
