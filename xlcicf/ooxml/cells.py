"""A worksheet part read into formulas and values: shared formulas spelled out, dates left as numbers."""

import datetime
import math
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby, islice
from operator import itemgetter
from xml.etree import ElementTree

from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, to_excel

from xlcicf.errors import BookError
from xlcicf.formula.address import Area, column_letters, parse_cell
from xlcicf.formula.snapshot import ExcelError, Scalar, WhatIf
from xlcicf.formula.text import Template, area_of, relative_template, shifted_each
from xlcicf.ooxml.elements import MAX_CELLS, Attributes, CellElement, Elements, is_on, is_shared
from xlcicf.ooxml.inventory import Inventory, SheetEntry
from xlcicf.ooxml.sheet_cells import Cell, SheetCells
from xlcicf.ooxml.usual_form import Content, UnusualForm
from xlcicf.ooxml.xml import decode_string, local, natural, parse

MAX_SPELLED = 2**28  # letters of the shared formulas of a sheet, spelled out


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
    sheet = SheetCells(entry.name)
    for element in root:
        match local(element.tag):
            case "cols":
                sheet.column_styles = [_column_style(col) for col in element if col.get("style")]
            case "sheetData":
                elements = Elements(sheet)
                _Reader(inventory, sheet, elements).read(cells(elements, element))
            case "mergeCells":
                areas = (area_of(entry.name, merge.get("ref", "")) for merge in element)
                sheet.merged = [area for area in areas if area is not None]
            case "autoFilter" if len(element):
                area = area_of(entry.name, element.get("ref", ""))
                sheet.filtered = [] if area is None else [area]
            case "sheetProtection":
                sheet.protected = element.get("sheet") in ("1", "true")
    return sheet


def _column_style(element: ElementTree.Element) -> tuple[int, int, int]:
    return natural(element.get("min")), natural(element.get("max")), natural(element.get("style"))


class _Reader:
    """Takes what cells hold into a sheet."""

    def __init__(self, inventory: Inventory, sheet: SheetCells, elements: Elements):
        self.inventory, self.sheet, self.elements = inventory, sheet, elements
        self.spelled: list[tuple[str, Template, Cell]] = []  # shared formulas with their numbers
        self.array_cells = 0

    def read(self, cells: Iterator[CellElement]) -> None:
        sheet = self.sheet
        for at, style, kind, of_formula, formula, value, text in cells:
            if style is not None:
                sheet.styles[at] = style
            if of_formula:
                self.read_formula(of_formula, formula, at)
            elif formula:
                sheet.formulas[at] = "=" + formula
            held: Scalar = text
            if value is not None:
                saved = self.value(kind, value, at)  # where it is damaged, a text beside it is no help
                held = saved if text is None else text
            elif text is None and kind == "n" and of_formula is None:
                sheet.typed_blanks.append(at)
            if held is not None:
                sheet.values[at] = held
        self.share()

    def share(self) -> None:
        """Spells out the formulas of cells that have the number of a shared one only."""
        name, formulas, followers = self.sheet.name, self.sheet.formulas, self.elements.followers
        self.elements.require_room(more=sum(map(len, followers.values())))
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
        for number, cells in followers.items():
            self.sheet.shared.setdefault(number, []).extend(cells)

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
        raise self.elements.damaged(f"{column_letters(at[1])}{at[0]}")

    def read_formula(self, attributes: Attributes, text: str | None, at: Cell) -> None:
        """One with attributes: an array, a what-if data table, one that is shared, or a plain one."""
        kind = attributes.get("t")
        if kind in ("array", "dataTable"):
            area = self.filled(attributes, at)
            if kind == "dataTable":
                self.sheet.data_tables[area] = _asked(attributes)
                return
            self.sheet.arrays[at] = area
        if is_shared(attributes):
            self.read_shared(attributes["si"], text, at)
        if text:
            self.sheet.formulas[at] = "=" + text

    def read_shared(self, number: str, text: str | None, at: Cell) -> None:
        if not text:
            self.elements.followers.setdefault(number, []).append(at)
            return
        try:
            self.spelled.append((number, ["=", *relative_template(text)], at))
        except ValueError:
            raise self.elements.damaged(f"{column_letters(at[1])}{at[0]}") from None

    def filled(self, attributes: Attributes, at: Cell) -> Area:
        """The area that an array formula or a data table fills."""
        name = self.sheet.name
        area = area_of(name, attributes.get("ref", "")) or Area(name, *at, *at)
        rows, cols = area.shape
        self.array_cells += rows * cols
        if self.array_cells > MAX_CELLS:
            raise BookError(f"the array formulas of sheet {name!r} fill more than {MAX_CELLS:,} cells")
        return area


def _asked(attributes: Attributes) -> WhatIf:
    """What the attributes of a data table's formula say; of one whose input was deleted nothing."""
    first, second = (parse_cell(attributes.get(name, "")) for name in ("r1", "r2"))
    if is_on(attributes.get("del1")) or is_on(attributes.get("del2")) or first is None:
        return WhatIf()
    if is_on(attributes.get("dt2D")):
        return WhatIf(first, second) if second else WhatIf()
    return WhatIf(row_input=first) if is_on(attributes.get("dtr")) else WhatIf(column_input=first)


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
