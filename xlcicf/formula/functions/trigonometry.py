"""Excel's category Math & Trig: angles, hyperbolic angles and their inverses."""

import math

from xlcicf.formula import angles
from xlcicf.formula import tape as t
from xlcicf.formula.compounding import log1p
from xlcicf.formula.functions.table import OrError, of_numbers

ONE = t.as_array(1.0)
FAR = 2.0**27  # beyond it Excel takes no angle


def _near(x, compute):
    return t.within(t.less(t.absolute(x), FAR), x, 1.0, compute)


def _unless_zero(x, compute) -> OrError:
    zero = t.equal(x, 0.0)
    return OrError(compute(t.where(zero, 1.0, x)), zero, "#DIV/0!", "divides by 0")


@of_numbers("SIN", "SIN(~0.5)", "SIN(~4)")
def sine(x):
    return _near(x, t.sin)


@of_numbers("COS", "COS(~0.5)", "COS(~4)")
def cosine(x):
    return _near(x, t.cos)


@of_numbers("TAN", "TAN(~0.5)", "TAN(~-4)")
def tangent(x):
    return _near(x, angles.tan)


@of_numbers("COT", "COT(~0.5)", "COT(~-4)")
def cotangent(x):
    return _unless_zero(x, lambda x: _near(x, lambda x: t.div(1.0, angles.tan(x))))


@of_numbers("SEC", "SEC(~0.5)", "SEC(~-4)")
def secant(x):
    return _near(x, lambda x: t.div(1.0, t.cos(x)))


@of_numbers("CSC", "CSC(~0.5)", "CSC(~-4)")
def cosecant(x):
    return _unless_zero(x, lambda x: _near(x, lambda x: t.div(1.0, t.sin(x))))


@of_numbers("ATAN", "ATAN(~0.5)", "ATAN(~-7)")
def arctangent(x):
    return t.arctan(x)


@of_numbers("ATAN2", "ATAN2(~0.5,~2)", "ATAN2(~-1,~-1)", "ATAN2(~0,~3)", arity=(2, 2))
def angle_of_a_point(x, y):
    """Excel takes x first."""
    nowhere = t.both(t.equal(x, 0.0), t.equal(y, 0.0))
    return OrError(angles.angle(y, t.where(nowhere, 1.0, x)), nowhere, "#DIV/0!", "turns to the origin")


@of_numbers("ACOT", "ACOT(~0.5)", "ACOT(~-7)")
def arccotangent(x):
    """From 0 to pi."""
    return angles.angle(ONE, x)


def _up_to_an_end(x, compute, low: float, high: float) -> t.Array:
    """compute(x) from `low` to `high`; at an end, where the curve stands upright, with a derivative of 0."""
    inside = t.both(t.greater(x, low), t.less(x, high))
    ends = t.where(t.equal(x, low), compute(t.as_array(low)), t.NAN)
    if math.isfinite(high):
        ends = t.where(t.equal(x, high), compute(t.as_array(high)), ends)
    t.decide(inside, is_end=True)
    return t.where(inside, compute(t.where(inside, x, _middle(low, high))), ends)


def _middle(low: float, high: float) -> float:
    return (low + high) / 2 if math.isfinite(high) else low + 1.0


@of_numbers("ASIN", "ASIN(~0.5)", "ASIN(~-0.8)")
def arcsine(x):
    return _up_to_an_end(x, angles.arcsin, -1.0, 1.0)


@of_numbers("ACOS", "ACOS(~0.5)", "ACOS(~-0.8)")
def arccosine(x):
    return _up_to_an_end(x, angles.arccos, -1.0, 1.0)


@of_numbers("SINH", "SINH(~0.5)", "SINH(~-4)", hands_on=True)
def hyperbolic_sine(x):
    return t.may_fail(angles.sinh(x))


@of_numbers("COSH", "COSH(~0.5)", "COSH(~-4)", hands_on=True)
def hyperbolic_cosine(x):
    return t.may_fail(angles.cosh(x))


@of_numbers("TANH", "TANH(~0.5)", "TANH(~-2)")
def tanh(x):
    return t.tanh(x)


@of_numbers("COTH", "COTH(~0.5)", "COTH(~-4)")
def hyperbolic_cotangent(x):
    return _unless_zero(x, lambda x: t.div(1.0, t.tanh(x)))


LARGE = 40.0  # where e^-x no longer adds to e^x


def _over_hyperbolic(compute, x) -> t.Array:
    """1/compute(x), of a hyperbolic sine or cosine, also where that is beyond all numbers."""
    large = t.greater(t.absolute(x), LARGE)
    beyond = t.mul(2.0, t.exp(t.neg(t.absolute(x))))
    beyond = t.mul(beyond, t.sign(x)) if compute is angles.sinh else beyond
    return t.where(large, beyond, t.div(1.0, compute(t.where(large, 1.0, x))))


@of_numbers("SECH", "SECH(~0.5)", "SECH(~-50)+~1")
def hyperbolic_secant(x):
    return _over_hyperbolic(angles.cosh, x)


@of_numbers("CSCH", "CSCH(~0.5)", "CSCH(~-50)+~1")
def hyperbolic_cosecant(x):
    return _unless_zero(x, lambda x: _over_hyperbolic(angles.sinh, x))


@of_numbers("ASINH", "ASINH(~0.5)", "ASINH(~-40)")
def inverse_hyperbolic_sine(x):
    return angles.arcsinh(x)


@of_numbers("ACOSH", "ACOSH(~1.5)", "ACOSH(~40)")
def inverse_hyperbolic_cosine(x):
    return _up_to_an_end(x, angles.arccosh, 1.0, math.inf)


@of_numbers("ATANH", "ATANH(~0.5)", "ATANH(~-0.8)")
def inverse_hyperbolic_tangent(x):
    return t.within(t.less(t.absolute(x), 1.0), x, 0.0, angles.arctanh)


@of_numbers("ACOTH", "ACOTH(~1.5)", "ACOTH(~-40)")
def inverse_hyperbolic_cotangent(x):
    def of_outside(x):
        return t.mul(t.mul(t.sign(x), 0.5), log1p(t.div(2.0, t.sub(t.absolute(x), 1.0))))

    return t.within(t.greater(t.absolute(x), 1.0), x, 2.0, of_outside)


@of_numbers("DEGREES", "DEGREES(~0.5)")
def degrees(x):
    return t.mul(x, 180.0 / math.pi)


@of_numbers("RADIANS", "RADIANS(~270)")
def radians(x):
    return t.mul(x, math.pi / 180.0)
