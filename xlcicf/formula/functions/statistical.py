"""Excel's category Statistical: means, extremes, spread, order, counts."""

import math
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from xlcicf.formula import tape as t
from xlcicf.formula.coercion import number_of, taken_as_average, taken_as_value
from xlcicf.formula.conditional import UNLIKE
from xlcicf.formula.context import Fails, Misused
from xlcicf.formula.counted import Numbers
from xlcicf.formula.criteria import criterion_of, places_met
from xlcicf.formula.functions.math_trig import square_root
from xlcicf.formula.functions.table import (
    ANY,
    NO_NUMBERS,
    Empty,
    OrError,
    counting,
    in_one_row,
    making_arrays,
    of_constants,
    of_counted,
    of_met,
    of_ranked,
)
from xlcicf.formula.grid import BLANK, BOOL, ERROR, NUMBER, TEXT
from xlcicf.formula.overflow import unhidden
from xlcicf.formula.plain import Cells

NOTHING_TO_AVERAGE = Empty("#DIV/0!", "averages no numbers")
AT_LEAST_TWO = Empty("#DIV/0!", "needs two numbers or more", fewest=2)
AT_LEAST_THREE = Empty("#DIV/0!", "needs three numbers or more", fewest=3)
AT_LEAST_FOUR = Empty("#DIV/0!", "needs four numbers or more", fewest=4)

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


def sample_variance(x: Numbers) -> t.Array:
    return _variance(x, 1.0)


def _variance(x: Numbers, degrees_lost: float) -> t.Array:
    mean = x.mean()
    return t.div(x.total(lambda v: t.square(t.sub(v, mean))), t.sub(x.count, degrees_lost))


for name in ("VAR", "VAR.S"):
    of_counted(name, f"{name}(~1.5,~2,~-3)", f"{name}(~{{1,2;3,4}},~0.5)", empty=AT_LEAST_TWO)(
        sample_variance
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


# Texts in ranges and arrays count as 0, TRUE as 1, FALSE as 0.
of_counted(
    "AVERAGEA", "AVERAGEA(~1.5,~2,TRUE)", "AVERAGEA(~A1:B3)", empty=NOTHING_TO_AVERAGE, taken=taken_as_average
)(average)
of_counted("MAXA", "MAXA(~0.5,~-2,TRUE)", "MAXA(~A1:B3)", empty=0.0, taken=taken_as_value)(maximum)
of_counted("MINA", "MINA(~1.5,~2,FALSE)+~1", "MINA(~A1:B3)", empty=0.0, taken=taken_as_value)(minimum)
of_counted("VARA", "VARA(~1.5,~2,TRUE)", "VARA(~A1:B3)", empty=AT_LEAST_TWO, taken=taken_as_value)(
    sample_variance
)
of_counted("VARPA", "VARPA(~1.5,~2,TRUE)", "VARPA(~A1:B3)", empty=NOTHING_TO_AVERAGE, taken=taken_as_value)(
    lambda x: _variance(x, 0.0)
)
of_counted("STDEVA", "STDEVA(~1.5,~2,TRUE)", "STDEVA(~A1:B3)", empty=AT_LEAST_TWO, taken=taken_as_value)(
    lambda x: square_root(_variance(x, 1.0))
)
of_counted(
    "STDEVPA", "STDEVPA(~1.5,~2,TRUE)", "STDEVPA(~A1:B3)", empty=NOTHING_TO_AVERAGE, taken=taken_as_value
)(lambda x: square_root(_variance(x, 0.0)))


def _where_positive(compute: Callable[[t.Operand], t.Array]) -> Callable[[t.Array], t.Array]:
    return lambda x: t.within(t.greater(x, 0.0), x, 1.0, compute)


@of_counted("GEOMEAN", "GEOMEAN(~1.5,~2,~3)", "GEOMEAN(~{1,2;3,4},~0.5)", empty=NO_NUMBERS)
def geometric_mean(x):
    return t.exp(x.mean(_where_positive(t.log), safe=1.0))


@of_counted("HARMEAN", "HARMEAN(~1.5,~2,~3)", "HARMEAN(~{1,2;3,4},~0.5)", empty=Empty("#N/A"))
def harmonic_mean(x):
    return t.div(1.0, x.mean(_where_positive(lambda v: t.div(1.0, v)), safe=1.0))


@of_counted("DEVSQ", "DEVSQ(~1.5,~2,~-3)", "DEVSQ(~{1,2;3,4},~0.5)", empty=NO_NUMBERS)
def sum_of_squared_deviations(x):
    mean = x.mean()
    return x.total(lambda v: t.square(t.sub(v, mean)))


@of_counted("AVEDEV", "AVEDEV(~1.5,~2,~-3)", "AVEDEV(~{1,2;3,4},~0.5)", empty=NO_NUMBERS)
def mean_deviation(x):
    mean = x.mean()

    def deviation(v: t.Array) -> t.Array:
        off = t.sub(v, mean)
        if t.shape_of(v):  # an array, and no single number with which this is tried
            t.decide(t.sign(off))
        return t.absolute(off)

    return x.mean(deviation)


def _moment(x: Numbers, power: int, degrees_lost: float) -> OrError:
    """The sum of (x - mean)^power, in units of the standard deviation."""
    mean, variance = x.mean(), unhidden(_variance(x, degrees_lost))
    none = is_nothing_beside(variance, mean)
    scale = t.sqrt(t.where(none, t.as_array(1.0), variance))
    total = x.total(lambda v: t.power(t.div(t.sub(v, mean), scale), float(power)))
    return OrError(total, none, "#DIV/0!", "finds no spread among its numbers")


def is_nothing_beside(variance: t.Array, mean: t.Array) -> t.Array:
    """Whether numbers are equal to the 15 digits that Excel shows."""
    return t.less_equal(variance, t.mul(t.square(mean), 1e-29))


@of_counted("SKEW", "SKEW(~3,~4,~5.5,~2)", "SKEW(~{1,2;3,7},~0.5)", empty=AT_LEAST_THREE)
def skewness(x):
    moment, n = _moment(x, 3, 1.0), x.count
    factor = t.div(n, t.mul(t.sub(n, 1.0), t.sub(n, 2.0)))
    return moment._replace(num=t.mul(moment.num, factor))


@of_counted("SKEW.P", "SKEW.P(~3,~4,~5.5,~2)", "SKEW.P(~{1,2;3,7},~0.5)", empty=AT_LEAST_THREE)
def skewness_of_population(x):
    moment = _moment(x, 3, 0.0)
    return moment._replace(num=t.div(moment.num, x.count))


@of_counted("KURT", "KURT(~3,~4,~5.5,~2)", "KURT(~{1,2;3,7},~0.5)", empty=AT_LEAST_FOUR)
def kurtosis(x):
    """Beyond that of the normal distribution."""
    moment, n = _moment(x, 4, 1.0), x.count
    less = [t.sub(n, float(k)) for k in (1, 2, 3)]
    factor = t.div(t.mul(n, t.add(n, 1.0)), t.mul(t.mul(less[0], less[1]), less[2]))
    normal = t.div(t.mul(t.square(less[0]), 3.0), t.mul(less[1], less[2]))
    return moment._replace(num=t.sub(t.mul(moment.num, factor), normal))


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


ROUNDING = 1e-9  # of a place among numbers


def _between_ranks(x: Numbers, place: t.Array) -> t.Array:
    """What stands at a place, counted from 0, in between two numbers in proportion; nan beyond the ends."""
    last = t.sub(x.count, 1.0)
    beyond = t.either(t.less(place, -ROUNDING), t.greater(place, t.add(last, ROUNDING)))
    before = t.floor(place)
    after = t.where(t.less(before, last), t.add(before, 1.0), before)
    low = x.ranked(before)
    between = t.add(low, t.mul(t.sub(place, before), t.sub(x.ranked(after), low)))
    return t.where(beyond, t.NAN, between)


def _with_ends(x: Numbers, share: t.Array) -> t.Array:
    beyond = t.either(t.less(share, 0.0), t.greater(share, 1.0))
    return t.where(beyond, t.NAN, _between_ranks(x, t.mul(share, t.sub(x.count, 1.0))))


def _without_ends(x: Numbers, share: t.Array) -> t.Array:
    return _between_ranks(x, t.sub(t.mul(share, t.add(x.count, 1.0)), 1.0))


for name in ("PERCENTILE", "PERCENTILE.INC"):
    of_ranked(name, f"{name}(~{{1,5;3,4}},~0.3)", f"{name}(~{{1;5;3}},1)")(_with_ends)
for name in ("QUARTILE", "QUARTILE.INC"):
    of_ranked(name, f"{name}(~{{1,5;3,4}},1)", f"{name}(~{{1;5;3}},3.9)", keyed=True)(
        lambda x, quarter: _with_ends(x, t.div(t.floor(quarter), 4.0))
    )


@of_ranked("TRIMMEAN", "TRIMMEAN(~{4,5,6,7,2,3,4,5,1,2,3},0.2)", "TRIMMEAN(~{4;9;2;7},0.5)", keyed=True)
def trimmed_mean(x, share):
    """The mean without as many of the smallest and of the largest as half the share has whole ones."""
    cut = t.floor(t.mul(t.mul(x.count, share), 0.5 + 2e-16))
    H, W, _, m = t.shape_of(cut)
    cut, rank = t.reshape(cut, shape=(H, W, m, 1)), x.ranks
    inside = t.both(t.less_equal(cut, rank), t.less(rank, t.sub(x.how_many, cut)))
    sums = t.total(t.where(inside, x.ranked(rank), 0.0), dims=(3,))
    means = t.reshape(t.div(sums, t.total(t.as_number(inside), dims=(3,))), shape=(H, W, 1, m))
    return t.where(t.both(t.greater_equal(share, 0.0), t.less(share, 1.0)), means, t.NAN)


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
        name,
        f"{name}(~2,$A$1:$A$3)",
        f"{name}(2,~{{1,2,2}},1)",
        arity=(2, 3),
        arrays=lambda i: i == 1,
        unions=in_one_row,
    )(lambda number, cells, ascending=0.0: _rank(number, cells, ascending)[0] + 1.0)


@of_constants(
    "RANK.AVG",
    "RANK.AVG(~2,$A$1:$A$3)",
    "RANK.AVG(2,~{1,2,2})",
    arity=(2, 3),
    arrays=lambda i: i == 1,
    unions=in_one_row,
)
def average_rank(number, cells, ascending=0.0):
    before, equal = _rank(number, cells, ascending)
    return before + (equal + 1) / 2


def _percent_rank(cells: Cells, number: object, digits: object, ends: int) -> float:
    """The share of the numbers, but for `ends` of them, that come before this one, in proportion between two
    of them, cut to so many digits."""
    if cells.first_error:
        raise Fails(str(cells.first_error))
    numbers, wanted, digits = cells.in_order[0], number_of(number), math.floor(number_of(digits))
    if digits < 1 or not len(numbers):
        raise Fails("#NUM!")
    before, through = (int(np.searchsorted(numbers, wanted, side)) for side in ("left", "right"))
    if before == through:
        if before in (0, len(numbers)):
            raise Fails("#N/A", "ranks a number beyond all others")
        low, high = numbers[before - 1], numbers[before]
        place = before - 1 + (wanted - low) / (high - low)
    else:
        place = before
    of = len(numbers) + ends
    share = (place + (ends > 0)) / of if of else 1.0
    if digits > 15:  # all that a number has
        return share
    return math.floor(share * 10.0**digits * (1 + 4e-16)) / 10.0**digits


for names, ends in ((("PERCENTRANK", "PERCENTRANK.INC"), -1), (("PERCENTRANK.EXC",), 1)):
    for name in names:
        of_constants(
            name,
            f"{name}(~{{13,12,11,8,4,3,2,1,1,1}},2)",
            f"{name}({{13,12,11,8,4,3,2,1,1,1}},~5)",
            f"{name}(~{{13,12,11,8,4,3,2,1,1,1}},8,5)",
            arity=(2, 3),
            arrays=lambda i: i == 0,
        )(lambda cells, number, digits=3.0, ends=ends: _percent_rank(cells, number, digits, ends))


# --- counts ---------------------------------------------------------------------------------------------


@of_counted("COUNT", "COUNT(~1.5,2,~-3)*~2", 'COUNT(~1,"2",TRUE,"x")*~2', errors_count=False, smooth=False)
def count(x):
    return x.how_many


counting("COUNTA", 'COUNTA(~1.5,"x",TRUE)*~2', kinds=(NUMBER, BOOL, TEXT, ERROR))
counting(
    "COUNTBLANK",
    "COUNTBLANK($B$2:$B$9)*~2",
    kinds=(BLANK,),
    empty_texts=True,
    arity=(1, 1),
    references=lambda i: True,
)


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
    of_constants(
        name,
        example,
        arity=(2, most),
        arrays=lambda i: i % 2 == 0,
        errors_too=True,
        references=lambda i: i % 2 == 0,
    )(count_if)


@making_arrays(
    "FREQUENCY", "SUMPRODUCT(FREQUENCY(~{79,85,78,85,50,81,95,88,97},{70;79;89}),{1;2;3;4})", arity=(2, 2)
)
def frequency(cells, bins):
    """How many numbers lie up to each bound and above the one before it, in the bounds' own places, and how
    many above all; of equal bounds the first counts. Without a bound 0 is one."""
    if error := cells.first_error or bins.first_error:
        raise Fails(str(error))
    numbers = cells.in_order[0]
    given = np.array([number for number in bins.values if type(number) is float] or [0.0])
    places = np.argsort(given, kind="stable")
    bounds = given[places]
    up_to = np.searchsorted(numbers, bounds, "right")
    counts = np.diff(up_to, prepend=0, append=len(numbers))
    row_by_row = np.append(np.argsort(places), len(bounds))
    return [[float(count)] for count in counts[row_by_row]]


def _modes(arrays: Sequence[Cells]) -> list[float]:
    """The numbers that occur most often, and more than once, in order of appearance."""
    if error := next((cells.first_error for cells in arrays if cells.first_error), None):
        raise Fails(str(error))
    counts = Counter(v for cells in arrays for v in cells.values if isinstance(v, float))
    most = max(counts.values(), default=1)
    if most == 1:
        raise Fails("#N/A", "finds no number that occurs twice")
    return [v for v, count in counts.items() if count == most]


for name in ("MODE", "MODE.SNGL"):
    of_constants(
        name,
        f"{name}(~{{1,2,2,3}})",
        f"{name}(1,{{3,2}},~2)",
        arity=(1, ANY),
        arrays=lambda i: True,
        ranges="array",
    )(lambda *arrays: _modes(arrays)[0])


@making_arrays(
    "MODE.MULT", "SUMPRODUCT(MODE.MULT(~{1,2,2,3,3,5}))", "SUM(MODE.MULT(1,{3,2},~2))", arity=(1, ANY)
)
def modes(*arrays):
    return [[number] for number in _modes(arrays)]
