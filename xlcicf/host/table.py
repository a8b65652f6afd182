"""xlwings' Table on every engine of ours: an Excel table, and the cells of its parts."""

from typing import Any

from xlwings import base_classes

from xlcicf.formula import snapshot
from xlcicf.formula.address import Area
from xlcicf.host.refusal import refusing


@refusing
class Table(base_classes.Table):
    """An Excel table."""

    insert_row_range: None = None

    def __init__(self, sheet, entry: snapshot.Table):
        self.sheet, self.entry = sheet, entry

    @property
    def parent(self):
        return self.sheet

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def display_name(self) -> str:
        return self.entry.name

    @property
    def range(self) -> Any:
        return self.sheet.range_at(self.entry.area)

    @property
    def header_row_range(self) -> Any:
        area, rows = self.entry.area, self.entry.header_rows
        return self._rows(area.top, area.top + rows - 1)

    @property
    def data_body_range(self) -> Any:
        area = self.entry.area
        return self._rows(area.top + self.entry.header_rows, area.bottom - self.entry.totals_rows)

    @property
    def totals_row_range(self) -> Any:
        area, rows = self.entry.area, self.entry.totals_rows
        return self._rows(area.bottom - rows + 1, area.bottom)

    @property
    def show_headers(self) -> bool:
        return self.entry.header_rows > 0

    @property
    def show_totals(self) -> bool:
        return self.entry.totals_rows > 0

    def _rows(self, top: int, bottom: int) -> Any:
        area = self.entry.area
        return (
            self.sheet.range_at(Area(area.sheet, top, area.left, bottom, area.right))
            if top <= bottom
            else None
        )
