"""What is not computed while a function in a cell reads its book."""

from xlcicf.formula.snapshot import Sheet, Snapshot
from xlcicf.host.remote.waiting_cells import waiting_cells

FORMULAS = {
    (1, 2): "=A1^2",  # what the function reads
    (1, 3): "=NN_DERIVATIVE(B1,A1)",
    (2, 3): "=C1*2",
    (3, 3): "=SUM(C1:C2)+B1",
    (4, 3): "=nn_nudge(B1,A1)",
    (5, 3): "=steep+1",
    (6, 3): "=NN_RELU(A1)",
    (7, 3): '=INDIRECT("C1")',
}


def test_the_cells_that_call_and_all_that_depend_on_them_wait():
    book = Snapshot(
        {"S": Sheet("S", FORMULAS, {(1, 1): 3.0}), "T": Sheet("T", {(1, 1): "=S!C3", (2, 1): "=S!B1"})},
        names={("steep", None): "NN_DERIVATIVE(S!$B$1,S!$A$1)"},
    )
    waiting = waiting_cells(book, ("NN_DERIVATIVE", "NN_NUDGE"))
    cells = {
        (sheet, row, col)
        for sheet, areas in waiting.items()
        for top, left, bottom, right in areas
        for row in range(top, bottom + 1)
        for col in range(left, right + 1)
    }
    assert cells == {*(("S", row, 3) for row in range(1, 6)), ("T", 1, 1)}


def test_a_book_without_such_a_function_has_none():
    assert waiting_cells(Snapshot({"S": Sheet("S", {(1, 1): "=NN_RELU(2)"})}), ("NN_DERIVATIVE",)) == {}
