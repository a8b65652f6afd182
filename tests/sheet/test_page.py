"""Cells as pages fill them."""

import pytest
from openpyxl import Workbook, load_workbook

from tests.lessons.live import Live
from xlcicf.ooxml.openpyxl_book import save_generated
from xlcicf.sheet.block import Block
from xlcicf.sheet.page import add_page, allow, between, choices, fill, fill_down, put
from xlcicf.sheet.style import TWO, add_styles


@pytest.fixture
def page():
    book = Workbook()
    book.remove(book.active)
    add_styles(book)
    return add_page(book, "Page", "Title", "Note", widths="A=5 B:D=7.5", print_area="A1:D9", frozen="B4")


def test_a_page_has_its_title_widths_panes_and_print_area(page):
    assert (page["A1"].value, page["A2"].value) == ("Title", "Note")
    assert [page.column_dimensions[letter].width for letter in "ABCD"] == [5, 7.5, 7.5, 7.5]
    assert (page.freeze_panes, page.print_title_rows) == ("B4", "$1:$3")


def test_a_formula_filled_down_names_its_own_row(page):
    fill_down(page, Block("x", "Page", "C5", 3), "=A{row}+$B$1", "Formula", TWO, "center")
    assert [page[f"C{row}"].value for row in (5, 6, 7)] == ["=A5+$B$1", "=A6+$B$1", "=A7+$B$1"]
    assert page["C7"].number_format == TWO and page["C7"].alignment.horizontal == "center"


def test_a_dressed_empty_cell_counts_as_empty(page, tmp_path):
    fill(page, Block("x", "Page", "A5", 1, 2), [[None, 7]], "Weight")
    put(page, "C5", "=COUNTA(A5:B5)", "Formula")
    save_generated(page.parent, tmp_path / "page.xlsx")
    assert Live(tmp_path / "page.xlsx")["Page!C5"] == 1


RULES = [
    (choices("MSE", "MAE"), ("list", '"MSE,MAE"', None)),
    (between(0, 0.9), ("decimal", "0", "0.9")),
    (between(1, 891, whole=True), ("whole", "1", "891")),
]


@pytest.mark.parametrize("rule, expected", RULES)
def test_what_may_be_typed_is_said_beside_the_cell(page, tmp_path, rule, expected):
    allow(page, "B5", "A hint.", rule)
    save_generated(page.parent, tmp_path / "page.xlsx")
    (saved,) = load_workbook(tmp_path / "page.xlsx")["Page"].data_validations.dataValidation
    assert (saved.type, saved.formula1, saved.formula2) == expected
    assert (str(saved.sqref), saved.prompt, saved.error) == ("B5", "A hint.", "A hint.")
