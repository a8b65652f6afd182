"""A book's problem solved by exact gradients and, beside it, by optimisers that see values only."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from xlcicf.errors import BookError, ProblemError
from xlcicf.host import host_of
from xlcicf.optim.standins import STANDINS, Result, run_exact, run_standin
from xlcicf.solve.agreement import agreed
from xlcicf.solve.placed import PlacedProblem
from xlcicf.solve.problem import Problem

Told = Callable[[str, float], None]  # what is being done, and how far it is at most, 0 to 1


@dataclass(frozen=True)
class Bench:
    """What was measured.

    contenders  ours first; then finite differences of our own evaluator's values, and of another program's
    left_out    why that other program is not among them, else ""
    sizes       word -> how many of it the problem has: cells, runs, ...
    seconds     what was done -> how long that took
    """

    contenders: list[Result]
    left_out: str
    sizes: dict[str, int]
    seconds: dict[str, float]


def bench(book, problem: Problem, seconds: float = 20.0, told: Told = lambda what, share: None) -> Bench:
    """How each contender does on a book just opened; nothing is written to the book.

    Each has at most `seconds`, from the book's values on. Opening is counted for none of them; ours counts
    the translation of the formulas. Raises what `agreed` and `differentiate` raise, and ProblemError for
    constraints that the contenders cannot keep to.
    """
    spent: dict[str, float] = {}

    def timed(what: str, done: Callable):
        told(what, 0.0)
        began = time.perf_counter()
        result = done()
        spent[what] = spent.get(what, 0.0) + time.perf_counter() - began
        return result

    def raced(what: str, run: Callable[..., Result], *contender) -> Result:
        return timed(
            what, lambda: run(*contender, seconds, watch=lambda now: told(what, min(now / seconds, 1.0)))
        )

    placed = timed("reading", lambda: agreed(book, problem))
    _require_bounds_alone(placed)
    f = timed("compiling", placed.function)
    ours = raced("gradients", run_exact, f)

    def differences(who: str, value: Callable) -> Iterator[Result]:
        for method in STANDINS:
            found = raced(f"recalculation by {who}", run_standin, value, f, method)
            yield replace(found, name=f"finite differences through {who}, {method}")

    theirs, left_out = list(differences("xlcicf", f.value)), ""
    try:
        with host_of(book).peer(book, placed.objective, placed.changing) as (who, value):
            theirs += differences(who, value)
    except BookError as error:
        left_out = str(error)
    ours = replace(ours, seconds=ours.seconds + spent["compiling"])
    sizes = {"changing cells": placed.variables, **f.sizes}
    return Bench([ours, *theirs], left_out, sizes, spent)


def _require_bounds_alone(problem: PlacedProblem) -> None:
    bounding = problem.feasible.bounding
    for number, constraint in enumerate(problem.constraints):
        if number not in bounding:
            raise ProblemError(
                "bench sets methods beside each other that keep to bounds on changing cells alone, and this"
                f" problem has the constraint {constraint.text} too; train it instead"
            )


def recalculation(book, problem: PlacedProblem) -> Callable:
    """value(v): what the objective cell shows, nan for no number, with v (n,) in the changing cells; computed
    from the formulas anew at each call, and by the program where one has the book open."""
    return host_of(book).recalculation(book, problem.objective, problem.changing)
