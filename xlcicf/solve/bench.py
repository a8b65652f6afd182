"""A book's problem solved by exact gradients and, beside it, by optimisers that only recalculate."""

import time
from collections.abc import Callable
from dataclasses import replace

from xlcicf.host import host_of, read_snapshot
from xlcicf.optim.standins import STANDINS, Result, run_exact, run_standin
from xlcicf.solve.book_problem import differentiate
from xlcicf.solve.problem import Problem, changing_areas, objective_area


def bench(book, problem: Problem, seconds: float = 20.0) -> list[Result]:
    """How each contender does on a book just opened, ours first; nothing is written to the book.

    Each has at most `seconds`, from the book's values on. Opening is counted for none of them; ours counts
    the translation of the formulas. Raises what `differentiate` raises.
    """
    read_snapshot(book)  # a book's cells are read when first asked for, which is opening
    began = time.perf_counter()
    f = differentiate(book, problem)
    translated = time.perf_counter() - began
    ours = run_exact(f, seconds)
    value = recalculation(book, problem)
    theirs = [run_standin(value, f, method, seconds) for method in STANDINS]
    return [replace(ours, seconds=ours.seconds + translated), *theirs]


def recalculation(book, problem: Problem) -> Callable:
    """value(v): what the objective cell shows, nan for no number, with v (n,) in the changing cells; computed
    by the book's host, which leaves the book as it is."""
    snapshot = read_snapshot(book)
    objective, changing = objective_area(snapshot, problem), changing_areas(snapshot, problem)
    return host_of(book).recalculation(book, objective, changing)
