"""xlwings' sheets on a program with an agent inside it."""

import itertools
from collections.abc import Iterator

from xlwings import base_classes

from xlcicf.formula.address import Area
from xlcicf.host.refusal import refusing
from xlcicf.host.remote.names_and_tables import Names, Tables
from xlcicf.host.remote.ranges import Range, SeveralAreas
from xlcicf.host.remote.shapes import Charts, Pictures
from xlcicf.host.worksheet import Worksheet, no_such_sheet


@refusing
class Sheets(base_classes.Sheets):
    """The worksheets of a book."""

    def __init__(self, book):
        self.book = book

    def _names(self) -> list[str]:
        return [name for name, _ in self.book.ask("sheets")[0]]

    def __iter__(self) -> Iterator["Sheet"]:
        return iter([Sheet(self.book, name) for name in self._names()])

    def __len__(self) -> int:
        return len(self._names())

    def __contains__(self, name: str) -> bool:
        return name.casefold() in (other.casefold() for other in self._names())

    def __call__(self, key: int | str) -> "Sheet":
        names = self._names()
        if isinstance(key, str):
            found = [name for name in names if name.casefold() == key.casefold()]
            if not found:
                raise no_such_sheet(key, names)
            return Sheet(self.book, found[0])
        return Sheet(self.book, names[key - 1])

    @property
    def active(self) -> "Sheet":
        return Sheet(self.book, self.book.ask("sheets")[1])

    def add(self, before=None, after=None, name=None) -> "Sheet":
        """A sheet behind another one, the last where none is named; it comes to the front."""
        names = self._names()
        if name is None:
            name = next(new for n in itertools.count(1) if (new := f"Sheet{n}") not in names)
        behind = after.name if after is not None else names[-1]
        self.book.ask("add_sheet", name, behind)
        sheet = Sheet(self.book, name)
        sheet.activate()
        return sheet


@refusing
class Sheet(Worksheet):
    """A worksheet."""

    name: str = ""  # set below; the base class has a property without a setter
    range_type, several_areas = Range, SeveralAreas

    def __init__(self, book, name: str):
        self.book, self.name = book, name

    @property
    def api(self) -> "Sheet":
        return self

    @property
    def index(self) -> int:
        return [sheet.name for sheet in self.book.sheets].index(self.name) + 1

    @property
    def visible(self) -> bool:
        return next(visible for name, visible in self.book.ask("sheets")[0] if name == self.name)

    @property
    def names(self) -> Names:
        return Names(self.book, self)

    @property
    def tables(self) -> Tables:
        return Tables(self)

    @property
    def charts(self) -> Charts:
        return Charts(self)

    @property
    def pictures(self) -> Pictures:
        return Pictures(self)

    @property
    def used_range(self) -> Range:
        return self.range_at(Area(self.name, *self.book.ask("used", self.name)))

    def activate(self) -> None:
        self.book.ask("activate", self.name)

    select = activate

    def delete(self) -> None:
        self.book.ask("remove_sheet", self.name)

    def clear_contents(self) -> None:
        self.used_range.clear_contents()
