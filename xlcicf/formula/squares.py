"""Sums of squares on a tape: the residuals of which an outcome is the sum of squares, however it is written.

SUMSQ, SUMXMY2, SUMPRODUCT(r,r), SUM of r^2, with weights, divided by a count, under a root or a logarithm,
with constants, as in 1-SUMXMY2(y,f)/DEVSQ(y): who makes one of them better makes the others better too.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from xlcicf.formula import tape as t
from xlcicf.formula.overflow import ZERO_OR_NAN

# What counts are made of, from whether numbers are errors on
COUNTING = (
    t.as_number, t.add, t.sub, t.mul, t.div, t.where, t.both, t.either, t.equal, t.not_equal, t.greater,
    t.greater_equal, t.less, t.less_equal, *t.REARRANGING, *t.ADDING_UP,
)  # fmt: skip


def residuals(out: t.Var, sign: float = 1.0) -> t.Var | None:
    """Numbers (k,), recorded on the tape, whose sum of squares is least where `sign` times the outcome is;
    None where the outcome is no such sum. A weight that all squares share, as a mean's, is left out, and so
    are squares whose weight is 0."""
    guards, weight = set[int](), torch.tensor(sign, dtype=t.DTYPE)
    while (inner := _within(out, weight, guards)) is not None:
        out, weight = inner
    try:
        found = list(_parts(out, weight))
    except _NoSquares:
        return None
    if not found:
        return None
    flat = [t.reshape(part, shape=(-1,)) for part, _ in found]
    weights = torch.cat([_for_each(weight, part) for part, weight in found])
    counted = weights.nonzero().reshape(-1)
    joined = t.join(*flat, dim=0) if len(flat) > 1 else flat[0]
    if not len(counted):
        return None
    if len(counted) < len(weights):
        joined, weights = t.take(joined, counted), weights[counted]
    if bool((weights != weights[0]).any()):
        joined = t.mul(joined, torch.sqrt(weights))
    assert isinstance(joined, t.Var)
    return joined


class _NoSquares(Exception):
    """Something else than a square is added."""


def _within(out: t.Var, weight: Tensor, guards: set[int]) -> tuple[t.Var, Tensor] | None:
    """The number with which `out` rises or falls, and a weight in which it is to be least: under a root or a
    logarithm, in another shape, divided by a count, with a constant, or beside what watches for overflow.

    guards  the conditions met at which the outcome is an error, which the root asks once more
    """
    primitive, operands, _, _ = out.tape.made(out)
    if primitive is t.where:
        condition, inner, other = operands
        if not isinstance(condition, t.Var):
            inner = inner if t.holds_everywhere(condition) else other
        elif condition.value.numel() == 1:
            if not isinstance(inner, t.Var):
                inner, other = other, inner
            if not _is_asked(condition, guards) and not _is_zero_or_error(other):
                return None
            guards.add(condition.index)
    elif primitive in (*t.REARRANGING, t.sqrt, t.log, t.log10) or (
        primitive is t.power and _is_root(operands[1])
    ):
        inner = operands[0]
    elif primitive is t.neg:
        inner, weight = operands[0], -weight
    elif primitive is t.div and _is_count(operands[1]):
        inner = operands[0]
    elif primitive in (t.mul, t.div) and (found := _scaled(out, primitive, operands, weight)) is not None:
        inner, weight = found
    elif primitive in (t.add, t.sub) and not all(isinstance(x, t.Var) for x in operands):
        inner = next(x for x in operands if isinstance(x, t.Var))
        weight = -weight if primitive is t.sub and inner is operands[1] else weight
    elif primitive is t.add and isinstance(operands[1], t.Var) and _is_watching(operands[1]):
        inner = operands[0]
    else:
        return None
    is_one = isinstance(inner, t.Var) and inner.value.numel() == 1 == out.value.numel()
    return (inner, weight.reshape(())) if is_one else None


def _is_asked(condition: t.Var, guards: set[int]) -> bool:
    """Whether a condition, or each part of it, has been met."""
    primitive, operands, _, _ = condition.tape.made(condition)
    return condition.index in guards or (
        primitive is t.both
        and all(_is_asked(x, guards) if isinstance(x, t.Var) else t.holds_everywhere(x) for x in operands)
    )


def _is_root(exponent: t.Operand) -> bool:
    return not isinstance(exponent, t.Var) and bool(((0 < torch.as_tensor(exponent)) & (exponent < 1)).all())


def _is_zero_or_error(x: t.Operand) -> bool:
    """Whether an operand is 0 or nan wherever it is asked for: a root's value where it has no slope."""
    if isinstance(x, t.Var):
        primitive, operands, _, _ = x.tape.made(x)
        if primitive is not t.where:
            return False
        condition, a, b = operands
        chosen = (a, b) if isinstance(condition, t.Var) else (a if t.holds_everywhere(condition) else b,)
        return all(map(_is_zero_or_error, chosen))
    value = torch.as_tensor(x, dtype=t.DTYPE)
    return bool((torch.isnan(value) | (value == 0)).all())


def _is_count(x: t.Operand) -> bool:
    """Whether an operand, above 0, is made of how many numbers are no errors: else it stands still."""
    return isinstance(x, t.Var) and bool((x.value > 0).all()) and _is_counted(x)


def _is_counted(x: t.Operand) -> bool:
    if not isinstance(x, t.Var):
        return True
    primitive, operands, _, _ = x.tape.made(x)
    return primitive in (t.is_finite, t.is_nan) or (primitive in COUNTING and all(map(_is_counted, operands)))


def _is_watching(x: t.Var) -> bool:
    return x.tape.made(x).primitive in ZERO_OR_NAN


def _parts(x: t.Array, weight: Tensor) -> Iterator[tuple[t.Var, Tensor]]:
    """The numbers whose squares, times their weights, add up to the weighted sum of x, but for a constant;
    `weight` is one number or of x's shape."""
    if not isinstance(x, t.Var):
        return
    primitive, operands, static, _ = x.tape.made(x)
    if primitive is t.square or (primitive is t.power and _is_two(operands[1])):
        yield _weighted(operands[0], weight)
    elif primitive in (t.mul, t.dot) and _alike(*operands):
        yield _weighted(operands[0], weight)
    elif (
        primitive in (t.mul, t.dot, t.div) and (found := _scaled(x, primitive, operands, weight)) is not None
    ):
        yield from _parts(*found)
    elif primitive is t.neg:
        yield from _parts(operands[0], -weight)
    elif primitive is t.total:
        yield from _parts(operands[0], weight.expand(x.shape).expand(t.shape_of(operands[0])))
    elif primitive is t.where and (passed := _guarded(x.tape, operands)) is not None:
        yield from _parts(passed, weight)
    elif primitive in t.RESHAPING and weight.numel() == 1:
        yield from _parts(operands[0], weight.reshape(()))
    elif primitive in t.REARRANGING:
        yield from _parts(operands[0], _before(primitive, operands, static, x.shape, weight))
    elif primitive in (t.add, t.sub) and all(t.shape_of(part) == x.shape for part in operands):
        yield from _parts(operands[0], weight)
        yield from _parts(operands[1], weight if primitive is t.add else -weight)
    elif primitive is t.join and (weight.numel() == 1 or bool((weight == weight.reshape(-1)[0]).all())):
        for part in operands:
            yield from _parts(part, weight.reshape(-1)[0])
    else:
        raise _NoSquares


def _before(
    primitive: t.Primitive, operands: tuple, static: dict, shape: torch.Size, weight: Tensor
) -> Tensor:
    """The weights of the numbers that were rearranged; 0 of those that are left out."""
    before = t.shape_of(operands[0])
    numbered = torch.arange(before.numel(), dtype=t.DTYPE).reshape(before)
    places = primitive.forward(numbered, *operands[1:], **static).long().reshape(-1)
    weights = torch.zeros(before.numel(), dtype=t.DTYPE)
    return weights.index_add(0, places, weight.expand(shape).reshape(-1)).reshape(before)


def _is_two(exponent: t.Operand) -> bool:
    return not isinstance(exponent, t.Var) and bool((torch.as_tensor(exponent) == 2).all())


def _scaled(x: t.Var, primitive: t.Primitive, operands: tuple, weight: Tensor) -> tuple[t.Var, Tensor] | None:
    """What is multiplied by a constant, and the weight with it."""
    a, b = operands
    if primitive is t.div:
        if isinstance(b, t.Var) or t.shape_of(a) != x.shape:
            return None
        return a, weight / b
    if isinstance(a, t.Var) and isinstance(b, t.Var):
        return None
    varying, constant = (a, b) if isinstance(a, t.Var) else (b, a)
    if primitive is t.mul and varying.shape != x.shape:
        return None
    return varying, weight * torch.as_tensor(constant, dtype=t.DTYPE)


def _guarded(tape: t.Tape, operands: tuple) -> t.Var | None:
    """What is let through where it is no error."""
    condition, a, b = operands
    if not isinstance(condition, t.Var):
        return None
    guard = tape.made(condition).primitive
    passed = a if guard is t.is_finite else b if guard is t.is_nan else None
    return (
        passed
        if isinstance(passed, t.Var) and passed.shape == torch.broadcast_shapes(t.shape_of(a), t.shape_of(b))
        else None
    )


def _weighted(x: t.Array, weight: Tensor) -> tuple[t.Var, Tensor]:
    if not isinstance(x, t.Var) or bool((weight < 0).any()):
        raise _NoSquares
    return x, weight


def _for_each(weight: Tensor, part: t.Var) -> Tensor:
    return (weight.reshape(()) if weight.numel() == 1 else weight).expand(part.shape).reshape(-1)


def _alike(a: t.Operand, b: t.Operand) -> bool:
    """Whether two outcomes are made in the same way of the same."""
    if a is b:
        return True
    if not (isinstance(a, t.Var) and isinstance(b, t.Var)):
        if isinstance(a, t.Var) or isinstance(b, t.Var):
            return False
        a, b = torch.as_tensor(a), torch.as_tensor(b)
        return a.shape == b.shape and bool((a == b).all())
    one, other = a.tape.made(a), b.tape.made(b)
    if one.primitive is None or one.primitive is not other.primitive or one.static != other.static:
        return False
    return len(one.operands) == len(other.operands) and all(map(_alike, one.operands, other.operands))
