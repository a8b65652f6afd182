"""Linear in 0 and 1: whatever is made of one number that is 0 or 1 only is linear in it, IF and COUNTIF
included."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from xlcicf.formula import tape as t
from xlcicf.formula.comparing import alike

MOST_ELEMENTS = 4096  # of a range that is counted, one element after another

# What computes each number of its outcome from one number of each operand.
ELEMENTWISE = frozenset(
    [
        t.add, t.sub, t.mul, t.div, t.remainder, t.neg, t.square, t.power, t.exp, t.log, t.log10, t.sqrt,
        t.absolute, t.sign, t.tanh, t.relu, t.rounded, t.floor, t.truncated, t.as_number, t.where, t.both,
        t.either, t.greater, t.greater_equal, t.less, t.less_equal, t.equal, t.not_equal, t.is_nan,
        t.is_finite, alike,
    ]
)  # fmt: skip


class Ends(NamedTuple):
    """Of each number of an operand: on which 0 or 1 it depends (-1: on none), and what it is at each."""

    owner: np.ndarray
    at_0: np.ndarray
    at_1: np.ndarray


def of_each(record: t.Record, ends: list[Ends]) -> Ends | None:
    """The outcome of an elementwise primitive; None where two owners meet in one number."""
    shape = record.out.shape
    spread = [_spread(one, x, shape) for one, x in zip(ends, record.operands, strict=True)]
    owner = np.maximum.reduce([one.owner for one in spread])
    if any(((one.owner >= 0) & (one.owner != owner)).any() for one in spread):
        return None
    assert record.primitive is not None
    outcomes = [
        record.primitive.forward(
            *(_like(side, x, shape) for side, x in zip(sides, record.operands, strict=True)), **record.static
        )
        for sides in ([one.at_0 for one in spread], [one.at_1 for one in spread])
    ]
    at_0, at_1 = (out.to(t.DTYPE).expand(shape).reshape(-1).numpy() for out in outcomes)
    return Ends(owner, at_0, at_1)


def of_separate_elements(record: t.Record, place: int, ends: Ends) -> list[tuple[int, np.ndarray]] | None:
    """(owner, by how much the outcome rises with it) for each element of the operand at `place`, of a
    primitive that adds up what it makes of each; None for too many."""
    elements = np.flatnonzero((ends.owner >= 0) & (ends.at_0 != ends.at_1))
    if elements.size > MOST_ELEMENTS:
        return None
    x, computed = record.operands[place], _with(record, place)
    base = computed(_like(ends.at_0, x, x.shape))
    found = []
    for i in elements.tolist():
        moved = ends.at_0.copy()
        moved[i] = ends.at_1[i]
        found.append((int(ends.owner[i]), computed(_like(moved, x, x.shape)) - base))
    return found


def _with(record: t.Record, place: int) -> Callable[[Tensor], np.ndarray]:
    def computed(x: Tensor) -> np.ndarray:
        operands = [t.value_of(y) for y in record.operands]
        operands[place] = x
        assert record.primitive is not None
        return record.primitive.forward(*operands, **record.static).to(t.DTYPE).reshape(-1).numpy()

    return computed


def _spread(ends: Ends, x: t.Operand, shape: torch.Size) -> Ends:
    own = t.shape_of(x)
    return Ends(*(torch.from_numpy(a).reshape(own).expand(shape).reshape(-1).numpy() for a in ends))


def _like(numbers: np.ndarray, x: t.Operand, shape: torch.Size) -> Tensor:
    """Numbers as a tensor of the kind that x is."""
    made = torch.from_numpy(numbers.copy()).reshape(shape)
    value = torch.as_tensor(t.value_of(x))
    return made.bool() if value.dtype == torch.bool else made
