"""Whole numbers of which there are few, in models with steps, products and valleys: the best of all combinations is
found and called so, and what cannot hold together is named."""

import itertools

import numpy as np
import pytest
import torch

from tests.formula.sheets import area, snapshot
from xlcicf.formula import differentiate
from xlcicf.formula.limits import Limit
from xlcicf.optim import train
from xlcicf.optim.combinations import MOST, combinations

MODELS = {  # objective, (formula, relation, right side) of each constraint, sense
    "a list of prices": ("=A1*A2", [("=CHOOSE(A2+1,3,1,4,1,5,9)-A1*(A1>3)", "<=", 1.0)], "max"),
    "far from the start": (
        "=2*A2^2",
        [("=CHOOSE(A1+1,3,1,4,1,5,9)", "<=", 1.0), ("=A1*A1", "<=", 8.0)],
        "max",
    ),
    "flat where it begins": ("=MAX(A2*A1,0.5*A1)", [("=ABS((-2*A2)^2-2)", ">=", 7.0)], "max"),
    "two valleys": ("=(A1-1)^2*(A1-4)^2+0.1*A1-A2", [("=A1+A2", "<=", 6.0)], "min"),
    "a step": ("=ROUND(A1/3,0)-A2", [], "max"),
    "an error on the way": ("=1/(A1-2)+A2", [("=A1*A2", ">=", 3.0)], "min"),
}


def placed(objective, limits, sense, most=5.0):
    cells: dict[str, object] = {"A1": 1.0, "A2": 0.0, "B1": objective}
    cells |= {f"C{i}": formula for i, (formula, _, _) in enumerate(limits, 1)}
    constraints = [
        Limit(f"S!C{i} {relation} {right:g}", (area(f"C{i}"),), relation, right)
        for i, (_, relation, right) in enumerate(limits, 1)
    ]
    ends = {"lower": np.zeros(2), "upper": np.full(2, most), "whole": np.ones(2, dtype=bool)}
    return differentiate(
        snapshot(cells), area("B1"), [area("A1:A2")], constraints=constraints, sense=sense, **ends
    )


def last(f, **settings):
    *_, step = train(f, **settings)
    return step


@pytest.mark.parametrize(("objective", "limits", "sense"), MODELS.values(), ids=MODELS)
def test_the_best_of_all_is_found(objective, limits, sense):
    f = placed(objective, limits, sense)
    V = torch.tensor([*itertools.product(range(6), repeat=2)], dtype=torch.float64)
    losses, (left, right) = f.values(V).numpy(), f.all_sides(V)
    signs = np.array([1.0 if relation == "<=" else -1.0 for _, relation, _ in limits])
    allowed = losses[np.isfinite(losses) & ((left - right) * signs <= 0).all(axis=1)]
    step = last(f)
    assert step.best_loss == (allowed.min() if sense == "min" else allowed.max())
    assert step.status == "found" and "all 36 combinations" in step.reason


def test_what_cannot_hold_together_is_named_and_nothing_else():
    limits = [("=A1*A2", "<=", 20.0), ("=A1^2", ">=", 9.0), ("=A1*A2", "<=", 30.0), ("=A1^3", "<=", 26.0)]
    step = last(placed("=A1*A2", limits, "min"))
    assert step.status == "infeasible"
    assert "cannot hold together: S!C2 >= 9; S!C4 <= 26; all 36 combinations" in step.reason


def test_a_value_is_reached_or_the_nearest_is_told():
    assert last(placed("=A1*A2", [], 12.0)).status == "found"
    step = last(placed("=A1*A2", [], 13.2))
    assert step.status == "target" and "the nearest of all 36 combinations is 12" in step.reason


def test_a_search_that_is_cut_off_says_what_is_left():
    f = placed("=(A1-30)^2*(A2-7)^2+A1", [], "min", most=40.0)
    assert combinations(f) == 41 * 41 <= MOST
    step = last(f, steps=3)
    assert step.status == "stopped" and "1,489 combinations are left" in step.reason
