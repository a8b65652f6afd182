"""The cells that an objective depends on, watched in an open book: has anybody changed one since?"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager

from xlcicf.formula.address import Area, cell_address, outermost, side_by_side
from xlcicf.formula.snapshot import Snapshot
from xlcicf.host import host_of
from xlcicf.solve.constraints import RIGHT_SIDES
from xlcicf.solve.placed import PlacedProblem


class Watch:
    """What stands in the changing cells, and the formulas and constants between and beside them.

    problem  in whose book the ways to objective and constraints are looked up; their cells are watched from
             now on
    """

    def __init__(self, book, problem: PlacedProblem):
        needed, computed = (
            [area for area in areas if area.sheet != RIGHT_SIDES]
            for areas in way_to(problem.book, problem.asked_of)
        )
        self._computed, self._changing = computed, problem.changing
        self._inputs = host_of(book).watch(book, "inputs", side_by_side(needed))
        self._weights = host_of(book).watch(book, "changing cells", problem.changing)

    def writing(self) -> AbstractContextManager[None]:
        """For one's own writes into the changing cells. Raises Edited where somebody else has just been there
        and the host can tell; then nothing is written."""
        return self._weights.writing()

    def edits(self) -> dict[str, tuple[str, str]]:
        """Address of each other cell in which something else stands now -> what stood there and what does."""
        return {
            cell_address(*place): pair
            for place, pair in self._inputs.changes().items()
            if not _is_in(self._changing, place)
            and not (_are_results(pair) and _is_in(self._computed, place))
        }

    def touched(self) -> list[str]:
        """Addresses of the changing cells that somebody else has written to."""
        return [cell_address(*place) for place in self._weights.changes()]


def _are_results(pair: tuple[str, str]) -> bool:
    """Whether both texts are no formulas: numbers that a formula beside the cell fills in there."""
    return not any(text.startswith("=") for text in pair)


def _is_in(areas: Iterable[Area], place: tuple[str, int, int]) -> bool:
    sheet, row, col = place
    return any(area.sheet == sheet and area.contains(row, col) for area in areas)


def way_to(book: Snapshot, areas: Sequence[Area]) -> tuple[list[Area], list[Area]]:
    """(all areas that these need, with those that no formula fills, none inside another; those that formulas
    fill)."""
    from xlcicf.formula.graph import graph_of  # and torch with it

    graph = graph_of(book)
    waiting = [run for area in areas for run in graph.touching(area)]
    needed = dict.fromkeys(areas)
    computed: dict[Area, None] = {}
    while waiting:
        run = waiting.pop()
        if run.area not in computed:
            computed[run.area] = None
            needed |= dict.fromkeys([run.area, *graph.footprints(run)])
            waiting += graph.precedents(run)
    return outermost(needed), list(computed)
