"""What an objective and its limits are made of, as the tape tells: linear, quadratic, a sum of squares,
corners."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

from xlcicf.formula import tape as t
from xlcicf.formula.jacobian import Curvature, Jacobian
from xlcicf.formula.logarithms import likelihood_scale
from xlcicf.formula.squares import residuals

if TYPE_CHECKING:
    from xlcicf.formula.linear_forms import LinearForms, Matrix


@dataclass(frozen=True)
class Quadratic:
    """c0 + c v + v H v / 2: constant, slopes at 0 (n,), second derivatives (n, n), sparse."""

    constant: float
    slope: np.ndarray
    curvature: "Matrix"

    @cached_property
    def bends(self) -> np.ndarray:
        """The eigenvalues of the second derivatives (n,), the least first."""
        dense = self.curvature.toarray()
        return np.linalg.eigvalsh((dense + dense.T) / 2)


@dataclass(frozen=True)
class Linear:
    """A v + b, row by row: (m, n) sparse, (m,)."""

    matrix: "Matrix"
    constant: np.ndarray


@dataclass(frozen=True)
class WithCorners:
    """A problem in the n values and in further ones, each at least the sides of a corner: linear in all of
    them, but for second derivatives by the values themselves, if there are any.

    slope, constant  of the objective at 0 (n + corners,)
    quadratic        the objective without its corners; None where all is linear
    limits     left minus right sides
    sides      what must be at least `least`: (p, n + corners), (p,)
    """

    slope: np.ndarray
    constant: float
    quadratic: Quadratic | None
    limits: Linear
    sides: "Matrix"
    least: np.ndarray


class SumOfSquares:
    """The residuals (k,) whose sum of squares an objective is, but for an increasing function of it."""

    def __init__(self, tape: t.Tape, out: t.Var, evaluated: list[int]):
        self._tape, self._out, self._values = tape, out, tape.program([out])
        self._evaluated = evaluated
        self.count = out.value.numel()

    def values(self, v: np.ndarray) -> np.ndarray:
        self._evaluated[0] += 1
        return self._values(torch.from_numpy(v))[0].numpy().copy()

    def jacobian(self, v: np.ndarray) -> np.ndarray:
        """(k, n)"""
        return self._jacobian(torch.from_numpy(v))

    @property
    def is_stepped(self) -> bool:
        """Whether something in the residuals moves in steps."""
        return bool(self._tape.carrying(self._out))

    @cached_property
    def _jacobian(self) -> Jacobian:
        return Jacobian(self._tape, self._out)


class Structure:
    """Of the objective (one number) and the limits' margins (m,) on a tape; `binary` says which of the values
    are 0 or 1 only (n,). In `evaluated` it counts how often it computes residuals."""

    def __init__(self, tape: t.Tape, value: t.Var, margin: Sequence[t.Array], evaluated: list[int]):
        self._tape, self._value, self._margin, self._evaluated = tape, value, list(margin), evaluated
        self.binary = np.zeros(tape.input.value.numel(), dtype=bool)
        self._bent: dict[str, WithCorners | None] = {}

    @property
    def is_smooth(self) -> bool:
        """Whether no formula chooses: no MAX, IF, ABS that a changing cell decides."""
        return all(decision.is_end for decision in self._tape.decisions)

    @cached_property
    def _forms(self) -> "LinearForms":
        return self._read([self._value, *self._margin])

    def _read(self, outs: Sequence[t.Array], with_corners: bool = False) -> "LinearForms":
        from xlcicf.formula.linear_forms import LinearForms  # and scipy with it

        return LinearForms(self._tape, outs, with_corners, self.binary)

    @cached_property
    def objective(self) -> tuple[np.ndarray, float] | None:
        """Slopes (n,) and constant of a linear objective."""
        found = self._forms.of(self._value)
        return found and (found[0].toarray()[0], float(found[1][0]))

    @cached_property
    def limits(self) -> Linear | None:
        """All limits, where all are linear."""
        return _linear(self._forms, self._margin)

    @cached_property
    def linear_limits(self) -> tuple[np.ndarray, Linear]:
        """Those limits that are linear: their numbers (k,), and they themselves (k, n)."""
        sizes = [t.shape_of(margin).numel() for margin in self._margin]
        numbers = np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1]) if sizes else []
        known = [i for i, margin in enumerate(self._margin) if self._forms.of(margin) is not None]
        linear = _linear(self._forms, [self._margin[i] for i in known])
        assert linear
        return np.concatenate([np.zeros(0, int), *(numbers[i] for i in known)]), linear

    @cached_property
    def quadratic(self) -> Quadratic | None:
        """The objective where it is a polynomial of degree 2 at most."""
        from xlcicf.formula.linear_forms import jumps  # and scipy with it

        if jumps(self._tape, self._value):
            return None
        slope = self._tape.gradient(self._value)
        found = self._read([slope]).of(slope)
        if found is None:
            return None
        (curvature, at_0), start = found, self._tape.input.value.numpy()
        rise = at_0 @ start + start @ (curvature @ start) / 2
        return Quadratic(self._value.value.item() - float(rise), at_0, curvature)

    @cached_property
    def squares(self) -> dict[str, SumOfSquares | None]:
        """ "min" and "max" -> the residuals, where the objective to be minimised or maximised has some."""
        return {sense: self._squares(sign) for sense, sign in (("min", 1.0), ("max", -1.0))}

    def _squares(self, sign: float) -> SumOfSquares | None:
        found = residuals(self._value, sign)
        return None if found is None else SumOfSquares(self._tape, found, self._evaluated)

    def with_corners(self, relations: Sequence[str], sense: str) -> WithCorners | None:
        """The problem as a linear one with its corners as further values; None where it is none, or where a
        corner is an edge to fall off rather than a valley."""
        forms = self._read([self._value, *self._margin], with_corners=True)
        objective, limits = forms.of(self._value), _linear(forms, self._margin)
        if objective is None or limits is None or not forms.least.size:
            return None
        n, sign = self._tape.input.value.numel(), -1.0 if sense == "max" else 1.0
        slope = objective[0].toarray()[0]
        bent_at = limits.matrix[:, n:]
        signs = np.array([{"<=": 1.0, ">=": -1.0}.get(relation, np.nan) for relation in relations])
        with np.errstate(invalid="ignore"):
            bent = bent_at.multiply(signs[:, None]).tocoo().data if bent_at.nnz else np.zeros(0)
        if (sign * slope[n:] < 0).any() or not (bent >= 0).all() or _push_down(forms, n):
            return None
        return WithCorners(slope, float(objective[1][0]), None, limits, forms.sides, forms.least)

    def quadratic_with_corners(self, sense: str) -> WithCorners | None:
        """The problem as one whose objective is a quadratic and a sum of corners, each times a number: LASSO,
        a support vector machine, a variance and the costs of trading. None where it is none, where a corner
        is an edge to fall off, or where limits have corners."""
        if sense not in self._bent:
            self._bent[sense] = self._quadratic_with_corners(-1.0 if sense == "max" else 1.0)
        return self._bent[sense]

    def _quadratic_with_corners(self, sign: float) -> WithCorners | None:
        from xlcicf.formula.linear_forms import corners_of  # and scipy with it

        corners = corners_of(self._tape, self._value)
        if not corners or self.limits is None:
            return None
        one = torch.ones_like(self._value.value)
        slope, *weights = self._tape.pulled_back([self._value], [one], [self._tape.input, *corners])
        forms = self._read([slope, *corners, *self._margin], with_corners=True)
        found, own = forms.of(slope), [forms.of(corner) for corner in corners]
        n, size = self._tape.input.value.numel(), forms.start.size
        if found is None or found[0][:, n:].nnz or _push_down(forms, n):
            return None
        slopes = np.concatenate([found[1], np.zeros(size - n)])
        for corner, weight in zip(own, weights, strict=True):
            if corner is None or isinstance(weight, t.Var):
                return None
            slopes += corner[0].T @ weight.reshape(-1).numpy()
        if (sign * slopes[n:] < 0).any():
            return None
        curvature, start = found[0][:, :n], forms.start
        constant = self._value.value.item() - float(slopes @ start + start[:n] @ (curvature @ start[:n]) / 2)
        quadratic, limits = Quadratic(constant, slopes[:n], curvature), _linear(forms, self._margin)
        assert limits
        return WithCorners(slopes, constant, quadratic, limits, forms.sides, forms.least)

    def likelihood_scale(self, sense: str) -> float | None:
        """What a log-likelihood is multiplied by in an objective to be maximised, or minus one in one to be
        minimised; None where it is none."""
        return likelihood_scale(self._value, -1.0 if sense == "min" else 1.0)

    def jacobian(self, v: torch.Tensor) -> np.ndarray:
        """The limits' derivatives (m, n) at v (n,)."""
        return self._jacobian(v)

    @cached_property
    def _jacobian(self) -> Callable[[torch.Tensor], np.ndarray]:
        if (linear := self.limits) is not None:
            dense = linear.matrix.toarray()
            return lambda v: dense.copy()
        joined = t.join(*self._margin, dim=0)
        assert isinstance(joined, t.Var)
        return Jacobian(self._tape, joined)

    @property
    def has_exact_bends(self) -> bool:
        """Whether second derivatives are exact, and not differences of first ones."""
        return self.curvature.is_exact

    @cached_property
    def curvature(self) -> Curvature:
        """Second derivatives of the objective and the limits together, each times its weight."""
        flat = [t.reshape(self._value, shape=(1,)), *self._margin]
        joined = t.join(*flat, dim=0)
        assert isinstance(joined, t.Var)
        return Curvature(self._tape, joined)


def _push_down(forms: "LinearForms", n: int) -> bool:
    """Whether a corner, at least each of its sides, has another among them that pushes it down."""
    inner = forms.sides[:, n:].tocoo()
    return bool(np.count_nonzero(inner.data > 0) > forms.least.size)


def _linear(forms: "LinearForms", outs: Sequence[t.Array]) -> Linear | None:
    from scipy import sparse

    found = [forms.of(out) for out in outs]
    if any(one is None for one in found):
        return None
    matrices, constants = [one[0] for one in found if one], [one[1] for one in found if one]
    columns = forms.start.size
    matrix = sparse.csr_array(sparse.vstack(matrices)) if matrices else sparse.csr_array((0, columns))
    return Linear(matrix, np.concatenate([np.zeros(0), *constants]))
