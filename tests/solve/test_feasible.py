"""What Solver's constraints allow the changing cells: bounds, limits on what follows them, whole numbers, orders."""

import math

import numpy as np
import pytest

from tests.solve.test_problem import book, problem
from xlcicf.errors import AddressError, DataError, ProblemError
from xlcicf.formula.address import Area
from xlcicf.formula.limits import limited_cells
from xlcicf.formula.snapshot import ExcelError
from xlcicf.solve.constraints import RIGHT_SIDES
from xlcicf.solve.feasible import Feasible, unserved
from xlcicf.solve.placed import place
from xlcicf.solve.problem import Constraint

INF = math.inf
VALUES = dict(A1="=D4*E4+D5*E5", D4=1.0, E4=1.0, D5=1.0, E5=1.0, G1=7.0, G2=8.0, G3="much", G4="=G1-5",
              G5="=G1-D4", G6=ExcelError("#N/A"), G8=True)  # fmt: skip
ALL = "Net!D4:E5"  # the changing cells, in the order D4, E4, D5, E5


def allowed(*constraints: Constraint, **fields) -> Feasible:
    return place(book(**VALUES), problem(constraints=constraints, **fields)).feasible


BOUNDS = {  # on D4, E4, D5, E5
    "none": ([], [-INF] * 4, [INF] * 4),
    "a number": ([Constraint(ALL, "<=", 3.0)], [-INF] * 4, [3] * 4),
    "equal to a number": ([Constraint("Net!E4", "=", 3.0)], [-INF, 3, -INF, -INF], [INF, 3, INF, INF]),
    "a part": ([Constraint("Net!E4:E5", ">=", -1.0)], [-INF, -1, -INF, -1], [INF] * 4),
    "one bound cell": ([Constraint(ALL, "<=", "Net!G1")], [-INF] * 4, [7] * 4),
    "a cell each": ([Constraint("Net!D4:E4", "<=", "Net!G1:G2")], [-INF] * 4, [7, 8, INF, INF]),
    "equal to a cell each": ([Constraint("Net!D4:E4", "=", "Net!G1:G2")], [7, 8, -INF, -INF], [7, 8, INF, INF]),
    "several areas": ([Constraint("Net!E5,Net!D4", "<=", "Net!G1,Net!G2")], [-INF] * 4, [8, INF, INF, 7]),
    "a name": ([Constraint("Net!D4", ">=", "the_least")], [8, -INF, -INF, -INF], [INF] * 4),
    "another sheet's blank cell": ([Constraint("Net!D4", ">=", "'My sheet'!B2")], [0, -INF, -INF, -INF], [INF] * 4),
    "a blank cell": ([Constraint("Net!D4", ">=", "Net!G7")], [0, -INF, -INF, -INF], [INF] * 4),
    "TRUE": ([Constraint("Net!D4", "<=", "Net!G8")], [-INF] * 4, [1, INF, INF, INF]),
    "a constant formula's cell": ([Constraint("Net!D4", ">=", "Net!G4")], [2, -INF, -INF, -INF], [INF] * 4),
    "a constant formula": ([Constraint("Net!D4", "<=", "Net!G1*2")], [-INF] * 4, [14, INF, INF, INF]),
    "a constant formula on the objective's sheet": (
        [Constraint("Net!D4", "<=", "=SUM($G$1:G2)/3")], [-INF] * 4, [5, INF, INF, INF],
    ),
    "the tightest counts": (
        [Constraint("Net!D4", "<=", bound) for bound in (5.0, 3.0, 4.0)], [-INF] * 4, [3, INF, INF, INF],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("constraints", "lower", "upper"), BOUNDS.values(), ids=BOUNDS)
def test_limits_on_changing_cells_become_bounds(constraints, lower, upper):
    named = book("the_least=Net!$G$2", **VALUES)
    found = place(named, problem(constraints=tuple(constraints))).feasible
    assert np.array_equal([found.lower, found.upper], [lower, upper])
    assert found.bounding == frozenset(range(len(constraints))) and found.limits == ()
    assert not found.whole.any() and found.orders == ()


NON_NEGATIVE = {
    "all cells": ([], [0] * 4),
    "not those with a >=": ([Constraint("Net!D4:D5", ">=", -2.0)], [-2, 0, -2, 0]),
    "not those with an =": ([Constraint("Net!D4", "=", -2.0)], [-2, 0, 0, 0]),
    "those with a <=": ([Constraint("Net!D4", "<=", 2.0)], [0] * 4),
    "those with int": ([Constraint("Net!D4", "int")], [0] * 4),
    "not those with dif": ([Constraint("Net!D4:E4", "dif")], [1, 1, 0, 0]),
    "not those with a >= that moves": ([Constraint("Net!D4", ">=", "Net!G5")], [-INF, 0, 0, 0]),
    "those with a <= that moves": ([Constraint("Net!D4", "<=", "Net!G5")], [0] * 4),
}


@pytest.mark.parametrize(("constraints", "lower"), NON_NEGATIVE.values(), ids=NON_NEGATIVE)
def test_non_negative_is_for_cells_that_no_constraint_holds_from_below(constraints, lower):
    assert allowed(*constraints, non_negative=True).lower.tolist() == lower


def test_a_bound_falls_on_the_cell_that_it_names_whatever_the_order_of_the_areas():
    found = allowed(Constraint("Net!E4", "<=", 1.0), changing="Net!D5,Net!E4")
    assert found.upper.tolist() == [INF, 1]


LIMITS = {
    "a formula cell": (Constraint("Net!A1", "<=", 3.0), ["Net!A1 <= 3"]),
    "a formula cell beside a cell": (Constraint("Net!A1", "=", "Net!G1"), ["Net!A1 = Net!G1"]),
    "a right side that moves": (Constraint("Net!D4:E4", "<=", "Net!G5"), ["Net!D4 <= Net!G5", "Net!E4 <= Net!G5"]),
    "a changing right side": (Constraint("Net!D4", ">=", "Net!E4"), ["Net!D4 >= Net!E4"]),
    "a cell each": (Constraint("Net!D4:D5", "<=", "Net!E4:E5"), ["Net!D4 <= Net!E4", "Net!D5 <= Net!E5"]),
    "changing cells and others": (Constraint("Net!D4,Net!A1", "<=", 3.0), ["Net!D4 <= 3", "Net!A1 <= 3"]),
    "a formula that moves": (
        Constraint("Net!D4", "<=", "Net!E4*2"),
        ["Net!D4 <= Net!E4*2"],
    ),
    "a constant cell": (Constraint("Net!G2", "<=", 9.0), ["Net!G2 <= 9"]),
}  # fmt: skip


@pytest.mark.parametrize(("constraint", "texts"), LIMITS.values(), ids=LIMITS)
def test_what_moves_on_either_side_is_a_limit(constraint, texts):
    found = allowed(constraint)
    assert [cell.text for limit in found.limits for cell in limited_cells(limit)] == texts
    assert [limit.text for limit in found.limits] == [str(constraint)]
    assert np.isinf([found.lower, found.upper]).all() and found.bounding == frozenset()


def test_a_constraint_says_by_its_number_whether_it_is_a_bound():
    rows = Constraint("Net!A1", "<=", 3.0), Constraint("Net!D4", "<=", 3.0), Constraint("Net!E4", "int")
    assert allowed(*rows).bounding == {1}


WHOLE = {  # lower, upper, whole, orders
    "int": (Constraint("Net!D4,Net!E5", "int"), [-INF] * 4, [INF] * 4, [1, 0, 0, 1], []),
    "bin": (Constraint("Net!E4", "bin"), [-INF, 0, -INF, -INF], [INF, 1, INF, INF], [0, 1, 0, 0], []),
    "dif": (Constraint("Net!D4:D5", "dif"), [1, -INF, 1, -INF], [2, INF, 2, INF], [1, 0, 1, 0], [[0, 2]]),
}


@pytest.mark.parametrize(("constraint", "lower", "upper", "whole", "orders"), WHOLE.values(), ids=WHOLE)
def test_whole_numbers_are_said_of_each_changing_cell(constraint, lower, upper, whole, orders):
    found = allowed(constraint)
    assert np.array_equal([found.lower, found.upper], [lower, upper])
    assert (found.whole.tolist(), [order.tolist() for order in found.orders]) == (whole, orders)


def test_bounds_of_whole_numbers_are_whole():
    found = allowed(Constraint(ALL, "int"), Constraint(ALL, ">=", 0.4), Constraint(ALL, "<=", 2.9999999999))
    assert (found.lower.tolist(), found.upper.tolist()) == ([1] * 4, [3] * 4)


def test_solvers_tick_at_ignore_integer_constraints_leaves_their_bounds_and_orders():
    rows = Constraint("Net!D4", "bin"), Constraint("Net!E4", "int"), Constraint("Net!D5:E5", "dif")
    found = allowed(*rows, options={"ignore integers": 1.0})
    assert found.whole.tolist() == [False, False, True, True]
    assert (found.lower.tolist(), found.upper.tolist()) == ([0, -INF, 1, 1], [1, INF, 2, 2])


REFUSED = {
    "whole numbers of a formula": (
        Constraint("Net!A1", "int"), ProblemError,
        "the constraint Net!A1 int is asked of Net!A1, which is not among the changing cells",
    ),
    "an order of a constant": (Constraint("Net!D4:D6", "dif"), ProblemError, "asked of Net!D6, which is not"),
    "two bounds for four": (
        Constraint(ALL, "<=", "Net!G1:G2"), ProblemError, "has 4 cells on its left side and 2 on its right",
    ),
    "a name that is gone": (
        Constraint("Net!D4", "<=", "the_limit"), AddressError,
        "the constraint Net!D4 <= the_limit: 'the_limit': there is no name 'the_limit'",
    ),
    "another book": (Constraint("Net!D4", "<=", "[other.xlsx]Net!A1"), AddressError, "refers to another workbook"),
    "deleted cells": (Constraint("Net!D4", "<=", "Net!#REF!"), AddressError, "Net!D4 <= Net!#REF!: "),
    "no right side": (
        Constraint("Net!D4", "<="), ProblemError, "Net!D4 <= has no right side; give it a number or cells",
    ),
    "text": (Constraint("Net!D4", "<=", "Net!G3"), DataError, "Net!G3 holds 'much' where the constraint"),
    "an error": (Constraint("Net!D4", "<=", "Net!G6"), DataError, "Net!G6 holds '#N/A' where the constraint"),
    "a formula that comes to an error": (
        Constraint("Net!D4", "<=", "Net!G1/0"), AddressError,
        "the right side of the constraint Net!D4 <= Net!G1/0 shows #DIV/0!",
    ),
    "a formula that comes to a text": (
        Constraint("Net!D4", "<=", "Net!G3&Net!G1"), AddressError, "Net!D4 <= Net!G3&Net!G1 shows much7",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("constraint", "error", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_served_is_refused_by_its_cells(constraint, error, message):
    with pytest.raises(error) as refused:
        allowed(constraint)
    assert message in str(refused.value)


CONTRADICTIONS = {
    "the tick and a bound": (
        [Constraint("Net!E5", "<=", -1.0)], True, "Net!E5 should be at least 0 and at most -1",
    ),
    "two rows": ([Constraint(ALL, "<=", 1.0), Constraint("Net!D5", "=", 2.0)], False,
                 "Net!D5 should be at least 2 and at most 1"),
    "no whole number between": (
        [Constraint("Net!D4", ">=", 1.2), Constraint("Net!D4", "<=", 1.8), Constraint("Net!D4", "int")], False,
        "Net!D4 should be",
    ),
    "an order beyond a bound": (
        [Constraint("Net!D4:E5", "dif"), Constraint("Net!E4", ">=", 5.0)], False,
        "Net!E4 should be at least 5 and at most 4",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("constraints", "non_negative", "message"), CONTRADICTIONS.values(), ids=CONTRADICTIONS
)
def test_bounds_that_leave_no_value_are_refused_by_the_cell(constraints, non_negative, message):
    with pytest.raises(ProblemError, match=message):
        allowed(*constraints, non_negative=non_negative)


def test_check_names_each_constraint_that_cannot_be_served_and_passes_the_others_by():
    rows = Constraint("Net!A1", "<=", 3.0), Constraint("Net!A1", "int"), Constraint("Net!D4", "<=", "Net!G3")
    placed = place(book(**VALUES), problem(constraints=rows))
    found = dict(unserved(placed.book, placed.changing, placed.constraints))
    assert list(found) == ["Net!A1 int", "Net!D4 <= Net!G3"]
    assert "not among the changing cells" in found["Net!A1 int"]


def test_a_formula_on_the_right_means_the_cells_of_the_objectives_sheet():
    sheets = book(**VALUES)
    sheets.sheets["My sheet"].values[7, 7] = 100.0
    asked = problem(constraints=(Constraint("D4", "<=", "G1+'My sheet'!G7"),))
    assert place(sheets, asked).feasible.upper[0] == 107
    assert place(sheets, asked).constraints[0].right == (Area(RIGHT_SIDES, 1, 1, 1, 1),)
