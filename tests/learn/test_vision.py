"""Nets that look at digits against torch's own parts, published figures, and digits they have not seen."""

import math
from functools import partial
from importlib.resources import files

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from xlcicf.learn import mnist, train_vision, vision, vit

# As xlcicf.learn.train_vision printed it when the shipped weights were made.
ACCURACY = {
    "max_pooled": 0.9415,
    "linear": 0.9217,
    "hidden": 0.9350,
    "linear_3_7": 0.9823,
    "simple_net": 0.9823,
    "cnn": 0.9931,
    "cnn_3_7": 0.9912,
    "vit": 0.9813,
}
by_name = pytest.mark.parametrize("name", vision.NETS)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def sample():
    return mnist.sample()


@pytest.fixture(scope="module")
def full():
    return mnist.full()


@pytest.fixture
def images(sample):
    return vision.as_maps(sample.valid_x[:50])


# ---- nets ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "make", "count"),
    [
        ("784 -> 10", vision.linear, 7_850),
        # Often given as 23,551, which leaves out the 30 weights (or biases) of one layer.
        ("simple_net, 784 -> 30 -> 1", vision.NETS["simple_net"], 784 * 30 + 30 + 30 + 1),
        ("784 -> 10 -> 10", vision.NETS["hidden"], 7_960),
        ("convolutions 1-4-8-16-32-2", vision.NETS["cnn_3_7"], 6_722),
        ("convolutions 1-8-16-32-64-10", partial(vision.convolutions, batchnorm=False), 30_282),
        ("the same, batchnorm folded in", lambda: vision.fold_batchnorm(vision.convolutions()), 30_282),
        ("a convolution with max-pool", vision.NETS["max_pooled"], 750),
        ("transformer of width 16", vision.NETS["vit"], 5_738),
    ],
)
def test_parameters_of(what, make, count, told):
    got = vision.parameters(make())
    told("facts", f"parameters, {what}", f"{count:,}", f"{got:,}")
    assert got == count


def test_a_convolution_of_stride_2_halves_the_picture(images):
    sizes, x = [28], images
    for layer in vision.convolutions():
        x = layer(x)
        if isinstance(layer, torch.nn.Conv2d):
            sizes.append(x.shape[-1])
    assert sizes == [28, 14, 7, 4, 2, 1]
    assert x.shape == (50, 10)


def test_folding_batchnorm_changes_no_score_and_not_the_net(images):
    net = vision.trained("cnn")
    before = {key: value.clone() for key, value in net.state_dict().items()}
    net.train()
    folded = vision.fold_batchnorm(net)
    assert net.training
    assert [type(layer) for layer in folded if isinstance(layer, torch.nn.BatchNorm2d)] == []
    assert torch.allclose(folded(images), vision.scores(net, images), atol=1e-4)
    assert all(torch.equal(before[key], value) for key, value in net.state_dict().items())


def test_a_seed_gives_the_same_net_and_leaves_torchs_random_numbers_alone():
    state = torch.get_rng_state()
    one, other = vision.seeded(vision.linear, 1), vision.seeded(vision.linear, 1)
    assert torch.equal(one.output.weight, other.output.weight)
    assert torch.equal(state, torch.get_rng_state())


def test_mnist_loss_is_fast_ais_example(told):
    target = torch.tensor([1, 0, 1])
    got = [vision.mnist_loss(torch.tensor([0.9, 0.4, last]), target).item() for last in (0.2, 0.8)]
    told("facts", "mnist_loss of .9, .4, .2 and of .9, .4, .8", ".4333, .2333", "{:.4f}, {:.4f}".format(*got))
    assert got == pytest.approx([0.4333, 0.2333], abs=5e-5)


# ---- training --------------------------------------------------------------------------------------------


def few(sample, rows=200):
    return vision.as_rows(sample.train_x[:rows]), vision.labels(sample.train_y[:rows])


def test_fit_does_what_a_bare_torch_loop_does(sample):
    x, y = few(sample)
    ours, bare = vision.seeded(vision.linear, 0), vision.seeded(vision.linear, 0)
    losses = [step.loss for step in vision.fit(ours, x, y, 2, 0.1, batch=64, seed=5)]

    opt = torch.optim.AdamW(bare.parameters(), 0.1, betas=(0.9, 0.99), eps=1e-5, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(opt, 0.1, 8, pct_start=0.25, final_div_factor=4000)
    generator, expected = torch.Generator().manual_seed(5), []
    for _ in range(2):
        order = torch.randperm(200, generator=generator)
        for begin in range(0, 200, 64):
            rows = order[begin : begin + 64]
            loss = F.cross_entropy(bare(x[rows]), y[rows])
            opt.zero_grad()
            loss.backward()
            opt.step()
            schedule.step()
            expected.append(loss.item())
    assert losses == expected
    assert torch.equal(ours.output.weight, bare.output.weight)


def test_one_cycle_rises_for_a_quarter_and_momentum_goes_the_other_way(sample):
    steps = list(vision.fit(vision.linear(), *few(sample), 10, 0.1, batch=10))
    rates, momenta = [step.lr for step in steps], [step.momentum for step in steps]
    assert rates[0] == pytest.approx(0.1 / 25)
    assert np.argmax(rates) == np.argmin(momenta) == 49  # the last step of the first quarter
    assert max(rates) == pytest.approx(0.1) and rates[-1] < 1e-5
    assert (momenta[0], min(momenta), max(momenta)) == pytest.approx((0.95, 0.85, 0.95))


@pytest.mark.parametrize("steps", range(1, 9))
def test_a_short_run_has_a_cycle_too(steps, sample):
    run = vision.fit(vision.linear(), *few(sample, steps), 1, 0.1, batch=1)
    rates = [step.lr for step in run]
    assert len(rates) == steps
    assert rates[0] == pytest.approx(0.1 / 25) and max(rates) <= 0.1 + 1e-12


def test_without_one_cycle_the_rate_stays(sample):
    run = vision.fit(vision.linear(), *few(sample), 1, 0.1, batch=50, one_cycle=False)
    assert [(step.lr, step.momentum) for step in run] == [(0.1, 0.9)] * 4


def test_plain_steps_have_no_momentum_in_a_cycle_either(sample):
    run = vision.fit(vision.linear(), *few(sample), 1, 0.1, batch=50, optimizer=vision.sgd)
    assert [step.momentum for step in run] == [0] * 4


def test_the_last_batch_of_an_epoch_takes_what_is_left(sample):
    steps = list(vision.fit(vision.linear(), *few(sample, 130), 2, 0.1, batch=50))
    assert [step.number for step in steps] == [1, 2, 3, 4, 5, 6]
    assert [step.epoch for step in steps] == [1, 1, 1, 2, 2, 2]
    assert [step.number for step in steps if step.ends_epoch] == [3, 6]


def test_one_may_ask_a_net_for_scores_while_it_trains(sample):
    x, y = few(sample)
    for _ in vision.fit(net := vision.linear(), x, y, 1, 0.1):
        vision.accuracy(net, x, y)
        assert net.training


def test_a_shift_moves_the_whole_batch_one_of_nine_ways(images):
    generator = torch.Generator().manual_seed(0)
    images[..., [0, -1]], images[..., [0, -1], :] = 0, 0  # nothing to lose at the rim
    moved = [vision.shifted(images, generator) for _ in range(100)]
    ways = {(down, right): images.roll((down, right), (2, 3)) for down in (-1, 0, 1) for right in (-1, 0, 1)}
    met = [way for one in moved for way, expected in ways.items() if torch.equal(one, expected)]
    assert len(met) == len(moved) and set(met) == ways.keys()


def test_what_leaves_the_picture_does_not_come_back_on_the_other_side():
    rim = torch.zeros(1, 1, 28, 28)
    rim[..., 0, :] = 1
    moved = [vision.shifted(rim, torch.Generator().manual_seed(seed)) for seed in range(20)]
    assert {one[..., 2:, :].sum().item() for one in moved} == {0}


def test_convolutions_learn_from_the_shipped_thousand(sample, measured):
    *_, last = train_vision.cook("cnn", sample, epochs=30)
    measured("convolutions, 1,000 digits, 30 epochs: accuracy on 500", f"{last.accuracy:.3f}")
    assert last.accuracy > 0.9


def test_softmax_regression_on_the_shipped_thousand_reaches_four_in_five(sample, measured):
    *_, last = train_vision.cook("linear", sample)
    measured("softmax regression, 1,000 digits, 10 epochs: accuracy on 500", f"{last.accuracy:.3f}")
    assert last.accuracy >= 0.8


# ---- inside ----------------------------------------------------------------------------------------------


def test_what_is_watched_is_what_the_layer_puts_out(images):
    net = vision.trained("cnn")
    with vision.watched(net, ("relu1",)) as seen:
        net(images)
    net(images)  # no longer seen
    (activity,) = seen["relu1"]
    with torch.no_grad():
        out = torch.relu(net.norm1(net.conv1(images))).numpy()
    assert activity.mean == pytest.approx(out.mean(), rel=1e-5)
    assert activity.sd == pytest.approx(out.std(), rel=1e-5)
    assert activity.near_zero == (out <= 0.05).mean()
    assert activity.histogram.tolist() == np.histogram(out.clip(0, 10), 40, (0, 10))[0].tolist()


def test_a_histogram_counts_every_activation():
    activity = vision.Activity.of(torch.tensor([0.0, 0.3, 9.99, 10.0, 500.0]))
    assert activity.histogram[[0, 1, -1]].tolist() == [1, 1, 3]
    assert activity.histogram.sum() == 5


def test_the_constant_rate_stays_at_chance_and_one_cycle_works(told):
    log = vision.runs()
    for name, fact in (("constant", ".1135"), ("one_cycle", ".9743"), ("batchnorm", ".9864")):
        told(
            "facts", f"60,000 digits, one epoch, {name}: accuracy", fact, f"{log[f'{name}.accuracy'][0]:.4f}"
        )
    assert log["constant.loss"][-60:] == pytest.approx(math.log(10), abs=0.02)
    assert log["constant.accuracy"] < 0.12
    assert log["one_cycle.accuracy"] > 0.97
    assert log["batchnorm.accuracy"] > 0.98


@pytest.mark.parametrize("name", train_vision.RUNS)
def test_the_log_of_a_run_has_its_schedule_and_every_activation(name):
    log = {
        key.removeprefix(f"{name}."): value for key, value in vision.runs().items() if key.startswith(name)
    }
    assert log["loss"].shape == log["lr"].shape == log["momentum"].shape == (118,)
    assert (log["lr"] == np.float32(0.06)).all() == (name == "constant")
    for layer, cells in (("relu1", 8 * 14 * 14), ("relu4", 64 * 2 * 2)):
        assert log[f"{layer}.histogram"].shape == (59, 40)
        assert (log[f"{layer}.histogram"].sum(1) == 512 * cells).all()
        assert all(log[f"{layer}.{what}"].shape == (59,) for what in ("mean", "sd", "near_zero"))


@pytest.mark.mnist_full
def test_the_run_that_fails_and_the_one_that_works_come_out_again(full):
    shipped = vision.runs()
    failing, working = (train_vision.run(name, full) for name in ("constant", "one_cycle"))
    assert failing["loss"][-60:] == pytest.approx(math.log(10), abs=0.02)
    assert working["accuracy"] > 0.96
    assert failing.keys() == {key.partition(".")[2] for key in shipped}
    assert failing["loss"][0] == pytest.approx(shipped["constant.loss"][0], abs=1e-4)


def test_the_log_of_one_image_at_a_time_has_a_loss_and_a_mean_for_each_thousand_images():
    log = vision.one_image_run()
    assert log["loss"].shape == log["mean"].shape == (56,)
    assert log["mean"][:3] == pytest.approx(math.log(10), abs=0.02)
    assert log["mean"][-1] < 0.2 and log["accuracy"] > 0.96
    assert log["loss"].std() > log["mean"].std(), "one image's loss says little"


@pytest.mark.mnist_full
def test_one_image_at_a_time_comes_out_again(full):
    log = train_vision.one_image_at_a_time(full, 3000)
    assert log["loss"].shape == log["mean"].shape == (3,)
    assert log["loss"][0] == pytest.approx(vision.one_image_run()["loss"][0], abs=0.2)


# ---- the shipped weights ---------------------------------------------------------------------------------


def judged(name, digits):
    _, _, valid_x, valid_y = train_vision.tensors(digits, train_vision.RECIPES[name])
    return vision.accuracy(vision.trained(name), valid_x, valid_y)


def test_each_net_has_a_recipe():
    assert train_vision.RECIPES.keys() == vision.NETS.keys()


@by_name
def test_shipped_weights_are_small_and_float32(name):
    assert files("xlcicf.learn").joinpath("data", f"{name}.safetensors").stat().st_size < 200_000
    kinds = {value.dtype for key, value in vision.weights(name).items() if "num_batches" not in key}
    assert kinds == {np.dtype(np.float32)}


@by_name
def test_shipped_weights_know_what_they_are(name):
    facts = vision.facts(name)
    assert facts["net"] == name
    assert int(facts["parameters"]) == vision.parameters(vision.trained(name))
    assert float(facts["accuracy"]) == pytest.approx(ACCURACY[name], abs=5e-5)


@by_name
def test_shipped_weights_do_well_on_the_shipped_digits(name, sample):
    assert judged(name, sample) == pytest.approx(ACCURACY[name], abs=0.035)


@by_name
@pytest.mark.mnist_full
def test_shipped_weights_on_the_test_digits(name, full, told):
    got = judged(name, full)
    told("facts", f"shipped {name}: accuracy on the test digits", f"{ACCURACY[name]:.4f}", f"{got:.4f}")
    assert got == pytest.approx(ACCURACY[name], abs=2e-4)


def test_each_picture_of_weights_is_a_template_of_its_digit(sample):
    pictures = vision.weights("linear")["output.weight"].reshape(10, -1)
    means = np.array([mnist.mean_digit(sample.train_x[sample.train_y == k]).ravel() for k in range(10)])
    for k in range(10):
        others = np.delete(means, k, 0).mean(0)
        assert np.corrcoef(pictures[k], means[k] - others)[0, 1] > 0.4


def test_where_no_digit_has_ink_no_weight_is_left(sample):
    pictures = vision.weights("linear")["output.weight"].reshape(10, 28, 28)
    assert (pictures[:, 0, :3] == 0).all()


# ---- the recipes -----------------------------------------------------------------------------------------


@pytest.mark.mnist_full
def test_convolutions_reach_99_percent_within_five_epochs(full, told):
    *_, last = train_vision.cook("cnn", full)
    assert last.number == 5
    told(
        "facts",
        "convolutions, 60,000 digits, 5 epochs: accuracy",
        "0.990 or more",
        f"{last.accuracy:.4f} in {last.seconds:.0f} s",
    )
    assert last.accuracy >= 0.990


@pytest.mark.mnist_full
def test_simple_net_tells_threes_from_sevens(full, told):
    *_, last = train_vision.cook("simple_net", full)
    told("facts", "simple_net, 40 epochs: accuracy", ".98283; 0.98 or more", f"{last.accuracy:.5f}")
    assert last.accuracy >= 0.98


@pytest.mark.mnist_full
def test_the_small_convolutions_tell_threes_from_sevens(full, told):
    *_, last = train_vision.cook("cnn_3_7", full)
    told("facts", "1-4-8-16-32-2, 2 epochs: accuracy", ".990186", f"{last.accuracy:.6f}")
    assert last.accuracy >= 0.98


@pytest.mark.mnist_full
def test_the_script_writes_what_the_package_ships(tmp_path, capsys):
    train_vision.main(["linear", "--out", str(tmp_path)])
    assert "linear epoch 10: 0.92" in capsys.readouterr().out
    (written,) = tmp_path.iterdir()
    assert written.name == "linear.safetensors"
    assert written.stat().st_size == files("xlcicf.learn").joinpath("data", written.name).stat().st_size


def test_the_script_refuses_a_name_it_does_not_know(capsys):
    with pytest.raises(SystemExit):
        train_vision.main(["resnet"])
    assert "there is no resnet" in capsys.readouterr().err


# ---- the transformer -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def transformer():
    return vision.trained("vit")


def test_patches_are_torchs_unfold(images):
    unfolded = F.unfold(images, vit.PATCH, stride=vit.PATCH).transpose(1, 2)
    assert torch.equal(vit.patches(images[:, 0]), unfolded)
    assert torch.equal(vit.patches(images[0, 0]), unfolded[0])


def test_sixteen_patches_and_a_class_token_enter(transformer, images):
    tokens = transformer.tokens(images)
    assert tokens.shape == (50, 17, 16)
    assert torch.equal(tokens[0, 0], transformer.class_token + transformer.position[0])


def test_shares_of_attention_sum_to_1(transformer, images):
    block = transformer.blocks.block1
    shares = block.attention.shares(block.norm1(transformer.tokens(images)))
    assert shares.shape == (50, 2, 17, 17)
    assert torch.allclose(shares.sum(-1), torch.ones(50, 2, 17), atol=1e-6)


def test_a_block_is_torchs_own_encoder_layer(transformer, images):
    ours, tokens = transformer.blocks.block1, transformer.tokens(images)
    theirs = torch.nn.TransformerEncoderLayer(16, 2, 32, dropout=0, batch_first=True, norm_first=True)
    attention = (ours.attention.query, ours.attention.key, ours.attention.value)
    state = {
        "self_attn.in_proj_weight": torch.cat([layer.weight for layer in attention]),
        "self_attn.in_proj_bias": torch.cat([layer.bias for layer in attention]),
    }
    pairs = {
        "self_attn.out_proj": ours.attention.output,
        "linear1": ours.up,
        "linear2": ours.down,
        "norm1": ours.norm1,
        "norm2": ours.norm2,
    }
    for name, layer in pairs.items():
        state |= {f"{name}.weight": layer.weight, f"{name}.bias": layer.bias}
    theirs.load_state_dict(state)
    assert torch.allclose(ours(tokens), theirs(tokens), atol=1e-5)


def test_an_image_is_classified_alike_alone_and_in_a_batch(transformer, images):
    alone = torch.stack([transformer(image) for image in images])
    assert torch.allclose(alone, transformer(images), atol=1e-5)
