"""What a large range costs on its way into a function in a cell and out again, beside the least there is."""

import numpy as np
import pytest
import xlwings
from xlwings.conversion import read, write

import xlcicf
from tests.bench.timing import interleaved, ratio
from xlcicf.addin import function_calls
from xlcicf.addin.function_calls import CellFunction, Results, numbers

pytestmark = pytest.mark.bench

ROWS, COLUMNS = 10_000, 10
RAW = {"convert": "raw"}


@pytest.fixture
def engine(titanic_book):
    """The name of an engine that xlwings knows; its raw conversion asks it nothing."""
    xlcicf.open_book(titanic_book)
    return xlwings.engines.active.name


def test_a_hundred_thousand_cells_in_and_out(engine, measured, monkeypatch):
    monkeypatch.setattr(function_calls, "RESULTS", Results())
    table = np.random.default_rng(0).normal(size=(ROWS, COLUMNS))
    given = tuple(map(tuple, table.tolist()))  # as COM hands them over

    def bare():
        array = np.array(read(None, given, RAW, engine), dtype=np.float64)
        return write(array.tolist(), None, RAW, engine)

    same = CellFunction("NN_SAME", "", {"x": numbers("any shape", "")}, body=lambda x: x, volatile=False)

    def ours():
        function_calls.RESULTS = Results()  # nothing is remembered: the whole way each time
        return write(same(read(None, given, RAW, engine)), None, RAW, engine)

    assert ours() == bare() == table.tolist()
    our_seconds, least = interleaved(ours, bare, rounds=15)
    measured("100,000 cells in and out / xlwings raw and np.array (bar: 2x)", ratio(our_seconds, least))
