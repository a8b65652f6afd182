"""Linear programs, with whole numbers or without, and convex quadratic ones: HiGHS, told the tape's
coefficients.

What it finds is the best there is, and it says so where there is none: no values that hold all constraints,
or an objective without limit."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from xlcicf.errors import TrainingError
from xlcicf.optim.elsewhere import Elsewhere
from xlcicf.optim.objective import Objective, is_constant
from xlcicf.optim.optimality import FEASIBLE, polished, violation
from xlcicf.optim.steps import ALL_HOLD, NAMED, Best, Claim, Ends, Step, closed, listed
from xlcicf.optim.turns import Turns, in_turns
from xlcicf.words import FOUND, INFEASIBLE, STOPPED, UNBOUNDED

TOLERANCE = 1e-10  # of constraints and slopes: the least that HiGHS takes
NEAR = 1e-5  # of a number: what HiGHS has left between it and a corner or bound that holds it
SECONDS = 600.0  # for whole numbers
SECONDS_OF_CORNERS = 60.0  # for quadratics with corners, few of which take more than one: the rest stall


@dataclass(frozen=True)
class Program:
    """Minimise c z + z H z / 2 with row bounds on A z and bounds on z; z begins with the n values.

    rows  how many of A's rows are constraints; what follows are sides of corners
    """

    slope: np.ndarray
    constant: float
    curvature: Any
    matrix: Any
    row_lower: np.ndarray
    row_upper: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    whole: np.ndarray
    rows: int

    @property
    def has_quadratic_corners(self) -> bool:
        return self.curvature is not None and self.matrix.shape[0] > self.rows

    @property
    def seconds(self) -> float:
        """How long HiGHS may take."""
        return SECONDS_OF_CORNERS if self.has_quadratic_corners else SECONDS


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
    relations = np.array([constraint.relation for constraint in f.constraints])
    return Program(
        slope=sign * slope,
        constant=sign * constant,
        curvature=None if curvature is None else sign * curvature,
        matrix=limits.matrix,
        row_lower=np.where(relations == "<=", -math.inf, -limits.constant),
        row_upper=np.where(relations == ">=", math.inf, -limits.constant),
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
    step = best.try_out(f, start, 0)
    for solution in in_turns(partial(_work, program)):
        values, claim = _values(f, program, solution)
        if values is not None:
            step = best.try_out(f, values, 1)
        yield closed(step, f, best, "", 1, ends, claim)


@dataclass(frozen=True)
class Solution:
    """What HiGHS says: "optimal", "unbounded", "infeasible" or "time"; z, multipliers of the rows, the ray
    along which the objective falls, and the rows that cannot hold together with bounds (numbers)."""

    outcome: str
    z: np.ndarray | None = None
    multipliers: np.ndarray | None = None
    ray: np.ndarray | None = None
    conflict: tuple[list[int], list[int]] = ((), ())  # type: ignore[assignment]
    gap: float = 0.0


def _work(program: Program, turns: Turns[Solution]) -> None:
    turns.found(solve(program, program.seconds))


def _values(f: Objective, program: Program, solution: Solution) -> tuple[np.ndarray | None, Claim]:
    """The values (n,), None where there are none, and what is claimed of them."""
    n = len(f.start)
    if solution.outcome == "infeasible":
        return None, Claim(INFEASIBLE, _conflict(f, *solution.conflict))
    if solution.outcome == "unbounded":
        return None, Claim(UNBOUNDED, _direction(f, solution.ray))
    if solution.z is None:
        return None, Claim(STOPPED, f"no values were found in {program.seconds:g} s")
    values = np.clip(solution.z[:n], f.lower, f.upper)
    if program.curvature is not None:
        on_corners = program.has_quadratic_corners
        values = _on_corners(f, program, values) if on_corners else polished(f, values, 0.0).v
    sign = 1.0 if f.sense == "max" else -1.0
    multipliers = None if solution.multipliers is None else sign * solution.multipliers[: program.rows]
    if solution.outcome == "time":
        return values, Claim(
            STOPPED, f"the time is up; the best there is may be {solution.gap:.2%} better", multipliers
        )
    why = ALL_HOLD if is_constant(f) else "the best there is: no allowed values are better"
    return values, Claim(FOUND, why, multipliers)


def _on_corners(f: Objective, program: Program, v: np.ndarray) -> np.ndarray:
    """The optimum of a quadratic with corners near v (n,), to the last digits: HiGHS bends all a little more
    than asked. What two sides of a corner, a constraint or a bound hold there is kept, and the slopes of the
    rest vanish; v itself where that is not better."""
    n, m = len(v), program.rows
    sides, least = program.matrix[m:], program.row_lower[m:]
    own = sides[:, n:].tocsr()
    if own.nnz > own.shape[0]:  # corners of corners
        return v
    owner, rise = own.indices, -sides[:, :n].tocsr()
    heights = rise @ v + least
    top = np.full(program.slope.size - n, -math.inf)
    np.maximum.at(top, owner, heights)
    tight = np.flatnonzero(heights >= top[owner] - NEAR * np.maximum(1.0, np.abs(top[owner])))
    taken, first = np.unique(owner[tight], return_index=True)
    chosen = tight[first]
    others = np.setdiff1d(tight, chosen)
    rival = chosen[np.searchsorted(taken, owner[others])]
    limits, unit = program.matrix[:m, :n].toarray(), np.eye(n)
    rows, right = [(rise[others] - rise[rival]).toarray()], [least[rival] - least[others]]
    for at, lower, upper, matrix in (
        (limits @ v, program.row_lower[:m], program.row_upper[:m], limits),
        (v, program.lower[:n], program.upper[:n], unit),
    ):
        for bound in (lower, upper):
            held = np.isfinite(bound) & (np.abs(at - bound) <= NEAR * np.maximum(1.0, np.abs(bound)))
            rows.append(matrix[held])
            right.append(bound[held])
    held, bend = np.vstack(rows), program.curvature[:n, :n].toarray()
    slope = program.slope[:n] + rise[chosen].T @ program.slope[n:][taken]
    system = np.block([[bend, held.T], [held, np.zeros((len(held), len(held)))]])
    found = np.linalg.lstsq(system, np.concatenate([-slope, *right]), rcond=None)[0][:n]
    found = np.clip(found, f.lower, f.upper)
    sign = -1.0 if f.sense == "max" else 1.0
    before, after = (sign * f.value_and_gradient(x)[0] for x in (v, found))
    is_better = after <= before and violation(f, found) <= max(violation(f, v), FEASIBLE)
    return found if is_better else v


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


# --- HiGHS ----------------------------------------------------------------------------------------------


def solve(program: Program, seconds: float = SECONDS) -> Solution:
    """The program's solution. What is whole comes out whole, the rest exact for it."""
    highs = _handed_over(program, seconds)
    outcome = _outcome(highs, program)
    if outcome == "infeasible":
        return Solution(outcome, conflict=_irreducible(highs))
    if outcome == "unbounded":
        return Solution(outcome, ray=_ray(program))
    z = np.array(highs.getSolution().col_value)
    if not z.size or not np.isfinite(z).all() or not _has_solution(highs):
        return Solution("time")
    gap = 0.0
    if program.whole.any():
        gap = highs.getInfo().mip_gap if outcome == "time" else 0.0
        fixed = np.round(z[program.whole])
        lower, upper = program.lower.copy(), program.upper.copy()
        lower[program.whole] = upper[program.whole] = fixed
        settled = solve(_with_bounds(program, lower, upper))
        if settled.outcome == "optimal":
            return Solution(outcome, settled.z, None, gap=gap)
    return Solution(outcome, z, -np.array(highs.getSolution().row_dual), gap=gap)


@dataclass(frozen=True)
class Ranging:
    """An optimal basis of a linear program, and how far each number could change alone with the basis kept.

    least         the program's optimum, constant included
    z, column_duals, row_duals  values and multipliers: by how much the optimum follows bounds and right sides
    slope_lower, slope_upper    of each coefficient of the objective
    row_lower, row_upper        of each row's right side, where that binds
    row_is_loose  which rows do not bind
    """

    least: float
    z: np.ndarray
    column_duals: np.ndarray
    row_duals: np.ndarray
    slope_lower: np.ndarray
    slope_upper: np.ndarray
    row_lower: np.ndarray
    row_upper: np.ndarray
    row_is_loose: np.ndarray


def ranging(program: Program) -> Ranging | None:
    """Of a linear program without whole numbers; None where it has no optimum."""
    import highspy

    highs = _handed_over(program, SECONDS)
    if _outcome(highs, program) != "optimal":
        return None
    solution, (_, found) = highs.getSolution(), highs.getRanging()
    if not found.valid:
        return None
    n = program.slope.size
    return Ranging(
        highs.getInfo().objective_function_value,
        np.array(solution.col_value),
        np.array(solution.col_dual),
        np.array(solution.row_dual),
        np.array(found.col_cost_dn.value_)[:n],
        np.array(found.col_cost_up.value_)[:n],
        np.array(found.row_bound_dn.value_),
        np.array(found.row_bound_up.value_),
        np.array([status == highspy.HighsBasisStatus.kBasic for status in highs.getBasis().row_status]),
    )


def _with_bounds(program: Program, lower: np.ndarray, upper: np.ndarray) -> Program:
    return replace(program, lower=lower, upper=upper, whole=np.zeros_like(program.whole))


def _handed_over(program: Program, seconds: float):
    import highspy

    highs = highspy.Highs.__mro__[1]()  # the class beneath: making the other prints a line
    for name, value in {
        "output_flag": False, "threads": 1, "random_seed": 0, "time_limit": seconds,
        "mip_feasibility_tolerance": 1e-9, "mip_rel_gap": 0.0, "mip_abs_gap": 1e-9,
    }.items():  # fmt: skip
        highs.setOptionValue(name, value)
    is_linear = not program.whole.any() and program.curvature is None
    if not is_linear:
        _tighten(highs)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = program.slope.size, program.row_lower.size
    lp.col_cost_, lp.offset_ = program.slope, program.constant
    lp.col_lower_, lp.col_upper_ = program.lower, program.upper
    lp.row_lower_, lp.row_upper_ = program.row_lower, program.row_upper
    by_row = program.matrix.tocsr()
    by_row.sum_duplicates()
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = (
        by_row.indptr,
        by_row.indices,
        by_row.data,
    )
    if program.whole.any():
        kinds = {False: highspy.HighsVarType.kContinuous, True: highspy.HighsVarType.kInteger}
        lp.integrality_ = [kinds[bool(whole)] for whole in program.whole]
    highs.passModel(lp)
    if program.curvature is not None:
        highs.passHessian(_lower_triangle(program))
    _run(highs)
    if is_linear:
        _tighten(highs)  # after the first run: before it, presolving would take many times as long
        _run(highs)
    return highs


def _run(highs) -> None:
    import highspy

    if highs.run() == highspy.HighsStatus.kError:
        # A thread keeps the number of helpers that HiGHS was first used with in it, and refuses another.
        highs.setOptionValue("threads", 0)
        if highs.run() == highspy.HighsStatus.kError:
            raise TrainingError("HiGHS could not work on this problem; choose another optimizer")


def _tighten(highs) -> None:
    highs.setOptionValue("primal_feasibility_tolerance", TOLERANCE)
    highs.setOptionValue("dual_feasibility_tolerance", TOLERANCE)


def _lower_triangle(program: Program):
    import highspy
    from scipy import sparse

    whole = sparse.csc_array(sparse.tril((program.curvature + program.curvature.T) / 2, format="csc"))
    hessian = highspy.HighsHessian()
    hessian.dim_, hessian.format_ = program.slope.size, highspy.HessianFormat.kTriangular
    hessian.start_, hessian.index_ = whole.indptr, whole.indices  # pyright: ignore[reportAttributeAccessIssue]
    hessian.value_ = whole.data  # pyright: ignore[reportAttributeAccessIssue]
    return hessian


def _has_solution(highs) -> bool:
    import highspy

    return highs.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible


def _outcome(highs, program: Program) -> str:
    import highspy

    status, said = highs.getModelStatus(), highspy.HighsModelStatus
    if status == said.kUnboundedOrInfeasible:
        highs.setOptionValue("presolve", "off")
        _run(highs)
        status = highs.getModelStatus()
        if status == said.kUnboundedOrInfeasible:
            return "unbounded" if _can_hold(program) else "infeasible"
    return {
        said.kOptimal: "optimal",
        said.kInfeasible: "infeasible",
        said.kUnbounded: "unbounded",
    }.get(status, "time")


def _without_objective(program: Program) -> Program:
    return replace(program, slope=np.zeros_like(program.slope), curvature=None)


def _can_hold(program: Program) -> bool:
    return solve(_without_objective(program)).outcome == "optimal"


def _ray(program: Program) -> np.ndarray | None:
    """A way along which a linear objective falls without end: the steepest in a box around 0."""
    if program.curvature is not None:
        return None
    rows = [np.where(np.isfinite(side), 0.0, side) for side in (program.row_lower, program.row_upper)]
    box = [np.where(np.isfinite(program.lower), 0.0, -1.0), np.where(np.isfinite(program.upper), 0.0, 1.0)]
    whole = np.zeros_like(program.whole)
    found = solve(
        replace(
            program,
            row_lower=rows[0],
            row_upper=rows[1],
            lower=box[0],
            upper=box[1],
            whole=whole,
            constant=0.0,
        )
    )
    return found.z if found.outcome == "optimal" else None


def _irreducible(highs) -> tuple[list[int], list[int]]:
    """Rows and columns that cannot hold together, none of which could be left out."""
    highs.setOptionValue("iis_strategy", 2)
    _, found = highs.getIis()
    return list(found.row_index_), list(found.col_index_)


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
