"""Every formula of every lesson book, computed by our evaluator from the typed cells alone, against the values
saved in the book, which IronCalc and LibreOffice find too."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests import oracles
from xlcicf import lessons
from xlcicf.formula.address import SheetCell, cell_address
from xlcicf.formula.graph import graph_of
from xlcicf.formula.recalculation import Recalculation
from xlcicf.formula.snapshot import Scalar, Snapshot
from xlcicf.formula.units import Run
from xlcicf.host import open_book
from xlcicf.host.reading import read_snapshot

WORKBOOKS = Path(__file__).parents[2] / "workbooks"

Values = dict[SheetCell, Scalar]


def typed_and_saved(book: Snapshot) -> tuple[Snapshot, Values]:
    """The book without what its formulas show, and that."""
    sheets, saved = {}, {}
    for name, sheet in book.sheets.items():
        filled = {*sheet.formulas, *(cell for area in sheet.arrays.values() for cell in area.cells())}
        saved |= {(name, *cell): sheet.values.get(cell, "") for cell in filled}
        typed = {cell: value for cell, value in sheet.values.items() if cell not in filled}
        sheets[name] = replace(sheet, values=typed)
    return replace(book, sheets=sheets), saved


def computed(typed: Snapshot) -> tuple[Values, list[str]]:
    """What the formulas come to, and the sentences of those refused."""
    recalculation = Recalculation(typed, trusted=False)
    results = recalculation.renewed()
    values = {(name, *cell): value for name, cells in results.items() for cell, value in cells.items()}
    return values, [str(error) for error in recalculation.uncomputed.values()]


def disagreements(run: Run, ours: Values, saved: Values) -> list[str]:
    """Where the cells of one formula show something else than was saved; numbers by the one measure."""
    cells = [(run.area.sheet, *cell) for cell in run.area.cells()]
    numbers = [cell for cell in cells if type(ours[cell]) is type(saved[cell]) is float]
    gap = oracles.difference([saved[cell] for cell in numbers], [ours[cell] for cell in numbers])
    found = [f"{run.cell} {run.text} differs by {gap}"] * (gap > 1e-12)
    for cell in set(cells).difference(numbers):
        if (type(ours[cell]), ours[cell]) != (type(saved[cell]), saved[cell]):
            found.append(f"{cell_address(*cell)} shows {ours[cell]!r}, not {saved[cell]!r}")
    return found


@pytest.mark.parametrize("name", lessons.LESSONS)
def test_every_formula_of_a_lesson_book_equals_the_saved_value(name):
    book = open_book(WORKBOOKS / f"{name}.xlsx")
    typed, saved = typed_and_saved(read_snapshot(book))
    book.close()
    ours, refused = computed(typed)
    assert refused == []
    assert ours.keys() == saved.keys()
    graph = graph_of(typed)
    runs = [run for sheet in typed.sheets for run in graph.runs(sheet)]
    assert [found for run in runs for found in disagreements(run, ours, saved)] == []
