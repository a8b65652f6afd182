"""The operators: - + % ^ * / & and comparisons."""

import operator
from collections.abc import Callable
from dataclasses import replace

from xlcicf.formula import tape as t
from xlcicf.formula.choice import Value
from xlcicf.formula.coercion import taken_as_scalar, text_of, within_limits
from xlcicf.formula.comparing import Compare, Python, compared
from xlcicf.formula.context import Context
from xlcicf.formula.functions.table import Body, OrError, elementwise, of_grids
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
        context = replace(context, function="a comparison")
        return of_grids(context, lambda x, y: compared(context, x, y, compare, python), (a, b))

    return evaluate


def quotient(a, b):
    zero = t.equal(b, 0.0)
    return OrError(t.div(a, t.where(zero, 1.0, b)), zero, "#DIV/0!", "divides by 0")


def power(a, b):
    """a^b as Excel has it: 0^0 and negative numbers to a fraction are #NUM! (nan), but odd roots are real."""
    return t.unless_nan(_power(a, b), a, b)


def _power(a: t.Operand, b: t.Operand) -> t.Array:
    if isinstance(b, t.Var):
        return _power_of_changing_exponent(a, b)
    exponent, whole = t.as_array(b), t.equal(b, t.rounded(b))
    if t.holds_everywhere(t.equal(exponent, 2.0)):
        return t.may_fail(t.square(a))
    if isinstance(a, t.Var) and t.holds_everywhere(t.both(whole, t.greater(exponent, 0.0))):
        return t.may_fail(t.power(a, exponent))
    positive, negative = t.greater(a, 0.0), t.less(a, 0.0)
    of_positive = t.power(t.where(positive, a, 1.0), exponent)
    base = t.where(negative, a, -1.0)
    of_negative = t.where(whole, t.power(base, t.where(whole, exponent, 1.0)), t.NAN)
    if t.holds_somewhere(odd_root := _is_odd_root(exponent)):
        root = t.neg(t.power(t.where(negative, t.neg(a), 1.0), exponent))
        of_negative = t.where(odd_root, root, of_negative)
    of_zero = t.where(t.greater(exponent, 0.0), 0.0, t.NAN)
    return t.where(positive, of_positive, t.where(negative, of_negative, of_zero))


def _is_odd_root(b):
    """Whether an exponent is 1/3, 1/5, ... to the last digit."""
    degree = t.rounded(t.div(1.0, t.where(t.equal(b, 0.0), 1.0, b)))
    close = t.less_equal(t.absolute(t.sub(t.div(1.0, degree), b)), t.mul(t.absolute(b), 1e-15))
    return t.both(close, t.equal(t.sub(degree, t.mul(2.0, t.floor(t.div(degree, 2.0)))), 1.0))


def _power_of_changing_exponent(a: t.Operand, b: t.Operand) -> t.Array:
    """As `power`. A negative base has values at whole exponents only, so no derivative by the exponent."""
    positive, negative = t.greater(a, 0.0), t.less(a, 0.0)
    whole = t.both(negative, t.equal(b, t.rounded(b)))
    of_negative = t.power(t.where(negative, a, -1.0), t.where(whole, t.rounded(b), 1.0))
    of_zero = t.where(t.greater(b, 0.0), 0.0, t.NAN)
    outside = t.where(negative, t.where(whole, of_negative, t.NAN), of_zero)
    return t.where(positive, t.power(t.where(positive, a, 1.0), b), outside)


def joined(context: Context, a: Value, b: Value) -> Value:
    context = replace(context, function="&")

    def compute(*grids):
        return for_each(
            context, lambda x, y: within_limits(text_of(x) + text_of(y)), grids, whole=[False, False]
        )

    return of_grids(context, compute, (a, b))


PREFIX: dict[str, Operator] = {
    "-": arithmetic(t.neg),
    "+": lambda context, value: value,
}
PERCENT = arithmetic(lambda x: t.div(x, 100.0))
INFIX: dict[str, Operator] = {
    "+": arithmetic(t.add),
    "-": arithmetic(t.sub),
    "*": arithmetic(t.mul),
    "/": arithmetic(quotient),
    "^": arithmetic(power),
    "&": joined,
    "=": comparison(t.equal, operator.eq),
    "<>": comparison(t.not_equal, operator.ne),
    ">": comparison(t.greater, operator.gt),
    ">=": comparison(t.greater_equal, operator.ge),
    "<": comparison(t.less, operator.lt),
    "<=": comparison(t.less_equal, operator.le),
}
