"""Comparisons: numbers come before text, text before FALSE and TRUE; letters' case is ignored.

Numbers that 15 digits show alike are equal, as in Excel: 0.1+0.2 and 0.3."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from xlcicf.formula import tape as t
from xlcicf.formula.coercion import taken_as_scalar
from xlcicf.formula.collation import order_key
from xlcicf.formula.context import Context
from xlcicf.formula.grid import (
    BLANK,
    BOOL,
    ERROR,
    NUMBER,
    SINGLE,
    TEXT,
    Grid,
    aligned,
    constant,
    errors_among,
    from_truths,
    mask_tensor,
    numbers_alone,
    spread,
    with_errors,
)
from xlcicf.formula.overflow import watch

Compare = Callable[[t.Operand, t.Operand], t.Array]
Python = Callable[[Any, Any], bool]


def compared(context: Context, a: Grid, b: Grid, compare: Compare, python: Python) -> Grid:
    """TRUE or FALSE for each pair, by the primitive `compare`; `python` is the same of plain values."""
    if (truth := _of_two(a, b, python)) is not None:
        return constant(truth)
    a, b = aligned([a, b], context.host)
    watch(a.num, b.num)
    pattern = _pattern(a, b, compare, python)
    t.decide(pattern)
    truths = from_truths(t.unless_nan(t.as_number(pattern), a.num, b.num), like=(a, b))
    context.note_step(truths.num)
    return with_errors(truths, errors_among((a, b)))


def _of_two(a: Grid, b: Grid, python: Python) -> bool | None:
    """The same of two single texts, or of two numbers that are not nearly alike; None for all else."""
    if a.shape != SINGLE or b.shape != SINGLE or a.listed or b.listed:
        return None
    if a.text is not None and b.text is not None and a.has(TEXT) and b.has(TEXT):
        return _of_texts(a.text.item().casefold(), b.text.item().casefold(), python)
    nums = numbers_alone((a, b))
    if nums is None:
        return None
    x, y = nums[0].item(), nums[1].item()
    return None if x != y and abs(x - y) <= FIFTEENTH * abs(y) else python(x, y)


def _of_texts(x: str, y: str, python: Python) -> bool:
    """The comparison of texts in one case."""
    if x == y or python in (operator.eq, operator.ne):
        return python(x, y)
    return python(order_key(x), order_key(y))


def _pattern(a: Grid, b: Grid, compare: Compare, python: Python) -> t.Array:
    for grid, other in ((a, b), (b, a)):
        if grid.there is not None:
            pairs = [(one, other) if grid is a else (other, one) for one in (grid.without_falses(), FALSE)]
            number, false = (_pattern(*pair, compare, python) for pair in pairs)
            return t.where(grid.there, number, false)
    if a.kind is None and b.kind is None:
        return compare(*at_15_digits(a.num, b.num))
    by_kind = torch.from_numpy(_of_kinds(a, b, python))
    if a.is_constant and b.is_constant:
        return by_kind
    numeric = _both_numbers(a.kinds(), b.kinds())
    return t.where(mask_tensor(by_kind.shape, numeric), compare(*at_15_digits(a.num, b.num)), by_kind)


@t.Primitive
def alike(a: Tensor, b: Tensor) -> Tensor:
    """a, but b where they differ beyond the 15th digit only."""
    gap, size = torch.abs(a - b), torch.abs(b)
    scale = 10.0 ** (14.0 - torch.floor(torch.log10(torch.where(size > 0, size, 1.0))))
    same = (gap <= FIFTEENTH * size) & (torch.round(a * scale) == torch.round(b * scale))
    return torch.where(same, b, a)


FIFTEENTH = 1e-14  # of a number: more than its last of 15 digits


def at_15_digits(a: t.Operand, b: t.Operand) -> tuple[t.Operand, t.Operand]:
    """Both numbers, made equal where 15 digits do not tell them apart; 0 is like itself only."""
    if any(t.holds_everywhere(t.equal(x, 0.0)) for x in (a, b) if not isinstance(x, t.Var)):
        return a, b
    if not any(isinstance(x, t.Var) for x in (a, b)) and not _any_near(a, b):
        return a, b
    return alike(a, b), b


def _any_near(a: t.Operand, b: t.Operand) -> bool:
    x, y = (torch.as_tensor(operand).numpy() for operand in (a, b))  # takes half of torch's time of few
    with np.errstate(over="ignore", invalid="ignore"):
        return bool((np.abs(x - y) <= FIFTEENTH * np.abs(y)).any())


def without_remainder(difference: Grid, a: Grid, b: Grid) -> Grid:
    """A constant difference, but 0 where 15 digits show both numbers alike."""
    a, b = taken_as_scalar(a), taken_as_scalar(b)
    numbers = [x.num for x in (difference, a, b)]
    if any(isinstance(x, t.Var) for x in numbers) or not {a.size, b.size} <= {difference.size, (1, 1)}:
        return difference
    if not _any_near(*numbers[1:]):
        return difference
    same, to = at_15_digits(*numbers[1:])
    return difference.with_num(t.where(t.equal(same, to), 0.0, difference.num))


def negative(grid: Grid) -> Grid:
    grid = taken_as_scalar(grid)
    return grid.with_num(t.neg(grid.num))


FALSE = constant(False)


def _both_numbers(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Where numbers alone decide; elsewhere what stands there does, whatever the number is."""
    return np.logical_or.reduce(
        [np.isin(a, (like, BLANK)) & np.isin(b, (like, BLANK)) for like in (NUMBER, BOOL)]
    )


def _of_kinds(a: Grid, b: Grid, python: Python) -> np.ndarray:
    """The comparison by what stands there; FALSE where that is an error."""
    kinds = [_beside_other(x.kinds(), y.kinds()) for x, y in ((a, b), (b, a))]
    texts = (kinds[0] == TEXT) & (kinds[1] == TEXT)
    if texts.all():
        return _of_all_texts(a, b, texts, python).reshape(texts.shape)
    ranks = [_RANK[k] for k in kinds]
    tensors = (torch.from_numpy(x.numbers().copy()) for x in (a, b))
    numbers = (np.asarray(x) for x in at_15_digits(*tensors))
    out = np.where(ranks[0] == ranks[1], python(*numbers), python(*ranks))
    if texts.any():
        out[texts] = _of_all_texts(a, b, texts, python)
    return out & (kinds[0] != ERROR) & (kinds[1] != ERROR)


_RANK = np.array([0, 2, 0, 1, 3], np.uint8)  # numbers, then text, then booleans, by kind


def _beside_other(kinds: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Kinds, in which a blank is of the kind that stands on the other side."""
    return np.where(kinds == BLANK, other, kinds)


def _of_all_texts(a: Grid, b: Grid, where: np.ndarray, python: Python) -> np.ndarray:
    """The comparison of the texts that stand `where` (n,), an empty one where there is none. Columns of texts
    hold few different ones: each pair is compared once."""
    pairs = list(zip(*(spread(grid.texts(), where.shape)[where].tolist() for grid in (a, b)), strict=True))
    known = {(x, y): _of_texts(_folded(x), _folded(y), python) for x, y in set(pairs)}
    return np.fromiter(map(known.__getitem__, pairs), bool, len(pairs))


def _folded(text: object) -> str:
    return text.casefold() if isinstance(text, str) else ""
