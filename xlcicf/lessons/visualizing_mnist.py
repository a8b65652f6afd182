"""visualizing_mnist.xlsx: digits as points in a space of 784 dimensions, and six ways to draw a map of it.

Each sheet has one function here, in the order of the book; sheets that others look things up on come last.
Digits are sorted by class, so that a class is a run of rows: 50 of each, of which the first 5 are in the maps
of MDS and Sammon and the first 20 in t-SNE's.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from openpyxl import Workbook
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.worksheet import Worksheet

from xlcicf.formula.address import column_letters, column_number, quote_sheet
from xlcicf.learn import embedding
from xlcicf.lessons import resources
from xlcicf.lessons.solver_settings import save_problem
from xlcicf.sheet.block import Block, place
from xlcicf.sheet.book import book_of
from xlcicf.sheet.chart import Curve, curves_chart, groups_chart
from xlcicf.sheet.exercise import Exercise
from xlcicf.sheet.front import Front
from xlcicf.sheet.page import (
    add_page,
    between,
    choices,
    fill,
    fill_down,
    put,
    put_column,
    put_link,
    put_over,
    put_row,
    put_setting,
)
from xlcicf.sheet.pixels import HIDDEN, SIDE, Digits, blue_and_orange, greys, lead_to_the_middle, squares
from xlcicf.sheet.style import (
    DATA,
    FOUR,
    PERCENT,
    SCIENTIFIC,
    SIX,
    TENTH_PERCENT,
    THREE,
    TRY,
    TWO,
    WHOLE,
    WORKING,
    tint_when,
)

CLASSES, PER_CLASS, FEW, SOME = 10, embedding.PER_CLASS, embedding.FEW, embedding.SOME
COUNT = CLASSES * PER_CLASS
PIXELS = SIDE * SIDE
DIGITS = Digits("Digits", COUNT)
NUMBER_HINT = f"The number of a digit, 1 to {COUNT}: 1 to 50 are zeros, 51 to 100 ones, and so on."


def build() -> Workbook:
    """The workbook with the shipped maps; formulas without cached values."""
    pages = (
        pixels, two_pixels, components, mds, sammon, neighbours, tsne,
        which_map, frames, digits, directions, distances, squares_apart,
    )  # fmt: skip
    blocks = [
        LOADINGS, MDS.cost, MDS.positions, SAMMON.cost, SAMMON.positions, DIVERGENCE, PURITY, OWN_CLASS,
    ]  # fmt: skip
    return book_of(READ_ME, pages, blocks)


# ---- Read me ---------------------------------------------------------------------------------------------

WHICH = "Which map"
READ_ME = Front(
    title="Visualizing MNIST: how do you look at a space of 784 dimensions?",
    links=resources.of_book("visualizing_mnist"),
    about=(
        "A digit of 28 × 28 pixels is 784 numbers, so it is a point in a space of 784 dimensions. Nobody can "
        "see that space. But we can draw maps of it, and choose what a map is to keep: a view from one side, "
        "all distances, the small distances, who is whose neighbour. Here are six such choices, for 500 "
        "digits of the MNIST collection; none of them is told which digit is which."
    ),
    to_do=(
        "On Pixels, type the number of another digit and read it as numbers. Beside it: a point taken at "
        "random. Nearly all of the space looks like that.",
        "On Two pixels, copy the lines of the table of suggestions into the yellow cells. Some pairs of "
        "pixels tell two classes apart, most do not.",
        "On PCA, look along the two directions in which the digits spread most. Then choose direction 3, "
        "which you make yourself of two classes: it spreads them less, and may part them better.",
        "On MDS, copy “after one step” (H and I) and paste it as values onto the positions (C and D): the "
        "cost falls. Or let xlcicf go all the way: xlcicf train visualizing_mnist.xlsx --sheet MDS",
        "On Sammon, do the same: small distances count more. xlcicf train visualizing_mnist.xlsx --sheet "
        "Sammon; and xlcicf undo visualizing_mnist.xlsx takes a run back.",
        "On Neighbours, type the number of a digit and see the three that are nearest to it.",
        "On t-SNE, go through the frames from 1 to 12 and watch crowds form. Which classes stay close? "
        "Frames shows all twelve beside each other.",
    ),
    sheets={
        "Pixels": "a digit as 28 × 28 numbers, and a random point of the same space",
        "Two pixels": "the simplest map: two of the 784 numbers, one across and one up",
        "PCA": "the two directions in which digits spread most, as pictures; the map along them",
        "MDS": "a map that keeps all distances as well as it can; a gradient step by formulas",
        "Sammon": "the same, where an error weighs more between digits that are near to each other",
        "Neighbours": "each digit tied to its three nearest, and the knots that this makes",
        "t-SNE": "a map that keeps who is whose neighbour, in twelve frames; its cost by formulas",
        WHICH: "what each map keeps, what it gives up, and when to take it",
        "Frames": "t-SNE's twelve frames as pictures, and where its 200 points are in each",
        "Digits": "the 500 digits, a row each; an empty cell is white",
        "Directions": "for PCA: the mean digit and the directions, in the columns of their pixels",
        "Distances": "for MDS and Sammon: how far 50 digits are from each other",
        "Squares": "for t-SNE: the squared distances of 200 digits",
    },
    source=(
        "The maps and their order follow Christopher Olah's essay “Visualizing MNIST” (2014), one of the "
        "resources of week 12 of the CI Compass Fellowship. The digits are training digits of MNIST (LeCun, "
        "Cortes and Burges; CC BY-SA 3.0). This workbook was made anew by xlcicf, MIT licence; what it "
        "stores, such as t-SNE's frames, was computed with PyTorch, and its cells check it."
    ),
    kinds={
        **dict.fromkeys(("Pixels", "Two pixels", "PCA", "MDS", "Sammon", "Neighbours", "t-SNE"), TRY),
        **dict.fromkeys(("Frames", "Digits"), DATA),
        **dict.fromkeys(("Directions", "Distances", "Squares"), WORKING),
    },
    roles={
        "Data": "given: pixels, and what was computed beforehand",
        "Weight": "positions on a map: training changes them and nothing else",
    },
)


# ---- what several sheets need ----------------------------------------------------------------------------


def _column(sheet: str, letter: str, top: int, rows: int = COUNT, cols: int = 1) -> Block:
    return Block(f"{sheet}.{letter}", sheet, f"{letter}{top}", rows, cols)


def _by_class(x: Block, y: Block) -> list[Curve]:
    """A group of dots for each class, of columns that are sorted by class."""
    per = x.rows // CLASSES

    def part(column: Block, k: int) -> Block:
        return Block("chart", column.sheet, f"{column.letters}{column.area.top + k * per}", per)

    return [Curve(str(k), part(x, k), part(y, k)) for k in range(CLASSES)]


def _beside(ws: Worksheet, column: Block, there: Iterable[int], formula: str, *look: str) -> None:
    """Fills a column that looks at rows of another sheet: {row} is the cell's own row, {there} the other."""
    for row, other in enumerate(there, column.area.top):
        put(ws, f"{column.letters}{row}", formula.format(row=row, there=other), "Formula", *look)


def _digit_rows(per: int = PER_CLASS) -> list[int]:
    """On Digits, the rows of the first `per` digits of each class."""
    return [DIGITS.first + at for at in embedding.first_of_each(per).tolist()]


def _rows(block: Block) -> range:
    return range(block.area.top, block.area.bottom + 1)


INK = f"{DIGITS.sheet}!{DIGITS.pixels.on_row('{there}')}"  # the pixels of the digit in row {there} of Digits


def _write_numbers(ws: Worksheet, top: int, per: int = PER_CLASS) -> None:
    """Columns A and B from sheet row `top` on: the digits' numbers, and what they are."""
    for letter in "AB":
        column = _column(ws.title, letter, top, CLASSES * per)
        _beside(ws, column, _digit_rows(per), f"={DIGITS.sheet}!{letter}{{there}}", WHOLE, "center")


def _across(ws: Worksheet, column: Block, corner: str, label: str, number_format: str) -> Block:
    """A column's values again, side by side from `corner`, with a label before them."""
    row, left = place(corner)
    across = Block(f"{column.name}.across", ws.title, corner, 1, column.rows)
    put(ws, f"{column_letters(left - 1)}{row}", label, "Label")
    values = [f"={column.letters}{at}" for at in range(column.area.top, column.area.bottom + 1)]
    fill(ws, across, [values], "Formula", number_format)
    return across


# ---- Pixels ----------------------------------------------------------------------------------------------

PICKED = Block("pixels.picked", "Pixels", "E4")
PICTURE = Block("pixels.digit", "Pixels", "A11", SIDE, SIDE)
NOISE = Block("pixels.noise", "Pixels", "AD11", SIDE, SIDE)
TENTH = '.0;-.0;"·"'
PIXEL_NOTES = (
    "Each pixel says how much ink is in it, from 0 for white paper to 1 for black. The cells show a tenth; "
    "click one to see it exactly.",
    "Lay the 28 lines end to end and you have a list of 784 numbers: the digit is one point in a space of "
    "784 dimensions.",
    "On the right, each number was drawn at random from 0 to 1: any point of that space, and no digit. You "
    "could draw for a lifetime and never meet one.",
    "So the digits fill a tiny, thin part of the space. The next sheets are about the shape of that part.",
)


def pixels(workbook: Workbook) -> None:
    """A digit in numbers, and beside it a random point."""
    ws = add_page(
        workbook,
        "Pixels",
        "Pixels: a digit is 784 numbers",
        "The darker a cell, the larger its number.",
        widths="AC=3",
        print_area="A1:BE45",
        zoom=70,
    )
    put(ws, "A4", "digit No.", "Label")
    put_setting(ws, PICKED.corner, 1, NUMBER_HINT, between(1, COUNT, whole=True))
    put(ws, "A5", "it is a", "Label")
    put(ws, "E5", f"=INDEX({DIGITS.labels.ref},{PICKED.local})", "Result", WHOLE, "center")
    put_column(ws, "H4", PIXEL_NOTES, "Page note")
    pixel = f"=INDEX({DIGITS.pixels.ref},{PICKED.local},{{at}})/255"
    rows = [[pixel.format(at=SIDE * i + j + 1) for j in range(SIDE)] for i in range(SIDE)]
    fill(ws, PICTURE, rows, "Formula", TENTH, "center")
    fill(ws, NOISE, (embedding.shipped()["noise"] / 255).tolist(), "Data", TENTH, "center")
    for picture, words in ((PICTURE, '="the digit No. "&' + PICKED.local), (NOISE, "a random point")):
        put_over(ws, picture, words)
        squares(ws, picture, 3.4)
        greys(ws, picture, 2)  # half as dark, so that the numbers can be read
    row = PICTURE.area.bottom + 2
    for at, (label, formula, number_format) in enumerate(
        (
            ("of 784 pixels are white:", '=COUNTIF({block},0)', WHOLE),
            ("ink in all, in black pixels:", "=SUM({block})", TWO),
        ),
        row,
    ):  # fmt: skip
        for picture in (PICTURE, NOISE):
            left = picture.area.left
            put(ws, f"{column_letters(left)}{at}", label, "Label")
            cell = f"{column_letters(left + 8)}{at}"
            put(ws, cell, formula.format(block=picture.local), "Result", number_format)
            ws.merge_cells(f"{cell}:{column_letters(left + 10)}{at}")


# ---- Two pixels ------------------------------------------------------------------------------------------

TWO_PIXELS = "Two pixels"
CHOSEN = Block("two.pixels", TWO_PIXELS, "B6", 2, 2)  # a row a pixel: its line and its column
PAIR = Block("two.classes", TWO_PIXELS, "E6", 2)
TOLD_APART = Block("two.share", TWO_PIXELS, "D9")
TWO_TOP = 18
TWO_X, TWO_Y = (_column(TWO_PIXELS, letter, TWO_TOP) for letter in "CD")
PAIRED = [_column(TWO_PIXELS, letter, TWO_TOP, PER_CLASS) for letter in "FGHI"]
NEARER = [_column(TWO_PIXELS, letter, TWO_TOP, PER_CLASS) for letter in "JK"]
MIDDLES = Block("two.middles", TWO_PIXELS, "F15", 1, 4)
SUGGESTIONS = (  # two pixels, two classes, whose suggestion
    ((18, 16), (7, 12), (0, 9), "the essay's"),
    ((16, 17), (22, 11), (0, 9), "a better pair"),
    ((5, 6), (7, 9), (2, 3), "the essay's"),
    ((20, 13), (19, 9), (2, 3), "a better pair"),
)
TWO_NOTES = (
    "Most digits sit on the edges of the square: most pixels are either white or black.",
    "A middle is the mean of a class. The figure counts how many of the 100 digits of the two classes are",
    "nearer to their own middle than to the other: 50% is a coin's work. Two pixels can part two classes,",
    "but hardly ten: in the first chart, all of them lie over each other.",
)


def two_pixels(workbook: Workbook) -> None:
    """Two of the 784 numbers as a map of all ten classes, and of two of them."""
    ws = add_page(
        workbook,
        TWO_PIXELS,
        "Two pixels: the simplest map",
        "One pixel says how far right a digit stands, another one how far up. Choose the two pixels.",
        widths="A=9 B:K=8.5 L=2 M:T=10",
        print_area="A1:U67",
        zoom=80,
    )
    put_row(ws, "B5", ["line", "column"], "Column header")
    put_row(ws, "E5", ["two classes"], "Column header")
    for i, (label, pixel) in enumerate(zip(("across", "up"), SUGGESTIONS[0][:2], strict=True)):
        put(ws, f"A{6 + i}", label, "Label")
        for j in range(2):
            hint = "Counted from the top or from the left, 1 to 28."
            put_setting(ws, CHOSEN.cell(i, j).corner, pixel[j], hint, between(1, SIDE, whole=True))
        hint = "A class, 0 to 9."
        put_setting(ws, PAIR.cell(i, 0).corner, SUGGESTIONS[0][2][i], hint, choices(*range(CLASSES)))
    put(ws, "A9", "nearer to their own middle", "Label")
    put(
        ws, TOLD_APART.corner, f"=SUM({NEARER[0].local},{NEARER[1].local})/{2 * PER_CLASS}", "Result", PERCENT
    )
    _write_suggestions(ws)
    put_column(ws, "M4", TWO_NOTES, "Page note")
    _write_two_columns(ws)
    groups_chart(
        ws, "M9", (620, 480), "All 500 digits by two pixels",
        "Dots in ten colours and shapes: each digit by the two pixels that were chosen.",
        _by_class(TWO_X, TWO_Y), ("pixel across", "pixel up"),
    )  # fmt: skip
    groups_chart(
        ws, "M38", (620, 480), "The two classes alone",
        "Dots in two colours and shapes: the digits of the two chosen classes by the two chosen pixels.",
        [Curve("first class", PAIRED[0], PAIRED[1]), Curve("second class", PAIRED[2], PAIRED[3])],
        ("pixel across", "pixel up"),
    )  # fmt: skip


def _write_suggestions(ws: Worksheet) -> None:
    put(ws, "G4", "Try these", "Section")
    put_row(ws, "G5", ["across", "up", "classes"], "Column header")
    for row, (across, up, pair, whose) in enumerate(SUGGESTIONS, 6):
        texts = [f"{across[0]}, {across[1]}", f"{up[0]}, {up[1]}", f"{pair[0]} and {pair[1]}"]
        put_row(ws, f"G{row}", texts, "Data", None, "center")
        put(ws, f"J{row}", whose, "Page note")


def _write_two_columns(ws: Worksheet) -> None:
    put(ws, "A12", "The digits by the two pixels", "Section")
    put(ws, "F12", "The two classes", "Section")
    put(ws, "E15", "middle", "Label")
    put_row(ws, f"A{TWO_TOP - 1}", ["No.", "digit", "across", "up"], "Column header")
    heads = ["first: across", "up", "second: across", "up", "first: nearer", "second: nearer"]
    put_row(ws, f"F{TWO_TOP - 1}", heads, "Column header")
    ws.row_dimensions[TWO_TOP - 1].height = 26
    put_row(ws, "F14", ["first: across", "up", "second: across", "up"], "Column header")
    ws.row_dimensions[14].height = 26
    _write_numbers(ws, TWO_TOP)
    for column, i in ((TWO_X, 0), (TWO_Y, 1)):
        line, col = (CHOSEN.cell(i, j).local for j in range(2))
        formula = f"=INDEX({INK},1,({line}-1)*{SIDE}+{col})/255"
        _beside(ws, column, _digit_rows(), formula, TWO)
    for i, column in enumerate(PAIRED):
        source = (TWO_X, TWO_Y)[i % 2]
        at = f"{PER_CLASS}*{PAIR.cell(i // 2, 0).local}+ROW()-{TWO_TOP - 1}"
        fill_down(ws, column, f"=INDEX({source.local},{at})", "Formula", TWO)
        put(ws, MIDDLES.cell(0, i).corner, f"=SUM({column.local})/{PER_CLASS}", "Formula", TWO)
    first, second = ([MIDDLES.cell(0, j).local for j in pair] for pair in ((0, 1), (2, 3)))
    for column, (x, y), (own, other) in (
        (NEARER[0], "FG", (first, second)),
        (NEARER[1], "HI", (second, first)),
    ):
        far = [f"({x}{{row}}-{middle[0]})^2+({y}{{row}}-{middle[1]})^2" for middle in (own, other)]
        fill_down(ws, column, f"=IF({far[0]}<{far[1]},1,0)", "Formula", WHOLE, "center")


# ---- PCA -------------------------------------------------------------------------------------------------

PCA = "PCA"
VIEW = Block("pca.view", PCA, "C5", 2)  # which direction is drawn across, and which up
CONTRAST = Block("pca.contrast", PCA, "C8", 2)  # the classes of which direction 3 is made
SPREAD = Block("pca.directions", PCA, "B13", 3, 3)  # share of variance, length, change by another round
SHARES = SPREAD.col(0)
SCORES_TOP = 84
SCORES = _column(PCA, "C", SCORES_TOP, COUNT, 3)
DRAWN = [_column(PCA, letter, SCORES_TOP) for letter in "FG"]
ROW_PICTURES = [  # of the rows of Directions: the mean digit, directions 1 and 2, yours
    Block(f"pca.picture.{k}", PCA, f"{('K', 'AN')[k % 2]}{(20, 50)[k // 2]}", SIDE, SIDE) for k in range(4)
]
YOURS = "3: yours"
PCA_NOTES = (
    "A direction is 784 numbers, one a pixel. To look along it, take a digit less the mean digit, multiply "
    "pixel by pixel, and add up: that is its score.",
    "PCA finds the direction along which the scores spread most, then the next one at right angles to it. "
    "Orange pixels push a digit to the right or up, blue ones to the left or down.",
    "Share of the spread: of all the variance of the 784 pixels, how much lies along this direction. No "
    "direction has more than the first.",
    "Change by another round: weigh each digit with its score, add them up, and scale to length 1. A "
    "principal direction comes out as it went in, so the change is 0 but for rounding.",
    "Direction 3 is yours: from the mean of one class to the mean of another. Draw it across, with the first "
    "one up, and see how well it parts those two.",
)


def components(workbook: Workbook) -> None:
    """Directions as pictures, their shares of the variance, and the map that two of them make."""
    ws = add_page(
        workbook,
        PCA,
        "PCA: look from the side where the digits spread most",
        "A map of two directions instead of two pixels; each direction takes something of every pixel.",
        widths="A=13 B:I=10.5 J=2 AM=2",
        print_area="A1:BU78",
        zoom=70,
    )
    for i, (label, value) in enumerate((("across: direction", 1), ("up: direction", 2))):
        put(ws, f"A{5 + i}", label, "Label")
        put_setting(ws, VIEW.cell(i, 0).corner, value, "A direction of the table, 1 to 3.", choices(1, 2, 3))
    for i, (label, value) in enumerate((("3 leads from class", 4), ("to class", 0))):
        put(ws, f"A{8 + i}", label, "Label")
        put_setting(ws, CONTRAST.cell(i, 0).corner, value, "A class, 0 to 9.", choices(*range(CLASSES)))
    put(ws, "A4", "What the map shows", "Section")
    put(ws, "A11", "The three directions", "Section")
    heads = ["direction", "share of the spread", "length", "change by another round"]
    put_row(ws, "A12", heads, "Column header")
    ws.row_dimensions[12].height = 38
    _write_spread(ws)
    put_column(ws, "E4", PCA_NOTES, "Page note")
    for k, picture in enumerate(ROW_PICTURES):
        row = DIRECTIONS.row(k)
        cells = [[row.cell(0, SIDE * i + j).free for j in range(SIDE)] for i in range(SIDE)]
        fill(ws, picture, [[f"={cell}" for cell in line] for line in cells], "Formula", HIDDEN)
        squares(ws, picture, 1.1)
        put_over(ws, picture, ("the mean digit", "direction 1", "direction 2", "direction 3: yours")[k])
        if k:
            blue_and_orange(ws, picture, 0.12)
        else:
            greys(ws, picture)
    _write_scores(ws)
    groups_chart(
        ws, "A18", (720, 760), "All 500 digits along two directions",
        "Dots in ten colours and shapes: the scores of each digit along the two directions chosen.",
        _by_class(*DRAWN), ("across", "up"),
    )  # fmt: skip


def _write_spread(ws: Worksheet) -> None:
    for k in range(3):
        row, loading, score = 13 + k, DIRECTIONS.row(k + 1), SCORES.col(k)
        put(ws, f"A{row}", ("1", "2", YOURS)[k], "Label")
        spread = f"(SUMSQ({score.local})/{COUNT}-(SUM({score.local})/{COUNT})^2)"
        put(ws, f"B{row}", f"={spread}/SUM({VARIANCES.ref})", "Result", TENTH_PERCENT)
        put(ws, f"C{row}", f"=SQRT(SUMSQ({loading.ref}))", "Formula", FOUR)
        if k < 2:
            again = ROUNDS.row(k).ref
            change = f"SQRT(SUMPRODUCT(({again}/SQRT(SUMSQ({again}))-{loading.ref})^2))"
            put(ws, f"D{row}", f"={change}", "Formula", SCIENTIFIC)
    put(ws, "A16", "1 with 2", "Label")
    put(ws, "B16", f"=SUMPRODUCT({DIRECTIONS.row(1).ref},{DIRECTIONS.row(2).ref})", "Formula", SCIENTIFIC)
    put(ws, "C16", "their product: 0 at right angles", "Page note")


def _write_scores(ws: Worksheet) -> None:
    put(ws, f"A{SCORES_TOP - 2}", "The scores, and what the map draws of them", "Section")
    heads = ["No.", "digit", "along 1", "along 2", "along 3", "across", "up"]
    put_row(ws, f"A{SCORES_TOP - 1}", heads, "Column header")
    _write_numbers(ws, SCORES_TOP)
    for k in range(3):
        formula = f"=SUMPRODUCT({INK}/255-{DIRECTIONS.row(0).ref},{DIRECTIONS.row(k + 1).ref})"
        _beside(ws, SCORES.col(k), _digit_rows(), formula, THREE)
    for column, i in zip(DRAWN, range(2), strict=True):
        formula = f"=INDEX({SCORES.on_row('{row}')},1,{VIEW.cell(i, 0).local})"
        fill_down(ws, column, formula, "Formula", THREE)


DIRECTIONS = Block("directions", "Directions", "C5", 4, PIXELS)  # the mean, then the three directions
LOADINGS = Block("pca.loadings", "Directions", "C6", 2, PIXELS)
CONTRASTS = Block("directions.contrast", "Directions", "C10", 1, PIXELS)
VARIANCES = Block("directions.variance", "Directions", "C11", 1, PIXELS)
ROUNDS = Block("directions.rounds", "Directions", "C12", 2, PIXELS)


def directions(workbook: Workbook) -> None:
    """The mean digit and the directions, each number in the column of its pixel on Digits."""
    last = column_letters(2 + PIXELS)
    ws = add_page(
        workbook,
        "Directions",
        "The mean digit, and the directions of PCA",
        "Worked out for PCA, which shows these rows as pictures: a number a pixel, in the columns that the "
        "pixels have on Digits. Directions 1 and 2 come from PyTorch's SVD; the rows below check them.",
        widths=f"A=30 B=2 C:{last}=9",
        print_area="A1:N13",
        frozen="C5",
        zoom=80,
    )
    put_row(ws, "C4", [f"{i + 1},{j + 1}" for i in range(SIDE) for j in range(SIDE)], "Column header")
    texts = {
        5: "the mean digit",
        6: "direction 1",
        7: "direction 2",
        8: "direction 3: yours, length 1",
        10: "from one class to the other",
        11: "variance of the pixel",
        12: "another round of 1",
        13: "another round of 2",
    }
    for row, text in texts.items():
        put(ws, f"A{row}", text, "Label")
    fill(ws, LOADINGS, embedding.shipped()["loadings"].tolist(), "Data", FOUR)
    first, last_row = DIGITS.first, DIGITS.first + COUNT - 1
    labels = DIGITS.labels.ref
    start, end = (CONTRAST.cell(i, 0).ref for i in range(2))
    columns = [column_letters(3 + j) for j in range(PIXELS)]
    inks = [f"{DIGITS.sheet}!{letter}${first}:{letter}${last_row}" for letter in columns]
    length = f"SQRT(SUMSQ({CONTRASTS.local}))"
    for block, formulas, number_format in (
        (DIRECTIONS.row(0), [f"=SUM({ink})/{COUNT}/255" for ink in inks], FOUR),
        (DIRECTIONS.row(3), [f"=IF({length}=0,0,{x}10/{length})" for x in columns], FOUR),
        (CONTRASTS, [
            f"=(SUMIF({labels},{end},{ink})-SUMIF({labels},{start},{ink}))/{PER_CLASS}/255" for ink in inks
        ], FOUR),
        (VARIANCES, [
            f"=SUMSQ({ink})/{COUNT}/65025-{x}5^2" for x, ink in zip(columns, inks, strict=True)
        ], FOUR),
        *((ROUNDS.row(k), [f"=SUMPRODUCT({SCORES.col(k).ref},{ink})/255" for ink in inks], FOUR)
          for k in range(2)),
    ):  # fmt: skip
        fill(ws, block, [formulas], "Formula", number_format)
    blue_and_orange(ws, Block("", "Directions", "C6", 3, PIXELS), 0.12)
    greys(ws, DIRECTIONS.row(0))
    greys(ws, VARIANCES, 0.4)
    for rows in (CONTRASTS, ROUNDS.row(0), ROUNDS.row(1)):
        blue_and_orange(ws, rows, 0.5 if rows is CONTRASTS else 2000)
    lead_to_the_middle(ws, LOADINGS, "A3", 13)


# ---- MDS and Sammon --------------------------------------------------------------------------------------

MAP_COUNT = CLASSES * FEW
MAP_TOP = 41
APART = Block("distances", "Distances", "D5", MAP_COUNT, MAP_COUNT)


@dataclass(frozen=True)
class Map:
    """A sheet on which 50 points are moved until a cost is small, and where its blocks lie.

    error   a pair's part of the cost, of {map}, its distance on the map, and {true}, that in the pixels
    pull    its part of the slope, without the factor that all pairs share
    scale   a formula for what the sum over all pairs, each counted twice, is divided by
    slopes  a formula for that shared factor
    rate    of the step, `most` the largest that may be typed
    """

    sheet: str
    error: str
    pull: str
    scale: str
    slopes: str
    rate: float
    most: float

    @property
    def positions(self) -> Block:
        """Where the points are now: the changing cells (50, 2)."""
        return Block(f"{self.sheet.lower()}.positions", self.sheet, f"C{MAP_TOP}", MAP_COUNT, 2)

    @property
    def errors(self) -> Block:
        return self._columns("errors", "E")

    @property
    def gradient(self) -> Block:
        return self._columns("gradient", "F", 2)

    @property
    def after(self) -> Block:
        """Where a step leads (50, 2)."""
        return self._columns("after", "H", 2)

    @property
    def errors_after(self) -> Block:
        return self._columns("errors_after", "J")

    @property
    def found(self) -> Block:
        """Where a training found them a good place (50, 2)."""
        return self._columns("found", "K", 2)

    @property
    def errors_found(self) -> Block:
        return self._columns("errors_found", "M")

    @property
    def learning_rate(self) -> Block:
        return Block(f"{self.sheet.lower()}.rate", self.sheet, "C4")

    @property
    def cost(self) -> Block:
        return Block(f"{self.sheet.lower()}.cost", self.sheet, "C5")

    @property
    def cost_after(self) -> Block:
        return Block(f"{self.sheet.lower()}.cost_after", self.sheet, "C6")

    @property
    def cost_found(self) -> Block:
        return Block(f"{self.sheet.lower()}.cost_found", self.sheet, "C7")

    def _columns(self, name: str, letter: str, cols: int = 1) -> Block:
        return Block(f"{self.sheet.lower()}.{name}", self.sheet, f"{letter}{MAP_TOP}", MAP_COUNT, cols)


TINY = "1E-12"  # keeps a point and itself, at distance 0, from being a division by 0
MDS = Map(
    "MDS",
    error="({map}-{true})^2",
    pull=f"(1-{{true}}/({{map}}+{TINY}))",
    scale="2",
    slopes="2",
    rate=0.01,
    most=1,
)
SAMMON = Map(
    "Sammon",
    error=f"({{map}}-{{true}})^2/({{true}}+{TINY})",
    pull=f"(1/({{true}}+{TINY})-1/({{map}}+{TINY}))",
    scale=f"SUM({APART.ref})",
    slopes=f"4/SUM({APART.ref})",
    rate=1000,
    most=100_000,
)
MDS_NOTES = (
    "MDS, multidimensional scaling: put the points anywhere, then move them until their distances on the "
    "map are as nearly as possible those in the space of pixels.",
    "cost: over all 1,225 pairs, the sum of (distance on the map − distance in the pixels)². It would be 0 "
    "if the digits lay in a plane. They do not.",
    "A slope says how fast the cost grows as a point moves right or up. A step goes against it: "
    "new = old − learning rate · slope.",
    "With 0.01, half of 1 ÷ 50, a step never makes the cost larger, however the points lie. Try 0.03.",
    "Excel's Solver opens filled in here (Data > Solver). xlcicf reads the same settings, and knows exact "
    "slopes.",
)
SAMMON_NOTES = (
    "Sammon's map asks the same, but divides each square by the distance in the pixels: an error of 1 "
    "between digits 5 apart weighs as much as 1.4 between digits 10 apart.",
    "So digits that look alike are put close together with more care. The essay tells of a distance of 4.5 "
    "between like digits and of 12 between others; here the least is on the right.",
    "The sum is divided by the sum of all distances, which makes the cost a share: 0 is a perfect map.",
    "That makes its slopes small, and so the learning rate is large: 1,000.",
    "xlcicf train visualizing_mnist.xlsx --sheet Sammon brings the cost down; xlcicf undo brings it back up.",
)


def mds(workbook: Workbook) -> None:
    """A map that keeps distances."""
    note = "50 points on a plane, at random at first. Their distances should be those of the 50 digits."
    _write_map(workbook, MDS, "MDS: a map that keeps all distances, as well as it can", note, MDS_NOTES)


def sammon(workbook: Workbook) -> None:
    """A map that keeps small distances."""
    note = "The same 50 digits from the same start; small distances weigh more, large ones less."
    title = "Sammon's map: keep the small distances above all"
    ws = _write_map(workbook, SAMMON, title, note, SAMMON_NOTES)
    put(ws, "K4", "least distance of two digits", "Label")
    put(ws, "N4", f"=SUMPRODUCT(SMALL({APART.ref},{MAP_COUNT + 1}))", "Formula", TWO)
    put(ws, "K5", "mean distance of two digits", "Label")
    put(ws, "N5", f"=SUM({APART.ref})/{MAP_COUNT * (MAP_COUNT - 1)}", "Formula", TWO)


def _write_map(workbook: Workbook, of: Map, title: str, note: str, notes: Sequence[str]) -> Worksheet:
    """The whole sheet, with the problem that Solver and xlcicf read."""
    ws = add_page(
        workbook, of.sheet, title, note,
        widths="A=9 B=9 C:M=10.5 N=9 O=2 P=8 Q=2 R=18 S:BP=8",
        print_area=f"A1:N{MAP_TOP + MAP_COUNT - 1}", header=MAP_TOP - 1, zoom=80,
    )  # fmt: skip
    shipped = embedding.shipped()
    put(ws, "A4", "learning rate", "Label")
    hint = f"A number above 0, at most {of.most:,}."
    put_setting(ws, of.learning_rate.corner, of.rate, hint, between(1e-9, of.most))
    for row, (label, cost, errors) in enumerate(
        (
            ("cost now", of.cost, of.errors),
            ("cost after one step", of.cost_after, of.errors_after),
            ("cost after training", of.cost_found, of.errors_found),
        ),
        5,
    ):
        put(ws, f"A{row}", label, "Label")
        put(ws, cost.corner, f"=SUM({errors.local})/{of.scale}", "Result", SIX if of is SAMMON else TWO)
    fell = f"{of.cost_after.local}<{of.cost.local}"
    put(ws, "E4", f'=IF({fell},"the step makes the cost smaller","the step makes it no smaller")', "Status")
    ws.merge_cells("E4:I4")
    tint_when(ws, "$E$4", fell, good=True)
    put_column(ws, "A9", notes, "Page note")
    put(ws, f"A{MAP_TOP - 3}", "Positions, slopes, a step", "Section")
    for letter, text in (("C", "now"), ("F", "slope"), ("H", "after one step"), ("K", "after training")):
        put(ws, f"{letter}{MAP_TOP - 2}", text, "Section")
    heads = ["No.", "digit", "x", "y", "errors", "by x", "by y", "x", "y", "errors", "x", "y", "errors"]
    put_row(ws, f"A{MAP_TOP - 1}", heads, "Column header")
    _write_numbers(ws, MAP_TOP, FEW)
    fill(ws, of.positions, shipped["mds.start"].tolist(), "Weight", FOUR)
    fill(ws, of.found, shipped[f"{of.sheet.lower()}.found"].tolist(), "Data", FOUR)
    _write_step(ws, of)
    for corner, points, when in (("A15", of.positions, "now"), ("H15", of.found, "after training")):
        groups_chart(
            ws, corner, (520, 370), f"The map {when}",
            f"Dots in ten colours and shapes: where the 50 digits are on the map {when}.",
            _by_class(points.col(0), points.col(1)), ("x", "y"),
        )  # fmt: skip
    save_problem(ws, of.cost, of.positions)
    return ws


def _write_step(ws: Worksheet, of: Map) -> None:
    """Errors of three sets of positions, the slopes at the first, and the step from there."""
    put(
        ws,
        f"R{MAP_TOP - 3}",
        "The positions again, side by side, to be laid on a row of Distances",
        "Section",
    )
    row = MAP_TOP
    for points, errors, when in (
        (of.positions, of.errors, "now"),
        (of.after, of.errors_after, "after one step"),
        (of.found, of.errors_found, "after training"),
    ):
        across = [
            _across(ws, points.col(j), f"S{row + j}", f"{axis} {when}", TWO) for j, axis in enumerate("xy")
        ]
        row += 2
        own = [f"${points.col(j).letters}{{row}}" for j in range(2)]
        away = [f"{own[j]}-{across[j].local}" for j in range(2)]
        on_map = f"SQRT(({away[0]})^2+({away[1]})^2)"
        words = {"map": on_map, "true": f"Distances!{APART.on_row('{there}')}"}
        _beside(ws, errors, _rows(APART), f"=SUMPRODUCT({of.error.format(**words)})", FOUR)
        if points == of.positions:
            for j in range(2):
                formula = f"={of.slopes}*SUMPRODUCT({of.pull.format(**words)}*({away[j]}))"
                _beside(ws, of.gradient.col(j), _rows(APART), formula, FOUR)
    for j in range(2):
        old, slope = (block.col(j).letters for block in (of.positions, of.gradient))
        formula = f"={old}{{row}}-{of.learning_rate.local}*{slope}{{row}}"
        fill_down(ws, of.after.col(j), formula, "Formula", FOUR)


def distances(workbook: Workbook) -> None:
    """How far the 50 digits of MDS and Sammon are from each other."""
    ws = add_page(
        workbook,
        "Distances",
        "How far 50 digits are from each other",
        "Worked out for MDS and Sammon: the root of the sum, over all 784 pixels, of the squared "
        "differences; pixels from 0 to 1. Down and across stand the same digits, five of each class.",
        widths="A:B=6 C=2 D:BA=6.5",
        print_area=f"A1:AG{APART.area.bottom}",
        frozen="D5",
        zoom=70,
    )
    put_row(ws, "A4", ["No.", "digit"], "Column header")
    _write_numbers(ws, APART.area.top, FEW)
    numbers = [row - DIGITS.first for row in _digit_rows(FEW)]
    put_row(ws, f"{APART.letters}{APART.area.top - 1}", [number + 1 for number in numbers], "Column header")
    for column, number in enumerate(numbers):
        formula = f"=SQRT(SUMPRODUCT(({INK}-{DIGITS.pixels.row(number).ref})^2))/255"
        _beside(ws, APART.col(column), _digit_rows(FEW), formula, TWO)
    greys(ws, APART, 40)


# ---- Neighbours ------------------------------------------------------------------------------------------

NEIGHBOURS = "Neighbours"
ASKED = Block("neighbours.asked", NEIGHBOURS, "D4")
NEAR_TOP = 78
NEAREST = _column(NEIGHBOURS, "E", NEAR_TOP, COUNT, embedding.NEAREST)
FAR = _column(NEIGHBOURS, "H", NEAR_TOP, COUNT, embedding.NEAREST)
ALIKE, BACK, FROM_ASKED = (_column(NEIGHBOURS, letter, NEAR_TOP) for letter in "KLM")
GRAPH = _column(NEIGHBOURS, "C", NEAR_TOP, COUNT, 2)
TIES = 1128  # between the 500 digits, a mutual one counted once
LINES = _column(NEIGHBOURS, "BW", NEAR_TOP, 3 * TIES, 3)
OWN_CLASS = Block("neighbours.own_class", NEIGHBOURS, "D5")
MUTUAL = Block("neighbours.mutual", NEIGHBOURS, "D6")
LIVE = Block("neighbours.live", NEIGHBOURS, "G6", embedding.NEAREST, 3)  # No., digit, distance
AGREES = Block("neighbours.agrees", NEIGHBOURS, "G9")
NEAR_PICTURES = [
    Block(f"neighbours.picture.{k}", NEIGHBOURS, f"{('P', 'AS')[k % 2]}{(14, 44)[k // 2]}", SIDE, SIDE)
    for k in range(4)
]
NEAR_NOTES = (
    "Tie each digit to the three that are nearest to it in the space of pixels, and forget the distances.",
    "Then let go: all points push each other away with a force of 1 ÷ distance, and each tie pulls its ends",
    "together like a spring, with half its length. This map is where they come to rest.",
    "Zeros, ones and sixes make knots of their own; fours, sevens and nines hold on to each other.",
    "A tie need not be mutual: a strange digit has nearest ones too, but they may have nearer ones.",
)


def neighbours(workbook: Workbook) -> None:
    """Each digit's three nearest, found live for one of them; the graph of all."""
    ws = add_page(
        workbook,
        NEIGHBOURS,
        "Neighbours: tie each digit to its three nearest",
        "Large distances say little: a digit is far from most others. Who is nearest says more.",
        widths="A:B=8 C:D=9 E:G=8 H:J=9 K:M=9.5 N:O=2 AR=2 BU:BV=2 BW:BY=8",
        print_area="A1:BT72",
        zoom=70,
    )
    shipped = embedding.shipped()
    _write_asked(ws)
    put_column(ws, "K4", NEAR_NOTES, "Page note")
    put(ws, f"A{NEAR_TOP - 3}", "All 500 digits", "Section")
    heads = ["No.", "digit", "x", "y", "nearest", "second", "third", "distance", "distance", "distance",
             "of its own class", "name it in turn", "distance from the one above"]  # fmt: skip
    put_row(ws, f"A{NEAR_TOP - 1}", heads, "Column header")
    ws.row_dimensions[NEAR_TOP - 1].height = 38
    _write_numbers(ws, NEAR_TOP)
    fill(ws, GRAPH, shipped["graph"].tolist(), "Data", TWO)
    fill(ws, NEAREST, (shipped["nearest"] + 1).tolist(), "Data", WHOLE, "center")
    table, labels = DIGITS.pixels.ref, DIGITS.labels.ref
    for j, other in enumerate("EFG"):
        formula = f"=SQRT(SUMPRODUCT(({INK}-INDEX({table},{other}{{row}},0))^2))/255"
        _beside(ws, FAR.col(j), _digit_rows(), formula, TWO)
    same = "+".join(f"IF(INDEX({labels},{other}{{row}})=B{{row}},1,0)" for other in "EFG")
    fill_down(ws, ALIKE, f"={same}", "Formula", WHOLE, "center")
    back = "+".join(f"COUNTIF(INDEX({NEAREST.local},{other}{{row}},0),A{{row}})" for other in "EFG")
    fill_down(ws, BACK, f"={back}", "Formula", WHOLE, "center")
    formula = f"=SQRT(SUMPRODUCT(({INK}-INDEX({table},{ASKED.local},0))^2))/255"
    _beside(ws, FROM_ASKED, _digit_rows(), formula, TWO)
    _write_links(ws)
    groups_chart(
        ws, "A12", (890, 820), "Each digit tied to its three nearest",
        "Dots in ten colours and shapes, one a digit, with a thin line from each to its three nearest.",
        _by_class(GRAPH.col(0), GRAPH.col(1)), ("", ""), Curve("nearest", LINES.col(1), LINES.col(2)),
    )  # fmt: skip


def _write_asked(ws: Worksheet) -> None:
    """One digit's nearest, found by formulas, with their pictures; and the shares over all."""
    put(ws, "A4", "digit No.", "Label")
    put_setting(ws, ASKED.corner, 205, NUMBER_HINT, between(1, COUNT, whole=True))
    put(ws, "A5", "neighbours of their own class", "Label")
    put(ws, OWN_CLASS.corner, f"=SUM({ALIKE.local})/{NEAREST.rows * NEAREST.cols}", "Result", TENTH_PERCENT)
    put(ws, "A6", "ties that are mutual", "Label")
    put(ws, MUTUAL.corner, f"=SUM({BACK.local})/{NEAREST.rows * NEAREST.cols}", "Result", TENTH_PERCENT)
    put(ws, "F4", "Found by formulas", "Section")
    put_row(ws, "F5", ["nearest", "No.", "digit", "distance"], "Column header")
    for k in range(embedding.NEAREST):
        row = 6 + k
        put(ws, f"F{row}", k + 1, "Label", WHOLE, "center")
        put(ws, f"G{row}", f"=MATCH(I{row},{FROM_ASKED.local},0)", "Result", WHOLE, "center")
        put(ws, f"H{row}", f"=INDEX({DIGITS.labels.ref},G{row})", "Formula", WHOLE, "center")
        put(ws, f"I{row}", f"=SMALL({FROM_ASKED.local},{k + 2})", "Formula", TWO)
    match = "+".join(
        f"ABS(G{6 + k}-INDEX({NEAREST.local},{ASKED.local},{k + 1}))" for k in range(embedding.NEAREST)
    )
    put(ws, AGREES.corner, f'=IF({match}=0,"as in the table below","not as in the table below")', "Status")
    ws.merge_cells("G9:I9")
    tint_when(ws, "$G$9", '$G$9="as in the table below"', good=True)
    numbers = [ASKED.local, *(f"$G${6 + k}" for k in range(embedding.NEAREST))]
    for k, (picture, number) in enumerate(zip(NEAR_PICTURES, numbers, strict=True)):
        DIGITS.write_picked(ws, picture, number, width=1.2)
        put_over(ws, picture, f'="{("digit", "nearest: ", "second: ", "third: ")[k]} No. "&{number}')


def _write_links(ws: Worksheet) -> None:
    """The ties as one line that is broken by empty rows: one end, the other end, nothing."""
    put(ws, f"{LINES.letters}{NEAR_TOP - 3}", "The lines of the chart; they break at empty rows", "Section")
    put_row(ws, f"{LINES.letters}{NEAR_TOP - 1}", ["digit No.", "x", "y"], "Column header")
    number, x, y = (LINES.col(j).letters for j in range(3))
    for k, pair in enumerate(embedding.shipped()["links"] + 1):
        for row, end in enumerate(pair.tolist(), NEAR_TOP + 3 * k):
            put(ws, f"{number}{row}", end, "Data", WHOLE, "center")
            for letter, axis in ((x, GRAPH.col(0)), (y, GRAPH.col(1))):
                put(ws, f"{letter}{row}", f"=INDEX({axis.local},{number}{row})", "Formula", TWO)


# ---- t-SNE -----------------------------------------------------------------------------------------------

TSNE, TSNE_COUNT, TSNE_TOP = "t-SNE", CLASSES * SOME, 43
FRAME = Block("tsne.frame", TSNE, "D4")
STEP, DIVERGENCE, STORED, PURITY, PCA_PURITY = (
    Block(f"tsne.{name}", TSNE, f"D{row}")
    for row, name in enumerate(("step", "divergence", "stored", "purity", "pca_purity"), 5)
)
SQUARED = Block("squares", "Squares", "D6", TSNE_COUNT, TSNE_COUNT)
STORED_FRAMES = Block("frames", "Frames", "C6", TSNE_COUNT, 2 * len(embedding.FRAMES))
FRAME_TABLE = Block("tsne.frames", TSNE, f"P{TSNE_TOP}", len(embedding.FRAMES), 3)
SPOTS, BETA, CROWD, PERPLEXITY, OWN, APARTNESS, ROOM, REACH, SAME, PCA_REACH, PCA_SAME = (
    _column(TSNE, letter, TSNE_TOP, TSNE_COUNT, 2 if letter == "C" else 1) for letter in "CEFGHIJKLMN"
)
TSNE_NOTES = (
    "t-SNE keeps a question: if each digit picks a friend, whom? In the pixels, i picks j with a probability "
    "that falls like EXP(−beta · distance²).",
    f"beta differs from digit to digit, so that each has about {embedding.PERPLEXITY} friends, counted in "
    "the column perplexity. Where digits are crowded, beta is large.",
    "On the map, two points pick each other with a probability that falls like 1 ÷ (1 + distance²): its long "
    "tail lets strangers be far apart.",
    "cost: Kullback and Leibler's divergence of the two, the sum of p · LN(p ÷ q), in three parts: p · LN(p) "
    "does not depend on the map;",
    "p · LN(1 + distance²) pulls friends together, and the logarithm of the sum of 1 ÷ (1 + distance²) "
    "pushes all points apart.",
    "Frame 1 is PCA's map of these 200 digits, made tiny. The frames are PyTorch's; cost and neighbours are "
    "formulas, and agree with it.",
)


def tsne(workbook: Workbook) -> None:
    """A frame of t-SNE, its cost by formulas, and how pure its neighbourhoods are."""
    ws = add_page(
        workbook,
        TSNE,
        "t-SNE: keep the neighbours, forget the distances",
        "200 digits, twenty of each class, in twelve frames: from PCA's map to crowds of like digits.",
        widths="A:B=8 C:N=10.5 O=2 P:R=10 S=2 T=12 U:HL=8",
        print_area=f"A1:S{TSNE_TOP + TSNE_COUNT - 1}",
        header=TSNE_TOP - 1,
        zoom=75,
    )
    put(ws, "A4", "frame", "Label")
    last = len(embedding.FRAMES)
    put_setting(ws, FRAME.corner, last, f"A frame, 1 to {last}.", between(1, last, whole=True))
    for block, label, formula, style, number_format in (
        (STEP, "after how many steps", f"=INDEX({FRAME_TABLE.col(1).local},{FRAME.local})", "Formula", WHOLE),
        (DIVERGENCE, "cost, by formulas",
         f"=SUM({OWN.local})+SUM({APARTNESS.local})+LN(SUM({ROOM.local}))", "Result", SIX),
        (STORED, "cost, by PyTorch", f"=INDEX({FRAME_TABLE.col(2).local},{FRAME.local})", "Formula", SIX),
        (PURITY, "neighbours of their own class",
         f"=SUM({SAME.local})/{3 * TSNE_COUNT}", "Result", TENTH_PERCENT),
        (PCA_PURITY, "the same on PCA's map",
         f"=SUM({PCA_SAME.local})/{3 * TSNE_COUNT}", "Formula", TENTH_PERCENT),
    ):  # fmt: skip
        put(ws, f"A{block.area.top}", label, "Label")
        put(ws, block.corner, formula, style, number_format)
    put_column(ws, "F4", TSNE_NOTES, "Page note")
    _write_spots(ws)
    _write_frame_table(ws)
    groups_chart(
        ws, "A11", (820, 560), "The map in the frame that was chosen",
        "Dots in ten colours and shapes: where the 200 digits are on t-SNE's map in the chosen frame.",
        _by_class(SPOTS.col(0), SPOTS.col(1)), ("", ""),
    )  # fmt: skip
    curves_chart(
        ws, "L11", (480, 300), "The cost, frame by frame",
        "A line that falls: the divergence of the map from the data in each of the twelve frames.",
        [Curve("cost", FRAME_TABLE.col(0), FRAME_TABLE.col(2))], axes=("frame", "cost"),
    )  # fmt: skip


def _write_frame_table(ws: Worksheet) -> None:
    shipped = embedding.shipped()
    put(ws, f"P{TSNE_TOP - 2}", "The frames", "Section")
    put_row(ws, f"P{TSNE_TOP - 1}", ["frame", "steps", "cost"], "Column header")
    rows = zip(shipped["steps"].tolist(), shipped["divergences"].tolist(), strict=True)
    for number, (step, cost) in enumerate(rows, 1):
        cell = FRAME_TABLE.cell(number - 1, 0)
        put_row(ws, cell.corner, [number, step], "Data", WHOLE, "center")
        put(ws, FRAME_TABLE.cell(number - 1, 2).corner, cost, "Data", FOUR)


def _write_spots(ws: Worksheet) -> None:
    put(ws, f"A{TSNE_TOP - 3}", "The 200 digits", "Section")
    heads = ["No.", "digit", "x", "y", "beta", "sum of EXP", "perplexity", "p · LN(p)", "p · LN(1 + d²)",
             "sum of 1 ÷ (1 + d²)", "reach²", "of its class", "PCA: reach²", "PCA: of its class"]  # fmt: skip
    put_row(ws, f"A{TSNE_TOP - 1}", heads, "Column header")
    ws.row_dimensions[TSNE_TOP - 1].height = 38
    _write_numbers(ws, TSNE_TOP, SOME)
    for j in range(2):
        own_frames = f"Frames!{STORED_FRAMES.on_row('{there}')}"
        _beside(ws, SPOTS.col(j), _rows(SQUARED), f"=INDEX({own_frames},1,2*{FRAME.local}-{1 - j})", THREE)
    fill(ws, BETA, embedding.shipped()["beta"][:, None].tolist(), "Data", FOUR)
    labels = _column(TSNE, "B", TSNE_TOP, TSNE_COUNT)
    put(ws, f"T{TSNE_TOP - 3}", "Columns again, side by side, to be laid on a row of Squares", "Section")
    x, y, beta, crowd, label, number = (
        _across(ws, column, f"U{TSNE_TOP + i}", name, number_format).local
        for i, (column, name, number_format) in enumerate(
            (
                (SPOTS.col(0), "x", TWO),
                (SPOTS.col(1), "y", TWO),
                (BETA, "beta", FOUR),
                (CROWD, "sum of EXP", TWO),
                (labels, "digit", WHOLE),
                (_column(TSNE, "A", TSNE_TOP, TSNE_COUNT), "No.", WHOLE),
            )
        )
    )
    far = f"Squares!{SQUARED.on_row('{there}')}"
    friends = f"({number}<>$A{{row}})*EXP(-$E{{row}}*{far})"  # nobody is a friend of oneself
    p = f"({number}<>$A{{row}})*({friends}/$F{{row}}+EXP(-{beta}*{far})/{crowd})/{2 * TSNE_COUNT}"
    on_map = f"(($C{{row}}-{x})^2+($D{{row}}-{y})^2)"
    first = f"Frames!{STORED_FRAMES.col(0).local}", f"Frames!{STORED_FRAMES.col(1).local}"
    pca_x, pca_y = (
        _across_from(ws, reference, f"U{TSNE_TOP + 6 + i}", f"PCA: {'xy'[i]}")
        for i, reference in enumerate(first)
    )
    c, d = (f"Frames!${STORED_FRAMES.col(j).letters}{{there}}" for j in range(2))
    on_pca = f"(({c}-{pca_x})^2+({d}-{pca_y})^2)"
    for column, formula, number_format in (
        (CROWD, f"=SUMPRODUCT({friends})", SIX),
        (PERPLEXITY, f"=EXP(LN($F{{row}})+$E{{row}}*SUMPRODUCT({friends},{far})/$F{{row}})", TWO),
        (OWN, f"=SUMPRODUCT({p},LN({p}+({number}=$A{{row}})))", FOUR),
        (APARTNESS, f"=SUMPRODUCT({friends},LN(1+{on_map}))/$F{{row}}/{TSNE_COUNT}", FOUR),
        (ROOM, f"=SUMPRODUCT(1/(1+{on_map}))-1", THREE),
        (REACH, f"=SUMPRODUCT(SMALL({on_map},4))", SCIENTIFIC),
        (SAME, f"=SUMPRODUCT(({on_map}<=$K{{row}})*({label}=$B{{row}}))-1", WHOLE),
        (PCA_REACH, f"=SUMPRODUCT(SMALL({on_pca},4))", SCIENTIFIC),
        (PCA_SAME, f"=SUMPRODUCT(({on_pca}<=$M{{row}})*({label}=$B{{row}}))-1", WHOLE),
    ):
        _beside(ws, column, _rows(SQUARED), formula, number_format)


def _across_from(ws: Worksheet, column: str, corner: str, label: str) -> str:
    """A column of another sheet, side by side from `corner`; the address of what was written."""
    row, left = place(corner)
    across = Block("across", ws.title, corner, 1, TSNE_COUNT)
    put(ws, f"{column_letters(left - 1)}{row}", label, "Label")
    fill(ws, across, [[f"=INDEX({column},{i + 1})" for i in range(TSNE_COUNT)]], "Formula", SCIENTIFIC)
    return across.local


def frames(workbook: Workbook) -> None:
    """Positions in each frame, as computed."""
    ws = add_page(
        workbook,
        "Frames",
        "t-SNE's frames",
        "For t-SNE, which draws one frame of the twelve: where the 200 points are after so many steps of "
        "gradient descent with momentum, x beside y. They were computed beforehand.",
        widths="A:B=6 C:Z=9 AA=2",
        print_area="AB1:BC66",
        zoom=80,
    )
    shipped = embedding.shipped()
    for k, step in enumerate(shipped["steps"].tolist()):
        letter = STORED_FRAMES.col(2 * k).letters
        put(ws, f"{letter}4", f"{step} steps", "Section")
    put_row(ws, "A5", ["No.", "digit", *(["x", "y"] * len(embedding.FRAMES))], "Column header")
    _write_numbers(ws, STORED_FRAMES.area.top, SOME)
    positions = np.concatenate(list(shipped["frames"]), axis=1)
    fill(ws, STORED_FRAMES, positions.tolist(), "Data", THREE)
    put_link(ws, "A3", "to the pictures", "#Frames!AB4")
    for cell, style in (("1", "Page title"), ("2", "Page note")):
        put(ws, f"AB{cell}", ws[f"A{cell}"].value, style, None, "left")
    for k, step in enumerate(shipped["steps"].tolist()):
        down, right = divmod(k, 4)
        corner = f"{column_letters(column_number('AB') + 7 * right)}{4 + 21 * down}"
        groups_chart(
            ws, corner, (420, 350), f"frame {k + 1}: after {step} steps",
            f"Dots in ten colours and shapes: where the 200 digits are after {step} steps of t-SNE.",
            _by_class(STORED_FRAMES.col(2 * k), STORED_FRAMES.col(2 * k + 1)), ("", ""), legend=False,
        )  # fmt: skip


WHICH_HEADS = ("map", "what it keeps", "what it gives up", "take it when", "neighbours of their own class")
WHICH_ROWS = (
    ("Two pixels", "two of the 784 numbers, as they are", "the other 782",
     "you know which numbers matter", None),
    ("PCA", "the view from the side where the digits spread most; its axes can be looked at",
     "whatever lies behind: classes cover each other", "you want to say what an axis means", PCA_PURITY),
    ("MDS", "all distances, as well as a plane can", "small distances: the many large ones outvote them",
     "you ask how far apart groups are", None),
    ("Sammon", "distances, the small ones before all", "some of the large ones",
     "you ask both, and have few points", None),
    ("Neighbours", "who is tied to whom", "all distances: the drawing is springs",
     "you look for bridges and knots", OWN_CLASS),
    ("t-SNE", "who is whose neighbour", "sizes of crowds and gaps between them mean nothing",
     "you look for groups", PURITY),
)  # fmt: skip
WHICH_NOTES = (
    "No map of a plane keeps everything of 784 dimensions: ask first what you want to see, then choose.",
    "The share: of each digit's three nearest, how many are of its class. For PCA and t-SNE nearest on the "
    "map, of 200 digits; for Neighbours nearest in the pixels, of all 500.",
    "That a map has groups does not say that the space has them; look at two maps before you believe one.",
    "The maps are those of Olah's essay, which ends with a table of such trade-offs; Read me links to it. "
    "Words and shares are this book's.",
)


def which_map(workbook: Workbook) -> None:
    """The six maps beside each other: what each is good for."""
    ws = add_page(
        workbook,
        WHICH,
        "Which map for which question?",
        "Six maps of the same digits. Each keeps something and gives up the rest.",
        widths="A=16 B=46 C=46 D=34 E=16",
        print_area=f"A1:E{7 + len(WHICH_ROWS) + len(WHICH_NOTES)}",
    )
    put_row(ws, "A4", WHICH_HEADS, "Column header")
    ws.row_dimensions[4].height = 28
    for row, (name, *texts, share) in enumerate(WHICH_ROWS, 5):
        put_link(ws, f"A{row}", name, f"#{quote_sheet(name)}!A1")
        put_row(ws, f"B{row}", texts, "Text")
        shown = (f"={share.ref}", "Result") if share else ("–", "Formula")
        put(ws, f"E{row}", *shown, TENTH_PERCENT, "center")
        ws.row_dimensions[row].height = 30
    put_column(ws, f"A{6 + len(WHICH_ROWS)}", WHICH_NOTES, "Page note")


def squares_apart(workbook: Workbook) -> None:
    """Squared distances of the 200 digits, an array formula for each pair of classes."""
    top = SQUARED.area.top
    ws = add_page(
        workbook,
        "Squares",
        "Squared distances of 200 digits",
        "Worked out for t-SNE: the sum, over all 784 pixels, of the squared differences; pixels from 0 to 1. "
        "Since (a − b)² is a² + b² − 2ab, one product of matrices gives all of two classes.",
        widths="A:B=6 C=11 D:GU=6",
        print_area=f"A1:GU{top + TSNE_COUNT - 1}",
        frozen=f"D{top}",
        zoom=40,
    )
    put_row(ws, f"A{top - 1}", ["No.", "digit", "its own a²"], "Column header")
    _write_numbers(ws, top, SOME)
    rows = _digit_rows(SOME)
    put_row(ws, f"{SQUARED.letters}{top - 1}", [row - DIGITS.first + 1 for row in rows], "Column header")
    lengths = _column("Squares", "C", top, TSNE_COUNT)
    _beside(ws, lengths, rows, f"=SUMSQ({INK})", WHOLE)
    fill(ws, SQUARED, [[None] * TSNE_COUNT] * TSNE_COUNT, "Formula", "0.0")
    for i, j in itertools.product(range(CLASSES), repeat=2):
        _write_squares(ws, i, j)
    greys(ws, SQUARED, 400)


def _write_squares(ws: Worksheet, one: int, other: int) -> None:
    """The squared distances of the digits of two classes. Pixels are whole numbers, so nothing is rounded;
    the + 0 makes a number of an empty cell."""
    top, left = SQUARED.area.top + SOME * one, SQUARED.area.left + SOME * other
    block = Block("squares.classes", "Squares", f"{column_letters(left)}{top}", SOME, SOME)
    a, b = (_ink_of_class(k) for k in (one, other))
    a_squared, b_squared = (
        f"$C${SQUARED.area.top + SOME * k}:$C${SQUARED.area.top + SOME * (k + 1) - 1}" for k in (one, other)
    )
    formula = f"=({a_squared}+TRANSPOSE({b_squared})-2*MMULT({a}+0,TRANSPOSE({b}+0)))/65025"
    ws[block.corner] = ArrayFormula(block.free_local, formula)


def _ink_of_class(k: int) -> str:
    """The pixels of a class's first 20 digits (20, 784)."""
    ink = DIGITS.pixels
    corner = f"{ink.letters}{ink.area.top + PER_CLASS * k}"
    return Block("ink", ink.sheet, corner, SOME, PIXELS).ref


# ---- Digits ----------------------------------------------------------------------------------------------


def digits(workbook: Workbook) -> None:
    """The digits that all maps are of."""
    DIGITS.write(
        workbook,
        "The 500 digits",
        "A digit a row, 50 of each class: what it is, then its 784 pixels, line by line, from 0 for white, "
        "left empty, to 255 for black. The header of a pixel says its line and its column.",
        *embedding.chosen(),
    )


# ---- Exercises -------------------------------------------------------------------------------------------

_MDS_X, _MDS_Y = (MDS.positions.col(j).ref for j in range(2))
_ACROSS = [f"MDS!$S${MAP_TOP + j}:$BP${MAP_TOP + j}" for j in range(2)]
_MDS_PAIRS = f"(SQRT(({_MDS_X}-{_ACROSS[0]})^2+({_MDS_Y}-{_ACROSS[1]})^2)-{APART.ref})^2"
_SPOT_PAIRS = "1/(1+({x}-{x_across})^2+({y}-{y_across})^2)".format(
    x=SPOTS.col(0).ref,
    y=SPOTS.col(1).ref,
    x_across=f"'t-SNE'!$U${TSNE_TOP}:$HL${TSNE_TOP}",
    y_across=f"'t-SNE'!$U${TSNE_TOP + 1}:$HL${TSNE_TOP + 1}",
)
_NUMBERS = f"ROW({MDS.errors.ref})"


def _is_of_class(j: int) -> str:
    """1 for each digit whose neighbour j, counted from 0, has a number of its class."""
    near, before = NEAREST.col(j).ref, f"{PER_CLASS}*{_column(NEIGHBOURS, 'B', NEAR_TOP).ref}"
    return f"({near}>{before})*({near}<={before}+{PER_CLASS})"


_OFF_STEP = "+".join(
    f"SUMPRODUCT(({of.positions.col(j).ref}-{of.after.col(j).ref}"
    f"-{of.learning_rate.ref}*{of.gradient.col(j).ref})^2)"
    for of in (MDS, SAMMON)
    for j in range(2)
)

EXERCISES = (
    Exercise(
        "One pixel",
        (TWO_X,),
        f"C{TWO_TOP}: of the digit No. 1, row {DIGITS.first} of Digits from column C on, the pixel in line "
        f"B6 and column C6, from 0 to 1. Fill it down to row {TWO_TOP + COUNT - 1}. INDEX finds "
        "it; there are 28 pixels in a line.",
        "Weighed with the numbers of their digits, the values add up to those in the column of Digits.",
        f"=ABS(SUMPRODUCT(ROW({TWO_X.ref})-{TWO_TOP - 1},{TWO_X.ref})"
        f"-SUMPRODUCT({DIGITS.numbers.ref},INDEX({DIGITS.pixels.ref},0,"
        f"({CHOSEN.cell(0, 0).ref}-1)*{SIDE}+{CHOSEN.cell(0, 1).ref})+0)/255)",
    ),
    Exercise(
        "Spread",
        (SHARES,),
        "B13: the variance of the scores along direction 1, as a share of all the variance of the pixels. "
        "It is the mean of the squared scores less the square of their mean. The scores stand in column C "
        f"from row {SCORES_TOP} on, the variances of the 784 pixels in row 11 of Directions. Then B14, B15, "
        "for the scores in columns D and E.",
        "The share, times all the variance, is the variance of the scores as a function of Excel's has it.",
        "="
        + "+".join(
            f"ABS({SHARES.cell(k, 0).ref}*SUM({VARIANCES.ref})-VARP({SCORES.col(k).ref}))" for k in range(3)
        ),
    ),
    Exercise(
        "Errors of a map",
        (MDS.errors,),
        f"E{MAP_TOP}: for the first digit, the sum over all digits of (distance on the map − distance in the "
        f"pixels)². Its row of distances in the pixels is row {APART.area.top} of Distances; the positions "
        f"stand side by side in rows {MAP_TOP} and {MAP_TOP + 1}, from column S on. Fill it down.",
        "The column agrees with one sum over all 50 × 50 pairs, also with each row weighed by its number.",
        f"=(ABS(SUM({MDS.errors.ref})-SUMPRODUCT({_MDS_PAIRS}))"
        f"+ABS(SUMPRODUCT({_NUMBERS},{MDS.errors.ref})-SUMPRODUCT({_NUMBERS}*{_MDS_PAIRS}))/{MAP_TOP})/1000",
    ),
    Exercise(
        "A step",
        (MDS.after, SAMMON.after),
        f"H{MAP_TOP}: the position C{MAP_TOP} less the learning rate times the slope F{MAP_TOP}. Fill it "
        f"right to column I and down to row {MAP_TOP + MAP_COUNT - 1}. Then the same on Sammon.",
        "Each point moved against its slopes, by the learning rate times as far.",
        f"={_OFF_STEP}",
    ),
    Exercise(
        "Of its own class",
        (ALIKE,),
        f"K{NEAR_TOP}: how many of the three nearest, whose numbers are in E{NEAR_TOP} to G{NEAR_TOP}, are "
        "of the same class as the digit itself. INDEX finds what a digit is on Digits. Fill it down.",
        "The same count, from the numbers alone: digits are sorted by class, 50 of each.",
        "=SUMPRODUCT((" + "+".join(map(_is_of_class, range(embedding.NEAREST))) + f"-{ALIKE.ref})^2)",
    ),
    Exercise(
        "Room",
        (ROOM,),
        f"J{TSNE_TOP}: the sum of 1 ÷ (1 + distance²) over all other points of the map. The positions stand "
        f"side by side in rows {TSNE_TOP} and {TSNE_TOP + 1}, from column U on. Take off 1 for the point "
        "itself, and fill it down.",
        "The column agrees with one sum over all 200 × 200 pairs, also with each row weighed by its number.",
        f"=ABS(SUM({ROOM.ref})-SUMPRODUCT({_SPOT_PAIRS})+{TSNE_COUNT})/100"
        f"+ABS(SUMPRODUCT(ROW({ROOM.ref})/{TSNE_TOP},{ROOM.ref}+1)"
        f"-SUMPRODUCT(ROW({ROOM.ref})/{TSNE_TOP}*{_SPOT_PAIRS}))/1000",
    ),
)
