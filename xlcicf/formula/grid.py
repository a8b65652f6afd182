"""The values that formulas yield: numbers with their kinds, texts and errors, for a run of cells at once.

A `Grid` has four axes (H, W, h, w): H x W cells of the run, and for each of them an h x w array (1 x 1 for a
single value); axes of length 1 broadcast. Numbers are tensors and may depend on the changing cells; what kind
of value stands where does not, but for `there`. This is the only file that makes a Grid.
"""

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from functools import lru_cache, reduce

import numpy as np
import torch
from torch import Tensor

from xlcicf.errors import NotDifferentiable
from xlcicf.formula import tape as t
from xlcicf.formula.immutable import immutable
from xlcicf.formula.snapshot import ExcelError, Scalar
from xlcicf.formula.units import Host

NUMBER, BOOL, BLANK, TEXT, ERROR = range(5)
ZERO = torch.zeros((1, 1, 1, 1), dtype=t.DTYPE)
MOST = 2**26  # elements that one operation yields

Shape = tuple[int, int, int, int]
SINGLE: Shape = (1, 1, 1, 1)


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


@immutable
class Place:
    """Where on its sheet a range lies.

    first       its first row and column for each cell of the run (H or 1, W or 1), counted from 1; few ask
    rows, cols  how many it has; blank ones beyond the data, which a grid leaves out, are counted
    moves       whether a changing cell decides where it begins in the direction of which it has one
    """

    first: Callable[[], tuple[np.ndarray, np.ndarray]]
    rows: int
    cols: int
    moves: bool = False

    @property
    def top(self) -> np.ndarray:
        return self.first()[0]

    @property
    def left(self) -> np.ndarray:
        return self.first()[1]

    def of_one(self) -> "Place":
        """That of a run's first cell, where all see the same range."""
        return Place(lambda: (self.top[:1, :1], self.left[:1, :1]), self.rows, self.cols)

    def part(self, down: np.ndarray, right: np.ndarray, rows: int, cols: int) -> "Place":
        """A part that begins so many rows further down and columns further right in each cell."""
        return Place(lambda: (self.top + down, self.left + right), rows, cols)


class Read:
    """What has been found out of values that were read from a sheet, for all who read the same.

    each   of the arrays of several cells those of each of them, as they were read
    known  whatever anybody wants to keep
    """

    __slots__ = ("_of", "each", "known")

    def __init__(self, grid: "Grid", each: "Sequence[Grid]"):
        self._of, self.each = (grid.num, grid.kind, grid.text), each
        self.known: dict[Hashable, object] = {}

    def is_of(self, grid: "Grid") -> bool:
        """Whether these are still the grid's values."""
        num, kind, text = self._of
        return grid.num is num and grid.kind is kind and grid.text is text


@immutable
class Grid:
    """Values of the axes (H, W, h, w).

    num      float64, what stands at numbers and booleans (0 or 1), finite (0) elsewhere
    kind     NUMBER, BOOL, BLANK, TEXT or ERROR for each element; None where all are numbers
    text     texts and error values, None elsewhere; None where there are none
    place    where the cells stand, whose text and booleans many functions pass over; None for no range
    varying  which elements depend on the changing cells; None where that is all (of a Var) or none
    there    boolean: where a changing cell decides whether an element is this number or FALSE (then num is
             0), as in IF(A1>0,A1), whether it is the number; None where kinds alone decide
    listed   whether a single value is the one element of an array, {"3"}: its text and booleans are passed
             over as those of larger arrays are
    read     what others have found out of the same values; None where nobody keeps that
    """

    num: t.Array
    kind: np.ndarray | None = None
    text: np.ndarray | None = None
    place: Place | None = None
    varying: np.ndarray | None = None
    there: t.Array | None = None
    listed: bool = False
    read: Read | None = None

    # --- what it is -------------------------------------------------------------------------------------

    @property
    def shape(self) -> Shape:
        shape = tuple(self.num.shape)
        if self.kind is not None and self.kind.shape != shape:
            shape = np.broadcast_shapes(shape, self.kind.shape)
        return shape  # type: ignore[return-value]

    @property
    def batch(self) -> tuple[int, int]:
        """(H, W)"""
        return self.shape[:2]

    @property
    def size(self) -> tuple[int, int]:
        """(h, w)"""
        return self.shape[2:]

    @property
    def is_single(self) -> bool:
        return self.size == (1, 1)

    @property
    def is_all_numbers(self) -> bool:
        """Whether numbers stand everywhere, whatever the changing cells hold."""
        return self.kind is None and self.there is None

    @property
    def is_left_out(self) -> bool:
        """Whether it stands for an argument between whose commas there is nothing."""
        return self.is_single and not self.is_array and self.has(BLANK)

    @property
    def is_single_error(self) -> bool:
        """Whether an error value itself stands here in some cell of the run, and no range that holds one."""
        return self.is_single and not self.is_range and self.has(ERROR)

    @property
    def is_error_everywhere(self) -> bool:
        return bool(self.failed().all())

    def failed(self) -> np.ndarray:
        """In which cells of the run (H, W) every element is an error."""
        return (self.kinds() == ERROR).all((2, 3)) if self.has(ERROR) else np.zeros(self.batch, bool)

    @property
    def is_range(self) -> bool:
        return self.place is not None

    @property
    def is_array(self) -> bool:
        """Whether it is a range or an array and no value alone."""
        return self.listed or self.is_range or not self.is_single

    @property
    def is_constant(self) -> bool:
        return not isinstance(self.num, t.Var)

    @property
    def may_fail(self) -> bool:
        """Whether a number may be nan, which stands for an error, at other inputs."""
        return isinstance(self.num, t.Var) and self.num.partial

    def kinds(self) -> np.ndarray:
        """One kind an element, in the grid's full shape."""
        return _all(NUMBER, self.shape) if self.kind is None else spread(self.kind, self.shape)

    def texts(self) -> np.ndarray:
        return _all(None, self.shape) if self.text is None else spread(self.text, self.shape)

    def has(self, *kinds: int) -> bool:
        if self.kind is None:
            return False
        if self.kind.size == 1:
            return self.kind.item() in kinds
        return any(bool((self.kind == kind).any()) for kind in kinds)

    def varies(self) -> np.ndarray:
        """Which elements depend on the changing cells, in the grid's full shape."""
        if self.varying is None:
            return _all(not self.is_constant, self.shape)
        return spread(self.varying, self.shape)

    @property
    def varies_somewhere(self) -> bool:
        return not self.is_constant if self.varying is None else bool(self.varying.any())

    def numbers(self) -> np.ndarray:
        """The numbers as they are while recording, in the grid's full shape."""
        num = t.value_of(self.num)
        assert isinstance(num, Tensor)
        return spread(num.numpy(), self.shape)

    def full(self) -> t.Array:
        """The numbers in the grid's full shape."""
        return t.expand(self.num, self.shape)

    def equals(self, other: "Grid") -> bool:
        """Whether two constant grids hold the same values, wherever they stand."""
        return self.is_alike(other) and np.array_equal(self.numbers(), other.numbers())

    def is_alike(self, other: "Grid") -> bool:
        """Whether two constant grids differ in numbers at most."""
        if self.num.shape != other.num.shape:
            return False
        if self.kind is None and other.kind is None:
            return True
        return np.array_equal(self.kinds(), other.kinds()) and np.array_equal(self.texts(), other.texts())

    def scalars(self) -> np.ndarray:
        """Python values as they are while recording (object array): float, bool, str, CellError or None."""
        if self.shape == SINGLE:
            out = np.empty(SINGLE, dtype=object)
            out[0, 0, 0, 0] = self._single()
            return out
        out = self.numbers().astype(object)
        kinds, texts = self.kinds(), self.texts()
        out[kinds == BOOL] = out[kinds == BOOL].astype(bool)
        out[kinds == BLANK] = None
        worded = kinds >= TEXT
        out[worded] = texts[worded]
        return out

    def _single(self) -> object:
        kind = NUMBER if self.kind is None else self.kind.item()
        if kind >= TEXT:
            return None if self.text is None else self.text.item()
        if kind == BLANK:
            return None
        number = t.value_of(self.num)
        assert isinstance(number, Tensor)
        return number.item() if kind == NUMBER else bool(number.item())

    # --- the same elsewhere or otherwise ----------------------------------------------------------------

    def with_num(self, num: t.Array) -> "Grid":
        """Other numbers under the same kinds."""
        return Grid(num, self.kind, self.text, self.place, self.varying, self.there, self.listed)

    def at(self, place: Place | None) -> "Grid":
        return Grid(self.num, self.kind, self.text, place, self.varying, self.there, self.listed, self.read)

    def as_read(self, each: "Sequence[Grid]" = ()) -> "Grid":
        """The same, beside which is kept what is found out of it."""
        read = Read(self, each)
        return Grid(self.num, self.kind, self.text, self.place, self.varying, self.there, self.listed, read)

    def as_value(self) -> "Grid":
        """The same as an array or single value of its own, no longer a range of the sheet."""
        return self if self.place is None else self.at(None)

    def as_array(self) -> "Grid":
        """The same as an array, of one element too."""
        return self if self.is_array else replace(self, listed=True)

    def without_falses(self) -> "Grid":
        """Numbers, where a changing cell decided between one and FALSE: FALSE as 0, which stands there."""
        return self if self.there is None else replace(self, there=None)

    def as_it_stands(self) -> "Grid":
        """The values as they are while recording, constants: FALSE where there is no number."""
        num, there = t.value_of(self.num), t.value_of(self.there)
        assert isinstance(num, Tensor)
        still = replace(self, num=num, varying=None, there=None)
        if there is None:
            return still
        held = np.broadcast_to(torch.as_tensor(there).numpy(), self.shape)
        kinds = np.where(held | (self.kinds() != NUMBER), self.kinds(), BOOL).astype(np.uint8)
        return still.of_kinds(kinds, torch.where(torch.as_tensor(there), num, 0.0))

    def only_where(self, there: t.Array) -> "Grid":
        """The numbers, with FALSE where a changing cell decides that one is not there."""
        if self.there is not None:
            there = t.both(there, self.there)
        num = t.where(there, self.full(), 0.0)
        kinds = np.where(self.kinds() == NUMBER, NUMBER, BLANK).astype(np.uint8)
        return replace(self.of_kinds(kinds, num), there=there, varying=None)

    def with_nan_for_falses(self) -> "Grid":
        """The same with nan, an error, for FALSE."""
        if self.there is None:
            return self
        return replace(self, num=t.where(self.there, self.num, t.NAN), there=None)

    def of_kinds(self, kind: np.ndarray | None, num: t.Array | None = None) -> "Grid":
        """The same under other kinds; texts stay where kinds keep them."""
        kind = None if kind is None or not kind.any() else kind
        if kind is None and self.kind is None and num is None:
            return self
        keeps_text = kind is not None and bool((kind >= TEXT).any())
        text = self.text if keeps_text else None
        num = self.num if num is None else num
        return Grid(num, kind, text, self.place, self.varying, self.there, self.listed)

    def varying_like(self, *grids: "Grid") -> "Grid":
        """The same, computed element by element from these grids: what varies in one of them varies here."""
        if self.is_constant:
            return self
        partly = [g for g in grids if not g.is_constant]
        if not partly or any(g.varying is None for g in partly):
            return self
        varying = reduce(np.logical_or, (g.varies() for g in partly))
        return replace(self, varying=np.broadcast_to(varying, self.shape))

    def with_blanks_as_zeros(self) -> "Grid":
        if not self.has(BLANK):
            return self
        return self.of_kinds(np.where(self.kinds() == BLANK, NUMBER, self.kinds()).astype(np.uint8))

    def blank_where(self, mask: np.ndarray) -> "Grid":
        if not mask.any():
            return self
        num = t.where(mask_tensor(mask.shape, mask), 0.0, self.num)
        return self.of_kinds(np.where(mask, BLANK, self.kinds()).astype(np.uint8), num)

    def moved(self, move: Callable[[t.Array], t.Array], mirror: Callable[[np.ndarray], np.ndarray]) -> "Grid":
        """Every element to another place, with all that is known of it; no longer a range of the sheet, nor
        an array where it comes to one element.

        `move` takes tensors of the full shape, `mirror` does the same to numpy arrays."""
        return Grid(
            move(self.full()),
            None if self.kind is None else mirror(self.kinds()),
            None if self.text is None else mirror(self.texts()),
            None,
            None if self.varying is None else mirror(self.varies()),
            None if self.there is None else move(t.expand(self.there, self.shape)),
        )

    def expanded(self, shape: Shape) -> "Grid":
        return self.moved(lambda x: t.expand(x, shape), lambda a: np.broadcast_to(a, shape))

    def permuted(self, order: tuple[int, int, int, int]) -> "Grid":
        return self.moved(lambda x: t.permute(x, order=order), lambda a: a.transpose(order))

    def reshaped(self, shape: Shape) -> "Grid":
        return self.moved(lambda x: t.reshape(x, shape=shape), lambda a: a.reshape(shape))

    def cut(self, rows: slice, cols: slice) -> "Grid":
        """Some rows and columns of each cell's array."""
        if self.is_all_numbers and isinstance(self.num, Tensor):
            return Grid(torch.from_numpy(self.num.numpy()[:, :, rows, cols]))  # sooner than torch does it

        def move(x: t.Array) -> t.Array:
            x = t.segment(x, dim=2, start=rows.start, length=rows.stop - rows.start)
            return t.segment(x, dim=3, start=cols.start, length=cols.stop - cols.start)

        return self.moved(move, lambda a: a[:, :, rows, cols])

    def taken(self, index: np.ndarray) -> "Grid":
        """The elements at `index` into the flattened grid, in index's shape (H, W, h, w)."""
        places = torch.from_numpy(np.ascontiguousarray(index))
        return self.moved(lambda x: t.take(t.reshape(x, shape=(-1,)), places), lambda a: a.reshape(-1)[index])

    @property
    def extent(self) -> tuple[int, int]:
        """Rows and columns; of whole columns and rows also those beyond the data, where the grid ends."""
        return (self.place.rows, self.place.cols) if self.place else self.size

    @property
    def beyond(self) -> int:
        """How many blank cells of a whole column or row lie beyond the data."""
        return self.extent[0] * self.extent[1] - self.size[0] * self.size[1]

    def with_blanks_beyond(self, most: tuple[int, int]) -> "Grid":
        """The same, of whole columns and rows with blank cells beyond the data, up to so many."""
        (h, w), (rows, cols) = self.size, map(min, self.extent, most)
        if rows <= h and cols <= w:
            return self
        down, right = np.indices((rows, cols))
        beyond = ((down >= h) | (right >= w))[None, None]
        return self.rearranged(np.where(beyond, 0, down * w + right)).blank_where(beyond)

    def rearranged(self, places: np.ndarray) -> "Grid":
        """For each cell of a run the elements at `places` (H, W, h', w') of its array, counted row by row."""
        h, w = self.size
        if places.shape[:2] == (1, 1):
            wanted = places[0, 0]
            top, left = divmod(int(wanted.flat[0]), w)
            rows, cols = (start + np.arange(n) for start, n in zip((top, left), wanted.shape, strict=True))
            if cols[-1] < w and np.array_equal(rows[:, None] * w + cols, wanted):
                return self.cut(slice(top, int(rows[-1]) + 1), slice(left, int(cols[-1]) + 1))
        batch = np.broadcast_shapes(self.batch, places.shape[:2])
        if self.batch == (1, 1):
            return self.taken(places)
        cells = np.arange(batch[0] * batch[1]).reshape(*batch, 1, 1) * (h * w)
        return self.expanded((*batch, h, w)).taken(cells + places)

    def first(self) -> "Grid":
        """The first element of each cell's array."""
        return self if self.is_single else self.cut(slice(0, 1), slice(0, 1)).at(self.place)

    def as_cells(self, shape: tuple[int, int]) -> "Grid":
        """Single values of a run (H, W, 1, 1) as what its cells show (1, 1, H, W); a blank shows 0."""
        if shape == (1, 1) and self.shape == SINGLE:
            alone = Grid(self.num, self.kind, self.text, None, self.varying, self.there)
            return alone.with_blanks_as_zeros()
        return self.expanded((*shape, 1, 1)).reshaped((1, 1, *shape)).with_blanks_as_zeros()

    def as_spread(self, shape: tuple[int, int]) -> "Grid":
        """One array (1, 1, h, w) over the cells of an array formula (1, 1, rows, columns)."""
        fitting = self.cut(slice(0, min(self.size[0], shape[0])), slice(0, min(self.size[1], shape[1])))
        return fitting.expanded((1, 1, *shape)).with_blanks_as_zeros()


def crossing(grid: Grid, host: Host) -> Grid:
    """Implicit intersection: of a range the cell in the row or column of each of the run's cells.

    #VALUE! where it has none."""
    place = grid.place
    if place is None or (place.rows, place.cols) == (1, 1):
        return grid
    rows, cols = host.positions()
    down, right = (rows - place.top, cols * 0) if place.cols == 1 else (rows * 0, cols - place.left)
    down, right = np.broadcast_arrays(down, right)
    inside = (down >= 0) & (down < place.rows) & (right >= 0) & (right < place.cols)
    inside &= place.rows == 1 or place.cols == 1
    held = inside & (down < grid.size[0]) & (right < grid.size[1])
    places = np.where(held, down * grid.size[1] + right, 0)[..., None, None]
    crossed = grid.rearranged(places).blank_where(~held[..., None, None])
    found = errors_where(~inside[..., None, None], "#VALUE!", host, CROSSES_NOTHING)
    return with_errors(crossed, found).at(place.part(down, right, 1, 1))


CROSSES_NOTHING = "needs one cell of a range but stands in none of its rows or columns"


# --- making them ----------------------------------------------------------------------------------------


def from_numbers(num: t.Array, like: Sequence[Grid] = ()) -> Grid:
    """Numbers (H, W, h, w) computed from grids, element by element."""
    if not t.shape_of(num):
        num = t.reshape(num, shape=(1, 1, 1, 1))
    return Grid(num, listed=_any_listed(like)).varying_like(*like) if like else Grid(num)


def numbers_alone(grids: Sequence[Grid]) -> list[Tensor] | None:
    """The numbers of grids that are constant and hold nothing else, each a single one or as many as the
    others that are not; None where there is more to see to."""
    nums: list[Tensor] = []
    shape = SINGLE
    for grid in grids:
        num = grid.num
        if grid.kind is not None or grid.there is not None or grid.listed or isinstance(num, t.Var):
            return None
        if num.shape != SINGLE and num.shape != shape:
            if shape != SINGLE:
                return None
            shape = num.shape
        nums.append(num)
    return nums if math.prod(shape) <= MOST else None


def from_truths(pattern: t.Array, like: Sequence[Grid] = ()) -> Grid:
    """TRUE and FALSE from a boolean tensor, or from numbers 1 and 0, computed element by element."""
    num = pattern if t.value_of(pattern).dtype == t.DTYPE else t.as_number(pattern)
    return Grid(num, np.full((1, 1, 1, 1), BOOL, np.uint8), listed=_any_listed(like)).varying_like(*like)


def _any_listed(grids: Sequence[Grid]) -> bool:
    return any(grid.listed for grid in grids)


def from_cells(num: t.Array) -> Grid:
    """The numbers of cells (rows, columns) as a grid (1, 1, rows, columns)."""
    return Grid(t.reshape(num, shape=(1, 1, *t.shape_of(num))))


def from_scalars(values: np.ndarray) -> Grid:
    """A constant grid from an object array (H, W, h, w) of float, bool, str, ExcelError, None."""
    if values.size == 1:
        return constant(values.item())
    kind = np.fromiter(map(kind_of, values.ravel()), np.uint8, values.size).reshape(values.shape)
    plain = kind <= BOOL
    num = np.zeros(values.shape)
    num[plain] = values[plain].astype(float)
    text = None
    if (kind >= TEXT).any():
        text = np.where(kind >= TEXT, values, np.array(None))
    return from_kinds(num, kind, text)


def from_kinds(num: np.ndarray, kind: np.ndarray, text: np.ndarray | None) -> Grid:
    """A constant grid (H, W, h, w): numbers, 0 where there is none, kinds, and texts and errors if any."""
    return Grid(torch.from_numpy(num), kind if kind.any() else None, text)


def constant(value: Scalar) -> Grid:
    """One value as a (1, 1, 1, 1) grid."""
    kind, text = kind_of(value), None
    if kind >= TEXT:
        text = np.empty(SINGLE, dtype=object)
        text[0, 0, 0, 0] = value
    num = torch.full(SINGLE, value, dtype=t.DTYPE) if kind <= BOOL else ZERO  # type: ignore[arg-type]
    return Grid(num, None if kind == NUMBER else _all(kind, SINGLE), text)


@lru_cache(maxsize=1024)
def one_number(value: float) -> Grid:
    """A number of a formula, which stands in many."""
    return constant(value)


@lru_cache(maxsize=1024, typed=True)
def _all(value: int | bool | None, shape: Sequence[int]) -> np.ndarray:
    """A kind, a truth or no text, everywhere."""
    dtype = object if value is None else bool if isinstance(value, bool) else np.uint8
    return np.broadcast_to(np.array(value, dtype), shape)


def spread(a: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """An array broadcast, which costs where it is asked for: here only where it is needed."""
    return a if a.shape == shape else np.broadcast_to(a, shape)


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


def kinds_asked(grid: Grid, kinds: Sequence[int]) -> t.Array:
    """Boolean: whether elements are of one of the kinds."""
    asked = torch.from_numpy(np.isin(grid.kinds(), kinds))
    if grid.there is None or (NUMBER in kinds) == (BOOL in kinds):
        return asked
    return t.where(grid.there, asked, BOOL in kinds)


def errors_asked(grid: Grid, holds: Callable[[str], bool]) -> Tensor:
    """Boolean: whether elements are errors of whose code something holds."""
    meant = [isinstance(value, ExcelError) and holds(value) for value in grid.texts().ravel()]
    return torch.tensor(meant).reshape(grid.shape)


def nothing_shown(grid: Grid) -> Tensor:
    """How many empty texts and blank cells beyond the data there are (H, W, 1, 1)."""
    shown = np.equal(grid.texts(), "").astype(float)
    return torch.from_numpy(shown.sum((2, 3), keepdims=True) + grid.beyond)


def beside(grids: Sequence[Grid]) -> Grid:
    """Arrays of several sizes as one row of elements each cell (H, W, 1, n)."""
    batch = np.broadcast_shapes(*(g.batch for g in grids))
    rows = [g.expanded((*batch, *g.size)).reshaped((*batch, 1, g.size[0] * g.size[1])) for g in grids]
    ends = np.cumsum([g.size[1] for g in rows])
    parts = [((slice(0, 1), slice(end - g.size[1], end)), g) for g, end in zip(rows, ends, strict=True)]
    return laid_out(parts, from_numbers(torch.zeros(*batch, 1, int(ends[-1]), dtype=t.DTYPE)))


def stacked(grids: Sequence[Grid]) -> Grid:
    """Arrays of one size (1, 1, h, w) as those of as many cells (n, 1, h, w)."""

    def together(part: Callable[[Grid], np.ndarray]) -> np.ndarray:
        return np.concatenate([part(g) for g in grids])

    num, there, varying = t.join(*(g.full() for g in grids), dim=0), None, None
    if any(g.there is not None for g in grids):
        yes = torch.ones(grids[0].shape, dtype=torch.bool)
        there = t.join(*(yes if g.there is None else t.expand(g.there, g.shape) for g in grids), dim=0)
    if isinstance(num, t.Var):
        varying = together(Grid.varies)
    return Grid(
        num,
        together(Grid.kinds) if any(g.kind is not None for g in grids) else None,
        together(Grid.texts) if any(g.text is not None for g in grids) else None,
        varying=None if varying is None or varying.all() else varying,
        there=there,
    )


def arrayed(elements: Sequence[Grid], size: tuple[int, int]) -> Grid:
    """Single values (H, W, 1, 1), row by row, as arrays (H, W, h, w)."""
    together = beside(elements)
    return together.reshaped((*together.batch, *size))


def tiled(parts: list[tuple[tuple[slice, slice], Grid]], shape: tuple[int, int]) -> Grid | None:
    """Parts (rows and columns, grid) that cover an area, of constant numbers; None where others are among
    them."""
    if not all(part.is_all_numbers and part.is_constant for _, part in parts):
        return None
    num = np.empty((1, 1, *shape))
    for where, part in parts:
        num[..., *where] = part.numbers()
    return Grid(torch.from_numpy(num))


def laid_out(parts: list[tuple[tuple[slice, slice], Grid]], saved: Grid) -> Grid:
    """Computed parts (rows and columns, grid), and saved values between them (1, 1, rows, columns)."""
    kind = text = varying = None
    if saved.kind is not None or any(part.kind is not None for _, part in parts):
        kind, text = saved.kinds().copy(), saved.texts().copy()
        for where, part in parts:
            kind[..., *where], text[..., *where] = part.kinds(), part.texts()
        kind, text = (kind, text) if kind.any() else (None, None)
    if not all(part.is_constant for _, part in parts):
        varying = np.zeros(saved.shape, bool)
        for where, part in parts:
            varying[..., *where] = part.varies()
        varying = None if varying.all() else varying
    num = _numbers_laid_out([(where, part.full()) for where, part in parts], saved.full())
    there = None
    if any(part.there is not None for _, part in parts):
        yes = torch.ones(saved.shape, dtype=torch.bool)
        masks = [(where, yes[..., *where] if p.there is None else p.there) for where, p in parts]
        there = _numbers_laid_out(masks, yes)
    return Grid(num, kind, text, varying=varying, there=there)


def _numbers_laid_out(parts: list[tuple[tuple[slice, slice], t.Array]], saved: t.Array) -> t.Array:
    """Parts and, between them, what is saved as (1, 1, rows, columns): joined where they tile."""
    rows, cols = t.shape_of(saved)[2:]
    shapes = [t.shape_of(part)[2:] for _, part in parts]
    if sum(h * w for h, w in shapes) == rows * cols:
        if all(h == rows for h, _ in shapes):
            return t.join(*(part for _, part in sorted(parts, key=lambda p: p[0][1].start)), dim=3)
        if all(w == cols for _, w in shapes):
            return t.join(*(part for _, part in sorted(parts, key=lambda p: p[0][0].start)), dim=2)
    index = np.arange(rows * cols).reshape(rows, cols)
    flat = [t.reshape(saved, shape=(-1,))]
    size = rows * cols
    for (where, part), (h, w) in zip(parts, shapes, strict=True):
        index[where] = np.arange(size, size + h * w).reshape(h, w)
        flat.append(t.reshape(part, shape=(h * w,)))
        size += h * w
    return t.take(t.join(*flat, dim=0), torch.from_numpy(index.reshape(1, 1, rows, cols)))


# --- errors ---------------------------------------------------------------------------------------------


Errors = tuple[np.ndarray, np.ndarray]  # which elements are errors (H, W, h, w), the errors


def errors_among(grids: Sequence[Grid]) -> Errors | None:
    """The first operand's error wins, as in Excel."""
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


def error_of_each(grid: Grid) -> Errors | None:
    """The first error of each cell's array (H, W, 1, 1)."""
    if not grid.has(ERROR):
        return None
    failed = (grid.kinds() == ERROR).reshape(*grid.batch, -1)
    first = failed.argmax(axis=2)[..., None]
    texts = np.take_along_axis(grid.texts().reshape(failed.shape), first, 2)[..., None]
    return failed.any(axis=2)[..., None, None], texts


def errors_of_both(earlier: Errors | None, later: Errors | None) -> Errors | None:
    """Errors of either, the earlier ones where there are both."""
    if earlier is None or later is None:
        return later if earlier is None else earlier
    failed, texts = np.broadcast_arrays(earlier[0], later[0])[0], np.broadcast_arrays(earlier[1], later[1])
    return np.logical_or(earlier[0], later[0]), np.where(failed, *texts)


def with_errors(grid: Grid, found: Errors | None) -> Grid:
    """The grid, except where errors were found."""
    if found is None:
        return grid
    failed, errors = found
    shape = np.broadcast_shapes(grid.shape, failed.shape)
    kind = np.where(failed, ERROR, np.broadcast_to(grid.kinds(), shape)).astype(np.uint8)
    return replace(grid, kind=kind, text=np.where(failed, errors, np.broadcast_to(grid.texts(), shape)))


def first_error(grid: Grid) -> CellError | None:
    """Some error of the grid, or None."""
    if not grid.has(ERROR):
        return None
    at = tuple(np.argwhere(grid.kinds() == ERROR)[0])
    return grid.texts().item(at)


def settled(grid: Grid, found: Errors | None, host: Host) -> Grid:
    """The outcome of an operation: a constant that is not finite becomes the error Excel shows."""
    if isinstance(grid.num, t.Var):
        return with_errors(grid, found)
    if t.all_finite(grid.num):
        return with_errors(grid, found)
    found = errors_where(~torch.isfinite(grid.num).numpy(), "#NUM!", host, after=found)
    num = torch.nan_to_num(grid.num, nan=0.0, posinf=0.0, neginf=0.0)
    return with_errors(grid.with_num(num), found)


def errors_where(
    failed: np.ndarray, code: str, host: Host, why: str | None = None, after: Errors | None = None
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
        errors[tuple(at)] = error_at(code, host.cell(int(at[0]), int(at[1])), why)
    return failed | earlier, errors


def nan_at_errors(grid: Grid) -> Grid:
    """Errors as nan, which passes through arithmetic as they do; what else stands there stays."""
    if not grid.has(ERROR):
        return grid
    failed = grid.kinds() == ERROR
    num = t.where(mask_tensor(grid.shape, failed), t.NAN, grid.num)
    return grid.of_kinds(np.where(failed, NUMBER, grid.kinds()).astype(np.uint8), num)


# --- arrays that do not fit -----------------------------------------------------------------------------


def aligned(grids: Sequence[Grid], host: Host) -> Sequence[Grid]:
    """Grids whose arrays broadcast: a shorter one gets #N/A where it has no partner, as in Excel.

    Raises NotDifferentiable where they would come to more than MOST elements."""
    shapes = [g.shape for g in grids]
    if len(set(shapes)) == 1 and math.prod(shapes[0]) <= MOST:
        return grids
    for axis in (2, 3):
        if len({shape[axis] for shape in shapes} - {1}) > 1:
            longest, why = max(shape[axis] for shape in shapes), "pairs arrays of different sizes"
            grids = [
                g
                if g.shape[axis] in (1, longest)
                else framed(g, axis, 0, longest - g.shape[axis], "#N/A", host, why)
                for g in grids
            ]
            shapes = [g.shape for g in grids]
    if math.prod(map(max, zip(*shapes, strict=True))) > MOST:
        cell = host.cell(0, 0)
        raise NotDifferentiable(
            f"{cell}: computes more than {MOST:,} numbers at once; name only the cells that hold data", cell
        )
    return grids


def framed(grid: Grid, axis: int, before: int, after: int, code: str, host: Host, why: str) -> Grid:
    """The grid with errors in so many places before and after it along an axis; no range any more."""
    length = grid.shape[axis]

    def stretched(to: int) -> tuple[int, ...]:
        return (*grid.shape[:axis], to, *grid.shape[axis + 1 :])

    def padded(x: t.Array) -> t.Array:
        pads = (torch.zeros(stretched(n), dtype=t.value_of(x).dtype) for n in (before, after))
        return t.join(next(pads), x, next(pads), dim=axis)

    def mirrored(a: np.ndarray) -> np.ndarray:
        pads = [np.zeros(stretched(n), a.dtype) for n in (before, after)]
        return np.concatenate([pads[0], a, pads[1]], axis)

    failed = np.ones(stretched(before + length + after), bool)
    failed[(*[slice(None)] * axis, slice(before, before + length))] = False
    return with_errors(grid.moved(padded, mirrored), errors_where(failed, code, host, why))


# --- one of two -----------------------------------------------------------------------------------------


def merged(condition: t.Array, a: Grid, b: Grid) -> Grid | None:
    """`a` where the condition (boolean) holds, else `b`, as one grid; None where one grid cannot say that.

    One grid says it where sizes are equal and, if a changing cell decides, kinds are too; numbers beside
    errors (nan), or beside FALSE (`there`), are also sayable."""
    if a.size != b.size:
        return None
    if a.is_single or a.place is b.place:
        if a.is_range == b.is_range or not (a.has(BOOL, BLANK, TEXT) or b.has(BOOL, BLANK, TEXT)):
            if isinstance(condition, t.Var):
                return _merged_by_changing(condition, a, b)
            return _merged_by_constant(condition, a, b)
    return None


def _merged_by_constant(condition: Tensor, a: Grid, b: Grid) -> Grid:
    mask = condition.numpy()
    shape = np.broadcast_shapes(a.shape, b.shape, mask.shape)
    num = t.where(condition, a.num, b.num)
    kind = text = varying = there = None
    if a.kind is not None or b.kind is not None:
        kind = np.broadcast_to(np.where(mask, a.kinds(), b.kinds()).astype(np.uint8), shape)
        text = np.broadcast_to(np.where(mask, a.texts(), b.texts()), shape)
    if isinstance(num, t.Var):
        varying = np.broadcast_to(np.where(mask, a.varies(), b.varies()), shape)
        varying = None if varying.all() else varying
    if a.there is not None or b.there is not None:
        there = t.where(condition, _there(a), _there(b))
    return Grid(num, kind, text, _place_of_either(mask, a, b), varying, there, a.listed or b.listed)


def _there(grid: Grid) -> t.Operand:
    return True if grid.there is None else grid.there


def _place_of_either(mask: np.ndarray, a: Grid, b: Grid) -> Place | None:
    if a.place is None or b.place is None or mask.shape[2:] != (1, 1):
        return None
    if a.place is b.place:
        return a.place
    top = np.where(mask[:, :, 0, 0], a.place.top, b.place.top)
    left = np.where(mask[:, :, 0, 0], a.place.left, b.place.left)
    return Place(lambda: (top, left), a.place.rows, a.place.cols)


def _merged_by_changing(condition: t.Var, a: Grid, b: Grid) -> Grid | None:
    shape = np.broadcast_shapes(a.shape, b.shape, condition.shape)
    kinds = _errors_taking_the_others_kind(*(np.broadcast_to(g.kinds(), shape) for g in (a, b)))
    if any((k == TEXT).any() for k in kinds):
        return None
    text = a.texts() if (kinds[0] == ERROR).any() else None
    a, b = nan_at_errors(a), nan_at_errors(b)
    there, kind = None, kinds[0]
    if (apart := kinds[0] != kinds[1]).any():
        false = [_is_false(g, k) for g, k in zip((a, b), kinds, strict=True)]
        if (apart & ~(false[0] & (kinds[1] == NUMBER) | false[1] & (kinds[0] == NUMBER))).any():
            return None
        there = t.where(condition, *[torch.from_numpy(~(f & apart)) for f in false])
        kind = np.where(apart, NUMBER, kind).astype(np.uint8)
    if a.there is not None or b.there is not None:
        decided = t.where(condition, _there(a), _there(b))
        there = decided if there is None else t.both(there, decided)
    num = t.where(condition, a.num, b.num)
    place = a.place if b.is_range else None
    return Grid(num, kind if kind.any() else None, text, place, None, there, a.listed or b.listed)


def _errors_taking_the_others_kind(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An error becomes nan, which stands in a number or, beside TRUE or FALSE, in one of those.

    Where both are errors they stay."""
    instead = [np.where(k == BLANK, NUMBER, k).astype(np.uint8) for k in (b, a)]
    return np.where(a == ERROR, instead[0], a), np.where(b == ERROR, instead[1], b)


def _is_false(grid: Grid, kinds: np.ndarray) -> np.ndarray:
    """Which elements are FALSE whatever the changing cells hold."""
    zero = np.broadcast_to(grid.numbers() == 0, kinds.shape) & ~np.broadcast_to(grid.varies(), kinds.shape)
    return (kinds == BOOL) & zero
