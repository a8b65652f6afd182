"""How the loss went in a run: along the way of the start that won, and where each start ended."""

import math
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from xlcicf.optim import Step

MOST_KEPT = 4_000_000  # losses of starts that move at once: 32 MB


class Mark(NamedTuple):
    """What a step adds, of the starts that it moves: one, or all of them at once.

    number  of the step within its starts
    losses  where each of them came to
    begun   where each began; None where the method does not say it, or has said it
    leader  which of them stands best, from 0
    """

    number: int
    losses: list[float]
    begun: list[float] | None = None
    leader: int = 0

    @classmethod
    def of(cls, step: "Step") -> "Mark":
        """The last step of a run shows the best; what is marked is where it came to itself."""
        if step.together is not None:
            begun = step.together.begun.tolist() if step.number == 1 else None
            return cls(step.number, step.together.losses.tolist(), begun, step.restart)
        loss = step.loss if step.ended is None else step.ended
        return cls(step.number, [loss], None if step.begun is None else [step.begun])


class Course:
    """The course of a run, mark by mark. One start follows another, or one group of starts that move at once:
    where a number is no larger than the one before, the next has begun.
    """

    def __init__(self):
        self._way: list[tuple[int, Sequence[float]]] = []  # of those that move now: step, loss of each
        self._won: list[tuple[int, Sequence[float]]] = []
        self._winner = 0  # in `_won`, which of those that moved
        self._ends: list[tuple[int, float]] = []
        self._best = math.nan

    @classmethod
    def recorded(cls, won: Sequence[tuple[int, float]], ends: Sequence[tuple[int, float]]) -> "Course":
        """That of a run made before, whose `won` and `ends` were kept."""
        course = cls()
        course._won, course._ends = [(number, [loss]) for number, loss in won], [*ends]
        return course

    def add(self, mark: Mark, best: float) -> None:
        """A step, and the best loss of the whole run with it."""
        number, losses, begun, leader = mark
        if not self._way or number <= self._way[-1][0]:
            self._ends += self._stands()
            self._way = [(0, array("d", begun))] if begun is not None and number > 0 else []
        elif len(self._way) * len(losses) > MOST_KEPT:
            del self._way[1:-1:2]
        self._way.append((number, array("d", losses)))
        if best != self._best:
            self._best, self._won, self._winner = best, self._way, leader

    def _stands(self) -> list[tuple[int, float]]:
        """Where those that move now have come to."""
        return [(number, loss) for number, losses in self._way[-1:] for loss in losses]

    @property
    def won(self) -> list[tuple[int, float]]:
        """(step, loss) of the start that found the best so far, from where it began to where it ended."""
        return _finite([(number, losses[self._winner]) for number, losses in self._won])

    @property
    def ends(self) -> list[tuple[int, float]]:
        """(steps made, loss) of each start, in the order in which they were made."""
        return _finite([*self._ends, *self._stands()])


def _finite(points: list[tuple[int, float]]) -> list[tuple[int, float]]:
    return [(number, loss) for number, loss in points if math.isfinite(loss)]
