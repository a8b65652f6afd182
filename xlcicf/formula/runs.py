"""Which formulas lie between the changing cells and the objective, fused into runs, in order of computation.

A run is a rectangle of cells that hold one and the same relative formula (filled down, right, or both).
Dependencies are followed from run to run by rectangles, so a column of a million rows costs what one does.
Only runs that depend on themselves or on each other in a ring are taken apart into cells.
"""

import re
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from operator import itemgetter

from xlcicf.errors import CycleError, FormulaError, NotDifferentiable
from xlcicf.formula.address import MAX_COL, MAX_ROW, Area, cell_address
from xlcicf.formula.keys import Strip, lengthened, relative_key, strips
from xlcicf.formula.parse import parse
from xlcicf.formula.snapshot import Sheet, Snapshot
from xlcicf.formula.tree import Call, Node, Ref, walk

_SHAPE_ONLY = {"ROWS", "COLUMNS", "ROW", "COLUMN"}  # they ask where cells are, never what is in them
_UNTRACEABLE = {"INDIRECT", "OFFSET"}
_VOLATILE = re.compile(r"\b(RAND|RANDBETWEEN|RANDARRAY|NOW|TODAY)\(", re.IGNORECASE)


@dataclass(eq=False)
class Run:
    """One formula in a rectangle of cells.

    text   the formula as it stands in the cell `origin` (row, column)
    array  its cells are array formulas (no implicit intersection)
    block  the one array formula that fills the whole area, as Ctrl+Shift+Enter over several cells does
    """

    area: Area
    text: str
    origin: tuple[int, int]
    array: bool = False
    block: bool = False
    tree: Node | None = None

    @property
    def cell(self) -> str:
        """The address of its first cell."""
        return cell_address(self.area.sheet, self.area.top, self.area.left)

    @property
    def host(self) -> Area:
        """The cells that the formula is evaluated for."""
        a = self.area
        return Area(a.sheet, a.top, a.left, a.top, a.left) if self.block else a

    def part(self, area: Area) -> "Run":
        return replace(self, area=area)

    def within(self, area: Area) -> "Run":
        """The part of it that lies in an area it touches; a block stays whole."""
        common = self.area.intersect(area)
        assert common
        return self if self.block or common == self.area else self.part(common)


def is_volatile(run: Run) -> bool:
    """Whether its cells change at every recalculation."""
    return bool(_VOLATILE.search(run.text))


class AreaIndex:
    """Finds what lies in a rectangle of one sheet. Areas must not overlap each other."""

    def __init__(self):
        self._columns: dict[int, list[tuple[int, int, object]]] = defaultdict(list)  # (top, bottom, item)

    def add(self, area: Area, item: object) -> None:
        for col in range(area.left, area.right + 1):
            insort(self._columns[col], (area.top, area.bottom, item), key=_top)

    def touching(self, area: Area) -> list:
        """The items whose areas share cells with `area`, each once."""
        found: dict[int, object] = {}
        wanted = range(area.left, area.right + 1)
        few = len(wanted) <= len(self._columns)
        for col in wanted if few else [c for c in self._columns if c in wanted]:
            if spans := self._columns.get(col):
                last = bisect_right(spans, area.bottom, key=_top)
                first = bisect_left(spans, area.top, hi=last, key=_bottom)
                for _, _, item in spans[first:last]:
                    found[id(item)] = item
        return list(found.values())


_top, _bottom = itemgetter(0), itemgetter(1)


class RunGraph:
    """The formulas of a book as runs, made sheet by sheet when first asked for."""

    def __init__(self, book: Snapshot):
        self.book = book
        self._sheets: dict[str, AreaIndex] = {}
        self._runs: dict[str, list[Run]] = {}
        self._trees: dict[tuple[str, str], Node] = {}

    @cached_property
    def _last_cell(self) -> tuple[int, int]:
        """The last row and the last column of the workbook that hold anything."""
        cells = [cell for sheet in self.book.sheets.values() for cell in (*sheet.values, *sheet.formulas)]
        return max((row for row, _ in cells), default=1), max((col for _, col in cells), default=1)

    def runs(self, sheet: str) -> list[Run]:
        """All runs of one sheet."""
        if sheet not in self._runs:
            self._runs[sheet] = list(self._fuse(self.book.sheets[sheet]))
            index = self._sheets[sheet] = AreaIndex()
            for run in self._runs[sheet]:
                index.add(run.area, run)
        return self._runs[sheet]

    def touching(self, area: Area) -> list[Run]:
        """The runs that have cells in `area`."""
        self.runs(area.sheet)
        return self._sheets[area.sheet].touching(area)

    def _fuse(self, sheet: Sheet) -> Iterator[Run]:
        plain, arrays = sheet.formulas, {}
        if sheet.arrays:
            plain = {cell: text for cell, text in sheet.formulas.items() if cell not in sheet.arrays}
            arrays = {cell: text for cell, text in sheet.formulas.items() if cell in sheet.arrays}
        for cell in [cell for cell in arrays if sheet.arrays[cell].shape != (1, 1)]:
            yield Run(sheet.arrays[cell], arrays.pop(cell), cell, array=True, block=True)
        for formulas, array in ((plain, False), (arrays, True)):
            for area, _ in joined(sheet.name, self._cut_at_tables(sheet.name, strips(formulas))):
                origin = area.top, area.left
                yield Run(area, formulas[origin], origin, array=array)

    def _cut_at_tables(self, sheet: str, strips: Iterable[Strip]) -> Iterator[Strip]:
        """The strips; those with brackets end where a table's data begins or ends, beside which [@column] has
        a meaning: other tables make another key."""
        data = {
            table.name: (table.area.top + table.header_rows, table.area.bottom - table.totals_rows)
            for table in self.book.tables.values()
            if table.area.sheet == sheet
        }
        edges = sorted({edge for first, last in data.values() for edge in (first, last + 1)})
        for col, top, bottom, key in strips:
            if "[" not in key:
                yield col, top, bottom, key
                continue
            inside = (edge for edge in edges if top < edge <= bottom)
            for start, end in pairwise((top, *inside, bottom + 1)):
                beside = (name for name, (first, last) in data.items() if first <= start <= last)
                yield col, start, end - 1, "\x02".join((key, *beside))

    def tree(self, run: Run) -> Node:
        """The run's formula; parsed once however many runs repeat it."""
        if run.tree is not None:
            return run.tree
        sheet, (row, col) = run.area.sheet, run.origin
        key = (sheet, relative_key(run.text, row, col))
        if "[" in run.text:  # a structured reference may mean the table around the cell
            key = (f"{sheet}!{row}:{col}", key[1])
        if key not in self._trees:
            self._trees[key] = parse(run.text, sheet, row, col, self.book)
        run.tree = self._trees[key]
        return run.tree

    def trimmed(self, area: Area) -> Area:
        """Whole columns and rows end where the workbook's data does."""
        bottom = self._last_cell[0] if area.bottom == MAX_ROW else area.bottom
        right = self._last_cell[1] if area.right == MAX_COL else area.right
        return Area(area.sheet, area.top, area.left, max(area.top, bottom), max(area.left, right))

    def refs(self, run: Run) -> list[Ref]:
        """The references of a run whose cells' values it needs."""
        tree = self.tree(run)
        skipped = {
            id(arg)
            for node in walk(tree)
            if isinstance(node, Call) and node.name in _SHAPE_ONLY
            for arg in node.args
            if isinstance(arg, Ref)
        }
        return [node for node in walk(tree) if isinstance(node, Ref) and id(node) not in skipped]

    def footprints(self, run: Run) -> list[Area]:
        """The rectangles that a run reads."""
        areas = (ref.footprint(run.host) for ref in self.refs(run))
        return [self.trimmed(area) for area in areas if area]

    def precedents(self, run: Run) -> list[Run]:
        """The runs that `run` reads from."""
        found = {id(r): r for area in self.footprints(run) for r in self.touching(area)}
        return list(found.values())

    def between(self, changing: Iterable[Area], objectives: Iterable[Area]) -> "Slice":
        """The runs that the objectives need and that depend on the changing cells, precedents first.

        Raises CycleError with the path where cells depend on themselves, FormulaError for what cannot be
        read, NotDifferentiable where a reference is made at run time (INDIRECT, OFFSET).
        """
        changing = list(changing)
        heads = [run.within(area) for area in objectives for run in self.touching(area)]
        before = self._reach(heads)
        by_id = {id(run): run for run in before}
        touched = [
            run for run, (areas, _) in before.items() if any(a.intersect(c) for a in areas for c in changing)
        ]
        after: dict[int, list[Run]] = defaultdict(list)
        for run, (_, sources) in before.items():
            for source in sources:
                after[id(source)].append(run)
        variable: dict[int, Run] = {}
        while touched:
            run = touched.pop()
            if id(run) not in variable:
                variable[id(run)] = run
                touched.extend(after[id(run)])
        frozen = [run for run in before if id(run) not in variable and is_volatile(run)]
        edges = {
            id(run): [s for s in before[run][1] if id(s) in variable] for run in before if id(run) in variable
        }
        ordered = self._ordered([by_id[i] for i in edges], edges)
        return Slice(ordered, frozen)

    def in_order(self, runs: Iterable[Run], failed: Callable[[Run, FormulaError], None]) -> Iterator[Run]:
        """All of `runs`, precedents first; `failed` hears of those that cannot be read or are circular."""
        edges: dict[int, list[Run]] = {}
        readable = []
        for run in runs:
            try:
                edges[id(run)] = self.precedents(run)
            except FormulaError as error:
                failed(run, error)
            else:
                readable.append(run)
        for run in readable:
            edges[id(run)] = [source for source in edges[id(run)] if id(source) in edges]
        for group in strongly_connected(readable, edges):
            try:
                yield from self._computable(group, edges)
            except CycleError as error:
                failed(group[0], error)

    def _reach(self, heads: list[Run]) -> dict[Run, tuple[list[Area], list[Run]]]:
        """Every run that the heads need -> (the rectangles, the runs it reads)."""
        reached: dict[Run, tuple[list[Area], list[Run]]] = {}
        waiting = list(heads)
        while waiting:
            run = waiting.pop()
            if run in reached:
                continue
            for node in walk(self.tree(run)):
                if isinstance(node, Call) and node.name in _UNTRACEABLE:
                    raise NotDifferentiable(
                        f"{run.cell}: {node.name} makes its reference while it computes, so what it depends"
                        " on cannot be followed; write the reference itself or use INDEX",
                        run.cell,
                        node.name,
                    )
            sources = self.precedents(run)
            reached[run] = (self.footprints(run), sources)
            waiting.extend(sources)
        return reached

    def _ordered(self, runs: list[Run], edges: dict[int, list[Run]]) -> list[Run]:
        return [part for group in strongly_connected(runs, edges) for part in self._computable(group, edges)]

    def _computable(self, group: list[Run], edges: dict[int, list[Run]]) -> list[Run]:
        """A group of strongly_connected as runs that can each be computed at once."""
        if len(group) > 1 or group[0] in edges[id(group[0])]:
            return list(self._taken_apart(group))
        run = group[0]
        return [run] if self._fills_as_one(run) else [run.part(a) for a in _single_cells(run.area)]

    def _fills_as_one(self, run: Run) -> bool:
        """Whether every range, those that ROWS only measures too, has one size in all of the run's cells."""
        return run.block or all(node.slides for node in walk(self.tree(run)) if isinstance(node, Ref))

    def _taken_apart(self, ring: list[Run]) -> Iterator[Run]:
        """Runs that depend on each other, as parts that can be computed one after another."""
        owner: dict[tuple[str, int, int], Run] = {}
        units: dict[Run, list[tuple[str, int, int]]] = {}
        for run in ring:
            units[run] = [(run.area.sheet, r, c) for r, c in run.area.cells()]
            owner.update(dict.fromkeys(units[run], run))
        inside = AreaIndexes()
        for key in owner:
            inside.add(Area(key[0], key[1], key[2], key[1], key[2]), key)

        def sources(key: tuple[str, int, int]) -> list[tuple[str, int, int]]:
            run = owner[key]
            row, col = (run.area.top, run.area.left) if run.block else key[1:]
            areas = (ref.area(row, col) for ref in self.refs(run))
            return [k for a in areas if a for k in inside.touching(self.trimmed(a))]

        levels = _levels(list(owner), sources)
        grouped: dict[tuple[int, int], dict[tuple[int, int], str]] = defaultdict(dict)
        blocks: dict[Run, int] = {}
        for key, level in levels.items():
            run = owner[key]
            if run.block:
                blocks[run] = max(level, blocks.get(run, 0))
            else:
                grouped[level, id(run)][key[2], key[1]] = ""
        by_id = {id(run): run for run in ring}
        parts = [(level, by_id[i], cells) for (level, i), cells in grouped.items()]
        parts += [(level, run, {}) for run, level in blocks.items()]
        for _, run, cells in sorted(parts, key=lambda part: part[0]):
            if run.block:
                yield run
                continue
            whole = self._fills_as_one(run)
            for area, _ in rectangles(run.area.sheet, cells):
                yield from [run.part(area)] if whole else (run.part(a) for a in _single_cells(area))


@dataclass(frozen=True)
class Slice:
    """`runs` to compute, in order; `frozen` runs hold volatile functions and stand at their saved values."""

    runs: list[Run]
    frozen: list[Run]


class AreaIndexes:
    """One AreaIndex a sheet."""

    def __init__(self):
        self._sheets: dict[str, AreaIndex] = defaultdict(AreaIndex)

    def add(self, area: Area, item: object) -> None:
        self._sheets[area.sheet].add(area, item)

    def touching(self, area: Area) -> list:
        return self._sheets[area.sheet].touching(area)


TALL, WIDE = 64, 4


def rectangles(sheet: str, keyed: dict[tuple[int, int], str]) -> Iterator[tuple[Area, str]]:
    """Cells (col, row) -> key, as rectangles of one key: columns first, then equal neighbours joined."""
    cells = ((col, row, row, key) for (col, row), key in sorted(keyed.items()))
    return joined(sheet, lengthened(cells))


def joined(sheet: str, strips: Iterable[Strip]) -> Iterator[tuple[Area, str]]:
    """Strips, column by column, as rectangles of one key: equal neighbours side by side.

    Two or three tall columns stay apart: laying their numbers side by side costs more than it saves.
    """
    lefts: dict[tuple[str, int, int, int], int] = {}
    for col, top, bottom, key in strips:
        lefts[key, top, bottom, col] = lefts.pop((key, top, bottom, col - 1), col)
    for (key, top, bottom, right), left in lefts.items():
        if bottom - top + 1 >= TALL and right - left + 1 < WIDE:
            for col in range(left, right + 1):
                yield Area(sheet, top, col, bottom, col), key
        else:
            yield Area(sheet, top, left, bottom, right), key


def _single_cells(area: Area) -> Iterator[Area]:
    return (Area(area.sheet, r, c, r, c) for r, c in area.cells())


def strongly_connected(runs: list[Run], edges: dict[int, list[Run]]) -> Iterator[list[Run]]:
    """Tarjan's algorithm without recursion: groups of runs that depend on each other, precedents first."""
    order: dict[int, int] = {}
    low: dict[int, int] = {}
    open_runs: list[Run] = []
    is_open: set[int] = set()
    for root in runs:
        if id(root) in order:
            continue
        path = [(root, iter(edges[id(root)]))]
        order[id(root)] = low[id(root)] = len(order)
        open_runs.append(root)
        is_open.add(id(root))
        while path:
            run, sources = path[-1]
            for source in sources:
                if id(source) not in order:
                    order[id(source)] = low[id(source)] = len(order)
                    open_runs.append(source)
                    is_open.add(id(source))
                    path.append((source, iter(edges[id(source)])))
                    break
                if id(source) in is_open:
                    low[id(run)] = min(low[id(run)], order[id(source)])
            else:
                path.pop()
                if path:
                    parent = id(path[-1][0])
                    low[parent] = min(low[parent], low[id(run)])
                if low[id(run)] == order[id(run)]:
                    group = []
                    while not group or group[-1] is not run:
                        group.append(open_runs.pop())
                        is_open.discard(id(group[-1]))
                    yield group


def _levels(keys: list[tuple[str, int, int]], sources) -> dict[tuple[str, int, int], int]:
    """Cell -> the longest chain of cells before it. Raises CycleError with the path of a ring."""
    level: dict[tuple[str, int, int], int] = {}
    for root in keys:
        path: dict[tuple[str, int, int], tuple[list, Iterator]] = {}
        if root not in level:
            path[root] = _and_iterator(sources(root))
        while path:
            key = next(reversed(path))
            needed, waiting = path[key]
            for source in waiting:
                if source in path:
                    ring = list(path)
                    ring = [*ring[ring.index(source) :], source]
                    cells = [cell_address(*k) for k in reversed(ring)]
                    shown = cells if len(cells) <= 8 else [*cells[:4], "...", *cells[-3:]]
                    raise CycleError(
                        f"{cells[0]} depends on itself: {' -> '.join(shown)}; break the circle in the sheet",
                        cells[0],
                    )
                if source not in level:
                    path[source] = _and_iterator(sources(source))
                    break
            else:
                level[key] = max((level[s] + 1 for s in needed), default=0)
                del path[key]
    return level


def _and_iterator(items: list) -> tuple[list, Iterator]:
    return items, iter(items)
