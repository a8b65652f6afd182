"""What is optimised: the protocol of an objective, and what every method asks of one before it begins."""

import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import torch
from threadpoolctl import ThreadpoolController

from xlcicf.errors import TrainingError

TINY = 1e-6  # of what is minimised: where it begins below, it has a unit of its own


class Relation(Protocol):
    """One of an Objective's constraints."""

    @property
    def relation(self) -> str: ...

    @property
    def text(self) -> str: ...


class Squares(Protocol):
    """Residuals whose sum of squares an objective is, but for an increasing function of it."""

    @property
    def count(self) -> int: ...

    def values(self, v: np.ndarray, /) -> np.ndarray:
        """The residuals at v (n,): (count,)."""
        ...

    def jacobian(self, v: np.ndarray, /) -> np.ndarray:
        """Their derivatives (count, n)."""
        ...


class Structure(Protocol):
    """What objective and constraints are made of; sparse matrices are scipy's.

    is_smooth  whether nothing chooses on the way, as MAX and IF do
    objective  slopes (n,) and constant of a linear objective, else None
    limits     left minus right sides as `matrix` (m, n) times v plus `constant` (m,), else None
    linear_limits  the numbers of those constraints that are linear (k,), and the same of them
    quadratic  `constant`, `slope` at 0 (n,), `curvature` (n, n) and its eigenvalues `bends` (n,) of a
               quadratic objective, else None
    squares    "min" and "max" -> what the objective is a sum of squares of, if it is to be that, and whether
               it `is_stepped`
    """

    @property
    def is_smooth(self) -> bool: ...

    @property
    def objective(self) -> Any: ...

    @property
    def limits(self) -> Any: ...

    @property
    def linear_limits(self) -> Any: ...

    @property
    def quadratic(self) -> Any: ...

    @property
    def squares(self) -> Any: ...

    @property
    def has_exact_bends(self) -> bool:
        """Whether second derivatives are exact, and not differences of first ones."""
        ...

    def likelihood_scale(self, sense: str, /) -> float | None:
        """What a log-likelihood is multiplied by in an objective to be maximised, or minus one in one to be
        minimised; None where it is none."""
        ...

    def with_corners(self, relations: Sequence[str], sense: str, /) -> Any:
        """The problem as a linear one in n values and its corners (`slope`, `constant`, `quadratic`,
        `limits`, `sides`, `least`), else None."""
        ...

    def quadratic_with_corners(self, sense: str, /) -> Any:
        """The same with second derivatives by the values."""
        ...


class Objective(Protocol):
    """A function of n values with an exact gradient. `formula.SheetFunction` is one.

    start  the values to begin with (n,), float64
    cells  their names in sentences, such as "Net!D4"
    lower, upper  bounds (n,), infinite where there are none
    sense  "min", "max" or the number that the objective should come to
    init   half-width of the uniform distribution that restarts are drawn from, or None
    constraints  relations between cells (m,): each has its `relation`, "<=", "=" or ">=", and its `text`
    whole  which values must be whole numbers (n,)
    orders   groups of values, by number, that must be 1, 2, 3, ... in some order
    stepped  what moves in steps on the way, so that slopes do not see it
    structure  what objective and constraints are made of (`formula.structure`); None where nobody knows
    evaluations  how often the objective was computed so far, with its slopes or without
    """

    start: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    @property
    def cells(self) -> Sequence[str]: ...

    @property
    def sense(self) -> str | float: ...

    @property
    def init(self) -> float | None: ...

    def value_and_gradient(self, v: np.ndarray, /) -> tuple[float, np.ndarray]:
        """The objective at v (n,) and its derivatives (n,)."""
        ...

    def batch(self, V: torch.Tensor, /) -> tuple[torch.Tensor, torch.Tensor]:
        """V (k, n) -> objectives (k,) and gradients (k, n)."""
        ...

    @property
    def constraints(self) -> Sequence[Relation]: ...

    @property
    def whole(self) -> np.ndarray: ...

    @property
    def orders(self) -> Sequence[np.ndarray]: ...

    @property
    def stepped(self) -> Sequence[tuple[str, str]]: ...

    @property
    def structure(self) -> Structure | None: ...

    @property
    def evaluations(self) -> int: ...

    def values(self, V: torch.Tensor, /) -> torch.Tensor:
        """V (k, n) -> objectives (k,)."""
        ...

    def constraint_sides(self, v: np.ndarray, /) -> tuple[np.ndarray, np.ndarray]:
        """The constraints' left and right sides at v (n,): (m,), (m,)."""
        ...

    def all_sides(self, V: torch.Tensor, /) -> tuple[np.ndarray, np.ndarray]:
        """V (k, n) -> the constraints' left and right sides (k, m), (k, m)."""
        ...

    def jacobian(self, v: np.ndarray, /) -> np.ndarray:
        """The derivatives (m, n) of left minus right sides at v (n,)."""
        ...

    def hessian(self, v: np.ndarray, weights: np.ndarray, /) -> np.ndarray:
        """The second derivatives (n, n) of objective and constraints, each times its weight (1 + m,)."""
        ...

    def kinks(self, v: np.ndarray, reach: np.ndarray, /) -> dict[str, list[str]]:
        """The name of a value -> where a corner is crossed within v +- reach (n,) by it."""
        ...

    def dead(self, v: np.ndarray, /, with_single: bool = False) -> Sequence[str]:
        """Columns in which a choice between branches, or a side of a corner, gives constants at v (n,); cells
        that stand alone only if asked for."""
        ...


def is_constant(f: Objective) -> bool:
    """Whether the objective is the same at all values, so that only constraints are asked for."""
    found = f.structure.objective if f.structure is not None and len(f.constraints) else None
    return found is not None and not found[0].any()


class Free:
    """The part of an Objective that has no constraints, and of which no more is known than its slopes."""

    start: np.ndarray
    constraints: Sequence[Relation] = ()
    orders: Sequence[np.ndarray] = ()
    stepped: Sequence[tuple[str, str]] = ()
    structure: Structure | None = None
    evaluations: int = 0

    @property
    def whole(self) -> np.ndarray:
        return np.zeros(len(self.start), dtype=bool)

    def values(self, V: torch.Tensor) -> torch.Tensor:
        return self.batch(V)[0]

    def batch(self, V: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        raise NotImplementedError

    def constraint_sides(self, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros(0), np.zeros(0)

    def all_sides(self, V: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
        left, right = zip(*(self.constraint_sides(v) for v in V.numpy()), strict=True)
        return np.array(left), np.array(right)

    def jacobian(self, v: np.ndarray) -> np.ndarray:
        return np.zeros((0, len(v)))

    def hessian(self, v: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """By differences of the slopes, which are exact."""
        reach = 1e-6 * np.maximum(1.0, np.abs(v))
        rows = [
            (self.value_and_gradient(v + step)[1] - self.value_and_gradient(v - step)[1]) / (2 * step.max())
            for step in np.diag(reach)
        ]
        return weights[0] * (np.array(rows) + np.array(rows).T) / 2

    def kinks(self, v: np.ndarray, reach: np.ndarray) -> dict[str, list[str]]:
        return {}

    def dead(self, v: np.ndarray, with_single: bool = False) -> Sequence[str]:
        return ()

    def value_and_gradient(self, v: np.ndarray) -> tuple[float, np.ndarray]:
        raise NotImplementedError


def merit_of(sense, value, gradient):
    """(value, gradient) of what is minimised; numbers and arrays alike, if value broadcasts to gradient."""
    if sense == "min":
        return value, gradient
    if sense == "max":
        return -value, -gradient
    return (value - sense) ** 2, 2 * (value - sense) * gradient


def unit_of(begun: float) -> float:
    """What slopes are measured by where what is minimised begins as small as a product of densities or
    squares of nanometres: a power of 2, so that nothing is rounded. 1 of what is not small."""
    return math.ldexp(1.0, max(math.frexp(begun)[1], -900)) if 0 < abs(begun) < TINY else 1.0


def with_whole_fixed(f: Objective, values: np.ndarray) -> Objective:
    """The same function with whole numbers held at these values (n,)."""
    fixed = copy(f)
    fixed.lower = np.where(f.whole, values, f.lower)
    fixed.upper = np.where(f.whole, values, f.upper)
    return fixed


def require_start(f: Objective) -> None:
    """Raises TrainingError where the sheet shows an error at its start, or where a slope is infinite."""
    value, gradient = f.value_and_gradient(np.clip(f.start, f.lower, f.upper))
    if not math.isfinite(value):
        raise TrainingError(
            "the objective cell shows an error or no number at the values it would start from;"
            " put values into the changing cells at which it shows a number"
        )
    steep = [cell for cell, slope in zip(f.cells, gradient, strict=True) if not math.isfinite(slope)]
    if steep:
        raise TrainingError(
            f"the objective has no finite slope along {', '.join(steep)} (as SQRT has none at 0);"
            " start from another value there"
        )


@contextmanager
def one_thread() -> Iterator[None]:
    """Holds torch and scipy's BLAS to one thread each: on sheet-sized work more of them only wait for each
    other, the more so on a busy machine, and sums change."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with _pools(len(sys.modules)).limit(limits=1):
            yield
    finally:
        torch.set_num_threads(threads)


@lru_cache(maxsize=1)
def _pools(modules: int) -> ThreadpoolController:
    """The libraries with threads of their own among all that are loaded: looked for anew, which takes as long
    as a small program, only where more modules were imported since."""
    return ThreadpoolController()
