"""The sheet *One canvas* of convolutions.xlsx: a whole net that a screen holds, and one number followed back.

The net is the shipped "max_pooled": picture, convolution, ReLU, max-pool, dropout, dense layer, ten scores.
"""

from collections.abc import Callable

import numpy as np
from openpyxl import Workbook
from openpyxl.formatting.rule import FormulaRule
from openpyxl.worksheet.worksheet import Worksheet

from xlcicf.formula.address import column_letters, quote_sheet
from xlcicf.learn import vision
from xlcicf.sheet.block import Block
from xlcicf.sheet.conv import Kernels, Maps, write_maps
from xlcicf.sheet.page import (
    add_page,
    between,
    choices,
    fill,
    put,
    put_column,
    put_link,
    put_row,
    put_setting,
)
from xlcicf.sheet.pixels import HIDDEN, blue_and_orange, frame_when, greys, outline, squares
from xlcicf.sheet.style import GREY, PERCENT, TENTH_PERCENT, THREE, WHOLE, thin_frame, tint_when

SHEET = "One canvas"
SIDE, KERNEL, WIDE, POOLED, CLASSES = 14, 3, 12, 6, 10
MAPS = (0, 1)
WIDTH = 1.7  # of a square, in characters
SUM_FULL, BLACK_AT, WEIGHT_FULL = 3.0, 2.5, 3.0  # where colours are full; one number in fifty is beyond


def _block(name: str, letters: str, row: int, rows: int = 1, cols: int = 1) -> Block:
    return Block(f"canvas.{name}", SHEET, f"{letters}{row}", rows, cols)


# ---- where things lie: two lines of pictures, a line for each map ----------------------------------------

TOPS = [7 + (WIDE + 1) * m for m in MAPS]  # first row of each map


def _small(name: str, letters: str) -> list[Block]:
    """A block of the size of a max-pooled map beside the middle of each map."""
    return [_block(f"{name}{m + 1}", letters, TOPS[m] + 3, POOLED, POOLED) for m in MAPS]


PICTURE = Maps("canvas.picture", SHEET, f"B{TOPS[0] + 5}", 1, SIDE)
KERNELS = [Kernels(f"canvas.conv{m + 1}", SHEET, f"Q{TOPS[m] + 4}", 1, 1, KERNEL) for m in MAPS]
SUMS = [Maps(f"canvas.sum{m + 1}", SHEET, f"W{TOPS[m]}", 1, WIDE) for m in MAPS]
RELUS = [_block(f"relu{m + 1}", "AJ", TOPS[m], WIDE, WIDE) for m in MAPS]
POOLS, KEPT, CHOSEN, PRODUCTS = (
    _small(name, letters)
    for name, letters in (("pool", "AW"), ("kept", "BD"), ("chosen", "BK"), ("products", "BR"))
)
DENSE = _block("dense", "B", TOPS[1] + WIDE + 3, 2 * POOLED + 1, CLASSES * (POOLED + 1) - 1)
BOTTOM = DENSE.area.bottom + 1

# the panel on their right, columns BZ to CG
BIASES, SCORES, PROBABILITIES = (
    _block(name, letters, 7, CLASSES)
    for name, letters in (("bias", "CA"), ("scores", "CB"), ("probabilities", "CC"))
)
ANSWER = _block("answer", "CB", 18)
SHARE, DRAWN = _block("dropout", "CB", 21), _block("draw", "CE", 21)
DIGIT, MAP, ROW, COLUMN = (
    _block(name, letters, row)
    for name, letters, row in (
        ("digit", "CB", 24),
        ("map", "CE", 24),
        ("row", "CB", 25),
        ("column", "CE", 25),
    )
)
PATH_TOP = 27
VALUES = "CD"  # of the numbers on the way
FOUR = _block("four", "BZ", 36, 2, 2)
NINE, TIMES = (
    _block(name, letters, 36, KERNEL, KERNEL) for name, letters in (("nine", "CB"), ("times", "CE"))
)
AT_ROW, AT_COLUMN = _block("winner_row", "CA", 40), _block("winner_column", "CA", 41)
THE_ANSWER = "answer"  # in DIGIT: the digit that the net says


def dense(digit: int, m: int) -> Block:
    """The weights (6, 6) of a digit's score for a map, both counted from 0."""
    letters = column_letters(DENSE.area.left + digit * (POOLED + 1))
    return _block(f"dense{digit}.{m + 1}", letters, DENSE.area.top + m * (POOLED + 1), POOLED, POOLED)


def canvas(seen: Block, answer: Block) -> Callable[[Workbook], None]:
    """The function that adds the sheet.

    seen    the picture (28, 28) of 0 to 1 that the net looks at
    answer  what the book's large net says of it
    """

    def one_canvas(workbook: Workbook) -> None:
        ws = add_page(
            workbook,
            SHEET,
            "A whole net on one canvas",
            "From left to right: the picture of Draw, made half as large; what a kernel finds in it; what is "
            "above 0; the largest of each four; then 72 weights for each digit. 750 numbers were learned.",
            widths=f"A=2 B:BX={WIDTH} BY=2 BZ:CG=7",
            print_area=f"A1:CG{BOTTOM}",
            zoom=80,
        )
        _write_maps(ws, seen)
        _write_dense(ws)
        _write_scores(ws, answer)
        _write_settings(ws)
        _write_path(ws)
        _write_frames(ws)

    return one_canvas


def _write_maps(ws: Worksheet, seen: Block) -> None:
    """Picture, sums, ReLUs, max-pool and dropout."""
    trained = vision.weights("max_pooled")
    for cell, title, how in (
        ("B", "picture, 14 × 14", "mean of 2 × 2 pixels"),
        ("Q", "kernel", ""),
        ("W", "convolution, 12 × 12", "bias + nine products"),
        ("AJ", "ReLU, 12 × 12", "0 where it is below 0"),
        ("AW", "max-pool", "of each 2 × 2"),
        ("BD", "dropout", "framed: out"),
        ("BK", "weights", "of the digit"),
        ("BR", "products", "of both"),
    ):
        put(ws, f"{cell}4", title, "Section")
        put(ws, f"{cell}5", how, "Page note")
    picture = PICTURE.map(0)

    def halved(i: int, j: int) -> str:
        return f"=AVERAGE({Block('', seen.sheet, seen.cell(2 * i, 2 * j).corner, 2, 2).free})"

    fill(ws, picture, [[halved(i, j) for j in range(SIDE)] for i in range(SIDE)], "Formula", HIDDEN)
    squares(ws, picture, WIDTH)
    greys(ws, picture)
    outline(ws, picture)
    put_link(ws, f"B{picture.area.bottom + 2}", "draw another", "#Draw!D6")
    for m in MAPS:
        kernels, sums = KERNELS[m], SUMS[m]
        weight, bias = (trained[f"conv.{name}"][m : m + 1].astype(float) for name in ("weight", "bias"))
        kernels.write(ws, weight, bias, WIDTH)
        put(ws, kernels.bias(0).corner, float(bias[0]), "Weight", HIDDEN)
        blue_and_orange(ws, kernels.bias(0), WEIGHT_FULL)
        write_maps(ws, PICTURE, kernels, sums, relu=False, black=SUM_FULL, width=WIDTH)
        outline(ws, sums.map(0))
        summed = sums.map(0)
        relu = [[f"=MAX(0,{summed.cell(i, j).corner})" for j in range(WIDE)] for i in range(WIDE)]
        _write_grey(ws, RELUS[m], relu)
        _write_grey(ws, POOLS[m], [[f"=MAX({_four(m, i, j)})" for j in range(POOLED)] for i in range(POOLED)])
        _write_grey(ws, KEPT[m], [[_kept(m, i, j) for j in range(POOLED)] for i in range(POOLED)])
        _frame_dropped(ws, m)


def _write_grey(ws: Worksheet, block: Block, formulas: list[list[str]]) -> None:
    fill(ws, block, formulas, "Formula", HIDDEN)
    squares(ws, block, WIDTH)
    greys(ws, block, BLACK_AT)
    outline(ws, block)


def _four(m: int, i: int, j: int) -> str:
    """The four ReLUs (2, 2) of which a max-pooled number is the largest."""
    return Block("", SHEET, RELUS[m].cell(2 * i, 2 * j).corner, 2, 2).free_local


def _is_dropped(number: str) -> str:
    """Whether a number, counted from 1 over both maps, is left out: a share of them, dealt out evenly."""
    return f"MOD({number}*0.618034+{DRAWN.local}*0.414214,1)<{SHARE.local}"


def _kept(m: int, i: int, j: int) -> str:
    number = POOLED * POOLED * m + POOLED * i + j + 1
    pooled = POOLS[m].cell(i, j).corner
    return f"=IF({_is_dropped(str(number))},0,{pooled}/(1-{SHARE.local}))"


def _frame_dropped(ws: Worksheet, m: int) -> None:
    """A grey frame around what is left out: its 0 alone would look like a ReLU that does not fire."""
    area, before = KEPT[m].area, POOLED * POOLED * m
    number = f"({before}+{POOLED}*(ROW()-{area.top})+COLUMN()-{area.left - 1})"
    rule = FormulaRule(formula=[_is_dropped(number)], border=thin_frame(GREY))
    ws.conditional_formatting.add(KEPT[m].local, rule)


def _write_dense(ws: Worksheet) -> None:
    """Ten pictures of weights for each map, and those of the digit that is followed, beside its products."""
    trained = vision.weights("max_pooled")["output.weight"].astype(float)
    weight = trained.reshape(CLASSES, len(MAPS), POOLED, POOLED)
    title = "The dense layer: a weight for each digit and each number of both maps"
    put(ws, f"B{DENSE.area.top - 2}", title, "Section")
    for digit in range(CLASSES):
        put(ws, f"{dense(digit, 0).letters}{DENSE.area.top - 1}", digit, "Page note", WHOLE, "left")
        for m in MAPS:
            block = dense(digit, m)
            fill(ws, block, weight[digit, m].tolist(), "Weight", HIDDEN)
            squares(ws, block, WIDTH)
            outline(ws, block)
    blue_and_orange(ws, DENSE, WEIGHT_FULL)
    for m in MAPS:

        def of_class(i: int, j: int, down: int = m * (POOLED + 1)) -> str:
            return f"=INDEX({DENSE.local},{down + i + 1},{POOLED + 1}*{_CLASS}+{j + 1})"

        def product(i: int, j: int, m: int = m) -> str:
            return f"={KEPT[m].cell(i, j).corner}*{CHOSEN[m].cell(i, j).corner}"

        for block, formula in ((CHOSEN[m], of_class), (PRODUCTS[m], product)):
            fill(
                ws, block, [[formula(i, j) for j in range(POOLED)] for i in range(POOLED)], "Formula", HIDDEN
            )
            squares(ws, block, WIDTH)
            blue_and_orange(ws, block, WEIGHT_FULL)
            outline(ws, block)


def _write_scores(ws: Worksheet, answer: Block) -> None:
    put(ws, "BZ4", "Ten scores, one answer", "Section")
    put_row(ws, "BZ6", ["digit", "bias", "score", "prob."], "Column header")
    biases = vision.weights("max_pooled")["output.bias"].astype(float)
    fill(ws, BIASES, biases[:, None].tolist(), "Weight", THREE)
    blue_and_orange(ws, BIASES, WEIGHT_FULL)
    largest = f"MAX({SCORES.local})"
    for digit in range(CLASSES):
        row = BIASES.area.top + digit
        put(ws, f"BZ{row}", digit, "Formula", WHOLE, "center")
        products = "+".join(f"SUMPRODUCT({KEPT[m].local},{dense(digit, m).local})" for m in MAPS)
        put(ws, f"CB{row}", f"=CA{row}+{products}", "Formula", THREE)
        total = f"SUMPRODUCT(EXP({SCORES.local}-{largest}))"
        put(ws, f"CC{row}", f"=EXP(CB{row}-{largest})/{total}", "Formula", TENTH_PERCENT)
    tint_when(ws, f"BZ7:CC{6 + CLASSES}", f"$CB7={largest}", good=True)
    put(ws, "BZ18", "it says", "Label")
    put(ws, ANSWER.corner, f"=MATCH({largest},{SCORES.local},0)-1", "Result", WHOLE, "center")
    put(ws, "CC18", f'="the large net: "&{answer.ref}', "Page note")
    known = vision.facts("max_pooled")
    put(ws, "CD7", f"{float(known['accuracy']):.1%} of the test digits;", "Page note")
    put(ws, "CD8", f"the large net {float(vision.facts('cnn')['accuracy']):.1%}", "Page note")


_CLASS = f'IF({DIGIT.local}="{THE_ANSWER}",{ANSWER.local},{DIGIT.local})'


def _write_settings(ws: Worksheet) -> None:
    put(ws, "BZ20", "Dropout, as in training; in use it is 0", "Section")
    put(ws, "BZ23", "Follow one number back", "Section")
    digits = choices(THE_ANSWER, *range(CLASSES))
    for cell, label, value, hint, rule, *look in (
        (SHARE, "share", 0.25, "A share from 0% to 90% of the numbers.", between(0, 0.9), PERCENT),
        (DRAWN, "draw", 1, "A whole number from 1 to 100: others are left out.", between(1, 100, whole=True)),
        (DIGIT, "its score for", THE_ANSWER, "A digit, or the one that the net says.", digits),
        (MAP, "map", 2, "1 or 2.", choices(1, 2)),
        (ROW, "row", 1, "A whole number from 1 to 6.", between(1, POOLED, whole=True)),
        (COLUMN, "column", 4, "A whole number from 1 to 6.", between(1, POOLED, whole=True)),
    ):
        put(ws, f"{column_letters(cell.area.left - 2)}{cell.area.top}", label, "Label")
        put_setting(ws, cell.corner, value, hint, rule, *look)


def _of_map(blocks: list[Block]) -> str:
    """The chosen map's block, as a formula's argument."""
    return f"CHOOSE({MAP.local},{blocks[0].local},{blocks[1].local})"


def _write_path(ws: Worksheet) -> None:
    """One of the 72 numbers, from the score back to nine pixels; each line leads to where it stands."""
    winner = f"{AT_ROW.local},{AT_COLUMN.local}"
    place = f"{ROW.local},{COLUMN.local}"
    sums, nine = [sums.map(0) for sums in SUMS], PICTURE.map(0)
    kernels = [kernels.kernel(0, 0) for kernels in KERNELS]
    biases = [kernels.bias(0) for kernels in KERNELS]
    added = f"SUMPRODUCT({NINE.local},{TIMES.local})+{_of_map(biases)}"
    lines: list[tuple[str, str, list[Block], str, int]] = [
        (
            f'="score of "&{_CLASS}&": bias + 72 products"',
            f"INDEX({SCORES.local},{_CLASS}+1)",
            PRODUCTS,
            "",
            POOLED,
        ),
        ("this product", f"INDEX({_of_map(PRODUCTS)},{place})", PRODUCTS, place, 1),
        ("the weight", f"INDEX({_of_map(CHOSEN)},{place})", CHOSEN, place, 1),
        ("times the number after dropout", f"INDEX({_of_map(KEPT)},{place})", KEPT, place, 1),
        ("before: the largest of four ReLUs", f"INDEX({_of_map(POOLS)},{place})", POOLS, place, 1),
        ("the same before its ReLU", f"INDEX({_of_map(sums)},{winner})", sums, winner, 1),
        ("bias + nine pixels × kernel", added, [nine, nine], winner, KERNEL),
    ]
    for row, (label, formula, blocks, at, size) in enumerate(lines, PATH_TOP):
        put(ws, f"BZ{row}", label, "Label")
        put(ws, f"{VALUES}{row}", f"={formula}", "Result" if row == PATH_TOP else "Formula", THREE)
        put(ws, f"CE{row}", _link(blocks, at, size), "Link")
    for cell, text in (("BZ35", "the four"), ("CB35", "nine pixels"), ("CE35", "times the kernel")):
        put(ws, cell, text, "Label")
    four = [
        [f"=INDEX({_of_map(RELUS)},2*{ROW.local}-{1 - i},2*{COLUMN.local}-{1 - j})" for j in (0, 1)]
        for i in (0, 1)
    ]
    fill(ws, FOUR, four, "Formula", THREE)
    at = [(i, j) for i in range(KERNEL) for j in range(KERNEL)]
    pixels = [f"=INDEX({nine.local},{AT_ROW.local}+{i},{AT_COLUMN.local}+{j})" for i, j in at]
    fill(ws, NINE, np.reshape(pixels, (KERNEL, KERNEL)).tolist(), "Formula", THREE)
    numbers = [f"=INDEX({_of_map(kernels)},{i + 1},{j + 1})" for i, j in at]
    fill(ws, TIMES, np.reshape(numbers, (KERNEL, KERNEL)).tolist(), "Formula", THREE)
    greys(ws, NINE, 2.5)  # light, since the numbers are to be read
    blue_and_orange(ws, TIMES, WEIGHT_FULL)
    put(ws, "BZ39", "the largest is in", "Label")
    first_row = f"MAX({FOUR.row(0).local})=MAX({FOUR.local})"
    first_column = f"IF({first_row},{FOUR.cell(0, 0).local},{FOUR.cell(1, 0).local})=MAX({FOUR.local})"
    for cell, label, formula in (
        (AT_ROW, "row", f"=2*{ROW.local}-IF({first_row},1,0)"),
        (AT_COLUMN, "column", f"=2*{COLUMN.local}-IF({first_column},1,0)"),
    ):
        put(ws, f"BZ{cell.area.top}", label, "Label")
        put(ws, cell.corner, formula, "Formula", WHOLE, "center")
    put_column(ws, "BZ43", PATH_NOTES, "Page note")


PATH_NOTES = (
    "Frames show the same in the pictures: pixels, sum, ReLUs,",
    "the largest, and its weight. Move them by row and column.",
    "Without max-pool the dense layer had 288 numbers to weigh",
    "and not 72; where exactly in its four an edge lies is lost.",
    "Dropout leaves out some numbers at each step of training,",
    "so that no score hangs on a single one; the others grow.",
)


def _link(blocks: list[Block], at: str, size: int) -> str:
    """A formula for a link that chooses what lies there: the chosen map's block, or its part at a place."""
    target = f'"#{quote_sheet(SHEET)}!"&'
    if not at:
        areas = [f'"{block.free_local}"' for block in blocks]
        return f'=HYPERLINK({target}CHOOSE({MAP.local},{",".join(areas)}),"show them")'
    row, column = at.split(",")
    top = f"CHOOSE({MAP.local},{','.join(str(block.area.top - 1) for block in blocks)})+{row}"
    left = f"{blocks[0].area.left - 1}+{column}"
    first = f"ADDRESS({top},{left},4)"
    last = f'&":"&ADDRESS({top}+{size - 1},{left}+{size - 1},4)' if size > 1 else ""
    return f'=HYPERLINK({target}{first}{last},"show {"them" if size > 1 else "it"}")'


def _write_frames(ws: Worksheet) -> None:
    """Around what the followed number is made of, in each picture."""
    frame_when(ws, PICTURE.map(0), KERNEL, AT_ROW, AT_COLUMN)
    for m in MAPS:
        chosen = f"{MAP.local}={m + 1}"
        frame_when(ws, SUMS[m].map(0), 1, AT_ROW, AT_COLUMN, chosen)
        frame_when(ws, RELUS[m], 2, f"(2*{ROW.local}-1)", f"(2*{COLUMN.local}-1)", chosen)
        for block in (POOLS[m], KEPT[m], CHOSEN[m], PRODUCTS[m]):
            frame_when(ws, block, 1, ROW, COLUMN, chosen)
        for digit in range(CLASSES):
            frame_when(ws, dense(digit, m), 1, ROW, COLUMN, f"AND({chosen},{_CLASS}={digit})")
