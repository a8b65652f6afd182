"""The constraints of some cells as one line, which a person reads and types: "<= 40; int"."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from xlcicf.errors import AddressError, ProblemError
from xlcicf.formula.address import Area, SheetCell, cells_in, quote_sheet
from xlcicf.formula.references import resolve
from xlcicf.formula.snapshot import Snapshot
from xlcicf.formula.text import absolute_formula
from xlcicf.solve.constraints import formula_of
from xlcicf.solve.placed import MAX_CHANGING
from xlcicf.solve.problem import Constraint, constraint_of
from xlcicf.solve.solver_names import name_text

# What stands between two ";", which may stand in a sheet's name, a text, a column's name or an array too.
_PART = re.compile(r"""(?:'[^']*'|"[^"]*"|\[[^]]*]|\{[^}]*}|[^;])+""")
_WITHOUT_A_LEFT_SIDE = re.compile(r"[<>=]|(int|integer|bin|binary|dif|alldifferent)$", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[-+]?\d*,(?!\d{3}$)\d+")  # 1,000 may be meant as a thousand: it is refused


@dataclass(frozen=True)
class ConstraintsTyped:
    """What a line made of a problem's constraints."""

    before: tuple[Constraint, ...]
    after: tuple[Constraint, ...]

    @property
    def new(self) -> list[Constraint]:
        return [constraint for constraint in self.after if constraint not in self.before]

    @property
    def sentence(self) -> str:
        """ "Plan!B7 <= 40; no longer Plan!B7 <= 30; 3 constraints in all"."""
        gone = [constraint for constraint in self.before if constraint not in self.after]
        said = [told(constraint) for constraint in self.new]
        said += [f"no longer {told(constraint)}" for constraint in gone]
        count = len(self.after)
        total = f"{count} constraint{'s' if count > 1 else ''} in all" if count else "no constraint is left"
        return "; ".join([*(said or ["nothing was changed"]), total])


def told(constraint: Constraint) -> str:
    """ "Plan!B7 <= 40"."""
    return f"{constraint.cells} {without_left_side(constraint)}"


def without_left_side(constraint: Constraint) -> str:
    """ "<= 40", "int"."""
    bound = constraint.bound
    return constraint.relation if bound is None else f"{constraint.relation} {name_text(bound)}"


def line_of(book: Snapshot, constraints: Iterable[Constraint], areas: Sequence[Area]) -> str:
    """The constraints of exactly these cells: "<= 40; int"; "" where they have none."""
    of_these = _is_of(book, areas)
    return "; ".join(without_left_side(constraint) for constraint in constraints if of_these(constraint))


def typed(
    book: Snapshot, constraints: Sequence[Constraint], areas: Sequence[Area], line: str
) -> ConstraintsTyped:
    """The constraints after a line was typed with these areas selected.

    Parts without a left side are from now on all that holds of exactly these cells, and so is an empty line.
    A part with one takes the place of the constraint of its cells with its relation, or is added. Addresses
    without a sheet lie on the areas'. Raises ProblemError for a part that is no constraint, AddressError for
    a side that means nothing.
    """
    after = list(constraints)
    parts = [part.strip() for part in _PART.findall(line) if part.strip()]
    bare = [part for part in parts if _WITHOUT_A_LEFT_SIDE.match(part)]
    if bare or not parts:
        new = [_constraint(book, f"{_address(areas)} {part}", areas[0].sheet) for part in bare]
        after = _instead(after, _is_of(book, areas), new)
    for part in parts:
        if part not in bare:
            new = _constraint(book, part, areas[0].sheet)
            after = _replaced(after, _is_of(book, _areas(book, new), new.relation), [new])
    return ConstraintsTyped(tuple(constraints), tuple(after))


def _instead(
    constraints: list[Constraint], is_of: Callable[[Constraint], bool], new: list[Constraint]
) -> list[Constraint]:
    """With the new ones for those of some cells; one that says the same as before stays as it was."""
    said = {(constraint.relation, constraint.bound): constraint for constraint in new}
    here = [constraint for constraint in constraints if is_of(constraint)]
    staying = [constraint for constraint in here if (constraint.relation, constraint.bound) in said]
    for constraint in staying:
        said.pop((constraint.relation, constraint.bound), None)
    return _replaced(constraints, lambda c: c in here and c not in staying, list(said.values()))


def _replaced(
    constraints: list[Constraint], is_older: Callable[[Constraint], bool], new: list[Constraint]
) -> list[Constraint]:
    """With the new ones where the first of the older ones stood, or at the end."""
    at = next((i for i, constraint in enumerate(constraints) if is_older(constraint)), len(constraints))
    return [*constraints[:at], *new, *(c for c in constraints[at:] if not is_older(c))]


def _constraint(book: Snapshot, text: str, sheet: str) -> Constraint:
    try:
        found = constraint_of(text)
    except ProblemError as error:
        if re.search("[<>=]", text):
            raise
        at = quote_sheet(sheet)
        raise ProblemError(
            f"{text!r} is no constraint; write <= 40, = {at}!C7, >= SUM({at}!C2:C4), int, bin or dif"
            f" for the selected cells, or {at}!B7 <= 3 for others"
        ) from error
    what = f"the constraint {text}:"
    left = resolve(book, found.cells, what, sheet)
    bound = _bound(book, found.bound, what, sheet) if isinstance(found.bound, str) else found.bound
    return Constraint(_address(left), found.relation, bound)


def _bound(book: Snapshot, text: str, what: str, sheet: str) -> float | str:
    """A right side: a number, an address, or a formula that means the same wherever Solver reads it."""
    if _DECIMAL_COMMA.fullmatch(text):
        return float(text.replace(",", "."))
    try:
        return _address(resolve(book, text, what, sheet))
    except AddressError:
        formula = formula_of(book, text, sheet)
        if formula is None:
            raise
        return absolute_formula(formula.removeprefix("="))


def _is_of(
    book: Snapshot, areas: Sequence[Area], relation: str | None = None
) -> Callable[[Constraint], bool]:
    """Whether a constraint is of exactly the cells of these areas, in whatever order, and of that relation.

    Raises AddressError where they are too many.
    """
    count = cells_in(areas)
    if count > MAX_CHANGING:
        raise AddressError(
            f"these are {count:,} cells; name or select at most {MAX_CHANGING:,}, those to limit"
        )
    cells = _cells(areas)

    def is_of(constraint: Constraint) -> bool:
        others = _areas(book, constraint)
        of_these = cells_in(others) == count and _cells(others) == cells
        return of_these and relation in (None, constraint.relation)

    return is_of


def _areas(book: Snapshot, constraint: Constraint) -> list[Area]:
    return resolve(book, constraint.cells, f"the constraint {constraint}:")


def _address(areas: Sequence[Area]) -> str:
    return ",".join(area.address for area in areas)


def _cells(areas: Sequence[Area]) -> set[SheetCell]:
    return {(area.sheet, *cell) for area in areas for cell in area.cells()}
