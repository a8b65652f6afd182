"""Least squares: coefficients of y on columns of x, and what they are known to within, as primitives.

Tables are (H, W, rows, columns), one for each cell of a run; y has one column. The derivatives are those of
the solution, by the implicit function theorem.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from xlcicf.formula import tape as t

DEPENDENT = 1e-13  # what is left of a column besides those before it, in its own size, when it adds nothing

Pattern = Tensor  # 1 and 0

matrix_product = t.Primitive(torch.matmul)


@matrix_product.pullback
def _(g, out, a, b):
    return (
        t.sum_to(matrix_product(g, transposed(b)), t.shape_of(a)) if isinstance(a, t.Var) else None,
        t.sum_to(matrix_product(transposed(a), g), t.shape_of(b)) if isinstance(b, t.Var) else None,
    )


def transposed(a: t.Array) -> t.Array:
    return t.permute(a, order=(0, 1, 3, 2))


def _triangle(x: Tensor, kept: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """x = q r scale, with 1 on the diagonal of r for columns that are not kept."""
    x = x * kept
    scale = torch.linalg.vector_norm(x, dim=-2, keepdim=True)
    scale = torch.where(scale > 0, scale, 1.0)
    lacking = max(0, x.shape[-1] - x.shape[-2])
    q, r = torch.linalg.qr(torch.nn.functional.pad(x / scale, (0, 0, 0, lacking)))
    return q[..., : x.shape[-2], :], r + torch.diag_embed((1 - kept).squeeze(-2)), scale


@t.Primitive
def coefficients(x: Tensor, y: Tensor, kept: Tensor) -> Tensor:
    """The b (H, W, columns, 1) for which x b is nearest to y; 0 for columns that are not `kept`
    (H, W, 1, columns), 1 or 0."""
    q, r, scale = _triangle(x, kept)

    def solved(of: Tensor) -> Tensor:
        upper = torch.linalg.solve_triangular(r, q.mT @ of, upper=True)
        return upper * kept.mT / scale.mT

    first = solved(y)
    return first + solved(y - x @ first)  # what rounding has left over


@t.Primitive
def by_gram(x: Tensor, g: Tensor, kept: Tensor) -> Tensor:
    """The inverse of x' x, times g (H, W, columns, m); 0 for columns that are not kept."""
    _, r, scale = _triangle(x, kept)
    lower = torch.linalg.solve_triangular(r.mT, g * kept.mT / scale.mT, upper=False)
    return torch.linalg.solve_triangular(r, lower, upper=True) * kept.mT / scale.mT


@coefficients.pullback
def _(g, out, x, y, kept):
    by = by_gram(x, t.expand(g, out.shape), kept)
    along = matrix_product(x, by)
    by_y = t.sum_to(along, t.shape_of(y)) if isinstance(y, t.Var) else None
    if not isinstance(x, t.Var):
        return None, by_y, None
    left = t.sub(y, matrix_product(x, out))
    by_x = t.sub(matrix_product(left, transposed(by)), matrix_product(along, transposed(out)))
    return t.sum_to(by_x, t.shape_of(x)), by_y, None


@by_gram.pullback
def _(h, out, x, g, kept):
    by = by_gram(x, t.expand(h, out.shape), kept)
    by_g = t.sum_to(by, t.shape_of(g)) if isinstance(g, t.Var) else None
    if not isinstance(x, t.Var):
        return None, by_g, None
    both = t.add(
        matrix_product(matrix_product(x, out), transposed(by)),
        matrix_product(matrix_product(x, by), transposed(out)),
    )
    return t.sum_to(t.neg(both), t.shape_of(x)), by_g, None


@t.Primitive
def independent(x: Tensor, constant: Tensor) -> Tensor:
    """1 for columns that add something to those before them, and to a constant where there is one, else 0;
    nan for one whose square is beyond all numbers."""
    rows = x.shape[-2]
    basis = [(constant / rows**0.5).expand(*x.shape[:-1], 1)]
    kept = []
    for j in range(x.shape[-1]):
        column = left = x[..., j : j + 1]
        for direction in basis * 2:  # once more for what rounding has left over
            left = left - direction * (direction * left).sum(-2, keepdim=True)
        size, rest = (torch.linalg.vector_norm(v, dim=-2, keepdim=True) for v in (column, left))
        adds = (rest > DEPENDENT * size).to(t.DTYPE)
        kept.append(torch.where(torch.isinf(size), t.NAN, adds))
        basis.append(kept[-1] * left / torch.where(rest > 0, rest, 1.0))
    return torch.cat(kept, -1)


def counting_up(rows: int, columns: int) -> Tensor:
    """1, 2, 3, ... row by row (1, 1, rows, columns)."""
    return torch.arange(1, rows * columns + 1, dtype=t.DTYPE).reshape(1, 1, rows, columns)


@dataclass(frozen=True)
class Fit:
    """y (H, W, n, 1) on the columns of x (H, W, n, p), with a constant where `constant` (H, W, 1, 1) is 1."""

    x: t.Array
    y: t.Array
    constant: Tensor

    @cached_property
    def kept(self) -> t.Array:
        """1 for columns that are no combination of others, 0 for those that the fit does without."""
        kept = independent(self.x, self.constant)
        t.decide(kept)
        return kept

    def _center(self, a: t.Array) -> t.Array:
        """The mean of each column, 0 without a constant."""
        return t.mul(t.div(t.total(a, dims=(2,)), float(t.shape_of(a)[2])), self.constant)

    @cached_property
    def x_mean(self) -> t.Array:
        return self._center(self.x)

    @cached_property
    def off_mean(self) -> tuple[t.Array, t.Array]:
        """x and y less their means."""
        return t.sub(self.x, self.x_mean), t.sub(self.y, self._center(self.y))

    @cached_property
    def slopes(self) -> t.Array:
        """(H, W, p, 1)"""
        return coefficients(*self.off_mean, self.kept)

    @cached_property
    def intercept(self) -> t.Array:
        return t.sub(self._center(self.y), matrix_product(self.x_mean, self.slopes))

    def at(self, x: t.Array) -> t.Array:
        """What the fit comes to for rows of x."""
        return t.add(matrix_product(x, self.slopes), self.intercept)

    # --- how well it is known ---------------------------------------------------------------------------

    @property
    def number_kept(self) -> t.Array:
        return t.total(self.kept, dims=(3,))

    @cached_property
    def freedom(self) -> t.Array:
        """Numbers of y less coefficients."""
        return t.sub(t.sub(float(t.shape_of(self.y)[2]), self.number_kept), self.constant)

    @cached_property
    def explained(self) -> t.Array:
        """The sum of squares that the fit explains."""
        x, _ = self.off_mean
        return t.total(t.square(matrix_product(x, self.slopes)), dims=(2,))

    @cached_property
    def left_over(self) -> t.Array:
        """The sum of squares that it does not."""
        x, y = self.off_mean
        return t.total(t.square(t.sub(y, matrix_product(x, self.slopes))), dims=(2,))

    @cached_property
    def variance(self) -> t.Array:
        """Of y about the fit; 0 where there are no degrees of freedom."""
        some = t.greater(self.freedom, 0.0)
        return t.where(some, t.div(self.left_over, t.where(some, self.freedom, t.as_array(1.0))), 0.0)

    @cached_property
    def slope_variances(self) -> t.Array:
        """(H, W, p, 1)"""
        p = t.shape_of(self.x)[3]
        inverse = by_gram(self.off_mean[0], torch.eye(p, dtype=t.DTYPE).reshape(1, 1, p, p), self.kept)
        diagonal = t.total(t.mul(inverse, torch.eye(p, dtype=t.DTYPE)), dims=(3,))
        return t.mul(diagonal, self.variance)

    @cached_property
    def intercept_variance(self) -> t.Array:
        mean = transposed(self.x_mean)
        spread = matrix_product(self.x_mean, by_gram(self.off_mean[0], mean, self.kept))
        return t.mul(t.add(spread, 1 / float(t.shape_of(self.y)[2])), self.variance)
