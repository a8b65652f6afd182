"""Solver's constraints in their place: both sides as areas of a book, or what stands there instead."""

from dataclasses import dataclass

from xlcicf.errors import AddressError
from xlcicf.formula.address import Area
from xlcicf.formula.references import resolve
from xlcicf.formula.snapshot import Snapshot
from xlcicf.solve.problem import Constraint


@dataclass(frozen=True)
class NoCells:
    """A right side that means no cells, such as the formula "Net!$G$1*2": its text as it is, and the sentence
    with which whoever needs cells refuses it."""

    text: str
    refusal: str


@dataclass(frozen=True)
class PlacedConstraint:
    """A row of Solver's list.

    text      the row as a person reads it, "Net!D4:N5 <= 3.0"
    left      what is limited
    relation  "<=", "=" or ">=", or "int", "bin", "dif"
    right     a number, the areas of the cells that hold the bounds, or what is neither; None after int, bin
              and dif
    """

    text: str
    left: tuple[Area, ...]
    relation: str
    right: float | tuple[Area, ...] | NoCells | None

    def number_or_cells(self) -> float | tuple[Area, ...] | None:
        """The right side. Raises AddressError where it is neither."""
        if isinstance(self.right, NoCells):
            raise AddressError(self.right.refusal)
        return self.right


def place_constraint(book: Snapshot, constraint: Constraint, host: str) -> PlacedConstraint:
    """The constraint as areas of the book; references without a sheet lie on `host`.

    Raises AddressError where the left side means no cells.
    """
    what, right = f"the constraint {constraint}:", constraint.bound
    left = tuple(resolve(book, constraint.cells, what, host))
    if isinstance(right, str):
        try:
            right = tuple(resolve(book, right, what, host))
        except AddressError as error:
            right = NoCells(right, str(error))
    return PlacedConstraint(str(constraint), left, constraint.relation, right)
