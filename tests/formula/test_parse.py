"""Text to tree: references, names, tables, errors; and formulas made at random read back as they were meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formula.sheets import area, computed, snapshot
from xlcicf.errors import FormulaError, XlcicfError
from xlcicf.formula.address import Area, cell_address, column_letters, column_number, parse_cell
from xlcicf.formula.parse import parse
from xlcicf.formula.sheetfunction import differentiate
from xlcicf.formula.snapshot import ExcelError, Sheet, Table
from xlcicf.formula.tree import Ref, walk

PASSENGERS = Table("Passengers", Area("S", 3, 1, 6, 3), ("Age", "Fare paid", "Si#ze"))
CELLS = {
    "A3": "Age", "B3": "Fare paid", "C3": "Si#ze",
    "A4": 1.0, "B4": 10.0, "C4": 100.0, "A5": 2.0, "B5": 20.0, "C5": 200.0, "A6": 3.0, "B6": 30.0, "C6": 300.0,
    "Other!B2": 7.0, "Other!D4": "x ", "Other!D5": 4.0, "Other!D6": 5.0, "It's a sheet!A1": 9.0, "R1!A1": 11.0,
}  # fmt: skip
NAMES = {
    "rate": "0.5",
    "ages": "S!$A$4:$A$6",
    "twice": "2*S!$A$4",
    "both": "(S!$A$4:$A$6,S!$C$4)",
    "half": "LAMBDA(x,x/2)",
}

SPACED = Table("Spaced", Area("Other", 4, 4, 6, 4), ("x ",))

REFERENCES = [
    ("SUM(A4:A6)", 6.0),
    ("SUM($A$4:A6,C4)", 106.0),
    ("SUM(A:A)", 6.0),
    ("SUM(4:4)", 111.0),
    ("SUM($4:$4)", 111.0),
    ("SUM((A4:A6,C4))", 106.0),
    ("SUM($A$4:$B$6 $B$5:$C$6)", 50.0),
    ("Other!B2", 7.0),
    ("other!b2", 7.0),
    ("'It''s a sheet'!A1", 9.0),
    ("'R1'!A1", 11.0),
    ("rate*2", 1.0),
    ("SUM(ages)", 6.0),
    ("twice+1", 3.0),
    ("SUM(both)", 106.0),
    ("SUM(Passengers)", 666.0),
    ("SUM(Passengers[Age])", 6.0),
    ("SUM(passengers[fare paid])", 60.0),
    ("SUM(Passengers[[Age]:[Fare paid]])", 66.0),
    ("Passengers[[#This Row],[Age]]", 2.0),
    ("Passengers[@Age]", 2.0),
    ("SUM(Passengers[@[Age]:[Fare paid]])", 22.0),
    ("SUM(Passengers[@])", 222.0),
    ("SUM(Passengers[#Data])", 666.0),
    ("COUNTA(Passengers[#Headers])", 3.0),
    ("COUNTA(Passengers[#All])", 12.0),
    ("SUM(Passengers[[#Data],[Age]])", 6.0),
    ("SUM(Passengers['#])", None),
    ("SUM(Passengers[Si'#ze])", 600.0),
    ("ROWS(Passengers)*10+COLUMNS(Passengers[#All])", 33.0),
    ("@A4:A6", 2.0),
    ("A4:A6*10", 20.0),
    ("SUM(A4:A6*10)", 20.0),
    ("SUMPRODUCT(A4:A6*10)", 60.0),
    ("12.5E+1+1.5E-1", 125.15),
    ("SUM(S!A4:S!B6)", 66.0),
    ("SUM('It''s a sheet'!A1:'It''s a sheet'!A2)", 9.0),
    ("SUM(S:Other!B2)", 7.0),
    ("SUM('S:It''s a sheet'!A1:B2)", 16.0),
    ("SUM(R1:S!B2:C4,1)", 118.0),
    ("SUM(A4:(B5))", 33.0),
    ("SUM(A4:ages)", 6.0),
    ("SUM(A4:B4:C5)", 333.0),
    ("SUM(Passengers[Age]:Passengers[Fare paid])", 66.0),
    ("SUM(A4:B6 B:B)", 60.0),
    ("SUM(A4:A6 C4:C6)", ExcelError("#NULL!")),
    ("SUM(Passengers[ Age ])", 6.0),
    ("SUM(Spaced[x ])", 9.0),
    ("Spaced[[#This Row],[x ]]*2", 8.0),
    ("@Spaced[x ]", 4.0),
    ("LET(a,2,b,a*3,a+b)", 8.0),
    ("LET(_xlpm.a,2,_xlpm.b,_xlpm.a*3,_xlpm.a+_xlpm.b)", 8.0),
    ("LET(a,A4:A6,SUM(a)*ROWS(a))", 18.0),
    ("LET(Age,5,age+LET(age,1,age))", 6.0),
    ("LAMBDA(x,y,x-y)(5,2)", 3.0),
    ("LAMBDA(x,LAMBDA(y,x-y))(5)(2)", 3.0),
    ("LET(f,LAMBDA(x,x^2),f(3)+f(1))", 10.0),
    ("half(9)", 4.5),
    ("LAMBDA(x,[y],IF(ISOMITTED(y),x,x+y))(1)", 1.0),
    ("LAMBDA(x,_xlop.y,IF(ISOMITTED(y),x,x+y))(1,2)", 3.0),
    ("LAMBDA(x,x)", ExcelError("#CALC!")),
    ("LAMBDA(x,x)(1,2)", ExcelError("#VALUE!")),
]


@pytest.mark.parametrize(("formula", "value"), REFERENCES, ids=[f for f, _ in REFERENCES])
def test_a_reference_means_what_excel_means(formula, value):
    cells = {**CELLS, "F5": "=" + formula}
    if value is None:
        with pytest.raises(FormulaError, match="S!F5.*no column"):
            computed(cells, "F5", names=NAMES, tables=[PASSENGERS])
    else:
        assert computed(cells, "F5", names=NAMES, tables=[PASSENGERS, SPACED]) == value


def test_a_name_of_the_sheet_hides_one_of_the_workbook():
    book = snapshot({"A1": 1.0, "Other!A1": 2.0, "B1": "=x", "Other!B1": "=x"})
    book.names = {("x", None): "S!$A$1", ("x", "Other"): "Other!$A$1"}
    refs = [next(n for n in walk(parse("=x", s, 1, 2, book)) if isinstance(n, Ref)) for s in ("S", "Other")]
    assert [r.sheet for r in refs] == ["S", "Other"]


UNREADABLE = [
    "1+", "SUM(", ")", '"abc', "3 4", "nope", "Nowhere!A1", "[1]Sheet1!A1", "'[book.xlsx]S'!A1", "Passengers[Nope]",
    "S:Nowhere!A1", "S:Other!x", "S!A1:Other!B2", "LET(x,1)", "LET(1,2,3)", "LAMBDA(x)+x", "self", "{1,2;3}", "(" * 200 + "1" + ")" * 200, "-" * 200 + "1", "1" * 9000, "1,2",
    "1E400", "E+3", "inf", "nan+1", "{1,infinity}", "2" + "%" * 200, "SUM(" * 65 + "1" + ")" * 65, "step_0",
]  # fmt: skip


@pytest.mark.parametrize("formula", UNREADABLE, ids=[f[:20] for f in UNREADABLE])
def test_what_cannot_be_read_is_refused_with_its_cell(formula):
    steps = {f"step_{i}": f"1+step_{i + 1}" for i in range(300)}
    names = {**NAMES, **steps, "self": "1+self", "infinity": "S!$A$1"}
    book = snapshot({**CELLS, "F5": "=" + formula}, names, [PASSENGERS])
    with pytest.raises(FormulaError, match="^S!F5: ") as refused:
        parse("=" + formula, "S", 5, 6, book)
    assert refused.value.cell == "S!F5"


def test_a_sum_of_thousands_of_terms_is_no_deeper_than_one():
    assert computed({"A1": 1.0, "B1": "=" + "+".join(["A1"] * 2500)}, "B1") == 2500.0


def test_the_deepest_formula_that_can_be_read_can_be_computed():
    assert computed({"A1": 1.0, "B1": "=" + "SUM(" * 64 + "A1" + ")" * 64}, "B1") == 1.0
    assert computed({"A1": 1.0, "B1": "=" + "SUM(-(" * 33 + "A1" + "))" * 33}, "B1") == -1.0


def test_names_beyond_the_last_column_are_names_and_not_cells():
    cells = {"A1": 1.0, "A2": 2.0, "B1": "=YTM1*10", "B2": "=YTM2*10"}
    names = {"YTM1": "S!$A$2", "YTM2": "S!$A$1"}
    assert [computed(cells, at, names=names) for at in ("B1", "B2")] == [20.0, 10.0]


def test_a_relative_name_counts_from_its_user_and_around_the_sheets_end():
    cells = {"A1": 5.0, "B1": 7.0, "B3": "=above+left", "A3": 1.0, "B2": 2.0}
    assert computed(cells, "B3", names={"above": "S!A1048576", "left": "S!XFD1"}) == 3.0


def test_a_reference_to_another_workbook_means_what_this_one_keeps_of_it():
    book = snapshot({"A1": 3.0, "B1": "=[1]Prices!$B$2*A1+SUM('[1]Prices'!B:B)"})
    book.elsewhere["[1]prices"] = Sheet("[1]Prices", values={(2, 2): 5.0, (3, 2): 6.0})
    f = differentiate(book, area("B1"), [area("A1")])
    assert f.value_and_gradient(f.start) == (26.0, [5.0])


@given(st.text(alphabet="A1$:!'\"(),;+-*/^%&<>=.{}[]@# eESUMIF", max_size=40))
def test_nothing_but_our_errors_escapes_the_parser(text):
    try:
        parse("=" + text, "S", 5, 6, snapshot(CELLS, NAMES, [PASSENGERS]))
    except XlcicfError:
        pass


@given(st.integers(1, 16384))
def test_column_letters_come_back_as_numbers(col):
    assert column_number(column_letters(col)) == col


@given(st.integers(1, 1_048_576), st.integers(1, 16384))
def test_an_address_comes_back_as_row_and_column(row, col):
    assert parse_cell(cell_address("S", row, col).removeprefix("S!")) == (row, col)


def test_an_area_knows_its_cells():
    assert area("B2:C3").address == "S!B2:C3"
    assert list(area("B2:C3").cells()) == [(2, 2), (2, 3), (3, 2), (3, 3)]
    assert area("A1:C3").intersect(area("C3:D9")).address == "S!C3"
    assert area("A1").intersect(area("Other!A1")) is None


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("SUM(BYROW(A1:B2,_xleta.MAX))", 6.0),
        ("SUM(_xlfn.BYCOL({1,2;3,4},_xleta.SUM))", 10.0),
        ("REDUCE(1,{1,2;3,4},_xleta.PRODUCT)", 24.0),
        ("SUM(SCAN(0,{1,2,3},_xleta.SUM))", 10.0),
        ("SUM(MAP({1,2},{3,4},_xleta.PRODUCT))", 11.0),
        ("SUM(MAP({1,-2},_xleta.ABS))", 3.0),
        ("SUM(MAKEARRAY(2,2,_xleta.SUM))", 12.0),
        ('_xlfn.CONCAT(BYROW({"a","b";"c","d"},_xleta._xlfn.CONCAT))', "abcd"),
        ("_xlfn.LET(_xlpm.f,_xleta.SUM,_xlpm.f(A1:B2))", 10.0),
        ("TYPE(_xleta.SUM)", 128.0),
        ("TYPE(_xlfn.LAMBDA(_xlpm.x,_xlpm.x))", 128.0),
    ],
)
def test_a_function_is_handed_on_by_its_name_alone(formula, value):
    cells = {"A1": 1.0, "B1": 2.0, "A2": 3.0, "B2": 4.0, "D1": f"={formula}"}
    assert computed(cells, "D1") == value
