"""A chart's part: the series that Excel would make of a block of cells, and the values that they show."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from openpyxl.styles.numbers import is_date_format

from xlcicf.formula.address import Area
from xlcicf.formula.snapshot import ExcelError, Scalar
from xlcicf.formula.text import reference
from xlcicf.ooxml.cells import Cell, SheetCells
from xlcicf.ooxml.edits import AddChart
from xlcicf.ooxml.inventory import Inventory
from xlcicf.ooxml.splice import number_text
from xlcicf.ooxml.xml import (
    OFFICE_RELATIONS,
    STRICT_RELATIONS,
    child,
    children,
    encode_string,
    escape,
    local,
)

_CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"
_STRICT_CHART = "http://purl.oclc.org/ooxml/drawingml/chart"
_MAIN = "http://schemas.openxmlformats.org/drawingml/2006/main"
_STRICT_MAIN = "http://purl.oclc.org/ooxml/drawingml/main"

_AXES = 111, 112  # ids that mean something within one chart only
_GRID = '<c:spPr><a:ln w="9525"><a:solidFill><a:srgbClr val="D9D9D9"/></a:solidFill></a:ln></c:spPr>'


@dataclass(frozen=True)
class Type:
    """How a type of chart stands in the file: the element of its plot, and what its series say.

    Bars and areas know neither markers nor lines.
    """

    plot: str
    grouping: str | None = None
    bars: str | None = None  # "col" stand, "bar" lie
    markers: bool = False
    lines: bool = True
    smooth: bool = False

    @property
    def is_xy(self) -> bool:
        return self.plot == "scatterChart"

    @property
    def is_stacked(self) -> bool:
        return self.grouping in ("stacked", "percentStacked")


_GROUPINGS = {"": "standard", "_stacked": "stacked", "_stacked_100": "percentStacked"}
_BESIDE = {"_clustered": "clustered"} | {k: v for k, v in _GROUPINGS.items() if k}

# The types that can be added, by xlwings' names for them.
TYPES: dict[str, Type] = (
    {"line" + name: Type("lineChart", grouping) for name, grouping in _GROUPINGS.items()}
    | {"line_markers" + name: Type("lineChart", g, markers=True) for name, g in _GROUPINGS.items()}
    | {"column" + name: Type("barChart", grouping, bars="col") for name, grouping in _BESIDE.items()}
    | {"bar" + name: Type("barChart", grouping, bars="bar") for name, grouping in _BESIDE.items()}
    | {"area" + name: Type("areaChart", grouping) for name, grouping in _GROUPINGS.items()}
    | {
        "xy_scatter": Type("scatterChart", markers=True, lines=False),
        "xy_scatter_lines": Type("scatterChart", markers=True),
        "xy_scatter_lines_no_markers": Type("scatterChart"),
        "xy_scatter_smooth": Type("scatterChart", markers=True, smooth=True),
        "xy_scatter_smooth_no_markers": Type("scatterChart", smooth=True),
    }
)


def chart_namespace(is_strict: bool) -> str:
    return _STRICT_CHART if is_strict else _CHART


# ---- series


@dataclass(frozen=True)
class Series:
    """One line, set of bars or cloud of points: cells with its name, its categories or x, and its values."""

    name: Area | None
    x: Area | None
    y: Area


@dataclass(frozen=True)
class Cells:
    """The cells of a book as charts see them: `sheet(name)` with values, and the code of a number format."""

    sheet: Callable[[str], SheetCells]
    number_format: Callable[[str, Cell], str]

    def value(self, sheet: str, cell: Cell) -> Scalar:
        return self.sheet(sheet).values.get(cell)

    def are_labels(self, sheet: str, cells: list[Cell]) -> bool:
        """Whether cells hold texts or dates only; some may be empty."""
        held = [cell for cell in cells if self.value(sheet, cell) is not None]
        return bool(held) and all(self._is_label(sheet, cell) for cell in held)

    def _is_label(self, sheet: str, cell: Cell) -> bool:
        return is_text(self.value(sheet, cell)) or is_date_format(self.number_format(sheet, cell))


def is_text(value: Scalar) -> bool:
    return isinstance(value, str) and not isinstance(value, ExcelError)


def series_of(edit: AddChart, cells: Cells) -> list[Series]:
    """The series that Excel makes of the source.

    The first line across holds the series' names where it is text, the first line along them the categories
    where that is text or dates, or x in an XY chart. An empty corner makes both lines headings, even numbers.
    """
    if edit.source is None:
        return []
    block = _Block(edit.source, _by_rows(edit.source, edit.by_rows))
    is_square = block.length > 1 and block.count > 1
    corner = is_square and cells.value(edit.source.sheet, block.cell(0, 0)) is None
    is_xy = TYPES[edit.type].is_xy
    across = [block.cell(0, j) for j in range(block.count > 1, block.count)]
    named = block.length > 1 and (corner or cells.are_labels(edit.source.sheet, across))
    along = [block.cell(i, 0) for i in range(named, block.length)]
    labelled = block.count > 1 and (is_xy or corner or cells.are_labels(edit.source.sheet, along))
    x = edit.x_values or (block.line(named, 0) if labelled else None)
    return [
        Series(block.one(0, j) if named else None, x, block.line(named, j))
        for j in range(labelled, block.count)
    ]


def _by_rows(source: Area, wanted: bool | None) -> bool:
    rows, cols = source.shape
    return wanted if wanted is not None else cols > rows


@dataclass(frozen=True)
class _Block:
    """The source as lines, each a series: `count` of them, `length` cells long."""

    area: Area
    by_rows: bool

    @property
    def length(self) -> int:
        return self.area.shape[self.by_rows]

    @property
    def count(self) -> int:
        return self.area.shape[not self.by_rows]

    def cell(self, i: int, j: int) -> Cell:
        """The cell i along line j."""
        down, right = (j, i) if self.by_rows else (i, j)
        return self.area.top + down, self.area.left + right

    def one(self, i: int, j: int) -> Area:
        return Area(self.area.sheet, *self.cell(i, j), *self.cell(i, j))

    def line(self, start: int, j: int) -> Area:
        return Area(self.area.sheet, *self.cell(start, j), *self.cell(self.length - 1, j))


# ---- the part


def chart_xml(edit: AddChart, cells: Cells, inventory: Inventory) -> str:
    """The chart's part, with the values that the cells hold now."""
    type_, series, is_strict = TYPES[edit.type], series_of(edit, cells), inventory.is_strict
    dots = TYPES["xy_scatter"]
    lines = "".join(
        _series(dots if number < edit.dots else type_, number, one, cells)
        for number, one in enumerate(series)
    )
    return (
        f'<c:chartSpace xmlns:c="{chart_namespace(is_strict)}" '
        f'xmlns:a="{_STRICT_MAIN if is_strict else _MAIN}" '
        f'xmlns:r="{STRICT_RELATIONS if is_strict else OFFICE_RELATIONS}">'
        f"{_val('date1904', int(inventory.date1904))}{_val('roundedCorners', 0)}<c:chart>{_title(edit.title)}"
        f"<c:plotArea><c:layout/>{_plot(type_, lines)}{_axes(type_)}</c:plotArea>"
        f"{_legend() if len(series) > 1 else ''}{_val('plotVisOnly', 1)}{_val('dispBlanksAs', 'gap')}"
        "</c:chart></c:chartSpace>"
    )


def _val(tag: str, value: object) -> str:
    return f'<c:{tag} val="{value}"/>'


def _title(title: str | None) -> str:
    if title is None:
        return _val("autoTitleDeleted", 1)
    text = (
        f'<a:p><a:pPr><a:defRPr sz="1200" b="1"/></a:pPr><a:r><a:rPr sz="1200" b="1"/>'
        f"<a:t>{encode_string(title)}</a:t></a:r></a:p>"
    )
    return (
        f"<c:title><c:tx><c:rich><a:bodyPr/>{text}</c:rich></c:tx>{_val('overlay', 0)}</c:title>"
        f"{_val('autoTitleDeleted', 0)}"
    )


def _legend() -> str:
    return f"<c:legend>{_val('legendPos', 'b')}{_val('overlay', 0)}</c:legend>"


def _plot(type_: Type, series: str) -> str:
    axes = "".join(_val("axId", axis) for axis in _AXES)
    if type_.is_xy:
        before, behind = _val("scatterStyle", "smoothMarker" if type_.smooth else "lineMarker"), ""
    else:
        before = (_val("barDir", type_.bars) if type_.bars else "") + _val("grouping", type_.grouping)
        behind = _val("marker", 1) if type_.plot == "lineChart" else ""
    if type_.bars:
        behind = _val("gapWidth", 100) + (_val("overlap", 100) if type_.is_stacked else "")
    return f"<c:{type_.plot}>{before}{_val('varyColors', 0)}{series}{behind}{axes}</c:{type_.plot}>"


def _series(type_: Type, number: int, series: Series, cells: Cells) -> str:
    name = "" if series.name is None else f"<c:tx>{_reference(series.name, cells, 'str')}</c:tx>"
    line = "" if type_.lines else '<c:spPr><a:ln w="19050"><a:noFill/></a:ln></c:spPr>'
    look = _val("invertIfNegative", 0) if type_.bars else _marker(type_, number)
    x_tag, y_tag = ("xVal", "yVal") if type_.is_xy else ("cat", "val")
    x = "" if series.x is None else f"<c:{x_tag}>{_reference(series.x, cells)}</c:{x_tag}>"
    y = f"<c:{y_tag}>{_reference(series.y, cells, 'num')}</c:{y_tag}>"
    smooth = _val("smooth", int(type_.smooth)) if type_.plot in ("lineChart", "scatterChart") else ""
    return f"<c:ser>{_val('idx', number)}{_val('order', number)}{name}{line}{look}{x}{y}{smooth}</c:ser>"


def _marker(type_: Type, number: int) -> str:
    """Points without lines say their colour themselves: LibreOffice takes it from the line otherwise."""
    if type_.plot == "areaChart" or (type_.markers and type_.lines):
        return ""
    if not type_.markers:
        return f"<c:marker>{_val('symbol', 'none')}</c:marker>"
    fill = f'<a:solidFill><a:schemeClr val="accent{number % 6 + 1}"/></a:solidFill>'
    return (
        f"<c:marker>{_val('symbol', 'circle')}{_val('size', 5)}"
        f"<c:spPr>{fill}<a:ln>{fill}</a:ln></c:spPr></c:marker>"
    )


def _reference(area: Area, cells: Cells, kind: str | None = None) -> str:
    """A reference to cells and what they hold: "num" numbers, "str" texts, None texts if there is one."""
    held = [cells.value(area.sheet, cell) for cell in area.cells()]
    if kind is None:
        kind = "str" if any(map(is_text, held)) else "num"
    points = "".join(
        f'<c:pt idx="{i}"><c:v>{encode_string(text)}</c:v></c:pt>' for i, text in _points(held, kind == "num")
    )
    first = escape(cells.number_format(area.sheet, (area.top, area.left)))
    code = f"<c:formatCode>{first}</c:formatCode>" if kind == "num" else ""
    return (
        f"<c:{kind}Ref><c:f>{escape(reference(area))}</c:f>"
        f"<c:{kind}Cache>{code}{_val('ptCount', len(held))}{points}</c:{kind}Cache></c:{kind}Ref>"
    )


def _points(held: list[Scalar], numbers: bool) -> Iterator[tuple[int, str]]:
    """The cells that show something, with it as text. Among numbers texts and errors leave a gap."""
    for i, value in enumerate(held):
        if isinstance(value, float):
            yield i, number_text(value)
        elif value is not None and not numbers:
            yield i, str(value).upper() if isinstance(value, bool) else str(value)


def _axes(type_: Type) -> str:
    """Categories or x below and values at the left; for lying bars the other way round."""
    below, left = ("l", "b") if type_.bars == "bar" else ("b", "l")
    number, other = _AXES
    if type_.is_xy:
        return _value_axis(number, other, below, "midCat") + _value_axis(other, number, left, "midCat")
    categories = (
        f"<c:catAx>{_axis(number, below)}{_crossing(other)}{_val('auto', 1)}{_val('lblAlgn', 'ctr')}"
        f"{_val('lblOffset', 100)}{_val('noMultiLvlLbl', 0)}</c:catAx>"
    )
    between = "midCat" if type_.plot == "areaChart" else "between"
    return categories + _value_axis(other, number, left, between)


def _value_axis(number: int, other: int, position: str, between: str) -> str:
    axis = _axis(number, position, f"<c:majorGridlines>{_GRID}</c:majorGridlines>")
    return f"<c:valAx>{axis}{_crossing(other)}{_val('crossBetween', between)}</c:valAx>"


def _axis(number: int, position: str, grid: str = "") -> str:
    return (
        f"{_val('axId', number)}<c:scaling>{_val('orientation', 'minMax')}</c:scaling>{_val('delete', 0)}"
        f'{_val("axPos", position)}{grid}<c:numFmt formatCode="General" sourceLinked="1"/>'
        f"{_val('majorTickMark', 'out')}{_val('minorTickMark', 'none')}{_val('tickLblPos', 'nextTo')}"
    )


def _crossing(other: int) -> str:
    return _val("crossAx", other) + _val("crosses", "autoZero")


# ---- what a part says


def type_of(root: ElementTree.Element) -> str | None:
    """The type of a chart, by xlwings' name for it; None for one that is not in TYPES."""
    area = next((e for e in root.iter() if local(e.tag) == "plotArea"), ElementTree.Element("none"))
    plots = [e for e in area if local(e.tag).endswith("Chart")]
    if len(plots) != 1:
        return "combination" if plots else None
    (plot,) = plots
    tag = local(plot.tag)
    series = child(plot, "ser")
    drawn = tag in ("lineChart", "scatterChart")
    found = Type(
        plot=tag,
        grouping=_said(plot, "grouping"),
        bars=_said(plot, "barDir"),
        markers=drawn and series is not None and _said(child(series, "marker"), "symbol") != "none",
        lines=tag != "scatterChart" or series is None or not _has_no_line(series),
        smooth=tag == "scatterChart" and series is not None and _said(series, "smooth") in ("1", "true"),
    )
    return next((name for name, type_ in TYPES.items() if type_ == found), None)


def _said(element: ElementTree.Element | None, tag: str) -> str | None:
    found = None if element is None else child(element, tag)
    return None if found is None else found.get("val")


def _has_no_line(series: ElementTree.Element) -> bool:
    lines = (line for shape in children(series, "spPr") for line in children(shape, "ln"))
    return any(child(line, "noFill") is not None for line in lines)


def title_of(root: ElementTree.Element) -> str | None:
    """The text of a chart's own title; None where it has none."""
    chart = child(root, "chart")
    title = None if chart is None else child(chart, "title")
    if title is None:
        return None
    return "".join(e.text or "" for e in title.iter() if local(e.tag) == "t") or None
