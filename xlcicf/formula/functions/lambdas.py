"""Excel's functions that call a LAMBDA, again and again: MAP, REDUCE, SCAN, BYROW, BYCOL, MAKEARRAY."""

from collections.abc import Iterable

import numpy as np

from xlcicf.formula.arranging import require_all
from xlcicf.formula.choice import Value
from xlcicf.formula.context import OMITTED, Context, Fails
from xlcicf.formula.functions.table import ANY, excel
from xlcicf.formula.grid import Grid, aligned, arrayed, constant, first_error
from xlcicf.formula.rearranging import fixed_number, part_at
from xlcicf.formula.tree import Node

MOST = 10_000  # calls of one function


@excel("ISOMITTED", "LAMBDA(x,[y],IF(ISOMITTED(y),x,9))(~2)", "LAMBDA(x,[y],IF(ISOMITTED(y),x,9*x))(~2,3)")
def is_omitted(context: Context, name: Node) -> Value:
    return constant(context.evaluator.value_or_closure(name, context) is OMITTED)


@excel("MAP", "SUM(MAP(~{1,2;3,4},LAMBDA(x,x^2)))", "SUM(MAP(~{1;2},~{3;4},LAMBDA(a,b,a*b)))", arity=(2, ANY))
def map_(context: Context, *nodes: Node) -> Value:
    """What the LAMBDA yields of each element, or of the elements of several arrays at one place."""
    call = context.function_of(nodes[-1])
    arrays = aligned([_array(context, node) for node in nodes[:-1]], context.host)
    h, w = np.broadcast_shapes(*(array.size for array in arrays))
    if any(array.size != (h, w) for array in arrays):
        raise context.refuse("takes arrays of one size; put the single value into the LAMBDA itself")
    places = _places(context, h, w)
    results = [call(*(_element(array, i, j) for array in arrays)) for i, j in places]
    return _arrayed(context, results, (h, w))


@excel(
    "REDUCE",
    "REDUCE(~1,~{1,2;3,4},LAMBDA(total,x,total+x^2))",
    "REDUCE(,~{1,2},LAMBDA(a,x,a+x))",
    arity=(3, 3),
)
def reduce_(context: Context, start: Node, array: Node, function: Node) -> Value:
    """The last of what the LAMBDA makes of what it made before and of the next element, row by row."""
    *_, last = _accumulated(context, start, array, function)
    return last


@excel("SCAN", "SUM(SCAN(~1,~{1,2;3,4},LAMBDA(total,x,total*x)))", arity=(3, 3))
def scan(context: Context, start: Node, array: Node, function: Node) -> Value:
    """All that REDUCE comes to on the way, in the array's shape."""
    size = _array(context, array).size
    steps = list(_accumulated(context, start, array, function))[1:]
    return _arrayed(context, steps, size)


def _accumulated(context: Context, start: Node, array: Node, function: Node):
    call, grid = context.function_of(function), _array(context, array)
    value = context.value(start)
    yield value
    for i, j in _places(context, *grid.size):
        value = call(value, _element(grid, i, j))
        yield value


@excel("BYROW", "SUM(BYROW(~{1,2;3,4},LAMBDA(r,MAX(r))))", arity=(2, 2))
def by_row(context: Context, array: Node, function: Node) -> Value:
    grid, call = _array(context, array), context.function_of(function)
    rows, columns = grid.size
    lines = (part_at(grid, i, 0, 1, columns).as_array() for i, _ in _places(context, rows, 1))
    return _arrayed(context, map(call, lines), (rows, 1))


@excel("BYCOL", "SUM(BYCOL(~{1,2;3,4},LAMBDA(c,MAX(c))))", arity=(2, 2))
def by_column(context: Context, array: Node, function: Node) -> Value:
    grid, call = _array(context, array), context.function_of(function)
    rows, columns = grid.size
    lines = (part_at(grid, 0, j, rows, 1).as_array() for _, j in _places(context, 1, columns))
    return _arrayed(context, map(call, lines), (1, columns))


@excel("MAKEARRAY", "SUM(MAKEARRAY(2,3,LAMBDA(r,c,r*c*~1.5)))", arity=(3, 3))
def make_array(context: Context, rows: Node, columns: Node, function: Node) -> Value:
    """What the LAMBDA yields of each row's and column's number, counted from 1."""
    call = context.function_of(function)
    h, w = _count(context, rows), _count(context, columns)
    results = [call(constant(i + 1.0), constant(j + 1.0)) for i, j in _places(context, h, w)]
    return _arrayed(context, results, (h, w))


def _array(context: Context, node: Node) -> Grid:
    value = context.taking("array").value(node)
    if not isinstance(value, Grid):
        raise context.refuse("takes an array whose size or kind a changing cell decides")
    require_all(context, value)
    return value


def _count(context: Context, node: Node) -> int:
    """How many rows or columns are asked for. Raises Fails("#VALUE!") for fewer than one."""
    value = context.operand(node)
    number = fixed_number(context, value) if isinstance(value, Grid) else None
    if number is None or number.shape != (1, 1, 1, 1):
        raise context.cell_by_cell("makes arrays of several sizes; write a formula for each")
    if error := first_error(number):
        raise Fails(str(error))
    if (count := int(number.numbers().item())) < 1:
        raise Fails("#VALUE!", "makes an array without rows or columns")
    return count


def _places(context: Context, rows: int, columns: int) -> list[tuple[int, int]]:
    if rows * columns > MOST:
        raise context.refuse(f"calls a LAMBDA more than {MOST:,} times; write the formula beside each cell")
    return [(i, j) for i in range(rows) for j in range(columns)]


def _element(grid: Grid, i: int, j: int) -> Grid:
    rows, columns = grid.size
    return part_at(grid, min(i, rows - 1), min(j, columns - 1), 1, 1)


def _arrayed(context: Context, values: Iterable[Value], size: tuple[int, int]) -> Grid:
    return arrayed([_single(context, value) for value in values], size).as_array()


def _single(context: Context, value: Value) -> Grid:
    if not isinstance(value, Grid):
        raise context.refuse("yields a number or something else as a changing cell decides")
    if not value.is_single:
        raise Fails("#CALC!", "is given a LAMBDA that yields an array for one element")
    return value.as_value()
