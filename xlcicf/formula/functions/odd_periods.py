"""Excel's category Financial, securities whose first or last interest period is odd.

The formulas are those of Microsoft's pages of these functions: an odd period is cut into quasi-coupon periods
of the usual length, and what it earns, and what of it has passed, are counted in these.
"""

import math

from xlcicf.formula import tape as t
from xlcicf.formula.cash_flows import Terms, added_up, discounted, payments_of, yielded
from xlcicf.formula.daycount import (
    ACTUAL,
    ACTUAL_360,
    ACTUAL_365,
    Coupons,
    counted_day,
    days_between,
    is_date,
    months_from,
)
from xlcicf.formula.functions.bonds import BASIS, FACE, of_security
from xlcicf.formula.functions.financial import checked
from xlcicf.formula.number_by_number import each

LONGEST = 2400  # quasi-coupon periods of one odd period: more than Excel's calendar has years


def _is_asked(days: list[int], frequency: float, basis: float) -> bool:
    """Whether all are dates, each later than the one before it, and frequency and basis are known ones."""
    in_order = all(a < b for a, b in zip(days, days[1:], strict=False))
    return all(map(is_date, days)) and in_order and math.floor(frequency) in (1, 2, 4) and 0 <= basis < 5


def _periods(
    start: int, end: int, cuts: list[tuple[int, int]], frequency: int, basis: int, by_days: bool = False
) -> float:
    """How many quasi-coupon periods, whole ones and parts, lie between two days; `by_days` where the one that
    begins on the first day is counted by its days, as a part of one is."""
    total = 0.0
    for first, last in cuts:
        a, b = max(first, start), min(last, end)
        if a < b:
            usual = Coupons(a, first, last, 1, frequency, basis)
            is_whole = (a, b) == (first, last) and not (by_days and a == start)
            part = usual.days if is_whole else _days(usual, a, b)
            total += part / usual.days
    return total


def _days(period: Coupons, a: int, b: int) -> float:
    """Days of a part of a period, which reaches to its end or not."""
    if b == period.after:
        return Coupons(a, period.before, b, 1, period.frequency, period.basis).days_after
    return days_between(a, b, period.basis)


def _backwards(first: int, start: int, frequency: int) -> list[tuple[int, int]]:
    """The quasi-coupon periods before a coupon date, the last one first, back to `start`."""
    months, cuts, after = 12 // frequency, [], first
    while after > start and len(cuts) < LONGEST:
        before = months_from(first, -months * (len(cuts) + 1))
        cuts.append((before, after))
        after = before
    return cuts


def _forwards(last: int, end: int, frequency: int) -> list[tuple[int, int]]:
    """The quasi-coupon periods after an interest date, as far as `end`."""
    months, cuts, before = 12 // frequency, [], last
    while before < end and len(cuts) < LONGEST:
        after = months_from(last, months * (len(cuts) + 1))
        cuts.append((before, after))
        before = after
    return cuts


# --- the first period -----------------------------------------------------------------------------------


def _of_first(settlement, maturity, issue, first_coupon, frequency, basis) -> list:
    """Of each bond (H, W, h, w): coupons due from the first one on, nan for what is no bond; quasi-coupon
    periods from settlement to the first coupon; those that it pays for; and those that have passed."""

    def plain(what: int):
        def compute(settlement, maturity, issue, first_coupon, frequency, basis) -> float:
            days = [*map(counted_day, (issue, settlement, first_coupon, maturity))]
            if not _is_asked(days, frequency, basis):
                return math.nan
            issued, settled, first, matures = days
            per_year, counting = math.floor(frequency), math.floor(basis)
            cuts = _backwards(first, issued, per_year)
            if what == 0:
                months = 12 // per_year
                due = 1
                while months_from(matures, -months * (due - 1)) > first:
                    due += 1
                return float(due)
            start, end = ((settled, first), (issued, first), (issued, settled))[what - 1]
            return _periods(start, end, cuts, per_year, counting, by_days=what == 1)

        return each(compute, settlement, maturity, issue, first_coupon, frequency, basis)

    return [plain(what) for what in range(4)]


def _known(due, *not_negative) -> t.Array:
    known = t.equal(due, due)
    for x in not_negative:
        known = t.both(known, t.greater_equal(x, 0.0))
    return known


@of_security(
    "ODDFPRICE",
    "ODDFPRICE(39763,44256,39736,39873,~0.0785,~0.0625,~100,2,1)",
    "ODDFPRICE(39763,44256,39114,39873,~0.0785,~0.0625,~100,2,0)",
    arity=(8, 9),
    fixed=(0, 1, 2, 3, 7, 8),
)
def price_with_odd_first(
    settlement, maturity, issue, first_coupon, rate, yield_, redemption, frequency, basis=BASIS
):
    due, left, earned, passed = _of_first(settlement, maturity, issue, first_coupon, frequency, basis)
    frequency = t.truncated(frequency)
    inside = t.both(_known(due, rate, yield_), t.greater(redemption, 0.0))
    coupon = t.div(t.mul(rate, FACE), frequency)
    payments, periods = payments_of(Terms(due, left, passed), coupon, redemption, earned)
    worth = added_up(discounted(payments, periods, t.where(inside, t.div(yield_, frequency), 0.0)))
    return checked(inside, t.sub(worth, t.mul(coupon, passed)))


@of_security(
    "ODDFYIELD",
    "ODDFYIELD(39763,44256,39736,39873,~0.0575,~84.5,~100,2,0)",
    "ODDFYIELD(39763,44256,39114,39873,~0.0575,~84.5,~100,2,1)",
    arity=(8, 9),
    fixed=(0, 1, 2, 3, 7, 8),
)
def yield_with_odd_first(
    settlement, maturity, issue, first_coupon, rate, price, redemption, frequency, basis=BASIS
):
    due, left, earned, passed = _of_first(settlement, maturity, issue, first_coupon, frequency, basis)
    frequency = t.truncated(frequency)
    inside = t.both(_known(due, rate), t.both(t.greater(price, 0.0), t.greater(redemption, 0.0)))
    coupon = t.div(t.mul(rate, FACE), frequency)
    cost = t.where(inside, t.add(price, t.mul(coupon, passed)), 1.0)
    root = yielded(cost, *payments_of(Terms(due, left, passed), coupon, redemption, earned))
    return checked(inside, t.mul(root, frequency))


# --- the last period ------------------------------------------------------------------------------------


def _of_last(settlement, maturity, last_interest, frequency, basis) -> list:
    """Of each bond the quasi-coupon periods from the last interest to maturity, from there to settlement and
    from settlement to maturity; nan for what is no bond."""

    def plain(what: int):
        def compute(settlement, maturity, last_interest, frequency, basis) -> float:
            days = [*map(counted_day, (last_interest, settlement, maturity))]
            if not _is_asked(days, frequency, basis):
                return math.nan
            last, settled, matures = days
            per_year, counting = math.floor(frequency), math.floor(basis)
            if counting in (ACTUAL_360, ACTUAL_365):
                counting = ACTUAL  # a quasi-coupon period has its own days by the calendar
            start, end = ((last, matures), (last, settled), (settled, matures))[what]
            return _periods(start, end, _forwards(last, matures, per_year), per_year, counting)

        return each(compute, settlement, maturity, last_interest, frequency, basis)

    return [plain(what) for what in range(3)]


@of_security(
    "ODDLPRICE",
    "ODDLPRICE(39485,39614,39370,~0.0375,~0.0405,~100,2,0)",
    "ODDLPRICE(39763,44256,39736,~0.0785,~0.0625,~100,2,1)",
    "ODDLPRICE(40181,40216,39873,~0.0785,~0.0625,~100,2,2)",
    arity=(7, 8),
    fixed=(0, 1, 2, 6, 7),
)
def price_with_odd_last(
    settlement, maturity, last_interest, rate, yield_, redemption, frequency, basis=BASIS
):
    whole, passed, left = _of_last(settlement, maturity, last_interest, frequency, basis)
    frequency = t.truncated(frequency)
    inside = t.both(_known(whole, rate, yield_), t.greater(redemption, 0.0))
    coupon = t.div(t.mul(rate, FACE), frequency)
    bottom = t.add(t.mul(left, t.where(inside, t.div(yield_, frequency), 0.0)), 1.0)
    worth = t.div(t.add(redemption, t.mul(coupon, whole)), bottom)
    return checked(inside, t.sub(worth, t.mul(coupon, passed)))


@of_security(
    "ODDLYIELD",
    "ODDLYIELD(39558,39614,39440,~0.0375,~99.875,~100,2,0)",
    "ODDLYIELD(39763,44256,39736,~0.0575,~84.5,~100,2,1)",
    arity=(7, 8),
    fixed=(0, 1, 2, 6, 7),
)
def yield_with_odd_last(settlement, maturity, last_interest, rate, price, redemption, frequency, basis=BASIS):
    whole, passed, left = _of_last(settlement, maturity, last_interest, frequency, basis)
    frequency = t.truncated(frequency)
    inside = t.both(_known(whole, rate), t.both(t.greater(price, 0.0), t.greater(redemption, 0.0)))
    coupon = t.div(t.mul(rate, FACE), frequency)
    cost = t.where(inside, t.add(price, t.mul(coupon, passed)), 1.0)
    gain = t.sub(t.div(t.add(redemption, t.mul(coupon, whole)), cost), 1.0)
    return checked(inside, t.mul(t.div(gain, left), frequency))
