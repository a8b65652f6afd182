"""Linear and quadratic programs handed to HiGHS, and what it says of them."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from xlcicf.errors import TrainingError

TOLERANCE = 1e-10  # of constraints and slopes: the least that HiGHS takes
SECONDS = 600.0  # for whole numbers
SECONDS_OF_BENDS = 2.0, 0.04  # for a quadratic program, and for each of its values: some it never leaves
SECONDS_OF_STEP = 5.0  # for one proximal step
TELLING = 0.1  # seconds between two times that it is told how far the work is
PROXIMAL = 1e-5  # of the largest bend: by what each of these steps is held back
STEPS = 20  # of these


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


@dataclass(frozen=True)
class Solution:
    """What HiGHS says: "optimal", "unbounded", "infeasible", "time" or, on the way, "working"; z,
    multipliers of the rows, the ray along which the objective falls, and the rows that cannot hold together
    with bounds (numbers)."""

    outcome: str
    z: np.ndarray | None = None
    multipliers: np.ndarray | None = None
    ray: np.ndarray | None = None
    conflict: tuple[list[int], list[int]] = ((), ())  # type: ignore[assignment]
    gap: float = 0.0


def solve(
    program: Program,
    seconds: float | None = None,
    begin: np.ndarray | None = None,
    tell: Callable[[Solution], None] | None = None,
) -> Solution:
    """The program's solution. What is whole comes out whole, the rest exact for it.

    seconds  at most; None: as many as are usual for the program
    begin  z to begin with where numbers have to be whole, which keeps to everything demanded
    tell   hears of the best so far, again and again while the work goes on; what it raises ends the work
    """
    if seconds is None:
        least, more = SECONDS_OF_BENDS
        seconds = SECONDS if program.curvature is None else least + more * program.slope.size
    highs = _handed_over(program, seconds, begin, tell)
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


def near_optima(program: Program) -> Iterator[Solution]:
    """Of a quadratic program, along some ways of which nothing bends: where proximal steps come to
    (Rockafellar 1976), each the program with a little bend around the one before; until one goes nowhere."""
    from scipy import sparse

    n = program.slope.size
    held = PROXIMAL * float(program.curvature.diagonal().max())
    curvature = sparse.csr_array(program.curvature + held * sparse.eye_array(n))
    z = np.zeros(n)
    for _ in range(STEPS):
        found = solve(replace(program, curvature=curvature, slope=program.slope - held * z), SECONDS_OF_STEP)
        yield found
        if found.outcome != "optimal" or found.z is None:
            return
        moved = np.abs(found.z - z) / np.maximum(1.0, np.abs(z))
        z = found.z
        if moved.max() <= TOLERANCE:
            return


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


class _Telling:
    """What HiGHS calls back."""

    def __init__(self, tell: Callable[[Solution], None]):
        self._tell, self._at, self._best = tell, time.monotonic() + TELLING, Solution("working")
        self.raised: BaseException | None = None

    def __call__(self, kind: int, message: str, out: Any, into: Any, data: None) -> None:
        import highspy

        if int(kind) == int(highspy.cb.HighsCallbackType.kCallbackMipImprovingSolution):
            self._best = Solution("working", np.array(out.mip_solution))
        elif self.raised is None and time.monotonic() > self._at:
            try:
                self._tell(self._best)
            except BaseException as error:  # nothing may be raised through HiGHS
                self.raised = error
            self._at = time.monotonic() + TELLING
        if self.raised is not None:
            into.user_interrupt = True


def _handed_over(
    program: Program,
    seconds: float,
    begin: np.ndarray | None = None,
    tell: Callable[[Solution], None] | None = None,
):
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
    if begin is not None and program.whole.any():
        known = highspy.HighsSolution()
        known.col_value = begin.tolist()
        highs.setSolution(known)
    telling = None if tell is None or is_linear else _Telling(tell)
    if telling:
        kinds = highspy.cb.HighsCallbackType
        highs.setCallback(telling, None)
        for kind in (
            kinds.kCallbackMipInterrupt,
            kinds.kCallbackMipImprovingSolution,
            kinds.kHighsCallbackQpInterrupt,  # type: ignore[attr-defined]
        ):
            highs.startCallback(kind)
    _run(highs)
    if telling and telling.raised is not None:
        raise telling.raised
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
