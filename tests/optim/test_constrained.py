"""Constraints on formulas, with functions written straight in torch: each method beside closed forms."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from tests.optim.functions import Function
from xlcicf.optim import train
from xlcicf.optim.choosing import choose
from xlcicf.optim.methods import interior_point
from xlcicf.optim.optimality import Optimality


@dataclass(frozen=True)
class Row:
    relation: str
    text: str


@dataclass
class Constrained(Function):
    """`rows` are (function of the values, relation, right side)."""

    rows: tuple = ()

    def __post_init__(self):
        super().__post_init__()
        self.constraints = [Row(relation, f"row {i}") for i, (_, relation, _) in enumerate(self.rows)]

    def constraint_sides(self, v):
        left = [row[0](torch.from_numpy(v)).item() for row in self.rows]
        return np.array(left), np.array([row[2] for row in self.rows], dtype=float)

    def jacobian(self, v):
        return np.array(
            [torch.autograd.functional.jacobian(row[0], torch.from_numpy(v)).numpy() for row in self.rows]
        )

    def hessian(self, v, weights):
        def lagrangian(x):
            return weights[0] * self.loss(x) + sum(
                w * row[0](x) for w, row in zip(weights[1:], self.rows, strict=True)
            )

        return torch.autograd.functional.hessian(lagrangian, torch.from_numpy(v)).numpy()


def water_filling(n):
    """Raise the sum of LN(c + x) with a sum of x of 1, none below 0: x = max(0, level - c)."""
    c = 0.5 + np.random.default_rng(1).random(n)
    low, high = 0.0, 3.0
    for _ in range(200):
        level = (low + high) / 2
        low, high = (level, high) if np.maximum(0, level - c).sum() < 1 else (low, level)
    f = Constrained(
        lambda v: torch.log(torch.from_numpy(c) + v).sum(), np.full(n, 1 / n), "max", lower=np.zeros(n),
        rows=((torch.sum, "=", 1.0),),
    )  # fmt: skip
    return f, np.maximum(0, level - c), 1 / level


INSIDE = pytest.param(
    "interior-point",
    marks=pytest.mark.skipif(
        not interior_point.is_installed(), reason="needs POUNCE: pip install 'xlcicf[interior-point]'"
    ),
)
METHODS = ["slsqp", "lagrangian", INSIDE]
SIZES = [
    ("slsqp", 20),
    ("lagrangian", 20),
    ("lagrangian", 400),
    *(pytest.param("interior-point", n, marks=INSIDE.marks) for n in (20, 200, 400)),
]


@pytest.mark.parametrize(("method", "n"), SIZES)
def test_the_optimum_its_multiplier_and_its_status(method, n):
    f, expected, price = water_filling(n)
    *_, last = train(f, method)
    assert last.status == "found", last.reason
    assert last.best_values == pytest.approx(expected, abs=1e-6)
    assert last.best_values.sum() == pytest.approx(1, abs=1e-8)
    assert last.multipliers == pytest.approx([price], rel=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_a_circle_and_a_line_are_kept_to(method):
    f = Constrained(
        lambda v: -v[0] - 2 * v[1], [0.1, 0.2],
        rows=((lambda v: v @ v, "<=", 5.0), (lambda v: v[0] - v[1], ">=", 0.0)),
    )  # fmt: skip
    *_, last = train(f, method)
    assert last.status == "found", last.reason
    assert last.best_values == pytest.approx([np.sqrt(2.5)] * 2, abs=1e-7)


@pytest.mark.parametrize("method", METHODS)
def test_constraints_that_cannot_hold_are_named(method):
    rows = ((lambda v: v @ v, "<=", 1.0), (lambda v: v[0] + v[1], ">=", 3.0))
    *_, last = train(Constrained(lambda v: v[0], [0.0, 0.0], rows=rows), method)
    assert last.status == "infeasible" and "row" in last.reason


def stiff(n, m):
    """A bowl whose bends lie 1 to 10,000, in the m-fold intersection of bands and balls around 0."""
    draw = np.random.default_rng(0)
    middle, ways = draw.normal(size=n), draw.normal(size=(m, n)) / np.sqrt(n)
    bends, c = torch.from_numpy(10.0 ** draw.uniform(-2, 2, n)), torch.from_numpy(middle)
    sizes = 0.02 * (1 + np.arange(m) % 3)
    f = Constrained(
        lambda v: (bends * (v - c) ** 2).sum() + 0.1 * (v[1:] * v[:-1]).sum() + torch.exp(0.1 * v).sum(),
        np.zeros(n), rows=tuple((None, "<=", size) for size in sizes),
    )  # fmt: skip
    f.constraint_sides = lambda v: ((ways @ v) ** 2 + 0.01 * v @ v, sizes)
    f.jacobian = lambda v: 2 * (ways @ v)[:, None] * ways + 0.02 * v[None]
    return f


@pytest.mark.parametrize("method", [INSIDE])
def test_many_stiff_values_within_many_constraints_are_solved_from_inside(method):
    f = stiff(400, 100)
    name, why = choose(f)
    assert (name, why) == ("interior-point", "constraints on formulas, and many values")
    *_, last = train(f, method)
    here = Optimality(f, last.best_values, last.best_loss)
    assert last.status == "found" and here.violation <= 1e-8 and here.active.sum() > 10
    slopes = f.value_and_gradient(last.best_values)[1]
    assert np.abs(here.reduced).max() <= 1e-5 * np.abs(slopes).max() and (here.multipliers >= 0).all()


def test_without_pounce_auto_takes_the_other_method_and_its_name_says_how_to_get_it(monkeypatch):
    from xlcicf.errors import TrainingError

    monkeypatch.setattr(interior_point, "PACKAGE", "no-such-package")
    f, _, _ = water_filling(200)
    assert choose(f)[0] == "lagrangian"
    with pytest.raises(TrainingError, match=r"pip install 'xlcicf\[interior-point\]'"):
        list(train(f, "interior-point"))


def test_a_method_that_cannot_keep_to_constraints_is_refused():
    from xlcicf.errors import TrainingError

    f, _, _ = water_filling(3)
    with pytest.raises(TrainingError, match="lbfgs cannot keep to constraints on formulas; choose auto"):
        train(f, "lbfgs")


@pytest.mark.parametrize("method", ["least-squares", "slsqp", "lbfgs", "auto"])
@pytest.mark.parametrize("start", [0.5, 0.1, -0.3])
def test_a_value_that_rounding_leaves_beside_its_bound_is_put_onto_it(method, start, tmp_path):
    """The best line through data without slopes below 0, beside scipy's active-set method."""
    import openpyxl
    from scipy.optimize import nnls

    import xlcicf
    from xlcicf.solve import Problem

    draw = np.random.default_rng(7)
    x = draw.integers(0, 2, (60, 6)).astype(float)
    y = x @ [0.5, -0.4, 0.0, 0.3, -0.2, 0.1] + draw.normal(0, 0.2, 60)
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "S"
    sheet.append([start] * 6)
    for i, (row, target) in enumerate(zip(x.tolist(), y.tolist(), strict=True), start=2):
        sheet.append([*row, target, f"=SUMPRODUCT(A{i}:F{i},A$1:F$1)"])
    sheet["J1"] = "=SUMXMY2(G2:G61,H2:H61)"
    book.save(tmp_path / "line.xlsx")
    f = xlcicf.differentiate(
        xlcicf.open_book(tmp_path / "line.xlsx"), Problem("S!J1", "S!A1:F1", non_negative=True)
    )
    best, rest = nnls(x, y)
    *_, last = train(f, optimizer=method)
    assert (last.best_values[best == 0] == 0).all() and (best == 0).sum() >= 2
    assert last.best_loss == pytest.approx(rest**2, rel=1e-9)


def test_a_small_number_that_counts_is_not_taken_for_rounding():
    f = Function(lambda v: (1e15 * v[0] - 2) ** 2 + v[1] ** 2, np.array([1e-15, 1.0]), lower=np.zeros(2))
    *_, last = train(f, optimizer="lbfgs", steps=500)
    assert last.best_values[0] == pytest.approx(2e-15)


def test_a_slope_that_bends_nowhere_is_no_optimum():
    f = Function(lambda v: torch.abs(v[0]) + 0.1 * torch.abs(v[1]), np.array([0.0, 5.0]))
    assert not Optimality(f, f.start, 1.0).is_optimal
    assert Optimality(f, np.zeros(2), 1.0).is_optimal
