"""Dates and times: corners, Microsoft's published values, the calendar against Python's, counting from 1904."""

import datetime as dt
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.formula.sheets import area, central_differences, computed, function, snapshot
from xlcicf.formula import dates
from xlcicf.formula.day_arithmetic import calendar, first_of_month
from xlcicf.formula.evaluate import Evaluator
from xlcicf.formula.runs import RunGraph
from xlcicf.formula.snapshot import Calculation, ExcelError

NUM, VALUE, NA = map(ExcelError, ("#NUM!", "#VALUE!", "#N/A"))
DAYS = st.integers(61, dates.LAST)


def ours(formula: str, **cells):
    return computed({**cells, "Z99": "=" + formula}, "Z99")


def in_1904(formula: str, **cells):
    """The same in a book that counts from 1904."""
    book = snapshot({**cells, "Z99": "=" + formula})
    graph = RunGraph(replace(book, calculation=Calculation(date1904=True)))
    evaluator = Evaluator(graph)
    for unit in graph.in_order(list(graph.runs("S")), lambda run, error: None):
        evaluator.compute(unit)
    return evaluator.values(area("Z99")).scalars().item()


def day(year: int, month: int, day_: int) -> float:
    return float((dt.date(year, month, day_) - dt.date(1899, 12, 30)).days)


CORNERS = [
    # 1900 was no leap year, but in Excel it was
    ("DATE(1900,2,29)", 60.0),
    ("DATE(1900,1,61)", 61.0),
    ("DATE(1900,3,0)", 60.0),
    ("DATE(1900,1,0)", 0.0),
    ("DATE(1900,1,-1)", NUM),
    ("DATE(0,1,1)", 1.0),
    ("DATE(9999,12,31)", 2958465.0),
    ("DATE(9999,12,32)", NUM),
    ("DATE(10000,1,1)", NUM),
    ("DATE(-1,1,1)", NUM),
    ("DATE(2024.9,1.9,1.9)", day(2024, 1, 1)),
    ("DATE(108,1,2)", day(2008, 1, 2)),  # Microsoft's page of DATE: these four
    ("DATE(2008,14,2)", day(2009, 2, 2)),
    ("DATE(2008,-3,2)", day(2007, 9, 2)),
    ("DATE(2008,1,35)", day(2008, 2, 4)),
    ("DATE(2008,1,-15)", day(2007, 12, 16)),
    ("YEAR(0)", 1900.0),
    ("MONTH(0)", 1.0),
    ("DAY(0)", 0.0),
    ("DAY(59)", 28.0),
    ("DAY(60)", 29.0),
    ("MONTH(60)", 2.0),
    ("DAY(61)", 1.0),
    ("YEAR(-1)", NUM),
    ("YEAR(2958466)", NUM),
    ('YEAR("x")', VALUE),
    ("YEAR(TRUE)", 1900.0),
    ('MONTH("15-Apr-2011")', 4.0),
    # parts of a moment, to the second that is nearest
    ("HOUR(0.75)", 18.0),
    ('HOUR("7/18/2011 7:45")', 7.0),
    ('MINUTE("12:45:00 PM")', 45.0),
    ('SECOND("4:48:18 PM")', 18.0),
    ('SECOND("4:48 PM")', 0.0),
    ("SECOND(41484.9999942129)", 59.0),
    ("SECOND(41484.999994213)", 0.0),
    ("HOUR(41484.999994213)", 0.0),
    ("DAY(41484.9999942129)", 29.0),
    ("DAY(41484.999994213)", 30.0),
    ("HOUR(-0.1)", NUM),
    ("TIME(12,0,0)", 0.5),
    ("TIME(16,48,10)", 60490 / 86400),
    ("TIME(27,0,0)", 0.125),
    ("TIME(0,750,0)", 750 / 1440),
    ("TIME(1,-10,0)", 50 / 1440),
    ("TIME(0,0,-1)", NUM),
    ("TIME(32768,0,0)", NUM),
    ('TIMEVALUE("2:24 AM")', 0.1),
    ('TIMEVALUE("22-Aug-2011 6:35 AM")', 395 / 1440),
    ('TIMEVALUE("25:00")', 1 / 24),
    ('TIMEVALUE("x")', VALUE),
    ("TIMEVALUE(0.5)", VALUE),
    ('DATEVALUE("8/22/2011")', 40777.0),
    ('DATEVALUE("22-MAY-2011")', 40685.0),
    ('DATEVALUE("2011/02/23")', 40597.0),
    ('DATEVALUE("22-May-2011 18:00")', 40685.0),
    ('DATEVALUE("40777")', VALUE),
    ("DATEVALUE(40777)", VALUE),
    # weeks
    ("WEEKDAY(0)", 7.0),
    ("WEEKDAY(1)", 1.0),
    ("WEEKDAY(1,2)", 7.0),
    ("WEEKDAY(39492)", 5.0),  # Microsoft's page: 14 February 2008
    ("WEEKDAY(39492,2)", 4.0),
    ("WEEKDAY(39492,3)", 3.0),
    *((f"WEEKDAY(45306,{kind})", number) for kind, number in enumerate((1.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0), 11)),
    ("WEEKDAY(45306,0)", NUM),
    ("WEEKDAY(45306,4)", NUM),
    ("WEEKDAY(45306,18)", NUM),
    ("WEEKDAY(-1)", NUM),
    ("WEEKNUM(0)", 0.0),
    ("WEEKNUM(DATE(2012,3,9))", 10.0),
    ("WEEKNUM(DATE(2012,3,9),2)", 11.0),
    ("WEEKNUM(DATE(2012,3,9),21)", 10.0),
    ("WEEKNUM(45306,3)", NUM),
    ("WEEKNUM(TRUE)", VALUE),
    ("ISOWEEKNUM(DATE(2012,3,9))", 10.0),
    # between
    ("DAYS(DATE(2011,3,15),DATE(2011,2,1))", 42.0),
    ('DAYS("15-MAR-2021","1-FEB-2021")', 42.0),
    ("DAYS(1.1,0.9)", 1.0),
    ("DAYS(3,5)", -2.0),
    ("DAYS(-1,5)", NUM),
    ('DAYS("x",5)', VALUE),
    ("DAYS360(DATE(2011,1,30),DATE(2011,2,1))", 1.0),
    ("DAYS360(DATE(2011,1,1),DATE(2011,12,31))", 360.0),
    ("DAYS360(DATE(2011,1,1),DATE(2011,2,1))", 30.0),
    ("DAYS360(DATE(2011,2,28),DATE(2011,3,31))", 30.0),
    ("DAYS360(DATE(2011,2,28),DATE(2011,3,31),TRUE)", 32.0),
    ("DAYS360(DATE(2011,1,15),DATE(2011,3,31))", 76.0),
    ("YEARFRAC(DATE(2012,1,1),DATE(2012,7,30))", 209 / 360),
    ("YEARFRAC(DATE(2012,1,1),DATE(2012,7,30),1)", 211 / 366),
    ("YEARFRAC(DATE(2012,1,1),DATE(2012,7,30),3)", 211 / 365),
    ("YEARFRAC(DATE(2012,2,29),DATE(2013,2,28),1)", 365 / 366),
    ("YEARFRAC(DATE(2011,3,1),DATE(2012,2,29),1)", 365 / 366),
    ("YEARFRAC(DATE(2011,2,28),DATE(2012,2,29))", 1.0),
    ("YEARFRAC(5,5,1)", 0.0),
    ("YEARFRAC(1,2,5)", NUM),
    ("YEARFRAC(1,2,-1)", NUM),
    ("YEARFRAC(TRUE,5)", VALUE),
    ('DATEDIF("1/1/2001","1/1/2003","Y")', 2.0),
    ('DATEDIF("6/1/2001","8/15/2002","D")', 440.0),
    ('DATEDIF("6/1/2001","8/15/2002","YD")', 75.0),
    ('DATEDIF("1/31/2016","3/1/2016","MD")', -1.0),  # Microsoft warns of it
    ('DATEDIF("1/31/2016","2/29/2016","m")', 0.0),
    ('DATEDIF(5,3,"D")', NUM),
    ('DATEDIF(3,5,"Q")', NUM),
    ('DATEDIF("x",5,"D")', VALUE),
    ("EDATE(DATE(2011,1,15),1)", day(2011, 2, 15)),
    ("EDATE(DATE(2011,1,15),-1)", day(2010, 12, 15)),
    ("EDATE(DATE(2024,1,31),1.9)", day(2024, 2, 29)),
    ("EDATE(60,12)", 425.0),
    ("EDATE(0,1)", 31.0),
    ("EDATE(1,-1)", NUM),
    ("EDATE(2958465,1)", NUM),
    ("EDATE(TRUE,1)", VALUE),
    ("SUM(EDATE({1,32},1))", 93.0),
    ("SUMPRODUCT(EDATE(A1:A2,1))", VALUE),
    ("SUMPRODUCT(EDATE(+A1:A2,1))", 65.0),
    ("EOMONTH(DATE(2011,1,1),1)", day(2011, 2, 28)),
    ("EOMONTH(DATE(2011,1,1),-3)", day(2010, 10, 31)),
    ("EOMONTH(60,0)", 60.0),
    # work days
    ("NETWORKDAYS(DATE(2012,10,1),DATE(2013,3,1))", 110.0),
    ("NETWORKDAYS(DATE(2012,10,1),DATE(2013,3,1),DATE(2012,11,22))", 109.0),
    ("NETWORKDAYS(DATE(2013,3,1),DATE(2012,10,1))", -110.0),
    ("NETWORKDAYS(45304,45305)", 0.0),
    ("NETWORKDAYS(TRUE,5)", VALUE),
    ('NETWORKDAYS(1,5,"x")', VALUE),
    ("NETWORKDAYS(1,5,{2,TRUE})", VALUE),
    ("NETWORKDAYS(1,5,B1:B3)", 3.0),
    ("NETWORKDAYS.INTL(DATE(2006,1,1),DATE(2006,1,31))", 22.0),
    ("NETWORKDAYS.INTL(DATE(2006,2,28),DATE(2006,1,31))", -21.0),
    ("NETWORKDAYS.INTL(DATE(2006,1,1),DATE(2006,2,1),7,{38719,38733})", 22.0),
    ('NETWORKDAYS.INTL(DATE(2006,1,1),DATE(2006,2,1),"0010001",{38719,38733})', 20.0),
    ('NETWORKDAYS.INTL(1,20,"1111111")', 0.0),
    ("NETWORKDAYS.INTL(1,9,8)", NUM),
    ("NETWORKDAYS.INTL(1,9,18)", NUM),
    ('NETWORKDAYS.INTL(1,9,"012")', VALUE),
    ('NETWORKDAYS.INTL(1,9,"0000021")', VALUE),
    ("NETWORKDAYS.INTL(1,9,,2)", 5.0),
    ("WORKDAY(DATE(2008,10,1),151)", day(2009, 4, 30)),
    ("WORKDAY(DATE(2008,10,1),151,{39778,39786,39834})", day(2009, 5, 5)),
    ("WORKDAY(45304,0)", 45304.0),
    ("WORKDAY(1,-5)", NUM),
    ("WORKDAY.INTL(DATE(2012,1,1),30,0)", NUM),
    ("WORKDAY.INTL(DATE(2012,1,1),90,11)", 41013.0),
    ("WORKDAY.INTL(DATE(2012,1,1),30,17)", 40944.0),
    ('WORKDAY.INTL(1,20,"1111111")', VALUE),
    ("WORKDAY(45306,1E9)", NUM),
    ("DATEDIF(A1,NA(),1)", NA),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "value"), CORNERS, ids=[f for f, _ in CORNERS])
def test_a_date_is_what_excel_documents(formula, value):
    cells = {"A1": 1.0, "A2": 2.0, "B1": 3.0, "B3": 3.0}
    found = ours(formula, **cells)
    if isinstance(value, float):
        assert math.isclose(found, value, rel_tol=1e-14), found
    else:
        assert found == value


IN_1904 = [
    ("YEAR(100)", 1904.0),
    ("MONTH(0)", 1.0),
    ("DAY(0)", 1.0),
    ("DATE(1904,1,1)", 0.0),
    ("DATE(4,1,2)", 1.0),
    ("DATE(1903,12,31)", NUM),
    ("DATE(9999,12,31)", 2957003.0),
    ("YEAR(2957003)", 9999.0),
    ("YEAR(2957004)", NUM),
    ("YEAR(-1)", NUM),
    ("WEEKDAY(0)", 6.0),  # 1 January 1904 was a Friday
    ('DATEVALUE("1/1/1904")', 0.0),
    ('DATEVALUE("12/31/1903")', VALUE),
    ('"2024-01-15"+0', 43844.0),
    ('"12:00"+0', 0.5),
    ('VALUE("1/1/1904 12:00")', 0.5),
    ('TEXT(0,"yyyy-mm-dd")', "1904-01-01"),
    ('TEXT(-1.5,"yyyy-mm-dd hh:mm")', "-1904-01-02 12:00"),
    ('TEXT(1.5,"[h]:mm")', "36:00"),
    ('TEXT("1/15/2024","d.m.yyyy")', "15.1.2024"),
    ("EDATE(0,1)", 31.0),
    ("EOMONTH(0,-1)", NUM),
    ("NETWORKDAYS(0,6)", 5.0),
    ("WORKDAY(0,1)", 3.0),
    ('DATEDIF("1/1/1904",366,"Y")', 1.0),
    ('COUNTIF(A1:A3,">=1/2/1904")', 2.0),
]


@pytest.mark.parametrize(("formula", "value"), IN_1904, ids=[f for f, _ in IN_1904])
def test_a_book_of_1904_counts_from_there(formula, value):
    assert in_1904(formula, A1=0.0, A2=1.0, A3=2.0) == value
    assert dates.first_day() == 0


def test_a_criterion_is_read_anew_in_a_book_that_counts_otherwise():
    for _ in range(2):
        assert ours('COUNTIF(A1:A2,"1/2/1904")', A1=1.0, A2=1463.0) == 1.0
        assert in_1904('COUNTIF(A1:A2,"1/2/1904")', A1=1.0, A2=1464.0) == 1.0
        assert in_1904('COUNTIF(A1:A2,"1/2/1904")', A1=5.0, A2=1463.0) == 0.0


def test_the_calendar_is_pythons():
    days = torch.arange(0, dates.LAST + 1, 89, dtype=torch.float64)
    years, months, numbers = calendar(days)
    parts = [dates.year_month_day(int(d)) for d in days]
    np.testing.assert_array_equal(torch.stack([years, months, numbers], 1), parts)
    np.testing.assert_array_equal(first_of_month(years, months) + numbers - 1, days)
    assert [dates.day_number(*part) for part in parts[1:]] == days[1:].tolist()


@given(DAYS, st.integers(-5000, 5000))
def test_months_later_is_the_same_day_or_the_last_of_its_month(start, months):
    first = dt.date(1899, 12, 30) + dt.timedelta(start)
    year, month = divmod(12 * first.year + first.month - 1 + months, 12)
    found = ours(f"EDATE({start},{months})")
    if not 1900 <= year <= 9999:
        assert found == NUM
    elif (year, month) > (1900, 1):
        later = dt.date(1899, 12, 30) + dt.timedelta(int(found))
        next_month = (
            dt.date(year + (month == 11), (month + 1) % 12 + 1, 1) if year < 9999 or month < 11 else None
        )
        assert (later.year, later.month - 1) == (year, month)
        assert later.day == first.day or next_month is None or (next_month - later).days == 1


@given(DAYS)
def test_iso_weeks_are_pythons(start):
    assert ours(f"ISOWEEKNUM({start})") == (dt.date(1899, 12, 30) + dt.timedelta(start)).isocalendar().week


@given(
    st.integers(300, 50_000), st.integers(-400, 400), st.text("01", min_size=7, max_size=7),
    st.lists(st.integers(0, 400), max_size=5),
)  # fmt: skip
def test_work_days_are_counted_one_by_one(start, count, weekend, others):
    holidays = [float(start - 200 + other) for other in others] or [1.0]
    listed = "{" + ",".join(map(str, holidays)) + "}"

    def works(day_: int) -> bool:
        return weekend[(day_ - 2) % 7] == "0" and day_ not in holidays

    end = start + count
    counted = sum(map(works, range(min(start, end), max(start, end) + 1)))
    found = ours(f'NETWORKDAYS.INTL({start},{end},"{weekend}",{listed})')
    assert found == (counted if count >= 0 else -counted)
    if weekend != "1111111" and start > 5000:
        later, left = start, abs(count)
        while left:
            later += 1 if count > 0 else -1
            left -= works(later)
        assert ours(f'WORKDAY.INTL({start},{count},"{weekend}",{listed})') == later


@given(st.lists(DAYS, min_size=2, max_size=2), st.sampled_from([0, 1, 2, 3, 4]))
def test_a_year_fraction_is_near_the_years_between(ends, basis):
    years = abs(ends[1] - ends[0]) / 365.2425
    assert ours(f"YEARFRAC({ends[0]},{ends[1]},{basis})") == pytest.approx(years, rel=0.016, abs=0.02)


def test_dates_that_change_stand_in_the_way_by_name_and_others_do_not():
    f = function({"A1": 2.0, "B1": "=A1*YEAR(45306)/WEEKDAY(45306)"}, "B1", "A1")
    np.testing.assert_allclose(f.gradient(f.start), central_differences(f), rtol=1e-9)
