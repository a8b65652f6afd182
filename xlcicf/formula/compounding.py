"""Compound interest: growth, annuities and the rates at which payments are worth nothing, with derivatives.

All stay exact where a rate goes through 0. Rates that solve an equation are found on plain numbers, to the
last digits; their derivatives are the equation's, by the implicit function theorem.
"""

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from xlcicf.formula import tape as t
from xlcicf.formula.special import log1p
from xlcicf.formula.vmapped import one_by_one


def _by_series(
    x: Tensor, within: float, coefficient: Callable[[int], float], closed: Callable[[Tensor], Tensor]
) -> Tensor:
    """The power series where |x| < within, and the closed form, which loses its digits there, elsewhere."""
    small = torch.abs(x) < within
    near = torch.where(small, x, 0.0)
    series = torch.zeros_like(near)
    for n in reversed(range(TERMS)):
        series = series * near + coefficient(n)
    return torch.where(small, series, closed(torch.where(small, 1.0, x)))


TERMS = 20


@t.Primitive
def growth_slope(x: Tensor, order: int) -> Tensor:
    """The integral of s^order e^(s x) for s from 0 to 1: (e^x - 1)/x and its derivatives."""

    def closed(x: Tensor) -> Tensor:
        out = torch.where(x == 0, 1.0, torch.expm1(x) / x)
        for k in range(1, order + 1):
            out = (torch.exp(x) - k * out) / x
        return out

    if order == 0:
        return closed(x)
    return _by_series(x, 1.0, lambda n: 1 / (math.factorial(n) * (n + order + 1)), closed)


@growth_slope.pullback
def _(g, out, x, order):
    return (t.mul(g, growth_slope(x, order=order + 1)),)


@t.Primitive
def log_slope(x: Tensor, order: int) -> Tensor:
    """The derivatives of log(1+x)/x, x > -1."""

    def closed(x: Tensor) -> Tensor:
        out, inverse = torch.where(x == 0, 1.0, torch.log1p(x) / x), 1 / (1 + x)
        for k in range(1, order + 1):  # x f = log(1+x), differentiated k times
            out = (math.factorial(k - 1) * (-1) ** (k - 1) * inverse**k - k * out) / x
        return out

    def coefficient(n: int) -> float:
        return (-1) ** (n + order) * math.perm(n + order, order) / (n + order + 1)

    return closed(x) if order == 0 else _by_series(x, 0.1, coefficient, closed)


@log_slope.pullback
def _(g, out, x, order):
    return (t.mul(g, log_slope(x, order=order + 1)),)


def growth(rate: t.Operand, periods: t.Operand) -> t.Array:
    """(1+rate)^periods for rates above -1."""
    return t.exp(t.mul(periods, log1p(t.as_array(rate))))


def annuity(rate: t.Operand, periods: t.Operand) -> t.Array:
    """What 1 paid at the end of each period grows to, ((1+rate)^periods - 1)/rate, for rates above -1."""
    rate = t.as_array(rate)
    by_period = t.mul(periods, log_slope(rate, order=0))
    return t.mul(by_period, growth_slope(t.mul(periods, log1p(rate)), order=0))


# --- rates that solve an equation -----------------------------------------------------------------------

Worth = Callable[[float], tuple[float, float, float]]  # at a rate: value, slope, size of its largest terms

NEWTON_STEPS = 60
POLISHING = 4
HALVINGS = 50
SLIGHT = 1e-9  # of the size of its terms: a value that is as good as 0
RATES = np.expm1(np.concatenate([np.linspace(-16, -0.02, 300), np.linspace(0.0, 16, 300)]))


def _added(terms: Iterable[float]) -> float:
    """The sum without rounding on the way; nan beyond all numbers."""
    try:
        return math.fsum(terms)
    except (OverflowError, ValueError):  # of infinities of both signs
        return math.nan


def root_near(worth: Worth, guess: float) -> float:
    """The rate above -1 at which a value is 0 that Newton's steps from the guess lead to; if they lead
    nowhere, the one nearest to the guess. nan where there is none."""
    if not guess > -1.0:
        return math.nan
    found = _by_newton(worth, guess)
    return _nearest(worth, guess) if math.isnan(found) else found


def _by_newton(worth: Worth, rate: float, steps: int = NEWTON_STEPS) -> float:
    for _ in range(steps):
        value, slope, size = worth(rate)
        if not (math.isfinite(value) and math.isfinite(slope)) or slope == 0.0:
            return math.nan
        step = value / slope
        if abs(step) <= 1e-13 * (1.0 + abs(rate)) and abs(value) <= SLIGHT * size:
            return _polished(worth, rate)
        rate -= step
        if not -1.0 < rate < math.inf:
            return math.nan
    return math.nan


def _polished(worth: Worth, rate: float) -> float:
    """The rate after a few more steps, while these bring its value nearer to 0."""
    value, slope, _ = worth(rate)
    for _ in range(POLISHING):
        closer = rate - value / slope if slope else rate
        if closer == rate or not closer > -1.0:
            break
        new_value, slope, _ = worth(closer)
        if not abs(new_value) < abs(value):
            break
        rate, value = closer, new_value
    return rate


def _nearest(worth: Worth, guess: float) -> float:
    values = np.array([worth(float(rate))[0] for rate in RATES])
    signs = np.sign(values)
    ends = np.flatnonzero((signs[:-1] * signs[1:] <= 0) & np.isfinite(values[:-1]) & np.isfinite(values[1:]))
    if not len(ends):
        return math.nan
    at = min(ends, key=lambda i: max(RATES[i] - guess, guess - RATES[i + 1], 0.0))
    low, high = float(RATES[at]), float(RATES[at + 1])
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if np.sign(worth(middle)[0]) == signs[at] else (low, middle)
    return _polished(worth, (low + high) / 2)


def _each_root(solve: Callable[..., float], operands: Sequence[Tensor], rows: int) -> Tensor:
    """solve(operands) of each place; of the first `rows` operands each gets its last axis as a row."""
    lines = np.broadcast_shapes(*(x.shape[:-1] for x in operands[:rows]), *(x.shape[:-1] for x in operands))
    arrays = [
        np.broadcast_to(x.numpy(), (*lines, x.shape[-1])).reshape(-1, x.shape[-1]).tolist() for x in operands
    ]
    roots = [solve(*line[:rows], *(x[0] for x in line[rows:])) for line in zip(*arrays, strict=True)]
    return torch.tensor(roots, dtype=t.DTYPE).reshape(*lines, 1)


@t.Primitive
def _internal_rate(flows: Tensor, times: Tensor, guess: Tensor) -> Tensor:
    return one_by_one(lambda *operands: _each_root(_rate_of_flows, operands, rows=2), flows, times, guess)


def internal_rate(flows: t.Array, times: t.Array, guess: t.Array) -> t.Array:
    """The rate at which flows (..., n), each divided by (1+rate)^time, add up to 0 (..., 1), nan where there
    is none. It is the one that `guess` (..., 1) leads to, and does not change with it otherwise."""
    return t.may_fail(_internal_rate(flows, times, guess))


def _rate_of_flows(flows: list[float], times: list[float], guess: float) -> float:
    kept = [(flow, time) for flow, time in zip(flows, times, strict=True) if flow]
    if not all(math.isfinite(flow) for flow, _ in kept):
        return math.nan
    if not kept or min(kept)[0] >= 0 or max(kept)[0] <= 0:
        return math.nan
    first = min(time for _, time in kept)
    amounts = np.array([flow for flow, _ in kept])
    later = np.array([time - first for _, time in kept])  # the root is the same counted from the first

    def worth(rate: float) -> tuple[float, float, float]:
        with np.errstate(all="ignore"):
            now = amounts * np.exp(-later * math.log1p(rate))
            sizes = float(np.abs(now).sum())
            if not math.isfinite(sizes):
                return math.nan, math.nan, sizes
            return _added(now), -_added(now * later) / (1.0 + rate), sizes

    return root_near(worth, guess)


@_internal_rate.pullback
def _(g, out, flows, times, guess):
    logged = log1p(out)
    discount = t.exp(t.neg(t.mul(times, logged)))
    slope = t.total(t.mul(t.mul(flows, times), discount), dims=(len(out.shape) - 1,))
    by_flows = t.div(t.mul(t.mul(g, t.add(out, 1.0)), discount), _unless_zero(slope))
    by_times = None
    if isinstance(times, t.Var):
        by_times = t.sum_to(t.neg(t.mul(t.mul(by_flows, flows), logged)), t.shape_of(times))
    return t.sum_to(by_flows, t.shape_of(flows)), by_times, None


def _unless_zero(x: t.Array) -> t.Array:
    """x, but 1 where an error stands in the place of a root."""
    return t.where(t.equal(x, 0.0), 1.0, x)


def paid_off(rate, periods, payment, present, future, early) -> t.Array:
    """What is left of payments in periods of interest: 0 at an annuity's rate."""
    due = t.mul(payment, t.add(t.mul(rate, early), 1.0))
    grown = t.mul(present, growth(rate, periods))
    return t.add(t.add(grown, t.mul(due, annuity(rate, periods))), future)


@t.Primitive
def _annuity_rate(
    periods: Tensor, payment: Tensor, present: Tensor, future: Tensor, early: Tensor, guess: Tensor
) -> Tensor:
    operands = [
        x[..., None] for x in torch.broadcast_tensors(periods, payment, present, future, early, guess)
    ]
    solve = one_by_one(lambda *each: _each_root(_rate_of_annuity, each, rows=0), *operands)
    return solve[..., 0]


def annuity_rate(periods, payment, present, future, early, guess) -> t.Array:
    """The rate of interest of an annuity, of operands that broadcast; nan where there is none."""
    return t.may_fail(_annuity_rate(*map(t.as_array, (periods, payment, present, future, early, guess))))


def _rate_of_annuity(
    periods: float, payment: float, present: float, future: float, early: float, guess: float
) -> float:
    def at_the_end(rate: float) -> tuple[float, float, float]:
        rises = periods * math.log1p(rate)
        if abs(rises) > 700.0:
            return math.nan, math.nan, math.inf
        grown, due = math.exp(rises), payment * (1 + rate * early)
        sum_ = math.expm1(rises) / rate if rate else periods
        sum_slope = _slope_of_sum(rate, periods, sum_, grown)
        terms = present * grown, due * sum_, future
        slope = present * periods * grown / (1 + rate) + payment * early * sum_ + due * sum_slope
        return _added(terms), slope, sum(map(abs, terms))

    def today(rate: float) -> tuple[float, float, float]:
        """In today's money, where steps lead to a root from further off."""
        value, slope, size = at_the_end(rate)
        if not math.isfinite(value):
            return value, slope, size
        now = math.exp(-periods * math.log1p(rate))
        return value * now, (slope - value * periods / (1 + rate)) * now, size * now

    if not all(map(math.isfinite, (periods, payment, present, future))):
        return math.nan
    found = (
        _by_newton(at_the_end, guess) if guess > -1.0 else math.nan
    )  # of several roots the one Excel finds
    return root_near(today, guess) if math.isnan(found) else found


def _slope_of_sum(rate: float, periods: float, sum_: float, grown: float) -> float:
    if abs(rate) * (1 + abs(periods)) < 1e-4:
        return periods * (periods - 1) * (1 / 2 + (periods - 2) * rate / 3)
    return (periods * grown / (1 + rate) - sum_) / rate


@_annuity_rate.pullback
def _(g, out, periods, payment, present, future, early, guess):
    logged, rises = log1p(out), t.mul(periods, log1p(out))
    grown, lean, rise = t.exp(rises), log_slope(out, order=0), growth_slope(rises, order=0)
    sum_, by_time = t.mul(t.mul(periods, lean), rise), t.div(periods, t.add(out, 1.0))
    factor = t.add(t.mul(out, early), 1.0)
    due = t.mul(payment, factor)
    leaning = t.mul(log_slope(out, order=1), rise)
    rising = t.mul(t.mul(lean, growth_slope(rises, order=1)), by_time)
    slope = t.add(
        t.add(t.mul(t.mul(present, grown), by_time), t.mul(t.mul(payment, early), sum_)),
        t.mul(due, t.mul(periods, t.add(leaning, rising))),
    )
    each = t.neg(t.div(g, _unless_zero(slope)))
    partials = (
        t.add(t.mul(t.mul(present, grown), logged), t.mul(t.mul(due, grown), lean)),
        t.mul(factor, sum_),
        grown,
        1.0,
    )
    operands = periods, payment, present, future
    found = [
        t.sum_to(t.mul(each, partial), t.shape_of(x)) if isinstance(x, t.Var) else None
        for x, partial in zip(operands, partials, strict=True)
    ]
    return *found, None, None
