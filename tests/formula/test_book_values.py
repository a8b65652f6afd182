"""A sheet laid out at once yields what its cells yield one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlcicf.errors import FormulaError
from xlcicf.formula import book_values
from xlcicf.formula.address import Area
from xlcicf.formula.snapshot import ExcelError, Sheet, Snapshot

VALUES = st.sampled_from([1.0, -2.5, 0.0, "a", "", True, False, ExcelError("#N/A"), None])
CELLS = st.tuples(st.integers(1, 9), st.integers(1, 6))
AREAS = st.tuples(CELLS, CELLS).map(
    lambda ends: Area("S", *(f(at) for f in (min, max) for at in zip(*ends, strict=True)))
)


def book_of(values: dict, formulas: set) -> Snapshot:
    held_values = {cell: value for cell, value in values.items() if value is not None}
    return Snapshot({"S": Sheet("S", dict.fromkeys(formulas, "=1"), held_values)})


def told(grid_of) -> object:
    """Numbers, kinds, and texts with the cells that they stand in; or the sentence that refuses them."""
    try:
        grid = grid_of()
    except FormulaError as error:
        return str(error)
    texts = [(x, getattr(x, "cell", None)) for x in grid.texts().ravel().tolist()]
    return grid.shape, grid.numbers().tolist(), grid.kinds().tolist(), texts


@pytest.fixture(scope="module", autouse=True)
def laid_out_at_once():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(book_values, "MANY", 0)
        patch.setattr(book_values, "WORTH", 0)
        patch.setattr(book_values, "DENSE", 1000)
        yield


@given(st.dictionaries(CELLS, VALUES, min_size=1), st.sets(CELLS), AREAS, st.data())
def test_both_ways_yield_the_same(values, formulas, area, data):
    book = book_of(values, formulas)
    wanted = np.array(data.draw(st.lists(st.booleans(), min_size=54, max_size=54)))[: np.prod(area.shape)]
    wanted = wanted.reshape(area.shape)
    at_once, one_by_one = book_values.BookValues(book), book_values.BookValues(book)
    one_by_one._cut = lambda area: None
    assert told(lambda: at_once.grid(area)) == told(lambda: one_by_one.grid(area))
    assert told(lambda: at_once.some(area, wanted)) == told(lambda: one_by_one.some(area, wanted))


def test_a_sheet_with_few_cells_far_apart_is_not_laid_out():
    book = Snapshot({"S": Sheet("S", {}, {(1, 1): 1.0, (1_000_000, 16_000): 2.0})})
    values = book_values.BookValues(book)
    assert values.grid(Area("S", 999_999, 16_000, 1_000_000, 16_000)).numbers().ravel().tolist() == [0, 2]


@given(
    st.dictionaries(CELLS, VALUES, min_size=1),
    st.sets(CELLS),
    st.lists(AREAS, min_size=1, max_size=4),
    st.lists(st.dictionaries(CELLS, VALUES, min_size=1), min_size=1, max_size=3),
)
def test_what_has_been_read_follows_the_book(values, formulas, areas, changes):
    book = book_of(values, formulas)
    kept = book_values.BookValues(book)
    for change in ({}, *changes):
        for cell, value in change.items():
            if value is None:
                book.sheets["S"].values.pop(cell, None)
            else:
                book.sheets["S"].values[cell] = value
        if change:
            kept.renew("S", list(change))
        for area in areas:
            assert told(lambda area=area: kept.grid(area)) == told(
                lambda area=area: book_values.BookValues(book).grid(area)
            )
