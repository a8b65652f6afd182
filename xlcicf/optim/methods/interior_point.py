"""Constraints on formulas of many values: an interior-point method, Ipopt's as POUNCE has it, where that is
installed.

It comes from inside all bounds and constraints and lets go of their walls step by step, at a cost that hardly
grows with how many there are. What it leaves to be desired in the last digits, Newton's steps make good."""

import math
import os
from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from xlcicf.errors import TrainingError
from xlcicf.optim.methods import slsqp
from xlcicf.optim.objective import Objective, merit_of, unit_of
from xlcicf.optim.optimality import DENSE, Optimality, polished, scales
from xlcicf.optim.turns import Turns

PACKAGE = "pounce-solver"  # by which pip knows it; another one is called as the module is
ITERATIONS = 3000  # of one start, where nobody says how many
TOLERANCE, ENOUGH = 1e-12, 1e-9  # of slopes, scaled; where the first is not reached the second does
NO_BOUND = 2e19  # what Ipopt takes for infinite
CAPPED = -1  # its status: the iterations were used up

Found = tuple[int, np.ndarray, str]


def is_installed() -> bool:
    try:
        version(PACKAGE)
    except PackageNotFoundError:
        return False
    return True


def search(f: Objective, start: np.ndarray, most: int) -> Callable[[Turns[Found]], None]:
    """From one start (n,): (number, values, reason) of it and of where it leads.

    Raises TrainingError where POUNCE is not installed.
    """
    if not is_installed():
        raise TrainingError(
            "interior-point needs POUNCE, which is not installed here: pip install 'xlcicf[interior-point]';"
            " or choose another optimizer, or auto"
        )

    def work(turns: Turns[Found]) -> None:
        begun = merit_of(f.sense, *f.value_and_gradient(start))[0]
        if not math.isfinite(begun):
            return
        turns.found((0, start, ""))
        asked = _Asked(f, turns, start)
        v, number, status = asked.solved(most)
        is_capped = status == CAPPED
        here = Optimality(f, v, begun) if is_capped else polished(f, v, begun)
        reason = f"the cap of {most} steps was reached" if is_capped else "the search came to rest"
        turns.found((number, here.v, reason))

    return work


class _Asked:
    """What POUNCE asks, in values x with v = start + x times scale; it calls these methods by their names."""

    def __init__(self, f: Objective, turns: Turns[Found], start: np.ndarray):
        self._f, self._turns, self._start = f, turns, start
        self._scale = scales(f, start)
        begun, slope = merit_of(f.sense, *f.value_and_gradient(start))
        self._size = max(1e-8 * unit_of(begun), float(np.abs(slope * self._scale).max()))
        rows = np.linalg.norm(f.jacobian(start) * self._scale, axis=1)
        self._rows = np.where(np.isfinite(rows) & (rows > 0), rows, 1.0)

    def solved(self, most: int) -> tuple[np.ndarray, int, int]:
        """(values, iterations, Ipopt's status)"""
        os.environ.setdefault("RUST_LOG", "off")  # its notes for its own authors would go to the terminal
        import pounce  # pyright: ignore[reportMissingImports]

        f, n, m = self._f, len(self._start), len(self._f.constraints)
        relations = np.array([constraint.relation for constraint in f.constraints])
        with np.errstate(all="ignore"):
            lower = np.maximum((f.lower - self._start) / self._scale, -NO_BOUND)
            upper = np.minimum((f.upper - self._start) / self._scale, NO_BOUND)
        problem: Any = pounce.Problem(
            n=n,
            m=m,
            problem_obj=self,
            lb=lower,
            ub=upper,
            cl=np.where(relations == "<=", -NO_BOUND, 0.0),
            cu=np.where(relations == ">=", NO_BOUND, 0.0),
        )
        options = {
            "print_level": 0, "max_iter": most, "tol": TOLERANCE, "constr_viol_tol": TOLERANCE,
            "acceptable_tol": ENOUGH, "acceptable_iter": 5, "acceptable_progress_kappa": 0.0,
            "bound_relax_factor": 0.0, "nlp_scaling_method": "none",
            "hessian_approximation": "exact" if n <= DENSE else "limited-memory",
        }  # fmt: skip
        for name, value in options.items():
            problem.add_option(name, value)
        with np.errstate(all="ignore"):
            x, told = problem.solve(x0=np.zeros(n))
        found = self._values(np.asarray(x))
        # of a value that its bound holds, the distance from it goes to 0 and the multiplier does not
        found = np.where(x - lower < told["mult_x_L"], f.lower, found)
        found = np.where(upper - x < told["mult_x_U"], f.upper, found)
        return found, int(told["iter_count"]), int(told["status"])

    def _values(self, x: np.ndarray) -> np.ndarray:
        return np.clip(self._start + x * self._scale, self._f.lower, self._f.upper)

    def objective(self, x: np.ndarray) -> float:
        self._turns.look_up()
        return merit_of(self._f.sense, *self._f.value_and_gradient(self._values(x)))[0] / self._size

    def gradient(self, x: np.ndarray) -> np.ndarray:
        slope = merit_of(self._f.sense, *self._f.value_and_gradient(self._values(x)))[1]
        return slope * self._scale / self._size

    def constraints(self, x: np.ndarray) -> np.ndarray:
        left, right = self._f.constraint_sides(self._values(x))
        return (left - right) / self._rows

    def jacobianstructure(self) -> tuple[np.ndarray, np.ndarray]:
        n, m = len(self._start), len(self._rows)
        return np.repeat(np.arange(m), n), np.tile(np.arange(n), m)

    def jacobian(self, x: np.ndarray) -> np.ndarray:
        return (self._f.jacobian(self._values(x)) * self._scale / self._rows[:, None]).ravel()

    def hessianstructure(self) -> tuple[np.ndarray, np.ndarray]:
        return np.tril_indices(len(self._start))

    def hessian(self, x: np.ndarray, multipliers: np.ndarray, by: float) -> np.ndarray:
        sign = -1.0 if self._f.sense == "max" else 1.0
        weights = np.concatenate([[sign * by / self._size], multipliers / self._rows])
        bend = self._f.hessian(self._values(x), weights) * np.outer(self._scale, self._scale)
        return bend[np.tril_indices(len(x))]

    def intermediate(self, *progress: object) -> bool:
        return True


run = partial(slsqp.from_starts, search, ITERATIONS)
