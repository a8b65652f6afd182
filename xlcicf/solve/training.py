"""A training run on an open book: differentiated, trained, written back, written down, compared."""

import datetime as dt
import math
import os
import platform
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xlcicf import __version__, words
from xlcicf.formula.address import Area
from xlcicf.host import host_of, read_snapshot
from xlcicf.ooxml.package import require_target
from xlcicf.solve.agreement import agreed
from xlcicf.solve.answer import Answer, answer
from xlcicf.solve.book_problem import laid_out, training_settings
from xlcicf.solve.constraints import RIGHT_SIDES
from xlcicf.solve.course import Course, Mark
from xlcicf.solve.fingerprints import constants, hashes, weight_hashes
from xlcicf.solve.history import History
from xlcicf.solve.parity import Parity, collected, compared
from xlcicf.solve.placed import place
from xlcicf.solve.problem import OPTIONS, Problem, goal_of
from xlcicf.solve.question import question_line
from xlcicf.solve.recording import Recording
from xlcicf.solve.training_log import TrainingLog, accuracy_of, thinned

if TYPE_CHECKING:
    from xlcicf.optim import Step

SOLVERS_FIRST = (0, 100, 32767, 2147483647)  # limits in Solver's dialog before anybody sets them
FIRST_ORDER = ("sgd", "momentum", "rmsprop", "adam")  # they alone take a learning rate
NAMED = 4  # cells that a sentence names
MOMENT = 1.0  # second in which as many evaluations as there are changing cells are made
KEPT_VALUES = 2000  # of the other optima that restarts met
KEPT_LOSSES = 200  # of a run, in the history: as many as a chart shows


@dataclass(frozen=True)
class Settings:
    """The arguments of `train` that Solver's dialog has no word for."""

    optimizer: str = words.OPTIMIZER.default
    steps: int | None = words.STEPS.default
    restarts: int = words.RESTARTS.default
    seed: int = words.SEED.default
    lr: float | None = words.LR.default

    def following(self, options: Mapping[str, float]) -> "Settings":
        """With what Solver's options in the book say where nothing else is asked for: iterations, and with
        multistart the population as starts. Limits as Solver has them at first are nobody's wish."""
        said: dict[str, Any] = {}
        if self.steps is None and options["iterations"] not in SOLVERS_FIRST:
            said[words.STEPS.name] = max(1, int(options["iterations"]))
        if self.restarts == words.RESTARTS.default and options["multistart"] == 1 and self.steps != 1:
            said[words.RESTARTS.name] = max(1, int(options["population"] or OPTIONS["population"]))
        if self.seed == words.SEED.default:
            said[words.SEED.name] = int(options["random seed"])
        return replace(self, **said)

    @classmethod
    def of(cls, book, **asked) -> "Settings":
        """What is asked for, where that is not None; then what the book's own cells say; then the defaults.

        Raises DataError, naming the cell, for what such a cell cannot mean.
        """
        chosen: dict[str, Any] = {k: v for k, v in asked.items() if v is not None}
        chosen = training_settings(book, besides=chosen) | chosen
        if (
            chosen.get(words.OPTIMIZER.name, cls.optimizer) not in FIRST_ORDER
            and asked.get(words.LR.name) is None
        ):
            chosen.pop(words.LR.name, None)  # the cell's learning rate waits for an optimizer that takes one
        return cls(**chosen)


@dataclass(frozen=True)
class Outcome:
    """What a run came to; losses are values of the objective cell, whatever the sense.

    status    found, converged, local or stopped; of other runs nothing is written
    method    which method made the steps, and why that one
    answer    constraints and parameters as they are now
    frozen    addresses of cells upstream that stand at their saved values, see SheetFunction
    stepped   (address, function) of what moves in steps on the way, which no gradient sees
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
    status: str
    method: str
    answer: Answer
    parity: Parity
    accuracy: tuple[float | None, float | None] | None
    dead: list[str]
    stepped: list[tuple[str, str]]
    frozen: list[str]

    @property
    def missed(self) -> str:
        """In words, by how much constraints are missed by a run that was stopped on its way; else ""."""
        from xlcicf.optim.steps import PRECISION  # and torch with it

        largest = self.answer.missed
        return f"constraints are missed, by {largest:.2g} at most" if largest > PRECISION else ""

    @property
    def sentence(self) -> str:
        """The run in a line: what the objective was and is, and what a person should know."""
        parts = [f"{self.objective} {self.before:.6g} -> {self.after:.6g}: {self.reason}"]
        if self.missed:
            parts.append(self.missed)
        if self.dead:
            parts.append(f"{', '.join(self.dead)}: a constant in each row, which learns nothing more")
        if self.stepped:
            parts.append(told_stepped(self.stepped))
        if not self.parity.agrees:
            parts.append(
                f"formulas and torch differ by {self.parity.maximum:.1e}, most in {self.parity.worst}"
            )
        return "; ".join(parts)


class Training:
    """A run of one problem on an open book: iterate over it to train here, or `take` steps made elsewhere.

    doubted   whether the run goes on where cells show something else than their formulas come to
    problem   in its place: all that a process needs to make the steps
    f         the function that it makes of it
    written   the areas that the run may write to: the changing cells, and in xlcicf's own books its log
    losses    the best loss after each step
    course    how the loss went: of the start that won, and where each ended

    Raises what `agreed` and `differentiate` raise, AddressError where a cell to write to is locked or covered
    by a merged one, and at the first step what `train` raises.
    """

    def __init__(self, book, problem: Problem, settings: Settings, doubted: bool = False):
        self.book = book
        self.problem = place(read_snapshot(book), problem) if doubted else agreed(book, problem)
        self.settings = settings.following(self.problem.options)
        self.f = self.problem.function()
        self.log = TrainingLog.of(book, self.problem)
        self.written = [*self.problem.changing, *(self.log.written if self.log else [])]
        host_of(book).require_writable(book, self.written)  # before a long run, not after it
        self.accuracy_before = self.log.accuracy(self.problem.book) if self.log else None
        began = time.perf_counter()
        self.before = self.f.value(self.f.start)
        self._evaluation = time.perf_counter() - began
        self.best_loss, self.best_values = self.before, self.f.start
        self.losses: list[float] = []
        self.course = Course()
        self.reason, self.status, self.method = (
            "stopped before the first step",
            words.STOPPED,
            settings.optimizer,
        )
        self.multipliers: np.ndarray | None = None
        self.others: Sequence[tuple[float, Sequence[float]]] = ()
        self.evaluations: int | None = None
        self.seconds = 0.0
        self._began = time.perf_counter()

    def __iter__(self) -> "Generator[Step, None, None]":
        from xlcicf.optim import train
        from xlcicf.solve.share import restarts

        self._began = time.perf_counter()
        arguments = self.arguments
        elsewhere = restarts(lambda: question_line(self.problem, arguments), arguments)
        place = None
        for step in train(self.f, **arguments, elsewhere=elsewhere):
            here = step.restart, step.number, step.best_loss
            is_new = here != place
            marks = [Mark.of(step)] if is_new else []
            self.take([step.best_loss] if is_new else [], step.best_values, marks, **step.end)
            place = here  # the last one may only add the reason
            yield step

    def take(
        self,
        best_losses: Sequence[float],
        best_values: np.ndarray,
        marks: Sequence[Mark] = (),
        reason: str | None = None,
        status: str | None = None,
        method: str | None = None,
        multipliers: Sequence[float] | None = None,
        others: Sequence[tuple[float, Sequence[float]]] = (),
        evaluations: int | None = None,
    ) -> None:
        """Notes steps: the best loss after each, the best values (n,), what each adds to the run's course,
        and of the last one how the run ended, as `optim.Step.end` says it."""
        self.losses += best_losses
        for mark, best in zip(marks, best_losses, strict=True):
            self.course.add(mark, best)
        self.best_values = best_values
        if best_losses:
            self.best_loss = best_losses[-1]
        self.seconds = time.perf_counter() - self._began
        self.reason = reason or "stopped by hand; the best values so far are kept"
        if reason and self.problem.ignores_integers:
            self.reason += "; whole numbers are not kept to, as Solver's options in the book say"
        self.status, self.method = status or words.STOPPED, method or self.settings.optimizer
        if reason and not math.isfinite(self.best_loss) and self.status in (words.ERROR, *words.WORTH_HAVING):
            failing = self.f.begins_to_fail(self.best_values)
            self.status = words.ERROR
            self.reason += f"; {failing.address if failing else self.f.objective} shows an error there"
        self.multipliers = None if multipliers is None else np.array(multipliers)
        self.others, self.evaluations = others, evaluations

    @property
    def arguments(self) -> dict[str, Any]:
        """Those of `train`: the settings, and how long Solver's options in the book let it take."""
        seconds = self.problem.options["seconds"]
        return asdict(self.settings) | {"time_limit": None if seconds in SOLVERS_FIRST else seconds}

    @property
    def is_moments_work(self) -> bool:
        """Whether it is over sooner than another process has read what it is asked: one step from one start,
        within bounds alone, of a function that is quick."""
        is_free = not (len(self.f.constraints) or self.f.whole.any() or self.f.orders)
        is_one = (self.settings.steps, self.settings.restarts) == (1, 1)
        return is_one and is_free and self._evaluation * self.problem.variables < MOMENT

    @property
    def answer(self) -> Answer:
        """What the best values are worth, beside their loss."""
        return answer(self.problem, self.f, self.best_values, self.multipliers)

    @property
    def uncomputed(self) -> list[str]:
        """Addresses of cells whose results nobody knows; those that the run reached show no value."""
        return host_of(self.book).uncomputed(self.book)

    @property
    def is_worth_writing(self) -> bool:
        """Whether the run has come to values that a person wants."""
        return self.status in words.WORTH_HAVING and math.isfinite(self.best_loss)

    @property
    def title(self) -> str:
        """What the history calls the run."""
        return f"{self.settings.optimizer}: {self.f.objective} from {self.before:g} to {self.best_loss:g}"

    def facts(self) -> dict[str, object]:
        """What the history keeps of the run besides its cells: what was trained and how, on which data
        (address -> SHA-256), to which weights (likewise), by which machine and software.

        What differs from run to run of the same work is left out on request, as in the log.
        """
        facts = {
            "objective": self.f.objective,
            "changing": self.problem.changing_address,
            "variables": self.problem.variables,
            "sense": goal_of(self.problem.sense),
            **self._came_to(),
            **self._ended(),
            "data": self._data,
            "weights": weight_hashes(self._weights()),
            "hardware": f"{platform.machine()} processor, one thread",
            "software": f"xlcicf {__version__}, torch {version('torch')}, Python {platform.python_version()}",
        }
        if "SOURCE_DATE_EPOCH" not in os.environ:
            facts |= {"when": f"{dt.datetime.now():%Y-%m-%d %H:%M}", "seconds": round(self.seconds, 3)}
        return facts

    def _came_to(self) -> dict[str, object]:
        """How it was trained and what that came to, of what both history and log keep."""
        return {
            **asdict(self.settings),
            words.STEPS.name: len(self.losses),  # made, not allowed
            "before": self.before,
            "after": self.best_loss,
            "reason": self.reason,
        }

    def _ended(self) -> dict[str, object]:
        """What only the history keeps of how it ended."""
        few = len(self.others) * self.problem.variables <= KEPT_VALUES
        return {
            "status": self.status,
            "method": self.method,
            "evaluations": self.evaluations,
            "others": [[loss, list(values) if few else []] for loss, values in self.others],
        }

    @cached_property
    def _data(self) -> dict[str, str]:
        """What the objective reads besides the changing cells, as it was when the run began."""
        book, problem = self.problem.book, self.problem
        return hashes(book, constants(book, problem.objective, problem.changing))

    def write(self, history: History) -> Outcome:
        """The best values into the changing cells and, in xlcicf's own books, the run into its log.

        Everything written is recorded in `history` as one run; the caller calls `save_with_history`.
        """
        with history.recording(self.book, self.title, self.written) as recording:
            self.settle(recording)
            outcome, log = self.result()
            recording.write(log)
        return outcome

    def show(self, recording: Recording) -> None:
        """Writes how far the run has come: the best weights, and the losses where the book has a log."""
        self._name(recording)
        recording.write(self._weights() | (self.log.steps(self.course) if self.log else {}))

    def settle(self, recording: Recording) -> None:
        """Writes the best weights for good; the sheet's formulas follow."""
        self._name(recording)
        recording.write(self._weights())
        self.book.app.calculate()  # a person may have set it to calculate by hand

    def result(self) -> tuple[Outcome, dict[Area, list[list]]]:
        """What the run came to, once its weights stand in their cells, and what to write into the log."""
        blocks = [b for b in self.f.blocks(self.best_values) if b.area.sheet != RIGHT_SIDES]
        asked = [*(block.area for block in blocks), *(self.log.shown if self.log else [])]
        shown = host_of(self.book).numbers(self.book, asked)
        agreement = compared(zip(blocks, map(np.array, shown[: len(blocks)]), strict=True))
        accuracy, log = None, {}
        known = self.answer
        if self.log:
            accuracy_now, predictions = shown[len(blocks) :]
            accuracy = (self.accuracy_before, accuracy_of(accuracy_now))
            log = self.log.contents(
                self.best_values,
                self.f.start,
                self.f.value(self.best_values),
                collected(blocks, self.log.areas[words.NET_PREDICTION]),
                np.array(predictions),
                self.course,
                self._line(accuracy[1]),
            ) | self.log.fit(known, self._no_errors)
        outcome = Outcome(
            objective=self.f.objective,
            changing=self.problem.changing_address,
            variables=self.problem.variables,
            sense=self.problem.sense,
            settings=self.settings,
            before=self.before,
            after=self.best_loss,
            seconds=self.seconds,
            reason=self.reason,
            status=self.status,
            method=self.method,
            answer=known,
            parity=agreement,
            accuracy=accuracy,
            dead=self.f.dead(self.best_values),
            stepped=self.f.stepped,
            frozen=self.f.frozen,
        )
        return outcome, log

    @property
    def _no_errors(self) -> str:
        """Why the run tells no standard errors; "" where it does."""
        if self.method.partition(":")[0] != words.LEAST_SQUARES:
            return "all: the last run was not one of least squares"
        if self.status == words.STOPPED:
            return "all: the last run was stopped before it came to rest"
        return ""

    def announce(self, recording: Recording) -> None:
        """Keeps the best values in the history alone, where the book does not take them: Redo brings them."""
        self._name(recording)
        recording.announce(self._weights())

    def _name(self, recording: Recording) -> None:
        recording.title, recording.losses = self.title, tuple(thinned(self.losses, KEPT_LOSSES))
        recording.facts = self.facts()

    def _weights(self) -> dict[Area, list[list]]:
        return laid_out(self.problem.changing, self.best_values)

    def _line(self, accuracy: float | None) -> dict[str, object]:
        """The run's line in the log. What differs from run to run of the same work is left out on request."""
        known = self._came_to() | {"accuracy": accuracy}
        if "SOURCE_DATE_EPOCH" not in os.environ:
            now = dt.datetime.now().replace(microsecond=0)
            known |= {"when": now, "seconds": round(self.seconds, 3)}
        return words.log_line(known)


def told_stepped(stepped: Sequence[tuple[str, str]]) -> str:
    """What moves in steps, for a person."""
    first = ", ".join(f"{cell} ({function})" for cell, function in stepped[:NAMED])
    more = f" and {len(stepped) - NAMED:,} more" if len(stepped) > NAMED else ""
    return f"{first}{more} moves in steps, which no gradient sees"


def save_with_history(book, history: History, path: str | os.PathLike) -> Path:
    """The history of its runs beside `path` (.xlsx), then the book to it; both are as they were where either
    cannot be written. Raises BookError."""
    path = Path(path)
    require_target(Path(os.path.realpath(path)))
    history.require_target(path)
    with history.saved_first(path):
        book.save(path)
        history.note_file(book)
    return path
