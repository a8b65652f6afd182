"""The check of a book: do formulas, IronCalc and torch agree, and what stands in the way of a gradient."""

from collections.abc import Sequence
from dataclasses import dataclass

from xlcicf.formula.address import Area, cell_address
from xlcicf.formula.snapshot import ExcelError, Scalar, Snapshot
from xlcicf.formula.survey import Survey, survey
from xlcicf.host import host_of, read_snapshot
from xlcicf.solve.parity import Parity, parity
from xlcicf.solve.placed import place
from xlcicf.solve.problem import Problem

_SAME = 1e-12


@dataclass(frozen=True)
class Check:
    """What a check found; `survey` is of the formulas it looked at.

    errors   (address, error value) of cells that show one
    differs  (address, saved value, IronCalc's value): where IronCalc is no witness for the file
    """

    surveys: list[Survey]
    parity: Parity
    errors: list[tuple[str, str]]
    differs: list[tuple[str, Scalar, Scalar]]
    whole_book: bool

    @property
    def formulas(self) -> int:
        return sum(survey.formulas for survey in self.surveys)

    @property
    def differentiable(self) -> int:
        return sum(survey.differentiable for survey in self.surveys)

    @property
    def blockers(self) -> list[tuple[str, str]]:
        return [blocker for survey in self.surveys for blocker in survey.blockers]

    @property
    def frozen(self) -> list[str]:
        return [cell for survey in self.surveys for cell in survey.frozen]

    @property
    def fine(self) -> bool:
        """No error values, parity, and for a problem nothing that blocks its gradient."""
        return self.parity.agrees and not self.errors and (self.whole_book or not self.blockers)


def check_problem(book, problems: Sequence[Problem]) -> Check:
    """The formulas between changing cells and objective of each problem."""
    snapshot = read_snapshot(book)
    placed = [place(snapshot, problem) for problem in problems]
    surveys = [survey(snapshot, problem.objective, problem.changing) for problem in placed]
    return _checked(book, snapshot, surveys, whole_book=False)


def check_book(book) -> Check:
    """Every formula of the book that torch can translate."""
    snapshot = read_snapshot(book)
    return _checked(book, snapshot, [survey(snapshot)], whole_book=True)


def _checked(book, snapshot: Snapshot, surveys: list[Survey], whole_book: bool) -> Check:
    now = host_of(book).recomputed(book)
    areas = [area for survey in surveys for area in survey.areas]
    errors = [
        (address, str(value)) for address, value in _values(snapshot, areas) if isinstance(value, ExcelError)
    ]
    differs = [
        (address, saved, new)
        for (address, saved), (_, new) in zip(_values(snapshot, areas), _values(now, areas), strict=True)
        if not _same(saved, new)
    ]
    blocks = [block for survey in surveys for block in survey.blocks]
    return Check(surveys, parity(blocks, now), errors, differs, whole_book)


def _values(book: Snapshot, areas: list[Area]) -> list[tuple[str, Scalar]]:
    return [
        (cell_address(area.sheet, *cell), book.sheets[area.sheet].values.get(cell))
        for area in areas
        for cell in area.cells()
    ]


def _same(a: Scalar, b: Scalar) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= _SAME * max(1.0, abs(a))
    return (a or "") == (b or "") and type(a or "") is type(b or "")
