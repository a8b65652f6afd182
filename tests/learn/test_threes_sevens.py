"""Threes and sevens: the record of the runs, the first weights, the roller coaster's speeds."""

from functools import partial

import numpy as np
import pytest
import torch

from xlcicf.learn import mnist, threes_sevens, vision


@pytest.mark.parametrize("name", list(threes_sevens.RUNS))
def test_the_record_has_an_accuracy_before_training_and_one_an_epoch(name):
    record = threes_sevens.accuracies(name)
    assert record.shape == (threes_sevens.RUNS[name].epochs + 1,)
    right = record * 2038
    np.testing.assert_allclose(right, right.round(), rtol=0, atol=1e-3)


def test_what_the_book_prints_has_as_many_epochs_as_the_runs():
    for name, printed in threes_sevens.PRINTED.items():
        assert len(printed) == threes_sevens.RUNS[name].epochs


def test_the_first_weights_are_those_that_torch_draws():
    weight, bias = threes_sevens.first_weights()
    drawn = vision.seeded(partial(vision.linear, 1), threes_sevens.SEED).output
    np.testing.assert_array_equal(weight, drawn.weight[0].detach().double())
    assert bias == drawn.bias.item()
    assert np.abs(weight).max() <= 1 / 28


def test_weights_by_hand_are_spread_by_one():
    weight = vision.seeded(threes_sevens.by_hand, 0).output.weight
    assert weight.std().item() == pytest.approx(1, abs=0.1)


def test_the_speeds_are_those_that_the_seed_draws():
    time, speed = threes_sevens.speeds()
    noise = np.random.RandomState(42).normal(scale=3, size=20)
    np.testing.assert_array_equal(time, np.arange(20))
    np.testing.assert_allclose(speed, 0.75 * (time - 9.5) ** 2 + 1 + noise, rtol=0, atol=5.1e-4)


def test_a_run_on_the_shipped_digits_learns_whether_shuffled_or_not():
    digits = mnist.sample()
    for shuffled in (False, True):
        run = threes_sevens.Recipe(partial(vision.linear, 1), 1.0, 5, shuffled)
        before, *_, after = threes_sevens.train(run, digits)
        assert before < 0.6 < 0.9 < after


def test_batches_that_lie_in_order_are_plain_steps():
    digits = mnist.sample()
    run = threes_sevens.Recipe(partial(vision.linear, 1), 0.5, 1)
    only = digits.only(3, 7)
    net = vision.seeded(run.net, threes_sevens.SEED)
    order = [i for label in (3, 7) for i in np.flatnonzero(only.train_y == label)]
    x, y = vision.as_rows(only.train_x[order]), vision.labels(only.train_y[order] == 3)
    sgd = torch.optim.SGD(net.parameters(), 0.5)
    vision.sigmoid_mnist_loss(net(x), y).backward()  # 210 digits are one batch
    sgd.step()
    judges = vision.as_rows(only.valid_x), vision.labels(only.valid_y == 3)
    assert threes_sevens.train(run, digits)[-1] == vision.accuracy(net, *judges)
