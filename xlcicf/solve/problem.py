"""What is to be optimised: objective, changing cells and their limits, as Solver's dialog names them."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from xlcicf.errors import ProblemError

# Solver's options as its dialog has them at first: GRG Nonlinear (engine 1) with its tolerances, forward
# differences (derivatives 1), one start (multistart 2), time and iterations without limit.
OPTIONS: dict[str, float] = {
    "convergence": 0.0001, "derivatives": 1, "engine": 1, "estimates": 1, "iterations": 2147483647,
    "integer solutions": 2147483647, "seconds without improvement": 30, "mutation rate": 0.075,
    "multistart": 2, "subproblems": 2147483647, "search": 1, "precision": 0.000001, "require bounds": 1,
    "ignore integers": 2, "random seed": 0, "scaling": 1, "show iterations": 2, "population": 100,
    "seconds": 2147483647, "integer tolerance": 0.01, "version": 3,
}  # fmt: skip


@dataclass(frozen=True)
class Constraint:
    """A row of Solver's list "Subject to the Constraints".

    cells     what is limited, such as "Net!D4:N5"
    relation  "<=", "=" or ">=", or "int", "bin", "dif"
    bound     a number, the address of the cells that hold the bounds, or a formula; None after int, bin, dif
    """

    cells: str
    relation: str
    bound: float | str | None = None

    def __str__(self):
        return " ".join(str(part) for part in (self.cells, self.relation, self.bound) if part is not None)


# The text of a constraint: the left side, in which sheets' names in quotes and tables' columns may hold
# anything; the relation; the right side. "=<" and "=>" are typed as well.
_SIDES = re.compile(r"""((?:'[^']*'|\[[^]]*]|[^<=>'[])+)(<=|>=|=<|=>|=|<|>)(.*)""", re.DOTALL)
_WHOLE = re.compile(r"(.*\S)\s+(int|integer|bin|binary|dif|alldifferent)", re.DOTALL | re.IGNORECASE)


def constraint_of(text: str) -> Constraint:
    """A constraint as a person types it: "Net!D4:N5 <= 3", "Net!B7 = Net!B8*2", "Net!D4:D9 int".

    Raises ProblemError where the text is none.
    """
    if found := _WHOLE.fullmatch(text.strip()):
        return Constraint(found[1], found[2].lower()[:3].replace("all", "dif"))
    found = _SIDES.fullmatch(text.strip())
    if found is None or not found[1].strip():
        raise ProblemError(
            f"the constraint {text!r} cannot be read; write it as 'Sheet!A1 <= 3', with <=, = or >= between"
            " two sides, or as 'Sheet!A1:A9 int', bin or dif"
        )
    left, relation, right = found[1].strip(), found[2], found[3].strip(" =")
    if relation in ("<", ">"):
        raise ProblemError(f"the constraint {text!r}: {relation} is not among Solver's; write {relation}=")
    if not right:
        raise ProblemError(f"the constraint {text!r} has no right side; give it a number or cells")
    return Constraint(left, {"=<": "<=", "=>": ">="}.get(relation, relation), _number_or_text(right, text))


def _number_or_text(right: str, text: str) -> float | str:
    try:
        number = float(right)
    except ValueError:
        return right
    if not math.isfinite(number):
        raise ProblemError(f"the constraint {text!r}: {right} is no number that a cell can hold")
    return number


@dataclass(frozen=True)
class Problem:
    """What Solver's dialog asks for. References are addresses with the sheet's name, or defined names.

    objective     the cell to optimise, such as "Net!B2"
    changing      the cells that may change; several areas with commas between, as "Net!D4:N5,Net!B7"
    sense         "min", "max", or the value that the objective should come to
    constraints   as Solver lists them
    non_negative  Solver's "Make Unconstrained Variables Non-Negative": each changing cell that no ">="
                  limits stays at 0 or above
    options       Solver's options that are not as in `OPTIONS`: word -> number
    """

    objective: str
    changing: str
    sense: str | float = "min"
    constraints: tuple[Constraint, ...] = ()
    non_negative: bool = False
    options: Mapping[str, float] = field(default_factory=dict, hash=False)

    def __post_init__(self):
        if self.sense not in ("min", "max") and not _is_number(self.sense):
            raise ProblemError(f"the sense must be min, max or a number to reach, not {self.sense!r}")


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def goal_of(sense: str | float) -> str:
    """A sense in words."""
    if isinstance(sense, str):
        return {"min": "as low as possible", "max": "as high as possible"}[sense]
    return f"as near to {sense:g} as possible"
