"""Excel's category Lookup & Reference: places, sizes and elements of ranges and arrays."""

import operator

from xlcicf.formula.choice import of_each
from xlcicf.formula.comparing import comparable, plain
from xlcicf.formula.context import Context, Fails
from xlcicf.formula.criteria import equals
from xlcicf.formula.functions.table import excel, of_constants, rearranging
from xlcicf.formula.grid import constant
from xlcicf.formula.tree import Node, Ref


@rearranging("INDEX", "INDEX(~{1,2;3,4},2,1)", "INDEX(~{5,6,7},3)", arity=(2, 3), hands_on=True)
def index(places, row, column=None):
    """Row and column counted from 1; 0 means all of them. One number is a place in a row or column."""
    rows, columns = places.shape
    if column is None:
        row, column = (1, row) if rows == 1 else (row, columns == 1)
    row, column = int(row), int(column)
    if not (0 <= row <= rows and 0 <= column <= columns):
        raise Fails("#REF!", "looks outside its range")
    part = places[row - 1 : row] if row else places
    return part[:, column - 1 : column] if column else part


@rearranging("TRANSPOSE", "SUM(MMULT(TRANSPOSE(~{1;2}),~{3;4}))")
def transposed(places):
    return places.T


def extent(axis: int):
    def evaluate(context: Context, node: Node):
        if isinstance(node, Ref):
            area = context.area(node)
            return constant(float(area.shape[axis])) if area else context.error("#REF!")
        return of_each(lambda grid: constant(float(grid.size[axis])), context.value(node))

    return evaluate


excel("ROWS", "ROWS(~{1;2;3})*~2")(extent(0))
excel("COLUMNS", "COLUMNS(~{1,2,3})*~2")(extent(1))


@of_constants("MATCH", "MATCH(~2.5,{1,2,3},1)", "MATCH(2,~{1,2,3},0)", arity=(2, 3), arrays=lambda i: i == 1)
def match(key, cells, how=1.0):
    key, values = 0.0 if key is None else key, cells.ravel()
    if not how:
        meets = equals(key)
        found = (i + 1.0 for i, v in enumerate(values) if meets(v))
    else:
        order = operator.le if how > 0 else operator.ge
        alike = ((i + 1.0, v) for i, v in enumerate(values) if comparable(v, key))
        found = iter([i for i, v in alike if order(plain(v), plain(key))][-1:])
    place = next(found, None)
    if place is None:
        raise Fails("#N/A")
    return place
