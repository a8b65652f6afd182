"""xlwings' names, tables, pictures and charts without Excel: read from the book, some of them added."""

import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

from xlwings import base_classes

from xlcicf.bridge.contents import DefinedName
from xlcicf.bridge.edits import AddName, AddPicture
from xlcicf.bridge.ooxml import local, parse, relations
from xlcicf.bridge.ranges import Range
from xlcicf.bridge.refusal import refusing
from xlcicf.errors import BookError, NotPossibleHeadless
from xlcicf.formula import snapshot
from xlcicf.formula.address import Area, quote_sheet

EMU_PER_POINT = 12_700
EMU_PER_PIXEL = 9_525  # at 96 to the inch, where a picture says nothing else


class _Items:
    """Things found by their name, letters' case ignored, or by their number from 1."""

    def listed(self) -> list:
        raise NotImplementedError

    def find(self, key: int | str):
        items = self.listed()
        if isinstance(key, str):
            return next((item for item in items if item.name.casefold() == key.casefold()), None)
        return items[key - 1] if 1 <= key <= len(items) else None

    def __call__(self, key: int | str):
        found = self.find(key)
        if found is None:
            raise KeyError(key)
        return found

    def __contains__(self, key: int | str) -> bool:
        return self.find(key) is not None

    def __len__(self) -> int:
        return len(self.listed())

    def __iter__(self) -> Iterator:
        return iter(self.listed())


@refusing
class Names(_Items, base_classes.Names):
    """The defined names of a book, hidden ones too, or of one of its sheets.

    In the book's list a name of a sheet reads "Sheet1!name", as in Excel.
    """

    def __init__(self, book, sheet=None):
        self.book, self.sheet = book, sheet

    def listed(self) -> list["Name"]:
        names = self.book.document.contents.names
        return [Name(self.book, n) for n in names if self.sheet is None or n.scope == self.sheet.name]

    def find(self, key: int | str) -> "Name | None":
        found = super().find(key)
        if found is None and self.sheet is not None and isinstance(key, str):
            found = super().find(f"{quote_sheet(self.sheet.name)}!{key}")
        return found

    def contains(self, name_or_index: int | str) -> bool:
        return name_or_index in self

    def add(self, name: str, refers_to: str) -> "Name":
        prefix, _, bare = name.rpartition("!")
        scope = self.sheet.name if self.sheet else self.book.sheet_named(prefix).name if prefix else None
        new = DefinedName(bare, scope, refers_to.removeprefix("="))
        self.book.document.apply(AddName(new))
        return Name(self.book, new)


@refusing
class Name(base_classes.Name):
    """A defined name. What was added since the book was saved may still be changed."""

    def __init__(self, book, entry: DefinedName):
        self.book, self.entry = book, entry

    @property
    def api(self) -> "Name":
        """Itself: `name.api.Visible = False` hides a name here as it does in Excel on Windows."""
        return self

    @property
    def Visible(self) -> bool:
        return not self.entry.hidden

    @Visible.setter
    def Visible(self, visible: bool) -> None:
        self._change(hidden=not visible)

    @property
    def name(self) -> str:
        scope = self.entry.scope
        return self.entry.name if scope is None else f"{quote_sheet(scope)}!{self.entry.name}"

    @property
    def refers_to(self) -> str:
        return "=" + self.entry.refers_to

    @refers_to.setter
    def refers_to(self, text: str) -> None:
        self._change(refers_to=text.removeprefix("="))

    @property
    def refers_to_range(self) -> Range:
        return self.book.range_of(self.entry.refers_to)

    def _change(self, **changes) -> None:
        edit = next((e for e in self.book.document.edits if e == AddName(self.entry)), None)
        if edit is None:
            raise NotPossibleHeadless(f"the name {self.name} stands in the file; change it in Excel")
        entry = replace(self.entry, **changes)
        self.book.document.apply(AddName(entry), instead_of=edit)
        self.entry = entry


@refusing
class Tables(_Items, base_classes.Tables):
    """The tables of a sheet."""

    def __init__(self, sheet):
        self.parent = sheet

    def listed(self) -> list["Table"]:
        tables = self.parent.book.document.contents.tables
        return [Table(self.parent, table) for table in tables if table.area.sheet == self.parent.name]


@refusing
class Table(base_classes.Table):
    """An Excel table, to read."""

    insert_row_range = None

    def __init__(self, sheet, entry: snapshot.Table):
        self.sheet, self.entry = sheet, entry

    @property
    def parent(self):
        return self.sheet

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def display_name(self) -> str:
        return self.entry.name

    @property
    def range(self) -> Range:
        return self.sheet.range_at(self.entry.area)

    @property
    def header_row_range(self) -> Range | None:
        area, rows = self.entry.area, self.entry.header_rows
        return self._rows(area.top, area.top + rows - 1)

    @property
    def data_body_range(self) -> Range | None:
        area = self.entry.area
        return self._rows(area.top + self.entry.header_rows, area.bottom - self.entry.totals_rows)

    @property
    def totals_row_range(self) -> Range | None:
        area, rows = self.entry.area, self.entry.totals_rows
        return self._rows(area.bottom - rows + 1, area.bottom)

    @property
    def show_headers(self) -> bool:
        return self.entry.header_rows > 0

    @property
    def show_totals(self) -> bool:
        return self.entry.totals_rows > 0

    def _rows(self, top: int, bottom: int) -> Range | None:
        area = self.entry.area
        return (
            self.sheet.range_at(Area(area.sheet, top, area.left, bottom, area.right))
            if top <= bottom
            else None
        )


class _Drawn(_Items):
    """Things on a sheet's drawing, in the order in which they lie on each other."""

    kind: str
    item: type

    def __init__(self, sheet):
        self.parent = sheet

    def listed(self) -> list:
        contents = self.parent.book.document.contents
        part = contents.sheets[self.parent.name].part
        found = []
        for relation in relations(contents.package, part).values():
            if relation.kind == "drawing" and relation.target in contents.package:
                root = parse(contents.package[relation.target], relation.target)
                found += [self.item(self.parent, e) for e in root.iter() if local(e.tag) == self.kind]
        return found


class _Shape:
    """A thing on a drawing, by its element there."""

    def __init__(self, sheet, element: ElementTree.Element):
        self.sheet, self.element = sheet, element

    @property
    def parent(self):
        return self.sheet

    @property
    def name(self) -> str:
        return self._attribute("cNvPr", "name", "")

    def _attribute(self, tag: str, attribute: str, default: str) -> str:
        """An attribute of the first element of that local name below this one."""
        elements = (e for e in self.element.iter() if local(e.tag) == tag)
        return next((e.get(attribute, default) for e in elements), default)


@refusing
class Chart(_Shape, base_classes.Chart):
    """A chart, by name only."""


@refusing
class Charts(_Drawn, base_classes.Charts):
    """The charts of a sheet."""

    kind, item = "graphicFrame", Chart


@refusing
class Picture(_Shape, base_classes.Picture):
    """A picture, in points. What was added since the book was saved may still be changed."""

    lock_aspect_ratio = True

    @property
    def name(self) -> str:
        return self._attribute("cNvPr", "name", "")

    @name.setter
    def name(self, name: str) -> None:
        self._change(name=name)

    @property
    def left(self) -> float:
        return int(self._attribute("off", "x", "0")) / EMU_PER_POINT

    @left.setter
    def left(self, points: float) -> None:
        self._change(left=_emu(points), anchor=None)

    @property
    def top(self) -> float:
        return int(self._attribute("off", "y", "0")) / EMU_PER_POINT

    @top.setter
    def top(self, points: float) -> None:
        self._change(top=_emu(points), anchor=None)

    @property
    def width(self) -> float:
        return int(self._attribute("ext", "cx", "0")) / EMU_PER_POINT

    @width.setter
    def width(self, points: float) -> None:
        self._change(width=_emu(points), height=round(_emu(points) * self.height / self.width))

    @property
    def height(self) -> float:
        return int(self._attribute("ext", "cy", "0")) / EMU_PER_POINT

    @height.setter
    def height(self, points: float) -> None:
        self._change(height=_emu(points), width=round(_emu(points) * self.width / self.height))

    def update(self, filename: str) -> "Picture":
        data, extension, _ = read_picture(filename)
        return self._change(data=data, extension=extension)

    def _change(self, **changes) -> "Picture":
        document = self.sheet.book.document
        added = [e for e in document.edits if isinstance(e, AddPicture)]
        edit = next((e for e in added if (e.sheet, e.name) == (self.sheet.name, self.name)), None)
        if edit is None:
            raise NotPossibleHeadless(f"picture {self.name!r} stands in the file; change it in Excel")
        changed = replace(edit, **changes)
        document.apply(changed, instead_of=edit)
        self.element = self.sheet.pictures(changed.name).element
        return self


@refusing
class Pictures(_Drawn, base_classes.Pictures):
    """The pictures of a sheet."""

    kind, item = "pic", Picture

    def add(
        self, filename, link_to_file, save_with_document, left, top, width, height, anchor=None
    ) -> Picture:
        """A PNG or JPEG file on the sheet; left, top, width and height in points, -1 for its own size."""
        if link_to_file:
            raise NotPossibleHeadless("a linked picture needs a running Excel; leave link_to_file out")
        data, extension, (cx, cy) = read_picture(filename)
        number = len(self) + 1
        while f"Picture {number}" in self:
            number += 1
        edit = AddPicture(
            sheet=self.parent.name,
            name=f"Picture {number}",
            data=data,
            extension=extension,
            left=_emu(left or 0),
            top=_emu(top or 0),
            width=cx if width < 0 else _emu(width),
            height=cy if height < 0 else _emu(height),
            anchor=(anchor.row, anchor.column) if anchor else None,
        )
        self.parent.book.document.apply(edit)
        return self(edit.name)


def _emu(points: float) -> int:
    return round(points * EMU_PER_POINT)


def read_picture(path: str) -> tuple[bytes, str, tuple[int, int]]:
    """A picture file's bytes, "png" or "jpeg", and its size in EMU. Raises BookError for any other file."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise BookError(f"the picture {path} cannot be read ({error.strerror}); check the path") from error
    try:
        if data.startswith(b"\x89PNG"):
            width, height = struct.unpack(">II", data[16:24])
            return data, "png", (width * EMU_PER_PIXEL, height * EMU_PER_PIXEL)
        if data.startswith(b"\xff\xd8"):
            width, height = _jpeg_size(data)
            return data, "jpeg", (width * EMU_PER_PIXEL, height * EMU_PER_PIXEL)
    except (struct.error, IndexError):
        pass
    raise BookError(f"{path} is no PNG or JPEG picture; save it as one first")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """(width, height) in the frame header, found by walking the segments before it."""
    position = 2
    while True:
        marker, length = struct.unpack(">xBH", data[position : position + 4])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[position + 5 : position + 9])
            return width, height
        position += 2 + length
