"""Whole sheets made at random: filled columns that read constants, text, blanks, errors, changing cells and
each other, against IronCalc at several points, with their gradients, batches and corners.

Left out, since IronCalc differs from Excel there (tests of their own hold what Excel documents): functions of
arrays inside SUMPRODUCT, texts such as " 3 " in arrays, % after a parenthesis, an error behind the argument
that decides AND or OR; and references handed on by IF and INDEX to functions that pass over text and blanks.
"""

import math
import tempfile
from pathlib import Path

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.formula.translate import Translator

from tests import oracles
from tests.formula.sheets import area, snapshot, write
from xlcicf.errors import XlcicfError
from xlcicf.formula import differentiate
from xlcicf.formula.snapshot import ExcelError
from xlcicf.formula.survey import survey

TOP, BOTTOM = 2, 7  # rows of the columns; formulas are written for the row TOP and filled down
NUMBERS = [0, 1, 2, 3, -1, -2, 0.5, 0.25, -0.75, 1.5, 10]

changing = st.one_of(st.sampled_from(NUMBERS), st.integers(-2048, 2048).map(lambda n: n / 1024)).map(float)
constants = st.sampled_from(
    [float(x) for x in NUMBERS] * 2 + [None] * 4 + ["x", "y", "3", True, False, ExcelError("#N/A")]
)
literals = st.sampled_from([str(x) if x >= 0 else f"({x})" for x in NUMBERS])
shifts = st.integers(-1536, 1536).map(lambda n: n / 1024)  # IronCalc's comparisons take 1e-20 for 0


def pick(*options: str):
    return st.sampled_from(options)


def fill(template: str, *parts: st.SearchStrategy[str]):
    return st.tuples(*parts).map(lambda texts: template.format(*texts))


@st.composite
def formulas(draw, columns: str, depth: int) -> str:
    """Formulas for the row TOP that read `columns`: one number each."""
    col = st.sampled_from(columns)
    spans = st.tuples(col, col).map(lambda pair: tuple(sorted(pair)))
    row = st.integers(TOP, BOTTOM).map(str)
    cell = st.one_of(fill("{}2", col), fill("{}2", col), fill("{}3", col), fill("${}${}", col, row))
    whole = fill("${0}$2:${0}$7", col)
    ranges = st.one_of(
        whole,
        spans.map(lambda s: f"${s[0]}$2:${s[1]}$7"),
        spans.map(lambda s: f"{s[0]}2:{s[1]}4"),  # a window that moves
        spans.map(lambda s: f"{s[0]}$2:{s[1]}2"),  # one that grows
        spans.map(lambda s: f"{s[0]}2:{s[1]}$8"),  # one that shrinks
    )
    if depth == 0:
        return draw(st.one_of(literals, cell, cell))
    inner = formulas(columns, depth - 1)
    order = pick("<", ">", "<=", ">=", "=", "<>")
    arrays = st.one_of(
        whole,
        fill("{0}2:{0}7", col),
        fill("({}{}{})", whole, pick("+", "-", "*", "/"), whole),
        fill("--({}{}{})", whole, order, st.one_of(literals, cell, whole)),
    )
    test = fill("{}{}{}", inner, order, inner)
    sound = fill("IFERROR({},0){}{}", inner, order, literals)
    options = (
        cell,
        fill("({}{}{})", inner, pick("+", "-", "*", "/"), inner),
        fill("({}^{})", inner, st.one_of(pick("2", "3", "-1", "0.5", "0", "(1/3)"), inner)),
        fill("{}{}", pick("-", "--"), cell),  # IronCalc takes SUM(+B7) for SUM(B7), which passes over a text
        fill("(+{}{}{})", cell, pick("+", "-", "*", "/"), inner),
        fill("{}SUM({})", pick("-", "--", "+"), inner),  # IronCalc saves -(2*A2)^2 as -2*A2^2
        fill("{}%", cell),
        fill("{}({})", pick("ABS", "EXP", "LN", "SIGN", "SQRT", "TANH", "SIN", "LOG10"), inner),
        fill("IF({},{},{})", test, inner, inner),
        fill("IF({}({},{}),{})", pick("AND", "OR"), sound, sound, inner),
        fill("IFERROR({},{})", inner, inner),
        fill("MAX(0,{})", cell),
        fill("MAX(0,{}+0)", inner),
        fill("{}({},{}+0)", pick("SUM", "AVERAGE", "MAX", "MIN", "SUMSQ", "COUNT", "COUNTA"), ranges, inner),
        fill("{}({})", pick("SUM", "AVERAGE", "MAX", "MIN", "COUNT"), ranges),
        fill("SUMPRODUCT({})", arrays),
        fill("SUMPRODUCT({},{})", arrays, arrays),
        fill("SUM(MMULT(TRANSPOSE({}),{}))", whole, whole),
        fill("INDEX($A$2:$A$6,ROWS({0}$2:{0}2))", col),
    )
    return draw(st.one_of(*options))


@st.composite
def sheets(draw) -> dict[str, object]:
    """Column A holds changing cells, B and C constants, D to F formulas filled down, I1 the objective."""
    cells: dict[str, object] = {f"A{r}": draw(changing) for r in range(TOP, BOTTOM + 1)}
    cells |= {f"{c}{r}": draw(constants) for c in "BC" for r in range(TOP, BOTTOM + 1)}
    for before, c in (("ABC", "D"), ("ABCD", "E"), ("ABCDE", "F")):
        kind = draw(pick("filled", "filled", "running", "array"))
        if kind == "array":
            cells[f"{c}2:{c}7"] = (
                "{=" + draw(fill("IFERROR(({0}2:{0}7)*A2:A7,{1})", pick(*before), literals)) + "}"
            )
            continue
        first = "=" + draw(formulas(before, 3))
        cells |= {
            f"{c}{r}": Translator(first, f"{c}2").translate_formula(f"{c}{r}") for r in range(TOP, BOTTOM + 1)
        }
        if kind == "running":
            onward = draw(pick("{0}2*0.5+{1}", "MAX({0}2,{1}+0)", "SUM({0}$2:{0}2)*0.125+{1}")).format(
                c, first[1:]
            )
            cells |= {
                f"{c}{r}": Translator("=" + onward, f"{c}2").translate_formula(f"{c}{r - 1}")
                for r in range(TOP + 1, BOTTOM + 1)
            }
    cells["I1"] = "=IFERROR(SUM(D2:D7),0)+IFERROR(SUM(E2:E7),1)+IFERROR(SUM(F2:F7),2)"
    return {address: content for address, content in cells.items() if content is not None}


class Iron:
    """The cells in IronCalc: `values(v)` with v in the changing cells A2:A7."""

    def __init__(self, cells):
        with tempfile.TemporaryDirectory() as folder:
            write(cells, Path(folder, "book.xlsx"))
            self.model = oracles.load_ironcalc(Path(folder, "book.xlsx"))

    def values(self, v) -> dict[tuple[int, int], object]:
        for row, x in enumerate(v, TOP):
            self.model.update_cell_with_number(0, row, 1, float(x))
        self.model.evaluate()
        return {
            (row, col): oracles._ironcalc_value(self.model, sheet, row, col)
            for sheet, row, col in self.model.get_all_cells()
        }


def differing(blocks, theirs: dict, cells: dict) -> list:
    """(row, column), ours, theirs where a number differs, or only one of the two shows one."""
    found = []
    for block in blocks:
        for (i, j), ours in np.ndenumerate(block.values):
            at = block.area.top + i, block.area.left + j
            their = theirs.get(at)
            formula = next(str(text) for address, text in cells.items() if area(address).contains(*at))
            if not isinstance(their, float | bool):
                same = not math.isfinite(ours)
            else:
                same = math.isclose(ours, their, rel_tol=1e-11, abs_tol=1e-11)
            if not same:
                found.append((at, formula, ours, their))
    return found


HUGE = 1e250


@settings(max_examples=80)
@given(sheets(), st.lists(st.lists(shifts, min_size=6, max_size=6), min_size=2, max_size=2))
def test_a_sheet_computes_what_ironcalc_computes_and_its_gradient_is_the_slope(cells, shifted):
    iron, book = Iron(cells), snapshot(cells)
    start = [cells[f"A{r}"] for r in range(TOP, BOTTOM + 1)]
    saved = iron.values(start)
    assert differing(survey(book).blocks, saved, cells) == []
    book.sheets["S"].values |= {at: value for at, value in saved.items() if value is not None}
    try:
        f = differentiate(book, area("I1"), [area("A2:A7")])
    except XlcicfError:
        return  # the objective stands still, or is a text or FALSE as a changing cell decides
    points = [f.start, *(f.start + shift for shift in shifted)]
    for v in points:
        blocks = list(f.blocks(v))
        assert differing(blocks, iron.values(v), cells) == []
        value, gradient = f.value_and_gradient(v)
        if not math.isfinite(value) or any((np.abs(block.values) > HUGE).any() for block in blocks):
            continue  # of a number near the largest the slope is beyond all numbers, or behind IFERROR none
        slopes, rough = (oracles.extrapolated_differences(f.value, v, h) for h in (3e-6, 1e-5))
        kinks = f.kinks(v, 2e-5 * np.maximum(1, np.abs(v)))
        smooth = np.isfinite(slopes + rough) & [cell not in kinks for cell in f.cells]
        tolerance = 1e-5 * np.maximum(1, np.abs(slopes)) + 10 * np.abs(slopes - rough) + 1e-9 * abs(value)
        assert (np.abs(gradient - slopes) <= tolerance)[smooth].all(), (gradient, slopes)
    values, gradients = f.batch(torch.from_numpy(np.array(points)))
    for v, value, gradient in zip(points, values.tolist(), gradients.numpy(), strict=True):
        one, slope = f.value_and_gradient(v)
        np.testing.assert_allclose(value, one, rtol=1e-11)
        if np.isfinite([one, *slope]).all():
            np.testing.assert_allclose(gradient, slope, rtol=1e-9, atol=1e-9 * max(1, abs(one)))
