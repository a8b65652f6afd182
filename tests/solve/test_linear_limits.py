"""Constraints that are linear in a model that is not: the bounds that follow from them, and their conflicts."""

import json
from itertools import product

import pytest

from tests.solve.test_answer import saved
from xlcicf.cli import main
from xlcicf.host import open_book
from xlcicf.optim.linear_limits import implied_bounds
from xlcicf.solve import differentiate, find_problem

CURVED = {"A1": 1, "A2": 2, "A3": 4, "B1": "=EXP(A1)+A2*A3", "C1": "=A1+A2+2*A3", "C2": "=A1-A2"}
BOUNDS = {  # constraints -> lower and upper bounds that follow, of values at least 0
    (("C1", "<=", 5),): ([0, 0, 0], [5, 5, 2.5]),
    (("C1", "=", 5), ("C2", ">=", 1)): ([1, 0, 0], [5, 4, 2]),
    (("C1", ">=", 5),): ([0, 0, 0], [float("inf")] * 3),
    (("C1", "<=", 5), ("A3", "int", None)): ([0, 0, 0], [5, 5, 2]),
    (("C1", "<=", 5), ("B1", ">=", 1)): ([0, 0, 0], [5, 5, 2.5]),
}


def told(path, capsys):
    code = main(["train", str(path), "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("rows", BOUNDS)
def test_bounds_follow_from_linear_constraints(rows, tmp_path):
    book = open_book(saved(tmp_path / "a.xlsx", CURVED, "B1", "A1:A3", "min", rows, neg=1))
    lower, upper = implied_bounds(differentiate(book, find_problem(book)))
    assert (lower.tolist(), upper.tolist()) == BOUNDS[rows]


def test_whole_numbers_that_a_sum_bounds_need_no_bounds_of_their_own_where_something_moves_in_steps(
    tmp_path, capsys
):
    """Pieces by three makers, of whom the first packs them by threes and the second takes orders from four on."""
    cells = {"A1": 3, "A2": 4, "A3": 7, "B1": "=5*A1+6*A2+9*A3", "C1": "=SUM(A1:A3)", "C2": "=MOD(A1,3)"}
    cells |= {"C3": "=IF(OR(A2=0,A2>=4),1,0)", "D1": 14}
    rows = [("C1", "=", "D1"), ("C2", "=", 0), ("C3", "=", 1), ("A1", "<=", 11), ("A1:A3", "int", None)]
    code, run = told(saved(tmp_path / "a.xlsx", cells, "B1", "A1:A3", "min", rows, neg=1), capsys)
    allowed = [
        5 * a + 6 * b + 9 * (14 - a - b)
        for a, b in product(range(0, 12, 3), (0, *range(4, 15)))
        if a + b <= 14
    ]
    assert code == 0 and run["method"].startswith("evolutionary") and run["feasible"] == 0
    assert run["after"] == min(allowed)


def test_linear_constraints_that_cannot_hold_together_are_named_before_a_long_search(tmp_path, capsys):
    """Two sums of 0 or 1 that are to be 3 each and 7 together, in a model that bends."""
    cells = {f"A{i}": 0 for i in range(1, 41)}
    cells |= {"B1": "=STDEV(A1:A40)", "C1": "=SUM(A1:A20)", "C2": "=SUM(A21:A40)", "C3": "=SUM(A1:A40)"}
    rows = [("C1", "=", 3), ("C2", "=", 3), ("C3", "=", 7), ("A1:A40", "int", None), ("A1:A40", "<=", 1)]
    code, run = told(saved(tmp_path / "a.xlsx", cells, "B1", "A1:A40", "max", rows, neg=1), capsys)
    assert (code, run["status"]) == (1, "infeasible")
    assert run["reason"] == "these cannot hold together: S!C1 = 3; S!C2 = 3; S!C3 = 7"
    assert run["evaluations"] < 30
