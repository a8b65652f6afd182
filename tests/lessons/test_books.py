"""What every lesson book promises, whatever it teaches: a lesson is tested by standing in LESSONS."""

import io
import re
import subprocess
import zipfile
from itertools import accumulate, combinations
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import openpyxl
import pytest
from openpyxl.utils import range_boundaries

from tests import libreoffice, oracles
from tests.saved_cells import MAIN, sheet_parts
from xlcicf import lessons
from xlcicf.lessons import resources
from xlcicf.sheet.style import TABS, WORKING

SHIPPED = Path(__file__).parents[2] / "workbooks"
MOST_BYTES = 4_000_000
MOST_PAGES = 60
PIXEL = 9525  # in the file's units


@pytest.fixture(scope="module", params=list(lessons.LESSONS))
def name(request) -> str:
    """Of a lesson; all tests of one book come before those of the next."""
    return request.param


@pytest.fixture(scope="module")
def shipped(name) -> Path:
    return SHIPPED / f"{name}.xlsx"


@pytest.fixture(scope="module")
def workbook(shipped) -> openpyxl.Workbook:
    """The book without the cells that no test here looks at, since openpyxl makes an object of each: those of
    other sheets than the first, below their head, that are no settings."""
    with zipfile.ZipFile(shipped) as package:
        parts = {part: package.read(part).decode() for part in package.namelist()}
        _, *others = (part for _, part in sheet_parts(package))
    settings = formats_of("Setting", parts["xl/styles.xml"])
    for part in others:
        parts[part] = CELL.sub(
            lambda cell: cell[0] if int(cell[1]) <= HEAD or cell[2] in settings else "", parts[part]
        )
    thinned = io.BytesIO()
    with zipfile.ZipFile(thinned, "w") as package:
        for part, text in parts.items():
            package.writestr(part, text)
    return openpyxl.load_workbook(thinned)


HEAD = 7  # rows
CELL = re.compile(r'<c r="[A-Z]+(\d+)"(?: s="(\d+)")?[^>]*?(?:/>|>.*?</c>)', re.DOTALL)


def formats_of(style: str, styles: str) -> set[str]:
    """The numbers of the cell formats that stand on a named style."""
    tree = ElementTree.fromstring(styles)
    (named,) = (each.get("xfId") for each in tree.iter(MAIN + "cellStyle") if each.get("name") == style)
    return {str(i) for i, each in enumerate(tree.find(MAIN + "cellXfs")) if each.get("xfId") == named}


def parts(path: Path) -> dict[str, str]:
    """The parts of the file, their cells without values."""
    with zipfile.ZipFile(path) as package:
        return {
            part: re.sub("<v>.*?</v>", "<v/>", package.read(part).decode()) for part in package.namelist()
        }


def test_a_rebuild_equals_the_shipped_workbook_and_two_builds_write_the_same_bytes(name, shipped, tmp_path):
    rebuilt = lessons.build(name, tmp_path)
    if rebuilt.read_bytes() == shipped.read_bytes():
        return
    (tmp_path / "again").mkdir()  # another machine's mathematics may end in another last digit
    assert lessons.build(name, tmp_path / "again").read_bytes() == rebuilt.read_bytes()
    new, old = oracles.saved_values(rebuilt), oracles.saved_values(shipped)
    assert new.keys() == old.keys()
    numbers = [cell for cell in old if isinstance(old[cell], float)]
    assert {cell for cell in old.keys() - set(numbers) if new[cell] != old[cell]} == set()
    np.testing.assert_allclose([new[c] for c in numbers], [old[c] for c in numbers], rtol=1e-9, atol=1e-9)
    assert parts(rebuilt) == parts(shipped), f"rebuild it: xlcicf build {name}"


@pytest.mark.validator
def test_the_open_xml_sdk_finds_nothing_wrong(shipped):
    assert oracles.validator_errors(shipped) == []


def test_no_cell_shows_an_error(shipped):
    values = oracles.saved_values(shipped)
    assert [cell for cell, value in values.items() if isinstance(value, oracles.ExcelError)] == []


def test_the_saved_values_are_those_that_ironcalc_computes(shipped):
    computers = oracles.saved_values(shipped), oracles.ironcalc_values(shipped)
    assert oracles.disagreements(shipped, *computers) == []


@pytest.mark.libreoffice
def test_ironcalc_and_libreoffice_agree_on_every_formula(shipped):
    computers = oracles.ironcalc_values(shipped), oracles.libreoffice_values(shipped)
    assert oracles.disagreements(shipped, *computers) == []


def test_a_book_is_small_and_has_no_macros(shipped):
    assert shipped.stat().st_size < MOST_BYTES
    with zipfile.ZipFile(shipped) as package:
        assert not [part for part in package.namelist() if "vba" in part.lower() or part.endswith(".bin")]


def test_read_me_comes_first_and_links_to_every_other_sheet(workbook):
    front, *others = workbook.sheetnames
    targets = [link.strip("#").replace("'", "") for link in links(workbook[front]) if link.startswith("#")]
    assert (front, targets) == ("Read me", [f"{sheet}!A1" for sheet in others])


def links(ws) -> list[str]:
    """Targets of a sheet's links: an address, or "#Net!A1" within the book."""
    found = [cell.hyperlink for row in ws.iter_rows() for cell in row if cell.hyperlink]
    return [link.target or f"#{link.location.strip('#')}" for link in found]


def test_read_me_links_to_the_resources_that_the_book_stands_on(name, workbook):
    outside = [link for link in links(workbook["Read me"]) if not link.startswith("#")]
    assert outside == list(resources.of_book(name).values())
    assert outside, "each book stands on something that the lesson names"


def test_every_link_within_the_book_leads_to_a_cell_of_it(workbook):
    for ws in workbook:
        for link in links(ws):
            if link.startswith("#"):
                sheet, _, cell = link.strip("#").rpartition("!")
                assert sheet.strip("'") in workbook.sheetnames and re.fullmatch(r"[A-Z]{1,3}\d+", cell), link


def test_read_me_says_of_every_sheet_what_kind_it_is_in_the_colour_of_its_tab(workbook):
    front, *others = workbook.worksheets
    told = {row[1].value: row[0] for row in front.iter_rows(max_col=2) if row[1].hyperlink}
    colours = {kind: f"00{colour}" for kind, (colour, _) in TABS.items()}
    for ws in others:
        word = told[ws.title]
        assert ws.sheet_properties.tabColor.rgb == word.fill.start_color.rgb == colours[word.value], ws.title
    kinds = [told[ws.title].value for ws in others]
    assert kinds == sorted(kinds, key=lambda kind: kind == WORKING), "working sheets are the last"


def test_every_setting_says_what_may_be_typed_into_it(workbook):
    found = 0
    for ws in workbook.worksheets[1:]:
        settings = {cell.coordinate for row in ws.iter_rows() for cell in row if cell.style == "Setting"}
        found += len(settings)
        ruled = {
            cell
            for rule in ws.data_validations.dataValidation
            for area in rule.sqref.ranges
            for cell in oracles.addresses(ws.title, area.coord)
            if rule.prompt and rule.error
        }
        assert {cell.rpartition("!")[2] for cell in ruled} >= settings, ws.title
    assert found, "a lesson has something to set"


def test_every_chart_has_a_title_and_alternative_text(shipped):
    with zipfile.ZipFile(shipped) as package:
        drawings = [part for part in package.namelist() if re.fullmatch(r"xl/drawings/drawing\d+.xml", part)]
        about = [
            element.attrib
            for drawing in drawings
            for element in ElementTree.fromstring(package.read(drawing)).findall(".//{*}cNvPr")
        ]
    assert about
    assert all(attributes["name"] and len(attributes["descr"]) > 30 for attributes in about)


@pytest.mark.libreoffice
def test_a_book_prints_in_tens_of_pages(shipped, tmp_path, measured):
    pdf = libreoffice.convert(shipped, "pdf", tmp_path)
    about = subprocess.run(["pdfinfo", str(pdf)], capture_output=True, text=True, check=True).stdout
    pages = int(re.findall(r"^Pages:\s+(\d+)", about, re.MULTILINE)[0])
    measured(f"{shipped.name}: pages", str(pages))
    assert pages < MOST_PAGES


def test_a_sheet_that_works_for_others_says_so_first(workbook):
    front, *others = workbook.worksheets
    kinds = {row[1].value: row[0].value for row in front.iter_rows(max_col=2) if row[1].hyperlink}
    names = [ws.title for ws in others]
    for ws in others:
        if kinds[ws.title] == WORKING:
            head = " ".join(str(cell.value) for row in ws[f"A1:G{HEAD}"] for cell in row)
            assert any(name in head for name in names if name != ws.title), ws.title


def test_every_sheet_prints_a_page_wide_and_where_it_is_long_with_its_header_on_each_page(workbook):
    for ws in workbook:
        assert ws.print_area and ws.page_setup.fitToWidth == 1, ws.title
        assert ws.page_setup.fitToHeight or ws.print_title_rows, ws.title


def left_edges(ws) -> list[float]:
    """Where each column begins, in pixels, and after the last of them where it ends."""
    widths = {
        column: dimension.width
        for dimension in ws.column_dimensions.values()
        for column in range(dimension.min, dimension.max + 1)
    }
    default = ws.sheet_format.defaultColWidth or 8.43
    return list(accumulate((int(7 * widths.get(c, default) + 5) for c in range(1, 400)), initial=0))


def test_no_chart_is_cut_by_what_is_printed_or_covers_another(workbook):
    for ws in workbook:
        edges = left_edges(ws)
        areas = [range_boundaries(area.rpartition("!")[2]) for area in ws.print_area.split(",")]
        charts = []
        for chart in ws._charts:
            begin, size = chart.anchor._from, chart.anchor.ext
            x = edges[begin.col] + begin.colOff / PIXEL
            charts.append((x, x + size.width / PIXEL, begin.row, begin.row + size.height / PIXEL / 20))
            printed = [edges[right] for left, _, right, _ in areas if left <= begin.col + 1 <= right]
            assert printed and charts[-1][1] <= max(printed) + 1, (ws.title, charts[-1], printed)
        for one, other in combinations(charts, 2):
            across, down = (min(one[i + 1], other[i + 1]) - max(one[i], other[i]) for i in (0, 2))
            assert across <= 1 or down <= 0, (ws.title, one, other)
