"""Work shared with real processes comes out bit for bit as on one core, and their death is nobody's loss."""

import json
import os
import signal
import time

import numpy as np
import pytest

from tests.layouts import MODELS
from xlcicf.formula.recalculation import recalculation
from xlcicf.host import open_book, read_snapshot
from xlcicf.optim import elsewhere, train
from xlcicf.optim.methods import lbfgs
from xlcicf.solve import find_problem, place, share
from xlcicf.solve.differences import H, central_differences, nudges
from xlcicf.solve.question import question_line

COLLAB = next(model for model in MODELS if model.name == "collab")
SETTINGS = {"optimizer": "lbfgs", "steps": 20, "restarts": 40, "seed": 3, "lr": None}


@pytest.fixture(scope="module")
def problem(tmp_path_factory):
    path = tmp_path_factory.mktemp("share") / "collab.xlsx"
    COLLAB.build(path)
    book = open_book(path)
    return place(read_snapshot(book), find_problem(book))


@pytest.fixture(autouse=True)
def worth(monkeypatch):
    """All work is worth one more process, on any machine."""
    monkeypatch.setattr(elsewhere, "WORTH", -1.0)
    monkeypatch.setattr(share, "EACH", 1e-9)
    monkeypatch.setattr(share, "cores", lambda: 2)


class Watched:
    """A Share that waits until the last part is begun elsewhere, and counts what came from there."""

    def __init__(self, inner, when_begun=lambda process: None):
        self.inner, self.when_begun, self.count = inner, when_begun, 0

    def begin(self, parts, seconds):
        self.inner.begin(parts, seconds)
        (self.process,) = self.inner._processes
        self.when_begun(self.process)
        while parts[-1] not in self.inner._found:
            time.sleep(0.001)

    def take(self, part):
        found = self.inner.take(part)
        self.count += found is not None
        return found

    def end(self):
        self.inner.end()


def restarts(problem):
    return share.restarts(lambda: question_line(problem, SETTINGS), SETTINGS)


def steps(problem, others=None):
    found = train(problem.function(), **SETTINGS, elsewhere=others)
    return [(s.number, s.restart, s.loss, s.best_loss, s.reason, *s.values, *s.best_values) for s in found]


def test_restarts_on_two_cores_are_those_on_one(problem):
    others = Watched(restarts(problem))
    assert steps(problem, others) == steps(problem)
    assert others.count >= 1 and others.process.returncode is not None


def test_other_processes_make_as_many_steps_as_are_usual_where_nobody_says_how_many(problem, monkeypatch):
    monkeypatch.setitem(SETTINGS, "steps", None)
    monkeypatch.setitem(SETTINGS, "restarts", 12)
    others = Watched(restarts(problem))
    assert steps(problem, others) == steps(problem)
    assert others.count >= 1


def test_slopes_on_two_cores_are_those_on_one(problem):
    value, start = recalculation(problem.book, problem.objective, problem.changing), problem.start
    steps = nudges(start, H)
    others = Watched(share.slopes(lambda: question_line(problem, {}), steps))
    shared, alone = central_differences(value, start, steps, others), central_differences(value, start, steps)
    assert np.array_equal(shared, alone) and others.count >= 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=str)
def test_the_parts_of_a_killed_process_are_done_here(problem, number):
    others = Watched(restarts(problem), lambda process: os.kill(process.pid, number))
    assert steps(problem, others) == steps(problem)
    assert others.count == 0


def test_a_process_that_cannot_do_its_part_says_nothing_and_loses_nothing(problem, capfd):
    others = share.restarts(lambda: b"no question\n", SETTINGS)
    assert steps(problem, others) == steps(problem)
    assert capfd.readouterr().err == ""


def test_no_process_is_left_when_nobody_wants_more(problem):
    others = Watched(restarts(problem))
    run = train(problem.function(), **SETTINGS, elsewhere=others)
    while not hasattr(others, "process"):
        next(run)
    run.close()
    assert others.process.returncode is not None


@pytest.mark.parametrize(("cores", "seconds"), [(1, 1e9), (8, 4.9)])
def test_no_process_is_started_for_one_core_or_for_short_work(problem, monkeypatch, cores, seconds):
    monkeypatch.setattr(share, "cores", lambda: cores)
    monkeypatch.setattr(share, "EACH", 5.0)
    others = restarts(problem)
    others.begin(range(1, 40), seconds)
    assert others._processes == [] and others.take(1) is None


def test_what_is_said_of_an_iteration_comes_back_to_the_last_bit(problem):
    f = problem.function()
    found = list(lbfgs.search(f, f.start, 20))
    said = json.loads(json.dumps([[one.number, one.values.tolist(), *one[2:]] for one in found]))
    for one, back in zip(found, restarts(problem).read(said), strict=True):
        assert np.array_equal(one.values, back.values)
        assert one[:1] + one[2:] == back[:1] + back[2:]
