"""Excel as a host: COM on Windows, appscript on a Mac. What xlwings leaves different between them is here."""

import os
import sys
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import xlwings

from xlcicf.errors import AddressError, BookError
from xlcicf.formula.address import Area
from xlcicf.formula.text import area_of
from xlcicf.host.boundary import Host

# VBA_E_IGNORE (a cell is being edited), RPC_E_SERVERCALL_RETRYLATER, RPC_E_CALL_REJECTED
BUSY = {0x800AC472, 0x8001010A, 0x80010001}
BUSY_BY_XLWINGS = "ExcelBusyError"  # of a module that only Windows can import
SURELY_WHOLE = 255 - len(",$XFD$1048576:$XFD$1048576")  # letters of an address, which ends at 255
NO_LINE, CIRCLE = -4142, 8  # xlLineStyleNone, xlMarkerStyleCircle
OF_APPSCRIPT = "CommandError"  # of a package that only a Mac has


class Excel(Host):
    """A running Excel, through xlwings' own engine."""

    name = "Excel"
    longest_name = 255  # of a text that another program hands over: support.microsoft.com/kb/105416

    def areas(self, cells: xlwings.Range) -> list[Area]:
        """On Windows Excel lists them. On a Mac their address does, which is cut off where it grows long."""
        if hasattr(cells.api, "Areas"):
            addresses = [part.Address for part in cells.api.Areas]
        else:  # appscript
            addresses = cells.api.get_address().split(",")
            if len(",".join(addresses)) > SURELY_WHOLE:
                raise AddressError(f"{len(addresses)} areas or more are selected; select fewer at a time")
        areas = [area for a in addresses if (area := area_of(cells.sheet.name, a.strip()))]
        assert len(areas) == len(addresses), f"Excel selects {addresses}"
        return areas

    def values(self, cells: xlwings.Range, serials: bool = False) -> list[list]:
        """Of a cell formatted as currency Excel on Windows hands over a Decimal of four digits; Value2 has
        them all."""
        rows = super().values(cells, serials)
        if not any(isinstance(value, Decimal) for row in rows for value in row):
            return rows
        exact = cells.api.Value2 if cells.size > 1 else ((cells.api.Value2,),)
        return [
            [number if isinstance(value, Decimal) else value for value, number in zip(*pair, strict=True)]
            for pair in zip(rows, exact, strict=True)
        ]

    def require_writable(self, book: xlwings.Book, areas: Sequence[Area]) -> None:
        """Excel tells at the write itself."""

    def hide(self, name: xlwings.Name) -> None:
        if hasattr(name.api, "Visible"):
            name.api.Visible = False
        else:  # appscript
            name.api.visible.set(False)

    def draw_as_dots(self, chart: xlwings.Chart, count: int) -> None:
        """On Windows; appscript has no words for it."""
        if not isinstance(chart.api, tuple) or not hasattr(chart.api[1], "SeriesCollection"):
            return
        for number in range(1, count + 1):
            series = chart.api[1].SeriesCollection(number)
            series.Border.LineStyle, series.MarkerStyle, series.MarkerSize = NO_LINE, CIRCLE, 5

    def handle(self, book: xlwings.Book) -> dict[str, Any]:
        """Excel stands still while VBA's RunPython waits for a command: a run needs a process of its own."""
        app = book.app.pid if sys.platform == "darwin" else book.app.hwnd
        return {"app": app, "book": book.fullname}

    def attach(self, handle: dict[str, Any]) -> xlwings.Book:
        """The book in the Excel with that process (Mac) or window (Windows)."""
        if sys.platform == "darwin":
            app = xlwings.apps[handle["app"]]
        else:
            from xlwings import _xlwindows  # exists on Windows only

            _xlwindows.N_COM_ATTEMPTS = 1  # xlwings itself would repeat a call for ever; `patiently` does it
            app = xlwings.App(impl=_xlwindows.App(xl=handle["app"]))
        for book in app.books:
            if book.fullname == handle["book"]:
                return book
        raise BookError(f"{handle['book']} is no longer open in Excel; open it and start again")

    def is_there(self, handle: dict[str, Any]) -> bool:
        """Excel hides its window when a person quits, and ends when nobody holds on to it any more."""
        if sys.platform == "win32":
            import ctypes

            return bool(ctypes.windll.user32.IsWindowVisible(handle["app"]))
        try:
            os.kill(handle["app"], 0)
        except ProcessLookupError:
            return False
        return True

    def raised(self, error: Exception) -> bool:
        return hasattr(error, "hresult") or type(error).__name__ in (BUSY_BY_XLWINGS, OF_APPSCRIPT)

    def is_busy(self, error: Exception) -> bool:
        inner = getattr(error, "excepinfo", None)  # what Excel says itself, where COM says "an exception"
        codes = (getattr(error, "hresult", None), inner[5] if inner else None)
        return type(error).__name__ == BUSY_BY_XLWINGS or any(code and code % 2**32 in BUSY for code in codes)


EXCEL = Excel()
