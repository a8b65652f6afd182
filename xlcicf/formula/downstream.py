"""Which cells a change reaches: a book's formulas followed forwards, rectangle by rectangle."""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator

import numpy as np

from xlcicf.formula.address import Area, beyond
from xlcicf.formula.runs import RunGraph, rectangles
from xlcicf.formula.tree import Edge, Ref
from xlcicf.formula.units import Run

MOST = 1000  # rectangles of one run; where a change reaches more, it counts as reaching the whole of it


class Parts:
    """Parts of runs, each run's as rectangles that do not overlap."""

    def __init__(self, parts: Iterable[tuple[Run, Area]] = ()):
        self._areas: dict[Run, list[Area]] = {}
        self.add_all(parts)

    @classmethod
    def of(cls, runs: Iterable[Run]) -> "Parts":
        """Whole runs, each once."""
        parts = cls()
        parts._areas = {run: [run.area] for run in runs}
        return parts

    def __iter__(self) -> Iterator[tuple[Run, Area]]:
        return ((run, area) for run, areas in self._areas.items() for area in areas)

    def __bool__(self) -> bool:
        return bool(self._areas)

    def add(self, run: Run, area: Area) -> list[Area]:
        """What of the area was not among them yet. An array formula is one part."""
        whole = run.area if run.block else area
        news = self.beyond(run, whole) if run in self._areas else [whole]
        if news:
            areas = self._areas.setdefault(run, [])
            areas[:] = news if news == [run.area] else areas + news
        return news

    def add_all(self, parts: Iterable[tuple[Run, Area]]) -> None:
        for run, area in parts:
            self.add(run, area)

    def count(self, run: Run) -> int:
        """In how many rectangles they hold the run."""
        return len(self._areas.get(run, ()))

    def beyond(self, run: Run, area: Area) -> list[Area]:
        """What of an area of the run is not among them."""
        return beyond(area, self._areas.get(run, ()))

    def without(self, others: "Parts") -> "Parts":
        if not others:
            return self
        return Parts((run, rest) for run, area in self for rest in others.beyond(run, area))


class Readers:
    """Who reads what, of some runs of a book.

    everywhere  the runs that may read any cell: their references are made at run time, or cannot be read
    """

    def __init__(self, graph: RunGraph, runs: Iterable[Run], everywhere: Iterable[Run] = ()):
        self.everywhere = list(everywhere)
        self._refs: dict[str, list[tuple[Run, Ref]]] = defaultdict(list)
        self._bounds: dict[str, np.ndarray] = {}
        read: dict[str, list[Area]] = defaultdict(list)
        for run in runs:
            refs = graph.known_refs(run)
            if refs is None:
                self.everywhere.append(run)
                continue
            for ref in refs:
                if footprint := ref.footprint(run.host):
                    self._refs[ref.sheet].append((run, ref))
                    read[ref.sheet].append(footprint)
        for sheet, areas in read.items():
            self._bounds[sheet] = np.array([(a.top, a.left, a.bottom, a.right) for a in areas]).T

    def of(self, area: Area) -> Iterator[tuple[Run, Area]]:
        """The parts of runs that read a cell of the area; `everywhere` left out."""
        if area.sheet not in self._bounds:
            return
        top, left, bottom, right = self._bounds[area.sheet]
        met = (top <= area.bottom) & (bottom >= area.top) & (left <= area.right) & (right >= area.left)
        for at in np.flatnonzero(met):
            run, ref = self._refs[area.sheet][at]
            part = run.area if run.block else readers(ref, run.area, area)
            if part is not None:
                yield run, part

    def reached(self, seeds: Iterable[Area], most: int = MOST) -> Parts:
        """All that lies downstream of the seeds' cells; of a run that is reached in more than `most`
        rectangles the whole."""
        found, waiting = Parts(), deque(seeds)
        if waiting:
            for run in self.everywhere:
                waiting += found.add(run, run.area)
        while waiting:
            for run, part in self.of(waiting.popleft()):
                waiting += found.add(run, part if found.count(run) < most else run.area)
        return found


def readers(ref: Ref, host: Area, area: Area) -> Area | None:
    """The cells of `host` whose own reference meets the area, which lies on the reference's sheet."""
    rows = _meeting(ref.top, ref.bottom, host.top, host.bottom, area.top, area.bottom)
    cols = _meeting(ref.left, ref.right, host.left, host.right, area.left, area.right)
    if rows is None or cols is None:
        return None
    return Area(host.sheet, rows[0], cols[0], rows[1], cols[1])


def _meeting(one: Edge, other: Edge, first: int, last: int, low: int, high: int) -> tuple[int, int] | None:
    """Which of the rows (or columns) first..last have an edge-to-edge span that meets low..high."""
    fixed = [edge.at for edge in (one, other) if edge.fixed]
    moving = [edge.at for edge in (one, other) if not edge.fixed]
    if moving and (not fixed or fixed[0] < low):  # the end further down has to come to low
        first = max(first, low - max(moving))
    if moving and (not fixed or fixed[0] > high):
        last = min(last, high - min(moving))
    if not moving and (min(fixed) > high or max(fixed) < low):
        return None
    return (first, last) if first <= last else None


def rectangles_of(sheet: str, cells: Iterable[tuple[int, int]]) -> list[Area]:
    """Cells (row, column) as rectangles."""
    return [area for area, _ in rectangles(sheet, {(col, row): "" for row, col in cells})]
