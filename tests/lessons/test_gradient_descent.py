"""gradient_descent.xlsx: its figures against those that graddesc.xlsm logged, its optimisers against
torch.optim step by step, its formulas against two other computers; what its Read me tells a person to try."""

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
from xlcicf.lessons import gradient_descent as lesson
from xlcicf.ooxml.openpyxl_book import save_generated
from xlcicf.optim import train
from xlcicf.solve import differentiate, find_problem

BOOK = Path(__file__).parents[2] / "workbooks" / "gradient_descent.xlsx"
X = torch.tensor(lesson.X, dtype=torch.float64)
Y = 2 * X + 30
ROW, FAST = f"'{lesson.ROW}'", f"'{lesson.FAST}'"


def column(values, letter, rows, sheet=ROW) -> np.ndarray:
    return np.array([values[f"{sheet}!{letter}{row}"] for row in rows])


# ---- the file --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["hidden.weight", "net.loss", "net.prediction", "train.optimizer", "runs.log",
                                  "runs.weights", "starts.log", "steps.log", "parity.status", "parity.weights"])  # fmt: skip
def test_the_names_that_others_rely_on_are_there(name):
    assert name in openpyxl.load_workbook(BOOK).defined_names


@pytest.mark.libreoffice
@pytest.mark.parametrize("batch, carry", [(lesson.ALL, lesson.RIGHT), (lesson.ONE, lesson.SLIP)])
def test_ironcalc_and_libreoffice_agree_on_every_formula(tmp_path, batch, carry):
    book = lesson.build()
    book["Optimisers"][lesson.BATCH.corner] = batch
    book[lesson.ROW]["E8"] = carry
    path = tmp_path / "set.xlsx"
    save_generated(book, path)
    computers = oracles.ironcalc_values(path), oracles.libreoffice_values(path)
    assert oracles.disagreements(path, *computers, tolerance=1e-9) == []


# ---- Line ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slope, intercept", [(1, 1), (2, 30), (-3.5, 12), (0, 0)])
def test_loss_predictions_and_hits_are_torchs(live, slope, intercept):
    live["Line!D6:E6"] = [slope, intercept]
    pred = slope * X + intercept
    assert live["Line!D7"] == pytest.approx(torch.nn.functional.mse_loss(pred, Y).item(), abs=1e-9)
    assert live["Line!D8"] == ((pred - Y).abs() <= 1).double().mean().item()
    np.testing.assert_allclose(live.numbers(lesson.LINE.prediction.ref), pred, rtol=0, atol=1e-12)


def test_solvers_dialog_would_open_filled_in_with_the_loss_and_the_line():
    book = open_book(BOOK)
    problem = find_problem(book)
    assert (problem.objective, problem.changing, problem.sense) == ("Line!D7", "Line!D6:E6", "min")
    f = differentiate(book, problem)
    w = torch.tensor([1.0, 1.0], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(((w[0] * X + w[1] - Y) ** 2).mean(), w)
    np.testing.assert_allclose(f.gradient(f.start), slope, rtol=1e-12)
    book.close()


# ---- One row at a time: what graddesc.xlsm shows ---------------------------------------------------------


@pytest.fixture(scope="module")
def slip() -> Live:
    """The book as graddesc.xlsm went on from pass to pass."""
    live = Live(BOOK)
    live[f"{ROW}!E8"] = lesson.SLIP
    return live


def test_with_graddescs_slip_each_pass_ends_at_the_error_that_it_logged(slip, measured):
    roots = slip.numbers(f"{ROW}!K5:K9")
    for number, (got, logged) in enumerate(zip(roots, lesson.LOGGED, strict=True), 1):
        measured(f"graddesc, root of pass {number}: {logged} logged", f"{got:.4f}")
    np.testing.assert_allclose(roots, lesson.LOGGED, rtol=0, atol=0.005)


# lesson-facts, row 4 of graddesc's sheet basic: column -> figure, half a unit of its last digit
ROW_4 = {
    "C": (14, 0), "D": (58, 0), "E": (1.2754625, 5e-8), "F": (2.56999647, 5e-9), "G": (37.2554, 5e-5),
    "H": (430.338, 5e-4), "J": (-41.479, 5e-4), "M": (-41.489, 5e-4), "L": (-578.888, 5e-4),
    "N": (-580.848, 5e-4),
}  # fmt: skip


@pytest.mark.parametrize("letter", list(ROW_4))
def test_with_graddescs_slip_pass_six_begins_with_the_row_that_its_file_shows(slip, letter, measured):
    row = lesson.ROW_FIRST + 5 * lesson.POINTS
    expected, half = ROW_4[letter]
    got = slip[f"{ROW}!{letter}{row}"]
    measured(f"graddesc, row 4, our column {letter}: {expected}", f"{got:.9g}")
    assert got == pytest.approx(expected, abs=half + 1e-12)


def test_six_passes_are_torchs_sgd_one_row_at_a_time(saved):
    w = torch.tensor([1.0, 1.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=1e-4)
    rows = range(lesson.ROW_FIRST, lesson.ROW_LAST + 1)
    before, slopes, errors = [], [], []
    for i in range(len(rows)):
        before.append(w.tolist())
        error = (w[0] * X[i % 29] + w[1] - Y[i % 29]) ** 2
        optimizer.zero_grad()
        error.backward()
        slopes.append(w.grad.tolist())
        errors.append(error.item())
        optimizer.step()
    for letters, expected in (("FE", before), ("NM", slopes)):
        got = np.column_stack([column(saved, letter, rows) for letter in letters])
        assert oracles.difference(expected, got) < 1e-12
    assert oracles.difference(errors, column(saved, "H", rows)) < 1e-12
    assert oracles.difference(w.tolist(), [saved[f"{ROW}!{x}{lesson.ROW_LAST}"] for x in "PO"]) < 1e-12


@pytest.mark.parametrize("h", [0.01, 0.1])
def test_an_estimate_is_too_large_by_h_and_by_h_times_x_squared(live, h):
    live[f"{ROW}!E7"] = h
    area = f"{lesson.ROW_FIRST}:{{0}}{lesson.ROW_LAST}"
    x, by_b, by_a, exact_b, exact_a = (live.numbers(f"{ROW}!{c}{area.format(c)}") for c in "CJLMN")
    np.testing.assert_allclose(by_b - exact_b, h, rtol=0, atol=1e-8)
    np.testing.assert_allclose(by_a - exact_a, h * x**2, rtol=0, atol=1e-6)


def test_error_left_is_the_share_of_its_error_that_a_row_keeps(saved):
    rows = range(lesson.ROW_FIRST, lesson.ROW_LAST + 1)
    x, y, slope, intercept, error, left = (column(saved, c, rows) for c in "CDPOGQ")
    np.testing.assert_allclose(slope * x + intercept - y, left * (error - y), rtol=0, atol=1e-9)
    assert left.min() == pytest.approx(1 - 2e-4 * (1 + 99**2))


# ---- Optimisers: torch.optim -----------------------------------------------------------------------------

MAKERS = {
    "SGD": lambda w, lr, beta, beta2, eps: torch.optim.SGD(w, lr),
    "momentum": lambda w, lr, beta, beta2, eps: torch.optim.SGD(w, lr, momentum=beta),
    "RMSProp": lambda w, lr, beta, beta2, eps: torch.optim.RMSprop(w, lr, alpha=beta, eps=eps),
    "Adam": lambda w, lr, beta, beta2, eps: torch.optim.Adam(w, lr, betas=(beta, beta2), eps=eps),
    "Adagrad": lambda w, lr, beta, beta2, eps: torch.optim.Adagrad(w, lr, eps=eps),
}
OTHER = {  # than those that ship
    "SGD": (1e-5, None, None, None), "momentum": (1e-5, 0.5, None, None), "RMSProp": (0.02, 0.99, None, 1e-6),
    "Adam": (0.3, 0.9, 0.99, 1e-7), "Adagrad": (0.5, None, None, 1e-8),
}  # fmt: skip
GRADDESCS = {  # some of them chaotic
    "SGD": (1e-4, None, None, None), "momentum": (1e-4, 0.9, None, None), "RMSProp": (0.02, 0.9, None, 1e-8),
    "Adam": (1, 0.7, 0.9, 1e-8), "Adagrad": (2, None, None, 1e-10),
}  # fmt: skip
STATE = {  # header on Steps -> torch's word for it
    "SGD": {}, "momentum": {"v": "momentum_buffer"}, "RMSProp": {"s": "square_avg"},
    "Adam": {"m": "exp_avg", "s": "exp_avg_sq"}, "Adagrad": {"s": "sum"},
}  # fmt: skip


def torchs_steps(name, settings, batch) -> list[tuple[float, float, float]]:
    """(slope, intercept, loss) before each step and after the last."""
    w = torch.tensor([1.0, 1.0], dtype=torch.float64, requires_grad=True)
    optimizer = MAKERS[name]([w], *settings)
    track = []
    for step in range(lesson.COUNT + 1):
        squares = (w[0] * X + w[1] - Y) ** 2
        track.append((*w.tolist(), squares.mean().item()))
        optimizer.zero_grad()
        (squares.mean() if batch == lesson.ALL else squares[step % 29]).backward()
        optimizer.step()
    return track


def set_up(live, track, settings, batch) -> None:
    live[lesson.BATCH.ref] = batch
    for j, value in enumerate(settings):
        if value is not None:
            live[track.setting(j)] = value


by_track = pytest.mark.parametrize("track", lesson.TRACKS, ids=lambda track: track.optimiser.name)
by_batch = pytest.mark.parametrize("batch", [lesson.ALL, lesson.ONE])


@by_track
@by_batch
@pytest.mark.parametrize("as_shipped", [True, False])
def test_each_optimiser_is_torchs_step_by_step(shared, track, batch, as_shipped, measured):
    name = track.optimiser.name
    settings = track.optimiser.settings if as_shipped else OTHER[name]
    set_up(shared, track, settings, batch)
    expected = np.array(torchs_steps(name, settings, batch))
    gaps = [
        oracles.difference(expected[:, j], shared.numbers(track.column(header).ref))
        for j, header in enumerate(("slope", "intercept", "loss"))
    ]
    kind = "as shipped" if as_shipped else "others"
    measured(f"{name}, settings {kind}, {batch}: sheet against torch.optim", f"{max(gaps):.1e}")
    assert max(gaps) < 1e-12


@by_track
@by_batch
def test_each_single_step_is_torchs_even_where_the_path_is_chaotic(shared, track, batch):
    """From where each row stands, with what the row above remembers, torch steps to the row below."""
    name = track.optimiser.name
    set_up(shared, track, GRADDESCS[name], batch)
    of = ("slope", "intercept")
    line = np.column_stack([shared.numbers(track.column(header).ref) for header in of])
    memory = {
        torchs: np.column_stack([shared.numbers(track.column(f"{header}, {o}").ref) for o in of])
        for header, torchs in STATE[name].items()
    }
    after = []
    for t in range(1, lesson.COUNT):
        w = torch.tensor(line[t], requires_grad=True)
        optimizer = MAKERS[name]([w], *GRADDESCS[name])
        optimizer.state[w] = {word: torch.tensor(rows[t - 1]) for word, rows in memory.items()}
        optimizer.state[w]["step"] = torch.tensor(float(t))
        squares = (w[0] * X + w[1] - Y) ** 2
        (squares.mean() if batch == lesson.ALL else squares[t % 29]).backward()
        optimizer.step()
        after.append(w.tolist())
    assert oracles.difference(after, line[2:]) < 1e-12


def test_rmsprop_with_a_beta_of_0_9_is_chaotic_as_the_sheet_says(live):
    rmsprop = next(track for track in lesson.TRACKS if track.optimiser.name == "RMSProp")
    loss = rmsprop.column("loss").cell(lesson.COUNT, 0).ref
    ends = {}
    for beta in (0.9, 0.99):
        live[rmsprop.setting(1)] = beta
        for start in (1.0, 1.0 + 1e-13):
            live[lesson.SLOPE.ref] = start
            ends[beta, start > 1] = live[loss]
    assert abs(ends[0.9, True] / ends[0.9, False] - 1) > 1e-4
    assert abs(ends[0.99, True] / ends[0.99, False] - 1) < 1e-9


def test_the_sheets_adam_is_the_run_that_xlcicf_makes(saved):
    book = open_book(BOOK)
    f = differentiate(book, find_problem(book))
    losses = [step.loss for step in train(f, optimizer="adam", lr=1, steps=200)]
    book.close()
    adam = next(track for track in lesson.TRACKS if track.optimiser.name == "Adam").column("loss")
    shown = column(saved, adam.letters, range(adam.area.top + 1, adam.area.top + 201), "Steps")
    assert oracles.difference(losses, shown) < 1e-12


def test_the_chart_draws_the_losses_within_its_frame(saved):
    rows = range(lesson.LOSSES_FIRST, lesson.LOSSES_FIRST + lesson.COUNT + 1)
    for letter, track in zip("BCDEF", lesson.TRACKS, strict=True):
        loss = track.column("loss")
        shown = column(saved, loss.letters, range(loss.area.top, loss.area.bottom + 1), "Steps")
        np.testing.assert_array_equal(column(saved, letter, rows, "Optimisers"), np.clip(shown, 1e-6, 1e6))


# ---- Too fast --------------------------------------------------------------------------------------------


def test_the_curvatures_are_the_eigenvalues_of_torchs_hessian(saved):
    hessian = torch.autograd.functional.hessian(
        lambda w: ((w[0] * X + w[1] - Y) ** 2).mean(), torch.zeros(2, dtype=torch.float64)
    )
    flat, steep = torch.linalg.eigvalsh(hessian).tolist()
    assert saved[f"{FAST}!E6"] == pytest.approx(steep, rel=1e-12)
    assert saved[f"{FAST}!E7"] == pytest.approx(flat, rel=1e-9)
    assert saved[f"{FAST}!E8"] == pytest.approx(2 / steep, rel=1e-12)


@pytest.mark.parametrize("run, rate", list(enumerate(lesson.RATES)))
def test_each_run_is_torchs_sgd_over_all_points(saved, run, rate):
    expected = np.array(torchs_steps("SGD", (rate, None, None, None), lesson.ALL)[: lesson.FAST_STEPS + 1])
    rows = range(lesson.FAST_FIRST, lesson.FAST_FIRST + lesson.FAST_STEPS + 1)
    for j, k in enumerate((0, 1, 4)):
        letter = lesson.fast_column(run, k).letters
        assert oracles.difference(expected[:, j], column(saved, letter, rows, FAST)) < 1e-12


def test_the_shipped_rates_show_the_four_fates(saved):
    shown = [saved[f"{FAST}!G{lesson.RUN_ROW + run}"] for run in range(4)]
    assert shown == [lesson.SLOW, lesson.GOOD, lesson.SWINGS, lesson.EXPLODES]


@pytest.mark.parametrize("share, status", [(0.99, lesson.SWINGS), (1.01, lesson.EXPLODES)])
def test_the_edge_parts_runs_that_fall_from_runs_that_explode(live, share, status):
    live[f"{FAST}!B13"] = share * live[f"{FAST}!E8"]
    assert live[f"{FAST}!G13"] == status


def test_a_run_needs_as_many_steps_as_the_sheet_says(saved):
    """Along the flat direction, where the error shrinks by the factor 1 - rate * curvature a step."""
    rate, needed = lesson.RATES[2], saved[f"{FAST}!F15"]
    w = torch.tensor([1.0, 1.0], dtype=torch.float64)
    off = w - torch.tensor([2.0, 30.0], dtype=torch.float64)
    hessian = 2 * torch.stack(
        [torch.stack([(X * X).mean(), X.mean()]), torch.stack([X.mean(), X.new_ones(())])]
    )
    flat = torch.linalg.eigh(hessian)[1][:, 0]
    shrunk = torch.linalg.matrix_power(torch.eye(2, dtype=torch.float64) - rate * hessian, int(needed)) @ off
    assert abs((shrunk @ flat) / (off @ flat)).item() == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize("rate", [1e-9, 0.01, 1])
def test_even_the_wildest_learning_rate_overflows_nowhere(live, rate):
    for cell in [f"{FAST}!B13", "Optimisers!B9", "Optimisers!B10"]:
        live[cell] = rate
    live[f"{ROW}!E6"] = min(rate, 0.001)
    live[lesson.BATCH.ref] = lesson.ONE
    for area in (lesson.fast_column(0, 4).ref, *(track.column("loss").ref for track in lesson.TRACKS)):
        assert np.isfinite(live.numbers(area)).all()
    assert np.isfinite(live.numbers(f"{ROW}!H{lesson.ROW_FIRST}:H{lesson.ROW_LAST}")).all()
    if rate > 0.001:
        assert live[f"{FAST}!G13"] == lesson.EXPLODES
        assert live["Optimisers!J9"] == live["Optimisers!J10"] == lesson.EXPLODED


# ---- torch through the sheet's own formulas --------------------------------------------------------------


@pytest.mark.parametrize(
    "objective, changing",
    [
        ("Line!D7", "Line!D6:E6"),
        (f"{ROW}!K10", f"{ROW}!E4:E6"),
        (f"{FAST}!E15", f"{FAST}!B15"),
        ("Optimisers!H12", "Optimisers!B12,Optimisers!C5:C6"),
    ],
)
def test_torch_computes_every_step_as_ironcalc_does(objective, changing, capsys, measured):
    """Each sheet's last loss as a function of its settings: of learning rates too, through all steps."""
    assert cli.main(["check", str(BOOK), "--objective", objective, "--changing", changing, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    measured(f"{objective}: torch against IronCalc, {told['formulas']} formulas", f"{told['parity_max']:.1e}")
    assert told["differentiable"] == told["formulas"] > 0
    assert told["parity_max"] < 1e-9


# ---- what to try -----------------------------------------------------------------------------------------


def test_try_1_the_truth_typed_into_the_line_makes_the_loss_0(book):
    book.sheets["Line"]["D6:E6"].value = [2, 30]
    assert book.sheets["Line"]["D7"].value == 0
    assert book.sheets["Line"]["D8"].value == 1


def test_try_2_a_rate_of_0_0002_is_too_long_for_a_row(book):
    sheet = book.sheets[lesson.ROW]
    assert sheet["A10"].value.startswith("each step makes")
    sheet["E6"].value = 0.0002
    assert sheet["A10"].value.startswith("too long")


def test_try_3_one_row_at_a_time_momentum_explodes_and_adam_found_the_line_before(book):
    sheet = book.sheets["Optimisers"]
    assert sheet["J12"].value == lesson.ARRIVED
    sheet["C4"].value = lesson.ONE
    assert sheet["J10"].value == lesson.EXPLODED
    assert sheet["J11"].value == lesson.FALLING


def test_try_4_two_rates_beside_the_edge(book):
    sheet = book.sheets[lesson.FAST]
    for rate, status in ((0.00039, lesson.SWINGS), (0.0004, lesson.EXPLODES)):
        sheet["B14"].value = rate
        assert sheet["G14"].value == status


def test_try_5_xlcicf_train_finds_the_line_and_lbfgs_sooner(tmp_path, capsys):
    path = tmp_path / "gradient_descent.xlsx"
    path.write_bytes(BOOK.read_bytes())
    assert cli.main(["train", str(path)]) == 0
    values = oracles.ironcalc_values(path)
    assert [values["Line!D6"], values["Line!E6"]] == pytest.approx([2, 30], abs=0.05)
    assert (values["Line!H7"], values["Training!C25"]) == ("formulas and torch agree", "adam")
    book = open_book(path)
    book.sheets["Training"]["B5"].value, book.sheets["Training"]["B7"].value = "lbfgs", None
    book.sheets["Line"]["D6:E6"].value = [1, 1]
    book.save()
    book.close()
    assert cli.main(["train", str(path)]) == 0
    values = oracles.ironcalc_values(path)
    assert [values["Line!D6"], values["Line!E6"]] == pytest.approx([2, 30], abs=1e-6)
    assert values["Training!D26"] < 20
    assert cli.main(["undo", str(path)]) == 0
    assert oracles.ironcalc_values(path)["Line!D6"] == 1
