"""Quadratics with corners that are valleys: a regression that drops columns, a support vector machine, and a
portfolio that costs something to get to."""

from functools import cache

import numpy as np
from scipy.optimize import minimize

from tests.solve.models.model import Answer, Cells, Model, rows, worst
from xlcicf.solve import Constraint, Problem


def lasso() -> Model:
    """Half the mean squared error of 60 rows by 8 columns, and a tenth of each coefficient's size."""
    draw = np.random.default_rng(21)
    x = draw.normal(size=(60, 8)).round(3)
    y = (x @ [2.0, -1.5, 0, 0, 0.8, 0, 0, 0] + draw.normal(0, 0.6, 60)).round(3)

    def cells() -> Cells:
        table = [
            (*x[i].tolist(), y[i], f"=SUMPRODUCT(A{r}:H{r},$A$5:$H$5)", f"=I{r}-J{r}")
            for i, r in enumerate(range(8, 68))
        ]
        return (
            rows("Fit!A1", [("Loss", "=SUMSQ(K8:K67)/2/ROWS(K8:K67)+B2*SUMPRODUCT(ABS(A5:H5))")])
            | rows("Fit!A2", [("Weight", 0.1)])
            | rows("Fit!A4", [[f"By x{j}" for j in range(1, 9)], [0] * 8])
            | rows("Fit!A7", [(*(f"x{j}" for j in range(1, 9)), "y", "Line", "Error"), *table])
        )

    def objective(v: np.ndarray) -> float:
        return float(np.sum((y - x @ v) ** 2) / 120 + 0.1 * np.sum(abs(v)))

    def answer() -> Answer:
        """One coefficient after the other, each at its own optimum; the conditions that prove it are asserted."""
        v, size = np.zeros(8), np.mean(x**2, axis=0)
        for _ in range(2000):
            for j in range(8):
                pull = np.mean(x[:, j] * (y - x @ v)) + size[j] * v[j]
                v[j] = np.sign(pull) * max(abs(pull) - 0.1, 0) / size[j]
        slope = x.T @ (y - x @ v) / 60
        assert abs(slope[v != 0] - 0.1 * np.sign(v[v != 0])).max() < 1e-12 and abs(slope).max() <= 0.1 + 1e-12
        assert 2 <= np.count_nonzero(v) <= 6
        return Answer(objective(v), v)

    return Model(
        "lasso",
        cells,
        Problem("Fit!B1", "Fit!A5:H5"),
        objective,
        lambda v: 0.0,
        cache(answer),
        tolerance=1e-10,
    )


def machine() -> Model:
    """A support vector machine of 40 points, of which some lie on the wrong side."""
    draw = np.random.default_rng(22)
    x = draw.normal(size=(40, 2)).round(3)
    side = np.where(x @ [1.0, 0.5] + draw.normal(0, 0.6, 40) > 0, 1.0, -1.0)

    def cells() -> Cells:
        table = [
            (*x[i].tolist(), side[i], f"=MAX(0,1-C{r}*(A{r}*$B$3+B{r}*$B$4+$B$5))")
            for i, r in enumerate(range(8, 48))
        ]
        return (
            rows("Machine!A1", [("Loss", "=(B3^2+B4^2)/2+2*SUM(D8:D47)")])
            | rows("Machine!A3", [("Weight 1", 0), ("Weight 2", 0), ("Bias", 0)])
            | rows("Machine!A7", [("x1", "x2", "Side", "Hinge"), *table])
        )

    def objective(v: np.ndarray) -> float:
        return float((v[0] ** 2 + v[1] ** 2) / 2 + 2 * np.maximum(0, 1 - side * (x @ v[:2] + v[2])).sum())

    def answer() -> Answer:
        """The dual, of one multiplier a point; that both optima meet proves them."""
        signed = side[:, None] * x
        found = minimize(
            lambda a: ((a @ signed) ** 2).sum() / 2 - a.sum(),
            np.full(40, 0.1),
            jac=lambda a: signed @ (a @ signed) - 1,
            bounds=[(0, 2)] * 40,
            constraints={"type": "eq", "fun": lambda a: a @ side, "jac": lambda a: side},
            options={"ftol": 1e-15, "maxiter": 1000},
        )
        weights = found.x @ signed
        inside = (found.x > 1e-4) & (found.x < 2 - 1e-4)
        v = np.array([*weights, np.median(side[inside] - x[inside] @ weights)])
        assert 0 <= objective(v) + found.fun < 1e-6
        return Answer(objective(v), v)

    return Model(
        "support vector machine", cells, Problem("Machine!B1", "Machine!B3:B5"), objective, lambda v: 0.0,
        cache(answer), tolerance=1e-7,
    )  # fmt: skip


def trades() -> Model:
    """A portfolio of eight shares: what is expected less its risk, less what buying and selling costs."""
    draw = np.random.default_rng(23)
    loadings = draw.normal(0, 0.2, (8, 8))
    covariance, expected = (loadings @ loadings.T).round(6), draw.uniform(0.02, 0.2, 8).round(4)
    held = np.array([0.3, 0.2, 0.2, 0.1, 0.1, 0.1, 0, 0])

    def cells() -> Cells:
        table = [
            (held[i], held[i], expected[i], f"=ABS(B{r}-A{r})", f"=SUMPRODUCT(Risk!{c}1:{c}8,B$8:B$15)")
            for i, (c, r) in enumerate(zip("ABCDEFGH", range(8, 16), strict=True))
        ]
        return (
            rows(
                "Portfolio!A1",
                [("Worth", "=SUMPRODUCT(B8:B15,C8:C15)-2*SUMPRODUCT(B8:B15,E8:E15)-B2*SUM(D8:D15)")],
            )
            | rows("Portfolio!A2", [("Cost of a trade", 0.03), ("Sum", "=SUM(B8:B15)")])
            | rows("Portfolio!A7", [("Held", "Wanted", "Expected", "Traded", "Risk"), *table])
            | rows("Risk!A1", covariance.tolist())
        )

    def objective(v: np.ndarray) -> float:
        return float(expected @ v - 2 * v @ covariance @ v - 0.03 * abs(v - held).sum())

    def answer() -> Answer:
        """Purchases and sales as values of their own."""

        def worth(z: np.ndarray) -> float:
            v = held + z[:8] - z[8:]
            return -(expected @ v - 2 * v @ covariance @ v - 0.03 * z.sum())

        found = minimize(
            worth,
            np.zeros(16),
            bounds=[(0, None)] * 16,
            constraints=[
                {"type": "eq", "fun": lambda z: z[:8].sum() - z[8:].sum()},
                {"type": "ineq", "fun": lambda z: held + z[:8] - z[8:]},
            ],
            options={"ftol": 1e-15, "maxiter": 500},
        )
        v = np.maximum(held + found.x[:8] - found.x[8:], 0)
        return Answer(objective(v), v)

    return Model(
        "portfolio with costs of trading", cells,
        Problem(
            "Portfolio!B1", "Portfolio!B8:B15", sense="max", non_negative=True,
            constraints=(Constraint("Portfolio!B3", "=", 1.0),),
        ),
        objective, lambda v: worst(-v, abs(v.sum() - 1)), cache(answer), tolerance=1e-7,
    )  # fmt: skip


CORNERS = [lasso(), machine(), trades()]
