"""A report as a sheet of the person's book: section below section, live where formulas can say it.

Slack and status are formulas on the person's own cells, so that the sheet follows what is changed later; what
only the run knows (the values before it, prices, standard errors) stands there as numbers.
"""

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace

from xlcicf.formula.address import column_letters
from xlcicf.pages.report.content import Drawing, Entry, Live, Report, Section, Table, plain
from xlcicf.sheet.block import Block
from xlcicf.sheet.page_value import Page, PageCell, PageChart

NAME = "Report"
ROWS = 1000  # of a table
DIGITS, SMALL, LARGE = 6, 1e-4, 1e10  # shown of a number; beyond these sizes as a power of ten
LINE = 120  # letters of a sentence's line
WIDE, HIGH, BAR = 760, 340, 30  # of a chart, and of one of its bars, in pixels
A_ROW = 20  # pixels
WIDTHS = {"A": 36, "B": 34} | dict.fromkeys("CDEFGHIJ", 19)
NOTE = (
    "Made by xlcicf. Slack, status and “After” are formulas on your cells. Delete this sheet when you like."
)


def report_page(report: Report, name: str) -> Page:
    """The report as a page of that name."""
    cells: dict[str, PageCell] = {}
    charts: list[PageChart] = []
    row = 4
    for section in report.sections:
        row = _section(cells, charts, section, name, row)
    return Page(name, report.title, NOTE, WIDTHS, cells, charts=tuple(charts))


def _section(
    cells: dict[str, PageCell], charts: list[PageChart], section: Section, name: str, row: int
) -> int:
    """Writes a section from a row on; returns the row where the next one begins."""
    cells[f"A{row}"] = PageCell(section.title, "Section")
    row += 1
    for sentence in section.said:
        for line in textwrap.wrap(sentence, LINE):
            cells[f"A{row}"] = PageCell(line, "Page note")
            row += 1
    for table in section.tables:
        row += 1
        if table.drawing is not None:
            below = row + 2 + _height(table.drawing, table) // A_ROW
            charts.append(_chart(table.drawing, table, name, row, below))
            row = below
        row = _table(cells, table, row)
    return row + 1


def _chart(drawing: Drawing, table: Table, name: str, row: int, below: int) -> PageChart:
    """A chart at a row of the table that is written from the row `below` on."""
    data = Block("chart", name, f"A{below + 1}", 1 + min(len(table.rows), ROWS), 1 + drawing.columns)
    alt = f"{drawing.title}, as in the table below."
    size = WIDE, _height(drawing, table)
    chart = PageChart(drawing.title, alt, f"A{row}", size, data, drawing.dots)
    return replace(chart, type="bar_stacked_100") if drawing.bars else chart


def _height(drawing: Drawing, table: Table) -> int:
    return 60 + BAR * len(table.rows) if drawing.bars else HIGH


def _table(cells: dict[str, PageCell], table: Table, row: int) -> int:
    cells[f"A{row}"] = PageCell(table.title, "Label")
    letters = [column_letters(col) for col in range(1, 1 + len(table.columns))]
    for letter, head in zip(letters, table.columns.values(), strict=True):
        cells[f"{letter}{row + 1}"] = PageCell(head, "Column header")
    row += 2
    for entries in table.rows[:ROWS]:
        there = {key: f"{letter}{row}" for key, letter in zip(table.columns, letters, strict=True)}
        for key, letter, entry in zip(table.columns, letters, entries, strict=True):
            if (cell := _cell(entry, there, letter not in "AB")) is not None:
                cells[f"{letter}{row}"] = replace(cell, number_format="0%") if key in table.shares else cell
        row += 1
    if len(table.rows) > ROWS:
        cells[f"A{row}"] = PageCell(f"... and {len(table.rows) - ROWS:,} more", "Page note")
        row += 1
    return row


def _cell(entry: Entry, there: Mapping[str, str], is_narrow: bool) -> PageCell | None:
    value = plain(entry)
    style = "Word" if is_narrow and isinstance(value, str) else "Formula"
    if isinstance(entry, Live):
        return PageCell(_formula(entry.formula, there), style, _number_format(value), formula=True)
    if value is None:
        return None
    is_short = not isinstance(value, str) and abs(value) >= SMALL and float(f"{value:.{DIGITS}g}") == value
    return PageCell(value, style, None if is_short else _number_format(value))


def _number_format(value: str | float | None) -> str | None:
    """Six digits of what is no whole number; the cell itself holds them all."""
    if isinstance(value, str) or not value or (value == round(value) and abs(value) < LARGE):
        return None
    if not SMALL <= abs(value) < LARGE:
        return "0.00000E+00"
    decimals = max(0, DIGITS - 1 - math.floor(math.log10(abs(value))))
    return f"0.{'0' * decimals}" if decimals else "0"


def _formula(formula: str, there: Mapping[str, str]) -> str:
    for key, cell in there.items():
        formula = formula.replace(f"{{{key}}}", cell)
    return formula


def free_name(names: Sequence[str]) -> str:
    """The first of "Report", "Report 2", ... that no sheet of a book has."""
    taken, number = {name.casefold() for name in names}, 1
    while (name := NAME if number == 1 else f"{NAME} {number}").casefold() in taken:
        number += 1
    return name
