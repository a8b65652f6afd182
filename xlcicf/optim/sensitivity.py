"""What an optimum is worth: how the objective would follow right sides, bounds and its own coefficients, and
how far each value could move alone.

"Reduced cost" of a value: by how much the objective would change for each 1 by which its bound moves; in a
model that bends it is called the reduced gradient. "Shadow price" of a constraint, or Lagrange multiplier:
the same for its right side. Both are of the objective as the cell shows it, whatever the sense.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from xlcicf.errors import TrainingError
from xlcicf.optim import highs
from xlcicf.optim.methods import programs
from xlcicf.optim.objective import Objective
from xlcicf.optim.optimality import RISE, Optimality, violation

SAME = 1e-6  # of the objective: values that come as near to the optimum of a linear model are that
ROOM = 200  # values, up to which each is moved alone in a model that bends
REACH = 1e8  # times a value's size: farther off nobody looks for a limit


@dataclass(frozen=True)
class Ranges:
    """How far numbers of a linear model may change alone while the same constraints bind.

    slopes       the objective's coefficients (n,)
    slope_rise, slope_fall  by how much each may rise and fall before the values change (n,)
    right_rise, right_fall  by how much each right side may rise and fall while its shadow price holds (m,)
    """

    slopes: np.ndarray
    slope_rise: np.ndarray
    slope_fall: np.ndarray
    right_rise: np.ndarray
    right_fall: np.ndarray


@dataclass(frozen=True)
class Sensitivity:
    """At values that are an optimum.

    reduced  reduced costs or gradients (n,)
    prices   shadow prices or multipliers (m,)
    ranges   of a linear model, else None
    """

    reduced: np.ndarray
    prices: np.ndarray
    ranges: Ranges | None


def sensitivity(f: Objective, v: np.ndarray, multipliers: np.ndarray | None = None) -> Sensitivity:
    """At values v (n,); with the multipliers of a run, if it has found any (m,).

    Raises TrainingError, saying why, where there are no such figures: whole numbers, a value to reach, or
    values that are not the optimum of a linear model.
    """
    if f.whole.any() or f.orders:
        raise TrainingError("whole numbers have no slopes: a little more of a right side changes nothing")
    if not isinstance(f.sense, str):
        raise TrainingError("an objective that is to come to a value has none: it is there, or it is not")
    program = programs.linear_program(f)
    if program is None and f.structure is not None and not f.structure.is_smooth:
        program = programs.program_with_corners(f)
    if program is not None:
        return _of_program(f, v, program)
    here = Optimality(f, v, f.value_and_gradient(v)[0])
    sign = _sign(f)
    prices = -sign * here.multipliers if multipliers is None else multipliers
    return Sensitivity(f.value_and_gradient(v)[1] - prices @ f.jacobian(v), prices, None)


def _sign(f: Objective) -> float:
    """Of what is minimised beside the objective."""
    return -1.0 if f.sense == "max" else 1.0


def _of_program(f: Objective, v: np.ndarray, program: highs.Program) -> Sensitivity:
    value, n, m, sign = f.value_and_gradient(v)[0], len(v), program.rows, _sign(f)
    found = highs.ranging(program)
    is_there = found and abs(sign * found.least - value) <= SAME * max(1.0, abs(value))
    if found is None or not is_there or violation(f, v) > SAME:
        raise TrainingError("the values are not the optimum of this linear model; solve it first")
    prices, reduced = sign * found.row_duals[:m], sign * found.column_duals[:n]
    sides = np.where(np.isfinite(program.row_upper), program.row_upper, program.row_lower)[:m]
    slack = np.abs(program.matrix[:m] @ found.z - sides)
    rise, fall = found.row_upper[:m] - sides, sides - found.row_lower[:m]
    relations = np.array([constraint.relation for constraint in f.constraints])
    is_loose = found.row_is_loose[:m]  # an equation that is: it follows from others
    rise = np.where(is_loose, np.where(relations == "<=", math.inf, slack), rise)
    fall = np.where(is_loose, np.where(relations == ">=", math.inf, slack), fall)
    slopes, up, down = (numbers[:n] for numbers in (program.slope, found.slope_upper, found.slope_lower))
    by = [up - slopes, slopes - down]
    if f.sense == "max":
        slopes, by = -slopes, by[::-1]
    if program.slope.size > n:  # what stands beside corners is no coefficient of the objective
        slopes, by = np.full(n, math.nan), [np.full(n, math.nan), np.full(n, math.nan)]
    return Sensitivity(reduced, prices, Ranges(slopes, by[0], by[1], rise, fall))


def residual(f: Objective, v: np.ndarray, reduced: np.ndarray) -> float:
    """What Karush, Kuhn and Tucker's condition is missed by: the largest slope that is left along a value off
    its bounds, times how far that value moves by rights, measured by the objective; 0 at an exact optimum.

    reduced  reduced costs or gradients (n,)
    """
    here = Optimality(f, v, 0.0)
    left = np.abs(reduced * here.scale)[~(here.at_lower | here.at_upper)]
    return float(left.max(initial=0.0)) / max(abs(f.value_and_gradient(v)[0]), 1e-300)


# --- how far each value can move alone ------------------------------------------------------------------


def room(f: Objective, v: np.ndarray) -> np.ndarray | None:
    """The lowest and the highest that each of the values v (n,) can be with the others as they are (n, 2);
    infinite where nothing limits it. Where a constraint bends it is the first place on the way at which it
    is missed. None where there are too many values, or the constraints do not hold at v.
    """
    if f.orders or violation(f, v) > 1e-6:
        return None
    if f.structure is not None and f.structure.limits is not None:
        limits = _linear_room(f, v)
    elif len(v) > ROOM:
        return None
    else:
        limits = np.array([[_end(f, v, i, way) for way in (-1.0, 1.0)] for i in range(len(v))])
    found = np.clip(limits, f.lower[:, None], f.upper[:, None])
    near = 1e-9 * np.maximum(1.0, np.abs(v))
    found[:, 0] = np.where(f.whole, np.ceil(found[:, 0] - near), found[:, 0])
    found[:, 1] = np.where(f.whole, np.floor(found[:, 1] + near), found[:, 1])
    return found + 0.0  # -0.0 is 0


def _linear_room(f: Objective, v: np.ndarray) -> np.ndarray:
    left, right = f.constraint_sides(v)
    out = np.column_stack([np.full(len(v), -math.inf), np.full(len(v), math.inf)])
    rows = f.structure.limits.matrix.tocoo()  # type: ignore[union-attr]
    for row, i, slope in zip(rows.row.tolist(), rows.col.tolist(), rows.data.tolist(), strict=True):
        if not slope:
            continue
        relation = f.constraints[row].relation
        margin = _kept(float(left[row] - right[row]), RISE[relation])
        to = v[i] if relation == "=" else v[i] - margin / slope
        if relation == "=" or slope * RISE[relation] > 0:
            out[i, 1] = min(out[i, 1], to)
        if relation == "=" or slope * RISE[relation] < 0:
            out[i, 0] = max(out[i, 0], to)
    return out


def _kept(margin: float, rise: float) -> float:
    """Left minus right side, where the constraint holds: 0 at most, whatever rounding has made of it."""
    return margin if margin * rise < 0 else 0.0


def _end(f: Objective, v: np.ndarray, i: int, way: float) -> float:
    """How far value i can go that way."""
    from scipy.optimize import brentq

    bound = f.upper[i] if way > 0 else f.lower[i]
    farthest = min(abs(bound - v[i]), REACH * max(1.0, abs(v[i])))
    if not farthest:
        return v[i]

    rises = np.array([RISE[constraint.relation] for constraint in f.constraints])
    is_equal = np.array([constraint.relation == "=" for constraint in f.constraints], dtype=bool)

    def overs(step: float) -> np.ndarray:
        """By how much each constraint is missed there, measured by its right side or 1; below 0: not."""
        moved = v.copy()
        moved[i] += way * step
        left, right = f.constraint_sides(moved)
        by = np.where(is_equal, np.abs(left - right), (left - right) * rises)
        return by / np.maximum(1, np.abs(right))

    allowed = np.maximum(overs(0.0), 0.0)

    def over(step: float) -> float:
        by = overs(step) - allowed
        return 1.0 if np.isnan(by).any() else min(float(by.max(initial=-1.0)), 1.0)

    reached, step = 0.0, 1e-6 * max(1.0, abs(v[i]))
    while True:
        step = min(step, farthest)
        if over(step) > 0:
            root: Any = brentq(over, reached, step, xtol=1e-14)
            return v[i] + way * root
        if step == farthest:
            return bound if farthest == abs(bound - v[i]) else way * math.inf
        reached, step = step, step * 1.5
