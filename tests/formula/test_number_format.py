"""How TEXT writes numbers, dates and texts by number formats."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formula.sheets import computed
from xlcicf.formula.number_format import fixed, shown

WRITTEN = [
    # digits, thousands, percent
    (1234.567, "$#,##0.00", "$1,234.57"), (1234.567, "0.0", "1234.6"), (0.285, "0.0%", "28.5%"), (5.5, "#", "6"),
    (0, "#", ""), (0.5, "#.##", ".5"), (5, "0.##", "5."), (5.25, "???.???", "  5.25 "), (12, "0,000", "0,012"),
    (1234567898, "(###) ###-####", "(123) 456-7898"), (123456789, "000-00-0000", "123-45-6789"), (2.5, "0", "3"),
    (12345, "##,##", "12,345"), (12.3456, "0.00??", "12.3456"), (1230, "0:00", "12:30"), (0.5, "%0", "%50"),
    (1e20, "0", "100000000000000000000"), (1.23456789012345678, "0.0000000000000000", "1.2345678901234600"),
    (1234567, "#,##0,", "1,235"), (1234567, '0.0,,"M"', "1.2M"), (1234567, "#,##0,,.00", "1.23"),
    (12345, "00,000.00,", "00,012.35"), (123.456, "#.0000,", ".1235"),
    # sections, conditions, colours
    (-1234.567, "#,##0.00;(#,##0.00)", "(1,234.57)"), (0, '0.00;-0.00;"zero"', "zero"), (-5, "0;0", "5"),
    ("abc", '0;0;0;"<"@">"', "<abc>"), ("abc", "0.00", "abc"), ("abc", "@@", "abcabc"), ("", "_(@_)", ""),
    (5, "[Red]0.00", "5.00"), (-5, "0;;", ""), (150, '[>100]"big" 0;[<=100]"small" 0', "big 150"),
    (50, '[>100]"big" 0;[<=100]"small" 0', "small 50"), (5, '[<0]"neg";[=0]"zero";0.0', "5.0"),
    (8675309, "[<=9999999]###-####;(###) ###-####", "867-5309"), (49, "[=50]General;000", "049"),
    (0, '"foo";"bar";@', "foo"), (1, "@", "1"), (-25, "General;General ", "-25 "),
    # literal letters and fillers
    (5, "0_)", "5 "), (5, "*x0", "5"), (5, "\\a0", "a5"), (5, '0"x"', "5x"), (5, "[$€-407] 0", "€ 5"),
    (-1234.5678, '_($* #,##0.00_);_($* (#,##0.00);_($* "-"??_);_(@_)', " $(1,234.57)"),
    (-3.14159, '"a ".00"b"000', "-a 3.14b159"),
    # powers of ten
    (12200000, "0.00E+00", "1.22E+07"), (12200000, "##0.0E+0", "12.2E+6"), (0.00123, "0.00E-00", "1.23E-03"),
    (123456, "##0.0E+0", "123.5E+3"), (0, "0.00E+00", "0.00E+00"), (1.23457e-13, "#0.0E+0", "12.3E-14"),
    # fractions, by convergents of the continued fraction
    (4.34, "# ?/?", "4 1/3"), (4.34, "# ??/??", "4 17/50"), (0.34, "# ?/?", " 1/3"), (5, "# ?/?", "5    "),
    (0, "# ?/?", "0    "), (-1.5, "# ?/?", "-1 1/2"), (0.01, "# ?/?", "0    "), (1.3, "# ??/16", "1  5/16"),
    (1.3, "#/16", "21/16"), (12.3, "# ?/?", "12 1/3"), (2.3, "# ?/?", "2 2/7"), (1e-5, "??/??", " 0/1 "),
    (12.3456789, "??/??", "1000/81"), (-1.2, "??/??", "- 6/5 "), (1234.567, "# ???/???", "1234  55/97 "),
    (123.45, "# ?/10", "123 5/10"), (12345678.9, "# ?/?", "12345679    "), (12.3456789, "#0#00??/??", "01000/81"),
    # General
    (45306, "General", "45306"), (1234567890123, "General", "1.23457E+12"), (1e-10, "General", "1E-10"),
    (0.1234567890123, "General", "0.123456789"),
    # dates and times
    (45306.5, "yyyy-mm-dd hh:mm:ss", "2024-01-15 12:00:00"), (45306.5, "dddd, mmmm d, yyyy", "Monday, January 15, 2024"),
    (45306, "d-mmm-yy", "15-Jan-24"), (45306, "mmmmm", "J"), (45306, "[$-409]mmm\\-yy", "Jan-24"), (0.7, "e", "1900"),
    (45306.56789, "h:mm AM/PM", "1:37 PM"), (45306.56789, "h:mm a/p", "1:37 p"), (0.7, "A/P", "P"),
    (0.0, "h:mm AM/PM", "12:00 AM"), (45306.56789, "hh:mm:ss.000", "13:37:45.696"), (0.70707, "hh.000", "16.848"),
    (0.70707, "hh .00", "16 .85"), (45306.5, "mm:ss", "00:00"), (45306.51, "h:m", "12:14"), (45306.51, "m", "1"),
    (1.5, "[h]:mm", "36:00"), (1.5, "[mm]:ss", "2160:00"), (1.5, "[s]", "129600"), (1.1, "[hh]:mm:ss", "26:24:00"),
    (2.9999999999999996, "[h]:mm:ss;@", "72:00:00"), (60, "yyyy-mm-dd", "1900-02-29"), (0, "yyyy-mm-dd", "1900-01-00"),
    (1, "dddd", "Sunday"), (10000, "b", "70"), (10000, "bbbb", "2470"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "number_format", "text"), WRITTEN)
def test_a_value_is_written_as_excel_writes_it(value, number_format, text):
    assert shown(value if isinstance(value, str) else float(value), number_format) == text
    quoted = number_format.replace('"', '""')
    cells = {"A1": value if isinstance(value, str) else float(value), "B1": f'=TEXT(A1,"{quoted}")'}
    assert computed(cells, "B1") == text


@pytest.mark.parametrize(
    ("value", "number_format"),
    [
        (-1, "yyyy"), (2958466, "yyyy"), (1e300, "yyyy"), (-1e300, "[h]:mm"), (5, "#+/"), (2.5, "0 x/#"), (0.7, "hhh:mm"), (0.7, "hh:mm:sss"), (0.7, "[hhh]"), (1, "["), (1, "G3neral"),
        (1, "0 units"), (1, "0;0;0;@;0"), (1000, "B2yyyymmdd"),
    ],
)  # fmt: skip
def test_what_is_no_format_or_no_date_is_an_error(value, number_format):
    assert computed({"A1": float(value), "B1": f'=TEXT(A1,"{number_format}")'}, "B1") == "#VALUE!"


FORMATS = st.text('0#?.,%/;-+E@ymdhs[]:ap$_*\\" G', max_size=12)


@given(
    st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.floats(-1e5, 1e5), st.text(max_size=3)),
    FORMATS,
)
def test_any_format_gives_a_text_or_is_refused(value, number_format):
    try:
        assert isinstance(shown(value, number_format), str)
    except ValueError:
        pass


@given(st.floats(-1e9, 1e9), st.integers(0, 6))
def test_fixed_places_are_those_of_a_format(x, places):
    number_format = "#,##0" + ("." + "0" * places if places else "")
    assert fixed(x, places, True) == shown(x, number_format)
