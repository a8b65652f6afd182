"""Nets of any depth, read from blocks of weights, held against torch's own modules."""

import time

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from xlcicf.errors import DataError, TrainingError
from xlcicf.learn import layers, titanic
from xlcicf.optim.train import train

widths = st.lists(st.integers(1, 5), min_size=2, max_size=5)


def module(widths, biased) -> nn.Sequential:
    """torch's net with these widths, ReLU between its layers; `biased` says of each whether it has a bias."""
    parts = []
    for inputs, outputs, bias in zip(widths, widths[1:], biased, strict=False):
        parts += [nn.Linear(inputs, outputs, bias=bias, dtype=torch.float64), nn.ReLU()]
    return nn.Sequential(*parts[:-1])


def blocks(net: nn.Sequential) -> list[np.ndarray]:
    """The net's weights and biases as they lie in cells."""
    return [p.detach().reshape(-1 if p.ndim == 2 else 1, p.shape[-1]).numpy() for p in net.parameters()]


@given(widths, st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_a_net_with_biases_predicts_as_torchs(widths, rows, seed):
    torch.manual_seed(seed)
    net, X = module(widths, [True] * len(widths)), torch.randn(rows, widths[0], dtype=torch.float64)
    assert np.allclose(layers.predict(X.numpy(), blocks(net)), net(X).detach(), rtol=0, atol=1e-12)


@given(st.lists(st.integers(2, 5), min_size=3, max_size=5), st.data())
def test_a_net_with_some_biases_predicts_as_torchs(widths, data):
    """Where every layer has several outputs, one row can only be a bias."""
    biased = data.draw(st.lists(st.booleans(), min_size=len(widths), max_size=len(widths)))
    net, X = module(widths, biased), torch.randn(3, widths[0], dtype=torch.float64)
    assert np.allclose(layers.predict(X.numpy(), blocks(net)), net(X).detach(), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("shapes", "biased"),
    [
        ([(2, 3), (1, 2)], [True]),  # one row that may be both is the bias ...
        ([(2, 3), (1, 2), (1, 1)], [False, True]),  # ... unless what follows then fits no more
        ([(2, 3), (1, 2), (1, 2)], [True, False]),
        ([(2, 3), (1, 2), (1, 2), (1, 1)], [True, True]),
        ([(2, 3), (4, 2), (1, 4)], [False, True]),
        ([(2, 3), (4, 2), (1, 4), (1, 4)], [False, True, False]),
        ([(1, 3), (1, 1), (1, 1)], [True, False]),
    ],
)
def test_one_row_is_a_bias_wherever_the_blocks_then_fit(shapes, biased):
    read = layers.layers_of(3, [np.ones(shape) for shape in shapes])
    assert [bias is not None for _, bias in read] == biased


@pytest.mark.parametrize(
    "shapes", [[(2, 4), (1, 2)], [(2, 3), (2, 2), (3, 3)], [(2, 3), (2, 3)], [(2, 3), (1, 2), (1, 3)]]
)
def test_blocks_that_do_not_fit_are_named_by_their_sizes(shapes):
    with pytest.raises(DataError) as refusal:
        layers.predict(np.ones((5, 3)), [np.ones(shape) for shape in shapes])
    assert ", ".join(f"{rows} x {columns}" for rows, columns in shapes) in str(refusal.value)
    assert "3 columns" in str(refusal.value)


def test_the_slopes_of_the_lessons_net_are_torchs():
    data, W = titanic.lesson(), torch.full((2, 11), 0.1, dtype=torch.float64, requires_grad=True)
    loss = nn.functional.mse_loss(torch.relu(torch.from_numpy(data.X) @ W.T).sum(1), torch.from_numpy(data.y))
    (expected,) = torch.autograd.grad(loss, W)
    found = layers.gradient(data.X, data.y[:, None], W.detach().numpy(), "mse")
    assert np.allclose(found, expected, rtol=0, atol=1e-15)


def test_training_finds_weights_that_are_better():
    data, W = titanic.lesson(), np.random.default_rng(1).uniform(-0.5, 0.5, (2, 11))
    y = data.y[:, None]
    trained = layers.trained(data.X, y, W, 50, None, "lbfgs", "mse", seconds=60)
    before, after = (layers.loss(layers.predict(data.X, [weights]), y, "mse") for weights in (W, trained))
    assert after < before
    assert np.array_equal(trained, layers.trained(data.X, y, W, 50, None, "lbfgs", "mse", seconds=60))


def test_training_stops_when_its_time_is_over():
    with pytest.raises(TrainingError, match="0 s were over at step 2 of 10"):
        layers.trained(
            np.ones((3, 2)), np.ones((3, 1)), np.full((1, 2), 0.1), 10, 0.01, "sgd", "mse", seconds=0
        )


def test_what_is_loaded_for_the_first_step_takes_no_time_from_training(monkeypatch):
    def slow_at_first(f, **settings):
        for step in train(f, **settings):
            if step.number == 1:
                time.sleep(0.3)
            yield step

    monkeypatch.setattr(layers, "train", slow_at_first)
    ones = np.ones((3, 1))
    assert layers.trained(ones, ones, np.full((1, 1), 0.1), 3, 0.01, "sgd", "mse", seconds=0.25).shape == (
        1,
        1,
    )


def test_a_row_of_targets_is_as_good_as_a_column():
    X, W, y = np.arange(6.0).reshape(3, 2), np.full((1, 2), 0.1), np.array([[1.0], [0.0], [2.0]])
    assert np.array_equal(layers.gradient(X, y, W, "mse"), layers.gradient(X, y.T, W, "mse"))


def test_probabilities_at_their_ends_cost_what_torch_says():
    pred, actual = torch.tensor([[0.0], [1.0]]).double(), torch.tensor([[1.0], [1.0]]).double()
    assert layers.loss(pred, actual, "bce") == nn.functional.binary_cross_entropy(pred, actual) == 50


@given(
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(0, 2),
)
def test_pictures_come_out_in_torchs_sizes(height, width, kernel_height, kernel_width, stride, padding):
    image, kernel = torch.randn(height, width).double(), torch.randn(kernel_height, kernel_width).double()
    theirs = nn.Conv2d(1, 1, kernel.shape, stride, padding, bias=False, dtype=torch.float64)
    theirs.weight.data = kernel[None, None]
    if kernel_height > height + 2 * padding or kernel_width > width + 2 * padding:
        with pytest.raises(DataError, match="the kernel must fit inside it"):
            layers.conv2d(image.numpy(), kernel.numpy(), stride, padding)
    else:
        found = layers.conv2d(image.numpy(), kernel.numpy(), stride, padding)
        assert torch.equal(found, theirs(image[None, None]).detach()[0, 0])


def test_one_thread_is_given_back():
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    with layers.one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2
    torch.set_num_threads(threads)
