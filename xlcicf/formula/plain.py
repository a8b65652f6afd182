"""Functions of plain Python values, computed for each cell of a run and each element of their arguments."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise

import numpy as np

from xlcicf.formula.collation import order_key
from xlcicf.formula.context import Context, Fails
from xlcicf.formula.grid import (
    BLANK,
    BOOL,
    ERROR,
    NUMBER,
    TEXT,
    CellError,
    Errors,
    Grid,
    aligned,
    error_at,
    errors_where,
    from_scalars,
    spread,
    with_errors,
)
from xlcicf.formula.number_in_text import number_in_text
from xlcicf.formula.stepped import depend_on_changing, stepped

Places = np.ndarray  # integers (n,), ascending
Shape = tuple[int, ...]

MOST_REMEMBERED = 2**22  # places
WORTH_ORDERING = 4  # looks through all numbers, after which they are put in order

NOWHERE: Places = np.empty(0, np.intp)
OF_NONE = 16  # places that an array of none takes as much memory as


@dataclass(frozen=True)
class Alike:
    """Values of one kind: where they stand, in order, and what they are, of texts what orders them."""

    places: list[int]
    values: list

    @cached_property
    def ascends(self) -> bool:
        return all(a <= b for a, b in pairwise(self.values))


class Cells:
    """One array argument as Python values, row by row, indexed once for all who search in it.

    size     (h, w)
    extent   rows and columns, of whole columns and rows also the blank ones beyond the data
    beyond   how many blank cells these are
    numbers  float64 (h * w,), 0 where there is none
    kinds    (h * w,), see grid.py
    is_left_out  whether nothing stands there between commas, which a blank cell does
    """

    def __init__(self, grid: Grid, at: tuple[int, int], scalars: Callable[[], np.ndarray]):
        """What the cell `at` (row, column) of a run is handed; `scalars` are the grid's, computed late."""
        self.size, self.extent, self.beyond = grid.size, grid.extent, grid.beyond
        self.is_left_out = grid.is_left_out
        self.numbers, self.kinds = grid.numbers()[at].ravel(), grid.kinds()[at].ravel()
        self._scalars = lambda: scalars()[at]
        self._found: dict[Hashable, Places] = {}
        self._remembered = 0  # how many places these are
        self._alike: dict[int, Alike] = {}
        self._times_looked = 0

    def __len__(self) -> int:
        return self.kinds.size

    @cached_property
    def values(self) -> list:
        return self._scalars().ravel().tolist()

    @cached_property
    def in_order(self) -> tuple[np.ndarray, Places]:
        """The numbers, smallest first, and where each of them stands; of equal ones the first comes first."""
        places = np.flatnonzero(self.kinds == NUMBER)
        order = places[np.argsort(self.numbers[places], kind="stable")]
        return self.numbers[order], order

    @cached_property
    def texts(self) -> dict[str, Places]:
        """Where each text stands, all letters in one case."""
        return _by_key(self.at(TEXT), lambda at: self.values[at].lower())

    @cached_property
    def folded(self) -> dict[str, Places]:
        """The same, where ß is ss."""
        if all(map(str.isascii, self.texts)):
            return self.texts
        return _by_key(self.at(TEXT), lambda at: self.values[at].casefold())

    @cached_property
    def numbers_in_texts(self) -> tuple[np.ndarray, Places]:
        """The numbers that texts read as, smallest first, and where each of these texts stands."""
        read = ((number_in_text(text), places) for text, places in self.texts.items())
        found = sorted(
            (number, at) for number, places in read if number is not None for at in places.tolist()
        )
        return np.array([number for number, _ in found]), np.array([at for _, at in found], np.intp)

    @cached_property
    def errors(self) -> dict[str, Places]:
        """Where each error value stands."""
        return _by_key(self.at(ERROR), lambda at: str(self.values[at]))

    def alike(self, kind: int) -> Alike:
        """The values of one kind: NUMBER, TEXT or BOOL."""
        if kind not in self._alike:
            places = self.at(kind).tolist()
            values = [order_key(self.values[at]) for at in places] if kind == TEXT else self.numbers[places]
            self._alike[kind] = Alike(places, list(values))
        return self._alike[kind]

    @cached_property
    def first_error(self) -> CellError | None:
        return next((self.values[at] for at in self.at(ERROR).tolist()), None)

    def at(self, kind: int) -> Places:
        """Where values of one kind stand."""
        return np.flatnonzero(self.kinds == kind)

    def of_texts(self, test: Callable[[str], bool]) -> Places:
        """Where texts stand of which the test, handed all letters in one case, holds."""
        found = [places for text, places in self.texts.items() if test(text)]
        return np.sort(np.concatenate(found)) if found else NOWHERE

    def truths(self, value: bool) -> Places:
        """Where TRUE or FALSE stands."""
        return np.flatnonzero((self.kinds == BOOL) & (self.numbers == value))

    def blanks(self) -> Places:
        return self.at(BLANK)

    def between(self, low: float, high: float, ends: tuple[bool, bool] = (True, True)) -> Places:
        """Where numbers between two bounds stand; `ends` says whether the bounds themselves count."""
        self._times_looked += 1
        if self._times_looked > WORTH_ORDERING:
            return _between(self.in_order, low, high, ends)
        above = self.numbers >= low if ends[0] else self.numbers > low
        below = self.numbers <= high if ends[1] else self.numbers < high
        return np.flatnonzero(above & below & (self.kinds == NUMBER))

    def between_in_texts(self, low: float, high: float) -> Places:
        """Where texts stand that read as a number from low to high."""
        return _between(self.numbers_in_texts, low, high)

    def remembered(self, key: Hashable, find: Callable[["Cells"], Places]) -> Places:
        """find(these cells), computed once for equal keys; of too many the last."""
        if key not in self._found:
            if self._remembered > MOST_REMEMBERED:
                self._found.clear()
                self._remembered = 0
            self._found[key] = find(self)
            self._remembered += len(self._found[key]) + OF_NONE
        return self._found[key]


def _between(
    in_order: tuple[np.ndarray, Places], low: float, high: float, ends: tuple[bool, bool] = (True, True)
) -> Places:
    numbers, places = in_order
    first = np.searchsorted(numbers, low, "left" if ends[0] else "right")
    last = np.searchsorted(numbers, high, "right" if ends[1] else "left")
    return np.sort(places[first:last])


def _by_key(places: Places, key: Callable[[int], str]) -> dict[str, Places]:
    found: dict[str, list[int]] = {}
    for at in places.tolist():
        found.setdefault(key(at), []).append(at)
    return {text: np.array(where) for text, where in found.items()}


def for_each(
    context: Context,
    body: Callable[..., object],
    grids: Sequence[Grid],
    whole: Sequence[bool],
    errors_too: bool = False,
) -> Grid:
    """body(arguments), each as Cells where it is `whole`, for each element of the others (H, W, h, w).

    An error among the others is the outcome, unless `errors_too`. Of changing cells it is a step."""
    if depend_on_changing(grids):
        counts = context.function in ("COUNTIF", "COUNTIFS")
        return stepped(context, lambda *now: for_each(context, body, now, whole, errors_too), grids, counts)
    shape, columns = columns_of(context, grids, whole)
    passing = not errors_too and any(
        g.has(ERROR) for g, is_whole in zip(grids, whole, strict=True) if not is_whole
    )
    single_errors = [
        i for i, (g, is_whole) in enumerate(zip(grids, whole, strict=True)) if is_whole and g.is_single_error
    ]
    passing = passing or not errors_too and bool(single_errors)
    out: list[object] = []
    failed: dict[tuple[str, str | None], list[int]] = {}
    for args in zip(*columns, strict=True):
        error = _error_handed_over(args, single_errors) if passing else None
        try:
            out.append(body(*args) if error is None else error)
        except Fails as failure:
            failed.setdefault((failure.code, failure.why), []).append(len(out))
            out.append(None)
    cells = np.empty(len(out), dtype=object)
    cells[:] = out
    made = with_errors(from_scalars(cells.reshape(shape)), failures(context, failed, shape))
    listed = any(g.listed for g, is_whole in zip(grids, whole, strict=True) if not is_whole)
    return made.as_array() if listed else made


def _error_handed_over(args: Sequence[object], single: Sequence[int]) -> CellError | None:
    """The first of the arguments that is an error; those at the places `single` are Cells of one value."""
    of_cells = {i: args[i].first_error for i in single}  # type: ignore[attr-defined]
    errors = (of_cells.get(i, arg) for i, arg in enumerate(args))
    return next((error for error in errors if isinstance(error, CellError)), None)


def array_of_each(
    context: Context, body: Callable[..., Sequence[Sequence[object]]], grids: Sequence[Grid]
) -> Grid:
    """The array, given as rows, that body(arguments as Cells) makes for each cell of a run."""
    if depend_on_changing(grids):
        return stepped(context, lambda *now: array_of_each(context, body, now), grids)
    shape, columns = columns_of(context, grids, [True] * len(grids))
    made, failed = [], 0
    handed_over = [i for i, grid in enumerate(grids) if grid.is_single_error and not grid.is_array]
    for args in zip(*columns, strict=True):
        try:
            rows = body(*args)
        except Fails as failure:
            error = _error_handed_over(args, handed_over) if handed_over else None
            rows, failed = [[error or error_at(failure.code, context.cell, failure.why)]], failed + 1
        made.append(np.array(rows, dtype=object))
    if len({array.shape for array in made}) > 1:
        raise context.cell_by_cell("yields arrays of several sizes; write a formula for each")
    array = from_scalars(np.stack(made).reshape(*shape[:2], *made[0].shape))
    return array if failed == len(made) else array.as_array()


def failures(
    context: Context, failed: dict[tuple[str, str | None], list[int]], shape: Shape
) -> Errors | None:
    """Errors at elements (numbered through `shape`) by their code and why."""
    found: Errors | None = None
    for (code, why), places in failed.items():
        mask = np.zeros(shape, bool)
        mask.reshape(-1)[places] = True
        found = errors_where(mask, code, context.host, why, after=found)
    return found


def columns_of(
    context: Context, grids: Sequence[Grid], whole: Sequence[bool], batch: tuple[int, int] = (1, 1)
) -> tuple[Shape, list[Sequence]]:
    """The shape (H, W, h, w) of all elements, of `batch` cells at least, and for each argument its value at
    every one of them: plain, or Cells where it is `whole`. Refused where a changing cell decides one."""
    if any(g.varies_somewhere for g in grids):
        raise context.refuse_changing()
    single = [i for i, is_whole in enumerate(whole) if not is_whole]
    fitting = dict(zip(single, aligned([grids[i] for i in single], context.host), strict=True))
    shape = np.broadcast_shapes(
        (*batch, 1, 1), *(fitting[i].shape if i in fitting else (*g.batch, 1, 1) for i, g in enumerate(grids))
    )
    values = (fitting[i].scalars() if i in fitting else cells_of(g) for i, g in enumerate(grids))
    return shape, [spread(v, shape).ravel().tolist() for v in values]


def cells_of(grid: Grid) -> np.ndarray:
    """The grid's array as each cell of a run is handed it: Cells (H, W, 1, 1). Those of one range are the
    same for all who read it."""
    out = np.empty((*grid.batch, 1, 1), dtype=object)
    each = grid.read.each if grid.read and grid.read.is_of(grid) else ()
    if each:
        for i, one in enumerate(each):
            out[i, 0] = _cells_read(one.at(grid.place))
    elif grid.batch == (1, 1):
        out[0, 0] = _cells_read(grid)
    else:
        scalars = cache(grid.scalars)
        for at in np.ndindex(*grid.batch):
            out[at] = Cells(grid, at, scalars)
    return out


def _cells_read(grid: Grid) -> Cells:
    if grid.read is None or not grid.read.is_of(grid):
        return Cells(grid, (0, 0), grid.scalars)
    known, key = grid.read.known, (grid.extent, grid.is_left_out)
    if key not in known:
        known[key] = Cells(grid, (0, 0), cache(grid.scalars))
    found = known[key]
    assert isinstance(found, Cells)
    return found
