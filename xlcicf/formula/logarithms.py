"""Sums of logarithms on a tape: what a log-likelihood is made of."""

import torch

from xlcicf.formula import tape as t
from xlcicf.formula.overflow import ZERO_OR_NAN


def is_sum_of_logarithms(out: t.Var, sign: float = 1.0) -> bool:
    """Whether `sign` times an outcome is a sum of logarithms, each times a constant of 0 or more."""
    primitive, operands, _, _ = out.tape.made(out)
    if primitive in (t.log, t.log10):
        return sign > 0
    if primitive is t.neg:
        return _is_sum(operands[0], -sign)
    if primitive in (t.add, t.join):
        return all(_is_sum(x, sign) for x in operands)
    if primitive is t.sub:
        return _is_sum(operands[0], sign) and _is_sum(operands[1], -sign)
    if primitive in (t.mul, t.div, t.dot, t.matrix_vector, t.matrix_matrix):
        return _is_weighted(operands, sign)
    if primitive is t.where:
        return all(_is_sum(x, sign) for x in operands[1:])
    if primitive in (*t.REARRANGING, *t.ADDING_UP):
        return _is_sum(operands[0], sign)
    return primitive in ZERO_OR_NAN


def _is_sum(x: t.Operand, sign: float) -> bool:
    return not isinstance(x, t.Var) or is_sum_of_logarithms(x, sign)


def _is_weighted(operands: tuple, sign: float) -> bool:
    """A sum of logarithms times constants of one sign."""
    a, b = operands
    if isinstance(a, t.Var) and isinstance(b, t.Var):
        return False
    varying, constant = (a, b) if isinstance(a, t.Var) else (b, a)
    weights = torch.as_tensor(constant, dtype=t.DTYPE)
    if bool((weights >= 0).all()):
        return _is_sum(varying, sign)
    return bool((weights <= 0).all()) and _is_sum(varying, -sign)
