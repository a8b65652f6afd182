"""First derivatives of many outcomes and second ones of one, exact, as programs out of a tape."""

from collections.abc import Callable
from contextlib import suppress
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from xlcicf.formula import tape as t

MOST_AT_ONCE = 2**24  # numbers in all records of one batch
FEW = 24  # units, for which the start of torch.func is not worth while
REACH = 1e-5  # of a value: the step of differences


class Jacobian:
    """The derivatives of outcomes (m,) with respect to the tape's input (n,), at any values of it.

    They are made backwards, an outcome at a time, or forwards, an input at a time, whichever are fewer:
    forwards is the derivative of the backwards product by its weights."""

    def __init__(self, tape: t.Tape, outs: t.Var):
        (self._m,), (self._n,) = outs.shape, tape.input.shape
        weights = tape.another_input(torch.ones(self._m, dtype=t.DTYPE))
        (pulled,) = tape.pulled_back([outs], [weights], [tape.input])
        inputs = [tape.input, weights]
        self._is_backwards = True
        if isinstance(pulled, t.Var) and self._m > self._n:
            along = tape.another_input(torch.ones(self._n, dtype=t.DTYPE))
            with suppress(t.NoFurther):
                (pulled,) = tape.gradients(t.dot(pulled, along), [weights])  # pyright: ignore[reportArgumentType]
                inputs.append(along)
                self._is_backwards = False
        self._call = _Call(tape, pulled, inputs)

    def __call__(self, v: Tensor) -> np.ndarray:
        """v (n,) -> (m, n)."""
        if self._is_backwards:
            return self._call.each(self._m, lambda w: (v, w))
        ones = torch.ones(self._m, dtype=t.DTYPE)
        return self._call.each(self._n, lambda u: (v, ones, u)).T


class Curvature:
    """The second derivatives (n, n) of a weighted sum of outcomes (k,) by the tape's input (n,)."""

    def __init__(self, tape: t.Tape, outs: t.Var):
        (self._n,) = tape.input.shape
        weights = tape.another_input(torch.ones(outs.shape, dtype=t.DTYPE))
        (slope,) = tape.pulled_back([outs], [weights], [tape.input])
        along = tape.another_input(torch.ones(self._n, dtype=t.DTYPE))
        bent: t.Array | None = torch.zeros(self._n, dtype=t.DTYPE)
        if isinstance(slope, t.Var):
            try:
                (bent,) = tape.gradients(t.dot(slope, along), [tape.input])  # pyright: ignore[reportArgumentType]
            except t.NoFurther:
                bent = None
        self._bent = None if bent is None else _Call(tape, bent, [tape.input, weights, along])
        self._slope = _Call(tape, slope, [tape.input, weights])

    @property
    def is_exact(self) -> bool:
        """Whether it is no difference of slopes."""
        return self._bent is not None

    def __call__(self, v: Tensor, weights: Tensor) -> np.ndarray:
        if self._bent is None:
            found = self._by_differences(v, weights)
        else:
            found = self._bent.each(self._n, lambda u: (v, weights, u))
        return (found + found.T) / 2

    def _by_differences(self, v: Tensor, weights: Tensor) -> np.ndarray:
        """Of the slopes, which are exact."""
        reach = REACH * torch.clamp(v.abs(), min=1e-3)
        rows = []
        for i in range(self._n):
            step = torch.zeros_like(v)
            step[i] = reach[i]
            rise = self._slope.at(v + step, weights) - self._slope.at(v - step, weights)
            rows.append((rise / (2 * reach[i])).numpy())
        return np.stack(rows)


class _Call:
    """A program as a function of some inputs, called at many units at once."""

    def __init__(self, tape: t.Tape, out: t.Array, inputs: list[t.Var]):
        self._out, self._tape = out, tape
        self._of = inputs
        self._size = max(1, sum(r.out.value.numel() for r in tape.needed([out])))

    @cached_property
    def _program(self) -> Callable[..., Tensor]:
        if not isinstance(self._out, t.Var):
            constant = self._out
            return lambda *inputs: torch.as_tensor(constant, dtype=t.DTYPE)
        program, place = self._tape.program([self._out]), self._tape.places_of(self._of)
        count = max(place) + 1

        def call(*inputs):
            at: list = [None] * count
            for i, x in zip(place, inputs, strict=True):
                at[i] = x
            return program(*at)[0]

        return call

    def at(self, *inputs: Tensor) -> Tensor:
        """The outcome at the inputs."""
        return self._program(*inputs)

    def each(self, units: int, inputs: Callable[[Tensor], tuple[Tensor, ...]]) -> np.ndarray:
        """The outcome at each unit vector (units,), one below the other."""
        eye = torch.eye(units, dtype=t.DTYPE)
        if units <= FEW or not isinstance(self._out, t.Var):
            return np.stack([self._program(*inputs(u)).numpy() for u in eye])
        chunk = max(1, MOST_AT_ONCE // self._size)
        found = [torch.func.vmap(lambda u: self._program(*inputs(u)))(part) for part in eye.split(chunk)]
        return torch.cat(found).numpy()
