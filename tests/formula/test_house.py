"""How formula/ is built: one file makes a Grid, and functions know nothing of how values are kept."""

import ast
from pathlib import Path

import pytest

import xlcicf.formula

ROOM = Path(xlcicf.formula.__file__).parent
SOURCES = sorted(ROOM.rglob("*.py"))
FUNCTIONS = [source for source in SOURCES if source.parent.name == "functions"]
HOW_VALUES_ARE_KEPT = {"kind", "kinds", "text", "texts", "place", "varying", "varies", "there"}


def parsed(source: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(source.read_text(encoding="utf-8"))))


def imported(source: Path) -> set[str]:
    """Everything a file imports, under TYPE_CHECKING and inside functions too."""
    found: set[str] = set()
    for node in parsed(source):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_a_grid_is_made_in_one_file():
    makers = {
        source.name
        for source in SOURCES
        for node in parsed(source)
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Grid"
    }
    assert makers == {"grid.py"}


@pytest.mark.parametrize("source", FUNCTIONS, ids=lambda source: source.name)
def test_an_authors_file_is_mathematics_and_no_bookkeeping(source):
    assert {name for name in imported(source) if name.split(".")[0] == "torch"} == set()
    read = {node.attr for node in parsed(source) if isinstance(node, ast.Attribute)}
    assert read & HOW_VALUES_ARE_KEPT == set()
