"""LibreOffice's evolutionary Solver (DEPS) on a book. Asked through `tests.libreoffice`."""

import threading
import time

import uno
import unohelper
from com.sun.star.sheet import SolverConstraint
from com.sun.star.sheet.SolverConstraintOperator import GREATER_EQUAL, LESS_EQUAL
from com.sun.star.util import XModifyListener
from uno_office import opened

SERVICE = "com.sun.star.comp.Calc.NLPSolver.DEPSSolverImpl"
BOUND = 4  # it wants bounds; Solver's own answer lies within +-3


class Watch(unohelper.Base, XModifyListener):
    """Hears of each recalculation of the objective cell; `over` is set at the goal."""

    def __init__(self, cell, goal):
        self.cell, self.goal, self.over = cell, goal, threading.Event()
        self.evaluations, self.loss, self.began = 0, float("inf"), time.perf_counter()
        cell.addModifyListener(self)

    def modified(self, _):
        if not self.over.is_set():
            self.evaluations += 1
            self.loss = min(self.loss, self.cell.Value)
            if self.loss <= self.goal:
                self.over.set()

    def disposing(self, _):
        pass


def answer(context, book, sheet, objective, changing, goal, seconds):
    """Minimises a cell over a range until it is first `goal` or less, Solver ends, or the seconds are over.

    {seconds (opening excluded), loss (the least met), evaluations}, None where there is no such Solver. LibreOffice
    may be in the middle of its search still, and of no use for anything else.
    """
    document = opened(context, uno.systemPathToFileUrl(book))
    page = document.Sheets.getByName(sheet)
    solver = context.ServiceManager.createInstanceWithContext(SERVICE, context)
    if solver is None:
        return None
    cell = page.getCellRangeByName(objective)
    solver.Document = document
    set_up(solver, cell, page.getCellRangeByName(changing).RangeAddress)
    watch = Watch(cell, goal)
    threading.Thread(target=solve, args=(solver, watch), daemon=True).start()
    watch.over.wait(seconds)
    result = {"seconds": time.perf_counter() - watch.began, "loss": watch.loss}
    return result | {"evaluations": watch.evaluations}


def set_up(solver, objective, area):
    solver.Objective = objective.CellAddress
    solver.Maximize = False
    solver.Variables = tuple(addresses(area))
    solver.Constraints = tuple(
        SolverConstraint(cell, operator, limit)
        for cell in solver.Variables
        for operator, limit in ((GREATER_EQUAL, -BOUND), (LESS_EQUAL, BOUND))
    )
    solver.EnhancedSolverStatus = False  # it would open a window


def addresses(area):
    for row in range(area.StartRow, area.EndRow + 1):
        for column in range(area.StartColumn, area.EndColumn + 1):
            cell = uno.createUnoStruct("com.sun.star.table.CellAddress")
            cell.Sheet, cell.Row, cell.Column = area.Sheet, row, column
            yield cell


def solve(solver, watch):
    try:
        solver.solve()
    finally:
        watch.over.set()
