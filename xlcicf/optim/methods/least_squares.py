"""Least squares: scipy's trust region with the exact Jacobian of the residuals, then Gauss and Newton's
steps.

The trust region stops where the sum is flat to rounding, some digits short of the parameters; the polish
finds these. Along a valley that bends it creeps, and steps that bend with the valley take over: Transtrum and
Sethna, Improvements to the Levenberg-Marquardt algorithm for nonlinear least-squares minimization (2012).
Bounds and constraints come in only where the free answer leaves them, since they slow the way down."""

import math
from collections.abc import Callable, Iterator
from itertools import chain

import numpy as np

from xlcicf.errors import TrainingError
from xlcicf.optim.elsewhere import Elsewhere
from xlcicf.optim.feasible import feasible_starts
from xlcicf.optim.methods import slsqp
from xlcicf.optim.objective import Objective, Squares, merit_of
from xlcicf.optim.optimality import FEASIBLE, Optimality, violation
from xlcicf.optim.starting import starts
from xlcicf.optim.steps import CUT_SHORT, Best, Ends, Optimum, Step, closed
from xlcicf.optim.turns import Turns, in_turns

TOLERANCE = 1e-15
EVALUATIONS = 1000  # of one start, where nobody says how many
POLISHING = 20  # steps at most
BENDING = 200  # steps that bend with a valley, at most
ALONG = 0.1  # of a step, over which it is seen how the residuals bend
BENT = 0.75  # the bend's part of a step, twice over, at most
DAMPED = 60  # times in a row, after which no step leads on

Found = tuple[int, np.ndarray, str]


def run(
    f: Objective, steps: int | None, restarts: int, seed: int, lr: None, elsewhere: Elsewhere
) -> Iterator[Step]:
    """From one start after another, each until it converges or has tried `steps` values."""
    squares = squares_of(f)
    if squares is None:
        raise TrainingError(
            "the objective is no sum of squares, such as SUMXMY2 or SUMSQ; choose another optimizer, or auto"
        )
    best, ends, step = Best(f.start), Ends(), None
    for restart, start in enumerate(starts(f, restarts, seed)):
        why = ""
        for number, values, reason in _searched(f, squares, start, steps, seed):
            why = reason or why
            tried = best.try_out(f, values, number, restart)
            if not math.isfinite(tried.loss):
                continue
            step = tried
            if number:
                yield step
        ends.reasons.append(why)
        if restarts > 1:
            _note(f, best, ends, step, restart)
    assert step is not None
    yield closed(step, f, best, ends.reasons[best.restart], restarts, ends)


def _note(f: Objective, best: Best, ends: Ends, step: Step | None, restart: int) -> None:
    if step is None or step.restart != restart:
        ends.lost += 1
    elif Optimality(f, step.values, best.merit).is_optimal:
        ends.optima.append(Optimum(step.loss, step.values))


def squares_of(f: Objective) -> Squares | None:
    """What the objective is a sum of squares of, in the sense that is asked for."""
    if not isinstance(f.sense, str):
        return _ToTarget(f)
    return f.structure.squares[f.sense] if f.structure else None


class _ToTarget:
    """The one residual of an objective that should come to a number."""

    count = 1

    def __init__(self, f: Objective):
        assert not isinstance(f.sense, str)
        self._f, self._target = f, f.sense

    def values(self, v: np.ndarray) -> np.ndarray:
        value, _ = self._f.value_and_gradient(v)
        return np.array([value - self._target])

    def jacobian(self, v: np.ndarray) -> np.ndarray:
        return self._f.value_and_gradient(v)[1][None]


def _searched(
    f: Objective, squares: Squares, start: np.ndarray, steps: int | None, seed: int
) -> Iterator[Found]:
    """From one start; where that comes to rest short of an optimum, as beside bounds, slopes lead on. Where
    it breaks a constraint on formulas, which it does not look at, they do so from there and the start, and
    if constraints hold at neither end, from where they do."""
    found = (0, start, "")
    for found in in_turns(_search(f, squares, start, steps)):
        if not found[2]:
            yield found
    number, end, reason = found
    begun = merit_of(f.sense, f.value_and_gradient(start)[0], 0.0)[0]
    holds = violation(f, end) <= FEASIBLE
    is_over = reason.startswith(CUT_SHORT) or not reason or Optimality(f, end, begun).is_optimal
    if holds and is_over:
        yield found
        return
    is_held = False
    for turn, begin in enumerate((end,) if holds else chain((end, start), feasible_starts(f, seed))):
        more, values = 0, begin
        for more, values, reason in in_turns(slsqp.search(f, begin, steps or EVALUATIONS)):
            if more:
                yield number + more, values, reason
        number += more
        is_held = is_held or violation(f, values) <= FEASIBLE
        if is_held and turn:
            return


def _search(
    f: Objective, squares: Squares, start: np.ndarray, steps: int | None
) -> Callable[[Turns[Found]], None]:
    """From one start (n,): (number, values, reason) of the start and of where it leads; nothing where the
    residuals are no numbers there."""
    moving = np.flatnonzero(f.lower < f.upper)
    lower, upper = f.lower[moving], f.upper[moving]
    some, most = _Some(squares, start, moving), steps or EVALUATIONS

    def work(turns: Turns[Found]) -> None:
        if not np.isfinite(squares.values(start)).all():
            return
        turns.found((0, start, ""))
        count = 0
        for bounds in ((-np.inf, np.inf), (lower, upper)):
            values, evaluations, is_capped = _trust_region(some, turns, start[moving], bounds, most)
            count += evaluations
            if is_capped and steps is None and not np.isfinite(bounds).any():
                values, bending, is_capped = _along_a_valley(some, turns, values)
                count += bending
            values = values if is_capped else gauss_newton(some, values)
            if ((values >= lower) & (values <= upper)).all():
                break
        else:
            values = _polished_inside(some, np.clip(values, lower, upper), lower, upper)
        reason = f"the cap of {most} steps was reached" if is_capped else "converged: no step lowers the sum"
        turns.found((count, some.whole(values), reason))

    return work


def _trust_region(
    squares: Squares, turns: Turns[Found], start: np.ndarray, bounds: tuple, most: int
) -> tuple[np.ndarray, int, bool]:
    """(values, evaluations, whether there were too many of them)"""
    from scipy.optimize import least_squares

    def residuals(v: np.ndarray) -> np.ndarray:
        turns.look_up()
        return squares.values(v)

    tolerances = dict.fromkeys(("ftol", "xtol", "gtol"), TOLERANCE)
    with np.errstate(all="ignore"):
        found = least_squares(
            residuals,
            start,
            squares.jacobian,  # pyright: ignore[reportArgumentType]
            bounds,
            x_scale="jac",
            max_nfev=most + 1,  # the start counts as one
            **tolerances,
        )
    return found.x, found.nfev, found.status == 0


def _along_a_valley(squares: Squares, turns: Turns[Found], v: np.ndarray) -> tuple[np.ndarray, int, bool]:
    """Levenberg and Marquardt's steps with geodesic acceleration: (values, steps, whether too many)

    A step runs along the residuals' slopes and half of their second derivative along it, so it stays in a
    valley that bends; one that bends much is damped more."""
    here, damping, size = squares.values(v), 1e-3, np.zeros_like(v)
    for count in range(BENDING):
        turns.look_up()
        jacobian = squares.jacobian(v)
        if not np.isfinite(jacobian).all():
            return v, count, True
        size = np.maximum(size, np.linalg.norm(jacobian, axis=0))
        for _ in range(DAMPED):
            step, is_bent = _bending_step(squares, v, here, jacobian, np.sqrt(damping) * size)
            with np.errstate(all="ignore"):
                there = squares.values(v + step)
            if not is_bent and there @ there < here @ here:
                break
            damping *= 3
        else:
            return v, count, False
        length = np.linalg.norm(step / np.maximum(np.abs(v), 1e-300))
        v, here, damping = v + step, there, damping / 5
        if length < 1e-12:
            return v, count + 1, False
    return v, BENDING, True


def _bending_step(
    squares: Squares, v: np.ndarray, here: np.ndarray, jacobian: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, bool]:
    """(step, whether it bends too much to be taken)"""
    scale = np.where(weights > 0, weights, 1.0)

    def damped(of: np.ndarray) -> np.ndarray:
        system = np.vstack([jacobian / scale, np.diag(weights / scale)])
        return np.linalg.lstsq(system, np.concatenate([-of, np.zeros_like(v)]), rcond=None)[0] / scale

    straight = damped(here)
    with np.errstate(all="ignore"):
        bend = (squares.values(v + ALONG * straight) - here) / ALONG - jacobian @ straight
    if not np.isfinite(bend).all():
        return straight, True
    bent = damped(2 / ALONG * bend)
    is_bent = 2 * np.linalg.norm(weights * bent) > BENT * np.linalg.norm(weights * straight)
    return straight + bent / 2, bool(is_bent)


def gauss_newton(squares: Squares, v: np.ndarray) -> np.ndarray:
    """v (n,) after Gauss and Newton's steps, while they become shorter and the sum does not rise."""
    here, last = squares.values(v), math.inf
    for _ in range(POLISHING):
        step = _step(squares, v, here)
        with np.errstate(over="ignore", invalid="ignore"):  # of a step that leads far off
            length = np.linalg.norm(step / np.maximum(np.abs(v), 1e-300))
            there = squares.values(v + step)
            is_worse = not there @ there <= here @ here * (1 + 1e-9)
        if not length < last or is_worse:
            break
        v, here, last = v + step, there, length
        if length < 1e-16:
            break
    return v


def _step(squares: Squares, v: np.ndarray, residuals: np.ndarray) -> np.ndarray:
    jacobian = squares.jacobian(v)
    if not np.isfinite(jacobian).all():
        return np.zeros_like(v)
    size = np.linalg.norm(jacobian, axis=0)
    size[size == 0] = 1.0
    return np.linalg.lstsq(jacobian / size, -residuals, rcond=None)[0] / size


def _polished_inside(squares: Squares, v: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """The same along the values that are not held at a bound."""
    gradient = squares.jacobian(v).T @ squares.values(v)
    near = 1e-8 * np.maximum(1.0, np.abs(v))
    low, high = (v - lower <= near) & (gradient > 0), (upper - v <= near) & (gradient < 0)
    v = np.where(low, lower, np.where(high, upper, v))
    moving = np.flatnonzero(~(low | high))
    if not moving.size:
        return v
    some = _Some(squares, v, moving)
    polished = some.whole(gauss_newton(some, v[moving]))
    return polished if ((polished >= lower) & (polished <= upper)).all() else v


class _Some:
    """Residuals as a function of some of the values."""

    def __init__(self, squares: Squares, v: np.ndarray, moving: np.ndarray):
        self._squares, self._v, self._moving, self.count = squares, v.copy(), moving, squares.count

    def whole(self, v: np.ndarray) -> np.ndarray:
        """All values."""
        whole = self._v.copy()
        whole[self._moving] = v
        return whole

    def values(self, v: np.ndarray) -> np.ndarray:
        return self._squares.values(self.whole(v))

    def jacobian(self, v: np.ndarray) -> np.ndarray:
        return self._squares.jacobian(self.whole(v))[:, self._moving]
