"""The coercion table: how Excel turns text, TRUE, blanks and errors into numbers.

| taken as   | blank   | TRUE/FALSE | text that reads as a number | other text | error  |
|------------|---------|------------|-----------------------------|------------|--------|
| scalar     | 0       | 1/0        | that number                 | #VALUE!    | itself |
| counted    | skipped | skipped    | skipped                     | skipped    | itself |  ranges, arrays
| counted    | 0       | 1/0        | that number                 | #VALUE!    | itself |  written out
| factor     | 0       | 0          | 0                           | 0          | itself |
| strict     | #VALUE! | #VALUE!    | #VALUE!                     | #VALUE!    | itself |
| condition  | FALSE   | itself     | "TRUE", "FALSE", else #VALUE!            | itself |
"""

import re
from collections.abc import Callable

import numpy as np
import torch

from xlcicf.formula import tape as t
from xlcicf.formula.grid import (
    BLANK,
    BOOL,
    ERROR,
    NUMBER,
    TEXT,
    CellText,
    Grid,
    error_at,
    mask_tensor,
    with_errors,
)

_NUMERIC_TEXT = re.compile(r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?%?")


def number_in_text(text: str) -> float | None:
    """ "1,234" -> 1234.0, "5%" -> 0.05, spaces around ignored; None where Excel would say #VALUE!."""
    stripped = text.strip()
    if not _NUMERIC_TEXT.fullmatch(stripped) or not any(c.isdigit() for c in stripped):
        return None
    try:
        number = float(stripped.rstrip("%").replace(",", ""))
    except ValueError:
        return None
    return number / 100 if stripped.endswith("%") else number


def taken_as_scalar(grid: Grid) -> Grid:
    """What arithmetic and functions of single numbers make of their arguments."""
    return _numbers_read(grid, number_in_text)


def taken_as_condition(grid: Grid) -> Grid:
    """What IF, AND, OR and NOT make of a condition: not 0 is TRUE."""
    return _numbers_read(grid, lambda text: {"true": 1.0, "false": 0.0}.get(text.casefold()))


def _numbers_read(grid: Grid, read: Callable[[str], float | None]) -> Grid:
    """Numbers and errors only: text elements become `read(text)`, or #VALUE! where that is None."""
    grid = grid.without_falses()
    if not grid.has(TEXT):
        return grid.of_kinds(_errors_only(grid))
    put, failed, errors = np.zeros(grid.shape), np.zeros(grid.shape, bool), grid.texts().copy()
    for at in map(tuple, np.argwhere(grid.kinds() == TEXT)):
        word = grid.texts().item(at)
        number = read(word)
        if number is None:
            why = f"holds the text {str(word)!r} where a formula needs a number"
            failed[at], errors[at] = True, error_at("#VALUE!", getattr(word, "cell", None), why)
        else:
            put[at] = number
    numbers = t.where(mask_tensor(grid.shape, grid.kinds() == TEXT), torch.from_numpy(put), grid.num)
    return with_errors(grid.of_kinds(_errors_only(grid), numbers), (failed, errors) if failed.any() else None)


def _errors_only(grid: Grid) -> np.ndarray | None:
    """Kinds in which whatever is no error is a number."""
    return np.where(grid.kinds() == ERROR, ERROR, NUMBER).astype(np.uint8) if grid.has(ERROR) else None


def taken_as_factor(grid: Grid) -> Grid:
    """What SUMPRODUCT makes of an array: everything but a number is 0."""
    numbers, grid = grid.num, grid.without_falses()
    if grid.has(BOOL):
        truths = t.where(mask_tensor(grid.shape, grid.kinds() == BOOL), 0.0, numbers)
        numbers = t.unless_nan(truths, numbers)
    return grid.as_value().of_kinds(_errors_only(grid), numbers)


def taken_strictly(grid: Grid, cell: str) -> Grid:
    """What MMULT makes of an array: anything but a number is #VALUE!."""
    grid = grid.as_value().with_nan_for_falses()
    if not grid.has(BOOL, BLANK, TEXT):
        return grid
    failed = (grid.kinds() != NUMBER) & (grid.kinds() != ERROR)
    errors = grid.texts().copy()
    for at in map(tuple, np.argwhere(failed)):
        where, why = cell, "multiplies a matrix in which a cell is empty, TRUE or FALSE"
        word = errors.item(at)
        if isinstance(word, CellText):
            where, why = word.cell, f"holds the text {str(word)!r} where a matrix needs a number"
        errors[at] = error_at("#VALUE!", where, why)
    return with_errors(grid, (failed, errors))
