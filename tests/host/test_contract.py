"""What every engine of ours must do alike: each check runs on a file and in a live LibreOffice."""

import datetime as dt
import math
import shutil

import numpy as np
import openpyxl
import pandas as pd
import pytest
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.table import Table

import xlcicf
from tests.host.remote.live import live_office
from xlcicf.errors import AddressError, XlcicfError
from xlcicf.formula.address import Area
from xlcicf.host import host_of, outline, read_snapshot
from xlcicf.host.exact_cells import read_rows, values_of
from xlcicf.host.watching import Edited
from xlcicf.sheet.picture import heat_map


@pytest.fixture
def path(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Data"
    for row in [["x", "y", "z"], [1, 2.5, "=A2*B2"], [3, -0.001, "=A3*B3"], [True, "text", "=1/0"]]:
        sheet.append(row)
    sheet["A6"] = dt.datetime(2024, 5, 17)
    sheet["E1"] = ArrayFormula("E1:E3", '=A1:A3&"!"')
    sheet["G1"], sheet["G2"], sheet["H1"], sheet["H2"] = "a", 1, "b", 2
    sheet.add_table(Table(displayName="Pairs", ref="G1:H2"))
    book.create_sheet("It's a sheet")["B2"] = "=Data!A2+1"
    book.defined_names["whole"] = DefinedName("whole", attr_text="Data!$A$2:$B$3")
    sheet.defined_names["solver_opt"] = DefinedName("solver_opt", attr_text="Data!$C$2", hidden=True)
    book.save(tmp_path / "contract.xlsx")
    return tmp_path / "contract.xlsx"


LIVE = pytest.param("libreoffice", marks=pytest.mark.libreoffice)


@pytest.fixture(params=["headless", LIVE])
def book(request, path):
    if request.param == "headless":
        yield xlcicf.open_book(path)
    else:
        with live_office().opened(path) as opened:
            yield opened


def test_a_book_is_told_by_its_name_its_path_and_its_sheets(book, path):
    assert (book.name, book.fullname) == (path.name, str(path))
    assert [sheet.name for sheet in book.sheets] == ["Data", "It's a sheet"]
    assert [sheet.index for sheet in book.sheets] == [1, 2]
    assert book.sheets["it's A SHEET"].name == "It's a sheet"
    with pytest.raises(AddressError, match="'Nowhere'.*Data"):
        book.sheets["Nowhere"]


def test_cells_are_read_by_kind(book):
    data = book.sheets["Data"]
    assert data["A1:C4"].options(err_to_str=True).value == [
        ["x", "y", "z"],
        [1.0, 2.5, 2.5],
        [3.0, -0.001, -0.003],
        [True, "text", "#DIV/0!"],
    ]
    assert data["A6"].value == dt.datetime(2024, 5, 17)
    assert data["Z99"].value is None
    assert data.used_range.address == "$A$1:$H$6"


def test_cells_show_what_the_formula_bar_has(book):
    data = book.sheets["Data"]
    assert data["A1:C4"].formula == (
        ("x", "y", "z"),
        ("1", "2.5", "=A2*B2"),
        ("3", "-0.001", "=A3*B3"),
        ("TRUE", "text", "=1/0"),
    )
    assert data["E2"].formula == '=A1:A3&"!"'
    assert data["E1:E3"].has_array is True
    assert data["A1:A3"].has_array is False
    assert data["D1:E3"].has_array is None
    assert book.sheets[1]["B2"].formula == "=Data!A2+1"


def test_numbers_are_read_from_several_areas_at_once(book):
    first, second = host_of(book).numbers(book, [Area("Data", 1, 1, 4, 3), Area("It's a sheet", 2, 2, 2, 3)])
    none = math.nan
    assert np.array_equal(
        first, [[none] * 3, [1, 2.5, 2.5], [3, -0.001, -0.003], [1, none, none]], equal_nan=True
    )
    assert np.array_equal(second, [[2, none]], equal_nan=True)
    areas = [
        Area("Data", 2, 3, 3, 3),
        Area("Data", 2, 1, 3, 2),
        Area("Data", 2, 1, 3, 1),
        Area("Data", 2, 3, 3, 3),
    ]
    third, both, first, again = host_of(book).numbers(book, areas)
    assert (first, both, third) == ([[1], [3]], [[1, 2.5], [3, -0.001]], [[2.5], [-0.003]])
    assert again == third


def test_what_is_out_of_date_is_computed_and_everything_on_request(book):
    host_of(book).distrust(book)
    assert book.sheets["Data"]["C2"].value == 2.5
    book.sheets["Data"]["A2"].value = 10
    book.app.calculate()
    assert (book.sheets["Data"]["C2"].value, book.sheets[1]["B2"].value) == (25, 11)


def test_watched_cells_tell_what_was_changed(book):
    data, host = book.sheets["Data"], host_of(book)
    changes = host.watch(book, "test", [Area("Data", 1, 1, 6, 5), Area("It's a sheet", 2, 2, 2, 2)]).changes
    other = host.watch(book, "other", [Area("Data", 2, 1, 2, 1)]).changes
    assert changes() == {}
    data["A2"].value = 10  # on which results depend, too
    assert changes() == other() == {("Data", 2, 1): ("1", "10")}
    data["A2"].value = 10.000000000000002
    assert changes() == {("Data", 2, 1): ("1", "10.000000000000002")}
    data["A2"].value = 1
    data["B4"].value, data["A4"].value, data["H2"].value = "other", False, "beside them"
    data["C3"].value, data["C2"].value, data["D5"].value = "=A3+B3", 2.5, "=A2"
    book.sheets[1]["B2"].clear_contents()
    assert changes() == {
        ("Data", 2, 3): ("=A2*B2", "2.5"),
        ("Data", 3, 3): ("=A3*B3", "=A3+B3"),
        ("Data", 4, 1): ("TRUE", "FALSE"),
        ("Data", 4, 2): ("text", "other"),
        ("Data", 5, 4): ("", "=A2"),
        ("It's a sheet", 2, 2): ("=Data!A2+1", ""),
    }
    watched = host.watch(book, "test", [Area("Data", 1, 1, 6, 5)])
    with watched.writing():
        data["A2"].value, data["D6"].value = 3, 4
    assert watched.changes() == {}


@pytest.mark.parametrize("book", [LIVE], indirect=True)  # nobody else is at a file
def test_a_write_over_somebody_elses_edit_is_not_made(book):
    data = book.sheets["Data"]
    watched = host_of(book).watch(book, "test", [Area("Data", 2, 1, 3, 1)])
    data["A2"].value = 7  # as a person does between a look and a write
    with pytest.raises(Edited), watched.writing():
        data["A3"].value = 8
    assert (data["A2"].value, data["A3"].value) == (7, 3)
    assert watched.changes() == {("Data", 2, 1): ("1", "7")}
    data["A3"].value = 9  # a write that asks for nothing
    assert data["A3"].value == 9


def test_what_is_written_stands_there(book):
    data = book.sheets["Data"]
    data["J1"].value = [["text", 1.5, True], ["=A2+1", None, "'=no formula"]]
    assert data["J1:L2"].value == [["text", 1.5, True], [2.0, None, "=no formula"]]
    assert data["J1:L2"].formula == (("text", "1.5", "TRUE"), ("=A2+1", "", "=no formula"))
    data["J5:K6"].formula = "=$A2+A$1"
    assert data["K6"].formula == "=$A3+B$1"
    data["J8:J10"].formula_array = "=A1:A3"
    assert data["J8:J10"].has_array is True
    data["J12"].value = 0.1 + 0.2
    assert data["J12"].value == 0.1 + 0.2
    data["J13"].value = "1/2"
    assert data["J13"].value == "1/2"
    data["J14"].value = dt.datetime(2024, 2, 29, 12)
    assert data["J14"].value == dt.datetime(2024, 2, 29, 12)
    data["J1:L6"].clear_contents()
    assert data["J1:L6"].value == [[None] * 3] * 6


def test_dependents_follow_a_write(book):
    book.sheets["Data"]["A2"].value = 10
    assert book.sheets["Data"]["C2"].value == 25
    assert book.sheets[1]["B2"].value == 11


def test_arrays_and_frames_go_in_and_out(book):
    data = book.sheets["Data"]
    numbers = np.arange(6.0).reshape(2, 3) / 7
    data["J1"].value = numbers
    assert np.array_equal(data["J1"].expand().options(np.array).value, numbers)
    frame = pd.DataFrame({"p": [1.0, 2.0], "q": ["r", "s"]})
    data["J5"].value = frame
    assert data["J5:L7"].options(pd.DataFrame).value.equals(frame.astype({"p": float}))


def test_names_mean_cells(book):
    assert book.names["whole"].refers_to_range.address == "$A$2:$B$3"
    assert book.sheets["Data"].names["solver_opt"].refers_to == "=Data!$C$2"
    book.names.add("train.steps", "='It''s a sheet'!$B$2")
    assert book.names["train.steps"].refers_to_range.sheet.name == "It's a sheet"
    hidden = book.sheets["Data"].names.add("solver_adj", "=Data!$A$2,Data!$A$3")
    host_of(book).hide(hidden)
    hidden.refers_to = "=Data!$A$2"
    assert outline(book).names["solver_adj", "Data"] == "Data!$A$2"
    with pytest.raises((KeyError, XlcicfError)):
        book.names["nobody"]


def test_tables_have_their_parts(book):
    (table,) = book.sheets["Data"].tables
    assert (table.name, table.range.address) == ("Pairs", "$G$1:$H$2")
    assert table.header_row_range.value == ["a", "b"]
    assert table.data_body_range.value == [1.0, 2.0]
    assert outline(book).tables["pairs"].columns == ("a", "b")


def test_a_sheet_is_added_behind_another_and_comes_to_the_front(book):
    added = book.sheets.add("New", after=book.sheets[-1])
    assert [sheet.name for sheet in book.sheets] == ["Data", "It's a sheet", "New"]
    assert book.sheets.active.name == "New"
    added["A1"].value = "=Data!A2"
    assert added["A1"].value == 1
    book.sheets["Data"].activate()
    assert book.sheets.active.name == "Data"


LOOKS = {
    "color": (255, 230, 0),
    "number_format": "0.000",
    "horizontal_alignment": "center",
    "vertical_alignment": "top",
    "wrap_text": True,
}


def test_cells_have_looks(book):
    sheet = book.sheets.add("Looks", after=book.sheets[-1])
    cells = sheet["B2:C3"]
    for name, value in LOOKS.items():
        setattr(cells, name, value)
    cells.font.bold, cells.font.size, cells.font.color = True, 14, (0, 0, 128)
    assert {name: getattr(cells, name) for name in LOOKS} == LOOKS
    assert (cells.font.bold, cells.font.size, cells.font.color) == (True, 14, (0, 0, 128))
    assert sheet["A1:B2"].font.bold is None
    sheet["B:B"].column_width = 30
    assert sheet["B1"].column_width == pytest.approx(30, abs=0.1)
    sheet["B2"].value = "several words that do not fit beside each other in a column of thirty letters"
    cells.rows.autofit()


def test_charts_and_pictures_stand_on_a_sheet(book, tmp_path):
    sheet = book.sheets.add("Drawn", after=book.sheets[-1])
    sheet["A1"].value = [["x", "first", "second"], [1, 2, 3], [2, 4, 9]]
    for kind in ("xy_scatter_lines_no_markers", "bar_stacked_100", "line", "column_clustered"):
        chart = sheet.charts.add(
            chart_type=kind, source=sheet["A1:C3"], name=kind, anchor=sheet["E1"], width=300, height=200
        )
        assert chart.width == pytest.approx(300, abs=1)
    host_of(book).draw_as_dots(sheet.charts["xy_scatter_lines_no_markers"], 1)
    assert len(sheet.charts) == 4
    picture = tmp_path / "weights.png"
    for numbers in (np.eye(2), np.eye(3)):
        picture.write_bytes(heat_map(numbers))
        sheet.pictures.add(str(picture), name="Weights", update=True, anchor=sheet["E20"])
    assert [one.name for one in sheet.pictures] == ["Weights"]
    assert sheet.pictures[0].left == pytest.approx(sheet.charts[0].left, abs=1)


def test_the_selection_is_all_of_its_areas(book):
    book.sheets["Data"]["A2:B3"].select()
    assert host_of(book).areas(book.app.selection) == [Area("Data", 2, 1, 3, 2)]


def test_what_cells_held_can_be_put_back_exactly(book):
    areas = whole, part = Area("Data", 1, 1, 6, 8), Area("Data", 2, 1, 4, 2)
    weights = book.sheets["Data"]["A2:B4"]
    before = read_rows(book, areas)
    weights.value = [[1 / 3, "'=A1"], ["=B3", None], [5, False]]
    assert read_rows(book, [part]) == {part: [[1 / 3, "=A1"], [{"formula": "=B3"}, None], [5.0, False]]}
    weights.value = values_of(before[part])
    assert read_rows(book, areas) == before
    assert before[whole][1][:2] == before[part][0]


def test_a_snapshot_is_the_files(book, path):
    copy = shutil.copy(path, path.with_name("copy.xlsx"))  # a book that LibreOffice has open is not opened
    saved, here = read_snapshot(xlcicf.open_book(copy)), read_snapshot(book)
    assert here.sheets == saved.sheets
    assert (here.names, here.tables) == (saved.names, saved.tables)
    again = read_snapshot(book)
    assert again.sheets == here.sheets
    book.sheets["Data"]["C2"].formula = "=A2+B2"
    after = read_snapshot(book).sheets["Data"]
    assert (after.formulas[2, 3], after.values[2, 3]) == ("=A2+B2", 3.5)
