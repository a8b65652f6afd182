"""An .xlsx or .xlsm file as what it is: a zip of named parts, read with caps, saved whole or not at all."""

import io
import itertools
import os
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from xlcicf.errors import BookError, NotPossibleHeadless
from xlcicf.ooxml.replacing import completed, replace_file

MAX_MEMBERS = 20_000
MAX_PART = 256 * 2**20  # bytes of one part, unpacked
MAX_TOTAL = 512 * 2**20  # bytes of all parts, unpacked
MAX_RATIO = 200  # unpacked to packed; sheets reach 50, a zip bomb 1000
RATIO_FROM = 8 * 2**20  # below so many bytes a ratio is no danger

_ZIP = b"PK\x03\x04"
_CFB = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first moment a zip can name: the same bytes at any hour


class Package(Mapping[str, bytes]):
    """The parts of a workbook file by name, in the file's order. Never changes: `replace` makes another."""

    def __init__(self, parts: Mapping[str, bytes]):
        self._parts = MappingProxyType(dict(parts))

    def __getitem__(self, name: str) -> bytes:
        return self._parts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other) -> bool:
        return self is other

    def replace(self, changes: Mapping[str, bytes | None]) -> "Package":
        """A package with these parts changed or, where None, gone; new parts come last."""
        parts = {**self._parts, **changes}
        return Package({name: data for name, data in parts.items() if data is not None})

    def to_bytes(self) -> bytes:
        """The zip file. The same parts give the same bytes."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in self._parts.items():
                member = zipfile.ZipInfo(name, _EARLIEST)
                member.compress_type = zipfile.ZIP_DEFLATED
                member.create_system = 0
                archive.writestr(member, data)
        return buffer.getvalue()


def read_package(path: str | os.PathLike) -> Package:
    """The package in a file. Raises BookError, with the way out, for a file that is no readable workbook."""
    path = Path(path)
    refuse_open_book(path)
    try:
        with open(path, "rb", opener=_at_once) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise BookError(f"{path} is no file; give the path of an .xlsx or .xlsm workbook")
            if status.st_size > MAX_TOTAL:
                raise BookError(f"{path} is larger than {MAX_TOTAL >> 20} MB, more than is read here")
            data = file.read()
    except FileNotFoundError:
        raise BookError(f"there is no file {path}; check the path") from None
    except IsADirectoryError:
        raise BookError(f"{path} is a folder; give the path of an .xlsx or .xlsm workbook") from None
    except PermissionError as error:
        raise BookError(f"{path} may not be read; change its permissions or close it in Excel") from error
    except (OSError, ValueError) as error:
        raise BookError(f"{path} cannot be read ({error})") from error
    try:
        return package_from_bytes(data, path.name)
    except BookError:
        if not completed(path):
            raise
    return read_package(path)


def _at_once(path: str, flags: int) -> int:
    """Opens a file; a pipe that nobody writes to is not waited for."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def package_from_bytes(data: bytes, name: str = "the workbook") -> Package:
    """The package in a zip file's bytes; `name` is for the sentence of a BookError."""
    if data.startswith(_CFB):
        raise BookError(
            f"{name} is encrypted or an old .xls; take its password off, or save it as .xlsx, in Excel"
        )
    if not data.startswith(_ZIP):
        raise BookError(f"{name} is no .xlsx or .xlsm workbook; save it as one in Excel")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return Package(_read_members(archive, name))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise BookError(f"{name} is damaged ({error}); open and save it in Excel") from error
    except RuntimeError as error:  # zipfile's word for a password
        raise BookError(f"{name} is encrypted ({error}); save it without a password") from error


def _read_members(archive: zipfile.ZipFile, name: str) -> dict[str, bytes]:
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) > MAX_MEMBERS:
        raise BookError(f"{name} has {len(members)} parts, more than any workbook needs; it was not read")
    if len({member.filename for member in members}) < len(members):
        raise BookError(f"{name} holds two parts of one name; open and save it in Excel")
    if sum(member.file_size for member in members) > MAX_TOTAL:
        raise BookError(f"{name} unpacks to more than {MAX_TOTAL >> 20} MB; it was not read")
    for member in members:
        if member.file_size > MAX_PART or (
            member.file_size > RATIO_FROM and member.file_size > MAX_RATIO * max(1, member.compress_size)
        ):
            raise BookError(f"{name}: {member.filename} unpacks to a suspicious size; it was not read")
    return {member.filename: archive.read(member) for member in members}


def save_package(package: Package, path: str | os.PathLike, source: Path | None = None) -> None:
    """Writes the file whole or not at all, keeping its owner, permissions and links; see `replace_file`.

    source  the book that a new file is made from: the file will be open to nobody else
    Raises BookError, with the file as it was.
    """
    path = Path(os.path.realpath(path))
    require_target(path)
    data = package.to_bytes()
    try:
        replace_file(path, data, source=source)
    except OSError as error:
        raise BookError(
            f"{path} cannot be written ({error.strerror}); close it in Excel or check the disk"
        ) from error


def require_target(path: Path) -> None:
    """Raises BookError where a book cannot be written: open elsewhere, read-only, or in no folder that takes
    a file."""
    refuse_open_book(path)
    if not os.path.isdir(path.absolute().parent):
        raise BookError(f"there is no folder {path.parent}; make it first")
    if os.path.isdir(path):
        raise BookError(f"{path} is a folder; name the file to write")
    if os.path.exists(path) and not (
        path.is_file() and os.access(path, os.W_OK) and path.stat().st_mode & 0o222
    ):
        raise BookError(f"{path} is read-only; save under another name (--out) or make it writable")
    require_folder(Path(os.path.realpath(path)).parent)


def require_folder(folder: str | os.PathLike) -> None:
    """Raises BookError where a folder takes no new file. Whether it does is tried: permissions alone do not
    say so of a network's disk or a read-only one. What is written here is first a new file beside the old."""
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise BookError(
            f"nothing can be written into the folder {folder} ({error.strerror}); choose another folder"
        ) from error


def require_same_kind(book: Path, target: Path) -> None:
    """Raises NotPossibleHeadless where a book is to be saved as a file of another kind."""
    if target.suffix.lower() != book.suffix.lower():
        raise NotPossibleHeadless(
            f"a {book.suffix} book can be saved as {book.suffix} only; rename {target.name}"
        )


def refuse_open_book(path: Path) -> None:
    """Raises BookError where Excel's or LibreOffice's lock file lies beside the book."""
    for lock, program in ((f"~${path.name}", "Excel"), (f".~lock.{path.name}#", "LibreOffice")):
        if path.name and os.path.exists(path.with_name(lock)):  # False for a path that is none
            raise BookError(f"{path.name} is open in {program} ({lock} lies beside it); close it there first")


def free_path(path: Path, taken: Collection[str] = ()) -> Path:
    """`path`, or path-2, path-3, ...: one where there is no file, and whose name is none of those `taken`."""
    numbered = (path.with_stem(f"{path.stem}-{i}") for i in itertools.count(2))
    return next(p for p in itertools.chain([path], numbered) if not p.exists() and p.name not in taken)
