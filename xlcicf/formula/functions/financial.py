"""Excel's category Financial: annuities, payments in a row, rates and depreciation. Securities: bonds.py.

Money received is positive and money paid negative, so that a formula's sides add up to 0.
"""

import math
from functools import reduce

from xlcicf.formula import tape as t
from xlcicf.formula.coercion import number_of, taken_without_truths
from xlcicf.formula.compounding import annuity, annuity_rate, growth, internal_rate, log1p, log_slope
from xlcicf.formula.context import Fails, Misused
from xlcicf.formula.counted import Series
from xlcicf.formula.daycount import years_between
from xlcicf.formula.functions.operators import EXP_LIMIT, power
from xlcicf.formula.functions.rounding import rounded
from xlcicf.formula.functions.table import OrError, of_constants, of_numbers, of_series
from xlcicf.formula.number_by_number import each
from xlcicf.formula.special import expm1

TWELVE = t.as_array(12.0)
NONE = t.as_array(0.0)  # an amount that is left out
GUESS = t.reshape(t.as_array(0.1), shape=(1, 1, 1, 1))

# --- annuities ------------------------------------------------------------------------------------------


def _compound(rate, periods) -> tuple[t.Array, t.Array]:
    """What 1 grows to, and what 1 paid each period does."""
    usual = t.greater(rate, -1.0)
    safe_rate = t.where(usual, rate, 0.0)
    held = t.both(usual, t.less_equal(t.mul(periods, log1p(safe_rate)), EXP_LIMIT))
    safe_rate, safe_periods = t.where(held, rate, 0.0), t.where(held, periods, 1.0)
    found = growth(safe_rate, safe_periods), annuity(safe_rate, safe_periods)
    if t.holds_everywhere(held):
        return found
    grown = annual = t.NAN
    if not any(isinstance(x, t.Var) for x in (rate, periods)):
        grown = power(t.where(usual, 0.5, t.add(rate, 1.0)), periods)  # interest that eats up all and more
        annual = t.div(t.sub(grown, 1.0), t.where(usual, 1.0, rate))
    unusual = tuple(t.where(usual, t.NAN, x) for x in (grown, annual))
    return t.where(held, found[0], unusual[0]), t.where(held, found[1], unusual[1])


def _is_early(kind) -> t.Array:
    """1 where payments are due when a period begins, 0 where they are when it ends."""
    early = t.not_equal(kind, 0.0)
    t.decide(early)
    return t.as_number(early)


def _times_due(x, rate, kind):
    """x payments' worth at the end of a period."""
    return t.mul(x, t.add(t.mul(rate, _is_early(kind)), 1.0))


def _ratio(a, b) -> t.Array:
    """a/b, nan (#NUM!) where b is 0."""
    zero = t.equal(b, 0.0)
    if not isinstance(b, t.Var) and not t.holds_somewhere(zero):
        return t.div(a, b)
    return t.where(zero, t.NAN, t.div(a, t.where(zero, 1.0, b)))


def checked(holds, x) -> t.Array:
    """x where the arguments are such as Excel takes, else nan (#NUM!)."""
    return x if t.holds_everywhere(holds) else t.where(holds, x, t.NAN)


def all_of(*patterns) -> t.Array:
    out = patterns[0]
    for pattern in patterns[1:]:
        out = t.both(out, pattern)
    return out


@of_numbers(
    "PV", "PV(~0.08,~20,~-500,~100,1)", "PV(~0.02,~12,~5)", "PV(~0,~12,~5,~7)", "PV(~-0.1,~3,,~9)",
    arity=(3, 5),
)  # fmt: skip
def present_value(rate, periods, payment, future=NONE, kind=NONE):
    grown, paid = _compound(rate, periods)
    out = t.neg(_ratio(t.add(future, t.mul(_times_due(payment, rate, kind), paid)), grown))
    nothing_left = t.both(t.equal(rate, -1.0), t.greater(periods, 0.0))
    return OrError(out, nothing_left, "#DIV/0!", "divides by 0, what 1 grows to")


@of_numbers(
    "FV", "FV(~0.06,~10,~-200,~-500,1)", "FV(~0.01,~12,~-1000)", "FV(~0,~12,~-10,~3)", "FV(~0.1,~3,,~9)",
    arity=(3, 5),
)  # fmt: skip
def future_value(rate, periods, payment, present=NONE, kind=NONE):
    out = _future_value(rate, periods, payment, present, kind)
    back_to_nothing = t.both(t.equal(rate, -1.0), t.less(periods, 0.0))
    return OrError(out, back_to_nothing, "#DIV/0!", "divides by 0, what 1 grows to")


def _future_value(rate, periods, payment, present, kind) -> t.Array:
    grown, paid = _compound(rate, periods)
    return t.neg(t.add(t.mul(present, grown), t.mul(_times_due(payment, rate, kind), paid)))


@of_numbers(
    "PMT", "PMT(~0.01,~10,~10000)", "PMT(~0.005,~216,~0,~50000)", "PMT(~0,~10,~100,~5,1)",
    "PMT(~0.1,~10,~100,,1)", arity=(3, 5),
)  # fmt: skip
def payment(rate, periods, present, future=NONE, kind=NONE):
    grown, paid = _compound(rate, periods)
    out = t.neg(_ratio(t.add(t.mul(present, grown), future), _times_due(paid, rate, kind)))
    return checked(t.greater(rate, -1.0), out)


def _interest(rate, period, periods, present, future, kind) -> t.Array:
    each = payment(rate, periods, present, future, kind)
    owed = t.neg(_future_value(rate, t.sub(period, 1.0), each, present, kind))
    early = _is_early(kind)
    due = t.neg(t.div(t.mul(owed, rate), t.add(t.mul(rate, early), 1.0)))
    at_once = t.both(t.equal(early, 1.0), t.equal(period, 1.0))
    inside = t.both(t.greater_equal(period, 1.0), t.less(period, t.add(periods, 1.0)))
    return checked(inside, t.where(at_once, 0.0, due))


@of_numbers(
    "IPMT", "IPMT(~0.01,~2,~36,~8000)", "IPMT(~0.1,3,~4,~8000,~5,1)", "IPMT(~0.1,1,~3,~8000,,1)+~1",
    "IPMT(~0,2,~5,~8000)", arity=(4, 6),
)  # fmt: skip
def interest_payment(rate, period, periods, present, future=NONE, kind=NONE):
    return _interest(rate, period, periods, present, future, kind)


@of_numbers(
    "PPMT", "PPMT(~0.01,~2,~36,~8000)", "PPMT(~0.1,3,~4,~8000,~5,1)", "PPMT(~0.1,1,~3,~8000,,1)",
    "PPMT(~0,2,~5,~8000)", arity=(4, 6),
)  # fmt: skip
def principal_payment(rate, period, periods, present, future=NONE, kind=NONE):
    early = _is_early(kind)
    each = payment(rate, periods, present, future, kind)
    first = t.neg(
        t.div(t.add(present, future), t.mul(_compound(rate, periods)[1], t.add(t.mul(rate, early), 1.0)))
    )
    inside = t.both(t.greater_equal(period, 1.0), t.less(period, t.add(periods, 1.0)))
    at_once = t.both(t.equal(early, 1.0), t.equal(period, 1.0))
    later = t.mul(first, _compound(rate, t.sub(period, 1.0))[0])
    return checked(t.both(inside, t.greater(rate, -1.0)), t.where(at_once, each, later))


def _principal_paid(rate, periods, present, start, end, kind) -> tuple[t.Array, t.Array]:
    """What the payments of some periods pay back, and the payments themselves.

    What is paid back grows with each period as a deposit would. A payment that is due at once, when the first
    period begins, is paid back as a whole."""
    start, end, early = t.neg(t.floor(t.neg(start))), t.floor(end), _is_early(kind)
    taken = all_of(
        t.greater(rate, 0.0), t.greater(periods, 0.0), t.greater(present, 0.0),
        t.greater_equal(start, 1.0), t.greater_equal(end, start), t.less_equal(end, periods),
        t.either(t.equal(kind, 0.0), t.equal(kind, 1.0)),
    )  # fmt: skip
    rate, start, end = t.where(taken, rate, 1.0), t.where(taken, start, 1.0), t.where(taken, end, 1.0)
    each = payment(rate, periods, present, NONE, kind)
    at_once = t.as_number(t.both(t.equal(early, 1.0), t.equal(start, 1.0)))
    first = t.add(start, at_once)
    grown = t.mul(growth(rate, t.sub(first, 1.0)), annuity(rate, t.add(t.sub(end, first), 1.0)))
    paid_first = t.neg(t.div(present, t.mul(_compound(rate, periods)[1], t.add(t.mul(rate, early), 1.0))))
    principal = t.add(t.mul(paid_first, grown), t.mul(at_once, each))
    payments = t.mul(each, t.add(t.sub(end, start), 1.0))
    return checked(taken, principal), checked(taken, payments)


@of_numbers(
    "CUMPRINC", "CUMPRINC(~0.0075,360,~125000,13,24,0)", "CUMPRINC(~0.1,4,~100,1,2,1)",
    "CUMPRINC(~0.1,30.34,~8000,1.9,8.53,1)", arity=(6, 6), fixed=(1, 3, 4), taken=taken_without_truths,
)  # fmt: skip
def cumulative_principal(rate, periods, present, start, end, kind):
    return _principal_paid(rate, periods, present, start, end, kind)[0]


@of_numbers(
    "CUMIPMT", "CUMIPMT(~0.0075,360,~125000,13,24,0)", "CUMIPMT(~0.1,4,~100,2,3,1)",
    "CUMIPMT(~0.1,29.9,~8000,2.7,9.667,1)", arity=(6, 6), fixed=(1, 3, 4), taken=taken_without_truths,
)  # fmt: skip
def cumulative_interest(rate, periods, present, start, end, kind):
    principal, payments = _principal_paid(rate, periods, present, start, end, kind)
    return t.sub(payments, principal)


@of_numbers("ISPMT", "ISPMT(~0.1,~1,~3,~8000)", arity=(4, 4))
def interest_of_equal_principal(rate, period, periods, present):
    zero = t.equal(periods, 0.0)
    share = t.div(period, t.where(zero, 1.0, periods))
    return OrError(t.mul(t.mul(present, rate), t.sub(share, 1.0)), zero, "#DIV/0!", "divides by 0")


@of_numbers(
    "NPER", "NPER(~0.01,~-100,~-1000,~10000,1)", "NPER(~0.01,~-100,~1000)", "NPER(~0,~-100,~1000)",
    "NPER(~0.1,,~-100,~200)", arity=(3, 5),
)  # fmt: skip
def number_of_periods(rate, payment, present, future=NONE, kind=NONE):
    """log((p - future rate)/(p + present rate))/log(1 + rate) of p due at the end of a period."""
    due = _times_due(payment, rate, kind)
    bottom = t.add(due, t.mul(present, rate))
    owed = t.neg(_ratio(t.add(present, future), bottom))
    grows = t.mul(rate, owed)
    left = t.sub(due, t.mul(future, rate))  # exactly 0 where 1 + grows is so but for rounding
    inside = all_of(t.greater(rate, -1.0), t.greater(grows, -1.0), t.not_equal(left, 0.0))
    rate, grows = t.where(inside, rate, 0.0), t.where(inside, grows, 0.0)
    far = t.greater(t.absolute(grows), 0.5)  # where 1 + grows would lose the digits of the quotient
    near = t.mul(owed, log_slope(t.where(far, 0.0, grows), order=0))
    quotient = t.div(t.where(far, left, 1.0), t.where(far, bottom, 1.0))
    beyond = t.div(t.log(quotient), t.where(far, rate, 1.0))
    lean = log_slope(t.as_array(rate), order=0)
    return checked(inside, t.div(t.where(far, beyond, near), lean))


@of_numbers(
    "RATE", "RATE(~48,~-200,~8000)", "RATE(~10,~-100,~1000)+~1", "RATE(~5,~-100,~300,~80,1,0.2)",
    "RATE(~5,,~-300,~400)", "RATE(~12.5,~-7,~80)", arity=(3, 6),
)  # fmt: skip
def rate_of_interest(periods, payment, present, future=NONE, kind=NONE, guess=GUESS):
    inside = t.greater(periods, 0.0)
    periods = t.where(inside, periods, 1.0)
    return checked(inside, annuity_rate(periods, payment, present, future, _is_early(kind), guess))


# --- payments in a row ----------------------------------------------------------------------------------


@of_series(
    "NPV", "NPV(~0.1,~-10000,~3000,~4200)", "NPV(~0.08,~{-3,1;2.5,3},~1)", "NPV(~0,~B1:B3)",
    "SUMPRODUCT(NPV({0.1,0.2},~B1:B3))", arity=(2, 255), series=lambda i: i > 0,
)  # fmt: skip
def net_present_value(flows: Series, rate):
    """The first payment is a period away."""
    base = t.add(rate, 1.0)
    zero = t.equal(base, 0.0)
    discount = t.power(t.where(zero, 1.0, base), t.neg(flows.number))
    return OrError(_summed(t.mul(flows.numbers, discount)), zero, "#DIV/0!", "divides by 0")


def _summed(rows: t.Array) -> t.Array:
    return t.total(rows, dims=(3,))


@of_series(
    "IRR", "IRR(~{-70000,12000,15000,18000,21000})", "IRR(~{-70,12,15},-0.1)", "IRR(~{-3,9;-3,8})",
    arity=(1, 2), series=lambda i: i == 0, error="#VALUE!",
)  # fmt: skip
def internal_rate_of_return(flows: Series, guess=GUESS):
    below = t.less_equal(guess, -1.0)
    out = internal_rate(flows.numbers, flows.number, t.where(below, 0.1, guess))
    return OrError(out, below, "#VALUE!", "begins at a rate of -100% or less")


@of_series(
    "MIRR", "MIRR(~{-120000,39000,30000,21000,37000,46000},~0.1,~0.12)", "MIRR(~{-3;1;-2;9},~0,~0.05)",
    arity=(3, 3), series=lambda i: i == 0,
)  # fmt: skip
def modified_internal_rate(flows: Series, finance, reinvest):
    t.decide(t.sign(flows.numbers))
    gains = t.where(t.greater(flows.numbers, 0.0), flows.numbers, 0.0)
    costs = t.where(t.less(flows.numbers, 0.0), flows.numbers, 0.0)
    last = t.sub(flows.how_many, flows.number)
    received = _summed(t.mul(gains, _grown(reinvest, last)))
    since_first = t.where(t.equal(costs, 0.0), 0.0, t.sub(1.0, flows.number))
    spent = t.neg(_summed(t.mul(costs, _grown(finance, since_first))))
    alone = t.less_equal(flows.how_many, 1.0)
    later = t.greater(_summed(t.mul(costs, since_first)), 0.0)
    none = t.either(t.either(t.equal(_summed(costs), 0.0), alone), t.both(t.equal(finance, -1.0), later))
    ratio = t.div(t.where(none, 0.0, received), t.where(none, 1.0, spent))
    out = t.sub(power(ratio, t.div(1.0, t.where(alone, 1.0, t.sub(flows.how_many, 1.0)))), 1.0)
    return OrError(out, none, "#DIV/0!", "needs money that goes out, and another payment")


def _grown(rate, periods) -> t.Array:
    """What 1 grows to; within no period it does not."""
    still = t.equal(periods, 0.0)
    return t.where(still, 1.0, power(t.add(rate, 1.0), t.where(still, 1.0, periods)))


def _years_after_first(flows: Series, dates: Series) -> tuple[t.Array, t.Array]:
    """Years of 365 days from the first date to each, and whether the dates are such as Excel takes."""
    if t.shape_of(flows.numbers)[3] != t.shape_of(dates.numbers)[3]:
        raise Fails("#NUM!", "pairs payments with another number of dates")
    days = t.truncated(dates.numbers)
    first = t.segment(days, dim=3, start=0, length=1)
    early = t.either(t.less(days, first), t.less(days, 0.0))
    return t.div(t.sub(days, first), 365.0), t.equal(_summed(t.as_number(early)), 0.0)


@of_series(
    "XNPV", "XNPV(~0.09,~{-10000,2750,4250},{39448,39508,39751})", arity=(3, 3),
    series=lambda i: i > 0, strict="#NUM!", fixed=(2,), taken=taken_without_truths,
)  # fmt: skip
def net_present_value_by_dates(flows: Series, dates: Series, rate):
    """Excel takes rates above 0 only."""
    years, taken = _years_after_first(flows, dates)
    taken = t.both(taken, t.greater(rate, 0.0))
    rate = t.where(t.greater(rate, 0.0), rate, 1.0)
    return checked(taken, _summed(t.mul(flows.numbers, growth(rate, t.neg(years)))))


@of_series(
    "XIRR", "XIRR(~{-10000,2750,4250,3250,2750},{39448,39508,39751,39859,39904},0.1)",
    "XIRR(~{-10,2,3},{39448,39508,39751})", arity=(2, 3),
    series=lambda i: i < 2, strict="#VALUE!", fixed=(1,), pairs=True,
    taken=taken_without_truths,
)  # fmt: skip
def internal_rate_by_dates(flows: Series, dates: Series, guess=GUESS):
    years, taken = _years_after_first(flows, dates)
    return checked(taken, internal_rate(flows.numbers, years, guess))


@of_series(
    "FVSCHEDULE", "FVSCHEDULE(~1,~{0.09,0.11,0.1})", "FVSCHEDULE(~100,~B1:B3)", arity=(2, 2),
    series=lambda i: i == 1, strict="#VALUE!",
)  # fmt: skip
def future_value_by_schedule(rates: Series, principal):
    return t.mul(principal, t.product(t.add(rates.numbers, 1.0), dim=3))


# --- rates ----------------------------------------------------------------------------------------------


@of_numbers(
    "EFFECT", "EFFECT(~0.0525,4)", "EFFECT(~0.1,12.9)", arity=(2, 2), fixed=(1,), taken=taken_without_truths
)
def effective_rate(nominal, times):
    times = t.truncated(times)
    inside = t.both(t.greater(nominal, 0.0), t.greater_equal(times, 1.0))
    nominal, times = t.where(inside, nominal, 1.0), t.where(inside, times, 1.0)
    each = t.div(nominal, times)
    return checked(inside, expm1(t.mul(times, log1p(each))))


@of_numbers(
    "NOMINAL",
    "NOMINAL(~0.053543,4)",
    "NOMINAL(~0.1,12.9)",
    arity=(2, 2),
    fixed=(1,),
    taken=taken_without_truths,
)
def nominal_rate(effective, times):
    times = t.truncated(times)
    inside = t.both(t.greater(effective, 0.0), t.greater_equal(times, 1.0))
    effective, times = t.where(inside, effective, 1.0), t.where(inside, times, 1.0)
    return checked(inside, t.mul(t.mul(effective, times), annuity(effective, t.div(1.0, times))))


@of_numbers("RRI", "RRI(~96,~10000,~11000)", arity=(3, 3))
def equivalent_rate(periods, present, future):
    inside = t.both(t.greater(periods, 0.0), t.not_equal(present, 0.0))
    periods, present = t.where(inside, periods, 1.0), t.where(inside, present, 1.0)
    ratio = t.div(future, present)
    inside = t.both(inside, t.greater_equal(ratio, 0.0))
    return checked(inside, t.sub(power(t.where(inside, ratio, 1.0), t.div(1.0, periods)), 1.0))


@of_numbers("PDURATION", "PDURATION(~0.025,~2000,~2200)", arity=(3, 3))
def periods_to_grow(rate, present, future):
    inside = all_of(t.greater(rate, 0.0), t.greater(present, 0.0), t.greater(future, 0.0))
    rate, present, future = (t.where(inside, x, 1.0) for x in (rate, present, future))
    return checked(inside, t.div(t.sub(t.log(future), t.log(present)), log1p(rate)))


# --- prices in fractions --------------------------------------------------------------------------------


def _digits(denominator) -> tuple[t.Array, t.Array, t.Array]:
    """A whole denominator, the power of 10 not below it, and where it is 0; nan where it is below."""
    whole, zero = (
        t.truncated(denominator),
        t.both(t.greater_equal(denominator, 0.0), t.less(denominator, 1.0)),
    )
    whole = t.where(t.less(denominator, 0.0), t.NAN, t.where(zero, 1.0, whole))
    return whole, each(lambda x: 10.0 ** math.ceil(math.log10(x)) if x > 1.0 else 1.0, whole), zero


@of_numbers(
    "DOLLARDE",
    "DOLLARDE(~1.02,16)",
    "DOLLARDE(~-1.1,32.9)",
    arity=(2, 2),
    fixed=(1,),
    taken=taken_without_truths,
)
def decimal_price(price, denominator):
    bottom, scale, zero = _digits(denominator)
    dollars = t.truncated(price)
    t.decide(dollars)
    part = t.div(t.mul(t.sub(price, dollars), scale), bottom)
    return OrError(t.add(dollars, part), zero, "#DIV/0!", "divides by 0")


@of_numbers(
    "DOLLARFR",
    "DOLLARFR(~1.125,16)",
    "DOLLARFR(~-1.1,32.9)",
    arity=(2, 2),
    fixed=(1,),
    taken=taken_without_truths,
)
def fractional_price(price, denominator):
    bottom, scale, zero = _digits(denominator)
    dollars = t.truncated(price)
    t.decide(dollars)
    part = t.div(t.mul(t.sub(price, dollars), bottom), scale)
    return OrError(t.add(dollars, part), zero, "#DIV/0!", "divides by 0")


# --- depreciation ---------------------------------------------------------------------------------------


def _larger(a, b) -> t.Array:
    first = t.greater_equal(a, b)
    t.decide(first)
    return t.where(first, a, b)


@of_numbers("SLN", "SLN(~30000,~7500,~10)", arity=(3, 3))
def straight_line(cost, salvage, life):
    zero = t.equal(life, 0.0)
    return OrError(t.div(t.sub(cost, salvage), t.where(zero, 1.0, life)), zero, "#DIV/0!", "divides by 0")


@of_numbers("SYD", "SYD(~30000,~7500,~10,~1)", "SYD(~30000,~7500,~10,9)", arity=(4, 4))
def sum_of_plain_years(cost, salvage, life, period):
    inside = t.both(t.greater(period, 0.0), t.less_equal(period, life))
    life = t.where(inside, life, 1.0)
    left = t.mul(t.mul(t.sub(cost, salvage), t.add(t.sub(life, period), 1.0)), 2.0)
    return checked(inside, t.div(left, t.mul(life, t.add(life, 1.0))))


@of_numbers(
    "DB", "DB(~1000000,100000,6,1,7)", "DB(~1000000,100000,6,3,7)", "DB(~1000000,100000,6,7,7)",
    "DB(~1000,100,5,2)", arity=(4, 5), fixed=(1, 2, 3, 4),
)  # fmt: skip
def declining_balance(cost, salvage, life, period, months=TWELVE):
    """At a rate rounded to three digits."""
    period, months = t.truncated(period), t.truncated(months)
    last = t.where(t.less(months, 12.0), t.add(life, 1.0), life)
    inside = all_of(
        t.greater_equal(cost, 0.0), t.greater_equal(salvage, 0.0), t.greater(life, 0.0),
        t.greater_equal(period, 1.0), t.less_equal(period, last),
        t.greater_equal(months, 1.0), t.less_equal(months, 12.0),
    )  # fmt: skip
    life, months = t.where(inside, life, 1.0), t.where(inside, months, 12.0)
    worth = t.both(inside, t.greater(cost, 0.0))
    left = t.div(t.where(worth, salvage, 0.0), t.where(worth, cost, 1.0))
    kept = t.where(
        t.greater(left, 0.0), t.power(t.where(t.greater(left, 0.0), left, 1.0), t.div(1.0, life)), 0.0
    )
    rate = rounded(t.sub(1.0, kept), t.as_array(3.0))
    t.decide(rate)
    first = t.mul(t.mul(cost, rate), t.div(months, 12.0))
    owned = t.mul(
        t.sub(cost, first), t.where(t.equal(period, 2.0), 1.0, power(t.sub(1.0, rate), t.sub(period, 2.0)))
    )
    whole = t.mul(owned, rate)
    rest = t.div(t.mul(whole, t.sub(12.0, months)), 12.0)
    beyond = t.greater(period, life)
    out = t.where(t.equal(period, 1.0), first, t.where(beyond, rest, whole))
    return checked(inside, out)


def _left_after(cost, rate, periods) -> t.Array:
    """What is left of a cost that declines at a rate; nothing at a rate of 1 or more."""
    left = t.sub(1.0, rate)
    gone = t.less_equal(left, 0.0)
    declined = t.mul(cost, t.power(t.where(gone, 1.0, left), periods))
    return t.where(gone, t.where(t.equal(periods, 0.0), cost, 0.0), declined)


def _double_declining(cost, salvage, life, period, factor) -> t.Array:
    rate = t.div(factor, life)
    old, new = (_left_after(cost, rate, p) for p in (t.sub(period, 1.0), period))
    return _larger(t.sub(old, _larger(new, salvage)), t.as_array(0.0))


TWICE = t.as_array(2.0)


@of_numbers(
    "DDB", "DDB(~2400,~300,~10,~1,~2)", "DDB(~2400,~300,~10,~9)", "DDB(~2400,~300,~10,2,~1.5)",
    "DDB(~2400,~300,~2,1)", arity=(4, 5),
)  # fmt: skip
def double_declining_balance(cost, salvage, life, period, factor=TWICE):
    inside = all_of(
        t.greater_equal(cost, 0.0), t.greater_equal(salvage, 0.0), t.greater(life, 0.0),
        t.greater(period, 0.0), t.less_equal(period, life), t.greater(factor, 0.0),
    )  # fmt: skip
    life, period, factor = (t.where(inside, x, 1.0) for x in (life, period, factor))
    return checked(inside, _double_declining(cost, salvage, life, period, factor))


@of_numbers(
    "VDB", "VDB(~2400,~300,~3650,0,1)", "VDB(~2400,~300,~10,6,10)", "VDB(~2400,~300,~10,0,0.875,~1.5)",
    "VDB(~2400,~300,~10,2.5,7.25,~2,TRUE)", "VDB(~2400,~300,~10,2.5,7.25)", arity=(5, 7), fixed=(3, 4, 6),
)  # fmt: skip
def variable_declining_balance(cost, salvage, life, start, end, factor=TWICE, stays=NONE):
    """Unless it `stays` with declining balances, it turns to a straight line where that writes off more. Then
    periods are counted from `start` on, and what lies before it is written off by periods that end there."""
    inside = all_of(
        t.greater_equal(start, 0.0), t.greater_equal(end, start), t.less_equal(end, life),
        t.greater_equal(cost, 0.0), t.greater_equal(salvage, 0.0), t.greater(life, 0.0),
        t.greater(factor, 0.0),
    )  # fmt: skip
    life, factor = t.where(inside, life, 1.0), t.where(inside, factor, 1.0)
    start, end = (t.value_of(t.where(t.less(x, 0.0), 0.0, x)) for x in (start, end))
    if end.max() > MOST_PERIODS:
        if t.value_of(t.both(inside, t.greater(end, MOST_PERIODS))).any():
            raise Misused(f"depreciates over more than {MOST_PERIODS:,} periods, which is not computed")
        raise Fails("#NUM!", "depreciates over more periods than there are")
    left, line, total = t.sub(cost, salvage), t.as_array(0.0), t.as_array(0.0)
    straight = t.equal(t.as_array(0.0), 1.0)
    rate = t.neg(_larger(t.neg(t.div(factor, life)), t.as_array(-1.0)))
    early = t.value_of(t.where(t.equal(stays, 0.0), t.as_array((-start) % 1.0), 0.0))
    for period in range(1, int((end + early).max().ceil()) + 1):
        begins = (period - 1.0 - early).clamp(min=0.0)
        length = period - early - begins
        declining = t.neg(_larger(t.neg(t.mul(t.add(left, salvage), rate)), t.neg(left)))
        declining = _larger(declining, t.as_array(0.0))
        years = t.sub(life, begins)
        line = t.where(straight, line, t.div(left, t.where(t.greater(years, 0.0), years, 1.0)))
        straight = t.either(straight, t.both(t.greater(line, declining), t.equal(stays, 0.0)))
        t.decide(straight)
        written_off = t.where(straight, line, declining)
        left = t.sub(left, t.where(straight, 0.0, t.mul(written_off, length)))
        shares = ((x - begins).clamp(min=0.0).minimum(length) for x in (end, start))
        total = t.add(total, t.mul(written_off, t.sub(*shares)))
    return checked(inside, total)


MOST_PERIODS = 20_000


@of_numbers(
    "AMORLINC", "AMORLINC(~2400,39679,39813,~300,1,~0.15,1)", "AMORLINC(~2400,39679,39813,~300,0,~0.15,1)",
    "AMORLINC(~2400,39679,39813,~300,6,~0.15)", "AMORLINC(~2400,39679,39813,~300,9,~0.15)+~1",
    arity=(6, 7), fixed=(1, 2, 4, 6), taken=taken_without_truths,
)  # fmt: skip
def linear_by_french_rule(cost, purchased, first_end, salvage, period, rate, basis=NONE):
    """A part of a year first, then whole years, then what is left."""
    part = _years_in_france(purchased, first_end, basis)
    period = t.truncated(period)
    inside = all_of(
        t.greater_equal(cost, salvage), t.greater_equal(salvage, 0.0), t.greater(rate, 0.0),
        t.greater_equal(period, 0.0), t.greater(cost, 0.0), t.equal(part, part),
    )  # fmt: skip
    cost, rate = t.where(inside, cost, 1.0), t.where(inside, rate, 1.0)
    yearly = t.mul(cost, rate)
    first = t.mul(yearly, part)
    left = t.sub(t.sub(cost, salvage), first)
    whole = t.truncated(t.div(left, yearly))
    t.decide(whole)
    rest = t.where(t.equal(period, t.add(whole, 1.0)), t.relu(t.sub(left, t.mul(yearly, whole))), 0.0)
    later = t.where(t.less_equal(period, whole), yearly, rest)
    return checked(inside, t.where(t.equal(period, 0.0), first, later))


FRENCH_BASES = (0.0, 1.0, 3.0, 4.0)


def _years_in_france(start, end, basis) -> t.Array:
    known = reduce(t.either, (t.equal(basis, allowed) for allowed in FRENCH_BASES))
    return checked(known, years_between(start, end, basis))


@of_constants(
    "AMORDEGRC", "AMORDEGRC(~2400,39679,39813,300,1,0.15,1)", arity=(6, 7), arrays=lambda i: False,
    no_truths=True,
)  # fmt: skip
def declining_by_french_rule(*arguments):
    """In whole units, at a rate raised by a coefficient that depends on the asset's life."""
    cost, purchased, first_end, salvage, period, rate, basis = (*map(number_of, arguments), 0.0)[:7]
    part = t.value_of(_years_in_france(purchased, first_end, t.as_array(basis))).item()
    if math.isnan(part) or not (cost >= salvage >= 0.0 and rate > 0.0 and period >= 0.0):
        raise Fails("#NUM!")
    life = 1.0 / rate
    if life < 3.0 or 4.0 < life <= 5.0:
        raise Fails("#NUM!", "depreciates an asset whose life Excel has no coefficient for")
    if min(period, life) > MOST_PERIODS:
        raise Misused(f"depreciates over more than {MOST_PERIODS:,} periods, which is not computed")
    rate *= 1.5 if life <= 4.0 else 2.0 if life <= 6.0 else 2.5
    written_off = part * rate * cost
    for year in range(1, int(min(period, life + 4.0)) + 1):  # nothing is left after its life
        cost -= written_off
        left = math.ceil(life - year)
        written_off = max(cost - salvage, 0.0) if cost < salvage else cost / 2 if left == 2 else rate * cost
        rate = 1.0 if left == 2 else rate
    return _in_units(written_off)


def _in_units(amount: float) -> float:
    return float(math.floor(amount + 0.5))
