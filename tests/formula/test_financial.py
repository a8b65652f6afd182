"""Functions of money: what Microsoft's pages publish, corners, roots, and derivatives where rates go through 0."""

import math

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.formula.sheets import area, computed, function, snapshot
from xlcicf.errors import FormulaError, NotDifferentiable
from xlcicf.formula.day_arithmetic import days_by_basis
from xlcicf.formula.daycount import days_between
from xlcicf.formula.evaluate import Evaluator
from xlcicf.formula.rings import compute
from xlcicf.formula.runs import RunGraph
from xlcicf.formula.snapshot import Calculation, ExcelError

# Microsoft's examples, to the digits that its pages show.
PUBLISHED = [
    ("PV(0.08/12,12*20,500,,0)", "-59777.15"),
    ("FV(0.06/12,10,-200,-500,1)", "2581.40"),
    ("FV(0.12/12,12,-1000)", "12682.50"),
    ("FV(0.11/12,35,-2000,,1)", "82846.25"),
    ("FV(0.06/12,12,-100,-1000,1)", "2301.40"),
    ("PMT(0.08/12,10,10000)", "-1037.03"),
    ("PMT(0.08/12,10,10000,0,1)", "-1030.16"),
    ("PMT(0.06/12,18*12,0,50000)", "-129.08"),
    ("IPMT(0.1/12,1,3*12,8000)", "-66.67"),
    ("IPMT(0.1,3,3,8000)", "-292.45"),
    ("PPMT(0.1/12,1,2*12,2000)", "-75.62"),
    ("PPMT(0.08,10,10,200000)", "-27598.05"),
    ("CUMIPMT(0.09/12,30*12,125000,13,24,0)", "-11135.23213"),
    ("CUMIPMT(0.09/12,30*12,125000,1,1,0)", "-937.5"),
    ("CUMPRINC(0.09/12,30*12,125000,13,24,0)", "-934.1071234"),
    ("CUMPRINC(0.09/12,30*12,125000,1,1,0)", "-68.27827118"),
    ("ISPMT(0.1/12,1,3*12,8000000)", "-64814.8"),
    ("NPER(0.12/12,-100,-1000,10000,1)", "59.6738657"),
    ("NPER(0.12/12,-100,-1000,10000)", "60.0821229"),
    ("NPER(0.12/12,-100,-1000)", "-9.57859404"),
    ("RATE(4*12,-200,8000)*100", "0.77"),
    ("NPV(0.1,-10000,3000,4200,6800)", "1188.44"),
    ("NPV(0.08,8000,9200,10000,12000,14500)-40000", "1922.06"),
    ("NPV(0.08,8000,9200,10000,12000,14500,-9000)-40000", "-3749.47"),
    ("IRR({-70000,12000,15000,18000,21000})*100", "-2.1"),
    ("IRR({-70000,12000,15000,18000,21000,26000})*100", "8.7"),
    ("IRR({-70000,12000,15000},-0.1)*100", "-44.4"),
    ("MIRR({-120000,39000,30000,21000,37000,46000},0.1,0.12)*100", "12.61"),
    ("MIRR({-120000,39000,30000,21000},0.1,0.12)*100", "-4.80"),
    ("MIRR({-120000,39000,30000,21000,37000,46000},0.1,0.14)*100", "13.48"),
    ("XNPV(0.09,{-10000,2750,4250,3250,2750},{39448,39508,39751,39859,39904})", "2086.65"),
    ("XIRR({-10000,2750,4250,3250,2750},{39448,39508,39751,39859,39904},0.1)", "0.37336253"),
    ("FVSCHEDULE(1,{0.09,0.11,0.1})", "1.33089"),
    ("RRI(96,10000,11000)", "0.0009933"),
    ("PDURATION(0.025,2000,2200)", "3.86"),
    ("PDURATION(0.025/12,1000,1200)", "87.6"),
    ("EFFECT(0.0525,4)", "0.0535427"),
    ("NOMINAL(0.053543,4)", "0.05250032"),
    ("SLN(30000,7500,10)", "2250"),
    ("SYD(30000,7500,10,1)", "4090.91"),
    ("SYD(30000,7500,10,10)", "409.09"),
    *((f"DB(1000000,100000,6,{i},7)", amount) for i, amount in enumerate(
        "186083.33 259639.42 176814.44 120410.64 81999.64 55841.76 15845.10".split(), 1)),
    ("DDB(2400,300,10*365,1)", "1.32"),
    ("DDB(2400,300,10*12,1,2)", "40.00"),
    ("DDB(2400,300,10,1,2)", "480.00"),
    ("DDB(2400,300,10,2,1.5)", "306.00"),
    ("DDB(2400,300,10,10)", "22.12"),
    ("VDB(2400,300,10*365,0,1)", "1.32"),
    ("VDB(2400,300,10*12,0,1)", "40.00"),
    ("VDB(2400,300,10,0,1)", "480.00"),
    ("VDB(2400,300,10*12,6,18)", "396.31"),
    ("VDB(2400,300,10*12,6,18,1.5)", "311.81"),
    ("VDB(2400,300,10,0,0.875,1.5)", "315.00"),
    ("AMORLINC(2400,39679,39813,300,1,0.15,1)", "360"),
    ("AMORDEGRC(2400,39679,39813,300,1,0.15,1)", "776"),
    ("DOLLARDE(1.02,16)", "1.125"),
    ("DOLLARDE(1.1,32)", "1.3125"),
    ("DOLLARFR(1.125,16)", "1.02"),
    ("DOLLARFR(1.125,32)", "1.04"),
    ("ACCRINT(39508,39691,39569,0.1,1000,2,0)", "16.66666667"),
    ("ACCRINT(39512,39691,39569,0.1,1000,2,0,FALSE)", "15.55555556"),
    ("ACCRINT(39543,39691,39569,0.1,1000,2,0,TRUE)", "7.22222222"),
    ("ACCRINTM(39539,39614,0.1,1000,3)", "20.54794521"),
    ("DISC(43282,54058,97.975,100,1)", "0.000686384"),
    ("INTRATE(39493,39583,1000000,1014420,2)", "0.05768"),
    ("RECEIVED(39493,39583,1000000,0.0575,2)", "1014584.65"),
    ("PRICE(39493,43054,0.0575,0.065,100,2,0)", "94.63436162"),
    ("YIELD(39493,42689,0.0575,95.04287,100,2,0)", "0.065000"),
    ("PRICEDISC(39494,39508,0.0525,100,2)", "99.79583"),
    ("YIELDDISC(39494,39508,99.795,100,2)", "0.052823"),
    ("PRICEMAT(39493,39551,39397,0.061,0.061,0)", "99.98449888"),
    ("YIELDMAT(39522,39755,39394,0.0625,100.0123,0)", "0.06095433"),
    ("DURATION(43282,54058,0.08,0.09,2,1)", "10.9191453"),
    ("MDURATION(39448,42370,0.08,0.09,2,1)", "5.73567"),
    ("TBILLEQ(39538,39600,0.0914)", "0.09415149"),
    ("TBILLPRICE(39538,39600,0.09)", "98.45"),
    ("TBILLYIELD(39538,39600,98.45)", "0.091417"),
    ("COUPDAYBS(40568,40862,2,1)", "71"),
    ("COUPDAYS(40568,40862,2,1)", "181"),
    ("COUPDAYSNC(40568,40862,2,1)", "110"),
    ("COUPNCD(40568,40862,2,1)", "40678"),
    ("COUPPCD(40568,40862,2,1)", "40497"),
    ("COUPNUM(39107,39767,2,1)", "4"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "shown"), PUBLISHED, ids=[f for f, _ in PUBLISHED])
def test_a_value_is_what_microsoft_publishes(formula, shown):
    digits = len(shown.partition(".")[2])
    assert abs(computed({"A1": "=" + formula}, "A1") - float(shown)) <= 0.5000001 * 10.0**-digits


NUM, DIV, VALUE = (ExcelError(code) for code in ("#NUM!", "#DIV/0!", "#VALUE!"))
CORNERS = [
    ("PMT(0.1,0,100)", NUM),
    ("PMT(-1,5,100)", NUM),
    ("PV(-1,2,100,5)", DIV),
    ("PV(-1.5,2,100)", -400.0 * (1 - 0.25) / 1.5 / 0.5 / 2),
    ("PV(0,10,100)", -1000.0),
    ("FV(0,10,100,50)", -1050.0),
    ("PMT(0,10,100,50)", -15.0),
    ("NPER(0,-100,1000)", 10.0),
    ("NPER(0,0,1000)", NUM),
    ("NPER(0.1,-10,100)", NUM),
    ("IPMT(0.1,0,3,100)", NUM),
    ("IPMT(0.1,4,3,100)", NUM),
    ("IPMT(0.1,1,3,100,0,1)", 0.0),
    ("PPMT(0.1,4,3,100)", NUM),
    ("CUMIPMT(0,12,100,1,2,0)", NUM),
    ("CUMIPMT(0.1,12,100,3,2,0)", NUM),
    ("CUMIPMT(0.1,12,100,1,2,2)", NUM),
    ("CUMPRINC(0.1,12,-100,1,2,0)", NUM),
    ("ISPMT(0.1,1,0,100)", DIV),
    ("NPV(-1,100)", DIV),
    ("NPV(0,1,2,3)", 6.0),
    ("NPV(0.1,B1:B4)", 1 / 1.1 + 3 / 1.21),  # a blank and a text take no time
    ("IRR({1,2,3})", NUM),
    ("IRR({-1,0})", NUM),
    ("IRR(B1:B4)", NUM),
    ("IRR({-100,230,-132},0.15)", 0.2),
    ("IRR({-100,230,-132},0.05)", 0.1),
    ("IRR({1,-2,2})", NUM),  # no rate at all
    ("MIRR({1,2},0.1,0.1)", DIV),
    ("XNPV(0,{-1,2},{39448,39508})", NUM),
    ("XNPV(0.1,{-1,2},{39448,39400})", NUM),
    ("XNPV(0.1,{-1,2},{39448,39448,39448})", NUM),
    ("XNPV(0.1,C1:C2,{39448;39500})", NUM),
    ("XIRR({1,2},{39448,39508})", NUM),
    ("XIRR({-1,2},{39448,39400})", NUM),
    ("FVSCHEDULE(2,D1:D3)", 2.0),  # blanks are 0
    ("FVSCHEDULE(2,B1:B4)", VALUE),
    ("EFFECT(0,4)", NUM),
    ("EFFECT(100,1E+300)/EXP(100)", 1.0),
    ("EFFECT(0.1,0.9)", NUM),
    ("NOMINAL(0.1,0)", NUM),
    ("RRI(0,1,2)", NUM),
    ("RRI(5,100,-100)", NUM),
    ("PDURATION(0,1,2)", NUM),
    ("DOLLARDE(1.1,0)", DIV),
    ("DOLLARDE(1.1,0.5)", DIV),
    ("DOLLARDE(1.1,-1)", NUM),
    ("SLN(1,2,0)", DIV),
    ("SYD(1000,100,5,6)", NUM),
    ("SYD(1000,100,5,0)", NUM),
    ("DB(1000,100,5,6)", NUM),
    ("DB(1000,100,5,6,13)", NUM),
    ("DB(0,100,5,1)", 0.0),
    ("DB(1000,0,5,1)", 1000.0),
    ("DB(1000,0,5,2)", 0.0),
    ("DDB(1000,100,5,6)", NUM),
    ("DDB(1000,100,5,1,0)", NUM),
    ("DDB(1000,2000,5,1)", 0.0),
    ("DDB(1000,100,1,1)", 900.0),
    ("VDB(1000,100,5,3,2)", NUM),
    ("VDB(1000,100,5,0,5)", 900.0),
    ("VDB(1000,100,5,0,5,2,TRUE)", 900.0),
    ("VDB(1000,0,5,0,5,2,TRUE)", 1000 * (1 - 0.6**5)),
    ("PRICE(39493,39493,0.05,0.06,100,2)", NUM),
    ("PRICE(39493,43054,-0.05,0.06,100,2)", NUM),
    ("PRICE(39493,43054,0.05,-0.06,100,2)", NUM),
    ("PRICE(39493,43054,0.05,0.06,100,3)", NUM),
    ("PRICE(39493,43054,0.05,0.06,100,2,5)", NUM),
    ("YIELD(39493,43054,0.05,0,100,2)", NUM),
    ("TBILLPRICE(39538,39538,0.09)", NUM),
    ("TBILLPRICE(39538,39538+367,0.09)", NUM),
    ("AMORLINC(2400,39679,39813,300,1,0.15,2)", NUM),
    ("AMORDEGRC(2400,39679,39813,300,1,0.22,0)", NUM),
    ("COUPDAYS(39493,43054,2,3)", 182.5),
    ("COUPPCD(38000,41698,4,1)", 37955.0),  # the last of February after the last of November
]  # fmt: skip


@pytest.mark.parametrize(("formula", "value"), CORNERS, ids=[f for f, _ in CORNERS])
def test_a_corner_is_as_excel_has_it(formula, value):
    sheet = {"B1": 1.0, "B3": "x", "B4": 3.0, "C1": True, "C2": 1.0, "A1": "=" + formula}
    found = computed(sheet, "A1")
    assert found == value if isinstance(value, ExcelError) else found == pytest.approx(value, rel=1e-13)


def _sum(rate, periods):
    return ((1 + rate) ** periods - 1) / rate if rate else periods


def _pv(rate, periods, payment, future):
    return -(future + payment * _sum(rate, periods)) / (1 + rate) ** periods


def _pmt(rate, periods, present, future):
    return -(present * (1 + rate) ** periods + future) / _sum(rate, periods)


def _nper(rate, payment, present, future):
    if not rate:
        return -(present + future) / payment
    return mpmath.log((payment - future * rate) / (payment + present * rate)) / mpmath.log(1 + rate)


BY_HAND = {
    "PV(A1,A2,A3,A4)": (_pv, (12.5, -100.0, 30.0)),
    "FV(A1,A2,A3,A4)": (lambda r, n, p, v: -(v * (1 + r) ** n + p * _sum(r, n)), (12.5, -100.0, 30.0)),
    "PMT(A1,A2,A3,A4)": (_pmt, (12.5, -100.0, 30.0)),
    "NPER(A1,A2,A3,A4)": (_nper, (-100.0, 20.0, 30.0)),
}


@pytest.mark.parametrize("rate", [0.0, 1e-300, -1e-15, 1e-9, -1e-5, 0.003, 0.09, 0.11, 0.7, -0.3, -0.95, 4.0])
@pytest.mark.parametrize("formula", BY_HAND)
def test_an_annuitys_value_and_gradient_hold_through_a_rate_of_0(formula, rate):
    by_hand, others = BY_HAND[formula]
    at = [rate, *others]
    cells = {f"A{i + 1}": x for i, x in enumerate(at)}
    f = function({**cells, "B1": "=" + formula}, "B1", *cells)
    with mpmath.workdps(400):
        point = [mpmath.mpf(x) for x in at]
        value = by_hand(*point)
        step = mpmath.mpf(10) ** -30
        slopes = []
        for i in range(4):
            two = [[x + side * step * (j == i) for j, x in enumerate(point)] for side in (1, -1)]
            slopes.append(float((by_hand(*two[0]) - by_hand(*two[1])) / (2 * step)))
    assert f.value(f.start) == pytest.approx(float(value), rel=1e-12)
    np.testing.assert_allclose(f.gradient(f.start), slopes, rtol=1e-12, atol=1e-14 * max(map(abs, slopes)))


def test_an_annuitys_rate_has_the_derivatives_of_its_equation():
    at = [30.0, -7.0, 80.0, 5.0]
    cells = {f"A{i + 1}": x for i, x in enumerate(at)}
    f = function({**cells, "B1": "=RATE(A1,A2,A3,A4,1)"}, "B1", *cells)

    def rate(n, payment, present, future):
        def left(r):
            return present * (1 + r) ** n + payment * (1 + r) * _sum(r, n) + future

        return mpmath.findroot(left, 0.08)

    with mpmath.workdps(40):
        step, point = mpmath.mpf(10) ** -12, [mpmath.mpf(x) for x in at]
        value, slopes = rate(*point), []
        for i in range(4):
            two = [[x + side * step * (j == i) for j, x in enumerate(point)] for side in (1, -1)]
            slopes.append(float((rate(*two[0]) - rate(*two[1])) / (2 * step)))
    assert f.value(f.start) == pytest.approx(float(value), rel=1e-15)
    np.testing.assert_allclose(f.gradient(f.start), slopes, rtol=1e-11)


def test_a_rate_of_0_is_found_with_its_derivative():
    f = function({"A1": -100.0, "B1": "=RATE(10,A1,1000)"}, "B1", "A1")
    assert f.value(f.start) == pytest.approx(0.0, abs=1e-15)
    assert f.gradient(f.start) == pytest.approx([-10 / 5500], rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(1.0, 1e6), min_size=1, max_size=30), st.floats(-0.5, 2.0))
def test_a_rate_of_return_makes_payments_worth_nothing(received, rate):
    spent = -sum(x / (1 + rate) ** (i + 1) for i, x in enumerate(received))
    cells = {"A1": spent} | {f"A{i + 2}": x for i, x in enumerate(received)}
    found = computed({**cells, "B1": f"=IRR(A1:A{len(cells)})"}, "B1")
    assert found == pytest.approx(rate, rel=1e-11, abs=1e-13)


def test_a_rate_of_return_has_the_gradient_of_its_equation_under_a_batch_of_cells():
    flows = [-70.0, 12.0, 55.0, 18.0, -3.0]
    cells = {f"{column}1": x for column, x in zip("ABCDE", flows, strict=True)}
    f = function({**cells, "G1": "=IRR(A1:E1)"}, "G1", *cells)
    rate = f.value(f.start)
    discounts = [(1 + rate) ** -(i + 1) for i in range(5)]
    slope = -sum(x * d * (i + 1) for i, (x, d) in enumerate(zip(flows, discounts, strict=True))) / (1 + rate)
    np.testing.assert_allclose(f.gradient(f.start), [-d / slope for d in discounts], rtol=1e-12)


def test_a_price_at_a_yield_of_0_is_all_that_is_paid():
    f = function({"A1": 0.05, "A2": 0.0, "B1": "=PRICE(39493,43054,A1,A2,100,2)"}, "B1", "A1:A2")
    times = [mpmath.mpf(i) / 2 + mpmath.mpf(90) / 360 for i in range(20)]
    assert f.value(f.start) == pytest.approx(100 + 50 - 2.5 * 90 / 180, rel=1e-14)
    by_yield = -sum(2.5 * t for t in times) - 100 * times[-1]
    np.testing.assert_allclose(f.gradient(f.start), [1000 - 100 * 90 / 360, float(by_yield)], rtol=1e-12)


@pytest.mark.parametrize(
    ("formula", "argument"),
    [
        ("PRICE(A1,43054,0.05,0.06,100,2)", "first"),
        ("XNPV(0.1,{-1,2},A1:B1)", "third"),
        ("EFFECT(0.1,A1)", "second"),
        ("CUMIPMT(0.1,12,100,A1,4,0)", "fourth"),
    ],
)
def test_an_argument_that_must_stay_is_refused_by_name(formula, argument):
    with pytest.raises(NotDifferentiable, match=f"no derivative by its {argument} argument"):
        function({"A1": 2.0, "B1": 3.0, "C1": "=" + formula}, "C1", "A1")


@pytest.mark.parametrize(
    "formula", ["VDB(2400,300,30000,25000,25001)", "AMORDEGRC(2400,39679,39813,300,25000,0.00001,1)"]
)
def test_very_many_periods_of_depreciation_are_refused_and_no_error_of_excel(formula):
    with pytest.raises(FormulaError, match="more than 20,000 periods, which is not computed"):
        computed({"A1": "=" + formula}, "A1")


def test_a_rate_that_is_lost_is_no_number():
    f = function({"A1": -100.0, "A2": 120.0, "B1": "=1/(1+IRR(A1:A2))"}, "B1", "A1:A2")
    assert f.value(f.start) == pytest.approx(1 / 1.2)
    assert math.isnan(f.value([100.0, 120.0]))


def test_a_book_of_1904_counts_its_days_from_there():
    """The same coupons, and the next of them as a number of that book."""
    book = snapshot(
        {"A1": "=COUPNCD(40568-1462,40862-1462,2,1)", "A2": "=PRICE(38031,41592,0.0575,0.065,100,2)"}
    )
    book.calculation = Calculation(date1904=True)
    graph = RunGraph(book)
    evaluator = Evaluator(graph)
    for unit in graph.in_order(list(graph.runs("S")), lambda run, error: None):
        compute(evaluator, unit)
    found = evaluator.values(area("A1:A2")).numbers().ravel()
    assert found[0] == 40678 - 1462
    assert round(found[1], 8) == 94.63436162


def test_depreciation_over_a_life_that_changes_follows_it():
    f = function({"A1": 3.0, "B1": "=VDB(1000,100,A1,0,4)"}, "B1", "A1")
    assert math.isnan(f.value(f.start))
    assert f.value([8.0]) == computed({"B1": "=VDB(1000,100,8,0,4)"}, "B1") == pytest.approx(683.59375)


@given(st.integers(1, 60_000), st.integers(1, 60_000), st.integers(0, 4))
@example(8095, 25446, 0)  # from the last of a February to a 31st
@example(59, 800, 1)  # 1900, which is a leap year in Excel
def test_securities_count_years_as_yearfrac_does(start, end, basis):
    start, end = sorted((start, end + (start == end)))
    cells = {"A1": f"=ACCRINTM({start},{end},1,1,{basis})", "A2": f"=YEARFRAC({start},{end},{basis})"}
    assert computed(cells, "A1") == computed(cells, "A2")


@given(st.integers(61, 60_000), st.integers(61, 60_000), st.sampled_from((0, 4)))
def test_days_of_thirty_a_month_are_counted_alike_one_by_one_and_many_at_once(start, end, basis):
    start, end = sorted((start, end))
    days = (torch.tensor([float(day)], dtype=torch.float64) for day in (start, end))
    assert days_by_basis(*days, torch.tensor([float(basis)])).item() == days_between(start, end, basis)


def test_periods_that_repay_next_to_nothing_are_counted_to_the_last_digit():
    """log(2.5/(2.5 + 5E10))/log(6), whose quotient differs from 0 as little as from -1 one more."""
    cells = {"A1": 5.0, "A2": 2.5, "A3": 1e10, "A4": "=NPER(A1,A2,A3)"}
    assert computed(cells, "A4") == pytest.approx(-13.237824896647135, rel=1e-13)
    f = function(cells, "A4", "A1:A3")
    steps = f.start * 1e-6
    slopes = [(f.value(f.start + s) - f.value(f.start - s)) / (2 * s.sum()) for s in np.diag(steps)]
    assert f.gradient(f.start) == pytest.approx(slopes, rel=1e-6)
