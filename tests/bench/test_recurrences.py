"""Models whose rows read the rows above, trained through the sheet: seconds, and the answer beside scipy's.

The twin of each is the same model written by hand in numpy, minimised by scipy from the same start, or has an
answer in closed form.
"""

import time

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar
from scipy.signal import lfilter

from tests.bench.test_scale import sheet_of
from tests.formula.sheets import area
from xlcicf.formula import differentiate
from xlcicf.formula.address import column_letters
from xlcicf.optim import train

pytestmark = [pytest.mark.bench, pytest.mark.usefixtures("one_torch_thread")]


def trained(measured, name, cells, objective, changing, **settings):
    """The best step of L-BFGS-B, and in `measured` its seconds of the processor."""
    book = sheet_of(cells)
    began = time.process_time()
    f = differentiate(book, area(objective), [area(changing)], **settings)
    compiled = time.process_time()
    *_, step = train(f, steps=500)
    seconds = time.process_time() - compiled
    formulas = len(book.sheets["S"].formulas)
    measured(
        f"{name}: {formulas:,} formulas compiled, trained",
        f"{compiled - began:.2f} s, {seconds:.2f} s, {step.number} steps, {step.best_loss:.10g}",
    )
    return step


def filled(col: int, rows: range, text: str) -> dict:
    """{r} is the row, {p} the one above, {q} the one twelve above."""
    return {(r, col): text.format(r=r, p=r - 1, q=r - 12) for r in rows}


def column(col: int, first: int, values) -> dict:
    return {(first + i, col): float(x) for i, x in enumerate(values)}


def test_garch(measured):
    """Bar: 2,500 rows under 3 s, opening excluded."""
    n, rng = 2_500, np.random.default_rng(0)
    returns, variance = np.empty(n), 0.5
    for i in range(n):
        returns[i] = np.sqrt(variance) * rng.normal()
        variance = 0.05 + 0.1 * returns[i] ** 2 + 0.8 * variance
    last, first = n + 1, 0.4
    cells = {(1, 1): 0.1, (1, 2): 0.2, (1, 3): 0.6, (1, 4): f"=-SUM(C2:C{last})/{n}", (2, 2): first}
    cells |= column(1, 2, returns) | filled(2, range(3, last + 1), "=$A$1+$B$1*A{p}^2+$C$1*B{p}")
    cells |= filled(3, range(2, last + 1), "=-0.5*(LN(B{r})+A{r}^2/B{r})")
    bounds = {"lower": np.full(3, 1e-4), "upper": np.array([2.0, 0.9, 0.99])}
    step = trained(measured, "GARCH(1,1)", cells, "D1", "A1:C1", **bounds)

    def by_hand(v):
        innovations = np.concatenate([[first], v[0] + v[1] * returns[:-1] ** 2])
        variances = lfilter([1.0], [1.0, -v[2]], innovations)
        return 0.5 * (np.log(variances) + returns**2 / variances).mean()

    best = minimize(by_hand, [0.1, 0.2, 0.6], bounds=list(zip(bounds["lower"], bounds["upper"], strict=True)))
    assert step.best_loss <= best.fun + 1e-9
    assert by_hand(step.best_values) == pytest.approx(step.best_loss, rel=1e-12)


def test_smoothing_of_level_trend_and_season(measured):
    """Holt and Winters' additive smoothing, three parameters over 5,000 rows."""
    n, rng = 5_000, np.random.default_rng(1)
    y = 10 + 0.01 * np.arange(n) + 3 * np.sin(np.arange(n) * np.pi / 6) + rng.normal(size=n)
    top, last = 14, n + 1  # the first year starts level, trend and seasons
    cells = {(1, 1): 0.5, (1, 2): 0.1, (1, 3): 0.5, (1, 4): f"=SUM(E{top}:E{last})/{n - 12}"}
    cells |= column(1, 2, y) | {(13, 2): y[:12].mean(), (13, 3): 0.0} | column(4, 2, y[:12] - y[:12].mean())
    rows = range(top, last + 1)
    cells |= filled(2, rows, "=$A$1*(A{r}-D{q})+(1-$A$1)*(B{p}+C{p})")
    cells |= filled(3, rows, "=$B$1*(B{r}-B{p})+(1-$B$1)*C{p}")
    cells |= filled(4, rows, "=$C$1*(A{r}-B{r})+(1-$C$1)*D{q}")
    cells |= filled(5, rows, "=(A{r}-B{p}-C{p}-D{q})^2")
    bounds = {"lower": np.zeros(3), "upper": np.ones(3)}
    step = trained(measured, "Holt-Winters", cells, "D1", "A1:C1", **bounds)

    def by_hand(v):
        level, trend, seasons, total = y[:12].mean(), 0.0, list(y[:12] - y[:12].mean()), 0.0
        for x, season in zip(y[12:], iter(lambda: seasons[-12], None), strict=False):
            total += (x - level - trend - season) ** 2
            before, level = level, v[0] * (x - season) + (1 - v[0]) * (level + trend)
            trend = v[1] * (level - before) + (1 - v[1]) * trend
            seasons.append(v[2] * (x - level) + (1 - v[2]) * season)
        return total / (n - 12)

    assert by_hand(step.best_values) == pytest.approx(step.best_loss, rel=1e-10)
    best = minimize(by_hand, [0.5, 0.1, 0.5], bounds=[(0, 1)] * 3)
    assert step.best_loss <= best.fun + 1e-8


def test_arma(measured):
    """Conditional least squares of ARMA(1,1), 2,500 rows."""
    n, rng = 2_500, np.random.default_rng(2)
    noise = rng.normal(size=n)
    y = lfilter([1.0, 0.4], [1.0, -0.7], noise) + 1.0
    last = n + 1
    cells = {(1, 1): 0.0, (1, 2): 0.1, (1, 3): 0.1, (1, 4): f"=SUMSQ(B3:B{last})/{n}", (2, 2): 0.0}
    cells |= column(1, 2, y) | filled(2, range(3, last + 1), "=A{r}-$A$1-$B$1*A{p}-$C$1*B{p}")
    step = trained(measured, "ARMA(1,1)", cells, "D1", "A1:C1")

    def by_hand(v):
        return (lfilter([1.0], [1.0, v[2]], y[1:] - v[0] - v[1] * y[:-1]) ** 2).sum() / n

    best = minimize(by_hand, [0.0, 0.1, 0.1], method="BFGS", options={"gtol": 1e-8})
    assert step.best_loss == pytest.approx(best.fun, rel=1e-9)
    np.testing.assert_allclose(step.best_values, best.x, atol=1e-4)


def test_the_payment_of_a_loan(measured):
    """Goal seeking: which payment ends a loan of 360 months? The annuity's formula knows."""
    months, rate, amount = 360, 0.005, 200_000.0
    cells = {(1, 1): rate, (1, 2): 1_000.0, (1, 4): f"=E{months + 2}"}
    cells |= {(3, 2): amount} | filled(2, range(4, months + 3), "=E{p}")
    rows = range(3, months + 3)
    cells |= filled(3, rows, "=B{r}*$A$1") | filled(4, rows, "=$B$1-C{r}") | filled(5, rows, "=B{r}-D{r}")
    book = sheet_of(cells)
    began = time.process_time()
    f = differentiate(book, area("D1"), [area("B1")], sense=0.0)
    *_, step = train(f)
    measured("a loan's payment, 1,440 formulas, compiled and trained", f"{time.process_time() - began:.2f} s")
    payment = amount * rate / (1 - (1 + rate) ** -months)
    assert step.best_values[0] == pytest.approx(payment, rel=1e-9)


def test_an_inventory_that_cannot_fall_below_nothing(measured):
    """Fill up to a level each day; what cannot be sold is lost. Costs of keeping, buying and losing."""
    n, rng = 1_000, np.random.default_rng(3)
    demand = rng.gamma(4.0, 5.0, size=n)
    last = n + 1
    cells = {(1, 1): 40.0, (1, 4): f"=SUM(D2:D{last})/{n}", (2, 2): 20.0}
    cells |= column(1, 2, demand) | filled(2, range(3, last + 1), "=MAX(0,B{p}+C{p}-A{p})")
    cells |= filled(3, range(2, last + 1), "=0.5*MAX(0,$A$1-B{r})")
    cells |= filled(4, range(2, last + 1), "=B{r}+9*MAX(0,A{r}-B{r}-C{r})+0.2*C{r}")
    step = trained(measured, "an inventory", cells, "D1", "A1", lower=np.zeros(1), upper=np.full(1, 300.0))

    def by_hand(level):
        stock, total = 20.0, 0.0
        for sold in demand:
            bought = 0.5 * max(0.0, level - stock)
            total += stock + 9 * max(0.0, sold - stock - bought) + 0.2 * bought
            stock = max(0.0, stock + bought - sold)
        return total / n

    assert by_hand(step.best_values[0]) == pytest.approx(step.best_loss, rel=1e-12)
    best = minimize_scalar(by_hand, bounds=(0, 300), method="bounded", options={"xatol": 1e-6})
    assert step.best_loss <= best.fun + 1e-4


def test_a_grid_of_heat(measured):
    """A bar of 200 points over 200 steps of time: which conductivity and loss give the last row?"""
    n, truth = 200, np.array([0.2, 0.02])

    def last_row(v):
        heat = np.sin(np.pi * np.arange(n) / n)
        heat[0] = heat[-1] = 0.0
        for _ in range(n):
            inner = heat[1:-1]
            heat[1:-1] = inner + v[0] * (heat[:-2] - 2 * inner + heat[2:]) - v[1] * inner**2
        return heat

    cells: dict = {(1, 1): 0.1, (1, 2): 0.01}
    cells |= {(2, c + 1): float(x) for c, x in enumerate(np.sin(np.pi * np.arange(n) / n))}
    cells |= {(2, 1): 0.0, (2, n): 0.0}
    for r in range(3, n + 3):
        cells |= {(r, 1): 0.0, (r, n): 0.0}
        for c in range(2, n):
            a, b, d = (f"{column_letters(k)}{r - 1}" for k in (c - 1, c, c + 1))
            cells[r, c] = f"={b}+$A$1*({a}-2*{b}+{d})-$B$1*{b}^2"
    cells |= {(n + 4, c + 1): float(x) for c, x in enumerate(last_row(truth))}
    end = column_letters(n)
    cells[1, 4] = f"=1000*SUMXMY2(A{n + 2}:{end}{n + 2},A{n + 4}:{end}{n + 4})"
    bounds = {"lower": np.zeros(2), "upper": np.array([0.45, 0.1])}
    step = trained(measured, "heat on 200 x 200", cells, "D1", "A1:B1", **bounds)
    assert step.best_loss <= 1e-6
    np.testing.assert_allclose(step.best_values, truth, rtol=0.05)
