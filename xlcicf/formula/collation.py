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

    Raises Misused for Chinese letters, whose order the language of each Excel decides."""
    folded = text.casefold()
    if folded.isascii():
        return folded.translate(_PLACES), folded
    letters = unicodedata.normalize("NFD", folded)
    if any(first <= ord(letter) <= last for letter in letters for first, last in _HAN):
        raise Misused(f"asks for the order of {text[:20]!r}, which Excel has in each language its own of")
    return "".join(map(_placed, letters)).translate(_PLACES), folded


def _placed(letter: str) -> str:
    if unicodedata.combining(letter):
        return ""
    return letter if letter in _SIGNS or letter.isalnum() or letter in "-'" else _OTHER_SIGN + letter
