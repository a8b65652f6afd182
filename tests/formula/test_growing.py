"""Ranges that grow or shrink as a formula is filled, against the same sheets computed cell by cell."""

import re
from contextlib import nullcontext
from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formula.cell_by_cell import assert_equal_functions, assert_equal_values, cell_by_cell
from tests.formula.sheets import function, snapshot
from xlcicf.errors import NotDifferentiable
from xlcicf.formula import runs
from xlcicf.formula.address import column_letters
from xlcicf.formula.functions import FUNCTIONS
from xlcicf.formula.growing import OF_GROWING
from xlcicf.formula.recalculation import Recalculation
from xlcicf.formula.runs import RunGraph
from xlcicf.formula.snapshot import ExcelError
from xlcicf.formula.units import Run

ROWS = range(2, 42)


def units(cells):
    """The sizes of the units that a sheet is computed in."""
    graph = RunGraph(snapshot(cells))
    ordered = graph.in_order(list(graph.runs("S")), lambda run, error: None)
    return sorted(unit.area.address for unit in ordered if isinstance(unit, Run))


def data(rows=ROWS):
    rng = np.random.default_rng(5)
    cells = {f"B{r}": round(rng.normal(), 2) for r in range(1, rows[-1] + 12)}
    return cells | {f"C{r}": round(rng.normal(), 2) for r in range(1, rows[-1] + 12)}


def filled(formula, rows=ROWS):
    """A formula of row r in column D, and the sum of its squares in H1."""
    cells = {f"D{r}": "=" + formula.format(r=r, next=r + 1, later=r + 6) for r in rows}
    return data(rows) | cells | {"A1": 1.5, "H1": f"=SUMSQ(D{rows[0]}:D{rows[-1]})"}


AT_ONCE = [
    "SUM(C$2:C{r})",
    "SUM(C$2:C{later})",
    "SUM(C{r}:C$45)",
    "SUM(C$1:C{r})",
    "SUM(B$2:C{r})",
    "A$1*SUM(C$2:C{r})/COUNT(C$2:C{r})",
    "SUM(C$2:C{r},B{r},A$1)",
    "SUM((C$2:C{r},B{r}:B$50))",
    "SUMSQ(C$2:C{r})-SUM(B{r}:B{later})",
    "AVERAGE(B$1:C{r})",
    "PRODUCT(C$2:C{r})",
    "PRODUCT(B{r}:C$45)",
    "MAX(C$2:C{r})",
    "MIN(C{r}:C$45,B{r})",
    "MAX(C{r}:C$45,B$2:B{r},B{r},0.5)",
    "IF(MAX(B$2:C{r})>2,SUM(C$2:C{r}),B{r})",
    "IF(AND(B$2:B{r}),1,2)*IF(OR(B$2:B{r}),3,4)*C{r}",
    "COUNTA(B$1:C{r})*C{r}",
    "SUMPRODUCT(B$2:B{r},C$3:C{next})",
    "SUMPRODUCT(B$2:C{r})",
    "SUM(C$2:C{r})/ROWS(C$2:C{r})*COLUMNS(B$2:C{r})",
    "C{r}*ROWS(B{r}:B$45)",
    "INDEX(C$1:C$50,ROWS(C$2:C{r}))*B{r}",
]  # fmt: skip


@pytest.mark.parametrize("formula", AT_ONCE)
def test_a_growing_range_is_computed_at_once_and_as_it_is_cell_by_cell(formula):
    cells = filled(formula)
    assert units(cells) == ["S!D2:D41", "S!H1"]
    assert_equal_values(snapshot(cells))
    moved = [np.round(np.random.default_rng(1).normal(size=51), 1)]
    assert assert_equal_functions(snapshot(cells), "H1", ["C2:C51", "A1"], moved, within=(1e-12, 1e-12))


CELL_BY_CELL = [
    "MEDIAN(C$2:C{r})",
    "INDEX(C$2:C{r},1)",
    "SUM(C$2:C{r}*2)",
    "SUMPRODUCT(C$2:C{r},B$2:B{r}*1)",
    "SUM(C$2:C{r})/SUM(IF(A$1>0,B$2:B{r}))",
    "STDEV(C$2:C{later})",
]


@pytest.mark.parametrize("formula", CELL_BY_CELL)
def test_what_must_see_the_whole_range_is_computed_cell_by_cell(formula):
    cells = filled(formula)
    assert len(units(cells)) > 2
    assert_equal_values(snapshot(cells))


def test_the_functions_of_growing_ranges_stand_in_the_table():
    assert FUNCTIONS.keys() >= OF_GROWING


def test_a_range_that_turns_is_two_runs():
    cells = filled("SUM(C$50:C{later})/ROWS(C$50:C{later})", range(2, 92))
    assert units(cells) == ["S!D2:D43", "S!D44:D91", "S!H1"]
    assert_equal_values(snapshot(cells))


def test_a_few_cells_are_computed_one_by_one():
    assert len(units(filled("SUM(C$2:C{r})", range(2, 9)))) == 8


def test_ranges_that_read_their_own_column_are_taken_apart():
    cells = {"A1": 0.1, "C2": 1.0} | {f"C{r}": f"=SUM(C$2:C{r - 1})*$A$1" for r in range(3, 43)}
    f = assert_equal_functions(snapshot(cells | {"H1": "=SUM(C2:C42)"}), "H1", ["A1", "C2"])
    assert f.value([0.1, 1.0]) == pytest.approx(1.1**40)


def filled_right(formula, width=30):
    letters = [column_letters(c) for c in range(2, width + 2)]
    rng = np.random.default_rng(3)
    cells = {f"{letter}{r}": round(rng.normal(), 2) for letter in letters for r in (1, 2, 3)}
    cells |= {f"{letter}5": "=" + formula.format(letter=letter) for letter in letters}
    return cells | {"A7": f"=SUMSQ(B5:{letters[-1]}5)"}


@pytest.mark.parametrize(
    "formula",
    ["SUM($B1:{letter}1)", "MAX($B1:{letter}3)", "PRODUCT({letter}2:$AE3)", "AVERAGE($B1:{letter}1,{letter}2:$AE2)", "COLUMNS($B1:{letter}2)*{letter}1"],
)  # fmt: skip
def test_to_the_right_too(formula):
    cells = filled_right(formula)
    assert units(cells) == ["S!A7", "S!B5:AE5"]
    assert_equal_values(snapshot(cells))
    assert assert_equal_functions(snapshot(cells), "A7", ["B1:AE3"], within=(1e-12, 1e-12))


@pytest.mark.parametrize("name", ["SUM", "PRODUCT", "COUNT", "MAX"])
def test_both_ways_at_once(name):
    rng = np.random.default_rng(4)
    cells = {f"{column_letters(c)}{r}": rng.integers(-4, 9) / 4 for c in range(1, 5) for r in range(1, 31)}
    cells |= {
        f"{column_letters(c + 5)}{r}": f"={name}($A$1:{column_letters(c)}{r})"
        for c in range(1, 5)
        for r in range(1, 31)
    }
    columns = ["S!F1:F30", "S!G1:G30", "S!H1:H30", "S!I1:I30"]  # ties of extremes are shared along lines
    cells["K1"] = "=SUMSQ(F1:I30)+A1"
    with patch.object(runs, "TALL", 100):
        assert units(cells) == [*(columns if name == "MAX" else ["S!F1:I30"]), "S!K1"]
        assert_equal_values(snapshot(cells))
        assert assert_equal_functions(snapshot(cells), "K1", ["A1:D30"], within=(1e-12, 1e-12))


def test_whole_columns_grow_to_the_right():
    cells = {f"{column_letters(c)}{r}": c + r / 10 for c in range(2, 32) for r in (1, 2, 3)}
    cells |= {f"Other!{column_letters(c)}1": f"=SUM(S!$B:{column_letters(c)})" for c in range(2, 32)}
    assert_equal_values(snapshot(cells))


# --- ties, zeros, errors ----------------------------------------------------------------------------------


def gradient(formula, values, weights=None, rows=40):
    """Of the sum of column D, each cell times a weight (1 in the last row only, unless given)."""
    values = [*values, *[-9.0] * (rows - len(values))]
    weights = weights or [0.0] * (rows - 1) + [1.0]
    cells = {f"C{r}": v for r, v in enumerate(values, 1)}
    cells |= {f"D{r}": "=" + formula.format(r=r) for r in range(1, rows + 1)}
    cells |= {f"E{r}": w for r, w in enumerate(weights, 1)}
    cells["H1"] = f"=SUMPRODUCT(D1:D{rows},E1:E{rows})"
    assert f"S!D1:D{rows}" in units(cells)
    f = function(cells, "H1", f"C1:C{rows}")
    return f.gradient(f.start)


def test_changing_numbers_that_tie_share_the_derivative_from_their_own_row_on():
    np.testing.assert_array_equal(
        gradient("MAX(C$1:C{r})", [1, 3, 2, 3, 3])[:6], [0, 1 / 3, 0, 1 / 3, 1 / 3, 0]
    )
    ones = gradient("MAX(C$1:C{r})", [1, 3, 2, 3], weights=[1.0] * 40)
    np.testing.assert_allclose(ones[:5], [1, 2 + 37 / 2, 0, 37 / 2, 0], rtol=1e-15)


def test_a_constant_among_those_that_tie_takes_it_to_0():
    assert not gradient("MAX(C$1:C{r},3)", [1, 3, 2]).any()
    np.testing.assert_array_equal(gradient("MAX(C$1:C{r},2)", [1, 3, 2])[:4], [0, 1, 0, 0])


def test_ties_with_cells_of_the_own_row_are_shared_too():
    both = gradient("MAX(C$1:C{r},C$2,C$3:C$4)", [3, 3, 1, 3])
    np.testing.assert_allclose(both[:5], [1 / 5, 2 / 5, 0, 2 / 5, 0], rtol=1e-15)


def test_zeros_in_a_product_leave_the_derivative_exact():
    np.testing.assert_array_equal(
        gradient("PRODUCT(C$1:C{r})", [2, 0, 3], weights=[0, 0, 1] + [0] * 37)[:4], [0, 6, 0, 0]
    )
    assert not gradient("PRODUCT(C$1:C{r})", [2, 0, 0, 3]).any()


def test_a_top_of_1_shares_nothing_with_what_does_not_count():
    cells = {"A1": np.e, "B1": "=LN(A1)", "B2": "none", "B3": "=MAX(B1:B2)"}
    assert function(cells, "B3", "A1").gradient([np.e]) == pytest.approx(1 / np.e)


def test_the_first_error_of_each_range_is_shown():
    cells = {f"C{r}": float(r) for r in range(1, 41)} | {f"B{r}": float(r) for r in range(1, 41)}
    cells |= {"C10": ExcelError("#N/A"), "B20": ExcelError("#REF!"), "B10": "x", "C30": "=1/0"}
    cells |= {f"D{r}": f"=SUM(B$1:C{r})" for r in range(1, 41)}
    cells |= {f"E{r}": f"=SUM(B{r}:C$40)" for r in range(1, 41)}
    cells |= {f"F{r}": f"=COUNT(B$1:C{r})+COUNTA(B{r}:B$40)" for r in range(1, 41)}
    assert_equal_values(snapshot(cells))


def test_one_that_cannot_be_computed_is_named_by_its_own_cell():
    cells = filled("VALUE(TEXT(SUM(C$2:C{r}),1))")
    with pytest.raises(NotDifferentiable, match="S!D7: TEXT"):
        function(cells, "H1", "C7:C9")


def test_after_an_edit_the_rows_below_are_computed_again():
    cells = filled("SUM(C$2:C{r})*MAX(C{r}:C$45)")
    shown = {}
    for name, nothing in (("at once", False), ("one by one", True)):
        book = snapshot(cells)
        with cell_by_cell() if nothing else nullcontext():
            recalculation = Recalculation(book, trusted=False)
            first = recalculation.renewed()
            recalculation.write({"S": {(30, 3): 4.5, (35, 3): "x", (36, 3): ExcelError("#N/A")}})
            shown[name] = first["S"], recalculation.renewed()["S"]
    for ours, theirs in zip(*shown.values(), strict=True):
        assert ours.keys() == theirs.keys()
        assert {c: v for c, v in ours.items() if isinstance(v, str)} == {
            c: v for c, v in theirs.items() if isinstance(v, str)
        }
        numbers = [c for c, v in ours.items() if isinstance(v, float)]
        np.testing.assert_allclose([ours[c] for c in numbers], [theirs[c] for c in numbers], rtol=1e-13)
    assert (2, 4) in shown["at once"][1] and (36, 4) in shown["at once"][1]


# --- at many points -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("formula", AT_ONCE)
def test_a_batch_of_points_is_each_of_them(formula):
    f = function(filled(formula), "H1", "C2:C51", "A1")
    points = torch.from_numpy(np.round(np.random.default_rng(2).normal(size=(4, 51)), 1))
    values, gradients = f.batch(points)
    for point, value, slope in zip(points.numpy(), values, gradients, strict=True):
        one, by_itself = f.value_and_gradient(point)
        np.testing.assert_allclose(value, one, rtol=1e-14)
        np.testing.assert_allclose(slope, by_itself, rtol=1e-13, atol=1e-13)


# --- generated sheets ------------------------------------------------------------------------------------

LAST, WIDTH = 14, 4  # rows and columns of data
HOST_ROWS, HOST_COLS = range(3, 11), range(6, 9)


@st.composite
def edges(draw, kind, moving, fixed):
    """Both ends of a range along one axis, each as a function from the host's row (or column) to "$" or ""
    and a row: "$" in `kind` stays where it is, "." moves with the host."""
    ends = [("$", draw(fixed)) if part == "$" else ("", draw(moving)) for part in kind]
    return [(lambda at, mark=mark, n=n: (mark, n if mark else at + n)) for mark, n in ends]


@st.composite
def ranges(draw):
    """A range that grows, as a function from the host's row and column to its text."""
    kinds = st.sampled_from(
        [("$.", "$$"), ("$.", ".."), (".$", "$$"), ("$$", "$."), ("..", ".$"), ("$.", "$."), (".$", "$.")]
    )
    down, right = draw(kinds)
    rows = draw(edges(down, st.integers(-2, 4), st.integers(1, LAST)))
    cols = draw(edges(right, st.integers(-5, -4), st.integers(1, WIDTH)))

    def text(row, col):
        (a, top), (b, bottom) = (edge(row) for edge in rows)
        (c, left), (d, right_) = (edge(col) for edge in cols)
        return f"{c}{column_letters(left)}{a}{top}:{d}{column_letters(right_)}{b}{bottom}"

    return text


names = st.sampled_from(
    ["SUM", "MAX", "MIN", "PRODUCT", "AVERAGE", "COUNT", "COUNTA", "SUMSQ", "SUMPRODUCT", "SUM", "MAX"]
)
shapes = st.sampled_from(
    [
        "<F>(<R>)",
        "<F>(<R>)*Q$1",
        "<F>(<R>)/<F>(<R>)",
        "IF(<F>(<R>)>1,<F>(<R>),Q$2)",
        "<F>(<R>,<R>)",
        "<F>(<R>,Q$1)",
        "IFERROR(<F>(<R>),Q$1)",
        "MAX(0,<F>(<R>))",
        "MAX(<R>,<R>,1)",
        "MIN(<R>,Q$2)",
        "<F>((<R>,<R>))",
    ]
)
contents = st.one_of(
    st.integers(-8, 8).map(lambda n: n / 4),
    st.integers(1, 4).map(lambda n: f"=Q$1*{n / 2}"),
    st.sampled_from([1.0, 0.0, "x", None, True, "=Q$3>0", "=Q$2*Q$3", "=LN(Q$3)", "=IF(Q$1>0.5,Q$2)", "=1/Q$2", "=Q$2", "=-Q$2"]),
)  # fmt: skip


@st.composite
def sheets(draw):
    cells = {"Q1": 0.5, "Q2": -0.25, "Q3": draw(st.sampled_from([1.0, -1.0]))}
    for c in range(1, WIDTH + 1):
        for r in range(1, LAST + 1):
            cells[f"{column_letters(c)}{r}"] = draw(st.integers(-8, 8)) / 4
    for _ in range(draw(st.integers(0, 25))):
        cells[f"{column_letters(draw(st.integers(1, WIDTH)))}{draw(st.integers(1, LAST))}"] = draw(contents)
    for code in draw(st.lists(st.sampled_from(["#N/A", "#REF!", "#DIV/0!"]), max_size=3)):
        at = f"{column_letters(draw(st.integers(1, WIDTH)))}{draw(st.integers(1, LAST))}"
        cells[at] = ExcelError(code)
    drawn = {"<F>": names, "<R>": ranges()}
    parts = [draw(drawn[part]) if part in drawn else part for part in re.split("(<.>)", draw(shapes))]
    for c in HOST_COLS:
        for r in HOST_ROWS:
            text = "".join(part(r, c) if callable(part) else part for part in parts)
            cells[f"{column_letters(c)}{r}"] = "=" + text
            here, there = column_letters(c), column_letters(c + 4)
            cells[f"{there}{r}"] = f"=IFERROR({here}{r}*{(r * 7 + c * 5) % 11 / 4},0)"
    return {cell: content for cell, content in cells.items() if content is not None} | {
        "N1": "=SUM(J3:L10)+Q1+Q2+Q3"
    }


@settings(max_examples=60)
@given(sheets())
def test_generated_sheets_show_what_they_show_cell_by_cell(cells):
    with patch.object(runs, "LONG", 2):
        assert_equal_values(snapshot(cells))


@settings(max_examples=60)
@given(sheets(), st.booleans())
def test_generated_sheets_have_the_same_function(cells, with_data):
    changing = ["Q1:Q3"]
    if with_data:
        changing += [k for k, v in cells.items() if isinstance(v, float) and k[0] in "ABC"]
    book = snapshot(cells)
    count = 3 + len(changing) - 1
    rng = np.random.default_rng(count)
    moved = [np.round(rng.normal(size=count) * 2) / 2, np.full(count, 0.5)]
    with patch.object(runs, "LONG", 2):
        # IF computes a branch in all cells of a run that has one which takes it, and hears of its corners
        corners = not cells["F3"].startswith("=IF(")
        assert_equal_functions(book, "N1", changing, moved, corners, within=(1e-12, 1e-12))
