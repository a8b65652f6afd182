"""The torch function between two ranges of an open book, kept until a formula or a constant of it changes.

A cell with NN_DERIVATIVE is computed anew whenever a weight moves; making the function takes far longer than
using it, and a moved weight leaves it as it is.
"""

import math
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import xlwings as xw

from xlcicf import formula
from xlcicf.errors import AddressError, DataError
from xlcicf.formula import SheetFunction
from xlcicf.formula.address import Area, SheetCell, quote_sheet
from xlcicf.formula.graph import graph_of
from xlcicf.formula.snapshot import Scalar, Snapshot
from xlcicf.host import read_snapshot
from xlcicf.solve import PlacedProblem, Problem, find_problem, place

MOST_KEPT = 16


@dataclass(frozen=True)
class Asked:
    """A function of cells at what stands in them now.

    f       from the changing cells to the objective
    values  of the changing cells (n,)
    book    the workbook as it is
    """

    f: SheetFunction
    values: np.ndarray
    book: Snapshot


@dataclass
class _Kept:
    """A compiled function and what was compiled into it.

    structure  all formulas, names and tables of the book
    reads      the areas that the formulas in between read
    varying    the cells among them that are not constant: changing ones, and formulas that depend on them
    constants  what stood in the others
    """

    f: SheetFunction
    structure: tuple
    reads: set[Area]
    varying: set[SheetCell]
    constants: dict[SheetCell, Scalar]

    def fits(self, book: Snapshot) -> bool:
        return self.structure == _structure(book) and self.constants == _constants(
            book, self.reads, self.varying
        )


_kept: OrderedDict[tuple[str, str, str], _Kept] = OrderedDict()


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
    problem = place(read_snapshot(host), Problem(_address(objective), named))
    key = (host.fullname, problem.objective.address, problem.changing_address)
    kept = _kept.get(key)
    if kept is None or not kept.fits(problem.book):
        kept = _kept[key] = _compiled(problem)
        if len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    _kept.move_to_end(key)
    if not math.isfinite(kept.f.value(problem.start)):
        raise DataError(f"{problem.objective.address} shows no number; change {named} to where it does")
    return Asked(kept.f, problem.start, problem.book)


def _address(cells: xw.Range) -> str:
    return f"{quote_sheet(cells.sheet.name)}!{cells.address}"


def _compiled(problem: PlacedProblem) -> _Kept:
    book, changing = problem.book, problem.changing
    f = formula.differentiate(book, problem.objective, changing)
    graph = graph_of(book)
    runs = graph.between(changing, [problem.objective]).runs
    reads = {area for run in runs for ref in graph.refs(run) if (area := ref.footprint(run.host))}
    varying = {
        (area.sheet, *cell) for area in (*changing, *(run.area for run in runs)) for cell in area.cells()
    }
    return _Kept(f, _structure(book), reads, varying, _constants(book, reads, varying))


def _structure(book: Snapshot) -> tuple:
    formulas = {name: (sheet.formulas, sheet.arrays) for name, sheet in book.sheets.items()}
    return formulas, book.names, book.tables


def _constants(book: Snapshot, reads: Iterable[Area], varying: set[SheetCell]) -> dict[SheetCell, Scalar]:
    found = {}
    for area in reads:
        values = book.sheets[area.sheet].values
        for cell in area.among(values):
            if (key := (area.sheet, *cell)) not in varying:
                found[key] = values[cell]
    return found
