"""Means, moments, ranks and tests of significance: the corners that Microsoft's pages name, and scipy.stats."""

import numpy as np
import pytest
from scipy import stats

from tests.formula.sheets import central_differences, computed, function
from xlcicf.formula.snapshot import ExcelError

NUM, DIV0, VALUE, NA = (ExcelError(code) for code in ("#NUM!", "#DIV/0!", "#VALUE!", "#N/A"))
MIXED = {"A1": 10.0, "A2": 7.0, "A3": "text", "A4": True, "A5": None, "A6": False, "A7": ""}

CORNERS = [
    ("AVERAGEA(A1:A7)", 18 / 6), ("AVERAGEA(A3:A3)", 0.0), ("AVERAGEA(A5)", DIV0), ('AVERAGEA("x")', VALUE),
    ('AVERAGEA("4",TRUE)', 2.5), ('AVERAGEA({1,"a",TRUE})', 0.5), ("AVERAGEA(B1:B4)", DIV0),
    ("MAXA(A3:A6)", 1.0), ("MAXA(B1:B4)", 0.0), ("MINA(A1:A2)", 7.0), ("MINA(A1:A7)", 0.0),
    ("VARA(A1)", DIV0), ("VARPA(A4)", 0.0), ("STDEVA(A1,A3)", 50**0.5), ("STDEVPA(A1,A3)", 5.0),
    ("VARA(A1,NA())", NA),
    ("GEOMEAN({1,0})", NUM), ("GEOMEAN({1,-2})", NUM), ("GEOMEAN(B1:B2)", NUM), ("HARMEAN({1,0})", NUM),
    ("HARMEAN(A1,A3,A4)", 10.0), ('HARMEAN("x")', VALUE), ("DEVSQ(B1:B2)", NUM), ("AVEDEV(B1:B2)", NUM),
    ("SKEW(1,2)", DIV0), ("SKEW(2,2,2)", DIV0), ("SKEW(0.1,0.1,0.1)", DIV0), ("SKEW.P(1,2)", DIV0),
    ("KURT(1,2,3)", DIV0), ("KURT(1,1,1,1)", DIV0), ("SKEW(A1:A7)", DIV0),
    ("TRIMMEAN({1,2,3},1)", NUM), ("TRIMMEAN({1,2,3},-0.1)", NUM), ("TRIMMEAN({1,2,9},0)", 4.0),
    ("TRIMMEAN({1,2,9},0.66)", 4.0), ("TRIMMEAN({1,2,9},0.67)", 2.0), ("TRIMMEAN(B1:B3,0.1)", NUM),
    ("SUM(TRIMMEAN({1,2,9,4},{0,0.5}))", 7.0),
    ("PERCENTRANK({1,2,2,3},2)", 0.333), ("PERCENTRANK({1,2,2,3},2.5)", 0.833), ("PERCENTRANK({1},1)", 1.0),
    ("PERCENTRANK.EXC({1},1)", 0.5), ("PERCENTRANK({1,2},3)", NA), ("PERCENTRANK({1,2},0.9)", NA),
    ("PERCENTRANK({1,2},1,0)", NUM), ("PERCENTRANK(B1:B2,1)", NUM), ("PERCENTRANK({1,2,3},2.5,1.9)", 0.7),
    ("MODE.SNGL({1,2,3})", NA), ("MODE.MULT({1,2,3})", NA), ("SUM(MODE.MULT({1,2,2,3,3}))", 5.0),
    ("ROWS(MODE.MULT({1,2,2,3,3}))", 2.0), ("MODE.MULT(1,1,NA())", NA),
    ("SUMPRODUCT(FREQUENCY({1;2;3;4},{3;1;3}),{1;10;100;1000})", 1012.0),
    ("SUMPRODUCT(FREQUENCY({1;2;3;4},{3,1}),{1;10;100})", 112.0),
    ("SUM(FREQUENCY(A1:A7,{8}))", 2.0), ("FREQUENCY({1,#DIV/0!},{8})", DIV0), ("FREQUENCY({1,2},B1:B2)", 0.0),
    ("PROB({0,1},{0.5,0.6},1)", NUM), ("PROB({0,1},{0,1},1)", NUM), ("PROB({0,1},{0.5,0.5},1,0)", 0.0),
    ("PROB({0,1},{0.5,0.2,0.3},1)", NA), ("SUM(PROB({0,1},{0.25,0.75},{0,1}))", 1.0),
    ("Z.TEST({1},1)", DIV0), ("Z.TEST({1,1},1)", DIV0), ("Z.TEST({1,2},1,0)", NUM), ("Z.TEST(B1:B2,1)", NA),
    ("Z.TEST({1},1,2)", DIV0), ("T.TEST({1},{2},1,2)", DIV0), ("T.TEST({1,1},{2,2},1,2)", DIV0),
    ("T.TEST({1,1},{2,2},1,3)", DIV0), ("T.TEST({1,2},{2,3},1,1)", DIV0), ("T.TEST({1,2,3},{2,3},1,1)", NA),
    ("T.TEST({1,2},{2,4},3,1)", NUM), ("T.TEST({1,2},{2,4},1,4)", NUM), ("T.TEST({1,2},{2,4},0.9,1)", NUM),
    ("T.TEST({1,2},{1,2},2.9,2.9)", 1.0), ("F.TEST({1,1},{1,2})", DIV0), ("F.TEST({1},{1,2})", DIV0),
    ("F.TEST({1,2},{1,2})", 1.0), ("CHISQ.TEST({1},{2})", NA), ("CHISQ.TEST({1,2},{0,2})", DIV0),
    ("CHISQ.TEST({1,2},{1,2,3})", NA), ("CHISQ.TEST({1,2},{1,2})", 1.0),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "expected"), CORNERS)
def test_a_corner_is_as_documented(formula, expected):
    cells = {cell: value for cell, value in MIXED.items() if value is not None}
    got = computed(cells | {"Z1": "=" + formula}, "Z1")
    assert str(got) == str(expected) or got == pytest.approx(expected, rel=1e-14)


RNG = np.random.default_rng(3)
X = RNG.normal(3, 2, 23) ** 2 + 0.1
Y = RNG.normal(4, 5, 17)
W = X[:17] * 0.3 + Y
TABLE, EXPECTED = RNG.uniform(3, 9, (4, 3)), RNG.uniform(3, 9, (4, 3))
DATA = {
    **{f"A{i + 1}": x for i, x in enumerate(X)},
    **{f"B{i + 1}": y for i, y in enumerate(Y)},
    **{f"C{i + 1}": w for i, w in enumerate(W)},
    **{f"{a}{i + 1}": x for i, row in enumerate(TABLE) for a, x in zip("EFG", row, strict=True)},
    **{f"{a}{i + 1}": x for i, row in enumerate(EXPECTED) for a, x in zip("IJK", row, strict=True)},
}
SCIPY = [
    ("GEOMEAN(A1:A23)", stats.gmean(X)), ("HARMEAN(A1:A23)", stats.hmean(X)),
    ("SKEW(A1:A23)", stats.skew(X, bias=False)), ("SKEW.P(A1:A23)", stats.skew(X)),
    ("KURT(A1:A23)", stats.kurtosis(X, bias=False)), ("TRIMMEAN(A1:A23,0.25)", stats.trim_mean(X, 0.125)),
    ("DEVSQ(A1:A23)", np.sum((X - X.mean()) ** 2)), ("AVEDEV(A1:A23)", np.mean(np.abs(X - X.mean()))),
    ("T.TEST(A1:A23,B1:B17,2,2)", stats.ttest_ind(X, Y).pvalue),
    ("T.TEST(A1:A23,B1:B17,2,3)", stats.ttest_ind(X, Y, equal_var=False).pvalue),
    ("T.TEST(B1:B17,C1:C17,2,1)", stats.ttest_rel(Y, W).pvalue),
    ("Z.TEST(B1:B17,3,2)", stats.norm.sf((Y.mean() - 3) / (2 / 17**0.5))),
    ("F.TEST(A1:A23,B1:B17)", 2 * min(stats.f.cdf(r := X.var(ddof=1) / Y.var(ddof=1), 22, 16), stats.f.sf(r, 22, 16))),
    ("CHISQ.TEST(E1:G4,I1:K4)", stats.chi2.sf(np.sum((TABLE - EXPECTED) ** 2 / EXPECTED), 6)),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "expected"), SCIPY, ids=[row[0] for row in SCIPY])
def test_a_value_is_scipys_and_its_gradient_that_of_differences(formula, expected):
    cells = DATA | {"Z1": "=" + formula}
    assert computed(cells, "Z1") == pytest.approx(expected, rel=1e-12)
    f = function(cells, "Z1", "A1:A23", "B1:B17", "C1:C17", "E1:G4", "I1:K4")
    np.testing.assert_allclose(f.gradient(f.start), central_differences(f), rtol=1e-6, atol=1e-9)


def test_a_tail_of_a_test_keeps_its_digits():
    """Two samples far apart: the chance of that is 1E-19, and its logarithm has a derivative."""
    cells = {f"A{i + 1}": 100 + x for i, x in enumerate(X)} | {f"B{i + 1}": y for i, y in enumerate(Y)}
    f = function(cells | {"Z1": "=LN(T.TEST(A1:A23,B1:B17,2,3))"}, "Z1", "A1:A23")
    expected = stats.ttest_ind(100 + X, Y, equal_var=False).pvalue
    assert f.value(f.start) == pytest.approx(np.log(expected), rel=1e-12)
    assert expected < 1e-18
    np.testing.assert_allclose(f.gradient(f.start), central_differences(f), rtol=1e-6)


def test_texts_and_truths_that_count_are_told_cell_by_cell_where_a_run_is_filled_down():
    """FALSE of an IF without else counts as 0 in AVERAGEA, and is passed over by AVERAGE."""
    cells = {"A1": 2.0, "A2": -1.0, "B1": "=IF(A1>0,A1)", "B2": "=IF(A2>0,A2)", "C1": "=A1*0+AVERAGEA(B1:B2)"}
    f = function(cells, "C1", "A1:A2")
    assert [f.value(v) for v in ([2.0, -1.0], [2.0, 4.0], [-2.0, -2.0])] == [1.0, 3.0, 0.0]
    np.testing.assert_allclose(f.gradient([2.0, 4.0]), [0.5, 0.5])


@pytest.mark.parametrize(
    ("formula", "name"),
    [
        ("PERCENTRANK(A1:A5,A2)", "PERCENTRANK"),
        ("SUMPRODUCT(FREQUENCY(A1:A5,B1:B2),B1:B3)", "FREQUENCY"),
        ("SUM(MODE.MULT(A1:A5,3,3))", "MODE.MULT"),
        ("TRIMMEAN(B1:B9,A1/30)", "TRIMMEAN"),
        ("PROB(A1:A4,{0.1;0.2;0.3;0.4},2,4)", "PROB"),
        ("T.TEST(B1:B5,C1:C5,1,A1)", "T.TEST"),
    ],
)
def test_a_step_is_named_and_followed(formula, name):
    cells = {f"A{i}": x for i, x in zip(range(1, 6), (3.0, 3.0, 2.0, 7.0, 9.5), strict=True)}
    cells |= {cell: x for cell, x in DATA.items() if cell[0] in "BC"} | {"Z1": "=" + formula}
    f = function(cells, "Z1", "A1:A5")
    assert ("S!Z1", name) in f.stepped
    for first in (3.0, 2.0, 1.5):
        fresh = computed(cells | {"A1": first}, "Z1")
        got = f.value([first, *f.start[1:]])
        assert got == pytest.approx(fresh, rel=1e-14) if isinstance(fresh, float) else np.isnan(got)


def test_an_array_that_would_change_its_size_is_an_error_and_not_a_wrong_one():
    f = function({"A1": 3.0, "A2": 3.0, "A3": 2.0, "Z1": "=SUM(MODE.MULT(A1:A3,3))"}, "Z1", "A1:A3")
    assert f.value([3.0, 3.0, 2.0]) == 3.0
    assert np.isnan(f.value([2.0, 3.0, 2.0]))  # both 2 and 3
