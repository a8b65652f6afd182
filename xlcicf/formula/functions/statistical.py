"""Excel's category Statistical: means, extremes, spread, order, counts."""

from collections import Counter

import numpy as np

from xlcicf.formula import tape as t
from xlcicf.formula.coercion import number_of
from xlcicf.formula.conditional import UNLIKE
from xlcicf.formula.context import Fails, Misused
from xlcicf.formula.counted import Numbers
from xlcicf.formula.criteria import criterion_of, places_met
from xlcicf.formula.functions.math_trig import square_root
from xlcicf.formula.functions.table import (
    ANY,
    NO_NUMBERS,
    Empty,
    counting,
    of_constants,
    of_counted,
    of_met,
    of_ranked,
)
from xlcicf.formula.grid import BLANK, BOOL, ERROR, NUMBER, TEXT
from xlcicf.formula.plain import Cells

NOTHING_TO_AVERAGE = Empty("#DIV/0!", "averages no numbers")
AT_LEAST_TWO = Empty("#DIV/0!", "needs two numbers or more", fewest=2)

# --- means, extremes, spread ----------------------------------------------------------------------------


@of_counted(
    "AVERAGE",
    "AVERAGE(~1.5,~2,~-3)",
    "AVERAGE(~{1,2;3,4})",
    empty=NOTHING_TO_AVERAGE,
)
def average(x):
    return x.mean()


@of_counted("MAX", "MAX(0,~1.5)", "MAX(0,~-1.5)+~1", "MAX(~1.5,~2,~-3)", "MAX(~{1,5;3,4},~2)", empty=0.0)
def maximum(x):
    return x.largest()


@of_counted("MIN", "MIN(0,~1.5)+~1", "MIN(~1.5,~2,~-3)", "MIN(~{1,5;3,4},~2)", empty=0.0)
def minimum(x):
    return x.smallest()


def _variance(x: Numbers, degrees_lost: float) -> t.Array:
    mean = x.mean()
    return t.div(x.total(lambda v: t.square(t.sub(v, mean))), t.sub(x.count, degrees_lost))


for name in ("VAR", "VAR.S"):
    of_counted(name, f"{name}(~1.5,~2,~-3)", f"{name}(~{{1,2;3,4}},~0.5)", empty=AT_LEAST_TWO)(
        lambda x: _variance(x, 1.0)
    )
for name in ("VARP", "VAR.P"):
    of_counted(name, f"{name}(~1.5,~2,~-3)", f"{name}(~3)+~1", empty=NOTHING_TO_AVERAGE)(
        lambda x: _variance(x, 0.0)
    )
for name in ("STDEV", "STDEV.S"):
    of_counted(name, f"{name}(~1.5,~2,~-3)", f"{name}(~{{1,2;3,4}},~0.5)", empty=AT_LEAST_TWO)(
        lambda x: square_root(_variance(x, 1.0))
    )
for name in ("STDEVP", "STDEV.P"):
    of_counted(name, f"{name}(~1.5,~2,~-3)", f"{name}(~3)+~1", empty=NOTHING_TO_AVERAGE)(
        lambda x: square_root(_variance(x, 0.0))
    )


# --- in order -------------------------------------------------------------------------------------------


@of_ranked("SMALL", "SMALL(~{1,5;3,4},2)", "SUM(SMALL(~{7;5;3},2.9))", keyed=True)
def small(x, place):
    return x.ranked(t.sub(t.floor(place), 1.0))


@of_ranked("LARGE", "LARGE(~{1,5;3,4},2)", "SUM(LARGE(~{7;5;3},1.1))", keyed=True)
def large(x, place):
    return x.ranked(t.sub(x.how_many, t.floor(place)))


@of_counted("MEDIAN", "MEDIAN(~1.5,~2,~-3)", "MEDIAN(~{1,5;3,4})", "MEDIAN(2,~{1;2.5})", empty=NO_NUMBERS)
def median(x):
    middle = t.div(t.sub(x.count, 1.0), 2.0)
    return t.div(t.add(x.ranked(t.floor(middle)), x.ranked(t.floor(t.add(middle, 0.5)))), 2.0)


def _between_ranks(x: Numbers, place: t.Array) -> t.Array:
    """What stands at a place, counted from 0, in between two numbers in proportion."""
    before = t.floor(place)
    after = t.where(t.less(before, t.sub(x.count, 1.0)), t.add(before, 1.0), before)
    low = x.ranked(before)
    return t.add(low, t.mul(t.sub(place, before), t.sub(x.ranked(after), low)))


def _with_ends(x: Numbers, share: t.Array) -> t.Array:
    return _between_ranks(x, t.mul(share, t.sub(x.count, 1.0)))


def _without_ends(x: Numbers, share: t.Array) -> t.Array:
    return _between_ranks(x, t.sub(t.mul(share, t.add(x.count, 1.0)), 1.0))


for name in ("PERCENTILE", "PERCENTILE.INC"):
    of_ranked(name, f"{name}(~{{1,5;3,4}},~0.3)", f"{name}(~{{1;5;3}},1)")(_with_ends)
for name in ("QUARTILE", "QUARTILE.INC"):
    of_ranked(name, f"{name}(~{{1,5;3,4}},1)", f"{name}(~{{1;5;3}},3.9)", keyed=True)(
        lambda x, quarter: _with_ends(x, t.div(t.floor(quarter), 4.0))
    )
of_ranked("PERCENTILE.EXC", "PERCENTILE.EXC(~{1,5;3,4},~0.3)")(_without_ends)
of_ranked("QUARTILE.EXC", "QUARTILE.EXC(~{1,5;3,4},1)", "QUARTILE.EXC(~{1;5;3},3)", keyed=True)(
    lambda x, quarter: _without_ends(x, t.div(t.floor(quarter), 4.0))
)


def _rank(number: object, cells: Cells, ascending: object) -> tuple[int, int]:
    """How many numbers come before this one, and how many are equal to it."""
    if cells.first_error:
        raise Fails(str(cells.first_error))
    numbers, wanted = cells.in_order[0], number_of(number)
    first, last = (int(np.searchsorted(numbers, wanted, side)) for side in ("left", "right"))
    if first == last:
        raise Fails("#N/A", "ranks a number that is not among the cells")
    return first if number_of(ascending) else len(numbers) - last, last - first


for name in ("RANK", "RANK.EQ"):
    of_constants(
        name, f"{name}(~2,$A$1:$A$3)", f"{name}(2,~{{1,2,2}},1)", arity=(2, 3), arrays=lambda i: i == 1
    )(lambda number, cells, ascending=0.0: _rank(number, cells, ascending)[0] + 1.0)


@of_constants(
    "RANK.AVG", "RANK.AVG(~2,$A$1:$A$3)", "RANK.AVG(2,~{1,2,2})", arity=(2, 3), arrays=lambda i: i == 1
)
def average_rank(number, cells, ascending=0.0):
    before, equal = _rank(number, cells, ascending)
    return before + (equal + 1) / 2


# --- counts ---------------------------------------------------------------------------------------------


@of_counted("COUNT", "COUNT(~1.5,2,~-3)*~2", 'COUNT(~1,"2",TRUE,"x")*~2', errors_count=False, smooth=False)
def count(x):
    return x.how_many


counting("COUNTA", 'COUNTA(~1.5,"x",TRUE)*~2', kinds=(NUMBER, BOOL, TEXT, ERROR))
counting("COUNTBLANK", "COUNTBLANK($B$2:$B$9)*~2", kinds=(BLANK,), empty_texts=True)


@of_met("AVERAGEIF", 'AVERAGEIF($A$1:$A$3,">1",~B1:B3)', values_first=False, empty=NOTHING_TO_AVERAGE)
def average_if(x):
    return x.mean()


@of_met(
    "AVERAGEIFS",
    'AVERAGEIFS(~B1:B3,$A$1:$A$3,">1",$A$1:$A$3,"<3")',
    values_first=True,
    empty=NOTHING_TO_AVERAGE,
)
def average_ifs(x):
    return x.mean()


@of_met("MAXIFS", 'MAXIFS(~B1:B3,$A$1:$A$3,"<3")', values_first=True, empty=Empty(0.0))
def maximum_ifs(x):
    return x.largest()


@of_met("MINIFS", 'MINIFS(~B1:B3,$A$1:$A$3,">1")', values_first=True, empty=Empty(0.0))
def minimum_ifs(x):
    return x.smallest()


def count_if(*ranges_and_criteria):
    """How many places meet every criterion: range, criterion, range, criterion, ..."""
    if len(ranges_and_criteria) % 2:
        raise Misused("has a range without a criterion")
    ranges, criteria = ranges_and_criteria[::2], [*map(criterion_of, ranges_and_criteria[1::2])]
    if len({cells.extent for cells in ranges}) != 1:
        raise Fails("#VALUE!", "counts in ranges of different sizes")
    if len({cells.size for cells in ranges}) != 1:
        raise Misused(UNLIKE)
    beyond = ranges[0].beyond if all(criterion.blank_too for criterion in criteria) else 0
    return float(len(places_met(ranges, criteria)) + beyond)


for name, most, example in (
    ("COUNTIF", 2, 'COUNTIF(~A1:A3,">1")'),
    ("COUNTIFS", ANY, 'COUNTIFS(~A1:A3,">1",B1:B3,"<6")'),
):
    of_constants(name, example, arity=(2, most), arrays=lambda i: i % 2 == 0, errors_too=True)(count_if)


@of_constants(
    "MODE", "MODE(~{1,2,2,3})", "MODE(1,{3,2},~2)", arity=(1, ANY), arrays=lambda i: True, ranges="array"
)
def mode(*arrays):
    if error := next((cells.first_error for cells in arrays if cells.first_error), None):
        return error
    counts = Counter(v for cells in arrays for v in cells.values if isinstance(v, float))
    best = max(counts, key=counts.__getitem__, default=None)  # of several the first
    if best is None or counts[best] == 1:
        raise Fails("#N/A")
    return best
