"""micrograd.xlsx: its figures against those of micrograd, its lecture and 3Blue1Brown; its gradients against
torch's autograd; its net against the same in torch; what its Read me tells a person to try."""

import math
from pathlib import Path

import numpy as np
import openpyxl
import pytest
import torch

import xlcicf
from tests import oracles
from tests.learn import moons_net
from xlcicf.formula.address import cell_address
from xlcicf.host import open_book
from xlcicf.host.reading import read_snapshot
from xlcicf.learn import moons
from xlcicf.lessons import micrograd as lesson
from xlcicf.lessons.micrograd import GRAPHS, MAP, NET, PARITY, WHERE
from xlcicf.ooxml.openpyxl_book import save_generated
from xlcicf.sheet import parity_block
from xlcicf.solve import differentiate, find_problem, training_settings
from xlcicf.solve.check import check_book
from xlcicf.solve.history import History
from xlcicf.solve.parity import parity as agreement
from xlcicf.solve.training import Settings, Training

BOOK = Path(__file__).parents[2] / "workbooks" / "micrograd.xlsx"
CHAIN = f"'{lesson.CHAIN}'!"


@pytest.fixture(scope="module")
def workbook() -> openpyxl.Workbook:
    return openpyxl.load_workbook(BOOK)


# ---- the file --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, cells",
    [
        ("hidden.weight", 337), ("parity.weights", 337), ("net.prediction", 100), ("net.loss", 1), ("net.accuracy", 1),
        ("net.settings", 1), ("parity.loss", 1), ("parity.prediction", 1), ("parity.settings", 1), ("parity.status", 1),
        ("train.optimizer", 1), ("train.steps", 1), ("train.lr", 1), ("train.restarts", 1), ("train.seed", 1),
        ("train.init", 1), ("runs.log", 21 * 12), ("runs.weights", 20 * 337), ("steps.log", 201 * 2), ("starts.log", 201 * 2),
    ],
)  # fmt: skip
def test_the_names_that_others_rely_on_are_there(workbook, name, cells):
    destinations = workbook.defined_names[name].destinations
    assert sum(len(oracles.addresses(sheet, ref)) for sheet, ref in destinations) == cells


@pytest.mark.libreoffice
def test_ironcalc_and_libreoffice_agree_on_every_formula(tmp_path):
    book = lesson.build()
    moons_sheet = book["Moons"]
    for block, values in zip(NET.weights.parts, moons.weights("trained"), strict=True):
        for (row, col), weight in zip(block.area.cells(), values.flat, strict=True):
            moons_sheet.cell(row, col, float(weight))
    path = tmp_path / "set.xlsx"
    save_generated(book, path)
    computers = oracles.ironcalc_values(path), oracles.libreoffice_values(path)
    assert oracles.disagreements(path, *computers) == []


def test_torch_computes_every_number_of_the_book_as_ironcalc_does(measured):
    book = open_book(BOOK)
    check = check_book(book)
    book.close()
    measured(
        "micrograd.xlsx: torch against IronCalc", f"{check.parity.maximum:.1e} over {check.formulas} formulas"
    )
    assert check.parity.maximum <= 1e-9
    assert (check.blockers, check.errors, check.differs, check.frozen) == ([], [], [], [])
    assert check.differentiable == check.formulas > 14_000


# ---- the figures of the sources --------------------------------------------------------------------------


def node(graph: str, name: str, column: str = "data") -> str:
    cell = getattr(GRAPHS[graph], column)(name)
    return f"Nodes!{cell.replace('$', '')}"


FACTS = {  # what the source says: (cell, expected, within)
    "README: g": (node("readme", "g"), 24.70408163265306, 1e-9),
    "README: dg/da": (node("readme", "a", "grad"), 138.83381924198252, 1e-9),
    "README: dg/db": (node("readme", "b", "grad"), 645.5772594752186, 1e-9),
    "first test: y": (node("first", "y"), -20, 0),
    "first test: dy/dx": (node("first", "x", "grad"), 46, 0),
    "f(3)": (node("f", "f"), 20, 0),
    "L": (node("L", "L"), -8, 0),
    "d = a·b + c": (node("L", "d"), 4, 0),
    "L after a step of .01 up": (f"Nodes!N{GRAPHS['L'].top + 4}", -7.286496, 1e-12),
    "dL/db": (node("L", "b", "grad"), -4, 0),
    "dL/db by a nudge": (f"Nodes!N{GRAPHS['L'].top + 5}", -4, 1e-9),
    "neuron: n": (node("neuron", "n"), 0.88137, 5e-6),
    "neuron: o": (node("neuron", "o"), 0.7071, 5e-5),
    "neuron: o's grad": (node("neuron", "o", "grad"), 1, 0),
    "neuron: n's grad": (node("neuron", "n", "grad"), 0.5, 1e-12),
    "neuron: b's grad": (node("neuron", "b", "grad"), 0.5, 1e-12),
    "neuron: x1's grad": (node("neuron", "x1", "grad"), -1.5, 1e-12),
    "neuron: w1's grad": (node("neuron", "w1", "grad"), 1, 1e-12),
    "neuron: x2's grad": (node("neuron", "x2", "grad"), 0.5, 1e-12),
    "neuron: w2's grad": (node("neuron", "w2", "grad"), 0, 0),
    "tanh from exp: o": (node("exp", "o"), math.sqrt(0.5), 1e-12),
    "tanh from exp: x1's grad": (node("exp", "x1", "grad"), -1.5, 1e-12),
    "a + a: grad": (node("twice", "a", "grad"), 2, 0),
    "(a·b)(a + b): a's grad": (node("shared", "a", "grad"), -3, 0),
    "(a·b)(a + b): b's grad": (node("shared", "b", "grad"), -8, 0),
    "parameters, 784-16-16-10": (f"{CHAIN}I38", 13_002, 0),
    "parameters, layer 1": (f"{CHAIN}F38", 12_560, 0),
    "parameters, layer 2": (f"{CHAIN}G38", 272, 0),
    "parameters, layer 3": (f"{CHAIN}H38", 170, 0),
    "parameters, MLP(2, [16, 16, 1])": (f"{CHAIN}I39", 337, 0),
    "parameters, MLP(3, [4, 4, 1])": (f"{CHAIN}I40", 41, 0),
    "weights on Moons": ("Moons!C5", 337, 0),
    "chain: the last a": (f"{CHAIN}F8", 0.66, 5e-3),
    "moons at the start: loss": ("Moons!C9", 0.8958, 5e-5),
    "moons at the start: accuracy": ("Moons!C10", 0.5, 0),
}


@pytest.mark.parametrize("fact", list(FACTS))
def test_the_sources_figures_stand_in_the_book(saved, fact, measured):
    cell, expected, within = FACTS[fact]
    measured(f"micrograd.xlsx, {fact}: {expected}", f"{saved[cell]!r}")
    assert saved[cell] == pytest.approx(expected, rel=0, abs=within)


# ---- Nodes -----------------------------------------------------------------------------------------------

TORCH = {
    "+": torch.add, "−": torch.sub, "×": torch.mul, "÷": torch.div, "^": torch.pow, "exp": torch.exp,
    "tanh": torch.tanh, "ReLU": torch.relu,
}  # fmt: skip


def by_autograd(graph, inputs):
    """Data and grad of each node, computed from the lines' operations and parents by torch."""
    tensors = {
        name: torch.tensor(float(x), dtype=torch.float64, requires_grad=True) for name, x in inputs.items()
    }
    for line in graph.nodes:
        if line.op:
            parents = [tensors[p] if isinstance(p, str) else torch.tensor(float(p), dtype=torch.float64)
                       for p in (line.first, line.second) if p is not None]  # fmt: skip
            tensors[line.name] = TORCH[line.op](*parents)
            tensors[line.name].retain_grad()
    tensors[graph.nodes[-1].name].backward()
    return {name: (tensor.item(), tensor.grad.item()) for name, tensor in tensors.items()}


@pytest.mark.parametrize("shift", [0, 0.37, -1.3])
@pytest.mark.parametrize("name", list(GRAPHS))
def test_data_and_grads_are_autograds_whatever_the_inputs(shared, name, shift):
    graph = GRAPHS[name]
    inputs = {line.name: line.value + shift for line in graph.nodes if line.op is None}
    for leaf, value in inputs.items():
        shared[node(name, leaf)] = value
    for line, (data, grad) in by_autograd(graph, inputs).items():
        assert shared[node(name, line)] == pytest.approx(data, rel=1e-12, abs=1e-12), line
        assert shared[node(name, line, "grad")] == pytest.approx(grad, rel=1e-12, abs=1e-12), line


def test_the_slope_of_f_is_nothing_at_two_thirds(shared):
    shared[node("f", "x")] = 2 / 3
    assert abs(shared[node("f", "x", "grad")]) < 1e-15
    nudge = f"Nodes!N{GRAPHS['f'].top + 9}"
    assert shared[nudge] == pytest.approx(3e-6, rel=1e-3)  # the lecture's: 3h at h = 1E-6


def test_the_nudge_errs_less_and_less_and_then_more_and_more(saved):
    top = GRAPHS["f"].top + 4
    errors = np.array([saved[f"Nodes!O{row}"] for row in range(top, top + lesson.NUDGES)])
    best = int(errors.argmin())
    assert (np.diff(errors[: best - 1]) < 0).all() and 6 <= best <= 8
    assert errors[-1] > 100 * errors[best]
    assert errors[3] == pytest.approx(3e-4, rel=1e-6)  # at h = 1E-4: 3h


# ---- One neuron chain, Two by two ------------------------------------------------------------------------


def chain_by_autograd(x, y, weights):
    """Cost and the slopes (3, 2) by w and b of three neurons in a row."""
    w = torch.tensor(weights, dtype=torch.float64, requires_grad=True)
    a = torch.tensor(float(x), dtype=torch.float64)
    for weight, bias in w:
        a = torch.sigmoid(weight * a + bias)
    cost = (a - y) ** 2
    return cost.item(), torch.autograd.grad(cost, w)[0].numpy()


@pytest.mark.parametrize("x, y, shift", [(0.8, 1, 0), (-2, 0, 0.4), (3, 0.5, -1.1)])
def test_the_chains_products_are_autograds_and_the_nudges(shared, x, y, shift):
    weights = np.array(lesson.CHAIN_WEIGHTS) + shift
    sheet = lesson.CHAIN
    shared[f"{sheet}!B3"], shared[f"{sheet}!D3"], shared[f"{sheet}!C6:D8"] = x, y, weights
    cost, slopes = chain_by_autograd(x, y, weights)
    assert shared[f"{sheet}!G9"] == pytest.approx(cost, abs=1e-12)
    np.testing.assert_allclose(shared.numbers(f"{sheet}!J6:K8").reshape(3, 2), slopes, rtol=0, atol=1e-12)
    np.testing.assert_allclose(shared.numbers(f"{sheet}!M6:M8"), slopes[:, 0], rtol=0, atol=1e-8)
    assert shared[f"{sheet}!B19"] == pytest.approx(slopes[2, 0], abs=1e-12)
    assert shared[f"{sheet}!B23"] == pytest.approx(
        shared[f"{sheet}!B22"], abs=1e-4
    )  # they differ by the curvature


def test_the_mean_slopes_are_those_of_the_mean_cost(live):
    sheet = lesson.CHAIN
    costs, slopes = zip(
        *(chain_by_autograd(x, y, lesson.CHAIN_WEIGHTS) for x, y in lesson.CHAIN_POINTS), strict=True
    )
    expected = [np.mean(costs), *np.mean(slopes, axis=0)[::-1, 0]]
    np.testing.assert_allclose(live.numbers(f"{sheet}!G33:J33"), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("shift", [0, 0.7, -0.4])
def test_the_pairs_slopes_are_autograds_and_sums_over_paths(shared, shift):
    sheet = lesson.PAIR
    a, w = torch.tensor([0.6, 0.9]) + shift, torch.tensor([[0.8, -1.1], [0.4, 1.5], [0.1, -0.3]]) - shift
    a, w = (t.double().requires_grad_() for t in (a, w))
    shared[f"{sheet}!B8:C8"], shared[f"{sheet}!B10:C12"] = a.detach().numpy(), w.detach().numpy()
    cost = ((torch.sigmoid(a @ w[:2] + w[2]) - torch.tensor([1.0, 0.0])) ** 2).sum()
    by_a, by_w = torch.autograd.grad(cost, (a, w))
    assert shared[f"{sheet}!B17"] == pytest.approx(cost.item(), abs=1e-12)
    np.testing.assert_allclose(shared.numbers(f"{sheet}!F11:G13").reshape(3, 2), by_w, rtol=0, atol=1e-12)
    np.testing.assert_allclose(shared.numbers(f"{sheet}!F20:G20"), by_a, rtol=0, atol=1e-12)
    np.testing.assert_allclose(shared.numbers(f"{sheet}!F21:G21"), by_a, rtol=0, atol=1e-7)


# ---- Moons -----------------------------------------------------------------------------------------------


def score(X, layers) -> np.ndarray:
    """The net's scores (n,) by torch."""
    return moons_net.scores(torch.tensor(X), [torch.tensor(layer) for layer in layers]).numpy()


def type_weights(live, layers):
    for block, layer in zip(NET.weights.parts, layers, strict=True):
        live[block.ref] = layer


@pytest.mark.parametrize("name", ["start", "trained"])
def test_loss_accuracy_scores_and_boundary_are_torchs(shared, name):
    layers = moons.weights(name)
    type_weights(shared, layers)
    X, y = moons.points()
    tensors = torch.tensor(X), torch.tensor(y), [torch.tensor(layer) for layer in layers]
    assert shared[NET.loss.ref] == pytest.approx(moons_net.loss(*tensors).item(), abs=1e-12)
    assert shared[NET.accuracy.ref] == pytest.approx(moons_net.accuracy(*tensors), abs=1e-12)
    np.testing.assert_allclose(shared.numbers(NET.score.ref), score(X, layers), rtol=0, atol=1e-12)
    places = np.array([(-2 + 0.25 * j, 2 - 0.25 * i) for i in range(15) for j in range(21)])
    np.testing.assert_allclose(shared.numbers(MAP.ref), score(places, layers), rtol=0, atol=1e-12)


def test_the_gradient_through_the_sheet_is_autograds():
    book = open_book(BOOK)
    f = differentiate(book, find_problem(book))
    X, y = map(torch.tensor, moons.points())
    layers = [torch.tensor(layer, requires_grad=True) for layer in moons.weights("start")]
    slopes = torch.autograd.grad(moons_net.loss(X, y, layers), layers)
    assert oracles.difference(np.concatenate([s.ravel() for s in slopes]), f.gradient(f.start)) <= 1e-12
    assert (f.init, len(f.start), f.objective) == (1, 337, "Moons!C9")
    book.close()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """(the book after a run with its own settings, the run's outcome, its function)."""
    path = tmp_path_factory.mktemp("trained") / "micrograd.xlsx"
    path.write_bytes(BOOK.read_bytes())
    book = open_book(path)
    run = Training(book, find_problem(book), Settings(**training_settings(book)))
    for _ in run:
        pass
    outcome = run.write(History.beside(path))
    yield book, outcome, run
    book.close()


def test_training_by_the_books_own_settings_finds_the_moons(trained, measured):
    book, outcome, run = trained
    measured("micrograd.xlsx trained: loss, accuracy", f"{outcome.after:.6f}, {outcome.accuracy[1]:.0%}")
    assert run.settings == Settings("sgd", 100, 1, 0, 1)
    assert outcome.accuracy[0] == 0.5 and outcome.accuracy[1] >= 0.97
    assert outcome.parity.maximum <= 1e-9
    assert book.sheets["Moons"]["A15"].value == parity_block.AGREE
    assert book.sheets["Boundary"]["Y13"].value == lesson.FOUND


def test_the_run_is_written_down(trained):
    book, outcome, run = trained
    log = book.sheets["Training"].range(lesson.RUNS.local).value
    assert log[1][2:6] == ["sgd", 100, 1, 0] and log[1][8] == outcome.after
    after = [np.ravel(book.sheets["More weights"].range(part.local).value) for part in PARITY.weights.parts]
    np.testing.assert_array_equal(np.concatenate(after), run.best_values)
    before = book.sheets["Training"].range(lesson.WEIGHTS_BEFORE.row(0).local).value
    assert before == run.f.start.tolist()


def test_the_trained_boundary_on_the_sheet_is_torchs(trained):
    book, _, run = trained
    parts = np.split(run.best_values, [48, 48 + 272])
    layers = [
        part.reshape(block.rows, block.cols) for part, block in zip(parts, NET.weights.parts, strict=True)
    ]
    places = np.array([(-2 + 0.25 * j, 2 - 0.25 * i) for i in range(15) for j in range(21)])
    shown = np.ravel(book.sheets["Boundary"].range(MAP.local).value)
    np.testing.assert_allclose(shown, score(places, layers), rtol=0, atol=1e-12)
    assert (agreement(run.f.blocks(run.best_values), read_snapshot(book)).maximum) <= 1e-9


def test_each_weight_in_the_log_is_called_after_the_units_it_joins():
    book = open_book(BOOK)
    f = differentiate(book, find_problem(book))
    names = dict(zip(f.cells, lesson._weight_names(), strict=True))
    book.close()
    assert names["Moons!E5"] == "x1 to h1" and names["Moons!T7"] == "bias to h16"
    assert names["Moons!W6"] == "h2 to k2" and names["Moons!AM21"] == "bias to score"


# ---- what to try -----------------------------------------------------------------------------------------


def test_to_try_the_slope_of_f_at_one_and_at_the_bottom(live):
    live[node("f", "x")] = 1
    assert live[node("f", "x", "grad")] == 2
    live[node("f", "x")] = 2 / 3
    assert live[node("f", "x", "grad")] == pytest.approx(0, abs=1e-12)


def test_to_try_a_flat_tanh_shrinks_the_grads_to_about_a_seventh(live, saved):
    live[node("neuron", "b")] = 8
    for name in ("x1", "w1", "b"):
        cell = node("neuron", name, "grad")
        assert live[cell] / saved[cell] == pytest.approx(1 / 7, rel=0.02)


def test_to_try_a_large_nudge_moves_away_from_the_exact_slopes(live):
    sheet = lesson.CHAIN
    assert np.abs(live.numbers(f"{sheet}!N6:N8")).max() < 1e-9
    live[f"{sheet}!F3"] = 1
    assert np.abs(live.numbers(f"{sheet}!N6:N8")).min() > 1e-4


@pytest.mark.parametrize("weight, path", [("B10", "F18"), ("C10", "F19"), ("B11", "G18"), ("C11", "G19")])
def test_to_try_a_weight_of_nothing_silences_one_path(live, weight, path):
    paths = ["F18", "F19", "G18", "G19"]
    live[f"{lesson.PAIR}!{weight}"] = 0
    assert [cell for cell in paths if live[f"{lesson.PAIR}!{cell}"] == 0] == [path]


def test_to_try_copied_weights_find_the_moons(live):
    assert live["Boundary!Y13"] == lesson.NOT_FOUND
    for area in ("E5:T7", "V5:AK21", "AM5:AM21"):
        live[f"Moons!{area}"] = live.numbers(f"More weights!{area}")
    assert live["Boundary!Y13"] == lesson.FOUND and live[NET.accuracy.ref] == 1


def test_another_part_of_the_plane_is_shown_when_its_edges_are_typed(live):
    live[lesson.LEFT.ref], live[lesson.TOP.ref], live[lesson.WIDTH.ref] = 0, 1, 0.1
    places = np.array([(0.1 * j, 1 - 0.1 * i) for i in range(15) for j in range(21)])
    np.testing.assert_allclose(
        live.numbers(MAP.ref), score(places, moons.weights("start")), rtol=0, atol=1e-12
    )


def test_every_point_is_counted_in_one_place_of_the_map(saved):
    X, y = moons.points()
    counts = np.zeros((15, 21))
    for (x1, x2), label in zip(X, y, strict=True):
        counts[round((2 - x2) / 0.25), round((x1 + 2) / 0.25)] += label
    shown = [saved[cell_address("Boundary", row, col)] for row, col in WHERE.area.cells()]
    np.testing.assert_array_equal(np.reshape(shown, (15, 21)), counts)


def test_undo_brings_the_start_weights_back(tmp_path):
    path = tmp_path / "micrograd.xlsx"
    path.write_bytes(BOOK.read_bytes())
    book = open_book(path)
    problem = find_problem(book)
    start = xlcicf.differentiate(book, problem).start
    history = History.beside(path)
    run = Training(book, problem, Settings("sgd", 3, 1, 0, 1.0))
    list(run)
    run.write(history)
    assert book.sheets["Moons"]["C9"].value < 0.8958
    history.undo(book)
    assert (xlcicf.differentiate(book, problem).start == start).all()
    book.close()
