"""Linear programs, with whole numbers or without, and convex quadratic ones: HiGHS, told the tape's
coefficients.

What it finds is the best there is, and it says so where there is none: no values that hold all constraints,
or an objective without limit."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from xlcicf.errors import TrainingError
from xlcicf.optim.elsewhere import Elsewhere
from xlcicf.optim.highs import SECONDS, Program, Solution, near_optima, solve
from xlcicf.optim.linear_limits import program_of_limits, row_bounds
from xlcicf.optim.objective import Objective, is_constant
from xlcicf.optim.optimality import violation
from xlcicf.optim.proven import proven
from xlcicf.optim.steps import ALL_HOLD, NAMED, PRECISION, Best, Claim, Ends, Step, closed, listed
from xlcicf.optim.turns import Turns, in_turns
from xlcicf.words import FOUND, INFEASIBLE, STOPPED, UNBOUNDED


def linear_program(f: Objective) -> Program | None:
    """The objective and its constraints, where all of them are linear."""
    structure = f.structure
    if structure is None or structure.objective is None or structure.limits is None:
        return None
    slope, constant = structure.objective
    return _program(f, slope, constant, None, structure.limits)


def quadratic_program(f: Objective) -> Program | None:
    """Where the objective bends the same everywhere, upwards, and constraints are linear."""
    structure = f.structure
    if structure is None or structure.limits is None or f.sense not in ("min", "max"):
        return None
    found = structure.quadratic
    if found is None or not _is_convex(found, f.sense):
        return None
    return _program(f, found.slope, found.constant, found.curvature, structure.limits)


def program_with_corners(f: Objective) -> Program | None:
    """Where corners are valleys between linear sides: sums of absolute values, the largest of several."""
    if f.structure is None or f.sense not in ("min", "max"):
        return None
    found = f.structure.with_corners([c.relation for c in f.constraints], f.sense)
    return None if found is None else _program_of_corners(f, found, None)


def quadratic_program_with_corners(f: Objective) -> Program | None:
    """Where the objective is a convex quadratic and such corners."""
    from scipy import sparse

    if f.structure is None or f.sense not in ("min", "max"):
        return None
    found = f.structure.quadratic_with_corners(f.sense)
    if found is None or not _is_convex(found.quadratic, f.sense):
        return None
    more = found.slope.size - len(f.start)
    curvature = sparse.block_diag([found.quadratic.curvature, sparse.csr_array((more, more))], format="csr")
    return _program_of_corners(f, found, curvature)


def _program_of_corners(f: Objective, found: Any, curvature: Any) -> Program:
    from scipy import sparse

    plain = _program(f, found.slope, found.constant, curvature, found.limits)
    more = found.slope.size - len(f.start)
    inf = np.full(more, math.inf)
    return Program(
        plain.slope,
        plain.constant,
        plain.curvature,
        sparse.csr_array(sparse.vstack([plain.matrix, found.sides])),
        np.concatenate([plain.row_lower, found.least]),
        np.concatenate([plain.row_upper, np.full(found.least.size, math.inf)]),
        np.concatenate([plain.lower, -inf]),
        np.concatenate([plain.upper, inf]),
        np.concatenate([plain.whole, np.zeros(more, dtype=bool)]),
        plain.rows,
    )


def _is_convex(quadratic: Any, sense: str | float) -> bool:
    bends = quadratic.bends if sense == "min" else -quadratic.bends[::-1]
    return bends.size > 0 and bool(bends[0] >= -1e-10 * max(1e-300, bends[-1]))


def _program(f: Objective, slope: np.ndarray, constant: float, curvature: Any, limits: Any) -> Program:
    sign = -1.0 if f.sense == "max" else 1.0
    relations = [constraint.relation for constraint in f.constraints]
    row_lower, row_upper = row_bounds(relations, limits.constant)
    return Program(
        slope=sign * slope,
        constant=sign * constant,
        curvature=None if curvature is None else sign * curvature,
        matrix=limits.matrix,
        row_lower=row_lower,
        row_upper=row_upper,
        lower=f.lower.copy(),
        upper=f.upper.copy(),
        whole=f.whole.copy(),
        rows=len(f.constraints),
    )


# --- the run --------------------------------------------------------------------------------------------


def run(
    make: Callable[[Objective], Program | None],
    refusal: str,
    f: Objective,
    steps: int | None,
    restarts: int,
    seed: int,
    lr: None,
    elsewhere: Elsewhere,
) -> Iterator[Step]:
    """One step: to the best values there are. Further starts are not needed."""
    program = make(f)
    if program is None:
        raise TrainingError(refusal)
    best, ends = Best(f.start), Ends()
    start = np.clip(f.start, f.lower, f.upper)
    step, number, known = best.try_out(f, start, 0), 0, None
    for solution in in_turns(partial(work, program, _begin(f, program, start))):
        if solution.outcome == "working":
            if solution.z is not None and solution is not known:
                known, number = solution, number + 1
                step = best.try_out(f, _rounded(f, solution.z), number)
            yield step
            continue
        found = _values(f, program, solution)
        if found is None:
            continue
        values, claim = found
        if values is not None:
            step = best.try_out(f, values, number + 1)
        yield closed(step, f, best, "", 1, ends, claim)
        return
    yield from _by_slopes(f, steps, restarts, seed, elsewhere)


def conflict(f: Objective) -> Iterator[Step]:
    """One step, the last, where constraints that are linear cannot hold together, whatever the others are."""
    start = np.clip(f.start, f.lower, f.upper)
    program = program_of_limits(f) if violation(f, start) > PRECISION else None
    if program is None:
        return
    least, most = program.row_lower, program.row_upper
    loose = replace(
        program,
        row_lower=least - PRECISION * np.maximum(1.0, np.abs(least)),
        row_upper=most + PRECISION * np.maximum(1.0, np.abs(most)),
    )
    for solution in in_turns(partial(work, loose, None)):
        if solution.outcome == "infeasible":
            assert f.structure is not None
            rows, columns = solution.conflict
            numbers = f.structure.linear_limits[0]
            text = _conflict(f, [int(numbers[i]) for i in rows], columns)
            best = Best(f.start)
            step = best.try_out(f, start, 0)
            yield closed(step, f, best, "", 1, Ends(), Claim(INFEASIBLE, text))


def _begin(f: Objective, program: Program, start: np.ndarray) -> np.ndarray | None:
    """The sheet's own values, if they keep to everything and are all that the program has."""
    if not f.whole.any() or program.slope.size != len(start) or violation(f, start) > PRECISION:
        return None
    return start if np.array_equal(start[f.whole], np.round(start[f.whole])) else None


def _rounded(f: Objective, z: np.ndarray) -> np.ndarray:
    values = z[: len(f.start)]
    return np.clip(np.where(f.whole, np.round(values), values), f.lower, f.upper)


def work(program: Program, begin: np.ndarray | None, turns: Turns[Solution]) -> None:
    """Solves a program, and tells how far that has come."""
    if not program.has_quadratic_corners:
        turns.found(solve(program, begin=begin, tell=turns.found))
    if program.curvature is not None:
        for solution in near_optima(program):
            turns.found(solution)


def _by_slopes(
    f: Objective, steps: int | None, restarts: int, seed: int, elsewhere: Elsewhere
) -> Iterator[Step]:
    """A quadratic program, of whose optima HiGHS has found none that can be proven."""
    from xlcicf.optim.methods import METHODS

    method = METHODS["slsqp" if len(f.constraints) else "lbfgs"]
    for step in method.run(f, steps or method.steps, restarts, seed, None, elsewhere):
        yield replace(step, reason=step.reason and f"HiGHS came to no end; by slopes: {step.reason}")


def _values(f: Objective, program: Program, solution: Solution) -> tuple[np.ndarray | None, Claim] | None:
    """The values (n,), None where there are none, and what is claimed of them; None if nothing is proven."""
    n = len(f.start)
    if solution.outcome == "infeasible":
        return None, Claim(INFEASIBLE, _conflict(f, *solution.conflict))
    if solution.outcome == "unbounded":
        return None, Claim(UNBOUNDED, _direction(f, solution.ray))
    values = None if solution.z is None else np.clip(solution.z[:n], f.lower, f.upper)
    sign = 1.0 if f.sense == "max" else -1.0
    why = ALL_HOLD if is_constant(f) else "the best there is: no allowed values are better"
    if program.curvature is not None:
        optimum = None if values is None else proven(f, program, values)
        return optimum and (optimum[0], Claim(FOUND, why, sign * optimum[1]))
    if values is None:
        return None, Claim(STOPPED, f"no values were found in {SECONDS:g} s")
    multipliers = None if solution.multipliers is None else sign * solution.multipliers[: program.rows]
    if solution.outcome == "time":
        return values, Claim(
            STOPPED, f"the time is up; the best there is may be {solution.gap:.2%} better", multipliers
        )
    return values, Claim(FOUND, why, multipliers)


def _conflict(f: Objective, rows: list[int], columns: list[int]) -> str:
    texts = [f.constraints[i].text for i in rows]
    if len(texts) == 1:  # with several, the bounds are those of values that all of them name
        texts += [f"the bounds of {f.cells[i]}" for i in columns]
    if not texts:
        return "the constraints cannot hold together"
    return f"these cannot hold together: {listed(texts, '; ')}"


def _direction(f: Objective, ray: np.ndarray | None) -> str:
    if ray is None:
        return "the objective goes on without limit"
    ray = ray[: len(f.start)]
    far = [i for i in np.argsort(-np.abs(ray)) if abs(ray[i]) > 1e-9 * np.abs(ray).max()]
    ways = [f"{f.cells[i]} {'grows' if ray[i] > 0 else 'falls'}" for i in far[:NAMED]]
    more = f" and {len(far) - NAMED} more move" if len(far) > NAMED else ""
    return f"the objective goes on without limit as {', '.join(ways)}{more}"


NOT_LINEAR = "objective or constraints are not linear; choose another optimizer, or auto"
NOT_QUADRATIC = (
    "the objective is no convex quadratic, or a constraint is not linear; choose another optimizer, or auto"
)


def _linear(f: Objective) -> Program | None:
    return linear_program(f) or program_with_corners(f)


linear = partial(run, _linear, NOT_LINEAR)


def _quadratic(f: Objective) -> Program | None:
    return quadratic_program(f) or quadratic_program_with_corners(f)


quadratic = partial(run, _quadratic, NOT_QUADRATIC)
