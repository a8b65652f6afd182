"""Angles and hyperbolic angles: primitives beside those of tape.py, and their inverses."""

import torch
from torch import Tensor

from xlcicf.formula import tape as t

tan = t.Primitive(torch.tan)
sinh = t.Primitive(torch.sinh)
cosh = t.Primitive(torch.cosh)
arcsin = t.Primitive(torch.asin)
arccos = t.Primitive(torch.acos)
arcsinh = t.Primitive(torch.asinh)
arccosh = t.Primitive(torch.acosh)
arctanh = t.Primitive(torch.atanh)


@tan.pullback
def _(g, out, x):
    return (t.mul(g, t.add(t.square(out), 1.0)),)


@sinh.pullback
def _(g, out, x):
    return (t.mul(g, cosh(x)),)


@cosh.pullback
def _(g, out, x):
    return (t.mul(g, sinh(x)),)


def _leg(x: t.Array) -> t.Array:
    """sqrt(1 - x^2), right where x is near 1."""
    return t.sqrt(t.mul(t.sub(1.0, x), t.add(1.0, x)))


@arcsin.pullback
def _(g, out, x):
    return (t.div(g, _leg(x)),)


@arccos.pullback
def _(g, out, x):
    return (t.neg(t.div(g, _leg(x))),)


@arcsinh.pullback
def _(g, out, x):
    return (t.div(g, cosh(out)),)


@arccosh.pullback
def _(g, out, x):
    return (t.div(g, t.sqrt(t.mul(t.sub(x, 1.0), t.add(x, 1.0)))),)


@arctanh.pullback
def _(g, out, x):
    return (t.div(g, t.mul(t.sub(1.0, x), t.add(1.0, x))),)


@t.Primitive
def angle(y: Tensor, x: Tensor) -> Tensor:
    """Of the point (x, y), from -pi to pi."""
    return torch.atan2(*torch.broadcast_tensors(y, x))


@angle.pullback
def _(g, out, y, x):
    each = t.div(g, t.add(t.square(x), t.square(y)))
    return (
        t.sum_to(t.mul(each, x), t.shape_of(y)) if isinstance(y, t.Var) else None,
        t.sum_to(t.neg(t.mul(each, y)), t.shape_of(x)) if isinstance(x, t.Var) else None,
    )
