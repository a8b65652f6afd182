"""Numbers in order: what LARGE, MEDIAN and their kind are made of."""

import numpy as np
import pytest
import torch

from tests.formula.sheets import function
from xlcicf.formula import ordering

ROWS = torch.tensor([[[[3.0, 1.0, 3.0, 2.0]]], [[[5.0, 5.0, 5.0, 0.0]]]], dtype=torch.float64)
RANKS = torch.tensor([[[[0.0, 3.0]]], [[[1.0, 0.0]]]], dtype=torch.float64)


@pytest.mark.parametrize("still", [[False] * 4, [False, True, False, False], [True] * 4])
def test_sharing_among_ties_is_the_transpose_of_averaging_over_them(still):
    still = torch.tensor(still).reshape(1, 1, 1, 4)
    g, x = torch.randn(2, 1, 1, 2, dtype=torch.float64), torch.randn(2, 1, 1, 4, dtype=torch.float64)
    down = (ordering.shared(g, ROWS, RANKS, still) * x).sum()
    up = (ordering.averaged(x, ROWS, RANKS, still) * g).sum()
    torch.testing.assert_close(down, up)


def test_the_number_of_each_rank_is_numpys():
    expected = np.take_along_axis(np.sort(ROWS.numpy(), 3), RANKS.numpy().astype(int), 3)
    np.testing.assert_array_equal(ordering.ranked(ROWS, RANKS, torch.tensor(False)), expected)


ORDERED = [f"=LARGE($A$1:$A$40,{k})*{k}" for k in (1, 7, 40)] + [
    "=MEDIAN(A1:A39,A40,1)", "=PERCENTILE(A1:A40,0.3)", "=SUMPRODUCT(SMALL(A1:A40*A2:A41,{1,2,3}))", "=STDEV(A1:A40)",
]  # fmt: skip


def test_many_points_at_once_are_each_of_them_alone():
    rng = np.random.default_rng(5)
    cells = {f"A{i}": float(x) for i, x in enumerate(rng.normal(size=41), 1)}
    cells |= {f"B{i}": formula for i, formula in enumerate(ORDERED, 1)}
    f = function(cells | {"C1": f"=SUMSQ(B1:B{len(ORDERED)})"}, "C1", "A1:A41")
    points = torch.from_numpy(rng.normal(size=(3, 41)))
    values, gradients = f.batch(points)
    for v, value, gradient in zip(points.numpy(), values, gradients, strict=True):
        assert f.value(v) == pytest.approx(value.item(), rel=1e-14)
        np.testing.assert_allclose(f.gradient(v), gradient, rtol=1e-13, atol=1e-13)
