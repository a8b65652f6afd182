"""L-BFGS-B, scipy's, as a generator: iterations come while it runs, and it stops when nobody wants more."""

import math
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import NamedTuple

import numpy as np
from scipy.optimize import Bounds, minimize

from xlcicf.optim.elsewhere import Elsewhere, in_order
from xlcicf.optim.objective import Objective, merit_of, unit_of
from xlcicf.optim.starting import starts
from xlcicf.optim.steps import GTOL, Best, Ends, Optimum, Step, closed
from xlcicf.optim.turns import Turns, in_turns

FTOL = 1e-15
CONVERGED = "converged"  # how the reasons of a search begin that came to rest


class Found(NamedTuple):
    """An iteration of one start: its number, from 0, the values there (n,), what is minimised, the objective,
    whether they and the slopes are finite, and of the last one the reason why it is the last and how often
    the objective was evaluated."""

    number: int
    values: np.ndarray
    merit: float
    loss: float
    is_number: bool
    reason: str | None
    evaluations: int = 0


def run(
    f: Objective, steps: int, restarts: int, seed: int, lr: None, elsewhere: Elsewhere[Iterable[Found]]
) -> Iterator[Step]:
    """From one start after another, each until it converges or has made `steps` iterations."""
    best, ends, count = Best(f.start), Ends(), 0
    begin = starts(f, restarts, seed)
    with closing(in_order(restarts, lambda i: search(f, begin[i], steps), elsewhere)) as searches:
        for restart, iterations in enumerate(searches):
            reason, shown = None, 0
            for number, values, merit, loss, is_number, reason, evaluations in iterations:
                count += evaluations
                if not is_number:
                    ends.lost += 1
                    continue
                step = best.offer(merit, loss, values, number, restart)
                last_of_run = reason and restart == restarts - 1
                if number > shown and not last_of_run:
                    shown = number
                    yield step
            ends.reasons.append(reason or "")
            if reason and reason.startswith(CONVERGED) and is_number:
                ends.optima.append(Optimum(loss, values))
    ends.evaluations = count
    yield closed(step, f, best, ends.reasons[best.restart], restarts, ends)


def search(f: Objective, start: np.ndarray, steps: int) -> Iterator[Found]:
    """The iterations from one start (n,), with what is minimised in its own unit there."""
    one, count = 1.0, 0

    def objective(values):
        nonlocal one, count
        loss, gradient = f.value_and_gradient(values)
        merit, slope = merit_of(f.sense, loss, gradient)
        one = one if count else unit_of(merit)
        count += 1
        return merit / one, slope / one, loss

    for number, point, reason in iterate(objective, start, f.lower, f.upper, steps):
        evaluations = count if reason else 0
        merit = point.merit * one
        yield Found(number, point.x, merit, point.loss, point.is_number(), reason, evaluations)


class Point(NamedTuple):
    """Where the search has been: x (n,), what is minimised with its gradient (n,), the loss to report."""

    x: np.ndarray
    merit: float
    gradient: np.ndarray
    loss: float

    def is_number(self):
        return math.isfinite(self.merit) and bool(np.isfinite(self.gradient).all())


def iterate(function, start, lower, upper, steps):
    """Yield (number, Point, reason): the start as number 0, then each iteration; the last one has a reason.

    function  x (n,) -> (merit, gradient (n,), loss); what it raises leaves through this generator
    start     (n,), within lower and upper (n,), which are ±inf where there is no bound
    steps     the most iterations

    A trial point where the function is no number (LN below zero, say) is a wall to the line search, see
    `_wall`. A start that is no number is the only thing yielded. Where the last line search comes to
    nothing, the last point is yielded once more, now with the reason.
    """
    yield from in_turns(_Search(function, start, Bounds(lower, upper), steps).work)


class _NoStart(Exception):
    """The function is no number at the start; unwinds scipy."""


class _Search:
    """One call of `minimize`, from the start (n,) within bounds."""

    def __init__(self, function, start, bounds, steps):
        self.function, self.start, self.bounds, self.steps = function, start, bounds, steps
        self.found = []  # iterations that nobody knows of yet
        self.here = self.last = None  # the Points of the last iteration and of the last evaluation
        self.number = self.walls = 0

    def work(self, turns: Turns) -> None:
        self.turns = turns
        options = {"maxiter": self.steps, "maxfun": math.inf, "ftol": FTOL, "gtol": GTOL}
        try:
            with np.errstate(over="ignore", invalid="ignore"):  # of an objective that falls without end
                result = minimize(
                    self.evaluate,
                    self.start,
                    jac=True,
                    method="L-BFGS-B",
                    bounds=self.bounds,
                    callback=self.step,
                    options=options,
                )
            reason = self.why(result)
        except _NoStart:
            reason = "the objective is no number at the start"
        self.found = [*self.found[:-1], (self.number, self.here, reason)]
        self.hand_over()

    def evaluate(self, x):
        """What scipy asks for. A new iteration is handed over here and not in `step`: it was not the last."""
        self.hand_over()
        x = x.copy()
        self.last = Point(x, *self.function(x))
        if self.here is None:
            self.here = self.last
            self.found.append((0, self.here, None))
            if not self.here.is_number():
                raise _NoStart
        elif not self.last.is_number():
            self.walls += 1
            self.last = _wall(x, self.here)
        return self.last.merit, self.last.gradient

    def step(self, _):
        self.number, self.here = self.number + 1, self.last
        self.found.append((self.number, self.here, None))

    def hand_over(self):
        found, self.found = self.found, []
        for iteration in found:
            self.turns.found(iteration)

    def why(self, result):
        """scipy's result in words."""
        if "status" not in result:  # scipy does not begin where no variable can move
            return "the bounds leave no value to change"
        if result.status == 1:
            return f"the cap of {self.steps} steps was reached"
        if result.status == 0 and "GRADIENT" in result.message:
            return f"{CONVERGED}: the gradient is at most {GTOL:g}"
        if result.status == 0:
            return f"{CONVERGED}: the last step changed the objective by rounding only"
        if self.walls:
            return "no further improvement was found, and nearby the objective is no number"
        return "no further improvement was found along the gradient"


def _wall(x, here):
    """What to answer at x, where the function is no number, so that the line search from `here` turns back.

    The answer lies on the parabola along the way that has the slope of `here` and has risen by as much at x;
    its lowest point, where a line search by interpolation looks next, is a quarter of the way.
    """
    way = x - here.x
    rise = abs(here.gradient @ way) or 1.0
    return Point(x, here.merit + rise, 3 * rise * way / (way @ way), math.nan)
