"""Whole columns and rows, which end where the data does: what the blank cells beyond would change is counted
or refused by name."""

import pytest

from tests.formula.sheets import computed
from xlcicf.errors import FormulaError

CELLS: dict[str, object] = {f"A{i}": x for i, x in enumerate((3.0, 1.0, 3.0, 2.0), 1)}
CELLS |= {f"B{i}": 10.0 * i for i in range(1, 5)}
CELLS |= {f"C{i}": text for i, text in enumerate(("apple", "Banana", "cherry", "apple pie"), 1)}
AT = "Result!A1"  # on a sheet of its own, so that the data end where the sheet's cells do

KNOWN = [
    # a blank is one value more
    ("ROWS(UNIQUE(S!A:A))", 4.0), ("SUM(UNIQUE(S!A:A,FALSE,TRUE))", 3.0), ("ROWS(UNIQUE(S!A1:A4))", 3.0), ("COUNTA(UNIQUE(S!A:B))", 8.0),
    ("SUM(TAKE(S!A:B,2))", 34.0), ("SUM(DROP(S!A:B,1))", 96.0), ("SUM(TAKE(S!A:B,,-1))", 100.0), ("SUM(CHOOSECOLS(S!A:B,-1))", 100.0),
    ("SUM(CHOOSEROWS(S!A:B,2))", 21.0), ("ROWS(TOCOL(S!A:B,1))", 8.0), ("SUM(VSTACK(S!A1:A2,S!B:B))", 104.0), ("SUM(HSTACK(S!A:A,S!B:B))", 109.0),
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
