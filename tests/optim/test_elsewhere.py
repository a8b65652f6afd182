"""Parts done by others come in their order, and all of them come, whatever the others do."""

import itertools

import numpy as np
import pytest

from tests.optim.functions import Function
from tests.optim.test_train import bowl
from xlcicf.optim import elsewhere, train
from xlcicf.optim.elsewhere import Nowhere, in_order
from xlcicf.optim.methods import lbfgs


class Others:
    """They do the parts of `does`, the others they leave; what they were asked is noted."""

    def __init__(self, does, do):
        self.does, self.do = does, do
        self.asked, self.is_ended = [], False

    def begin(self, parts, seconds):
        self.asked.append(parts)

    def take(self, part):
        assert self.asked and not self.is_ended
        return self.do(part) if part in self.does else None

    def end(self):
        self.is_ended = True


@pytest.fixture
def worth(monkeypatch):
    """All work is worth other processes."""
    monkeypatch.setattr(elsewhere, "WORTH", -1.0)


@pytest.mark.parametrize("does", [set(), {3, 4}, {1, 2, 3, 4}, {2}], ids=str)
def test_parts_come_in_order_whoever_does_them(worth, does):
    others = Others(does, lambda part: f"there {part}")
    found = list(in_order(5, lambda part: f"here {part}", others))
    assert found == [f"there {part}" if part in does else f"here {part}" for part in range(5)]
    assert others.asked == [range(2, 5)] and others.is_ended


def test_short_work_is_done_here():
    others = Others({1, 2}, pytest.fail)
    assert list(in_order(3, lambda part: part, others)) == [0, 1, 2] and others.asked == []


def test_others_are_ended_when_nobody_wants_more(worth):
    others = Others({2}, lambda part: part)
    parts = in_order(5, lambda part: part, others)
    assert list(itertools.islice(parts, 3)) == [0, 1, 2] and not others.is_ended
    parts.close()
    assert others.is_ended


@pytest.mark.parametrize("does", [{1}, {2, 5}, {3, 4, 5}, {1, 2, 3, 4, 5}], ids=str)
def test_a_run_with_restarts_made_elsewhere_is_the_same_run(worth, does):
    f = Function(bowl, [4, 4])
    begin = lbfgs.starts(f, 6, seed=7)
    others = Others(does, lambda restart: list(lbfgs.search(f, begin[restart], 50)))
    alone, shared = (list(train(f, steps=50, restarts=6, seed=7, elsewhere=e)) for e in (Nowhere(), others))
    for one, other in zip(alone, shared, strict=True):
        for name, value in vars(one).items():
            assert np.array_equal(value, getattr(other, name))
    assert others.is_ended
