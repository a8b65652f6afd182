"""Excel's category Math & Trig: products, inverses and determinants of matrices."""

from xlcicf.formula import tape as t
from xlcicf.formula.context import Fails
from xlcicf.formula.functions.table import as_matrices, of_arrays


@of_arrays("MMULT", "SUM(MMULT(~{1,2;3,4},~{5,6;7,8}))", arity=(2, 2), taken=as_matrices)
def matrix_product(a, b):
    columns, rows = t.shape_of(a)[3], t.shape_of(b)[2]
    if columns != rows:
        raise Fails("#VALUE!", f"multiplies {columns} columns by {rows} rows")
    return t.matrix_product(a, b)
