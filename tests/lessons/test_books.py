"""What every lesson book promises, whatever it teaches: a lesson is tested by standing in LESSONS."""

import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import openpyxl
import pytest

from tests import oracles
from xlcicf import lessons

SHIPPED = Path(__file__).parents[2] / "workbooks"
MOST_BYTES = 4_000_000

every_lesson = pytest.mark.parametrize("name", list(lessons.LESSONS))


def shipped(name: str) -> Path:
    return SHIPPED / f"{name}.xlsx"


def parts(path: Path) -> dict[str, str]:
    """The parts of the file, their cells without values."""
    with zipfile.ZipFile(path) as package:
        return {
            part: re.sub("<v>.*?</v>", "<v/>", package.read(part).decode()) for part in package.namelist()
        }


@every_lesson
def test_a_rebuild_equals_the_shipped_workbook_and_two_builds_write_the_same_bytes(name, tmp_path):
    (tmp_path / "again").mkdir()
    rebuilt = lessons.build(name, tmp_path)
    assert lessons.build(name, tmp_path / "again").read_bytes() == rebuilt.read_bytes()
    new, old = oracles.saved_values(rebuilt), oracles.saved_values(shipped(name))
    assert new.keys() == old.keys()
    numbers = [cell for cell in old if isinstance(old[cell], float)]
    assert {cell for cell in old.keys() - set(numbers) if new[cell] != old[cell]} == set()
    np.testing.assert_allclose([new[c] for c in numbers], [old[c] for c in numbers], rtol=1e-9, atol=1e-9)
    assert parts(rebuilt) == parts(shipped(name)), f"rebuild it: xlcicf build {name}"


@pytest.mark.validator
@every_lesson
def test_the_open_xml_sdk_finds_nothing_wrong(name):
    assert oracles.validator_errors(shipped(name)) == []


@every_lesson
def test_no_cell_shows_an_error(name):
    values = oracles.saved_values(shipped(name))
    assert [cell for cell, value in values.items() if isinstance(value, oracles.ExcelError)] == []


@pytest.mark.libreoffice
@every_lesson
def test_ironcalc_and_libreoffice_agree_on_every_formula(name):
    computers = oracles.ironcalc_values(shipped(name)), oracles.libreoffice_values(shipped(name))
    assert oracles.disagreements(shipped(name), *computers) == []


@every_lesson
def test_a_book_is_small_and_has_no_macros(name):
    assert shipped(name).stat().st_size < MOST_BYTES
    with zipfile.ZipFile(shipped(name)) as package:
        assert not [part for part in package.namelist() if "vba" in part.lower() or part.endswith(".bin")]


@every_lesson
def test_read_me_comes_first_and_links_to_every_other_sheet(name):
    book = openpyxl.load_workbook(shipped(name))
    front, *others = book.sheetnames
    links = [cell.hyperlink for row in book[front].iter_rows() for cell in row if cell.hyperlink]
    targets = [(link.target or link.location).strip("#").replace("'", "") for link in links]
    assert (front, targets) == ("Read me", [f"{sheet}!A1" for sheet in others])


@every_lesson
def test_every_setting_says_what_may_be_typed_into_it(name):
    for ws in openpyxl.load_workbook(shipped(name)).worksheets[1:]:
        settings = {cell.coordinate for row in ws.iter_rows() for cell in row if cell.style == "Setting"}
        ruled = {
            cell
            for rule in ws.data_validations.dataValidation
            for area in rule.sqref.ranges
            for cell in oracles.addresses(ws.title, area.coord)
            if rule.prompt and rule.error
        }
        assert {cell.rpartition("!")[2] for cell in ruled} >= settings, ws.title


@every_lesson
def test_every_chart_has_a_title_and_alternative_text(name):
    with zipfile.ZipFile(shipped(name)) as package:
        drawings = [part for part in package.namelist() if re.fullmatch(r"xl/drawings/drawing\d+.xml", part)]
        about = [
            element.attrib
            for drawing in drawings
            for element in ElementTree.fromstring(package.read(drawing)).findall(".//{*}cNvPr")
        ]
    assert about
    assert all(attributes["name"] and len(attributes["descr"]) > 30 for attributes in about)


@every_lesson
def test_every_sheet_prints_a_page_wide(name):
    for ws in openpyxl.load_workbook(shipped(name)):
        assert ws.print_area and ws.page_setup.fitToWidth == 1, ws.title
