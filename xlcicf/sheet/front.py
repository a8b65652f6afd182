"""The first sheet of a lesson book: what it is, what to do, what the colours say, where things are."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from xlcicf.formula.address import quote_sheet
from xlcicf.sheet.page import add_page, put, put_link
from xlcicf.sheet.style import READ, ROLES, TABS, WHITE, fill_of


@dataclass(frozen=True)
class Front:
    """The texts of *Read me*.

    about   what the book is, in a few sentences
    to_do   what to try, in the order in which it is best tried; they are numbered
    sheets  name of each other sheet -> what a reader finds there
    source  whose lesson and whose data it is
    note    below the title
    roles   cell style -> what such a cell is in this book, where that is not what `ROLES` says
    kinds   name of a sheet -> its kind, one of `TABS`, where that is not "read"
    links   what the lesson is after: title -> address
    """

    title: str
    about: str
    to_do: tuple[str, ...]
    sheets: Mapping[str, str]
    source: str
    note: str = "Everything here is a plain formula: click a cell to see how it is made."
    roles: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)

    def kind(self, sheet: str) -> str:
        """Of a sheet of the book, one of `TABS`."""
        assert sheet in self.sheets and self.kinds.keys() <= self.sheets.keys(), sheet
        return self.kinds.get(sheet, READ)

    def write(self, workbook: Workbook) -> None:
        """Adds the sheet *Read me*, with a link to each of the other sheets."""
        roles = ROLES | dict(self.roles)
        colours = 9 + len(self.to_do)
        kinds = {kind: TABS[kind] for kind in TABS if kind in map(self.kind, self.sheets)}
        tabs = colours + 2 + len(roles)
        places = tabs + 2 + len(kinds)
        source = places + 2 + len(self.sheets)
        ws = add_page(
            workbook,
            "Read me",
            self.title,
            self.note,
            widths="A=9 B=21 C=100",
            print_area=f"A1:C{source + 2 + len(self.links)}",
        )
        ws.page_setup.orientation = "portrait"  # as a text is read
        put(ws, "A4", "What it is", "Section")
        _write_wrapped(ws, 5, self.about)
        put(ws, "A7", "What to do", "Section")
        for row, text in enumerate(self.to_do, 8):
            put(ws, f"A{row}", f"{row - 7}.", "Text")
            _write_wrapped(ws, row, text)
        put(ws, f"A{colours}", "What the colours say", "Section")
        for row, (role, meaning) in enumerate(roles.items(), colours + 1):
            put(ws, f"B{row}", role.lower(), role, None, "center")
            put(ws, f"C{row}", meaning, "Label")
        put(ws, f"A{tabs}", "What the tabs' colours say", "Section")
        for row, (kind, (_, meaning)) in enumerate(kinds.items(), tabs + 1):
            _write_kind(ws, f"B{row}", kind)
            put(ws, f"C{row}", meaning, "Label")
        put(ws, f"A{places}", "Where things are", "Section")
        for row, (sheet, text) in enumerate(self.sheets.items(), places + 1):
            _write_kind(ws, f"A{row}", self.kind(sheet))
            put_link(ws, f"B{row}", sheet, f"#{quote_sheet(sheet)}!A1")
            put(ws, f"C{row}", text, "Label")
        put(ws, f"A{source}", "Where it comes from", "Section")
        _write_wrapped(ws, source + 1, self.source)
        for row, (title, address) in enumerate(self.links.items(), source + 2):
            put_link(ws, f"B{row}", title, address)


def _write_kind(ws: Worksheet, cell: str, kind: str) -> None:
    """The word for a kind of sheet, in white on the colour of its tab."""
    put(ws, cell, kind, "Label", None, "center")
    ws[cell].fill = fill_of(TABS[kind][0])
    ws[cell].font = Font(name="Arial", size=9, bold=True, color=WHITE)


def _write_wrapped(ws: Worksheet, row: int, text: str) -> None:
    """Text over the width of columns B and C, as high as it needs."""
    put(ws, f"B{row}", text, "Text")
    ws.merge_cells(f"B{row}:C{row}")
    ws.row_dimensions[row].height = 4 + 13 * (1 + len(text) // 145)
