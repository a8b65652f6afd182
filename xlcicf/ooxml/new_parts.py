"""New parts in a package: where they lie, what type they are, and how others relate to them."""

import posixpath
import re

from xlcicf.ooxml.insertion import Outline, append_to_root
from xlcicf.ooxml.inventory import Inventory
from xlcicf.ooxml.package import Package
from xlcicf.ooxml.xml import (
    OFFICE_RELATIONS,
    PACKAGE_RELATIONS,
    STRICT_RELATIONS,
    children,
    escape,
    parse,
    relations,
    relations_part,
)

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
CONTENT_TYPES = "[Content_Types].xml"
TYPES = "application/vnd.openxmlformats-officedocument."


def with_part(package: Package, part: str, xml: str, content_type: str) -> Package:
    """The package with a new part of XML; `content_type` is what stands behind `TYPES`."""
    package = package.replace({part: (HEAD + xml).encode()})
    override = (
        f'<{prefix_of(package, CONTENT_TYPES)}Override PartName="/{escape(part)}" '
        f'ContentType="{TYPES}{content_type}"/>'
    )
    return package.replace({CONTENT_TYPES: append_to_root(package[CONTENT_TYPES], CONTENT_TYPES, override)})


def with_default(package: Package, extension: str, content_type: str) -> Package:
    """The package with a content type for all parts of an extension, unless it has one."""
    data = package[CONTENT_TYPES]
    listed = children(parse(data, CONTENT_TYPES), "Default")
    if extension in {default.get("Extension", "").lower() for default in listed}:
        return package
    xml = (
        f'<{prefix_of(package, CONTENT_TYPES)}Default Extension="{extension}" ContentType="{content_type}"/>'
    )
    position = Outline(data, CONTENT_TYPES).root.inner  # defaults stand before overrides
    return package.replace({CONTENT_TYPES: data[:position] + xml.encode() + data[position:]})


def with_relation(
    package: Package, part: str, kind: str, target: str, inventory: Inventory
) -> tuple[Package, str]:
    """The package with a relation from a part to another, and the relation's id."""
    return with_related(package, part, f"{relations_namespace(inventory)}/{kind}", target)


def with_related(package: Package, part: str, relation_type: str, target: str) -> tuple[Package, str]:
    """The same for a relation of any type; `part` is "" for the package itself."""
    rels = relations_part(part)
    used = relations(package, part)
    number = len(used) + 1
    while f"rId{number}" in used:
        number += 1
    data = package.get(rels)
    if data is None:
        data = f'{HEAD}<Relationships xmlns="{PACKAGE_RELATIONS}"/>'.encode()
        package = package.replace({rels: data})
    path = posixpath.relpath("/" + target, "/" + posixpath.dirname(part))
    xml = (
        f'<{prefix_of(package, rels)}Relationship Id="rId{number}" '
        f'Type="{relation_type}" Target="{escape(path)}"/>'
    )
    return package.replace({rels: append_to_root(data, rels, xml)}), f"rId{number}"


def retyped(package: Package, part: str, content_type: str) -> Package:
    """The package with another content type for a part that has one of its own."""
    pattern = rb'(PartName="/%b" ContentType=")[^"]*' % re.escape(part.encode())
    data, found = re.subn(pattern, rb"\g<1>" + content_type.encode(), package[CONTENT_TYPES])
    assert found == 1, f"{part} has no content type of its own"
    return package.replace({CONTENT_TYPES: data})


def free_part(package: Package, pattern: str) -> str:
    """The first name of the pattern, such as "xl/tables/table{}.xml", that no part has."""
    taken, number = {name.lower() for name in package}, 1
    while pattern.format(number).lower() in taken:
        number += 1
    return pattern.format(number)


def prefix_of(package: Package, part: str) -> str:
    """The namespace prefix of a part's elements, such as "x:"; mostly ""."""
    return Outline(package[part], part, depth=1).prefix


def relations_namespace(inventory: Inventory) -> str:
    """The namespace of relations, which in strict files is another."""
    return STRICT_RELATIONS if inventory.is_strict else OFFICE_RELATIONS
