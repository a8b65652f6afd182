"""What another process is asked, as text: not a bit of a number and no cell may be lost."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import xlcicf
from xlcicf.formula import differentiate
from xlcicf.formula.address import Area
from xlcicf.formula.snapshot import Calculation, ExcelError, Sheet, Snapshot, Table, WhatIf
from xlcicf.host import read_snapshot
from xlcicf.solve import PlacedProblem, Problem, find_problem, place
from xlcicf.solve.constraints import RIGHT_SIDES, PlacedConstraint
from xlcicf.solve.problem import OPTIONS, Constraint
from xlcicf.solve.question import question_line, question_of

numbers = st.floats(allow_nan=False)
finite = st.floats(allow_nan=False, allow_infinity=False)
cells = st.tuples(st.integers(1, 9), st.integers(1, 9))
texts = st.text(max_size=5)
scalars = st.one_of(numbers, st.booleans(), texts, st.sampled_from(["#N/A", "#DIV/0!"]).map(ExcelError))
areas = st.builds(
    lambda top, left: Area("My sheet", top, left, top + 1, left), st.integers(1, 9), st.integers(1, 9)
)
asked_of = st.builds(WhatIf, st.none() | cells, st.none() | cells)


@st.composite
def snapshots(draw) -> Snapshot:
    arrays = {(area.top, area.left): area for area in draw(st.lists(areas, max_size=2))}
    formulas, values = draw(st.dictionaries(cells, texts)), draw(st.dictionaries(cells, scalars))
    sheet = Sheet("My sheet", formulas, values, arrays, draw(st.dictionaries(areas, asked_of, max_size=2)))
    names = draw(st.dictionaries(st.tuples(texts, st.none() | texts), texts, max_size=3))
    table = Table("Fares", draw(areas), ("Age", "Fare"), totals_rows=draw(st.integers(0, 1)))
    calculation = Calculation(draw(st.booleans()), draw(st.sampled_from(["auto", "manual"])), date1904=True)
    return Snapshot({"My sheet": sheet}, names, {"fares": table}, calculation)


def asked(book: Snapshot, lower=-math.inf, upper=math.inf) -> PlacedProblem:
    area = Area("My sheet", 1, 1, 1, 1)
    limits = [(">=", lower)] * math.isfinite(lower) + [("<=", upper)] * math.isfinite(upper)
    constraints = tuple(PlacedConstraint("a limit", (area,), *limit) for limit in limits)
    return PlacedProblem(book, area, (area,), constraints, False, "min", OPTIONS, None)


@given(snapshots())
def test_a_snapshot_comes_back_as_it_was(book):
    back, settings = question_of(question_line(asked(book), {"optimizer": "adam", "lr": None}))
    assert back["book"] == book and settings == {"optimizer": "adam", "lr": None}
    kinds = [type(value) for value in book.sheets["My sheet"].values.values()]
    assert [type(value) for value in back["book"].sheets["My sheet"].values.values()] == kinds


@given(st.tuples(finite, finite).map(sorted), st.booleans(), st.booleans())
def test_bounds_come_back_to_the_last_bit(bounds, has_lower, has_upper):
    lower, upper = bounds[0] if has_lower else -math.inf, bounds[1] if has_upper else math.inf
    back, _ = question_of(question_line(asked(Snapshot(), lower, upper), {}))
    assert [*map(repr, back["lower"]), *map(repr, back["upper"])] == [
        repr(np.float64(lower)),
        repr(np.float64(upper)),
    ]


CONSTRAINTS = (
    Constraint("Net!B3", "<=", 40.25),
    Constraint("Net!B3,Net!B1", ">=", "Net!D1:D2"),
    Constraint("Net!B2", "=", "Net!B1*Net!D1"),
    Constraint("Net!B1", "<=", "SUM(Net!D1:D2)/3"),
    Constraint("Net!B2", "int"),
    Constraint("Net!C1:C3", "dif"),
)


def test_constraints_whole_numbers_and_orders_come_back_as_they_were():
    values = {(row, col): float(row * col) for row in (1, 2, 3) for col in (2, 3, 4)}
    sheet = Sheet("Net", {(3, 2): "=B1^2+B2*C1+C2-C3"}, values)
    asked = Problem("Net!B3", "Net!B1:B2,Net!C1:C3", constraints=CONSTRAINTS)
    question = place(Snapshot({"Net": sheet}), asked).question
    back, _ = question_of(question_line(place(Snapshot({"Net": sheet}), asked), {}))
    assert back["constraints"] == list(question["constraints"]) and len(back["constraints"]) == 3
    assert back["book"] == question["book"] and RIGHT_SIDES in back["book"].sheets
    for arrays in ("lower", "upper", "whole", "orders"):
        assert np.array_equal(back[arrays], question[arrays]), arrays
    here, there = differentiate(**question), differentiate(**back)
    at = here.start + 0.125
    assert np.array_equal(here.constraint_sides(at), there.constraint_sides(at))
    assert np.array_equal(here.jacobian(at), there.jacobian(at)) and len(here.jacobian(at)) == 4
    assert (here.whole == there.whole).all() and here.upper.tolist() == there.upper.tolist()
    assert [order.tolist() for order in there.orders] == [[2, 3, 4]]


def test_a_whole_book_comes_back_as_it_was(titanic_book):
    book = xlcicf.open_book(titanic_book)
    problem = place(read_snapshot(book), find_problem(book))
    back, _ = question_of(question_line(problem, {}))
    assert (back["book"], back["objective"], back["changing"]) == (
        problem.book,
        problem.objective,
        problem.changing,
    )
    assert (back["sense"], back["init"]) == (problem.sense, problem.init) == ("min", 0.5)
