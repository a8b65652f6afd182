"""basic_neural_network.xlsx: its numbers against the notebooks' and torch's, its training, what it tells a reader
to try. What every lesson book promises is tested in test_books.py."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tests import oracles
from tests.facts import notebooks
from xlcicf import cli
from xlcicf.host import open_book
from xlcicf.learn import replay, titanic
from xlcicf.lessons import basic_neural_network as lesson
from xlcicf.lessons import notebook_05
from xlcicf.lessons import notebook_slips as slips
from xlcicf.sheet import parity_block
from xlcicf.solve import differentiate, find_problem

BOOK = Path(__file__).parents[2] / "workbooks" / "basic_neural_network.xlsx"
DATA = titanic.notebook()
X, Y = torch.tensor(DATA.X), torch.tensor(DATA.y)
START = replay.shipped("net")


def column(saved, sheet: str, ref: str) -> np.ndarray:
    return np.array([saved[cell] for cell in oracles.addresses(sheet, ref)], float)


# ---- the figures -----------------------------------------------------------------------------------------

FACTS = {  # fact -> (cell, expected, half a unit of its last digit)
    "x² at 3": ("Derivative!B7", 9, 1e-15),
    "its derivative": ("Derivative!B8", 6, 1e-15),
    "g by x": ("Derivative!D22", 72.5, 1e-12),
    "g by y": ("Derivative!D23", 5, 1e-12),
    "g by z": ("Derivative!D24", 1.648721, 5e-7),
    "the commonest age": ("Columns!B5", 24, 0),
    "largest age": ("Columns!B8", 80, 0),
    "largest SibSp": ("Columns!C8", 8, 0),
    "largest Parch": ("Columns!D8", 6, 0),
    "largest LogFare": ("Columns!E8", 6.240917, 5e-7),
    "mean age": ("Columns!B9", 28.566970, 5e-7),
    "mean LogFare": ("Columns!E9", 2.962246, 5e-7),
    "share of men": ("Columns!F9", 0.647587, 5e-7),
    "share of women": ("Columns!G9", 0.352413, 5e-7),
    "training rows, 2024": ("Columns!AC8", 713, 0),
    "training rows, 2026": ("Columns!AD8", 712, 0),
    "mean absolute error at the start": ("Net!R5", 0.366001374, 5e-10),
    "mean squared error at the start": ("'One step'!D6", 0.216439016, 5e-10),
    "2026, loop 1": ("'Ten steps'!D20", 0.366034, 5e-7),
    "2026, loop 2": ("'Ten steps'!D21", 0.363477, 5e-7),
    "2026, loop 3": ("'Ten steps'!D22", 0.360963, 5e-7),
    "2026, loop 4": ("'Ten steps'!D23", 0.358654, 5e-7),
    "2026, loop 5": ("'Ten steps'!D24", 0.356382, 5e-7),
    "2026, loop 6": ("'Ten steps'!D25", 0.354130, 5e-7),
    "2026, loop 7": ("'Ten steps'!D26", 0.351901, 5e-7),
    "2026, loop 8": ("'Ten steps'!D27", 0.349689, 5e-7),
    "2026, loop 9": ("'Ten steps'!D28", 0.347509, 5e-7),
    "2026, loop 10": ("'Ten steps'!D29", 0.345326, 5e-7),
    "2026, right of 179": ("'Ten steps'!B15", 124, 0),
    "2026, accuracy": ("'Ten steps'!B16", 0.692737, 5e-7),
    "2024 as printed: loss": ("Sigmoid!C9", 0.211279, 1e-4),  # from weights of four digits
    "2024 as printed: accuracy": ("Sigmoid!E9", 0.82584, 5e-6),
    "2024 with a sigmoid: loss": ("Sigmoid!F10", 0.4546, 1e-4),
    "2024 with a sigmoid: accuracy": ("Sigmoid!H10", 0.82584, 5e-6),
    "2026 as printed: accuracy": ("Sigmoid!E11", 0.73743, 5e-6),
    "2026 with a sigmoid, loop 1": ("Sigmoid!F11", 0.4895, 5e-5),
    "2026 with a sigmoid, loop 20": ("Sigmoid!F12", 0.4866, 5e-5),
    "2026 with a sigmoid, loop 31": ("Sigmoid!F13", 0.484938, 3e-6),
    "2026 with a sigmoid, loop 40": ("Sigmoid!F14", 0.483663, 3e-6),
    "2026 with a sigmoid: accuracy": ("Sigmoid!H15", 0.47486, 5e-6),
    "net B of 2026, each with each": ("Broadcasting!B27", 0.57692, 5e-6),
    "notebook 05: loss over all rows": ("'Adding up'!B7", 0.5382, 5e-5),
    "notebook 05: three gradients added up": ("'Adding up'!B8", 0.4945, 5e-5),
    "softmax of the cat": ("'Unit trap'!D6", 0.000491, 1e-6),
    "softmax of the dog": ("'Unit trap'!D7", 0.873139, 1e-6),
    "softmax of the plane": ("'Unit trap'!D8", 0.117482, 1e-6),
    "softmax of the fish": ("'Unit trap'!D9", 0.008213, 1e-6),
    "softmax of the building": ("'Unit trap'!D10", 0.000674, 1e-6),
    "sum of the EXPs": ("'Unit trap'!C11", 15.381, 5e-4),
    "cross entropy of the dog": ("'Unit trap'!C13", 0.135660, 1.2e-6),
    "with the base 10": ("'Unit trap'!C14", 0.058916, 1e-6),
}  # fmt: skip


@pytest.mark.parametrize("fact", list(FACTS))
def test_the_notebooks_figures_stand_in_the_book(saved, fact, measured):
    cell, expected, half_a_unit = FACTS[fact]
    measured(f"{fact} ({cell})", f"expected {expected}, got {saved[cell]:.9g}")
    assert abs(saved[cell] - expected) <= half_a_unit


LISTS = {
    "first row, scaled": ("Columns", "P11:AA11", [0.2750, 0.1250, 0, 0.3381, 1, 0, 0, 0, 1, 0, 0, 1]),
    "slopes of the squared error by set 1": ("One step", "D11:D22", [-.0847, .0110, -.0030, -.1272, -.0290, -.1912, -.1369, -.1243, .0410, -.0382, -.0126, -.1695]),
    "set 1": ("Net", "C5:O5", [-.1173, .2466, .2275, .2314, -.1507, .1053, -.0708, -.2079, .0194, -.0628, .0422, .1790, .0493]),
    "set 2": ("Net", "C6:O6", [.0940, .2245, -.1496, -.2016, -.1398, .0969, -.0097, -.0817, -.1263, .2669, .1418, -.2190, .2144]),
    "notebook 05: first ten predictions": ("Adding up", "C11:C20", [.1927, -.6239, .0979, .2056, .0968, .0066, .1306, .3476, .1613, -.6285]),
    "notebook 05: gradient": ("Adding up", "D6:O6", [-.0106, .0129, -.0041, -.0484, .2099, -.2132, -.1212, -.0247, .1425, -.1886, -.0191, .2043]),
}  # fmt: skip


@pytest.mark.parametrize("fact", list(LISTS))
def test_the_notebooks_lists_stand_in_the_book(saved, fact, measured):
    sheet, ref, expected = LISTS[fact]
    got = column(saved, sheet, ref)
    measured(fact, f"expected {expected}, got {got.round(4).tolist()}")
    np.testing.assert_allclose(got, expected, rtol=0, atol=5.1e-5)


def test_columns_are_those_that_pandas_makes(saved):
    ours = column(saved, "Columns", "P11:AA901").reshape(891, 12)
    np.testing.assert_allclose(ours, DATA.X, rtol=0, atol=1e-12)
    held_out = [column(saved, "Columns", f"{letter}11:{letter}901") == 0 for letter in ("AC", "AD")]
    assert set(np.flatnonzero(held_out[0])) == set(titanic.random_split(891)[1])
    assert set(np.flatnonzero(held_out[1])) == set(replay.split_2026()[1])


# ---- Net and its gradient --------------------------------------------------------------------------------


def forward(w, measure, rows):
    pred = torch.relu(torch.hstack([X, torch.ones(891, 1, dtype=X.dtype)]) @ w.T).sum(1)
    off = (pred - Y)[rows]
    return (off**2).mean() if measure == "MSE" else off.abs().mean()


ROWS = {
    lesson.ALL: np.arange(891),
    lesson.SPLIT_2024: titanic.random_split(891)[0],
    lesson.SPLIT_2026: replay.split_2026()[0],
}


@pytest.mark.parametrize("measure, split", [("MAE", lesson.SPLIT_2024), ("MSE", lesson.SPLIT_2026)])
def test_loss_derivatives_and_nudges_are_torchs(shared, measure, split):
    shared[lesson.NET.measure.ref], shared[lesson.SPLIT.ref] = measure, split
    w = torch.tensor(START, requires_grad=True)
    loss = forward(w, measure, ROWS[split])
    (slope,) = torch.autograd.grad(loss, w)
    assert shared[lesson.NET.loss.ref] == pytest.approx(loss.item(), abs=1e-12)
    np.testing.assert_allclose(shared.numbers("Gradient!D8:D33"), slope.flatten(), rtol=0, atol=1e-12)
    corners = shared.numbers("Gradient!G8:G33") + shared.numbers("Gradient!H8:H33")
    nudged = shared.numbers("Gradient!E8:E33")[corners == 0]
    np.testing.assert_allclose(nudged, slope.flatten()[corners == 0], rtol=0, atol=1e-9)


def test_xlcicf_trains_the_net_and_the_formulas_agree(copy, capsys, measured):
    assert cli.main(["train", str(copy), "--steps", "40", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    measured(
        "basic_neural_network.xlsx, 40 steps of lbfgs", f"{report['before']:.6f} -> {report['after']:.6f}"
    )
    assert report["variables"] == 26
    assert report["after"] < 0.8 * report["before"]
    assert report["parity_max"] <= 1e-9
    assert oracles.saved_values(copy)[lesson.PARITY.status.ref.replace("$", "")] == parity_block.AGREE
    assert cli.main(["undo", str(copy)]) == 0
    assert oracles.saved_values(copy)["Net!R5"] == pytest.approx(0.366001374, abs=5e-10)


def test_solvers_dialog_would_open_filled_in(copy):
    book = open_book(copy)
    problem = find_problem(book)
    assert (problem.objective, problem.changing, problem.sense) == ("Net!R5", "Net!C5:O6", "min")
    w = torch.tensor(START, requires_grad=True)
    (slope,) = torch.autograd.grad(forward(w, "MAE", ROWS[lesson.ALL]), w)
    f = differentiate(book, problem)
    np.testing.assert_allclose(f.gradient(f.start), slope.flatten(), rtol=0, atol=1e-12)
    book.close()


# ---- Notebook 05 -----------------------------------------------------------------------------------------


LONG = [2, 4, 12, 25]  # each computes 230,000 cells anew; 18, 30 and 31 are where a model's epochs end


@pytest.mark.parametrize(
    "epoch",
    [pytest.param(e, marks=[pytest.mark.full] if e in LONG else []) for e in [*LONG, 1, 18, 20, 30, 31]],
)
def test_each_epochs_loss_and_next_coefficients_are_the_logs(shared, epoch, measured):
    shared[notebook_05.EPOCH.ref] = epoch
    for row, sheet in enumerate(notebook_05.SHEETS, 6):
        log = replay.log(sheet.model)
        if epoch > sheet.model.epochs:
            assert shared[f"'Notebook 05'!D{row}"] == "no more"
            assert shared[f"'Notebook 05'!G{row}"] == log.right
            continue
        loss = shared[f"'Notebook 05'!E{row}"]
        off = shared[f"'Notebook 05'!F{row}"]
        measured(
            f"{sheet.name}, epoch {epoch}",
            f"expected {log.losses[epoch - 1]:.6f}, got {loss:.6f}, next off {off:.0e}",
        )
        assert loss == pytest.approx(float(log.losses[epoch - 1]), abs=2e-6)
        assert off <= notebook_05.NEAR


def test_right_and_accuracy_after_the_last_epoch_are_those_printed(shared):
    shared[notebook_05.EPOCH.ref] = 31
    assert shared.numbers("'Notebook 05'!G6:G9").tolist() == [140, 147, 147, 147]
    assert shared.numbers("'Notebook 05'!H6:H9").round(4).tolist() == [0.7865, 0.8258, 0.8258, 0.8258]


@pytest.mark.parametrize("passenger", [2, 700])
def test_the_pictures_come_to_what_the_sheets_of_notebook_05_predict(saved, shared, passenger):
    shared[notebook_05.EPOCH.ref] = 20
    shared[notebook_05.PICKED.ref] = passenger
    outputs = "D22", "E22", "AA42", "S78"
    for sheet, output in zip(notebook_05.SHEETS, outputs, strict=True):
        prediction = shared[f"{sheet.prediction.cell(passenger - 1, 0).free}"]
        assert shared[f"'{notebook_05.PICTURES}'!{output}"] == pytest.approx(prediction, abs=1e-12)


# ---- what to try -----------------------------------------------------------------------------------------


def test_try_1_the_tangent_follows_x_and_the_nudge_errs_by_h_squared_or_by_rounding(shared):
    shared["Derivative!B5"], shared["Derivative!B6"] = -2, 1
    assert shared["Derivative!B8"] == -4
    assert shared["Derivative!C22"] - shared["Derivative!D22"] == pytest.approx(1)
    shared["Derivative!B6"] = 1e-13
    assert abs(shared["Derivative!B10"]) > 1e-5
    shared["Derivative!B5"], shared["Derivative!B6"] = 3, 0.001


@pytest.mark.parametrize(
    "which, rate, loss",
    [(lesson.SUM, 0.001, torch.sum), (lesson.MEAN, 0.1, torch.mean), (lesson.SQUARED, 0.01, None)],
)
def test_try_2_a_step_is_torchs(shared, which, rate, loss):
    shared["'One step'!D4"], shared["'One step'!D5"] = which, rate
    net = notebooks.linear_12_2()

    def error():
        off = notebooks.two_sets(net, X) - Y
        return (off**2).mean() if loss is None else loss(off.abs())

    before = error()
    notebooks.one_step(net, before, rate)
    after = torch.hstack([net.weight, net.bias[:, None]]).detach().flatten()
    assert shared["'One step'!D6"] == pytest.approx(before.item(), rel=1e-12)
    assert shared["'One step'!D7"] == pytest.approx(error().item(), rel=1e-9)
    np.testing.assert_allclose(shared.numbers(lesson.AFTER.ref), after, rtol=0, atol=1e-12)
    steps = shared.numbers(lesson.BEFORE.ref) - rate * shared.numbers(lesson.SLOPES.ref)
    np.testing.assert_allclose(shared.numbers(lesson.AFTER.ref), steps, rtol=0, atol=1e-12)


def test_try_2_the_sum_starts_at_326_and_explodes_with_the_rate_1(shared, measured):
    shared["'One step'!D4"], shared["'One step'!D5"] = lesson.SUM, 1
    got = shared["'One step'!D6"]
    measured("sum of absolute errors at the start", f"expected 326.107224458, got {got:.9f}")
    assert got == pytest.approx(326.107224458, abs=5e-10)
    assert shared["'One step'!D7"] > 100 * got


def test_try_3_the_path_of_2024_is_the_clean_replays(shared, measured):
    shared["'Ten steps'!C4"] = "2024"
    losses, run = shared.numbers("'Ten steps'!D20:D29"), notebooks.year_2024()
    measured("2024: loops 1 and 10", f"expected 0.290712, 0.289641, got {losses[0]:.6f}, {losses[-1]:.6f}")
    np.testing.assert_allclose(losses, run.losses, rtol=0, atol=1e-12)
    assert losses[[0, -1]].round(6).tolist() == [0.290712, 0.289641]
    assert (shared["'Ten steps'!B15"], round(shared["'Ten steps'!B16"], 5)) == (131, 0.73596)
    weights = torch.hstack([run.weights[0], run.weights[1][:, None]]).flatten()
    np.testing.assert_allclose(shared.numbers("'Ten steps'!G30:AF30"), weights, rtol=0, atol=1e-12)


def test_try_3_your_own_rates_make_the_ten_loops_faster(shared):
    shared["'Ten steps'!C4"] = lesson.YOURS
    losses = shared.numbers("'Ten steps'!D20:D30")
    assert losses[-1] < 0.3
    shared["'Ten steps'!C4"] = "2026"
    np.testing.assert_allclose(
        shared.numbers("'Ten steps'!D20:D29"), notebooks.year_2026().losses, rtol=0, atol=1e-12
    )


def test_try_4_behind_relus_a_sigmoid_never_says_less_than_a_half(saved):
    assert column(saved, "Sigmoid", "I7:I15").min() >= 0.5
    assert (column(saved, "Sigmoid", "F7:F15") > column(saved, "Sigmoid", "C7:C15")).all()


def test_try_5_the_slip_is_torchs_broadcasting(shared):
    p, y = (torch.tensor(values, dtype=torch.float64) for values in ([0.9, 0.2, 0.6], [1, 0, 0]))
    table = p[:, None] - y
    assert shared["Broadcasting!D9"] == pytest.approx((p - y).abs().mean().item())
    assert shared["Broadcasting!D18"] == pytest.approx(table.abs().mean().item())
    np.testing.assert_allclose(shared.numbers(slips.SLIP.ref), table.flatten(), atol=1e-12)
    assert shared["Broadcasting!F18"] == pytest.approx(4 / 9)
    assert shared["Broadcasting!A20"] == "the slip has changed the loss"
    assert not any(round(k / 179, 5) == round(shared["Broadcasting!B27"], 5) for k in range(180))


def test_try_7_cleared_slopes_count_once_and_added_up_ones_three_times(shared, measured):
    shared["'Adding up'!B4"] = slips.CLEARED
    measured("notebook 05: one step of 0.1", f"expected 0.5197, got {shared[_LOSS_AFTER]:.4f}")
    assert round(shared[_LOSS_AFTER], 4) == 0.5197
    once = shared.numbers(slips.IN_GRAD.ref)
    shared["'Adding up'!B4"], shared["'Adding up'!B5"] = slips.ADDED, 2
    np.testing.assert_allclose(shared.numbers(slips.IN_GRAD.ref), 2 * once, rtol=1e-15)
    shared["'Adding up'!B5"] = 3
    assert round(shared[_LOSS_AFTER], 4) == 0.4945


_LOSS_AFTER = "'Adding up'!B8"


def test_the_unit_trap_is_a_factor_of_ln_10(shared):
    logits = torch.tensor(list(slips.CLASSES.values()), dtype=torch.float64)
    for i, name in enumerate(slips.CLASSES):
        shared["'Unit trap'!B3"] = name
        entropy = torch.nn.functional.cross_entropy(logits[None], torch.tensor([i])).item()
        assert shared["'Unit trap'!C13"] == pytest.approx(entropy, abs=1e-7)
        assert shared["'Unit trap'!C15"] == pytest.approx(np.log(10), abs=1e-12)
