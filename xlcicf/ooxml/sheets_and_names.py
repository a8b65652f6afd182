"""Sheets and names added to a package, Solver's names set; what else was there stays as it was."""

from collections.abc import Mapping, Sequence

from xlcicf.ooxml.edits import AddName, AddSheet, SetSolverName
from xlcicf.ooxml.insertion import (
    WORKBOOK,
    WORKSHEET,
    Outline,
    append_to,
    insert,
    set_attribute,
    without_child,
)
from xlcicf.ooxml.inventory import DefinedName, Inventory
from xlcicf.ooxml.new_parts import (
    CONTENT_TYPES,
    free_part,
    prefix_of,
    relations_namespace,
    with_part,
    with_relation,
)
from xlcicf.ooxml.package import Package
from xlcicf.ooxml.splice import number_text
from xlcicf.ooxml.xml import (
    MAIN,
    STRICT_MAIN,
    child,
    children,
    escape,
    natural,
    relations,
    relations_part,
)

CELL_PADDING = (
    182 / 256
)  # of a character: what the file's width of a column has beyond its characters, in Excel


def add_sheet(inventory: Inventory, edit: AddSheet) -> Package:
    """An empty worksheet behind the last sheet."""
    part = free_part(inventory.package, "xl/worksheets/sheet{}.xml")
    namespace = STRICT_MAIN if inventory.is_strict else MAIN
    empty = f'<worksheet xmlns="{namespace}">{_columns(edit.widths)}{_rows(edit.heights)}</worksheet>'
    package = with_part(inventory.package, part, empty, "spreadsheetml.worksheet+xml")
    package, relation = with_relation(package, inventory.workbook_part, "worksheet", part, inventory)
    listed = child(inventory.workbook, "sheets")
    assert listed is not None, "a book without a sheet is not opened"
    used = [natural(sheet.get("sheetId")) for sheet in children(listed, "sheet")]
    prefix, book = prefix_of(package, inventory.workbook_part), inventory.workbook_part
    xml = (
        f'<{prefix}sheet xmlns:r="{relations_namespace(inventory)}" name="{escape(edit.name)}" '
        f'sheetId="{max(used) + 1}" r:id="{relation}"/>'
    )
    return package.replace({book: append_to(package[book], book, "sheets", xml, WORKBOOK)})


def _columns(widths: Mapping[int, float]) -> str:
    """<cols>, or nothing where all columns have the usual width."""
    columns = "".join(
        f'<col min="{col}" max="{col}" width="{number_text(width + CELL_PADDING)}" customWidth="1"/>'
        for col, width in sorted(widths.items())
    )
    return columns and f"<cols>{columns}</cols>"


def _rows(heights: Mapping[int, float]) -> str:
    """<sheetData> with rows that a program may fit anew once a person writes into them."""
    rows = (f'<row r="{row}" ht="{number_text(height)}"/>' for row, height in sorted(heights.items()))
    return f"<sheetData>{''.join(rows)}</sheetData>" if heights else "<sheetData/>"


def add_name(inventory: Inventory, edit: AddName) -> Package:
    """A defined name behind those there are."""
    book, package = inventory.workbook_part, inventory.package
    xml = _defined_name(prefix_of(package, book), edit.name, inventory)
    return package.replace({book: append_to(package[book], book, "definedNames", xml, WORKBOOK)})


def set_solver_name(inventory: Inventory, edit: SetSolverName) -> Package:
    """Another content for a name where it stands; its attributes and all other names stay as they are."""
    book, package = inventory.workbook_part, inventory.package
    outline, key = Outline(package[book], book), (edit.name.name, _position(edit.name, inventory))
    spans = [span for parent, span in outline.grandchildren if parent.name == "definedNames"]
    names = child(inventory.workbook, "definedNames")
    assert names is not None  # an edit names what is there
    elements = children(names, "definedName")
    for span, element in zip(spans, elements, strict=True):
        if (element.get("name"), element.get("localSheetId")) == key:
            data, text = package[book], escape(edit.name.refers_to).encode()
            return package.replace({book: data[: span.inner] + text + data[span.close :]})
    raise AssertionError(f"{edit.name.name} was found among the names a moment ago")


def _position(name: DefinedName, inventory: Inventory) -> str | None:
    """The localSheetId of a name: its sheet's number, from 0."""
    if name.scope is None:
        return None
    return str(next(entry.position for entry in inventory.entries if entry.name == name.scope))


def _defined_name(prefix: str, name: DefinedName, inventory: Inventory) -> str:
    position = _position(name, inventory)
    scope = "" if position is None else f' localSheetId="{position}"'
    hidden = ' hidden="1"' if name.hidden else ""
    tag = f"{prefix}definedName"
    return f'<{tag} name="{escape(name.name)}"{scope}{hidden}>{escape(name.refers_to)}</{tag}>'


def with_code_names(inventory: Inventory, book: str, sheets: list[str]) -> Package:
    """The package with the names by which VBA knows the workbook and each of its worksheets."""
    package = _with_attribute(inventory.package, inventory.workbook_part, "workbookPr", book, WORKBOOK)
    for entry, name in zip(inventory.sheets.values(), sheets, strict=True):
        package = _with_attribute(package, entry.part, "sheetPr", name, WORKSHEET)
    return package


def _with_attribute(package: Package, part: str, element: str, name: str, order: Sequence[str]) -> Package:
    data = package[part]
    if Outline(data, part).child(element) is None:
        data = insert(data, part, f"<{prefix_of(package, part)}{element}/>", element, order)
    return package.replace({part: set_attribute(data, part, element, "codeName", name)})


def with_full_calculation(package: Package, book: str, drop_chain: bool) -> Package:
    """The package with fullCalcOnLoad set and, where formulas came or went, without its calculation chain."""
    data = package[book]
    if Outline(data, book).child("calcPr") is None:
        data = insert(data, book, f"<{prefix_of(package, book)}calcPr/>", "calcPr", WORKBOOK)
    package = package.replace({book: set_attribute(data, book, "calcPr", "fullCalcOnLoad", "1")})
    chains = [r for r in relations(package, book).values() if r.kind == "calcChain"]
    return _without_chain(package, book, chains[0]) if drop_chain and chains else package


def _without_chain(package: Package, book: str, chain) -> Package:
    rels = relations_part(book)
    types = without_child(package[CONTENT_TYPES], CONTENT_TYPES, "PartName", "/" + chain.target)
    return package.replace(
        {
            chain.target: None,
            rels: without_child(package[rels], rels, "Id", chain.id),
            CONTENT_TYPES: types,
        }
    )
