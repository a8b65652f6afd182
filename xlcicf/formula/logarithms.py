"""Sums of logarithms on a tape: what a log-likelihood is made of."""

import math

import torch
from torch import Tensor

from xlcicf.formula import tape as t
from xlcicf.formula.overflow import ZERO_OR_NAN


def likelihood_scale(out: t.Var, sign: float = 1.0) -> float | None:
    """What a log-likelihood is multiplied by, if `sign` times the outcome is one: a sum of logarithms, each
    times a constant of 0 or more; None where it is none.

    A factor of the whole sum, as a mean's, is a scale. So is one that all logarithms share, unless it is a
    whole number, which counts how often each was observed; but 2 is a deviance's."""
    leaves: list[t.Var] = []
    if not _is_sum(out, sign, leaves) or not leaves:
        return None
    outer = _outer(out)
    weights = _weights(out, leaves) * sign / outer
    weights = weights[weights != 0]
    if not len(weights):
        return None
    first = weights[0].item()
    shared = bool(((weights - first).abs() < 1e-12 * first).all())
    if shared and (first == 2 or first != round(first)):
        return outer * first
    return outer


def _weights(out: t.Var, leaves: list[t.Var]) -> Tensor:
    """What the natural logarithms are multiplied by, one after another."""
    ones = [torch.ones_like(out.value)]
    slopes = [torch.as_tensor(t.value_of(x)) for x in out.tape.pulled_back([out], ones, leaves)]
    to_e = [math.log(10) if leaf.tape.made(leaf).primitive is t.log10 else 1.0 for leaf in leaves]
    return torch.cat([slope.reshape(-1) / base for slope, base in zip(slopes, to_e, strict=True)])


def _outer(out: t.Var) -> float:
    """What the whole sum is multiplied by, but for its sign."""
    primitive, operands, _, _ = out.tape.made(out)
    if primitive is t.neg:
        return _outer(operands[0])
    if primitive in (t.mul, t.div):
        varying, constant = operands if isinstance(operands[0], t.Var) else reversed(operands)
        if t.shape_of(constant).numel() == 1 == varying.value.numel():
            factor = abs(float(torch.as_tensor(constant)))
            return _outer(varying) * (factor if primitive is t.mul else 1 / factor)
    inner = operands if primitive in (t.add, t.sub, t.where, *t.REARRANGING) else ()
    sums = [x for x in inner if isinstance(x, t.Var) and x.value.numel() == 1 and _leads_to_logarithms(x)]
    if len(sums) == 1:
        return _outer(sums[0])
    return 1.0


def _leads_to_logarithms(x: t.Var) -> bool:
    leaves: list[t.Var] = []
    return x.value.is_floating_point() and _is_sum(x, None, leaves) and bool(leaves)


def _is_sum(x: t.Operand, sign: float | None, leaves: list[t.Var]) -> bool:
    """Whether `sign` times x is a sum of logarithms, which are put to the `leaves`, times constants of 0 or
    more; of any sign where `sign` is None."""
    if not isinstance(x, t.Var):
        return True
    primitive, operands, _, _ = x.tape.made(x)
    other = None if sign is None else -sign
    if primitive in (t.log, t.log10):
        leaves.append(x)
        return sign is None or sign > 0
    if primitive is t.neg:
        return _is_sum(operands[0], other, leaves)
    if primitive in (t.add, t.join):
        return all(_is_sum(part, sign, leaves) for part in operands)
    if primitive is t.sub:
        return _is_sum(operands[0], sign, leaves) and _is_sum(operands[1], other, leaves)
    if primitive in (t.mul, t.div, t.dot, t.matrix_vector, t.matrix_matrix):
        return _is_weighted(operands, sign, leaves)
    if primitive is t.where:
        return all(_is_sum(part, sign, leaves) for part in operands[1:])
    if primitive in (*t.REARRANGING, *t.ADDING_UP):
        return _is_sum(operands[0], sign, leaves)
    return primitive in ZERO_OR_NAN


def _is_weighted(operands: tuple, sign: float | None, leaves: list[t.Var]) -> bool:
    """A sum of logarithms times constants of one sign."""
    a, b = operands
    if isinstance(a, t.Var) and isinstance(b, t.Var):
        return False
    varying, constant = (a, b) if isinstance(a, t.Var) else (b, a)
    weights = torch.as_tensor(constant, dtype=t.DTYPE)
    if bool((weights >= 0).all()):
        return _is_sum(varying, sign, leaves)
    other = None if sign is None else -sign
    return bool((weights <= 0).all()) and _is_sum(varying, other, leaves)
