"""What host and trainer say to each other: lines of JSON, numbers as Python writes them and so exact.

The host asks one question after another, each a line (`xlcicf.solve.question`); a line `STOP` ends the one
that the trainer is at. It answers with Reports, each of them a line, and with `OVER` when it is done with the
question, in whatever way; every second it says that it is alive.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

STOP = b"stop\n"
ALIVE = b"{}\n"
OVER = b'"over"\n'
BEAT = 1.0  # seconds between two signs of life
IDLE = 600.0  # seconds for which a trainer waits for the next question


@dataclass(frozen=True)
class Report:
    """What happened since the last one.

    losses  the best loss after each step
    marks   of each step what `solve.course.Mark` has
    values  the best values so far (n,)
    end     how the run ended, as `Training.take` is told it; empty where it goes on
    error   why there is no run or it had to give up, a sentence; then the rest is empty
    """

    losses: list[float]
    values: list[float]
    end: dict[str, Any] = field(default_factory=dict)
    error: str | None = None
    marks: Sequence[tuple[int, list[float], list[float] | None, int]] = field(default_factory=list)

    def to_line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"


def report_of(line: bytes) -> Report | None:
    """The Report that a line of the trainer is, `OVER` excepted; None for a sign of life."""
    content = json.loads(line)
    return Report(**content) if content else None
