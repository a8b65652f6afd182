"""Charts put on sheets: their series are Excel's, their values the cells', and openpyxl reads them again."""

import datetime as dt

import openpyxl
import pytest
from openpyxl.chart import PieChart, Reference
from openpyxl.chart.chartspace import ChartSpace
from openpyxl.xml.functions import fromstring

from tests import libreoffice, oracles, strangers
from xlcicf.errors import AddressError, DataError, NotPossibleHeadless
from xlcicf.host import open_book
from xlcicf.ooxml.charts import TYPES
from xlcicf.ooxml.package import Package, read_package

RUN = [["step", "loss", "acc"], [1, 0.5, 0.6], [2, 0.25, 0.7], [3, 0.125, 0.75]]
GROUPS = [["sex", "rate", "true"], ["female", 0.75, 0.74], ["male", 0.2, 0.19]]
YEARS = [[None, 2023, 2024], [1, 10, 20], [2, 30, 40], [3, 50, 60]]
DATES = [["day", "loss"], [dt.date(2024, 1, 1), 1], [dt.date(2024, 1, 2), 2]]
WIDE = [["step", 1, 2, 3], ["loss", 0.5, 0.25, 0.125]]


@pytest.fixture
def sheet(tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(strangers.plain().to_bytes())
    return open_book(path).sheets.add("It's new", after="Other")


def reopened(sheet):
    sheet.book.save()
    return open_book(sheet.book.fullname).sheets[sheet.name]


def chart_spaces(package: Package) -> list[ChartSpace]:
    """openpyxl's reading of each chart's part."""
    parts = sorted(part for part in package if part.startswith("xl/charts/chart"))
    return [ChartSpace.from_tree(fromstring(package[part])) for part in parts]


def series_in(sheet):
    """(name, x, y) of each series of the only chart, as references without their sheet."""
    sheet.book.save()
    (space,) = chart_spaces(read_package(sheet.book.fullname))
    found = []
    for series in space.chart.plotArea._charts[0].ser:
        x = series.xVal or series.cat
        x = x and (x.numRef or x.strRef)
        y = series.yVal or series.val
        references = series.tx and series.tx.strRef, x, y.numRef
        prefix = "'It''s new'!"
        for reference in filter(None, references):
            assert reference.f.startswith(prefix)
        found.append(tuple(r and r.f.removeprefix(prefix).replace("$", "") for r in references))
    return found


# what stands in the cells from A1 on, type, plot_by, the series that Excel makes of them
SERIES = {
    "numbers only": (
        RUN[1:],
        "line",
        None,
        [(None, None, "A1:A3"), (None, None, "B1:B3"), (None, None, "C1:C3")],
    ),
    "headers": (RUN, "line", None, [("A1", None, "A2:A4"), ("B1", None, "B2:B4"), ("C1", None, "C2:C4")]),
    "x in the first column": (
        RUN,
        "xy_scatter_lines",
        None,
        [("B1", "A2:A4", "B2:B4"), ("C1", "A2:A4", "C2:C4")],
    ),
    "texts are categories": (
        GROUPS,
        "column_clustered",
        None,
        [("B1", "A2:A3", "B2:B3"), ("C1", "A2:A3", "C2:C3")],
    ),
    "by rows": (GROUPS, "column_clustered", "rows", [("A2", "B1:C1", "B2:C2"), ("A3", "B1:C1", "B3:C3")]),
    "an empty corner": (YEARS, "line", None, [("B1", "A2:A4", "B2:B4"), ("C1", "A2:A4", "C2:C4")]),
    "dates are categories": (DATES, "line", None, [("B1", "A2:A3", "B2:B3")]),
    "a long row": (WIDE, "xy_scatter", None, [("A2", "B1:D1", "B2:D2")]),
    "one column": ([[1], [2]], "line", None, [(None, None, "A1:A2")]),
    "one column with a header": ([["loss"], [1], [2]], "xy_scatter", None, [("A1", None, "A2:A3")]),
    "one cell": ([[1]], "bar_clustered", None, [(None, None, "A1")]),
}


@pytest.mark.parametrize("what", SERIES)
def test_the_source_is_read_as_excel_reads_it(what, sheet):
    rows, chart_type, plot_by, series = SERIES[what]
    sheet["A1"].value = rows
    source = sheet["A1"].resize(len(rows), len(rows[0]))
    sheet.charts.add(chart_type=chart_type, source=source, plot_by=plot_by)
    assert series_in(sheet) == series


def test_x_values_are_given_apart_from_the_source(sheet):
    sheet["A1"].value = RUN
    chart = sheet.charts.add(chart_type="line", source=sheet["B1:C4"])
    chart.set_x_axis_values(sheet["A2:A4"])
    assert series_in(sheet) == [("B1", "A2:A4", "B2:B4"), ("C1", "A2:A4", "C2:C4")]


def test_source_and_type_may_come_in_any_order(sheet):
    sheet["A1"].value = RUN
    chart = sheet.charts.add()
    chart.set_source_data(sheet["A1:B4"])
    chart.chart_type = "xy_scatter"
    assert series_in(sheet) == [("B1", "A2:A4", "B2:B4")]


@pytest.mark.parametrize("chart_type", TYPES)
def test_each_type_is_read_again_and_kept_by_openpyxl(chart_type, sheet):
    sheet["A1"].value = RUN
    sheet.charts.add(10, 20, 300, 200, chart_type=chart_type, source=sheet["A1:B4"], name="Loss & co")
    chart = reopened(sheet).charts["loss & co"]
    assert chart.chart_type == chart_type
    assert (chart.left, chart.top, chart.width, chart.height) == (10, 20, 300, 200)
    (read,) = openpyxl.load_workbook(sheet.book.fullname)[sheet.name]._charts
    assert len(read.ser) == (1 if TYPES[chart_type].is_xy else 2)


def test_a_chart_shows_what_the_cells_hold_when_it_is_saved(sheet):
    sheet["A1"].value = [["step", "loss"], [1, 0.5], [2, None], [3, "#N/A"], [4, "=Model!B4"]]
    sheet["B2:B5"].number_format = "0.00"
    sheet.charts.add(source=sheet["A1:B5"], chart_type="xy_scatter")
    sheet.book.sheets["Model"]["A1"].value = 0.1 + 0.2
    sheet.book.save()
    (space,) = chart_spaces(read_package(sheet.book.fullname))
    (series,) = space.chart.plotArea._charts[0].ser
    cache = series.yVal.numRef.numCache
    assert [(point.idx, point.v) for point in cache.pt] == [(0, 0.5), (3, 2 * (0.1 + 0.2 + 2 + 3))]
    assert (cache.ptCount, cache.formatCode) == (4, "0.00")
    assert [point.v for point in series.tx.strRef.strCache.pt] == ["loss"]


def test_a_chart_can_be_changed_until_it_is_saved(sheet, tmp_path):
    picture = tmp_path / "dot.png"
    picture.write_bytes(strangers.PNG)
    sheet["A1"].value = RUN
    chart = sheet.charts.add()
    assert (chart.name, chart.chart_type, chart.title) == ("Chart 1", "column_clustered", None)
    sheet.pictures.add(picture, name="Dot")
    chart.name, chart.title, chart.chart_type = "Loss", "x & <y>", "line"
    chart.set_source_data(sheet["A1:C4"], plot_by="columns")
    chart.left, chart.top, chart.width, chart.height = 1, 2, 30, 40
    again = reopened(sheet)
    (chart,) = again.charts
    assert (chart.name, chart.title, chart.chart_type) == ("Loss", "x & <y>", "line")
    assert (chart.left, chart.top, chart.width, chart.height) == (1, 2, 30, 40)
    assert [p.name for p in again.pictures] == ["Dot"]
    for change, value in (("name", "x"), ("title", "x"), ("left", 5), ("width", 5)):
        with pytest.raises(NotPossibleHeadless, match="chart 'Loss' stands in the file"):
            setattr(chart, change, value)


def test_things_on_a_drawing_have_ids_and_names_of_their_own(tmp_path):
    picture = tmp_path / "dot.png"
    picture.write_bytes(strangers.PNG)
    for kind in ("charts", "images"):
        path = tmp_path / f"{kind}.xlsx"
        path.write_bytes(strangers.STRANGERS[kind]().to_bytes())
        book = open_book(path)
        sheet = book.sheets["Model"]
        for _ in range(2):
            sheet.charts.add(source=sheet["A1:B3"])
            sheet.pictures.add(picture)
        book.save()
        package = read_package(path)
        drawing = fromstring(package["xl/drawings/drawing1.xml"])
        shapes = [(e.get("id"), e.get("name")) for e in drawing.iter() if e.tag.endswith("}cNvPr")]
        assert len(shapes) == len({i for i, _ in shapes}) == len({name for _, name in shapes}) == 5


def test_a_chart_hangs_on_a_cell(sheet):
    sheet["A1"].value = RUN
    chart = sheet.charts.add(anchor=sheet["D3"], source=sheet["A1:B4"])
    assert (chart.left, chart.top) == (3 * 48, 2 * 15)  # points, of Excel's usual columns and rows
    chart.width = 100
    assert (chart.left, chart.width) == (3 * 48, 100)
    (read,) = openpyxl.load_workbook(reopened(sheet).book.fullname)[sheet.name]._charts
    assert (read.anchor._from.col, read.anchor._from.row) == (3, 2)


def test_places_follow_the_widths_and_heights_of_the_sheet(tmp_path):
    workbook = strangers.model()
    model = workbook["Model"]
    model.column_dimensions["A"].width = 20.7109375  # 145 pixels in Excel
    model.column_dimensions["B"].hidden = True
    model.row_dimensions[1].height = 40
    model.row_dimensions[2].hidden = True
    workbook.save(tmp_path / "book.xlsx")
    sheet = open_book(tmp_path / "book.xlsx").sheets["Model"]
    chart = sheet.charts.add(anchor=sheet["D5"])
    assert (chart.left, chart.top) == (0.75 * (145 + 0 + 64), 40 + 0 + 2 * 15)


def test_charts_of_types_that_only_excel_names_are_listed(tmp_path):
    workbook = strangers.model()
    pie = PieChart()
    pie.add_data(Reference(workbook["Model"], min_col=1, min_row=1, max_row=3))
    workbook["Model"].add_chart(pie, "D2")
    workbook.save(tmp_path / "book.xlsx")
    (chart,) = open_book(tmp_path / "book.xlsx").sheets["Model"].charts
    assert chart.name == "Chart 1"
    with pytest.raises(NotPossibleHeadless, match="'Chart 1'"):
        assert chart.chart_type


def test_a_strict_file_takes_charts_tables_and_formats(tmp_path):
    path, picture = tmp_path / "strict.xlsx", tmp_path / "dot.png"
    path.write_bytes(strangers.strict(strangers.tables()).to_bytes())
    picture.write_bytes(strangers.PNG)
    book = open_book(path)
    sheet = book.sheets["Model"]
    sheet["K1"].value = RUN
    sheet.tables.add(sheet["K1:M4"], name="Runs")
    sheet.charts.add(source=sheet["K1:M4"], name="Loss", chart_type="line")
    sheet.pictures.add(picture, name="Dot")
    sheet["K1:M1"].color = "#0072B2"
    sheet["A9"].formula = "=SUM(Runs[loss])"
    book.save()
    package = read_package(path)
    added = {part for part in package if part.startswith(("xl/charts", "xl/drawings", "xl/tables"))}
    assert len(added) == 5
    for part in [*added, strangers.SHEET]:
        assert b"schemas.openxmlformats.org/officeDocument" not in package[part], part
        assert b"schemas.openxmlformats.org/drawingml" not in package[part], part
    sheet = open_book(path).sheets["Model"]
    assert (sheet.charts["Loss"].chart_type, sheet.pictures[0].name) == ("line", "Dot")
    assert (sheet["A9"].value, sheet["K1"].color) == (0.875, (0, 114, 178))


# what is tried, the error, words of its sentence
REFUSED = {
    "another type": (lambda sheet: sheet.charts.add(chart_type="3d_pie"), NotPossibleHeadless, "3d_pie"),
    "a style": (lambda sheet: sheet.charts.add(style=12), NotPossibleHeadless, "style 12"),
    "a whole sheet": (lambda sheet: sheet.charts.add(source=sheet.cells), AddressError, "cells"),
    "another book": (
        lambda sheet: sheet.charts.add(source=open_book(sheet.book.fullname).sheets[0]["A1"]),
        AddressError,
        "another book",
    ),
    "a place that is none": (lambda sheet: sheet.charts.add(left=-5), DataError, "-5"),
    "a name that is none": (lambda sheet: sheet.charts.add(name="a\x07"), DataError, "cannot name"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_can_be_no_chart_here_is_refused(what, sheet):
    attempt, error, words = REFUSED[what]
    with pytest.raises(error, match=words):
        attempt(sheet)
    assert len(sheet.charts) == 0


@pytest.mark.validator
def test_the_open_xml_sdk_finds_nothing_in_a_book_with_each_type(sheet):
    sheet["A1"].value = GROUPS
    for number, chart_type in enumerate(TYPES):
        sheet.charts.add(0, 220 * number, chart_type=chart_type, source=sheet["A1:C3"])
    sheet.charts.add(400).title = "nothing yet"
    sheet.book.save()
    assert oracles.validator_errors(sheet.book.fullname) == []


@pytest.mark.libreoffice
def test_libreoffice_keeps_an_added_chart(sheet, tmp_path):
    sheet["A1"].value = GROUPS
    for number, chart_type in enumerate(TYPES):
        sheet.charts.add(0, 220 * number, chart_type=chart_type, source=sheet["A1:C3"])
    sheet.book.save()
    again = libreoffice.convert(tmp_path / "book.xlsx", "xlsx", tmp_path / "converted")
    assert len(openpyxl.load_workbook(again)[sheet.name]._charts) == len(TYPES)
