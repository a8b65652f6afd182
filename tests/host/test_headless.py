"""xlwings on a file: the same calls, the same answers as in Excel, by xlwings' own documentation."""

import datetime as dt
import gc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xlwings

from tests import strangers
from xlcicf.errors import AddressError, NotPossibleHeadless
from xlcicf.host import open_book


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(strangers.tables().to_bytes())
    return open_book(path)


@pytest.fixture
def sheet(book):
    return book.sheets["Model"]


@pytest.fixture
def blank(book):
    """An empty sheet."""
    return book.sheets.add("Blank", after=book.sheets[-1])


# ---- values, as xlwings' converters hand them over

VALUES = {
    "a number": (3, 3.0),
    "a numpy number": (np.float32(0.5), 0.5),
    "a boolean": (np.bool_(True), True),
    "text": ("x", "x"),
    "text after an apostrophe": ("'=1", "=1"),
    "a row": ([1, "x", None, True], [1.0, "x", None, True]),
    "a table": ([[1, 2], [3, 4]], [[1, 2], [3, 4]]),
    "an array": (np.eye(2), [[1, 0], [0, 1]]),
    "NaN, which empties a cell": ([1, float("nan"), 2], [1, None, 2]),
    "NaT and NA, which do too": ([1, pd.NaT, pd.NA], [1, None, None]),
    "a date": (dt.date(2024, 2, 29), dt.datetime(2024, 2, 29)),
    "a time": (dt.datetime(1999, 12, 31, 23, 59, 58), dt.datetime(1999, 12, 31, 23, 59, 58)),
    "numpy's and pandas' dates": (
        [np.datetime64("2024-01-01"), pd.Timestamp("2024-01-02 12:00")],
        [dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 2, 12)],
    ),
    "a formula": ("=1+2", 3.0),
}


@pytest.mark.parametrize("kind", VALUES)
def test_a_value_comes_back_as_excel_gives_it(kind, blank):
    written, read = VALUES[kind]
    blank["B2"].value = written
    rows, cols = np.shape(read) if np.ndim(read) == 2 else (1, np.size(read))
    found = blank["B2"].resize(rows, cols).value
    assert found == read
    assert type(found) is type(read)
    blank.book.save()
    again = open_book(blank.book.fullname).sheets["Blank"]
    assert again["B2"].resize(rows, cols).value == read


def test_a_data_frame_comes_back(blank):
    frame = pd.DataFrame(
        {"age": [22.0, 38.0], "name": ["a", "b"], "day": pd.to_datetime(["2024-01-01", "2024-01-02"])}
    )
    blank["A1"].options(index=False).value = frame
    found = blank["A1"].options(pd.DataFrame, index=False, expand="table").value
    pd.testing.assert_frame_equal(found, frame, check_dtype=False)


def test_an_array_comes_back(sheet):
    found = sheet["A1:B3"].options(np.array).value
    assert found.dtype == float
    np.testing.assert_array_equal(found, [[1, 2], [2, 4], [3, 6]])


def test_errors_are_none_or_text_as_asked(blank):
    blank["A1"].formula = "=1/0"
    assert blank["A1"].value is None
    assert blank["A1"].options(err_to_str=True).value == "#DIV/0!"


def test_one_value_fills_a_range_and_a_formula_is_filled_relative_to_the_first_cell(blank):
    blank["A1:B2"].value = 7
    blank["C1:C2"].value = "=A1+$B$1"
    assert blank["A1:C2"].value == [[7, 7, 14], [7, 7, 14]]
    assert blank["C1:C2"].formula == (("=A1+$B$1",), ("=A2+$B$1",))


def test_a_shared_formula_reads_as_each_cells_own(tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(strangers.shared_formulas().to_bytes())
    assert open_book(path).sheets["Model"]["B1:B3"].formula == (("=A1*2",), ("=A2*2",), ("=A3*2",))


def test_formula_of_a_constant_is_what_one_would_type(sheet):
    assert sheet["A1:B1"].formula == (("1", "=A1*2"),)
    assert sheet["A6:A7"].formula == (("a note",), ("",))


@pytest.mark.parametrize("text", ["bell \x07", "_x0041_", "lines\r\nlines"])
def test_a_saved_texts_escapes_are_what_formulas_compute_with(tmp_path, text):
    path = tmp_path / "book.xlsx"
    path.write_bytes(strangers.plain().to_bytes())
    book = open_book(path)
    book.sheets["Model"]["A6"].value = text
    book.save()
    book.sheets["Model"]["C1"].formula = '=A6&"!"'
    assert book.sheets["Model"]["C1"].value == text + "!"


def test_an_array_formula_is_one_formula(blank):
    blank["A1:A3"].value = [[1], [2], [3]]
    blank["B1:B3"].formula_array = "=A1:A3*2"
    assert blank["B1:B3"].value == [2, 4, 6]
    assert [blank[a].has_array for a in ("B1:B3", "B2", "A1", "A1:B3")] == [True, True, False, None]
    assert blank["B2"].formula_array == "=A1:A3*2"
    blank["B1:B3"].value = 0
    assert blank["B1:B3"].has_array is False


def test_a_date_gets_a_dates_format_and_keeps_the_one_it_has(blank):
    blank["A1"].value = dt.date(2024, 2, 29)
    blank["A2"].number_format = "yyyy"
    blank["A2"].value = dt.date(2024, 2, 29)
    assert (blank["A1"].number_format, blank["A2"].number_format) == ("mm-dd-yy", "yyyy")
    blank["A1"].number_format = "0.0"
    assert blank["A1"].value == 45351.0


def test_a_book_that_counts_from_1904_does(tmp_path):
    workbook = strangers.model()
    workbook.epoch = dt.datetime(1904, 1, 1)
    workbook["Model"]["C1"] = dt.datetime(2024, 2, 29)
    path = tmp_path / "book.xlsx"
    path.write_bytes(strangers.saved(workbook).to_bytes())
    sheet = open_book(path).sheets["Model"]
    assert sheet["C1"].value == dt.datetime(2024, 2, 29)
    sheet["C2"].value = dt.datetime(2024, 2, 29)
    sheet["C1:C2"].number_format = "General"
    assert sheet["C1:C2"].value == [45351.0 - 1462] * 2


# ---- places

PLACES = {
    "A1": "$A$1",
    "a1:b2": "$A$1:$B$2",
    "$B$2:A1": "$A$1:$B$2",
    "A:B": "$A$1:$B$1048576",
    "2:3": "$A$2:$XFD$3",
    "Model!B2": "$B$2",
    "'Model'!B2": "$B$2",
    "Passengers": "$H$2:$I$3",
    (2, 3): "$C$2",
}


@pytest.mark.parametrize("reference", PLACES, ids=str)
def test_a_range_is_found_by_any_reference(reference, sheet):
    assert sheet.range(reference).address == PLACES[reference]


def test_two_corners_span_a_range(sheet):
    assert sheet.range((3, 2), "A1").address == "$A$1:$B$3"
    assert sheet[1:3, 0].address == "$A$2:$A$3"
    assert sheet["A1:B3"][-1, 0].address == "$A$3"
    assert sheet["A1:B3"](4).address == "$B$2"
    assert sheet["B2"].offset(1, 1).address == "$C$3"


def test_a_missing_place_is_named(book, sheet):
    with pytest.raises(AddressError, match="'Modell'.*Model, Other"):
        book.sheets["Modell"]
    with pytest.raises(AddressError, match="'weight'"):
        sheet.range("weight")
    with pytest.raises(AddressError, match="lies outside"):
        sheet["A1"].offset(-1, 0)


def test_addresses_are_written_as_excel_does(blank):
    cells = blank["A1:B2"]
    assert cells.get_address(False, True) == "$A1:$B2"
    assert cells.get_address(external=True) == "[book.xlsx]Blank!$A$1:$B$2"
    spaced = blank.book.sheets.add("a 'b' c", after=blank)
    assert spaced["A1"].get_address(external=True) == "'[book.xlsx]a ''b'' c'!$A$1"


ARROWS = {  # from, key, to: Ctrl and an arrow in the cells A1:B4, A6, H1:I3
    ("A1", "down"): "$A$3",
    ("A3", "down"): "$A$6",
    ("A6", "down"): "$A$1048576",
    ("A6", "up"): "$A$3",
    ("B1", "right"): "$H$1",
    ("H1", "right"): "$I$1",
    ("I1", "right"): "$XFD$1",
    ("XFD1", "left"): "$I$1",
    ("C9", "left"): "$A$9",
}


@pytest.mark.parametrize("start, key", ARROWS)
def test_end_goes_where_the_arrow_keys_go(start, key, sheet):
    assert sheet[start].end(key).address == ARROWS[start, key]


def test_ranges_grow_to_what_is_filled(sheet, blank):
    assert sheet["A1"].expand().address == "$A$1:$B$3"
    assert sheet["H1"].expand("right").address == "$H$1:$I$1"
    assert sheet["I2"].current_region.address == "$H$1:$I$3"
    assert sheet.used_range.address == "$A$1:$I$6"
    assert blank.used_range.address == "$A$1"


# ---- names, tables, pictures, sheets


def test_names_are_added_found_and_hidden(book, sheet):
    book.names.add("hidden.weight", "=Model!$A$1:$A$3")
    sheet.names.add("solver_opt", "=Model!$B$4").api.Visible = False
    assert sheet.range("hidden.weight").value == [1, 2, 3]
    assert sheet.names["solver_opt"].refers_to == "=Model!$B$4"
    assert [name.name for name in book.names] == ["hidden.weight", "Model!solver_opt"]
    assert "hidden.weight" in book.names and "nothing" not in book.names
    book.save()
    again = open_book(book.fullname)
    assert again.names["Model!solver_opt"].refers_to_range.address == "$B$4"
    assert again.sheets["Model"].names["solver_opt"].api.Visible is False
    with pytest.raises(NotPossibleHeadless, match="hidden.weight"):
        again.names["hidden.weight"].refers_to = "=Model!$A$1"
    again.sheets["Model"].names["solver_opt"].refers_to = "=Model!$A$1"  # Solver's settings may change
    again.save()
    assert open_book(book.fullname).sheets["Model"].names["solver_opt"].refers_to == "=Model!$A$1"


def test_a_range_is_given_a_name(book, sheet):
    book.names["weights"] = sheet["A1:A3"]
    assert sheet["A1:A3"].name.name == "weights"
    assert sheet["A1"].name is None
    assert sheet.range("weights").address == "$A$1:$A$3"


def test_an_added_name_can_be_used_by_a_formula(book, sheet):
    sheet["C1"].formula = "=SUM(hidden.weight)"
    assert sheet["C1"].value is None
    book.names.add("hidden.weight", "=Model!$A$1:$A$3")
    assert sheet["C1"].value == 6


def test_a_table_shows_its_parts(sheet):
    (table,) = sheet.tables
    assert table.name == "Passengers" and "passengers" in sheet.tables
    assert table.range.address == "$H$1:$I$3"
    assert table.header_row_range.value == ["age", "fare"]
    assert table.data_body_range.value == [[22, 7.25], [38, 71.2833]]
    assert table.totals_row_range is None


def test_a_picture_is_added_and_still_changed_before_the_save(blank, tmp_path):
    path = tmp_path / "dot.png"
    path.write_bytes(strangers.PNG)
    picture = blank.pictures.add(path, left=10, top=20, name="Loss")
    picture.width = 30
    assert (picture.left, picture.top, picture.width, picture.height) == (10, 20, 30, 30)
    picture.name = "Loss & more"
    blank.pictures.add(path, name="Loss & more", update=True)
    assert [p.name for p in blank.pictures] == ["Loss & more"]
    blank.book.save()
    (again,) = open_book(blank.book.fullname).sheets["Blank"].pictures
    assert (again.name, again.left, again.width) == ("Loss & more", 10, 30)
    with pytest.raises(NotPossibleHeadless, match="Loss & more"):
        again.width = 3


def test_charts_are_listed(tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(strangers.charts().to_bytes())
    assert [chart.name for chart in open_book(path).sheets["Model"].charts] == ["Chart 1"]


def test_sheets_are_listed_and_added(book):
    added = book.sheets.add()
    assert [sheet.name for sheet in book.sheets] == ["Model", "Other", "Sheet1"]
    assert book.sheets.active == added
    assert added.index == 3 and added.visible
    assert "other" in book.sheets.impl


def test_a_chart_sheet_counts_for_names_but_is_no_sheet_of_cells(tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(strangers.chart_sheets().to_bytes())
    book = open_book(path)
    assert [sheet.name for sheet in book.sheets] == ["Model", "Other"]
    book.sheets["Model"].names.add("solver_opt", "=Model!$B$4")
    book.save()
    assert open_book(path).sheets["Model"].names["solver_opt"].refers_to == "=Model!$B$4"


# ---- books


def test_the_mock_caller_is_the_book(book):
    book.set_mock_caller()
    try:
        assert xlwings.Book.caller().fullname == book.fullname
    finally:
        del xlwings.Book._mock_caller


def test_a_book_saved_under_another_name_goes_on_there(book, sheet, tmp_path):
    before = Path(book.fullname).read_bytes()
    first = book.fullname
    sheet["A1"].value = 10
    book.save(tmp_path / "other.xlsx")
    assert book.name == "other.xlsx"
    assert Path(first).read_bytes() == before
    sheet["A2"].value = 20
    assert sheet["B4"].value == 2 * (10 + 20 + 3)
    book.save()
    assert open_book(tmp_path / "other.xlsx").sheets["Model"]["A1:B4"].value[3] == [None, 66]


def test_nothing_is_written_before_a_save(book, sheet):
    path = Path(book.fullname)
    before = path.read_bytes()
    sheet["A1"].value = 10
    assert sheet["B4"].value == 2 * (10 + 2 + 3)
    book.close()
    assert path.read_bytes() == before


def test_books_of_one_name_do_not_meet(tmp_path):
    books = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "book.xlsx"
        path.write_bytes(strangers.plain().to_bytes())
        books.append(open_book(path))
    books[0].sheets[0]["A1"].value = 100
    assert books[1].sheets[0]["A1"].value == 1
    assert books[0] != books[1] and books[0].sheets[0] != books[1].sheets[0]


def test_a_book_that_nobody_holds_is_gone(book):
    gc.collect()
    apps = len(xlwings.engines["xlcicf"].apps)
    held = open_book(book.fullname)
    assert len(xlwings.engines["xlcicf"].apps) == apps + 1
    del held
    gc.collect()
    assert len(xlwings.engines["xlcicf"].apps) == apps
