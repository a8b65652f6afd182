"""Whole numbers of which there are few: every combination is tried, and what is best is known."""

import math
from collections.abc import Iterator

import numpy as np
import torch

from xlcicf.optim.objective import Objective, merit_of
from xlcicf.optim.optimality import FEASIBLE, all_violations
from xlcicf.optim.steps import Best, Claim, Ends, Step, closed, listed, proven
from xlcicf.words import INFEASIBLE, STOPPED

MOST = 4096  # combinations
AT_ONCE = 64  # of them computed together
NAMED_AMONG = 200  # constraints, up to which those are told that cannot hold together


def combinations(f: Objective) -> float:
    """How many there are of numbers that are whole or have one value; infinity where some have no end."""
    widths = np.where(f.lower == f.upper, 1.0, np.where(f.whole, f.upper - f.lower + 1.0, math.inf))
    with np.errstate(over="ignore"):
        return float(np.prod(widths))


def are_few(f: Objective) -> bool:
    return combinations(f) <= MOST and not f.orders


def all_tried(f: Objective, steps: int | None) -> Iterator[Step]:
    """The best of all combinations, of which a step tries AT_ONCE."""
    sizes = (f.upper - f.lower + 1).astype(int)
    total = int(np.prod(sizes))
    start = np.clip(np.where(f.whole, np.round(f.start), f.start), f.lower, f.upper)
    best = Best(f.start)
    step, number, broken = best.try_out(f, start, 0), 0, []
    for first in range(0, total, AT_ONCE):
        if number == steps:
            break
        number += 1
        which = np.arange(first, min(first + AT_ONCE, total))
        V = f.lower + np.array(np.unravel_index(which, sizes)).T
        losses, each = f.values(torch.from_numpy(V)).numpy(), all_violations(f, V)
        broken.append(each > FEASIBLE)
        missed = each.max(axis=1, initial=0.0)
        merits = merit_of(f.sense, losses, 0.0)[0]
        merits = np.where(np.isfinite(merits), merits, math.inf)
        missed = np.where(missed <= FEASIBLE, 0.0, missed)
        at = int(np.lexsort((merits, missed))[0])
        step = best.offer(float(merits[at]), losses[at], V[at], number, 0, float(missed[at]))
        yield step
    is_all = number * AT_ONCE >= total
    claim = _claim(f, best, np.concatenate(broken)) if is_all else _stopped(number, total)
    yield closed(step, f, best, "", 1, Ends(), claim)


def _stopped(number: int, total: int) -> Claim:
    return Claim(STOPPED, f"the cap of steps was reached; {total - number * AT_ONCE:,} combinations are left")


def _conflict(broken: np.ndarray) -> list[int]:
    """Constraints that no combination keeps to together, though some keep to all of them but one."""
    kept = [*range(broken.shape[1])]
    for i in [*kept] if len(kept) <= NAMED_AMONG else ():
        others = [other for other in kept if other != i]
        if broken[:, others].any(axis=1).all():
            kept = others
    return kept


def _claim(f: Objective, best: Best, broken: np.ndarray) -> Claim | None:
    """Of all combinations, each of which breaks some constraints (k, m)."""
    total = len(broken)
    if best.missed:
        texts = [f.constraints[i].text for i in _conflict(broken)]
        one, several = "no whole numbers keep to ", "these cannot hold together: "
        named = (several if texts[1:] else one) + listed(texts, "; ")
        return Claim(INFEASIBLE, f"{named}; all {total:,} combinations were tried")
    if not math.isfinite(best.merit):
        return None
    of_all = f"all {total:,} combinations"
    return proven(f, best, f"{of_all} of whole numbers were tried", f"of {of_all}")
