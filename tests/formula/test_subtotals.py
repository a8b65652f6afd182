"""SUBTOTAL and AGGREGATE: what they pass over, in snapshots and as files say it."""

import openpyxl
import pytest
from openpyxl.worksheet.filters import FilterColumn, Filters

import xlcicf
from tests import oracles
from tests.formula.sheets import area, central_differences, computed, function
from xlcicf.errors import FormulaError
from xlcicf.formula.snapshot import ExcelError, Table

COLUMN = {f"A{i}": float(2**i) for i in range(1, 9)}
HIDDEN = {2, 3, 7}
FILTERED = [area("A1:A4")]  # rows 2 and 3 are hidden by the filter, row 7 by hand

PASSED = [
    ("SUBTOTAL(9,A1:A6)", 126 - 4 - 8),
    ("SUBTOTAL(109,A1:A8)", 510 - 4 - 8 - 128),
    ("SUBTOTAL(2,A1:A6)", 4),
    ("SUBTOTAL(103,A1:A8)", 5),
    ("SUBTOTAL(4,A1:A3)", 2),
    ("SUBTOTAL(104,A5:A7)", 64),
    ("SUBTOTAL(105,A7)", 0),
    ("SUBTOTAL(101,A7)", ExcelError("#DIV/0!")),
    ("SUBTOTAL(109,A1:A8,A1:A4)", 510 - 140 + 18),
    ("AGGREGATE(9,4,A1:A8)", 510),
    ("AGGREGATE(9,5,A1:A8)", 370),
    ("AGGREGATE(14,5,A1:A8,2)", 64),
    ("AGGREGATE(14,1,A1:A8,1)", 256),
    ("SUBTOTAL(12,A1:A8)", ExcelError("#VALUE!")),
    ("SUBTOTAL(100,A1:A8)", ExcelError("#VALUE!")),
    ("SUBTOTAL(112,A1:A8)", ExcelError("#VALUE!")),
    ("AGGREGATE(0,0,A1:A8)", ExcelError("#VALUE!")),
    ("AGGREGATE(20,0,A1:A8,1)", ExcelError("#VALUE!")),
    ("AGGREGATE(9,8,A1:A8)", ExcelError("#VALUE!")),
    ("AGGREGATE(14,0,A1:A8)", ExcelError("#VALUE!")),
    ("SUBTOTAL(NA(),A1:A8)", ExcelError("#N/A")),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "value"), PASSED, ids=[f for f, _ in PASSED])
def test_hidden_rows_are_passed_over_as_the_number_says(formula, value):
    assert computed(COLUMN | {"C9": "=" + formula}, "C9", hidden=HIDDEN, filtered=FILTERED) == value


def test_a_tables_filter_is_one():
    table = Table("T", area("A1:A4"), ("x",), filtered=True)
    cells = COLUMN | {"C9": "=SUBTOTAL(9,A1:A6)"}
    assert computed(cells, "C9", hidden=HIDDEN, tables=[table]) == 126 - 4 - 8


def test_rows_hidden_beside_a_filter_are_refused_where_only_excel_knows():
    """It has saved totals with them and without them (EPPlusSoftware/EPPlus, Workbooks/SubtotalFilters.xlsx)."""
    cells = COLUMN | {"C9": "=SUBTOTAL(9,A1:A8)"}
    with pytest.raises(FormulaError, match="C9: SUBTOTAL takes rows that are hidden beside a filter"):
        computed(cells, "C9", hidden=HIDDEN, filtered=FILTERED)
    assert computed(cells, "C9", hidden=HIDDEN) == 510


NESTED = COLUMN | {
    "A3": "=SUBTOTAL(9,A1:A2)", "A6": "=AGGREGATE(9,0,A4:A5)+1", "A7": '=IF(1,"SUBTOTAL(",1)&""', "A8": "=1/0",
    "B1": 1.0, "B2": "=LN(B1-5)",
}  # fmt: skip
WITHIN = [
    ("SUBTOTAL(9,A1:A7)", 2 + 4 + 16 + 32),
    ("SUBTOTAL(3,A1:A7)", 5),
    ("SUBTOTAL(9,A1:A8)", ExcelError("#DIV/0!")),
    ("AGGREGATE(9,2,A1:A8)", 54),
    ("AGGREGATE(9,6,A1:A8)", 54 + 6 + 49),
    ("AGGREGATE(9,4,A1:A7)", 54 + 6 + 49),
    ("AGGREGATE(9,0,A1:A8)", ExcelError("#DIV/0!")),
    ("AGGREGATE(15,6,A1:A2/{0;1},1)", 4),
    ("AGGREGATE(9,6,B1:B2)", 1),
]


@pytest.mark.parametrize(("formula", "value"), WITHIN, ids=[f for f, _ in WITHIN])
def test_totals_within_and_errors_are_passed_over(formula, value):
    assert computed(NESTED | {"C9": "=" + formula}, "C9") == value


@pytest.mark.parametrize("formula", ["SUBTOTAL(109,A1:A8)", "SUBTOTAL(107,A1:A8)", "AGGREGATE(17,7,A1:A8,1)"])
def test_what_is_passed_over_has_no_derivative_and_the_rest_that_of_the_function(formula):
    f = function(COLUMN | {"C9": "=" + formula}, "C9", "A1:A8", hidden=HIDDEN, filtered=FILTERED)
    slopes = f.gradient(f.start)
    assert slopes == pytest.approx(central_differences(f), rel=1e-6, abs=1e-8)
    assert [slopes[row - 1] for row in sorted(HIDDEN)] == [0.0, 0.0, 0.0]


def test_an_error_that_comes_up_with_a_changing_cell_is_passed_over():
    cells = {"A1": 2.0, "A2": 3.0, "B1": "=LN(A1)", "B2": "=A2", "C9": "=AGGREGATE(9,6,B1:B2)"}
    f = function(cells, "C9", "A1:A2")
    assert f.value([1.0, 3.0]) == 3.0
    assert f.value_and_gradient([-1.0, 3.0]) == (3.0, pytest.approx([0.0, 1.0]))


@pytest.fixture
def filtered_file(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in range(1, 9):
        sheet.cell(row, 1, 2.0**row)
    for row in HIDDEN:
        sheet.row_dimensions[row].hidden = True
    sheet.auto_filter.ref = "A1:A4"
    sheet.auto_filter.filterColumn.append(FilterColumn(colId=0, filters=Filters(filter=["16"])))
    sheet["C9"], sheet["C10"] = "=SUBTOTAL(9,A1:A6)", "=SUBTOTAL(109,A1:A8)"
    book.save(tmp_path / "filtered.xlsx")
    return tmp_path / "filtered.xlsx"


def test_a_file_says_which_rows_are_hidden_and_where_a_filter_is(filtered_file):
    book = xlcicf.open_book(filtered_file)
    for cell, value in (("C9", 114.0), ("C10", 370.0)):
        problem = xlcicf.Problem(objective=f"Sheet!{cell}", changing="Sheet!A1:A8", sense="min")
        f = xlcicf.differentiate(book, problem)
        assert f.value(f.start) == value


@pytest.mark.libreoffice
def test_libreoffice_passes_over_the_same_rows(filtered_file):
    theirs = oracles.libreoffice_values(filtered_file)
    assert [theirs[f"Sheet!{cell}"] for cell in ("C9", "C10")] == [114.0, 370.0]
