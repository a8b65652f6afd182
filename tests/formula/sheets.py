"""Snapshots written as a dict of cells, for tests of formulas without a file."""

import numpy as np
import openpyxl
from openpyxl.worksheet.formula import ArrayFormula

from xlcicf.formula import SheetFunction, differentiate
from xlcicf.formula.address import Area, parse_cell
from xlcicf.formula.evaluate import Evaluator
from xlcicf.formula.graph import graph_of
from xlcicf.formula.rings import compute
from xlcicf.formula.snapshot import Sheet, Snapshot, Table


def area(text: str, sheet: str = "S") -> Area:
    """ "A1:B2" or "Other!A1" -> Area."""
    if "!" in text:
        sheet, text = text.split("!")
    first, _, last = text.partition(":")
    (top, left), (bottom, right) = parse_cell(first), parse_cell(last or first)
    return Area(sheet, top, left, bottom, right)


def snapshot(
    cells: dict[str, object],
    names: dict[str, str] | None = None,
    tables: list[Table] = (),
    hidden: set[int] = frozenset(),
    filtered: list[Area] = (),
) -> Snapshot:
    """{"A1": 2.0, "B1": "=A1*2", "C1:D2": "{=MMULT(...)}", "Other!A1": "text"}; sheet S unless named.

    `hidden` rows and `filtered` areas are those of sheet S."""
    book = Snapshot({"S": Sheet("S")})
    for address, content in cells.items():
        where = area(address)
        sheet = book.sheets.setdefault(where.sheet, Sheet(where.sheet))
        at = (where.top, where.left)
        if isinstance(content, str) and content.startswith("{="):
            sheet.formulas[at], sheet.arrays[at] = content[1:-1], where
        elif isinstance(content, str) and content.startswith("="):
            sheet.formulas[at] = content
        else:
            sheet.values[at] = (
                float(content) if isinstance(content, int) and not isinstance(content, bool) else content
            )
    book.names = {(name.casefold(), None): meaning for name, meaning in (names or {}).items()}
    book.sheets["S"].hidden, book.sheets["S"].filtered = set(hidden), list(filtered)
    book.tables = {table.name.casefold(): table for table in tables}
    return book


def write(cells: dict[str, object], path) -> None:
    """The same cells as a workbook file."""
    book = openpyxl.Workbook()
    book.active.title = "S"
    for address, content in cells.items():
        where = area(address)
        if where.sheet not in book.sheetnames:
            book.create_sheet(where.sheet)
        cell = book[where.sheet].cell(where.top, where.left)
        if isinstance(content, str) and content.startswith("{="):
            cell.value = ArrayFormula(where.address.split("!")[1], content[1:-1])
        else:
            cell.value = content
            if isinstance(content, str) and content[:1] not in ("=", "#"):
                cell.data_type = "s"  # "3" stays text
    book.save(path)


def function(cells: dict[str, object], objective: str, *changing: str, **named) -> SheetFunction:
    return differentiate(snapshot(cells, **named), area(objective), [area(c) for c in changing])


def central_differences(f: SheetFunction, v: np.ndarray | None = None, h: float = 1e-6) -> np.ndarray:
    v = f.start if v is None else v
    steps = h * np.maximum(1, np.abs(v))
    return np.array(
        [
            (f.value(v + s * e) - f.value(v - s * e)) / (2 * s)
            for s, e in zip(steps, np.eye(len(v)), strict=True)
        ]
    )


def computed(cells: dict[str, object], at: str, **named):
    """What torch makes of one formula cell: float, bool, str, ExcelError."""
    book = snapshot(cells, **named)
    graph = graph_of(book)
    evaluator = Evaluator(graph)
    where = area(at)
    failures: list[Exception] = []
    for unit in graph.in_order(list(graph.runs(where.sheet)), lambda run, error: failures.append(error)):
        for piece in compute(evaluator, unit):
            if any(where.intersect(a) for a in piece.areas):
                return evaluator.values(where).scalars().item()
    raise failures[0]
