"""The process behind the ribbon of a program that waits for each command: it carries out tasks on the book.

After one it waits for the next, with everything loaded and a trainer at hand, until the program is gone or
none has come for some minutes.
"""

import gc
import json
import sys
import time
from collections.abc import Callable
from importlib import import_module

from xlcicf.addin import commands, host_side, pipe, waiting
from xlcicf.addin.protocol import IDLE
from xlcicf.addin.waiting import Task
from xlcicf.errors import XlcicfError
from xlcicf.host.hosts import host_named
from xlcicf.host.patience import once, patiently
from xlcicf.solve import Problem
from xlcicf.solve.problem import Constraint
from xlcicf.solve.training import Settings
from xlcicf.words import TAB

READ = 10.0  # seconds for which the last sentence stays in the status bar
LOOK = 1.0  # seconds between two looks whether the program is still there


def main(first: str) -> None:
    """Carries out a task, as `host_side` writes it, and those that come after it."""
    pipe.warm()  # it loads torch while this process does
    _load()
    task: Task | None = json.loads(first)
    after: list[Callable[[], None]] = []  # what is left to do when the last sentence has been read
    while task is not None:
        _carry_out(task, after)
        task = _next(task, after)


def _load() -> None:
    """What tasks need and `commands` leaves until then."""
    import_module("xlcicf.formula.sheetfunction")
    import_module("xlcicf.solve.check")


def _carry_out(task: Task, after: list[Callable[[], None]]) -> None:
    try:
        if "problem" in task:
            _train(_book_of(task), task, after)
        elif "command" in task:
            patiently(commands.run_here, _book_of(task), task["command"])
    except XlcicfError:  # the book is no longer open, or the program takes no call: there is nobody to tell
        pass


def _book_of(task: Task):
    return patiently(host_named(task["host"]).attach, task["book"])


def _train(book, task: Task, after: list[Callable[[], None]]) -> None:
    constraints = tuple(Constraint(**constraint) for constraint in task["problem"]["constraints"])
    problem = Problem(**task["problem"] | {"constraints": constraints})
    try:
        ending = host_side.train(book, problem, Settings(**task["settings"]))
    except Exception as error:
        sentence = f"training failed ({type(error).__name__}: {error}); please report this with the book"
        ending = host_side.Ending(None, sentence)
    if ending.outcome is None:
        book.app.alert(ending.sentence, TAB, mode="critical")
        return
    patiently(setattr, book.app, "status_bar", f"{TAB}: {ending.sentence}")
    after.append(lambda: once(setattr, book.app, "status_bar", False))


def _next(done: Task, after: list[Callable[[], None]]) -> Task | None:
    """The next task; None when it is time to end. The program is not held meanwhile: it may be quit."""
    with waiting.waiting() as next_task:
        if next_task is None:
            if after:
                time.sleep(READ)
                after.pop()()
            return None
        if after:
            task = next_task(READ)
            if task is not None:
                after.clear()  # the status bar is the next one's
                return task
            after.pop()()
        gc.collect()
        host, until = host_named(done["host"]), time.monotonic() + IDLE
        while time.monotonic() < until and host.is_there(done["book"]):
            task = next_task(LOOK)
            if task is not None:
                return task
    return None


if __name__ == "__main__":
    main(sys.argv[1])
