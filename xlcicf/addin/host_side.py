"""The host side of training: it owns the open book, shows how the run comes on, asks; nothing freezes.

Where the program would wait for it, as Excel does, it is a process of its own (`worker`) that `start` starts
or finds waiting, attached to the workbook; elsewhere it is the same code in the calling process. The steps
are made by a trainer process.
"""

import json
import os
import subprocess
import time
from collections import deque
from dataclasses import asdict, dataclass

import numpy as np
import xlwings

from xlcicf.addin import ADDIN, claims
from xlcicf.addin.pipe import Trainer
from xlcicf.addin.waiting import Task, hand_over, is_awaited
from xlcicf.errors import BookError, DisagreementError, TrainingError, XlcicfError
from xlcicf.host.hosts import host_of
from xlcicf.host.patience import HostIsBusy, once, patiently
from xlcicf.host.watching import Edited
from xlcicf.solve import History, Problem
from xlcicf.solve.course import Mark
from xlcicf.solve.processes import interpreter, own_group
from xlcicf.solve.training import Outcome, Settings, Training
from xlcicf.solve.watched_cells import Watch
from xlcicf.words import TAB

EVERY = 0.25  # seconds between two writes, at least
SHARE = 0.2  # of the time that writes may take
SHOWN = 3  # cells that a question names
SIGN = 10.0  # seconds for which the ribbon takes a run for alive after a sign of it

QUESTION = (
    "{cells} changed while training ran.\n\n"
    "Yes: write the weights that training has found so far.\n"
    "No: put back the weights from before the run.\n"
    "Cancel: leave the cells as they are now."
)


DOUBT = "{cells}.\n\nYes: train all the same, on what the formulas come to.\nNo: leave the book as it is."


@dataclass(frozen=True)
class Ending:
    """How a run ended: what it came to, None where it was cut short, and a sentence for the person."""

    outcome: Outcome | None
    sentence: str


def start(book: xlwings.Book, problem: Problem, settings: Settings) -> Ending | None:
    """Where the program would wait, starts a run in another process and returns None; else `train`."""
    task = _task(book)
    if task is None:
        return train(book, problem, settings)
    task |= {"problem": asdict(problem), "settings": asdict(settings)}
    if not hand_over(task):
        _begin_worker(task)
    return None


def ask(book: xlwings.Book, command: str) -> bool:
    """Whether another process, with torch loaded, carries out a command of the ribbon in our place."""
    task = _task(book)
    return task is not None and hand_over(task | {"command": command})


def prepare(book: xlwings.Book) -> None:
    """Where the program would wait, lets a process load what the next press of a button will need."""
    task = _task(book)
    if task is not None and not is_awaited():
        _begin_worker(task)


def _task(book: xlwings.Book) -> Task | None:
    """What each task says: where the open book is found. None where this process does everything itself."""
    host = host_of(book)
    handle = host.handle(book)
    return None if handle is None else {"host": host.name, "book": handle}


def _begin_worker(task: Task) -> None:
    subprocess.Popen(
        [interpreter(), "-P", "-m", "xlcicf.addin.worker", json.dumps(task)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **own_group(),
    )


def train(book: xlwings.Book, problem: Problem, settings: Settings) -> Ending:
    """Trains the open book, on any engine, and returns when the run has ended, in whatever way.

    The best weights are written as they are found. The book is not saved; its history is, write by write.
    """
    try:
        path = patiently(file_of, book)
        with claims.claim(path) as claim, Trainer() as trainer:
            return _Host(book, path, claim, trainer).train(problem, settings)
    except XlcicfError as error:
        return Ending(None, str(error))


def tell_ribbon(app: xlwings.App, book: str, macro: str, *arguments) -> None:
    """Runs a macro of the ribbon's module, which stands in the add-in or, in a macro book, in the book."""
    for owner in (ADDIN, book):
        once(app.macro(f"'{owner}'!{macro}"), *arguments)


def file_of(book: xlwings.Book) -> str:
    """Where the book lies. Raises BookError where it has never been saved or lies on the web only."""
    path = book.fullname
    if not os.path.isfile(path):
        raise BookError(
            f"{book.name} is not saved in a folder of this computer, where its history must stand beside it;"
            " save it there first"
        )
    return path


class _Host:
    """One run."""

    def __init__(self, book: xlwings.Book, path: str, claim: claims.Claim, trainer: Trainer):
        self.book, self.path, self.claim, self.trainer = book, path, claim, trainer
        self._tell_again = 0.0

    def train(self, problem: Problem, settings: Settings) -> Ending:
        history = History.beside(self.path)
        history.require_target(self.path)
        self.training = training = self._begun(problem, settings)
        self.watch = patiently(Watch, self.book, training.problem)
        self.recording = patiently(history.begin, self.book, training.title, training.written, True)
        try:
            if training.is_moments_work:
                deque(training, maxlen=0)
            else:
                self.trainer.ask(training.problem, training.arguments)
                patiently(self._say, f"{TAB}: starting (Stop: ribbon)")
                self._follow()
            return self._ended()
        except Edited:
            return self._ended()
        except BookError as error:
            raise self._with_what_is_kept(error) from error
        finally:
            once(self._say, False)

    def _begun(self, problem: Problem, settings: Settings) -> Training:
        """The run; where cells show something else than their formulas come to, if the person wants it."""
        try:
            return patiently(Training, self.book, problem, settings)
        except DisagreementError as error:
            asked = DOUBT.format(cells=error.cells)
            if patiently(self.book.app.alert, asked, TAB, "yes_no") != "yes":
                raise
        return patiently(Training, self.book, problem, settings, True)

    def _follow(self) -> None:
        """Takes steps and shows them, until the run ends, is stopped, or a person has changed its cells."""
        training, shown, due = self.training, 0, time.monotonic() + EVERY
        try:
            for report in self.trainer.reports():
                if report is not None:
                    marks = [Mark(*mark) for mark in report.marks]
                    training.take(report.losses, np.array(report.values), marks, **report.end)
                if self.claim.is_stop_wanted:
                    self.trainer.stop()
                elif time.monotonic() >= due:
                    began = time.monotonic()
                    if any(patiently(self._changed)):  # asked while there is no news, too: it may be gone
                        return
                    if len(training.losses) > shown:
                        patiently(self._show)
                        shown = len(training.losses)
                    now = time.monotonic()
                    due = now + max(EVERY, (now - began) * (1 - SHARE) / SHARE)
        except TrainingError as error:
            if not training.losses:
                raise
            training.reason = f"{error}; the best values so far are kept"

    def _changed(self) -> tuple[dict[str, tuple[str, str]], list[str]]:
        """(inputs, changing cells) that are not as the run has read or written them."""
        return self.watch.edits(), self.watch.touched()

    def _show(self) -> None:
        training = self.training
        with self.watch.writing():
            training.show(self.recording)
        self._say(f"{TAB}: step {len(training.losses):,}, {training.best_loss:.6g} (Stop: ribbon)")

    def _say(self, text: str | bool) -> None:
        """What the status bar says; False gives it back to the program. The ribbon's buttons follow."""
        self.book.app.status_bar = text
        if not text:
            self._tell(0)
        elif time.monotonic() >= self._tell_again:
            self._tell(SIGN)
            self._tell_again = time.monotonic() + SIGN / 2

    def _tell(self, seconds: float) -> None:
        tell_ribbon(self.book.app, os.path.basename(self.path), "SetRunning", seconds)

    def _ended(self) -> Ending:
        edits, touched = patiently(self._changed)
        return self._asked(edits, touched) if edits or touched else self._finished()

    def _finished(self) -> Ending:
        if not self.training.losses:
            raise TrainingError("stopped before the first step; nothing was written")
        if not self.training.is_worth_writing:
            patiently(self.recording.restore)
            patiently(self.recording.end)
            return Ending(None, f"{self.training.reason}; the cells are as they were")
        patiently(self._settle)
        outcome, log = patiently(self.training.result)
        patiently(self.recording.write, log)
        patiently(self.recording.end)
        return Ending(outcome, outcome.sentence)

    def _settle(self) -> None:
        with self.watch.writing():
            self.training.settle(self.recording)

    def _asked(self, edits: dict[str, tuple[str, str]], touched: list[str]) -> Ending:
        """Ends the run as the person wants who has changed its cells; nothing is overwritten unasked."""
        self.trainer.stop()
        cells = [*edits, *touched]
        shown = ", ".join(cells[:SHOWN]) + (f" and {len(cells) - SHOWN} more" if len(cells) > SHOWN else "")
        if touched and any(text.startswith("=") for pair in edits.values() for text in pair):
            return Ending(
                None,
                f"{shown} changed while training ran, formulas and weights alike, as when rows are inserted;"
                " nothing more was written",
            )
        answer = patiently(self.book.app.alert, QUESTION.format(cells=shown), TAB, "yes_no_cancel")
        patiently(self.recording.look_again)
        if answer == "yes":
            patiently(self.training.show, self.recording)
            said = f"the weights that training had found by then were written ({self.training.best_loss:.6g})"
        elif answer == "no":
            patiently(self.recording.restore)
            said = "the weights from before the run were put back"
        else:
            said = "the cells were left as they are"
        patiently(self.recording.end)
        return Ending(None, f"{shown} changed while training ran; {said}")

    def _with_what_is_kept(self, error: BookError) -> BookError:
        """The error, with the way to the best values, which are kept where the book does not take them."""
        if not self.training.losses:
            return error
        try:
            self.training.announce(self.recording)
        except XlcicfError:  # the history cannot be written either, which the error says by itself
            return error
        way = "Undo and Redo bring" if isinstance(error, HostIsBusy) else "in the open book Redo brings"
        return BookError(f"{error}; the best found, {self.training.best_loss:.6g}, is kept: {way} it")
