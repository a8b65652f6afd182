"""A sheet computed as it is by default, and cell by cell: without rings and without batches."""

from contextlib import contextmanager
from unittest.mock import patch

import numpy as np
import pytest

from tests.formula.sheets import area
from xlcicf.errors import XlcicfError
from xlcicf.formula import differentiate, runs, units
from xlcicf.formula.address import cell_address
from xlcicf.formula.evaluate import Evaluator
from xlcicf.formula.graph import graph_of
from xlcicf.formula.rings import computed


@contextmanager
def cell_by_cell():
    """No rings and no batches: each level of a ring is computed after the one before it."""
    with patch.object(runs, "LONG", 10**9), patch.object(units, "FEWEST", 10**9):
        yield


def values(book):
    """What each formula cell of a snapshot shows."""
    graph = graph_of(book)
    found = {}
    failed = {}
    ordered = graph.in_order(
        [run for sheet in book.sheets for run in graph.runs(sheet)],
        lambda run, e: failed.setdefault(run.cell, e),
    )
    evaluator = Evaluator(graph)
    for piece in computed(evaluator, ordered, lambda run, e: failed.setdefault(run.cell, e)):
        shown = piece.grid.scalars().ravel()
        for laid in piece.laid():
            for i, (row, col) in enumerate(laid.area.cells()):
                found[cell_address(laid.area.sheet, row, col)] = shown[laid.start + i]
    return found, failed


def assert_equal_values(book):
    ours, failed = values(book)
    with cell_by_cell():
        theirs, failed_too = values(book)
    assert ours.keys() == theirs.keys()
    assert failed.keys() == failed_too.keys()
    numbers = [cell for cell, value in theirs.items() if isinstance(value, float)]
    assert {c: (type(v), str(v)) for c, v in ours.items() if c not in numbers} == {
        c: (type(v), str(v)) for c, v in theirs.items() if c not in numbers
    }
    a, b = (np.array([side[cell] for cell in numbers], dtype=float) for side in (ours, theirs))
    assert np.abs(a - b).max(initial=0.0) <= 1e-12 * max(1.0, np.abs(b).max(initial=0.0))


def assert_equal_functions(book, objective, changing, moved=(), corners=True, within=(1e-11, 1e-9)):
    """Values, gradients, cells and corners; at the start and where it is moved to. Values and gradients are
    `within` so much of each other, in parts of the largest.

    Corners are not compared where rounding grows from row to row, so that a corner may lie just beyond."""

    def compiled():
        return differentiate(book, area(objective), [area(c) for c in changing])

    with cell_by_cell():
        try:
            theirs = compiled()
        except XlcicfError as error:
            with pytest.raises(type(error)):
                compiled()
            return None
    ours = compiled()
    for v in (theirs.start, *moved):
        with cell_by_cell():
            value, slope = theirs.value_and_gradient(v)
            kinks = _kinks(theirs, v)
            cells = {block.area: block.values for block in theirs.blocks(v)}
        if not np.isfinite(value):
            assert not np.isfinite(ours.value(v))
            continue
        got, gradient = ours.value_and_gradient(v)
        assert abs(got - value) <= within[0] * max(1, abs(value))
        assert ours.value(v) == got
        assert np.abs(gradient - slope).max() <= within[1] * max(1, np.abs(slope).max())
        assert not corners or _kinks(ours, v) == kinks
        a, b = _numbers(cells), _numbers({b.area: b.values for b in ours.blocks(v)})
        assert a.keys() == b.keys()
        for cell, x in a.items():
            assert b[cell] == pytest.approx(x, rel=1e-9, abs=1e-9, nan_ok=True), cell
    return ours


def _kinks(f, v):
    return {cell: sorted(corners) for cell, corners in f.kinks(v, 1e-6 * np.maximum(1, np.abs(v))).items()}


def _numbers(blocks):
    return {
        cell_address(a.sheet, *cell): x
        for a, block in blocks.items()
        for cell, x in zip(a.cells(), block.ravel(), strict=True)
    }
