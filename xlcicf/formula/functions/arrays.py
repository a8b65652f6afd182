"""Excel's dynamic arrays, of its category Lookup & Reference: elements chosen, sorted, put side by side.

What stands where may not depend on a changing cell, but for SORT of numbers in a row or column.
"""

import math
from collections.abc import Callable, Sequence
from functools import cmp_to_key

import numpy as np

from xlcicf.formula import tape as t
from xlcicf.formula.address import MAX_COL, MAX_ROW
from xlcicf.formula.arranging import (
    NONE,
    Places,
    in_order,
    numbered,
    placed,
    refused_as_whole,
    require_all,
)
from xlcicf.formula.coercion import number_of, taken_as_scalar, truth_of
from xlcicf.formula.collation import order_key
from xlcicf.formula.context import Context, Fails
from xlcicf.formula.functions.table import ANY, handing_on, refuse_errors_handed_over
from xlcicf.formula.grid import (
    BOOL,
    ERROR,
    NUMBER,
    TEXT,
    Grid,
    beside,
    constant,
    errors_among,
    from_numbers,
    kinds_asked,
    settled,
)
from xlcicf.formula.plain import Cells, columns_of
from xlcicf.formula.snapshot import ERRORS, ERRORS_IN_ORDER, ExcelError
from xlcicf.formula.stepped import depend_on_changing

MOST = 2**22  # elements of an array made
ONE, FALSE, LEFT_OUT = constant(1.0), constant(False), constant(None)


def everything(i: int) -> bool:
    """All arguments are taken as they stand, as arrays."""
    return True


def whole(cells: Cells, otherwise: int | None = None) -> int:
    """A single whole number; `otherwise` where it is left out. Raises Fails("#VALUE!")."""
    if cells.is_left_out and otherwise is not None:
        return otherwise
    value = cells.values[0]
    if isinstance(value, ExcelError):
        raise Fails(str(value))
    return math.trunc(number_of(value))


# --- made of nothing ------------------------------------------------------------------------------------


@handing_on(
    "SEQUENCE",
    "SUMPRODUCT(SEQUENCE(ROWS($A$1:$A$3),COLUMNS($A$1:$B$1),~1.5,~2),{1,2;3,4;5,6})",
    "SUM(SEQUENCE(3))*~2",
    "SUM(SEQUENCE(,4,~2))",
    arity=(1, 4),
    arrays=lambda i: False,
)
def sequence(
    context: Context, rows: Grid, columns: Grid = ONE, start: Grid = LEFT_OUT, step: Grid = LEFT_OUT
) -> Grid:
    """start, start + step, ... row by row; both are 1 where they are left out."""
    counts = [ONE if grid.is_left_out else taken_as_scalar(grid) for grid in (rows, columns)]
    _, keys = columns_of(context, counts, [False, False])
    asked = list(zip(*keys, strict=True))
    sizes = {*context.of_each_cell(lambda *counts: tuple(map(_count, counts)), asked)}
    if len(sizes) > 1:
        raise context.cell_by_cell("yields arrays of several sizes; write a formula for each")
    (size,) = sizes
    if size[0] * size[1] > MOST:
        raise context.refuse(f"makes an array of more than {MOST:,} numbers")
    if not (start.is_single and step.is_single):
        raise context.refuse("takes a single number to start at and a single step")
    first, by = (ONE if grid.is_left_out else taken_as_scalar(grid) for grid in (start, step))
    count = t.as_array(np.arange(size[0] * size[1]).reshape(1, 1, *size))  # type: ignore[arg-type]
    out = t.add(first.num, t.mul(by.num, count))
    return settled(from_numbers(out), errors_among([first, by]), context.host)


def _count(value: object) -> int:
    if isinstance(value, ExcelError):
        raise Fails(str(value))
    if (count := math.trunc(number_of(value))) < 1:
        raise Fails("#CALC!" if count == 0 else "#VALUE!", "asks for an array without rows or columns")
    return count


# --- parts ----------------------------------------------------------------------------------------------


def _span(count: Cells, length: int) -> slice:
    """So many from the start, or where that is negative from the end."""
    number = whole(count, length)
    return slice(0, number) if number >= 0 else slice(max(length + number, 0), length)


def _rest(count: Cells, length: int) -> slice:
    number = whole(count, 0)
    return slice(min(number, length), length) if number >= 0 else slice(0, max(length + number, 0))


def _held(context: Context, span: slice, length: int, size: int) -> slice:
    """What of a span of lines is at hand, of whole columns and rows as far as the data."""
    if length > size and (span.start >= size or size < span.stop < length):
        raise refused_as_whole(context)
    return slice(span.start, min(span.stop, size))


def _cutting(name: str, part: Callable[[Cells, int], slice]) -> None:
    def cut(context: Context, grid: Grid, rows: Grid, columns: Grid = LEFT_OUT) -> Grid:
        def places(size: tuple[int, int], *keys: Cells) -> np.ndarray:
            spans = [
                _held(context, part(key, length), length, held)
                for key, length, held in zip(keys, grid.extent, size, strict=True)
            ]
            return numbered(size)[spans[0], spans[1]]

        return placed(context, grid, [rows, columns], places)

    examples = (f"SUM({name}(~{{1,2;3,4;5,6}},{keys}))" for keys in ("2", "-1,1", ",-1"))
    handing_on(name, *examples, arity=(2, 3))(cut)


_cutting("TAKE", _span)
_cutting("DROP", _rest)


def _ends(key: Cells) -> tuple[bool, bool]:
    """Whether blanks are taken away at the beginning, and at the end."""
    if len(key) > 1:
        raise Fails("#VALUE!", "is told several ways to trim")
    way = number_of(3.0 if key.is_left_out else key.values[0])
    if way not in (0.0, 1.0, 2.0, 3.0):
        raise Fails("#VALUE!", "knows the ways 0 to 3 to trim")
    return way in (1.0, 3.0), way in (2.0, 3.0)


def _filled_part(filled: np.ndarray, ends: tuple[bool, bool]) -> slice:
    """From the first filled line to the last one, where these ends are trimmed."""
    at = np.flatnonzero(filled)
    return slice(int(at[0]) if ends[0] else 0, int(at[-1]) + 1 if ends[1] else filled.size)


@handing_on(
    "TRIMRANGE",
    "SUM(TRIMRANGE($A$1:$B$9))*~2",
    "SUM(TRIMRANGE($A$1:$B$9,2,0))*~2",
    "SUM(TRIMRANGE(~{1,2;3,4}))",
    arity=(1, 3),
    arrays=everything,
)
def trimmed(context: Context, grid: Grid, rows: Grid = LEFT_OUT, columns: Grid = LEFT_OUT) -> Grid:
    """The range without the blank rows and columns around what it holds."""
    filled = from_numbers(t.as_number(kinds_asked(grid, (NUMBER, BOOL, TEXT, ERROR))))

    def places(size: tuple[int, int], filled: Cells, rows: Cells, columns: Cells) -> np.ndarray:
        held, down, across = filled.numbers.reshape(size) > 0, _ends(rows), _ends(columns)
        if not held.any():
            raise Fails("#REF!", "trims a range that holds nothing")
        return numbered(size)[_filled_part(held.any(1), down), _filled_part(held.any(0), across)]

    return placed(context, grid, [filled, rows, columns], places)


def _lines(keys: Sequence[Cells], length: int) -> list[int]:
    """Rows or columns by their numbers, counted from 1, or where these are negative from the end."""
    if error := next((cells.first_error for cells in keys if cells.first_error), None):
        raise Fails(str(error))
    if any(1 not in cells.size for cells in keys):
        raise Fails("#VALUE!", "is told numbers in several rows and columns")
    asked = [number_of(value) for cells in keys for value in cells.values]
    lines = [math.trunc(n) - 1 if n > 0 else length + math.trunc(n) for n in asked]
    if not all(n and 0 <= line < length for n, line in zip(asked, lines, strict=True)):
        raise Fails("#VALUE!", "asks for a row or column that is not there")
    return lines


def _lines_held(context: Context, keys: Sequence[Cells], length: int, held: int) -> list[int]:
    lines = _lines(keys, length)
    if any(line >= held for line in lines):
        raise refused_as_whole(context)
    return lines


@handing_on(
    "CHOOSECOLS",
    "SUM(CHOOSECOLS(~{1,2,3;4,5,6},3,-3))",
    "SUM(CHOOSECOLS(~{1,2,3},{1,2}))",
    arity=(2, ANY),
    arrays=everything,
)
def choose_columns(context: Context, grid: Grid, *numbers: Grid) -> Grid:
    def places(size: tuple[int, int], *keys: Cells) -> np.ndarray:
        return numbered(size)[:, _lines_held(context, keys, grid.extent[1], size[1])]

    return placed(context, grid, numbers, places)


@handing_on("CHOOSEROWS", "SUM(CHOOSEROWS(~{1,2;3,4;5,6},3,-3))", arity=(2, ANY), arrays=everything)
def choose_rows(context: Context, grid: Grid, *numbers: Grid) -> Grid:
    def places(size: tuple[int, int], *keys: Cells) -> np.ndarray:
        return numbered(size)[_lines_held(context, keys, grid.extent[0], size[0])]

    return placed(context, grid, numbers, places)


def _first_of_both(size: tuple[int, int], rows: Cells, columns: Cells) -> np.ndarray:
    return numbered(size)[_span(rows, size[0]), _span(columns, size[1])]


@handing_on("ARRAY_CONSTRAIN", "SUM(ARRAY_CONSTRAIN(~{1,2;3,4},1,2))", arity=(3, 3), ranges="array")
def constrained(context: Context, grid: Grid, rows: Grid, columns: Grid) -> Grid:
    """Google's: no more than so many rows and columns."""
    return placed(context, grid, [rows, columns], _first_of_both)


@handing_on("ARRAYFORMULA", "SUM(ARRAYFORMULA(~{1,2}*{3,4}))", ranges="array")
def array_formula(context: Context, grid: Grid) -> Grid:
    """Google's: its argument, in which ranges stand for arrays."""
    return grid


# --- put together ---------------------------------------------------------------------------------------


def _stacked(context: Context, grids: Sequence[Grid], side_by_side: bool) -> Grid:
    """Arrays one after another; #N/A where one is shorter than the others."""
    axis = 1 if side_by_side else 0
    for grid in grids[:-1]:
        if grid.extent[axis] != grid.size[axis]:
            raise refused_as_whole(context)
    if len({(grid.size[1 - axis], grid.extent[1 - axis]) for grid in grids}) > 1:
        for grid in grids:
            require_all(context, grid)
    width = max(grid.size[1 - axis] for grid in grids)
    if (count := width * sum(grid.size[axis] for grid in grids)) > MOST:
        raise context.refuse(f"puts {count:,} elements together, more than {MOST:,}; leave some out")
    together, start, parts = beside([grid.as_value() for grid in grids]), 0, []
    for grid in grids:
        numbers = numbered(grid.size) + start
        lacking = [(0, 0), (0, 0)]
        lacking[1 - axis] = (0, width - grid.size[1 - axis])
        parts.append(np.pad(numbers, lacking, constant_values=NONE))
        start += numbers.size
    return placed(context, together, [], lambda size: np.concatenate(parts, axis))


@handing_on("HSTACK", "SUMPRODUCT(HSTACK(~{1;2},~{3;4}),{1,2;3,4})", arity=(1, ANY), arrays=everything)
def side_by_side(context: Context, *grids: Grid) -> Grid:
    return _stacked(context, grids, True)


@handing_on(
    "VSTACK",
    "SUMPRODUCT(VSTACK(~{1,2},~{3,4}),{1,2;3,4})",
    "SUM(VSTACK(~1,~{2;3}))",
    arity=(1, ANY),
    arrays=everything,
)
def under_each_other(context: Context, *grids: Grid) -> Grid:
    return _stacked(context, grids, False)


def _in_a_line(context: Context, grid: Grid, ignored: Grid, by_column: Grid) -> Grid:
    """The elements as one column, without blanks (1, 3), errors (2, 3) or neither (0)."""

    def places(size: tuple[int, int], cells: Cells, ignored: Cells, by_column: Cells) -> np.ndarray:
        what = whole(ignored, 0)
        if not 0 <= what <= 3:
            raise Fails("#VALUE!", "knows no such kind of elements to leave out")
        if not what & 1:
            require_all(context, grid)
        numbers = numbered(size).T if truth_of(by_column.values[0]) else numbered(size)
        kept = [n for n in numbers.ravel() if not _is_left_out(cells.values[n], what)]
        return np.array(kept, dtype=np.intp)[:, None]

    return placed(context, grid, [grid.as_it_stands(), ignored, by_column], places)


def _is_left_out(value: object, what: int) -> bool:
    return bool(what & 1) and value is None or bool(what & 2) and isinstance(value, ExcelError)


@handing_on(
    "TOCOL",
    "SUMPRODUCT(TOCOL(~{1,2;3,4}),{1;2;3;4})",
    "SUMPRODUCT(TOCOL(~{1,2;3,4},0,TRUE),{1;2;3;4})",
    "SUM(TOCOL(~A1:B3,1))",
    arity=(1, 3),
)
def to_column(context: Context, grid: Grid, ignored: Grid = LEFT_OUT, by_column: Grid = FALSE) -> Grid:
    return _in_a_line(context, grid, ignored, by_column)


@handing_on("TOROW", "SUMPRODUCT(TOROW(~{1,2;3,4}),{1,2,3,4})", arity=(1, 3))
def to_row(context: Context, grid: Grid, ignored: Grid = LEFT_OUT, by_column: Grid = FALSE) -> Grid:
    return _in_a_line(context, grid, ignored, by_column).permuted((0, 1, 3, 2))


def _padded(context: Context, grid: Grid, pad: Grid | None, keys: Sequence[Grid], places: Places) -> Grid:
    """`places` with NONE where `pad` stands, or #N/A where that is left out."""
    require_all(context, grid)
    count = grid.size[0] * grid.size[1]
    size = grid.size
    sources = beside([grid.as_value(), pad.first().as_value()]) if pad else beside([grid.as_value()])
    instead = count if pad else NONE

    def with_pad(_, *cells: Cells) -> np.ndarray:
        found = places(size, *cells)
        return np.where(found == NONE, instead, found)

    return placed(context, sources, keys, with_pad)


def _wrapped(size: tuple[int, int], count: Cells) -> np.ndarray:
    if 1 not in size:
        raise Fails("#VALUE!", "wraps what is no single row or column")
    if (length := whole(count)) < 1:
        raise Fails("#NUM!", "wraps after less than one element")
    if length > MAX_ROW:
        raise Fails("#NUM!", "wraps after more elements than a sheet has rows")
    n = size[0] * size[1]
    return np.pad(np.arange(n), (0, -n % length), constant_values=NONE).reshape(-1, length)


@handing_on(
    "WRAPROWS",
    "SUMPRODUCT(WRAPROWS(~{1,2,3,4},COLUMNS($A$1:$B$1)),{1,2;3,4})",
    "SUM(WRAPROWS(~{1,2,3},2,~9))",
    arity=(2, 3),
)
def wrap_rows(context: Context, grid: Grid, count: Grid, pad: Grid | None = None) -> Grid:
    return _padded(context, grid, pad, [count], _wrapped)


@handing_on("WRAPCOLS", "SUMPRODUCT(WRAPCOLS(~{1,2,3,4},COLUMNS($A$1:$B$1)),{1,2;3,4})", arity=(2, 3))
def wrap_columns(context: Context, grid: Grid, count: Grid, pad: Grid | None = None) -> Grid:
    return _padded(context, grid, pad, [count], lambda size, cells: _wrapped(size, cells).T)


@handing_on("EXPAND", "SUM(EXPAND(~{1,2;3,4},3,3,~9))", "SUM(EXPAND(~{1,2},,3,0))", arity=(2, 4))
def expand(
    context: Context, grid: Grid, rows: Grid, columns: Grid = LEFT_OUT, pad: Grid | None = None
) -> Grid:
    """At least so many rows and columns."""

    def places(size: tuple[int, int], *keys: Cells) -> np.ndarray:
        wanted = [whole(key, length) for key, length in zip(keys, size, strict=True)]
        more = [want - length for want, length in zip(wanted, size, strict=True)]
        if min(more) < 0:
            raise Fails("#VALUE!", "expands an array to fewer rows or columns than it has")
        if wanted[0] > MAX_ROW or wanted[1] > MAX_COL or wanted[0] * wanted[1] > MOST:
            raise Fails("#NUM!", f"expands an array to more than {MOST:,} elements")
        return np.pad(numbered(size), [(0, n) for n in more], constant_values=NONE)

    return _padded(context, grid, pad, [rows, columns], places)


# --- chosen by what stands there ------------------------------------------------------------------------


@handing_on(
    "FILTER",
    "SUM(FILTER(~{1;2;3},{1;0;1}))",
    "SUM(FILTER(~B1:B3,$A$1:$A$3>1))",
    "SUM(FILTER(~{1,2,3;4,5,6},{0,1,1}))",
    "FILTER(~{1;2},{0;0},~7)",
    arity=(2, 3),
    arrays=everything,
    ranges="array",
)
def filtered(context: Context, grid: Grid, include: Grid, if_empty: Grid | None = None) -> Grid:
    """The rows, or columns, beside which `include` is not 0."""
    if grid.extent != grid.size and include.extent != include.size:  # as many blank cells of each
        most = max(grid.size[0], include.size[0]), max(grid.size[1], include.size[1])
        grid, include = (one.with_blanks_beyond(most) for one in (grid, include))
    rows, columns = grid.size
    if include.size not in ((rows, 1), (1, columns)):
        raise Fails("#VALUE!", "filters by an array of another size")
    by_row = include.size == (rows, 1)

    def places(size: tuple[int, int], cells: Cells) -> np.ndarray:
        if cells.first_error:
            raise Fails(str(cells.first_error))
        kept = [truth_of(value) for value in cells.values]
        return numbered(size)[kept] if by_row else numbered(size)[:, kept]

    try:
        return placed(context, grid, [include], places)
    except Fails as failed:
        if failed.code == "#CALC!" and if_empty is not None:
            return if_empty.as_value()
        raise


def _sign(order: Cells) -> int:
    sign = whole(order, 1)
    if sign not in (1, -1):
        raise Fails("#VALUE!", "sorts in an order that is neither 1 nor -1")
    return sign


def _rank(value: object) -> tuple[int, object]:
    """Numbers before texts, these before FALSE and TRUE, then errors as ERROR.TYPE has them, then blanks."""
    if value is None:
        return 4, 0
    if isinstance(value, ExcelError):
        return 3, ERRORS_IN_ORDER.index(str(value)) if value in ERRORS else math.inf
    if isinstance(value, bool):
        return 2, value
    return (1, order_key(value)) if isinstance(value, str) else (0, value)


def _alike(value: object) -> tuple[int, object]:
    """The same for equal values."""
    return (
        (1, value.casefold())
        if isinstance(value, str) and not isinstance(value, ExcelError)
        else _rank(value)
    )


def _order(keys: Sequence[tuple[Sequence, int]]) -> list[int]:
    """The numbers of elements in the order of their keys, the first key first; blanks last in any order."""

    def compared(i: int, j: int) -> int:
        for values, sign in keys:
            a, b = _rank(values[i]), _rank(values[j])
            if a != b:
                return (1 if a > b else -1) * (1 if 4 in (a[0], b[0]) else sign)  # type: ignore[operator]
        return 0

    return sorted(range(len(keys[0][0])), key=cmp_to_key(compared))


@handing_on(
    "SORT",
    "SUMPRODUCT(SORT(~{3;1;2}),{1;2;4})",
    "SUMPRODUCT(SORT(~{3;1;2},1,-1),{1;2;4})",
    "SUMPRODUCT(SORT({3;1;2}*10),{1;2;4})*~2",
    "SUMPRODUCT(SORT(~{3,1,2},,,TRUE),{1,2,4})",
    "SUMPRODUCT(SORT({3,9;1,8;2,7},2,-1),{1,2;3,4;5,6})*~2",
    arity=(1, 4),
    ranges="array",
)
def sorted_(
    context: Context, grid: Grid, index: Grid = ONE, order: Grid = ONE, by_column: Grid = FALSE
) -> Grid:
    """By the values of a column, or of a row, of that number."""
    if depend_on_changing([grid]):
        return _sorted_numbers(context, grid, index, order, by_column)

    def places(
        size: tuple[int, int], cells: Cells, index: Cells, order: Cells, by_column: Cells
    ) -> np.ndarray:
        across = truth_of(by_column.values[0])
        numbers = numbered(size).T if across else numbered(size)
        if len(index.values) < len(order.values):
            raise Fails("#VALUE!", "is told more orders than rows or columns to sort by")
        at = whole(index, 1) - 1
        if not 0 <= at < numbers.shape[1]:
            raise Fails("#VALUE!", "sorts by a row or column that is not there")
        key = [cells.values[n] for n in numbers[:, at]]
        rows = numbers[_order([(key, _sign(order))])]
        return rows.T if across else rows

    return placed(context, grid, [grid, index, order, by_column], places)


def _sorted_numbers(context: Context, grid: Grid, index: Grid, order: Grid, by_column: Grid) -> Grid:
    """A row or column of numbers that changing cells decide."""
    down = not truth_of(by_column.scalars().flat[0])
    if grid.size[1 if down else 0] != 1:
        raise context.refuse("sorts several rows or columns by changing cells; write a formula for each")
    descends = {_sign(cells) for cells in columns_of(context, [order], [True])[1][0]}
    if len(descends) > 1 or columns_of(context, [index], [True])[1][0][0].values[0] not in (1.0, None):
        raise context.refuse("sorts several cells in different orders; write a formula for each")
    return in_order(context, grid, descends == {-1})


@handing_on(
    "SORTBY",
    "SUMPRODUCT(SORTBY(~{3;1;2},{2;3;1}),{1;2;4})",
    "SUMPRODUCT(SORTBY(~{3;1;2},{1;1;2},-1,{3;2;1},1),{1;2;4})",
    arity=(2, ANY),
    arrays=everything,
    ranges="array",
)
def sorted_by(context: Context, grid: Grid, *keys_and_orders: Grid) -> Grid:
    refuse_errors_handed_over(context, keys_and_orders)

    def places(size: tuple[int, int], *cells: Cells) -> np.ndarray:
        keys = [
            (key.values, _sign(order[0]) if order else 1)
            for key, *order in (cells[i : i + 2] for i in range(0, len(cells), 2))
        ]
        shapes = {key.size for key in cells[::2]}
        if shapes not in ({(size[0], 1)}, {(1, size[1])}):
            raise Fails("#VALUE!", "sorts by arrays of another size")
        by_row = shapes == {(size[0], 1)}
        return numbered(size)[_order(keys)] if by_row else numbered(size)[:, _order(keys)]

    return placed(context, grid, keys_and_orders, places)


@handing_on(
    "UNIQUE",
    "SUM(UNIQUE($B$1:$B$3))*~2",
    "SUM(UNIQUE({1;2;2;3;1}))*~2",
    "SUM(UNIQUE({1;2;2;3;1},FALSE,TRUE))*~2",
    "SUM(UNIQUE({1,2,2},TRUE))*~2",
    arity=(1, 3),
    ranges="array",
)
def unique(context: Context, grid: Grid, by_column: Grid = FALSE, once: Grid = FALSE) -> Grid:
    """Each row, or column, at its first place; with `once` those alone that stand there once."""
    grid = grid.with_blanks_beyond((grid.size[0] + 2, grid.size[1] + 2))  # two of those beyond say it all

    def places(size: tuple[int, int], cells: Cells, by_column: Cells, once: Cells) -> np.ndarray:
        across = truth_of(by_column.values[0])
        numbers = numbered(size).T if across else numbered(size)
        first: dict[tuple, int] = {}
        count: dict[tuple, int] = {}
        for i, line in enumerate(numbers):
            key = tuple(_alike(cells.values[n]) for n in line)
            first.setdefault(key, i)
            count[key] = count.get(key, 0) + 1
        kept = [i for key, i in first.items() if not truth_of(once.values[0]) or count[key] == 1]
        return numbers[kept].T if across else numbers[kept]

    return placed(context, grid, [grid, by_column, once], places)
