"""What runs wrote into a book, kept in BOOK.xlcicf.json beside it, so that each can be undone and redone."""

import datetime as dt
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from xlcicf.bridge.optimise import cells_of
from xlcicf.bridge.package import replace_file
from xlcicf.bridge.problem import resolve
from xlcicf.bridge.ranges import ERRORS
from xlcicf.bridge.snapshot import outline
from xlcicf.errors import BookError, TrainingError
from xlcicf.formula.address import Area, cell_address

KEPT = 50  # runs
MAX_NAME = 255  # bytes of a file's name, everywhere
MAX_BYTES = 100_000_000  # of the file; fifty runs of a sheet-sized net take well below one million

Rows = list[list]


@dataclass(frozen=True)
class Change:
    """What the cells of an area, such as "Net!D4:N5", held before a run and after it, row by row.

    A cell is as in the file: None, a number, text, a bool, {"formula": "=A1"} or {"date": "2024-05-17"}.
    """

    cells: str
    before: Rows
    after: Rows


@dataclass(frozen=True)
class Run:
    """A run that wrote into a book; `title` says which, such as "lbfgs: Net!B2 from 0.264 to 0.135"."""

    title: str
    changes: tuple[Change, ...]

    def to_json(self) -> dict:
        content = {"title": self.title, "changes": [vars(change) for change in self.changes]}
        return content | {"hash": _hash(content)}

    @classmethod
    def from_json(cls, content: dict) -> "Run":
        """Raises ValueError, KeyError, TypeError or AttributeError where to_json did not make `content`."""
        run = cls(content["title"], tuple(Change(**change) for change in content["changes"]))
        if run.to_json() != content:
            raise ValueError("a run does not have its hash")
        for change in run.changes:
            if not isinstance(change.cells, str) or _shape(change.before) != _shape(change.after):
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
        runs = ",\n".join(json.dumps(run.to_json()) for run in self.runs)
        try:
            replace_file(path, f'{{"done": {self.done}, "runs": [\n{runs}\n]}}\n'.encode())
        except OSError as error:
            raise BookError(
                f"{path} cannot be written ({error.strerror}), so what was just saved cannot be undone or"
                " redone; check the folder and the disk"
            ) from error
        self.path = path

    @contextmanager
    def recording(self, book, title: str, references: Iterable[str]) -> Iterator[None]:
        """Records what the body writes into the cells of `references` as a run; what was undone is forgotten.

        book        an xlwings Book
        references  all cells that the body may write to: addresses or defined names
        """
        snapshot = outline(book)
        areas = (area for text in references for area in resolve(snapshot, text, "the cells to write"))
        before = [(area, _read(cells_of(book, area))) for area in dict.fromkeys(areas)]
        yield
        changes = (_change(area, rows, _read(cells_of(book, area))) for area, rows in before)
        run = Run(title, tuple(change for change in changes if change is not None))
        self.runs = [*self.runs[: self.done], run][-KEPT:]
        self.done = len(self.runs)

    def undo(self, book) -> Run:
        """Puts back what the cells held before the last run. The caller saves the book, then the history.

        Raises TrainingError where there is nothing to undo, or a cell no longer holds what the run left.
        """
        if not self.runs:
            raise TrainingError(
                f"there is no run to undo: no {self.path.name} lies beside the book; if the book was moved,"
                " move that file along"
            )
        if not self.done:
            raise TrainingError(f"there is no run to undo: {self.path.name} has none that stands in the book")
        run = self.runs[self.done - 1]
        self._exchange(book, [(change.cells, change.after, change.before) for change in run.changes])
        self.done -= 1
        return run

    def redo(self, book) -> Run:
        """Puts back what the last run undone had written. Raises as `undo` does."""
        if self.done == len(self.runs):
            raise TrainingError("there is no run to redo; only a run that was undone can be redone")
        run = self.runs[self.done]
        self._exchange(book, [(change.cells, change.before, change.after) for change in run.changes])
        self.done += 1
        return run

    def _exchange(self, book, changes: list[tuple[str, Rows, Rows]]) -> None:
        """Writes the new rows of each (address, rows expected there, new rows), if all are as expected."""
        snapshot = outline(book)
        writes = []
        for address, expected, rows in changes:
            areas = resolve(snapshot, address, f"the cells in {self.path.name}")
            if len(areas) != 1 or areas[0].shape != _shape(expected):
                raise BookError(f"{self.path} is damaged ({address} has another size); delete it and go on")
            cells = cells_of(book, areas[0])
            _require(areas[0], _read(cells), expected)
            writes.append((cells, rows))
        for cells, rows in writes:
            cells.value = [[_content(cell) for cell in row] for row in rows]


def _place(book: str | os.PathLike) -> Path:
    """Where the history of a book stands: beside the file itself, whatever link leads to it."""
    return Path(f"{os.path.realpath(book)}.xlcicf.json")


def _no_number(text):
    raise ValueError(f"{text} is no number a cell can hold")


def _hash(content: dict) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _shape(rows: Rows) -> tuple[int, int]:
    """(rows, columns). Raises ValueError where the rows differ in length or hold what no cell holds."""
    (columns,) = {len(row) for row in rows}
    for row in rows:
        for cell in row:
            _content(cell)
    return len(rows), columns


def _change(area: Area, before: Rows, after: Rows) -> Change | None:
    """What has become of an area: its smallest part with all that differs, None where nothing does."""
    places = [
        (r, c)
        for r, pair in enumerate(zip(before, after, strict=True))
        for c, (was, now) in enumerate(zip(*pair, strict=True))
        if not _same(was, now)
    ]
    if not places:
        return None
    (top, bottom), (left, right) = ((min(side), max(side)) for side in zip(*places, strict=True))
    part = Area(area.sheet, area.top + top, area.left + left, area.top + bottom, area.left + right)

    def cut(rows):
        return [row[left : right + 1] for row in rows[top : bottom + 1]]

    return Change(part.address, cut(before), cut(after))


def _same(cell, other) -> bool:
    """Whether two cells hold exactly the same; Python itself finds 1.0 equal to True, and 0.0 to -0.0."""
    return json.dumps(cell) == json.dumps(other)


def _require(area: Area, found: Rows, expected: Rows) -> None:
    """Raises TrainingError for the first cell that somebody has changed."""
    contents = zip(chain(*found), chain(*expected), strict=True)
    for place, (now, then) in zip(area.cells(), contents, strict=True):
        if not _same(now, then):
            raise TrainingError(
                f"{cell_address(area.sheet, *place)} was changed by hand: it holds {_shown(now)} in place of"
                f" {_shown(then)}; put that back first, nothing was overwritten"
            )


def _read(cells) -> Rows:
    """What the cells of an xlwings Range hold, as a Change has it."""
    values, formulas = cells.options(ndim=2, err_to_str=True).value, cells.formula
    if cells.shape == (1, 1):
        formulas = ((formulas,),)
    return [[_cell(*pair) for pair in zip(*rows, strict=True)] for rows in zip(values, formulas, strict=True)]


def _cell(value, formula):
    if isinstance(formula, str) and formula.startswith("=") and formula != value:
        return {"formula": formula}
    return {"date": value.isoformat()} if isinstance(value, dt.datetime) else value


def _content(cell):
    """What to assign to a Range so that the cell holds this; a leading ' lets text be text, even "=A1"."""
    match cell:
        case {"formula": str(formula)}:
            return formula
        case {"date": str(date)}:
            return dt.datetime.fromisoformat(date)
        case str():
            return cell if cell in ERRORS else f"'{cell}"
        case int() if abs(cell) > sys.float_info.max:
            raise ValueError("a number is larger than any cell holds")
        case None | bool() | int() | float():
            return cell
    raise ValueError(f"no cell holds {cell!r}")


def _shown(cell) -> str:
    if isinstance(cell, dict):
        return next(iter(cell.values()))
    return "nothing" if cell is None else repr(cell)
