"""The shipped moons and weights, drawn and trained once more from their seeds."""

import random

import numpy as np
import pytest
import torch

from tests.learn import moons_net
from xlcicf.learn import moons

GENERATOR = 1337  # the demo's seed, of numpy's old generator and of Python's


def drawn_points():
    """scikit-learn's make_moons(100, noise=0.1), step by step on numpy's generator: X, y with labels +-1."""
    generator = np.random.RandomState(GENERATOR)
    angles = np.linspace(0, np.pi, 50)
    outer, inner = (np.cos(angles), np.sin(angles)), (1 - np.cos(angles), 1 - np.sin(angles) - 0.5)
    X = np.hstack([outer, inner]).T
    y = np.repeat([-1.0, 1.0], 50)
    order = np.arange(100)
    generator.shuffle(order)
    X, y = X[order], y[order]
    return X + generator.normal(scale=0.1, size=X.shape), y


def drawn_weights():
    """micrograd's MLP(2, [16, 16, 1]) as its neurons draw their weights: (inputs + 1, units) a layer."""
    draw = random.Random(GENERATOR)
    return [
        np.array([[draw.uniform(-1, 1) for _ in range(inputs)] + [0.0] for _ in range(units)]).T
        for inputs, units in zip(moons.SIZES, moons.SIZES[1:], strict=False)
    ]


def trained_as_in_the_demo():
    """The (loss, accuracy) before each of the demo's 100 steps, and the weights after them."""
    X, y = map(torch.tensor, moons.points())
    layers = [torch.tensor(layer, requires_grad=True) for layer in moons.weights("start")]
    history = []
    for k in range(100):
        loss = moons_net.loss(X, y, layers)
        history.append((loss.item(), moons_net.accuracy(X, y, layers)))
        slopes = torch.autograd.grad(loss, layers)
        with torch.no_grad():
            for layer, slope in zip(layers, slopes, strict=True):
                layer -= (1 - 0.9 * k / 100) * slope
    return history, [layer.detach().numpy() for layer in layers]


@pytest.fixture(scope="module")
def demo():
    return trained_as_in_the_demo()


def test_the_points_are_those_of_the_seed_ordered_by_label():
    X, y = drawn_points()
    order = np.argsort(-y, kind="stable")
    shipped_X, shipped_y = moons.points()
    np.testing.assert_allclose(shipped_X, X[order], rtol=0, atol=1e-15)
    np.testing.assert_array_equal(shipped_y, y[order])


def test_the_start_weights_are_those_of_the_seed():
    for shipped, drawn in zip(moons.weights("start"), drawn_weights(), strict=True):
        np.testing.assert_array_equal(shipped, drawn)
    assert sum(layer.size for layer in moons.weights("start")) == 337


def test_the_trained_weights_are_those_after_the_demos_hundred_steps(demo):
    for shipped, trained in zip(moons.weights("trained"), demo[1], strict=True):
        np.testing.assert_allclose(shipped, trained, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    "step, loss, accuracy",
    [
        (0, 0.8958, 0.5),
        (1, 1.7236, 0.81),
        (9, None, 0.91),
        (22, None, 0.97),
        (40, None, 1),
        (99, 0.010978, 1),
    ],
)
def test_the_demos_milestones_come_out(demo, step, loss, accuracy, measured):
    got_loss, got_accuracy = demo[0][step]
    measured(
        f"micrograd's demo, step {step}: {loss} / {accuracy:.0%}", f"{got_loss:.6f} / {got_accuracy:.0%}"
    )
    assert got_accuracy == pytest.approx(accuracy, abs=1e-12)
    assert loss is None or got_loss == pytest.approx(loss, abs=5e-5)


def test_the_demo_is_right_about_all_points_at_step_40_and_not_before(demo):
    assert next(k for k, (_, accuracy) in enumerate(demo[0]) if accuracy == 1) == 40
