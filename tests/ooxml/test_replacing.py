"""A file replaced: who may read it then, what is kept of it, what is cleared away beside it."""

import os
import struct
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests import strangers
from xlcicf.errors import BookError
from xlcicf.host import open_book
from xlcicf.ooxml import replacing
from xlcicf.ooxml.package import package_from_bytes, save_package
from xlcicf.ooxml.replacing import OLD, replace_file

posix = pytest.mark.skipif(os.name != "posix", reason="modes, owners and links are POSIX matters")
as_root = pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() != 0, reason="gives files away, as root may"
)
ACCESS, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
SOMEBODY = 54_321  # a user and a group that this process is not


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def access_list(others_may: int) -> bytes:
    """The list of a file that its owner may write, and SOMEBODY read and write."""
    nobody = 0xFFFFFFFF
    entries = [(1, 6, nobody), (2, 6, SOMEBODY), (4, 0, nobody), (16, 6, nobody), (32, others_may, nobody)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def set_attribute(path: Path, name: str, value: bytes) -> None:
    try:
        os.setxattr(path, name, value)
    except (AttributeError, OSError):
        pytest.skip(f"the file system here knows no {name}")


@pytest.fixture
def path(tmp_path) -> Path:
    """A file of its owner alone."""
    path = tmp_path / "book.xlsx"
    path.write_bytes(b"old")
    path.chmod(0o600)
    return path


@pytest.fixture
def never_wider(path, monkeypatch):
    """Asserts at every look that Python takes at a file, that none in the folder is open to more than its owner."""
    seen = []
    for name in ("open", "fchmod", "fchown", "fsync", "replace"):
        function = getattr(os, name)

        def looked(*arguments, function=function, **keywords):
            try:
                return function(*arguments, **keywords)
            finally:
                seen.extend(file.stat().st_mode & 0o077 for file in path.parent.iterdir())

        monkeypatch.setattr(os, name, looked)
    yield
    assert len(seen) > 5 and not any(seen)


# ---- who may read it ---------------------------------------------------------------------------------------


@posix
def test_what_belongs_to_a_private_book_is_private_from_the_first_byte(path, never_wider):
    replace_file(path.with_name("book.json"), b"history", like=path)
    replace_file(path, b"new")
    assert path.read_bytes() == b"new" and mode(path) == mode(path.with_name("book.json")) == 0o600


@posix
def test_what_belongs_to_a_book_follows_the_books_mode(path):
    beside = path.with_name("book.json")
    for bits in (0o664, 0o640, 0o600):
        path.chmod(bits)
        replace_file(beside, b"history", like=path)
        assert mode(beside) == bits


@posix
def test_what_is_made_from_a_private_book_is_private(path, never_wider):
    replace_file(path.with_name("out.xlsx"), b"copy", source=path)
    assert mode(path.with_name("out.xlsx")) == 0o600


@posix
@pytest.mark.parametrize(
    ("umask", "source", "made"), [(0o022, 0o666, 0o644), (0o077, 0o666, 0o600), (0o002, 0o640, 0o640)]
)
def test_a_new_file_is_under_the_umask_and_no_wider_than_its_source(path, umask, source, made):
    path.chmod(source)
    before = os.umask(umask)
    try:
        replace_file(path.with_name("out.xlsx"), b"copy", source=path)
    finally:
        os.umask(before)
    assert mode(path.with_name("out.xlsx")) == made


@as_root
def test_owner_and_group_are_kept(path):
    os.chown(path, SOMEBODY, SOMEBODY + 1)
    path.chmod(0o640)
    replace_file(path, b"new")
    replace_file(path.with_name("book.json"), b"history", like=path)
    for file in path, path.with_name("book.json"):
        found = file.stat()
        assert (found.st_uid, found.st_gid, mode(file)) == (SOMEBODY, SOMEBODY + 1, 0o640)


@as_root
def test_where_the_group_cannot_be_kept_another_group_may_not_read(path, monkeypatch):
    os.chown(path, 0, SOMEBODY)
    path.chmod(0o664)
    other = path.with_name("out.xlsx")
    replace_file(other, b"copy", source=path)
    assert mode(other) == 0o644

    def refused(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "fchown", refused)
    path.chmod(0o660)
    replace_file(path, b"new")
    assert (path.read_bytes(), mode(path), path.stat().st_gid) == (b"new", 0o600, os.getegid())


def test_an_access_list_is_kept_and_none_is_taken_from_the_folder(path):
    set_attribute(path, ACCESS, access_list(others_may=0))
    set_attribute(path, "user.note", b"mine")
    replace_file(path, b"new")
    beside = path.with_name("book.json")
    replace_file(beside, b"history", like=path)
    assert os.getxattr(path, ACCESS) == os.getxattr(beside, ACCESS) == access_list(others_may=0)
    assert os.getxattr(path, "user.note") == b"mine" and "user.note" not in os.listxattr(beside)
    replace_file(path.with_name("out.xlsx"), b"copy", source=path)
    assert mode(path.with_name("out.xlsx")) == 0o600  # its group is not the one that the mode's bits are of

    os.removexattr(path, ACCESS)
    path.chmod(0o660)
    set_attribute(path.parent, DEFAULT, access_list(others_may=4))
    replace_file(path, b"newer")
    assert ACCESS not in os.listxattr(path) and mode(path) == 0o660


# ---- other names -------------------------------------------------------------------------------------------


@pytest.fixture
def twins(tmp_path) -> tuple[Path, Path]:
    """One book under two names."""
    one, other = tmp_path / "book.xlsx", tmp_path / "twin.xlsx"
    one.write_bytes(strangers.charts().to_bytes())
    os.link(one, other)
    return one, other


@pytest.mark.parametrize("before, after", [(b"a" * 99, b"b" * 5000), (b"a" * 5000, b"b" * 99), (b"a", b"")])
def test_a_file_of_two_names_stays_one_file(before, after, twins):
    one, other = twins
    one.write_bytes(before)
    replace_file(other, after)
    assert one.samefile(other) and one.read_bytes() == after
    assert sorted(os.listdir(one.parent)) == ["book.xlsx", "twin.xlsx"]


def test_a_disk_that_fills_up_leaves_a_file_of_two_names_as_it_was(twins, monkeypatch):
    one, other = twins
    before, write = one.read_bytes(), os.write

    def full(descriptor, data):
        if b"new" in bytes(data):
            raise OSError(28, "No space left on device")
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        replace_file(one, b"x" * 100 + b"new")
    assert other.read_bytes() == before and len(os.listdir(one.parent)) == 2


def half_written(one: Path) -> Path:
    """Leaves a file as a kill does in the middle of its rewriting; returns its whole copy."""
    new = strangers.plain().to_bytes()
    copy = one.with_name(f".xlcicf-{one.stat().st_ino:x}.whole")
    copy.write_bytes(new)
    with one.open("r+b") as file:
        file.write(new[: len(new) // 2])
    return copy


def test_a_half_written_book_is_completed_by_whichever_name_opens_it(twins):
    one, other = twins
    copy = half_written(one)
    assert open_book(other).sheets["Model"]["A1"].value == 1
    assert one.read_bytes() == strangers.plain().to_bytes() and not copy.exists()


@posix
def test_a_book_that_is_being_written_is_not_completed(twins):
    import fcntl

    copy = half_written(twins[0])
    before = twins[0].read_bytes()
    with copy.open("rb") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        with pytest.raises(BookError, match="is being written just now; try again"):
            open_book(twins[0])
    assert twins[0].read_bytes() == before and copy.exists()


def test_what_another_program_made_of_the_file_is_not_completed(twins):
    one, _ = twins
    copy = half_written(one)
    one.write_bytes(encrypted := b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512))
    with pytest.raises(BookError, match="encrypted"):
        open_book(one)
    assert one.read_bytes() == encrypted
    save_package(strangers.charts(), one)
    assert package_from_bytes(one.read_bytes()) and not copy.exists()


# ---- what is left beside it --------------------------------------------------------------------------------

WRITER = """
    import os, sys, time
    from pathlib import Path
    from xlcicf.ooxml import replacing

    def waits(*_):
        print("writing", flush=True)
        sys.stdin.read()
        os._exit(0)

    os.fsync = waits
    replacing.replace_file(Path(sys.argv[1]), b"new")
"""


@posix
def test_a_draft_goes_when_its_writer_is_gone_and_not_before(path):
    def drafts() -> list[str]:
        return [name for name in os.listdir(path.parent) if name.endswith(".tmp")]

    strange = [
        path.with_name(name)
        for name in (".book.xlsx.tmp", ".book.xlsx.abcd1234.tmp", ".other.xlsx." + "0" * 16 + ".xlcicf.tmp")
    ]
    for file in strange:
        file.touch()
        os.utime(file, (0, 0))
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert "writing" in writer.stdout.readline()
        replace_file(path, b"newer")
        assert len(drafts()) == len(strange) + 1
    replace_file(path, b"newest")
    assert sorted(drafts()) == sorted(file.name for file in strange)


def test_where_the_system_has_no_locks_a_draft_goes_when_it_is_old(path, monkeypatch):
    monkeypatch.setattr(replacing, "fcntl", None)
    old, new = (path.with_name(f".book.xlsx.{digit * 16}.xlcicf.tmp") for digit in "01")
    old.touch()
    os.utime(old, (old.stat().st_mtime - 2 * OLD,) * 2)
    new.touch()
    replace_file(path, b"new")
    assert not old.exists() and new.exists() and path.read_bytes() == b"new"
