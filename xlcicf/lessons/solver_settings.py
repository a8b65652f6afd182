"""A lesson book's problem, saved in it as Excel's Solver would save it."""

from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.worksheet import Worksheet

from xlcicf.formula.snapshot import Sheet, Snapshot
from xlcicf.sheet.block import Block, Blocks
from xlcicf.solve import Problem, place
from xlcicf.solve.solver_names import solver_names


def save_problem(ws: Worksheet, loss: Block, weights: Block | Blocks) -> None:
    """Adds hidden names to the loss's sheet: Solver's dialog opens filled in, to make the loss small."""
    problem = place(Snapshot({ws.title: Sheet(ws.title)}), Problem(loss.ref, weights.ref, sense="min"))
    for name, text in solver_names(problem).items():
        ws.defined_names[name] = DefinedName(name, attr_text=text, hidden=True)
