"""How a task reaches the process that waits for one with everything loaded: as a file of the user's own.

Who has a task writes it beside the notes of runs (`claims`), who waits takes it away. That needs no port and
no relation between the two processes, and is the same on every system.
"""

import hashlib
import json
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from xlcicf import __version__
from xlcicf.addin import claims
from xlcicf.addin.locks import is_held, release, taken_soon

TICK = 0.05  # seconds; how often who waits looks for a task
TAKEN = 1.0  # seconds in which a task is taken, or is its owner's again
OLD = 60.0  # seconds after which a task, or half of one, has no owner any more

Task = dict  # as JSON has it
Next = Callable[[float], Task | None]


def is_awaited() -> bool:
    """Whether a process waits for a task."""
    try:
        return is_held(_lock())
    except OSError:
        return False


def hand_over(task: Task) -> bool:
    """Whether a process that waits has taken the task; else it is for the caller to start one."""
    if not is_awaited():
        return False
    file = _lock().with_name(f"{_KEY}-{uuid.uuid4().hex}.task")
    draft = file.with_suffix(".draft")
    try:
        draft.touch(0o600)
        draft.write_text(json.dumps(task), encoding="utf-8")
        os.replace(draft, file)
    except OSError:
        return False
    deadline = time.monotonic() + TAKEN
    while file.exists():
        if time.monotonic() > deadline:
            with suppress(FileNotFoundError):  # it was taken at the last moment
                file.unlink()
                return False
        time.sleep(TICK / 5)
    return True


@contextmanager
def waiting() -> Iterator[Next | None]:
    """Waits for tasks while the body runs, which asks for them: for the next one at most so many seconds.

    None where a process waits already, or no file can be written.
    """
    descriptor, lock = None, _lock()
    with suppress(OSError):
        lock.parent.mkdir(parents=True, exist_ok=True)
        descriptor = taken_soon(lock)
    if descriptor is None:
        yield None
        return
    try:
        _clear()
        yield _next
    finally:
        release(descriptor, lock)


def _next(seconds: float) -> Task | None:
    deadline = time.monotonic() + seconds
    while True:
        for file in sorted(claims.folder().glob(f"{_KEY}-*.task")):
            with suppress(FileNotFoundError):  # its owner has taken it back
                mine = file.replace(file.with_suffix(".taken"))
                task = json.loads(mine.read_text(encoding="utf-8"))
                mine.unlink()
                return task
        if time.monotonic() > deadline:
            return None
        time.sleep(TICK)


def _clear() -> None:
    """Removes what processes have left that were killed in between."""
    for file in claims.folder().glob(f"{_KEY}-*"):
        with suppress(OSError):
            if time.time() - file.stat().st_mtime > OLD:
                file.unlink()


# Who waits has loaded one version of the code, out of one installation.
_KEY = "waiting-" + hashlib.sha256(f"{__version__} {sys.executable}".encode()).hexdigest()[:16]


def _lock() -> Path:
    return claims.folder() / f"{_KEY}.lock"
