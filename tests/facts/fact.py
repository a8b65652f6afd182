"""A figure of the lesson's sources, as it is printed there, and how it is computed here."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np


@dataclass(frozen=True)
class Fact:
    """`Fact("mean absolute error at the start", "0.366001374", lambda: ...)`.

    published  as printed: numbers with spaces between them, or a text
    got        what gives it here: a number, an array of numbers, or a text
    within     how far a number may be off; None is half a unit of its last printed digit, and nothing at all
               for a whole number
    because    why `within` is needed
    """

    what: str
    published: str
    got: Callable[[], object]
    within: float | None = None
    because: str = ""

    def comes_out(self, got) -> bool:
        return _agree(self.published, got, self.within)

    def shown(self, got) -> str:
        return _shown(self.published, got)


@dataclass(frozen=True)
class NotReproduced:
    """A printed figure that does not come out, why, and what comes in its place where something does.

    A `got` that equals `published` fails its test: then the figure belongs among the facts.
    """

    what: str
    published: str
    because: str
    got: Callable[[], object] | None = None

    def comes_out(self, got) -> bool:
        return _agree(self.published, got, None)

    def shown(self, got) -> str:
        return _shown(self.published, got)


def _agree(published: str, got, within: float | None) -> bool:
    if isinstance(got, str):
        return got == published
    got, printed = np.ravel(np.asarray(got, float)), _numbers(published)
    return len(got) == len(printed) and all(
        abs(g - float(p)) <= (_half_a_unit(p) if within is None else within)
        for g, p in zip(got, printed, strict=True)
    )


def _shown(published: str, got) -> str:
    """One number in full; several to the digits that were printed."""
    if isinstance(got, str):
        return got
    got, printed = np.ravel(np.asarray(got, float)), _numbers(published)
    if len(got) == 1 or len(got) != len(printed):
        return " ".join(f"{g:.14g}" for g in got)
    return " ".join(f"{g:.{max(0, -_exponent(p))}f}" for g, p in zip(got, printed, strict=True))


def _numbers(published: str) -> list[Decimal]:
    return [Decimal(word.replace(",", "")) for word in published.split()]


def _half_a_unit(printed: Decimal) -> float:
    """Half a unit of the last printed digit, and a hair for what rounds to even; of a whole number rounding only."""
    return 0.5000001 * 10.0 ** _exponent(printed) if _exponent(printed) < 0 else 1e-9


def _exponent(printed: Decimal) -> int:
    """Of the last printed digit: -2 of "1.25", 0 of "20"."""
    return printed.as_tuple().exponent
