"""The process that does parts of a long work for another (`share`): asked and answering in lines of JSON."""

import json
import os
import sys
from functools import cached_property
from queue import SimpleQueue
from threading import Thread

from xlcicf.optim.objective import one_thread
from xlcicf.optim.starting import starts
from xlcicf.solve.question import question_of


def main() -> None:
    """The first line is the question (`solve.question`), each further one a part of some work."""
    lines: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_listen, args=(lines,), daemon=True).start()
    asked, _ = question_of(lines.get())
    works = {name: work(asked) for name, work in WORKS.items()}
    while True:
        task = json.loads(lines.get())
        answer = works[task.pop("work")](**task)
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()


def _listen(lines: SimpleQueue) -> None:
    """Hands lines over. When who asks is gone, so is this process, in the middle of a step if need be."""
    while line := sys.stdin.buffer.readline():
        lines.put(line)
    os._exit(0)


class Restart:
    """A restart of a run: its iterations, as `lbfgs.Found` has them."""

    def __init__(self, asked: dict):
        self._asked = asked

    def __call__(self, part: int, restarts: int, seed: int, steps: int) -> list:
        from xlcicf.optim.methods.lbfgs import search

        start = starts(self._f, restarts, seed)[part]
        with one_thread():
            found = list(search(self._f, start, steps))
        return [[one.number, one.values.tolist(), *one[2:]] for one in found]

    @cached_property
    def _f(self):
        from xlcicf.formula import differentiate

        return differentiate(**self._asked)


class Slope:
    """The central difference of the objective along one changing cell."""

    def __init__(self, asked: dict):
        self._asked = asked

    def __call__(self, part: int, step: float) -> float:
        from xlcicf.solve.differences import central_difference

        value, v = self._value_and_start
        with one_thread():
            return central_difference(value, v, part, step)

    @cached_property
    def _value_and_start(self):
        from xlcicf.formula.recalculation import recalculation
        from xlcicf.formula.sheetfunction import start_values

        book, changing = self._asked["book"], self._asked["changing"]
        return recalculation(book, self._asked["objective"], changing), start_values(book, changing)


WORKS = {"restart": Restart, "slope": Slope}


if __name__ == "__main__":
    main()
