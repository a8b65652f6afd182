"""Pieces of code timed side by side, so that a busy moment of the machine falls on all of them."""

import time
from collections.abc import Callable

import numpy as np


def interleaved(
    *calls: Callable, rounds: int, repeat: int = 1, clock: Callable[[], float] = time.perf_counter
) -> np.ndarray:
    """Seconds of each call in each round (calls, rounds); each the mean of `repeat` in a row."""
    return np.array([[_seconds(call, repeat, clock) for call in calls] for _ in range(rounds)]).T


def on_the_processor(*calls: Callable, rounds: int, repeat: int = 1) -> np.ndarray:
    """The same in seconds of the processor, which other programs do not add to."""
    return interleaved(*calls, rounds=rounds, repeat=repeat, clock=time.process_time)


def _seconds(call: Callable, repeat: int, clock: Callable[[], float]) -> float:
    began = clock()
    for _ in range(repeat):
        call()
    return (clock() - began) / repeat


def ratio(ours: np.ndarray, theirs: np.ndarray) -> str:
    """Our seconds as a multiple of theirs: of the fastest rounds, and of the middle ones."""
    return (
        f"min {ours.min() / theirs.min():.2f}x, median {np.median(ours) / np.median(theirs):.2f}x"
        f"  ({_text(ours.min())} against {_text(theirs.min())})"
    )


def _text(seconds: float) -> str:
    return f"{seconds * 1e6:.0f} us" if seconds < 1e-3 else f"{seconds * 1e3:.1f} ms"
