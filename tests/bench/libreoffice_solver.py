"""LibreOffice's evolutionary Solver (DEPS) on a book: a script for a Python that has LibreOffice's `uno`.

    python3 libreoffice_solver.py PROFILE_URI BOOK SHEET OBJECTIVE CHANGING GOAL SECONDS

Minimises the cell OBJECTIVE over the range CHANGING until it is first GOAL or less, Solver ends, or SECONDS
are over; prints one JSON object: seconds (opening excluded), loss (the least met), evaluations.
"""

import json
import sys
import threading
import time
from pathlib import Path

import uno
import unohelper
from com.sun.star.sheet import SolverConstraint
from com.sun.star.sheet.SolverConstraintOperator import GREATER_EQUAL, LESS_EQUAL
from com.sun.star.util import XModifyListener

sys.path.insert(0, str(Path(__file__).parents[1]))
from uno_office import office, opened  # a script finds only its own folder

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


def main(profile, book, sheet, objective, changing, goal, seconds):
    with office(profile) as context:
        document = opened(context, uno.systemPathToFileUrl(book))
        page = document.Sheets.getByName(sheet)
        solver = context.ServiceManager.createInstanceWithContext(SERVICE, context)
        if solver is None:
            raise SystemExit("no such solver: " + SERVICE)
        cell = page.getCellRangeByName(objective)
        solver.Document = document
        set_up(solver, cell, page.getCellRangeByName(changing).RangeAddress)
        watch = Watch(cell, float(goal))
        threading.Thread(target=solve, args=(solver, watch), daemon=True).start()
        watch.over.wait(float(seconds))
        result = {"seconds": time.perf_counter() - watch.began, "loss": watch.loss}
        print(json.dumps(result | {"evaluations": watch.evaluations}))


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


if __name__ == "__main__":
    main(*sys.argv[1:])
