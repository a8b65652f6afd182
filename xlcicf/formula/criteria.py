"""What MATCH, COUNTIF and their kind take for a hit: equality with wildcards, criteria such as ">=0.5"."""

import math
import operator
import re
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from xlcicf.formula.dates import first_day
from xlcicf.formula.grid import CellError
from xlcicf.formula.number_in_text import number_in_text
from xlcicf.formula.plain import NOWHERE, Cells, Places
from xlcicf.formula.snapshot import ERRORS

Find = Callable[[Cells], Places]

_CRITERION = re.compile(r"(>=|<=|<>|>|<|=)?(.*)", re.DOTALL)
_PIECE = re.compile(r"~[*?~]|.", re.DOTALL)
_ORDER = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


class Criterion:
    """What meets a criterion of COUNTIFS such as 3, "male", "m*", ">=0.5", "<>x" or "" (empty).

    blank_too  whether an empty cell does
    """

    def __init__(self, criterion: object):
        self._find, self._others = _meant(0.0 if criterion is None else criterion)
        self.blank_too = (self._find in (_blanks, _empties)) != self._others

    def places(self, cells: Cells) -> Places:
        """Where it is met."""
        return cells.remembered(self, self._look)

    def _look(self, cells: Cells) -> Places:
        found = self._find(cells)
        return np.delete(np.arange(len(cells)), found) if self._others else found


def criterion_of(criterion: object) -> Criterion:
    """One object for equal criteria."""
    return _criterion_of(criterion, first_day())


@lru_cache(maxsize=4096, typed=True)
def _criterion_of(criterion: object, counted_from: int) -> Criterion:
    return Criterion(criterion)


def places_met(ranges: Sequence[Cells], criteria: Sequence[Criterion]) -> Places:
    """Where all criteria are met, each in its own range; the ranges are of one size."""
    found = [criterion.places(cells) for cells, criterion in zip(ranges, criteria, strict=True)]
    found.sort(key=len)
    met = found[0]
    for places in found[1:]:
        met = met[_is_among(met, places)]
    return met


def _is_among(few: Places, many: Places) -> np.ndarray:
    """Which of `few` places are among `many`."""
    at = np.searchsorted(many, few)
    return np.take(many, np.minimum(at, len(many) - 1)) == few if len(many) else np.zeros(len(few), bool)


def equals(wanted: object) -> Find:
    """Letters' case is ignored, * and ? in a text stand for others."""
    if isinstance(wanted, CellError):
        return lambda cells: cells.errors.get(str(wanted), NOWHERE)
    if isinstance(wanted, str):
        return _text(wanted.casefold())
    if isinstance(wanted, bool):
        return lambda cells: cells.truths(wanted)
    assert isinstance(wanted, float)
    return lambda cells: cells.between(wanted, wanted)


def _text(wanted: str) -> Find:
    pieces = _PIECE.findall(wanted)
    if "*" not in pieces and "?" not in pieces:
        plain = "".join(piece[-1] for piece in pieces)
        return lambda cells: cells.texts.get(plain, NOWHERE)
    like = wildcards(wanted)
    return lambda cells: cells.of_texts(lambda text: like.fullmatch(text) is not None)


def wildcards(wanted: str) -> re.Pattern:
    """What a text with * and ? stands for; ~ before one of these means the sign itself."""
    signs = {"*": ".*", "?": "."}
    return re.compile("".join(signs.get(p) or re.escape(p[-1]) for p in _PIECE.findall(wanted)), re.DOTALL)


def _meant(criterion: object) -> tuple[Find, bool]:
    """How to find what a criterion means, and whether it means all others."""
    if not isinstance(criterion, str) or isinstance(criterion, CellError):
        return _counts_as(criterion), False
    match = _CRITERION.fullmatch(criterion)
    assert match
    sign, text = match[1] or "", match[2]
    if text == "":
        return {"": _empties, "=": _blanks, "<>": _blanks}.get(sign, _nothing), sign == "<>"
    wanted = _from_criterion(text)
    if sign in _ORDER:
        return _ordered(sign, wanted), False
    return _counts_as(wanted), sign == "<>"


def _nothing(cells: Cells) -> Places:
    return NOWHERE


def _blanks(cells: Cells) -> Places:
    return cells.blanks()


def _empties(cells: Cells) -> Places:
    """Empty cells, and those that show an empty text."""
    return np.union1d(cells.blanks(), cells.texts.get("", NOWHERE))


def _ordered(sign: str, wanted: object) -> Find:
    """What is greater or less, of the same kind only."""
    if isinstance(wanted, CellError):
        return _nothing
    if isinstance(wanted, str):
        text = wanted.casefold()
        return lambda cells: cells.of_texts(lambda other: _ORDER[sign](other, text))
    if isinstance(wanted, bool):
        meant = [truth for truth in (False, True) if _ORDER[sign](truth, wanted)]
        return lambda cells: np.sort(np.concatenate([NOWHERE, *(cells.truths(truth) for truth in meant)]))
    assert isinstance(wanted, float)
    itself = "=" in sign
    if sign.startswith(">"):
        return lambda cells: cells.between(wanted, math.inf, (itself, True))
    return lambda cells: cells.between(-math.inf, wanted, (True, itself))


def _from_criterion(text: str) -> object:
    number = number_in_text(text)
    if number is not None:
        return number
    if text.upper() in ERRORS:
        return CellError(text.upper())
    return {"true": True, "false": False}.get(text.casefold(), text)


def _counts_as(wanted: object) -> Find:
    """Equal, a number written as text included: COUNTIF is the one function that takes "3" for 3."""
    hit = equals(wanted)
    if not isinstance(wanted, float):
        return hit
    return lambda cells: np.union1d(hit(cells), cells.numbers_in_texts.get(wanted, NOWHERE))
