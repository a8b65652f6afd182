"""Numbers are compared at 15 digits, and a last difference of two that 15 digits show alike is 0."""

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


LAST = [
    ("0.5-0.4-0.1", 0.0),
    ("(0.5-0.4-0.1)", 0.5 - 0.4 - 0.1),
    ("1*(0.5-0.4-0.1)", 0.5 - 0.4 - 0.1),
    ("(4/3-1)*3-1", 0.0),
    ("((4/3-1)*3-1)", (4 / 3 - 1) * 3 - 1),
    ("1.333+1.225-1.333-1.225", 0.0),
    ("(1.333+1.225-1.333-1.225)", 1.333 + 1.225 - 1.333 - 1.225),
    ("52.8-8.8*6", 0.0),
    ("(52.8-8.8*6)", 52.8 - 8.8 * 6),
    ("70.4-8.8-61.6", 0.0),
    ("-0.3+(0.1+0.2)", 0.0),
    ("1+(0.5-0.4-0.1)", 1.0),
    ("50.12-49.99", 50.12 - 49.99),
    ("(0.5-0.4)-(0.1)", 0.0),
    ("A1-A2", 0.0),
    ("SUM(A1,-A2)", 0.1 + 0.2 - 0.3),
    ("-(A1-A2)", -(0.1 + 0.2 - 0.3)),
]


@pytest.mark.parametrize(("formula", "value"), LAST, ids=[f for f, _ in LAST])
def test_a_last_difference_within_the_15th_digit_is_0(formula, value):
    assert computed({"A1": 0.1 + 0.2, "A2": 0.3, "B1": "=" + formula}, "B1") == value


def test_it_is_0_in_each_cell_of_a_run_alone():
    cells = {f"A{i}": x for i, x in enumerate((0.1 + 0.2, 0.3, 0.5), 1)} | {f"B{i}": 0.3 for i in (1, 2, 3)}
    cells |= {f"C{i}": f"=A{i}-B{i}" for i in (1, 2, 3)}
    assert [computed(cells, f"C{i}") for i in (1, 2, 3)] == [0.0, 0.0, 0.2]


def test_its_derivative_is_that_of_the_difference():
    f = function({"A1": 0.1 + 0.2, "A2": 0.3, "B1": "=A1-A2"}, "B1", "A1:A2")
    assert f.gradient(f.start).tolist() == [1.0, -1.0]
