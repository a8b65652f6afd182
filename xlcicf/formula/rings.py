"""Runs that read each other in other rows, solved at once: a running balance, a filter, a recurrent net.

With X the cells of a ring and F its formulas, the sheet says X = F(X, theta), theta being what the formulas
read outside. Put in the order of computation each cell reads earlier ones only, most often near ones, so the
Jacobian of F is a band below the diagonal. Newton's step is one triangular solve, exact where F is affine in
the ring's own cells; each step makes at least one more cell right, and as a rule all of them. The gradient
needs no iteration: one transposed solve and one pullback of F; nor do the derivatives of all cells along one
direction of theta: the pullback's own, by what it pulls back, and one solve.

What each formula reads of the ring is an input of its own on a tape (`_Read`). So one pullback of the sum of
all formulas yields every entry of the band, and which cell an input is wired to is found by sending the
cells' numbers through the references.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from xlcicf.errors import CycleError, FormulaError
from xlcicf.formula import tape as t
from xlcicf.formula.address import Area
from xlcicf.formula.context import place_of
from xlcicf.formula.evaluate import Evaluator
from xlcicf.formula.floats import on_floats
from xlcicf.formula.grid import ERROR, Grid, from_cells, from_numbers
from xlcicf.formula.pieces import Piece
from xlcicf.formula.tree import Ref
from xlcicf.formula.units import Host, Ring, Run, Unit
from xlcicf.formula.vmapped import one_by_one

MOST_LANES = 64  # columns of a ring that goes down, rows of one that goes right
MOST_BAND = 2**25  # numbers in the band
AT_ONCE = 12  # Newton's steps before the cells are computed in turn, where that can be done on plain floats
MOST_STEPS = 200  # where it cannot; then cell by cell
PASSES = 4  # until the kinds of a ring's cells are known
EXACT = 4 * np.finfo(float).eps  # parts of a number that rounding leaves
NEAR = 1e-9  # from here on, steps that gain nothing have come to rounding
SMALLEST = np.finfo(float).tiny


def compute(evaluator: Evaluator, unit: Unit) -> list[Piece]:
    """A unit's cells, laid for the units that follow.

    Raises NotDifferentiable for what has no derivative or no translation, by cell and function.
    """
    if not isinstance(unit, Ring):
        return evaluator.compute(unit)
    pieces = None if _reads_apart(evaluator, unit) else _solved(evaluator, unit)
    if pieces is None:
        return [piece for part in evaluator.graph.parts(unit) for piece in evaluator.compute(part)]
    for piece in pieces:
        evaluator.lay(piece)
    if evaluator.tape:  # for the choices in its formulas
        for run in unit.runs:
            evaluator.cells_of(run)
    return pieces


def _reads_apart(evaluator: Evaluator, ring: Ring) -> bool:
    """Whether a ring reads cells that changing cells make a number or a text."""
    read = (area for run in ring.runs for area in evaluator.graph.footprints(run))
    return evaluator.apart_among(read) is not None


def computed(
    evaluator: Evaluator,
    units: Iterable[Unit],
    failed: Callable[[Run, FormulaError], None],
    compute: Callable[[Evaluator, Unit], list[Piece]] = compute,
) -> Iterator[Piece]:
    """The cells of units in order; `failed` hears of the runs that cannot be computed, and why."""
    for unit in units:
        try:
            yield from compute(evaluator, unit)
        except CycleError as error:
            assert isinstance(unit, Ring)
            failed(unit.runs[0], error)
        except FormulaError as error:
            parts = evaluator.graph.parts(unit)
            if parts:
                yield from computed(evaluator, parts, failed)
            else:
                assert isinstance(unit, Run)
                failed(unit, error)


def _solved(evaluator: Evaluator, ring: Ring) -> list[Piece] | None:
    """The ring's cells solved for at once; None where that cannot be done."""
    try:
        recorded = _recorded(evaluator, ring)
    except FormulaError:  # a function without derivative, whose argument need not change at all
        return None
    order = _order(recorded) if recorded and recorded.reads else None
    if recorded is None or order is None:
        return None
    system = _System(evaluator, recorded, order)
    theta = [piece.grid.num for piece in recorded.outside]
    start = system.forward(*map(t.value_of, theta))
    if not bool(torch.isfinite(start).all()):
        return None
    system.start = start.numpy()
    cells = system.of(*theta) if theta else start
    if isinstance(cells, t.Var):
        cells.partial = recorded.may_fail
    pieces, at = [], 0
    for run, grid in zip(ring.runs, recorded.shown, strict=True):
        count = math.prod(run.area.shape)
        part = t.reshape(t.segment(cells, dim=0, start=at, length=count), shape=(1, 1, *run.area.shape))
        solved = grid.with_num(part)
        pieces.append(Piece((run.area,), solved if isinstance(part, t.Var) else solved.as_it_stands()))
        at += count
    return pieces


# --- recording ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Read:
    """What a reference of a run reads, in part of the ring.

    input  on the tape (H, W, h, w); `wired` is what it is to be, from the ring's cells and from outside
    owners the cells that read: numbers in the ring (H, W)
    """

    input: t.Var
    wired: t.Array
    owners: np.ndarray


@dataclass(frozen=True)
class _Recorded:
    """A ring's formulas on a tape of their own.

    inputs of the tape: the cells of each run (rows, columns), what varies outside, and each read
    shown    the cells of each run as functions of outside and reads (1, 1, rows, columns)
    around   the pieces that the formulas read
    outside  those of them that vary
    """

    ring: Ring
    tape: t.Tape
    cells: list[t.Var]
    around: list[Piece]
    outside: list[Piece]
    theta: list[t.Var]
    inside: "_Inside"
    shown: list[Grid]

    @property
    def reads(self) -> list[_Read]:
        return self.inside.reads

    @property
    def may_fail(self) -> bool:
        return any(grid.may_fail for grid in self.shown)

    @property
    def formulas(self) -> list[t.Array]:
        """What each run's formulas yield (rows, columns)."""
        return [
            t.reshape(grid.full(), shape=run.area.shape)
            for run, grid in zip(self.ring.runs, self.shown, strict=True)
        ]


class _Inside(Evaluator):
    """Computes a ring's formulas as functions of what they read."""

    looks_beyond = False

    def __init__(self, outer: Evaluator, tape: t.Tape, numbers: dict[int, int], runs: Sequence[Run]):
        super().__init__(outer.graph, book_values=outer.book_values)
        self._on, self._first_cell, self._runs = tape, numbers, runs
        self._known: dict[tuple[Ref, Area], Grid] = {}
        self.reads: list[_Read] = []
        self.reading: Run = runs[0]
        self.may_fail = False

    def reference(self, ref: Ref, host: Host, blanks_count: bool = False) -> Grid:
        grid = super().reference(ref, host, blanks_count)
        assert isinstance(host, Area)
        whole = ref.footprint(host)
        if whole is None or not any(whole.intersect(run.area) for run in self._runs):
            return grid
        key = ref, host
        if key not in self._known:
            full = grid.expanded((*host.shape, *grid.size))
            value = t.value_of(full.num)
            assert isinstance(value, Tensor)
            read = self._on.another_input(value.contiguous(), self.may_fail)
            self.reads.append(_Read(read, full.num, self._owners(host)))
            self._known[key] = full.with_num(read).at(grid.place)
        return self._known[key]

    def read(self, ref: Ref, host: Area) -> _Read | None:
        """The read that a reference became; None for one to cells outside."""
        known = self._known.get((ref, host))
        return next((read for read in self.reads if known is not None and read.input is known.num), None)

    def _owners(self, host: Area) -> np.ndarray:
        whole = self.reading.area
        numbers = np.arange(math.prod(whole.shape)).reshape(whole.shape) + self._first_cell[id(self.reading)]
        return numbers[host.within(whole)]


def _recorded(evaluator: Evaluator, ring: Ring) -> _Recorded | None:
    """The ring on a tape, its cells of the kinds that its formulas yield; None where kinds do not settle.

    At first all cells are taken for numbers that never fail."""
    assumed: list[Grid] = []
    may_fail = False
    for _ in range(PASSES):
        recorded = _recorded_with(evaluator, ring, assumed, may_fail)
        if recorded is None:
            return None
        kinds = [_kinds(grid) for grid in recorded.shown]
        if kinds == [_kinds(grid) for grid in assumed or recorded.shown] and may_fail == recorded.may_fail:
            if assumed or not any(kind for kind, _ in kinds):
                return recorded
        assumed, may_fail = recorded.shown, recorded.may_fail
    return None


def _kinds(grid: Grid) -> tuple[bytes, tuple]:
    """What kinds and texts a grid shows, to be compared."""
    if grid.kind is None:
        return b"", ()
    return grid.kinds().tobytes(), tuple(grid.texts().ravel())


def _recorded_with(
    evaluator: Evaluator, ring: Ring, assumed: Sequence[Grid], may_fail: bool
) -> _Recorded | None:
    runs = ring.runs
    saved = [_saved(evaluator, run.area) for run in runs]
    tape = t.Tape(saved[0])
    cells = [tape.input, *(tape.another_input(start, may_fail) for start in saved[1:])]
    tape.input.partial = may_fail
    numbers, at = {}, 0
    for run in runs:
        numbers[id(run)] = at
        at += math.prod(run.area.shape)
    inside = _Inside(evaluator, tape, numbers, runs)
    inside.may_fail = may_fail
    around = read_by(evaluator, runs)
    outside, theta = [], []
    for piece in around:
        if piece.grid.there is not None:
            return None
        if isinstance(piece.grid.num, t.Var):
            outside.append(piece)
            theta.append(tape.another_input(piece.grid.num.value, piece.grid.num.partial))
            piece = Piece(piece.areas, piece.grid.with_num(theta[-1]))
        inside.lay(piece)
    for i, run in enumerate(runs):
        grid = from_cells(cells[i])
        if assumed:
            grid = assumed[i].with_num(grid.num)
        inside.lay(Piece((run.area,), grid))
    shown = []
    for run in runs:
        inside.reading = run
        grid = inside.cells_of(run)
        if grid.there is not None or grid.has(ERROR):
            return None
        shown.append(grid)
    return _Recorded(ring, tape, cells, around, outside, theta, inside, shown)


def read_by(evaluator: Evaluator, runs: Sequence[Run]) -> list[Piece]:
    """The pieces that runs read."""
    found = {
        id(laid.piece): laid.piece
        for run in runs
        for area in evaluator.graph.footprints(run)
        for laid in evaluator.pieces.touching(area)
    }
    return list(found.values())


def _saved(evaluator: Evaluator, area: Area) -> Tensor:
    """The numbers saved in the cells of an area (rows, columns), 0 where there are none."""
    values = evaluator.graph.book.sheets[area.sheet].values
    numbers = [x if type(x := values.get(cell)) is float else 0.0 for cell in area.cells()]
    return torch.tensor(numbers, dtype=t.DTYPE).reshape(area.shape)


# --- order ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Order:
    """The order of computation.

    rank    the place in it of each cell (K,)
    wired   for the elements of all reads, one after another, the cell that each is; -1 for none in the ring
    owners  the cell that reads each element
    width   the largest distance in the order between a cell and one that it reads
    """

    rank: np.ndarray
    wired: np.ndarray
    owners: np.ndarray
    width: int


def _order(recorded: _Recorded) -> _Order | None:
    """None where no order of the ring's rows or columns computes each cell after those that it reads."""
    wired = _wiring(recorded)
    owners = np.concatenate(
        [np.repeat(read.owners.ravel(), math.prod(read.input.shape[2:])) for read in recorded.reads]
    )
    inner = wired >= 0
    for downward in _axes(recorded.ring):
        at, lane, lanes = _lines(recorded.ring.runs, downward)
        for forward in (1, -1):
            rank = _ranked(at * forward, lane, lanes, owners[inner], wired[inner])
            if rank is None:
                continue
            width = int((rank[owners[inner]] - rank[wired[inner]]).max(initial=0))
            if (width + 1) * rank.size <= MOST_BAND:
                return _Order(rank, wired, owners, width)
    return None


def _wiring(recorded: _Recorded) -> np.ndarray:
    """The cell of the ring that each element of the reads is: -1 for what stands outside."""
    program = recorded.tape.program([read.wired for read in recorded.reads])
    zeros = [torch.zeros_like(cell.value) for cell in recorded.cells]
    ends = np.cumsum([cell.value.numel() for cell in recorded.cells])
    numbers = [
        torch.arange(int(end) - cell.value.numel(), int(end), dtype=t.DTYPE).reshape(cell.shape) + 1.0
        for end, cell in zip(ends, recorded.cells, strict=True)
    ]
    theta = [x.value for x in recorded.theta]
    outcomes = [program(*cells, *theta) for cells in (numbers, zeros)]
    apart = [(a - b).numpy().ravel() for a, b in zip(*outcomes, strict=True)]
    return np.rint(np.nan_to_num(np.concatenate(apart))).astype(np.int64) - 1


def _axes(ring: Ring) -> list[bool]:
    """Whether to go down, or right: first the way with fewer lanes."""
    down = sum(run.area.shape[1] for run in ring.runs)
    right = sum(run.area.shape[0] for run in ring.runs)
    ways = sorted([(down, 0, True), (right, 1, False)])
    return [downward for lanes, _, downward in ways if lanes <= MOST_LANES]


def _lines(runs: Sequence[Run], downward: bool) -> tuple[np.ndarray, np.ndarray, int]:
    """For each cell its row (column) and its lane, a column (row) of a run; and how many lanes there are."""
    at, lane, lanes = [], [], 0
    for run in runs:
        rows, cols = np.indices(run.area.shape)
        along, across = (rows + run.area.top, cols) if downward else (cols + run.area.left, rows)
        at.append(along.ravel())
        lane.append(across.ravel() + lanes)
        lanes += run.area.shape[1] if downward else run.area.shape[0]
    return np.concatenate(at), np.concatenate(lane), lanes


def _ranked(
    at: np.ndarray, lane: np.ndarray, lanes: int, owners: np.ndarray, read: np.ndarray
) -> np.ndarray | None:
    """Cells in an order in which each comes after those that it reads, row by row; None where there is none.

    Each lane is moved by so many rows (its `ahead`) that no cell reads a later row, and in a row lanes that
    are read come first."""
    reach = np.full((lanes, lanes), -np.inf)  # reader, read: how far ahead the rows read are at most
    np.maximum.at(reach, (lane[owners], lane[read]), (at[read] - at[owners]).astype(float))
    ahead = np.zeros(lanes)
    for _ in range(lanes + 1):
        wanted = np.maximum(ahead, (reach + ahead).max(axis=1))
        if (wanted == ahead).all():
            break
        ahead = wanted
    else:
        return None
    together = reach + ahead == ahead[:, None]  # reads the same row
    before = _sorted_lanes(together)
    if before is None:
        return None
    order = np.lexsort((before[lane], at + ahead[lane]))
    rank = np.empty(order.size, np.int64)
    rank[order] = np.arange(order.size)
    return rank


def _sorted_lanes(reads: np.ndarray) -> np.ndarray | None:
    """The place of each lane in an order in which those that are read come first; None for a circle."""
    place = np.full(len(reads), -1)
    left = np.ones(len(reads), bool)
    for number in range(len(reads)):
        free = np.flatnonzero(left & ~(reads & left).any(axis=1))
        if not free.size:
            return None
        place[free[0]] = number
        left[free[0]] = False
    return place


# --- solving --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Point:
    """The ring at some cells and outside values: formulas `out` (K,), and the band (K, width + 1).

    `theta` are copies: an optimiser moves its values where they lie, and what stands outside may be a part of
    them."""

    theta: Sequence[Tensor]
    cells: Tensor
    reads: list[Tensor]
    out: np.ndarray
    band: np.ndarray


class _System:
    """X = F(X, theta), solved for X (K,), and its pullback.

    start  X to begin with (K,)
    """

    def __init__(self, evaluator: Evaluator, recorded: _Recorded, order: _Order):
        self._evaluator, self._recorded, self._order = evaluator, recorded, order
        self.start = torch.cat([cell.value.reshape(-1) for cell in recorded.cells]).numpy()
        tape, reads = recorded.tape, recorded.reads
        formulas = recorded.formulas
        inputs = [read.input for read in reads]
        slopes = tape.pulled_back(formulas, [torch.ones_like(t.value_of(f)) for f in formulas], inputs)
        self._is_affine = not any(isinstance(slope, t.Var) for slope in slopes)
        self._formulas = tape.program([*formulas, *slopes])
        self._outside_only = tape.program([read.wired for read in reads])
        inner = order.wired >= 0
        self._inner, self._source = inner, order.wired[inner]
        source, owner = order.rank[self._source], order.rank[order.owners[inner]]
        self._in_band = source * (order.width + 1) + owner - source
        self._by_rank = np.argsort(order.rank)
        self._shapes = [cell.value.shape for cell in recorded.cells]
        self._zeros = [torch.zeros(shape, dtype=t.DTYPE) for shape in self._shapes]
        self._band: np.ndarray | None = None
        self._last: _Point | None = None

    @cached_property
    def of(self) -> t.Primitive:
        """The ring's cells (K,) as a function of what stands outside."""
        of = t.Primitive(lambda *theta: one_by_one(self.forward, *theta), self._pullback.is_linear)
        pull = t.Primitive(lambda g, cells, *theta: one_by_one(self.backward, g, cells, *theta))
        push = t.Primitive(lambda u, cells, *theta: one_by_one(self.along, u, cells, *theta))
        pull.is_last = push.is_last = True

        @pull.pullback
        def _(u, out, g, cells, *theta):
            return push(u, cells, *theta), *[None] * (1 + len(theta))

        @of.pullback
        def _(g, out, *theta):
            flat, at, parts = pull(g, out, *theta), 0, []
            for x in theta:
                size = t.shape_of(x).numel()
                part = t.segment(flat, dim=0, start=at, length=size)
                parts.append(t.reshape(part, shape=tuple(t.shape_of(x))))
                at += size
            return parts

        return of

    @cached_property
    def _pullback(self) -> "_Pullback":
        return _pullback(self._recorded)

    @cached_property
    def _in_turn(self) -> "_InTurn | None":
        return _in_turn(self._recorded, self._order)

    def forward(self, *theta: Tensor) -> Tensor:
        """The ring's cells (K,) at what stands outside; nan where one shows an error.

        Where they were solved for last, they are known: slopes along several parameters are asked at one
        point."""
        if self._last and all(map(torch.equal, self._last.theta, theta)):
            return self._last.cells
        outside = self._outside(theta)
        cells, before = self.start, np.inf
        for taken in range(MOST_STEPS):
            point = self._at(cells, outside, theta)
            off = self._off(point)
            worst = off.max()
            if worst <= EXACT or (worst <= NEAR and worst > before / 2):  # rounding is all that is left
                # once more by the formulas, so that each cell is what its formula makes of those beside it
                self._last = replace(point, cells=torch.from_numpy(point.out))
                return self._last.cells
            if not np.isfinite(worst) and self._is_error(off):
                break
            before = worst
            with np.errstate(all="ignore"):
                residual = np.nan_to_num(point.out - cells, nan=0.0, posinf=0.0, neginf=0.0)
                stepped = cells + self._solve(point.band, residual, transposed=False)
            cells = np.where(np.isfinite(stepped), stepped, cells)
            if taken == AT_ONCE and self._in_turn:
                break
        if self._in_turn is None:
            return self._cell_by_cell(theta)
        point = self._at(self._in_turn(theta, outside), outside, theta)
        self._last = point
        return point.cells

    def _off(self, point: _Point) -> np.ndarray:
        """How far each cell is from what its formula yields, in parts of the numbers at work there."""
        cells = point.cells.numpy()
        scale = np.maximum(np.abs(point.out), np.abs(cells))
        for read, values in zip(self._recorded.reads, point.reads, strict=True):
            owners = read.owners.ravel()
            at_work = np.abs(values.numpy()).reshape(owners.size, -1).max(axis=1)
            scale[owners] = np.maximum(scale[owners], at_work)
        with np.errstate(all="ignore"):
            off = np.abs(point.out - cells) / np.maximum(scale, SMALLEST)
        return np.where(np.isfinite(off), off, np.inf)

    def _is_error(self, off: np.ndarray) -> bool:
        """Whether the first cell that is wrong is so although all before it are right: it shows an error."""
        by_rank = off[self._by_rank]
        return not np.isfinite(by_rank[np.argmax(by_rank > NEAR)])

    def backward(self, g: Tensor, cells: Tensor, *theta: Tensor) -> Tensor:
        """The cotangents of what stands outside, one after another, for those of the cells (K,)."""
        point = self._point(cells, theta)
        weights = self._solve(point.band, np.nan_to_num(g.numpy()), transposed=True)
        inputs = [*self._zeros, *theta, *point.reads, *self._by_run(weights)]
        return torch.cat(self._pullback.program(*inputs))

    def along(self, u: Tensor, cells: Tensor, *theta: Tensor) -> Tensor:
        """How the cells (K,) change where what stands outside, one after another, changes by u."""
        point = self._point(cells, theta)
        risen = self._rising(*self._zeros, *theta, *point.reads, *self._zeros, u)
        flat = np.concatenate([x.numpy().ravel() for x in risen])
        return torch.from_numpy(self._solve(point.band, np.nan_to_num(flat), transposed=False))

    @cached_property
    def _rising(self) -> t.Program:
        """How the formulas change, the ring's cells held: the pullback's own derivative by its weights, of
        which it is linear."""
        tape, pulled = self._recorded.tape, t.join(*self._pullback.of_outside, dim=0)
        u = tape.another_input(torch.ones(t.shape_of(pulled), dtype=t.DTYPE))
        if not isinstance(pulled, t.Var):
            return tape.program(self._zeros)
        total = t.dot(pulled, u)
        by = self._pullback.weights
        return tape.program(tape.gradients(total, by))  # pyright: ignore[reportArgumentType]

    def _point(self, cells: Tensor, theta: Sequence[Tensor]) -> _Point:
        point = self._last
        if point is None or point.cells.data_ptr() != cells.data_ptr():
            point = self._at(cells.numpy(), self._outside(theta), theta)
        return point

    def _outside(self, theta: Sequence[Tensor]) -> np.ndarray:
        """The elements of all reads where they come from outside; 0 for cells of the ring."""
        return np.concatenate([x.numpy().ravel() for x in self._outside_only(*self._zeros, *theta)])

    def _at(self, cells: np.ndarray, outside: np.ndarray, theta: Sequence[Tensor]) -> _Point:
        elements = outside.copy()
        elements[self._inner] = cells[self._source]
        reads, at = [], 0
        for read in self._recorded.reads:
            size = read.input.value.numel()
            reads.append(torch.from_numpy(elements[at : at + size].reshape(read.input.shape)))
            at += size
        out = self._formulas(*self._zeros, *theta, *reads)
        count = len(self._shapes)
        values = np.concatenate([x.numpy().ravel() for x in out[:count]])
        copies = [x.clone() for x in theta]
        return _Point(copies, torch.from_numpy(cells), reads, values, self._banded(out[count:]))

    def _banded(self, slopes: Sequence[Tensor]) -> np.ndarray:
        if self._band is not None:
            return self._band
        width = self._order.width + 1
        if slopes:
            entries = np.concatenate([x.numpy().ravel() for x in slopes])[self._inner]
            entries = np.nan_to_num(entries, nan=0.0, posinf=0.0, neginf=0.0)
            flat = np.bincount(self._in_band, -entries, minlength=self.start.size * width)
        else:
            flat = np.zeros(self.start.size * width)
        band = flat.reshape(-1, width)
        if self._is_affine:
            self._band = band
        return band

    def _solve(self, band: np.ndarray, b: np.ndarray, transposed: bool) -> np.ndarray:
        """x (K,) of (I - J) x = b, or of the transpose."""
        from scipy.linalg import lapack

        x, info = lapack.dtbtrs(  # pyright: ignore[reportAttributeAccessIssue]  # made by f2py
            band.T, b[self._by_rank], uplo="L", trans="T" if transposed else "N", diag="U"
        )
        assert info == 0
        return x[self._order.rank]

    def _by_run(self, flat: np.ndarray) -> list[Tensor]:
        parts = torch.from_numpy(np.ascontiguousarray(flat)).split([shape.numel() for shape in self._shapes])
        return [part.reshape(shape) for part, shape in zip(parts, self._shapes, strict=True)]

    def _cell_by_cell(self, theta: Sequence[Tensor]) -> Tensor:
        """The same where Newton's steps lead nowhere: each cell after those that it reads."""
        recorded = self._recorded
        alone = Evaluator(self._evaluator.graph)
        values = iter(theta)
        for piece in recorded.around:
            if isinstance(piece.grid.num, t.Var):
                piece = Piece(piece.areas, piece.grid.with_num(next(values)))
            alone.lay(piece)
        for part in alone.graph.parts(recorded.ring):
            alone.compute(part)
        cells = [
            np.where(grid.kinds() == ERROR, np.nan, grid.numbers()).ravel()
            for grid in (alone.values(run.area) for run in recorded.ring.runs)
        ]
        return torch.from_numpy(np.concatenate(cells))


@dataclass(frozen=True)
class _Pullback:
    """How what stands outside moves the sum of all formulas, each times its weight.

    weights     inputs of the ring's tape: for each run (rows, columns)
    of_outside  on that tape, for all that varies outside (n,), and as a program
    is_linear   whether no value but the weights decides
    """

    weights: list[t.Var]
    of_outside: list[t.Array]
    program: t.Program
    is_linear: bool


def _pullback(recorded: _Recorded) -> _Pullback:
    tape, theta, reads = recorded.tape, recorded.theta, recorded.reads
    inputs = [read.input for read in reads]
    weights = [tape.another_input(torch.ones_like(cell.value)) for cell in recorded.cells]
    direct = tape.pulled_back(recorded.formulas, weights, [*theta, *inputs])
    through_reads = tape.pulled_back([read.wired for read in reads], direct[len(theta) :], theta)
    both = zip(direct[: len(theta)], through_reads, strict=True)
    of_outside = [t.reshape(t.add(a, b), shape=(-1,)) for a, b in both]
    is_linear = not any(
        x.tape.reaches(x, [*theta, *inputs]) for x in (*direct, *through_reads) if isinstance(x, t.Var)
    )
    return _Pullback(weights, of_outside, tape.program(of_outside), is_linear)


# --- in turn --------------------------------------------------------------------------------------------


class _ManyNumbers(Exception):
    """A formula reads more than one number by a reference, or something else than numbers."""


class _OneCell(Evaluator):
    """Computes the formula of a run for its first cell; whatever it reads is an input of a tape.

    sources  of each input but the first: the read of the ring, or the numbers outside (H, W, 1, 1)
    """

    looks_beyond = False

    def __init__(self, recorded: _Recorded, run: Run):
        super().__init__(recorded.inside.graph, book_values=recorded.inside.book_values)
        self._recorded, self._run = recorded, run
        self.on = t.Tape(torch.zeros(()))
        self.sources: list[_Read | t.Array] = []
        self._known: dict[Ref, t.Var] = {}

    def reference(self, ref: Ref, host: Host, blanks_count: bool = False) -> Grid:
        assert isinstance(host, Area)
        if ref not in self._known:
            inside, area = self._recorded.inside, self._run.area
            inside.reading = self._run
            count = len(inside.reads)
            whole = inside.reference(ref, area)
            if whole.kind is not None or whole.there is not None or not whole.is_single:
                raise _ManyNumbers
            if len(inside.reads) > count:
                raise _ManyNumbers
            number = torch.from_numpy(whole.numbers()[:1, :1].copy())
            self._known[ref] = self.on.another_input(number, self._recorded.may_fail)
            self.sources.append(inside.read(ref, area) or whole.num)
        return from_numbers(self._known[ref]).at(place_of(ref, host))


class _InTurn:
    """Computes a ring's cells one after another, on plain floats.

    Raises _ManyNumbers where that is not possible."""

    def __init__(self, recorded: _Recorded, order: _Order):
        self._runs = recorded.ring.runs
        self._formulas = []
        self._sources: list[list[_Read | t.Array]] = []
        for run in self._runs:
            one = _OneCell(recorded, run)
            grid = one.cells_of(run.part(_first_of(run.area)))
            formula = on_floats(one.on, grid.num)
            if grid.kind is not None or grid.there is not None or formula is None:
                raise _ManyNumbers
            self._formulas.append(formula)
            self._sources.append(one.sources)
        outside = [source for some in self._sources for source in some if not isinstance(source, _Read)]
        self._outside = recorded.tape.program(outside)
        self._zeros = [torch.zeros_like(cell.value) for cell in recorded.cells]
        self._wired, at = {}, 0
        for read in recorded.reads:
            end = at + read.input.value.numel()
            self._wired[id(read)] = slice(at, end), order.wired[at:end].tolist()
            at = end
        counts = [math.prod(run.area.shape) for run in self._runs]
        turns = np.argsort(order.rank)
        run_of = np.repeat(np.arange(len(counts)), counts)[turns]
        place = np.concatenate([np.arange(count) for count in counts])[turns]
        self._turns = list(zip(turns.tolist(), run_of.tolist(), place.tolist(), strict=True))

    def __call__(self, theta: Sequence[Tensor], outside: np.ndarray) -> np.ndarray:
        """The ring's cells (K,), nan where one shows an error; `outside` are the elements of all reads."""
        read = self._what_is_read(theta, outside)
        cells = [math.nan] * len(self._turns)
        for cell, run, place in self._turns:
            values = [0.0]
            for wired, numbers in read[run]:
                source = wired[place] if wired else -1
                values.append(numbers[place] if source < 0 else cells[source])
            cells[cell] = self._formulas[run](values)
        shown = np.array(cells)
        return np.where(np.isfinite(shown), shown, np.nan)

    def _what_is_read(
        self, theta: Sequence[Tensor], outside: np.ndarray
    ) -> list[list[tuple[list[int], list[float]]]]:
        """For each run and each of its references: which cell of the ring each cell reads, -1 for none, and
        what stands there else."""
        others = iter(self._outside(*self._zeros, *theta))

        def one(source: _Read | t.Array, shape: tuple[int, int]) -> tuple[list[int], list[float]]:
            if isinstance(source, _Read):
                where, wired = self._wired[id(source)]
                return wired, outside[where].tolist()
            return [], np.broadcast_to(next(others).numpy(), (*shape, 1, 1)).ravel().tolist()

        return [
            [one(source, run.area.shape) for source in some]
            for run, some in zip(self._runs, self._sources, strict=True)
        ]


def _first_of(area: Area) -> Area:
    return Area(area.sheet, area.top, area.left, area.top, area.left)


def _in_turn(recorded: _Recorded, order: _Order) -> _InTurn | None:
    try:
        return _InTurn(recorded, order)
    except (_ManyNumbers, FormulaError):
        return None
