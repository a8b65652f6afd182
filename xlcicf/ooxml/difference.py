"""What makes another book of one, where both have the same parts: cells told by their place in a part.

A run changes numbers in thousands of cells, and formulas' results with them. The text that tells them is a
tenth of the file, and with it the file becomes again what it was, part by part and byte by byte.
"""

import base64
import hashlib
import json
import zlib

from xlcicf.ooxml.package import MAX_PART, Package

MAX_TOLD = 2**26  # bytes of a difference, unpacked

_END = b"</c>"  # of a cell that holds something: parts are compared from one to the next


def digest(package: Package) -> str:
    """A SHA-256 of all parts and their names, whatever zip they are in."""
    parts = sorted((name, hashlib.sha256(data).hexdigest()) for name, data in package.items())
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def difference(here: Package, there: Package) -> str | None:
    """What makes `there` of `here`; None where one of them has a part that the other has not."""
    if here.keys() != there.keys():
        return None
    parts = {name: _told(data, there[name]) for name, data in here.items() if data != there[name]}
    return base64.b64encode(zlib.compress(json.dumps(parts).encode())).decode()


def made_of(here: Package, text: str) -> Package:
    """The package that a `difference` from this one tells. Raises ValueError for any other text."""
    try:
        told = zlib.decompressobj().decompress(base64.b64decode(text, validate=True), MAX_TOLD)
        parts = {name: _made(here[name], pieces) for name, pieces in json.loads(told).items()}
    except (zlib.error, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"no difference from this book ({error})") from error
    return here.replace(parts)


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
