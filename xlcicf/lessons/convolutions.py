"""convolutions.xlsx: windows that slide over a picture, a net made of them, and a digit of the reader's own.

Each sheet has one function here, in the order of the book. The net is the shipped "cnn" with its batchnorm
folded in; its input, 28 x 28, stands on Draw, and each layer's maps on a sheet of their own.
"""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from openpyxl import Workbook
from openpyxl.formatting.rule import ColorScaleRule, FormulaRule
from openpyxl.styles import PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from xlcicf.formula.address import column_letters
from xlcicf.learn import mnist, vision
from xlcicf.lessons import canvas, resources, weights_card
from xlcicf.sheet import chart
from xlcicf.sheet.block import Block, place
from xlcicf.sheet.book import book_of
from xlcicf.sheet.chart import Curve
from xlcicf.sheet.conv import Kernels, Maps, write_maps
from xlcicf.sheet.drawn_digit import Centring, write_centring, write_paper
from xlcicf.sheet.exercise import Exercise
from xlcicf.sheet.front import Front
from xlcicf.sheet.page import (
    add_page,
    allow,
    between,
    break_page,
    choices,
    fill,
    fill_down,
    put,
    put_column,
    put_row,
    put_setting,
)
from xlcicf.sheet.pixels import (
    HIDDEN,
    SIDE,
    Digits,
    blue_and_orange,
    frame_when,
    greys,
    outline,
    squares,
    write_probabilities,
)
from xlcicf.sheet.style import (
    BLUE,
    BLUE_TINT,
    DATA,
    DOT_WHOLE,
    FOUR,
    GREY_TINT,
    ORANGE,
    ORANGE_TINT,
    SCIENTIFIC,
    TENTH_PERCENT,
    THREE,
    TRY,
    WHITE,
    WHOLE,
    WORKING,
    thin_frame,
    tint_when,
)

# fast.ai's three, then the first test digits, then those of the first 500 that the net gets wrong
THREE_OF_FASTAI, FIRST_DIGITS, WRONG = 12, 120, (248, 322, 496)
DIGITS = Digits("Digits", 1 + FIRST_DIGITS + len(WRONG))
CHANNELS = (1, 8, 16, 32, 64, 10)
SIZES = (28, 14, 7, 4, 2, 1)
CLASSES = CHANNELS[-1]


def build() -> Workbook:
    """The workbook with the shipped net; formulas without cached values."""
    pages = (
        edges,
        strides,
        draw,
        canvas.canvas(SEEN, ANSWER),
        output,
        batchnorm,
        training_runs,
        activations,
        histograms,
        weights_card.weights_card("cnn", "max_pooled"),
        run_log,
        digits,
        *(_layer_page(number) for number in range(1, 5)),
        centring,
    )
    kernels = [block for layer in KERNELS for block in (layer.weight, layer.biases)]
    return book_of(READ_ME, pages, [PICKED, LOOK_AT, PAPER, SEEN, *kernels, SCORES, PROBABILITIES])


# ---- Read me ---------------------------------------------------------------------------------------------

ABOUT = (
    "A small window slides over a picture. At each place it multiplies what it sees by a few numbers and "
    "adds up. That is a convolution, and five layers of them read handwritten digits. Here every window, "
    "every map and every score is a formula, for a digit that you pick or for one that you draw into cells "
    "yourself."
)
TO_DO = (
    "On Draw, draw a digit: type 1 into yellow cells (choose several, type 1 and press Ctrl+Enter), clear "
    "others with Delete. Size and place do not matter. What does the net say?",
    "On Draw, choose “my drawing as it is”: now it is no longer scaled and centred. Draw the digit small, "
    "in a corner. The net never saw such digits.",
    "On One canvas, see a small net whole. Type another row and column, and follow a number back to nine "
    "pixels. Type 50% for dropout, then other draws: does it still say the same?",
    "On Edges, move the window: type row 8 and column 18, then others. Nine pixels times nine numbers, "
    "added up, are one cell of the map.",
    "On Edges, write a kernel of your own: nine times 1 blurs; 0, −1, 0, −1, 4, −1, 0, −1, 0 shows every "
    "edge.",
    "On Stride and padding, change the four numbers and see how large the map gets. When does stride 2 "
    "halve it?",
    "On Draw, choose “digit No.” and type a number from 1 to 124 on Edges. The net gets 122, 123 and 124 "
    "wrong. Look at its layers: where does it go astray?",
    "On Training runs, compare three runs from the same kind of start; on Activations, see what the run "
    "that fails looks like from inside.",
)
SHEETS = {
    "Edges": "a 3 × 3 window over a digit: four kernels, four maps, and the nine products of one place",
    "Stride and padding": "how large a map gets; what each layer learns, costs and sees",
    "Draw": "28 × 28 cells to draw into, and what the net says of it",
    canvas.SHEET: "a small net on one screen, with max-pool and dropout; one number followed back",
    "Output": "the large net's ten scores, ten probabilities, one answer",
    "Batchnorm": "what batchnorm does to a map, and how it goes into the kernels afterwards",
    "Training runs": "the run that fails and two that work; and one image at a time",
    "Activations": "the same runs from inside: mean, spread and share near zero, step by step",
    "Histograms": "all activations of a step as a column of colours",
    weights_card.SHEET: weights_card.ABOUT,
    "Run log": "the figures behind Activations and Histograms",
    "Digits": "124 digits, a row each; an empty cell is white",
    "Layer 1": "of the large net: the picture and 8 maps of 14 × 14, with their kernels",
    "Layer 2": "16 maps of 7 × 7: each cell sees 3 × 3 cells of all 8 maps before",
    "Layer 3": "32 maps of 4 × 4",
    "Layer 4": "64 maps of 2 × 2",
    "Centring": "how a drawing is scaled and centred, by three matrices",
}
KINDS = {
    **dict.fromkeys(("Edges", "Stride and padding", "Draw", canvas.SHEET, "Batchnorm", "Activations"), TRY),
    **dict.fromkeys(("Run log", "Digits"), DATA),
    **dict.fromkeys(("Layer 1", "Layer 2", "Layer 3", "Layer 4", "Centring"), WORKING),
}
SOURCE = (
    "The lesson is that of mnist.ipynb, week 12 of the CI Compass Fellowship, and of chapter 13 of "
    "fast.ai's book. The digits are MNIST's (LeCun, Cortes and Burges; CC BY-SA 3.0): number 1 is fast.ai's "
    "three, the others are test digits. This workbook was made anew by xlcicf, MIT licence; its weights "
    "were trained on MNIST's 60,000 training digits."
)


READ_ME = Front(
    title="Convolutions: how a net sees a digit, yours too",
    about=ABOUT,
    to_do=TO_DO,
    sheets=SHEETS,
    source=SOURCE,
    kinds=KINDS,
    links=resources.of_book("convolutions"),
    roles=weights_card.ROLES,
)


def _ask(ws: Worksheet, cell: Block, label: str, value, hint: str, rule: dict) -> None:
    """A setting with its label in the cell before it."""
    before = column_letters(cell.area.left - 1)
    put(ws, f"{before}{cell.area.top}", label, "Label")
    put_setting(ws, cell.corner, value, hint, rule)


# ---- Digits ----------------------------------------------------------------------------------------------


def digits(workbook: Workbook) -> None:
    """The digits to pick from."""
    images, labels = shown_digits()
    DIGITS.write(
        workbook,
        f"The {DIGITS.count} digits",
        "A digit a row: what it is, then its 784 pixels, line by line, from 0 for white, left empty, to 255 "
        "for black. The header of a pixel says its line and its column.",
        images,
        labels,
    )


def shown_digits() -> tuple[np.ndarray, np.ndarray]:
    """The book's digits (124, 28, 28) of 0..255 and what they are (124,)."""
    shipped = mnist.sample()
    rows = [*range(FIRST_DIGITS), *(number - 1 for number in WRONG)]
    images = np.concatenate([shipped.train_x[[THREE_OF_FASTAI]], shipped.valid_x[rows]])
    return images, np.concatenate([shipped.train_y[[THREE_OF_FASTAI]], shipped.valid_y[rows]])


# ---- Edges -----------------------------------------------------------------------------------------------

EDGE_SIDE = SIDE - 2
EDGES = {  # as in fast.ai's book
    "top edge": ((-1, -1, -1), (0, 0, 0), (1, 1, 1)),
    "left edge": ((-1, 1, 0), (-1, 1, 0), (-1, 1, 0)),
    "diagonal 1": ((0, -1, 1), (-1, 1, 0), (1, 0, 0)),
    "diagonal 2": ((1, -1, 0), (0, 1, -1), (0, 0, 1)),
}
PICKED, WINDOW_ROW, WINDOW_COL, KERNEL_SHOWN = (
    Block(name, "Edges", f"B{row}")
    for row, name in enumerate(("picked", "window.row", "window.column", "window.kernel"), 4)
)
EDGE_KERNELS = [Block(f"edges.kernel{k}", "Edges", f"B{13 + 5 * k}", 3, 3) for k in range(len(EDGES))]
WINDOW, KERNEL_THERE, PRODUCTS = (
    Block(f"window.{name}", "Edges", f"F{13 + 5 * k}", 3, 3)
    for k, name in enumerate(("pixels", "kernel_there", "products"))
)
WINDOW_SUM, MAP_THERE = (
    Block(f"window.{name}", "Edges", f"H{row}") for name, row in (("sum", 28), ("map", 29))
)
EDGE_PICTURE = Maps("edges.digit", "Edges", "K12", 1, SIDE)
EDGE_MAPS = Maps("edges.maps", "Edges", "AO12", len(EDGES), EDGE_SIDE, across=2, gap=2)
EDGE_NOTES = (
    "A kernel is nine numbers. The window lies on nine pixels; each is multiplied by the kernel's number at "
    "its place, and the nine products are added up: one cell of the map. Then the window moves on by one "
    "pixel.",
    "Where the pixels are alike, the numbers −1 and 1 cancel out: white. Orange: the edge that the kernel "
    "looks for. Blue: the same edge the other way round. Pixels are 0 to 255 here.",
    "The digit is 28 × 28, its maps are 26 × 26: the window's middle cannot stand on the outermost pixels.",
)


def edges(workbook: Workbook) -> None:
    """Four kernels over the picked digit, and one window opened up."""
    last = EDGE_MAPS.area
    ws = add_page(
        workbook,
        "Edges",
        "A window slides over a digit",
        "Four kernels, each of nine numbers, look for four kinds of edges. A frame shows where the window "
        "is.",
        widths="A=14 B:D=7 E=3 F:H=7 I=2",
        print_area=f"A1:{column_letters(last.right)}{last.bottom + 1}",
        zoom=70,
    )
    hints = (
        (PICKED, "digit No.", 1, DIGITS.count),
        (WINDOW_ROW, "window: row", 5, EDGE_SIDE),
        (WINDOW_COL, "column", 7, EDGE_SIDE),
        (KERNEL_SHOWN, "kernel", 1, len(EDGES)),
    )
    for cell, label, value, most in hints:
        _ask(ws, cell, label, value, f"A whole number from 1 to {most}.", between(1, most, whole=True))
        put(ws, f"C{cell.area.top}", f"1 to {most}", "Page note")
    put(ws, "F4", f'="it is a "&INDEX({DIGITS.labels.ref},{PICKED.local})', "Section")
    put_column(ws, "K5", EDGE_NOTES, "Page note")
    _write_kernels(ws)
    _write_window(ws)
    picture = EDGE_PICTURE.map(0)
    put(ws, f"{picture.letters}{picture.area.top - 2}", "The digit", "Section")
    DIGITS.write_picked(ws, picture, PICKED.local, black=255, width=1.9)
    frame_when(ws, picture, 3, WINDOW_ROW, WINDOW_COL)
    for k, (name, kernel) in enumerate(zip(EDGES, EDGE_KERNELS, strict=True)):
        block = EDGE_MAPS.map(k)
        put(ws, f"{block.letters}{block.area.top - 1}", f"{k + 1}: {name}", "Section")
        windows = [
            [EDGE_PICTURE.windows(i, j, 3, ws.title)[0] for j in range(EDGE_SIDE)] for i in range(EDGE_SIDE)
        ]
        formulas = [[f"=SUMPRODUCT({window},{kernel.local})" for window in row] for row in windows]
        fill(ws, block, formulas, "Formula", HIDDEN)
        squares(ws, block, 1.9)
        blue_and_orange(ws, block, 510)
        frame_when(ws, block, 1, WINDOW_ROW, WINDOW_COL, f"{KERNEL_SHOWN.local}={k + 1}")


def _write_kernels(ws: Worksheet) -> None:
    put(ws, "A10", "Four kernels, yours to change", "Section")
    for k, (block, (name, kernel)) in enumerate(zip(EDGE_KERNELS, EDGES.items(), strict=True), 1):
        put(ws, f"A{block.area.top}", f"{k}: {name}", "Label")
        fill(ws, block, kernel, "Setting", "General")
        blue_and_orange(ws, block, 1)
        allow(ws, block.free_local, "A number from −10 to 10.", between(-10, 10))


def _write_window(ws: Worksheet) -> None:
    kernels = Block("kernels", "Edges", EDGE_KERNELS[0].corner, 5 * len(EDGES), 3).local
    cells = [(i, j) for i in range(3) for j in range(3)]
    pixel = f"INDEX({EDGE_PICTURE.map(0).local},{WINDOW_ROW.local}+{{}},{WINDOW_COL.local}+{{}})"
    number = f"INDEX({kernels},5*({KERNEL_SHOWN.local}-1)+{{}},{{}})"
    put(ws, "F10", "The window, opened up", "Section")
    for block, title, formulas in (
        (WINDOW, "nine pixels", [f"={pixel.format(i, j)}" for i, j in cells]),
        (KERNEL_THERE, "times the kernel", [f"={number.format(i + 1, j + 1)}" for i, j in cells]),
        (PRODUCTS, "nine products", [
            f"={WINDOW.cell(i, j).corner}*{KERNEL_THERE.cell(i, j).corner}" for i, j in cells
        ]),
    ):  # fmt: skip
        put(ws, f"F{block.area.top - 1}", title, "Label")
        fill(ws, block, np.reshape(formulas, (3, 3)).tolist(), "Formula", "General", "center")
    blue_and_orange(ws, KERNEL_THERE, 1)
    blue_and_orange(ws, PRODUCTS, 255)
    places = ",".join(
        f"INDEX({EDGE_MAPS.map(k).local},{WINDOW_ROW.local},{WINDOW_COL.local})" for k in range(len(EDGES))
    )
    put(ws, "F28", "their sum", "Label")
    put(ws, WINDOW_SUM.corner, f"=SUM({PRODUCTS.local})", "Result", "General", "center")
    put(ws, "F29", "in the map", "Label")
    there = f"=CHOOSE({KERNEL_SHOWN.local},{places})"
    put(ws, MAP_THERE.corner, there, "Result", "General", "center")


# ---- Stride and padding ----------------------------------------------------------------------------------

INPUT_SIZE, KERNEL_SIZE, STRIDE, PADDING, STEP_ROW, STEP_COL = (
    Block(f"stride.{name}", "Stride and padding", f"B{row}")
    for row, name in enumerate(("input", "kernel", "stride", "padding", "row", "column"), 4)
)
OUTPUT_SIZE = Block("stride.output", "Stride and padding", "B10")
MOST = 12  # cells along the padded input, at most
PADDED = Block("stride.padded", "Stride and padding", "N6", MOST, MOST)
RESULT = Block("stride.result", "Stride and padding", "AB6", MOST, MOST)
PAPER_CELL, PADDING_CELL, UNDER = 1, 2, 2  # codes of a cell; under the window 2 more
LAYERS_TOP = 14
NETS = {  # channels, first kernel
    "the net of this book, all ten digits": (CHANNELS, 5),
    "fast.ai's net for threes and sevens": ((1, 4, 8, 16, 32, 2), 3),
}
LAYER_HEADS = (
    "layer", "maps in", "maps out", "kernel", "stride", "padding", "side in", "side out", "numbers learned",
    "multiplications", "sees pixels", "as a plain layer",
)  # fmt: skip
LAYER_COLUMNS = "ABCDEFGHIJKL"
STRIDE_NOTES = (
    "The window starts at the first cell of the padding and moves on by the stride.",
    "side out = (side + 2 × padding − kernel) ÷ stride, rounded down, plus 1",
)
LAYER_NOTES = (
    "numbers learned: a kernel for each pair of a map in and a map out, and a bias for each map out.",
    "multiplications: each kernel number is used at each place of the map out.",
    "sees pixels: the side of the square of the picture that one cell of the map depends on.",
    "as a plain layer: the numbers that it would learn if every cell out had a weight for every cell in.",
    "Each layer halves the side, so a quarter of the cells is left, and doubles the maps: the "
    "multiplications stay about the same.",
)


def strides(workbook: Workbook) -> None:
    """The size of a map by four numbers; what each layer of two nets learns, costs and sees."""
    bottom = LAYERS_TOP + 9 * len(NETS)
    ws = add_page(
        workbook,
        "Stride and padding",
        "How large does the map get?",
        "Padding puts empty cells around the picture; a stride of 2 takes every second place only.",
        widths="A=20 B:H=9 I:L=13 M=3",
        print_area=f"A1:AN{bottom + 5}",
        zoom=80,
    )
    for cell, label, value, low, high in (
        (INPUT_SIZE, "side of the input", 7, 1, 8),
        (KERNEL_SIZE, "side of the kernel", 3, 1, 5),
        (STRIDE, "stride", 2, 1, 3),
        (PADDING, "padding", 1, 0, 2),
        (STEP_ROW, "look at row", 2, 1, MOST),
        (STEP_COL, "column", 3, 1, MOST),
    ):
        _ask(ws, cell, label, value, f"A whole number from {low} to {high}.", between(low, high, whole=True))
    put(ws, "A10", "side of the output", "Label")
    n, k, s, p = (cell.corner for cell in (INPUT_SIZE, KERNEL_SIZE, STRIDE, PADDING))
    put(ws, OUTPUT_SIZE.corner, f"=IF({n}+2*{p}<{k},0,INT(({n}+2*{p}-{k})/{s})+1)", "Result", WHOLE, "center")
    put(ws, "A11", f'=IF({OUTPUT_SIZE.local}=0,"the kernel does not fit in","")', "Label")
    put_column(ws, "D5", STRIDE_NOTES, "Page note")
    _write_padded(ws)
    _write_result(ws)
    for number, (name, (channels, first)) in enumerate(NETS.items()):
        _write_layers(ws, LAYERS_TOP + 9 * number, name, channels, first)
    put_column(ws, f"A{bottom}", LAYER_NOTES, "Page note")


def _write_padded(ws: Worksheet) -> None:
    n, k, s, p, row, col = (
        cell.local for cell in (INPUT_SIZE, KERNEL_SIZE, STRIDE, PADDING, STEP_ROW, STEP_COL)
    )

    def within(at: int, step: str) -> str:
        return f"{at}>{s}*({step}-1),{at}<={s}*({step}-1)+{k}"

    def code(i: int, j: int) -> str:
        image = f"AND({i}>{p},{i}<={p}+{n},{j}>{p},{j}<={p}+{n})"
        shown = f"AND({row}<={OUTPUT_SIZE.local},{col}<={OUTPUT_SIZE.local})"
        under = f"IF(AND({within(i, row)},{within(j, col)},{shown}),{UNDER},0)"
        kind = f"IF({image},{PAPER_CELL},{PADDING_CELL})"
        return f"=IF(MAX({i},{j})>{n}+2*{p},0,{kind}+{under})"

    put(ws, "N4", "Input with its padding", "Section")
    put(ws, "N5", "blue: picture; grey: padding; orange: under the window", "Page note")
    fill(
        ws, PADDED, [[code(i, j) for j in range(1, MOST + 1)] for i in range(1, MOST + 1)], "Formula", HIDDEN
    )
    _colour_codes(ws, PADDED, {1: BLUE_TINT, 2: GREY_TINT, 3: ORANGE, 4: ORANGE_TINT})


def _write_result(ws: Worksheet) -> None:
    def code(i: int, j: int) -> str:
        chosen = f"AND({STEP_ROW.local}={i},{STEP_COL.local}={j})"
        return f"=IF(MAX({i},{j})>{OUTPUT_SIZE.local},0,IF({chosen},2,1))"

    put(ws, "AB4", "Output", "Section")
    put(ws, "AB5", "orange: the cell that you look at", "Page note")
    fill(
        ws, RESULT, [[code(i, j) for j in range(1, MOST + 1)] for i in range(1, MOST + 1)], "Formula", HIDDEN
    )
    _colour_codes(ws, RESULT, {1: BLUE_TINT, 2: ORANGE})


def _colour_codes(ws: Worksheet, block: Block, colours: dict[int, str]) -> None:
    squares(ws, block, 2.6)
    line = thin_frame(WHITE)
    for code, colour in colours.items():
        look = PatternFill("solid", start_color=colour, end_color=colour)
        rule = FormulaRule(formula=[f"{block.corner}={code}"], fill=look, border=line)
        ws.conditional_formatting.add(block.local, rule)


def _layer_column(number: int, head: str) -> Block:
    """A column of the number-th net's table of layers (5, 1)."""
    letter = LAYER_COLUMNS[LAYER_HEADS.index(head)]
    return Block(f"layers.{head}", "Stride and padding", f"{letter}{LAYERS_TOP + 9 * number + 2}", 5)


def _write_layers(ws: Worksheet, top: int, name: str, channels: Sequence[int], first: int) -> None:
    put(ws, f"A{top}", f"The layers: {name}", "Section")
    ws.row_dimensions[top + 1].height = 28
    at = dict(zip(LAYER_HEADS, LAYER_COLUMNS, strict=True))
    for head, letter in at.items():
        put(ws, f"{letter}{top + 1}", head, "Column header")
    for number, (before, after) in enumerate(zip(channels, channels[1:], strict=False), 1):
        row = top + 1 + number
        side = first if number == 1 else 3
        x = {head: f"{letter}{row}" for head, letter in at.items()}
        above = {head: f"{letter}{row - 1}" for head, letter in at.items()}
        spread = "1" if number == 1 else f"2^{number - 1}"  # pixels between neighbours of the maps in
        put(ws, x["layer"], f"layer {number}", "Label")
        for head, value in (("maps in", before), ("maps out", after), ("kernel", side), ("stride", 2),
                            ("padding", side // 2)):  # fmt: skip
            put(ws, x[head], value, "Data", WHOLE, "center")
        for head, formula in (
            ("side in", f"={SIDE}" if number == 1 else f"={above['side out']}"),
            ("side out", f"=INT(({x['side in']}+2*{x['padding']}-{x['kernel']})/{x['stride']})+1"),
            ("numbers learned", f"={x['maps out']}*({x['maps in']}*{x['kernel']}^2+1)"),
            ("multiplications",
             f"={x['maps in']}*{x['maps out']}*{x['kernel']}^2*{x['side out']}^2"),
            ("sees pixels", f"={'1' if number == 1 else above['sees pixels']}+({x['kernel']}-1)*{spread}"),
            ("as a plain layer",
             f"=({x['maps in']}*{x['side in']}^2+1)*{x['maps out']}*{x['side out']}^2"),
        ):  # fmt: skip
            put(ws, x[head], formula, "Formula", "#,##0", "center")
    total = top + len(channels) + 1
    put(ws, f"A{total}", "together", "Label")
    for head in ("numbers learned", "multiplications", "as a plain layer"):
        letter = at[head]
        put(
            ws,
            f"{letter}{total}",
            f"=SUM({letter}{top + 2}:{letter}{total - 1})",
            "Result",
            "#,##0",
            "center",
        )


# ---- Draw ------------------------------------------------------------------------------------------------

CENTRED, AS_IT_IS, FROM_TABLE = "my drawing", "my drawing as it is", "digit No."
LOOK_AT = Block("look_at", "Draw", "B4")
PAPER = Block("paper", "Draw", "D6", SIDE, SIDE)
SEEN = Block("seen", "Draw", "AH6", SIDE, SIDE)
ANSWER = Block("answer", "Draw", "B6")
AT = Centring(PAPER)
DRAW_TABLE = Block("draw.table", "Draw", "A11", CLASSES, 2)
DRAW_NOTES = (
    "Type 1 into a yellow cell for ink, a number between 0 and 1 for grey; Delete makes paper of it again.",
    "To fill several cells, choose them with Ctrl held down, type 1 and press Ctrl+Enter.",
    "What the net sees: your drawing made 20 pixels high or wide, softened like ink, its centre of mass in "
    "the middle.",
    "So MNIST's digits were made, and the net knows no others. Centring shows how.",
)


def draw(workbook: Workbook) -> None:
    """Cells to draw into, what the net sees of it, and what it says."""
    ws = add_page(
        workbook,
        "Draw",
        "Draw a digit",
        "The yellow cells are your paper. No program looks at them: formulas do, 30,282 weights in five "
        "layers.",
        widths="A=14 B=22 C=3",
        print_area="A1:BJ43",
        zoom=70,
    )
    _ask(ws, LOOK_AT, "look at", CENTRED, "Choose from the list.", choices(CENTRED, AS_IT_IS, FROM_TABLE))
    put(ws, "A6", "the net says", "Label")
    blank = f'AND({LOOK_AT.local}<>"{FROM_TABLE}",{AT.total.ref}=0)'
    put(ws, ANSWER.corner, f'=IF({blank},"draw a digit",{CLASS_SAYS.ref})', "Result", WHOLE, "center")
    put(ws, "A7", "how sure", "Label")
    put(ws, "B7", f"=MAX({PROBABILITIES.ref})", "Formula", TENTH_PERCENT, "center")
    picked = f'IF({LOOK_AT.local}="{FROM_TABLE}","No. "&{PICKED.ref}&" on Edges is a "' \
             f'&INDEX({DIGITS.labels.ref},{PICKED.ref}),"")'  # fmt: skip
    put(ws, "A8", f"={picked}", "Label")
    write_probabilities(ws, DRAW_TABLE, PROBABILITIES, "A22", (275, 300), "what the net sees")
    put(ws, f"{PAPER.letters}3", "Your drawing", "Section")
    put(ws, f"{SEEN.letters}3", "What the net sees", "Section")
    write_paper(ws, PAPER, _first_drawing(), 1.9)
    formulas = [[_seen(i, j) for j in range(SIDE)] for i in range(SIDE)]
    fill(ws, SEEN, formulas, "Formula", HIDDEN)
    squares(ws, SEEN, 1.9)
    greys(ws, SEEN)
    put_column(ws, "D36", DRAW_NOTES, "Page note")


def _seen(i: int, j: int) -> str:
    """A formula: the pixel that the net gets, from 0 to 1."""
    digit = f"INDEX({DIGITS.pixels.ref},{PICKED.ref},{SIDE * i + j + 1})/255"
    ink = AT.ink.cell(i, j).free
    return (
        f'=IF({LOOK_AT.local}="{CENTRED}",{AT.pixel(i, j)},IF({LOOK_AT.local}="{FROM_TABLE}",{digit},{ink}))'
    )


_FIVE = (  # the first line is line 4 of the paper, the first column its column 6
    "    #########",
    "   ##########",
    "   ##",
    "   ##",
    "   ##",
    "   ##  ###",
    "   ########",
    "   ##    ###",
    "          ##",
    "           ##",
    "           ##",
    "           ##",
    "##        ##",
    " ##      ###",
    "  ########",
    "    ####",
)


def _first_drawing() -> list[list[float | None]]:
    """A five of one or two cells' strokes, not in the middle."""
    cells: list[list[float | None]] = [[None] * SIDE for _ in range(SIDE)]
    for i, line in enumerate(_FIVE, 3):
        for j, mark in enumerate(line, 5):
            if mark == "#":
                cells[i][j] = 1
    return cells


CENTRED_NOTES = (
    "A row of “down” belongs to a line of the result. Its dark cells",
    "are the lines of the drawing that this line takes from. Three",
    "or so are dark: so a thin stroke becomes a soft one.",
    "",
    "A column of “across” says the same of the columns.",
    "",
    "MMULT multiplies the matrices: click the first cell of a",
    "product. Draw shows the result × strength, at most 1.",
)


def centring(workbook: Workbook) -> None:
    """How the drawing gets to its size and place."""
    ws = add_page(
        workbook,
        AT.sheet,
        "From a drawing to a digit of MNIST's make",
        "Worked out for Draw, which shows the result. Scaled so that the longer side has 20 pixels, then "
        "moved so that the centre of mass comes to line 15, column 15: down × ink × across.",
        widths="A=16 B:E=10 F:H=7",
        print_area="A1:CT70",
        zoom=70,
    )
    write_centring(ws, AT)
    put_column(ws, f"{AT.down.letters}{AT.across.area.top + 2}", CENTRED_NOTES, "Page note")


# ---- the net's layers ------------------------------------------------------------------------------------

WIDTH = 1.7  # of a cell of maps and kernels
BLACK_AT = 2.5  # one activation in a hundred is above it
ACROSS = {1: 4, 2: 8, 3: 8, 4: 16, 5: 10}
MAPS_TOP = 7
INPUT_MAP = Maps("conv1.input", "Layer 1", f"D{MAPS_TOP}", 1, SIDE, gap=2)


def _sheet_of(number: int) -> str:
    return f"Layer {number}" if number < 5 else "Output"


def _maps_of(number: int) -> Maps:
    corner = f"{'AH' if number == 1 else 'I' if number == 5 else 'D'}{MAPS_TOP}"
    return Maps(
        f"conv{number}.maps", _sheet_of(number), corner, CHANNELS[number], SIZES[number], ACROSS[number],
        gap=2 if number == 1 else 1,
    )  # fmt: skip


def _kernels_of(number: int) -> Kernels:
    top = max(INPUT_MAP.area.bottom if number == 1 else 0, MAPS[number - 1].area.bottom) + 5
    side = 5 if number == 1 else 3
    corner = f"{'G' if number == 5 else 'B'}{top}"
    return Kernels(f"conv{number}", _sheet_of(number), corner, CHANNELS[number], CHANNELS[number - 1], side)


MAPS = [_maps_of(number) for number in range(1, 6)]
KERNELS = [_kernels_of(number) for number in range(1, 6)]
LAYER_NOTES_OF = {
    1: "Worked out for Layer 2. 8 kernels of 5 × 5, each moved by 2 pixels at a time over the picture and an "
    "edge of 2 empty cells: 8 maps of 14 × 14. What is below 0 is cut off (ReLU). Black is 2.5 and more.",
    2: "Worked out for Layer 3. A cell of these 16 maps looks at 3 × 3 cells in each of the 8 maps before.",
    3: "Worked out for Layer 4: 32 maps of 4 × 4 out of 16 of 7 × 7. Each cell sees 17 pixels by now.",
    4: "Worked out for Output, where the answer is: 64 maps of 2 × 2 out of 32 of 4 × 4: no longer pictures, "
    "but answers to 64 questions about each quarter of the digit.",
}


def _layer_page(number: int) -> Callable[[Workbook], None]:
    """The function that adds a layer's sheet."""

    def layer(workbook: Workbook) -> None:
        maps, kernels = MAPS[number - 1], KERNELS[number - 1]
        right = max(maps.area.right, kernels.weight.area.right) + 1
        ws = add_page(
            workbook,
            _sheet_of(number),
            f"Layer {number}: {CHANNELS[number]} maps of {SIZES[number]} × {SIZES[number]}",
            LAYER_NOTES_OF[number],
            widths=f"A=10 B=8 C:{column_letters(right)}={WIDTH}",
            print_area=f"A1:{column_letters(right)}{kernels.weight.area.bottom + 1}",
            header=kernels.weight.area.top - 1,
            zoom=70,
        )
        if number == 1:
            _write_input(ws)
        put(ws, f"{maps.map(0).letters}4", "Maps", "Section")
        _write_layer(ws, number)
        for channel in range(maps.channels):
            outline(ws, maps.map(channel))
        if number == 4:
            _write_votes(ws)

    return layer


VOTES = Maps("votes", "Layer 4", "BD7", CHANNELS[4], SIZES[4], ACROSS[4])


def _write_votes(ws: Worksheet) -> None:
    """What each of the 64 maps adds to the score of the digit that the net says, beside the maps."""
    kernels = KERNELS[4]
    put(ws, f"{VOTES.map(0).letters}4", f'="What they say of the "&{CLASS_SAYS.ref}', "Section")
    note = "Each number times its weight on Output. Orange speaks for it."
    put(ws, f"{VOTES.map(0).letters}5", note, "Page note")
    for channel in range(VOTES.channels):
        block, there = VOTES.map(channel), MAPS[3].map(channel)
        across = kernels.kernel(0, channel).area.left - kernels.weight.area.left

        def vote(i: int, j: int, there=there, across=across) -> str:
            # two down and two across: the kernel's first line and column lie in the padding
            down = f"{kernels.size + 1}*{CLASS_SAYS.ref}+{i + 2}"
            return f"={there.cell(i, j).free_local}*INDEX({kernels.weight.ref},{down},{across + j + 2})"

        fill(ws, block, [[vote(i, j) for j in range(2)] for i in range(2)], "Formula", HIDDEN)
        squares(ws, block, WIDTH)
        blue_and_orange(ws, block, 1)
        outline(ws, block)


def _write_input(ws: Worksheet) -> None:
    """The net's input, with its padding around it."""
    put(ws, "D4", "The picture, from Draw", "Section")
    picture = INPUT_MAP.map(0)
    same = [[f"={SEEN.cell(i, j).free}" for j in range(SIDE)] for i in range(SIDE)]
    fill(ws, picture, same, "Formula", HIDDEN)
    squares(ws, picture, WIDTH)
    greys(ws, picture)


def _write_layer(ws: Worksheet, number: int) -> None:
    maps, kernels = MAPS[number - 1], KERNELS[number - 1]
    source = INPUT_MAP if number == 1 else MAPS[number - 2]
    top, before = kernels.weight.area.top, column_letters(kernels.biases.area.left - 1)
    put(
        ws,
        f"{before}{top - 3}",
        "Kernels: a line for each map, in it a kernel for each map before",
        "Section",
    )
    note = "Weights that training found, batchnorm folded in. Blue is below 0, orange above."
    put(ws, f"{before}{top - 2}", note, "Page note")
    put_row(ws, f"{before}{top - 1}", ["map", "bias"], "Column header")
    weight, bias = trained_layer(number)
    kernels.write(ws, weight, bias, WIDTH)
    for output in range(CHANNELS[number]):
        name = output + 1 if number < 5 else output
        put(ws, f"{before}{kernels.bias(output).area.top}", name, "Label", WHOLE, "center")
    write_maps(
        ws, source, kernels, maps, stride=2, padding=kernels.size // 2, relu=number < 5, black=BLACK_AT,
        width=WIDTH,
    )  # fmt: skip


@cache
def _folded() -> dict[str, np.ndarray]:
    folded = vision.fold_batchnorm(vision.trained("cnn").double())
    return {key: value.numpy() for key, value in folded.state_dict().items()}


def trained_layer(number: int) -> tuple[np.ndarray, np.ndarray]:
    """A layer's kernels (outputs, inputs, side, side) and biases (outputs,), batchnorm folded in, float64."""
    return _folded()[f"conv{number}.weight"], _folded()[f"conv{number}.bias"]


# ---- Output ----------------------------------------------------------------------------------------------

OUTPUT_TABLE = Block("output.table", "Output", "A7", CLASSES, 4)
SCORES, POWERS, PROBABILITIES = (
    Block(name, "Output", f"{letter}7", CLASSES)
    for name, letter in (("scores", "B"), ("output.powers", "C"), ("probabilities", "D"))
)
CLASS_SAYS = Block("output.class", "Output", "B18")
OUTPUT_NOTES = (
    "score: the fifth layer, without ReLU: one number for each digit.",
    "EXP(score − largest): all above 0; the largest score gives 1.",
    "probability: its share of their sum (softmax).",
)


def output(workbook: Workbook) -> None:
    """The last layer's ten scores and what follows from them."""
    kernels = KERNELS[4]
    shown = kernels.kernel(0, 23).area.right  # printed; the others lie further to the right
    ws = add_page(
        workbook,
        "Output",
        "Layer 5: ten scores, one answer",
        "The last kernels look at all 64 maps of 2 × 2 at once and give a score to each digit.",
        widths=f"A:D=11 E=3 F=6 G=8 H:{column_letters(kernels.weight.area.right)}={WIDTH}",
        print_area=f"A1:{column_letters(shown)}{kernels.weight.area.bottom + 1}",
        zoom=70,
    )
    put_row(ws, "A6", ["digit", "score", "EXP(score − largest)", "probability"], "Column header")
    ws.row_dimensions[6].height = 28
    scores = SCORES.local
    for k in range(CLASSES):
        put(ws, f"A{7 + k}", k, "Formula", WHOLE, "center")
        put(ws, f"B{7 + k}", f"={MAPS[4].map(k).corner}", "Formula", THREE)
        put(ws, f"C{7 + k}", f"=EXP(B{7 + k}-MAX({scores}))", "Formula", FOUR)
        put(ws, f"D{7 + k}", f"=C{7 + k}/SUM({POWERS.local})", "Result", TENTH_PERCENT)
    put(ws, "A18", "the net says", "Label")
    put(ws, CLASS_SAYS.corner, f"=MATCH(MAX({scores}),{scores},0)-1", "Result", WHOLE, "center")
    known = vision.facts("cnn")
    put(ws, "A19", f"{float(known['accuracy']):.1%} of MNIST's 10,000 test digits right", "Page note")
    put_column(ws, "A21", OUTPUT_NOTES, "Page note")
    chart.bar_chart(
        ws, "A25", (330, 330), "How probable each digit is",
        "Bars: the probability of each of the ten digits, as in the table above.",
        OUTPUT_TABLE.col(0), {"probability": PROBABILITIES},
    )  # fmt: skip
    put(ws, f"{MAPS[4].map(0).letters}4", "Ten maps of 1 × 1: the scores of 0 to 9", "Section")
    _write_layer(ws, 5)


# ---- Batchnorm -------------------------------------------------------------------------------------------

EPSILON = 1e-5  # torch adds it to the variance
NORM_ROW, NORM_COL = Block("norm.row", "Batchnorm", "B4"), Block("norm.column", "Batchnorm", "B5")
NORM_TOP = 12
(
    NORM_CONV_BIAS, NORM_SUM, NORM_MEAN, NORM_VARIANCE, NORM_STANDARD, NORM_WEIGHT, NORM_BIAS, NORM_AFTER,
    NORM_RELU, NORM_MAP, NORM_OFF, NORM_FACTOR, NORM_FOLDED,
) = (Block(f"norm.{x}", "Batchnorm", f"{x}{NORM_TOP}", 8) for x in "BCDEFGHIJKLNO")  # fmt: skip
NORM_WINDOW = NORM_TOP + 19  # first row of the window's pixels, one a row
NORM_PIXELS = Block("norm.pixels", "Batchnorm", f"B{NORM_WINDOW}", 25)
NORM_KERNELS = Block("norm.kernels", "Batchnorm", f"C{NORM_WINDOW}", 25, 8)
NORM_HEADS = (
    "map", "bias", "sum", "mean", "variance", "in its own measure", "weight", "bias", "after", "ReLU",
    "on Layer 1", "difference",
)  # fmt: skip
NORM_NOTES = (
    "While it trains, batchnorm takes each map's mean and variance over all pictures of the batch, and "
    "brings the map to mean 0 and spread 1; so no layer gets numbers that are far too large or all 0.",
    "Then it multiplies by a weight and adds a bias, two numbers a map, which training finds as well.",
    "Once trained, mean and variance stay fixed (these are running averages over many batches). Then all of "
    "it is one factor and one addition, and the kernels can do both:",
    "factor = weight ÷ √(variance + 0.00001); kernel on Layer 1 = kernel here × factor; bias on Layer 1 = "
    "(bias − mean) × factor + bias of batchnorm.",
)


def batchnorm(workbook: Workbook) -> None:
    """One cell of each map of the first layer, through batchnorm step by step and by the folded kernels."""
    ws = add_page(
        workbook,
        "Batchnorm",
        "Batchnorm, and where it went",
        "One place of the first layer's 8 maps: the sum of the window, then batchnorm, then ReLU. The "
        "kernels on Layer 1 have batchnorm in them already; the last column says that it makes no "
        "difference.",
        widths="A=9 B:L=10 M=2 N:O=10",
        print_area=f"A1:Q{NORM_WINDOW + 24}",
        header=NORM_WINDOW - 1,
        zoom=80,
    )
    for cell, label in ((NORM_ROW, "row"), (NORM_COL, "column")):
        _ask(ws, cell, label, 7, "A whole number from 1 to 14.", between(1, SIZES[1], whole=True))
        put(ws, f"C{cell.area.top}", "of the maps on Layer 1, 1 to 14", "Page note")
    top = NORM_TOP
    put_row(ws, f"A{top - 1}", NORM_HEADS, "Column header")
    put_row(ws, f"N{top - 1}", ["factor", "bias then"], "Column header")
    put_row(
        ws,
        f"A{NORM_WINDOW - 1}",
        ["line, column", "pixel", *(f"map {k + 1}" for k in range(8))],
        "Column header",
    )
    put_column(ws, f"A{NORM_WINDOW}", [f"{i + 1}, {j + 1}" for i in range(5) for j in range(5)], "Label")
    for row in (top - 1, NORM_WINDOW - 1):
        ws.row_dimensions[row].height = 28
    for letter, row, text in (
        ("B", top - 3, "The convolution, then batchnorm"),
        ("N", top - 3, "Folded into one"),
        (
            "A",
            NORM_WINDOW - 2,
            "The window's 25 pixels; beside each, its weight in the kernels as they were trained",
        ),
    ):
        put(ws, f"{letter}{row}", text, "Section")
    fill(
        ws,
        NORM_PIXELS,
        [[_norm_pixel(i, j)] for i in range(5) for j in range(5)],
        "Formula",
        "0.00",
        "center",
    )
    net = vision.weights("cnn")
    fill(ws, NORM_KERNELS, net["conv1.weight"].astype(float).reshape(8, 25).T.tolist(), "Weight", "0.00")
    blue_and_orange(ws, NORM_KERNELS, 0.5)
    for block, key in ((NORM_CONV_BIAS, "conv1.bias"), (NORM_MEAN, "norm1.running_mean"),
                       (NORM_VARIANCE, "norm1.running_var"), (NORM_WEIGHT, "norm1.weight"),
                       (NORM_BIAS, "norm1.bias")):  # fmt: skip
        fill(ws, block, net[key].astype(float)[:, None].tolist(), "Weight", FOUR)
    pixels = NORM_PIXELS.local
    for block, formula in (
        (NORM_STANDARD, f"=(C{{row}}-D{{row}})/SQRT(E{{row}}+{EPSILON:.0E})"),
        (NORM_AFTER, "=F{row}*G{row}+H{row}"),
        (NORM_RELU, "=MAX(0,I{row})"),
        (NORM_FACTOR, f"=G{{row}}/SQRT(E{{row}}+{EPSILON:.0E})"),
        (NORM_FOLDED, "=(B{row}-D{row})*N{row}+H{row}"),
    ):
        fill_down(ws, block, formula, "Formula", FOUR)
    for k in range(8):
        put(ws, f"A{top + k}", k + 1, "Label", WHOLE, "center")
        there = f"=INDEX({MAPS[0].map(k).ref},{NORM_ROW.local},{NORM_COL.local})"
        total = f"=SUMPRODUCT({pixels},{NORM_KERNELS.col(k).local})+B{top + k}"
        put(ws, NORM_SUM.cell(k, 0).corner, total, "Formula", FOUR)
        put(ws, NORM_MAP.cell(k, 0).corner, there, "Formula", FOUR)
    fill_down(ws, NORM_OFF, "=ABS(J{row}-K{row})", "Result", SCIENTIFIC)
    tint_when(ws, NORM_OFF.local, f"L{top}>0.000000001", good=False)
    put_column(ws, f"A{top + 10}", NORM_NOTES, "Page note")


def _norm_pixel(i: int, j: int) -> str:
    """A formula: a pixel under the window, 0 in the padding."""
    row, col = (f"2*{at.local}{step - 3:+d}" for at, step in ((NORM_ROW, i), (NORM_COL, j)))
    outside = f"OR({row}<1,{row}>{SIDE},{col}<1,{col}>{SIDE})"
    return f"=IF({outside},0,INDEX({SEEN.ref},{row},{col}))"


# ---- Training runs ---------------------------------------------------------------------------------------

RUNS = {
    "constant": "constant rate",
    "one_cycle": "one cycle",
    "batchnorm": "one cycle and batchnorm",
}
FASTAI = (0.1135, 0.9743, 0.9864)  # accuracies in fast.ai's book, of such runs
STEPS, RUN_TOP = 118, 14
RUN_STEP, RUN_CHANCE, RATE_CONSTANT, RATE_CYCLE, MOMENTUM_CONSTANT, MOMENTUM_CYCLE = (
    Block(f"runs.{letter}", "Training runs", f"{letter}{RUN_TOP}", STEPS) for letter in "AEFGHI"
)
RUN_LOSS = [Block(f"runs.loss{k}", "Training runs", f"{x}{RUN_TOP}", STEPS) for k, x in enumerate("BCD")]
RUN_MEANS = Block("runs.means", "Training runs", "B6", 1, 3)
IMAGE_NUMBER, IMAGE_LOSS, IMAGE_MEAN = (
    Block(f"image.{letter}", "Training runs", f"{letter}{RUN_TOP}", 56) for letter in "WXY"
)
IMAGE_NOTES = (
    "The lesson's notebook mnist.ipynb takes a step after each image, at rate 0.01, and prints each 1,000th",
    "loss: 2.357, 2.317, 2.329, 2.537, 0.142, 0.048, 4.427. Is that good? One image's loss cannot tell.",
    "The mean of a thousand can. This run, made anew: 56,000 tiny steps, no momentum, no batchnorm;",
    "afterwards {accuracy} of the 10,000 test digits are right. The notebook does not count them.",
)
RUN_NOTES = (
    "All three: this book's net, first weights drawn at random, one epoch of 60,000 digits in batches of "
    "512.",
    "Constant rate, 0.06: the first steps are far too large for random weights. The loss leaps up, then "
    "stays at LN(10) = 2.303: what a net gets that gives each of the ten digits the same probability, "
    "whatever it sees.",
    "One cycle: the rate rises from 0.0024 to 0.06, then falls to almost 0. Small steps at first, while "
    "nothing is right; large ones in between; small ones at the end. Momentum goes the other way.",
    "Whether a constant rate fails is chance: of twenty starts, twelve failed. With one cycle none did.",
)


def training_runs(workbook: Workbook) -> None:
    """The losses of a run that fails and of two that work, step by step."""
    ws = add_page(
        workbook,
        "Training runs",
        "A run that fails, two that work, and one image at a time",
        "The only difference between the first two is the learning rate: constant, or up and down again.",
        widths="A=22 B:I=12 J=2 K:U=10 V=2 W:Y=11",
        print_area=f"A1:Y{RUN_TOP + STEPS - 1}",
        header=RUN_TOP - 1,
        zoom=80,
    )
    runs = vision.runs()
    put_row(ws, "A4", ["run", *RUNS.values()], "Column header")
    ws.row_dimensions[4].height = 28
    put(ws, "A5", "loss of the first step", "Label")
    put(ws, "A6", "mean of the last ten", "Label")
    put(ws, "A7", "right of 10,000", "Label")
    put(ws, "A8", "fast.ai's run", "Label")
    put(ws, "A9", "so", "Label")
    for j, (run, loss) in enumerate(zip(RUNS, RUN_LOSS, strict=True)):
        letter = "BCD"[j]
        last = f"{letter}{RUN_TOP + STEPS - 10}:{letter}{RUN_TOP + STEPS - 1}"
        put(ws, f"{letter}5", f"={loss.cell(0, 0).corner}", "Formula", THREE, "center")
        put(ws, f"{letter}6", f"=AVERAGE({last})", "Result", THREE, "center")
        put(ws, f"{letter}7", _shortest(runs[f"{run}.accuracy"])[0], "Data", "0.00%", "center")
        put(ws, f"{letter}8", FASTAI[j], "Data", "0.00%", "center")
        ws.row_dimensions[9].height = 28
        verdict = f'=IF({letter}6>LN(10)-0.1,"learns nothing","learns")'
        put(ws, f"{letter}9", verdict, "Status")
        tint_when(ws, f"{letter}9", f'{letter}9="learns"', good=True)
        tint_when(ws, f"{letter}9", f'{letter}9<>"learns"', good=False)
    heads = ("step", *(f"loss, {name}" for name in RUNS.values()), "LN(10)", "rate, constant",
             "rate, one cycle", "momentum, constant", "momentum, one cycle")  # fmt: skip
    put_row(ws, f"A{RUN_TOP - 1}", heads, "Column header")
    ws.row_dimensions[RUN_TOP - 1].height = 40
    fill(ws, RUN_STEP, [[step] for step in range(1, STEPS + 1)], "Label", WHOLE, "center")
    fill_down(ws, RUN_CHANCE, "=LN(10)", "Formula", THREE)
    for block, key, look in (
        *((block, f"{run}.loss", FOUR) for block, run in zip(RUN_LOSS, RUNS, strict=True)),
        (RATE_CONSTANT, "constant.lr", FOUR),
        (RATE_CYCLE, "one_cycle.lr", FOUR),
        (MOMENTUM_CONSTANT, "constant.momentum", FOUR),
        (MOMENTUM_CYCLE, "one_cycle.momentum", FOUR),
    ):
        fill(ws, block, [[number] for number in _shortest(runs[key])], "Data", look)
    put_column(ws, "F5", RUN_NOTES, "Page note")
    losses = [Curve(name, RUN_STEP, block) for name, block in zip(RUNS.values(), RUN_LOSS, strict=True)]
    chart.curves_chart(
        ws, "K14", (760, 400), "Loss of each step",
        "Lines: with a constant rate the loss stays at 2.3 for all 118 steps; with one cycle it falls to "
        "0.2, with batchnorm to 0.1, and sooner.",
        losses, behind=[Curve("LN(10)", RUN_STEP, RUN_CHANCE)], heights=(0, 3.2),
    )  # fmt: skip
    chart.curves_chart(
        ws, "K36", (375, 280), "Learning rate",
        "Lines: the constant learning rate of 0.06; that of one cycle, up to 0.06 and down to 0.",
        [Curve("constant", RUN_STEP, RATE_CONSTANT), Curve("one cycle", RUN_STEP, RATE_CYCLE)],
        axes=("step", "learning rate"),
    )  # fmt: skip
    chart.curves_chart(
        ws, "P36", (375, 280), "Momentum",
        "Lines: the constant momentum of 0.9; that of one cycle, down to 0.85 and up to 0.95.",
        [Curve("constant", RUN_STEP, MOMENTUM_CONSTANT), Curve("one cycle", RUN_STEP, MOMENTUM_CYCLE)],
        axes=("step", "momentum"), heights=(0.84, 0.96),
    )  # fmt: skip
    _write_one_image(ws)


def _write_one_image(ws: Worksheet) -> None:
    """The lesson's own run: 56,000 digits one at a time, and what a single loss can tell."""
    log = vision.one_image_run()
    top = RUN_TOP - 1
    put(ws, f"W{top - 1}", "One image at a time", "Section")
    put_row(ws, f"W{top}", ("image No.", "its loss", "mean of 1,000"), "Column header")
    fill(ws, IMAGE_NUMBER, [[1 + 1000 * i] for i in range(IMAGE_NUMBER.rows)], "Label", WHOLE, "center")
    fill(ws, IMAGE_LOSS, [[number] for number in _shortest(log["loss"])], "Data", FOUR)
    fill(ws, IMAGE_MEAN, [[number] for number in _shortest(log["mean"])], "Data", FOUR)
    break_page(ws, 52)
    put(ws, "K52", "One image at a time, as in the lesson's notebook", "Section")
    accuracy = f"{_shortest(log['accuracy'])[0]:.1%}"
    put_column(ws, "K53", (text.format(accuracy=accuracy) for text in IMAGE_NOTES), "Page note")
    chart.curves_chart(
        ws, "K58", (760, 320), "The loss of every thousandth image, and the mean of a thousand",
        "Dots: the loss of the images No. 1, 1001, 2001 and so on, scattered between 0 and 5. Line: the "
        "mean of the thousand losses from each of them on, which stays at 2.3, then falls to 0.1.",
        [Curve("one image", IMAGE_NUMBER, IMAGE_LOSS, dots=True),
         Curve("mean of 1,000", IMAGE_NUMBER, IMAGE_MEAN)],
        axes=("image", "loss"),
    )  # fmt: skip


def _shortest(numbers: np.ndarray) -> list[float]:
    """float32 numbers as the shortest decimals that stand for them."""
    return [float(str(number)) for number in numbers]


# ---- Activations, Histograms and the log behind them -----------------------------------------------------

FIRST_RELU, LAST_RELU = "first ReLU", "last ReLU"
WATCHED = {FIRST_RELU: "relu1", LAST_RELU: "relu4"}
MEASURES = {"mean": "mean", "sd": "spread", "near_zero": "share near zero"}
LOGGED, LOG_TOP, BINS = 59, 10, 40
LAYER_SHOWN = Block("activations.layer", "Activations", "B4")
ACTIVITY = Block("activations", "Activations", f"B{LOG_TOP}", LOGGED, len(RUNS) * len(MEASURES))
ACTIVITY_STEP = Block("activations.step", "Activations", f"A{LOG_TOP}", LOGGED)
ACTIVITY_NOTES = (
    "mean and spread (standard deviation) of everything that the ReLU puts out for a batch, every other "
    "step; near zero: the share of it that is 0.05 or less.",
    "Look at the last ReLU: with a constant rate nearly all of it falls to 0 within a few steps. A ReLU "
    "that is 0 passes no slope on, so what lies before it learns no more.",
)
HISTOGRAM_NOTES = (
    "A column is one step, from left to right; a cell is a bin: how many of the ReLU's outputs lie there, "
    "from 0 at the bottom to 10 and more at the top. White: none; the darker, the more (the logarithm of "
    "the count).",
    "A run that learns well spreads its activations smoothly. Where a dark bottom is left and everything "
    "above it is gone, the layer has died. fast.ai's book calls this picture the colourful dimension.",
)


def _log_of(layer: str) -> Block:
    """A watched layer's figures on Run log: for each run, mean, spread, share near zero (59, 9)."""
    letter = {FIRST_RELU: "B", LAST_RELU: "K"}[layer]
    return Block(f"log.{WATCHED[layer]}", "Run log", f"{letter}{LOG_TOP}", LOGGED, ACTIVITY.cols)


def _counts(layer: str, run: int) -> Block:
    """Histograms on Run log: a column a step, the largest bin on top (40, 59)."""
    at = list(WATCHED).index(layer) * len(RUNS) + run
    return Block(f"log.histogram{at}", "Run log", f"U{LOG_TOP + at * (BINS + 3)}", BINS, LOGGED)


def _picture_of_counts(run: int) -> Block:
    letters = column_letters(2 + run * (LOGGED + 2))
    return Block(f"histogram{run}", "Histograms", f"{letters}7", BINS, LOGGED)


def activations(workbook: Workbook) -> None:
    """Mean, spread and share near zero of a layer, step by step, in three runs."""
    ws = add_page(
        workbook,
        "Activations",
        "The three runs from inside",
        "Choose a layer: the first ReLU or the last. The charts show what it puts out while the net trains.",
        widths="A=12 B=12 C:J=10 K=2 L:X=9",
        print_area=f"A1:X{LOG_TOP + LOGGED - 1}",
        zoom=80,
    )
    _ask(ws, LAYER_SHOWN, "layer", LAST_RELU, "Choose from the list.", choices(*WATCHED))
    put_column(ws, "A5", ACTIVITY_NOTES, "Page note")
    _write_activity_heads(ws, "B")
    fill(ws, ACTIVITY_STEP, [[2 * i + 1] for i in range(LOGGED)], "Label", WHOLE, "center")
    first, last = _log_of(FIRST_RELU), _log_of(LAST_RELU)
    rows = [
        [
            f'=IF({LAYER_SHOWN.local}="{FIRST_RELU}",{first.cell(i, j).free},{last.cell(i, j).free})'
            for j in range(ACTIVITY.cols)
        ]
        for i in range(LOGGED)
    ]
    fill(ws, ACTIVITY, rows, "Formula", THREE)
    for at, (name, what) in enumerate(MEASURES.items()):
        curves = [Curve(run, ACTIVITY_STEP, ACTIVITY.col(3 * k + at)) for k, run in enumerate(RUNS.values())]
        chart.curves_chart(
            ws, f"L{LOG_TOP - 2 + 17 * at}", (760, 320), f"{what.capitalize()} of the chosen ReLU's outputs",
            f"Lines: the {what} of the activations of the chosen layer at every other step, one line for "
            f"each of the three runs.",
            curves, axes=("step", what), heights=(0, 1) if name == "near_zero" else None,
        )  # fmt: skip


def _write_activity_heads(ws: Worksheet, letters: str) -> None:
    """Two lines of headers above nine columns: the runs, and what is measured of each."""
    _, left = place(f"{letters}1")
    put(ws, f"A{LOG_TOP - 1}", "step", "Column header")
    for k, run in enumerate(RUNS.values()):
        start = column_letters(left + 3 * k)
        put(ws, f"{start}{LOG_TOP - 2}", run, "Column header")
        ws.merge_cells(f"{start}{LOG_TOP - 2}:{column_letters(left + 3 * k + 2)}{LOG_TOP - 2}")
        put_row(ws, f"{start}{LOG_TOP - 1}", MEASURES.values(), "Column header")
    ws.row_dimensions[LOG_TOP - 1].height = 26


def histograms(workbook: Workbook) -> None:
    """All activations of each step as a column of colours, for three runs."""
    last = _picture_of_counts(len(RUNS) - 1).area
    ws = add_page(
        workbook,
        "Histograms",
        "All activations of a step as a column of colours",
        "Of the ReLU that is chosen on Activations.",
        widths="A=13",
        print_area=f"A1:{column_letters(last.right)}{last.bottom + 5}",
        zoom=80,
    )
    put(ws, "A4", f"={LAYER_SHOWN.ref}", "Section")
    put(ws, "A7", "10 and more", "Label")
    put(ws, f"A{6 + BINS}", "0", "Label")
    for run, name in enumerate(RUNS.values()):
        block = _picture_of_counts(run)
        put(ws, f"{block.letters}5", name, "Section")
        first, last_relu = _counts(FIRST_RELU, run), _counts(LAST_RELU, run)
        rows = [
            [
                f'=LN(1+IF({LAYER_SHOWN.ref}="{FIRST_RELU}",{first.cell(i, j).free},'
                f"{last_relu.cell(i, j).free}))"
                for j in range(LOGGED)
            ]
            for i in range(BINS)
        ]
        fill(ws, block, rows, "Formula", HIDDEN)
        squares(ws, block, 0.6)
        _dark_when_many(ws, block)
    ws.row_dimensions[7].height = ws.row_dimensions[6 + BINS].height = 13
    put_column(ws, f"B{7 + BINS + 1}", HISTOGRAM_NOTES, "Page note")


def _dark_when_many(ws: Worksheet, block: Block) -> None:
    """White at a count of 0, blue at some hundreds, nearly black at some hundreds of thousands."""
    rule = ColorScaleRule(
        start_type="num", start_value=0, start_color=WHITE,
        mid_type="num", mid_value=6, mid_color=BLUE,
        end_type="num", end_value=13, end_color="0B1B3A",
    )  # fmt: skip
    ws.conditional_formatting.add(block.local, rule)


def run_log(workbook: Workbook) -> None:
    """What was noted during the runs of two layers."""
    ws = add_page(
        workbook,
        "Run log",
        "What was noted during the runs",
        "Read by Activations and Histograms: every other step, of the first and of the last ReLU. To the "
        "right, how many outputs lie in each of 40 bins from 0 to 10, the largest on top.",
        widths="A=8 B:S=9 T=6 U:CA=7",
        print_area=f"A1:S{LOG_TOP + LOGGED - 1}",  # the bins are pictures on Histograms
        frozen="B4",
        zoom=70,
    )
    runs = vision.runs()
    for layer, name in WATCHED.items():
        block = _log_of(layer)
        put(ws, f"{block.letters}{LOG_TOP - 4}", layer, "Section")
        _write_activity_heads(ws, block.letters)
        for k, run in enumerate(RUNS):
            for at, measure in enumerate(MEASURES):
                numbers = _shortest(runs[f"{run}.{name}.{measure}"])
                fill(ws, block.col(3 * k + at), [[number] for number in numbers], "Data", FOUR)
            counts = _counts(layer, k)
            put(ws, f"{counts.letters}{counts.area.top - 2}", f"{layer}, {RUNS[run]}", "Section")
            put_row(ws, f"{counts.letters}{counts.area.top - 1}", range(1, 2 * LOGGED, 2), "Column header")
            fill(ws, counts, runs[f"{run}.{name}.histogram"].T[::-1].tolist(), "Data", DOT_WHOLE)
            _tinted_when_many(ws, counts)
    steps = Block("log.step", "Run log", f"A{LOG_TOP}", LOGGED)
    fill(ws, steps, [[2 * i + 1] for i in range(LOGGED)], "Label", WHOLE, "center")


def _tinted_when_many(ws: Worksheet, counts: Block) -> None:
    """White at a count of 0, pale orange at a hundred, orange at the most: the numbers stay readable."""
    rule = ColorScaleRule(
        start_type="num", start_value=0, start_color=WHITE,
        mid_type="num", mid_value=100, mid_color=ORANGE_TINT,
        end_type="max", end_color=ORANGE,
    )  # fmt: skip
    ws.conditional_formatting.add(counts.local, rule)


# ---- exercises -------------------------------------------------------------------------------------------


def _learned_off(number: int) -> str:
    """How far a net's numbers are from the multiplications of one place and a bias for each map."""
    places = f"{_layer_column(number, 'side out').ref}^2"
    multiplications, maps = (_layer_column(number, head).ref for head in ("multiplications", "maps out"))
    learned = _layer_column(number, "numbers learned").ref
    return f"SUMPRODUCT(ABS({learned}*{places}-{multiplications}-{maps}*{places}))"


def _counted_off() -> str:
    """How far this book's net is from the numbers that stand on its layers' sheets."""
    counted = "+".join(f"COUNT({kernels.weight.ref},{kernels.biases.ref})" for kernels in KERNELS)
    return f"ABS(SUM({_layer_column(0, 'numbers learned').ref})-({counted}))"


def _map_off(k: int) -> str:
    """How far a map is, added up and weighed by the digit, from what its kernel makes of parts of the "
    "digit."""
    picture, block, kernel = EDGE_PICTURE.map(0), EDGE_MAPS.map(k), EDGE_KERNELS[k]

    def part(i: int, j: int) -> str:
        return Block("part", "Edges", picture.cell(i, j).corner, EDGE_SIDE, EDGE_SIDE).ref

    cells = [(i, j) for i in range(3) for j in range(3)]
    sums = "+".join(f"{kernel.cell(i, j).ref}*SUM({part(i, j)})" for i, j in cells)
    weighed = "+".join(f"{kernel.cell(i, j).ref}*SUMPRODUCT({part(i, j)},{part(0, 0)})" for i, j in cells)
    return f"ABS(SUM({block.ref})-({sums}))+ABS(SUMPRODUCT({block.ref},{part(0, 0)})-({weighed}))"


_PADDED = f"({INPUT_SIZE.ref}+2*{PADDING.ref})"
_COVERED = f"({STRIDE.ref}*({OUTPUT_SIZE.ref}-1)+{KERNEL_SIZE.ref})"

EXERCISES = (
    Exercise(
        "Maps",
        tuple(EDGE_MAPS.map(k) for k in range(len(EDGES))),
        f"{EDGE_MAPS.map(0).corner}: the sum of the products of the digit's first 3 × 3 pixels and kernel 1, "
        "one SUMPRODUCT. With $ around the kernel it fills the whole map, 26 × 26. Then the other three.",
        "All cells of a map, added up, are what its kernel makes of nine sums of pixels; so they are when "
        "each is weighed by a pixel.",
        "=" + "+".join(_map_off(k) for k in range(len(EDGES))),
    ),
    Exercise(
        "Products",
        (PRODUCTS,),
        f"{PRODUCTS.corner}: the first of the nine pixels times the first of the kernel's numbers. All nine.",
        "They add up to the cell of the map, and each counts as it should when it is weighed by its pixel.",
        f"=ABS(SUM({PRODUCTS.ref})-{MAP_THERE.ref})"
        f"+ABS(SUMPRODUCT({PRODUCTS.ref},{WINDOW.ref})-SUMPRODUCT({WINDOW.ref}^2*{KERNEL_THERE.ref}))",
        after="Maps",
    ),
    Exercise(
        "Output size",
        (OUTPUT_SIZE,),
        "B10: how many places the window has along a side, from the four numbers in B4 to B7; 0 if the "
        "kernel is larger than the input with its padding.",
        "The last window still lies within the padded input, one more would not, and it is a whole number.",
        f"=IF({_PADDED}<{KERNEL_SIZE.ref},ABS({OUTPUT_SIZE.ref}),MAX(0,{_COVERED}-{_PADDED})"
        f"+MAX(0,{_PADDED}+1-{_COVERED}-{STRIDE.ref})+ABS({OUTPUT_SIZE.ref}-INT({OUTPUT_SIZE.ref})))",
    ),
    Exercise(
        "Numbers learned",
        tuple(_layer_column(number, "numbers learned") for number in range(len(NETS))),
        f"I{LAYERS_TOP + 2}: how many numbers layer 1 learns: for each map out a kernel for each map in, and "
        f"a bias. Fill it down to layer 5, and into the second table.",
        "As many as stand on the sheets of the layers; at each place each is multiplied once, save the "
        "biases.",
        f"={_counted_off()}+{_learned_off(0)}+{_learned_off(1)}",
    ),
    Exercise(
        "Batchnorm",
        (NORM_AFTER,),
        f"I{NORM_TOP}: the map in its own measure, times batchnorm's weight, plus its bias. Fill it down to "
        f"I{NORM_TOP + 7}.",
        "The sum without its bias, times the factor, plus the folded bias, gives the same.",
        f"=SUMPRODUCT(ABS({NORM_AFTER.ref}-(({NORM_SUM.ref}-{NORM_CONV_BIAS.ref})*{NORM_FACTOR.ref}"
        f"+{NORM_FOLDED.ref})))",
    ),
    Exercise(
        "The net says",
        (CLASS_SAYS,),
        "B18: the digit whose score is the largest of B7 to B16, as a number from 0 to 9. MATCH finds a "
        "place, counted from 1.",
        "No score is above that of the digit that you name.",
        f"=SUMPRODUCT(0+({SCORES.ref}>INDEX({SCORES.ref},{CLASS_SAYS.ref}+1)))"
        f"+ABS({CLASS_SAYS.ref}-INT({CLASS_SAYS.ref}))+MAX(0,0-{CLASS_SAYS.ref})",  # INDEX(..., 0) is all
    ),
)
