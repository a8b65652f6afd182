"""gradient_descent.xlsx: a straight line found step by step, by five optimisers, and a step that is too long.

Each sheet has one function here, in the order of the book. The line is y = slope * x + intercept; the 29
points stand on the sheet Line, and every other sheet reads them there.
"""

from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from xlcicf import words
from xlcicf.formula.address import column_letters
from xlcicf.lessons import resources
from xlcicf.lessons.recorded_runs import recorded
from xlcicf.lessons.solver_settings import save_problem
from xlcicf.sheet import parity_block
from xlcicf.sheet.block import Block
from xlcicf.sheet.book import book_of
from xlcicf.sheet.chart import Curve, curves_chart
from xlcicf.sheet.exercise import Exercise
from xlcicf.sheet.front import Front
from xlcicf.sheet.loss_chart import LossAxis
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
    SIX,
    THREE,
    TRY,
    TWO,
    WHOLE,
    WORKING,
    powers_of_ten_when_long,
    tint_when,
    weight_scale,
)
from xlcicf.sheet.training_sheet import TrainingSheet, write_training

# The x of fast.ai's graddesc.xlsm, whole numbers drawn from 1 to 100, in the order of its passes.
X = (
    14, 86, 28, 51, 28, 29, 72, 62, 84, 15, 42, 62, 47, 35, 9,
    38, 44, 99, 13, 21, 28, 20, 8, 64, 99, 70, 27, 17, 8,
)  # fmt: skip
TRUTH = {"slope": 2, "intercept": 30}
START = {"slope": 1, "intercept": 1}
POINTS = len(X)
FAR = "1E+100"  # a loss beyond which a run holds still, so that no cell ever overflows
CHARTED = "1E-6", "1E+6"  # the least and the largest loss that a chart draws
LOSS = "[>=100000]0.0E+00;[<0.001]0.0E+00;0.000"  # a number format, for what is never below 0


def build() -> Workbook:
    """The workbook at its start values; formulas without cached values."""
    pages = line, one_row, optimisers, too_fast, training, steps
    blocks = [
        LINE.weights, LINE.x, LINE.y, LINE.prediction, LINE.loss, LINE.accuracy,
        *PARITY.blocks(), *TRAINING.logs(),
    ]  # fmt: skip
    return book_of(READ_ME, pages, blocks)


# ---- Read me ---------------------------------------------------------------------------------------------

READ_ME = Front(
    title="Gradient descent: how a computer finds a line, one small step at a time",
    links=resources.of_book("gradient_descent"),
    about=(
        "29 points lie on a straight line. Only two numbers are unknown, its slope and its intercept. Start "
        "anywhere, ask the derivative which way the error falls, take a small step that way, and ask again: "
        "that is gradient descent. The largest neural nets are trained by it, with more numbers."
    ),
    to_do=(
        "On Line, change slope and intercept until the loss is small. Then type 2 and 30: it is 0.",
        "On One row at a time, read a row from left to right: prediction, error, derivative, step. Set the "
        "learning rate to 0.0002: the status says that a step is too long for its row.",
        "On Optimisers, compare five ways to make a step of a derivative. Then let each step look at one row "
        "instead of all, and see who copes with the noise.",
        "On Too fast, type 0.00039 and then 0.0004 as a learning rate: just below and just above the edge.",
        "Let xlcicf find the line: xlcicf train gradient_descent.xlsx. It reads its settings from Training, "
        "writes slope and intercept into Line and the run into Training; xlcicf undo takes it back.",
        "On Training, choose lbfgs, empty the learning rate and train again: a method that learns the "
        "valley's shape needs a handful of steps. Excel's own Solver, too, opens filled in on Line.",
    ),
    sheets={
        "Line": "the 29 points, the line's two numbers, its loss, and the truth, which you may change",
        "One row at a time": "six passes over the points: estimated beside exact derivatives, a step a row",
        "Optimisers": "SGD, momentum, RMSProp, Adam and Adagrad beside each other: settings, losses, chart",
        "Too fast": "four learning rates, from too slow to exploding, and the edge between",
        "Training": "settings, the log of runs, the numbers before each run, the loss at each step",
        "Steps": "for Optimisers: how those five got there, every derivative, running mean and step",
    },
    kinds={
        "Line": TRY,
        "One row at a time": TRY,
        "Optimisers": TRY,
        "Too fast": TRY,
        "Training": TRY,
        "Steps": WORKING,
    },  # fmt: skip
    source=(
        "The lesson follows an idea of fast.ai's graddesc.xlsm, to which week 12 of the CI Compass "
        "Fellowship points: its 29 points, its settings and the errors that it logged are quoted here as "
        "figures. This workbook was made anew by xlcicf, MIT licence."
    ),
    roles={
        "Data": "given: the points, and figures quoted from elsewhere",
        "Weight": "the line's two numbers: training changes them and nothing else",
    },
)


# ---- Line ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """Where the points and the line lie."""

    sheet: str = "Line"
    first: int = 11

    @property
    def numbers(self) -> Block:
        return self._column("line.number", "A")

    @property
    def x(self) -> Block:
        return self._column("line.x", "B")

    @property
    def y(self) -> Block:
        return self._column("line.y", "C")

    @property
    def prediction(self) -> Block:
        return self._column(words.NET_PREDICTION, "D")

    @property
    def error(self) -> Block:
        return self._column("line.error", "E")

    @property
    def squared(self) -> Block:
        return self._column("line.squared", "F")

    # above the points
    @property
    def truth(self) -> Block:
        """The slope and the intercept that made y."""
        return Block("line.truth", self.sheet, "B6", 1, 2)

    @property
    def weights(self) -> Block:
        """The slope and the intercept of the line."""
        return Block(words.WEIGHTS, self.sheet, "D6", 1, 2)

    @property
    def loss(self) -> Block:
        return Block(words.NET_LOSS, self.sheet, "D7")

    @property
    def accuracy(self) -> Block:
        return Block(words.NET_ACCURACY, self.sheet, "D8")

    def _column(self, name: str, letter: str) -> Block:
        return Block(name, self.sheet, f"{letter}{self.first}", POINTS)


LINE = Line()
X_REF, Y_REF = LINE.x.ref, LINE.y.ref
TRAINING = TrainingSheet(
    book="gradient_descent.xlsx",
    weights=LINE.weights,
    rows=["the line"],
    cols=list(START),
    columns_log=list(START),
    conditions="points",
    recorded=recorded("gradient_descent"),
    axis=LossAxis(0.0001, has_powers_of_ten=True),
    values={words.OPTIMIZER.cell: "adam", words.LR.cell: 1},
)
PARITY = parity_block.ParityBlock(
    loss=Block(words.PARITY_LOSS, "Line", "M5"),
    prediction=Block(words.PARITY_PREDICTION, "Line", "M6"),
    status=Block(words.PARITY_STATUS, "Line", "H7"),
    weights=TRAINING.weights_after,
    settings=TRAINING.settings,
    settings_now=TRAINING.settings_now,
    settings_changed="points were added or removed since the last run",
)


def line(workbook: Workbook) -> None:
    """The points, the line and its loss; the problem that Solver and xlcicf read."""
    ws = add_page(
        workbook,
        "Line",
        "The line: 29 points, two numbers, one loss",
        "prediction = slope × x + intercept. The loss is the mean of the squared errors: 0 if the line goes "
        "through every point. Change the two orange numbers and watch it.",
        widths="A=12 B:C=11 D:E=12 F=12 G=2 H:M=10",
        print_area=f"A1:Q{LINE.first + POINTS}",
    )
    put(ws, "B4", "The truth behind y", "Section")
    put(ws, "D4", "The line: change these", "Section")
    put(ws, "A6", "now", "Label")
    for block, values, style in ((LINE.truth, TRUTH, "Setting"), (LINE.weights, START, "Weight")):
        put_row(ws, f"{block.letters}5", values, "Column header")
        fill(ws, block, [values.values()], style, FOUR if style == "Weight" else None)
    for j in range(2):
        allow(ws, LINE.truth.cell(0, j).corner, "A number from −1000 to 1000.", between(-1000, 1000))
    put(ws, "A7", "loss: mean of the squared errors", "Label")
    put(ws, LINE.loss.corner, f"=SUM({LINE.squared.local})/COUNT({LINE.y.local})", "Result", FIVE)
    put(ws, "A8", "points predicted to within 1", "Label")
    hits = f'COUNTIF({LINE.squared.local},"<=1")'
    put(ws, LINE.accuracy.corner, f"={hits}/COUNT({LINE.y.local})", "Result", PERCENT)
    _write_points(ws)
    parity_block.write_parity(ws, LINE, PARITY)
    curves_chart(
        ws,
        "H9",
        (620, 400),
        "The points and the line",
        "Dots: the 29 points. A line: what slope and intercept, as they are now, predict for each x.",
        [Curve("points", LINE.x, LINE.y, dots=True), Curve("the line", LINE.x, LINE.prediction)],
        axes=("x", "y"),
    )
    save_problem(ws, LINE.loss, LINE.weights)


def _write_points(ws: Worksheet) -> None:
    slope, intercept = (LINE.weights.cell(0, j).local for j in range(2))
    true_slope, true_intercept = (LINE.truth.cell(0, j).local for j in range(2))
    heads = ["No.", "x", "y", "prediction", "error", "squared"]
    put_row(ws, f"A{LINE.first - 1}", heads, "Column header")
    fill(ws, LINE.numbers, [[i] for i in range(1, POINTS + 1)], "Formula", WHOLE, "center")
    fill(ws, LINE.x, [[x] for x in X], "Data", WHOLE)
    fill_down(ws, LINE.y, f"={true_slope}*B{{row}}+{true_intercept}", "Data", "General")
    fill_down(ws, LINE.prediction, f"={slope}*B{{row}}+{intercept}", "Formula", THREE)
    fill_down(ws, LINE.error, "=D{row}-C{row}", "Formula", THREE)
    fill_down(ws, LINE.squared, "=E{row}^2", "Formula", THREE)


# ---- One row at a time -----------------------------------------------------------------------------------

ROW = "One row at a time"
ROW_FIRST, PASSES = 14, 6
ROW_LAST = ROW_FIRST + PASSES * POINTS - 1
LOGGED = (
    150.76,
    104.75,
    104.56,
    104.37,
    104.18,
)  # by graddesc.xlsm: the root of a pass's sum of squared errors
RIGHT, SLIP = "after the last row", "before the last row"
ROW_SETTINGS = (  # cell, label, value, hint, rule
    ("E4", "intercept at the start", 1, "A number from −1000 to 1000.", between(-1000, 1000)),
    ("E5", "slope at the start", 1, "A number from −1000 to 1000.", between(-1000, 1000)),
    ("E6", "learning rate", 0.0001, "A number above 0, at most 0.001.", between(1e-9, 0.001)),
    ("E7", "size h of the nudge", 0.01, "A number above 0, at most 1.", between(1e-6, 1)),
    ("E8", "the next pass goes on from", RIGHT, "After or before the last row.", choices(RIGHT, SLIP)),
)  # fmt: skip
RATE, NUDGE, CARRY = (Block("", ROW, f"E{row}") for row in (6, 7, 8))
ROW_COLUMNS = (  # header, in words, formula of row {row}, number format
    ("pass", "", None, WHOLE),
    ("row", "", None, WHOLE),
    ("x", "", "=INDEX({x},$B{row})", WHOLE),
    ("y", "", "=INDEX({y},$B{row})", "General"),
    ("intercept", "before the step", "=O{above}", FIVE),
    ("slope", "before the step", "=P{above}", FIVE),
    ("prediction", "slope · x + intercept", "=F{row}*C{row}+E{row}", FOUR),
    ("error²", "(prediction − y)²", "=(G{row}-D{row})^2", THREE),
    ("error² nudged", "intercept + h", "=(F{row}*C{row}+E{row}+{h}-D{row})^2", THREE),
    ("estimate: by intercept", "change of error² ÷ h", "=(I{row}-H{row})/{h}", THREE),
    ("error² nudged", "slope + h", "=((F{row}+{h})*C{row}+E{row}-D{row})^2", THREE),
    ("estimate: by slope", "change of error² ÷ h", "=(K{row}-H{row})/{h}", THREE),
    ("exact: by intercept", "2 (prediction − y)", "=2*(G{row}-D{row})", THREE),
    ("exact: by slope", "x · that", "=C{row}*M{row}", THREE),
    ("new intercept", "− rate · derivative", "=E{row}-{rate}*M{row}", FIVE),
    ("new slope", "− rate · derivative", "=F{row}-{rate}*N{row}", FIVE),
    ("error left", "1 − 2 · rate · (1 + x²)", "=1-2*{rate}*(1+C{row}^2)", PERCENT),
)
ROW_NOTES = (
    "Nudge: make a number larger by h, see how much error² grows, divide by h: the derivative, estimated.",
    "Exact: by the rules of calculus. The chain rule gives 2 · error for the intercept, and x times that for",
    "the slope, since a slope that grows by 1 lifts the prediction by x.",
    "error² is a parabola, so the estimate is too large by h for the intercept and by h · x² for the slope.",
    "The step: new = old − learning rate · derivative. Downhill, and shorter where the hill is flatter.",
    "error left: how much of its own error a row keeps after its step. At x = 99 it is −96%: the step jumps",
    "to the other side and almost as far away. Below −100% a row would leave more error than it found.",
    "The slope dances with every row, the intercept hardly moves: a large x pulls hard on the slope, while",
    "every x pulls on the intercept alike. That is why the errors of pass 2 to 6 fall so slowly.",
    "graddesc logged: what fast.ai's sheet noted after each pass, called rmse there, though it is the root",
    "of the sum. Its next pass starts where its last row started, so the last row's step is lost.",
    f"Choose “{SLIP}” and the roots of the sums are its five figures.",
)


def _row_block(letter: str) -> Block:
    return Block(f"row.{letter}", ROW, f"{letter}{ROW_FIRST}", PASSES * POINTS)


def one_row(workbook: Workbook) -> None:
    """Six passes over the points, a step a row; a summary of each pass above."""
    ws = add_page(
        workbook,
        ROW,
        "One row at a time: look at a point, make a step, look at the next",
        "Each row starts from the slope and intercept that the row above it left. Read from left to right.",
        widths="A=6 B=5 C=5 D=8 E:F=12 G:P=12 Q=11 R=2 S=92",
        print_area=f"A1:S{ROW_FIRST + 2 * POINTS - 1}",
        frozen=f"A{ROW_FIRST}",
        zoom=90,
    )
    put(ws, "A3", "Settings", "Section")
    for cell, label, value, hint, rule in ROW_SETTINGS:
        put(ws, f"A{cell[1:]}", label, "Label")
        put_setting(ws, cell, value, hint, rule)
    put(ws, "F8", None, "Setting")
    ws.merge_cells("E8:F8")
    left = _row_block("Q").local
    fits, too_long = (
        "each step makes its own row's error smaller",
        "too long: a step leaves its row a larger error",
    )
    put(ws, "A10", f'=IF(MIN({left})<-1,"{too_long}","{fits}")', "Status")
    ws.merge_cells("A10:F10")
    tint_when(ws, "$A$10", f'$A$10="{fits}"', good=True)
    tint_when(ws, "$A$10", f'$A$10="{too_long}"', good=False)
    _write_passes(ws)
    _write_rows(ws)
    powers_of_ten_when_long(ws, f"I5:P{ROW_LAST}")
    powers_of_ten_when_long(ws, f"E{ROW_FIRST}:H{ROW_LAST}")
    weight_scale(ws, left)
    curves_chart(
        ws,
        "O3",
        (560, 180),
        "The slope before each step",
        "A line that swings: the slope before each of the 174 steps of six passes.",
        [Curve("slope", Block("chart", ROW, f"AC{ROW_FIRST}", PASSES * POINTS), _row_block("F"))],
        axes=("step", "slope"),
    )
    put_column(ws, f"S{ROW_FIRST}", ROW_NOTES, "Page note")


def _write_rows(ws: Worksheet) -> None:
    letters = [column_letters(col) for col in range(1, 1 + len(ROW_COLUMNS))]
    put_row(ws, f"A{ROW_FIRST - 2}", [words for _, words, _, _ in ROW_COLUMNS], "Column header")
    put_row(ws, f"A{ROW_FIRST - 1}", [header for header, _, _, _ in ROW_COLUMNS], "Column header")
    put(ws, f"AC{ROW_FIRST - 1}", "step", "Column header")
    ws.row_dimensions[ROW_FIRST - 2].height = ws.row_dimensions[ROW_FIRST - 1].height = 26
    for i, row in enumerate(range(ROW_FIRST, ROW_LAST + 1)):
        number, place = divmod(i, POINTS)
        put(ws, f"A{row}", number + 1, "Formula", WHOLE, "center")
        put(ws, f"B{row}", place + 1, "Formula", WHOLE, "center")
        put(ws, f"AC{row}", i, "Formula", WHOLE)
        for letter, (_, _, formula, number_format) in list(zip(letters, ROW_COLUMNS, strict=True))[2:]:
            if letter in "EF" and place == 0:
                formula = _pass_start(letter, row)
            assert formula is not None  # the first two columns alone have none
            text = formula.format(row=row, above=row - 1, x=X_REF, y=Y_REF, h=NUDGE.local, rate=RATE.local)
            style = "Data" if letter in "CD" else "Formula"
            put(ws, f"{letter}{row}", text, style, number_format)


def _pass_start(letter: str, row: int) -> str:
    """Intercept (E) or slope (F) at the first row of a pass."""
    if row == ROW_FIRST:
        return "=$E$4" if letter == "E" else "=$E$5"
    after = "O" if letter == "E" else "P"
    return f'=IF({CARRY.local}="{SLIP}",{letter}{row - 1},{after}{row - 1})'


def _write_passes(ws: Worksheet) -> None:
    put(ws, "H3", "Pass by pass", "Section")
    heads = [
        "pass",
        "intercept at its start",
        "slope at its start",
        "√ of the sum of error²",
        "√ of the mean",
        "graddesc logged",
    ]
    put_row(ws, "H4", heads, "Column header")
    ws.row_dimensions[4].height = 28
    for i in range(PASSES):
        first, row = ROW_FIRST + i * POINTS, 5 + i
        errors = f"H{first}:H{first + POINTS - 1}"
        put(ws, f"H{row}", i + 1, "Formula", WHOLE, "center")
        put(ws, f"I{row}", f"=E{first}", "Formula", FIVE)
        put(ws, f"J{row}", f"=F{first}", "Formula", FIVE)
        put(ws, f"K{row}", f"=SQRT(SUM({errors}))", "Result", TWO)
        put(ws, f"L{row}", f"=SQRT(SUM({errors})/ROWS({errors}))", "Formula", TWO)
        if i < len(LOGGED):
            put(ws, f"M{row}", LOGGED[i], "Data", TWO)


# ---- Optimisers and Steps --------------------------------------------------------------------------------

COUNT = 290  # steps: ten passes, where each looks at one row
STEPS_FIRST, LOSSES_FIRST = 7, 25
ALL, ONE = "all rows", "one row"
BATCH = Block("optimisers.batch", "Optimisers", "C4")
INTERCEPT = Block("optimisers.intercept", "Optimisers", "C5")
SLOPE = Block("optimisers.slope", "Optimisers", "C6")
SETTINGS_ROW = 9  # of the first optimiser on Optimisers


@dataclass(frozen=True)
class Optimiser:
    """One way to make a step of a derivative; the formulas are written once and used for slope and intercept.

    name      what the book calls it
    settings  the values that ship in the columns lr, beta, beta2, epsilon; None: it has no such setting
    original  its settings in graddesc.xlsm
    words     the rule, as the sheet says it
    state     header -> formula of what it remembers; in these {g} is this row's derivative, {old} the same
              cell a row above (0 above the first), {first} whether this is the first step
    step      what is taken away from the number, times the learning rate; {states} by their headers
    """

    name: str
    settings: tuple[float | None, float | None, float | None, float | None]
    original: str
    words: str
    state: dict[str, str]
    step: str


OPTIMISERS = (
    Optimiser(
        "SGD", (0.0003, None, None, None), "0.0001",
        "step = rate · derivative",
        {}, "{g}",
    ),
    Optimiser(
        "momentum", (0.0003, 0.9, None, None), "0.0001, β 0.9; a mean, so a step is a tenth as long",
        "v = β · v + derivative (at first: the derivative); step = rate · v",
        {"v": "{beta}*{old}+{g}"}, "{v}",
    ),
    Optimiser(
        "RMSProp", (0.08, 0.99, None, 1e-8), "0.02, β 0.9",
        "s = β · s + (1 − β) · derivative²; step = rate · derivative ÷ (√s + ε)",
        {"s": "{beta}*{old}+(1-{beta})*{g}^2"}, "{g}/(SQRT({s})+{epsilon})",
    ),
    Optimiser(
        "Adam", (1, 0.9, 0.999, 1e-8), "1, β 0.7 and 0.9",
        "m = mean of derivatives (β), s = of their squares (β2), both ÷ (1 − βᵗ); step = rate · m ÷ (√s + ε)",
        {"m": "{beta}*{old}+(1-{beta})*{g}", "s": "{beta2}*{old}+(1-{beta2})*{g}^2"},
        "{m}/(1-{beta}^{t})/(SQRT({s})/SQRT(1-{beta2}^{t})+{epsilon})",
    ),
    Optimiser(
        "Adagrad", (2, None, None, 1e-10), "other variants",
        "s = s + derivative²; step = rate · derivative ÷ (√s + ε): shorter and shorter",
        {"s": "{old}+{g}^2"}, "{g}/(SQRT({s})+{epsilon})",
    ),
)  # fmt: skip
SETTING_HINTS = (  # of lr, beta, beta2, epsilon
    ("The learning rate, above 0, at most 100.", between(1e-9, 100)),
    ("A number from 0 to 0.9999.", between(0, 0.9999)),
    ("A number from 0 to 0.9999.", between(0, 0.9999)),
    ("A small number, at least 1E-12.", between(1e-12, 1)),
)


@dataclass(frozen=True)
class Track:
    """Where one optimiser's steps lie on the sheet Steps."""

    optimiser: Optimiser
    number: int
    left: int  # first column

    @property
    def headers(self) -> list[str]:
        states = [f"{name}, {of}" for name in self.optimiser.state for of in ("slope", "intercept")]
        return ["slope", "intercept", "by slope", "by intercept", *states, "loss"]

    def column(self, header: str) -> Block:
        col = column_letters(self.left + self.headers.index(header))
        return Block(f"steps.{self.optimiser.name}", "Steps", f"{col}{STEPS_FIRST}", COUNT + 1)

    def setting(self, j: int) -> str:
        """Where the learning rate (0), beta (1), beta2 (2) or epsilon (3) stands."""
        return f"Optimisers!${'BCDE'[j]}${SETTINGS_ROW + self.number}"


def _tracks() -> list[Track]:
    tracks, left = [], 5
    for number, optimiser in enumerate(OPTIMISERS):
        track = Track(optimiser, number, left)
        tracks.append(track)
        left += len(track.headers) + 1  # and a narrow column
    return tracks


TRACKS = _tracks()


def optimisers(workbook: Workbook) -> None:
    """Settings, how far each optimiser comes, its rule in words, the chart of the losses."""
    ws = add_page(
        workbook,
        "Optimisers",
        "Five optimisers on the same points",
        f"Each starts from the same line and makes {COUNT} steps. The derivatives are the same; what differs "
        "is the step made of them. The sheet Steps shows the working.",
        widths="A=21 B:I=12 J:M=11",
        print_area=f"A1:Q{LOSSES_FIRST + 20}",  # as far as the chart goes
        zoom=90,
    )
    put(ws, "A3", "Settings", "Section")
    for block, label, value, hint, rule in (
        (BATCH, "each step looks at", ALL, f"{ALL} or {ONE}.", choices(ALL, ONE)),
        (INTERCEPT, "intercept at the start", 1, "A number from −1000 to 1000.", between(-1000, 1000)),
        (SLOPE, "slope at the start", 1, "A number from −1000 to 1000.", between(-1000, 1000)),
    ):
        put(ws, f"A{block.area.top}", label, "Label")
        put_setting(ws, block.corner, value, hint, rule)
    put(
        ws,
        "D4",
        f"{ONE}: points 1 to {POINTS}, then again from 1. {ALL}: the mean over all of them.",
        "Page note",
    )
    heads = [
        "optimiser", "learning rate", "β", "β2", "ε", "slope at the end", "intercept at the end",
        "loss at the end", "steps with a loss below 1", "and so", "", "", "in graddesc",
    ]  # fmt: skip
    put_row(ws, f"A{SETTINGS_ROW - 1}", heads, "Column header")
    ws.merge_cells(f"J{SETTINGS_ROW - 1}:L{SETTINGS_ROW - 1}")
    ws.row_dimensions[SETTINGS_ROW - 1].height = 28
    for track in TRACKS:
        _write_summary(ws, track)
    powers_of_ten_when_long(ws, f"F{SETTINGS_ROW}:G{SETTINGS_ROW + len(TRACKS) - 1}")
    put(ws, "A15", "How each makes a step: the same rule for slope and intercept", "Section")
    for row, optimiser in enumerate(OPTIMISERS, 16):
        put(ws, f"A{row}", optimiser.name, "Label")
        put(ws, f"B{row}", optimiser.words, "Page note")
    put(ws, f"B{16 + len(OPTIMISERS)}", CHAOS, "Page note")
    _write_losses(ws)


def _write_summary(ws: Worksheet, track: Track) -> None:
    row = SETTINGS_ROW + track.number
    put(ws, f"A{row}", track.optimiser.name, "Label")
    for letter, value, (hint, rule) in zip("BCDE", track.optimiser.settings, SETTING_HINTS, strict=True):
        if value is not None:
            put_setting(ws, f"{letter}{row}", value, hint, rule)
    losses = track.column("loss")
    for letter, header, number_format in (
        ("F", "slope", FIVE),
        ("G", "intercept", FOUR),
        ("H", "loss", LOSS),
    ):
        last = track.column(header).cell(COUNT, 0).ref
        put(ws, f"{letter}{row}", f"={last}", "Result", number_format)
    put(ws, f"I{row}", f'=COUNTIF({losses.ref},"<1")', "Formula", WHOLE)
    status = Block("status", "Optimisers", f"J{row}")
    put(ws, status.corner, _judgement(track), "Status")
    ws.merge_cells(f"J{row}:L{row}")
    tint_when(ws, status.local, f'{status.local}="{ARRIVED}"', good=True)
    tint_when(ws, status.local, f'{status.local}="{EXPLODED}"', good=False)
    put(ws, f"M{row}", track.optimiser.original, "Page note")


CHAOS = "With RMSProp's β at 0.9 its steps flip chaotically: rounding grows until two computers disagree."
ARRIVED, EXPLODED = "found the line", "exploded: rate too large"
FALLING, WANDERING = "on its way, slowly", "wanders up and down"


def _judgement(track: Track) -> str:
    """A formula for how the optimiser fared, by the loss at the start, a pass ago and at the end."""
    start, before, end = (track.column("loss").cell(i, 0).ref for i in (0, COUNT - POINTS, COUNT))
    return (
        f'=IF({end}>{start},"{EXPLODED}",IF({end}<1,"{ARRIVED}",'
        f'IF({end}<={before},"{FALLING}","{WANDERING}")))'
    )


def _write_losses(ws: Worksheet) -> None:
    header = LOSSES_FIRST - 1
    put(
        ws,
        f"A{header - 1}",
        "The loss at each step, as the chart draws it: not below 1E-6, not above 1E+6",
        "Section",
    )
    put_row(ws, f"A{header}", ["step", *(optimiser.name for optimiser in OPTIMISERS)], "Column header")
    step = Block("chart", "Optimisers", f"A{LOSSES_FIRST}", COUNT + 1)
    fill(ws, step, [[i] for i in range(COUNT + 1)], "Formula", WHOLE, "center")
    curves = []
    for letter, track in zip("BCDEF", TRACKS, strict=True):
        drawn = Block("chart", "Optimisers", f"{letter}{LOSSES_FIRST}", COUNT + 1)
        _write_drawn(ws, drawn, track.column("loss"))
        curves.append(Curve(track.optimiser.name, step, drawn))
    curves_chart(
        ws,
        f"H{LOSSES_FIRST - 2}",
        (700, 430),
        f"The loss of five optimisers over {COUNT} steps",
        "Five lines on a scale of powers of ten: the loss of each optimiser at each step, as in the table.",
        curves,
        powers_of_ten=(1e-6, 1e6),
    )


def _write_drawn(ws: Worksheet, drawn: Block, losses: Block) -> None:
    """The losses as a chart with powers of ten can draw them."""
    least, largest = CHARTED
    source = losses.letters if losses.sheet == ws.title else f"{losses.sheet}!{losses.letters}"
    shift = losses.area.top - drawn.area.top
    for row in range(drawn.area.top, drawn.area.bottom + 1):
        text = f"=MIN({largest},MAX({least},{source}{row + shift}))"
        put(ws, f"{drawn.letters}{row}", text, "Formula", LOSS)


def steps(workbook: Workbook) -> None:
    """The working of the five optimisers, a step a row."""
    last = column_letters(TRACKS[-1].left + len(TRACKS[-1].headers) - 1)
    narrow = " ".join(f"{column_letters(track.left - 1)}=2" for track in TRACKS[1:])
    ends = [column_letters(track.left + len(track.headers) - 1) for track in TRACKS]
    begins = ["A", *(column_letters(track.left) for track in TRACKS[1:])]
    printed = [f"{begin}1:{end}{STEPS_FIRST + 24}" for begin, end in zip(begins, ends, strict=True)]
    ws = add_page(
        workbook,
        "Steps",
        "Steps: the working of the five optimisers",
        "This sheet works for Optimisers, which draws its losses. The row below is a step further.",
        widths=f"A:D=6 E:{last}=12 {narrow}",
        print_area=",".join(printed),
        frozen=f"E{STEPS_FIRST}",
        zoom=80,
    )
    put_row(ws, f"A{STEPS_FIRST - 1}", ["step", "row", "x", "y"], "Column header")
    row = STEPS_FIRST
    column = {letter: Block("steps", "Steps", f"{letter}{row}", COUNT + 1) for letter in "ABCD"}
    fill(ws, column["A"], [[i] for i in range(COUNT + 1)], "Formula", WHOLE, "center")
    fill_down(ws, column["B"], f"=MOD(A{{row}},{POINTS})+1", "Formula", WHOLE, "center")
    fill_down(ws, column["C"], f"=INDEX({X_REF},B{{row}})", "Data", WHOLE)
    fill_down(ws, column["D"], f"=INDEX({Y_REF},B{{row}})", "Data", "General")
    for track in TRACKS:
        _write_track(ws, track)
    powers_of_ten_when_long(ws, f"E{STEPS_FIRST}:{last}{STEPS_FIRST + COUNT}")
    ws.row_dimensions[STEPS_FIRST - 1].height = 26


def _write_track(ws: Worksheet, track: Track) -> None:
    optimiser = track.optimiser
    left = column_letters(track.left)
    put(ws, f"{left}4", optimiser.name, "Section")
    put(ws, f"{left}5", optimiser.words, "Page note")
    put_row(ws, f"{left}{STEPS_FIRST - 1}", track.headers, "Column header")
    at = {header: track.column(header).letters for header in track.headers}
    a, b = at["slope"], at["intercept"]
    error = f"({a}{{row}}*{X_REF}+{b}{{row}}-{Y_REF})"
    own = f"2*({a}{{row}}*$C{{row}}+{b}{{row}}-$D{{row}})"
    every = f"2*SUMPRODUCT({error}"
    switch = f'=IF({BATCH.ref}="{ALL}",'
    by_slope = f"{switch}{every}*{X_REF})/{POINTS},{own}*$C{{row}})"
    by_intercept = f"{switch}{every})/{POINTS},{own})"
    fill_down(ws, track.column("by slope"), by_slope, "Formula", THREE)
    fill_down(ws, track.column("by intercept"), by_intercept, "Formula", THREE)
    fill_down(ws, track.column("loss"), f"=SUMPRODUCT({error}^2)/{POINTS}", "Result", LOSS)
    for of, start in (("slope", SLOPE), ("intercept", INTERCEPT)):
        for name in optimiser.state:
            _write_state(ws, track, name, of)
        _write_number(ws, track, of, start)


def _settings(track: Track) -> dict[str, str]:
    return dict(zip(("rate", "beta", "beta2", "epsilon"), map(track.setting, range(4)), strict=True))


def _write_state(ws: Worksheet, track: Track, name: str, of: str) -> None:
    """What the optimiser remembers after the derivative of each row; before the first it remembers 0."""
    column, g = track.column(f"{name}, {of}"), track.column(f"by {of}").letters
    for row in range(STEPS_FIRST, STEPS_FIRST + COUNT + 1):
        old = "0" if row == STEPS_FIRST else f"{column.letters}{row - 1}"
        text = track.optimiser.state[name].format(g=f"{g}{row}", old=old, **_settings(track))
        put(ws, f"{column.letters}{row}", f"={text}", "Formula", FOUR)


def _write_number(ws: Worksheet, track: Track, of: str, start: Block) -> None:
    """Slope or intercept: the start, then each row's less the step that the row above leads to."""
    column, loss = track.column(of), track.column("loss").letters
    put(ws, f"{column.letters}{STEPS_FIRST}", f"={start.ref}", "Formula", FIVE)
    for row in range(STEPS_FIRST, STEPS_FIRST + COUNT):
        known = {name: f"{track.column(f'{name}, {of}').letters}{row}" for name in track.optimiser.state}
        known |= {"g": f"{track.column(f'by {of}').letters}{row}", "t": f"$A{row + 1}"}
        step = track.optimiser.step.format(**known, **_settings(track))
        here = f"{column.letters}{row}"
        text = f"=IF({loss}{row}>{FAR},{here},{here}-{track.setting(0)}*{step})"
        put(ws, f"{column.letters}{row + 1}", text, "Formula", FIVE)


# ---- Too fast --------------------------------------------------------------------------------------------

FAST = "Too fast"
FAST_STEPS, FAST_FIRST, HOPS, CURVE = 60, 40, 12, 41
RATES = (0.000005, 0.00015, 0.00038, 0.00042)
RUN_ROW = 13  # of the first run's line
EDGE, STEEP, FLAT = (
    Block(name, FAST, cell) for name, cell in (("edge", "E8"), ("steep", "E6"), ("flat", "E7"))
)
DRAWN = Block("fast.drawn", FAST, "E17")
EXPLODES, SWINGS = "too fast: it explodes", "swings from side to side, and falls"
SLOW, GOOD = "too slow: still far from the valley's floor", "good: straight down to the valley's floor"
FAST_NOTES = (
    "The loss is a valley over slope and intercept, and a very narrow one: a small change of the slope lifts",
    "the loss by much, a small change of the intercept by little. How sharply it bends is its curvature.",
    "A step along the steep direction leaves 1 − rate · curvature of the distance. Is that below −1, each",
    "step ends farther away than it began. So no learning rate above 2 ÷ curvature can work, and below it",
    "the flat direction needs thousands of steps. Momentum, RMSProp and Adam were made for such valleys.",
)


def fast_column(run: int, j: int) -> Block:
    """Column j of a run: slope, intercept, by slope, by intercept, loss."""
    return Block(f"fast.{run}", FAST, f"{column_letters(2 + 5 * run + j)}{FAST_FIRST}", FAST_STEPS + 1)


def too_fast(workbook: Workbook) -> None:
    """Four learning rates side by side, with what becomes of each, and the edge that calculus predicts."""
    ws = add_page(
        workbook,
        FAST,
        "Too fast: a step that is too long ends farther away than it began",
        "Plain gradient descent over all points, from one start, with four learning rates. Change them.",
        widths="A=13 B=12 C:U=12 V=2 W:Z=10 AA=2 AB:AE=10",
        print_area=f"A1:U{FAST_FIRST + FAST_STEPS}",
        header=FAST_FIRST - 1,
        zoom=90,
    )
    put(ws, "A3", "How steep is the valley?", "Section")
    n = f"ROWS({X_REF})"
    bend = "SQRT((E4-1)^2+4*E5^2)"
    for row, (label, formula, number_format) in enumerate(
        (
            ("mean of x²", f"=SUMPRODUCT({X_REF}^2)/{n}", TWO),
            ("mean of x", f"=SUM({X_REF})/{n}", TWO),
            ("curvature in the steepest direction", f"=E4+1+{bend}", TWO),
            ("curvature in the flattest direction", f"=E4+1-{bend}", FOUR),
            ("the edge: 2 ÷ the steepest curvature", "=2/E6", SIX),
        ),
        4,
    ):
        put(ws, f"A{row}", label, "Label")
        put(ws, f"E{row}", formula, "Result" if row == 8 else "Formula", number_format)
    put_column(ws, "G4", FAST_NOTES, "Page note")
    _write_runs(ws)
    _write_fast_steps(ws)
    _write_hops(ws)
    powers_of_ten_when_long(ws, f"B{FAST_FIRST}:AE{FAST_FIRST + FAST_STEPS}")


def _write_runs(ws: Worksheet) -> None:
    put(ws, "A11", "Four learning rates", "Section")
    heads = ["run", "learning rate", "of the edge", "loss at the start", f"loss after {FAST_STEPS} steps",
             "steps to bring the error to 1%", "and so"]  # fmt: skip
    put_row(ws, f"A{RUN_ROW - 1}", heads, "Column header")
    ws.merge_cells(f"G{RUN_ROW - 1}:J{RUN_ROW - 1}")
    ws.row_dimensions[RUN_ROW - 1].height = 38
    for run, rate in enumerate(RATES):
        row, loss = RUN_ROW + run, fast_column(run, 4)
        start, before, end = (loss.cell(i, 0).corner for i in (0, FAST_STEPS - 1, FAST_STEPS))
        first, second = (fast_column(run, 2).cell(i, 0).corner for i in (0, 1))
        put(ws, f"A{row}", run + 1, "Formula", WHOLE, "center")
        put_setting(ws, f"B{row}", rate, "A learning rate above 0, at most 1.", between(1e-9, 1), "0.0000000")
        put(ws, f"C{row}", f"=B{row}/{EDGE.local}", "Formula", "0.0%")
        put(ws, f"D{row}", f"={start}", "Formula", TWO)
        put(ws, f"E{row}", f"={end}", "Result", LOSS)
        needed = f"LN(0.01)/LN(1-B{row}*{FLAT.local})"
        put(ws, f"F{row}", f'=IF(B{row}<{EDGE.local},ROUND({needed},0),"never")', "Formula", WHOLE, "right")
        words = (
            f'=IF({end}>{start},"{EXPLODES}",IF({first}*{second}<0,"{SWINGS}",'
            f'IF({end}<0.99*{before},"{SLOW}","{GOOD}")))'
        )
        put(ws, f"G{row}", words, "Status")
        ws.merge_cells(f"G{row}:J{row}")
        here = f"$G${row}"
        tint_when(ws, here, f'{here}="{GOOD}"', good=True)
        tint_when(ws, here, f'{here}="{EXPLODES}"', good=False)
    put(ws, "A17", "the chart on the right draws run", "Label")
    put_setting(ws, DRAWN.corner, len(RATES), "Which of the four runs.", choices(1, 2, 3, 4))


def _write_fast_steps(ws: Worksheet) -> None:
    put(ws, f"A{FAST_FIRST - 3}", "Step by step", "Section")
    step = Block("fast.step", FAST, f"A{FAST_FIRST}", FAST_STEPS + 1)
    put(ws, f"A{FAST_FIRST - 1}", "step", "Column header")
    fill(ws, step, [[i] for i in range(FAST_STEPS + 1)], "Formula", WHOLE, "center")
    put(ws, f"W{FAST_FIRST - 2}", "losses as the chart draws them", "Section")
    curves = []
    for run in range(len(RATES)):
        columns = [fast_column(run, j) for j in range(5)]
        put(ws, f"{columns[0].letters}{FAST_FIRST - 2}", f"run {run + 1}", "Section")
        heads = ["slope", "intercept", "by slope", "by intercept", "loss"]
        put_row(ws, f"{columns[0].letters}{FAST_FIRST - 1}", heads, "Column header")
        _write_run(ws, run, columns)
        drawn = Block("chart", FAST, f"{'WXYZ'[run]}{FAST_FIRST}", FAST_STEPS + 1)
        put(ws, f"{drawn.letters}{FAST_FIRST - 1}", f"run {run + 1}", "Column header")
        _write_drawn(ws, drawn, columns[4])
        curves.append(Curve(f"run {run + 1}", step, drawn))
    curves_chart(
        ws,
        "A18",
        (628, 370),
        "The loss with four learning rates",
        "Four lines on a scale of powers of ten: the loss of each run at each step, as in the table below.",
        curves,
        powers_of_ten=(1e1, 1e6),
    )


def _write_run(ws: Worksheet, run: int, columns: list[Block]) -> None:
    a, b, by_slope, by_intercept, loss = (block.letters for block in columns)
    error = f"({a}{{row}}*{X_REF}+{b}{{row}}-{Y_REF})"
    fill_down(ws, columns[2], f"=2*SUMPRODUCT({error}*{X_REF})/{POINTS}", "Formula", THREE)
    fill_down(ws, columns[3], f"=2*SUMPRODUCT({error})/{POINTS}", "Formula", THREE)
    fill_down(ws, columns[4], f"=SUMPRODUCT({error}^2)/{POINTS}", "Result", LOSS)
    for number, slope, start in ((columns[0], by_slope, SLOPE), (columns[1], by_intercept, INTERCEPT)):
        put(ws, number.corner, f"={start.ref}", "Formula", FIVE)
        for row in range(FAST_FIRST, FAST_FIRST + FAST_STEPS):
            here = f"{number.letters}{row}"
            moved = f"{here}-$B${RUN_ROW + run}*{slope}{row}"
            put(
                ws,
                f"{number.letters}{row + 1}",
                f"=IF({loss}{row}>{FAR},{here},{moved})",
                "Formula",
                FIVE,
            )


def _write_hops(ws: Worksheet) -> None:
    """The first hops of one run across the valley, and the valley itself, cut along the slope."""
    put(ws, f"AB{FAST_FIRST - 2}", "the chosen run, and the valley", "Section")
    put_row(ws, f"AB{FAST_FIRST - 1}", ["slope", "loss", "slope", "loss"], "Column header")
    hops = [Block("chart", FAST, f"{letter}{FAST_FIRST}", HOPS + 1) for letter in ("AB", "AC")]
    curve = [Block("chart", FAST, f"{letter}{FAST_FIRST}", CURVE) for letter in ("AD", "AE")]
    for block, j in zip(hops, (0, 4), strict=True):
        runs_cells = ",".join(f"{fast_column(run, j).letters}{{row}}" for run in range(len(RATES)))
        fill_down(ws, block, f"=CHOOSE({DRAWN.local},{runs_cells})", "Formula", TWO)
    lowest, highest = (f"{name}({hops[0].local})" for name in ("MIN", "MAX"))
    share = f"(ROW()-{FAST_FIRST})/{CURVE - 1}"
    fill_down(ws, curve[0], f"={lowest}+({highest}-{lowest})*{share}", "Formula", TWO)
    fill_down(
        ws,
        curve[1],
        f"=SUMPRODUCT((AD{{row}}*{X_REF}+{INTERCEPT.ref}-{Y_REF})^2)/{POINTS}",
        "Formula",
        "0.00",
    )
    curves_chart(
        ws,
        "H18",
        (628, 370),
        f"The first {HOPS} steps across the valley",
        "A parabola: the loss for each slope. A zigzag line: slope and loss before each step of the run that "
        "was chosen.",
        [Curve("the loss of each slope", curve[0], curve[1]), Curve("the run", hops[0], hops[1])],
        axes=("slope", "loss"),
    )


# ---- Training --------------------------------------------------------------------------------------------


def training(workbook: Workbook) -> None:
    """Settings, the loss's chart, the line after the last run, the logs."""
    write_training(workbook, TRAINING, f'=COUNT({Y_REF})&" points"')


# ---- exercises -------------------------------------------------------------------------------------------

_SLOPE, _INTERCEPT = (LINE.weights.cell(0, j).ref for j in range(2))
_ROW = {letter: _row_block(letter).ref for letter in "CEFHJLMNOP"}
_RATE, _H = RATE.ref, NUDGE.ref
_ROW_SIZE = f"(1+{_ROW['H']}^0.5)"  # of a row's error, by which what is left of rounding is measured
_MOMENTUM = TRACKS[1]
_BEND, _MEANS = Block("fast.bend", FAST, "E6", 2), [Block("", FAST, f"E{row}").ref for row in (4, 5)]


def _estimates_off(estimate: str, exact: str, by: str) -> str:
    """How far an estimate less h × `by` is from the exact slope, measured by what rounding does to it."""
    rounding = f"({_H}/(1+{_ROW['H']}))"
    return f"SUMPRODUCT(ABS({_ROW[estimate]}-{_ROW[exact]}-{_H}*{by})*{rounding})"


def _moves_off(old: str, new: str, slope: str) -> str:
    """How far what a step took away is from rate × slope, measured by the size of the row's error."""
    return f"SUMPRODUCT(ABS({_ROW[old]}-{_ROW[new]}-{_RATE}*{_ROW[slope]})/{_ROW_SIZE})"


def _memory_off(of: str) -> str:
    """How far what momentum remembers, less β times what it remembered, is from the derivative."""
    v, g = (_MOMENTUM.column(header) for header in (f"v, {of}", f"by {of}"))
    before, after, slopes = (
        Block("", "Steps", f"{column.letters}{STEPS_FIRST + down}", COUNT).ref
        for column, down in ((v, 0), (v, 1), (g, 1))
    )
    size = f"(1+({slopes}^2)^0.5)"
    left = f"SUMPRODUCT(ABS({after}-{_MOMENTUM.setting(1)}*{before}-{slopes})/{size})"
    return f"ABS({v.cell(0, 0).ref}-{g.cell(0, 0).ref})+{left}"


EXERCISES = (
    Exercise(
        "Prediction",
        (LINE.prediction,),
        "D11: the height of the line at this row's x: slope × x + intercept, with the slope in D6 and the "
        f"intercept in E6. Fill it down to row {LINE.prediction.area.bottom}.",
        "A prediction less the intercept is the slope times x.",
        f"=SUMPRODUCT(ABS({LINE.prediction.ref}-{_INTERCEPT}-{_SLOPE}*{X_REF}))",
    ),
    Exercise(
        "Loss",
        (LINE.loss,),
        "D7: the squared errors in column F together, divided by how many points there are.",
        "It is the squared distance of predictions and y, found without columns E and F, over the number of "
        "points.",
        f"=ABS({LINE.loss.ref}*COUNT({Y_REF})-SUMXMY2({LINE.prediction.ref},{Y_REF}))",
        after="Prediction",
    ),
    Exercise(
        "Exact slopes",
        (Block("row.exact", ROW, f"M{ROW_FIRST}", PASSES * POINTS, 2),),
        "M14: by how much error² grows with the intercept, by calculus: twice (prediction − y). N14: with "
        f"the slope: x times as much. Fill both down to row {ROW_LAST}.",
        "The estimates J and L are too large by h and by h · x²: those taken off, they are the exact slopes.",
        f"={_estimates_off('J', 'M', '1')}+{_estimates_off('L', 'N', _ROW['C'] + '^2')}",
    ),
    Exercise(
        "New numbers",
        (Block("row.new", ROW, f"O{ROW_FIRST}", PASSES * POINTS, 2),),
        "O14: the intercept (E14) less the learning rate (E6) times its exact slope (M14). P14: the slope "
        f"(F14) in the same way. Fill both down to row {ROW_LAST}. Where do they need a $?",
        "What a step took away, divided by the learning rate, is the slope that it followed.",
        f"={_moves_off('E', 'O', 'M')}+{_moves_off('F', 'P', 'N')}",
    ),
    Exercise(
        "Momentum",
        (Block("steps.v", "Steps", f"{_MOMENTUM.column('v, slope').letters}{STEPS_FIRST}", COUNT + 1, 2),),
        f"{_MOMENTUM.column('v, slope').letters}{STEPS_FIRST}, for the first step: just the derivative by "
        "slope. In the row below: β (Optimisers, C10) times the v above + this row's derivative; fill it "
        f"down to row {STEPS_FIRST + COUNT}. Then the column beside it, with the derivative by intercept.",
        "Take β times the v above away from a v, and the derivative is left.",
        f"={_memory_off('slope')}+{_memory_off('intercept')}",
    ),
    Exercise(
        "Curvatures",
        (_BEND,),
        "E6: with p the mean of x² (E4) and q the mean of x (E5): p + 1 + √((p − 1)² + 4q²). E7: the same "
        "with a minus before the root.",
        "Their sum is 2p + 2, their product 4(p − q²), and the steeper stands first.",
        f"=ABS(SUM({_BEND.ref})-2*{_MEANS[0]}-2)+MAX(0,{FLAT.ref}-{STEEP.ref})+ABS({STEEP.ref}*{FLAT.ref}-4*({_MEANS[0]}-{_MEANS[1]}^2))",
    ),
    Exercise(
        "The edge",
        (EDGE,),
        "E8: the learning rate at which a step leaves just as much error as it found, on the other side: 2 "
        "divided by the steepest curvature.",
        "1 less this rate times the curvature is −1.",
        f"=ABS(2-{EDGE.ref}*{STEEP.ref})",
        after="Curvatures",
    ),
)
