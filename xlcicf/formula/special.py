"""Special functions as primitives: logarithm and exponential beside 1, error function, normal distribution,
gamma and polygamma.

Arguments outside a function's domain give nan or infinity; whoever calls guards against them.
"""

import math

import torch
from torch import Tensor

from xlcicf.formula import tape as t
from xlcicf.formula.vmapped import by_numpy

# --- beside 1 -------------------------------------------------------------------------------------------

expm1 = t.Primitive(torch.expm1)
log1p = t.Primitive(torch.log1p)


@expm1.pullback
def _(g, out, x):
    return (t.mul(g, t.exp(x)),)


@log1p.pullback
def _(g, out, x):
    return (t.div(g, t.add(x, 1.0)),)


# --- error function -------------------------------------------------------------------------------------

erf = t.Primitive(torch.special.erf)
erfc = t.Primitive(torch.special.erfc)


def _bell(x: t.Array) -> t.Array:
    """The derivative of erf."""
    return t.mul(t.exp(t.neg(t.square(x))), 2 / math.sqrt(math.pi))


@erf.pullback
def _(g, out, x):
    return (t.mul(g, _bell(x)),)


@erfc.pullback
def _(g, out, x):
    return (t.neg(t.mul(g, _bell(x))),)


# --- normal distribution --------------------------------------------------------------------------------


def normal_density(z: t.Operand) -> t.Array:
    return t.mul(t.exp(t.mul(t.square(z), -0.5)), 1 / math.sqrt(2 * math.pi))


def normal_below(z: t.Operand) -> t.Array:
    """The chance to fall below z, with all its digits in the lower tail."""
    return t.mul(erfc(t.mul(z, -math.sqrt(0.5))), 0.5)


normal_up_to = t.Primitive(torch.special.ndtri)  # the z below which a chance falls


@normal_up_to.pullback
def _(g, out, p):
    return (t.mul(g, t.mul(t.exp(t.mul(t.square(out), 0.5)), math.sqrt(2 * math.pi))),)


# --- gamma ----------------------------------------------------------------------------------------------

log_gamma = t.Primitive(torch.lgamma)  # the logarithm of the absolute value of gamma


@t.Primitive
def polygamma(x: Tensor, order: int) -> Tensor:
    """Digamma, or its derivative so many times over, which is nan for negative numbers."""
    from scipy.special import digamma, polygamma  # torch's have fewer digits

    return by_numpy(lambda x: polygamma(order, x) if order else digamma(x), x)


@polygamma.pullback
def _(g, out, x, order):
    return (t.mul(g, polygamma(x, order=order + 1)),)


def digamma(x: t.Operand) -> t.Array:
    return polygamma(x, order=0)


@log_gamma.pullback
def _(g, out, x):
    return (t.mul(g, digamma(x)),)


@t.Primitive
def gamma(x: Tensor) -> Tensor:
    from scipy.special import gamma

    return by_numpy(gamma, x)


@gamma.pullback
def _(g, out, x):
    return (t.mul(g, t.mul(out, digamma(x))),)
