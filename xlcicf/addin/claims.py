"""One run a book: who holds it, and the wish that it stop. Files of the user's own, never beside the book.

A run holds a lock (`locks`) on its file: so no run that was killed blocks the next one.
"""

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xlcicf.addin.locks import is_held, release, taken, taken_soon
from xlcicf.errors import BookError, TrainingError


class Claim:
    """A book held by this process until the run is over."""

    def __init__(self, wish: Path):
        self._wish = wish

    @property
    def is_stop_wanted(self) -> bool:
        return self._wish.exists()


@contextmanager
def claim(fullname: str | os.PathLike) -> Iterator[Claim]:
    """Holds a book. Raises TrainingError where another run does, BookError where no file can be written."""
    lock, wish = _files(fullname)
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        descriptor = taken_soon(lock)
        if descriptor is None:
            raise TrainingError(
                f"{os.path.basename(fullname)} is being trained already ({_holder(lock)}); press Stop first"
            )
    except OSError as error:
        raise BookError(
            f"{lock.parent} cannot be written ({error.strerror}), where runs are noted; check it and the disk"
        ) from error
    try:
        wish.unlink(missing_ok=True)
        yield Claim(wish)
    finally:
        wish.unlink(missing_ok=True)
        release(descriptor, lock)


def running(fullname: str | os.PathLike) -> bool:
    """Whether a run holds the book."""
    return is_held(_files(fullname)[0])


def stop(fullname: str | os.PathLike) -> bool:
    """Asks the run that holds the book to stop; False where there is none."""
    if not running(fullname):
        return False
    _files(fullname)[1].touch()
    return True


def forget() -> list[Path]:
    """Removes the notes of runs that are over, and folders where nothing is left; returns the folders."""
    place, removed = folder(), []
    for lock in sorted(place.glob("*.lock")):
        descriptor = taken(lock)
        if descriptor is not None:
            release(descriptor, lock)
            lock.unlink(missing_ok=True)
            lock.with_suffix(".stop").unlink(missing_ok=True)
    for empty in (place, place.parent):
        if empty.is_dir() and not any(empty.iterdir()):
            empty.rmdir()
            removed.append(empty)
    return removed


def folder() -> Path:
    """Where runs are noted, by the system's custom."""
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"), "xlcicf", "runs")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "xlcicf" / "runs"
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state", "xlcicf", "runs")


def _files(fullname: str | os.PathLike) -> tuple[Path, Path]:
    """The lock of a book and the wish that its run stop."""
    name = os.path.normcase(os.path.realpath(fullname))
    key = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return folder() / f"{key}.lock", folder() / f"{key}.stop"


def _holder(lock: Path) -> str:
    try:
        return f"process {json.loads(lock.read_text())['pid']}"
    except (OSError, ValueError, KeyError):
        return "by another process"
