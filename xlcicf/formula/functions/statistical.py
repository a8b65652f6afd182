"""Excel's category Statistical: means, extremes, counts."""

from collections import Counter

from xlcicf.formula.context import Fails, Misused
from xlcicf.formula.criteria import meets
from xlcicf.formula.functions.table import ANY, Empty, counting, of_constants, of_counted
from xlcicf.formula.grid import BOOL, ERROR, NUMBER, TEXT, CellError


@of_counted(
    "AVERAGE",
    "AVERAGE(~1.5,~2,~-3)",
    "AVERAGE(~{1,2;3,4})",
    empty=Empty("#DIV/0!", "averages no numbers"),
)
def average(x):
    return x.mean()


@of_counted("MAX", "MAX(0,~1.5)", "MAX(0,~-1.5)+~1", "MAX(~1.5,~2,~-3)", "MAX(~{1,5;3,4},~2)", empty=0.0)
def maximum(x):
    return x.largest()


@of_counted("MIN", "MIN(0,~1.5)+~1", "MIN(~1.5,~2,~-3)", "MIN(~{1,5;3,4},~2)", empty=0.0)
def minimum(x):
    return x.smallest()


@of_counted("COUNT", "COUNT(~1.5,2,~-3)*~2", 'COUNT(~1,"2",TRUE,"x")*~2', errors_count=False)
def count(x):
    return x.how_many


counting("COUNTA", 'COUNTA(~1.5,"x",TRUE)*~2', kinds=(NUMBER, BOOL, TEXT, ERROR))


def count_if(*ranges_and_criteria):
    """How many places meet every criterion: range, criterion, range, criterion, ..."""
    if len(ranges_and_criteria) % 2:
        raise Misused("has a range without a criterion")
    ranges, tests = ranges_and_criteria[::2], [meets(criterion) for criterion in ranges_and_criteria[1::2]]
    if len({cells.shape for cells in ranges}) != 1:
        raise Fails("#VALUE!", "counts in ranges of different sizes")
    rows = zip(*(cells.ravel() for cells in ranges), strict=True)
    met = sum(all(test(v) for test, v in zip(tests, row, strict=True)) for row in rows)
    return float(met + (ranges[0].beyond if all(test(None) for test in tests) else 0))


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
    )(count_if)


@of_constants(
    "MODE", "MODE(~{1,2,2,3})", "MODE(1,{3,2},~2)", arity=(1, ANY), arrays=lambda i: True, ranges="array"
)
def mode(*arrays):
    values = [v for array in arrays for v in array.ravel()]
    if error := next((v for v in values if isinstance(v, CellError)), None):
        return error
    counts = Counter(v for v in values if isinstance(v, float))
    best = max(counts, key=counts.__getitem__, default=None)  # of several the first
    if best is None or counts[best] == 1:
        raise Fails("#N/A")
    return best
