"""Charts with alternative text, in colours that colour-blind readers can tell apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from openpyxl.chart import BarChart, Reference, ScatterChart
from openpyxl.chart.axis import ChartLines
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.legend import Legend, LegendEntry
from openpyxl.chart.series_factory import SeriesFactory as Series
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText, Text
from openpyxl.chart.title import Title
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, OneCellAnchor
from openpyxl.drawing.text import CharacterProperties, Font, Paragraph, ParagraphProperties, RegularTextRun
from openpyxl.drawing.xdr import XDRPositiveSize2D
from openpyxl.utils.units import pixels_to_EMU
from openpyxl.worksheet.worksheet import Worksheet

from xlcicf.sheet.block import Block, place
from xlcicf.sheet.style import BLUE, GREEN, GREY, INK, LINE, ORANGE, RED

COLOURS = (BLUE, ORANGE, GREEN, RED, INK)
MEDIUM, THIN = 22_000, 9_000  # widths of lines in EMU: 1.7 and 0.7 points
SMALL = 4  # of dots, in points
# of up to ten groups of dots: Okabe and Ito's colours and two more, no two that are alike with one shape
MARKS = (
    (BLUE, "circle"), (ORANGE, "square"), (GREEN, "triangle"), (RED, "diamond"), ("CC79A7", "circle"),
    ("56B4E9", "square"), (INK, "triangle"), ("8A5A1F", "diamond"), (GREY, "circle"), ("B5A800", "square"),
)  # fmt: skip
DASHES = ("solid", "sysDash", "lgDash", "sysDot", "lgDashDot")  # so that no curve hangs on its colour alone


@dataclass(frozen=True)
class Curve:
    """One curve of a chart: what the legend calls it, its points, and whether they are dots or a line."""

    name: str
    x: Block
    y: Block
    dots: bool = False


class _Described(OneCellAnchor):
    """A chart's place with its alternative text, which openpyxl has no argument for."""

    __elements__ = OneCellAnchor.__elements__

    def __init__(self, corner: str, width: int, height: int, title: str, alt: str):
        row, col = place(corner)
        super().__init__(
            AnchorMarker(col=col - 1, row=row - 1),
            XDRPositiveSize2D(pixels_to_EMU(width), pixels_to_EMU(height)),
        )
        self._title, self._alt = title, alt

    def to_tree(self, *args, **kwargs):
        about = cast(Any, self.graphicFrame).nvGraphicFramePr.cNvPr  # whose type openpyxl's stubs get wrong
        about.name, about.descr = self._title, self._alt
        return super().to_tree(*args, **kwargs)


def line_chart(
    ws: Worksheet, corner: str, size: tuple[int, int], title: str, alt: str, x: Block, y: Block
) -> None:
    """A line through points; rows that are still empty draw nothing. `size` is width, height in pixels."""
    chart = ScatterChart()
    chart.scatterStyle = "lineMarker"
    series = Series(_reference(y), _reference(x), title=title)
    series.graphicalProperties.line.solidFill = BLUE
    series.graphicalProperties.line.width = MEDIUM
    series.marker.symbol = "none"
    series.smooth = False
    chart.series.append(series)
    _label_axes(chart, "step", "loss")
    _place(ws, chart, corner, size, title, alt)


def curves_chart(
    ws: Worksheet,
    corner: str,
    size: tuple[int, int],
    title: str,
    alt: str,
    curves: list[Curve],
    axes: tuple[str, str] = ("step", "loss"),
    powers_of_ten: tuple[float, float | None] | None = None,
    behind: Sequence[Curve] = (),
    heights: tuple[float, float | None] | None = None,
    is_small: bool = False,
) -> None:
    """Curves in one frame, with a legend where there are several. `size` is width, height in pixels.

    axes           what the horizontal and the vertical axis show
    powers_of_ten  least and largest number of a vertical axis whose lines are powers of ten; cells that it
                   shows must be above 0
    behind         thin grey lines and small grey dots behind the others; the legend shows the first for all
    heights        least and largest number of a vertical axis that cuts off what lies beyond; as above, None
                   leaves the largest to the program
    is_small       without legend and names of axes
    """
    chart = ScatterChart()
    chart.scatterStyle = "lineMarker"
    for curve in behind:
        _draw(_add_series(chart, curve), GREY, None if curve.dots else "solid", THIN, SMALL)
    for curve, colour, dash in zip(curves, COLOURS, DASHES, strict=False):
        _draw(_add_series(chart, curve), colour, None if curve.dots else dash)
    _label_axes(chart, *(axes if not is_small else (None, None)))
    if heights:
        chart.y_axis.scaling.min, chart.y_axis.scaling.max = heights
    if powers_of_ten:
        scaling = chart.y_axis.scaling
        scaling.logBase, (scaling.min, scaling.max) = 10, powers_of_ten
        chart.y_axis.number_format = "0E+0"
    chart.x_axis.crosses = chart.y_axis.crosses = "min"  # at the edge, not at 0
    _place(ws, chart, corner, size, title, alt, 9 if is_small else 11)
    if len(chart.series) > 1 and not is_small:
        hidden = [LegendEntry(i, delete=True) for i in range(1, len(behind))]
        chart.legend = Legend(legendPos="b", legendEntry=hidden)


def groups_chart(
    ws: Worksheet,
    corner: str,
    size: tuple[int, int],
    title: str,
    alt: str,
    groups: Sequence[Curve],
    axes: tuple[str, str],
    links: Curve | None = None,
    legend: bool = True,
) -> None:
    """Dots, each of up to ten groups in its own colour and shape. `size` is width, height in pixels.

    axes   what the horizontal and the vertical axis show
    links  a thin line behind the dots, broken where its cells are empty
    """
    assert len(groups) <= len(MARKS)
    chart = ScatterChart()
    chart.scatterStyle = "lineMarker"
    if links:
        _draw(_add_series(chart, links), LINE, "solid", THIN)
    for group, (colour, symbol) in zip(groups, MARKS, strict=False):
        series = _add_series(chart, group)
        _draw(series, colour, None)
        series.marker.symbol, series.marker.size = symbol, 5
    _label_axes(chart, *axes)
    chart.x_axis.crosses = chart.y_axis.crosses = "min"  # at the edge, not at 0
    _place(ws, chart, corner, size, title, alt)
    chart.legend = Legend(legendPos="r") if legend else None


def _add_series(chart: ScatterChart, curve: Curve):
    series = Series(_reference(curve.y), _reference(curve.x), title=curve.name)
    series.smooth = False
    chart.series.append(series)
    return series


def _draw(series, colour: str, dash: str | None, width: int = MEDIUM, dots: int = 6) -> None:
    """A line with that dash, or dots of that size without a line."""
    line = series.graphicalProperties.line
    if dash:
        line.solidFill, line.width, line.dashStyle = colour, width, dash
        series.marker.symbol = "none"
        return
    line.noFill = True
    series.marker.symbol, series.marker.size = "circle", dots
    series.marker.graphicalProperties = GraphicalProperties(solidFill=colour)
    series.marker.graphicalProperties.line.solidFill = colour


def _label_axes(chart: ScatterChart, *names: str | None) -> None:
    for axis, name in zip((chart.x_axis, chart.y_axis), names, strict=True):
        axis.title = _title(name, 9) if name else None
        axis.number_format = "General"
        axis.majorGridlines = ChartLines(GraphicalProperties(ln=LineProperties(solidFill=LINE)))


def bar_chart(
    ws: Worksheet,
    corner: str,
    size: tuple[int, int],
    title: str,
    alt: str,
    categories: Block,
    series: dict[str, Block],
    span: tuple[float, float] = (0, 1.1),
) -> None:
    """Bars for shares from 0 to 1 beside each other, one group a category, with their values as the cells
    show them.

    span  least and largest number of the axis, with room for the label of the longest bar
    """
    chart = BarChart()
    chart.type, chart.gapWidth = "bar", 40
    for colour, (name, block) in zip(COLOURS, series.items(), strict=False):
        bars = Series(_reference(block), title=name)
        bars.graphicalProperties = GraphicalProperties(solidFill=colour)
        bars.dLbls = DataLabelList(showVal=True, txPr=_text(8))
        for flag in ("showSerName", "showCatName", "showLegendKey", "showPercent"):
            setattr(bars.dLbls, flag, False)
        chart.series.append(bars)
    chart.set_categories(_reference(categories))
    chart.x_axis.scaling.orientation = "maxMin"  # the first category on top, as in the table
    chart.x_axis.tickLblPos = "low"  # at the edge, also where bars go to the left
    chart.y_axis.scaling.min, chart.y_axis.scaling.max = span
    chart.y_axis.majorGridlines = None
    _place(ws, chart, corner, size, title, alt)
    chart.y_axis.delete = True  # the labels say the values
    if len(series) > 1:
        chart.legend = Legend()
        chart.legend.position = "b"


def _reference(block: Block) -> Reference:
    return Reference(range_string=block.ref)  # by name, since the sheet may come later in the book


def _place(
    ws: Worksheet, chart, corner: str, size: tuple[int, int], title: str, alt: str, letters: int = 11
) -> None:
    chart.title = _title(title, letters)
    chart.title.overlay = False
    chart.legend = None
    for axis in (chart.x_axis, chart.y_axis):
        axis.delete = False  # openpyxl's default hides the axes in newer Excels
        axis.txPr = _text(min(9, letters - 1))
    chart.anchor = _Described(corner, *size, title, alt)
    ws.add_chart(chart)


def _title(text: str, size: int) -> Title:
    line = Paragraph(pPr=_paragraph(size), r=[RegularTextRun(t=text)])
    return Title(Text(rich=RichText(p=[line])))


def _paragraph(size: int) -> ParagraphProperties:
    bold = size > 10
    return ParagraphProperties(
        defRPr=CharacterProperties(sz=100 * size, b=bold, solidFill=INK, latin=Font(typeface="Arial"))
    )


def _text(size: int) -> RichText:
    return RichText(p=[Paragraph(pPr=_paragraph(size), endParaRPr=CharacterProperties())])
