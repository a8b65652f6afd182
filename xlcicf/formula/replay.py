"""Units computed anew: what their formulas did to numbers, recorded once and done again to other numbers.

To follow a formula node by node and kind by kind takes many times as long as to compute a cell's few numbers.
Where nothing but numbers has become others, the steps stay the same: those of a tape whose inputs are all
that the unit reads. For anything else, other kinds, another text, or an outcome that is no finite number, the
formulas themselves are asked. Rounding apart: of what varies, products and sums are taken in another order.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from xlcicf.errors import FormulaError
from xlcicf.formula import tape as t
from xlcicf.formula.address import Area
from xlcicf.formula.context import Fails, Misused
from xlcicf.formula.evaluate import Evaluator
from xlcicf.formula.grid import BOOL, ERROR, Grid
from xlcicf.formula.pieces import Piece
from xlcicf.formula.rings import compute, read_by
from xlcicf.formula.runs import RunGraph
from xlcicf.formula.snapshot import Scalar, Snapshot
from xlcicf.formula.tree import Ref
from xlcicf.formula.units import Batch, Ring, Run, Unit, areas_of

WORTH_RECORDING = 3  # times that a unit is computed
NOTHING = torch.zeros(0, dtype=t.DTYPE)  # a tape's first input


class Replays:
    """Computes the units of one graph over and over: from their formulas, and from the fourth time on by what
    the third recorded. That takes longer than to compute, and most books are computed once or twice."""

    def __init__(self, graph: RunGraph):
        self._graph = graph
        self._recorded: dict[Unit, Replay | None] = {}
        self._times: dict[Unit, int] = defaultdict(int)

    def compute(self, evaluator: Evaluator, unit: Unit) -> list[Piece]:
        """The unit's cells, laid for those that follow. Raises what `rings.compute` raises."""
        if replay := self._recorded.get(unit):
            if pieces := replay.again(evaluator):
                for piece in pieces:
                    evaluator.lay(piece)
                return evaluator.note(unit, pieces)
        elif unit not in self._recorded:
            self._times[unit] += 1
            if self._times[unit] == WORTH_RECORDING:
                self._recorded[unit] = self._record(evaluator, unit)
        return evaluator.note(unit, compute(evaluator, unit))

    def _record(self, evaluator: Evaluator, unit: Unit) -> "Replay | None":
        """A unit's steps; None where they are not the same for other numbers, or nobody knows that, or where
        they say nothing even of the numbers of which they were recorded."""
        try:
            replay = (
                _ring(evaluator, unit) if isinstance(unit, Ring) else _formula(evaluator, unit, self._graph)
            )
        except FormulaError:  # of an argument, say, that must not change
            return None
        return replay if replay and replay.again(evaluator) else None


class _Source(Protocol):
    """Something that a unit reads."""

    def now(self, evaluator: Evaluator) -> Tensor | None:
        """The numbers that stand there; None where that is not all that may have become others."""
        ...


@dataclass(frozen=True)
class _Read:
    """What an evaluator says that stands somewhere, and what stood there."""

    read: Callable[[Evaluator], Grid]
    then: Grid

    def now(self, evaluator: Evaluator) -> Tensor | None:
        grid, then = self.read(evaluator), self.then
        return t.value_of(grid.num) if grid is then or grid.is_alike(then) else None


@dataclass(frozen=True)
class _Part:
    """The piece `then` of a unit, or some of its rows and columns.

    otherwise  how to read them where the unit has other pieces now, or has not been computed
    """

    unit: Unit
    nth: int
    then: Piece
    where: tuple[slice, slice] | None = None
    otherwise: _Read | None = None

    def now(self, evaluator: Evaluator) -> Tensor | None:
        pieces = evaluator.made.get(self.unit, ())
        if self.nth < len(pieces) and pieces[self.nth].areas == self.then.areas:
            grid = pieces[self.nth].grid
            if grid.is_alike(self.then.grid):
                num = t.value_of(grid.num)
                return num if self.where is None else num[:, :, *self.where]
        return self.otherwise and self.otherwise.now(evaluator)


class _Standing:
    """Constants of a sheet that are part of the steps."""

    def __init__(self, book: Snapshot, sheet: str, cells: list[tuple[int, int]]):
        self._sheet, self._cells = sheet, cells
        self._held = self._now(book)

    def is_as_then(self, book: Snapshot) -> bool:
        return self._now(book) == self._held

    def _now(self, book: Snapshot) -> tuple[list[Scalar], list[type]]:
        held = list(map(book.held(self._sheet).values.get, self._cells))
        return held, list(map(type, held))


@dataclass(frozen=True)
class Replay:
    """A unit's steps: from the numbers of its sources to those that its pieces lack here, and to others that
    have to be finite as well."""

    sources: Sequence[_Source]
    program: t.Program
    pieces: Sequence[Piece]
    standing: Sequence[_Standing]

    def again(self, evaluator: Evaluator) -> list[Piece] | None:
        """The unit's pieces; None where its formulas have to be asked."""
        if not all(constants.is_as_then(evaluator.graph.book) for constants in self.standing):
            return None
        numbers = [NOTHING]
        for source in self.sources:
            try:
                now = source.now(evaluator)
            except FormulaError:  # of a value that is not known
                return None
            if now is None:
                return None
            numbers.append(now)
        try:
            outs = self.program(*numbers)
        except (FormulaError, Fails, Misused):  # of what cannot be at all with these numbers
            return None
        if not all(map(t.all_finite, outs)):
            return None
        shown = zip(self.pieces, outs[: len(self.pieces)], strict=True)
        return [Piece(piece.areas, piece.grid.with_num(out)) for piece, out in shown]


def _replay(
    sources: Sequence[_Source], tape: t.Tape, pieces: Sequence[Piece], standing: Sequence[_Standing] = ()
) -> Replay | None:
    """The steps that led to pieces; None where these do not depend on numbers alone, and where one of them
    takes as long as the formula."""
    grids = [piece.grid for piece in pieces]
    nums = [grid.num for grid in grids if isinstance(grid.num, t.Var)]
    if len(nums) < len(grids) or any(grid.there is not None or grid.has(ERROR) for grid in grids):
        return None
    if any(record.primitive and record.primitive.is_anew for record in tape.needed(nums)):
        return None
    program = tape.program([*nums, *tape.guards(nums)])
    without = [Piece(piece.areas, replace(piece.grid, num=NOTHING, varying=None)) for piece in pieces]
    return Replay(sources, program, without, standing)  # which else would hold the tape


def _varying(grid: Grid, tape: t.Tape) -> Grid:
    """The grid, whose numbers and truths are another input's now."""
    varying = grid.kinds() <= BOOL
    num = tape.another_input(t.value_of(grid.num))
    if not varying.any():
        return grid
    return replace(grid, num=num, varying=None if grid.kind is None else varying)


# --- runs and batches -----------------------------------------------------------------------------------


class _Reading(Evaluator):
    """Computes a unit as a function of the numbers that it reads, each an input of a tape."""

    def __init__(self, outer: Evaluator, graph: RunGraph):
        super().__init__(outer.graph, book_values=outer.book_values)
        self._outer, self._filled = outer, graph
        self._known: dict[Hashable, Grid] = {}
        self.inputs = t.Tape(NOTHING)
        self.sources: list[_Source] = []

    def values(self, area: Area) -> Grid:
        return self._input(area, lambda evaluator: evaluator.values(area), area)

    def _scattered(self, ref: Ref, batch: Batch, blanks_count: bool) -> Grid:
        key = id(ref), blanks_count
        return self._input(key, lambda evaluator: evaluator.reference(ref, batch, blanks_count))

    def _input(self, key: Hashable, read: Callable[[Evaluator], Grid], area: Area | None = None) -> Grid:
        if key not in self._known:
            grid = read(self._outer)
            self.sources.append(self._source(_Read(read, grid), area))
            self._known[key] = _varying(grid, self.inputs)
        return self._known[key]

    def _source(self, read: _Read, area: Area | None) -> _Source:
        """The quickest way to what is read."""
        if area is None:
            return read
        found = self._outer.pieces.touching(area)
        if not found and not self._filled.touching(area):
            return _Read(lambda evaluator: evaluator.book_values.grid(area), read.then)
        if len(found) != 1 or found[0].area.intersect(area) != area or read.then.kind is not None:
            return read
        (laid,) = found
        maker, where = self._outer.maker.get(id(laid.piece)), laid.slices(area)
        if maker is None or where is None:
            return read
        is_all = laid.piece.areas == (area,)
        return _Part(*maker, laid.piece, None if is_all else where, read)


def _formula(evaluator: Evaluator, unit: Run | Batch, graph: RunGraph) -> Replay | None:
    reading = _Reading(evaluator, graph)
    piece = Piece(areas_of(unit), reading.cells_of(unit))
    return _replay(reading.sources, reading.inputs, [piece])


# --- rings ----------------------------------------------------------------------------------------------


def _ring(evaluator: Evaluator, ring: Ring) -> Replay | None:
    """Constants of the book are part of a ring's steps, what formulas yield is not."""
    inside, tape = Evaluator(evaluator.graph, book_values=evaluator.book_values), t.Tape(NOTHING)
    pieces = read_by(evaluator, ring.runs)
    sources = [_whole(evaluator, piece) for piece in pieces]
    if not all(sources):
        return None
    for piece in pieces:
        inside.lay(Piece(piece.areas, _varying(piece.grid, tape)))
    made = compute(inside, ring)
    if len(made) != len(ring.runs):
        return None
    filled = [area for piece in (*pieces, *made) for area in piece.areas]
    return _replay(list(filter(None, sources)), tape, made, list(_standing(evaluator.graph, ring, filled)))


def _whole(evaluator: Evaluator, piece: Piece) -> _Source | None:
    """A piece to be read again; None where nobody knows which it is."""
    if maker := evaluator.maker.get(id(piece)):
        return _Part(*maker, piece)
    if len(piece.areas) != 1:
        return None
    area = piece.areas[0]
    return _Read(lambda evaluator: evaluator.values(area), piece.grid)


def _standing(graph: RunGraph, ring: Ring, filled: Sequence[Area]) -> Iterator[_Standing]:
    """What a ring reads beside the cells that are `filled`."""
    cells: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for run in ring.runs:
        for area in graph.footprints(run):
            cells[area.sheet].update(area.cells())
    for area in filled:
        cells[area.sheet].difference_update(area.cells())
    return (_Standing(graph.book, sheet, sorted(some)) for sheet, some in cells.items() if some)
