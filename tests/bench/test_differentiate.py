"""How long a book's formulas take to become a function, beside openpyxl's reading of the same file."""

import openpyxl
import pytest

import xlcicf
from tests.bench.timing import interleaved, ratio
from xlcicf.host import read_snapshot

pytestmark = pytest.mark.bench


ROUNDS = 3


def test_differentiate_beside_openpyxl_loading(titanic_book, measured):
    books = [xlcicf.open_book(titanic_book) for _ in range(ROUNDS)]
    read = xlcicf.open_book(titanic_book)
    read_snapshot(read)
    problem = xlcicf.find_problem(read)
    first, again, openpyxls = interleaved(
        lambda: xlcicf.differentiate(books.pop(), problem),
        lambda: xlcicf.differentiate(read, problem),
        lambda: openpyxl.load_workbook(titanic_book),
        rounds=ROUNDS,
    )
    f = xlcicf.differentiate(read, problem)
    assert f.value(f.start) == pytest.approx(read.sheets["Net"]["P5"].value, rel=1e-12)
    measured("differentiate, cells still to be read / openpyxl load, titanic.xlsx", ratio(first, openpyxls))
    measured("differentiate, once open / openpyxl load, titanic.xlsx", ratio(again, openpyxls))
