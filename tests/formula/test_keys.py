"""A formula has one key wherever it is filled, whether its text was searched or put together and compared."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.formula.sheets import snapshot
from xlcicf.formula import keys
from xlcicf.formula.address import MAX_COL, MAX_ROW, column_letters
from xlcicf.formula.keys import relative_key, strips
from xlcicf.formula.parse import parse

# --- a key


refs = st.builds(
    lambda c, col, r, row: f"{c}{column_letters(col)}{r}{row}",
    st.sampled_from(["", "$"]), st.integers(1, 60), st.sampled_from(["", "$"]), st.integers(1, 60),
)  # fmt: skip


@given(
    refs,
    refs,
    st.integers(1, 40),
    st.integers(1, 40),
    st.sampled_from(["{a}+{b}", "SUM({a}:{b})", '"A1"&{a}*{b}']),
)
def test_equal_keys_mean_equal_trees(a, b, down, right, shape):
    """A formula filled elsewhere, as Excel moves its references, has the same key and the same tree."""
    from openpyxl.formula.translate import Translator

    text = "=" + shape.format(a=a, b=b)
    there = Translator(text, "J10").translate_formula(row_delta=down, col_delta=right)
    book = snapshot({"A1": 1.0})
    assert relative_key(text, 10, 10) == relative_key(there, 10 + down, 10 + right)
    assert parse(text, "S", 10, 10, book) == parse(there, "S", 10 + down, 10 + right, book)


@pytest.mark.parametrize(
    "text",
    [
        "=LOG10($A$1)", "=$A$1", '="A2"&"B3"', "='A2'!$B$1", "=T[A2]", "=YTM1", "=XFE7", "=A0", "=A01", "=A1048577",
        "=A2B", "=x.A2", "=A2.x", "=\\A2", "=A2(", "=$A:$C", "=$4:$7", "=12.5E3", "=#N/A", "=A2[", "=Été1",
    ],
)  # fmt: skip
def test_what_is_no_moving_reference_stays_in_the_key_as_it_is(text):
    assert relative_key(text, 2, 1) == relative_key(text, 9, 7)


# --- the keys of a sheet

# What stands between references; the rest of what a text can be, from other programs or from no program at all.
BETWEEN = st.sampled_from(
    [
        "+", "*", ":", ",", "(", ")", " ", "-", "%", "SUM(", "LOG10(", "2", "0.5", "1E5", '"A1"', '"', "'A1'!", "'",
        "'It''s A1'!", "A!", "[A1]", "T[[#This Row],[A1]]", "[@x]", "[", "]", "YTM1", "XFE1", "A0", "A01", "a1",
        "Ab3", "$A$1", "$B$1:$C$9", "A:A", "$A:B", "$A:$C", "3:3", "$3:$4", "$3:4", "003:4", "$", ".", "!", "\\", "_",
        "é", "\n", "%s", "%d", "{", "\0", "\x01", "\x01r1:2\x01", "\x02", "#REF!", "rate", "A", "1", "",
    ]
)  # fmt: skip
DISTANCE = st.integers(-3, 3) | st.sampled_from([-70, 70, -MAX_ROW, MAX_ROW, -MAX_COL, MAX_COL])


@st.composite
def moving(draw):
    """A reference that is made for a cell (row, column); where it leaves the sheet, a text like one."""
    down, right, dollars = draw(DISTANCE), draw(DISTANCE), draw(st.sampled_from(["", "", "", "col", "row"]))
    letters = draw(st.sampled_from([str.upper, str.upper, str.upper, str.lower]))

    def cell(row, col):
        name = letters(column_letters(max(0, col + right)))
        return f"${name}{row + down}" if dollars == "col" else f"{name}{'$' * (dollars == 'row')}{row + down}"

    kinds = [
        cell,
        cell,
        cell,
        lambda row, col: f"{row + down}:{row}",
        lambda row, col: f"${row + down}:{row}",
    ]
    return draw(st.sampled_from(kinds))


@st.composite
def sheets(draw):
    """Formulas by (row, column): some filled into blocks, some of these written over, anywhere on the sheet."""
    cells = {}
    for _ in range(draw(st.integers(1, 4))):
        pieces = draw(st.lists(BETWEEN.map(lambda text: lambda row, col: text) | moving(), max_size=7))
        top = draw(st.sampled_from([1, 2, 9, 98, MAX_ROW - 6]))
        left = draw(st.sampled_from([1, 2, 25, 701, MAX_COL - 4]))
        for row in range(top, top + draw(st.integers(1, 9))):
            for col in range(left, left + draw(st.integers(1, 5))):
                if row <= MAX_ROW and col <= MAX_COL:
                    cells[row, col] = "=" + "".join(piece(row, col) for piece in pieces)
    for cell in draw(st.lists(st.sampled_from(sorted(cells)), max_size=4)):
        cells[cell] = draw(st.sampled_from([cells[cell] + "+1", "=1", "=A1", cells[cell].lower()]))
    if draw(st.booleans()):
        cells = dict(sorted(cells.items(), key=lambda item: item[0][::-1]))
    return cells


def spread(found):
    """Strips as a key for each cell."""
    return {(row, col): key for col, top, bottom, key in found for row in range(top, bottom + 1)}


@settings(max_examples=400)
@given(sheets(), st.sampled_from([1, 2, 4096]))
@example({(row, 1): f"=A{row}+B{row - 1}" for row in range(1, 40)}, 4096)
@example({(row, 1): "=A1\0=A2" if row == 2 else f"=A{row}" for row in range(1, 9)}, 4096)
@example({(5, col): f"={column_letters(col - 1)}5%*$A5" for col in range(2, 60)}, 4096)
def test_the_keys_of_a_sheet_are_those_of_its_texts(cells, at_once):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "_AT_ONCE", at_once)
        found = list(strips(cells))
    assert spread(found) == {cell: relative_key(text, *cell) for cell, text in cells.items()}
    assert sum(bottom - top + 1 for _, top, bottom, _ in found) == len(cells)
    assert found == sorted(found)
    touching = zip(found, found[1:], strict=False)
    assert not any(a[0] == b[0] and a[2] + 1 == b[1] and a[3] == b[3] for a, b in touching)


SHAPES = {
    "own row": "=A{r}*$B$1",
    "row above": "=C{above}*0.5+A{r}",
    "own row, small letters": "=a{r}*$b$1",
    "whole rows": "=SUM({r}:{r})",
    "a table's row": "=[@x]*2",
    "a percentage": "=A{r}*5%",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_of_a_long_fill_two_texts_are_searched(shape, monkeypatch):
    searched = []
    monkeypatch.setattr(keys, "relative_key", lambda *cell: searched.append(cell) or relative_key(*cell))
    down = {(r, 3): SHAPES[shape].format(r=r, above=r - 1) for r in range(2, 20_000)}
    right = {(7, c): f"={column_letters(c - 1)}7+{column_letters(c)}$4*$A7" for c in range(3, MAX_COL + 1)}
    for cells in (down, right):
        searched.clear()
        assert len({key for *_, key in strips(cells)}) == 1
        assert len(searched) == 2


def test_a_formula_of_several_rows_over_and_over_is_searched_twice_a_row(monkeypatch):
    searched = []
    monkeypatch.setattr(keys, "relative_key", lambda *cell: searched.append(cell) or relative_key(*cell))
    shapes = ["=A{r}*2", "=A{r}+B{r}*$B$1", "=SUM(A{r}:A{r})", "=B{r}-A{r}"]
    cells = {(r, 3): shapes[r % 4].format(r=r) for r in range(1, 400)}
    assert spread(strips(cells)) == {cell: relative_key(text, *cell) for cell, text in cells.items()}
    assert len(searched) == 8
