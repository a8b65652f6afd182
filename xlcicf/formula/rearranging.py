"""Elements of ranges and arrays in other places, with all that is known of them: INDEX, TRANSPOSE, ...

The function says for one cell where each element comes from, by integers that number the elements; here that
is asked for every cell of a run and done to numbers, kinds, texts and errors alike.
"""

from collections.abc import Callable, Sequence

import numpy as np

from xlcicf.formula.choice import Value, either, of_each
from xlcicf.formula.context import Context, Fails
from xlcicf.formula.grid import (
    Errors,
    Grid,
    beside,
    constant,
    errors_among,
    errors_where,
    mask_tensor,
    with_errors,
)

Places = np.ndarray  # integers (h, w)


def rearranged(
    context: Context,
    body: Callable[..., Places],
    arrays: Sequence[Grid],
    keys: Sequence[Grid],
    hands_on: bool,
) -> Value:
    """body(places of each array, *keys) -> places, for each cell of the run; `keys` are single constants.

    Cells that take parts of different sizes make an Either. With `hands_on` a part of a range is a range."""
    whole = arrays[0] if len(arrays) == 1 else beside(arrays)
    numbered = _numbered(arrays)
    batch = np.broadcast_shapes((1, 1), *(g.batch for g in keys))
    wanted = _each_once(lambda key: body(*numbered, *key), _keys_of_cells(keys, batch))
    found = _failures(context, wanted, batch, errors_among(keys))
    out: Value = constant(0.0)
    for number, size in enumerate({w.shape: None for w in wanted if not isinstance(w, Fails)}):
        here = [not isinstance(w, Fails) and w.shape == size for w in wanted]
        sample = wanted[here.index(True)]
        places = np.array([w if fits else sample for w, fits in zip(wanted, here, strict=True)])
        part = whole.rearranged(places.reshape(*batch, *size), keeps_place=hands_on)
        mask = mask_tensor((*batch, 1, 1), np.reshape(here, (*batch, 1, 1)))
        out = either(mask, part, out, context.function) if number else part
    return of_each(lambda grid: with_errors(grid, found), out)


def _numbered(arrays: Sequence[Grid]) -> list[Places]:
    """The elements of all arrays, numbered on from one to the next."""
    counts = [g.size[0] * g.size[1] for g in arrays]
    starts = np.cumsum([0, *counts[:-1]])
    return [
        np.arange(start, start + count).reshape(g.size)
        for start, count, g in zip(starts, counts, arrays, strict=True)
    ]


def _keys_of_cells(keys: Sequence[Grid], batch: tuple[int, ...]) -> list[tuple[float, ...]]:
    """The keys of each cell of the batch, row by row."""
    if not keys:
        return [()]
    return list(
        zip(*(np.broadcast_to(g.numbers()[:, :, 0, 0], batch).ravel().tolist() for g in keys), strict=True)
    )


def _each_once(body: Callable[[tuple], Places], keys: list[tuple[float, ...]]) -> list[Places | Fails]:
    """body(key) of every key, or how it fails; equal keys are asked once."""
    known: dict[tuple, Places | Fails] = {}
    for key in keys:
        if key not in known:
            try:
                known[key] = body(key)
            except Fails as failed:
                known[key] = failed
    return [known[key] for key in keys]


def _failures(
    context: Context, wanted: list[Places | Fails], batch: tuple[int, ...], found: Errors | None
) -> Errors | None:
    """Errors `found`, and elsewhere those of the cells whose places are not to be had."""
    for failed in {(w.code, w.why): w for w in wanted if isinstance(w, Fails)}.values():
        where = [isinstance(w, Fails) and (w.code, w.why) == (failed.code, failed.why) for w in wanted]
        mask = np.reshape(where, (*batch, 1, 1))
        found = errors_where(mask, failed.code, context.host, failed.why, after=found)
    return found
