"""Every kind of edit on every kind of book: the saved file is the book plus the edit, and nothing else."""

import datetime as dt
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import ironcalc
import pytest
from openpyxl.styles import Protection

from tests import oracles, strangers
from xlcicf.errors import AddressError, DataError, FormulaError, NotPossibleHeadless
from xlcicf.formula.address import parse_cell
from xlcicf.formula.snapshot import ExcelError, Snapshot
from xlcicf.host import host_of, open_book, read_snapshot
from xlcicf.host.headless.host import document_of
from xlcicf.ooxml.edits import Formula
from xlcicf.ooxml.package import Package, read_package

SHEETS = {"xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"}
CHAIN = {"xl/calcChain.xml", "xl/_rels/workbook.xml.rels", "[Content_Types].xml"}
BOOK = {"xl/workbook.xml"}
TYPES = {"[Content_Types].xml"}
FORMATTED = SHEETS | BOOK | {"xl/styles.xml"}
RELATED = {"xl/worksheets/_rels/sheet1.xml.rels"}
DRAWN = {"xl/drawings/drawing1.xml", "xl/drawings/_rels/drawing1.xml.rels"}


@dataclass
class Edit:
    """What is done to sheet Model, what its cells then hold, and which parts may change."""

    make: Callable
    cells: dict[str, object] = field(default_factory=dict)
    parts: set[str] = field(default_factory=lambda: SHEETS | BOOK)


def write(address: str, value) -> Callable:
    def make(sheet):
        sheet[address].value = value

    return make


def write_formula(address: str, text: str) -> Callable:
    def make(sheet):
        sheet[address].formula = text

    return make


def write_array(sheet):
    sheet["F1:F3"].formula_array = "=A1:A3*2"


def write_a_format(sheet):
    sheet["A1:B2"].number_format = '0.000 "m"'


def add_a_name(sheet):
    sheet.names.add("solver_opt2", "=Model!$B$4").api.Visible = False


def set_a_name(sheet):
    """Saved first: a name that is still an edit is made anew in its place."""
    sheet.names.add("solver_typ", "=2")
    sheet.book.save()
    sheet.names["solver_typ"].refers_to = "=1"


def add_a_sheet(sheet):
    sheet.book.sheets.add("New & <old>", after=sheet.book.sheets[-1])["A1"].value = "=Model!B4"


def add_a_picture(sheet):
    path = Path(sheet.book.fullname).with_name("dot.png")
    path.write_bytes(strangers.PNG)
    sheet.pictures.add(str(path), name="Dot & co", anchor=sheet["G2"], width=20)


def add_a_table(sheet):
    sheet["K1"].value = [["age", "x & <y>\nz"], [22, 7.25], [38, 71.2833]]
    sheet.tables.add(sheet["K1:L3"], name="Added")


def add_a_chart(sheet):
    sheet.charts.add(source=sheet["A1:B3"], chart_type="xy_scatter_lines", name="Loss & co").title = "<loss>"


NAUGHTY = "'=1+1"  # Excel's and our way to write text that starts with "="

EDITS = {
    "a number": Edit(write("A2", 5.5), {"A2": 5.5}),
    "a number of 17 digits": Edit(write("A2", 0.1 + 0.2), {"A2": 0.1 + 0.2}),
    "numbers": Edit(write("A1:A3", [[1.5], [2.5], [-3e-300]]), {"A1": 1.5, "A2": 2.5, "A3": -3e-300}),
    "text": Edit(write("A6", 'x & <y> "z"\n é \x07_x0041_ '), {"A6": 'x & <y> "z"\n é \x07_x0041_ '}),
    "text like a formula": Edit(write("C1", NAUGHTY), {"C1": "=1+1"}),
    "text like a number": Edit(write("C1", "+1"), {"C1": "+1"}),
    "a boolean": Edit(write("C1", True), {"C1": True}),
    "an error": Edit(write("A2", "#N/A"), {"A2": ExcelError("#N/A")}),
    "a date": Edit(write("C1", dt.date(2024, 2, 29)), {"C1": 45351.0}, FORMATTED),
    "nothing": Edit(lambda sheet: sheet["A1:A3"].clear_contents(), {"A1": None, "A2": None, "A3": None}),
    "a far cell": Edit(write("XFD1048576", 1), {"XFD1048576": 1.0}),
    "a missing row": Edit(write("C5", 1), {"C5": 1.0}),
    "cells before and behind others": Edit(
        write("A4:C4", [["x", "=SUM(B1:B3)", "y"]]),
        {"A4": "x", "B4": Formula("=SUM(B1:B3)"), "C4": "y"},
        SHEETS | BOOK | CHAIN,
    ),
    "a formula": Edit(write_formula("C2", '=A2^2&"<"'), {"C2": Formula('=A2^2&"<"')}, SHEETS | BOOK | CHAIN),
    "formulas filled down": Edit(
        write_formula("C1:C3", "=A1+$A$1"),
        {"C1": Formula("=A1+$A$1"), "C2": Formula("=A2+$A$1"), "C3": Formula("=A3+$A$1")},
        SHEETS | BOOK | CHAIN,
    ),
    "a formula over a formula": Edit(
        write_formula("B1", "=A1*3"), {"B1": Formula("=A1*3")}, SHEETS | BOOK | CHAIN
    ),
    "a value over a formula": Edit(write("B2", 100), {"B2": 100.0}, SHEETS | BOOK | CHAIN),
    "an array formula": Edit(write_array, {"F1": Formula("=A1:A3*2")}, SHEETS | BOOK | CHAIN),
    "a number format": Edit(write_a_format, {}, FORMATTED),
    "a fill": Edit(lambda sheet: setattr(sheet["A1:C7"], "color", "#0072B2"), {}, FORMATTED),
    "a font": Edit(
        lambda sheet: sheet["A1:C7"].font.set(
            bold=True, italic=True, size=13.5, color=(1, 2, 3), name="Arial"
        ),
        {},
        FORMATTED,
    ),
    "an alignment": Edit(
        lambda sheet: setattr(sheet["A1:C7"], "horizontal_alignment", "center_across_selection"),
        {},
        FORMATTED,
    ),
    "broken lines": Edit(lambda sheet: setattr(sheet["A1:C7"], "wrap_text", True), {}, FORMATTED),
    "a name": Edit(add_a_name, {}, BOOK),
    "a name of Solver's": Edit(set_a_name, {}, BOOK),
    "a sheet": Edit(add_a_sheet, {}, BOOK | CHAIN),
    "a picture": Edit(add_a_picture, {}, BOOK | SHEETS | TYPES | RELATED | DRAWN),
    "a chart": Edit(add_a_chart, {}, BOOK | SHEETS | TYPES | RELATED | DRAWN),
    "a table": Edit(
        add_a_table,
        {"K1": "age", "L1": "x & <y>\nz", "K2": 22.0, "L2": 7.25, "K3": 38.0, "L3": 71.2833},
        BOOK | SHEETS | TYPES | RELATED,
    ),
}

every_book = pytest.mark.parametrize("kind", strangers.STRANGERS)

# Cells whose saved value IronCalc cannot give.
BEYOND_IRONCALC = {
    "external_links": {(8, 1), (8, 2)},
    "volatile_formulas": {(8, 1), (8, 2)},
    "data_tables": {(8, 4), (9, 4)},
}


def write_book(kind: str, folder: Path) -> Path:
    path = folder / ("book.xlsm" if kind == "macros" else "book.xlsx")
    builder = (strangers.STRANGERS | strangers.WITHOUT_IRONCALC)[kind]
    path.write_bytes(strangers.by_excel(builder()).to_bytes())
    return path


def edited(path: Path, edit: Edit) -> Path:
    """A copy of the book with the edit made and saved."""
    target = path.with_stem("edited")
    shutil.copy(path, target)
    book = open_book(target)
    edit.make(book.sheets["Model"])
    book.save()
    return target


class Case:
    """One edit made and saved on one book."""

    def __init__(self, kind: str, name: str, folder: Path):
        self.kind, self.name, self.edit = kind, name, EDITS[name]
        self.path = write_book(kind, folder)
        self.saved = edited(self.path, self.edit)
        self.before, self.after = read_package(self.path), read_package(self.saved)
        self.beyond = BEYOND_IRONCALC.get(kind, set())


@pytest.fixture(
    scope="module",
    params=[(k, n) for k in strangers.STRANGERS for n in EDITS],
    ids=lambda p: f"{p[0]}-{p[1]}",
)
def case(request, tmp_path_factory) -> Case:
    return Case(*request.param, tmp_path_factory.mktemp("case"))


@pytest.fixture(
    scope="module",
    params=[(k, n) for k in strangers.WITHOUT_IRONCALC for n in EDITS],
    ids=lambda p: f"{p[0]}-{p[1]}",
)
def odd_case(request, tmp_path_factory) -> Case:
    return Case(*request.param, tmp_path_factory.mktemp("case"))


def test_an_odd_book_with_an_edit_is_the_book_and_the_edit(odd_case):
    test_a_save_changes_the_parts_concerned_only(odd_case)
    test_a_reopened_book_is_the_book_and_the_edit(odd_case)
    computed = host_of(book := open_book(odd_case.saved)).recomputed(book)
    for name, sheet in read_snapshot(book).sheets.items():
        for cell in sheet.formulas:
            assert sheet.values.get(cell) == computed.book.sheets[name].values.get(cell), cell


def test_a_save_changes_the_parts_concerned_only(case):
    before, after = case.before, case.after
    changed = {part for part in before if after.get(part) != before[part]}
    stale = SHEETS if case.kind == "data_tables" else set()  # any edit may concern a what-if table
    assert changed <= case.edit.parts | stale
    assert before.keys() >= after.keys() or case.name in ("a sheet", "a picture", "a chart", "a table")
    assert [part for part in after if part in before] == [part for part in before if part in after]


def test_in_a_changed_part_the_rest_stays(case):
    touched = touched_cells(case.before, case.after)
    for part in SHEETS & case.before.keys():
        assert skeleton(case.after[part], touched[part]) == skeleton(case.before[part], touched[part])
    grown = without_calculation(case.after[strangers.BOOK])
    for piece in re.split(rb"(?<=>)", without_calculation(case.before[strangers.BOOK])):
        at = grown.find(piece)
        assert at >= 0, piece
        grown = grown[at + len(piece) :]


def test_a_reopened_book_is_the_book_and_the_edit(case):
    before, after = (read_snapshot(open_book(path)) for path in (case.path, case.saved))
    old, new = before.sheets["Model"], after.sheets["Model"]
    written = {parse_cell(address): content for address, content in case.edit.cells.items()}
    formulas = {cell: content.text for cell, content in written.items() if isinstance(content, Formula)}
    assert new.formulas == {cell: f for cell, f in old.formulas.items() if cell not in written} | formulas
    for cell, content in written.items():
        if cell not in formulas:
            assert (type(new.values.get(cell)), new.values.get(cell)) == (type(content), content)
    results = new.formulas.keys() | old.formulas.keys() | filled_by_arrays(after)
    for cell in old.values.keys() - results - written.keys() - case.beyond:
        assert new.values[cell] == old.values[cell]
    assert before.names.items() <= after.names.items()
    assert before.tables.items() <= after.tables.items()
    assert len(after.tables) - len(before.tables) == (case.name == "a table")


def test_the_saved_results_are_those_of_a_fresh_calculation(case, tmp_path):
    path = tmp_path / "fresh.xlsx"
    path.write_bytes(loadable(case).to_bytes())
    fresh = ironcalc.load_from_xlsx(str(path), "en", "UTC", "en")
    fresh.evaluate()
    order = [p["name"] for p in fresh.get_worksheets_properties()]
    for sheet in read_snapshot(open_book(case.saved)).sheets.values():
        for cell in sheet.formulas.keys() - case.beyond:
            assert sheet.values.get(cell) == fresh.get_cell_value(order.index(sheet.name), *cell), cell


@pytest.mark.validator
@every_book
def test_the_open_xml_sdk_finds_nothing_in_a_book_with_all_edits(kind, tmp_path):
    path = write_book(kind, tmp_path)
    assert oracles.validator_errors(path) == []
    book = open_book(path)
    for edit in EDITS.values():
        edit.make(book.sheets["Model"])
    book.save()
    assert oracles.validator_errors(path) == []


@every_book
def test_two_runs_write_the_same_bytes(kind, tmp_path):
    path = write_book(kind, tmp_path)
    one, other = edited(path, EDITS["numbers"]).read_bytes(), edited(path, EDITS["numbers"]).read_bytes()
    assert one == other


# ---- what Excel would refuse is refused before anything changes


def merged(sheet):
    sheet["E2"].value = 1


def partial_array(sheet):
    sheet["D2:D4"].value = [[1], [2], [3]]


# book, what is tried, the error, words of its sentence
REFUSED = {
    "a part of an array": ("array_formulas", partial_array, AddressError, "Model!D2 is a part"),
    "a part of a data table": ("data_tables", write("D9", 1), AddressError, "Model!D9 is a part"),
    "a covered cell": ("merged_cells", merged, AddressError, "Model!E2 is covered"),
    "a table's header": ("tables", write("H1", "Age"), NotPossibleHeadless, "Model!H1 is a column header"),
    "infinity": ("plain", write("A1", float("inf")), DataError, "inf cannot stand in Model!A1"),
    "an object": ("plain", write("A1", object()), DataError, "object"),
    "too much text": ("plain", write("A1", "x" * 32_768), DataError, "Model!A1"),
    "half a formula": ("plain", write("A1", "=SUM(A2"), FormulaError, "Model!A1"),
    "two operands": ("plain", write("A1", "=1 2"), FormulaError, "Model!A1"),
    "an existing name": (
        "defined_names",
        lambda sheet: sheet.book.names.add("weights", "=Model!$A$1"),
        NotPossibleHeadless,
        "weights exists",
    ),
    "a name like a cell": (
        "plain",
        lambda sheet: sheet.book.names.add("W1", "=Model!$A$1"),
        AddressError,
        "'W1'",
    ),
    "a name for nothing": (
        "plain",
        lambda sheet: sheet.book.names.add("weights", "=Model!$A$1:"),
        AddressError,
        "weights",
    ),
    "an existing sheet": (
        "plain",
        lambda sheet: sheet.book.impl.sheets.add(name="other"),
        AddressError,
        "'other'",
    ),
    "a sheet elsewhere": (
        "plain",
        lambda sheet: sheet.book.sheets.add("New", before=sheet),
        NotPossibleHeadless,
        "behind the last",
    ),
    "a sheet with a colon": ("plain", lambda sheet: sheet.book.sheets.add("a:b"), AddressError, "'a:b'"),
    "another kind of file": ("plain", lambda sheet: sheet.book.save("x.xlsm"), NotPossibleHeadless, ".xlsx"),
    "a password": (
        "plain",
        lambda sheet: sheet.book.save(password="x"),
        NotPossibleHeadless,
        "password",
    ),
    "a column's width": (
        "plain",
        lambda sheet: setattr(sheet["A1"], "column_width", 20),
        NotPossibleHeadless,
        "column_width",
    ),
    "another name for a sheet": (
        "plain",
        lambda sheet: setattr(sheet, "name", "x"),
        NotPossibleHeadless,
        "name",
    ),
    "a deleted row": ("plain", lambda sheet: sheet["1:1"].delete(), NotPossibleHeadless, "delete"),
    "a deleted sheet": ("plain", lambda sheet: sheet.delete(), NotPossibleHeadless, "delete"),
    "a deleted chart": ("charts", lambda sheet: sheet.charts[0].delete(), NotPossibleHeadless, "delete"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_excel_would_refuse_is_refused_at_the_call(what, tmp_path):
    kind, attempt, error, words = REFUSED[what]
    path = tmp_path / "book.xlsx"
    path.write_bytes(before := strangers.STRANGERS[kind]().to_bytes())
    book = open_book(path)
    with pytest.raises(error, match=re.escape(words)):
        attempt(book.sheets["Model"])
    assert document_of(book).edits == []
    book.save()
    assert path.read_bytes() == before


def test_a_locked_cell_of_a_protected_sheet_is_refused_and_an_open_one_written(tmp_path):
    workbook = strangers.model()
    workbook["Model"].protection.enable()
    workbook["Model"]["A2"].protection = Protection(locked=False)
    path = tmp_path / "book.xlsx"
    path.write_bytes(strangers.saved(workbook).to_bytes())
    sheet = open_book(path).sheets["Model"]
    sheet["A2"].value = 9
    assert sheet["B4"].value == 2 * (1 + 9 + 3)
    with pytest.raises(AddressError, match="Model!A1 is locked"):
        sheet["A1"].value = 9


# ---- what cannot be computed


def test_cells_that_cannot_be_computed_keep_their_saved_values_for_others(tmp_path):
    book = open_book(write_book("external_links", tmp_path))
    sheet = book.sheets["Model"]
    sheet["C8"].formula = "=A8+B8+A1"
    assert sheet["A8:C8"].value == [10, 20, 31]
    assert host_of(book).uncomputed(book) == []


def test_a_dependent_that_cannot_be_computed_is_named_and_loses_its_value(tmp_path):
    path = tmp_path / "book.xlsx"
    cells = "<f>[1]Rates!A1</f>", "<f>[1]Rates!A1+A1</f>"
    package = strangers.changed(strangers.external_links(), strangers.SHEET, *cells)
    path.write_bytes(strangers.by_excel(package).to_bytes())
    book = open_book(path)
    book.sheets["Model"]["A1"].value = 5
    assert book.sheets["Model"]["A8:B8"].value == [None, None]
    book.save()
    assert host_of(book).uncomputed(book) == ["Model!A8", "Model!B8"]
    values = read_snapshot(open_book(path)).sheets["Model"].values
    assert (8, 1) not in values and (8, 2) not in values
    assert values[4, 2] == 2 * (5 + 2 + 3)


def test_random_numbers_stay_as_saved_and_their_dependents_follow_them(tmp_path):
    path = write_book("volatile_formulas", tmp_path)
    book = open_book(path)
    book.sheets["Model"]["A1"].value = 8
    assert book.sheets["Model"]["A8:B8"].value == [0.25, 2.0]
    book.save()
    assert open_book(path).sheets["Model"]["A8:B8"].value == [0.25, 2.0]


def test_a_result_that_was_never_saved_is_computed(tmp_path):
    path = tmp_path / "book.xlsx"
    strangers.model().save(path)
    assert open_book(path).sheets["Model"]["B1:B4"].value == [2, 4, 6, 12]


def test_a_value_put_back_gives_back_the_saved_results(tmp_path):
    path = tmp_path / "book.xlsx"
    wrong = strangers.changed(strangers.plain(), strangers.SHEET, "<v>12</v>", "<v>12.5</v>")
    path.write_bytes(strangers.by_excel(wrong).to_bytes())
    sheet = open_book(path).sheets["Model"]
    assert sheet["B4"].value == 12.5
    sheet["A1"].value = 2
    assert sheet["B4"].value == 14
    sheet["A1"].value = 1
    assert sheet["B4"].value == 12.5


def test_excel_is_asked_to_calculate_whatever_the_book_said_before(tmp_path):
    old = b'<calcPr calcId="124519" fullCalcOnLoad="1" />'
    for i, said in enumerate((b"", b"<calcPr/>", b'<calcPr calcId="1" fullCalcOnLoad="0"/>')):
        path = tmp_path / f"{i}.xlsx"
        package = strangers.plain()
        assert old in package[strangers.BOOK]
        package = package.replace({strangers.BOOK: package[strangers.BOOK].replace(old, said)})
        path.write_bytes(package.to_bytes())
        edited_path = edited(path, EDITS["a number"])
        root = ElementTree.fromstring(read_package(edited_path)[strangers.BOOK])
        (calculation,) = root.findall(f"{{{strangers.MAIN}}}calcPr")
        assert calculation.get("fullCalcOnLoad") == "1"
        edited_path.unlink()


def test_the_calculation_chain_goes_only_when_formulas_do(tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(strangers.calculation_chain().to_bytes())
    assert "xl/calcChain.xml" in read_package(edited(path, EDITS["numbers"]))
    after = read_package(edited(path, EDITS["a formula"]))
    assert "xl/calcChain.xml" not in after
    assert not any(b"calcChain" in data for data in after.values())


# ---- helpers


def cells_of(data: bytes) -> dict[str, str]:
    """Address -> the cell's XML in canonical form."""
    found = {}
    for cell in ElementTree.fromstring(data).iter(f"{{{strangers.MAIN}}}c"):
        cell.tail = None
        found[cell.get("r")] = ElementTree.canonicalize(ElementTree.tostring(cell))
    return found


def touched_cells(before, after) -> dict[str, set[str]]:
    """Per sheet part, the addresses whose cells differ."""
    touched = {}
    for part in SHEETS & before.keys():
        old, new = cells_of(before[part]), cells_of(after[part])
        touched[part] = {a for a in old.keys() | new.keys() if old.get(a) != new.get(a)}
    return touched


def skeleton(data: bytes, without: set[str]) -> str:
    """A sheet's XML without those cells, without rows that hold nothing but them, without span hints, and
    without its lists of what hangs on it."""
    root = ElementTree.fromstring(data)
    for tag in ("drawing", "tableParts"):
        for listed in root.findall(f"{{{strangers.MAIN}}}{tag}"):
            root.remove(listed)
    for row in root.iter(f"{{{strangers.MAIN}}}row"):
        row.attrib.pop("spans", None)
        for cell in [cell for cell in row if cell.get("r") in without]:
            row.remove(cell)
    rows = next(root.iter(f"{{{strangers.MAIN}}}sheetData"))
    for row in [row for row in rows if len(row) == 0 and set(row.attrib) == {"r"}]:
        rows.remove(row)
    return ElementTree.canonicalize(ElementTree.tostring(root), strip_text=True)


def without_calculation(data: bytes) -> bytes:
    """xl/workbook.xml as it should stay: <definedNames /> may be opened to take names."""
    return re.sub(rb"<([\w:]*definedNames) ?/>", rb"<\1>", re.sub(rb"<[\w:]*calcPr[^>]*>", b"", data))


def filled_by_arrays(snapshot: Snapshot) -> set[tuple[int, int]]:
    return {cell for area in snapshot.sheets["Model"].arrays.values() for cell in area.cells()}


def loadable(case: Case) -> Package:
    """The saved book without what IronCalc stumbles over: data tables, and comments where openpyxl puts them."""
    package = case.after
    if case.kind == "comments":
        package = package.replace({part: None for part in package if part.endswith("sheet1.xml.rels")})
    without = re.sub(rb'<f t="dataTable"[^>]*/>', b"", package[strangers.SHEET])
    return package.replace({strangers.SHEET: without})
