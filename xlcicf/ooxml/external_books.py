"""What a workbook keeps of the values of other workbooks that its formulas refer to, as [1]Sheet1!A1."""

from collections.abc import Iterator
from xml.etree import ElementTree

from xlcicf.errors import BookError
from xlcicf.formula.address import parse_cell
from xlcicf.formula.snapshot import ERRORS, ExcelError, Scalar, Sheet
from xlcicf.ooxml.package import Package
from xlcicf.ooxml.xml import child, children, parse


def sheets_elsewhere(package: Package, parts: list[str | None]) -> dict[str, Sheet]:
    """ "[1]sheet1" casefolded -> what is kept of that sheet of the first of the other books, and so on.

    Of a part that is missing or damaged nothing is known, nor of a sheet whose values are not kept: a formula
    that refers to it then cannot be computed."""
    found: dict[str, Sheet] = {}
    for number, part in enumerate(parts, 1):
        if part is None or part not in package:
            continue
        try:
            root = parse(package[part], part)
        except BookError:
            continue
        for sheet in _sheets(root, number):
            found[sheet.name.casefold()] = sheet
    return found


def _sheets(root: ElementTree.Element, number: int) -> Iterator[Sheet]:
    book = child(root, "externalBook")
    listed, kept = (None, None) if book is None else (child(book, "sheetNames"), child(book, "sheetDataSet"))
    if listed is None:
        return
    names = [name.get("val", "") for name in children(listed, "sheetName")]
    for values in () if kept is None else children(kept, "sheetData"):
        index = values.get("sheetId", "")
        is_known = values.get("refreshError") not in ("1", "true")
        if is_known and index.isdigit() and int(index) < len(names):
            yield Sheet(f"[{number}]{names[int(index)]}", values=_cells(values))


def _cells(values: ElementTree.Element) -> dict[tuple[int, int], Scalar]:
    found = {}
    for row in children(values, "row"):
        for cell in children(row, "cell"):
            at, held = parse_cell(cell.get("r", "")), child(cell, "v")
            text = "" if held is None or held.text is None else held.text
            value = _value(cell.get("t", "n"), text)
            if at is not None and value is not None:
                found[at] = value
    return found


def _value(kind: str, text: str) -> Scalar:
    """What a cell's text says; None where that is nothing that a cell shows."""
    if kind == "str":
        return text
    if kind == "b":
        return text.strip() in ("1", "true")
    if kind == "e":
        return ExcelError(text) if text in ERRORS else None
    try:
        return float(text)
    except ValueError:
        return None
