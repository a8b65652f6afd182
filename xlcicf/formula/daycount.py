"""Days between dates as markets count them, and the dates on which coupons fall due, on Excel's date numbers.

A basis says how days and years are counted: 0 30/360 as in the US, 1 actual/actual, 2 actual/360,
3 actual/365, 4 30/360 as in Europe.
"""

import calendar
import math
from dataclasses import dataclass
from datetime import date, timedelta

from xlcicf.formula.dates import LAST, first_day

US_30_360, ACTUAL, ACTUAL_360, ACTUAL_365, EUROPEAN_30_360 = range(5)
_ZERO = date(1899, 12, 30)
_FEIGNED = 60  # Excel's 29 February 1900; dates before it count from a day later


def day_of(number: int) -> date:
    """The day of a date number from 1 on."""
    return _ZERO + timedelta(days=number + (number < _FEIGNED))


def number_of_day(day: date) -> int:
    number = (day - _ZERO).days
    return number - (number <= _FEIGNED)


def counted_day(number: float) -> int:
    """The day that a number of the book at work stands for, counted from 1900."""
    return math.floor(number) + first_day()


def is_date(day: int) -> bool:
    return 1 <= day <= LAST


def days_between(start: int, end: int, basis: int) -> int:
    """By the calendar or, where a basis has months of 30 days, by those."""
    if basis == EUROPEAN_30_360:
        return _days_of_30(day_of(start), day_of(end), *(min(day_of(x).day, 30) for x in (start, end)))
    return _us_days(day_of(start), day_of(end)) if basis == US_30_360 else end - start


def _us_days(a: date, b: date, is_period: bool = False) -> int:
    """From one date to another, of which the second counts as the 30th where its month ends only after such
    a first, or if together they are a coupon's period."""
    first, last = a.day, b.day
    if _ends_february(b) and (_ends_february(a) or is_period):
        last = 30
    if _ends_february(a):
        first = 30
    if last == 31 and (first >= 30 or is_period):
        last = 30
    return _days_of_30(a, b, min(first, 30), last)


def _days_of_30(a: date, b: date, first: int, last: int) -> int:
    return 360 * (b.year - a.year) + 30 * (b.month - a.month) + last - first


def _ends_february(day: date) -> bool:
    return day.month == 2 and _ends_its_month(day)


def _ends_its_month(day: date) -> bool:
    return day.day == calendar.monthrange(day.year, day.month)[1]


def years_between(start: int, end: int, basis: int) -> float:
    """As YEARFRAC counts them."""
    start, end = sorted((start, end))
    return days_between(start, end, basis) / year_days(start, end, basis)


def year_days(start: int, end: int, basis: int) -> float:
    """How many days the years from one date to a later one have: if they are more than one, on average."""
    a, b = day_of(start), day_of(end)
    if basis != ACTUAL:
        return 365.0 if basis == ACTUAL_365 else 360.0
    if a.year == b.year:
        return _days_in(a.year)
    if b.year == a.year + 1 and (a.month, a.day) >= (b.month, b.day):
        holds_leap_day = (calendar.isleap(a.year) and (a.month, a.day) <= (2, 29)) or (
            calendar.isleap(b.year) and (b.month, b.day) >= (2, 29)
        )
        return 366.0 if holds_leap_day else 365.0
    return sum(map(_days_in, range(a.year, b.year + 1))) / (b.year - a.year + 1)


def _days_in(year: int) -> float:
    return 365.0 + calendar.isleap(year)


# --- coupons --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Coupons:
    """The coupon period in which a security is settled.

    before, after  the coupon dates before settlement (or on it) and after it
    due            how many coupons are due from settlement to maturity
    """

    settlement: int
    before: int
    after: int
    due: int
    frequency: int
    basis: int

    @property
    def days(self) -> float:
        """Of the period."""
        return period_days(self.before, self.after, self.frequency, self.basis)

    @property
    def days_before(self) -> int:
        """From the period's beginning to settlement."""
        return days_between(self.before, self.settlement, self.basis)

    @property
    def days_after(self) -> float:
        """From settlement to the next coupon."""
        if self.basis == US_30_360:
            return _us_days(day_of(self.before), day_of(self.after), is_period=True) - self.days_before
        return days_between(self.settlement, self.after, self.basis)


def period_days(start: int, end: int, frequency: int, basis: int) -> float:
    """How many days a whole coupon period has."""
    if basis == ACTUAL:
        return end - start
    return (365.0 if basis == ACTUAL_365 else 360.0) / frequency


def coupons(settlement: int, maturity: int, frequency: int, basis: int) -> Coupons:
    """Coupons fall due every 12/frequency months counted back from maturity, on the last day of a month where
    that does."""
    due = 1
    while (before := months_from(maturity, -due * 12 // frequency)) > settlement:
        due += 1
    after = months_from(maturity, (1 - due) * 12 // frequency)
    return Coupons(settlement, before, after, due, frequency, basis)


def months_from(number: int, months: int) -> int:
    """The date so many months later; the last day of a month leads to the last day of one."""
    day = day_of(number)
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(max(years, 1), month + 1)[1]
    return number_of_day(date(years, month + 1, last if _ends_its_month(day) else min(day.day, last)))


def accrued_periods(
    issue: int, first_interest: int, settlement: int, frequency: int, basis: int, from_issue: bool
) -> float:
    """How many coupon periods, whole ones and parts, lie between issue and settlement: they are counted from
    the first interest date, back and, `from_issue`, on. Otherwise the period before that date reaches as far
    as settlement, and whole ones before it do not count, as in Excel."""
    months = 12 // frequency
    after = 0
    while from_issue and months_from(first_interest, after) < settlement:
        after += months
    start, end = (months_from(first_interest, at) for at in (after - months, after))
    total = days_between(max(start, issue), settlement, basis) / _whole_period(start, end, frequency, basis)
    while start > issue:
        after -= months
        start, end = months_from(first_interest, after - months), start
        if issue <= start:
            total += from_issue
        else:
            total += days_between(issue, end, basis) / _whole_period(start, end, frequency, basis)
    return total


def _whole_period(start: int, end: int, frequency: int, basis: int) -> float:
    if basis == US_30_360:
        return _us_days(day_of(start), day_of(end), is_period=True)
    return period_days(start, end, frequency, basis)
