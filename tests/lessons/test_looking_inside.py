"""looking_inside.xlsx against torch, on the shipped book and after everything that it tells a reader to try."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from tests.lessons.live import agree, table
from xlcicf.learn import mnist, titanic, vision
from xlcicf.lessons import looking_inside as book
from xlcicf.sheet.pixels import picture_in_line

BOOK = Path(__file__).parents[2] / "workbooks" / "looking_inside.xlsx"
DIGITS = mnist.sample()
X = torch.from_numpy(DIGITS.valid_x / 255).flatten(1)
Y = torch.from_numpy(DIGITS.valid_y.astype(int))
AT = book.START - 1


def in_double(name: str) -> torch.nn.Module:
    return vision.trained(name).double()


LINEAR, HIDDEN = in_double("linear"), in_double("hidden")
with torch.no_grad():
    LINEAR_SCORES, HIDDEN_SCORES = LINEAR(X), HIDDEN(X)


# ---- truth -----------------------------------------------------------------------------------------------


def test_templates_are_the_rows_of_the_weights(computed):
    for k, picture in enumerate(book.TEMPLATES):
        agree(vision.weights("linear")["output.weight"][k].reshape(28, 28), table(computed, picture))
    for u, picture in enumerate(book.FILTERS):
        agree(vision.weights("hidden")["hidden.weight"][u].reshape(28, 28), table(computed, picture))


def test_scores_probabilities_and_losses_of_all_digits_are_torchs(computed):
    best, says = LINEAR_SCORES.max(1)
    agree(LINEAR_SCORES, table(computed, book.ALL_SCORES))
    agree(says, table(computed, book.SAYS))
    agree(LINEAR_SCORES.softmax(1).max(1).values, table(computed, book.SURE))
    agree(F.cross_entropy(LINEAR_SCORES, Y, reduction="none"), table(computed, book.LOSS))


def test_float32_takes_each_digit_for_the_same_class(computed):
    with torch.no_grad():
        scores = vision.trained("linear")(vision.as_rows(DIGITS.valid_x))
    first, second = scores.topk(2).values.T
    clear = (first - second > 1e-4).numpy()
    assert (scores.argmax(1).numpy() == table(computed, book.SAYS)[:, 0])[clear].all() and clear.sum() > 490


def test_the_confusion_matrix_counts_every_digit_once(computed):
    counts, says = table(computed, book.MATRIX), LINEAR_SCORES.argmax(1)
    expected = np.zeros((10, 10))
    np.add.at(expected, (Y.numpy(), says.numpy()), 1)
    assert (counts == expected).all()
    assert (counts.sum(1) == np.bincount(DIGITS.valid_y)).all()
    assert computed["Confusion!P6"] == pytest.approx(np.trace(counts) / 500, abs=1e-15)


def test_the_picked_digits_hidden_units_and_scores_are_torchs(computed):
    with torch.no_grad():
        sums = HIDDEN.hidden(X[AT])
    agree(sums, table(computed, book.H_SUM))
    agree(sums.relu(), table(computed, book.H))
    agree(HIDDEN_SCORES[AT], table(computed, book.HIDDEN_SCORES))
    agree(HIDDEN_SCORES[AT].softmax(0), table(computed, book.HIDDEN_PROBABILITY))
    agree(LINEAR_SCORES[AT].softmax(0), table(computed, book.PROBABILITY))


def slopes(number, asked):
    """Autograd's derivative of a class's score by each pixel (28, 28)."""
    pixels = X[number].clone().requires_grad_()
    return torch.autograd.grad(HIDDEN(pixels)[asked], pixels)[0].reshape(28, 28)


def lost_when_covered(number, asked):
    """What the score loses with each patch painted white (169,)."""
    lost = []
    with torch.no_grad():
        for p in range(book.PATCHES):
            top, left = 2 * (p // 13), 2 * (p % 13)
            picture = X[number].clone().reshape(28, 28)
            picture[top : top + 4, left : left + 4] = 0
            lost.append(float(HIDDEN_SCORES[number, asked] - HIDDEN(picture.flatten())[asked]))
    return lost


def test_slopes_and_covered_patches_are_torchs(computed):
    agree(slopes(AT, 3), table(computed, book.SLOPES))
    agree(lost_when_covered(AT, 3), table(computed, book.DROPS))


def test_a_passengers_contributions_add_up_to_torchs_prediction(computed):
    data, weights = titanic.lesson(), torch.from_numpy(titanic.weights("trained"))
    x = torch.from_numpy(data.X[1]).requires_grad_()
    prediction = torch.relu(weights @ x).sum()
    (slope,) = torch.autograd.grad(prediction, x)
    agree((slope * x).detach(), table(computed, book.GIVES))
    agree(prediction.detach(), table(computed, book.PREDICTION))
    moved = [
        torch.relu(weights @ x.detach().index_fill(0, torch.tensor(j), data.X[:, j].mean())).sum()
        for j in range(11)
    ]
    agree(moved, table(computed, book.AT_MEAN))


# ---- what the sources say of such pictures ---------------------------------------------------------------


def test_a_template_is_like_the_mean_digit_less_the_others(measured):
    """ml4a: the weights of a class look like a blurred digit of it."""
    images, digits = DIGITS.train_x / 255, DIGITS.train_y
    likeness = []
    for k, template in enumerate(vision.weights("linear")["output.weight"]):
        typical = images[digits == k].mean(0) - images[digits != k].mean(0)
        likeness.append(np.corrcoef(template, typical.ravel())[0, 1])
    measured("likeness of a template and its mean digit, least", f"{min(likeness):.2f}")
    assert min(likeness) > 0


def test_softmax_regression_is_right_about_nine_times_in_ten(saved, measured):
    """ml4a: about 90% on MNIST."""
    measured(
        "softmax regression, right of 500 (of 10,000)",
        f"{saved['Confusion!P6']:.3f} ({vision.facts('linear')['accuracy']})",
    )
    assert saved["Confusion!P6"] >= 0.8
    assert float(vision.facts("linear")["accuracy"]) > 0.9


# ---- what to do, done ------------------------------------------------------------------------------------


def test_another_digit_can_be_picked(live):
    live["Templates!B4"] = 9
    agree(DIGITS.valid_x[8] / 255, live.read(book.DIGIT))
    agree(LINEAR_SCORES[8], live.read(book.SCORE))
    assert (live["Templates!F4"], live["Templates!F5"]) == (5, LINEAR_SCORES[8].argmax().item())
    live["Templates!F6"] = 5
    product = X[8].reshape(28, 28) * LINEAR.output.weight.detach()[5].reshape(28, 28)
    agree(product, live.read(book.PRODUCT))


def test_a_count_leads_to_its_digits_in_the_list(live):
    order = live.numbers(f"Confusion!A{book.ORDER_TOP}:D{book.ORDER_TOP + 499}").reshape(500, 4)
    says = LINEAR_SCORES.argmax(1).numpy()
    expected = sorted(zip(DIGITS.valid_y.tolist(), says.tolist(), range(1, 501), strict=True))
    assert [(int(t), int(s), int(n)) for n, t, s, _ in order] == expected


@pytest.mark.parametrize("true, taken_for", [(3, 5), (4, 9), (1, 1)])
def test_the_digits_behind_a_count_are_shown(live, true, taken_for):
    live["Confusion!P9"], live["Confusion!P10"] = true, taken_for
    says = LINEAR_SCORES.argmax(1).numpy()
    behind = np.flatnonzero((DIGITS.valid_y == true) & (says == taken_for))
    assert live["Confusion!P11"] == len(behind)
    for k in range(book.SHOWN):
        picture = picture_in_line("Behind a count", k % 6, 9 if k < 6 else 41, "B")
        shown = live.read(picture)
        agree(DIGITS.valid_x[behind[k]] / 255 if k < len(behind) else np.zeros((28, 28)), shown)


def test_the_surest_and_the_most_wrong_are_in_order(live):
    right = (LINEAR_SCORES.argmax(1) == Y).numpy()
    sure = LINEAR_SCORES.softmax(1).max(1).values.numpy()
    loss = F.cross_entropy(LINEAR_SCORES, Y, reduction="none").numpy()
    for row, key in ((7, right * sure), (40, ~right * loss)):
        numbers = [live[f"Surest!{picture_in_line('Surest', k, row, 'B').letters}{row}"] for k in range(6)]
        assert [int(n) - 1 for n in numbers] == np.argsort(-key, kind="stable")[:6].tolist()
    worst = live["Surest!B40"]
    assert LINEAR_SCORES[int(worst) - 1].argmax() != Y[int(worst) - 1]


def test_any_class_can_be_asked_about(live):
    live["Templates!B4"], live["Saliency!B5"] = 9, 6
    agree(slopes(8, 6), live.read(book.SLOPES))
    agree(lost_when_covered(8, 6), live.read(book.DROPS))
    drops = live.read(book.DROPS).reshape(13, 13)
    assert live.read(book.COVERED)[14, 14] == drops[6, 6]


def test_a_hidden_units_bars_are_as_long_as_its_weights(live):
    weights = vision.weights("hidden")["output.weight"]
    for u, top in ((1, book.BARS_TOP[0]), (9, book.BARS_TOP[1])):
        left = book.FILTERS[u].letters
        right = book.column_letters(book.FILTERS[u].area.right)
        bars = live.numbers(f"Hidden!{left}{top}:{right}{top + 9}").reshape(10, 28)
        expected = np.clip(np.round(weights[:, u] * 14 / book.FULL_BAR), -14, 14)
        assert np.abs(bars.sum(1) - expected).max() <= 1


def test_units_that_fire_for_no_digit_are_named(live):
    with torch.no_grad():
        dead = [u + 1 for u in range(10) if HIDDEN.hidden(X)[:, u].max() <= 0]
    assert dead == [5]
    assert all(f"Unit {u} fires for none" in " ".join(book.HIDDEN_NOTES) for u in dead)


def test_why_another_passenger_is_said_to_survive(live):
    live["A passenger!B4"] = 1
    data, weights = titanic.lesson(), titanic.weights("trained")
    lin = weights @ data.X[0]
    agree(np.maximum(lin, 0).sum(), live.read(book.PREDICTION))
    agree((weights * data.X[0])[lin > 0].sum(0), live.read(book.GIVES))
    assert live["A passenger!C4"].startswith("Braund")
