"""The problem that Excel's Solver saves in a book, as hidden names solver_* of a sheet: read, and written."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count, takewhile

import numpy as np

from xlcicf.errors import AddressError, ProblemError, XlcicfError
from xlcicf.formula.address import Area, SheetCell
from xlcicf.formula.references import resolve
from xlcicf.formula.snapshot import Snapshot
from xlcicf.formula.text import absolute_formula, reference
from xlcicf.solve.constraints import PlacedConstraint
from xlcicf.solve.placed import PlacedProblem, place
from xlcicf.solve.problem import OPTIONS, Constraint, Problem

# The numbers of Solver's own VBA functions: SolverOk's MaxMinVal (3 is "Value Of") and SolverAdd's Relation.
SENSES: dict[float, str] = {1: "max", 2: "min"}
VALUE_OF = 3
RELATIONS: dict[float, str] = {1: "<=", 2: "=", 3: ">=", 4: "int", 5: "bin", 6: "dif"}
WORDS = {"int": "integer", "bin": "binary", "dif": "AllDifferent"}  # stand on the right of these relations

# The name solver_KEY that holds an option -> the option.
OPTION_KEYS = {
    "cvg": "convergence", "drv": "derivatives", "eng": "engine", "est": "estimates", "itr": "iterations",
    "mip": "integer solutions", "mni": "seconds without improvement", "mrt": "mutation rate",
    "msl": "multistart", "nod": "subproblems", "nwt": "search", "pre": "precision", "rbv": "require bounds",
    "rlx": "ignore integers", "rsd": "random seed", "scl": "scaling", "sho": "show iterations",
    "ssz": "population", "tim": "seconds", "tol": "integer tolerance", "ver": "version",
}  # fmt: skip

_FURTHER = re.compile("solver_adj[1-9][0-9]*")  # Frontline's Analytic Solver: one name a block of cells
_NOTHING = '" "'  # which is what such names of it say that have nothing to say

_ENTER_ANEW = "enter the problem in Solver's dialog again, or name its cells with --objective and --changing"


def saved_problem(book: Snapshot, sheet: str | None = None) -> Problem:
    """The problem saved on `sheet`, or on the only sheet that has one.

    Raises ProblemError where there is none, where several sheets have one and none is named, and where the
    settings are incomplete; AddressError where there is no such sheet or where cells have been deleted.
    """
    candidates = list(book.sheets) if sheet is None else [_existing(book, sheet)]
    saved = [found for name in candidates if (found := _Saved.on(book, name))]
    if len(saved) > 1:
        names = ", ".join(found.sheet for found in saved)
        raise ProblemError(f"several sheets have a problem: {names}; choose one with --sheet")
    if not saved and (aimless := next((s for s in candidates if ("solver_adj", s) in book.names), None)):
        raise ProblemError(
            f"the problem that Solver saved on sheet {aimless} has no objective; set one there (any cell with"
            " a number will do where only constraints are to hold), or name the cells with --objective and"
            " --changing"
        )
    if not saved:
        where = "this book" if sheet is None else f"sheet {sheet}"
        raise ProblemError(
            f"{where} has no problem saved by Solver; name the cells with --objective and --changing"
        )
    return saved[0].problem()


def saved_problems(book: Snapshot) -> list[Problem]:
    """The problems saved in the book, one a sheet that has one. Raises as `saved_problem` does."""
    return [found.problem() for name in book.sheets if (found := _Saved.on(book, name))]


def saved_alike(book: Snapshot, problem: Problem) -> tuple[Problem | None, list[str]]:
    """The saved problem that has this one's objective and changing cells, or None; and the objectives of
    those that have others and constraints."""
    placed = place(book, replace(problem, constraints=()))
    wanted = placed.objective, _cells(placed.changing)
    others = []
    for name in book.sheets:
        try:
            saved = saved_problem(book, name) if has_problem(book, name) else None
            at = place(book, saved) if saved else None
        except XlcicfError:  # a problem that cannot be read is not the one that was named
            continue
        if saved and at and (at.objective, _cells(at.changing)) == wanted:
            return saved, []
        if saved and saved.constraints:
            others.append(saved.objective)
    return None, others


def _cells(areas: Sequence[Area]) -> list[SheetCell]:
    return [(area.sheet, *cell) for area in areas for cell in area.cells()]


def has_problem(book: Snapshot, sheet: str) -> bool:
    """Whether objective and changing cells are saved on a sheet."""
    return _Saved.on(book, sheet) is not None


def objective_sheet(book: Snapshot, near: str) -> str:
    """The sheet `near`, where an objective is saved on it, or else the only one that has one.

    Raises ProblemError where there is none or more than one.
    """
    hosts = [sheet for sheet in book.sheets if ("solver_opt", sheet) in book.names]
    if near in hosts:
        return near
    if len(hosts) != 1:
        found = f"several sheets have one ({', '.join(hosts)})" if hosts else "there is none yet"
        raise ProblemError(
            f"no objective is saved on sheet {near}, and {found}; select its cell and press Set Objective"
        )
    return hosts[0]


def objective_names(cell: Area) -> dict[str, str]:
    """The names that Solver keeps of a problem of which only the objective, to be minimised, is known."""
    return {"solver_opt": reference(cell), "solver_typ": name_text(_key_of(SENSES, "min"))}


def _existing(book: Snapshot, sheet: str) -> str:
    found = book.sheet(sheet)
    if found is None:
        raise AddressError(f"there is no sheet {sheet!r} in this book; it has {', '.join(book.sheets)}")
    return found.name


@dataclass(frozen=True)
class _Saved:
    """Solver's settings on one sheet: `settings` maps "adj", "opt", ... to what the name refers to."""

    book: Snapshot
    sheet: str
    settings: dict[str, str]

    @classmethod
    def on(cls, book: Snapshot, sheet: str) -> "_Saved | None":
        """The settings saved on a sheet; None where they name no objective or no changing cells."""
        settings = {
            name.removeprefix("solver_"): text
            for (name, scope), text in book.names.items()
            if scope == sheet and name.startswith("solver_")
        }
        return cls(book, sheet, settings) if settings.keys() >= {"opt", "adj"} else None

    def problem(self) -> Problem:
        kind = self.number("typ")
        if kind not in (*SENSES, VALUE_OF):
            raise self.incomplete("typ")
        return Problem(
            objective=self.cells("opt"),
            changing=self.changing(),
            sense=SENSES[kind] if kind in SENSES else self.number("val"),
            constraints=tuple(self.constraint(i + 1) for i in range(int(self.number("num", 0)))),
            non_negative=self.number("neg", 1) == 1,  # ticked in Solver's dialog unless somebody clears it
            options=self.options(),
        )

    def changing(self) -> str:
        """All changing cells, those too that other editions of Solver keep in names of their own."""
        further = (f"adj{i}" for i in count(1))
        named = takewhile(lambda key: self.settings.get(key, "").strip('=" '), further)
        return ",".join(map(self.cells, ["adj", *named]))

    def options(self) -> dict[str, float]:
        """The options that are not as Solver's dialog has them at first; what is no number is passed over."""
        found = {}
        for key, word in OPTION_KEYS.items():
            try:
                number = self.number(key, OPTIONS[word])
            except ProblemError:
                continue
            if number != OPTIONS[word]:
                found[word] = number
        return found

    def constraint(self, i: int) -> Constraint:
        relation = RELATIONS.get(self.number(f"rel{i}"))
        if relation is None:
            raise self.incomplete(f"rel{i}")
        bound = None if relation in WORDS else self.right_side(f"rhs{i}")
        return Constraint(self.cells(f"lhs{i}"), relation, bound)

    def right_side(self, key: str) -> float | str:
        """A number, the address of cells, or the text as it is where it is neither."""
        text = self.text(key).strip('" ')
        if not text:
            return 0.0  # as Solver takes it
        try:
            return float(text)
        except ValueError:
            pass
        try:
            return self.cells(key)
        except AddressError:
            return text  # a formula, say: whoever wants the bound refuses it with the whole constraint

    def cells(self, key: str) -> str:
        what = f"Solver's settings on sheet {self.sheet} (solver_{key})"
        if "#REF!" in self.text(key):
            raise AddressError(f"{what} name cells that were deleted; {_ENTER_ANEW}")
        areas = resolve(self.book, self.text(key), what, self.sheet)
        return ",".join(area.address for area in areas)

    def number(self, key: str, default: float | None = None) -> float:
        if default is not None and key not in self.settings:
            return default
        try:
            number = float(self.text(key))
        except ValueError:
            raise self.incomplete(key) from None
        if not math.isfinite(number):
            raise self.incomplete(key)
        return number

    def text(self, key: str) -> str:
        if key not in self.settings:
            raise self.incomplete(key)
        return self.settings[key].removeprefix("=")

    def incomplete(self, key: str) -> ProblemError:
        return ProblemError(
            f"Solver's settings on sheet {self.sheet} are incomplete (solver_{key}); {_ENTER_ANEW}"
        )


def solver_names(problem: PlacedProblem) -> dict[str, str]:
    """The names in which Solver keeps a problem, on its objective's sheet, and what each refers to.

    Raises AddressError where a right side means no cells, ProblemError where there is none.
    """
    value_of = problem.sense not in SENSES.values()
    settings: dict[str, float | str] = {key: problem.options[word] for key, word in OPTION_KEYS.items()}
    settings |= {
        "opt": reference(problem.objective),
        "adj": _listed(problem.changing),
        "typ": VALUE_OF if value_of else _key_of(SENSES, problem.sense),
        "val": problem.sense if value_of else 0,
        "neg": 1 if problem.non_negative else 2,
        "num": len(problem.constraints),
    }
    for i, constraint in enumerate(problem.constraints, 1):
        settings[f"lhs{i}"] = _listed(constraint.left)
        settings[f"rel{i}"] = _key_of(RELATIONS, constraint.relation)
        settings[f"rhs{i}"] = _right_side(problem.book, constraint)
    return {f"solver_{key}": name_text(settings[key]) for key in sorted(settings)}


def emptied(names: Iterable[str]) -> dict[str, str]:
    """What those of a sheet's names refer to from now on in which other editions of Solver kept changing
    cells besides solver_adj, which names them all."""
    return dict.fromkeys(filter(_FURTHER.fullmatch, names), _NOTHING)


def _right_side(book: Snapshot, constraint: PlacedConstraint) -> float | str:
    if constraint.relation in WORDS:
        return WORDS[constraint.relation]
    right = constraint.number_or_cells()
    if constraint.formula is not None and isinstance(
        right, tuple
    ):  # a name's $ are what holds its cells fast
        (cell,) = right
        return absolute_formula(book.sheets[cell.sheet].formulas[cell.top, cell.left].removeprefix("="))
    return _listed(right) if isinstance(right, tuple) else right


def _key_of(table: dict, value):
    return next(key for key, found in table.items() if found == value)


def _listed(areas: Iterable[Area]) -> str:
    """Areas as names refer to them: "Net!$D$4:$N$5,Net!$B$7"."""
    return ",".join(map(reference, areas))


def name_text(value: float | str) -> str:
    """A number as Excel writes it into a name, without an exponent; text as it is."""
    return value if isinstance(value, str) else np.format_float_positional(value, trim="-")
