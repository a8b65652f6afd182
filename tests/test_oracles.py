"""The oracles themselves: they recompute, they tell kinds apart, and they can say no."""

import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from tests import oracles
from tests.oracles import Case
from xlcicf.formula.snapshot import ExcelError

CASES = [
    (Case("=A1+B1", {"A1": 1, "B1": 2.5}), 3.5),
    (Case('=A1&"!"', {"A1": "=1+1"}), "=1+1!"),
    (Case("=A1>1", {"A1": 2}), True),
    (Case("=1/A1", {"A1": 0}), ExcelError("#DIV/0!")),
    (Case("=A1", {"A1": ExcelError("#N/A")}), ExcelError("#N/A")),
    (Case('=""'), None),
    (Case("=MMULT(A1:B2,A1:B2)", {"A1": 1, "B1": 2, "A2": 3, "B2": 4}, "Z99:AA100"), [[7, 10], [15, 22]]),
]

COMPUTERS = [
    oracles.ironcalc_formulas,
    pytest.param(oracles.libreoffice_formulas, marks=pytest.mark.libreoffice),
]


@pytest.mark.parametrize("compute", COMPUTERS)
def test_each_computer_gives_numbers_text_booleans_errors_and_arrays(compute):
    got = compute([case for case, _ in CASES])
    expected = [value for _, value in CASES]
    assert got == expected
    assert [type(value) is bool for value in got] == [type(value) is bool for value in expected]
    assert [type(value) is ExcelError for value in got] == [type(value) is ExcelError for value in expected]


@pytest.fixture
def lying_book(tmp_path) -> Path:
    """A book whose saved result is wrong: A2 says 7 where =A1*2 is 6."""
    path = tmp_path / "honest.xlsx"
    book = openpyxl.Workbook()
    book.active.title = "S"
    book.active["A1"], book.active["A2"] = 3, "=A1*2"
    book.save(path)
    lying = tmp_path / "lying.xlsx"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(lying, "w") as target:
        for name in source.namelist():
            target.writestr(
                name, source.read(name).replace(b"<v></v>", b"<v>7</v>").replace(b"<v />", b"<v>7</v>")
            )
    assert oracles.saved_values(lying)["S!A2"] == 7
    return lying


def test_ironcalc_recomputes_what_the_file_says(lying_book):
    assert oracles.ironcalc_values(lying_book) == {"S!A1": 3, "S!A2": 6}


@pytest.mark.libreoffice
def test_libreoffice_recomputes_what_the_file_says(lying_book):
    assert oracles.libreoffice_values(lying_book) == {"S!A1": 3, "S!A2": 6}


def test_difference_is_relative_above_one_and_absolute_below():
    assert oracles.difference([1000.0, 2.0], [1001.0, 2.0]) == pytest.approx(1e-3)
    assert oracles.difference([1e-3], [2e-3]) == pytest.approx(1e-3)
    assert oracles.difference([1.0], [np.nan]) == np.inf
    assert oracles.difference([], []) == 0


def test_a_disagreement_names_its_block_and_cell(tmp_path):
    path = tmp_path / "book.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "S"
    for row in range(1, 5):
        sheet.cell(row, 1, row)
        sheet.cell(row, 2, f"=A{row}*$A$1")
        sheet.cell(row, 3, f'=IF(A{row}>2,"big","small")')
    book.save(path)
    values = oracles.ironcalc_values(path)
    assert oracles.formula_blocks(path) == [
        [f"S!B{row}" for row in range(1, 5)],
        [f"S!C{row}" for row in range(1, 5)],
    ]
    assert oracles.disagreements(path, values, values) == []
    (said,) = oracles.disagreements(path, values, values | {"S!B3": 3.1})
    assert said.startswith("S!B1..S!B4 differ by 0.025, most at S!B3")
    assert oracles.disagreements(path, values, values | {"S!C1": "big"}) == ["S!C1: 'small', 'big'"]
    assert oracles.disagreements(path, values, values | {"S!B1": True}) == ["S!B1: 1.0, True"]


def test_central_differences_of_a_book_are_its_slopes(tmp_path):
    path = tmp_path / "book.xlsx"
    book = openpyxl.Workbook()
    book.active.title = "two words"
    book.active["A1"], book.active["A2"], book.active["C1"] = 3, 2, 5
    book.active["B1"] = "=A1^2*A2+C1*A1"
    book.save(path)
    f = oracles.Recalculation(path, "'two words'!B1", "'two words'!$A$1:$A$2,'two words'!C1")
    assert f.start.tolist() == [3, 2, 5]
    assert oracles.central_differences(f, f.start) == pytest.approx([17, 9, 3], abs=1e-8)


@pytest.mark.validator
def test_the_validator_sees_a_broken_part(tmp_path):
    path = tmp_path / "broken.xlsx"
    book = openpyxl.Workbook()
    book.save(path)
    with zipfile.ZipFile(path, "a") as package:
        sheet = package.read("xl/worksheets/sheet1.xml").replace(b"<sheetData", b"<nonsense/><sheetData")
    broken = tmp_path / "also_broken.xlsx"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(broken, "w") as target:
        for name in source.namelist():
            target.writestr(name, sheet if name.endswith("sheet1.xml") else source.read(name))
    assert any("nonsense" in error for error in oracles.validator_errors(broken))
