"""Functions of plain Python values, computed for each cell of a run and each element of their arguments."""

from collections.abc import Callable, Sequence

import numpy as np

from xlcicf.formula.context import Context, Fails
from xlcicf.formula.grid import CellError, Grid, aligned, error_at, from_scalars


class Cells(np.ndarray):
    """An array argument as Python values (h, w), and how many blank cells lie `beyond` the data in it."""

    beyond: int = 0


def for_each(
    context: Context,
    body: Callable[..., object],
    grids: Sequence[Grid],
    whole: Sequence[bool],
    errors_too: bool = False,
) -> Grid:
    """body(arguments), each as Cells where it is `whole`, for each element of the others (H, W, h, w).

    None may depend on a changing cell. An error among the others is the outcome, unless `errors_too`."""
    if not all(g.is_constant for g in grids):
        raise context.refuse_changing()
    single = [i for i, is_whole in enumerate(whole) if not is_whole]
    fitting = dict(zip(single, aligned([grids[i] for i in single], context.host), strict=True))
    batch = np.broadcast_shapes((1, 1), *(g.batch for g in grids))
    size = np.broadcast_shapes((1, 1), *(g.size for g in fitting.values()))
    values = [
        np.broadcast_to(fitting.get(i, g).scalars(), (*batch, *(size if i in fitting else g.size)))
        for i, g in enumerate(grids)
    ]
    out = np.empty((*batch, *size), dtype=object)
    for at in np.ndindex(out.shape):
        args = [v[at] if i in fitting else _cells(v[at[:2]], grids[i].beyond) for i, v in enumerate(values)]
        failed = next((a for a in args if isinstance(a, CellError) and not errors_too), None)
        out[at] = _outcome(context, body, args, at) if failed is None else failed
    return from_scalars(out)


def _cells(values: np.ndarray, beyond: int) -> Cells:
    cells = values.view(Cells)
    cells.beyond = beyond
    return cells


def _outcome(
    context: Context, body: Callable[..., object], args: Sequence[object], at: tuple[int, ...]
) -> object:
    try:
        return body(*args)
    except Fails as failed:
        return error_at(failed.code, context.host.cell(at[0], at[1]), failed.why)
