"""A file as a host: the document answers in the place of a running program. It ships as the double of one."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import xlwings

from xlcicf.formula.address import Area
from xlcicf.formula.snapshot import Sheet, Snapshot
from xlcicf.host.boundary import Host
from xlcicf.host.headless.person import Busy
from xlcicf.ooxml.calculator import Calculator
from xlcicf.ooxml.document import Document
from xlcicf.ooxml.package import Package


class Headless(Host):
    """xlcicf itself, on the file. Derive from it to play a program that has the book open (see `pretend`)."""

    name = "xlcicf"

    def snapshot(self, book: xlwings.Book) -> Snapshot:
        document, found = document_of(book), self.outline(book)
        for name in found.sheets:
            cells = document.sheet(name)
            found.sheets[name] = Sheet(name, dict(cells.formulas), dict(cells.values), dict(cells.arrays))
        return found

    def outline(self, book: xlwings.Book) -> Snapshot:
        inventory = document_of(book).inventory
        return Snapshot(
            sheets={name: Sheet(name) for name in inventory.sheets},
            names={(name.name.lower(), name.scope): name.refers_to for name in inventory.names},
            tables={table.name.lower(): table for table in inventory.tables},
        )

    def parts(self, book: xlwings.Book) -> Package | None:
        document = document_of(book)
        return None if document.edits else document.package

    def recomputed(self, book: xlwings.Book) -> Snapshot:
        """The book as IronCalc computes it now, whatever its file was saved with."""
        found = self.snapshot(book)
        for (sheet, cell), value in document_of(book).recomputed().items():
            if value is None:
                found.sheets[sheet].values.pop(cell, None)
            else:
                found.sheets[sheet].values[cell] = value
        return found

    def recalculation(
        self, book: xlwings.Book, objective: Area, changing: Sequence[Area]
    ) -> Callable[[np.ndarray], float]:
        """By IronCalc, in a calculator of its own; the book must be as saved."""
        document = document_of(book)
        assert not document.edits, "a calculator of its own sees the book as saved"
        calculator = Calculator(
            document.inventory, {name: document.formulas(name) for name in document.inventory.sheets}
        )
        places = [(area.sheet, cell) for area in changing for cell in area.cells()]

        def value(v: np.ndarray) -> float:
            for place, number in zip(places, v, strict=True):
                calculator.write(place, float(number))
            calculator.recalculate()
            shown = calculator.value((objective.sheet, (objective.top, objective.left)))
            return shown if isinstance(shown, float) else math.nan

        return value

    def uncomputed(self, book: xlwings.Book) -> list[str]:
        """Those that IronCalc cannot compute; Excel will."""
        return document_of(book).uncomputed

    def require_writable(self, book: xlwings.Book, areas: Sequence[Area]) -> None:
        for area in areas:
            document_of(book).require_writable(area)

    def hide(self, name: xlwings.Name) -> None:
        name.impl.Visible = False

    def raised(self, error: Exception) -> bool:
        return isinstance(error, Busy)

    is_busy = raised


HEADLESS = Headless()


def document_of(book: xlwings.Book) -> Document:
    """The file with its edits that a headless book stands for. Raises BookError after `close`."""
    return book.impl.document


def pretend(book: xlwings.Book, host: Host) -> None:
    """From now on a headless book plays one that `host` has open."""
    book.impl.app.host = host
