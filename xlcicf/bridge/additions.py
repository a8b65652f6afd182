"""What can be added to a package: sheets, names, pictures, number formats. What was there stays as it was."""

import posixpath
import re

from openpyxl.styles.numbers import BUILTIN_FORMATS_REVERSE

from xlcicf.bridge.append import (
    STYLES,
    WORKBOOK,
    WORKSHEET,
    Outline,
    append_to,
    append_to_root,
    insert,
    set_attribute,
    without_child,
)
from xlcicf.bridge.contents import Contents, DefinedName
from xlcicf.bridge.edits import AddName, AddPicture, AddSheet
from xlcicf.bridge.ooxml import (
    MAIN,
    OFFICE_RELATIONS,
    PACKAGE_RELATIONS,
    STRICT_MAIN,
    STRICT_RELATIONS,
    child,
    children,
    escape,
    natural,
    parse,
    relations,
    relations_part,
)
from xlcicf.bridge.package import Package
from xlcicf.errors import BookError

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
CONTENT_TYPES = "[Content_Types].xml"
_TYPES = "application/vnd.openxmlformats-officedocument."
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/"

_FIRST_CUSTOM_FORMAT = 164  # lower numbers are Excel's own


def add_sheet(contents: Contents, edit: AddSheet) -> Package:
    """An empty worksheet behind the last sheet."""
    part = _free_part(contents.package, "xl/worksheets/sheet{}.xml")
    empty = (
        f'{_HEAD}<worksheet xmlns="{STRICT_MAIN if contents.is_strict else MAIN}"><sheetData/></worksheet>'
    )
    package = contents.package.replace({part: empty.encode()})
    package = _with_override(package, part, _TYPES + "spreadsheetml.worksheet+xml")
    package, relation = _with_relation(package, contents.workbook_part, "worksheet", part, contents)
    listed = child(contents.workbook, "sheets")
    assert listed is not None, "a book without a sheet is not opened"
    used = [natural(sheet.get("sheetId")) for sheet in children(listed, "sheet")]
    prefix, book = _prefix(package, contents.workbook_part), contents.workbook_part
    xml = (
        f'<{prefix}sheet xmlns:r="{_office(contents)}" name="{escape(edit.name)}" sheetId="{max(used) + 1}" '
        f'r:id="{relation}"/>'
    )
    return package.replace({book: append_to(package[book], book, "sheets", xml, WORKBOOK)})


def add_name(contents: Contents, edit: AddName) -> Package:
    """A defined name behind those there are."""
    book, package = contents.workbook_part, contents.package
    xml = _defined_name(_prefix(package, book), edit.name, contents)
    return package.replace({book: append_to(package[book], book, "definedNames", xml, WORKBOOK)})


def _defined_name(prefix: str, name: DefinedName, contents: Contents) -> str:
    scope = ""
    if name.scope is not None:
        position = next(entry.position for entry in contents.entries if entry.name == name.scope)
        scope = f' localSheetId="{position}"'
    hidden = ' hidden="1"' if name.hidden else ""
    tag = f"{prefix}definedName"
    return f'<{tag} name="{escape(name.name)}"{scope}{hidden}>{escape(name.refers_to)}</{tag}>'


def add_number_format(contents: Contents, style: int, code: str) -> tuple[Package, int]:
    """A cell format like number `style` with another number format, and its index."""
    part, package = contents.styles.part, contents.package
    if part is None or style >= len(contents.styles.formats):
        raise BookError("this book has no cell formats to add a number format to; open and save it in Excel")
    data, outline = package[part], Outline(package[part], part)
    prefix = outline.prefix
    number = _format_number(contents, code)
    if number not in BUILTIN_FORMATS_REVERSE.values() and str(number) not in contents.styles.custom:
        xml = f'<{prefix}numFmt numFmtId="{number}" formatCode="{escape(code)}"/>'
        data = append_to(data, part, "numFmts", xml, STYLES)
    xfs = [span for parent, span in outline.grandchildren if parent.name == "cellXfs"]
    span = xfs[style]
    xml = package[part][span.start : span.end]
    tag = re.sub(rb"""\s(numFmtId|applyNumberFormat)\s*=\s*("[^"]*"|'[^']*')""", b"", outline.tag(span))
    opening = re.match(rb"<[^\s/>]+", tag)[0]
    tag = opening + b' numFmtId="%d" applyNumberFormat="1"' % number + tag[len(opening) :]
    xml = (tag + xml[span.inner - span.start :]).decode()
    return package.replace({part: append_to(data, part, "cellXfs", xml, STYLES)}), len(xfs)


def _format_number(contents: Contents, code: str) -> int:
    if code in BUILTIN_FORMATS_REVERSE:
        return BUILTIN_FORMATS_REVERSE[code]
    custom = contents.styles.custom
    known = [natural(number) for number, text in custom.items() if text == code]
    return known[0] if known else max([_FIRST_CUSTOM_FORMAT - 1, *map(natural, custom)]) + 1


def add_picture(contents: Contents, edit: AddPicture) -> Package:
    """A picture on the sheet's drawing, which is made where the sheet has none."""
    package, part = contents.package, contents.sheets[edit.sheet].part
    image = _free_part(package, "xl/media/image{}." + edit.extension)
    package = _with_default(package.replace({image: edit.data}), edit.extension, f"image/{edit.extension}")
    found = [r.target for r in relations(package, part).values() if r.kind == "drawing"]
    if found:
        drawing = found[0]
    else:
        package, drawing = _with_drawing(contents, package, part)
    package, relation = _with_relation(package, drawing, "image", image, contents)
    anchor = _anchor(edit, relation, _next_shape(package[drawing], drawing))
    return package.replace({drawing: append_to_root(package[drawing], drawing, anchor)})


def _with_drawing(contents: Contents, package: Package, part: str) -> tuple[Package, str]:
    drawing = _free_part(package, "xl/drawings/drawing{}.xml")
    xml = f'{_HEAD}<xdr:wsDr xmlns:xdr="{_DRAWING}spreadsheetDrawing"></xdr:wsDr>'
    package = _with_override(package.replace({drawing: xml.encode()}), drawing, _TYPES + "drawing+xml")
    package, relation = _with_relation(package, part, "drawing", drawing, contents)
    tag = f'<{_prefix(package, part)}drawing xmlns:r="{_office(contents)}" r:id="{relation}"/>'
    return package.replace({part: insert(package[part], part, tag, "drawing", WORKSHEET)}), drawing


def _anchor(edit: AddPicture, relation: str, shape: int) -> str:
    left_top, size = f'x="{edit.left}" y="{edit.top}"', f'cx="{edit.width}" cy="{edit.height}"'
    if edit.anchor:
        row, col = edit.anchor
        kind = "oneCellAnchor"
        start = (
            f"<xdr:from><xdr:col>{col - 1}</xdr:col><xdr:colOff>0</xdr:colOff>"
            f"<xdr:row>{row - 1}</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:from>"
        )
    else:
        kind, start = "absoluteAnchor", f"<xdr:pos {left_top}/>"
    return (
        f'<xdr:{kind} xmlns:xdr="{_DRAWING}spreadsheetDrawing" xmlns:a="{_DRAWING}main" '
        f'xmlns:r="{OFFICE_RELATIONS}">'
        f"{start}<xdr:ext {size}/>"
        f'<xdr:pic><xdr:nvPicPr><xdr:cNvPr id="{shape}" name="{escape(edit.name)}"/>'
        '<xdr:cNvPicPr><a:picLocks noChangeAspect="1"/></xdr:cNvPicPr></xdr:nvPicPr>'
        f'<xdr:blipFill><a:blip r:embed="{relation}"/><a:stretch><a:fillRect/></a:stretch></xdr:blipFill>'
        f"<xdr:spPr><a:xfrm><a:off {left_top}/><a:ext {size}/></a:xfrm>"
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></xdr:spPr>'
        f"</xdr:pic><xdr:clientData/></xdr:{kind}>"
    )


def _next_shape(data: bytes, part: str) -> int:
    """An id that no shape of the drawing has; ids count from 2, 1 is the drawing's own."""
    return max([1, *(natural(e.get("id")) for e in parse(data, part).iter() if e.tag.endswith("}cNvPr"))]) + 1


def with_full_calculation(package: Package, book: str, drop_chain: bool) -> Package:
    """The package with fullCalcOnLoad set and, where formulas came or went, without its calculation chain."""
    data = package[book]
    if Outline(data, book).child("calcPr") is None:
        data = insert(data, book, f"<{_prefix(package, book)}calcPr/>", "calcPr", WORKBOOK)
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


def _with_override(package: Package, part: str, content_type: str) -> Package:
    prefix = _prefix(package, CONTENT_TYPES)
    xml = f'<{prefix}Override PartName="/{escape(part)}" ContentType="{content_type}"/>'
    return package.replace({CONTENT_TYPES: append_to_root(package[CONTENT_TYPES], CONTENT_TYPES, xml)})


def _with_default(package: Package, extension: str, content_type: str) -> Package:
    listed = children(parse(package[CONTENT_TYPES], CONTENT_TYPES), "Default")
    if extension in {default.get("Extension", "").lower() for default in listed}:
        return package
    prefix = _prefix(package, CONTENT_TYPES)
    xml = f'<{prefix}Default Extension="{extension}" ContentType="{content_type}"/>'
    outline = Outline(package[CONTENT_TYPES], CONTENT_TYPES)
    position = outline.root.inner  # defaults stand before overrides
    data = package[CONTENT_TYPES]
    return package.replace({CONTENT_TYPES: data[:position] + xml.encode() + data[position:]})


def _with_relation(
    package: Package, part: str, kind: str, target: str, contents: Contents
) -> tuple[Package, str]:
    """The package with a relation from a part to another, and the relation's id."""
    rels = relations_part(part)
    used = relations(package, part)
    number = len(used) + 1
    while f"rId{number}" in used:
        number += 1
    data = package.get(rels)
    if data is None:
        data = f'{_HEAD}<Relationships xmlns="{PACKAGE_RELATIONS}"/>'.encode()
        package = package.replace({rels: data})
    path = posixpath.relpath("/" + target, "/" + posixpath.dirname(part))
    xml = (
        f'<{_prefix(package, rels)}Relationship Id="rId{number}" Type="{_office(contents)}/{kind}" '
        f'Target="{escape(path)}"/>'
    )
    return package.replace({rels: append_to_root(data, rels, xml)}), f"rId{number}"


def _free_part(package: Package, pattern: str) -> str:
    taken, number = {name.lower() for name in package}, 1
    while pattern.format(number).lower() in taken:
        number += 1
    return pattern.format(number)


def _prefix(package: Package, part: str) -> str:
    return Outline(package[part], part, depth=1).prefix


def _office(contents: Contents) -> str:
    """The namespace of relations."""
    return STRICT_RELATIONS if contents.is_strict else OFFICE_RELATIONS
