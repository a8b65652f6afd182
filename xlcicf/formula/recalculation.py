"""Every formula of a book by our own evaluator: all that is wanted once, then what an edit reaches."""

import math
import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, groupby
from typing import TypeVar

import numpy as np
import torch

from xlcicf.errors import CycleError, FormulaError
from xlcicf.formula.address import MAX_COL, MAX_ROW, Area, SheetCell, area_around, cell_address
from xlcicf.formula.book_values import BookValues
from xlcicf.formula.dates import moment
from xlcicf.formula.downstream import Parts, Readers, rectangles_of
from xlcicf.formula.evaluate import Evaluator
from xlcicf.formula.graph import graph_of
from xlcicf.formula.grid import Grid, from_cells
from xlcicf.formula.pieces import Piece
from xlcicf.formula.replay import Replays
from xlcicf.formula.rings import computed
from xlcicf.formula.runs import AreaIndexes, RunGraph
from xlcicf.formula.snapshot import Contents, ExcelError, Scalar, Snapshot, WhatIf, agree, same
from xlcicf.formula.undisturbed import one_thread, without_collecting
from xlcicf.formula.units import Run, Unit, areas_of
from xlcicf.formula.volatile import Drawing
from xlcicf.formula.what_if import WhatIfTable

ROUNDS = 20  # in which references that formulas make have to come to rest
PLANS = 4  # orders of computation that are kept, and of what is computed in them
FEW = 16  # rectangles of one run that an edit reaches and that are computed by themselves

Cell = tuple[int, int]
K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True)
class _Plan:
    """Parts of runs, a graph of these alone, and the units that they are computed in, precedents first.

    held  what each unit came to, as long as the book holds just that"""

    graph: RunGraph
    parts: list[Run]
    units: list[Unit]
    replays: Replays
    held: dict[Unit, list[tuple[tuple[Area, ...], Grid]]] = field(default_factory=dict)

    def still_holds(self, unit: Unit, pieces: Sequence[Piece]) -> bool:
        """Whether the book holds what these pieces of the unit show."""
        held = self.held.get(unit, ())
        return len(held) == len(pieces) and all(
            areas == piece.areas and grid.equals(piece.grid)
            for (areas, grid), piece in zip(held, pieces, strict=True)
        )


class Recalculation:
    """A book's formulas, compiled once, and what they come to: constants flow in, results out.

    book        it is not changed; formulas, names and tables stay as they are in it
    trusted     whether the results in it are true. Then only those that are missing are computed, and what
                lies downstream of an edit; else every formula
    edited      areas that hold something else, constants or formulas, than the results were computed from
    of          the cells that matter: only what they need is computed, and of the others nothing is known;
                without any, all
    volatile    the runs of volatile formulas
    uncomputed  the cells that a formula fills whose result is not known -> why. What cannot be computed (a
                function that the table lacks, another book, a circle) keeps the result that the book has as
                long as nothing that it reads has changed, and stands here if that is not trusted. Else it
                has none, and neither has what reads it
    doubted     of the cells with a result in the book those that stood there before

    Volatile cells (RAND, NOW) stand at the results in the book. Where there is none they are drawn once (see
    volatile.py); in a book that is not trusted also those that hold a 0, which some programs write for every
    formula, and those that read other cells, unless `draws` is False.
    Formulas that make references while they compute (OFFSET) are made anew, and with them what they reach,
    while cells that decide those references become others. What-if tables are computed once all that their
    formulas need has been, and before who reads them; any edit reaches them. Those of which some cell is
    volatile stand at their results: Excel draws anew for each of their cells.
    """

    @without_collecting()
    def __init__(
        self,
        book: Snapshot,
        trusted: bool,
        edited: Iterable[Area] = (),
        doubted: Mapping[SheetCell, FormulaError] | None = None,
        draws: bool = True,
        of: Sequence[Area] = (),
    ):
        self.book = replace(book, sheets={name: replace(sheet) for name, sheet in book.sheets.items()})
        self.trusted = trusted
        self.uncomputed: dict[SheetCell, FormulaError] = dict(doubted or {})
        self._doubted, self._draws = set(self.uncomputed), draws
        self._edited = list(edited)
        self._graph = graph_of(self.book)
        self._of = of
        self._constants_of = {
            name: (sheet.values, len(sheet.formulas)) for name, sheet in book.sheets.items()
        }
        self._gone = Parts()  # what has no result
        self._every_table = [
            _table(area) for sheet in self.book.sheets.values() for area in sheet.data_tables
        ]
        self._look_at_runs()
        self._book_values = BookValues(self.book)
        self._stale: dict[str, list[Cell]] = defaultdict(list)  # cells that have changed since they were read
        self._moment = moment()
        self._written: dict[str, set[Cell]] = defaultdict(set)  # cells that hold something else than before
        self._waiting: list[Area] = []  # cells written since the last calculation
        self._changes: dict[str, dict[Cell, Scalar]] = defaultdict(dict)
        self._news: AreaIndexes | None = None  # where cells have become others; None where that is not asked
        self._is_begun = False
        self._begin()

    def _look_at_runs(self) -> None:
        self._what_if: dict[Run, WhatIfTable] = {}
        everything = (run for sheet in self.book.sheets for run in self._graph.runs(sheet))
        needed = self._needed(self._of) if self._of else [*everything, *self._every_table]
        self._runs = [run for run in needed if run.text]
        self._tables = [run for run in needed if not run.text]
        self.volatile = [run for run in self._runs if self._graph.is_volatile(run)]
        self._readers: Readers | None = None
        self._readers_but_tables: Readers | None = None
        self._plans: dict[tuple, _Plan] = {}
        self._reached_by: dict[tuple[Area, ...], Parts] = {}
        held = set(needed)
        self._gone = Parts((run, area) for run, area in self._gone if run in held)

    def _needed(self, of: Sequence[Area]) -> list[Run]:
        """The runs and tables that these areas need, those among which one cannot be read included."""
        found: dict[Run, None] = {}
        waiting = list(of)
        while waiting:
            area = waiting.pop()
            tables = [table for table in self._every_table if table.area.intersect(area)]
            for run in (*self._graph.touching(area), *tables):
                if run not in found:
                    found[run] = None
                    waiting += self._read_by(run)
        return list(found)

    def _read_by(self, run: Run) -> list[Area]:
        """What a run reads, or a table."""
        if not run.text:
            return self._asked(run).reads(run.area)
        areas = (ref.footprint(run.host) for ref in self._graph.known_refs(run) or ())
        return [area for area in areas if area]

    def _begin(self) -> None:
        """From now on "before" means as it is now."""
        self._before = {name: sheet.values for name, sheet in self.book.sheets.items()}
        self._gone_before, self._uncomputed_before = self._gone, dict(self.uncomputed)

    def after(self, book: Snapshot, edited: Iterable[Area]) -> "Recalculation":
        """One of the same book once formulas, names or tables have become others; `book` has them, and the
        results that this one has told."""
        edited = list(edited)
        doubted = {
            place: self.uncomputed[place]
            for place in self.unverified
            if not any(area.sheet == place[0] and area.contains(*place[1:]) for area in edited)
        }
        return Recalculation(book, True, edited, doubted)

    @property
    def areas(self) -> list[Area]:
        """Where formulas stand, run by run."""
        return [run.area for run in self._runs]

    @property
    def refused(self) -> list[FormulaError]:
        """Why cells cannot be computed, each reason once; reading such a cell is none."""
        found = {id(error): error for error in self.uncomputed.values()}
        return [error for error in found.values() if not isinstance(error, _ReadsUnknown)]

    @property
    def unverified(self) -> list[SheetCell]:
        """The cells that hold a result of which it is not known whether it is true."""
        sheets = self.book.sheets
        return [place for place in self.uncomputed if place[1:] in sheets[place[0]].values]

    def write(self, cells: Contents) -> None:
        """Puts constants into cells that no formula fills; `renewed` computes what they reach."""
        for name, contents in cells.items():
            held, before, written = self._own(name), self._before[name], self._written[name]
            news = [cell for cell, value in contents.items() if not same(held.get(cell), value)]
            self._note_stale(name, news)
            if any((cell in held) != (contents[cell] is not None) for cell in news):
                self._plans.clear()  # whole columns may end elsewhere now
                self._what_if.clear()
            for cell in news:
                _put(held, cell, contents[cell])
                written.add(cell)
                if same(before.get(cell), contents[cell]):
                    written.remove(cell)
            self._waiting += rectangles_of(name, news)

    def follows(self, book: Snapshot) -> bool:
        """Whether it could take over, as `write` does, the constants of a later snapshot of its book. Not
        where something else is not as it was, or where it counts on results that stand in the book."""
        stands = self._tables or self.volatile or self.uncomputed or self._edited
        if stands or self.trusted or not self._is_begun or not self._is_alike(book):
            return False
        for name, sheet in book.sheets.items():
            before, count = self._constants_of[name]
            if sheet.values is before:
                continue
            filled = sheet.formulas.keys() | {cell for area in sheet.arrays.values() for cell in area.cells()}
            found = (cell for cell, value in sheet.values.items() if before.get(cell) is not value)
            changed = (cell for cell in (*found, *(before.keys() - sheet.values)) if cell not in filled)
            self.write({name: {cell: sheet.values.get(cell) for cell in changed}})
            self._constants_of[name] = sheet.values, count
        return True

    def _is_alike(self, book: Snapshot) -> bool:
        """Whether a snapshot has the same formulas, the very same objects, and all else but values."""
        own = self.book
        if (book.words, book.calculation, book.elsewhere) != (own.words, own.calculation, own.elsewhere):
            return False
        return all(
            sheet.formulas is (known := own.sheets[name]).formulas
            and len(sheet.formulas) == self._constants_of[name][1]
            and sheet.arrays is known.arrays
            and (sheet.hidden, sheet.filtered, sheet.spilling)
            == (known.hidden, known.filtered, known.spilling)
            and not sheet.data_tables
            for name, sheet in book.sheets.items()
        )

    def renewed(self) -> Contents:
        """The results that are not those of the last call, at the first not those in the book; None for a
        cell that has no result any more."""
        with one_thread(), without_collecting():
            self._renew()
        self._waiting = []
        changes, self._changes = self._changes, defaultdict(dict)
        return changes

    def _renew(self) -> None:
        if not self._is_begun:
            self._compute(self._first_wanted())
            self._follow_references()
            self._is_begun = True
            self._book_values = BookValues(self.book)  # most of what was read has become something else
            self._stale.clear()
            if not self.trusted:
                self._begin()
        elif self._waiting and not self._edited and not any(self._written.values()):
            self._put_back()
        elif self._waiting:
            self._compute(self._reached(), edits=self._waiting)
            self._follow_references()

    def _follow_references(self) -> None:
        """Computes what makes its references from cells that have become others, until these stay."""
        for _ in range(ROUNDS):
            moved = self._graph.found_out_again()
            if not moved:
                return
            self._look_at_runs()
            wanted = self._readers_of_all().reached(moved)
            wanted.add_all(
                (run, run.within(area).area) for area in moved for run in self._graph.touching(area)
            )
            self._compute(wanted)
        for run, area in wanted:
            self._keep_or_lose(run, area, _never_settles(run))

    # --- what is wanted

    def _first_wanted(self) -> Parts:
        if not self.trusted:
            stands = (run for run in self.volatile if not self._draws or not self._graph.known_refs(run))
            standing = dict.fromkeys(stands)
            found = Parts.of(run for run in (*self._runs, *self._tables) if run not in standing)
            nothing = (None, 0.0) if self._draws else (None,)
            found.add_all((run, area) for run in standing for area in self._holding(run, nothing))
            return found
        edits = [*self._edited, *self._waiting]
        found = self._readers_of_all().reached(edits, FEW) if edits else Parts()
        for area in self._edited:
            for run in self._graph.touching(area):
                found.add(run, run.within(area).area)
        found.add_all((run, area) for run in self._runs for area in self._holding(run, (None,)))
        return found

    def _holding(self, run: Run, contents: Sequence[Scalar]) -> list[Area]:
        """The cells of the run that hold one of these."""
        held = self.book.sheets[run.area.sheet].values
        return rectangles_of(run.area.sheet, [c for c in run.area.cells() if held.get(c) in contents])

    def _reached(self) -> Parts:
        """What lies downstream of the cells written, kept as orders of computation are."""
        key = tuple(self._waiting)
        if key not in self._reached_by:
            _keep(self._reached_by, key, self._readers_of_all().reached(key, FEW))
        return self._reached_by[key]

    def _readers_of_all(self) -> Readers:
        """Tables among them, which any cell may reach."""
        if self._readers is None:
            self._readers = Readers(self._graph, self._runs, everywhere=self._tables)
        return self._readers

    def _readers_of_cells(self) -> Readers:
        """Without tables."""
        if self._readers_but_tables is None:
            self._readers_but_tables = Readers(self._graph, self._runs)
        return self._readers_but_tables

    def _put_back(self) -> None:
        """All constants are as they were before, and so become the results."""
        for name, before in self._before.items():
            now = self.book.sheets[name].values
            if now is not before:
                self._hold(name, {cell: before.get(cell) for cell in now.keys() | before.keys()})
                self.book.sheets[name].values = before
        self._gone, self.uncomputed = self._gone_before, dict(self._uncomputed_before)

    # --- computing

    def _compute(self, wanted: Parts, edits: Sequence[Area] = ()) -> None:
        """Computes the parts of runs and tables, precedents first, and finds out which cannot be computed.

        edits  the areas whose edits reach the parts, if that is all: what reads nothing that has become
               something else is left as it is
        """
        self._news = AreaIndexes() if edits and not self._gone and not self.uncomputed else None
        for area in edits:
            self._note_news(area)
        self._give_another_chance(wanted)
        self._doubtful: list[tuple[Run, Area, FormulaError]] = []
        for _, area in list(self._gone):
            self._lose_readers(area)
        tables = [run for run, _ in wanted if not run.text]
        needed = {table: self._needed_by(table) for table in tables}
        waiting = wanted.without(Parts.of(tables))
        while tables:
            behind = self._readers_of_cells().reached(table.area for table in tables)
            ready = [table for table in tables if not any(map(behind.count, needed[table]))]
            now = waiting.without(behind)
            waiting = waiting.without(now)
            self._compute_all(now)
            for table in ready or tables:
                self._fill(table, needed[table], is_circular=not ready)
            tables = [table for table in tables if ready and table not in ready]
        self._compute_all(waiting)
        for run, area, error in self._doubtful:
            self._keep_or_lose(run, area, error)

    def _compute_all(self, waiting: Parts) -> None:
        while waiting:
            waiting = self._compute_once(waiting.without(self._gone))

    def _give_another_chance(self, wanted: Parts) -> None:
        """Forgets that some of what is wanted could not be computed before."""
        if not self.uncomputed:
            return
        for _, area in wanted:
            before, held = self._before[area.sheet], self.book.sheets[area.sheet].values
            lost = [cell for cell in area.cells() if self.uncomputed.pop((area.sheet, *cell), None)]
            self._hold(
                area.sheet, {cell: before[cell] for cell in lost if cell in before and cell not in held}
            )
        self._gone = self._gone.without(wanted)

    def _compute_once(self, wanted: Parts) -> Parts:
        """Computes the parts, and returns those that are left for the next time: cells that have turned out
        to have no result lie among theirs, or among those of parts that they read."""
        late, left, done = Parts(), Parts(), []
        circles: list[CycleError] = []

        def unreadable(part: Run, error: FormulaError) -> None:
            note(part, error, self._doubt)

        def refused(part: Run, error: FormulaError) -> None:
            note(part, error, self._keep_or_lose)

        def note(part: Run, error: FormulaError, so: Callable[[Run, Area, FormulaError], None]) -> None:
            if isinstance(error, CycleError):  # which names one cell of all that are in it
                circles.append(error)
                return
            done.append(part.area)
            for run, area in self._located([part.area]):
                so(run, area, error)

        plan = self._planned(wanted, unreadable)
        self._renew_book_values()
        evaluator = Drawing(plan.graph, self._book_values, self._moment)
        for unit in plan.units:
            areas = areas_of(unit)
            lost = [parts for parts in (late, self._gone) if parts]
            if lost and any(self._is_among(parts, area) for area in areas for parts in lost):
                done += areas
                left.add_all(self._located(areas))
                late.add_all([*self._located(areas), *self._readers_of_all().reached(areas)])
                continue
            if not self._reads_news(unit):
                done += areas
                continue
            pieces = list(computed(evaluator, [unit], refused, plan.replays.compute))
            done += chain.from_iterable(piece.areas for piece in pieces)
            if plan.still_holds(unit, pieces):
                continue
            for sheet, cells, values in chain.from_iterable(map(shown, pieces)):
                if not self._holds(sheet, cells, values):
                    self._hold(sheet, dict(zip(cells, values, strict=True)), plan)
            plan.held[unit] = [(piece.areas, piece.grid) for piece in pieces]
        for run, area in self._located(_left_over(plan.parts, done) if circles else ()):
            self._doubt(run, area, circles[0])
        return left

    def _needed_by(self, table: Run) -> list[Run]:
        """The runs that a what-if table needs."""
        return [run for run in self._needed(self._read_by(table)) if run.text]

    def _asked(self, table: Run) -> WhatIf:
        return self.book.sheets[table.area.sheet].data_tables[table.area]

    def _what_if_table(self, table: Run) -> WhatIfTable:
        if table not in self._what_if:
            self._what_if[table] = WhatIfTable(self._graph, table.area, self._asked(table))
        return self._what_if[table]

    def _fill(self, table: Run, needed: Sequence[Run], is_circular: bool) -> None:
        """Computes a what-if table, if something of what it has `needed` has become another."""
        what_if = self._what_if_table(table)
        try:
            if not what_if.is_told:
                raise _without_input(table)
            if is_circular:
                raise _reads_itself(table)
            if any(map(self._graph.is_volatile, needed)):
                if self.book.sheets[table.area.sheet].values.keys() >= set(table.area.cells()):
                    return
                raise _drawn_anew(table)
            read = chain(self._read_by(table), *map(self._graph.footprints, needed))
            if self._news is not None and not any(map(self._news.touching, read)):
                return
            if self.uncomputed and (unknown := next(filter(self._is_unknown, needed), None)):
                raise _reads_a_lost(table.area.sheet, unknown.area, (table.area.top, table.area.left))
            self._renew_book_values()
            for piece in list(what_if.computed(self._book_values)):
                for sheet, cells, values in shown(piece):
                    self._hold(sheet, dict(zip(cells, values, strict=True)))
        except FormulaError as error:
            self._doubt(table, table.area, error)

    def _is_unknown(self, run: Run) -> bool:
        return any((run.area.sheet, *cell) in self.uncomputed for cell in run.area.cells())

    def _renew_book_values(self) -> None:
        for name, cells in self._stale.items():
            self._book_values.renew(name, cells)
        self._stale.clear()

    def _planned(self, wanted: Parts, unreadable: Callable[[Run, FormulaError], None]) -> "_Plan":
        """The parts in order. Kept for the next time: who edits a cell often edits it again."""
        key = tuple((id(run), None if area is run.area else area) for run, area in wanted)
        if key in self._plans:
            return self._plans[key]
        parts, failed = [run.part(area) for run, area in wanted], []

        def note(part: Run, error: FormulaError) -> None:
            failed.append(part)
            unreadable(part, error)

        graph = self._graph.of(parts)
        plan = _Plan(graph, parts, list(graph.in_order(parts, note)), Replays(graph))
        if not failed:
            _keep(self._plans, key, plan)
        return plan

    def _reads_news(self, unit: Unit) -> bool:
        """Whether a cell that the unit reads may have become another since the edits."""
        if self._news is None:
            return True
        for run in [unit] if isinstance(unit, Run) else unit.runs:
            refs = self._graph.known_refs(run)
            read = None if refs is None else [ref.footprint(run.host) for ref in refs]
            if read is None or any(area is None or self._news.touching(area) for area in read):
                return True
        return False

    def _note_stale(self, name: str, cells: Iterable[Cell]) -> None:
        if cells:
            self._stale[name] += cells

    def _note_news(self, area: Area) -> None:
        if self._news is not None:
            self._news.add(area, area)

    def _located(self, areas: Iterable[Area]) -> Iterator[tuple[Run, Area]]:
        """Areas, each a part of one run, with the run."""
        return ((self._graph.touching(area)[0], area) for area in areas)

    def _is_among(self, parts: Parts, area: Area) -> bool:
        """Whether some cell of the area, a part of one run, lies among parts."""
        return any(parts.beyond(run, area) != [area] for run, area in self._located([area]))

    # --- what cannot be computed

    def _doubt(self, run: Run, area: Area, error: FormulaError) -> None:
        """Notes a part that cannot be computed. Whether something that it reads has changed is not known
        yet; cells that hold nothing anyhow are lost at once."""
        values = self.book.sheets[area.sheet].values
        empty = [cell for cell in area.cells() if cell not in values]
        self._lose(run, empty, error)
        self._doubtful.append((run, area, error))

    def _keep_or_lose(self, run: Run, area: Area, error: FormulaError) -> None:
        """A part that cannot be computed loses the cells that read something changed; the others keep what
        they hold."""
        values = self.book.sheets[area.sheet].values
        doubtful = [cell for cell in area.cells() if (area.sheet, *cell) not in self.uncomputed]
        reads_changed = self._reader_of_changed(run)
        lost = [cell for cell in doubtful if cell not in values or reads_changed(cell)]
        kept = [(area.sheet, *cell) for cell in doubtful if cell not in set(lost)]
        self.uncomputed |= {place: error for place in kept if not self.trusted or place in self._doubted}
        self._lose(run, lost, error)

    def _lose(self, run: Run, cells: Sequence[Cell], error: FormulaError) -> None:
        """These cells have no result, and what reads them neither."""
        sheet = run.area.sheet
        for area in [run.area] if run.block and cells else rectangles_of(sheet, cells):
            self._let_go(run, area, lambda cell: error)
            self._lose_readers(area)

    def _lose_readers(self, area: Area) -> None:
        for run, part in self._readers_of_all().reached([area]):
            for rest in self._gone.beyond(run, part):
                self._let_go(run, rest, partial(_reads_a_lost, rest.sheet, area))

    def _let_go(self, run: Run, area: Area, why: Callable[[Cell], FormulaError]) -> None:
        self._gone.add(run, area)
        self.uncomputed |= {(area.sheet, *cell): why(cell) for cell in area.cells()}
        self._hold(area.sheet, dict.fromkeys(area.cells()))

    def _reader_of_changed(self, run: Run) -> Callable[[Cell], bool]:
        """Whether a cell of the run reads something that is not as it was before."""
        refs = self._graph.known_refs(run) if run.text else None
        if refs is None:
            has_changed = self._has_anything_changed()
            return lambda cell: has_changed
        footprints = (ref.footprint(run.host) for ref in refs)
        if not any(self._has_changed(area) for area in footprints if area):
            return lambda cell: False
        if run.block:
            return lambda cell: True
        return lambda cell: any(self._has_changed(a) for ref in refs if (a := ref.area(*cell)))

    def _has_changed(self, area: Area) -> bool:
        before, now = self._before[area.sheet], self.book.sheets[area.sheet].values
        if any(area.intersect(edit) for edit in self._edited):
            return True
        cells = () if now is before else {*area.among(now), *area.among(before)}
        return any(not agree(before.get(cell), now.get(cell)) for cell in cells)

    def _has_anything_changed(self) -> bool:
        return bool(self._edited) or any(
            self._has_changed(Area(name, 1, 1, MAX_ROW, MAX_COL)) for name in self.book.sheets
        )

    # --- what cells hold

    def _own(self, name: str) -> dict[Cell, Scalar]:
        """A sheet's values, to be changed here."""
        sheet = self.book.sheets[name]
        if sheet.values is self._before[name]:
            sheet.values = dict(sheet.values)
        return sheet.values

    def _holds(self, name: str, cells: Sequence[Cell], values: Sequence[Scalar]) -> bool:
        """Whether the cells hold these values already."""
        held = list(map(self.book.sheets[name].values.get, cells))
        return held == values and all(map(operator.is_, map(type, held), map(type, values)))

    def _hold(self, name: str, results: Mapping[Cell, Scalar], by: _Plan | None = None) -> None:
        """From now on the cells hold these results, of a unit of a plan or of nobody's."""
        held = self.book.sheets[name].values
        news = {cell: value for cell, value in results.items() if not same(held.get(cell), value)}
        if news:
            held = self._own(name)
            self._note_news(area_around(name, news))
            self._note_stale(name, news)
            for cell, value in news.items():
                _put(held, cell, value)
            self._changes[name] |= news
            for plan in self._plans.values():
                if plan is not by:
                    plan.held.clear()


def recalculation(book: Snapshot, objective: Area, changing: Sequence[Area]) -> Callable[[np.ndarray], float]:
    """value(v): what the objective's cell shows, nan for no number, with v (n,) in the changing cells.

    Each call evaluates the formulas in between anew. Raises what `RunGraph.between` raises.
    """
    graph = graph_of(book)
    units = graph.between(changing, [objective]).units
    first, replays = Evaluator(graph), Replays(graph)
    at = objective.top, objective.left

    def value(v: np.ndarray) -> float:
        evaluator, begin = first.afresh(), 0
        for area in changing:
            end = begin + math.prod(area.shape)
            evaluator.lay(Piece((area,), from_cells(torch.tensor(v[begin:end]).reshape(area.shape))))
            begin = end
        found = book.sheets[objective.sheet].values.get(at)
        for unit in units:
            for piece in replays.compute(evaluator, unit):
                if any(objective.intersect(area) for area in piece.areas):
                    found = scalars(evaluator.values(objective))[0]
        return found if isinstance(found, float) else math.nan

    return value


# --- computed pieces: the only place that knows their shape -----------------------------------------------


def shown(piece: Piece) -> Iterator[tuple[str, list[Cell], list[Scalar]]]:
    """What the computed cells show: (a sheet, cells, their values)."""
    values, start = scalars(piece.grid), 0
    for sheet, areas in groupby(piece.areas, lambda area: area.sheet):
        cells = list(chain.from_iterable(area.cells() for area in areas))
        yield sheet, cells, values[start : start + len(cells)]
        start += len(cells)


def scalars(grid: Grid) -> list[Scalar]:
    """A grid's elements in order, as cells show them: a blank as 0, what is not finite as #NUM!."""
    if grid.kind is None:
        numbers = grid.numbers().ravel() + 0.0  # Excel has no -0
        if np.isfinite(numbers).all():
            return numbers.tolist()
        return [_plain(number) for number in numbers.tolist()]
    return [_plain(value) for value in grid.scalars().ravel().tolist()]


def _plain(value: Scalar) -> Scalar:
    match value:
        case None:
            return 0.0
        case float():
            return value + 0.0 if math.isfinite(value) else ExcelError("#NUM!")
        case ExcelError():
            return ExcelError(str(value))
        case str():
            return str(value)
    return value


def _keep(kept: dict[K, V], key: K, value: V) -> None:
    """In place of the oldest of too many."""
    if len(kept) == PLANS:
        del kept[next(iter(kept))]
    kept[key] = value


def _put(held: dict[Cell, Scalar], cell: Cell, value: Scalar) -> None:
    if value is None:
        held.pop(cell, None)
    else:
        held[cell] = value


def _table(area: Area) -> Run:
    """A what-if table as a run without a text."""
    return Run(area, "", (area.top, area.left), block=True)


def _drawn_anew(table: Run) -> FormulaError:
    return FormulaError(
        f"{table.cell} is a what-if table of random numbers, which Excel draws anew for each cell", table.cell
    )


def _reads_itself(table: Run) -> FormulaError:
    return FormulaError(f"{table.cell} is a what-if table of cells that depend on it", table.cell)


def _without_input(table: Run) -> FormulaError:
    return FormulaError(
        f"{table.cell} is a what-if table whose input cell was deleted; make it again in Excel", table.cell
    )


def _never_settles(run: Run) -> FormulaError:
    return FormulaError(f"{run.cell} makes its reference from cells that depend on it", run.cell)


class _ReadsUnknown(FormulaError):
    """A cell reads another that cannot be computed."""


def _reads_a_lost(sheet: str, lost: Area, cell: Cell) -> FormulaError:
    address = cell_address(sheet, *cell)
    return _ReadsUnknown(f"{address} reads {lost.address}, which cannot be computed", address)


def _left_over(parts: Iterable[Run], done: Iterable[Area]) -> Iterator[Area]:
    """The cells of parts that are not among those done."""
    seen = {(area.sheet, *cell) for area in done for cell in area.cells()}
    for part in parts:
        left = [cell for cell in part.area.cells() if (part.area.sheet, *cell) not in seen]
        yield from [part.area] if part.block and left else rectangles_of(part.area.sheet, left)
