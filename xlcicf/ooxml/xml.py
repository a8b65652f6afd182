"""XML as the parts of a workbook hold it: parsed without entities, escaped, its relations followed."""

import math
import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from xml.etree import ElementTree
from xml.parsers import expat

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from xlcicf.errors import BookError

OFFICE_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_RELATIONS = "http://purl.oclc.org/ooxml/officeDocument/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
PACKAGE_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"

_ENCODING = re.compile(rb"""^<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_REFERENCE = re.compile("&(?:#([0-9]+)|#x([0-9A-Fa-f]+)|(amp|lt|gt|quot|apos));")
_CHARACTERS = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NEEDS_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)|[\x00-\x08\x0b\x0c\x0d\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def parse(data: bytes, part: str) -> ElementTree.Element:
    """The root element of a part. Raises BookError for what is no XML, not UTF-8, or declares entities."""
    require_utf8(data, part)
    try:
        if b"<!DOCTYPE" in data:  # no part of a workbook needs one; a CDATA section may spell it
            defusedxml.ElementTree.fromstring(data, forbid_dtd=True)
        return ElementTree.fromstring(data)
    except DefusedXmlException:
        raise _declares_entities(part) from None
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise BookError(f"{part} in this workbook is damaged ({error}); open and save it in Excel") from error


def require_well_formed(data: bytes, part: str) -> None:
    """Raises what `parse` raises, in an eighth of its time: no tree is made."""

    def refuse(*_doctype) -> None:
        raise _declares_entities(part)

    require_utf8(data, part)
    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise BookError(f"{part} in this workbook is damaged ({error}); open and save it in Excel") from error


def _declares_entities(part: str) -> BookError:
    return BookError(f"{part} declares entities, which no workbook needs; the file was not read")


def require_utf8(data: bytes, part: str) -> None:
    """Raises BookError unless the part is UTF-8, which every spreadsheet program writes."""
    declared = _ENCODING.match(data.removeprefix(b"\xef\xbb\xbf"))
    encoding = declared[1].decode().lower() if declared else "utf-8"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or encoding not in ("utf-8", "us-ascii", "ascii"):
        raise BookError(f"{part} in this workbook is not UTF-8; open and save it in Excel")


def transitional(data: bytes) -> bytes:
    """A part of a strict file, which Excel writes on demand, with the namespaces of all others."""
    data = data.replace(STRICT_RELATIONS.encode(), OFFICE_RELATIONS.encode())
    return data.replace(STRICT_MAIN.encode(), MAIN.encode())


def local(tag: str) -> str:
    """The name without its namespace: "{http://...}sheet" -> "sheet"."""
    return tag.rpartition("}")[2]


def children(element: ElementTree.Element, name: str) -> Iterable[ElementTree.Element]:
    """The direct children of that local name."""
    return (child for child in element if local(child.tag) == name)


def child(element: ElementTree.Element, name: str) -> ElementTree.Element | None:
    """The first direct child of that local name."""
    return next(iter(children(element, name)), None)


def natural(text: str | None) -> int:
    """A count or number written in the file; 0 where none stands."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


def decimal(text: str | None, default: float) -> float:
    """A measure written in the file; the default where none stands."""
    try:
        number = float(text or default)
    except ValueError:
        return default
    return number if math.isfinite(number) else default


def escape(text: str) -> str:
    """Text for an element or a quoted attribute."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def unescape(text: str) -> str:
    """The inverse of `escape`, on text of an element in which expat found nothing wrong."""
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _character(reference: re.Match) -> str:
    decimal, hexadecimal, name = reference.groups()
    return _CHARACTERS[name] if name else chr(int(decimal) if decimal else int(hexadecimal, 16))


def encode_string(text: str) -> str:
    """A cell's text as XML: what XML cannot hold is written _xHHHH_, as Excel does (ECMA-376, ST_Xstring)."""
    return escape(_NEEDS_ESCAPE.sub(lambda m: f"_x{ord(m[0]):04X}_", text))


def decode_string(text: str) -> str:
    """The inverse of `encode_string`, on text that the XML parser has read."""
    return _ESCAPED.sub(lambda m: chr(int(m[1], 16)), text) if "_x" in text else text


@dataclass(frozen=True)
class Relation:
    """One line of a .rels part. `kind` is the last word of its type, such as "worksheet"."""

    id: str
    kind: str
    target: str
    external: bool


def relations_part(part: str) -> str:
    """The part with a part's relations; those of the whole package are asked for with ""."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", name + ".rels")


def relations(parts, part: str) -> dict[str, Relation]:
    """The relations of a part by their id; internal targets are part names."""
    data = parts.get(relations_part(part))
    if data is None:
        return {}
    folder = posixpath.dirname(part)
    found = {}
    for element in parse(data, relations_part(part)):
        target, external = element.get("Target", ""), element.get("TargetMode") == "External"
        if not external:
            target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
        kind = element.get("Type", "").rpartition("/")[2]
        found[element.get("Id", "")] = Relation(element.get("Id", ""), kind, target, external)
    return found


def relation_id(element: ElementTree.Element) -> str | None:
    """The r:id attribute, in whichever namespace the file has it."""
    return next((v for k, v in element.attrib.items() if k.startswith("{") and local(k) == "id"), None)


_TAG = re.compile(rb"""[^"'>]*(?:(?:"[^"]*"|'[^']*')[^"'>]*)*>""")


def _tag_end(data: bytes, index: int) -> int:
    """The first byte behind the tag at `index`, which expat has read."""
    tag = _TAG.match(data, index)
    assert tag
    return tag.end()


@dataclass
class Span:
    """Where an element stands in the bytes of a part, by what expat reports of it.

    start, inner  its first byte, and the first behind its start tag
    close, end    its end tag, and the first byte behind that; of an empty element, <a/>, both are `inner`
    """

    start: int
    inner: int
    close: int = 0
    end: int = 0
    name: str = ""

    @classmethod
    def opened(cls, data: bytes, index: int, **more) -> Self:
        """One whose start tag expat is at."""
        return cls(index, _tag_end(data, index), **more)

    def closed(self, data: bytes, index: int) -> None:
        """Notes the end, where expat is at the end tag, or behind the only tag of an empty element."""
        self.close = max(self.inner, index)
        self.end = self.inner if data[self.inner - 2 : self.inner] == b"/>" else data.index(b">", index) + 1

    @property
    def empty(self) -> bool:
        return self.end == self.inner
