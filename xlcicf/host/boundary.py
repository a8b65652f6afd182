"""What xlcicf asks of a program that has a workbook open, beyond xlwings' own Book, Sheet and Range.

Outside this room nobody asks which host a book has: the book is used through xlwings, and `host_of(book)`
(xlcicf.host.hosts) gives the Host for the rest. Of xlwings' App everybody may use `alert`, `status_bar`,
`selection`, `calculate`, `macro` and `books`.

A new host is a class derived from Host and an entry in xlcicf.host.hosts. One that xlwings has no engine for
brings an engine whose implementations of App, Book and Range have an attribute `host`, and whose app speaks
for the book that it was asked of: a run shows its progress while another book may be in front.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xlwings

from xlcicf.formula.address import Area
from xlcicf.formula.snapshot import Scalar, Snapshot
from xlcicf.host import through_xlwings
from xlcicf.host.watching import Watched
from xlcicf.ooxml.package import Package

if TYPE_CHECKING:
    from xlcicf.formula.recalculation import Recalculation


@dataclass(frozen=True)
class Witness:
    """What somebody else than our evaluator says that the cells hold.

    says  the book with the values that it has; None where there is no such witness
    why   why there is no such witness
    """

    says: Snapshot | None
    why: str = ""


class Host(ABC):
    """A program in which books are open, or what stands in for one.

    name          what a person calls it, such as "Excel"
    longest_name  letters that a defined name may refer to
    """

    name: str
    longest_name: int = 8192

    # --- read in bulk

    def snapshot(self, book: xlwings.Book) -> Snapshot:
        """The whole book at this moment, with the values that its cells show.

        Raises BookError for a book that cannot be read or computed.
        """
        return through_xlwings.snapshot(book, self.formulas, self.values)

    def outline(self, book: xlwings.Book) -> Snapshot:
        """The sheets, names and tables without any cell: enough to know what a reference means."""
        return through_xlwings.outline(book)

    def formulas(self, cells: xlwings.Range) -> list[Sequence[str]]:
        """What cells show in the formula bar, as rows: formulas in English, else the value as it is typed."""
        return through_xlwings.formulas(cells)

    def areas(self, cells: xlwings.Range) -> list[Area]:
        """The rectangles that a selection is made of, in the order in which they were selected.

        xlwings itself knows the first one only.
        """
        return [through_xlwings.area(cells)]

    def cells(self, book: xlwings.Book, area: Area) -> xlwings.Range:
        """The cells of an area; whoever asks has seen its sheet."""
        return through_xlwings.range_of(book, area)

    def contents(self, book: xlwings.Book, areas: Sequence[Area]) -> list[list[list[tuple]]]:
        """Of each area rows of what its cells hold, dates as datetimes, each with what shows in the formula
        bar; for a cell without a formula the latter may be None."""
        return [
            [
                list(zip(*rows, strict=True))
                for rows in zip(self.values(cells), self.formulas(cells), strict=True)
            ]
            for cells in (self.cells(book, area) for area in areas)
        ]

    def values(self, cells: xlwings.Range, serials: bool = False) -> list[list]:
        """What cells hold, as rows: float, bool, str, ExcelError, None for a blank.

        serials  dates as the numbers that the cells hold, else as datetimes
        """
        return through_xlwings.values(cells, serials)

    def numbers(self, book: xlwings.Book, areas: Sequence[Area]) -> list[list[list[float]]]:
        """Of each area rows of the numbers that its cells show; TRUE is 1, nan stands where there is none."""
        shown = self.snapshot(book)
        return [shown.numbers(area) for area in areas]

    def watch(self, book: xlwings.Book, name: str, areas: Sequence[Area]) -> Watched:
        """Watches areas from now on; another watch of that name and book ends this one."""
        return Watched(areas, lambda area: self.formulas(self.cells(book, area)))

    def note(
        self,
        book: xlwings.Book,
        name: str,
        areas: Sequence[Area],
        own: Sequence[Area],
        results: Sequence[Area],
    ) -> bool:
        """Notes, right after a snapshot, all that a function was made of: formulas and constants of `areas`,
        results of formulas in `results`, and what else decides what formulas mean. Constants of `own` may
        change. False where the host cannot tell later whether anything did."""
        return False

    def unchanged(self, book: xlwings.Book, name: str) -> list[list[list[Scalar]]] | None:
        """Of each area of `own` rows of what the cells hold; None where anything else that was noted by that
        name is not as it was, and where nothing was."""
        return None

    def parts(self, book: xlwings.Book) -> Package | None:
        """The parts of the book's file, if the open book is exactly that; None where a program has it open,
        or it was changed since it was opened or saved."""
        return None

    # --- computed

    def trusts(self, book: xlwings.Book) -> bool:
        """Whether the results that the program shows, or that the file was saved with, count."""
        return True

    def vouches(self, book: xlwings.Book) -> bool:
        """Whether our evaluator has computed every result that the book holds, or found it trusted."""
        return False

    def distrust(self, book: xlwings.Book) -> None:
        """Has every formula computed anew, whatever is saved or shown. The book has not been edited."""
        book.app.calculate()

    def recomputed(self, book: xlwings.Book) -> "Recalculation":
        """Every formula of the book as our own evaluator computes it, whatever is saved or shown."""
        from xlcicf.formula.recalculation import Recalculation  # and torch with it

        found = Recalculation(self.snapshot(book), trusted=False, draws=False)
        found.renewed()
        return found

    def shown(self, book: xlwings.Book) -> Snapshot:
        """What the program shows, or what the file was saved with, before any edit."""
        return self.snapshot(book)

    def second_opinion(self, book: xlwings.Book) -> Witness:
        """What another program makes of the formulas."""
        return Witness(None, why=f"{self.name} has computed the book itself")

    def recalculation(
        self, book: xlwings.Book, objective: Area, changing: Sequence[Area]
    ) -> Callable[[np.ndarray], float]:
        """value(v): what the objective's cell shows, nan for no number, with v (n,) in the changing cells.

        After each call the book is as it was.
        """
        return through_xlwings.recalculation(book, objective, changing)

    @contextmanager
    def peer(
        self, book: xlwings.Book, objective: Area, changing: Sequence[Area]
    ) -> Iterator[tuple[str, Callable[[np.ndarray], float]]]:
        """(a program's name, value(v) as that program computes it), to be measured beside ours.

        Raises BookError where there is no such program for the book, at the start or at a call.
        """
        yield self.name, self.recalculation(book, objective, changing)

    def uncomputed(self, book: xlwings.Book) -> list[str]:
        """Addresses of the cells that formulas fill and whose results are not known; of these, those that an
        edit reaches show no value."""
        return []

    # --- changed

    @abstractmethod
    def require_writable(self, book: xlwings.Book, areas: Sequence[Area]) -> None:
        """Raises AddressError or NotPossibleHeadless where numbers cannot be written, if the host can tell
        before the write."""

    def remove_sheet(self, book: xlwings.Book, name: str) -> None:
        """Takes a sheet away, if the host can, without a question."""
        through_xlwings.remove_sheet(book, name)

    def draw_as_dots(self, chart: xlwings.Chart, count: int) -> None:
        """The first so many series of an XY chart as dots without a line, if the host can."""
        return None

    @abstractmethod
    def hide(self, name: xlwings.Name) -> None:
        """Takes a defined name out of the lists that a person sees."""

    @contextmanager
    def one_step(self, book: xlwings.Book, title: str) -> Iterator[None]:
        """What is changed in the body is one entry of the program's own Undo, if the host can."""
        yield

    # --- reached from another process

    def handle(self, book: xlwings.Book) -> dict[str, Any] | None:
        """What another process needs to find the open book, as JSON has it; None where a long run needs none.

        It needs one where the program stands still until a command has ended.
        """
        return None

    def attach(self, handle: dict[str, Any]) -> xlwings.Book:
        """The open book of a handle. Raises BookError where it is not open any more."""
        raise NotImplementedError(f"a book in {self.name} is used by the process that opened it")

    def is_there(self, handle: dict[str, Any]) -> bool:
        """Whether the program of a handle still runs, asked without holding on to it."""
        return True

    # --- what its exceptions mean, for xlcicf.host.patience

    @abstractmethod
    def raised(self, error: Exception) -> bool:
        """Whether an exception comes from the program, or from the way to it, rather than from us."""

    @abstractmethod
    def is_busy(self, error: Exception) -> bool:
        """Whether it means "not now": a cell is being edited, or a box is open. Any other is a refusal."""
