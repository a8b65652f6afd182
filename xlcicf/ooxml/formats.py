"""What a cell's format looks like, and formats put behind those there are, which stay as they were."""

import colorsys
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from openpyxl.styles.colors import COLOR_INDEX
from openpyxl.styles.numbers import BUILTIN_FORMATS_REVERSE

from xlcicf.errors import BookError, DataError
from xlcicf.ooxml.insertion import STYLES, Outline, append_to
from xlcicf.ooxml.inventory import Inventory
from xlcicf.ooxml.xml import child, children, decimal, escape, natural

RGB = tuple[int, int, int]
BLACK = 0, 0, 0

FIRST_CUSTOM_FORMAT = 164  # lower numbers are Excel's own
MAX_FONT_SIZE = 409  # points, Excel's limit
MAX_FONT_NAME = 31  # characters
# xlwings' words for alignments that the file has other words for
_ALIGNMENTS = {"center_across_selection": "centerContinuous"}
_ATTRIBUTE = re.compile(r"""\s([^\s=<>/]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
# The children of <font> and <xf> in the schema's order (ECMA-376 part 1, CT_Font and CT_Xf)
_FONT = "b i strike condense extend outline shadow u vertAlign sz color name family charset scheme".split()
_XF = "alignment protection extLst".split()


# ---- what a format looks like


def shown(inventory: Inventory, style: int, name: str) -> object:
    """A property of the cell format number `style`, by its name in PROPERTIES; None where it is not known."""
    return PROPERTIES[name].read(CellFormat(inventory, style))


class CellFormat:
    """The elements that make a cell format: its <xf>, and its font and fill."""

    def __init__(self, inventory: Inventory, style: int):
        self.inventory, self.style = inventory, style
        self.xf = self._entry("cellXfs", style)
        self.font = self._entry("fonts", natural(self.xf.get("fontId")))
        self.fill = self._entry("fills", natural(self.xf.get("fillId")))

    def _entry(self, group: str, index: int) -> ElementTree.Element:
        listed = child(self.inventory.styles.root, group)
        entries = [] if listed is None else [*listed]
        return entries[index] if index < len(entries) else ElementTree.Element("missing")

    def flag(self, tag: str) -> bool:
        """Whether the font has a mark such as <b/>."""
        mark = child(self.font, tag)
        return mark is not None and mark.get("val") not in ("0", "false")

    def font_value(self, tag: str) -> str | None:
        found = child(self.font, tag)
        return None if found is None else found.get("val")

    def alignment(self, attribute: str, default: str) -> str:
        element = child(self.xf, "alignment")
        return default if element is None else element.get(attribute, default)

    @property
    def font_color(self) -> RGB | None:
        color = child(self.font, "color")
        return BLACK if color is None else self._rgb(color)

    @property
    def fill_color(self) -> RGB | None:
        """Of a pattern its ground, as Excel's Interior.Color; None without a fill and of a gradient."""
        pattern = child(self.fill, "patternFill")
        if pattern is None or (kind := pattern.get("patternType", "none")) == "none":
            return None
        color = child(pattern, "fgColor" if kind == "solid" else "bgColor")
        return None if color is None else self._rgb(color)

    def _rgb(self, color: ElementTree.Element) -> RGB | None:
        """A colour of the file: written out, or the theme's, or a number of the palette."""
        if "theme" in color.attrib:
            theme, number = self.inventory.theme_colors, natural(color.get("theme"))
            code = theme[number] if number < len(theme) else None
        elif "indexed" in color.attrib:
            code = _indexed(self.inventory, natural(color.get("indexed")))
        else:
            code = "000000" if color.get("auto") in ("1", "true") else color.get("rgb")
        if code is None or not re.fullmatch("(?:[0-9A-Fa-f]{2})?[0-9A-Fa-f]{6}", code):
            return None
        return _tinted(_rgb_of_bytes(bytes.fromhex(code[-6:])), decimal(color.get("tint"), 0.0))


def _indexed(inventory: Inventory, number: int) -> str | None:
    """A colour of the palette, which a book may have changed; 64 is the window's text, 65 its ground."""
    if number in (64, 65):
        return "000000" if number == 64 else "FFFFFF"
    colors = child(inventory.styles.root, "colors")
    own = None if colors is None else child(colors, "indexedColors")
    palette = COLOR_INDEX if own is None else [c.get("rgb", "") for c in children(own, "rgbColor")]
    return palette[number] if number < len(palette) else None


def _tinted(rgb: RGB, tint: float) -> RGB:
    """Darker by -tint or lighter by tint of the way, in HLS (ECMA-376 part 1, 18.8.19); Excel to one step."""
    if not tint:
        return rgb
    hue, light, saturation = colorsys.rgb_to_hls(*(c / 255 for c in rgb))
    light = light * (1 + tint) if tint < 0 else light + (1 - light) * tint
    return _rgb_of_bytes(bytes(round(255 * c) for c in colorsys.hls_to_rgb(hue, light, saturation)))


def _rgb_of_bytes(content: bytes) -> RGB:
    red, green, blue = content
    return red, green, blue


# ---- formats added


def add_formats(
    inventory: Inventory, styles: Iterable[int], name: str, value: object
) -> tuple[bytes, dict[int, int]]:
    """The styles part with cell formats like those `styles` but for a property of PROPERTIES, and each one's
    number by the old one's.

    `value` is as the property's `check` returns it. What was added before is found again.
    """
    part = inventory.styles.part
    if part is None or not inventory.styles.formats:
        raise BookError("this book has no cell formats to add one to; open and save it in Excel")
    writer, made = Writer(inventory, part), {}
    for style in styles:
        xf = writer.entry("cellXfs", style)
        PROPERTIES[name].write(writer, xf, value)
        made[style] = writer.number_of("cellXfs", xf)
    return writer.written(), made


@dataclass
class Entry:
    """A small element taken apart: attributes as written, and the XML of its children by name."""

    name: str
    order: list[str]
    attributes: dict[str, str] = field(default_factory=dict)
    children: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, xml: bytes, part: str, order: list[str]) -> "Entry":
        outline = Outline(xml, part)
        tag = outline.tag(outline.root).decode()
        return cls(
            name=outline.root.name,
            order=order,
            attributes={name: one or other for name, one, other in _ATTRIBUTE.findall(tag)},
            children={c.name: xml[c.start : c.end].decode() for c in outline.children},
        )

    def xml(self, prefix: str) -> str:
        attributes = "".join(
            f""" {name}='{text}'""" if '"' in text else f' {name}="{text}"'
            for name, text in self.attributes.items()
        )
        inner = "".join(self.children[name] for name in sorted(self.children, key=self._position))
        tag = prefix + self.name
        return f"<{tag}{attributes}>{inner}</{tag}>" if inner else f"<{tag}{attributes}/>"

    def _position(self, name: str) -> int:
        return self.order.index(name) if name in self.order else len(self.order)


class Writer:
    """The styles part while entries are put behind those of its groups."""

    ORDERS = {"cellXfs": _XF, "fonts": _FONT, "fills": ["patternFill", "gradientFill"]}

    def __init__(self, inventory: Inventory, part: str):
        self.inventory, self.part = inventory, part
        outline = Outline(inventory.package[part], part)
        self.prefix = outline.prefix
        self.entries: dict[str, list[bytes]] = {}
        for group, span in outline.grandchildren:
            self.entries.setdefault(group.name, []).append(outline.data[span.start : span.end])
        self._old = {group: len(entries) for group, entries in self.entries.items()}

    def entry(self, group: str, index: int) -> Entry:
        """A copy of an entry, to be changed and given a number of its own."""
        entries = self.entries.get(group, [])
        if index >= len(entries):
            raise BookError(f"a cell format of this book names no entry of its {group}; save it in Excel")
        return Entry.read(entries[index], self.part, self.ORDERS[group])

    def number_of(self, group: str, entry: Entry) -> int:
        """The number of an entry, which is put behind the others unless it stands there in the same bytes."""
        return self.append(group, entry.xml(self.prefix))

    def append(self, group: str, xml: str) -> int:
        entries, entry = self.entries.setdefault(group, []), xml.encode()
        if entry not in entries:
            entries.append(entry)
        return entries.index(entry)

    def written(self) -> bytes:
        """The part with the new entries."""
        data = self.inventory.package[self.part]
        for group, entries in self.entries.items():
            new = entries[self._old.get(group, 0) :]
            if new:
                data = append_to(data, self.part, group, b"".join(new).decode(), STYLES, count=len(new))
        return data

    def element(self, tag: str, **attributes: object) -> str:
        text = "".join(f' {name}="{escape(str(value))}"' for name, value in attributes.items())
        return f"<{self.prefix}{tag}{text}/>"


def _write_number_format(writer: Writer, xf: Entry, code: str) -> None:
    custom = writer.inventory.styles.custom
    known = [natural(number) for number, text in custom.items() if text == code]
    if code in BUILTIN_FORMATS_REVERSE:
        number = BUILTIN_FORMATS_REVERSE[code]
    elif known:
        number = known[0]
    else:
        number = max([FIRST_CUSTOM_FORMAT - 1, *map(natural, custom)]) + 1
        writer.append("numFmts", writer.element("numFmt", numFmtId=number, formatCode=code))
    xf.attributes |= {"numFmtId": str(number), "applyNumberFormat": "1"}


def _write_fill(writer: Writer, xf: Entry, rgb: RGB | None) -> None:
    writer.entry("fills", 1)  # the first two are Excel's own, whatever they say
    if rgb is None:
        pattern = writer.element("patternFill", patternType="none")
    else:
        colors = writer.element("fgColor", rgb=_argb(rgb)) + writer.element("bgColor", indexed=64)
        tag = f"{writer.prefix}patternFill"
        pattern = f'<{tag} patternType="solid">{colors}</{tag}>'
    fill = Entry("fill", writer.ORDERS["fills"], children={"patternFill": pattern})
    xf.attributes |= {"fillId": str(writer.number_of("fills", fill)), "applyFill": "1"}


def _font_writer(tag: str, text: Callable[[Any], dict | None]) -> Callable:
    """Writes a child of the font: its attributes are `text(value)`, and for None it goes."""

    def write(writer: Writer, xf: Entry, value: object) -> None:
        font = writer.entry("fonts", natural(xf.attributes.get("fontId")))
        attributes = text(value)
        font.children.pop(tag, None)
        if attributes is not None:
            font.children[tag] = writer.element(tag, **attributes)
        if tag == "name":
            font.children.pop("scheme", None)  # the theme's font would be shown instead
        xf.attributes |= {"fontId": str(writer.number_of("fonts", font)), "applyFont": "1"}

    return write


def _alignment_writer(attribute: str) -> Callable:
    def write(writer: Writer, xf: Entry, value: object) -> None:
        old = xf.children.get("alignment", writer.element("alignment"))
        alignment = Entry.read(old.encode(), writer.part, [])
        text = str(int(value)) if isinstance(value, bool) else _ALIGNMENTS.get(str(value), str(value))
        alignment.attributes[attribute] = text
        xf.children["alignment"] = alignment.xml(writer.prefix)
        xf.attributes["applyAlignment"] = "1"

    return write


def _read_alignment(attribute: str, default: str) -> Callable[[CellFormat], str]:
    words = {word: name for name, word in _ALIGNMENTS.items()}

    def read(look: CellFormat) -> str:
        word = look.alignment(attribute, default)
        return words.get(word, word)

    return read


def _argb(rgb: RGB) -> str:
    return "FF" + bytes(rgb).hex().upper()


# ---- values that a person gives


def rgb_of(value: object) -> RGB:
    """(red, green, blue) of such a tuple, "#rrggbb", or Excel's number for a colour. Raises DataError."""
    match value:
        case bool():
            pass
        case int() if 0 <= value <= 0xFFFFFF:
            return _rgb_of_bytes(value.to_bytes(3, "little"))
        case str() if re.fullmatch("#?[0-9A-Fa-f]{6}", value):
            return _rgb_of_bytes(bytes.fromhex(value.removeprefix("#")))
        case (int() as red, int() as green, int() as blue) if all(0 <= c <= 255 for c in (red, green, blue)):
            return red, green, blue
    raise DataError(f'{value!r} is no colour; write (255, 0, 0) or "#ff0000"')


def _fill_of(value: object) -> RGB | None:
    return None if value is None else rgb_of(value)


def _size_of(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 1 <= value <= MAX_FONT_SIZE:
        return round(2 * value) / 2  # Excel knows half points
    raise DataError(f"{value!r} is no size of a font; write points from 1 to {MAX_FONT_SIZE}")


def _font_name_of(value: object) -> str:
    if isinstance(value, str) and 1 <= len(value) <= MAX_FONT_NAME and value.isprintable():
        return value
    raise DataError(f"{value!r} is no name of a font; write one of up to {MAX_FONT_NAME} characters")


def _code_of(value: object) -> str:
    if isinstance(value, str) and value and len(value) <= 255 and value.isprintable():
        return value
    raise DataError(f'{value!r} is no number format; write one such as "0.00"')


@dataclass(frozen=True)
class Property:
    """Something that a cell's format says.

    check  the value for the file of one that a person gives; raises DataError
    read   the value in a Look
    write  puts a checked value into an <xf> of a Writer
    """

    check: Callable[[object], Any]
    read: Callable[[CellFormat], object]
    write: Callable[[Writer, Entry, Any], None]


def _marked(value: object) -> dict | None:
    return {} if value else None


# One row for each property that can be read and set, by xlwings' name for it.
PROPERTIES: dict[str, Property] = {
    "number_format": Property(
        _code_of, lambda look: look.inventory.styles.number_format(look.style), _write_number_format
    ),
    "color": Property(_fill_of, lambda look: look.fill_color, _write_fill),
    "font.bold": Property(bool, lambda look: look.flag("b"), _font_writer("b", _marked)),
    "font.italic": Property(bool, lambda look: look.flag("i"), _font_writer("i", _marked)),
    "font.size": Property(
        _size_of,
        lambda look: decimal(look.font_value("sz"), 11.0),
        _font_writer("sz", lambda size: {"val": f"{size:g}"}),
    ),
    "font.name": Property(
        _font_name_of, lambda look: look.font_value("name"), _font_writer("name", lambda name: {"val": name})
    ),
    "font.color": Property(
        rgb_of, lambda look: look.font_color, _font_writer("color", lambda rgb: {"rgb": _argb(rgb)})
    ),
    "horizontal_alignment": Property(
        str, _read_alignment("horizontal", "general"), _alignment_writer("horizontal")
    ),
    "vertical_alignment": Property(str, _read_alignment("vertical", "bottom"), _alignment_writer("vertical")),
    "wrap_text": Property(
        bool, lambda look: look.alignment("wrapText", "0") in ("1", "true"), _alignment_writer("wrapText")
    ),
}
