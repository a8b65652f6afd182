"""Books of ours: results beside their formulas, exact numbers, the same bytes each time."""

import math
import time

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.styles import Font
from openpyxl.worksheet.formula import ArrayFormula

from tests import oracles
from xlcicf.errors import BookError, FormulaError
from xlcicf.host import open_book
from xlcicf.ooxml.openpyxl_book import save_generated


def workbook() -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Net"
    for row in (1, 2, 3):
        sheet.cell(row, 1, row / 7)
    sheet["A4"] = "=SUM(A1:A3)"
    sheet["A5"] = '=IF(A4>0,"up","down")'
    sheet["A6"] = "=A4>100"
    sheet["A7"] = "=A1/0"
    sheet["A8"] = ArrayFormula("A8:B9", "=MMULT(A1:A2,TRANSPOSE(A1:A2))")
    sheet["A1"].font = Font(bold=True, italic=True, color="0072B2", underline="single")
    return book


@pytest.fixture
def path(tmp_path):
    save_generated(workbook(), tmp_path / "book.xlsx")
    return tmp_path / "book.xlsx"


def test_results_stand_beside_their_formulas(path):
    sheet = openpyxl.load_workbook(path, data_only=True)["Net"]
    total = 1 / 7 + 2 / 7 + 3 / 7
    assert [sheet[a].value for a in ("A4", "A5", "A6", "A7")] == [total, "up", False, "#DIV/0!"]
    assert [[sheet.cell(r, c).value for c in (1, 2)] for r in (8, 9)] == [
        [(i * j) / 49 for j in (1, 2)] for i in (1, 2)
    ]


def test_formulas_stay_formulas(path):
    sheet = openpyxl.load_workbook(path)["Net"]
    assert sheet["A4"].value == "=SUM(A1:A3)"
    assert sheet["A8"].value.text == "=MMULT(A1:A2,TRANSPOSE(A1:A2))"


def test_two_builds_at_different_times_are_equal(tmp_path, monkeypatch):
    save_generated(workbook(), tmp_path / "one.xlsx")
    later = time.time() + 86_400
    monkeypatch.setattr(time, "time", lambda: later)
    save_generated(workbook(), tmp_path / "other.xlsx")
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "other.xlsx").read_bytes()


@pytest.mark.validator
def test_the_open_xml_sdk_finds_nothing(path):
    assert oracles.validator_errors(path) == []


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False), min_size=1, max_size=20)
)
def test_every_number_is_saved_exactly(tmp_path_factory, numbers):
    book = openpyxl.Workbook()
    for row, number in enumerate(numbers, start=1):
        book.active.cell(row, 1, number)
    path = tmp_path_factory.getbasetemp() / "numbers.xlsx"
    save_generated(book, path)
    found = open_book(path).sheets[0].range((1, 1), (len(numbers), 1)).options(ndim=1).value
    assert [math.copysign(1, a) for a in found if a] == [math.copysign(1, b) for b in numbers if b]
    assert found == numbers


@pytest.mark.parametrize("formula", ["=NOTAFUNCTION(A1)", "=B1", "=[1]Rates!A1"])
def test_a_formula_that_cannot_be_computed_is_named(formula, tmp_path):
    book = openpyxl.Workbook()
    book.active["B1"] = formula
    with pytest.raises(FormulaError, match="Sheet!B1") as refusal:
        save_generated(book, tmp_path / "book.xlsx")
    assert refusal.value.cell == "Sheet!B1"
    assert not (tmp_path / "book.xlsx").exists()


def test_an_open_book_is_not_written_over(path):
    before = path.read_bytes()
    path.with_name("~$book.xlsx").touch()
    with pytest.raises(BookError, match="open in Excel"):
        save_generated(openpyxl.Workbook(), path)
    assert path.read_bytes() == before
