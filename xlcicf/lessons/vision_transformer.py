"""vision_transformer.xlsx: a small vision transformer on the digit picked, each stage a sheet of formulas.

Each sheet has one function here, in the order of the book. Tokens stand in rows: the class token, number 0,
above the patches 1 to 16. A layer is one array formula, =MMULT(tokens, TRANSPOSE(weight)) + TRANSPOSE(bias);
everything else is a formula a cell.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from openpyxl import Workbook
from openpyxl.formatting.rule import ColorScaleRule
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.worksheet import Worksheet

from xlcicf.formula.address import column_letters, column_number
from xlcicf.learn import mnist, vision
from xlcicf.lessons import resources, weights_card
from xlcicf.sheet import chart
from xlcicf.sheet.block import Block
from xlcicf.sheet.book import book_of
from xlcicf.sheet.exercise import Exercise
from xlcicf.sheet.front import Front
from xlcicf.sheet.page import (
    add_page,
    allow,
    between,
    break_page,
    choices,
    fill,
    put,
    put_column,
    put_over,
    put_row,
    put_setting,
)
from xlcicf.sheet.pixels import (
    BLACK,
    HIDDEN,
    SIDE,
    Digits,
    blue_and_orange,
    greys,
    outline,
    squares,
    write_picture,
    write_probabilities,
)
from xlcicf.sheet.style import (
    DATA,
    FOUR,
    ORANGE,
    TENTH_PERCENT,
    THREE,
    TRY,
    TWO,
    WHITE,
    WHOLE,
    WORKING,
    weight_scale,
)

PATCH, ACROSS = 7, 4  # pixels along a patch, patches along the digit
PATCHES = ACROSS * ACROSS
TOKENS = PATCHES + 1
WIDTH, HEADS, UNITS, CLASSES = 16, 2, 32, 10
OF_HEAD = WIDTH // HEADS
BLOCKS = (1, 2)
EPSILON = 1e-5  # torch's LayerNorm adds it to the variance
FIRST_DIGITS = 100
WRONG = (152, 242, 248, 322, 413, 446, 450, 496)  # of the first 500 test digits, counted from 1
DIGITS = Digits("Digits", FIRST_DIGITS + len(WRONG))


def build() -> Workbook:
    """The workbook with the shipped net; formulas without cached values."""
    pages = (
        patches,
        paint,
        embedding,
        class_output,
        where_it_looks,
        positions,
        numbers,
        weights_card.weights_card("vit"),
        weights,
        digits,
        *(page for b in BLOCKS for page in (_attention_of(b), _layers_of(b))),
    )
    return book_of(READ_ME, pages, [PICKED, LOOK_AT, *PARAMETERS.values()])


# ---- Read me ---------------------------------------------------------------------------------------------

ABOUT = (
    "A transformer reads a sentence as a row of words. A vision transformer reads a picture as a row of "
    "patches. This one cuts a digit into 16 patches, turns each into 16 numbers, lets all of them look at "
    "each other twice, and then says which digit it is. Every number on the way is a formula in this book, "
    "for whichever digit you pick or paint."
)
TO_DO = (
    "On Patches, type another number from 1 to 108. Every sheet follows. The net gets 1 to 100 right; 101 to "
    "108 it gets wrong. Would you have known?",
    "On Paint, choose “what I paint” and paint a digit of your own: type 1 into cells. The answer stands "
    "beside it.",
    "On Embedding, switch the positions off: the patches stay the same, but the net no longer knows where "
    "they belong. Of the first 100 digits it then gets 29 right. Class shows what it says of yours.",
    "On Attention 1, go along a row of shares: the token at its left asks, the tokens above answer. A row "
    "always sums to 100%. Click a cell of scores to see how one question meets one key.",
    "On Where it looks, choose another token that asks: 0 is the class token, 1 to 16 are the patches. The "
    "two heads look at different things.",
    "On Attention 1 and Attention 2, switch one head off (0) and watch Class. Without head 1 of block 1 the "
    "net gets 99 of the first 100 digits right, without head 2 of block 2 only 56.",
)
SHEETS = {
    "Patches": "pick a digit; its 16 patches of 7 × 7 pixels, and the same as a table of 16 × 49",
    "Paint": "28 × 28 cells for a digit of your own, and what the net says of it",
    "Embedding": "each patch as 16 numbers, the class token before them, positions added",
    "Class": "the class token alone is asked: ten scores, ten probabilities",
    "Where it looks": "attention laid over the digit, for each block and head",
    "Positions": "how alike the positions of two patches are",
    "Numbers": "the net's parts and how many numbers each was trained with",
    weights_card.SHEET: weights_card.ABOUT,
    "Weights": "all 5,738 of them, named as in torch",
    "Digits": "the 108 digits, a row each; an empty cell is white",
    "Attention 1": "block 1: norm, queries, keys and values, scores, shares, what each token gathers",
    "Layers 1": "block 1: norm, 32 ReLUs for each token, back to 16 numbers",
    "Attention 2": "block 2: the same again with other weights",
    "Layers 2": "block 2: the same again with other weights",
}
KINDS = {
    **dict.fromkeys(("Patches", "Paint", "Embedding", "Where it looks"), TRY),
    **dict.fromkeys(("Weights", "Digits"), DATA),
    **dict.fromkeys(("Attention 1", "Layers 1", "Attention 2", "Layers 2"), WORKING),
}
SOURCE = (
    "The stages are those of “A Visual Guide to Vision Transformers” (M. Turp, 2024), one of the resources "
    "of week 12 of the CI Compass Fellowship. The digits are test digits of MNIST (LeCun, Cortes and Burges; "
    "CC BY-SA 3.0). This workbook was made anew by xlcicf, MIT licence; its weights were trained with torch "
    "on MNIST's 60,000 training digits."
)


READ_ME = Front(
    title="A vision transformer: a picture read as sixteen words",
    about=ABOUT,
    to_do=TO_DO,
    sheets=SHEETS,
    source=SOURCE,
    kinds=KINDS,
    links=resources.of_book("vision_transformer"),
    roles=weights_card.ROLES,
)


# ---- Weights, where everything else looks them up --------------------------------------------------------

BLOCK_LAYERS = {  # of a block: torch's name -> numbers out, numbers in
    "attention.query": (WIDTH, WIDTH),
    "attention.key": (WIDTH, WIDTH),
    "attention.value": (WIDTH, WIDTH),
    "attention.output": (WIDTH, WIDTH),
    "up": (UNITS, WIDTH),
    "down": (WIDTH, UNITS),
}


def _shapes() -> dict[str, tuple[int, int]]:
    """Each parameter's rows and columns on Weights, in the order of the net; vectors lie along a row or,
    where they are a layer's bias, down the column before its weight."""

    def layer(name: str, rows: int, cols: int) -> dict[str, tuple[int, int]]:
        return {f"{name}.weight": (rows, cols), f"{name}.bias": (rows, 1)}

    def norm(name: str) -> dict[str, tuple[int, int]]:
        return {f"{name}.weight": (1, WIDTH), f"{name}.bias": (1, WIDTH)}

    shapes = layer("embed", WIDTH, PATCH * PATCH)
    shapes |= {"class_token": (1, WIDTH), "position": (TOKENS, WIDTH)}
    for block in (f"blocks.block{b}" for b in BLOCKS):
        shapes |= norm(f"{block}.norm1")
        for name, shape in BLOCK_LAYERS.items():
            shapes |= norm(f"{block}.norm2") if name == "up" else {}
            shapes |= layer(f"{block}.{name}", *shape)
    return shapes | norm("norm") | layer("output", CLASSES, WIDTH)


def _laid_out() -> dict[str, Block]:
    """Each parameter below the one before; column B holds biases of layers, C and following the rest."""
    laid, row = {}, 6
    for name, (rows, cols) in _shapes().items():
        bias_of_layer = cols == 1
        laid[name] = Block(name, "Weights", f"{'B' if bias_of_layer else 'C'}{row}", rows, cols)
        with_bias_beside = name.endswith(".weight") and rows > 1
        row += 0 if with_bias_beside else rows + 3
    return laid


PARAMETERS = _laid_out()


def weights(workbook: Workbook) -> None:
    """Every number that training found, as torch's state_dict has them."""
    ws = add_page(
        workbook,
        "Weights",
        "All weights of the net",
        "What training found; every sheet computes with it. A layer has a row for each number that it puts "
        "out: its bias, then a weight for each number that comes in. Names are torch's, and this book's.",
        widths="A=40 B=8 C:AY=6.5",
        print_area=f"A1:AY{max(block.area.bottom for block in PARAMETERS.values())}",
        frozen="C4",
        zoom=80,
    )
    trained = vision.weights("vit")
    for name, block in PARAMETERS.items():
        top = block.area.top
        if block.letters == "C":
            put(ws, f"A{top - 1}", name, "Section")
            put_row(ws, f"C{top - 1}", range(1, block.cols + 1), "Column header")
            put(ws, f"A{top}", f"{block.rows} × {block.cols}", "Label")
        else:
            put(ws, f"B{top - 1}", "bias", "Column header")
        values = trained[name].astype(float).reshape(block.rows, block.cols)
        fill(ws, block, values.tolist(), "Weight", TWO)
        weight_scale(ws, block.local)


def digits(workbook: Workbook) -> None:
    """The digits that can be picked."""
    shown, places = mnist.sample(), _places_shown()
    DIGITS.write(
        workbook,
        "The 108 digits",
        "The first 100 test digits of MNIST, then the 8 of its first 500 that this net gets wrong. A digit a "
        "row: what it is, then its 784 pixels from 0 for white, left empty, to 255 for black.",
        shown.valid_x[places],
        shown.valid_y[places],
    )


def _places_shown() -> np.ndarray:
    """Where the digits of the book stand among the shipped 500, from 0."""
    return np.r_[:FIRST_DIGITS, np.array(WRONG) - 1]


# ---- Patches ---------------------------------------------------------------------------------------------

PIXEL = 1.7  # width of a pixel's cell
PICKED = Block("picked", "Patches", "A5")
PICTURE = Block("picture", "Patches", "B6", SIDE, SIDE)
PAINTED = Block("painted", "Paint", "B6", SIDE, SIDE)
LOOK_AT = Block("look_at", "Paint", "A5")
FROM_TABLE, MINE = "digit No.", "what I paint"
IS_MINE = f'{LOOK_AT.ref}="{MINE}"'
PATCH_TABLE = Block("patches", "Patches", "B40", PATCHES, PATCH * PATCH)
SAYS, SURE = Block("says", "Patches", "A11"), Block("sure", "Patches", "A13")
PATCH_NOTES = (
    "This is all that the net is given: 16 rows of 49 numbers. Which pixels are neighbours it has to learn.",
)


def patches(workbook: Workbook) -> None:
    """The picked digit, cut into patches, and the patches as a table."""
    ws = add_page(
        workbook,
        "Patches",
        "A digit is cut into 16 patches",
        "Left: the digit of 28 × 28 pixels. Right: the same, cut into patches of 7 × 7 pixels. They are "
        "numbered line by line, as one reads.",
        widths=f"A=20 B:BL={PIXEL}",
        print_area="A1:BL57",
        zoom=80,
    )
    put(ws, "A4", "digit No.", "Label")
    hint = f"A whole number from 1 to {DIGITS.count}."
    put_setting(ws, PICKED.corner, 1, hint, between(1, DIGITS.count, whole=True))
    put(ws, "A6", f'=IF({IS_MINE},"not now: see Paint","")', "Page note")
    true = f'=IF({IS_MINE},"yours",INDEX({DIGITS.labels.ref},{PICKED.local}))'
    for row, label, formula, style, look in (
        (7, "it is", true, "Formula", WHOLE),
        (10, "the net says", f"={CLASS_SAYS.ref}", "Result", WHOLE),
        (12, "how sure it is", f"=MAX({PROBABILITIES.ref})", "Result", TENTH_PERCENT),
    ):
        put(ws, f"A{row}", label, "Label")
        put(ws, f"A{row + 1}", formula, style, look, "center")
    put(ws, "A15", "of 10,000 test digits", "Page note")
    put(ws, "A16", f"it gets {float(vision.facts('vit')['accuracy']):.1%} right", "Page note")
    write_picture(ws, PICTURE, _pixel_picked, PIXEL)
    greys(ws, PICTURE)
    for p in range(PATCHES):
        outline(ws, _patch_of(PICTURE, p))
    _draw_cut(ws)
    _write_patch_table(ws)


def _pixel_picked(i: int, j: int) -> str:
    """The pixel painted, or that of the digit picked, from 0 to 1."""
    painted = PAINTED.cell(i, j).free
    number = PICKED.local
    return f"=IF({IS_MINE},0+{painted},INDEX({DIGITS.pixels.ref},{number},{SIDE * i + j + 1})/255)"


def _patch_of(picture: Block, p: int) -> Block:
    """A patch's pixels in a digit's picture, p from 0 (7, 7)."""
    corner = picture.cell(PATCH * (p // ACROSS), PATCH * (p % ACROSS)).corner
    return Block(f"patch.{p + 1}", picture.sheet, corner, PATCH, PATCH)


def _draw_cut(ws: Worksheet) -> None:
    """The patches apart from each other, their numbers above them."""
    left = column_number("AG")
    for p in range(PATCHES):
        down, right = divmod(p, ACROSS)
        corner = f"{column_letters(left + right * (PATCH + 1))}{PICTURE.area.top + down * (PATCH + 1)}"
        cut, pixels = Block(f"cut.{p + 1}", "Patches", corner, PATCH, PATCH), _patch_of(PICTURE, p)
        write_picture(ws, cut, lambda i, j, pixels=pixels: f"={pixels.cell(i, j).free_local}", PIXEL)
        greys(ws, cut)
        outline(ws, cut)
        put(ws, f"{cut.letters}{cut.area.top - 1}", f"patch {p + 1}", "Page note")


def _write_patch_table(ws: Worksheet) -> None:
    top = PATCH_TABLE.area.top
    put(ws, f"A{top - 3}", "The same as a table: a patch a row, its 49 pixels line by line", "Section")
    for p in range(PATCHES):
        put(ws, f"A{top + p}", f"patch {p + 1}", "Label")
        pixels = _patch_of(PICTURE, p)
        row = [pixels.cell(i, j).free_local for i in range(PATCH) for j in range(PATCH)]
        fill(ws, PATCH_TABLE.row(p), [[f"={cell}" for cell in row]], "Formula", HIDDEN)
    squares(ws, PATCH_TABLE, PIXEL)
    greys(ws, PATCH_TABLE)
    outline(ws, PATCH_TABLE)
    put_column(ws, f"A{PATCH_TABLE.area.bottom + 2}", PATCH_NOTES, "Page note")


# ---- Paint -----------------------------------------------------------------------------------------------


def paint(workbook: Workbook) -> None:
    """Cells for a digit of the reader's own, and beside them what the net says; it starts with a seven."""
    ws = add_page(
        workbook,
        "Paint",
        "Paint a digit of your own",
        "Type 1 into cells, or choose several, type 1 and press Ctrl+Enter; numbers below 1 are grey. Delete "
        "clears.",
        widths=f"A=24 B:AC={PIXEL} AD=3 AE:AF=12 AG:AJ=9",
        print_area="A1:AJ36",
        zoom=90,
    )
    put(ws, "A4", "the net looks at", "Label")
    both = f"“{MINE}” or “{FROM_TABLE}”, the one on Patches."
    put_setting(ws, LOOK_AT.corner, FROM_TABLE, both, choices(MINE, FROM_TABLE))
    put(ws, "A7", "the net says", "Label")
    waits = f'IF(SUM({PAINTED.local})=0,"paint a digit",{CLASS_SAYS.ref})'
    put(ws, "A8", f'=IF({LOOK_AT.local}="{MINE}",{waits},"choose “{MINE}”")', "Result", WHOLE, "center")
    put(ws, "A10", "how sure it is", "Label")
    put(ws, "A11", f'=IF(ISNUMBER(A8),MAX({PROBABILITIES.ref}),"")', "Result", TENTH_PERCENT, "center")
    put_column(ws, "A14", PAINT_NOTES, "Page note")
    put(ws, "B4", "Your painting", "Section")
    fill(ws, PAINTED, _first_painting(), "Setting", HIDDEN)
    squares(ws, PAINTED, PIXEL)
    hint = "Ink: 1 for black, between 0 and 1 for grey, empty for none."
    allow(ws, PAINTED.free_local, hint, between(0, 1))
    greys(ws, PAINTED)
    put(ws, "AE4", "How probable each digit is", "Section")
    write_probabilities(ws, PAINT_TABLE, PROBABILITIES, "AE18", (440, 300), "what the net looks at")


PAINT_TABLE = Block("paint.table", "Paint", "AE6", CLASSES, 2)
PAINT_NOTES = (
    "Paint it large, in the",
    "middle, with lines of two",
    "pixels: the net learned",
    "from digits like that.",
    "Whatever it looks at, all",
    "other sheets show.",
)


def _first_painting() -> list[list[int | None]]:
    """A seven of two strokes, two pixels wide."""
    ink = np.zeros((SIDE, SIDE), bool)
    ink[7:9, 8:20] = True
    for row in range(9, 23):
        left = round(18 - (row - 9) * 0.55)
        ink[row, left : left + 2] = True
    return [[1 if pixel else None for pixel in row] for row in ink.tolist()]


# ---- sheets of tokens ------------------------------------------------------------------------------------

PANELS = ("B", "T", "AL")  # first columns of three tables beside each other, each up to 17 wide
CELL = 4.7  # width of their cells
PITCH = TOKENS + 5  # from the first row of a table to that of the one below
TOP = 8  # first row of the first tables
SHORT = "0.0"


def _panel(sheet: str, line: int, at: int, cols: int = WIDTH, name: str = "") -> Block:
    """A table of the tokens: the line-th from the top and the at-th from the left, from 0 (17, cols)."""
    return Block(f"{name or 'panel'}", sheet, f"{PANELS[at]}{TOP + line * PITCH}", TOKENS, cols)


def _add_token_page(workbook: Workbook, name: str, title: str, note: str, last: int) -> Worksheet:
    """A sheet for tables of tokens; `last` is its last row."""
    return add_page(
        workbook,
        name,
        title,
        note,
        widths=f"A=9 B:BB={CELL}",
        print_area=f"A1:BB{last}",
        zoom=70,
    )


def _head(ws: Worksheet, block: Block, title: str, note: str, first: int = 1, full: float = 3.0) -> None:
    """Title, explanation, column numbers and token names around a table; its colours to `full`."""
    top, left = block.area.top, block.area.left
    put(ws, f"{block.letters}{top - 3}", title, "Section")
    put(ws, f"{block.letters}{top - 2}", note, "Page note", None, "left")
    put_row(ws, f"{block.letters}{top - 1}", range(first, first + block.cols), "Column header")
    before = column_letters(left - 1)
    for row in range(block.rows):
        token = ("class" if row == 0 else f"patch {row}") if left == 2 else row
        put(ws, f"{before}{top + row}", token, "Column header")
    blue_and_orange(ws, block, full)


def _each(block: Block, formula: str) -> list[list[str]]:
    """A formula for each cell; {row}, {col}: its row and its column's letters."""
    letters = [column_letters(block.area.left + j) for j in range(block.cols)]
    return [[formula.format(row=block.area.top + i, col=x) for x in letters] for i in range(block.rows)]


def _fill_array(ws: Worksheet, block: Block, formula: str, look: str = SHORT) -> None:
    """One array formula for a whole block."""
    fill(ws, block, [[None] * block.cols] * block.rows, "Formula", look)
    ws[block.corner] = ArrayFormula(block.free_local, formula)


def _layer(tokens: Block, name: str) -> str:
    """What a layer makes of tokens on the same sheet, as an array formula."""
    weight, bias = PARAMETERS[f"{name}.weight"].ref, PARAMETERS[f"{name}.bias"].ref
    return f"=MMULT({tokens.local},TRANSPOSE({weight}))+TRANSPOSE({bias})"


def _same_cells(source: Block) -> list[list[str]]:
    """Formulas that show another block's cells."""
    return [[f"={source.cell(i, j).free}" for j in range(source.cols)] for i in range(source.rows)]


# ---- Embedding -------------------------------------------------------------------------------------------

EMBEDDED, POSITION = (_panel("Embedding", 0, at) for at in (0, 1))
TOKENS_IN = _panel("Embedding", 0, 2)
POSITIONS_ON = Block("positions_on", "Embedding", "G4")


def embedding(workbook: Workbook) -> None:
    """Patches as tokens: 16 numbers each, the class token before them, their positions added."""
    ws = _add_token_page(
        workbook,
        "Embedding",
        "From patches to tokens",
        "Each patch's 49 pixels become 16 numbers: a token. A class token, the same for every digit, comes "
        "before them. Each gets the numbers of its position added.",
        embedding_filter(WIDTH - 1).area.bottom + 1,
    )
    put(ws, "A4", "positions on (1) or off (0)", "Label")
    put_setting(ws, POSITIONS_ON.corner, 1, "1: positions are added; 0: they are not.", choices(0, 1))
    _head(ws, EMBEDDED, "patches, embedded", "patches × embed.weight + embed.bias; the class token above")
    first = PARAMETERS["class_token"]
    fill(ws, EMBEDDED.row(0), _same_cells(first), "Formula", SHORT)
    rest = Block("embedded.patches", "Embedding", EMBEDDED.cell(1, 0).corner, PATCHES, WIDTH)
    weight, bias = PARAMETERS["embed.weight"].ref, PARAMETERS["embed.bias"].ref
    _fill_array(ws, rest, f"=MMULT({PATCH_TABLE.ref},TRANSPOSE({weight}))+TRANSPOSE({bias})")
    _head(ws, POSITION, "positions", "a row for each place, found by training")
    fill(ws, POSITION, _same_cells(PARAMETERS["position"]), "Formula", SHORT)
    _head(ws, TOKENS_IN, "tokens: the sum of both", "what enters block 1: 17 rows of 16 numbers")
    rows = [
        [
            f"={EMBEDDED.cell(i, j).free_local}+{POSITIONS_ON.local}*{POSITION.cell(i, j).free_local}"
            for j in range(WIDTH)
        ]
        for i in range(TOKENS)
    ]
    fill(ws, TOKENS_IN, rows, "Formula", SHORT)
    put(ws, f"B{FILTERS_TOP - 3}", "What each of the 16 numbers looks for in a patch", "Section")
    note = "the 49 weights of a number as a picture: orange counts ink here for it, blue against it"
    put(ws, f"B{FILTERS_TOP - 2}", note, "Page note")
    for number in range(WIDTH):
        _write_filter(ws, number)


FILTERS_TOP, FILTERS_ACROSS = 31, 6


def embedding_filter(number: int) -> Block:
    """The weights of one of a token's 16 numbers, from 0, as a picture (7, 7)."""
    down, right = divmod(number, FILTERS_ACROSS)
    corner = f"{column_letters(2 + right * (PATCH + 1))}{FILTERS_TOP + down * (PATCH + 2)}"
    return Block(f"filter.{number + 1}", "Embedding", corner, PATCH, PATCH)


def _write_filter(ws: Worksheet, number: int) -> None:
    block, weight = embedding_filter(number), PARAMETERS["embed.weight"]
    cells = [[f"={weight.cell(number, PATCH * i + j).free}" for j in range(PATCH)] for i in range(PATCH)]
    fill(ws, block, cells, "Formula", HIDDEN)
    blue_and_orange(ws, block, 0.6)
    outline(ws, block)
    put(ws, f"{block.letters}{block.area.top - 1}", f"number {number + 1}", "Page note")
    for row in range(block.area.top, block.area.bottom + 1):
        ws.row_dimensions[row].height = 24


# ---- the blocks ------------------------------------------------------------------------------------------


class Norm:
    """Layer norm on a sheet: what comes in, mean and variance of each token, what goes on."""

    def __init__(self, sheet: str, parameter: str, line: int = 0):
        self.parameter = parameter
        self.x, self.y = _panel(sheet, line, 0), _panel(sheet, line, 2)
        self.mean = _panel(sheet, line, 1, 1)
        self.variance = Block("variance", sheet, self.mean.corner.replace("T", "V"), TOKENS)

    def write(self, ws: Worksheet, source: Block, what: str) -> None:
        """Source: the tokens that come in (17, 16), on another sheet."""
        _head(ws, self.x, "what comes in", what)
        fill(ws, self.x, _same_cells(source), "Formula", SHORT)
        top = self.x.area.top
        put(ws, f"T{top - 3}", "norm", "Section")
        put(ws, f"T{top - 2}", "of a token's 16 numbers", "Page note", None, "left")
        put(ws, f"T{top - 1}", "mean", "Column header")
        put(ws, f"V{top - 1}", "var.", "Column header")
        for row in range(top, top + TOKENS):
            put(ws, f"S{row}", row - top, "Column header")
        here = self.x.on_row("{row}")
        fill(ws, self.mean, _each(self.mean, f"=AVERAGE({here})"), "Formula", TWO)
        spread = f"=SUMPRODUCT(({here}-$T{{row}})^2)/{WIDTH}"
        fill(ws, self.variance, _each(self.variance, spread), "Formula", TWO)
        put_column(ws, f"Y{top + 1}", NORM_NOTES, "Page note")
        _head(ws, self.y, "normed", f"(x - mean) / SQRT(variance + {EPSILON:.5f}) × scale + shift")
        scale, shift = PARAMETERS[f"{self.parameter}.weight"], PARAMETERS[f"{self.parameter}.bias"]
        rows = [
            [_normed(self, i, j, scale.cell(0, j).ref, shift.cell(0, j).ref) for j in range(WIDTH)]
            for i in range(TOKENS)
        ]
        fill(ws, self.y, rows, "Formula", SHORT)


NORM_NOTES = (
    "The tokens differ in size. Norm takes the",
    "mean from each token's numbers and divides",
    "them by their spread, so that all tokens",
    "speak equally loud. Then each of the 16",
    "columns has a scale and a shift of its own,",
    "which training found.",
)


def _normed(norm: Norm, i: int, j: int, scale: str, shift: str) -> str:
    row, x = norm.x.area.top + i, norm.x.cell(i, j).free_local
    return f"=({x}-$T{row})/SQRT($V{row}+{EPSILON:.5f})*{scale.replace('!$', '!')}+{shift.replace('!$', '!')}"


class Attention:
    """The sheet of a block's attention, b from 1."""

    def __init__(self, b: int):
        self.b, self.name = b, f"Attention {b}"
        self.norm = Norm(self.name, f"blocks.block{b}.norm1")
        self.query, self.key, self.value = (_panel(self.name, 1, at) for at in range(3))
        self.scores = [_panel(self.name, 2 + h, 0, TOKENS) for h in range(HEADS)]
        self.shares = [_panel(self.name, 2 + h, 1, TOKENS) for h in range(HEADS)]
        self.mixed = [_panel(self.name, 2 + h, 2, OF_HEAD) for h in range(HEADS)]
        self.on = [Block(f"head{h + 1}.on", self.name, f"BB{TOP + (2 + h) * PITCH}") for h in range(HEADS)]
        self.joined, self.output, self.result = (_panel(self.name, 4, at) for at in range(3))

    def part(self, of: Block, head: int) -> Block:
        """A head's columns of queries, keys or values (17, 8)."""
        return Block("part", self.name, of.cell(0, head * OF_HEAD).corner, TOKENS, OF_HEAD)

    def layer(self, name: str) -> str:
        """torch's name of a layer of this attention."""
        return f"blocks.block{self.b}.attention.{name}"

    def write(self, workbook: Workbook, source: Block) -> None:
        """Source: the tokens that come in (17, 16)."""
        ws = _add_token_page(
            workbook,
            self.name,
            f"Block {self.b}: attention",
            f"Worked out for Layers {self.b}; Where it looks shows the shares as pictures. Each token asks a "
            "question (query), has a key that may fit it, and a value to give. Who fits best gives most.",
            self.result.area.bottom + 1,
        )
        break_page(ws, self.scores[0].area.top - 3)
        self.norm.write(ws, source, f"17 tokens of 16 numbers, from {source.sheet}")
        for block, name, text in (
            (self.query, "query", "queries: what a token asks"),
            (self.key, "key", "keys: what it answers to"),
            (self.value, "value", "values: what it has to give"),
        ):
            _head(ws, block, text, f"normed × {name}.weight + {name}.bias; columns 1 to 8: head 1")
            _fill_array(ws, block, _layer(self.norm.y, self.layer(name)))
        for head in range(HEADS):
            self._write_head(ws, head)
        _head(ws, self.joined, "both heads side by side", "what each token has gathered")
        for head in range(HEADS):
            fill(ws, self.part(self.joined, head), _same_local(self.mixed[head]), "Formula", SHORT)
        _head(ws, self.output, "one layer over both", "gathered × output.weight + output.bias")
        _fill_array(ws, self.output, _layer(self.joined, self.layer("output")))
        _head(
            ws,
            self.result,
            "added to what came in",
            "the residual: attention changes tokens, it does not replace them",
        )
        fill(ws, self.result, _sums(self.norm.x, self.output), "Formula", SHORT)

    def _write_head(self, ws: Worksheet, head: int) -> None:
        scores, shares, mixed = self.scores[head], self.shares[head], self.mixed[head]
        q, k, v = (self.part(of, head) for of in (self.query, self.key, self.value))
        of, top = f"head {head + 1}", scores.area.top
        _head(ws, scores, f"{of}: scores", f"query of the row · key of the column / SQRT({OF_HEAD})", 0)
        below = top - q.area.top  # rows from a query to its scores
        rows = [
            [_score(q.on_row(row - below), k.local, f"{column_letters(scores.area.left + j)}${top - 1}")
             for j in range(TOKENS)]
            for row in range(top, top + TOKENS)
        ]  # fmt: skip
        fill(ws, scores, rows, "Formula", SHORT)
        _head(ws, shares, f"{of}: shares", "softmax: EXP of each score as a share of its row", 0, full=0.5)
        line = scores.on_row("{row}")
        first = column_number(scores.letters) - column_number(shares.letters)
        cells = [
            [
                f"=EXP({column_letters(shares.area.left + j + first)}{row}-MAX({line.format(row=row)}))"
                f"/SUMPRODUCT(EXP({line.format(row=row)}-MAX({line.format(row=row)})))"
                for j in range(TOKENS)
            ]
            for row in range(top, top + TOKENS)
        ]
        fill(ws, shares, cells, "Formula", SHARE)
        _head(ws, mixed, f"{of}: gathered", "shares × values", head * OF_HEAD + 1)
        _fill_array(ws, mixed, f"=MMULT({self.on[head].local}*{shares.local},{v.local})")
        at = self.on[head]
        put(ws, f"AU{at.area.top}", "on (1) or off (0)", "Label")
        put_setting(ws, at.corner, 1, f"1: head {head + 1} is on; 0: it gathers nothing.", choices(0, 1))
        put_column(ws, f"AU{at.area.top + 2}", HEAD_NOTES, "Page note")


SHARE = '0%;-0%;"·"'
HEAD_NOTES = (
    "A row of shares sums to",
    "100%: who asks stands at",
    "its left, who answers",
    "above. What is gathered",
    "is the values of all",
    "tokens, mixed in these",
    "shares.",
)


def _score(query: str, keys: str, number: str) -> str:
    """One token's query times another's key, which is the number-th, over the root of their length."""
    return f"=SUMPRODUCT({query},INDEX({keys},{number}+1,0))/SQRT({OF_HEAD})"


def _same_local(source: Block) -> list[list[str]]:
    """Formulas that show cells of the same sheet."""
    return [[f"={source.cell(i, j).free_local}" for j in range(source.cols)] for i in range(source.rows)]


def _sums(a: Block, b: Block) -> list[list[str]]:
    """Formulas that add the cells of two blocks of one sheet."""
    return [
        [f"={x[1:]}+{y[1:]}" for x, y in zip(left, right, strict=True)]
        for left, right in zip(_same_local(a), _same_local(b), strict=True)
    ]


class Layers:
    """The sheet of a block's two layers of ordinary units, b from 1."""

    def __init__(self, b: int):
        self.b, self.name = b, f"Layers {b}"
        self.norm = Norm(self.name, f"blocks.block{b}.norm2")
        self.sums, self.relu = (_panel(self.name, line, 0, UNITS) for line in (1, 2))
        self.down, self.result = (_panel(self.name, 3, at) for at in (0, 1))

    def write(self, workbook: Workbook, source: Block) -> None:
        """Source: the tokens that come in (17, 16)."""
        ws = _add_token_page(
            workbook,
            self.name,
            f"Block {self.b}: each token by itself",
            f"Worked out for {'Class' if self.b == BLOCKS[-1] else f'Attention {self.b + 1}'}. Each token "
            "thinks over what it has gathered: 32 ReLUs, the same for every token, then back to 16 numbers.",
            self.result.area.bottom + 1,
        )
        self.norm.write(ws, source, f"from {source.sheet}")
        up, down = (f"blocks.block{self.b}.{name}" for name in ("up", "down"))
        _head(ws, self.sums, "32 sums for each token", "normed × up.weight + up.bias")
        _fill_array(ws, self.sums, _layer(self.norm.y, up))
        _head(ws, self.relu, "ReLU: MAX(0, sum)", "a unit is silent where its sum is below 0")
        silent = [[f"=MAX(0,{cell[1:]})" for cell in row] for row in _same_local(self.sums)]
        fill(ws, self.relu, silent, "Formula", '0.0;-0.0;"·"')
        _head(ws, self.down, "back to 16 numbers", "ReLU × down.weight + down.bias")
        _fill_array(ws, self.down, _layer(self.relu, down))
        _head(ws, self.result, "added to what came in", f"what leaves block {self.b}")
        fill(ws, self.result, _sums(self.norm.x, self.down), "Formula", SHORT)


ATTENTIONS, LAYERS = [Attention(b) for b in BLOCKS], [Layers(b) for b in BLOCKS]


def _attention_of(b: int) -> Callable[[Workbook], None]:
    source = TOKENS_IN if b == 1 else LAYERS[b - 2].result
    return lambda workbook: ATTENTIONS[b - 1].write(workbook, source)


def _layers_of(b: int) -> Callable[[Workbook], None]:
    return lambda workbook: LAYERS[b - 1].write(workbook, ATTENTIONS[b - 1].result)


# ---- Class -----------------------------------------------------------------------------------------------

CLASS_TOKEN, CLASS_NORMED = (
    Block(f"class.{n}", "Class", f"C{r}", 1, WIDTH) for n, r in (("in", 6), ("normed", 9))
)
CLASS_MEAN, CLASS_VARIANCE = Block("class.mean", "Class", "S6"), Block("class.variance", "Class", "T6")
CLASS_TABLE = Block("class.table", "Class", "B14", CLASSES, 3)
SCORES, PROBABILITIES = CLASS_TABLE.col(1), CLASS_TABLE.col(2)
CLASS_SAYS, LOSS = Block("class.says", "Class", "C26"), Block("loss", "Class", "C28")


def class_output(workbook: Workbook) -> None:
    """The class token's last row, ten scores, ten probabilities."""
    ws = add_page(
        workbook,
        "Class",
        "The class token is asked",
        "After two blocks the class token has gathered what it needs from the patches. It alone decides; the "
        "other 16 tokens are left aside.",
        widths="A=12 B=12 C:R=7.5 S:T=8",
        print_area="A1:T34",
        zoom=90,
    )
    put(ws, "A4", "The class token", "Section")
    put_row(ws, "C5", [*range(1, WIDTH + 1), "mean", "variance"], "Column header")
    put(ws, "A6", f"from {LAYERS[-1].name}", "Label")
    fill(ws, CLASS_TOKEN, _same_cells(LAYERS[-1].result.row(0)), "Formula", TWO)
    x = CLASS_TOKEN.local
    put(ws, CLASS_MEAN.corner, f"=AVERAGE({x})", "Formula", TWO)
    put(ws, CLASS_VARIANCE.corner, f"=SUMPRODUCT(({x}-{CLASS_MEAN.local})^2)/{WIDTH}", "Formula", TWO)
    put(ws, "A9", "normed", "Label")
    scale, shift = PARAMETERS["norm.weight"], PARAMETERS["norm.bias"]
    fill(ws, CLASS_NORMED, [[
        f"=({CLASS_TOKEN.cell(0, j).free_local}-{CLASS_MEAN.local})"
        f"/SQRT({CLASS_VARIANCE.local}+{EPSILON:.5f})*{scale.cell(0, j).ref}+{shift.cell(0, j).ref}"
        for j in range(WIDTH)
    ]], "Formula", TWO)  # fmt: skip
    for block in (CLASS_TOKEN, CLASS_NORMED):
        blue_and_orange(ws, block, 3)
    put(ws, "A12", "Ten scores, ten probabilities", "Section")
    put_row(ws, "B13", ["class", "score", "probability"], "Column header")
    output, bias = PARAMETERS["output.weight"], PARAMETERS["output.bias"]
    s = SCORES.local
    for k in range(CLASSES):
        row = CLASS_TABLE.area.top + k
        put(ws, f"B{row}", k, "Formula", WHOLE, "center")
        score = f"=SUMPRODUCT({CLASS_NORMED.local},{output.row(k).ref})+{bias.cell(k, 0).ref}"
        put(ws, f"C{row}", score, "Formula", THREE)
        put(ws, f"D{row}", f"=EXP(C{row}-MAX({s}))/SUMPRODUCT(EXP({s}-MAX({s})))", "Result", TENTH_PERCENT)
    put(ws, "B26", "the net says", "Label")
    put(ws, CLASS_SAYS.corner, f"=MATCH(MAX({s}),{s},0)-1", "Result", WHOLE, "center")
    put(ws, "B27", "it is", "Label")
    put(ws, "C27", f"={TRUE_CLASS.ref}", "Formula", WHOLE, "center")
    loss = f'=IF({IS_MINE},"",LN(SUMPRODUCT(EXP({s}-MAX({s}))))+MAX({s})-INDEX({s},C27+1))'
    put(ws, "B28", "loss", "Label")
    put(ws, LOSS.corner, loss, "Formula", FOUR, "center")
    put(ws, "B24", "sum", "Label")
    put(ws, "D24", f"=SUM({PROBABILITIES.local})", "Formula", TENTH_PERCENT)
    chart.bar_chart(
        ws, "F12", (640, 320), "How probable each class is",
        "Bars: the probability that the transformer gives each of the ten classes for the digit picked.",
        CLASS_TABLE.col(0), {"probability": PROBABILITIES},
    )  # fmt: skip
    put_column(ws, "A30", CLASS_NOTES, "Page note")


TRUE_CLASS = Block("true", "Patches", "A8")
CLASS_NOTES = (
    "score: the normed class token times the class's row of output.weight, plus its bias.",
    "probability: EXP(score) as a share of all ten.",
    "loss: cross entropy, minus the natural logarithm of the right class's probability. Training made its "
    "average over 60,000 digits small.",
)


# ---- Where it looks --------------------------------------------------------------------------------------

ASKS = Block("asks", "Where it looks", "A5")
SIGHT = {
    (b, h): Block(
        f"sight.{b}.{h}", "Where it looks", f"{'B' if h == 1 else 'AH'}{8 if b == 1 else 46}", SIDE, SIDE
    )
    for b in BLOCKS
    for h in (1, 2)
}
SIGHT_NOTES = (
    "Orange: the patch's share",
    "of this token's attention;",
    "full at 50% and more.",
    "Grey to black: the digit.",
    "The percentages are of",
    "the patches; the rest goes",
    "to the class token.",
)


def where_it_looks(workbook: Workbook) -> None:
    """The attention of one token over the picture, for each block and head."""
    name = "Where it looks"
    ws = add_page(
        workbook,
        name,
        "Where does a token look?",
        "The shares of one row of the attention sheets, laid over the digit: how much of what the token "
        "gathers comes from each patch.",
        widths=f"A=26 B:BL={PIXEL}",
        print_area="A1:BL80",
        zoom=70,
    )
    put(ws, "A4", "token that asks (0: class)", "Label")
    put(ws, ASKS.corner, 0, "Setting")
    hint = "A whole number from 0 to 16: 0 is the class token, 1 to 16 are the patches."
    allow(ws, ASKS.corner, hint, between(0, PATCHES, whole=True))
    put(
        ws, "A6", f'=IF({IS_MINE},"{MINE}","digit No. "&{PICKED.ref})&"; net says "&{CLASS_SAYS.ref}', "Label"
    )
    put_column(ws, "A8", SIGHT_NOTES, "Page note")
    break_page(ws, SIGHT[2, 1].area.top - 1)
    for (b, h), picture in SIGHT.items():
        shares = ATTENTIONS[b - 1].shares[h - 1]
        put_over(ws, picture, f"block {b}, head {h}")
        _write_shares(ws, picture, shares)
        write_picture(ws, picture, lambda i, j, picture=picture: _seen(picture, i, j), PIXEL)
        for p in range(PATCHES):
            outline(ws, _patch_of(picture, p))
        _ink_over_shares(ws, picture)
        own = f'="to the class token: "&ROUND(100*INDEX({shares.ref},{ASKS.local}+1,1),1)&"%"'
        put(ws, f"{picture.letters}{picture.area.bottom + 2 + ACROSS}", own, "Label")


def share_cell(picture: Block, p: int) -> Block:
    """Where the share of patch p, from 0, stands under a picture."""
    down, right = divmod(p, ACROSS)
    letters = column_letters(picture.area.left + PATCH * right)
    return Block("", picture.sheet, f"{letters}{picture.area.bottom + 2 + down}")


def _write_shares(ws: Worksheet, picture: Block, shares: Block) -> None:
    """A row of shares as percentages, each in cells as wide as its patch; and that of the class token."""
    for p in range(PATCHES):
        cell = share_cell(picture, p)
        put(
            ws,
            cell.corner,
            f"=INDEX({shares.ref},{ASKS.local}+1,{p + 2})",
            "Formula",
            TENTH_PERCENT,
            "center",
        )
        row, left = cell.area.top, cell.area.left
        ws.merge_cells(start_row=row, end_row=row, start_column=left, end_column=left + PATCH - 1)


def _seen(picture: Block, i: int, j: int) -> str:
    """Minus the ink where there is any, else the share of the patch that the pixel lies in."""
    ink = PICTURE.cell(i, j).free
    share = share_cell(picture, ACROSS * (i // PATCH) + j // PATCH)
    return f"=IF({ink}>0.2,-{ink},{share.local})"


def _ink_over_shares(ws: Worksheet, picture: Block) -> None:
    rule = ColorScaleRule(
        start_type="num", start_value=-1, start_color=BLACK, mid_type="num", mid_value=0,
        mid_color=WHITE, end_type="num", end_value=0.5, end_color=ORANGE,
    )  # fmt: skip
    ws.conditional_formatting.add(picture.local, rule)


# ---- Positions -------------------------------------------------------------------------------------------

ALIKE = Block("alike", "Positions", "C6", PATCHES, PATCHES)
LENGTHS = Block("lengths", "Positions", "T6", PATCHES)
MAPS_TOP, MAPS_LEFT = 30, 3
POSITION_NOTES = (
    "A cosine is 1 for two rows of numbers that point the same way, 0 for two that have nothing in common,",
    "-1 for opposite ones. Each small map below belongs to one patch: how alike all places are to its own.",
    "Nobody told the net which patches are neighbours. Yet those side by side are more alike than the rest",
    "(0.08 against -0.06 on average), and the corners, nearly always empty, are alike most of all.",
)


def positions(workbook: Workbook) -> None:
    """How alike two places' positions are, as a table and as sixteen maps."""
    ws = add_page(
        workbook,
        "Positions",
        "How alike are the positions of two patches?",
        "Each place has 16 numbers of its own, position on Weights. Here each is compared with each other: "
        "the cosine between them.",
        widths=f"A=4 B=9 C:V={CELL}",
        print_area="A1:V53",
        zoom=90,
    )
    put(ws, "B4", "patch", "Section")
    put_row(ws, "C5", range(1, PATCHES + 1), "Column header")
    put(ws, "T5", "length", "Column header")
    vector = [PARAMETERS["position"].row(p + 1).ref for p in range(PATCHES)]
    for p in range(PATCHES):
        row = ALIKE.area.top + p
        put(ws, f"B{row}", p + 1, "Column header")
        put(ws, f"T{row}", f"=SQRT(SUMPRODUCT({vector[p]},{vector[p]}))", "Formula", SHORT)
        cosines = [
            f"=SUMPRODUCT({vector[p]},{vector[q]})/$T{row}/$T${ALIKE.area.top + q}" for q in range(PATCHES)
        ]
        fill(ws, ALIKE.row(p), [cosines], "Formula", SHORT, "center")
    blue_and_orange(ws, ALIKE, 1)
    put_column(ws, "B23", POSITION_NOTES, "Page note")
    for p in range(PATCHES):
        _write_position_map(ws, p)


def position_map(p: int) -> Block:
    """The map of patch p, from 0: how alike every place is to its own (4, 4)."""
    down, right = divmod(p, ACROSS)
    corner = f"{column_letters(MAPS_LEFT + (ACROSS + 1) * right)}{MAPS_TOP + (ACROSS + 2) * down}"
    return Block(f"map.{p + 1}", "Positions", corner, ACROSS, ACROSS)


def _write_position_map(ws: Worksheet, p: int) -> None:
    block = position_map(p)
    cells = [[f"={ALIKE.cell(p, ACROSS * i + j).free_local}" for j in range(ACROSS)] for i in range(ACROSS)]
    fill(ws, block, cells, "Formula", HIDDEN)
    blue_and_orange(ws, block, 1)
    outline(ws, block)
    for row in range(block.area.top, block.area.bottom + 1):
        ws.row_dimensions[row].height = 22
    put(ws, f"{block.letters}{block.area.top - 1}", f"patch {p + 1}", "Page note")


# ---- Numbers ---------------------------------------------------------------------------------------------


def numbers(workbook: Workbook) -> None:
    """The parts of the net and how many numbers each has."""
    parts = _parts()
    last = 5 + len(parts)
    ws = add_page(
        workbook,
        "Numbers",
        "How many numbers were trained?",
        "Each part of the net, in the order in which a digit passes through it.",
        widths="A=34 B=12 C=12 D=10 E=70",
        print_area=f"A1:E{last + 2}",
        zoom=100,
    )
    put_row(ws, "A5", ["part", "weights", "biases", "numbers", "what it does"], "Column header")
    for row, (part, blocks, text) in enumerate(parts, 6):
        put(ws, f"A{row}", part, "Label")
        for letter, block in zip("BC", blocks, strict=False):
            put(ws, f"{letter}{row}", f"=ROWS({block.ref})*COLUMNS({block.ref})", "Formula", "#,##0")
        put(ws, f"D{row}", f"=SUM(B{row}:C{row})", "Formula", "#,##0")
        put(ws, f"E{row}", text, "Page note")
    put(ws, f"A{last + 1}", "all together", "Section")
    put(ws, f"D{last + 1}", f"=SUM(D6:D{last})", "Result", "#,##0")


PART_TEXTS = {
    "embed": "49 pixels of a patch to 16 numbers",
    "class_token": "what the class token starts with",
    "position": "16 numbers for each place, added to the token there",
    "norm1": "scale and shift of the norm before attention",
    "attention.query": "what a token asks",
    "attention.key": "what it answers to",
    "attention.value": "what it gives",
    "attention.output": "joins what both heads gathered",
    "norm2": "scale and shift of the norm before the ReLUs",
    "up": "16 numbers to 32 ReLUs",
    "down": "32 ReLUs to 16 numbers",
    "norm": "scale and shift of the last norm",
    "output": "the class token's 16 numbers to ten scores",
}


def _parts() -> list[tuple[str, list[Block], str]]:
    """A part's name, its blocks on Weights, what it does."""
    parts: dict[str, list[Block]] = {}
    for name, block in PARAMETERS.items():
        parts.setdefault(name.removesuffix(".weight").removesuffix(".bias"), []).append(block)
    return [
        (part, blocks, PART_TEXTS[part.split(".", 2)[-1] if part.startswith("blocks.") else part])
        for part, blocks in parts.items()
    ]


# ---- exercises -------------------------------------------------------------------------------------------

_NORMS = [sheet.norm for pair in zip(ATTENTIONS, LAYERS, strict=True) for sheet in pair]
_SUMMED = [(a.norm.x, a.output, a.result) for a in ATTENTIONS] + [
    (y.norm.x, y.down, y.result) for y in LAYERS
]
_HEADS = [(a, h) for a in ATTENTIONS for h in range(HEADS)]


def _down(numbers: Iterable[int]) -> str:
    """A column of numbers as a formula has it: "{1;2;3}"."""
    return "{" + ";".join(map(str, numbers)) + "}"


def _along(numbers: Iterable[int]) -> str:
    """A row of numbers: "{1,2,3}"."""
    return "{" + ",".join(map(str, numbers)) + "}"


def _scores_off(a: Attention, head: int, numbers: Sequence[int]) -> str:
    """How far the scores' sum, each times its row's and its column's number, is from what the queries' and
    the keys' sums, each token times its number, give."""
    q, k, s = a.part(a.query, head).ref, a.part(a.key, head).ref, a.scores[head].ref
    down, along = _down(numbers), _along(numbers)
    sums = f"SUMPRODUCT(MMULT({along},{q})*MMULT({along},{k}))*{OF_HEAD}^-0.5"
    return f"ABS(SUMPRODUCT({down}*{s}*{along})-{sums})"


def _shares_off(a: Attention, head: int) -> str:
    s, p, ones = a.scores[head], a.shares[head], _down([1] * TOKENS)
    first = f"{p.col(0).ref}*EXP({s.ref}-{s.col(0).ref})"
    return f"SUMPRODUCT(ABS({p.ref}-{first}))+SUMPRODUCT(ABS(MMULT({p.ref},{ones})-1))"


_ONES = _down([1] * WIDTH)

EXERCISES = (
    Exercise(
        "Mean",
        tuple(norm.mean for norm in _NORMS),
        "T8: the mean of a token's 16 numbers, B8 to Q8. Fill it down to T24, and the same on the sheets "
        "Layers 1, Attention 2 and Layers 2.",
        "Sixteen times the mean is the sum of the token's numbers.",
        "=" + "+".join(f"SUMPRODUCT((MMULT({n.x.ref},{_ONES})/{WIDTH}-{n.mean.ref})^2)" for n in _NORMS),
    ),
    Exercise(
        "Variance",
        tuple(norm.variance for norm in _NORMS),
        "V8: how far B8 to Q8 are from their mean T8: the mean of the squares of the 16 differences. Fill it "
        "down to V24, and the same on Layers 1, Attention 2 and Layers 2.",
        "The mean of the squares of the token's numbers is the variance plus the square of the mean.",
        "="
        + "+".join(
            f"SUMPRODUCT(ABS(MMULT({n.x.ref}^2,{_ONES})/{WIDTH}-{n.variance.ref}-{n.mean.ref}^2))"
            for n in _NORMS
        ),
    ),
    Exercise(
        "Score",
        tuple(a.scores[h] for a, h in _HEADS),
        "B52: the query of this row's token, B30 to I30, times the key of this column's, added up and "
        "divided by the square root of 8. Its key is the row of T30 to AA46 whose number, from 0, stands "
        "above; INDEX(area, number + 1, 0) is such a row. Fill it over all 17 × 17 cells; head 2 has the "
        "columns J to Q and AB to AI. The same on Attention 2.",
        "All scores together are what the sum of all queries makes of the sum of all keys; so they are when "
        "each token counts as often as its number says.",
        "="
        + "+".join(
            _scores_off(a, h, numbers) for a, h in _HEADS for numbers in ([1] * TOKENS, range(1, TOKENS + 1))
        ),
    ),
    Exercise(
        "Share",
        tuple(a.shares[h] for a, h in _HEADS),
        "T52: EXP of the score B52 as a share of the sum of EXP of all scores in the row, B52 to R52. Fill "
        "it over all 17 × 17 cells, for both heads, and the same on Attention 2.",
        "Each row sums to 1, and one share is to another as EXP of one score to EXP of the other.",
        "=" + "+".join(_shares_off(a, h) for a, h in _HEADS),
        after="Score",
    ),
    Exercise(
        "Added",
        tuple(result for _, _, result in _SUMMED),
        "On each of the four sheets, the table “added to what came in”: what came in, the first table of the "
        "sheet, plus what was found, the table before this one. On Attention 1 it begins in AL96, with B8 "
        "and T96; on Layers 1 in T74, with B8 and B74.",
        "Less what was found, it is what came in.",
        "=" + "+".join(f"SUMPRODUCT(ABS({r.ref}-{f.ref}-{x.ref}))" for x, f, r in _SUMMED),
        after="Share",
    ),
)
