"""What functions tell of values, cells and sheets."""

import pytest

from tests.formula.sheets import computed
from xlcicf.errors import NotDifferentiable
from xlcicf.formula.snapshot import ExcelError

CELLS = {
    "A1": 1.5, "A2": "x", "A3": True, "A4": ExcelError("#DIV/0!"), "A6": "=_xlfn.CONCAT(A2,\"y\")",
    "Other!B2": 7.0, "Third!A1": 1.0,
}  # fmt: skip
NA, VALUE = ExcelError("#N/A"), ExcelError("#VALUE!")

TOLD = [
    ("TYPE(A1)", 1.0),
    ("TYPE(A2)", 2.0),
    ("TYPE(A3)", 4.0),
    ("TYPE(A4)", 16.0),
    ("TYPE(A5)", 1.0),
    ("TYPE(A1:A2)", 64.0),
    ("TYPE({1,2})", 64.0),
    ("TYPE(A1=1)", 4.0),
    ("ERROR.TYPE(A1:A2 B1:B2)", 1.0),
    ("ERROR.TYPE(A4)", 2.0),
    ('ERROR.TYPE("x"+1)', 3.0),
    ("ERROR.TYPE(INDEX(A1:A2,9))", 4.0),
    ("ERROR.TYPE(SQRT(-1))", 6.0),
    ("ERROR.TYPE(NA())", 7.0),
    ('ERROR.TYPE(TEXTSPLIT("","x",,TRUE))', 14.0),
    ("ERROR.TYPE(A1)", NA),
    ("ISREF(A1)", True),
    ("ISREF(A1:A3)", True),
    ("ISREF(INDEX(A1:A3,2))", True),
    ('ISREF("A1")', False),
    ("ISREF(A1+1)", False),
    ('CELL("address",A1)', "$A$1"),
    ('CELL("ADDRESS",C3:D9)', "$C$3"),
    ('CELL("row",C3:D9)', 3.0),
    ('CELL("col",C3:D9)', 3.0),
    ('CELL("contents",A2)', "x"),
    ('CELL("contents",A1:A3)', 1.5),
    ('CELL("contents",A5)', 0.0),
    ('CELL("type",A1)', "v"),
    ('CELL("type",A2)', "l"),
    ('CELL("type",A3)', "v"),
    ('CELL("type",A5)', "b"),
    ('CELL("nothing",A5)', VALUE),
    ("FORMULATEXT(A6)", '=CONCAT(A2,"y")'),
    ("FORMULATEXT(A6:B9)", '=CONCAT(A2,"y")'),
    ("FORMULATEXT(A1)", NA),
    ("SHEET()", 1.0),
    ("SHEET(Other!B2)", 2.0),
    ('SHEET("third")', 3.0),
    ('SHEET("none")', NA),
    ("SHEETS()", 3.0),
    ("SHEETS(Other!B2:C3)", 1.0),
    ("ISEVEN(TRUE)", VALUE),
    ("ISODD(-3.9)", True),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "value"), TOLD, ids=[f for f, _ in TOLD])
def test_a_function_tells_what_excel_documents(formula, value):
    found = computed({**CELLS, "Z9": "=" + formula}, "Z9")
    assert found == value and isinstance(found, type(value))


@pytest.mark.parametrize("what", ["filename", "format", "width", "color", "prefix", "protect", "parentheses"])
def test_how_a_cell_is_shown_is_not_told_but_refused_by_name(what):
    with pytest.raises(NotDifferentiable, match=f'CELL tells the "{what}"'):
        computed({**CELLS, "Z9": f'=CELL("{what}",A1)'}, "Z9")


@pytest.mark.parametrize(
    ("formula", "name"),
    [('CELL("row")', "CELL"), ('CELL("address",Other!B2)', "CELL"), ('INFO("osversion")', "INFO")],
)
def test_what_is_not_told_is_refused_by_name(formula, name):
    with pytest.raises(NotDifferentiable) as refused:
        computed({**CELLS, "Z9": "=" + formula}, "Z9")
    assert refused.value.function == name


def test_each_cell_of_a_run_is_told_its_own():
    cells = {**CELLS, **{f"Z{i}": f'=CELL("address",A{i})&CELL("type",A{i})' for i in range(1, 6)}}
    assert [computed(cells, f"Z{i}") for i in range(1, 6)] == ["$A$1v", "$A$2l", "$A$3v", "$A$4v", "$A$5b"]
