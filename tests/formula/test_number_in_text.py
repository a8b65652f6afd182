"""What texts are worth where a number is needed, by the rules of en-US."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formula.sheets import computed
from xlcicf.formula import dates
from xlcicf.formula.number_format import number_as_text
from xlcicf.formula.number_in_text import number_in_text

NOON = 45306.5  # of 15 January 2024

READ = [
    ("12", 12.0), (" 12 ", 12.0), ("+5", 5.0), ("-5", -5.0), ("- 5", -5.0), (".5", 0.5), ("1.", 1.0), ("1E3", 1000.0),
    ("1.5e-3", 0.0015), ("1,234", 1234.0), ("12,345,678.9", 12345678.9),
    ("$1,234.50", 1234.5), ("$ 5", 5.0), ("-$5", -5.0), ("$-5", -5.0), ("(5)", -5.0), ("($5)", -5.0), ("5%", 0.05),
    ("5 %", 0.05), ("(5%)", -0.05), ("-12.5%", -0.125),
    ("1 1/2", 1.5), ("0 1/2", 0.5), ("-1 1/2", -1.5), ("1 3/2", 2.5),
    ("2024-01-15", 45306.0), ("2024/1/15", 45306.0), ("1/15/2024", 45306.0), ("1-15-2024", 45306.0),
    ("15-Jan-2024", 45306.0), ("15 jan 2024", 45306.0), ("15Jan2024", 45306.0), ("Jan 15, 2024", 45306.0),
    ("January 15, 2024", 45306.0), ("15-January-24", 45306.0), ("1/15/24", 45306.0),
    ("1/15/29", 47133.0), ("1/15/30", 10973.0),  # years of two digits lie between 1930 and 2029
    ("January 2024", 45292.0), ("Jan-2024", 45292.0), ("1/2024", 45292.0), ("2024-1", 45292.0),
    ("1/32", 11689.0), ("Jan-32", 11689.0),  # January 1932, where 32 is no day
    ("2/29/1900", 60.0), ("1/1/1900", 1.0), ("12/31/9999", 2958465.0),
    ("13:45", 0.5729166666666666), ("1:45 PM", 0.5729166666666666), ("1:45 p", 0.5729166666666666), ("2 PM", 14 / 24),
    ("0:30 AM", 0.5 / 24), ("12:30 AM", 0.5 / 24), ("12:30 PM", 12.5 / 24), ("24:00", 1.0), ("25:30", 25.5 / 24),
    ("1:02:03.5", 3723.5 / 86400), ("45:30.5", 2730.5 / 86400),
    ("2024-01-15 12:00", NOON), ("1/15/2024 12:00 PM", NOON), ("15-Jan-2024 12:00:00", NOON),
    # of more than 15 digits the others are 0
    ("12345678901234567", 12345678901234500.0), ("3.141592653589793", 3.14159265358979),
]  # fmt: skip

NOT_READ = [
    "", " ", "x", "TRUE", "--5", "5-", "1,2", "12,34", "(-5)", "-(5)", "5%%", "5$", "€5", "1 000", "1e400", ".", "1 1/0",
    "13/1/2024", "2/30/2024", "1/0/1900", "12/31/1899", "24:60", "13:00 PM", "1:45PM", "2024-01-15T10:00", "Sept 5, 2024",
    "1e99999999999", "1 99999999999999999999/0", "1/15/024", "0x10", "1_000", "١٢", "nan", "inf", "Infinity",
]  # fmt: skip


@pytest.mark.parametrize(("text", "number"), READ, ids=[text for text, _ in READ])
def test_a_text_is_worth_a_number(text, number):
    assert math.isclose(number_in_text(text), number, rel_tol=1e-15)
    assert computed({"A1": text, "B1": "=A1+1"}, "B1") == pytest.approx(number + 1, rel=1e-15)
    assert computed({"A1": text, "B1": "=VALUE(A1)"}, "B1") == number_in_text(text)


@pytest.mark.parametrize("text", NOT_READ)
def test_a_text_is_worth_none(text):
    assert number_in_text(text) is None
    assert computed({"A1": text, "B1": "=A1+1"}, "B1") == "#VALUE!"


def test_a_year_left_out_is_that_of_now(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1705312800")  # in January 2024
    assert [number_in_text(text) for text in ("1/15", "15-Jan", "Jan 15", "Jan-15", "January 15")] == [
        45306.0
    ] * 5
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")  # in January 2027
    assert number_in_text("1/15") == 45306.0 + 366 + 365 + 365
    assert computed({"B1": '=VALUE("1/15 12:00")-DATE(2027,1,15)'}, "B1") == 0.5


@given(st.floats(-1e15, 1e15))
def test_a_number_as_a_text_is_read_back_to_15_digits(x):
    assert number_in_text(number_as_text(x)) == float(f"{x:.14e}")


@given(st.integers(1, dates.LAST))
def test_a_date_is_read_back(day):
    year, month, number = dates.year_month_day(day)
    assert (
        number_in_text(f"{year}-{month:02}-{number:02}") == number_in_text(f"{month}/{number}/{year}") == day
    )


@given(st.text(max_size=20))
def test_any_text_is_worth_a_finite_number_or_none(text):
    number = number_in_text(text)
    assert number is None or math.isfinite(number)


@given(st.text("0123456789/-:., $%()eEapmjn", max_size=14))
def test_any_text_of_such_letters_is_worth_a_finite_number_or_none(text):
    number = number_in_text(text)
    assert number is None or math.isfinite(number)
