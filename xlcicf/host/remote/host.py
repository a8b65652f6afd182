"""A program with an agent inside it, as a host."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import xlwings

from xlcicf.formula.address import Area
from xlcicf.formula.snapshot import Scalar, Snapshot
from xlcicf.host.boundary import Host
from xlcicf.host.remote.link import Refused
from xlcicf.host.watching import Watched


class Remote(Host):
    """A running program whose agent speaks `protocol`. The process that uses its books is not the program: it
    need not wait for a run.

    longest_name  letters that a defined name may refer to
    """

    def __init__(self, name: str, longest_name: int):
        self.name, self.longest_name = name, longest_name

    def snapshot(self, book: xlwings.Book) -> Snapshot:
        return book.impl.snapshot()

    def outline(self, book: xlwings.Book) -> Snapshot:
        return book.impl.outline()

    def formulas(self, cells: xlwings.Range) -> list[Sequence[str]]:
        return cells.impl.texts()

    def areas(self, cells: xlwings.Range) -> list[Area]:
        return cells.impl.areas

    def cells(self, book: xlwings.Book, area: Area) -> xlwings.Range:
        return xlwings.Range(impl=book.impl.cells(area))

    def contents(self, book: xlwings.Book, areas: Sequence[Area]) -> list[list[list[tuple]]]:
        return book.impl.contents(areas)

    def values(self, cells: xlwings.Range, serials: bool = False) -> list[list]:
        return cells.impl.held(serials)

    def numbers(self, book: xlwings.Book, areas: Sequence[Area]) -> list[list[list[float]]]:
        return book.impl.numbers(areas)

    def watch(self, book: xlwings.Book, name: str, areas: Sequence[Area]) -> Watched:
        return book.impl.watch(name, areas)

    def note(
        self,
        book: xlwings.Book,
        name: str,
        areas: Sequence[Area],
        own: Sequence[Area],
        results: Sequence[Area],
    ) -> bool:
        return book.impl.note(name, areas, own, results)

    def unchanged(self, book: xlwings.Book, name: str) -> list[list[list[Scalar]]] | None:
        return book.impl.unchanged(name)

    def distrust(self, book: xlwings.Book) -> None:
        book.impl.ask("calculate", True)

    def require_writable(self, book: xlwings.Book, areas: Sequence[Area]) -> None:
        """The program tells at the write itself."""

    def remove_sheet(self, book: xlwings.Book, name: str) -> None:
        book.sheets[name].delete()  # it asks no question

    def draw_as_dots(self, chart: xlwings.Chart, count: int) -> None:
        chart.impl.draw_as_dots(count)

    def hide(self, name: xlwings.Name) -> None:
        name.impl.hide()

    @contextmanager
    def one_step(self, book: xlwings.Book, title: str) -> Iterator[None]:
        with book.impl.one_step(title):
            yield

    def raised(self, error: Exception) -> bool:
        return isinstance(error, Refused)

    def is_busy(self, error: Exception) -> bool:
        return isinstance(error, Refused) and error.is_busy
