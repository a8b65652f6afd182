"""Every formula of a book, anew and after edits: what is computed, what stays, and what has no result."""

import datetime as dt
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formula.sheets import area, function, snapshot
from tests.formula.test_sheets import constants, sheets
from xlcicf.formula.address import Area, cell_address
from xlcicf.formula.downstream import readers
from xlcicf.formula.recalculation import Recalculation, recalculation
from xlcicf.formula.snapshot import Calculation, ExcelError, Scalar, Sheet, Snapshot, WhatIf, agree
from xlcicf.formula.tree import Edge, Ref


def book_of(cells: dict[str, object], saved: dict[str, Scalar] | None = None, **named) -> Snapshot:
    """A book of these cells, with results saved for its formulas."""
    book = snapshot(cells, **named)
    for address, value in (saved or {}).items():
        where = area(address)
        book.sheets[where.sheet].values[where.top, where.left] = value
    return book


def by_address(cells) -> dict[str, Scalar]:
    """{"S": {(2, 2): 1.0}} -> {"B2": 1.0}; other sheets' cells by "Other!B2"."""
    return {
        cell_address(sheet, *cell).removeprefix("S!"): value
        for sheet, contents in cells.items()
        for cell, value in contents.items()
    }


class Live:
    """A recalculation that is asked by addresses of sheet S."""

    def __init__(self, book: Snapshot, trusted: bool):
        self.inner = Recalculation(book, trusted)
        self.renewed = by_address(self.inner.renewed())  # what the last calculation changed

    def write(self, **cells: Scalar) -> dict[str, Scalar]:
        self.inner.write({"S": {(area(a).top, area(a).left): value for a, value in cells.items()}})
        self.renewed = by_address(self.inner.renewed())
        return self.renewed

    def __getitem__(self, address: str) -> Scalar:
        return self.inner.book.sheets["S"].values.get((area(address).top, area(address).left))

    @property
    def uncomputed(self) -> dict[str, str]:
        found = self.inner.uncomputed
        return {cell_address(*place).removeprefix("S!"): str(error) for place, error in found.items()}


# --- all of a book ---------------------------------------------------------------------------------------

KINDS = {
    "=A1*2": 6.0,
    '="x"&A1': "x3",
    "=A1>2": True,
    "=A1/0": ExcelError("#DIV/0!"),
    "=Z9": 0.0,
    "=-Z9": 0.0,
    "=EXP(A1*1000)": ExcelError("#NUM!"),
    '=IF(A1>2,"")': "",
    "=IF(A1>2,Z9)": 0.0,
    "=Other!A1": "text",
}


def test_a_result_has_the_kind_and_the_code_that_excel_shows():
    cells = {f"B{row}": formula for row, formula in enumerate(KINDS, 1)}
    live = Live(book_of({"A1": 3, "Other!A1": "text"} | cells), trusted=False)
    shown = [(type(live[cell]), live[cell]) for cell in cells]
    assert shown == [(type(value), value) for value in KINDS.values()]
    assert math.copysign(1, live["B6"]) == 1  # Excel has no -0


def test_an_array_formula_fills_its_cells():
    live = Live(book_of({"A1": 1, "A2": 2, "B1:B2": "{=A1:A2*10}", "C1": "=SUM(B1:B2)"}), trusted=False)
    assert live.renewed == {"B1": 10.0, "B2": 20.0, "C1": 30.0}
    assert live.write(A1=5.0) == {"B1": 50.0, "C1": 70.0}


def test_only_results_that_are_others_are_told_and_the_book_stays_as_it_was():
    book = book_of({"A1": 3, "B1": "=A1*2", "B2": "=A1*3"}, {"B1": 6.0, "B2": 0.0})
    live = Live(book, trusted=False)
    assert live.renewed == {"B2": 9.0}
    assert live.write() == {}
    assert book.sheets["S"].values[2, 2] == 0.0


def test_of_a_trusted_book_only_missing_results_are_computed():
    live = Live(book_of({"A1": 3, "B1": "=A1*2", "B2": "=B1+1", "B3": "=A1*2"}, {"B1": 100.0}), trusted=True)
    assert live.renewed == {"B2": 101.0, "B3": 6.0}


@settings(max_examples=60)
@given(sheets(), st.lists(st.dictionaries(st.sampled_from(["A2", "A5", "B3", "C7"]), constants), max_size=4))
def test_edits_come_to_what_a_fresh_calculation_of_the_edited_book_does(cells, edits):
    live = Live(book_of(cells), trusted=False)
    for edit in edits:
        live.write(**edit)
        cells = {a: value for a, value in (cells | edit).items() if value is not None}
    fresh = Live(book_of(cells), trusted=False)
    assert live.inner.book.sheets == fresh.inner.book.sheets
    assert live.uncomputed.keys() == fresh.uncomputed.keys()


# --- what an edit reaches --------------------------------------------------------------------------------

WRONG = {"B1": 2.0, "B2": 40.0, "C1": 3.0, "D1": 50.0, "E1": 9.0}  # three of them are wrong
CHAIN = {"A1": 1, "A2": 2, "B1": "=A1*2", "B2": "=A2*2", "C1": "=B1+1", "D1": "=SUM(B1:B2)", "E1": "=A2"}


def test_an_edit_renews_what_lies_downstream_and_nothing_else():
    live = Live(book_of(CHAIN, WRONG), trusted=True)
    assert live.renewed == {}
    live.write(A1=5.0)
    assert live.renewed == {"B1": 10.0, "C1": 11.0}, "a sum of 10 and 40 is 50 still"
    assert (live["B2"], live["D1"], live["E1"]) == (40.0, 50.0, 9.0)


def test_constants_put_back_bring_back_the_results_that_were_saved():
    live = Live(book_of(CHAIN, WRONG), trusted=True)
    live.write(A1=5.0, A2=6.0)
    assert live["D1"] == 22.0
    live.write(A2=2.0)
    assert live["D1"] == 14.0
    live.write(A1=1.0)
    assert {cell: live[cell] for cell in WRONG} == WRONG


def test_a_result_that_another_edit_has_changed_meanwhile_comes_back():
    cells = {"A1": 1, "A2": 4, "B1": "=A1+A2", "C1": "=B1*2", "D1": "=A2"}  # in D1 the edits' reaches differ
    live = Live(book_of(cells), trusted=False)
    for edit, b1 in (
        ({"A1": 2.0}, 6.0),
        ({"A2": 5.0}, 7.0),
        ({"A1": 1.0}, 6.0),  # as after the last edit of A1
        ({"A2": 4.0}, 5.0),
        ({"A1": 3.0}, 7.0),  # as after the first of A2
        ({"A1": 3.0, "A2": 2.0}, 5.0),
    ):
        live.write(**edit)
        assert (live["B1"], live["C1"]) == (b1, 2 * b1)


@pytest.mark.parametrize(
    "formula",
    ['=COUNTIF(D1:D40,">="&A1)', "=MATCH(A1,D1:D40,1)", "=SUMIFS(D1:D40,E1:E40,A1)", "=VLOOKUP(A1,D1:E40,2)"],
)
def test_what_is_found_out_of_a_range_holds_until_it_changes(formula):
    cells: dict[str, object] = {"A1": 3, "B1": formula, "B2": formula.replace("A1", "A2"), "A2": 5}
    cells |= {f"D{row}": row for row in range(1, 41)} | {f"E{row}": f"=D{row}*A3" for row in range(1, 41)}
    cells["A3"] = 1
    live = Live(book_of(cells), trusted=False)
    for edit in (
        {"A1": 7.0},
        {"D7": 4.5},
        {"A3": 2.0},
        {"A1": 8.0},
        {"D40": None},
        {"D40": True},
        {"A2": 9.0},
    ):
        live.write(**edit)
        cells = {a: value for a, value in (cells | edit).items() if value is not None}
        assert live.inner.book.sheets == Live(book_of(cells), trusted=False).inner.book.sheets


def test_of_a_filled_column_the_cells_that_read_the_edit_are_computed():
    cells = {f"A{r}": r for r in range(1, 101)} | {f"B{r}": f"=A{r}*2" for r in range(1, 101)}
    live = Live(book_of(cells, {f"B{r}": 0.5 for r in range(1, 101)}), trusted=True)
    assert live.write(A7=1.0, A70=1.5) == {"B7": 2.0, "B70": 3.0}


def test_of_a_recurrence_what_follows_the_edit_is_computed():
    cells = {"B1": 1.0} | {f"A{r}": 1.0 for r in range(1, 101)}
    cells |= {f"B{r}": f"=B{r - 1}+A{r}" for r in range(2, 101)}
    live = Live(book_of(cells, {f"B{r}": float(r) for r in range(2, 101)}), trusted=True)
    assert live.write(A90=2.0) == {f"B{r}": r + 1.0 for r in range(90, 101)}


def test_a_written_cell_may_lie_where_nobody_reads():
    live = Live(book_of(CHAIN, WRONG), trusted=True)
    assert live.write(Z99="a note") == {}


edges = st.builds(lambda at, fixed: Edge(at if fixed else at - 6, fixed), st.integers(1, 12), st.booleans())


@given(
    st.lists(edges, min_size=4, max_size=4),
    st.tuples(*[st.integers(7, 9)] * 4),
    st.tuples(*[st.integers(1, 14)] * 4),
)
def test_the_readers_of_an_area_are_those_whose_own_reference_meets_it(sides, host, seen):
    ref = Ref("S", *sides)
    host, seen = (
        Area("S", min(a[0], a[2]), min(a[1], a[3]), max(a[0], a[2]), max(a[1], a[3])) for a in (host, seen)
    )
    meet = {cell for cell in host.cells() if (own := ref.area(*cell)) and own.intersect(seen)}
    found = readers(ref, host, seen)
    assert (set(found.cells()) if found else set()) == meet


# --- what cannot be computed -----------------------------------------------------------------------------

BEYOND = {  # formula -> words of the reason
    "=FROBNICATE(A1)": "FROBNICATE is not translated",
    "=_xlfn.LET(_xlpm.x,A1,FROBNICATE(_xlpm.x))": "FROBNICATE",
    "=[1]Rates!$A$1+A1": "another workbook",
    '=SUM(INDIRECT({"A1","A9"}))': "INDIRECT",
    "=A1+B1": "depends on itself",
    "=A1+": "cannot be read",
}


@pytest.mark.parametrize("formula", BEYOND)
def test_what_cannot_be_computed_keeps_its_result_until_what_it_reads_has_changed(formula):
    cells = {"A1": 1, "A2": 2, "A9": "A1", "Other!A1": 1, "B1": formula, "C1": "=B1*10", "D1": "=A2*2"}
    live = Live(book_of(cells, {"B1": 7.0, "C1": 70.0, "D1": 4.0}), trusted=True)
    assert (live.renewed, live.uncomputed) == ({}, {})
    if "INDIRECT" not in formula and formula != "=A1+":  # these may read any cell
        assert live.write(A2=3.0) == {"D1": 6.0}
    live.write(A1=5.0)
    assert (live["B1"], live["C1"]) == (None, None)
    assert live.uncomputed.keys() == {"B1", "C1"}
    assert BEYOND[formula] in live.uncomputed["B1"]
    assert live.uncomputed["C1"] == "S!C1 reads S!B1, which cannot be computed"
    live.write(A1=1.0, A2=2.0)
    assert (live["B1"], live["C1"], live.uncomputed) == (7.0, 70.0, {})


@pytest.mark.parametrize("formula", BEYOND)
def test_in_a_book_that_is_not_trusted_it_is_named_and_falls_with_what_it_reads(formula):
    cells = {"A1": "=A3*1", "A3": 1, "A9": "A1", "Other!A1": 1, "B1": formula, "C1": "=B1*10"}
    live = Live(book_of(cells, {"A1": 1.0, "B1": 7.0, "C1": 70.0}), trusted=False)
    assert (live.renewed, live.uncomputed.keys()) == ({}, {"B1"})
    stale = Live(book_of(cells, {"A1": 0.0, "B1": 0.0, "C1": 0.0}), trusted=False)
    assert stale.renewed == {"A1": 1.0, "B1": None, "C1": None}
    assert stale.uncomputed.keys() == {"B1", "C1"}


def test_a_reference_that_a_formula_makes_follows_the_cells_that_it_is_made_of():
    cells = {f"A{r}": float(r) for r in range(1, 9)} | {"C1": "=2+C3", "C3": 1.0, "C2": "A3"}
    cells |= {
        "B1": "=SUM(A1:INDEX(A:A,C1))",
        "B2": "=OFFSET(A1,C1,0)*10",
        "B3": "=INDIRECT(C2)",
        "D1": "=B1+B2+B3",
    }
    cells |= {f"E{r}": f"=OFFSET(E{r},-1,0)+A{r}" for r in range(2, 9)} | {"E1": 0.0}
    live = Live(book_of(cells), trusted=False)
    assert [live[at] for at in ("B1", "B2", "B3", "D1", "E8")] == [6.0, 40.0, 3.0, 49.0, 35.0]
    assert live.write(C3=2.0) == {"C1": 4.0, "B1": 10.0, "B2": 50.0, "D1": 63.0}
    assert live.write(C2="A5") == {"B3": 5.0, "D1": 65.0}
    assert live.write(A4=0.0) == {"B1": 6.0, "D1": 61.0} | {f"E{r}": live[f"E{r}"] for r in range(4, 9)}
    assert live["E8"] == 31.0 and live.uncomputed == {}


def test_references_made_of_what_references_yield_come_to_rest_and_circles_are_named():
    cells = {"A1": 2.0, "A2": 3.0, "A3": 4.0, "A4": 7.0} | {
        f"B{r}": f"=OFFSET($A$1,B{r - 1}-1,0)" for r in range(2, 4)
    }
    live = Live(book_of(cells | {"B1": 2.0, "D1": "=OFFSET(D1,D2,0)", "D2": "=D1+1"}), trusted=False)
    assert [live[at] for at in ("B2", "B3")] == [3.0, 4.0]
    assert live.uncomputed.keys() == {"D1", "D2"}


def test_without_a_saved_result_it_has_none_and_what_reads_it_neither():
    live = Live(book_of({"B1": "=FROBNICATE(1)", "C1": "=B1+1", "D1": "=C1+1", "E1": "=1+1"}), trusted=False)
    assert live.renewed == {"E1": 2.0}
    assert live.uncomputed.keys() == {"B1", "C1", "D1"}


def test_a_row_that_reads_what_has_no_result_leaves_the_other_rows_theirs():
    cells = {f"A{r}": r for r in range(1, 6)} | {f"B{r}": f"=A{r}+1" for r in range(1, 6)}
    live = Live(book_of(cells | {"A3": "=FROBNICATE(Z1)", "C1": "=SUM(B1:B2)"}), trusted=False)
    assert live.renewed == {"B1": 2.0, "B2": 3.0, "B4": 5.0, "B5": 6.0, "C1": 5.0}
    assert live.write(A4=10.0) == {"B4": 11.0}
    assert live.uncomputed.keys() == {"A3", "B3"}


def test_a_result_that_is_the_same_as_before_does_not_pull_down_what_reads_it():
    cells = {"A1": 1, "B1": "=IF(A1>0,1,2)", "C1": "=FROBNICATE(B1)"}
    live = Live(book_of(cells, {"B1": 1.0, "C1": 9.0}), trusted=True)
    live.write(A1=2.0)
    assert (live["C1"], live.uncomputed) == (9.0, {})
    live.write(A1=-2.0)
    assert (live["C1"], live.uncomputed.keys()) == (None, {"C1"})


def test_all_cells_of_a_circle_are_named():
    live = Live(book_of({"A1": "=B1", "B1": "=C1", "C1": "=A1", "D1": "=1+1", "E1": "=C1"}), trusted=False)
    assert live.renewed == {"D1": 2.0}
    assert live.uncomputed.keys() == {"A1", "B1", "C1", "E1"}


def test_a_what_if_table_whose_input_was_deleted_falls_with_any_edit():
    book = book_of({"A1": 1, "D8": 12.0, "D9": 14.0, "E1": "=D9+1"}, {"E1": 15.0})
    book.sheets["S"].data_tables = {area("D8:D9"): WhatIf()}
    live = Live(book, trusted=True)
    assert live.renewed == {}
    assert live.write(A1=2.0) == {"D8": None, "D9": None, "E1": None}
    assert "S!D8 is a what-if table whose input cell was deleted" in live.uncomputed["D8"]


# --- one snapshot after another -------------------------------------------------------------------------


def later(book: Snapshot, cells: dict[str, Scalar], name: str = "S") -> Snapshot:
    """A snapshot of the same formulas in which some cells hold something else; the first stays as it is."""
    values = dict(book.sheets[name].values)
    for address, value in cells.items():
        at = area(address).top, area(address).left
        values.pop(at, None) if value is None else values.update({at: value})
    return replace(book, sheets=book.sheets | {name: replace(book.sheets[name], values=values)})


def values_of(calculation: Recalculation) -> dict[str, Scalar]:
    return by_address({name: sheet.values for name, sheet in calculation.book.sheets.items()})


@given(
    sheets(),
    st.lists(
        st.dictionaries(st.sampled_from(["A2", "A5", "B3", "C7", "J30"]), constants), min_size=1, max_size=5
    ),
)
def test_what_follows_a_book_is_what_a_new_one_computes(cells, changes):
    book = snapshot(cells)
    following = Recalculation(book, trusted=False, draws=False)
    following.renewed()
    for change in changes:
        book = later(book, change)
        anew = Recalculation(book, trusted=False, draws=False)
        anew.renewed()
        assert following.follows(book) or following.uncomputed
        if following.uncomputed:
            return
        following.renewed()
        ours, theirs = values_of(following), values_of(anew)
        assert following.uncomputed or {a: v for a, v in theirs.items() if not agree(v, ours.get(a))} == {}


FOLLOWED = {"A1": 1.0, "A2": 2.0, "B1": "=A1*10", "C1": "=SUM(A:A)+B1"}


def test_cells_that_come_and_go_are_followed_and_results_are_not():
    book = snapshot(FOLLOWED)
    following = Recalculation(book, trusted=False)
    following.renewed()
    for change, expected in (
        ({"A1": 3.0, "C1": 99.0}, {"B1": 30.0, "C1": 35.0}),
        ({"A2": None, "B1": 7.0}, {"C1": 33.0}),
        ({"A90": 5.0}, {"C1": 38.0}),
        ({}, {}),
    ):
        book = later(book, change)
        assert following.follows(book)
        assert by_address(following.renewed()) == expected


OTHERS = {
    "another formula": lambda book: replace(
        book, sheets={"S": snapshot(FOLLOWED | {"B1": "=A1*11"}).sheets["S"]}
    ),
    "hidden rows": lambda book: replace(book, sheets={"S": replace(book.sheets["S"], hidden={2})}),
    "a name": lambda book: replace(book, names={("x", None): "S!$A$1"}),
    "another sheet": lambda book: replace(book, sheets=book.sheets | {"T": Sheet("T")}),
    "dates": lambda book: replace(book, calculation=Calculation(date1904=True)),
}


@pytest.mark.parametrize("other", OTHERS)
def test_a_book_that_differs_in_more_than_constants_is_not_followed(other):
    book = snapshot(FOLLOWED)
    following = Recalculation(book, trusted=False)
    following.renewed()
    assert following.follows(later(book, {"A1": 5.0})) and not following.follows(OTHERS[other](book))


@pytest.mark.parametrize("formula", ["=RAND()", "=NOTAFUNCTION(1)"])
def test_nothing_is_followed_where_results_of_the_book_count(formula):
    book = book_of(FOLLOWED | {"D1": formula}, {"D1": 0.5})
    following = Recalculation(book, trusted=False, draws=False)
    following.renewed()
    assert not following.follows(later(book, {"A1": 5.0}))


# --- what changes at each calculation --------------------------------------------------------------------

DRAWS = {f"B{r}": "=RAND()" for r in range(1, 51)} | {f"C{r}": "=RANDBETWEEN(2.5,5)" for r in range(1, 51)}
DRAWS |= {"D1": "=RAND()-RAND()", "E1": "=TODAY()", "F1": "=NOW()", "G1": "=RANDBETWEEN(3,2)", "H1": "=noise"}


@pytest.fixture
def drawn() -> Live:
    return Live(book_of(DRAWS, names={"noise": "RAND()*2"}), trusted=False)


def test_draws_lie_where_excels_do_and_differ_from_each_other(drawn):
    shares = [drawn[f"B{r}"] for r in range(1, 51)]
    assert all(0 <= share < 1 for share in shares) and len(set(shares)) == 50
    assert {drawn[f"C{r}"] for r in range(1, 51)} == {3.0, 4.0, 5.0}
    assert drawn["D1"] != 0 and 0 < drawn["H1"] < 2
    assert drawn["G1"] == ExcelError("#NUM!")
    assert drawn.uncomputed == {}


def test_two_readings_agree(drawn):
    again = Live(book_of(DRAWS, names={"noise": "RAND()*2"}), trusted=False)
    assert {cell: again[cell] for cell in DRAWS if cell != "F1"} == {
        cell: drawn[cell] for cell in DRAWS if cell != "F1"
    }


def test_the_time_is_that_of_the_reading(drawn):
    today = dt.datetime.now() - dt.datetime(1899, 12, 30)
    assert today.days - 1 <= drawn["E1"] <= today.days
    assert drawn["E1"] == drawn["F1"] // 1


def test_the_time_can_be_set_and_counts_from_1904_where_the_book_does(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1709208000")  # 2024-02-29 12:00
    book = book_of({"A1": "=NOW()"})
    assert Live(book, trusted=False)["A1"] == 45351.5
    book.calculation = Calculation(date1904=True)
    assert Live(book, trusted=False)["A1"] == 45351.5 - 1462


def test_results_that_are_trusted_stand_and_others_follow_them():
    live = Live(book_of({"A1": 2, "B1": "=RAND()", "C1": "=B1*A1"}, {"B1": 0.25, "C1": 0.5}), trusted=True)
    assert live.write(A1=4.0) == {"C1": 1.0}


def test_a_zero_that_a_program_wrote_is_no_draw():
    live = Live(book_of({"A1": "=TODAY()", "B1": "=RAND()"}, {"A1": 0.0, "B1": 0.0}), trusted=False)
    assert live["A1"] > 45000 and live["B1"] > 0


# --- one cell as a function of others --------------------------------------------------------------------


def test_the_objective_anew_at_other_points_is_what_the_compiled_function_says():
    cells = {f"A{r}": r / 4 for r in range(1, 8)} | {f"B{r}": f"=MAX(0,A{r}-$D$1)*$D$2" for r in range(1, 8)}
    cells |= {"D1": 0.5, "D2": 2, "E1": "=SUMSQ(B1:B7)/D2", "F1": "=E1>1"}
    f = function(cells, "E1", "D1:D2")
    value = recalculation(snapshot(cells), area("E1"), [area("D1:D2")])
    for v in np.random.default_rng(0).uniform(0.1, 1.9, (5, 2)):
        assert value(v) == pytest.approx(f.value(v), rel=1e-13)
    assert math.isnan(recalculation(snapshot(cells), area("F1"), [area("D1:D2")])(f.start))
    assert math.isnan(value(np.array([0.5, 0.0]))), "an error is no number"


def test_a_whole_column_reaches_what_is_typed_below_all_data_after_an_edit_of_the_same_column():
    sums = {(1, 3): "=SUM(A:A)", (2, 3): "=COUNT(A:A)"}
    book = Snapshot({"S": Sheet("S", sums, {(1, 1): 1.0, (2, 1): 2.0, (1, 3): 3.0, (2, 3): 2.0})})
    calculation = Recalculation(book, trusted=True)
    calculation.renewed()
    for edit, expected in (
        ({(1, 1): 5.0}, [7.0, 2.0]),
        ({(1000, 1): 100.0}, [107.0, 3.0]),
        ({(1, 1): 6.0}, [108.0, 3.0]),
        ({(1000, 1): None}, [8.0, 2.0]),
        ({(2, 1): 3.0}, [9.0, 2.0]),
    ):
        calculation.write({"S": edit})
        calculation.renewed()
        held = calculation.book.sheets["S"].values
        assert [held[1, 3], held[2, 3]] == expected
