"""Aggregates of the elements at places that meet criteria: SUMIF, AVERAGEIFS, MAXIFS and their kind."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch

from xlcicf.formula import tape as t
from xlcicf.formula.context import Context, Fails, Misused
from xlcicf.formula.criteria import Criterion, criterion_of, places_met
from xlcicf.formula.grid import ERROR, Grid, Place, beside, from_numbers
from xlcicf.formula.plain import Cells, Places, columns_of
from xlcicf.formula.stepped import depend_on_changing, stepped

UNLIKE = "takes a whole column beside a part of one; let both end in the same row"
FIRST = np.ones((1, 1), int)  # a row or column, the same for all cells of a run
FEWEST = 2  # elements in a row: a single one would count as typed in, where text and TRUE are numbers
MOST = 2**20  # elements aggregated at once

Aggregate = Callable[[Grid], Sequence[Grid]]  # elements (k, 1, 1, n) -> outcomes, each (k, 1, 1, 1)
Question = tuple[int, tuple[Cells, ...], tuple[Criterion, ...]]  # which array of values, where what is met


def where_met(
    context: Context, values: Grid, ranges: Sequence[Grid], criteria: Sequence[Grid], aggregate: Aggregate
) -> list[Grid]:
    """The outcomes of aggregating elements of `values` at places where each of the ranges, all of one size,
    meets its criterion: for each cell of a run and each element of the criteria (H, W, h, w).

    Cells that ask the same are computed once, unless changing cells decide what is met."""
    if len({grid.extent for grid in (values, *ranges)}) != 1:
        raise Fails("#VALUE!", "takes ranges of different sizes")
    if len({grid.size for grid in (values, *ranges)}) != 1:
        raise Misused(UNLIKE)
    whole = [True] * len(ranges) + [False] * len(criteria)
    if depend_on_changing([*ranges, *criteria]):
        return _where_met_now(context, values, ranges, criteria, aggregate)
    shape, columns = columns_of(context, [*ranges, *criteria], whole, batch=values.batch)
    H, W = values.batch
    which = np.broadcast_to(np.arange(H * W).reshape(H, W, 1, 1), shape).ravel().tolist()
    cells = zip(*columns[: len(ranges)], strict=True)
    wanted = zip(*_criteria_of(context, columns[len(ranges) :]), strict=True)
    asked: dict[Question, int] = {}
    numbers = [asked.setdefault(question, len(asked)) for question in zip(which, cells, wanted, strict=True)]
    order: list[int] = []
    parts: list[Sequence[Grid]] = []
    for some, elements in _elements(values, list(asked)):
        order += some
        parts.append([outcome.reshaped((1, 1, 1, len(some))) for outcome in aggregate(elements)])
    places = np.argsort(order)[numbers].reshape(shape)
    return [beside(outcomes).taken(places) for outcomes in zip(*parts, strict=True)]


def _criteria_of(context: Context, columns: Sequence[Sequence]) -> list[list[Criterion]]:
    try:
        return [[*map(criterion_of, column)] for column in columns]
    except Fails:  # of one cell, whose neighbours may do better
        if len(columns[0]) > 1:
            raise context.cell_by_cell("finds no sense in a criterion") from None
        raise


def _where_met_now(
    context: Context, values: Grid, ranges: Sequence[Grid], criteria: Sequence[Grid], aggregate: Aggregate
) -> list[Grid]:
    """The same where changing cells decide which places meet the criteria: what does not counts as FALSE."""
    if not all(criterion.is_single for criterion in criteria):
        raise context.refuse("asks for several criteria at once; write a formula for each")

    def mask(*now: Grid) -> Grid:
        whole = [True] * len(ranges) + [False] * len(criteria)
        shape, columns = columns_of(context, now, whole, batch=values.batch)
        out = np.zeros((shape[0] * shape[1], math.prod(values.size)))
        for row, asked in zip(out, zip(*columns, strict=True), strict=True):
            row[places_met(asked[: len(ranges)], [*map(criterion_of, asked[len(ranges) :])])] = 1.0
        return from_numbers(torch.from_numpy(out.reshape(*shape[:2], *values.size)))

    met = stepped(context, mask, [*ranges, *criteria], is_separable=True)
    if values.has(ERROR):
        raise context.refuse("adds up cells of which one shows an error, as a changing cell decides")
    grid = values.only_where(t.not_equal(met.num, 0.0))
    outcomes = aggregate(grid if math.prod(grid.size) > 1 else _in_a_range(grid))
    for outcome in outcomes:
        context.note_step(outcome.num)
    return list(outcomes)


def _in_a_range(grid: Grid) -> Grid:
    """A single value as a range, in which FALSE does not count."""
    return grid if grid.place else grid.at(Place(lambda: (FIRST, FIRST), 1, 1))


def resized(context: Context, values: Grid, like: Grid) -> Grid:
    """The first rows and columns of `values`, as many as another range has."""
    (h, w), (rows, cols) = like.size, like.extent
    if values.extent == (rows, cols):
        return values
    if h > values.size[0] or w > values.size[1]:
        raise context.refuse("takes values from a smaller range than that of its criterion; make them alike")
    place = values.place and replace(values.place, rows=rows, cols=cols)
    return values.cut(slice(0, h), slice(0, w)).at(place)


def _elements(values: Grid, questions: list[Question]) -> Iterator[tuple[list[int], Grid]]:
    """For questions, by their numbers, the elements that each means as a row (k, 1, 1, n), filled up with
    blanks: those together that mean about as many."""
    size = values.size[0] * values.size[1]
    meant = [which * size + places_met(cells, criteria) for which, cells, criteria in questions]
    alike: dict[int, list[int]] = defaultdict(list)
    for number, places in enumerate(meant):
        alike[max(FEWEST, 1 << (len(places) - 1).bit_length())].append(number)
    for length, members in alike.items():
        step = max(1, MOST // length)
        for some in (members[first : first + step] for first in range(0, len(members), step)):
            yield some, _rows(values, [meant[number] for number in some])


def _rows(values: Grid, meant: list[Places]) -> Grid:
    """The elements at places into the flattened values, a row for each (k, 1, 1, n)."""
    length = max(FEWEST, max(map(len, meant)))
    index = np.zeros((len(meant), 1, 1, length), np.intp)
    held = np.zeros(index.shape, bool)
    for row, places in enumerate(meant):
        index[row, 0, 0, : len(places)] = places
        held[row, 0, 0, : len(places)] = True
    return values.taken(index).blank_where(~held)
