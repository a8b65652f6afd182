"""Excel's category Lookup & Reference: places, sizes and elements of ranges and arrays."""

import math

from xlcicf.formula.choice import Value
from xlcicf.formula.choosing import pick
from xlcicf.formula.coercion import number_of, truth_of
from xlcicf.formula.context import Context, Fails
from xlcicf.formula.functions.table import excel, handing_on, of_constants, of_grids
from xlcicf.formula.grid import Grid, constant
from xlcicf.formula.plain import Cells, for_each
from xlcicf.formula.rearranging import elements, part
from xlcicf.formula.searching import place_down_to, place_of, place_up_to
from xlcicf.formula.tree import Node, Union
from xlcicf.formula.whereabouts import lines_of, sizes_of

NEAREST = constant(True)

# --- places and sizes -----------------------------------------------------------------------------------

excel("ROWS", "ROWS(~{1;2;3})*~2", "ROWS($B$2:$C$9)*~2")(sizes_of(axis=0))
excel("COLUMNS", "COLUMNS(~{1,2,3})*~2", "COLUMNS($A:$C)*~2")(sizes_of(axis=1))
excel("ROW", "ROW($B$3)*~2", "SUMPRODUCT(ROW($B$2:$B$3),~{5;6})", arity=(0, 1))(lines_of(axis=0))
excel("COLUMN", "COLUMN($C$2)*~2", "SUMPRODUCT(COLUMN($B$2:$C$2),~{5,6})", arity=(0, 1))(lines_of(axis=1))


# --- parts ----------------------------------------------------------------------------------------------


@excel(
    "INDEX",
    "INDEX(~{1,2;3,4},2,1)",
    "INDEX(~{5,6,7},3)",
    "SUM(INDEX(~{1,2;3,4},0,2))",
    arity=(2, 4),
    ranges="inherit",
)
def index(
    context: Context, array: Node, row: Node, column: Node | None = None, area: Node | None = None
) -> Value:
    """Row and column counted from 1; 0 means all of them. Of several areas `area` says which."""
    inside = context.taking("array")
    areas = [inside.value(node) for node in (array.parts if isinstance(array, Union) else (array,))]
    whole = areas[0]
    if area is not None:
        whole = pick(context, context.operand(area), [lambda one=one: one for one in areas], "#REF!")
    keys = [context.operand(node) for node in (row, column) if node is not None]
    return of_grids(context, lambda grid, *at: part(context, grid, *at), [whole, *keys])


@handing_on("TRANSPOSE", "SUM(MMULT(TRANSPOSE(~{1;2}),~{3;4}))", ranges="array")
def transposed(context: Context, array: Grid) -> Grid:
    return array.permuted((0, 1, 3, 2))


@excel(
    "CHOOSE",
    "CHOOSE(2,~1.5,~2.5)",
    "CHOOSE(1.9,~1.5,1/0)",
    "SUM(CHOOSE(2,~{1;2},~{3;4;5}))",
    "CHOOSE(~1.5,~1.5,~3)",
    arity=(2, 255),
)
def choose_by_number(context: Context, number: Node, *options: Node) -> Value:
    return pick(context, context.operand(number), [lambda node=node: context.value(node) for node in options])


@excel("HYPERLINK", 'HYPERLINK("#A1",~1.5)', 'HYPERLINK("#A"&1,~2)+1', arity=(1, 2))
def hyperlink(context: Context, link: Node, shown: Node | None = None) -> Value:
    """Shows its second argument, or else the link itself."""
    return context.operand(link if shown is None else shown)


# --- what is looked for ---------------------------------------------------------------------------------


@of_constants("MATCH", "MATCH(~2.5,{1,2,3},1)", "MATCH(2,~{1,2,3},0)", arity=(2, 3), arrays=lambda i: i == 1)
def match(wanted: object, cells: Cells, how: object = 1.0):
    how = number_of(how)
    find = place_up_to if how > 0 else place_down_to if how < 0 else place_of
    return find(wanted, cells) + 1.0


@handing_on(
    "VLOOKUP",
    "VLOOKUP(2.5,$A$1:$B$3,2)+SUM(~B1:B3)",
    "VLOOKUP(2,$A$1:$B$3,2,FALSE)*SUM(~B1:B3)",
    arity=(3, 4),
    arrays=lambda i: i == 1,
)
def vertical_lookup(context: Context, wanted: Grid, table: Grid, column: Grid, nearest: Grid = NEAREST):
    """The element in a column of the row whose first element is the one wanted."""
    rows, columns = table.size
    searched = table.cut(slice(0, rows), slice(0, 1))

    def place(wanted: object, cells: Cells, column: object, nearest: object) -> float:
        at = math.floor(number_of(column))
        if at < 1:
            raise Fails("#VALUE!", "looks in a column before the first")
        if at > columns:
            raise Fails("#REF!", f"looks in a column beyond the {columns} that there are")
        find = place_up_to if truth_of(nearest) else place_of
        return float(find(wanted, cells) * columns + at - 1)

    return elements(
        table, for_each(context, place, [wanted, searched, column, nearest], [False, True, False, False])
    )


@handing_on(
    "HLOOKUP",
    "HLOOKUP(2,TRANSPOSE($A$1:$B$3),2)+SUM(~B1:B3)",
    arity=(3, 4),
    arrays=lambda i: i == 1,
    ranges="array",
)
def horizontal_lookup(context: Context, wanted: Grid, table: Grid, row: Grid, nearest: Grid = NEAREST):
    """The element in a row of the column whose first element is the one wanted."""
    return vertical_lookup(context, wanted, transposed(context, table), row, nearest)


@handing_on(
    "LOOKUP",
    "LOOKUP(2.5,$A$1:$A$3,~B1:B3)",
    "LOOKUP(9,{1;2;3},~{4;5;6})",
    arity=(2, 3),
    arrays=lambda i: i > 0,
    ranges="array",
)
def lookup(context: Context, wanted: Grid, searched: Grid, results: Grid | None = None):
    """The element beside the last one, in a row or column that ascends, not above the one wanted."""
    if results is None:
        searched, results = _first_and_last(searched)
    count = results.size[0] * results.size[1]

    def place(wanted: object, cells: Cells) -> float:
        found = place_up_to(wanted, cells)
        if found >= count:
            raise Fails("#N/A", "finds no result beside what it looks for")
        return float(found)

    return elements(results, for_each(context, place, [wanted, searched], [False, True]))


def _first_and_last(table: Grid) -> tuple[Grid, Grid]:
    """A table's first and last column, or rows where it is wider than high."""
    rows, columns = table.size
    if columns > rows:
        return table.cut(slice(0, 1), slice(0, columns)), table.cut(slice(rows - 1, rows), slice(0, columns))
    return table.cut(slice(0, rows), slice(0, 1)), table.cut(slice(0, rows), slice(columns - 1, columns))
