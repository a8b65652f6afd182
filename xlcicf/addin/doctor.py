"""Is everything there that xlcicf needs, and does it fit together: findings, each with its remedy."""

import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

NEEDED = (
    "numpy",
    "pandas",
    "torch",
    "scipy",
    "highspy",
    "openpyxl",
    "ironcalc",
    "xlwings",
    "defusedxml",
    "threadpoolctl",
    "tqdm",
)
_OFFICE = r"Software\Microsoft\Office"
_DISABLED = 4  # VBAWarnings: "disable all macros without notification"
_XLWINGS = "0.37."


@dataclass(frozen=True)
class Finding:
    """What was looked at, whether it is fine, and what there is or what to do."""

    what: str
    fine: bool
    says: str

    @property
    def line(self) -> str:
        return f"{'ok ' if self.fine else '!! '} {self.what:<14}{self.says}"


def _no_registry(_key: str, _name: str) -> object:
    return None


@dataclass(frozen=True)
class Machine:
    """What the findings about Excel depend on.

    registry  (key below HKEY_CURRENT_USER or HKEY_LOCAL_MACHINE, value's name) -> value or None
    """

    platform: str = sys.platform
    home: Path = field(default_factory=Path.home)
    environ: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    prefix: Path = field(default_factory=lambda: Path(sys.executable).parent)
    registry: Callable[[str, str], object] = _no_registry
    bits: int = 64 if sys.maxsize > 2**32 else 32

    @classmethod
    def here(cls) -> "Machine":
        return cls(registry=_registry) if sys.platform == "win32" else cls()


def _registry(key: str, name: str) -> object:
    assert sys.platform == "win32"
    import winreg

    for hive in (winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE):
        try:
            with winreg.OpenKey(hive, key) as opened:
                return winreg.QueryValueEx(opened, name)[0]
        except OSError:
            continue
    return None


def findings(machine: Machine | None = None) -> list[Finding]:
    """All that can be looked at without starting Excel."""
    machine = machine or Machine.here()
    found = [_python(machine), *map(_package, NEEDED), _gradient(), _libreoffice(machine)]
    if machine.platform in ("win32", "darwin"):
        found += _addin(machine)
    match machine.platform:
        case "win32":
            found += [*_windows_excel(machine), *_onedrive(machine)]
        case "darwin":
            found += _mac_excel(machine)
        case _:
            found.append(Finding("Excel", True, "there is none for this system; books are trained as files"))
    return found


def _python(machine: Machine) -> Finding:
    says = f"{platform.python_version()}, {machine.bits}-bit, {platform.system()}"
    fine = sys.version_info >= (3, 11) and machine.bits == 64
    return Finding("Python", fine, says if fine else f"{says}; install a 64-bit Python 3.11 or later")


def _package(package: str) -> Finding:
    try:
        version = metadata.version(package)
    except metadata.PackageNotFoundError:
        return Finding(package, False, f'missing; run: python -m pip install "{package}"')
    if package == "xlwings" and not version.startswith(_XLWINGS):
        remedy = 'python -m pip install "xlwings>=0.37,<0.38"'
        return Finding(package, False, f"{version}, tested with 0.37; run: {remedy}")
    return Finding(package, True, version)


def _gradient() -> Finding:
    """Whether a formula is differentiated: the derivative of x squared at 3 is 6."""
    try:
        from xlcicf.formula import differentiate
        from xlcicf.formula.address import Area
        from xlcicf.formula.snapshot import Sheet, Snapshot

        book = Snapshot({"S": Sheet("S", formulas={(1, 2): "=A1^2"}, values={(1, 1): 3.0, (1, 2): 9.0})})
        slope = differentiate(book, Area("S", 1, 2, 1, 2), [Area("S", 1, 1, 1, 1)]).gradient([3.0])
    except Exception as error:  # whatever a broken install raises, the doctor's answer is the same
        return Finding("gradient", False, f"torch does not compute ({error}); install it anew")
    return Finding("gradient", bool(slope[0] == 6.0), f"=A1^2 at 3 has the derivative {slope[0]:g}")


def _libreoffice(machine: Machine) -> Finding:
    """Whether it is there, and our extension in it."""
    from xlcicf.addin import libreoffice_place
    from xlcicf.errors import XlcicfError

    try:
        place = libreoffice_place.LibreOffice.of(machine.platform, machine.home, machine.environ)
    except XlcicfError as error:
        return Finding("LibreOffice", True, str(error))
    status = libreoffice_place.status(place)
    return Finding("LibreOffice", status.fine, status.sentence)


# --- Excel ----------------------------------------------------------------------------------------------


def _addin(machine: Machine) -> Iterator[Finding]:
    from xlcicf.addin import xlam
    from xlcicf.errors import XlcicfError

    try:
        status = xlam.status(xlam.StartFolder.of(machine.platform, machine.home, machine.environ))
    except XlcicfError as error:
        yield Finding("add-in", False, str(error))
        return
    yield Finding("add-in", status.fine, status.sentence)


def _windows_excel(machine: Machine) -> Iterator[Finding]:
    path = machine.registry(r"Software\Microsoft\Windows\CurrentVersion\App Paths\excel.exe", "")
    if path is None:
        yield Finding("Excel", False, "not found; books can still be trained as files")
        return
    store = "windowsapps" in str(path).lower()
    yield Finding(
        "Excel",
        not store,
        "from the Microsoft Store, whose sandbox keeps add-ins from Python; install Office from office.com"
        if store
        else str(path),
    )
    yield from _bitness(machine)
    yield from _dll(machine)
    yield from _trust(machine)


def _bitness(machine: Machine) -> Iterator[Finding]:
    found = machine.registry(rf"{_OFFICE}\ClickToRun\Configuration", "Platform")
    bits = {"x64": 64, "x86": 32}.get(str(found).lower())
    if bits:
        yield Finding("bitness", True, f"Excel {bits}-bit, Python {machine.bits}-bit; they need not be equal")


def _dll(machine: Machine) -> Iterator[Finding]:
    """The library by which VBA reaches Python; xlwings puts it beside python.exe, named after its version."""
    version = metadata.version("xlwings")
    for bits in (64, 32):
        name = f"xlwings{bits}-{version}.dll"
        places = (machine.prefix, machine.prefix.parent)
        fine = any((place / name).exists() for place in places)
        says = "found" if fine else _dll_remedy(machine, name)
        yield Finding(f"DLL {bits}-bit", fine, says)


def _dll_remedy(machine: Machine, name: str) -> str:
    version = name.rpartition("-")[2]
    places = (machine.prefix, machine.prefix.parent)
    found = {dll.name for place in places for dll in place.glob("xlwings*-*.dll")}
    others = sorted(other for other in found if not other.endswith(version))
    if others:
        return (
            f"{name} is missing, {', '.join(others)} is there; run: python -m pip install --force-reinstall"
            " xlwings, then xlcicf addin install"
        )
    return (
        f"{name} is missing from {machine.prefix}; where antivirus has put it away, restore and allow it,"
        " then run: python -m pip install --force-reinstall xlwings"
    )


def _trust(machine: Machine) -> Iterator[Finding]:
    for key, who in (
        (r"Software\Policies\Microsoft\Office\16.0\Excel\Security", "your organisation"),
        (rf"{_OFFICE}\16.0\Excel\Security", "Excel's Trust Center"),
    ):
        if machine.registry(key, "VBAWarnings") == _DISABLED:
            yield Finding(
                "macros",
                False,
                f"switched off by {who}, without a question; the buttons need them: File > Options > Trust"
                " Center > Macro Settings > Disable with notification",
            )
            return
    yield Finding("macros", True, "not switched off for good")


def _onedrive(machine: Machine) -> Iterator[Finding]:
    if machine.environ.get("OneDrive") or machine.environ.get("OneDriveCommercial"):
        yield Finding(
            "OneDrive",
            True,
            "there; a book on it may show a web address: where a button asks for a file on this computer,"
            " turn AutoSave off and save a copy in a folder outside OneDrive",
        )


def _mac_excel(machine: Machine) -> Iterator[Finding]:
    excel = Path("/Applications/Microsoft Excel.app")
    yield Finding("Excel", excel.exists(), str(excel) if excel.exists() else f"not found as {excel}")
    yield Finding(
        "functions", True, "functions in cells are for Windows; the buttons and the command line work here"
    )
