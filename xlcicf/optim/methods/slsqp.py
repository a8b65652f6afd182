"""Constraints on formulas: scipy's sequential quadratic programming in scaled values, polished by Newton's
steps."""

import math
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from xlcicf.optim.elsewhere import Elsewhere
from xlcicf.optim.feasible import feasible_starts
from xlcicf.optim.objective import Objective, is_constant, merit_of, unit_of
from xlcicf.optim.optimality import FEASIBLE, Optimality, polished, scales, violation
from xlcicf.optim.starting import starts
from xlcicf.optim.steps import Best, Ends, Optimum, Step, closed
from xlcicf.optim.turns import Turns, in_turns

FTOL = 1e-12
EXACT = 1e-13  # a constraint missed by no more holds
ITERATIONS = 500  # of one round, where nobody says how many
ROUNDS = 4  # from where the last one ended, scaled anew
DENSE = 1_000_000  # entries of equations that are looked through
SAME = 1e-10  # of the largest: equations that differ by less are one

Found = tuple[int, np.ndarray, str]
Search = Callable[[Objective, np.ndarray, int], Callable[[Turns[Found]], None]]


def from_starts(
    search: Search,
    most: int,
    f: Objective,
    steps: int | None,
    restarts: int,
    seed: int,
    lr: None,
    elsewhere: Elsewhere,
) -> Iterator[Step]:
    """A search from one start after another, each until it converges or has made `steps` iterations, or
    `most` where nobody says how many; and, where constraints held at the end of none, from where they do."""
    best, ends, step = Best(f.start), Ends(), None
    for restart, start in enumerate(_begins(f, restarts, seed, best)):
        why, last = "", None
        for number, values, reason in in_turns(search(f, start, steps or most)):
            why = reason or why
            step = best.try_out(f, values, number, restart)
            if not math.isfinite(step.loss):
                continue
            last = step
            if number:
                yield step
        ends.reasons.append(why or "the objective is no number at the start")
        if last is None:
            ends.lost += 1
        elif restarts > 1 and Optimality(f, last.values, best.merit).is_optimal:
            ends.optima.append(Optimum(last.loss, last.values))
        if best.missed <= FEASIBLE and (restart >= restarts or is_constant(f)):
            break
    step = step or best.offer(math.inf, math.nan, f.start, 0, 0)
    yield closed(step, f, best, ends.reasons[best.restart], len(ends.reasons), ends)


def _begins(f: Objective, restarts: int, seed: int, best: Best) -> Iterator[np.ndarray]:
    yield from starts(f, restarts, seed)
    if best.missed > FEASIBLE:
        yield from feasible_starts(f, seed)


def search(f: Objective, start: np.ndarray, most: int) -> Callable[[Turns[Found]], None]:
    """From one start (n,): (number, values, reason) of each iteration, the last one with a reason."""

    def work(turns: Turns[Found]) -> None:
        begun = merit_of(f.sense, *f.value_and_gradient(start))[0]
        if not math.isfinite(begun):
            return
        turns.found((0, start, ""))
        rounds = _Rounds(f, turns, most, start)
        v, here, is_capped = start, None, False
        for _ in range(ROUNDS):
            v, is_capped = rounds.minimise(v)
            after = Optimality(f, v, begun) if is_capped else polished(f, v, begun)
            if here is not None and not _is_better(after, here):
                break
            here, v = after, after.v
            if here.is_optimal or is_capped:
                break
        assert here is not None
        capped = rounds.number >= most and not here.is_optimal
        reason = f"the cap of {most} steps was reached" if capped else "the search came to rest"
        turns.found((rounds.number + (not is_capped), here.v, reason))

    return work


def _is_better(there: Optimality, here: Optimality) -> bool:
    if max(there.violation, here.violation) > FEASIBLE:
        return there.violation < here.violation
    return there.merit < here.merit - 1e-12 * abs(here.merit)


class _Rounds:
    """Calls of `scipy.optimize.minimize` on one objective; `number` counts their iterations."""

    def __init__(self, f: Objective, turns: Turns[Found], most: int, start: np.ndarray):
        self.f, self.turns, self.most, self.number = f, turns, most, 0
        self._relations = np.array([c.relation for c in f.constraints])
        self._is_kept = ~_implied(f, self._relations, start)

    def minimise(self, start: np.ndarray) -> tuple[np.ndarray, bool]:
        """From v (n,) as far as one call comes, and whether all iterations were used up."""
        from scipy.optimize import minimize

        f = self.f
        if not (f.lower < f.upper).any():
            return start, False
        self._scale = scales(f, start)
        merit, slope = merit_of(f.sense, *f.value_and_gradient(start))
        self._size = max(1e-8 * unit_of(merit), float(np.abs(slope * self._scale).max()))
        rows = np.linalg.norm(f.jacobian(start) * self._scale, axis=1) if len(f.constraints) else np.zeros(0)
        self._rows = np.where(np.isfinite(rows) & (rows > 0), rows, 1.0)
        self._start, self._highest = start, merit
        bounds = list(zip((f.lower - start) / self._scale, (f.upper - start) / self._scale, strict=True))
        left = max(1, self.most - self.number)
        with np.errstate(all="ignore"):
            found = minimize(
                self._merit,
                np.zeros_like(start),
                jac=True,
                method="SLSQP",
                bounds=[tuple(None if math.isinf(side) else side for side in pair) for pair in bounds],
                constraints=self._constraints(),
                callback=self._iterated,
                options={"ftol": FTOL, "maxiter": left},
            )
        v = self._unscaled(found.x)
        return (v if np.isfinite(v).all() else start), found.status == 9

    def _unscaled(self, x: np.ndarray) -> np.ndarray:
        return np.clip(self._start + x * self._scale, self.f.lower, self.f.upper)

    def _merit(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        self.turns.look_up()
        merit, slope = merit_of(self.f.sense, *self.f.value_and_gradient(self._unscaled(x)))
        if not (math.isfinite(merit) and np.isfinite(slope).all()):
            # a wall, from which the line search turns back
            return (self._highest + abs(self._highest) + self._size) / self._size * 10, np.zeros_like(x)
        self._highest = max(self._highest, merit)
        return merit / self._size, slope * self._scale / self._size

    def _constraints(self) -> list[dict]:
        """scipy's: "ineq" is at least 0."""
        at_most = {"<=": -1.0, ">=": 1.0, "=": 0.0}
        signs = {
            "eq": np.array([float(relation == "=") for relation in self._relations]),
            "ineq": np.array([at_most[relation] for relation in self._relations]),
        }
        made = []
        for kind, sign in signs.items():
            rows = np.flatnonzero((sign != 0) & self._is_kept)
            if rows.size:
                made.append(
                    {
                        "type": kind,
                        "fun": lambda x, rows=rows, by=(sign / self._rows)[rows]: by * self._margins(x)[rows],
                        "jac": lambda x, rows=rows, by=(sign / self._rows)[rows]: (
                            by[:, None] * self._jacobian(x)[rows]
                        ),
                    }
                )
        return made

    def _margins(self, x: np.ndarray) -> np.ndarray:
        left, right = self.f.constraint_sides(self._unscaled(x))
        return np.nan_to_num(left - right, nan=1e10)

    def _jacobian(self, x: np.ndarray) -> np.ndarray:
        return np.nan_to_num(self.f.jacobian(self._unscaled(x)) * self._scale)

    def _iterated(self, x: np.ndarray) -> None:
        self.number += 1
        v = self._unscaled(x)
        if violation(self.f, v) <= EXACT:  # one that is slightly missed may pass for better than the optimum
            self.turns.found((self.number, v, ""))


def _implied(f: Objective, relations: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Which linear equations follow from others (m,), as one of all rows' and columns' sums does: with
    equations that depend on each other scipy's method does not begin."""
    from scipy.linalg import qr

    implied, rows = np.zeros(relations.size, dtype=bool), np.flatnonzero(relations == "=")
    if rows.size < 2 or rows.size * start.size > DENSE:
        return implied
    slopes = f.jacobian(start)[rows]
    elsewhere = start + (0.1 + np.abs(start)) * np.random.default_rng(0).uniform(-0.5, 0.5, start.size)
    bent = np.abs(f.jacobian(np.clip(elsewhere, f.lower, f.upper))[rows] - slopes).max(axis=1)
    size = np.linalg.norm(slopes, axis=1)
    is_linear = (size > 0) & (bent <= SAME * size)
    rows, slopes, size = rows[is_linear], slopes[is_linear], size[is_linear]
    if rows.size < 2:
        return implied
    left, right = f.constraint_sides(start)
    table = np.column_stack([slopes, slopes @ start - (left - right)[rows]]) / size[:, None]

    def independent(of: np.ndarray) -> np.ndarray:
        triangle, order = qr(of.T, mode="r", pivoting=True)  # pyright: ignore[reportAssignmentType]
        diagonal = np.abs(np.diagonal(triangle))
        return order[: int((diagonal > SAME * diagonal[0]).sum())]

    kept = independent(table[:, :-1])
    if kept.size == independent(table).size:  # none of them contradicts the others
        implied[np.delete(rows, kept)] = True
    return implied


run = partial(from_starts, search, ITERATIONS)
