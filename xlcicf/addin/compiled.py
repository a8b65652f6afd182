"""The torch function between two ranges of an open book, kept until a formula or a constant of it changes.

A cell with NN_DERIVATIVE is computed anew whenever a weight moves; making the function takes far longer than
using it, and a moved weight leaves it as it is. A host that can tell that nothing else has changed is asked
for the weights alone; any other hands over the book, in which the same is looked up.
"""

import itertools
import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import xlwings as xw

from xlcicf import formula
from xlcicf.errors import AddressError, DataError
from xlcicf.formula import SheetFunction
from xlcicf.formula.address import Area, SheetCell, disjoint, outermost, quote_sheet
from xlcicf.formula.graph import graph_of
from xlcicf.formula.runs import RunGraph
from xlcicf.formula.snapshot import Scalar, Snapshot
from xlcicf.host import host_of, read_snapshot
from xlcicf.solve import PlacedProblem, Problem, find_problem, place

MOST_KEPT = 16
MOST_AREAS = 500  # that a host is asked about one by one


@dataclass(frozen=True)
class Asked:
    """A function of cells at what stands in them now.

    f       from the changing cells to the objective
    values  of the changing cells (n,)
    shown   the numbers that areas of the workbook show now, as rows, nan where there is none
    """

    f: SheetFunction
    values: np.ndarray
    shown: Callable[[Sequence[Area]], list[list[list[float]]]]


@dataclass
class _Kept:
    """A compiled function and what was compiled into it.

    name       what the host knows it by, another one for each
    changing   the areas of the changing cells
    upstream   those of all that the objective needs; None where that is not known
    results    what of them the formulas in between read and do not compute
    structure  all formulas, names and tables of the book, and what else decides what they mean
    reads      the areas that the formulas in between read
    varying    the cells among them that are not constant: changing ones, and formulas that depend on them
    constants  what stood in the others
    """

    name: str
    f: SheetFunction
    changing: Sequence[Area]
    upstream: list[Area] | None
    results: list[Area]
    structure: tuple
    reads: set[Area]
    varying: set[SheetCell]
    constants: dict[SheetCell, tuple[type, Scalar]]

    def fits(self, book: Snapshot) -> bool:
        return self.structure == _structure(book) and self.constants == _constants(
            book, self.reads, self.varying
        )

    def values_in(self, host: xw.Book) -> np.ndarray | None:
        """What the changing cells hold (n,), where the host says that nothing else has changed and all of
        them hold numbers or nothing; else None."""
        rows = host_of(host).unchanged(host, self.name)
        held = None if rows is None else [cell for area in rows for row in area for cell in row]
        if held is None or not all(cell is None or type(cell) is float for cell in held):
            return None
        return np.array([0.0 if cell is None else cell for cell in held])

    def note_in(self, host: xw.Book) -> None:
        """Has the host note what the function was made of, where that can be told cell by cell."""
        if self.upstream is not None and len(self.upstream) + len(self.results) <= MOST_AREAS:
            host_of(host).note(host, self.name, self.upstream, self.changing, self.results)


_kept: OrderedDict[tuple[str, str, str], _Kept] = OrderedDict()
_numbers = itertools.count()


def asked(objective: xw.Range, changing: xw.Range | None) -> Asked:
    """The function from the cells of `changing` to the cell `objective`, both of one book.

    Without `changing` these are the changing cells of the problem that is saved in the book. Raises
    AddressError for cells of two books, and what `find_problem` and `differentiate` raise.
    """
    host = objective.sheet.book
    if changing is None:
        named = find_problem(host).changing
    elif changing.sheet.book.fullname == host.fullname:
        named = _address(changing)
    else:
        raise AddressError("objective and changing cells lie in two workbooks; name cells of one")
    key = (host.fullname, _address(objective), named)
    kept = _kept.get(key)
    start = kept.values_in(host) if kept else None
    if kept is None or start is None:
        problem = place(read_snapshot(host), Problem(_address(objective), named))
        book, start = problem.book, problem.start
        if kept is None or not kept.fits(book):
            kept = _kept[key] = _compiled(problem)
            if len(_kept) > MOST_KEPT:
                _kept.popitem(last=False)
        kept.note_in(host)
        shown = partial(_shown_in, book)
    else:
        shown = partial(host_of(host).numbers, host)
    _kept.move_to_end(key)
    if not math.isfinite(kept.f.value(start)):
        raise DataError(f"{kept.f.objective} shows no number; change {named} to where it does")
    return Asked(kept.f, start, shown)


def _address(cells: xw.Range) -> str:
    return f"{quote_sheet(cells.sheet.name)}!{cells.address}"


def _shown_in(book: Snapshot, areas: Sequence[Area]) -> list[list[list[float]]]:
    return [book.numbers(area) for area in areas]


def _compiled(problem: PlacedProblem) -> _Kept:
    book, changing = problem.book, problem.changing
    f = formula.differentiate(book, problem.objective, changing)
    graph = graph_of(book)
    runs = graph.between(changing, [problem.objective]).runs
    reads = {area for run in runs for ref in graph.refs(run) if (area := ref.footprint(run.host))}
    computed = disjoint([*changing, *(run.area for run in runs)])
    varying = {(area.sheet, *cell) for area in computed for cell in area.cells()}
    return _Kept(
        f"function {next(_numbers)}",
        f,
        changing,
        _upstream(book, problem.objective),
        disjoint([*computed, *reads])[len(computed) :],
        _structure(book),
        reads,
        varying,
        _constants(book, reads, varying),
    )


def _upstream(book: Snapshot, objective: Area) -> list[Area] | None:
    """The areas of all cells that the objective needs, formulas and others. None where they cannot be told
    from the formulas alone, as when one makes a reference (INDIRECT, OFFSET), or lie in other workbooks."""
    graph = RunGraph(book)
    waiting = graph.touching(objective)
    found = {objective: None}
    while waiting:
        run = waiting.pop()
        refs = graph.known_refs(run)
        if refs is None:
            return None
        read = [area for ref in refs if (area := ref.footprint(run.host))]
        for area in [run.area, *read]:
            if area not in found:
                if area.sheet not in book.sheets:
                    return None
                found[area] = None
                waiting += graph.touching(area)
    return outermost(found)


def _structure(book: Snapshot) -> tuple:
    sheets = {
        name: (sheet.formulas, sheet.arrays, sheet.hidden, sheet.filtered)
        for name, sheet in book.sheets.items()
    }
    return sheets, book.names, book.tables, book.calculation


def _constants(
    book: Snapshot, reads: Iterable[Area], varying: set[SheetCell]
) -> dict[SheetCell, tuple[type, Scalar]]:
    """With the kind of each: TRUE is no 1 to a SUM."""
    found = {}
    for area in reads:
        values = book.sheets[area.sheet].values
        for cell in area.among(values):
            if (key := (area.sheet, *cell)) not in varying:
                found[key] = type(values[cell]), values[cell]
    return found
