"""how_a_net_works.xlsx: its numbers against the notebook's and torch's, its training, what it tells a reader
to try. What every lesson book promises is tested in test_books.py."""

import json
from pathlib import Path

import numpy as np
import openpyxl
import pytest
import torch

from tests import oracles
from tests.lessons.live import Live
from xlcicf import cli
from xlcicf.host import open_book
from xlcicf.learn import quadratic
from xlcicf.lessons import how_a_net_works as lesson
from xlcicf.ooxml.openpyxl_book import save_generated
from xlcicf.optim import train
from xlcicf.sheet import parity_block, training_log
from xlcicf.solve import Problem, differentiate, find_problem
from xlcicf.solve.check import check_book

BOOK = Path(__file__).parents[2] / "workbooks" / "how_a_net_works.xlsx"
X, Y = map(torch.tensor, quadratic.points())
GRID_X = torch.tensor(lesson.GRID, dtype=torch.float64)
WEIGHTS = {
    "start": lesson.start_weights(),
    "drawn": np.random.default_rng(7).uniform(-2, 2, (3, lesson.UNITS)).round(3),
}


# ---- the file --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, shape",
    [
        ("quadratic.abc", (1, 3)), ("quadratic.loss", (1, 1)),
        ("hidden.weight", (3, 8)), ("net.prediction", (41, 1)), ("net.loss", (1, 1)), ("net.accuracy", (1, 1)),
        ("net.settings", (1, 1)), ("parity.weights", (3, 8)), ("parity.loss", (1, 1)),
        ("parity.prediction", (1, 1)), ("parity.settings", (1, 1)), ("parity.status", (1, 1)),
        ("train.optimizer", (1, 1)), ("train.steps", (1, 1)), ("train.lr", (1, 1)), ("train.restarts", (1, 1)),
        ("train.seed", (1, 1)), ("train.init", (1, 1)),
        ("runs.log", (51, 12)), ("runs.weights", (50, 24)), ("steps.log", (201, 2)), ("starts.log", (201, 2)),
    ],
)  # fmt: skip
def test_the_names_that_others_rely_on_are_there(name, shape):
    ((_, ref),) = openpyxl.load_workbook(BOOK).defined_names[name].destinations
    left, top, right, bottom = openpyxl.utils.cell.range_boundaries(ref)
    assert (bottom - top + 1, right - left + 1) == shape


def test_each_weight_in_the_log_is_called_after_its_row_and_its_relu(saved):
    heads = [saved[cell] for cell in oracles.addresses("Training", "T26:AQ26")]
    assert heads[:2] + heads[-1:] == ["slope 1", "slope 2", "weight 8"]
    assert [saved[f"Training!{letter}26"] for letter in "ABCDEFGHIJKL"] == list(training_log.LOG)


def test_solvers_dialog_would_open_filled_in_with_the_loss_and_the_relus(book):
    problem = find_problem(book)
    assert (problem.objective, problem.changing) == ("'Sum of ReLUs'!P7", "'Sum of ReLUs'!F5:M7")
    assert (problem.sense, problem.constraints, problem.non_negative) == ("min", (), False)
    assert differentiate(book, problem).init == 2


def test_torch_computes_every_number_of_the_book_as_ironcalc_does(book, measured):
    check = check_book(book)
    largest = check.parity.maximum
    measured(f"{BOOK.name}: torch against IronCalc, {check.formulas} formulas", f"{largest:.1e}")
    assert largest <= 1e-9
    assert check.differentiable == check.formulas
    assert (check.blockers, check.errors, check.differs, check.frozen) == ([], [], [], [])


def test_the_legend_has_one_entry_for_all_single_relus():
    workbook = lesson.build()
    (drawn,) = workbook["Sum of ReLUs"]._charts
    assert len(drawn.series) == lesson.UNITS + 2
    assert [(entry.idx, entry.delete) for entry in drawn.legend.legendEntry] == [
        (i, True) for i in range(1, lesson.UNITS)
    ]


CHANGED = {
    "MAE, three ReLUs, one flat": {
        lesson.MEASURE: "MSE", lesson.RATE: 0.05, lesson.SLOPES: lesson.ADDED_UP, lesson.SUM.measure: "MAE", lesson.SUM.used: 3, lesson.SUM.curve: "yours",
        lesson.SUM.weights.cell(0, 0): 0, lesson.ONE.cell(0, 0): 0,
    },
    "other curve, other numbers": {
        lesson.ABC.cell(0, 0): -2.5, lesson.RATE: 0.2, lesson.SUM.curve: "bell", lesson.SUM.weights.cell(2, 3): -3, lesson.SUM.used: 8,
        lesson.FIRST_OF_TWO.cell(1, 0): 0.25,
    },
}  # fmt: skip


@pytest.mark.libreoffice
@pytest.mark.parametrize("changes", list(CHANGED.values()), ids=list(CHANGED))
def test_ironcalc_and_libreoffice_agree_whatever_is_typed(changes, tmp_path):
    workbook, path = lesson.build(), tmp_path / "set.xlsx"
    for block, value in changes.items():
        workbook[block.sheet][block.corner] = value
    save_generated(workbook, path)
    computers = oracles.ironcalc_values(path), oracles.libreoffice_values(path)
    assert oracles.disagreements(path, *computers) == []


# ---- the notebook's figures ------------------------------------------------------------------------------

FACTS = {  # what the notebook prints: (cell, expected, half a unit of its last digit)
    "first y": ("Quadratic!B15", 11.869, 5e-4),
    "second y": ("Quadratic!B16", 6.5433, 5e-5),
    "third y": ("Quadratic!B17", 5.9396, 5e-5),
    "fourth y": ("Quadratic!B18", 2.6304, 5e-5),
    "fifth y": ("Quadratic!B19", 1.7947, 5e-5),
    "MAE at 1.1, 1.1, 1.1": ("Quadratic!F7", 2.42185451, 5e-8),  # it squares x in single precision
    "slope of a": ("Quadratic!B6", -1.3529, 5e-5),
    "slope of b": ("Quadratic!C6", -0.0316, 5e-5),
    "slope of c": ("Quadratic!D6", -0.5000, 5e-5),
    "after one step": ("Quadratic!L24", 2.4010, 5e-5),
}


@pytest.mark.parametrize("fact", list(FACTS))
def test_the_notebooks_figures_stand_in_the_book(saved, fact, measured):
    cell, expected, half_a_unit = FACTS[fact]
    measured(f"{fact} ({cell})", f"expected {expected}, got {saved[cell]:.9g}")
    assert abs(saved[cell] - expected) <= half_a_unit


def test_with_slopes_added_up_the_steps_are_the_notebooks_ten(live, measured):
    live[lesson.SLOPES.ref] = lesson.ADDED_UP
    printed = [2.40, 2.36, 2.30, 2.21, 2.11, 1.98, 1.85, 1.72, 1.58, 1.46]
    losses = live.numbers("Quadratic!L24:L33")
    measured("ten steps, slopes added up", f"expected {printed}, got {losses.round(4).tolist()}")
    np.testing.assert_array_equal(losses.round(2), printed)
    end = live.numbers("Quadratic!I34:K34")
    measured("a, b, c after them", f"expected [1.9634, 1.1381, 1.41], got {end.round(6).tolist()}")
    np.testing.assert_array_equal(end.round(4), [1.9634, 1.1381, 1.4100])


# ---- Quadratic -------------------------------------------------------------------------------------------


def parabola_loss(abc, measure):
    errors = abc[0] * X**2 + abc[1] * X + abc[2] - Y
    return (errors**2).mean() if measure == "MSE" else errors.abs().mean()


TRIPLES = [(1.1, 1.1, 1.1), (3, 2, 1), (-0.7, 4.2, 0)]


@pytest.mark.parametrize("measure", ["MAE", "MSE"])
@pytest.mark.parametrize("abc", TRIPLES)
def test_loss_and_derivatives_are_torchs_and_the_nudge_agrees(shared, abc, measure):
    shared[lesson.ABC.ref], shared[lesson.MEASURE.ref], shared["Quadratic!B10"] = abc, measure, 1e-4
    at = torch.tensor(abc, dtype=torch.float64, requires_grad=True)
    loss = parabola_loss(at, measure)
    loss.backward()
    assert shared[lesson.LOSS.ref] == pytest.approx(loss.item(), abs=1e-12)
    assert shared["Quadratic!F7"] == pytest.approx(parabola_loss(at, "MAE").item(), abs=1e-12)
    assert shared["Quadratic!F8"] == pytest.approx(parabola_loss(at, "MSE").item(), abs=1e-12)
    np.testing.assert_allclose(shared.numbers("Quadratic!B6:D6"), at.grad, rtol=0, atol=1e-12)
    np.testing.assert_allclose(shared.numbers("Quadratic!B7:D7"), at.grad, rtol=0, atol=1e-9)


@pytest.mark.parametrize("slopes", [lesson.FRESH, lesson.ADDED_UP])
@pytest.mark.parametrize("measure, rate", [("MAE", 0.01), ("MAE", 0.2), ("MSE", 0.05)])
def test_the_steps_are_torchs_sgd_with_its_gradients_zeroed_or_not(shared, slopes, measure, rate):
    shared[lesson.ABC.ref], shared[lesson.MEASURE.ref], shared[lesson.RATE.ref], shared[lesson.SLOPES.ref] = (
        (1.1,) * 3,
        measure,
        rate,
        slopes,
    )
    at = torch.full((3,), 1.1, dtype=torch.float64, requires_grad=True)
    sgd = torch.optim.SGD([at], lr=rate)
    path = []
    for _ in range(lesson.LAST_STEP + 1):
        if slopes == lesson.FRESH:
            sgd.zero_grad()
        loss = parabola_loss(at, measure)
        path.append([*at.tolist(), loss.item()])
        loss.backward()
        sgd.step()
    shown = shared.numbers(lesson.STEPS.ref).reshape(lesson.STEPS.rows, lesson.STEPS.cols)[:, 1:5]
    np.testing.assert_allclose(shown, path, rtol=1e-10, atol=1e-10)


# ---- ReLU ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slope, offset", [(1.5, 1.5), (-2, 0.5), (0, 1), (1, -5)])
def test_a_relu_is_torchs_and_its_corner_is_where_the_line_meets_0(shared, slope, offset):
    shared[lesson.ONE.ref] = slope, offset
    line = slope * GRID_X + offset
    np.testing.assert_allclose(shared.numbers("ReLU!B11:B51"), line, rtol=0, atol=1e-12)
    np.testing.assert_allclose(shared.numbers("ReLU!C11:C51"), torch.relu(line), rtol=0, atol=1e-12)
    assert shared["ReLU!B7"] == (pytest.approx(-offset / slope) if slope else "none")
    assert shared["ReLU!B8"] == (line > 0).sum()


def test_the_sum_of_two_relus_is_torchs(shared):
    shared[lesson.FIRST_OF_TWO.ref], shared[lesson.SECOND_OF_TWO.ref] = (-1.5, -1), (0.5, 0.25)
    total = torch.relu(-1.5 * GRID_X - 1) + torch.relu(0.5 * GRID_X + 0.25)
    np.testing.assert_allclose(shared.numbers("ReLU!F11:F51"), total, rtol=0, atol=1e-12)


# ---- Sum of ReLUs ----------------------------------------------------------------------------------------

TARGETS = {
    "wave": torch.sin(3 * GRID_X),
    "bell": torch.exp(-4 * GRID_X**2),
    "step": (GRID_X >= 0).double(),
    "parabola": GRID_X**2 - 1,
    "yours": GRID_X.abs(),
}


def fitted(weights, used):
    """(each ReLU times its weight (8, 41), their sum (41,)); those not in use are 0."""
    slope, offset, weight = torch.as_tensor(weights)[:, :, None]
    pieces = weight * torch.relu(slope * GRID_X + offset)
    pieces = torch.where(torch.arange(lesson.UNITS)[:, None] < used, pieces, 0)
    return pieces, pieces.sum(0)


def set_sum(shared, weights, curve, measure, used):
    shared[lesson.SUM.weights.ref], shared[lesson.SUM.curve.ref] = weights, curve
    shared[lesson.SUM.measure.ref], shared[lesson.SUM.used.ref] = measure, used


def test_every_curve_that_can_be_chosen_is_tested():
    assert list(TARGETS) == list(lesson.CURVES)


@pytest.mark.parametrize("curve", list(TARGETS))
@pytest.mark.parametrize("weights", list(WEIGHTS.values()), ids=list(WEIGHTS))
@pytest.mark.parametrize("measure, used", [("MSE", 8), ("MAE", 3)])
def test_pieces_fit_and_loss_are_torchs(shared, curve, weights, measure, used):
    set_sum(shared, weights, curve, measure, used)
    pieces, fit = fitted(weights, used)
    off = fit - TARGETS[curve]
    loss = (off**2).mean() if measure == "MSE" else off.abs().mean()
    np.testing.assert_allclose(shared.numbers(lesson.SUM.target.ref), TARGETS[curve], rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        shared.numbers(lesson.SUM.pieces.ref).reshape(41, 8), pieces.T, rtol=0, atol=1e-12
    )
    np.testing.assert_allclose(shared.numbers(lesson.SUM.prediction.ref), fit, rtol=0, atol=1e-12)
    assert shared[lesson.SUM.loss.ref] == pytest.approx(loss.item(), abs=1e-12)


def test_points_are_met_where_the_fit_is_no_further_off_than_a_tenth(shared):
    set_sum(shared, WEIGHTS["drawn"], "wave", "MSE", lesson.UNITS)
    off = fitted(WEIGHTS["drawn"], lesson.UNITS)[1] - TARGETS["wave"]
    assert 0 < shared[lesson.SUM.accuracy.ref] == (off.abs() <= 0.1).double().mean().item()


def test_the_gradient_through_the_sheet_is_autograds(book):
    f = differentiate(book, find_problem(book))
    for weights in WEIGHTS.values():
        w = torch.tensor(weights, requires_grad=True)
        loss = ((fitted(w, lesson.UNITS)[1] - TARGETS["wave"]) ** 2).mean()
        (slope,) = torch.autograd.grad(loss, w)
        value, gradient = f.value_and_gradient(weights.ravel())
        assert value == pytest.approx(loss.item(), abs=1e-12)
        np.testing.assert_allclose(gradient, slope.flatten(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("used", [3, 8])
@pytest.mark.parametrize("x", [-2, 0.5])
def test_the_picture_of_the_net_is_the_fit_at_the_x_that_it_shows(shared, x, used):
    shared[lesson.SUM.weights.ref] = np.linspace(-2, 2, 24)
    shared[lesson.SUM.used.ref] = used
    shared[lesson.SHOWN.ref] = x
    row = 11 + round(10 * (x + 2))
    assert shared["'Sum of ReLUs'!AI11"] == pytest.approx(shared[f"'Sum of ReLUs'!D{row}"], abs=1e-12)


def test_relus_that_fire_for_no_point_are_counted_among_those_in_use(live):
    assert live["'Sum of ReLUs'!R8"] == "no ReLU is dead"
    live["'Sum of ReLUs'!F6"], live["'Sum of ReLUs'!M6"] = -9.0, -9.0
    assert live["'Sum of ReLUs'!R8"] == "dead ReLUs, which fire for no point: 2"
    live[lesson.SUM.used.ref] = 7
    assert live["'Sum of ReLUs'!R8"] == "dead ReLUs, which fire for no point: 1"


STATUSES = [
    ({}, parity_block.AGREE),
    ({lesson.SUM.weights.cell(1, 2).ref: 0.25}, parity_block.WEIGHT_CHANGED),
    ({lesson.SUM.measure.ref: "MAE"}, lesson.PARITY.settings_changed),
    ({lesson.SUM.used.ref: 4}, lesson.PARITY.settings_changed),
    ({lesson.SUM.curve.ref: "step"}, lesson.PARITY.settings_changed),
    ({lesson.SUM.x.cell(3, 0).ref: 5}, parity_block.DIFFER),
]


@pytest.mark.parametrize("changes, status", STATUSES)
def test_the_parity_cell_says_what_changed_since_the_run(live, changes, status):
    assert live[lesson.PARITY.status.ref] == parity_block.NO_RUN
    live[lesson.PARITY.loss.ref], live[lesson.PARITY.prediction.ref] = live[lesson.SUM.loss.ref], 1e-16
    live[lesson.PARITY.weights.ref] = lesson.start_weights()
    live[lesson.PARITY.settings.ref] = live[lesson.PARITY.settings_now.ref]
    for cell, value in changes.items():
        live[cell] = value
    assert live[lesson.PARITY.status.ref] == status


# ---- what to try -----------------------------------------------------------------------------------------


def test_try_1_the_curve_behind_the_points_is_off_by_their_noise(book):
    sheet = book.sheets["Quadratic"]
    assert f"{sheet['F7'].value:.2f}" == "2.42"
    sheet["B5:D5"].value = [3, 2, 1]
    assert f"{sheet['F7'].value:.2f}" == "1.48"


def test_try_2_longer_steps_come_further_and_too_long_ones_explode(book):
    sheet = book.sheets["Quadratic"]
    sheet["F9"].value = 0.2
    assert f"{sheet['L34'].value:.2f}" == "1.08"
    assert sheet["E11"].value == "the steps lower the loss"
    sheet["F5"].value, sheet["F9"].value = "MSE", 0.3
    assert sheet["L34"].value > 1e6
    assert sheet["E11"].value == "the steps raise the loss: the rate is too large"
    sheet["F9"].value = 0
    assert sheet["E11"].value == "the steps change nothing"


def test_try_3_two_relus_are_the_absolute_value_and_apart_a_valley(book):
    sheet = book.sheets["ReLU"]
    sheet["E5:F6"].value = [[-1, 1], [0, 0]]
    assert sheet["F11:F51"].value == pytest.approx(np.abs(lesson.GRID))
    sheet["E6:F6"].value = [-1, -1]
    assert sheet["F11:F51"].value == pytest.approx(np.maximum(0, np.abs(lesson.GRID) - 1))


def test_try_4_training_finds_the_wave_and_undo_brings_the_start_back(copy, capsys, measured):
    assert cli.main(["train", str(copy), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    measured("eight ReLUs on the wave, MSE", f"{told['before']:.4f} -> {told['after']:.5f}")
    assert f"{told['before']:.2f}" == "0.98"
    assert told["after"] < 0.01
    values = oracles.ironcalc_values(copy)
    assert values[lesson.PARITY.status.ref.replace("$", "")] == parity_block.AGREE
    assert values[lesson.SUM.loss.ref.replace("$", "")] == pytest.approx(told["after"], abs=1e-12)
    off = [abs(values[f"'Sum of ReLUs'!D{row}"] - values[f"'Sum of ReLUs'!C{row}"]) for row in range(11, 52)]
    measured("its MAE", f"{np.mean(off):.4f}")
    assert np.mean(off) < 0.1
    assert (values["Training!A27"], values["Training!C27"]) == (1, "lbfgs")
    assert cli.main(["undo", str(copy)]) == 0
    live = Live(copy)
    np.testing.assert_array_equal(
        live.numbers(lesson.SUM.weights.ref).reshape(3, lesson.UNITS), lesson.start_weights()
    )


def after_training(book, curve, used):
    sheet = book.sheets["Sum of ReLUs"]
    sheet["P4"].value, sheet["P5"].value = curve, used
    *_, last = train(differentiate(book, find_problem(book)))
    return last.best_loss


def test_try_5_more_relus_make_the_loss_smaller_and_a_step_needs_few(book, measured):
    by_count = [after_training(book, "wave", used) for used in (1, 2, 4, 5, 8)]
    measured("the wave by 1, 2, 4, 5, 8 ReLUs", ", ".join(f"{loss:.4f}" for loss in by_count))
    assert by_count == sorted(by_count, reverse=True)
    assert after_training(book, "step", 4) < 1e-9
    assert by_count[2] > 0.1


def test_try_5_a_curve_of_ones_own_is_learnt(book):
    own = [round(float(np.clip(x, -1, 0.5)), 2) for x in lesson.GRID]
    book.sheets["Sum of ReLUs"]["B11:B51"].value = [[y] for y in own]
    assert after_training(book, "yours", lesson.UNITS) < 1e-4
    assert book.sheets["Sum of ReLUs"]["C11:C51"].value == own


@pytest.mark.parametrize("measure", ["MAE", "MSE"])
def test_try_6_xlcicf_fits_the_parabola_too(copy, measure, measured):
    book = open_book(copy)
    book.sheets["Quadratic"]["F5"].value = measure
    f = differentiate(book, Problem("quadratic.loss", "quadratic.abc"))
    *_, last = train(f)
    book.close()
    measured(f"best parabola, {measure}", f"{last.best_loss:.6f} at {last.best_values.round(4).tolist()}")
    if measure == "MSE":
        np.testing.assert_allclose(last.best_values, np.polyfit(X, Y, 2), rtol=0, atol=1e-6)
    else:
        assert last.best_loss < 1.0  # the steps on the sheet come to 1.08 at best, the truth has 1.48


def test_try_6_as_the_command_line_has_it(copy, capsys):
    options = ["--objective", "quadratic.loss", "--changing", "quadratic.abc", "--json"]
    assert cli.main(["train", str(copy), *options]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["objective"], told["changing"]) == ("Quadratic!F6", "Quadratic!B5:D5")
    assert told["after"] < 1.0 < told["before"]
    assert cli.main(["undo", str(copy)]) == 0
    np.testing.assert_array_equal(Live(copy).numbers(lesson.ABC.ref), [1.1, 1.1, 1.1])
