"""Which method serves an objective, chosen from what it is made of, and why, in a line."""

from typing import TYPE_CHECKING

from xlcicf.optim.combinations import are_few, combinations
from xlcicf.optim.objective import Objective

if TYPE_CHECKING:
    from xlcicf.optim.highs import Program

SMALL = 100  # values, up to which a sum of squares is worth its Jacobian
ENTRIES = 4_000_000  # of that Jacobian
CORNERS = 100_000  # times values, up to which a quadratic with corners is a program
MANY = 150  # values, from which on sequential quadratic programming takes long


def choose(f: Objective) -> tuple[str, str]:
    """The name of a method of the table, and why it is the one."""
    from xlcicf.optim.methods import interior_point, programs
    from xlcicf.optim.methods.least_squares import squares_of

    if f.orders:
        return "orders", "changing cells must all be different"
    is_aim = not isinstance(f.sense, str)
    if f.structure is not None and not is_aim:
        if programs.linear_program(f) is not None:
            whole = " with whole numbers" if f.whole.any() else ""
            return "linear", f"objective and constraints are linear{whole}"
        if programs.program_with_corners(f) is not None:
            return "linear", "all is linear but for corners that are valleys"
        if not f.whole.any() and len(f.constraints) and programs.quadratic_program(f) is not None:
            return "quadratic", "the objective is a convex quadratic, the constraints are linear"
        if not f.whole.any() and _is_small(programs.quadratic_program_with_corners(f), len(f.start)):
            return "quadratic", "the objective is a convex quadratic, but for corners that are valleys"
    if f.whole.any() and are_few(f):
        return "branch-and-bound", f"whole numbers, of which there are {combinations(f):,.0f} combinations"
    if f.stepped and not _has_slopes(f):
        return "evolutionary", f"no slopes: {f.stepped[0][0]} ({f.stepped[0][1]}) moves in steps"
    if f.whole.any():
        if f.stepped:
            return "evolutionary", f"whole numbers, and {f.stepped[0][0]} ({f.stepped[0][1]}) moves in steps"
        return "branch-and-bound", "whole numbers in a model that bends"
    is_fit = f.structure is not None and f.structure.is_smooth and len(f.start) <= SMALL
    if is_fit and not is_aim:
        squares = squares_of(f)
        if squares is not None and squares.count * len(f.start) <= ENTRIES:
            return "least-squares", "the objective is a sum of squares"
    if f.constraints:
        if len(f.start) > MANY:
            is_smooth = f.structure is None or f.structure.is_smooth
            many = "interior-point" if is_smooth and interior_point.is_installed() else "lagrangian"
            return many, "constraints on formulas, and many values"
        return "slsqp", "constraints on formulas"
    if is_fit and is_aim:
        return "least-squares", "the objective is to come to a number"
    return "lbfgs", "slopes, and no constraints but bounds"


def _is_small(program: "Program | None", values: int) -> bool:
    """Whether there is a program, and as few corners as HiGHS is quick with."""
    return program is not None and (program.slope.size - values) * values <= CORNERS


def _has_slopes(f: Objective) -> bool:
    return bool(f.value_and_gradient(f.start.clip(f.lower, f.upper))[1].any())
