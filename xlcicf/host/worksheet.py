"""What xlwings' Sheet is on every engine of ours: its cells by any reference."""

from collections.abc import Iterable
from typing import Any

from xlwings import base_classes

from xlcicf.errors import AddressError
from xlcicf.formula.address import MAX_COL, MAX_ROW, Area, quote_sheet
from xlcicf.formula.text import area_of, split_sheet
from xlcicf.host.rectangle import Rectangle


class Worksheet(base_classes.Sheet):
    """To be derived from, with the engine's own types of one and of several rectangles."""

    book: Any = None  # set below; the base class has a property without a setter
    range_type: Any = None
    several_areas: Any = None

    @property
    def cells(self) -> Any:
        return self.range_type(self, 1, 1, MAX_ROW, MAX_COL)

    def range_at(self, area: Area) -> Any:
        return self.range_type(self, area.top, area.left, *area.shape)

    def range(self, first, last=None) -> Any:
        """Cells by address, name, table, (row, column) or Range; with two, the rectangle around both.

        Raises AddressError for text that names no cells of this sheet.
        """
        start = self._range(first)
        if last is None:
            return start
        areas = start.area, self._range(last).area
        top, left = min(a.top for a in areas), min(a.left for a in areas)
        bottom, right = max(a.bottom for a in areas), max(a.right for a in areas)
        return self.range_at(Area(self.name, top, left, bottom, right))

    def _range(self, reference) -> Any:
        if isinstance(reference, Rectangle):
            return reference
        if isinstance(reference, tuple):
            return self.range_type(self, *reference, *(1, 1)[len(reference) - 2 :])
        return self._referenced(reference)

    def _referenced(self, text: str) -> Any:
        sheet, reference = split_sheet(text)
        if sheet:
            return self.book.range_of(text)
        parts = reference.split(",")
        areas = [area for part in parts if (area := area_of(self.name, part.strip()))]
        if len(areas) == len(parts):
            return self.several_areas(self, areas) if areas[1:] else self.range_at(areas[0])
        for names in (self.names, self.book.names):
            if reference in names:
                return names(reference).refers_to_range
        for sheet in self.book.sheets:
            if reference in sheet.tables:
                return sheet.tables(reference).data_body_range
        raise AddressError(f"no cells or name {text!r} on sheet {quote_sheet(self.name)}; check the spelling")


def no_such_sheet(key: str, names: Iterable[str]) -> AddressError:
    return AddressError(f"there is no sheet {key!r}; the book has {', '.join(names)}")
