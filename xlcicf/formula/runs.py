"""Which formulas lie between the changing cells and the objective, fused into runs, in order of computation.

A run is a rectangle of cells that hold one and the same relative formula (filled down, right, or both).
Dependencies are followed from run to run by rectangles, so a column of a million rows costs what one does.
Runs that depend on themselves or on each other are a ring, which is solved at once where it is long, and
taken apart into levels of cells where it is not. What stands on one level is computed in batches.
"""

import math
import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TypeVar

import numpy as np

from xlcicf.errors import CycleError, FormulaError, NotDifferentiable
from xlcicf.formula.address import MAX_COL, MAX_ROW, Area, cell_address
from xlcicf.formula.growing import grows, length, one_way, ranges_that_grow
from xlcicf.formula.keys import Strip, lengthened, relative_key, strips
from xlcicf.formula.legible import legible_refs
from xlcicf.formula.snapshot import Fused, Sheet, Snapshot
from xlcicf.formula.templates import Templates
from xlcicf.formula.tree import MAKERS, Edge, Formula, Node, Ref
from xlcicf.formula.units import Batch, Ring, Run, Unit, batched

T = TypeVar("T")

VOLATILE = re.compile(r"\b(RAND|RANDBETWEEN|RANDARRAY|NOW|TODAY)\(", re.IGNORECASE)


def named_too(pattern: re.Pattern[str], book: Snapshot) -> re.Pattern[str]:
    """The pattern of formula texts, and of all names that lead to what it means."""
    found: set[str] = set()
    while True:
        known = re.compile(
            "|".join([pattern.pattern, *(rf"\b{re.escape(n)}\b" for n in sorted(found))]), pattern.flags
        )
        more = {name for (name, _), text in book.names.items() if name not in found and known.search(text)}
        if not more:
            return known
        found |= more


class InFormulas:
    """Looks for a pattern in the texts of formulas, to which it does not matter which cells they name: once
    in all that differ in these alone."""

    def __init__(self, pattern: re.Pattern[str]):
        self._pattern = pattern
        self._found: dict[str, bool] = {}

    def __call__(self, run: Run) -> bool:
        stem = run.stem
        if stem not in self._found:
            self._found[stem] = bool(self._pattern.search(run.text))
        return self._found[stem]


class AreaIndex:
    """Finds what lies in a rectangle of one sheet. Areas must not overlap each other."""

    def __init__(self):
        # by columns, from the top down: where areas begin, where they end, their items
        self._columns: dict[int, tuple[list[int], list[int], list]] = defaultdict(lambda: ([], [], []))

    def add(self, area: Area, item: object) -> None:
        for col in range(area.left, area.right + 1):
            tops, bottoms, items = self._columns[col]
            at = bisect_right(tops, area.top)
            tops.insert(at, area.top)
            bottoms.insert(at, area.bottom)
            items.insert(at, item)

    def touching(self, area: Area) -> list:
        """The items whose areas share cells with `area`, each once."""
        if area.left == area.right:
            return self._in_column(area.left, area.top, area.bottom)
        found: dict[int, object] = {}
        wanted = range(area.left, area.right + 1)
        few = len(wanted) <= len(self._columns)
        for col in wanted if few else [c for c in self._columns if c in wanted]:
            for item in self._in_column(col, area.top, area.bottom):
                found[id(item)] = item
        return list(found.values())

    def _in_column(self, col: int, top: int, bottom: int) -> list:
        if col not in self._columns:
            return []
        tops, bottoms, items = self._columns[col]
        last = bisect_right(tops, bottom)
        return items[bisect_left(bottoms, top, 0, last) : last]


class RunGraph:
    """The formulas of a book as runs, made sheet by sheet when first asked for.

    found_out  a run -> itself, or parts of it whose formulas know what the references mean that they make"""

    def __init__(self, book: Snapshot, found_out: "Callable[[RunGraph, Run], list[Run]] | None" = None):
        self.book = book
        self._found_out = found_out
        self._making: dict[str, list[tuple[Run, list[Run]]]] = defaultdict(list)
        self._sheets: dict[str, AreaIndex] = {}
        self._runs: dict[str, list[Run]] = {}
        self._formulas: dict[tuple[str, str], Formula] = {}
        self._templates = Templates(book)
        self._growing_in: dict[Formula, list[Ref] | None] = {}
        self._kept: dict[Hashable, object] = {}

    def kept(self, key: Hashable, find: Callable[[], T]) -> T:
        """find(), kept for the next time that the same is asked: the graph is computed time and again."""
        if key not in self._kept:
            self._kept[key] = find()
        return self._kept[key]  # type: ignore[return-value]

    @cached_property
    def is_volatile(self) -> InFormulas:
        """Whether a run's cells change at every recalculation."""
        return InFormulas(named_too(VOLATILE, self.book))

    @cached_property
    def _last_cell(self) -> tuple[int, int]:
        """The last row and the last column that hold anything on a sheet of the workbook, or of another."""
        sheets = *self.book.sheets.values(), *self.book.elsewhere.values()
        cells = [cell for sheet in sheets for cell in (*sheet.values, *sheet.formulas)]
        return max((row for row, _ in cells), default=1), max((col for _, col in cells), default=1)

    def runs(self, sheet: str) -> list[Run]:
        """All runs of one sheet."""
        if sheet not in self._runs:
            found = self.book.sheets.get(sheet)  # none for another workbook's
            self._hold(
                sheet, [part for run in self._fused(found) for part in self._parts_of(run)] if found else []
            )
        return self._runs[sheet]

    def _hold(self, sheet: str, runs: list[Run]) -> None:
        self._runs[sheet], self._sheets[sheet] = runs, AreaIndex()
        for run in runs:
            self._sheets[sheet].add(run.area, run)

    def _parts_of(self, run: Run) -> list[Run]:
        if self._found_out is None or not self.is_untraceable(run):
            return [run]
        parts = self._found_out(self, run)
        self._making[run.area.sheet].append((run, parts))
        return parts

    def is_untraceable(self, run: Run) -> bool:
        """Whether it makes references of which nobody has found out what they mean."""
        try:
            return self.formula(run).untraceable
        except FormulaError:
            return False

    def found_out_again(self) -> list[Area]:
        """What the references mean that formulas make, now that the book's values have become others; returns
        the cells of those that mean something else."""
        moved: list[Area] = []
        for sheet, making in self._making.items():
            self._making[sheet] = []
            news: dict[int, list[Run]] = {}
            for run, before in making:
                parts = self._parts_of(run)
                if self._trees(parts) != self._trees(before):
                    moved.append(run.area)
                    news.update({id(part): [] for part in before} | {id(before[0]): parts})
                else:
                    self._making[sheet][-1] = (run, before)
            if news:
                self._hold(sheet, [p for run in self._runs[sheet] for p in news.get(id(run), [run])])
        return moved

    def of(self, parts: Iterable[Run]) -> "RunGraph":
        """A graph of these runs, or parts of runs, alone: all other cells stand at the book's values."""
        some = RunGraph(self.book)
        some._formulas, some._templates = self._formulas, self._templates
        some._growing_in = self._growing_in
        for sheet in self.book.sheets:
            some._runs[sheet], some._sheets[sheet] = [], AreaIndex()
        for part in parts:
            some._runs[part.area.sheet].append(part)
            some._sheets[part.area.sheet].add(part.area, part)
        return some

    def touching(self, area: Area) -> list[Run]:
        """The runs that have cells in `area`."""
        self.runs(area.sheet)
        return self._sheets[area.sheet].touching(area)

    def _fused(self, sheet: Sheet) -> list[Run]:
        fused = self.book.fused.get(sheet.name)
        if fused is None or not fused.is_of(sheet, self.book.words):
            runs = list(self._fuse(sheet))
            fused = Fused(sheet.formulas, sheet.arrays, len(sheet.formulas), self.book.words, runs)
            self.book.fused[sheet.name] = fused
        return fused.runs

    def _fuse(self, sheet: Sheet) -> Iterator[Run]:
        plain, arrays = sheet.formulas, {}
        if sheet.arrays:
            arrays = {cell: text for cell, text in plain.items() if cell in sheet.arrays}
            plain = dict(plain)
            for cell in arrays:
                del plain[cell]
        for cell in [cell for cell in arrays if sheet.arrays[cell].shape != (1, 1)]:
            yield Run(sheet.arrays[cell], arrays.pop(cell), cell, array=True, block=True)
        for formulas, array in ((plain, False), (arrays, True)):
            for area, key in joined(sheet.name, self._cut_at_tables(sheet.name, strips(formulas))):
                origin = area.top, area.left
                yield Run(area, formulas[origin], origin, key, array=array)

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

    def _trees(self, parts: list[Run]) -> list[tuple[Area, Node]]:
        return [(part.area, self.formula(part).tree) for part in parts]

    def tree(self, unit: Run | Batch) -> Node:
        """The formula of a run, or the first of a batch."""
        return unit.tree if isinstance(unit, Batch) else self.formula(unit).tree

    def formula(self, run: Run) -> Formula:
        """The run's formula; parsed once however many runs repeat it."""
        if run.formula is not None:
            return run.formula
        sheet, (row, col) = run.area.sheet, run.origin
        key = (sheet, run.key or relative_key(run.text, row, col))
        if "[" in run.text:  # a structured reference may mean the table around the cell
            key = (f"{sheet}!{row}:{col}", key[1])
        if key not in self._formulas:
            self._formulas[key] = self._templates.formula(run.text, sheet, row, col, key[1])
        run.formula = self._formulas[key]
        return run.formula

    def trimmed(self, area: Area) -> Area:
        """Whole columns and rows end where the workbook's data does."""
        if area.bottom < MAX_ROW and area.right < MAX_COL:
            return area
        bottom = self._last_cell[0] if area.bottom == MAX_ROW else area.bottom
        right = self._last_cell[1] if area.right == MAX_COL else area.right
        return Area(area.sheet, area.top, area.left, max(area.top, bottom), max(area.left, right))

    def refs(self, run: Run) -> list[Ref]:
        """The references of a run whose cells' values it needs."""
        return _needed_refs(run, self.formula(run))

    def known_refs(self, run: Run) -> list[Ref] | None:
        """The same, of a formula that cannot be read those among its words; None where they may mean any
        cell."""
        try:
            formula = self.formula(run)
        except FormulaError:
            return legible_refs(run.text, run.area.sheet, run.origin, self.book)
        return None if formula.untraceable else _needed_refs(run, formula)

    def footprints(self, run: Run) -> list[Area]:
        """The rectangles that a run reads."""
        return self._footprints(run, self.refs(run))

    def _footprints(self, run: Run, refs: Iterable[Ref]) -> list[Area]:
        areas = (ref.footprint(run.host) for ref in refs)
        return [self.trimmed(area) for area in areas if area]

    def precedents(self, run: Run) -> list[Run]:
        """The runs that `run` reads from."""
        found = {id(r): r for area in self.footprints(run) for r in self.touching(area)}
        return list(found.values())

    def between(
        self,
        changing: Iterable[Area],
        objectives: Iterable[Area],
        failed: Callable[[Run, FormulaError], None] | None = None,
    ) -> "Slice":
        """The runs that the objectives need and that depend on the changing cells. What lies upstream of
        constants alone need not be readable; what else is not, `failed` hears of, if there is one.

        Raises CycleError with the path where cells depend on themselves, FormulaError for what cannot be
        read, NotDifferentiable where a reference is made at run time (INDIRECT, OFFSET).
        """
        changing = list(changing)
        heads = [run.within(area) for area in objectives for run in self.touching(area)]
        before = self._reach(heads, failed)
        self._refuse_tables(before, changing, failed)
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
        for run in list(variable.values()):
            try:
                if self.formula(run).untraceable:
                    raise self._untraceable(run)
            except FormulaError as error:
                if failed is None:
                    raise
                failed(run, error)
                del variable[id(run)]
        upstream = [run for run in before if id(run) not in variable]
        edges = {
            id(run): [s for s in before[run][1] if id(s) in variable] for run in before if id(run) in variable
        }
        runs = [by_id[i] for i in edges]
        return Slice(runs, list(self._levels(runs, edges)), upstream)

    def _refuse_tables(
        self,
        read: Mapping[Run, tuple[list[Area], list[Run]]],
        changing: Sequence[Area],
        failed: Callable[[Run, FormulaError], None] | None,
    ) -> None:
        """Refuses runs that read a what-if table which changing cells decide: no slope leads through one."""
        tables = [item for sheet in self.book.sheets.values() for item in sheet.data_tables.items()]
        for table, asked in tables:
            readers = [run for run, (areas, _) in read.items() if any(map(table.intersect, areas))]
            if not readers:
                continue
            around = asked.reads(table)
            needed = self._reach(
                [run for area in around for run in self.touching(area)], lambda run, why: None
            )
            around += [area for areas, _ in needed.values() for area in areas]
            if any(area.intersect(cells) for area in around for cells in changing):
                error = NotDifferentiable(
                    f"{readers[0].cell} reads the what-if table in {table.address}, which changing cells"
                    " decide: no slope leads through one; read the formula that it asks",
                    readers[0].cell,
                )
                if failed is None:
                    raise error
                failed(readers[0], error)

    def in_order(self, runs: Iterable[Run], failed: Callable[[Run, FormulaError], None]) -> Iterator[Unit]:
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
        for level in self._levels(readable, edges, failed):
            yield from level

    def _reach(
        self, heads: list[Run], failed: Callable[[Run, FormulaError], None] | None
    ) -> dict[Run, tuple[list[Area], list[Run]]]:
        """Every run that the heads need -> (the rectangles, the runs it reads)."""
        reached: dict[Run, tuple[list[Area], list[Run]]] = {}
        waiting = list(heads)
        while waiting:
            run = waiting.pop()
            if run in reached:
                continue
            refs = self.known_refs(run)
            if refs is None:
                if failed is None:
                    raise self._untraceable(run)
                failed(run, self._untraceable(run))
                refs = []
            areas = self._footprints(run, refs)
            sources = list({id(r): r for area in areas for r in self.touching(area)}.values())
            reached[run] = (areas, sources)
            waiting.extend(sources)
        return reached

    def _untraceable(self, run: Run) -> FormulaError:
        """Why nobody knows what a run reads."""
        try:
            names = sorted(self.formula(run).functions & MAKERS)
        except FormulaError as error:
            return error
        what = names[0] if names else "a range"
        return NotDifferentiable(
            f"{run.cell}: {what} makes its reference while it computes, and what it depends on cannot be"
            " followed; write the reference itself or use INDEX",
            run.cell,
            names[0] if names else None,
        )

    def _levels(
        self,
        runs: list[Run],
        edges: dict[int, list[Run]],
        failed: Callable[[Run, FormulaError], None] | None = None,
    ) -> Iterator[list[Unit]]:
        """Runs in order of computation, level by level, as units that can each be computed at once."""
        after: dict[int, int] = {}  # run -> the first level on which it has been computed
        levels: dict[int, list[Run | Ring]] = defaultdict(list)
        for group in strongly_connected(runs, edges):
            first = last = max((after.get(id(s), 0) for run in group for s in edges[id(run)]), default=0)
            try:
                for depth, part in self._parts(group, edges):
                    levels[first + depth].append(part)
                    last = max(last, first + depth)
            except CycleError as error:
                if failed is None:
                    raise
                failed(group[0], error)
            after.update((id(run), last + 1) for run in group)
        for level in sorted(levels):
            rings: list[Unit] = [part for part in levels[level] if isinstance(part, Ring)]
            yield rings + self._batched(part for part in levels[level] if isinstance(part, Run))

    def _batched(self, runs: Iterable[Run]) -> list[Run | Batch]:
        return batched(runs, self.formula, self.trimmed)

    def _parts(self, group: list[Run], edges: dict[int, list[Run]]) -> Iterable[tuple[int, Run | Ring]]:
        """A group of strongly_connected as (level within, what can be computed at once)."""
        run = group[0]
        if len(group) == 1 and run not in edges[id(run)]:
            return [(0, part) for part in self._filled(run)]
        if all(self._fills_as_one(r) and not r.block for r in group):
            longest = max(length for r in group for length in r.area.shape)
            if longest >= LONG:
                return [(0, Ring(group))]
        return self._taken_apart(group)

    def _filled(self, run: Run) -> list[Run]:
        """A run, of which no cell reads another, as parts that can each be computed at once."""
        if self._fills_as_one(run):
            return [run]
        formula = self.formula(run)
        growing = self._growing(formula)
        parts = one_way(run.area, growing, formula.functions) if growing else _single_cells(run.area)
        return [
            run.part(area)
            for part in parts
            for area in ([part] if growing and self._is_worth_growing(part, growing) else _single_cells(part))
        ]

    def _growing(self, formula: Formula) -> list[Ref] | None:
        if formula not in self._growing_in:
            self._growing_in[formula] = ranges_that_grow(formula.tree)
        return self._growing_in[formula]

    def _is_worth_growing(self, host: Area, growing: list[Ref]) -> bool:
        """Whether the cells of `host` are many, and their ranges, which only grow or only shrink, end within
        the data."""
        areas = [ref.footprint(host) for ref in growing]
        return length(host, growing) >= LONG and all(
            area
            and not any(grows(ref, host)[axis] and short for axis, short in enumerate(self._cut_short(area)))
            for ref, area in zip(growing, areas, strict=True)
        )

    def _cut_short(self, area: Area) -> tuple[bool, bool]:
        """Whether an area goes beyond the data to the sheet's last row, or column."""
        rows, cols = self.trimmed(area).shape
        return rows < area.shape[0], cols < area.shape[1]

    def _fills_as_one(self, run: Run) -> bool:
        """Whether every range, those that ROWS only measures too, has one size in all of the run's cells."""
        return run.block or self.formula(run).slides

    def parts(self, unit: Unit, cell_by_cell: bool = False) -> list[Run | Batch]:
        """What a unit can be taken apart into, to be computed one after another; nothing for a run that is
        one range filled on, unless that is to be computed `cell_by_cell`."""
        if isinstance(unit, Batch):
            return list(unit.runs)
        if isinstance(unit, Run):
            if unit.block or unit.area.is_cell or self._fills_as_one(unit) and not cell_by_cell:
                return []
            if cell_by_cell:
                return [unit.part(cell) for cell in _single_cells(unit.area)]
            return self._batched(unit.part(cell) for cell in _single_cells(unit.area))
        levels: dict[int, list[Run]] = defaultdict(list)
        for level, part in self._taken_apart(unit.runs):
            levels[level].append(part)
        return [part for level in sorted(levels) for part in self._batched(levels[level])]

    def _taken_apart(self, ring: Sequence[Run]) -> Iterator[tuple[int, Run]]:
        """Runs that depend on each other, as (level, part); parts of one level do not read each other.

        Raises CycleError with the path where cells depend on themselves."""
        nodes = _Nodes(ring)
        edges = [e for run in ring for ref in self.refs(run) for e in nodes.edges(run, ref)]
        levels = nodes.levels(edges)
        for run in ring:
            mine = levels[nodes.of(run)]
            if run.block:
                yield int(mine[0]), run
                continue
            for level, areas in _areas_by_level(run.area, mine.reshape(run.area.shape)):
                for area in areas:
                    yield from ((level, part) for part in self._filled(run.part(area)))


LONG = 24  # cells along a ring, or along ranges that grow, that are worth computing them at once


@dataclass(frozen=True)
class Slice:
    """The `runs` between changing cells and objective, and as units in order of computation, level by level;
    the `upstream` runs, which no changing cell reaches, stand at their saved values."""

    runs: list[Run]
    levels: list[list[Unit]]
    upstream: list[Run]

    @property
    def units(self) -> list[Unit]:
        return [unit for level in self.levels for unit in level]

    @property
    def sizes(self) -> dict[str, int]:
        """A word -> how many of it there are."""
        units = self.units
        return {
            "formulas": sum(math.prod(run.area.shape) for run in self.runs),
            "runs": len(self.runs),
            "rings": sum(isinstance(unit, Ring) for unit in units),
            "batches": sum(isinstance(unit, Batch) for unit in units),
            "levels": len(self.levels),
        }


Edges = tuple[np.ndarray, np.ndarray]  # numbers of nodes that read, and of those that they read


class _Nodes:
    """The cells of a ring as numbers: each run's row by row, a block as one."""

    def __init__(self, ring: Sequence[Run]):
        self._ring = ring
        self._start: dict[int, int] = {}
        self.count = 0
        for run in ring:
            self._start[id(run)] = self.count
            rows, cols = run.area.shape
            self.count += 1 if run.block else rows * cols

    def of(self, run: Run) -> slice:
        rows, cols = run.area.shape
        start = self._start[id(run)]
        return slice(start, start + (1 if run.block else rows * cols))

    def address(self, number: int) -> str:
        run = next(r for r in self._ring if self.of(r).start <= number < self.of(r).stop)
        row, col = divmod(number - self.of(run).start, run.area.shape[1])
        return cell_address(run.area.sheet, run.area.top + row, run.area.left + col)

    def edges(self, run: Run, ref: Ref) -> Iterator[Edges]:
        """Which cells of the ring a reference reads in each cell of a run."""
        host = run.host
        around = _around(ref, host)
        sources = [source for source in self._ring if around.intersect(source.area)]
        if not sources:
            return
        rows = np.arange(host.top, host.bottom + 1)
        cols = np.arange(host.left, host.right + 1)
        tops, bottoms = _span(ref.top, ref.bottom, rows)
        lefts, rights = _span(ref.left, ref.right, cols)
        readers = np.arange(self.of(run).start, self.of(run).stop).reshape(host.shape)
        for source in sources:
            area = source.area
            down = _overlaps(tops, bottoms, area.top, area.bottom)
            right = _overlaps(lefts, rights, area.left, area.right)
            pairs = down[0].size * right[0].size
            if not pairs:
                continue
            if pairs > MOST_EDGES:
                raise FormulaError(
                    f"{run.cell}: too many cells depend on each other in a ring; read fewer cells at once",
                    run.cell,
                )
            who = readers[down[0][:, None], right[0][None, :]].ravel()
            if source.block:
                yield np.unique(who), np.full(np.unique(who).size, self.of(source).start)
            else:
                read = down[1][:, None] * area.shape[1] + right[1][None, :]
                yield who, self.of(source).start + read.ravel()

    def levels(self, edges: list[Edges]) -> np.ndarray:
        """For each node the longest chain of nodes before it. Raises CycleError with the path of a ring."""
        readers = np.concatenate([e[0] for e in edges])
        read = np.concatenate([e[1] for e in edges])
        order = np.argsort(read, kind="stable")
        dependents = readers[order]
        starts = np.searchsorted(read[order], np.arange(self.count + 1))
        waits_for = np.bincount(readers, minlength=self.count)
        levels = np.zeros(self.count, np.int64)
        ready = np.flatnonzero(waits_for == 0)
        done, level = 0, 0
        while ready.size:
            levels[ready] = level
            done, level = done + ready.size, level + 1
            reached = dependents[_slices(starts[ready], starts[ready + 1])]
            reached, times = np.unique(reached, return_counts=True)
            waits_for[reached] -= times
            ready = reached[waits_for[reached] == 0]
        if done < self.count:
            raise self._circle(readers, read, waits_for > 0)
        return levels

    def _circle(self, readers: np.ndarray, read: np.ndarray, circular: np.ndarray) -> CycleError:
        """The path of a ring among nodes that wait for each other."""
        among = circular[readers] & circular[read]
        source_of = dict(zip(readers[among].tolist(), read[among].tolist(), strict=True))
        path = [min(source_of)]
        while source_of[path[-1]] not in path:
            path.append(source_of[path[-1]])
        ring = [*path[path.index(source_of[path[-1]]) :], source_of[path[-1]]]
        cells = [self.address(number) for number in reversed(ring)]
        shown = cells if len(cells) <= 8 else [*cells[:4], "...", *cells[-3:]]
        return CycleError(
            f"{cells[0]} depends on itself: {' -> '.join(shown)}; break the circle in the sheet", cells[0]
        )


MOST_EDGES = 2**25


def _needed_refs(run: Run, formula: Formula) -> list[Ref]:
    return formula.refs if run.array else formula.refs_beside


def _around(ref: Ref, host: Area) -> Area:
    """All that a reference means in the cells of `host`, beyond the sheet too."""
    top = min(ref.top.resolve(host.top), ref.bottom.resolve(host.top))
    left = min(ref.left.resolve(host.left), ref.right.resolve(host.left))
    bottom = max(ref.top.resolve(host.bottom), ref.bottom.resolve(host.bottom))
    right = max(ref.left.resolve(host.right), ref.right.resolve(host.right))
    return Area(ref.sheet, top, left, bottom, right)


def _span(first: Edge, last: Edge, at: np.ndarray) -> Edges:
    """Where a reference begins and ends, in rows or columns, for cells `at` these."""
    ends = [np.full(at.shape, edge.at) if edge.fixed else at + edge.at for edge in (first, last)]
    return np.minimum(*ends), np.maximum(*ends)


def _overlaps(firsts: np.ndarray, lasts: np.ndarray, low: int, high: int) -> Edges:
    """Pairs (i, place) for every place, counted from `low`, that span i has within low to high."""
    if firsts.size == 1:  # as of cells in one column, which most rings are
        places = np.arange(max(int(firsts[0]), low), min(int(lasts[0]), high) + 1) - low
        return np.zeros_like(places), places
    starts, stops = np.maximum(firsts, low), np.minimum(lasts, high) + 1
    counts = np.maximum(stops - starts, 0)
    return np.repeat(np.arange(firsts.size), counts), _slices(starts, np.maximum(stops, starts)) - low


def _slices(starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """The numbers start, start + 1, ... of each slice, one after another."""
    counts = stops - starts
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if ends.size else 0) + np.repeat(stops - ends, counts)


def _areas_by_level(whole: Area, levels: np.ndarray) -> Iterator[tuple[int, list[Area]]]:
    """The cells of each level (rows, columns of levels) as few rectangles."""
    order, width = np.argsort(levels, axis=None, kind="stable"), levels.shape[1]
    sorted_levels = levels.ravel()[order]
    ends = np.flatnonzero(np.diff(sorted_levels)) + 1
    for start, end in pairwise((0, *ends.tolist(), order.size)):
        cells = order[start:end]  # row by row
        rows, cols = whole.top + cells // width, whole.left + cells % width
        around = Area(whole.sheet, int(rows[0]), int(cols.min()), int(rows[-1]), int(cols.max()))
        areas = [around]
        if math.prod(around.shape) != cells.size:
            keyed = dict.fromkeys(zip(cols.tolist(), rows.tolist(), strict=True), "")
            areas = [area for area, _ in rectangles(whole.sheet, keyed)]
        yield int(sorted_levels[start]), areas


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
