"""Engineering: bases, bits, units, complex numbers, error and Bessel functions: corners, and mpmath."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formula.sheets import computed, function
from xlcicf.formula.functions.complex_numbers import read, shown
from xlcicf.formula.measures import _measures, conversion
from xlcicf.formula.snapshot import ExcelError

NUM, VALUE, NA, DIV = map(ExcelError, ("#NUM!", "#VALUE!", "#N/A", "#DIV/0!"))


def ours(formula: str, **cells):
    return computed({**cells, "Z99": "=" + formula}, "Z99")


CORNERS = [
    # bases: Microsoft's examples, and the ends of each range
    ("BIN2DEC(1100100)", 100.0),
    ("BIN2DEC(1111111111)", -1.0),
    ('BIN2DEC("")', 0.0),
    ("BIN2DEC(A1)", 0.0),
    ("BIN2DEC(2)", NUM),
    ("BIN2DEC(10.5)", NUM),
    ("BIN2DEC(-1)", NUM),
    ('BIN2DEC("11111111111")', NUM),
    ("BIN2DEC(TRUE)", VALUE),
    ("BIN2HEX(11111011,4)", "00FB"),
    ("BIN2HEX(1110)", "E"),
    ("BIN2HEX(1111111111)", "FFFFFFFFFF"),
    ("BIN2OCT(1001,3)", "011"),
    ("BIN2OCT(1100100)", "144"),
    ("BIN2OCT(1111111111)", "7777777777"),
    ("DEC2BIN(9,4)", "1001"),
    ("DEC2BIN(-100)", "1110011100"),
    ("DEC2BIN(511)", "111111111"),
    ("DEC2BIN(512)", NUM),
    ("DEC2BIN(-512)", "1000000000"),
    ("DEC2BIN(-513)", NUM),
    ("DEC2BIN(5,2)", NUM),
    ("DEC2BIN(5,0)", NUM),
    ("DEC2BIN(5,-1)", NUM),
    ("DEC2BIN(5,11)", NUM),
    ("DEC2BIN(5,3.9)", "101"),
    ("DEC2BIN(-5,1)", "1111111011"),
    ('DEC2BIN("x")', VALUE),
    ('DEC2BIN("5")', "101"),
    ('DEC2BIN(5,"x")', VALUE),
    ("DEC2BIN(TRUE)", VALUE),
    ("DEC2HEX(100,4)", "0064"),
    ("DEC2HEX(-54)", "FFFFFFFFCA"),
    ("DEC2HEX(549755813887)", "7FFFFFFFFF"),
    ("DEC2HEX(549755813888)", NUM),
    ("DEC2HEX(-549755813888)", "8000000000"),
    ("DEC2OCT(58,3)", "072"),
    ("DEC2OCT(-100)", "7777777634"),
    ("DEC2OCT(536870912)", NUM),
    ('HEX2BIN("F",8)', "00001111"),
    ('HEX2BIN("B7")', "10110111"),
    ('HEX2BIN("FFFFFFFFFF")', "1111111111"),
    ('HEX2BIN("200")', NUM),
    ('HEX2DEC("A5")', 165.0),
    ('HEX2DEC("FFFFFFFF5B")', -165.0),
    ('HEX2DEC("3da408b9")', 1034160313.0),
    ('HEX2DEC("G")', NUM),
    ('HEX2OCT("F",3)', "017"),
    ('HEX2OCT("3B4E")', "35516"),
    ('HEX2OCT("FFFFFFFF00")', "7777777400"),
    ('HEX2OCT("20000000")', NUM),
    ("OCT2BIN(3,3)", "011"),
    ("OCT2BIN(7777777000)", "1000000000"),
    ("OCT2DEC(54)", 44.0),
    ("OCT2DEC(7777777533)", -165.0),
    ("OCT2DEC(8)", NUM),
    ("OCT2HEX(100,4)", "0040"),
    ("OCT2HEX(7777777533)", "FFFFFFFF5B"),
    # bits
    ("BITAND(13,25)", 9.0),
    ("BITAND(1.5,2)", NUM),
    ("BITAND(-1,1)", NUM),
    ('BITAND("x",1)', VALUE),
    ("BITAND(281474976710655,281474976710655)", 281474976710655.0),
    ("BITAND(281474976710656,1)", NUM),
    ("BITOR(23,10)", 31.0),
    ("BITXOR(5,3)", 6.0),
    ("BITLSHIFT(4,2)", 16.0),
    ("BITLSHIFT(4,-1)", 2.0),
    ("BITLSHIFT(1,47)", 2.0**47),
    ("BITLSHIFT(1,48)", NUM),
    ("BITLSHIFT(0,54)", NUM),
    ("BITRSHIFT(13,2)", 3.0),
    ("BITRSHIFT(13,-2)", 52.0),
    ("BITRSHIFT(13,53)", 0.0),
    ("BITRSHIFT(13,54)", NUM),
    # units
    ('CONVERT(1,"lbm","kg")', 0.45359237),
    ('CONVERT(68,"F","C")', 20.0),
    ('CONVERT(2.5,"ft","sec")', NA),
    ('CONVERT(CONVERT(100,"ft","m"),"ft","m")', 9.290304),
    ('CONVERT(1,"Ft","m")', NA),
    ('CONVERT(1,"kft","m")', NA),
    ('CONVERT(1,"kibit","bit")', 1024.0),
    ('CONVERT(1,"kim","m")', NA),
    ('CONVERT(1,"km^2","m2")', 1e6),
    ('CONVERT(1,"cm3","ml")', 1.0),
    ('CONVERT(1,"dag","g")', 10.0),
    ('CONVERT(0,"C","F")', 32.0),
    ('CONVERT(1,"min","s")', 60.0),
    ('CONVERT(1,"","m")', NA),
    ('CONVERT(TRUE,"g","kg")', VALUE),
    ('CONVERT("x","g","kg")', VALUE),
    ('SUM(CONVERT({1,2},"ft","in"))', 36.0),
    # steps
    ("DELTA(5,4)", 0.0),
    ("DELTA(5,5)", 1.0),
    ("DELTA(0.5)", 0.0),
    ("DELTA(TRUE,1)", VALUE),
    ("GESTEP(5,4)", 1.0),
    ("GESTEP(5,5)", 1.0),
    ("GESTEP(-4,-5)", 1.0),
    ("GESTEP(-1)", 0.0),
    ("ERF(TRUE)", VALUE),
    ("ERF(0)", 0.0),
    ("ERF(40)", 1.0),
    ("ERFC(40)", 0.0),
    ("BESSELJ(1.9,-1)", NUM),
    ("BESSELK(0,1)", NUM),
    ("BESSELY(-1,1)", NUM),
    ("BESSELI(800,0)", NUM),
    ('BESSELI(1,"x")', VALUE),
    ("BESSELI(0,0)", 1.0),
    # complex numbers
    ("COMPLEX(3,4)", "3+4i"),
    ('COMPLEX(3,4,"j")', "3+4j"),
    ("COMPLEX(0,1)", "i"),
    ("COMPLEX(0,-1)", "-i"),
    ("COMPLEX(1,0)", "1"),
    ("COMPLEX(0,0)", "0"),
    ('COMPLEX(3,4,"J")', VALUE),
    ('COMPLEX("x",4)', VALUE),
    ("COMPLEX(1E20,1E-10)", "1E+20+0.0000000001i"),
    ("COMPLEX(1/3,-1/3)", "0.333333333333333-0.333333333333333i"),
    ('IMABS("5+12i")', 13.0),
    ('IMABS("x")', NUM),
    ('IMABS("")', NUM),
    ('IMABS("3+4I")', NUM),
    ('IMABS("3 + 4i")', NUM),
    ('IMABS("4i+3")', NUM),
    ('IMABS("34i5")', NUM),
    ('IMABS("1e2+i")', math.hypot(100, 1)),
    ("IMABS(TRUE)", VALUE),
    ("IMABS(A1)", 0.0),
    ('IMAGINARY("3+4i")', 4.0),
    ('IMAGINARY("0-j")', -1.0),
    ("IMAGINARY(4)", 0.0),
    ('IMREAL("6-9i")', 6.0),
    ('IMARGUMENT("3+4i")', math.atan2(4, 3)),
    ("IMARGUMENT(0)", DIV),
    ('IMCONJUGATE("3+4i")', "3-4i"),
    ('IMDIV("-238+240i","10+24i")', "5+12i"),
    ('IMDIV("1+i",0)', NUM),
    ("IMLN(0)", NUM),
    ('IMPOWER("0",0)', NUM),
    ('IMPOWER("0",-1)', NUM),
    ('IMPOWER("0",2)', "0"),
    ('IMPOWER("i","x")', VALUE),
    ('IMPRODUCT("3+4i","5-3i")', "27+11i"),
    ('IMPRODUCT("1+2i",30)', "30+60i"),
    ('IMSUB("13+4i","5+3i")', "8+i"),
    ('IMSUM("3+4i","5-3i")', "8+i"),
    ('IMSUM("3+4i","5-3j")', VALUE),
    ('IMSUM("3+4j",2)', "5+4j"),
    ('IMSUM("3+4i",TRUE)', VALUE),
    ('IMSUM("3+4i",NA())', NA),
    ("IMSUM(A1:A3)", "0"),
    ("IMCSC(0)", NUM),
    ("IMCOT(0)", NUM),
    ('IMEXP("1000")', NUM),
    # Microsoft's published examples
    ('IMEXP("1+i")', "1.46869393991589+2.28735528717884i"),
    ('IMCOS("1+i")', "0.833730025131149-0.988897705762865i"),
    ('IMCOSH("4+3i")', "-27.0349456030742+3.85115333481178i"),
    ('IMCSC("4+3i")', "-0.0754898329158637+0.0648774713706355i"),
    ('IMCSCH("4+3i")', "-0.036275889628626-0.0051744731840194i"),
    ('IMLN("3+4i")', "1.6094379124341+0.927295218001612i"),
    ('IMLOG10("3+4i")', "0.698970004336019+0.402719196273373i"),
    ('IMLOG2("3+4i")', "2.32192809488736+1.33780421245098i"),
    ('IMPOWER("2+3i",3)', "-46+9.00000000000001i"),
    ('IMSEC("4+3i")', "-0.065294027857947-0.0752249603027732i"),
    ('IMSECH("4+3i")', "-0.0362534969158689-0.00516434460775318i"),
    ('IMSIN("4+3i")', "-7.61923172032141-6.548120040911i"),
    ('IMSINH("4+3i")', "-27.0168132580039+3.85373803791938i"),
    ('IMSQRT("1+i")', "1.09868411346781+0.455089860562227i"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "value"), CORNERS, ids=[f for f, _ in CORNERS])
def test_a_value_is_what_excel_documents(formula, value):
    found = ours(formula)
    assert found == (pytest.approx(value, rel=1e-15) if isinstance(value, float) else value)


PUBLISHED = [  # by Microsoft, of few digits
    ("ERF(0.745)", 0.70792892, 1e-8),
    ("ERF(1)", 0.84270079, 1e-8),
    ("ERFC(1)", 0.15729921, 1e-8),
    ("BESSELI(1.5,1)", 0.981666428, 1e-9),
    ("BESSELJ(1.9,2)", 0.329925829, 2e-7),
    ("BESSELK(1.5,1)", 0.277387804, 1e-8),
    ("BESSELY(2.5,1)", 0.145918138, 1e-9),
]


@pytest.mark.parametrize(("formula", "value", "digits"), PUBLISHED)
def test_a_value_is_the_published_one(formula, value, digits):
    assert ours(formula) == pytest.approx(value, abs=digits)


@given(st.sampled_from(["BIN", "OCT", "HEX"]), st.data())
def test_digits_of_a_base_are_read_back(name, data):
    half = {"BIN": 2, "OCT": 8, "HEX": 16}[name] ** 10 // 2
    number = data.draw(st.integers(-half, half - 1))
    digits = ours(f"DEC2{name}({number})")
    assert ours(f'{name}2DEC("{digits}")') == number
    assert len(digits) == 10 or number >= 0


def test_units_convert_there_and_back():
    units = _measures()
    for name, unit in units.items():
        for other, another in units.items():
            there, back = conversion(name, other), conversion(other, name)
            assert (there is None) == (unit.quantity != another.quantity)
            if there and back:
                assert there[0] * back[0] == pytest.approx(1, rel=1e-15)
                assert there[0] * back[1] + there[1] == pytest.approx(0, abs=1e-10)


NUMBERS = st.floats(-1e6, 1e6).map(lambda x: float(f"{x:.14e}"))


@given(NUMBERS, NUMBERS, st.sampled_from("ij"))
def test_a_complex_number_is_read_back(real, imaginary, letter):
    z, found = read(shown(complex(real, imaginary), letter))
    assert z.real == pytest.approx(real, rel=1e-14, abs=1e-300)
    assert z.imag == pytest.approx(imaginary, rel=1e-14, abs=1e-300)
    assert found == (letter if imaginary else "")


OF_COMPLEX = {
    "SIN": mpmath.sin, "COS": mpmath.cos, "TAN": mpmath.tan, "SEC": mpmath.sec, "CSC": mpmath.csc,
    "COT": mpmath.cot, "SINH": mpmath.sinh, "COSH": mpmath.cosh, "SECH": mpmath.sech, "CSCH": mpmath.csch,
    "EXP": mpmath.exp, "LN": mpmath.log, "LOG10": mpmath.log10, "LOG2": lambda z: mpmath.log(z, 2),
    "SQRT": mpmath.sqrt,
}  # fmt: skip


@pytest.mark.parametrize("name", OF_COMPLEX)
@pytest.mark.parametrize("z", [complex(0.3, -2), complex(-4, 3), complex(10, 0.5), complex(-0.01, 0.02)])
def test_a_function_of_a_complex_number_is_mpmaths(name, z):
    found, _ = read(ours(f'IM{name}("{shown(z, "i")}")'))
    expected = complex(OF_COMPLEX[name](mpmath.mpc(z)))
    assert abs(found - expected) <= 1e-14 * max(abs(expected), 1e-14)


OF_NUMBERS = [
    ("ERF(A1)", mpmath.erf, (-6, -0.5, 1e-9, 0.3, 3)),
    ("ERF(0.5,A1)", lambda x: mpmath.erf(x) - mpmath.erf(0.5), (-1, 0.2, 5.5)),
    ("ERFC(A1)", mpmath.erfc, (-6, -0.5, 1e-9, 3, 25)),
    *(
        (f"BESSEL{letter}(A1,{n})", lambda x, f=f, n=n: f(n, x), points)
        for letter, f, points in (
            ("I", mpmath.besseli, (-3, 1e-3, 0.5, 30)),
            ("J", mpmath.besselj, (-3, 1e-3, 0.5, 30, 500)),
            ("K", mpmath.besselk, (1e-3, 0.5, 30)),
            ("Y", mpmath.bessely, (1e-3, 0.5, 30, 500)),
        )
        for n in (0, 1, 4)
    ),
]


@pytest.mark.parametrize(("formula", "expected", "points"), OF_NUMBERS, ids=[row[0] for row in OF_NUMBERS])
def test_a_function_and_its_derivative_are_mpmaths(formula, expected, points):
    for x in points:
        f = function({"A1": float(x), "B1": "=" + formula}, "B1", "A1")
        with mpmath.workdps(40):
            value, slope = float(expected(mpmath.mpf(x))), float(mpmath.diff(expected, mpmath.mpf(x)))
        scale = max(abs(value), abs(slope) * min(1, abs(x)), 1e-300)
        assert f.value([x]) == pytest.approx(value, rel=1e-12, abs=1e-13 * scale)
        assert f.gradient([x])[0] == pytest.approx(slope, rel=1e-12, abs=1e-13 * max(scale, abs(slope)))


def test_a_branch_not_taken_does_not_spoil_the_gradient_of_a_bessel_function():
    f = function({"A1": -1.0, "B1": "=IFERROR(BESSELK(A1,1),A1)+IFERROR(BESSELJ(A1,-1),2*A1)"}, "B1", "A1")
    np.testing.assert_array_equal(f.gradient(f.start), [3.0])
