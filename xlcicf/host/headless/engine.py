"""xlwings without Excel: an engine, its apps and the books in them, which are files."""

import itertools
import os
import weakref
from collections.abc import Iterator
from typing import Any

import xlwings
from xlwings import base_classes

from xlcicf.errors import AddressError, BookError, NotPossibleHeadless
from xlcicf.formula.text import split_sheet
from xlcicf.host.boundary import Host
from xlcicf.host.headless.host import HEADLESS
from xlcicf.host.headless.names_and_tables import Names
from xlcicf.host.headless.person import Person
from xlcicf.host.headless.ranges import Range
from xlcicf.host.headless.sheets import Sheets
from xlcicf.host.in_notebook import show_ranges
from xlcicf.host.own_engine import OwnEngine
from xlcicf.host.refusal import refusing
from xlcicf.ooxml.document import Document

NAME = "xlcicf"  # of the engine in xlwings' list


def open_book(path: str | os.PathLike) -> xlwings.Book:
    """The workbook in a file, as an xlwings Book that needs no Excel and is saved without loss.

    Nothing is written before `book.save()`. Raises BookError, saying what to do, for a file that is missing,
    no workbook, encrypted, damaged, hostile, or open in Excel.
    """
    if NAME not in xlwings.engines.engines_by_name:
        xlwings.engines.add(xlwings.Engine(impl=ENGINE))
        if xlwings.engines.active is None:
            xlwings.engines(NAME).activate()
    show_ranges()
    app = ENGINE.apps.add()
    return xlwings.Book(impl=app.books.open(path))


class Engine(OwnEngine):
    """The engine of books that are files."""

    name = NAME

    def __init__(self):
        self.apps = Apps(self)


@refusing
class Apps(base_classes.Apps):
    """The apps that hold an open book; one that nobody holds any more is gone."""

    def __init__(self, engine: Engine):
        self.engine = engine
        self._apps: weakref.WeakValueDictionary[int, App] = weakref.WeakValueDictionary()
        self._numbers = itertools.count(1)
        self.in_front = 0  # the app that was activated last

    def add(self, spec=None, add_book=None, xl=None, visible=None) -> "App":
        if add_book:
            raise NotPossibleHeadless("a new book needs a running Excel; open a file instead")
        app = App(self.engine, next(self._numbers))
        self._apps[app.pid] = app
        self.in_front = app.pid
        return app

    def keys(self) -> list[int]:
        return sorted(self._apps.keys(), key=lambda pid: (pid == self.in_front, pid), reverse=True)

    def __iter__(self) -> Iterator["App"]:
        return iter([self._apps[pid] for pid in self.keys()])

    def __len__(self) -> int:
        return len(self._apps)

    def __getitem__(self, pid: int) -> "App":
        return self._apps[pid]


@refusing
class App(base_classes.App):
    """One app for each `open_book`, so that books of one name in two folders do not meet."""

    # Attributes in place of the base class's properties, which have no setters.
    visible: bool = False
    screen_updating: bool = False
    display_alerts: bool = False
    enable_events: bool = False
    interactive: bool = False
    calculation: str = "automatic"
    engine: Any = None
    pid: int = 0
    books: Any = None

    def __init__(self, engine: Engine, pid: int):
        self.engine, self.pid = engine, pid
        self.books = Books(self)
        self.host: Host = HEADLESS
        self.person = Person()
        self.before: xlwings.Engine | None = None  # xlwings' active engine when this app was activated

    def activate(self, steal_focus=False) -> None:
        """There is no window; but xlwings asks afterwards whether this is now the active app of all."""
        self.engine.apps.in_front = self.pid
        self.before = xlwings.engines.active
        xlwings.engines(NAME).activate()

    def calculate(self) -> None:
        """Each read shows calculated values already."""

    def quit(self) -> None:
        self.books.close_all()

    kill = quit

    @property
    def selection(self) -> Any:
        """The cells selected in the active book; the first one of its active sheet before any are."""
        return self.books.active.selection if len(self.books) else None

    @property
    def status_bar(self) -> str | bool:
        return self.person.status_bar

    @status_bar.setter
    def status_bar(self, text: str | bool) -> None:
        self.person.status_bar = text

    def alert(self, prompt, title=None, buttons="ok", mode=None, callback=None) -> str:
        self.person.alerts.append(prompt)
        return self.person.answer or ("yes" if buttons in ("yes_no", "yes_no_cancel") else "ok")

    def run(self, macro, args) -> None:
        self.person.macros.append((macro, tuple(args)))


@refusing
class Books(base_classes.Books):
    """The open books of an app, the last opened one active."""

    def __init__(self, app: App):
        self._app = weakref.ref(app)  # a book holds its app; the app must not hold itself
        self._books: list[weakref.ref[Book]] = []

    @property
    def app(self) -> App:
        app = self._app()
        assert app, "whoever asks holds the app, or a book that does"
        return app

    def __iter__(self) -> Iterator["Book"]:
        return iter([book for book in (reference() for reference in self._books) if book is not None])

    def __len__(self) -> int:
        return sum(1 for _ in self)

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
        return list(self)[-1]

    def open(self, fullname, *_options) -> "Book":
        book = Book(self.app, Document(fullname))
        self._books.append(weakref.ref(book))
        return book

    def close(self, book: "Book") -> None:
        self._books = [reference for reference in self._books if reference() is not book]

    def close_all(self) -> None:
        for book in self:
            book.close()


@refusing
class Book(base_classes.Book):
    """An open file. After `close` every use of it raises BookError, as it does where a program closed it."""

    app: Any = None  # set below; the base class has a property without a setter

    def __init__(self, app: App, document: Document):
        self.app, self._document = app, document
        self.active_sheet: str | None = None
        self.selected: Any = None  # a Range
        self.is_open = True

    @property
    def document(self) -> Document:
        """The file with its edits. All that is read or written passes here, and a person may act first."""
        self.app.person.act()
        if not self.is_open:
            raise BookError(f"{self._document.path.name} was closed; open it again")
        return self._document

    @property
    def api(self) -> Document:
        return self.document

    @property
    def name(self) -> str:
        return self.document.path.name

    @property
    def fullname(self) -> str:
        return str(self.document.path)

    @property
    def sheets(self) -> Sheets:
        return Sheets(self)

    @property
    def names(self) -> Names:
        return Names(self)

    @property
    def host(self) -> Host:
        return self.app.host

    def save(self, path=None, password=None) -> None:
        if password is not None:
            raise NotPossibleHeadless("a password needs a running Excel; save without one")
        self.document.save(path)

    def close(self) -> None:
        self.is_open = False
        self.app.books.close(self)

    def activate(self) -> None:
        """An app has one book: it is the active one. xlwings' active engine is again the one from before."""
        if self.app.before is not None:
            self.app.before.activate()

    @property
    def selection(self) -> Range:
        """What is selected on the active sheet; A1 where nothing was."""
        sheet = self.sheets.active
        if self.selected is not None and self.selected.sheet.name == sheet.name:
            return self.selected
        return sheet.range("A1")

    def select(self, cells: Range) -> None:
        """Selects cells, whose sheet comes to the front."""
        cells.sheet.activate()
        self.selected = cells

    def range_of(self, reference: str) -> Range:
        """The cells of a reference with a sheet, such as "Net!$D$4:$N$5"."""
        sheet, cells = split_sheet(reference)
        if not sheet:
            raise AddressError(f"{reference!r} is no range of cells")
        return self.sheets(sheet).range(cells)


ENGINE = Engine()
