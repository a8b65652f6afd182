"""Formulas alike but for numbers and places as one batch, against the same sheets computed cell by cell."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formula.cell_by_cell import assert_equal_functions, assert_equal_values
from tests.formula.sheets import area, function, snapshot
from xlcicf.errors import NotDifferentiable
from xlcicf.formula.runs import RunGraph
from xlcicf.formula.snapshot import ExcelError
from xlcicf.formula.units import Batch

P = {"F1": 0.4, "F2": -0.3, "F3": 1.5}


def batches(cells):
    """The sizes of the batches that a sheet is computed in, in order."""
    graph = RunGraph(snapshot(cells))
    ordered = graph.in_order(list(graph.runs("S")), lambda run, error: None)
    return [len(unit.runs) for unit in ordered if isinstance(unit, Batch)]


def blocks(count, size=7):
    """Models one below another: a header, and formulas each of which reads the row above or the next block's."""
    cells = {}
    for b in range(count):
        top = b * size + 1
        cells |= {
            f"A{top}": f"Model {b}",
            f"B{top + 1}": b / 3,
            f"C{top + 1}": f"=B{top + 1}*F$1+{b}.5",
            f"C{top + 2}": f"=TANH(C{top + 1}*F$2)-B{top + 1}",
            f"C{top + 3}": f"=MAX(0,SUM(B{top + 1}:C{top + 2})-F$3)",
            f"D{top + 1}": f"=IF(C{top + 3}>{b % 3},C{top + 2}^2,{b}*F$1)",
        }
    return cells | {"H1": f"=SUM(D1:D{count * size})"}  # fmt: skip


def columns():
    """Seven columns of 300 rows, one with texts and blanks among the numbers, and five that change."""
    cells = {f"{c}{r}": np.cos(r * ord(c)) for r in range(1, 301) for c in "ABCDEGI"}
    cells |= {"A7": "none", "B9": None, "C11": True, "I3": None}
    return cells | {f"{c}{r}": f"=B{r}*F$1+{r}" for r in range(1, 301) for c in "JKLMN"}


SHEETS = {
    "models one below another": blocks(12),
    "numbers and places all over": {f"A{r}": np.sin(r * r) for r in range(1, 31)}
    | {f"C{r}": f"=A{r}*F$1*{r}.25+TANH(A{r * 7 % 30 + 1}*F$2+0.{r})*{r % 4}" for r in range(1, 31)}
    | {"H1": "=SUMSQ(C1:C30)"},
    "chains that cross": {f"A{r}": r / 9 for r in range(1, 31)}
    | {f"C{r}": f"=A{r * 7 % 30 + 1}*F$1" for r in range(1, 31)}
    | {f"D{r}": f"=C{r * 11 % 30 + 1}*C{r * 17 % 30 + 1}+F$2" for r in range(1, 31)}
    | {"H1": "=SUMPRODUCT(C1:C30,D1:D30)"},
    "texts, errors and blanks among them": {f"A{r}": [r / 9, "none", None, True, ExcelError("#N/A")][r % 5] for r in range(1, 31)}
    | {f"C{r}": f"=SUM(A{r * 7 % 30 + 1},F$1)+COUNT(A{r}:A{r + 1})" for r in range(1, 31)}
    | {f"D{r}": f"=IFERROR(C{r * 7 % 30 + 1}/F$2,{r})" for r in range(1, 31)}
    | {f"E{r}": f'=IF(A{r * 11 % 30 + 1}="none",{r},A{r})' for r in range(1, 31)}
    | {"H1": "=SUM(D1:D30)"},
    "logarithms that fail here and there": {f"A{r}": (r - 15) / 9 for r in range(1, 31)}
    | {f"C{r}": f"=IFERROR(LN(A{r * 7 % 30 + 1}+F$1),F$2*{r})" for r in range(1, 31)}
    | {"H1": "=SUM(C1:C30)"},
    "ranges of one size": {f"A{r}": r / 9 for r in range(1, 41)}
    | {f"C{r}": f"=SUMPRODUCT(A{r * 7 % 30 + 1}:A{r * 7 % 30 + 3},F$1:F$3)+AVERAGE(A{r}:A{r + 1})" for r in range(1, 31)}
    | {f"D{r}": f"=MAX(C{r * 3 % 28 + 1}:C{r * 3 % 28 + 3})-INDEX(C$1:C$30,{r * 11 % 30 + 1})" for r in range(1, 31)}
    | {"H1": "=SUMSQ(D1:D30)"},
    "powers of all kinds": {f"A{r}": r / 9 for r in range(1, 31)}
    | {f"C{r}": f"=(A{r * 7 % 30 + 1}*F$3)^{[2, 3, 0.5, -1, 0][r % 5]}" for r in range(1, 31)}
    | {"H1": "=SUM(C1:C30)"},
    "columns longer than a batch gathers cell by cell": columns()
    | {f"{c}305": f"=SUMPRODUCT(${c}$1:${c}$300,$G$1:$G$300)*F$1+COUNT(${c}$1:${c}$300)" for c in "ABCDE"}
    | {f"{c}306": f"=SUMPRODUCT((${c}$1:${c}$300>F$2)*$I$1:$I$300)" for c in "JKLM"}
    | {f"{c}307": f'=COUNTIF(${c}$1:${c}$300,">0.5")+MAX(${c}$1:${c}$300)' for c in "JKLMN"}
    | {"H1": "=SUMSQ(A305:E305)+SUM(J306:M307)"},
    "cells beside": {f"A{r}": r / 9 for r in range(1, 31)}
    | {f"C{r}": f"=A1:A30*F$1+{r}" for r in range(1, 31)}
    | {"H1": "=SUM(C1:C30)"},
}  # fmt: skip


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_shows_what_it_shows_cell_by_cell(name):
    assert_equal_values(snapshot(P | SHEETS[name]))


@pytest.mark.parametrize("name", SHEETS)
def test_its_function_is_the_same_too(name):
    book = snapshot(P | SHEETS[name])
    f = assert_equal_functions(book, "H1", ["F1:F3"], [np.array([0.5, 0.2, 1.0]), np.array([0.1, 0.6, 3.0])])
    assert f is not None


def test_models_one_below_another_are_as_many_batches_as_a_model_has_levels():
    assert batches(P | blocks(12)) == [12, 12, 12, 12]
    assert batches(P | blocks(3)) == []


def test_formulas_that_differ_in_numbers_alone_are_one_batch():
    assert batches(P | SHEETS["numbers and places all over"]) == [30]


def test_large_ranges_are_shared_by_those_that_read_the_same_and_read_by_each_where_few_do():
    shared = {f"Q{i}": f"=SUM($A$1:$A$300)+{i}" for i in range(1, 6)}
    own = {f"{c}305": f"=SUM(${c}$1:${c}$300)" for c in "ABCDEG"}
    assert sorted(batches(columns() | shared)) == [5, 1500]
    assert sorted(batches(columns() | own)) == [6, 1500]
    assert sorted(batches(columns() | {f"{c}305": f"=SUM(${c}$1:${c}$300)" for c in "ABC"})) == [1500]


def test_ranges_of_other_sizes_texts_and_array_formulas_are_another():
    cells = {f"C{r}": f"=SUM(A{r * 7 % 30 + 1}:A{r * 7 % 30 + r % 2 + 1})" for r in range(1, 11)}
    cells |= {f"D{r}": f'=A{r * 7 % 30 + 1}&"{"ab"[r % 2]}"' for r in range(1, 11)}
    cells |= {
        f"E{r}": f"=A{r * 7 % 30 + 1}*2" if r % 2 else f"{{=A{r * 7 % 30 + 1}*2}}" for r in range(1, 11)
    }
    assert sorted(batches(cells)) == [5] * 6


def test_one_that_cannot_be_computed_is_named_by_its_own_cell():
    cells = (
        P
        | {f"C{r}": f"=VALUE(TEXT(A{r * 7 % 30 + 1},{r}))" for r in range(1, 11)}
        | {"A15": "=F1", "H1": "=SUM(C1:C10)+F1"}
    )
    with pytest.raises(NotDifferentiable, match="S!C2: TEXT"):
        function(cells, "H1", "F1:F3")


def test_idle_columns_of_a_batch_are_named_column_by_column():
    cells = {"F1": -1.0, "F2": 1.0}
    for b in range(6):
        cells |= {
            f"B{b * 3 + 1}": b + 1.0,
            f"C{b * 3 + 1}": f"=MAX(0,B{b * 3 + 1}*F$1)",
            f"D{b * 3 + 1}": f"=MAX(0,B{b * 3 + 1}*F$2)",
        }
    f = function(cells | {"H1": "=SUM(C1:D16)"}, "H1", "F1:F2")
    assert f.dead([-1.0, 1.0]) == ["S!C1:C16"]
    assert f.dead([1.0, -1.0]) == ["S!D1:D16"]
    assert f.dead([1.0, 1.0]) == []


def test_cells_named_one_by_one_are_laid_together():
    places = [f"A{r}" for r in range(1, 40, 2)]
    cells = {p: float(i) for i, p in enumerate(places)} | {
        "H1": "=" + "+".join(f"{p}^2" for p in places),
        "H2": "=SUM(A1:A39)*H1",
    }
    f = function(cells, "H2", *places)
    x = np.arange(20.0)
    assert f.value(x) == pytest.approx(x.sum() * (x**2).sum())
    np.testing.assert_allclose(f.gradient(x), (x**2).sum() + 2 * x * x.sum())
    assert f.cells[:2] == ["S!A1", "S!A3"] and area("A39").address == f.cells[-1]


templates = st.recursive(
    st.sampled_from(["#", "@", "F$1", "F$2*@", "SUM(@,#)", "SUM(A1:A3)"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/^"), inner).map("".join).map("({})".format),
        inner.map("IFERROR(LN({}),#)".format),
        st.tuples(inner, inner, inner).map(lambda p: f"IF({p[0]}>{p[1]},{p[2]},#)"),
        inner.map("MAX(0,{})".format),
    ),
    max_leaves=5,
)


@st.composite
def alike(draw):
    """Ten formulas of one skeleton, with numbers and cells of their own; each reads earlier ones only."""
    template = draw(templates)
    cells = dict(P)
    values = st.one_of(
        st.integers(-9, 9).map(lambda n: n / 4), st.sampled_from(["x", True, ExcelError("#N/A")])
    )
    cells |= {f"A{r}": draw(st.integers(-9, 9)) / 4 for r in range(1, 13)} | {
        f"A{draw(st.integers(1, 12))}": draw(values)
    }
    for r in range(1, 13):
        text = template
        while "@" in text or "#" in text:
            read = (
                f"C{draw(st.integers(1, r - 1))}"
                if r > 1 and draw(st.booleans())
                else f"A{draw(st.integers(1, 12))}"
            )
            text = text.replace("@", read, 1).replace("#", str(draw(st.integers(0, 20)) / 4), 1)
        cells[f"C{r}"] = "=" + text
    return cells | {"H1": "=IFERROR(SUM(C1:C12),0)+SUM(C1:C2)"}


@settings(max_examples=60)
@given(alike())
def test_generated_formulas_alike_show_what_they_show_one_by_one(cells):
    assert_equal_values(snapshot(cells))


@settings(max_examples=60)
@given(alike())
def test_generated_formulas_alike_have_the_same_function(cells):
    assert_equal_functions(snapshot(cells), "H1", ["F1:F3"], [np.array([0.3, 0.2, 0.5])], corners=False)
