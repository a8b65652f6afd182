"""The host's end of the pipe: a trainer process started, asked, heard, stopped, kept for the next run, and
never left behind.

A trainer that has answered its question waits for the next one: what takes seconds in a new process, loading
torch, is done by then. One that was cut short, fell silent or is in a long step ends with its run.
"""

import atexit
import subprocess
import time
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from threading import Lock, Thread

from xlcicf.addin.protocol import OVER, STOP, Report, report_of
from xlcicf.errors import TrainingError
from xlcicf.solve import PlacedProblem
from xlcicf.solve.processes import interpreter, own_group
from xlcicf.solve.question import question_line

TICK = 0.05  # seconds; how often the host looks up while the trainer is quiet
SILENT = 20.0  # seconds without a sign of life, after which a trainer counts as lost
GRACE = 0.5  # seconds that a trainer has to end after the word to stop

_END = b""  # in the place of a line: the process has closed its end


class Trainer:
    """A trainer for one run, the one that waits if there is one; as a context manager it is waiting again, or
    gone, when the body is left."""

    def __init__(self):
        self._stopped: float | None = None
        self._is_over = True  # with what it was asked

    def __enter__(self) -> "Trainer":
        self._worker = _WAITING.taken() or _Worker()
        self.process = self._worker.process
        return self

    def __exit__(self, *_) -> None:
        if self._is_over:
            _WAITING.put(self._worker)
        else:
            self._worker.end()

    def ask(self, problem: PlacedProblem, settings: dict) -> None:
        """Hands over what to change to which end, and the arguments of `xlcicf.optim.train`."""
        line = question_line(problem, settings)
        self._is_over = False
        self._worker.say(line)

    def stop(self) -> None:
        """Asks for the end; a trainer that is in a long step is not waited for."""
        if self._stopped is None:
            self._stopped = time.monotonic()
            self._worker.say(STOP)

    def reports(self) -> Iterator[Report | None]:
        """The reports as they come, and None at each TICK without one, until the run ends or is stopped.

        Raises TrainingError with the trainer's sentence where it gives up, and where it dies or falls silent.
        """
        heard, error = time.monotonic(), None
        while self._stopped is None or time.monotonic() < self._stopped + GRACE:
            try:
                line = self._worker.lines.get(timeout=TICK)
            except Empty:
                if time.monotonic() - heard > SILENT:
                    raise TrainingError(f"the training process has not answered for {SILENT:.0f} s") from None
                yield None
                continue
            heard = time.monotonic()
            if line in (OVER, _END):
                self._is_over = line == OVER
                break
            report = report_of(line)
            if report is not None and report.error:
                error = report.error  # which is raised when the trainer is done with the question
            else:
                yield report
        if error:
            raise TrainingError(error)
        if not self._is_over:
            self._require_stopped()

    def _require_stopped(self) -> None:
        if self._stopped is None:
            code = self.process.wait()
            raise TrainingError(f"the training process was ended from outside (code {code})")


class _Worker:
    """A trainer process, and a thread that hears it."""

    def __init__(self):
        self.process = subprocess.Popen(
            [interpreter(), "-P", "-m", "xlcicf.addin.trainer"],  # -P: no module out of the book's folder
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            **own_group(),
        )
        assert self.process.stdin and self.process.stdout
        self._to, self._from = self.process.stdin, self.process.stdout
        self.lines: SimpleQueue[bytes] = SimpleQueue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def say(self, line: bytes) -> None:
        try:
            self._to.write(line)
            self._to.flush()
        except OSError:
            pass  # the process has ended, which `reports` finds out and says

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        for end in (self._to, self._from):
            try:
                end.close()
            except OSError:  # what was still to be written is of no use any more
                pass

    def is_ready(self) -> bool:
        """Whether it can be asked: it lives, and nothing said before is left to be heard."""
        while not self.lines.empty():
            if self.lines.get() == _END:
                return False
        return self.process.poll() is None

    def _read(self) -> None:
        for line in self._from:
            if line.endswith(b"\n"):  # else it was cut off
                self.lines.put(line)
        self.lines.put(_END)


class _Waiting:
    """The trainer that waits, in this process, for the next run: one at most."""

    def __init__(self):
        self._worker: _Worker | None = None
        self._lock = Lock()  # a program's calls may come in several threads

    def taken(self) -> _Worker | None:
        """The one that waits, which it does no longer; None where there is none, or it has ended."""
        with self._lock:
            worker, self._worker = self._worker, None
        if worker is not None and not worker.is_ready():
            worker.end()
            return None
        return worker

    def put(self, worker: _Worker) -> None:
        with self._lock:
            other, self._worker = self._worker, worker
        if other is not None:
            other.end()


_WAITING = _Waiting()


def warm() -> None:
    """Lets a trainer wait from now on, where none does yet: it loads what it needs meanwhile."""
    with Trainer():
        pass


def dismiss() -> None:
    """Ends the trainer that waits; the next run starts a new one."""
    worker = _WAITING.taken()
    if worker is not None:
        worker.end()


atexit.register(dismiss)  # while the thread that hears it can still be joined
