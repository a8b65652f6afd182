"""What the functions of dates make of days of 1900's count, many at once, in plain torch.

All are steps, without a derivative; nan is #NUM!.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from xlcicf.formula.dates import SECONDS

NOTHING = float("nan")
ZERO, ONE = torch.zeros(1, dtype=torch.float64), torch.ones(1, dtype=torch.float64)


def calendar(days: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Year, month and day of days of 1900's count, nan of nan.

    A year begins in March here, so that the day that leap years have is its last; 400 years are 146097 days.
    """
    since = days - (days > 60).to(days.dtype) + 693_900  # 1 March of the year 0
    cycle = torch.floor(since / 146_097)
    day = since - 146_097 * cycle
    year = torch.floor(
        (day - torch.floor(day / 1460) + torch.floor(day / 36_524) - torch.floor(day / 146_096)) / 365
    )
    day = day - (365 * year + torch.floor(year / 4) - torch.floor(year / 100))
    month = torch.floor((5 * day + 2) / 153)  # five months from March on have 153 days
    day = day - torch.floor((153 * month + 2) / 5) + 1
    month = torch.where(month < 10, month + 3, month - 9)
    year = year + 400 * cycle + (month <= 2).to(days.dtype)
    for which, said in ((0, (1900, 1, 0)), (60, (1900, 2, 29))):
        year, month, day = (
            torch.where(days == which, x, y) for x, y in zip(said, (year, month, day), strict=True)
        )
    return year, month, day


def first_of_month(year: Tensor, month: Tensor) -> Tensor:
    """The day of 1900's count on which a month begins; months count on beyond 12, and back from 1."""
    month = month - 1
    year, month = year + torch.floor(month / 12), month % 12 + 1
    year = year - (month <= 2).to(year.dtype)
    cycle = torch.floor(year / 400)
    year = year - 400 * cycle
    since_march = torch.floor((153 * ((month + 9) % 12) + 2) / 5)
    day = 365 * year + torch.floor(year / 4) - torch.floor(year / 100) + since_march
    day = day + 146_097 * cycle - 693_900
    return day + (day >= 60).to(day.dtype)


def month_length(year: Tensor, month: Tensor) -> Tensor:
    return first_of_month(year, month + 1) - first_of_month(year, month)


def _to_the_second(x: Tensor) -> Tensor:
    """In seconds. Half a second before midnight it is the next day, for all that name parts of a moment."""
    return torch.floor(x * SECONDS + 0.5)


def part_of_date(which: int) -> Callable[[Tensor], Tensor]:
    """Of a moment its year (0), month (1) or day (2)."""
    return lambda x: calendar(torch.floor(_to_the_second(x) / SECONDS))[which]


def part_of_day(size: int, count: int) -> Callable[[Tensor], Tensor]:
    """Of a moment how many parts of so many seconds have passed, which are counted up to `count`."""
    return lambda x: torch.floor(_to_the_second(x) / size) % count


def _first_weekday(kind: Tensor) -> Tensor:
    """The day on which weeks of a kind begin, 2 for Monday; nan for what is no kind."""
    first = torch.where(kind == 1, 1.0, torch.where(kind == 2, 2.0, kind - 9))
    return torch.where((kind == 1) | (kind == 2) | (kind >= 11) & (kind <= 17), first, NOTHING)


def weekday_number(day: Tensor, kind: Tensor = ONE) -> Tensor:
    """Kind 3 is the one that counts from 0."""
    kind = torch.floor(kind)
    from_zero = (kind == 3).to(day.dtype)
    return (day - _first_weekday(kind - from_zero)) % 7 + 1 - from_zero


def week_number(day: Tensor, kind: Tensor = ONE) -> Tensor:
    """The week with 1 January in it is the first, but for kind 21, weeks as ISO 8601 numbers them."""
    kind = torch.floor(kind)
    year, _, _ = calendar(day)
    january = first_of_month(year, torch.ones_like(year))
    into_week = (january - _first_weekday(kind)) % 7
    return torch.where(kind == 21, iso_week_number(day), torch.floor((day - january + into_week) / 7) + 1)


def iso_week_number(day: Tensor) -> Tensor:
    """A week is in the year in which its Thursday is."""
    thursday = day - (day - 2) % 7 + 3
    year, _, _ = calendar(thursday)
    return torch.floor((thursday - first_of_month(year, torch.ones_like(year))) / 7) + 1


def made_date(year: Tensor, month: Tensor, day: Tensor) -> Tensor:
    """Months and days beyond the ends of a year and month go on into others; year 5 is 1905."""
    year, month, day = map(torch.floor, (year, month, day))
    year = torch.where(year < 1900, year + 1900, year)
    made = first_of_month(year, month) + day - 1
    begins = year + torch.floor((month - 1) / 12)
    is_known = (year >= 1900) & (year < 10_000) & (begins >= 1900) & (begins < 10_000)
    return torch.where(is_known, made, NOTHING)


def made_time(hour: Tensor, minute: Tensor, second: Tensor) -> Tensor:
    hour, minute, second = map(torch.trunc, (hour, minute, second))
    seconds = 3600 * hour + 60 * minute + second
    largest = torch.maximum(torch.maximum(hour.abs(), minute.abs()), second.abs())
    return torch.where((seconds >= 0) & (largest <= 32_767), seconds % SECONDS / SECONDS, NOTHING)


def _months_on(day: Tensor, months: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The day on which the month so many months later begins, its length, and the day's number in its own."""
    year, month, day = calendar(day)
    month = month + torch.trunc(months)
    return first_of_month(year, month), month_length(year, month), day


def months_later(day: Tensor, months: Tensor) -> Tensor:
    first, length, day = _months_on(day, months)
    return first + torch.minimum(day, length) - 1


def end_of_month(day: Tensor, months: Tensor) -> Tensor:
    first, length, _ = _months_on(day, months)
    return first + length - 1


def days_of_360(start: Tensor, end: Tensor, european: Tensor = ZERO) -> Tensor:
    """By the European method day 31 is day 30. By the other an end on day 31 stays unless the start is on the
    30th or on the last of its month."""
    (y1, m1, d1), (y2, m2, d2) = calendar(start), calendar(end)
    last_of_february = (m1 == 2) & (d1 == month_length(y1, m1)) & (european == 0)
    d1 = torch.where((d1 == 31) | last_of_february, 30.0, d1)
    d2 = torch.where((d2 == 31) & ((european != 0) | (d1 == 30)), 30.0, d2)
    return 360 * (y2 - y1) + 30 * (m2 - m1) + d2 - d1


def year_fraction(start: Tensor, end: Tensor, basis: Tensor = ZERO) -> Tensor:
    """Years from the earlier day to the later one, as YEARFRAC and what securities earn are counted."""
    start, end = torch.minimum(start, end), torch.maximum(start, end)
    years = days_by_basis(start, end, basis) / year_by_basis(start, end, basis)
    return torch.where((basis >= 0) & (basis < 5), years, NOTHING)


def days_by_basis(start: Tensor, end: Tensor, basis: Tensor) -> Tensor:
    """Days from one day to a later one by bases 0 to 4 (daycount.py), as D. A. Wheeler found them in Excel
    (YEARFRAC Incompatibilities between Excel 2007 and OOXML, 2008)."""
    basis = torch.floor(basis)
    days = torch.where(basis == 0, us_days(start, end), end - start)
    return torch.where(basis == 4, days_of_360(start, end, torch.ones_like(start)), days)


def year_by_basis(start: Tensor, end: Tensor, basis: Tensor) -> Tensor:
    """How many days the years from one day to a later one have, on average."""
    basis = torch.floor(basis)
    fixed = torch.where(basis == 3, 365.0, 360.0)
    return torch.where(basis == 1, _mean_year(start, end), fixed)


def us_days(start: Tensor, end: Tensor) -> Tensor:
    """30 days a month, as securities traders of the US count them."""
    (y1, m1, d1), (y2, m2, d2) = calendar(start), calendar(end)
    is_last, ends_last = ((m == 2) & (d == month_length(y, m)) for y, m, d in ((y1, m1, d1), (y2, m2, d2)))
    d2 = torch.where((d1 >= 30) & (d2 == 31) | is_last & ends_last, 30.0, d2)
    d1 = torch.where((d1 == 31) | is_last, 30.0, d1)
    return 360 * (y2 - y1) + 30 * (m2 - m1) + d2 - d1


def _mean_year(start: Tensor, end: Tensor) -> Tensor:
    """The length of a year: of those that the days lie in, or, within twelve months, 366 where a 29 February
    is among them."""
    (y1, m1, d1), (y2, m2, d2) = calendar(start), calendar(end)
    within = (y1 == y2) | (y1 + 1 == y2) & ((m1 > m2) | (m1 == m2) & (d1 >= d2))
    one = torch.ones_like(y1)
    marches = [first_of_month(y, 3 * one) for y in (y1, y2)]
    leaps = [month_length(y, 2 * one) == 29 for y in (y1, y2)]
    passed = [leap & (start < march) & (end >= march) for leap, march in zip(leaps, marches, strict=True)]
    has_it = (y1 == y2) & leaps[0] | passed[0] | passed[1] | (m2 == 2) & (d2 == 29)
    days = first_of_month(y2 + 1, one) - first_of_month(y1, one) - (y1 == 1900).to(y1.dtype)
    mean = days / (y2 - y1 + 1)  # 1900 has no 29 February here
    return torch.where(within, torch.where(has_it, 366.0, 365.0), mean)
