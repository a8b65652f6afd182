"""Numbers are compared at 15 digits."""

import pytest

from tests.formula.sheets import computed, function

EQUAL = [
    ("0.1+0.2=0.3", True),
    ("0.1+0.2>0.3", False),
    ("0.1+0.2>=0.3", True),
    ("0.1+0.2<>0.3", False),
    ("1+2^-48=1", True),
    ("1+2^-47=1", False),
    ("1+2^-47>1", True),
    ("-(0.1+0.2)=-0.3", True),
    ("(43.1-43.2)+1=0.9", False),
    ("123456789012345+0.4=123456789012345", True),
    ("123456789012345=123456789012346", False),
    ("123456789012345+0.4<123456789012346", True),
    ("1E-300*1.1=1.1E-300", True),
    ("(0.1+0.2)-0.3=0", False),  # 0 has no digits to lose
    ("1E-320=0", False),
    ("0=0", True),
    ("5E-324<1E-323", True),
]


@pytest.mark.parametrize(("formula", "value"), EQUAL, ids=[f for f, _ in EQUAL])
def test_numbers_are_compared_at_15_digits(formula, value):
    assert computed({"A1": "=" + formula}, "A1") is value
    assert computed({"A1": f"=SUMPRODUCT(--({{1,2}}*0+({formula})))/2", "B1": "x"}, "A1") == value


def test_a_changing_cell_is_compared_at_15_digits_too():
    f = function({"A1": 0.1, "A2": 0.2, "B1": "=IF(A1+A2=0.3,A1*2,A1*3)"}, "B1", "A1:A2")
    assert f.value(f.start) == 0.2
    assert f.value([0.1, 0.2000000000001]) == pytest.approx(0.3)
