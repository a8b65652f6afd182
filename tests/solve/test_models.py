"""The workbooks of `tests.solve.models` mean what their statements in numpy say, and these have the optima that
are claimed."""

import numpy as np
import pytest

import xlcicf
from tests.solve.models.everyday import EVERYDAY
from tests.solve.models.hock_schittkowski import PUBLISHED, SHEETS, found_by_scipy
from tests.solve.models.model import Model, apart, worst
from tests.solve.models.nist import POSITIVE, REGRESSIONS
from xlcicf.solve import Problem

MODELS = [*REGRESSIONS, *POSITIVE[::2], *SHEETS, *EVERYDAY]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_models_mean_what_they_say(model, tmp_path):
    """At the start, at the optimum and between them: the objective's cell, and Solver's rows as cells show them."""
    book = xlcicf.open_book(model.save(tmp_path / "book.xlsx"))
    problem = xlcicf.find_problem(book)
    assert problem == model.problem
    start = np.array(shown(book, problem.changing))
    for values in [start, *between(model, start), *map(np.array, model.others)]:
        xlcicf.write_back(book, problem, values)
        assert shown(book, problem.objective) == pytest.approx([model.objective(values)], rel=1e-9, abs=1e-12)
        assert shown_violation(book, problem) == pytest.approx(model.violation(values), rel=1e-9, abs=1e-9)


def between(model: Model, start: np.ndarray) -> list[np.ndarray]:
    """Values on the way to the optimum; whole where whole numbers are asked for."""
    if model.answer is None:
        return []
    best = model.answer().values
    assert best.shape == start.shape
    if model.is_whole:
        return [best]
    return [best, *(start + share * (best - start) for share in (0.3, 0.9))]


@pytest.mark.parametrize("model", [m for m in MODELS if m.answer], ids=lambda model: model.name)
def test_the_optimum_keeps_every_constraint_and_is_what_it_is_said_to_be(model):
    answer = model.answer()
    assert model.violation(answer.values) <= 1e-8
    assert model.objective(answer.values) == pytest.approx(answer.objective, rel=1e-8, abs=1e-9)


@pytest.mark.parametrize("problem", PUBLISHED, ids=lambda p: str(p.number))
def test_the_published_optimum_is_the_best_that_many_starts_find(problem):
    assert found_by_scipy(problem.number).objective == pytest.approx(float(problem.best), rel=1e-9, abs=1e-10)


# --- what the cells show


def shown(book, address: str) -> list[float]:
    """The numbers in areas, row by row."""
    found = []
    for area in address.split(","):
        sheet, _, cells = area.rpartition("!")
        values = book.sheets[sheet].range(cells).options(ndim=2).value
        found += [value for row in values for value in row]
    return found


def shown_violation(book, problem: Problem) -> float:
    """The most by which the cells break Solver's rows; a changing cell that no ">=" limits must not be negative
    where the tick says so."""
    gaps: list = [broken(book, constraint) for constraint in problem.constraints]
    if problem.non_negative:
        limited = {c.cells for c in problem.constraints if c.relation == ">="}
        gaps += [-np.array(shown(book, area)) for area in problem.changing.split(",") if area not in limited]
    return worst(0.0, *gaps)


def broken(book, constraint) -> np.ndarray:
    left = np.array(shown(book, constraint.cells))
    if constraint.relation == "int":
        return np.array(apart(left))
    if constraint.relation == "bin":
        return np.minimum(abs(left), abs(left - 1))
    if constraint.relation == "dif":
        return abs(np.sort(left) - np.arange(1, len(left) + 1))
    right = np.array(shown(book, constraint.bound) if isinstance(constraint.bound, str) else constraint.bound)
    return {"<=": left - right, ">=": right - left, "=": abs(left - right)}[constraint.relation]
