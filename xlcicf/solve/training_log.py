"""Where a book made by xlcicf writes a run down: the blocks behind its names parity.*, fit.*, runs.* and
steps.*.

The book decides where they lie and which columns its log has; this finds them by name and by header.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from xlcicf import words
from xlcicf.formula.address import Area
from xlcicf.formula.references import resolve
from xlcicf.formula.snapshot import Snapshot
from xlcicf.host import cells_of
from xlcicf.host.exact_cells import read_rows
from xlcicf.solve.answer import Answer
from xlcicf.solve.book_problem import laid_out
from xlcicf.solve.course import Course
from xlcicf.solve.placed import PlacedProblem

_WRITTEN = (
    words.PARITY_LOSS,
    words.PARITY_PREDICTION,
    words.PARITY_SETTINGS,
    words.RUNS_LOG,
    words.RUNS_WEIGHTS,
)
_FIT = (words.FIT_ERRORS, words.FIT_UNKNOWN)  # which not every such book has
_OF_STEPS = (words.STEPS_LOG, words.STARTS_LOG)  # the second is not in books made before there was one
_READ = (words.STEPS_LOG, words.NET_ACCURACY, words.NET_PREDICTION, words.NET_SETTINGS)

REASONS = 4  # why there is no standard error, at most so many in a cell


@dataclass(frozen=True)
class TrainingLog:
    """The named blocks of one open book.

    weights_after  where the weights after a run go, an area for each of the changing cells' areas
    errors         likewise their standard errors; no areas in a book that tells none
    """

    book: Any  # an xlwings Book
    areas: dict[str, Area]
    weights_after: list[Area]
    errors: list[Area]

    @classmethod
    def of(cls, book, problem: PlacedProblem) -> "TrainingLog | None":
        """The blocks, where the book is xlcicf's own and `problem` the one it was made for; else None."""
        snapshot = problem.book
        wanted = (words.WEIGHTS, words.PARITY_WEIGHTS, words.NET_LOSS, *_WRITTEN, *_READ)
        if any((name, None) not in snapshot.names for name in wanted):
            return None
        if all((name, None) in snapshot.names for name in _FIT):
            wanted += _FIT
        if (words.STARTS_LOG, None) in snapshot.names:
            wanted += (words.STARTS_LOG,)
        areas = {name: resolve(snapshot, name, "the block") for name in wanted}
        weights, weights_after = areas.pop(words.WEIGHTS), areas.pop(words.PARITY_WEIGHTS)
        errors = areas.pop(words.FIT_ERRORS, [])
        if [problem.objective] != areas[words.NET_LOSS] or list(problem.changing) != weights:
            return None
        return cls(book, {name: found[0] for name, found in areas.items()}, weights_after, errors)

    @property
    def written(self) -> list[Area]:
        """All cells that a run may write to."""
        named = [self.areas[name] for name in (*_WRITTEN, words.FIT_UNKNOWN) if name in self.areas]
        logs = [self._below_header(name) for name in _OF_STEPS if name in self.areas]
        return [*self.weights_after, *self.errors, *named, *logs]

    @property
    def shown(self) -> list[Area]:
        """The cells of accuracy and of predictions: `contents` is handed what they show."""
        return [self.areas[words.NET_ACCURACY], self.areas[words.NET_PREDICTION]]

    def accuracy(self, shown: Snapshot) -> float | None:
        """What the accuracy cell shows in a book as it was read."""
        return accuracy_of(shown.numbers(self.areas[words.NET_ACCURACY]))

    def steps(self, course: Course) -> dict[Area, list[list]]:
        """What the logs of the last run are to hold: the steps of the start that won, and where each start
        ended, in books that have room for that."""
        points = {words.STEPS_LOG: course.won, words.STARTS_LOG: course.ends}
        rooms = {name: self._below_header(name) for name in points if name in self.areas}
        return {area: _filled(points[name], area.shape[0]) for name, area in rooms.items()}

    def _below_header(self, name: str) -> Area:
        area = self.areas[name]
        return replace(area, top=area.top + 1)

    def contents(self, weights: np.ndarray, start: np.ndarray, loss: float, pred: np.ndarray,
                 shown: np.ndarray, course: Course,
                 row: dict[str, object]) -> dict[Area, list[list]]:  # fmt: skip
        """What the cells of `written`, but for those of `fit`, are to hold after a run whose weights stand in
        their cells already.

        weights, start  the weights (n,) after and before the run
        loss, pred      torch's loss, and its predictions (rows, 1), nan where a row has no formula of its own
        shown           the predictions' cells (rows, 1), nan where one shows no number
        course          how the loss went
        row             header -> what the log's line says there
        """
        blocks = {
            words.PARITY_LOSS: [[loss]],
            words.PARITY_PREDICTION: [[_largest(np.abs(shown - pred))]],
            words.PARITY_SETTINGS: self._values(words.NET_SETTINGS),
        }
        blocks[words.RUNS_LOG], blocks[words.RUNS_WEIGHTS] = self._with_line(row, start)
        blocks = {self.areas[name]: rows for name, rows in blocks.items()}
        return laid_out(self.weights_after, weights) | blocks | self.steps(course)

    def fit(self, answer: Answer, doubt: str) -> dict[Area, list[list]]:
        """What the cells of standard errors are to hold after a run that came to `answer`.

        doubt  why the run tells none; "" where it tells those that are known
        """
        if not self.errors:
            return {}
        known = [np.nan if doubt or error is None else error for _, _, error, *_ in answer.parameters]
        blocks = {area: [_shown(row) for row in rows] for area, rows in laid_out(self.errors, known).items()}
        return blocks | {self.areas[words.FIT_UNKNOWN]: [[doubt or told_unknown(answer)]]}

    def _with_line(self, row: dict[str, object], start: np.ndarray) -> tuple[list[list], list[list]]:
        """The log with one more line, and the weights before each run; when full, the oldest makes room."""
        held = read_rows(self.book, [self.areas[words.RUNS_LOG], self.areas[words.RUNS_WEIGHTS]])
        (headers, *log), weights = held.values()
        lines = [line for line in log if any(cell is not None for cell in line)]
        weights = weights[: len(lines)]
        numbers = [int(line[0]) for line in lines if isinstance(line[0], float)]
        entries = {words.RUN: 1 + max(numbers, default=0), **row}
        lines.append([entries.get(str(header)) for header in headers])
        weights.append(start.tolist())
        room = len(log)
        return [headers, *_padded(lines, room)], _padded(weights, room)

    def _values(self, name: str) -> list[list]:
        return self._cells(name).options(ndim=2).value

    def _cells(self, name: str):
        return cells_of(self.book, self.areas[name])


def told_unknown(answer: Answer) -> str:
    """Which parameters have no standard error, and why: a line a reason, the commonest first; and whether
    those that are known are rough."""
    from xlcicf.optim.steps import listed  # and torch with it

    cells: dict[str, list[str]] = {}
    for cell, _, error, *_ in answer.parameters:
        if error is None:
            cells.setdefault(answer.unknown.get(cell, "the run does not say why"), []).append(cell)
    reasons = sorted(cells.items(), key=lambda reason: -len(reason[1]))
    if reasons and len(reasons[0][1]) == len(answer.parameters):
        return f"all: {reasons[0][0]}"
    lines = [f"{listed(those)}: {why}" for why, those in reasons[:REASONS]] or ["none: each is known"]
    if more := sum(len(those) for _, those in reasons[REASONS:]):
        lines.append(f"{more} more, for other reasons")
    some_known = sum(map(len, cells.values())) < len(answer.parameters)
    if some_known and answer.fit and answer.fit.is_rough:
        lines.append("the others are rough: the run came to rest where slopes are left, as at a corner")
    return "\n".join(lines)


def _shown(numbers: list[float]) -> list[float | None]:
    """What cells are to hold: blank where there is no number."""
    return [None if np.isnan(number) else number for number in numbers]


def accuracy_of(rows: Sequence[Sequence[float]]) -> float | None:
    """What the accuracy cell shows, of the numbers that `shown` came to; None where that is no number."""
    ((number,),) = rows
    return None if np.isnan(number) else number


def _largest(gaps: np.ndarray) -> float | None:
    """The largest number, None where there is none: a person may have emptied the formulas."""
    return float(np.nanmax(gaps)) if np.isfinite(gaps).any() else None


def _padded(lines: list[list], room: int) -> list[list]:
    """The last `room` lines, and blank ones where there are fewer."""
    blank = [None] * len(lines[0])
    return [*lines[-room:], *([*blank] for _ in range(room - len(lines)))]


def _filled(points: list[tuple[int, float]], room: int) -> list[list]:
    """The points, or evenly chosen ones of them, a line each, and blank lines below."""
    chosen = points if len(points) <= room else [points[i] for i in _evenly(len(points), room)]
    return [*map(list, chosen), *([None, None] for _ in range(room - len(chosen)))]


def thinned(losses: list[float], most: int) -> list[tuple[int, float]]:
    """(step, loss) of all steps, or of at most so many evenly chosen ones, the last among them."""
    at = range(len(losses)) if len(losses) <= most else _evenly(len(losses), most)
    return [(i + 1, losses[i]) for i in at]


def _evenly(count: int, rows: int) -> Iterator[int]:
    return (round(i * (count - 1) / (rows - 1)) for i in range(rows))
