"""A book's problem: Solver's settings, the run that solves it, what was written and how to take it back."""

from typing import TYPE_CHECKING

from xlcicf.late import late

if TYPE_CHECKING:
    from xlcicf.solve.book_problem import differentiate as differentiate
    from xlcicf.solve.book_problem import find_problem as find_problem
    from xlcicf.solve.book_problem import save_changing as save_changing
    from xlcicf.solve.book_problem import save_constraints as save_constraints
    from xlcicf.solve.book_problem import save_objective as save_objective
    from xlcicf.solve.book_problem import save_problem as save_problem
    from xlcicf.solve.book_problem import training_settings as training_settings
    from xlcicf.solve.book_problem import write_back as write_back
    from xlcicf.solve.history import History as History
    from xlcicf.solve.placed import PlacedProblem as PlacedProblem
    from xlcicf.solve.placed import place as place
    from xlcicf.solve.problem import Constraint as Constraint
    from xlcicf.solve.problem import Problem as Problem

_HOMES = {
    "Constraint": "xlcicf.solve.problem",
    "History": "xlcicf.solve.history",
    "PlacedProblem": "xlcicf.solve.placed",
    "Problem": "xlcicf.solve.problem",
    "differentiate": "xlcicf.solve.book_problem",
    "find_problem": "xlcicf.solve.book_problem",
    "place": "xlcicf.solve.placed",
    "save_changing": "xlcicf.solve.book_problem",
    "save_constraints": "xlcicf.solve.book_problem",
    "save_objective": "xlcicf.solve.book_problem",
    "save_problem": "xlcicf.solve.book_problem",
    "training_settings": "xlcicf.solve.book_problem",
    "write_back": "xlcicf.solve.book_problem",
}

__all__ = list(_HOMES)  # pyright: ignore[reportUnsupportedDunderAll]
__getattr__, __dir__ = late(__name__, _HOMES)
