"""Bessel functions of a whole order as primitives, each with its derivative by its argument.

Derivatives are those of neighbouring orders (Abramowitz and Stegun, 9.1.27 and 9.6.26).
"""

from collections.abc import Callable

from torch import Tensor

from xlcicf.formula import tape as t
from xlcicf.formula.vmapped import by_numpy


def _of_scipy(name: str) -> Callable[[Tensor, Tensor], Tensor]:
    def compute(x: Tensor, order: Tensor) -> Tensor:
        import scipy.special

        return by_numpy(getattr(scipy.special, name), order, x)

    compute.__name__ = f"bessel_{name}"
    return compute


def _with_derivative(name: str, below: float, above: float) -> t.Primitive:
    """The function f of (x, order) with the derivative below * f(x, order - 1) + above * f(x, order + 1)."""
    f = t.Primitive(_of_scipy(name))

    @f.pullback
    def _(g, out, x, order):
        lower = t.mul(below, f(x, t.sub(order, 1.0)))
        upper = t.mul(above, f(x, t.add(order, 1.0)))
        return t.sum_to(t.mul(g, t.add(lower, upper)), t.shape_of(x)), None

    return f


bessel_i = _with_derivative("iv", 0.5, 0.5)
bessel_j = _with_derivative("jv", 0.5, -0.5)
bessel_k = _with_derivative("kv", -0.5, -0.5)
bessel_y = _with_derivative("yv", 0.5, -0.5)
