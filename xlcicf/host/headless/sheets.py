"""xlwings' sheets without Excel: listed, added, and asked for their cells by any reference."""

import itertools
from collections.abc import Iterator

from xlwings import base_classes

from xlcicf.errors import NotPossibleHeadless
from xlcicf.formula.address import area_around
from xlcicf.host.headless.names_and_tables import Names, Tables
from xlcicf.host.headless.ranges import Range, SeveralAreas
from xlcicf.host.headless.shapes import Charts, Pictures
from xlcicf.host.refusal import refusing
from xlcicf.host.worksheet import Worksheet, no_such_sheet
from xlcicf.ooxml.edits import AddSheet
from xlcicf.ooxml.inventory import SheetEntry


@refusing
class Sheets(base_classes.Sheets):
    """The worksheets of a book; chart sheets are left out."""

    def __init__(self, book):
        self.book = book

    def __iter__(self) -> Iterator["Sheet"]:
        return iter([Sheet(self.book, entry) for entry in self.book.document.inventory.sheets.values()])

    def __len__(self) -> int:
        return len(self.book.document.inventory.sheets)

    def __contains__(self, name: str) -> bool:
        return any(sheet.name.casefold() == name.casefold() for sheet in self)

    def __call__(self, key: int | str) -> "Sheet":
        sheets = list(self)
        if isinstance(key, str):
            found = [sheet for sheet in sheets if sheet.name.casefold() == key.casefold()]
            if not found:
                raise no_such_sheet(key, (sheet.name for sheet in sheets))
            return found[0]
        return sheets[key - 1]

    @property
    def active(self) -> "Sheet":
        return self(self.book.active_sheet or 1)

    def add(self, before=None, after=None, name=None) -> "Sheet":
        """A sheet behind the last one. Any other place needs a running Excel."""
        if before is not None or (after is not None and after.name != list(self)[-1].name):
            raise NotPossibleHeadless("without Excel a sheet can only be added behind the last one")
        if name is None:
            numbers = itertools.count(1)
            name = next(f"Sheet{number}" for number in numbers if f"Sheet{number}" not in self)
        self.book.document.apply(AddSheet(name))
        sheet = self(name)
        sheet.activate()
        return sheet


@refusing
class Sheet(Worksheet):
    """A worksheet."""

    range_type, several_areas = Range, SeveralAreas

    def __init__(self, book, entry: SheetEntry):
        self.book, self.entry = book, entry

    @property
    def api(self) -> SheetEntry:
        return self.entry

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def index(self) -> int:
        return list(self.book.document.inventory.sheets).index(self.name) + 1

    @property
    def visible(self) -> bool:
        return self.entry.state == "visible"

    @property
    def names(self) -> Names:
        return Names(self.book, self)

    @property
    def tables(self) -> Tables:
        return Tables(self)

    @property
    def pictures(self) -> Pictures:
        return Pictures(self)

    @property
    def charts(self) -> Charts:
        return Charts(self)

    @property
    def used_range(self) -> Range:
        """The cells that hold something, whatever the file declares; A1 where none does."""
        sheet = self.book.document.formulas(self.name)
        cells = sheet.values.keys() | sheet.formulas.keys() or {(1, 1)}
        return self.range_at(area_around(self.name, cells))

    def activate(self) -> None:
        self.book.active_sheet = self.name

    select = activate

    def clear_contents(self) -> None:
        self.cells.clear_contents()
