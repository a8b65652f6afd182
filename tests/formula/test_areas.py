"""Rectangles of cells: selected together they are one set, each cell in it once."""

from hypothesis import given
from hypothesis import strategies as st

from xlcicf.formula.address import Area, cells_in, disjoint, side_by_side

AREAS = st.builds(
    lambda sheet, top, left, down, across: Area(sheet, top, left, top + down, left + across),
    st.sampled_from(["Net", "Plan"]),
    *[st.integers(1, 5)] * 2,
    *[st.integers(0, 4)] * 2,
)


def cells(areas: list[Area]) -> list[tuple[str, int, int]]:
    return [(area.sheet, *cell) for area in areas for cell in area.cells()]


@given(st.lists(AREAS, max_size=5))
def test_areas_made_disjoint_hold_the_same_cells_each_once_and_begin_alike(areas):
    found = disjoint(areas)
    assert set(cells(found)) == set(cells(areas))
    assert cells_in(found) == len(set(cells(areas))) == len(cells(found))
    assert found[:1] == areas[:1]


def test_areas_that_share_no_cell_stay_as_they_are_in_their_order():
    apart = [Area("Net", 5, 1, 6, 2), Area("Net", 1, 1, 2, 2), Area("Plan", 5, 1, 6, 2)]
    assert disjoint(apart) == apart


@given(st.lists(AREAS, max_size=6))
def test_areas_laid_side_by_side_hold_the_same_cells_as_often(areas):
    found = side_by_side(areas)
    assert sorted(cells(found)) == sorted(cells(areas)) and len(found) <= len(areas)


def test_areas_of_the_same_rows_that_touch_are_one():
    apart = [
        Area("Net", 1, 4, 9, 4),
        Area("Net", 1, 1, 9, 3),
        Area("Net", 1, 6, 9, 6),
        Area("Net", 1, 5, 8, 5),
    ]
    assert side_by_side(apart) == [Area("Net", 1, 5, 8, 5), Area("Net", 1, 1, 9, 4), Area("Net", 1, 6, 9, 6)]
