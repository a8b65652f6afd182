"""xlwings' pictures and charts without Excel: read from a sheet's drawing, and put on it."""

import itertools
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from xlwings import base_classes

from xlcicf.errors import AddressError, BookError, DataError, NotPossibleHeadless
from xlcicf.formula.address import Area
from xlcicf.host.found_by_name import ByNameOrNumber
from xlcicf.host.rectangle import MAX_WRITTEN
from xlcicf.host.refusal import refusing
from xlcicf.ooxml import charts, drawings
from xlcicf.ooxml.drawings import EMU_PER_PIXEL, EMU_PER_POINT, Shape
from xlcicf.ooxml.edits import AddChart, AddPicture, Box
from xlcicf.ooxml.xml import local, parse

MODERN_STYLE = 227  # what xlwings asks for where nobody asks for a style


class _Drawn(ByNameOrNumber):
    """Things of one kind on a sheet's drawing, in the order in which they lie on each other."""

    item: type
    noun: str

    def __init__(self, sheet):
        self.parent = sheet

    def listed(self) -> list:
        inventory = self.parent.book.document.inventory
        found = drawings.shapes(inventory, self.parent.name)
        return [self.item(self.parent, shape) for shape in found if self._is_one(shape)]

    def _is_one(self, shape: Shape) -> bool:
        raise NotImplementedError

    def _free_name(self) -> str:
        found = drawings.shapes(self.parent.book.document.inventory, self.parent.name)
        taken = {shape.name.casefold() for shape in found}
        numbers = itertools.count(len(self) + 1)
        return next(name for n in numbers if (name := f"{self.noun} {n}").casefold() not in taken)


class _Drawing:
    """A thing on a drawing, in points. What was added since the book was saved may still be changed."""

    edit: type[AddPicture] | type[AddChart]
    noun: str

    def __init__(self, sheet, shape: Shape):
        self.sheet, self.shape = sheet, shape

    @property
    def parent(self):
        return self.sheet

    @property
    def name(self) -> str:
        return self.shape.name

    @name.setter
    def name(self, name: str) -> None:
        self._change(name=_shape_name(name))

    @property
    def left(self) -> float:
        return self._box.left / EMU_PER_POINT

    @left.setter
    def left(self, points: float) -> None:
        self._change(box=replace(self._box, left=emu(points)))

    @property
    def top(self) -> float:
        return self._box.top / EMU_PER_POINT

    @top.setter
    def top(self, points: float) -> None:
        self._change(box=replace(self._box, top=emu(points)))

    @property
    def width(self) -> float:
        return self._box.width / EMU_PER_POINT

    @width.setter
    def width(self, points: float) -> None:
        self._resize(emu(points), self._box.height)

    @property
    def height(self) -> float:
        return self._box.height / EMU_PER_POINT

    @height.setter
    def height(self, points: float) -> None:
        self._resize(self._box.width, emu(points))

    @property
    def _box(self) -> Box:
        """Where it lies; without an anchor, which goes when it is moved to another place."""
        return drawings.box_of(self._contents, self.sheet.name, self.shape)

    @property
    def _contents(self):
        return self.sheet.book.document.inventory

    def _resize(self, width: int, height: int) -> None:
        self._change(box=replace(self._added().box, width=width, height=height))

    def _added(self) -> Any:
        """The edit that added it. Raises NotPossibleHeadless for what stands in the file."""
        for edit in self.sheet.book.document.edits:
            if isinstance(edit, self.edit) and (edit.sheet, edit.name) == (self.sheet.name, self.name):
                return edit
        raise NotPossibleHeadless(f"{self.noun} {self.name!r} stands in the file; change it in Excel")

    def _change(self, **changes) -> None:
        edit = self._added()
        changed = replace(edit, **changes)
        self.sheet.book.document.apply(changed, instead_of=edit)
        self.shape = self._collection()(changed.name).shape

    def _collection(self) -> _Drawn:
        raise NotImplementedError


@refusing
class Picture(_Drawing, base_classes.Picture):
    """A picture; its sides keep their ratio."""

    edit, noun = AddPicture, "picture"
    lock_aspect_ratio: bool = True

    @property
    def width(self) -> float:
        return self._box.width / EMU_PER_POINT

    @width.setter
    def width(self, points: float) -> None:
        self._resize(emu(points), round(emu(points) * self.height / self.width))

    @property
    def height(self) -> float:
        return self._box.height / EMU_PER_POINT

    @height.setter
    def height(self, points: float) -> None:
        self._resize(round(emu(points) * self.width / self.height), emu(points))

    def update(self, filename: str) -> "Picture":
        data, extension, _ = read_picture(filename)
        self._change(data=data, extension=extension)
        return self

    def _collection(self) -> "Pictures":
        return Pictures(self.sheet)


@refusing
class Pictures(_Drawn, base_classes.Pictures):
    """The pictures of a sheet."""

    item, noun = Picture, "Picture"

    def _is_one(self, shape: Shape) -> bool:
        return local(shape.element.tag) == "pic"

    def add(
        self, filename, link_to_file, save_with_document, left, top, width, height, anchor=None
    ) -> Picture:
        """A PNG or JPEG file on the sheet; left, top, width and height in points, -1 for its own size."""
        if link_to_file:
            raise NotPossibleHeadless("a linked picture needs a running Excel; leave link_to_file out")
        data, extension, (cx, cy) = read_picture(filename)
        box = Box(
            left=emu(left or 0),
            top=emu(top or 0),
            width=cx if width < 0 else emu(width),
            height=cy if height < 0 else emu(height),
            anchor=(anchor.row, anchor.column) if anchor else None,
        )
        name = self._free_name()
        self.parent.book.document.apply(AddPicture(self.parent.name, name, box, data, extension))
        return self(name)


@refusing
class Chart(_Drawing, base_classes.Chart):
    """A chart. Its series follow from the source and the type, whichever is given first."""

    edit, noun = AddChart, "chart"

    @property
    def chart_type(self) -> str:
        """One of xlwings' names. Raises NotPossibleHeadless for a type that is not in `charts.TYPES`."""
        found = charts.type_of(self._root())
        if found is None:
            raise NotPossibleHeadless(f"chart {self.name!r} is of a type that only Excel can name")
        return found

    @chart_type.setter
    def chart_type(self, chart_type: str) -> None:
        self._change(type=_type(chart_type))

    @property
    def title(self) -> str | None:
        return charts.title_of(self._root())

    @title.setter
    def title(self, title: str | None) -> None:
        self._change(title=title)

    def set_source_data(self, source, plot_by: str | None = None) -> None:
        """The cells to show, headers among them; `plot_by` is "rows", "columns" or None."""
        self._change(source=_source(source, self.sheet.book), by_rows=_by_rows(plot_by))

    def draw_as_dots(self, count: int) -> None:
        """The first so many series."""
        self._change(dots=count)

    def set_x_axis_values(self, source) -> None:
        """The cells with the categories or x of all series, without a header."""
        self._change(x_values=_source(source, self.sheet.book))

    def _root(self) -> ElementTree.Element:
        part = drawings.chart_part(self._contents, self.shape)
        assert part, "Charts lists only what has one"
        return parse(self._contents.package[part], part)

    def _collection(self) -> "Charts":
        return Charts(self.sheet)


@refusing
class Charts(_Drawn, base_classes.Charts):
    """The charts of a sheet."""

    item, noun = Chart, "Chart"

    def _is_one(self, shape: Shape) -> bool:
        return drawings.chart_part(self.parent.book.document.inventory, shape) is not None

    def add(
        self,
        left,
        top,
        width,
        height,
        chart_type=None,
        source=None,
        plot_by=None,
        name=None,
        anchor=None,
        style=MODERN_STYLE,
    ) -> Chart:
        """A chart on the sheet; left, top, width and height in points. Its look is each program's own."""
        if style not in (None, MODERN_STYLE):
            raise NotPossibleHeadless(f"chart style {style} needs a running Excel; leave style out")
        start = (anchor.row, anchor.column) if anchor else None
        edit = AddChart(
            sheet=self.parent.name,
            name=_shape_name(name) if name else self._free_name(),
            box=Box(emu(left or 0), emu(top or 0), emu(width), emu(height), start),
            type=_type(chart_type or "column_clustered"),
            source=None if source is None else _source(source, self.parent.book),
            by_rows=_by_rows(plot_by),
        )
        self.parent.book.document.apply(edit)
        return self(edit.name)


def _shape_name(name: str) -> str:
    if not isinstance(name, str) or not 0 < len(name) < 256 or not name.isprintable():
        raise DataError(f"{name!r} cannot name a picture or a chart; write a text in one line")
    return name


def _type(chart_type: str) -> str:
    if chart_type not in charts.TYPES:
        raise NotPossibleHeadless(
            f"a chart of type {chart_type} needs a running Excel; without it there are "
            + ", ".join(charts.TYPES)
        )
    return chart_type


def _by_rows(plot_by: str | None) -> bool | None:
    return None if plot_by is None else plot_by == "rows"


def _source(cells, book) -> Area:
    if cells.sheet.book.document is not book.document:
        raise AddressError(f"{cells.area.address} is in another book; a chart here shows cells of its own")
    if len(cells) > MAX_WRITTEN:
        raise AddressError(f"{cells.area.address} has {len(cells):,} cells; name those to be shown")
    return cells.area


def emu(points: float) -> int:
    """Points in EMU. Raises DataError for what is no place on a sheet."""
    if not isinstance(points, int | float) or not 0 <= points < 169_056:  # Excel's sheets end before
        raise DataError(f"{points!r} points is no place or size on a sheet; write a number from 0 up")
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
