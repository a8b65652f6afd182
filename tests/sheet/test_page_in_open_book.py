"""A page in a book that a person has open: added without loss, renewed around what the person did."""

from dataclasses import replace

import openpyxl
import pytest

from tests import oracles, strangers
from tests.sheet.pages import CHARTED, LONG, PAGE, TEXTS, page_with
from xlcicf.errors import AddressError
from xlcicf.host import open_book
from xlcicf.ooxml.package import read_package
from xlcicf.sheet.page_in_open_book import add_to_page, sheet_of, show_page
from xlcicf.sheet.page_value import PageCell


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(strangers.plain().to_bytes())
    return path


@pytest.fixture
def book(path):
    return open_book(path)


def facts(page, **changed):
    """The page with other values."""
    cells = {address: replace(page.cells[address], value=value) for address, value in changed.items()}
    return replace(page, cells={**page.cells, **cells})


# ---- added -----------------------------------------------------------------------------------------------


def test_a_page_is_added_behind_the_last_sheet_as_the_value_says_it(book, path):
    sheet = show_page(book, PAGE)
    assert [s.name for s in book.sheets] == ["Model", "Other", "A page"]
    assert (sheet["A1"].value, sheet["A2"].value, sheet["D5"].value) == (PAGE.title, PAGE.note, 3.0)
    book.save()
    ws = openpyxl.load_workbook(path)["A page"]
    assert {a: ws[a].value for a in PAGE.cells} == {a: cell.value for a, cell in PAGE.cells.items()}
    assert ws["C6"].data_type == "s"  # a text, though it begins with =
    assert (ws["A4"].font.bold, ws["A4"].fill.start_color.rgb) == (True, "FFEEF1F4")
    assert (ws["C5"].number_format, ws["G9"].font.color.rgb) == ("0.00", "FF009E73")
    assert ws["B5"].alignment.wrap_text and not ws["B5"].font.bold
    assert round(ws.column_dimensions["B"].width) == 31 and ws.row_dimensions[5].height >= 45


def test_names_and_charts_come_with_it(book):
    sheet = show_page(book, CHARTED)
    assert book.names["page.log"].refers_to == "='A page'!$C$4:$D$7"
    assert [(chart.name, chart.chart_type) for chart in sheet.charts] == [
        ("Loss", "xy_scatter_lines_no_markers")
    ]


@pytest.mark.parametrize("text", TEXTS)
def test_text_never_becomes_a_formula_a_number_or_an_error(book, path, text):
    show_page(book, page_with(PageCell(text, "Setting")))
    book.save()
    cell = openpyxl.load_workbook(path)["A page"]["A4"]
    assert (cell.value, cell.data_type) == (text, "s")


@pytest.mark.validator
@pytest.mark.parametrize("kind", strangers.STRANGERS)
def test_no_strangers_part_changes_and_the_validator_finds_nothing_new(kind, tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(strangers.STRANGERS[kind]().to_bytes())
    before, faults = read_package(path), oracles.validator_errors(path)
    book = open_book(path)
    show_page(book, CHARTED)
    book.save()
    after = read_package(path)
    assert strangers.changed_by_a_sheet(kind, before, after) == set()
    assert oracles.validator_errors(path) == faults


def test_parts_are_added_to_a_sheet_that_is_there_into_empty_cells_only(book):
    part = replace(page_with(PageCell("here", "Label")), name="OTHER")
    add_to_page(book, part)
    other = sheet_of(book, "other")
    assert (other["A4"].value, other["A1"].formula) == ("here", "=Model!B4+1")
    with pytest.raises(AddressError, match="Other!A4 holds something already; empty it"):
        add_to_page(book, part)
    assert len(book.sheets) == 2


# ---- renewed ---------------------------------------------------------------------------------------------


def test_facts_are_written_anew_and_all_else_stays_as_the_person_left_it(book):
    sheet = show_page(book, PAGE)
    sheet["B5"].value, sheet["A6"].value, sheet["D5"].value = "my words", "second", "=3*C5"
    sheet["C12"].value = "my note"
    assert show_page(book, facts(PAGE, C5=4.0, C6="'new", B5="other words", G8=5.0)).name == "A page"
    assert sheet["A5:D5"].value == ["first", "my words", 4.0, 12.0]
    assert (sheet["C6"].value, sheet["C12"].value, sheet["A1"].value) == ("'new", "my note", PAGE.title)
    assert sheet["G8:G9"].value == [5.0, 9.0]
    assert len(book.sheets) == 3


def test_a_fact_follows_its_row_to_where_a_person_moved_it(book):
    sheet = show_page(book, PAGE)
    sheet["A9:C9"].value = ["first", "moved", 1.5]
    sheet["A5:C5"].value = [None, None, "mine"]
    show_page(book, facts(PAGE, C5=4.0))
    assert sheet["C9"].value == 4.0 and sheet["C5"].value == "mine"


def test_what_is_ours_alone_is_emptied_before_it_is_written(book):
    sheet = show_page(book, PAGE)
    sheet["F8"].value, sheet["G30"].value, sheet["F7"].value = "changed", "left over", "above"
    fewer = {address: cell for address, cell in PAGE.cells.items() if address != "G9"}
    show_page(book, replace(PAGE, cells=fewer))
    assert sheet["F7:G9"].value == [["above", None], ["number", 2.0], [None, None]]
    assert sheet["G30"].value is None and sheet["B5"].value == LONG


def test_a_page_is_renewed_in_the_file_too(book, path):
    show_page(book, PAGE)
    book.save()
    again = open_book(path)
    show_page(again, facts(PAGE, C5=4.0))
    again.save()
    ws = openpyxl.load_workbook(path)["A page"]
    assert (ws["C5"].value, ws["B5"].value) == (4.0, LONG)
    assert round(ws.column_dimensions["B"].width) == 31
