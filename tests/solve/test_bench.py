"""What `xlcicf bench` measures is the same problem for all: one start, one sense, one optimum."""

import numpy as np
import pytest

import xlcicf
from tests.layouts import MODELS
from xlcicf.host import read_snapshot
from xlcicf.host.headless.host import document_of
from xlcicf.solve import place
from xlcicf.solve.bench import bench, recalculation

SMALL = [model for model in MODELS if model.best is not None and model.name != "linear"]


@pytest.fixture(params=SMALL, ids=lambda model: model.name)
def model(request):
    return request.param


def test_each_contender_improves_on_the_start_and_ours_is_at_the_optimum(model, tmp_path):
    model.build(tmp_path / "book.xlsx")
    book = xlcicf.open_book(tmp_path / "book.xlsx")
    problem = xlcicf.find_problem(book)
    f = xlcicf.differentiate(book, problem)
    distance = {"min": lambda y: y, "max": lambda y: -y}.get(model.sense, lambda y: abs(y - model.best))
    ours, *theirs = bench(book, problem, seconds=5).contenders
    assert ours.loss == pytest.approx(model.best, rel=1e-6, abs=1e-6)
    for result in theirs:
        assert distance(result.loss) < distance(f.value(f.start))
        assert distance(ours.loss) <= distance(result.loss) + 1e-6
    assert not document_of(book).edits


def test_recalculation_gives_what_torch_does(model, tmp_path):
    model.build(tmp_path / "book.xlsx")
    book = xlcicf.open_book(tmp_path / "book.xlsx")
    problem = place(read_snapshot(book), xlcicf.find_problem(book))
    f, value = problem.function(), recalculation(book, problem)
    v = f.start * (1 + np.random.default_rng(0).uniform(-0.01, 0.01, len(f.start)))
    assert value(v) == pytest.approx(f.value(v), rel=1e-12)
