"""Optimisers that see values only, as a spreadsheet's Solver does, to set beside exact gradients.

They are scipy's and take forward differences, which is Solver's own default; none of them is Excel's Solver.
"""

import math
import time
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from dataclasses import dataclass

import numpy as np

from xlcicf.optim.methods import lbfgs
from xlcicf.optim.objective import merit_of, one_thread

STEPS = 10_000  # far more than any of them takes: what ends a run is its convergence, the goal or the time
STANDINS = {
    "SLSQP": {"maxiter": STEPS, "ftol": 1e-12},
    "L-BFGS-B": {"maxiter": STEPS, "maxfun": math.inf, "ftol": 1e-15, "gtol": 1e-9},
}
_WALL = 1e30  # what such an optimiser is told where the objective cell shows an error


@dataclass(frozen=True)
class Result:
    """How one contender did.

    seconds      that it took
    evaluations  of the objective, with its gradient or without
    a_gradient   how many of them one gradient takes: 1, or one more than there are changing cells
    loss         the best value of the objective cell that it met; nan if it met none
    is_done      whether it ended by itself or reached the goal; else its time was up
    """

    name: str
    seconds: float
    evaluations: int
    a_gradient: int
    loss: float
    is_done: bool

    @property
    def gradients(self) -> int:
        """How many gradients it can have had, at most."""
        return self.evaluations // self.a_gradient


Watch = Callable[[float], None]  # told the seconds so far, at each evaluation


class _Over(Exception):
    """The goal is reached or the time is up; unwinds the optimiser."""


class _Referee:
    """Counts evaluations, keeps the best of them and ends the run at the goal or when the time is up."""

    def __init__(self, sense, seconds, goal, watch: Watch):
        self.sense, self.evaluations, self.loss, self.best = sense, 0, math.nan, math.inf
        self.enough = -math.inf if goal is None else self.merit(goal)
        self.watch, self.is_done = watch, True
        self.began = time.perf_counter()
        self.until = self.began + seconds

    def merit(self, loss):
        return merit_of(self.sense, loss, 0.0)[0]

    def note(self, loss):
        self.evaluations += 1
        if self.merit(loss) < self.best:
            self.loss, self.best = loss, self.merit(loss)
        now = time.perf_counter()
        self.watch(now - self.began)
        if self.best <= self.enough:
            raise _Over
        if now > self.until:
            self.is_done = False
            raise _Over

    def result(self, name, a_gradient) -> Result:
        seconds = time.perf_counter() - self.began
        return Result(name, seconds, self.evaluations, a_gradient, self.loss, self.is_done)


def _nobody(_seconds: float) -> None:
    pass


def run_exact(f, seconds, goal=None, watch: Watch = _nobody) -> Result:
    """Training by exact gradients (lbfgs, one start) until it ends, reaches `goal` or `seconds` are over.

    f is a SheetFunction; goal a value of the objective cell.
    """
    watched = copy(f)
    referee = _Referee(f.sense, seconds, goal, watch)

    def value_and_gradient(v):
        value, gradient = f.value_and_gradient(v)
        referee.note(value)
        return value, gradient

    watched.value_and_gradient = value_and_gradient
    with one_thread(), suppress(_Over):
        for _ in lbfgs.search(watched, np.clip(f.start, f.lower, f.upper), STEPS):
            pass
    return referee.result("exact gradients, L-BFGS-B", 1)


def run_standin(value, f, method, seconds, goal=None, watch: Watch = _nobody) -> Result:
    """The same by values alone: one of STANDINS, with forward differences in the place of the gradient.

    value(v) gives the objective at v (n,), nan where its cell shows an error; f tells where to start, the
    bounds and the sense.
    """
    from scipy.optimize import Bounds, minimize

    referee = _Referee(f.sense, seconds, goal, watch)

    def merit(v):
        loss = value(v)
        referee.note(loss)
        return referee.merit(loss) if math.isfinite(loss) else _WALL

    bounds = Bounds(f.lower, f.upper)
    with one_thread(), suppress(_Over):
        minimize(merit, f.start, method=method, bounds=bounds, options=STANDINS[method])
    return referee.result(f"finite differences, {method}", len(f.start) + 1)
