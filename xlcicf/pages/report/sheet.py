"""A report as a sheet of the person's book: section below section, live where formulas can say it.

Slack and status are formulas on the person's own cells, so that the sheet follows what is changed later; what
only the run knows (the values before it, prices, standard errors) stands there as numbers.
"""

import textwrap
from collections.abc import Mapping, Sequence

from xlcicf.formula.address import column_letters
from xlcicf.pages.report.content import Entry, Live, Report, Section, Table, plain
from xlcicf.sheet.page_value import Page, PageCell

NAME = "Report"
ROWS = 1000  # of a table
LINE = 120  # letters of a sentence's line
WIDTHS = {"A": 34, "B": 26} | dict.fromkeys("CDEFGHIJ", 16)
NOTE = (
    "Made by xlcicf. Slack, status and “After” are formulas on your cells. Delete this sheet when you like."
)


def report_page(report: Report, name: str) -> Page:
    """The report as a page of that name."""
    cells: dict[str, PageCell] = {}
    row = 4
    for section in report.sections:
        row = _section(cells, section, row)
    return Page(name, report.title, NOTE, WIDTHS, cells)


def _section(cells: dict[str, PageCell], section: Section, row: int) -> int:
    """Writes a section from a row on; returns the row where the next one begins."""
    cells[f"A{row}"] = PageCell(section.title, "Section")
    row += 1
    for sentence in section.said:
        for line in textwrap.wrap(sentence, LINE):
            cells[f"A{row}"] = PageCell(line, "Page note")
            row += 1
    for table in section.tables:
        row = _table(cells, table, row + 1)
    return row + 1


def _table(cells: dict[str, PageCell], table: Table, row: int) -> int:
    cells[f"A{row}"] = PageCell(table.title, "Label")
    letters = [column_letters(col) for col in range(1, 1 + len(table.columns))]
    for letter, head in zip(letters, table.columns.values(), strict=True):
        cells[f"{letter}{row + 1}"] = PageCell(head, "Column header")
    row += 2
    for entries in table.rows[:ROWS]:
        there = {key: f"{letter}{row}" for key, letter in zip(table.columns, letters, strict=True)}
        for letter, entry in zip(letters, entries, strict=True):
            if (cell := _cell(entry, there, letter not in "AB")) is not None:
                cells[f"{letter}{row}"] = cell
        row += 1
    if len(table.rows) > ROWS:
        cells[f"A{row}"] = PageCell(f"... and {len(table.rows) - ROWS:,} more", "Page note")
        row += 1
    return row


def _cell(entry: Entry, there: Mapping[str, str], is_narrow: bool) -> PageCell | None:
    value = plain(entry)
    style = "Word" if is_narrow and isinstance(value, str) else "Formula"
    if isinstance(entry, Live):
        return PageCell(_formula(entry.formula, there), style, formula=True)
    return None if value is None else PageCell(value, style)


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
