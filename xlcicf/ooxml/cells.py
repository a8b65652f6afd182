"""A worksheet part read into formulas and values: shared formulas spelled out, dates left as numbers."""

import datetime
import math
from dataclasses import dataclass, field, replace
from xml.etree import ElementTree

from openpyxl.utils.datetime import to_excel

from xlcicf.errors import BookError
from xlcicf.formula.address import MAX_COL, MAX_ROW, Area, column_letters, parse_cell
from xlcicf.formula.snapshot import ExcelError, Scalar, Sheet
from xlcicf.formula.text import Template, area_of, relative_template, shifted
from xlcicf.ooxml.inventory import Inventory, SheetEntry, string_text
from xlcicf.ooxml.xml import decode_string, local, natural, parse

MAX_CELLS = 4_000_000  # of one sheet that hold something

Cell = tuple[int, int]


@dataclass
class SheetCells(Sheet):
    """A worksheet as its part has it: what formula/ is handed, and what only an editor asks for.

    styles      index of the cell format (s=) of each cell that has one; 0 is left out
    row_styles, column_styles  the same of whole rows, and of whole columns as (first, last, style)
    shared      number of a shared formula (si=) -> its cells, the one that spells it first
    typed_blanks  dressed cells that call themselves numbers (t="n") and hold nothing, as openpyxl writes them
    iso_dates   cells whose date is written out (t="d"); its serial number stands in values
    merged      areas of merged cells
    protected   whether the sheet is protected
    """

    styles: dict[Cell, int] = field(default_factory=dict)
    row_styles: dict[int, int] = field(default_factory=dict)
    column_styles: list[tuple[int, int, int]] = field(default_factory=list)
    shared: dict[str, list[Cell]] = field(default_factory=dict)
    typed_blanks: list[Cell] = field(default_factory=list)
    iso_dates: list[Cell] = field(default_factory=list)
    merged: list[Area] = field(default_factory=list)
    protected: bool = False

    def copy(self) -> "SheetCells":
        """One whose formulas, values and styles may be changed without changing this one's."""
        return replace(
            self,
            formulas=dict(self.formulas),
            values=dict(self.values),
            arrays=dict(self.arrays),
            styles=dict(self.styles),
        )

    def style(self, row: int, col: int) -> int:
        """The cell format that holds at a cell: its own, else its row's, else its column's."""
        own = self.styles.get((row, col), self.row_styles.get(row))
        if own is None:
            own = next((s for first, last, s in self.column_styles if first <= col <= last), 0)
        return own


def read_sheet(inventory: Inventory, entry: SheetEntry) -> SheetCells:
    """The cells of a worksheet. The declared dimension is not looked at; empty cells leave no entry."""
    root = parse(inventory.package[entry.part], entry.part)
    sheet = SheetCells(entry.name)
    for element in root:
        match local(element.tag):
            case "cols":
                sheet.column_styles = [_column_style(col) for col in element if col.get("style")]
            case "sheetData":
                _Reader(inventory, entry, sheet).read(element)
            case "mergeCells":
                areas = (area_of(entry.name, merge.get("ref", "")) for merge in element)
                sheet.merged = [area for area in areas if area is not None]
            case "sheetProtection":
                sheet.protected = element.get("sheet") in ("1", "true")
    return sheet


def _column_style(element: ElementTree.Element) -> tuple[int, int, int]:
    return natural(element.get("min")), natural(element.get("max")), natural(element.get("style"))


class _Reader:
    """Walks sheetData once. A row or cell without r= stands right after the one before it."""

    def __init__(self, inventory: Inventory, entry: SheetEntry, sheet: SheetCells):
        self.inventory, self.entry, self.sheet = inventory, entry, sheet
        self.columns: dict[str, int] = {}
        self.templates: dict[str, tuple[Template, Cell]] = {}
        self.followers: list[tuple[Cell, str]] = []
        self.array_cells = 0

    def read(self, data: ElementTree.Element) -> None:
        space = data.tag[: -len("sheetData")]  # the namespace in braces: comparing whole tags is quick
        self.v, self.f, self.inline = space + "v", space + "f", space + "is"
        row = 0
        for line in data:
            row = natural(line.get("r")) or row + 1
            if row > MAX_ROW:
                raise self.damaged(f"row {row}")
            if style := natural(line.get("s")):
                self.sheet.row_styles[row] = style
            self.read_row(line, row)
        for at, number in self.followers:
            self.follow(at, number)

    def read_row(self, line: ElementTree.Element, row: int) -> None:
        suffix, col = str(row), 0
        for cell in line:
            reference = cell.get("r")
            col = col + 1 if reference is None else self.column(reference, suffix)
            if col > MAX_COL:
                raise self.damaged(f"column {col} of row {row}")
            self.read_cell(cell, (row, col))

    def column(self, reference: str, suffix: str) -> int:
        letters = reference.removesuffix(suffix)
        if letters not in self.columns:
            at = parse_cell(letters + "1")
            if at is None or at[0] != 1 or not letters.isalpha():
                raise self.damaged(reference)
            self.columns[letters] = at[1]
        return self.columns[letters]

    def damaged(self, where: str) -> BookError:
        return BookError(f"sheet {self.entry.name!r} is damaged at {where}; open and save the book in Excel")

    def read_cell(self, cell: ElementTree.Element, at: Cell) -> None:
        if style := cell.get("s"):
            self.sheet.styles[at] = natural(style)
        value = None
        for part in cell:
            if part.tag == self.v:
                value = self.value(cell.get("t", "n"), part.text, at)
            elif part.tag == self.f:
                self.read_formula(part, at)
            elif part.tag == self.inline:
                value = string_text(part)
        if not len(cell) and cell.get("t") == "n":
            self.sheet.typed_blanks.append(at)
        if value is not None:
            self.sheet.values[at] = value
            if len(self.sheet.values) > MAX_CELLS:
                raise BookError(f"sheet {self.entry.name!r} has more than {MAX_CELLS:,} cells; split it up")

    def value(self, kind: str, text: str | None, at: Cell) -> Scalar:
        if text is None:
            return "" if kind == "str" else None
        try:
            match kind:
                case "n":
                    return _finite(text)
                case "s":
                    return self.inventory.strings[int(text)]
                case "str" | "inlineStr":
                    return decode_string(text)
                case "b":
                    return text.strip() in ("1", "true")
                case "e":
                    return ExcelError(text)
                case "d":
                    self.sheet.iso_dates.append(at)
                    return float(to_excel(datetime.datetime.fromisoformat(text)))
        except (ValueError, IndexError, OverflowError):
            pass
        raise self.damaged(f"{column_letters(at[1])}{at[0]}")

    def read_formula(self, element: ElementTree.Element, at: Cell) -> None:
        kind, text = element.get("t", "normal"), element.text
        if kind == "shared" and (number := element.get("si")) is not None:
            self.share(number, text, at)
            return
        if kind in ("array", "dataTable"):
            area = area_of(self.entry.name, element.get("ref", "")) or Area(self.entry.name, *at, *at)
            rows, cols = area.shape
            self.array_cells += rows * cols
            if self.array_cells > MAX_CELLS:
                raise BookError(
                    f"the array formulas of sheet {self.entry.name!r} fill more than {MAX_CELLS:,} cells"
                )
            if kind == "dataTable":
                self.sheet.data_tables.append(area)
                return
            self.sheet.arrays[at] = area
        if text:
            self.sheet.formulas[at] = "=" + text

    def share(self, number: str, text: str | None, at: Cell) -> None:
        group = self.sheet.shared.setdefault(number, [])
        if not text:
            group.append(at)
            self.followers.append((at, number))
            return
        try:
            self.templates[number] = relative_template(text), at
        except ValueError:
            raise self.damaged(f"{column_letters(at[1])}{at[0]}") from None
        self.sheet.formulas[at] = "=" + text
        group.insert(0, at)

    def follow(self, at: Cell, number: str) -> None:
        if number in self.templates:
            template, master = self.templates[number]
            self.sheet.formulas[at] = "=" + shifted(template, at[0] - master[0], at[1] - master[1])


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
