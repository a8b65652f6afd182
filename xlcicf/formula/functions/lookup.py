"""Excel's category Lookup & Reference: places, sizes and elements of ranges and arrays."""

import math

import numpy as np

from xlcicf.formula import tape as t
from xlcicf.formula.address import MAX_COL, MAX_ROW, column_letters, quote_sheet
from xlcicf.formula.arranging import require_all
from xlcicf.formula.choice import Value
from xlcicf.formula.choosing import choose, pick
from xlcicf.formula.coercion import number_of, text_of, truth_of
from xlcicf.formula.context import Context, Fails, Misused
from xlcicf.formula.functions.table import (
    excel,
    handing_on,
    makes_values,
    of_constants,
    of_grids,
    refuse_errors_handed_over,
)
from xlcicf.formula.grid import (
    TEXT,
    Grid,
    constant,
    errors_among,
    errors_where,
    first_error,
    from_truths,
    with_errors,
)
from xlcicf.formula.looked_up import is_zero, number_among_numbers, place_of_number, where_reached
from xlcicf.formula.plain import Cells, for_each
from xlcicf.formula.rearranging import elements, fixed_number, line_of, part
from xlcicf.formula.searching import place_asked, place_down_to, place_of, place_up_to
from xlcicf.formula.stepped import depend_on_changing
from xlcicf.formula.tree import Node, Union
from xlcicf.formula.whereabouts import lines_of, sizes_of

NEAREST, EXACT, FORWARDS = constant(True), constant(0.0), constant(1.0)
NOWHERE = -1e9  # in the place of a place
NO_SHEET = object()  # in the place of a name, which may be blank

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
    number = constant(1.0) if area is None else context.operand(area)
    keys = [context.operand(node) for node in (row, column) if node is not None]

    def part_of(grid: Grid, *at: Grid) -> Value:
        refuse_errors_handed_over(context, [grid])
        if column is None and grid.is_range and 1 not in grid.extent:
            at = (_row_of_a_table(context, *at),)
        return part(context, grid, *at)

    return pick(
        context, number, [lambda one=one: of_grids(context, part_of, [one, *keys]) for one in areas], "#REF!"
    )


def _row_of_a_table(context: Context, row: Grid) -> Grid:
    """0 for the whole range, as without a column; no other row of several columns is had without one."""
    row = fixed_number(context, row)
    one = row.numbers() >= 1.0
    found = errors_where(one, "#REF!", context.host, "needs a column too", after=errors_among([row]))
    return with_errors(row, found)


@handing_on("TRANSPOSE", "SUM(MMULT(TRANSPOSE(~{1;2}),~{3;4}))", ranges="array")
def transposed(context: Context, array: Grid) -> Grid:
    require_all(context, array)
    return _turned(array)


def _turned(array: Grid) -> Grid:
    turned = array.permuted((0, 1, 3, 2))
    return turned.as_array() if array.is_array else turned


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
    """Shows its second argument, or else the link itself, a text."""
    links = context.operand(link)
    if shown is None:
        return of_grids(context, lambda grid: for_each(context, text_of, [grid], [False]), [links])
    return of_grids(
        context,
        lambda link, grid: with_errors(grid.as_value(), errors_among([link])),
        [links, context.operand(shown)],
    )


# --- what is looked for ---------------------------------------------------------------------------------


@of_constants(
    "MATCH",
    "MATCH(~2.5,{1,2,3},1)",
    "MATCH(2,~{1,2,3},0)",
    arity=(2, 3),
    arrays=lambda i: i == 1,
    at_once=number_among_numbers,
)
def match(wanted: object, cells: Cells, how: object = 1.0):
    how = number_of(how)
    if 1 not in cells.extent:
        raise Fails("#N/A", "looks in several rows and columns at once")
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
    if table.is_single and not table.is_range and table.has(TEXT):
        context.require_alone(table)
        raise Fails("#VALUE!", "looks in a text")
    rows, columns = table.size
    searched = line_of(table, slice(0, rows), slice(0, 1))
    if depend_on_changing([wanted, searched]):  # what is in the other columns need be no numbers
        table, columns, column = _column_alone(context, table, column)
        table = where_reached(wanted, searched, table)
        alone = columns == 1 and is_zero(nearest)
        if alone and (found := place_of_number(context, wanted, searched)) is not None:
            return elements(context, table, found)

    def place(wanted: object, cells: Cells, column: object, nearest: object) -> float:
        at = math.floor(number_of(column))
        if at > columns:
            raise Fails("#REF!", f"looks in a column beyond the {columns} that there are")
        find = place_up_to if truth_of(nearest) else place_of
        row = find(wanted, cells)
        if at < 1:
            raise Fails("#VALUE!", "looks in a column before the first")
        return float(row * columns + at - 1)

    keys = [wanted, searched, column, nearest]
    return elements(context, table, for_each(context, place, keys, [False, True, False, False]))


def _column_alone(context: Context, table: Grid, column: Grid) -> tuple[Grid, int, Grid]:
    """A table's column by its number, as a table; as it is where it has none of one number."""
    rows, columns = table.size
    column = fixed_number(context, column)
    if first_error(column):
        return table, columns, column
    number = column.numbers()
    at = math.floor(number.flat[0])
    if (number != number.flat[0]).any() or not 1 <= at <= columns:
        return table, columns, column
    return table.cut(slice(0, rows), slice(at - 1, at)), 1, constant(1.0)


@handing_on(
    "HLOOKUP",
    "HLOOKUP(2,TRANSPOSE($A$1:$B$3),2)+SUM(~B1:B3)",
    arity=(3, 4),
    arrays=lambda i: i == 1,
    ranges="array",
)
def horizontal_lookup(context: Context, wanted: Grid, table: Grid, row: Grid, nearest: Grid = NEAREST):
    """The element in a row of the column whose first element is the one wanted."""
    return vertical_lookup(context, wanted, _turned(table), row, nearest)


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
    first, last = _first_and_last(searched)
    searched, results = (first, last) if results is None else (first, results)
    if 1 not in results.size:
        raise Fails("#N/A", "finds results in several rows and columns")
    count = results.size[0] * results.size[1]

    def place(wanted: object, cells: Cells) -> float:
        found = place_up_to(wanted, cells)
        if found >= count:
            raise Fails("#N/A", "finds no result beside what it looks for")
        return float(found)

    if depend_on_changing([wanted, searched]) and results.size == searched.size:
        results = where_reached(wanted, searched, results)
    return elements(context, results, for_each(context, place, [wanted, searched], [False, True]))


def _first_and_last(table: Grid) -> tuple[Grid, Grid]:
    """A table's first and last column, or rows where it is wider than high."""
    rows, columns = table.size
    if table.extent[1] > table.extent[0]:
        return line_of(table, slice(0, 1), slice(0, columns)), line_of(
            table, slice(rows - 1, rows), slice(0, columns)
        )
    return line_of(table, slice(0, rows), slice(0, 1)), line_of(
        table, slice(0, rows), slice(columns - 1, columns)
    )


@of_constants(
    "XMATCH",
    "XMATCH(2,~{3,2,1})",
    "XMATCH(~2.5,{1,2,3},-1)",
    "XMATCH(~2.5,{1,2,3},1,-1)",
    "XMATCH(~3,{1,2,3},2)",
    arity=(2, 4),
    arrays=lambda i: i == 1,
)
def x_match(wanted: object, cells: Cells, how: object = 0.0, order: object = 1.0):
    if 1 not in cells.size:
        raise Fails("#VALUE!", "looks in what is no single row or column")
    return place_asked(wanted, cells, *_as_asked(how, order)) + 1.0


def _as_asked(how: object, order: object) -> tuple[int, int]:
    """How to match, and in which order to search."""
    mode, direction = (math.trunc(number_of(value)) for value in (how, order))
    if mode == 3:
        raise Misused("looks for a regular expression, which is not computed")
    if mode not in (-1, 0, 1, 2) or direction not in (-2, -1, 1, 2) or (mode == 2 and abs(direction) == 2):
        raise Fails("#VALUE!", "is asked for a way of matching or searching that there is not")
    return mode, direction


@handing_on(
    "XLOOKUP",
    "XLOOKUP(2,$A$1:$A$3,~B1:B3)",
    "XLOOKUP(9,$A$1:$A$3,~B1:B3,~7)",
    "XLOOKUP(2.5,$A$1:$A$3,~B1:B3,,-1)",
    "XLOOKUP(1.5,$A$1:$A$3,~B1:B3,0,1,-1)",
    "SUM(XLOOKUP($A$2,$A$1:$A$3,~{1,2;3,4;5,6}))",
    "SUMPRODUCT(XLOOKUP($A$1:$A$2,$A$1:$A$3,~{4;5;6}))",
    arity=(3, 6),
    arrays=lambda i: i in (1, 2),
    ranges="array",
)
def x_lookup(
    context: Context,
    wanted: Grid,
    searched: Grid,
    results: Grid,
    otherwise: Grid | None = None,
    how: Grid = EXACT,
    order: Grid = FORWARDS,
):
    """The row or column of the results beside the element wanted, or else `otherwise`."""
    rows, columns = results.size
    down = searched.size[1] == 1 and searched.size[0] == rows
    if not down and not (searched.size[0] == 1 and searched.size[1] == columns):
        raise Fails("#VALUE!", "looks in cells that are not as many as the results")
    is_line = (columns if down else rows) == 1
    if not is_line and not all(grid.is_single for grid in (wanted, how, order)):
        raise context.refuse("looks up several rows or columns at once; write one for each")
    stride = columns if down else 1

    def place(wanted: object, cells: Cells, how: object, order: object) -> float:
        try:
            return float(place_asked(wanted, cells, *_as_asked(how, order)) * stride)
        except Fails as failed:
            if failed.code != "#N/A" or otherwise is None or otherwise.is_left_out:
                raise
            return NOWHERE

    keys = [wanted, searched, how, order]
    found = for_each(context, place, keys, [False, True, False, False])
    along = np.arange(columns)[None, :] if down else np.arange(rows)[:, None] * columns
    first = found if is_line else found.with_num(t.add(found.full(), t.as_array(along)))  # type: ignore[arg-type]
    missing = t.equal(found.num, NOWHERE)
    if otherwise is None or not isinstance(missing, t.Var) and not t.holds_somewhere(missing):
        return elements(context, results, first)
    held = elements(context, results, first.with_num(t.where(missing, 0.0, first.num)))
    is_found = from_truths(t.not_equal(found.num, NOWHERE))
    return choose(context, is_found, lambda: held, lambda: otherwise.as_value())


@of_constants(
    "ADDRESS",
    "ADDRESS(~2,3)",
    'ADDRESS(2,3,~4)&ADDRESS(2,3,2)&ADDRESS(2,3,3,TRUE,"My sheet")',
    "ADDRESS(~2,3,1,FALSE)&ADDRESS(2,3,4,FALSE)",
    arity=(2, 5),
    arrays=lambda i: False,
    or_left_out=(2, 3),
)
def address(row, column, kind=1.0, in_letters=True, sheet=NO_SHEET):
    row, column, kind = (math.trunc(number_of(x)) for x in (row, column, 1.0 if kind is None else kind))
    if kind not in (1, 2, 3, 4):
        raise Fails("#VALUE!", "asks for a kind of address that there is not")
    fixed = kind in (1, 2), kind in (1, 3)
    if in_letters is None or truth_of(in_letters):
        if not (1 <= row <= MAX_ROW and 1 <= column <= MAX_COL):
            raise Fails("#VALUE!", "names a cell beyond the sheet")
        text = f"{'$' * fixed[1]}{column_letters(column)}{'$' * fixed[0]}{row}"
    else:
        if any(is_fixed and at < 1 for is_fixed, at in zip(fixed, (row, column), strict=True)):
            raise Fails("#VALUE!", "names a cell beyond the sheet")
        parts = zip("RC", (row, column), fixed, strict=True)
        text = "".join(
            f"{letter}{at}" if is_fixed else f"{letter}[{at}]" if at else letter
            for letter, at, is_fixed in parts
        )
    if sheet is NO_SHEET:
        return text
    return f"{quote_sheet(text_of(sheet)) if text_of(sheet) else ''}!{text}"


@excel("AREAS", "AREAS(($A$1:$A$2,$B$1))*~2", "AREAS($A$1)*~2", ranges="array")
def areas(context: Context, reference: Node) -> Value:
    if isinstance(reference, Union):
        if any(map(makes_values, reference.parts)):
            raise Misused("asks for the areas of what is no range")
        values = [context.value(part) for part in reference.parts]
        return of_grids(context, _as_many, values)
    value = context.value(reference)
    return of_grids(context, lambda grid: constant(float(_is_range(grid))), [value])


def _as_many(*grids: Grid) -> Grid:
    for grid in grids:
        if grid.is_single_error:
            raise Fails(str(first_error(grid)))
    return constant(float(len(grids)))


def _is_range(grid: Grid) -> bool:
    if not grid.is_range:
        raise Misused("asks for the areas of what is no range")
    return True
