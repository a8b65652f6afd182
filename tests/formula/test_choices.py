"""What is chosen by conditions, handed on by INDEX and TRANSPOSE and shown by plain cells: sizes, kinds and
errors of what is taken, and of nothing else; and generated formulas against themselves with constants."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formula.sheets import central_differences, computed, function
from xlcicf.errors import NotDifferentiable, ProblemError
from xlcicf.formula.snapshot import ExcelError

SHEET = {"A1": 1.0, "A2": 2.0, "B1": 10.0, "B2": 20.0, "B3": 30.0, "C1": "x", "C2": True, "C4": 4.0}
COMPUTED = {"D1": "=LN(A1)>0.5", "D2": "=A2>0", "D3": "=LN(A1)", "E1": "=IF(A1>0,A1)", "E2": "=IF(A2>5,A2)"}

# formula -> (value, derivatives by A1 and A2) at A1 = 1 and at A1 = -1, where A2 = 2; None: the cell shows an error
TAKEN = {
    "SUM(IF(A1>0,B1:B3,A2))": ((60, 0, 0), (2, 0, 1)),
    "SUM(IF(A1<0,A2,B1:B3),A2)": ((62, 0, 1), (4, 0, 2)),
    "SUMSQ(IF(A1>0,B1:B3,A2))": ((1400, 0, 0), (4, 0, 4)),
    "AVERAGE(IF(A1>0,B1:B3,A2))": ((20, 0, 0), (2, 0, 1)),
    "COUNT(IF(A1>0,B1:B3,A2))": ((3, 0, 0), (1, 0, 0)),
    "COUNTA(IF(A1>0,C1:C4,A2))": ((3, 0, 0), (1, 0, 0)),
    "MAX(IF(A1>0,B1:B3,A2),-5)": ((30, 0, 0), (2, 0, 1)),
    "MIN(IF(A1>0,B1:B3,A2))": ((10, 0, 0), (2, 0, 1)),
    "SUMPRODUCT(IF(A1>0,B1:B3,A2))": ((60, 0, 0), (2, 0, 1)),
    "SUMPRODUCT(IF(A1>0,B1:B3,A2)*{1;2;3})": ((140, 0, 0), (12, 0, 6)),
    "SUMXMY2(IF(A1>0,B1:B2,A1:A2),A1:A2)": ((405, -18, -36), (0, 0, 0)),
    "SUM(MMULT(IF(A1>0,B1:B2,A1),{1}))": ((30, 0, 0), (-1, 1, 0)),
    "SUM(TRANSPOSE(IF(A1>0,B1:B3,A2)))": ((60, 0, 0), (2, 0, 1)),
    "ROWS(IF(A1>0,B1:B3,A2))": ((3, 0, 0), (1, 0, 0)),
    "SUM(INDEX(IF(A1>0,B1:B3,A2),1))": ((10, 0, 0), (2, 0, 1)),
    "SUM(IF(A1>0,B1:B3,IF(A2>3,B1:B2,A2)))": ((60, 0, 0), (2, 0, 1)),
    "SUM(IF(IF(A1>0,A2>0,A2<0),B1:B3,A2))": ((60, 0, 0), (2, 0, 1)),
    "AVERAGE(IF(A1>0,C1:C4,B1:B3))": ((4, 0, 0), (20, 0, 0)),
    "AVERAGE(IF(A1>0,C3,A2),6)": ((6, 0, 0), (4, 0, 0.5)),
    'SUM(IF(A1>0,A2,"x"))': ((2, 0, 1), None),
    'IF(ISTEXT(IF(A1>0,A2,"x")),7,A2)': ((2, 0, 1), (7, 0, 0)),
    'IF(IF(A1>0,"x","y")="x",A2,9)': ((2, 0, 1), (9, 0, 0)),
    "IF(IF(A1>0,A2)>5,8,A2)": ((2, 0, 1), (8, 0, 0)),
    "COUNT(IF(A1>0,A2))": ((1, 0, 0), (1, 0, 0)),
    "SUM(IF(A1>0,B1:B3,NA()))": ((60, 0, 0), None),
    "COUNT(IF(A1>0,B1:B3,NA()))": ((3, 0, 0), (0, 0, 0)),
    "SUM(IF(LN(A1)>-1,B1:B3,A2))": ((60, 0, 0), None),
    "COUNTA(IF(LN(A1)>-1,C1:C4,A2))": ((3, 0, 0), (1, 0, 0)),
    # an error under TRUE or FALSE, which sums pass over
    "SUM(D1:D2)": ((0, 0, 0), None),
    "AVERAGE(D1:D2,3)": ((3, 0, 0), None),
    "MAX(D1:D2,3)": ((3, 0, 0), None),
    "COUNT(D1:D3)": ((1, 0, 0), (0, 0, 0)),
    "SUMPRODUCT(D1:D2,A1:A2)": ((0, 0, 0), None),
    "SUMPRODUCT(LN(A1:A2)>0,A1:A2)": ((0, 0, 0), None),
    "SUMPRODUCT(--(D1:D2=TRUE))": ((1, 0, 0), None),
    "SUMXMY2(A1:A2,D1:D2)": (None, None),
    "SUM(INDEX(D1:D2,0))": ((0, 0, 0), None),
    "SUM(TRANSPOSE(D1:D2))": ((0, 0, 0), None),
    "IF(AND(D1:D2),1,A2)": ((2, 0, 1), None),
    "IF(OR(D1:D2),A2,1)": ((2, 0, 1), None),
    'IF(LN(A1)<>"x",A2,1)': ((2, 0, 1), None),
    "IF(LN(A1)=C2,1,A2)": ((2, 0, 1), None),
    "IF(NOT(D1),A2,1)": ((2, 0, 1), None),
    # a number or FALSE
    "AVERAGE(E1:E2,6)": ((3.5, 0.5, 0), (6, 0, 0)),
    "SUM(IF(E1:E2,B1:B2))": ((10, 0, 0), (0, 0, 0)),
    "MAX(INDEX(E1:E2,0),-5)": ((1, 1, 0), (-5, 0, 0)),
    "COUNT(TRANSPOSE(E1:E2))": ((1, 0, 0), (0, 0, 0)),
}  # fmt: skip


@pytest.mark.parametrize("formula", TAKEN)
@pytest.mark.parametrize("start", [1.0, -1.0])
def test_what_is_taken_gives_its_size_its_kinds_and_its_errors(formula, start):
    cells = SHEET | COMPUTED | {"A1": start, "F9": f"{{=IFERROR({formula},100)+A1}}"}
    f = function(cells, "F9", "A1:A2")
    for x, expected in zip((1.0, -1.0), TAKEN[formula], strict=True):
        value, by_first, by_second = expected or (100, 0, 0)
        assert f.value([x, 2.0]) == value + x
        assert f.gradient([x, 2.0]).tolist() == [by_first + 1, by_second]


# formula -> value of an array of conditions that all say the same, which is as that of mixed ones
ALL_ONE_WAY = {
    "SUMPRODUCT(IF({0;0},1,B1:B2))": 30.0,
    "SUMPRODUCT(IF({0;0;0},1,A1:A2))": ExcelError("#N/A"),
    "SUMPRODUCT(IF({1;1},5))": 10.0,
    "COUNT(IF({0;0},5))": 0.0,
    "COUNT(IF({0;0},1,C1))": 0.0,
    "COUNT(IF({0;0},1,C3))": 2.0,
    "COUNTA(IF({0;0},1,C1))": 2.0,
    "ROWS(IF({0;0},1,5))": 2.0,
    "COLUMNS(IF({1,1},B1:B2))": 2.0,
    "COUNT(IF({1;1},{1;2;3}))": 2.0,
    "SUM(IFERROR(IF({1;1},{1;2;3}),50))": 53.0,
    "SUM(MMULT({1,1},IF({1;1},A1)))": 2.0,
    "SUM(IFERROR(IF({0;#N/A},1,2),9))": 11.0,
    "MAX(-1,IF({0,0},1,C1))": -1.0,
}


@pytest.mark.parametrize("formula", ALL_ONE_WAY)
def test_conditions_that_all_say_the_same_make_an_array_too(formula):
    value = ALL_ONE_WAY[formula]
    assert computed(SHEET | {"F9": "=" + formula}, "F9") == value
    if isinstance(value, float):
        f = function(SHEET | {"F9": f"=A1+{formula}".replace(",A1)", ",1)")}, "F9", "A1")
        assert f.value([1.0]) == value + 1


ROW_OF_ITS_OWN = {
    "E3 =INDEX(D1:D5,0)": 3.0,
    "E5 =INDEX(D1:D5,0)*2": 10.0,
    "E6 =INDEX(D1:D5,0)": ExcelError("#VALUE!"),
    "E3 =INDEX(C1:D5,0,2)": 3.0,
    "E3 =INDEX(C1:D5,3,0)": ExcelError("#VALUE!"),
    "C4 =INDEX(C1:D3,3,0)": 30.0,
    "E3 =INDEX(D:D,0)": 3.0,
    "E7 =INDEX(D:D,0)+1": 1.0,
    "D12 =INDEX(A9:F9,0)": 4.0,
    "D12 =INDEX(9:9,1,0)": 4.0,
    "E3 =IF(A1>0,D1:D5,7)": 3.0,
    "E3 =IF(A1<0,7,INDEX(D1:D5,0))": 3.0,
    "E3 =INDEX(IF(A1>0,D1:D5),0)": 3.0,
    "E3 =ABS(-INDEX(D1:D5,0))": 3.0,
    "E3 =IFERROR(INDEX(D1:D5,0),7)": 3.0,
    "E7 =IFERROR(INDEX(D1:D5,0),7)": 7.0,
    "E3 =INDEX(D1:D5,0)>2": True,
    'E3 =INDEX(D1:D5,0)&"!"': "3!",
    'E3 =IF(INDEX(D1:D5,0)>3,"more","not")': "not",
    "E3 =SUM(INDEX(D1:D5,0))": 15.0,
    "E3 =SUMPRODUCT(INDEX(D1:D5,0)*2)": 30.0,
    "E3 =INDEX(D1:D5*1,0)": 1.0,
    "E3 {=INDEX(D1:D5,0)*1}": 1.0,
    "E3 =MATCH(D1:D5,{1,2,3,4},0)": 3.0,
    "E4 =MATCH(INDEX(D1:D5,0),D1:D5,0)": 4.0,
    "E2 =INDEX({10,20,30},D1:D5)": 20.0,
    "E2 =COUNTIF(D1:D5,INDEX(D1:D5,0))": 1.0,
    "E3 =SUM(MATCH(D1:D5,{5,4,3},0))": 3.0,
    "E1 =SUMPRODUCT(MAX(D1:D5*2))": 10.0,
    "E1 =SUMPRODUCT(MATCH(D1:D3*1,D1:D5,0))": 6.0,
    "E1 =SUM(INDEX(D1:D5*2,0))": 30.0,
}
NUMBERED = {
    **{f"D{i}": float(i) for i in range(1, 6)},
    **{f"{c}9": float(i) for i, c in enumerate("ABCDEF", 1)},
    "A1": 1.0,
    "C3": 30.0,
}


@pytest.mark.parametrize("case", ROW_OF_ITS_OWN)
def test_a_plain_cell_shows_of_a_range_the_cell_beside_it(case):
    at, formula = case.split(" ", 1)
    assert computed(NUMBERED | {at: formula}, at) == ROW_OF_ITS_OWN[case]


def test_a_range_handed_on_is_crossed_by_every_row_of_a_run():
    cells = {f"{c}{i}": float(i) for c in "BD" for i in range(1, 6)}
    cells |= {f"E{i}": f"=INDEX($D$1:$D$5,0)*B{i}" for i in range(1, 6)}
    cells |= {f"F{i}": f"=INDEX(D{i}:D{i + 2},0)" for i in range(1, 4)}
    cells |= {f"G{i}": f"=IF(B{i}>2,$D$1:$D$5,10)" for i in range(1, 6)}
    f = function(cells | {"H1": "=SUM(E1:E5)+SUM(F1:F3)+SUM(G1:G5)"}, "H1", "B1:B5", "D1:D5")
    assert f.value(f.start) == 55 + 6 + 32
    assert f.gradient(f.start).tolist() == [1, 2, 3, 4, 5, 2, 3, 5, 5, 6]


TIES = [
    "MAX(A1:A2)", "MAX(INDEX(A1:A2,0))", "MAX(TRANSPOSE(A1:A2))", "MAX(INDEX(A1:B2,0,1))", "MAX(IF(TRUE,A1:A2))",
    "SUMPRODUCT(MAX(A1:A2*1))", "SUMPRODUCT(MAX(-A1:A2+2))", "SUMPRODUCT(MAX(IFERROR(A1:A2/1,0)))", "MAX(INDEX(A1:A2,1),INDEX(A1:A2,2))",
    "MAX(IFERROR(LN(A1:A2)+1,0))", "MAX(IF(A1:A2>0,A1:A2))", "MAX(IF(A1:A2>2,0,A1:A2))", "SUMPRODUCT(MAX(IF({1;1},A1:A2)))", "SUMPRODUCT(MAX(IF({1;0},A1:A2,1)))", "MIN(C1:C2)", "MIN(INDEX(C1:D2,0,1))", "MAX(D1:D2)",
]  # fmt: skip


@pytest.mark.parametrize("formula", TIES)
def test_a_tie_with_a_constant_has_no_slope_however_it_is_handed_on(formula):
    """A1 changes, A2 is 1: what is constant among the elements stays known."""
    cells = {"A1": 1.0, "A2": 1.0, "C1": "=A1", "C2": 1.0, "D1": "=IF(C2>0,A1)", "D2": "=IF(C2>0,1,A1)"}
    f = function(cells | {"H9": f"{{=A1+{formula}}}"}, "H9", "A1")
    assert f.value_and_gradient([1.0]) == (2.0, [1.0])


WHOLE_LINES = {  # what stands in the cell where A1 is 2, and where it is 3
    "G1 =SUM(INDEX($C$1:$E$3,A1,0))": (36, 66),
    "G1 =MAX(INDEX($C$1:$E$3,A1,0))": (13, 23),
    "G1 =AVERAGE(INDEX($C$1:$E$3,,A1))": (12, 13),
    "G1 =SUMPRODUCT(INDEX($C$1:$E$3,A1,0),{1,2,3})": (74, 134),
    "G1 {=SUM(INDEX($C$1:$E$3,A1,A9)*2)}": (72, 132),
    "G1 {=INDEX($C$1:$E$3,A1,0)}": (11, 21),
    "D7 =INDEX($C$1:$E$3,A1,0)*2": (24, 44),
    "G3 =INDEX($C$1:$E$3,0,A1)*2": (44, 46),
}


@pytest.mark.parametrize("case", WHOLE_LINES)
def test_a_changing_cell_decides_which_whole_row_or_column_is_meant(case):
    at, formula = case.split(" ", 1)
    cells = {f"{'CDE'[j]}{i + 1}": 10.0 * i + j + 1 for i in range(3) for j in range(3)}
    f = function(cells | {"A1": 2.0, at: formula, "H9": f"=A1*0+{at}"}, "H9", "A1")
    assert (f.value([2.0]), f.value([3.0])) == WHOLE_LINES[case]


def test_cells_that_an_array_formula_fills_with_a_row_by_a_changing_number_show_blanks_as_0():
    cells = {"C1": 1.0, "D1": 2.0, "D2": 4.0, "A1": 1.0, "G1:H1": "{=INDEX(C1:D2,A1,A9)}", "H9": "=G1+10*H1"}
    f = function(cells, "H9", "A1")
    assert (f.value([1.0]), f.value([2.0])) == (21.0, 40.0)


@pytest.mark.parametrize(
    ("formula", "why"),
    {
        "ROW(INDEX(C1:D2,A1,0))": "asks for a place that a changing cell decides",
        "SUBTOTAL(9,INDEX(C1:D2,A1,0))": "asks for rows that a changing cell decides",
        "MIN(INDEX(C1:D3,A1,0))": "may hand on empty cells as a changing cell decides",
    }.items(),
)
def test_what_depends_on_where_a_row_by_a_changing_number_lies_is_refused(formula, why):
    cells = {"C1": 1.0, "D1": 2.0, "C2": 3.0, "D2": 4.0, "C3": 5.0, "A1": 1.0, "H9": f"=A1+{formula}"}
    with pytest.raises(NotDifferentiable, match=why):
        function(cells, "H9", "A1")


def test_index_takes_whole_rows_for_some_cells_and_single_values_for_others():
    cells = {
        "A1": 1.0,
        "B1": 2.0,
        "A2": 3.0,
        "B2": 4.0,
        "D1": 1.0,
        "D2": 2.0,
        "E1": 0.0,
        "E2": 1.0,
        "D3": 9.0,
    }
    cells |= {f"F{i}": f"=SUM(INDEX($A$1:$B$2,D{i},E{i}))" for i in (1, 2)}
    f = function(cells | {"G1": "=F1*10+F2"}, "G1", "A1:B2")
    assert f.value_and_gradient(f.start) == (33.0, pytest.approx([10, 10, 1, 0]))
    assert computed(cells | {"F3": "=SUM(INDEX($A$1:$B$2,D3,E3))"}, "F3") == ExcelError("#REF!")


def test_a_condition_that_differs_from_row_to_row_takes_sizes_row_by_row():
    cells = {"A1": 1.0, "A2": 2.0, "A3": 4.0, "B1": "a", "B2": "b", "B3": "a"}
    cells |= {f"C{i}": f'=SUM(IF(B{i}="a",$A$1:$A$3,$A$2))' for i in (1, 2, 3)}
    f = function(cells | {"D1": "=C1+10*C2+100*C3"}, "D1", "A1:A3")
    assert f.value_and_gradient(f.start) == (727.0, pytest.approx([101, 111, 101]))


def test_too_many_choices_are_refused_by_name():
    many = ",".join(["IF(A1>0,B1:B2,A1)"] * 8)
    with pytest.raises(NotDifferentiable, match="S!C1: SUM takes more than 64 combinations"):
        function({"A1": 1.0, "B1": 1.0, "B2": 2.0, "C1": f"=SUM({many})"}, "C1", "A1")


# --- generated formulas: compiled, and with the changing cells' values typed in as constants --------------

numbers = st.integers(-24, 24).map(lambda n: n / 8 + 0.01)
constants = st.sampled_from(
    [1.0, 2.0, -1.5, 0.0, 2.01, None, None, "x", "3", True, False, ExcelError("#N/A")]
)
ranges = st.sampled_from(["A1:A3", "B1:B3", "C1:C3", "A1:C1", "B2:C3", "B1:B2", "D1:D3", "E1:E3", "F1:F2"])
cells_of_a_formula = st.sampled_from(["A1", "A2", "A3", "B1", "B2", "C2", "D1", "E2", "F1", "1", "0", "2.5"])
orders = st.sampled_from(["<", ">", "=", "<>", ">=", "<="])
COLUMNS = {
    "D": ["=IF(A{r}>0,A{r})", "=IF(A{r}>0,A{r},B{r})", "=A{r}*B{r}", "=IFERROR(LN(A{r}),B{r})"],
    "E": ["=LN(A{r})>0", "=A{r}>B{r}", "=LN(A{r})", "=IF(A{r}>B{r},TRUE,FALSE)"],
    "F": ["=INDEX($A$1:$A$3,0)", "=IF(B{r}>0,$A$1:$A$3,A1)", "=A1", "=INDEX(A{r}:B{r},2)"],
}


def fill(template: str, *parts):
    return st.tuples(*parts).map(lambda texts: template.format(*texts))


def conditions_of(single):
    return st.one_of(
        fill("{}{}{}", single, orders, single),
        fill("AND({},{}{}{})", ranges, single, orders, single),
        fill("NOT({}{}{})", single, orders, single),
        fill("OR({})", ranges),
    )


def arrays_of(single, depth: int):
    if depth == 0:
        return ranges
    inner = arrays_of(single, depth - 1)
    return st.one_of(
        ranges,
        fill("IF({},{},{})", conditions_of(single), st.one_of(inner, single), st.one_of(inner, single)),
        fill("IF({},{})", conditions_of(single), inner),
        fill("INDEX({},0)", inner),
        fill("INDEX({},{},{})", inner, st.sampled_from("0123"), st.sampled_from("012")),
        fill("TRANSPOSE({})", inner),
    )


def elementwise_of(single, depth: int):
    arrays = arrays_of(single, depth)
    return st.one_of(
        arrays,
        fill("--({}{}{})", ranges, orders, st.one_of(single, ranges)),
        fill("({}{}{})", arrays, st.sampled_from("+*-"), st.one_of(single, ranges)),
        fill("IFERROR({},{})", arrays, single),
    )


AGGREGATES = ["SUM", "AVERAGE", "MAX", "MIN", "COUNT", "COUNTA", "SUMSQ", "SUMPRODUCT"]


def singles_of(depth: int):
    if depth == 0:
        return cells_of_a_formula
    inner = singles_of(depth - 1)
    aggregates = st.sampled_from(AGGREGATES)
    return st.one_of(
        cells_of_a_formula,
        fill("{}({})", aggregates, arrays_of(inner, 2)),
        fill("{}({},{})", st.sampled_from(AGGREGATES[:-1]), arrays_of(inner, 1), inner),
        fill("SUMPRODUCT({})", elementwise_of(inner, 1)),
        fill("SUMPRODUCT({},{})", elementwise_of(inner, 1), elementwise_of(inner, 1)),
        fill("SUM(MMULT({},TRANSPOSE({})))", arrays_of(inner, 1), arrays_of(inner, 1)),
        fill("SUMXMY2({},{})", arrays_of(inner, 1), arrays_of(inner, 1)),
        fill("IF({},{},{})", conditions_of(inner), inner, inner),
        fill("IF({},{})", conditions_of(inner), inner),
        fill("ISNUMBER({})*1", inner),
        fill("MEDIAN({},{})", arrays_of(inner, 1), inner),
        fill("LARGE({},{})", arrays_of(inner, 1), st.sampled_from("123")),
        fill("SMALL({},{})", elementwise_of(inner, 1), st.sampled_from("12")),
        fill("STDEV({})", arrays_of(inner, 1)),
        fill('SUMIF(B1:B3,">{}",{})', st.sampled_from("01"), ranges),
        fill("AVERAGEIFS(A1:A3,C1:C3,{})", st.sampled_from(["1", '"x"', '"<>x"', '"<>"', "TRUE"])),
        fill("CHOOSE({},{},{})", inner, inner, inner),
        fill("CHOOSE(1+({}{}{}),{},{})", inner, orders, inner, inner, inner),
        fill(
            "VLOOKUP({},B1:D3,{},FALSE)", st.sampled_from(["1", "2", '"x"', "TRUE"]), st.sampled_from("123")
        ),
        fill("SUM(INDEX({},{{1;2}}))", arrays_of(inner, 1)),
        fill("N({})", inner),
        fill("({}{}{})", inner, st.sampled_from("+-*"), inner),
        fill("ROWS({})", arrays_of(inner, 1)),
        fill("INDEX({},0)", arrays_of(inner, 1)),
        fill("IFERROR({},{})", inner, inner),
    )


@st.composite
def sheets(draw) -> dict[str, object]:
    cells: dict[str, object] = {f"A{r}": draw(numbers) for r in (1, 2, 3)}
    cells |= {f"{c}{r}": draw(constants) for c in "BC" for r in (1, 2, 3)}
    for column, formulas in COLUMNS.items():
        formula = draw(st.sampled_from(formulas))
        cells |= {f"{column}{r}": formula.format(r=r) for r in (1, 2, 3)}
    formula = f"=IFERROR(IFERROR({draw(singles_of(2))},-99)+A1,-50)"
    cells["H2"] = "{" + formula + "}" if draw(st.booleans()) else formula
    return {address: content for address, content in cells.items() if content is not None}


@settings(max_examples=120)
@given(sheets(), st.lists(st.tuples(numbers, numbers, numbers), min_size=3, max_size=3))
def test_a_compiled_formula_is_the_formula_with_constants_typed_in_and_its_gradient_the_slope(cells, points):
    try:
        f = function(cells, "H2", "A1:A3")
    except (NotDifferentiable, ProblemError):
        return  # a text or TRUE as a changing cell decides, or the outcome stands still as the book stands
    for v in (f.start, *map(np.array, points)):
        typed = cells | {f"A{r}": float(x) for r, x in enumerate(v, 1)}
        value = computed(typed, "H2")
        assert math.isclose(f.value(v), value, rel_tol=1e-12, abs_tol=1e-12), (cells["H2"], v, value)
        kinks = f.kinks(v, 3e-6 * np.maximum(1, np.abs(v)))
        smooth = [cell not in kinks for cell in f.cells]
        slopes = central_differences(f, v)[smooth]
        np.testing.assert_allclose(f.gradient(v)[smooth], slopes, rtol=1e-5, atol=1e-6, err_msg=cells["H2"])
