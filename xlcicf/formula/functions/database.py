"""Excel's category Database: functions of a table's column, of the rows that meet criteria.

A table's first row and the criteria's first row name columns. A row of criteria is met where each of its
cells is, an empty one by every value; a record counts where one row of criteria is met. Criteria and the
columns that they name are constants; the numbers of the column computed with may change.
"""

from functools import reduce

import numpy as np

from xlcicf.formula.choice import Value
from xlcicf.formula.coercion import number_of, text_of
from xlcicf.formula.conditional import FEWEST
from xlcicf.formula.context import Context, Fails
from xlcicf.formula.criteria import criterion_of
from xlcicf.formula.functions.table import called_with, excel, of_grids
from xlcicf.formula.grid import CellError, Grid, constant
from xlcicf.formula.number_in_text import number_in_text
from xlcicf.formula.plain import Places, cells_of
from xlcicf.formula.tree import Const, Node


def _headers(context: Context, table: Grid) -> list[str]:
    """What names the columns, all letters in one case."""
    row = table.cut(slice(0, 1), slice(0, table.size[1]))
    if row.varies().any():
        raise context.refuse_changing()
    return [text_of(value).casefold() for value in row.scalars().ravel().tolist()]


def _column(headers: list[str], field: object) -> int:
    """The place of the column that a name or a number counted from 1 means. Raises Fails."""
    if isinstance(field, CellError):
        raise Fails(str(field))
    if isinstance(field, str) and field.casefold() in headers:
        return headers.index(field.casefold())
    at = int(number_of(field)) - 1
    if not 0 <= at < len(headers):
        raise Fails("#VALUE!", f"looks for a column {text_of(field)!r} that the table has not")
    return at


def _records(context: Context, table: Grid, column: int) -> Grid:
    """A column without its header."""
    return table.cut(slice(1, table.size[0]), slice(column, column + 1))


def _places_met(context: Context, table: Grid, headers: list[str], criteria: Grid) -> Places:
    """The records, counted from 0, that meet a row of criteria."""
    if criteria.varies().any():
        raise context.refuse_changing()
    names, *rows = criteria.scalars()[0, 0].tolist()
    count = table.size[0] - 1
    if not rows or count < 1:
        raise Fails("#VALUE!", "needs a row of names and rows below them, in the table and in the criteria")
    return reduce(np.union1d, (_places_of_row(context, table, headers, names, row) for row in rows))


def _places_of_row(context: Context, table: Grid, headers: list[str], names: list, row: list) -> Places:
    met = np.arange(table.size[0] - 1)
    for name, criterion in zip(names, row, strict=True):
        if criterion is None or criterion == "":
            continue
        if text_of(name).casefold() not in headers:
            raise context.refuse(f"computes a criterion under {text_of(name)!r}, which is no column's name")
        column = _records(context, table, headers.index(text_of(name).casefold()))
        if column.varies().any():
            raise context.refuse_changing()
        cells = cells_of(column)[0, 0, 0, 0]
        met = np.intersect1d(met, criterion_of(_as_begun(criterion)).places(cells))
    return met


def _as_begun(criterion: object) -> object:
    """A text alone is met by every text that begins so, unlike in COUNTIF."""
    if isinstance(criterion, CellError) or not isinstance(criterion, str):
        return criterion
    if criterion.startswith(("=", "<", ">")) or number_in_text(criterion) is not None:
        return criterion
    return criterion + "*"


def _elements(column: Grid, met: Places) -> Grid:
    """The elements of records in a row (1, 1, 1, n), filled up with blanks."""
    index = np.zeros((1, 1, 1, max(FEWEST, len(met))), np.intp)
    index[..., : len(met)] = met
    return column.taken(index).blank_where(np.arange(index.size).reshape(index.shape) >= len(met))


def _met(context: Context, table: Grid, field: Grid, criteria: Grid) -> tuple[Grid, Places]:
    """The column meant, and which of its records count."""
    if {table.batch, field.batch, criteria.batch} != {(1, 1)} or not field.is_single:
        raise context.refuse("looks in another table in each cell; name one table with $")
    if field.varies().any():
        raise context.refuse_changing()
    headers = _headers(context, table)
    column = _column(headers, field.scalars().item())
    return _records(context, table, column), _places_met(context, table, headers, criteria)


def _values(context: Context, table: Node, field: Node, criteria: Node) -> list[Value]:
    inside = context.taking("array")
    return [inside.value(table), context.operand(field), inside.value(criteria)]


def of_records(name: str, function: str, *examples: str, counts: bool = False) -> None:
    """Enters `function` of the numbers of a column; where it `counts`, without a column of the records."""

    @excel(name, *examples, arity=(3, 3))
    def evaluate(context: Context, table: Node, field: Node, criteria: Node) -> Value:
        if counts and field == Const(None):
            grids = _values(context, table, Const(1.0), criteria)
            return of_grids(context, lambda *of: constant(float(len(_met(context, *of)[1]))), grids)

        def compute(*grids: Grid) -> Value:
            return called_with(context, function, [_elements(*_met(context, *grids))])

        return of_grids(context, compute, _values(context, table, field, criteria))


for name, function in (
    ("DSUM", "SUM"),
    ("DAVERAGE", "AVERAGE"),
    ("DMAX", "MAX"),
    ("DMIN", "MIN"),
    ("DPRODUCT", "PRODUCT"),
    ("DSTDEV", "STDEV"),
    ("DSTDEVP", "STDEVP"),
    ("DVAR", "VAR"),
    ("DVARP", "VARP"),
):
    of_records(name, function, f"{name}($A$1:$B$3,2,$A$1:$A$3)*~2")
for name, function in (("DCOUNT", "COUNT"), ("DCOUNTA", "COUNTA")):
    examples = (f"{name}($A$1:$B$3,{field},$A$1:$A$2)*~2" for field in ("2", ""))
    of_records(name, function, *examples, counts=True)


@excel("DGET", "DGET($A$1:$B$3,2,$A$1:$A$2)*~2", arity=(3, 3))
def only_record(context: Context, table: Node, field: Node, criteria: Node) -> Value:
    def compute(*grids: Grid) -> Value:
        column, met = _met(context, *grids)
        if len(met) == 0:
            raise Fails("#VALUE!", "finds no record that meets the criteria")
        if len(met) > 1:
            raise Fails("#NUM!", f"finds {len(met)} records that meet the criteria")
        return column.taken(np.full((1, 1, 1, 1), met[0]))

    return of_grids(context, compute, _values(context, table, field, criteria))
