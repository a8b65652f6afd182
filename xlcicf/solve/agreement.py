"""Before a run: is what the cells show what their formulas come to?"""

from xlcicf.errors import DisagreementError
from xlcicf.formula.address import cell_address
from xlcicf.formula.snapshot import Scalar, agree
from xlcicf.host import host_of, read_snapshot
from xlcicf.solve.constraints import RIGHT_SIDES
from xlcicf.solve.placed import PlacedProblem, place
from xlcicf.solve.problem import Problem

NAMED = 4  # cells that a refusal names
WAY_OUT = "open and save the book in Excel, or let --recalculate compute every formula here"

Disagreement = tuple[str, Scalar, Scalar]  # a cell, what it shows and what its formula comes to


def agreed(book, problem: Problem) -> PlacedProblem:
    """The problem in its place, in a book whose cells show what their formulas come to.

    Raises DisagreementError, which names cells, where those that the objective needs do not, and what `place`
    raises.
    """
    placed = place(read_snapshot(book), problem)
    if not host_of(book).trusts(book) or not disagreements(placed):
        return placed
    book.app.calculate()  # a person may have set it to calculate by hand
    placed = place(read_snapshot(book), problem)
    if found := disagreements(placed):
        raise DisagreementError(_named(found), WAY_OUT)
    return placed


def disagreements(problem: PlacedProblem) -> list[Disagreement]:
    """Those among the cells that objective and constraints need. Of what cannot be computed nothing is
    known."""
    from xlcicf.formula.recalculation import Recalculation  # and torch with it

    book, wanted = problem.book, [problem.objective, *problem.limited]
    found = Recalculation(book, trusted=False, draws=False, of=wanted)
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
