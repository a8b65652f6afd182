"""Pictures made of cells: squares, shades of grey, blue and orange; a digit picked from a table of digits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from openpyxl import Workbook
from openpyxl.formatting.rule import ColorScaleRule, FormulaRule
from openpyxl.styles import Border, Side
from openpyxl.worksheet.worksheet import Worksheet

from xlcicf.formula.address import column_letters, column_number, quote_sheet
from xlcicf.sheet import chart
from xlcicf.sheet.block import Block
from xlcicf.sheet.page import add_page, fill, put, put_link, put_row
from xlcicf.sheet.style import ABOVE_ZERO, BELOW_ZERO, GREY, RED, TENTH_PERCENT, WHITE, WHOLE, thin_frame

SIDE = 28  # of a digit of MNIST, in pixels
SMALL = 1.0  # width of a pixel where many pictures stand beside each other
BLACK = "1A1A1A"
HIDDEN = ";;;"  # a number format: the cell shows its colour alone, the number stands in the formula bar


def squares(ws: Worksheet, block: Block, width: float = 2.6) -> None:
    """Makes the cells of a block square; `width` in characters, as for columns."""
    area = block.area
    height = 0.75 * (7 * width + 5)  # points: a column is 7 pixels a character wide, and 5 more
    for col in range(area.left, area.right + 1):
        ws.column_dimensions[column_letters(col)].width = width
    for row in range(area.top, area.bottom + 1):
        ws.row_dimensions[row].height = round(height, 1)


def picture_in_line(sheet: str, number: int, top: int, left: str) -> Block:
    """The number-th picture of a digit, from 0, in a line from sheet row `top` and column `left` on."""
    corner = f"{column_letters(column_number(left) + number * (SIDE + 1))}{top}"
    return Block(f"picture.{sheet}.{number}.{top}", sheet, corner, SIDE, SIDE)


def write_picture(
    ws: Worksheet, picture: Block, formula: Callable[[int, int], str], width: float = SMALL
) -> None:
    """A formula for each pixel, of its line and column from 0, as `squares`; the colours are the caller's."""
    rows = [[formula(i, j) for j in range(picture.cols)] for i in range(picture.rows)]
    fill(ws, picture, rows, "Formula", HIDDEN)
    squares(ws, picture, width)


def greys(ws: Worksheet, block: Block, black: float = 1.0) -> None:
    """White at 0 and below, black at `black` and above, as ink on paper."""
    rule = ColorScaleRule(
        start_type="num", start_value=0, start_color=WHITE,
        end_type="num", end_value=black, end_color=BLACK,
    )  # fmt: skip
    ws.conditional_formatting.add(block.local, rule)


def blue_and_orange(ws: Worksheet, block: Block, full: float) -> None:
    """Blue below 0, white at 0, orange above; full colour at -`full` and `full`."""
    rule = ColorScaleRule(
        start_type="num", start_value=-full, start_color=BELOW_ZERO,
        mid_type="num", mid_value=0, mid_color=WHITE,
        end_type="num", end_value=full, end_color=ABOVE_ZERO,
    )  # fmt: skip
    ws.conditional_formatting.add(block.local, rule)


def outline(ws: Worksheet, block: Block) -> None:
    """A thin grey line around a block, in place of what frames its cells had."""
    line, area = Side(style="thin", color=GREY), block.area
    for row, col in area.cells():
        ws.cell(row, col).border = Border(
            left=line if col == area.left else None,
            right=line if col == area.right else None,
            top=line if row == area.top else None,
            bottom=line if row == area.bottom else None,
        )


_FRAME = thin_frame(RED)


def write_probabilities(
    ws: Worksheet, table: Block, probabilities: Block, corner: str, size: tuple[int, int], of: str
) -> None:
    """How probable each class is, as a table (classes, 2) below its header, and as bars.

    of  what the net says it of, in the words for those who do not see the bars
    """
    put_row(ws, f"{table.letters}{table.area.top - 1}", ["digit", "probability"], "Column header")
    for k in range(table.area.shape[0]):
        put(ws, table.cell(k, 0).corner, k, "Formula", WHOLE, "center")
        put(
            ws,
            table.cell(k, 1).corner,
            f"={probabilities.cell(k, 0).ref}",
            "Formula",
            TENTH_PERCENT,
            "center",
        )
    chart.bar_chart(
        ws, corner, size, "How probable each digit is",
        f"Bars: the probability of each of the ten digits for {of}, as in the table above.",
        table.col(0), {"probability": table.col(1)}, span=(0, 1.35),
    )  # fmt: skip


def frame_when(
    ws: Worksheet, block: Block, size: int, row: Block | str, col: Block | str, condition: str = "TRUE"
) -> None:
    """Frames the cells of a block under a window of `size`, while `condition` holds.

    row, col  where in the block the window's first cell stands, from 1: cells, or formulas' parts
    """
    area = block.area
    row, col = (at.local if isinstance(at, Block) else at for at in (row, col))
    down, right = f"ROW()-{area.top - 1}-{row}", f"COLUMN()-{area.left - 1}-{col}"
    inside = f"AND({down}>=0,{down}<{size},{right}>=0,{right}<{size},{condition})"
    ws.conditional_formatting.add(block.local, FormulaRule(formula=[inside], border=_FRAME))


def lead_to_the_middle(ws: Worksheet, pixels: Block, link: str, last: int) -> None:
    """For a sheet whose rows hold the 784 numbers of a picture, of which the first lines are empty mostly.

    The cell `link` leads to line 14 of the pictures; that line is what is printed, down to row `last`, beside
    the columns before `pixels`. Title and explanation move over the pixels, and stand above line 14 too.
    """
    start, end = (column_letters(pixels.area.left + MIDDLE_LINE * SIDE + at) for at in (-SIDE, -1))
    put_link(ws, link, f"to line {MIDDLE_LINE}", f"#{quote_sheet(ws.title)}!{start}{pixels.area.top}")
    for row, style in ((1, "Page title"), (2, "Page note")):
        for column in (pixels.letters, start):
            put(ws, f"{column}{row}", ws[f"A{row}"].value, style, None, "left")
        put(ws, f"A{row}", None, style)
    ws.print_area = f"{start}1:{end}{last}"
    ws.print_title_cols = f"A:{column_letters(pixels.area.left - 1)}"


MIDDLE_LINE = 14  # of 28


@dataclass(frozen=True)
class Digits:
    """A table of digits, one a row: its number, what it is, then its pixels line by line, from 0 to 255.

    A pixel of 0 is left empty, which keeps the file small: formulas read an empty cell as 0, except AVERAGE
    and COUNT, which pass by it.
    """

    sheet: str
    count: int
    first: int = 5  # the row of digit 1

    @property
    def numbers(self) -> Block:
        """1, 2, 3, ... (count, 1)."""
        return Block("digits.numbers", self.sheet, f"A{self.first}", self.count)

    @property
    def labels(self) -> Block:
        """What each digit is, 0 to 9 (count, 1)."""
        return Block("digits.labels", self.sheet, f"B{self.first}", self.count)

    @property
    def pixels(self) -> Block:
        """(count, 784)."""
        return Block("digits.pixels", self.sheet, f"C{self.first}", self.count, SIDE * SIDE)

    def write(
        self,
        workbook: Workbook,
        title: str,
        note: str,
        images: np.ndarray,
        labels: Sequence[int] | np.ndarray,
    ) -> None:
        """Adds the sheet, the table under its headers; images (count, 28, 28) of 0..255, labels (count,)."""
        ws = add_page(
            workbook,
            self.sheet,
            title,
            note,
            widths="A=6 B=6 C:ADF=5.5",
            print_area="A1:AH60",
            frozen=f"C{self.first}",
            zoom=80,
        )
        names = [f"{row + 1},{col + 1}" for row in range(SIDE) for col in range(SIDE)]
        put_row(ws, f"A{self.first - 1}", ["No.", "digit", *names], "Column header")
        for row, (image, label) in enumerate(zip(images, labels, strict=True), self.first):
            put(ws, f"A{row}", row - self.first + 1, "Label", WHOLE, "center")
            put(ws, f"B{row}", int(label), "Data", WHOLE, "center")
            for at in np.flatnonzero(image):
                ws.cell(row, int(at) + 3, int(image.flat[at]))
        greys(ws, self.pixels, 2 * 255)  # half as dark, so that the numbers can be read
        lead_to_the_middle(ws, self.pixels, "A3", self.first + min(self.count, 60) - 1)

    def write_picked(
        self, ws: Worksheet, picture: Block, number: str, black: float = 1.0, width: float = 2.6
    ) -> None:
        """A digit as a square picture: `picture` (28, 28) shows the one whose number stands in cell `number`.

        black  what a pixel of 255 becomes: pixels are shown, and meant for a net, from 0 to `black`
        width  of a pixel, as for `squares`
        """
        assert (picture.rows, picture.cols) == (SIDE, SIDE), picture
        scale = "" if black == 255 else f"/{255 / black:g}"
        table = self.pixels.ref
        write_picture(ws, picture, lambda i, j: f"=INDEX({table},{number},{SIDE * i + j + 1}){scale}", width)
        greys(ws, picture, black)
