"""Comparisons: numbers come before text, text before FALSE and TRUE; letters' case is ignored."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from xlcicf.formula import tape as t
from xlcicf.formula.context import Context
from xlcicf.formula.grid import (
    BLANK,
    BOOL,
    ERROR,
    NUMBER,
    TEXT,
    Grid,
    aligned,
    constant,
    errors_among,
    from_truths,
    mask_tensor,
    with_errors,
)

Compare = Callable[[t.Operand, t.Operand], t.Array]
Python = Callable[[Any, Any], bool]


def compared(context: Context, a: Grid, b: Grid, compare: Compare, python: Python) -> Grid:
    """TRUE or FALSE for each pair, by the primitive `compare`; `python` is the same of plain values."""
    a, b = aligned([a, b], context.host)
    pattern = _pattern(a, b, compare, python)
    t.decide(pattern)
    truths = from_truths(t.unless_nan(t.as_number(pattern), a.num, b.num), like=(a, b))
    context.note_step(truths.num)
    return with_errors(truths, errors_among((a, b)))


def _pattern(a: Grid, b: Grid, compare: Compare, python: Python) -> t.Array:
    for grid, other in ((a, b), (b, a)):
        if grid.there is not None:
            pairs = [(one, other) if grid is a else (other, one) for one in (grid.without_falses(), FALSE)]
            number, false = (_pattern(*pair, compare, python) for pair in pairs)
            return t.where(grid.there, number, false)
    if a.kind is None and b.kind is None:
        return compare(a.num, b.num)
    by_kind = torch.from_numpy(_of_kinds(a, b, python))
    if a.is_constant and b.is_constant:
        return by_kind
    numeric = _both_numbers(a.kinds(), b.kinds())
    return t.where(mask_tensor(by_kind.shape, numeric), compare(a.num, b.num), by_kind)


FALSE = constant(False)


def _both_numbers(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Where numbers alone decide; elsewhere what stands there does, whatever the number is."""
    return np.logical_or.reduce(
        [np.isin(a, (like, BLANK)) & np.isin(b, (like, BLANK)) for like in (NUMBER, BOOL)]
    )


def _of_kinds(a: Grid, b: Grid, python: Python) -> np.ndarray:
    """The comparison by what stands there; FALSE where that is an error."""
    kinds = [_beside_other(x.kinds(), y.kinds()) for x, y in ((a, b), (b, a))]
    ranks = [_RANK[k] for k in kinds]
    out = np.where(ranks[0] == ranks[1], python(a.numbers(), b.numbers()), python(*ranks))
    texts = (kinds[0] == TEXT) & (kinds[1] == TEXT)
    if texts.any():
        folded = (np.broadcast_to(_folded(grid), texts.shape)[texts].tolist() for grid in (a, b))
        out[texts] = [python(x, y) for x, y in zip(*folded, strict=True)]
    return out & (kinds[0] != ERROR) & (kinds[1] != ERROR)


_RANK = np.array([0, 2, 0, 1, 3], np.uint8)  # numbers, then text, then booleans, by kind


def _beside_other(kinds: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Kinds, in which a blank is of the kind that stands on the other side."""
    return np.where(kinds == BLANK, other, kinds)


def _folded(grid: Grid) -> np.ndarray:
    """Texts in one case, empty ones where there is none."""
    texts = grid.texts() if grid.text is None else grid.text
    out = np.empty(texts.shape, dtype=object)
    out.reshape(-1)[:] = [x.casefold() if isinstance(x, str) else "" for x in texts.ravel().tolist()]
    return out
