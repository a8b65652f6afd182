"""xlwings' charts and pictures on a program with an agent inside it."""

import base64
import itertools
from pathlib import Path
from typing import Any

from xlwings import base_classes

from xlcicf.errors import BookError
from xlcicf.host.found_by_name import ByNameOrNumber
from xlcicf.host.refusal import refusing

Box = list[float]  # left, top, width, height in points


class _Drawn(ByNameOrNumber):
    """Things of one kind on a sheet."""

    item: Any
    operation: str
    noun: str

    def __init__(self, sheet):
        self.parent = sheet

    def listed(self) -> list:
        found = self.parent.book.ask(self.operation, self.parent.name)
        return [self.item(self.parent, name, box) for name, box in found]

    def free_name(self) -> str:
        taken = {item.name.casefold() for item in self.listed()}
        numbers = itertools.count(len(taken) + 1)
        return next(name for n in numbers if (name := f"{self.noun} {n}").casefold() not in taken)

    def box(self, left, top, width, height, anchor) -> Box:
        """Where it is to stand, in the corner of an anchor's cell if there is one."""
        if anchor is not None:
            left, top, _, _ = self.parent.range((anchor.row, anchor.column)).ask("place_of")
        return [float(left or 0), float(top or 0), float(width), float(height)]


class _Drawing:
    """A thing that is drawn on a sheet."""

    def __init__(self, sheet, name: str, box: Box):
        self.sheet, self._name, self.box = sheet, name, box

    @property
    def api(self):
        return self

    @property
    def parent(self):
        return self.sheet

    @property
    def left(self) -> float:
        return self.box[0]

    @property
    def top(self) -> float:
        return self.box[1]

    @property
    def width(self) -> float:
        return self.box[2]

    @property
    def height(self) -> float:
        return self.box[3]


@refusing
class Chart(_Drawing, base_classes.Chart):
    """A chart."""

    @property
    def name(self) -> str:
        return self._name

    def _set(self, **properties) -> None:
        self.sheet.book.ask("set_chart", self.sheet.name, self.name, properties)

    def set_source_data(self, source, plot_by: str | None = None) -> None:
        """The cells to show, headers among them."""
        area = source.area
        self._set(data=[area.top, area.left, area.bottom, area.right], sheet=area.sheet)

    def draw_as_dots(self, count: int) -> None:
        """The first so many series."""
        self._set(dots=count)


@refusing
class Charts(_Drawn, base_classes.Charts):
    """The charts of a sheet."""

    item, operation, noun = Chart, "charts", "Chart"

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
        style=None,
    ) -> Chart:
        """A chart of cells of its own sheet; left, top, width and height in points."""
        made = {
            "name": name or self.free_name(),
            "title": name,
            "type": chart_type or "column_clustered",
            "box": self.box(left, top, width, height, anchor),
            "data": None,
        }
        if source is not None:
            area = source.area
            made |= {"data": [area.top, area.left, area.bottom, area.right], "sheet": area.sheet}
        self.parent.book.ask("add_chart", self.parent.name, made)
        return self(made["name"])


@refusing
class Picture(_Drawing, base_classes.Picture):
    """A picture."""

    lock_aspect_ratio: bool = True

    @property
    def name(self) -> str:
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self.sheet.book.ask("rename_picture", self.sheet.name, self._name, name)
        self._name = name

    def update(self, filename: str) -> "Picture":
        """Another one in its place."""
        _add(self.sheet, self.name, self.box[:2], filename)
        return self


@refusing
class Pictures(_Drawn, base_classes.Pictures):
    """The pictures of a sheet."""

    item, operation, noun = Picture, "pictures", "Picture"

    def add(
        self, filename, link_to_file, save_with_document, left, top, width, height, anchor=None
    ) -> Picture:
        """A PNG file on the sheet, in its own size."""
        name = self.free_name()
        _add(self.parent, name, self.box(left, top, 0, 0, anchor)[:2], filename)
        return self(name)


def _add(sheet, name: str, corner: Box, filename: str) -> None:
    try:
        data = Path(filename).read_bytes()
    except OSError as error:
        raise BookError(f"the picture {filename} cannot be read ({error.strerror})") from error
    sheet.book.ask("add_picture", sheet.name, name, corner, base64.b64encode(data).decode())
