"""Functions of single numbers: corners and errors, and derivatives where they are hard to come by."""

import math

import mpmath
import numpy as np
import pytest

from tests.formula.sheets import computed, function
from xlcicf.formula.snapshot import ExcelError

NUM, DIV, VALUE = (ExcelError(code) for code in ("#NUM!", "#DIV/0!", "#VALUE!"))
CORNERS = [
    ("ASIN(1.1)", NUM), ("ACOS(-1.1)", NUM), ("ASIN(1)", math.pi / 2), ("ACOS(-1)", math.pi),
    ("ACOSH(0.9)", NUM), ("ACOSH(1)", 0.0), ("ATANH(1)", NUM), ("ACOTH(1)", NUM), ("ACOTH(0)", NUM),
    ("ACOT(0)", math.pi / 2), ("ACOT(-1E300)", math.pi), ("ATAN2(0,0)", DIV), ("ATAN2(-1,0)", math.pi),
    ("ATAN2(0,-1)", -math.pi / 2), ("COT(0)", DIV), ("CSC(0)", DIV), ("COTH(0)", DIV), ("CSCH(0)", DIV),
    ("SINH(711)", NUM), ("COSH(-711)", NUM), ("CSCH(-800)", 0.0), ("SECH(800)", 0.0), ("SECH(0)", 1.0),
    ("SIN(134217728)", NUM), ("TAN(134217727)", math.tan(134217727)), ("SQRTPI(-1)", NUM), ("SQRTPI(0)", 0.0),
    ("LOG(5,1)", DIV), ("LOG(5,0)", NUM), ("LOG(5,-2)", NUM), ("LOG(-5,1)", NUM), ("LOG(0)", NUM),
    ("0^-1", DIV), ("POWER(0,-0.5)", DIV), ("0^0", NUM),
    ("CEILING(2,-1)", NUM), ("CEILING(2,0)", 0.0), ("FLOOR(2,-1)", NUM), ("FLOOR(2,0)", DIV),
    ("FLOOR(0,0)", 0.0), ("FLOOR(-2.5,2)", -4.0), ("FLOOR(0.3,0.1)", 3 * 0.1), ("CEILING(0.7,0.1)", 7 * 0.1),
    ("CEILING.MATH(5,0)", 0.0), ("FLOOR.PRECISE(5,0)", 0.0), ("ODD(0)", 1.0), ("ODD(-0.5)", -1.0),
    ("EVEN(0)", 0.0), ("MROUND(5,-2)", NUM), ("MROUND(5,0)", 0.0), ("MROUND(TRUE,1)", VALUE),
    ("QUOTIENT(5,0)", DIV), ("MOD(5,0)", DIV), ("MOD(1125899999999,1)", 0.0), ("MOD(1125900000000,1)", NUM),
    ("MOD(-1125900000000,1)", NUM),
    # what people have reported of Excel
    ("MOD(281.44,0.02)", 0.02), ("MOD(2.5,0.02)", 0.02), ("MOD(10,0.1)", 0.1), ("MOD(0.9,0.3)*1E16", 0.5551115123125783),
    ("FACT(-1)", NUM), ("FACT(171)", NUM), ("FACT(170)", math.factorial(170)),
    ("FACT(-0.3)", NUM), ("FACTDOUBLE(301)", NUM), ("FACTDOUBLE(-2)", NUM), ("COMBIN(2,3)", NUM),
    ("COMBIN(-1,0)", NUM), ("COMBINA(0,0)", 1.0), ("COMBINA(0,2)", NUM), ("COMBIN(1030,515)", NUM),
    ("GCD(-1,2)", NUM), ("GCD(2,TRUE)", VALUE), ('GCD("x")', VALUE), ("GCD(B1:B3)", 4.0), ("LCM(B1:B3)", 0.0), ("LCM(B1,B2,B3)", 24.0),
    ("GCD(9007199254740992)", NUM), ("LCM(9007199254740991,2)", NUM), ("MULTINOMIAL(-1)", NUM),
    ("BASE(-1,2)", NUM), ("BASE(1,37)", NUM), ("BASE(1,2,256)", NUM), ('DECIMAL("2",2)', NUM),
    ('DECIMAL("",2)', NUM), ("ROMAN(4000)", VALUE), ("ROMAN(-1)", VALUE), ("ROMAN(0)", ""), ("ROMAN(5,5)", VALUE),
    ("ROMAN(3999)", "MMMCMXCIX"), ("ROMAN(999,4)", "IM"), ('ARABIC("")', 0.0), ('ARABIC("abc")', VALUE),
    ("SERIESSUM(0,0,1,{1,2})", NUM), ("SERIESSUM(2,1,1,C1:C2)", VALUE), ("SUMX2MY2({1,2},{1})", ExcelError("#N/A")),
    ("ROUND(2.5,0)", 3.0), ("ROUND(-2.5,0)", -3.0), ("ROUND(1.005,2)", 1.01), ("ROUND(2.135,2)", 2.14),
    ("ROUND(1.00499999999999,2)", 1.0), ("ROUNDUP(1.1,1)", 1.1), ("ROUNDDOWN(0.29*100,0)", 29.0),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "value"), CORNERS, ids=[f for f, _ in CORNERS])
def test_a_corner_is_as_excel_has_it(formula, value):
    sheet = {"B1": 8.0, "B3": 12.0, "C1": True, "C2": 1.0, "A1": "=" + formula}
    found = computed(sheet, "A1")
    assert found == (value if isinstance(value, str) else pytest.approx(value, rel=1e-15))


HARD = [
    ("SECH", mpmath.sech, (1e-9, 0.0, 3.0, 39.0, 41.0, -300.0)),
    ("CSCH", mpmath.csch, (1e-9, -1e-160, 3.0, 39.0, 41.0, -300.0)),
    ("COTH", mpmath.coth, (1e-9, 3.0, -15.0)),
    ("ACOT", mpmath.acot, (1e-9, 3.0, 1e100)),
    ("ASIN", mpmath.asin, (1e-9, 0.999999999999, -0.5)),
    ("ACOS", mpmath.acos, (1e-9, 0.999999999999, -0.5)),
    ("ACOSH", mpmath.acosh, (1.000000000001, 1e8)),
    ("ASINH", mpmath.asinh, (1e-9, -1e8)),
    ("ATANH", mpmath.atanh, (1e-9, 0.999999999999)),
    ("ACOTH", mpmath.acoth, (1.000000000001, -1e8)),
    ("TAN", mpmath.tan, (1.5707963, 100.0)),
]


@pytest.mark.parametrize(
    ("name", "exact", "at"), [(n, e, x) for n, e, xs in HARD for x in xs], ids=lambda v: str(v)[:20]
)
def test_a_value_and_a_slope_are_right_to_the_last_digits(name, exact, at):
    f = function({"A1": at, "B1": f"={name}(A1)"}, "B1", "A1")
    with mpmath.workdps(60):
        x = mpmath.mpf(at)
        step = mpmath.mpf(10) ** -20 * max(abs(x), mpmath.mpf(10) ** -150)
        slope = float((exact(x + step) - exact(x - step)) / (2 * step)) if at else 0.0
    assert f.value(f.start) == pytest.approx(float(exact(mpmath.mpf(at))), rel=4e-15)
    # where a curve is steep, its argument's last digit counts
    assert f.gradient(f.start) == pytest.approx([slope], rel=1e-7 if name == "TAN" else 2e-15 * 10)


def test_a_curve_has_no_slope_where_it_ends_upright():
    for formula, at in (("ASIN(A1)", 1.0), ("ACOS(A1)", -1.0), ("ACOSH(A1)", 1.0)):
        f = function({"A1": at, "B1": f"={formula}+A1"}, "B1", "A1")
        np.testing.assert_array_equal(f.gradient(f.start), [1.0])
