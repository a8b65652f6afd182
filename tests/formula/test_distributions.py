"""Distributions and their inverses: Microsoft's published values, the corners that its pages name, scipy.stats
over grids with extreme arguments, and derivatives against mpmath's."""

import mpmath
import numpy as np
import pytest
import torch
from scipy import stats

from tests.formula.by_rows import gradients, values
from tests.formula.sheets import computed, function
from xlcicf.formula.snapshot import ExcelError

NUM, DIV0, VALUE = (ExcelError(code) for code in ("#NUM!", "#DIV/0!", "#VALUE!"))

PUBLISHED = [  # by Microsoft's pages of the functions, to the digits given there
    ("NORM.DIST(42,40,1.5,TRUE)", "0.9087888"), ("NORM.DIST(42,40,1.5,FALSE)", "0.10934"),
    ("NORM.INV(0.908789,40,1.5)", "42.000002"), ("NORM.S.DIST(1.333333,TRUE)", "0.908788726"),
    ("NORM.S.DIST(1.333333,FALSE)", "0.164010148"), ("NORM.S.INV(0.908789)", "1.3333347"),
    ("LOGNORM.DIST(4,3.5,1.2,TRUE)", "0.0390836"), ("LOGNORM.DIST(4,3.5,1.2,FALSE)", "0.0176176"),
    ("LOGNORM.INV(0.039084,3.5,1.2)", "4.0000252"), ("EXPON.DIST(0.2,10,TRUE)", "0.86466472"),
    ("EXPON.DIST(0.2,10,FALSE)", "1.35335283"), ("WEIBULL.DIST(105,20,100,TRUE)", "0.929581"),
    ("WEIBULL.DIST(105,20,100,FALSE)", "0.035589"), ("GAMMA.DIST(10.00001131,9,2,FALSE)", "0.032639"),
    ("GAMMA.DIST(10.00001131,9,2,TRUE)", "0.068094"), ("GAMMA.INV(0.068094,9,2)", "10.0000112"),
    ("BETA.DIST(2,8,10,TRUE,1,3)", "0.6854706"), ("BETA.DIST(2,8,10,FALSE,1,3)", "1.4837646"),
    ("BETADIST(2,8,10,1,3)", "0.6854706"), ("BETA.INV(0.685470581,8,10,1,3)", "2.00000"),
    ("T.DIST(60,1,TRUE)", "0.99469533"), ("T.DIST(8,3,FALSE)", "0.00073691"),
    ("T.DIST.2T(1.959999998,60)", "0.054645"), ("T.DIST.RT(1.959999998,60)", "0.027322"),
    ("TDIST(1.959999998,60,2)", "0.054645"), ("TDIST(1.959999998,60,1)", "0.027322"),
    ("T.INV(0.75,2)", "0.8164966"), ("T.INV.2T(0.546449,60)", "0.606533"), ("TINV(0.054645,60)", "1.9600"),
    ("F.DIST(15.20686486,6,4,TRUE)", "0.99"), ("F.DIST(15.20686486,6,4,FALSE)", "0.0012238"),
    ("F.DIST.RT(15.20686486,6,4)", "0.01"), ("F.INV(0.01,6,4)", "0.10930991"),
    ("F.INV.RT(0.01,6,4)", "15.20686"), ("CHISQ.DIST(0.5,1,TRUE)", "0.52049988"),
    ("CHISQ.DIST(2,3,FALSE)", "0.20755375"), ("CHISQ.DIST.RT(18.307,10)", "0.0500006"),
    ("CHISQ.INV(0.93,1)", "3.2830203"), ("CHISQ.INV(0.6,2)", "1.832581464"),
    ("CHISQ.INV.RT(0.050001,10)", "18.306973"), ("BINOM.DIST(6,10,0.5,FALSE)", "0.2050781"),
    ("BINOM.DIST.RANGE(60,0.75,48)", "0.084"), ("BINOM.DIST.RANGE(60,0.75,45,50)", "0.524"),
    ("BINOM.INV(6,0.5,0.75)", "4"), ("NEGBINOM.DIST(10,5,0.25,TRUE)", "0.3135141"),
    ("NEGBINOM.DIST(10,5,0.25,FALSE)", "0.0550487"), ("POISSON.DIST(2,5,TRUE)", "0.124652"),
    ("POISSON.DIST(2,5,FALSE)", "0.084224"), ("HYPGEOM.DIST(1,4,8,20,TRUE)", "0.4654"),
    ("HYPGEOM.DIST(1,4,8,20,FALSE)", "0.3633"), ("CONFIDENCE.NORM(0.05,2.5,50)", "0.692952"),
    ("CONFIDENCE.T(0.05,1,50)", "0.284196855"), ("GAMMALN(4)", "1.7917595"), ("GAMMA(2.5)", "1.329"),
    ("GAMMA(-3.75)", "0.268"), ("GAUSS(2)", "0.47725"), ("PHI(0.75)", "0.301137432"),
    ("FISHER(0.75)", "0.9729551"), ("FISHERINV(0.972955)", "0.75"), ("PERMUT(100,3)", "970200"),
    ("PERMUT(3,2)", "6"), ("PERMUTATIONA(3,2)", "9"), ("PERMUTATIONA(2,2)", "4"),
    ("STANDARDIZE(42,40,1.5)", "1.33333333"),
]  # fmt: skip


def value(formula: str):
    return computed({"Z1": "=" + formula}, "Z1")


@pytest.mark.parametrize(("formula", "digits"), PUBLISHED)
def test_a_value_is_the_published_one(formula, digits):
    decimals = len(digits.partition(".")[2])
    assert value(formula) == pytest.approx(float(digits), rel=0, abs=0.51 * 10**-decimals)


CORNERS = [
    ("NORM.DIST(1,0,0,TRUE)", NUM), ("NORM.DIST(1,0,-1,FALSE)", NUM), ('NORM.DIST("x",0,1,TRUE)', VALUE),
    ('NORM.DIST(0,0,1,"TRUE")', 0.5), ('NORM.DIST(0,0,1,"x")', VALUE), ("NORM.DIST(,,1,1)", 0.5),
    ("NORM.INV(0,0,1)", NUM), ("NORM.INV(1,0,1)", NUM), ("NORM.INV(0.5,0,0)", NUM), ("NORM.S.INV(1.1)", NUM),
    ("NORM.S.INV(0)", NUM), ("LOGNORM.DIST(0,1,1,TRUE)", NUM), ("LOGNORM.DIST(1,1,0,TRUE)", NUM),
    ("LOGNORM.INV(0,1,1)", NUM), ("LOGNORM.INV(1,1,1)", NUM), ("STANDARDIZE(1,1,0)", NUM),
    ("EXPON.DIST(-1,1,TRUE)", NUM), ("EXPON.DIST(1,0,TRUE)", NUM), ("EXPON.DIST(0,3,FALSE)", 3.0),
    ("WEIBULL.DIST(-1,1,1,TRUE)", NUM), ("WEIBULL.DIST(1,0,1,TRUE)", NUM), ("WEIBULL.DIST(1,1,0,TRUE)", NUM),
    ("WEIBULL.DIST(0,2,3,TRUE)", 0.0), ("WEIBULL.DIST(0,2,3,FALSE)", 0.0), ("WEIBULL.DIST(0,1,4,FALSE)", 0.25),
    ("WEIBULL.DIST(0,0.5,4,FALSE)", NUM), ("WEIBULL.DIST(0,-1,4,TRUE)", NUM),
    ("GAMMA.DIST(-1,1,1,TRUE)", NUM), ("GAMMA.DIST(1,0,1,TRUE)", NUM), ("GAMMA.DIST(1,1,-1,TRUE)", NUM),
    ("GAMMA.DIST(0,2,3,TRUE)", 0.0), ("GAMMA.DIST(0,2,3,FALSE)", 0.0), ("GAMMA.DIST(0,1,4,FALSE)", 0.25),
    ("GAMMA.DIST(0,0.5,4,FALSE)", NUM), ("GAMMA.INV(0,2,3)", 0.0), ("GAMMA.INV(1,2,3)", NUM),
    ("GAMMA.INV(-0.1,2,3)", NUM), ("GAMMA.INV(0.5,0,3)", NUM), ("GAMMA.INV(0.5,1,-3)", NUM),
    ("CHISQ.DIST(-1,1,TRUE)", NUM), ("CHISQ.DIST(1,0.9,TRUE)", NUM), ("CHISQ.DIST(1,2E10,TRUE)", NUM),
    ("CHISQ.DIST.RT(-1,1)", NUM), ("CHISQ.DIST.RT(0,3)", 1.0), ("CHISQ.INV(-0.1,1)", NUM),
    ("CHISQ.INV(0,3)", 0.0), ("CHISQ.INV(1,3)", NUM), ("CHISQ.INV(0.5,0)", NUM),
    ("CHISQ.INV.RT(1,3)", 0.0), ("CHISQ.INV.RT(0,3)", NUM), ("CHISQ.INV.RT(1.1,3)", NUM),
    ("BETA.DIST(0,1,1,TRUE,1,2)", NUM), ("BETA.DIST(3,1,1,TRUE,1,2)", NUM), ("BETA.DIST(1,1,1,TRUE,1,1)", NUM),
    ("BETA.DIST(0.5,0,1,TRUE)", NUM), ("BETA.DIST(0.5,1,0,TRUE)", NUM), ("BETA.DIST(1,2,3,TRUE)", 1.0),
    ("BETA.DIST(0,1,3,FALSE)", 3.0), ("BETA.DIST(1,3,1,FALSE)", 3.0), ("BETA.DIST(0,2,3,FALSE)", 0.0),
    ("BETA.DIST(0,0.5,3,FALSE)", NUM), ("BETA.DIST(1,1,1,TRUE,,2)", 0.5), ("BETADIST(2,8,10,3,1)", NUM),
    ("BETA.INV(0,1,1)", NUM), ("BETA.INV(1,2,3,1,5)", NUM), ("BETA.INV(1.1,1,1)", NUM),
    ("BETA.INV(0.5,0,1)", NUM), ("BETA.INV(0.5,1,1,2,2)", NUM),
    ("T.DIST(1,0.9,TRUE)", NUM), ("T.DIST(0,5,TRUE)", 0.5), ("T.DIST.2T(-1,5)", NUM), ("T.DIST.2T(0,5)", 1.0),
    ("T.DIST.RT(0,5)", 0.5), ("T.DIST.RT(1,0)", NUM), ("TDIST(-1,5,1)", NUM), ("TDIST(1,5,3)", NUM),
    ("TDIST(1,0,1)", NUM), ("TDIST(0,5,2.9)", 1.0), ("T.INV(0,5)", NUM), ("T.INV(1,5)", NUM),
    ("T.INV(0.5,0)", NUM), ("T.INV.2T(0,5)", NUM), ("T.INV.2T(1.1,5)", NUM), ("T.INV.2T(1,5)", 0.0),
    ("F.DIST(-1,1,1,TRUE)", NUM), ("F.DIST(1,0,1,TRUE)", NUM), ("F.DIST(1,1,0,TRUE)", NUM),
    ("F.DIST(0,3,4,TRUE)", 0.0), ("F.DIST(0,2,4,FALSE)", 1.0), ("F.DIST(0,1,4,FALSE)", NUM),
    ("F.DIST.RT(0,3,4)", 1.0), ("F.DIST.RT(1,2E10,1)", NUM), ("F.INV(-0.1,1,1)", NUM), ("F.INV(0,3,4)", 0.0),
    ("F.INV(1,3,4)", NUM), ("F.INV(0.5,0,4)", NUM), ("F.INV.RT(1,3,4)", 0.0), ("F.INV.RT(0,3,4)", NUM),
    ("BINOM.DIST(-1,10,0.5,TRUE)", NUM), ("BINOM.DIST(11,10,0.5,TRUE)", NUM),
    ("BINOM.DIST(1,10,1.1,TRUE)", NUM), ("BINOM.DIST(10.9,10,0.5,TRUE)", 1.0),
    ("BINOM.DIST(0,10,0,FALSE)", 1.0), ("BINOM.DIST(10,10,1,FALSE)", 1.0), ("BINOM.DIST(3,10,1,TRUE)", 0.0),
    ("BINOM.DIST(0,0,0.5,FALSE)", 1.0), ("BINOM.DIST.RANGE(10,0.5,3,2)", NUM),
    ("BINOM.DIST.RANGE(10,0.5,3,11)", NUM), ("BINOM.DIST.RANGE(10,0.5,0,10)", 1.0),
    ("BINOM.DIST.RANGE(-1,0.5,0)", NUM), ("BINOM.INV(-1,0.5,0.5)", NUM), ("BINOM.INV(10,1.1,0.5)", NUM),
    ("BINOM.INV(10,0.5,1.1)", NUM), ("BINOM.INV(2,0.5,0.25)", 0.0), ("BINOM.INV(2,0.5,0.2500001)", 1.0),
    ("NEGBINOM.DIST(-1,5,0.25,TRUE)", NUM), ("NEGBINOM.DIST(1,0,0.25,TRUE)", NUM),
    ("NEGBINOM.DIST(1,5,1.25,TRUE)", NUM), ("NEGBINOM.DIST(0,5,1,FALSE)", NUM),
    ("POISSON.DIST(-1,5,TRUE)", NUM), ("POISSON.DIST(1,-5,TRUE)", NUM), ("POISSON.DIST(0,0,FALSE)", 1.0),
    ("POISSON.DIST(3,0,FALSE)", 0.0), ("POISSON.DIST(3,0,TRUE)", 1.0),
    ("HYPGEOM.DIST(-1,4,8,20,TRUE)", NUM), ("HYPGEOM.DIST(5,4,8,20,TRUE)", NUM),
    ("HYPGEOM.DIST(1,21,8,20,TRUE)", NUM), ("HYPGEOM.DIST(1,4,21,20,TRUE)", NUM),
    ("HYPGEOM.DIST(1,15,10,20,TRUE)", 0.0), ("HYPGEOM.DIST(4,4,4,4,TRUE)", 1.0),
    ("CONFIDENCE.NORM(0,1,5)", NUM), ("CONFIDENCE.NORM(1,1,5)", NUM), ("CONFIDENCE.NORM(0.5,0,5)", NUM),
    ("CONFIDENCE.NORM(0.5,1,0.9)", NUM), ("CONFIDENCE.T(0.5,1,1)", DIV0), ("CONFIDENCE.T(0.5,1,0)", NUM), ("CONFIDENCE.T(2,1,1)", NUM),
    ("GAMMA(0)", NUM), ("GAMMA(-2)", NUM), ("GAMMA(172)", NUM), ("GAMMALN(0)", NUM), ("GAMMALN(-1)", NUM),
    ("FISHER(1)", NUM), ("FISHER(-1)", NUM), ("PERMUT(0,0)", NUM), ("PERMUT(3,4)", NUM), ("PERMUT(3,-1)", NUM),
    ("PERMUT(500,400)", NUM), ("PERMUT(1E300,1)", 1e300), ("PERMUT(1E9,2)", 1e9 * (1e9 - 1)), ("PERMUTATIONA(-1,2)", NUM),
    ("PERMUTATIONA(0,0)", 1.0),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "expected"), CORNERS)
def test_a_corner_is_as_documented(formula, expected):
    got = value(formula)
    assert str(got) == str(expected) or got == pytest.approx(expected, rel=1e-14, abs=1e-300)


RNG = np.random.default_rng(7)
N = 60
Z = np.concatenate([RNG.uniform(-38, 38, N // 2), RNG.normal(size=N // 2)])
CHANCE = np.concatenate([10 ** RNG.uniform(-200, -1, N // 2), RNG.uniform(0.01, 0.99, N // 2)])
SHAPE, OTHER = 10 ** RNG.uniform(-1.5, 3, N), 10 ** RNG.uniform(-1.5, 3, N)
SCALE, UNIT = 10 ** RNG.uniform(-2, 2, N), RNG.uniform(0.001, 0.999, N)
FREEDOM, FREEDOM2 = np.round(10 ** RNG.uniform(0, 3.5, N)), np.round(10 ** RNG.uniform(0, 3.5, N))
NEAR = 10 ** RNG.uniform(-1.5, 0.7, N)
TRIALS = np.round(10 ** RNG.uniform(0, 4, N))
HITS = np.floor(TRIALS * RNG.uniform(0, 1, N))
DRAWN = np.ceil(TRIALS * RNG.uniform(0.1, 1, N))

SCIPY = [
    ("NORM.S.DIST(<A>,TRUE)", (Z,), stats.norm.cdf),
    ("NORM.DIST(<A>,<B>,<C>,FALSE)", (Z, NEAR, SCALE), stats.norm.pdf),
    ("NORM.S.INV(<A>)", (CHANCE,), stats.norm.ppf),
    ("LOGNORM.DIST(<A>,0,<B>,TRUE)", (NEAR, SCALE), lambda x, s: stats.lognorm.cdf(x, s)),
    ("EXPON.DIST(<A>,<B>,TRUE)", (NEAR, SCALE), lambda x, rate: stats.expon.cdf(x, scale=1 / rate)),
    ("WEIBULL.DIST(<A>,<B>,<C>,TRUE)", (NEAR, NEAR[::-1], SCALE), lambda x, a, b: stats.weibull_min.cdf(x, a, scale=b)),
    ("WEIBULL.DIST(<A>,<B>,<C>,FALSE)", (NEAR, NEAR[::-1], SCALE), lambda x, a, b: stats.weibull_min.pdf(x, a, scale=b)),
    ("GAMMA.DIST(<A>,<B>,<C>,TRUE)", (SHAPE * SCALE * NEAR, SHAPE, SCALE), lambda x, a, b: stats.gamma.cdf(x, a, scale=b)),
    ("GAMMA.DIST(<A>,<B>,<C>,FALSE)", (SHAPE * SCALE * NEAR, SHAPE, SCALE), lambda x, a, b: stats.gamma.pdf(x, a, scale=b)),
    ("GAMMA.INV(<A>,<B>,<C>)", (UNIT, SHAPE, SCALE), lambda p, a, b: stats.gamma.ppf(p, a, scale=b)),
    ("BETA.DIST(<A>,<B>,<C>,TRUE)", (UNIT, SHAPE, OTHER), stats.beta.cdf),
    ("BETA.DIST(<A>,<B>,<C>,FALSE)", (UNIT, SHAPE, OTHER), stats.beta.pdf),
    ("BETA.INV(<A>,<B>,<C>)", (UNIT, SHAPE, OTHER), stats.beta.ppf),
    ("CHISQ.DIST(<A>,<B>,TRUE)", (FREEDOM * NEAR, FREEDOM), stats.chi2.cdf),
    ("CHISQ.DIST(<A>,<B>,FALSE)", (FREEDOM * NEAR, FREEDOM), stats.chi2.pdf),
    ("CHISQ.DIST.RT(<A>,<B>)", (FREEDOM * NEAR, FREEDOM), stats.chi2.sf),
    ("CHISQ.INV(<A>,<B>)", (CHANCE, FREEDOM), stats.chi2.ppf),
    ("CHISQ.INV.RT(<A>,<B>)", (CHANCE, FREEDOM), stats.chi2.isf),
    ("T.DIST(<A>,<B>,TRUE)", (Z, FREEDOM), stats.t.cdf),
    ("T.DIST(<A>,<B>,FALSE)", (Z, FREEDOM), stats.t.pdf),
    ("T.DIST.RT(<A>,<B>)", (Z, FREEDOM), stats.t.sf),
    ("T.INV(<A>,<B>)", (UNIT, FREEDOM), stats.t.ppf),
    ("F.DIST(<A>,<B>,<C>,TRUE)", (NEAR, FREEDOM, FREEDOM2), stats.f.cdf),
    ("F.DIST(<A>,<B>,<C>,FALSE)", (NEAR, FREEDOM, FREEDOM2), stats.f.pdf),
    ("F.DIST.RT(<A>,<B>,<C>)", (NEAR, FREEDOM, FREEDOM2), stats.f.sf),
    ("F.INV(<A>,<B>,<C>)", (UNIT, FREEDOM, FREEDOM2), stats.f.ppf),
    ("F.INV.RT(<A>,<B>,<C>)", (UNIT, FREEDOM, FREEDOM2), stats.f.isf),
    ("BINOM.DIST(<A>,<B>,<C>,TRUE)", (HITS, TRIALS, UNIT), stats.binom.cdf),
    ("BINOM.DIST(<A>,<B>,<C>,FALSE)", (HITS, TRIALS, UNIT), stats.binom.pmf),
    ("BINOM.INV(<A>,<B>,<C>)", (TRIALS, UNIT, UNIT[::-1]), lambda n, p, a: stats.binom.ppf(a, n, p)),
    ("NEGBINOM.DIST(<A>,<B>,<C>,TRUE)", (HITS, TRIALS, UNIT), stats.nbinom.cdf),
    ("NEGBINOM.DIST(<A>,<B>,<C>,FALSE)", (HITS, TRIALS, UNIT), stats.nbinom.pmf),
    ("POISSON.DIST(<A>,<B>,TRUE)", (HITS, TRIALS * NEAR), stats.poisson.cdf),
    ("POISSON.DIST(<A>,<B>,FALSE)", (HITS, TRIALS * NEAR), stats.poisson.pmf),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "columns", "theirs"), SCIPY, ids=[row[0] for row in SCIPY])
def test_a_distribution_is_scipys(formula, columns, theirs):
    expected = theirs(*columns)
    keep = np.abs(expected) > 1e-290
    assert keep.sum() > N // 3
    np.testing.assert_allclose(values(formula, *columns)[keep], expected[keep], rtol=5e-11)


def test_hypergeometric_tails_equal_exact_sums():
    def chance(k, drawn, marked, number):
        ways = mpmath.binomial(marked, k) * mpmath.binomial(number - marked, drawn - k)
        return ways / mpmath.binomial(number, drawn)

    number = TRIALS + 3
    least, most = np.maximum(0, DRAWN + HITS - number), np.minimum(DRAWN, HITS)
    k = np.floor(least + (most - least) * UNIT)
    some = (HITS > 0) & (number < 500)
    table = [column[some] for column in (k, DRAWN, HITS, number)]
    each = [[int(x) for x in row] for row in zip(*table, strict=True)]
    exact = [float(chance(*row)) for row in each]
    sums = [float(sum(chance(i, *row[1:]) for i in range(row[0] + 1))) for row in each]
    np.testing.assert_allclose(values("HYPGEOM.DIST(<A>,<B>,<C>,<D>,FALSE)", *table), exact, rtol=1e-12)
    np.testing.assert_allclose(values("HYPGEOM.DIST(<A>,<B>,<C>,<D>,TRUE)", *table), sums, rtol=1e-12)


def centre_of_two(p):
    """T.INV(p, 2) in closed form."""
    return (2 * p - 1) / mpmath.sqrt(2 * p * (1 - p))


TAILS = [
    ("NORM.S.DIST(-38,TRUE)", lambda: mpmath.ncdf(-38)),
    ("NORM.DIST(-380,0,10,TRUE)", lambda: mpmath.ncdf(-38)),
    ("GAMMA.DIST(0.001,50,1,TRUE)", lambda: mpmath.gammainc(50, 0, mpmath.mpf(0.001), regularized=True)),
    ("CHISQ.DIST.RT(1000,3)", lambda: mpmath.gammainc(1.5, 500, regularized=True)),
    ("T.DIST.2T(1E50,3)", lambda: 4 * mpmath.sqrt(3) ** 3 / (3 * mpmath.pi * mpmath.mpf(10) ** 150)),
    ("T.DIST(-1E100,1,TRUE)", lambda: 1 / (mpmath.pi * mpmath.mpf(10) ** 100)),
    ("F.DIST.RT(1E30,6,4)", lambda: mpmath.betainc(2, 3, 0, 4 / (4 + 6 * mpmath.mpf(10) ** 30), regularized=True)),
    ("BINOM.DIST(2,1000,0.5,TRUE)", lambda: mpmath.mpf(1 + 1000 + 499500) / mpmath.mpf(2) ** 1000),
    ("BINOM.DIST.RANGE(1000,0.5,998,1000)", lambda: mpmath.mpf(1 + 1000 + 499500) / mpmath.mpf(2) ** 1000),
    ("POISSON.DIST(2,500,TRUE)", lambda: (1 + 500 + 125000) * mpmath.exp(-500)),
    ("EXPON.DIST(1E-200,3,TRUE)", lambda: mpmath.mpf(3e-200)),
    ("WEIBULL.DIST(1E-20,2,1,TRUE)", lambda: mpmath.mpf(10) ** -40),
    ("T.INV.2T(0.999999,1)", lambda: mpmath.tan(mpmath.pi * (1 - mpmath.mpf(0.999999)) / 2)),
    ("T.INV(0.5000001,2)", lambda: centre_of_two(mpmath.mpf(0.5000001))),
    ("T.INV(1E-100,1)", lambda: -(10**100) / mpmath.pi),
    ("NORM.S.INV(1E-300)", lambda: mpmath.findroot(lambda z: mpmath.log(mpmath.ncdf(z)) + 300 * mpmath.log(10), -37)),
    ("GAMMA.INV(1E-200,50,1)", lambda: (mpmath.mpf(10) ** -200 * mpmath.factorial(50)) ** (mpmath.mpf(1) / 50)),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "exact"), TAILS, ids=[row[0] for row in TAILS])
def test_a_tail_keeps_its_digits(formula, exact):
    with mpmath.workdps(60):
        assert value(formula) == pytest.approx(
            float(exact()), rel=1e-4 if "GAMMA.INV" in formula else 1e-11, abs=0
        )


# --- derivatives ----------------------------------------------------------------------------------------


def derivative(f, at: tuple, place: int) -> float:
    """By a central difference with digits enough."""
    with mpmath.workdps(120):
        h = mpmath.mpf(10) ** -30
        x = [mpmath.mpf(float(v)) for v in at]
        up, down = ([*x[:place], x[place] + s, *x[place + 1 :]] for s in (h, -h))
        return float((f(*up) - f(*down)) / (2 * h))


def exact_gamma(x, a, b):
    return mpmath.gammainc(a, 0, x / b, regularized=True)


def exact_beta(x, a, b):
    if x > a / (a + b):
        return -mpmath.betainc(b, a, 0, 1 - x, regularized=True)  # less 1
    return mpmath.betainc(a, b, 0, x, regularized=True)


FEW = slice(0, N, 3)
GAMMAS = (np.maximum(SHAPE * SCALE * NEAR, 1e-3)[FEW], np.minimum(SHAPE, 300)[FEW], SCALE[FEW])
BETAS = (UNIT[FEW], np.minimum(SHAPE, 100)[FEW], np.minimum(OTHER, 100)[FEW])
BY_ALL = [
    ("GAMMA.DIST(<A>,<B>,<C>,TRUE)", GAMMAS, exact_gamma),
    ("GAMMA.DIST(<A>,<B>,<C>,FALSE)", GAMMAS, lambda x, a, b: x ** (a - 1) * mpmath.exp(-x / b) / mpmath.gamma(a) / b**a),
    ("BETA.DIST(<A>,<B>,<C>,TRUE)", BETAS, exact_beta),
    ("BETA.DIST(<A>,<B>,<C>,FALSE)", BETAS, lambda x, a, b: x ** (a - 1) * (1 - x) ** (b - 1) / mpmath.beta(a, b)),
    ("WEIBULL.DIST(<A>,<B>,<C>,TRUE)", (NEAR, NEAR[::-1], SCALE), lambda x, a, b: -mpmath.exp(-((x / b) ** a))),
    ("LOGNORM.DIST(<A>,<B>,<C>,TRUE)", (NEAR, NEAR[::-1], SCALE), lambda x, m, s: mpmath.ncdf((mpmath.log(x) - m) / s)),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "columns", "exact"), BY_ALL, ids=[row[0] for row in BY_ALL])
def test_derivatives_by_all_arguments_equal_mpmaths(formula, columns, exact):
    got = gradients(formula, *columns, by="ABC")
    expected = np.array([[derivative(exact, row, i) for row in zip(*columns, strict=True)] for i in range(3)])
    held = np.abs(expected) > 1e-280
    np.testing.assert_allclose(got[held], expected[held], rtol=2e-9)


def test_derivatives_of_inverses_are_those_of_the_distributions():
    """Where F(x; a) = p: dx/dp = 1 / F', dx/da = -F_a / F'."""
    for inverse, distribution, columns in (
        ("GAMMA.INV(<A>,<B>,<C>)", "GAMMA.DIST(<A>,<B>,<C>,TRUE)", GAMMAS),
        ("BETA.INV(<A>,<B>,<C>)", "BETA.DIST(<A>,<B>,<C>,TRUE)", BETAS),
        ("F.INV(<A>,6,<B>)", "F.DIST(<A>,6,<B>,TRUE)", (NEAR, FREEDOM)),
        ("F.INV.RT(<A>,6,<B>)", "F.DIST.RT(<A>,6,<B>)", (NEAR, FREEDOM)),
        ("T.INV(<A>,<B>)", "T.DIST(<A>,<B>,TRUE)", (Z / 10, FREEDOM)),
        ("CHISQ.INV(<A>,<B>)", "CHISQ.DIST(<A>,<B>,TRUE)", (FREEDOM * NEAR, FREEDOM)),
        ("CHISQ.INV.RT(<A>,<B>)", "CHISQ.DIST.RT(<A>,<B>)", (FREEDOM * NEAR, FREEDOM)),
        ("NORM.INV(<A>,<B>,<C>)", "NORM.DIST(<A>,<B>,<C>,TRUE)", (Z / 10, NEAR, SCALE + 1)),
    ):
        by = "A" if "FREEDOM" in inverse or len(columns) == 2 else "ABC"
        chance = values(distribution, *columns)
        inside = (chance > 1e-30) & (chance < 1 - 1e-4)
        columns = [column[inside] for column in columns]
        forth = gradients(distribution, *columns, by=by)
        back = gradients(inverse, chance[inside], *columns[1:], by=by)
        np.testing.assert_allclose(back[0] * forth[0], 1.0, rtol=1e-6)
        np.testing.assert_allclose(back[1:], -forth[1:] / forth[0], rtol=1e-6, atol=1e-300)


STEPS = [
    ("T.DIST(1,A1,TRUE)", "T.DIST"), ("CHISQ.INV(0.5,A1)", "CHISQ.INV"), ("BINOM.DIST(A1,10,0.5,TRUE)", "BINOM.DIST"),
    ("NORM.DIST(1,0,1,A1)", "NORM.DIST"), ("POISSON.DIST(A1,3,FALSE)", "POISSON.DIST"),
    ("BINOM.INV(10,0.5,A1/9)", "BINOM.INV"), ("HYPGEOM.DIST(A1,4,8,20,TRUE)", "HYPGEOM.DIST"),
    ("F.DIST(A1,A1,4,TRUE)", "F.DIST"), ("CONFIDENCE.T(0.05,A1,A1)", "CONFIDENCE.T"), ("PERMUT(5,A1)", "PERMUT"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "name"), STEPS, ids=[row[0] for row in STEPS])
def test_an_argument_that_excel_cuts_is_named_as_a_step_and_followed(formula, name):
    f = function({"A1": 3.0, "B1": f"={formula}"}, "B1", "A1")
    assert f.stepped == [("S!B1", name)]
    for x in (2.2, 3.9, 4.5):
        assert f.value([x]) == pytest.approx(computed({"A1": x, "B1": f"={formula}"}, "B1"), rel=1e-14)
        assert f.gradient([x])[0] == pytest.approx(
            (f.value([x + 1e-6]) - f.value([x - 1e-6])) / 2e-6, abs=1e-8
        )


OUTSIDE = [
    ("NORM.DIST(2,1,A1,TRUE)", 1.5, 0.0),
    ("NORM.INV(A1,1,2)", 0.5, 1.0),
    ("LOGNORM.DIST(A1,1,2,FALSE)", 1.5, -1.0),
    ("LOGNORM.INV(A1,1,2)", 0.5, 1.5),
    ("WEIBULL.DIST(A1,2,3,TRUE)", 1.5, -1.0),
    ("WEIBULL.DIST(2,A1,3,FALSE)", 1.5, 0.0),
    ("EXPON.DIST(2,A1,TRUE)", 1.5, -1.0),
    ("GAMMA.DIST(2,A1,3,TRUE)", 1.5, -1.0),
    ("GAMMA.INV(A1,2,3)", 0.5, 1.0),
    ("GAMMA(A1)", 1.5, -2.0),
    ("GAMMALN(A1)", 1.5, 0.0),
    ("BETA.DIST(0.5,A1,3,TRUE)", 1.5, 0.0),
    ("BETA.DIST(A1,2,3,TRUE)", 0.5, 1.5),
    ("BETA.INV(A1,2,3)", 0.5, 0.0),
    ("CHISQ.DIST.RT(A1,3)", 0.5, -1.0),
    ("CHISQ.INV(A1,3)", 0.5, 1.0),
    ("T.DIST.2T(A1,3)", 0.5, -1.0),
    ("T.INV(A1,3)", 0.5, 1.0),
    ("F.DIST(A1,3,4,TRUE)", 0.5, -1.0),
    ("F.INV.RT(A1,3,4)", 0.5, 0.0),
    ("BINOM.DIST(2,3,A1,TRUE)", 0.5, -0.5),
    ("NEGBINOM.DIST(2,3,A1,TRUE)", 0.5, 1.5),
    ("POISSON.DIST(2,A1,TRUE)", 0.5, -1.0),
    ("FISHER(A1)", 0.5, 1.0),
    ("CONFIDENCE.NORM(A1,1,5)", 0.5, 1.0),
    ("STANDARDIZE(1,2,A1)", 0.5, 0.0),
]


@pytest.mark.parametrize(("formula", "inside", "outside"), OUTSIDE, ids=[row[0] for row in OUTSIDE])
def test_outside_its_domain_a_value_is_an_error_and_spoils_no_gradient(formula, inside, outside):
    f = function({"A1": inside, "B1": "=" + formula}, "B1", "A1")
    assert np.isfinite(f.value([inside]))
    assert not np.isfinite(f.value([outside]))
    f = function({"A1": inside, "B1": f"=IFERROR({formula},7*A1)"}, "B1", "A1")
    assert f.value_and_gradient([outside]) == (7 * outside, [7.0])


@pytest.mark.parametrize(
    ("formula", "columns"),
    [
        ("GAMMA.DIST(<A>,<B>,<C>,TRUE)", GAMMAS),
        ("BETA.DIST(<A>,<B>,<C>,FALSE)", BETAS),
        ("BETA.INV(<A>,<B>,<C>)", (UNIT[FEW], *BETAS[1:])),
        ("GAMMA.INV(<A>,<B>,<C>)", (UNIT[FEW], *GAMMAS[1:])),
        ("T.INV(<A>,5)+F.DIST(<B>,3,4,TRUE)+BINOM.DIST(4,9,<C>,TRUE)", (UNIT[FEW], SCALE[FEW], UNIT[FEW])),
    ],
)
def test_many_points_at_once_are_each_of_them_alone(formula, columns):
    rows = list(zip(*columns, strict=True))
    formula = formula.replace("<A>", "A1").replace("<B>", "B1").replace("<C>", "C1")
    cells = dict(zip(("A1", "B1", "C1"), map(float, rows[0]), strict=True))
    f = function(cells | {"Z1": "=" + formula}, "Z1", "A1", "B1", "C1")
    for row, value, gradient in zip(rows, *f.batch(torch.tensor(rows)), strict=True):
        assert value == pytest.approx(f.value(row), rel=1e-13)
        np.testing.assert_allclose(gradient, f.gradient(row), rtol=1e-12)
