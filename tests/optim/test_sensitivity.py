"""Shadow prices, reduced costs and their ranges: beside figures worked by hand, HiGHS itself, and optima of models
whose right sides, bounds and coefficients were moved."""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import highspy
import numpy as np
import pytest

import xlcicf
from tests.solve.models.model import save_problem
from xlcicf.errors import TrainingError
from xlcicf.formula.address import column_letters
from xlcicf.optim.sensitivity import residual, room, sensitivity
from xlcicf.solve import Constraint, Problem

NO_LIMIT = math.inf


def sheet_function(tmp_path, cells, problem):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "S"
    for address, content in cells.items():
        book["S"][address] = content
    save_problem(book, problem)
    book.save(tmp_path / "model.xlsx")
    opened = xlcicf.open_book(tmp_path / "model.xlsx")
    return xlcicf.differentiate(opened, problem)


def solved(f):
    *_, last = xlcicf.train(f)
    assert last.status == "found", last.reason
    return last


def told(f):
    last = solved(f)
    return sensitivity(f, last.best_values, last.multipliers)


# ---- three models worked by hand: with the basis known, each figure is a small system of equations --------------

# Tables, chairs and shelves at 70, 50 and 40 a piece out of 240 kg of wood, 200 hours and 90 l of paint: none, 40
# and 40. From 2 w + 3 h = 50 and 4 w + 2 h = 40 follow w = 2.5 a kg and h = 15 an hour; a table uses 72.5.
WORKSHOP = (
    {
        "A1": 1, "A2": 1, "A3": 1, "B1": "=70*A1+50*A2+40*A3",
        "C1": "=5*A1+2*A2+4*A3", "C2": "=4*A1+3*A2+2*A3", "C3": "=A1+A2+A3", "D1": 240, "D2": 200, "D3": 90,
    },
    Problem("S!B1", "S!A1:A3", "max", (Constraint("S!C1:C3", "<=", "S!D1:D3"),), non_negative=True),
    {
        "reduced": [-2.5, 0, 0], "prices": [2.5, 15, 0], "slopes": [70, 50, 40],
        "slope_rise": [2.5, 10, 60], "slope_fall": [NO_LIMIT, 10 / 3, 20 / 7],
        "right_rise": [80, 40, NO_LIMIT], "right_fall": [320 / 3, 80, 10],
    },
)  # fmt: skip
# The cheapest feed of at least 10 kg and 12 units of protein from two kinds at 3 and 2 a kg: 2 and 8 kg.
FEED = (
    {"A1": 1, "A2": 1, "B1": "=3*A1+2*A2", "C1": "=A1+A2", "C2": "=2*A1+A2", "D1": 10, "D2": 12},
    Problem("S!B1", "S!A1:A2", "min", (Constraint("S!C1:C2", ">=", "S!D1:D2"),), non_negative=True),
    {
        "reduced": [0, 0], "prices": [1, 1], "slopes": [3, 2],
        "slope_rise": [1, 1], "slope_fall": [1, 0.5], "right_rise": [2, 8], "right_fall": [4, 2],
    },
)  # fmt: skip
# Ten hours among three jobs that bring 5, 4 and 3 an hour, with at most 4 and 3 hours of the better two.
HOURS = (
    {"A1": 1, "A2": 1, "A3": 1, "B1": "=5*A1+4*A2+3*A3", "C1": "=A1+A2+A3", "D1": 10},
    Problem(
        "S!B1", "S!A1:A3", "max",
        (Constraint("S!C1", "=", "S!D1"), Constraint("S!A1", "<=", 4.0), Constraint("S!A2", "<=", 3.0)),
        non_negative=True,
    ),
    {
        "reduced": [2, 1, 0], "prices": [3], "slopes": [5, 4, 3],
        "slope_rise": [NO_LIMIT, NO_LIMIT, 1], "slope_fall": [2, 1, NO_LIMIT],
        "right_rise": [NO_LIMIT], "right_fall": [3],
    },
)  # fmt: skip
BY_HAND = {"workshop": WORKSHOP, "feed": FEED, "hours": HOURS}


def widest(figures, expected):
    """The largest difference; those without limit must be so on both sides."""
    with np.errstate(invalid="ignore"):
        gaps = [np.abs(np.array(expected[name], dtype=float) - figures[name]) for name in expected]
    return max(np.nan_to_num(gap, nan=0.0).max() for gap in gaps)


@pytest.mark.parametrize("name", BY_HAND)
def test_every_figure_of_a_linear_model_is_the_one_worked_by_hand(name, tmp_path, measured):
    cells, problem, expected = BY_HAND[name]
    found = told(sheet_function(tmp_path, cells, problem))
    figures = vars(found) | vars(found.ranges)
    count = sum(map(len, expected.values()))
    measured(f"linear report / by hand, {name}", f"{widest(figures, expected):.1e} over {count} figures")
    for figure, numbers in expected.items():
        assert figures[figure] == pytest.approx(np.array(numbers, dtype=float), abs=1e-9), figure


# ---- beside HiGHS on arrays --------------------------------------------------------------------------------------


def product_mix(seed, n=6, m=4):
    """(profits, uses, stocks) of n products out of m materials, all above 0, so that no two bases are as good."""
    draw = np.random.default_rng(seed)
    return draw.uniform(5, 20, n), draw.uniform(1, 5, (m, n)), draw.uniform(50, 90, m)


def by_highs(profits, uses, stocks):
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    n, m = profits.size, stocks.size
    highs.addVars(n, np.zeros(n), np.full(n, highspy.kHighsInf))
    highs.changeColsCost(n, np.arange(n, dtype=np.int32), -profits)
    for i in range(m):
        highs.addRow(-highspy.kHighsInf, stocks[i], n, np.arange(n, dtype=np.int32), uses[i])
    highs.run()
    return highs.getSolution(), highs.getRanging()[1]


@pytest.mark.parametrize("seed", range(8))
def test_every_figure_of_a_linear_model_is_highs_own(seed, tmp_path, measured):
    profits, uses, stocks = product_mix(seed)
    last = column_letters(profits.size)
    cells = {f"{column_letters(j + 1)}1": 1.0 for j in range(profits.size)}
    cells |= {f"{column_letters(j + 1)}2": float(p) for j, p in enumerate(profits)}
    for i, row in enumerate(uses, start=4):
        cells |= {f"{column_letters(j + 1)}{i}": float(use) for j, use in enumerate(row)}
        cells[f"J{i}"] = f"=SUMPRODUCT(A{i}:{last}{i},A$1:{last}$1)"
        cells[f"K{i}"] = float(stocks[i - 4])
    cells["J2"] = f"=SUMPRODUCT(A2:{last}2,A1:{last}1)"
    rows = Constraint("S!J4:J7", "<=", "S!K4:K7")
    problem = Problem("S!J2", f"S!A1:{last}1", "max", (rows,), non_negative=True)
    found, (solution, ranging) = (
        told(sheet_function(tmp_path, cells, problem)),
        by_highs(profits, uses, stocks),
    )
    ranges, n = found.ranges, profits.size
    gap = max(np.abs(found.prices + solution.row_dual).max(), np.abs(found.reduced + solution.col_dual).max())
    measured(f"shadow prices and reduced costs / HiGHS on arrays, mix {seed}", f"{gap:.1e}")
    assert found.prices == pytest.approx(-np.array(solution.row_dual), abs=1e-9)
    assert found.reduced == pytest.approx(-np.array(solution.col_dual), abs=1e-9)
    assert ranges.slopes == pytest.approx(profits)
    assert ranges.slopes + ranges.slope_rise == pytest.approx(-np.array(ranging.col_cost_dn.value_)[:n])
    assert ranges.slopes - ranges.slope_fall == pytest.approx(-np.array(ranging.col_cost_up.value_)[:n])
    binds = found.prices > 0
    assert 0 < binds.sum() < 4 or seed  # at least the first has rows of both kinds
    assert (stocks + ranges.right_rise)[binds] == pytest.approx(np.array(ranging.row_bound_up.value_)[binds])
    assert (stocks - ranges.right_fall)[binds] == pytest.approx(np.array(ranging.row_bound_dn.value_)[binds])
    slack = stocks - np.array(solution.row_value)
    assert np.isinf(ranges.right_rise[~binds]).all()
    assert ranges.right_fall[~binds] == pytest.approx(slack[~binds])


def test_highs_that_others_used_in_this_thread_with_more_helpers_works_for_us_too(tmp_path):
    def work():
        others = highspy.Highs()
        others.setOptionValue("output_flag", False)
        others.setOptionValue("threads", 3)
        others.addVar(0, 1)
        assert others.run() == highspy.HighsStatus.kOk
        cells, problem, expected = BY_HAND["feed"]
        return told(sheet_function(tmp_path, cells, problem)).prices, expected["prices"]

    with ThreadPoolExecutor(1) as new_thread:
        prices, expected = new_thread.submit(work).result()
    assert prices == pytest.approx(expected)


# ---- beside optima of models that were moved -----------------------------------------------------------------------


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("name", BY_HAND)
def test_a_shadow_price_holds_as_far_as_its_range_and_no_farther(name, side, tmp_path):
    cells, problem, _ = BY_HAND[name]
    f = sheet_function(tmp_path, cells, problem)
    found, here = told(f), solved(f).best_loss
    for i, price in enumerate(found.prices):
        reach = (found.ranges.right_rise if side > 0 else found.ranges.right_fall)[i]
        cell = f"D{i + 1}"

        def optimum(step, cell=cell):
            moved = cells | {cell: cells[cell] + side * step}
            return solved(sheet_function(tmp_path, moved, problem)).best_loss

        far = min(reach, 1000.0)
        assert optimum(0.999 * far) - here == pytest.approx(side * price * 0.999 * far, abs=1e-9)
        if reach < 1000:
            expected = side * price * (reach + 1)
            try:
                beyond = optimum(reach + 1)
            except TrainingError:
                continue
            except AssertionError:  # no values hold the constraints any more
                continue
            assert abs(beyond - here - expected) > 1e-6


@pytest.mark.parametrize("name", BY_HAND)
def test_a_reduced_cost_is_how_the_optimum_follows_a_bound(name, tmp_path):
    cells, problem, _ = BY_HAND[name]
    f = sheet_function(tmp_path, cells, problem)
    last = solved(f)
    found, v, step = sensitivity(f, last.best_values), last.best_values, 0.25
    for i in range(len(v)):
        for bounds in ("lower", "upper"):
            if getattr(f, bounds)[i] == v[i]:
                moved = getattr(f, bounds).copy()
                inwards = step if bounds == "lower" else -step
                moved[i] += inwards
                g = sheet_function(tmp_path, cells, problem)
                setattr(g, bounds, moved)
                change = solved(g).best_loss - last.best_loss
                assert change == pytest.approx(found.reduced[i] * inwards, abs=1e-9)


BENT = {
    "A1": 1, "A2": 2, "A3": 1, "B1": "=EXP(A1/2)+A2^2+LN(1+A3)*3+A1*A2/5",
    "C1": "=A1*A2+A3", "C2": "=A1+A2^2+A3", "D1": 2, "D2": 6, "D3": 0.5,
}  # fmt: skip
BENT_PROBLEM = Problem(
    "S!B1", "S!A1:A3", "min",
    (Constraint("S!C1", ">=", "S!D1"), Constraint("S!C2", "=", "S!D2"), Constraint("S!A3", ">=", "S!D3")),
)  # fmt: skip


@pytest.mark.parametrize("sense", ["min", "max"])
def test_a_multiplier_and_a_reduced_gradient_are_the_optimums_derivatives(sense, tmp_path, measured):
    sign = 1 if sense == "min" else -1
    cells = BENT | {"B1": f"={sign}*({BENT['B1'][1:]})"}
    problem = replace(BENT_PROBLEM, sense=sense)
    found = told(sheet_function(tmp_path, cells, problem))

    def optimum(cell, step):
        return solved(sheet_function(tmp_path, cells | {cell: cells[cell] + step}, problem)).best_loss

    def derivative(cell):
        return (optimum(cell, 1e-4) - optimum(cell, -1e-4)) / 2e-4

    slopes = [derivative("D1"), derivative("D2"), derivative("D3")]
    gap = np.abs([*found.prices, found.reduced[2]] - np.array(slopes)).max()
    measured(f"multipliers / differences of the optimum at 1e-4, {sense}", f"{gap:.1e}")
    assert found.ranges is None
    assert found.prices == pytest.approx([derivative("D1"), derivative("D2")], abs=1e-6)
    assert found.reduced == pytest.approx([0, 0, derivative("D3")], abs=1e-6)
    assert abs(found.reduced[2]) > 0.1 and (abs(found.prices) > 0.05).all()


def test_least_of_a_maximum_has_prices_but_no_coefficients(tmp_path):
    cells = {"A1": 5, "A2": 5, "B1": "=MAX(2*A1,3*A2)", "C1": "=A1+A2", "D1": 10}
    problem = Problem("S!B1", "S!A1:A2", "min", (Constraint("S!C1", ">=", "S!D1"),), non_negative=True)
    found = told(sheet_function(tmp_path, cells, problem))
    assert found.prices == pytest.approx([1.2])  # 6 and 4, 12 for 10
    assert found.reduced == pytest.approx([0, 0]) and np.isnan(found.ranges.slopes).all()
    assert (found.ranges.right_rise, found.ranges.right_fall) == (
        pytest.approx([NO_LIMIT]),
        pytest.approx([10]),
    )


def test_what_has_no_slopes_has_no_sensitivity(tmp_path):
    cells, problem, _ = WORKSHOP
    f = sheet_function(tmp_path, cells, problem)
    with pytest.raises(TrainingError, match="not the optimum of this linear model; solve it first"):
        sensitivity(f, f.start)
    whole = replace(problem, constraints=(*problem.constraints, Constraint("S!A1", "int")))
    f = sheet_function(tmp_path, cells, whole)
    with pytest.raises(TrainingError, match="whole numbers have no slopes"):
        sensitivity(f, solved(f).best_values)
    f = sheet_function(tmp_path, cells, replace(problem, sense=100.0))
    with pytest.raises(TrainingError, match="to come to a value has none"):
        sensitivity(f, f.start)


def test_the_residual_is_small_at_an_optimum_and_large_elsewhere(tmp_path):
    f = sheet_function(tmp_path, BENT, BENT_PROBLEM)
    last = solved(f)
    found = sensitivity(f, last.best_values, last.multipliers)
    assert residual(f, last.best_values, found.reduced) < 1e-8
    off = last.best_values + [0.01, 0.02, 0]
    assert residual(f, off, sensitivity(f, off).reduced) > 1e-4


# ---- room ----------------------------------------------------------------------------------------------------------


def by_trying(f, v, i, way, count, far=50.0):
    """How far value i can go: the last of many steps before the first that misses something."""
    steps = np.linspace(0, far, count)
    for step in steps[1:]:
        moved = v.copy()
        moved[i] += way * step
        values, (left, right) = moved[i], f.constraint_sides(moved)
        signs = np.array([{"<=": 1, ">=": -1, "=": 0}[c.relation] for c in f.constraints])
        missed = ((left - right) * signs > 1e-9) | ((signs == 0) & (abs(left - right) > 1e-6))
        if missed.any() or not f.lower[i] - 1e-12 <= values <= f.upper[i] + 1e-12:
            return v[i] + way * (step - far / (count - 1))
    return way * NO_LIMIT


@pytest.mark.parametrize("name", [*BY_HAND, "bent"])
def test_each_value_has_the_room_that_trying_finds(name, tmp_path):
    cells, problem, *_ = BY_HAND.get(name) or (
        BENT,
        replace(BENT_PROBLEM, constraints=BENT_PROBLEM.constraints[::2]),
    )
    f = sheet_function(tmp_path, cells, problem)
    v = solved(f).best_values * (0.7 if name == "workshop" else 1)  # in the middle of everything, too
    found = room(f, v)
    for i in range(len(v)):
        for j, way in enumerate((-1, 1)):
            tried = by_trying(f, v, i, way, count=4001)
            if math.isinf(tried):
                assert abs(found[i, j] - v[i]) >= 50 - 1e-9
            else:
                assert found[i, j] == pytest.approx(tried, abs=0.013)


def test_room_of_whole_numbers_is_whole_and_of_values_that_miss_a_constraint_unknown(tmp_path):
    cells, problem, _ = WORKSHOP
    whole = replace(problem, constraints=(*problem.constraints, Constraint("S!A1:A3", "int")))
    f = sheet_function(tmp_path, cells, whole)
    found = room(f, np.array([3.0, 20.0, 30.0]))
    assert found.tolist() == [[0, 16], [0, 42], [0, 46]]
    assert room(f, np.array([100.0, 0.0, 0.0])) is None
