"""A book as formula/ is handed it: formulas, values, names and tables, by the host that has it open."""

import xlwings

from xlcicf.formula.address import Area
from xlcicf.formula.snapshot import Snapshot
from xlcicf.host.hosts import host_of


def read_snapshot(book: xlwings.Book) -> Snapshot:
    """The book at this moment, with the values that its host shows. Of a file these are the ones saved in it;
    where an edit has changed them, or none is saved, computed ones.

    Raises BookError for a damaged file and for one that has to be computed and cannot be.
    """
    return host_of(book).snapshot(book)


def cells_of(book: xlwings.Book, area: Area) -> xlwings.Range:
    """The cells of an area of a sheet that the book has."""
    return host_of(book).cells(book, area)


def outline(book: xlwings.Book) -> Snapshot:
    """The sheets, names and tables of `book` without its cells: enough to know what a reference means."""
    return host_of(book).outline(book)
