"""LAMBDAs that call themselves, by their name in the workbook or handed to themselves, and those without an end."""

import pytest

from tests.formula.sheets import computed, function
from xlcicf.errors import FormulaError
from xlcicf.formula import evaluate
from xlcicf.formula.snapshot import ExcelError

NAMES = {
    "fib": "LAMBDA(n,IF(n<2,n,FIB(n-1)+FIB(n-2)))",
    "power.of": "=_xlfn.LAMBDA(_xlpm.x,_xlpm.n,IF(_xlpm.n=0,1,_xlpm.x*POWER.OF(_xlpm.x,_xlpm.n-1)))",
    "reverse": 'LAMBDA(s,IF(LEN(s)<2,s,REVERSE(MID(s,2,99))&LEFT(s,1)))',
    "iseven_": "LAMBDA(n,IF(n=0,TRUE,ISODD_(n-1)))",
    "isodd_": "LAMBDA(n,IF(n=0,FALSE,ISEVEN_(n-1)))",
    "root": "LAMBDA(a,x,k,IF(k=0,x,ROOT(a,(x+a/x)/2,k-1)))",
    "down": "LAMBDA(n,LET(m,n-1,k,m,IF(k<=0,0,1+DOWN(k))))",
    "up": "LAMBDA(n,UP(n+1))",
}  # fmt: skip
TAKES_ITSELF = "LET(f,LAMBDA(g,n,IF(n=0,0,1+g(g,n-1))),f(f,{}))"

CALLED = [
    ("FIB(12)", 144.0),
    ("POWER.OF(3,4)", 81.0),
    ('REVERSE("hello")', "olleh"),
    ("ISEVEN_(10)", True),
    ("ISODD_(10)", False),
    ("ROOT(2,1,6)", 2**0.5),
    ("DOWN(300)", 299.0),
    ("SUM(MAP({1;2;3;4;5},FIB))", 12.0),
    (TAKES_ITSELF.format(300), 300.0),
    # as Excel, which has room for 1,024 parameters and calls
    ("UP(1)", ExcelError("#NUM!")),
    ("DOWN(600)", ExcelError("#NUM!")),
    (TAKES_ITSELF.format(1e5), ExcelError("#NUM!")),
    ("LAMBDA(x,x(x))(LAMBDA(x,x(x)))", ExcelError("#NUM!")),
]


@pytest.mark.parametrize(("formula", "value"), CALLED)
def test_a_function_calls_itself_as_often_as_in_excel(formula, value):
    shown = computed({"Z9": f"={formula}"}, "Z9", names=NAMES)
    assert shown == (pytest.approx(value, rel=1e-15) if isinstance(value, float) else value)


def test_cells_with_other_numbers_call_it_to_other_depths():
    cells = {"A1": 1.0, "A2": 5.0, "A3": 9.0, "Z9": "=SUM(B1:C3)"}
    cells |= {f"B{row}": f"=FIB(A{row})" for row in (1, 2, 3)}
    cells |= {f"C{row}": f"=POWER.OF(2,A{row})" for row in (1, 2, 3)}
    assert computed(cells, "Z9", names=NAMES) == 1 + 5 + 34 + 2 + 32 + 512


def test_it_is_differentiated():
    f = function({"B1": 3.0, "Z1": "=POWER.OF(B1,3)+ROOT(B1,1,6)"}, "Z1", "B1", names=NAMES)
    value, slopes = f.value_and_gradient(f.start)
    assert value == pytest.approx(27 + 3**0.5) and slopes == pytest.approx([27 + 1 / (2 * 3**0.5)])


def test_calls_beyond_number_are_refused_by_the_cell(monkeypatch):
    monkeypatch.setattr(evaluate, "MOST_APPLIED", 1_000)
    fib = "LET(f,LAMBDA(g,n,IF(n<2,n,g(g,n-1)+g(g,n-2))),f(f,40))"
    with pytest.raises(FormulaError, match=r"S!Z9: calls LAMBDAs more than 1,000 times"):
        computed({"Z9": f"={fib}"}, "Z9")


def test_a_name_that_is_no_function_cannot_be_defined_by_itself():
    for meaning in ("LOOP(1)+1", "LAMBDA(n,LOOP(n-1))(3)"):
        with pytest.raises(FormulaError, match="'LOOP' is defined by itself"):
            computed({"Z9": "=LOOP"}, "Z9", names={"loop": meaning})


def test_names_that_double_each_other_are_refused():
    names = {"n0_": "S!$B$1"} | {f"n{i}_": f"N{i - 1}_+N{i - 1}_" for i in range(1, 60)}
    assert computed({"B1": 2.0, "Z9": "=N8_"}, "Z9", names=names) == 512.0
    with pytest.raises(FormulaError, match="S!Z9: its names stand for too much"):
        computed({"B1": 2.0, "Z9": "=N59_"}, "Z9", names=names)


def test_arrays_that_double_each_other_are_refused():
    doubled = ",".join(f"z{i},VSTACK(z{i - 1},z{i - 1})" for i in range(1, 40))
    with pytest.raises(FormulaError, match="VSTACK puts .* elements together"):
        computed({"Z9": f"=LET(z0,{{1;2}},{doubled},ROWS(z39))"}, "Z9")
