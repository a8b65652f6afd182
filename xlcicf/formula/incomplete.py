"""The regularised incomplete gamma and beta functions, their densities and inverses, as primitives.

    gamma_below(a, x)       P(a, x), the gamma distribution up to x;  gamma_above: 1 - P
    gamma_up_to(p, a)       the x at which P(a, x) = p;               gamma_from: at which 1 - P = p
    beta_below(a, b, x, y)  I_x(a, b), the beta distribution up to x
    beta_up_to(p, a, b)     the x at which I_x(a, b) = p;             beta_rest: 1 - x
    powers(a, x)            x^a e^-x / a!, the terms of Poisson's distribution
    shares(a, b, x, y)      x^a y^b (a+b)! / (a! b!), those of the binomial one

y is 1 - x with all its digits, for x near 1; the derivative by x stands for both.

The terms are computed as by Loader, "Fast and accurate computation of binomial probabilities" (2000): by
Stirling's error and deviances in place of the difference of large logarithms. The derivatives by a and b are
integrals over the tail on that side where the integrand has one sign, by the double exponential rule.
"""

import math
from collections.abc import Callable

import numpy as np
from torch import Tensor

from xlcicf.formula import tape as t
from xlcicf.formula.special import digamma
from xlcicf.formula.vmapped import by_numpy

Numbers = np.ndarray  # float64, of shapes that broadcast

# --- terms ----------------------------------------------------------------------------------------------

_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400)


def _stirling_error(n: Numbers) -> Numbers:
    """log(n!) less Stirling's log(sqrt(2 pi n) (n/e)^n), for n > 0."""
    from scipy.special import gammaln

    large = np.maximum(n, 10.0)
    series = np.polyval(_STIRLING[::-1], 1 / large**2) / large
    small = np.minimum(n, 10.0)
    direct = gammaln(small + 1) - (small + 0.5) * np.log(small) + small - 0.5 * math.log(2 * math.pi)
    return np.where(n > 10, series, direct)


def _deviance(x: Numbers, mean: Numbers) -> Numbers:
    """x log(x / mean) + mean - x, without the difference of what is nearly equal."""
    v = (x - mean) / (x + mean)
    near = np.where(np.abs(v) < 0.1, v, 0.0)
    series = np.polyval([2 / (2 * j + 1) for j in range(9, 0, -1)], near**2) * near**2
    return np.where(np.abs(v) < 0.1, (x - mean) * v + x * near * series, x * np.log(x / mean) + mean - x)


def _powers(a: Numbers, x: Numbers) -> Numbers:
    """x^a e^-x / a! for a >= -2."""
    lifted = a + (a < 0) + (a < -1)
    inside = (lifted > 0) & (x > 0)
    n, m = np.where(inside, lifted, 1.0), np.where(inside, x, 1.0)
    terms = np.exp(-_stirling_error(n) - _deviance(n, m)) / np.sqrt(2 * math.pi * n)
    terms = np.where(inside, terms, np.where(lifted == 0, np.exp(-x), 0.0))
    factor = np.where(a < 0, a + 1, 1.0) * np.where(a < -1, a + 2, 1.0)
    return np.where(factor == 0, 0.0, terms * factor / x ** (lifted - a))


@t.Primitive
def powers(a: Tensor, x: Tensor) -> Tensor:
    return by_numpy(_powers, a, x)


@powers.pullback
def _(g, out, a, x):
    by_a = by_x = None
    if isinstance(a, t.Var):
        some = t.greater(x, 0.0)
        log = t.where(some, t.log(t.where(some, x, 1.0)), 0.0)
        by_a = t.sum_to(t.mul(t.mul(g, out), t.sub(log, digamma(t.add(a, 1.0)))), t.shape_of(a))
    if isinstance(x, t.Var):
        by_x = t.sum_to(t.mul(g, t.sub(powers(t.sub(a, 1.0), x), out)), t.shape_of(x))
    return by_a, by_x


def binomial_terms(a: Numbers, b: Numbers, x: Numbers, y: Numbers) -> Numbers:
    """x^a y^b (a+b)! / (a! b!) for a, b >= 0, and 0 where one of them is -1."""
    inside = (a > 0) & (b > 0) & (x > 0) & (y > 0)
    i, j, p, q = (np.where(inside, v, 1.0) for v in (a, b, x, y))
    n = i + j
    errors = _stirling_error(n) - _stirling_error(i) - _stirling_error(j)
    terms = np.exp(errors - _deviance(i, n * p) - _deviance(j, n * q)) * np.sqrt(n / i / j / (2 * math.pi))
    of_one = np.where(b == 0, _power(x, y, a), np.where(a == 0, _power(y, x, b), 0.0))
    return np.where(inside, terms, np.where((a < 0) | (b < 0), 0.0, of_one))


def _power(x: Numbers, y: Numbers, a: Numbers) -> Numbers:
    """x^a with x = 1 - y."""
    inside = (x > 0) & (a > 0)
    return np.where(inside, np.exp(a * _log(np.where(inside, x, 1.0), np.where(inside, y, 0.0))), a == 0)


def _log(x: Numbers, y: Numbers) -> Numbers:
    """The logarithm of x = 1 - y."""
    return np.where(y < 0.5, np.log1p(-np.minimum(y, 0.5)), np.log(x))


@t.Primitive
def shares(a: Tensor, b: Tensor, x: Tensor, y: Tensor) -> Tensor:
    return by_numpy(binomial_terms, a, b, x, y)


@shares.pullback
def _(g, out, a, b, x, y):
    """By x; a and b are numbers of trials."""
    slope = t.sub(shares(t.sub(a, 1.0), b, x, y), shares(a, t.sub(b, 1.0), x, y))
    return None, None, t.sum_to(t.mul(g, t.mul(t.add(a, b), slope)), t.shape_of(x)), None


# --- gamma ----------------------------------------------------------------------------------------------


def _gamma_by_shape(a: Numbers, x: Numbers) -> Numbers:
    """The derivative of P(a, x) by a."""
    from scipy.special import digamma

    a, x = np.broadcast_arrays(a, x)
    some = x > 0
    a, x = np.where(some, a, 1.0), np.where(some, x, 1.0)
    log, weight = np.log(x) - digamma(a), a * _powers(a, x)
    above = x > np.maximum(a, 1.0)
    way = np.where(above, 1.0, -1.0)  # in which t = x e^(way u) leaves x

    def integrand(u):
        return (log + way * u) * np.exp(way * a * u - x * np.expm1(way * u))

    scale = 2 / (np.abs(x - a) + np.sqrt((x - a) ** 2 + 2 * x))
    by_a = -way * weight * _tail(integrand, scale)
    return np.where(some, np.where((a < 1) & ~above, _gamma_by_small_shape(a, np.minimum(x, 1.0)), by_a), 0.0)


def _gamma_by_small_shape(a: Numbers, x: Numbers) -> Numbers:
    """The same for x <= 1, term by term of P(a, x) = sum over n of x^(a+n) e^-x / (a+n)!."""
    from scipy.special import digamma

    term, total = _powers(a, x), np.zeros(np.shape(x))
    for n in range(1, 25):
        total = total + term * (np.log(x) - digamma(a + n))
        term = term * x / (a + n)
    return total


def _tail(integrand: Callable[[Numbers], Numbers], scale: Numbers) -> Numbers:
    """The integral from 0 on of what decays as fast as e^(-u / scale), or faster, within a factor of some
    hundreds: the double exponential rule with u = scale exp(s - e^-s)."""
    total = np.zeros(np.shape(scale))
    for s in np.arange(-3.8, 10.5, _STEP):
        u = scale * math.exp(s - math.exp(-s))
        total = total + np.nan_to_num(integrand(u) * u * (1 + math.exp(-s)), posinf=0.0, neginf=0.0)
    return total * _STEP


_STEP = 1 / 32


@t.Primitive
def gamma_by_shape(a: Tensor, x: Tensor) -> Tensor:
    return by_numpy(_gamma_by_shape, a, x)


@t.Primitive
def gamma_below(a: Tensor, x: Tensor) -> Tensor:
    from scipy.special import gammainc

    return by_numpy(gammainc, a, x)


@t.Primitive
def gamma_above(a: Tensor, x: Tensor) -> Tensor:
    from scipy.special import gammaincc

    return by_numpy(gammaincc, a, x)


def _by_shape_and_number(g, a, x):
    by_a = t.sum_to(t.mul(g, gamma_by_shape(a, x)), t.shape_of(a)) if isinstance(a, t.Var) else None
    by_x = t.sum_to(t.mul(g, powers(t.sub(a, 1.0), x)), t.shape_of(x)) if isinstance(x, t.Var) else None
    return by_a, by_x


@gamma_below.pullback
def _(g, out, a, x):
    return _by_shape_and_number(g, a, x)


@gamma_above.pullback
def _(g, out, a, x):
    return _by_shape_and_number(t.neg(g), a, x)


@t.Primitive
def gamma_up_to(p: Tensor, a: Tensor) -> Tensor:
    from scipy.special import gammaincinv

    return by_numpy(lambda p, a: gammaincinv(a, p), p, a)


@t.Primitive
def gamma_from(p: Tensor, a: Tensor) -> Tensor:
    from scipy.special import gammainccinv

    return by_numpy(lambda p, a: gammainccinv(a, p), p, a)


@gamma_up_to.pullback
def _(g, out, p, a):
    over = t.div(g, powers(t.sub(a, 1.0), out))
    by_a = t.neg(t.mul(over, gamma_by_shape(a, out))) if isinstance(a, t.Var) else None
    return t.sum_to(over, t.shape_of(p)), None if by_a is None else t.sum_to(by_a, t.shape_of(a))


@gamma_from.pullback
def _(g, out, p, a):
    """By a chance alone: the shapes of these are whole numbers of degrees of freedom."""
    return t.neg(t.sum_to(t.div(g, powers(t.sub(a, 1.0), out)), t.shape_of(p))), None


# --- beta -----------------------------------------------------------------------------------------------


def _beta_density(a: Numbers, b: Numbers, x: Numbers, y: Numbers) -> Numbers:
    """x^(a-1) y^(b-1) / B(a, b)."""
    inside = (x > 0) & (y > 0)
    at = np.where(inside, x * y, 1.0)
    edge = np.where(x > 0, _at_edge(b, a), _at_edge(a, b))
    return np.where(inside, binomial_terms(a, b, x, y) * (a / (a + b)) * b / at, edge)


def _at_edge(a: Numbers, b: Numbers) -> Numbers:
    """The density at x = 0."""
    return np.where(a > 1, 0.0, np.where(a == 1, b, np.inf))


def _beta_slope(a: Numbers, b: Numbers, x: Numbers, y: Numbers) -> Numbers:
    """The derivative of the density by x."""
    inside = (x > 0) & (y > 0)
    p, q = np.where(inside, x, 0.5), np.where(inside, y, 0.5)
    slope = _beta_density(a, b, p, q) * ((a - 1) / p - (b - 1) / q)
    return np.where(inside, slope, np.where(x > 0, -_slope_at_edge(b, a), _slope_at_edge(a, b)))


def _slope_at_edge(a: Numbers, b: Numbers) -> Numbers:
    """The derivative at x = 0."""
    below_two = np.where(a == 1, -b * (b - 1), np.where(a > 1, np.inf, -np.inf))
    return np.where(a > 2, 0.0, np.where(a == 2, b * (b + 1), below_two))


@t.Primitive
def beta_slope(a: Tensor, b: Tensor, x: Tensor, y: Tensor) -> Tensor:
    return by_numpy(_beta_slope, a, b, x, y)


@t.Primitive
def beta_density(a: Tensor, b: Tensor, x: Tensor, y: Tensor) -> Tensor:
    return by_numpy(_beta_density, a, b, x, y)


@beta_density.pullback
def _(g, out, a, b, x, y):
    def by(shape: t.Operand, at: t.Array) -> t.Array | None:
        if not isinstance(shape, t.Var):
            return None
        some = t.greater(at, 0.0)
        log = t.where(some, t.log(t.where(some, at, 1.0)), 0.0)
        growth = t.add(log, t.sub(digamma(t.add(a, b)), digamma(shape)))
        return t.sum_to(t.mul(t.mul(g, out), growth), t.shape_of(shape))

    by_x = t.sum_to(t.mul(g, beta_slope(a, b, x, y)), t.shape_of(x)) if isinstance(x, t.Var) else None
    return by(a, x), by(b, y), by_x, None


def _beta_below(a: Numbers, b: Numbers, x: Numbers, y: Numbers) -> Numbers:
    from scipy.special import betainc, betaincc

    return np.where(y < 0.5, betaincc(b, a, y), betainc(a, b, x))


def _beta_by_first(a: Numbers, b: Numbers, x: Numbers, y: Numbers) -> Numbers:
    """The derivative of I_x(a, b) by a."""
    from scipy.special import digamma

    a, b, x, y = np.broadcast_arrays(a, b, x, y)
    inside = (x > 0) & (y > 0)
    a, b, x, y = (np.where(inside, v, w) for v, w in ((a, 1.0), (b, 1.0), (x, 0.5), (y, 0.5)))
    log, share = _log(x, y), binomial_terms(a, b, x, y)
    expected = digamma(a + 1) - digamma(a + b)
    below = log <= digamma(a + 1) - digamma(a + 1 + b)
    # Up to x: I_x(a, b) = I_x(a + 1, b) + what follows, and the integral is that of a + 1, which decays.
    shape = np.where(below, a + 1, a)
    following = np.where(below, share * (b / (a + b)) * (log - expected), 0.0)
    weight = np.where(below, share * x * b, share * (a / (a + b)) * b)
    way = np.where(below, -1.0, 1.0)  # in which t / (1 - t) = x / y e^(way u) leaves x
    mean = digamma(shape) - digamma(shape + b)

    def integrand(u):
        kept = np.log1p(np.where(below, x, y) * np.expm1(-u))
        growth = np.where(below, -u - kept, -kept)  # of t, as logarithms
        shrinking = growth - way * u  # of 1 - t
        return (log + growth - mean) * np.exp(shape * growth + b * shrinking)

    slope = np.abs(shape - (shape + b) * x)
    scale = 2 / (slope + np.sqrt(slope**2 + 2 * (shape + b) * x * y))
    return np.where(inside, following - way * weight * _tail(integrand, scale), 0.0)


@t.Primitive
def beta_by_first(a: Tensor, b: Tensor, x: Tensor, y: Tensor) -> Tensor:
    return by_numpy(_beta_by_first, a, b, x, y)


@t.Primitive
def beta_below(a: Tensor, b: Tensor, x: Tensor, y: Tensor) -> Tensor:
    return by_numpy(_beta_below, a, b, x, y)


@beta_below.pullback
def _(g, out, a, b, x, y):
    by_a = t.mul(g, beta_by_first(a, b, x, y)) if isinstance(a, t.Var) else None
    by_b = t.neg(t.mul(g, beta_by_first(b, a, y, x))) if isinstance(b, t.Var) else None
    by_x = t.mul(g, beta_density(a, b, x, y)) if isinstance(x, t.Var) else None
    of = zip((by_a, by_b, by_x), (a, b, x), strict=True)
    return *(None if by is None else t.sum_to(by, t.shape_of(operand)) for by, operand in of), None


@t.Primitive
def beta_up_to(p: Tensor, a: Tensor, b: Tensor) -> Tensor:
    from scipy.special import betaincinv

    return by_numpy(lambda p, a, b: betaincinv(a, b, p), p, a, b)


@t.Primitive
def beta_rest(p: Tensor, a: Tensor, b: Tensor) -> Tensor:
    from scipy.special import betainccinv

    return by_numpy(lambda p, a, b: betainccinv(b, a, p), p, a, b)


def _by_chance_and_shapes(g, p, a, b, x, y):
    """The derivatives of x, at which I_x(a, b) = p."""
    over = t.div(g, beta_density(a, b, x, y))
    by_a = t.neg(t.mul(over, beta_by_first(a, b, x, y))) if isinstance(a, t.Var) else None
    by_b = t.mul(over, beta_by_first(b, a, y, x)) if isinstance(b, t.Var) else None
    of = zip((over, by_a, by_b), (p, a, b), strict=True)
    return [None if by is None else t.sum_to(by, t.shape_of(operand)) for by, operand in of]


@beta_up_to.pullback
def _(g, out, p, a, b):
    return _by_chance_and_shapes(g, p, a, b, out, beta_rest(p, a, b))


@beta_rest.pullback
def _(g, out, p, a, b):
    return _by_chance_and_shapes(t.neg(g), p, a, b, beta_up_to(p, a, b), out)


# --- Student's t ----------------------------------------------------------------------------------------


def _student_density(x: Numbers, freedom: Numbers) -> Numbers:
    half = freedom / 2
    ratio = _stirling_error(half) + _deviance(half, half + 0.5) - _stirling_error(half + 0.5)
    spread = x / freedom * x
    return np.exp(-ratio - half * np.log1p(spread)) / np.sqrt(2 * math.pi * (1 + spread))


def _student_by_freedom(x: Numbers, freedom: Numbers) -> Numbers:
    """The derivative of the distribution up to x: by that of I_u(freedom / 2, 1 / 2) and that of u."""
    of_beta = _beta_by_first(
        freedom / 2, np.array(0.5), freedom / (freedom + x * x), x * x / (freedom + x * x)
    )
    by_u = -_student_density(x, freedom) * x / (2 * freedom)
    return -np.sign(x) * of_beta / 4 + by_u


@t.Primitive
def student_by_freedom(x: Tensor, freedom: Tensor) -> Tensor:
    return by_numpy(_student_by_freedom, x, freedom)


@t.Primitive
def student_density(x: Tensor, freedom: Tensor) -> Tensor:
    return by_numpy(_student_density, x, freedom)


@student_density.pullback
def _(g, out, x, freedom):
    """By x; the degrees of freedom of a density are whole."""
    slope = t.neg(t.div(t.mul(t.mul(out, x), t.add(freedom, 1.0)), t.add(freedom, t.square(x))))
    return t.sum_to(t.mul(g, slope), t.shape_of(x)), None


@t.Primitive
def student_below(x: Tensor, freedom: Tensor) -> Tensor:
    from scipy.special import stdtr

    return by_numpy(lambda x, freedom: stdtr(freedom, x), x, freedom)


@student_below.pullback
def _(g, out, x, freedom):
    by_x = t.sum_to(t.mul(g, student_density(x, freedom)), t.shape_of(x)) if isinstance(x, t.Var) else None
    if not isinstance(freedom, t.Var):
        return by_x, None
    return by_x, t.sum_to(t.mul(g, student_by_freedom(x, freedom)), t.shape_of(freedom))


def _student_up_to(p: Numbers, freedom: Numbers) -> Numbers:
    from scipy.special import betainccinv, betaincinv, stdtrit

    off = 1 - 2 * p  # exact in the middle, where stdtrit loses digits
    share, rest = betaincinv(0.5, freedom / 2, np.abs(off)), betainccinv(freedom / 2, 0.5, np.abs(off))
    middle = -np.sign(off) * np.sqrt(freedom * share / rest)
    return np.where(np.abs(off) < 0.5, middle, stdtrit(freedom, p))


@t.Primitive
def student_up_to(p: Tensor, freedom: Tensor) -> Tensor:
    return by_numpy(_student_up_to, p, freedom)


@student_up_to.pullback
def _(g, out, p, freedom):
    """By the chance alone: the degrees of freedom of an inverse are whole."""
    return t.sum_to(t.div(g, student_density(out, freedom)), t.shape_of(p)), None


# What is a derivative has none of its own that is known.
for derivative in (gamma_by_shape, beta_by_first, beta_slope, student_by_freedom):

    @derivative.pullback
    def _(g, out, *operands):
        return [t.mul(x, t.NAN) if isinstance(x, t.Var) else None for x in operands]
