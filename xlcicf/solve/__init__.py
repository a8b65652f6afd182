"""A book's problem: Solver's settings, the run that solves it, what was written and how to take it back."""

from xlcicf.solve.book_problem import (
    differentiate,
    find_problem,
    save_changing,
    save_objective,
    save_problem,
    training_settings,
    write_back,
)
from xlcicf.solve.history import History
from xlcicf.solve.placed import PlacedProblem, place
from xlcicf.solve.problem import Constraint, Problem

__all__ = [
    "Constraint",
    "History",
    "PlacedProblem",
    "Problem",
    "differentiate",
    "find_problem",
    "place",
    "save_changing",
    "save_objective",
    "save_problem",
    "training_settings",
    "write_back",
]
