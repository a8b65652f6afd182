"""Books go from Excel to LibreOffice and back with the names of our functions."""

import os
import zipfile

import openpyxl
import pytest
from openpyxl.worksheet.formula import ArrayFormula

from tests.addin.libreoffice.office import PressedOffice, until
from xlcicf.addin.saved_names import put_right, renamed
from xlcicf.ooxml.package import Package, read_package

TEXT = "ORG.XLCICF.ADDIN.NNRELU( is what LibreOffice writes"
FORMULAS = {
    "D1": "=NN_RELU(A1)",
    "D2": "=SUM(NN_RELU(A1:B3))+1",
    "D3": "=IFERROR(NN_RELU(A2),7)",
    "D4": f'="{TEXT} "&A1',
    "D5": "=NN_LASTERROR()",
    "D6": '=NN_LOSS(A1:A3,T2!A1:A3,"mae")',
}
SHOWN = {"D1": 1.5, "D2": 6.5, "D3": 0.0, "D6": 2.5}


@pytest.fixture
def path(tmp_path):
    """A book as Excel saves one."""
    path, book = tmp_path / "names.xlsx", openpyxl.Workbook()
    sheet, other = book.active, book.create_sheet("T2")
    sheet.title = "S"
    for row in [[1.5, -2.0], [-3.0, 4.0], [0.0, -0.5]]:
        sheet.append(row)
    for row in [[0.0], [0.0], [3.0]]:
        other.append(row)
    for cell, formula in FORMULAS.items():
        sheet[cell] = formula
    sheet["D7"] = TEXT
    sheet["F1"] = ArrayFormula("F1:G3", "=NN_RELU(A1:B3)")
    book.save(path)
    return path


@pytest.fixture(scope="module")
def office():
    office = PressedOffice()
    yield office
    office.end()


def formulas(path) -> dict[str, str]:
    sheet = openpyxl.load_workbook(path)["S"]
    return {cell: sheet[cell].value for cell in FORMULAS}


@pytest.mark.full
@pytest.mark.libreoffice
def test_a_book_of_excel_computes_there_and_goes_back_as_it_came(office, path):
    office.open(path)
    try:
        until(lambda: office.error(path, "S", "D1") == 0, what="the names are still unknown")
        assert {cell: office.values(path, "S", cell)[0][0] for cell in SHOWN} == SHOWN
        assert office.values(path, "S", "F1:G3") == [[1.5, 0.0], [0.0, 4.0], [0.0, 0.0]]
        assert not office.is_modified(path) and office.undo_titles(path) == []
        for number in (2.5, 3.5):  # saved twice: the second time over what was put right
            office.write(path, "S", "A1", [[number]])
            office.save(path)
            assert formulas(path) == FORMULAS
            saved = openpyxl.load_workbook(path, data_only=True)["S"]
            assert (saved["A1"].value, saved["D1"].value, saved["D7"].value) == (number, number, TEXT)
        array = openpyxl.load_workbook(path)["S"]["F1"].value
        assert (array.ref, array.text) == ("F1:G3", "=NN_RELU(A1:B3)")
        assert office.box() is None
    finally:
        office.close(path)
    office.open(path)
    try:
        until(lambda: office.values(path, "S", "D1:D2") == [[3.5], [8.5]])
    finally:
        office.close(path)


WRITTEN = (
    '<c r="A1"><f aca="false">SUM(ORG.XLCICF.ADDIN.NNRELU(A1),org.xlcicf.addin.nnLasterror())</f></c>'
    '<c r="A2"><f>&quot;ORG.XLCICF.ADDIN.NNRELU(&quot;&amp;X.ORG.XLCICF.ADDIN.NNRELU(1)</f></c>'
    '<c r="A3"><v>ORG.XLCICF.ADDIN.NNRELU(</v></c><f/><f t="shared" si="0"/>'
    "<cfRule><formula>ORG.XLCICF.ADDIN.NNLOSS(A1,B1)&gt;1</formula></cfRule>"
)
RIGHT = (
    '<c r="A1"><f aca="false">SUM(NN_RELU(A1),NN_LASTERROR())</f></c>'
    '<c r="A2"><f>&quot;ORG.XLCICF.ADDIN.NNRELU(&quot;&amp;X.ORG.XLCICF.ADDIN.NNRELU(1)</f></c>'
    '<c r="A3"><v>ORG.XLCICF.ADDIN.NNRELU(</v></c><f/><f t="shared" si="0"/>'
    "<cfRule><formula>NN_LOSS(A1,B1)&gt;1</formula></cfRule>"
)


def test_only_calls_in_formulas_are_renamed():
    sheet, picture = "xl/worksheets/sheet1.xml", "xl/media/image1.png"
    package = Package({sheet: WRITTEN.encode(), picture: b"<f>ORG.XLCICF.ADDIN.NNRELU(1)</f>"})
    after = renamed(package)
    assert after[sheet].decode() == RIGHT
    assert after[picture] == package[picture]
    assert renamed(after) is after


def test_a_file_that_is_put_right_keeps_its_time_and_its_other_parts(path):
    package, part = read_package(path), "xl/worksheets/sheet1.xml"
    as_written = package[part].replace(b"NN_RELU", b"ORG.XLCICF.ADDIN.NNRELU")
    path.write_bytes(package.replace({part: as_written}).to_bytes())
    os.utime(path, ns=(10**18, 10**18 + 123456789))
    lock = path.with_name(f".~lock.{path.name}#")
    lock.touch()  # LibreOffice has it open
    assert put_right(path)
    assert path.stat().st_mtime_ns == 10**18 + 123456789
    with zipfile.ZipFile(path) as after:
        assert {name: after.read(name) for name in after.namelist() if name != part} == {
            name: data for name, data in package.items() if name != part
        }
    lock.unlink()
    assert formulas(path) == FORMULAS
    assert not put_right(path)
