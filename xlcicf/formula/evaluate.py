"""Computes runs of formulas, once for all cells of a run: trees and cells in, grids of tensors out."""

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch

from xlcicf.errors import FormulaError, NotDifferentiable
from xlcicf.formula import tape as t
from xlcicf.formula.address import Area, cell_address
from xlcicf.formula.functions import FUNCTIONS, INFIX, PERCENT, PREFIX, Context
from xlcicf.formula.runs import AreaIndexes, Run, RunGraph
from xlcicf.formula.snapshot import ExcelError, Scalar
from xlcicf.formula.tree import ArrayConst, Call, Const, Edge, Infix, Node, Percent, Prefix, Ref, Union
from xlcicf.formula.values import (
    BLANK,
    NUMBER,
    CellError,
    CellText,
    Grid,
    constant,
    error_at,
    first_error,
    framed,
    grid_of,
)

MAX_CELLS = 2**22  # of one range


@dataclass(frozen=True)
class Piece:
    """Computed cells: an area, its numbers (rows, columns) and, unless all are numbers, kinds and texts."""

    area: Area
    num: t.Array
    kind: np.ndarray | None = None
    text: np.ndarray | None = None
    partial: bool = False
    or_false: bool = False

    @cached_property
    def grid(self) -> Grid:
        """The same as an array (1, 1, rows, columns)."""
        kind = None if self.kind is None else self.kind[None, None]
        text = None if self.text is None else self.text[None, None]
        num = t.reshape(self.num, shape=(1, 1, *self.area.shape))
        return Grid(num, kind, text, True, self.partial, or_false=self.or_false)


class Evaluator:
    """Computes runs in the order given and remembers the results; other cells stand at their saved values."""

    def __init__(self, graph: RunGraph):
        self.graph = graph
        self.pieces = AreaIndexes()
        self._constants: dict[Area, Grid] = {}

    def lay(self, piece: Piece) -> None:
        """From now on references to the piece's cells mean its numbers."""
        self.pieces.add(piece.area, piece)

    def compute(self, run: Run) -> Piece:
        """The run's cells, laid for the runs that follow.

        Raises NotDifferentiable for what has no derivative or no translation, by cell and function.
        """
        grid = self.operand(self.graph.tree(run), Context(self, run))
        rows, cols = run.area.shape
        if run.block:
            piece = self._spread(grid, run)
        else:
            num, kind, text = grid.num, grid.kind, grid.text
            if grid.shape[2:] != (1, 1):  # a plain cell shows an array's first element
                num = _first(t.expand(num, grid.shape))
                kind = None if kind is None else np.broadcast_to(kind, grid.shape)[:, :, :1, :1]
                text = None if text is None else np.broadcast_to(text, grid.shape)[:, :, :1, :1]
            num = t.reshape(t.expand(num, (rows, cols, 1, 1)), shape=(rows, cols))
            piece = Piece(run.area, num, *_flat_kinds(kind, text, (rows, cols)), grid.partial, grid.or_false)
        self.lay(piece)
        return piece

    def _spread(self, grid: Grid, run: Run) -> Piece:
        """One array formula over its whole area: a row or column repeats, what is missing is #N/A."""
        rows, cols = run.area.shape
        h, w = grid.shape[2:]
        if (h not in (1, rows) and h < rows) or (w not in (1, cols) and w < cols):
            raise NotDifferentiable(
                f"{run.cell}: the array formula yields {h} x {w} values for {rows} x {cols} cells,"
                " so some show #N/A; select the right cells and enter it again",
                run.cell,
            )
        num = t.reshape(t.expand(grid.num, grid.shape), shape=(h, w))
        kind = None if grid.kind is None else np.broadcast_to(grid.kind, grid.shape)[0, 0]
        text = None if grid.text is None else np.broadcast_to(grid.text, grid.shape)[0, 0]
        if h > rows:
            num, kind, text = (
                t.segment(num, dim=0, start=0, length=rows),
                _cut(kind, rows, w),
                _cut(text, rows, w),
            )
        if w > cols:
            num, kind, text = (
                t.segment(num, dim=1, start=0, length=cols),
                _cut(kind, rows, cols),
                _cut(text, rows, cols),
            )
        return Piece(
            run.area,
            t.expand(num, (rows, cols)),
            *_flat_kinds(kind, text, (rows, cols)),
            grid.partial,
            grid.or_false,
        )

    # --- trees ------------------------------------------------------------------------------------------

    def _evaluate(self, node: Node, context: Context) -> Grid:
        match node:
            case Const(value):
                return constant(self._located(value, context.cell))
            case ArrayConst(rows):
                cells = np.empty((1, 1, len(rows), len(rows[0])), dtype=object)
                for i, row in enumerate(rows):
                    cells[0, 0, i, :] = [self._located(value, context.cell) for value in row]
                return grid_of(cells)
            case Ref():
                return self.reference(node, context.run)
            case Union():
                raise NotDifferentiable(
                    f"{context.cell}: several ranges in one argument stand where one value is needed",
                    context.cell,
                )
            case Prefix("@", operand):
                return self.single(operand, context)
            case Prefix(sign, operand):
                return PREFIX[sign](context, self.operand(operand, context))
            case Percent(operand):
                return PERCENT(context, self.operand(operand, context))
            case Infix():
                return self._infix_chain(node, context)
            case Call(name, args):
                return self._call(name, args, context)
        raise AssertionError(node)

    def _infix_chain(self, node: Infix, context: Context) -> Grid:
        """a + b + c + ... from the left, without recursion along it."""
        spine: list[Infix] = []
        left: Node = node
        while isinstance(left, Infix):
            spine.append(left)
            left = left.left
        grid = self.operand(left, context)
        for infix in reversed(spine):
            grid = INFIX[infix.operator](context, grid, self.operand(infix.right, context))
        return grid

    def _call(self, name: str, args: tuple[Node, ...], context: Context) -> Grid:
        function = FUNCTIONS.get(name)
        if function is None:
            raise NotDifferentiable(
                f"{context.cell}: the function {name} is not translated; write it with functions that are"
                " or keep it out of the way from changing cells to objective",
                context.cell,
                name,
            )
        least, most = function.arity
        if not least <= len(args) <= most:
            raise FormulaError(
                f"{context.cell}: {name} has {len(args)} arguments; correct the formula", context.cell
            )
        return function.evaluate(context.calling(function), args)

    def value(self, node: Node, context: Context) -> Grid:
        """An argument as it stands: cells, array or single value."""
        return self._evaluate(node, context)

    def operand(self, node: Node, context: Context) -> Grid:
        """An argument meant as a single value: outside array formulas a range means its cell beside us."""
        if not context.array:
            return self.single(node, context)
        if isinstance(node, Ref):
            return self.reference(node, context.run, blanks_count=True)
        return self._evaluate(node, context)

    def single(self, node: Node, context: Context) -> Grid:
        """Implicit intersection: of a range, the cell in the formula's own row or column."""
        if isinstance(node, Ref):
            return self._crossing(node, context.run)
        if (
            isinstance(node, Call) and node.name == "IF"
        ):  # its outcome may be a range, of which one cell counts
            branches = (arg if arg == Const(None) else Prefix("@", arg) for arg in node.args[1:])
            node = Call("IF", (*node.args[:1], *branches))
        return self._evaluate(node, context)

    def _crossing(self, ref: Ref, run: Run) -> Grid:
        """Of a range, the cell in the row or column of each of the run's cells; #VALUE! where it has none."""
        host, area = run.host, ref.area(run.host.top, run.host.left)
        if area is None or area.shape == (1, 1):
            return self.reference(ref, run)
        last = ref.area(host.bottom, host.right)
        assert last
        here, inside = Edge(0, False), None
        if area.shape[1] == 1:
            ref = Ref(ref.sheet, here, ref.left, here, ref.right)
            inside = host.intersect(Area(host.sheet, area.top, host.left, last.bottom, host.right))
        elif area.shape[0] == 1:
            ref = Ref(ref.sheet, ref.top, here, ref.bottom, here)
            inside = host.intersect(Area(host.sheet, host.top, area.left, host.bottom, last.right))
        why = "needs one cell of a range but stands in none of its rows or columns"
        if inside is None:
            return constant(error_at("#VALUE!", run.cell, why))
        grid = self.reference(ref, run.part(inside))
        if inside != host:
            before, after = (
                (inside.top - host.top, inside.left - host.left),
                (
                    host.bottom - inside.bottom,
                    host.right - inside.right,
                ),
            )
            axis = 0 if before[0] or after[0] else 1
            grid = replace(grid, num=t.expand(grid.num, (*inside.shape, 1, 1)))
            grid = framed(grid, axis, before[axis], after[axis], "#VALUE!", host, why)
        return grid

    # --- references -------------------------------------------------------------------------------------

    def reference(self, ref: Ref, run: Run, blanks_count: bool = False) -> Grid:
        """The cells meant by `ref` for each cell of the run.

        Whole columns and rows end where the data does; refused where `blanks_count`, as in A:A<5."""
        host = run.host
        whole = ref.footprint(host)
        if whole is None:
            return constant(error_at("#REF!", run.cell))
        filled = self.graph.trimmed(whole)
        if blanks_count and filled != whole:
            raise NotDifferentiable(
                f"{run.cell}: computes with every cell of {whole.address}, the blank ones too;"
                f" write {filled.address}",
                run.cell,
            )
        whole = filled
        if math.prod(whole.shape) > MAX_CELLS:
            raise NotDifferentiable(
                f"{run.cell}: {whole.address} is more than {MAX_CELLS} cells; name those that hold data",
                run.cell,
            )
        pieces = self.pieces.touching(whole)
        if not pieces:
            return self._placed(self._saved(whole), ref, whole, host)
        if len(pieces) == 1 and pieces[0].area.intersect(whole) == whole:
            return self._placed(cut_out(pieces[0], whole), ref, whole, host)
        return self._placed(self._assembled(pieces, whole), ref, whole, host)

    def _saved(self, area: Area) -> Grid:
        """Saved values as a grid (1, 1, rows, columns)."""
        if area not in self._constants:
            self._constants[area] = self._saved_between(area, [])
        return self._constants[area]

    def _saved_between(self, whole: Area, computed: list[Area]) -> Grid:
        """Saved values of `whole`; blanks in `computed` areas, whose cells may have no saved value at all."""
        if not computed and (numbers := self._numbers(whole)) is not None:
            return numbers
        wanted = np.ones(whole.shape, bool)
        for area in computed:
            wanted[area.within(whole)] = False
        cells = np.empty((1, 1, *whole.shape), dtype=object)
        for i, j in zip(*np.nonzero(wanted), strict=True):
            cells[0, 0, i, j] = self._saved_value(whole.sheet, whole.top + int(i), whole.left + int(j))
        return grid_of(cells, is_ref=True)

    def _numbers(self, whole: Area) -> Grid | None:
        """The quick way for what most data is: nothing but numbers."""
        get = self.graph.book.sheets[whole.sheet].values.get
        values = [get(cell) for cell in whole.cells()]
        if not all(type(value) is float for value in values):
            return None
        return Grid(torch.tensor(values, dtype=torch.float64).reshape(1, 1, *whole.shape), is_ref=True)

    def _saved_value(self, sheet_name: str, row: int, col: int) -> Scalar:
        sheet = self.graph.book.sheets[sheet_name]
        value = sheet.values.get((row, col))
        if value is None and (row, col) in sheet.formulas:
            cell = cell_address(sheet_name, row, col)
            raise FormulaError(
                f"{cell} has no saved value; open and save the book where it can be computed", cell
            )
        return self._located(value, cell_address(sheet_name, row, col)) if isinstance(value, str) else value

    @staticmethod
    def _located(value: Scalar, cell: str) -> Scalar:
        if isinstance(value, ExcelError):
            return value if isinstance(value, CellError) else error_at(value, cell)
        if isinstance(value, str):
            value = CellText(value)
            value.cell = cell
        return value

    def _assembled(self, pieces: list[Piece], whole: Area) -> Grid:
        """Several pieces, and saved values between them, as one grid (1, 1, rows, columns)."""
        areas = [area for piece in pieces if (area := piece.area.intersect(whole))]
        cuts = [(area, cut_out(piece, area)) for area, piece in zip(areas, pieces, strict=True)]
        saved = self._saved_between(whole, areas)
        kind, text = saved.kinds().copy(), saved.texts().copy()
        varying = np.zeros(kind.shape, bool)
        for area, cut in cuts:
            at = (..., *area.within(whole))
            kind[at], text[at], varying[at] = cut.kinds(), cut.texts(), not cut.is_constant
        num = _laid_out(cuts, saved, whole)
        partial = any(piece.partial for piece in pieces)
        or_false = any(piece.or_false for piece in pieces)
        varies = None if varying.all() else varying
        if not kind.any():
            return Grid(num, None, None, True, partial, varies, or_false)
        return Grid(num, kind, text, True, partial, varies, or_false)

    def _placed(self, grid: Grid, ref: Ref, whole: Area, host: Area) -> Grid:
        """From the whole footprint (1, 1, rows, columns) to what each cell of the run sees (H, W, h, w)."""
        H, W = host.shape
        rows, cols = whole.shape
        slides_down = H > 1 and not ref.top.fixed
        slides_right = W > 1 and not ref.left.fixed
        if not slides_down and not slides_right:
            return grid
        h = rows - (H - 1) if slides_down else rows
        w = cols - (W - 1) if slides_right else cols
        if (not slides_down or h == 1) and (not slides_right or w == 1):
            # Rows become the run's rows or stay the array's, and so do columns: no number is copied.
            order = (2, 1, 0, 3) if slides_down else (0, 1, 2, 3)
            if slides_right:
                order = (order[0], 3, order[2], 1)
            num = t.permute(grid.num, order=order)

            def place(array):
                return array.transpose(order)

        else:
            row_at = np.arange(h)[None, None, :, None]
            col_at = np.arange(w)[None, None, None, :]
            if slides_down:
                row_at = row_at + np.arange(H)[:, None, None, None]
            if slides_right:
                col_at = col_at + np.arange(W)[None, :, None, None]
            index = row_at * cols + col_at
            num = t.take(t.reshape(grid.num, shape=(-1,)), torch.from_numpy(index))

            def place(array):
                return array.reshape(-1)[index]

        full = (1, 1, rows, cols)
        kind = None if grid.kind is None else place(np.broadcast_to(grid.kind, full))
        text = None if grid.text is None else place(np.broadcast_to(grid.text, full))
        varying = None if grid.varying is None else place(np.broadcast_to(grid.varying, full))
        return Grid(num, kind, text, True, grid.partial, varying, grid.or_false)


def _laid_out(cuts: list[tuple[Area, Grid]], saved: Grid, whole: Area) -> t.Array:
    """The numbers of cuts and, between them, saved ones as (1, 1, rows, columns): joined where they tile."""
    rows, cols = whole.shape
    if sum(a.shape[0] * a.shape[1] for a, _ in cuts) == rows * cols:
        if all(a.shape[0] == rows for a, _ in cuts):
            return t.join(*(c.num for _, c in sorted(cuts, key=lambda cut: cut[0].left)), dim=3)
        if all(a.shape[1] == cols for a, _ in cuts):
            return t.join(*(c.num for _, c in sorted(cuts, key=lambda cut: cut[0].top)), dim=2)
    place = np.arange(rows * cols).reshape(rows, cols)
    flat = [t.reshape(saved.num, shape=(-1,))]
    size = rows * cols
    for area, cut in cuts:
        count = area.shape[0] * area.shape[1]
        place[area.within(whole)] = np.arange(size, size + count).reshape(area.shape)
        flat.append(t.reshape(cut.num, shape=(count,)))
        size += count
    return t.take(t.join(*flat, dim=0), torch.from_numpy(place.reshape(1, 1, rows, cols)))


def cut_out(piece: Piece, area: Area) -> Grid:
    """The part of a piece that is `area`, as a grid (1, 1, rows, columns)."""
    whole = piece.grid
    rows, cols = area.within(piece.area)
    num = t.segment(whole.num, dim=2, start=rows.start, length=area.shape[0])
    num = t.segment(num, dim=3, start=cols.start, length=area.shape[1])
    kind = None if whole.kind is None else whole.kind[:, :, rows, cols]
    text = None if whole.text is None else whole.text[:, :, rows, cols]
    return Grid(num, kind, text, True, piece.partial, or_false=piece.or_false)


def _flat_kinds(kind, text, shape: tuple[int, int]) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Kinds and texts of computed cells (rows, columns); a formula that yields a blank shows 0."""
    if kind is None:
        return None, None
    four = (*shape, 1, 1)
    kind = np.broadcast_to(kind if kind.ndim == 4 else kind[:, :, None, None], four).reshape(shape).copy()
    kind[kind == BLANK] = NUMBER
    if not kind.any():
        return None, None
    if text is not None:
        text = np.broadcast_to(text if text.ndim == 4 else text[:, :, None, None], four).reshape(shape)
    return kind, text


def _cut(array: np.ndarray | None, rows: int, cols: int) -> np.ndarray | None:
    return None if array is None else array[:rows, :cols]


def _first(num: t.Array) -> t.Array:
    """(H, W, h, w) -> (H, W, 1, 1)"""
    return t.segment(t.segment(num, dim=2, start=0, length=1), dim=3, start=0, length=1)


def error_sentence(piece: Piece, objective: str) -> str | None:
    """Why a computed cell shows an error, by the cell where it begins; None where it shows none."""
    error = first_error(piece.grid)
    if error is None:
        return None
    where = error.cell or objective
    what = error.why or f"shows {error}"
    return f"{where} {what}, so {objective} shows {error}; correct that cell"
