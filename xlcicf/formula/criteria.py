"""What MATCH, COUNTIF and their kind take for a hit: equality with wildcards, criteria such as ">=0.5"."""

import math
import operator
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache

import numpy as np

from xlcicf.formula.collation import order_key
from xlcicf.formula.context import Fails
from xlcicf.formula.dates import first_day
from xlcicf.formula.grid import CellError
from xlcicf.formula.number_in_text import number_in_text
from xlcicf.formula.plain import NOWHERE, Cells, Places
from xlcicf.formula.snapshot import ERRORS

Find = Callable[[Cells], Places]

MOST_LETTERS = 255  # of a criterion
_CRITERION = re.compile(r"(>=|<=|<>|>|<|=)?(.*)", re.DOTALL)
_PIECE = re.compile(r"~[*?~]|.", re.DOTALL)
_ORDER = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


class Criterion:
    """What meets a criterion of COUNTIFS such as 3, "male", "m*", ">=0.5", "<>x" or "" (empty).

    Numbers are compared by their first 15 digits, as a text has them: a cell meets its own value, and ">"&A1
    is not met by A1.

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
    """One object for equal criteria. Raises Fails("#VALUE!") for more letters than Excel looks for."""
    if isinstance(criterion, str) and len(criterion) > MOST_LETTERS:
        raise Fails("#VALUE!", f"looks for a text of more than {MOST_LETTERS} letters")
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
    """Letters' case is ignored, but ß is no ss; * and ? in a text stand for others, ~ for none."""
    if isinstance(wanted, CellError):
        return lambda cells: cells.errors.get(str(wanted), NOWHERE)
    if isinstance(wanted, str):
        return _text(wanted.lower())
    if isinstance(wanted, bool):
        return lambda cells: cells.truths(wanted)
    assert isinstance(wanted, float)
    return lambda cells: cells.between(wanted, wanted)


def _text(wanted: str) -> Find:
    kept = without_loose_tildes(wanted)
    if wanted and not kept:
        return _nothing
    pieces = _PIECE.findall(kept)
    if "*" not in pieces and "?" not in pieces:
        plain = "".join(piece[-1] for piece in pieces)
        return lambda cells: cells.texts.get(plain, NOWHERE)
    like = wildcards(kept)
    return lambda cells: cells.of_texts(lambda text: like.fullmatch(text) is not None)


def without_loose_tildes(wanted: str) -> str:
    """The text without those ~ that no *, ? or ~ follows."""
    return "".join(piece for piece in _PIECE.findall(wanted) if piece != "~")


def wildcards(wanted: str) -> re.Pattern:
    """What a text with * and ? stands for; ~ before one of these means the sign itself.

    What stands between two * is looked for at the first place where it fits: another place would do no
    better, and to try them all would take for ever."""
    parts: list[list[str]] = [[]]
    for piece in _PIECE.findall(wanted):
        if piece == "*":
            parts.append([])
        else:
            parts[-1].append("." if piece == "?" else re.escape(piece[-1]))
    first, *others = map("".join, parts)
    between = [f"(?>.*?{part})" for part in others[:-1] if part]
    return re.compile(first + "".join(between) + "".join(f".*{part}" for part in others[-1:]), re.DOTALL)


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
    if sign == "<>":
        return _equal_number(wanted) if isinstance(wanted, float) else equals(wanted), True
    return _counts_as(wanted), False


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
        key = order_key(wanted)
        return lambda cells: cells.of_texts(lambda other: _ORDER[sign](order_key(other), key))
    if isinstance(wanted, bool):
        meant = [truth for truth in (False, True) if _ORDER[sign](truth, wanted)]
        return lambda cells: np.sort(np.concatenate([NOWHERE, *(cells.truths(truth) for truth in meant)]))
    assert isinstance(wanted, float)
    low, high = _alike(wanted)
    ends = {
        ">": (high, math.inf, (False, True)),
        ">=": (low, math.inf, (True, True)),
        "<": (-math.inf, low, (True, False)),
        "<=": (-math.inf, high, (True, True)),
    }
    return lambda cells: cells.between(*ends[sign])


def _alike(number: float) -> tuple[float, float]:
    """The least and the greatest number with the same first 15 digits."""
    shown = f"{number + 0.0:.14e}"  # 0 without a sign
    middle = Decimal(shown)
    half = Decimal(5).scaleb(middle.adjusted() - 15) if middle else Decimal(0)
    ends = []
    for end, inside in ((middle - half, math.inf), (middle + half, -math.inf)):
        at = float(end)
        while math.isinf(at) or f"{at:.14e}" != shown:
            at = math.nextafter(at, inside)
        ends.append(at)
    return ends[0], ends[1]


def _from_criterion(text: str) -> object:
    number = number_in_text(text)
    if number is not None:
        return number
    if text.upper() in ERRORS:
        return CellError(text.upper())
    return {"true": True, "false": False}.get(text.casefold(), text)


def _equal_number(wanted: float) -> Find:
    """The text "3" is none: it meets "=3" and "<>3" alike."""
    low, high = _alike(wanted)
    return lambda cells: cells.between(low, high)


def _counts_as(wanted: object) -> Find:
    """Equal, a number written as text included: COUNTIF is the one function that takes "3" for 3."""
    if not isinstance(wanted, float):
        return equals(wanted)
    low, high = _alike(wanted)

    def find(cells: Cells) -> Places:
        numbers, texts = cells.between(low, high), cells.between_in_texts(low, high)
        return np.union1d(numbers, texts) if len(texts) else numbers

    return find
