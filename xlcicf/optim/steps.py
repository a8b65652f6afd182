"""What a run yields: its steps, the best of them, and how and why it ended, in words."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from xlcicf.optim.objective import Objective, is_constant, merit_of, unit_of
from xlcicf.optim.optimality import FEASIBLE, Optimality, at_bounds, violation, violations
from xlcicf.words import (
    CONVERGED,
    ERROR,
    FLAT,
    FOUND,
    INFEASIBLE,
    LOCAL,
    STOPPED,
    TARGET,
    UNBOUNDED,
    WORTH_HAVING,
)

GTOL = 1e-9  # a gradient whose entries are no larger counts as none
PRECISION = 1e-6  # a constraint missed by more, or a target, is not met: Solver's own precision
RUN_AWAY = 1e8  # times its start's size: a value beyond has no optimum to go to
NAMED = 4  # cells or constraints that a sentence names
KEPT_OPTIMA = 20  # of those that restarts met


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
    status       likewise: one of found, converged, local, stopped, unbounded, infeasible, error, target, flat
    method       likewise: which method made the steps
    multipliers  likewise, of the constraints at the best values (m,): by how much the objective would follow
                 the right side; None where they are not known
    others       likewise: other optima that restarts met, the better first
    evaluations  likewise: of the objective, with its slopes or without
    ended        likewise: the loss of the step itself, which shows the best
    begun        the loss where the step's restart began; None where the method does not say it
    together     where all restarts stand, of a first-order optimiser: one step moves all, and the
                 Step shows the one that stands best; None where restarts follow each other

    A run that stops between two steps repeats the last one, now with the reason.
    """

    number: int
    restart: int
    loss: float
    values: np.ndarray
    best_loss: float
    best_values: np.ndarray
    reason: str | None = None
    status: str | None = None
    method: str | None = None
    multipliers: np.ndarray | None = None
    others: tuple["Optimum", ...] = ()
    evaluations: int | None = None
    ended: float | None = None
    begun: float | None = None
    together: "Together | None" = None

    @property
    def end(self) -> dict[str, Any]:
        """What is said of the end, as JSON has it; empty where the run goes on."""
        if self.reason is None:
            return {}
        return {
            "reason": self.reason,
            "status": self.status,
            "method": self.method,
            "multipliers": None if self.multipliers is None else self.multipliers.tolist(),
            "others": [[optimum.loss, optimum.values.tolist()] for optimum in self.others],
            "evaluations": self.evaluations,
        }


class Together(NamedTuple):
    """Restarts that move at once: the loss of each (restarts,), nan where it is no number any more, and where
    each began (restarts,)."""

    losses: np.ndarray
    begun: np.ndarray


class Optimum(NamedTuple):
    """Where a restart ended: the objective cell's value, and the changing cells' (n,)."""

    loss: float
    values: np.ndarray


class Claim(NamedTuple):
    """What a method knows of its outcome by itself: a status, a sentence, and multipliers, as in Step."""

    status: str
    sentence: str
    multipliers: np.ndarray | None = None


class Best:
    """The best point of a run so far, by what is minimised, and the step and restart that found it.

    Where constraints are missed, who misses them by less is better.
    """

    def __init__(self, start: np.ndarray):
        self.missed, self.merit, self.loss, self.values = math.inf, math.inf, math.nan, start
        self.number = self.restart = 0
        self._begun: tuple[int, float] | None = None  # which restart, and its loss there

    def offer(self, merit, loss, values: np.ndarray, number: int, restart: int, missed: float = 0.0) -> Step:
        """The Step for this point, which becomes the best if it is."""
        loss = float(loss)
        missed = 0.0 if missed <= FEASIBLE else missed
        if (missed, merit) < (self.missed, self.merit):
            self.missed, self.merit, self.loss, self.values = missed, float(merit), loss, values
            self.number, self.restart = number, restart
        if number == 0:
            self._begun = restart, loss
        begun = self._begun[1] if self._begun and self._begun[0] == restart else None
        return Step(number, restart, loss, values, self.loss, self.values, begun=begun)

    def try_out(self, f: Objective, values: np.ndarray, number: int, restart: int = 0) -> Step:
        """The Step for these values (n,): what they come to, and by how much they miss what is demanded."""
        loss = f.value_and_gradient(values)[0]
        merit = merit_of(f.sense, loss, 0.0)[0]
        missed = violation(f, values)
        if not np.array_equal(values[f.whole], np.round(values[f.whole])):
            missed = max(missed, 1.0)  # in between whole numbers there is no solution
        return self.offer(merit if math.isfinite(merit) else math.inf, loss, values, number, restart, missed)


@dataclass
class Ends:
    """How the restarts of a run ended: why each did, how many ended where the objective is no number, and
    at which optima; `evaluations` where other processes made some of them."""

    reasons: list[str] = field(default_factory=list)
    lost: int = 0
    optima: list[Optimum] = field(default_factory=list)
    evaluations: int | None = None

    def others(self, best: Best, sense: str | float) -> tuple[Optimum, ...]:
        """The optima that they met besides the best, the better first; each value of the objective once."""
        near = 1e-6 * max(1.0, abs(best.merit))
        found, last = [], best.merit
        for optimum in sorted(self.optima, key=lambda one: merit_of(sense, one.loss, 0.0)[0]):
            merit = merit_of(sense, optimum.loss, 0.0)[0]
            if merit - last > near:
                found.append(optimum)
                last = merit
        return tuple(found[:KEPT_OPTIMA])


def closed(
    step: Step, f: Objective, best: Best, reason: str, restarts: int, ends: Ends, claim: Claim | None = None
) -> Step:
    """The last Step of a run: how it ended, why, what its best is worth, and what went wrong on the way.

    reason  why the restart that found the best ended
    """
    there = at_bounds(f, best.values)
    if there is not best.values:
        best.values, best.loss = there, f.value_and_gradient(there)[0]
    others = tuple(one for one in ends.others(best, f.sense) if not Optimality(f, one.values, 0.0).is_flat)
    claim = claim or _judged(f, best, reason, others, restarts)
    if claim.status in WORTH_HAVING and not math.isfinite(best.loss):
        claim = Claim(ERROR, "no values were found at which the objective shows a number")
    parts = [reason, claim.sentence]
    if restarts > 1:
        which = f"restart {best.restart}" if best.restart else "the start from the sheet's own values"
        parts.append(f"this is {which}, the best of {restarts} starts")
    if ends.lost and restarts > 1:
        parts.append(f"{ends.lost} of them ended where the objective is no number")
    if ((f.start < f.lower) | (f.start > f.upper)).any():
        parts.append("the values that stood in the cells lie outside the bounds")
    sentence = "; ".join(part for part in parts if part)
    return replace(
        step,
        loss=best.loss,
        values=best.values,
        best_loss=best.loss,
        best_values=best.values,
        reason=sentence,
        status=claim.status,
        multipliers=claim.multipliers,
        others=others,
        evaluations=ends.evaluations,
        ended=step.loss,
    )


def proven(f: Objective, best: Best, why: str, among: str) -> Claim:
    """Of the best values there are, as a method knows: how they stand to what was asked for.

    why, among  why none are better, and among what they are the nearest to a number
    """
    if isinstance(f.sense, str):
        return Claim(FOUND, ALL_HOLD if is_constant(f) else f"the best there is: {why}")
    if abs(best.loss - f.sense) <= PRECISION * max(1.0, abs(f.sense)):
        return Claim(FOUND, f"{f.sense:g} is reached")
    return Claim(TARGET, f"{f.sense:g} cannot be reached; the nearest {among} is {best.loss:.10g}")


def _judged(f: Objective, best: Best, reason: str, others: Sequence[Optimum], restarts: int) -> Claim:
    """What the best values are, by slopes and constraints."""
    begun, _ = merit_of(f.sense, *f.value_and_gradient(np.clip(f.start, f.lower, f.upper)))
    here = Optimality(f, best.values, begun)
    if best.missed > PRECISION:
        return Claim(INFEASIBLE, f"no values were found at which {_missed(f, best.values)}")
    if not isinstance(f.sense, str) and abs(best.loss - f.sense) > PRECISION * max(1.0, abs(f.sense)):
        return Claim(TARGET, f"{f.sense:g} was not reached; the nearest found is {best.loss:.10g}")
    if away := _run_away(f, best, begun):
        return Claim(UNBOUNDED, f"the objective goes on without limit as {away}")
    multipliers = _shadow_prices(f, here)
    if is_constant(f):
        return Claim(FOUND, ALL_HOLD, multipliers)
    if not here.slope.any() and best.number == 0 and f.stepped:
        named = listed([f"{cell} ({function})" for cell, function in f.stepped])
        return Claim(FLAT, f"every slope is 0, because of {named}, which moves in steps")
    if not here.slope.any():
        return _at_rest(f, best, here, restarts)._replace(multipliers=multipliers)
    is_flat = not len(f.constraints) and _way_out(f, here, unit_of(begun)).max(initial=0.0) <= GTOL
    if is_flat or (not _is_cut_short(reason) and here.is_optimal):
        if others:
            shown = listed([f"{optimum.loss:.6g}" for optimum in others])
            return Claim(LOCAL, f"other starts found other optima, none better: {shown}", multipliers)
        return Claim(FOUND, "no way that is allowed leads on from here", multipliers)
    if _is_cut_short(reason):
        return Claim(STOPPED, "more steps may find better values", multipliers)
    return Claim(CONVERGED, "slopes are left, but no step along them gained anything", multipliers)


ALL_HOLD = "all constraints hold; the objective is the same whatever the changing cells hold"


def _at_rest(f: Objective, best: Best, here: Optimality, restarts: int) -> Claim:
    """What it means that every slope is 0."""
    dead = listed(f.dead(best.values, with_single=True))
    if best.number or not here.is_flat:
        because = f", where {dead} gives a constant" if dead else ", as at an optimum"
        return Claim(FOUND, f"every slope is exactly 0 there{because}")
    if restarts > 1:
        return Claim(
            CONVERGED, "every slope is 0 at the values it began from, and nothing better was met elsewhere"
        )
    if dead:
        return Claim(
            FLAT,
            f"every slope is 0, because {dead} gives a constant; begin from other values, or several times",
        )
    return Claim(
        CONVERGED,
        "every slope is 0 at the values it began from, as at an optimum, but also where zeros are multiplied;"
        " begin from other values, or several times, to see which",
    )


def _way_out(f: Objective, here: Optimality, unit: float) -> np.ndarray:
    return np.abs(np.clip(here.v - here.slope / unit, f.lower, f.upper) - here.v)


def _is_cut_short(reason: str) -> bool:
    return reason.startswith(CUT_SHORT)


CUT_SHORT = ("the cap of", "the time is up")


def _shadow_prices(f: Objective, here: Optimality) -> np.ndarray | None:
    """The objective's derivatives by the right sides (m,), whatever the sense."""
    if not len(f.constraints):
        return np.zeros(0)
    sign = -1.0 if f.sense == "max" else 1.0
    return -sign * here.multipliers if isinstance(f.sense, str) else None


def _run_away(f: Objective, best: Best, begun: float) -> str:
    """In words which values go where, if the objective falls without end as they do."""
    sizes = np.abs(best.values) / np.maximum(1.0, np.abs(f.start))
    if sizes.max(initial=0.0) < RUN_AWAY or not begun - best.merit > RUN_AWAY * max(1.0, abs(begun)):
        return ""
    far = [i for i in np.argsort(-sizes) if sizes[i] > 1e-3 * sizes.max()]
    return listed([f"{f.cells[i]} {'grows' if best.values[i] > 0 else 'falls'}" for i in far])


def _missed(f: Objective, v: np.ndarray) -> str:
    """The constraints that do not hold, by their texts."""
    over = violations(f, v)
    rows = [f.constraints[i].text for i in np.argsort(-over) if over[i] > PRECISION]
    return f"{listed(rows, '; ')} {'hold together' if len(rows) > 1 else 'holds'}"


def listed(texts: Sequence[str], by: str = ", ") -> str:
    """The first few texts, and how many more there are."""
    more = len(texts) - NAMED
    return by.join(texts[:NAMED]) + (f" and {more} more" if more > 0 else "")
