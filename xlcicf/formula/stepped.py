"""Functions whose value moves in steps as changing numbers do: COUNTIF, MATCH, VLOOKUP by a changing key.

Their value is followed wherever the numbers go. Their derivative is 0 between two steps, which is the truth
and of little use: so each such step is noted on the tape by the function that makes it, and named to whoever
asks what the objective depends on.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from xlcicf.errors import FormulaError
from xlcicf.formula import tape as t
from xlcicf.formula.choice import MOST, Value, either
from xlcicf.formula.context import Context, Fails, Misused
from xlcicf.formula.dates import counted_from, first_day
from xlcicf.formula.grid import (
    BLANK,
    BOOL,
    ERROR,
    NUMBER,
    TEXT,
    Grid,
    constant,
    error_at,
    errors_among,
    from_kinds,
    from_numbers,
    nan_at_errors,
    with_errors,
)
from xlcicf.formula.vmapped import one_by_one


def depend_on_changing(grids: Sequence[Grid]) -> bool:
    return any(g.varies_somewhere or g.there is not None for g in grids)


def stepped(
    context: Context, compute: Callable[..., Grid], grids: Sequence[Grid], is_separable: bool = False
) -> Grid:
    """compute(*grids), a constant grid, of whatever numbers the changing cells lead to; `is_separable` as a
    primitive is.

    Refused where it yields a text, now or with 1 in the place of errors. At inputs where it yields something
    else than a number where there was one, it yields nan."""
    nums = [grid.num for grid in grids]
    theres = [True if grid.there is None else grid.there for grid in grids]

    def computed(numbers: Iterable[Tensor], held: Iterable[Tensor | bool]) -> Grid:
        return compute(*(_with(*each) for each in zip(grids, numbers, held, strict=True)))

    now, held = [t.value_of(num) for num in nums], [t.value_of(there) for there in theres]
    outcome = computed(now, held)
    kinds = outcome.kinds()
    if _has_texts(outcome) or ERROR in kinds and _has_texts(_unless_it_fails(computed, now, held)):
        raise context.refuse("gives a text as a changing cell decides, and a text has no derivative")
    kinds = np.where(kinds == ERROR, NUMBER, kinds).astype(np.uint8)

    def forward(*operands: Tensor) -> Tensor:
        return one_by_one(_once, *map(torch.as_tensor, operands))

    counts_from_1904 = first_day() > 0

    def _once(*operands: Tensor) -> Tensor:
        try:
            with counted_from(counts_from_1904):
                found = computed(operands[: len(grids)], operands[len(grids) :])
        except (FormulaError, Fails, Misused):  # of what cannot be at all with these numbers
            return torch.full(kinds.shape, t.NAN, dtype=t.DTYPE)
        if found.shape != outcome.shape:
            return torch.full(kinds.shape, t.NAN, dtype=t.DTYPE)
        unlike = found.kinds() != kinds
        return torch.where(torch.from_numpy(unlike), t.NAN, t.value_of(found.full())).expand(kinds.shape)

    out = t.may_fail(t.Primitive(forward, is_separable=is_separable, is_anew=True)(*nums, *theres))
    context.note_step(out)
    t.decide(out)
    return from_numbers(out).of_kinds(kinds)


def _has_texts(grid: Grid | None) -> bool:
    return grid is not None and bool(np.isin(grid.kinds(), (TEXT, BLANK)).any())


def _unless_it_fails(
    compute: Callable[[Iterable[Tensor], Iterable[Tensor | bool]], Grid],
    numbers: Sequence[Tensor],
    held: Sequence[Tensor | bool],
) -> Grid | None:
    """What is computed of 1 in the place of errors; None where that cannot be."""
    with suppress(FormulaError, Fails, Misused):
        return compute([torch.where(torch.isfinite(x), x, 1.0) for x in numbers], held)
    return None


def _with(grid: Grid, num: Tensor | float, there: Tensor | bool) -> Grid:
    """The constant grid of these numbers under the grid's kinds: nan as an error, FALSE where none is."""
    num = torch.as_tensor(num, dtype=t.DTYPE)
    shape = np.broadcast_shapes(num.shape, grid.shape)
    if num.shape == shape and t.holds_everywhere(there) and t.all_finite(num):
        return replace(grid, num=num, varying=None, there=None, listed=False)
    held = np.broadcast_to(torch.as_tensor(there).numpy(), shape)
    numbers, kinds, texts = (np.broadcast_to(a, shape) for a in (num.numpy(), grid.kinds(), grid.texts()))
    kinds = np.where(held | (kinds != NUMBER), kinds, BOOL)
    failed = ~np.isfinite(numbers) & (kinds <= BOOL)
    texts = np.where(failed, np.array(error_at("#NUM!", None), dtype=object), texts)
    kinds = np.where(failed, ERROR, kinds).astype(np.uint8)
    shown = np.where(failed | ~held, 0.0, numbers)
    return from_kinds(shown, kinds, texts if (kinds >= TEXT).any() else None).at(grid.place)


# --- elements by a changing place -----------------------------------------------------------------------


@t.Primitive
def element(rows: Tensor, place: Tensor) -> Tensor:
    """Of rows (H, W, 1, n) the elements at places (H, W, 1, m), counted from 0; nan where there is none."""
    held = (place >= 0) & (place < rows.shape[3])
    at = torch.where(held, place, 0.0).long()
    shape = torch.broadcast_shapes(rows.shape[:3], at.shape[:3])
    found = rows.expand(*shape, rows.shape[3]).gather(3, at.expand(*shape, at.shape[3]))
    return torch.where(held, found, t.NAN)


@t.Primitive
def at_element(g: Tensor, rows: Tensor, place: Tensor) -> Tensor:
    """element's cotangents where the elements stand (H, W, 1, n), 0 elsewhere."""
    held = (place >= 0) & (place < rows.shape[3])
    at = torch.where(held, place, 0.0).long()
    shape = torch.broadcast_shapes(rows.shape[:3], at.shape[:3])
    none = torch.zeros(*shape, rows.shape[3], dtype=t.DTYPE)
    wide = (*shape, at.shape[3])
    return none.scatter_add(3, at.expand(wide), torch.where(held, g, 0.0).expand(wide))


@element.pullback
def _(g, out, rows, place):
    return t.sum_to(at_element(t.expand(g, out.shape), rows, place), t.shape_of(rows)), None


@at_element.pullback
def _(gg, out, g, rows, place):
    return t.sum_to(element(t.expand(gg, out.shape), place), t.shape_of(g)), None, None


def elements_at(context: Context, grid: Grid, place: Grid) -> Value:
    """For each element of `place`, numbers from 0 that changing cells decide, that element of each cell's
    array, counted row by row; nan for an error. A single place may come to one of a few texts or to TRUE."""
    grid = nan_at_errors(grid.as_value().with_blanks_as_zeros())
    if grid.there is not None:
        raise context.refuse(ANYTHING)
    h, w = grid.size
    rows = t.reshape(grid.full(), shape=(*grid.batch, 1, h * w))
    H, W, m, n = place.shape
    at = t.reshape(place.full(), shape=(H, W, 1, m * n))

    def of_row(row: t.Array) -> t.Array:
        found = element(row, at)
        return t.reshape(found, shape=(*t.shape_of(found)[:2], m, n))

    out: Value = with_errors(from_numbers(t.may_fail(of_row(rows))), errors_among([place]))
    others = _other_values(context, grid)
    if others and (not place.is_single or len(others) >= MOST):
        raise context.refuse(ANYTHING)
    for value, mask in others:
        is_there = of_row(torch.from_numpy(mask.reshape(*grid.batch, 1, h * w)))
        context.note_step(is_there)
        out = either(t.equal(is_there, 1.0), constant(value), out, context.function)
    return out


ANYTHING = "may give something else than a number as a changing cell decides"


def _other_values(context: Context, grid: Grid) -> list[tuple[str | bool, np.ndarray]]:
    """Each of the texts, TRUE and FALSE that a grid holds, and where: 1.0 there, else 0.0. Refused where a
    changing cell decides between TRUE and FALSE."""
    found = []
    for kind in (BOOL, TEXT):
        asked = grid.kinds() == kind
        if (asked & grid.varies()).any():
            raise context.refuse(ANYTHING)
        values = grid.scalars()
        found += [
            (value, (asked & (values == value)).astype(float)) for value in dict.fromkeys(values[asked])
        ]
    return found
