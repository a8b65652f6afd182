"""What is demanded of cells beside the objective: this block at most that one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xlcicf.errors import ProblemError
from xlcicf.formula.address import Area, cell_address


@dataclass(frozen=True)
class Limit:
    """Cells that stay on one side of others, each of its own or all of one, or of a number.

    text      as a person reads it, "Net!D4:N5 <= 3.0"
    left      what is limited
    relation  "<=", "=" or ">="
    right     a number, or cells: one, or as many as on the left
    formula   that the cell on the right stands for, where a person wrote one there
    """

    text: str
    left: tuple[Area, ...]
    relation: str
    right: float | tuple[Area, ...]
    formula: str | None = None


@dataclass(frozen=True)
class LimitedCell:
    """One cell of a Limit: its address, the relation, and the address or number on the right; `formula` as in
    Limit."""

    left: str
    relation: str
    right: str | float
    formula: str | None = None

    @property
    def text(self) -> str:
        right = self.formula or (self.right if isinstance(self.right, str) else f"{self.right:g}")
        return f"{self.left} {self.relation} {right}"


def limited_cells(limit: Limit) -> list[LimitedCell]:
    """A limit cell by cell. Raises ProblemError where the two sides do not have as many cells."""
    left, right = list(_cells(limit.left)), limit.right
    others: list = [right] if not isinstance(right, tuple) else list(_cells(right))
    if len(others) not in (1, len(left)):
        raise ProblemError(
            f"the constraint {limit.text} has {len(left)} cells on its left side and {len(others)} on its"
            " right; give it as many or one"
        )
    others = others * len(left) if len(others) == 1 else others
    return [
        LimitedCell(cell, limit.relation, other, limit.formula)
        for cell, other in zip(left, others, strict=True)
    ]


def _cells(areas: Sequence[Area]) -> Iterator[str]:
    return (cell_address(area.sheet, *cell) for area in areas for cell in area.cells())
