"""What is optimised: the protocol of an objective, and what every method asks of one before it begins."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from xlcicf.errors import TrainingError


class Objective(Protocol):
    """A function of n values with an exact gradient. `formula.SheetFunction` is one.

    start  the values to begin with (n,), float64
    cells  their names in sentences, such as "Net!D4"
    lower, upper  bounds (n,), infinite where there are none
    sense  "min", "max" or the number that the objective should come to
    init   half-width of the uniform distribution that restarts are drawn from, or None
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


def merit_of(sense, value, gradient):
    """(value, gradient) of what is minimised; numbers and arrays alike, if value broadcasts to gradient."""
    if sense == "min":
        return value, gradient
    if sense == "max":
        return -value, -gradient
    return (value - sense) ** 2, 2 * (value - sense) * gradient


def starts(f: Objective, restarts: int, seed: int) -> np.ndarray:
    """The values each restart begins with (restarts, n), all within the bounds.

    Row 0 is f.start. The others are uniform: between the bounds where both are finite; else within f.init on
    both sides of 0 where the book gives it; else within max(1, |value|) / 2 on both sides of the value.
    """
    if f.init is None:
        middle, half = f.start, np.maximum(1, np.abs(f.start)) / 2
    else:
        middle, half = np.zeros_like(f.start), f.init
    boxed = np.isfinite(f.lower) & np.isfinite(f.upper)
    with np.errstate(over="ignore"):  # a start beyond the largest number ends where it begins, and is told
        low = np.where(boxed, f.lower, middle - half)
        high = np.where(boxed, f.upper, middle + half)
        drawn = low + (high - low) * np.random.default_rng(seed).random((restarts - 1, len(f.start)))
    return np.clip(np.vstack([f.start, drawn]), f.lower, f.upper)


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
        with threadpool_limits(limits=1):
            yield
    finally:
        torch.set_num_threads(threads)
