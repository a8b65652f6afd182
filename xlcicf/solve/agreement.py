"""Before a run: is what the cells show what their formulas come to?"""

from collections.abc import Sequence

from xlcicf.errors import DisagreementError
from xlcicf.formula.address import Area, cell_address
from xlcicf.formula.snapshot import Scalar, Snapshot, agree
from xlcicf.host import host_of, read_snapshot
from xlcicf.solve.constraints import RIGHT_SIDES
from xlcicf.solve.placed import PlacedProblem, place
from xlcicf.solve.problem import Problem

NAMED = 4  # cells that a refusal names
WAY_OUT = "open and save the book in Excel, or let --recalculate compute every formula here"

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

    found = Recalculation(book, trusted=False, draws=False, of=areas)
    pairs = (
        (cell_address(sheet, *cell), book.sheets[sheet].values.get(cell), value)
        for sheet, results in found.renewed().items()
        if sheet != RIGHT_SIDES
        for cell, value in results.items()
        if value is not None
    )
    return [(address, shown, ours) for address, shown, ours in pairs if not agree(shown, ours)]


def _named(found: list[Disagreement]) -> str:
    cells = [f"{cell} shows {_told(shown)}, not {_told(ours)}" for cell, shown, ours in found[:NAMED]]
    more = f" and {len(found) - NAMED:,} more" if len(found) > NAMED else ""
    return f"cells show something else than their formulas come to: {'; '.join(cells)}{more}"


def _told(value: Scalar) -> str:
    return "nothing" if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)
