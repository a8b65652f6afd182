"""Everyday models solved: each beside an optimum that was found without the workbook; and those without an answer
end in true words, with their files as they were."""

import numpy as np
import pytest

import xlcicf
from tests.solve.models.corners import trades
from tests.solve.models.everyday import ANSWERED, NO_ANSWER
from tests.solve.models.planning import LARGE, transport, transport_figures
from tests.solve.models.trained import (
    assert_optimal,
    assert_solved,
    by_command_line,
    by_library,
    digits,
    parameters,
)

by_name = dict(ids=lambda model: model.name)


@pytest.mark.parametrize("model", ANSWERED, **by_name)
def test_the_command_line_finds_the_optimum(model, tmp_path, capsys):
    answer = model.answer()
    path = model.save(tmp_path / "book.xlsx")
    code, told = by_command_line(capsys, path, *model.arguments)
    assert_solved(model, answer, code, told, path)
    if answer.errors is not None:
        _, _, errors = parameters(told)
        assert digits(errors, answer.errors).min() >= 6


def test_the_price_of_a_constraint_beside_corners_is_the_slope_of_what_is_traded(tmp_path):
    book = xlcicf.open_book(trades().save(tmp_path / "book.xlsx"))
    f = xlcicf.differentiate(book, xlcicf.find_problem(book))
    *_, last = xlcicf.train(f)
    held = np.array([0.3, 0.2, 0.2, 0.1, 0.1, 0.1, 0, 0])
    is_traded = (abs(last.best_values - held) > 1e-9) & (last.best_values > 1e-9)
    slopes = f.gradient(last.best_values)[is_traded]
    assert is_traded.sum() >= 2
    assert slopes == pytest.approx(np.full(slopes.size, last.multipliers[0]), rel=1e-9)


@pytest.mark.parametrize("model", [m for m in ANSWERED if not m.arguments and m not in LARGE], **by_name)
def test_the_library_finds_the_optimum(model, tmp_path):
    values = by_library(model.save(tmp_path / "book.xlsx"))
    assert_optimal(model, model.answer(), values)


@pytest.mark.parametrize("model", NO_ANSWER, **by_name)
def test_a_run_without_an_answer_says_so_and_touches_no_file(model, tmp_path, capsys):
    path = model.save(tmp_path / "book.xlsx")
    before = path.read_bytes()
    code, told = by_command_line(capsys, path)
    assert code == 1
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]
    assert told.get("status") in model.statuses, told
    lacking = [text for text in model.named if text not in told["reason"].replace(",", "")]
    assert lacking == [], told["reason"]


@pytest.mark.parametrize("size", [(20, 30), (60, 100)], ids=lambda size: "{} x {}".format(*size))
def test_the_constraints_of_a_transport_are_sums_of_rows_and_columns(size, tmp_path):
    """Their slopes: 1 for each cell of a plant's row, then of a customer's column."""
    m, n = size
    _, supply, wanted = transport_figures(m, n)
    book = xlcicf.open_book(transport(m, n).save(tmp_path / "book.xlsx"))
    f = xlcicf.differentiate(book, xlcicf.find_problem(book))
    sums = np.vstack([np.kron(np.eye(m), np.ones(n)), np.kron(np.ones(m), np.eye(n))])
    v = np.random.default_rng(0).uniform(0, 9, m * n)
    assert (f.jacobian(v) == sums).all()
    np.testing.assert_allclose(f.constraint_values(v), sums @ v - np.append(supply, wanted), rtol=1e-12)
