"""The extension as a package: the same bytes each time, taken and given back without a trace."""

import hashlib
import json
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

from tests.addin.libreoffice.office import profile_in, unopkg
from xlcicf.addin import libreoffice_place
from xlcicf.addin.installed import EXTENSION, IDENTIFIER
from xlcicf.addin.libreoffice_place import LibreOffice
from xlcicf.addin.oxt import build_extension
from xlcicf.errors import BookError


def test_two_builds_give_the_same_bytes(tmp_path):
    first, second = (build_extension(tmp_path / name) for name in "ab" if not (tmp_path / name).mkdir())
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as files:
        assert files.testzip() is None
        assert json.loads(files.read("settings.json"))["python"] == sys.executable


def prints(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def folder():
    """One that everybody may enter, as pytest's own is not."""
    with tempfile.TemporaryDirectory(prefix="xlcicf-package-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.libreoffice
def test_what_is_installed_is_found_and_leaves_no_trace(folder):
    build_extension(folder)
    place = LibreOffice(Path("unopkg"), folder / "profile")
    extension = str(folder / EXTENSION)
    assert unopkg(folder, "add", "-f", "-s", extension).returncode == 0
    assert unopkg(folder, "remove", IDENTIFIER).returncode == 0
    libreoffice_place.sweep(place.profile)
    assert not libreoffice_place.status(place).installed
    before = prints(folder / "profile")
    assert unopkg(folder, "add", "-f", "-s", extension).returncode == 0
    status = libreoffice_place.status(place)
    assert (status.installed, status.fine) == (True, True), status.sentence
    assert IDENTIFIER in unopkg(folder, "list").stdout
    assert unopkg(folder, "remove", IDENTIFIER).returncode == 0
    libreoffice_place.sweep(place.profile)
    after = prints(folder / "profile")
    assert not [name for name in after if "xlcicf" in name]
    assert {name for name in after if name not in before} == set()
    assert profile_in(folder).startswith("file:")


SYSTEMS = {
    "linux": ({}, "/usr/bin/unopkg", ".config/libreoffice/4"),
    "win32": (
        {"ProgramFiles": "C:/Program Files", "APPDATA": "C:/R"},
        "LibreOffice/program/unopkg.com",
        "C:/R",
    ),
    "darwin": ({}, "/Applications/LibreOffice.app/Contents/MacOS/unopkg", "Library/Application Support"),
}


@pytest.mark.parametrize("platform", SYSTEMS)
def test_where_it_was_looked_for_is_said(platform, tmp_path, monkeypatch):
    environ, place, profile = SYSTEMS[platform]
    monkeypatch.setattr(Path, "exists", lambda self: False)
    with pytest.raises(BookError, match="not found") as error:
        LibreOffice.of(platform, tmp_path, environ, lambda name: None)
    assert place in str(error.value)
    monkeypatch.setattr(Path, "exists", lambda self: str(self).endswith(place))
    found = LibreOffice.of(platform, tmp_path, environ, lambda name: None)
    assert str(found.unopkg).endswith(place) and profile in found.profile.as_posix()


def test_a_sandboxed_libreoffice_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "exists", lambda self: "flatpak" in str(self))
    with pytest.raises(BookError, match="Flatpak.*sandbox"):
        LibreOffice.of("linux", tmp_path, {}, lambda name: None)
