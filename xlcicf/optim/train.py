"""Training as a generator of steps: ribbon, command line, chart, undo and tests consume this one loop."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from xlcicf.errors import TrainingError
from xlcicf.optim import lbfgs

# name -> (torch.optim's optimiser, the learning rate when none is given). The rates suit inputs between 0
# and 1 and a mean as loss: in 200 steps the lesson's net falls from 0.264 to 0.172, 0.136, 0.141 and 0.134.
FIRST_ORDER: dict[str, tuple[Callable, float]] = {
    "sgd": (torch.optim.SGD, 0.1),
    "momentum": (lambda values, lr: torch.optim.SGD(values, lr, momentum=0.9), 0.1),
    "rmsprop": (torch.optim.RMSprop, 0.01),
    "adam": (torch.optim.Adam, 0.01),
}
OPTIMIZERS = ("lbfgs", *FIRST_ORDER)

MAX_STARTS = 10_000_000  # numbers in all starts together: 80 MB, and far more in a first-order batch


@dataclass(frozen=True)
class Step:
    """Where a run stands after one step.

    number       of the step within its restart, from 1; 0 where a run ends before its first step
    restart      0 begins with the sheet's values
    loss         the objective cell's value, whatever the sense
    values       the changing cells' values (n,)
    best_loss    the best of the whole run so far, all restarts and the start values included, and
    best_values  the values there (n,)
    reason       None until the last step of the run, then a sentence that says why it stopped

    One step of a first-order optimiser moves all restarts at once; the Step shows the one that stands best.
    A run that stops between two steps repeats the last one, now with the reason.
    """

    number: int
    restart: int
    loss: float
    values: np.ndarray
    best_loss: float
    best_values: np.ndarray
    reason: str | None = None


def train(f, optimizer="lbfgs", steps=200, restarts=1, seed=0, lr=None) -> Iterator[Step]:
    """Train f and yield a Step after each step; to stop early, close the generator or leave it alone.

    f          a SheetFunction, or anything that has its start, cells, lower, upper, sense, init,
               value_and_gradient and batch
    optimizer  "lbfgs" (L-BFGS-B), "sgd", "momentum" (0.9), "rmsprop" or "adam"
    steps      the most steps of each restart
    restarts   how many starts in all; the first is f.start, the others are drawn, see `starts`
    seed       of the drawn starts; the same seed gives the same numbers
    lr         learning rate of a first-order optimiser; None takes its own

    f.sense "min" lowers the objective, "max" raises it, a number brings it near that number by minimising
    the squared distance. Bounds are honoured: by L-BFGS-B itself, by projection after a first-order step.
    Raises TrainingError where the settings make no run, and at the first step where f.start gives no number.
    """
    settings = {"optimizer": optimizer, "steps": steps, "restarts": restarts, "seed": seed, "lr": lr}
    for name, value in settings.items():
        require_setting(name, value)
    if optimizer == "lbfgs" and lr is not None:
        raise TrainingError("lbfgs finds its own step length; leave the learning rate out, or choose adam")
    if restarts * len(f.start) > MAX_STARTS:
        raise TrainingError(
            f"{restarts:,} restarts are too many here; at most {MAX_STARTS // len(f.start):,} are possible"
        )
    if optimizer == "lbfgs":
        return _on_one_thread(_lbfgs(f, steps, restarts, seed))
    make, usual = FIRST_ORDER[optimizer]
    return _on_one_thread(_first_order(f, make, usual if lr is None else lr, steps, restarts, seed))


def starts(f, restarts, seed) -> np.ndarray:
    """The values each restart begins with (restarts, n), all within the bounds.

    Row 0 is f.start. The others are uniform: between the bounds where both are finite; else within f.init on
    both sides of 0 where the book gives it; else within max(1, |value|) / 2 on both sides of the value.
    """
    if f.init is None:
        middle, half = f.start, np.maximum(1, np.abs(f.start)) / 2
    else:
        middle, half = np.zeros_like(f.start), f.init
    boxed = np.isfinite(f.lower) & np.isfinite(f.upper)
    with np.errstate(over="ignore"):  # a start beyond the largest number ends where it begins, and is told
        low = np.where(boxed, f.lower, middle - half)
        high = np.where(boxed, f.upper, middle + half)
        drawn = low + (high - low) * np.random.default_rng(seed).random((restarts - 1, len(f.start)))
    return np.clip(np.vstack([f.start, drawn]), f.lower, f.upper)


class _Best:
    """The best point of a run so far, by what is minimised, and the step and restart that found it."""

    def __init__(self, start):
        self.merit, self.loss, self.values = math.inf, math.nan, start
        self.number = self.restart = 0

    def offer(self, merit, loss, values, number, restart) -> Step:
        """The Step for this point, which becomes the best if it is."""
        loss = float(loss)
        if merit < self.merit:
            self.merit, self.loss, self.values = float(merit), loss, values
            self.number, self.restart = number, restart
        return Step(number, restart, loss, values, self.loss, self.values)


def _lbfgs(f, steps, restarts, seed):
    """L-BFGS-B, from one start after another."""

    def objective(values):
        loss, gradient = f.value_and_gradient(values)
        return *merit_of(f.sense, loss, gradient), loss

    _check_start(f)
    best, reasons, lost = _Best(f.start), [], 0
    for restart, start in enumerate(starts(f, restarts, seed)):
        reason, shown = None, 0
        for number, point, reason in lbfgs.iterate(objective, start, f.lower, f.upper, steps):
            if not point.is_number():
                lost += 1
                continue
            step = best.offer(point.merit, point.loss, point.x, number, restart)
            last_of_run = reason and restart == restarts - 1
            if number > shown and not last_of_run:
                shown = number
                yield step
        reasons.append(reason)
    yield replace(step, reason=_closing(f, reasons[best.restart], best, restarts, lost))


def _first_order(f, make, lr, steps, restarts, seed):
    """A torch.optim optimiser that moves all starts at once, as the rows of one tensor (restarts, n)."""
    _check_start(f)
    lower, upper = torch.from_numpy(f.lower), torch.from_numpy(f.upper)
    values = torch.from_numpy(starts(f, restarts, seed))
    optimizer = make([values], lr=lr)
    alive = torch.ones(restarts, dtype=torch.bool)
    best, reason, number = _Best(f.start), None, 0
    while True:
        loss, gradient = f.batch(values)
        merit, slope = merit_of(f.sense, loss[:, None], gradient)
        merit = merit[:, 0]
        alive &= torch.isfinite(merit)
        if not alive.any():
            reason = f"the objective stopped being a number at step {number}, its best before that is kept"
            break
        leader = int(torch.where(alive, merit, math.inf).argmin())
        step = best.offer(merit[leader], loss[leader], values[leader].numpy().copy(), number, leader)
        way_out = torch.clamp(values - slope, lower, upper) - values
        if (way_out[alive].abs() <= lbfgs.GTOL).all():
            reason = f"converged: the gradient is at most {lbfgs.GTOL:g}"
            break
        if number == steps:
            reason = f"the cap of {steps} steps was reached"
            break
        if number:
            yield step
        number += 1
        values.grad = slope
        optimizer.step()
        values.clamp_(lower, upper)
    if number and (best.number == 0 or not alive.any()):
        reason += f"; the best was at step {best.number}: a learning rate below {lr:g} may do better"
    yield replace(step, reason=_closing(f, reason, best, restarts, int((~alive).sum())))


def merit_of(sense, value, gradient):
    """(value, gradient) of what is minimised; numbers and arrays alike, if value broadcasts to gradient."""
    if sense == "min":
        return value, gradient
    if sense == "max":
        return -value, -gradient
    return (value - sense) ** 2, 2 * (value - sense) * gradient


def _closing(f, reason, best, restarts, lost):
    """Why the run stopped, what its best is worth, and what went wrong on the way, as one sentence."""
    parts = [reason]
    if restarts > 1:
        which = f"restart {best.restart}" if best.restart else "the start from the sheet's own values"
        parts.append(f"this is {which}, the best of {restarts} starts")
    else:
        parts.append("one start finds a local optimum, more restarts may find a better one")
    if lost and restarts > 1:
        parts.append(f"{lost} of them ended where the objective is no number")
    if ((f.start < f.lower) | (f.start > f.upper)).any():
        parts.append("the values that stood in the cells lie outside the bounds")
    if not f.value_and_gradient(best.values)[1].any():
        parts.append("every slope is exactly 0 there, as at an optimum or where no ReLU fires any more")
    return "; ".join(parts)


def require_setting(name, value):
    """Raises TrainingError where `value` cannot be the argument of `train` that has this name."""
    if name == "optimizer":
        if value not in OPTIMIZERS:
            raise TrainingError(f"no optimizer named {value!r}; choose one of {', '.join(OPTIMIZERS)}")
    elif name == "lr":
        if value is not None and not (value > 0 and math.isfinite(value)):
            raise TrainingError(f"the learning rate must be a number above 0, not {value!r}")
    else:
        least = 0 if name == "seed" else 1
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise TrainingError(f"{name} must be a whole number of at least {least}, not {value!r}")


def _check_start(f):
    """Refuse to begin where the sheet shows an error, or where a slope is infinite."""
    value, gradient = f.value_and_gradient(np.clip(f.start, f.lower, f.upper))
    if not math.isfinite(value):
        raise TrainingError(
            "the objective cell shows an error or no number at the values it would start from;"
            " put values into the changing cells at which it shows a number"
        )
    steep = [cell for cell, slope in zip(f.cells, gradient, strict=True) if not math.isfinite(slope)]
    if steep:
        raise TrainingError(
            f"the objective has no finite slope along {', '.join(steep)} (as SQRT has none at 0);"
            " start from another value there"
        )


def _on_one_thread(run):
    """`run`, with torch and scipy's BLAS held to one thread each: on sheet-sized work more of them only wait
    for each other, the more so on a busy machine, and sums change."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(limits=1):
            yield from run
    finally:
        torch.set_num_threads(threads)
