"""The table of Excel's functions, and the kinds of entry it is made of.

An author writes a function's mathematics under the decorator that says what Excel hands it; errors, blanks,
text, sizes and choices that depend on changing cells are carried by the decorator.

    of_numbers      single numbers, element by element: LN, ROUND, NOT
    of_counted      the numbers that count in any mix of ranges, arrays and values: SUM, AVERAGE, MAX
    of_pairs        arrays of one size, at places where each holds a number: SUMXMY2
    of_arrays       whole arrays: SUMPRODUCT, MMULT
    of_conditions   TRUE and FALSE among any mix of arguments: AND, OR
    rearranging     elements handed on as they are, in other places: INDEX, TRANSPOSE
    of_constants    plain Python values, none of which may depend on a changing cell: MATCH, COUNTIF
    asking          what kind of value stands there: ISNUMBER
    excel           argument trees, for what must not compute all its arguments: IF, ROWS

A body computes with primitives of the tape, for a batch of cells at once: (H, W, h, w), see grid.py. It
raises Fails("#N/A", "why") for the error that its cell shows. An example is a formula without "=" in which ~
stands before each number, array or range that the tests let change.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from xlcicf.errors import FormulaError
from xlcicf.formula import tape as t
from xlcicf.formula.address import cell_address
from xlcicf.formula.choice import MOST, Value, combinations, either, of_each
from xlcicf.formula.coercion import taken_as_factor, taken_as_scalar, taken_strictly
from xlcicf.formula.context import Context, Fails, Misused
from xlcicf.formula.counted import Numbers, Passing, conditions, counted, counted_in_pairs
from xlcicf.formula.grid import (
    CellError,
    Errors,
    Grid,
    aligned,
    beside,
    constant,
    error_at,
    error_of_each,
    errors_among,
    errors_where,
    kinds_asked,
    mask_tensor,
    of_scalars,
    of_truths,
    settled,
    with_errors,
)
from xlcicf.formula.grid import (
    of_numbers as grid_of_numbers,
)
from xlcicf.formula.tree import Node

ANY = 255
Body = Callable[..., "t.Operand | OrError"]


@dataclass(frozen=True)
class Function:
    """One Excel function.

    evaluate   (context, argument trees) -> Value
    arity      fewest and most arguments
    ranges     "plain": outside array formulas an operator's range argument means one cell; "array": it means
               an array (SUMPRODUCT, MMULT); "inherit": as the function around it has it
    smooth     False where there is no derivative with respect to the arguments, and a changing one is refused
    examples   formulas without "=", ~ before what the tests let change
    """

    name: str
    evaluate: Callable[[Context, tuple[Node, ...]], Value]
    arity: tuple[int, int]
    ranges: str
    smooth: bool
    examples: tuple[str, ...]


FUNCTIONS: dict[str, Function] = {}


def called(name: str, args: tuple[Node, ...], context: Context) -> Value:
    """The function of that name, computed. KeyError where the table has none."""
    function = FUNCTIONS[name]
    least, most = function.arity
    if not least <= len(args) <= most:
        raise misused(context, name, f"has {len(args)} arguments")
    return function.evaluate(context.calling(name, function.ranges), args)


def misused(context: Context, name: str, what: str) -> FormulaError:
    return FormulaError(f"{context.cell}: {name} {what}; correct the formula", context.cell)


def excel(
    name: str,
    *examples: str,
    arity: tuple[int, int] = (1, 1),
    ranges: str = "plain",
    smooth: bool = True,
):
    """Enters a function that takes its argument trees itself: body(context, *nodes) -> Value."""

    def enter(body: Callable[..., Value]):
        def evaluate(context: Context, args: tuple[Node, ...]) -> Value:
            return computed(context, lambda: body(context, *args))

        FUNCTIONS[name] = Function(name, evaluate, arity, ranges, smooth, examples)
        return body

    return enter


def computed(context: Context, body: Callable[[], Value], *values: Value) -> Value:
    """What a body yields, or the error that it raises."""
    try:
        return body()
    except Fails as failed:
        return context.error(failed.code, failed.why)
    except Misused as misuse:
        raise misused(context, context.function, str(misuse)) from None


def of_grids(context: Context, compute: Callable[..., Value], values: Sequence[Value]) -> Value:
    """compute(*grids) of whichever grids the values come to; Fails is the error of those alone."""
    if combinations(values) > MOST:
        raise context.refuse(
            f"takes more than {MOST} combinations of what its IFs yield; let each yield numbers of one size"
        )
    return of_each(lambda *grids: computed(context, lambda: compute(*grids)), *values)


# --- single numbers -------------------------------------------------------------------------------------


def of_single_numbers(context: Context, body: Body, args: Sequence[Value]) -> Value:
    """body(numbers) element by element, taken as scalars."""
    return of_grids(
        context, lambda *grids: elementwise(context, body, [taken_as_scalar(g) for g in grids]), args
    )


class OrError(NamedTuple):
    """What a body of single numbers yields where a cell may show another error than #NUM!.

    failed is a boolean pattern of the places where the error `code` stands in place of num."""

    num: t.Operand
    failed: t.Array
    code: str
    why: str | None = None


def elementwise(context: Context, body: Body, grids: Sequence[Grid], truth: bool = False) -> Grid:
    """`body` of the numbers of grids that hold nothing but numbers and errors; errors are passed on."""
    grids = aligned(grids, context.host)
    nums = [g.num for g in grids]
    found, out = errors_among(grids), body(*nums)
    if truth:
        return settled(of_truths(t.unless_nan(t.as_number(out), *nums)), found, context.host)
    if isinstance(out, OrError):
        out, failed, code, why = out
        if isinstance(failed, t.Var):
            out = t.where(failed, t.NAN, out)
        else:
            found = errors_where(failed.numpy(), code, context.host, why, after=found)
    return settled(grid_of_numbers(t.as_array(out), like=grids), found, context.host)


def of_numbers(
    name: str,
    *examples: str,
    arity: tuple[int, int] = (1, 1),
    smooth: bool = True,
    taken: Callable[[Grid], Grid] = taken_as_scalar,
    truth: bool = False,
):
    """Enters a function of single numbers: body(x, y, ...) of operands that broadcast.

    With `truth` the body yields a boolean pattern, and the cell shows TRUE or FALSE."""

    def enter(body: Body):
        def compute(context: Context, *grids: Grid) -> Grid:
            grids = tuple(taken(g) for g in grids)
            if not smooth and not all(g.is_constant for g in grids):
                raise context.refuse_changing()
            return elementwise(context, body, grids, truth)

        def evaluate(context: Context, args: tuple[Node, ...]) -> Value:
            values = [context.operand(arg) for arg in args]
            return of_grids(context, lambda *grids: compute(context, *grids), values)

        FUNCTIONS[name] = Function(name, evaluate, arity, "inherit", smooth, examples)
        return body

    return enter


# --- aggregates -----------------------------------------------------------------------------------------

Empty = float | tuple[str, str] | None  # what too few numbers give: a number, or an error and why


def of_counted(
    name: str,
    *examples: str,
    arity: tuple[int, int] = (1, ANY),
    empty: Empty = None,
    fewest: int = 1,
    errors_count: bool = True,
):
    """Enters a function of the numbers that count: body(numbers) -> (H, W, 1, 1); see counted.py.

    `empty` is what fewer than `fewest` numbers give. Without `errors_count` errors are passed over."""

    def enter(body: Callable[[Numbers], t.Array]):
        def aggregate(context: Context, *grids: Grid) -> Grid:
            numbers, passing = counted(grids, fewest if empty is not None else 0, errors_count)
            return _aggregated(context, body(numbers), numbers.how_many, passing, empty, fewest)

        def evaluate(context: Context, args: tuple[Node, ...]) -> Value:
            values = [context.value(part) for arg in args for part in getattr(arg, "parts", (arg,))]
            return of_grids(context, lambda *grids: aggregate(context, *grids), values)

        FUNCTIONS[name] = Function(name, evaluate, arity, "inherit", True, examples)
        return body

    return enter


def of_pairs(name: str, *examples: str, empty: Empty = None, fewest: int = 1):
    """Enters a function of two arrays of one size: body(numbers), whose total(of) takes of(x, y).

    A pair counts where both are numbers."""

    def enter(body: Callable[[Numbers], t.Array]):
        def aggregate(context: Context, *grids: Grid) -> Grid:
            if grids[0].size != grids[1].size:
                raise Fails("#N/A", "compares arrays of different sizes")
            numbers, passing = counted_in_pairs(grids, fewest if empty is not None else 0)
            return _aggregated(context, body(numbers), numbers.how_many, passing, empty, fewest)

        def evaluate(context: Context, args: tuple[Node, ...]) -> Value:
            values = [context.value(arg) for arg in args]
            return of_grids(context, lambda *grids: aggregate(context, *grids), values)

        FUNCTIONS[name] = Function(name, evaluate, (2, 2), "array", True, examples)
        return body

    return enter


def of_conditions(name: str, *examples: str):
    """Enters a function of what is TRUE and FALSE among its arguments: body(numbers 1 and 0) -> pattern."""

    def enter(body: Callable[[Numbers], t.Array]):
        def aggregate(context: Context, *grids: Grid) -> Grid:
            truths, passing = conditions(grids)
            empty = "#VALUE!", "finds no TRUE or FALSE among its arguments"
            holds = t.unless_nan(t.as_number(body(truths)), truths.total())
            out = _aggregated(context, holds, truths.how_many, passing, empty, 1)
            return with_errors(of_truths(out.num), passing.constant() or errors_among([out]))

        def evaluate(context: Context, args: tuple[Node, ...]) -> Value:
            values = [context.value(arg) for arg in args]
            return of_grids(context, lambda *grids: aggregate(context, *grids), values)

        FUNCTIONS[name] = Function(name, evaluate, (1, ANY), "inherit", True, examples)
        return body

    return enter


def _aggregated(
    context: Context, out: t.Array, how_many: t.Array, passing: Passing, empty: Empty, fewest: int
) -> Grid:
    """An aggregate's outcome with its errors, and with what too few numbers give."""
    found = passing.constant()
    if empty is not None:
        out, found = _or_empty(context, out, t.less(how_many, float(fewest)), empty, found)
    return settled(grid_of_numbers(passing.onto(out)), found, context.host)


def _or_empty(
    context: Context, out: t.Array, lacking: t.Array, empty: float | tuple[str, str], found: Errors | None
) -> tuple[t.Array, Errors | None]:
    if isinstance(lacking, t.Var):
        return t.where(lacking, t.NAN if isinstance(empty, tuple) else empty, out), found
    if not bool(lacking.any()):
        return out, found
    if not isinstance(empty, tuple):
        return t.where(lacking, empty, out), found
    return t.where(lacking, 0.0, out), errors_where(lacking.numpy(), empty[0], context.host, empty[1], found)


# --- arrays ---------------------------------------------------------------------------------------------


def as_factors(grid: Grid, context: Context) -> Grid:
    """Everything but a number is 0."""
    return taken_as_factor(grid)


def as_matrices(grid: Grid, context: Context) -> Grid:
    """Everything but a number is #VALUE!."""
    return taken_strictly(grid, context.cell)


def of_arrays(
    name: str, *examples: str, taken: Callable[[Grid, Context], Grid], arity: tuple[int, int] = (1, ANY)
):
    """Enters a function of whole arrays: body(a, b, ...) of arrays (H, W, h, w), H and W 1 where shared.

    An error in any element is the outcome."""

    def enter(body: Callable[..., t.Array]):
        def compute(context: Context, *grids: Grid) -> Grid:
            arrays = [taken(g, context) for g in grids]
            out = grid_of_numbers(body(*(g.full() for g in arrays)))
            return settled(out, error_of_each(arrays), context.host)

        def evaluate(context: Context, args: tuple[Node, ...]) -> Value:
            values = [context.value(arg) for arg in args]
            return of_grids(context, lambda *grids: compute(context, *grids), values)

        FUNCTIONS[name] = Function(name, evaluate, arity, "array", True, examples)
        return body

    return enter


def rearranging(
    name: str,
    *examples: str,
    arity: tuple[int, int] = (1, 1),
    arrays: int = 1,
    hands_on: bool = False,
):
    """Enters a function that puts elements elsewhere: body(places, ..., key, ...) -> places, of one cell.

    Its first `arrays` arguments reach it as integers (h, w) that number their elements, the others as plain
    numbers. With `hands_on` a part of a range is itself a range."""

    def enter(body: Callable[..., np.ndarray]):
        def compute(context: Context, *grids: Grid) -> Value:
            keys = [taken_as_scalar(g) for g in grids[arrays:]]
            if not all(g.is_constant for g in keys):
                raise context.refuse("is keyed by a changing cell and has no derivative")
            if not all(g.is_single for g in keys):
                raise context.refuse("looks up several places at once; write one for each")
            return _rearranged(context, body, grids[:arrays], keys, hands_on)

        def evaluate(context: Context, args: tuple[Node, ...]) -> Value:
            values = [context.value(arg) for arg in args[:arrays]]
            values += [context.operand(arg) for arg in args[arrays:]]
            return of_grids(context, lambda *grids: compute(context, *grids), values)

        FUNCTIONS[name] = Function(name, evaluate, arity, "array", True, examples)
        return body

    return enter


def _rearranged(
    context: Context,
    body: Callable[..., np.ndarray],
    arrays: Sequence[Grid],
    keys: Sequence[Grid],
    hands_on: bool,
) -> Value:
    numbered, first = [], 0
    for grid in arrays:
        h, w = grid.size
        numbered.append(np.arange(first, first + h * w).reshape(h, w))
        first += h * w
    wanted, found = _places_wanted(context, lambda key: body(*numbered, *key), keys)
    whole = arrays[0] if len(arrays) == 1 else beside(arrays)
    out: Value | None = None
    for size in {places.shape for places in wanted.flat if places is not None}:
        here = np.vectorize(lambda places, size=size: places is not None and places.shape == size)(wanted)
        sample = wanted[here][0]
        stacked = np.array([sample if p is None or p.shape != size else p for p in wanted.flat])
        moved = whole.rearranged(stacked.reshape(*wanted.shape, *size), keeps_place=hands_on)
        mask = mask_tensor((*here.shape, 1, 1), here[..., None, None])
        out = moved if out is None else either(mask, moved, out, context.function)
    return of_each(lambda grid: with_errors(grid, found), constant(0.0) if out is None else out)


def _places_wanted(
    context: Context, body: Callable[[tuple], np.ndarray], keys: Sequence[Grid]
) -> tuple[np.ndarray, Errors | None]:
    """For each cell of the batch (H, W) the places that the body gives, None where it fails; the errors."""
    batch = np.broadcast_shapes((1, 1), *(g.batch for g in keys))
    numbers = [np.broadcast_to(g.numbers()[:, :, 0, 0], batch) for g in keys]
    known: dict[tuple, np.ndarray | Fails] = {}
    wanted = np.full(batch, None, dtype=object)
    found = errors_among(keys)
    for at in np.ndindex(batch):
        key = tuple(float(n[at]) for n in numbers)
        if key not in known:
            try:
                known[key] = body(key)
            except Fails as failed:
                known[key] = failed
        if isinstance(known[key], np.ndarray):
            wanted[at] = known[key]
    for failed in {id(f): f for f in known.values() if isinstance(f, Fails)}.values():
        where = np.array([known[tuple(float(n[at]) for n in numbers)] is failed for at in np.ndindex(batch)])
        found = errors_where(where.reshape(*batch, 1, 1), failed.code, context.host, failed.why, found)
    return wanted, found


# --- constants ------------------------------------------------------------------------------------------


class Cells(np.ndarray):
    """An array argument as Python values (h, w), and how many blank cells lie `beyond` the data in it."""

    beyond: int = 0


def of_constants(
    name: str,
    *examples: str,
    arity: tuple[int, int],
    arrays: Callable[[int], bool],
    ranges: str = "array",
    errors_too: bool = False,
):
    """Enters a function of plain Python values: float, bool, str, CellError or None.

    `arrays(i)` says whether argument i is an array, which reaches the body as Cells; the others are single
    values. An error among these is the outcome, unless `errors_too` hands it to the body."""

    def enter(body: Callable[..., object]):
        def evaluate(context: Context, args: tuple[Node, ...]) -> Value:
            whole = [arrays(i) for i in range(len(args))]
            values = [
                context.value(arg) if is_array else context.operand(arg)
                for arg, is_array in zip(args, whole, strict=True)
            ]
            return of_plain_values(context, body, values, whole, errors_too)

        FUNCTIONS[name] = Function(name, evaluate, arity, ranges, False, examples)
        return body

    return enter


def of_plain_values(
    context: Context,
    body: Callable[..., object],
    values: Sequence[Value],
    whole: list[bool],
    errors_too: bool = False,
) -> Value:
    """body(arguments) by plain values; those that are `whole` are arrays."""

    def compute(*grids: Grid) -> Grid:
        if not all(g.is_constant for g in grids):
            raise context.refuse_changing()
        return _for_each(context, body, grids, whole, errors_too)

    return of_grids(context, compute, values)


def _for_each(
    context: Context, body: Callable[..., object], grids: Sequence[Grid], whole: list[bool], errors_too: bool
) -> Grid:
    """body(arguments) for each cell of the run, and each element of its single arguments."""
    singles = iter(
        aligned(
            [constant(None), *(g for g, is_array in zip(grids, whole, strict=True) if not is_array)],
            context.host,
        )
    )
    next(singles)
    grids = [g if is_array else next(singles) for g, is_array in zip(grids, whole, strict=True)]
    batch = np.broadcast_shapes(*(g.batch for g in grids))
    size = np.broadcast_shapes(
        (1, 1), *(g.size for g, is_array in zip(grids, whole, strict=True) if not is_array)
    )
    values = [
        np.broadcast_to(g.scalars(), (*batch, *(g.size if is_array else size)))
        for g, is_array in zip(grids, whole, strict=True)
    ]
    out = np.empty((*batch, *size), dtype=object)
    for at in np.ndindex(out.shape):
        args = [
            _as_cells(v[at[:2]], g.beyond) if is_array else v[at]
            for v, g, is_array in zip(values, grids, whole, strict=True)
        ]
        failed = next((a for a in args if isinstance(a, CellError) and not errors_too), None)
        out[at] = failed if failed is not None else _outcome(context, body, args, at)
    return of_scalars(out)


def _as_cells(values: np.ndarray, beyond: int) -> Cells:
    cells = values.view(Cells)
    cells.beyond = beyond
    return cells


def _outcome(
    context: Context, body: Callable[..., object], args: Sequence[object], at: tuple[int, ...]
) -> object:
    try:
        return body(*args)
    except Fails as failed:
        cell = cell_address(context.host.sheet, context.host.top + at[0], context.host.left + at[1])
        return error_at(failed.code, cell, failed.why)


# --- kinds ----------------------------------------------------------------------------------------------


def asking(name: str, *examples: str, kinds: Sequence[int]) -> None:
    """Enters a question: whether its argument is of one of the kinds."""

    def compute(context: Context, grid: Grid) -> Grid:
        if grid.may_fail:
            raise context.refuse("asks whether a changing number is an error; use IFERROR")
        return of_truths(kinds_asked(grid, kinds))

    def evaluate(context: Context, args: tuple[Node, ...]) -> Value:
        return of_grids(context, lambda grid: compute(context, grid), [context.operand(args[0])])

    FUNCTIONS[name] = Function(name, evaluate, (1, 1), "inherit", True, examples)


def counting(name: str, *examples: str, kinds: Sequence[int]) -> None:
    """Enters a count of the elements that are of one of the kinds, whatever argument they stand in."""

    def compute(*grids: Grid) -> Grid:
        asked = (t.expand(t.as_number(kinds_asked(g, kinds)), g.shape) for g in grids)
        total: t.Array = t.as_array(0.0)
        for holds in asked:
            total = t.add(total, t.total(holds, dims=(2, 3)))
        return grid_of_numbers(total)

    def evaluate(context: Context, args: tuple[Node, ...]) -> Value:
        return of_grids(context, compute, [context.value(arg) for arg in args])

    FUNCTIONS[name] = Function(name, evaluate, (1, ANY), "inherit", True, examples)
