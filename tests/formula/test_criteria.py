"""What meets a criterion of COUNTIF, SUMIF and their kind."""

import math
import time
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.formula.sheets import area, computed, snapshot
from xlcicf.errors import NotDifferentiable
from xlcicf.formula import differentiate, plain
from xlcicf.formula.collation import order_key
from xlcicf.formula.criteria import _alike, criterion_of, wildcards
from xlcicf.formula.grid import from_cells
from xlcicf.formula.plain import cells_of
from xlcicf.formula.snapshot import ExcelError

CELLS = {
    "A1": "apple", "A2": "Apple pie", "A3": "a*b", "A4": "a?b", "A5": "ab", "A6": "", "A7": 3.0, "A8": "3",
    "A9": " 3 ", "A10": True, "A11": "TRUE", "A12": ExcelError("#N/A"), "A13": 45306.0, "A14": "1/15/2024",
    "A15": 45306.5, "A16": 0.05, "A17": "5%", "A18": 1234.5, "A19": "$1,234.50", "A20": 0.0, "A22": "~x",
    "A23": False, "A24": -2.0,
}  # fmt: skip  # A21 is empty

COUNTS = [
    # texts, whose case is ignored, and wildcards
    ('"apple"', 1), ('"APPLE"', 1), ('"=apple"', 1), ('"apple*"', 2), ('"*p*"', 2), ('"a?b"', 2), ('"a~?b"', 1),
    ('"a~*b"', 1), ('"a*b"', 3), ('"??"', 3), ('"~~x"', 1), ('"*"', 13), ('"?*"', 12), ('"<>apple"', 23),
    ('"<>a*"', 19), ('"<>*"', 11), ('"x"', 0),
    # empty cells and texts
    ('""', 2), ('"="', 1), ('"<>"', 23), ('">"', 0), ("B1", 1),
    # numbers, also as texts
    ("3", 3), ('"3"', 3), ('"=3"', 3), ('"<>3"', 23), ('">3"', 3), ('">=3"', 4), ('"<3"', 3), ('"<=0"', 2),
    ('" 3"', 3), ('"3.0"', 3), ('"+3"', 3),
    # TRUE and FALSE
    ("TRUE", 1), ('"TRUE"', 1), ('"true"', 1), ('"<>TRUE"', 23), ('"FALSE"', 1), ('"=FALSE"', 1),
    # errors
    ('"#N/A"', 1), ("NA()", 1), ('"<>#N/A"', 23), ('"#DIV/0!"', 0),
    # dates and times, percent and currency
    ('"1/15/2024"', 2), ('">=2024-01-15"', 2), ('">1/15/2024"', 1), ('"15-Jan-2024"', 2), ("DATE(2024,1,15)", 2),
    ('"1/15/2024 12:00"', 1), ('">=1/15/2024 12:00"', 1), ('"5%"', 2), ('"<=5%"', 3), ('"$1,234.50"', 2),
    ('"=0"', 1), ('"<12:00"', 3),
    (f'"{"x" * 256}"', ExcelError("#VALUE!")),
]  # fmt: skip


@pytest.mark.parametrize(("criterion", "count"), COUNTS, ids=[c[:20] for c, _ in COUNTS])
def test_a_criterion_is_met_by_so_many_cells(criterion, count):
    assert computed({**CELLS, "C1": f"=COUNTIF(A1:A24,{criterion})"}, "C1") == count


def test_a_long_criterion_fails_in_its_own_cell_alone():
    cells = {"A1": "x", "B1": 5.0, "C1": "x", "C2": "x" * 300, "C3": "y"}
    cells |= {f"D{i}": f"=SUMIF($A$1:$A$1,C{i},$B$1:$B$1)" for i in (1, 2, 3)}
    assert [computed(cells, f"D{i}") for i in (1, 2, 3)] == [5.0, "#VALUE!", 0.0]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_meets_itself_and_what_15_digits_do_not_tell_from_it(x):
    low, high = _alike(x)
    assert low <= x <= high
    assert f"{low:.14e}" == f"{x + 0.0:.14e}" == f"{high:.14e}"


LONG = {
    "A1": 0.1 + 0.2,
    "A2": 0.3,
    "A3": 12345678901234567.0,
    "A4": "12345678901234567",
    "A5": "12345678901234599",
}


@pytest.mark.parametrize(
    ("criterion", "count"),
    [
        ("A1", 2),
        ('"="&A1', 2),
        ('">"&A1', 1),
        ('">="&A1', 3),
        ('"<"&A1', 0),
        ("A3", 1),
        ("A4", 2),
        ('"="&A4', 2),
    ],
)
def test_numbers_are_compared_by_15_digits(criterion, count):
    assert computed({**LONG, "C1": f"=COUNTIF(A1:A5,{criterion})"}, "C1") == count


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=8))
def test_a_text_with_wildcards_means_what_trying_all_places_finds(wanted, text):
    def fits(p: str, t: str) -> bool:
        if not p:
            return not t
        if p[0] == "*":
            return any(fits(p[1:], t[i:]) for i in range(len(t) + 1))
        return bool(t) and p[0] in ("?", t[0]) and fits(p[1:], t[1:])

    assert bool(wildcards(wanted).fullmatch(text)) == fits(wanted, text)


def test_many_wildcards_are_soon_looked_for():
    started = time.process_time()
    assert not wildcards("*a*a*a*a*a*a*a*a*a*ab").fullmatch("a" * 30_000)
    assert time.process_time() - started < 1


def test_texts_are_ordered_as_excel_sorts_them():
    texts = ["1", "9z", " x", "(b", "_a", "a", "ä", "ab", "a-c", "ad", "b", "Z"]
    assert sorted({*texts}, key=order_key) == texts
    cells = {f"A{i}": text for i, text in enumerate(texts, 1)}
    for i, text in enumerate(texts, 1):
        assert computed({**cells, "B1": f'=COUNTIF(A1:A{len(texts)},"<{text}")'}, "B1") == i - 1


# ---- texts that changing cells make -----------------------------------------------------------------------

SCORES = {f"C{i}": float(i) for i in range(1, 11)} | {f"D{i}": float(i * i) for i in range(1, 11)}
SCORES |= {f"E{i}": f"=C{i}*A2" for i in range(1, 11)} | {"F1": ">", "A1": 4.0, "A2": 1.0}
MADE = [
    'COUNTIF(C1:C10,">"&A1)',
    'COUNTIF(C1:C10,"<>"&A1&"")',
    "COUNTIFS(C1:C10,F1&A1,D1:D10,F1&A2*9)",
    'COUNTIF(E1:E10,">="&A1)',
    'SUMIF(C1:C10,">="&A1,D1:D10)',
    'SUMIF(C1:C10,"<"&A1/3)',
    'SUMIF(E1:E10,">"&A1,D1:D10)',
    'SUMIFS(D1:D10,C1:C10,">"&A1-2,C1:C10,"<="&A1+3)',
    'AVERAGEIF(C1:C10,">"&A1)',
    'AVERAGEIFS(D1:D10,C1:C10,"<="&ROUND(A1,0))',
    'MAXIFS(D1:D10,C1:C10,"<"&A1)',
    'MINIFS(D1:D10,C1:C10,">"&A1)',
    'SUM(B3:B7)',
]  # fmt: skip


@pytest.mark.parametrize("text", MADE)
def test_a_criterion_that_changing_cells_make_is_followed_and_named(text):
    """At each point what the sheet shows with these numbers typed in; 15 digits, as a text has them."""
    cells = SCORES | {f"B{i}": f'=COUNTIF(C$1:C$10,">"&A$1+{i})' for i in range(3, 8)} | {"B1": f"={text}"}
    f = differentiate(snapshot(cells), area("B1"), [area("A1:A2")])
    assert f.stepped and not f.gradient(f.start).any()
    for point in ((4, 1), (4.5, 1), (7, 2), (-1, 0.5), (1 / 3, 1), (0.1 + 0.2, -3), (100, 1)):
        typed = computed({**cells, "A1": float(point[0]), "A2": float(point[1])}, "B1")
        followed = f.value(point)
        assert followed == typed or (isinstance(typed, ExcelError) and math.isnan(followed))


def test_values_with_slopes_are_not_lost_beside_such_a_criterion():
    cells = SCORES | {"B1": '=SUMIF(C1:C10,">"&A1,E1:E10)'}
    with pytest.raises(
        NotDifferentiable, match="SUMIF makes a criterion of changing cells, which decide its values"
    ):
        differentiate(snapshot(cells), area("B1"), [area("A1:A2")])
    f = differentiate(snapshot(cells), area("B1"), [area("A2")])
    assert f.gradient([1.0]) == [5 + 6 + 7 + 8 + 9 + 10]


@pytest.mark.parametrize("values", ["B1", "$B$1", "B1:B2", "B1:C9", "B$1:B$4"])
def test_values_are_taken_from_as_many_cells_as_are_searched(values):
    cells: dict[str, object] = {f"A{i}": float(i) for i in (1, 2, 3, 4)}
    cells |= {f"B{i}": f"=10*A{i}" for i in (1, 2, 3, 4)}
    for name, value in (("SUMIF", 90.0), ("AVERAGEIF", 30.0)):
        assert computed(cells | {"D1": f'={name}(A1:A4,">1",{values})'}, "D1") == value


def test_an_index_is_that_of_its_own_numbers_and_forgets_what_would_be_too_much(monkeypatch):
    numbers = from_cells(torch.arange(20.0, dtype=torch.float64).reshape(20, 1)).as_read()
    (one,), (again,) = (cells_of(numbers).ravel() for _ in range(2))
    (other,) = cells_of(replace(numbers, num=numbers.num + 1.0)).ravel()
    assert one is again and other is not one
    assert [len(criterion_of(">=19").places(cells)) for cells in (one, other)] == [1, 2]
    monkeypatch.setattr(plain, "MOST_REMEMBERED", 100)
    for least in range(200):
        assert len(criterion_of(f">={least}").places(one)) == max(0, 20 - least)
    assert len(one._found) < 20
