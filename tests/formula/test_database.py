"""Functions of a table's records: Microsoft's orchard, criteria, and the gradient of the numbers."""

import pytest

from tests.formula.sheets import central_differences, computed, function
from xlcicf.errors import NotDifferentiable
from xlcicf.formula.snapshot import ExcelError

NUM, DIV, VALUE = (ExcelError(code) for code in ("#NUM!", "#DIV/0!", "#VALUE!"))
# The example that Microsoft's pages of DSUM, DMAX, DGET and their kind share.
ROWS = [
    ("Tree", "Height", "Age", "Yield", "Profit", "Height"),
    ("=Apple", ">10", None, None, None, "<16"),
    ("=Pear", None, None, None, None, None),
    (None, None, None, None, None, None),
    ("Tree", "Height", "Age", "Yield", "Profit", None),
    ("Apple", 18.0, 20.0, 14.0, 105.0, None),
    ("Pear", 12.0, 12.0, 10.0, 96.0, None),
    ("Cherry", 13.0, 14.0, 9.0, 105.0, None),
    ("Apple", 14.0, 15.0, 10.0, 75.0, None),
    ("Pear", 9.0, 8.0, 8.0, 77.0, None),
    ("Apple", 8.0, 9.0, 6.0, 45.0, None),
]  # fmt: skip
ORCHARD = {
    f"{'ABCDEF'[col]}{row}": value
    for row, values in enumerate(ROWS, 1)
    for col, value in enumerate(values)
    if value is not None
}
ORCHARD |= {f"A{row}": f'="{ROWS[row - 1][0]}"' for row in (2, 3)}

PUBLISHED = [
    ('DCOUNT(A5:E11,"Age",A1:F2)', 1),
    ('DCOUNTA(A5:E11,"Profit",A1:F2)', 1),
    ('DMAX(A5:E11,"Profit",A1:F3)', 96),
    ('DMIN(A5:E11,"Profit",A1:F3)', 75),
    ('DSUM(A5:E11,"Profit",A1:A2)', 225),
    ('DSUM(A5:E11,"Profit",A1:F3)', 248),
    ('DPRODUCT(A5:E11,"Yield",A1:F3)', 800),
    ('DAVERAGE(A5:E11,"Yield",A1:B2)', 12),
    ("DAVERAGE(A5:E11,3,A5:E11)", 13),
    ('DSTDEV(A5:E11,"Yield",A1:A3)', 2.9664793948382653),
    ('DSTDEVP(A5:E11,"Yield",A1:A3)', 2.6532998322843198),
    ('DVAR(A5:E11,"Yield",A1:A3)', 8.8),
    ('DVARP(A5:E11,"Yield",A1:A3)', 7.04),
    ('DGET(A5:E11,"Yield",A1:A3)', NUM),
    ('DGET(A5:E11,"Yield",A1:F2)', 10),
    ('DGET(A5:E11,"tree",A1:F2)', "Apple"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "value"), PUBLISHED, ids=[f for f, _ in PUBLISHED])
def test_the_orchard_is_microsofts(formula, value):
    found = computed(ORCHARD | {"H1": "=" + formula}, "H1")
    assert found == value if isinstance(value, str) else found == pytest.approx(value, rel=1e-14)


CRITERIA = [  # what stands in J1:J3 under a name, and the profits' sum
    (("Tree", "A"), 225),  # begins so
    (("Tree", "*r*y"), 105),
    (("Tree", '="=App"'), 0),
    (("Tree", "<>Apple"), 278),
    (("TREE", "pear"), 173),
    (("Age", 14.0), 105),
    (("Age", "14"), 105),
    (("Age", "<>14"), 398),
    (("Age", ">=14"), 285),
    (("Tree", ">B"), 278),
    (("Tree", None), 503),
    (("Tree", "Apple", "Cherry"), 330),
    (("Tree", "Apple", None), 503),  # an empty row is met by all
]


@pytest.mark.parametrize(("column", "profits"), CRITERIA, ids=[str(c) for c, _ in CRITERIA])
def test_a_criterion_is_read_as_in_a_filter(column, profits):
    cells = {f"J{i}": value for i, value in enumerate(column, 1) if value is not None}
    book = ORCHARD | cells | {"H1": f'=DSUM(A5:E11,"Profit",J1:J{len(column)})'}
    assert computed(book, "H1") == profits


CORNERS = [
    ('DSUM(A5:E11,"Wood",A1:A2)', VALUE),
    ("DSUM(A5:E11,6,A1:A2)", VALUE),
    ("DSUM(A5:E11,0,A1:A2)", VALUE),
    ("DSUM(A5:E11,NA(),A1:A2)", ExcelError("#N/A")),
    ("DSUM(A5:E11,5,A1:A1)", VALUE),
    ("DCOUNT(A5:E11,,A1:A2)", 3),
    ("DCOUNT(A5:E11,1,A1:A2)", 0),
    ("DCOUNTA(A5:E11,1,A1:A2)", 3),
    ("DAVERAGE(A5:E11,1,A1:A2)", DIV),
    ("DSTDEV(A5:E11,2,A1:F2)", DIV),
    ("DMAX(A5:E11,1,A1:A2)", 0),
]


@pytest.mark.parametrize(("formula", "value"), CORNERS, ids=[f for f, _ in CORNERS])
def test_a_corner_is_as_excel_has_it(formula, value):
    assert computed(ORCHARD | {"H1": "=" + formula}, "H1") == value


@pytest.mark.parametrize("name", ["DSUM", "DAVERAGE", "DMAX", "DPRODUCT", "DSTDEV", "DVARP"])
def test_the_gradient_is_that_of_the_records_that_count(name):
    f = function(ORCHARD | {"A2": "Apple", "H1": f'={name}(A5:E11,"Profit",A1:A2)'}, "H1", "E6:E11")
    assert f.gradient(f.start) == pytest.approx(central_differences(f), rel=1e-6, abs=1e-6)
    assert f.gradient(f.start)[[1, 2, 4]].tolist() == [0.0, 0.0, 0.0]


def test_what_decides_which_records_count_may_not_change():
    for changing in ("B2", "B6:B11"):
        with pytest.raises(NotDifferentiable, match="DSUM depends on a changing cell"):
            function(
                ORCHARD | {"A2": "Apple", "B2": 10.0, "H1": '=DSUM(A5:E11,"Profit",A1:B2)'},
                "H1",
                "E6",
                changing,
            )


def test_a_computed_criterion_is_refused_by_name():
    with pytest.raises(NotDifferentiable, match="computes a criterion under 'Shade'"):
        computed(ORCHARD | {"J1": "Shade", "J2": "=B6>10", "H1": "=DSUM(A5:E11,5,J1:J2)"}, "H1")
