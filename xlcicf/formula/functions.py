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
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from xlcicf.errors import NotDifferentiable
from xlcicf.formula import tape as t
from xlcicf.formula.tree import Const, Node, Ref
from xlcicf.formula.values import (
    BLANK,
    BOOL,
    ERROR,
    NUMBER,
    TEXT,
    CellError,
    Grid,
    boolean,
    constant,
    counted,
    error_at,
    errors_among,
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
    context: Context, body: Callable[..., t.Operand], grids: list[Grid], partial: bool = False
) -> Grid:
    """`body` of the numbers, errors passed on."""
    num = body(*(g.num for g in grids))
    if not isinstance(num, t.Var):
        num = torch.as_tensor(num, dtype=t.DTYPE)
    return settled(num, errors_among(grids), context.cell, partial or any(g.partial for g in grids))


def _refuse_changing(context: Context, grids: list[Grid]) -> None:
    if not all(g.is_constant for g in grids):
        raise context.refuse(
            "depends on a changing cell and has no derivative; keep it out of the objective's way"
        )


def within_domain(x: t.Operand, inside: t.Operand, safe: float, compute: Callable) -> t.Operand:
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
    a, b = taken_as_scalar(a), taken_as_scalar(b)
    found = errors_among((a, b))
    partial = a.partial or b.partial
    if isinstance(b.num, t.Var):
        zero = t.equal(b.num, 0.0)
        num = t.where(zero, NAN, t.div(a.num, t.where(zero, 1.0, b.num)))
        return with_errors(num, found, partial=True)
    zero = b.num == 0
    if bool(zero.any()):
        shape = np.broadcast_shapes(a.shape, b.shape)
        failed = np.broadcast_to(zero.numpy(), shape).copy()
        errors = np.full(shape, None, dtype=object)
        errors[failed] = error_at("#DIV/0!", context.cell, "divides by 0")
        if found:
            failed |= found[0]
            errors[found[0]] = found[1][found[0]]
        found = (failed, errors)
    return settled(t.div(a.num, torch.where(zero, 1.0, b.num)), found, context.cell, partial)


def power(a: t.Operand, b: t.Operand) -> t.Operand:
    """a^b as Excel has it: 0^0 and negative numbers to a fraction are #NUM! (nan), but odd roots are real."""
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


def _power_of_changing_exponent(a: t.Operand, b: t.Operand) -> t.Operand:
    """As `power`. A negative base has values at whole exponents only, so no derivative by the exponent."""
    positive, negative = t.greater(a, 0.0), t.less(a, 0.0)
    whole = t.both(negative, t.equal(b, t.rounded(b)))
    of_negative = t.power(t.where(negative, a, -1.0), t.where(whole, t.rounded(b), 1.0))
    of_zero = t.where(t.greater(b, 0.0), 0.0, NAN)
    outside = t.where(negative, t.where(whole, of_negative, NAN), of_zero)
    return t.where(positive, t.power(t.where(positive, a, 1.0), b), outside)


def _comparison(
    compare: Callable[[t.Operand, t.Operand], t.Operand], python: Callable[[object, object], bool]
):
    """Numbers come before text, text before FALSE and TRUE; letters' case is ignored."""

    def evaluate(context: Context, a: Grid, b: Grid) -> Grid:
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
            if partial:
                num = t.where(t.is_nan(t.add(a.num, b.num)), NAN, num)
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


def _compared_with_changing(a: Grid, b: Grid, compare: Callable, python: Callable) -> t.Operand:
    """Where both are numbers, by number; elsewhere what stands there decides, whatever the number is."""
    shape = np.broadcast_shapes(a.shape, b.shape)
    ranks = [np.broadcast_to(_RANK_OF_KIND[g.kinds()], shape) for g in (a, b)]
    blanks = [np.broadcast_to(g.kinds() == BLANK, shape) for g in (a, b)]
    ranks = [
        np.where(blank, other, rank)
        for rank, other, blank in zip(ranks, reversed(ranks), blanks, strict=True)
    ]
    by_rank = np.vectorize(lambda x, y: python((x, 0), (y, 0)), otypes=[bool])(*ranks)
    numeric = (ranks[0] == 0) & (ranks[1] == 0) | (ranks[0] == 2) & (ranks[1] == 2)
    return t.where(mask_tensor(shape, numeric), compare(a.num, b.num), torch.from_numpy(by_rank))


_RANK_OF_KIND = np.array([0, 2, 0, 1, 0])


def _rank(x: object) -> int:
    return 2 if isinstance(x, bool) else 1 if isinstance(x, str) else 0


def _blank_as(x: object, other: object) -> object:
    if x is not None:
        return x
    return False if isinstance(other, bool) else "" if isinstance(other, str) else 0.0


def _plain(x: object) -> object:
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
PERCENT = _arithmetic(lambda x: t.mul(x, 0.01))
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
    return t.sign(x)


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


def _counted_args(context: Context, args: tuple[Node, ...]) -> list[tuple[Grid, np.ndarray | None]]:
    """Each argument's numbers and which of them count; a union's parts are arguments of their own."""
    parts: list[Node] = []
    for arg in args:
        parts.extend(getattr(arg, "parts", (arg,)))
    return [counted(context.value(p) if isinstance(p, Ref) else context.operand(p)) for p in parts]


def _only_counted(grid: Grid, counts: np.ndarray | None, otherwise: float = 0.0) -> t.Operand:
    """The numbers in the grid's full shape, `otherwise` where they do not count."""
    num = t.expand(grid.num, grid.shape)
    return num if counts is None or counts.all() else t.where(mask_tensor(grid.shape, counts), num, otherwise)


def _any_error(grids: list[Grid]) -> tuple[np.ndarray, np.ndarray] | None:
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
        text = np.where(failed, np.take_along_axis(texts, first, 2)[..., None], None)
        reduced.append(Grid(torch.zeros(H, W, 1, 1, dtype=t.DTYPE), kind, text))
    return errors_among(reduced)


def _sum_of(parts: list[tuple[Grid, np.ndarray | None]], of: Callable[[t.Operand], t.Operand]) -> t.Operand:
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


def _aggregate(context: Context, args: tuple[Node, ...], of: Callable[[t.Operand], t.Operand]) -> Grid:
    parts = _counted_args(context, args)
    grids = [g for g, _ in parts]
    return settled(_sum_of(parts, of), _any_error(grids), context.cell, any(g.partial for g in grids))


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
    found, count = _any_error(grids), _how_many(parts)
    if (count == 0).any():
        nothing = grid_of(np.where(count == 0, error_at("#DIV/0!", context.cell, "averages no numbers"), 0.0))
        found = errors_among([with_errors(nothing.num, found), nothing]) if found else errors_among([nothing])
    mean = t.div(_sum_of(parts, lambda x: x), torch.from_numpy(np.maximum(count, 1)).to(t.DTYPE))
    return settled(mean, found, context.cell, any(g.partial for g in grids))


@excel("COUNT", "COUNT(1.5,2,-3)", 'COUNT(1,"2",TRUE,"x")', arity=(1, ANY))
def count(context, args):
    parts = _counted_args(context, args)
    parts = [(g, g.kinds() != ERROR if counts is None else counts) for g, counts in parts]
    return Grid(torch.from_numpy(_how_many(parts)).to(t.DTYPE))


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
    moving: list[t.Operand] = []
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
        return settled(torch.where(none, 0.0, bound * sign), found, context.cell, partial)
    top = _largest_of(moving)
    assert isinstance(top, t.Var)
    if bound is not None and not bool((bound == -math.inf).all()):
        top.tape.decide(t.greater(top, bound), idle=False)
        if bool((bound == 0).all()):
            top = t.relu(top)
        else:
            top = t.where(t.greater_equal(bound, top), bound, top)
    return settled(top if sign > 0 else t.neg(top), found, context.cell, partial)


def _largest_of(moving: list[t.Operand]) -> t.Operand:
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
        return settled(t.total(t.expand(left.num, left.shape), dims=(2, 3)), found, context.cell, partial)
    return settled(_inner(left, _product(rest)), found, context.cell, partial)


def _product(grids: list[Grid]) -> Grid:
    num = t.expand(grids[0].num, grids[0].shape)
    for grid in grids[1:]:
        num = t.mul(num, t.expand(grid.num, grid.shape))
    return Grid(num)


def _inner(a: Grid, b: Grid) -> t.Operand:
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
    return settled(_sum_of([(pairs, counts)], t.square), found, context.cell, pairs.partial)


@excel("MMULT", "SUM(MMULT({1,2;3,4},{5,6;7,8}))", arity=(2, 2), ranges="array")
def matrix_product(context, args):
    a, b = (taken_strictly(context.value(arg), context.cell) for arg in args)
    if a.shape[3] != b.shape[2]:
        return context.error("#VALUE!", f"multiplies {a.shape[3]} columns by {b.shape[2]} rows")
    found = _any_error([a, b])
    m, k, n = a.shape[2], a.shape[3], b.shape[3]
    a_num, b_num = t.expand(a.num, a.shape), t.expand(b.num, b.shape)
    if b.shape[:2] == (1, 1):
        rows = t.matmul(t.reshape(a_num, shape=(-1, k)), t.reshape(b_num, shape=(k, n)))
        num = t.reshape(rows, shape=(*a.shape[:2], m, n))
    else:
        num = t.mul(t.segment(a_num, dim=3, start=0, length=1), t.segment(b_num, dim=2, start=0, length=1))
        for i in range(1, k):
            by = t.mul(t.segment(a_num, dim=3, start=i, length=1), t.segment(b_num, dim=2, start=i, length=1))
            num = t.add(num, by)
    return settled(num, found, context.cell, a.partial or b.partial)


@excel("TRANSPOSE", "SUM(MMULT(TRANSPOSE({1;2}),{3;4}))", arity=(1, 1), ranges="array")
def transposed(context, args):
    grid = context.value(args[0])
    swap = (0, 1, 3, 2)
    kind = None if grid.kind is None else grid.kinds().transpose(swap)
    text = None if grid.text is None else grid.texts().transpose(swap)
    return Grid(t.permute(t.expand(grid.num, grid.shape), order=swap), kind, text, partial=grid.partial)


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


def truth(num: t.Operand) -> t.Operand:
    """The boolean tensor behind a condition's numbers."""
    if isinstance(num, t.Var) and (pattern := num.tape.operand_of(num, t.as_number)) is not None:
        return pattern
    return t.not_equal(num, 0.0)


def chosen(condition: t.Operand, a: Grid, b: Grid, context: Context, partial: bool = False) -> Grid:
    """`a` where the condition (boolean tensor) holds, else `b`, kinds included."""
    partial = partial or a.partial or b.partial
    if isinstance(condition, t.Var):
        a, b = _of_one_kind(a, b, context)
        return replace(a, num=t.where(condition, a.num, b.num), is_ref=False, partial=partial)
    mask = condition.numpy()
    num = t.where(condition, a.num, b.num)
    if a.kind is None and b.kind is None:
        return Grid(num, partial=partial)
    shape = np.broadcast_shapes(a.shape, b.shape, mask.shape)
    kind = np.where(mask, a.kinds(), b.kinds()).astype(np.uint8)
    text = np.where(mask, a.texts(), b.texts())
    return Grid(num, np.broadcast_to(kind, shape), np.broadcast_to(text, shape), partial=partial)


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
    plain = [
        t.where(mask_tensor(shape, k == ERROR), NAN, g.num) if (k == ERROR).any() else g.num
        for k, g in zip(kinds, (a, b), strict=True)
    ]
    return Grid(plain[0], partial=True), Grid(plain[1], partial=True)


@excel("IF", "IF(1.5>1,2,3)", "IF(0.5>1,2,3)", "IF(2,1.5)", "IF(-1.5<0,0,-1.5)", arity=(2, 3))
def if_(context, args):
    condition = taken_as_condition(context.operand(args[0]))
    found = errors_among([condition])
    test = truth(condition.num)
    if isinstance(test, torch.Tensor) and (bool(test.all()) or not bool(test.any())):
        taken = _branch(context, args, 1 if bool(test.all()) else 2)
        return taken if found is None else _errors_over(taken, found, context)
    yes, no = _branch(context, args, 1), _branch(context, args, 2)
    grid = chosen(test, yes, no, context)
    if isinstance(test, t.Var):
        test.tape.decide(test, idle=None if yes.is_constant == no.is_constant else yes.is_constant)
        if condition.partial:
            grid = replace(grid, num=t.where(t.is_nan(condition.num), NAN, grid.num), partial=True)
    return grid if found is None else _errors_over(grid, found, context)


def _branch(context: Context, args: tuple[Node, ...], at: int) -> Grid:
    if at >= len(args):
        return constant(False)
    grid = context.operand(args[at])
    return constant(0.0) if args[at] == Const(None) else grid


def _errors_over(grid: Grid, found: tuple[np.ndarray, np.ndarray], context: Context) -> Grid:
    failed = with_errors(torch.zeros(found[0].shape, dtype=t.DTYPE), found)
    return chosen(torch.from_numpy(found[0].copy()), failed, grid, context)


@excel("IFERROR", "IFERROR(1.5,2)", "IFERROR(1/0,2)", "IFERROR(LN(2.5),3)", arity=(2, 2))
def if_error(context, args):
    grid, otherwise = context.operand(args[0]), context.operand(args[1])
    if isinstance(grid.num, t.Var) and grid.partial:
        fine = t.is_finite(grid.num)
        grid.num.tape.decide(fine)
        grid = chosen(fine, grid, otherwise, context)
        grid = replace(grid, partial=otherwise.partial)
    if grid.has(ERROR):
        grid = chosen(torch.from_numpy(grid.kinds() != ERROR), grid, otherwise, context)
    return grid


def _conditions(context: Context, args: tuple[Node, ...]) -> tuple[list[t.Operand], list[Grid], np.ndarray]:
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
        holds = t.as_number(t.not_equal(t.expand(grid.num, grid.shape), 0.0))
        patterns.append((t.reshape(holds, shape=(H, W, 1, h * w)), used.reshape(H, W, 1, h * w)))
        grids.append(grid)
        counts.append(used.sum(axis=(2, 3), keepdims=True))
    return patterns, grids, np.asarray(sum(np.broadcast_arrays(*counts)))


def _all_or_any(wanted_failures: bool):
    def evaluate(context: Context, args: tuple[Node, ...]) -> Grid:
        patterns, grids, count = _conditions(context, args)
        if (count == 0).any():
            return context.error("#VALUE!", "finds no TRUE or FALSE among its arguments")
        tally: t.Operand = torch.zeros(1, 1, 1, 1, dtype=t.DTYPE)
        for holds, used in patterns:
            hit = t.sub(1.0, holds) if wanted_failures else holds
            masked = t.where(mask_tensor(used.shape, used), hit, 0.0)
            tally = t.add(tally, t.total(masked, dims=(2, 3)))
        outcome = t.equal(tally, 0.0) if wanted_failures else t.not_equal(tally, 0.0)
        found = _any_error(grids)
        grid = boolean(t.as_number(outcome))
        return grid if found is None else _errors_over(grid, found, context)

    return evaluate


excel("AND", "AND(1.5>1,TRUE)", "AND(1.5>1,0)", arity=(1, ANY), smooth=True)(_all_or_any(True))
excel("OR", "OR(1.5>2,FALSE)", "OR(1.5>1,0)", arity=(1, ANY), smooth=True)(_all_or_any(False))


@excel("NOT", "NOT(1.5>1)", "NOT(0)", ranges="inherit")
def not_(context, args):
    condition = taken_as_condition(context.operand(args[0]))
    grid = boolean(t.as_number(t.equal(condition.num, 0.0)))
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
    found = errors_among(at)
    h, w = array.shape[2:]
    row, col = (g.numbers().astype(int) for g in (at if len(at) == 2 else [at[0], at[0]]))
    if len(at) == 1:
        row, col = (np.ones_like(row), col) if h == 1 else (row, np.ones_like(col))
    if found is not None or (row < 0).any() or (col < 0).any() or (row > h).any() or (col > w).any():
        return context.error("#REF!" if found is None else "#VALUE!", "looks outside its range")
    if (row.size, col.size) == (1, 1):
        return _part_of(array, int(row.item()), int(col.item()))
    if (row == 0).any() or (col == 0).any():
        raise context.refuse("takes whole rows for some cells and single values for others")
    shape = np.broadcast_shapes(array.shape[:2], row.shape[:2], col.shape[:2])
    flat = t.reshape(t.expand(array.num, (*shape, h, w)), shape=(-1,))
    base = np.arange(shape[0] * shape[1]).reshape(*shape, 1, 1) * (h * w)
    place = base + (np.broadcast_to(row, (*shape, 1, 1)) - 1) * w + np.broadcast_to(col, (*shape, 1, 1)) - 1
    kind = None if array.kind is None else np.broadcast_to(array.kinds(), (*shape, h, w)).reshape(-1)[place]
    text = None if array.text is None else np.broadcast_to(array.texts(), (*shape, h, w)).reshape(-1)[place]
    return Grid(t.take(flat, torch.from_numpy(place)), kind, text, array.is_ref, array.partial)


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
    return Grid(num, kind, text, array.is_ref, array.partial)


def _for_each_cell(context: Context, grids: list[Grid], body: Callable[..., object]) -> Grid:
    """body(arrays of scalars (h, w)...) -> one scalar, for each cell of the run; constants only."""
    _refuse_changing(context, grids)
    H, W = np.broadcast_shapes(*(g.shape[:2] for g in grids))
    arrays = [np.broadcast_to(g.scalars(), (H, W, *g.shape[2:])) for g in grids]
    out = np.empty((H, W, 1, 1), dtype=object)
    for i in range(H):
        for j in range(W):
            value = body(*(a[i, j] for a in arrays))
            out[i, j, 0, 0] = error_at(value, context.cell) if isinstance(value, CellError) else value
    return grid_of(out)


@excel("MATCH", "MATCH(2.5,{1,2,3},1)", "MATCH(2,{1,2,3},0)", arity=(2, 3), ranges="array", smooth=False)
def match(context, args):
    wanted = context.operand(args[0])
    mode = context.operand(args[2]) if len(args) == 3 else constant(1.0)

    def position(key, among, how):
        key, how, values = key.item(), how.item() or 0.0, among.ravel()
        if how == 0:
            return next((i + 1.0 for i, v in enumerate(values) if _same(v, key)), CellError("#N/A"))
        before = [
            i
            for i, v in enumerate(values)
            if _rank(v) == _rank(key)
            and v is not None
            and (_plain(v) <= _plain(key) if how > 0 else _plain(v) >= _plain(key))
        ]
        return before[-1] + 1.0 if before else CellError("#N/A")

    return _for_each_cell(context, [wanted, context.value(args[1]), mode], position)


def _same(a: object, b: object) -> bool:
    return a is not None and _rank(a) == _rank(b) and _plain(a) == _plain(b)


@excel("MODE", "MODE({1,2,2,3})", arity=(1, 1), ranges="array", smooth=False)
def mode(context, args):
    def most_frequent(array):
        numbers = [v for v in array.ravel() if isinstance(v, float)]
        best = max(numbers, key=numbers.count, default=None)
        return best if best is not None and numbers.count(best) > 1 else CellError("#N/A")

    return _for_each_cell(context, [context.value(args[0])], most_frequent)


def _meets(criterion: object) -> Callable[[object], bool]:
    """The test behind a criterion of COUNTIFS such as 3, "male", ">=0.5" or "<>x"."""
    text = criterion if isinstance(criterion, str) else ""
    sign = next((s for s in (">=", "<=", "<>", ">", "<", "=") if text.startswith(s)), "")
    wanted: object = text[len(sign) :] if isinstance(criterion, str) else criterion
    if isinstance(wanted, str):
        try:
            wanted = float(wanted)
        except ValueError:
            pass
    if sign in ("", "="):
        return lambda v: _counts_as(v, wanted)
    if sign == "<>":
        return lambda v: not _counts_as(v, wanted)
    order = {
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
    }
    return lambda v: v is not None and _rank(v) == _rank(wanted) and order[sign](_plain(v), _plain(wanted))


def _counts_as(v: object, wanted: object) -> bool:
    """Equal, a number written as text included: COUNTIF is the one function that takes "3" for 3."""
    if isinstance(v, str) and isinstance(wanted, float):
        return number_in_text(v) == wanted
    return _same(v, wanted)


def _hits(arrays: tuple) -> np.ndarray:
    """Which places meet every (range, criterion) pair."""
    hits = np.ones(arrays[0].shape, bool)
    for values, criterion in zip(arrays[::2], arrays[1::2], strict=True):
        hits &= np.vectorize(_meets(criterion.item()), otypes=[bool])(values)
    return hits


def _count_if(context: Context, args: tuple[Node, ...]) -> Grid:
    grids = [context.value(arg) if i % 2 == 0 else context.operand(arg) for i, arg in enumerate(args)]
    return _for_each_cell(context, grids, lambda *arrays: float(_hits(arrays).sum()))


excel("COUNTIF", 'COUNTIF(A1:A3,">1")', arity=(2, 2), ranges="array", smooth=False)(_count_if)
excel("COUNTIFS", 'COUNTIFS(A1:A3,">1",B1:B3,"<6")', arity=(2, ANY), ranges="array", smooth=False)(_count_if)
