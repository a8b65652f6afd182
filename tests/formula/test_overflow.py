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
