"""A drawing of a reader's own in cells, brought to the size and the place that a net expects, by formulas.

MNIST's makers scaled each digit into 20 x 20 pixels and put its centre of mass into the middle of 28 x 28
(LeCun, Cortes and Burges, "The MNIST database of handwritten digits"). Here both are one product of three
matrices, down x ink x across: `down` says how much each line of the result takes from each line of the
drawing, `across` the same of columns. Each line takes from several, which softens the strokes as a pen does.
"""

from dataclasses import dataclass

from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.worksheet import Worksheet

from xlcicf.formula.address import column_letters
from xlcicf.sheet.block import Block, place
from xlcicf.sheet.page import allow, between, fill, fill_down, put, put_row
from xlcicf.sheet.pixels import HIDDEN, SIDE, greys, squares
from xlcicf.sheet.style import DOT_TWO, THREE, WHOLE

BOX = 20  # pixels that the longer side of a digit gets
MIDDLE = 15  # where the centre of mass goes, counted from 1: the middle of 28 pixels lies before the 15th
SOFT, STRONG = 2.0, 1.8  # a stroke of one cell becomes a line three pixels wide, its middle at 0.9


@dataclass(frozen=True)
class Centring:
    """Where the drawing is and where, on a sheet of its own, the formulas lie that centre it.

    paper  the cells to paint (28, 28): empty or a number from 0 for paper to 1 for ink
    """

    paper: Block
    sheet: str = "Centring"

    def _block(self, name: str, corner: str, rows: int = 1, cols: int = 1) -> Block:
        return Block(f"centring.{name}", self.sheet, corner, rows, cols)

    def _setting(self, name: str, row: int) -> Block:
        return self._block(name, f"B{row}")

    @property
    def soft(self) -> Block:
        """How far a stroke spreads to each side, in pixels of the result."""
        return self._setting("soft", 5)

    @property
    def strong(self) -> Block:
        """By how much the result is darkened."""
        return self._setting("strong", 6)

    @property
    def total(self) -> Block:
        """All ink added up; 0 of an empty paper."""
        return self._setting("total", 9)

    @property
    def scale(self) -> Block:
        """Pixels of the result for a cell of the drawing."""
        return self._setting("scale", 15)

    @property
    def centre(self) -> Block:
        """The centre of mass: line and column, counted from 1 (2, 1)."""
        return self._block("centre", "B16", 2)

    @property
    def reach(self) -> Block:
        """How far a line of the result looks to each side, in its own pixels."""
        return self._setting("reach", 18)

    @property
    def sums(self) -> Block:
        """Line or column number; ink in the line, the number if there is any; the same of columns (28, 5)."""
        return self._block("sums", "A23", SIDE, 5)

    def _picture(self, name: str, down: int, right: int) -> Block:
        _, left = place("I1")
        corner = f"{column_letters(left + right * (SIDE + 2))}{7 + down * (SIDE + 4)}"
        return self._block(name, corner, SIDE, SIDE)

    @property
    def down(self) -> Block:
        """What each line of the result takes of each line of the drawing (28, 28)."""
        return self._picture("down", 0, 0)

    @property
    def ink(self) -> Block:
        """The drawing, each cell a number from 0 to 1 (28, 28)."""
        return self._picture("ink", 0, 1)

    @property
    def lines(self) -> Block:
        """down x ink (28, 28)."""
        return self._picture("lines", 0, 2)

    @property
    def across(self) -> Block:
        """What each column of the result, a column here, takes of each of the drawing (28, 28)."""
        return self._picture("across", 1, 1)

    @property
    def moved(self) -> Block:
        """down x ink x across (28, 28), not yet darkened."""
        return self._picture("moved", 1, 2)

    def pixel(self, i: int, j: int) -> str:
        """A formula's part: the centred drawing at line i, column j from 0, a number from 0 to 1."""
        return f"MIN(1,{self.strong.ref}*{self.moved.cell(i, j).free})"


def write_paper(ws: Worksheet, paper: Block, start: list[list[float | None]], width: float) -> None:
    """The cells to paint, with a first drawing in them; `width` of a cell, as for `squares`."""
    fill(ws, paper, start, "Setting", HIDDEN)
    squares(ws, paper, width)
    hint = "1 is ink, a number between 0 and 1 is grey, an empty cell is paper."
    allow(ws, paper.free_local, hint, between(0, 1))
    greys(ws, paper)


def write_centring(ws: Worksheet, at: Centring, width: float = 1.7) -> None:
    """The sheet of formulas: settings, figures, sums of lines and columns, five pictures."""
    _write_figures(ws, at)
    _write_sums(ws, at)
    paper, (line, column) = at.paper, (at.centre.cell(i, 0) for i in range(2))
    ink = [[f"=MIN(1,MAX(0,{paper.cell(i, j).free}))" for j in range(SIDE)] for i in range(SIDE)]
    for block, title, formulas in (
        (at.ink, "ink: the drawing", ink),
        (at.down, "down: which lines a line takes", _shares(at, at.down, line, False)),
        (at.across, "across: which columns a column takes", _shares(at, at.across, column, True)),
        (at.lines, "down × ink", _product(ws, at.lines, at.down, at.ink)),
        (at.moved, "down × ink × across", _product(ws, at.moved, at.lines, at.across)),
    ):  # fmt: skip
        put(ws, f"{block.letters}{block.area.top - 1}", title, "Section")
        fill(ws, block, formulas, "Formula", HIDDEN)
        squares(ws, block, width)
        greys(ws, block)


def _write_figures(ws: Worksheet, at: Centring) -> None:
    put(ws, "A4", "The pen", "Section")
    for cell, label, value, low, high, hint in (
        (at.soft, "softness", SOFT, 0.5, 5, "how far a stroke spreads, 0.5 to 5 pixels"),
        (at.strong, "strength", STRONG, 0.1, 5, "by how much everything is darkened: 0.1 to 5"),
    ):
        put(ws, f"A{cell.area.top}", label, "Label")
        put(ws, cell.corner, value, "Setting")
        put(ws, f"C{cell.area.top}", hint, "Page note")
        allow(ws, cell.corner, f"A number: {hint}.", between(low, high))
    put(ws, "A8", "The drawing", "Section")
    sums = at.sums
    numbers, empty = sums.col(0).local, f"{at.total.local}=0"
    spans = [f"MAX({sums.col(j).local})-MIN({sums.col(j).local})+1" for j in (2, 4)]
    centres = [f"SUMPRODUCT({numbers},{sums.col(j).local})/{at.total.local}" for j in (1, 3)]
    for row, label, formula, number_format in (
        (at.total.area.top, "all ink", f"=SUM({sums.col(1).local})", THREE),
        (10, "first line with ink", f"=MIN({sums.col(2).local})", WHOLE),
        (11, "last line", f"=MAX({sums.col(2).local})", WHOLE),
        (12, "first column", f"=MIN({sums.col(4).local})", WHOLE),
        (13, "last column", f"=MAX({sums.col(4).local})", WHOLE),
        (14, "longer side", f"=MAX({spans[0]},{spans[1]})", WHOLE),
        (15, "scale", f"={BOX}/B14", THREE),
        (16, "centre, line", f"=IF({empty},{MIDDLE},{centres[0]})", THREE),
        (17, "centre, column", f"=IF({empty},{MIDDLE},{centres[1]})", THREE),
        (18, "reach", f"=MAX({at.soft.local},{at.scale.local})", THREE),
    ):
        put(ws, f"A{row}", label, "Label")
        put(ws, f"B{row}", formula, "Formula", number_format)
    for row, note in (
        (15, f"{BOX} ÷ the longer side"),
        (16, f"weighed by ink; it goes to {MIDDLE}"),
        (18, "softness or scale, whichever is larger"),
    ):
        put(ws, f"C{row}", note, "Page note")


def _write_sums(ws: Worksheet, at: Centring) -> None:
    sums, ink = at.sums, at.ink
    top = sums.area.top
    put(ws, f"A{top - 2}", "Where the ink is", "Section")
    put_row(ws, f"A{top - 1}", ["No.", "in line", "has ink", "in column", "has ink"], "Column header")
    fill(ws, sums.col(0), [[i + 1] for i in range(SIDE)], "Label", WHOLE, "center")
    fill(ws, sums.col(1), [[f"=SUM({ink.row(i).local})"] for i in range(SIDE)], "Formula", DOT_TWO)
    fill(ws, sums.col(3), [[f"=SUM({ink.col(j).local})"] for j in range(SIDE)], "Formula", DOT_TWO)
    fill_down(ws, sums.col(2), '=IF(B{row}>0,A{row},"")', "Formula", WHOLE, "center")
    fill_down(ws, sums.col(4), '=IF(D{row}>0,A{row},"")', "Formula", WHOLE, "center")


def _shares(at: Centring, block: Block, centre: Block, columns: bool) -> list[list[str]]:
    """The shares of a tent: all of what lies under its top, nothing from its foot on.

    columns  whether a column is the result's, a line the drawing's, or the other way
    """
    numbers = at.sums.col(0)
    scale, reach = at.scale.local, at.reach.local

    def share(source: Block, target: Block) -> str:
        away = f"{scale}*({source.local}-{centre.local})-({target.local}-{MIDDLE})"
        return f"=MAX(0,1-ABS({away})/{reach})*{scale}/{reach}"

    cells = [numbers.cell(i, 0) for i in range(SIDE)]
    return [
        [share(cells[i], cells[j]) if columns else share(cells[j], cells[i]) for j in range(SIDE)]
        for i in range(SIDE)
    ]


def _product(ws: Worksheet, result: Block, left: Block, right: Block) -> list[list]:
    """One array formula in the first cell; it fills the others."""
    rows: list[list] = [[None] * SIDE for _ in range(SIDE)]
    rows[0][0] = ArrayFormula(result.free_local, f"=MMULT({left.local},{right.local})")
    return rows
