"""Every formula of every lesson book, computed by the evaluator from the typed cells alone, against the values
saved in the book, which IronCalc and LibreOffice find too."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests import oracles
from xlcicf import lessons
from xlcicf.formula.evaluate import Evaluator
from xlcicf.formula.runs import Run, RunGraph
from xlcicf.formula.snapshot import ExcelError, Sheet, Snapshot
from xlcicf.host import open_book
from xlcicf.host.reading import read_snapshot

WORKBOOKS = Path(__file__).parents[2] / "workbooks"

Values = dict[tuple[str, int, int], object]


def saved_in(book: Snapshot) -> tuple[Snapshot, Values]:
    """The book without what its formulas show, and that: (sheet, row, column) -> value."""
    sheets, saved = {}, {}
    for sheet in book.sheets.values():
        filled = {*sheet.formulas, *(cell for area in sheet.arrays.values() for cell in area.cells())}
        typed = {cell: value for cell, value in sheet.values.items() if cell not in filled}
        saved |= {(sheet.name, *cell): sheet.values.get(cell) for cell in filled}
        sheets[sheet.name] = Sheet(sheet.name, sheet.formulas, typed, sheet.arrays)
    return replace(book, sheets=sheets), saved


def evaluated(graph: RunGraph) -> tuple[Values, list[str]]:
    """What the cells of all formulas come to, and the formulas refused."""
    evaluator, refused = Evaluator(graph), []

    def failed(run: Run, error: Exception) -> None:
        refused.append(f"{run.cell} {run.text}: {error}")

    values: Values = {}
    runs = [run for sheet in graph.book.sheets for run in graph.runs(sheet)]
    for run in graph.in_order(runs, failed):
        try:
            piece = evaluator.compute(run)
        except Exception as error:
            failed(run, error)
            continue
        cells = ((piece.area.sheet, *cell) for cell in piece.area.cells())
        values.update(zip(cells, piece.grid.scalars().ravel().tolist(), strict=True))
    return values, refused


def disagreements(run: Run, ours: Values, saved: Values) -> list[str]:
    """Where the cells of one formula show something else than was saved; numbers by the one measure."""
    cells = [(run.area.sheet, *cell) for cell in run.area.cells()]
    numbers = [cell for cell in cells if type(ours.get(cell)) is type(saved[cell]) is float]
    gap = oracles.difference([saved[cell] for cell in numbers], [ours[cell] for cell in numbers])
    others = [cell for cell in cells if type(ours.get(cell)) is not float or type(saved[cell]) is not float]
    apart = [
        f"{cell}: {saved[cell]!r}, not {ours.get(cell)!r}"
        for cell in others
        if not same(ours.get(cell), saved[cell])
    ]
    return apart + [f"{run.cell} {run.text}: {gap}"] * (gap > 1e-12)


def same(ours, saved) -> bool:
    """Equal texts, errors and truths; what has come out empty is saved as an empty text or as nothing."""
    if (
        isinstance(ours, bool)
        or isinstance(saved, bool)
        or isinstance(ours, ExcelError) != isinstance(saved, ExcelError)
    ):
        return ours is saved
    return isinstance(ours, str) and ours == (saved or "")


@pytest.mark.parametrize("name", lessons.LESSONS)
def test_every_formula_of_a_lesson_book_equals_the_saved_value(name):
    book = open_book(WORKBOOKS / f"{name}.xlsx")
    typed, saved = saved_in(read_snapshot(book))
    book.close()
    graph = RunGraph(typed)
    ours, refused = evaluated(graph)
    assert refused == []
    runs = [run for sheet in typed.sheets for run in graph.runs(sheet)]
    assert [found for run in runs for found in disagreements(run, ours, saved)] == []
    assert ours.keys() == saved.keys()
