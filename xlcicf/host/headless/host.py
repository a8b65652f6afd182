"""A file as a host: the document answers in the place of a running program. It ships as the double of one."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import xlwings

from xlcicf.errors import BookError
from xlcicf.formula.address import Area
from xlcicf.formula.snapshot import Snapshot
from xlcicf.host.boundary import Host, Witness
from xlcicf.host.headless.person import Busy
from xlcicf.ooxml.document import Document
from xlcicf.ooxml.package import Package
from xlcicf.ooxml.second_opinion import NoOpinion

if TYPE_CHECKING:
    from xlcicf.formula.recalculation import Recalculation


class Headless(Host):
    """xlcicf itself, on the file. Derive from it to play a program that has the book open (see `pretend`)."""

    name = "xlcicf"

    def snapshot(self, book: xlwings.Book) -> Snapshot:
        return document_of(book).snapshot()

    def outline(self, book: xlwings.Book) -> Snapshot:
        return document_of(book).inventory.outline()

    def areas(self, cells: xlwings.Range) -> list[Area]:
        return cells.impl.areas

    def parts(self, book: xlwings.Book) -> Package | None:
        document = document_of(book)
        return None if document.edits else document.package

    def trusts(self, book: xlwings.Book) -> bool:
        return document_of(book).trusted

    def vouches(self, book: xlwings.Book) -> bool:
        return document_of(book).vouches

    def distrust(self, book: xlwings.Book) -> None:
        document_of(book).distrust()

    def recomputed(self, book: xlwings.Book) -> "Recalculation":
        """Of a book whose saved results are not trusted all is computed already."""
        return document_of(book).recalculation or super().recomputed(book)

    def shown(self, book: xlwings.Book) -> Snapshot:
        return document_of(book).as_saved()

    def second_opinion(self, book: xlwings.Book) -> Witness:
        """IronCalc's, on the file as it was opened or saved."""
        try:
            return Witness(document_of(book).second_opinion())
        except NoOpinion as reason:
            return Witness(None, why=str(reason))

    def recalculation(
        self, book: xlwings.Book, objective: Area, changing: Sequence[Area]
    ) -> Callable[[np.ndarray], float]:
        """By our evaluator, from the formulas anew at each call."""
        from xlcicf.formula.recalculation import recalculation

        return recalculation(self.snapshot(book), objective, changing)

    @contextmanager
    def peer(
        self, book: xlwings.Book, objective: Area, changing: Sequence[Area]
    ) -> Iterator[tuple[str, Callable[[np.ndarray], float]]]:
        """IronCalc, on the file as it was opened or saved."""
        try:
            with document_of(book).in_ironcalc() as process:
                yield "IronCalc", lambda v: process.value(changing, v.tolist(), objective)
        except NoOpinion as reason:
            raise BookError(f"IronCalc does not compute this book: {reason}") from reason

    def uncomputed(self, book: xlwings.Book) -> list[str]:
        """Those that the function table lacks, and what reads them; Excel will compute them."""
        return document_of(book).uncomputed

    def require_writable(self, book: xlwings.Book, areas: Sequence[Area]) -> None:
        for area in areas:
            document_of(book).require_writable(area)

    def remove_sheet(self, book: xlwings.Book, name: str) -> None:
        """A sheet of a file stays: what else names it is not known."""

    def draw_as_dots(self, chart: xlwings.Chart, count: int) -> None:
        chart.impl.draw_as_dots(count)

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
