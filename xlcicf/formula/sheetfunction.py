"""One torch function out of a spreadsheet: from changing cells to objective, with its exact gradient."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
import torch

from xlcicf import notebook
from xlcicf.errors import AddressError, DataError, FormulaError, ProblemError
from xlcicf.formula import tape as t
from xlcicf.formula.address import Area, cell_address
from xlcicf.formula.evaluate import Evaluator, error_sentence
from xlcicf.formula.functions import FUNCTIONS
from xlcicf.formula.graph import graph_of
from xlcicf.formula.grid import BOOL, NUMBER, Grid, from_cells
from xlcicf.formula.limit_sides import sides
from xlcicf.formula.limits import Limit, LimitedCell, limited_cells
from xlcicf.formula.overflow import unless_hidden
from xlcicf.formula.pieces import Piece
from xlcicf.formula.rings import compute
from xlcicf.formula.runs import RunGraph, Slice
from xlcicf.formula.snapshot import ExcelError, Snapshot
from xlcicf.formula.structure import Structure
from xlcicf.formula.tree import MAKERS
from xlcicf.formula.undisturbed import one_thread, without_collecting
from xlcicf.formula.units import Batch, Host, Run


@dataclass(frozen=True)
class RunValues:
    """The numbers of one run of formulas: `values` (rows, columns), nan where the cell shows no number."""

    area: Area
    values: np.ndarray


def values_of(piece: Piece, num: torch.Tensor) -> Iterator[RunValues]:
    """The piece's numbers `num` (1, 1, rows, columns), nan where its cells show text or an error."""
    values = np.where(piece.grid.kinds() > BOOL, np.nan, num.numpy()).ravel()
    for area, _, start in piece.laid():
        yield RunValues(area, values[start : start + math.prod(area.shape)].reshape(area.shape))


class SheetFunction:
    """The objective cell as a function of the changing cells.

    start    values of the changing cells now (n,), float64
    cells    their addresses in the same order
    lower, upper  bounds (n,), infinite where there are none
    sense    "min", "max" or the number that the objective should come to
    init     half-width of the uniform distribution that restarts are drawn from, or None
    objective     the objective's address
    frozen   addresses of cells upstream that change by themselves (RAND, NOW) or are not computed here (a
             macro's function), which stand at their saved values
    stepped  (address, function) of what moves in steps on the way, so that its derivative is 0 between them:
             ROUND, COUNTIF, a comparison used as a number; of cells filled down the first
    constraints  the limits, cell by cell (m,)
    whole    which of the changing cells must be whole numbers (n,)
    orders   groups of them, by number, that must be 1, 2, 3, ... in some order: Solver's AllDifferent
    structure  what objective and constraints are made of: see `Structure`
    sizes    what lies between the changing cells and the objective: a word -> how many of it
    """

    def __init__(
        self,
        objective: Area,
        changing: Sequence[Area],
        tape: t.Tape,
        head: Grid,
        pieces: list[Piece],
        frozen: list[str],
        sizes: dict[str, int],
        constraints: Sequence[LimitedCell] = (),
        sides: Sequence[tuple[t.Array, t.Array]] = (),
    ):
        """Of what was recorded on `tape`: `head` is what the objective shows, `pieces` all cells computed,
        `sides` what the left and the right sides of `constraints` show."""
        self.objective = objective.address
        self.changing = tuple(changing)
        self.cells = [cell_address(a.sheet, r, c) for a in changing for r, c in a.cells()]
        self.start = tape.input.value.numpy().copy()
        self.frozen, self.sizes = frozen, sizes
        self.lower = np.full(self.start.shape, -np.inf)
        self.upper = np.full(self.start.shape, np.inf)
        self.sense: str | float = "min"
        self.init: float | None = None
        self.whole = np.zeros(self.start.shape, dtype=bool)
        self.orders: tuple[np.ndarray, ...] = ()
        self.constraints = list(constraints)
        value = t.reshape(head.num, shape=())
        assert isinstance(value, t.Var)
        margin = [t.sub(left, right) for left, right in sides]
        moving = [x for x in (value, *margin) if isinstance(x, t.Var)]
        carrying = [(s.owner.cell(0, 0), s.function) for x in moving for s in tape.carrying(x)]
        self.stepped = list(dict.fromkeys(carrying))
        value = unless_hidden(value)
        assert isinstance(value, t.Var)
        self._forward = tape.program([value])
        self._both = tape.program([value, tape.gradient(value)])
        self._tape = tape
        self._sides = tape.program([side for pair in sides for side in pair]) if sides else None
        self._evaluated = [0]  # one number for all copies
        self.structure = Structure(tape, value, margin, self._evaluated)
        self._pieces = pieces
        self._cells_program: t.Program | None = None

    @property
    def evaluations(self) -> int:
        """How often the objective was computed so far, with its gradient or without."""
        return self._evaluated[0]

    def _repr_html_(self) -> str:
        """What a notebook shows: the changing cells and their slopes, in colours."""
        value, slopes = self.value_and_gradient(self.start)
        heading = f"{self.objective} = {value:.6g}, a function of {len(self.cells)} changing cells"
        parts, at = [f'<div style="font:12px sans-serif">{heading}</div>'], 0
        for area in self.changing:
            count = math.prod(area.shape)
            for numbers, what in ((self.start, "values"), (slopes, "slopes")):
                block = numbers[at : at + count].reshape(area.shape)
                seen = block[: notebook.MOST_ROWS, : notebook.MOST_COLUMNS].tolist()
                parts.append(notebook.picture(seen, f"{what} of {area.address}"))
            at += count
        return "".join(parts)

    # --- at one point -----------------------------------------------------------------------------------

    def value(self, v: Sequence[float] | np.ndarray) -> float:
        """The objective at v (n,); nan where the cell would show an error."""
        self._evaluated[0] += 1
        return self._forward(self._tensor(v))[0].item()

    def value_and_gradient(self, v: Sequence[float] | np.ndarray) -> tuple[float, np.ndarray]:
        """The objective at v (n,) and its exact derivatives (n,)."""
        self._evaluated[0] += 1
        value, gradient = self._both(self._tensor(v))
        return value.item(), gradient.numpy().copy()

    def gradient(self, v: Sequence[float] | np.ndarray) -> np.ndarray:
        """The derivatives of the objective with respect to the changing cells (n,)."""
        return self.value_and_gradient(v)[1]

    def constraint_sides(self, v: Sequence[float] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the constraints' left and right sides show at v (n,) -> (m,), (m,); nan for an error."""
        if self._sides is None:
            return np.zeros(0), np.zeros(0)
        shown = self._sides(self._tensor(v))
        return torch.cat(shown[::2]).numpy(), torch.cat(shown[1::2]).numpy()

    def all_sides(self, V: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
        """The same of V (k, n), all at once -> (k, m), (k, m)."""
        if self._sides is None:
            return np.zeros((len(V), 0)), np.zeros((len(V), 0))
        program = self._sides
        shown = torch.func.vmap(lambda v: tuple(program(v)))(V)
        return torch.cat(shown[::2], dim=1).numpy(), torch.cat(shown[1::2], dim=1).numpy()

    def constraint_values(self, v: Sequence[float] | np.ndarray) -> np.ndarray:
        """The constraints' left minus right sides at v (n,) -> (m,); nan where a cell would show an error."""
        left, right = self.constraint_sides(v)
        return left - right

    def jacobian(self, v: Sequence[float] | np.ndarray) -> np.ndarray:
        """The exact derivatives of the constraints' left minus right sides at v (n,) -> (m, n)."""
        if self._sides is None:
            return np.zeros((0, len(self.start)))
        return self.structure.jacobian(self._tensor(v))

    def hessian(self, v: Sequence[float] | np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The second derivatives at v (n,) -> (n, n) of objective and constraints, each times its weight
        (1 + m,)."""
        return self.structure.curvature(self._tensor(v), torch.from_numpy(weights))

    def values(self, V: torch.Tensor) -> torch.Tensor:
        """V (k, n) -> objectives (k,), all at once."""
        self._evaluated[0] += len(V)
        return torch.func.vmap(lambda v: self._forward(v)[0])(V)

    def _tensor(self, v: Sequence[float] | np.ndarray) -> torch.Tensor:
        array = np.ascontiguousarray(v, dtype=np.float64)
        assert array.shape == self.start.shape, f"{array.shape} values for {self.start.shape} changing cells"
        return torch.from_numpy(array)

    # --- at many points, and inside ---------------------------------------------------------------------

    def batch(self, V: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """V (k, n) -> objectives (k,) and gradients (k, n), all at once."""
        self._evaluated[0] += len(V)
        if len(V) == 1:  # vmap takes several times as long as the small tensors of a sheet themselves
            value, gradient = self._both(V[0])
            return value[None], gradient[None]
        values, gradients = torch.func.vmap(lambda v: tuple(self._both(v)))(V)
        return values, gradients

    def blocks(self, v: Sequence[float] | np.ndarray) -> Iterator[RunValues]:
        """Every formula between the changing cells and the objective at v, run by run."""
        for piece, num in zip(self._pieces, self._numbers(v), strict=True):
            yield from values_of(piece, num)

    def begins_to_fail(self, v: Sequence[float] | np.ndarray) -> Area | None:
        """The cell in which the error begins that the objective shows at v (n,); None where it shows none."""
        if math.isfinite(self.value(v)):
            return None
        for piece, num in zip(self._pieces, self._numbers(v), strict=True):
            failed = (~torch.isfinite(num).numpy() & (piece.grid.kinds() <= BOOL)).ravel()
            for area, _, start in piece.laid():
                found = np.flatnonzero(failed[start : start + math.prod(area.shape)])
                if found.size:
                    row, col = divmod(int(found[0]), area.shape[1])
                    return Area(area.sheet, *(area.top + row, area.left + col) * 2)
        return None

    def _numbers(self, v: Sequence[float] | np.ndarray) -> list[torch.Tensor]:
        """Those of each piece at v (n,)."""
        if self._cells_program is None:
            self._cells_program = self._tape.program([p.grid.full() for p in self._pieces])
        return self._cells_program(self._tensor(v))

    def kinks(self, v: np.ndarray, reach: np.ndarray) -> dict[str, list[str]]:
        """Changing cell -> the cells whose MAX, IF or ABS crosses a corner within v +- reach (n,)."""
        program = self._tape.program([decision.pattern for decision in self._tape.decisions])
        here = program(self._tensor(v))
        found: dict[str, list[str]] = {}
        for i, cell in enumerate(self.cells):
            crossing: dict[str, None] = {}
            for side in (-1, 1):
                moved = np.array(v, dtype=np.float64)
                moved[i] += side * reach[i]
                for decision, before, after in zip(
                    self._tape.decisions, here, program(self._tensor(moved)), strict=True
                ):
                    crossing.update(dict.fromkeys(_cells_where(decision, before != after)))
            if crossing:
                found[cell] = list(crossing)
        return found

    def dead(self, v: Sequence[float] | np.ndarray, with_single: bool = False) -> list[str]:
        """Columns (of a run in one row: rows) of MAX, MIN or IF that give a constant in each of their cells;
        formulas that stand alone only if asked for.

        Such a unit, a dead ReLU where the formula is MAX(0, x), has no gradient and learns nothing more.
        """
        asked = [decision for decision in self._tape.decisions if decision.idle is not None]
        found: dict[str, None] = {}
        patterns = self._tape.program([decision.pattern for decision in asked])(self._tensor(v))
        for decision, pattern in zip(asked, patterns, strict=True):
            if with_single or decision.owner.shape != (1, 1):
                idle = _per_cell(pattern == decision.idle, decision.owner.shape, all_of=True)
                found.update(dict.fromkeys(line.address for line in _idle_lines(decision.owner, idle)))
        return list(found)


def _per_cell(mask: torch.Tensor, shape: tuple[int, int], all_of: bool = False) -> torch.Tensor:
    """Whether any (or all) of what each cell of a run decided is True (H, W)."""
    flat = mask.flatten(2)
    return (flat.all(dim=2) if all_of else flat.any(dim=2)).broadcast_to(shape)


def _cells_where(decision: t.Decision, mask: torch.Tensor) -> Iterator[str]:
    if bool(mask.any()):
        for i, j in _per_cell(mask, decision.owner.shape).nonzero().tolist():
            yield decision.owner.cell(i, j)


def _idle_lines(host: Host, idle: torch.Tensor) -> Iterator[Area]:
    """The columns of a run, or of the runs of a batch, that are idle in each cell; of one row the row."""
    if isinstance(host, Batch):
        yield from host.columns(idle[:, 0].numpy())
        return
    assert isinstance(host, Area)
    rows, cols = host.shape
    if rows == 1:
        if bool(idle.all()):
            yield host
        return
    for j in range(cols):
        if bool(idle[:, j].all()):
            yield Area(host.sheet, host.top, host.left + j, host.bottom, host.left + j)


@one_thread()
@without_collecting()
def differentiate(
    book: Snapshot,
    objective: Area,
    changing: Sequence[Area],
    *,
    sense: str | float = "min",
    lower: np.ndarray | None = None,
    upper: np.ndarray | None = None,
    init: float | None = None,
    constraints: Sequence[Limit] = (),
    whole: np.ndarray | None = None,
    orders: Sequence[np.ndarray] = (),
) -> SheetFunction:
    """The function from the changing cells (areas in order, each row by row) to the objective cell, and to
    what the constraints limit.

    Raises ProblemError where neither objective nor limits depend on the changing cells or one is unfit,
    NotDifferentiable for a formula in between that has no derivative or translation, CycleError,
    FormulaError, and DataError where text or an error value stands in the way; each names the cell.
    """
    objective, *changing = (on_sheet(book, area) for area in (objective, *changing))
    start = start_values(book, changing)
    graph = graph_of(book)
    if objective.shape != (1, 1):
        raise ProblemError(
            f"the objective {objective.address} is more than one cell; name the one cell to optimise"
        )
    limits = [_on_sheets(book, limit) for limit in constraints]
    limited = [cell for limit in limits for cell in limited_cells(limit)]
    sliced = graph.between(changing, [objective, *_sides(limits)])
    if not sliced.runs and not any(objective.intersect(area) for area in changing):
        cells = ", ".join(a.address for a in changing)
        raise ProblemError(
            f"{objective.address} does not depend on the changing cells {cells};"
            " follow it back with Trace Precedents"
        )
    tape = t.Tape(torch.from_numpy(start))
    evaluator = Evaluator(graph, tape)
    lay_changing(evaluator, tape, changing)
    pieces = [piece for unit in sliced.units for piece in compute(evaluator, unit)]
    head = evaluator.values(objective)
    shown = sides(evaluator, limits)
    if head.is_constant and any(isinstance(side, t.Var) for pair in shown for side in pair):
        nothing = t.mul(t.total(tape.input, dims=(0,)), 0.0)  # as Solver does, only constraints are seen to
        head = head.with_num(t.add(head.num, t.reshape(nothing, shape=(1, 1, 1, 1))))
    _require_number(head, objective, changing)
    standing = [cell_address(r.area.sheet, *c) for r in frozen(graph, sliced) for c in r.area.cells()]
    function = SheetFunction(objective, changing, tape, head, pieces, standing, sliced.sizes, limited, shown)
    function.orders = tuple(np.asarray(order) for order in orders)
    if whole is not None:
        function.whole = np.asarray(whole, dtype=bool)
    function.sense, function.init = sense, init
    if lower is not None:
        function.lower = np.asarray(lower, dtype=np.float64)
    if upper is not None:
        function.upper = np.asarray(upper, dtype=np.float64)
    function.structure.binary = function.whole & (function.lower == 0) & (function.upper == 1)
    return function


def _sides(limits: Sequence[Limit]) -> list[Area]:
    """All cells that limits name."""
    right = (limit.right for limit in limits if isinstance(limit.right, tuple))
    return [area for side in (*(limit.left for limit in limits), *right) for area in side]


def _on_sheets(book: Snapshot, limit: Limit) -> Limit:
    left, right = (
        tuple(on_sheet(book, area) for area in side) if isinstance(side, tuple) else side
        for side in (limit.left, limit.right)
    )
    return replace(limit, left=left, right=right)


def frozen(graph: RunGraph, sliced: Slice) -> list[Run]:
    """The runs upstream whose values nobody can compute from constants: volatile ones, and those that call
    what the table lacks, or cannot be read."""

    def is_computed(run: Run) -> bool:
        try:
            return graph.formula(run).functions <= KNOWN and not graph.is_volatile(run)
        except FormulaError:
            return False

    return [run for run in sliced.upstream if not is_computed(run)]


KNOWN = FUNCTIONS.keys() | MAKERS


def on_sheet(book: Snapshot, area: Area) -> Area:
    """The area with its sheet's name as the workbook writes it; AddressError where there is no such sheet."""
    sheet = book.sheet(area.sheet)
    if sheet is None:
        raise AddressError(f"there is no sheet {area.sheet!r} in this workbook")
    return replace(area, sheet=sheet.name)


def start_values(book: Snapshot, changing: Sequence[Area]) -> np.ndarray:
    """Values of the changing cells (n,); an empty cell counts as 0, as in Solver."""
    values = []
    seen: set[tuple[str, int, int]] = set()
    for area in changing:
        sheet = book.sheets[area.sheet]
        for row, col in area.cells():
            cell = cell_address(area.sheet, row, col)
            value = sheet.values.get((row, col))
            if (row, col) in sheet.formulas or any(a.contains(row, col) for a in sheet.arrays.values()):
                raise ProblemError(
                    f"the changing cell {cell} holds a formula, which training would overwrite;"
                    " name cells that hold numbers"
                )
            if (area.sheet, row, col) in seen:
                raise ProblemError(f"the changing cell {cell} is named twice; name each cell once")
            if isinstance(value, bool | str | ExcelError):
                raise DataError(
                    f"the changing cell {cell} holds {str(value)!r}, not a number; type one to start from"
                )
            seen.add((area.sheet, row, col))
            values.append(0.0 if value is None else float(value))
    return np.array(values, dtype=np.float64)


def lay_changing(evaluator: Evaluator, tape: t.Tape, changing: Sequence[Area]) -> None:
    """From now on the evaluator takes the changing cells from the tape's input, in order.

    Single cells in a row of their own are laid as one piece, however many a person named."""
    at = 0
    for areas in _together(changing):
        count = sum(math.prod(area.shape) for area in areas)
        part = t.segment(tape.input, dim=0, start=at, length=count)
        shape = areas[0].shape if len(areas) == 1 else (count, 1)
        evaluator.lay(Piece(tuple(areas), from_cells(t.reshape(part, shape=shape))))
        at += count


def _together(changing: Sequence[Area]) -> Iterator[list[Area]]:
    """Areas one by one, but many single cells in a row as one list."""
    for is_single, areas in groupby(changing, key=lambda area: area.is_cell):
        some = list(areas)
        yield from [some] if is_single and len(some) > MANY else ([area] for area in some)


MANY = 8


def _require_number(head: Grid, objective: Area, changing: Sequence[Area]) -> None:
    if sentence := error_sentence(head, objective.address):
        raise DataError(sentence)
    if (head.kinds() != NUMBER).any():
        raise ProblemError(f"{objective.address} shows no number; the objective must be a number to optimise")
    if not isinstance(head.num, t.Var):
        cells = ", ".join(a.address for a in changing)
        raise ProblemError(
            f"{objective.address} does not change with the cells {cells} as the book stands;"
            " a condition between them leaves them out"
        )
