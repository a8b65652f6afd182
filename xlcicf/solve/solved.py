"""A problem at the values that a run has found, and what is known of the run: what reports tell of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from xlcicf.solve.answer import Answer, answer
from xlcicf.solve.book_problem import laid_out
from xlcicf.solve.fingerprints import weight_hashes
from xlcicf.solve.history import History
from xlcicf.solve.placed import PlacedProblem
from xlcicf.solve.recording import before_first_of

if TYPE_CHECKING:
    from xlcicf.formula import SheetFunction
    from xlcicf.solve.training import Training


@dataclass(frozen=True)
class Solved:
    """values  of the changing cells (n,), and `start` what they held before
    before      the objective then; `value` is what it is now
    facts       of the run, as the history keeps them: status, method, reason, steps, restarts, ...; empty
                where nobody knows how the values came about
    others      (objective, values) of other optima that restarts met
    """

    problem: PlacedProblem
    f: "SheetFunction"
    start: np.ndarray
    before: float
    values: np.ndarray
    answer: Answer
    multipliers: np.ndarray | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    others: Sequence[tuple[float, Sequence[float]]] = ()

    @property
    def value(self) -> float:
        return self.f.value(self.values)

    @classmethod
    def by(cls, training: "Training", found: Answer) -> "Solved":
        """What a run has come to."""
        return cls(
            training.problem,
            training.f,
            training.f.start,
            training.before,
            training.best_values,
            found,
            training.multipliers,
            training.facts(),
            training.others,
        )

    @classmethod
    def in_book(cls, problem: PlacedProblem, history: History, book) -> "Solved":
        """A book's problem at the values that stand in its cells, with what its history says of the last run,
        if they are that run's.

        Raises what `PlacedProblem.function` raises.
        """
        f = problem.function()
        found = answer(problem, f, f.start, None)
        run = history.last_run(book)
        if run is None or not _has_left(run.facts, problem, f):
            return cls(problem, f, f.start, f.value(f.start), f.start, found)
        start = [before_first_of([run], book, area) for area in problem.changing]
        before = np.array([cell for rows in start for row in rows or [] for cell in row], dtype=float)
        return cls(
            problem,
            f,
            before,
            run.facts["before"],
            f.start,
            found,
            None,
            run.facts,
            run.facts.get("others", ()),
        )


def _has_left(facts: Mapping[str, Any], problem: PlacedProblem, f: "SheetFunction") -> bool:
    """Whether the values that stand in the cells are those of the run."""
    same = facts.get("changing") == problem.changing_address and facts.get("objective") == f.objective
    return same and facts.get("weights") == weight_hashes(laid_out(problem.changing, f.start))
