"""A growing range as the steps it grows by, and what is running along them: totals, products, counts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from xlcicf.formula import tape as t
from xlcicf.formula.grid import ERROR, Errors, Grid, error_of_each, errors_of_both


@dataclass(frozen=True)
class Way:
    """Which steps make up a cell's range, along one axis.

    axis       0 down, 1 to the right
    backwards  whether they are those from its own on; else those up to its own
    start      the step that is the first cell's own
    count      how many cells there are
    """

    axis: int
    backwards: bool
    start: int
    count: int

    def of_cells(self, x: t.Array) -> t.Array:
        """Of what is running along all steps the part that cells show."""
        return t.segment(x, dim=self.axis, start=self.start, length=self.count)


Ways = tuple[Way, ...]


@dataclass(frozen=True)
class Growing:
    """A range that grows from cell to cell of a run.

    grid  what each step adds: (H, W, h, w) with as many steps, in place of cells, as there are along each way
    ways  along which it grows; one or two
    """

    grid: Grid
    ways: Ways

    def first_errors(self) -> Errors | None:
        """The first constant error of each cell's range, row by row (H, W, 1, 1)."""
        if not self.grid.has(ERROR):
            return None
        down, right = (any(way.axis == axis for way in self.ways) for axis in (0, 1))
        shape = self.grid.shape
        rows, cols = np.indices(shape)[0 if down else 2], np.indices(shape)[1 if right else 3]
        width = shape[1 if right else 3]
        nowhere = np.iinfo(np.int64).max
        first = np.where(self.grid.kinds() == ERROR, rows * width + cols, nowhere).min(axis=(2, 3))
        for way in self.ways:
            turned = np.flip(first, way.axis) if way.backwards else first
            turned = np.minimum.accumulate(turned, way.axis)
            first = np.flip(turned, way.axis) if way.backwards else turned
            first = first.take(range(way.start, way.start + way.count), way.axis)
        failed = first < nowhere
        row, col = np.divmod(np.where(failed, first, 0), width)
        i, j = np.indices(first.shape)
        texts = self.grid.texts()[
            row if down else i, col if right else j, 0 if down else row, 0 if right else col
        ]
        return failed[..., None, None], texts[..., None, None]


Argument = Grid | Growing


def with_elements(argument: Argument, change: Callable[[Grid], Grid]) -> Argument:
    """The argument with what `change` makes of its elements, each for itself."""
    if isinstance(argument, Growing):
        return replace(argument, grid=change(argument.grid))
    return change(argument)


def steps_of(argument: Argument) -> tuple[Grid, Ways]:
    """An argument's elements and the ways along which they grow, none for one that does not."""
    return (argument.grid, argument.ways) if isinstance(argument, Growing) else (argument, ())


def running(primitive: Callable[..., t.Array], x: t.Array, ways: Ways) -> t.Array:
    """What each cell's range comes to, of what its steps come to: `primitive` along each way."""
    for way in ways:
        x = way.of_cells(primitive(x, dim=way.axis, backwards=way.backwards))
    return x


def running_total(x: t.Array, ways: Ways) -> t.Array:
    """The sum of x (H, W, h, w) over each cell's array, or all steps of its growing range (H, W, 1, 1)."""
    is_summed = ways and t.shape_of(x)[2:].numel() == 1
    return running(t.running_total, x if is_summed else t.total(x, dims=(2, 3)), ways)


def first_errors(arguments: Iterable[Argument]) -> Errors | None:
    """The first constant error of each cell's arguments, whatever their sizes (H, W, 1, 1)."""
    found = (a.first_errors() if isinstance(a, Growing) else error_of_each(a) for a in arguments)
    return reduce(errors_of_both, found, None)
