"""how_a_net_works.xlsx: from three numbers that bend a parabola to ReLUs that add up to any curve.

Each sheet has one function here, in the order of the book.
"""

from dataclasses import dataclass

import numpy as np
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from xlcicf import words
from xlcicf.formula.address import column_letters
from xlcicf.learn import quadratic as points
from xlcicf.lessons import resources
from xlcicf.lessons.recorded_runs import recorded
from xlcicf.lessons.solver_settings import save_problem
from xlcicf.sheet import parity_block
from xlcicf.sheet.block import Block
from xlcicf.sheet.book import book_of
from xlcicf.sheet.chart import Curve, curves_chart
from xlcicf.sheet.diagram import Diagram, Layer, write_diagram
from xlcicf.sheet.diagram import relu as relu_of
from xlcicf.sheet.exercise import Exercise
from xlcicf.sheet.front import Front
from xlcicf.sheet.loss_chart import LossAxis
from xlcicf.sheet.net import MEASURES
from xlcicf.sheet.page import (
    add_page,
    allow,
    between,
    choices,
    fill,
    fill_down,
    put,
    put_column,
    put_row,
    put_setting,
)
from xlcicf.sheet.style import (
    FIVE,
    FOUR,
    PERCENT,
    SCIENTIFIC,
    THREE,
    TRY,
    TWO,
    WHOLE,
    tint_when,
    weight_scale,
)
from xlcicf.sheet.training_sheet import TrainingSheet, write_training


def build() -> Workbook:
    """The workbook at its start values; formulas without cached values."""
    pages = quadratic, relu, sum_of_relus, training
    blocks = [
        ABC, LOSS, MEASURE, RATE, SLOPES,
        SUM.weights, SUM.target, SUM.prediction, SUM.loss, SUM.accuracy, SUM.measure, SUM.used, SUM.curve,
        *PARITY.blocks(), *TRAINING.logs(),
    ]  # fmt: skip
    return book_of(READ_ME, pages, blocks)


# ---- Read me ---------------------------------------------------------------------------------------------

ABOUT = (
    "A neural net is a formula with numbers in it that can be changed. A loss says how far the formula is "
    "from the points it should meet, the loss's slopes say which way each number should go, and training "
    "follows them. Here it is done first with a parabola of three numbers, then with ReLUs, lines that are "
    "cut off at zero: enough of them add up to any curve."
)
TO_DO = (
    "On Quadratic, change a, b and c and bring the curve to the points: the mean absolute error begins at "
    "2.42. Then type 3, 2 and 1, the curve from which the points were made: 1.48. The rest is noise.",
    "There, raise the learning rate from 0.01 to 0.2: the same eleven steps come to 1.08, below the curve "
    "that made the points. With “error is” at MSE, a rate of 0.3 explodes, and the cell below the rate says "
    "so.",
    "On ReLU, move slope and offset and watch the corner. Then give the two ReLUs the slopes −1 and 1 and "
    "the offsets 0 and 0: their sum is |x|. What do the offsets −1 and −1 do?",
    "On Sum of ReLUs, let eight ReLUs learn a wave. In Excel: Data > Solver opens filled in; press Solve. "
    "With xlcicf, sooner: xlcicf train how_a_net_works.xlsx. The loss falls from 0.98 to below 0.01.",
    "There, take another number of ReLUs or another curve, or choose “yours” and type a curve of your own; "
    "then train again. More ReLUs, smaller loss; a step needs few, a wave needs many.",
    "xlcicf fits the parabola too: xlcicf train how_a_net_works.xlsx --objective quadratic.loss "
    "--changing quadratic.abc. And xlcicf undo how_a_net_works.xlsx takes a run back.",
)
SHEETS = {
    "Quadratic": "three numbers, twenty points, the loss and its slopes; a step down the slope, then ten",
    "ReLU": "a line cut off at zero; two of them added",
    "Sum of ReLUs": "up to eight ReLUs, each with its weight, that training fits to a curve; their picture",
    "Training": "settings, the log of runs, the weights before each run, the loss at each step",
}
SOURCE = (
    "The order of ideas, the parabola and its noise are those of Jeremy Howard's notebook “How does a neural "
    "net really work?”, which week 12 of the CI Compass Fellowship, “What is a neural network?”, names. "
    "This workbook was made anew by xlcicf, MIT licence; its points are drawn from the notebook's seed."
)


READ_ME = Front(
    title="How does a neural net really work? From a parabola to a sum of ReLUs",
    about=ABOUT,
    to_do=TO_DO,
    sheets=SHEETS,
    source=SOURCE,
    links=resources.of_book("how_a_net_works"),
    roles={"Data": "what is given: the points that the curve should meet"},
    kinds={"Quadratic": TRY, "ReLU": TRY, "Sum of ReLUs": TRY, "Training": TRY},
)


# ---- Quadratic -------------------------------------------------------------------------------------------

POINTS = 20
LAST_STEP = 11  # the notebook's one step, then its loop of ten
FRESH, ADDED_UP = "fresh", "added up"


def _on_quadratic(name: str, corner: str, rows: int = 1, cols: int = 1) -> Block:
    return Block(f"quadratic.{name}", "Quadratic", corner, rows, cols)


ABC = _on_quadratic("abc", "B5", 1, 3)
NUDGE = _on_quadratic("nudge", "B10")
MEASURE = _on_quadratic("measure", "F5")
LOSS = _on_quadratic("loss", "F6")
RATE = _on_quadratic("rate", "F9")
SLOPES = _on_quadratic("slopes", "F10")
X, Y, NOW, ERROR, POINT_LOSS, AFTER = (
    _on_quadratic(name, f"{letter}15", POINTS)
    for name, letter in zip(("x", "y", "now", "error", "point_loss", "after"), "ABCDEF", strict=True)
)
STEPS = _on_quadratic("steps", "H23", 1 + LAST_STEP, 11)  # step; a, b, c; loss; its slopes; those used
# The error column again, as a difference: IronCalc refuses ABS and SIGN of a plain range within SUMPRODUCT.
ERRORS = f"({NOW.local}-{Y.local})"
POWERS = (f"{X.local}^2", X.local, "1")  # what a, b and c are multiplied by

QUADRATIC_NOTES = (
    "derivative: the mean over the points of (loss by curve) × (curve by a, b or c). A curve above the point "
    "gives +1 (MAE) or 2 × error (MSE); a is multiplied by x², b by x, c by 1.",
    "nudge: the loss at the number + h less the loss at the number − h, over 2h. Both agree unless the curve "
    "passes through a point within the nudge: there the absolute error has a corner.",
    "a step: each number becomes itself less the learning rate × its slope. The steps on the right begin "
    "with your a, b and c.",
    "added up: the notebook forgets to set its slopes back to zero, so each step uses the sum of all slopes "
    "so far. It picks up speed like a ball, and may roll past the valley. Fresh is gradient descent.",
    "To go on from where the steps end, type the last line's a, b and c above. The curve behind the points "
    "is 3x² + 2x + 1.",
)


def quadratic(workbook: Workbook) -> None:
    """Three numbers, the points, the loss with its slopes, eleven steps down the slope."""
    ws = add_page(
        workbook,
        "Quadratic",
        "Three numbers, twenty points, one loss",
        "Change the three yellow numbers and bring the curve to the points. The loss says how far off it is; "
        "its slopes say which way to go; a step goes there.",
        widths="A=20 B:D=11 E=21 F=13 G=2 H=6 I:R=9",
        print_area="A1:R41",
        zoom=90,
    )
    put(ws, "A3", "y = a·x² + b·x + c", "Section")
    put(ws, "E3", "How far off it is", "Section")
    _write_parabola(ws)
    _write_loss(ws)
    _write_points(ws)
    _write_steps(ws)
    curves_chart(
        ws,
        "H3",
        (660, 350),
        "The points, your curve, and the curve after the steps",
        "Dots: the twenty points. Lines: the parabola with your a, b and c, and with those of the last step.",
        [
            Curve("curve now", X, NOW),
            Curve("curve after the steps", X, AFTER),
            Curve("points", X, Y, dots=True),
        ],
        axes=("x", "y"),
    )
    put_column(ws, "A36", QUADRATIC_NOTES, "Page note")


def _write_parabola(ws: Worksheet) -> None:
    """a, b, c, the loss's derivatives and nudges."""
    put_row(ws, "B4", "abc", "Column header")
    for row, label in enumerate(
        ("yours to move", "derivative of the loss", "nudge", "nudge less derivative", "after one step"), 5
    ):
        put(ws, f"A{row}", label, "Label")
    for letter, power in zip("BCD", POWERS, strict=True):
        put_setting(ws, f"{letter}5", 1.1, "A number from −20 to 20.", between(-20, 20), FOUR)
        put(ws, f"{letter}6", f"={_slope(ERRORS, power)}", "Result", FOUR)
        put(ws, f"{letter}7", f"={_nudged(power)}", "Formula", FOUR)
        put(ws, f"{letter}8", f"={letter}7-{letter}6", "Formula", SCIENTIFIC)
        put(ws, f"{letter}9", f"={letter}5-{RATE.local}*{letter}6", "Formula", FOUR)
    put(ws, "A10", "size h of the nudge", "Label")
    put_setting(ws, NUDGE.corner, 0.0001, "A small number, such as 0.0001.", between(0.0000001, 1))


def _write_loss(ws: Worksheet) -> None:
    """The measure, the losses, the learning rate, and how the steps went."""
    settings = {
        "error is": (MEASURE, "MAE", "MAE, mean absolute error, or MSE, mean squared error.", MEASURES),
        "learning rate": (RATE, 0.01, "From 0 to 1; try 0.2.", between(0, 1)),
        "slopes are": (
            SLOPES, FRESH, "fresh at each step, or added up over the steps.", choices(FRESH, ADDED_UP)
        ),
    }  # fmt: skip
    for label, (block, value, hint, rule) in settings.items():
        put(ws, f"E{block.area.top}", label, "Label")
        put_setting(ws, block.corner, value, hint, rule)
    for row, (label, formula) in enumerate(
        [
            ("loss", f"AVERAGE({POINT_LOSS.local})"),
            ("mean absolute error", f"SUMPRODUCT(ABS({ERRORS}))/ROWS({X.local})"),
            ("mean squared error", f"SUMPRODUCT({ERRORS}^2)/ROWS({X.local})"),
        ],
        LOSS.area.top,
    ):
        put(ws, f"E{row}", label, "Label")
        put(ws, f"F{row}", f"={formula}", "Result", FOUR)
    start, end = STEPS.cell(0, 4).local, STEPS.cell(LAST_STEP, 4).local
    put(
        ws,
        "E11",
        f'=IF({end}<{start},"the steps lower the loss",IF({end}>{start},'
        '"the steps raise the loss: the rate is too large","the steps change nothing"))',
        "Status",
    )
    ws.merge_cells("E11:F12")
    tint_when(ws, "E11", f"{end}<{start}", good=True)
    tint_when(ws, "E11", f"{end}>{start}", good=False)


def _write_points(ws: Worksheet) -> None:
    put(ws, "A13", "The points", "Section")
    heads = ["x", "y", "curve now", "error: curve − y", "loss of this point", "curve after the steps"]
    put_row(ws, "A14", heads, "Column header")
    ws.row_dimensions[14].height = 26
    for block, values in zip((X, Y), points.points(), strict=True):
        fill(ws, block, values[:, None].tolist(), "Data", THREE)
    a, b, c = (ABC.cell(0, j).local for j in range(3))
    fill_down(ws, NOW, f"={a}*A{{row}}^2+{b}*A{{row}}+{c}", "Formula", THREE)
    fill_down(ws, ERROR, "=C{row}-B{row}", "Formula", THREE)
    fill_down(ws, POINT_LOSS, f'=IF({MEASURE.local}="MSE",D{{row}}^2,ABS(D{{row}}))', "Formula", THREE)
    a, b, c = (STEPS.cell(LAST_STEP, j).local for j in (1, 2, 3))
    fill_down(ws, AFTER, f"={a}*A{{row}}^2+{b}*A{{row}}+{c}", "Formula", THREE)


def _write_steps(ws: Worksheet) -> None:
    """A line a step: where a, b and c stand, the loss and its slopes there, the slopes that the step uses."""
    top = STEPS.area.top
    put(ws, f"H{top - 2}", "Down the slope: one step, then ten more", "Section")
    slopes = [f"{kind} {name}" for kind in ("slope", "used") for name in "abc"]
    put_row(ws, f"H{top - 1}", ["step", *"abc", "loss", *slopes], "Column header")
    for step in range(LAST_STEP + 1):
        _write_step(ws, top + step, step)


def _write_step(ws: Worksheet, row: int, step: int) -> None:
    put(ws, f"H{row}", step, "Formula", WHOLE, "center")
    errors = f"($I{row}*{X.local}^2+$J{row}*{X.local}+$K{row}-{Y.local})"
    for j, (value, slope, used, power) in enumerate(zip("IJK", "MNO", "PQR", POWERS, strict=True)):
        here = f"{value}{row - 1}-{RATE.local}*{used}{row - 1}" if step else ABC.cell(0, j).local
        before = f'+IF({SLOPES.local}="{ADDED_UP}",{used}{row - 1},0)' if step else ""
        put(ws, f"{value}{row}", f"={here}", "Formula", FOUR)
        put(ws, f"{slope}{row}", f"={_slope(errors, power)}", "Formula", FOUR)
        put(ws, f"{used}{row}", f"={slope}{row}{before}", "Formula", FOUR)
    mean = f"SUMPRODUCT({errors}^2),SUMPRODUCT(ABS({errors}))"
    put(ws, f"L{row}", f'=IF({MEASURE.local}="MSE",{mean})/ROWS({X.local})', "Result", FOUR)


def _slope(errors: str, power: str) -> str:
    """The loss's derivative by the number that is multiplied by `power`, where the curve is so far off."""
    by_point = f"SUMPRODUCT(2*{errors}*{power}),SUMPRODUCT(SIGN({errors})*{power})"
    return f'IF({MEASURE.local}="MSE",{by_point})/ROWS({X.local})'


def _nudged(power: str) -> str:
    """The same by a central difference, point by point, so that little cancels."""
    up, down = (f"({ERROR.local}{sign}{NUDGE.local}*{power})" for sign in "+-")
    change = f"SUMPRODUCT({up}^2-{down}^2),SUMPRODUCT(ABS({up})-ABS({down}))"
    return f'IF({MEASURE.local}="MSE",{change})/(2*{NUDGE.local}*ROWS({X.local}))'


# ---- ReLU ------------------------------------------------------------------------------------------------

GRID = [round(-2 + i / 10, 1) for i in range(41)]  # x of ReLU and Sum of ReLUs
TOP = 11  # their sheet row
ONE, FIRST_OF_TWO, SECOND_OF_TWO = (Block(f"relu.{at}", "ReLU", f"{at}5", 2) for at in "BEF")  # slope, offset

RELU_NOTES = (
    "slope: how steep the line is, and which way it leans. offset: its height at x = 0.",
    "corner: where the line meets 0, at −offset ÷ slope. On one side the ReLU is the line, on the other 0.",
    "fires for: how many of the points get more than 0. A ReLU that fires for none is dead: it adds nothing, "
    "and has no slope to learn by.",
    "A line alone stays a line however many are added. It is the corner that makes sums of ReLUs bend.",
    "Try two ReLUs with slopes −1 and 1, offsets 0 and 0: |x|. With offsets −1 and −1: a flat valley between "
    "two hills.",
)


def _on_grid(sheet: str, letter: str) -> Block:
    return Block(f"{sheet}.{letter}", sheet, f"{letter}{TOP}", len(GRID))


def relu(workbook: Workbook) -> None:
    """One ReLU and two added ones, point by point."""
    ws = add_page(
        workbook,
        "ReLU",
        "A ReLU is a line cut off at zero",
        "ReLU = MAX(0, slope × x + offset). Change the yellow numbers and watch the corner move. Two added "
        "ReLUs bend twice.",
        widths="A=12 B:C=10 D=12 E:F=10 G=2 H:U=9",
        print_area=f"A1:U{TOP + len(GRID) - 1}",
        zoom=90,
    )
    put(ws, "A3", "One ReLU", "Section")
    put(ws, "D3", "Two ReLUs, added", "Section")
    for label in "AD":
        put_column(ws, f"{label}5", ("slope", "offset", "corner at x =", "fires for"), "Label")
    x, line, one, first, second, total = (_on_grid("ReLU", letter) for letter in "ABCDEF")
    _write_relu(ws, ONE, "ReLU", one, (1.5, 1.5))
    _write_relu(ws, FIRST_OF_TWO, "ReLU 1", first, (-1.5, -1.5))
    _write_relu(ws, SECOND_OF_TWO, "ReLU 2", second, (1.5, 1.5))
    put_row(ws, f"A{TOP - 1}", ["x", "line", "ReLU", "ReLU 1", "ReLU 2", "their sum"], "Column header")
    fill(ws, x, [[value] for value in GRID], "Data", "0.0", "center")
    slope, offset = (ONE.cell(i, 0).local for i in (0, 1))
    fill_down(ws, line, f"={slope}*$A{{row}}+{offset}", "Formula", TWO)
    fill_down(ws, total, "=D{row}+E{row}", "Formula", TWO)
    curves_chart(
        ws,
        "H3",
        (475, 330),
        "A line, and the line cut off at zero",
        "Two lines: slope times x plus offset, and the same with 0 wherever it is below 0.",
        [Curve("ReLU", x, one), Curve("line", x, line)],
        axes=("x", "y"),
    )
    curves_chart(
        ws,
        "O3",
        (475, 330),
        "Two ReLUs and their sum",
        "Three lines: ReLU 1, ReLU 2, and their sum, which bends at both corners.",
        [Curve("their sum", x, total), Curve("ReLU 1", x, first), Curve("ReLU 2", x, second)],
        axes=("x", "y"),
    )
    put_column(ws, "H21", RELU_NOTES, "Page note")


def _write_relu(ws: Worksheet, knobs: Block, name: str, column: Block, start: tuple[float, float]) -> None:
    """Slope and offset to type in, where the corner is, how many points it fires for, the ReLU's column."""
    slope, offset = (knobs.cell(i, 0) for i in (0, 1))
    put(ws, f"{knobs.letters}4", name, "Column header")
    for cell, value in zip((slope, offset), start, strict=True):
        put_setting(ws, cell.corner, value, "A number from −10 to 10.", between(-10, 10), TWO)
    _write_corner(ws, knobs.letters, 7, slope, offset, column)
    formula = f"=MAX(0,{slope.local}*$A{{row}}+{offset.local})"
    fill_down(ws, column, formula, "Formula", TWO)


def _write_corner(ws: Worksheet, letters: str, row: int, slope: Block, offset: Block, column: Block) -> None:
    """Where a ReLU's corner is, and below it how many points of the grid it fires for."""
    x = _on_grid(ws.title, "A")
    corner = f'=IF({slope.local}=0,"none",-{offset.local}/{slope.local})'
    put(ws, f"{letters}{row}", corner, "Formula", TWO, "right")
    fires = f"=SUMPRODUCT(({slope.local}*{x.local}+{offset.local}>0)*1)"
    put(ws, f"{letters}{row + 1}", fires, "Formula", '0" of 41"', "right")


# ---- Sum of ReLUs ----------------------------------------------------------------------------------------

UNITS = 8
NEAR = 0.1  # a point counts as met when the fit is no further off
CURVES = {  # name -> formula of its height at $A{row}
    "wave": "SIN(3*$A{row})",
    "bell": "EXP(-4*$A{row}^2)",
    "step": "IF($A{row}<0,0,1)",
    "parabola": "$A{row}^2-1",
    "yours": "$B{row}",
}


def _on_sum(name: str, corner: str, rows: int = 1, cols: int = 1) -> Block:
    return Block(name, "Sum of ReLUs", corner, rows, cols)


@dataclass(frozen=True)
class Sum:
    """Where the sheet Sum of ReLUs keeps its blocks; column j of `weights` and of `pieces` is ReLU j + 1."""

    weights: Block = _on_sum(words.WEIGHTS, "F5", 3, UNITS)  # slope, offset, weight
    numbers: Block = _on_sum("net.relu", "F4", 1, UNITS)
    curve: Block = _on_sum("net.curve", "P4")
    used: Block = _on_sum("net.used", "P5")
    measure: Block = _on_sum(words.NET_MEASURE, "P6")
    loss: Block = _on_sum(words.NET_LOSS, "P7")
    accuracy: Block = _on_sum(words.NET_ACCURACY, "P8")
    x: Block = _on_sum("net.x", f"A{TOP}", len(GRID))
    yours: Block = _on_sum("net.yours", f"B{TOP}", len(GRID))
    target: Block = _on_sum("net.target", f"C{TOP}", len(GRID))
    prediction: Block = _on_sum(words.NET_PREDICTION, f"D{TOP}", len(GRID))
    row_loss: Block = _on_sum("net.row_loss", f"E{TOP}", len(GRID))
    pieces: Block = _on_sum("net.piece", f"F{TOP}", len(GRID), UNITS)


SUM = Sum()
ROLE_OF_ROW = ("slope", "offset", "weight")
TRAINING = TrainingSheet(
    book="how_a_net_works.xlsx",
    weights=SUM.weights,
    rows=ROLE_OF_ROW,
    cols=[f"ReLU {k}" for k in range(1, UNITS + 1)],
    columns_log=[f"{role} {k}" for role in ROLE_OF_ROW for k in range(1, UNITS + 1)],
    conditions="error, ReLUs and curve",
    recorded=recorded("how_a_net_works"),
    axis=LossAxis(0.001, has_powers_of_ten=True),
    values={words.INIT.cell: 2},
)
PARITY = parity_block.ParityBlock(
    loss=_on_sum(words.PARITY_LOSS, "U5"),
    prediction=_on_sum(words.PARITY_PREDICTION, "U6"),
    status=_on_sum(words.PARITY_STATUS, "R7"),
    weights=TRAINING.weights_after,
    settings=TRAINING.settings,
    settings_now=TRAINING.settings_now,
    settings_changed="error, ReLUs or curve were changed since",
)

SUM_NOTES = (
    "Each column of 41 is one piece: its weight × MAX(0, slope × x + offset). The fit is their sum, the loss "
    "the mean of the points' errors.",
    "The weight stretches a ReLU, or turns it upside down: that is how the sum comes down again.",
    "Before training the corners stand evenly along x. Training moves corners and weights until the sum "
    "meets the curve.",
    "Fewer ReLUs, fewer corners, a larger loss. Random restarts (on Training) may find a better sum than the "
    "one nearby.",
)


def start_weights() -> np.ndarray:
    """Slope, offset and weight of each ReLU before training (3, 8).

    They lean right and left in turn, their corners half a unit apart from -2 on, each with weight 0.1.
    """
    slope = np.where(np.arange(UNITS) % 2, -1.0, 1.0)
    corners = -2 + np.arange(UNITS) / 2
    return np.array([slope, 0 - slope * corners, np.full(UNITS, 0.1)])


def sum_of_relus(workbook: Workbook) -> None:
    """The ReLUs' numbers on top, a column of each below, the score and the chart on the right."""
    ws = add_page(
        workbook,
        "Sum of ReLUs",
        "Enough ReLUs add up to any curve",
        "fit = weight 1 × ReLU 1 + weight 2 × ReLU 2 + … Training changes slopes, offsets and weights until "
        "the fit meets the curve.",
        widths="A:D=8 E=10 F:M=8.5 N=2 O=22 P=11 Q=2 R=12 S:T=9.5 U=11 V=7",
        print_area=f"A1:V{TOP + len(GRID) - 1}",
        zoom=90,
    )
    put(ws, "A3", f"Training changes these {3 * UNITS} numbers and nothing else", "Section")
    _write_weights(ws)
    _write_fit(ws)
    _write_score(ws)
    _write_parity(ws)
    curves_chart(
        ws,
        "O11",
        (620, 420),
        "The curve, the fit, and the ReLUs that it is the sum of",
        "Dots: the curve to fit. Thick line: the fit. Thin lines: each ReLU times its weight, as far as they "
        "lie between −3 and 3; they add up to the fit.",
        [Curve("fit: the sum", SUM.x, SUM.prediction), Curve("curve", SUM.x, SUM.target, dots=True)],
        axes=("x", "y"),
        heights=(-3, 3),
        behind=[Curve("each weight × ReLU", SUM.x, SUM.pieces.col(j)) for j in range(UNITS)],
    )
    for row, text in zip((34, 36, 38, 40), SUM_NOTES, strict=True):
        put(ws, f"O{row}", text, "Text")
        ws.merge_cells(f"O{row}:U{row + 1}")
    _write_picture(ws)
    save_problem(ws, SUM.loss, SUM.weights)


SHOWN = _on_sum("picture.x", "X4")


def _write_picture(ws: Worksheet) -> None:
    """The net as a diagram, to the right of everything: one x goes through the ReLUs in use."""
    put(ws, "W3", "The net as a picture: one x goes through it", "Section")
    put(ws, "W4", "x", "Label")
    put_setting(ws, SHOWN.corner, 0.5, "A number from −2 to 2.", between(-2, 2), "0.0")
    units = [f"ReLU {k}" for k in range(1, UNITS + 1)]
    slopes, offsets, weights = ([SUM.weights.cell(i, j) for j in range(UNITS)] for i in range(3))
    hidden = [[slope.local, offset.local] for slope, offset in zip(slopes, offsets, strict=True)]
    in_use = [
        f"IF({SUM.numbers.cell(0, j).local}<={SUM.used.local},{weights[j].local},0)" for j in range(UNITS)
    ]
    inputs = [("x: to slopes", SHOWN.local), ("1: to offsets", "1")]
    layers = Layer(units, hidden, [relu_of] * UNITS, "ReLU"), Layer(["the fit"], [in_use])
    write_diagram(ws, Diagram("W5", inputs, layers, unit_width=7.5, name_width=17))


def _write_weights(ws: Worksheet) -> None:
    """The numbers that are trained, and what they make of each ReLU."""
    put_column(ws, f"D{SUM.weights.area.top}", (*ROLE_OF_ROW, "corner at x =", "fires for"), "Label")
    fill(ws, SUM.numbers, [list(range(1, UNITS + 1))], "Column header", '"ReLU "0')
    fill(ws, SUM.weights, start_weights().tolist(), "Weight", THREE)
    weight_scale(ws, SUM.weights.local)
    for j in range(UNITS):
        slope, offset = (SUM.weights.cell(i, j) for i in (0, 1))
        _write_corner(ws, slope.letters, 8, slope, offset, SUM.pieces.col(j))


def _write_fit(ws: Worksheet) -> None:
    """A line a point: the curve, each ReLU's piece, their sum, its loss."""
    heads = ["x", "yours", "curve", "fit", "loss", *(f"weight × ReLU {k}" for k in range(1, UNITS + 1))]
    put_row(ws, f"A{TOP - 1}", heads, "Column header")
    ws.row_dimensions[TOP - 1].height = 26
    fill(ws, SUM.x, [[value] for value in GRID], "Data", "0.0", "center")
    fill(ws, SUM.yours, [[abs(value)] for value in GRID], "Setting", TWO)
    allow(ws, SUM.yours.free_local, "The height of your curve here, −2 to 2.", between(-2, 2))
    *named, (_, last) = CURVES.items()
    formula = "".join(f'IF({SUM.curve.local}="{name}",{height},' for name, height in named)
    fill_down(ws, SUM.target, f"={formula}{last}{')' * len(named)}", "Data", TWO)
    first, end = (column_letters(at) for at in (SUM.pieces.area.left, SUM.pieces.area.right))
    fill_down(ws, SUM.prediction, f"=SUM({first}{{row}}:{end}{{row}})", "Formula", TWO)
    fill_down(
        ws, SUM.row_loss, f'=IF({SUM.measure.local}="MSE",(D{{row}}-C{{row}})^2,ABS(D{{row}}-C{{row}}))',
        "Formula", THREE,
    )  # fmt: skip
    for j in range(UNITS):
        slope, offset, weight = (f"{SUM.pieces.col(j).letters}${row}" for row in (5, 6, 7))
        number = f"{SUM.pieces.col(j).letters}${SUM.numbers.area.top}"
        piece = f"{weight}*MAX(0,{slope}*$A{{row}}+{offset})"
        fill_down(ws, SUM.pieces.col(j), f"=IF({number}<={SUM.used.local},{piece},0)", "Formula", TWO)


def _write_score(ws: Worksheet) -> None:
    put(ws, "O3", "Score", "Section")
    settings = {
        "curve": (SUM.curve, "wave", "Which curve the ReLUs are to fit.", choices(*CURVES)),
        "ReLUs in use": (
            SUM.used, UNITS, f"A whole number from 1 to {UNITS}.", between(1, UNITS, whole=True)
        ),
        "error is": (
            SUM.measure, "MSE", "MSE, mean squared error, or MAE, mean absolute error.", MEASURES
        ),
    }  # fmt: skip
    for label, (block, value, hint, rule) in settings.items():
        put(ws, f"O{block.area.top}", label, "Label")
        put_setting(ws, block.corner, value, hint, rule)
    put(ws, "O7", "loss", "Label")
    put(ws, SUM.loss.corner, f"=AVERAGE({SUM.row_loss.local})", "Result", FIVE)
    near = f"SUMPRODUCT((ABS({SUM.prediction.local}-{SUM.target.local})<={NEAR})*1)"
    put(ws, "O8", f"accuracy: within {NEAR}", "Label")
    put(ws, SUM.accuracy.corner, f"={near}/ROWS({SUM.x.local})", "Result", PERCENT)


def _write_parity(ws: Worksheet) -> None:
    parity_block.write_parity(ws, SUM, PARITY, "largest difference of the fit")
    fires = SUM.numbers.area.top + 5
    letters = column_letters(SUM.pieces.area.left), column_letters(SUM.pieces.area.right)
    counts = f"{letters[0]}{fires}:{letters[1]}{fires}"
    dead = f"SUMPRODUCT(({SUM.numbers.local}<={SUM.used.local})*({counts}=0))"
    put(
        ws,
        "R8",
        f'=IF({dead}=0,"no ReLU is dead","dead ReLUs, which fire for no point: "&{dead})',
        "Page note",
    )


# ---- Training --------------------------------------------------------------------------------------------


def training(workbook: Workbook) -> None:
    """Settings, the loss's chart, the weights after the last run, the logs."""
    conditions = f'{SUM.measure.ref}&", "&{SUM.used.ref}&" ReLUs, "&{SUM.curve.ref}'
    write_training(workbook, TRAINING, f"={conditions}")


# ---- exercises -------------------------------------------------------------------------------------------

_IS_MSE = f'{MEASURE.ref}="MSE"'
DERIVATIVES, NUDGES, STEPPED = (_on_quadratic(name, f"B{row}", 1, 3) for name, row in
                                (("derivatives", 6), ("nudges", 7), ("stepped", 9)))  # fmt: skip
_STARTS, _ENDS, _USED = (
    _on_quadratic(name, corner, LAST_STEP, 3)
    for name, corner in (("starts", "I23"), ("ends", "I24"), ("used", "P23"))
)
_LINES = tuple(_on_grid("ReLU", letter) for letter in "CDE")
_KNOBS = ONE, FIRST_OF_TWO, SECOND_OF_TWO


def _nudges_off() -> str:
    """How far nudges are from derivatives, beyond what points with a corner within the nudge explain."""
    terms = []
    for j, power in enumerate((f"({X.ref}^2)", f"({X.ref}+0)", f"(0*{X.ref}+1)")):
        within = f"(ABS({NOW.ref}-{Y.ref})<={NUDGE.ref}*ABS{power})"
        corners = f"SUMPRODUCT({within}*ABS{power})"
        gap = f"ABS({DERIVATIVES.cell(0, j).ref}-{NUDGES.cell(0, j).ref})"
        terms.append(f"MAX(0,{gap}-IF({_IS_MSE},0,2*{corners}/ROWS({X.ref})))")
    return "+".join(terms)


def _taken_off(before: Block, after: Block, slopes: Block) -> str:
    """How far what a step took away is from rate × slope, measured by the size of the numbers."""
    size = f"(1+({before.ref}^2)^0.5)"
    return f"SUMPRODUCT(ABS({before.ref}-{after.ref}-{RATE.ref}*{slopes.ref})/{size})"


def _size_off(relu: Block, knobs: Block) -> str:
    """How far twice a ReLU less its line is from the line's size."""
    z = f"({knobs.cell(0, 0).ref}*{_on_grid('ReLU', 'A').ref}+{knobs.cell(1, 0).ref})"
    return f"SUMPRODUCT(ABS(2*{relu.ref}-{z}-ABS({z})))"


def _pieces_off() -> str:
    """How far twice each piece is from its weight × (line + the line's size), and unused pieces from 0."""
    slope, offset, weight = (SUM.weights.row(i).ref for i in range(3))
    z = f"({slope}*{SUM.x.ref}+{offset})"
    used = f"({SUM.numbers.ref}<={SUM.used.ref})"
    return f"SUMPRODUCT(ABS(2*{SUM.pieces.ref}-{used}*{weight}*({z}+ABS({z}))))"


EXERCISES = (
    Exercise(
        "Error",
        (ERROR,),
        f"D15: how far the curve is above the point, below 0 where it is under it. Fill it down to row "
        f"{14 + POINTS}.",
        "The curve less its error is the point.",
        f"=SUMPRODUCT(ABS({NOW.ref}-{ERROR.ref}-{Y.ref}))",
    ),
    Exercise(
        "Loss",
        (LOSS,),
        "F6: the mean of the losses of the twenty points, in column E.",
        "It is the mean squared error if the switch F5 says MSE, else the mean absolute error; both stand "
        "below it.",
        f"=ABS({LOSS.ref}-IF({_IS_MSE},Quadratic!$F$8,Quadratic!$F$7))",
        after="Error",
    ),
    Exercise(
        "Nudge",
        (NUDGES,),
        "B7: by how much the loss changes from a − h to a + h, divided by 2h; h is B10. With a + h the error "
        "of a point is its error in column D, and h × x² more. A point's loss is the square of its error if "
        "F5 says MSE, else its size. C7, for b, takes x in place of x², and D7, for c, takes 1.",
        "Each is the derivative above it, corners aside.",
        f"={_nudges_off()}",
        after="Error",
    ),
    Exercise(
        "Step",
        (_ENDS, STEPPED),
        "I24: the a of the row above less the learning rate F9 times the slope used there, in column P. Fill "
        f"it right to K24 and down to row {23 + LAST_STEP}. Then B9 to D9, likewise from rows 5 and 6.",
        "What a step took away, divided by the rate, is the slope it used.",
        f"={_taken_off(_STARTS, _ENDS, _USED)}+{_taken_off(ABC, STEPPED, DERIVATIVES)}",
    ),
    Exercise(
        "ReLU",
        _LINES,
        "C11: slope × x + offset where that is above 0, else 0, with the slope and the offset in B5 and B6. "
        "D11 and E11: the same with those in E5, E6 and in F5, F6. Fill them down to row 51.",
        "Twice the ReLU less the line is the line without its sign.",
        "=" + "+".join(map(_size_off, _LINES, _KNOBS)),
    ),
    Exercise(
        "Piece",
        (SUM.pieces,),
        "F11: weight × ReLU, with slope, offset and weight in F5, F6 and F7 and x in column A; but 0 if the "
        "ReLU's number in F4 is above P5, the number in use. Fill it right to M11 and down to row 51.",
        "Twice a piece is its weight times (the line + the line without its sign); 0 beyond those in use.",
        f"={_pieces_off()}",
    ),
    Exercise(
        "Fit",
        (SUM.prediction,),
        "D11: the eight pieces of this row together. Fill it down to row 51.",
        "Of each fit nothing is left when its pieces are taken away one by one.",
        f"=SUMPRODUCT(ABS({SUM.prediction.ref}-{'-'.join(SUM.pieces.col(j).ref for j in range(UNITS))}))",
        after="Piece",
    ),
)
