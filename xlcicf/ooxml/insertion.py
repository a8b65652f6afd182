"""Elements put into a part's XML by inserting bytes: what stood there before stays as it was."""

import re
from collections.abc import Sequence
from xml.parsers import expat

from xlcicf.errors import BookError
from xlcicf.ooxml.xml import Span, require_utf8

# The children of <workbook>, <worksheet> and <styleSheet> in the schema's order (ECMA-376 part 1, section 18)
WORKBOOK = (
    "fileVersion fileSharing workbookPr workbookProtection bookViews sheets functionGroups "
    "externalReferences definedNames calcPr oleSize customWorkbookViews pivotCaches smartTagPr "
    "smartTagTypes webPublishing fileRecoveryPr webPublishObjects extLst"
).split()
WORKSHEET = (
    "sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr sheetProtection "
    "protectedRanges scenarios autoFilter sortState dataConsolidate customSheetViews mergeCells phoneticPr "
    "conditionalFormatting dataValidations hyperlinks printOptions pageMargins pageSetup headerFooter "
    "rowBreaks colBreaks customProperties cellWatches ignoredErrors smartTags drawing drawingHF "
    "legacyDrawing legacyDrawingHF picture oleObjects controls "
    "AlternateContent webPublishItems tableParts extLst"  # Excel wraps oleObjects and controls in the first
).split()
STYLES = "numFmts fonts fills borders cellStyleXfs cellXfs cellStyles dxfs tableStyles colors extLst".split()


class Outline:
    """The root element of a part, its children and theirs, as byte offsets."""

    def __init__(self, data: bytes, part: str, depth: int = 3):
        require_utf8(data, part)
        self.data, self.depth = data, depth
        self.root: Span  # every part has one, or expat calls it damaged
        self.children: list[Span] = []  # of the root
        self.grandchildren: list[tuple[Span, Span]] = []  # (parent, child)
        self.prefix = ""
        self._open: list[Span | None] = []
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        try:
            self._parser.Parse(data, True)
        except expat.ExpatError as error:
            raise BookError(
                f"{part} in this workbook is damaged ({error}); open and save it in Excel"
            ) from error

    def _start(self, name: str, _attributes) -> None:
        if len(self._open) >= self.depth:
            self._open.append(None)
            return
        span = Span.opened(self.data, self._parser.CurrentByteIndex)
        span.name = name.rpartition(":")[2]
        if not self._open:
            self.root = span
            self.prefix = name.removesuffix(span.name)
        elif len(self._open) == 1:
            self.children.append(span)
        else:
            self.grandchildren.append((self.children[-1], span))
        self._open.append(span)

    def _end(self, _name: str) -> None:
        span = self._open.pop()
        if span is not None:
            span.closed(self.data, self._parser.CurrentByteIndex)

    def child(self, name: str) -> Span | None:
        return next((span for span in self.children if span.name == name), None)

    def tag(self, span: Span) -> bytes:
        """The start tag of an element."""
        return self.data[span.start : span.inner]


def append_to(
    data: bytes, part: str, parent: str, xml: str, order: Sequence[str] = (), count: int = 1
) -> bytes:
    """`xml` behind the last child of the root's child `parent`, which is made where it is missing.

    `order` lists the root's children as the schema has them. A count= of the parent goes up by `count`, the
    number of elements in `xml`.
    """
    outline = Outline(data, part)
    span, prefix = outline.child(parent), outline.prefix
    if span is None:
        return insert(data, part, f"<{prefix}{parent}>{xml}</{prefix}{parent}>", parent, order)
    tag = _counted(outline.tag(span), count)
    if span.empty:
        tag = tag[:-2].rstrip() + b">"
        xml += f"</{prefix}{parent}>"
    body = data[span.inner : span.close]
    return data[: span.start] + tag + body + xml.encode() + data[span.close :]


def append_to_root(data: bytes, part: str, xml: str) -> bytes:
    """`xml` behind the root's last child."""
    outline = Outline(data, part)
    root = outline.root
    if root.empty:
        opening = re.match(rb"<([^\s/>]+)", outline.tag(root))
        assert opening
        name = opening[1]
        return (
            data[: root.start]
            + outline.tag(root)[:-2].rstrip()
            + b">%b</%b>" % (xml.encode(), name)
            + data[root.end :]
        )
    return data[: root.close] + xml.encode() + data[root.close :]


def insert(data: bytes, part: str, xml: str, name: str, order: Sequence[str]) -> bytes:
    """`xml`, an element `name`, as a child of the root at its place in the schema's order."""
    outline = Outline(data, part)
    behind = order[: order.index(name) + 1]
    before = [span for span in outline.children if span.name in behind]
    position = before[-1].end if before else outline.root.inner
    return data[:position] + xml.encode() + data[position:]


def set_attribute(data: bytes, part: str, child: str, attribute: str, value: str) -> bytes:
    """The root's child with that attribute set; its other attributes stay as they are."""
    outline = Outline(data, part)
    span = outline.child(child)
    assert span is not None, f"{part} has no {child}"
    tag = outline.tag(span)
    pattern = rb"""(?<=\s)%b\s*=\s*(?:"[^"]*"|'[^']*')""" % attribute.encode()
    text = f'{attribute}="{value}"'.encode()
    changed, found = re.subn(pattern, text, tag, count=1)
    if not found:
        ending = b"/>" if tag.endswith(b"/>") else b">"
        changed = tag.removesuffix(ending).rstrip() + b" " + text + ending
    return data[: span.start] + changed + data[span.inner :]


def without_child(data: bytes, part: str, attribute: str, value: str) -> bytes:
    """The part without those children of the root that have this attribute."""
    outline = Outline(data, part)
    pattern = re.compile(rb"""\s%b\s*=\s*["']%b["']""" % (attribute.encode(), re.escape(value.encode())))
    for span in reversed(outline.children):
        if pattern.search(outline.tag(span)):
            data = data[: span.start] + data[span.end :]
    return data


def _counted(tag: bytes, more: int) -> bytes:
    return re.sub(
        rb"""(\scount\s*=\s*["'])(\d+)""", lambda m: m[1] + str(int(m[2]) + more).encode(), tag, count=1
    )
