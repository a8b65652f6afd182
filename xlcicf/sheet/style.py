"""What a cell's look says about it: data, weight, formula, result, or yours to type in; number formats.

The colours are tints of Okabe and Ito's palette, which colour-blind readers can tell apart, and no meaning
hangs on a colour alone: legends, headers and status cells say the same in words. The fonts are Arial, whose
widths every system has (Liberation Sans is its twin).
"""

from openpyxl import Workbook
from openpyxl.formatting.rule import ColorScaleRule, FormulaRule, Rule
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Side
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.numbers import NumberFormat
from openpyxl.worksheet.worksheet import Worksheet

BLUE, ORANGE, GREEN, RED, INK, GREY = "0072B2", "E69F00", "009E73", "D55E00", "1F2933", "5F6B76"
BLUE_TINT, ORANGE_TINT, GREEN_TINT, RED_TINT = "D6E8F5", "F9D9A4", "B9E4CF", "F4AE90"
YELLOW_TINT, GREY_TINT, LINE, WHITE = "FFF6B8", "EEF1F4", "C9D1D9", "FFFFFF"
BELOW_ZERO, ABOVE_ZERO = "7DB8DA", "F5BE4C"  # of the weights' colour scale

WHOLE, TWO, THREE, FOUR, FIVE, SIX = "0", "0.00", "0.000", "0.0000", "0.00000", "0.000000"
SCIENTIFIC, PERCENT, TENTH_PERCENT = "0.0E+00", "0%", "0.0%"
# zeros as a dot: columns of 0 and 1 and switched-off ReLUs show as patterns
DOT_WHOLE, DOT_TWO, DOT_THREE = '0;-0;"·"', '0.00;-0.00;"·"', '0.000;-0.000;"·"'
BIT = (DOT_WHOLE, "center")  # the look of a column of 0 and 1

# the legend: cell style -> what such a cell is
ROLES = {
    "Data": "what the net is given",
    "Weight": "training changes it; blue is below zero, orange above",
    "Formula": "click it and read where it comes from",
    "Result": "the figures to watch",
    "Setting": "yours to type in or to choose from a list",
}


def _font(size=10, bold=False, colour=INK, underline=None):
    return Font(name="Arial", size=size, bold=bold, underline=underline, color=colour)


def _fill(colour):
    return PatternFill("solid", start_color=colour, end_color=colour)


def thin_frame(colour: str) -> Border:
    """A thin line of that colour around a cell."""
    side = Side(style="thin", color=colour)
    return Border(left=side, right=side, top=side, bottom=side)


def _style(name, font, fill=None, border=None, alignment=None):
    return NamedStyle(
        name,
        font=font,
        fill=_fill(fill) if fill else PatternFill(),
        border=border or Border(),
        alignment=alignment or Alignment(vertical="center"),
    )


def add_styles(workbook: Workbook) -> None:
    """Adds the cell styles, which also show in Excel's gallery of cell styles under these names."""
    head = Alignment(horizontal="center", vertical="center", wrap_text=True)
    text = Alignment(vertical="top", wrap_text=True)
    middle = Alignment(horizontal="center", vertical="center")
    indented = Alignment(horizontal="left", vertical="center", indent=1)
    for style in (
        _style("Data", _font(), BLUE_TINT),
        _style("Weight", _font(), ORANGE_TINT, thin_frame(ORANGE)),
        _style("Formula", _font()),
        _style("Result", _font(bold=True), GREEN_TINT, thin_frame(GREEN)),
        _style("Setting", _font(bold=True), YELLOW_TINT, thin_frame(INK), middle),
        _style("Status", _font(bold=True), WHITE, thin_frame(GREY), head),
        _style("Column header", _font(9, bold=True), GREY_TINT, thin_frame(LINE), head),
        _style("Section", _font(11, bold=True, colour=BLUE)),
        _style("Page title", _font(16, bold=True, colour=BLUE)),
        _style("Page note", _font(colour=GREY), alignment=indented),
        _style("Text", _font(), alignment=text),
        _style("Label", _font(), alignment=indented),
        _style("Link", _font(colour=BLUE, underline="single"), alignment=indented),
    ):
        workbook.add_named_style(style)


def add_exercise_style(workbook: Workbook) -> None:
    """Adds the look of a cell whose formula is the reader's to write."""
    workbook.add_named_style(_style("Exercise", _font(), YELLOW_TINT, thin_frame(ORANGE)))


def weight_scale(ws: Worksheet, cells: str) -> None:
    """Blue at -1 and below, white at 0, orange at 1 and above: fixed, so that runs can be compared."""
    ws.conditional_formatting.add(
        cells,
        ColorScaleRule(
            start_type="num", start_value=-1, start_color=BELOW_ZERO,
            mid_type="num", mid_value=0, mid_color=WHITE,
            end_type="num", end_value=1, end_color=ABOVE_ZERO,
        ),
    )  # fmt: skip


def tint_when(ws: Worksheet, cells: str, condition: str, good: bool) -> None:
    """Tints `cells` green (good) or vermilion while the formula `condition` is true."""
    fill, colour = (GREEN_TINT, "00664B") if good else (RED_TINT, "8F3B00")
    ws.conditional_formatting.add(
        cells, FormulaRule(formula=[condition], fill=_fill(fill), font=Font(bold=True, color=colour))
    )


def powers_of_ten_when_long(ws: Worksheet, cells: str) -> None:
    """Shows numbers of `cells` from 100,000 on, and below -100,000, as powers of ten, so that they fit.

    A rule and not a number format with conditions: those lose the sign of numbers below 0 in LibreOffice.
    """
    first = cells.split(":")[0]
    look = DifferentialStyle(numFmt=NumberFormat(numFmtId=164, formatCode=SCIENTIFIC))
    ws.conditional_formatting.add(cells, Rule(type="expression", dxf=look, formula=[f"ABS({first})>=100000"]))
