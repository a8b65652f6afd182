"""Inverse and determinant of square matrices (H, W, n, n): primitives beside those of tape.py."""

import torch
from torch import Tensor

from xlcicf.formula import tape as t
from xlcicf.formula.vmapped import one_by_one


def unit(n: int) -> Tensor:
    """(1, 1, n, n)"""
    return torch.eye(n, dtype=t.DTYPE)[None, None]


def _many(a: Tensor) -> Tensor:
    """(H, W, n, n) -> (H * W, n, n)"""
    return a.reshape(-1, *a.shape[2:])


@t.Primitive
def products(a: Tensor, b: Tensor) -> Tensor:
    """Each cell's matrix product."""
    return a @ b


@products.pullback
def _(g, out, a, b):
    return (
        t.sum_to(products(g, turned(b)), t.shape_of(a)) if isinstance(a, t.Var) else None,
        t.sum_to(products(turned(a), g), t.shape_of(b)) if isinstance(b, t.Var) else None,
    )


def turned(a: t.Array) -> t.Array:
    """Each cell's matrix transposed."""
    return t.permute(a, order=(0, 1, 3, 2))


@t.Primitive
def inverse(a: Tensor) -> Tensor:
    """Each cell's inverse, nan where the matrix is singular."""
    return one_by_one(lambda a: _solved(_many(a), torch.eye(a.shape[3], dtype=t.DTYPE)).reshape(a.shape), a)


def _solved(many: Tensor, right: Tensor) -> Tensor:
    factors, pivots, info = torch.linalg.lu_factor_ex(many)
    fine = (info == 0)[:, None, None] & torch.isfinite(many).all((1, 2), keepdim=True)
    safe = torch.where(fine, factors, right)
    out = torch.linalg.lu_solve(safe, pivots, right.expand(many.shape))
    return torch.where(fine, out, t.NAN)


@inverse.pullback
def _(g, out, a):
    back = turned(out)
    return (t.neg(products(products(back, t.expand(g, out.shape)), back)),)


@t.Primitive
def determinant(a: Tensor) -> Tensor:
    """Each cell's determinant (H, W, 1, 1)."""
    return torch.linalg.det(a)[..., None, None]


@determinant.pullback
def _(g, out, a):
    return (t.mul(g, cofactors(a)),)


@t.Primitive
def cofactors(a: Tensor) -> Tensor:
    """What each element adds to the determinant for each unit, of singular matrices too (H, W, n, n)."""
    return one_by_one(_cofactors, a)


def _cofactors(a: Tensor) -> Tensor:
    """By the singular values: the product of all others in the place of each, nothing being divided."""
    u, s, vt = torch.linalg.svd(a)
    n = s.shape[-1]
    others = torch.stack([torch.cat([s[..., :i], s[..., i + 1 :]], -1).prod(-1) for i in range(n)], -1)
    sign = torch.linalg.det(u) * torch.linalg.det(vt)
    return sign[..., None, None] * ((u * others[..., None, :]) @ vt)


@cofactors.pullback
def _(g, out, a):
    """Of matrices that have an inverse B: C = det(A) B', so dC = tr(B dA) C - C dA' B'."""
    back = turned(inverse(a))
    weight = t.total(t.mul(t.expand(g, out.shape), out), dims=(2, 3))
    return (t.sub(t.mul(weight, back), products(products(back, turned(t.expand(g, out.shape))), out)),)
