"""Where ranges lie, how large they are, whether formulas fill them, whatever they show: ROW, COLUMNS, ..."""

import re
from collections.abc import Callable

import numpy as np
import torch

from xlcicf.formula import tape as t
from xlcicf.formula.address import Area, column_letters
from xlcicf.formula.choice import Value, of_each
from xlcicf.formula.coercion import text_of
from xlcicf.formula.context import Context, Fails, Misused
from xlcicf.formula.grid import (
    BLANK,
    ERROR,
    TEXT,
    Grid,
    Place,
    constant,
    error_at,
    first_error,
    from_numbers,
    from_scalars,
    from_truths,
)
from xlcicf.formula.growing import grows, sizes
from xlcicf.formula.plain import for_each
from xlcicf.formula.snapshot import Scalar, Sheet
from xlcicf.formula.text import split_sheet
from xlcicf.formula.tree import Node, Ref, Union

_IN_FILES = re.compile(r"_xl(?:fn|ws|pm|udf)\.")  # before names that came after Excel 2007


def sizes_of(axis: int) -> Callable[[Context, Node], Value]:
    """How many rows (axis 0) or columns (1) a range or an array has."""

    def size_of(grid: Grid) -> Grid:
        is_error = grid.is_single and grid.place is None and grid.has(ERROR)
        return grid if is_error else constant(float(grid.extent[axis]))

    def evaluate(context: Context, node: Node) -> Value:
        if not isinstance(node, Ref):
            return of_each(size_of, context.value(node))
        place, host = _seen(context, node), context.host
        if isinstance(host, Area) and grows(node, host)[axis]:
            shape = (-1, 1, 1, 1) if axis == 0 else (1, -1, 1, 1)
            return from_numbers(torch.tensor(sizes(node, host)[axis], dtype=t.DTYPE).reshape(shape))
        return constant(float((place.rows, place.cols)[axis]))

    return evaluate


def lines_of(axis: int) -> Callable[..., Value]:
    """The number of each row (axis 0) or column (1) of a range; of none, of the cell that asks."""

    def evaluate(context: Context, node: Node | None = None) -> Value:
        if node is None:
            first, count = (context.rows(), context.columns())[axis], context.spread[axis]
        elif isinstance(node, Ref):
            return _numbered(*_edges(_seen(context, node))[axis], axis)
        else:
            return of_each(
                lambda grid: _numbered(*_edges(_lying(context, grid))[axis], axis), context.value(node)
            )
        return _numbered(first, count, axis)

    return evaluate


def holds_formulas(context: Context, node: Node) -> Value:
    """Whether cells hold a formula, for each cell of a range."""
    if not isinstance(node, Ref):
        raise Misused("asks for the formula of what is no range")
    place = _seen(context, node)
    rows, cols = (_steps(first, count, axis) for axis, (first, count) in enumerate(_edges(place)))
    held = context.evaluator.book().held(node.sheet)
    holds = np.vectorize(lambda row, col: _formula_in(held, int(row), int(col)) is not None)
    return from_truths(torch.from_numpy(holds(rows, cols)))


def _formula_in(held: Sheet, row: int, col: int) -> str | None:
    """The formula that fills a cell, be it its own or one of several cells; None where none does."""
    corners = ((area.top, area.left) for area in held.arrays.values() if area.contains(row, col))
    return held.formulas.get(next(corners, (row, col)))


def is_reference(context: Context, node: Node) -> Value:
    if isinstance(node, Ref | Union):
        return constant(True)
    try:
        return of_each(lambda grid: constant(grid.is_range), context.value(node))
    except Fails:
        return constant(False)


def formula_text(context: Context, node: Node) -> Value:
    """What a person would see in the formula bar, of a range's first cell."""
    tops, lefts, ref = _corners(context, node)
    held = context.evaluator.book().held(ref.sheet)

    def text(row: int, col: int) -> object:
        found = _formula_in(held, row, col)
        if found is None:
            return error_at("#N/A", context.cell, "asks for the formula of a cell that has none")
        return _IN_FILES.sub("", found)

    return _of_cells(text, tops, lefts)


# --- what CELL tells ------------------------------------------------------------------------------------


def told_of_a_cell(context: Context, info: Node, node: Node | None = None) -> Value:
    """What CELL tells of a range's first cell, where the book alone decides that and not how it is shown."""
    if node is None:
        raise context.refuse("asks for whichever cell was changed last; name the cell")

    def told(grid: Grid) -> Value:
        if error := first_error(grid):
            raise Fails(str(error))
        what = text_of(grid.scalars().flat[0]).casefold()
        match what:
            case "row" | "col":
                return lines_of(0 if what == "row" else 1)(context, _first_cell(context, node))
            case "contents":
                return context.value(_first_cell(context, node))
            case "type":
                return of_each(_type_of, context.value(_first_cell(context, node)))
            case "address":
                tops, lefts, ref = _corners(context, node)
                if split_sheet(context.cell)[0] != ref.sheet:
                    raise context.refuse('tells the "address" of another sheet, in which its file is named')
                return _of_cells(lambda row, col: f"${column_letters(col)}${row}", tops, lefts)
            case "color" | "filename" | "format" | "parentheses" | "prefix" | "protect" | "width":
                raise context.refuse(f'tells the "{what}" of a cell, which its formulas do not decide')
        raise Fails("#VALUE!", f"knows nothing of a cell called {what!r}")

    return of_each(told, context.operand(info))


def _type_of(grid: Grid) -> Grid:
    """b for a blank cell, l for a text, v for all else."""
    types = np.where(grid.kinds() == BLANK, "b", np.where(grid.kinds() == TEXT, "l", "v"))
    return from_scalars(types.astype(object))


def _first_cell(context: Context, node: Node) -> Node:
    if not isinstance(node, Ref):
        raise Misused("asks for the place of what is no range")
    return Ref(node.sheet, node.top, node.left, node.top, node.left)


def _corners(context: Context, node: Node) -> tuple[np.ndarray, np.ndarray, Ref]:
    """The first row and column of a range for each cell, and the range."""
    if not isinstance(node, Ref):
        raise Misused("asks for the place of what is no range")
    place = _seen(context, node)
    tops, lefts = np.broadcast_arrays(place.top, place.left)
    return tops, lefts, node


def _of_cells(told: Callable[[int, int], object], rows: np.ndarray, cols: np.ndarray) -> Grid:
    """told(row, column) for each cell (H, W)."""
    out = np.empty(rows.shape, object)
    for at in np.ndindex(*rows.shape):
        out[at] = told(int(rows[at]), int(cols[at]))
    return from_scalars(out[..., None, None])


# --- sheets ---------------------------------------------------------------------------------------------


def sheet_number(context: Context, node: Node | None = None) -> Value:
    """The place of a sheet in the book, counted from 1: of a range's, of one named, of the formula's own."""
    sheets = [name.casefold() for name in context.evaluator.book().sheets]

    def number(name: str | None) -> Scalar:
        if name and name.casefold() in sheets:
            return float(sheets.index(name.casefold()) + 1)
        return error_at("#N/A", context.cell, f"finds no sheet {name!r}")

    if isinstance(node, Ref):
        return constant(number(node.sheet))
    if node is not None:
        return of_each(
            lambda grid: for_each(context, lambda name: number(text_of(name)), [grid], [False]),
            context.operand(node),
        )
    rows, cols = context.host.shape
    own = np.array(
        [[number(split_sheet(context.host.cell(i, j))[0]) for j in range(cols)] for i in range(rows)]
    )
    return from_scalars(own.astype(object)[..., None, None])


def sheet_count(context: Context, node: Node | None = None) -> Value:
    """How many sheets the book has; of a range how many it lies on, which is one."""
    if node is not None and not isinstance(node, Ref):
        raise Misused("asks for the sheets of what is no range")
    return constant(1.0 if node else float(len(context.evaluator.book().sheets)))


def _seen(context: Context, ref: Ref) -> Place:
    place = context.place(ref)
    if place is None:
        raise Fails("#REF!")
    return place


def _lying(context: Context, grid: Grid) -> Place:
    if grid.place is None:
        if grid.has(ERROR):
            context.require_alone(grid)
        raise Fails(str(first_error(grid) or "#VALUE!"), "asks for the place of what is no range")
    if grid.place.moves:
        raise context.refuse("asks for a place that a changing cell decides")
    return grid.place


def _edges(place: Place) -> tuple[tuple[np.ndarray, int], tuple[np.ndarray, int]]:
    """The first row of each cell's range and how many there are, and the same of columns."""
    return (place.top, place.rows), (place.left, place.cols)


def _steps(first: np.ndarray, count: int, axis: int) -> np.ndarray:
    """So many numbers from each cell's first on, down (axis 0) or to the right."""
    steps = np.arange(count).reshape((count, 1) if axis == 0 else (1, count))
    return first[..., None, None] + steps


def _numbered(first: np.ndarray, count: int, axis: int) -> Grid:
    return from_numbers(torch.from_numpy(_steps(first, count, axis)).to(t.DTYPE))
