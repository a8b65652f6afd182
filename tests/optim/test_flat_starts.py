"""Where every slope is 0 at the sheet's values: blank cells that are multiplied, branches that are constant."""

import numpy as np
import pytest

from tests.formula.sheets import area, snapshot
from tests.optim.functions import Function
from xlcicf.formula import differentiate
from xlcicf.formula.limits import Limit
from xlcicf.optim import train


def last(f, optimizer="auto", **settings):
    *_, step = train(f, optimizer, **settings)
    return step


def function(cells, changing="A1:A2", **fields):
    return differentiate(snapshot(cells), area("B1"), [area(changing)], **fields)


IMPROVED = {
    "a box of the largest volume": ({"B1": "=A1*A2*(1-A1-A2)"}, "max", 1 / 27),
    "a target": ({"B1": "=A1^2+A2^2"}, 9.0, 9.0),
    "a product that is fitted": ({"B1": "=(6-A1*A2)^2+(1-0.5*A1*A2)^2"}, "min", 3.2),
    "a branch that pays only from 2 on": ({"B1": "=IF(A1>2,A1*(10-A1),0)-A2^2"}, "max", 25.0),
    "costs that are fixed": ({"B1": "=IF(A1>0,A1*(8-A1)-3,0)+IF(A2>0,A2*(6-A2)-1,0)"}, "max", 21.0),
    "a product beside a bowl": ({"B1": "=A1*A2+0.1*(A1^4+A2^4)"}, "min", -1.25),
}


@pytest.mark.parametrize("name", IMPROVED)
def test_other_starts_lead_on(name):
    """From blank cells. The figures are closed forms."""
    cells, sense, best = IMPROVED[name]
    bounds = {"lower": np.zeros(2), "upper": np.ones(2)} if "box" in name else {}
    step = last(function({**cells, "A1": 0, "A2": 0}, sense=sense, **bounds))
    assert step.best_loss == pytest.approx(best, rel=1e-6)
    assert "13 starts, since every slope is 0 at the sheet's values" in step.method
    assert step.status in ("found", "local")


def test_a_point_at_rest_is_no_other_optimum():
    step = last(function({"A1": 0, "A2": 0, "B1": "=A1*A2+0.1*(A1^4+A2^4)"}))
    assert step.status == "found" and step.others == ()


@pytest.mark.parametrize("optimizer", ["auto", "lbfgs", "slsqp", "adam"])
def test_an_optimum_is_not_left(optimizer):
    step = last(function({"A1": 0, "A2": 0, "B1": "=COSH(A1)+A2^2+3"}), optimizer)
    assert (step.status, step.best_loss) == ("found", 4.0)
    assert "starts" not in step.method and "starts" not in step.reason


@pytest.mark.parametrize("optimizer", ["lbfgs", "slsqp", "adam"])
def test_a_method_that_was_asked_for_names_what_is_constant(optimizer):
    f = function({"A1": 0, "A2": 0, "B1": "=IF(A1>2,A1*(10-A1),0)+MAX(0,A2-1)"}, sense="max")
    step = last(f, optimizer)
    assert step.status == "flat" and "S!B1 gives a constant" in step.reason
    assert last(f, optimizer, restarts=13).best_loss > 0


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_a_product_of_zeros_is_called_neither_optimum_nor_constant(optimizer):
    step = last(function({"A1": 0, "A2": 0, "B1": "=A1*A2"}), optimizer)
    assert step.status == "converged" and "where zeros are multiplied" in step.reason


def test_where_nothing_better_is_met_that_is_said():
    step = last(function({"A1": 0, "A2": 0, "B1": "=MAX(0,A1-1)^2+MAX(0,A2-1)^2+1"}))
    assert (step.status, step.best_loss) == ("converged", 1.0)
    assert "nothing better was met elsewhere" in step.reason and "ReLU" not in step.reason


def test_constraints_are_kept_meanwhile():
    f = function(
        {"A1": 0, "A2": 0, "A3": 0, "B1": "=A1*A2*A3", "B2": "=2*(A1*A2+A1*A3+A2*A3)"},
        "A1:A3",
        sense="max",
        lower=np.zeros(3),
        constraints=[Limit("B2 <= 96", (area("B2"),), "<=", 96.0)],
    )
    step = last(f)
    assert step.best_loss == pytest.approx(64, rel=1e-7)  # a cube of side 4
    assert f.constraint_values(step.best_values).max() <= 1e-8 * 96


def test_a_function_of_which_nothing_more_is_known():
    step = last(Function(lambda v: v[0] * v[1] + 0.1 * (v**4).sum(), [0.0, 0.0]))
    assert step.best_loss == pytest.approx(-1.25)


STEPS = {"A1": 3.0, "A2": 1.0, "C1": 5, "C2": 9, "C3": 2, "C4": 4}


def test_a_population_that_finds_nothing_better_than_the_sheets_own_values_says_so_and_calls_nothing_flat():
    cells = STEPS | {"B1": "=INDEX(C1:C4,A1)+INT(A2)*0"}
    step = last(function(cells, "A1", lower=np.ones(1), upper=np.full(1, 4.99)))
    assert (step.status, step.best_loss, step.best_values.tolist()) == ("converged", 2.0, [3.0])
    assert "the population found nothing better" in step.reason


def test_what_is_one_number_all_over_the_box_is_flat():
    step = last(function(STEPS | {"B1": "=INT(A1/100)+7"}, "A1", lower=np.ones(1), upper=np.full(1, 4.99)))
    assert step.status == "flat" and "S!B1 (INT)" in step.reason


def test_an_order_of_words_is_the_best_of_all():
    """A way through six places by names looked up by their turn, beside all that Held and Karp's table finds."""
    drawn = np.random.default_rng(0).integers(1, 60, (6, 6)).astype(float)
    names = "abcdef"
    cells = {f"E{i + 1}": names[i] for i in range(6)} | {f"A{i + 1}": i + 1.0 for i in range(6)}
    cells |= {f"{'FGHIJK'[j]}{i + 1}": drawn[i, j] for i in range(6) for j in range(6)}
    cells |= {f"C{i}": f"=INDEX($E$1:$E$6,MATCH({i},$A$1:$A$6,0))" for i in range(1, 7)}
    leg = "=INDEX($F$1:$K$6,MATCH(C{0},$E$1:$E$6,0),MATCH(C{1},$E$1:$E$6,0))"
    cells |= {f"D{i + 1}": leg.format(i, i + 1) for i in range(1, 6)} | {"B1": "=SUM(D2:D6)"}
    f = function(cells, "A1:A6", orders=[np.arange(6)], lower=np.ones(6), upper=np.full(6, 6.0))
    step = last(f)
    assert (step.best_loss, step.status) == (shortest(drawn), "converged")
    assert step.method == "orders: changing cells must all be different"


def shortest(legs):
    """Of ways through all places, by Held and Karp (1962)."""
    n = len(legs)
    best = {(1 << i, i): 0.0 for i in range(n)}
    for been in range(1, 1 << n):
        for here in range(n):
            for there in range(n):
                if (been, here) in best and not been >> there & 1:
                    key = been | 1 << there, there
                    best[key] = min(best.get(key, np.inf), best[been, here] + legs[here, there])
    return min(best[(1 << n) - 1, here] for here in range(n))
