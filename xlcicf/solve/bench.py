"""A book's problem solved by exact gradients and, beside it, by optimisers that only recalculate."""

import time
from collections.abc import Callable
from dataclasses import replace

from xlcicf.host import host_of, read_snapshot
from xlcicf.optim.standins import STANDINS, Result, run_exact, run_standin
from xlcicf.solve.placed import PlacedProblem, place
from xlcicf.solve.problem import Problem


def bench(book, problem: Problem, seconds: float = 20.0) -> list[Result]:
    """How each contender does on a book just opened, ours first; nothing is written to the book.

    Each has at most `seconds`, from the book's values on. Opening is counted for none of them; ours counts
    the translation of the formulas. Raises what `differentiate` raises.
    """
    placed = place(read_snapshot(book), problem)  # a book's cells are read when first asked for: opening
    began = time.perf_counter()
    f = placed.function()
    translated = time.perf_counter() - began
    ours = run_exact(f, seconds)
    value = recalculation(book, placed)
    theirs = [run_standin(value, f, method, seconds) for method in STANDINS]
    return [replace(ours, seconds=ours.seconds + translated), *theirs]


def recalculation(book, problem: PlacedProblem) -> Callable:
    """value(v): what the objective cell shows, nan for no number, with v (n,) in the changing cells; computed
    by the book's host, which leaves the book as it is."""
    return host_of(book).recalculation(book, problem.objective, problem.changing)
