"""The host's end of the pipe: a trainer process started, asked, heard, stopped, and never left behind."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from xlcicf.addin.protocol import STOP, Report, report_of
from xlcicf.addin.question import question_line
from xlcicf.errors import TrainingError
from xlcicf.solve import PlacedProblem

TICK = 0.05  # seconds; how often the host looks up while the trainer is quiet
SILENT = 20.0  # seconds without a sign of life, after which a trainer counts as lost
GRACE = 0.5  # seconds that a trainer has to end after the word to stop


class Trainer:
    """A trainer process; as a context manager it is gone when the body is left."""

    def __init__(self):
        self._stopped: float | None = None
        self._lines: SimpleQueue[bytes] = SimpleQueue()  # b"" when the process has closed its end

    def __enter__(self) -> "Trainer":
        self.process = subprocess.Popen(
            [interpreter(), "-P", "-m", "xlcicf.addin.trainer"],  # -P: no module out of the book's folder
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            **own_group(),
        )
        assert self.process.stdin and self.process.stdout
        self._to, self._from = self.process.stdin, self.process.stdout
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        for end in (self._to, self._from):
            try:
                end.close()
            except OSError:  # what was still to be written is of no use any more
                pass

    def ask(self, problem: PlacedProblem, settings: dict) -> None:
        """Hands over what to change to which end, and the arguments of `xlcicf.optim.train`."""
        self._say(question_line(problem, settings))

    def stop(self) -> None:
        """Asks for the end; a trainer that is in a long step is not waited for."""
        if self._stopped is None:
            self._stopped = time.monotonic()
            self._say(STOP)

    def reports(self) -> Iterator[Report | None]:
        """The reports as they come, and None at each TICK without one, until the run ends or is stopped.

        Raises TrainingError with the trainer's sentence where it gives up, and where it dies or falls silent.
        """
        heard = time.monotonic()
        while self._stopped is None or time.monotonic() < self._stopped + GRACE:
            try:
                line = self._lines.get(timeout=TICK)
            except Empty:
                if time.monotonic() - heard > SILENT:
                    raise TrainingError(f"the training process has not answered for {SILENT:.0f} s") from None
                yield None
                continue
            heard = time.monotonic()
            if not line:
                self._require_stopped()
                return
            report = report_of(line)
            if report is not None and report.error:
                raise TrainingError(report.error)
            yield report
            if report is not None and report.reason:
                return

    def _require_stopped(self) -> None:
        if self._stopped is None:
            code = self.process.wait()
            raise TrainingError(f"the training process was ended from outside (code {code})")

    def _read(self) -> None:
        for line in self._from:
            if line.endswith(b"\n"):  # else it was cut off
                self._lines.put(line)
        self._lines.put(b"")

    def _say(self, line: bytes) -> None:
        try:
            self._to.write(line)
            self._to.flush()
        except OSError:
            pass  # the process has ended, which `reports` finds out and says


def interpreter() -> str:
    """This Python; on Windows the one with a console, which has streams even when no window is shown."""
    beside = Path(sys.executable).with_name("python.exe")
    return str(beside) if os.name == "nt" and beside.exists() else sys.executable


def own_group() -> dict:
    """Arguments of Popen for a process that Ctrl-C here does not reach and that shows no window."""
    if os.name == "nt":
        return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
