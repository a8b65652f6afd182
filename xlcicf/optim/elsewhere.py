"""Work in parts that do not depend on each other, some of them done by other processes to the same result."""

import time
from collections.abc import Callable, Generator
from typing import Protocol, TypeVar

WORTH = 10.0  # seconds of work left, from which on other processes are worth their start

T = TypeVar("T")
Part = TypeVar("Part", covariant=True)


class Elsewhere(Protocol[Part]):
    """Other processes that can do the same parts."""

    def begin(self, parts: range, seconds: float) -> None:
        """They do some of these parts, the last first. All of them would take so many seconds here."""
        ...

    def take(self, part: int) -> Part | None:
        """What another process has found; None where the part is for the caller to do."""
        ...

    def end(self) -> None:
        """Nobody wants any more of them."""
        ...


class Nowhere:
    """There are no other processes."""

    def begin(self, parts: range, seconds: float) -> None:
        pass

    def take(self, part: int) -> None:
        return None

    def end(self) -> None:
        pass


def in_order(parts: int, here: Callable[[int], T], elsewhere: Elsewhere[T]) -> Generator[T, None, None]:
    """Each part in its order, whoever does it; others are asked where what is left is seen to be worth it."""
    began, is_shared = time.monotonic(), False
    try:
        for part in range(parts):
            seconds = (time.monotonic() - began) / max(1, part) * (parts - part)
            if part and not is_shared and seconds > WORTH:
                elsewhere.begin(range(part + 1, parts), seconds)
                is_shared = True
            found = elsewhere.take(part) if is_shared else None
            yield here(part) if found is None else found
    finally:
        elsewhere.end()
