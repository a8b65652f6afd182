"""xlwings without Excel: an engine whose books are files, registered with xlwings under the name "xlcicf"."""

import itertools
import os
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import xlwings
from xlwings import base_classes

from xlcicf.errors import AddressError, BookError, NotPossibleHeadless
from xlcicf.formula.address import MAX_COL, MAX_ROW, Area, quote_sheet
from xlcicf.formula.snapshot import ExcelError
from xlcicf.formula.text import area_of, split_sheet
from xlcicf.host.headless.names_and_tables import Names, Tables
from xlcicf.host.headless.ranges import Range
from xlcicf.host.headless.refusal import refusing
from xlcicf.host.headless.shapes import Charts, Pictures
from xlcicf.ooxml.document import Document
from xlcicf.ooxml.edits import AddSheet
from xlcicf.ooxml.inventory import SheetEntry

NAME = "xlcicf"


class ExcelBusy(Exception):
    """What Excel answers on Windows while a cell is being edited; for `App.meanwhile` to raise."""

    hresult = 0x800AC472 - 2**32


def open_book(path: str | os.PathLike) -> xlwings.Book:
    """The workbook in a file, as an xlwings Book that needs no Excel and is saved without loss.

    Nothing is written before `book.save()`. Raises BookError, saying what to do, for a file that is missing,
    no workbook, encrypted, damaged, hostile, or open in Excel.
    """
    if NAME not in xlwings.engines.engines_by_name:
        xlwings.engines.add(xlwings.Engine(impl=ENGINE))
        if xlwings.engines.active is None:
            xlwings.engines(NAME).activate()
    app = ENGINE.apps.add()
    return xlwings.Book(impl=app.books.open(path))


class Engine:
    """What xlwings asks of an engine: its apps, and how values pass."""

    name = NAME
    type = "desktop"

    def __init__(self):
        self.apps = Apps(self)

    @staticmethod
    def prepare_xl_data_element(value, _options):
        """A value on its way into a cell; Range makes of it what the cell holds."""
        return value

    @staticmethod
    def clean_value_data(data, datetime_builder, empty_as, number_builder, err_to_str):
        """Rows of values on their way out, as xlwings' options ask for them."""

        def clean(value):
            if value is None or (isinstance(value, str) and not value):
                return empty_as
            if isinstance(value, ExcelError):
                return str(value) if err_to_str else None
            if isinstance(value, float):
                return number_builder(value) if number_builder else value
            if hasattr(value, "microsecond"):
                parts = "year month day hour minute second microsecond".split()
                return datetime_builder(**{part: getattr(value, part) for part in parts}, tzinfo=None)
            return value

        return [[clean(value) for value in row] for row in data]


@refusing
class Apps(base_classes.Apps):
    """The apps that hold an open book; one that nobody holds any more is gone."""

    def __init__(self, engine: Engine):
        self.engine = engine
        self._apps: weakref.WeakValueDictionary[int, App] = weakref.WeakValueDictionary()
        self._numbers = itertools.count(1)

    def add(self, spec=None, add_book=None, xl=None, visible=None) -> "App":
        if add_book:
            raise NotPossibleHeadless("a new book needs a running Excel; open a file instead")
        app = App(self.engine, next(self._numbers))
        self._apps[app.pid] = app
        return app

    def keys(self) -> list[int]:
        return sorted(self._apps.keys(), reverse=True)  # the first is the active one

    def __iter__(self) -> Iterator["App"]:
        return iter([self._apps[pid] for pid in self.keys()])

    def __len__(self) -> int:
        return len(self._apps)

    def __getitem__(self, pid: int) -> "App":
        return self._apps[pid]


@refusing
class App(base_classes.App):
    """One app for each `open_book`, so that books of one name in two folders do not meet.

    What a person would see and do stands in attributes:
    status_bar  the text in it, False where Excel has the say
    alerts      the texts of all boxes shown so far
    answer      the button that is pressed in them; None for the first one, OK or Yes
    macros      (name, arguments) of the VBA macros that were asked for; none is run
    meanwhile   called before each use of a book, where Excel would do its own work: it may use the book as a
                person does, or raise ExcelBusy
    """

    visible = screen_updating = display_alerts = enable_events = interactive = False
    status_bar: str | bool = False
    calculation = "automatic"
    # Set below; the base class has properties without setters for them.
    engine: Any = None
    pid: int = 0
    books: Any = None

    def __init__(self, engine: Engine, pid: int):
        self.engine, self.pid = engine, pid
        self.books = Books(self)
        self.alerts: list[str] = []
        self.answer: str | None = None
        self.macros: list[tuple[str, tuple]] = []
        self.meanwhile: Callable[[], None] | None = None
        self._in_meanwhile = False

    def activate(self, steal_focus=False) -> None:
        """There is no window to bring to the front."""

    def calculate(self) -> None:
        """Each read shows calculated values already."""

    def quit(self) -> None:
        self.books.close_all()

    kill = quit

    @property
    def selection(self) -> Any:
        """The cells selected in the active book; the first one of its active sheet before any are."""
        return self.books.active.selection if len(self.books) else None

    def alert(self, prompt, title=None, buttons="ok", mode=None, callback=None) -> str:
        self.alerts.append(prompt)
        return self.answer or ("yes" if buttons in ("yes_no", "yes_no_cancel") else "ok")

    def run(self, macro, args) -> None:
        self.macros.append((macro, tuple(args)))

    def give_way(self) -> None:
        """Lets `meanwhile` act. What it does with a book itself is not interrupted again."""
        if self.meanwhile is None or self._in_meanwhile:
            return
        self._in_meanwhile = True
        try:
            self.meanwhile()
        finally:
            self._in_meanwhile = False


@refusing
class Books(base_classes.Books):
    """The open books of an app, the last opened one active."""

    def __init__(self, app: App):
        self._app = weakref.ref(app)  # a book holds its app; the app must not hold itself
        self._books: list[weakref.ref[Book]] = []

    @property
    def app(self) -> App:
        return self._app()

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
    """An open file. After `close` every use of it raises BookError, as every use raises in Excel."""

    app: Any = None  # set below; the base class has a property without a setter

    def __init__(self, app: App, document: Document):
        self.app, self._document = app, document
        self.active_sheet: str | None = None
        self.selected: Any = None  # a Range
        self.is_open = True

    @property
    def document(self) -> Document:
        """The file with its edits. All that is read or written passes here."""
        self.app.give_way()
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
    def sheets(self) -> "Sheets":
        return Sheets(self)

    @property
    def names(self) -> Names:
        return Names(self)

    @property
    def uncomputed(self) -> list[str]:
        """Addresses of the formulas that edits reach and IronCalc cannot compute; Excel will."""
        return self.document.uncomputed

    def save(self, path=None, password=None) -> None:
        if password is not None:
            raise NotPossibleHeadless("a password needs a running Excel; save without one")
        self.document.save(path)

    def close(self) -> None:
        self.is_open = False
        self.app.books.close(self)

    def activate(self) -> None:
        """An app has one book: it is the active one."""

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


@refusing
class Sheets(base_classes.Sheets):
    """The worksheets of a book; chart sheets are left out."""

    def __init__(self, book: Book):
        self.book = book

    def __iter__(self) -> Iterator["Sheet"]:
        return iter([Sheet(self.book, entry) for entry in self.book.document.contents.sheets.values()])

    def __len__(self) -> int:
        return len(self.book.document.contents.sheets)

    def __contains__(self, name: str) -> bool:
        return any(sheet.name.casefold() == name.casefold() for sheet in self)

    def __call__(self, key: int | str) -> "Sheet":
        sheets = list(self)
        if isinstance(key, str):
            found = [sheet for sheet in sheets if sheet.name.casefold() == key.casefold()]
            if not found:
                raise AddressError(
                    f"there is no sheet {key!r}; the book has {', '.join(s.name for s in sheets)}"
                )
            return found[0]
        return sheets[key - 1]

    @property
    def active(self) -> "Sheet":
        return self(self.book.active_sheet or 1)

    def add(self, before=None, after=None, name=None) -> "Sheet":
        """A sheet behind the last one. Any other place needs a running Excel."""
        if before is not None or (after is not None and after.name != list(self)[-1].name):
            raise NotPossibleHeadless("without Excel a sheet can only be added behind the last one")
        if name is None:
            numbers = itertools.count(1)
            name = next(f"Sheet{number}" for number in numbers if f"Sheet{number}" not in self)
        self.book.document.apply(AddSheet(name))
        sheet = self(name)
        sheet.activate()
        return sheet


@refusing
class Sheet(base_classes.Sheet):
    """A worksheet."""

    book: Any = None  # set below; the base class has a property without a setter

    def __init__(self, book: Book, entry: SheetEntry):
        self.book, self.entry = book, entry

    @property
    def api(self) -> SheetEntry:
        return self.entry

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def index(self) -> int:
        return list(self.book.document.contents.sheets).index(self.name) + 1

    @property
    def visible(self) -> bool:
        return self.entry.state == "visible"

    @property
    def names(self) -> Names:
        return Names(self.book, self)

    @property
    def tables(self) -> Tables:
        return Tables(self)

    @property
    def pictures(self) -> Pictures:
        return Pictures(self)

    @property
    def charts(self) -> Charts:
        return Charts(self)

    @property
    def cells(self) -> Range:
        return Range(self, 1, 1, MAX_ROW, MAX_COL)

    @property
    def used_range(self) -> Range:
        """The cells that hold something, whatever the file declares; A1 where none does."""
        sheet = self.book.document.formulas(self.name)
        cells = sheet.values.keys() | sheet.formulas.keys() or {(1, 1)}
        rows, cols = [row for row, _ in cells], [col for _, col in cells]
        return self.range_at(Area(self.name, min(rows), min(cols), max(rows), max(cols)))

    def activate(self) -> None:
        self.book.active_sheet = self.name

    select = activate

    def clear_contents(self) -> None:
        self.cells.clear_contents()

    def range_at(self, area: Area) -> Range:
        return Range(self, area.top, area.left, *area.shape)

    def range(self, first, last=None) -> Range:
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

    def _range(self, reference) -> Range:
        if isinstance(reference, Range):
            return reference
        if isinstance(reference, tuple):
            return Range(self, *reference, *(1, 1)[len(reference) - 2 :])
        return self._referenced(reference)

    def _referenced(self, text: str) -> Range:
        sheet, reference = split_sheet(text)
        if sheet:
            return self.book.range_of(text)
        area = area_of(self.name, reference)
        if area is not None:
            return self.range_at(area)
        for names in (self.names, self.book.names):
            if reference in names:
                return names(reference).refers_to_range
        for sheet in self.book.sheets:
            if reference in sheet.tables:
                return sheet.tables(reference).data_body_range
        raise AddressError(f"no cells or name {text!r} on sheet {quote_sheet(self.name)}; check the spelling")


ENGINE = Engine()
