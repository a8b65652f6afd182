"""Excel's category Math & Trig: powers, logarithms, angles, rounding, sums and products."""

import math
from functools import reduce

from xlcicf.formula import tape as t
from xlcicf.formula.context import Fails
from xlcicf.formula.functions.operators import EXP_LIMIT, power
from xlcicf.formula.functions.table import (
    OrError,
    as_factors,
    as_matrices,
    of_arrays,
    of_counted,
    of_met,
    of_numbers,
    of_pairs,
)

# --- single numbers -------------------------------------------------------------------------------------


@of_numbers("ABS", "ABS(~-2.5)", "ABS(~3)")
def absolute(x):
    t.decide(t.sign(x))
    return t.absolute(x)


@of_numbers("SIGN", "SIGN(~-2.5)*~2", "SIGN(~0.1)+~2", smooth=False)
def sign(x):
    t.decide(t.sign(x))
    return t.unless_nan(t.sign(x), x)


@of_numbers("SQRT", "SQRT(~2)", "SQRT(~0.01)")
def square_root(x: t.Array) -> t.Array:
    positive = t.greater(x, 0.0)
    t.decide(positive)
    root = t.sqrt(t.where(positive, x, 1.0))
    return t.where(positive, root, t.where(t.equal(x, 0.0), 0.0, t.NAN))


@of_numbers("EXP", "EXP(~0.3)", "EXP(~-20)")
def exponential(x):
    return t.within(t.less_equal(x, EXP_LIMIT), x, 0.0, t.exp)


@of_numbers("LN", "LN(~2.5)", "LN(~0.001)")
def natural_logarithm(x):
    return t.within(t.greater(x, 0.0), x, 1.0, t.log)


@of_numbers("LOG10", "LOG10(~2.5)", "LOG10(~1000)")
def common_logarithm(x):
    return t.within(t.greater(x, 0.0), x, 1.0, t.log10)


@of_numbers("LOG", "LOG(~2.5)", "LOG(~8,~2)", "LOG(~3.5,~1.5)", arity=(1, 2))
def logarithm(x, base=None):
    if base is None:
        return common_logarithm(x)
    bottom = natural_logarithm(base)
    one = t.equal(bottom, 0.0)
    return OrError(t.div(natural_logarithm(x), t.where(one, 1.0, bottom)), one, "#DIV/0!")


@of_numbers("POWER", "POWER(~2.5,~3)", "POWER(~1.5,~-0.5)", "POWER(~-2,3)", arity=(2, 2))
def power_function(a, b):
    return power(a, b)


@of_numbers("TANH", "TANH(~0.5)", "TANH(~-2)")
def tanh(x):
    return t.tanh(x)


@of_numbers("SIN", "SIN(~0.5)", "SIN(~4)")
def sine(x):
    return t.sin(x)


@of_numbers("COS", "COS(~0.5)", "COS(~4)")
def cosine(x):
    return t.cos(x)


@of_numbers("ATAN", "ATAN(~0.5)", "ATAN(~-7)")
def arctangent(x):
    return t.arctan(x)


@of_numbers("INT", "INT(~2.5)", "INT(~-2.5)", smooth=False)
def integer_part(x):
    return t.floor(x)


@of_numbers("ROUND", "ROUND(~2.345,2)", "ROUND(~-2.5,0)", "ROUND(~1234,-2)", arity=(2, 2), smooth=False)
def rounded(x, digits):
    """Half away from 0. What 15 digits show as a half counts as one, as in Excel."""
    scale = _ten_to(digits)
    scaled = t.mul(t.absolute(x), scale)
    nearest = t.floor(t.add(t.mul(scaled, 1 + 4e-16), 0.5))
    return t.div(t.mul(t.sign(x), nearest), scale)


def _ten_to(digits: t.Operand) -> t.Array:
    return t.power(t.as_array(10.0), t.truncated(digits))


def _whole(x: t.Array) -> t.Array:
    """What lies between 0 and x and is whole. What 15 digits show as whole is, as in Excel."""
    return t.mul(t.sign(x), t.floor(t.mul(t.absolute(x), 1 + 4e-16)))


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
    return t.div(_whole(t.mul(x, _ten_to(digits))), _ten_to(digits))


@of_numbers(
    "ROUNDUP", "ROUNDUP(~2.341,2)", "ROUNDUP(~-2.5,0)", "ROUNDUP(~1210,-2)", arity=(2, 2), smooth=False
)
def rounded_up(x, digits):
    """Away from 0."""
    away = t.floor(t.neg(t.mul(t.absolute(t.mul(x, _ten_to(digits))), 1 - 4e-16)))
    return t.div(t.neg(t.mul(t.sign(x), away)), _ten_to(digits))


@of_numbers("TRUNC", "TRUNC(~2.9)", "TRUNC(~-2.349,2)", arity=(1, 2), smooth=False)
def cut_off(x, digits=None):
    return rounded_down(x, t.as_array(0.0) if digits is None else digits)


@of_numbers("MOD", "MOD(~7,3)", "MOD(~-7,3)", "MOD(~7.5,-2)", arity=(2, 2), smooth=False)
def modulo(x, divisor):
    zero = t.equal(divisor, 0.0)
    by = t.where(zero, 1.0, divisor)
    return OrError(t.sub(x, t.mul(by, t.floor(t.div(x, by)))), zero, "#DIV/0!", "divides by 0")


@of_numbers("PI", "PI()*~2", arity=(0, 0))
def pi():
    return math.pi


# --- sums and products ----------------------------------------------------------------------------------


@of_counted("SUM", "SUM(~1.5,~2,~-3)", "SUM(~{1,2;3,4},~0.5)")
def sum_(x):
    return x.total()


@of_counted("SUMSQ", "SUMSQ(~1.5,~2,~-3)")
def sum_of_squares(x):
    return x.total(t.square)


@of_counted("PRODUCT", "PRODUCT(~1.5,~2,~-3)", "PRODUCT(~2,~0,~4)", "PRODUCT(0,~3,~0)+~1", empty=0.0)
def product(x):
    return x.product()


@of_met("SUMIF", 'SUMIF($A$1:$A$3,">1",~B1:B3)', values_first=False)
def sum_if(x):
    return x.total()


@of_met(
    "SUMIFS", 'SUMIFS(~B1:B3,$A$1:$A$3,">1",$A$1:$A$3,"<3")', "SUMIFS(~B1:B3,$A$1:$A$3,2)", values_first=True
)
def sum_ifs(x):
    return x.total()


@of_arrays(
    "SUMPRODUCT",
    "SUMPRODUCT(~{1,2,3},~{4,5,6})",
    "SUMPRODUCT(~{1;2;3})",
    "SUMPRODUCT((~{1,-2,3}>0)*~{4,5,6})",
    taken=as_factors,
)
def sumproduct(*arrays):
    if len({t.shape_of(a)[2:] for a in arrays}) != 1:
        raise Fails("#VALUE!", "multiplies arrays of different sizes")
    fixed = [a for a in arrays if not isinstance(a, t.Var)]
    moving = [a for a in arrays if isinstance(a, t.Var)]
    groups = (fixed, moving) if fixed else (moving[:1], moving[1:])
    factors = [reduce(t.mul, group) for group in groups if group]
    return t.inner(*factors) if len(factors) == 2 else t.total(factors[0], dims=(2, 3))


@of_pairs("SUMXMY2", "SUMXMY2(~{1,2,3},~{4,5,7})")
def sum_of_squared_differences(pairs):
    return pairs.total(lambda x, y: t.square(t.sub(x, y)))


@of_arrays("MMULT", "SUM(MMULT(~{1,2;3,4},~{5,6;7,8}))", arity=(2, 2), taken=as_matrices)
def matrix_product(a, b):
    columns, rows = t.shape_of(a)[3], t.shape_of(b)[2]
    if columns != rows:
        raise Fails("#VALUE!", f"multiplies {columns} columns by {rows} rows")
    return t.matrix_product(a, b)
