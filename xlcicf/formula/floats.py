"""A tape's steps on plain Python floats, where each is one number: for cells that must be computed in turn.

A step on a tensor of one number costs microseconds, on a float a tenth of one.
"""

import math
import operator
from collections.abc import Callable, Sequence

from xlcicf.formula import tape as t
from xlcicf.formula.comparing import FIFTEENTH, alike

NAN, INF = math.nan, math.inf


def _divided(a: float, b: float) -> float:
    if b:
        return a / b
    return NAN if a == 0 or a != a else math.copysign(INF, a) * math.copysign(1.0, b)


def _power(a: float, b: float) -> float:
    try:
        out = a**b
    except ZeroDivisionError:
        return INF
    except OverflowError:
        return INF if a > 0 or b % 2 == 0 else -INF if b % 2 == 1 else NAN
    return NAN if isinstance(out, complex) else out


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return INF


def _logarithm(of: Callable[[float], float]) -> Callable[[float], float]:
    return lambda x: of(x) if x > 0 else -INF if x == 0 else NAN


def _sine(of: Callable[[float], float]) -> Callable[[float], float]:
    return lambda x: of(x) if math.isfinite(x) else NAN


def _whole(of: Callable[[float], float]) -> Callable[[float], float]:
    return lambda x: float(of(x)) if math.isfinite(x) else x


def _sign(x: float) -> float:
    return float((x > 0) - (x < 0))


def _alike(a: float, b: float) -> float:
    if not abs(a - b) <= FIFTEENTH * abs(b) or a == b or abs(b) < 1e-290:
        return a
    scale = 10.0 ** (14 - math.floor(math.log10(abs(b))))
    return b if round(a * scale) == round(b * scale) else a


def _same(x):
    return x


# What torch computes of one number; rearranging one number leaves it as it is.
OF_FLOATS: dict[t.Primitive, Callable] = {
    alike: _alike,
    t.add: operator.add,
    t.sub: operator.sub,
    t.mul: operator.mul,
    t.div: _divided,
    t.remainder: lambda a, b: a % b + 0.0 if b and math.isfinite(a) else NAN,
    t.neg: operator.neg,
    t.square: lambda x: x * x,
    t.power: _power,
    t.exp: _exp,
    t.log: _logarithm(math.log),
    t.log10: _logarithm(math.log10),
    t.sqrt: lambda x: math.sqrt(x) if x >= 0 else NAN,
    t.absolute: abs,
    t.sign: _sign,
    t.tanh: math.tanh,
    t.sin: _sine(math.sin),
    t.cos: _sine(math.cos),
    t.arctan: math.atan,
    t.relu: lambda x: x if x > 0 else x * 0.0,
    t.greater: operator.gt,
    t.greater_equal: operator.ge,
    t.less: operator.lt,
    t.less_equal: operator.le,
    t.equal: operator.eq,
    t.not_equal: operator.ne,
    t.rounded: _whole(round),
    t.floor: _whole(math.floor),
    t.truncated: _whole(math.trunc),
    t.is_nan: lambda x: x != x,
    t.is_finite: math.isfinite,
    t.both: lambda a, b: bool(a and b),
    t.either: lambda a, b: bool(a or b),
    t.as_number: float,
    t.where: lambda condition, a, b: a if condition else b,
} | dict.fromkeys(t.OF_ONE_NUMBER, _same)


def on_floats(tape: t.Tape, out: t.Array) -> Callable[[Sequence[float]], float] | None:
    """`out` as a function of the values of the tape's inputs; None where a step is not one number."""
    if not isinstance(out, t.Var):
        number = out.item()
        return lambda values: number
    try:
        program = tape.program([out], of=OF_FLOATS)
    except KeyError:
        return None
    return lambda values: program(*values)[0]
