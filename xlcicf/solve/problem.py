"""What is to be optimised: objective, changing cells and their limits, as Solver's dialog names them."""

import math
from dataclasses import dataclass

from xlcicf.errors import AddressError, FormulaError, ProblemError
from xlcicf.formula.address import Area
from xlcicf.formula.parse import parse
from xlcicf.formula.snapshot import Snapshot
from xlcicf.formula.tree import Ref, Union

MAX_CHANGING = 100_000  # cells; Excel's own Solver takes 200


@dataclass(frozen=True)
class Constraint:
    """A row of Solver's list "Subject to the Constraints".

    cells     what is limited, such as "Net!D4:N5"
    relation  "<=", "=" or ">=", or "int", "bin", "dif"
    bound     a number, or the address of the cells that hold the bounds; None after int, bin and dif
    """

    cells: str
    relation: str
    bound: float | str | None = None

    def __str__(self):
        return " ".join(str(part) for part in (self.cells, self.relation, self.bound) if part is not None)


@dataclass(frozen=True)
class Problem:
    """What Solver's dialog asks for. References are addresses with the sheet's name, or defined names.

    objective     the cell to optimise, such as "Net!B2"
    changing      the cells that may change; several areas with commas between, as "Net!D4:N5,Net!B7"
    sense         "min", "max", or the value that the objective should come to
    constraints   limits on changing cells; any other is refused when the problem is differentiated
    non_negative  Solver's "Make Unconstrained Variables Non-Negative": each changing cell that no ">="
                  limits stays at 0 or above
    """

    objective: str
    changing: str
    sense: str | float = "min"
    constraints: tuple[Constraint, ...] = ()
    non_negative: bool = False

    def __post_init__(self):
        if self.sense not in ("min", "max") and not _is_number(self.sense):
            raise ProblemError(f"the sense must be min, max or a number to reach, not {self.sense!r}")


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def goal_of(sense: str | float) -> str:
    """A sense in words."""
    if isinstance(sense, str):
        return {"min": "as low as possible", "max": "as high as possible"}[sense]
    return f"to {sense:g}"


def objective_area(book: Snapshot, problem: Problem) -> Area:
    """The objective's cell. Raises AddressError where there is none, ProblemError where it is not one."""
    areas = resolve(book, problem.objective, "the objective")
    if len(areas) != 1 or areas[0].shape != (1, 1):
        raise ProblemError(
            f"the objective {problem.objective} is not one cell; name the one cell to optimise"
        )
    return areas[0]


def changing_areas(book: Snapshot, problem: Problem) -> list[Area]:
    """The areas of the changing cells in their order; an address without a sheet lies on the objective's."""
    areas = resolve(book, problem.changing, "the changing cells", objective_area(book, problem).sheet)
    count = sum(math.prod(area.shape) for area in areas)
    if count > MAX_CHANGING:
        raise ProblemError(
            f"{problem.changing} are {count:,} changing cells; name only those that hold the values to change"
        )
    return areas


def resolve(book: Snapshot, text: str, what: str, host: str | None = None) -> list[Area]:
    """The areas that a reference means: "Net!B2", "'My sheet'!A1:B2,Net!C3", "hidden.weight", "B2".

    host  the sheet of addresses that name none; without it the book must have only one sheet
    what  the words for the reference with which the AddressError begins that is raised where there is no
          such sheet, name or address
    """
    if not text.strip(" ="):
        raise AddressError(f"{what} are missing; write them as Sheet!A1 or as a defined name")
    hosts = [host] if host else list(book.sheets)[:2]
    meanings = [_areas(book, text, what, sheet) for sheet in hosts]
    if meanings[0] != meanings[-1]:
        raise AddressError(f"{what} {text!r}: the book has several sheets; write it with one, as Sheet!A1")
    return meanings[0]


def _areas(book, text, what, host):
    try:
        tree = parse(f"({text.strip(' =')})", host, 1, 1, book)
    except FormulaError as error:
        reason = str(error).removeprefix(f"{error.cell}: ")
        raise AddressError(f"{what} {text!r}: {reason}") from error
    areas = []
    for part in tree.parts if isinstance(tree, Union) else (tree,):
        area = part.area(1, 1) if isinstance(part, Ref) else None
        if area is None:
            raise AddressError(f"{what} {text!r}: these are no cells; write them as Sheet!A1:B2")
        areas.append(area)
    return areas
