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
    NUMBER,
    CellError,
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
    return with_errors(truths, errors_among((a, b)))


def _pattern(a: Grid, b: Grid, compare: Compare, python: Python) -> t.Array:
    for grid, other in ((a, b), (b, a)):
        if grid.there is not None:
            pairs = [(one, other) if grid is a else (other, one) for one in (grid.without_falses(), FALSE)]
            number, false = (_pattern(*pair, compare, python) for pair in pairs)
            return t.where(grid.there, number, false)
    if a.kind is None and b.kind is None:
        return compare(a.num, b.num)
    by_kind = torch.from_numpy(_of_scalars(a.scalars(), b.scalars(), python))
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


def _of_scalars(a: np.ndarray, b: np.ndarray, python: Python) -> np.ndarray:
    def one(x: object, y: object) -> bool:
        if isinstance(x, CellError) or isinstance(y, CellError):
            return False
        x, y = _blank_as(x, y), _blank_as(y, x)
        return python((rank(x), plain(x)), (rank(y), plain(y)))

    return np.vectorize(one, otypes=[bool])(a, b)


def rank(x: object) -> int:
    """Numbers, then text, then booleans."""
    return 2 if isinstance(x, bool) else 1 if isinstance(x, str) else 0


def plain(x: Any) -> Any:
    """Text in one case."""
    return x.casefold() if isinstance(x, str) else x


def comparable(a: object, b: object) -> bool:
    """Both numbers, both texts or both TRUE or FALSE."""
    return a is not None and not isinstance(a, CellError) and rank(a) == rank(b)


def _blank_as(x: object, other: object) -> object:
    if x is not None:
        return x
    return False if isinstance(other, bool) else "" if isinstance(other, str) else 0.0
