"""The graph of a book's formulas, with what the references mean that formulas make while they compute."""

import re

from xlcicf.errors import FormulaError
from xlcicf.formula.runs import InFormulas, RunGraph, named_too
from xlcicf.formula.snapshot import Snapshot
from xlcicf.formula.tree import MAKERS
from xlcicf.formula.units import Run

# What a formula that makes a reference has in its text: a function's name, a colon beside a bracket or a
# name, a "#", or a space between operands.
_NAME = r"(?!\$?[A-Z]{1,3}(?:\$?[0-9]+)?\b)[^\W\d][\w.]*"
_MAKES = (
    rf"\b(?:{'|'.join(sorted(MAKERS))})\(|\)\s*:|:\s*[\w.!'@]*\(|#(?![A-Z/])|[\w)\]]\s+[\w$'(\[]"
    rf"|:\s*{_NAME}|(?<![\w.$]){_NAME}\s*:"
)


def graph_of(book: Snapshot) -> RunGraph:
    """The graph of the book's formulas. What OFFSET(...) or A1:INDEX(...) means is found out from the values
    that the book has; where it cannot be, the formula stays as it is."""
    return RunGraph(book, _FoundOut(book).parts)


class _FoundOut:
    """Runs as parts whose formulas know what the references mean that they make."""

    def __init__(self, book: Snapshot):
        self._makes = InFormulas(named_too(re.compile(_MAKES, re.IGNORECASE), book))

    def parts(self, graph: RunGraph, run: Run) -> list[Run]:
        """[run] itself where its formula makes none."""
        if not self._makes(run):
            return [run]
        try:
            formula = graph.formula(run)
            if not formula.untraceable:
                return [run]
            from xlcicf.formula.found_out import found_out  # and torch with it

            return list(found_out(graph, run, formula.tree))
        except FormulaError:  # to be told by whoever needs the formula
            return [run]
