"""The file with a model card: written whole, and only over one that xlcicf wrote and nobody edited since.

A comment at its end, which no reader of Markdown shows, holds the SHA-256 of all above it.
"""

import hashlib
import os
import re
import stat
from pathlib import Path

from xlcicf.errors import BookError
from xlcicf.ooxml.replacing import create_file, replace_file

MAX_BYTES = 16 * 2**20  # a card with every field full has fewer

_MARK = "<!-- written by xlcicf card; sha256 of the text above: {} -->\n"
_MARKS = re.compile(re.escape(_MARK.strip()).replace(r"\{\}", "([0-9a-f]{64})"))
# What a link, a pipe, and Windows' own line ends would else do to an open or a read
_SAFELY = sum(getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC"))


def path_beside(book: str | os.PathLike) -> Path:
    """The card's usual file: titanic-card.md beside titanic.xlsx."""
    book = Path(book)
    return book.with_name(f"{book.stem}-card.md")


def write_card(path: str | os.PathLike, text: str) -> None:
    """Writes a card and its mark, whole or not at all; what another program wrote there meanwhile stays.

    Raises what `require_ours` raises, and BookError where the file cannot be written.
    """
    text = text.lstrip("\ufeff").rstrip() + "\n\n"  # editors put that mark before a text, or take it away
    path = Path(path)
    data = (text + _MARK.format(_hash(text))).encode()
    try:
        before = _read_ours(path)
        if before is None:
            create_file(path, data)
        else:
            replace_file(path, data, check=lambda: _require_same(path, before))
    except FileExistsError:
        raise BookError(f"{path} came into being this moment; look at it, then try again") from None
    except OSError as error:
        raise BookError(
            f"{path} cannot be written ({error.strerror}); choose another file with --out"
        ) from error


def require_ours(path: str | os.PathLike) -> None:
    """Raises BookError, naming the file and the way out, where something stands at `path` that xlcicf did not
    write, or that a person edited after xlcicf wrote it."""
    _read_ours(Path(path))


def _read_ours(path: Path) -> bytes | None:
    """What a file that is ours holds; None where there is none."""
    data = _read(path)
    if data is None:
        return None
    text = data.decode("utf-8", errors="replace").removeprefix("\ufeff").replace("\r\n", "\n")
    marks = list(_MARKS.finditer(text))
    if not marks:
        raise _refusal(path, "was not written by xlcicf")
    if _hash(text[: marks[-1].start()]) != marks[-1][1] or text[marks[-1].end() :].strip():
        raise _refusal(path, "was edited after xlcicf wrote it")
    return data


def _read(path: Path) -> bytes | None:
    """The file's bytes, None where nothing is there. Never waits, as a pipe would have it."""
    try:
        if path.is_symlink():
            raise _refusal(path, "is a link")
        if path.is_dir():
            raise _refusal(path, "is a folder")
        with os.fdopen(os.open(path, os.O_RDONLY | _SAFELY), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise _refusal(path, "is no ordinary file")
            if status.st_size > MAX_BYTES:
                raise _refusal(path, "was not written by xlcicf")
            if not status.st_mode & 0o222 or not os.access(path, os.W_OK):
                raise _refusal(path, "is read-only")
            return file.read()
    except FileNotFoundError:
        if not path.parent.is_dir():
            raise BookError(
                f"there is no folder {path.parent}; make it first, or choose another file with --out"
            ) from None
        return None
    except OSError as error:
        raise _refusal(path, f"cannot be read ({error.strerror})") from error


def _require_same(path: Path, before: bytes) -> None:
    if _read(path) != before:
        raise BookError(f"{path} was changed this moment by another program; look at it, then try again")


def _refusal(path: Path, why: str) -> BookError:
    return BookError(f"{path} {why} and stays as it is; choose another file with --out, or delete it")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
