"""What torch makes of a book's formulas one by one, and which of them stand in the way of a gradient."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from xlcicf.errors import FormulaError
from xlcicf.formula import tape as t
from xlcicf.formula.address import Area, cell_address
from xlcicf.formula.evaluate import Evaluator
from xlcicf.formula.graph import graph_of
from xlcicf.formula.pieces import Piece
from xlcicf.formula.rings import computed
from xlcicf.formula.sheetfunction import RunValues, frozen, lay_changing, on_sheet, start_values, values_of
from xlcicf.formula.snapshot import Snapshot
from xlcicf.formula.units import Run


@dataclass(frozen=True)
class Survey:
    """The formulas looked at.

    areas     where they stand, run by run
    blocks    what torch computes in those it can, from the book's values
    blockers  (address, function or reason) of the others; they stand at their saved values
    stepped   (address, function) of what moves in steps on the way, so that its derivative is 0 between them
    frozen    addresses of cells upstream that change by themselves (RAND, NOW) or cannot be computed, which
              stand at their saved values too
    """

    areas: list[Area]
    blocks: list[RunValues]
    blockers: list[tuple[str, str]]
    frozen: list[str]
    stepped: list[tuple[str, str]]

    @property
    def formulas(self) -> int:
        """The number of formula cells."""
        return _cells(self.areas)

    @property
    def differentiable(self) -> int:
        """How many of them torch computes."""
        return _cells([block.area for block in self.blocks])


def survey(
    book: Snapshot,
    objective: Area | None = None,
    changing: Sequence[Area] = (),
    limited: Sequence[Area] = (),
) -> Survey:
    """The formulas between changing cells and objective, and cells that are limited too; without an objective
    all that torch can translate.

    Raises what `differentiate` raises for changing cells that are unfit, and CycleError.
    """
    graph = graph_of(book)
    evaluator = Evaluator(graph)
    blockers: list[tuple[str, str]] = []
    wanted: list[Area] = []

    def blocked(run: Run, error: FormulaError) -> None:
        blockers.append((error.cell or run.cell, error.function or str(error)))

    if objective is None:
        runs = [run for sheet in book.sheets for run in graph.runs(sheet)]
        volatile = [run for run in runs if graph.is_volatile(run)]
        areas = [run.area for run in runs]
        ordered = graph.in_order([run for run in runs if not graph.is_volatile(run)], blocked)
    else:
        objective, *changing = (on_sheet(book, area) for area in (objective, *changing))
        tape = t.Tape(torch.from_numpy(start_values(book, changing)))
        evaluator = Evaluator(graph, tape)
        lay_changing(evaluator, tape, changing)
        wanted = [objective, *(on_sheet(book, area) for area in limited)]
        sliced = graph.between(changing, wanted, blocked)
        ordered, volatile = sliced.units, frozen(graph, sliced)
        areas = [run.area for run in sliced.runs]
    blocks = []
    pieces = list(computed(evaluator, ordered, blocked))
    for piece in (*pieces, *(Piece((one.area,), one.now) for one in evaluator.apart)):
        num = t.value_of(piece.grid.full())
        assert isinstance(num, torch.Tensor)
        blocks += values_of(piece, num)
    unfit = [one.refusal for one in evaluator.apart if any(one.area.intersect(area) for area in wanted)]
    blockers += [(str(error.cell), str(error.function)) for error in unfit]
    stepped = [step for area in wanted for step in _stepped(evaluator, area)]
    standing = [cell_address(run.area.sheet, *cell) for run in volatile for cell in run.area.cells()]
    return Survey(areas, blocks, blockers, standing, list(dict.fromkeys(stepped)))


def _stepped(evaluator: Evaluator, area: Area) -> list[tuple[str, str]]:
    """(address, function) of the steps that cells are computed from; none where they are not computed."""
    if not evaluator.pieces.touching(area):
        return []
    head = evaluator.values(area).num
    steps = head.tape.carrying(head) if isinstance(head, t.Var) else []
    return [(step.owner.cell(0, 0), step.function) for step in steps]


def _cells(areas: list[Area]) -> int:
    return sum(rows * cols for rows, cols in (area.shape for area in areas))
