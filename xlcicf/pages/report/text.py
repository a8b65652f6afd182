"""A report as text: Markdown, whose tables read as well in a terminal."""

from collections.abc import Mapping, Sequence

from xlcicf.pages.inert import inert, inert_cell
from xlcicf.pages.report.content import Entry, Report, Section, Table, plain

FEW = 40  # rows of a table in a terminal


def report_text(report: Report, most: int | None = None, pictures: Mapping[str, str] | None = None) -> str:
    """All sections; of each table at most so many rows.

    pictures  title -> the picture's file, shown at the end
    """
    parts = [f"# {inert(report.title)}", *(_section(section, most) for section in report.sections)]
    parts += [f"![{title}]({file})" for title, file in (pictures or {}).items()]
    return "\n\n".join(parts) + "\n"


def _section(section: Section, most: int | None) -> str:
    tables = [f"### {table.title}\n\n{_table(table, most)}" for table in section.tables]
    return "\n\n".join([f"## {section.title}", *map(inert, section.said), *tables])


def _table(table: Table, most: int | None) -> str:
    rows = [[_text(entry) for entry in row] for row in table.rows[:most]]
    heads = list(table.columns.values())
    is_number = [_is_number([row[j] for row in table.rows]) for j in range(len(heads))]
    widths = [max(3, *(len(row[j]) for row in [heads, *rows])) for j in range(len(heads))]

    def line(texts: Sequence[str]) -> str:
        cells = zip(texts, widths, is_number, strict=True)
        return "| " + " | ".join(f"{t:>{w}}" if right else f"{t:<{w}}" for t, w, right in cells) + " |"

    rule = ["-" * (w - 1) + ":" if right else "-" * w for w, right in zip(widths, is_number, strict=True)]
    more = len(table.rows) - len(rows)
    closing = [f"\n... and {more} more"] if more else []
    return "\n".join([line(heads), line(rule), *map(line, rows), *closing])


def _is_number(column: Sequence[Entry]) -> bool:
    return any(isinstance(plain(entry), float | int) for entry in column)


def _text(entry: Entry) -> str:
    value = plain(entry)
    if value is None:
        return ""
    return inert_cell(value) if isinstance(value, str) else f"{value:.8g}"
