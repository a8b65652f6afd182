"""What runs wrote into a book, kept in BOOK.xlcicf.json beside it, so that each can be undone and redone.

The file is written before the book or the cells, so that no moment has new values without the way back. A
process killed in between leaves a history ahead of its book: the cells are asked which of the runs stand.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xlcicf.errors import BookError, TrainingError, XlcicfError
from xlcicf.formula.address import Area, SheetCell, cell_address
from xlcicf.formula.references import resolve
from xlcicf.formula.text import area_of, split_sheet
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
from xlcicf.host.reading import outline
from xlcicf.ooxml.replacing import replace_file
from xlcicf.solve.book_problem import cells_of

KEPT = 50  # runs
SUFFIX = ".xlcicf.json"
MAX_NAME = 255  # bytes of a file's name, everywhere
MAX_BYTES = 100_000_000  # of the file; fifty runs of a sheet-sized net take well below one million


@dataclass(frozen=True)
class Change:
    """What the cells of an area, such as "Net!D4:N5", held before a run and after it, row by row.

    last  of a run that has not ended: what the cells held when `after` was about to be written. At whatever
          moment such a run was cut off, each cell holds what one of the three says.
    """

    cells: str
    before: Rows
    after: Rows
    last: Rows | None = None

    @property
    def left(self) -> list[Rows]:
        """What the run may have left in the cells."""
        return [self.after] if self.last is None else [self.after, self.last, self.before]

    def to_json(self) -> dict:
        return {key: value for key, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class Record:
    """What is kept of a run that wrote into a book; `title` says which: "lbfgs: Net!B2 from 0.264 to 0.135".

    losses  (step, best loss so far) for some of its steps, the last among them
    facts   of a training run: its settings, result and data, as JSON has them (see `Training.facts`)
    """

    title: str
    changes: tuple[Change, ...]
    losses: tuple[tuple[int, float], ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict:
        content = {"title": self.title, "changes": [change.to_json() for change in self.changes]}
        if self.losses:
            content["losses"] = [list(pair) for pair in self.losses]
        if self.facts:
            content["facts"] = dict(self.facts)
        return content | {"hash": _hash(content)}

    @classmethod
    def from_json(cls, content: dict) -> "Record":
        """Raises ValueError, KeyError, TypeError or AttributeError where to_json did not make `content`."""
        losses = tuple((int(step), float(loss)) for step, loss in content.get("losses", ()))
        changes = tuple(Change(**change) for change in content["changes"])
        run = cls(content["title"], changes, losses, dict(content.get("facts", {})))
        if run.to_json() != content:
            raise ValueError("a run does not have its hash")
        for change in run.changes:
            shapes = {shape(rows) for rows in (change.before, *change.left)}
            if not isinstance(change.cells, str) or len(shapes) != 1:
                raise ValueError("a run does not say what its cells held")
        return run


class History:
    """The last runs of a book, oldest first; of them the first `done` stand in it, the others are undone.

    was  how many stood before, where that may still be so: the book is being saved, or a run has not ended
    """

    def __init__(self, path: Path, runs: list[Record], done: int, was: int | None = None):
        self.path, self.runs, self.done, self.was = path, runs, done, was
        self._replaced: dict | None = None  # the book that stood in the place of this one, and its history

    @classmethod
    def beside(cls, book: str | os.PathLike) -> "History":
        """The history of a book by its path; empty where there is none yet. Raises BookError if damaged."""
        path = _place(book)
        if not os.path.exists(path):  # False for a path that is none
            return cls(path, [], 0)
        try:
            if path.stat().st_size > MAX_BYTES:
                raise ValueError(f"it is larger than {MAX_BYTES:,} bytes")
            content = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_number)
            replaced = content.get("instead_of")
            if replaced is not None and replaced["book"] == _fingerprint(_book_of(path)):
                content = replaced  # the other book was to take this one's place, and did not come to it
            runs, done = [Record.from_json(run) for run in content["runs"]], content["done"]
            for count in (done, content.get("was", done)):
                if not isinstance(count, int) or count not in range(len(runs) + 1):
                    raise ValueError("it counts more runs than it holds")
        except OSError as error:
            raise BookError(f"{path} cannot be read ({error.strerror}); check its permissions") from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BookError(
                f"{path} is damaged ({error}); put a good copy back, or delete it and go on without undo"
            ) from error
        return cls(path, runs, done, content.get("was"))

    def require_target(self, book: str | os.PathLike) -> None:
        """Raises BookError where no history can be written beside `book`."""
        path = _place(book)
        if len(os.fsencode(path.name)) > MAX_NAME:
            raise BookError(f"{path.name[:60]}... is too long a name for the history; use a shorter one")
        if os.path.isdir(path):
            raise BookError(f"{path} is a folder where the history should stand; move it away")

    @contextmanager
    def saved_first(self, book: str | os.PathLike) -> Iterator[None]:
        """Saves the history beside `book`, for a body that saves the book there.

        Raises BookError, before the body begins, where the history cannot be written. Where the body raises
        an error of ours the book is as it was, and so is the history then.
        """
        own, path = self.path, _place(book)
        before = _bytes_of(path)
        self._replaced = _standing_there(path) if path != own else None
        so = "the book was not saved: what was written could not be undone; check the folder and the disk"
        self._write(path, so)
        try:
            yield
        except XlcicfError:
            with suppress(OSError):  # it is ahead of the book then, which does no harm
                if before is None:
                    path.unlink()
                else:
                    replace_file(path, before, like=_book_of(path), source=_book_of(own))
            self.path, self._replaced = own, None
            raise
        with suppress(BookError):  # likewise
            self.save()

    def save(self) -> None:
        """Writes the history whole or not at all; what it says stands in the book."""
        self.was = self._replaced = None
        self._write(self.path, "Undo and Redo go by what the cells hold; check the folder and the disk")

    def _write(self, path: Path, so: str) -> None:
        was = "" if self.was in (None, self.done) else f' "was": {self.was},'
        runs = ",\n".join(json.dumps(run.to_json()) for run in self.runs)
        replaced = f',\n"instead_of": {json.dumps(self._replaced)}' if self._replaced else ""
        text = f'{{"done": {self.done},{was} "runs": [\n{runs}\n]{replaced}}}\n'
        try:
            replace_file(path, text.encode(), like=_book_of(path), source=_book_of(self.path))
        except OSError as error:
            raise BookError(f"{path} cannot be written ({error.strerror}), so {so}") from error
        self.path = path

    @contextmanager
    def recording(self, book, title: str, areas: Iterable[Area]) -> Iterator["Recording"]:
        """Records what the body writes into the cells of `areas` as a run; what was undone is forgotten.

        book   an xlwings Book
        areas  all cells that the body may write to
        """
        recording = self.begin(book, title, areas)
        yield recording
        recording.end()

    def begin(self, book, title: str, areas: Iterable[Area], ahead: bool = False) -> "Recording":
        """The same in two parts: the Recording, which is a run of this history when it has ended.

        Runs that do not stand in the book are forgotten then, as those that were undone are.

        ahead  the history is saved before each of its writes and at its end, so that a run that is cut off
               can be undone as well; without it the caller saves both, as `save_with_history` does
        """
        kept = self._stand_in(book)

        def keep(record: Record | None, has_ended: bool) -> None:
            self.runs = [*kept, record][-KEPT:] if record else kept
            self.done = len(self.runs)
            self.was = self.done - 1 if record else None
            if ahead:
                if has_ended:
                    self.was = None
                so = "nothing more was written into the cells: it could not be undone; free some space there"
                self._write(self.path, so)

        return Recording(book, areas, title, keep)

    def undo(self, book) -> Record:
        """Puts back what the cells held before the last run. The caller saves.

        A run that does not stand in the cells, as in a book that was closed without saving, is passed by.
        Raises TrainingError where there is nothing to undo, or a cell no longer holds what the run left.
        """
        if not self.runs:
            raise TrainingError(
                f"there is no run to undo: no {self.path.name} lies beside the book; if the book was moved,"
                " move that file along"
            )
        cells = _Cells(book, self.path)
        done = self._standing(cells)
        if not done:
            raise TrainingError(f"there is no run to undo: {self.path.name} has none that stands in the book")
        run = self.runs[done - 1]
        cells.exchange([(change, change.left, change.before) for change in run.changes])
        self.done, self.was = done - 1, done
        return run

    def redo(self, book) -> Record:
        """Puts back what the last run undone had written. Raises as `undo` does."""
        cells = _Cells(book, self.path)
        done = self._standing(cells)
        if done == len(self.runs):
            raise TrainingError("there is no run to redo; only a run that was undone can be redone")
        run = self.runs[done]
        cells.exchange([(change, [change.before], change.after) for change in run.changes])
        self.done, self.was = done + 1, done
        return run

    def losses(self, book) -> list[tuple[int, float]]:
        """(step, best loss so far) of the last training run that stands in the book; empty if none does."""
        return next((list(run.losses) for run in reversed(self._stand_in(book)) if run.losses), [])

    def facts(self, book) -> Mapping[str, Any]:
        """The facts of the last training run that stands in the book; empty where none does."""
        return next((run.facts for run in reversed(self._stand_in(book)) if run.facts), {})

    def _stand_in(self, book) -> list[Record]:
        """The runs that stand in the book, oldest first."""
        return self.runs[: self._standing(_Cells(book, self.path))] if self.runs else []

    def before_first_run(self, book, area: Area) -> Rows | None:
        """What the cells of an area held before any of the runs; None where no run has written there."""
        rows, is_found = read_rows(cells_of(book, area)), False
        for change in (change for run in reversed(self.runs) for change in run.changes):
            sheet, cells = split_sheet(change.cells)
            part = area_of(area.sheet, cells) if sheet == area.sheet else None
            if part is not None and part.intersect(area) == part:
                down, across = part.within(area)
                for row, before in zip(rows[down], change.before, strict=True):
                    row[across] = before
                is_found = True
        return rows if is_found else None

    def _standing(self, cells: "_Cells") -> int:
        """How many of the runs stand in the cells.

        That is `done`, or `was`, or in a book that was closed without saving the nearest number that the
        cells agree with. Where a person has changed the cells so that none does, it is the one of `done` and
        its neighbours that the fewest cells speak against.
        """
        likely = [self.done, self.done if self.was is None else self.was]
        rest = sorted(range(len(self.runs) + 1), key=lambda count: abs(count - self.done))
        counts = list(dict.fromkeys([*likely, *rest]))
        against = {}
        for count in counts:
            against[count] = self._against(count, cells)
            if not against[count]:
                return count
        near = [count for count in counts if count in likely or abs(count - self.done) <= 1]
        return min(near, key=against.__getitem__)

    def _against(self, count: int, cells: "_Cells") -> int:
        """How many cells do not hold what they held after `count` runs; all of the last run's where it has
        left no trace.

        Only the runs between there and `done` are asked, and one more on both sides.
        """
        low, high = sorted((count, self.done))
        first = max(0, low - 1)
        left: dict[SheetCell, bool] = {}
        before: dict[SheetCell, bool] = {}
        for i, run in enumerate(self.runs[first : high + 1], start=first):
            for change in run.changes:
                if i < count:
                    left |= cells.hold(change, "left")
                else:
                    before = cells.hold(change, "before") | before
        last = self.runs[count - 1].changes if count else ()
        traces = [as_before for change in last for as_before in cells.hold(change, "before").values()]
        if traces and all(traces):
            return len(traces)
        return sum(not (left.get(place) or before.get(place)) for place in left.keys() | before.keys())


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
        self._before = {area: read_rows(cells_of(book, area)) for area in areas}
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
        self._now = {area: read_rows(cells_of(self._book, area)) for area in self._now}

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


class _Cells:
    """The cells that runs wrote to, in an open book; each area is read when first asked for."""

    def __init__(self, book, path: Path):
        self._book, self._path, self._outline = book, path, outline(book)
        self._areas: dict[str, Area] = {}
        self._now: dict[SheetCell, object] = {}
        self._held: dict[tuple[int, str], dict[SheetCell, bool]] = {}

    def area(self, change: Change) -> Area:
        """Where a change lies. Raises AddressError or BookError where there are no such cells."""
        if change.cells not in self._areas:
            areas = resolve(self._outline, change.cells, f"the cells in {self._path.name}")
            if len(areas) != 1 or areas[0].shape != shape(change.before):
                raise BookError(
                    f"{self._path} is damaged ({change.cells} has another size); delete it and go on"
                )
            self._areas[change.cells] = areas[0]
            self._now |= by_place(areas[0], read_rows(cells_of(self._book, areas[0])))
        return self._areas[change.cells]

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
        for change, options, _ in changes:
            expected = self.expected(change, options)
            for place in self.differ(expected):
                raise TrainingError(
                    f"{cell_address(*place)} was changed by hand: it holds {shown(self._now[place])} in place"
                    f" of {shown(expected[place][0])}; put that back first, nothing was overwritten"
                )
        for change, _, rows in changes:
            cells_of(self._book, self.area(change)).value = values_of(rows)


def _place(book: str | os.PathLike) -> Path:
    """Where the history of a book stands: beside the file itself, whatever link leads to it."""
    return Path(f"{os.path.realpath(book)}{SUFFIX}")


def _book_of(path: Path) -> Path:
    """The book that a history is of."""
    return path.with_name(path.name.removesuffix(SUFFIX))


def _standing_there(path: Path) -> dict | None:
    """The book that the one of this history shall replace, and its own history; None where there is none."""
    book = _fingerprint(_book_of(path))
    if book is None:
        return None
    try:
        history = History.beside(_book_of(path))
    except BookError:  # there was nothing to be had from it before either
        return {"book": book, "done": 0, "runs": []}
    return {"book": book, "done": history.done, "runs": [run.to_json() for run in history.runs]}


def _fingerprint(book: Path) -> str | None:
    """A SHA-256 of the file; None where there is none."""
    content = _bytes_of(book)
    return None if content is None else hashlib.sha256(content).hexdigest()


def _bytes_of(path: Path) -> bytes | None:
    """What a file holds, None where there is none. Raises BookError where it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BookError(f"{path} cannot be read ({error.strerror}); check its permissions") from error


def _no_number(text):
    raise ValueError(f"{text} is no number a cell can hold")


def _hash(content: dict) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
