"""Inverses and determinants: errors, singular matrices, gradients to the second order."""

import numpy as np
import pytest
import torch

from tests.formula.sheets import computed, function
from xlcicf.errors import FormulaError
from xlcicf.formula import inverses
from xlcicf.formula import tape as t
from xlcicf.formula.snapshot import ExcelError

NUM, VALUE = ExcelError("#NUM!"), ExcelError("#VALUE!")
CORNERS = [
    ("SUM(MINVERSE({1,2;2,4}))", NUM),
    ("SUM(MINVERSE({0}))", NUM),
    ("SUM(MINVERSE({1,2,3;4,5,6}))", VALUE),
    ("MDETERM({1,2,3;4,5,6})", VALUE),
    ("MDETERM(A1:B2)", VALUE),
    ('MDETERM({1,"2";3,4})', VALUE),
    ("MDETERM({1,TRUE;3,4})", VALUE),
    ("MDETERM({1,2;2,4})", 0.0),
    ("MDETERM(7)", 7.0),
    ("SUM(MUNIT(0))", VALUE),
    ("SUM(MUNIT(2))", 2.0),
    ("SUM(MUNIT(NA()))", ExcelError("#N/A")),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "value"), CORNERS, ids=[f for f, _ in CORNERS])
def test_a_corner_is_as_excel_has_it(formula, value):
    assert computed({"A1": 1.0, "C1": "=" + formula}, "C1") == value


def test_a_larger_unit_matrix_than_is_made_is_no_error_of_excel():
    with pytest.raises(FormulaError, match="MUNIT makes matrices of up to 1,000 rows"):
        computed({"C1": "=SUM(MUNIT(1001))"}, "C1")


def of_cells(matrix: np.ndarray) -> dict[str, float]:
    return {f"{'ABCD'[j]}{i + 1}": float(matrix[i, j]) for i, j in np.ndindex(matrix.shape)}


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_values_and_gradients_are_the_closed_forms(n):
    matrix = np.random.default_rng(n).normal(size=(n, n)) + np.eye(n)
    cells, corner = of_cells(matrix), f"A1:{'ABCD'[n - 1]}{n}"
    inverse = np.linalg.inv(matrix)
    f = function(cells | {"F9": f"=SUM(MINVERSE({corner}))"}, "F9", corner)
    assert f.value(f.start) == pytest.approx(inverse.sum(), rel=1e-12)
    ones = np.ones((n, n))
    assert f.gradient(f.start) == pytest.approx((-inverse.T @ ones @ inverse.T).ravel(), rel=1e-10)
    f = function(cells | {"F9": f"=MDETERM({corner})"}, "F9", corner)
    assert f.value(f.start) == pytest.approx(np.linalg.det(matrix), rel=1e-12)
    assert f.gradient(f.start) == pytest.approx((np.linalg.det(matrix) * inverse.T).ravel(), rel=1e-10)


def test_a_singular_matrix_has_a_determinant_with_a_gradient_and_no_inverse():
    cells = of_cells(np.array([[1.0, 2.0], [2.0, 4.0]]))
    f = function(cells | {"F9": "=MDETERM(A1:B2)"}, "F9", "A1:B2")
    assert f.gradient(f.start) == pytest.approx([4.0, -2.0, -2.0, 1.0], rel=1e-14)
    g = function(cells | {"B2": 5.0, "F9": "=IFERROR(SUM(MINVERSE(A1:B2)),A1)"}, "F9", "A1:B2")
    assert g.value([1.0, 2.0, 2.0, 4.0]) == 1.0
    assert g.gradient([1.0, 2.0, 2.0, 4.0]).tolist() == [1.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("of", [inverses.inverse, inverses.determinant])
def test_derivatives_of_derivatives_are_recorded(of):
    start = torch.tensor([[[[2.0, 0.3], [-0.4, 1.5]]]], dtype=t.DTYPE)
    plain = torch.linalg.inv if of is inverses.inverse else torch.linalg.det
    tape = t.Tape(start.reshape(-1))
    out = t.total(of(t.reshape(tape.input, shape=(1, 1, 2, 2))), dims=(2, 3))
    slope = tape.gradient(t.reshape(out, shape=()))
    of_slopes = tape.pulled_back([slope], [torch.ones(4, dtype=t.DTYPE)], [tape.input])[0]
    hessian = torch.autograd.functional.hessian(lambda v: plain(v.reshape(2, 2)).sum(), start.reshape(-1))
    torch.testing.assert_close(tape.program([of_slopes])(start.reshape(-1))[0], hessian.sum(0))
