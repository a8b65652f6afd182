"""Excel's category Math & Trig: whole numbers and multiples near a number, and what is left over."""

import math
from collections.abc import Callable

from xlcicf.formula import tape as t
from xlcicf.formula.coercion import taken_without_truths
from xlcicf.formula.functions.table import ALL_NEEDED, OrError, of_numbers

MOST_DIGITS = 308  # of a number, before the point or after it
EXACT = 2.0**53  # from it on numbers are whole
LAST_QUOTIENT = 1_125_900_000_000.0  # from it on MOD shows #NUM!
ONE = t.as_array(1.0)
ZERO = t.as_array(0.0)


@of_numbers("INT", "INT(~2.5)", "INT(~-2.5)", smooth=False)
def integer_part(x):
    return t.floor(x)


@of_numbers("ROUND", "ROUND(~2.345,2)", "ROUND(~-2.5,0)", "ROUND(~1234,-2)", arity=(2, 2), smooth=False)
def rounded(x, digits):
    """Half away from 0. What 15 digits show as a half counts as one, as in Excel."""

    def of_scaled(scaled: t.Array) -> t.Array:
        nearest = t.floor(t.add(t.mul(t.absolute(scaled), 1 + 4e-16), 0.5))
        return t.mul(t.sign(scaled), nearest)

    return _at_digits(x, digits, of_scaled)


def _at_digits(x, digits, of_scaled: Callable[[t.Array], t.Array], beyond: float = 0.0) -> t.Array:
    """`of_scaled`, which yields whole numbers, of x at so many digits after the point; x itself at digits
    beyond all that it has, and `beyond` at digits before them."""
    digits = t.truncated(digits)
    many, few = t.greater(digits, MOST_DIGITS), t.less(digits, -MOST_DIGITS)
    scale = t.power(t.as_array(10.0), t.where(t.either(many, few), 0.0, digits))
    scaled = t.mul(x, scale)
    many = t.either(many, t.greater_equal(t.absolute(scaled), EXACT))
    out = t.div(of_scaled(t.where(many, 1.0, scaled)), scale)
    return t.where(few, t.where(t.equal(x, 0.0), 0.0, beyond), t.where(many, x, out))


def _whole(x: t.Array) -> t.Array:
    """What lies between 0 and x and is whole. What 15 digits show as whole is, as in Excel."""
    return t.mul(t.sign(x), t.floor(_at_15_digits(t.absolute(x))))


def _at_15_digits(x: t.Array) -> t.Array:
    """The whole number that 15 digits show of x, where they show one."""
    whole = t.rounded(x)
    zero = t.equal(whole, 0.0)
    size = t.absolute(t.where(zero, 1.0, whole))
    half = t.mul(t.power(t.as_array(10.0), t.floor(t.mul(t.log10(size), 1 + 1e-15))), 5e-15)
    close = t.less(t.absolute(t.sub(x, whole)), t.where(zero, 0.0, half))
    return t.where(close, whole, x)


@of_numbers(
    "ROUNDDOWN",
    "ROUNDDOWN(~2.349,2)",
    "ROUNDDOWN(~-2.5,0)",
    "ROUNDDOWN(~1290,-2)",
    arity=(2, 2),
    smooth=False,
)
def rounded_down(x, digits):
    """Towards 0."""
    return _at_digits(x, digits, _whole)


@of_numbers(
    "ROUNDUP", "ROUNDUP(~2.341,2)", "ROUNDUP(~-2.5,0)", "ROUNDUP(~1210,-2)", arity=(2, 2), smooth=False
)
def rounded_up(x, digits):
    """Away from 0."""

    def of_scaled(scaled: t.Array) -> t.Array:
        away = t.floor(t.neg(t.mul(t.absolute(scaled), 1 - 4e-16)))
        return t.neg(t.mul(t.sign(scaled), away))

    return _at_digits(x, digits, of_scaled, beyond=math.nan)


@of_numbers("TRUNC", "TRUNC(~2.9)", "TRUNC(~-2.349,2)", "TRUNC(~2.9,1000)", arity=(1, 2), smooth=False)
def cut_off(x, digits=None):
    return rounded_down(x, t.as_array(0.0) if digits is None else digits)


@of_numbers("MOD", "MOD(~7,3)", "MOD(~-7,3)", "MOD(~7.5,-2)", arity=(2, 2), smooth=False)
def modulo(x, divisor):
    """What is left to the last digit, as Excel has saved: of 1 by 0.1, which is more than a tenth, 0.1."""
    zero = t.equal(divisor, 0.0)
    by = t.where(zero, 1.0, divisor)
    times = t.div(x, by)
    t.floor(times)  # noted for whoever asks where it steps, which the remainder does not tell
    counted = t.less(t.absolute(times), LAST_QUOTIENT)
    return OrError(t.where(counted, t.remainder(x, by), t.NAN), zero, "#DIV/0!", "divides by 0")


# --- multiples ------------------------------------------------------------------------------------------


def _times(x, by) -> tuple[t.Array, t.Array]:
    """How many times `by` goes into x, whole where 15 digits show it so, and what to divide by where it is
    not 0."""
    by = t.where(t.equal(by, 0.0), 1.0, by)
    return _at_15_digits(t.div(x, by)), by


def _up(x, by) -> t.Array:
    """The multiple of `by` that is next above x, or below where `by` is negative; 0 of 0."""
    times, by_ = _times(x, by)
    return t.where(t.equal(by, 0.0), 0.0, t.mul(t.neg(t.floor(t.neg(times))), by_))


def _down(x, by) -> t.Array:
    times, by_ = _times(x, by)
    return t.where(t.equal(by, 0.0), 0.0, t.mul(t.floor(times), by_))


def _opposed(x, by) -> t.Array:
    """Where a positive number has a negative multiple."""
    return t.both(t.greater(x, 0.0), t.less(by, 0.0))


@of_numbers(
    "CEILING", "CEILING(~2.5,1)", "CEILING(~-2.5,-2)", "CEILING(~-2.5,2)", "CEILING(~0.234,0.01)",
    arity=(2, 2), smooth=False,
)  # fmt: skip
def ceiling(x, by):
    return t.where(_opposed(x, by), t.NAN, _up(x, by))


@of_numbers(
    "FLOOR", "FLOOR(~3.7,2)", "FLOOR(~-2.5,-2)", "FLOOR(~-2.5,2)", "FLOOR(~0.234,0.01)",
    arity=(2, 2), smooth=False,
)  # fmt: skip
def floor(x, by):
    zero = t.both(t.equal(by, 0.0), t.not_equal(x, 0.0))
    return OrError(t.where(_opposed(x, by), t.NAN, _down(x, by)), zero, "#DIV/0!", "divides by 0")


def _away(x, mode) -> t.Array:
    """Where a negative number's mode turns the direction."""
    return t.both(t.less(x, 0.0), t.not_equal(mode, 0.0))


@of_numbers(
    "CEILING.MATH", "CEILING.MATH(~24.3,5)", "CEILING.MATH(~6.7)", "CEILING.MATH(~-8.1,2)",
    "CEILING.MATH(~-5.5,2,-1)", "CEILING.MATH(~5.5,-2)", arity=(1, 3), smooth=False,
)  # fmt: skip
def ceiling_math(x, by=ONE, mode=ZERO):
    by = t.absolute(by)
    return t.where(_away(x, mode), _down(x, by), _up(x, by))


@of_numbers(
    "FLOOR.MATH", "FLOOR.MATH(~24.3,5)", "FLOOR.MATH(~6.7)", "FLOOR.MATH(~-8.1,2)",
    "FLOOR.MATH(~-5.5,2,-1)", "FLOOR.MATH(~5.5,-2)", arity=(1, 3), smooth=False,
)  # fmt: skip
def floor_math(x, by=ONE, mode=ZERO):
    by = t.absolute(by)
    return t.where(_away(x, mode), _up(x, by), _down(x, by))


for name in ("CEILING.PRECISE", "ISO.CEILING"):
    of_numbers(name, f"{name}(~4.3)", f"{name}(~-4.3,2)", f"{name}(~4.3,-2)", arity=(1, 2), smooth=False)(
        lambda x, by=ONE: _up(x, t.absolute(by))
    )


@of_numbers(
    "FLOOR.PRECISE", "FLOOR.PRECISE(~-3.2,-1)", "FLOOR.PRECISE(~3.2)", "FLOOR.PRECISE(~-3.2,1)",
    arity=(1, 2), smooth=False,
)  # fmt: skip
def floor_precise(x, by=ONE):
    return _down(x, t.absolute(by))


@of_numbers("EVEN", "EVEN(~1.5)", "EVEN(~-1)", "EVEN(~0)", smooth=False)
def even(x):
    """Away from 0."""
    return t.mul(t.sign(x), _up(t.absolute(x), t.as_array(2.0)))


@of_numbers("ODD", "ODD(~1.5)", "ODD(~-2)", "ODD(~0)", smooth=False)
def odd(x):
    """Away from 0; of 0 it is 1."""
    size = t.absolute(x)
    up = t.add(t.mul(t.neg(t.floor(t.neg(t.div(t.sub(size, 1.0), 2.0)))), 2.0), 1.0)
    up = t.where(t.less(size, 1.0), 1.0, up)
    return t.where(t.less(x, 0.0), t.neg(up), up)


@of_numbers(
    "MROUND", "MROUND(~10,3)", "MROUND(~-10,-3)", "MROUND(~1.3,0.2)", "MROUND(~5,0)+~1", arity=(2, 2),
    smooth=False, taken=taken_without_truths, omitted=ALL_NEEDED,
)  # fmt: skip
def rounded_to_a_multiple(x, by):
    """Half away from 0."""
    zero = t.equal(by, 0.0)
    times = t.div(x, t.where(zero, 1.0, by))
    near = t.where(zero, 0.0, t.mul(t.floor(t.add(times, 0.5)), by))
    return t.where(t.less(t.mul(t.sign(x), t.sign(by)), 0.0), t.NAN, near)


@of_numbers(
    "QUOTIENT", "QUOTIENT(~5,2)", "QUOTIENT(~-10,3)", arity=(2, 2), smooth=False, taken=taken_without_truths
)  # fmt: skip
def whole_quotient(x, by):
    zero = t.equal(by, 0.0)
    return OrError(t.truncated(t.div(x, t.where(zero, 1.0, by))), zero, "#DIV/0!", "divides by 0")
