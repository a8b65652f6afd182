"""Correlation and least squares: Microsoft's published values, corners, NIST's Longley data, numpy's lstsq, and
derivatives where columns nearly agree."""

import mpmath
import numpy as np
import pytest
import torch
from scipy import stats

from tests.formula.sheets import central_differences, computed, function
from xlcicf.formula.snapshot import ExcelError

NUM, DIV0, VALUE, NA, REF = (ExcelError(code) for code in ("#NUM!", "#DIV/0!", "#VALUE!", "#N/A", "#REF!"))


def in_cells(table: np.ndarray, left: str, top: int = 1) -> dict[str, float]:
    return {
        f"{chr(ord(left) + j)}{top + i}": float(x)
        for i, row in enumerate(np.atleast_2d(table.T).T)
        for j, x in enumerate(row)
    }


# LINEST's example of eleven office buildings: floor space, offices, entrances, age -> value
OFFICES = np.array([
    [2310, 2, 2, 20], [2333, 2, 2, 12], [2356, 3, 1.5, 33], [2379, 3, 2, 43], [2402, 2, 3, 53], [2425, 4, 2, 23],
    [2448, 2, 1.5, 99], [2471, 2, 2, 34], [2494, 3, 3, 23], [2517, 4, 4, 55], [2540, 2, 3, 22],
])  # fmt: skip
VALUED = np.array([142, 144, 151, 150, 139, 169, 126, 142.9, 163, 169, 149]) * 1000
PUBLISHED = {
    (1, 1): "-234.2371645", (1, 2): "2553.21066", (1, 3): "12529.76817", (1, 4): "27.64138737", (1, 5): "52317.83051",
    (2, 1): "13.26801148", (2, 2): "530.6691519", (2, 3): "400.0668382", (2, 4): "5.429374042", (2, 5): "12237.3616",
    (3, 1): "0.996747993", (3, 2): "970.5784629", (4, 1): "459.7536742", (4, 2): "6",
    (5, 1): "1732393319", (5, 2): "5652135.316",
}  # fmt: skip


@pytest.mark.parametrize("at", PUBLISHED)
def test_linest_of_the_office_buildings_is_the_published_one(at):
    cells = in_cells(OFFICES, "A") | in_cells(VALUED, "E")
    got = computed(cells | {"Z1": f"=INDEX(LINEST(E1:E11,A1:D11,TRUE,TRUE),{at[0]},{at[1]})"}, "Z1")
    digits = PUBLISHED[at]
    assert got == pytest.approx(float(digits), rel=0, abs=0.51 * 10 ** -len(digits.partition(".")[2]))


OF_PAGES = [
    ("SLOPE({2,3,9,1,8,7,5},{6,5,11,7,5,4,4})", "0.305556"), ("INTERCEPT({2,3,9,1,8},{6,5,11,7,5})", "0.0483871"),
    ("RSQ({2,3,9,1,8,7,5},{6,5,11,7,5,4,4})", "0.05795"), ("STEYX({2,3,9,1,8,7,5},{6,5,11,7,5,4,4})", "3.305719"),
    ("FORECAST(30,{6,7,9,15,21},{20,28,31,38,40})", "10.607253"), ("CORREL({3,2,4,5,6},{9,7,12,15,17})", "0.997054"),
    ("PEARSON({9,7,5,3,1},{10,6,1,5,3})", "0.699379"), ("COVARIANCE.S({2,4,8},{5,11,12})", "9.666666667"),
    ("INDEX(LOGEST({33100;47300;69000;102000;150000;220000},{11;12;13;14;15;16}),1)", "1.4633"),
    ("INDEX(LOGEST({33100;47300;69000;102000;150000;220000},{11;12;13;14;15;16}),2)", "495.3048"),
    ("INDEX(GROWTH({33100;47300;69000;102000;150000;220000},{11;12;13;14;15;16},{17;18}),1)", "320196.72"),
    ("INDEX(GROWTH({33100;47300;69000;102000;150000;220000},{11;12;13;14;15;16},{17;18}),2)", "468536.05"),
    ("INDEX(TREND({133890;135000;135790;137300;138130;139100;139900;141120;141890;143230;144000;145290},,{13;14}),1)", "146171.52"),
    ("INDEX(TREND({133890;135000;135790;137300;138130;139100;139900;141120;141890;143230;144000;145290},,{13;14}),2)", "147189.70"),
    ("F.TEST({6,7,9,15,21},{20,28,31,38,40})", "0.64831785"), ("Z.TEST({3,6,7,8,6,5,4,2,1,9},4)", "0.090574"),
    ("Z.TEST({3,6,7,8,6,5,4,2,1,9},6)", "0.863043"),
    ("T.TEST({3,4,5,8,9,1,2,4,5},{6,19,3,2,14,4,5,17,1},2,1)", "0.196016"),
    ("CHISQ.TEST({58,35;11,25;10,23},{45.35,47.65;17.56,18.44;16.09,16.91})", "0.000308192"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "digits"), OF_PAGES)
def test_a_value_is_the_published_one(formula, digits):
    got = computed({"Z1": "=" + formula}, "Z1")
    assert got == pytest.approx(float(digits), rel=0, abs=0.51 * 10 ** -len(digits.partition(".")[2]))


CORNERS = [
    ("CORREL({1,2,3},{1;2;3})", 1.0), ("CORREL({1,2},{1,2,3})", NA), ("CORREL({1},{2})", DIV0),
    ("CORREL({1,1},{2,3})", DIV0), ("CORREL({0.1,0.1,0.1},{1,2,3})", DIV0), ("CORREL(A1:A4,B1:B4)", -1.0),
    ("CORREL(A1:A4,C1:C4)", DIV0), ("COVAR({1},{2})", 0.0), ("COVARIANCE.S({1},{2})", DIV0),
    ("COVARIANCE.P(A3:A4,B3:B4)", DIV0), ("SLOPE({1},{2})", DIV0), ("SLOPE({1,2},{3,3})", DIV0),
    ("INTERCEPT({1,2},{3,3})", DIV0), ("RSQ({1},{1})", DIV0), ("RSQ({1,1},{1,2})", DIV0),
    ("STEYX({1,2},{1,2})", DIV0), ("STEYX({1,2,4},{1,1,1})", DIV0), ("FORECAST(1,{1,2},{1,1})", DIV0),
    ("FORECAST(1,C1:C2,C3:C4)", NA), ("FORECAST(1,{1,2},{1,2,3})", NA), ('FORECAST("x",{1,2},{1,2})', VALUE),
    ("LINEST({1;2;3},{1;2})", REF), ("LINEST({1,2,3},{1;2;3})", REF), ("LINEST(A1:A4,B1:B4)", VALUE),
    ("LINEST({1,2,3},{1,#NUM!,3})", VALUE), ("TREND({1;2},{1;2},{1,2;3,4})", 1.0), ("TREND({1;2;3},{1,2;2,3;4,4},{1;2})", REF),
    ('TREND({1;2;3},{1;2;3},"x")', VALUE), ("LOGEST({1;0;3},{1;2;3})", NUM), ("GROWTH({1;-1;3},{1;2;3})", NUM),
    ("INDEX(LINEST({1;2;3.5},{1;2;3},FALSE,TRUE),2,2)", NA), ("INDEX(LINEST({1;2;3.5},{1;2;3},FALSE),2)", 0.0),
    ("SUM(LINEST({1;2;3.5},{1;2;3},{FALSE,TRUE}))", 15.5 / 14),
    ("ROWS(LINEST({1;2;3.5},{1;2;3}))", 1.0), ("ROWS(LINEST({1;2;3.5},{1;2;3},TRUE,1))", 5.0),
    ("INDEX(LINEST({1;2},{1;2},TRUE,TRUE),4,1)", NUM), ("INDEX(LINEST({1;2},{1;2},TRUE,TRUE),4,2)", 0.0),
    ("INDEX(LINEST({1;2},{1;2},TRUE,TRUE),2,1)", 0.0), ("INDEX(LINEST({5;5;5},{1;2;4},TRUE,TRUE),3,1)", 1.0),
    ("INDEX(LINEST({1;2;4;3},{1,2;2,4;3,6;4,8},TRUE,TRUE),1,1)", 0.0),  # a column that adds nothing
    ("INDEX(LINEST({1;2;4;3},{1,2;2,4;3,6;4,8},TRUE,TRUE),2,1)", 0.0),
    ("INDEX(LINEST({1;2;4;3},{1,2;2,4;3,6;4,8},TRUE,TRUE),1,2)", 0.8),
    ("INDEX(LINEST({1;2;4;3},{1,2;2,4;3,6;4,8},TRUE,TRUE),4,2)", 2.0),
    ("INDEX(LINEST({1;2;4;3},{1,7;2,7;3,7;4,7},TRUE,TRUE),1,1)", 0.0),
    ("LOGEST({1;2;4},{0;1;2})", 2.0), ("INDEX(LOGEST({3;6;12},{0;1;2}),2)", 3.0),
    ("INDEX(GROWTH({3;6;12},{0;1;2},{3}),1)", 24.0), ("INDEX(LOGEST({1;2;4},{0;1;2},FALSE),2)", 1.0),
]  # fmt: skip
SHEET = {"A1": 1.0, "B1": 5.0, "A2": 2.0, "B2": 3.0, "A3": "x", "B3": 9.0, "B4": 2.0}


@pytest.mark.parametrize(("formula", "expected"), CORNERS)
def test_a_corner_is_as_documented(formula, expected):
    got = computed(SHEET | {"Z1": "=" + formula}, "Z1")
    assert str(got) == str(expected) or got == pytest.approx(expected, rel=1e-13, abs=1e-14)


# NIST, Statistical Reference Datasets, Longley: columns that nearly depend on one another.
LONGLEY = np.array([
    [60323, 83.0, 234289, 2356, 1590, 107608, 1947], [61122, 88.5, 259426, 2325, 1456, 108632, 1948],
    [60171, 88.2, 258054, 3682, 1616, 109773, 1949], [61187, 89.5, 284599, 3351, 1650, 110929, 1950],
    [63221, 96.2, 328975, 2099, 3099, 112075, 1951], [63639, 98.1, 346999, 1932, 3594, 113270, 1952],
    [64989, 99.0, 365385, 1870, 3547, 115094, 1953], [63761, 100.0, 363112, 3578, 3350, 116219, 1954],
    [66019, 101.2, 397469, 2904, 3048, 117388, 1955], [67857, 104.6, 419180, 2822, 2857, 118734, 1956],
    [68169, 108.4, 442769, 2936, 2798, 120445, 1957], [66513, 110.8, 444546, 4681, 2637, 121950, 1958],
    [68655, 112.6, 482704, 3813, 2552, 123366, 1959], [69564, 114.2, 502601, 3931, 2514, 125368, 1960],
    [69331, 115.7, 518173, 4806, 2572, 127852, 1961], [70551, 116.9, 554894, 4007, 2827, 130081, 1962],
])  # fmt: skip
CERTIFIED = [
    [1829.15146461355, -0.0511041056535807, -1.03322686717359, -2.02022980381683, -0.0358191792925910,
     15.0618722713733, -3482258.63459582],
    [455.478499142212, 0.226073200069370, 0.214274163161675, 0.488399681651699, 0.0334910077722432,
     84.9149257747669, 890420.383607373],
]  # fmt: skip


def test_longleys_coefficients_and_errors_have_eleven_digits():
    cells = in_cells(LONGLEY, "A") | {"K1:Q5": "{=LINEST(A1:A16,B1:G16,TRUE,TRUE)}"}
    got = [[computed(cells, f"{a}{row}") for a in "KLMNOPQ"] for row in (1, 2)]
    np.testing.assert_allclose(got, CERTIFIED, rtol=1e-11)
    assert computed(cells, "K3") == pytest.approx(0.995479004577296, rel=1e-13)
    assert computed(cells, "L3") == pytest.approx(304.854073561965, rel=1e-12)
    assert computed(cells, "K4") == pytest.approx(330.285339234588, rel=1e-12)
    assert str(computed(cells, "M3")) == "#N/A"


def test_longleys_derivatives_equal_those_with_fifty_digits():
    """That of the last coefficient by each number, where a difference in doubles would have few digits left."""
    f = function(in_cells(LONGLEY, "A") | {"Z1": "=INDEX(LINEST(A1:A16,B1:G16),1)"}, "Z1", "A1:G16")
    with mpmath.workdps(50):
        rows = [[mpmath.mpf(1), *map(mpmath.mpf, map(float, row[1:]))] for row in LONGLEY]
        x, y = mpmath.matrix(rows), mpmath.matrix([float(v) for v in LONGLEY[:, 0]])
        inverse = (x.T * x) ** -1
        b = inverse * (x.T * y)
        left, w = y - x * b, inverse[:, 6]
        along = x * w
        by = [[along[i], *(left[i] * w[j] - along[i] * b[j] for j in range(1, 7))] for i in range(16)]
        exact = np.array([[float(v) for v in row] for row in by])
    np.testing.assert_allclose(f.gradient(f.start).reshape(16, 7), exact, rtol=1e-8)


RNG = np.random.default_rng(11)
X, NEW = RNG.normal(size=(20, 3)) * [1, 30, 0.01] + [5, 0, 2], RNG.normal(size=(4, 3))
Y = X @ [2.0, -0.3, 70.0] + RNG.normal(size=20)


def test_trend_and_linest_are_numpys_along_rows_and_columns():
    with_ones = np.column_stack([X, np.ones(20)])
    b = np.linalg.lstsq(with_ones, Y)[0]
    through_zero = np.linalg.lstsq(X, Y)[0]
    down = in_cells(X, "A") | in_cells(Y, "D") | in_cells(NEW, "A", 30)
    across = {f"{column}{row}": v for cell, v in down.items() for column, row in [turned(cell)]}
    for cells, y, x, new, size in (
        (down, "D1:D20", "A1:C20", "A30:C33", "K41:K44"),
        (across, "A4:T4", "A1:T3", "AD1:AG3", "K41:N41"),
    ):
        places = [f"K{41 + i}" if ":K" in size else f"{'KLMN'[i]}41" for i in range(4)]
        fitted = cells | {"K40:N40": f"{{=LINEST({y},{x})}}", size: f"{{=TREND({y},{x},{new})}}"}
        np.testing.assert_allclose([computed(fitted, f"{a}40") for a in "NMLK"], [b[3], *b[:3]], rtol=1e-10)
        np.testing.assert_allclose([computed(fitted, at) for at in places], NEW @ b[:3] + b[3], rtol=1e-10)
        fitted = cells | {size: f"{{=TREND({y},{x},{new},FALSE)}}"}
        np.testing.assert_allclose([computed(fitted, at) for at in places], NEW @ through_zero, rtol=1e-10)


def turned(cell: str) -> tuple[str, int]:
    """Row and column exchanged."""
    column, row = "ABCD".index(cell[0]) + 1, int(cell[1:])
    return ("A" if row > 26 else "") + chr(ord("A") + (row - 1) % 26), column


def test_one_variable_is_scipys():
    line = stats.linregress(X[:, 0], Y)
    cells = in_cells(X, "A") | in_cells(Y, "D")
    for formula, expected in (
        ("SLOPE(D1:D20,A1:A20)", line.slope), ("INTERCEPT(D1:D20,A1:A20)", line.intercept),
        ("CORREL(D1:D20,A1:A20)", line.rvalue), ("INDEX(LINEST(D1:D20,A1:A20,,TRUE),2,1)", line.stderr),
        ("INDEX(LINEST(D1:D20,A1:A20,,TRUE),2,2)", line.intercept_stderr),
    ):  # fmt: skip
        assert computed(cells | {"Z1": f"={formula}"}, "Z1") == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    "formula",
    [
        "INDEX(LINEST(D1:D20,A1:C20,TRUE,TRUE),2,1)+INDEX(LINEST(D1:D20,A1:C20,TRUE,TRUE),4,1)",
        "SUM(GROWTH(D1:D20^2,A1:A20^{1,2},A30:A33^{1,2}))",
        "STEYX(D1:D20,A1:A20)*PEARSON(D1:D20,B1:B20)",
    ],
)
def test_a_gradient_is_that_of_differences_alone_and_at_many_points_at_once(formula):
    cells = in_cells(X, "A") | in_cells(Y, "D") | in_cells(NEW, "A", 30) | {"Z1:Z1": f"{{={formula}}}"}
    f = function(cells, "Z1", "A1:D20", "A30:C33")
    np.testing.assert_allclose(f.gradient(f.start), central_differences(f), rtol=2e-5, atol=1e-5)
    points = torch.from_numpy(np.stack([f.start, f.start * 1.01]))
    together = f.batch(points)
    for v, value, gradient in zip(points.numpy(), *together, strict=True):
        assert value == pytest.approx(f.value(v), rel=1e-12)
        np.testing.assert_allclose(gradient, f.gradient(v), rtol=1e-9, atol=1e-9)


def test_a_column_that_always_depends_on_another_has_its_derivative_through_the_one_kept():
    """The second column is twice the first; the fit is the same without it."""
    cells = in_cells(X[:, 0], "A") | {f"B{i}": f"=2*A{i}" for i in range(1, 21)} | in_cells(Y, "D")
    both = function(cells | {"Z1": "=INDEX(TREND(D1:D20,A1:B20),3)"}, "Z1", "A1:A20")
    one = function(cells | {"Z1": "=INDEX(TREND(D1:D20,A1:A20),3)"}, "Z1", "A1:A20")
    assert both.value(both.start) == pytest.approx(one.value(one.start), rel=1e-12)
    np.testing.assert_allclose(both.gradient(both.start), one.gradient(one.start), rtol=1e-9, atol=1e-12)


def test_fits_filled_down_are_each_their_own():
    cells = in_cells(X, "A") | in_cells(Y, "D")
    cells |= {f"F{i}": f"=INDEX(LINEST(D{i}:D{i + 9},A{i}:C{i + 9}),1)" for i in range(1, 11)}
    expected = [
        np.linalg.lstsq(np.column_stack([X[i : i + 10], np.ones(10)]), Y[i : i + 10])[0][2] for i in range(10)
    ]
    np.testing.assert_allclose([computed(cells, f"F{i}") for i in range(1, 11)], expected, rtol=1e-9)
