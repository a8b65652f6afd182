"""A problem laid out in a workbook as a person lays it out, and the same problem said again in numpy."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import openpyxl
from openpyxl.utils.cell import absolute_coordinate, coordinate_to_tuple, get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula

from xlcicf.solve import Problem

Cells = dict[str, object]
"""Address, such as "Mix!B4" -> number, text or formula."""

SOLVED = frozenset({"found", "converged", "local"})

# Solver's numbers, as its own VBA functions take them.
SENSES = {"max": 1, "min": 2}
VALUE_OF = 3
RELATIONS = {"<=": 1, "=": 2, ">=": 3, "int": 4, "bin": 5, "dif": 6}
WORDS = {"int": "integer", "bin": "binary", "dif": "AllDifferent"}
GRG, SIMPLEX, EVOLUTIONARY = 1, 2, 3


@dataclass(frozen=True)
class Answer:
    """What an oracle found: the optimum, where it lies (n,), and the standard errors of the cells (n,)."""

    objective: float
    values: np.ndarray
    errors: np.ndarray | None = None


@dataclass(frozen=True)
class Model:
    """One workbook with a problem in it.

    cells      makes what stands in the workbook
    problem    what Solver saved there
    objective  the objective at the changing cells' values (n,), in numpy
    violation  the most by which these values break a constraint, in numpy
    answer     finds the optimum without the workbook; None where there is none
    statuses   how a run may end
    tolerance  of the objective, relative where the optimum is not 0
    arguments  what is typed behind `xlcicf train BOOK`
    named      what the reason must say where there is no optimum
    others     further values at which workbook and numpy are compared
    """

    name: str
    cells: Callable[[], Cells]
    problem: Problem
    objective: Callable[[np.ndarray], float]
    violation: Callable[[np.ndarray], float]
    answer: Callable[[], Answer] | None = None
    statuses: frozenset[str] = SOLVED
    tolerance: float = 1e-6
    arguments: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    others: tuple[Sequence[float], ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether the changing cells, all of them, are to be whole numbers."""
        return any(constraint.relation in WORDS for constraint in self.problem.constraints)

    def save(self, path: Path) -> Path:
        """The workbook as openpyxl writes it: formulas without results."""
        book = openpyxl.Workbook()
        book.remove(book.active)
        for address, content in self.cells().items():
            sheet, _, cell = address.rpartition("!")
            if sheet not in book.sheetnames:
                book.create_sheet(sheet)
            book[sheet][cell] = content
        save_problem(book, self.problem)
        book.save(path)
        return path

    def with_the_tick(self) -> "Model":
        """The same with Solver's "Make Unconstrained Variables Non-Negative"."""
        return replace(
            self,
            name=f"{self.name}, non-negative",
            problem=replace(self.problem, non_negative=True),
            violation=lambda v: max(self.violation(v), worst(-v)),
        )


def rows(corner: str, block: Iterable[Sequence]) -> Cells:
    """A block of contents with its top left cell at `corner`; an array formula fills its own area. None is
    an empty cell."""
    sheet, _, cell = corner.rpartition("!")
    top, left = coordinate_to_tuple(cell)
    return {
        f"{sheet}!{get_column_letter(left + j)}{top + i}": content
        for i, row in enumerate(block)
        for j, content in enumerate(row)
        if content is not None
    }


def array_formula(area: str, formula: str) -> Cells:
    """A formula that fills an area, entered with Ctrl+Shift+Enter."""
    sheet, _, cells = area.rpartition("!")
    return {f"{sheet}!{cells.partition(':')[0]}": ArrayFormula(cells, formula)}


def worst(*excesses) -> float:
    """The largest of numbers and arrays, 0 where none is above 0."""
    return max(0.0, *(float(np.max(excess)) for excess in excesses))


def apart(values: np.ndarray) -> float:
    """The furthest that a value is from a whole number."""
    return float(np.abs(values - np.round(values)).max())


# --- as Solver saves a problem


def save_problem(book: openpyxl.Workbook, problem: Problem) -> None:
    """The hidden names of the objective's sheet in which Excel's Solver keeps its dialog."""
    value_of = problem.sense not in SENSES
    settings: dict[str, str | float] = {
        "opt": absolute(problem.objective),
        "adj": absolute(problem.changing),
        "typ": VALUE_OF if value_of else SENSES[problem.sense],
        "val": problem.sense if value_of else 0,
        "neg": 1 if problem.non_negative else 2,
        "eng": problem.options.get("engine", GRG),
        "num": len(problem.constraints),
    }
    for number, constraint in enumerate(problem.constraints, 1):
        settings[f"lhs{number}"] = absolute(constraint.cells)
        settings[f"rel{number}"] = RELATIONS[constraint.relation]
        settings[f"rhs{number}"] = right_side(constraint.relation, constraint.bound)
    write_names(book[problem.objective.partition("!")[0]], settings)


def right_side(relation: str, bound: float | str | None) -> float | str:
    if relation in WORDS:
        return WORDS[relation]
    return absolute(bound) if isinstance(bound, str) else bound


def absolute(address: str) -> str:
    """ "Mix!B4:B6,Mix!D1" as names refer to it: "Mix!$B$4:$B$6,Mix!$D$1"."""
    areas = (area.partition("!") for area in address.split(","))
    return ",".join(f"{sheet}!{absolute_coordinate(cells)}" for sheet, _, cells in areas)


def write_names(sheet, settings: Mapping[str, str | float]) -> None:
    for key, value in settings.items():
        text = value if isinstance(value, str) else np.format_float_positional(value, trim="-")
        name = DefinedName(f"solver_{key}", attr_text=text, hidden=True)
        sheet.defined_names[name.name] = name
