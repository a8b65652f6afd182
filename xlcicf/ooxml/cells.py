"""A worksheet part read into formulas and values: shared formulas spelled out, dates left as numbers."""

import datetime
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby, islice
from operator import itemgetter
from xml.etree import ElementTree

from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, to_excel

from xlcicf.errors import BookError
from xlcicf.formula.address import Area, column_letters
from xlcicf.formula.snapshot import ExcelError, Scalar, Sheet
from xlcicf.formula.text import Template, area_of, relative_template, shifted_each
from xlcicf.ooxml.elements import Attributes, Cell, CellElement, Elements
from xlcicf.ooxml.inventory import Inventory, SheetEntry
from xlcicf.ooxml.usual_form import Content, UnusualForm
from xlcicf.ooxml.xml import decode_string, local, natural, parse

MAX_CELLS = 4_000_000  # of one sheet that hold something
MAX_SPELLED = 2**28  # letters of the shared formulas of a sheet, spelled out


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
    """The cells of a worksheet. The declared dimension is not looked at; empty cells leave no entry.

    Raises BookError, naming the sheet and the cell, where it is damaged or too large.
    """
    data = inventory.package[entry.part]
    try:
        content = Content.of("sheetData", data, entry.part)
        return _read(inventory, entry, content.around, lambda elements, _: elements.in_content(content))
    except UnusualForm:
        return _read(inventory, entry, parse(data, entry.part), Elements.in_tree)


def _read(
    inventory: Inventory,
    entry: SheetEntry,
    root: ElementTree.Element,
    cells: Callable[[Elements, ElementTree.Element], Iterator[CellElement]],
) -> SheetCells:
    """The sheet of a part's tree, in whose <sheetData> `cells` finds the cells."""
    sheet, elements = SheetCells(entry.name), Elements(entry.name)
    for element in root:
        match local(element.tag):
            case "cols":
                sheet.column_styles = [_column_style(col) for col in element if col.get("style")]
            case "sheetData":
                _Reader(inventory, sheet, elements.damaged).read(cells(elements, element))
            case "mergeCells":
                areas = (area_of(entry.name, merge.get("ref", "")) for merge in element)
                sheet.merged = [area for area in areas if area is not None]
            case "sheetProtection":
                sheet.protected = element.get("sheet") in ("1", "true")
    sheet.row_styles = elements.row_styles
    return sheet


def _column_style(element: ElementTree.Element) -> tuple[int, int, int]:
    return natural(element.get("min")), natural(element.get("max")), natural(element.get("style"))


class _Reader:
    """Takes what cells hold into a sheet."""

    def __init__(self, inventory: Inventory, sheet: SheetCells, damaged: Callable[[str], BookError]):
        self.inventory, self.sheet, self.damaged = inventory, sheet, damaged
        self.spelled: list[tuple[str, Template, Cell]] = []  # shared formulas with their numbers
        self.array_cells = 0

    def read(self, cells: Iterator[CellElement]) -> None:
        sheet, followers = self.sheet, defaultdict(list)
        values, formulas, styles = sheet.values, sheet.formulas, sheet.styles
        for at, style, kind, of_formula, formula, value, text in cells:
            if style is not None:
                styles[at] = style
            if of_formula:
                if not formula and "si" in of_formula and of_formula.get("t") == "shared":
                    followers[of_formula["si"]].append(at)
                else:
                    self.read_formula(of_formula, formula, at)
            elif formula:
                formulas[at] = "=" + formula
            if text is not None:
                values[at] = text
            elif value is not None:
                if (held := self.value(kind, value, at)) is not None:
                    values[at] = held
            elif kind == "n" and of_formula is None:
                sheet.typed_blanks.append(at)
            if len(values) > MAX_CELLS or len(formulas) > MAX_CELLS:
                raise self.too_many()
        self.share(followers)

    def too_many(self) -> BookError:
        return BookError(f"sheet {self.sheet.name!r} has more than {MAX_CELLS:,} cells; split it up")

    def share(self, followers: dict[str, list[Cell]]) -> None:
        """Spells out the formulas of cells that have the number of a shared one only."""
        name, formulas = self.sheet.name, self.sheet.formulas
        if len(formulas) + sum(map(len, followers.values())) > MAX_CELLS:
            raise self.too_many()
        last = {number: (template, at) for number, template, at in self.spelled}
        letters = sum(
            len(formulas[at]) * len(followers[number])
            for number, (_, at) in last.items()
            if number in followers
        )
        if letters > MAX_SPELLED:
            raise BookError(
                f"the shared formulas of sheet {name!r} have more than {MAX_SPELLED:,} letters; split it up"
            )
        for number, (template, at) in last.items():
            formulas.update(_spelled_in(followers.get(number, ()), template, at))
        for number, _, at in self.spelled:
            followers.setdefault(number, []).insert(0, at)
        self.sheet.shared = dict(followers)

    def value(self, kind: str | None, text: str, at: Cell) -> Scalar:
        try:
            if kind is None or kind == "n":
                number = float(text) if text else None
                if number is None or math.isfinite(number):
                    return number
            elif not text:
                return "" if kind == "str" else None
            elif kind == "s":
                if (index := int(text)) >= 0:
                    return self.inventory.strings[index]
            elif kind in ("str", "inlineStr"):
                return decode_string(text)
            elif kind == "b":
                return text.strip() in ("1", "true")
            elif kind == "e":
                return ExcelError(text)
            elif kind == "d":
                self.sheet.iso_dates.append(at)
                return _serial(text, MAC_EPOCH if self.inventory.date1904 else WINDOWS_EPOCH)
        except (ValueError, IndexError, OverflowError):
            pass
        raise self.damaged(f"{column_letters(at[1])}{at[0]}")

    def read_formula(self, attributes: Attributes, text: str | None, at: Cell) -> None:
        """One with attributes: an array, a what-if data table, one that is shared, or a plain one."""
        kind, number = attributes.get("t"), attributes.get("si")
        if kind in ("array", "dataTable"):
            area = self.filled(attributes, at)
            if kind == "dataTable":
                self.sheet.data_tables.append(area)
                return
            self.sheet.arrays[at] = area
        if not text:
            return
        if kind == "shared" and number is not None:
            try:
                self.spelled.append((number, ["=", *relative_template(text)], at))
            except ValueError:
                raise self.damaged(f"{column_letters(at[1])}{at[0]}") from None
        self.sheet.formulas[at] = "=" + text

    def filled(self, attributes: Attributes, at: Cell) -> Area:
        """The area that an array formula or a data table fills."""
        name = self.sheet.name
        area = area_of(name, attributes.get("ref", "")) or Area(name, *at, *at)
        rows, cols = area.shape
        self.array_cells += rows * cols
        if self.array_cells > MAX_CELLS:
            raise BookError(f"the array formulas of sheet {name!r} fill more than {MAX_CELLS:,} cells")
        return area


def _spelled_in(cells: Iterable[Cell], template: Template, at: Cell) -> Iterator[tuple[Cell, str]]:
    """The cells with their texts of the formula in the cell `at`."""
    for col, column in groupby(sorted(cells, key=itemgetter(1)), itemgetter(1)):
        while some := list(islice(column, 4096)):
            texts = shifted_each(template, [row - at[0] for row, _ in some], col - at[1])
            yield from zip(some, texts, strict=True)


def _serial(text: str, epoch: datetime.datetime) -> float:
    """The serial number of an ISO 8601 date, of one with a time, or of a time alone; a zone is left out."""
    if ":" in text and "-" not in text.partition(":")[0]:
        return float(to_excel(datetime.time.fromisoformat(text).replace(tzinfo=None), epoch))
    return float(to_excel(datetime.datetime.fromisoformat(text).replace(tzinfo=None), epoch))
