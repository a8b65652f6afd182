"""A page in a workbook that is being made: every cell as the value says it, and nothing of a text computed."""

import pytest
from openpyxl import load_workbook

from tests.sheet.pages import CHARTED, PAGE, TEXTS, page_with
from xlcicf.ooxml.openpyxl_book import save_generated
from xlcicf.sheet.page import sheets_of
from xlcicf.sheet.page_in_new_book import write_page
from xlcicf.sheet.page_value import PageCell


def written(page, path):
    """The page's sheet, from the file."""
    workbook = sheets_of([lambda workbook: write_page(workbook, page)], [])
    save_generated(workbook, path)
    return load_workbook(path)


@pytest.fixture
def ws(tmp_path):
    return written(PAGE, tmp_path / "page.xlsx")[PAGE.name]


def test_title_note_and_cells_stand_where_the_page_has_them(ws):
    assert (ws["A1"].value, ws["A2"].value) == (PAGE.title, PAGE.note)
    assert {address: ws[address].value for address in PAGE.cells} == {
        address: cell.value for address, cell in PAGE.cells.items()
    }
    assert {address: ws[address].style for address in ("A4", "B5", "C5")} == {
        "A4": "Column header",
        "B5": "Setting",
        "C5": "Data",
    }
    assert ws["C5"].number_format == "0.00"


def test_widths_panes_and_print_area_are_the_pages(ws):
    assert [ws.column_dimensions[letter].width for letter in "ABCDG"] == [20, 30, 12, 12, 12]
    assert (ws.freeze_panes, ws.print_area) == ("A5", f"'{PAGE.name}'!$A$1:$D$9")


def test_a_wrapped_text_gets_a_row_that_is_high_enough(ws):
    assert ws["B5"].alignment.wrap_text and ws.row_dimensions[5].height >= 4 + 13 * 3
    assert not ws["B5"].font.bold


def test_what_may_be_typed_is_said_beside_the_cell(ws):
    (rule,) = ws.data_validations.dataValidation
    assert (str(rule.sqref), rule.prompt) == ("B5", "Whatever you like.")


def test_tints_names_and_charts_come_with_the_page(tmp_path):
    workbook = written(CHARTED, tmp_path / "page.xlsx")
    ws = workbook[CHARTED.name]
    assert [str(area.sqref) for area in ws.conditional_formatting] == ["C5"]
    assert workbook.defined_names["page.log"].attr_text == "'A page'!$C$4:$D$7"
    (chart,) = ws._charts
    (series,) = chart.series
    assert (series.xVal.numRef.f, series.yVal.numRef.f) == ("'A page'!$C$5:$C$7", "'A page'!$D$5:$D$7")


@pytest.mark.parametrize("text", TEXTS)
def test_text_never_becomes_a_formula(tmp_path, text):
    ws = written(page_with(PageCell(text, "Setting")), tmp_path / "page.xlsx")["A page"]
    assert (ws["A4"].value, ws["A4"].data_type) == (text, "s")
