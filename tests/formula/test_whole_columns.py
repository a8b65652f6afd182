"""Whole columns and rows, which end where the data does: what the blank cells beyond would change is counted
or refused by name."""

import pytest

from tests.formula.sheets import computed, function
from xlcicf.errors import FormulaError, NotDifferentiable
from xlcicf.formula.snapshot import ExcelError

CELLS: dict[str, object] = {f"A{i}": x for i, x in enumerate((3.0, 1.0, 3.0, 2.0), 1)}
CELLS |= {f"B{i}": 10.0 * i for i in range(1, 5)}
CELLS |= {f"C{i}": text for i, text in enumerate(("apple", "Banana", "cherry", "apple pie"), 1)}
AT = "Result!A1"  # on a sheet of its own, so that the data end where the sheet's cells do

KNOWN = [
    # a blank is one value more
    ("ROWS(UNIQUE(S!A:A))", 4.0), ("SUM(UNIQUE(S!A:A,FALSE,TRUE))", 3.0), ("ROWS(UNIQUE(S!A1:A4))", 3.0), ("COUNTA(UNIQUE(S!A:B))", 8.0),
    ("SUM(TAKE(S!A:B,2))", 34.0), ("SUM(DROP(S!A:B,1))", 96.0), ("SUM(TAKE(S!A:B,,-1))", 100.0), ("SUM(CHOOSECOLS(S!A:B,-1))", 100.0),
    ("SUM(CHOOSEROWS(S!A:B,2))", 21.0), ("ROWS(TOCOL(S!A:B,1))", 8.0), ("SUM(VSTACK(S!A1:A2,S!B:B))", 104.0), ("SUM(HSTACK(S!A:A,S!B:B))", 109.0),
    ("INDEX(TREND(S!A:A),1)", ExcelError("#VALUE!")), ("INDEX(LOGEST(S!A:A),1)", ExcelError("#VALUE!")),
    ("FVSCHEDULE(2,S!A:A)", 192.0), ("SERIESSUM(2,0,1,S!A:A)", 33.0), ("FVSCHEDULE(2,S!A1:A9)", 192.0), ("SERIESSUM(2,0,1,S!A1:A9)", 33.0),
    ("SUM(FILTER(S!B:B,S!A:A))", 100.0), ("INDEX(SORT(S!A:A),1)", 1.0), ("ROWS(FREQUENCY(S!A:A,S!B:B))", 5.0),
    # below rows of data, a table is higher than wide
    ("LOOKUP(20,S!B:G)", 0.0), ("MATCH(1E+300,S!A:A)", 4.0), ("MATCH(3,S!A:A,0)", 1.0), ("VLOOKUP(1,S!A:B,2,FALSE)", 20.0),
    ('ISERROR(INDEX(LINEST(S!A:A,S!B:B),1))', True), ("ISERROR(MDETERM(S!A:B))", True),
]  # fmt: skip
REFUSED = [
    "SUM(TAKE(S!A:A,-3))", "SUM(CHOOSEROWS(S!A:A,-1))", "SUM(VSTACK(S!A:A,S!B1:B2))", "SUM(HSTACK(S!A:A,S!B1:B2))", "COUNT(TOCOL(S!A:B))",
    "HLOOKUP(2,TRANSPOSE(S!A:B),2)", "SUM(BYROW(S!A:B,LAMBDA(r,1)))", "SUM(MAP(S!A:A,LAMBDA(x,1)))", "REDUCE(0,S!A:A,LAMBDA(a,x,a+1))",
]  # fmt: skip


@pytest.mark.parametrize(("formula", "value"), KNOWN)
def test_what_lies_beyond_the_data_is_counted(formula, value):
    assert computed(CELLS | {AT: f"={formula}"}, AT) == value


@pytest.mark.parametrize("dates", ["S!B:B", "S!B1:B9", "S!B1:B4"])
@pytest.mark.parametrize("payments", ["S!A:A", "S!A1:A9", "S!A1:A4"])
def test_payments_and_dates_end_where_either_does(payments, dates):
    """In whole columns as in ranges; a date without a payment is one on which nothing is paid."""
    cells = {"A1": -100.0, "A2": 60.0, "A3": 70.0, "B1": 39448.0, "B2": 39600.0, "B3": 39800.0, "B4": 39900.0}
    rate = computed(cells | {AT: f"=XIRR({payments},{dates})"}, AT)
    as_many = payments.replace("A", "B") == dates
    assert rate == (pytest.approx(0.45674288239) if as_many else ExcelError("#NUM!"))


def test_whole_rows_one_after_another_are_refused():
    with pytest.raises(FormulaError, match="takes whole rows one after another; name the cells"):
        computed(CELLS | {AT: "=SERIESSUM(2,0,1,S!1:2)"}, AT)


@pytest.mark.parametrize("formula", REFUSED)
def test_what_is_not_at_hand_beyond_the_data_is_refused(formula):
    with pytest.raises(FormulaError, match="arranges whole rows or columns anew; name the cells"):
        computed(CELLS | {AT: f"={formula}"}, AT)


@pytest.mark.parametrize("formula", ['MATCH("b",S!C:C)', 'VLOOKUP("b",S!C:D,1)', 'LOOKUP("b",S!C:C,S!A:A)'])
def test_cells_in_no_order_are_refused_where_their_number_decides_which_are_halved(formula):
    with pytest.raises(FormulaError, match="goes by halves through whole columns or rows out of order"):
        computed(CELLS | {AT: f"={formula}"}, AT)
    assert computed(
        CELLS
        | {AT: f"={formula}".replace("S!C:", "S!C1:").replace("C1:C", "C1:C4").replace("C1:D", "C1:D4")},
        AT,
    )


# --- each cell computed with, the blank ones too ---------------------------------------------------------

LETTERS = {f"A{i}": letter for i, letter in enumerate("bab", 1)} | {"A4": "c", "C1": "x", "C3": "x"}
LETTERS |= {f"B{i}": float(i) for i in range(1, 5)}
DIV0 = ExcelError("#DIV/0!")

# Formulas and what they come to; all but those with INDEX, AVERAGE, MEDIAN, LARGE and MATCH as LibreOffice has it
OF_EACH_CELL = [
    ('=SUMPRODUCT((A:A="b")*B:B)', 4.0), ('=SUMPRODUCT(--(A:A="b"),B:B)', 4.0), ('=LOOKUP(2,1/(A:A<>""),B:B)', 4.0),
    ('=SUMPRODUCT(--(A:A=""))', 1048572.0), ('=SUMPRODUCT((A:A="b")*(C:C="x")*B:B)', 4.0), ("=SUMPRODUCT(1/B:B)", DIV0),
    ("=SUMPRODUCT((B:B>MAX(B:B)/2)*B:B)", 7.0), ("=SUMPRODUCT((LEN(A:A)>0)*1)", 4.0), ('=SUMPRODUCT((A:B="b")*1)', 2.0),
    ('=SUMPRODUCT((A2:A1048576="b")*B2:B1048576)', 3.0), ("=SUMPRODUCT(ISNUMBER(B:B)*(B:B>=2))", 3.0),
    ('=SUMPRODUCT((A:A="zz")*1)+SUMPRODUCT((B:B=0)*1)', 1048572.0), ('=SUMPRODUCT((1:1="b")*1)', 1.0),
    ('{=SUM((A:A="b")*B:B)}', 4.0), ('{=MAX(IF(A:A="b",B:B))}', 3.0), ('{=MIN(IF(A:A="b",B:B))}', 1.0), ("{=MIN(B:B*1)}", 0.0),
    ('{=COUNT(IF(A:A="b",B:B))}', 2.0), ('{=SUM(IF(A:A="b",B:B,1))}', 1048578.0), ("{=AND(B:B>0)}", False), ("{=OR(B:B>3)}", True),
    ('{=AVERAGE(IF(A:A="b",B:B))}', 2.0), ('{=MEDIAN(IF(A:A="b",B:B))}', 2.0), ('{=LARGE(IF(A:A="b",B:B),2)}', 1.0),
    ('=MATCH(1,INDEX((A:A="b")*(B:B=3),0),0)', 3.0), ('{=INDEX(C:C,MATCH(1,(A:A="b")*(B:B=3),0))}', "x"),
    ("=COUNT(INDEX(1/(B:B>2),0))", 2.0), ('=LET(k,"b",SUMPRODUCT((A:A=k)*B:B))', 4.0),
    ('=SUMPRODUCT((A:A={"b","c"})*B:B)', 8.0), ('=SUMPRODUCT((A:A=A1:A1)*(B:B>0))', 2.0), ("=SUMPRODUCT((A:A=A1:C1)*1)", 2.0),
]  # fmt: skip
NOT_KNOWN = [
    '=SUMPRODUCT((A:A<>"")/COUNTIF(A:A,A:A&""))', '=SUMPRODUCT((A:A="b")*ROW(A:A))', "{=MATCH(2,B:B*1)}", "{=AVERAGE(B:B*1)}",
    '=SUMPRODUCT((A:A="b")*(1:1="b"))', "=INDEX(SORT(B:B*1),1)", '=LET(x,A:A,SUMPRODUCT((x="b")*B:B))',
    '=LAMBDA(r,SUMPRODUCT((r="b")*B:B))(A:A)', '=SUMPRODUCT((A:A="b")*LAMBDA(x,x+1)(B:B))', '=SUMPRODUCT((A:A="b")*B1:B9)',
    '{=MAX((A:A="b")*B1:B10)}', '=SUMPRODUCT((A:A="b")*{1;2})', '=SUMPRODUCT((1:1="b")*A2:B2)',
]  # fmt: skip


@pytest.mark.parametrize(("formula", "value"), OF_EACH_CELL)
def test_two_blank_cells_tell_what_a_million_do(formula, value):
    assert computed(LETTERS | {"D9": formula}, "D9") == value


@pytest.mark.parametrize("formula", NOT_KNOWN)
def test_it_is_refused_where_they_do_not(formula):
    with pytest.raises(FormulaError, match="D9: computes with every cell of"):
        computed(LETTERS | {"D9": formula}, "D9")


@pytest.mark.parametrize(
    "formula", ['=SUMPRODUCT((A:A="b")*B:B^2)', '{=MAX(IF(A:A="b",B:B*D1))}', '{=SUM(IF(A:A="b",B:B*D1,3))}']
)
def test_slopes_are_those_of_the_cells_with_data(formula):
    changing = ["B1:B4", "D1"]
    f = function(LETTERS | {"D1": 0.5, "D9": formula}, "D9", *changing)
    few = function(
        LETTERS | {"D1": 0.5, "D9": formula.replace("A:A", "A1:A9").replace("B:B", "B1:B9")}, "D9", *changing
    )
    beyond = 3.0 * (1048576 - 9) if "3)" in formula else 0.0
    for v in (f.start, f.start * 1.25):
        assert f.value(v) == few.value(v) + beyond
        assert (f.gradient(v) == few.gradient(v)).all() and f.gradient(v).any()


def test_a_blank_cell_that_follows_changing_cells_is_refused():
    with pytest.raises(NotDifferentiable, match="D9: computes with every cell of S!B1:B1048576"):
        function(LETTERS | {"D1": 0.5, "D9": "=SUMPRODUCT((B:B-D1)^2)"}, "D9", "D1")


def test_formulas_filled_down_each_have_their_own():
    cells = LETTERS | {f"E{i}": letter for i, letter in enumerate("abcd", 1)}
    cells |= {f"F{i}": f"=SUMPRODUCT((A:A=E{i})*B:B)" for i in range(1, 5)}
    assert [computed(cells, f"F{i}") for i in range(1, 5)] == [2.0, 4.0, 4.0, 0.0]
