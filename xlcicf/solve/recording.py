"""Runs and the cells of an open book: recorded while they are written, compared, exchanged."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from xlcicf.errors import BookError, TrainingError, XlcicfError
from xlcicf.formula.address import Area, SheetCell, cell_address
from xlcicf.formula.references import resolve
from xlcicf.formula.text import area_of, split_sheet
from xlcicf.host import cells_of, outline
from xlcicf.host.exact_cells import (
    Rows,
    around,
    by_place,
    differing,
    part_of,
    read_rows,
    rows_of,
    same,
    shape,
    shown,
    values_of,
)
from xlcicf.solve.records import Change, Record


class Recording:
    """A run while it writes. `title`, `losses` and `facts` may be set until it ends.

    keep  is handed the run so far before each write, and at the end (which it is told) the whole run, None if
          it was taken back
    """

    def __init__(self, book, areas: Iterable[Area], title: str, keep: Callable[[Record | None, bool], None]):
        self.title = title
        self.losses: tuple[tuple[int, float], ...] = ()
        self.facts: Mapping[str, Any] = {}
        self._book, self._keep = book, keep
        self._before = read_rows(book, areas)
        self._now = dict(self._before)
        self._is_restored = False

    def write(self, contents: Mapping[Area, list[list]]) -> None:
        """Writes values into areas of the recording, into each as few cells as hold all that differs."""
        self._put(self.announce(contents))

    def announce(self, contents: Mapping[Area, list[list]]) -> dict[Area, Rows]:
        """Keeps what is to be written and returns it. Where it never is, Redo can bring it."""
        wanted = {area: rows_of(values) for area, values in contents.items()}
        changes = [self._change(area, wanted.get(area, now), now) for area, now in self._now.items()]
        self._keep(self._record(changes), False)
        return wanted

    def restore(self) -> None:
        """Puts back what the cells held before the run, which is then none."""
        self._put(self._before)
        self._is_restored = True

    def look_again(self) -> None:
        """From now on what the cells hold counts as written, whoever wrote it."""
        self._now = read_rows(self._book, self._now)

    def end(self) -> None:
        """Makes it a run of the history, as its cells are now."""
        self.look_again()
        changes = [self._change(area, now) for area, now in self._now.items()]
        self._keep(None if self._is_restored else self._record(changes), True)

    def _put(self, wanted: Mapping[Area, Rows]) -> None:
        for area, rows in wanted.items():
            part = around(differing(area, self._now[area], rows))
            if part is not None:
                cells_of(self._book, part).value = values_of(part_of(rows, part, area))
        self._now |= wanted

    def _change(self, area: Area, after: Rows, last: Rows | None = None) -> Change | None:
        """What has become of an area: its smallest part with all that differs, None where nothing does."""
        before = self._before[area]
        changed = [*differing(area, before, after), *differing(area, before, last or before)]
        part = around(changed)
        if part is None:
            return None
        return Change(
            part.address,
            part_of(before, part, area),
            part_of(after, part, area),
            last and part_of(last, part, area),
        )

    def _record(self, changes: list[Change | None]) -> Record:
        return Record(self.title, tuple(change for change in changes if change), self.losses, self.facts)


class RunCells:
    """The cells that runs wrote to, in an open book; each area is read when first asked for, or those of
    several changes at once."""

    def __init__(self, book, path: Path):
        self._book, self._path, self._outline = book, path, outline(book)
        self._areas: dict[str, Area] = {}
        self._now: dict[SheetCell, object] = {}
        self._held: dict[tuple[int, str], dict[SheetCell, bool]] = {}

    def look_at(self, changes: Iterable[Change]) -> None:
        """Reads in one go what the cells of changes hold, of those that the book has."""
        found: dict[str, Area] = {}
        for change in changes:
            if change.cells not in self._areas:
                with suppress(XlcicfError):  # `area` tells whoever needs it
                    found[change.cells] = self._located(change)
        for area, rows in read_rows(self._book, found.values()).items():
            self._now |= by_place(area, rows)
        self._areas |= found

    def area(self, change: Change) -> Area:
        """Where a change lies. Raises AddressError or BookError where there are no such cells."""
        self.look_at([change])
        return self._areas[change.cells] if change.cells in self._areas else self._located(change)

    def _located(self, change: Change) -> Area:
        areas = resolve(self._outline, change.cells, f"the cells in {self._path.name}")
        if len(areas) != 1 or areas[0].shape != shape(change.before):
            raise BookError(f"{self._path} is damaged ({change.cells} has another size); delete it and go on")
        return areas[0]

    def expected(self, change: Change, options: Iterable[Rows]) -> dict[SheetCell, list]:
        """Each cell of a change -> what it may hold by these rows."""
        area = self.area(change)
        found: dict[SheetCell, list] = {}
        for rows in options:
            for place, cell in by_place(area, rows).items():
                found.setdefault(place, []).append(cell)
        return found

    def differ(self, expected: Mapping[SheetCell, list]) -> list[SheetCell]:
        """The cells that hold nothing of what they may hold."""
        return [p for p, options in expected.items() if not any(same(self._now[p], o) for o in options)]

    def hold(self, change: Change, when: str) -> dict[SheetCell, bool]:
        """Each cell of a change -> whether it holds what the run has "left" there, or what stood "before".

        A cell that is no longer there holds neither.
        """
        key = id(change), when
        if key not in self._held:
            options = change.left if when == "left" else [change.before]
            try:
                expected = self.expected(change, options)
            except XlcicfError:
                self._held[key] = {(change.cells, 0, 0): False}
            else:
                wrong = set(self.differ(expected))
                self._held[key] = {place: place not in wrong for place in expected}
        return self._held[key]

    def exchange(self, changes: list[tuple[Change, list[Rows], Rows]]) -> None:
        """Writes the new rows of each (change, the rows that may be there, new rows), if all are as expected.

        Raises TrainingError for the first cell that somebody has changed.
        """
        self.look_at(change for change, _, _ in changes)
        for change, options, _ in changes:
            expected = self.expected(change, options)
            for place in self.differ(expected):
                raise TrainingError(
                    f"{cell_address(*place)} was changed by hand: it holds {shown(self._now[place])} in place"
                    f" of {shown(expected[place][0])}; put that back first, nothing was overwritten"
                )
        for change, _, rows in changes:
            cells_of(self._book, self.area(change)).value = values_of(rows)


def before_first_of(runs: Sequence[Record], book, area: Area) -> Rows | None:
    """What the cells of an area held before any of the runs, oldest first; None where none has written
    there."""
    rows, is_found = read_rows(book, [area])[area], False
    for change in (change for run in reversed(runs) for change in run.changes):
        sheet, cells = split_sheet(change.cells)
        part = area_of(area.sheet, cells) if sheet == area.sheet else None
        if part is not None and area.holds(part):
            down, across = part.within(area)
            for row, before in zip(rows[down], change.before, strict=True):
                row[across] = before
            is_found = True
    return rows if is_found else None
