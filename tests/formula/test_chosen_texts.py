"""Cells that changing cells make a number or a text, or one of several texts: each sheet against itself with
the changing cells' values typed in as constants."""

import math

import numpy as np
import pytest

from tests.formula.sheets import area, central_differences, computed, function, snapshot
from xlcicf.errors import NotDifferentiable
from xlcicf.formula.snapshot import ExcelError
from xlcicf.formula.survey import survey
from xlcicf.optim.train import train

NAMES = {"D1": "low", "D2": "mid", "D3": "High", "E1": 1.5, "E2": -2.0, "E3": 4.0}
TABLE = {"H1": "From", "I1": "Price", "H2": 1.0, "I2": 10.0, "H3": 3.0, "I3": 20.0, "H4": 5.0, "I4": "none"}
BEGIN = {"A1": 2.0, "A2": 1.0}

# what stands beside NAMES and TABLE, and what C1 then shows
SHEETS = {
    "a word for each side": {"B1": '=IF(A1>2.5,"big","small")', "C1": '=IF(B1="big",A1*A2,A1+A2)'},
    "a word or a number": {"B1": '=IF(A1>2.5,A1,"none")', "C1": "=B1*A2"},
    "an error met": {"B1": '=IF(A1>2.5,A1,"none")', "C1": "=IFERROR(B1*A2,A2)"},
    "a word found and found again": {
        "B1": "=INDEX($D$1:$D$3,A1)",
        "C1": "=INDEX($E$1:$E$3,MATCH(B1,$D$1:$D$3,0))*A2",
    },
    "a word among numbers": {"F1": 7.0, "F2": "x", "F3": 9.0, "B1": "=INDEX($F$1:$F$3,A1)", "C1": "=B1*A2"},
    "TRUE among numbers": {"F1": 7.0, "F2": True, "F3": 9.0, "C1": "=INDEX($F$1:$F$3,A1)*A2"},
    "an error among numbers": {
        "F1": 7.0,
        "F2": ExcelError("#N/A"),
        "F3": 9.0,
        "C1": "=INDEX($F$1:$F$3,A1)*A2",
    },
    "what a word is asked": {
        "B1": "=INDEX($D$1:$D$3,A1)",
        "C1": '=(B1="high")*A2+LEN(B1)+IF(ISTEXT(B1),1,2)',
    },
    "a row of titles": {"B1": "=VLOOKUP(A1,$H$1:$I$4,2)", "C1": "=B1*A2"},
    "a row of titles, equal ones alone": {"B1": "=VLOOKUP(A1,$H$1:$I$4,2,FALSE)", "C1": "=IFERROR(B1,-1)*A2"},
    "whether a word is found": {"C1": "=IF(ISNUMBER(MATCH(A1,$H$1:$H$4,0)),A2,IF(ISERROR(LN(A1)),3,A1))"},
    "titles in LOOKUP": {"C1": "=LOOKUP(A1,$H$1:$H$4,$I$1:$I$4)*A2"},
    "words filled down": {
        **{f"B{i}": f'=IF($A$1>{i}.5,"a",IF($A$2>{i},"b","c"))' for i in (1, 2, 3)},
        **{f"G{i}": f'=IF(B{i}="a",A$1,IF(B{i}="b",A$2*{i},0))' for i in (1, 2, 3)},
        "C1": "=SUM(G1:G3)",
    },
    "words filled down, of one of another formula": {
        "B1": "a",
        **{f"B{i}": f'=IF($A$1>{i}.5,"a","b")' for i in (2, 3)},
        **{f"G{i}": f'=IF(B{i}="a",$A$2,{i})' for i in (1, 2, 3)},
        "C1": "=SUM(G1:G3)",
    },
    "words in a ring": {
        "B1": '=IF(A1>2.5,"a","b")',
        "G1": "=A2",
        **{f"G{i}": f"=G{i - 1}*2+F{i}" for i in (2, 3, 4)},
        **{f"F{i}": f'=G{i - 1}*IF(B$1="a",1,3)' for i in (2, 3, 4)},
        "C1": "=G4",
    },
    "words that begin a word": {
        "B1": '=IF(A1>2.5,"a","b")',
        "B2": '=IF(B1="a","yes",A2)',
        "C1": '=IF(B2="yes",A1,2*B2)',
    },
}


@pytest.mark.parametrize("what", SHEETS)
def test_the_words_are_those_that_constants_lead_to(what):
    cells = NAMES | TABLE | SHEETS[what]
    f = function(cells | BEGIN, "C1", "A1", "A2")
    for a in (-1.0, 1.0, 2.0, 3.0, 3.25, 4.0, 5.0):
        for b in (1.0, 2.5):
            told, typed = f.value(np.array([a, b])), computed(cells | {"A1": a, "A2": b}, "C1")
            assert (math.isnan(told) and isinstance(typed, ExcelError)) or told == typed, (a, b, told, typed)


@pytest.mark.parametrize(
    "what", ["a word for each side", "words filled down", "a word found and found again"]
)
def test_slopes_are_those_of_the_side_taken(what):
    f = function(NAMES | TABLE | SHEETS[what] | BEGIN, "C1", "A1", "A2")
    for v in ([2.125, 1.25], [2.75, 2.125], [3.625, 3.5]):
        assert f.gradient(np.array(v)) == pytest.approx(central_differences(f, np.array(v)), abs=1e-6)


@pytest.mark.parametrize(
    "cells",
    [
        {"B1": '=IF(A1>0,A1,"x")', "C1": "=SUM(B1:B2)"},
        {"B1": '=IF(A1>0,A1,"x")', "C1": "=COUNTA(B1:B2)+A1"},
        {"B1": '=IF(A1>0,A1,"x")', "B2": 3.0, "C1": "=VLOOKUP(3,B1:B2,1)*A1"},
    ],
)
def test_whoever_needs_several_of_these_cells_at_once_names_the_first(cells):
    with pytest.raises(
        NotDifferentiable, match="S!B1: IF gives a number or a text as a changing cell decides"
    ):
        function(cells | {"A1": 1.0}, "C1", "A1")


def test_the_objective_must_be_a_number_whatever_the_changing_cells_hold():
    with pytest.raises(NotDifferentiable, match="S!B1: IF gives one of several texts"):
        function({"A1": 1.0, "B1": '=IF(A1>0,"a","b")'}, "B1", "A1")


def test_check_tells_of_no_hindrance_where_a_word_is_on_the_way():
    book = snapshot(NAMES | SHEETS["a word found and found again"] | BEGIN)
    found = survey(book, area("C1"), [area("A1"), area("A2")])
    assert not found.blockers and ("S!C1", "INDEX") in found.stepped
    assert found.differentiable == found.formulas == 2


def test_check_reads_these_cells_as_they_stand_and_names_one_that_is_to_be_a_number():
    cells = {"A1": 1.0, **{f"B{i}": f'=IF($A$1>{i}-0.5,"x",{i}*$A$1)' for i in (1, 2)}, "C1": "=B2*2"}
    found = survey(snapshot(cells), area("B1"), [area("A1")], [area("C1")])
    shown = {block.area.address: block.values.item() for block in found.blocks}
    assert math.isnan(shown.pop("S!B1")) and shown == {"S!B2": 2.0, "S!C1": 4.0}
    assert found.blockers == [("S!B1", "IF")]


def test_what_is_looked_up_moves_in_steps_and_is_searched():
    names = {f"D{i}": name for i, name in enumerate("abcdefgh", 1)} | {
        f"E{i}": (i - 6.0) ** 2 for i in range(1, 9)
    }
    f = function(
        names | {"A1": 2.0, "B1": "=INDEX(D1:D8,A1)", "C1": "=VLOOKUP(B1,D1:E8,2,FALSE)"}, "C1", "A1"
    )
    assert f.stepped == [("S!C1", "VLOOKUP")]
    f.lower, f.upper = np.array([1.0]), np.array([8.0])
    *_, last = train(f)
    assert last.best_loss == 0 and last.status == "converged" and 6 <= last.best_values[0] < 7
