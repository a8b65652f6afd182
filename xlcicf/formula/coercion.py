"""The coercion table: how Excel turns text, TRUE, blanks and errors into numbers.

| taken as   | blank   | TRUE/FALSE | text that reads as a number | other text | error  |
|------------|---------|------------|-----------------------------|------------|--------|
| scalar     | 0       | 1/0        | that number                 | #VALUE!    | itself |
| add-in's   | 0       | #VALUE!    | that number                 | #VALUE!    | itself |
| counted    | skipped | skipped    | skipped                     | skipped    | itself |  ranges, arrays
| counted    | 0       | 1/0        | that number                 | #VALUE!    | itself |  written out
| value      | skipped | 1/0        | 0                           | 0          | itself |  ranges, arrays
| factor     | 0       | 0          | 0                           | 0          | itself |
| n          | 0       | 1/0        | 0                           | 0          | itself |
| strict     | #VALUE! | #VALUE!    | #VALUE!                     | #VALUE!    | itself |
| condition  | FALSE   | itself     | "TRUE", "FALSE", else #VALUE!            | itself |
"""

from collections.abc import Callable

import numpy as np
import torch

from xlcicf.formula import tape as t
from xlcicf.formula.context import Fails
from xlcicf.formula.grid import (
    BLANK,
    BOOL,
    ERROR,
    NUMBER,
    TEXT,
    CellError,
    CellText,
    Grid,
    error_at,
    mask_tensor,
    merged,
    with_errors,
)
from xlcicf.formula.number_format import number_as_text
from xlcicf.formula.number_in_text import number_in_text

MOST_LETTERS = 32_767  # of a cell's text
_TRUTHS = {"true": 1.0, "false": 0.0}


def number_of(value: object) -> float:
    """The number that a plain value is taken for where one is needed. Raises Fails("#VALUE!")."""
    number = number_in_text(value) if isinstance(value, str) else 0.0 if value is None else value
    if not isinstance(number, float | bool):
        raise Fails("#VALUE!", f"finds the text {str(value)!r} where it needs a number")
    return float(number)


def truth_of(value: object) -> bool:
    """What a plain value is taken for where TRUE or FALSE is needed. Raises Fails("#VALUE!")."""
    if not isinstance(value, str):
        return bool(number_of(value))
    if not says_truth(value):
        raise Fails("#VALUE!", f"finds the text {str(value)!r} where it needs TRUE or FALSE")
    return bool(_TRUTHS[value.casefold()])


def says_truth(text: str) -> bool:
    return text.casefold() in _TRUTHS


def text_of(value: object) -> str:
    """The text that a plain value is taken for where one is needed."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return "" if value is None else number_as_text(value) if isinstance(value, float) else str(value)


def no_error(value: object) -> object:
    """The plain value itself. Raises Fails of an error value."""
    if isinstance(value, CellError):
        raise Fails(str(value))
    return value


def within_limits(text: str) -> str:
    """The text, if a cell can hold it. Raises Fails("#VALUE!")."""
    if len(text) > MOST_LETTERS:
        raise Fails("#VALUE!", f"makes a text of more than {MOST_LETTERS:,} letters, which no cell holds")
    return text


def taken_as_scalar(grid: Grid) -> Grid:
    """What arithmetic and functions of single numbers make of their arguments."""
    return _numbers_read(grid, number_in_text)


def taken_without_truths(grid: Grid) -> Grid:
    """What functions that were once an add-in make of their arguments: TRUE and FALSE are #VALUE!.

    A range of several cells is one, too, though an array of as many numbers is not."""
    grid = grid.with_nan_for_falses()
    failed, why = (
        np.broadcast_to(grid.kinds() == BOOL, grid.shape),
        "finds TRUE or FALSE where it needs a number",
    )
    if grid.is_range and not grid.is_single:
        grid = grid.first()
        failed, why = (
            np.ones(grid.shape, bool),
            "finds a range where it needs a number; write +1*(...) around it",
        )
    if not failed.any():
        return taken_as_scalar(grid)
    errors = grid.texts().copy()
    errors[failed] = error_at("#VALUE!", None, why)
    return taken_as_scalar(with_errors(grid, (failed, errors)).as_value())


def taken_as_condition(grid: Grid) -> Grid:
    """What IF, AND, OR and NOT make of a condition: not 0 is TRUE."""
    return _numbers_read(grid, lambda text: _TRUTHS.get(text.casefold()))


def _numbers_read(grid: Grid, read: Callable[[str], float | None]) -> Grid:
    """Numbers and errors only: text elements become `read(text)`, or #VALUE! where that is None."""
    if grid.is_all_numbers:
        return grid
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


def taken_as_n(grid: Grid) -> Grid:
    """What N makes of a value: whatever is no number, TRUE or FALSE is 0."""
    grid = grid.as_value().without_falses()
    return grid.of_kinds(_errors_only(grid))


def taken_as_value(grid: Grid) -> Grid:
    """What AVERAGEA makes of a range or array: texts are 0, and only blanks are passed over."""
    if not grid.is_array:
        return grid
    kinds = np.where(np.isin(grid.kinds(), (BLANK, ERROR)), grid.kinds(), NUMBER).astype(np.uint8)
    return grid.without_falses().of_kinds(kinds)


def taken_as_average(grid: Grid) -> Grid:
    """The same, but TRUE and FALSE of an array are passed over, as Excel has saved."""
    truths = grid.kinds() == BOOL
    if grid.is_range or not grid.is_array or not truths.any():
        return taken_as_value(grid)
    return taken_as_value(grid.without_falses().blank_where(truths))


def taken_as_factor(grid: Grid) -> Grid:
    """What SUMPRODUCT makes of an array: everything but a number is 0."""
    numbers, grid = grid.num, grid.without_falses()
    if grid.has(BOOL):
        truths = t.where(mask_tensor(grid.shape, grid.kinds() == BOOL), 0.0, numbers)
        numbers = t.unless_nan(truths, numbers)
    return grid.as_value().of_kinds(_errors_only(grid), numbers)


def taken_strictly(grid: Grid, cell: str, code: str = "#VALUE!") -> Grid:
    """What MMULT makes of an array: anything but a number is an error."""
    if grid.beyond:  # of the blank cells beyond the data one says it all
        grid = grid.with_blanks_beyond((grid.size[0] + 1, grid.size[1] + 1))
    grid = grid.as_value().with_nan_for_falses()
    if not grid.has(BOOL, BLANK, TEXT):
        return grid
    failed = (grid.kinds() != NUMBER) & (grid.kinds() != ERROR)
    errors = grid.texts().copy()
    for at in map(tuple, np.argwhere(failed)):
        where, why = cell, "takes a matrix in which a cell is empty, TRUE or FALSE"
        word = errors.item(at)
        if isinstance(word, CellText):
            where, why = word.cell, f"holds the text {str(word)!r} where a matrix needs a number"
        errors[at] = error_at(code, where, why)
    return with_errors(grid, (failed, errors))


def to_one_end(a: Grid, b: Grid) -> tuple[Grid, Grid]:
    """Ranges of as many cells, whole columns or rows as far as the one goes that has more data.

    Raises Fails("#NUM!") for others that end at one cell by chance."""
    most = max(a.size[0], b.size[0]), max(a.size[1], b.size[1])
    if a.extent == b.extent:
        return a.with_blanks_beyond(most), b.with_blanks_beyond(most)
    if a.size == b.size:
        raise Fails("#NUM!", "pairs ranges of which one has more cells")
    return a, b


def counted_with_dates(flows: Grid, dates: Grid) -> tuple[Grid, Grid]:
    """Payments and their dates as XIRR counts them: in the place of one that is blank, or in a range a number
    as text, stands nothing on the first date."""
    passed = flows.kinds() == BLANK if flows.is_range else np.zeros(flows.shape, bool)
    if flows.is_range and flows.has(TEXT):
        passed = passed | (flows.kinds() == TEXT) & _read_as_numbers(flows.texts())
    if not passed.any() or flows.size != dates.size:
        return flows, dates
    first = dates.first().expanded(dates.shape)
    return flows.blank_where(passed), merged(
        mask_tensor(passed.shape, passed), first, dates.as_value()
    ) or dates


def _read_as_numbers(texts: np.ndarray) -> np.ndarray:
    """Which of an array's texts are numbers."""
    out = np.zeros(texts.shape, bool)
    for at in map(tuple, np.argwhere(texts != None)):  # noqa: E711  # element by element
        word = texts.item(at)
        out[at] = not isinstance(word, CellError) and number_in_text(word) is not None
    return out
