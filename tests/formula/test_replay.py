"""What was recorded of formulas and done again to other numbers: what they come to in a book that holds these."""

import itertools
import math
import random
import re

import numpy as np
import pytest

from tests.formula.drawn_formulas import COLUMN, FIRST, OPERAND, as_snapshot, drawn
from tests.formula.sheets import area, function, snapshot
from xlcicf.formula import replay
from xlcicf.formula.recalculation import Recalculation, recalculation
from xlcicf.formula.snapshot import ExcelError, Scalar

ROUNDS = replay.WORTH_RECORDING + 3
WILD = [0.0, -1.0, 12.0, 1e300, 1e-300, 45306.0]
CONSTANTS = "ZA"  # the column of the numbers that formulas had in their texts
MADE = re.compile("OFFSET|INDIRECT|:INDEX|:CHOOSE|RAND|NOW|TODAY")  # formulas of which nothing is kept
F = f"{COLUMN}{FIRST}"


@pytest.fixture
def done_again(monkeypatch):
    """The cells of units that were done again, and no longer computed from their formulas."""
    found, again = [], replay.Replay.again

    def told(self, evaluator):
        if pieces := again(self, evaluator):
            found.extend(area.address for piece in pieces for area in piece.areas)
        return pieces

    monkeypatch.setattr(replay.Replay, "again", told)
    return found


def after_edits(cells: dict[str, object], edits: list[dict[str, Scalar]]) -> list[dict[str, Scalar]]:
    """What all cells of sheet S show after each edit."""
    live, found = Recalculation(snapshot(cells), trusted=False), []
    for edit in ({}, *edits):
        live.write({"S": {(area(a).top, area(a).left): value for a, value in edit.items()}})
        live.renewed()
        found.append(dict(live.book.sheets["S"].values))
    return found[1:]


def anew(cells: dict[str, object], edits: list[dict[str, Scalar]]) -> list[dict[str, Scalar]]:
    """The same, each time in a new book."""
    found = []
    for edit in edits:
        cells = cells | edit
        found += after_edits({a: value for a, value in cells.items() if value is not None}, [{}])
    return found


def numbers(cell: str, *values: float) -> list[dict[str, Scalar]]:
    return [{cell: value} for value in values]


TIMES = [1.0, 2.0, 3.0, 4.0, 5.0, -2.5]
SUMS = {"A1": 1.0, "A2": 7.0, "A3": 2.0, "B1": "=A1*A2+1", "B2": "=SUM(A1:B1)", "C1": "=IF(B2>20,B1,-B1)"}


def test_formulas_of_numbers_are_done_again(done_again):
    edits = numbers("A1", *TIMES)
    assert after_edits(SUMS, edits) == anew(SUMS, edits)
    assert {"S!B1", "S!B2", "S!C1"} <= set(done_again)


@pytest.mark.parametrize(
    "last",
    [{"A1": "a text"}, {"A1": True}, {"A1": None}, {"A1": ExcelError("#N/A")}, {"A1": 1e308}, {"A2": 9.0}],
    ids=str,
)
def test_what_is_no_number_any_more_is_computed_from_the_formulas(last, done_again):
    edits = [*numbers("A1", *TIMES), last, {"A1": 3.0}]
    assert after_edits(SUMS, edits) == anew(SUMS, edits)
    assert done_again


@pytest.mark.parametrize(
    "formula",
    [
        '=IF(B9="MSE",A1^2,ABS(A1))',
        '=COUNTIF(A1:A3,">1")+COUNTIF(A5:A7,B9)',
        "=A1&B9",
        "=IFERROR(1/A1,7)",
        "=TEXT(A1,B9)",
    ],
)
def test_a_text_that_becomes_another_is_seen(formula, done_again):
    cells = {
        "A1": 1.0,
        "A2": 5.0,
        "A3": 2.0,
        "A5": "MSE",
        "A6": "MAE",
        "B9": "MSE",
        "B1": formula,
        "B2": "=A1*2",
    }
    edits = [*numbers("A1", *TIMES), {"A1": 0.0}, {"A1": 3.0}, {"B9": "MAE"}, {"A1": 4.0}]
    assert after_edits(cells, edits) == anew(cells, edits)
    assert "S!B2" in done_again


def test_alike_formulas_and_a_fill_down_are_done_again(done_again):
    cells: dict[str, object] = {f"A{row}": float(row) for row in range(1, 9)}
    cells |= {f"B{row}": f"=A{row}*$A$1" for row in range(1, 9)}
    cells |= {f"{column}{10 + 3 * i}": f"=SUM(B{i + 1}:B{i + 3})+{i}" for i, column in enumerate("CDEFG")}
    cells["H1"] = "=SUM(B1:B8)+SUM(C10:G22)"
    edits = numbers("A1", *TIMES)
    assert after_edits(cells, edits) == anew(cells, edits)
    assert {"S!B2:B8", "S!C10", "S!G22", "S!H1"} <= set(done_again)


def test_a_ring_is_done_again_until_a_constant_beside_it_becomes_another(done_again):
    cells: dict[str, object] = {"A1": 0.5, "A2": "=A1*2", "C1": 1.0}
    cells |= {f"B{row}": float(row % 7) for row in range(1, 60)}
    cells |= {f"C{row}": f"=C{row - 1}*0.9+B{row}*$A$2" for row in range(2, 60)}
    edits = [*numbers("A1", *TIMES), {"A1": 0.25, "B7": 11.0}, {"A1": 4.0}, {"A1": 1.0, "B7": True}]
    shown, wanted = after_edits(cells, edits), anew(cells, edits)
    for ours, theirs in zip(shown, wanted, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-14)
    assert "S!C2:C59" in done_again


@pytest.mark.parametrize(
    ("formula", "is_kept"),
    [
        ("=SQRT(A1^2+A2)", True),
        ("=(A1-A2)/SQRT(A2)+1", True),
        ("=A2^A3", False),
        ("=IF(A1>0,A1,SQRT(-A1))", False),
    ],
)
def test_steps_are_kept_that_lead_to_what_is_shown(formula, is_kept, done_again):
    cells: dict[str, object] = {"A1": 2.0, "A2": 7.0, "A3": 0.5, "B1": formula}
    edits = [{"A1": x, "A2": y} for x, y in zip(TIMES, reversed(range(1, 7)), strict=True)]
    assert after_edits(cells, edits) == anew(cells, edits)
    assert ("S!B1" in done_again) == is_kept


def test_a_formula_that_would_only_be_computed_anew_has_no_steps(done_again):
    cells: dict[str, object] = {f"A{row}": float(row) for row in range(1, 9)}
    cells |= {"B1": '=COUNTIF(A1:A8,">3")/A1', "B2": "=A1*2"}
    edits = numbers("A1", *TIMES)
    assert after_edits(cells, edits) == anew(cells, edits)
    assert "S!B1" not in done_again and "S!B2" in done_again


def test_a_function_of_changing_cells_is_computed_again_and_again(done_again):
    cells: dict[str, object] = {"A1": 0.5, "A2": 0.9, "C1": 1.0}
    cells |= {f"B{row}": float(row % 7) for row in range(1, 60)}
    cells |= {f"C{row}": f"=C{row - 1}*$A$2+B{row}*$A$1" for row in range(2, 60)}
    cells["D1"] = "=SUMSQ(C1:C59)/A2"
    value = recalculation(snapshot(cells), area("D1"), [area("A1:A2")])
    exact = function(cells, "D1", "A1:A2")
    for x in TIMES:
        assert value(np.array([x, 0.9])) == pytest.approx(exact.value([x, 0.9]), rel=1e-13)
    assert math.isnan(value(np.array([1.0, 0.0])))
    assert {"S!C2:C59", "S!D1"} <= set(done_again)


@pytest.mark.parametrize(
    "formula", ['=ISERROR((1/A1)&"")', "=IFERROR(IMREAL(IMSIN(1/A1)),-99)", "=IFERROR(UPPER(1/A1),7)"]
)
def test_what_was_an_error_and_becomes_a_text_is_seen(formula):
    cells, edits = {"A1": 1.0, "B1": formula}, numbers("A1", 2.0, 4.0, 0.0, 0.5, 3.0)
    assert after_edits(cells, edits) == anew(cells, edits)


def with_cells_for_numbers(formula: str) -> tuple[str, dict[str, float]]:
    """The formula with a cell of its own for each number in it, and what these cells hold."""
    held: dict[str, float] = {}

    def cell(match: re.Match) -> str:
        if not re.fullmatch(r"\d+(\.\d+)?(E[+-]\d+)?", match[0]):
            return match[0]
        address = f"{CONSTANTS}{len(held) + 1}"
        held[address] = float(match[0])
        return address

    return OPERAND.sub(cell, formula), held


def shown_and_anew(formula: str, seed: int) -> list[tuple[Scalar, Scalar]]:
    """What a formula shows after edits of all numbers that stand in the book, and in a book that holds them."""
    draw = random.Random(seed)
    formula, held = with_cells_for_numbers(formula)

    def book(values: dict):
        made = as_snapshot([formula])
        for name, cells in values.items():
            made.sheets[name].values.update(cells)
        return made

    def shows(calculation: Recalculation) -> Scalar:
        calculation.renewed()
        return calculation.book.sheets["S"].values.get((area(F).top, area(F).left))

    start = book({"S": {(area(address).top, area(address).left): x for address, x in held.items()}})
    live, found = Recalculation(start, trusted=False), []
    shows(live)
    for _ in range(ROUNDS):
        edit = {
            name: {
                cell: draw.choice(WILD)
                if draw.random() < 0.05
                else x * draw.choice([1, 1.25]) + draw.choice([0, 1, -0.5])
                for cell, x in sheet.values.items()
                if type(x) is float and cell not in sheet.formulas
            }
            for name, sheet in start.sheets.items()
        }
        live.write(edit)
        found.append((shows(live), shows(Recalculation(book(edit), trusted=False))))
    return found


@pytest.mark.parametrize(("seed", "count"), [(1, 150), pytest.param(2, 4_000, marks=pytest.mark.full)])
def test_drawn_formulas_done_again_show_what_they_show_in_a_new_book(seed, count, done_again):
    for i, (_, formula) in enumerate(itertools.islice(drawn(seed), count)):
        if MADE.search(formula):
            continue
        for ours, theirs in shown_and_anew(formula, i):
            assert type(ours) is type(theirs), formula
            assert ours == (pytest.approx(theirs, rel=1e-12, abs=0) if type(ours) is float else theirs), (
                formula
            )
    assert len(done_again) > count / 4
