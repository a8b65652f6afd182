"""The order of texts by Microsoft's page on sorting: digits, signs, letters, whose case is ignored; accents,
apostrophes and hyphens count only where all else is alike. LibreOffice has digits behind signs."""

import unicodedata

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


class _Chinese(str):
    """A text with Chinese letters among others. They come after all others; which of two comes first is asked
    for where nothing before them differs."""

    def __lt__(self, other: str) -> bool:
        self._require_an_order(other)
        return str.__lt__(self, other)

    def __le__(self, other: str) -> bool:
        self._require_an_order(other)
        return str.__le__(self, other)

    def __gt__(self, other: str) -> bool:
        self._require_an_order(other)
        return str.__gt__(self, other)

    def __ge__(self, other: str) -> bool:
        self._require_an_order(other)
        return str.__ge__(self, other)

    def _require_an_order(self, other: str) -> None:
        mine, others = next(((a, b) for a, b in zip(self, other, strict=False) if a != b), ("", ""))
        if mine and _is_chinese(mine) and _is_chinese(others):
            raise Misused(
                f"asks for the order of {self[:20]!r} and {other[:20]!r}, of which each language of Excel has"
                " its own"
            )


def _is_chinese(letter: str) -> bool:
    return any(first <= ord(letter) <= last for first, last in _HAN)


def _placed(letter: str) -> str:
    if unicodedata.combining(letter):
        return ""
    return letter if letter in _SIGNS or letter.isalnum() or letter in "-'" else _OTHER_SIGN + letter
