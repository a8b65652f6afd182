"""The add-in xlcicf.xlam and macro books (.xlsm), made on this computer from text, where Excel finds them.

Nothing is downloaded and no setting of Excel's is touched: the file lies in the folder whose books Excel
opens when it starts, and holds the path of this Python.
"""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import xlwings

import xlcicf
from xlcicf.addin import ADDIN, claims, ribbon, udfs, vba
from xlcicf.addin.installed import Status
from xlcicf.errors import BookError
from xlcicf.lessons import lesson
from xlcicf.ooxml.cells import read_sheet
from xlcicf.ooxml.drawings import EMU_PER_POINT, add_button
from xlcicf.ooxml.edits import Box
from xlcicf.ooxml.inventory import Inventory
from xlcicf.ooxml.new_parts import retyped, with_default, with_related
from xlcicf.ooxml.openpyxl_book import book_of_rows, generated
from xlcicf.ooxml.package import Package, read_package, save_package
from xlcicf.ooxml.saved_results import stamped
from xlcicf.ooxml.sheets_and_names import with_code_names

ADDIN_TYPE = "application/vnd.ms-excel.addin.macroEnabled.main+xml"
MACRO_BOOK_TYPE = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
VBA_TYPE = "application/vnd.ms-office.vbaProject"
VBA_RELATION = "http://schemas.microsoft.com/office/2006/relationships/vbaProject"
RIBBON_RELATION = "http://schemas.microsoft.com/office/2007/relationships/ui/extensibility"

CONFIGURATION = "xlwings.conf"  # the sheet that xlwings' VBA reads: a key and a value a row
VERSION, XLWINGS, MADE = "XLCICF VERSION", "XLWINGS VERSION", "XLCICF FOLDERS MADE"  # keys of ours

BUTTON = 52 * EMU_PER_POINT, 20 * EMU_PER_POINT  # wide, high: they fit into the row of a lesson's title
GAP = 5 * EMU_PER_POINT
TITLE_LETTER = round(8.5 * EMU_PER_POINT)  # how wide a letter of such a title is, at most on average

# In the add-in ThisWorkbook is the add-in itself, while a command means the book in front.
_CALLER = re.compile(r"\bThisWorkbook\.Name\b")


def build_addin(out_dir: str | os.PathLike, folders_made: int = 0) -> Path:
    """Writes xlcicf.xlam and returns its path. Raises BookError where it cannot be written.

    folders_made  how many folders `install` made for it, innermost last: `uninstall` takes them away
    """
    path = Path(out_dir) / ADDIN
    about = "xlcicf: the tab Neural Net and the functions NN_ for cells, made by: xlcicf addin build"
    workbook = book_of_rows({"xlcicf": [[about]], CONFIGURATION: _configuration(folders_made)})
    save_package(with_macros(generated(workbook, path), ADDIN_TYPE), path)
    return path


def build_macro_book(name: str, out_dir: str | os.PathLike) -> Path:
    """A lesson as out_dir/NAME.xlsm: the same book with the add-in's macros, tab and buttons inside.

    Raises BookError where there is no such lesson or the file cannot be written.
    """
    path = Path(out_dir) / f"{name}.xlsm"
    workbook = lesson(name).build()
    configuration = workbook.create_sheet(CONFIGURATION)
    for row in _configuration():
        configuration.append(row)
    configuration.sheet_state = "veryHidden"
    package = with_macros(generated(workbook, path), MACRO_BOOK_TYPE)
    save_package(stamped(_with_buttons(package)), path)
    return path


def with_macros(package: Package, content_type: str) -> Package:
    """A workbook's package with the VBA project, the ribbon's tab, and the type of file for them."""
    inventory = Inventory(package)
    sheets = [f"Sheet{number}" for number in range(1, len(inventory.sheets) + 1)]
    project = vba.vba_project(_modules(sheets))
    book, binary, custom = inventory.workbook_part, "xl/vbaProject.bin", "customUI/customUI14.xml"
    package = with_code_names(inventory, "ThisWorkbook", sheets)
    package = package.replace({binary: project, custom: ribbon.ribbon_xml().encode()})
    package = with_default(retyped(package, book, content_type), "bin", VBA_TYPE)
    package, _ = with_related(package, book, VBA_RELATION, binary)
    package, _ = with_related(package, "", RIBBON_RELATION, custom)
    return package


def _modules(sheets: list[str]) -> list[vba.Module]:
    return [
        vba.Module("ThisWorkbook", ribbon.events_module(), vba.WORKBOOK),
        *(vba.Module(sheet, "", vba.SHEET) for sheet in sheets),
        vba.Module.exported("xlwings", _calling_the_book_in_front(_shipped("xlwings.bas")), vba.STANDARD),
        vba.Module.exported("Dictionary", _shipped("addin/Dictionary.cls"), vba.CLASS),
        vba.Module("xlcicf_ribbon", ribbon.callbacks_module()),
        vba.Module("xlcicf_functions", udfs.wrappers_module()),
    ]


def _shipped(name: str) -> str:
    """VBA text that the installed xlwings ships, its licence notice included."""
    return (Path(xlwings.__file__).parent / name).read_text(encoding="utf-8")


def _calling_the_book_in_front(text: str) -> str:
    """xlwings' module, which then tells Python the book in front instead of the one that holds the module.

    Its settings still come from the latter alone: no stranger's book names the program that is started.
    """
    changed, found = _CALLER.subn("ActiveWorkbook.Name", text)
    assert found == 2, "xlwings' VBA is not the one this was written for"
    return changed


def _configuration(folders_made: int = 0) -> list[tuple[str, str]]:
    """Keys and values that xlwings' VBA asks for: which Python, and that no book's folder holds code.

    It looks for a key that is missing here in the user's own xlwings.conf: what must not come from there,
    such as another environment, is given empty.
    """
    values = {
        "INTERPRETER_WIN": sys.executable,
        "INTERPRETER_MAC": sys.executable,
        "ADD_WORKBOOK_TO_PYTHONPATH": "false",
        "PYTHONPATH": "",
        "CONDA PATH": "",
        "CONDA ENV": "",
        "LICENSE_KEY": "",
        "UDF MODULES": udfs.__name__,
        "SHOW CONSOLE": "false",
        "DEBUG UDFS": "false",
        "USE UDF SERVER": "false",
        VERSION: xlcicf.__version__,
        XLWINGS: xlwings.__version__,
        MADE: str(folders_made),
    }
    return list(values.items())


def _with_buttons(package: Package) -> Package:
    """Buttons beside the title of the first sheet and of each that holds a problem to be trained."""
    inventory = Inventory(package)
    trained = {name.scope for name in inventory.names if name.name == "solver_opt"}
    for number, entry in enumerate(inventory.sheets.values()):
        if number == 0 or entry.name in trained:
            title = str(read_sheet(inventory, entry).values.get((1, 1), ""))
            package = _with_button_row(package, entry.name, left=len(title) * TITLE_LETTER + GAP)
    return package


def _with_button_row(package: Package, sheet: str, left: int) -> Package:
    width, height = BUTTON
    for number, name in enumerate(ribbon.ON_SHEET):
        box = Box(left + number * (width + GAP), GAP // 2, width, height)
        label = ribbon.CONTROLS[name].label
        package = add_button(Inventory(package), sheet, label, f"Press_{name}", box)
    return package


# --- where Excel finds it -------------------------------------------------------------------------------


@dataclass(frozen=True)
class StartFolder:
    """The folder whose books Excel opens as it starts."""

    folder: Path

    @classmethod
    def of(cls, platform: str, home: Path, environ: Mapping[str, str]) -> "StartFolder":
        """By the system's custom. Raises BookError on a system that has no Excel."""
        if platform == "win32":
            data = Path(environ.get("APPDATA") or home / "AppData" / "Roaming")
            return cls(data / "Microsoft" / "Excel" / "XLSTART")
        if platform == "darwin":
            office = home / "Library" / "Group Containers" / "UBF8T346G9.Office"
            return cls(office / "User Content.localized" / "Startup.localized" / "Excel")
        raise BookError(
            f"there is no Excel for this system; make {ADDIN} with: xlcicf addin build --out DIR,"
            " on the computer that has one"
        )

    @classmethod
    def here(cls) -> "StartFolder":
        return cls.of(sys.platform, Path.home(), os.environ)

    @property
    def file(self) -> Path:
        return self.folder / ADDIN


def install(place: StartFolder) -> Path:
    """Writes the add-in where Excel starts it, over an older one. Raises BookError where it cannot be."""
    if place.file.exists():
        made = int(_require_ours(place)[MADE])
    else:
        made = sum(not folder.exists() for folder in _upwards(place.folder))
    try:
        place.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BookError(
            f"the folder {place.folder} cannot be made ({error.strerror}); move away what is in its place"
        ) from error
    return build_addin(place.folder, made)


def uninstall(place: StartFolder) -> list[Path]:
    """Removes what `install` wrote, and the notes of runs; returns what was removed. Raises BookError."""
    if not place.file.exists():
        raise BookError(f"{place.file} is not there; nothing was removed")
    made = int(_require_ours(place)[MADE])
    removed = [place.file]
    try:
        place.file.unlink()
        for folder in _upwards(place.folder)[:made]:
            if any(folder.iterdir()):
                break
            folder.rmdir()
            removed.append(folder)
    except OSError as error:
        raise BookError(f"{place.file} cannot be removed ({error.strerror}); close Excel first") from error
    return removed + claims.forget()


def _upwards(folder: Path) -> list[Path]:
    """The folder, the one that it lies in, and so on."""
    return [folder, *folder.parents]


def status(place: StartFolder) -> Status:
    """What is installed, beside what is here. Raises BookError where the file cannot be read."""
    if not place.file.exists():
        return Status(False, True, "not installed; xlcicf addin install puts it where Excel starts it")
    found = _require_ours(place)
    key = "INTERPRETER_MAC" if sys.platform == "darwin" else "INTERPRETER_WIN"
    again = "run: xlcicf addin install"
    if found[VERSION] != xlcicf.__version__:
        return Status(True, False, f"version {found[VERSION]}, this is {xlcicf.__version__}; {again}")
    if found[XLWINGS] != xlwings.__version__:  # its VBA asks for a library named after the version
        return Status(True, False, f"for xlwings {found[XLWINGS]}, this is {xlwings.__version__}; {again}")
    if found[key] != sys.executable:
        return Status(True, False, f"it starts {found[key]}, this Python is {sys.executable}; {again}")
    return Status(True, True, f"version {found[VERSION]} in {place.folder}")


def _require_ours(place: StartFolder) -> dict[str, str]:
    """The settings inside the installed file. Raises BookError where it is none of ours."""
    inventory = Inventory(read_package(place.file))
    if CONFIGURATION in inventory.sheets:
        cells = read_sheet(inventory, inventory.sheets[CONFIGURATION]).values
        rows = {row for row, _ in cells}
        found = {str(cells.get((row, 1))): str(cells.get((row, 2), "")) for row in rows}
        if VERSION in found:
            return found
    raise BookError(f"{place.file} is not xlcicf's; move it away first")
