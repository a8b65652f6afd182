"""The graph of a book's formulas, with what the references mean that formulas make while they compute."""

from xlcicf.errors import FormulaError
from xlcicf.formula.runs import RunGraph
from xlcicf.formula.snapshot import Snapshot
from xlcicf.formula.units import Run


def graph_of(book: Snapshot) -> RunGraph:
    """The graph of the book's formulas. What OFFSET(...) or A1:INDEX(...) means is found out from the values
    that the book has; where it cannot be, the formula stays as it is."""
    return RunGraph(book, _parts)


def _parts(graph: RunGraph, run: Run) -> list[Run]:
    """A run that makes references, as parts whose formulas know what these mean."""
    from xlcicf.formula.found_out import found_out  # and torch with it

    try:
        return list(found_out(graph, run, graph.formula(run).tree))
    except FormulaError:  # to be told by whoever needs the formula
        return [run]
