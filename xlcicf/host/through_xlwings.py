"""A book read and recalculated through xlwings' public interface, whatever engine it is on."""

import datetime as dt
import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import xlwings
from openpyxl.utils.datetime import to_excel

from xlcicf.formula.address import Area
from xlcicf.formula.snapshot import ERRORS, ExcelError, Sheet, Snapshot, Table
from xlcicf.formula.text import area_of, split_sheet


def formulas(cells: xlwings.Range) -> list[Sequence[str]]:
    """`cells.formula` as rows, whatever the shape: one cell gives a text, more give rows."""
    found = cells.formula
    if isinstance(found, str):
        return [(found,)]
    return [row if isinstance(row, tuple | list) else (row,) for row in found]


def area(cells: xlwings.Range) -> Area:
    """The rectangle of a range."""
    (rows, cols), row, col = cells.shape, cells.row, cells.column
    return Area(cells.sheet.name, row, col, row + rows - 1, col + cols - 1)


def values(cells: xlwings.Range, serials: bool) -> list[list]:
    """`cells.value` as rows; dates as serial numbers if so asked, errors as ExcelError."""
    dates = {"dates": _serial} if serials else {}
    return [
        [_scalar(value) for value in row] for row in cells.options(ndim=2, err_to_str=True, **dates).value
    ]


def _scalar(value):
    return ExcelError(value) if isinstance(value, str) and value in ERRORS else value


def _serial(year, month, day, **time) -> float:
    return float(to_excel(dt.datetime(year, month, day, **{**time, "tzinfo": None})))


def snapshot(book: xlwings.Book, formulas: Callable, values: Callable) -> Snapshot:
    """The whole book, its cells read by functions like the two above, in a few bulk calls a sheet."""
    found = outline(book)
    for sheet in book.sheets:
        used = sheet.used_range
        found.sheets[sheet.name] = _sheet(used, formulas(used), values(used, serials=True))
    return found


def outline(book: xlwings.Book) -> Snapshot:
    """The sheets, names and tables of a book without its cells."""
    sheets = list(book.sheets)
    tables = (_table(table) for sheet in sheets for table in sheet.tables)
    return Snapshot(
        sheets={sheet.name: Sheet(sheet.name) for sheet in sheets},
        names=dict(_names(book)),
        tables={table.name.casefold(): table for table in tables},
    )


def _sheet(used: xlwings.Range, formulas: list[Sequence[str]], values: list[list]) -> Sheet:
    found = Sheet(used.sheet.name)
    for row, (texts, results) in enumerate(zip(formulas, values, strict=True), start=used.row):
        for col, (text, value) in enumerate(zip(texts, results, strict=True), start=used.column):
            if text.startswith("=") and text != value:
                found.formulas[row, col] = text
                found.values[row, col] = "" if value is None else value
            elif value is not None:
                found.values[row, col] = value
    for area in _arrays(used, found.formulas):
        found.arrays[area.top, area.left] = area
        for cell in area.cells():
            if cell != (area.top, area.left):
                del found.formulas[cell]
    return found


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


def _names(book: xlwings.Book) -> Iterator[tuple[tuple[str, str | None], str]]:
    """((name in lower case, its sheet or None), what it refers to) of each defined name."""
    for name in book.names:
        sheet, bare = split_sheet(name.name)
        yield (bare.casefold(), sheet or None), (name.refers_to or "").removeprefix("=")


def _table(table: xlwings.main.Table) -> Table:
    area = area_of(table.parent.name, table.range.address)
    assert area, "a table's range has an address"
    header = table.header_row_range
    columns = () if header is None else tuple(header.options(ndim=1, numbers=_plain).value)
    return Table(table.name, area, columns, int(header is not None), int(table.show_totals))


def _plain(number: float) -> str:
    """A header that is a number is text all the same: "2024"."""
    return f"{number:g}"


def recalculation(
    book: xlwings.Book, objective: Area, changing: Sequence[Area]
) -> Callable[[np.ndarray], float]:
    """value(v): what the objective's cell shows, nan for no number, with v (n,) in the changing cells, which
    hold again what they held when it returns."""
    shown, blocks = range_of(book, objective), [range_of(book, area) for area in changing]
    ends = np.cumsum([block.size for block in blocks])[:-1]

    def write(rows: list[list[list]]) -> None:
        for block, part in zip(blocks, rows, strict=True):
            block.value = part
        book.app.calculate()  # a person may have set it to calculate by hand

    def value(v: np.ndarray) -> float:
        parts = [part.reshape(block.shape) for block, part in zip(blocks, np.split(v, ends), strict=True)]
        before = [block.options(ndim=2).value for block in blocks]
        try:
            write([part.tolist() for part in parts])
            result = shown.value
        finally:
            write(before)
        return result if isinstance(result, float) else math.nan

    return value


def range_of(book: xlwings.Book, area: Area) -> xlwings.Range:
    return book.sheets[area.sheet].range((area.top, area.left), (area.bottom, area.right))


def remove_sheet(book: xlwings.Book, name: str) -> None:
    """Without the question that Excel would ask."""
    asks, book.app.display_alerts = book.app.display_alerts, False
    try:
        book.sheets[name].delete()
    finally:
        book.app.display_alerts = asks
