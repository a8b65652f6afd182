"""The sheet of exercises: what it says while answers are missing, half written, wrong or not yet to be judged."""

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.formula import ArrayFormula

from tests import oracles
from xlcicf.ooxml.openpyxl_book import generated, save_generated
from xlcicf.ooxml.package import save_package
from xlcicf.sheet.block import Block
from xlcicf.sheet.exercise import EMPTY, RIGHT, SHEET, TYPED, WRONG, Exercise, make_exercises
from xlcicf.sheet.style import add_styles

DOUBLES, TOTAL = Block("doubles", "My sums", "B1", 3), Block("total", "My sums", "C1")
NUMBERS = Block("numbers", "My sums", "A1", 3)
EXERCISES = (
    Exercise(
        "Double", (DOUBLES,), "B1: twice A1. Fill it down.", "Half is left when the number is taken away.",
        f"=SUMPRODUCT(ABS({DOUBLES.ref}-{NUMBERS.ref}-{NUMBERS.ref}))",
    ),
    Exercise(
        "Total", (TOTAL,), "C1: all doubles together.", "Half of it is all the numbers.",
        f"=ABS({TOTAL.ref}/2-SUM({NUMBERS.ref}))", after="Double",
    ),
)  # fmt: skip
RIGHT_ANSWERS = {"B1": "=A1*2", "B2": "=A2*2", "B3": "=A3*2", "C1": "=SUM(B1:B3)"}


@pytest.fixture
def book():
    book = Workbook()
    add_styles(book)
    book.active.title = "Read me"
    ws = book.create_sheet("My sums")
    for row in (1, 2, 3):
        ws[f"A{row}"] = row
    for cell, formula in RIGHT_ANSWERS.items():
        ws[cell] = formula
    ws["D1"] = "=AVERAGE(B1:B3)"
    ws["D2"] = ArrayFormula("D2:D3", "=A1:A2/C1")
    make_exercises(book, EXERCISES)
    return book


def shown(book, path):
    save_generated(book, path)
    return oracles.saved_values(path)


UNFINISHED = "unfinished: 2 cells are empty"
WAITING = "do this first: 1. Double"
DOUBLED = {cell: formula for cell, formula in RIGHT_ANSWERS.items() if cell != "C1"}
SAID = [
    ({}, EMPTY, EMPTY),
    ({"B1": "=A1*2"}, UNFINISHED, EMPTY),
    (DOUBLED, RIGHT, EMPTY),
    (RIGHT_ANSWERS, RIGHT, RIGHT),
    (RIGHT_ANSWERS | {"B2": 4}, TYPED, WAITING),
    (RIGHT_ANSWERS | {"B2": "=A2*3"}, WRONG, WAITING),
    (RIGHT_ANSWERS | {"B2": "=A2/0"}, WRONG, WAITING),
    (RIGHT_ANSWERS | {"B2": '="four"'}, WRONG, WAITING),
    (RIGHT_ANSWERS | {"B2": '=""'}, WRONG, WAITING),
    ({"C1": "=SUM(B1:B3)"}, EMPTY, WAITING),
    (RIGHT_ANSWERS | {"C1": 12}, RIGHT, TYPED),
    (RIGHT_ANSWERS | {"C1": "twelve"}, RIGHT, TYPED),
    (RIGHT_ANSWERS | {"C1": "=SUM(B1:B2)"}, RIGHT, WRONG),
]


@pytest.mark.parametrize("answers, doubles, total", SAID)
def test_each_exercise_says_how_its_answer_is(book, tmp_path, answers, doubles, total):
    for cell, answer in answers.items():
        book["My sums"][cell] = answer
    values = shown(book, tmp_path / "answered.xlsx")
    assert (values[f"{SHEET}!E7"], values[f"{SHEET}!E8"]) == (doubles, total)
    assert values[f"{SHEET}!A4"] == f"{[doubles, total].count(RIGHT)} of 2 are right"


def test_formulas_that_wait_for_an_answer_show_nothing_until_it_is_there(book, tmp_path):
    erring = shown(book, path := tmp_path / "waiting.xlsx")
    assert [cell for cell, value in erring.items() if isinstance(value, oracles.ExcelError)] == [
        f"'My sums'!D{row}" for row in (1, 2, 3)
    ]
    save_package(generated(book, path, hushed=True), path)
    waiting = oracles.saved_values(path)
    assert {cell for cell in waiting if cell.startswith("'My sums'")} == {
        f"'My sums'!A{row}" for row in (1, 2, 3)
    }
    book = load_workbook(path)
    for cell, formula in RIGHT_ANSWERS.items():
        book["My sums"][cell] = formula
    answered = shown(book, tmp_path / "answered.xlsx")
    assert [answered[f"'My sums'!D{row}"] for row in (1, 2, 3)] == [4, 1 / 12, 2 / 12]


def test_the_sheet_stands_behind_the_front_page_which_links_to_it(book):
    assert book.sheetnames == ["Read me", SHEET, "My sums"]
    assert book["Read me"]["A3"].hyperlink.ref == "A3"
    assert book[SHEET]["C7"].hyperlink.target == "#'My sums'!B1"


def test_an_empty_cell_keeps_the_number_format_of_its_formula():
    book = Workbook()
    add_styles(book)
    book.active.title = "Read me"
    ws = book.create_sheet("My sums")
    ws["C1"] = "=SUM(B1:B3)"
    ws["C1"].number_format = "0.000"
    make_exercises(book, [Exercise("Total", (TOTAL,), "", "", "=0")])
    assert (ws["C1"].value, ws["C1"].number_format, ws["C1"].style) == (None, "0.000", "Exercise")
