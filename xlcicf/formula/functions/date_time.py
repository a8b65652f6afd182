"""Excel's category Date & Time. Days are counted as in dates.py; what time of the day it is rarely counts."""

from collections.abc import Callable

from xlcicf.formula import tape as t
from xlcicf.formula.coercion import number_of, taken_as_scalar, taken_without_truths, text_of
from xlcicf.formula.context import Fails
from xlcicf.formula.dates import LAST, SECONDS, day_of_month, first_day, year_month_day
from xlcicf.formula.day_arithmetic import (
    days_of_360,
    end_of_month,
    iso_week_number,
    made_date,
    made_time,
    months_later,
    part_of_date,
    part_of_day,
    week_number,
    weekday_number,
    year_fraction,
)
from xlcicf.formula.functions.table import of_constants, of_numbers
from xlcicf.formula.number_in_text import date_and_time_in
from xlcicf.formula.workdays import Holidays, Weekend


def of_days(
    name: str,
    *examples: str,
    arity: tuple[int, int] = (1, 1),
    days: tuple[int, ...] = (0,),
    moments: bool = False,
    dated: bool = False,
    to_the_second: bool = False,
    conditions: tuple[int, ...] = (),
    taken=taken_as_scalar,
    errors_first: int = 0,
):
    """Enters a step function of dates: body(tensors) in plain torch, which yields nan for #NUM!.

    days     which arguments are dates; the body is handed the whole days of 1900's count
    moments  they are handed over with their part of the day
    dated    the outcome is a date, too
    to_the_second  half a second before midnight it is the next day
    """

    def enter(body: Callable[..., t.Tensor]):
        step = t.Primitive(body)

        @of_numbers(
            name,
            *examples,
            arity=arity,
            smooth=False,
            taken=taken,
            conditions=conditions,
            errors_first=errors_first,
        )
        def compute(*numbers):
            if to_the_second:
                numbers = [_in_seconds(x) if i in days else x for i, x in enumerate(numbers)]
            numbers = [t.as_number(x) if i in conditions else x for i, x in enumerate(numbers)]
            given = [_counted(x, moments) if i in days else x for i, x in enumerate(numbers)]
            out = t.may_fail(step(*map(t.as_array, given)))
            t.decide(out)
            if not dated:
                return out
            is_date = t.both(t.greater_equal(out, float(first_day())), t.less_equal(out, float(LAST)))
            return t.where(is_date, t.sub(out, float(first_day())), t.NAN)

        return body

    return enter


def _in_seconds(x: t.Operand) -> t.Array:
    """A moment to the nearest second."""
    return t.div(t.floor(t.add(t.mul(x, SECONDS), 0.5)), SECONDS)


def _counted(x: t.Operand, moments: bool) -> t.Operand:
    """A number of the book's count as one of 1900's, nan where it stands for no day."""
    day = t.add(x if moments else t.floor(x), float(first_day()))
    is_date = t.both(t.greater_equal(x, 0.0), t.less(day, LAST + 1.0))
    return t.where(is_date, day, t.NAN)


# --- parts of a date ------------------------------------------------------------------------------------


of_days("YEAR", "YEAR(~45306.7)", "YEAR(~60)", 'YEAR("2024-02-29")+0*YEAR(~5)', moments=True)(part_of_date(0))
of_days("MONTH", "MONTH(~45306.7)", "MONTH(~60)", moments=True)(part_of_date(1))
of_days("DAY", "DAY(~45306.7)", "DAY(~60)", "DAY(~0.5)", moments=True)(part_of_date(2))
of_days("HOUR", "HOUR(~45306.7)", 'HOUR("1:45 PM")+HOUR(~0.1)', moments=True)(part_of_day(3600, 24))
of_days("MINUTE", "MINUTE(~45306.71)", moments=True)(part_of_day(60, 60))
of_days("SECOND", "SECOND(~45306.7123)", moments=True)(part_of_day(1, 60))


of_days(
    "WEEKDAY", "WEEKDAY(~45306)", "WEEKDAY(~45306,2)", "WEEKDAY(~45306,3)", "WEEKDAY(~45306,13)", arity=(1, 2)
)(weekday_number)


of_days(
    "WEEKNUM",
    "WEEKNUM(~45306)",
    "WEEKNUM(~45306,2)",
    "WEEKNUM(~45293,21)",
    "WEEKNUM(~45306,16)",
    arity=(1, 2),
    taken=taken_without_truths,
)(week_number)


of_days("ISOWEEKNUM", "ISOWEEKNUM(~45306)", "ISOWEEKNUM(~44562)")(iso_week_number)


# --- making dates ---------------------------------------------------------------------------------------


of_days(
    "DATE", "DATE(~2024,~2,~30)", "DATE(~124,1,1)", "DATE(2024,~-3,~-10)", arity=(3, 3), days=(), dated=True
)(made_date)


of_days("TIME", "TIME(~13,~45,~30)", "TIME(~26,~-10,~3.9)", arity=(3, 3), days=())(made_time)


of_days(
    "EDATE", "EDATE(~45322,~1)", "EDATE(~45322,-13.5)", arity=(2, 2), dated=True, taken=taken_without_truths
)(months_later)


of_days(
    "EOMONTH",
    "EOMONTH(~45306,~1)",
    "EOMONTH(~45306,-11)",
    arity=(2, 2),
    dated=True,
    taken=taken_without_truths,
)(end_of_month)


# --- between dates --------------------------------------------------------------------------------------


of_days(
    "DAYS",
    "DAYS(~45306.9,~45000.2)",
    'DAYS("2024-03-01","2024-02-01")+0*DAYS(~5,~3)',
    arity=(2, 2),
    days=(0, 1),
)(lambda end, start: end - start)


of_days(
    "DAYS360",
    "DAYS360(~45322,~45382)",
    "DAYS360(~45322,~45382,TRUE)",
    "DAYS360(~45351,~45382)",
    "DAYS360(~45380,~45351)",
    arity=(2, 3),
    days=(0, 1),
    to_the_second=True,
    conditions=(2,),
)(days_of_360)


of_days(
    "YEARFRAC",
    "YEARFRAC(~45306,~46000)",
    "YEARFRAC(~46000,~45306,1)",
    "YEARFRAC(~45306,~45500,1)",
    "YEARFRAC(~45306,~46000,2)",
    "YEARFRAC(~45306,~46000,3)",
    "YEARFRAC(~45382,~46022,4)",
    "YEARFRAC(~45351,~45716,0)",
    arity=(2, 3),
    days=(0, 1),
    taken=taken_without_truths,
    errors_first=2,
)(year_fraction)


@of_constants(
    "DATEDIF",
    'DATEDIF(~45306,~46000,"Y")',
    'DATEDIF(~45306,46000,"m")',
    'DATEDIF(~45306,46000,"D")',
    'DATEDIF(~45306,46000,"MD")',
    'DATEDIF(~45306,46000,"YM")',
    'DATEDIF(~45306,46000,"YD")',
    arity=(3, 3),
    arrays=lambda i: False,
)
def difference_of_dates(start, end, unit):
    start, end, unit = _day(start), _day(end), text_of(unit).casefold()
    if start > end:
        raise Fails("#NUM!", "is given a start after the end")
    (y1, m1, d1), (y2, m2, d2) = year_month_day(start), year_month_day(end)
    months = 12 * (y2 - y1) + m2 - m1 - (d2 < d1)
    match unit:
        case "y":
            return float(months // 12)
        case "m":
            return float(months)
        case "d":
            return float(end - start)
        case "ym":
            return float(months % 12)
        case "md":
            return float(d2 - d1 if d2 >= d1 else end - day_of_month(y2, m2 - 1, d1))
        case "yd":
            return float(day_of_month(y1 + ((m2, d2) < (m1, d1)), m2, d2) - start)
    raise Fails("#NUM!", f"knows no unit {unit!r}")


def _day(value: object) -> int:
    """The whole day, of 1900's count, that a plain value stands for. Raises Fails."""
    number = number_of(value)
    day = int(number // 1) + first_day()
    if number < 0 or day > LAST:
        raise Fails("#NUM!", f"finds {number:g} where it needs a date")
    return day


# --- work days ------------------------------------------------------------------------------------------


def of_work(name: str, *examples: str, arity: tuple[int, int], holidays: int):
    """Enters a function of plain values whose argument number `holidays` is a list of days."""
    return of_constants(name, *examples, arity=arity, arrays=lambda i: i == holidays, no_truths=True)


@of_work(
    "NETWORKDAYS",
    "NETWORKDAYS(~45306,~45400)",
    "NETWORKDAYS(~45306,45400,{45307;45400;45310})",
    "NETWORKDAYS(45400,~45306)",
    arity=(2, 3),
    holidays=2,
)
def net_work_days(start, end, holidays=None):
    return net_work_days_by_weekend(start, end, 1.0, holidays)


@of_work(
    "NETWORKDAYS.INTL",
    "NETWORKDAYS.INTL(~45306,~45400)",
    "NETWORKDAYS.INTL(~45306,45400,11)",
    'NETWORKDAYS.INTL(~45306,45400,"0000011",{45307;45310})',
    'NETWORKDAYS.INTL(~45306,45400,"1111111")',
    arity=(2, 4),
    holidays=3,
)
def net_work_days_by_weekend(start, end, weekend=1.0, holidays=None):
    start, end, weekend = _day(start), _day(end), Weekend.said(weekend)
    sign = 1 if start <= end else -1
    first, last = sorted((start, end))
    off = Holidays.listed(holidays, _day, weekend).between(first, last)
    return float(sign * (weekend.work_days(first, last) - off))


@of_work(
    "WORKDAY",
    "WORKDAY(~45306,~10)",
    "WORKDAY(~45306,-7,{45300;45303})",
    "WORKDAY(~45304,0)",
    arity=(2, 3),
    holidays=2,
)
def work_day(start, days, holidays=None):
    return work_day_by_weekend(start, days, 1.0, holidays)


@of_work(
    "WORKDAY.INTL",
    "WORKDAY.INTL(~45306,~10)",
    "WORKDAY.INTL(~45306,-30.9,17)",
    'WORKDAY.INTL(~45306,8,"1010101",{45308;45310})',
    arity=(2, 4),
    holidays=3,
)
def work_day_by_weekend(start, days, weekend=1.0, holidays=None):
    start, weekend, days = _day(start), Weekend.said(weekend), int(number_of(days))
    if weekend.is_all_week:
        raise Fails("#VALUE!", "finds no day of the week to work on")
    day = weekend.work_day(start, days, Holidays.listed(holidays, _day, weekend))
    if not first_day() <= day <= LAST:
        raise Fails("#NUM!", "comes to a day that is no date")
    return float(day - first_day())


# --- dates in texts -------------------------------------------------------------------------------------


@of_constants(
    "DATEVALUE",
    'IFERROR(DATEVALUE(~1),DATEVALUE("15-Jan-2024 13:45"))',
    arity=(1, 1),
    arrays=lambda i: False,
)
def date_value(text):
    return _date_and_time(text)[0]


@of_constants(
    "TIMEVALUE",
    'IFERROR(TIMEVALUE(~1),TIMEVALUE("15-Jan-2024 1:45 PM"))',
    arity=(1, 1),
    arrays=lambda i: False,
)
def time_value(text):
    return _date_and_time(text)[1] % 1


def _date_and_time(value: object) -> tuple[float, float]:
    moment = date_and_time_in(value) if isinstance(value, str) else None
    if moment is None:
        raise Fails("#VALUE!", f"finds no date or time in {text_of(value)!r}")
    return moment
