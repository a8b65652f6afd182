"""mnist_basics.xlsx: a three or a seven? From the distance of pixels to a layer that learns, and to a net.

Each sheet has one function here, in the order of the book. Digit i stands in row i + 4 of Digits and of
Scores; means and weights lie in the columns of the pixels that they belong to.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from openpyxl import Workbook
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Border, Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from xlcicf import words
from xlcicf.formula.address import column_letters
from xlcicf.learn import mnist, threes_sevens, vision
from xlcicf.lessons import resources, weights_card
from xlcicf.lessons.recorded_runs import recorded
from xlcicf.lessons.solver_settings import save_problem
from xlcicf.sheet import chart, parity_block, training_log
from xlcicf.sheet.block import Block, Blocks
from xlcicf.sheet.book import book_of
from xlcicf.sheet.exercise import Exercise
from xlcicf.sheet.front import Front
from xlcicf.sheet.loss_chart import LossAxis
from xlcicf.sheet.page import (
    add_page,
    between,
    choices,
    fill,
    fill_down,
    put,
    put_column,
    put_over,
    put_row,
    put_setting,
)
from xlcicf.sheet.pixels import (
    HIDDEN,
    SIDE,
    Digits,
    blue_and_orange,
    greys,
    lead_to_the_middle,
    outline,
    picture_in_line,
    squares,
    write_picture,
)
from xlcicf.sheet.style import (
    BIT,
    BLUE_TINT,
    DATA,
    DOT_TWO,
    DOT_WHOLE,
    FOUR,
    ORANGE_TINT,
    TENTH_PERCENT,
    THREE,
    TRY,
    TWO,
    WHITE,
    WHOLE,
    WORKING,
    fill_of,
    tint_when,
    weight_scale,
)
from xlcicf.sheet.training_sheet import add_training_page, losses_of, write_logs

SHOWN = mnist.sample().only(3, 7)
LEARN, JUDGE = len(SHOWN.train_x), len(SHOWN.valid_x)  # digits to learn from, digits to judge by
COUNT = LEARN + JUDGE
PIXELS = SIDE * SIDE
UNITS = 30
DIGITS = Digits("Digits", COUNT)
FIRST, LAST = DIGITS.first, DIGITS.first + COUNT - 1
LEARNT_TO, JUDGED_FROM = FIRST + LEARN - 1, FIRST + LEARN


def build() -> Workbook:
    """The workbook with the shipped weights, and with a layer that is still to be trained."""
    pages = (
        a_digit,
        similarity,
        gradient,
        seven_steps,
        mnist_loss,
        linear,
        simple_net,
        learning_curves,
        weights_card.weights_card("linear_3_7", "simple_net"),
        training,
        digits,
        scores,
        weights,
    )
    blocks = [
        MEANS, ABC, SPEED_LOSS, NET.weights, *NET.weights.parts, NET.loss, NET.prediction, NET.accuracy,
        HIDDEN_WEIGHT, HIDDEN_BIAS, OUTPUT, OUTPUT_BIAS, *PARITY.blocks(), RUNS, STEPS, WEIGHTS_BEFORE,
    ]  # fmt: skip
    return book_of(READ_ME, pages, blocks)


# ---- Read me ---------------------------------------------------------------------------------------------

ABOUT = (
    f"A digit is 784 numbers, one a pixel. This book asks {COUNT} digits one question, is it a three or a "
    "seven?, and answers it three times: by the distance from an average three and seven, by one layer of "
    "784 weights that learns, and by a net with thirty hidden units. On the way it shows what a gradient is, "
    "what the seven steps of learning are, and why a loss is not an accuracy."
)
TO_DO = (
    "On A digit, type another number and see a digit as the computer does: 28 × 28 numbers from 0 to 255.",
    "On Similarity, see which mean a digit is nearer to, the three or the seven. No learning, and yet "
    "92.2% are right. No. 244 is a three that one distance takes for a seven and the other does not; type "
    "250: both do.",
    "On Seven steps, type a learning rate of 0.00004: each step then jumps past the valley, and the loss "
    "grows. With 0.00001 it falls from 25,551 to 669, and stays there. Then let xlcicf go on: "
    "xlcicf train mnist_basics.xlsx --objective speed.loss --changing speed.abc --optimizer lbfgs brings it "
    "to 4.89.",
    "On mnist_loss, change the prediction 0.2 to 0.8: the loss falls from 0.4333 to 0.2333. Change it to 0.3 "
    "and then to 0.4: the loss moves, the accuracy does not. That is why a loss is needed.",
    "On Linear, train 784 weights and a bias: close this book and run  xlcicf train mnist_basics.xlsx. "
    "Twenty steps, a few seconds: 35% of the digits to judge by were right, now 95.7% are, and the noise in "
    "the picture of weights has become a three in orange on a seven in blue.",
    "Then type 200 into “steps” on Training and train on: the loss goes on falling, and yet of the digits to "
    "judge by fewer are right, 94.7%: it learns its own by heart. xlcicf undo mnist_basics.xlsx takes a run "
    "back.",
    "On simple_net, see a net's thirty templates, which of them fire for a digit, and what they vote for.",
)
SHEETS = {
    "A digit": "the digit that you pick, as numbers and as ink",
    "Similarity": "the mean three and the mean seven, and which is nearer, by two kinds of distance",
    "Gradient": "x² at 3, a sum of three squares, and nudges beside the slopes",
    "Seven steps": "how a computer finds a curve: a roller coaster's speed, ten steps down the slope",
    "mnist_loss": "a loss that moves when a prediction does, and the sigmoid",
    "Linear": "784 weights as a picture, to be trained; beside them some that learned from 12,396 digits",
    "simple_net": "784 pixels, thirty hidden units, one score",
    "Learning curves": "how well each model does after each epoch, and what fast.ai's book printed",
    weights_card.SHEET: weights_card.ABOUT,
    "Training": "settings, the log of runs, the loss at each step",
    "Digits": f"{LEARN} digits to learn from, then {JUDGE} to judge by; an empty cell is white",
    "Scores": f"all {COUNT} digits: distances, scores, what each model says",
    "Weights": "means and weights, a row each, in the columns of their pixels",
}
KINDS = {
    **dict.fromkeys(
        (
            "A digit",
            "Similarity",
            "Gradient",
            "Seven steps",
            "mnist_loss",
            "Linear",
            "simple_net",
            "Training",
        ),
        TRY,
    ),
    "Digits": DATA,
    **dict.fromkeys(("Scores", "Weights"), WORKING),
}
SOURCE = (
    "The order of ideas is that of chapter 4, “MNIST basics”, of fast.ai's book by Jeremy Howard and Sylvain "
    "Gugger, one of the resources of week 12 of the CI Compass Fellowship. The digits are the threes and "
    "sevens among the first 1,000 training and the first 500 test digits of MNIST (LeCun, Cortes and Burges; "
    "CC BY-SA 3.0). This workbook was made anew by xlcicf, MIT licence; where it says so, weights were "
    "trained on all 12,396 threes and sevens of MNIST."
)


READ_ME = Front(
    title="Is it a three or a seven? The basics, with MNIST's digits",
    about=ABOUT,
    to_do=TO_DO,
    sheets=SHEETS,
    source=SOURCE,
    kinds=KINDS,
    links=resources.of_book("mnist_basics"),
    roles=weights_card.ROLES,
)


# ---- pictures and pieces that several pages have ---------------------------------------------------------

SIGNED = "+0.000;-0.000;0"


def _draw_row(ws: Worksheet, picture: Block, row: Block) -> None:
    """A row of 784 numbers of Weights as a picture."""
    write_picture(ws, picture, lambda i, j: f"={row.cell(0, SIDE * i + j).free}")


def _write_picked(ws: Worksheet, picked: Block, number: int) -> None:
    """The cell with the number of a digit, below its label, and what the digit is."""
    row = picked.area.top
    put(ws, f"A{row}", "digit No.", "Label")
    put_setting(
        ws, picked.corner, number, f"A whole number from 1 to {COUNT}.", between(1, COUNT, whole=True)
    )
    put(ws, f"A{row + 1}", "it is a", "Label")
    put(ws, f"B{row + 1}", f"=INDEX({DIGITS.labels.ref},{picked.local})", "Formula", WHOLE, "center")


def _names_of_pixels() -> list[str]:
    return [f"{i + 1},{j + 1}" for i in range(SIDE) for j in range(SIDE)]


# ---- Digits ----------------------------------------------------------------------------------------------


def digits(workbook: Workbook) -> None:
    """The digits that everything here is about."""
    images = np.concatenate([SHOWN.train_x, SHOWN.valid_x])
    DIGITS.write(
        workbook,
        f"{COUNT} threes and sevens",
        f"A digit a row: what it is, then its 784 pixels, line by line, from 0 for white, left empty, to 255 "
        f"for black. Models learn from No. 1 to {LEARN} and are judged by No. {LEARN + 1} to {COUNT}.",
        images,
        np.concatenate([SHOWN.train_y, SHOWN.valid_y]),
    )


def _learning(block: Block) -> Block:
    """The part of a block of all digits that models learn from."""
    return Block(f"{block.name}.learn", block.sheet, block.corner, LEARN, block.cols)


def _judging(block: Block) -> Block:
    """The part that models are judged by."""
    return Block(f"{block.name}.judge", block.sheet, f"{block.letters}{JUDGED_FROM}", JUDGE, block.cols)


# ---- Weights ---------------------------------------------------------------------------------------------


def _by_pixel(name: str, row: int, rows: int = 1) -> Block:
    """Rows of numbers in the columns of the pixels on Digits."""
    return Block(name, "Weights", f"C{row}", rows, PIXELS)


MEANS = _by_pixel("mean", 6, 2)  # of threes, of sevens
TRAINED = _by_pixel("trained.linear.weight", 16)
TRAINED_BIAS = Block("trained.linear.bias", "Weights", "B16")
HIDDEN_WEIGHT = _by_pixel("simple_net.hidden.weight", 21, UNITS)
HIDDEN_BIAS = Block("simple_net.hidden.bias", "Weights", "B21", UNITS)
OUTPUT = Block("simple_net.output.weight", "Weights", "C55", 1, UNITS)
OUTPUT_BIAS = Block("simple_net.output.bias", "Weights", "B55")


class Linear:
    """Where the layer that the book trains has its blocks: the picture of its weights is the weights."""

    weight = replace(picture_in_line("Linear", 1, 5, "E"), name="linear.weight")
    bias = Block("linear.bias", "Linear", "B15")
    by_pixel = _by_pixel("linear.by_pixel", 11)  # the same weights in a row, for Scores
    prediction = Block(words.NET_PREDICTION, "Scores", f"N{FIRST}", LEARN)
    loss = Block(words.NET_LOSS, "Linear", "B11")
    accuracy = Block(words.NET_ACCURACY, "Linear", "B13")
    weights = Blocks(words.WEIGHTS, (weight, bias))  # the name that all of xlcicf's books have for it


NET = Linear()
AFTER = Blocks(
    words.PARITY_WEIGHTS, (picture_in_line("Linear", 0, 36, "E"), Block("after.bias", "Linear", "C15"))
)


def weights(workbook: Workbook) -> None:
    """The two means, the layer to train, and the shipped weights as torch's state_dict has them."""
    ws = add_page(
        workbook,
        "Weights",
        "Means and weights",
        "For Similarity, Linear and simple_net, which show these rows as pictures, and for Scores, which "
        "computes with them: 784 numbers each, line by line from the top left.",
        widths="A=22 B=9 C:ADF=7.5",
        print_area="A1:N55",
        frozen="C4",
        zoom=80,
    )
    names, units = _names_of_pixels(), [f"unit {unit}" for unit in range(1, UNITS + 1)]
    for row, title, second, columns in (
        (4, f"The mean of each kind among the {LEARN} digits to learn from", "digit", names),
        (9, "One layer, yours to train: the picture on Linear in a row", "bias", names),
        (14, "One layer that learned from 12,396 digits", "bias", names),
        (19, "simple_net, the first layer: 784 pixels to 30 hidden units", "bias", names),
        (53, "simple_net, the second layer: 30 hidden units to one score", "bias", units),
    ):
        put(ws, f"A{row}", title, "Section")
        put_row(ws, f"A{row + 1}", ["", second, *columns], "Column header")
    _write_means(ws)
    _write_by_pixel(ws)
    linear, deep = vision.weights("linear_3_7"), vision.weights("simple_net")
    for label, weight, its_bias, numbers, biases in (
        ("trained", TRAINED, TRAINED_BIAS, _rows(linear["output.weight"]), _column(linear["output.bias"])),
        ("", HIDDEN_WEIGHT, HIDDEN_BIAS, _rows(deep["hidden.weight"]), _column(deep["hidden.bias"])),
        ("score", OUTPUT, OUTPUT_BIAS, _rows(deep["output.weight"]), _column(deep["output.bias"])),
    ):
        for i in range(weight.rows):
            put(ws, f"A{weight.area.top + i}", label or units[i], "Label")
        fill(ws, its_bias, biases, "Weight", THREE)
        fill(ws, weight, numbers, "Weight", THREE)
        weight_scale(ws, weight.local)
    greys(ws, MEANS)
    lead_to_the_middle(ws, MEANS, "A3", OUTPUT.area.bottom)


def _write_by_pixel(ws: Worksheet) -> None:
    """The weights of Linear, line after line in one row."""
    put(ws, "A11", "as on Linear", "Label")
    put(ws, "B11", f"={NET.bias.ref}", "Formula", THREE)
    copies = [f"={NET.weight.cell(i, j).free}" for i in range(SIDE) for j in range(SIDE)]
    fill(ws, NET.by_pixel, [copies], "Formula", THREE)
    weight_scale(ws, NET.by_pixel.local)


def _rows(values: np.ndarray) -> list[list[float]]:
    return values.astype(float).tolist()


def _column(values: np.ndarray) -> list[list[float]]:
    return values[:, None].astype(float).tolist()


def _write_means(ws: Worksheet) -> None:
    labels = _learning(DIGITS.labels).ref
    for row, digit, name in ((6, 3, "mean three"), (7, 7, "mean seven")):
        put(ws, f"A{row}", name, "Label")
        put(ws, f"B{row}", digit, "Data", WHOLE, "center")
        for j in range(PIXELS):
            letters = column_letters(3 + j)
            pixels = f"{DIGITS.sheet}!{letters}${FIRST}:{letters}${LEARNT_TO}"
            mean = f"=SUMPRODUCT(({labels}=$B{row})*{pixels})/COUNTIFS({labels},$B{row})/255"
            put(ws, f"{letters}{row}", mean, "Formula", THREE)


# ---- A digit ---------------------------------------------------------------------------------------------

PICKED = Block("digit.picked", "A digit", "B4")
LARGE = Block("digit.picture", "A digit", "D4", SIDE, SIDE)
DIGIT_NOTES = (
    "Each cell is a pixel: 0 for white, 255 for black. That is all that a computer sees of a digit.",
    "The shade is a rule of the sheet (Home > Conditional Formatting) that looks at the number.",
    "Click a cell: it looks its number up on Digits, where the 784 pixels of a digit stand in one row.",
    "Models here take pixels from 0 to 1: each number divided by 255.",
)


def a_digit(workbook: Workbook) -> None:
    """The digit that is picked, its numbers on its ink."""
    ws = add_page(
        workbook,
        "A digit",
        "A digit is a table of numbers",
        "The computer gets 28 × 28 numbers. Pick another digit: type its number into the yellow cell.",
        widths="A=15 B=9 C=2",
        print_area=f"A1:AE{LARGE.area.bottom + 6}",
        zoom=80,
    )
    _write_picked(ws, PICKED, 1)
    for row, label, formula, number_format in (
        (7, "pixels", f"=ROWS({LARGE.local})*COLUMNS({LARGE.local})", WHOLE),
        (8, "pixels with ink", f"=SUMPRODUCT(({LARGE.local}>0)*1)", WHOLE),
        (9, "the darkest", f"=MAX({LARGE.local})", WHOLE),
        (10, "their mean", f"=SUM({LARGE.local})/B7", TWO),
    ):
        put(ws, f"A{row}", label, "Label")
        put(ws, f"B{row}", formula, "Formula", number_format)
    table, number = DIGITS.pixels.ref, PICKED.local
    rows = [[f"=0+INDEX({table},{number},{SIDE * i + j + 1})" for j in range(SIDE)] for i in range(SIDE)]
    fill(ws, LARGE, rows, "Formula", DOT_WHOLE, "center")
    squares(ws, LARGE, width=4)
    greys(ws, LARGE, black=255)
    first = LARGE.corner
    on_black = FormulaRule(formula=[f"{first}>110"], font=Font(color=WHITE))
    ws.conditional_formatting.add(LARGE.local, on_black)
    put_column(ws, f"A{LARGE.area.bottom + 2}", DIGIT_NOTES, "Page note")


# ---- Scores ----------------------------------------------------------------------------------------------


def _down(name: str, letters: str, cols: int = 1) -> Block:
    """Columns of Scores, a digit a row."""
    return Block(f"scores.{name}", "Scores", f"{letters}{FIRST}", COUNT, cols)


IS_THREE = _down("three", "C")
ABSOLUTE, ROOT = _down("absolute", "D", 2), _down("root", "F", 2)  # distances to the mean three, seven
BY_ABSOLUTE, BY_ROOT = _down("by_absolute", "H"), _down("by_root", "I")
SCORE, PROBABILITY, LOSS, SAYS = (
    _down(n, x) for n, x in zip(("score", "p", "loss", "says"), "MNOP", strict=True)
)
TRAINED_SCORE, TRAINED_LOSS, TRAINED_SAYS = (
    _down(f"trained.{n}", x) for n, x in zip(("score", "loss", "says"), "QRS", strict=True)
)
NET_SCORE, NET_SAYS, NET_HIDDEN = (  # of the digits to judge by
    Block(f"scores.{n}", "Scores", f"{x}{JUDGED_FROM}", JUDGE, cols)
    for n, x, cols in (("net.score", "T", 1), ("net.says", "U", 1), ("net.h", "W", UNITS))
)
SCORE_COLUMNS = {  # letter -> header
    "A": "No.", "B": "digit", "C": "is a three", "D": "absolute, to three", "E": "absolute, to seven",
    "F": "RMS, to three", "G": "RMS, to seven", "H": "nearer, absolute", "I": "nearer, RMS",
    "M": "score", "N": "probability", "O": "loss", "P": "says three",
    "Q": "score", "R": "loss", "S": "says three", "T": "score", "U": "says three",
}  # fmt: skip


def scores(workbook: Workbook) -> None:
    """Every digit's distances and scores, and what each model says."""
    ws = add_page(
        workbook,
        "Scores",
        f"All {COUNT} digits: what each model says",
        "Worked out for Similarity, Linear and simple_net, where the shares of right answers stand. 1 is "
        f"three, 0 seven; wrong answers are tinted. From No. {LEARN + 1} on, nothing was learned from.",
        widths="A:B=6 C=7 D:G=10 H:I=9 J:L=1.5 M:O=10 P=9 Q:R=10 S=9 T=10 U=9 V=1.5 W:AZ=7",
        print_area=f"A1:U{LAST}",
        frozen=f"D{FIRST}",
        zoom=80,
    )
    for letter, text in (
        ("D", "Pixel similarity"), ("M", "One layer, yours to train"), ("Q", "trained on 12,396"),
        ("T", "simple_net"), ("W", f"simple_net's thirty hidden units, for the {JUDGE} digits to judge by"),
    ):  # fmt: skip
        put(ws, f"{letter}{FIRST - 2}", text, "Section")
    for letter, header in SCORE_COLUMNS.items():
        put(ws, f"{letter}{FIRST - 1}", header, "Column header")
    put_row(ws, f"W{FIRST - 1}", [f"h {unit}" for unit in range(1, UNITS + 1)], "Column header")
    ws.row_dimensions[FIRST - 1].height = 26
    _write_distances(ws)
    _write_scores(ws)
    for block in (BY_ABSOLUTE, BY_ROOT, SAYS, TRAINED_SAYS, NET_SAYS):
        row = block.area.top
        tint_when(ws, block.local, f"{block.letters}{row}<>$C{row}", good=False)


def _pixels() -> str:
    """A digit's 784 pixels, in a formula that is filled down Scores."""
    return f"{DIGITS.sheet}!{DIGITS.pixels.on_row('{row}')}"


def _write_distances(ws: Worksheet) -> None:
    for k in range(2):
        off = f"({_pixels()}/255-{MEANS.row(k).ref})"
        fill_down(ws, ABSOLUTE.col(k), f"=SUMPRODUCT(ABS{off})/{PIXELS}", "Formula", FOUR)
        fill_down(ws, ROOT.col(k), f"=SQRT(SUMPRODUCT({off}^2)/{PIXELS})", "Formula", FOUR)
    for block, formula, *look in (
        (_down("number", "A"), f"={DIGITS.sheet}!A{{row}}", WHOLE, "center"),
        (_down("digit", "B"), f"={DIGITS.sheet}!B{{row}}", WHOLE, "center"),
        (IS_THREE, "=IF(B{row}=3,1,0)", *BIT),
        (BY_ABSOLUTE, "=IF(D{row}<E{row},1,0)", *BIT),
        (BY_ROOT, "=IF(F{row}<G{row},1,0)", *BIT),
    ):
        fill_down(ws, block, formula, "Formula", *look)


def _write_scores(ws: Worksheet) -> None:
    for block, weight, bias in ((SCORE, NET.by_pixel, NET.bias), (TRAINED_SCORE, TRAINED, TRAINED_BIAS)):
        product = f"SUMPRODUCT({_pixels()},{weight.ref})/255"
        fill_down(ws, block, f"={product}+{bias.ref}", "Formula", THREE)
    hidden = f"{NET_HIDDEN.on_row('{row}')}"
    fill_down(ws, NET_SCORE, f"=SUMPRODUCT({hidden},{OUTPUT.ref})+{OUTPUT_BIAS.ref}", "Formula", THREE)
    for unit in range(UNITS):
        product = f"SUMPRODUCT({_pixels()},{HIDDEN_WEIGHT.row(unit).ref})/255"
        fill_down(
            ws, NET_HIDDEN.col(unit), f"=MAX(0,{product}+{HIDDEN_BIAS.cell(unit, 0).ref})", "Formula", DOT_TWO
        )
    sigmoid = "1/(1+EXP(0-Q{row}))"
    for block, formula, *look in (
        (PROBABILITY, "=1/(1+EXP(0-M{row}))", FOUR),
        (LOSS, "=IF(C{row}=1,1-N{row},N{row})", FOUR),
        (SAYS, "=IF(M{row}>0,1,0)", *BIT),
        (TRAINED_LOSS, f"=IF(C{{row}}=1,1-{sigmoid},{sigmoid})", FOUR),
        (TRAINED_SAYS, "=IF(Q{row}>0,1,0)", *BIT),
        (NET_SAYS, "=IF(T{row}>0,1,0)", *BIT),
    ):
        fill_down(ws, block, formula, "Formula", *look)


def _as_it_is(block: Block) -> Block:
    """The part that models are judged by, of columns that may have no other."""
    return block if block.rows == JUDGE else _judging(block)


def _right(says: Block, among: Callable[[Block], Block], label: int | None = None) -> str:
    """The share of digits, all or those with a label, a model is right about, as a part of a formula."""
    said, is_three = among(says).ref, among(IS_THREE).ref
    if label is None:
        return f"SUMPRODUCT(({said}={is_three})*1)/ROWS({said})"
    three = int(label == 3)
    return f"COUNTIFS({said},{three},{is_three},{three})/COUNTIFS({is_three},{three})"


# ---- Similarity ------------------------------------------------------------------------------------------

NEAR_PICKED = Block("similarity.picked", "Similarity", "B4")
NEAR_DIGIT, NEAR_THREE, NEAR_SEVEN = (picture_in_line("Similarity", k, 5, "F") for k in range(3))
OFF_THREE, OFF_SEVEN = (picture_in_line("Similarity", k, 36, "F") for k in (1, 2))
DISTANCES = Block("similarity.distances", "Similarity", "B9", 2, 2)
SHARES = Block("similarity.shares", "Similarity", "B16", 2, 3)
WIDE = 1.9  # width of a pixel where pictures stand beside text: their rows are as high as a line of text
FAST_AI_SHARES = (0.9168, 0.9854, 0.9511)
SIMILARITY_NOTES = (
    f"The mean three: each pixel is the average of that pixel in all threes among the {LEARN} digits to "
    "learn from. Blurred, since no two people write alike. The same for sevens.",
    "Absolute: how far each pixel is from the mean's, without its sign, on average. Also called L1.",
    "RMS: the root of the mean of the squared differences. Also called L2; it punishes a few large "
    "differences more than many small ones.",
    "The digit is taken for what it is nearer to. No weights, nothing is learned but two averages.",
    "A baseline: whatever is learned later must do better than this, else it was not worth the trouble.",
)


def similarity(workbook: Workbook) -> None:
    """The picked digit beside the mean three and the mean seven; which is nearer, for all digits."""
    ws = add_page(
        workbook,
        "Similarity",
        "Nearer to the mean three or to the mean seven?",
        "The simplest idea first: average all threes, average all sevens, see which of both a digit is like.",
        widths="A=25 B:D=11 E=2",
        print_area=f"A1:{column_letters(OFF_SEVEN.area.right)}{OFF_SEVEN.area.bottom}",
        zoom=70,
    )
    _write_picked(ws, NEAR_PICKED, 244)
    _write_picked_picture(ws, NEAR_DIGIT, NEAR_PICKED)
    for k, (picture, off, name) in enumerate(
        ((NEAR_THREE, OFF_THREE, "mean three"), (NEAR_SEVEN, OFF_SEVEN, "mean seven"))
    ):
        _draw_row(ws, picture, MEANS.row(k))
        write_picture(
            ws,
            off,
            lambda i, j, p=picture: f"=ABS({NEAR_DIGIT.cell(i, j).free_local}-{p.cell(i, j).free_local})",
        )
        for block in (picture, off):
            squares(ws, block, WIDE)
            greys(ws, block)
        put_over(ws, picture, f"the {name}")
        put_over(ws, off, f"how far each pixel is from the {name}")
    _write_how_far(ws)
    _write_shares(ws)
    _write_texts(ws, 23, "D", SIMILARITY_NOTES)


def _write_picked_picture(ws: Worksheet, picture: Block, picked: Block) -> None:
    DIGITS.write_picked(ws, picture, picked.local, width=WIDE)
    put_over(ws, picture, f'="the digit No. "&{picked.local}')


def _write_how_far(ws: Worksheet) -> None:
    put_row(
        ws, "A8", ["distance of the digit", "to mean three", "to mean seven", "so it is a"], "Column header"
    )
    for row, label in ((9, "absolute"), (10, "RMS")):
        put(ws, f"A{row}", label, "Label")
        put(ws, f"D{row}", f"=IF(B{row}<C{row},3,7)", "Result", WHOLE, "center")
    for k, mean in enumerate((NEAR_THREE, NEAR_SEVEN)):
        off = f"({NEAR_DIGIT.local}-{mean.local})"
        put(ws, DISTANCES.cell(0, k).corner, f"=SUMPRODUCT(ABS{off})/{PIXELS}", "Formula", FOUR)
        put(ws, DISTANCES.cell(1, k).corner, f"=SQRT(SUMPRODUCT({off}^2)/{PIXELS})", "Formula", FOUR)
    put(ws, "A11", "a three of fast.ai's, absolute", "Label")
    put(ws, "A12", "the same, RMS", "Label")
    for row, known in ((11, (0.1114, 0.1586)), (12, (0.2021, 0.3021))):
        put_row(ws, f"B{row}", known, "Data", FOUR)


def _write_shares(ws: Worksheet) -> None:
    put(ws, "A14", f"Right, of the {JUDGE} digits to judge by", "Section")
    put_row(ws, "A15", ["by distance", "threes", "sevens", "mean of both"], "Column header")
    for row, label, says in ((16, "absolute", BY_ABSOLUTE), (17, "RMS", BY_ROOT)):
        put(ws, f"A{row}", label, "Label")
        for letter, digit in (("B", 3), ("C", 7)):
            put(ws, f"{letter}{row}", f"={_right(says, _judging, digit)}", "Result", PERCENT_2)
        put(ws, f"D{row}", f"=(B{row}+C{row})/2", "Result", PERCENT_2)
    put(ws, "A18", "all of MNIST's, absolute", "Label")
    put_row(ws, "B18", FAST_AI_SHARES, "Data", PERCENT_2)
    put(ws, "A19", "That is fast.ai's figure, for means of 12,396 digits", "Page note")
    put(ws, "A20", "and 2,038 to judge by. More digits, a better mean.", "Page note")


PERCENT_2 = "0.00%"


def _write_texts(ws: Worksheet, row: int, to: str, notes: tuple[str, ...], lines: int = 4) -> None:
    """Notes of a few lines each below each other, from column A to column `to`."""
    for top, text in zip(range(row, row + len(notes) * lines, lines), notes, strict=True):
        put(ws, f"A{top}", text, "Text")
        ws.merge_cells(f"A{top}:{to}{top + lines - 1}")


# ---- Gradient --------------------------------------------------------------------------------------------

ONE_X, THREE_X = Block("gradient.x", "Gradient", "B6"), Block("gradient.xs", "Gradient", "B15", 1, 3)
NUDGE = Block("gradient.h", "Gradient", "B10")
GRID = Block("gradient.grid", "Gradient", "G6", 31, 3)  # x, x², the line that touches x² at your x
GRADIENT_NOTES = (
    "The slope says how much the result changes for a small change of x: at 3 it is 6, six times as much.",
    "By calculus: x² has the slope 2x. By a nudge: see how much the result changes, divide by the nudge.",
    "With three numbers there are three slopes. All of them together are called the gradient.",
    "Each slope is that of its own number while the others stand still: of a² + b² + c² it is 2a, 2b and 2c.",
    "torch has them by calculus too: it calls that backward, and leaves the slopes in grad.",
)


def gradient(workbook: Workbook) -> None:
    """The slope of x², the three of a sum of squares, each beside its nudge."""
    ws = add_page(
        workbook,
        "Gradient",
        "A gradient: how much the result changes when a number does",
        "Two small examples with slopes that are known, and nudges that find them without knowing.",
        widths="A=25 B:D=12 E=12 F=2 G:I=9 J=2 K:S=9",
        print_area="A1:S36",
        zoom=90,
    )
    put(ws, "A4", "One number: x²", "Section")
    for row, label, formula, style, number_format in (
        (7, "x²", f"={ONE_X.local}^2", "Formula", "General"),
        (8, "slope by calculus, 2x", f"=2*{ONE_X.local}", "Result", "General"),
        (9, "slope by a nudge", _nudged("{x}^2", ONE_X.local), "Formula", SIX_OR_LESS),
    ):
        put(ws, f"A{row}", label, "Label")
        put(ws, f"B{row}", formula, style, number_format)
    for row, label, cell, value, hint, rule in (
        (6, "x", ONE_X.corner, 3, "A number from −5 to 5.", between(-5, 5)),
        (10, "the nudge h", NUDGE.corner, 0.0001, "A small number, such as 0.0001.", between(1e-7, 1)),
    ):
        put(ws, f"A{row}", label, "Label")
        put_setting(ws, cell, value, hint, rule)
    put(ws, "A13", "Three numbers: a² + b² + c²", "Section")
    put_row(ws, "B14", ["a", "b", "c", "sum of squares"], "Column header")
    put_column(ws, "A15", ("yours", "slope by calculus", "slope by a nudge"), "Label")
    for letter, value in zip("BCD", (3, 4, 10), strict=True):
        put_setting(ws, f"{letter}15", value, "A number from −20 to 20.", between(-20, 20))
        put(ws, f"{letter}16", f"=2*{letter}15", "Result", "General")
        total = f"SUMPRODUCT({THREE_X.local}^2)-{letter}15^2+"
        put(ws, f"{letter}17", _nudged(total + "{x}^2", f"{letter}15"), "Formula", SIX_OR_LESS)
    put(ws, "E15", f"=SUMPRODUCT({THREE_X.local}^2)", "Formula", "General")
    _write_touching_line(ws)
    _write_texts(ws, 20, "E", GRADIENT_NOTES, lines=3)


SIX_OR_LESS = "0.######"


def _nudged(formula: str, x: str) -> str:
    """By a nudge up and one down: the difference of the results, divided by the two nudges."""
    up, down = (formula.format(x=f"({x}{sign}{NUDGE.local})") for sign in "+-")
    return f"=(({up})-({down}))/(2*{NUDGE.local})"


def _write_touching_line(ws: Worksheet) -> None:
    put_row(ws, "G5", ["x", "x²", "the slope"], "Column header")
    fill(ws, GRID.col(0), [[round(-6 + 0.4 * k, 1)] for k in range(GRID.rows)], "Data", "0.0", "center")
    fill_down(ws, GRID.col(1), "=G{row}^2", "Formula", TWO)
    touching = f"={ONE_X.local}^2+2*{ONE_X.local}*(G{{row}}-{ONE_X.local})"
    fill_down(ws, GRID.col(2), touching, "Formula", TWO)
    chart.curves_chart(
        ws, "K4", (560, 420), "x², and its slope where you are",
        "A parabola, x squared, and the straight line that touches it at your x; its slope is the slope.",
        [chart.Curve("x²", GRID.col(0), GRID.col(1)), chart.Curve("slope at x", GRID.col(0), GRID.col(2))],
        axes=("x", "x²"), heights=(-20, 40),
    )  # fmt: skip


# ---- Seven steps -----------------------------------------------------------------------------------------

STEPS_SHEET = "Seven steps"
TIMES = 20
LAST_STEP = 10
SEVEN = (
    ("1 Initialise", "begin with some a, b, c"),
    ("2 Predict", "the curve's speed at each time"),
    ("3 Loss", "how far off: the mean squared error"),
    ("4 Gradient", "which way the loss grows"),
    ("5 Step", "a little the other way"),
    ("6 Repeat", "back to 2"),
    ("7 Stop", "when it is good enough"),
)


def _on_steps(name: str, corner: str, rows: int = 1, cols: int = 1) -> Block:
    return Block(f"speed.{name}", STEPS_SHEET, corner, rows, cols)


ABC, SPEED_LOSS, RATE = _on_steps("abc", "B9", 1, 3), _on_steps("loss", "B12"), _on_steps("rate", "B15")
ABC_SLOPES, ABC_NUDGES, ABC_AFTER = (
    _on_steps(n, f"B{row}", 1, 3) for n, row in (("slope", 13), ("nudge", 14), ("after", 16))
)
TIME, SPEED, SPEED_NOW, SPEED_ERROR = (
    _on_steps(n, f"{x}21", TIMES) for n, x in zip(("time", "speed", "now", "error"), "ABCD", strict=True)
)
AT_STEP = _on_steps("at_step", "E21", TIMES, 4)  # the curve after 1, 2, 3 and 10 steps
SHOWN_STEPS = (1, 2, 3, LAST_STEP)
DOWN = _on_steps("steps", "K30", LAST_STEP + 1, 8)  # step; a, b, c; loss; its slopes
POWERS = (f"{TIME.local}^2", TIME.local, "1")  # what a, b and c are multiplied by
FAST_AI_LOSSES = (25823.8, 5435.5, 1577.4, 847.4, 709.2, 683.1, 678.1)  # of its own points and start
STEP_NOTES = (
    "The speed was measured twenty times while a roller coaster went over a hump. The curve a·t² + b·t + c "
    "is to meet the points.",
    "Ten steps bring the loss from 25,551 to 669, then it hardly moves: a, which t² multiplies, bears far "
    "shorter steps than c does, and one learning rate must do for both. The best curve has a loss of 4.89.",
    "To go on from where the steps end, type the last line's a, b and c above, or train: xlcicf train "
    "mnist_basics.xlsx --objective speed.loss --changing speed.abc --optimizer lbfgs",
)


def seven_steps(workbook: Workbook) -> None:
    """The seven steps as boxes, then each of them in cells: a quadratic through twenty speeds."""
    ws = add_page(
        workbook,
        STEPS_SHEET,
        "How a computer learns, in seven steps",
        "The same seven steps train a curve of three numbers here, and nets of millions elsewhere.",
        widths="A=24 B:D=12 E:H=10 I=2 J=2 K=7 L:N=11 O=12 P:R=12 S=14",
        print_area="A1:S45",
        zoom=80,
    )
    _write_boxes(ws)
    _write_three_numbers(ws)
    _write_speeds(ws)
    _write_way_down(ws)
    curves = [
        chart.Curve("speeds", TIME, SPEED, dots=True),
        chart.Curve("your a, b, c", TIME, SPEED_NOW),
        *(chart.Curve(f"after step {n}", TIME, AT_STEP.col(k)) for k, n in enumerate(SHOWN_STEPS) if k != 2),
    ]
    chart.curves_chart(
        ws, "J7", (700, 400), "The roller coaster's speed, and the curve on its way to it",
        "Dots: twenty measured speeds. Lines: the curve with your a, b and c, and after steps 1, 2 and 10.",
        curves, axes=("time", "speed"), heights=(-50, 150),
    )  # fmt: skip
    put_column(ws, "A43", STEP_NOTES, "Page note")


def _write_boxes(ws: Worksheet) -> None:
    """The steps as a row of boxes with arrows, the way back below them."""
    boxes = ("A4", "B4", "D4", "F4", "K4", "N4", "Q4")
    ends = ("A4", "C4", "E4", "H4", "M4", "P4", "R4")
    for (name, text), first, last in zip(SEVEN, boxes, ends, strict=True):
        arrow = "" if name.startswith("7") else "  →"
        put(ws, first, f"{name}: {text}{arrow}", "Column header")
        if first != last:
            ws.merge_cells(f"{first}:{last}")
    ws.row_dimensions[4].height = 30
    put(ws, "B5", "↑  from 6 back to 2, as long as the loss falls  ←", "Page note")


def _write_three_numbers(ws: Worksheet) -> None:
    """a, b, c, the loss, its slopes and nudges, the rate, the numbers after one step."""
    put(ws, "A7", "speed = a·t² + b·t + c", "Section")
    put_row(ws, "B8", "abc", "Column header")
    for row, label in (
        (9, "1 yours to move"), (12, "3 loss"), (13, "4 slope of the loss"), (14, "   by a nudge of 0.001"),
        (15, "learning rate"), (16, "5 after one step"),
    ):  # fmt: skip
        put(ws, f"A{row}", label, "Label")
    fill(ws, ABC, [[1, 1, 1]], "Weight", FOUR)
    put(ws, SPEED_LOSS.corner, f"=SUMPRODUCT({SPEED_ERROR.local}^2)/ROWS({TIME.local})", "Result", TWO)
    put_setting(ws, RATE.corner, 0.00001, "From 0 to 0.001; try 0.00004.", between(0, 0.001), "0.000000")
    for k, power in enumerate(POWERS):
        error = SPEED_ERROR.local
        here, slope = ABC.cell(0, k).local, ABC_SLOPES.cell(0, k)
        put(ws, slope.corner, f"={_slope(error, power)}", "Result", TWO)
        up, down = (f"SUMPRODUCT(({error}{sign}0.001*{power})^2)" for sign in "+-")
        nudge = f"=({up}-{down})/(0.002*ROWS({TIME.local}))"
        put(ws, ABC_NUDGES.cell(0, k).corner, nudge, "Formula", TWO)
        put(ws, ABC_AFTER.cell(0, k).corner, f"={here}-{RATE.local}*{slope.local}", "Formula", FOUR)
    start, end = DOWN.cell(0, 4).local, DOWN.cell(LAST_STEP, 4).local
    words = '"the ten steps lower the loss","the ten steps raise the loss: the rate is too large"'
    put(ws, "A17", f"=IF({end}<{start},{words})", "Status")
    ws.merge_cells("A17:D17")
    tint_when(ws, "A17", f"{end}<{start}", good=True)
    tint_when(ws, "A17", f"{end}>={start}", good=False)


def _slope(errors: str, power: str) -> str:
    """The loss's derivative by the number that is multiplied by `power`, where the curve is so far off."""
    return f"SUMPRODUCT(2*{errors}*{power})/ROWS({TIME.local})"


def _write_speeds(ws: Worksheet) -> None:
    put(ws, "A19", "2 Predict: the points, and the curve", "Section")
    heads = ["time t", "speed", "curve now", "error", *(f"after step {n}" for n in SHOWN_STEPS)]
    put_row(ws, "A20", heads, "Column header")
    for block, values in zip((TIME, SPEED), threes_sevens.speeds(), strict=True):
        fill(ws, block, values[:, None].tolist(), "Data", "General")
    curves = [(SPEED_NOW, ABC), *((AT_STEP.col(k), _numbers_at(n)) for k, n in enumerate(SHOWN_STEPS))]
    for column, numbers in curves:
        a, b, c = (numbers.cell(0, k).local for k in range(3))
        fill_down(ws, column, f"={a}*$A{{row}}^2+{b}*$A{{row}}+{c}", "Formula", TWO)
    fill_down(ws, SPEED_ERROR, "=C{row}-B{row}", "Formula", TWO)


def _numbers_at(step: int) -> Block:
    """a, b and c where a step begins."""
    first = DOWN.cell(step, 1)
    return Block("numbers", STEPS_SHEET, first.corner, 1, 3)


def _write_way_down(ws: Worksheet) -> None:
    """A line a step: a, b and c, the loss and its slopes there; beside the first ones, fast.ai's losses."""
    top = DOWN.area.top
    put(ws, f"K{top - 2}", "6 Repeat: ten steps", "Section")
    heads = ["step", "a", "b", "c", "loss", "slope of a", "slope of b", "slope of c", "loss, fast.ai's"]
    put_row(ws, f"K{top - 1}", heads, "Column header")
    for step in range(LAST_STEP + 1):
        row = top + step
        put(ws, f"K{row}", step, "Formula", WHOLE, "center")
        errors = f"($L{row}*{TIME.local}^2+$M{row}*{TIME.local}+$N{row}-{SPEED.local})"
        for k, (value, slope) in enumerate(zip("LMN", "PQR", strict=True)):
            here = f"{value}{row - 1}-{RATE.local}*{slope}{row - 1}" if step else ABC.cell(0, k).local
            put(ws, f"{value}{row}", f"={here}", "Formula", FOUR)
            put(ws, f"{slope}{row}", f"={_slope(errors, POWERS[k])}", "Formula", TWO)
        put(ws, f"O{row}", f"=SUMPRODUCT({errors}^2)/ROWS({TIME.local})", "Result", TWO)
    put_column(ws, f"S{top}", FAST_AI_LOSSES, "Data", "0.0")


# ---- mnist_loss ------------------------------------------------------------------------------------------

LOSS_SHEET = "mnist_loss"
PREDICTED, TARGET, POINT_LOSS = (
    Block(f"loss.{n}", LOSS_SHEET, f"{x}6", 3)
    for n, x in zip(("prediction", "target", "loss"), "BCD", strict=True)
)
RAW, RAW_TARGET, RAW_SIGMOID, RAW_LOSS = (
    Block(f"raw.{n}", LOSS_SHEET, f"{x}17", 3)
    for n, x in zip(("score", "target", "sigmoid", "loss"), "BCDE", strict=True)
)
CURVE = Block("sigmoid.curve", LOSS_SHEET, "H6", 33, 3)  # score, sigmoid, its slope
LOSS_NOTES = (
    "The loss of a digit: how far the prediction is from its target. 1 − prediction where it is a three, the "
    "prediction itself where it is a seven. The loss of all is the mean.",
    "Accuracy counts who is on the right side of 0.5. It stands still until a prediction crosses over, and "
    "then it jumps: its slope is 0 nearly everywhere, and no step can follow it. Try 0.2, 0.3, 0.4, 0.6.",
    "The sigmoid, 1 ÷ (1 + EXP(−score)), brings any score between 0 and 1; a score of 0 becomes 0.5. Far out "
    "it is flat: a digit that is very wrong has a small slope, and learns slowly.",
)


def mnist_loss(workbook: Workbook) -> None:
    """Three predictions and their loss; the slope that a loss has and an accuracy lacks; the sigmoid."""
    ws = add_page(
        workbook,
        LOSS_SHEET,
        "A loss that moves when a prediction does",
        "What training makes small must change a little when a weight changes a little. The share of right "
        "answers does not.",
        widths="A=24 B:E=12 F:G=2 H:J=10 K=2 L:T=9",
        print_area="A1:T44",
        zoom=90,
    )
    put(ws, "A4", "Three predictions", "Section")
    put_row(ws, "A5", ["", "prediction", "target", "loss", "right"], "Column header")
    for row, (value, target) in enumerate(((0.9, 1), (0.4, 0), (0.2, 1)), 6):
        put(ws, f"A{row}", f"digit {row - 5}", "Label")
        _write_setting(ws, f"B{row}", value, "A prediction, 0 to 1.", between(0, 1))
        _write_setting(ws, f"C{row}", target, "1 for a three, 0 for a seven.", choices(0, 1))
    fill_down(ws, POINT_LOSS, "=IF(C{row}=1,1-B{row},B{row})", "Formula", "0.0###")
    right = Block("loss.right", LOSS_SHEET, "E6", 3)
    fill_down(ws, right, "=IF(C{row}=IF(B{row}>0.5,1,0),1,0)", "Formula", *BIT)
    put(ws, "A9", "mean: loss, accuracy", "Label")
    put(ws, "D9", f"=SUM({POINT_LOSS.local})/ROWS({POINT_LOSS.local})", "Result", FOUR)
    put(ws, "E9", f"=SUM({right.local})/ROWS({right.local})", "Result", TENTH_PERCENT)
    put(ws, "A10", "slope by digit 3's prediction", "Label")
    nudged = "IF($C$8=1,1-($B$8{0}0.001),$B$8{0}0.001)"
    put(ws, "D10", f"=({nudged.format('+')}-{nudged.format('-')})/0.002/3", "Formula", FOUR)
    side = "IF($C$8=IF($B$8{0}0.001>0.5,1,0),1,0)"
    put(ws, "E10", f"=({side.format('+')}-{side.format('-')})/0.002/3", "Formula", FOUR)
    put(ws, "A11", "found by a nudge of 0.001 up and down", "Page note")
    _write_raw(ws)
    _write_curve(ws)
    _write_texts(ws, 23, "E", LOSS_NOTES, lines=5)


def _write_setting(ws: Worksheet, cell: str, value: float, hint: str, rule: dict) -> None:
    put_setting(ws, cell, value, hint, rule)


def _write_raw(ws: Worksheet) -> None:
    put(ws, "A14", "Scores can be any number: the sigmoid first", "Section")
    put_row(ws, "A16", ["", "score", "target", "sigmoid", "loss"], "Column header")
    for row, (value, target) in enumerate(((2.5, 1), (-1, 0), (-3, 1)), 17):
        put(ws, f"A{row}", f"digit {row - 16}", "Label")
        _write_setting(ws, f"B{row}", value, "A score, −20 to 20.", between(-20, 20))
        _write_setting(ws, f"C{row}", target, "1 for a three, 0 for a seven.", choices(0, 1))
    fill_down(ws, RAW_SIGMOID, "=1/(1+EXP(0-B{row}))", "Formula", FOUR)
    fill_down(ws, RAW_LOSS, "=IF(C{row}=1,1-D{row},D{row})", "Formula", FOUR)
    put(ws, "A20", "mean", "Label")
    put(ws, "E20", f"=SUM({RAW_LOSS.local})/ROWS({RAW_LOSS.local})", "Result", FOUR)


def _write_curve(ws: Worksheet) -> None:
    put_row(ws, "H5", ["score", "sigmoid", "its slope"], "Column header")
    fill(ws, CURVE.col(0), [[-8 + k / 2] for k in range(CURVE.rows)], "Data", "0.0", "center")
    fill_down(ws, CURVE.col(1), "=1/(1+EXP(0-H{row}))", "Formula", FOUR)
    fill_down(ws, CURVE.col(2), "=I{row}*(1-I{row})", "Formula", FOUR)
    chart.curves_chart(
        ws, "L4", (580, 400), "The sigmoid, and its slope",
        "Two lines over scores from −8 to 8: the sigmoid, which rises from 0 to 1, and its slope, at most a "
        "quarter, at 0.",
        [chart.Curve(name, CURVE.col(0), CURVE.col(k)) for k, name in ((1, "sigmoid"), (2, "slope"))],
        axes=("score", ""), heights=(0, 1),
    )  # fmt: skip


# ---- Linear ----------------------------------------------------------------------------------------------

LINEAR_PICKED = Block("linear.picked", "Linear", "B4")
LINEAR_DIGIT, LINEAR_FOR = (picture_in_line("Linear", k, 5, "E") for k in (0, 2))
TRAINED_PICTURE, TRAINED_FOR = (picture_in_line("Linear", k, 36, "E") for k in (1, 2))
LINEAR_SCORE = Block("linear.score", "Linear", "B8", 1, 2)  # yours, trained
PARITY = parity_block.ParityBlock(
    loss=Block(words.PARITY_LOSS, "Linear", "B19"),
    prediction=Block(words.PARITY_PREDICTION, "Linear", "B20"),
    status=Block(words.PARITY_STATUS, "Linear", "A21"),
    weights=AFTER,
    settings=Block(words.PARITY_SETTINGS, "Training", "D18"),
    settings_now=Block(words.NET_SETTINGS, "Training", "D19"),
    settings_changed="other digits were learned from then",
)
LINEAR_NOTES = (
    "score: each pixel of the digit, from 0 to 1, times the weight of its place, all added up, and the bias. "
    "Above 0 it says three, below 0 seven.",
    "The picture of the weights: where it is orange, ink speaks for a three, where it is blue, for a seven. "
    "Yours have their full colour at 0.15, the others at 0.4.",
    "Yours begin as torch draws them: at random, between −1/28 and 1/28. That is step 1 of the seven.",
    f"Training makes the loss of the {LEARN} digits small: their mnist_loss, after the sigmoid. The {JUDGE} "
    "others are only judged.",
    "Weights where no digit has ink have no slope, and stay as they were: noise at the rim. You may also "
    "paint: type numbers into the picture.",
    "The trained ones below began as yours do and saw 12,396 digits, twenty times each.",
    "Excel's Solver takes 200 changing cells at most; these are 785. xlcicf trains them.",
)


def linear(workbook: Workbook) -> None:
    """One layer: your weights and trained ones, what they say of a digit, how often they are right."""
    ws = add_page(
        workbook,
        "Linear",
        "One layer: 784 weights and a bias",
        "The computer finds the picture that it compares a digit with. Train it and see the picture change.",
        widths="A=26.5 B:C=13 D=2",
        print_area=f"A1:{column_letters(TRAINED_FOR.area.right)}{TRAINED_FOR.area.bottom}",
        zoom=70,
    )
    _write_picked(ws, LINEAR_PICKED, 244)
    _write_picked_picture(ws, LINEAR_DIGIT, LINEAR_PICKED)
    start, bias = threes_sevens.first_weights()
    for block, values in (
        (NET.weight, start.reshape(SIDE, SIDE).tolist()),
        (AFTER.parts[0], [[None] * SIDE] * SIDE),
    ):
        fill(ws, block, values, "Weight", HIDDEN)
        for row, col in block.area.cells():  # a picture has no lines in it
            ws.cell(row, col).border, ws.cell(row, col).fill = Border(), PatternFill()
    _draw_row(ws, TRAINED_PICTURE, TRAINED)
    for product, picture in ((LINEAR_FOR, NET.weight), (TRAINED_FOR, TRAINED_PICTURE)):
        write_picture(
            ws,
            product,
            lambda i, j, p=picture: f"={LINEAR_DIGIT.cell(i, j).free_local}*{p.cell(i, j).free_local}",
        )
    for block, name in (
        (NET.weight, "your weights: training changes these"),
        (LINEAR_FOR, "for and against a three, by yours"),
        (AFTER.parts[0], "your weights after the last run, empty before it"),
        (TRAINED_PICTURE, "weights trained on 12,396 digits"),
        (TRAINED_FOR, "for and against a three, by those"),
    ):
        squares(ws, block, WIDE)
        blue_and_orange(ws, block, 0.15 if block in (NET.weight, AFTER.parts[0]) else 0.4)
        put_over(ws, block, name)
    put(ws, NET.bias.corner, bias, "Weight", THREE)
    put(ws, AFTER.parts[1].corner, None, "Weight", THREE)
    _write_linear_table(ws)
    parity_block.write_parity(ws, NET, PARITY)
    _write_texts(ws, 24, "C", LINEAR_NOTES, lines=5)
    save_problem(ws, NET.loss, NET.weights)


def _write_linear_table(ws: Worksheet) -> None:
    put_row(ws, "A7", ["", "yours", "trained on 12,396"], "Column header")
    known = vision.facts("linear_3_7")["accuracy"]
    labels = (
        "score", "probability of a three", "so it is a", "loss of those learned from",
        f"right, of the {LEARN} learned from", f"right, of the {JUDGE} to judge by",
        "right, of MNIST's 2,038",
    )  # fmt: skip
    put_column(ws, "A8", labels, "Label")
    for letter, product, bias, loss, says in (
        ("B", LINEAR_FOR, NET.bias, LOSS, SAYS),
        ("C", TRAINED_FOR, TRAINED_BIAS, TRAINED_LOSS, TRAINED_SAYS),
    ):
        learnt = _learning(loss).ref
        for row, formula, style, number_format in (
            (8, f"SUM({product.local})+{bias.ref}", "Formula", THREE),
            (9, f"1/(1+EXP(0-{letter}8))", "Formula", TENTH_PERCENT),
            (10, f"IF({letter}8>0,3,7)", "Result", WHOLE),
            (11, f"SUM({learnt})/ROWS({learnt})", "Result", FOUR),
            (12, _right(says, _learning), "Formula", TENTH_PERCENT),
            (13, _right(says, _judging), "Result", TENTH_PERCENT),
        ):
            put(ws, f"{letter}{row}", f"={formula}", style, number_format)
    put(ws, "C14", float(known), "Data", TENTH_PERCENT)
    put(ws, "A15", "bias: now, after the last run", "Label")


# ---- simple_net ------------------------------------------------------------------------------------------

NET_SHEET = "simple_net"
NET_PICKED = Block("simple_net.picked", NET_SHEET, "B4")
UNITS_TABLE = Block("simple_net.units", NET_SHEET, "A11", UNITS, 5)  # unit, sum, h, weight, vote
UNIT_SUM, UNIT_H, UNIT_WEIGHT, UNIT_VOTE = (UNITS_TABLE.col(k) for k in range(1, 5))
NET_DIGIT = picture_in_line(NET_SHEET, 0, 46, "G")
TEMPLATES = [picture_in_line(NET_SHEET, (k + 1) % 6, 46 + 31 * ((k + 1) // 6), "G") for k in range(UNITS)]
NET_NOTES = (
    "template: the 784 weights of a hidden unit. sum: the digit on it, pixel times weight, and the bias.",
    "h: the sum where it is above 0, else 0: the unit fires, or not. That bend is what one layer lacks.",
    "vote: h times the unit's weight. The score is the sum of all votes and a bias; above 0 it says three.",
)


def simple_net(workbook: Workbook) -> None:
    """Thirty hidden units: their templates, which fire for the picked digit, what they vote for."""
    ws = add_page(
        workbook,
        NET_SHEET,
        "simple_net: thirty templates, a bend, and a vote",
        "784 pixels, thirty hidden units, one score: 23,581 numbers that learned from 12,396 digits. Over a "
        "template orange means that it votes for a three now, blue for a seven, grey that it is silent.",
        widths="A=27 B:E=11 F=2",
        print_area=f"A1:{column_letters(TEMPLATES[4].area.right)}{TEMPLATES[-1].area.bottom}",
        zoom=60,
    )
    _write_picked(ws, NET_PICKED, 244)
    _write_net_table(ws)
    _write_units(ws)
    chart.bar_chart(
        ws, "H4", (820, 700), "What each hidden unit votes for",
        "Bars: the vote of each of the thirty hidden units for the digit that was picked; to the right for a "
        "three, to the left for a seven, none where the unit does not fire.",
        UNITS_TABLE.col(0), {"vote": UNIT_VOTE}, span=(-6, 6),
    )  # fmt: skip
    write_picture(
        ws, NET_DIGIT, lambda i, j: f"=INDEX({DIGITS.pixels.ref},{NET_PICKED.local},{SIDE * i + j + 1})/255"
    )
    greys(ws, NET_DIGIT)
    put_over(ws, NET_DIGIT, f'="the digit No. "&{NET_PICKED.local}')
    for unit, picture in enumerate(TEMPLATES):
        _draw_row(ws, picture, HIDDEN_WEIGHT.row(unit))
        blue_and_orange(ws, picture, 0.1)
        vote = UNIT_VOTE.cell(unit, 0).local
        put_over(ws, picture, f'="unit {unit + 1}: "&(0+ROUND({vote},2))')
        outline(ws, picture)
        header = f"{picture.letters}{picture.area.top - 1}"
        for condition, colour in ((f"{vote}>0", ORANGE_TINT), (f"{vote}<0", BLUE_TINT)):
            rule = FormulaRule(formula=[condition], fill=fill_of(colour))
            ws.conditional_formatting.add(header, rule)
    put_column(ws, "A42", NET_NOTES, "Page note")
    ws.page_setup.orientation = "portrait"


def _write_net_table(ws: Worksheet) -> None:
    put_row(ws, "C4", ["score", "probability", "so it is a"], "Column header")
    put(ws, "C5", f"=SUM({UNIT_VOTE.local})+{OUTPUT_BIAS.ref}", "Formula", THREE)
    put(ws, "D5", "=1/(1+EXP(0-C5))", "Formula", TENTH_PERCENT)
    put(ws, "E5", "=IF(C5>0,3,7)", "Result", WHOLE, "center")
    put(ws, "A7", f"right, of the {JUDGE} to judge by", "Label")
    put(ws, "B7", f"={_right(NET_SAYS, _as_it_is)}", "Result", TENTH_PERCENT)
    put(ws, "A8", "right, of MNIST's 2,038", "Label")
    put(ws, "B8", float(vision.facts("simple_net")["accuracy"]), "Data", TENTH_PERCENT)


def _write_units(ws: Worksheet) -> None:
    top = UNITS_TABLE.area.top
    put_row(ws, f"A{top - 1}", ["hidden unit", "sum", "h", "its weight", "vote"], "Column header")
    pixels = f"INDEX({DIGITS.pixels.ref},{NET_PICKED.local},0)"
    for unit in range(UNITS):
        row = top + unit
        put(ws, f"A{row}", f"unit {unit + 1}", "Label")
        total = f"=SUMPRODUCT({pixels},{HIDDEN_WEIGHT.row(unit).ref})/255+{HIDDEN_BIAS.cell(unit, 0).ref}"
        put(ws, f"B{row}", total, "Formula", THREE)
        put(ws, f"D{row}", f"={OUTPUT.cell(0, unit).ref}", "Weight", THREE)
    fill_down(ws, UNIT_H, "=MAX(0,B{row})", "Formula", DOT_TWO)
    fill_down(ws, UNIT_VOTE, "=C{row}*D{row}", "Result", SIGNED)
    weight_scale(ws, UNIT_WEIGHT.local)
    blue_and_orange(ws, UNIT_VOTE, 1)


# ---- Learning curves -------------------------------------------------------------------------------------

CURVES_TOP = 34
CURVE_COLUMNS = (  # header, run of threes_sevens, printed or not
    ("by hand", "by_hand", False), ("by hand, printed", "by_hand", True),
    ("one layer", "linear", False), ("one layer, printed", "linear", True),
    ("one layer, shuffled", "linear_shuffled", False),
    ("simple_net", "simple_net", False), ("simple_net, printed", "simple_net", True),
    ("simple_net, shuffled", "simple_net_shuffled", False),
)  # fmt: skip
EPOCHS = Block("curves.epochs", "Learning curves", f"A{CURVES_TOP}", 41)
CURVE_NOTES = (
    "Each line is the share of MNIST's 2,038 threes and sevens to judge by that is right, after each epoch, "
    "that is each time a model has seen all 12,396 digits to learn from.",
    "printed: what fast.ai's book shows. Its runs had no seed, so they cannot be had again to the digit; "
    "ours were made in the same way with a seed of our own, and follow them closely.",
    "Why do they stumble at first? The book's batches come in the order of its files, all threes, then all "
    "sevens, so an epoch ends with 24 steps that have seen no three. Shuffled, the first epoch is enough.",
    "Not shown: resnet18, a net of eighteen layers that had seen other pictures before. After one epoch the "
    "book prints 0.99706 for it.",
)


def learning_curves(workbook: Workbook) -> None:
    """Accuracy by epoch: our runs and the book's, two charts and their numbers."""
    ws = add_page(
        workbook,
        "Learning curves",
        "How well after each epoch?",
        "Three models, each trained as fast.ai's book trains it, and two of them with shuffled digits.",
        widths="A=9 B:I=12.5",
        print_area=f"A1:S{EPOCHS.area.bottom}",
        zoom=80,
    )
    columns = {}
    put_row(ws, f"A{CURVES_TOP - 1}", ["epoch", *(head for head, *_ in CURVE_COLUMNS)], "Column header")
    ws.row_dimensions[CURVES_TOP - 1].height = 26
    fill(ws, EPOCHS, [[epoch] for epoch in range(EPOCHS.rows)], "Formula", WHOLE, "center")
    for k, (head, run, printed) in enumerate(CURVE_COLUMNS):
        known = [None, *threes_sevens.PRINTED[run]] if printed else threes_sevens.accuracies(run).tolist()
        block = Block(f"curves.{k}", ws.title, f"{column_letters(2 + k)}{CURVES_TOP}", len(known))
        fill(ws, block, [[share] for share in known], "Data", FOUR)
        columns[head] = block
    for corner, title, named in (
        ("A8", "One layer of 784 weights", ("one layer", "one layer, printed", "one layer, shuffled")),
        ("I8", "simple_net", ("simple_net", "simple_net, printed", "simple_net, shuffled")),
    ):
        chart.curves_chart(
            ws, corner, (710, 400), title,
            f"Three lines over epochs, {title}: our run, the run that fast.ai's book prints, which ours "
            "follows closely, and a run with shuffled digits, which is above 0.96 after one epoch.",
            [chart.Curve(name, _beside(columns[name]), columns[name]) for name in named],
            axes=("epoch", "right, of 2,038"), heights=(0.4, 1),
        )  # fmt: skip
    put_column(ws, "A4", CURVE_NOTES, "Page note")


def _beside(column: Block) -> Block:
    """The epochs beside a column of accuracies."""
    return Block("epochs", EPOCHS.sheet, EPOCHS.corner, column.rows)


# ---- Training --------------------------------------------------------------------------------------------

LOG_TOP = 23
KEPT_RUNS = 10
RUNS = Block(words.RUNS_LOG, "Training", f"A{LOG_TOP}", KEPT_RUNS + 1, len(training_log.LOG))
STEPS = Block(words.STEPS_LOG, "Training", f"Q{LOG_TOP}", training_log.STEPS + 1, len(training_log.STEP_LOG))
WEIGHTS_BEFORE = Block(words.RUNS_WEIGHTS, "Training", f"T{LOG_TOP + 1}", KEPT_RUNS, PIXELS + 1)
HOW_TO_TRAIN = (
    "Close this book, then run  xlcicf train mnist_basics.xlsx  and open it again.",
    "To take it back: xlcicf undo mnist_basics.xlsx. In Excel with the add-in: Train and Undo on the ribbon.",
    "As shipped: twenty steps of plain gradient descent over all digits to learn from, learning rate 1.",
)


def training(workbook: Workbook) -> None:
    """Settings, the loss's chart, the logs."""
    shipped = {words.OPTIMIZER.cell: "sgd", words.STEPS.cell: 20, words.LR.cell: 1, words.INIT.cell: 0.0357}
    widths = "A=16 B=16 C:L=11 M:O=12 P=2 Q:R=9 S=2 T:AEG=8"
    ws = add_training_page(workbook, "Linear", widths, RUNS.area.bottom, shipped, HOW_TO_TRAIN)
    put(ws, "A17", "What the last run's loss depended on", "Section")
    put(ws, "A18", "digits learned from then", "Label")
    put(ws, "A19", "digits learned from now", "Label")
    put(ws, PARITY.settings.corner, None, "Formula")
    learnt = _learning(DIGITS.labels).ref
    now = f'=COUNTIFS({learnt},3)&" threes, "&COUNTIFS({learnt},7)&" sevens"'
    put(ws, PARITY.settings_now.corner, now, "Formula")
    losses = losses_of(STEPS, WEIGHTS_BEFORE, recorded("mnist_basics"), "mnist_basics.xlsx")
    names = [*_names_of_pixels(), "bias"]
    write_logs(ws, RUNS, WEIGHTS_BEFORE, losses, names, LossAxis(0), ("L4", (500, 300)))


# ---- exercises -------------------------------------------------------------------------------------------


def _both(label: int) -> str:
    """How many digits to judge by are of that kind and taken for it."""
    return f"COUNTIFS({_judging(SAYS).ref},{label},{_judging(IS_THREE).ref},{label})"


_P, _T = PREDICTED.ref, TARGET.ref

EXERCISES = (
    Exercise(
        "Loss of a digit",
        (POINT_LOSS,),
        "D6: one less the prediction B6 where the target C6 is 1, else the prediction. Fill it down to D8.",
        "Each loss is prediction plus target, less twice their product.",
        f"=SUMPRODUCT(ABS({POINT_LOSS.ref}-({_P}+{_T}-2*{_P}*{_T})))",
    ),
    Exercise(
        "Slopes of the loss",
        (ABC_SLOPES,),
        "B13, C13 and D13: how fast the loss grows with a, b and c. The loss is the mean of error², its "
        "slope the mean of 2 · error · what the number is multiplied by: t² for a, t for b, 1 for c.",
        "Each slope is that of the nudge below it, to within a millionth.",
        f"=SUMPRODUCT(ABS({ABC_SLOPES.ref}-{ABC_NUDGES.ref})/(1+ABS(0+{ABC_NUDGES.ref})))",
    ),
    Exercise(
        "Nearer",
        (BY_ABSOLUTE,),
        f"H{FIRST}: 1 where it is nearer to the mean three (D{FIRST}) than to the mean seven (E{FIRST}), "
        f"else 0. Fill it down to row {LAST}.",
        "Where it says 1 the first distance is the smaller one, where it says 0 it is not.",
        f"=SUMPRODUCT(({BY_ABSOLUTE.ref}=1)*({ABSOLUTE.col(0).ref}>={ABSOLUTE.col(1).ref})+({BY_ABSOLUTE.ref}=0)*({ABSOLUTE.col(0).ref}<{ABSOLUTE.col(1).ref})+ABS({BY_ABSOLUTE.ref}*({BY_ABSOLUTE.ref}-1)))",
    ),
    Exercise(
        "Probability",
        (PROBABILITY,),
        f"N{FIRST}: the sigmoid of the score M{FIRST}, as on mnist_loss. Fill it down to row {LAST}.",
        "Each probability times one plus EXP of minus the score is 1.",
        f"=SUMPRODUCT(ABS({PROBABILITY.ref}*(1+EXP(0-{SCORE.ref}))-1))",
    ),
    Exercise(
        "Accuracy",
        (NET.accuracy,),
        f"B13: the share of the {JUDGE} digits to judge by for which Scores says (P{JUDGED_FROM} to P{LAST}) "
        f"what they are (C{JUDGED_FROM} to C{LAST}).",
        "The accuracy times all of them is: threes taken for threes, and sevens for sevens.",
        f"=ABS({NET.accuracy.ref}*{JUDGE}-{'-'.join(_both(label) for label in (1, 0))})",
    ),
    Exercise(
        "Hidden unit",
        (UNIT_H,),
        f"{UNIT_H.corner}: the unit's sum where that is above 0, else 0. Fill down to C{UNIT_H.area.bottom}.",
        "No h is below 0, none is below its sum, and each is equal to one of the two.",
        f"=SUMPRODUCT(({UNIT_H.ref}<0)*(0-{UNIT_H.ref})+({UNIT_H.ref}<{UNIT_SUM.ref})*({UNIT_SUM.ref}-{UNIT_H.ref})"
        f"+ABS({UNIT_H.ref}*({UNIT_H.ref}-{UNIT_SUM.ref})))",
    ),
)
