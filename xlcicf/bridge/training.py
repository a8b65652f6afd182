"""A training run on an open book: differentiated, trained, written back, written down, compared."""

import datetime as dt
import math
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from xlcicf.bridge.engine import Book as HeadlessBook
from xlcicf.bridge.optimise import differentiate, write_back
from xlcicf.bridge.parity import Parity, collected, parity
from xlcicf.bridge.problem import Problem, changing_areas
from xlcicf.bridge.runlog import RunLog
from xlcicf.bridge.snapshot import outline, read_snapshot
from xlcicf.bridge.undo import History
from xlcicf.learn import Step, train


@dataclass(frozen=True)
class Settings:
    """The arguments of `train` that Solver's dialog has no word for."""

    optimizer: str = "lbfgs"
    steps: int = 200
    restarts: int = 1
    seed: int = 0
    lr: float | None = None


@dataclass(frozen=True)
class Outcome:
    """What a run came to; losses are values of the objective cell, whatever the sense.

    accuracy  (before, after) as the book's own accuracy cell shows it, None in a book that has none
    dead      columns of MAX or IF that give a constant in each row: units that learn nothing more
    """

    objective: str
    changing: str
    variables: int
    sense: str | float
    settings: Settings
    before: float
    after: float
    seconds: float
    reason: str
    parity: Parity
    accuracy: tuple[float | None, float | None] | None
    dead: list[str]


class Training:
    """Iterate over it to train; `write` puts the best values found so far into the book.

    Raises what `differentiate` raises, AddressError where a cell to write to is locked or covered by a merged
    one, and at the first step what `train` raises.
    """

    def __init__(self, book, problem: Problem, settings: Settings):
        self.book, self.problem, self.settings = book, problem, settings
        self.f = differentiate(book, problem)
        self._require_writable()
        self.before = self.f.value(self.f.start)
        self.best_loss, self.best_values = self.before, self.f.start
        self.losses: list[float] = []
        self.reason = "stopped before the first step"
        self.seconds = 0.0

    def _require_writable(self) -> None:
        """Refuses before a long run what `write` would refuse after it; Excel itself is asked only then."""
        if not isinstance(self.book.impl, HeadlessBook):
            return
        log = RunLog.of(self.book, self.problem)
        for area in [*self.f.changing, *(log.written if log else [])]:
            self.book.impl.document.require_writable(area)

    def __iter__(self) -> Iterator[Step]:
        began = time.perf_counter()
        for step in train(self.f, **asdict(self.settings)):
            self.best_loss, self.best_values = step.best_loss, step.best_values
            self.losses.append(step.best_loss)
            self.seconds = time.perf_counter() - began
            self.reason = step.reason or "stopped by hand; the best values so far are kept"
            yield step

    def write(self, history: History) -> Outcome:
        """The best values into the changing cells and, in xlcicf's own books, the run into its log.

        Everything written is recorded in `history` as one run; the caller saves the book, then the history.
        """
        log = RunLog.of(self.book, self.problem)
        accuracy_before = log.accuracy() if log else None
        areas = [area.address for area in changing_areas(outline(self.book), self.problem)]
        title = f"{self.settings.optimizer}: {self.f.objective} from {self.before:g} to {self.best_loss:g}"
        with history.recording(
            self.book, title, [*areas, *(area.address for area in (log.written if log else []))]
        ):
            write_back(self.book, self.problem, self.best_values)
            self.book.app.calculate()  # Excel may be set to calculate by hand
            blocks = list(self.f.blocks(self.best_values))
            agreement = parity(blocks, read_snapshot(self.book))
            accuracy = (accuracy_before, log.accuracy()) if log else None
            if log and accuracy:
                loss = self.f.value(self.best_values)
                pred = collected(blocks, log.areas["net.prediction"])
                log.write(self.best_values, self.f.start, loss, pred, self.losses, self._line(accuracy[1]))
        return Outcome(
            objective=self.f.objective,
            changing=",".join(areas),
            variables=len(self.f.start),
            sense=self.problem.sense,
            settings=self.settings,
            before=self.before,
            after=self.best_loss,
            seconds=self.seconds,
            reason=self.reason,
            parity=agreement,
            accuracy=accuracy,
            dead=self.f.dead(self.best_values),
        )

    def _line(self, accuracy: float | None) -> dict[str, object]:
        """The run's line in the log. What differs from run to run of the same work is left out on request."""
        line: dict[str, object] = {
            "Optimiser": self.settings.optimizer,
            "Steps": len(self.losses),
            "Restarts": self.settings.restarts,
            "Seed": self.settings.seed,
            "Learning rate": self.settings.lr,
            "Loss before": self.before,
            "Loss after": self.best_loss,
            "Accuracy": accuracy,
            "Why it stopped": self.reason,
        }
        if "SOURCE_DATE_EPOCH" not in os.environ:
            now = dt.datetime.now().replace(microsecond=0)
            line |= {"When": now, "Seconds": round(self.seconds, 3)}
        return line


def save_with_history(book, history: History, path: str | os.PathLike) -> Path:
    """The book to `path` (.xlsx), then beside it the history of its runs."""
    path = Path(path)
    book.save(path)
    history.save(path)
    return path


def central_differences(value, v: np.ndarray, h: float = 1e-6) -> tuple[np.ndarray, np.ndarray]:
    """(slopes (n,), steps (n,)): (value(v + s) - value(v - s)) / 2s a coordinate, s = h max(1, |v|)."""
    steps = h * np.maximum(1.0, np.abs(v))
    slopes = np.full(v.shape, math.nan)
    for i, step in enumerate(steps):
        up, down = v.copy(), v.copy()
        up[i] += step
        down[i] -= step
        slopes[i] = (value(up) - value(down)) / (up[i] - down[i])
    return slopes, steps
