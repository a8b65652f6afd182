"""Constraints on formulas of many values: L-BFGS-B on the augmented Lagrangian of Hestenes and Powell.

Each constraint is priced by its multiplier and by the square of what it is missed by. L-BFGS-B finds the best
values at these prices; what is missed there then raises or lowers the multipliers, until nothing is. A round
costs as much as a few hundred gradients, whereas sequential quadratic programming grows with the cube of n.
"""

import math
from collections.abc import Iterator

import numpy as np

from xlcicf.optim.elsewhere import Elsewhere
from xlcicf.optim.methods import lbfgs
from xlcicf.optim.objective import Objective, merit_of
from xlcicf.optim.optimality import FEASIBLE, RISE, Optimality, polished, violation
from xlcicf.optim.starting import starts
from xlcicf.optim.steps import Best, Claim, Ends, Step, closed
from xlcicf.optim.turns import Turns, in_turns
from xlcicf.words import CONVERGED, FOUND

ROUNDS = 60
ITERATIONS = 500  # of L-BFGS-B in a round
MORE = 5.0  # times the price of a miss, where a round has not made it a fourth
MOST = 1e8
FLAT = 1e-7  # slopes of the Lagrangian, beside those of the objective, that count as none

Found = tuple[int, np.ndarray, str]


def run(
    f: Objective, steps: int | None, restarts: int, seed: int, lr: None, elsewhere: Elsewhere
) -> Iterator[Step]:
    """From one start after another, each until constraints hold and slopes vanish, or for `steps` rounds."""
    best, ends, claims, step = Best(f.start), Ends(), {}, None
    for restart, start in enumerate(starts(f, restarts, seed)):
        search = _Search(f, start, steps or ROUNDS)
        why = "the objective is no number at the start"
        for number, values, reason in in_turns(search.work):
            why = reason or why
            step = best.try_out(f, values, number, restart)
            yield step
        ends.reasons.append(why)
        ends.lost += search.number == 0
        claims[restart] = search.claim
    step = step or best.offer(math.inf, math.nan, f.start, 0, 0)
    claim = None if best.missed else claims[best.restart]
    yield closed(step, f, best, ends.reasons[best.restart], restarts, ends, claim)


class _Search:
    """From one start (n,)."""

    def __init__(self, f: Objective, start: np.ndarray, most: int):
        self.f, self.start, self.most, self.number = f, start, most, 0
        self.claim: Claim | None = None
        relations = [constraint.relation for constraint in f.constraints]
        self._signs = np.array([RISE[relation] for relation in relations])
        self._equal = np.array([relation == "=" for relation in relations])
        self._rows, self._prices, self._weight = np.ones(len(relations)), np.zeros(len(relations)), 1.0

    def work(self, turns: Turns[Found]) -> None:
        f, v = self.f, self.start
        begun, slope = merit_of(f.sense, *f.value_and_gradient(v))
        if not (math.isfinite(begun) and np.isfinite(self._over(v)).all()):
            return
        self._rows = np.maximum(1e-8, np.linalg.norm(f.jacobian(v), axis=1))
        missed = self._missed(v)
        self._weight = max(1e-3, min(1e3, 10 * max(1e-8, abs(begun)) / max(1e-8, float(missed @ missed) / 2)))
        reason = f"the cap of {self.most} rounds was reached"
        while self.number < self.most:
            v = self._round(turns, v)
            self.number += 1
            before, missed = missed, self._missed(v)
            self._prices = self._raised(v)
            if self._is_over(v, missed):
                reason = "constraints hold and slopes vanish"
                break
            if np.abs(missed).max() > np.abs(before).max() / 4 and self._weight < MOST:
                self._weight *= MORE
            turns.found((self.number, v, ""))
        is_capped = self.number >= self.most
        here = Optimality(f, v, begun) if is_capped else polished(f, v, begun)
        self.claim = None if is_capped else self._claimed(here)
        turns.found((self.number, here.v, reason))

    def _claimed(self, here: Optimality) -> Claim:
        sign = 1.0 if self.f.sense == "max" else -1.0
        prices = sign * self._prices * self._signs / self._rows if isinstance(self.f.sense, str) else None
        if self._is_over(here.v, self._missed(here.v)):
            return Claim(FOUND, "no way that is allowed leads on from here", prices)
        return Claim(CONVERGED, "slopes are left, but no step along them gained anything", prices)

    def _over(self, v: np.ndarray) -> np.ndarray:
        """How far constraints are overstepped (m,), in units of their slopes at the start; below 0 within."""
        left, right = self.f.constraint_sides(v)
        return (left - right) * self._signs / self._rows

    def _missed(self, v: np.ndarray) -> np.ndarray:
        """The same, but what is within is only as far off as its price still holds it there."""
        over = self._over(v)
        return np.where(self._equal, over, np.maximum(over, -self._prices / self._weight))

    def _raised(self, v: np.ndarray) -> np.ndarray:
        prices = self._prices + self._weight * self._over(v)
        return np.where(self._equal, prices, np.maximum(prices, 0))

    def _round(self, turns: Turns[Found], v: np.ndarray) -> np.ndarray:
        """The best values at the prices as they are."""

        def priced(v: np.ndarray) -> tuple[float, np.ndarray, float]:
            turns.look_up()
            loss, gradient = self.f.value_and_gradient(v)
            merit, slope = merit_of(self.f.sense, loss, gradient)
            raised = self._raised(v)
            squares = float(raised @ raised - self._prices @ self._prices) / (2 * self._weight)
            return merit + squares, slope + self._pulled(v, raised), loss

        for _, point, _ in lbfgs.iterate(priced, v, self.f.lower, self.f.upper, ITERATIONS):
            if point.is_number():
                v = point.x
        return v

    def _pulled(self, v: np.ndarray, prices: np.ndarray) -> np.ndarray:
        return (prices * self._signs / self._rows) @ self.f.jacobian(v)

    def _is_over(self, v: np.ndarray, missed: np.ndarray) -> bool:
        _, slope = merit_of(self.f.sense, *self.f.value_and_gradient(v))
        rest = slope + self._pulled(v, self._prices)
        way_out = np.clip(v - rest, self.f.lower, self.f.upper) - v
        small = FLAT * max(1e-8, float(np.abs(slope).max()))
        holds = violation(self.f, v) <= FEASIBLE / 10 and float(np.abs(missed).max()) <= 1e-7
        return holds and float(np.abs(way_out).max()) <= small
