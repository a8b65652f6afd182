"""What runs wrote into a book, kept in BOOK.xlcicf.json beside it, so that each can be undone and redone.

The file is written before the book or the cells, so that no moment has new values without the way back. A
process killed in between leaves a history ahead of its book: the cells are asked which of the runs stand.

Of the last save the history keeps what makes the file again what it was: as long as nobody else has written
the file, a run is taken back and brought back part by part, with nothing opened or computed.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlcicf.errors import BookError, TrainingError, XlcicfError
from xlcicf.formula.address import Area, SheetCell
from xlcicf.host.exact_cells import Rows
from xlcicf.ooxml.difference import difference, digest, made_of
from xlcicf.ooxml.package import Package, read_package, save_package
from xlcicf.ooxml.replacing import replace_file
from xlcicf.solve.records import Change as Change
from xlcicf.solve.records import Record as Record
from xlcicf.words import COMPUTED, HISTORY

if TYPE_CHECKING:
    from xlcicf.solve.recording import Recording, RunCells

REPORTS = "reports"  # of a run's facts: the sheets that tell of it, each with a SHA-256 of its content
KEPT = 50  # runs
MAX_NAME = 255  # bytes of a file's name, everywhere
MAX_BYTES = 100_000_000  # of the file; fifty runs of a sheet-sized net take well below one million
MAX_DIFFERENCE = 4_000_000  # letters of what makes the file what it was; a larger one is not kept


@dataclass(frozen=True)
class SavedFile:
    """The book's file as it was last saved, and what makes of it the file of before that.

    done        runs that stand in it
    parts       its digest (`ooxml.difference`)
    then_done, then_parts  the same of the file before
    difference  from this one to that one
    """

    done: int
    parts: str
    then_done: int
    then_parts: str
    difference: str

    @classmethod
    def of(cls, done: int, now: Package, then_done: int, then: Package) -> "SavedFile | None":
        """None where too much differs to be kept."""
        told = difference(now, then)
        if told is None or len(told) > MAX_DIFFERENCE:
            return None
        return cls(done, digest(now), then_done, digest(then), told)

    @classmethod
    def from_json(cls, content: dict) -> "SavedFile":
        """Raises ValueError or TypeError where `asdict` did not make `content`."""
        saved = cls(**content)
        kinds = {type(saved.done), type(saved.then_done)}, {type(saved.parts), type(saved.difference)}
        if kinds != ({int}, {str}):
            raise ValueError("it does not say how the file was saved")
        return saved


class History:
    """The last runs of a book, oldest first; of them the first `done` stand in it, the others are undone.

    was    how many stood before, where that may still be so: the book is being saved, or a run has not ended
    file   the book's file as last saved with this history; None where that is not known
    computed  the digest of that file if all results in it are known to be true
    """

    def __init__(
        self,
        path: Path,
        runs: list[Record],
        done: int,
        was: int | None = None,
        file: SavedFile | None = None,
        computed: str | None = None,
    ):
        self.path, self.runs, self.done, self.was, self.file = path, runs, done, was, file
        self.computed = computed
        self._opened: Package | None = None  # the file that a run is being written into, or taken out of
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
            file = SavedFile.from_json(content["file"]) if "file" in content else None
        except OSError as error:
            raise BookError(f"{path} cannot be read ({error.strerror}); check its permissions") from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BookError(
                f"{path} is damaged ({error}); put a good copy back, or delete it and go on without undo"
            ) from error
        return cls(path, runs, done, content.get("was"), file, content.get(COMPUTED))

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

    def note_file(self, book) -> None:
        """To be called when the book is saved, before the history is for the last time: from now on the file
        can be made again what it was, if nothing but the run was written into it."""
        now, then, self.file = parts_of(book), self._opened, None
        if now is not None and then is not None and self.was is not None:
            self.file = SavedFile.of(self.done, now, self.was, then)
        from xlcicf.host import host_of

        self.computed = digest(now) if now is not None and host_of(book).vouches(book) else None

    def save(self) -> None:
        """Writes the history whole or not at all; what it says stands in the book."""
        self.was = self._replaced = None
        self._write(self.path, "Undo and Redo go by what the cells hold; check the folder and the disk")

    def _write(self, path: Path, so: str) -> None:
        was = "" if self.was in (None, self.done) else f' "was": {self.was},'
        runs = ",\n".join(run.line for run in self.runs)
        replaced = f',\n"instead_of": {json.dumps(self._replaced)}' if self._replaced else ""
        file = f',\n"file": {json.dumps(asdict(self.file))}' if self.file else ""
        computed = f',\n"{COMPUTED}": {json.dumps(self.computed)}' if self.computed else ""
        text = f'{{"done": {self.done},{was} "runs": [\n{runs}\n]{replaced}{file}{computed}}}\n'
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
        from xlcicf.solve.recording import Recording

        self._opened = parts_of(book)
        kept = self._stand_in(book)

        def keep(record: Record | None, has_ended: bool) -> None:
            self.runs = [*kept, record][-KEPT:] if record else kept
            self.done = len(self.runs)
            self.was = self.done - 1 if record else None
            self.file = None  # it counted other runs
            if ahead:
                if has_ended:
                    self.was = None
                so = "nothing more was written into the cells: it could not be undone; free some space there"
                self._write(self.path, so)

        return Recording(book, areas, title, keep)

    def undo(self, book) -> Record:
        """Puts back what the cells held before the last run; sheets with reports of it go, where the host can
        take one away and nobody has written there since. The caller saves.

        A run that does not stand in the cells, as in a book that was closed without saving, is passed by.
        Raises TrainingError where there is nothing to undo, or a cell no longer holds what the run left.
        """
        if not self.runs:
            raise TrainingError(
                f"there is no run to undo: no {self.path.name} lies beside the book; if the book was moved,"
                " move that file along"
            )
        from xlcicf.host import host_of

        cells, self._opened = self._cells(book), parts_of(book)
        done = self._standing(cells)
        if not done:
            raise TrainingError(f"there is no run to undo: {self.path.name} has none that stands in the book")
        run = self.runs[done - 1]
        cells.exchange([(change, change.left, change.before) for change in run.changes])
        for name, content in run.facts.get(REPORTS, {}).items():
            if _content_of(book, name) == content:
                host_of(book).remove_sheet(book, name)
        self.done, self.was = done - 1, done
        return run

    def redo(self, book) -> Record:
        """Puts back what the last run undone had written. Raises as `undo` does."""
        cells, self._opened = self._cells(book), parts_of(book)
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
        run = self.last_run(book)
        return run.facts if run else {}

    def last_run(self, book) -> Record | None:
        """The last training run that stands in the book."""
        return next((run for run in reversed(self._stand_in(book)) if run.facts), None)

    def note_sheet(self, book, name: str) -> None:
        """The sheet of that name tells of the last training run: undoing the run takes it away."""
        standing = self._stand_in(book)
        for i in reversed(range(len(standing))):
            if (run := standing[i]).facts:
                reports = {**run.facts.get(REPORTS, {}), name: _content_of(book, name)}
                facts = {**run.facts, REPORTS: reports}
                self.runs[i] = replace(run, facts=facts)
                return

    def _stand_in(self, book) -> list[Record]:
        """The runs that stand in the book, oldest first."""
        return self.runs[: self._standing(self._cells(book))] if self.runs else []

    def _cells(self, book) -> "RunCells":
        from xlcicf.solve.recording import RunCells  # and xlwings with it

        return RunCells(book, self.path)

    def before_first_run(self, book, area: Area) -> Rows | None:
        """What the cells of an area held before any of the runs; None where no run has written there."""
        from xlcicf.solve.recording import before_first_of

        return before_first_of(self.runs, book, area)

    def _standing(self, cells: "RunCells") -> int:
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

    def _against(self, count: int, cells: "RunCells") -> int:
        """How many cells do not hold what they held after `count` runs; all of the last run's where it has
        left no trace.

        Only the runs between there and `done` are asked, and one more on both sides.
        """
        low, high = sorted((count, self.done))
        first = max(0, low - 1)
        cells.look_at(change for run in self.runs[first : high + 1] for change in run.changes)
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


def _content_of(book, name: str) -> str | None:
    """A SHA-256 of what a sheet's cells show in the formula bar; None where the book has no such sheet."""
    from xlcicf.host.hosts import host_of

    sheet = next((sheet for sheet in book.sheets if sheet.name == name), None)
    if sheet is None:
        return None
    rows = [list(map(str, row)) for row in host_of(book).formulas(sheet.used_range)]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def parts_of(book) -> Package | None:
    """The parts of the file that an open book is; None where it was changed since, or a program has it."""
    from xlcicf.host.hosts import host_of

    return host_of(book).parts(book)


def undone_in_file(book: str | os.PathLike) -> Record | None:
    """`undo` of a book that nobody has written since its last run was saved, in its file and history alone:
    the run that no longer stands in it.

    None where that is not so, or there is no such run: the book must be opened, and says more. Raises
    BookError where a file cannot be read or written.
    """
    return _exchanged_in_file(book, forward=False)


def redone_in_file(book: str | os.PathLike) -> Record | None:
    """The same for `redo`."""
    return _exchanged_in_file(book, forward=True)


def _exchanged_in_file(book: str | os.PathLike, forward: bool) -> Record | None:
    path = Path(os.path.realpath(book))
    history, now = History.beside(path), read_package(path)
    saved = history.file
    if saved is None or saved.parts != digest(now) or saved.then_done - saved.done != (1 if forward else -1):
        return None
    try:
        then = made_of(now, saved.difference)
        run = history.runs[min(saved.done, saved.then_done)]
    except (ValueError, IndexError):
        return None
    if digest(then) != saved.then_parts:
        return None
    history.done, history.was = saved.then_done, saved.done
    with history.saved_first(path):
        save_package(then, path)
        history.file = SavedFile.of(saved.then_done, then, saved.done, now)
    return run


def _place(book: str | os.PathLike) -> Path:
    """Where the history of a book stands: beside the file itself, whatever link leads to it."""
    return Path(f"{os.path.realpath(book)}{HISTORY}")


def _book_of(path: Path) -> Path:
    """The book that a history is of."""
    return path.with_name(path.name.removesuffix(HISTORY))


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
