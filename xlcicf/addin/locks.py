"""Files that one process holds at a time, by a lock of the operating system: it ends with the process."""

import json
import os
import time
from contextlib import suppress
from pathlib import Path

if os.name == "nt":
    import msvcrt
else:
    import fcntl

_FAR = 2**30  # the byte that is locked on Windows, where a locked byte cannot be read: far behind the text


def taken(lock: Path) -> int | None:
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


def taken_soon(lock: Path) -> int | None:
    """`taken`, tried again for a moment: `is_held` holds the lock while it asks."""
    for _ in range(5):
        descriptor = taken(lock)
        if descriptor is not None:
            return descriptor
        time.sleep(0.02)
    return None


def is_held(lock: Path) -> bool:
    """Whether a process holds the lock of a file."""
    if not lock.exists():
        return False
    descriptor = taken(lock)
    if descriptor is None:
        return True
    release(descriptor, lock)
    return False


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


def release(descriptor: int, lock: Path) -> None:
    if os.name == "nt":  # which removes no file that is open, here or in a process that waits for it
        os.close(descriptor)
        with suppress(OSError):
            lock.unlink()
    else:
        lock.unlink(missing_ok=True)
        os.close(descriptor)
