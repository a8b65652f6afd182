"""xlwings on a program with an agent inside it: an engine, its app and the books that are open there."""

import datetime as dt
import math
import os
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import xlwings
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH
from xlwings import base_classes

from xlcicf.errors import AddressError, NotPossibleHeadless
from xlcicf.formula.address import Area, side_by_side
from xlcicf.formula.snapshot import Scalar, Snapshot
from xlcicf.formula.text import split_sheet
from xlcicf.host.own_engine import OwnEngine
from xlcicf.host.refusal import refusing
from xlcicf.host.remote.host import Remote
from xlcicf.host.remote.link import Link
from xlcicf.host.remote.names_and_tables import Names
from xlcicf.host.remote.ranges import Range, SeveralAreas, corners, moments_of
from xlcicf.host.remote.sheets import Sheet, Sheets
from xlcicf.host.remote.snapshots import outline_of, scalar, snapshot_of
from xlcicf.host.remote.waiting_cells import waiting_cells
from xlcicf.host.watching import Differences, Watched

MOMENT = 0.2  # seconds for which a book's name counts as known

Macro = Callable[["Book", str, tuple], None]
Known = dict[str, tuple[str, int | None]]  # a sheet's name -> its print, and the number of its values
Waiting = dict[str, list[list[int]]]  # a sheet's name -> areas


def _no_macro(_book: "Book", _name: str, _arguments: tuple) -> None:
    """The program has no macros of ours."""


def open_books(
    link: Link, host: Remote, macro: Macro = _no_macro, functions: Collection[str] = ()
) -> "Engine":
    """The engine of a program's open books; xlwings knows it from now on by the host's name.

    macro      what `app.macro(name)(*arguments)` calls, with the book that the app speaks for
    functions  those that read books while the program waits for their cells, where they are what asks
    """
    engine = Engine(link, host, macro, functions)
    xlwings.engines.add(xlwings.Engine(impl=engine))
    xlwings.engines(engine.name).activate()  # else xlwings brings no sheet to the front
    return engine


class Engine(OwnEngine):
    """The engine of a program that is reached over one link."""

    def __init__(self, link: Link, host: Remote, macro: Macro, functions: Collection[str]):
        self.link, self.host, self.name, self.macro = link, host, host.name, macro
        self.functions = functions
        self.seen: dict[str, tuple[Known, Snapshot]] = {}  # by book
        self.epochs: dict[str, dt.datetime] = {}  # by book: the day from which its dates are counted
        self.guards: dict[str, str] = {}  # by book: the watch whose cells a write must find unchanged
        self.waiting: dict[str, Waiting] = {}  # by book: what is not computed while a function asks

    @property
    def apps(self) -> "Apps":
        return Apps(self)

    def book(self, name: str) -> xlwings.Book:
        """The open book that the agent calls so."""
        return xlwings.Book(impl=App(self, name).of)

    def cells(self, book: str, sheet: str, area: list[int]) -> xlwings.Range:
        """An area of it, as the protocol says it."""
        return xlwings.Range(impl=App(self, book).of.cells(Area(sheet, *area)))


@refusing
class Apps(base_classes.Apps):
    """The program is one app."""

    def __init__(self, engine: Engine):
        self.engine = engine

    def keys(self) -> list[int]:
        return [1]

    def __iter__(self) -> Iterator["App"]:
        return iter([self[1]])

    def __len__(self) -> int:
        return 1

    def __getitem__(self, pid: int) -> "App":
        books, front = self.engine.link("books")
        return App(self.engine, front or (books[0][0] if books else ""))


@refusing
class App(base_classes.App):
    """The program, speaking for one of its books: a run shows its progress while another may be in front."""

    # Attributes in place of the base class's properties, which have no setters.
    visible: bool = True
    screen_updating: bool = True
    display_alerts: bool = True
    enable_events: bool = True
    interactive: bool = True
    calculation: str = "automatic"
    engine: Any = None
    pid: int = 1
    books: Any = None

    def __init__(self, engine: Engine, book: str):
        self.engine, self.host = engine, engine.host
        self.books = Books(self)
        self.of = Book(self, book)

    def activate(self, steal_focus=False) -> None:
        """Its window stays where the person has it."""

    def calculate(self) -> None:
        self.of.ask("calculate", False)

    @property
    def selection(self) -> Range | None:
        found = self.of.ask("selection")
        if found is None:
            return None
        name, areas = found
        sheet, places = self.of.sheets(name), [Area(name, *area) for area in areas]
        return SeveralAreas(sheet, places) if places[1:] else sheet.range_at(places[0])

    @property
    def status_bar(self) -> bool:
        """What stands in it is the program's to know."""
        return False

    @status_bar.setter
    def status_bar(self, text: str | bool) -> None:
        self.of.ask("status", text or None)

    def run(self, macro: str, args: tuple) -> None:
        self.engine.macro(self.of, macro, tuple(args))

    def alert(self, prompt, title=None, buttons="ok", mode=None, callback=None) -> str:
        return self.of.ask("ask", prompt, title or "", buttons or "ok", mode == "critical")


@refusing
class Books(base_classes.Books):
    """The books that are open in the program."""

    def __init__(self, app: App):
        self._app = app

    @property
    def app(self) -> App:
        return self._app

    def __iter__(self) -> Iterator["Book"]:
        engine = self._app.engine
        return iter([App(engine, book).of for book, _, _ in engine.link("books")[0]])

    def __len__(self) -> int:
        return len(list(self))

    def __call__(self, key: int | str) -> "Book":
        books = list(self)
        if isinstance(key, str):
            found = [book for book in books if key in (book.name, book.fullname)]
            if not found:
                raise KeyError(key)
            return found[0]
        return books[key - 1]

    @property
    def active(self) -> "Book":
        return self._app.engine.apps[1].of

    def open(self, fullname, *_options) -> "Book":
        return App(self._app.engine, self._app.engine.link("open", os.path.abspath(fullname))).of


@refusing
class Book(base_classes.Book):
    """A book that is open in the program. Each use of it asks the program anew."""

    app: Any = None  # set below; the base class has a property without a setter

    def __init__(self, app: App, id: str):
        self.app, self.id, self.host = app, id, app.host
        self._about: tuple[str, str] | None = None
        self._seen_at = -math.inf

    def ask(self, operation: str, *arguments) -> Any:
        """What the agent returns of an operation on this book."""
        return self.app.engine.link(operation, self.id, *arguments)

    @property
    def api(self) -> "Book":
        return self

    @property
    def name(self) -> str:
        title, path = self._title_and_path()
        return os.path.basename(path) or title

    @property
    def fullname(self) -> str:
        """Where it lies; its name alone where it was never saved."""
        title, path = self._title_and_path()
        return path or title

    def _title_and_path(self) -> tuple[str, str]:
        """As they were last seen: a book that has been closed meanwhile keeps its name. xlwings asks for it
        three times at each write, to compare sheets."""
        if self._about is not None and time.monotonic() - self._seen_at < MOMENT:
            return self._about
        self._seen_at = time.monotonic()
        for book, title, path in self.app.engine.link("books")[0]:
            if book == self.id:
                self._about = title, path
        if self._about is None:
            raise AddressError("that book is no longer open; open it again")
        return self._about

    @property
    def sheets(self) -> Sheets:
        return Sheets(self)

    @property
    def names(self) -> Names:
        return Names(self)

    def activate(self) -> None:
        self.ask("activate", self.sheets.active.name)

    def save(self, path=None, password=None) -> None:
        if password is not None:
            raise NotPossibleHeadless(f"{self.host.name} saves with a password only by hand")
        self.ask("save", path and os.path.abspath(path))

    def close(self) -> None:
        self.ask("close")

    def range_of(self, reference: str) -> Range:
        """The cells of a reference with a sheet, such as "Net!$D$4:$N$5"."""
        sheet, cells = split_sheet(reference)
        if not sheet:
            raise AddressError(f"{reference!r} is no range of cells")
        return self.sheets(sheet).range(cells)

    def cells(self, area: Area) -> Range:
        """Those of an area, without asking whether there is such a sheet: whoever uses them is told."""
        return Sheet(self, area.sheet).range_at(area)

    def snapshot(self) -> Snapshot:
        """The whole book in one operation; formulas that have been seen already are not sent again."""
        engine = self.app.engine
        waiting = engine.waiting.get(self.id, {}) if engine.functions else None
        anew = self._is_asked_by_a_function
        while True:
            known, before = engine.seen.get(self.id, (None, None))
            got, anew = self.ask("snapshot", known, waiting, anew), False
            found = self._seen(snapshot_of(got, before))
            told = {sheet["name"]: (sheet["print"], sheet.get("told")) for sheet in got["sheets"]}
            engine.seen[self.id] = told, found
            if got["computed"]:
                return found
            waiting = engine.waiting[self.id] = waiting_cells(found, engine.functions)

    def outline(self) -> Snapshot:
        return self._seen(outline_of(self.told_outline()))

    def told_outline(self) -> dict:
        """The same as the agent tells it."""
        return self.ask("outline", self._is_asked_by_a_function)

    @property
    def _is_asked_by_a_function(self) -> bool:
        return bool(self.app.engine.functions)

    def _seen(self, found: Snapshot) -> Snapshot:
        self.app.engine.epochs[self.id] = MAC_EPOCH if found.calculation.date1904 else WINDOWS_EPOCH
        return found

    @property
    def epoch(self) -> dt.datetime:
        """The day from which dates are counted, as it was when the book was last read."""
        if self.id not in self.app.engine.epochs:
            self.outline()
        return self.app.engine.epochs[self.id]

    def read(self, areas: Sequence[Area]) -> list[dict]:
        """What the cells of each area hold, as the protocol has it."""
        return self.ask("read", [[area.sheet, corners(area)] for area in areas])

    def contents(self, areas: Sequence[Area]) -> list[list[list[tuple]]]:
        """Of each area rows of (what a cell holds, its formula or None)."""
        return [
            [
                list(zip(*pair, strict=True))
                for pair in zip(moments_of(one, self), one["formulas"], strict=True)
            ]
            for one in self.read(areas)
        ]

    def numbers(self, areas: Sequence[Area]) -> list[list[list[float]]]:
        """Of each area rows of the numbers that its cells show, nan where there is none."""
        asked = side_by_side(dict.fromkeys(areas))
        told = self.ask("numbers", [[area.sheet, corners(area)] for area in asked])
        found: dict[tuple, list[tuple[Area, list[list[float]]]]] = {}
        for area, rows in zip(asked, told, strict=True):
            numbers = [[math.nan if x is None else x for x in row] if None in row else row for row in rows]
            found.setdefault(_rows(area), []).append((area, numbers))
        return [_cut_out(area, found[_rows(area)]) for area in areas]

    def watch(self, name: str, areas: Sequence[Area]) -> "WatchedByAgent":
        self.ask("watch", name, [[area.sheet, corners(area)] for area in areas])
        return WatchedByAgent(self, name)

    def note(self, name: str, areas: Sequence[Area], own: Sequence[Area], results: Sequence[Area]) -> bool:
        """Notes what functions were made of; not where a cell there waits for one."""
        waiting = self.app.engine.waiting.get(self.id, {})
        if any(
            area.intersect(Area(area.sheet, *one)) for area in areas for one in waiting.get(area.sheet, [])
        ):
            return False
        self.ask(
            "note", name, *([[area.sheet, corners(area)] for area in some] for some in (areas, own, results))
        )
        return True

    def unchanged(self, name: str) -> list[list[list[Scalar]]] | None:
        found = self.ask("unchanged", name)
        return found and [[[scalar(cell) for cell in row] for row in rows] for rows in found]

    @contextmanager
    def one_step(self, title: str) -> Iterator[None]:
        """What is changed in the body is one entry of the program's own Undo."""
        self.ask("begin", title)
        try:
            yield
        finally:
            self.ask("end")


def _rows(area: Area) -> tuple[str, int, int]:
    return area.sheet, area.top, area.bottom


def _cut_out(area: Area, found: Sequence[tuple[Area, list[list[float]]]]) -> list[list[float]]:
    """The rows of an area, out of the first of those found in which it lies."""
    whole, rows = next((one, rows) for one, rows in found if one.holds(area))
    _, across = area.within(whole)
    return rows if whole == area else [row[across] for row in rows]


class WatchedByAgent(Watched):
    """Cells that the agent watches: it alone can look and write with no edit of a person between."""

    def __init__(self, book: Book, name: str):
        self._book, self._name = book, name

    def changes(self) -> Differences:
        found = self._book.ask("changes", self._name)
        return {(sheet, row, col): (then, now) for sheet, row, col, then, now in found}

    @contextmanager
    def writing(self) -> Iterator[None]:
        guards = self._book.app.engine.guards
        guards[self._book.id] = self._name
        try:
            yield
        finally:
            del guards[self._book.id]
