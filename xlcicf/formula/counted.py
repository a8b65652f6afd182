"""The numbers that count in SUM, AVERAGE, MAX and their kind, out of any mix of ranges, arrays and values."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import torch

from xlcicf.formula import ordering
from xlcicf.formula import tape as t
from xlcicf.formula.coercion import says_truth, taken_as_condition, taken_as_scalar
from xlcicf.formula.grid import BOOL, NUMBER, TEXT, Errors, Grid, mask_tensor
from xlcicf.formula.overflow import watch
from xlcicf.formula.running import (
    Argument,
    Growing,
    Way,
    Ways,
    first_errors,
    running,
    running_total,
    steps_of,
    with_elements,
)

LAST = sys.float_info.max  # after all numbers in order, in the place of what does not count
NOTHING = -LAST  # below all numbers


@dataclass(frozen=True)
class Part:
    """One argument's numbers, or those of several that are taken in pairs.

    arrays   the numbers, each (H, W, h, w)
    counts   which of them count (H, W, h, w); None for all
    present  boolean: which of them count as a changing cell decides; None where `counts` alone says it
    varying  which of them depend on the changing cells (H, W, h, w)
    ways     along which they grow from cell to cell; then H or W, or both, counts their steps
    """

    arrays: tuple[t.Array, ...]
    counts: np.ndarray | None
    present: t.Array | None
    varying: np.ndarray
    ways: Ways = ()

    @property
    def shape(self) -> tuple[int, ...]:
        return self.varying.shape

    def masked(self, x: t.Array, otherwise: float) -> t.Array:
        """x with `otherwise` in the place of what does not count."""
        if self.counts is not None:
            x = t.where(mask_tensor(self.shape, self.counts), x, otherwise)
        return x if self.present is None else t.where(self.present, x, otherwise)

    def how_many(self) -> t.Array:
        """(H, W, 1, 1)"""
        counts = np.broadcast_to(True if self.counts is None else self.counts, self.shape)
        if self.present is None:
            each = torch.from_numpy(counts.sum(axis=(2, 3), keepdims=True)).to(t.DTYPE)
        else:
            each = self.masked(t.as_number(t.expand(self.present, self.shape)), 0.0)
        return running_total(each, self.ways)


class Numbers:
    """The numbers that count, for each cell of a run. Whatever is computed of them is (H, W, 1, 1)."""

    def __init__(self, parts: Sequence[Part], fewest: int = 0):
        self.parts, self._fewest = parts, fewest

    @property
    def how_many(self) -> t.Array:
        return reduce(t.add, (part.how_many() for part in self.parts))

    @property
    def count(self) -> t.Array:
        """How many there are, at least the fewest that the function needs: a number to divide by."""
        number, fewest = self.how_many, float(self._fewest)
        return t.where(t.less(number, fewest), fewest, number) if fewest else number

    def total(self, of: Callable[..., t.Array] | None = None, safe: float = 0.0) -> t.Array:
        """The sum of of(number), or of of(number, number) of pairs; `safe` is what `of` can always take."""
        return reduce(t.add, (running_total(self._each(part, of, safe), part.ways) for part in self.parts))

    def mean(self, of: Callable[..., t.Array] | None = None, safe: float = 0.0) -> t.Array:
        return t.div(self.total(of, safe), self.count)

    def _each(self, part: Part, of: Callable[..., t.Array] | None, safe: float) -> t.Array:
        if of is None:
            return part.masked(part.arrays[0], 0.0)
        out = of(*(part.masked(x, safe) for x in part.arrays))
        at_safe = of(*[torch.tensor(safe, dtype=t.DTYPE)] * len(part.arrays))
        adds_nothing = isinstance(at_safe, torch.Tensor) and bool((at_safe == 0).all())
        if adds_nothing:
            return out
        return part.masked(t.expand(out, np.broadcast_shapes(t.shape_of(out), part.shape)), 0.0)

    def product(self) -> t.Array:
        return reduce(t.mul, map(self._product_of, self.parts))

    def _product_of(self, part: Part) -> t.Array:
        row = self._in_a_row(part.masked(part.arrays[0], 1.0))
        is_one = part.ways and t.shape_of(row)[3] == 1
        return running(t.running_product, row if is_one else t.product(row, dim=3), part.ways)

    def largest(self) -> t.Array:
        """A constant that ties takes the derivative to 0; changing numbers that tie share it."""
        return self._extreme(lambda x: x)

    def smallest(self) -> t.Array:
        return t.neg(self._extreme(t.neg))

    def _extreme(self, turned: Callable[[t.Array], t.Array]) -> t.Array:
        """The largest of turned(number); NOTHING of none."""
        fixed: list[torch.Tensor] = []
        moving: list[tuple[t.Array, Ways]] = []
        for part in self.parts:
            row = self._in_a_row(part.masked(turned(part.arrays[0]), NOTHING))
            if isinstance(row, torch.Tensor):
                fixed.append(_bound(row, part.ways))
            elif bool(np.all(part.varying)):
                moving.append((row, part.ways))
            else:
                H, W = part.shape[:2]
                mask = mask_tensor(part.shape, part.varying).reshape(H, W, 1, -1)
                moving.append((t.where(mask, row, NOTHING), part.ways))
                fixed.append(_bound(torch.where(mask, NOTHING, t.value_of(row)), part.ways))
        bound = reduce(torch.maximum, fixed) if fixed else None
        if not moving:
            assert bound is not None
            return bound
        if len(moving) > 1 or t.shape_of(moving[0][0])[3] > 1 or bound is None or bool((bound != 0).any()):
            watch(*(row for row, _ in moving))
        top = _largest_of(moving)
        if bound is None or bool((bound == NOTHING).all()):
            return top
        t.decide(t.greater(top, bound), idle=False)
        if bool((bound == 0).all()):
            return t.relu(top)
        return t.where(t.greater_equal(bound, top), bound, top)

    @property
    def ranks(self) -> torch.Tensor:
        """0, 1, 2, ... for as many numbers as there can be in a cell (1, 1, 1, n)."""
        most = sum(part.shape[2] * part.shape[3] for part in self.parts)
        return torch.arange(most, dtype=t.DTYPE).reshape(1, 1, 1, most)

    def in_order(self) -> "Series":
        """All of them, argument by argument and row by row. Not for growing ranges."""
        batch = np.broadcast_shapes(*(part.shape[:2] for part in self.parts))
        ones = [torch.ones(part.shape, dtype=t.DTYPE) for part in self.parts]
        counts = self._joined([part.masked(x, 0.0) for part, x in zip(self.parts, ones, strict=True)], batch)
        return Series(self._joined([part.masked(part.arrays[0], 0.0) for part in self.parts], batch), counts)

    def ranked(self, rank: t.Operand) -> t.Array:
        """The number with so many smaller ones before it (H, W, 1, m), nan where there are not so many.

        A constant among those that tie takes the derivative to 0; changing ones share it."""
        batch = np.broadcast_shapes(*(part.shape[:2] for part in self.parts))
        watch(*(part.arrays[0] for part in self.parts))
        row = self._joined([part.masked(part.arrays[0], LAST) for part in self.parts], batch)
        masks = [torch.from_numpy(~np.array(part.varying)) for part in self.parts]
        still = t.value_of(self._joined(masks, batch))
        rank = t.as_array(rank)
        inside = t.both(t.greater_equal(rank, 0.0), t.less(rank, self.how_many))
        rank = t.where(inside, rank, 0.0)
        shape = t.shape_of(rank)
        if batch == (1, 1):
            asked = t.reshape(rank, shape=(1, 1, 1, shape.numel()))
        else:
            shape = np.broadcast_shapes((*batch, 1, 1), shape)
            row = t.expand(row, (*shape[:2], 1, t.shape_of(row)[3]))
            asked = t.expand(rank, shape)
        t.decide(t.reshape(ordering.chosen(row, asked), shape=tuple(shape)))
        out = t.unless_nan(ordering.ranked(row, asked, still), t.total(row, dims=(3,)))
        return t.where(inside, t.reshape(out, shape=tuple(shape)), t.NAN)

    def _joined(self, arrays: Sequence[t.Array], batch: tuple[int, ...]) -> t.Array:
        """Arrays (H, W, h, w) as one row of numbers for each cell (H, W, 1, n)."""
        rows = [self._in_a_row(x) for x in arrays]
        rows = [t.expand(row, (*batch, 1, t.shape_of(row)[3])) for row in rows]
        return t.join(*rows, dim=3) if len(rows) > 1 else rows[0]

    @staticmethod
    def _in_a_row(x: t.Array) -> t.Array:
        """(H, W, h, w) -> (H, W, 1, h * w)"""
        H, W, h, w = t.shape_of(x)
        return t.reshape(x, shape=(H, W, 1, h * w)) if (h, w) != (1, 1) else x


@dataclass(frozen=True)
class Series:
    """Numbers in a row, for each cell of a run.

    numbers  (H, W, 1, n), 0 where none counts
    counts   1 where one counts, else 0 (H, W, 1, n)
    """

    numbers: t.Array
    counts: t.Array

    @property
    def number(self) -> t.Array:
        """How many numbers there are up to each (H, W, 1, n)."""
        return t.running_total(self.counts, dim=3, backwards=False)

    @property
    def how_many(self) -> t.Array:
        """(H, W, 1, 1)"""
        return t.total(self.counts, dims=(3,))


def _bound(row: torch.Tensor, ways: Ways) -> torch.Tensor:
    """The largest of each cell's constants (H, W, 1, n)."""
    top = running(t.running_largest, row, ways) if ways else torch.amax(row, 3, keepdim=True)
    assert isinstance(top, torch.Tensor)
    return top


@dataclass(frozen=True)
class _Top:
    """The largest of some changing numbers, for each cell of a run (H, W, 1, 1).

    how_many  of the numbers are the largest
    which     which(top) tells which ones these are (H, W, 1, n), if they are as large as `top`
    """

    number: t.Array
    how_many: t.Array
    which: Callable[[t.Array], Sequence[t.Array]]


def _largest_of(moving: list[tuple[t.Array, Ways]]) -> t.Array:
    """The largest of each cell's changing numbers (H, W, 1, n); those that tie share the derivative."""
    whole = [row for row, ways in moving if not ways]
    tops = [_largest_so_far(row, *ways) for row, ways in moving if ways]
    if whole:
        row = _joined(whole)
        number = t.largest(row, dims=(3,)) if t.shape_of(row)[3] > 1 else row
        if not tops:
            if number is not row:
                t.decide(t.equal(row, number))
            return number
        how_many = t.total(t.as_number(t.equal(row, number)), dims=(3,))
        tops.append(_Top(number, how_many, lambda top: [t.equal(row, top)]))
    return _foremost(tops) if len(tops) > 1 else _decided(tops, tops[0].number)


def _foremost(tops: Sequence[_Top]) -> t.Array:
    how_many = _joined([top.how_many for top in tops])
    weights = t.where(t.greater(how_many, 0.0), how_many, 1.0)  # 0 beside an error
    return _decided(tops, t.foremost(_joined([top.number for top in tops]), weights))


def _decided(tops: Sequence[_Top], number: t.Array) -> t.Array:
    """The largest of all, `number`, once it is noted which ones it is."""
    for top in tops:
        for pattern in top.which(number):
            t.decide(pattern)
    return number


def _largest_so_far(row: t.Array, way: Way) -> _Top:
    """Of each growing range. Which numbers are the largest is told by where the last of them stands and how
    many there are."""
    along = {"dim": way.axis, "backwards": way.backwards}
    so_far = t.running_largest(row, **along)
    steps = torch.arange(t.shape_of(row).numel(), dtype=t.DTYPE).reshape(t.shape_of(row))
    steps = steps.flip(way.axis) if way.backwards else steps
    last = way.of_cells(t.running_largest(t.where(t.equal(row, so_far), steps, -1.0), **along))
    number = way.of_cells(so_far)
    how_many = way.of_cells(t.running_number_of_largest(row, so_far, **along))
    return _Top(
        number, how_many, lambda top: [t.where(t.equal(number, top), x, -1.0) for x in (last, how_many)]
    )


def _joined(arrays: Sequence[t.Array]) -> t.Array:
    """Arrays (H, W, 1, n) side by side."""
    batch = np.broadcast_shapes(*(t.shape_of(x)[:3] for x in arrays))
    together = [t.expand(x, (*batch, t.shape_of(x)[3])) for x in arrays]
    return t.join(*together, dim=3) if len(together) > 1 else together[0]


def counted(
    arguments: Sequence[Argument], fewest: int = 0, errors_count: bool = True
) -> tuple[Numbers, "Passing"]:
    """The numbers that count in each argument by the coercion table, and the errors that pass to the outcome.

    Without `errors_count` an error is only a value that is no number, as in COUNT."""
    taken = [
        argument if isinstance(argument, Growing) or argument.is_array else taken_as_scalar(argument)
        for argument in arguments
    ]
    parts = [_part_of(argument, errors_count) for argument in taken]
    return Numbers(parts, fewest), Passing(taken) if errors_count else Passing(())


def counted_in_pairs(grids: Sequence[Grid], fewest: int = 0) -> tuple[Numbers, "Passing"]:
    """The same of arrays of one size, at places where each of them holds a number."""
    return Numbers([_part(tuple(grids), True)], fewest), Passing(grids)


def conditions(arguments: Sequence[Argument]) -> tuple[Numbers, "Passing"]:
    """1 for what is TRUE, 0 for what is FALSE among arguments; text in ranges and arrays does not count."""
    taken = [_truths_of(argument) for argument in arguments]
    return Numbers([_part_of(argument, True) for argument in taken]), Passing(taken)


def _truths_of(argument: Argument) -> Argument:
    if isinstance(argument, Grid) and not argument.is_array:
        argument = _without_other_texts(argument)
    return with_elements(argument, truths)


def _without_other_texts(grid: Grid) -> Grid:
    """A condition, or nothing where it is a text that says neither TRUE nor FALSE."""
    other = np.zeros(grid.shape, bool)
    for at in map(tuple, np.argwhere(grid.kinds() == TEXT)):
        other[at] = not says_truth(grid.texts().item(at))
    if not other.any():
        return taken_as_condition(grid)
    return taken_as_condition(grid.blank_where(other)).blank_where(other)


def truths(grid: Grid) -> Grid:
    """Numbers and booleans as 1 (not 0) and 0, all of them counted as numbers; an error stays one."""
    grid = grid.without_falses()
    watch(grid.num)
    holds = t.unless_nan(t.as_number(t.not_equal(grid.num, 0.0)), grid.num)
    return grid.of_kinds(np.where(grid.kinds() == BOOL, NUMBER, grid.kinds()).astype(np.uint8), holds)


def _part_of(argument: Argument, errors_count: bool) -> Part:
    grid, ways = steps_of(argument)
    return replace(_part((grid,), errors_count), ways=ways)


def _part(grids: tuple[Grid, ...], errors_count: bool) -> Part:
    shape = np.broadcast_shapes(*(g.shape for g in grids))
    present: list[t.Array] = []
    for grid in grids:
        if grid.there is not None:
            present.append(_or_failed(grid.there, grid) if errors_count else grid.there)
        if grid.may_fail and not errors_count:
            present.append(t.is_finite(grid.num))
    return Part(
        tuple(t.expand(g.num, shape) for g in grids),
        _which_count(grids, shape),
        reduce(t.both, present) if present else None,
        _varying(grids, shape),
    )


def _which_count(grids: Sequence[Grid], shape: tuple[int, ...]) -> np.ndarray | None:
    if all(g.kind is None for g in grids):
        return None
    counts = np.logical_and.reduce([np.broadcast_to(g.kinds() == NUMBER, shape) for g in grids])
    return None if counts.all() else counts


def _varying(grids: Sequence[Grid], shape: tuple[int, ...]) -> np.ndarray:
    if any(g.varying is None and not (g.is_constant and g.there is None) for g in grids):
        return np.broadcast_to(True, shape)
    return reduce(np.logical_or, (np.broadcast_to(g.varies(), shape) for g in grids))


def _or_failed(there: t.Array, grid: Grid) -> t.Array:
    """`there`, and where an error came up that is to pass on."""
    return t.either(there, t.is_nan(grid.num)) if grid.may_fail else there


class Passing:
    """Errors among arguments on their way to the outcome, those included that stand where nothing counts."""

    def __init__(self, arguments: Sequence[Argument]):
        self._arguments = arguments

    def constant(self) -> Errors | None:
        """The first constant error of each cell's arguments."""
        return first_errors(self._arguments)

    def onto(self, out: t.Array) -> t.Array:
        """nan where TRUE or FALSE, which do not count, turned out to be an error."""
        for grid, ways in map(steps_of, self._arguments):
            if grid.may_fail and grid.has(BOOL):
                unseen = mask_tensor(grid.shape, grid.kinds() == BOOL)
                out = t.unless_nan(out, running_total(t.where(unseen, grid.full(), 0.0), ways))
        return out
