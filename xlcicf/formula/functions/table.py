"""The table of Excel's functions, and the kinds of entry it is made of.

An author writes a function's mathematics under the decorator that says what Excel hands it; errors, blanks,
text, sizes and choices that depend on changing cells are carried by the decorator.

    of_numbers      single numbers, element by element: LN, ROUND, NOT
    of_counted      the numbers that count in any mix of ranges, arrays and values: SUM, AVERAGE, MAX
    of_ranked       an array's numbers, and a number that says which of them: LARGE, PERCENTILE
    of_series       numbers in order, and single numbers: NPV, XIRR
    of_met          the numbers at places that meet criteria: SUMIF, AVERAGEIFS
    of_pairs        arrays of one size, at places where each holds a number: SUMXMY2, FORECAST
    of_samples      two arrays, each with its own numbers: F.TEST
    of_arrays       whole arrays: SUMPRODUCT, MMULT
    of_conditions   TRUE and FALSE among any mix of arguments: AND, OR
    handing_on      elements handed on as they are, in other places: VLOOKUP, TRANSPOSE
    of_constants    plain Python values, none of which may depend on a changing cell: MATCH, COUNTIF
    making_arrays   arrays of plain Python values, of which another array is made: FREQUENCY
    asking          what kind of value stands there: ISNUMBER
    counting        how many values of some kinds stand there: COUNTA
    excel           argument trees, for what must not compute all its arguments: IF, ROWS

Some of them get a range that grows as a formula is filled, SUM(C$2:C3), as the steps it grows by: those named
in growing.py, whose outcome follows from that of a step less.

A body computes with primitives of the tape, for a batch of cells at once: (H, W, h, w), see grid.py. It
raises Fails("#N/A", "why") for the error that its cell shows. An example is a formula without "=" in which ~
stands before each number, array or range that the tests let change.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import islice
from typing import NamedTuple, TypeVar

import numpy as np

from xlcicf.errors import FormulaError, NotDifferentiable
from xlcicf.formula import tape as t
from xlcicf.formula.choice import MOST, Either, Value, combinations, of_each
from xlcicf.formula.coercion import (
    counted_with_dates,
    taken_as_condition,
    taken_as_factor,
    taken_as_scalar,
    taken_strictly,
    text_of,
    to_one_end,
)
from xlcicf.formula.conditional import resized, where_met
from xlcicf.formula.context import Context, Fails, Misused
from xlcicf.formula.counted import Numbers, Passing, conditions, counted, counted_in_pairs
from xlcicf.formula.grid import (
    ERROR,
    NUMBER,
    Errors,
    Grid,
    aligned,
    beside,
    error_at,
    errors_among,
    errors_asked,
    errors_of_both,
    errors_where,
    first_error,
    from_numbers,
    from_truths,
    kinds_asked,
    nothing_shown,
    numbers_alone,
    settled,
    with_errors,
)
from xlcicf.formula.growing import OF_GROWING
from xlcicf.formula.overflow import watch
from xlcicf.formula.plain import array_of_each, for_each
from xlcicf.formula.running import Argument, Growing, first_errors, running_total, steps_of, with_elements
from xlcicf.formula.snapshot import ExcelError
from xlcicf.formula.stepped import depend_on_changing, stepped
from xlcicf.formula.tree import ArrayConst, Call, Const, Infix, Local, Node, Percent, Prefix, Union

ANY = 255
NO_ARGUMENT: Mapping[int, float | ExcelError] = {}
ALL_NEEDED = dict.fromkeys(range(ANY), ExcelError("#N/A"))  # of functions that were once an add-in
Body = Callable[..., "t.Operand | OrError"]
SomeBody = TypeVar("SomeBody", bound=Body)


@dataclass(frozen=True)
class Function:
    """One Excel function.

    evaluate   (context, argument trees) -> Value
    arity      fewest and most arguments
    ranges     whether A1:A3 in SUM(A1:A3*2) means an array or one cell. "plain": one cell, outside array
               formulas; "array": an array (SUMPRODUCT, MMULT); "inherit": as the function around has it
    smooth     False where the value moves in steps as changing arguments do
    examples   formulas without "=", ~ before what the tests let change
    fixed      the numbers, from 0, of the arguments that no changing cell may decide
    """

    name: str
    evaluate: Callable[[Context, tuple[Node, ...]], Value]
    arity: tuple[int, int]
    ranges: str
    smooth: bool
    examples: tuple[str, ...]
    fixed: tuple[int, ...] = ()


FUNCTIONS: dict[str, Function] = {}


def called(name: str, args: tuple[Node, ...], context: Context) -> Value:
    """The function of that name, computed. KeyError where the table has none."""
    function = FUNCTIONS[name]
    least, most = function.arity
    if not least <= len(args) <= most:
        raise misused(context, name, f"has {len(args)} arguments")
    return function.evaluate(context.of(name), args)


def called_with(context: Context, name: str, values: Sequence[Value], others: tuple[Node, ...] = ()) -> Value:
    """The function of that name, of values computed already and of other arguments after them."""
    names = [f"#{i}" for i in range(len(values))]  # which no formula can give
    known = replace(context, locals={**context.locals, **dict(zip(names, values, strict=True))})
    return called(name, (*map(Local, names), *others), known)


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
            return computed(context, lambda: body(context.taking(ranges), *args))

        FUNCTIONS[name] = Function(name, evaluate, arity, ranges, smooth, examples)
        return body

    return enter


Unions = Callable[[Sequence[Value | Growing]], Sequence[Value | Growing]]


def no_unions(ranges: Sequence[Value | Growing]) -> Sequence[Value | Growing]:
    raise Fails("#VALUE!", "takes a single range where several stand in one argument")


def as_many_arguments(ranges: Sequence[Value | Growing]) -> Sequence[Value | Growing]:
    return ranges


def in_one_row(ranges: Sequence[Value | Growing]) -> Sequence[Value | Growing]:
    assert not any(isinstance(one, Growing) for one in ranges)
    return [of_each(lambda *grids: beside(grids), *ranges)]  # type: ignore[arg-type]


def entered(
    name: str,
    examples: tuple[str, ...],
    compute: Callable[..., Value],
    *,
    arity: tuple[int, int] = (1, 1),
    ranges: str = "inherit",
    smooth: bool = True,
    whole: Callable[[int], bool] = lambda i: True,
    omitted: Mapping[int, float | ExcelError] = NO_ARGUMENT,
    fixed: Sequence[int] = (),
    unions: Unions = no_unions,
    references: Callable[[int], bool] = lambda i: False,
    values_at: Callable[[int], int | None] = lambda count: None,
) -> None:
    """Enters compute(context, *grids); whole(i) says whether argument i is taken as it stands, as an array.

    Where references(i) holds, anything but a range is #VALUE! there, or its own error: Excel does not let a
    person type COUNTIF({1,2},1), and shows that error of COUNTIF(UNIQUE(A1:A3),1). Such a function's other
    arguments are criteria: texts that may be made of changing numbers, ">"&A1. Of so many arguments
    values_at(count) is the one that it has slopes by, if any.

    The others are meant as single values. Several ranges in one argument are what `unions` makes of them. An
    argument left out between two commas is 0, unless `omitted` says otherwise, such as an error. Those that
    are `fixed` may not depend on a changing cell."""

    def taken_whole(context: Context, node: Node) -> Value | Growing:
        grown = context.growing(node) if name in OF_GROWING else None
        return grown or context.value(node)

    def evaluate(context: Context, args: tuple[Node, ...]) -> Value:
        inside = context.taking(ranges)
        if omitted:
            args = tuple(
                Const(omitted[i]) if i in omitted and arg == Const(None) else arg
                for i, arg in enumerate(args)
            )

        def taken(i: int, arg: Node) -> Sequence[Value | Growing]:
            if isinstance(arg, Union) and whole(i):
                return unions([taken_whole(inside, part) for part in arg.parts])
            return [taken_whole(inside, arg) if whole(i) else context.operand(arg)]

        for i, arg in enumerate(args):
            if references(i) and makes_values(arg):
                return of_grids(context, lambda grid: no_range(context, grid), [inside.value(arg)])
        try:
            values = [value for i, arg in enumerate(args) for value in taken(i, arg)]
        except Fails as failed:
            return context.error(failed.code, failed.why)
        except NotDifferentiable:
            takes_criteria = references(0) or references(1)
            criteria = [i for i in range(len(args)) if takes_criteria and not references(i)]
            joined = {i: joined_parts(args[i]) for i in criteria}
            if all(len(parts) == 1 for parts in joined.values()):
                raise
            parts = [
                [*map(context.operand, joined[i])] if i in joined else taken(i, arg)
                for i, arg in enumerate(args)
            ]
            return with_texts_made(context, checked, parts, criteria, values_at(len(args)))
        return of_grids(context, lambda *grids: checked(context, *grids), values)

    def checked(context: Context, *grids: Grid) -> Value:
        refuse_errors_handed_over(context, [grid for i, grid in enumerate(grids) if references(i)])
        context.require_fixed(grids, fixed)
        return compute(context, *grids)

    FUNCTIONS[name] = Function(name, evaluate, arity, ranges, smooth, examples, tuple(fixed))


def joined_parts(node: Node) -> list[Node]:
    """What & joins in a formula; the formula itself where it is no such text."""
    if isinstance(node, Infix) and node.operator == "&":
        return [*joined_parts(node.left), *joined_parts(node.right)]
    return [node]


def with_texts_made(
    context: Context,
    compute: Callable[..., Value],
    parts: Sequence[Sequence[Value | Growing]],
    joined: Sequence[int],
    values_at: int | None,
) -> Value:
    """compute(context, *arguments), the `joined` ones being texts made of their parts, of which changing
    cells decide some: it moves in steps.

    Refused where they decide the values too, by which it has slopes."""
    flat = [grid for some in parts for grid in some if isinstance(grid, Grid)]
    values = [] if values_at is None else [grid for grid in parts[values_at] if isinstance(grid, Grid)]
    if len(flat) < sum(map(len, parts)) or depend_on_changing(values):
        raise context.refuse("makes a criterion of changing cells, which decide its values as well")

    def computed_now(*now: Grid) -> Grid:
        left, arguments = iter(now), []
        for i, some in enumerate(parts):
            own = list(islice(left, len(some)))
            arguments += [_as_one_text(context, own)] if len(own) > 1 and i in joined else own
        outcome = compute(context, *arguments)
        assert isinstance(outcome, Grid)
        return outcome

    return computed(context, lambda: stepped(context, computed_now, flat))


def _as_one_text(context: Context, parts: Sequence[Grid]) -> Grid:
    return for_each(context, lambda *each: "".join(map(text_of, each)), parts, whole=[False] * len(parts))


def of_grids(context: Context, compute: Callable[..., Value], values: Sequence[Value | Growing]) -> Value:
    """compute(*grids) of whichever grids the values come to; Fails is the error of those alone."""
    if not any([isinstance(value, Either) for value in values]):
        return computed(context, lambda: _with_own_errors(context, compute, values))
    if combinations(values) > MOST:
        raise context.refuse(
            f"takes more than {MOST} combinations of what its IFs yield; let each yield numbers of one size"
        )

    def of_these(*grids: Grid) -> Value:
        return computed(context, lambda: _with_own_errors(context, compute, grids))

    return of_each(of_these, *values)


def _with_own_errors(context: Context, compute: Callable[..., Value], grids: Sequence) -> Value:
    try:
        return compute(*grids)
    except Fails:
        refuse_errors_handed_over(context, grids)
        raise


def refuse_errors_handed_over(context: Context, grids: Sequence[Value | Growing]) -> None:
    """Raises Fails of the first argument that is an error value: Excel shows it whatever else is wrong with
    the others."""
    for grid in grids:
        if isinstance(grid, Grid) and grid.is_single_error:
            if not grid.is_error_everywhere:
                raise context.cell_by_cell("is handed an error in some cells alone; write a formula for each")
            raise Fails(str(first_error(grid))) from None


def no_range(context: Context, grid: Grid) -> Grid:
    """#VALUE! for a value that stands where a range has to; an error is itself."""
    first = grid.first()
    failed = np.ones(first.shape, bool)
    why = "finds a value where it needs a range"
    found = errors_where(failed, "#VALUE!", context.host, why, after=errors_among([first]))
    return with_errors(from_numbers(t.expand(t.as_array(0.0), first.shape)), found)


OF_REFERENCES = frozenset(
    "IF IFS IFERROR IFNA SWITCH CHOOSE INDEX OFFSET INDIRECT XLOOKUP TAKE DROP TRIMRANGE LET REDUCE".split()
)  # functions whose outcome is a range where their arguments are


def makes_values(node: Node) -> bool:
    """Whether a tree never comes to a range."""
    if isinstance(node, Call) and node.name in ("IF", "IFERROR", "IFNA", "CHOOSE"):
        return all(map(makes_values, node.args[node.name in ("IF", "CHOOSE") :]))
    if isinstance(node, Call):
        return node.name in FUNCTIONS and node.name not in OF_REFERENCES
    return isinstance(node, Const | ArrayConst | Prefix | Percent | Infix)


def computed(context: Context, body: Callable[[], Value]) -> Value:
    """What a body yields, or the error that it raises."""
    try:
        return body()
    except Fails as failed:
        return context.error(failed.code, failed.why)
    except Misused as misuse:
        raise misused(context, context.function, str(misuse)) from None


# --- single numbers -------------------------------------------------------------------------------------


class OrError(NamedTuple):
    """What a body yields where a cell may show another error than #NUM!, or one of several.

    failed is a boolean pattern of the places where the error `code` stands in place of num."""

    num: "t.Operand | OrError"
    failed: t.Array
    code: str
    why: str | None = None


def of_numbers(
    name: str,
    *examples: str,
    arity: tuple[int, int] = (1, 1),
    smooth: bool = True,
    taken: Callable[[Grid], Grid] = taken_as_scalar,
    truth: bool = False,
    whole: Sequence[int] = (),
    counts: Sequence[int] = (),
    conditions: Sequence[int] = (),
    fixed: Sequence[int] = (),
    hands_on: bool = False,
    omitted: Mapping[int, float | ExcelError] = NO_ARGUMENT,
    errors_first: int = 0,
):
    """Enters a function of single numbers: body(x, y, ...) of operands that broadcast. Of several errors that
    of the argument `errors_first` wins, else the first.

    With `truth` the body yields a boolean pattern, and the cell shows TRUE or FALSE. Arguments that are
    `whole` are cut to whole numbers, `counts` too, but parts of one below 0 to -1; `conditions` reach it as
    boolean patterns: it moves in steps as these do. Those that are `fixed`, such as dates, may not depend on
    a changing cell. Of an infinity what `hands_on` comes to is no number either."""

    def taken_at(i: int, grid: Grid) -> Grid:
        return taken_as_condition(grid) if i in conditions else taken(grid)

    def read(i: int, x: t.Operand) -> t.Operand:
        if i in conditions:
            x = t.not_equal(x, 0.0)
            t.decide(x)
        return t.truncated(x) if i in whole else t.floor(x) if i in counts else x

    def enter(body: SomeBody) -> SomeBody:
        def reading(*numbers: t.Operand) -> "t.Operand | OrError":
            out = body(*(read(i, x) for i, x in enumerate(numbers)))
            if truth or len(numbers) == 1:
                return out
            return _unless_nan(out, numbers)  # which a comparison would have hidden

        def compute(context: Context, *grids: Grid) -> Grid:
            if not hands_on:
                watch(*(g.num for g in grids))
            steps = [g for i, g in enumerate(grids) if i in (*whole, *counts, *conditions) or not smooth]
            changing = next((g.num.tape for g in steps if isinstance(g.num, t.Var)), None)
            before = len(changing) if changing else 0
            out = elementwise(
                context, reading, [taken_at(*arg) for arg in enumerate(grids)], truth, errors_first
            )
            if changing:
                if not changing.decide_on_steps(before):
                    t.decide(out.num)
                context.note_step(out.num)
            return out

        entered(
            name,
            examples,
            compute,
            arity=arity,
            smooth=smooth,
            whole=lambda i: False,
            omitted=omitted,
            fixed=fixed,
        )
        return body

    return enter


def _unless_nan(out: t.Operand | OrError, numbers: Sequence[t.Operand]) -> t.Operand | OrError:
    """What a body yields, nan where one of its numbers is."""
    if isinstance(out, OrError):
        return out._replace(num=_unless_nan(out.num, numbers))
    return t.unless_nan(t.as_array(out), *numbers)


def elementwise(
    context: Context, body: Body, grids: Sequence[Grid], truth: bool = False, errors_first: int = 0
) -> Grid:
    """`body` of the numbers of grids that hold nothing but numbers and errors; errors are passed on."""
    if not truth and (quick := _of_numbers_alone(body, grids)) is not None:
        return quick
    grids = aligned(grids, context.host)
    nums = [g.num for g in grids]
    found, out = errors_among([*grids[errors_first:], *grids[:errors_first]]), body(*nums)
    if truth:
        return settled(from_truths(t.unless_nan(t.as_number(out), *nums), like=grids), found, context.host)
    out, found = resolved(context, out, found)
    return settled(from_numbers(out, like=grids), found, context.host)


def _of_numbers_alone(body: Body, grids: Sequence[Grid]) -> Grid | None:
    """The same where nothing but numbers goes in and comes out; None elsewhere."""
    nums = numbers_alone(grids)
    if nums is None:
        return None
    out = body(*nums)
    while isinstance(out, OrError):
        if t.holds_somewhere(out.failed):
            return None
        out = out.num
    num = t.as_array(out)
    return from_numbers(num) if not isinstance(num, t.Var) and t.all_finite(num) else None


def resolved(
    context: Context, out: t.Operand | OrError, found: Errors | None
) -> tuple[t.Array, Errors | None]:
    """The numbers that a body yields, nan where a changing cell decides on an error, and constant errors
    after those `found`."""
    if not isinstance(out, OrError):
        return t.as_array(out), found
    num, found = resolved(context, out.num, found)
    if isinstance(out.failed, t.Var):
        return t.where(out.failed, t.NAN, num), found
    return num, errors_where(out.failed.numpy(), out.code, context.host, out.why, after=found)


# --- aggregates -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Empty:
    """What fewer than `fewest` numbers give: a number, or an error and why."""

    gives: float | str
    why: str | None = None
    fewest: int = 1


NOTHING_SPECIAL = Empty(0.0, fewest=0)  # the body answers for no numbers too
NO_NUMBERS = Empty("#NUM!", "finds no numbers among its arguments")


def of_counted(
    name: str,
    *examples: str,
    arity: tuple[int, int] = (1, ANY),
    empty: Empty | float = NOTHING_SPECIAL,
    errors_count: bool = True,
    smooth: bool = True,
    taken: Callable[[Grid], Grid] | None = None,
):
    """Enters a function of the numbers that count: body(numbers) -> (H, W, 1, 1); see counted.py.

    `empty` is what no numbers give. Without `errors_count` errors are passed over; `taken` makes numbers of
    what else counts in ranges and arrays."""
    for_few = empty if isinstance(empty, Empty) else Empty(empty)

    def enter(body: Callable[[Numbers], "t.Array | OrError"]):
        def compute(context: Context, *arguments: Argument) -> Grid:
            if taken:
                arguments = tuple(with_elements(a, taken) for a in arguments)
            numbers, passing = counted(arguments, for_few.fewest, errors_count)
            out = aggregated(context, body(numbers), numbers.how_many, passing, for_few)
            if not smooth:
                context.note_step(out.num)
            return out

        entered(name, examples, compute, arity=arity, unions=as_many_arguments)
        return body

    return enter


def of_pairs(
    name: str,
    *examples: str,
    empty: Empty = NOTHING_SPECIAL,
    arity: tuple[int, int] = (2, 2),
    arrays: tuple[int, int] = (0, 1),
    keyed: bool = False,
):
    """Enters a function of two arrays of one size: body(pairs, x, ...) of pairs whose total(of) takes
    of(x, y), and of the arguments besides the `arrays`, single numbers (H, W, 1, m). With `keyed` these and
    the first array say places, from which it goes on in steps.

    A pair counts where both are numbers."""

    def enter(body: Callable[..., "t.Array | OrError"]):
        def compute(context: Context, *grids: Grid) -> Grid:
            both = in_pairs(*(grids[i] for i in arrays))
            keys = keys_of(context, [g for i, g in enumerate(grids) if i not in arrays])
            numbers, _ = counted_in_pairs(both, empty.fewest)
            passing = errors_by_pairs(both if arrays[0] < arrays[1] else both[::-1])
            out = aggregated(context, body(numbers, *keys.nums), numbers.how_many, passing, empty, keys)
            if keyed and not (keys.are_constant and both[0].is_constant):
                context.note_step(out.num)
            return out

        entered(name, examples, compute, arity=arity, ranges="array", whole=lambda i: i in arrays)
        return body

    return enter


@dataclass(frozen=True)
class Samples:
    """The numbers of two arrays, `fewest` at least as counts to divide by.

    size  (h, w) of the arrays as a table; None where they differ
    """

    first: Numbers
    second: Numbers
    pairs: Numbers
    size: tuple[int, int] | None


def of_samples(name: str, *examples: str, fewest: int = 0, arity: tuple[int, int] = (2, 2)):
    """Enters a function of two arrays, each with its own numbers, and of single numbers that it follows in
    steps: body(samples, x, ...). Arrays of different sizes have no pairs."""

    def enter(body: Callable[..., "t.Array | OrError"]):
        def compute(context: Context, a: Grid, b: Grid, *others: Grid) -> Grid:
            keys = keys_of(context, others)
            (first, _), (second, _) = (counted([grid], fewest) for grid in (a, b))
            alike = a.size[0] * a.size[1] == b.size[0] * b.size[1]
            both = in_pairs(a, b) if alike else (a.first(), b.first())
            pairs, _ = counted_in_pairs(both, fewest)
            samples = Samples(first, second, pairs, a.size if alike else None)
            passing, outcomes = Passing([a, b]), body(samples, *keys.nums)
            out = aggregated(context, outcomes, first.how_many, passing, NOTHING_SPECIAL, keys)
            if not keys.are_constant:
                context.note_step(out.num)
            return out

        entered(name, examples, compute, arity=arity, ranges="array", whole=lambda i: i < 2)
        return body

    return enter


def in_pairs(a: Grid, b: Grid) -> tuple[Grid, Grid]:
    """Two arrays of as many elements, in one shape. Fails("#N/A") for others."""
    if a.size == b.size:
        return a, b
    if a.extent == b.extent:  # whole columns on sheets whose data end in different rows
        h, w = (slice(0, min(ends)) for ends in zip(a.size, b.size, strict=True))
        return a.cut(h, w), b.cut(h, w)
    n = a.size[0] * a.size[1]
    if n != b.size[0] * b.size[1]:
        error = next((error for grid in (a, b) if grid.is_single and (error := first_error(grid))), None)
        raise Fails(str(error)) if error else Fails("#N/A", "compares arrays of different sizes")
    return tuple(g.reshaped((*g.batch, 1, n)) for g in (a, b))  # type: ignore[return-value]


def errors_by_pairs(grids: Sequence[Grid]) -> Passing:
    """The errors of arrays of one shape on their way: those of the first pair that has one come first."""
    shape = np.broadcast_shapes(*(grid.shape for grid in grids))
    of_each_pair = with_errors(from_numbers(t.expand(t.as_array(0.0), shape)), errors_among(grids))
    return Passing([of_each_pair, *grids])


def of_conditions(name: str, *examples: str):
    """Enters a function of what is TRUE and FALSE among its arguments: body(numbers 1 and 0) -> pattern."""
    empty = Empty("#VALUE!", "finds no TRUE or FALSE among its arguments")

    def enter(body: Callable[[Numbers], t.Array]):
        def compute(context: Context, *arguments: Argument) -> Grid:
            truths, passing = conditions(arguments)
            holds = t.unless_nan(t.as_number(body(truths)), truths.total())
            out = aggregated(context, holds, truths.how_many, passing, empty)
            return with_errors(from_truths(out.num), errors_among([out]))

        entered(name, examples, compute, arity=(1, ANY), unions=as_many_arguments)
        return body

    return enter


@dataclass(frozen=True)
class Keys:
    """Single numbers beside arrays, one outcome for each.

    grids  all of one size (h, w)
    nums   the same as rows (H, W, 1, h * w)"""

    grids: Sequence[Grid]

    @property
    def are_constant(self) -> bool:
        return all(g.is_constant for g in self.grids)

    @property
    def nums(self) -> list[t.Array]:
        return [t.reshape(g.full(), shape=(*g.batch, 1, g.size[0] * g.size[1])) for g in self.grids]

    def outcomes(self, out: t.Operand | OrError) -> t.Operand | OrError:
        """A row of outcomes (H, W, 1, h * w) in the size of the keys."""
        if isinstance(out, OrError):
            return out._replace(num=self.outcomes(out.num), failed=self._sized(out.failed))
        return self._sized(t.as_array(out))

    def _sized(self, row: t.Array) -> t.Array:
        size = self.grids[0].size if self.grids else (1, 1)
        batch = t.shape_of(row)[:2]
        return t.reshape(t.expand(row, (*batch, 1, size[0] * size[1])), shape=(*batch, *size))


NO_KEYS = Keys(())


def keys_of(context: Context, grids: Sequence[Grid]) -> Keys:
    """Arguments meant as single numbers."""
    grids = aligned([taken_as_scalar(grid) for grid in grids], context.host)
    size = np.broadcast_shapes((1, 1), *(g.size for g in grids))
    return Keys([g if g.size == size else g.expanded((*g.batch, *size)) for g in grids])


def aggregated(
    context: Context,
    out: t.Array | OrError,
    how_many: t.Array,
    passing: Passing,
    empty: Empty,
    keys: Keys = NO_KEYS,
) -> Grid:
    """An aggregate's outcomes, a row of one for each of the keys, with their errors, which come first, and
    with what too few numbers give."""
    found = errors_among([*keys.grids, with_errors(from_numbers(how_many), passing.constant())])
    num, found = resolved(context, keys.outcomes(out), found)
    return concluded(context, with_errors(from_numbers(passing.onto(num)), found), how_many, empty)


def concluded(context: Context, outcome: Grid, how_many: t.Array, empty: Empty) -> Grid:
    """The outcome of aggregating so many numbers, with what too few of them give."""
    out, found, is_error = outcome.num, errors_among([outcome]), isinstance(empty.gives, str)
    lacking = t.less(how_many, float(empty.fewest)) if empty.fewest else False
    if isinstance(lacking, t.Var):
        out = t.where(lacking, t.NAN if is_error else empty.gives, out)
    elif t.holds_somewhere(lacking):
        out = t.where(lacking, 0.0 if is_error else empty.gives, out)
        if is_error:
            found = errors_where(np.asarray(lacking), str(empty.gives), context.host, empty.why, after=found)
    return settled(from_numbers(out), found, context.host)


def of_ranked(
    name: str, *examples: str, arity: tuple[int, int] = (2, 2), empty: Empty = NO_NUMBERS, keyed: bool = False
):
    """Enters a function of an array's numbers and single numbers: body(numbers, x, ...) of x (H, W, 1, m)
    yields as many outcomes. With `keyed` these say places, from which it goes on in steps."""

    def enter(body: Callable[..., "t.Array | OrError"]):
        def compute(context: Context, array: Grid, *grids: Grid) -> Grid:
            keys = keys_of(context, grids)
            numbers, passing = counted([array], empty.fewest)
            out = aggregated(context, body(numbers, *keys.nums), numbers.how_many, passing, empty, keys)
            if keyed and not keys.are_constant:
                context.note_step(out.num)
            return out

        entered(name, examples, compute, arity=arity, whole=lambda i: i == 0, unions=in_one_row)
        return body

    return enter


def _in_cells(x: t.Array, size: tuple[int, int]) -> t.Array:
    """Outcomes (H, W, m, 1) as each cell's array of that size."""
    batch, (h, w) = t.shape_of(x)[:2], size
    return t.reshape(t.expand(x, (*batch, h * w, 1)), shape=(*batch, h, w))


def of_series(
    name: str,
    *examples: str,
    arity: tuple[int, int],
    series: Callable[[int], bool],
    strict: str | None = None,
    fixed: Sequence[int] = (),
    taken: Callable[[Grid], Grid] = taken_as_scalar,
    pairs: bool = False,
    error: str | None = None,
):
    """Enters a function of series and single numbers: body(series, x, y, ...), single numbers (H, W, m, 1),
    for m outcomes each. `series(i)` says whether argument i is one.

    With `pairs` the elements of the first two series count together, none where that of the first is blank
    or a text in a range. Every error among the series is the `error`, where one is named.

    All the numbers that count in them are one series, in order; but where the function is `strict` each is
    its own, in which text, TRUE and FALSE are that error. A blank is 0 there where they are #VALUE!, and else
    that error too."""

    def enter(body: Callable[..., t.Array | OrError]):
        def compute(context: Context, *grids: Grid) -> Grid:
            arrays = [grid for i, grid in enumerate(grids) if series(i)]
            if pairs and not any(grid.is_range or grid.is_array for grid in arrays[:2]):
                raise Fails("#N/A", "is handed single values where it needs two series")
            if pairs:
                arrays[:2] = counted_with_dates(*to_one_end(*arrays[:2]))
            if strict:
                arrays = [_taken_in_series(g, context.cell, strict) for g in arrays]
            numbers, passing = zip(*(counted([g]) for g in arrays), strict=True)
            rows = numbers if strict else [Numbers([part for each in numbers for part in each.parts])]
            single = aligned([taken(g) for i, g in enumerate(grids) if not series(i)], context.host)
            h, w = np.broadcast_shapes((1, 1), *(g.size for g in single))
            columns = [t.expand(g.num, (*g.batch, h, w)) for g in single]
            watch(*columns)
            out = body(
                *(each.in_order() for each in rows),
                *(t.reshape(x, shape=(*t.shape_of(x)[:2], h * w, 1)) for x in columns),
            )
            errors, of_single = iter(passing), iter(single)
            found = reduce(
                errors_of_both,
                (
                    shown_as(None if grid.is_single_error else error, next(errors).constant())
                    if series(i)
                    else errors_among([next(of_single)])
                    for i, grid in enumerate(grids)
                ),
            )
            if isinstance(out, OrError):
                assert not isinstance(out.num, OrError)
                num, failed = (_in_cells(x, (h, w)) for x in (t.as_array(out.num), out.failed))
                out = out._replace(num=num, failed=failed)
            else:
                out = _in_cells(out, (h, w))
            num, found = resolved(context, out, found)
            return settled(
                from_numbers(reduce(lambda x, each: each.onto(x), passing, num)), found, context.host
            )

        entered(name, examples, compute, arity=arity, whole=series, unions=in_one_row, fixed=fixed)
        return body

    return enter


def shown_as(code: str | None, found: Errors | None) -> Errors | None:
    """The errors found, each under another code if one is named."""
    if code is None or found is None:
        return found
    failed, errors = found
    shown = np.full(errors.shape, None, dtype=object)
    for at in map(tuple, np.argwhere(failed)):
        error = errors.item(at)
        shown[at] = error_at(code, error.cell, error.why)
    return failed, shown


def _taken_in_series(grid: Grid, cell: str, code: str) -> Grid:
    """The numbers of a range, in order. Where blanks are 0, so are those beyond the data of whole columns,
    which come last and are left out."""
    if code != "#VALUE!":
        return taken_strictly(grid, cell, code)
    if grid.size[0] > 1 and grid.extent[1] > grid.size[1]:
        raise Misused("takes whole rows one after another; name the cells that hold data")
    return taken_strictly(grid.as_value().with_blanks_as_zeros(), cell, code)


def of_met(name: str, *examples: str, values_first: bool, empty: Empty = NOTHING_SPECIAL):
    """Enters a function of the numbers at places that meet criteria: body(numbers) -> (H, W, 1, 1).

    Its arguments are values, range, criterion, range, criterion, ... or, not `values_first`, a range, its
    criterion and perhaps values; without them the range holds the values."""

    def enter(body: Callable[[Numbers], t.Array]):
        def aggregate(elements: Grid) -> tuple[Grid, Grid]:
            numbers, passing = counted([elements], empty.fewest)
            outcome = with_errors(from_numbers(passing.onto(body(numbers))), passing.constant())
            return outcome, from_numbers(numbers.how_many)

        def compute(context: Context, *grids: Grid) -> Grid:
            if not values_first:
                grids = (resized(context, grids[2], grids[0]) if grids[2:] else grids[0], *grids[:2])
            ranges, criteria = grids[1::2], grids[2::2]
            if len(ranges) != len(criteria):
                raise Misused("has a range without a criterion")
            outcome, how_many = where_met(context, grids[0], ranges, criteria, aggregate)
            return concluded(context, outcome, how_many.num, empty)

        if values_first:
            entered(
                name,
                examples,
                compute,
                arity=(3, ANY),
                whole=lambda i: i == 0 or i % 2 == 1,
                references=lambda i: i == 0 or i % 2 == 1,
                values_at=lambda count: 0,
            )
        else:
            entered(
                name,
                examples,
                compute,
                arity=(2, 3),
                whole=lambda i: i != 1,
                references=lambda i: i != 1,
                values_at=lambda count: 2 if count == 3 else 0,
            )
        return body

    return enter


# --- arrays ---------------------------------------------------------------------------------------------


def failed_as_one(context: Context, grid: Grid) -> Grid:
    """An array for which there is none as the one error that Excel has in its place."""
    if grid.is_single:
        return grid
    failed = grid.failed()
    if failed.any() and not failed.all():
        raise context.cell_by_cell("fails in some cells alone; write a formula for each")
    return grid.first() if failed.all() else grid


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
        def compute(context: Context, *arguments: Argument) -> Grid:
            arrays = [with_elements(a, lambda grid: taken(grid, context)) for a in arguments]
            grids, (ways, *others) = zip(*map(steps_of, arrays), strict=True)
            assert all(other == ways for other in others)
            out = body(*(g.full() for g in grids))
            out = running_total(out, ways) if ways else out
            return failed_as_one(context, settled(from_numbers(out), first_errors(arrays), context.host))

        entered(name, examples, compute, arity=arity, ranges="array")
        return body

    return enter


def handing_on(
    name: str,
    *examples: str,
    arity: tuple[int, int] = (1, 1),
    arrays: Callable[[int], bool] = lambda i: i == 0,
    ranges: str = "inherit",
    smooth: bool = True,
):
    """Enters a function that hands elements on as they are: body(context, *grids) -> Value.

    `arrays(i)` says whether argument i is taken as it stands; the others are single values."""

    def enter(body: Callable[..., Value]):
        entered(name, examples, body, arity=arity, ranges=ranges, smooth=smooth, whole=arrays)
        return body

    return enter


# --- constants ------------------------------------------------------------------------------------------


def of_constants(
    name: str,
    *examples: str,
    arity: tuple[int, int],
    arrays: Callable[[int], bool],
    ranges: str = "inherit",
    errors_too: bool = False,
    no_truths: bool = False,
    no_ranges: bool = False,
    unions: Unions = no_unions,
    omitted: Mapping[int, float | ExcelError] = NO_ARGUMENT,
    references: Callable[[int], bool] = lambda i: False,
    or_left_out: Sequence[int] = (),
    at_once: Callable[..., Grid | None] = lambda context, *grids: None,
):
    """Enters a function of plain Python values: float, bool, str, CellError or None; see plain.py.

    `arrays(i)` says whether argument i is an array, which reaches the body as Cells; the others are single
    values. An error among these is the outcome, unless `errors_too` hands it to the body. With `no_truths`
    TRUE and FALSE among them are #VALUE!, and with that or `no_ranges` a range of several cells is. An
    argument left out between two commas is None, as a blank cell is; but of the numbers `or_left_out` a
    blank cell is 0. at_once(context, *grids) computes the same by tensors, of many samples together, where it
    can: else it is None."""

    def of_no_truths(body: Callable[..., object]) -> Callable[..., object]:
        def checked(*values: object) -> object:
            if any(isinstance(value, bool) for value in values):
                raise Fails("#VALUE!", "finds TRUE or FALSE where it needs a number")
            return body(*values)

        return checked

    def enter(body: Callable[..., object]):
        asked = of_no_truths(body) if no_truths else body

        def compute(context: Context, *grids: Grid) -> Grid:
            if (no_truths or no_ranges) and any(
                g.is_range and not g.is_single and not arrays(i) for i, g in enumerate(grids)
            ):
                raise Fails("#VALUE!", "finds a range where it needs a number; write +1*(...) around it")
            if or_left_out:
                grids = tuple(
                    grid.with_blanks_as_zeros() if i in or_left_out and grid.is_range else grid
                    for i, grid in enumerate(grids)
                )
            if depend_on_changing(grids) and (found := at_once(context, *grids)) is not None:
                return found
            return for_each(context, asked, grids, [arrays(i) for i in range(len(grids))], errors_too)

        entered(
            name,
            examples,
            compute,
            arity=arity,
            ranges=ranges,
            smooth=False,
            whole=arrays,
            unions=unions,
            omitted=omitted,
            references=references,
        )
        return body

    return enter


def making_arrays(name: str, *examples: str, arity: tuple[int, int]):
    """Enters a function of arrays, each handed over as Cells, that makes a new one of plain values:
    body(cells, ...) -> rows of values. It moves in steps as changing cells do."""

    def enter(body: Callable[..., Sequence[Sequence[object]]]):
        def compute(context: Context, *grids: Grid) -> Grid:
            return array_of_each(context, body, grids)

        unions = as_many_arguments if arity[1] == ANY else in_one_row
        entered(name, examples, compute, arity=arity, ranges="array", smooth=False, unions=unions)
        return body

    return enter


# --- kinds ----------------------------------------------------------------------------------------------


def asking(
    name: str, *examples: str, kinds: Sequence[int], errors: Callable[[str], bool] | None = None
) -> None:
    """Enters a question: whether its argument is of one of the kinds, or an error of which `errors` holds."""

    def compute(context: Context, grid: Grid) -> Grid:
        if errors is not None and grid.may_fail:
            raise context.refuse("asks which error a changing number is; use IFERROR")
        asked = kinds_asked(grid, kinds) if errors is None else errors_asked(grid, errors)
        if grid.may_fail and (NUMBER in kinds) != (ERROR in kinds):
            fine = t.is_finite(grid.num)
            t.decide(fine, is_end=True)
            asked = t.where(fine, asked, ERROR in kinds)
        return from_truths(asked)

    entered(name, examples, compute, whole=lambda i: False)


def counting(
    name: str,
    *examples: str,
    kinds: Sequence[int],
    empty_texts: bool = False,
    arity: tuple[int, int] = (1, ANY),
    references: Callable[[int], bool] = lambda i: False,
) -> None:
    """Enters a count of the elements that are of one of the kinds, whatever argument they stand in, and with
    `empty_texts` of those that show nothing."""

    def count(argument: Argument) -> t.Array:
        grid, ways = steps_of(argument)
        held = running_total(t.expand(t.as_number(kinds_asked(grid, kinds)), grid.shape), ways)
        return t.add(held, nothing_shown(grid)) if empty_texts else held

    def compute(context: Context, *arguments: Argument) -> Grid:
        out = from_numbers(reduce(t.add, map(count, arguments)))
        context.note_step(out.num)
        return out

    entered(name, examples, compute, arity=arity, unions=as_many_arguments, references=references)
