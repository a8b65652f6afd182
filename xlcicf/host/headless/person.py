"""The person in front of a headless book: what they see, press and do, for tests and for whoever looks on."""

from collections.abc import Callable
from dataclasses import dataclass, field

import xlwings


class Busy(Exception):
    """What a running program answers while a cell is being edited; for `Person.meanwhile` to raise."""


@dataclass
class Person:
    """What a person has seen so far, and what they will do.

    status_bar  the text in it, False where the program has the say
    alerts      the texts of all boxes shown so far
    answer      the button that is pressed in them; None for the first one, OK or Yes
    macros      (name, arguments) of the VBA macros that were asked for; none is run
    meanwhile   called before each use of a book, where a program would do its own work: it may use the book
                as a person does, or raise Busy. What it does itself is not interrupted again.
    """

    status_bar: str | bool = False
    alerts: list[str] = field(default_factory=list)
    answer: str | None = None
    macros: list[tuple[str, tuple]] = field(default_factory=list)
    meanwhile: Callable[[], None] | None = None
    _is_acting: bool = False

    def act(self) -> None:
        if self.meanwhile is None or self._is_acting:
            return
        self._is_acting = True
        try:
            self.meanwhile()
        finally:
            self._is_acting = False


def person_at(book: xlwings.Book) -> Person:
    """Who sits in front of a book of `open_book`'s."""
    return book.impl.app.person
