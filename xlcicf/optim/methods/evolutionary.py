"""A search that needs no slopes: scipy's differential evolution, then the polish that slopes allow.

For objectives that move in steps, and for whoever asks for it: a population in the box that bounds make.
"""

from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np
import torch

from xlcicf.errors import TrainingError
from xlcicf.optim.elsewhere import Elsewhere
from xlcicf.optim.linear_limits import implied_bounds
from xlcicf.optim.methods import slsqp
from xlcicf.optim.objective import Objective, merit_of, with_whole_fixed
from xlcicf.optim.optimality import each_violation
from xlcicf.optim.steps import Best, Claim, Ends, Step, closed
from xlcicf.optim.turns import Turns, in_turns
from xlcicf.words import CONVERGED

GENERATIONS = 300  # where nobody says how many
FEW = 80  # ways of one whole number, up to which two of them are tried together
STALE = 60  # generations without a better one
POPULATION = 15  # for each value, as scipy has it
LEAST, MOST = 30, 400  # of them in all
PENALTY = 1e6  # of a missed constraint, in sizes of the objective

Found = tuple[int, np.ndarray]


def run(
    f: Objective, steps: int | None, restarts: int, seed: int, lr: None, elsewhere: Elsewhere
) -> Iterator[Step]:
    """One population; `steps` generations of it at most."""
    lower, upper = box(f)
    best, ends = Best(f.start), Ends()
    start = np.clip(f.start, f.lower, f.upper)
    step = best.try_out(f, start, 0)
    for number, values in in_turns(_search(f, lower, upper, seed, steps or GENERATIONS)):
        step = best.try_out(f, values, number)
        yield step
    if not f.stepped and not best.missed:
        step = best.try_out(f, _polished(f, best.values), step.number + 1)
    is_flat = bool(f.stepped) and np.array_equal(best.values, start) and _is_flat(f, lower, upper, seed)
    yield closed(step, f, best, "", 1, ends, None if is_flat else _claim(f, best))


def _polished(f: Objective, values: np.ndarray) -> np.ndarray:
    """As far as slopes lead from the best of the population, whole numbers as they are."""
    fixed = with_whole_fixed(f, values)
    found = list(in_turns(slsqp.search(fixed, values, slsqp.ITERATIONS)))
    return found[-1][1] if found else values


def _claim(f: Objective, best: Best) -> Claim | None:
    if best.missed or not isinstance(f.sense, str):
        return None
    return Claim(CONVERGED, "the population found nothing better; that nothing is, is not proven")


def _is_flat(f: Objective, lower: np.ndarray, upper: np.ndarray, seed: int) -> bool:
    """Whether the objective is the same number everywhere between the bounds, as far as drawn values tell."""
    found = f.values(torch.from_numpy(_drawn(f, lower, upper, LEAST, seed))).numpy()
    found = found[np.isfinite(found)]
    return found.size == 0 or bool((found == found[0]).all())


def _drawn(f: Objective, lower: np.ndarray, upper: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Values (count, n) between the bounds, the first of them those of the sheet."""
    drawn = lower + (upper - lower) * np.random.default_rng(seed).random((count, len(lower)))
    drawn[0] = np.clip(f.start, lower, upper)
    return np.where(f.whole, np.round(drawn), drawn)


def box(f: Objective) -> tuple[np.ndarray, np.ndarray]:
    """(lower, upper) of the population: the bounds, and those that follow from linear constraints; where
    there are none, ten times the value to both sides, at least 10. Raises TrainingError for whole numbers
    without bounds."""
    least, most = implied_bounds(f)
    for i in np.flatnonzero(f.whole & ~(np.isfinite(least) & np.isfinite(most))).tolist():
        raise TrainingError(
            f"{f.cells[i]} must be a whole number and has no bounds, where the objective moves in steps;"
            " give it a lower and an upper bound"
        )
    reach = 10 * np.maximum(1, np.abs(f.start))
    lower = np.where(np.isfinite(least), least, np.minimum(f.start, most) - reach)
    upper = np.where(np.isfinite(most), most, np.maximum(f.start, lower) + reach)
    return lower, upper


def _allowed(f: Objective, values: np.ndarray) -> np.ndarray:
    """What scipy has scaled to the bounds and back may lie a rounding beyond them."""
    return np.clip(np.where(f.whole, np.round(values), values), f.lower, f.upper)


def _settled(
    merits: Callable[[np.ndarray], np.ndarray],
    values: np.ndarray,
    whole: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
) -> np.ndarray:
    """Whole numbers one up or down, alone or two together, while the best of these is better."""
    one = np.vstack([sign * np.eye(len(values))[whole] for sign in (1.0, -1.0)])
    two = [a + b for a, b in combinations(one, 2)] if len(one) <= FEW else []
    steps = np.vstack([one, *two])
    least = merits(values[:, None])[0]
    while len(steps):
        tried = np.clip(values + steps, lower, upper)
        found = merits(tried.T)
        if not found.min() < least:
            break
        values, least = tried[found.argmin()], found.min()
    return values


def _search(
    f: Objective, lower: np.ndarray, upper: np.ndarray, seed: int, generations: int
) -> Callable[[Turns[Found]], None]:
    def work(turns: Turns[Found]) -> None:
        from scipy.optimize import differential_evolution

        begun = merit_of(f.sense, f.value_and_gradient(np.clip(f.start, lower, upper))[0], 0.0)[0]
        size = max(1.0, abs(begun))
        number, best, since = 0, None, 0

        def merits(columns: np.ndarray) -> np.ndarray:
            rows = columns.T
            turns.look_up()
            found = merit_of(f.sense, f.values(torch.from_numpy(rows.copy())).numpy(), 0.0)[0]
            found = np.where(np.isfinite(found), found, 1e3 * PENALTY * size)
            if len(f.constraints):
                found = found + PENALTY * size * np.minimum(1e3, each_violation(f, rows))
            return found

        def generation(values: np.ndarray, convergence: float = 0.0) -> bool:
            """Whether the best has been the best for so long that the search ends."""
            nonlocal number, best, since
            number += 1
            turns.found((number, _allowed(f, values)))
            if best is None or not np.array_equal(values, best):
                best, since = values.copy(), number
            return number - since >= STALE

        moving = lower < upper
        count = int(np.clip(POPULATION * moving.sum(), LEAST, MOST))
        with np.errstate(all="ignore"):
            found = differential_evolution(
                merits,
                list(zip(lower, upper, strict=True)),
                maxiter=generations,
                init=_drawn(f, lower, upper, count, seed),  # pyright: ignore[reportArgumentType]
                integrality=f.whole,
                vectorized=True,
                updating="deferred",
                polish=False,
                rng=seed,
                tol=1e-8,
                callback=generation,
            )
        turns.found((number + 1, _settled(merits, _allowed(f, found.x), f.whole, lower, upper)))

    return work
