"""Numbers in order: the primitives of LARGE, MEDIAN, PERCENTILE and their kind.

Rows are (H, W, 1, n), the ranks asked of each (H, W, 1, m) and within it. Numbers that tie share a derivative
equally, and one that is still, no changing cell's, takes it to 0, as in MAX.
"""

import torch
from torch import Tensor

from xlcicf.formula import tape as t


@t.Primitive
def ranked(rows: Tensor, rank: Tensor, still: Tensor) -> Tensor:
    """The number with so many before it in ascending order."""
    return torch.sort(rows, 3).values.gather(3, rank.long())


@t.Primitive
def chosen(rows: Tensor, rank: Tensor) -> Tensor:
    """Where in its row that number stands; of equal ones in order."""
    return torch.sort(rows, dim=3, stable=True).indices.gather(3, rank.long())


@t.Primitive
def shared(g: Tensor, rows: Tensor, rank: Tensor, still: Tensor) -> Tensor:
    """ranked's cotangents g (H, W, 1, m), each shared among the numbers that tie there (H, W, 1, n)."""
    order, tie, asked, weight = _ties(rows, rank, still)
    of_tie = torch.zeros_like(rows).scatter_add(3, asked, g) * weight
    return torch.zeros_like(rows).scatter(3, order, of_tie.gather(3, tie))


@t.Primitive
def averaged(x: Tensor, rows: Tensor, rank: Tensor, still: Tensor) -> Tensor:
    """The transpose of shared: the mean of x (H, W, 1, n) over the numbers that tie at each rank."""
    order, tie, asked, weight = _ties(rows, rank, still)
    of_tie = torch.zeros_like(rows).scatter_add(3, tie, x.gather(3, order)) * weight
    return of_tie.gather(3, asked)


def _ties(rows: Tensor, rank: Tensor, still: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The order, the number of the tie at each place in order and at each rank, and a share in each tie."""
    values, order = torch.sort(rows, dim=3, stable=True)
    new = (values[..., 1:] != values[..., :-1]).long()
    tie = torch.cat([torch.zeros_like(order[..., :1]), new.cumsum(3)], 3)
    none = torch.zeros_like(rows)
    count = none.scatter_add(3, tie, torch.ones_like(rows))
    held = none.scatter_add(3, tie, still.to(t.DTYPE).expand_as(rows).gather(3, order))
    return order, tie, tie.gather(3, rank.long()), torch.where(held > 0, 0.0, 1.0 / count.clamp(min=1.0))


@ranked.pullback
def _(g, out, rows, rank, still):
    return t.sum_to(shared(t.expand(g, out.shape), rows, rank, still), t.shape_of(rows)), None, None


@shared.pullback
def _(gg, out, g, rows, rank, still):
    return averaged(gg, rows, rank, still), None, None, None


@averaged.pullback
def _(g, out, x, rows, rank, still):
    return shared(t.expand(g, out.shape), rows, rank, still), None, None, None
