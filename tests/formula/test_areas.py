"""Rectangles of cells: selected together they are one set, each cell in it once."""

from hypothesis import given
from hypothesis import strategies as st

from xlcicf.formula.address import Area, cells_in, disjoint

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
