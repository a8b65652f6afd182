"""Cell formats: what openpyxl reads of those that were added, and what is read of those that were there."""

import re

import openpyxl
import pytest
from openpyxl.styles import Alignment, Border, Color, Font, PatternFill, Protection, Side

from tests import libreoffice, strangers
from xlcicf.errors import BookError, DataError
from xlcicf.host import open_book
from xlcicf.host.headless.host import document_of
from xlcicf.ooxml.formats import PROPERTIES
from xlcicf.ooxml.package import read_package

# property -> a value for it, what openpyxl reads, and where
SETTINGS = {
    "number_format": ('0.000 "m"', '0.000 "m"', lambda cell: cell.number_format),
    "color": ((0, 114, 178), "FF0072B2", lambda cell: cell.fill.fgColor.rgb),
    "font.bold": (True, True, lambda cell: cell.font.b),
    "font.italic": (True, True, lambda cell: cell.font.i),
    "font.size": (13.5, 13.5, lambda cell: cell.font.sz),
    "font.name": ("Courier & New", "Courier & New", lambda cell: cell.font.name),
    "font.color": ((200, 0, 10), "FFC8000A", lambda cell: cell.font.color and cell.font.color.rgb),
    "horizontal_alignment": (
        "center_across_selection",
        "centerContinuous",
        lambda cell: cell.alignment.horizontal,
    ),
    "vertical_alignment": ("top", "top", lambda cell: cell.alignment.vertical),
    "wrap_text": (True, True, lambda cell: cell.alignment.wrap_text),
}


def get(cells, name):
    for part in name.split("."):
        cells = getattr(cells, part)
    return cells


def give(cells, name, value):
    owner = cells.font if name.startswith("font.") else cells
    setattr(owner, name.rpartition(".")[2], value)


def dressed():
    """Sheet Model with a format in A1 that says something of everything."""
    workbook = strangers.model()
    cell = workbook["Model"]["A1"]
    cell.font = Font(name="Georgia", sz=9, b=False, i=True, u="single", color=Color(theme=4, tint=-0.25))
    cell.fill = PatternFill("solid", fgColor=Color(theme=1))
    cell.border = Border(left=Side("thin"))
    cell.alignment = Alignment(horizontal="right", indent=2)
    cell.protection = Protection(locked=False)
    cell.number_format = "0.0%"
    return workbook


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(strangers.saved(dressed()).to_bytes())
    return path


def everything(cell):
    """What openpyxl reads of a cell's format, by SETTINGS' names, and what cannot be set."""
    seen = {name: read(cell) for name, (_, _, read) in SETTINGS.items()}
    rest = cell.border.left.style, cell.protection.locked, cell.font.u, cell.alignment.indent
    return seen | {"the rest": rest}


def test_each_property_is_tested():
    assert SETTINGS.keys() == PROPERTIES.keys()


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("address", ["A1", "A2", "A6", "J9"])
def test_a_property_is_set_and_read_again_and_the_others_stay(name, address, path):
    value, in_file, _ = SETTINGS[name]
    before = everything(openpyxl.load_workbook(path)["Model"][address])
    book = open_book(path)
    give(book.sheets["Model"][address], name, value)
    assert get(book.sheets["Model"][address], name) == value
    book.save()
    assert get(open_book(path).sheets["Model"][address], name) == value
    assert everything(openpyxl.load_workbook(path)["Model"][address]) == before | {name: in_file}


def test_what_a_format_says_is_read(path):
    cell = open_book(path).sheets["Model"]["A1"]
    assert (cell.font.name, cell.font.size, cell.font.bold, cell.font.italic) == ("Georgia", 9, False, True)
    assert (cell.horizontal_alignment, cell.vertical_alignment, cell.wrap_text) == ("right", "bottom", False)
    assert cell.color == (0, 0, 0)  # the theme's dark 1, the window's text
    assert near(cell.font.color, (54, 96, 146))  # accent 1 of openpyxl's theme, a quarter darker: 366092


# A colour as the file has it, and what Excel shows; None where that is not known.
COLOURS = {
    "written out": (Color(rgb="FF102030"), (16, 32, 48)),
    "of the palette": (Color(indexed=10), (255, 0, 0)),
    "the window's ground": (Color(indexed=65), (255, 255, 255)),
    "beyond the palette": (Color(indexed=200), None),
    "the theme's light 1": (Color(theme=0), (255, 255, 255)),
    "the theme's dark 2": (Color(theme=3), (31, 73, 125)),
    "lighter by four fifths": (Color(theme=4, tint=0.7999816888943144), (220, 230, 241)),  # Excel: DCE6F1
    "beyond the theme": (Color(theme=40), None),
}


def near(color, other):
    """Equal but for a step of 255: how Excel rounds tinted colours is nowhere written."""
    return all(abs(one - two) <= 1 for one, two in zip(color, other, strict=True))


@pytest.mark.parametrize("kind", COLOURS)
def test_colours_are_read_as_excel_shows_them(kind, tmp_path):
    color, shown = COLOURS[kind]
    workbook = strangers.model()
    workbook["Model"]["A1"].fill = PatternFill("solid", fgColor=color)
    workbook["Model"]["A1"].font = Font(color=color)
    workbook.save(tmp_path / "book.xlsx")
    cell = open_book(tmp_path / "book.xlsx").sheets["Model"]["A1"]
    assert cell.color == cell.font.color
    assert cell.color == shown or near(cell.color, shown)


def test_cells_that_differ_have_no_common_look(path):
    sheet = open_book(path).sheets["Model"]
    assert sheet["A1:A2"].number_format is None
    assert sheet["A1:A2"].font.size is None
    assert sheet["A2:A3"].font.bold is False
    sheet["A1:A2"].font.size = 20
    assert sheet["A1:A2"].font.size == 20
    assert sheet["A1:A2"].font.name is None


def test_a_fill_is_taken_away(path):
    book = open_book(path)
    book.sheets["Model"]["A1:A2"].color = None
    assert book.sheets["Model"]["A1:A2"].color is None
    book.save()
    assert openpyxl.load_workbook(path)["Model"]["A1"].fill.patternType is None


@pytest.mark.parametrize("value", [(255, 128, 0), [255, 128, 0], "#ff8000", "FF8000", 0x0080FF])
def test_a_colour_is_written_as_xlwings_takes_it(value, path):
    cell = open_book(path).sheets["Model"]["A2"]
    cell.color = value
    cell.font.color = value
    assert cell.color == cell.font.color == (255, 128, 0)


def test_a_format_that_is_there_is_found_again(path):
    book = open_book(path)
    sheet = book.sheets["Model"]
    for row in range(1, 30):
        sheet[f"C{row}"].font.bold = True
        sheet[f"C{row}"].color = "#FFE699"
    book.save()
    package = read_package(path)["xl/styles.xml"].decode()
    assert re.findall(r'<(cellXfs|fonts|fills) count="(\d+)"', package) == [
        ("fonts", "4"),  # the book's, that of A1, that of A6, bold
        ("fills", "4"),  # Excel's two, that of A1, the new one
        ("cellXfs", "5"),  # the book's, that of A1, that of A6, bold, bold and filled
    ]


REFUSED = {
    "a word for a colour": ("color", "red"),
    "too much red": ("color", (256, 0, 0)),
    "two parts of a colour": ("font.color", (1, 2)),
    "no colour for a font": ("font.color", None),
    "true as a colour": ("color", True),
    "a font of nothing": ("font.size", 0),
    "a font without end": ("font.size", float("inf")),
    "a font without a name": ("font.name", ""),
    "a long name of a font": ("font.name", "x" * 32),
    "a format of nothing": ("number_format", ""),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_no_cell_can_look_like_is_refused(what, path):
    name, value = REFUSED[what]
    book = open_book(path)
    with pytest.raises(DataError):
        give(book.sheets["Model"]["A1"], name, value)
    assert document_of(book).edits == []


def test_a_book_without_formats_says_so(tmp_path):
    package = strangers.plain()
    rels = "xl/_rels/workbook.xml.rels"
    path = tmp_path / "book.xlsx"
    path.write_bytes(strangers.changed(package, rels, "/styles", "/nothing").to_bytes())
    with pytest.raises(BookError, match="no cell formats"):
        open_book(path).sheets["Model"]["C1"].color = "#FFE699"


@pytest.mark.libreoffice
def test_libreoffice_opens_what_was_dressed(path, tmp_path):
    book = open_book(path)
    for name, (value, _, _) in SETTINGS.items():
        give(book.sheets["Model"]["A1:C3"], name, value)
    book.save()
    again = libreoffice.convert(path, "xlsx", tmp_path / "converted")
    cell = openpyxl.load_workbook(again)["Model"]["B2"]
    assert (cell.fill.fgColor.rgb, cell.font.color.rgb) == ("FF0072B2", "FFC8000A")
    assert (cell.font.b, cell.font.i, cell.font.sz, cell.alignment.vertical) == (True, True, 13.5, "top")
