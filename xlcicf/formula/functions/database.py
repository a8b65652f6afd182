"""Excel's category Database: functions of a table's column, of the rows that meet criteria.

A table's first row and the criteria's first row name columns. A row of criteria is met where each of its
cells is, an empty one by every value; a record counts where one row of criteria is met. Criteria and the
columns that they name are constants; the numbers of the column computed with may change.
"""

from xlcicf.formula.choice import Value, of_each
from xlcicf.formula.context import Context
from xlcicf.formula.functions.table import (
    called_with,
    excel,
    makes_values,
    no_range,
    of_grids,
    refuse_errors_handed_over,
)
from xlcicf.formula.grid import Grid, with_errors
from xlcicf.formula.records import Found, found_in
from xlcicf.formula.tree import Const, Node


def _values(context: Context, table: Node, field: Node, criteria: Node) -> list[Value]:
    inside = context.taking("array")
    return [inside.value(table), context.operand(field), inside.value(criteria)]


def _without_a_range(context: Context, *ranges: Node) -> Value | None:
    """What a value comes to where a table or its criteria have to be a range."""
    inside = context.taking("array")
    values = (inside.value(node) for node in ranges if makes_values(node))
    return next((of_grids(context, lambda grid: no_range(context, grid), [value]) for value in values), None)


def _found(context: Context, *grids: Grid) -> Found:
    refuse_errors_handed_over(context, grids)
    return found_in(context, *grids)


def of_records(name: str, function: str, *examples: str, counts: bool = False) -> None:
    """Enters `function` of the numbers of a column; where it `counts`, without a column of the records."""

    @excel(name, *examples, arity=(3, 3))
    def evaluate(context: Context, table: Node, field: Node, criteria: Node) -> Value:
        def compute(*grids: Grid) -> Value:
            found = _found(context, *grids)
            if counts and field == Const(None):
                out: Value = found.numbers()
            else:
                out = called_with(context, function, [found.elements])
            return of_each(lambda grid: with_errors(grid, found.errors), out)

        if refused := _without_a_range(context, table, criteria):
            return refused
        column = Const(1.0) if counts and field == Const(None) else field
        return of_grids(context, compute, _values(context, table, column, criteria))


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
        found = _found(context, *grids)
        return with_errors(found.elements.first(), found.unless_one(context))

    refused = _without_a_range(context, table, criteria)
    return refused or of_grids(context, compute, _values(context, table, field, criteria))
