"""What a function in a cell must not have computed while its cell waits: that cell, and what depends on it.

A program that computed such a cell in the middle would take it for a circle, and leave it so.
"""

import re
from collections.abc import Iterable

from xlcicf.formula.address import disjoint
from xlcicf.formula.downstream import Readers
from xlcicf.formula.runs import RunGraph, named_too
from xlcicf.formula.snapshot import Snapshot


def waiting_cells(book: Snapshot, functions: Iterable[str]) -> dict[str, list[list[int]]]:
    """Each sheet's areas of formulas that call one of the functions or depend on one that does; none overlap.

    A reference that a formula makes as it computes (INDIRECT, OFFSET) is not followed.
    """
    called = re.compile(rf"\b(?:{'|'.join(functions)})\(", re.IGNORECASE)
    calls = named_too(called, book)
    graph = RunGraph(book)
    runs = [run for sheet in book.sheets for run in graph.runs(sheet)]
    traced = [run for run in runs if graph.known_refs(run) is not None]
    seeds = [run.area for run in runs if calls.search(run.text)]
    found: dict[str, list[list[int]]] = {}
    for area in disjoint([*seeds, *(area for _, area in Readers(graph, traced).reached(seeds))]):
        found.setdefault(area.sheet, []).append([area.top, area.left, area.bottom, area.right])
    return found
