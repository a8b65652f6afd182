"""What runs wrote into a book, kept in BOOK.xlcicf.json beside it, so that each can be undone and redone."""

import glob
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xlcicf.errors import BookError, TrainingError
from xlcicf.formula.address import Area, cell_address
from xlcicf.formula.references import resolve
from xlcicf.formula.text import area_of, split_sheet
from xlcicf.host.exact_cells import (
    Place,
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
from xlcicf.ooxml.package import replace_file
from xlcicf.solve.book_problem import cells_of

KEPT = 50  # runs
MAX_NAME = 255  # bytes of a file's name, everywhere
OLD = 60.0  # seconds, after which nobody writes a temporary file any more
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
class Run:
    """A run that wrote into a book; `title` says which, such as "lbfgs: Net!B2 from 0.264 to 0.135".

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
    def from_json(cls, content: dict) -> "Run":
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
    """The last runs of a book, oldest first; of them the first `done` stand in it, the others are undone."""

    def __init__(self, path: Path, runs: list[Run], done: int):
        self.path, self.runs, self.done = path, runs, done

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
            runs, done = [Run.from_json(run) for run in content["runs"]], content["done"]
            if not isinstance(done, int) or done not in range(len(runs) + 1):
                raise ValueError("it counts more runs than it holds")
        except OSError as error:
            raise BookError(f"{path} cannot be read ({error.strerror}); check its permissions") from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BookError(
                f"{path} is damaged ({error}); put a good copy back, or delete it and go on without undo"
            ) from error
        return cls(path, runs, done)

    def require_target(self, book: str | os.PathLike) -> None:
        """Raises BookError where no history can be written beside `book`."""
        path = _place(book)
        if len(os.fsencode(path.name)) > MAX_NAME:
            raise BookError(f"{path.name[:60]}... is too long a name for the history; use a shorter one")
        if os.path.isdir(path):
            raise BookError(f"{path} is a folder where the history should stand; move it away")

    def save(self, book: str | os.PathLike | None = None) -> None:
        """Writes the history whole or not at all, beside `book` where it was saved under another name."""
        path = self.path if book is None else _place(book)
        self._write(path, "what was just saved cannot be undone or redone; check the folder and the disk")

    def _write(self, path: Path, so: str) -> None:
        runs = ",\n".join(json.dumps(run.to_json()) for run in self.runs)
        try:
            replace_file(path, f'{{"done": {self.done}, "runs": [\n{runs}\n]}}\n'.encode())
        except OSError as error:
            raise BookError(f"{path} cannot be written ({error.strerror}), so {so}") from error
        self.path = path
        _clear_leftovers(path)

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

        ahead  the history is saved before each of its writes and at its end, so that a run that is cut off
               can be undone as well; without it the caller saves
        """
        kept = self.runs[: self.done]

        def keep(run: Run | None) -> None:
            self.runs = [*kept, run][-KEPT:] if run else kept
            self.done = len(self.runs)
            if ahead:
                so = "nothing more was written into the cells: it could not be undone; free some space there"
                self._write(self.path, so)

        return Recording(book, areas, title, keep)

    def undo(self, book) -> Run:
        """Puts back what the cells held before the last run. The caller saves the book, then the history.

        A run that does not stand in the cells, as in a book that was closed without saving, is passed by.
        Raises TrainingError where there is nothing to undo, or a cell no longer holds what the run left.
        """
        if not self.runs:
            raise TrainingError(
                f"there is no run to undo: no {self.path.name} lies beside the book; if the book was moved,"
                " move that file along"
            )
        cells = _Cells(book, self.path)
        self.done = self._standing(cells)
        if not self.done:
            raise TrainingError(f"there is no run to undo: {self.path.name} has none that stands in the book")
        run = self.runs[self.done - 1]
        cells.exchange([(change, change.left, change.before) for change in run.changes])
        self.done -= 1
        return run

    def redo(self, book) -> Run:
        """Puts back what the last run undone had written. Raises as `undo` does."""
        cells = _Cells(book, self.path)
        self.done = self._standing(cells)
        if self.done == len(self.runs):
            raise TrainingError("there is no run to redo; only a run that was undone can be redone")
        run = self.runs[self.done]
        cells.exchange([(change, [change.before], change.after) for change in run.changes])
        self.done += 1
        return run

    def losses(self) -> list[tuple[int, float]]:
        """(step, best loss so far) of the last training run not undone; empty where there is none."""
        return next((list(run.losses) for run in reversed(self.runs[: self.done]) if run.losses), [])

    def facts(self) -> Mapping[str, Any]:
        """The facts of the last training run not undone; empty where there is none."""
        return next((run.facts for run in reversed(self.runs[: self.done]) if run.facts), {})

    def before_first_run(self, area: Area) -> list[tuple[Area, list[list]]]:
        """(area, values to assign), in the order in which to assign them so that the cells of `area` hold
        what they held before any of the runs; empty where no run has written there."""
        found = []
        for change in (change for run in reversed(self.runs) for change in run.changes):
            sheet, cells = split_sheet(change.cells)
            part = area_of(area.sheet, cells) if sheet == area.sheet else None
            if part is not None and part.intersect(area) == part:
                found.append((part, values_of(change.before)))
        return found

    def _standing(self, cells: "_Cells") -> int:
        """How many of the runs stand in the cells.

        That is `done`, or in a book that was closed without saving the nearest number that the cells agree
        with. Where a person has changed the cells so that none does, it is `done` again.
        """
        nearest = sorted(range(len(self.runs) + 1), key=lambda count: abs(count - self.done))
        return next((count for count in nearest if self._agrees(count, cells)), self.done)

    def _agrees(self, count: int, cells: "_Cells") -> bool:
        """Whether the cells hold what they held after `count` runs.

        Only the runs between there and `done` are asked, and one more on both sides.
        """
        low, high = sorted((count, self.done))
        first = max(0, low - 1)
        left: dict[Place, list] = {}
        before: dict[Place, list] = {}
        for i, run in enumerate(self.runs[first : high + 1], start=first):
            for change in run.changes:
                if i < count:
                    left |= cells.expected(change, change.left)
                else:
                    before = cells.expected(change, [change.before]) | before
        places = left.keys() | before.keys()
        if cells.differ({place: [*left.get(place, ()), *before.get(place, ())] for place in places}):
            return False
        last = self.runs[count - 1].changes if count else ()
        return not last or any(cells.differ(cells.expected(change, [change.before])) for change in last)


class Recording:
    """A run while it writes. `title`, `losses` and `facts` may be set until it ends.

    keep  is handed the run so far before each write, and at the end the whole run, None if it was taken back
    """

    def __init__(self, book, areas: Iterable[Area], title: str, keep: Callable[[Run | None], None]):
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
        self._keep(self._run(changes))
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
        self._keep(None if self._is_restored else self._run(changes))

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

    def _run(self, changes: list[Change | None]) -> Run:
        return Run(self.title, tuple(change for change in changes if change), self.losses, self.facts)


class _Cells:
    """The cells that runs wrote to, in an open book; each area is read when first asked for."""

    def __init__(self, book, path: Path):
        self._book, self._path, self._outline = book, path, outline(book)
        self._areas: dict[str, Area] = {}
        self._now: dict[Place, object] = {}

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

    def expected(self, change: Change, options: Iterable[Rows]) -> dict[Place, list]:
        """Each cell of a change -> what it may hold by these rows."""
        area = self.area(change)
        found: dict[Place, list] = {}
        for rows in options:
            for place, cell in by_place(area, rows).items():
                found.setdefault(place, []).append(cell)
        return found

    def differ(self, expected: Mapping[Place, list]) -> list[Place]:
        """The cells that hold nothing of what they may hold."""
        return [p for p, options in expected.items() if not any(same(self._now[p], o) for o in options)]

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
    return Path(f"{os.path.realpath(book)}.xlcicf.json")


def _clear_leftovers(path: Path) -> None:
    """Removes what a process left that was killed while it wrote the history, as it does often in a run."""
    for leftover in path.parent.glob(f".{glob.escape(path.name[:40])}.*.tmp"):
        with suppress(OSError):
            if time.time() - leftover.stat().st_mtime > OLD:
                leftover.unlink()


def _no_number(text):
    raise ValueError(f"{text} is no number a cell can hold")


def _hash(content: dict) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
