"""The house: which room may import which, which library lives where, and what nobody does."""

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import xlcicf

PACKAGE = Path(xlcicf.__file__).parent

# room -> the rooms below it: cli, addin -> lessons -> pages -> sheet, solve -> host -> ooxml -> formula, optim,
# learn -> errors, words, late, notebook (design.md, "The house")
LEAVES = {"errors", "words", "late", "notebook"}
NUMBERS = {"formula", "optim", "learn", *LEAVES}
BELOW = {
    "errors": set(),
    "late": set(),
    "notebook": set(),
    "words": {"errors"},
    "formula": LEAVES,
    "optim": LEAVES,
    "learn": {"optim", *LEAVES},
    "ooxml": {"formula", *LEAVES},
    "host": {"ooxml", "formula", *LEAVES},
    "solve": {"host", "ooxml", *NUMBERS},
    "sheet": NUMBERS,
    "pages": {"sheet", "solve", "host", "ooxml", *NUMBERS},
    "lessons": {"pages", "sheet", "solve", "host", "ooxml", *NUMBERS},
    "addin": {"lessons", "pages", "sheet", "solve", "host", "ooxml", *NUMBERS},
    "docs": set(),
    "cli": {"addin", "docs", "lessons", "pages", "sheet", "solve", "host", "ooxml", *NUMBERS},
}

# library -> the rooms that may use it
ROOMS = {
    "xlwings": {"host", "addin"},
    "ironcalc": {"ooxml"},
    "openpyxl": {"ooxml", "host", "sheet", "pages", "lessons"},
    "torch": {"formula", "optim", "learn"},
    "scipy": {"formula", "optim", "learn"},
    "highspy": {"optim"},
    "pandas": {"learn"},
    "safetensors": {"learn"},
    "matplotlib": {"pages"},
}

# Formula text never becomes Python, and no file of a stranger's is unpickled (hazards: formula text, models).
NEVER_IMPORTED = {"pickle", "marshal", "shelve", "dill", "joblib", "xlwings.pro"}
NEVER_CALLED = {"eval", "exec", "compile", "torch.load"}

# What only the host room may know: how a book is implemented, and what its program is called by.
OF_A_HOST = {"impl", "api", "document", "hwnd", "hresult", "excepinfo"}
ENGINES = ("xlwings._", "xlwings.base_classes", "xlcicf.host.excel", "xlcicf.host.headless")

SOURCES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted(Path(__file__).parent.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@dataclass(frozen=True)
class Source:
    """What a file has of these, wherever they stand in it.

    imports  "a" of `import a`, ("a", ["b"]) of `from a import b`
    """

    imports: list[str | tuple[str, list[str]]]
    called: set[str]
    attributes: set[str]
    is_documented: bool


@functools.cache  # each file is looked at by many tests
def read(path: Path) -> Source:
    whole = ast.parse(path.read_text(encoding="utf-8"))
    imports, called, attributes = [], set(), set()
    for node in ast.walk(whole):
        match node:
            case ast.Import():
                imports += [alias.name for alias in node.names]
            case ast.ImportFrom():
                assert node.level == 0, f"{path.name} imports relatively; the house spells its imports out"
                imports.append((node.module, [alias.name for alias in node.names]))
            case ast.Call():
                called.add(ast.unparse(node.func))
            case ast.Attribute():
                attributes.add(node.attr)
    return Source(imports, called, attributes, not whole.body or bool(ast.get_docstring(whole)))


def imported(path: Path) -> Iterator[str]:
    """Everything that a file imports; of `from a import b` both a and a.b."""
    for one in read(path).imports:
        if isinstance(one, str):
            yield one
        else:
            yield one[0]
            yield from (f"{one[0]}.{name}" for name in one[1])


def room_imported(name: str) -> str | None:
    """The room that an import ends in: "xlcicf.formula.tree" and "xlcicf.SheetFunction" -> "formula"."""
    package, _, rest = name.partition(".")
    if package != "xlcicf" or not rest:
        return None
    home = xlcicf._HOMES.get(rest, name)
    return None if rest == "__version__" else home.split(".")[1]


by_file = pytest.mark.parametrize(
    "source",
    [s for s in SOURCES if s.parent != PACKAGE or s.stem in BELOW],
    ids=lambda s: str(s.relative_to(PACKAGE)),
)


@by_file
def test_a_room_imports_only_rooms_below_it(source):
    room = room_of(source)
    met = {room_imported(name) for name in imported(source)} - {None, room}
    assert met <= BELOW[room]


@by_file
def test_a_library_is_used_only_in_its_rooms(source):
    used = {name.split(".")[0] for name in imported(source)} & ROOMS.keys()
    assert {library for library in used if room_of(source) not in ROOMS[library]} == set()


@pytest.mark.parametrize(
    "source",
    [s for s in SOURCES if room_of(s) != "host"] + [t for t in TESTS if t.parent.name != "host"],
    ids=lambda s: "/".join(s.parts[-2:]),
)
def test_outside_its_room_nobody_asks_which_host_a_book_has(source):
    assert read(source).attributes & OF_A_HOST == set()
    if source in SOURCES:
        assert {name for name in imported(source) if name.startswith(ENGINES)} == set()


@by_file
def test_nothing_is_evaluated_or_unpickled(source):
    assert read(source).called & NEVER_CALLED == set()
    assert set(imported(source)) & NEVER_IMPORTED == set()


@by_file
def test_each_file_says_first_what_it_is_for(source):
    assert read(source).is_documented


def test_every_file_stands_in_a_room():
    assert {room_of(source) for source in SOURCES} <= BELOW.keys() | {"__init__", "__main__"}


def test_no_file_imports_in_a_circle():
    """Under TYPE_CHECKING and inside functions too. A package counts where names are taken from itself."""
    names = {module_of(source) for source in SOURCES}
    needed = {module_of(source): taken_from(source, names) - {module_of(source)} for source in SOURCES}
    list(TopologicalSorter(needed).static_order())  # raises CycleError, which names the circle


def module_of(source: Path) -> str:
    parts = ("xlcicf", *source.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts).removesuffix(".__init__")


def taken_from(source: Path, names: set[str]) -> set[str]:
    """The modules that a file needs: of `from a import b` a.b where that is a module, else a."""
    found = set()
    for one in read(source).imports:
        if isinstance(one, str):
            found.add(one)
        else:
            found |= {whole if (whole := f"{one[0]}.{name}") in names else one[0] for name in one[1]}
    return found & names
