"""Blocks: what formulas call them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.utils.cell import range_boundaries

from xlcicf.formula.address import column_letters
from xlcicf.sheet.block import Block, Blocks

WEIGHTS = Block("hidden.weight", "Net", "C5", rows=2, cols=11)

CALLED = [
    (WEIGHTS.local, "$C$5:$M$6"),
    (WEIGHTS.ref, "Net!$C$5:$M$6"),
    (WEIGHTS.row(1).ref, "Net!$C$6:$M$6"),
    (WEIGHTS.col(10).ref, "Net!$M$5:$M$6"),
    (WEIGHTS.cell(1, 2).ref, "Net!$E$6"),
    (WEIGHTS.on_row(9), "$C9:$M9"),
    (WEIGHTS.col(0).on_row(9), "$C9"),
    (WEIGHTS.letters, "C"),
    (WEIGHTS.area.address, "Net!C5:M6"),
    (Block("x", "My sheet", "A1").ref, "'My sheet'!$A$1"),
]


@pytest.mark.parametrize("called, expected", CALLED)
def test_formulas_call_a_block_by_its_address(called, expected):
    assert called == expected


@given(st.integers(1, 300), st.integers(1, 10**5), st.integers(1, 50), st.integers(1, 50))
def test_the_address_of_a_block_spans_its_cells(left, top, rows, cols):
    block = Block("x", "Net", f"{column_letters(left)}{top}", rows, cols)
    assert range_boundaries(block.local) == (left, top, left + cols - 1, top + rows - 1)
    assert block.cell(rows - 1, cols - 1).local.replace("$", "") == (
        f"{column_letters(left + cols - 1)}{top + rows - 1}"
    )


def test_defining_a_block_names_it_in_the_workbook():
    book = Workbook()
    WEIGHTS.define(book)
    assert book.defined_names["hidden.weight"].attr_text == "Net!$C$5:$M$6"


def test_several_blocks_have_one_name():
    book = Workbook()
    Blocks("layers", (WEIGHTS, Block("b", "My sheet", "A1"))).define(book)
    assert book.defined_names["layers"].attr_text == "Net!$C$5:$M$6,'My sheet'!$A$1"
