"""Constraints on formulas, with functions written straight in torch: each method beside closed forms."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from tests.optim.functions import Function
from xlcicf.optim import train


@dataclass(frozen=True)
class Row:
    relation: str
    text: str


@dataclass
class Constrained(Function):
    """`rows` are (function of the values, relation, right side)."""

    rows: tuple = ()

    def __post_init__(self):
        super().__post_init__()
        self.constraints = [Row(relation, f"row {i}") for i, (_, relation, _) in enumerate(self.rows)]

    def constraint_sides(self, v):
        left = [row[0](torch.from_numpy(v)).item() for row in self.rows]
        return np.array(left), np.array([row[2] for row in self.rows], dtype=float)

    def jacobian(self, v):
        return np.array(
            [torch.autograd.functional.jacobian(row[0], torch.from_numpy(v)).numpy() for row in self.rows]
        )

    def hessian(self, v, weights):
        def lagrangian(x):
            return weights[0] * self.loss(x) + sum(
                w * row[0](x) for w, row in zip(weights[1:], self.rows, strict=True)
            )

        return torch.autograd.functional.hessian(lagrangian, torch.from_numpy(v)).numpy()


def water_filling(n):
    """Raise the sum of LN(c + x) with a sum of x of 1, none below 0: x = max(0, level - c)."""
    c = 0.5 + np.random.default_rng(1).random(n)
    low, high = 0.0, 3.0
    for _ in range(200):
        level = (low + high) / 2
        low, high = (level, high) if np.maximum(0, level - c).sum() < 1 else (low, level)
    f = Constrained(
        lambda v: torch.log(torch.from_numpy(c) + v).sum(), np.full(n, 1 / n), "max", lower=np.zeros(n),
        rows=((torch.sum, "=", 1.0),),
    )  # fmt: skip
    return f, np.maximum(0, level - c), 1 / level


@pytest.mark.parametrize(("method", "n"), [("slsqp", 20), ("lagrangian", 20), ("lagrangian", 400)])
def test_the_optimum_its_multiplier_and_its_status(method, n):
    f, expected, price = water_filling(n)
    *_, last = train(f, method)
    assert last.status == "found", last.reason
    assert last.best_values == pytest.approx(expected, abs=1e-6)
    assert last.best_values.sum() == pytest.approx(1, abs=1e-8)
    assert last.multipliers == pytest.approx([price], rel=1e-4)


@pytest.mark.parametrize("method", ["slsqp", "lagrangian"])
def test_a_circle_and_a_line_are_kept_to(method):
    f = Constrained(
        lambda v: -v[0] - 2 * v[1], [0.1, 0.2],
        rows=((lambda v: v @ v, "<=", 5.0), (lambda v: v[0] - v[1], ">=", 0.0)),
    )  # fmt: skip
    *_, last = train(f, method)
    assert last.status == "found", last.reason
    assert last.best_values == pytest.approx([np.sqrt(2.5)] * 2, abs=1e-7)


@pytest.mark.parametrize("method", ["slsqp", "lagrangian"])
def test_constraints_that_cannot_hold_are_named(method):
    rows = ((lambda v: v @ v, "<=", 1.0), (lambda v: v[0] + v[1], ">=", 3.0))
    *_, last = train(Constrained(lambda v: v[0], [0.0, 0.0], rows=rows), method)
    assert last.status == "infeasible" and "row" in last.reason


def test_a_method_that_cannot_keep_to_constraints_is_refused():
    from xlcicf.errors import TrainingError

    f, _, _ = water_filling(3)
    with pytest.raises(TrainingError, match="lbfgs cannot keep to constraints on formulas; choose auto"):
        train(f, "lbfgs")
