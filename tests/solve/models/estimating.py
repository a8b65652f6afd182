"""Curves and likelihoods that people fit in workbooks, with the estimates and their errors from elsewhere."""

from collections.abc import Callable
from functools import cache

import numpy as np
from scipy.optimize import least_squares, linprog, minimize

from tests.solve.models.model import Answer, Cells, Model, rows, worst
from xlcicf.solve import Constraint, Problem


def standard_errors(jacobian: np.ndarray, squares: float) -> np.ndarray:
    """Of least squares' parameters, by QR of the Jacobian (n, p) with its columns scaled to 1."""
    n, p = jacobian.shape
    scale = np.linalg.norm(jacobian, axis=0)
    inverse = np.linalg.inv(np.linalg.qr(jacobian / scale, mode="r"))
    return np.sqrt(squares / (n - p)) * np.linalg.norm(inverse, axis=1) / scale


# --- a likelihood


def logistic() -> Model:
    """Who renews a contract, by age and visits: the log-likelihood, row by row, at its highest."""
    draw = np.random.default_rng(5)
    n = 80
    age, visits = draw.integers(18, 75, n).astype(float), draw.poisson(4, n).astype(float)
    x = np.column_stack([np.ones(n), age, visits])
    y = (draw.uniform(size=n) < 1 / (1 + np.exp(-(x @ [-2.2, 0.02, 0.35])))).astype(float)

    def cells() -> Cells:
        people = [
            (
                *x[i, 1:], int(y[i]), f"=$B$4+$B$5*A{r}+$B$6*B{r}", f"=1/(1+EXP(-D{r}))",
                f"=C{r}*LN(E{r})+(1-C{r})*LN(1-E{r})",
            )
            for i, r in enumerate(range(10, n + 10))
        ]  # fmt: skip
        return (
            rows("Renewals!A1", [("Log-likelihood", f"=SUM(F10:F{n + 9})")])
            | rows("Renewals!A3", [("Coefficient", "Value"), ("Constant", 0), ("Age", 0), ("Visits", 0)])
            | rows(
                "Renewals!A9", [("Age", "Visits", "Renewed", "Score", "Chance", "Log-likelihood"), *people]
            )
        )

    def likelihood(b: np.ndarray) -> float:
        score = x @ b
        return float(y @ score - np.logaddexp(0, score).sum())

    def answer() -> Answer:
        """Newton's method; the errors from the information at its end."""
        b = np.zeros(3)
        for _ in range(30):
            chance = 1 / (1 + np.exp(-(x @ b)))
            information = x.T @ (x * (chance * (1 - chance))[:, None])
            b = b + np.linalg.solve(information, x.T @ (y - chance))
        return Answer(likelihood(b), b, np.sqrt(np.diag(np.linalg.inv(information))))

    return Model(
        name="logistic likelihood",
        cells=cells,
        problem=Problem("Renewals!B1", "Renewals!B4:B6", "max"),
        objective=likelihood,
        violation=lambda b: 0.0,
        answer=answer,
    )


# --- least squares


def holt_winters() -> Model:
    """Forty-eight months smoothed by Holt and Winters' method, with seasons that multiply and grow."""
    draw = np.random.default_rng(0)
    month = np.arange(48)
    summer = np.sin(2 * np.pi * (month - 2) / 12) * np.linspace(1, 1.6, 48)
    season = 1 + 0.25 * summer + 0.08 * np.cos(4 * np.pi * month / 12)
    drift = np.cumsum(draw.normal(1.5, 6, 48))
    y = ((220 + drift) * season * draw.normal(1, 0.03, 48)).round()
    first = 8  # the row of the first month

    def cells() -> Cells:
        table: list[tuple] = []
        for t, r in enumerate(range(first, first + 48)):
            if t < 12:
                level = f"=AVERAGE(B{first}:B{r})" if t == 11 else None
                trend = f"=(AVERAGE(B{r + 1}:B{r + 12})-AVERAGE(B{first}:B{r}))/12" if t == 11 else None
                table.append((t + 1, y[t], level, trend, f"=B{r}/C${first + 11}"))
            else:
                table.append(
                    (
                        t + 1, y[t],
                        f"=$B$3*B{r}/E{r - 12}+(1-$B$3)*(C{r - 1}+D{r - 1})",
                        f"=$B$4*(C{r}-C{r - 1})+(1-$B$4)*D{r - 1}",
                        f"=$B$5*B{r}/C{r}+(1-$B$5)*E{r - 12}",
                        f"=(C{r - 1}+D{r - 1})*E{r - 12}",
                    )
                )  # fmt: skip
        later = f"B{first + 12}:B{first + 47},F{first + 12}:F{first + 47}"
        return (
            rows("Sales!A1", [("Squared errors", f"=SUMXMY2({later})")])
            | rows("Sales!A3", [("Alpha", 0.3), ("Beta", 0.1), ("Gamma", 0.2)])
            | rows(f"Sales!A{first - 1}", [("Month", "Sold", "Level", "Trend", "Season", "Forecast"), *table])
        )

    def squares(v: np.ndarray):
        level, trend = y[:12].mean(), (y[12:24].mean() - y[:12].mean()) / 12
        seasons, total = list(y[:12] / level), 0.0
        for t in range(12, 48):
            total += (y[t] - (level + trend) * seasons[t - 12]) ** 2
            before = level
            level = v[0] * y[t] / seasons[t - 12] + (1 - v[0]) * (level + trend)
            trend = v[1] * (level - before) + (1 - v[1]) * trend
            seasons.append(v[2] * y[t] / level + (1 - v[2]) * seasons[t - 12])
        return total

    return Model(
        name="Holt-Winters",
        cells=cells,
        problem=Problem(
            "Sales!B1",
            "Sales!B3:B5",
            constraints=(Constraint("Sales!B3:B5", ">=", 0.0), Constraint("Sales!B3:B5", "<=", 1.0)),
        ),
        objective=lambda v: float(squares(v)),
        violation=lambda v: worst(-v, v - 1),
        answer=cache(lambda: lowest_in_unit_box(squares, 3)),
    )


def lowest_in_unit_box(function: Callable, n: int) -> Answer:
    """L-BFGS-B from many starts, with derivatives that are exact to rounding (complex steps)."""

    def slopes(v: np.ndarray) -> np.ndarray:
        return np.array([function(v + 1e-30j * unit).imag / 1e-30 for unit in np.eye(n)])

    starts = np.random.default_rng(7).uniform(0, 1, (20, n))
    runs = [
        minimize(
            function, start, jac=slopes, method="L-BFGS-B", bounds=[(0, 1)] * n,
            options={"ftol": 1e-16, "gtol": 1e-12},
        )
        for start in starts
    ]  # fmt: skip
    best = min(runs, key=lambda run: run.fun)
    return Answer(float(best.fun), best.x)


def dose_response() -> Model:
    """Four parameters, of which the dose of half effect is about 1e-7 beside a top of about 100."""
    draw = np.random.default_rng(8)
    dose = np.repeat(10.0 ** np.arange(-9, -4.75, 0.5), 2)

    def curve(b: np.ndarray) -> np.ndarray:
        return b[0] + (b[1] - b[0]) / (1 + (b[2] / dose) ** b[3])

    y = (curve(np.array([3.0, 98.0, 2.1e-7, 1.3])) + draw.normal(0, 0.8, len(dose))).round(2)
    last = len(dose) + 9

    def cells() -> Cells:
        table = [
            (dose[i], y[i], f"=$B$3+($B$4-$B$3)/(1+($B$5/A{r})^$B$6)", f"=B{r}-C{r}")
            for i, r in enumerate(range(10, last + 1))
        ]
        return (
            rows("Assay!A1", [("Squared residuals", f"=SUMSQ(D10:D{last})")])
            | rows("Assay!A3", [("Bottom", 0), ("Top", 80), ("EC50", 1e-6), ("Slope", 1)])
            | rows("Assay!A9", [("Dose", "Effect", "Model", "Residual"), *table])
        )

    def in_logarithms(b: np.ndarray) -> np.ndarray:
        return curve(np.array([b[0], b[1], np.exp(b[2]), b[3]])) - y

    def slopes(b: np.ndarray) -> np.ndarray:
        """By bottom, top, the logarithm of EC50, slope: (n, 4)."""
        ratio = np.exp(b[3] * (b[2] - np.log(dose)))
        share = 1 / (1 + ratio)
        steep = -(b[1] - b[0]) * ratio * share**2
        return np.column_stack([1 - share, share, steep * b[3], steep * (b[2] - np.log(dose))])

    def answer() -> Answer:
        """Least squares in the logarithm of the dose."""
        found = least_squares(
            in_logarithms,
            [0, 100, np.log(1e-7), 1],
            slopes,
            x_scale="jac",
            ftol=1e-15,
            xtol=1e-15,
            gtol=1e-15,
        )
        b = found.x
        for _ in range(5):  # Gauss and Newton's steps to the last digits
            b = b - np.linalg.lstsq(slopes(b), in_logarithms(b))[0]
        values = np.array([b[0], b[1], np.exp(b[2]), b[3]])
        squares = float(np.sum(in_logarithms(b) ** 2))
        errors = standard_errors(slopes(b), squares) * [1, 1, values[2], 1]
        return Answer(squares, values, errors)

    return Model(
        name="dose response",
        cells=cells,
        problem=Problem("Assay!B1", "Assay!B3:B6"),
        objective=lambda b: float(np.sum((curve(b) - y) ** 2)),
        violation=lambda b: 0.0,
        answer=answer,
    )


def trend(bends: float) -> Model:
    """A parabola through calendar years, 2001 to 2024, that must not bend downwards; the sales bend by so much."""
    years = np.arange(2001.0, 2025)
    t = years - years.mean()
    y = (400 + 9 * t + bends * t**2 + np.random.default_rng(9).normal(0, 6, len(t))).round(1)
    last = len(t) + 9

    def cells() -> Cells:
        table = [
            (int(years[i]), y[i], f"=$B$3+$B$4*A{r}+$B$5*A{r}^2", f"=(B{r}-C{r})^2")
            for i, r in enumerate(range(10, last + 1))
        ]
        return (
            rows("Trend!A1", [("Squared errors", f"=SUM(D10:D{last})")])
            | rows("Trend!A3", [("Constant", 0), ("A year", 0), ("A year squared", 0)])
            | rows("Trend!A9", [("Year", "Sold", "Trend", "Squared error"), *table])
        )

    def answer() -> Answer:
        """Around the middle year, where the columns hardly depend on one another; a straight line where the
        parabola would bend downwards."""
        columns = np.column_stack([np.ones(len(t)), t, t**2])
        fit = np.linalg.lstsq(columns, y)[0]
        if fit[2] < 0:
            fit = np.append(np.linalg.lstsq(columns[:, :2], y)[0], 0)
        a, b, c = fit
        middle = years.mean()
        values = np.array([a - b * middle + c * middle**2, b - 2 * c * middle, c])
        return Answer(float(np.sum((columns @ fit - y) ** 2)), values)

    return Model(
        name="trend held straight" if bends < 0 else "convex trend",
        cells=cells,
        problem=Problem("Trend!B1", "Trend!B3:B5", constraints=(Constraint("Trend!B5", ">=", 0.0),)),
        objective=lambda v: float(np.sum((v[0] + v[1] * years + v[2] * years**2 - y) ** 2)),
        violation=lambda v: worst(-v[2]),
        answer=answer,
    )


# --- absolute errors


def absolute_errors(kind: str) -> Model:
    """A parabola through fifteen points: "largest" error at its least, as a cell that is at least each error, as
    the "largest of cells", or the "sum" of absolute errors."""
    x = np.linspace(0, 7, 15)
    y = (2 + 1.5 * x - 0.3 * x**2 + np.random.default_rng(10).laplace(0, 0.5, 15)).round(2)
    columns = np.column_stack([np.ones(15), x, x**2])
    has_cell = kind == "largest"

    def cells() -> Cells:
        table = [
            (x[i], y[i], f"=$B$3+$B$4*A{r}+$B$5*A{r}^2", f"=B{r}-C{r}", f"=C{r}-B{r}", f"=ABS(D{r})")
            for i, r in enumerate(range(10, 25))
        ]
        objective = {"largest": "=B6", "largest of cells": "=MAX(F10:F24)", "sum": "=SUM(F10:F24)"}[kind]
        return (
            rows("Fit!A1", [("Error", objective)])
            | rows("Fit!A3", [("Constant", 0), ("By x", 0), ("By x squared", 0)])
            | (rows("Fit!A6", [("Largest error", 10)]) if has_cell else {})
            | rows("Fit!A9", [("x", "y", "Curve", "Above", "Below", "Error"), *table])
        )

    def answer() -> Answer:
        """A linear program in the curve's parameters and one error, or an error a point."""
        errors = np.eye(15) if kind == "sum" else np.ones((15, 1))
        k = errors.shape[1]
        found = linprog(
            [0, 0, 0, *[1] * k], np.block([[columns, -errors], [-columns, -errors]]), np.append(y, -y),
            bounds=[(None, None)] * 3 + [(0, None)] * k,
        )  # fmt: skip
        return Answer(float(found.fun), found.x[: 4 if has_cell else 3])

    def objective(v: np.ndarray) -> float:
        error = abs(y - columns @ v[:3])
        return {"largest": lambda: v[3], "largest of cells": error.max, "sum": error.sum}[kind]()

    rows_of_z = (Constraint("Fit!D10:E24", "<=", "Fit!B6"),)
    return Model(
        name={"largest": "minimax with a cell", "largest of cells": "minimax", "sum": "least absolute errors"}[kind],
        cells=cells,
        problem=Problem(
            "Fit!B6" if has_cell else "Fit!B1",
            "Fit!B3:B6" if has_cell else "Fit!B3:B5",
            constraints=rows_of_z if has_cell else (),
        ),
        objective=objective,
        violation=lambda v: worst(abs(y - columns @ v[:3]) - v[3]) if has_cell else 0.0,
        answer=answer,
    )  # fmt: skip


ESTIMATING = [
    logistic(), holt_winters(), dose_response(), trend(0.4), trend(-0.4), absolute_errors("largest"),
    absolute_errors("largest of cells"), absolute_errors("sum"),
]  # fmt: skip
