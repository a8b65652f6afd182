"""The check of a book: is what we compute what its cells hold, and what stands in the way of a gradient."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from xlcicf.formula import RunValues
from xlcicf.formula.address import Area, SheetCell, cell_address
from xlcicf.formula.downstream import rectangles_of
from xlcicf.formula.snapshot import ExcelError, Scalar, Snapshot, agree
from xlcicf.formula.survey import survey
from xlcicf.host import host_of, read_snapshot
from xlcicf.solve.constraints import RIGHT_SIDES
from xlcicf.solve.feasible import unserved
from xlcicf.solve.parity import Parity, parity
from xlcicf.solve.placed import PlacedProblem, place
from xlcicf.solve.problem import Problem

# All that is known of a cell that torch computes in a problem and that shows a text or an error.
NO_NUMBER = ExcelError("no number")

Differing = tuple[str, Scalar, Scalar, Scalar]


@dataclass(frozen=True)
class Check:
    """What a check found in the formulas that it looked at.

    formulas        how many cells they fill
    differentiable  how many of these are computed; in a problem, with their derivatives
    trusted         whether the saved values are; else ours are compared with the second opinion, which judges
                    nothing: that of IronCalc is wrong here and there
    parity          ours against the saved values or the second opinion
    errors          (address, error value) of cells that show one
    blockers        (address, function or reason) of formulas that are not
    stepped         (address, function) of what moves in steps on the way to an objective
    constraints     (constraint, why) of those that cannot be served
    frozen          addresses of volatile cells, which stand at their saved values
    differs         (address, saved value, ours, second opinion) where ours is not the one that it is
                    compared with; None for what nobody says
    unverified      how many of the cells have neither a trusted value nor a second opinion
    no_opinion      why there is no second opinion, where one was asked for
    """

    formulas: int
    differentiable: int
    trusted: bool
    parity: Parity
    errors: list[tuple[str, str]]
    blockers: list[tuple[str, str]]
    stepped: list[tuple[str, str]]
    constraints: list[tuple[str, str]]
    frozen: list[str]
    differs: list[Differing]
    unverified: int
    no_opinion: str
    whole_book: bool

    @property
    def fine(self) -> bool:
        """No error values, nothing that differs from a trusted value, and for a problem nothing that blocks
        its gradient."""
        agreed = not self.trusted or (self.parity.agrees and not self.differs)
        return agreed and not self.errors and (self.whole_book or not self.blockers)


@dataclass(frozen=True)
class _Looked:
    """What was computed. `ours` has an entry for each cell that is; `areas` hold the others as well."""

    areas: list[Area]
    ours: Mapping[SheetCell, Scalar]
    blocks: list[RunValues]
    blockers: list[tuple[str, str]]
    frozen: list[str]
    stepped: Sequence[tuple[str, str]] = ()
    constraints: Sequence[tuple[str, str]] = ()


def check_problem(book, problems: Sequence[Problem]) -> Check:
    """The formulas between changing cells and each problem's objective, and what its constraints limit."""
    snapshot = read_snapshot(book)
    placed = [place(snapshot, problem) for problem in problems]
    found = [survey(p.book, p.objective, p.changing, _limited(p)) for p in placed]
    blocks = [block for one in found for block in one.blocks if block.area.sheet != RIGHT_SIDES]
    areas = (area for one in found for area in one.areas if area.sheet != RIGHT_SIDES)
    looked = _Looked(
        areas=list(dict.fromkeys(areas)),
        ours=dict(chain.from_iterable(map(_numbers, blocks))),
        blocks=blocks,
        blockers=[blocker for one in found for blocker in one.blockers],
        frozen=[cell for one in found for cell in one.frozen],
        stepped=[step for one in found for step in one.stepped],
        constraints=[
            constraint
            for problem in placed
            for constraint in unserved(problem.book, problem.changing, problem.constraints)
        ],
    )
    return _checked(book, snapshot, looked, whole_book=False)


def _limited(problem: PlacedProblem) -> list[Area]:
    """The cells that constraints name, other books' left out: what they hold does not move."""
    return [area for area in problem.asked_of[1:] if area.sheet in problem.book.sheets]


def _numbers(block: RunValues) -> Iterator[tuple[SheetCell, Scalar]]:
    for cell, number in zip(block.area.cells(), block.values.ravel().tolist(), strict=True):
        yield (block.area.sheet, *cell), NO_NUMBER if np.isnan(number) else number


def check_book(book) -> Check:
    """Every formula of the book."""
    found = host_of(book).recomputed(book)
    volatile = {(run.area.sheet, *cell) for run in found.volatile for cell in run.area.cells()}
    places = [(area.sheet, *cell) for area in found.areas for cell in area.cells()]
    left_out = volatile | found.uncomputed.keys()
    ours = {place: _at(found.book, place) for place in places if place not in left_out}
    looked = _Looked(
        areas=found.areas,
        ours=ours,
        blocks=[block for area in found.areas for block in _blocks(area, ours)],
        blockers=[(error.cell or "", error.function or str(error)) for error in found.refused],
        frozen=[cell_address(*place) for place in places if place in volatile],
    )
    return _checked(book, read_snapshot(book), looked, whole_book=True)


def _blocks(area: Area, ours: Mapping[SheetCell, Scalar]) -> Iterator[RunValues]:
    """The numbers of a run's cells, those left out that are not computed."""
    for part in rectangles_of(area.sheet, [cell for cell in area.cells() if (area.sheet, *cell) in ours]):
        values = [ours[part.sheet, *cell] for cell in part.cells()]
        numbers = [float(v) if isinstance(v, float | bool) else np.nan for v in values]
        yield RunValues(part, np.array(numbers).reshape(part.shape))


def _checked(book, snapshot: Snapshot, looked: _Looked, whole_book: bool) -> Check:
    places = [(area.sheet, *cell) for area in looked.areas for cell in area.cells()]
    saved, trusted = host_of(book).shown(book), host_of(book).trusts(book)
    against, second, why = saved if trusted else None, None, ""
    if against is None or _unlike(looked.ours, against) or any(_at(against, p) is None for p in places):
        opinion = host_of(book).second_opinion(book)
        second, why = opinion.says, opinion.why
        against = against or second
    differs = [] if against is None else _unlike(looked.ours, against)
    return Check(
        formulas=len(places),
        differentiable=len(looked.ours),
        trusted=trusted,
        parity=parity(_known(looked.blocks, against), against) if against else Parity(None, None),
        errors=[(cell_address(*p), str(v)) for p in places if isinstance(v := _at(snapshot, p), ExcelError)],
        blockers=looked.blockers,
        stepped=list(looked.stepped),
        constraints=list(looked.constraints),
        frozen=looked.frozen,
        differs=[(cell_address(*p), _at(saved, p), _shown(looked.ours[p]), _at(second, p)) for p in differs],
        unverified=sum(_at(against, p) is None and _at(second, p) is None for p in places),
        no_opinion=why,
        whole_book=whole_book,
    )


def _at(book: Snapshot | None, place: SheetCell) -> Scalar:
    return book.sheets[place[0]].values.get(place[1:]) if book else None


def _unlike(ours: Mapping[SheetCell, Scalar], against: Snapshot) -> list[SheetCell]:
    """The cells of which ours and somebody else's value are not the same."""
    theirs = ((place, _at(against, place)) for place in ours)
    return [place for place, value in theirs if value is not None and not _alike(ours[place], value)]


def _alike(ours: Scalar, theirs: Scalar) -> bool:
    if ours is NO_NUMBER:
        return not isinstance(theirs, float | bool)
    if isinstance(ours, float) and isinstance(theirs, bool):
        theirs = float(theirs)  # as torch counts it
    return agree(theirs, ours)


def _shown(ours: Scalar) -> Scalar:
    return None if ours is NO_NUMBER else ours


def _known(blocks: list[RunValues], against: Snapshot) -> Iterator[RunValues]:
    """The blocks without the numbers that nobody else has a value for."""
    for block in blocks:
        held = against.sheets[block.area.sheet].values
        known = np.array([cell in held for cell in block.area.cells()]).reshape(block.area.shape)
        yield RunValues(block.area, np.where(known, block.values, np.nan))
