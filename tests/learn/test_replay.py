"""The notebooks' replays as they ship, against torch, scikit-learn and what the notebooks print."""

import numpy as np
import pytest
import torch

from tests.facts import notebooks
from xlcicf.learn import layers, replay, titanic

MODELS = {model.name: model for model in replay.MODELS}

PRINTED = {  # model -> (first losses, last loss, right of 178)
    "linear": ([.536, .502, .477, .454, .431, .409, .388, .367, .349, .336, .330, .326, .329, .304, .314, .296, .300, .289], .289, 140),
    "sigmoid": ([.510, .327, .294, .207, .201], .194, 147),
    "matrix": ([.512, .323, .290, .205], .194, 147),
    "hidden slow": ([.543], .220, 141),
    "hidden": ([.543, .400, .260, .390, .221, .211, .197, .195, .193], .192, 147),
    "deep": ([.521, .483, .427, .379], .195, 147),
}  # fmt: skip


def test_what_ships_is_what_torch_computes_now():
    with layers.one_thread():
        made = replay.made()
    assert made.keys() == replay._shipped().keys()
    for name, array in made.items():
        # learning rates of 100 magnify the last digit of single precision
        tolerance = 1e-12 if array.dtype == np.float64 else 2e-2
        np.testing.assert_allclose(replay.shipped(name), array, rtol=0, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("name", list(PRINTED))
def test_the_losses_are_those_that_notebook_05_prints(name, told):
    first, last, right = PRINTED[name]
    log = replay.log(MODELS[name])
    told(
        "notebook 05: expected, got",
        name,
        str(first),
        str([round(float(loss), 3) for loss in log.losses[: len(first)]]),
    )
    assert log.losses[: len(first)].round(3).tolist() == pytest.approx(first, abs=1e-6)
    assert round(float(log.losses[-1]), 3) == last
    assert log.right == right


def test_the_deep_nets_losses_have_a_plateau_and_then_fall():
    losses = replay.log(MODELS["deep"]).losses
    assert np.ptp(losses[3:17]) < 0.002
    assert losses[19:24].round(3).tolist() == pytest.approx([0.333, 0.239, 0.224, 0.208, 0.204], abs=1e-6)


def test_the_linear_models_coefficients_are_those_printed():
    parameters = replay.log(MODELS["linear"]).parameters
    start = [-.4629, .1386, .2409, -.2262, -.2632, -.3147, .4876, .3136, .2799, -.4392, .2103, .3625]  # fmt: skip
    end = [-.2694, .0901, .2359, .0280, -.3990, .2345, .7232, .4112, .3601, .0955, .2395, .2122]  # fmt: skip
    np.testing.assert_allclose(parameters[0], start, atol=5.1e-5)
    np.testing.assert_allclose(parameters[-1], end, atol=5.1e-5)


def test_the_first_weights_are_torchs_under_the_seed():
    net = notebooks.linear_12_2()
    np.testing.assert_array_equal(replay.first_weights()[:, :12], net.weight.detach())
    np.testing.assert_array_equal(replay.first_weights()[:, 12], net.bias.detach())


def test_a_replay_leaves_torchs_generator_as_it_was():
    torch.manual_seed(1)
    state = torch.get_rng_state()
    replay.first_weights()
    replay.replay(MODELS["linear"])
    assert (torch.get_rng_state() == state).all()


def test_the_split_of_2026_is_scikit_learns():
    for ours, theirs in zip(replay.split_2026(), notebooks.split_2026(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_split_of_2024_begins_as_published():
    held_out = titanic.random_split(891)[1]
    assert held_out[:8].tolist() == [303, 778, 531, 385, 134, 476, 691, 443]
    assert (len(held_out), titanic.notebook().y[held_out].sum()) == (178, 72)
