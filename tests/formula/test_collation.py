"""One order of texts wherever it is asked for: comparisons, criteria, lookups, sorted arrays."""

import itertools

import pytest

from tests.formula.sheets import computed
from xlcicf.errors import FormulaError

IN_ORDER = ["1", "9z", " x", "(b", "[c", "_a", "~", "€5", "a", "ä", "ab", "a-c", "ad", "éa", "f", "Z"]
CELLS: dict[str, object] = {f"A{i}": text for i, text in enumerate(IN_ORDER, 1)}
CELLS |= {f"B{i}": float(i) for i in range(1, len(IN_ORDER) + 1)}
LAST = len(IN_ORDER)


@pytest.mark.parametrize(("a", "b"), list(itertools.pairwise(IN_ORDER)))
def test_a_comparison_has_the_order(a, b):
    assert computed({"A1": a, "A2": b, "C1": "=AND(A1<A2,A2>A1,A1<=A2,A1<>A2,NOT(A1>=A2))"}, "C1") is True


@pytest.mark.parametrize("at", range(1, LAST + 1))
def test_lookups_and_criteria_have_it(at):
    asked = {
        "MATCH({},$A$1:$A${n})": at,
        "VLOOKUP({},$A$1:$B${n},2)": at,
        "XLOOKUP({},$A$1:$A${n},$B$1:$B${n},,0,2)": at,
        'COUNTIF($A$1:$A${n},"<"&{})': at - 1,
    }
    for formula, value in asked.items():
        if IN_ORDER[at - 1] not in ("~", "1"):  # which mean more than their letters
            cells = CELLS | {"C1": "=" + formula.format(f"A{at}", n=LAST)}
            assert computed(cells, "C1") == value


def test_sorted_arrays_have_it():
    shuffled = {f"A{i}": text for i, text in enumerate(sorted(IN_ORDER, key=lambda text: text[::-1]), 1)}
    formula = f'=TEXTJOIN("|",FALSE,SORT(A1:A{LAST}))'
    assert computed(shuffled | {"C1": formula}, "C1") == "|".join(IN_ORDER)


@pytest.mark.parametrize(
    "formula", ['"医生">"护理"', 'MATCH("医生",{"医疗","护理","医生"})', 'INDEX(SORT({"医生";"护理"}),1)', 'COUNTIF(A1:A2,"<医生")']
)  # fmt: skip
def test_the_order_of_chinese_texts_is_each_excels_own(formula):
    """Excel in Chinese has saved that MATCH finds a text by its sounds."""
    with pytest.raises(FormulaError, match="asks for the order of"):
        computed({"A1": "护理", "A2": "医生", "C1": "=" + formula}, "C1")


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ('MATCH("医生",{"医疗","护理","医生"},0)', 3.0),
        ('XMATCH("医生",{"医疗","护理","医生"})', 3.0),
        ('"医生"="医生"', True),
        ('COUNTIF(A1:A2,"医生")', 1.0),
        ('ROWS(UNIQUE({"医生";"护理";"医生"}))', 2.0),
        ('MATCH(3,{1,"医生",3})', 3.0),
        ('A1>""', True),
        ('AND(A1>"Z",A1>="z1","9">"",NOT(A1<"é"))', True),
        ('COUNTIF(A1:A2,">=a")', 2.0),
        ('"护理1"<"护理2"', True),
        ('"护理"<"护理2"', True),
        ('MATCH("b",{"a","b","护理"})', 2.0),
    ],
)
def test_equal_chinese_texts_are_found(formula, value):
    assert computed({"A1": "护理", "A2": "医生", "C1": "=" + formula}, "C1") == value
