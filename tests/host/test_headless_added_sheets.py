"""Widths and heights of a sheet added without Excel; those of the file's own sheets are Excel's to change."""

import openpyxl
import pytest

from tests import oracles, strangers
from xlcicf.errors import DataError, NotPossibleHeadless
from xlcicf.host import open_book
from xlcicf.ooxml.package import read_package


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(strangers.plain().to_bytes())
    return path


@pytest.fixture
def added(path):
    book = open_book(path)
    return book.sheets.add("New", after=book.sheets[-1])


def test_columns_get_their_widths_in_the_file(added, path):
    added["B:C"].column_width = 30
    added["D1"].column_width = 2.5
    added["B2"].value = 7
    assert [added[cells].column_width for cells in ("A1", "B5", "B:C", "D:D", "A:B")] == [
        8.43,
        30,
        30,
        2.5,
        None,
    ]
    added.book.save()
    ws = openpyxl.load_workbook(path)["New"]
    assert ws.column_dimensions["B"].width == 30 + 182 / 256  # Excel shows 30
    assert ws.column_dimensions["D"].width == 2.5 + 182 / 256
    assert ws["B2"].value == 7


def test_rows_become_as_high_as_their_broken_texts_and_large_letters(added, path):
    added["A1"].column_width = 20
    added["A1:A4"].value = [["large"], ["words " * 20], ["words " * 20], [None]]
    added["A1"].font.size = 24
    added["A2"].wrap_text = True
    added["A1:A4"].rows.autofit()
    added.book.save()
    ws = openpyxl.load_workbook(path)["New"]
    heights = ws.row_dimensions
    assert heights[1].height >= 24 and heights[2].height >= 5 * 15
    assert (
        b"customHeight" not in read_package(path)["xl/worksheets/sheet3.xml"]
    )  # fitted anew when typed into
    assert heights[3].height is None and heights[4].height is None


@pytest.mark.parametrize("width", [-1, 256, "wide", None])
def test_what_is_no_width_is_refused(added, width):
    with pytest.raises(DataError, match="characters from 0 to 255"):
        added["A1"].column_width = width


def test_sheets_of_the_file_keep_their_widths(path):
    model = open_book(path).sheets["Model"]
    for attempt in (lambda: model["A1"].rows.autofit(), lambda: model["A1"].column_width):
        with pytest.raises(NotPossibleHeadless, match="Model, which stands in the file"):
            attempt()


def test_columns_are_not_fitted(added):
    with pytest.raises(NotPossibleHeadless, match="set column_width"):
        added["A1"].columns.autofit()


@pytest.mark.validator
@pytest.mark.parametrize("kind", ["plain", "prefixed_names", "excel_dialect"])
def test_any_strangers_book_takes_them_and_loses_nothing(kind, tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(strangers.STRANGERS[kind]().to_bytes())
    before, faults = read_package(path), oracles.validator_errors(path)
    book = open_book(path)
    sheet = book.sheets.add("New", after=book.sheets[-1])
    sheet["A1"].column_width = 20
    sheet["A1"].value, sheet["A1"].wrap_text = "words " * 20, True
    sheet["A1"].rows.autofit()
    book.save()
    after = read_package(path)
    assert strangers.changed_by_a_sheet(kind, before, after) == set()
    assert oracles.validator_errors(path) == faults
