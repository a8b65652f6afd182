"""A long work shared with other processes, each on a core of its own, to the same result.

They make the same function out of a question and do parts of the work, which are told by number and do not
depend on each other: who does which changes nothing. Where a process cannot do its part, or is killed, the
part is the caller's again.
"""

import json
import os
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any

import numpy as np

from xlcicf.optim.methods import STEPS as DEFAULT_STEPS
from xlcicf.solve.processes import interpreter, own_group
from xlcicf.words import RESTARTS, SEED, STEPS

EACH = 5.0  # seconds of work that are worth one more process: its start takes about two


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass
class Share:
    """The processes that do parts of one work, as `optim.elsewhere` has them.

    question  gives the line (`solve.question`) that they are asked, when they are needed
    work      what they do, of a part by its number: the other arguments of an entry of `shared_work.WORKS`
    read      makes of what they say what the caller wants
    """

    question: Callable[[], bytes]
    work: Callable[[int], dict]
    read: Callable[[Any], Any] = lambda said: said
    _left: dict[int, None] = field(default_factory=dict)  # parts that nobody has begun, in order
    _found: dict[int, SimpleQueue] = field(default_factory=dict)  # those begun by others -> one answer
    _processes: list[subprocess.Popen] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def begin(self, parts: range, seconds: float) -> None:
        count = min(cores() - 1, int(seconds // EACH), len(parts))
        if count < 1:
            return
        question, self._left = self.question(), dict.fromkeys(parts)
        for _ in range(count):
            process = subprocess.Popen(
                [interpreter(), "-P", "-m", "xlcicf.solve.shared_work"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # what goes wrong there goes wrong here again, and is told
                **own_group(),
            )
            self._processes.append(process)
            Thread(target=self._serve, args=(process, question), daemon=True).start()

    def take(self, part: int) -> Any:
        with self._lock:
            if part in self._left:
                del self._left[part]
                return None
            found = self._found.pop(part, None)
        while found is not None:
            try:
                said = found.get(timeout=0.5)  # in short waits, so that Ctrl-C is heard everywhere
            except Empty:
                continue
            return None if said is None else self.read(said)
        return None

    def end(self) -> None:
        with self._lock:
            self._left = {}
        for process in self._processes:
            process.kill()
            process.wait()
        self._processes = []

    def _serve(self, process: subprocess.Popen, question: bytes) -> None:
        """Hands a process one part after another, until none is left or it has ended."""
        lines = question
        with suppress(OSError), process:  # which closes its pipes
            while begun := self._next_part():
                part, found = begun
                answer = None
                try:
                    lines += json.dumps(self.work(part) | {"part": part}).encode() + b"\n"
                    answer, lines = self._answer(process, lines), b""
                finally:
                    found.put(answer)
                if answer is None:
                    break

    @staticmethod
    def _answer(process: subprocess.Popen, lines: bytes) -> Any:
        """What a process says to these lines; None where it has ended, in the middle of a line perhaps."""
        assert process.stdin and process.stdout
        try:
            process.stdin.write(lines)
            process.stdin.flush()
            return json.loads(process.stdout.readline())
        except (OSError, ValueError):
            return None

    def _next_part(self) -> tuple[int, SimpleQueue] | None:
        with self._lock:
            if not self._left:
                return None
            part, _ = self._left.popitem()
            found = self._found[part] = SimpleQueue()
            return part, found


def restarts(question: Callable[[], bytes], settings: dict) -> Share:
    """Restarts of a run; settings are the arguments of `optim.train`."""

    def read(said: list) -> list:
        from xlcicf.optim.methods.lbfgs import Found

        return [Found(number, np.array(values), *others) for number, values, *others in said]

    work = {setting.name: settings[setting.name] for setting in (RESTARTS, SEED)}
    work[STEPS.name] = settings[STEPS.name] or DEFAULT_STEPS
    return Share(question, lambda part: {"work": "restart", **work}, read)


def slopes(question: Callable[[], bytes], steps: np.ndarray) -> Share:
    """Central differences with these steps (n,), through `formula.recalculation`."""
    return Share(question, lambda part: {"work": "slope", "step": float(steps[part])})
