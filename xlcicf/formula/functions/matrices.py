"""Excel's category Math & Trig: products, inverses and determinants of matrices."""

from xlcicf.formula import inverses
from xlcicf.formula import tape as t
from xlcicf.formula.coercion import number_of
from xlcicf.formula.context import Context, Fails
from xlcicf.formula.functions.table import as_matrices, handing_on, of_arrays
from xlcicf.formula.grid import Grid, error_of_each, from_numbers, with_errors
from xlcicf.formula.plain import columns_of


@of_arrays("MMULT", "SUM(MMULT(~{1,2;3,4},~{5,6;7,8}))", arity=(2, 2), taken=as_matrices)
def matrix_product(a, b):
    columns, rows = t.shape_of(a)[3], t.shape_of(b)[2]
    if columns != rows:
        raise Fails("#VALUE!", f"multiplies {columns} columns by {rows} rows")
    return t.matrix_product(a, b)


def _square(a: t.Array) -> t.Array:
    rows, columns = t.shape_of(a)[2:]
    if rows != columns:
        raise Fails("#VALUE!", f"takes square matrices, not {rows} rows by {columns} columns")
    return a


@of_arrays(
    "MINVERSE",
    "SUM(MINVERSE(~{4,-1;2,0.5}))",
    "SUMPRODUCT(MINVERSE(~{1,2,1;3,4,-1;0,2,5}),~{1,2,3;4,5,6;7,8,9})",
    "INDEX(MINVERSE(~{2}),1,1)",
    taken=as_matrices,
    arity=(1, 1),
)
def inverse(a):
    """#NUM! where it has none."""
    return t.may_fail(inverses.inverse(_square(a)))


@of_arrays(
    "MDETERM",
    "MDETERM(~{1,3,8,5;1,3,6,1;1,1,1,0;7,3,10,2})",
    "MDETERM(~{3,6;1,1})",
    "MDETERM(~{3,6;1,2})+~1",
    "MDETERM(~{3})",
    taken=as_matrices,
    arity=(1, 1),
)
def determinant(a):
    return inverses.determinant(_square(a))


LARGEST_UNIT = 1000


@handing_on("MUNIT", "SUM(MUNIT($A$3))*~2", "SUM(MMULT(MUNIT($A$2+0.9),~{1;2}))", arrays=lambda i: False)
def unit_matrix(context: Context, size: Grid) -> Grid:
    _, (numbers,) = columns_of(context, [size], [False])
    if not size.is_single or len({*numbers}) != 1:
        raise context.refuse("makes matrices of different sizes; write one for each")
    if found := error_of_each(size):
        return with_errors(size, found)
    n = int(number_of(numbers[0]))
    if n < 1:
        raise Fails("#VALUE!", "makes matrices of one row and more")
    if n > LARGEST_UNIT:
        raise context.refuse(f"makes matrices of up to {LARGEST_UNIT:,} rows here")
    return from_numbers(inverses.unit(n))
