"""Before a run: is what the cells show what their formulas come to?"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from xlcicf.errors import DisagreementError
from xlcicf.formula.address import Area, cell_address
from xlcicf.formula.snapshot import Scalar, Snapshot, agree, agreeing
from xlcicf.host import host_of, read_snapshot
from xlcicf.solve.constraints import RIGHT_SIDES
from xlcicf.solve.placed import PlacedProblem, place
from xlcicf.solve.problem import Problem

if TYPE_CHECKING:
    from xlcicf.formula.recalculation import Recalculation

NAMED = 4  # cells that a refusal names
WAY_OUT = "open and save the book in Excel, or let --recalculate compute every formula here"

# Of the areas that were asked of last, since a person presses Step again and again: what computes their
# formulas, and by sheets the cells' contents with which it agreed.
_last: "dict[tuple[Area, ...], tuple[Recalculation, dict[str, dict]]]" = {}

Disagreement = tuple[str, Scalar, Scalar]  # a cell, what it shows and what its formula comes to


def agreed(book, problem: Problem, is_constrained: bool = True) -> PlacedProblem:
    """The problem in its place, in a book whose cells show what their formulas come to.

    is_constrained  whether its constraints count
    Raises DisagreementError, which names cells, where those that objective and constraints need do not, and
    what `place` raises.
    """
    placed = place(read_snapshot(book), problem)
    if not host_of(book).trusts(book) or not _disagreeing(placed, is_constrained):
        return placed
    book.app.calculate()  # a person may have set it to calculate by hand
    placed = place(read_snapshot(book), problem)
    if found := _disagreeing(placed, is_constrained):
        raise DisagreementError(_named(found), WAY_OUT)
    return placed


def _disagreeing(problem: PlacedProblem, is_constrained: bool) -> list[Disagreement]:
    return disagreements(problem.book, problem.asked_of if is_constrained else [problem.objective])


def disagreements(book: Snapshot, areas: Sequence[Area]) -> list[Disagreement]:
    """Those among the cells of some areas and what they need. Of what cannot be computed nothing is known."""
    from xlcicf.formula.recalculation import Recalculation  # and torch with it

    found, agreed_with = _last.pop(tuple(areas), (None, {}))
    if found is None or not found.follows(book):
        found, agreed_with = Recalculation(book, trusted=False, draws=False, of=areas), {}
    changed = found.renewed()
    _last.clear()
    differing = [
        (cell_address(area.sheet, *cell), shown, ours)
        for area in found.areas
        if area.sheet != RIGHT_SIDES
        and (area.sheet in changed or book.sheets[area.sheet].values is not agreed_with.get(area.sheet))
        for cell, shown, ours in _differing(area, book, found.book)
        if (area.sheet, *cell) not in found.uncomputed
    ]
    if not differing:
        _last[tuple(areas)] = found, {name: sheet.values for name, sheet in book.sheets.items()}
    return differing


def _differing(
    area: Area, book: Snapshot, computed: Snapshot
) -> list[tuple[tuple[int, int], Scalar, Scalar]]:
    """The cells of an area that show something else than was computed."""
    cells = list(area.cells())
    shown = list(map(book.sheets[area.sheet].values.get, cells))
    ours = list(map(computed.sheets[area.sheet].values.get, cells))
    differing = range(len(cells))
    if {*map(type, shown), *map(type, ours)} == {float}:  # as in nearly all: many at once
        differing = np.flatnonzero(~agreeing(np.array(shown), np.array(ours))).tolist()
    found = ((cells[i], shown[i], ours[i]) for i in differing)
    return [one for one in found if not agree(*one[1:])]


def _named(found: list[Disagreement]) -> str:
    cells = [f"{cell} shows {_told(shown)}, not {_told(ours)}" for cell, shown, ours in found[:NAMED]]
    more = f" and {len(found) - NAMED:,} more" if len(found) > NAMED else ""
    return f"cells show something else than their formulas come to: {'; '.join(cells)}{more}"


def _told(value: Scalar) -> str:
    return "nothing" if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)
