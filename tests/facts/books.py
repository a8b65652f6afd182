"""The shipped lesson books as sources of facts: what is saved in their cells, and what they say when typed into."""

from functools import cache
from pathlib import Path

import numpy as np

from tests import oracles
from tests.lessons.live import Live

WORKBOOKS = Path(__file__).parents[2] / "workbooks"


@cache
def saved(book: str) -> oracles.Values:
    """Address -> the value saved in workbooks/<book>.xlsx."""
    return oracles.saved_values(WORKBOOKS / f"{book}.xlsx")


def cells(book: str, sheet: str, *refs: str) -> np.ndarray:
    """The numbers saved in areas of one sheet, one area after another."""
    return np.array([saved(book)[cell] for ref in refs for cell in oracles.addresses(sheet, ref)])


@cache
def typed(book: str, *into: tuple[str, object]) -> Live:
    """The book in a calculator, after these values were typed into these cells."""
    live = Live(WORKBOOKS / f"{book}.xlsx")
    for cell, value in into:
        live[cell] = value
    return live
