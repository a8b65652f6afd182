"""Whether the sheet's own formulas and torch agree, measured in one way everywhere."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xlcicf.formula.address import Area
from xlcicf.formula.snapshot import AGREE, Snapshot

if TYPE_CHECKING:
    from xlcicf.formula import RunValues


@dataclass(frozen=True)
class Parity:
    """The largest difference over the blocks compared, and the address of the block it is in.

    `maximum` is None where nothing could be compared, inf where a number stands against none.
    """

    maximum: float | None
    worst: str | None

    @property
    def sentence(self) -> str:
        if self.maximum is None:
            return "nothing to compare"
        if not self.maximum:
            return "formulas and torch agree to the last digit"
        if self.agrees:
            return f"formulas and torch agree to {self.maximum:.1e}"
        return f"formulas and torch differ by {self.maximum:.1e}, most in {self.worst}"

    @property
    def agrees(self) -> bool:
        return self.maximum is None or self.maximum <= AGREE


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """max|a-b| / max(1, max|a|) of two arrays of one shape (design decision 16).

    Where both are nan there is nothing to compare; a number against nan differs by inf.
    """
    numbers = ~(np.isnan(a) & np.isnan(b))
    a, b = a[numbers], b[numbers]
    if a.size == 0:
        return 0.0
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return float("inf")
    return float(np.abs(a - b).max() / max(1.0, np.abs(a).max()))


def parity(blocks: "Iterable[RunValues]", book: Snapshot) -> Parity:
    """torch's blocks against what the cells of `book` show."""
    return compared((block, np.array(book.numbers(block.area))) for block in blocks)


def compared(pairs: "Iterable[tuple[RunValues, np.ndarray]]") -> Parity:
    """torch's blocks, each with the numbers (rows, columns) that its cells show."""
    worst = Parity(None, None)
    for block, shown in pairs:
        if np.isnan(block.values).all():
            continue
        gap = difference(block.values, shown)
        if worst.maximum is None or gap > worst.maximum:
            worst = Parity(gap, block.area.address)
    return worst


def collected(blocks: "Iterable[RunValues]", area: Area) -> np.ndarray:
    """torch's numbers for the cells of an area (rows, columns); nan for those that no block computes."""
    numbers = np.full(area.shape, np.nan)
    for block in blocks:
        both = area.intersect(block.area)
        if both:
            numbers[both.within(area)] = block.values[both.within(block.area)]
    return numbers
