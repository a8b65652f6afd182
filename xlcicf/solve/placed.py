"""A problem in its place: references have become areas of a book, once, and their text is not read again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

import numpy as np

from xlcicf import formula
from xlcicf.errors import DataError, ProblemError, ShowsError
from xlcicf.formula.address import Area, cells_in
from xlcicf.formula.references import resolve
from xlcicf.formula.snapshot import ExcelError, Snapshot
from xlcicf.solve.constraints import PlacedConstraint, place_constraint, with_formulas, with_right_sides
from xlcicf.solve.feasible import Feasible, feasible
from xlcicf.solve.problem import OPTIONS, Problem
from xlcicf.words import INIT, WEIGHTS

MAX_CHANGING = 100_000  # cells; Excel's own Solver takes 200


@dataclass(frozen=True)
class PlacedProblem:
    """A problem as areas of a book at one moment. What only a run needs (`start`, `feasible`, `init`) is
    worked out when first asked for: a check, say, serves problems too that no run could begin with.

    book          the snapshot; one without cells (`outline`) gives all but start, feasible and init
    objective     one cell
    changing      the areas of the changing cells, in their order
    constraints   in the order of Solver's list
    non_negative  whether changing cells that no ">=" limits stay at 0 or above
    sense         "min", "max", or the number that the objective should come to
    options       Solver's options: word -> number, all of `problem.OPTIONS`
    init_cell     in xlcicf's own books, if their weights may change, the cell with the half-width of the box
                  around 0 in which restarts begin; else None
    """

    book: Snapshot
    objective: Area
    changing: tuple[Area, ...]
    constraints: tuple[PlacedConstraint, ...]
    non_negative: bool
    sense: str | float
    options: Mapping[str, float]
    init_cell: Area | None

    @property
    def changing_address(self) -> str:
        """ "Net!D4:N5,Net!B7"."""
        return ",".join(area.address for area in self.changing)

    @property
    def variables(self) -> int:
        """How many cells may change."""
        return cells_in(self.changing)

    @property
    def asked_of(self) -> list[Area]:
        """The cells that something is asked of or compared with: the objective, and both sides of the
        constraints."""
        sides = [side for c in self.constraints for side in (c.left, c.right) if isinstance(side, tuple)]
        return list(dict.fromkeys([self.objective, *chain.from_iterable(sides)]))

    @cached_property
    def start(self) -> np.ndarray:
        """What the changing cells hold (n,). Raises DataError and ProblemError for cells that hold none."""
        from xlcicf.formula.sheetfunction import start_values  # and torch with it

        return start_values(self.book, self.changing)

    @cached_property
    def whole_book(self) -> Snapshot:
        """The book with what the constraints' own formulas come to. Raises AddressError where they cannot be
        computed."""
        return with_right_sides(self.book, self.constraints)

    @cached_property
    def feasible(self) -> Feasible:
        """What the changing cells may be. Raises what `feasible.feasible` raises."""
        return feasible(
            self.whole_book, self.changing, self.constraints, self.non_negative, self.ignores_integers
        )

    @property
    def ignores_integers(self) -> bool:
        """Whether Solver's option to ignore them is set, and there are any."""
        whole = any(constraint.relation in ("int", "bin") for constraint in self.constraints)
        return whole and self.options["ignore integers"] == 1

    @cached_property
    def init(self) -> float | None:
        """The half-width for restarts. Raises DataError where its cell holds none."""
        cell = self.init_cell
        if cell is None:
            return None
        value = self.book.sheets[cell.sheet].values.get((cell.top, cell.left))
        if not isinstance(value, float) or value <= 0:
            raise DataError(
                f"{cell.address} ({INIT.cell}) must hold a number above 0, such as {INIT.default}"
            )
        return value

    @property
    def question(self) -> dict:
        """The arguments of `xlcicf.formula.differentiate`: numbers and areas. Raises what `feasible` and
        `init` raise."""
        allowed = self.feasible
        return {
            "book": self.whole_book,
            "objective": self.objective,
            "changing": self.changing,
            "sense": self.sense,
            "lower": allowed.lower,
            "upper": allowed.upper,
            "init": self.init,
            "constraints": allowed.limits,
            "whole": allowed.whole,
            "orders": allowed.orders,
        }

    def asking(
        self, objective: Area | None = None, changing: tuple[Area, ...] | None = None
    ) -> "PlacedProblem":
        """How another cell follows the changing ones, or the objective others: with no limits on either."""
        return replace(
            self,
            objective=objective or self.objective,
            changing=changing or self.changing,
            constraints=(),
            non_negative=False,
            init_cell=None,
        )

    def function(self) -> "formula.SheetFunction":
        """From the changing cells to the objective, with exact gradients and within the bounds.

        Raises what `question` and `xlcicf.formula.differentiate` raise, each with the cell and the way out.
        """
        return self._starting(formula.differentiate(**self.question))

    def way(self) -> "formula.SheetFunction":
        """The same whatever the constraints are: how the objective follows the changing cells."""
        return self._starting(self.asking().function())

    def _starting(self, f: "formula.SheetFunction") -> "formula.SheetFunction":
        """Raises ShowsError where the objective shows an error with the changing cells as they are."""
        if cell := f.begins_to_fail(f.start):
            shown = self.book.sheets[cell.sheet].values.get((cell.top, cell.left))
            code = f" {shown}" if isinstance(shown, ExcelError) else ""
            too = "" if cell.address == f.objective else f", and so {f.objective} shows one"
            raise ShowsError(
                f"{cell.address} shows the error{code} with the changing cells as they are{too};"
                " start from other values"
            )
        return f


def place(book: Snapshot, problem: Problem) -> PlacedProblem:
    """The problem as areas of the book. References without a sheet lie on the objective's.

    Raises AddressError where a reference means no cells, ProblemError for an objective of several cells and
    for too many changing cells. A right side that means no cells is refused by whoever needs it.
    """
    objective = _one_cell(resolve(book, problem.objective, "the objective"), problem)
    changing = tuple(resolve(book, problem.changing, "the changing cells", objective.sheet))
    count = cells_in(changing)
    if count > MAX_CHANGING:
        raise ProblemError(
            f"{problem.changing} are {count:,} changing cells; name only those that hold the values to change"
        )
    placed = [place_constraint(book, constraint, objective.sheet) for constraint in problem.constraints]
    book, constraints = with_formulas(book, placed, objective.sheet)
    return PlacedProblem(
        book,
        objective,
        changing,
        constraints,
        problem.non_negative,
        problem.sense,
        {**OPTIONS, **problem.options},
        _init_cell(book, changing),
    )


def _one_cell(areas: list[Area], problem: Problem) -> Area:
    if len(areas) != 1 or areas[0].shape != (1, 1):
        raise ProblemError(
            f"the objective {problem.objective} is not one cell; name the one cell to optimise"
        )
    return areas[0]


def _init_cell(book: Snapshot, changing: tuple[Area, ...]) -> Area | None:
    if not {(WEIGHTS, None), (INIT.cell, None)} <= book.names.keys():
        return None
    if tuple(resolve(book, WEIGHTS, "the weights")) != changing:
        return None
    (cell,) = resolve(book, INIT.cell, "the width of restarts")
    return cell
