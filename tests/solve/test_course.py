"""The course of a run: whose way is kept, from where to where, and where each start ended."""

import math

import numpy as np
import pytest
import torch

from tests.optim.functions import Function
from xlcicf.addin.protocol import Report, report_of
from xlcicf.optim import starting, train
from xlcicf.solve.course import Course, Mark


def wells(v):
    """A well near each whole number, the deepest at 2."""
    return (1 - torch.cos(2 * math.pi * v) + 0.05 * (v - 2) ** 2).sum()


def course_of(*steps):
    """Of (number, loss, begun), the best so far being the least."""
    course, best = Course(), math.inf
    for step in steps:
        best = min(best, step[1])
        course.add(Mark(step[0], [step[1]], [*step[2:]] or None), best)
    return course


def run(f, optimizer, **settings):
    """The course of a run, marked as Training does."""
    course, place = Course(), None
    for step in train(f, optimizer, **settings):
        here = step.restart, step.number, step.best_loss
        if here != place:
            course.add(Mark.of(step), step.best_loss)
        place = here
    return course


def test_the_way_of_the_start_that_won_is_kept_from_where_it_began_to_where_it_ended():
    course = course_of((1, 5, 9), (2, 4, 9), (1, 3, 8), (2, 2, 8), (1, 7, 20), (2, 6, 20))
    assert course.won == [(0, 8), (1, 3), (2, 2)]
    assert course.ends == [(2, 4), (2, 2), (2, 6)]


def test_the_winner_goes_on_after_its_best_step():
    assert course_of((1, 1, 2), (2, 1.5, 2)).won == [(0, 2), (1, 1), (2, 1.5)]


def test_where_a_method_does_not_say_how_a_start_began_its_way_begins_with_the_first_step():
    assert course_of((1, 5), (2, 4)).won == [(1, 5), (2, 4)]


def test_what_is_no_number_is_left_out():
    course = course_of((1, 5, 9), (2, math.inf, 9), (1, math.nan, 3))
    assert (course.won, course.ends) == ([(0, 9), (1, 5)], [])


def test_each_start_ends_where_it_would_end_alone():
    f = Function(wells, [-1.3])
    starts, course = starting.starts(f, 5, 7), run(f, "lbfgs", restarts=5, seed=7)
    alone = [list(train(Function(wells, start), "lbfgs"))[-1].loss for start in starts]
    assert [loss for _, loss in course.ends] == pytest.approx(alone, abs=1e-12)
    assert len({round(loss, 6) for loss in alone}) > 1, "not all in the same well"
    winner = starts[int(np.argmin(alone))]
    assert course.won[0] == (0, pytest.approx(f.value_and_gradient(winner)[0]))
    assert course.won[-1][1] == pytest.approx(min(alone), abs=1e-12)


# ---- starts that move at once ----------------------------------------------------------------------------


def test_of_starts_that_move_at_once_each_has_its_own_end_and_the_winner_its_own_way():
    course = Course()
    course.add(Mark(1, [5, 7], [9, 8], leader=0), 5)
    course.add(Mark(2, [6, 3], leader=1), 3)
    course.add(Mark(3, [4, 3.5], leader=1), 3)
    assert course.won == [(0, 8), (1, 7), (2, 3), (3, 3.5)]
    assert course.ends == [(3, 4), (3, 3.5)]


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "rmsprop", "adam"])
@pytest.mark.parametrize("steps", [1, 8])  # none of them is at rest by then
def test_each_of_them_goes_where_it_would_go_alone(optimizer, steps):
    f, settings = Function(wells, [-1.3]), dict(steps=steps, lr=0.01)
    course = run(f, optimizer, restarts=5, seed=7, **settings)
    alone = [run(Function(wells, start), optimizer, **settings) for start in starting.starts(f, 5, 7)]
    assert [number for number, _ in course.ends] == [steps] * 5
    assert [loss for _, loss in course.ends] == pytest.approx([one.ends[0][1] for one in alone], abs=1e-12)
    assert len(set(course.ends)) == 5, "no two come to the same"
    winner = min(alone, key=lambda one: min(loss for number, loss in one.won if number))
    assert np.array(course.won) == pytest.approx(np.array(winner.won), abs=1e-12)
    assert len(course.won) == steps + 1


def test_a_start_that_is_lost_has_no_end_and_the_others_keep_theirs():
    f = Function(lambda v: torch.where(v < 0, math.nan, (v - 1) ** 2).sum(), [0.5], init=3.0)
    course = run(f, "sgd", steps=9, restarts=6, seed=1, lr=0.1)
    lost = sum(start[0] < 0 for start in starting.starts(f, 6, 1))
    assert 0 < lost < 6 and len(course.ends) == 6 - lost
    assert [number for number, _ in course.won] == [*range(10)]


def test_of_many_long_ways_every_second_step_is_kept(monkeypatch):
    monkeypatch.setattr("xlcicf.solve.course.MOST_KEPT", 60)
    kept = Course()
    for number in range(1, 101):
        kept.add(Mark(number, [3 - number, 2], [3, 2] if number == 1 else None), 3 - number)
    assert len(kept.won) <= 31 and kept.won[0] == (0, 3) and kept.won[-1] == (100, -97)
    assert set(kept.won) <= {(number, 3 - number) for number in range(101)}
    assert kept.ends == [(100, -97), (100, 2)]


def test_marks_come_through_a_line_as_they_were():
    f = Function(wells, [-1.3])
    marks = [Mark.of(step) for step in train(f, "adam", steps=3, restarts=2)]
    line = Report([], [], marks=marks).to_line()
    assert [Mark(*mark) for mark in report_of(line).marks] == marks
    assert [(mark.number, len(mark.losses), mark.begun is None) for mark in marks] == [
        (1, 2, False),
        (2, 2, True),
        (3, 2, True),
    ]
