"""Whole numbers that take HiGHS long: what it has found so far is shown, and a person can end it."""

import math
from itertools import islice

import numpy as np
import pytest

from tests.formula.sheets import area, snapshot
from xlcicf.formula.address import column_letters
from xlcicf.formula.limits import Limit
from xlcicf.formula.sheetfunction import SheetFunction, differentiate
from xlcicf.optim import train
from xlcicf.optim.optimality import violation
from xlcicf.words import STOPPED

ROWS, COLUMNS = 50, 300
LAST = column_letters(COLUMNS)


def knapsacks(start: np.ndarray) -> SheetFunction:
    """What to take, of 300 things, with 50 kinds of room: far more than a minute's work."""
    draw = np.random.default_rng(0)
    weights = draw.integers(1, 100, (ROWS, COLUMNS)).astype(float)
    worth = weights.mean(0) + draw.integers(50, 100, COLUMNS)
    cells: dict[str, object] = {}
    for row, numbers in enumerate((start, worth, *weights), 1):
        cells |= {f"{column_letters(i)}{row}": float(x) for i, x in enumerate(numbers, 1)}
    cells |= {f"ZA{row}": f"=SUMPRODUCT($A$1:${LAST}$1,A{row}:{LAST}{row})" for row in range(2, ROWS + 3)}
    cells |= {f"ZB{row}": float(x) for row, x in enumerate(0.4 * weights.sum(1), 3)}
    rooms = Limit("rooms", (area(f"ZA3:ZA{ROWS + 2}"),), "<=", (area(f"ZB3:ZB{ROWS + 2}"),))
    return differentiate(
        snapshot(cells), area("ZA2"), [area(f"A1:{LAST}1")], sense="max", constraints=[rooms],
        lower=np.zeros(COLUMNS), upper=np.ones(COLUMNS), whole=np.ones(COLUMNS, bool),
    )  # fmt: skip


def test_it_ends_with_the_best_so_far_when_the_time_is_up():
    f = knapsacks(np.zeros(COLUMNS))
    *way, last = train(f, time_limit=2)
    assert last.status == STOPPED and "the time is up, 2 s" in last.reason
    assert way and last.best_loss > 0
    assert violation(f, last.best_values) <= 1e-8
    assert set(last.best_values.tolist()) <= {0.0, 1.0}


def test_a_person_ends_it_as_soon_as_it_works():
    run = train(knapsacks(np.zeros(COLUMNS)))
    assert len(list(islice(run, 3))) == 3
    run.close()  # and does not wait for HiGHS to come to an end


def test_it_begins_with_the_sheets_own_values_where_these_hold():
    (*_, found) = train(knapsacks(np.zeros(COLUMNS)), time_limit=2)
    first = next(step for step in train(knapsacks(found.best_values)) if math.isfinite(step.best_loss))
    assert first.best_loss == pytest.approx(found.best_loss, rel=1e-12)
    (*_, again) = train(knapsacks(found.best_values), time_limit=1)
    assert again.best_loss >= found.best_loss
