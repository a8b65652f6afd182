"""Optimisers that see values only, as a spreadsheet's Solver does, to set beside exact gradients.

They are scipy's and take forward differences, which is Solver's own default; none of them is Excel's Solver.
"""

import math
import time
from copy import copy
from dataclasses import dataclass

from xlcicf.optim.objective import merit_of
from xlcicf.optim.train import train

STEPS = 10_000  # far more than any of them takes: what ends a run is its convergence, the goal or the time
STANDINS = {
    "SLSQP": {"maxiter": STEPS, "ftol": 1e-12},
    "L-BFGS-B": {"maxiter": STEPS, "maxfun": math.inf, "ftol": 1e-15, "gtol": 1e-9},
}
_WALL = 1e30  # what such an optimiser is told where the objective cell shows an error


@dataclass(frozen=True)
class Result:
    """How one contender did: the seconds it took, how often it evaluated the objective (with its gradient
    or without), and the best value of the objective cell that it met; nan if it met none."""

    name: str
    seconds: float
    evaluations: int
    loss: float


class _Over(Exception):
    """The goal is reached or the time is up; unwinds the optimiser."""


class _Referee:
    """Counts evaluations, keeps the best of them and ends the run at the goal or when the time is up."""

    def __init__(self, sense, seconds, goal):
        self.sense, self.evaluations, self.loss, self.best = sense, 0, math.nan, math.inf
        self.enough = -math.inf if goal is None else self.merit(goal)
        self.began = time.perf_counter()
        self.until = self.began + seconds

    def merit(self, loss):
        return merit_of(self.sense, loss, 0.0)[0]

    def note(self, loss):
        self.evaluations += 1
        if self.merit(loss) < self.best:
            self.loss, self.best = loss, self.merit(loss)
        if self.best <= self.enough or time.perf_counter() > self.until:
            raise _Over

    def result(self, name) -> Result:
        return Result(name, time.perf_counter() - self.began, self.evaluations, self.loss)


def run_exact(f, seconds, goal=None) -> Result:
    """Training by exact gradients (lbfgs, one start) until it ends, reaches `goal` or `seconds` are over.

    f is a SheetFunction; goal a value of the objective cell.
    """
    referee = _Referee(f.sense, seconds, goal)

    def value_and_gradient(v):
        value, gradient = f.value_and_gradient(v)
        referee.note(value)
        return value, gradient

    watched = copy(f)
    watched.value_and_gradient = value_and_gradient
    try:
        for _ in train(watched, "lbfgs", STEPS):
            pass
    except _Over:
        pass
    return referee.result("exact gradients, L-BFGS-B")


def run_standin(value, f, method, seconds, goal=None) -> Result:
    """The same by values alone: one of STANDINS, with forward differences in the place of the gradient.

    value(v) gives the objective at v (n,), nan where its cell shows an error; f tells where to start, the
    bounds and the sense.
    """
    from scipy.optimize import Bounds, minimize

    referee = _Referee(f.sense, seconds, goal)

    def merit(v):
        loss = value(v)
        referee.note(loss)
        return referee.merit(loss) if math.isfinite(loss) else _WALL

    try:
        minimize(merit, f.start, method=method, bounds=Bounds(f.lower, f.upper), options=STANDINS[method])
    except _Over:
        pass
    return referee.result(f"finite differences, {method}")
