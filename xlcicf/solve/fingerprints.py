"""The data that an objective reads: which cells they are, whether they changed, and a formula that shows it.

What the objective reads is followed through the formulas. Each area of it gets a SHA-256 for the history of
runs, and a formula that turns it into one number for a sheet.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeGuard

from xlcicf.formula.address import Area, beyond
from xlcicf.formula.runs import AreaIndexes
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
    indexes = _indexed(computed), _indexed(changing)
    order = list(book.sheets)
    areas = _rectangles(
        rest
        for area in needed
        for rest in beyond(area, (other for index in indexes for other in index.touching(area)))
    )
    kept = [area for area in areas if any(place in book.sheets[area.sheet].values for place in area.cells())]
    return sorted(kept, key=lambda area: (order.index(area.sheet), area.left, area.top))


def _indexed(areas: Iterable[Area]) -> AreaIndexes:
    """Areas that do not overlap, to be found by where they lie."""
    index = AreaIndexes()
    for area in areas:
        index.add(area, area)
    return index


def _rectangles(areas: Iterable[Area]) -> list[Area]:
    """The cells of areas as columns without gaps, those of equal rows side by side as one area."""
    spans: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
    for area in areas:
        for col in range(area.left, area.right + 1):
            spans[area.sheet, col].append((area.top, area.bottom))
    columns = [
        Area(sheet, top, col, bottom, col)
        for (sheet, col), rows in spans.items()
        for top, bottom in _joined(sorted(rows))
    ]
    columns.sort(key=lambda area: (area.sheet, area.top, area.bottom, area.left))
    merged: list[Area] = []
    for area in columns:
        if merged and _is_beside(merged[-1], area):
            last = merged.pop()
            area = Area(area.sheet, area.top, last.left, area.bottom, area.right)
        merged.append(area)
    return merged


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """(first row, last row) in order of the first, those without a gap between them as one."""
    found: list[tuple[int, int]] = []
    for top, bottom in spans:
        if found and top <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(found[-1][1], bottom)
        else:
            found.append((top, bottom))
    return found


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
