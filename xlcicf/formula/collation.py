"""The order of texts by Microsoft's page on sorting: digits, signs, letters, whose case is ignored; accents,
apostrophes and hyphens count only where all else is alike. LibreOffice has digits behind signs."""

import unicodedata
from collections.abc import Callable

from xlcicf.formula.context import Misused

_IN_ORDER = '0123456789 !"#$%&()*,./:;?@[\\]^_`{|}~+<=>'
_SIGNS = {sign: chr(1 + place) for place, sign in enumerate(_IN_ORDER)}
_OTHER_SIGN = "A"  # before a sign of which the page says nothing: between places and letters in lower case
_PLACES = str.maketrans({**_SIGNS, "-": None, "'": None})
_HAN = (0x2E80, 0x2FDF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)


def order_key(text: str) -> tuple[str, str]:
    """What texts are ordered by: letters without accents, hyphens and apostrophes left out; then all.

    To compare two of these raises Misused where Chinese letters decide: each language of Excel has its own
    order of them."""
    folded = text.casefold()
    if folded.isascii():
        return folded.translate(_PLACES), folded
    letters = unicodedata.normalize("NFD", folded)
    placed = "".join(map(_placed, letters)).translate(_PLACES)
    return _Chinese(placed) if any(map(_is_chinese, letters)) else placed, folded


def _asked(compare: Callable[[str, str], bool]) -> Callable[[str, str], bool]:
    """The comparison. Raises Misused where the first letters that differ are both Chinese."""

    def compared(a: str, b: str) -> bool:
        mine, others = next(((x, y) for x, y in zip(a, b, strict=False) if x != y), ("", ""))
        if mine and _is_chinese(mine) and _is_chinese(others):
            raise Misused(
                f"asks for the order of {a[:20]!r} and {b[:20]!r}: each language of Excel has its own"
            )
        return compare(a, b)

    return compared


class _Chinese(str):
    """A text with Chinese letters among others, all of which come before them."""

    __lt__, __le__ = _asked(str.__lt__), _asked(str.__le__)
    __gt__, __ge__ = _asked(str.__gt__), _asked(str.__ge__)


def _is_chinese(letter: str) -> bool:
    return any(first <= ord(letter) <= last for first, last in _HAN)


def _placed(letter: str) -> str:
    if unicodedata.combining(letter):
        return ""
    return letter if letter in _SIGNS or letter.isalnum() or letter in "-'" else _OTHER_SIGN + letter
