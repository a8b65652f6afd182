"""The text of references: taken apart into sheet and cells, read as areas, and written again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlcicf.formula.address import MAX_COL, MAX_ROW, Area, quote_sheet
from xlcicf.formula.text import absolute, area_of, reference, relative, split_sheet

rows, cols = st.integers(1, MAX_ROW), st.integers(1, MAX_COL)
sheets = st.text(st.characters(exclude_characters="!", exclude_categories=["Cs"]), min_size=1, max_size=31)


@st.composite
def areas(draw) -> Area:
    (top, bottom), (left, right) = (sorted(draw(st.tuples(side, side))) for side in (rows, cols))
    return Area(draw(sheets), top, left, bottom, right)


@given(areas())
def test_an_area_comes_back_from_each_way_of_writing_it(area):
    assert area_of(area.sheet, relative(area)) == area_of(area.sheet, absolute(area)) == area
    for text in (area.address, reference(area)):
        sheet, cells = split_sheet(text)
        assert sheet == area.sheet and area_of(area.sheet, cells) == area
    assert reference(area).replace("$", "") == area.address.replace("$", "")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Net!$D$4:$N$5", ("Net", "$D$4:$N$5")),
        ("'My sheet'!B2", ("My sheet", "B2")),
        ("'It''s mine'!w", ("It's mine", "w")),
        ("'[other.xlsx]My sheet'!B2", ("[other.xlsx]My sheet", "B2")),
        ("hidden.weight", (None, "hidden.weight")),
        ("!B2", ("", "B2")),
    ],
)
def test_a_reference_is_split_into_its_sheet_and_the_rest(text, parts):
    assert split_sheet(text) == parts


@pytest.mark.parametrize(
    ("cells", "corners"),
    [
        ("B2", (2, 2, 2, 2)),
        ("$B$9:A1", (1, 1, 9, 2)),
        ("A:C", (1, 1, MAX_ROW, 3)),
        ("$3:4", (3, 1, 4, MAX_COL)),
        ("A1:", None),
        ("A0", None),
        ("XFE1", None),
        ("weights", None),
        ("", None),
    ],
)
def test_cells_of_a_sheet_are_read_as_their_area(cells, corners):
    assert area_of("Net", cells) == (None if corners is None else Area("Net", *corners))


@given(sheets)
def test_a_sheets_name_comes_back_from_its_quotes(name):
    assert split_sheet(quote_sheet(name) + "!A1") == (name, "A1")
