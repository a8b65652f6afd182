"""What is computed at once: runs of one formula, batches of formulas that are alike, rings of runs.

A sheet of models in blocks, or of formulas each a little different, has thousands of runs of a cell or two.
Those that have one skeleton, and none of which reads another, are one batch: each reference stands for as
many ranges, each number for as many numbers.
"""

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeVar

import numpy as np

from xlcicf.formula.address import Area, area_around, cell_address
from xlcicf.formula.keys import without_references
from xlcicf.formula.tree import Const, Formula, Node, Ref

FEWEST = 4  # runs that are worth a batch
SMALL = 256  # cells of a run that joins one
OF_ONE_SHEET = {"AGGREGATE", "CELL", "FORMULATEXT", "ISFORMULA", "SHEET", "SUBTOTAL"}
# functions that ask on which sheet a range lies, which a batch knows of its first run only
MOST_READ = 2**20  # cells that the members of a batch read together, each its own

Operand = Ref | Const
T = TypeVar("T")


@dataclass(eq=False)
class Run:
    """One formula in a rectangle of cells.

    text   the formula as it stands in the cell `origin` (row, column)
    key    what all its cells have in common, see keys.py; "" where nobody found out
    array  its cells are array formulas (no implicit intersection)
    block  the one array formula that fills the whole area, as Ctrl+Shift+Enter over several cells does
    """

    area: Area
    text: str
    origin: tuple[int, int]
    key: str = ""
    array: bool = False
    block: bool = False
    formula: Formula | None = None

    @property
    def cell(self) -> str:
        """The address of its first cell."""
        return cell_address(self.area.sheet, self.area.top, self.area.left)

    @cached_property
    def stem(self) -> str:
        """What it has in common with runs that differ from it in their references alone."""
        return without_references(self.key or self.text)

    @property
    def host(self) -> Area:
        """The cells that the formula is evaluated for."""
        a = self.area
        return Area(a.sheet, a.top, a.left, a.top, a.left) if self.block else a

    def part(self, area: Area) -> "Run":
        return Run(area, self.text, self.origin, self.key, self.array, self.block, self.formula)

    def within(self, area: Area) -> "Run":
        """The part of it that lies in an area it touches; a block stays whole."""
        common = self.area.intersect(area)
        assert common
        return self if self.block or common == self.area else self.part(common)


@dataclass(eq=False)
class Batch:
    """Runs of one skeleton that do not read each other; their cells follow one another, each run's by rows.

    tree      the first run's formula, in which references and numbers stand for those of all runs
    operands  the references and numbers of each run's formula, in one order
    named     the ranges that each run's references mean in its first cell
    array     its cells are array formulas (no implicit intersection)
    """

    runs: Sequence[Run]
    tree: Node
    operands: Sequence[Sequence[Operand]]
    named: "Sequence[Sequence[Range]]"
    array: bool

    @cached_property
    def cells(self) -> list[tuple[Run, int, int]]:
        """The run, row and column of each cell."""
        return [(run, row, col) for run in self.runs for row, col in run.area.cells()]

    @property
    def host(self) -> "Batch":
        """The cells that the formulas are evaluated for."""
        return self

    @property
    def shape(self) -> tuple[int, int]:
        """(cells, 1)"""
        return len(self.cells), 1

    def cell(self, i: int, j: int) -> str:
        """The address of the i-th cell."""
        run, row, col = self.cells[i]
        return cell_address(run.area.sheet, row, col)

    def positions(self) -> tuple[np.ndarray, np.ndarray]:
        """Each cell's row and column (cells, 1)."""
        _, rows, cols = zip(*self.cells, strict=True)
        return np.array(rows)[:, None], np.array(cols)[:, None]

    def columns(self, chosen: np.ndarray) -> list[Area]:
        """The columns of several cells that are all `chosen` (cells,), each as the area around them."""
        columns: dict[tuple[str, int], list[tuple[int, bool]]] = {}
        for (run, row, col), is_chosen in zip(self.cells, chosen.tolist(), strict=True):
            columns.setdefault((run.area.sheet, col), []).append((row, is_chosen))
        return [
            area_around(sheet, [(row, col) for row, _ in cells])
            for (sheet, col), cells in columns.items()
            if len(cells) > 1 and all(is_chosen for _, is_chosen in cells)
        ]

    def areas(self, ref: Ref) -> list[Area]:
        """What a reference of the tree means in each cell; all areas have one size."""
        return self.kept(ref, "meant", lambda: self._meant(ref))

    def _meant(self, ref: Ref) -> list[Area]:
        if len(self.runs) == len(self.cells):
            nth = sum(type(node) is Ref for node in self.operands[0][: self._places[id(ref)]])
            return [ranges[nth].area for ranges in self.named]
        refs = self._each(ref)
        areas = [refs[i].area(row, col) for i, run in enumerate(self.runs) for row, col in run.area.cells()]
        return [area for area in areas if area is not None]

    def kept(self, ref: Ref, what: Hashable, find: Callable[[], T]) -> T:
        """find(), of a reference of the tree, kept for the next time that the same is asked."""
        key = self._places[id(ref)], what
        if key not in self._kept:
            self._kept[key] = find()
        return self._kept[key]  # type: ignore[return-value]

    def numbers(self, constant: Const) -> np.ndarray | None:
        """What a number of the tree is in each cell (cells, 1, 1, 1); None for one that all have."""
        if id(constant) not in self._places:
            return None
        values = [node.value for node in self._each(constant)]
        if all(value == values[0] for value in values):
            return None
        counts = [rows * cols for rows, cols in (run.area.shape for run in self.runs)]
        return np.repeat(np.array(values, dtype=np.float64), counts).reshape(-1, 1, 1, 1)

    def _each(self, node: Operand) -> list:
        return [operands[self._places[id(node)]] for operands in self.operands]

    @cached_property
    def _kept(self) -> dict[tuple[int, Hashable], object]:
        """(place of an operand, what was asked of it) -> what was found."""
        return {}

    @cached_property
    def _places(self) -> dict[int, int]:
        return {id(node): i for i, node in enumerate(self.operands[0])}


def batched(
    runs: Iterable[Run], formula: Callable[[Run], Formula], trimmed: Callable[[Area], Area]
) -> list[Run | Batch]:
    """Runs of which none reads another: small ones of one skeleton as a batch, the others as they are."""
    runs = list(runs)
    if len(runs) < FEWEST:
        return list(runs)
    units: list[Run | Batch] = []
    alike: dict[tuple, list[tuple[Run, list[Range]]]] = {}
    for run in runs:
        rows, cols = run.area.shape
        ranges, said = None, formula(run)
        if rows * cols <= SMALL and not run.block and (rows * cols == 1 or said.slides):
            ranges = _ranges(said, run.area, trimmed)
        if ranges is None:
            units.append(run)
            continue
        shared = (one.shared for one in ranges)
        key = run.array, said.shape, _sheets(said), *(one.sizes for one in ranges), *shared
        alike.setdefault(key, []).append((run, ranges))
    apart: dict[tuple, list[tuple[Run, list[Range]]]] = {}
    for key, some in alike.items():
        if len(some) >= FEWEST:
            units += _at_once(some, formula)
        else:  # large ranges that these few have in common, others of the same size do not share
            apart.setdefault(key[: len(key) - len(some[0][1])], []).extend(some)
    for some in apart.values():
        units += _at_once(some, formula)
    return units


def _at_once(
    alike: Sequence[tuple[Run, "list[Range]"]], formula: Callable[[Run], Formula]
) -> list[Run | Batch]:
    """Runs of one skeleton as a batch, if they are enough and do not read too much."""
    runs, ranges = zip(*alike, strict=True)
    own = sum(math.prod(each[0].sizes[0]) for each in zip(*ranges, strict=True) if not _is_common(each))
    if len(runs) < FEWEST or own * sum(math.prod(run.area.shape) for run in runs) > MOST_READ:
        return list(runs)
    return [
        Batch(runs, formula(runs[0]).tree, [formula(run).operands for run in runs], ranges, runs[0].array)
    ]


def _is_common(ranges: "Sequence[Range]") -> bool:
    """Whether all of these are one large range."""
    return ranges[0].shared is not None and all(one.shared == ranges[0].shared for one in ranges)


def _sheets(formula: Formula) -> tuple[str, ...]:
    """The sheets that a batch's formulas have to have in common."""
    if OF_ONE_SHEET.isdisjoint(formula.functions):
        return ()
    return tuple(node.sheet for node in formula.operands if type(node) is Ref)


class Range(NamedTuple):
    """A range that a formula names.

    area    what it means in the first cell of a run
    sizes   as far as the data goes, and in full
    shared  the area, of a large one that all cells of a run read
    """

    area: Area
    sizes: tuple[tuple[int, int], tuple[int, int]]
    shared: Area | None


def _ranges(formula: Formula, host: Area, trimmed: Callable[[Area], Area]) -> list[Range] | None:
    """The ranges that a formula names; None where one points off the sheet."""
    ranges: list[Range] = []
    for node in formula.operands:
        if type(node) is Ref:
            area = node.area(host.top, host.left)
            if area is None:
                return None
            held = trimmed(area).shape
            is_shared = math.prod(held) > SMALL and node.footprint(host) == area
            ranges.append(Range(area, (held, area.shape), area if is_shared else None))
    return ranges


@dataclass(eq=False)
class Ring:
    """Runs that read each other, or themselves, in other rows or columns; see rings.py."""

    runs: Sequence[Run]


Unit = Run | Batch | Ring
Host = Area | Batch  # the cells (H, W) that a formula is computed for


def areas_of(unit: Unit) -> tuple[Area, ...]:
    """The cells that a unit of computation fills, each area within one run."""
    return (unit.area,) if isinstance(unit, Run) else tuple(run.area for run in unit.runs)
