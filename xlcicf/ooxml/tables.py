"""Excel tables put over cells that stand there already: what Excel would refuse is refused, by cell."""

import re
from collections.abc import Iterator

from xlcicf.errors import AddressError, DataError
from xlcicf.formula.address import Area, cell_address
from xlcicf.formula.snapshot import ExcelError
from xlcicf.formula.text import area_of, relative
from xlcicf.ooxml.cells import SheetCells
from xlcicf.ooxml.edits import AddTable, require_name
from xlcicf.ooxml.insertion import WORKSHEET, append_to
from xlcicf.ooxml.inventory import Inventory
from xlcicf.ooxml.new_parts import free_part, prefix_of, relations_namespace, with_part, with_relation
from xlcicf.ooxml.package import Package
from xlcicf.ooxml.xml import (
    MAIN,
    STRICT_MAIN,
    child,
    children,
    encode_string,
    escape,
    local,
    natural,
    parse,
    relations,
)

MAX_HEADER = 255  # characters

_STYLE = re.compile(r"TableStyle(Light([1-9]|1\d|2[01])|Medium([1-9]|1\d|2[0-8])|Dark([1-9]|1[01]))")


def headers(area: Area, sheet: SheetCells) -> tuple[str, ...]:
    """The texts in an area's first row. Raises DataError, naming the cell, where they head no table.

    Excel would turn numbers into text, fill empty cells and number what is there twice; here no cell changes.
    """
    found: dict[str, str] = {}
    texts: list[str] = []
    for col in range(area.left, area.right + 1):
        cell = area.top, col
        address, text = cell_address(area.sheet, *cell), sheet.values.get(cell)
        if (
            cell in sheet.formulas
            or not isinstance(text, str)
            or isinstance(text, ExcelError)
            or not text.strip()
            or len(text) > MAX_HEADER
        ):
            raise DataError(
                f"{address} cannot head a column of a table; write a text of up to {MAX_HEADER} characters"
            )
        if text.casefold() in found:
            raise DataError(
                f"{address} heads a column as {found[text.casefold()]} does ({text!r}); write another text"
            )
        found[text.casefold()] = address
        texts.append(text)
    return tuple(texts)


def require_new_table(edit: AddTable, sheet: SheetCells, inventory: Inventory) -> None:
    """Raises AddressError where Excel would not take the table's name or place, DataError for its style."""
    require_name(edit.name)
    others = [table.name for table in inventory.tables]
    others += [name.name for name in inventory.names if name.scope is None]
    if edit.name.casefold() in map(str.casefold, others):
        raise AddressError(f"the book has a table or a name {edit.name!r} already; choose another name")
    if edit.area.shape[0] < 2:
        raise AddressError(f"{edit.area.address} has no row below the headers; a table needs one")
    if (
        edit.style is not None
        and edit.style not in _own_styles(inventory)
        and not _STYLE.fullmatch(edit.style)
    ):
        raise DataError(f"{edit.style!r} is no style for tables; write one such as TableStyleMedium2")
    for area, what in _occupied(sheet, inventory):
        if area.intersect(edit.area):
            raise AddressError(
                f"a table in {edit.area.address} would meet {what} in {area.address}; choose other cells"
            )


def _own_styles(inventory: Inventory) -> list[str]:
    listed = child(inventory.styles.root, "tableStyles")
    return [] if listed is None else [style.get("name", "") for style in listed]


def _occupied(sheet: SheetCells, inventory: Inventory) -> Iterator[tuple[Area, str]]:
    """The areas of a sheet that no table may touch, and what is there."""
    for table in inventory.tables:
        if table.area.sheet == sheet.name:
            yield table.area, f"table {table.name}"
    for area in sheet.merged:
        yield area, "a merged cell"
    for area in sheet.arrays.values():
        if area.shape != (1, 1):
            yield area, "an array formula"
    for area in sheet.data_tables:
        yield area, "a data table"
    part = inventory.sheets[sheet.name].part
    for element in children(parse(inventory.package[part], part), "autoFilter"):
        yield from _area(sheet, element.get("ref", ""), "a filter")
    for relation in relations(inventory.package, part).values():
        if relation.kind == "pivotTable" and relation.target in inventory.package:
            root = parse(inventory.package[relation.target], relation.target)
            for location in children(root, "location"):
                yield from _area(sheet, location.get("ref", ""), "a pivot table")


def _area(sheet: SheetCells, reference: str, what: str) -> Iterator[tuple[Area, str]]:
    area = area_of(sheet.name, reference)
    if area is not None:
        yield area, what


def add_table(inventory: Inventory, edit: AddTable) -> Package:
    """A table over its area, in a part of its own."""
    package, sheet = inventory.package, inventory.sheets[edit.area.sheet].part
    part = free_part(package, "xl/tables/table{}.xml")
    package = with_part(package, part, _table(inventory, edit), "spreadsheetml.table+xml")
    package, relation = with_relation(package, sheet, "table", part, inventory)
    prefix, namespace = prefix_of(package, sheet), relations_namespace(inventory)
    listed = f'<{prefix}tablePart xmlns:r="{namespace}" r:id="{relation}"/>'
    return package.replace({sheet: append_to(package[sheet], sheet, "tableParts", listed, WORKSHEET)})


def _table(inventory: Inventory, edit: AddTable) -> str:
    reference, name = relative(edit.area), escape(edit.name)
    columns = "".join(
        f'<tableColumn id="{number}" name="{_header(text)}"/>' for number, text in enumerate(edit.columns, 1)
    )
    style = f'name="{escape(edit.style)}" ' if edit.style else ""
    return (
        f'<table xmlns="{STRICT_MAIN if inventory.is_strict else MAIN}" id="{_next_id(inventory)}" '
        f'name="{name}" displayName="{name}" ref="{reference}" totalsRowShown="0">'
        f'<autoFilter ref="{reference}"/><tableColumns count="{len(edit.columns)}">{columns}</tableColumns>'
        f'<tableStyleInfo {style}showFirstColumn="0" showLastColumn="0" showRowStripes="1" '
        'showColumnStripes="0"/></table>'
    )


def _header(text: str) -> str:
    """A header as an attribute, where XML would take a line's end for a space."""
    return re.sub("[\n\t]", lambda m: f"_x{ord(m[0]):04x}_", encode_string(text))


def _next_id(inventory: Inventory) -> int:
    """An id that no table of the book has."""
    used = [0]
    for entry in inventory.sheets.values():
        for relation in relations(inventory.package, entry.part).values():
            if relation.kind == "table" and relation.target in inventory.package:
                root = parse(inventory.package[relation.target], relation.target)
                assert local(root.tag) == "table"
                used.append(natural(root.get("id")))
    return max(used) + 1
