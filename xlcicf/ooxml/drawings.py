"""A sheet's drawing: pictures and charts put on it, and where those on it lie."""

from dataclasses import dataclass
from functools import cached_property
from xml.etree import ElementTree

from xlcicf.formula.address import MAX_COL, MAX_ROW
from xlcicf.ooxml.charts import chart_namespace
from xlcicf.ooxml.edits import AddChart, AddPicture, Box
from xlcicf.ooxml.insertion import WORKSHEET, append_to_root, insert
from xlcicf.ooxml.inventory import Inventory
from xlcicf.ooxml.new_parts import (
    free_part,
    prefix_of,
    relations_namespace,
    with_default,
    with_part,
    with_relation,
)
from xlcicf.ooxml.package import Package
from xlcicf.ooxml.xml import child, children, decimal, escape, local, natural, parse, relations

EMU_PER_POINT = 12_700
EMU_PER_PIXEL = 9_525  # at 96 to the inch

_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/"
_STRICT_DRAWING = "http://purl.oclc.org/ooxml/drawingml/"

_BUTTON = "0072B2"  # a button's colour

_DIGIT = 7  # pixels that a digit of the usual font (Calibri 11) is wide
_COLUMN_WIDTH = 64 / _DIGIT  # digits, of columns that say nothing of it
_ROW_HEIGHT = 15.0  # points, likewise


# ---- things added


def add_picture(inventory: Inventory, edit: AddPicture) -> Package:
    """A picture on the sheet's drawing, which is made where the sheet has none."""
    image = free_part(inventory.package, "xl/media/image{}." + edit.extension)
    package = with_default(
        inventory.package.replace({image: edit.data}), edit.extension, f"image/{edit.extension}"
    )
    package, drawing = _with_drawing(inventory, package, edit.sheet)
    package, relation = with_relation(package, drawing, "image", image, inventory)
    left_top, size = f'x="{edit.box.left}" y="{edit.box.top}"', _size(edit.box)
    picture = (
        f"<xdr:pic><xdr:nvPicPr>{_properties(package, drawing, edit.name)}"
        '<xdr:cNvPicPr><a:picLocks noChangeAspect="1"/></xdr:cNvPicPr></xdr:nvPicPr>'
        f'<xdr:blipFill><a:blip r:embed="{relation}"/><a:stretch><a:fillRect/></a:stretch></xdr:blipFill>'
        f"<xdr:spPr><a:xfrm><a:off {left_top}/><a:ext {size}/></a:xfrm>"
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></xdr:spPr></xdr:pic>'
    )
    return _with_anchored(inventory, package, drawing, edit.box, picture)


def add_chart(inventory: Inventory, edit: AddChart, xml: str) -> tuple[Package, str]:
    """A chart on the sheet's drawing, and the part that holds it, which begins as `xml`."""
    part = free_part(inventory.package, "xl/charts/chart{}.xml")
    package = with_part(inventory.package, part, xml, "drawingml.chart+xml")
    package, drawing = _with_drawing(inventory, package, edit.sheet)
    package, relation = with_relation(package, drawing, "chart", part, inventory)
    namespace = chart_namespace(inventory.is_strict)
    frame = (
        f'<xdr:graphicFrame macro=""><xdr:nvGraphicFramePr>{_properties(package, drawing, edit.name)}'
        '<xdr:cNvGraphicFramePr/></xdr:nvGraphicFramePr><xdr:xfrm><a:off x="0" y="0"/>'
        f'<a:ext cx="0" cy="0"/></xdr:xfrm><a:graphic><a:graphicData uri="{namespace}">'
        f'<c:chart xmlns:c="{namespace}" r:id="{relation}"/></a:graphicData></a:graphic></xdr:graphicFrame>'
    )
    return _with_anchored(inventory, package, drawing, edit.box, frame), part


def add_button(inventory: Inventory, sheet: str, label: str, macro: str, box: Box) -> Package:
    """A button on the sheet's drawing: a press runs a VBA macro of the book itself."""
    package, drawing = _with_drawing(inventory, inventory.package, sheet)
    properties = _properties(package, drawing, label)
    button = (
        f'<xdr:sp macro="[0]!{escape(macro)}" textlink=""><xdr:nvSpPr>{properties}<xdr:cNvSpPr/></xdr:nvSpPr>'
        f'<xdr:spPr><a:xfrm><a:off x="0" y="0"/><a:ext {_size(box)}/></a:xfrm>'
        '<a:prstGeom prst="roundRect"><a:avLst/></a:prstGeom>'
        f'<a:solidFill><a:srgbClr val="{_BUTTON}"/></a:solidFill><a:ln><a:noFill/></a:ln></xdr:spPr>'
        '<xdr:txBody><a:bodyPr lIns="0" tIns="0" rIns="0" bIns="0" anchor="ctr"/><a:lstStyle/>'
        '<a:p><a:pPr algn="ctr"/>'
        '<a:r><a:rPr lang="en-US" sz="1100" b="1"><a:solidFill><a:srgbClr val="FFFFFF"/></a:solidFill>'
        f'<a:latin typeface="Calibri"/></a:rPr><a:t>{escape(label)}</a:t></a:r></a:p></xdr:txBody></xdr:sp>'
    )
    return _with_anchored(inventory, package, drawing, box, button)


def _with_drawing(inventory: Inventory, package: Package, sheet: str) -> tuple[Package, str]:
    """The package with a drawing on the sheet, and the drawing's part."""
    part = inventory.sheets[sheet].part
    found = [r.target for r in relations(package, part).values() if r.kind == "drawing"]
    if found:
        return package, found[0]
    drawing = free_part(package, "xl/drawings/drawing{}.xml")
    xml = f'<xdr:wsDr xmlns:xdr="{_namespace(inventory)}spreadsheetDrawing"></xdr:wsDr>'
    package = with_part(package, drawing, xml, "drawing+xml")
    package, relation = with_relation(package, part, "drawing", drawing, inventory)
    tag = f'<{prefix_of(package, part)}drawing xmlns:r="{relations_namespace(inventory)}" r:id="{relation}"/>'
    return package.replace({part: insert(package[part], part, tag, "drawing", WORKSHEET)}), drawing


def _with_anchored(inventory: Inventory, package: Package, drawing: str, box: Box, shape: str) -> Package:
    if box.anchor:
        row, col = box.anchor
        kind = "oneCellAnchor"
        start = (
            f"<xdr:from><xdr:col>{col - 1}</xdr:col><xdr:colOff>0</xdr:colOff>"
            f"<xdr:row>{row - 1}</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:from>"
        )
    else:
        kind, start = "absoluteAnchor", f'<xdr:pos x="{box.left}" y="{box.top}"/>'
    namespace = _namespace(inventory)
    anchor = (
        f'<xdr:{kind} xmlns:xdr="{namespace}spreadsheetDrawing" xmlns:a="{namespace}main" '
        f'xmlns:r="{relations_namespace(inventory)}">{start}<xdr:ext {_size(box)}/>{shape}'
        f"<xdr:clientData/></xdr:{kind}>"
    )
    return package.replace({drawing: append_to_root(package[drawing], drawing, anchor)})


def _namespace(inventory: Inventory) -> str:
    return _STRICT_DRAWING if inventory.is_strict else _DRAWING


def _size(box: Box) -> str:
    return f'cx="{box.width}" cy="{box.height}"'


def _properties(package: Package, drawing: str, name: str) -> str:
    """A shape's name, and an id that no other of the drawing has: 1 is the drawing's own."""
    shapes = (e for e in parse(package[drawing], drawing).iter() if local(e.tag) == "cNvPr")
    number = max([1, *(natural(shape.get("id")) for shape in shapes)]) + 1
    return f'<xdr:cNvPr id="{number}" name="{escape(name)}"/>'


# ---- things found


@dataclass(frozen=True)
class Shape:
    """A thing on a drawing: its element, and the anchor that it hangs on."""

    drawing: str  # the part
    anchor: ElementTree.Element
    element: ElementTree.Element

    @property
    def name(self) -> str:
        return next((e.get("name", "") for e in self.element.iter() if local(e.tag) == "cNvPr"), "")


def shapes(inventory: Inventory, sheet: str) -> list[Shape]:
    """The pictures and charts of a sheet, as they lie on each other."""
    found = []
    for relation in relations(inventory.package, inventory.sheets[sheet].part).values():
        if relation.kind == "drawing" and relation.target in inventory.package:
            for anchor in parse(inventory.package[relation.target], relation.target):
                elements = (e for e in anchor.iter() if local(e.tag) in ("pic", "graphicFrame"))
                found += [Shape(relation.target, anchor, element) for element in elements]
    return found


def chart_part(inventory: Inventory, shape: Shape) -> str | None:
    """The part of a shape's chart; None for a shape that is no chart, such as a diagram or a slicer."""
    known = relations(inventory.package, shape.drawing)
    for element in shape.element.iter():
        if local(element.tag) == "chart":
            ids = (value for key, value in element.attrib.items() if local(key) == "id")
            found = [known[i].target for i in ids if i in known and known[i].target in inventory.package]
            return found[0] if found else None
    return None


def box_of(inventory: Inventory, sheet: str, shape: Shape) -> Box:
    """Where a shape lies. Cells are counted as wide and high as Excel shows them in its usual font."""
    anchor, grid = _unwrapped(shape.anchor), Grid(inventory, sheet)
    start, end, size = child(anchor, "from"), child(anchor, "to"), child(anchor, "ext")
    position = child(anchor, "pos")
    if start is not None:
        left, top = grid.point(start)
    else:
        left, top = (_number(position, name) for name in ("x", "y"))
    if end is not None:
        right, bottom = grid.point(end)
        return Box(left, top, right - left, bottom - top)
    return Box(left, top, _number(size, "cx"), _number(size, "cy"))


def _unwrapped(anchor: ElementTree.Element) -> ElementTree.Element:
    """The anchor itself where Excel has wrapped it into alternatives for older programs."""
    if local(anchor.tag) != "AlternateContent":
        return anchor
    choices = (wrapped for choice in anchor for wrapped in choice)
    return next(choices, anchor)


def _number(element: ElementTree.Element | None, attribute: str) -> int:
    text = "" if element is None else element.get(attribute, "")
    return int(text) if text.removeprefix("-").isdecimal() else 0


class Grid:
    """How wide the columns and how high the rows of a sheet are."""

    def __init__(self, inventory: Inventory, sheet: str):
        part = inventory.sheets[sheet].part
        self.root = parse(inventory.package[part], part)

    def point(self, marker: ElementTree.Element) -> tuple[int, int]:
        """The place of a <from> or <to>, which count rows and columns from 0, in EMU."""
        texts = {local(e.tag): e.text or "" for e in marker}
        col, row = natural(texts.get("col")), natural(texts.get("row"))
        across = sum(self._width(c) for c in range(1, min(col, MAX_COL) + 1))
        known = [height for r, height in self.heights.items() if r <= row]
        down = sum(known) + (min(row, MAX_ROW) - len(known)) * self.default_height
        return across + natural(texts.get("colOff")), down + natural(texts.get("rowOff"))

    def _width(self, col: int) -> int:
        for first, last, width in self.widths:
            if first <= col <= last:
                return width
        return self.default_width

    @cached_property
    def widths(self) -> list[tuple[int, int, int]]:
        """(first column, last column, EMU) of those that say how wide they are."""
        listed = child(self.root, "cols")
        return [
            (natural(col.get("min")), natural(col.get("max")), _width(col))
            for col in (() if listed is None else children(listed, "col"))
            if col.get("width")
        ]

    @cached_property
    def heights(self) -> dict[int, int]:
        """EMU of the rows that say how high they are."""
        listed = child(self.root, "sheetData")
        rows = () if listed is None else children(listed, "row")
        return {natural(row.get("r")): _height(row) for row in rows if row.get("ht") or _is_hidden(row)}

    @cached_property
    def default_width(self) -> int:
        return _pixels(decimal(self._format("defaultColWidth"), _COLUMN_WIDTH)) * EMU_PER_PIXEL

    @cached_property
    def default_height(self) -> int:
        return round(decimal(self._format("defaultRowHeight"), _ROW_HEIGHT) * EMU_PER_POINT)

    def _format(self, attribute: str) -> str | None:
        element = child(self.root, "sheetFormatPr")
        return None if element is None else element.get(attribute)


def _pixels(width: float) -> int:
    """A column's width, counted in digits, in pixels (ECMA-376 part 1, 18.3.1.13)."""
    return int((256 * width + int(128 / _DIGIT)) / 256 * _DIGIT)


def _width(col: ElementTree.Element) -> int:
    return 0 if _is_hidden(col) else _pixels(decimal(col.get("width"), _COLUMN_WIDTH)) * EMU_PER_PIXEL


def _height(row: ElementTree.Element) -> int:
    return 0 if _is_hidden(row) else round(decimal(row.get("ht"), _ROW_HEIGHT) * EMU_PER_POINT)


def _is_hidden(element: ElementTree.Element) -> bool:
    return element.get("hidden") in ("1", "true")
