"""A file's new content, whole or not at all, with the owner, permissions and links that the file had.

It is written beside the file, flushed to the disk and renamed into its place. A rename would cut a file of
several names (hard links) off from the others, and no system replaces the content under all names at once:
such a file is rewritten in place, from a whole copy beside it that stays until that is done. A process that
is killed meanwhile leaves a half-written file and the copy; the next one that opens the file completes it.

While a process writes, it holds a lock on what it writes beside the file: whatever nobody holds was left by a
process that was killed, and goes when the file is written next.
"""

import os
import re
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from xlcicf.errors import BookError

if os.name == "nt":
    fcntl = None
else:
    import fcntl

OLD = 60.0  # seconds, after which nobody writes beside a file any more, where the system has no such locks

_SHOWN = 40  # letters of a file's name in that of a draft of it: 255 bytes are all that a name may have
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_THERE = os.O_RDWR | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
_BEGINNING = 64  # bytes that a half-written file has in common with its copy, and no other program's file
_ACCESS_LIST = "system.posix_acl_access"


def replace_file(
    path: Path,
    data: bytes,
    like: Path | None = None,
    source: Path | None = None,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Gives a file its new content. Raises OSError, with the file as it was.

    like    the book that the file belongs to: it takes that one's owner, group and permissions, as far as the
            system allows. Without it the file keeps its own, and its other names
    source  where there is no such file yet: what the content was made from; the new file, under the umask, is
            open to nobody else. Without it the umask alone decides
    check   called just before the content is replaced: what it raises leaves the old file
    """
    _clear_drafts(path)
    copy = None if like else _whole_copy(path)
    with _written_beside(path, data, like or path, source) as draft:
        check()
        if copy and path.stat().st_nlink > 1:
            os.replace(draft, copy)
            _sync_folder(path.parent)
            _rewrite(path, data, copy)
        else:
            os.replace(draft, path)
    _sync_folder(path.parent)
    if copy:
        _clear(copy)


def create_file(path: Path, data: bytes) -> None:
    """A new file, whole or not at all. Raises FileExistsError where by then there is one."""
    _clear_drafts(path)
    with _written_beside(path, data, path, None) as draft:
        try:
            os.link(draft, path)  # which replaces nothing, as a rename would
        except FileExistsError:
            raise
        except OSError:  # on a disk without such links the name is taken first
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            os.replace(draft, path)
    _sync_folder(path.parent)


@contextmanager
def _written_beside(path: Path, data: bytes, like: Path, source: Path | None) -> Iterator[Path]:
    """A draft with that content, on the disk, and locked while the body runs; gone in the end."""
    descriptor, draft = _draft(path, like, source)
    held = os.dup(descriptor) if fcntl else None  # keeps the lock until the draft stands in its place
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)
        if held is not None:
            os.close(held)


def completed(path: Path) -> bool:
    """Whether a file that cannot be read was half written, and is now whole. Raises BookError where another
    process is at it, or where it cannot be completed."""
    path = Path(os.path.realpath(path))
    copy = _whole_copy(path)
    if copy is None or not copy.exists():
        return False
    try:
        with _nobody_writes(copy) as is_left:
            if not is_left:
                raise BookError(f"{path.name} is being written just now; try again in a moment")
            whole = copy.read_bytes()
            if path.read_bytes()[:_BEGINNING] != whole[:_BEGINNING]:
                return False  # another program has made something else of it since
            with _open_to_write(path) as descriptor:
                _write_over(descriptor, whole)
            copy.unlink()
    except OSError as error:
        raise BookError(
            f"{path.name} was half written by a process that was killed, and cannot be completed from"
            f" {copy.name} beside it ({error.strerror}); make it writable, or copy that file over it"
        ) from error
    return True


def _rewrite(path: Path, data: bytes, copy: Path) -> None:
    """Writes over a file in place; where that fails it holds again what it held. Then it needs no copy."""
    is_whole = True
    try:
        with _open_to_write(path) as descriptor:
            before = path.read_bytes()
            is_whole = False
            try:
                _write_over(descriptor, data)
            except BaseException:
                _write_over(descriptor, before)
                is_whole = True
                raise
            is_whole = True
    finally:
        if is_whole:
            copy.unlink()


def _write_over(descriptor: int, data: bytes) -> None:
    """Writes over an open file, in such an order that at no moment it can be read but as before or after."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    _write_all(descriptor, data[:_BEGINNING])
    if len(data) < os.fstat(descriptor).st_size:  # a zip can be read with something else behind its end
        os.ftruncate(descriptor, len(data))
    _write_all(descriptor, data[_BEGINNING:])
    os.fsync(descriptor)


@contextmanager
def _open_to_write(path: Path) -> Iterator[int]:
    descriptor = os.open(path, _THERE)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _whole_copy(path: Path) -> Path | None:
    """Where the copy of a file of several names stands, by whichever of them in this folder; None where there
    is no such file."""
    try:
        return path.with_name(f".xlcicf-{path.stat().st_ino:x}.whole")
    except FileNotFoundError:
        return None


# ---- what stands beside a file -----------------------------------------------------------------------------


def _draft(path: Path, like: Path, source: Path | None) -> tuple[int, Path]:
    """(descriptor, path) of a new file beside `path`, locked, with the permissions that it shall have."""
    exists = like.exists()
    mode = 0o600 if exists else _mode_like(source, path.parent)
    while True:
        draft = path.with_name(f".{path.name[:_SHOWN]}.{os.urandom(8).hex()}.xlcicf.tmp")
        descriptor = os.open(draft, _NEW, mode)
        try:
            if _lock(descriptor) is not False and draft.exists():
                if exists:
                    _take_permissions(descriptor, like, with_attributes=like == path)
                return descriptor, draft
        except BaseException:
            os.close(descriptor)
            draft.unlink(missing_ok=True)
            raise
        os.close(descriptor)  # another process is clearing up, and took it for one that was left


def _clear_drafts(path: Path) -> None:
    """Removes the drafts of a file that were left."""
    ours = re.compile(rf"\.{re.escape(path.name[:_SHOWN])}\.[0-9a-f]{{16}}\.xlcicf\.tmp")
    with suppress(OSError):
        for name in os.listdir(path.parent):
            if ours.fullmatch(name):
                _clear(path.with_name(name))


def _clear(file: Path) -> None:
    """Removes a file beside another, if it is there and nobody writes it."""
    with suppress(OSError), _nobody_writes(file) as is_left:
        if is_left:
            file.unlink()


@contextmanager
def _nobody_writes(file: Path) -> Iterator[bool]:
    """Whether a file was left; as long as the body runs, no other process finds so too. Raises OSError."""
    if not fcntl:
        yield time.time() - file.stat().st_mtime > OLD
        return
    with _open_to_write(file) as descriptor:
        is_locked = _lock(descriptor)
        is_old = time.time() - os.fstat(descriptor).st_mtime > OLD
        yield is_old if is_locked is None else is_locked


def _lock(descriptor: int) -> bool | None:
    """Locks a file while it is open: False where another process has, None where the system has no locks."""
    if fcntl:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False
        except OSError:  # of a file system of its own kind
            pass
    return None


def _sync_folder(folder: Path) -> None:
    """Makes the rename itself durable, where the file system knows that; the file is replaced by then."""
    if os.name == "posix":
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


# ---- permissions -------------------------------------------------------------------------------------------


def _take_permissions(descriptor: int, like: Path, with_attributes: bool) -> None:
    """Owner, group, mode and access list of another file, as far as the system allows; where it does not, the
    new file is open to fewer people, never to more. On Windows a file has the permissions of its folder.

    with_attributes  what programs have noted about the file, too
    """
    if not hasattr(os, "fchown"):
        return
    wanted = like.stat()
    for owner in ((-1, wanted.st_gid), (wanted.st_uid, -1)):  # giving to one's own groups is free
        with suppress(OSError):
            os.fchown(descriptor, *owner)
    mode = stat.S_IMODE(wanted.st_mode) & 0o777
    access = _attribute(like, _ACCESS_LIST)
    if os.fstat(descriptor).st_gid != wanted.st_gid:
        access, mode = None, _without_group(mode)
    if not _set_attribute(descriptor, _ACCESS_LIST, access):
        mode = _without_group(mode)
    with suppress(OSError):
        os.fchmod(descriptor, mode)
    for name in _attributes(like) if with_attributes else ():
        _set_attribute(descriptor, name, _attribute(like, name))


def _mode_like(source: Path | None, folder: Path) -> int:
    """The mode, before the umask, of a new file in a folder that is made from another file."""
    if source is None or not source.exists():
        return 0o666
    there, here = source.stat(), folder.stat()
    mode = there.st_mode & 0o666
    if os.name != "posix":
        return mode
    of_folder = here.st_mode & stat.S_ISGID or sys.platform == "darwin"
    group = here.st_gid if of_folder else os.getegid()
    return mode if group == there.st_gid and not _attribute(source, _ACCESS_LIST) else _without_group(mode)


def _without_group(mode: int) -> int:
    """The group is no longer that of before, or is one of several: it may do no more than anybody."""
    return mode & ~0o070 | mode & (mode & 0o007) << 3


def _attributes(file: Path) -> list[str]:
    """The names of what programs have noted about a file."""
    if hasattr(os, "listxattr"):
        with suppress(OSError):
            return [name for name in os.listxattr(file) if name.startswith("user.")]
    return []


def _attribute(file: Path | int, name: str) -> bytes | None:
    if hasattr(os, "getxattr"):
        with suppress(OSError):
            return os.getxattr(file, name)
    return None


def _set_attribute(descriptor: int, name: str, value: bytes | None) -> bool:
    """Whether a file has that attribute now, or, for None, has none of that name."""
    if hasattr(os, "setxattr"):
        with suppress(OSError):
            if value is None:
                os.removexattr(descriptor, name)
            else:
                os.setxattr(descriptor, name, value)
    return _attribute(descriptor, name) == value
