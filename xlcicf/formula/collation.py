"""The order of texts by Microsoft's page on sorting: digits, signs, letters, whose case is ignored; accents,
apostrophes and hyphens count only where all else is alike."""

import unicodedata

_SIGNS = {sign: place for place, sign in enumerate(' !"#$%&()*,./:;?@[\\]^_`{|}~+<=>')}


def order_key(text: str) -> tuple[list[tuple[int, int, str]], str]:
    """What texts are ordered by: letters without accents, hyphens and apostrophes left out; then all."""
    folded = text.casefold()
    plain = (letter for letter in unicodedata.normalize("NFD", folded) if not unicodedata.combining(letter))
    return [(*_rank(letter), letter) for letter in plain if letter not in "-'"], folded


def _rank(letter: str) -> tuple[int, int]:
    if letter.isalpha() or letter.isdigit():
        return (2 if letter.isalpha() else 0), 0
    return 1, _SIGNS.get(letter, len(_SIGNS))
