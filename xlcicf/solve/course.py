"""How the loss went in a run: along the way of the start that won, and where each start ended."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from xlcicf.optim import Step


class Mark(NamedTuple):
    """What a step adds: its number within its start, its loss, and the loss where that start began, None
    where the method does not say it."""

    number: int
    loss: float
    begun: float | None = None

    @classmethod
    def of(cls, step: "Step") -> "Mark":
        """The last step of a run shows the best; what is marked is where it came to itself."""
        return cls(step.number, step.loss if step.ended is None else step.ended, step.begun)


class Course:
    """The course of a run, mark by mark. One start follows another: where a number is no larger than the one
    before, the next has begun. Where all starts move at once they are one way, of the one that stands best.
    """

    def __init__(self):
        self._way: list[tuple[int, float]] = []
        self._won: list[tuple[int, float]] = []
        self._ends: list[tuple[int, float]] = []
        self._best = math.nan

    @classmethod
    def recorded(cls, won: Sequence[tuple[int, float]], ends: Sequence[tuple[int, float]]) -> "Course":
        """That of a run made before, whose `won` and `ends` were kept."""
        course = cls()
        course._won, course._ends = [*won], [*ends]
        return course

    def add(self, mark: Mark, best: float) -> None:
        """A step, and the best loss of the whole run with it."""
        number, loss, begun = mark
        if not self._way or number <= self._way[-1][0]:
            self._ends += self._way[-1:]
            self._way = [(0, begun)] if begun is not None and number > 0 else []
        self._way.append((number, loss))
        if best != self._best:
            self._best, self._won = best, self._way

    @property
    def won(self) -> list[tuple[int, float]]:
        """(step, loss) of the start that found the best so far, from where it began to where it ended."""
        return _finite(self._won)

    @property
    def ends(self) -> list[tuple[int, float]]:
        """(steps made, loss) of each start, in the order in which they were made."""
        return _finite([*self._ends, *self._way[-1:]])


def _finite(points: list[tuple[int, float]]) -> list[tuple[int, float]]:
    return [(number, loss) for number, loss in points if math.isfinite(loss)]
