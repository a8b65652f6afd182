"""What a run yields: its steps, the best of them, and why it stopped, in words."""

import math
from dataclasses import dataclass, replace

import numpy as np

from xlcicf.optim.objective import Objective

GTOL = 1e-9  # a gradient whose entries are no larger counts as none


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


class Best:
    """The best point of a run so far, by what is minimised, and the step and restart that found it."""

    def __init__(self, start: np.ndarray):
        self.merit, self.loss, self.values = math.inf, math.nan, start
        self.number = self.restart = 0

    def offer(self, merit, loss, values: np.ndarray, number: int, restart: int) -> Step:
        """The Step for this point, which becomes the best if it is."""
        loss = float(loss)
        if merit < self.merit:
            self.merit, self.loss, self.values = float(merit), loss, values
            self.number, self.restart = number, restart
        return Step(number, restart, loss, values, self.loss, self.values)


def closed(step: Step, f: Objective, best: Best, reason: str, restarts: int, lost: int) -> Step:
    """The last Step of a run: why it stopped, what its best is worth, and what went wrong on the way.

    reason  why the restart that found the best ended
    lost    how many restarts ended where the objective is no number
    """
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
    return replace(step, reason="; ".join(parts))
