"""Numbers beyond all numbers: where Excel shows #NUM!, an infinity must not turn into a number again.

Sums, products and quotients hand an infinity on until it is seen. What would hide one, such as a comparison,
MIN or TANH, notes its operands here as it is recorded; the objective then is nan wherever one of them is
infinite. That costs a product with zeros of each, and nothing of a gradient. MAX(0, x) needs none: relu is
the multiple of x that is 1 above 0 and 0 below, which of an infinity is nan.
"""

import torch
from torch import Tensor

from xlcicf.formula import tape as t


def watch(*operands: t.Operand) -> None:
    """Notes operands in which an infinity would be hidden by what is computed of them next."""
    for x in operands:
        if isinstance(x, t.Var):
            x.tape.watched[x.index] = x


@t.Primitive
def _hidden(x: Tensor, nothing: Tensor) -> Tensor:
    """0, or nan where an operand holds an infinity or nan; `nothing` is as many zeros."""
    return torch.dot(x.reshape(-1), nothing)


@t.Primitive
def _hidden_beside_errors(x: Tensor, nothing: Tensor) -> Tensor:
    """The same, but nan, an error that is passed on, is none."""
    return torch.where(torch.isinf(x).any(), t.NAN, 0.0)


def unhidden(x: t.Array) -> t.Array:
    """x, of which what is computed next would hide an infinity: a constant one is nan at once."""
    watch(x)
    return x if isinstance(x, t.Var) else torch.where(torch.isinf(x), t.NAN, x)


ZERO_OR_NAN = (_hidden, _hidden_beside_errors)


def unless_hidden(value: t.Var) -> t.Array:
    """The value, nan where an infinity was hidden on the way."""
    out: t.Array = value
    for x in value.tape.watched.values():
        if x.value.is_floating_point():
            hidden = _hidden_beside_errors if x.partial else _hidden
            out = t.add(out, hidden(x, torch.zeros(x.shape.numel(), dtype=t.DTYPE)))
    return out
