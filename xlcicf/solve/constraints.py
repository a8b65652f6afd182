"""Solver's constraints in their place: both sides as areas of a book, or what stands there instead."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from xlcicf.errors import AddressError, FormulaError, ProblemError, XlcicfError
from xlcicf.formula.address import Area, quote_sheet
from xlcicf.formula.parse import parse
from xlcicf.formula.references import resolve
from xlcicf.formula.snapshot import ExcelError, Sheet, Snapshot
from xlcicf.formula.text import is_well_formed
from xlcicf.formula.tokens import RANGE, Token, tokens
from xlcicf.solve.problem import Constraint

RIGHT_SIDES = "right sides: constraints"  # a sheet that no book can have: Excel takes no colon in its name


@dataclass(frozen=True)
class NoCells:
    """A right side that means no cells and is no formula either: its text as it is, and the sentence with
    which whoever needs cells refuses it."""

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
    formula   of the right side, where that is one: it is computed in a cell of the sheet RIGHT_SIDES
    """

    text: str
    left: tuple[Area, ...]
    relation: str
    right: float | tuple[Area, ...] | NoCells | None
    formula: str | None = None

    def number_or_cells(self) -> float | tuple[Area, ...]:
        """The right side. Raises AddressError where it is neither, ProblemError where there is none."""
        if isinstance(self.right, NoCells):
            raise AddressError(self.right.refusal)
        if self.right is None:
            raise ProblemError(f"the constraint {self.text} has no right side; give it a number or cells")
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


def with_formulas(
    book: Snapshot, constraints: Sequence[PlacedConstraint], host: str
) -> tuple[Snapshot, tuple[PlacedConstraint, ...]]:
    """The book with a sheet more, in which the right sides that are formulas stand, and the constraints with
    these cells on their right."""
    sheet, placed = Sheet(RIGHT_SIDES), []
    for constraint in constraints:
        right = constraint.right
        if isinstance(right, NoCells) and (formula := formula_of(book, right.text, host)):
            at = len(sheet.formulas) + 1
            sheet.formulas[at, 1] = formula
            cell = Area(RIGHT_SIDES, at, 1, at, 1)
            constraint = replace(constraint, right=(cell,), formula=right.text)
        placed.append(constraint)
    if not sheet.formulas:
        return book, tuple(placed)
    return replace(book, sheets={**book.sheets, RIGHT_SIDES: sheet}), tuple(placed)


def formula_of(book: Snapshot, text: str, host: str) -> str | None:
    """The text as a formula that means the same on any sheet; None where it is none, or names what the book
    does not have."""
    formula = "=" + text.strip().removeprefix("=")
    if '"' in formula or "#REF!" in formula or not is_well_formed(formula):
        return None
    try:
        parse(formula[1:], host, 1, 1, book)
    except FormulaError:
        return None
    return "=" + "".join(_with_sheet(token, host) for token in tokens(formula))


def _with_sheet(token: Token, host: str) -> str:
    is_address = token.kind == RANGE and token.value[-1:].isdigit()
    return f"{quote_sheet(host)}!{token.value}" if is_address and "!" not in token.value else token.value


def with_right_sides(book: Snapshot, placed: Sequence[PlacedConstraint]) -> Snapshot:
    """The book with what the right sides come to that are formulas. Raises AddressError where one cannot be
    read or shows an error."""
    if RIGHT_SIDES not in book.sheets:
        return book
    from xlcicf.formula.recalculation import Recalculation  # and torch with it

    cells = [Area(RIGHT_SIDES, row, col, row, col) for row, col in book.sheets[RIGHT_SIDES].formulas]
    texts = {c.right: c.text for c in placed if c.formula is not None}
    try:
        recalculation = Recalculation(book, trusted=True, of=cells)
        recalculation.renewed()
    except XlcicfError as error:
        raise AddressError(f"{', '.join(texts.values())}: {error}") from error
    found = recalculation.book
    values = found.sheets[RIGHT_SIDES].values
    for cell in cells:
        value = values.get((cell.top, cell.left))
        if value is None or isinstance(value, ExcelError | str):
            shown = f"shows {value}" if value else "cannot be computed"
            raise AddressError(
                f"the right side of the constraint {texts[cell,]} {shown}; give it a number or cells"
            )
    return found
