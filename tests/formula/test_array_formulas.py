"""Array formulas (Ctrl+Shift+Enter) over more cells than they yield values: what Excel shows in the others."""

import openpyxl
import pytest

from tests.formula.cell_by_cell import values
from tests.formula.sheets import area, central_differences, function, snapshot, write
from tests.ooxml.test_cells import written_as_excel_does
from xlcicf.errors import DataError, NotDifferentiable
from xlcicf.formula import differentiate
from xlcicf.formula.snapshot import ExcelError
from xlcicf.ooxml.cells import read_sheet
from xlcicf.ooxml.document import Document
from xlcicf.ooxml.edits import WriteCells
from xlcicf.ooxml.inventory import Inventory

NA = ExcelError("#N/A")
CELLS = {"A1": 1.0, "A2": 2.0, "A3": 5.0, "B1": 3.0, "B2": "x"}
SHOWN = [  # as Microsoft's guidelines for array formulas have it, and as Excel has saved such books
    ("D1:D4", "A1:A2*2", [2.0, 4.0, NA, NA]),
    ("D1:F2", "A1:B2", [1.0, 3.0, NA, 2.0, "x", NA]),
    ("D1:F2", "A1:B1", [1.0, 3.0, NA, 1.0, 3.0, NA]),
    ("D1:E3", "A1:A2", [1.0, 1.0, 2.0, 2.0, NA, NA]),
    ("D1:E2", "7", [7.0] * 4),
    ("D1:D2", "A1:A3", [1.0, 2.0]),
    ("D1:E3", "MMULT({1,2;3,4},{1,0;0,1})", [1.0, 2.0, 3.0, 4.0, NA, NA]),
    ("D1:D4", "IF(A1:A3>1,A1:A3)", [False, 2.0, 5.0, NA]),
    # below the data of a whole column lie blank cells
    ("D1:E5", "INDEX(A:B,0,1)", [1.0, 1.0, 2.0, 2.0, 5.0, 5.0, 0.0, 0.0, 0.0, 0.0]),
    ("D1:D3", "INDEX(G:H,0,1)", [0.0] * 3),
]


@pytest.mark.parametrize(("filled", "formula", "shown"), SHOWN)
def test_cells_beyond_what_an_array_formula_yields_show_not_available(filled, formula, shown):
    found, failed = values(snapshot(CELLS | {filled: f"{{={formula}}}"}))
    assert not failed
    assert [*found.values()] == shown
    assert [isinstance(value, ExcelError) for value in found.values()] == [value is NA for value in shown]


def test_gradients_pass_through_the_cells_that_have_values():
    f = function(CELLS | {"D1:D5": "{=A1:A3^2}", "Z1": "=SUM(D1:D3)+IFERROR(D5,7*A1)"}, "Z1", "A1:A3")
    assert f.value(f.start) == 37.0
    assert f.value_and_gradient(f.start)[1] == pytest.approx(central_differences(f), rel=1e-6)


def test_an_objective_of_a_cell_without_a_value_names_the_array_formula():
    with pytest.raises(DataError, match="S!D1 yields 3 x 1 values for 5 x 1 cells, so S!Z1 shows #N/A"):
        function(CELLS | {"D1:D5": "{=A1:A3^2}", "Z1": "=SUM(D1:D5)"}, "Z1", "A1:A3")


def test_a_saved_book_has_the_errors_in_the_cells_beyond(tmp_path):
    path = tmp_path / "book.xlsx"
    write(CELLS | {"D1:D5": "{=A1:A3*10}"}, path)
    book = Document(path)
    book.apply(WriteCells("S", {(1, 1): 4.0}))
    book.save()
    sheet = openpyxl.load_workbook(path, data_only=True)["S"]
    assert [sheet.cell(row, 4).value for row in range(1, 6)] == [40.0, 20.0, 50.0, "#N/A", "#N/A"]


def test_a_dynamic_array_that_no_longer_fills_its_cells_is_not_guessed():
    book = snapshot(CELLS | {"D1:D5": "{=A1:A3^2}", "Z1": "=SUM(D1:D3)"})
    book.sheets["S"].spilling.add((1, 4))
    with pytest.raises(NotDifferentiable, match="S!D1: its array formula spills to other cells"):
        differentiate(book, area("Z1"), [area("A1:A3")])


def test_which_array_formulas_are_dynamic_is_read_of_a_file(tmp_path):
    inventory = Inventory(written_as_excel_does(tmp_path))
    sheet = read_sheet(inventory, next(iter(inventory.sheets.values())))
    assert sheet.spilling == {(4, 1)}
