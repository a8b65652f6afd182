"""What a workbook keeps of other workbooks' values, and that it is no more than that."""

import pytest

from xlcicf.formula.snapshot import ExcelError
from xlcicf.ooxml.external_books import sheets_elsewhere
from xlcicf.ooxml.package import Package

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PART = "xl/externalLinks/externalLink1.xml"


def link(data: str) -> Package:
    names = '<sheetNames><sheetName val="Prices"/><sheetName val="My rates"/></sheetNames>'
    text = f'<externalLink xmlns="{MAIN}"><externalBook>{names}{data}</externalBook></externalLink>'
    return Package({PART: text.encode()})


def test_values_are_read_with_their_kinds():
    cells = (
        '<cell r="A1"><v>2.5</v></cell><cell r="B1" t="str"><v>net</v></cell><cell r="C1" t="b"><v>1</v></cell>'
        '<cell r="D1" t="e"><v>#N/A</v></cell><cell r="E1"/>'
    )
    data = f'<sheetDataSet><sheetData sheetId="1"><row r="1">{cells}</row></sheetData></sheetDataSet>'
    found = sheets_elsewhere(link(data), [PART])
    assert found.keys() == {"[1]my rates"}
    values = {(1, 1): 2.5, (1, 2): "net", (1, 3): True, (1, 4): ExcelError("#N/A")}
    assert (found["[1]my rates"].name, found["[1]my rates"].values) == ("[1]My rates", values)


@pytest.mark.parametrize(
    "data",
    ["", "<sheetDataSet/>", '<sheetDataSet><sheetData sheetId="0" refreshError="1"/></sheetDataSet>'],
    ids=["nothing kept", "no sheet", "not refreshed"],
)
def test_of_what_is_not_kept_nothing_is_known(data):
    assert sheets_elsewhere(link(data), [PART]) == {}


def test_a_part_that_is_missing_or_damaged_is_passed_over():
    assert sheets_elsewhere(Package({}), [None, PART]) == {}
    assert sheets_elsewhere(Package({PART: b"<externalLink"}), [PART]) == {}
