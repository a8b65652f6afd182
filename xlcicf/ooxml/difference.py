"""What makes another book of one: cells told by their place in a part, and parts that only one of them has.

A run changes numbers in thousands of cells, and formulas' results with them; a report adds a sheet. The text
that tells them is a tenth of the file, and with it the file becomes again what it was, part by part and byte
by byte.
"""

import base64
import hashlib
import json
import zlib

from xlcicf.ooxml.package import MAX_PART, Package

MAX_TOLD = 2**24  # letters of a difference, unpacked

_END = b"</c>"  # of a cell that holds something: parts are compared from one to the next


def digest(package: Package) -> str:
    """A SHA-256 of all parts and their names, whatever zip they are in."""
    parts = sorted((name, hashlib.sha256(data).hexdigest()) for name, data in package.items())
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def difference(here: Package, there: Package) -> str | None:
    """What makes `there` of `here`; None where too much differs."""
    parts: dict[str, list | str | None] = {name: None for name in here if name not in there}
    parts |= {name: _text(data) for name, data in there.items() if name not in here}
    parts |= {name: _told(here[name], data) for name, data in there.items() if here.get(name, data) != data}
    if sum(map(_letters, parts.values())) > MAX_TOLD // 2:
        return None
    return base64.b64encode(zlib.compress(json.dumps(parts).encode())).decode()


def made_of(here: Package, text: str) -> Package:
    """The package that a `difference` from this one tells. Raises ValueError for any other text."""
    try:
        told = zlib.decompressobj().decompress(base64.b64decode(text, validate=True), MAX_TOLD)
        parts = {name: _part(here, name, pieces) for name, pieces in json.loads(told).items()}
    except (zlib.error, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"no difference from this book ({error})") from error
    return here.replace(parts)


def _letters(told: list | str | None) -> int:
    if isinstance(told, list):
        return sum(len(text) for _, _, text in told)
    return len(told or "")


def _part(here: Package, name: str, told: list | str | None) -> bytes | None:
    """A part of the other book: None where it has none of that name, a text where only it has one."""
    if told is None:
        return None
    return told.encode("latin-1") if isinstance(told, str) else _made(here[name], told)


def _told(here: bytes, there: bytes) -> list:
    """[first piece of `here`, first after them, what stands there instead], ... from piece to piece."""
    old, new = here.split(_END), there.split(_END)
    if len(old) == len(new):
        return [[i, i + 1, _text(b)] for i, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
    first = _alike(old, new)
    last = _alike(old[first:][::-1], new[first:][::-1])
    return [[first, len(old) - last, _text(_END.join(new[first : len(new) - last]))]]


def _alike(old: list[bytes], new: list[bytes]) -> int:
    """How many pieces are the same from the beginning; not all, so that what differs is never empty."""
    most = min(len(old), len(new)) - 1
    return next((i for i in range(most) if old[i] != new[i]), max(most, 0))


def _made(here: bytes, told: list) -> bytes:
    pieces, made, at = here.split(_END), [], 0
    for first, after, text in told:
        if not at <= first < after <= len(pieces):
            raise ValueError("the pieces are not those of this part")
        made += [*pieces[at:first], text.encode("latin-1")]
        at = after
    data = _END.join([*made, *pieces[at:]])
    if len(data) > MAX_PART:
        raise ValueError("a part would become too large")
    return data


def _text(data: bytes) -> str:
    return data.decode("latin-1")  # each byte a letter, whatever the part is
