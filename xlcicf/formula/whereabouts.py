"""Where ranges lie, how large they are, whether formulas fill them, whatever they show: ROW, COLUMNS, ..."""

from collections.abc import Callable

import numpy as np
import torch

from xlcicf.formula import tape as t
from xlcicf.formula.address import Area
from xlcicf.formula.choice import Value, of_each
from xlcicf.formula.context import Context, Fails, Misused
from xlcicf.formula.grid import Grid, Place, constant, from_numbers, from_truths
from xlcicf.formula.growing import grows, sizes
from xlcicf.formula.tree import Node, Ref


def sizes_of(axis: int) -> Callable[[Context, Node], Value]:
    """How many rows (axis 0) or columns (1) a range or an array has."""

    def evaluate(context: Context, node: Node) -> Value:
        if not isinstance(node, Ref):
            return of_each(lambda grid: constant(float(grid.extent[axis])), context.value(node))
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
            return of_each(lambda grid: _numbered(*_edges(_lying(grid))[axis], axis), context.value(node))
        return _numbered(first, count, axis)

    return evaluate


def holds_formulas(context: Context, node: Node) -> Value:
    """Whether cells hold a formula, for each cell of a range."""
    if not isinstance(node, Ref):
        raise Misused("asks for the formula of what is no range")
    place = _seen(context, node)
    rows, cols = (_steps(first, count, axis) for axis, (first, count) in enumerate(_edges(place)))
    holds = np.vectorize(lambda row, col: context.evaluator.has_formula(node.sheet, int(row), int(col)))
    return from_truths(torch.from_numpy(holds(rows, cols)))


def _seen(context: Context, ref: Ref) -> Place:
    place = context.place(ref)
    if place is None:
        raise Fails("#REF!")
    return place


def _lying(grid: Grid) -> Place:
    if grid.place is None:
        raise Fails("#VALUE!", "asks for the place of what is no range")
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
