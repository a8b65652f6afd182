"""The add-in and macro books: what stands in the files, and where Excel finds them."""

import re
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
import xlwings

import xlcicf
from tests import libreoffice, oracles
from tests.addin.olevba import modules_in
from xlcicf.addin import claims, ribbon, udfs, xlam
from xlcicf.errors import BookError
from xlcicf.lessons import LESSONS, build
from xlcicf.ooxml.inventory import Inventory
from xlcicf.ooxml.package import read_package, save_package
from xlcicf.ooxml.xml import relations
from xlcicf.solve import training_settings
from xlcicf.solve.training import Settings


class Built(dict):
    """ "addin" or a lesson -> the add-in or macro book, built when it is first asked for."""

    def __init__(self, folder: Path):
        super().__init__()
        self.folder = folder

    def __missing__(self, kind: str) -> Path:
        made = xlam.build_addin(self.folder) if kind == "addin" else xlam.build_macro_book(kind, self.folder)
        return self.setdefault(kind, made)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return Built(tmp_path_factory.mktemp("built"))


# Macros are put into every lesson by the same few lines; of the books that take long to build, one is enough.
LONG = {*LESSONS} - {"titanic", "how_a_net_works", "gradient_descent", "micrograd", "vision_transformer"}
lesson_books = [pytest.param(name, marks=[pytest.mark.full] if name in LONG else []) for name in LESSONS]
files = pytest.mark.parametrize("kind", ["addin", *lesson_books])


@files
@pytest.mark.validator
def test_the_open_xml_sdk_finds_nothing(built, kind):
    assert oracles.validator_errors(built[kind]) == []


@pytest.mark.validator
def test_the_open_xml_sdk_looks_at_the_ribbon(built, tmp_path):
    package, part = read_package(built["addin"]), "customUI/customUI14.xml"
    broken = package[part].replace(b"imageMso=", b"nonsense=", 1)
    save_package(package.replace({part: broken}), tmp_path / "broken.xlam")
    assert any("nonsense" in error for error in oracles.validator_errors(tmp_path / "broken.xlam"))


@files
def test_olevba_reads_back_exactly_the_modules(built, kind):
    read = modules_in(built[kind].read_bytes(), built[kind].name)
    found = {Path(name).stem: code for name, code in read.items()}
    sheets = [f"Sheet{n}" for n in range(1, 1 + len(Inventory(read_package(built[kind])).sheets))]
    written = {module.name: module.source for module in xlam._modules(sheets)}
    assert found == written
    assert {"ThisWorkbook", "xlwings", "Dictionary", "xlcicf_ribbon", "xlcicf_functions"} < found.keys()


@files
def test_code_names_are_those_of_the_document_modules(built, kind):
    inventory = Inventory(read_package(built[kind]))
    assert inventory.workbook.find("{*}workbookPr").get("codeName") == "ThisWorkbook"
    for number, entry in enumerate(inventory.sheets.values(), start=1):
        assert f'codeName="Sheet{number}"'.encode() in inventory.package[entry.part]


@files
def test_the_ribbon_is_the_one_of_its_table(built, kind):
    package = read_package(built[kind])
    (relation,) = [r for r in relations(package, "").values() if r.kind == "extensibility"]
    assert package[relation.target].decode() == ribbon.ribbon_xml()


@pytest.mark.parametrize("kind", ["addin", "how_a_net_works"])
def test_the_same_bytes_twice(built, kind, tmp_path):
    again = xlam.build_addin(tmp_path) if kind == "addin" else xlam.build_macro_book(kind, tmp_path)
    assert again.read_bytes() == built[kind].read_bytes()


def test_a_macro_book_is_the_lesson_with_macros(built, tmp_path):
    plain, macros = read_package(build("titanic", tmp_path)), read_package(built["titanic"])
    lesson, book = Inventory(plain), Inventory(macros)
    assert list(book.sheets) == [*lesson.sheets, xlam.CONFIGURATION]
    assert book.entries[-1].state == "veryHidden"
    for name, entry in lesson.sheets.items():
        after = re.sub(rb' codeName="\w+"', b"", macros[book.sheets[name].part])
        assert re.sub(rb"<drawing [^>]*>", b"", after) == re.sub(rb"<drawing [^>]*>", b"", plain[entry.part])
    for kind in ("charts", "tables", "theme"):
        parts = [part for part in plain if part.startswith(f"xl/{kind}/")]
        assert parts and all(macros[part] == plain[part] for part in parts)


def test_each_button_runs_a_macro_that_is_there(built):
    package = read_package(built["titanic"])
    drawings = b"".join(data for part, data in package.items() if part.startswith("xl/drawings/drawing"))
    macros = [macro.decode() for macro in re.findall(rb'macro="\[0\]!(\w+)"', drawings)]
    assert len(macros) == 2 * len(ribbon.ON_SHEET)  # on the first sheet, and on Net, which is trained
    assert set(macros) == {f"Press_{name}" for name in ribbon.ON_SHEET}
    assert all(f"Public Sub {macro}()" in ribbon.callbacks_module() for macro in macros)


def test_of_xlwings_only_the_licensed_text_and_its_notice(built):
    texts = {m.name: m.code for m in xlam._modules(["Sheet1"])}
    assert "distributed under a BSD 3-clause license" in texts["xlwings"]
    assert "MIT" in texts["Dictionary"]
    shipped = (Path(xlwings.__file__).parent / "xlwings.bas").read_text(encoding="utf-8")
    changed = [
        (old, new)
        for old, new in zip(shipped.splitlines()[1:], texts["xlwings"].splitlines(), strict=True)
        if old != new
    ]
    assert len(changed) == 2
    assert all(old.replace("ThisWorkbook.Name", "ActiveWorkbook.Name") == new for old, new in changed)


def test_no_strangers_book_names_the_program_that_is_started():
    text = next(m.code for m in xlam._modules(["Sheet1"]) if m.name == "xlwings")
    configured = text.partition("Function GetConfig(")[2].partition("End Function")[0]
    assert "ThisWorkbook" in configured and "ActiveWorkbook" not in configured


def test_a_lesson_that_is_none_is_named(tmp_path):
    with pytest.raises(BookError, match="no lesson is named"):
        xlam.build_macro_book("submarine", tmp_path)
    assert list(tmp_path.iterdir()) == []


# --- where Excel finds it

SYSTEMS = {
    "win32": "AppData/Roaming/Microsoft/Excel/XLSTART",
    "darwin": "Library/Group Containers/UBF8T346G9.Office/User Content.localized/Startup.localized/Excel",
}


@pytest.fixture(params=SYSTEMS)
def place(request, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    environ = {"APPDATA": str(tmp_path / "AppData" / "Roaming")} if request.param == "win32" else {}
    found = xlam.StartFolder.of(request.param, tmp_path, environ)
    assert found.folder == tmp_path / SYSTEMS[request.param]
    return found


def everything(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


def test_install_and_uninstall_leave_no_trace(place, tmp_path):
    place.folder.mkdir(parents=True)
    (place.folder / "PERSONAL.XLSB").write_bytes(b"a person's own")
    before = everything(tmp_path)
    assert xlam.install(place) == place.file
    assert everything(tmp_path).keys() - before.keys() == {place.file}
    assert xlam.status(place).fine
    with claims.claim(tmp_path / "book.xlsx"):
        pass
    xlam.install(place)  # once more, as after an upgrade
    xlam.uninstall(place)
    assert everything(tmp_path) == {**before, **{p: b"" for p in (tmp_path / "state",) if p.exists()}}


@pytest.mark.parametrize("missing", [0, 1, 2, 3])
def test_the_folders_that_install_made_go_with_the_add_in(place, missing, tmp_path):
    [place.folder, *place.folder.parents][missing].mkdir(parents=True)
    before = everything(tmp_path)
    xlam.install(place)
    xlam.install(place)
    assert xlam.uninstall(place)[: missing + 1] == [
        place.file,
        *[place.folder, *place.folder.parents][:missing],
    ]
    assert everything(tmp_path) == before


def test_a_folder_that_install_made_stays_with_what_a_person_put_into_it(place):
    xlam.install(place)
    mine = place.folder / "PERSONAL.XLSB"
    mine.write_bytes(b"a person's own")
    xlam.uninstall(place)
    assert list(place.folder.iterdir()) == [mine]


def test_an_add_in_that_excel_has_open_is_not_written_over(place):
    xlam.install(place)
    before = place.file.read_bytes()
    (place.folder / f"~${place.file.name}").touch()
    with pytest.raises(BookError, match="open in Excel"):
        xlam.install(place)
    assert place.file.read_bytes() == before


def test_a_file_of_that_name_that_is_not_ours_is_left_alone(place, tmp_path):
    from tests import strangers

    place.folder.mkdir(parents=True)
    place.file.write_bytes(strangers.plain().to_bytes())
    before = everything(tmp_path)
    for act in (xlam.install, xlam.uninstall, xlam.status):
        with pytest.raises(BookError, match="not xlcicf's"):
            act(place)
    assert everything(tmp_path) == before


def test_nothing_to_uninstall_is_said(place):
    with pytest.raises(BookError, match="nothing was removed"):
        xlam.uninstall(place)
    assert not xlam.status(place).installed


def test_the_status_sees_another_version_and_another_python(place, monkeypatch):
    xlam.install(place)
    with monkeypatch.context() as changed:
        changed.setattr(xlcicf, "__version__", "99.0")
        assert not xlam.status(place).fine and "99.0" in xlam.status(place).sentence
    with monkeypatch.context() as changed:
        changed.setattr(sys, "executable", "elsewhere/python")
        assert "xlcicf addin install" in xlam.status(place).sentence
    with monkeypatch.context() as changed:
        changed.setattr(xlwings, "__version__", "0.99")  # its library has another name
        assert not xlam.status(place).fine and "0.99" in xlam.status(place).sentence


def test_a_folder_that_cannot_be_written_gets_a_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BookError, match="move away what is in its place"):
        xlam.install(xlam.StartFolder(tmp_path / "file" / "XLSTART"))


def test_without_excel_the_way_out_is_named(tmp_path):
    with pytest.raises(BookError, match="xlcicf addin build"):
        xlam.StartFolder.of("linux", tmp_path, {})


def test_the_functions_and_the_interpreter_are_configured(built):
    configured = xlam._require_ours(xlam.StartFolder(built["addin"].parent))
    assert configured["INTERPRETER_WIN"] == sys.executable
    assert configured["UDF MODULES"] == udfs.__name__
    assert configured["ADD_WORKBOOK_TO_PYTHONPATH"] == "false"


@pytest.mark.libreoffice
@pytest.mark.parametrize("name", lesson_books)
def test_libreoffice_opens_a_macro_book_and_runs_its_macros(built, name, tmp_path):
    """The module that runs is the one that LibreOffice has read out of the file."""
    book = tmp_path / f"{name}.xlsm"
    book.write_bytes(built[name].read_bytes())
    settings = asdict(Settings()) | training_settings(xlcicf.open_book(built[name]))
    calls = [
        ["Hexed", ["a1"]],
        ["IsEnabled", ["train"]],
        ["IsEnabled", ["stop"]],
        ["ShownBy", ["set_optimizer"]],
        ["ShownBy", ["set_steps"]],
    ]
    script = Path(__file__).with_name("libreoffice_book.py")
    asked = [["xlcicf_ribbon", *call] for call in calls]
    sheets, answers = libreoffice.ask(script, book=book.as_uri(), calls=asked)
    assert sheets == len(Inventory(read_package(built[name])).sheets)
    steps = "" if settings["steps"] is None else str(settings["steps"])
    assert answers == ["00610031", True, False, settings["optimizer"], steps]
