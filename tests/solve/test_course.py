"""The course of a run: whose way is kept, from where to where, and where each start ended."""

import math

import numpy as np
import pytest
import torch

from tests.optim.functions import Function
from xlcicf.optim import objective, train
from xlcicf.solve.course import Course, Mark


def wells(v):
    """A well near each whole number, the deepest at 2."""
    return (1 - torch.cos(2 * math.pi * v) + 0.05 * (v - 2) ** 2).sum()


def course_of(*steps):
    """Of (number, loss, begun), the best so far being the least."""
    course, best = Course(), math.inf
    for step in steps:
        best = min(best, step[1])
        course.add(Mark(*step), best)
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
    starts, course, place = objective.starts(f, 5, 7), Course(), None
    for step in train(f, "lbfgs", restarts=5, seed=7):
        here = step.restart, step.number, step.best_loss
        if here != place:
            course.add(Mark.of(step), step.best_loss)
        place = here
    alone = [list(train(Function(wells, start), "lbfgs"))[-1].loss for start in starts]
    assert [loss for _, loss in course.ends] == pytest.approx(alone, abs=1e-12)
    assert len({round(loss, 6) for loss in alone}) > 1, "not all in the same well"
    winner = starts[int(np.argmin(alone))]
    assert course.won[0] == (0, pytest.approx(f.value_and_gradient(winner)[0]))
    assert course.won[-1][1] == pytest.approx(min(alone), abs=1e-12)
