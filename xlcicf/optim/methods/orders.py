"""Values that are 1, 2, 3, ... in some order (AllDifferent): where each cell has a cost of its own the best
there is (see placing.py), else neighbours of an order, as long as one is better.

A neighbour has two places exchanged, a stretch turned round, or one place moved elsewhere. Where none is
better, a few exchanges at random begin a new descent from the best order so far."""

import math
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import combinations, count

import numpy as np
import torch

from xlcicf.errors import TrainingError
from xlcicf.optim.elsewhere import Elsewhere
from xlcicf.optim.highs import SECONDS
from xlcicf.optim.methods.programs import work
from xlcicf.optim.objective import Objective, merit_of
from xlcicf.optim.optimality import each_violation, violation
from xlcicf.optim.placing import Placing, placing
from xlcicf.optim.steps import Best, Claim, Ends, Step, closed, proven
from xlcicf.optim.turns import Turns, in_turns
from xlcicf.words import CONVERGED, INFEASIBLE, STOPPED

DESCENTS = 60  # where nobody says how many starts: so many in a row of which none leads to a better order
MOST_AT_ONCE = 512  # orders computed together
MANY = 40  # places, from which on neighbours are drawn instead of all tried
WAYS_OF_FEW = {2: 1, 3: 3}  # places: how many ways differ
AGAIN = 100  # ways that were better, which are tried again from the best of them


def run(
    f: Objective, steps: int | None, restarts: int, seed: int, lr: None, elsewhere: Elsewhere
) -> Iterator[Step]:
    """Descents one after another: `restarts` of them, where several are asked for."""
    if not f.orders or any(len(order) < 2 for order in f.orders):
        raise TrainingError("no changing cells must all be different; choose another optimizer, or auto")
    ordered = np.concatenate(f.orders)
    if ((f.lower < f.upper)[np.setdiff1d(np.arange(len(f.start)), ordered)]).any():
        raise TrainingError(
            "some changing cells must all be different and others need not; solve the others for one order,"
            " or choose evolutionary"
        )
    if (program := placing(f, seed)) is not None:
        yield from _placed(f, program)
        return
    if len(np.unique(ordered)) < len(ordered):
        raise TrainingError(
            "changing cells must all be different in groups that overlap; that is served where objective and"
            " constraints are sums over single changing cells, which they are not here"
        )
    best, ends, step = Best(f.start), Ends(), None
    descents = range(restarts) if restarts > 1 else count()
    stale = math.inf if restarts > 1 else DESCENTS
    for number, values, merit, loss, missed in in_turns(_search(f, descents, stale, seed, steps)):
        step = best.offer(merit, loss, values, number, 0, missed)
        yield step
    assert step is not None
    tried = f"{restarts} descents" if restarts > 1 else f"{DESCENTS} descents more"
    claim: Claim | None = Claim(
        CONVERGED, f"no exchange is better, in {tried}; that no order is, is not proven"
    )
    if best.missed:
        claim = (
            None if violation(f, best.values) else Claim(INFEASIBLE, "no order was found within the bounds")
        )
    yield closed(step, f, best, "", 1, ends, claim)


def _placed(f: Objective, program: Placing) -> Iterator[Step]:
    """One step: to the best numbers there are."""
    best, start = Best(f.start), np.clip(f.start, f.lower, f.upper)
    loss, number = f.value_and_gradient(start)[0], 0
    step = best.offer(
        merit_of(f.sense, loss, 0.0)[0], loss, start, 0, 0, math.inf
    )  # alike, for all one knows
    for solution in in_turns(partial(work, program.program, None)):
        if solution.z is not None:
            number += 1
            step = best.try_out(f, program.values(f, solution.z), number)
        if solution.outcome == "working":
            yield step
            continue
        if solution.outcome == "infeasible":
            claim = Claim(INFEASIBLE, "no numbers that are all different keep to everything else")
        elif solution.z is None:
            claim = Claim(STOPPED, f"no numbers were found in {SECONDS:g} s")
        elif solution.outcome == "time":
            claim = Claim(STOPPED, f"the time is up; the best there is may be {solution.gap:.2%} better")
        else:
            claim = proven(f, best, "no other numbers are better", "there is")
        yield closed(step, f, best, "", 1, Ends(), claim)


Found = tuple[int, np.ndarray, float, float, float]
Measured = tuple[np.ndarray, float, float]  # values, by how much constraints are missed, merit
Way = tuple[Measured, np.ndarray]  # to a neighbour, and from which place each value of it is taken


def _search(
    f: Objective, descents: Iterable[int], stale: float, seed: int, steps: int | None
) -> Callable[[Turns[Found]], None]:
    """`stale` descents in a row of which none leads to a better order are the last."""

    def work(turns: Turns[Found]) -> None:
        draw = np.random.default_rng(seed)
        number, best, since = 0, _measured(f, _begun(f)[None])[0], 0
        told = _told(f, best)
        for descent in descents:
            if descent - since > stale:
                return
            here = best
            if descent:
                begin = _shaken(f, best[0], draw) if descent % 3 else _drawn(f, draw)
                here = _measured(f, begin[None])[0]
            while True:
                number += 1
                if here[1:] < best[1:]:
                    best, since = here, descent
                    told = _told(f, best)
                turns.found((number, *told))
                if number == steps:
                    return
                better = _better(f, here, _ways(f, draw), turns)
                if not better:
                    break
                here = _through(f, better, turns)

    return work


def _told(f: Objective, best: Measured) -> tuple[np.ndarray, float, float, float]:
    values, missed, merit = best
    return values, merit, f.value_and_gradient(values)[0], missed


def _begun(f: Objective) -> np.ndarray:
    """The start, its values ranked where they are in no order."""
    values = np.clip(f.start, f.lower, f.upper)
    for order in f.orders:
        values[order] = np.argsort(np.argsort(f.start[order], kind="stable")) + 1.0
    return values


def _drawn(f: Objective, draw: np.random.Generator) -> np.ndarray:
    values = np.clip(f.start, f.lower, f.upper)
    for order in f.orders:
        values[order] = draw.permutation(len(order)) + 1.0
    return values


def _shaken(f: Objective, values: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Two stretches of each order in each other's place."""
    values = values.copy()
    for order in f.orders:
        a, b, c = np.sort(draw.choice(len(order) + 1, 3, replace=len(order) < 3))
        own = values[order]
        values[order] = np.concatenate([own[:a], own[b:c], own[a:b], own[c:]])
    return values


def _ways(f: Objective, draw: np.random.Generator) -> np.ndarray:
    """Ways to a neighbour (k, n): from which place each value of it is taken."""
    found = []
    for order in f.orders:
        pairs = list(combinations(range(len(order)), 2))
        if len(order) > MANY:
            pairs = [pairs[i] for i in draw.choice(len(pairs), MANY * 20, replace=False)]
        for i, j in pairs:
            part = order[i : j + 1]
            exchanged = np.concatenate([part[-1:], part[1:-1], part[:1]])
            moved, back = np.concatenate([part[1:], part[:1]]), np.concatenate([part[-1:], part[:-1]])
            for one in (exchanged, moved, back, part[::-1])[: WAYS_OF_FEW.get(len(part), 4)]:
                whole = np.arange(len(f.start))
                whole[part] = one
                found.append(whole)
    return np.array(found)


def _better(f: Objective, here: Measured, ways: np.ndarray, turns: Turns[Found]) -> list[Way]:
    """The neighbours that are better, the best first, and the ways that lead there."""
    tried = zip(_measured(f, here[0][ways], turns), ways, strict=True)
    least = here[1], here[2] - 1e-12 * abs(here[2])
    return sorted((way for way in tried if way[0][1:] < least), key=lambda way: way[0][1:])


def _through(f: Objective, better: list[Way], turns: Turns[Found]) -> Measured:
    """The best of these, and on from there by those of the others that are better there as well: most are,
    and few are soon tried."""
    while True:
        (here, _), *others = better
        better = _better(f, here, np.array([way for _, way in others[:AGAIN]]), turns) if others else []
        if not better:
            return here


def _measured(f: Objective, V: np.ndarray, turns: Turns[Found] | None = None) -> list[Measured]:
    """(values, by how much constraints are missed, merit) of each row."""
    losses, missed = [], []
    for part in np.array_split(V, math.ceil(len(V) / MOST_AT_ONCE)):
        losses.append(f.values(torch.from_numpy(part)).numpy())
        beyond = np.maximum(f.lower - part, part - f.upper).max(axis=1, initial=0.0)
        missed.append(np.maximum(each_violation(f, part), beyond))
        if turns is not None:
            turns.look_up()
    merits = merit_of(f.sense, np.concatenate(losses), 0.0)[0]
    merits = np.where(np.isfinite(merits), merits, math.inf)
    return list(zip(V, np.concatenate(missed).tolist(), merits.tolist(), strict=True))
