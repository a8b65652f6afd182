"""The data that an objective reads: which cells they are, whether they changed, and a formula that shows it.

What the objective reads is followed through the formulas. Each area of it gets a SHA-256 for the history of
runs, and a formula that turns it into one number for a sheet.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from typing import TypeGuard

from xlcicf.formula.address import Area
from xlcicf.formula.snapshot import Snapshot
from xlcicf.formula.text import reference
from xlcicf.solve.watched_cells import way_to

DISTINCT = 12  # different texts of an area that its formula tells apart


@dataclass(frozen=True)
class Fingerprint:
    """An area as one number: a formula that computes it in a sheet, and what it gives now."""

    area: Area
    formula: str
    value: float


def constants(book: Snapshot, objective: Area, changing: Sequence[Area]) -> list[Area]:
    """The areas that the objective reads and no formula fills, without the changing cells; blanks are read
    too. Sheets in the book's order, then from left to right and down."""
    needed, computed = way_to(book, [objective])
    cells = _cells(needed) - _cells(computed) - _cells(changing)
    order = list(book.sheets)
    areas = _rectangles(cells)
    kept = [area for area in areas if any(place in book.sheets[area.sheet].values for place in area.cells())]
    return sorted(kept, key=lambda area: (order.index(area.sheet), area.left, area.top))


def _cells(areas: Iterable[Area]) -> set[tuple[str, int, int]]:
    return {(area.sheet, *cell) for area in areas for cell in area.cells()}


def _rectangles(cells: Iterable[tuple[str, int, int]]) -> list[Area]:
    """Cells as columns without gaps, those of equal rows side by side as one area."""
    columns = []
    for (sheet, col), group in groupby(
        sorted(cells, key=lambda c: (c[0], c[2], c[1])), lambda c: (c[0], c[2])
    ):
        rows = [row for _, row, _ in group]
        starts = [i for i, row in enumerate(rows) if i == 0 or row != rows[i - 1] + 1]
        for first, end in zip(starts, [*starts[1:], len(rows)], strict=True):
            columns.append(Area(sheet, rows[first], col, rows[end - 1], col))
    columns.sort(key=lambda area: (area.sheet, area.top, area.bottom, area.left))
    merged: list[Area] = []
    for area in columns:
        if merged and _is_beside(merged[-1], area):
            last = merged.pop()
            area = Area(area.sheet, area.top, last.left, area.bottom, area.right)
        merged.append(area)
    return merged


def _is_beside(left: Area, right: Area) -> bool:
    rows = (left.sheet, left.top, left.bottom) == (right.sheet, right.top, right.bottom)
    return rows and right.left == left.right + 1


def hashes(book: Snapshot, areas: Iterable[Area]) -> dict[str, str]:
    """Address -> SHA-256 of what the cells hold, row by row, as JSON."""
    return {
        area.address: _hash_of(book.sheets[area.sheet].values.get(c) for c in area.cells()) for area in areas
    }


def weight_hashes(laid_out: Mapping[Area, list[list[float]]]) -> dict[str, str]:
    """The same for numbers about to be written into areas."""
    return {area.address: _hash_of(chain(*rows)) for area, rows in laid_out.items()}


def _hash_of(values: Iterable) -> str:
    """Zeros have no sign: not every reader of a cell keeps it."""
    return digest([value + 0.0 if isinstance(value, float) else value for value in values])


def digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def differing(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return [cells for cells in {**then, **now} if then.get(cells) != now.get(cells)]


def fingerprint(book: Snapshot, area: Area) -> Fingerprint:
    """Numbers times row times column, added up; each text counts as its place among the area's texts.

    A cell that changes changes the number. Two changes that cancel out do not: the SHA-256 sees those.
    """
    ref = reference(area)
    places = f"ROW({ref})*COLUMN({ref})"
    cells = {cell: book.sheets[area.sheet].values.get(cell) for cell in area.cells()}
    texts = sorted({value.casefold() for value in cells.values() if _is_plain(value)})[:DISTINCT]
    parts, value = [], 0.0
    if area.shape != (1, 1) or not texts:
        parts.append(f"SUMPRODUCT({ref},{places})")
        value += sum(held * row * col for (row, col), held in cells.items() if isinstance(held, float))
    for k, text in enumerate(texts, 1):
        parts.append(f'{k}*SUMPRODUCT(({ref}="{text}")*{places})')
        value += k * sum(row * col for (row, col), held in cells.items() if _equal(held, text))
    return Fingerprint(area, "=" + "+".join(parts), value)


def _is_plain(value: object) -> TypeGuard[str]:
    """Whether it is a text that stands in a formula as it is."""
    return isinstance(value, str) and '"' not in value and len(value) <= 255


def _equal(held: object, text: str) -> bool:
    """As formulas compare: capitals make no difference."""
    return isinstance(held, str) and held.casefold() == text.casefold()
