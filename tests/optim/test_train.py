"""The training generator: its numbers against scipy, torch.optim and the lesson; stops, bounds, seeds."""

import math
import threading
import time

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from threadpoolctl import threadpool_info, threadpool_limits

from tests.optim.functions import Function, net
from xlcicf.errors import TrainingError
from xlcicf.learn import nets, titanic
from xlcicf.optim import METHODS, train, turns
from xlcicf.optim.methods import lbfgs
from xlcicf.optim.starting import starts
from xlcicf.optim.steps import GTOL


def titanic_net(**fields):
    return net(titanic.lesson(), titanic.weights("start"), **fields)


FIRST_ORDER = ["sgd", "momentum", "rmsprop", "adam"]
SLOPES = ["auto", "lbfgs", *FIRST_ORDER]  # auto: of a Function no more is known than its slopes
ANY = [*SLOPES, "slsqp", "branch-and-bound", "evolutionary"]  # to which that is enough
STRUCTURE = {  # to which it is not, and what they miss
    "least-squares": "no sum of squares",
    "linear": "linear",
    "quadratic": "no convex quadratic",
    "orders": "no changing cells must all be different",
}


def bowl(v):
    """Lowest, 3, at (1, -2); curved twice as much along the second value."""
    return (v[0] - 1) ** 2 + 2 * (v[1] + 2) ** 2 + 3


def last(run):
    *_, step = run
    return step


# Published losses after so many steps from the lesson's start weights.
PUBLISHED = [
    ("sgd", 0.1, {10: 0.22608, 50: 0.18419, 100: 0.17690, 200: 0.17189, 500: 0.16602}),
    ("sgd", 0.5, {500: 0.13556}),
    ("adam", 0.01, {10: 0.21870, 50: 0.14339, 100: 0.13547, 200: 0.13404, 500: 0.13205}),
    ("adam", 0.05, {500: 0.13483}),
    ("lbfgs", None, {200: 0.13488}),
]


@pytest.mark.parametrize(("optimizer", "lr", "losses"), PUBLISHED)
def test_the_lessons_net_trains_as_published(optimizer, lr, losses):
    run = list(train(titanic_net(), optimizer, steps=max(losses), lr=lr))
    for number, loss in losses.items():
        step = run[min(number, len(run)) - 1]
        assert step.loss == pytest.approx(loss, abs=0.51e-5)


def test_solvers_answer_is_a_local_optimum_that_lbfgs_does_not_leave():
    data = titanic.fastai_sheet()
    step = last(train(net(data, titanic.weights("solver"))))
    assert step.best_loss == pytest.approx(0.1431520963037, abs=1e-11)
    pred = nets.predict(data.X, step.best_values.reshape(2, 10))
    assert nets.accuracy(pred, data.y) == pytest.approx(0.806180, abs=0.5e-6)


def test_a_few_restarts_beat_solvers_answer_by_far():
    step = last(train(titanic_net(init=0.5), restarts=10))
    assert step.best_loss < 0.1285


def test_lbfgs_makes_the_steps_of_a_plain_call_of_scipy():
    f, expected = titanic_net(), []
    minimize(
        f.value_and_gradient,
        f.start,
        jac=True,
        method="L-BFGS-B",
        callback=lambda x: expected.append(x.copy()),
        options={"maxiter": 60, "ftol": lbfgs.FTOL, "gtol": GTOL},
    )
    steps = list(train(f, steps=60))
    assert len(steps) == len(expected) == 60
    assert all((step.values == x).all() for step, x in zip(steps, expected, strict=True))


@pytest.mark.parametrize("optimizer", FIRST_ORDER)
def test_first_order_steps_are_torch_optims(optimizer):
    make, lr = METHODS[optimizer].run.args[0], METHODS[optimizer].lr
    values = torch.tensor([4.0, 4.0], dtype=torch.float64, requires_grad=True)
    reference = make([values], lr=lr)
    steps = list(train(Function(bowl, [4, 4]), optimizer, steps=30))
    assert len(steps) == 30
    for step in steps:
        reference.zero_grad()
        bowl(values).backward()
        reference.step()
        assert (step.values == values.detach().numpy()).all()


# sense, lower, upper -> the objective's value and the values at the optimum
OPTIMA = {
    "min": (Function(bowl, [4, 4]), 3, [1, -2]),
    "max": (Function(lambda v: 7 - bowl(v), [4, 4], sense="max"), 4, [1, -2]),
    "a value": (Function(bowl, [4, 1], sense=10.0), 10, None),
    "a value out of reach": (Function(bowl, [4, 1], sense=2.0), 3, [1, -2]),
    "bounded": (Function(bowl, [4, 4], lower=[2, -1], upper=[9, math.inf]), 6, [2, -1]),
    "non-negative": (Function(bowl, [4, 4], lower=[0, 0]), 11, [1, 0]),
    "a start out of bounds": (Function(bowl, [4, 4], upper=[3, 3]), 3, [1, -2]),
    "max within bounds": (Function(bowl, [0, 0], sense="max", lower=[-1, -1], upper=[1, 2]), 39, [-1, 2]),
    "a fixed value": (Function(bowl, [4, 4], lower=[4, -9], upper=[4, 9]), 12, [4, -2]),
}
RATES = {"sgd": 0.05, "momentum": 0.01, "rmsprop": 0.01, "adam": 0.05}
CLOSE = {"sgd": 1e-4, "momentum": 1e-4, "rmsprop": 1e-2, "adam": 1e-4}  # the others 1e-6


@pytest.mark.parametrize("optimizer", ANY)
@pytest.mark.parametrize(("f", "value", "values"), OPTIMA.values(), ids=OPTIMA)
def test_every_optimizer_finds_the_optimum(f, value, values, optimizer):
    lr = RATES.get(optimizer)
    if optimizer in ("sgd", "momentum") and not isinstance(f.sense, str):
        lr /= 40  # a squared distance is that much steeper
    step = last(train(f, optimizer, steps=1200, lr=lr))
    assert step.best_loss == pytest.approx(value, abs=CLOSE.get(optimizer, 1e-6))
    if values:
        assert step.best_values == pytest.approx(values, abs=2e-2)


@given(
    start=st.lists(st.floats(-5, 5), min_size=2, max_size=2),
    edges=st.lists(st.tuples(st.floats(-5, 5), st.floats(0, 5)), min_size=2, max_size=2),
    optimizer=st.sampled_from(ANY),
    seed=st.integers(0, 9),
)
def test_no_step_leaves_the_bounds_and_the_best_is_the_best(start, edges, optimizer, seed):
    lower, upper = np.array([low for low, _ in edges]), np.array([low + width for low, width in edges])
    f = Function(bowl, start, lower=lower, upper=upper)
    best = math.inf
    for step in train(f, optimizer, steps=5, restarts=3, seed=seed):
        assert (lower <= step.values).all() and (step.values <= upper).all()
        assert step.loss == f.value_and_gradient(step.values)[0]
        assert step.best_loss == f.value_and_gradient(step.best_values)[0]
        rounding = 1e-14 * abs(step.loss) if step.reason else 0.0  # a value at its bound is put onto it
        assert step.best_loss <= min(best, step.loss) + rounding
        best = step.best_loss
    assert best < math.inf  # there was a step


@pytest.mark.parametrize("optimizer", SLOPES)
def test_a_run_counts_its_steps_and_gives_its_reason_last(optimizer):
    *before, end = train(titanic_net(), optimizer, steps=12)
    assert [step.number for step in before] == list(range(1, 12)) and end.number == 12
    assert {step.reason for step in before} == {None}
    assert (end.status, end.reason) == (
        "stopped", "the cap of 12 steps was reached; more steps may find better values"
    )  # fmt: skip
    assert {step.status for step in before} == {None}


def test_where_nothing_moves_any_more_that_is_said():
    reason = last(train(net(titanic.fastai_sheet(), np.full((2, 10), 0.1)))).reason
    assert "every slope is exactly 0 there" in reason
    assert "every slope" not in last(train(titanic_net(), steps=5)).reason


@pytest.mark.parametrize("optimizer", SLOPES)
def test_a_run_that_begins_at_the_optimum_says_so_in_its_only_step(optimizer):
    (step,) = train(Function(bowl, [1, -2]), optimizer)
    assert (step.number, step.loss) == (0, 3)
    assert step.reason.startswith("converged: the gradient is at most 1e-09")
    assert step.status == "found"


@pytest.mark.parametrize("optimizer", SLOPES)
def test_the_same_seed_gives_the_same_numbers(optimizer):
    def numbers(seed):
        return [
            (step.number, step.restart, step.loss, *step.values)
            for step in train(titanic_net(init=0.5), optimizer, steps=5, restarts=3, seed=seed)
        ]

    assert numbers(1) == numbers(1) != numbers(2)


def test_lbfgs_restarts_come_one_after_another_and_the_reason_names_the_best():
    run = list(train(titanic_net(init=0.5), steps=20, restarts=4))
    assert [step.restart for step in run] == [r for r in range(4) for _ in range(20)]
    best = min(run, key=lambda step: step.loss)
    which = f"restart {best.restart}" if best.restart else "the start from the sheet's own values"
    assert run[-1].reason.endswith(f"this is {which}, the best of 4 starts")
    assert (run[-1].best_values == best.values).all()


def test_first_order_restarts_move_as_one_batch():
    f, sizes = titanic_net(init=0.5), []
    batch = f.batch
    f.batch = lambda values: sizes.append(len(values)) or batch(values)
    run = list(train(f, "adam", steps=20, restarts=4))
    assert sizes == [4] * 21 and len(run) == 20
    alone = [last(train(Function(f.loss, start), "adam", steps=20)).loss for start in starts(f, 4, seed=0)]
    assert run[-1].loss == min(alone) and run[-1].restart == int(np.argmin(alone))


inf = math.inf
BOXES = {  # the boxes in which one start after another begins, by turns
    "both bounds": (dict(lower=[-3, 10], upper=[-1, 20]), [([-3, 10], [-1, 20])]),
    "an own net": (dict(init=0.5), [([-0.5, -0.5], [0.5, 0.5])]),
    "an own net, cut by a bound": (dict(init=0.5, lower=[0, -inf]), [([0, -0.5], [0.5, 0.5])]),
    "around the values": (dict(), [([0.1 - r, 14 - 14 * r], [0.1 + r, 14 + 14 * r]) for r in (0.5, 1, 2, 4)]),
    "around the values, cut by a bound": (
        dict(upper=[inf, 15]),
        [([0.1 - r, 14 - 14 * r], [0.1 + r, 15]) for r in (0.5, 1, 2, 4)],
    ),
}


@pytest.mark.parametrize(("fields", "boxes"), BOXES.values(), ids=BOXES)
def test_restarts_begin_evenly_spread_within_their_boxes(fields, boxes):
    f = Function(bowl, [0.1, 14], **fields)
    first, *drawn = starts(f, 8001, seed=3)
    assert (first == np.clip(f.start, f.lower, f.upper)).all()
    for turn, (low, high) in enumerate(boxes):
        here = np.array(drawn[turn :: len(boxes)])
        assert (here >= low).all() and (here <= high).all()
        width = np.subtract(high, low)
        assert here.min(0) == pytest.approx(low, abs=0.01 * width.max())
        assert here.max(0) == pytest.approx(high, abs=0.01 * width.max())
    assert (starts(f, 3, seed=3)[1:] == drawn[:2]).all(), "more restarts begin with the same ones"


def test_lbfgs_steps_come_while_it_runs(monkeypatch):
    monkeypatch.setattr(turns, "TURN", 0)
    f = titanic_net()
    run = train(f)
    next(run), next(run)
    assert f.evaluations < 10


@pytest.mark.parametrize("optimizer", ANY)
def test_nothing_runs_between_steps_nor_after_the_run_is_closed(optimizer):
    f, threads = titanic_net(), threading.active_count()
    run = train(f, optimizer)
    for go in (run.__next__, run.__next__, run.close):
        go()
        evaluations = f.evaluations
        time.sleep(0.05)
        assert f.evaluations == evaluations
    assert threading.active_count() == threads


@pytest.mark.parametrize("optimizer", ANY)
def test_a_run_keeps_to_one_thread_and_gives_the_others_back(optimizer):
    def threads():
        blas = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
        return torch.get_num_threads(), *blas

    def watched(v):
        seen.update(threads())
        return bowl(v)

    before, seen = torch.get_num_threads(), set()
    torch.set_num_threads(2)
    try:
        with threadpool_limits(limits=2, user_api="blas"):
            last(train(Function(watched, [4, 4]), optimizer, steps=3))
            assert set(threads()) == {2}
    finally:
        torch.set_num_threads(before)
    assert seen == {1}


@pytest.mark.parametrize("optimizer", SLOPES)
def test_what_the_objective_raises_reaches_the_caller(optimizer):
    f = Function(bowl, [4, 4])
    run = train(f, optimizer)
    next(run)

    def interrupted(v):
        raise KeyboardInterrupt

    f.loss = interrupted
    with pytest.raises(KeyboardInterrupt):
        last(run)


def test_divergence_ends_at_the_last_finite_best_and_says_so():
    run = list(train(Function(bowl, [4, 4]), "sgd", lr=1e200))
    assert all(math.isfinite(step.loss) and np.isfinite(step.values).all() for step in run)
    assert run[-1].best_loss == bowl([4, 4]) and (run[-1].best_values == [4, 4]).all()
    assert "stopped being a number at step" in run[-1].reason
    assert "the best was at step 0: a learning rate below 1e+200 may do better" in run[-1].reason


# Each has its optimum at 1; beyond an edge it is no number, and a bold first step goes there.
EDGES = {
    "LN below 0": (lambda v: (v - torch.log(v)).sum(), [8.0]),
    "SQRT below 0": (lambda v: (v - 2 * torch.sqrt(v)).sum(), [3.0]),
    "division by 0": (lambda v: torch.where(v > 0, v + 1 / v, math.nan).sum(), [7.0]),
}


@pytest.mark.parametrize(("loss", "start"), EDGES.values(), ids=EDGES)
def test_lbfgs_turns_back_where_the_objective_is_no_number(loss, start):
    step = last(train(Function(loss, start)))
    assert math.isfinite(step.best_loss) and step.best_values == pytest.approx([1], abs=1e-3)


def test_lbfgs_really_meets_the_wall_in_that_test():
    values = []
    f = Function(lambda v: values.append(v.item()) or (v - torch.log(v)).sum(), [8.0])
    last(train(f))
    assert min(values) < 0


@pytest.mark.parametrize("optimizer", SLOPES)
def test_drawn_starts_that_are_no_number_are_left_out_and_counted(optimizer):
    f = Function(lambda v: (v - torch.log(v)).sum(), [2.0], init=2.0)
    drawn = starts(f, 12, seed=0)[1:]
    step = last(train(f, optimizer, steps=300, restarts=12))
    assert step.best_loss == pytest.approx(1, abs=1e-2)
    assert f"{(drawn <= 0).sum()} of them ended where the objective is no number" in step.reason


@pytest.mark.parametrize("optimizer", ANY)
def test_values_outside_their_bounds_are_told_since_the_loss_may_only_rise(optimizer):
    inside, outside = (last(train(Function(bowl, [x, -2], lower=[2, -9]), optimizer)) for x in (2, 1))
    said = "the values that stood in the cells lie outside the bounds"
    assert said in outside.reason and said not in inside.reason
    assert outside.best_loss > bowl([1, -2])


def test_a_start_near_the_largest_number_is_drawn_in_silence():
    drawn = starts(Function(bowl, [1.7e308, 0]), 9, seed=0)
    assert np.isfinite(drawn[:, 1]).all() and drawn[0, 0] == 1.7e308


@pytest.mark.parametrize("optimizer", ANY)
@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (lambda v: torch.log(v[0]) + v[1], "the objective cell shows an error or no number"),
        (lambda v: torch.sqrt(v[0] + 1) + v[1], r"no finite slope along Model!A1 \(as SQRT has none at 0\)"),
    ],
)
def test_a_start_without_number_or_slope_is_refused(loss, message, optimizer):
    with pytest.raises(TrainingError, match=message):
        next(train(Function(loss, [-1, 1]), optimizer))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            dict(optimizer="newton"),
            "no optimizer named 'newton'; choose one of auto, lbfgs, least-squares, slsqp",
        ),
        (dict(steps=0), "steps must be a whole number of at least 1, not 0"),
        (dict(steps=2.5), "steps must be a whole number of at least 1, not 2.5"),
        (dict(restarts=0), "restarts must be a whole number of at least 1, not 0"),
        (dict(seed=-1), "seed must be a whole number of at least 0, not -1"),
        (dict(optimizer="adam", lr=0), "the learning rate must be a number above 0, not 0"),
        (dict(optimizer="adam", lr=math.nan), "the learning rate must be a number above 0, not nan"),
        (dict(restarts=10**12), "1,000,000,000,000 restarts are too many here; at most 5,000,000"),
        (dict(lr=0.1), "auto finds its own step length; leave the learning rate out, or choose adam"),
        (dict(optimizer="lbfgs", lr=0.1), "lbfgs finds its own step length; leave the learning rate out"),
    ],
)
def test_settings_that_make_no_run_are_refused_before_it_begins(settings, message):
    with pytest.raises(TrainingError, match=message):
        train(Function(bowl, [4, 4]), **settings)


def test_auto_makes_the_steps_of_the_method_that_it_names():
    of_auto, of_lbfgs = list(train(titanic_net(), steps=9)), list(train(titanic_net(), "lbfgs", steps=9))
    assert [step.loss for step in of_auto] == [step.loss for step in of_lbfgs]
    assert of_auto[-1].method == "lbfgs: slopes, and no constraints but bounds"
    assert of_lbfgs[-1].method == "lbfgs"
    assert {step.method for step in of_auto[:-1]} == {None}


@pytest.mark.parametrize(("optimizer", "missing"), STRUCTURE.items())
def test_a_method_that_must_know_what_the_objective_is_made_of_says_what_is_missing(optimizer, missing):
    with pytest.raises(TrainingError, match=f"{missing}.*; choose another optimizer, or auto"):
        last(train(Function(bowl, [4, 4]), optimizer))


@pytest.mark.parametrize("optimizer", ["lbfgs", "momentum", "adam"])
@pytest.mark.parametrize(
    ("demand", "words"),
    [
        (dict(constraints=["a limit"]), "constraints on formulas"),
        (dict(whole=np.array([True, False])), "whole numbers"),
        (dict(orders=[np.array([0, 1])]), "AllDifferent"),
    ],
)
def test_a_method_that_cannot_keep_to_what_is_demanded_is_refused(optimizer, demand, words):
    demanding = type("Demanding", (Function,), demand)(bowl, [4, 4])
    with pytest.raises(TrainingError, match=f"{optimizer} cannot keep to {words}; choose auto"):
        train(demanding, optimizer)
