"""NN_DERIVATIVE, NN_NUDGE and NN_PARITY on books, through the sheets' own formulas."""

import numpy as np
import pytest

import xlcicf
from tests import layouts
from tests.oracles import difference
from tests.small import save_small
from tests.strangers import SHEET, by_excel, changed
from xlcicf.addin import compiled, udfs
from xlcicf.host import read_snapshot
from xlcicf.ooxml.package import read_package, save_package


def ranges(book, problem):
    """The objective's Range and the changing cells'."""
    found = []
    for address in (problem.objective, problem.changing):
        sheet, _, area = address.rpartition("!")
        found.append(book.sheets[sheet.strip("'")].range(area))
    return found


@pytest.fixture
def titanic(titanic_book):
    return xlcicf.open_book(titanic_book)


@pytest.fixture
def loss_and_weights(titanic):
    return ranges(titanic, xlcicf.find_problem(titanic))


def test_the_derivative_is_what_the_gradient_sheet_shows(titanic, loss_and_weights):
    shown = np.array(titanic.sheets["Gradient"].range("D8:D29").value)
    derivative = np.array(udfs.NN_DERIVATIVE(*loss_and_weights))
    assert derivative.shape == loss_and_weights[1].shape
    assert difference(shown.reshape(derivative.shape), derivative) <= 1e-10


def test_the_nudge_comes_close_to_the_derivative_and_moves_no_cell(titanic, loss_and_weights):
    before = read_snapshot(titanic)
    nudge = udfs.NN_NUDGE(*loss_and_weights)
    assert difference(udfs.NN_DERIVATIVE(*loss_and_weights), nudge) <= 1e-6
    assert read_snapshot(titanic) == before


def test_a_nudge_is_as_large_as_it_is_asked_to_be(tmp_path):
    sheet = xlcicf.open_book(save_small(tmp_path / "book.xlsx", {"B3": "=B1^3+B2"})).sheets["Net"]
    # (v + h)^3 - (v - h)^3 over 2h is 3v^2 + h^2, and h is a share of values beyond 1
    ((cube,), (line,)) = udfs.NN_NUDGE(sheet["B3"], sheet["B1:B2"], 0.5)
    assert cube == pytest.approx(3 * 4**2 + (0.5 * 4) ** 2, rel=1e-12)
    assert line == pytest.approx(1, rel=1e-12)


def test_sheet_and_torch_agree(loss_and_weights):
    loss, weights = loss_and_weights
    ((parity,),) = udfs.NN_PARITY(loss, weights)
    assert 0 <= parity <= 1e-12
    assert udfs.NN_PARITY(loss) == [[parity]]  # the weights are Solver's changing cells


def test_disagreement_is_as_large_as_it_is(tmp_path):
    path = save_small(tmp_path / "book.xlsx")
    package = by_excel(changed(read_package(path), SHEET, "<v>45", "<v>46"))
    save_package(package, path)
    net = xlcicf.open_book(path).sheets["Net"]
    assert net["B3"].value == 46
    assert udfs.NN_PARITY(net["B3"], net["B1:B2"]) == [[pytest.approx(1 / 45)]]


ONE_AREA = [model for model in layouts.MODELS if "," not in model.changing]


@pytest.mark.parametrize("model", ONE_AREA, ids=lambda model: model.name)
def test_on_strangers_models_too(model, tmp_path):
    model.build(tmp_path / "model.xlsx")
    book = xlcicf.open_book(tmp_path / "model.xlsx")
    problem = xlcicf.Problem(model.objective, model.changing)
    objective, changing = ranges(book, problem)
    f = xlcicf.differentiate(book, problem)
    derivative = udfs.NN_DERIVATIVE(objective, changing)
    assert np.array_equal(np.ravel(derivative), f.gradient(f.start))
    assert difference(derivative, udfs.NN_NUDGE(objective, changing, 1e-7)) <= 1e-6
    assert udfs.NN_PARITY(objective, changing)[0][0] <= 1e-9


# ---- what is compiled once -------------------------------------------------------------------------------

MODEL = {"B3": "=(B1-D1)^2+SUM(F:F)*B2+D4", "D1": 1, "D2": "=D1+1", "D4": "=D2*2", "F2": 3}

EDITS = [  # cell, its new value, whether the function must be made anew
    ("B1", 7, False),
    ("B2", None, False),
    ("H1", 5, False),  # no formula in between reads it
    ("H2", "text", False),
    ("D1", 2, True),
    ("F2", None, True),
    ("F9", 4, True),  # SUM(F:F) had no such row before
    ("D4", 8, True),
    ("B3", "=B1*B2*D1", True),
]


@pytest.mark.parametrize(("cell", "value", "anew"), EDITS)
def test_it_is_compiled_anew_only_where_an_edit_asks_for_it(cell, value, anew, tmp_path, monkeypatch):
    book = xlcicf.open_book(save_small(tmp_path / "book.xlsx", MODEL))
    net = book.sheets["Net"]
    before = udfs.NN_DERIVATIVE(net["B3"], net["B1:B2"])
    assert before == [[2 * (4 - 1)], [3]]
    net[cell].value = value
    compilations = count(monkeypatch, compiled.formula, "differentiate")
    after = udfs.NN_DERIVATIVE(net["B3"], net["B1:B2"])
    assert bool(compilations) is anew
    f = xlcicf.differentiate(book, xlcicf.Problem("Net!B3", "Net!B1:B2"))
    assert np.array_equal(np.ravel(after), f.gradient(f.start))


def count(monkeypatch, module, name) -> list:
    """Grows by one with each call of module.name from now on."""
    calls, original = [], getattr(module, name)
    monkeypatch.setattr(module, name, lambda *args, **kwargs: calls.append(name) or original(*args, **kwargs))
    return calls


def test_few_functions_are_kept(tmp_path):
    net = xlcicf.open_book(save_small(tmp_path / "book.xlsx")).sheets["Net"]
    for row in range(40, 40 + 2 * compiled.MOST_KEPT):
        net[f"A{row}"].value = "=B1^2"
        udfs.NN_DERIVATIVE(net[f"A{row}"], net["B1"])
    assert len(compiled._kept) == compiled.MOST_KEPT


# ---- what goes wrong -------------------------------------------------------------------------------------

WRONG = [  # objective, changing, cells set before, what the cell shows, words of the sentence
    ("B3", "B1:B2", {"B1": "four"}, "#VALUE!", r"Net!B1 holds 'four'"),
    ("B3", "B1:B2", {"B1": "=2+2"}, "#N/A", "Net!B1 holds a formula"),
    ("B3", "G2:G3", {}, "#N/A", "does not depend"),
    ("B3", "B1:B2", {"B3": "=OFFSET(B1,B2,0)"}, "#N/A", "OFFSET"),
    ("B3", "B1:B2", {"B3": "=B1+B4", "B4": "=B3"}, "#N/A", "depends on itself"),
    ("B3", "B1:B2", {"B3": "=LN(-B1)"}, "#VALUE!", "Net!B3 shows no number"),
    ("B1:B3", "B2", {}, "#N/A", "one cell"),
    ("B3", None, {}, "#VALUE!", "changing must be cells"),
    (None, "B1:B2", {}, "#VALUE!", "objective must be cells"),
]  # fmt: skip


@pytest.mark.parametrize(("objective", "changing", "cells", "shown", "words"), WRONG)
def test_what_is_no_model_shows_an_error_and_says_why(objective, changing, cells, shown, words, tmp_path):
    net = xlcicf.open_book(save_small(tmp_path / "book.xlsx")).sheets["Net"]
    for cell, content in cells.items():
        net[cell].value = content
    given = [net[area] if area else None for area in (objective, changing)]
    for function in (udfs.NN_DERIVATIVE, udfs.NN_NUDGE):
        assert function(*given) == [[shown]]
        ((sentence,),) = udfs.NN_LASTERROR()
        assert sentence.startswith(f"{function.__name__}: ")
        assert words in sentence


def test_cells_of_two_books_make_no_model(tmp_path):
    one, two = (xlcicf.open_book(save_small(tmp_path / name)).sheets["Net"] for name in ("1.xlsx", "2.xlsx"))
    assert udfs.NN_DERIVATIVE(one["B3"], two["B1:B2"]) == [["#N/A"]]
    assert "two workbooks" in udfs.NN_LASTERROR()[0][0]


def test_a_nudge_of_nothing_is_refused(tmp_path):
    net = xlcicf.open_book(save_small(tmp_path / "book.xlsx")).sheets["Net"]
    assert udfs.NN_NUDGE(net["B3"], net["B1:B2"], 0.0) == [["#VALUE!"]]
    assert "above 0" in udfs.NN_LASTERROR()[0][0]


def test_a_weight_that_moved_to_where_there_is_no_number_shows_an_error(tmp_path):
    net = xlcicf.open_book(save_small(tmp_path / "book.xlsx", {"B3": "=LN(B1)+B2"})).sheets["Net"]
    assert udfs.NN_DERIVATIVE(net["B3"], net["B1:B2"]) == [[0.25], [1.0]]
    net["B1"].value = -1
    assert udfs.NN_DERIVATIVE(net["B3"], net["B1:B2"]) == [["#VALUE!"]]
