"""Excel's category Statistical: tests of significance, and what a table of probabilities says."""

from collections.abc import Callable
from functools import reduce

from xlcicf.formula import tape as t
from xlcicf.formula.context import Fails
from xlcicf.formula.counted import Numbers
from xlcicf.formula.functions.distributions import chi_squared_above, f_above
from xlcicf.formula.functions.statistical import is_nothing_beside, sample_variance
from xlcicf.formula.functions.table import Empty, OrError, Samples, of_pairs, of_ranked, of_samples
from xlcicf.formula.incomplete import student_below
from xlcicf.formula.overflow import unhidden
from xlcicf.formula.special import normal_below

NO_SPREAD = "finds no spread among its numbers"
ROUNDING = 1e-7  # by which probabilities may miss 1

for name in ("Z.TEST", "ZTEST"):

    @of_ranked(
        name,
        f"{name}(~{{3,6,7,8,6,5}},~4)",
        f"{name}(~{{3,6,7,8,6,5}},~6,~2.5)",
        arity=(2, 3),
        empty=Empty("#N/A", "finds no numbers in its array"),
    )
    def z_test(sample, mean, sd=None) -> t.Array | OrError:
        """The chance of a mean above that of the sample; without `sd` by the sample's own."""
        if sd is None:
            variance = unhidden(sample_variance(sample))
            none = t.either(is_nothing_beside(variance, sample.mean()), t.equal(sample.how_many, 1.0))
            return OrError(_above(sample, mean, _root(variance, none)), none, "#DIV/0!", NO_SPREAD)
        valid = t.greater(sd, 0.0)
        chance = t.where(valid, _above(sample, mean, t.where(valid, sd, t.as_array(1.0))), t.NAN)
        return OrError(chance, t.equal(sample.how_many, 1.0), "#DIV/0!", NO_SPREAD)


def _above(sample: Numbers, mean: t.Array, sd: t.Array) -> t.Array:
    z = t.div(t.mul(t.sub(sample.mean(), mean), t.sqrt(sample.count)), sd)
    return normal_below(t.neg(z))


for name in ("T.TEST", "TTEST"):

    @of_samples(
        name,
        f"{name}(~{{3,4,5,8,9,1,2,4,5}},~{{6,19,3,2,14,4,5,17,1}},2,1)",
        f"{name}(~{{3,4,5,8}},~{{6,19,3,2}},1,2)",
        f"{name}(~{{3,4,5,8}},~{{6,19,3,2,14}},2,3)",
        f"{name}(~{{3;4;5;8}},~{{6;19;3;2}},1,3)",
        arity=(4, 4),
        fewest=2,
    )
    def t_test(samples, tails, kind):
        """The chance of a statistic as far off, on one side or both. Kinds: 1 of pairs, 2 of samples of one
        variance, 3 of samples of two."""
        tails, kind = t.truncated(tails), t.truncated(kind)
        chance, failed = t.as_array(t.NAN), t.less(kind, kind)
        for number, statistic in enumerate((_paired, _pooled, _welch), start=1):
            here = t.equal(kind, float(number))
            if t.may_hold(here):
                off, freedom, none = statistic(samples)
                t.decide(t.sign(off))
                chance = t.where(here, student_below(t.neg(t.absolute(off)), freedom), chance)
                failed = t.either(failed, t.both(here, none))
        one_or_two = t.either(t.equal(tails, 1.0), t.equal(tails, 2.0))
        chance = t.where(one_or_two, t.mul(chance, tails), t.NAN)
        lacking = t.both(t.equal(kind, 1.0), t.as_array(samples.size is None))
        paired = OrError(chance, lacking, "#N/A", "pairs samples of different sizes")
        return OrError(paired, failed, "#DIV/0!", NO_SPREAD)


Statistic = tuple[t.Array, t.Array, t.Array]  # t, degrees of freedom, where there is none


def _paired(samples: Samples) -> Statistic:
    pairs, n = samples.pairs, samples.pairs.count
    mean = pairs.mean(t.sub)
    squares = unhidden(pairs.total(lambda x, y: t.square(t.sub(t.sub(x, y), mean))))
    none = t.either(is_nothing_beside(squares, mean), t.less(pairs.how_many, 2.0))
    freedom = t.sub(n, 1.0)
    return t.div(mean, _root(t.div(squares, t.mul(n, freedom)), none)), freedom, none


def _pooled(samples: Samples) -> Statistic:
    a, b = samples.first, samples.second
    freedom = t.sub(t.add(a.count, b.count), 2.0)
    squares = [t.mul(_spread(x), t.sub(x.count, 1.0)) for x in (a, b)]
    variance = t.div(t.add(*squares), freedom)
    none = _without_spread(a, b, t.both)
    widened = t.mul(variance, t.add(t.div(1.0, a.count), t.div(1.0, b.count)))
    return t.div(t.sub(a.mean(), b.mean()), _root(widened, none)), freedom, none


def _welch(samples: Samples) -> Statistic:
    """Degrees of freedom by Welch and Satterthwaite, which are no whole number."""
    a, b = samples.first, samples.second
    none = _without_spread(a, b, t.both)
    of_a, of_b = (t.div(_spread(x), x.count) for x in (a, b))
    variance = t.where(none, t.as_array(1.0), t.add(of_a, of_b))
    shares = [t.div(t.square(t.div(v, variance)), t.sub(x.count, 1.0)) for v, x in ((of_a, a), (of_b, b))]
    freedom = t.div(1.0, t.where(none, t.as_array(1.0), t.add(*shares)))
    return t.div(t.sub(a.mean(), b.mean()), t.sqrt(variance)), freedom, none


def _root(variance: t.Array, none: t.Array) -> t.Array:
    return t.sqrt(t.where(none, t.as_array(1.0), variance))


def _spread(x: Numbers) -> t.Array:
    return unhidden(sample_variance(x))


def _without_spread(a: Numbers, b: Numbers, combine: Callable[..., t.Array]) -> t.Array:
    """Whether both samples, or either, hold equal numbers, or one of them fewer than two."""
    equal = combine(*(is_nothing_beside(_spread(x), x.mean()) for x in (a, b)))
    return reduce(t.either, (t.less(x.how_many, 2.0) for x in (a, b)), equal)


for name in ("F.TEST", "FTEST"):

    @of_samples(
        name, f"{name}(~{{6,7,9,15,21}},~{{20,28,31,38,40}})", f"{name}(~{{6;7;9}},~{{8;7;7.5;9}})", fewest=2
    )
    def f_test(samples):
        """Twice the smaller tail of the ratio of the variances."""
        a, b = samples.first, samples.second
        none = _without_spread(a, b, t.either)
        ratio = t.div(*(t.where(none, t.as_array(1.0), _spread(x)) for x in (a, b)))
        freedom = [t.sub(x.count, 1.0) for x in (a, b)]
        above, below = f_above(ratio, *freedom), f_above(t.div(1.0, ratio), *reversed(freedom))
        smaller = t.less(above, below)
        t.decide(smaller)
        return OrError(t.mul(t.where(smaller, above, below), 2.0), none, "#DIV/0!", NO_SPREAD)


for name in ("CHISQ.TEST", "CHITEST"):

    @of_samples(
        name,
        f"{name}(~{{58,35;11,25;10,23}},~{{45.35,47.65;17.56,18.44;16.09,16.91}})",
        f"{name}(~{{4;5;9}},~{{6;6;6}})",
    )
    def chi_squared_test(samples):
        if samples.size in (None, (1, 1)):
            raise Fails("#N/A", "compares tables of different sizes, or of one number")
        rows, columns = (n - 1 for n in samples.size)
        empty = samples.pairs.total(lambda x, expected: t.as_number(t.equal(expected, 0.0)), safe=1.0)
        none = t.either(t.greater(empty, 0.0), t.equal(samples.pairs.how_many, 0.0))
        squares = unhidden(samples.pairs.total(_squares_by_expected, safe=1.0))
        chance = chi_squared_above(squares, t.as_array(float(rows * columns or rows + columns)))
        return OrError(chance, none, "#DIV/0!", "divides by an expected number of 0")


def _squares_by_expected(x: t.Array, expected: t.Array) -> t.Array:
    by = t.where(t.equal(expected, 0.0), t.as_array(1.0), expected)
    return t.div(t.square(t.sub(x, expected)), by)


@of_pairs(
    "PROB",
    "PROB({0,1,2,3},{0.2,0.3,0.1,0.4},2)*~2",
    "PROB({0,1,2,3},{0.2,0.3,0.1,0.4},1,3)*~2",
    empty=Empty("#DIV/0!", "finds no pairs of numbers"),
    arity=(3, 4),
    keyed=True,
)
def chance_between(pairs, low, high=None):
    """The probabilities of the numbers from `low` to `high`, which together are 1."""
    inside = pairs.total(lambda x, p: t.as_number(t.both(t.greater(p, 0.0), t.less_equal(p, 1.0))))
    valid = t.both(
        t.equal(inside, pairs.how_many),
        t.less_equal(t.absolute(t.sub(pairs.total(lambda x, p: p), 1.0)), ROUNDING),
    )
    sums = [
        pairs.total(lambda x, p, a=a, b=b: t.where(t.both(t.less_equal(a, x), t.less_equal(x, b)), p, 0.0))
        for a, b in zip(_each(low), _each(low if high is None else high), strict=True)
    ]
    return t.where(valid, t.join(*sums, dim=3), t.NAN)


def _each(row: t.Array) -> list[t.Array]:
    """The numbers of a row (H, W, 1, m), each (H, W, 1, 1)."""
    return [t.segment(row, dim=3, start=i, length=1) for i in range(t.shape_of(row)[3])]
