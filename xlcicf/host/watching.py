"""Cells watched in an open book: what was changed in them since, and one's own writes told from others'."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain

from xlcicf.formula.address import Area, SheetCell

Differences = dict[SheetCell, tuple[str, str]]  # what a cell showed in the formula bar, and what it shows


class Edited(Exception):
    """A write was not made: somebody had changed a cell that is watched."""


class Watched:
    """What the formula bar shows for some areas from this moment on, in a program that is asked for it.

    read  gives rows of texts for an area
    """

    def __init__(self, areas: Sequence[Area], read: Callable[[Area], list[Sequence[str]]]):
        self._areas, self._read = areas, read
        self._then = self._all()

    def changes(self) -> Differences:
        """The cells that show something else than they did."""
        found = {}
        for area, before, after in zip(self._areas, self._then, self._all(), strict=True):
            if before != after:
                pairs = zip(chain(*before), chain(*after), strict=True)
                placed = zip(area.cells(), pairs, strict=True)
                found |= {(area.sheet, *cell): pair for cell, pair in placed if pair[0] != pair[1]}
        return found

    @contextmanager
    def writing(self) -> Iterator[None]:
        """What is written in the body is no change. Where the program can make sure of that between two edits
        of a person, it raises Edited in place of a write over one."""
        yield
        self._then = self._all()

    def _all(self) -> list[list[Sequence[str]]]:
        return [self._read(area) for area in self._areas]
