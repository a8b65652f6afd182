"""Computes runs of formulas, once for all cells of a run: trees and cells in, grids of tensors out."""

import math
from dataclasses import dataclass

import numpy as np
import torch

from xlcicf.errors import FormulaError, NotDifferentiable
from xlcicf.formula.address import Area, cell_address
from xlcicf.formula.choice import Either, Value, of_each, why_apart
from xlcicf.formula.context import Context
from xlcicf.formula.functions import FUNCTIONS, INFIX, PERCENT, PREFIX, called
from xlcicf.formula.grid import (
    CROSSES_NOTHING,
    CellError,
    CellText,
    Grid,
    Place,
    constant,
    crossing,
    error_at,
    first_error,
    framed,
    from_cells,
    from_scalars,
    laid_out,
)
from xlcicf.formula.runs import AreaIndexes, Run, RunGraph
from xlcicf.formula.snapshot import ExcelError, Scalar
from xlcicf.formula.tree import ArrayConst, Call, Const, Edge, Infix, Node, Percent, Prefix, Ref, Union

MAX_CELLS = 2**22  # of one range


@dataclass(frozen=True)
class Piece:
    """Computed cells: an area and its values (1, 1, rows, columns)."""

    area: Area
    grid: Grid

    def part(self, area: Area) -> "Piece":
        """The cells of an area within."""
        return self if area == self.area else Piece(area, self.grid.cut(*area.within(self.area)))


class Evaluator:
    """Computes runs in the order given and remembers the results; other cells stand at their saved values."""

    def __init__(self, graph: RunGraph):
        self.graph = graph
        self.pieces = AreaIndexes()
        self._constants: dict[Area, Grid] = {}

    def lay(self, piece: Piece) -> None:
        """From now on references to the piece's cells mean its values."""
        self.pieces.add(piece.area, piece)

    def compute(self, run: Run) -> Piece:
        """The run's cells, laid for the runs that follow.

        Raises NotDifferentiable for what has no derivative or no translation, by cell and function.
        """
        spread = run.area.shape if run.block else (1, 1)
        context = Context(self, run.host, array_formula=run.array, spread=spread)
        value = self.operand(self.graph.tree(run), context)
        shown = of_each(lambda grid: self._spread(grid, run) if run.block else grid.first().as_value(), value)
        if isinstance(shown, Either) and not run.block:  # what shows alike is one kind once blanks show 0
            shown = of_each(lambda grid: grid.with_blanks_as_zeros(), shown)
        if isinstance(shown, Either):
            raise _refused(shown, run.cell)
        piece = Piece(run.area, shown if run.block else shown.as_cells(run.area.shape))
        self.lay(piece)
        return piece

    def _spread(self, grid: Grid, run: Run) -> Grid:
        """One array formula over its whole area: a row or column repeats; refused where cells are missed."""
        rows, cols = run.area.shape
        h, w = grid.size
        if (h not in (1, rows) and h < rows) or (w not in (1, cols) and w < cols):
            raise NotDifferentiable(
                f"{run.cell}: the array formula yields {h} x {w} values for {rows} x {cols} cells,"
                " so some show #N/A; select the right cells and enter it again",
                run.cell,
            )
        return grid.as_spread((rows, cols))

    # --- trees ------------------------------------------------------------------------------------------

    def _evaluate(self, node: Node, context: Context) -> Value:
        match node:
            case Const(value):
                return constant(_located(value, context.cell))
            case ArrayConst(rows):
                cells = np.empty((1, 1, len(rows), len(rows[0])), dtype=object)
                for i, row in enumerate(rows):
                    cells[0, 0, i, :] = [_located(value, context.cell) for value in row]
                return from_scalars(cells)
            case Ref():
                return self.reference(node, context.host)
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

    def _infix_chain(self, node: Infix, context: Context) -> Value:
        """a + b + c + ... from the left, without recursion along it."""
        spine: list[Infix] = []
        left: Node = node
        while isinstance(left, Infix):
            spine.append(left)
            left = left.left
        value = self.operand(left, context)
        for infix in reversed(spine):
            value = INFIX[infix.operator](context, value, self.operand(infix.right, context))
        return value

    def _call(self, name: str, args: tuple[Node, ...], context: Context) -> Value:
        if name not in FUNCTIONS:
            raise NotDifferentiable(
                f"{context.cell}: the function {name} is not translated; write it with functions that are"
                " or keep it out of the way from changing cells to objective",
                context.cell,
                name,
            )
        return called(name, args, context)

    def value(self, node: Node, context: Context) -> Value:
        """An argument as it stands: cells, array or single value."""
        return self._evaluate(node, context)

    def operand(self, node: Node, context: Context) -> Value:
        """An argument meant as a single value: outside array formulas a range means its cell beside us."""
        if not context.array:
            return self.single(node, context)
        if isinstance(node, Ref):
            return self.reference(node, context.host, blanks_count=True)
        return self._evaluate(node, context)

    def has_formula(self, sheet: str, row: int, col: int) -> bool:
        """Whether a cell is filled by a formula, be it its own or one of several cells."""
        held = self.graph.book.sheets[sheet]
        return (row, col) in held.formulas or any(area.contains(row, col) for area in held.arrays.values())

    def single(self, node: Node, context: Context) -> Value:
        """Implicit intersection: of a range, the cell in the formula's own row or column."""
        if isinstance(node, Ref):
            return self._crossing(node, context.host)
        return of_each(lambda grid: crossing(grid, context.host), self._evaluate(node, context))

    def _crossing(self, ref: Ref, host: Area) -> Grid:
        """The same of a reference, of which only the cells meant are read."""
        area = ref.area(host.top, host.left)
        if area is None or area.shape == (1, 1):
            return self.reference(ref, host)
        last = ref.area(host.bottom, host.right)
        assert last
        here, inside = Edge(0, False), None
        if area.shape[1] == 1:
            ref = Ref(ref.sheet, here, ref.left, here, ref.right)
            inside = host.intersect(Area(host.sheet, area.top, host.left, last.bottom, host.right))
        elif area.shape[0] == 1:
            ref = Ref(ref.sheet, ref.top, here, ref.bottom, here)
            inside = host.intersect(Area(host.sheet, host.top, area.left, host.bottom, last.right))
        if inside is None:
            return constant(error_at("#VALUE!", _first_cell(host), CROSSES_NOTHING))
        grid = self.reference(ref, inside)
        if inside == host:
            return grid
        above, left = inside.top - host.top, inside.left - host.left
        below, right = host.bottom - inside.bottom, host.right - inside.right
        axis, before, after = (0, above, below) if above or below else (1, left, right)
        grid = grid.expanded((*inside.shape, 1, 1))
        return framed(grid, axis, before, after, "#VALUE!", host, CROSSES_NOTHING)

    # --- references -------------------------------------------------------------------------------------

    def reference(self, ref: Ref, host: Area, blanks_count: bool = False) -> Grid:
        """The cells meant by `ref` for each cell of the run `host`.

        Whole columns and rows end where the data does; refused where `blanks_count`, as in A:A<5."""
        whole = ref.footprint(host)
        cell = _first_cell(host)
        if whole is None:
            return constant(error_at("#REF!", cell))
        filled = self.graph.trimmed(whole)
        if blanks_count and filled != whole:
            raise NotDifferentiable(
                f"{cell}: computes with every cell of {whole.address}, the blank ones too;"
                f" write {filled.address}",
                cell,
            )
        if math.prod(filled.shape) > MAX_CELLS:
            raise NotDifferentiable(
                f"{cell}: {filled.address} is more than {MAX_CELLS} cells; name those that hold data", cell
            )
        return _as_seen(self._cells(filled), ref, filled, host).at(_place(ref, host))

    def _cells(self, area: Area) -> Grid:
        """What stands in an area (1, 1, rows, columns)."""
        pieces = self.pieces.touching(area)
        if not pieces:
            return self._saved(area)
        if len(pieces) == 1 and pieces[0].area.intersect(area) == area:
            return pieces[0].part(area).grid
        parts = [piece.part(both) for piece in pieces if (both := piece.area.intersect(area))]
        saved = self._saved_between(area, [part.area for part in parts])
        return laid_out([(part.area.within(area), part.grid) for part in parts], saved)

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
        return from_scalars(cells)

    def _numbers(self, whole: Area) -> Grid | None:
        """The quick way for what most data is: nothing but numbers."""
        get = self.graph.book.sheets[whole.sheet].values.get
        values = [get(cell) for cell in whole.cells()]
        if not all(type(value) is float for value in values):
            return None
        return from_cells(torch.tensor(values, dtype=torch.float64).reshape(whole.shape))

    def _saved_value(self, sheet_name: str, row: int, col: int) -> Scalar:
        sheet = self.graph.book.sheets[sheet_name]
        value = sheet.values.get((row, col))
        if value is None and (row, col) in sheet.formulas:
            cell = cell_address(sheet_name, row, col)
            raise FormulaError(
                f"{cell} has no saved value; open and save the book where it can be computed", cell
            )
        return _located(value, cell_address(sheet_name, row, col)) if isinstance(value, str) else value


def _located(value: Scalar, cell: str) -> Scalar:
    """Text and errors that know where they stand."""
    if isinstance(value, ExcelError):
        return value if isinstance(value, CellError) else error_at(value, cell)
    if isinstance(value, str):
        value = CellText(value)
        value.cell = cell
    return value


def _first_cell(host: Area) -> str:
    return cell_address(host.sheet, host.top, host.left)


def _as_seen(grid: Grid, ref: Ref, whole: Area, host: Area) -> Grid:
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
        return grid.permuted((order[0], 3, order[2], 1) if slides_right else order)
    row_at = np.arange(h)[None, None, :, None]
    col_at = np.arange(w)[None, None, None, :]
    if slides_down:
        row_at = row_at + np.arange(H)[:, None, None, None]
    if slides_right:
        col_at = col_at + np.arange(W)[None, :, None, None]
    return grid.taken(row_at * cols + col_at)


def _place(ref: Ref, host: Area) -> Place:
    """Where each cell of the run sees the range, cells beyond the data included."""
    area = ref.area(host.top, host.left)
    assert area
    rows, cols = host.shape
    top = area.top + np.arange(1 if ref.top.fixed else rows)[:, None]
    left = area.left + np.arange(1 if ref.left.fixed else cols)[None, :]
    return Place(top, left, *area.shape)


def _refused(shown: Either, cell: str) -> NotDifferentiable:
    return NotDifferentiable(f"{cell}: {shown.by} {why_apart(shown)}", cell, shown.by)


def error_sentence(piece: Piece, objective: str) -> str | None:
    """Why a computed cell shows an error, by the cell where it begins; None where it shows none."""
    error = first_error(piece.grid)
    if error is None:
        return None
    where = error.cell or objective
    what = error.why or f"shows {error}"
    return f"{where} {what}, so {objective} shows {error}; correct that cell"
