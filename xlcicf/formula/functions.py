"""The function table: what each Excel operator and function computes, how it takes its arguments, whether it
has a derivative, and examples that the tests check against other spreadsheet engines and finite differences.

To add a function, add one entry here; being in the table is what gets it tested. Most entries are one line of
primitives under a decorator that names the coercion:

    @of_numbers("TANH", "TANH(0.5)", "TANH(-2)")
    def tanh(x):
        return t.tanh(x)

Derivatives at ties and corners: MAX and MIN tied with a constant 0, ties among changing arguments shared
equally, IF the branch taken, ABS and SIGN at 0 0, SQRT at 0 0 (as ABS, for SQRT(x^2) is ABS(x)). Functions
with a limited domain are computed on a safe argument outside it and yield nan there, so that a branch not
taken never spoils a gradient.
"""

import math
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from xlcicf.errors import FormulaError, NotDifferentiable
from xlcicf.formula import tape as t
from xlcicf.formula.address import Area, cell_address
from xlcicf.formula.tree import Call, Const, Node, Ref
from xlcicf.formula.values import (
    BLANK,
    BOOL,
    ERROR,
    NUMBER,
    TEXT,
    CellError,
    Errors,
    Grid,
    aligned,
    boolean,
    constant,
    counted,
    error_at,
    errors_among,
    errors_where,
    grid_of,
    mask_tensor,
    number_in_text,
    settled,
    taken_as_condition,
    taken_as_factor,
    taken_as_scalar,
    taken_strictly,
    with_errors,
)

if TYPE_CHECKING:
    from xlcicf.formula.evaluate import Evaluator
    from xlcicf.formula.runs import Run

NAN = float("nan")
EXP_LIMIT = math.log(torch.finfo(torch.float64).max)  # beyond it Excel shows #NUM!


@dataclass(frozen=True)
class Context:
    """Where a formula is evaluated: the run, and whether ranges stand for arrays or for one cell each."""

    evaluator: "Evaluator"
    run: "Run"
    array_args: bool = False
    function: str = ""

    @property
    def cell(self) -> str:
        return self.run.cell

    @property
    def host(self) -> Area:
        return self.run.host

    @property
    def array(self) -> bool:
        return self.run.array or self.array_args

    def calling(self, function: "Function") -> "Context":
        array = {"array": True, "plain": False, "inherit": self.array_args}[function.ranges]
        return replace(self, array_args=array, function=function.name)

    def operand(self, node: Node) -> Grid:
        return self.evaluator.operand(node, self)

    def value(self, node: Node) -> Grid:
        return self.evaluator.value(node, self)

    def error(self, code: str, why: str | None = None) -> Grid:
        return constant(error_at(code, self.cell, why))

    def cells_beyond(self, node: Node, grid: Grid) -> int:
        """How many blank cells of a whole column or row lie beyond the data, where its grid ends."""
        area = node.area(self.host.top, self.host.left) if isinstance(node, Ref) else None
        return math.prod(area.shape) - math.prod(grid.shape[2:]) if area else 0

    def refuse(self, what: str) -> NotDifferentiable:
        return NotDifferentiable(f"{self.cell}: {self.function} {what}", self.cell, self.function)


@dataclass(frozen=True)
class Function:
    """One Excel function.

    evaluate   (context, argument trees) -> Grid
    arity      fewest and most arguments
    ranges     "plain": outside array formulas an operator's range argument means one cell; "array": it means
               an array (SUMPRODUCT, MMULT); "inherit": as the function around it has it
    smooth     False where there is no derivative with respect to the arguments
    examples   formulas without "=" whose literal numbers the tests also turn into changing cells
    """

    name: str
    evaluate: Callable[[Context, tuple[Node, ...]], Grid]
    arity: tuple[int, int]
    ranges: str
    smooth: bool
    examples: tuple[str, ...]


FUNCTIONS: dict[str, Function] = {}
ANY = 255


def excel(
    name: str, *examples: str, arity: tuple[int, int] = (1, 1), ranges: str = "plain", smooth: bool = True
):
    """Enters a function that takes its argument trees itself."""

    def enter(body: Callable[[Context, tuple[Node, ...]], Grid]):
        FUNCTIONS[name] = Function(name, body, arity, ranges, smooth, examples)
        return body

    return enter


def of_numbers(
    name: str, *examples: str, arity: tuple[int, int] = (1, 1), partial: bool = False, smooth: bool = True
):
    """Enters a function of single numbers, given as operands of the primitives; taken as scalars."""

    def enter(body: Callable[..., t.Operand]):
        def evaluate(context: Context, args: tuple[Node, ...]) -> Grid:
            grids = [taken_as_scalar(context.operand(arg)) for arg in args]
            if not smooth:
                _refuse_changing(context, grids)
            return elementwise(context, body, grids, partial)

        FUNCTIONS[name] = Function(name, evaluate, arity, "inherit", smooth, examples)
        return body

    return enter


def elementwise(
    context: Context, body: Callable[..., t.Operand], grids: Sequence[Grid], partial: bool = False
) -> Grid:
    """`body` of the numbers, errors passed on."""
    grids = aligned(grids, context.host)
    num = body(*(g.num for g in grids))
    if not isinstance(num, t.Var):
        num = torch.as_tensor(num, dtype=t.DTYPE)
    return settled(num, errors_among(grids), context.host, partial or any(g.partial for g in grids))


def _refuse_changing(context: Context, grids: list[Grid]) -> None:
    if not all(g.is_constant for g in grids):
        raise context.refuse(
            "depends on a changing cell and has no derivative; keep it out of the objective's way"
        )


def within_domain(x: t.Operand, inside: t.Operand, safe: float, compute: Callable) -> t.Array:
    """compute(x) inside the domain, nan outside, and a derivative of 0 there."""
    if not isinstance(x, t.Var):
        return compute(x)
    return t.where(inside, compute(t.where(inside, x, safe)), NAN)


# --- operators ------------------------------------------------------------------------------------------


def _arithmetic(body: Callable[..., t.Operand], partial: bool = False):
    def evaluate(context: Context, *grids: Grid) -> Grid:
        return elementwise(context, body, [taken_as_scalar(g) for g in grids], partial)

    return evaluate


def _quotient(context: Context, a: Grid, b: Grid) -> Grid:
    a, b = aligned([taken_as_scalar(a), taken_as_scalar(b)], context.host)
    found = errors_among((a, b))
    partial = a.partial or b.partial
    if isinstance(b.num, t.Var):
        zero = t.equal(b.num, 0.0)
        num = t.where(zero, NAN, t.div(a.num, t.where(zero, 1.0, b.num)))
        return with_errors(num, found, partial=True)
    zero = b.num == 0
    found = errors_where(zero.numpy(), "#DIV/0!", context.host, "divides by 0", after=found)
    return settled(t.div(a.num, torch.where(zero, 1.0, b.num)), found, context.host, partial)


def _unless_nan(num: t.Array, *operands: t.Operand) -> t.Array:
    """`num`, but nan where an operand is: for functions that would make a number of an error."""
    for x in operands:
        if isinstance(x, t.Var) and x.partial:
            num = t.where(t.is_nan(x), NAN, num)
    return num


def power(a: t.Operand, b: t.Operand) -> t.Array:
    """a^b as Excel has it: 0^0 and negative numbers to a fraction are #NUM! (nan), but odd roots are real."""
    return _unless_nan(_power(a, b), a, b)


def _power(a: t.Operand, b: t.Operand) -> t.Array:
    if isinstance(b, t.Var):
        return _power_of_changing_exponent(a, b)
    b = torch.as_tensor(b, dtype=t.DTYPE)
    whole = b == torch.round(b)
    if bool((b == 2).all()):
        return t.square(a)
    if isinstance(a, t.Var) and bool((whole & (b > 0)).all()):
        return t.power(a, b)
    degree = torch.round(1 / torch.where(b == 0, 1.0, b))
    odd_root = ~whole & (degree % 2 == 1) & torch.isclose(1 / degree, b, rtol=1e-15, atol=0)
    positive, negative = t.greater(a, 0.0), t.less(a, 0.0)
    of_positive = t.power(t.where(positive, a, 1.0), b)
    of_negative = t.where(whole, t.power(t.where(negative, a, -1.0), torch.where(whole, b, 1.0)), NAN)
    if bool(odd_root.any()):
        root = t.neg(t.power(t.where(negative, t.neg(a), 1.0), b))
        of_negative = t.where(odd_root, root, of_negative)
    of_zero = torch.where(b > 0, 0.0, NAN)
    return t.where(positive, of_positive, t.where(negative, of_negative, of_zero))


def _power_of_changing_exponent(a: t.Operand, b: t.Operand) -> t.Array:
    """As `power`. A negative base has values at whole exponents only, so no derivative by the exponent."""
    positive, negative = t.greater(a, 0.0), t.less(a, 0.0)
    whole = t.both(negative, t.equal(b, t.rounded(b)))
    of_negative = t.power(t.where(negative, a, -1.0), t.where(whole, t.rounded(b), 1.0))
    of_zero = t.where(t.greater(b, 0.0), 0.0, NAN)
    outside = t.where(negative, t.where(whole, of_negative, NAN), of_zero)
    return t.where(positive, t.power(t.where(positive, a, 1.0), b), outside)


def _comparison(compare: Callable[[t.Array, t.Array], t.Array], python: Callable[[object, object], bool]):
    """Numbers come before text, text before FALSE and TRUE; letters' case is ignored."""

    def evaluate(context: Context, a: Grid, b: Grid) -> Grid:
        _refuse_or_false(replace(context, function="a comparison"), (a, b))
        a, b = aligned([a, b], context.host)
        found = errors_among((a, b))
        partial = a.partial or b.partial
        if all(g.kind is None or not (g.kind != NUMBER).any() for g in (a, b)):
            pattern = compare(a.num, b.num)
        elif a.is_constant and b.is_constant:
            pattern = torch.from_numpy(_compared(a.scalars(), b.scalars(), python))
        else:
            pattern = _compared_with_changing(a, b, compare, python)
        num = t.as_number(pattern)
        if isinstance(pattern, t.Var):
            pattern.tape.decide(pattern)
            num = _unless_nan(num, a.num, b.num)
        grid = boolean(num) if found is None else with_errors(num, found)
        if found is not None and grid.kind is not None:
            grid.kind[grid.kind == NUMBER] = BOOL
        return replace(grid, partial=partial)

    return evaluate


def _compared(a: np.ndarray, b: np.ndarray, python: Callable[[object, object], bool]) -> np.ndarray:
    def one(x, y) -> bool:
        if isinstance(x, CellError) or isinstance(y, CellError):
            return False
        x, y = _blank_as(x, y), _blank_as(y, x)
        return python((_rank(x), _plain(x)), (_rank(y), _plain(y)))

    return np.vectorize(one, otypes=[bool])(a, b)


def _compared_with_changing(a: Grid, b: Grid, compare: Callable, python: Callable) -> t.Array:
    """Where both are numbers, by number; elsewhere what stands there decides, whatever the number is."""
    here, there = (replace(g, num=torch.nan_to_num(t.value_of(g.num))).scalars() for g in (a, b))
    by_kind = torch.from_numpy(_compared(here, there, python))
    kinds = [np.broadcast_to(g.kinds(), by_kind.shape) for g in (a, b)]
    alike = [np.isin(k, (like, BLANK)) for like in (NUMBER, BOOL) for k in kinds]
    numeric = alike[0] & alike[1] | alike[2] & alike[3]
    return t.where(mask_tensor(numeric.shape, numeric), compare(a.num, b.num), by_kind)


def _rank(x: object) -> int:
    return 2 if isinstance(x, bool) else 1 if isinstance(x, str) else 0


def _blank_as(x: object, other: object) -> object:
    if x is not None:
        return x
    return False if isinstance(other, bool) else "" if isinstance(other, str) else 0.0


def _plain(x: Any) -> Any:
    return x.casefold() if isinstance(x, str) else x


def number_as_text(x: float) -> str:
    """A number as & writes it: up to 15 significant digits, none to spare."""
    if x == int(x) and abs(x) < 1e20:
        return str(int(x))
    return repr(float(f"{x:.15g}")).replace("e", "E").upper()


def _as_text(x: object) -> str:
    if x is None:
        return ""
    if isinstance(x, bool):
        return "TRUE" if x else "FALSE"
    return number_as_text(x) if isinstance(x, float) else str(x)


def _joined(context: Context, a: Grid, b: Grid) -> Grid:
    if not (a.is_constant and b.is_constant):
        raise NotDifferentiable(
            f"{context.cell}: & makes text of a changing number; keep it out of the objective's way",
            context.cell,
            "&",
        )
    a, b = aligned([a, b], context.host)
    found = errors_among((a, b))
    texts = np.frompyfunc(lambda x, y: _as_text(x) + _as_text(y), 2, 1)(a.scalars(), b.scalars())
    if found:
        texts = np.broadcast_to(texts, found[0].shape).copy()
        texts[found[0]] = found[1][found[0]]
    return grid_of(np.asarray(texts, dtype=object))


PREFIX: dict[str, Callable[[Context, Grid], Grid]] = {
    "-": _arithmetic(t.neg),
    "+": lambda context, grid: grid,
}
PERCENT = _arithmetic(lambda x: t.div(x, 100.0))
INFIX: dict[str, Callable[[Context, Grid, Grid], Grid]] = {
    "+": _arithmetic(t.add),
    "-": _arithmetic(t.sub),
    "*": _arithmetic(t.mul),
    "/": _quotient,
    "^": _arithmetic(power, partial=True),
    "&": _joined,
    "=": _comparison(t.equal, lambda x, y: x == y),
    "<>": _comparison(t.not_equal, lambda x, y: x != y),
    ">": _comparison(t.greater, lambda x, y: x > y),  # type: ignore[operator]
    ">=": _comparison(t.greater_equal, lambda x, y: x >= y),  # type: ignore[operator]
    "<": _comparison(t.less, lambda x, y: x < y),  # type: ignore[operator]
    "<=": _comparison(t.less_equal, lambda x, y: x <= y),  # type: ignore[operator]
}


# --- functions of single numbers ------------------------------------------------------------------------


@of_numbers("ABS", "ABS(-2.5)", "ABS(3)")
def absolute(x):
    if isinstance(x, t.Var):
        x.tape.decide(t.sign(x))
    return t.absolute(x)


@of_numbers("SIGN", "SIGN(-2.5)", "SIGN(0.1)")
def sign(x):
    if isinstance(x, t.Var):
        x.tape.decide(t.sign(x))
    return _unless_nan(t.sign(x), x)


@of_numbers("SQRT", "SQRT(2)", "SQRT(0.01)", partial=True)
def square_root(x):
    if not isinstance(x, t.Var):
        return t.sqrt(x)
    positive = t.greater(x, 0.0)
    x.tape.decide(positive)
    root = t.sqrt(t.where(positive, x, 1.0))
    return t.where(positive, root, t.where(t.equal(x, 0.0), 0.0, NAN))


@of_numbers("EXP", "EXP(0.3)", "EXP(-20)", partial=True)
def exponential(x):
    return within_domain(x, t.less_equal(x, EXP_LIMIT), 0.0, t.exp)


@of_numbers("LN", "LN(2.5)", "LN(0.001)", partial=True)
def natural_logarithm(x):
    return within_domain(x, t.greater(x, 0.0), 1.0, t.log)


@of_numbers("LOG10", "LOG10(2.5)", "LOG10(1000)", partial=True)
def common_logarithm(x):
    if not isinstance(x, t.Var):
        return torch.log10(x)
    return t.div(natural_logarithm(x), math.log(10.0))


@of_numbers("LOG", "LOG(2.5)", "LOG(8,2)", "LOG(3.5,1.5)", arity=(1, 2), partial=True)
def logarithm(x, base=None):
    if base is None:
        return common_logarithm(x)
    bottom = natural_logarithm(base)
    if isinstance(bottom, t.Var):
        one = t.equal(bottom, 0.0)
        return t.where(one, NAN, t.div(natural_logarithm(x), t.where(one, 1.0, bottom)))
    return t.div(natural_logarithm(x), bottom)


@of_numbers("POWER", "POWER(2.5,3)", "POWER(1.5,-0.5)", "POWER(-2,3)", arity=(2, 2), partial=True)
def power_function(a, b):
    return power(a, b)


@of_numbers("TANH", "TANH(0.5)", "TANH(-2)")
def tanh(x):
    return t.tanh(x)


@of_numbers("SIN", "SIN(0.5)", "SIN(4)")
def sine(x):
    return t.sin(x)


@of_numbers("COS", "COS(0.5)", "COS(4)")
def cosine(x):
    return t.cos(x)


@of_numbers("ATAN", "ATAN(0.5)", "ATAN(-7)")
def arctangent(x):
    return t.arctan(x)


@of_numbers("INT", "INT(2.5)", "INT(-2.5)", smooth=False)
def integer_part(x):
    return torch.floor(x)


@of_numbers("ROUND", "ROUND(2.345,2)", "ROUND(-2.5,0)", "ROUND(1234,-2)", arity=(2, 2), smooth=False)
def rounded(x, digits):
    """Half away from 0. What 15 digits show as a half counts as one, as in Excel."""
    scale = torch.pow(torch.tensor(10.0, dtype=t.DTYPE), torch.trunc(digits))
    scaled = torch.abs(x) * scale
    nearest = torch.floor(scaled * (1 + 4e-16) + 0.5)
    return torch.sign(x) * nearest / scale


@of_numbers("MOD", "MOD(7,3)", "MOD(-7,3)", "MOD(7.5,-2)", arity=(2, 2), smooth=False)
def modulo(x, divisor):
    return x - divisor * torch.floor(x / divisor)


@excel("PI", "PI()", arity=(0, 0))
def pi(context, args):
    return constant(math.pi)


# --- sums, means, extremes: text and blanks in ranges do not count ---------------------------------------


def _counted_args(
    context: Context, args: tuple[Node, ...], false_adds_nothing: bool = False
) -> list[tuple[Grid, np.ndarray | None]]:
    """Each argument's numbers and which of them count; a union's parts are arguments of their own."""
    parts: list[Node] = []
    for arg in args:
        parts.extend(getattr(arg, "parts", (arg,)))
    grids = [context.value(p) if _may_be_range(p) else context.operand(p) for p in parts]
    if not false_adds_nothing:
        _refuse_or_false(context, (g for g in grids if g.is_ref or g.shape[2:] != (1, 1)))
    return [counted(grid) for grid in grids]


def _may_be_range(node: Node) -> bool:
    return isinstance(node, Ref) or (isinstance(node, Call) and node.name == "IF")


def _refuse_or_false(context: Context, grids: Iterable[Grid]) -> None:
    if any(g.or_false for g in grids):
        raise context.refuse(
            "takes FALSE otherwise than 0, and an IF before it gives a number or FALSE as a changing cell"
            " decides; give that IF a number for both"
        )


def _only_counted(grid: Grid, counts: np.ndarray | None, otherwise: float = 0.0) -> t.Array:
    """The numbers in the grid's full shape, `otherwise` where they do not count."""
    num = t.expand(grid.num, grid.shape)
    return num if counts is None or counts.all() else t.where(mask_tensor(grid.shape, counts), num, otherwise)


def _any_error(grids: Iterable[Grid]) -> Errors | None:
    """The first error of each cell's arguments (H, W, 1, 1)."""
    reduced = []
    for grid in grids:
        if not grid.has(ERROR):
            continue
        H, W, h, w = grid.shape
        kinds, texts = grid.kinds().reshape(H, W, h * w), grid.texts().reshape(H, W, h * w)
        first = (kinds == ERROR).argmax(axis=2)[..., None]
        failed = (kinds == ERROR).any(axis=2)[..., None, None]
        kind = np.where(failed, ERROR, NUMBER).astype(np.uint8)
        text = np.where(failed, np.take_along_axis(texts, first, 2)[..., None], np.array(None))
        reduced.append(Grid(torch.zeros(H, W, 1, 1, dtype=t.DTYPE), kind, text))
    return errors_among(reduced)


def _sum_of(parts: list[tuple[Grid, np.ndarray | None]], of: Callable[[t.Array], t.Array]) -> t.Array:
    sums = [t.total(of(_only_counted(grid, counts)), dims=(2, 3)) for grid, counts in parts]
    whole = sums[0]
    for part in sums[1:]:
        whole = t.add(whole, part)
    return whole


def _how_many(parts: list[tuple[Grid, np.ndarray | None]]) -> np.ndarray:
    """How many numbers count for each cell (H, W, 1, 1)."""
    counts = [
        np.full((*g.shape[:2], 1, 1), g.shape[2] * g.shape[3])
        if c is None
        else c.sum(axis=(2, 3), keepdims=True)
        for g, c in parts
    ]
    return np.asarray(sum(np.broadcast_arrays(*counts)))


def _aggregate(context: Context, args: tuple[Node, ...], of: Callable[[t.Array], t.Array]) -> Grid:
    parts = _counted_args(context, args, false_adds_nothing=True)
    grids = [g for g, _ in parts]
    return settled(_sum_of(parts, of), _any_error(grids), context.host, any(g.partial for g in grids))


@excel("SUM", "SUM(1.5,2,-3)", "SUM({1,2;3,4},0.5)", arity=(1, ANY))
def sum_(context, args):
    return _aggregate(context, args, lambda x: x)


@excel("SUMSQ", "SUMSQ(1.5,2,-3)", arity=(1, ANY))
def sum_of_squares(context, args):
    return _aggregate(context, args, t.square)


@excel("AVERAGE", "AVERAGE(1.5,2,-3)", "AVERAGE({1,2;3,4})", arity=(1, ANY))
def average(context, args):
    parts = _counted_args(context, args)
    grids = [g for g, _ in parts]
    count = _how_many(parts)
    found = errors_where(count == 0, "#DIV/0!", context.host, "averages no numbers", after=_any_error(grids))
    mean = t.div(_sum_of(parts, lambda x: x), torch.from_numpy(np.maximum(count, 1)).to(t.DTYPE))
    return settled(mean, found, context.host, any(g.partial for g in grids))


@excel("COUNT", "COUNT(1.5,2,-3)", 'COUNT(1,"2",TRUE,"x")', arity=(1, ANY))
def count(context, args):
    tally: t.Array = torch.zeros(1, 1, 1, 1, dtype=t.DTYPE)
    for grid, counts in _counted_args(context, args):
        numbers = grid.kinds() != ERROR if counts is None else counts
        finite = t.as_number(t.is_finite(grid.num)) if grid.partial else torch.tensor(1.0, dtype=t.DTYPE)
        there = t.where(mask_tensor(numbers.shape, numbers), finite, 0.0)
        tally = t.add(tally, t.total(there, dims=(2, 3)))
    return Grid(tally)


@excel("COUNTA", 'COUNTA(1.5,"x",TRUE)', arity=(1, ANY))
def count_filled(context, args):
    grids = [context.value(arg) for arg in args]
    counts = [(g.kinds() != BLANK).sum(axis=(2, 3), keepdims=True) for g in grids]
    return Grid(torch.from_numpy(np.asarray(sum(np.broadcast_arrays(*counts)))).to(t.DTYPE))


def _extreme(context: Context, args: tuple[Node, ...], sign: int) -> Grid:
    """The largest of sign * argument, times sign. A constant that ties takes the derivative to 0."""
    parts = _counted_args(context, args)
    grids = [g for g, _ in parts]
    found, partial = _any_error(grids), any(g.partial for g in grids)
    fixed: list[torch.Tensor] = []
    moving: list[t.Array] = []
    for grid, counts in parts:
        num = _only_counted(grid, counts, -math.inf * sign)
        num = num if sign > 0 else t.neg(num)
        H, W, h, w = grid.shape
        flat = t.reshape(num, shape=(H, W, 1, h * w)) if (h, w) != (1, 1) else num
        if isinstance(flat, torch.Tensor):
            fixed.append(torch.amax(flat, 3, keepdim=True))
        elif grid.varying is None:
            moving.append(flat)
        else:
            varies = np.broadcast_to(grid.varying, grid.shape).reshape(H, W, 1, h * w)
            mask = mask_tensor(varies.shape, varies)
            moving.append(t.where(mask, flat, -math.inf))
            fixed.append(torch.amax(torch.where(mask, -math.inf, t.value_of(flat)), 3, keepdim=True))
    bound = None
    if fixed:
        bound = fixed[0]
        for other in fixed[1:]:
            bound = torch.maximum(bound, other)
    if not moving:
        assert bound is not None
        none = torch.isinf(bound) & torch.from_numpy(_how_many(parts) == 0)
        return settled(torch.where(none, 0.0, bound * sign), found, context.host, partial)
    top = _largest_of(moving)
    assert isinstance(top, t.Var)
    if bound is not None and not bool((bound == -math.inf).all()):
        top.tape.decide(t.greater(top, bound), idle=False)
        if bool((bound == 0).all()):
            top = t.relu(top)
        else:
            top = t.where(t.greater_equal(bound, top), bound, top)
    if (nothing := _how_many(parts) == 0).any():
        top = t.where(mask_tensor(nothing.shape, nothing), 0.0, top)
    return settled(top if sign > 0 else t.neg(top), found, context.host, partial)


def _largest_of(moving: list[t.Array]) -> t.Array:
    if len(moving) == 1 and t.shape_of(moving[0])[3] == 1:
        return moving[0]
    batch = np.broadcast_shapes(*(t.shape_of(m)[:3] for m in moving))
    together = [t.expand(m, (*batch, t.shape_of(m)[3])) for m in moving]
    joined = t.join(*together, dim=3) if len(together) > 1 else together[0]
    top = t.largest(joined, dims=(3,))
    if isinstance(top, t.Var):
        top.tape.decide(t.equal(joined, top))
    return top


@excel("MAX", "MAX(0,1.5)", "MAX(0,-1.5)", "MAX(1.5,2,-3)", "MAX({1,5;3,4},2)", arity=(1, ANY))
def maximum(context, args):
    return _extreme(context, args, +1)


@excel("MIN", "MIN(0,1.5)", "MIN(1.5,2,-3)", "MIN({1,5;3,4},2)", arity=(1, ANY))
def minimum(context, args):
    return _extreme(context, args, -1)


# --- arrays ---------------------------------------------------------------------------------------------


@excel(
    "SUMPRODUCT",
    "SUMPRODUCT({1,2,3},{4,5,6})",
    "SUMPRODUCT({1;2;3})",
    "SUMPRODUCT(({1,-2,3}>0)*{4,5,6})",
    arity=(1, ANY),
    ranges="array",
)
def sumproduct(context, args):
    grids = [context.value(arg) for arg in args]
    if len({g.shape[2:] for g in grids}) != 1:
        return context.error("#VALUE!", "multiplies arrays of different sizes")
    factors = [taken_as_factor(g) for g in grids]
    found, partial = _any_error(factors), any(g.partial for g in factors)
    fixed = [g for g in factors if g.is_constant]
    moving = [g for g in factors if not g.is_constant]
    left = _product(fixed) if fixed else _product(moving[:1])
    rest = moving if fixed else moving[1:]
    if not rest:
        return settled(t.total(t.expand(left.num, left.shape), dims=(2, 3)), found, context.host, partial)
    return settled(_inner(left, _product(rest)), found, context.host, partial)


def _product(grids: list[Grid]) -> Grid:
    num = t.expand(grids[0].num, grids[0].shape)
    for grid in grids[1:]:
        num = t.mul(num, t.expand(grid.num, grid.shape))
    return Grid(num)


def _inner(a: Grid, b: Grid) -> t.Array:
    """Each cell's inner product of two arrays (H, W, 1, 1); a matrix product where one side is shared."""
    size = a.shape[2] * a.shape[3]
    batches = [g.shape[0] * g.shape[1] for g in (a, b)]
    if min(batches) > 1:
        return t.total(t.mul(a.num, b.num), dims=(2, 3))
    many, one = (a, b) if batches[0] > 1 else (b, a)
    vector = t.reshape(one.num, shape=(size,))
    if max(batches) == 1:
        product = t.matmul(t.reshape(many.num, shape=(size,)), vector)
        return t.reshape(product, shape=(1, 1, 1, 1))
    product = t.matmul(t.reshape(many.num, shape=(-1, size)), vector)
    return t.reshape(product, shape=(*many.shape[:2], 1, 1))


@excel("SUMXMY2", "SUMXMY2({1,2,3},{4,5,7})", arity=(2, 2), ranges="array")
def sum_of_squared_differences(context, args):
    a, b = (context.value(arg) for arg in args)
    if a.shape[2:] != b.shape[2:]:
        return context.error("#N/A", "compares arrays of different sizes")
    counts = (a.kinds() == NUMBER) & (b.kinds() == NUMBER)
    found = _any_error([a, b])
    difference = t.sub(t.expand(a.num, a.shape), t.expand(b.num, b.shape))
    pairs = Grid(difference, partial=a.partial or b.partial)
    return settled(_sum_of([(pairs, counts)], t.square), found, context.host, pairs.partial)


@excel("MMULT", "SUM(MMULT({1,2;3,4},{5,6;7,8}))", arity=(2, 2), ranges="array")
def matrix_product(context, args):
    factors = [context.value(arg) for arg in args]
    _refuse_or_false(context, factors)
    a, b = (taken_strictly(factor, context.cell) for factor in factors)
    if a.shape[3] != b.shape[2]:
        return context.error("#VALUE!", f"multiplies {a.shape[3]} columns by {b.shape[2]} rows")
    found = _any_error([a, b])
    m, k, n = a.shape[2], a.shape[3], b.shape[3]
    a_num, b_num = t.expand(a.num, a.shape), t.expand(b.num, b.shape)
    if b.shape[:2] == (1, 1):
        rows = t.matmul(t.reshape(a_num, shape=(-1, k)), t.reshape(b_num, shape=(k, n)))
        num = t.reshape(rows, shape=(*a.shape[:2], m, n))
    elif (a.shape[1], b.shape[0], m, n) == (1, 1, 1, 1):  # filled down and right: a net's layer, one product
        columns = t.transpose(t.reshape(b_num, shape=(-1, k)))
        num = t.matmul(t.reshape(a_num, shape=(-1, k)), columns)
        num = t.reshape(num, shape=(a.shape[0], b.shape[1], 1, 1))
    else:
        num = t.mul(t.segment(a_num, dim=3, start=0, length=1), t.segment(b_num, dim=2, start=0, length=1))
        for i in range(1, k):
            by = t.mul(t.segment(a_num, dim=3, start=i, length=1), t.segment(b_num, dim=2, start=i, length=1))
            num = t.add(num, by)
    return settled(num, found, context.host, a.partial or b.partial)


@excel("TRANSPOSE", "SUM(MMULT(TRANSPOSE({1;2}),{3;4}))", arity=(1, 1), ranges="array")
def transposed(context, args):
    grid = context.value(args[0])
    swap = (0, 1, 3, 2)
    kind = None if grid.kind is None else grid.kinds().transpose(swap)
    text = None if grid.text is None else grid.texts().transpose(swap)
    num = t.permute(t.expand(grid.num, grid.shape), order=swap)
    return Grid(num, kind, text, partial=grid.partial, or_false=grid.or_false)


def _extent(axis: int):
    def evaluate(context: Context, args: tuple[Node, ...]) -> Grid:
        if isinstance(args[0], Ref):
            area = args[0].area(context.run.host.top, context.run.host.left)
            return constant(float(area.shape[axis])) if area else context.error("#REF!")
        return constant(float(context.value(args[0]).shape[2 + axis]))

    return evaluate


excel("ROWS", "ROWS({1;2;3})")(_extent(0))
excel("COLUMNS", "COLUMNS({1,2,3})")(_extent(1))


# --- conditions -----------------------------------------------------------------------------------------


def truth(num: t.Array) -> t.Array:
    """The boolean tensor behind a condition's numbers."""
    if isinstance(num, t.Var) and (pattern := num.tape.operand_of(num, t.as_number)) is not None:
        return pattern
    return t.not_equal(num, 0.0)


def chosen(condition: t.Array, a: Grid, b: Grid, context: Context, partial: bool = False) -> Grid:
    """`a` where the condition (boolean tensor) holds, else `b`, kinds included."""
    partial, is_ref = partial or a.partial or b.partial, a.is_ref and b.is_ref
    if isinstance(condition, t.Var):
        a, b = _of_one_kind(a, b, context)
        partial = partial or a.partial or b.partial  # where one branch shows an error, it is nan now
        or_false = a.or_false or b.or_false
        num = t.where(condition, a.num, b.num)
        return Grid(num, a.kind, None, is_ref, partial, or_false=or_false)
    mask = condition.numpy()
    num = t.where(condition, a.num, b.num)
    or_false = a.or_false or b.or_false
    if a.kind is None and b.kind is None:
        return Grid(num, None, None, is_ref, partial, or_false=or_false)
    shape = np.broadcast_shapes(a.shape, b.shape, mask.shape)
    kind = np.where(mask, a.kinds(), b.kinds()).astype(np.uint8)
    text = np.where(mask, a.texts(), b.texts())
    kind, text = np.broadcast_to(kind, shape), np.broadcast_to(text, shape)
    return Grid(num, kind, text, is_ref, partial, or_false=or_false)


def _of_one_kind(a: Grid, b: Grid, context: Context) -> tuple[Grid, Grid]:
    """Both branches as numbers (an error becomes nan), or both as they are where their kinds are the same."""
    shape = np.broadcast_shapes(a.shape, b.shape)
    kinds = [np.broadcast_to(g.kinds(), shape) for g in (a, b)]
    if (kinds[0] == kinds[1]).all() and not (kinds[0] >= TEXT).any():
        return replace(a, kind=kinds[0] if kinds[0].any() else None), b
    if any((k == TEXT).any() for k in kinds):
        raise context.refuse(
            "gives a number or a text as a changing cell decides; let both branches be numbers"
        )
    truths = [(g, k == BOOL) for g, k in zip((a, b), kinds, strict=True) if (k == BOOL).any()]
    if not all(g.is_constant and (np.broadcast_to(g.numbers(), shape)[k] == 0).all() for g, k in truths):
        raise context.refuse(
            "gives a number or TRUE as a changing cell decides; let both branches be numbers"
        )
    or_false = bool(truths) or a.or_false or b.or_false
    plain = [
        t.where(mask_tensor(shape, k == ERROR), NAN, g.num) if (k == ERROR).any() else g.num
        for k, g in zip(kinds, (a, b), strict=True)
    ]
    failing = any((k == ERROR).any() for k in kinds)
    return (
        Grid(plain[0], partial=a.partial or failing, or_false=or_false),
        Grid(plain[1], partial=b.partial or failing),
    )


@excel("IF", "IF(1.5>1,2,3)", "IF(0.5>1,2,3)", "IF(2,1.5)", "IF(-1.5<0,0,-1.5)", arity=(2, 3))
def if_(context, args):
    condition = taken_as_condition(context.operand(args[0]))
    found = errors_among([condition])
    test = truth(condition.num)
    if isinstance(test, torch.Tensor) and (bool(test.all()) or not bool(test.any())):
        taken = _branch(context, args, 1 if bool(test.all()) else 2)
        if condition.shape[2:] != (1, 1):  # an array of conditions makes as large an array
            condition, taken = aligned([condition, taken], context.host)
            shape = np.broadcast_shapes(condition.shape, taken.shape)
            found, taken = errors_among([condition]), replace(taken, num=t.expand(taken.num, shape))
        return taken if found is None else _errors_over(taken, found, context)
    branches = [_branch(context, args, 1), _branch(context, args, 2)]
    condition, yes, no = aligned([condition, *branches], context.host)
    found, test = errors_among([condition]), truth(condition.num)
    grid = chosen(test, yes, no, context)
    if isinstance(test, t.Var):
        test.tape.decide(test, idle=None if yes.is_constant == no.is_constant else yes.is_constant)
        if condition.partial:
            grid = replace(grid, num=_unless_nan(grid.num, condition.num), partial=True)
    return grid if found is None else _errors_over(grid, found, context)


def _branch(context: Context, args: tuple[Node, ...], at: int) -> Grid:
    if at >= len(args):
        return constant(False)
    if args[at] == Const(None):
        return constant(0.0)
    by_value = isinstance(args[at], Ref) and not context.array  # where one cell is meant, @ stands before it
    return context.value(args[at]) if by_value else context.operand(args[at])


def _errors_over(grid: Grid, found: Errors, context: Context) -> Grid:
    failed = with_errors(torch.zeros(found[0].shape, dtype=t.DTYPE), found)
    return chosen(torch.from_numpy(found[0].copy()), failed, grid, context)


@excel("IFERROR", "IFERROR(1.5,2)", "IFERROR(1/0,2)", "IFERROR(LN(2.5),3)", arity=(2, 2))
def if_error(context, args):
    grid, otherwise = aligned([context.operand(arg) for arg in args], context.host)
    if grid.has(ERROR):
        grid = chosen(torch.from_numpy(grid.kinds() != ERROR), grid, otherwise, context)
    if isinstance(grid.num, t.Var) and grid.partial:
        fine = t.is_finite(grid.num)
        grid.num.tape.decide(fine)
        grid = chosen(fine, grid, otherwise, context)
        grid = replace(grid, partial=otherwise.partial or otherwise.has(ERROR))
    return replace(grid, is_ref=False)  # a value, unlike what IF and INDEX hand on


def _conditions(
    context: Context, args: tuple[Node, ...]
) -> tuple[list[tuple[t.Array, np.ndarray]], list[Grid], np.ndarray]:
    """Booleans of every argument (H, W, 1, n), errors' grids, and how many count; text in ranges does not."""
    patterns, grids, counts = [], [], []
    for arg in args:
        grid = context.value(arg) if isinstance(arg, Ref) else context.operand(arg)
        if grid.is_ref:
            used = grid.kinds() <= BOOL
        else:
            grid = taken_as_condition(grid)
            used = np.ones(grid.shape, bool)
        H, W, h, w = grid.shape
        holds = _unless_nan(t.as_number(t.not_equal(t.expand(grid.num, grid.shape), 0.0)), grid.num)
        patterns.append((t.reshape(holds, shape=(H, W, 1, h * w)), used.reshape(H, W, 1, h * w)))
        grids.append(grid)
        counts.append(used.sum(axis=(2, 3), keepdims=True))
    return patterns, grids, np.asarray(sum(np.broadcast_arrays(*counts)))


def _all_or_any(wanted_failures: bool):
    def evaluate(context: Context, args: tuple[Node, ...]) -> Grid:
        patterns, grids, count = _conditions(context, args)
        why = "finds no TRUE or FALSE among its arguments"
        found = errors_where(count == 0, "#VALUE!", context.host, why, after=_any_error(grids))
        tally: t.Array = torch.zeros(1, 1, 1, 1, dtype=t.DTYPE)
        for holds, used in patterns:
            hit = t.sub(1.0, holds) if wanted_failures else holds
            masked = t.where(mask_tensor(used.shape, used), hit, 0.0)
            tally = t.add(tally, t.total(masked, dims=(2, 3)))
        outcome = t.equal(tally, 0.0) if wanted_failures else t.not_equal(tally, 0.0)
        grid = boolean(_unless_nan(t.as_number(outcome), tally), any(g.partial for g in grids))
        return grid if found is None else _errors_over(grid, found, context)

    return evaluate


excel("AND", "AND(1.5>1,TRUE)", "AND(1.5>1,0)", arity=(1, ANY), smooth=True)(_all_or_any(True))
excel("OR", "OR(1.5>2,FALSE)", "OR(1.5>1,0)", arity=(1, ANY), smooth=True)(_all_or_any(False))


@excel("NOT", "NOT(1.5>1)", "NOT(0)", ranges="inherit")
def not_(context, args):
    condition = taken_as_condition(context.operand(args[0]))
    holds = _unless_nan(t.as_number(t.equal(condition.num, 0.0)), condition.num)
    grid = boolean(holds, condition.partial)
    found = errors_among([condition])
    return grid if found is None else _errors_over(grid, found, context)


excel("TRUE", "TRUE()", arity=(0, 0))(lambda context, args: constant(True))
excel("FALSE", "FALSE()", arity=(0, 0))(lambda context, args: constant(False))
excel("NA", "IFERROR(NA(),1.5)", arity=(0, 0))(lambda context, args: context.error("#N/A"))


def _kind_test(wanted: Callable[[np.ndarray], np.ndarray]):
    def evaluate(context: Context, args: tuple[Node, ...]) -> Grid:
        grid = context.operand(args[0])
        if grid.partial and not grid.is_constant:
            raise context.refuse("asks whether a changing number is an error; use IFERROR")
        return boolean(torch.from_numpy(wanted(grid.kinds()).astype(float)))

    return evaluate


excel("ISNUMBER", "ISNUMBER(1.5)", 'ISNUMBER("x")', ranges="inherit")(_kind_test(lambda k: k == NUMBER))
excel("ISTEXT", "ISTEXT(1.5)", 'ISTEXT("x")', ranges="inherit")(_kind_test(lambda k: k == TEXT))
excel("ISBLANK", "ISBLANK(1.5)", ranges="inherit")(_kind_test(lambda k: k == BLANK))
excel("ISERROR", "ISERROR(1/0)", "ISERROR(1.5)", ranges="inherit")(_kind_test(lambda k: k == ERROR))


# --- looking up and counting: by constants only ----------------------------------------------------------


@excel("INDEX", "INDEX({1,2;3,4},2,1)", "INDEX({5,6,7},3)", arity=(2, 3), ranges="array")
def index(context, args):
    array = context.value(args[0])
    at = [taken_as_scalar(context.operand(arg)) for arg in args[1:]]
    if not all(g.is_constant for g in at):
        raise context.refuse("is keyed by a changing cell and has no derivative")
    if any(g.shape[2:] != (1, 1) for g in at):
        raise context.refuse("looks up several places at once; write one INDEX for each")
    h, w = array.shape[2:]
    row, col = (np.trunc(g.numbers()) for g in (at if len(at) == 2 else [at[0], at[0]]))
    if len(at) == 1:  # a place in a row, or in a column, or a whole row of a larger range
        row, col = (np.ones_like(row), col) if h == 1 else (row, np.full_like(col, w == 1))
    outside = (row < 0) | (col < 0) | (row > h) | (col > w)
    found = errors_where(outside, "#REF!", context.host, "looks outside its range", after=errors_among(at))
    row, col = (np.where(outside, 1, place).astype(int) for place in (row, col))
    part = (
        _part_of(array, row.item(), col.item()) if outside.size == 1 else _parts_of(array, row, col, context)
    )
    return part if found is None else _errors_over(part, found, context)


def _parts_of(array: Grid, row: np.ndarray, col: np.ndarray, context: Context) -> Grid:
    """For each cell of the run the element in its row and column (H, W, 1, 1), counted from 1."""
    h, w = array.shape[2:]
    if (row == 0).any() or (col == 0).any():
        raise context.refuse("takes whole rows for some cells and single values for others")
    shape = np.broadcast_shapes(array.shape[:2], row.shape[:2], col.shape[:2])
    flat = t.reshape(t.expand(array.num, (*shape, h, w)), shape=(-1,))
    base = np.arange(shape[0] * shape[1]).reshape(*shape, 1, 1) * (h * w)
    place = base + (np.broadcast_to(row, (*shape, 1, 1)) - 1) * w + np.broadcast_to(col, (*shape, 1, 1)) - 1
    kind = None if array.kind is None else np.broadcast_to(array.kinds(), (*shape, h, w)).reshape(-1)[place]
    text = None if array.text is None else np.broadcast_to(array.texts(), (*shape, h, w)).reshape(-1)[place]
    num = t.take(flat, torch.from_numpy(place))
    return Grid(num, kind, text, array.is_ref, array.partial, or_false=array.or_false)


def _part_of(array: Grid, row: int, col: int) -> Grid:
    """Row and column counted from 1; 0 means all of them."""
    num = t.expand(array.num, array.shape)
    rows = slice(None) if row == 0 else slice(row - 1, row)
    cols = slice(None) if col == 0 else slice(col - 1, col)
    if row:
        num = t.segment(num, dim=2, start=row - 1, length=1)
    if col:
        num = t.segment(num, dim=3, start=col - 1, length=1)
    kind = None if array.kind is None else array.kinds()[:, :, rows, cols]
    text = None if array.text is None else array.texts()[:, :, rows, cols]
    return Grid(num, kind, text, array.is_ref, array.partial, or_false=array.or_false)


def _for_each(
    context: Context, ranges: list[Grid], singles: list[Grid], body: Callable[[list, list], object]
) -> Grid:
    """body(arrays of scalars (h, w), single scalars) -> a scalar, for each element of `singles`.

    Constants only."""
    _refuse_changing(context, [*ranges, *singles])
    singles = list(aligned([constant(None), *singles], context.host))[1:]
    batch = np.broadcast_shapes(*(g.shape[:2] for g in (*ranges, *singles)))
    shape = np.broadcast_shapes((*batch, 1, 1), *(g.shape for g in singles))
    arrays = [np.broadcast_to(g.scalars(), (*batch, *g.shape[2:])) for g in ranges]
    values = [np.broadcast_to(g.scalars(), shape) for g in singles]
    out = np.empty(shape, dtype=object)
    for at in np.ndindex(shape):
        value = body([a[at[:2]] for a in arrays], [v[at] for v in values])
        if isinstance(value, CellError) and value.cell is None:
            cell = cell_address(context.host.sheet, context.host.top + at[0], context.host.left + at[1])
            value = error_at(value, cell)
        out[at] = value
    return grid_of(out)


@excel(
    "MATCH",
    "MATCH(2.5,{1,2,3},1)",
    "MATCH(2,{1,2,3},0)",
    arity=(2, 3),
    ranges="array",
    smooth=False,
)
def match(context, args):
    mode = taken_as_scalar(context.operand(args[2])) if len(args) == 3 else constant(1.0)

    def position(ranges, singles):
        key, how, values = singles[0], singles[1] or 0.0, ranges[0].ravel()
        key = 0.0 if key is None else key
        if error := next((single for single in singles if isinstance(single, CellError)), None):
            return error
        if how == 0:
            meets = _equals(key)
            return next((i + 1.0 for i, v in enumerate(values) if meets(v)), CellError("#N/A"))
        order = operator.le if how > 0 else operator.ge
        before = [i for i, v in enumerate(values) if _comparable(v, key) and order(_plain(v), _plain(key))]
        return before[-1] + 1.0 if before else CellError("#N/A")

    return _for_each(context, [context.value(args[1])], [context.operand(args[0]), mode], position)


@excel("MODE", "MODE({1,2,2,3})", "MODE(1,{3,2},2)", arity=(1, ANY), ranges="array", smooth=False)
def mode(context, args):
    def most_frequent(ranges, _):
        values = [v for array in ranges for v in array.ravel()]
        if error := next((v for v in values if isinstance(v, CellError)), None):
            return error
        counts = Counter(v for v in values if isinstance(v, float))
        best = max(counts, key=counts.__getitem__, default=None)  # of several the first
        return best if best is not None and counts[best] > 1 else CellError("#N/A")

    return _for_each(context, [context.value(arg) for arg in args], [], most_frequent)


def _comparable(a: object, b: object) -> bool:
    """Both numbers, both texts or both TRUE or FALSE."""
    return a is not None and not isinstance(a, CellError) and _rank(a) == _rank(b)


def _equals(wanted: object) -> Callable[[object], bool]:
    """What MATCH and COUNTIF take for equal: letters' case is ignored, * and ? in a text stand for others."""
    if isinstance(wanted, CellError):
        return lambda v: isinstance(v, CellError) and v == wanted
    if isinstance(wanted, str):
        parts = re.findall(r"~[*?~]|.", wanted.casefold(), re.DOTALL)
        pattern = "".join({"*": ".*", "?": "."}.get(part) or re.escape(part[-1]) for part in parts)
        like = re.compile(pattern, re.DOTALL)
        return lambda v: _comparable(v, wanted) and like.fullmatch(_plain(v)) is not None
    return lambda v: _comparable(v, wanted) and v == wanted


_CRITERION = re.compile(r"(>=|<=|<>|>|<|=)?(.*)", re.DOTALL)
_ORDER = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


def _meets(criterion: object) -> Callable[[object], bool]:
    """The test behind a criterion of COUNTIFS such as 3, "male", "m*", ">=0.5", "<>x" or "" (empty)."""
    if criterion is None:
        criterion = 0.0
    if not isinstance(criterion, str) or isinstance(criterion, CellError):
        return _counts_as(criterion)
    match = _CRITERION.fullmatch(criterion)
    assert match
    sign, text = match[1] or "", match[2]
    if text == "":
        return {
            "": lambda v: v is None or v == "",
            "=": lambda v: v is None,
            "<>": lambda v: v is not None,
        }.get(sign, lambda v: False)
    wanted = _from_criterion(text)
    if sign in _ORDER:
        return lambda v: _comparable(v, wanted) and _ORDER[sign](_plain(v), _plain(wanted))
    equals = _counts_as(wanted)
    return (lambda v: not equals(v)) if sign == "<>" else equals


def _from_criterion(text: str) -> object:
    number = number_in_text(text)
    if number is not None:
        return number
    if text.startswith("#"):
        return CellError(text.upper())
    return {"true": True, "false": False}.get(text.casefold(), text)


def _counts_as(wanted: object) -> Callable[[object], bool]:
    """Equal, a number written as text included: COUNTIF is the one function that takes "3" for 3."""
    equals = _equals(wanted)
    if not isinstance(wanted, float):
        return equals
    return lambda v: equals(v) or (isinstance(v, str) and number_in_text(v) == wanted)


def _count_if(context: Context, args: tuple[Node, ...]) -> Grid:
    if len(args) % 2:
        raise FormulaError(
            f"{context.cell}: {context.function} has a range without a criterion; correct the formula",
            context.cell,
        )
    ranges = [context.value(arg) for arg in args[::2]]
    if len({g.shape[2:] for g in ranges}) != 1:
        return context.error("#VALUE!", "counts in ranges of different sizes")
    beyond = context.cells_beyond(args[0], ranges[0])

    def hits(arrays, criteria):
        tests = [_meets(criterion) for criterion in criteria]
        rows = zip(*(array.ravel() for array in arrays), strict=True)
        met = sum(all(test(v) for test, v in zip(tests, row, strict=True)) for row in rows)
        return float(met + (beyond if all(test(None) for test in tests) else 0))

    return _for_each(context, ranges, [context.operand(arg) for arg in args[1::2]], hits)


excel("COUNTIF", 'COUNTIF(A1:A3,">1")', arity=(2, 2), ranges="inherit", smooth=False)(_count_if)
excel("COUNTIFS", 'COUNTIFS(A1:A3,">1",B1:B3,"<6")', arity=(2, ANY), ranges="inherit", smooth=False)(
    _count_if
)
