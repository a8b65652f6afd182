"""What a cell's look says about it: data, weight, formula, result, or yours to type in; number formats.

The colours are tints of Okabe and Ito's palette, which colour-blind readers can tell apart, and no meaning
hangs on a colour alone: legends, headers and status cells say the same in words. The fonts are Arial, whose
widths every system has (Liberation Sans is its twin).
"""

from dataclasses import dataclass
from typing import Literal

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

# the legend of the tabs: kind of sheet -> the colour of its tab, and what one does there. The words stand on
# *Read me* beside each name
READ, TRY, WORKING, DATA = "read", "try", "working", "data"
TABS = {
    READ: (BLUE, "look and read: what came out, and why"),
    TRY: (GREEN, "yours to change: something to set, to press or to train"),
    WORKING: (GREY, "where another sheet's numbers are worked out, step by step"),
    DATA: (ORANGE, "what all else is computed from"),
}


_MIDDLE = Alignment(horizontal="center", vertical="center")
_HEAD = Alignment(horizontal="center", vertical="center", wrap_text=True)
_INDENTED = Alignment(horizontal="left", vertical="center", indent=1)


@dataclass(frozen=True)
class Look:
    """A cell style: size of its letters in points, their colour, its ground and frame, where text stands."""

    size: int = 10
    bold: bool = False
    colour: str = INK
    underline: Literal["single"] | None = None
    fill: str | None = None
    frame: str | None = None
    stands: Alignment = Alignment(vertical="center")


# cell style -> its look
LOOKS = {
    "Data": Look(fill=BLUE_TINT),
    "Weight": Look(fill=ORANGE_TINT, frame=ORANGE),
    "Formula": Look(),
    "Result": Look(bold=True, fill=GREEN_TINT, frame=GREEN),
    "Setting": Look(bold=True, fill=YELLOW_TINT, frame=INK, stands=_MIDDLE),
    "Status": Look(bold=True, fill=WHITE, frame=GREY, stands=_HEAD),
    "Column header": Look(9, bold=True, fill=GREY_TINT, frame=LINE, stands=_HEAD),
    "Section": Look(11, bold=True, colour=BLUE),
    "Page title": Look(16, bold=True, colour=BLUE),
    "Page note": Look(colour=GREY, stands=_INDENTED),
    "Text": Look(stands=Alignment(vertical="top", wrap_text=True)),
    "Label": Look(stands=_INDENTED),
    "Link": Look(colour=BLUE, underline="single", stands=_INDENTED),
}
EXERCISE = Look(fill=YELLOW_TINT, frame=ORANGE)  # a cell whose formula is the reader's to write
# looks that are no styles of the gallery: labels that say whether something is as it should be, and words in
# a table of numbers
VERDICTS = {
    "Word": Look(stands=_MIDDLE),
    "Good": Look(bold=True, colour=GREEN, stands=_INDENTED),
    "Bad": Look(bold=True, colour=RED, stands=_INDENTED),
}


def add_styles(workbook: Workbook) -> None:
    """Adds the cell styles, which also show in Excel's gallery of cell styles under these names."""
    for name, look in LOOKS.items():
        workbook.add_named_style(_style(name, look))


def add_exercise_style(workbook: Workbook) -> None:
    """Adds the look of a cell whose formula is the reader's to write."""
    workbook.add_named_style(_style("Exercise", EXERCISE))


def _style(name: str, look: Look) -> NamedStyle:
    return NamedStyle(
        name,
        font=Font(name="Arial", size=look.size, bold=look.bold, underline=look.underline, color=look.colour),
        fill=fill_of(look.fill) if look.fill else PatternFill(),
        border=thin_frame(look.frame) if look.frame else Border(),
        alignment=look.stands,
    )


def rgb(colour: str) -> tuple[int, int, int]:
    """ "0072B2" -> (0, 114, 178)."""
    red, green, blue = bytes.fromhex(colour)
    return red, green, blue


def fill_of(colour: str) -> PatternFill:
    """A ground of that colour alone."""
    return PatternFill("solid", start_color=colour, end_color=colour)


def thin_frame(colour: str) -> Border:
    """A thin line of that colour around a cell."""
    side = Side(style="thin", color=colour)
    return Border(left=side, right=side, top=side, bottom=side)


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


def orange_above_zero(ws: Worksheet, cells: str) -> None:
    """White at 0 and below, orange at the largest number of `cells`, whatever that is."""
    rule = ColorScaleRule(
        start_type="num", start_value=0, start_color=WHITE, end_type="max", end_color=ABOVE_ZERO
    )
    ws.conditional_formatting.add(cells, rule)


def tint_when(ws: Worksheet, cells: str, condition: str, good: bool) -> None:
    """Tints `cells` green (good) or vermilion while the formula `condition` is true."""
    fill, colour = (GREEN_TINT, "00664B") if good else (RED_TINT, "8F3B00")
    ws.conditional_formatting.add(
        cells, FormulaRule(formula=[condition], fill=fill_of(fill), font=Font(bold=True, color=colour))
    )


def pale_while_empty(ws: Worksheet, cells: str) -> None:
    """Takes the colour from those of `cells` that hold nothing yet."""
    first = cells.split(":")[0]
    ws.conditional_formatting.add(
        cells, FormulaRule(formula=[f"ISBLANK({first})"], fill=fill_of(WHITE), border=thin_frame(LINE))
    )


def powers_of_ten_when_long(ws: Worksheet, cells: str) -> None:
    """Shows numbers of `cells` from 100,000 on, and below -100,000, as powers of ten, so that they fit.

    A rule and not a number format with conditions: those lose the sign of numbers below 0 in LibreOffice.
    """
    first = cells.split(":")[0]
    look = DifferentialStyle(numFmt=NumberFormat(numFmtId=164, formatCode=SCIENTIFIC))
    ws.conditional_formatting.add(cells, Rule(type="expression", dxf=look, formula=[f"ABS({first})>=100000"]))
