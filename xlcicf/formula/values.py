"""What expressions yield, and the coercion table: how Excel turns text, TRUE, blanks and errors into numbers.

A formula is evaluated for a whole run of cells at once. A `Grid` therefore has four axes (H, W, h, w): H x W
cells of the run, and for each of them an h x w array (1 x 1 for a single value); axes of length 1 broadcast.
Numbers are tensors and may depend on the changing cells; what kind of value stands where never does.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from xlcicf.formula import tape as t
from xlcicf.formula.address import Area, cell_address
from xlcicf.formula.snapshot import ExcelError, Scalar

NUMBER, BOOL, BLANK, TEXT, ERROR = range(5)


class CellText(str):
    """Text that knows where it came from, such as "Columns!D17"."""

    cell: str | None = None


class CellError(ExcelError):
    """An error value that knows the cell it began in, and why where the code alone does not say it."""

    cell: str | None = None
    why: str | None = None


def error_at(code: str, cell: str | None, why: str | None = None) -> CellError:
    error = CellError(code)
    error.cell, error.why = cell, why
    return error


@dataclass(frozen=True)
class Grid:
    """Values of the axes (H, W, h, w).

    num     float64, what stands at numbers and booleans (0 or 1), finite (0) elsewhere
    kind    NUMBER, BOOL, BLANK, TEXT or ERROR for each element; None where all are numbers
    text    texts and error values, None elsewhere; None where there are none
    is_ref  True for cells of the sheet, whose text and booleans many functions pass over
    partial True where num may be nan at other inputs (logarithms, divisions by changing cells)
    varying which elements of a range depend on the changing cells; None where that is all or none
    or_false True where some elements are a number or FALSE (then 0) as a changing cell decides: IF(A1>0,A1)
    """

    num: t.Array
    kind: np.ndarray | None = None
    text: np.ndarray | None = None
    is_ref: bool = False
    partial: bool = False
    varying: np.ndarray | None = None
    or_false: bool = False

    @property
    def shape(self) -> tuple[int, int, int, int]:
        shapes = [t.shape_of(self.num)] + ([] if self.kind is None else [self.kind.shape])
        return tuple(np.broadcast_shapes(*shapes))

    @property
    def is_constant(self) -> bool:
        return not isinstance(self.num, t.Var)

    def kinds(self) -> np.ndarray:
        """One kind an element, in the grid's full shape."""
        return np.broadcast_to(np.uint8(NUMBER) if self.kind is None else self.kind, self.shape)

    def texts(self) -> np.ndarray:
        return np.broadcast_to(np.array(None, dtype=object) if self.text is None else self.text, self.shape)

    def has(self, kind: int) -> bool:
        return self.kind is not None and bool((self.kind == kind).any())

    def numbers(self) -> np.ndarray:
        """The numbers of a constant grid in its full shape."""
        assert isinstance(self.num, Tensor)
        return np.broadcast_to(self.num.numpy(), self.shape)

    def scalars(self) -> np.ndarray:
        """A constant grid as Python values (object array): float, bool, str, CellError or None."""
        out = self.numbers().astype(object)
        kinds, texts = self.kinds(), self.texts()
        out[kinds == BOOL] = out[kinds == BOOL].astype(bool)
        out[kinds == BLANK] = None
        worded = kinds >= TEXT
        out[worded] = texts[worded]
        return out


def boolean(num: t.Array, partial: bool = False) -> Grid:
    """A grid of TRUE and FALSE from one of 1 and 0."""
    return Grid(num, np.full((1, 1, 1, 1), BOOL, np.uint8), partial=partial)


def grid_of(values: np.ndarray, is_ref: bool = False) -> Grid:
    """A constant grid from an object array (H, W, h, w) of float, bool, str, ExcelError, None."""
    kind = np.vectorize(kind_of, otypes=[np.uint8])(values)
    plain = kind <= BOOL
    num = np.zeros(values.shape)
    num[plain] = values[plain].astype(float)
    if not kind.any():
        return Grid(torch.from_numpy(num), is_ref=is_ref)
    text = None
    if (kind >= TEXT).any():
        text = np.where(kind >= TEXT, values, np.array(None))
    return Grid(torch.from_numpy(num), kind, text, is_ref)


def constant(value: Scalar) -> Grid:
    """One value as a (1, 1, 1, 1) grid."""
    cell = np.empty((1, 1, 1, 1), dtype=object)
    cell[0, 0, 0, 0] = value
    return grid_of(cell)


def kind_of(value: Scalar) -> int:
    if value is None:
        return BLANK
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, ExcelError):
        return ERROR
    return TEXT if isinstance(value, str) else NUMBER


def mask_tensor(shape: Sequence[int], mask: np.ndarray) -> Tensor:
    """A mask as a boolean tensor of `shape`."""
    return torch.from_numpy(np.broadcast_to(mask, shape).copy())


# --- the coercion table ---------------------------------------------------------------------------------
#
# | taken as   | blank   | TRUE/FALSE | text that reads as a number | other text | error      |
# |------------|---------|------------|-----------------------------|------------|------------|
# | scalar     | 0       | 1/0        | that number                 | #VALUE!    | itself     |
# | counted    | skipped | skipped    | skipped                     | skipped    | itself     |  in ranges
# | counted    | 0       | 1/0        | that number                 | #VALUE!    | itself     |  written out
# | factor     | 0       | 0          | 0                           | 0          | itself     |
# | strict     | #VALUE! | #VALUE!    | #VALUE!                     | #VALUE!    | itself     |
# | condition  | FALSE   | itself     | "TRUE", "FALSE", else #VALUE!            | itself     |

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
    if grid.kind is None:
        return grid
    if not (grid.kind >= TEXT).any():
        return Grid(grid.num, None, None, grid.is_ref, grid.partial)
    return _replace_text(grid, number_in_text)


def taken_as_condition(grid: Grid) -> Grid:
    """What IF, AND, OR and NOT make of a condition: not 0 is TRUE."""
    if grid.kind is None or not (grid.kind >= TEXT).any():
        return Grid(grid.num, None, None, grid.is_ref, grid.partial)
    return _replace_text(grid, lambda text: {"true": 1.0, "false": 0.0}.get(text.casefold()))


def _replace_text(grid: Grid, read: Callable[[str], float | None]) -> Grid:
    """Text elements become `read(text)`, or #VALUE! where that is None."""
    kind, text = grid.kinds().copy(), grid.texts().copy()
    put = np.zeros(grid.shape)
    for at in np.argwhere(kind == TEXT):
        at = tuple(at)
        word = text.item(at)
        number = read(word)
        if number is None:
            why = f"holds the text {str(word)!r} where a formula needs a number"
            kind[at], text[at] = ERROR, error_at("#VALUE!", getattr(word, "cell", None), why)
        else:
            kind[at], text[at], put[at] = NUMBER, None, number
    numbers = t.where(mask_tensor(grid.shape, grid.kinds() == TEXT), torch.from_numpy(put), grid.num)
    kind[kind < TEXT] = NUMBER
    if not (kind == ERROR).any():
        return Grid(numbers, None, None, grid.is_ref, grid.partial)
    return Grid(numbers, kind, text, grid.is_ref, grid.partial)


def taken_as_factor(grid: Grid) -> Grid:
    """What SUMPRODUCT makes of an array: everything but a number is 0."""
    if grid.kind is None:
        return grid
    numbers = grid.num
    if grid.has(BOOL):
        numbers = t.where(mask_tensor(grid.shape, grid.kinds() == BOOL), 0.0, numbers)
    if grid.has(ERROR):
        kind = np.where(grid.kinds() == ERROR, ERROR, NUMBER).astype(np.uint8)
        return Grid(numbers, kind, grid.text, partial=grid.partial)
    return Grid(numbers, partial=grid.partial)


def taken_strictly(grid: Grid, cell: str | None) -> Grid:
    """What MMULT makes of an array: anything but a number is #VALUE!."""
    if grid.kind is None or not (grid.kind != NUMBER).any():
        return grid
    kind, text = grid.kinds().copy(), grid.texts().copy()
    for at in np.argwhere((kind != NUMBER) & (kind != ERROR)):
        at = tuple(at)
        where, why = cell, "multiplies a matrix in which a cell is empty, TRUE or FALSE"
        word = text.item(at)
        if isinstance(word, CellText):
            where, why = word.cell, f"holds the text {str(word)!r} where a matrix needs a number"
        kind[at], text[at] = ERROR, error_at("#VALUE!", where, why)
    return Grid(grid.num, kind, text, partial=grid.partial)


def counted(grid: Grid) -> tuple[Grid, np.ndarray | None]:
    """What SUM, AVERAGE, MAX, ... make of an argument: (numbers, which of them count or None for all)."""
    if grid.kind is None:
        return grid, None
    if not grid.is_ref and grid.shape[2:] == (1, 1):
        return taken_as_scalar(grid), None
    kinds = grid.kinds()
    counts = kinds == NUMBER
    kind = np.where(kinds == ERROR, ERROR, NUMBER).astype(np.uint8) if grid.has(ERROR) else None
    text = grid.text if kind is not None else None
    return replace(grid, kind=kind, text=text, is_ref=False), counts


# --- errors among operands ------------------------------------------------------------------------------


Errors = tuple[np.ndarray, np.ndarray]  # which elements are errors (H, W, h, w), the errors


def errors_among(grids: Iterable[Grid]) -> Errors | None:
    """The first operand's error wins, as in Excel."""
    grids = list(grids)
    if not any(g.has(ERROR) for g in grids):
        return None
    shape = np.broadcast_shapes(*(g.shape for g in grids))
    failed, errors = np.zeros(shape, bool), np.full(shape, None, dtype=object)
    for grid in reversed(grids):
        if grid.has(ERROR):
            here = np.broadcast_to(grid.kinds() == ERROR, shape)
            failed |= here
            errors[here] = np.broadcast_to(grid.texts(), shape)[here]
    return failed, errors


def with_errors(num: t.Array, found: Errors | None, partial: bool = False) -> Grid:
    """A grid of numbers, except where errors were found."""
    if found is None:
        return Grid(num, partial=partial)
    failed, errors = found
    kind = np.where(failed, ERROR, NUMBER).astype(np.uint8)
    return Grid(num, kind, errors, partial=partial)


def first_error(grid: Grid) -> CellError | None:
    """Some error of the grid, or None."""
    if not grid.has(ERROR):
        return None
    at = tuple(np.argwhere(grid.kinds() == ERROR)[0])
    return grid.texts().item(at)


def settled(num: t.Array, found: Errors | None, host: Area, partial: bool) -> Grid:
    """The outcome of an operation: a constant that is not finite becomes the error Excel shows."""
    if isinstance(num, t.Var):
        return with_errors(num, found, partial)
    found = errors_where(~torch.isfinite(num).numpy(), "#NUM!", host, after=found)
    return with_errors(torch.nan_to_num(num, nan=0.0, posinf=0.0, neginf=0.0), found)


def errors_where(
    failed: np.ndarray, code: str, host: Area, why: str | None = None, after: Errors | None = None
) -> Errors | None:
    """Errors `after`, and an error of its own cell of the run `host` wherever else `failed` (H, W, h, w)."""
    if not failed.any():
        return after
    earlier = np.zeros(failed.shape, bool) if after is None else after[0]
    shape = np.broadcast_shapes(failed.shape, earlier.shape)
    failed, earlier = np.broadcast_to(failed, shape), np.broadcast_to(earlier, shape)
    errors = np.full(shape, None, dtype=object)
    if after is not None:
        errors[earlier] = np.broadcast_to(after[1], shape)[earlier]
    for at in np.argwhere(failed & ~earlier):
        row, col = int(at[0]) + host.top, int(at[1]) + host.left
        errors[tuple(at)] = error_at(code, cell_address(host.sheet, row, col), why)
    return failed | earlier, errors


# --- arrays that do not fit -----------------------------------------------------------------------------


def aligned(grids: Sequence[Grid], host: Area) -> Sequence[Grid]:
    """Grids whose arrays broadcast: a shorter one gets #N/A where it has no partner, as in Excel."""
    for axis in (2, 3):
        longest = max(g.shape[axis] for g in grids)
        grids = [
            g
            if g.shape[axis] in (1, longest)
            else framed(g, axis, 0, longest - g.shape[axis], "#N/A", host, "pairs arrays of different sizes")
            for g in grids
        ]
    return grids


def framed(grid: Grid, axis: int, before: int, after: int, code: str, host: Area, why: str) -> Grid:
    """The grid with errors in so many places before and after it along an axis."""
    length = grid.shape[axis]

    def stretched(to: int) -> tuple[int, ...]:
        return (*grid.shape[:axis], to, *grid.shape[axis + 1 :])

    shape = stretched(before + length + after)
    failed = np.ones(shape, bool)
    inside = (*[slice(None)] * axis, slice(before, before + length))
    failed[inside] = False
    found = errors_where(failed, code, host, why)
    assert found
    kind, text = np.full(shape, ERROR, np.uint8), found[1]
    kind[inside], text[inside] = grid.kinds(), grid.texts()
    pads = (torch.zeros(stretched(n), dtype=t.DTYPE) for n in (before, after))
    num = t.join(next(pads), t.expand(grid.num, grid.shape), next(pads), dim=axis)
    return Grid(num, kind, text, grid.is_ref, grid.partial, or_false=grid.or_false)
