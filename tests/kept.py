"""What takes long to compute of a book is computed once in a run of the tests, whichever process asks first.

Kept under the book's own bytes and thrown away after the run, so nothing of yesterday is believed.
"""

import functools
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

FOLDER = "XLCICF_TESTS_KEPT"  # the environment variable that tells the processes under -n where
LARGE = 50_000  # bytes of a book; a smaller one is computed sooner than looked up


def begin() -> None:
    """Makes the folder of this run, in the process that starts the others."""
    os.environ[FOLDER] = tempfile.mkdtemp(prefix="xlcicf-tests-")


def end() -> None:
    shutil.rmtree(os.environ.pop(FOLDER), ignore_errors=True)


def kept(compute: Callable[..., bytes], least: int = LARGE) -> Callable[..., bytes]:
    """A function of a book's bytes, and of words, that is computed once in a run, if the book has the least size."""

    @functools.wraps(compute)
    def found(book: bytes, *words: str) -> bytes:
        if FOLDER not in os.environ or len(book) < least:
            return compute(book, *words)
        asked = hashlib.sha256(b"\0".join([*(word.encode() for word in words), book]))
        path = Path(os.environ[FOLDER], f"{compute.__name__}-{asked.hexdigest()}")
        if not path.exists():
            unfinished = path.with_suffix(f".{os.getpid()}")
            unfinished.write_bytes(compute(book, *words))
            unfinished.replace(path)
        return path.read_bytes()

    return found


def kept_json(to_plain: Callable, from_plain: Callable, least: int = LARGE) -> Callable:
    """The same for a function whose result is JSON once it went through `to_plain`."""

    def decorate(compute: Callable) -> Callable:
        @functools.wraps(compute)
        def as_bytes(book: bytes, *words: str) -> bytes:
            return json.dumps(to_plain(compute(book, *words))).encode()

        found = kept(as_bytes, least)
        return functools.wraps(compute)(lambda *asked: from_plain(json.loads(found(*asked))))

    return decorate
