"""What long computations are spared meanwhile, and what deep ones are given."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import torch

DEEP = 30_000  # calls of Python's within each other


@contextmanager
def one_thread() -> Iterator[None]:
    """Within it torch uses one thread: sums come out the same everywhere, and small ones sooner."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class deeper:
    """Within it functions may call each other as deep as LAMBDAs do that call themselves; in all threads,
    until the last has left it."""

    _lock, _inside, _usual = Lock(), 0, 0

    def __enter__(self) -> None:
        with deeper._lock:
            if not deeper._inside:
                deeper._usual = sys.getrecursionlimit()
                sys.setrecursionlimit(max(deeper._usual, DEEP))
            deeper._inside += 1

    def __exit__(self, *_) -> None:
        with deeper._lock:
            deeper._inside -= 1
            if not deeper._inside:
                sys.setrecursionlimit(deeper._usual)


@contextmanager
def without_collecting() -> Iterator[None]:
    """Within it no garbage is looked for: hundreds of thousands of objects are made, nearly all to stay, and
    going over them again and again takes a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
