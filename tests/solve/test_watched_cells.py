"""What an objective depends on, watched while somebody works in the book."""

from dataclasses import replace

import pytest

import xlcicf
from tests.small import save_small
from xlcicf.host import read_snapshot
from xlcicf.solve import Problem, place
from xlcicf.solve.problem import Constraint
from xlcicf.solve.watched_cells import Watch

# B3 depends on B1:B2, which may change, on the table of constants D1:D3 beside a formula, and on nothing else.
CELLS = {"B3": "=(B1-1)^2+(B2+2)^2+SUM(D1:D3)", "D1": 1, "D2": "=G2*2", "D3": "text", "H1": "a note"}


@pytest.fixture
def watched(tmp_path):
    """(book, the watch of it)."""
    book = xlcicf.open_book(save_small(tmp_path / "small.xlsx", CELLS))
    return book, Watch(book, place(read_snapshot(book), Problem("Net!B3", "Net!B1:B2")))


EDITS = {
    "a constant": ("D1", 5, {"Net!D1": ("1", "5")}),
    "a constant two formulas away": ("G2", 5, {"Net!G2": ("4", "5")}),
    "a constant by an equal one": ("D1", 1, {}),
    "a formula": ("D2", "=G2*3", {"Net!D2": ("=G2*2", "=G2*3")}),
    "a formula by its value": ("D2", 8, {"Net!D2": ("=G2*2", "8")}),
    "the objective": ("B3", "=B1", {"Net!B3": (CELLS["B3"], "=B1")}),
    "text in a range": ("D3", "other", {"Net!D3": ("text", "other")}),
    "a cell emptied": ("D3", None, {"Net!D3": ("text", "")}),
    "a cell beside the way": ("H1", "another note", {}),
}


@pytest.mark.parametrize(("cell", "value", "found"), EDITS.values(), ids=EDITS)
def test_an_edit_on_the_way_to_the_objective_is_found(watched, cell, value, found):
    book, watch = watched
    book.sheets["Net"][cell].value = value
    assert watch.edits() == found and watch.touched() == []


LIMITS = {  # a constraint -> the cell that is edited, what stood there
    "a limited cell": (Constraint("Net!G2", "<=", 9.0), "G2", "4"),
    "a cell on the way to a limited one": (Constraint("Net!D2", "<=", 9.0), "G2", "4"),
    "a bound": (Constraint("Net!B1", "<=", "Net!J7"), "J7", ""),
    "what a formula on the right reads": (Constraint("Net!B1", "<=", "Net!J7+1"), "J7", ""),
}


@pytest.mark.parametrize(("constraint", "cell", "stood"), LIMITS.values(), ids=LIMITS)
def test_an_edit_on_the_way_to_a_constraint_is_found(constraint, cell, stood, tmp_path):
    cells = CELLS | {"B3": "=(B1-1)^2+(B2+2)^2"}
    book = xlcicf.open_book(save_small(tmp_path / "small.xlsx", cells))
    asked = Problem("Net!B3", "Net!B1:B2", constraints=(constraint,))
    watch = Watch(book, place(read_snapshot(book), asked))
    assert watch.edits() == {}
    book.sheets["Net"][cell].value = 5
    assert watch.edits() == {f"Net!{cell}": (stood, "5")} and watch.touched() == []
    alone = Watch(book, place(read_snapshot(book), replace(asked, constraints=())))
    book.sheets["Net"][cell].value = 6
    assert alone.edits() == {}


def test_results_that_follow_the_changing_cells_are_no_edits(watched):
    book, watch = watched
    book.sheets["Net"]["B1:B2"].value = [[0.1], [0.2]]
    assert watch.edits() == {} and watch.touched() == ["Net!B1", "Net!B2"]


def test_ones_own_writes_are_not_somebody_elses(watched):
    book, watch = watched
    with watch.writing():
        book.sheets["Net"]["B1:B2"].value = [[0.1], [0.2]]
    assert watch.touched() == []
    book.sheets["Net"]["B2"].value = 0.3
    assert watch.touched() == ["Net!B2"]
