"""The data of a fit, found by its numbers; bands beside textbook formulas, differences and simulated data."""

from copy import copy

import numpy as np
import pytest
from scipy import stats

import xlcicf
from tests.solve.models.nist import FORMS, MADE_OF_ROUNDING, REGRESSIONS, certified
from xlcicf.formula.address import parse_cell
from xlcicf.formula.snapshot import Sheet, Snapshot
from xlcicf.host import read_snapshot
from xlcicf.optim.fit import fit
from xlcicf.optim.methods.least_squares import gauss_newton
from xlcicf.solve.fitted import bands, fitted
from xlcicf.solve.placed import place
from xlcicf.solve.problem import Problem

X = np.array([1.0, 2, 3, 4, 5, 6, 7, 8.5, 9, 11])
Y = np.array([2.1, 3.9, 6.2, 7.8, 10.1, 12.2, 13.8, 17.4, 17.7, 22.3])


def found(cells, objective="S!G1", changing="S!E1:E2", values=(0.15, 2.0), saved=(), **settings):
    """What is found in a book of these cells, A1 -> content, at values of the changing cells; `saved` are the
    results of formulas that do not follow them."""
    sheet = Sheet("S", values={parse_cell(address): float(value) for address, value in dict(saved).items()})
    for address, content in cells.items():
        cell = parse_cell(address)
        if isinstance(content, str) and content.startswith("="):
            sheet.formulas[cell] = content
        else:
            sheet.values[cell] = content if isinstance(content, str) else float(content)
    problem = place(Snapshot({"S": sheet}), Problem(objective, changing, **settings))
    f = problem.function()
    return fitted(problem, f, np.array(values), fit(f, np.array(values)))


def line(total="=SUMXMY2(B2:B11,C2:C11)", model="=$E$1+$E$2*A{r}", **others):
    cells = {"A1": "Time", "B1": "Distance", "E1": 0.1, "E2": 1, "G1": total}
    for r, (x, y) in enumerate(zip(X, Y, strict=True), 2):
        cells |= {f"A{r}": x, f"B{r}": y, f"C{r}": model.format(r=r)}
    return cells | others


def columns(form, rows=range(2, 12)):
    return {form[0] + str(r): form[1].format(r=r) for r in rows}


def test_a_line_has_the_textbooks_bands():
    """Of simple linear regression: s sqrt(1/n + (x - mean)^2 / Sxx), and sqrt(1 + ...) for a new observation."""
    b, a = np.polyfit(X, Y, 1)
    told = found(line(), values=(a, b))
    assert (told.predictions.address, told.data.address, told.across.address) == (
        "S!C2:C11", "S!B2:B11", "S!A2:A11",
    )  # fmt: skip
    assert (told.x_name, told.y_name, told.why) == ("Time", "Distance", None)
    assert (told.x.tolist(), told.y.tolist()) == (X.tolist(), Y.tolist())
    assert told.predicted == pytest.approx(a + b * X, rel=1e-14)
    assert told.residual == pytest.approx(Y - a - b * X, rel=1e-9)
    spread = np.sqrt(np.sum((Y - a - b * X) ** 2) / 8)
    apart = 1 / 10 + (X - X.mean()) ** 2 / np.sum((X - X.mean()) ** 2)
    quantile = stats.t.ppf(0.975, 8)
    for ends, variance in ((told.curve, apart), (told.new, 1 + apart)):
        reach = quantile * spread * np.sqrt(variance)
        assert ends == pytest.approx(np.column_stack([a + b * X - reach, a + b * X + reach]), rel=1e-10)


@pytest.mark.parametrize(
    "model",
    [m for m in REGRESSIONS[1::2] if not m.name.startswith(MADE_OF_ROUNDING)],
    ids=lambda model: model.name,
)
def test_nists_columns_are_found_and_have_the_bands_of_a_jacobian_by_differences(model, tmp_path):
    book = xlcicf.open_book(model.save(tmp_path / "fit.xlsx"))
    problem = place(read_snapshot(book), model.problem)
    f, v, name = problem.function(), model.answer().values, model.name.split()[0]
    told = fitted(problem, f, v, fit(f, v))
    (x, z), response = certified(name).predictors, FORMS[name][3]
    last = 14 + len(x)
    assert (told.predictions.address, told.data.address) == (f"Fit!E15:E{last}", f"Fit!D15:D{last}")
    assert told.y == pytest.approx(response(certified(name).observations[:, 0]), rel=1e-14)
    if z is None:
        assert (told.across.address, told.x.tolist(), told.x_name) == (f"Fit!A15:A{last}", x.tolist(), "x")
    else:
        assert (told.across, told.x, told.x_name) == (None, None, None)
    curve = FORMS[name][1]
    steps = np.diag(np.abs(v) * 1e-5)
    slopes = np.array([(curve(v + s, x, z) - curve(v - s, x, z)) / (2 * s.max()) for s in steps]).T
    size = np.linalg.norm(slopes, axis=0)
    inverse = np.linalg.inv((slopes / size).T @ (slopes / size))
    variance = np.einsum("ki,ij,kj->k", slopes / size, inverse, slopes / size)
    freedom = len(x) - len(v)
    reach = stats.t.ppf(0.975, freedom) * np.sqrt(model.answer().objective / freedom)
    assert told.predicted == pytest.approx(curve(v, x, z), rel=1e-9)
    assert told.curve[:, 1] - told.predicted == pytest.approx(reach * np.sqrt(variance), rel=2e-3)
    assert told.predicted - told.new[:, 0] == pytest.approx(reach * np.sqrt(1 + variance), rel=2e-3)


def test_titanics_columns_are_found_and_a_corner_leaves_no_band(titanic_book):
    book = xlcicf.open_book(titanic_book)
    problem = place(read_snapshot(book), xlcicf.find_problem(book))
    f = problem.function()
    told = fitted(problem, f, f.start, fit(f, f.start))
    assert (told.data.address, told.across, told.y_name) == ("Net!B11:B901", None, "Survived")
    assert set(told.y) == {0.0, 1.0} and (told.curve[:, 0] <= told.predicted).all()
    told = fitted(problem, f, 0 * f.start, fit(f, 0 * f.start))
    assert told.why is not None and "corner of MAX, IF or ABS" in told.why and np.isnan(told.curve).all()


# --- between the data


def test_the_curve_between_few_data_is_the_models_own_with_its_bands(tmp_path):
    model = next(model for model in REGRESSIONS if model.name == "BoxBOD from start 1")
    book = xlcicf.open_book(model.save(tmp_path / "fit.xlsx"))
    problem = place(read_snapshot(book), model.problem)
    f, v = problem.function(), model.answer().values
    told = fitted(problem, f, v, known := fit(f, v))
    along = told.along
    assert len(along.x) > 100 and set(told.x) <= set(along.x) and (np.diff(along.x) > 0).all()
    assert along.predicted == pytest.approx(v[0] * (1 - np.exp(-v[1] * along.x)), rel=1e-12)
    at_data = np.searchsorted(along.x, told.x)
    assert along.curve[at_data] == pytest.approx(told.curve, rel=1e-9)
    assert along.new[at_data] == pytest.approx(told.new, rel=1e-9)
    slopes = np.column_stack([1 - np.exp(-v[1] * along.x), v[0] * along.x * np.exp(-v[1] * along.x)])
    reach = stats.t.ppf(0.975, 4) * np.sqrt(np.einsum("ki,ij,kj->k", slopes, known.covariance, slopes))
    assert along.curve[:, 1] - along.predicted == pytest.approx(reach, rel=1e-9)
    assert problem.book.sheets["Fit"].values[15, 1] == told.x[0]  # the book's own x still stands


def test_where_a_row_reads_other_rows_x_nothing_is_drawn_between_the_data():
    assert found(line()).along is not None
    assert found(line(model="=$E$1+$E$2*(A{r}-AVERAGE($A$2:$A$11))")).along is None
    later = found(line(model="=$E$1+$E$2*(A{r}-0.1*SUM(A$2:A{r}))"))
    assert later is not None and later.along is None


def test_where_the_model_shows_an_error_between_the_data_nothing_is_drawn_there():
    told = found(line(model="=$E$1+$E$2*A{r}+0*SQRT(ABS(A{r}-7.7)-0.5)"))
    assert told.across.address == "S!A2:A11" and told.along is None


# --- other layouts


def test_residuals_in_a_column_of_their_own_and_a_mean_of_their_squares_are_no_matter():
    plain = found(line())
    cells = line(total="=AVERAGE(D2:D11)") | columns(("H", "=C{r}-B{r}")) | columns(("D", "=H{r}^2"))
    told = found(cells)
    assert (told.predictions, told.data, told.across) == (plain.predictions, plain.data, plain.across)
    assert told.residual == pytest.approx(plain.residual, rel=1e-12)
    assert told.curve == pytest.approx(plain.curve, rel=1e-12)
    assert told.new == pytest.approx(plain.new, rel=1e-12)


def test_weighted_residuals_have_bands_that_widen_where_a_row_weighs_little():
    """Each row divided by y, as errors in percent are: y is found all the same."""
    cells = line(total="=SUMSQ(D2:D11)") | columns(("D", "=(B{r}-C{r})/B{r}"))
    told = found(cells)
    assert (told.data.address, told.across.address) == ("S!B2:B11", "S!A2:A11")
    assert told.residual == pytest.approx(Y - 0.15 - 2 * X, rel=1e-9)
    design = np.column_stack([np.ones(10), X])
    weighted = design / Y[:, None]
    variance = np.sum(((Y - design @ [0.15, 2]) / Y) ** 2) / 8
    of_curve = np.einsum("ki,ij,kj->k", design, np.linalg.inv(weighted.T @ weighted), design)
    quantile = stats.t.ppf(0.975, 8)
    assert told.curve[:, 1] - told.predicted == pytest.approx(
        quantile * np.sqrt(variance * of_curve), rel=1e-6
    )
    reach = quantile * np.sqrt(variance * (of_curve + Y**2))
    assert told.new[:, 1] - told.predicted == pytest.approx(reach, rel=1e-6)


def test_rows_may_lie_in_columns():
    cells = {"A1": 0.1, "A2": 1, "A8": "=SUMXMY2(B5:K5,B6:K6)", "A4": "Time", "A5": "Distance"}
    for letter, x, y in zip("BCDEFGHIJK", X, Y, strict=True):
        cells |= {f"{letter}4": x, f"{letter}5": y, f"{letter}6": f"=$A$1+$A$2*{letter}4"}
    told = found(cells, "S!A8", "S!A1:A2")
    assert (told.predictions.address, told.data.address, told.across.address) == (
        "S!B6:K6",
        "S!B5:K5",
        "S!B4:K4",
    )
    assert (told.x_name, told.y_name) == ("Time", "Distance")


def test_predictions_that_go_on_below_the_data_are_cut_to_it():
    more = {"A12": 12, "A13": 13, "C12": "=$E$1+$E$2*A12", "C13": "=$E$1+$E$2*A13"}
    told = found(line() | more)
    assert (told.predictions.address, told.across.address) == ("S!C2:C11", "S!A2:A11")


def test_a_column_of_formulas_of_several_kinds_is_one_of_predictions():
    """The first row begins a recursion, and in another each row's formula is typed by itself."""
    cells = line() | {f"C{r}": f"=C{r - 1}+$E$2*(A{r}-A{r - 1})" for r in range(3, 12)}
    told = found(cells)
    assert (told.predictions.address, told.data.address) == ("S!C2:C11", "S!B2:B11")
    assert told.residual == pytest.approx(Y - 0.15 - 2 * X, rel=1e-9)
    told = found(line(model="=$E$1+$E$2*A{r}+0*A2"))
    assert (told.predictions.address, told.data.address) == ("S!C2:C11", "S!B2:B11")


def test_a_column_that_is_made_of_x_leads_back_to_it():
    cells = line(model="=$E$1+$E$2*D{r}+$E$3*A{r}") | columns(("D", "=A{r}^2")) | {"E3": 1}
    squares = dict(zip(columns(("D", "")), X**2, strict=True))
    told = found(cells, changing="S!E1:E3", values=(0.1, 0.01, 2), saved=squares)
    assert told.across.address == "S!A2:A11"
    told = found(line(model="=$E$1+$E$2*D{r}") | columns(("D", "=A{r}^2")), saved=squares)
    assert told.across.address == "S!A2:A11"


def test_x_that_counts_up_from_its_first_cell_is_x():
    counted = {f"A{r}": f"=A{r - 1}+1" for r in range(3, 12)}
    saved = dict(zip(counted, range(2, 11), strict=True))
    told = found(line() | counted, saved=saved)
    assert (told.across.address, told.x.tolist()) == ("S!A2:A11", list(range(1, 11)))


def test_steps_on_the_way_lead_back_to_x_and_a_column_of_ones_is_none():
    cells = (
        line(model="=$E$1*H{r}+D{r}") | columns(("D", "=$E$2*A{r}")) | dict.fromkeys(columns(("H", "")), 1)
    )
    told = found(cells)
    assert (told.across.address, told.data.address) == ("S!A2:A11", "S!B2:B11")


def test_of_two_predictors_neither_is_x():
    second = {f"H{r}": np.sin(r) for r in range(2, 12)}
    told = found(line(model="=$E$1+$E$2*A{r}*H{r}") | second)
    assert (told.across, told.x, told.x_name, told.data.address) == (None, None, None, "S!B2:B11")


def test_a_column_beside_that_holds_the_same_numbers_is_not_taken_for_the_data():
    copy_of_y = {f"D{r}": y for r, y in enumerate(Y, 2)}
    assert found(line() | copy_of_y).data.address == "S!B2:B11"


def test_a_label_that_is_missing_is_the_address():
    cells = line()
    del cells["B1"]
    assert found(cells).y_name == "S!B2:B11"


@pytest.mark.parametrize(
    "residual",
    [
        "=$E$1+$E$2*A{r}-3*SQRT(A{r})",  # the data within the formula
        "=LN(C{r})-LN(B{r})",  # in logarithms
        "=(C{r}-B{r})/C{r}",  # weights that change with the parameters
    ],
)
def test_what_cannot_be_told_is_not_guessed(residual):
    assert found(line(total="=SUMSQ(D2:D11)") | columns(("D", residual))) is None


def test_residuals_that_are_turned_are_found_in_a_column_and_not_in_a_block():
    turned = "=SUMXMY2(TRANSPOSE(B2:B11),TRANSPOSE(C2:C11))"
    assert found(line(total=turned)).data.address == "S!B2:B11"
    block = {"E1": 0.1, "E2": 1, "G1": "=SUMXMY2(TRANSPOSE(A1:B3),TRANSPOSE(A5:B7))"}
    for r in range(1, 4):
        block |= {f"A{r}": r, f"B{r}": r**2 + 5, f"A{r + 4}": f"=$E$1+$E$2*{r}", f"B{r + 4}": f"=$E$1*{r}"}
    assert found(block) is None


def test_no_freedom_leaves_predictions_without_bands():
    told = found(line(total="=SUMXMY2(B2:B3,C2:C3)"))
    assert told.data.address == "S!B2:B3" and np.isnan(told.curve).all() and np.isnan(told.new).all()
    assert told.why == "2 residuals leave nothing to judge their spread by"


def test_a_likelihood_has_no_data_beside_a_curve():
    cells = line(total="=SUM(D2:D11)") | columns(("D", "=LN(1/(1+EXP(-C{r})))"))
    assert found(cells, sense="max") is None


# --- simulation


class OtherData:
    """A function's structure, with other numbers in the place of y: residuals are y less predictions."""

    is_smooth, is_stepped = True, False

    def __init__(self, squares, shift):
        self._squares, self._shift, self.count = squares, shift, squares.count
        self.jacobian = squares.jacobian
        self.squares = {"min": self}

    def values(self, v):
        return self._squares.values(v) + self._shift


@pytest.mark.parametrize(
    ("model", "true"),
    [("=$E$1+$E$2*A{r}", (1.0, 2.0)), ("=$E$1*(1-EXP(-$E$2*A{r}))", (20.0, 0.3))],
    ids=["a line", "a curve that bends mildly"],
)
def test_the_bands_hold_what_they_say_in_a_thousand_data_sets(model, true, measured):
    cells = line(model=model)
    sheet = Sheet("S", {parse_cell(a): c for a, c in cells.items() if str(c).startswith("=")})
    sheet.values = {parse_cell(a): c for a, c in cells.items() if not str(c).startswith("=")}
    problem = place(Snapshot({"S": sheet}), Problem("S!G1", "S!E1:E2"))
    f, draw = problem.function(), np.random.default_rng(2)
    squares = f.structure.squares["min"]
    curve = Y - squares.values(np.array(true))
    in_curve, in_new, in_intervals = [], [], []
    for y, later in curve + draw.normal(0, 0.5, (1000, 2, 10)):
        drawn = copy(f)
        drawn.structure = OtherData(squares, y - Y)
        v = gauss_newton(drawn.structure, np.array(true))
        known = fit(drawn, v)
        assert known.away < 1e-6
        of_curve, of_new = bands(known, y - drawn.structure.values(v))
        in_curve.append((of_curve[:, 0] <= curve) & (curve <= of_curve[:, 1]))
        in_new.append((of_new[:, 0] <= later) & (later <= of_new[:, 1]))
        ends = known.interval()
        in_intervals.append((ends[:, 0] <= true) & (true <= ends[:, 1]))
    shares = [f"{np.mean(held):.1%}" for held in (in_curve, in_new, in_intervals)]
    measured(f"95% hold curve, new data, parameters: {model}", ", ".join(shares))
    for held in (in_curve, in_new, in_intervals):
        assert 0.93 <= np.mean(held) <= 0.97
        assert 0.92 <= np.mean(held, axis=0).min()
