"""Where LibreOffice is, and the extension in it: installed, taken away, looked at, all by its own unopkg.

Nothing is downloaded. A person's profile is changed by unopkg; what that leaves of the extension goes, too.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import xlcicf
from xlcicf.addin import claims
from xlcicf.addin.installed import EXTENSION, IDENTIFIER, SETTINGS, TOOLBAR, Status
from xlcicf.errors import BookError
from xlcicf.ooxml.replacing import replace_file

SECONDS = 120  # that unopkg may take
DOWNLOAD = "libreoffice.org"
SANDBOXES = {  # what a sandboxed LibreOffice is known by
    "Flatpak": (
        "/var/lib/flatpak/app/org.libreoffice.LibreOffice",
        "~/.local/share/flatpak/app/org.libreoffice.LibreOffice",
    ),
    "Snap": ("/snap/libreoffice",),
}


@dataclass(frozen=True)
class LibreOffice:
    """An installed LibreOffice.

    unopkg   its program for extensions
    profile  the folder with a person's settings
    """

    unopkg: Path
    profile: Path

    @classmethod
    def of(
        cls,
        platform: str,
        home: Path,
        environ: Mapping[str, str],
        which: Callable[[str], str | None] = shutil.which,
    ) -> "LibreOffice":
        """By the system's custom. Raises BookError, saying where was looked, where there is none."""
        looked = list(_places(platform, home, environ))
        found = which("unopkg") if platform not in ("win32", "darwin") else None
        unopkg = next((path for path in [*([Path(found)] if found else []), *looked] if path.exists()), None)
        if unopkg is None:
            _require_no_sandbox(home)
            raise BookError(
                f"LibreOffice was not found (looked for {', '.join(map(str, looked))}); install it from"
                f" {DOWNLOAD}, or make the extension with: xlcicf addin build libreoffice --out DIR"
            )
        return cls(unopkg, _profile(platform, home, environ))

    @classmethod
    def here(cls) -> "LibreOffice":
        return cls.of(sys.platform, Path.home(), os.environ)

    @property
    def settings(self) -> dict | None:
        """What the installed extension knows of its Python; None where none is installed."""
        packages = self.profile / "user" / "uno_packages" / "cache"
        try:
            registered = _REGISTERED.search((packages / "uno_packages.pmap").read_bytes())
            if registered is None:
                return None
            folder = packages / "uno_packages" / f"{registered[1].decode()}_"
            return json.loads((folder / EXTENSION / SETTINGS).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None


# In LibreOffice's list of extensions: ours, and the folder where it lies. Those of older ones may be left.
_REGISTERED = re.compile(rb"\b%s\n([\w.]+)\xff" % re.escape(IDENTIFIER.encode()))


def install(place: LibreOffice) -> str:
    """Makes the extension and has LibreOffice take it, in place of an older one. Raises BookError."""
    from xlcicf.addin.oxt import build_extension  # and the functions with it

    with tempfile.TemporaryDirectory() as folder:
        _unopkg(place, "add", "-f", "-s", str(build_extension(folder)))
    return f"installed in LibreOffice ({place.unopkg.parent}); now start it"


def uninstall(place: LibreOffice) -> list[str]:
    """Takes the extension out of LibreOffice, and the notes of runs away. Raises BookError."""
    if place.settings is None:
        raise BookError("the extension is not installed in LibreOffice; nothing was removed")
    _unopkg(place, "remove", IDENTIFIER)
    sweep(place.profile)
    return [f"the extension in {place.profile}", *map(str, claims.forget())]


def sweep(profile: Path) -> None:
    """What unopkg leaves of the extension when it has removed it, and where LibreOffice has kept the toolbar.

    LibreOffice must not be running, as it was not when unopkg worked.
    """
    for folder in ("uno_packages/cache/uno_packages", "extensions/tmp/extensions"):
        for left in (profile / "user" / folder).glob(f"*.tmp_/{EXTENSION}"):
            shutil.rmtree(left.parent, ignore_errors=True)
            left.parent.with_name(left.parent.name.removesuffix("_")).unlink(missing_ok=True)
    settings = profile / "user" / "registrymodifications.xcu"
    if settings.exists():
        lines = settings.read_bytes().splitlines(keepends=True)  # an item each
        kept = b"".join(line for line in lines if f"addon_{TOOLBAR}'".encode() not in line)
        if len(kept) < sum(map(len, lines)):
            replace_file(settings, kept)


def status(place: LibreOffice) -> Status:
    """What is installed, beside what is here."""
    found, again = place.settings, "run: xlcicf addin install libreoffice"
    if found is None:
        return Status(False, True, f"not installed in LibreOffice; {again}")
    if found["version"] != xlcicf.__version__:
        return Status(True, False, f"version {found['version']}, this is {xlcicf.__version__}; {again}")
    if found["python"] != sys.executable:
        return Status(True, False, f"it starts {found['python']}, this Python is {sys.executable}; {again}")
    return Status(True, True, f"version {found['version']} in LibreOffice ({place.profile})")


def _unopkg(place: LibreOffice, *arguments: str) -> None:
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        raise BookError("LibreOffice installs no extension for root; run this as the person who will use it")
    command = [str(place.unopkg), *arguments, f"-env:UserInstallation={place.profile.as_uri()}"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BookError(f"{place.unopkg} did not work ({error}); close LibreOffice and try again") from error
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split()).removeprefix("ERROR: ")
        raise BookError(
            f"LibreOffice refuses ({said[:300]}); close LibreOffice, all its windows, and try again"
        )


def _places(platform: str, home: Path, environ: Mapping[str, str]):
    """Where its unopkg may be."""
    match platform:
        case "win32":
            for variable in ("ProgramFiles", "ProgramW6432", "ProgramFiles(x86)"):
                if variable in environ:
                    yield Path(environ[variable]) / "LibreOffice" / "program" / "unopkg.com"
        case "darwin":
            for folder in (Path("/Applications"), home / "Applications"):
                yield folder / "LibreOffice.app" / "Contents" / "MacOS" / "unopkg"
        case _:
            for folder in ("/usr/bin", "/usr/lib/libreoffice/program", "/usr/lib64/libreoffice/program"):
                yield Path(folder) / "unopkg"
            yield from (path / "program" / "unopkg" for path in sorted(Path("/opt").glob("libreoffice*")))


def _profile(platform: str, home: Path, environ: Mapping[str, str]) -> Path:
    match platform:
        case "win32":
            return Path(environ.get("APPDATA", home / "AppData" / "Roaming")) / "LibreOffice" / "4"
        case "darwin":
            return home / "Library" / "Application Support" / "LibreOffice" / "4"
    return Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "libreoffice" / "4"


def _require_no_sandbox(home: Path) -> None:
    for name, places in SANDBOXES.items():
        if any(Path(place.replace("~", str(home))).exists() for place in places):
            raise BookError(
                f"this LibreOffice is a {name}, whose sandbox cannot start this Python; install LibreOffice"
                f" from your distribution or from {DOWNLOAD}"
            )
