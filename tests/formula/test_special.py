"""Special functions and their derivatives against mpmath's, which computes with 40 digits."""

import mpmath
import numpy as np
import pytest
import torch

from xlcicf.formula import special
from xlcicf.formula import tape as t

RNG = np.random.default_rng(0)
SMALL, LARGE = 10 ** RNG.uniform(-9, 0, 40), RNG.uniform(1, 26, 40)
ANYWHERE = np.concatenate([SMALL, -SMALL, LARGE, -LARGE])
POSITIVE = np.concatenate([SMALL, LARGE, 10 ** RNG.uniform(2, 6, 40), RNG.uniform(1.4, 1.5, 20)])

# name -> (ours, mpmath's, its derivative, arguments)
OF_ONE = {
    "erf": (special.erf, mpmath.erf, lambda x: 2 * mpmath.exp(-x * x) / mpmath.sqrt(mpmath.pi), ANYWHERE),
    "erfc": (special.erfc, mpmath.erfc, lambda x: -2 * mpmath.exp(-x * x) / mpmath.sqrt(mpmath.pi), ANYWHERE),
    "log_gamma": (special.log_gamma, mpmath.loggamma, mpmath.digamma, POSITIVE),
    "digamma": (special.digamma, mpmath.digamma, lambda x: mpmath.polygamma(1, x), POSITIVE),
    "gamma": (
        special.gamma,
        mpmath.gamma,
        lambda x: mpmath.gamma(x) * mpmath.digamma(x),
        POSITIVE[POSITIVE < 150],
    ),
}


def value_and_gradient(f, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each number alone."""
    tape = t.Tape(torch.from_numpy(x))
    out = f(tape.input)
    return t.value_of(out).numpy(), t.value_of(tape.gradient(t.total(out, dims=(0,)))).numpy()


@pytest.mark.parametrize("name", OF_ONE)
def test_a_special_function_and_its_derivative_equal_mpmaths(name):
    ours, theirs, derivative, x = OF_ONE[name]
    with mpmath.workdps(40):
        exact = [[float(f(mpmath.mpf(float(v)))) for v in x] for f in (theirs, derivative)]
    for got, expected in zip(value_and_gradient(ours, x), exact, strict=True):
        np.testing.assert_allclose(got, expected, rtol=3e-13)


def test_code_for_numpy_runs_under_vmap():
    x, y = torch.rand(3, 2, dtype=t.DTYPE), torch.rand(2, 5, 2, dtype=t.DTYPE)

    def sums(a, b):
        return special.by_numpy(np.add, a, b)

    assert torch.equal(torch.func.vmap(sums)(x[:2], y), x[:2, None] + y)
    assert torch.equal(torch.func.vmap(sums, in_dims=(0, None))(x, y), x[:, None, None] + y)
    assert torch.equal(torch.func.vmap(sums, in_dims=(None, 1))(x[0], y), (x[0] + y).movedim(1, 0))
