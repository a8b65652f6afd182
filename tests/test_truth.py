"""The whole way on real books: torch, IronCalc, LibreOffice and the published figures say the same numbers."""

import contextlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch

import xlcicf
from tests import oracles
from tests.layouts import MODELS, Model, mmult, nnet
from xlcicf import cli
from xlcicf.formula import RunValues
from xlcicf.formula.address import Area
from xlcicf.formula.snapshot import Sheet, Snapshot
from xlcicf.learn import titanic
from xlcicf.solve.history import History
from xlcicf.solve.parity import parity
from xlcicf.solve.training import Settings, Training, save_with_history

TITANIC = Path(__file__).parents[1] / "workbooks" / "titanic.xlsx"
BOOKS = [
    *MODELS,
    Model("titanic", lambda path: path.write_bytes(TITANIC.read_bytes()), "Net!P5", "Net!C5:M6"),
]
NETS = {"titanic": titanic.lesson, "nnet": titanic.fastai_sheet}


@pytest.fixture(params=BOOKS, ids=lambda model: model.name, scope="module")
def opened(request, tmp_path_factory):
    """(model, path, function) of each book; the function through the settings saved in it."""
    path = tmp_path_factory.mktemp("truth") / "book.xlsx"
    request.param.build(path)
    book = xlcicf.open_book(path)
    return request.param, path, xlcicf.differentiate(book, xlcicf.find_problem(book))


def as_snapshot(values: oracles.Values) -> Snapshot:
    """Oracle values as a book, so that one `parity` measures every pair of engines."""
    book = Snapshot()
    for address, value in values.items():
        sheet, _, cell = address.rpartition("!")
        name = sheet.strip("'")
        row, col = oracles._cells(cell)[0]
        book.sheets.setdefault(name, Sheet(name)).values[row, col] = value
    return book


def test_the_saved_problem_is_the_models(opened):
    model, _, f = opened
    assert f.objective == model.objective and f.sense == model.sense
    assert [a.address for a in f.changing] == model.changing.split(",")
    assert (f.lower == model.bounds[0]).all() and (f.upper == model.bounds[1]).all()


def test_torch_equals_ironcalc_on_every_cell_between(opened, measured):
    model, path, f = opened
    agreement = parity(f.blocks(f.start), as_snapshot(oracles.ironcalc_values(path)))
    measured(f"parity torch / IronCalc, {model.name}", f"{agreement.maximum:.1e}")
    assert agreement.maximum <= 1e-12, agreement.worst


@pytest.mark.libreoffice
def test_torch_equals_libreoffice_on_every_cell_between(opened, measured):
    model, path, f = opened
    agreement = parity(f.blocks(f.start), as_snapshot(oracles.libreoffice_values(path)))
    measured(f"parity torch / LibreOffice, {model.name}", f"{agreement.maximum:.1e}")
    assert agreement.maximum <= 1e-12, agreement.worst


def test_the_gradient_equals_central_differences_through_ironcalc(opened, measured):
    model, path, f = opened
    recalculation = oracles.Recalculation(path, model.objective, model.changing)
    badly_scaled = model.name == "misra1a"  # its b2 is 5e-4: a step of 1e-6 is no small one there
    differences = oracles.extrapolated_differences if badly_scaled else oracles.central_differences
    slopes = differences(recalculation, f.start)
    kinks = f.kinks(f.start, 1e-6 * np.maximum(1, np.abs(f.start)))
    smooth = [cell not in kinks for cell in f.cells]
    gradient = f.gradient(f.start)
    gap = oracles.difference(gradient[smooth], slopes[smooth])
    measured(
        f"gradient / central differences, {model.name}",
        f"{gap:.1e} over {sum(smooth)} of {len(smooth)} cells",
    )
    assert gap <= 1e-6


def test_a_batch_is_what_its_rows_are(opened):
    _, _, f = opened
    points = f.start * np.linspace(0.9, 1.1, 4)[:, None]
    values, gradients = f.batch(torch.from_numpy(points))
    for v, value, gradient in zip(points, values, gradients, strict=True):
        one = f.value_and_gradient(v)
        assert oracles.difference(value.item(), one[0]) <= 1e-12
        assert oracles.difference(gradient.numpy(), one[1]) <= 1e-12


@pytest.mark.parametrize("model", [m for m in BOOKS if m.best is not None], ids=lambda m: m.name)
def test_training_reaches_the_known_optimum_within_the_bounds(model, tmp_path):
    model.build(tmp_path / "book.xlsx")
    book = xlcicf.open_book(tmp_path / "book.xlsx")
    problem = xlcicf.find_problem(book)
    f = xlcicf.differentiate(book, problem)
    *_, last = xlcicf.train(f, steps=2000, restarts=10)
    assert last.best_loss == pytest.approx(model.best, rel=1e-7, abs=1e-7)
    assert (last.best_values >= f.lower).all() and (last.best_values <= f.upper).all()
    if model.at:
        np.testing.assert_allclose(last.best_values, model.at, rtol=1e-4)
    xlcicf.write_back(book, problem, last.best_values)
    book.save(tmp_path / "out.xlsx")
    assert oracles.saved_values(tmp_path / "out.xlsx")[model.objective] == pytest.approx(
        last.best_loss, abs=1e-12
    )


# --- the nets: hand-written torch, seeded points away from corners ---------------------------------------


@pytest.fixture(params=NETS, scope="module")
def net(request, tmp_path_factory):
    """(name, path, model, function, data) of the two nets."""
    model = next(m for m in BOOKS if m.name == request.param)
    path = tmp_path_factory.mktemp("net") / "book.xlsx"
    model.build(path)
    book = xlcicf.open_book(path)
    return (
        request.param,
        path,
        model,
        xlcicf.differentiate(book, xlcicf.find_problem(book)),
        NETS[request.param](),
    )


def by_hand(data, v):
    """relu(X @ W.T).sum(1) against y by mean squared error, in torch with autograd."""
    W = torch.tensor(v).reshape(2, -1).requires_grad_()
    loss = ((torch.relu(torch.from_numpy(data.X) @ W.T).sum(1) - torch.from_numpy(data.y)) ** 2).mean()
    loss.backward()
    return loss.item(), W.grad.numpy().ravel()


def points_off_corners(data, count: int, h: float = 1e-6) -> list[np.ndarray]:
    """Seeded weights at which no passenger stands within 100 h of a ReLU's corner."""
    rng, found = np.random.default_rng(0), []
    while len(found) < count:
        W = rng.uniform(-0.5, 0.5, (2, data.X.shape[1]))
        if np.abs(data.X @ W.T).min() > 100 * h * max(1, np.abs(data.X).max()):
            found.append(W.ravel())
    return found


def test_the_gradient_equals_a_hand_written_torch_models(net, measured):
    name, _, _, f, data = net
    gaps = []
    for v in [f.start, np.full(len(f.start), 0.1), *points_off_corners(data, 20)]:
        (value, gradient), (same_value, same_gradient) = f.value_and_gradient(v), by_hand(data, v)
        gaps += [oracles.difference(value, same_value), oracles.difference(gradient, same_gradient)]
    measured(f"gradient / hand-written torch, {name}", f"{max(gaps):.1e}")
    assert max(gaps) <= 1e-12


def test_the_gradient_equals_recalculation_at_tenths_and_at_seeded_points(net, is_full, measured):
    name, path, model, f, data = net
    recalculation = oracles.Recalculation(path, model.objective, model.changing)
    points = [np.full(len(f.start), 0.1), *points_off_corners(data, 20 if is_full else 6)]
    gaps = []
    for v in points:
        assert f.kinks(v, 1e-6 * np.maximum(1, np.abs(v))) == {}
        gaps.append(oracles.difference(f.gradient(v), oracles.central_differences(recalculation, v)))
    measured(f"gradient / central differences at {len(points)} points, {name}", f"{max(gaps):.1e}")
    assert max(gaps) <= 1e-6


def test_all_weights_at_a_tenth_have_the_published_loss_and_gradient(tmp_path):
    """lesson-facts section 9: an oracle free of any random number."""
    nnet(tmp_path / "book.xlsx")
    book = xlcicf.open_book(tmp_path / "book.xlsx")
    f = xlcicf.differentiate(book, xlcicf.find_problem(book))
    published = [1.23385425, 0.96485584, 0.56398924, 2.01637964, 0.35464047, 0.35624144]
    published += [1.22089256, 0.21816777, 1.19902305, 1.48499099]
    value, gradient = f.value_and_gradient(f.start)
    assert value == pytest.approx(0.8910132976136, abs=1e-13)
    np.testing.assert_allclose(gradient, published * 2, atol=2e-8)


@pytest.mark.parametrize(("build", "objective"), [(nnet, "nnet!AH1"), (mmult, "mmult!AA1")])
def test_solvers_answer_stands_still_through_the_formulas(build, objective, tmp_path):
    solver = titanic.weights("solver")
    build(tmp_path / "book.xlsx", solver)
    book = xlcicf.open_book(tmp_path / "book.xlsx")
    f = xlcicf.differentiate(book, xlcicf.find_problem(book))
    value, gradient = f.value_and_gradient(f.start)
    assert f.objective == objective
    assert value == pytest.approx(0.14315209641714, abs=1e-10)
    assert np.abs(gradient).max() < 1e-5
    pred = next(
        b.values for b in f.blocks(f.start) if b.area.address.rsplit("!")[1] in ("AG4:AG715", "Z4:Z715")
    )
    survived = titanic.fastai_sheet().y[:, None]
    assert ((pred > 0.5) == survived).sum() == 574


# --- it beats Solver's answer, in the file as in torch ---------------------------------------------------

RACES = [
    ("nnet", 0.1330, None),
    ("titanic", 0.1285, 0.82),
]


@pytest.fixture(scope="module", params=RACES, ids=[name for name, _, _ in RACES])
def raced(request, tmp_path_factory):
    """The command line's own run with 100 restarts: (name, bounds to reach, path, what it told)."""
    name, loss, accuracy = request.param
    path = tmp_path_factory.mktemp("raced") / "book.xlsx"
    next(m for m in BOOKS if m.name == name).build(path)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert cli.main(["train", str(path), "--restarts", "100", "--json"]) == 0
    return name, loss, accuracy, path, json.loads(out.getvalue())


def test_a_hundred_restarts_beat_solvers_answer(raced, measured):
    name, loss, accuracy, _, told = raced
    measured(
        f"train --restarts 100, {name}",
        f"{told['after']:.8f}, accuracy {told['accuracy_after']}, {told['seconds']:.1f} s",
    )
    assert told["after"] <= loss and told["parity_max"] <= 1e-12
    assert accuracy is None or told["accuracy_after"] >= accuracy


@pytest.mark.libreoffice
def test_libreoffice_shows_the_trained_loss_and_accuracy(raced):
    name, _, _, path, told = raced
    shown = oracles.libreoffice_values(path)
    assert shown[told["objective"]] == pytest.approx(told["after"], rel=1e-12)
    assert oracles.disagreements(path, oracles.saved_values(path), shown) == []
    if name == "titanic":
        assert shown["Net!P6"] == pytest.approx(told["accuracy_after"], rel=1e-12)
        assert "agree" in shown["Net!R7"]


def test_a_single_start_that_was_cut_short_says_so_and_claims_no_optimum(tmp_path):
    path = tmp_path / "titanic.xlsx"
    path.write_bytes(TITANIC.read_bytes())
    book = xlcicf.open_book(path)
    training = Training(book, xlcicf.find_problem(book), Settings(steps=60))
    assert training.before == pytest.approx(0.26424450270227445, abs=1e-15)
    for _ in training:
        pass
    assert training.status == "stopped"
    assert training.reason == "the cap of 60 steps was reached; more steps may find better values"
    assert training.best_loss < 0.1355


@pytest.mark.parametrize("raced", RACES[1:], indirect=True, ids=["titanic"])  # xlcicf's own book has a log
def test_the_trained_titanic_book_writes_its_run_down(raced):
    _, _, _, path, told = raced
    values = oracles.saved_values(path)
    log = {values[f"Training!{c}32"]: values.get(f"Training!{c}33") for c in "ABCDEFGHIJKL"}
    assert log["Run"] == 1 and log["Optimiser"] == "lbfgs" and log["Restarts"] == 100
    assert (log["Loss before"], log["Loss after"]) == (told["before"], told["after"])
    assert log["Why it stopped"] == told["reason"]
    before = [values[f"Training!{oracles.cell_address('x', 33, 20 + i)[2:]}"] for i in range(22)]
    np.testing.assert_array_equal(before, titanic.weights("start").ravel())
    assert values["Net!V5"] == pytest.approx(told["after"], rel=1e-15) and values["Net!V6"] <= 1e-12


def test_runs_are_logged_taken_back_and_brought_again_over_reopening(tmp_path):
    path = tmp_path / "titanic.xlsx"
    path.write_bytes(TITANIC.read_bytes())
    states = [oracles.saved_values(path)]
    for optimizer in ("adam", "lbfgs", "sgd"):
        book, history = xlcicf.open_book(path), History.beside(path)
        training = Training(book, xlcicf.find_problem(book), Settings(optimizer=optimizer, steps=30))
        for _ in training:
            pass
        training.write(history)
        save_with_history(book, history, path)
        states.append(oracles.saved_values(path))
    for move, wanted in (("undo", states[-2::-1]), ("redo", states[1:])):
        for state in wanted:
            book, history = xlcicf.open_book(path), History.beside(path)
            getattr(history, move)(book)
            save_with_history(book, history, path)
            assert oracles.saved_values(path) == state


def test_parity_measures_and_names_the_worst_block():
    block = RunValues(Area("S", 1, 1, 1, 2), np.array([[1.0, np.nan]]))
    same = as_snapshot({"S!A1": 1.0 + 1e-13, "S!B1": "text"})
    assert parity([block], same).maximum == pytest.approx(1e-13, rel=1e-2)
    assert parity([block], as_snapshot({"S!A1": 1.0, "S!B1": 2.0})).maximum == np.inf
    assert parity([], same).maximum is None
