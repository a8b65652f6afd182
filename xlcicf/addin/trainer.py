"""The process that makes the steps. It knows numbers only, and lives no longer than the one that asks it.

It loads torch before it is asked anything, answers one question after another, and ends when none has come
for some minutes.
"""

import os
import sys
import time
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread

from xlcicf.addin.protocol import ALIVE, BEAT, IDLE, OVER, STOP, Report
from xlcicf.errors import XlcicfError

PAUSE = 0.1  # seconds between two reports; a report that takes long to write waits longer
BUSY_WRITING = 0.2  # the share of the time that may go into reports

Questions = SimpleQueue[tuple[bytes, Event]]  # each with the wish that its run stop


def main() -> None:
    """Answers questions: read from standard input, answered on standard output."""
    channel, questions = _Channel(), Questions()
    Thread(target=_listen, args=(questions,), daemon=True).start()
    Thread(target=_beat, args=(channel,), daemon=True).start()
    with suppress(Exception):  # the first question will say it
        _load()
    with suppress(Empty):
        while True:
            line, stop = questions.get(timeout=IDLE)
            _answer(line, channel, stop)
            channel.say(OVER)
    os._exit(0)  # the listening thread sits in a read, which an orderly end would wait for


def _listen(questions: Questions) -> None:
    """Hands questions over, and the word to stop. When the host is gone, so is this process, in the middle of
    a step if need be."""
    stop = Event()
    while line := sys.stdin.buffer.readline():
        if line == STOP:
            stop.set()
        else:
            stop = Event()
            questions.put((line, stop))
    os._exit(0)


def _beat(channel: "_Channel") -> None:
    while True:
        channel.say(ALIVE)
        time.sleep(BEAT)


class _Channel:
    """Standard output, for one line at a time from several threads."""

    def __init__(self):
        self._lock = Lock()

    def say(self, line: bytes) -> None:
        try:
            with self._lock:
                sys.stdout.buffer.write(line)
                sys.stdout.buffer.flush()
        except OSError:  # nobody listens any more
            os._exit(0)


def _load() -> None:
    """What takes seconds: torch, and with it all that is computed with."""
    from xlcicf.formula import differentiate as differentiate
    from xlcicf.optim import METHODS

    for method in METHODS.values():
        _ = method.run


def _answer(line: bytes, channel: _Channel, stop: Event) -> None:
    try:
        _train(line, channel, stop)
    except XlcicfError as error:
        channel.say(Report([], [], error=str(error)).to_line())
    except MemoryError:
        sentence = "this machine's memory does not suffice; try fewer restarts or a smaller book"
        channel.say(Report([], [], error=sentence).to_line())
    except Exception as error:
        sentence = f"training failed ({type(error).__name__}: {error}); please report this with the book"
        channel.say(Report([], [], error=sentence).to_line())


def _train(line: bytes, channel: _Channel, stop: Event) -> None:
    from xlcicf.formula import differentiate
    from xlcicf.optim import train
    from xlcicf.solve.course import Mark
    from xlcicf.solve.question import question_of
    from xlcicf.solve.share import restarts

    question, settings = question_of(line)
    losses: list[float] = []
    marks: list[Mark] = []
    place, due = None, 0.0
    f, elsewhere = differentiate(**question), restarts(lambda: line, settings)
    for step in train(f, **settings, elsewhere=elsewhere):
        here = step.restart, step.number, step.best_loss
        if here != place:  # the last one may only add the reason
            losses.append(step.best_loss)
            marks.append(Mark.of(step))
        place = here
        if step.reason or stop.is_set() or time.monotonic() >= due:
            began = time.monotonic()
            channel.say(Report(losses, step.best_values.tolist(), step.end, marks=marks).to_line())
            losses, marks = [], []
            due = time.monotonic() + max(PAUSE, (time.monotonic() - began) / BUSY_WRITING)
        if stop.is_set():
            return


if __name__ == "__main__":
    main()
