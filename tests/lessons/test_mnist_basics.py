"""mnist_basics.xlsx: its numbers against torch's and the chapter's, its training, what it tells a reader to try.
What every lesson book promises is tested in test_books.py."""

import json
import time
from pathlib import Path

import numpy as np
import openpyxl
import pytest
import torch

from tests import libreoffice
from tests.lessons.live import Live, agree, table
from xlcicf import cli
from xlcicf.host import open_book
from xlcicf.learn import mnist, threes_sevens, vision
from xlcicf.lessons import mnist_basics as lesson
from xlcicf.sheet import parity_block
from xlcicf.solve import differentiate, find_problem

BOOK = Path(__file__).parents[2] / "workbooks" / "mnist_basics.xlsx"
IMAGES = np.concatenate([lesson.SHOWN.train_x, lesson.SHOWN.valid_x])
LABELS = np.concatenate([lesson.SHOWN.train_y, lesson.SHOWN.valid_y])
X = torch.from_numpy(IMAGES / 255).flatten(1)
THREE = torch.from_numpy((LABELS == 3).astype(float))
LEARN = slice(0, lesson.LEARN)
JUDGE = slice(lesson.LEARN, None)


def in_double(name: str) -> torch.nn.Module:
    return vision.trained(name).double()


def first_layer() -> torch.nn.Linear:
    """The layer that the book ships to be trained."""
    layer = torch.nn.Linear(784, 1, dtype=torch.float64)
    weight, bias = threes_sevens.first_weights()
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(weight))
        layer.bias.fill_(bias)
    return layer


def means() -> torch.Tensor:
    """The mean three and the mean seven of the digits to learn from (2, 784)."""
    return torch.stack([X[LEARN][THREE[LEARN] == which].mean(0) for which in (1, 0)])


# ---- the file --------------------------------------------------------------------------------------------


SHAPES = {
    "hidden.weight": [(28, 28), (1, 1)], "linear.weight": [(28, 28)], "linear.bias": [(1, 1)],
    "net.loss": [(1, 1)], "net.accuracy": [(1, 1)], "net.prediction": [(210, 1)], "net.settings": [(1, 1)],
    "simple_net.hidden.weight": [(30, 784)], "simple_net.output.weight": [(1, 30)],
    "speed.abc": [(1, 3)], "speed.loss": [(1, 1)],
    "parity.weights": [(28, 28), (1, 1)], "runs.log": [(11, 12)], "runs.weights": [(10, 785)],
    "steps.log": [(201, 2)],
    "starts.log": [(201, 2)],
}  # fmt: skip


def test_the_names_that_others_rely_on_are_there():
    names, found = openpyxl.load_workbook(BOOK, read_only=True).defined_names, {}
    for name in SHAPES:
        bounds = (openpyxl.utils.cell.range_boundaries(ref) for _, ref in names[name].destinations)
        found[name] = [(bottom - top + 1, right - left + 1) for left, top, right, bottom in bounds]
    assert found == SHAPES


def test_the_digits_are_the_shipped_threes_and_sevens(saved):
    np.testing.assert_array_equal(table(saved, lesson.DIGITS.labels)[:, 0], LABELS)
    pixels = np.nan_to_num(table(saved, lesson.DIGITS.pixels))
    np.testing.assert_array_equal(pixels, IMAGES.reshape(len(IMAGES), 784))
    assert (lesson.LEARN, lesson.JUDGE) == (210, 94)


def test_the_book_is_small_and_quick(measured):
    began = time.perf_counter()
    live = Live(BOOK)
    opened = time.perf_counter()
    live[lesson.NET.bias.ref] = 0.5
    assert live[lesson.LINEAR_SCORE.cell(0, 0).ref] is not None
    computed = time.perf_counter()
    measured(f"{BOOK.name}: bytes", f"{BOOK.stat().st_size:,}")
    measured(f"{BOOK.name}: IronCalc opens it", f"{opened - began:.1f} s")
    measured(f"{BOOK.name}: IronCalc computes it again", f"{computed - opened:.1f} s")


@pytest.mark.libreoffice
def test_libreoffice_shows_every_sheet(tmp_path, measured):
    began = time.perf_counter()
    again = openpyxl.load_workbook(libreoffice.convert(BOOK, "xlsx", tmp_path))
    measured(f"{BOOK.name}: LibreOffice opens and converts it", f"{time.perf_counter() - began:.1f} s")
    before = openpyxl.load_workbook(BOOK)
    assert again.sheetnames == before.sheetnames
    assert [len(ws._charts) for ws in again] == [len(ws._charts) for ws in before]


# ---- truth: torch in double precision, IronCalc, LibreOffice ---------------------------------------------


def test_means_distances_and_what_is_nearer_are_torchs(computed):
    agree(means(), table(computed, lesson.MEANS))
    off = X[:, None] - means()[None]
    absolute, root = off.abs().mean(2), (off**2).mean(2).sqrt()
    agree(absolute, table(computed, lesson.ABSOLUTE))
    agree(root, table(computed, lesson.ROOT))
    agree(absolute[:, 0] < absolute[:, 1], table(computed, lesson.BY_ABSOLUTE))
    agree(root[:, 0] < root[:, 1], table(computed, lesson.BY_ROOT))
    agree(THREE, table(computed, lesson.IS_THREE))


def test_pictures_on_similarity_are_the_digit_the_means_and_their_differences(computed):
    digit = X[243].reshape(28, 28)
    three, seven = means().reshape(2, 28, 28)
    for picture, expected in (
        (lesson.NEAR_DIGIT, digit), (lesson.NEAR_THREE, three), (lesson.NEAR_SEVEN, seven),
        (lesson.OFF_THREE, (digit - three).abs()), (lesson.OFF_SEVEN, (digit - seven).abs()),
    ):  # fmt: skip
        agree(expected, table(computed, picture))


def test_shares_by_distance_are_those_of_the_library(computed, measured):
    by_absolute = mnist.pixel_similarity(lesson.SHOWN)
    got = table(computed, lesson.SHARES)
    agree([*by_absolute, np.mean(by_absolute)], got[0])
    measured("pixel similarity on the shipped digits: absolute", " ".join(f"{share:.4f}" for share in got[0]))
    measured("pixel similarity on the shipped digits: RMS", " ".join(f"{share:.4f}" for share in got[1]))
    assert got[0, 2] > 0.9


def test_both_layers_scores_probabilities_and_losses_are_torchs(computed):
    for net, score, loss, says in (
        (first_layer(), lesson.SCORE, lesson.LOSS, lesson.SAYS),
        (in_double("linear_3_7"), lesson.TRAINED_SCORE, lesson.TRAINED_LOSS, lesson.TRAINED_SAYS),
    ):
        scores = net(X)[:, 0]
        agree(scores, table(computed, score))
        agree(torch.where(THREE == 1, 1 - scores.sigmoid(), scores.sigmoid()), table(computed, loss))
        agree(scores > 0, table(computed, says))
    agree(first_layer()(X).sigmoid(), table(computed, lesson.PROBABILITY))
    agree(
        vision.sigmoid_mnist_loss(first_layer()(X[LEARN]), THREE[LEARN]).reshape(1),
        table(computed, lesson.NET.loss),
    )


def test_products_on_linear_are_pixel_times_weight_and_their_sum_the_score(computed):
    digit = X[243].reshape(28, 28)
    for net, product, column in (
        (first_layer(), lesson.LINEAR_FOR, 0),
        (in_double("linear_3_7").output, lesson.TRAINED_FOR, 1),
    ):
        agree(digit * net.weight.reshape(28, 28), table(computed, product))
        agree(net(X[243]), table(computed, lesson.LINEAR_SCORE)[0, column : column + 1])


def test_hidden_units_votes_and_scores_of_simple_net_are_torchs(computed):
    net = in_double("simple_net")
    h = torch.relu(net.hidden(X))
    agree(h[JUDGE], table(computed, lesson.NET_HIDDEN))
    agree(net(X)[JUDGE], table(computed, lesson.NET_SCORE))
    agree(net(X)[JUDGE] > 0, table(computed, lesson.NET_SAYS))
    agree(net.hidden(X[243]), table(computed, lesson.UNIT_SUM))
    agree(h[243], table(computed, lesson.UNIT_H))
    agree(h[243] * net.output.weight[0], table(computed, lesson.UNIT_VOTE))
    agree(net.hidden.weight.reshape(30, 28, 28), np.stack([table(computed, p) for p in lesson.TEMPLATES]))


@pytest.mark.parametrize("name", ["linear_3_7", "simple_net"])
def test_single_precision_says_the_same_of_every_digit(name):
    single, double = vision.trained(name)(X.float())[:, 0], in_double(name)(X)[:, 0]
    clear = double.abs() > 1e-4
    assert torch.equal((single > 0)[clear], (double > 0)[clear])


def test_the_steps_are_torchs_sgd_and_every_slope_is_autograds(computed):
    time_, speed = map(torch.tensor, threes_sevens.speeds())
    abc = torch.ones(3, dtype=torch.float64, requires_grad=True)
    sgd = torch.optim.SGD([abc], lr=1e-5)
    rows, curves = [], []
    for step in range(lesson.LAST_STEP + 1):
        sgd.zero_grad()
        pred = abc[0] * time_**2 + abc[1] * time_ + abc[2]
        loss = ((pred - speed) ** 2).mean()
        loss.backward()
        rows.append([step, *abc.tolist(), loss.item(), *abc.grad.tolist()])
        if step in lesson.SHOWN_STEPS:
            curves.append(pred.tolist())
        sgd.step()
    shown = table(computed, lesson.DOWN)
    for column, expected in enumerate(np.transpose(rows)):
        agree(expected, shown[:, column])
    agree(np.transpose(curves), table(computed, lesson.AT_STEP))
    agree(rows[0][5:], table(computed, lesson.ABC_SLOPES)[0])
    agree(rows[1][1:4], table(computed, lesson.ABC_AFTER)[0])
    agree(rows[0][5:], table(computed, lesson.ABC_NUDGES)[0], within=1e-8)


def test_the_sigmoid_and_its_slope_are_torchs(computed):
    score = torch.linspace(-8, 8, 33, dtype=torch.float64, requires_grad=True)
    sigmoid = score.sigmoid()
    (slope,) = torch.autograd.grad(sigmoid.sum(), score)
    agree(torch.stack([score, sigmoid, slope], 1), table(computed, lesson.CURVE))


def test_the_gradient_through_the_sheet_is_autograds(copy):
    book = open_book(copy)
    f = differentiate(book, find_problem(book))
    net = first_layer()
    loss = vision.sigmoid_mnist_loss(net(X[LEARN]), THREE[LEARN])
    weight, bias = torch.autograd.grad(loss, [net.weight, net.bias])
    value, gradient = f.value_and_gradient(f.start)
    book.close()
    assert value == pytest.approx(loss.item(), abs=1e-12)
    np.testing.assert_allclose(gradient, [*weight[0], *bias], rtol=0, atol=1e-12)
    assert f.init == 0.0357


# ---- the chapter's figures -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "what, cell, expected, within",
    [
        ("x² at 3 has the slope", "Gradient!B8", 6, 0),
        ("the same by a nudge", "Gradient!B9", 6, 1e-9),
        ("3² + 4² + 10²", "Gradient!E15", 125, 0),
        ("slope by 3", "Gradient!B16", 6, 0),
        ("slope by 4", "Gradient!C16", 8, 0),
        ("slope by 10", "Gradient!D16", 20, 0),
        ("slope by 10, by a nudge", "Gradient!D17", 20, 1e-8),
        ("loss of 0.9 for a three", "mnist_loss!D6", 0.1, 1e-12),
        ("loss of 0.4 for a seven", "mnist_loss!D7", 0.4, 1e-12),
        ("loss of 0.2 for a three", "mnist_loss!D8", 0.8, 1e-12),
        ("mnist_loss", "mnist_loss!D9", 0.4333, 5e-5),
    ],
)
def test_the_chapters_figures_stand_in_the_book(saved, what, cell, expected, within, told):
    told("facts", f"fastbook 04: {what} ({cell})", str(expected), f"{saved[cell]:.9g}")
    assert abs(saved[cell] - expected) <= within


def test_the_three_slopes_by_nudges_are_those_by_calculus(shared):
    shared[lesson.THREE_X.ref], shared[lesson.ONE_X.ref] = (-2.5, 0, 7), -1.5
    agree([-5, 0, 14], shared.numbers("Gradient!B17:D17"), within=1e-8)
    agree([-3], shared.numbers("Gradient!B9"), within=1e-8)


def test_a_run_in_the_books_order_stumbles_where_the_book_prints_it(told):
    for name, printed in threes_sevens.PRINTED.items():
        ours = threes_sevens.accuracies(name)[1:]
        assert len(ours) == len(printed)
        told(
            "facts",
            f"fastbook 04: {name}, last of {len(ours)} epochs, unseeded",
            f"{printed[-1]:.4f}",
            f"{ours[-1]:.4f}",
        )
        # weights drawn with a spread of 1 begin anywhere; torch's own begin near 0
        assert np.abs(ours[3:] - printed[3:]).max() < (0.015 if name == "by_hand" else 0.005)
        assert abs(ours[-1] - printed[-1]) < 0.003
    linear = threes_sevens.accuracies("linear")
    assert linear[2] > linear[3] < linear[4]  # as .8618 .8203 .9102


def test_shuffled_digits_need_one_epoch():
    for name in ("linear_shuffled", "simple_net_shuffled"):
        assert threes_sevens.accuracies(name)[1] > 0.96
    assert threes_sevens.accuracies("linear")[1] < 0.5


@pytest.mark.mnist_full
def test_the_record_comes_out_again_from_the_full_set(told):
    digits = mnist.full()
    for name in ("by_hand", "linear", "linear_shuffled"):
        again = threes_sevens.train(threes_sevens.RUNS[name], digits)
        record = threes_sevens.accuracies(name)
        told("facts", f"{name} made again, last epoch", f"{record[-1]:.4f}", f"{again[-1]:.4f}")
        np.testing.assert_allclose(again, record, rtol=0, atol=0.002)


@pytest.mark.mnist_full
def test_pixel_similarity_of_all_digits_is_what_the_book_states(saved, told):
    shares = mnist.pixel_similarity(mnist.full())
    stated = table(saved, lesson.Block("stated", "Similarity", "B18", 1, 3))[0]
    told("facts", "fastbook 04: pixel similarity", str(stated.tolist()), str(np.round(shares, 4).tolist()))
    np.testing.assert_allclose([*shares, np.mean(shares)], stated, rtol=0, atol=5e-5)


@pytest.mark.mnist_full
def test_the_distances_of_fast_ais_three_are_what_the_book_states(saved):
    full = mnist.full()
    three = full.train_x[10_000:10_001]  # its file is 10000.png
    ideal = [mnist.mean_digit(full.train_x[full.train_y == label]) for label in (3, 7)]
    got = [
        [measure(three, mean)[0] for mean in ideal] for measure in (mnist.mean_distance, mnist.rms_distance)
    ]
    stated = table(saved, lesson.Block("stated", "Similarity", "B11", 2, 2))
    np.testing.assert_allclose(got, stated, rtol=0, atol=5.1e-5)


@pytest.mark.mnist_full
@pytest.mark.parametrize("name, cell", [("linear_3_7", "Linear!C14"), ("simple_net", "simple_net!B8")])
def test_accuracies_of_all_digits_are_what_the_book_states(name, cell, saved):
    full = mnist.full().only(3, 7)
    x, y = vision.as_rows(full.valid_x), vision.labels(full.valid_y == 3)
    assert len(x) == 2038
    assert vision.accuracy(vision.trained(name), x, y) == pytest.approx(saved[cell], abs=1e-3)


# ---- what to try -----------------------------------------------------------------------------------------


def test_try_1_another_digit_shows_its_numbers(shared):
    shared[lesson.PICKED.ref] = 77
    agree(IMAGES[76], shared.read(lesson.LARGE), within=0)
    assert shared["'A digit'!B5"] == LABELS[76]
    assert shared["'A digit'!B8"] == (IMAGES[76] > 0).sum()
    assert shared["'A digit'!B10"] == pytest.approx(IMAGES[76].mean(), abs=1e-12)


def test_try_2_one_distance_errs_about_244_both_about_250(shared):
    assert f"{shared['Similarity!D16']:.1%}" == "92.2%"
    shared[lesson.NEAR_PICKED.ref] = 244
    assert (shared["Similarity!B5"], shared["Similarity!D9"], shared["Similarity!D10"]) == (3, 7, 3)
    shared[lesson.NEAR_PICKED.ref] = 250
    assert (shared["Similarity!B5"], shared["Similarity!D9"], shared["Similarity!D10"]) == (3, 7, 7)


def test_try_3_long_steps_raise_the_loss_and_short_ones_get_stuck(shared):
    first, last = lesson.DOWN.cell(0, 4).ref, lesson.DOWN.cell(lesson.LAST_STEP, 4).ref
    shared[lesson.RATE.ref] = 0.00001
    assert (round(shared[first]), round(shared[last])) == (25551, 669)
    assert shared["'Seven steps'!A17"] == "the ten steps lower the loss"
    shared[lesson.RATE.ref] = 0.00004
    assert shared[last] > shared[first]
    assert shared["'Seven steps'!A17"] == "the ten steps raise the loss: the rate is too large"


def test_try_3_xlcicf_finds_the_best_curve(copy, capsys):
    asked = ["--objective", "speed.loss", "--changing", "speed.abc", "--optimizer", "lbfgs", "--json"]
    assert cli.main(["train", str(copy), *asked]) == 0
    told = json.loads(capsys.readouterr().out)
    assert f"{told['after']:.2f}" == "4.89"
    np.testing.assert_allclose(
        Live(copy).read(lesson.ABC)[0], np.polyfit(*threes_sevens.speeds(), 2), rtol=0, atol=1e-4
    )


def test_try_4_the_loss_moves_and_the_accuracy_does_not(shared):
    third = lesson.PREDICTED.cell(2, 0).ref
    seen = {}
    for value in (0.2, 0.3, 0.4, 0.8):
        shared[third] = value
        seen[value] = f"{shared['mnist_loss!D9']:.4f}", shared["mnist_loss!E9"]
        assert shared["mnist_loss!D10"] == pytest.approx(-1 / 3, abs=1e-9)
        assert shared["mnist_loss!E10"] == 0
    assert [seen[value][0] for value in (0.2, 0.8)] == ["0.4333", "0.2333"]
    assert seen[0.3][0] != seen[0.4][0]
    assert [share for _, share in seen.values()] == pytest.approx([2 / 3, 2 / 3, 2 / 3, 1])


def test_try_5_and_6_training_finds_a_three_and_then_learns_by_heart(copy, capsys, measured):
    assert cli.main(["train", str(copy), "--json"]) == 0
    once = json.loads(capsys.readouterr().out)
    assert once["variables"] == 785
    assert (f"{once['accuracy_before']:.0%}", f"{once['accuracy_after']:.1%}") == ("35%", "95.7%")
    assert once["parity_max"] <= 1e-9
    live = Live(copy)
    assert live[lesson.PARITY.status.ref] == parity_block.AGREE
    assert (live["Training!A24"], live["Training!C24"]) == (1, "sgd")
    agree(live.read(lesson.NET.weight), live.read(lesson.AFTER.parts[0]), within=0)
    assert np.corrcoef(live.read(lesson.NET.weight).ravel(), (means()[0] - means()[1]).numpy())[0, 1] > 0.7

    assert cli.main(["train", str(copy), "--steps", "200", "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["after"] < again["before"]
    assert f"{again['accuracy_after']:.1%}" == "94.7%"
    for what, run in (("20 steps", once), ("200 more", again)):
        measured(
            f"785 weights by formulas, {what}",
            f"{run['seconds']:.1f} s, loss {run['after']:.4f}, right {run['accuracy_after']:.3f}",
        )

    assert cli.main(["undo", str(copy)]) == 0
    agree(live.read(lesson.NET.weight), Live(copy).read(lesson.NET.weight), within=0)


def test_try_7_votes_of_another_digit_add_up_to_its_score(shared):
    shared[lesson.NET_PICKED.ref] = 12
    net = in_double("simple_net")
    votes = shared.read(lesson.UNIT_VOTE)
    agree(torch.relu(net.hidden(X[11])) * net.output.weight[0], votes)
    assert shared["simple_net!C5"] == pytest.approx(net(X[11]).item(), abs=1e-9)
    assert shared["simple_net!C5"] == pytest.approx(votes.sum() + net.output.bias.item(), abs=1e-9)


def test_every_vote_of_every_digit_fits_on_the_chart():
    net = in_double("simple_net")
    votes = torch.relu(net.hidden(X)) * net.output.weight[0]
    assert votes.abs().max() < 5.5  # with room for the label


# ---- the status cell -------------------------------------------------------------------------------------

STATUSES = [
    ({}, parity_block.AGREE),
    ({lesson.NET.weight.cell(3, 4).ref: 0.25}, parity_block.WEIGHT_CHANGED),
    ({lesson.NET.bias.ref: 0.25}, parity_block.WEIGHT_CHANGED),
    ({lesson.DIGITS.labels.cell(0, 0).ref: 7}, lesson.PARITY.settings_changed),
    ({lesson.DIGITS.pixels.cell(0, 300).ref: 99}, parity_block.DIFFER),
]


def test_the_parity_cell_says_what_changed_since_the_run():
    live = Live(BOOK)
    assert live[lesson.PARITY.status.ref] == parity_block.NO_RUN
    live[lesson.PARITY.loss.ref], live[lesson.PARITY.prediction.ref] = live[lesson.NET.loss.ref], 1e-16
    for now, after in zip(lesson.NET.weights.parts, lesson.AFTER.parts, strict=True):
        live[after.ref] = live.numbers(now.ref)
    live[lesson.PARITY.settings.ref] = live[lesson.PARITY.settings_now.ref]
    for changes, status in STATUSES:
        before = {cell: live.numbers(cell)[0] for cell in changes}
        for cell, value in changes.items():
            live[cell] = value
        assert live[lesson.PARITY.status.ref] == status
        for cell, value in before.items():
            live[cell] = 0.0 if np.isnan(value) else value
