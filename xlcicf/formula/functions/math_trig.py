"""Excel's category Math & Trig: powers, logarithms, sums and products.

Beside it: trigonometry.py, rounding.py, whole_numbers.py, matrices.py."""

import math
from functools import reduce

from xlcicf.formula import tape as t
from xlcicf.formula.choice import Value, of_each
from xlcicf.formula.coercion import taken_without_truths
from xlcicf.formula.context import Context, Fails
from xlcicf.formula.functions.operators import EXP_LIMIT, INFIX, power, powered
from xlcicf.formula.functions.table import (
    Empty,
    OrError,
    as_factors,
    excel,
    of_arrays,
    of_counted,
    of_met,
    of_numbers,
    of_pairs,
    of_series,
    shown_as,
)
from xlcicf.formula.grid import errors_among, with_errors
from xlcicf.formula.tree import Call, Node

# --- single numbers -------------------------------------------------------------------------------------


@of_numbers("ABS", "ABS(~-2.5)", "ABS(~3)", hands_on=True)
def absolute(x):
    t.decide(t.sign(x))
    return t.absolute(x)


@of_numbers("SIGN", "SIGN(~-2.5)*~2", "SIGN(~0.1)+~2", smooth=False)
def sign(x):
    t.decide(t.sign(x))
    return t.unless_nan(t.sign(x), x)


@of_numbers("SQRT", "SQRT(~2)", "SQRT(~0.01)", hands_on=True)
def square_root(x: t.Array) -> t.Array:
    positive = t.greater(x, 0.0)
    t.decide(positive, is_end=True)
    root = t.where(positive, t.sqrt(t.where(positive, x, 1.0)), 0.0)
    return t.where(t.greater_equal(x, 0.0), root, t.NAN)


@of_numbers("EXP", "EXP(~0.3)", "EXP(~-20)")
def exponential(x):
    return t.within(t.less_equal(x, EXP_LIMIT), x, 0.0, t.exp)


@of_numbers("LN", "LN(~2.5)", "LN(~0.001)", hands_on=True)
def natural_logarithm(x):
    return t.within(t.greater(x, 0.0), x, 1.0, t.log)


@of_numbers("LOG10", "LOG10(~2.5)", "LOG10(~1000)", hands_on=True)
def common_logarithm(x):
    return t.within(t.greater(x, 0.0), x, 1.0, t.log10)


@of_numbers("LOG", "LOG(~2.5)", "LOG(~8,~2)", "LOG(~3.5,~1.5)", arity=(1, 2))
def logarithm(x, base=None):
    if base is None:
        return common_logarithm(x)
    bottom = natural_logarithm(base)
    one, top = t.equal(bottom, 0.0), natural_logarithm(x)
    return OrError(t.div(top, t.where(one, 1.0, bottom)), t.both(one, t.equal(top, top)), "#DIV/0!")


@of_numbers("POWER", "POWER(~2.5,~3)", "POWER(~1.5,~-0.5)", "POWER(~-2,3)", arity=(2, 2))
def power_function(a, b):
    return powered(a, b)


@of_numbers("SQRTPI", "SQRTPI(~2)", "SQRTPI(~0.01)", taken=taken_without_truths)
def square_root_of_pi_times(x):
    return square_root(t.mul(x, math.pi))


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


NO_PAIRS = Empty("#DIV/0!", "finds no pair of numbers")


@of_pairs("SUMXMY2", "SUMXMY2(~{1,2,3},~{4,5,7})", empty=NO_PAIRS)
def sum_of_squared_differences(pairs):
    return pairs.total(lambda x, y: t.square(t.sub(x, y)))


@of_pairs("SUMX2MY2", "SUMX2MY2(~{1,2,3},~{4,5,7})", empty=NO_PAIRS)
def sum_of_differences_of_squares(pairs):
    return pairs.total(lambda x, y: t.sub(t.square(x), t.square(y)))


@of_pairs("SUMX2PY2", "SUMX2PY2(~{1,2,3},~{4,5,7})", empty=NO_PAIRS)
def sum_of_sums_of_squares(pairs):
    return pairs.total(lambda x, y: t.add(t.square(x), t.square(y)))


@of_series(
    "SERIESSUM", "SERIESSUM(~0.7,0,2,~{1,-0.5,0.0416})", "SERIESSUM(~2,~1.5,~-1,~{3;4})",
    "SERIESSUM(~-2,1,1,~{3,4})", arity=(4, 4), series=lambda i: i == 3, strict="#VALUE!",
    taken=taken_without_truths,
)  # fmt: skip
def sum_of_a_power_series(coefficients, x, first, step):
    exponents = t.add(first, t.mul(step, t.sub(coefficients.number, 1.0)))
    return t.total(t.mul(coefficients.numbers, power(x, exponents)), dims=(3,))


@excel("PERCENTOF", "PERCENTOF(~{1,2},~{3,4,5})", "PERCENTOF(~5,~{3;4})", arity=(2, 2))
def percent_of(context: Context, part: Node, whole: Node) -> Value:
    """What the numbers of a part come to, of all; #NUM! for any error among them."""

    def summed(node: Node) -> Value:
        total = context.operand(Call("SUM", (node,)))
        return of_each(lambda grid: with_errors(grid, shown_as("#NUM!", errors_among([grid]))), total)

    return INFIX["/"](context, summed(part), summed(whole))
