"""Objectives in small and large units: what is found does not hang on them."""

import numpy as np
import pytest
from scipy import stats

from tests.formula.sheets import area, snapshot
from xlcicf.formula import differentiate
from xlcicf.formula.limits import Limit
from xlcicf.optim import train

DRAWN = stats.gamma.rvs(2.5, scale=1.7, size=40, random_state=7)


def last(f, optimizer, **settings):
    *_, step = train(f, optimizer, **settings)
    return step


def test_a_product_of_densities_is_raised_from_next_to_nothing():
    cells = {f"C{i}": value for i, value in enumerate(DRAWN.tolist(), 1)}
    cells |= {f"D{i}": f"=GAMMA.DIST(C{i},$A$1,$A$2,FALSE)" for i in range(1, len(DRAWN) + 1)}
    cells |= {"A1": 1.0, "A2": 1.0, "B1": f"=PRODUCT(D1:D{len(DRAWN)})"}
    step = last(differentiate(snapshot(cells), area("B1"), [area("A1:A2")], sense="max"), "auto")
    shape, _, scale = stats.gamma.fit(DRAWN, floc=0)
    assert 0 < step.loss < 1e-30
    assert step.best_values == pytest.approx([shape, scale], rel=1e-5)
    assert step.status == "found"


# formula, sense, constraint -> the cells at the optimum, in closed form
OPTIMA = [
    ("COSH(A1-2)+(A2+1)^2+3", "min", None, (2.0, -1.0)),
    ("EXP(0-(A1-0.5)^2-(A1*A2-1)^2)", "max", None, (0.5, 2.0)),
    ("A1^2+A2^4", "min", 3.0, None),
    ("SQRT(A1^2+A2^2+1)+A1", "min", 2.0, None),
]


@pytest.mark.parametrize("unit", [1e-30, 1e-12, 1e-7, 1.0, 1e9])
@pytest.mark.parametrize(("formula", "sense", "total", "best"), OPTIMA)
def test_the_optimum_is_the_same_in_every_unit(formula, sense, total, best, unit):
    def function(times):
        cells = {"A1": 1.0, "A2": 0.5, "B1": f"=({formula})*{times!r}", "B2": "=A1+A2"}
        limits = [Limit("A1+A2", (area("B2"),), ">=", total)] if total else []
        return differentiate(snapshot(cells), area("B1"), [area("A1:A2")], sense=sense, constraints=limits)

    for optimizer in ("slsqp",) if total else ("auto", "lbfgs", "slsqp"):
        step = last(function(unit), optimizer)
        known = best or last(function(1.0), optimizer).best_values
        assert step.best_values == pytest.approx(np.array(known), rel=1e-4, abs=1e-5)
        assert step.status == "found"


def test_an_optimiser_of_the_first_order_goes_on_where_slopes_are_small_because_the_objective_is():
    cells = {"A1": 1.0, "A2": 0.5, "B1": "=((A1-2)^2+(A2+1)^2)*1E-15"}
    f = differentiate(snapshot(cells), area("B1"), [area("A1:A2")])
    step = last(f, "sgd", steps=3000, lr=1e14)
    assert step.best_values == pytest.approx([2.0, -1.0], abs=1e-6) and step.status == "found"
    assert last(f, "adam", steps=9).status == "stopped"  # its epsilon is large beside such slopes
