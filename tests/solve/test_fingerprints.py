"""Which data an objective reads, and that any change of it shows: in the SHA-256 and in the sheet's number."""

import pytest

import xlcicf
from tests.small import save_small
from xlcicf.formula.address import Area
from xlcicf.host import read_snapshot
from xlcicf.solve.fingerprints import constants, differing, fingerprint, hashes

# B9 reads the table A1:C4 (text and a blank in it), E1 by E2, and is changed by B7:B8.
CELLS = {
    "A1": "male", "A2": "female", "A3": "male", "A4": "x", "B1": 1, "B2": 2.5, "B3": -3, "C1": 1, "C2": 1, "C3": 0, "C4": 7,
    "D1": '=IF(A1="male",B1,C1)', "D2": '=IF(A2="male",B2,C2)', "D3": '=IF(A3="male",B3,C3)', "D4": '=IF(A4="male",B4,C4)',
    "E1": 4, "E2": "=E1*2", "B7": 0.5, "B8": 1.5, "B9": "=SUMPRODUCT((D1:D4*B7-B8)^2)+E2", "H1": "a note",
}  # fmt: skip
OBJECTIVE, CHANGING = Area("Net", 9, 2, 9, 2), [Area("Net", 7, 2, 8, 2)]


@pytest.fixture
def book(tmp_path):
    return xlcicf.open_book(save_small(tmp_path / "small.xlsx", CELLS))


def test_the_data_are_the_constants_on_the_way_without_the_changing_cells(book):
    areas = constants(read_snapshot(book), OBJECTIVE, CHANGING)
    assert [area.address for area in areas] == ["Net!A1:C4", "Net!E1"]


EDITS = {"a number": ("B2", 2.6), "a blank": ("B4", 1), "a text": ("A1", "female"), "a new text": ("A4", "y"),
         "a number to text": ("B1", "one"), "to nothing": ("C4", None)}  # fmt: skip


@pytest.mark.parametrize("cell, value", EDITS.values(), ids=EDITS)
def test_a_changed_cell_changes_the_hash_and_the_sheets_number(book, cell, value):
    then = read_snapshot(book)
    area = constants(then, OBJECTIVE, CHANGING)[0]
    before, mark = hashes(then, [area]), fingerprint(then, area)
    sheet = book.sheets["Net"]
    sheet["J1"].value = mark.formula
    assert sheet["J1"].value == pytest.approx(mark.value, rel=1e-14)
    sheet[cell].value = value
    assert differing(before, hashes(read_snapshot(book), [area])) == ["Net!A1:C4"]
    assert sheet["J1"].value != pytest.approx(mark.value, rel=1e-10)
    sheet[cell].value = CELLS.get(cell)
    assert differing(before, hashes(read_snapshot(book), [area])) == []
    assert sheet["J1"].value == pytest.approx(mark.value, rel=1e-14)


def test_two_cells_exchanged_change_both(book):
    then = read_snapshot(book)
    area = constants(then, OBJECTIVE, CHANGING)[0]
    before, mark = hashes(then, [area]), fingerprint(then, area)
    sheet = book.sheets["Net"]
    sheet["J1"].value = mark.formula
    sheet["B1"].value, sheet["B2"].value = CELLS["B2"], CELLS["B1"]
    assert differing(before, hashes(read_snapshot(book), [area]))
    assert sheet["J1"].value != pytest.approx(mark.value, rel=1e-10)


def test_zeros_have_no_sign_and_capitals_no_meaning_to_the_formula(book):
    snapshot = read_snapshot(book)
    area = Area("Net", 1, 1, 3, 3)
    before, mark = hashes(snapshot, [area]), fingerprint(snapshot, area)
    snapshot.sheets["Net"].values[3, 3] = -0.0
    assert hashes(snapshot, [area]) == before
    snapshot.sheets["Net"].values[1, 1] = "MALE"
    assert fingerprint(snapshot, area) == mark


def test_an_area_that_vanished_counts_as_changed():
    assert differing({"A": "1", "B": "2"}, {"A": "1", "C": "3"}) == ["B", "C"]
