"""Whole numbers in models that bend: branch and bound, best first, over a continuous method.

The continuous answer bounds what whole numbers can reach. Where one comes out in between, the model is split
in two: at most the number below, at least the one above. In a convex model what is left over proves the
optimum. Where there are few combinations, all are tried (see combinations.py)."""

import math
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

import numpy as np

from xlcicf.optim.combinations import all_tried, are_few
from xlcicf.optim.elsewhere import Elsewhere
from xlcicf.optim.methods import slsqp
from xlcicf.optim.objective import Objective, merit_of, with_whole_fixed
from xlcicf.optim.optimality import FEASIBLE, polished, violation
from xlcicf.optim.starting import starts
from xlcicf.optim.steps import Best, Claim, Ends, Step, closed
from xlcicf.optim.turns import Turns, in_turns
from xlcicf.words import CONVERGED, FOUND, STOPPED

NODES = 5000  # where nobody says how many
WHOLE = 1e-6  # a number no farther from a whole one counts as that, and is then made it
ENOUGH = 1e-9  # of the objective: what two answers differ by at least

Found = tuple[int, np.ndarray]


def run(
    f: Objective, steps: int | None, restarts: int, seed: int, lr: None, elsewhere: Elsewhere
) -> Iterator[Step]:
    """Whole answers as they are found; `steps` splits at most. Of few combinations all are tried."""
    if are_few(f):
        yield from all_tried(f, steps)
        return
    tree = _Tree(f, steps or NODES, restarts, seed)
    best, ends, step = Best(f.start), Ends(), None
    start = np.clip(np.where(f.whole, np.round(f.start), f.start), f.lower, f.upper)
    step = best.try_out(f, start, 0)
    for number, values in in_turns(tree.search):
        step = best.try_out(f, values, number)
        yield step
    yield closed(step, f, best, "", 1, ends, _claim(f, tree, best))


def _claim(f: Objective, tree: "_Tree", best: Best) -> Claim | None:
    if best.missed > FEASIBLE or not isinstance(f.sense, str):
        return None
    if tree.open:
        gap = best.merit - tree.open[0].least
        return Claim(STOPPED, f"the cap of {tree.most} splits was reached; {gap:.3g} better may be possible")
    if tree.is_convex:
        return Claim(FOUND, f"no whole numbers are better, as {tree.number} splits show")
    return Claim(
        CONVERGED,
        f"none of {tree.number} splits leads to better whole numbers; that there are none is not proven:"
        " the model may have several valleys",
    )


@dataclass(order=True)
class _Node:
    """A part of the model: the least that it can come to, and its bounds."""

    least: float
    number: int
    values: np.ndarray = field(compare=False)
    lower: np.ndarray = field(compare=False)
    upper: np.ndarray = field(compare=False)


class _Tree:
    """Parts that are still open, best first; `best` is what the best whole answer comes to."""

    def __init__(self, f: Objective, most: int, restarts: int, seed: int):
        self.f, self.most, self.number = f, most, 0
        self.restarts, self.seed = restarts, seed
        self.open: list[_Node] = []
        self.best = math.inf
        self._names = count()
        self.is_convex = is_convex(f)

    def search(self, turns: Turns[Found]) -> None:
        f = self.f
        self._add(turns, np.clip(f.start, f.lower, f.upper), f.lower, f.upper)
        while self.open and self.number < self.most:
            node = heappop(self.open)
            if not self._is_promising(node.least):
                continue
            self.number += 1
            i = self._most_fractional(node.values)
            assert i is not None
            for side in (0, 1):
                lower, upper = node.lower.copy(), node.upper.copy()
                if side == 0:
                    upper[i] = math.floor(node.values[i])
                else:
                    lower[i] = math.ceil(node.values[i])
                self._add(turns, node.values, lower, upper)
        self.open = [node for node in self.open if self._is_promising(node.least)]
        self.open.sort()

    def _is_promising(self, least: float) -> bool:
        return math.isinf(self.best) or least < self.best - ENOUGH * max(1.0, abs(self.best))

    def _add(self, turns: Turns[Found], start: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
        """Solves a part; keeps it if it can hold something better, hands over what is whole."""
        part = copy(self.f)
        part.lower, part.upper = lower, upper
        part.start = np.clip(start, lower, upper)
        values = self._best_relaxed(part, turns)
        if values is None:
            return
        merit = merit_of(self.f.sense, self.f.value_and_gradient(values)[0], 0.0)[0]
        if not self._is_promising(merit):
            return
        if self._most_fractional(values) is None:
            self._keep(turns, values)
            return
        self._try_rounded(turns, part, values)
        heappush(self.open, _Node(merit, next(self._names), values, lower, upper))

    def _best_relaxed(self, part: Objective, turns: Turns[Found]) -> np.ndarray | None:
        """The best of what several starts lead to, in a model with several valleys."""
        count = 1 if self.is_convex else self.restarts
        found = [_relaxed(part, start, turns) for start in starts(part, count, self.seed)]
        whole = [values for values in found if values is not None]
        return min(
            whole,
            key=lambda values: merit_of(self.f.sense, self.f.value_and_gradient(values)[0], 0.0)[0],
            default=None,
        )

    def _most_fractional(self, values: np.ndarray) -> int | None:
        off = np.where(self.f.whole, np.abs(values - np.round(values)), 0.0)
        i = int(off.argmax())
        return i if off[i] > WHOLE else None

    def _keep(self, turns: Turns[Found], values: np.ndarray) -> None:
        """Makes whole numbers exact, and the others right for these."""
        start = np.where(self.f.whole, np.round(values), values)
        fixed = with_whole_fixed(self.f, start)
        settled = _relaxed(fixed, start, turns) if not self.f.whole.all() else start
        if settled is None or violation(self.f, settled) > FEASIBLE:
            return
        merit = merit_of(self.f.sense, self.f.value_and_gradient(settled)[0], 0.0)[0]
        if math.isfinite(merit) and merit < self.best:
            self.best = merit
            turns.found((self.number, settled))

    def _try_rounded(self, turns: Turns[Found], part: Objective, values: np.ndarray) -> None:
        """The nearest whole numbers: seldom the best, but something to measure parts by."""
        if self.number % 10 == 0:
            near = np.clip(np.where(self.f.whole, np.round(values), values), part.lower, part.upper)
            self._keep(turns, near)


def _relaxed(f: Objective, start: np.ndarray, turns: Turns) -> np.ndarray | None:
    """The best values (n,) from this start, whole or not; None where constraints cannot hold."""
    turns.look_up()
    if not math.isfinite(f.value_and_gradient(start)[0]):
        return None
    *_, (_, found, _) = in_turns(slsqp.search(f, start, slsqp.ITERATIONS))
    values = polished(f, found, 0.0).v
    return values if violation(f, values) <= 100 * FEASIBLE else None


def is_convex(f: Objective) -> bool:
    """Whether the model is known to have one valley only: a quadratic that bends up, linear constraints."""
    from xlcicf.optim.methods.programs import quadratic_program

    return quadratic_program(f) is not None
