"""Fusion, order and cycles; and whole sheets of generated formulas against IronCalc."""

import math
import tempfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import oracles
from tests.formula.sheets import area, central_differences, computed, function, snapshot, write
from xlcicf.errors import (
    AddressError,
    CycleError,
    DataError,
    FormulaError,
    NotDifferentiable,
    ProblemError,
    Unforeseen,
    XlcicfError,
)
from xlcicf.formula.functions import FUNCTIONS
from xlcicf.formula.runs import RunGraph, rectangles
from xlcicf.formula.sheetfunction import differentiate
from xlcicf.formula.snapshot import ExcelError, Table
from xlcicf.formula.survey import survey
from xlcicf.formula.tree import SINGLE_ARGUMENTS


def runs(cells):
    return sorted(run.area.address for run in RunGraph(snapshot(cells)).runs("S"))


def test_formulas_filled_down_are_one_run():
    assert runs({f"B{r}": f"=A{r}*2" for r in range(1, 50)}) == ["S!B1:B49"]


def test_formulas_filled_down_and_right_are_one_rectangle():
    cells = {f"{c}{r}": f"={c}${1}+$A{r}" for c in "BCDEF" for r in range(2, 9)}
    assert runs(cells) == ["S!B2:F8"]


def test_a_gap_or_another_formula_ends_a_run():
    cells = {f"B{r}": f"=A{r}*2" for r in (1, 2, 4, 5)} | {"B3": "=A3*3"}
    assert runs(cells) == ["S!B1:B2", "S!B3", "S!B4:B5"]


def test_text_that_looks_like_a_reference_keeps_formulas_apart():
    assert runs({"B1": '="A1"', "B2": '="A2"'}) == ["S!B1", "S!B2"]


def test_cells_of_one_key_apart_from_each_other_are_two_rectangles():
    keyed = dict.fromkeys([(1, 1), (1, 2), (1, 4), (2, 1), (2, 2), (4, 4)], "")
    found = {found.address for found, _ in rectangles("S", keyed)}
    assert found == {"S!A1:B2", "S!A4", "S!D4"}


def test_an_array_formula_is_never_fused_with_a_plain_one():
    assert runs({"B1": "{=A1*2}", "B2": "=A2*2", "C1:C2": "{=A1:A2*2}"}) == ["S!B1", "S!B2", "S!C1:C2"]


LAYOUTS = {
    "a running sum": ({"A1": 1.0, "A2": 2.0, "A3": 3.0, "B1": "=A1^2", "B2": "=B1+A2^2", "B3": "=B2+A3^2"}, "B3"),
    "an expanding range": ({"A1": 1.0, "A2": 2.0, "A3": 3.0, "B1": "=SUM($A$1:A1)", "B2": "=SUM($A$1:A2)",
                            "B3": "=SUM($A$1:A3)", "C1": "=SUMSQ(B1:B3)"}, "C1"),
    "a moving window": ({f"A{i}": float(i) for i in range(1, 6)} | {f"B{i}": f"=SUMSQ(A{i}:A{i + 2})" for i in (1, 2, 3)}
                        | {"C1": "=SUMPRODUCT(B1:B3,A1:A3)"}, "C1"),
    "two columns that feed each other": ({"A1": 2.0, "A2": 0.5, "A3": 1.0, "B1": "=A1*3", "C1": "=B1^2+A2", "B2": "=C1*A2", "C2": "=B2^2+A2",
                                          "B3": "=C2*A2", "C3": "=B3^2+A2"}, "C3"),
    "a row filled right": ({"A1": 2.0, "B1": 3.0, "C1": 4.0} | {f"{c}2": f"={c}1^2*$A$1" for c in "ABC"} | {"D2": "=SUM(A2:C2)"}, "D2"),
    "an array formula over several cells": ({"A1": 1.0, "B1": 2.0, "A2": 3.0, "B2": 4.0, "D1:E2": "{=MMULT(A1:B2,TRANSPOSE(A1:B2))}",
                                             "F1": "=SUMSQ(D1:E2)"}, "F1"),
    "array formulas of one cell, filled down": ({"A1": 1.0, "A2": 2.0, "A3": 3.0, "B1": "{=MAX(0,SUM(A1:A2*A1:A2))}", "B2": "{=MAX(0,SUM(A2:A3*A2:A3))}",
                                                 "C1": "=B1*B2"}, "C1"),
    "whole columns": ({"A1": 1.0, "A2": 2.0, "A3": 3.0, "B1": "=SUMSQ(A:A)+SUMPRODUCT(A:A,A:A)"}, "B1"),
    "a range of constants and formulas": ({"A1": 1.0, "A2": "=A1^2", "A3": 5.0, "A4": "text", "A5": "=A1*3", "B1": "=SUMSQ(A1:A5)+COUNT(A1:A5)"}, "B1"),
    "two sheets": ({"A1": 1.0, "Other!A1": "=S!A1*3", "B1": "=Other!A1^2"}, "B1"),
    "an index into results": ({"A1": 1.0, "A2": 2.0, "B1": "=A1^2", "B2": "=A2^3", "C1": "=INDEX(B1:B2,2)*INDEX(A1:A2,1,1)"}, "C1"),
    "implicit intersection": ({"A1": 1.0, "A2": 2.0, "B1": "=$A$1:$A$2*2", "B2": "=$A$1:$A$2*2", "C1": "=B1*B2"}, "C1"),
    "a matrix product in plain cells": ({"A1": 1.0, "A2": 2.0, "B1": "=SUM(MMULT(A1:A2,TRANSPOSE(A1:A2)))"}, "B1"),
    "cells counted on the way down": ({"A1": 1.0, "A2": 2.0, "A3": 3.0} | {f"B{r}": f"=A{r}^ROWS(A$1:A{r})" for r in (1, 2, 3)} | {"C1": "=SUM(B1:B3)"}, "C1"),
    "a window over blanks": ({"A1": 1.0, "A2": 3.0, "A3": 2.0} | {f"B{r}": f"=MAX(A{r}:A{r + 1})-MIN(A{r + 1}:A{r + 2})" for r in range(1, 7)}
                             | {"C1": "=SUMSQ(B1:B6)"}, "C1"),
    "text, TRUE and blanks beside changing cells": ({"A1": 1.0, "A2": "x", "A3": "y", "A4": True, "A6": 2.0, "B1": '=SUMPRODUCT(--(A1:A6="x"))+10*SUMPRODUCT(--(A1:A6<"y"))',
                                                     "B2": "=SUMPRODUCT(--(A1:A6=TRUE))+10*SUMPRODUCT(--(A1:A6=0))", "C1": "=(B1+100*B2)*A1*A6"}, "C1"),
    "a lookup that fails in one row": ({"A1": 1.0, "A2": 2.0, "C1": 1, "C2": 9} | {f"B{r}": f"=IFERROR(INDEX($A$1:$A$2,C{r}),A{r})" for r in (1, 2)}
                                       | {"D1": "=B1*3+B2^2"}, "D1"),
    "an error under every IFERROR": ({"A1": 1.0, "A2": "x", "A3": 3.0} | {f"B{r}": f"=IFERROR(A{r}/$A$1,A{r}%)" for r in (1, 2, 3)}
                                     | {"C1": "=IFERROR(SUM(B1:B3),A3)"}, "C1"),
    "MMULT filled down": ({"A1": 1.0, "A2": 2.0, "A3": 3.0, "E1": 4.0, "E2": 5.0} | {f"B{r}": f"=SUM(MMULT(A{r}:A{r + 1},TRANSPOSE($E$1:$E$2)))" for r in (1, 2)}
                          | {"C1": "=B1*B2"}, "C1"),
    "MMULT filled down and right": ({"A4": 1.0, "B4": -2.0, "A5": 3.0, "B5": 0.5, "D1": 4.0, "E1": 5.0, "F1": -1.0, "D2": 2.0, "E2": 6.0, "F2": 0.3}
                                    | {f"{c}{r}": f"=MMULT($A{r}:$B{r},{c}$1:{c}$2)" for c in "DEF" for r in (4, 5)} | {"C1": "=SUMSQ(D4:F5)"}, "C1"),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_value_and_gradient_through_a_layout(name):
    cells, objective = LAYOUTS[name]
    changing = [c for c, x in cells.items() if isinstance(x, float)]
    f = function(cells, objective, *changing)
    model = Book(cells)
    assert f.value(f.start) == pytest.approx(model.value(objective, {}), rel=1e-14)
    np.testing.assert_allclose(f.gradient(f.start), central_differences(f), rtol=1e-6, atol=1e-7)
    moved = f.start * 1.1 + 0.05
    assert f.value(moved) == pytest.approx(
        model.value(objective, dict(zip(changing, moved, strict=True))), rel=1e-13
    )


class Book:
    """The cells as a book in IronCalc."""

    def __init__(self, cells: dict):
        self.cells = cells

    def value(self, at: str, changes: dict):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "book.xlsx")
            write({**self.cells, **changes}, path)
            return oracles.ironcalc_values(path).get(area(at).address)


def test_a_ring_of_cells_is_named_with_its_path():
    cells = {"A1": 1.0, "B1": "=D1+A1", "C1": "=B1*2", "D1": "=C1+1"}
    with pytest.raises(CycleError, match="S!B1 depends on itself: S!B1 -> S!C1 -> S!D1 -> S!B1"):
        function(cells, "D1", "A1")


def test_a_chain_of_ten_thousand_cells_needs_no_recursion():
    cells = {"A1": 1.0, "A2": "=A1*1.0001"} | {f"A{r}": f"=A{r - 1}*1.0001" for r in range(3, 3000)}
    f = function(cells, "A2999", "A1")
    assert f.gradient([1.0])[0] == pytest.approx(1.0001**2998, rel=1e-12)


def test_only_what_lies_between_is_translated():
    cells = {"A1": 1.0, "B1": "=VLOOKUP(1,E1:F2,2)", "C1": "=A1*2", "D1": "=NOSUCH(A1)"}
    book = snapshot({**cells, "X1": "=C1*B1"})
    book.sheets["S"].values[1, 2] = 5.0
    from xlcicf.formula import differentiate

    assert differentiate(book, area("X1"), [area("A1")]).value([3.0]) == 30.0


def test_volatile_cells_are_frozen_and_named():
    book = snapshot({"A1": 1.0, "B1": "=RAND()", "C1": "=A1*B1"})
    book.sheets["S"].values[1, 2] = 0.25
    from xlcicf.formula import differentiate

    f = differentiate(book, area("C1"), [area("A1")])
    assert (f.value([2.0]), f.frozen) == (0.5, ["S!B1"])


def test_where_a_range_ends_implicit_intersection_fails_and_not_before():
    cells = {"A1": 2.0, "A2": 3.0} | {f"B{r}": "=IFERROR($A$1:$A$2*10,7)" for r in (1, 2, 3, 4)}
    f = function({**cells, "C1": "=SUM(B1:B4)"}, "C1", "A1:A2")
    assert f.value_and_gradient([2.0, 3.0]) == (64.0, pytest.approx([10.0, 10.0]))
    assert computed({"A1": 2.0, "A2": 3.0, "B2": "=$A$1:$A$2"}, "B2") == 3.0
    assert computed({"A1": 2.0, "A2": 3.0, "B2": "=IF(A1>0,$A$1:$A$2)"}, "B2") == 3.0


NAMED = {"opening": "S!$B$1:$XFD$1", "closing": "S!$B$4:$XFD$4", "made": "S!$A$9"}


def test_rows_that_are_named_as_a_whole_are_read_month_by_month():
    """A model in names: each month's =closing means the closing of that month alone, so nothing is a circle."""
    months = "BCDEFGHIJKLM"
    cells = {"A9": 5.0, "B1": 10.0} | {f"{month}2": "=opening*0.1" for month in months}
    cells |= {f"{month}1": f"={before}6" for before, month in pairwise(months)}
    cells |= {f"{month}4": f"=opening-SUM({month}2:{month}3)+made" for month in months}
    cells |= {f"{month}6": "=IF(made>0,IF(closing>0,closing,0),closing)" for month in months}
    f = function(cells, "M6", "A9", names=NAMED)
    kept = 0.9 ** np.arange(13)
    assert f.value_and_gradient([5.0]) == (
        pytest.approx(10 * kept[12] + 5 * kept[:12].sum()),
        pytest.approx([kept[:12].sum()]),
    )
    assert computed(cells, "M6", names=NAMED) == pytest.approx(f.value([5.0]), rel=1e-14)


SINGLE = {
    **{
        name: f"{name}({example})"
        for names, example in {
            "ABS EXP INT LN LOG10 SIGN SQRT TRUNC VALUE LEN": "2.5",
            "NOT": "0",
            "DAY MONTH YEAR": "45306",
            "LOG MOD POWER CEILING FLOOR MROUND": "7,2",
            "ROUND ROUNDDOWN ROUNDUP": "2.345,2",
            "LEFT RIGHT": "12345,2",
            "MID": "12345,2,3",
            "TEXT": '1234.5,"0.00"',
            "DATE": "2024,2,30",
            "IFERROR IFNA": "NA(),7",
            "IF": "TRUE,2,3",
            "IFS": "FALSE,2,TRUE,3",
            "SWITCH": "2,1,5,2,6,7",
            "CHOOSE": "2,5,6",
            "MATCH XMATCH": "2,$A$1:$A$3,0",
            "LOOKUP XLOOKUP": "2,$A$1:$A$3,$B$1:$B$3",
            "VLOOKUP": "2,$A$1:$B$3,2",
            "HLOOKUP": "1,$A$1:$B$3,2",
        }.items()
        for name in names.split()
    }
}


@pytest.mark.parametrize("name", SINGLE_ARGUMENTS)
def test_a_column_that_stands_for_a_single_value_is_its_cell_beside_the_formula(name):
    """The column's last cell reads the formula: no circle, for the formula does not read that cell."""
    args = SINGLE[name][len(name) + 1 : -1].split(",")
    cells = {"A1": 1.0, "A2": 2.0, "A3": 3.0, "B1": 4.0, "B2": 5.0, "B3": 6.0, "D1": 99.0, "D3": "=E2"}
    expected = computed({**cells, "E2": f"={SINGLE[name]}"}, "E2")
    for i in range(len(args)):
        if i in SINGLE_ARGUMENTS[name]:
            through = f"={name}({','.join([*args[:i], '$D$1:$D$3', *args[i + 1 :]])})"
            assert computed({**cells, "D2": f"={args[i]}", "E2": through}, "E2") == expected, through


def test_this_row_means_nothing_below_its_table():
    table = Table("T", area("A1:A3"), ("x",))
    cells = {"A1": "x", "A2": 2.0, "A3": 3.0, "A4": 5.0} | {
        f"B{r}": "=IFERROR(T[@x]*10,1)" for r in (2, 3, 4)
    }
    assert [computed(cells, at, tables=[table]) for at in ("B3", "B4")] == [30.0, 1.0]


def test_a_sheets_name_is_found_in_any_case_and_missed_by_name():
    cells = {"A1": 2.0, "B1": "=A1*3"}
    assert function(cells, "s!B1", "s!A1").value([2.0]) == 6.0
    with pytest.raises(AddressError, match="no sheet 'Nowhere'"):
        function(cells, "Nowhere!B1", "A1")


BAD = [
    ({"A1": 1.0, "B1": 2.0}, "B1", "A1", ProblemError, "S!B1 does not depend on the changing cells S!A1"),
    ({"A1": 1.0, "B1": "=C1"}, "B1", "A1", ProblemError, "does not depend"),
    ({"A1": 1.0, "B1": "=IF(FALSE,A1,3)"}, "B1", "A1", ProblemError, "does not change"),
    ({"A1": "=2", "B1": "=A1"}, "B1", "A1", ProblemError, "S!A1 holds a formula"),
    ({"A1": "abc", "B1": "=A1"}, "B1", "A1", DataError, "S!A1 holds 'abc'"),
    ({"A1": ExcelError("#N/A"), "B1": "=A1"}, "B1", "A1", DataError, "S!A1 holds '#N/A'"),
    ({"A1": 1.0, "C4": "abc", "B1": "=A1+C4"}, "B1", "A1", DataError, "S!C4 holds the text 'abc'"),
    ({"A1": 1.0, "C4": ExcelError("#N/A"), "B1": "=SUM(C1:C4)*A1"}, "B1", "A1", DataError, "S!C4 shows #N/A"),
    ({"A1": 1.0, "C3": 1.0, "C4": "abc", "B1": "=SUM(MMULT(C3:C4,A1))"}, "B1", "A1", DataError, "S!C4 holds the text"),
    ({"A1": 1.0, "B1": "=A1/0"}, "B1", "A1", DataError, "S!B1 divides by 0"),
    ({"A1": 1.0, "C1": 1.0, "C3": 1.0, "B1": "=A1/C1", "B2": "=A1/C2", "B3": "=A1/C3", "D1": "=SUM(B1:B3)"}, "D1", "A1", DataError, "S!B2 divides by 0"),
    ({"A1": 1.0, "C1": 1.0, "C2": 0.0, "B1": "=A1+LN(C1)", "B2": "=A1+LN(C2)", "D1": "=SUM(B1:B2)"}, "D1", "A1", DataError, "S!B2 shows #NUM!"),
    ({"A1": 1.0, "C1": 1.0, "B1": "=A1*AVERAGE(C1)", "B2": "=A1*AVERAGE(C2)", "D1": "=B1+B2"}, "D1", "A1", DataError, "S!B2 averages no numbers"),
    ({"A1": 1.0, "B1": "=A1*SUM({1,#N/A})"}, "B1", "A1", DataError, "S!B1 shows #N/A"),
    ({"A1": 1.0, "A2": 2.0, "B1": "=SUMPRODUCT(--(A:A<A1))"}, "B1", "A1", NotDifferentiable, "S!B1: computes with every cell of S!A1:A1048576, the blank ones too; write S!A1:A2"),
    ({"A1": 1.0, "AB1": "=SUM(A1:Z900000)"}, "AB1", "A1", NotDifferentiable, "S!A1:Z900000 is more than"),
    ({"A1": 1.0, "B1": "=A1*COUNTIFS(C1:C3)"}, "B1", "A1", FormulaError, "S!B1: COUNTIFS has 1 arguments"),
    ({"A1": 1.0, "B1": "=A1*COUNTIFS(C1:C3,1,C1:C3)"}, "B1", "A1", FormulaError, "S!B1: COUNTIFS has a range without a criterion"),
    ({"A1": 1.0, "B1": "=SUMPRODUCT(A1:A2,C1:C3)"}, "B1", "A1", DataError, "S!B1 multiplies arrays of different sizes"),
    ({"A1": 1.0, "B1": "=A1>0"}, "B1", "A1", ProblemError, "no number"),
    ({"A1": 1.0, "B1": "=A1", "B2": "=A1"}, "B1:B2", "A1", ProblemError, "more than one cell"),
    ({"A1": 1.0, "B1": "=NOSUCH(A1)"}, "B1", "A1", NotDifferentiable, "S!B1: the function NOSUCH"),
    ({"A1": 1.0, "B1": "=SIN(A1,2)"}, "B1", "A1", FormulaError, "SIN has 2 arguments"),
    ({"A1": 1.0, "B1": "=C1*A1", "C1": "=RANK(1,E1:E3)"}, "B1", "A1", FormulaError, "S!C1 has no saved value"),
    ({"A1": 1.0, "B1": "=A1+(A1,A2)"}, "B1", "A1", NotDifferentiable, "several ranges"),
    ({"A1": 1.0, "B1": "=A1+OFFSET(A1,A1,1)"}, "B1", "A1", NotDifferentiable, "OFFSET"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "objective", "changing", "error", "says"), BAD, ids=[row[4] for row in BAD]
)
def test_a_bad_model_is_refused_with_a_sentence(cells, objective, changing, error, says):
    with pytest.raises(error) as refused:
        function(cells, objective, changing)
    assert says in str(refused.value)


def test_a_cell_named_twice_is_refused():
    with pytest.raises(ProblemError, match="S!A1 is named twice"):
        function({"A1": 1.0, "B1": "=A1"}, "B1", "A1", "A1:A1")


def test_blocks_give_every_cell_between():
    f = function({"A1": 2.0, "B1": "=A1*2", "B2": "=A1*3", "C1": "=B1+B2"}, "C1", "A1")
    cells = {block.area.address: block.values.tolist() for block in f.blocks([3.0])}
    assert cells == {"S!B1": [[6.0]], "S!B2": [[9.0]], "S!C1": [[15.0]]}


def test_kinks_name_the_coordinate_and_the_cell_that_crosses():
    cells = {"A1": 0.0, "A2": 5.0} | {f"B{r}": f"=MAX(0,$A$1+$A$2-{r})" for r in range(1, 9)}
    cells |= {f"C{r}": f"=MAX(0,$A$1+$A$2-E{r})" for r in range(1, 4)} | {"E1": 4.0, "E2": 5.0, "E3": 6.0}
    cells["D1"] = "=SUM(C1:C3)"
    f = function(cells, "D1", "A1", "A2")
    assert f.kinks(f.start, np.full(2, 1e-6)) == {"S!A1": ["S!C2"], "S!A2": ["S!C2"]}
    assert f.kinks(f.start + 0.2, np.full(2, 1e-6)) == {}


def test_a_book_without_a_problem_is_translated_as_far_as_it_goes():
    book = snapshot({"A1": 2.0, "B1": "=A1*2", "C1": "=NOSUCH(B1)", "D1": "=C1+B1", "E1": "=1+", "F1": "=F1"})
    book.sheets["S"].values[1, 3] = 5.0
    done = survey(book)
    assert {b.area.address: b.values.item() for b in done.blocks} == {"S!B1": 4.0, "S!D1": 9.0}
    assert {cell for cell, _ in done.blockers} == {"S!E1", "S!C1", "S!F1"}


def test_a_unit_that_gives_a_constant_everywhere_is_dead():
    cells = {"A1": 1.0, "A2": -1.0} | {f"B{r}": float(r) for r in range(1, 5)}
    cells |= {f"{c}{r}": f"=MAX(0,$A${k}*$B{r})" for r in range(1, 5) for c, k in (("C", 1), ("D", 2))}
    cells |= {f"E{r}": f"=IF($A$2*$B{r}<0,0,$A$2*$B{r})" for r in range(1, 5)} | {"F1": "=SUM(C1:E4)"}
    f = function(cells, "F1", "A1", "A2")
    assert f.dead(f.start) == ["S!D1:D4", "S!E1:E4"]
    assert f.dead([-1.0, 1.0]) == ["S!C1:C4"]


# --- generated sheets ------------------------------------------------------------------------------------

numbers = st.integers(-40, 40).map(lambda n: n / 8)
leaves = st.one_of(
    numbers.map(lambda x: f"({x})" if x < 0 else str(x)),
    st.sampled_from(["A1", "A2", "$A$3", "B1", "B2", "SUM(A1:B3)", "SUMPRODUCT(A1:A3,B1:B3)", "MAX(A1:B3)"]),
)
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map("".join).map("({})".format),
        st.tuples(
            st.sampled_from(["ABS({})", "MAX(0,{})", "MIN({},1)", "TANH({})", "-{}", "{}^2", "{}%"]), inner
        ).map(lambda p: p[0].format(f"({p[1]})")),
        st.tuples(inner, st.sampled_from(["<", ">=", "="]), inner, inner, inner).map(
            lambda p: f"IF({p[0]}{p[1]}{p[2]},{p[3]},{p[4]})"
        ),
        inner.map("IFERROR(LN({}),-1)".format),
    ),
    max_leaves=8,
)


@settings(max_examples=25)
@given(st.lists(expressions, min_size=4, max_size=4), st.lists(numbers, min_size=6, max_size=6))
def test_generated_formulas_equal_ironcalcs(formulas, values):
    places = ["A1", "A2", "A3", "B1", "B2", "B3"]
    inputs = dict(zip(places, values, strict=True))
    theirs = oracles.ironcalc_formulas([oracles.Case("=" + f, inputs) for f in formulas])
    for formula, their in zip(formulas, theirs, strict=True):
        ours = computed({**inputs, "Z99": "=" + formula}, "Z99")
        if isinstance(ours, float) and isinstance(their, float):
            assert math.isclose(ours, their, rel_tol=1e-12, abs_tol=1e-12), formula
        else:
            assert str(ours) == str(their), formula
        if not isinstance(ours, float):
            continue
        try:
            f = function({**inputs, "Z99": "=" + formula}, "Z99", *places)
        except XlcicfError:
            continue  # the objective stands still in all six
        assert f.value(f.start) == pytest.approx(ours, rel=1e-12, abs=1e-12)
        kinks = f.kinks(f.start, 1e-5 * np.maximum(1, np.abs(f.start)))
        slopes = central_differences(f)
        smooth = np.isfinite(slopes) & [cell not in kinks for cell in f.cells]
        np.testing.assert_allclose(f.gradient(f.start)[smooth], slopes[smooth], rtol=2e-4, atol=1e-5)


def test_what_stands_still_upstream_is_named_behind_names_too():
    cells = {
        "A1": 2.0,
        "B1": "=noise",
        "B2": "=MyRate()",
        "B3": "=[1]Rates!A1",
        "B4": "=SUM(B5,1)",
        "B5": 1.0,
    }
    cells |= {"C1": "=A1*(B1+B2+B3+B4)"}
    book = snapshot(cells, {"noise": "draw*2", "draw": "RAND()"})
    book.sheets["S"].values |= {(1, 2): 0.5, (2, 2): 1.0, (3, 2): 2.0, (4, 2): 2.0}
    f = differentiate(book, area("C1"), [area("A1")])
    assert (f.value(f.start), sorted(f.frozen)) == (11.0, ["S!B1", "S!B2", "S!B3"])


def test_snapshots_share_runs_only_where_formulas_and_what_they_name_are_the_same():
    book = snapshot({"A1": 2.0, "B1": "=A1*rate", "B2": "=SUM(A1:A3)"})
    book.names["rate", None] = "S!$A$1"
    runs = RunGraph(book).runs("S")
    later = replace(book, sheets={"S": replace(book.sheets["S"], values={(1, 1): 5.0})})
    assert RunGraph(later).runs("S") == runs  # the same objects: what they mean is known already
    renamed = replace(book, names={("rate", None): "S!$A$2"})
    assert RunGraph(renamed).refs(RunGraph(renamed).runs("S")[0])[1].top.at == 2
    edited = replace(book, sheets={"S": replace(book.sheets["S"], formulas={(1, 2): "=A1*3"})})
    assert [run.text for run in RunGraph(edited).runs("S")] == ["=A1*3"]
    assert RunGraph(book).refs(RunGraph(book).runs("S")[0])[1].top.at == 1


@pytest.mark.parametrize(
    "fill", ["=LN(A{0})", "=IF(A{0}>0,B{1}*0.5+LN(A{0}),0)"], ids=["single", "in a ring"]
)
def test_a_fault_of_ours_is_one_sentence_with_the_cell_that_showed_it(fill, monkeypatch):
    def failing(context, args):
        raise ZeroDivisionError("integer division or modulo by zero")

    monkeypatch.setitem(FUNCTIONS, "LN", replace(FUNCTIONS["LN"], evaluate=failing))
    cells: dict[str, object] = {f"A{row}": float(row) for row in range(1, 9)} | {"B1": 1.0}
    cells |= {f"B{row}": fill.format(row, row - 1) for row in range(2, 9)} | {"Z1": "=SUM(B2:B8)"}
    with pytest.raises(Unforeseen, match=r"S!B2: its formula failed here \(ZeroDivisionError: integer div"):
        function(cells, "Z1", "A1:A8")
