"""What bonds pay, and when: payments along one axis more than the bonds (H, W, h, w, n)."""

from typing import NamedTuple

import torch

from xlcicf.formula import tape as t
from xlcicf.formula.compounding import growth, internal_rate

GUESS = 0.03  # of what a coupon period yields


class Terms(NamedTuple):
    """Of coupon bonds, each (H, W, h, w).

    due     how many coupons are due, nan for what is no bond
    first   how much of a coupon period is left until the first of them
    passed  how much of it has passed
    """

    due: t.Array
    first: t.Array
    passed: t.Array


def payments_of(terms: Terms, coupon, redemption, earned: t.Operand = 1.0) -> tuple[t.Array, torch.Tensor]:
    """What a bond pays (H, W, h, w, n), and after how many coupon periods; the first time for so many of
    them as are `earned`."""
    due = t.value_of(terms.due).nan_to_num(1.0)[..., None]
    number = torch.arange(int(due.max()), dtype=t.DTYPE)
    first = t.value_of(_spread(earned))
    paid = t.mul(_spread(coupon), torch.where(number == 0, first, (number < due).to(t.DTYPE)))
    at_end = t.mul(_spread(redemption), (number == due - 1).to(t.DTYPE))
    return t.add(paid, at_end), t.value_of(terms.first)[..., None] + number


def _spread(x) -> t.Array:
    """(H, W, h, w) -> (H, W, h, w, 1)"""
    x = t.as_array(x)
    return t.reshape(x, shape=(*t.shape_of(x), 1))


def added_up(x: t.Array) -> t.Array:
    """(H, W, h, w, n) -> (H, W, h, w)"""
    shape = t.shape_of(x)
    return t.reshape(t.total(x, dims=(len(shape) - 1,)), shape=tuple(shape[:-1]))


def discounted(payments, periods, rate) -> t.Array:
    return t.mul(payments, growth(_spread(rate), t.neg(periods)))


def yielded(cost: t.Array, payments: t.Array, periods: torch.Tensor) -> t.Array:
    """What a period yields to whoever pays the cost (H, W, h, w) for the payments."""
    spent = t.neg(_spread(cost))
    shape = tuple(torch.broadcast_shapes(t.shape_of(spent)[:-1], t.shape_of(payments)[:-1]))
    both = (t.expand(x, (*shape, t.shape_of(x)[-1])) for x in (spent, payments))
    times = torch.cat([torch.zeros(*periods.shape[:-1], 1, dtype=t.DTYPE), periods], -1)
    guess = torch.full((1,), GUESS, dtype=t.DTYPE)
    return t.reshape(internal_rate(t.join(*both, dim=len(shape)), times, guess), shape=shape)
