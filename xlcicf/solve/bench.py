"""A book's problem solved by exact gradients and, beside it, by optimisers that only recalculate."""

import math
import time
from collections.abc import Callable
from dataclasses import replace

from xlcicf.host.reading import read_snapshot
from xlcicf.ooxml.calculator import Calculator
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
    """value(v): what the objective cell shows, nan for no number, with v (n,) in the changing cells.

    IronCalc recalculates a headless book for it, in a calculator of its own: the book stays as it is.
    """
    document = book.impl.document
    assert not document.edits, "a calculator of its own sees the book as saved"
    calculator = Calculator(
        document.contents, {name: document.formulas(name) for name in document.contents.sheets}
    )
    snapshot = read_snapshot(book)
    objective = objective_area(snapshot, problem)
    objective_place = objective.sheet, (objective.top, objective.left)
    places = [(area.sheet, cell) for area in changing_areas(snapshot, problem) for cell in area.cells()]

    def value(v) -> float:
        for place, number in zip(places, v, strict=True):
            calculator.write(place, float(number))
        calculator.recalculate()
        shown = calculator.value(objective_place)
        return shown if isinstance(shown, float) else math.nan

    return value
