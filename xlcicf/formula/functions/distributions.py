"""Excel's category Statistical: distributions and their inverses, under their old and new names.

Each has a derivative by every argument that Excel does not cut to a whole number. A chance in the lower or
upper tail is computed as such and never as what is left of 1, so that it keeps its digits.
"""

import math
from collections.abc import Callable
from functools import reduce

from xlcicf.formula import tape as t
from xlcicf.formula.discrete import falling_factorial, hypergeometric, smallest_reaching
from xlcicf.formula.functions.table import OrError, of_numbers
from xlcicf.formula.incomplete import (
    beta_below,
    beta_density,
    beta_rest,
    beta_up_to,
    gamma_above,
    gamma_below,
    gamma_from,
    gamma_up_to,
    powers,
    shares,
    student_below,
    student_density,
    student_up_to,
)
from xlcicf.formula.special import (
    erf,
    expm1,
    gamma,
    log1p,
    log_gamma,
    normal_below,
    normal_density,
    normal_up_to,
)

MOST_FREEDOM = MOST_THINGS = 1e10
ALWAYS, NEVER = (t.equal(t.as_array(x), 1.0) for x in (1.0, 0.0))


def _where(valid: t.Operand, compute: Callable[..., t.Array], *arguments: tuple[t.Operand, float]) -> t.Array:
    """compute(arguments) where these are valid, #NUM! elsewhere; each stands beside one that always is."""
    return t.where(valid, compute(*(t.where(valid, x, t.as_array(safe)) for x, safe in arguments)), t.NAN)


def _all(*conditions: t.Array) -> t.Array:
    return reduce(t.both, conditions)


def _either(cumulative: t.Array, below: Callable[[], t.Array], density: Callable[[], t.Array]) -> t.Array:
    """The distribution up to a number where TRUE is asked for, else its density there."""
    if t.holds_everywhere(cumulative):
        return below()
    return t.where(cumulative, below(), density()) if t.may_hold(cumulative) else density()


def _at_least(x: t.Operand, bound: float) -> t.Array:
    return t.greater_equal(x, bound)


def _between(x: t.Operand, low: float, high: float) -> t.Array:
    return t.both(t.greater_equal(x, low), t.less_equal(x, high))


def _inside(x: t.Operand, low: float, high: float) -> t.Array:
    return t.both(t.greater(x, low), t.less(x, high))


def _positive(*numbers: t.Operand) -> t.Array:
    return _all(*(t.greater(x, 0.0) for x in numbers))


# --- normal ---------------------------------------------------------------------------------------------


def _normal(x, mean, sd, cumulative):
    def compute(sd):
        z = t.div(t.sub(x, mean), sd)
        return _either(cumulative, lambda: normal_below(z), lambda: t.div(normal_density(z), sd))

    return _where(_positive(sd), compute, (sd, 1.0))


for name in ("NORM.DIST", "NORMDIST"):
    of_numbers(
        name,
        f"{name}(~42,~40,~1.5,TRUE)",
        f"{name}(~42,~40,~1.5,FALSE)",
        f"{name}(~-9,~1.5,~0.5,1)*10^90",
        arity=(4, 4),
        conditions=(3,),
    )(_normal)

for name in ("NORM.INV", "NORMINV"):

    @of_numbers(name, f"{name}(~0.7088,~40,~1.5)", f"{name}(~0.003,~-2,~3)", arity=(3, 3))
    def normal_inverse(p, mean, sd):
        def compute(p, sd):
            return t.add(mean, t.mul(sd, normal_up_to(p)))

        return _where(_all(_inside(p, 0.0, 1.0), _positive(sd)), compute, (p, 0.5), (sd, 1.0))


@of_numbers(
    "NORM.S.DIST", "NORM.S.DIST(~1.3,TRUE)", "NORM.S.DIST(~-1.3,FALSE)", arity=(2, 2), conditions=(1,)
)
def standard_normal(z, cumulative):
    return _either(cumulative, lambda: normal_below(z), lambda: normal_density(z))


of_numbers("NORMSDIST", "NORMSDIST(~1.3)", "NORMSDIST(~-4)")(normal_below)
of_numbers("PHI", "PHI(~0.75)", "PHI(~-2)")(normal_density)

for name in ("NORM.S.INV", "NORMSINV"):

    @of_numbers(name, f"{name}(~0.7088)", f"{name}(~0.04)")
    def standard_normal_inverse(p):
        return _where(_inside(p, 0.0, 1.0), normal_up_to, (p, 0.5))


@of_numbers("GAUSS", "GAUSS(~2)", "GAUSS(~-0.01)")
def gauss(z):
    """The chance to fall between 0 and z."""
    return t.mul(erf(t.mul(z, math.sqrt(0.5))), 0.5)


@of_numbers("STANDARDIZE", "STANDARDIZE(~42,~40,~1.5)", arity=(3, 3))
def standardized(x, mean, sd):
    return _where(_positive(sd), lambda sd: t.div(t.sub(x, mean), sd), (sd, 1.0))


def _log_normal(x, mean, sd, cumulative):
    def compute(x, sd):
        z = t.div(t.sub(t.log(x), mean), sd)
        density = t.div(normal_density(z), t.mul(sd, x))
        return _either(cumulative, lambda: normal_below(z), lambda: density)

    return _where(_positive(x, sd), compute, (x, 1.0), (sd, 1.0))


of_numbers(
    "LOGNORM.DIST",
    "LOGNORM.DIST(~4,~3.5,~1.2,TRUE)",
    "LOGNORM.DIST(~4,~3.5,~1.2,FALSE)",
    arity=(4, 4),
    conditions=(3,),
)(_log_normal)
of_numbers("LOGNORMDIST", "LOGNORMDIST(~4,~3.5,~1.2)", arity=(3, 3))(
    lambda x, mean, sd: _log_normal(x, mean, sd, ALWAYS)
)

for name in ("LOGNORM.INV", "LOGINV"):

    @of_numbers(name, f"{name}(~0.039084,~3.5,~1.2)", arity=(3, 3))
    def log_normal_inverse(p, mean, sd):
        def compute(p, sd):
            return t.exp(t.add(mean, t.mul(sd, normal_up_to(p))))

        return _where(_all(_inside(p, 0.0, 1.0), _positive(sd)), compute, (p, 0.5), (sd, 1.0))


for name in ("CONFIDENCE", "CONFIDENCE.NORM"):

    @of_numbers(name, f"{name}(~0.05,~2.5,50)", f"{name}(~0.4,~2.5,9.9)", arity=(3, 3), whole=(2,))
    def confidence(alpha, sd, size):
        def compute(alpha, sd, size):
            return t.neg(t.mul(normal_up_to(t.mul(alpha, 0.5)), t.div(sd, t.sqrt(size))))

        valid = _all(_inside(alpha, 0.0, 1.0), _positive(sd), _at_least(size, 1.0))
        return _where(valid, compute, (alpha, 0.5), (sd, 1.0), (size, 1.0))


@of_numbers("CONFIDENCE.T", "CONFIDENCE.T(~0.05,~1,50)", arity=(3, 3), whole=(2,))
def student_confidence(alpha, sd, size):
    def compute(alpha, sd, size):
        quantile = student_up_to(t.mul(alpha, 0.5), t.sub(size, 1.0))
        return t.neg(t.mul(quantile, t.div(sd, t.sqrt(size))))

    valid = _all(_inside(alpha, 0.0, 1.0), _positive(sd))
    several = t.both(valid, _at_least(size, 2.0))
    out = _where(several, compute, (alpha, 0.5), (sd, 1.0), (size, 2.0))
    return OrError(out, t.both(valid, t.equal(size, 1.0)), "#DIV/0!", "needs a sample of two or more")


# --- exponential, Weibull -------------------------------------------------------------------------------

for name in ("EXPON.DIST", "EXPONDIST"):

    @of_numbers(name, f"{name}(~0.2,~10,TRUE)", f"{name}(~0.2,~10,FALSE)", arity=(3, 3), conditions=(2,))
    def exponential(x, rate, cumulative):
        def compute(x, rate):
            power = t.neg(t.mul(rate, x))
            return _either(cumulative, lambda: t.neg(expm1(power)), lambda: t.mul(rate, t.exp(power)))

        return _where(_all(_at_least(x, 0.0), _positive(rate)), compute, (x, 1.0), (rate, 1.0))


for name in ("WEIBULL.DIST", "WEIBULL"):

    @of_numbers(
        name,
        f"{name}(~105,~20,~100,TRUE)",
        f"{name}(~105,~20,~100,FALSE)",
        f"{name}(~0.3,~0.7,~2,FALSE)",
        arity=(4, 4),
        conditions=(3,),
    )
    def weibull(x, shape, scale, cumulative):
        def compute(x, shape, scale):
            log = t.log(t.div(x, scale))
            power = t.neg(t.exp(t.mul(shape, log)))
            height = t.exp(t.add(t.mul(t.sub(shape, 1.0), log), power))
            return _either(
                cumulative, lambda: t.neg(expm1(power)), lambda: t.mul(t.div(shape, scale), height)
            )

        parameters = _positive(shape, scale)
        out = _where(_all(t.greater(x, 0.0), parameters), compute, (x, 1.0), (shape, 1.0), (scale, 1.0))
        one = t.both(t.equal(shape, 1.0), parameters)
        edge = t.where(one, t.div(1.0, t.where(one, scale, t.as_array(1.0))), t.NAN)
        edge = t.where(t.both(t.greater(shape, 1.0), parameters), t.as_array(0.0), edge)
        at_zero = t.where(t.both(cumulative, parameters), t.as_array(0.0), edge)
        return t.where(t.equal(x, 0.0), at_zero, out)


# --- gamma, chi-squared ---------------------------------------------------------------------------------

for name in ("GAMMA.DIST", "GAMMADIST"):

    @of_numbers(
        name,
        f"{name}(~10.00001131,~9,~2,TRUE)",
        f"{name}(~10.00001131,~9,~2,FALSE)",
        f"{name}(~0.2,~0.4,~3,TRUE)",
        f"{name}(~0.2,~0.4,~3,FALSE)",
        f"{name}(~9,~0.4,~3,TRUE)",
        arity=(4, 4),
        conditions=(3,),
    )
    def gamma_distribution(x, shape, scale, cumulative):
        def compute(x, shape, scale):
            by_scale = t.div(x, scale)
            return _either(
                cumulative,
                lambda: gamma_below(shape, by_scale),
                lambda: t.div(powers(t.sub(shape, 1.0), by_scale), scale),
            )

        valid = _all(_at_least(x, 0.0), _positive(shape, scale))
        return _where(valid, compute, (x, 1.0), (shape, 1.0), (scale, 1.0))


for name in ("GAMMA.INV", "GAMMAINV"):

    @of_numbers(name, f"{name}(~0.068094,~9,~2)", f"{name}(~0.8,~0.3,~2)", arity=(3, 3))
    def gamma_inverse(p, shape, scale):
        def compute(p, shape, scale):
            return t.mul(scale, gamma_up_to(p, shape))

        return _inverse(p, 0.0, _positive(shape, scale), compute, (shape, 1.0), (scale, 1.0))


def _inverse(
    p: t.Operand,
    of_zero: float,
    valid: t.Array,
    compute: Callable[..., t.Array],
    *parameters: tuple[t.Operand, float],
) -> t.Array:
    """An inverse on what is positive: 0 at the chance `of_zero`, 0 or 1, and #NUM! at the other, where it
    grows beyond all numbers."""
    out = _where(t.both(valid, _inside(p, 0.0, 1.0)), compute, (p, 0.5), *parameters)
    return t.where(t.both(valid, t.equal(p, of_zero)), t.as_array(0.0), out)


def _is_freedom(*degrees: t.Operand) -> t.Array:
    return _all(*(_between(n, 1.0, MOST_FREEDOM) for n in degrees))


@of_numbers(
    "CHISQ.DIST",
    "CHISQ.DIST(~0.5,1,TRUE)",
    "CHISQ.DIST(~2,3,FALSE)",
    "CHISQ.DIST(~7,3.9,TRUE)",
    arity=(3, 3),
    whole=(1,),
    conditions=(2,),
)
def chi_squared(x, freedom, cumulative):
    def compute(x, freedom):
        shape, half = t.mul(freedom, 0.5), t.mul(x, 0.5)
        return _either(
            cumulative,
            lambda: gamma_below(shape, half),
            lambda: t.mul(powers(t.sub(shape, 1.0), half), 0.5),
        )

    valid = t.both(_at_least(x, 0.0), _is_freedom(freedom))
    return _where(valid, compute, (x, 1.0), (freedom, 1.0))


def chi_squared_above(x: t.Operand, freedom: t.Operand) -> t.Array:
    def compute(x, freedom):
        return gamma_above(t.mul(freedom, 0.5), t.mul(x, 0.5))

    valid = t.both(_at_least(x, 0.0), _is_freedom(freedom))
    return _where(valid, compute, (x, 1.0), (freedom, 1.0))


for name in ("CHISQ.DIST.RT", "CHIDIST"):
    of_numbers(name, f"{name}(~18.307,10)", f"{name}(~0.3,1)", arity=(2, 2), whole=(1,))(chi_squared_above)


@of_numbers("CHISQ.INV", "CHISQ.INV(~0.73,1)", "CHISQ.INV(~0.6,2)", arity=(2, 2), whole=(1,))
def chi_squared_inverse(p, freedom):
    def compute(p, freedom):
        return t.mul(gamma_up_to(p, t.mul(freedom, 0.5)), 2.0)

    return _inverse(p, 0.0, _is_freedom(freedom), compute, (freedom, 1.0))


for name in ("CHISQ.INV.RT", "CHIINV"):

    @of_numbers(name, f"{name}(~0.050001,10)", f"{name}(~0.7,1)", arity=(2, 2), whole=(1,))
    def chi_squared_inverse_above(p, freedom):
        def compute(p, freedom):
            return t.mul(gamma_from(p, t.mul(freedom, 0.5)), 2.0)

        return _inverse(p, 1.0, _is_freedom(freedom), compute, (freedom, 1.0))


# --- beta -----------------------------------------------------------------------------------------------


def _beta(x, a, b, cumulative, low, high):
    low, high = t.as_array(0.0 if low is None else low), t.as_array(1.0 if high is None else high)

    def compute(x, a, b, low, high):
        width = t.sub(high, low)
        share, rest = t.div(t.sub(x, low), width), t.div(t.sub(high, x), width)
        return _either(
            cumulative,
            lambda: beta_below(a, b, share, rest),
            lambda: t.div(beta_density(a, b, share, rest), width),
        )

    valid = _all(_positive(a, b), t.less(low, high), t.less_equal(low, x), t.less_equal(x, high))
    return _where(valid, compute, (x, 0.5), (a, 1.0), (b, 1.0), (low, 0.0), (high, 1.0))


@of_numbers(
    "BETA.DIST",
    "BETA.DIST(~2,~8,~10,TRUE,~1,~3)",
    "BETA.DIST(~2,~8,~10,FALSE,~1,~3)",
    "BETA.DIST(~0.3,~0.4,~1.6,TRUE)",
    "BETA.DIST(~0.3,~0.4,~1.6,FALSE)",
    "BETA.DIST(~0.3,~2,~3,FALSE,~-0.5)",
    arity=(4, 6),
    conditions=(3,),
)
def beta_distribution(x, a, b, cumulative, low=None, high=None):
    return _beta(x, a, b, cumulative, low, high)


@of_numbers("BETADIST", "BETADIST(~2,~8,~10,~1,~3)", "BETADIST(~0.7,~4,~1.5)", arity=(3, 5))
def beta_distribution_up_to(x, a, b, low=None, high=None):
    return _beta(x, a, b, ALWAYS, low, high)


for name in ("BETA.INV", "BETAINV"):

    @of_numbers(
        name,
        f"{name}(~0.685470581,~8,~10,~1,~3)",
        f"{name}(~0.3,~0.4,~1.6)",
        f"{name}(~0.2,~2,~3,~-1)",
        arity=(3, 5),
    )
    def beta_inverse(p, a, b, low=None, high=None):
        low, high = t.as_array(0.0 if low is None else low), t.as_array(1.0 if high is None else high)

        def compute(p, a, b, low, high):
            return t.add(low, t.mul(beta_up_to(p, a, b), t.sub(high, low)))

        inside = _all(_positive(a, b), t.less(low, high), _inside(p, 0.0, 1.0))
        return _where(inside, compute, (p, 0.5), (a, 1.0), (b, 1.0), (low, 0.0), (high, 1.0))


# --- Student's t ----------------------------------------------------------------------------------------


@of_numbers(
    "T.DIST",
    "T.DIST(~60,1,TRUE)",
    "T.DIST(~-1.5,8,TRUE)",
    "T.DIST(~0.7,3.9,FALSE)",
    arity=(3, 3),
    whole=(1,),
    conditions=(2,),
)
def student(x, freedom, cumulative):
    def compute(freedom):
        return _either(cumulative, lambda: student_below(x, freedom), lambda: student_density(x, freedom))

    out = _where(_at_least(freedom, 1.0), compute, (freedom, 1.0))
    none = t.both(t.equal(freedom, 0.0), t.equal(t.as_number(cumulative), 0.0))
    return OrError(out, none, "#DIV/0!", "divides by 0 degrees of freedom")


def student_above(x: t.Operand, freedom: t.Operand) -> t.Array:
    return _where(_at_least(freedom, 1.0), lambda n: student_below(t.neg(x), n), (freedom, 1.0))


of_numbers("T.DIST.RT", "T.DIST.RT(~1.959999998,60)", "T.DIST.RT(~-2,3)", arity=(2, 2), whole=(1,))(
    student_above
)


def _student_tails(x: t.Operand, freedom: t.Operand, tails: t.Operand) -> t.Array:
    return t.mul(_where(_at_least(x, 0.0), lambda x: student_above(x, freedom), (x, 1.0)), tails)


of_numbers("T.DIST.2T", "T.DIST.2T(~1.959999998,60)", "T.DIST.2T(~0.1,2)", arity=(2, 2), whole=(1,))(
    lambda x, freedom: _student_tails(x, freedom, 2.0)
)


@of_numbers("TDIST", "TDIST(~1.959999998,60,2)", "TDIST(~0.4,5,1)", arity=(3, 3), whole=(1, 2))
def student_by_tails(x, freedom, tails):
    one_or_two = t.either(t.equal(tails, 1.0), t.equal(tails, 2.0))
    return t.where(one_or_two, _student_tails(x, freedom, tails), t.NAN)


@of_numbers("T.INV", "T.INV(~0.75,2)", "T.INV(~0.001,7)", arity=(2, 2), whole=(1,))
def student_inverse(p, freedom):
    valid = t.both(_inside(p, 0.0, 1.0), _at_least(freedom, 1.0))
    return _where(valid, student_up_to, (p, 0.5), (freedom, 1.0))


for name in ("T.INV.2T", "TINV"):

    @of_numbers(name, f"{name}(~0.546449,60)", f"{name}(~0.01,1)", arity=(2, 2), whole=(1,))
    def student_inverse_of_two_tails(p, freedom):
        def compute(p, freedom):
            return t.sub(0.0, student_up_to(t.mul(p, 0.5), freedom))

        valid = _all(t.greater(p, 0.0), t.less_equal(p, 1.0), _at_least(freedom, 1.0))
        return _where(valid, compute, (p, 0.5), (freedom, 1.0))


# --- F --------------------------------------------------------------------------------------------------


def _as_shares(x: t.Operand, first: t.Operand, second: t.Operand) -> tuple[t.Array, t.Array]:
    """first x / (first x + second), and what is left of 1."""
    product = t.mul(first, x)
    whole = t.add(product, second)
    return t.div(product, whole), t.div(second, whole)


def _of_f(compute: Callable[..., t.Array], x: t.Operand, first: t.Operand, second: t.Operand) -> t.Array:
    valid = t.both(_at_least(x, 0.0), _is_freedom(first, second))
    return _where(valid, compute, (x, 1.0), (first, 1.0), (second, 1.0))


@of_numbers(
    "F.DIST",
    "F.DIST(~15.20686486,6,4,TRUE)",
    "F.DIST(~15.20686486,6,4,FALSE)",
    "F.DIST(~0.2,3.9,7,TRUE)",
    arity=(4, 4),
    whole=(1, 2),
    conditions=(3,),
)
def f_distribution(x, first, second, cumulative):
    def compute(x, first, second):
        shapes, (share, rest) = (t.div(first, 2.0), t.div(second, 2.0)), _as_shares(x, first, second)
        widening = t.div(t.mul(t.mul(rest, rest), first), second)  # the derivative of share by x
        return _either(
            cumulative,
            lambda: beta_below(*shapes, share, rest),
            lambda: t.mul(beta_density(*shapes, share, rest), widening),
        )

    return _of_f(compute, x, first, second)


def f_above(x: t.Operand, first: t.Operand, second: t.Operand) -> t.Array:
    def compute(x, first, second):
        share, rest = _as_shares(x, first, second)
        return beta_below(t.div(second, 2.0), t.div(first, 2.0), rest, share)

    return _of_f(compute, x, first, second)


for name in ("F.DIST.RT", "FDIST"):
    of_numbers(name, f"{name}(~15.20686486,6,4)", f"{name}(~0.7,3,9)", arity=(3, 3), whole=(1, 2))(f_above)


@of_numbers("F.INV", "F.INV(~0.01,6,4)", "F.INV(~0.8,3,2)", arity=(3, 3), whole=(1, 2))
def f_inverse(p, first, second):
    def compute(p, first, second):
        shapes = t.div(first, 2.0), t.div(second, 2.0)
        return t.mul(t.div(beta_up_to(p, *shapes), beta_rest(p, *shapes)), t.div(second, first))

    return _inverse(p, 0.0, _is_freedom(first, second), compute, (first, 1.0), (second, 1.0))


for name in ("F.INV.RT", "FINV"):

    @of_numbers(name, f"{name}(~0.01,6,4)", f"{name}(~0.8,3,2)", arity=(3, 3), whole=(1, 2))
    def f_inverse_above(p, first, second):
        def compute(p, first, second):
            shapes = t.div(second, 2.0), t.div(first, 2.0)
            return t.mul(t.div(beta_rest(p, *shapes), beta_up_to(p, *shapes)), t.div(second, first))

        return _inverse(p, 1.0, _is_freedom(first, second), compute, (first, 1.0), (second, 1.0))


# --- counts ---------------------------------------------------------------------------------------------


def binomial_below(k: t.Operand, n: t.Operand, p: t.Operand) -> t.Array:
    """The chance of at most k successes in n trials, for k from -1 to n."""
    some = t.both(_at_least(k, 0.0), t.less(k, n))
    failures, more = (
        t.where(some, t.sub(n, k), t.as_array(1.0)),
        t.where(some, t.add(k, 1.0), t.as_array(1.0)),
    )
    return t.where(some, beta_below(failures, more, t.sub(1.0, p), p), t.as_number(_at_least(k, 0.0)))


def binomial_above(k: t.Operand, n: t.Operand, p: t.Operand) -> t.Array:
    """The chance of more than k."""
    some = t.both(_at_least(k, 0.0), t.less(k, n))
    failures, more = (
        t.where(some, t.sub(n, k), t.as_array(1.0)),
        t.where(some, t.add(k, 1.0), t.as_array(1.0)),
    )
    return t.where(some, beta_below(more, failures, p, t.sub(1.0, p)), t.as_number(t.less(k, 0.0)))


for name in ("BINOM.DIST", "BINOMDIST"):

    @of_numbers(
        name,
        f"{name}(6,10,~0.5,FALSE)",
        f"{name}(6,10,~0.4,TRUE)",
        f"{name}(2.9,9.9,~0.7,TRUE)",
        arity=(4, 4),
        whole=(0, 1),
        conditions=(3,),
    )
    def binomial(k, n, p, cumulative):
        def compute(k, n, p):
            return _either(
                cumulative,
                lambda: binomial_below(k, n, p),
                lambda: shares(k, t.sub(n, k), p, t.sub(1.0, p)),
            )

        valid = _all(_at_least(k, 0.0), t.less_equal(k, n), _between(p, 0.0, 1.0))
        return _where(valid, compute, (k, 0.0), (n, 1.0), (p, 0.5))


@of_numbers(
    "BINOM.DIST.RANGE",
    "BINOM.DIST.RANGE(60,~0.75,48)",
    "BINOM.DIST.RANGE(60,~0.75,45,50)",
    "BINOM.DIST.RANGE(60,~0.2,45,50)*10^20",
    arity=(3, 4),
    whole=(0, 2, 3),
)
def binomial_range(n, p, low, high=None):
    """Of the differences of two tails that of the smaller ones."""
    high = low if high is None else high

    def compute(n, p, low, high):
        before = t.sub(low, 1.0)
        below = t.sub(binomial_below(high, n, p), binomial_below(before, n, p))
        above = t.sub(binomial_above(before, n, p), binomial_above(high, n, p))
        several = t.where(t.greater(low, t.mul(n, p)), above, below)
        return t.where(t.equal(low, high), shares(low, t.sub(n, low), p, t.sub(1.0, p)), several)

    valid = _all(_at_least(low, 0.0), t.less_equal(low, high), t.less_equal(high, n), _between(p, 0.0, 1.0))
    return _where(valid, compute, (n, 1.0), (p, 0.5), (low, 0.0), (high, 0.0))


for name in ("BINOM.INV", "CRITBINOM"):

    @of_numbers(name, f"{name}(6,0.5,~0.75)", f"{name}(100,~0.3,0.001)", arity=(3, 3), smooth=False)
    def binomial_inverse(n, p, chance):
        n = t.truncated(n)

        def compute(*numbers):
            k = smallest_reaching(*numbers)
            t.decide(k)
            return k

        some = t.both(_at_least(p, 0.0), t.less(p, 1.0))
        valid = _all(_between(n, 0.0, MOST_THINGS), some, _inside(chance, 0.0, 1.0))
        return _where(valid, compute, (n, 1.0), (p, 0.5), (chance, 0.5))


def _negative_binomial(failures, successes, p, cumulative):
    def compute(failures, successes, p):
        share = t.div(successes, t.add(successes, failures))
        rest = t.sub(1.0, p)
        return _either(
            cumulative,
            lambda: beta_below(successes, t.add(failures, 1.0), p, rest),
            lambda: t.mul(shares(successes, failures, p, rest), share),
        )

    valid = _all(_at_least(failures, 0.0), _at_least(successes, 1.0), _inside(p, 0.0, 1.0))
    return _where(valid, compute, (failures, 0.0), (successes, 1.0), (p, 0.5))


of_numbers(
    "NEGBINOM.DIST",
    "NEGBINOM.DIST(10,5,~0.25,TRUE)",
    "NEGBINOM.DIST(10,5,~0.25,FALSE)",
    arity=(4, 4),
    whole=(0, 1),
    conditions=(3,),
)(_negative_binomial)
of_numbers("NEGBINOMDIST", "NEGBINOMDIST(10,5,~0.25)", arity=(3, 3), whole=(0, 1))(
    lambda failures, successes, p: _negative_binomial(failures, successes, p, NEVER)
)

for name in ("POISSON.DIST", "POISSON"):

    @of_numbers(name, f"{name}(2,~5,TRUE)", f"{name}(2,~5,FALSE)", arity=(3, 3), counts=(0,), conditions=(2,))
    def poisson(k, mean, cumulative):
        def compute(k, mean):
            return _either(cumulative, lambda: gamma_above(t.add(k, 1.0), mean), lambda: powers(k, mean))

        return _where(t.both(_at_least(k, 0.0), _at_least(mean, 0.0)), compute, (k, 1.0), (mean, 1.0))


def _drawn(k, drawn, marked, number, cumulative):
    k, drawn, marked, number = (t.truncated(x) for x in (k, drawn, marked, number))
    valid = _all(
        _at_least(k, 0.0),
        t.less_equal(k, drawn),
        t.less_equal(k, marked),
        t.less_equal(drawn, number),
        t.less_equal(marked, number),
        t.less_equal(number, MOST_THINGS),
    )

    def compute(*counts):
        return hypergeometric(*counts, t.as_number(cumulative))

    possible = _at_least(t.sub(t.add(number, k), t.add(drawn, marked)), 0.0)
    out = _where(t.both(valid, possible), compute, (k, 1.0), (drawn, 1.0), (marked, 1.0), (number, 1.0))
    return t.where(t.both(valid, t.equal(possible, False)), 0.0, out)


of_numbers(
    "HYPGEOM.DIST",
    "HYPGEOM.DIST(~1,4,8,20,TRUE)",
    "HYPGEOM.DIST(1,4,~8,20,FALSE)",
    "HYPGEOM.DIST(7,9,8,~20,TRUE)",
    arity=(5, 5),
    conditions=(4,),
    smooth=False,
)(_drawn)
of_numbers("HYPGEOMDIST", "HYPGEOMDIST(~1,4,8,20)", arity=(4, 4), smooth=False)(
    lambda k, drawn, marked, number: _drawn(k, drawn, marked, number, NEVER)
)


@of_numbers("PERMUT", "PERMUT(~100,3)", "PERMUT(3.9,~2)", arity=(2, 2), smooth=False)
def permutations(n, k):
    n, k = t.truncated(n), t.truncated(k)
    valid = _all(t.greater(n, 0.0), _at_least(k, 0.0), t.less_equal(k, n))
    return _where(valid, falling_factorial, (n, 1.0), (k, 1.0))


@of_numbers("PERMUTATIONA", "PERMUTATIONA(~3,2)", "PERMUTATIONA(0,~0)", arity=(2, 2), smooth=False)
def permutations_with_repetition(n, k):
    n, k = t.truncated(n), t.truncated(k)
    inside = t.both(_at_least(n, 0.0), _at_least(k, 0.0))
    nothing = t.both(t.both(inside, t.equal(n, 0.0)), t.greater(k, 0.0))  # to choose from
    return t.where(nothing, 0.0, _where(inside, t.power, (t.where(nothing, 1.0, n), 1.0), (k, 1.0)))


# --- transformations ------------------------------------------------------------------------------------


@of_numbers("GAMMA", "GAMMA(~2.5)", "GAMMA(~-3.75)", "GAMMA(~0.01)")
def gamma_function(x):
    pole = t.both(t.less_equal(x, 0.0), t.equal(x, t.floor(x)))
    return _where(t.both(t.equal(pole, False), t.equal(x, x)), gamma, (x, 1.0))


for name in ("GAMMALN", "GAMMALN.PRECISE"):

    @of_numbers(name, f"{name}(~4)", f"{name}(~0.3)")
    def log_of_gamma(x):
        return _where(_positive(x), log_gamma, (x, 1.0))


@of_numbers("FISHER", "FISHER(~0.75)", "FISHER(~-0.001)")
def fisher(x):
    def compute(x):
        return t.mul(t.sub(log1p(x), log1p(t.neg(x))), 0.5)

    return _where(_inside(x, -1.0, 1.0), compute, (x, 0.0))


of_numbers("FISHERINV", "FISHERINV(~0.972955)", "FISHERINV(~-3)")(t.tanh)
