"""Days between dates as markets count them, and the dates on which coupons fall due, on Excel's date numbers.

A basis says how days and years are counted: 0 30/360 as in the US, 1 actual/actual, 2 actual/360,
3 actual/365, 4 30/360 as in Europe.
"""

import calendar
import math
from dataclasses import dataclass
from datetime import date, timedelta

import torch
from torch import Tensor

from xlcicf.formula import tape as t
from xlcicf.formula.dates import LAST, first_day
from xlcicf.formula.day_arithmetic import days_by_basis, year_by_basis, year_fraction

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
    """By the calendar or, where a basis has months of 30 days, by those; days_by_basis of single dates."""
    if basis == EUROPEAN_30_360:
        return _days_of_30(day_of(start), day_of(end), *(min(day_of(x).day, 30) for x in (start, end)))
    return _us_days(day_of(start), day_of(end)) if basis == US_30_360 else end - start


def _us_days(a: date, b: date, is_period: bool = False) -> int:
    """From one date to another, of which the second counts as the 30th where its month ends only after such
    a first, or if together they are a coupon's period."""
    first, last = a.day, b.day
    if _ends_february(b) and (_ends_february(a) or is_period):
        last = 30
    if last == 31 and (first >= 30 or is_period):
        last = 30
    return _days_of_30(a, b, 30 if _ends_february(a) else min(first, 30), last)


def _days_of_30(a: date, b: date, first: int, last: int) -> int:
    return 360 * (b.year - a.year) + 30 * (b.month - a.month) + last - first


def _ends_february(day: date) -> bool:
    return day.month == 2 and _ends_its_month(day)


def _ends_its_month(day: date) -> bool:
    return day.day == calendar.monthrange(day.year, day.month)[1]


# --- parts of years, many at once -----------------------------------------------------------------------


def _counted_days(*dates: t.Operand) -> list[Tensor]:
    """The days of 1900's count that dates of the book at work stand for, nan where they are none."""
    days = [torch.floor(t.value_of(t.as_array(date))) + first_day() for date in dates]
    return [torch.where((day >= 1) & (day <= LAST), day, math.nan) for day in days]


def years_between(start: t.Operand, end: t.Operand, basis: t.Operand) -> Tensor:
    """Years from one date to another, as YEARFRAC counts them; nan where there is no such date or basis, or
    the second one comes first."""
    first, last = _counted_days(start, end)
    return torch.where(first <= last, year_fraction(first, last, t.value_of(t.as_array(basis))), math.nan)


def years_until(start: t.Operand, end: t.Operand, basis: t.Operand) -> Tensor:
    """The same, nan where the second date is not later."""
    first, last = _counted_days(start, end)
    return torch.where(first < last, years_between(start, end, basis), math.nan)


def years_at_maturity(
    settlement: t.Operand, maturity: t.Operand, issue: t.Operand, basis: t.Operand
) -> list[Tensor]:
    """Years from issue to maturity, from settlement to maturity, from issue to settlement, all as long as the
    years from issue to settlement are; nan where the dates are not in order or the basis is none."""
    issued, settled, matures = _counted_days(issue, settlement, maturity)
    basis = t.value_of(t.as_array(basis))
    taken = (issued <= settled) & (settled < matures) & (basis >= 0) & (basis < 5)
    year = year_by_basis(issued, settled, basis)
    return [
        torch.where(taken, days_by_basis(start, end, basis) / year, math.nan)
        for start, end in ((issued, matures), (settled, matures), (issued, settled))
    ]


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
    as settlement, and whole ones before it do not count, as in Excel. The last one is as long as the one that
    ends on that date, whatever its own days."""
    months = 12 // frequency
    after = 0
    while from_issue and months_from(first_interest, after) < settlement:
        after += months
    start, end = (months_from(first_interest, at) for at in (after - months, after))
    usual = _whole_period(months_from(first_interest, -months), first_interest, frequency, basis)
    total = days_between(max(start, issue), settlement, basis) / usual
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
