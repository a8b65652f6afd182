"""The value-only stand-ins find what exact gradients find; they only need more evaluations for it."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from tests.optim.functions import Function
from xlcicf.optim.standins import STANDINS, run_exact, run_standin

MINUTE = 60.0


@dataclass
class Valued(Function):
    """A Function that also tells its value alone."""

    def value(self, v):
        return self.loss(torch.tensor(v)).item()


def bowl(v):
    return ((v - torch.tensor([1.0, -2.0, 3.0])) ** 2 * torch.tensor([1.0, 10.0, 100.0])).sum() + 5


FUNCTIONS = {
    "min": (Valued(bowl, np.zeros(3)), 5),
    "min within bounds": (Valued(bowl, np.zeros(3), upper=np.array([0.5, 0.5, 0.5])), 5.25 + 625),
    "max": (Valued(lambda v: -bowl(v), np.zeros(3), sense="max"), -5),
    "a value": (Valued(bowl, np.zeros(3), sense=7.0), 7),
}


@pytest.mark.parametrize("method", STANDINS)
@pytest.mark.parametrize("f, best", FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_standin_reaches_the_optimum_in_more_evaluations(f, best, method):
    ours, theirs = run_exact(f, MINUTE), run_standin(f.value, f, method, MINUTE)
    assert ours.loss == pytest.approx(best, abs=1e-6)
    assert theirs.loss == pytest.approx(best, abs=1e-4)
    assert theirs.evaluations > ours.evaluations


@pytest.mark.parametrize("run", [run_exact, lambda f, *limits: run_standin(f.value, f, "SLSQP", *limits)])
def test_a_run_ends_at_its_goal_or_when_the_time_is_up(run):
    f, best = FUNCTIONS["min"]
    assert best < run(f, MINUTE, 300.0).loss <= 300.0
    assert run(f, 0.0).evaluations == 1


@pytest.mark.parametrize("method", STANDINS)
def test_an_error_on_the_way_ends_no_run(method):
    f = Valued(lambda v: v[0] - torch.log(v[0]), np.array([3.0]))
    visited = []

    def value(v):
        visited.append(f.value(v))
        return visited[-1]

    assert run_standin(value, f, method, MINUTE).loss < f.value(f.start)
    assert np.isnan(visited).any()


def test_an_objective_that_is_always_an_error_gives_no_loss():
    f = Valued(lambda v: torch.log(v[0]), np.array([-1.0]))
    assert math.isnan(run_standin(f.value, f, "SLSQP", MINUTE).loss)
