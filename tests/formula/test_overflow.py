"""Beyond all numbers Excel shows #NUM!, whatever comes after."""

import math

import pytest

from tests.formula.sheets import computed, function
from xlcicf.formula.snapshot import ExcelError

HIDDEN = [
    "1/(A1*A1)", "1/(A1*1E200)", "1/A1^2", "1/(A2+A2)", "1/SUM(A2,A2)", "1/SUMSQ(A1,A2)",
    "1/SUMPRODUCT(A1:A2,A1:A2)", "1/PRODUCT(A1,A2)", "1/(A1/1E-200)", "1/MMULT(A1,A2)", "1/EXP(A1)",
    "IF(A1*A1>1,1,2)+0*A1", "IF(A1*A1=A1*A1,1,2)+0*A1", "IF(A1*A1,A2,3)", "NOT(A1*A1)+0*A2", "AND(A1*A1)+0*A2",
    "MIN(A1*A1,5)", "MIN(A1*A1,A2)", "MAX(-A1*A1,5)", "MAX(0,-A1*A1)+A2", "MAX(-A1*A1,A2)", "MEDIAN(A1*A1,2,A2)",
    "TANH(A1*A1)", "ATAN(A1*A1)", "ACOT(A1*A1)", "ATAN2(A1*A1,A2)", "SIGN(A1*A1)", "EXP(-A1*A1)", "2^-(A1*A1)",
    "SECH(A1*A1)", "ACOTH(A1*A1)", "NPV(A1*A1,1)", "RRI(A1*A1,1,2)", "DDB(A1*A1,1,5,5)",
]  # fmt: skip


@pytest.mark.parametrize("formula", HIDDEN)
def test_an_overflow_on_the_way_is_never_a_number_again(formula):
    at = [1e200, 1.5e308]
    f = function({"A1": 1.1, "A2": 3.0, "B1": "=" + formula}, "B1", "A1:A2")
    assert math.isnan(f.value(at))
    assert math.isnan(f.value_and_gradient(at)[0])
    assert computed({"A1": at[0], "A2": at[1], "B1": "=" + formula}, "B1") == ExcelError("#NUM!")


@pytest.mark.parametrize(
    ("formula", "value"), [("IF(A1>0,A2,A1*A1)", 1.5e308), ("A2/A1", 1.5e108), ("MAX(A1,A2)", 1.5e308)]
)
def test_a_large_number_is_one(formula, value):
    f = function({"A1": 1.1, "A2": 3.0, "B1": "=" + formula}, "B1", "A1:A2")
    assert f.value([1e200, 1.5e308]) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    "formula",
    [
        "NORM.S.DIST(A1,A2/A3)", "WEIBULL(A1,0.5,2,A2/A3)", "POISSON(2,A1,INDEX(B1:B3,A2,A3))", "BETA.DIST(A1/9,2,3,A2/A3)",
        "PMT(0.1,5,A1,0,A2/A3)", "CUMIPMT(0.1,5,A1,1,2,A2/A3)", "CEILING.MATH(-A1,2,A2/A3)", "ROUND(A1,A2/A3)",
    ],
)  # fmt: skip
def test_an_error_where_a_condition_is_asked_for_is_the_outcome(formula):
    cells = {"A1": 1.5, "A2": 1.0, "A3": 1.0, "B1": 1.0, "B2": 1.0, "B3": 1.0, "C1": "=" + formula}
    f = function(cells, "C1", "A1:A3")
    assert f.value([1.5, 1.0, 1.0]) == computed(cells, "C1")
    at = [1.5, 1.0, 0.0] if "INDEX" not in formula else [1.5, 9.0, 1.0]
    assert math.isnan(f.value(at))
    assert isinstance(computed(cells | {"A2": at[1], "A3": at[2]}, "C1"), ExcelError)
