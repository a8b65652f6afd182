"""Tables put over cells: they resolve at once, stand in the file as Excel wants them, and are refused by cell."""

import openpyxl
import pytest
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula

from tests import oracles, strangers
from xlcicf.errors import AddressError, DataError, NotPossibleHeadless
from xlcicf.host import open_book

ROWS = [["age", "x & <y>\nz"], [22, 7.25], [38, 71.2833]]


@pytest.fixture
def path(tmp_path):
    workbook = strangers.model()
    sheet = workbook["Model"]
    for row, values in enumerate(ROWS, 1):
        for col, value in enumerate(values, 8):
            sheet.cell(row, col, value)
    sheet["K1"], sheet["L1"], sheet["M1"], sheet["N1"] = "one", "ONE", 5, "=K1"
    sheet.merge_cells("H20:I21")
    sheet.auto_filter.ref = "P1:Q4"
    sheet["P1"], sheet["Q1"] = "p", "q"
    sheet["S1"], sheet["S2"] = "s", ArrayFormula("S2:S4", "=A1:A3*2")
    workbook.defined_names["taken"] = DefinedName("taken", attr_text="Model!$A$1")
    path = tmp_path / "book.xlsx"
    path.write_bytes(strangers.saved(workbook).to_bytes())
    return path


@pytest.fixture
def sheet(path):
    book = open_book(path)
    yield book.sheets["Model"]


def test_a_table_is_seen_at_once_and_after_reopening(sheet, path):
    sheet.tables.add(sheet["H1:I3"], name="Passengers", table_style_name="TableStyleLight9")
    again = [sheet]
    sheet.book.save()
    again.append(open_book(path).sheets["Model"])
    for model in again:
        (table,) = model.tables
        assert (table.name, table.range.address) == ("Passengers", "$H$1:$I$3")
        assert table.header_row_range.value == ROWS[0]
        assert table.data_body_range.value == ROWS[1:]
    table = openpyxl.load_workbook(path)["Model"].tables["Passengers"]
    assert (table.ref, table.autoFilter.ref) == ("H1:I3", "H1:I3")
    assert table.tableStyleInfo.name == "TableStyleLight9"
    assert [column.name for column in table.tableColumns] == ROWS[0]


def test_a_formula_that_names_a_table_is_computed_once_it_is_there(sheet):
    sheet["A9"].formula = "=SUM(Table1[age])"
    assert sheet["A9"].value is None
    sheet.tables.add(sheet["H1:I3"])
    assert sheet["A9"].value == 60
    sheet["H2"].value = 30
    assert sheet["A9"].value == 68


def test_the_headers_of_an_added_table_stay(sheet):
    sheet.tables.add(sheet["H1:I3"])
    with pytest.raises(NotPossibleHeadless, match="Model!H1"):
        sheet["H1"].value = "years"
    sheet["H1"].value = "age"


def test_tables_of_a_book_have_ids_and_names_of_their_own(tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(strangers.tables().to_bytes())
    book = open_book(path)
    for sheet in book.sheets:
        sheet["K1"].value = [["a", "b"], [1, 2]]
        sheet.tables.add(sheet["K1:L2"])
    book.save()
    found = [table for sheet in openpyxl.load_workbook(path) for table in sheet.tables.values()]
    assert [table.name for table in found] == ["Passengers", "Table1", "Table2"]
    assert len({table.id for table in found}) == 3


def test_a_table_without_a_style_is_possible(sheet, path):
    sheet.tables.add(sheet["H1:I3"], table_style_name=None)
    sheet.book.save()
    (table,) = openpyxl.load_workbook(path)["Model"].tables.values()
    assert table.tableStyleInfo.name is None


# what is tried, the error, words of its sentence
REFUSED = {
    "a number as a header": ({"source": "L1:M3"}, DataError, "Model!M1"),
    "a formula as a header": ({"source": "N1:N3"}, DataError, "Model!N1"),
    "an empty header": ({"source": "I1:J3"}, DataError, "Model!J1"),
    "two headers alike": ({"source": "K1:L3"}, DataError, "Model!L1 heads a column as Model!K1 does"),
    "one row": ({"source": "H1:I1"}, AddressError, "Model!H1:I1"),
    "no headers": ({"source": "H1:I3", "has_headers": False}, NotPossibleHeadless, "headers"),
    "a merged cell": ({"source": "H1:I20"}, AddressError, "a merged cell in Model!H20:I21"),
    "a filter": ({"source": "P1:Q3"}, AddressError, "a filter in Model!P1:Q4"),
    "an array formula": ({"source": "S1:S5"}, AddressError, "an array formula in Model!S2:S4"),
    "a taken name": ({"source": "H1:I3", "name": "Taken"}, AddressError, "'Taken'"),
    "a name like a cell": ({"source": "H1:I3", "name": "W1"}, AddressError, "'W1'"),
    "a name with a space": ({"source": "H1:I3", "name": "my table"}, AddressError, "'my table'"),
    "an unknown style": ({"source": "H1:I3", "table_style_name": "Pretty"}, DataError, "'Pretty'"),
    "outside data": ({"source": "H1:I3", "link_source": True}, NotPossibleHeadless, "outside data"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_can_be_no_table_is_refused_and_changes_nothing(what, sheet, path):
    options, error, words = REFUSED[what]
    before = path.read_bytes()
    with pytest.raises(error, match=words):
        sheet.tables.add(sheet[options["source"]], **{k: v for k, v in options.items() if k != "source"})
    assert len(sheet.tables) == 0
    sheet.book.save()
    assert path.read_bytes() == before


OCCUPIED = {"tables": "H1:I3", "data_tables": "D7:D8", "pivot_tables": "H1:H2"}


@pytest.mark.parametrize("kind", OCCUPIED)
def test_a_table_meets_nothing_that_fills_its_cells(kind, tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(strangers.STRANGERS[kind]().to_bytes())
    sheet = open_book(path).sheets["Model"]
    cells = sheet[OCCUPIED[kind]]
    cells[0, 0].value = "age"
    with pytest.raises(AddressError, match="would meet"):
        sheet.tables.add(cells)


def test_a_table_lies_on_its_own_sheet(sheet):
    with pytest.raises(AddressError, match="another sheet"):
        sheet.book.sheets["Other"].tables.add(sheet["H1:I3"])


@pytest.mark.libreoffice
def test_libreoffice_resolves_an_added_table(sheet, path):
    sheet.tables.add(sheet["H1:I3"], name="Passengers")
    sheet["A9"].formula = "=SUM(Passengers[age])*2"
    sheet.book.save()
    assert oracles.libreoffice_values(path)["Model!A9"] == 120
