"""Snapshots: what formula/ is handed is what stands in the file, by whichever way it is read."""

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.formula.translate import Translator

from tests import strangers
from xlcicf.formula.address import MAX_COL, MAX_ROW, Area
from xlcicf.formula.snapshot import ExcelError, Table
from xlcicf.formula.text import is_well_formed, relative_template, shifted, shifted_each
from xlcicf.host import open_book, read_snapshot


def snapshot_of(package, tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(package.to_bytes())
    return read_snapshot(open_book(path))


def with_cells(xml: str):
    """The plain book with a row 9 of these cells."""
    return strangers.in_sheet(
        strangers.plain(), "</sheetData>", f'<row r="9">{xml}</row></sheetData>'[: -len("</sheetData>")]
    )


CELLS = {
    "a number": ('<c r="A9"><v>1e-3</v></c>', 0.001),
    "a number with its kind": ('<c r="A9" t="n"><v> 3 </v></c>', 3.0),
    "text in the cell": ('<c r="A9" t="inlineStr"><is><t> a_x000A_b </t></is></c>', " a\nb "),
    "runs in the cell": ('<c r="A9" t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c>', "ab"),
    "true": ('<c r="A9" t="b"><v>1</v></c>', True),
    "false": ('<c r="A9" t="b"><v>0</v></c>', False),
    "an error": ('<c r="A9" t="e"><v>#DIV/0!</v></c>', ExcelError("#DIV/0!")),
    "text like an error": ('<c r="A9" t="inlineStr"><is><t>#N/A</t></is></c>', "#N/A"),
    "a date written out": ('<c r="A9" t="d"><v>2024-02-29T12:00:00</v></c>', 45351.5),
    "a formula's text": ('<c r="A9" t="str"><f>"x"</f><v>x</v></c>', "x"),
    "a formula's empty text": ('<c r="A9" t="str"><f>""</f><v></v></c>', ""),
    "a formula's error": ('<c r="A9" t="e"><f>NA()</f><v>#N/A</v></c>', ExcelError("#N/A")),
    "a saved value that is wrong": ('<c r="A9"><f>1+1</f><v>3</v></c>', 3.0),
    "a formula without a saved value": ('<c r="A9"><f>B4+1</f></c>', 13.0),
    "nothing": ('<c r="A9" s="1"/>', None),
}


@pytest.mark.parametrize("kind", CELLS)
def test_a_cell_holds_what_the_file_says(kind, tmp_path):
    xml, expected = CELLS[kind]
    sheet = snapshot_of(strangers.by_excel(with_cells(xml)), tmp_path).sheets["Model"]
    found = sheet.values.get((9, 1))
    assert (type(found), found) == (type(expected), expected)
    assert ((9, 1) in sheet.formulas) == ("<f>" in xml)


def test_ironcalc_computes_in_silence_where_one_value_is_missing_and_another_is_empty_text(tmp_path, capfd):
    path = tmp_path / "book.xlsx"
    cells = CELLS["a formula's empty text"][0] + '<c r="B9"><f>B4+1</f></c>'
    path.write_bytes(with_cells(cells).to_bytes())
    book = open_book(path)
    model = book.sheets["Model"]
    model["B4"].value = 20
    assert (model["A9"].value or "", model["B9"].value) == ("", 21)
    assert capfd.readouterr() == ("", "")


def test_shared_strings_are_joined_and_unescaped(tmp_path):
    values = snapshot_of(strangers.rich_text(), tmp_path).sheets["Model"].values
    assert values[9, 1] == "bold and plain"
    assert values[9, 2] == " A "


def test_cells_without_an_address_follow_each_other(tmp_path):
    package = with_cells('<c t="n"><v>1</v></c><c r="D9"><v>4</v></c><c><v>5</v></c>')
    values = snapshot_of(package, tmp_path).sheets["Model"].values
    assert {cell: v for cell, v in values.items() if cell[0] == 9} == {(9, 1): 1.0, (9, 4): 4.0, (9, 5): 5.0}


def test_names_keep_their_scope_and_hidden_ones_are_there(tmp_path):
    names = snapshot_of(strangers.defined_names(), tmp_path).names
    assert names == {
        ("weights", None): "Model!$A$1:$A$3",
        ("rate", None): "0.5",
        ("solver_opt", "Model"): "Model!$B$4",
        ("solver_adj", "Model"): "Model!$A$1:$A$3",
    }


def test_a_table_has_its_headers(tmp_path):
    tables = snapshot_of(strangers.tables(), tmp_path).tables
    assert tables == {"passengers": Table("Passengers", Area("Model", 1, 8, 3, 9), ("age", "fare"))}


def test_an_array_formula_stands_in_its_first_cell(tmp_path):
    sheet = snapshot_of(strangers.array_formulas(), tmp_path).sheets["Model"]
    assert sheet.arrays == {(1, 4): Area("Model", 1, 4, 3, 4)}
    assert sheet.formulas[1, 4] == "=A1:A3*10"
    assert (2, 4) not in sheet.formulas and sheet.values[2, 4] == 20.0


def test_a_snapshot_is_not_changed_by_later_edits(tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(strangers.plain().to_bytes())
    book = open_book(path)
    before = read_snapshot(book)
    book.sheets["Model"]["A1"].value = 10
    assert before.sheets["Model"].values[1, 1] == 1.0
    assert read_snapshot(book).sheets["Model"].values[4, 2] == 2 * (10 + 2 + 3)


def test_a_strict_file_reads_like_any_other(tmp_path):
    assert snapshot_of(strangers.strict(strangers.tables()), tmp_path) == snapshot_of(
        strangers.tables(), tmp_path
    )


def test_a_strict_file_is_edited_like_any_other(tmp_path):
    path = tmp_path / "strict.xlsx"
    path.write_bytes(strangers.strict(strangers.tables()).to_bytes())
    book = open_book(path)
    book.sheets["Model"]["A1"].value = 10
    book.sheets.add("New", after=book.sheets[-1])["A1"].formula = "=Model!B4"
    book.save()
    again = read_snapshot(open_book(path))
    assert again.sheets["New"].values[1, 1] == again.sheets["Model"].values[4, 2] == 2 * (10 + 2 + 3)


# ---- formula text

FORMULAS = [
    "A1+$A1+A$1+$A$1",
    "SUM(A1:B$2,'it''s'!C3,Net!$D4)",
    'IF(B2="A1",LOG10(B2),LN1)',
    "A:B+3:$4",
    "Table1[[#This Row],[A1]]*net.loss",
    "_xlfn.STDEV.S(C3:C9)&{1,2}",
    "A1:A3 A2:B2",
]


@pytest.mark.parametrize("formula", FORMULAS)
@given(rows=st.integers(0, 50), cols=st.integers(0, 30))
def test_a_shared_formula_moves_as_openpyxl_moves_it(formula, rows, cols):
    corner = Translator("=" + formula, "A1")
    expected = corner.translate_formula(row_delta=rows, col_delta=cols)
    assert "=" + shifted(relative_template(formula), rows, cols) == expected


@pytest.mark.parametrize("formula", [*FORMULAS, '"5%"&TEXT(A1%,"0%")', "1"])
@given(st.lists(st.integers(-MAX_ROW, MAX_ROW), min_size=1), st.integers(-MAX_COL, MAX_COL))
def test_a_formula_moved_by_many_distances_is_each_moved_alone(formula, rows, cols):
    template = relative_template(formula)
    assert shifted_each(template, rows, cols) == [shifted(template, down, cols) for down in rows]


def test_a_shared_formula_wraps_at_the_sheets_edge_as_excels_does():
    assert shifted(relative_template("A1+XFD1048576"), -1, 1) == "B1048576+A1048575"


WELL = [
    *FORMULAS,
    "PI( )",
    "IF(,,)",
    "-2^2%",
    "SUM((A1,B1))",
    '{1,TRUE;"a",#N/A}',
    "#REF!+1",
    "@A1:A3",
    " 1 + 1 ",
    "INDEX(A1:A3,1):B2",
    "SUM(A1:INDEX(A1:A3,2))",
    "OFFSET(A1,0,0):OFFSET(A1,1,1)",
    '":"&":"',
]
ILL = [
    "A1:",
    ":A1",
    "1+:A1",
    "",
    "1+",
    "(",
    "SUM(",
    ")",
    "1 2",
    "SUM(A1))",
    "{1,}",
    "()",
    "*2",
    '"a',
    "A1 (",
    "1 (A1)",
    "'a!A1",
    "{SUM(1)",
]


@pytest.mark.parametrize("formula", WELL)
def test_a_formula_that_excel_reads_is_well_formed(formula):
    assert is_well_formed("=" + formula)


@pytest.mark.parametrize("formula", ILL)
def test_a_formula_that_excel_cannot_read_is_not(formula):
    assert not is_well_formed("=" + formula)


@given(st.text("A1$:(),+- \"'{};!#[]%@", max_size=12))
def test_any_text_is_judged(formula):
    assert is_well_formed("=" + formula) in (True, False)


def test_dressed_empty_cells_of_openpyxl_count_as_empty(tmp_path):
    """openpyxl calls them numbers (t="n"), and IronCalc by itself takes them for 0."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet["A1"], sheet["A2"].style, sheet["B1"] = 5, "Good", "=COUNTA(A1:A2)+COUNT(A1:A2)"
    workbook.save(tmp_path / "book.xlsx")
    book = open_book(tmp_path / "book.xlsx")
    assert book.sheets[0]["B1"].value == 2.0
