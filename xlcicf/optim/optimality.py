"""Whether values are an optimum: slopes, constraints and multipliers together, in the problem's own scale.

The Lagrangian is what is minimised plus each multiplier times left minus right side of its constraint; at an
optimum its slopes vanish along every value that is free to move (Karush, Kuhn and Tucker).
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch

from xlcicf.optim.objective import Objective, merit_of

FEASIBLE = 1e-8  # a constraint that is missed by no more holds, measured by its right side or 1
NEAR = 1e-7  # likewise: a constraint or bound no farther off is active
DENSE = 250  # values, up to which second derivatives are asked for
ROUNDING = 1e-12  # of a value or 1: one that is no farther off a bound is there
STRAIGHT = 1e-2  # of how far a value moves by rights: a step along a slope of which no bend is known
GAIN = 1e-9  # of the objective: what one more step could gain at an optimum
RISE = {"<=": 1.0, "=": 1.0, ">=": -1.0}  # times left minus right side: what must not be above 0


def violations(f: Objective, v: np.ndarray) -> np.ndarray:
    """By how much each constraint is missed at v (m,), measured by its right side or 1; inf for an error."""
    if not len(f.constraints):
        return np.zeros(0)
    return _missed(f, *f.constraint_sides(v))


def _missed(f: Objective, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(..., m), (..., m) -> (..., m)"""
    relations = [constraint.relation for constraint in f.constraints]
    with np.errstate(invalid="ignore"):
        over = (left - right) * np.array([RISE[relation] for relation in relations])
        over = np.where(np.array(relations) == "=", np.abs(over), np.maximum(over, 0))
        over = over / np.maximum(1, np.abs(right))
    return np.where(np.isnan(over), math.inf, over)


def violation(f: Objective, v: np.ndarray) -> float:
    """The largest of them; 0 where there is no constraint."""
    return float(violations(f, v).max(initial=0.0))


def each_violation(f: Objective, V: np.ndarray) -> np.ndarray:
    """V (k, n) -> the largest violation at each (k,)."""
    return all_violations(f, V).max(axis=1, initial=0.0)


def all_violations(f: Objective, V: np.ndarray) -> np.ndarray:
    """V (k, n) -> `violations` at each (k, m)."""
    if not len(f.constraints):
        return np.zeros((len(V), 0))
    return _missed(f, *f.all_sides(torch.from_numpy(np.ascontiguousarray(V))))


@dataclass(frozen=True)
class Optimality:
    """What is known of values v (n,): `merit` is what is minimised, `slope` (n,) its derivatives.

    begun   merit where the run began: what a gain is measured by, besides the merit itself
    """

    f: Objective
    v: np.ndarray
    begun: float

    @cached_property
    def _objective(self) -> tuple[float, np.ndarray]:
        return self.f.value_and_gradient(self.v)

    @cached_property
    def _first(self) -> tuple[float, np.ndarray]:
        return merit_of(self.f.sense, *self._objective)

    @cached_property
    def _sides(self) -> tuple[np.ndarray, np.ndarray]:
        return self.f.constraint_sides(self.v)

    @property
    def merit(self) -> float:
        return self._first[0]

    @property
    def slope(self) -> np.ndarray:
        return self._first[1]

    @cached_property
    def violations(self) -> np.ndarray:
        return violations(self.f, self.v)

    @property
    def violation(self) -> float:
        return float(self.violations.max(initial=0.0))

    @cached_property
    def margins(self) -> np.ndarray:
        """Left minus right sides (m,)."""
        left, right = self._sides
        return left - right

    @cached_property
    def jacobian(self) -> np.ndarray:
        return self.f.jacobian(self.v)

    @cached_property
    def active(self) -> np.ndarray:
        """Which constraints hold with nothing to spare (m,)."""
        _, right = self._sides
        equal = np.array([c.relation == "=" for c in self.f.constraints], dtype=bool)
        near = self.margins * _signs(self.f) >= -NEAR * np.maximum(1, np.abs(right))
        return equal | near

    @cached_property
    def at_lower(self) -> np.ndarray:
        return self.v - self.f.lower <= NEAR * np.minimum(np.maximum(1e-3, np.abs(self.v)), 1)

    @cached_property
    def at_upper(self) -> np.ndarray:
        return self.f.upper - self.v <= NEAR * np.minimum(np.maximum(1e-3, np.abs(self.v)), 1)

    @cached_property
    def scale(self) -> np.ndarray:
        """How far each value moves by rights (n,): to where the objective bends by 1, or its own size."""
        return scales(self.f, self.v)

    @cached_property
    def multipliers(self) -> np.ndarray:
        """(m,), 0 where a constraint is not active; those with which the Lagrangian is flattest."""
        from scipy.optimize import lsq_linear

        out = np.zeros(len(self.f.constraints))
        rows = np.flatnonzero(self.active)
        if not rows.size:
            return out
        bounded = np.flatnonzero(self.at_lower | self.at_upper)
        signs = _signs(self.f)[rows]
        equal = np.array([self.f.constraints[i].relation == "=" for i in rows.tolist()])
        columns = np.zeros((len(self.v), rows.size + bounded.size))
        columns[:, : rows.size] = self.jacobian[rows].T
        columns[bounded, rows.size + np.arange(bounded.size)] = 1.0
        columns *= self.scale[:, None]
        size = np.linalg.norm(columns, axis=0)
        size[size == 0] = 1.0
        # a bound below holds slopes up: its multiplier is at most 0, that of one above at least
        least = np.where([*(equal | (signs < 0)), *self.at_lower[bounded]], -np.inf, 0.0)
        most = np.where([*(equal | (signs > 0)), *self.at_upper[bounded]], np.inf, 0.0)
        found = lsq_linear(columns / size, -self.slope * self.scale, (least, most), tol=1e-14).x / size
        out[rows] = found[: rows.size]
        return out

    @cached_property
    def reduced(self) -> np.ndarray:
        """The Lagrangian's slopes (n,): of values at a bound what the bound holds up."""
        return self.slope + self.multipliers @ self.jacobian

    @cached_property
    def free(self) -> np.ndarray:
        """The values that may move: off their bounds, or drawn away from them (n,)."""
        pushed = (self.at_lower & (self.reduced >= 0)) | (self.at_upper & (self.reduced <= 0))
        return ~(pushed | (self.f.lower == self.f.upper))

    @cached_property
    def newton(self) -> "_Newton | None":
        """The step to where the Lagrangian would be flat and active constraints hold, by second derivatives;
        None where there are too many values or no second derivatives."""
        if len(self.v) > DENSE:
            return None
        free = np.flatnonzero(self.free)
        kept = [i for i in np.flatnonzero(self.active).tolist() if self._counts(i)]
        bend = self.f.hessian(self.v, np.concatenate([[self._by_value], self.multipliers]))
        if self._by_square:  # where it is 0, slopes may be too large for their squares
            bend = bend + self._by_square * np.outer(self._value_slope, self._value_slope)
        rows = self.jacobian[kept][:, free]
        if not (np.isfinite(bend).all() and np.isfinite(rows).all()):
            return None
        scale = self.scale[free]
        inner = bend[np.ix_(free, free)] * np.outer(scale, scale)
        with np.errstate(over="ignore", invalid="ignore"):  # far off, where everything is steep
            found = _newton(inner, rows * scale, self.reduced[free] * scale, self.margins[kept])
        step = np.zeros(len(self.v))
        step[free] = found.step * scale
        return found._replace(step=step)

    def _counts(self, row: int) -> bool:
        is_equal = self.f.constraints[row].relation == "="
        return is_equal or self.multipliers[row] != 0 or self.violations[row] > 0

    @property
    def _by_value(self) -> float:
        """How what is minimised follows the objective."""
        if isinstance(self.f.sense, str):
            return 1.0 if self.f.sense == "min" else -1.0
        return 2 * (self._objective[0] - self.f.sense)

    @property
    def _by_square(self) -> float:
        return 0.0 if isinstance(self.f.sense, str) else 2.0

    @property
    def _value_slope(self) -> np.ndarray:
        return self._objective[1]

    @cached_property
    def gain(self) -> float:
        """What one more step would gain, of what has been gained so far and the objective itself."""
        whole = GAIN * abs(self.merit) + 1e-3 * GAIN * abs(self.begun - self.merit)
        slopes = np.abs(self.reduced * self.scale)[self.free]
        if not slopes.any():
            return 0.0
        if self.newton is not None:
            return self.newton.gain * GAIN / whole if whole else math.inf
        return slopes.max() * STRAIGHT * GAIN / whole if whole else math.inf

    @cached_property
    def is_flat(self) -> bool:
        """Whether every slope is 0 though this need be no optimum: the objective bends nowhere, or down
        somewhere, or a formula is constant here. So it is where zeros are multiplied, and at saddles."""
        if self._value_slope.any() or (self._by_square and not self.merit):
            return False
        moving = np.flatnonzero(self.f.lower < self.f.upper)
        if moving.size > DENSE or self.f.dead(self.v, with_single=True):
            return True
        bend = self.f.hessian(self.v, np.array([self._by_value, *np.zeros(len(self.f.constraints))]))
        bend = bend[np.ix_(moving, moving)]
        if not np.isfinite(bend).all():
            return True
        bends = np.linalg.eigvalsh(bend)
        return bool(bends.size and (bends[-1] <= 0 or bends[0] < -NEAR * bends[-1]))

    @property
    def is_optimal(self) -> bool:
        """Whether constraints hold and no allowed way promises to gain anything."""
        return self.violation <= FEASIBLE * 10 and self.gain <= GAIN


class _Newton(NamedTuple):
    """A step (k,), and what it gains by flattening slopes; inf where the way leads down without end."""

    step: np.ndarray
    gain: float


def _newton(bend: np.ndarray, rows: np.ndarray, slope: np.ndarray, margins: np.ndarray) -> _Newton:
    """With bends (k, k), slopes (k,), and the rows (m, k) of constraints that are off by margins (m,): the
    shortest way onto the constraints, then along them to where slopes vanish."""
    k = slope.size
    if rows.size:
        size = np.linalg.norm(rows, axis=1)
        size[size == 0] = 1.0
        left, sizes, right = np.linalg.svd(rows / size[:, None])
        rank = int((sizes > 1e-11 * max(1.0, sizes.max(initial=0.0))).sum())
        onto = right[:rank].T @ ((left.T @ (-margins / size))[:rank] / sizes[:rank])
        along = right[rank:].T
    else:
        onto, along = np.zeros(k), np.eye(k)
    if not along.shape[1]:
        return _Newton(onto, 0.0)
    bends, ways = np.linalg.eigh(along.T @ bend @ along)
    most = max(np.abs(bends).max(initial=0.0), 1e-300)
    pushes = ways.T @ (along.T @ slope)
    after = ways.T @ (along.T @ (slope + bend @ onto))
    is_bent = np.abs(bends) > 1e-13 * most
    gain = float((pushes[is_bent] ** 2 / np.abs(bends[is_bent])).sum() / 2)
    gain += STRAIGHT * float(np.abs(pushes[~is_bent]).sum())
    if (bends < -1e-7 * most).any():
        gain = math.inf
    step = np.where(is_bent, -after / np.where(is_bent, np.abs(bends), 1.0), 0.0)
    return _Newton(onto + along @ (ways @ step), gain)


def scales(f: Objective, v: np.ndarray) -> np.ndarray:
    """How far each value moves by rights at v (n,): to where the objective bends by 1, else its own size."""
    own = np.maximum(np.abs(v), np.where(v == 0, 1.0, 1e-12))
    if len(v) > DENSE or not isinstance(f.sense, str):
        return own
    weights = np.zeros(1 + len(f.constraints))
    weights[0] = 1.0
    with np.errstate(all="ignore"):
        bends = np.abs(np.diagonal(f.hessian(v, weights)))
        by_bend = np.sqrt(max(1e-300, abs(f.value_and_gradient(v)[0])) / bends)
    return np.where(np.isfinite(by_bend) & (by_bend > 0), np.clip(by_bend, own * 1e-6, own * 1e6), own)


def polished(f: Objective, v: np.ndarray, begun: float, rounds: int = 12) -> Optimality:
    """Newton's steps on slopes and active constraints together, while they make both smaller."""
    here = Optimality(f, v, begun)
    for _ in range(rounds):
        if here.newton is None or (here.gain <= 1e-6 * GAIN and here.violation <= 1e-14):
            break
        there = Optimality(f, np.clip(here.v + here.newton.step, f.lower, f.upper), begun)
        if not math.isfinite(there.merit) or not np.isfinite(there.slope).all():
            break
        if there.violation > max(here.violation, 1e-12):
            break
        rise = 1e-9 * abs(here.merit) + abs(here.multipliers @ here.margins)
        closer = there.violation < here.violation / 2 or there.gain < here.gain
        if there.merit > here.merit + rise or not closer:
            break
        here = there
    return here


def at_bounds(f: Objective, v: np.ndarray) -> np.ndarray:
    """v (n,) with what is off a bound by rounding put onto it, unless that costs anything."""
    low = (v > f.lower) & (v - f.lower <= ROUNDING * np.maximum(1.0, np.abs(v)))
    high = (v < f.upper) & (f.upper - v <= ROUNDING * np.maximum(1.0, np.abs(v)))
    if not (low | high).any():
        return v
    there = np.where(low, f.lower, np.where(high, f.upper, v))
    before, after = (merit_of(f.sense, f.value_and_gradient(x)[0], 0.0)[0] for x in (v, there))
    costs = not after <= before + 1e-14 * abs(before) or violation(f, there) > max(violation(f, v), FEASIBLE)
    return v if costs else there


def _signs(f: Objective) -> np.ndarray:
    return np.array([RISE[constraint.relation] for constraint in f.constraints])
