"""Excel's category Financial, securities: prices, yields and coupons of bonds and bills.

Dates, frequency and basis are constants; see daycount.py for what a basis is.
"""

import math
from collections.abc import Callable
from functools import partial

from xlcicf.formula import tape as t
from xlcicf.formula.cash_flows import Terms, added_up, discounted, payments_of, yielded
from xlcicf.formula.coercion import taken_without_truths
from xlcicf.formula.dates import first_day
from xlcicf.formula.daycount import (
    Coupons,
    accrued_periods,
    counted_day,
    coupons,
    day_of,
    is_date,
    months_from,
    number_of_day,
    years_at_maturity,
    years_until,
)
from xlcicf.formula.functions.financial import NONE, checked
from xlcicf.formula.functions.table import of_numbers
from xlcicf.formula.number_by_number import each

BASIS = NONE
FACE = 100.0
of_security = partial(of_numbers, taken=taken_without_truths)


def _is_basis(basis: float) -> bool:
    return 0 <= basis < 5


# --- coupon dates ---------------------------------------------------------------------------------------


def _of_coupons(what: Callable[[Coupons], float]) -> Callable[..., t.Array]:
    """`what` of the coupon period in which each security is settled, nan (#NUM!) where there is none."""

    def plain(settlement: float, maturity: float, frequency: float, basis: float) -> float:
        days, per_year = (counted_day(settlement), counted_day(maturity)), math.floor(frequency)
        if not (all(map(is_date, days)) and days[0] < days[1] and per_year in (1, 2, 4) and _is_basis(basis)):
            return math.nan
        return float(what(coupons(*days, per_year, int(basis))))

    return lambda settlement, maturity, frequency, basis=BASIS: each(
        plain, settlement, maturity, frequency, basis
    )


def _before_settlement(of: Coupons) -> float:
    return of.before - first_day() if of.before > 0 else math.nan


for name, what in (
    ("COUPDAYBS", lambda of: of.days_before),
    ("COUPDAYS", lambda of: of.days),
    ("COUPDAYSNC", lambda of: of.days_after),
    ("COUPNCD", lambda of: of.after - first_day()),
    ("COUPNUM", lambda of: of.due),
    ("COUPPCD", _before_settlement),
):
    of_security(
        name, *(f"{name}(40568,40862,2,{basis})*~2" for basis in range(5)), f"{name}(40602,41333,$B$1)*~2",
        arity=(3, 4), fixed=(0, 1, 2, 3),
    )(_of_coupons(what))  # fmt: skip


def _terms(settlement, maturity, frequency, basis) -> Terms:
    args = settlement, maturity, frequency, basis
    return Terms(
        _of_coupons(lambda of: of.due)(*args),
        _of_coupons(lambda of: 1.0 - of.days_before / of.days)(*args),
        _of_coupons(lambda of: of.days_before / of.days)(*args),
    )


def _is_bond(terms: Terms, *not_negative) -> t.Array:
    known = t.equal(terms.due, terms.due)
    for x in not_negative:
        known = t.both(known, t.greater_equal(x, 0.0))
    return known


@of_security(
    "PRICE", "PRICE(39493,43054,~0.0575,~0.065,~100,2,0)", "PRICE(39493,39600,~0.0575,~0.065,~100,2,1)",
    "PRICE(39493,43054,~0.0575,~0.065,~100,$B$1)",
    arity=(6, 7), fixed=(0, 1, 5, 6),
)  # fmt: skip
def price(settlement, maturity, rate, yield_, redemption, frequency, basis=BASIS):
    """In the last coupon period interest is simple."""
    terms, frequency = _terms(settlement, maturity, frequency, basis), t.truncated(frequency)
    inside = t.both(_is_bond(terms, rate, yield_), t.greater(redemption, 0.0))
    coupon = t.div(t.mul(rate, FACE), frequency)
    each_yield = t.where(inside, t.div(yield_, frequency), 0.0)
    payments = payments_of(terms, coupon, redemption)
    compound = added_up(discounted(*payments, each_yield))
    simple = t.div(t.add(coupon, redemption), t.add(t.mul(terms.first, each_yield), 1.0))
    worth = t.where(t.equal(terms.due, 1.0), simple, compound)
    return checked(inside, t.sub(worth, t.mul(coupon, terms.passed)))


@of_security(
    "YIELD", "YIELD(39493,42689,~0.0575,~95.04287,~100,2,0)", "YIELD(39493,39600,~0.0575,~99,~100,2,1)",
    "YIELD(39493,42689,~0.0575,~105,~100,$B$1)", arity=(6, 7), fixed=(0, 1, 5, 6),
)  # fmt: skip
def yield_of_bond(settlement, maturity, rate, price, redemption, frequency, basis=BASIS):
    terms, frequency = _terms(settlement, maturity, frequency, basis), t.truncated(frequency)
    inside = t.both(_is_bond(terms, rate), t.both(t.greater(price, 0.0), t.greater(redemption, 0.0)))
    coupon = t.div(t.mul(rate, FACE), frequency)
    cost = t.where(inside, t.add(price, t.mul(coupon, terms.passed)), 1.0)
    simple = t.div(t.sub(t.div(t.add(coupon, redemption), cost), 1.0), terms.first)
    root = yielded(cost, *payments_of(terms, coupon, redemption))
    return checked(inside, t.mul(t.where(t.equal(terms.due, 1.0), simple, root), frequency))


def _duration(settlement, maturity, coupon, yield_, frequency, basis) -> t.Array:
    """The mean of the years until each payment, weighed by what it is worth."""
    terms, frequency = _terms(settlement, maturity, frequency, basis), t.truncated(frequency)
    inside = _is_bond(terms, coupon, yield_)
    each_yield = t.where(inside, t.div(yield_, frequency), 0.0)
    payments, periods = payments_of(terms, t.div(t.mul(coupon, FACE), frequency), t.as_array(FACE))
    worth = discounted(payments, periods, each_yield)
    mean = t.div(added_up(t.mul(worth, periods)), added_up(worth))
    return checked(inside, t.div(mean, frequency))


@of_security(
    "DURATION", "DURATION(43282,54058,~0.08,~0.09,2,1)", "DURATION(43282,43300,~0.08,~0.09,2)",
    arity=(5, 6), fixed=(0, 1, 4, 5),
)  # fmt: skip
def duration(settlement, maturity, coupon, yield_, frequency, basis=BASIS):
    return _duration(settlement, maturity, coupon, yield_, frequency, basis)


@of_security("MDURATION", "MDURATION(39448,42370,~0.08,~0.09,2,1)", arity=(5, 6), fixed=(0, 1, 4, 5))
def modified_duration(settlement, maturity, coupon, yield_, frequency, basis=BASIS):
    years = _duration(settlement, maturity, coupon, yield_, frequency, basis)
    return t.div(years, t.add(t.div(yield_, t.truncated(frequency)), 1.0))


# --- interest paid at maturity --------------------------------------------------------------------------


@of_security("DISC", "DISC(43282,54058,~97.975,~100,1)", arity=(4, 5), fixed=(0, 1, 4))
def discount_rate(settlement, maturity, price, redemption, basis=BASIS):
    inside = t.both(t.greater(price, 0.0), t.greater(redemption, 0.0))
    share = t.div(price, t.where(inside, redemption, 1.0))
    return checked(inside, t.div(t.sub(1.0, share), years_until(settlement, maturity, basis)))


@of_security("INTRATE", "INTRATE(39493,39583,~1000000,~1014420,2)", arity=(4, 5), fixed=(0, 1, 4))
def interest_rate(settlement, maturity, investment, redemption, basis=BASIS):
    inside = t.both(t.greater(investment, 0.0), t.greater(redemption, 0.0))
    gain = t.sub(t.div(redemption, t.where(inside, investment, 1.0)), 1.0)
    return checked(inside, t.div(gain, years_until(settlement, maturity, basis)))


@of_security("RECEIVED", "RECEIVED(39493,39583,~1000000,~0.0575,2)", arity=(4, 5), fixed=(0, 1, 4))
def received(settlement, maturity, investment, discount, basis=BASIS):
    kept = t.sub(1.0, t.mul(discount, years_until(settlement, maturity, basis)))
    inside = t.both(t.both(t.greater(investment, 0.0), t.greater(discount, 0.0)), t.greater(kept, 0.0))
    return checked(inside, t.div(investment, t.where(inside, kept, 1.0)))


@of_security("PRICEDISC", "PRICEDISC(39494,39508,~0.0525,~100,2)", arity=(4, 5), fixed=(0, 1, 4))
def price_at_discount(settlement, maturity, discount, redemption, basis=BASIS):
    inside = t.both(t.greater(discount, 0.0), t.greater(redemption, 0.0))
    years = years_until(settlement, maturity, basis)
    return checked(inside, t.mul(redemption, t.sub(1.0, t.mul(discount, years))))


@of_security("YIELDDISC", "YIELDDISC(39494,39508,~99.795,~100,2)", arity=(4, 5), fixed=(0, 1, 4))
def yield_at_discount(settlement, maturity, price, redemption, basis=BASIS):
    return interest_rate(settlement, maturity, price, redemption, basis)


@of_security(
    "PRICEMAT", "PRICEMAT(39493,39551,39397,~0.061,~0.061,0)", "PRICEMAT(39493,39551,39397,~0.061,~0.05)",
    arity=(5, 6), fixed=(0, 1, 2, 5),
)  # fmt: skip
def price_at_maturity(settlement, maturity, issue, rate, yield_, basis=BASIS):
    whole, left, passed = years_at_maturity(settlement, maturity, issue, basis)
    inside = t.both(t.greater_equal(rate, 0.0), t.greater_equal(yield_, 0.0))
    bottom = t.add(t.mul(left, t.where(inside, yield_, 0.0)), 1.0)
    worth = t.div(t.add(t.mul(whole, rate), 1.0), bottom)
    return checked(inside, t.mul(t.sub(worth, t.mul(passed, rate)), FACE))


@of_security("YIELDMAT", "YIELDMAT(39522,39755,39394,~0.0625,~100.0123,0)", arity=(5, 6), fixed=(0, 1, 2, 5))
def yield_at_maturity(settlement, maturity, issue, rate, price, basis=BASIS):
    whole, left, passed = years_at_maturity(settlement, maturity, issue, basis)
    inside = t.both(t.greater_equal(rate, 0.0), t.greater(price, 0.0))
    cost = t.add(t.div(price, FACE), t.mul(passed, rate))
    gain = t.sub(t.div(t.add(t.mul(whole, rate), 1.0), t.where(inside, cost, 1.0)), 1.0)
    return checked(inside, t.div(gain, left))


TRUE = t.as_array(1.0)
THOUSAND = t.as_array(1000.0)


@of_security(
    "ACCRINT", "ACCRINT(39508,39691,39569,~0.1,~1000,2,0)", "ACCRINT(39512,39691,39569,~0.1,~1000,2,0,FALSE)",
    "ACCRINT(39543,39691,39569,~0.1,~1000,2,0,TRUE)", "ACCRINT(39508,39691,39869,~0.1,~1000,2,1,FALSE)",
    "ACCRINT(39508,39691,39569,~0.1,,2)", "ACCRINT(39508,39691,39869,~0.1,~1000,$B$1,1)",
    arity=(6, 8), fixed=(0, 1, 2, 5, 6, 7), omitted={4: 1000.0}, conditions=(7,),
)  # fmt: skip
def accrued_interest(issue, first_interest, settlement, rate, par, frequency, basis=BASIS, from_issue=TRUE):
    """Paid at settlement."""

    def plain(issue, first_interest, settlement, frequency, basis, from_issue) -> float:
        issue, first, settled = map(counted_day, (issue, first_interest, settlement))
        per_year = math.floor(frequency)
        if not (all(map(is_date, (issue, first, settled))) and issue < settled and per_year in (1, 2, 4)):
            return math.nan
        if not _is_basis(basis):
            return math.nan
        return accrued_periods(issue, first, settled, per_year, int(basis), bool(from_issue))

    periods = each(plain, issue, first_interest, settlement, frequency, basis, from_issue)
    inside = t.both(t.greater(rate, 0.0), t.greater(par, 0.0))
    return checked(inside, t.div(t.mul(t.mul(par, rate), periods), t.truncated(frequency)))


@of_security(
    "ACCRINTM", "ACCRINTM(39539,39614,~0.1,~1000,3)", "ACCRINTM(39539,39614,~0.1)",
    "ACCRINTM(39539,39614,~0.1,,1)",
    arity=(3, 5), fixed=(0, 1, 4), omitted={3: 1000.0},
)  # fmt: skip
def accrued_interest_at_maturity(issue, settlement, rate, par=THOUSAND, basis=BASIS):
    inside = t.both(t.greater(rate, 0.0), t.greater(par, 0.0))
    return checked(inside, t.mul(t.mul(par, rate), years_until(issue, settlement, basis)))


# --- bills ----------------------------------------------------------------------------------------------


def _bill_days(settlement, maturity) -> t.Array:
    """Days from settlement to maturity, nan (#NUM!) for none or more than a year."""

    def plain(settlement: float, maturity: float) -> float:
        start, end = counted_day(settlement), counted_day(maturity)
        if not (is_date(start) and is_date(end) and start < end <= months_from_exactly(start)):
            return math.nan
        return float(end - start)

    return each(plain, settlement, maturity)


def months_from_exactly(start: int) -> int:
    """The same day a year later."""
    day = day_of(start)
    if (day.month, day.day) == (2, 29):
        return months_from(start, 12) + 1
    return number_of_day(day.replace(year=day.year + 1))


@of_security("TBILLPRICE", "TBILLPRICE(39538,39600,~0.09)", arity=(3, 3), fixed=(0, 1))
def bill_price(settlement, maturity, discount):
    left = t.sub(1.0, t.mul(discount, t.div(_bill_days(settlement, maturity), 360.0)))
    inside = t.both(t.greater(discount, 0.0), t.greater(left, 0.0))
    return checked(inside, t.mul(left, FACE))


@of_security("TBILLYIELD", "TBILLYIELD(39538,39600,~98.45)", arity=(3, 3), fixed=(0, 1))
def bill_yield(settlement, maturity, price):
    inside = t.greater(price, 0.0)
    gain = t.sub(t.div(FACE, t.where(inside, price, 1.0)), 1.0)
    return checked(inside, t.mul(gain, t.div(360.0, _bill_days(settlement, maturity))))


HALF_A_YEAR = 182.0


@of_security(
    "TBILLEQ", "TBILLEQ(39538,39600,~0.0914)", "TBILLEQ(39538,39800,~0.0914)", arity=(3, 3), fixed=(0, 1)
)
def bill_as_bond(settlement, maturity, discount):
    """The yield of a bond that pays interest twice a year; beyond half a year once more than simply."""
    days = _bill_days(settlement, maturity)
    left = t.sub(1.0, t.mul(discount, t.div(days, 360.0)))
    inside = t.both(t.greater(discount, 0.0), t.greater(left, 0.0))
    left = t.where(inside, left, 1.0)
    simple = t.div(t.mul(discount, 365.0), t.mul(left, 360.0))
    years = t.div(days, t.where(t.greater(days, 365.0), 366.0, 365.0))
    twice = t.sub(t.mul(years, 2.0), 1.0)
    long = t.greater(days, HALF_A_YEAR)
    beyond = t.where(long, twice, 1.0)
    inner = t.sub(t.square(years), t.mul(beyond, t.sub(1.0, t.div(1.0, left))))
    root = t.sqrt(t.where(t.greater(inner, 0.0), inner, 1.0))
    compound = t.div(t.mul(t.sub(root, years), 2.0), beyond)
    return checked(inside, t.where(long, compound, simple))
