"""The rebuilt workbooks are what they say: the tutorial's figures, known optima, files that Excel opens."""

import numpy as np
import openpyxl
import pytest

from tests import oracles
from tests.layouts import MODELS, TENTHS, linear, mmult, nnet
from xlcicf.learn import titanic
from xlcicf.learn.nets import predict


@pytest.fixture(params=MODELS, ids=lambda model: model.name, scope="module")
def model(request):
    return request.param


@pytest.fixture(scope="module")
def book(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("layouts") / "book.xlsx"
    model.build(path)
    return path


def test_the_saved_results_are_those_of_a_recalculation(book):
    assert oracles.disagreements(book, oracles.saved_values(book), oracles.ironcalc_values(book)) == []


@pytest.mark.libreoffice
def test_libreoffice_computes_the_same_numbers(book):
    assert oracles.disagreements(book, oracles.saved_values(book), oracles.libreoffice_values(book)) == []


@pytest.mark.validator
def test_the_file_is_valid(book):
    assert oracles.validator_errors(book) == []


def test_solver_settings_are_in_the_book(book, model):
    (sheet,) = openpyxl.load_workbook(book)
    names = {key: name.attr_text.replace("$", "") for key, name in sheet.defined_names.items()}
    assert names["solver_opt"] == model.objective
    assert names["solver_adj"] == model.changing
    assert all(name.hidden for name in sheet.defined_names.values())


@pytest.mark.parametrize("known", [m for m in MODELS if m.at], ids=lambda model: model.name)
def test_the_known_optimum_is_better_than_its_neighbours(known, tmp_path):
    known.build(tmp_path / "book.xlsx")
    f = oracles.Recalculation(tmp_path / "book.xlsx", known.objective, known.changing)
    distance = {"min": lambda y: y, "max": lambda y: -y}.get(known.sense, lambda y: abs(y - known.best))
    assert f(known.at) == pytest.approx(known.best, rel=known.digits, abs=known.digits)
    for direction in np.eye(len(known.at)):
        for step in (-1e-3, 1e-3):
            assert distance(f(known.at * (1 + step * direction))) > distance(f(known.at))


@pytest.mark.parametrize("build, loss", [(nnet, "nnet!AH1"), (mmult, "mmult!AA1")])
def test_the_tutorial_net_computes_what_torch_does(build, loss, tmp_path):
    weights = titanic.weights("solver")
    build(tmp_path / "book.xlsx", weights)
    values = oracles.saved_values(tmp_path / "book.xlsx")
    assert values[loss] == pytest.approx(0.1431520964171, abs=1e-11)  # where Solver stopped
    predictions = {"nnet!AH1": "nnet!AG", "mmult!AA1": "mmult!Z"}[loss]
    shown = [values[f"{predictions}{row}"] for row in range(4, 716)]
    survived = [values[f"{loss.split('!')[0]}!A{row}"] for row in range(4, 716)]
    assert np.sum((np.array(shown) > 0.5) == survived) == 574
    data = titanic.fastai_sheet()
    assert oracles.difference(predict(data.X, weights), shown) <= 1e-12


def test_all_weights_a_tenth_give_the_published_loss(tmp_path):
    nnet(tmp_path / "book.xlsx", TENTHS)
    assert oracles.saved_values(tmp_path / "book.xlsx")["nnet!AH1"] == pytest.approx(
        0.8910132976136, abs=1e-12
    )


def test_least_squares_gives_the_linear_sheet_its_published_optimum(tmp_path):
    data = titanic.fastai_sheet()
    linear(tmp_path / "book.xlsx", np.linalg.lstsq(data.X, data.y)[0])
    loss = oracles.saved_values(tmp_path / "book.xlsx")["linear!AA7"]
    assert loss == pytest.approx(0.14422714930732, abs=1e-13)
