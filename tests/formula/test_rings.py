"""Rings solved at once, against the same sheets computed cell by cell."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formula.cell_by_cell import assert_equal_functions, assert_equal_values, values
from tests.formula.sheets import area, snapshot
from xlcicf.formula import differentiate, rings
from xlcicf.formula.address import column_letters
from xlcicf.formula.snapshot import ExcelError
from xlcicf.optim import train


def solved_rings(monkeypatch):
    """Says afterwards how many rings were solved at once."""
    found = []
    whole = rings._solved

    def counting(evaluator, ring):
        pieces = whole(evaluator, ring)
        found.append(pieces is not None)
        return pieces

    monkeypatch.setattr(rings, "_solved", counting)
    return found


# --- sheets that people make ----------------------------------------------------------------------------


def column(letter, first, last, text):
    """{r} is the row, {p} the one before, {pp} the one before that, {n} the next."""
    return {f"{letter}{r}": text.format(r=r, p=r - 1, pp=r - 2, n=r + 1) for r in range(first, last + 1)}


def data(letter, first, last, of):
    return {f"{letter}{r}": float(of(r)) for r in range(first, last + 1)}


SINE = np.sin
P = {"F1": 0.4, "F2": 0.3, "F3": 1.5}
SHEETS = {
    "smoothing": data("A", 1, 60, SINE) | {"B1": "=F3"} | column("B", 2, 60, "=F$1*A{r}+(1-F$1)*B{p}"),
    "two lags": data("A", 1, 60, SINE) | {"B1": 0.1, "B2": "=F2"} | column("B", 3, 60, "=A{r}-F$1*B{p}-F$2*B{pp}"),
    "a curve": data("A", 1, 60, SINE) | {"B1": "=F3"} | column("B", 2, 60, "=TANH(F$1*B{p}+A{r}*F$2)"),
    "Verhulst": {"B1": "=F2"} | column("B", 2, 60, "=B{p}+F$1*B{p}*(1-B{p})"),
    "chaos": {"B1": "=F2"} | column("B", 2, 60, "=3.9*B{p}*(1-B{p})"),
    "a jump": {"B1": "=F3"} | column("B", 2, 60, "=IF(B{p}>1,B{p}-1+F$1,B{p}*1.3+F$2)"),
    "a floor": data("A", 1, 60, SINE) | {"B1": "=F3"} | column("B", 2, 60, "=MAX(0,B{p}+A{r}-F$2)"),
    "a cap": data("A", 1, 60, SINE) | {"B1": "=F3"} | column("B", 2, 60, "=MIN(F$3,MAX(0,B{p}+A{r}*F$1))"),
    "backwards": data("A", 1, 60, SINE) | {"B60": "=F3"} | column("B", 1, 59, "=A{r}+F$1*B{n}"),
    "a loan": {"B3": "=F3*100", **column("B", 4, 63, "=E{p}"), **column("C", 3, 63, "=B{r}*F$1/12"),
               **column("D", 3, 63, "=F$2*10-C{r}"), **column("E", 3, 63, "=B{r}-D{r}")},
    "a loan that ends in blanks": {"B3": "=F3", **data("A", 3, 40, float), **column("B", 4, 63, '=IF(A{r}="","",B{p}*F$1+1)')},
    "an error in the middle": data("A", 1, 60, lambda r: r - 30) | {"B1": "=F3"} | column("B", 2, 60, "=B{p}*F$1+1/A{r}"),
    "an error that is caught": data("A", 1, 60, lambda r: r - 30) | {"B1": "=F3"} | column("B", 2, 60, "=B{p}*F$1+IFERROR(LN(A{r}+B{p}),F$2)"),
    "texts among the data": data("A", 1, 60, SINE) | {"A20": "none", "B1": "=F3"} | column("B", 2, 60, "=F$1*B{p}+SUM(A{r})"),
    "a window": data("A", 1, 60, SINE) | data("B", 1, 5, SINE) | column("B", 6, 60, "=AVERAGE(B{p}:B{pp})*F$1+A{r}*F$2"),
    "flags": {"B1": "=F3", **column("B", 2, 60, "=IF(C{p},B{p}-F$1,B{p}+F$2)"), **column("C", 1, 60, "=B{r}>2")},
    "two sheets": {"B1": "=F3", **column("B", 2, 60, "=Other!D{p}*F$1+1"), **column("Other!D", 1, 60, "=S!B{r}*0.5+S!F$2")},
    "two rows that depend on each other": {"B1": "=F3", **column("B", 2, 60, "=INDEX(D{p}:D{n},1)*F$1+1"), **column("D", 1, 62, "=B{r}*0.5")},
    "rows apart": {"B1": "=F3"} | {f"B{r}": f"=D{r + 9}*F$1+1" for r in range(2, 61)} | {f"D{r + 10}": f"=B{r}*0.5+F$2" for r in range(1, 61)},
    "a net that remembers": {**data("A", 1, 40, SINE), **column("B", 1, 40, "=H{r}+I{r}-J{r}"), "H1": "=F1", "I1": "=F2", "J1": "=F3",
                             **{f"{c}{r}": f"=TANH(SUMPRODUCT($H{r - 1}:$J{r - 1},$L${i}:$N${i})+$A{r}*{c}$1)" for r in range(2, 41) for i, c in enumerate("HIJ", 1)},
                             **{f"{c}{i}": (i * j - 3) / 7 for i in (1, 2, 3) for j, c in enumerate("LMN", 1)}},
    "headers in between": {"B1": "=F3", **{f"B{r}": "Year" if r % 13 == 0 else f"=B{r - 2 if r % 13 == 1 else r - 1}*F$1+F$2" for r in range(2, 80)}},
    "a running total": data("A", 1, 60, SINE) | {"B1": "=A1*F1"} | column("B", 2, 60, "=B{p}+A{r}*F$1") | column("C", 1, 60, "=B{r}^2"),
    "filled right": {f"{column_letters(c)}9": f"={column_letters(c - 1)}9*$F$1+$F$2" for c in range(9, 60)} | {"B9": "=SUMSQ(H9:BG9)"},
    "filled right and left": {"BH9": 1.5} | {f"{column_letters(c)}9": f"={column_letters(c + 1)}9*$F$1+$F$2" for c in range(9, 60)} | {"B9": "=SUMSQ(H9:BG9)"},
    "a grid of neighbours": {f"{column_letters(c)}1": c / 9 for c in range(8, 41)} | {f"H{r}": r / 7 for r in range(1, 40)}
                            | {f"{column_letters(c)}{r}": f"=0.5*({column_letters(c - 1)}{r}+{column_letters(c)}{r - 1})+$F$1*TANH({column_letters(c - 1)}{r}*$F$2)" for r in range(2, 40) for c in range(9, 41)} | {"B9": "=SUM(I2:AN39)"},
    "a number decides between number and FALSE": data("A", 1, 60, SINE) | {"B1": "=F3"} | column("B", 2, 60, "=SUM(IF(A{r}>B{p},A{r}),B{p})*F$1"),
}  # fmt: skip


def last_row(name):
    """Of column B."""
    addresses = (a.split("!")[-1] for a in P | SHEETS[name])
    return max((int("".join(filter(str.isdigit, a))) for a in addresses if a[0] == "B"), default=1)


def sheet_of(name, objective="=SUMSQ(B1:B{last})"):
    return snapshot(P | SHEETS[name] | {"G1": objective.format(last=last_row(name))})


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_shows_what_it_shows_cell_by_cell(name):
    assert_equal_values(sheet_of(name))


@pytest.mark.parametrize("name", SHEETS)
def test_its_function_is_the_same_too(name):
    f = assert_equal_functions(
        sheet_of(name), "G1", ["F1:F3"], [np.array([0.5, 0.2, 1.0]), np.array([0.1, 0.6, 3.0])]
    )
    if f is not None:
        assert f.dead(f.start) is not None
        V = torch.tensor(np.stack([f.start, f.start * 1.1, f.start - 0.05]))
        got, slopes = f.batch(V)
        for v, value, slope in zip(V, got, slopes, strict=True):
            one = f.value_and_gradient(v.numpy())
            np.testing.assert_allclose(value, one[0], rtol=1e-12)
            np.testing.assert_allclose(slope, one[1], rtol=1e-10, atol=1e-10)


RISING = [
    name
    for name in SHEETS
    if name
    not in ("a loan that ends in blanks", "an error in the middle", "two rows that depend on each other")
    and "SUM" not in str(SHEETS[name].get("B9"))  # a sum, not a row of the ring
]


@pytest.mark.parametrize("name", RISING)
def test_all_its_cells_rise_as_each_of_them_does(name, monkeypatch):
    """Forwards, all cells at once, is what is found backwards, a cell at a time."""
    f = differentiate(sheet_of(name), area("G1"), [area("F1:F3")])
    residuals = f.structure.squares["min"]
    assert residuals.count > 3
    residuals.jacobian(f.start)  # recorded, which takes both ways
    with monkeypatch.context() as only_forwards:
        only_forwards.delattr(rings._System, "backward")
        only_forwards.delattr(rings._System, "_off")  # nor solved for again
        rises = residuals.jacobian(f.start)
    value, slope = f.value_and_gradient(f.start)
    r = residuals.values(f.start)
    np.testing.assert_allclose(
        2 * r @ rises * (value / (r @ r)), slope, rtol=1e-9, atol=1e-9 * np.abs(slope).max()
    )
    last = differentiate(sheet_of(name, "=1*B{last}"), area("G1"), [area("F1:F3")])
    np.testing.assert_allclose(rises[-1], last.gradient(f.start), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["smoothing", "a curve", "a jump", "a loan", "two sheets"])
def test_values_that_are_moved_where_they_lie_are_seen_to_have_moved(name):
    """As a first-order optimiser moves them, with one start, and whoever writes into the array he has asked with."""
    f, other = (differentiate(sheet_of(name), area("G1"), [area("F1:F3")]) for _ in range(2))
    v = f.start.copy()
    V = torch.from_numpy(v)[None]
    for shift in (0.0, 0.125, -0.25, 0.0625):
        v += shift
        value, slope = other.value_and_gradient(v.copy())
        assert f.value(v) == value
        assert f.batch(V)[0].item() == value
        np.testing.assert_array_equal(f.gradient(v), slope)
    for step in train(f, "adam", steps=4):
        assert step.loss == other.value(step.values.copy())


SOLVED = [
    name
    for name in SHEETS
    if name not in ("an error in the middle", "headers in between", "two rows that depend on each other")
]


@pytest.mark.parametrize("name", SOLVED)
def test_they_are_solved_at_once(name, monkeypatch):
    found = solved_rings(monkeypatch)
    values(sheet_of(name))
    assert found and all(found)


# --- generated rings ------------------------------------------------------------------------------------

ROWS = 40
terms = st.one_of(
    st.sampled_from(["F$1", "F$2", "0.25", "1.5", "A{r}", "A{r}*F$3", "SUM(A{p}:A{r})"]),
    st.tuples(st.sampled_from("BCD"), st.sampled_from(["{p}", "{pp}", "{r}"])).map("".join),
    st.sampled_from(["SUM(B{pp}:C{p})", "MAX(B{p}:D{p})", "AVERAGE(C{pp}:C{p},F$1)"]),
)
ring_formulas = st.recursive(
    terms,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map("".join).map("({})".format),
        st.tuples(
            st.sampled_from(
                ["TANH({})", "MAX(0,{})", "MIN({},2)", "ABS({})", "0.5*{}", "-{}", "ROUND({},1)"]
            ),
            inner,
        ).map(lambda p: p[0].replace("{}", f"({p[1]})")),
        st.tuples(inner, st.sampled_from(["<", ">="]), inner, inner, inner).map(
            lambda p: f"IF({p[0]}{p[1]}{p[2]},{p[3]},{p[4]})"
        ),
        inner.map("IFERROR(LN({}),-1)".replace("{}", "({})").format),
        inner.map('IF(A{{r}}="x",0,{})'.format),
    ),
    max_leaves=5,
)


@st.composite
def generated_rings(draw):
    """Up to three columns that read each other and themselves in the rows above, or across, or upwards."""
    formulas = draw(st.lists(ring_formulas, min_size=1, max_size=3))
    odd = draw(
        st.dictionaries(
            st.integers(4, ROWS), st.sampled_from(["x", None, True, ExcelError("#N/A"), 1e3]), max_size=2
        )
    )
    upward, seed = draw(st.booleans()), draw(st.integers(0, 99))
    rng = np.random.default_rng(seed)
    cells = {"F1": 0.5, "F2": -0.25, "F3": 0.75}
    for letter in "BCD":
        cells |= {f"{letter}{r}": round(rng.normal(), 2) for r in (1, 2)}
    for letter, text in zip("BCD", formulas, strict=False):
        cells |= {f"{letter}{r}": "=" + text.format(r=r, p=r - 1, pp=r - 2) for r in range(3, ROWS + 1)}
    cells |= {f"A{r}": round(rng.normal(), 2) for r in range(1, ROWS + 1)}
    cells |= {f"A{r}": value for r, value in odd.items() if value is not None}
    for r in (r for r, value in odd.items() if value is None):
        del cells[f"A{r}"]
    if upward:
        turned = {}
        for address, content in cells.items():
            letter, row = address[0], int(address[1:])
            if letter in "ABCD" and isinstance(content, str) and content.startswith("="):
                content = re.sub(r"([ABCD])(\d+)", lambda m: f"{m[1]}{ROWS + 1 - int(m[2])}", content)
            turned[f"{letter}{ROWS + 1 - row}" if letter in "ABCD" else address] = content
        cells = turned
    first = 1 if upward else 3
    return cells | {"G1": f"=SUM(B{first}:B{first + ROWS - 3})"}


@settings(max_examples=60)
@given(generated_rings())
def test_generated_rings_show_what_they_show_cell_by_cell(cells):
    assert_equal_values(snapshot(cells))


@settings(max_examples=40)
@given(generated_rings())
def test_generated_rings_have_the_same_function(cells):
    assert_equal_functions(snapshot(cells), "G1", ["F1:F3"], [np.array([0.3, 0.2, 0.5])], corners=False)
