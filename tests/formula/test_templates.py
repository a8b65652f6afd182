"""A formula read by the template of one like it is what the parser makes of it."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlcicf.errors import FormulaError
from xlcicf.formula.keys import relative_key
from xlcicf.formula.parse import parse
from xlcicf.formula.snapshot import Sheet, Snapshot
from xlcicf.formula.templates import Templates
from xlcicf.formula.tree import Formula, Node, children, walk

NAMES = {
    "five": "=5",
    "block": "=S!$A$1:$A$3",
    "beside": "=S!XFD1",
    "tax2020b": "=0.2",
    "whole": "=S!$A:$A",
    "xfe1": "=-S!$B$1",
}
BOOK = Snapshot(
    sheets={name: Sheet(name) for name in ("S", "It's 2", "Q3")},
    names={(name, None): text for name, text in NAMES.items()},
)

# Texts in which {} stands for a number or a reference; whatever is alike beside these is one template.
SHAPES = (
    "={}", "={}+{}", "=-{}^{}%", "=SUM({})*{}", "=IF({}>{},{},)", "=ROWS({})*{}", '={}&"B7 ""1"" 2"',
    "='It''s 2'!{}*{}", "=Q3!{}+{}", "=LOG10({})+ATAN2({},{})", "=five*{}", "=block+{}", "=beside+{}", "=tax2020b*{}",
    "=five+{{{}}}", "=SUM(block {})", "=block+{} {}", "=SUM(({},{}))", "=SUM(A:A)+{}", "=SUM(1:3)+{}", "=SUM({}:{})",
    "=SUM($A{})", "={}:INDEX(A1:A3,{})", "=#N/A+{}", "=#DIV/0!+{}", "=TRUE+{}", "=@{}", "=nothing+{}", "={}{}", "={}.{}",
    "=({}", "=Gone!{}", "=SUM(Q3:S!{})", "=SUM(S!{},{})",
)  # fmt: skip
CELLS = (
    "A1",
    "$B$7",
    "B$7",
    "$c3",
    "XFD9",
    "XFE1",
    "A1048576",
    "A1048577",
    "A1:B3",
    "$A$1:A3",
    "B3:A$1",
    "AB12",
)
NUMBERS = ("0", "7", "1.5", ".5", "2.", "1E5", "2.5e-3", "1E999", "007")
PLACES = (("S", 1, 1), ("S", 9, 4), ("Q3", 9, 4))


def told(make: Callable[..., Node | Formula], *arguments) -> object:
    """All that a formula says, node by node, or the sentence that refuses it."""
    try:
        made = make(*arguments)
    except FormulaError as error:
        return str(error)
    formula = made if isinstance(made, Formula) else Formula(made)
    nodes = [repr(node) if not children(node) else said(node) for node in walk(formula.tree)]
    kept = formula.operands, formula.refs, formula.shape, sorted(formula.functions), formula.slides
    return nodes, repr(kept)  # in which 1 is not TRUE


def said(node: Node) -> tuple:
    return type(node), getattr(node, "operator", None) or getattr(node, "name", None), len(children(node))


def read_by(templates: Templates):
    return lambda text, sheet, row, col: templates.formula(
        text, sheet, row, col, relative_key(text, row, col)
    )


@pytest.mark.parametrize("shape", SHAPES)
@given(st.data())
def test_a_formula_is_what_the_parser_makes_of_it(shape, data):
    templates = Templates(BOOK)
    numbers = [data.draw(st.sampled_from(CELLS + NUMBERS)) for _ in range(shape.count("{}"))]
    for of_another_number in (False, False, True, False, True, False, False):
        texts = [
            data.draw(st.sampled_from(CELLS + NUMBERS if of_another_number or text in CELLS else [text]))
            for text in numbers
        ]
        cell = shape.format(*texts), *data.draw(st.sampled_from(PLACES))
        assert told(read_by(templates), *cell) == told(parse, *cell, BOOK)


def test_a_text_with_the_marks_of_keys_is_read_as_it_stands():
    templates = Templates(BOOK)
    for part in ("1,0", "1,0", "1,0", "2,0"):
        cell = f'="\x01{part}\x01"&A1', "S", 3, 3
        assert told(read_by(templates), *cell) == told(parse, *cell, BOOK)


@pytest.mark.parametrize("name", ["SUMIF", "AVERAGEIF"])
def test_a_range_that_is_taken_as_large_as_another_is_so_in_each_formula(name):
    templates = Templates(BOOK)
    for values in ("C1:C3", "C2:C4", "C3", "C4:C5", "C1:C9"):
        cell = f"={name}(A1:A3,1,{values})", "S", 1, 5
        assert told(read_by(templates), *cell) == told(parse, *cell, BOOK)


def test_a_long_sum_is_read_by_its_template():
    templates = Templates(BOOK)
    first, second = ("=" + "+".join(f"A{i}*{i + at}" for i in range(1, 700)) for at in (0, 5))
    read_by(templates)(first, "S", 1, 5)
    assert told(read_by(templates), second, "S", 1, 5) == told(parse, second, "S", 1, 5, BOOK)
    assert len(templates._templates) == 1
