"""titanic.xlsx: its numbers against pandas, torch and the lesson's golden values; its formulas against two
other computers; its make-up."""

import itertools
import re
import shlex
from pathlib import Path

import numpy as np
import openpyxl
import pytest
import torch
from scipy.optimize import nnls

from tests import oracles
from tests.lessons.live import Live
from xlcicf import cli, lessons
from xlcicf.errors import BookError
from xlcicf.host import open_book
from xlcicf.learn import forest, titanic
from xlcicf.lessons import titanic as book
from xlcicf.lessons.titanic import GROUPS, NET, PARITY
from xlcicf.ooxml.openpyxl_book import save_generated
from xlcicf.sheet import parity_block, training_log
from xlcicf.solve import differentiate, find_problem

BOOK = Path(__file__).parents[2] / "workbooks" / "titanic.xlsx"
DATA = titanic.lesson()
X, Y = torch.tensor(DATA.X), torch.tensor(DATA.y)
WEIGHTS = {
    "start": titanic.weights("start"),
    "all 0.1": np.full((2, 11), 0.1),
    "Solver's": titanic.carried_over(titanic.weights("solver")),
    "trained": titanic.weights("trained"),
}
SETTINGS = list(itertools.product(WEIGHTS, ("MSE", "MAE"), (0, 0.2)))


def column(values, letter, sheet="Net"):
    """A column of all passengers out of saved values."""
    return np.array([values[f"{sheet}!{letter}{row}"] for row in range(11, 902)])


# ---- the file --------------------------------------------------------------------------------------------


def test_an_unknown_lesson_is_refused_with_the_names_of_those_there_are(tmp_path):
    with pytest.raises(BookError, match="'titanik'.*titanic"):
        lessons.build("titanik", tmp_path)


def test_the_sheets_stand_in_the_order_of_the_lesson(shipped):
    expected = [
        "Read me", "Passengers", "Columns", "Net", "Gradient", "Training", "Compare", "Groups", "Look inside",
    ]  # fmt: skip
    assert openpyxl.load_workbook(shipped, read_only=True).sheetnames == expected


NAMES = {
    "hidden.weight": (2, 11), "net.inputs": (891, 11), "net.survived": (891, 1), "net.prediction": (891, 1),
    "net.loss": (1, 1), "net.accuracy": (1, 1), "net.valid_loss": (1, 1), "net.valid_accuracy": (1, 1),
    "net.measure": (1, 1), "net.held_out": (1, 1), "net.settings": (1, 1),
    "train.optimizer": (1, 1), "train.steps": (1, 1), "train.lr": (1, 1), "train.restarts": (1, 1),
    "train.seed": (1, 1), "train.init": (1, 1),
    "parity.weights": (2, 11), "parity.loss": (1, 1), "parity.prediction": (1, 1), "parity.settings": (1, 1),
    "parity.status": (1, 1), "fit.errors": (2, 11), "fit.unknown": (1, 1),
    "runs.log": (51, 12), "runs.weights": (50, 22), "steps.log": (201, 2), "starts.log": (201, 2),
}  # fmt: skip


def test_the_names_that_others_rely_on_are_there(shipped):
    book = openpyxl.load_workbook(shipped)
    shapes = {}
    for name, defined in book.defined_names.items():
        ((sheet, ref),) = defined.destinations
        left, top, right, bottom = openpyxl.utils.cell.range_boundaries(ref)
        shapes[name] = (bottom - top + 1, right - left + 1)
    assert shapes == NAMES


def test_solvers_dialog_would_open_filled_in_with_the_loss_and_the_weights(shipped):
    book = open_book(shipped)
    problem = find_problem(book)
    assert (problem.objective, problem.changing) == ("Net!P5", "Net!C5:M6")
    assert (problem.sense, problem.constraints, problem.non_negative) == ("min", (), False)
    f = differentiate(book, problem)
    assert (f.cells[0], f.cells[-1], f.init) == ("Net!C5", "Net!M6", 0.5)
    assert f.value(f.start) == pytest.approx(0.26424450270227445, abs=1e-12)
    book.close()


def test_the_headers_of_the_logs_stand_over_their_columns(saved):
    assert [saved[f"Training!{letter}32"] for letter in "ABCDEFGHIJKL"] == list(training_log.LOG)
    assert [saved[f"Training!{letter}32"] for letter in "QR"] == list(training_log.STEP_LOG)
    assert (saved["Training!T32"], saved["Training!AO32"]) == ("1: Age", "2: Embarked_S")


def test_long_sheets_keep_their_headers_in_view(shipped):
    book = openpyxl.load_workbook(shipped)
    assert {ws.title: ws.freeze_panes for ws in book if ws.freeze_panes} == {
        "Passengers": "A11", "Columns": "B11", "Net": "C11",
    }  # fmt: skip


# ---- its formulas beside other computers -----------------------------------------------------------------


@pytest.mark.libreoffice
@pytest.mark.parametrize("measure, share", [("MSE", 0), ("MAE", 0.2)])
def test_ironcalc_and_libreoffice_agree_on_every_formula(shipped, tmp_path, measure, share):
    book = lessons.LESSONS["titanic"].build()
    net = book[NET.sheet]
    net[NET.measure.corner], net[NET.held_out.corner] = measure, share
    for (row, col), weight in zip(NET.weights.area.cells(), WEIGHTS["Solver's"].flat, strict=True):
        net.cell(row, col, weight)
    path = tmp_path / "set.xlsx"
    save_generated(book, path)
    computers = oracles.ironcalc_values(path), oracles.libreoffice_values(path)
    assert oracles.disagreements(path, *computers) == []


@pytest.mark.parametrize("j, name", list(enumerate(DATA.columns)))
def test_the_columns_equal_those_of_pandas(saved, j, name):
    letter = "OPQRSTUVWXY"[j]
    assert saved[f"Columns!{letter}10"] == name
    np.testing.assert_allclose(column(saved, letter, "Columns"), DATA.X[:, j], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(
        column(saved, "CDEFGHIJKLM"[j]), column(saved, letter, "Columns"), "Net's own"
    )


def test_the_filled_columns_equal_those_of_pandas(saved):
    people = titanic.filled()
    np.testing.assert_array_equal(column(saved, "B", "Columns"), people["Age"])
    np.testing.assert_array_equal(column(saved, "J", "Columns"), people["Embarked"])
    np.testing.assert_allclose(column(saved, "E", "Columns"), np.log(people["Fare"] + 1), rtol=1e-15)
    np.testing.assert_array_equal(column(saved, "B"), people["Survived"])


def test_the_list_is_the_one_of_the_csv(shipped):
    people = titanic.passengers()
    rows = openpyxl.load_workbook(shipped)["Passengers"].iter_rows(min_row=10, max_row=901, values_only=True)
    assert list(next(rows)) == list(people.columns)
    for row, person in zip(rows, people.itertuples(index=False), strict=True):
        assert [None if value != value else value for value in person] == [
            str(value) if name == "Ticket" else value for name, value in zip(people.columns, row, strict=True)
        ]


def forward(weights, measure="MSE", training=None):
    """(loss over the training rows, predictions) by torch; weights (2, 11) tensor."""
    pred = torch.relu(X @ weights.T).sum(1)
    errors = (pred - Y) ** 2 if measure == "MSE" else (pred - Y).abs()
    return (errors if training is None else errors[training]).mean(), pred


def setting(live, weights, measure, share):
    """Types weights, switch and share; returns the training rows (n,) as booleans."""
    live[NET.weights.ref], live[NET.measure.ref], live[NET.held_out.ref] = weights, measure, share
    return live.numbers(NET.training.ref) == 1


@pytest.fixture(scope="module", params=SETTINGS, ids=lambda setting: "-".join(map(str, setting)))
def state(request):
    """(weights, measure, share held out); all tests of one come before those of the next: computing takes long."""
    weights, measure, share = request.param
    return WEIGHTS[weights], measure, share


def test_loss_accuracy_and_predictions_are_torchs(shared, state):
    weights, measure, share = state
    training = setting(shared, *state)
    loss, pred = forward(torch.tensor(weights), measure, training)
    right = ((pred > 0.5) == (Y > 0.5)).numpy()
    assert shared[NET.loss.ref] == pytest.approx(loss.item(), abs=1e-12)
    assert shared[NET.accuracy.ref] == pytest.approx(right[training].mean(), abs=1e-12)
    np.testing.assert_allclose(shared.numbers(NET.prediction.ref), pred, rtol=0, atol=1e-12)
    if share:
        valid_loss, _ = forward(torch.tensor(weights), measure, ~training)
        assert shared[NET.valid_loss.ref] == pytest.approx(valid_loss.item(), abs=1e-12)
        assert shared[NET.valid_accuracy.ref] == pytest.approx(right[~training].mean(), abs=1e-12)
    else:
        assert shared[NET.valid_loss.ref] == shared[NET.valid_accuracy.ref] == "none"


@pytest.mark.parametrize("share, held_out", [(0, 0), (0.1, 90), (0.2, 179), (0.5, 446), (0.9, 802)])
def test_a_share_of_rows_is_held_out_by_a_fixed_rule(shared, share, held_out):
    training = setting(shared, WEIGHTS["start"], "MSE", share)
    assert np.flatnonzero(~training).tolist() == [i for i in range(891) if (i + 1) * 551 % 891 < share * 891]
    assert (~training).sum() == held_out == shared["Net!Q4"] == 891 - shared["Net!P4"]


# ---- Gradient --------------------------------------------------------------------------------------------


def test_the_derivatives_are_autograds(shared, state):
    weights, measure, share = state
    training = setting(shared, *state)
    w = torch.tensor(weights, requires_grad=True)
    (slope,) = torch.autograd.grad(forward(w, measure, training)[0], w)
    np.testing.assert_allclose(shared.numbers("Gradient!D8:D29"), slope.flatten(), rtol=0, atol=1e-10)


def test_nudges_and_slopes_are_those_of_recomputed_losses(shared, state):
    weights, measure, share = state
    training = setting(shared, *state)
    h = 1e-4
    losses = {sign: [] for sign in (-1, 0, 1)}
    for sign, here in losses.items():
        for i in range(22):
            w = torch.tensor(weights)
            w[divmod(i, 11)] += sign * h
            here.append(forward(w, measure, training)[0].item())
    down, now, up = (np.array(losses[sign]) for sign in (-1, 0, 1))
    np.testing.assert_allclose(shared.numbers("Gradient!E8:E29"), (up - down) / (2 * h), rtol=0, atol=1e-10)
    corners = shared.numbers("Gradient!G8:G29") + shared.numbers("Gradient!H8:H29")
    for letter, slope in (("I", (now - down) / h), ("J", (up - now) / h)):
        shown = shared.numbers(f"Gradient!{letter}8:{letter}29")
        np.testing.assert_array_equal(np.isnan(shown), corners == 0)
        np.testing.assert_allclose(shown[corners > 0], slope[corners > 0], rtol=0, atol=1e-10)


def test_corners_are_counted_where_a_nudge_reaches_them(shared, state):
    weights, measure, share = state
    training = setting(shared, *state)
    lin = DATA.X @ weights.T
    off = np.maximum(lin, 0).sum(1) - DATA.y
    relu, error = [], []
    for unit in range(2):
        for x in DATA.X.T:
            moves = training & (x > 0)
            relu.append((moves & (np.abs(lin[:, unit]) <= 1e-4 * x)).sum())
            error.append((moves & (np.abs(off) <= 1e-4 * x) & (lin[:, unit] > 0)).sum() * (measure == "MAE"))
    np.testing.assert_array_equal(shared.numbers("Gradient!G8:G29"), relu)
    np.testing.assert_array_equal(shared.numbers("Gradient!H8:H29"), error)


def test_nudge_and_derivative_agree_wherever_no_corner_is_in_reach(shared):
    setting(shared, WEIGHTS["start"], "MSE", 0)
    corners, gap = shared.numbers("Gradient!G8:G29"), shared.numbers("Gradient!F8:F29")
    assert 0 < (corners > 0).sum() < 22
    assert np.abs(gap[corners == 0]).max() < 1e-10


@pytest.mark.parametrize("measure", ["MSE", "MAE"])
@pytest.mark.parametrize("number, unit, name", [(1, 2, "Age"), (298, 2, "Male"), (2, 1, "LogFare")])
def test_the_chain_rules_product_is_one_passengers_gradient(shared, number, unit, name, measure):
    setting(shared, WEIGHTS["Solver's"], measure, 0)
    shared["Gradient!O4"], shared["Gradient!O5"], shared["Gradient!O6"] = number, unit, name
    w = torch.tensor(WEIGHTS["Solver's"], requires_grad=True)
    pred = torch.relu(X[number - 1] @ w.T).sum()
    loss = (pred - Y[number - 1]) ** 2 if measure == "MSE" else (pred - Y[number - 1]).abs()
    (slope,) = torch.autograd.grad(loss, w)
    expected = slope[unit - 1, DATA.columns.index(name)].item()
    assert shared["Gradient!P4"] == titanic.passengers()["Name"][number - 1]
    assert shared["Gradient!R23"] == pytest.approx(loss.item(), abs=1e-12)
    assert shared["Gradient!R30"] == pytest.approx(expected, abs=1e-12)
    assert shared["Gradient!R31"] == pytest.approx(expected / 891, abs=1e-12)


# ---- parity ----------------------------------------------------------------------------------------------


def a_run(live):
    """Writes what a training run writes, without changing a weight."""
    live[PARITY.loss.ref] = live[NET.loss.ref]
    live[PARITY.prediction.ref] = 1e-16
    live[PARITY.weights.ref] = WEIGHTS["start"]
    live[PARITY.settings.ref] = live[PARITY.settings_now.ref]


STATUSES = [
    ({}, parity_block.AGREE),
    ({"Net!G6": 0.25}, parity_block.WEIGHT_CHANGED),
    ({NET.measure.ref: "MAE"}, parity_block.SETTING_CHANGED),
    ({NET.held_out.ref: 0.125}, parity_block.SETTING_CHANGED),
    ({"Passengers!F11": 23}, parity_block.DIFFER),
    ({PARITY.prediction.ref: 1e-6}, parity_block.DIFFER),
]


@pytest.mark.parametrize("changes, status", STATUSES, ids=[status for _, status in STATUSES])
def test_the_parity_cell_says_what_changed_since_the_run(live, changes, status):
    a_run(live)
    for cell, value in changes.items():
        live[cell] = value
    assert live[PARITY.status.ref] == status


def test_the_shipped_book_says_that_no_run_was_made(saved):
    assert saved["Net!R7"] == parity_block.NO_RUN


def test_a_dead_relu_is_named(live):
    live["Net!C5:M5"] = np.full(11, -1.0)
    assert live["Net!R8"] == "a ReLU is dead: ReLU1 fires for 0, ReLU2 for 676"


# ---- you, Compare, Groups --------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 2, 6, 31, 272])
def test_you_typed_as_a_passenger_get_that_passengers_prediction(live, number):
    person = titanic.filled().iloc[number - 1]
    live["Net!C8:H8"] = [0.0] * 6
    for cell, name in zip(
        "CDEFGHK", ("Age", "SibSp", "Parch", "Fare", "Sex", "Pclass", "Embarked"), strict=True
    ):
        value = person[name]
        live[f"Net!{cell}8"] = value if isinstance(value, str) else float(value)
    row = 10 + number
    assert live["Net!R9"] == live[f"Net!R{row}"]
    survives = live[f"Net!S{row}"] == 1
    assert live["Net!T9"] == ("you survive" if survives else "you do not survive")


# row of Compare -> mean squared error, number right; lesson-facts' golden values where they give one
SCORES = {
    6: ("start: random weights", 0.26424450270227445, 570),
    7: ("Solver's net, carried over", 0.14280230485428, 713),
    8: ("best straight line", 0.14182631581599, 711),
    9: ("best line, no weight below 0", 0.19968075974258130, 625),
    10: ("the net on Net, now", 0.26424450270227445, 570),
    13: ("“women survive”", 190 / 891, 701),
    15: ("Solver's net on its own rows", 0.1431520964171, 574),
}


@pytest.mark.parametrize("row", list(SCORES))
def test_compare_shows_the_golden_scores(saved, row):
    name, loss, right = SCORES[row]
    assert saved[f"Compare!A{row}"] == name
    assert saved[f"Compare!B{row}"] == pytest.approx(loss, abs=1e-11)
    assert saved[f"Compare!D{row}"] == right
    assert saved[f"Compare!E{row}"] == pytest.approx(right / (712 if row == 15 else 891), abs=1e-12)


def test_compare_has_the_scores_of_week_11s_forest_and_says_on_which_rows(saved):
    grown = forest.scores()
    shown = [saved[f"Compare!{letter}17"] for letter in "ABCDE"]
    right = grown["right"]
    assert shown == [
        "a random forest, on 223 others", grown["loss"], grown["error"], right, pytest.approx(right / 223, abs=1e-12),
    ]  # fmt: skip
    notes = " ".join(text for text in texts(saved, "Compare") if "forest" in text)
    assert f"with seed 42 from 668 passengers and scored on the other {891 - 668}" in notes
    assert f"the forest has {right} right" in notes and f"has {grown['net_right']}, " in notes


def test_the_trained_net_beats_every_simpler_model(saved):
    losses = {saved[f"Compare!A{row}"]: saved[f"Compare!B{row}"] for row in range(6, 14)}
    accuracy = {saved[f"Compare!A{row}"]: saved[f"Compare!E{row}"] for row in range(6, 14)}
    assert min(losses, key=losses.get) == max(accuracy, key=accuracy.get) == "a net trained by xlcicf"
    assert losses["a net trained by xlcicf"] <= 0.1278
    assert 0.80 <= accuracy["logistic regression"] <= 0.803


def test_no_straight_line_beats_the_one_on_compare(saved):
    best = np.linalg.lstsq(DATA.X, DATA.y, rcond=None)[0]
    assert saved["Compare!B8"] == pytest.approx(((DATA.X @ best - DATA.y) ** 2).mean(), abs=1e-12)


def test_the_line_without_weights_below_zero_is_the_best_that_there_is(saved):
    shown = np.array([saved[f"Compare!{letter}25"] for letter in "CDEFGHIJKLM"])
    best, root = nnls(DATA.X, DATA.y)
    assert shown == pytest.approx(best, abs=1e-12)
    assert saved["Compare!B9"] == pytest.approx(root**2 / 891, abs=1e-12)
    named = {name for name, weight in zip(DATA.columns, shown, strict=True) if weight == 0}
    assert named == {"Age", "SibSp", "Male", "Pclass_3", "Embarked_S"}  # "Five weights end at exactly 0"


def test_compare_says_truly_what_the_constraint_costs(saved):
    twelve = titanic.notebook()  # which has a column Female
    right = ((twelve.X @ nnls(twelve.X, DATA.y)[0] > 0.5) == DATA.y).sum()
    (cost,) = (text for text in texts(saved, "Compare") if "fewer right" in text)
    assert f"gets {saved['Compare!D8'] - saved['Compare!D9']:.0f} passengers fewer right" in cost
    assert f"would bring {right - saved['Compare!D9']:.0f} of them back" in cost


def texts(saved, sheet):
    return [v for cell, v in saved.items() if cell.startswith(f"{sheet}!") and isinstance(v, str)]


# the book that a command on Compare writes -> the weights that it finds
BOUNDED = {"line": "Compare!C25:M25", "bounded": NET.weights.ref.replace("$", "")}


@pytest.mark.parametrize("out", BOUNDED)
def test_the_commands_on_compare_find_the_line_without_weights_below_zero(
    book, copy, saved, out, monkeypatch, capsys
):
    sheet, cells = BOUNDED[out].split("!")
    book.sheets[sheet][cells].value = (np.arange(22).reshape(2, 11) / 7 - 1)[: 1 if out == "line" else 2]
    book.save(copy)
    found = (re.search(r"xlcicf (solve .*?\.xlsx)(\.|$)", text) for text in texts(saved, "Compare"))
    (command,) = (match[1] for match in found if match and match[1].endswith(f" {out}.xlsx"))
    monkeypatch.chdir(copy.parent)
    assert cli.main(shlex.split(command)) == 0, capsys.readouterr().err
    weights = open_book(f"{out}.xlsx").sheets[sheet][cells].options(np.array, ndim=2).value
    assert (weights >= 0).all()
    assert DATA.X @ weights.sum(0) == pytest.approx(DATA.X @ nnls(DATA.X, DATA.y)[0], abs=1e-6)


def test_compare_follows_the_weights_on_net(shared):
    setting(shared, WEIGHTS["Solver's"], "MSE", 0)
    assert shared["Compare!B10"] == pytest.approx(shared["Compare!B7"], abs=1e-15)
    assert shared["Compare!D10"] == shared["Compare!D7"] == 713


def masks():
    """Group -> its rows, by pandas."""
    people = titanic.filled()
    men, child = people["Sex"] == "male", people["Age"] < 16
    yield "everyone", men | True
    yield from {"women": ~men, "men": men, "children, under 16": child, "16 and over": ~child}.items()
    for i in (1, 2, 3):
        yield f"class {i}", people["Pclass"] == i
        yield f"women, class {i}", ~men & (people["Pclass"] == i)
        yield f"men, class {i}", men & (people["Pclass"] == i)


@pytest.mark.parametrize("weights", ["start", "trained"])
def test_groups_count_as_pandas_does(shared, weights):
    setting(shared, WEIGHTS[weights], "MSE", 0)
    says = np.maximum(DATA.X @ WEIGHTS[weights].T, 0).sum(1) > 0.5
    rows = {group: row for row, (_, group, _) in enumerate(GROUPS, 5)}
    expected = {
        rows[group]: [
            mask.sum(), DATA.y[mask].sum(), DATA.y[mask].mean(), says[mask].mean(),
            says[mask].mean() - DATA.y[mask].mean(), (says == DATA.y)[mask].mean(),
        ]
        for group, mask in masks()
    }  # fmt: skip
    assert expected.keys() == set(rows.values())
    for row, numbers in expected.items():
        np.testing.assert_allclose(shared.numbers(f"Groups!C{row}:H{row}"), numbers, rtol=0, atol=1e-12)


def test_groups_of_one_kind_add_up_to_everyone(saved):
    kinds = {by for by, _, _ in GROUPS}
    for kind in kinds:
        rows = [row for row, (by, _, _) in enumerate(GROUPS, 5) if by == kind]
        for letter, total in (("C", 891), ("D", 342)):
            assert sum(saved[f"Groups!{letter}{row}"] for row in rows) == total
    assert saved["Groups!C11"] == 83  # children under 16


# ---- Look inside -----------------------------------------------------------------------------------------

PICKED = {"net now": "start", "Solver": "Solver's", "trained": "trained"}


@pytest.fixture(scope="module")
def inside(shipped):
    """A calculator whose picked weights a test sets before it reads anything else; Net stays as shipped."""
    return Live(shipped)


def fires(weights):
    return DATA.X @ weights.T > 0  # (891, 2)


def known():
    """The 712 passengers whose age and port are written down."""
    return titanic.passengers()[["Age", "Embarked"]].notna().all(axis=1).to_numpy()


def firing(weights):
    """ "ReLU1 only", "ReLU2 only", "both", "neither" -> those passengers."""
    one, two = fires(weights).T
    return {"ReLU1 only": one & ~two, "ReLU2 only": two & ~one, "both": one & two, "neither": ~one & ~two}


def people():
    """Group -> its rows, by pandas."""
    list_ = titanic.filled()
    yield "everyone", np.full(891, True)
    yield from (("women", list_["Sex"] == "female"), ("men", list_["Sex"] == "male"))
    yield from ((f"class {i}", list_["Pclass"] == i) for i in (1, 2, 3))
    yield from ((f"port {port}", list_["Embarked"] == port) for port in "CQS")
    yield from (("children", list_["Age"] < 16), ("adults", list_["Age"] >= 16))


def test_solvers_relus_share_its_712_passengers_out_as_the_published_sheet_does(inside, measured):
    inside[book.PICKED.ref] = "Solver"
    shares = inside.numbers(book.WHO_FIRES.row(2).ref)
    measured("Look inside: Solver's ReLUs fire 1 / 2 / both / neither", "  ".join(f"{s:.1%}" for s in shares))
    np.testing.assert_allclose(shares, np.array([150, 503, 0, 59]) / 712, rtol=0, atol=1e-15)
    assert [f"{share:.3f}" for share in shares] == ["0.211", "0.706", "0.000", "0.083"]


@pytest.mark.parametrize("picked", PICKED)
def test_who_fires_is_counted_as_numpy_does(inside, picked):
    inside[book.PICKED.ref] = picked
    pred = np.maximum(DATA.X @ WEIGHTS[PICKED[picked]].T, 0).sum(1)
    for j, mask in enumerate(firing(WEIGHTS[PICKED[picked]]).values()):
        shown = inside.numbers(book.WHO_FIRES.col(j).ref)
        np.testing.assert_allclose(shown[:3], [mask.sum(), mask.mean(), mask[known()].mean()], atol=1e-15)
        if mask.any():
            np.testing.assert_allclose(shown[3:], [pred[mask].mean(), DATA.y[mask].mean()], atol=1e-12)
        else:
            assert np.isnan(shown[3:]).all()


@pytest.mark.parametrize("picked", PICKED)
def test_groups_inside_count_as_pandas_does(inside, picked):
    inside[book.PICKED.ref] = picked
    weights = WEIGHTS[PICKED[picked]]
    pred, on = np.maximum(DATA.X @ weights.T, 0).sum(1), fires(weights)
    for row, (group, mask) in enumerate(people(), book.PEOPLE):
        assert inside[f"Look inside!A{row}"] == group
        means = [mask.sum(), *on[mask].mean(0), pred[mask].mean(), DATA.y[mask].mean()]
        np.testing.assert_allclose(inside.numbers(f"Look inside!B{row}:F{row}"), means, rtol=0, atol=1e-12)


@pytest.mark.parametrize("unit", [0, 1])
@pytest.mark.parametrize("picked", PICKED)
def test_what_the_columns_push_adds_up_to_the_mean_lin(inside, picked, unit):
    inside[book.PICKED.ref] = picked
    w = WEIGHTS[PICKED[picked]][unit]
    lin = DATA.X @ w
    top = book.PUSHES + unit * book.PUSH_ROWS + 2
    on, off = DATA.X[lin > 0].mean(0), DATA.X[lin <= 0].mean(0)
    expected = [w, on, off, w * on, w * off, w * (on - off)]
    np.testing.assert_allclose(
        inside.numbers(f"Look inside!B{top}:L{top + 5}").reshape(6, 11), expected, rtol=0, atol=1e-12
    )
    sums = lin[lin > 0].mean(), lin[lin <= 0].mean()
    np.testing.assert_allclose(
        inside.numbers(f"Look inside!M{top + 3}:M{top + 5}"), [*sums, sums[0] - sums[1]], rtol=0, atol=1e-12
    )


SENTENCES = {
    "net now": (
        "ReLU1 fires for 0% of all. It goes most by port: it fires for 3% of port Q, for 0% of port C.",
        "ReLU2 fires for 76% of all. It goes most by port: it fires for 88% of port S, for 6% of port Q.",
    ),
    "Solver": (
        "ReLU1 fires for 26% of all. It goes most by port: it fires for 100% of port C, for 0% of port S.",
        "ReLU2 fires for 66% of all. It goes most by port: it fires for 91% of port S, for 0% of port C.",
    ),
    "trained": (
        "ReLU1 fires for 20% of all. It goes most by age: it fires for 61% of children, for 15% of adults.",
        "ReLU2 fires for 64% of all. It goes most by class: it fires for 100% of class 1, for 35% of class 3.",
    ),
}


@pytest.mark.parametrize("picked, sentences", SENTENCES.items())
def test_a_sentence_says_what_each_relu_goes_by(inside, picked, sentences):
    inside[book.PICKED.ref] = picked
    assert tuple(inside[book.MEANINGS.cell(unit, 0).ref] for unit in range(2)) == sentences


def test_read_mes_figures_of_the_trained_net_are_those_of_look_inside(inside):
    inside[book.PICKED.ref] = "trained"
    rows = {group: row for row, (group, _) in enumerate(people(), book.PEOPLE)}
    shares = [inside[f"Look inside!C{rows[group]}"] for group in ("children", "adults")]
    assert [f"{share:.0%}" for share in shares] == ["61%", "15%"]
    assert inside[f"Look inside!D{rows['women']}"] == 1


def test_with_solvers_weights_each_relu_has_its_own_ports(inside):
    inside[book.PICKED.ref] = "Solver"
    first, second = (inside.numbers(f"Look inside!{letter}29:{letter}31") > 0 for letter in "CD")
    assert (first.tolist(), second.tolist()) == ([True, True, False], [False, False, True])


def test_look_inside_follows_the_weights_on_net_and_names_a_dead_relu(live):
    live[book.PICKED.ref] = "net now"
    live["Net!C5:M5"] = np.full(11, -1.0)
    live["Net!C6:M6"] = np.full(11, 1.0)
    said = [live[book.MEANINGS.cell(unit, 0).ref] for unit in range(2)]
    assert said == ["ReLU1 fires for nobody: it is dead.", "ReLU2 fires for everybody."]
    assert live["Look inside!B48"] == live["Look inside!B50"] == live["Look inside!B52"] == "none"
    assert live["Look inside!A53"] == "It treats everyone alike."


def test_the_dots_of_the_chart_are_the_lins_of_survivors_and_of_the_others(inside):
    inside[book.PICKED.ref] = "trained"
    lin = DATA.X @ WEIGHTS["trained"].T
    for letters, survived in (("W", "X"), 1), (("Y", "Z"), 0):
        dots = np.array([inside.numbers(f"Look inside!{letter}11:{letter}901") for letter in letters]).T
        mine = DATA.y == survived
        np.testing.assert_allclose(dots[mine], lin[mine], rtol=0, atol=1e-12)
        drawn = {tuple(dot) for dot in dots[mine].tolist()}
        assert {tuple(dot) for dot in dots[~mine].tolist()} <= drawn


# ---- the picture of the net, the chart of the loss -------------------------------------------------------


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("number", [0, 1, 2, 300, 891])
def test_the_picture_of_the_net_is_the_row_of_the_passenger_that_it_shows(shared, weights, number):
    shared[NET.shown.free] = number
    shared[NET.weights.free] = WEIGHTS[weights]
    row = NET.you if number == 0 else number + 10
    x = shared.numbers(f"Net!C{row}:M{row}")
    for products, w in zip(("Z6:Z16", "AG6:AG16"), WEIGHTS[weights], strict=True):
        np.testing.assert_allclose(shared.numbers(f"Net!{products}"), w * x, rtol=0, atol=1e-12)
    *relus, prediction = shared.numbers(f"Net!P{row}:R{row}")
    assert (shared["Net!X12"], shared["Net!AI12"]) == pytest.approx(tuple(relus), abs=1e-12)
    assert shared["Net!AC19"] == pytest.approx(prediction, abs=1e-12)
    assert (shared["Net!AC20"] == "above 0.5: survives") == (prediction > 0.5)


def test_groups_says_while_the_net_is_untrained(live):
    assert live["Groups!A3"] == book.UNTRAINED
    live["Net!C5"] = 0.5
    assert live["Groups!A3"] == "of the net as it stands on Net now"


def test_the_chart_of_the_loss_is_never_empty_and_shows_the_run_that_won(copy):
    path = copy
    drawings = openpyxl.load_workbook(path)["Net"]._charts
    (small,) = drawings
    filled = openpyxl.load_workbook(path, data_only=True)
    points = [_points(filled, series) for series in small.series]
    assert [len(of) > 1 for of in points] == [True, True, False, False], "recorded, its starts, yours"
    assert cli.main(["train", str(path), "--restarts", "3", "--json"]) == 0
    filled = openpyxl.load_workbook(path, data_only=True)
    _, _, won, ends = (_points(filled, series) for series in small.series)
    loss = filled["Net"]["P5"].value
    assert won[0][0] == 0 and won[-1][1] == pytest.approx(loss, abs=1e-12)
    assert len(ends) == 3 and min(loss for _, loss in ends) == pytest.approx(won[-1][1], abs=1e-12)


def _points(workbook, series) -> list[tuple[float, float]]:
    """What a series draws."""
    columns = []
    for source in (series.xVal.numRef.f, series.yVal.numRef.f):
        sheet, cells = source.rsplit("!", 1)
        columns.append([cell.value for (cell,) in workbook[sheet.strip("'")][cells.replace("$", "")]])
    return [point for point in zip(*columns, strict=True) if None not in point]
