"""One run a book: who holds it, and the wish that it stop. Files of the user's own, never beside the book.

A run holds a lock of the operating system on its file, which ends with the process however that ends: so no
run that was killed blocks the next one.
"""

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from xlcicf.errors import BookError, TrainingError

if os.name == "nt":
    import msvcrt
else:
    import fcntl

_FAR = 2**30  # the byte that is locked on Windows, where a locked byte cannot be read: far behind the text


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
        descriptor = _locked_soon(lock)
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
        _release(descriptor, lock)


def running(fullname: str | os.PathLike) -> bool:
    """Whether a run holds the book."""
    lock, _ = _files(fullname)
    if not lock.exists():
        return False
    descriptor = _locked(lock)
    if descriptor is None:
        return True
    _release(descriptor, lock)
    return False


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
        descriptor = _locked(lock)
        if descriptor is not None:
            _release(descriptor, lock)
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


def _locked_soon(lock: Path) -> int | None:
    """`_locked`, tried again for a moment: `running` holds the lock while it asks."""
    for _ in range(5):
        descriptor = _locked(lock)
        if descriptor is not None:
            return descriptor
        time.sleep(0.02)
    return None


def _locked(lock: Path) -> int | None:
    """A descriptor of the lock file that holds its lock; None where another process does."""
    while True:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not _lock(descriptor):
                os.close(descriptor)
                return None
            if _is_current(descriptor, lock):
                os.ftruncate(descriptor, 0)
                os.write(descriptor, json.dumps({"pid": os.getpid()}).encode())
                return descriptor
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)  # the last run removed the file in between


def _lock(descriptor: int) -> bool:
    try:
        if os.name == "nt":
            os.lseek(descriptor, _FAR, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            os.lseek(descriptor, 0, os.SEEK_SET)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _is_current(descriptor: int, lock: Path) -> bool:
    """Whether the file that is open is still the one of that name."""
    try:
        return os.path.samestat(os.fstat(descriptor), lock.stat())
    except FileNotFoundError:
        return False


def _release(descriptor: int, lock: Path) -> None:
    if os.name == "nt":  # which removes no file that is open, here or in a process that waits for it
        os.close(descriptor)
        with suppress(OSError):
            lock.unlink()
    else:
        lock.unlink(missing_ok=True)
        os.close(descriptor)


def _holder(lock: Path) -> str:
    try:
        return f"process {json.loads(lock.read_text())['pid']}"
    except (OSError, ValueError, KeyError):
        return "by another process"
