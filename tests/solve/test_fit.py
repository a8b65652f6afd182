"""How far parameters are known: beside closed forms, numpy, autograd and scikit-learn."""

import numpy as np
import pytest
import torch
from scipy import stats

import xlcicf
from tests.solve.models.estimating import logistic
from tests.solve.models.nist import regression
from xlcicf.formula import differentiate
from xlcicf.formula.address import Area
from xlcicf.formula.limits import Limit
from xlcicf.formula.snapshot import Sheet, Snapshot
from xlcicf.optim.fit import fit

X = np.array([1.0, 2, 3, 4, 5, 6, 7, 8.5, 9, 11])
Y = np.array([2.1, 3.9, 6.2, 7.8, 10.1, 12.2, 13.8, 17.4, 17.7, 22.3])
SUM = "=SUMXMY2(B1:B10,C1:C10)"
LINE = "=$E$1+$E$2*A{r}"


def function(model=LINE, total=SUM, start=(0.5, 1.0), x=X, y=Y, weights=None, **settings):
    """x in A, y in B, the model in C, weights in D; parameters in E1 and below, their sum of squares in G1."""
    sheet = Sheet("S", formulas={(1, 7): total}, arrays={(1, 7): Area("S", 1, 7, 1, 7)})
    for column, numbers in ((1, x), (2, y), (4, weights if weights is not None else np.ones(len(x)))):
        sheet.values |= {(r, column): float(value) for r, value in enumerate(numbers, 1)}
    sheet.values |= {(r, 5): float(value) for r, value in enumerate(start, 1)}
    sheet.formulas |= {(r, 3): model.format(r=r) for r in range(1, len(x) + 1)}
    changing = [Area("S", 1, 5, len(start), 5)]
    return differentiate(Snapshot({"S": sheet}), Area("S", 1, 7, 1, 7), changing, **settings)


def known(columns, y, weights=None):
    """(estimates, covariance, spread) by the normal equations of weighted linear least squares."""
    w = np.ones(len(y)) if weights is None else weights
    inverse = np.linalg.inv(columns.T @ (w[:, None] * columns))
    values = inverse @ columns.T @ (w * y)
    variance = np.sum(w * (y - columns @ values) ** 2) / (np.count_nonzero(w) - columns.shape[1])
    return values, variance * inverse, np.sqrt(variance)


COLUMNS = np.column_stack([np.ones(10), X])


@pytest.mark.parametrize(
    "total",
    [
        SUM,
        "=AVERAGE((B1:B10-C1:C10)^2)",
        "=SQRT(SUMXMY2(B1:B10,C1:C10)/10)",
        "=3*SUMPRODUCT(B1:B10-C1:C10,B1:B10-C1:C10)",
    ],
)
def test_a_line_has_the_errors_of_the_normal_equations_however_its_squares_are_added_up(total):
    f, (values, covariance, spread) = function(total=total), known(COLUMNS, Y)
    found = fit(f, values)
    assert (found.kind, found.source) == ("least squares", "the residuals' Jacobian")
    assert (found.count, found.freedom, found.blank, found.why) == (10, 8, 0, {})
    assert found.spread == pytest.approx(spread, rel=1e-12)
    assert found.covariance == pytest.approx(covariance, rel=1e-11)
    assert found.errors == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-11)
    assert found.t == pytest.approx(values / np.sqrt(np.diag(covariance)), rel=1e-11)
    assert found.away < 1e-9
    apart = np.sqrt(np.diag(covariance)) * stats.t.ppf(0.95, 8)
    assert found.interval(0.9) == pytest.approx(np.column_stack([values - apart, values + apart]), rel=1e-11)
    of_both = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert found.correlation == pytest.approx(np.array([[1, of_both], [of_both, 1]]), rel=1e-11)


def test_correlation_is_numpys_of_estimates_that_are_drawn_by_the_covariance():
    found = fit(function(), known(COLUMNS, Y)[0])
    drawn = np.random.default_rng(0).multivariate_normal(found.values, found.covariance, 200_000)
    assert found.correlation == pytest.approx(np.corrcoef(drawn.T), abs=0.01)


def test_weights_are_reckoned_with_and_rows_of_weight_0_are_no_observations():
    weights = np.array([1.0, 2, 0, 0.5, 1, 3, 0, 1, 1, 2])
    f = function(total="=SUMPRODUCT(D1:D10,(B1:B10-C1:C10)^2)", weights=weights)
    values, covariance, spread = known(COLUMNS, Y, weights)
    found = fit(f, values)
    assert (found.count, found.freedom) == (8, 6)
    assert found.spread == pytest.approx(spread, rel=1e-12)
    assert found.covariance == pytest.approx(covariance, rel=1e-11)


def test_a_mask_of_0_and_1_leaves_the_spread_in_the_datas_own_units():
    weights = np.array([1.0, 1, 0, 1, 1, 1, 0, 1, 1, 1])
    f = function(total="=SUMPRODUCT(D1:D10,(B1:B10-C1:C10)^2)/SUM(D1:D10)", weights=weights)
    values, covariance, spread = known(COLUMNS, Y, weights)
    found = fit(f, values)
    assert (found.count, found.freedom) == (8, 6)
    assert found.spread == pytest.approx(spread, rel=1e-12)


def test_rows_that_are_always_0_are_counted_as_blank():
    f = function(model="=IF(A{r}>9,B{r},$E$1+$E$2*A{r})")
    assert fit(f, np.array([0.1, 2.0])).blank == 1


@pytest.mark.parametrize("name", ["Hahn1", "MGH09", "Rat43", "Gauss1"])
def test_the_covariance_of_a_curve_is_numpys_of_a_jacobian_by_differences(name, tmp_path):
    model = regression(name, 2)
    book = xlcicf.open_book(model.save(tmp_path / "fit.xlsx"))
    f = xlcicf.differentiate(book, model.problem)
    v = model.answer().values
    found, squares = fit(f, v), f.structure.squares["min"]
    steps = np.diag(np.abs(v) * 1e-5)
    slopes = np.array([(squares.values(v + s) - squares.values(v - s)) / (2 * s.max()) for s in steps]).T
    variance = model.answer().objective / (len(slopes) - len(v))
    size = np.linalg.norm(slopes, axis=0)
    expected = variance * np.linalg.inv((slopes / size).T @ (slopes / size)) / np.outer(size, size)
    errors = np.sqrt(np.diag(expected))
    assert found.covariance / np.outer(errors, errors) == pytest.approx(
        expected / np.outer(errors, errors), abs=1e-4
    )
    assert found.away < 1e-3


# --- what cannot be told


def test_two_parameters_with_one_effect_are_named_and_the_others_are_known():
    f = function(model="=($E$1+$E$2)*A{r}+$E$3", start=(1.0, 1, 0))
    (a, b), covariance, _ = known(COLUMNS, Y)
    found = fit(f, np.array([b / 2, b / 2, a]))
    assert np.isnan(found.errors[:2]).all() and np.isnan(found.covariance[0]).all()
    assert found.errors[2] == pytest.approx(np.sqrt(covariance[0, 0]), rel=1e-10)
    assert found.freedom == 8
    assert found.why == {
        0: "the data do not tell its effect from that of S!E2",
        1: "the data do not tell its effect from that of S!E1",
    }


def test_a_parameter_without_effect_is_named():
    f = function(model="=$E$1+$E$2*A{r}+$E$3*0", start=(1.0, 1, 0))
    values, covariance, _ = known(COLUMNS, Y)
    found = fit(f, np.array([*values, 7.0]))
    assert found.errors[:2] == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-10)
    assert found.why == {2: "it has no effect on any residual here"}


def test_what_is_held_counts_as_given():
    f = function(lower=np.array([0.0, -9.0]), upper=np.array([0.0, np.inf]))
    (slope,), covariance, _ = known(X[:, None], Y)
    found = fit(f, np.array([0.0, slope]))
    assert found.errors[1] == pytest.approx(np.sqrt(covariance[0, 0]), rel=1e-11)
    assert found.freedom == 9 and found.why == {0: "its bounds hold it at 0"}
    f = function(lower=np.array([0.0, -9.0]))
    assert fit(f, np.array([0.0, slope])).why == {0: "it is held at its lower bound 0"}
    f = function(whole=np.array([False, True]))
    assert fit(f, np.array([0.0, 2.0])).why == {1: "it must be a whole number, which has no slope"}


def test_as_many_parameters_as_residuals_leave_no_errors():
    f = function(total="=SUMXMY2(B1:B2,C1:C2)", x=X[:2], y=Y[:2])
    found = fit(f, np.array([0.3, 1.8]))
    assert np.isnan(found.errors).all() and found.spread is None
    assert set(found.why.values()) == {"2 residuals leave nothing to judge their spread by"}


def test_a_limit_that_binds_is_named_and_one_that_does_not_is_no_matter():
    values, covariance, _ = known(COLUMNS, Y)
    for most, is_known in ((100.0, True), (float(values @ [1, 11]), False)):
        limit = Limit(f"S!C10 <= {most:g}", (Area("S", 10, 3, 10, 3),), "<=", most)
        found = fit(function(constraints=[limit]), values)
        assert np.isfinite(found.errors).all() == is_known
        assert is_known or "S!C10 <= " in found.why[0] and "binds" in found.why[0]


def test_what_moves_in_steps_has_no_errors():
    found = fit(function(model="=ROUND($E$1,2)+$E$2*A{r}"), np.array([0.1, 2.0]))
    assert "ROUND in S!C1 moves in steps" in found.why[1]


def test_a_run_that_stopped_early_is_told_by_how_far_away_it_is():
    values, covariance, _ = known(COLUMNS, Y)
    off = np.array([0.0, 0.05])
    found, inverse = fit(function(), values + off), np.linalg.inv(covariance)
    shrunk = known(COLUMNS, Y)[2] / found.spread  # the spread grows with the distance
    assert found.away == pytest.approx(np.sqrt(off @ inverse @ off) * shrunk, rel=1e-9)


@pytest.mark.parametrize("total", ["=SUM(C1:C10)", "=SUMXMY2(B1:B10,C1:C10)-E1", "=ABS(C1)"])
def test_what_is_neither_a_sum_of_squares_nor_a_likelihood_has_no_fit(total):
    assert fit(function(total=total), np.array([0.1, 2.0])) is None
    assert fit(function(sense=3.0), np.array([0.1, 2.0])) is None


# --- corners

BROKEN = "=$E$1+$E$2*MAX(0,A{r}-$E$3)"


def broken(v):
    """The columns of the residuals' Jacobian, but for their sign."""
    above = X > v[2]
    return np.column_stack([np.ones(10), np.maximum(0, X - v[2]), -v[1] * above])


def expected(v, columns):
    residuals = Y - v[0] - v[1] * np.maximum(0, X - v[2])
    return residuals @ residuals / (10 - 3) * np.linalg.inv(columns.T @ columns)


def test_between_corners_a_broken_line_is_smooth():
    v = np.array([2.5, 2.2, 1.6])
    found = fit(function(model=BROKEN, start=v), v)
    assert found.covariance == pytest.approx(expected(v, broken(v)), rel=1e-10) and not found.why


def test_a_corner_at_a_datum_is_named_and_the_others_are_known():
    v = np.array([2.5, 2.2, 2.0])
    found = fit(function(model=BROKEN, start=v), v)
    assert found.why == {2: "S!C2 stands at a corner of MAX, IF or ABS, where slopes change"}
    assert np.isnan(found.covariance[2]).all()
    assert found.covariance[:2, :2] == pytest.approx(expected(v, broken(v))[:2, :2], rel=1e-10)


def test_titanics_weights_have_the_errors_of_autograds_jacobian(titanic_book):
    """Off the corners. Columns that depend on others are left out for numpy, which changes no other's error."""
    book = xlcicf.open_book(titanic_book)
    f = xlcicf.differentiate(book, xlcicf.find_problem(book))
    net = book.sheets["Net"]
    people = torch.tensor(net.range("C11:M901").value, dtype=torch.float64)
    survived = torch.tensor(net.range("B11:B901").value, dtype=torch.float64)

    def residuals(v):
        return torch.relu(people @ v.reshape(2, 11).T).sum(1) - survived

    v = torch.tensor(f.start + 0.01)
    assert (residuals(v) ** 2).mean().item() == pytest.approx(f.value(v.numpy()), rel=1e-12)
    found = fit(f, v.numpy())
    slopes = torch.autograd.functional.jacobian(residuals, v).numpy()
    kept: list[int] = []
    for i in range(22):
        if np.linalg.matrix_rank(slopes[:, [*kept, i]]) == len(kept) + 1:
            kept.append(i)
    variance = (residuals(v) ** 2).sum().item() / (891 - len(kept))
    errors = np.sqrt(variance * np.diag(np.linalg.inv(slopes[:, kept].T @ slopes[:, kept])))
    told = [i for i in kept if i not in found.why]
    assert len(told) == 7
    assert found.errors[told] == pytest.approx(errors[[kept.index(i) for i in told]], rel=1e-9)
    assert found.freedom == 891 - len(kept)
    for i in set(range(22)) - set(told):
        assert np.linalg.matrix_rank(np.delete(slopes, i, 1)) == len(kept) or not slopes[:, i].any()


def test_a_dead_unit_is_named_and_the_other_units_weights_are_known():
    """Two units, of which one is 0 everywhere."""
    v = np.array([1.0, 2.0, -1.0, -2.0])
    f = function(model="=MAX(0,$E$1+$E$2*A{r})+MAX(0,$E$3+$E$4*A{r})", start=v)
    found = fit(f, v)
    assert found.why == dict.fromkeys((2, 3), "it has no effect on any residual here")
    residuals = Y - 1 - 2 * X
    covariance = residuals @ residuals / 8 * np.linalg.inv(COLUMNS.T @ COLUMNS)
    assert found.covariance[:2, :2] == pytest.approx(covariance, rel=1e-10)


# --- likelihoods


def test_a_logistic_regression_has_the_errors_of_its_information(tmp_path, measured):
    model = logistic()
    answer = model.answer()
    book = xlcicf.open_book(model.save(tmp_path / "logistic.xlsx"))
    found = fit(xlcicf.differentiate(book, model.problem), answer.values)
    assert (found.kind, found.count, found.spread) == ("maximum likelihood", None, None)
    assert found.source == "the second derivatives of the log-likelihood"
    gap = np.abs(found.errors / answer.errors - 1).max()
    measured("logistic regression, standard errors / closed form", f"{gap:.1e}")
    assert found.errors == pytest.approx(answer.errors, rel=1e-9) and found.away < 1e-8
    apart = stats.norm.ppf(0.975) * answer.errors
    assert found.interval()[:, 1] - found.values == pytest.approx(apart, rel=1e-9)


def likelihood(x, y, start, total="=SUM(D1:D{n})", sense="max"):
    """Of a logistic regression by columns x (n, 3), in one formula a row."""
    sheet = Sheet("S", formulas={(1, 7): total.format(n=len(y))})
    score = "+".join(f"$F${i + 1}*{chr(65 + i)}" + "{r}" for i in range(x.shape[1]))
    for r, (row, answer) in enumerate(zip(x, y, strict=True), 1):
        sheet.values |= {(r, i + 1): float(value) for i, value in enumerate(row)} | {(r, 5): float(answer)}
        inner = score.format(r=r)
        sheet.formulas[r, 4] = f"=E{r}*LN(1/(1+EXP(-({inner}))))+(1-E{r})*LN(1-1/(1+EXP(-({inner}))))"
    sheet.values |= {(r, 6): float(value) for r, value in enumerate(start, 1)}
    area = [Area("S", 1, 6, len(start), 6)]
    return differentiate(Snapshot({"S": sheet}), Area("S", 1, 7, 1, 7), area, sense=sense)


@pytest.mark.parametrize(
    ("total", "sense", "source"),
    [
        ("=AVERAGE(D1:D{n})", "max", ", 0.0125 times which the objective is"),
        ("=-SUM(D1:D{n})", "min", ""),
        ("=-SUM(D1:D{n})/COUNT(E1:E{n})", "min", ", 0.0125 times which the objective is but for its sign"),
        ("=-2*SUM(D1:D{n})", "min", ", 2 times which the objective is but for its sign"),
    ],
)
def test_means_and_deviances_have_the_errors_of_their_likelihood(total, sense, source):
    draw = np.random.default_rng(6)
    x = np.column_stack([np.ones(80), draw.normal(size=80), draw.uniform(0, 9, 80)])
    y = (draw.uniform(size=80) < 0.4).astype(float)
    v = np.array([-0.3, 0.1, 0.02])
    chance = 1 / (1 + np.exp(-(x @ v)))
    errors = np.sqrt(np.diag(np.linalg.inv(x.T @ (x * (chance * (1 - chance))[:, None]))))
    found = fit(likelihood(x, y, np.zeros(3), total, sense), v)
    assert found.errors == pytest.approx(errors, rel=1e-9)
    assert found.source == "the second derivatives of the log-likelihood" + source


def test_scikit_learns_unpenalised_fit_has_these_errors(measured):
    from sklearn.linear_model import LogisticRegression

    draw = np.random.default_rng(3)
    x = np.column_stack([np.ones(120), draw.normal(size=120), draw.uniform(0, 9, 120)])
    y = (draw.uniform(size=120) < 1 / (1 + np.exp(-(x @ [-1, 0.8, 0.3])))).astype(float)
    learned = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10, max_iter=1000).fit(x, y)
    chance = learned.predict_proba(x)[:, 1]
    errors = np.sqrt(np.diag(np.linalg.inv(x.T @ (x * (chance * (1 - chance))[:, None]))))
    found = fit(likelihood(x, y, np.zeros(3)), learned.coef_[0])
    gap = np.abs(found.errors / errors - 1).max()
    measured("logistic regression, standard errors / scikit-learn's", f"{gap:.1e}")
    assert found.errors == pytest.approx(errors, rel=1e-6) and found.away < 1e-3


def test_columns_that_add_up_to_one_are_not_told_apart_in_a_likelihood():
    draw = np.random.default_rng(4)
    group = draw.integers(0, 2, 80)
    x = np.column_stack([np.ones(80), group == 0, group == 1]).astype(float)
    y = (draw.uniform(size=80) < 0.3 + 0.3 * group).astype(float)
    found = fit(likelihood(x, y, np.zeros(3)), np.array([0.1, -0.2, 0.3]))
    assert np.isnan(found.errors).all() and set(found.why) == {0, 1, 2}
    assert found.why[0] == "the data do not tell its effect from that of S!F2, S!F3"


def test_where_a_likelihood_bends_upwards_there_are_no_errors():
    """Of y that a normal distribution of spread E2 makes: far too large a spread bends upwards."""
    sheet = Sheet("S", formulas={(1, 7): "=SUM(C1:C10)"})
    sheet.values |= {(r, 2): float(y) for r, y in enumerate(Y, 1)} | {(1, 5): 10.0, (2, 5): 5.0}
    sheet.formulas |= {(r, 3): f"=LN(NORMDIST(B{r},$E$1,$E$2,FALSE))" for r in range(1, 11)}
    f = differentiate(Snapshot({"S": sheet}), Area("S", 1, 7, 1, 7), [Area("S", 1, 5, 2, 5)], sense="max")
    found = fit(f, np.array([Y.mean(), 100.0]))
    assert np.isnan(found.errors).all() and "bends upwards" in found.why[1]
    best = fit(f, np.array([Y.mean(), Y.std()]))
    assert best.errors == pytest.approx([Y.std() / np.sqrt(10), Y.std() / np.sqrt(20)], rel=1e-9)
