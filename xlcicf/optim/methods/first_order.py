"""torch.optim's first-order optimisers: all starts move at once, as the rows of one tensor."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import torch

from xlcicf.optim.elsewhere import Elsewhere
from xlcicf.optim.objective import Objective, merit_of, unit_of
from xlcicf.optim.starting import starts
from xlcicf.optim.steps import GTOL, Best, Ends, Step, Together, closed


def run(
    make: Callable[..., torch.optim.Optimizer],
    f: Objective,
    steps: int,
    restarts: int,
    seed: int,
    lr: float,
    elsewhere: Elsewhere,
) -> Iterator[Step]:
    """All starts (restarts, n) until every slope is 0, none is a number any more, or `steps` are made.

    make  the optimiser of a list of tensors and a learning rate; bounds are kept by projection
    Other processes are not asked: the rows of one tensor cost little more than one of them.
    """
    lower, upper = torch.from_numpy(f.lower), torch.from_numpy(f.upper)
    values = torch.from_numpy(starts(f, restarts, seed))
    optimizer = make([values], lr=lr)
    alive = torch.ones(restarts, dtype=torch.bool)
    best, number, begun, one = Best(f.start), 0, np.empty(0), 1.0
    while True:
        loss, gradient = f.batch(values)
        merit, slope = merit_of(f.sense, loss[:, None], gradient)
        merit = merit[:, 0]
        alive &= torch.isfinite(merit)
        if not alive.any():
            reason = f"the objective stopped being a number at step {number}, its best before that is kept"
            break
        leader = int(torch.where(alive, merit, math.inf).argmin())
        losses = torch.where(alive, loss, math.nan).numpy()
        begun = losses if number == 0 else begun
        one = one if number else unit_of(float(merit[leader]))
        step = best.offer(merit[leader], loss[leader], values[leader].numpy().copy(), number, leader)
        step = replace(step, begun=float(begun[leader]), together=Together(losses, begun))
        way_out = torch.clamp(values - slope / one, lower, upper) - values
        if (way_out[alive].abs() <= GTOL).all():
            reason = f"converged: the gradient is at most {GTOL:g}"
            break
        if number == steps:
            reason = f"the cap of {steps} steps was reached"
            break
        if number:
            yield step
        number += 1
        values.grad = slope
        optimizer.step()
        values.clamp_(lower, upper)
    if number and (best.number == 0 or not alive.any()):
        reason += f"; the best was at step {best.number}: a learning rate below {lr:g} may do better"
    yield closed(step, f, best, reason, restarts, Ends(lost=int((~alive).sum())))


sgd = partial(run, torch.optim.SGD)
momentum = partial(run, partial(torch.optim.SGD, momentum=0.9))
rmsprop = partial(run, torch.optim.RMSprop)
adam = partial(run, torch.optim.Adam)
