"""How days are counted: a date is a number of days, a time a part of one.

Day 1 is 1 January 1900. Day 60 is a 29 February 1900 that never was, and day 0 shows as 0 January. A book of
the 1904 system counts from 1 January 1904 on: its day 0 is day 1462 of the others. What computes with dates
counts from 1900; `first_day` says by how much the book at work differs.
"""

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

LAST = 2_958_465  # 31 December 9999
FIRST_OF_1904 = 1462
SECONDS = 86_400  # of a day
_BEFORE = dt.date(1899, 12, 31)

_first_day = ContextVar("the day of 1900's count on which the book's count begins", default=0)


@contextmanager
def counted_from(is_1904: bool) -> Iterator[None]:
    """Dates of the book at work count from 1904, or from 1900."""
    token = _first_day.set(FIRST_OF_1904 if is_1904 else 0)
    try:
        yield
    finally:
        _first_day.reset(token)


def first_day() -> int:
    """The day 0 of the book at work, counted from 1900."""
    return _first_day.get()


def moment() -> dt.datetime:
    """The time that NOW shows: this one, or the one of SOURCE_DATE_EPOCH where builds are to be alike."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH", "")
    if fixed.isdigit():
        return dt.datetime.fromtimestamp(int(fixed), dt.UTC).replace(tzinfo=None)
    return dt.datetime.now()


# --- one day --------------------------------------------------------------------------------------------


def day_number(year: int, month: int, day: int) -> int | None:
    """The day of 1900's count; None for what is no date, or one before 1900."""
    if (year, month, day) == (1900, 2, 29):
        return 60
    try:
        days = (dt.date(year, month, day) - _BEFORE).days
    except ValueError:
        return None
    return days + (days >= 60) if days > 0 else None


def year_month_day(day: int) -> tuple[int, int, int]:
    """Of a day of 1900's count."""
    if day in (0, 60):
        return (1900, 1, 0) if day == 0 else (1900, 2, 29)
    moment_ = _BEFORE + dt.timedelta(day - (day > 60))
    return moment_.year, moment_.month, moment_.day


def day_of_month(year: int, month: int, day: int) -> int:
    """Counted on beyond the month's end, and from the year before where the month is 0."""
    first = day_number(*((year, month) if month else (year - 1, 12)), 1)
    return (first or 0) + day - 1


def weekday(day: int) -> int:
    """0 for Monday; day 1, which was one, counts as a Sunday, as in Excel."""
    return (day - 2) % 7
