"""From a book to its function and back, on real files: strangers' Solver models and a small one."""

import datetime as dt
import itertools

import numpy as np
import openpyxl
import pytest

import xlcicf
from tests import oracles
from tests.layouts import MODELS
from tests.small import save_small
from tests.solve.models.model import write_names
from xlcicf.errors import AddressError, DataError, ProblemError
from xlcicf.host.headless.host import document_of
from xlcicf.solve import Constraint, Problem, save_problem, training_settings

SMALL = Problem(objective="Net!B3", changing="Net!B1:B2")


@pytest.fixture
def small(tmp_path):
    """An open copy of the small workbook."""
    return xlcicf.open_book(save_small(tmp_path / "small.xlsx"))


@pytest.mark.parametrize("model", [model for model in MODELS if model.best is not None], ids=lambda m: m.name)
def test_a_strangers_model_is_solved_through_its_own_formulas(model, tmp_path):
    model.build(tmp_path / "book.xlsx")
    book = xlcicf.open_book(tmp_path / "book.xlsx")
    problem = xlcicf.find_problem(book)
    assert (problem.objective, problem.changing, problem.sense) == (
        model.objective,
        model.changing,
        model.sense,
    )
    f = xlcicf.differentiate(book, problem)
    assert (f.lower == model.bounds[0]).all() and (f.upper == model.bounds[1]).all()
    *_, step = xlcicf.train(f, steps=500)
    assert step.best_loss == pytest.approx(model.best, rel=1e-8, abs=1e-9)
    xlcicf.write_back(book, problem, step.best_values)
    book.save(tmp_path / "solved.xlsx")
    recalculated = oracles.ironcalc_values(tmp_path / "solved.xlsx")
    assert recalculated[model.objective] == pytest.approx(model.best, rel=1e-8, abs=1e-9)
    assert [recalculated[cell] for cell in f.cells] == step.best_values.tolist()


def test_values_are_written_area_by_area_in_the_order_of_the_function(small):
    problem = Problem("Net!B3", "Net!B2,Net!E1:F2,Net!B1")
    f = xlcicf.differentiate(small, problem)
    values = np.arange(6) + 0.1
    xlcicf.write_back(small, problem, values)
    for cell, value in zip(f.cells, values, strict=True):
        assert small.sheets["Net"].range(cell.removeprefix("Net!")).value == value
    assert f.value(values) == small.sheets["Net"]["B3"].value


@pytest.mark.parametrize("changing", ["hidden.weight", "B1:B2", "=Net!$B$1:$B$2", "Net!B1,Net!B2"])
def test_changing_cells_may_be_named_in_any_way(small, changing):
    problem = Problem("Net!B3", changing)
    assert xlcicf.differentiate(small, problem).gradient([4, 4]).tolist() == [6, 12]
    xlcicf.write_back(small, problem, [1, -2])
    assert small.sheets["Net"]["B3"].value == 0


def test_changing_cells_may_be_a_tables_column(tmp_path):
    book = xlcicf.open_book(save_small(tmp_path / "small.xlsx", {"B3": "=SUMXMY2(Weights[w],B1:B2)"}))
    problem = Problem("Net!B3", "Weights[w]")
    assert xlcicf.differentiate(book, problem).cells == ["Net!G2", "Net!G3"]
    xlcicf.write_back(book, problem, [1.5, 2.5])
    assert book.sheets["Net"]["G2:G3"].value == [1.5, 2.5]


@pytest.mark.parametrize(
    ("problem", "error", "message"),
    [
        (Problem("Net!B3", "Net!B1:B3"), ProblemError, "Net!B3"),
        (Problem("Net!B3", "Net!G1:G2"), DataError, "Net!G1"),
        (Problem("Net!B1", "Net!B2"), ProblemError, "Net!B1 does not depend on the changing cells Net!B2"),
        (Problem("Net!B4", "Net!B2"), ProblemError, "Net!B4 does not depend on"),
        (Problem("Nett!B3", "Net!B2"), AddressError, "no sheet 'Nett'"),
        (Problem("Net!B3", "weights.hidden"), AddressError, "no name 'weights.hidden'"),
    ],
)
def test_a_problem_that_cannot_be_is_refused_by_its_cell(small, problem, error, message):
    with pytest.raises(error) as refused:
        xlcicf.differentiate(small, problem)
    assert message in str(refused.value)


def test_only_a_net_of_our_own_begins_its_restarts_around_0(small):
    assert xlcicf.differentiate(small, Problem("Net!B3", "hidden.weight")).init == 0.5
    assert xlcicf.differentiate(small, Problem("Net!B3", "Net!B1:B2")).init == 0.5
    assert xlcicf.differentiate(small, Problem("Net!B3", "Net!B1")).init is None


@pytest.mark.parametrize("width", [None, "wide", -1, 0])
def test_a_width_of_restarts_that_is_none_is_refused(tmp_path, width):
    book = xlcicf.open_book(save_small(tmp_path / "small.xlsx", {"B8": width}))
    with pytest.raises(DataError, match=r"Net!B8 \(train.init\) must hold a number above 0"):
        xlcicf.differentiate(book, SMALL)


# --- Solver's names in a file

PROBLEMS = [
    SMALL,
    Problem("Net!B3", "Net!B2,Net!B1", "max", (Constraint("Net!B1:B2", "<=", "Net!G2"),), True),
    Problem("Net!B3", "Net!B1:B2", -0.1, (Constraint("Net!B1", ">=", 1e-7), Constraint("Net!B2", "int"))),
]


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: str(p.sense))
def test_a_saved_problem_is_found_again_and_hidden(small, problem, tmp_path):
    save_problem(small, problem)
    assert xlcicf.find_problem(small) == problem
    small.save(tmp_path / "saved.xlsx")
    assert xlcicf.find_problem(xlcicf.open_book(tmp_path / "saved.xlsx")) == problem
    saved = openpyxl.load_workbook(tmp_path / "saved.xlsx")["Net"].defined_names
    assert all(name.hidden for name in saved.values()) and "solver_adj" in saved


def test_saving_again_before_the_file_replaces_the_problem(small):
    for problem in PROBLEMS:
        save_problem(small, problem)
    assert xlcicf.find_problem(small) == PROBLEMS[-1]


def test_a_problem_in_the_file_gives_way_to_another(small, tmp_path):
    save_problem(small, SMALL)
    small.save(tmp_path / "saved.xlsx")
    book = xlcicf.open_book(tmp_path / "saved.xlsx")
    save_problem(book, SMALL)
    assert document_of(book).edits == []  # the same again: nothing to write
    other = Problem("Net!B3", "Net!B1", "max")
    save_problem(book, other)
    book.save()
    assert xlcicf.find_problem(xlcicf.open_book(tmp_path / "saved.xlsx")) == other


def test_changing_cells_that_another_edition_keeps_apart_do_not_stay_behind(tmp_path):
    path = save_small(tmp_path / "small.xlsx")
    workbook = openpyxl.load_workbook(path)
    write_names(workbook["Net"], {"opt": "Net!$B$3", "adj": "Net!$B$1", "adj1": "Net!$B$2", "typ": 2})
    workbook.save(path)
    book = xlcicf.open_book(path)
    assert xlcicf.find_problem(book).changing == "Net!B1,Net!B2"
    for other in (Problem("Net!B3", "Net!B2", "max"), Problem("Net!B3", "Net!B1,Net!B2")):
        save_problem(book, other)
        book.save()
        book = xlcicf.open_book(path)
        assert xlcicf.find_problem(book) == other


# --- xlcicf's own settings

SETTINGS = ("optimizer", "steps", "lr", "restarts", "seed")


@pytest.mark.parametrize(
    ("cells", "settings"),
    [
        ((), {}),
        (("adam", 500, 0.05, 20, 3), dict(optimizer="adam", steps=500, lr=0.05, restarts=20, seed=3)),
        (("  ", None, " ", None, None), {}),
        ((" LBFGS ", 200, None, 1, 0), dict(optimizer="lbfgs", steps=200, restarts=1, seed=0)),
    ],
)
def test_settings_cells_become_arguments_of_train(tmp_path, cells, settings):
    written = {f"E{row}": value for row, value in enumerate(cells, 1)}
    found = training_settings(xlcicf.open_book(save_small(tmp_path / "small.xlsx", written)))
    assert found == settings
    assert {type(v) for k, v in found.items() if k in ("steps", "restarts", "seed")} <= {int}


def test_a_book_without_settings_sets_nothing(tmp_path):
    openpyxl.Workbook().save(tmp_path / "plain.xlsx")
    assert training_settings(xlcicf.open_book(tmp_path / "plain.xlsx")) == {}


@pytest.mark.parametrize(
    ("cell", "value", "message"),
    [
        ("E1", 7, r"Net!E1 \(train.optimizer\) holds 7.0; it must be the name of an optimizer"),
        ("E2", "many", r"Net!E2 \(train.steps\) holds 'many'; it must be a whole number"),
        ("E2", 2.5, r"Net!E2 \(train.steps\) holds 2.5; it must be a whole number"),
        ("E3", True, r"Net!E3 \(train.lr\) holds True; it must be a number"),
        (
            "E1",
            "newton",
            r"Net!E1 \(train.optimizer\): no optimizer named 'newton'; choose one of auto, lbfgs",
        ),
        ("E2", -1, r"Net!E2 \(train.steps\): steps must be a whole number of at least 1, not -1"),
        ("E2", dt.datetime(2024, 5, 1), r"holds 2024-05-01 00:00:00; it must be a whole number"),
        ("E3", 0, r"Net!E3 \(train.lr\): the learning rate must be a number above 0, not 0.0"),
        ("E5", "=1/0", r"Net!E5 \(train.seed\) holds '#DIV/0!'; it must be a whole number"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused_by_its_cell(tmp_path, cell, value, message):
    with pytest.raises(DataError, match=message):
        training_settings(xlcicf.open_book(save_small(tmp_path / "small.xlsx", {cell: value})))


def test_training_a_book_twice_gives_the_same_numbers(small):
    def losses():
        f = xlcicf.differentiate(small, Problem("Net!B3", "hidden.weight"))
        return [step.loss for step in itertools.islice(xlcicf.train(f, restarts=3, seed=5), 9)]

    assert losses() == losses()
