"""Hock and Schittkowski's problems from their published starts: the optimum to 1e-6, constraints within 1e-8."""

from dataclasses import replace

import numpy as np
import pytest

import xlcicf
from tests.solve.models.hock_schittkowski import PUBLISHED, SHEETS, slopes
from tests.solve.models.trained import assert_optimal, assert_solved, by_command_line, by_library

pairs = list(zip(PUBLISHED, SHEETS, strict=True))
by_problem = pytest.mark.parametrize(("published", "model"), pairs, ids=[model.name for model in SHEETS])


def answer_of(published, model):
    """With the optimum as it was published."""
    return replace(model.answer(), objective=float(published.best))


@by_problem
def test_the_command_line_finds_the_published_optimum(published, model, tmp_path, capsys):
    path = model.save(tmp_path / "book.xlsx")
    code, told = by_command_line(capsys, path, *model.arguments)
    assert_solved(model, answer_of(published, model), code, told, path)


@by_problem
def test_the_library_finds_the_published_optimum(published, model, tmp_path):
    restarts = int(published.arguments[1]) if published.arguments else 1
    values = by_library(model.save(tmp_path / "book.xlsx"), restarts=restarts)
    assert_optimal(model, answer_of(published, model), values)


@by_problem
def test_constraints_and_their_slopes_are_those_of_the_statement(published, model, tmp_path):
    """Left minus right sides, in the order of Solver's rows; bounds on changing cells are none of them."""
    book = xlcicf.open_book(model.save(tmp_path / "book.xlsx"))
    f = xlcicf.differentiate(book, xlcicf.find_problem(book))
    right = np.array([number for *_, number in published.constraints])
    for v in (np.array(published.start, float), model.answer().values):
        left = np.array(published.left(v), float)
        np.testing.assert_allclose(f.constraint_values(v), left - right, rtol=1e-12, atol=1e-12)
        expected = [slopes(lambda z, i=i: published.left(z)[i], v) for i in range(len(right))]
        found = f.jacobian(v)
        assert found.shape == (len(right), len(v))
        np.testing.assert_allclose(found, np.reshape(expected, found.shape), rtol=1e-12, atol=1e-12)
