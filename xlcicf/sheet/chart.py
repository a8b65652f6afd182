"""Charts with alternative text, in colours that colour-blind readers can tell apart."""

from typing import Any, cast

from openpyxl.chart import BarChart, Reference, ScatterChart
from openpyxl.chart.axis import ChartLines
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.legend import Legend
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
from xlcicf.sheet.style import BLUE, INK, LINE, ORANGE

COLOURS = (BLUE, ORANGE)


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
    series = Series(_reference(ws, y), _reference(ws, x), title=title)
    series.graphicalProperties.line.solidFill = BLUE
    series.graphicalProperties.line.width = 22_000  # in EMU, 1.7 points
    series.marker.symbol = "none"
    series.smooth = False
    chart.series.append(series)
    for axis, name in ((chart.x_axis, "step"), (chart.y_axis, "loss")):
        axis.title = _title(name, 9)
        axis.number_format = "General"
        axis.majorGridlines = ChartLines(GraphicalProperties(ln=LineProperties(solidFill=LINE)))
    _place(ws, chart, corner, size, title, alt)


def bar_chart(
    ws: Worksheet,
    corner: str,
    size: tuple[int, int],
    title: str,
    alt: str,
    categories: Block,
    series: dict[str, Block],
) -> None:
    """Bars for shares from 0 to 1 beside each other, one group a category, with their values as the cells
    show them."""
    chart = BarChart()
    chart.type, chart.gapWidth = "bar", 40
    for colour, (name, block) in zip(COLOURS, series.items(), strict=False):
        bars = Series(_reference(ws, block), title=name)
        bars.graphicalProperties = GraphicalProperties(solidFill=colour)
        bars.dLbls = DataLabelList(showVal=True, txPr=_text(8))
        for flag in ("showSerName", "showCatName", "showLegendKey", "showPercent"):
            setattr(bars.dLbls, flag, False)
        chart.series.append(bars)
    chart.set_categories(_reference(ws, categories))
    chart.x_axis.scaling.orientation = "maxMin"  # the first category on top, as in the table
    chart.y_axis.scaling.min, chart.y_axis.scaling.max = 0, 1.1  # room for the label of a full bar
    chart.y_axis.majorGridlines = None
    _place(ws, chart, corner, size, title, alt)
    chart.y_axis.delete = True  # the labels say the values
    if len(series) > 1:
        chart.legend = Legend()
        chart.legend.position = "b"


def _reference(ws: Worksheet, block: Block) -> Reference:
    assert block.sheet == ws.title, block
    area = block.area
    return Reference(ws, min_col=area.left, min_row=area.top, max_col=area.right, max_row=area.bottom)


def _place(ws: Worksheet, chart, corner: str, size: tuple[int, int], title: str, alt: str) -> None:
    chart.title = _title(title, 11)
    chart.title.overlay = False
    chart.legend = None
    for axis in (chart.x_axis, chart.y_axis):
        axis.delete = False  # openpyxl's default hides the axes in newer Excels
        axis.txPr = _text(9)
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
