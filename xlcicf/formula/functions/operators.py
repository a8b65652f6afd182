"""The operators: - + % ^ * / & and comparisons."""

import math
import operator
import sys
from collections.abc import Callable

from xlcicf.formula import tape as t
from xlcicf.formula.choice import Value, of_each
from xlcicf.formula.coercion import taken_as_scalar, text_of, within_limits
from xlcicf.formula.comparing import Compare, Python, compared
from xlcicf.formula.context import Context
from xlcicf.formula.functions.table import Body, OrError, elementwise, of_grids
from xlcicf.formula.grid import CellError
from xlcicf.formula.overflow import watch
from xlcicf.formula.plain import for_each

Operator = Callable[..., Value]  # (context, operands)


def arithmetic(body: Body) -> Operator:
    """An operator of numbers, element by element."""

    def evaluate(context: Context, *values: Value) -> Value:
        def compute(*grids):
            return elementwise(context, body, [taken_as_scalar(g) for g in grids])

        return of_grids(context, compute, values)

    return evaluate


def comparison(compare: Compare, python: Python) -> Operator:
    """A comparison by a primitive of numbers and by the same of plain Python values."""

    def evaluate(context: Context, a: Value, b: Value) -> Value:
        context = context.of("a comparison")
        return of_grids(context, lambda x, y: compared(context, x, y, compare, python), (a, b))

    return evaluate


EXP_LIMIT = math.log(sys.float_info.max)  # beyond it Excel shows #NUM!
POWER_LIMIT = EXP_LIMIT - 1e-12  # of exponent times logarithm, which are rounded


def quotient(a, b):
    # 0, and what has grown beyond all numbers on the way and would make a 0 of an error
    useless = t.not_equal(t.div(b, b), 1.0) if isinstance(b, t.Var) else t.equal(b, 0.0)
    if not t.may_hold(useless):
        return t.div(a, b)
    return OrError(t.div(a, t.where(useless, 1.0, b)), useless, "#DIV/0!", "divides by 0")


def powered(a, b):
    """a^b, where 0 to less than 0 is #DIV/0!."""
    out = power(a, b)
    if isinstance(out, t.Var) or t.holds_everywhere(t.greater_equal(b, 0.0)):
        return out
    return OrError(out, t.both(t.equal(a, 0.0), t.less(b, 0.0)), "#DIV/0!", "divides by 0")


def power(a, b):
    """a^b as Excel has it: 0^0, negative numbers to a fraction and what is beyond all numbers are #NUM!
    (nan), but odd roots are real."""
    return t.unless_nan(_power(a, b), a, b)


def _power(a: t.Operand, b: t.Operand) -> t.Array:
    watch(b)
    if isinstance(b, t.Var):
        return _power_of_changing_exponent(a, b)
    exponent = t.as_array(b)
    if t.holds_everywhere(t.equal(exponent, 2.0)):
        return t.may_fail(t.square(a))
    whole = t.equal(b, t.rounded(b))
    positive, negative, held = t.greater(a, 0.0), t.less(a, 0.0), _is_held(a, exponent)
    if isinstance(a, t.Var) and t.holds_everywhere(t.both(whole, t.greater(exponent, 0.0))):
        return t.within(held, a, 1.0, lambda x: t.power(x, exponent))
    of_positive = t.power(t.where(t.both(positive, held), a, 1.0), exponent)
    base = t.where(t.both(negative, held), a, -1.0)
    of_negative = t.where(whole, t.power(base, t.where(whole, exponent, 1.0)), t.NAN)
    if t.holds_somewhere(odd_root := _is_odd_root(exponent)):
        root = t.neg(t.power(t.where(negative, t.neg(a), 1.0), exponent))
        of_negative = t.where(odd_root, root, of_negative)
    of_zero = t.where(t.greater(exponent, 0.0), 0.0, t.NAN)
    out = t.where(positive, of_positive, t.where(negative, of_negative, of_zero))
    return t.where(held, out, t.NAN)


def _is_held(a: t.Operand, exponent: t.Array) -> t.Array:
    """Whether a power is among all numbers: where it is not, not even its derivative is computed."""
    grows = t.greater(exponent, 0.0)
    if not isinstance(a, t.Var) or t.holds_everywhere(t.both(grows, t.less_equal(exponent, 1.0))):
        return t.equal(exponent, exponent)
    size = t.absolute(a)
    bound = t.exp(t.div(t.where(grows, POWER_LIMIT, -POWER_LIMIT), t.absolute(exponent)))
    below = t.less_equal(size, t.where(grows, bound, sys.float_info.max))
    return (
        below
        if t.holds_everywhere(grows)
        else t.both(below, t.where(grows, below, t.greater_equal(size, bound)))
    )


def _is_odd_root(b):
    """Whether an exponent is 1/3, 1/5, ... to the last digit."""
    degree = t.rounded(t.div(1.0, t.where(t.equal(b, 0.0), 1.0, b)))
    close = t.less_equal(t.absolute(t.sub(t.div(1.0, degree), b)), t.mul(t.absolute(b), 1e-15))
    return t.both(close, t.equal(t.sub(degree, t.mul(2.0, t.floor(t.div(degree, 2.0)))), 1.0))


def _power_of_changing_exponent(a: t.Operand, b: t.Operand) -> t.Array:
    """As `power`. A negative base has values at whole exponents only, so no derivative by the exponent."""
    positive, negative, zero = t.greater(a, 0.0), t.less(a, 0.0), t.equal(a, 0.0)
    held = t.less_equal(t.mul(b, t.log(t.where(zero, 1.0, t.absolute(a)))), POWER_LIMIT)
    whole = t.both(t.both(negative, held), t.equal(b, t.rounded(b)))
    of_negative = t.power(t.where(negative, a, -1.0), t.where(whole, t.rounded(b), 1.0))
    of_zero = t.where(t.greater(b, 0.0), 0.0, t.NAN)
    outside = t.where(negative, t.where(whole, of_negative, t.NAN), of_zero)
    of_positive = t.power(t.where(positive, a, 1.0), t.where(held, b, 1.0))
    return t.where(held, t.where(positive, of_positive, outside), t.NAN)


def joined(context: Context, *values: Value) -> Value:
    """a & b & c ... at once, with the outcome of one after another."""
    context = context.of("&")

    def one(*parts: object) -> object:
        text = ""
        for part in parts:
            if isinstance(part, CellError):
                return part
            text = within_limits(text + text_of(part))
        return text

    def compute(*grids):
        return for_each(context, one, grids, whole=[False] * len(grids), errors_too=True)

    return of_grids(context, compute, values)


PREFIX: dict[str, Operator] = {
    "-": arithmetic(t.neg),
    "+": lambda context, value: of_each(lambda grid: grid.as_value(), value),
}
PERCENT = arithmetic(lambda x: t.div(x, 100.0))
INFIX: dict[str, Operator] = {
    "+": arithmetic(t.add),
    "-": arithmetic(t.sub),
    "*": arithmetic(t.mul),
    "/": arithmetic(quotient),
    "^": arithmetic(powered),
    "&": joined,
    "=": comparison(t.equal, operator.eq),
    "<>": comparison(t.not_equal, operator.ne),
    ">": comparison(t.greater, operator.gt),
    ">=": comparison(t.greater_equal, operator.ge),
    "<": comparison(t.less, operator.lt),
    "<=": comparison(t.less_equal, operator.le),
}
