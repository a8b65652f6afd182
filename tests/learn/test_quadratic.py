"""The points of the parabola: where they come from."""

import numpy as np
import torch

from xlcicf.learn import quadratic


def test_the_points_are_those_that_the_seed_draws():
    x, y = quadratic.points()
    a, b, c = quadratic.TRUTH
    draw = np.random.RandomState(42)
    single = torch.linspace(-2, 2, 20)
    clean = (a * single**2 + b * single + c).numpy()
    np.testing.assert_array_equal(x, single.double())
    noisy = clean * (1 + draw.normal(scale=0.15, size=20)) + draw.normal(scale=1.5, size=20)
    np.testing.assert_allclose(y, noisy, rtol=1e-6)
