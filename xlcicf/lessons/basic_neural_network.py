"""basic_neural_network.xlsx: the lesson's notebook as sheets, from the slope of x² to a net with two hidden
layers.

Each sheet has one function here, in the order of the book; those of fast.ai's notebook 05 are in
notebook_05.py, those about slips in notebook_slips.py. Passenger i stands in row i + 10 of every sheet.
"""

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from xlcicf import words
from xlcicf.formula.address import column_letters
from xlcicf.learn import replay, titanic
from xlcicf.lessons import notebook_05, resources
from xlcicf.lessons import notebook_slips as slips
from xlcicf.lessons.recorded_runs import recorded
from xlcicf.lessons.solver_settings import save_problem
from xlcicf.lessons.titanic import passengers
from xlcicf.sheet import net, parity_block
from xlcicf.sheet.block import Block
from xlcicf.sheet.book import book_of
from xlcicf.sheet.chart import Curve, curves_chart
from xlcicf.sheet.exercise import Exercise
from xlcicf.sheet.front import Front
from xlcicf.sheet.gradient import write_gradients
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
    BIT,
    DATA,
    DOT_THREE,
    DOT_TWO,
    DOT_WHOLE,
    FIVE,
    FOUR,
    SCIENTIFIC,
    SIX,
    THREE,
    TRY,
    WHOLE,
    WORKING,
    orange_above_zero,
    powers_of_ten_when_long,
    weight_scale,
)
from xlcicf.sheet.training_sheet import TrainingSheet, write_training

FIRST, ROWS = notebook_05.FIRST, notebook_05.ROWS
LAST = FIRST + ROWS - 1
LAST_PRINTED = notebook_05.LAST_PRINTED
ONES = "Ones"  # the thirteenth column: always 1, so that its weight is the bias
NET = net.Net("Net", (*titanic.NOTEBOOK, ONES), ROWS, FIRST)
ALL, SPLIT_2024, SPLIT_2026 = "all rows", "2024: 713", "2026: 712"
TRAINING = TrainingSheet(
    book="basic_neural_network.xlsx",
    weights=NET.weights,
    rows=[f"set {unit}" for unit in range(1, NET.units + 1)],
    cols=NET.columns,
    columns_log=[f"{unit}: {name}" for unit in range(1, NET.units + 1) for name in NET.columns],
    conditions="error and split",
    recorded=recorded("basic_neural_network"),
    axis=LossAxis(0.15, 0.45),
)
PARITY = parity_block.ParityBlock(
    loss=Block(words.PARITY_LOSS, "Net", "X5"),
    prediction=Block(words.PARITY_PREDICTION, "Net", "X6"),
    status=Block(words.PARITY_STATUS, "Net", "T7"),
    weights=TRAINING.weights_after,
    settings=TRAINING.settings,
    settings_now=TRAINING.settings_now,
    settings_changed="the error or the split was changed since",
)
SPLIT = Block("net.split", "Net", NET.held_out.corner)


def build() -> Workbook:
    """The workbook at its start weights; formulas without cached values."""
    pages = (
        derivative, passengers, columns, the_net, gradient, one_step, ten_steps, sigmoid, slips.broadcasting,
        notebook_05.summary, notebook_05.pictures, slips.adding_up, slips.unit_trap, training,
        notebook_05.logs, notebook_05.models, every_row,
    )  # fmt: skip
    blocks = [
        NET.weights, NET.inputs, NET.target, NET.prediction, NET.loss, NET.accuracy, NET.valid_loss,
        NET.valid_accuracy, NET.measure, SPLIT, notebook_05.EPOCH, *PARITY.blocks(), *TRAINING.logs(),
    ]  # fmt: skip
    return book_of(READ_ME, pages, blocks)


def _cells(sheet: str, letter: str, cols: int = 1) -> Block:
    """A column, or several beside each other, of all passengers."""
    return Block(f"{sheet}.{letter}", sheet, f"{letter}{FIRST}", ROWS, cols)


# ---- Read me ---------------------------------------------------------------------------------------------

READ_ME = Front(
    title="A basic neural network: the lesson's notebook, cell by cell",
    links=resources.of_book("basic_neural_network"),
    about=(
        "The notebook starts with the slope of x² and ends with a net that says who survived the Titanic. "
        "Here is each of its steps as a sheet: what is computed, what it printed, and the slips that one "
        "makes on the way. The same goes for fast.ai's notebook 05, from which it takes its data and its "
        "order."
    ),
    to_do=(
        "On Derivative, type another x and watch the tangent. Make h large, then tiny: where is the nudge "
        "wrong?",
        "On One step, choose which error to lower and how long the step is. The sum of the errors gives "
        "slopes 891 times as steep as their mean: with the sum and the rate 1 the loss explodes.",
        "On Ten steps, choose the path of 2024, then that of 2026, then “yours” with rates of your own, "
        "such as 0.2.",
        "On Sigmoid, see why a sigmoid behind a sum of ReLUs never says less than one half.",
        "On Broadcasting, compare the right loss, of 3 errors, with the slip's, of 9.",
        "On Notebook 05, pick an epoch from 1 to 31: formulas prove the loss that the notebook printed. On "
        "05 Pictures one passenger goes through its nets, past every weight.",
        "On Adding up, choose “cleared” and “added up”: three passes then count once, or three times.",
        "Let xlcicf train the net: xlcicf train basic_neural_network.xlsx. It writes the weights into Net "
        "and the run into Training; xlcicf undo takes it back. Excel's Solver, too, opens filled in on Net.",
    ),
    sheets={
        "Derivative": "x² at 3 and a function of three numbers: slopes exactly and by a nudge",
        "Passengers": "the 891 rows of the list, as they were written down",
        "Columns": "twelve numbers of each row, scaled, and who is held out",
        "Net": "two sets of 12 weights and a bias, as a table and as a picture; the loss",
        "Gradient": "if I move the first weight, how much does the loss change? And any other?",
        "One step": "before, slope, after: one step down, and what it did to the loss",
        "Ten steps": "the notebooks' ten steps of training, live: every weight before every step",
        "Sigmoid": "the same nets with and without a sigmoid at the end",
        "Broadcasting": "how 3 predictions less 3 truths became 9 errors",
        "Notebook 05": "fast.ai's notebook: the losses of each epoch, six lists, four of them proved",
        "05 Pictures": "its four nets as pictures: one passenger goes through them, past every weight",
        "Adding up": "what happens when slopes are not cleared",
        "Unit trap": "softmax and cross entropy, and a logarithm of the wrong base",
        "Training": "settings, the log of runs, the weights before each run, the loss at each step",
        "Logs": "all coefficients that torch had in each epoch of notebook 05",
        "05 Linear": "for Notebook 05: twelve coefficients at the epoch you pick, passenger by passenger",
        "05 Sigmoid": "for Notebook 05: the same with a sigmoid",
        "05 One hidden layer": "for Notebook 05: twenty units between",
        "05 Two hidden layers": "for Notebook 05: ten and ten units between",
        "Every row": "for Ten steps: two ReLUs and a slope for each passenger at each step",
    },
    kinds={
        "Derivative": TRY,
        "Passengers": DATA,
        "Net": TRY,
        "Gradient": TRY,
        "One step": TRY,
        "Ten steps": TRY,
        "Broadcasting": TRY,
        "Notebook 05": TRY,
        "05 Pictures": TRY,
        "Adding up": TRY,
        "Unit trap": TRY,
        "Training": TRY,
        "Logs": DATA,
        "05 Linear": WORKING,
        "05 Sigmoid": WORKING,
        "05 One hidden layer": WORKING,
        "05 Two hidden layers": WORKING,
        "Every row": WORKING,
    },  # fmt: skip
    source=(
        "The lesson is week 12 of the CI Compass Fellowship, “What is a neural network?”; notebook 05 is "
        "fast.ai's “Linear model and neural net from scratch”. Their figures are quoted; this workbook was "
        "made anew by xlcicf, MIT licence. The passenger list is in the public domain (CC0)."
    ),
)


# ---- Derivative ------------------------------------------------------------------------------------------

G_START = {"x": 5, "y": -2.5, "z": 0.5}
G_NUDGES = Block("g.nudges", "Derivative", "C22", 3)
GRID = 25  # points of the parabola's chart
DERIVATIVE_NOTES = (
    "The derivative says how steep the curve is: x grows by a little, x² grows by about 2x times that.",
    "The nudge tries it: (f(x + h) − f(x − h)) / 2h. For x² that is exact; for x³ it is too large by h².",
    "With a tiny h, such as 1E-12, the two values hardly differ, and rounding eats the digits.",
)
G_NOTES = (
    "Hold two numbers still and move the third: its own slope, a partial derivative.",
    "All three together are the gradient. A net has one for each of its weights.",
    "In 2026 the notebook then fits −½x² + x + 2 to 20 noisy points the same way: three slopes a step, 500 "
    "steps.",
)


def derivative(workbook: Workbook) -> None:
    """x² with its tangent, then x³ + xy + e^z with its three slopes."""
    ws = add_page(
        workbook,
        "Derivative",
        "How steep is it? One number, then three",
        "Everything that a net learns, it learns from slopes. Here are the two with which the notebook "
        "starts.",
        widths="A=25 B:F=14 G=2 H=9 I:J=11 K:Q=9",
        print_area=f"A1:Q{max(35, 6 + GRID)}",
    )
    put(ws, "A4", "f(x) = x²", "Section")
    for row, (label, value, style, look) in enumerate(
        (
            ("x", 3, "Setting", None),
            ("size h of the nudge", 0.001, "Setting", None),
            ("x²", "=B5^2", "Formula", "General"),
            ("derivative: 2x", "=2*B5", "Result", "General"),
            ("nudge", "=((B5+B6)^2-(B5-B6)^2)/(2*B6)", "Formula", SIX),
            ("nudge less derivative", "=B9-B8", "Formula", SCIENTIFIC),
        ),
        5,
    ):
        put(ws, f"A{row}", label, "Label")
        put(ws, f"B{row}", value, style, look)
    allow(ws, "B5", "A number from −6 to 6.", between(-6, 6))
    allow(ws, "B6", "A number above 0, at most 2.", between(1e-15, 2))
    put_column(ws, "A12", DERIVATIVE_NOTES, "Page note")
    _write_g(ws)
    _write_tangent(ws)


def _write_g(ws: Worksheet) -> None:
    put(ws, "A17", "g(x, y, z) = x³ + x·y + EXP(z)", "Section")
    put(ws, "A18", "g", "Label")
    put(ws, "B18", "=B22^3+B22*B23+EXP(B24)", "Result", SIX)
    put(ws, "C18", "h: as above", "Page note")
    put(ws, "D18", "raise each by", "Label")
    put_setting(ws, "E18", 0.01, "How much a number is to be raised, −1 to 1.", between(-1, 1))
    heads = ["", "value", "nudge", "derivative", "so g changes by", "g does change by"]
    put_row(ws, "A21", heads, "Column header")
    ws.row_dimensions[21].height = 28
    exact = "=3*B22^2+B23", "=B22", "=EXP(B24)"
    for row, (name, slope) in enumerate(zip(G_START, exact, strict=True), 22):
        put(ws, f"A{row}", name, "Label")
        put_setting(ws, f"B{row}", G_START[name], "A number from −10 to 10.", between(-10, 10))
        up, down = (_g(row, f"{sign}$B$6") for sign in "+-")
        put(ws, f"C{row}", f"=({up}-({down}))/(2*$B$6)", "Formula", SIX)
        put(ws, f"D{row}", slope, "Result", SIX)
        put(ws, f"E{row}", f"=D{row}*$E$18", "Formula", SIX)
        put(ws, f"F{row}", f"={_g(row, '+$E$18')}-$B$18", "Formula", SIX)
    put_column(ws, "A26", G_NOTES, "Page note")


def _g(moved: int, by: str) -> str:
    """g with the number in sheet row `moved` changed."""
    x, y, z = (f"($B${row}{by})" if row == moved else f"$B${row}" for row in (22, 23, 24))
    return f"{x}^3+{x}*{y}+EXP({z})"


def _write_tangent(ws: Worksheet) -> None:
    put_row(ws, "H4", ["x", "x²", "tangent"], "Column header")
    x, square, tangent = (Block("grid", "Derivative", f"{letter}5", GRID) for letter in "HIJ")
    fill(ws, x, [[-6 + i / 2] for i in range(GRID)], "Data")
    fill_down(ws, square, "=H{row}^2", "Formula")
    fill_down(ws, tangent, "=$B$7+$B$8*(H{row}-$B$5)", "Formula")
    curves_chart(
        ws,
        "K4",
        (430, 440),
        "x² and its tangent at your x",
        "A parabola, and the straight line that touches it at the x in B5: the line's slope is the "
        "derivative.",
        [Curve("x²", x, square), Curve("tangent", x, tangent)],
        axes=("x", "f(x)"),
        heights=(-20, 40),
    )


# ---- Columns ---------------------------------------------------------------------------------------------

NUMBERS = (  # Columns!B..N: name, how it is made, formula of row {row}, look, what it looks for
    ("Age", "blank: mode", '=IF(Passengers!$F{row}="",B$5,Passengers!$F{row})', ("General",), None),
    ("SibSp", "as it is", "=Passengers!$G{row}", (DOT_WHOLE,), None),
    ("Parch", "as it is", "=Passengers!$H{row}", (DOT_WHOLE,), None),
    ("LogFare", "LN of fare + 1", "=LN(Passengers!$J{row}+1)", (DOT_THREE,), None),
    ("Male", "1 if male", "=IF(Passengers!$E{row}=F$6,1,0)", BIT, "male"),
    ("Female", "1 if female", "=IF(Passengers!$E{row}=G$6,1,0)", BIT, "female"),
    ("Pclass_1", "1 if class 1", "=IF(Passengers!$C{row}=H$6,1,0)", BIT, 1),
    ("Pclass_2", "1 if class 2", "=IF(Passengers!$C{row}=I$6,1,0)", BIT, 2),
    ("Pclass_3", "1 if class 3", "=IF(Passengers!$C{row}=J$6,1,0)", BIT, 3),
    ("Embarked_C", "1 if port C", "=IF(Passengers!$L{row}=K$6,1,0)", BIT, "C"),
    ("Embarked_Q", "1 if port Q", "=IF(Passengers!$L{row}=L$6,1,0)", BIT, "Q"),
    (
        "Embarked_S",
        "1 if port S, or blank",
        '=IF(OR(Passengers!$L{row}=M$6,Passengers!$L{row}=""),1,0)',
        BIT,
        "S",
    ),
)
MEASURED = 4  # the first four are measured; the others are 0 or 1
AGE = _cells("Columns", "B")
SPLITS = {SPLIT_2024: _cells("Columns", "AC"), SPLIT_2026: _cells("Columns", "AD")}
SPLIT_NOTE = "1: to train on, 0: held out"


def columns(workbook: Workbook) -> None:
    """Twelve numbers of each passenger, the same divided by their maxima, and the two years' splits."""
    ws = add_page(
        workbook,
        "Columns",
        "The notebook's twelve columns",
        "Blanks get the commonest value (the mode), words become 0 and 1, and each column is divided by its "
        "maximum. A dot is 0. Male and Female say the same twice, as in the notebook.",
        widths="A=10 B:D=7.5 E=9 F:G=8 H:J=8.5 K:M=10.5 N:O=2 P:R=7.5 S:X=8.5 Y:AA=10.5 AB=2 AC:AD=11",
        print_area=f"A1:AD{LAST_PRINTED}",
        frozen=f"B{FIRST}",
        zoom=90,
    )
    put(ws, "B3", "1. Numbers from the passenger list", "Section")
    put(ws, "P3", "2. Each divided by its column's maximum", "Section")
    put(ws, "AC3", "3. Training rows", "Section")
    put_column(ws, "A4", ("made how", "mode", "looks for", "", "maximum", "mean"), "Label")
    ws.row_dimensions[4].height = 38
    put(ws, f"A{FIRST - 1}", "No.", "Column header")
    fill_down(ws, _cells("Columns", "A"), "=Passengers!$A{row}", "Formula", WHOLE, "center")
    for j, (name, how, formula, look, key) in enumerate(NUMBERS):
        letter, scaled = column_letters(2 + j), notebook_05.INPUTS.col(j)
        _write_numbers(ws, letter, name, how, formula, look)
        if key is not None:
            put(ws, f"{letter}6", key, "Data", None, "center")
        put(ws, f"{scaled.letters}4", f"{letter} ÷ {letter}8", "Column header")
        put(ws, f"{scaled.letters}{FIRST - 1}", name, "Column header")
        shown = (DOT_THREE,) if j < MEASURED else BIT
        fill_down(ws, scaled, f"={letter}{{row}}/{letter}$8", "Formula", *shown)
        put(ws, f"{scaled.letters}9", f"=AVERAGE({scaled.local})", "Formula", THREE)
    put(ws, "B5", f"=MODE({_cells('Passengers', 'F').ref})", "Result", WHOLE)
    _write_splits(ws)


def _write_numbers(ws: Worksheet, letter: str, name: str, how: str, formula: str, look) -> None:
    cells = _cells("Columns", letter)
    put(ws, f"{letter}4", how, "Column header")
    put(ws, f"{letter}{FIRST - 1}", name, "Column header")
    fill_down(ws, cells, formula, "Formula", *look)
    put(ws, f"{letter}8", f"=MAX({cells.local})", "Result", FOUR if name == "LogFare" else WHOLE)
    put(ws, f"{letter}9", f"=AVERAGE({cells.local})", "Formula", FOUR)


def _write_splits(ws: Worksheet) -> None:
    """Which rows the notebooks of 2024 (and notebook 05) and of 2026 train on."""
    put(ws, "AC2", SPLIT_NOTE, "Page note")
    held_out = {SPLIT_2024: titanic.random_split(ROWS)[1], SPLIT_2026: replay.split_2026(ROWS)[1]}
    for (name, block), how in zip(SPLITS.items(), ("fastai, seed 42", "scikit-learn, seed 42"), strict=True):
        out = set(held_out[name].tolist())
        put(ws, f"{block.letters}4", how, "Column header")
        put(ws, f"{block.letters}{FIRST - 1}", name, "Column header")
        fill(ws, block, [[int(i not in out)] for i in range(ROWS)], "Data", *BIT)
        put(ws, f"{block.letters}8", f"=SUM({block.local})", "Result", WHOLE)
        put(ws, f"{block.letters}9", f"=AVERAGE({block.local})", "Formula", FOUR)


# ---- Net -------------------------------------------------------------------------------------------------


def the_net(workbook: Workbook) -> None:
    """Weights, score and parity on top; below, every step for every passenger."""
    ws = add_page(
        workbook,
        "Net",
        "The net: two sets of 12 weights and a bias, two ReLUs, one sum",
        "Lin = SUMPRODUCT(columns, a set of weights); ReLU = MAX(0, Lin); prediction = ReLU1 + ReLU2. The "
        "column Ones is always 1, so its weight is the bias.",
        widths="A=8 B=9 C:E=7.5 F=8 G:H=8.5 I:K=8.5 L:N=10.5 O=7.5 P:Q=9.5 R:S=10.5 T=10 U=7 V=8 W=7 X=9",
        print_area=f"A1:X{LAST_PRINTED},{NET.picture.free_local}",
        frozen=f"C{FIRST}",
        zoom=90,
    )
    put(ws, "A3", "Weights: as torch draws Linear(12, 2) under seed 442", "Section")
    net.write_weights(ws, NET, replay.shipped("net").tolist())
    net.write_score(ws, NET, "MAE", SIX)
    put(ws, f"P{SPLIT.area.top}", "trained on", "Label")
    put_setting(
        ws, SPLIT.corner, ALL, "All rows, or those that a year's notebook trains on.", choices(ALL, *SPLITS)
    )
    parity_block.write_parity(ws, NET, PARITY)
    inputs = [
        (f"=Columns!{notebook_05.INPUTS.col(j).letters}{{row}}", *((DOT_TWO,) if j < MEASURED else BIT))
        for j in range(len(titanic.NOTEBOOK))
    ]
    net.write_examples(ws, NET, "=Columns!$A{row}", "=Passengers!$B{row}", [*inputs, ("=1", *BIT)])
    drawn = f'IF({SPLIT.local}="{SPLIT_2024}",Columns!$AC{{row}},Columns!$AD{{row}})'
    fill_down(ws, NET.training, f'=IF({SPLIT.local}="{ALL}",1,{drawn})', "Formula", *BIT)
    net.write_picture(ws, NET, _cells("Passengers", "D"))
    net.write_losses(ws, NET, TRAINING.losses, TRAINING.axis)
    save_problem(ws, NET.loss, NET.weights)


# ---- Gradient --------------------------------------------------------------------------------------------

H = Block("nudge.h", "Gradient", "D4")
STEP = Block("nudge.step", "Gradient", "D5")
GRADIENT_NOTES = (
    "derivative: the mean over the training rows of (loss by prediction) × (1 if Lin > 0) × the column. "
    "Under MAE the loss by prediction is +1 or −1.",
    "nudge: the loss at the weight + h less the loss at the weight − h, over 2h.",
    "It differs only where a passenger has a corner within the nudge; then both sides' slopes are shown.",
)


def gradient(workbook: Workbook) -> None:
    """Every weight's derivative and nudge on Net as it stands."""
    ws = add_page(
        workbook,
        "Gradient",
        "If I move the first weight, how much does the loss change?",
        "One line a weight of Net, live. The derivative says it exactly; the nudge tries it.",
        widths="A=6 B=14 C=9.5 D:E=11 F=11 G:H=10.5 I:J=11 K=11",
        print_area="A1:K37",
        zoom=90,
    )
    write_gradients(ws, NET, 8, H, STEP)
    put_column(ws, "A35", GRADIENT_NOTES, "Page note")


# ---- One step --------------------------------------------------------------------------------------------

SUM, MEAN, SQUARED = "sum of absolute errors", "mean absolute error", "mean squared error"
STEP_LOSS, STEP_RATE = "$D$4", "$D$5"
COUNT = NET.units * len(NET.columns)
BEFORE, SLOPES, AFTER = (Block("step", "One step", f"{letter}{FIRST}", COUNT) for letter in "CDF")
STEP_NOTES = (
    "after = before − rate × slope, for all 26 numbers at once. All 891 rows count here, whatever Net "
    "trains on.",
    "The 2024 notebook: the sum, rate 0.001. The 2026 notebook: the mean squared error, rate 0.01.",
    "promised: Σ slope × change, what a straight slope would bring. The truth bends a little.",
)


def one_step(workbook: Workbook) -> None:
    """Before, slope and after of each weight; the loss before and after."""
    ws = add_page(
        workbook,
        "One step",
        "One step downhill: before, slope, after",
        "The weights before are those of Net as they stand. On the right, each passenger before and after "
        "the step.",
        widths="A=7 B=14 C:F=13 G=2 H:N=11",
        print_area=f"A1:N{LAST_PRINTED}",
        frozen=f"A{FIRST}",
        zoom=90,
    )
    put(ws, "A4", "lower which loss", "Label")
    put(ws, "D4", SQUARED, "Setting")
    put(ws, "E4", None, "Setting")
    ws.merge_cells("D4:E4")
    allow(ws, "D4", "Which loss the step is to lower.", choices(SUM, MEAN, SQUARED))
    put(ws, "A5", "learning rate", "Label")
    put_setting(ws, "D5", 0.01, "A number from 0 to 10.", between(0, 10))
    y = NET.target.ref
    before, slope, after = (_cells("One step", letter).local for letter in "IJM")
    for row, (label, formula, style) in enumerate(
        (
            ("loss before", f"={_loss(before, y)}", "Result"),
            ("loss after", f"={_loss(after, y)}", "Result"),
            ("it changed by", "=D7-D6", "Formula"),
            ("promised", f"=SUMPRODUCT({SLOPES.local},{AFTER.local}-{BEFORE.local})", "Formula"),
        ),
        6,
    ):
        put(ws, f"A{row}", label, "Label")
        put(ws, f"D{row}", formula, style, SIX)
    powers_of_ten_when_long(ws, "D6:D9")
    put_column(ws, "F4", STEP_NOTES, "Page note")
    put_row(
        ws, f"A{FIRST - 1}", ["set", "weight of", "before", "slope", "rate × slope", "after"], "Column header"
    )
    for i in range(COUNT):
        _write_step_line(ws, FIRST + i, *divmod(i, len(NET.columns)))
    weight_scale(ws, BEFORE.local)
    weight_scale(ws, AFTER.local)
    _write_step_rows(ws, slope)


def _loss(p: str, y: str) -> str:
    absolute = f"SUMPRODUCT(ABS({p}-{y}))"
    return (
        f'IF({STEP_LOSS}="{SQUARED}",SUMPRODUCT(({p}-{y})^2)/{ROWS},'
        f'IF({STEP_LOSS}="{MEAN}",{absolute}/{ROWS},{absolute}))'
    )


def _write_step_line(ws: Worksheet, row: int, unit: int, j: int) -> None:
    slope, lin = _cells("One step", "J").local, NET.lin(unit).ref
    put(ws, f"A{row}", unit + 1, "Formula", WHOLE, "center")
    put(ws, f"B{row}", NET.columns[j] if NET.columns[j] != ONES else "bias", "Label")
    put(ws, f"C{row}", f"={NET.weights.cell(unit, j).ref}", "Weight", SIX)
    formula = f"=SUMPRODUCT({slope}*({lin}>0)*{NET.inputs.col(j).ref})"
    put(ws, f"D{row}", formula, "Formula", SIX)
    put(ws, f"E{row}", f"={STEP_RATE}*D{row}", "Formula", SIX)
    put(ws, f"F{row}", f"=C{row}-E{row}", "Result", SIX)


def _write_step_rows(ws: Worksheet, slope: str) -> None:
    """Each passenger's prediction and slope before, and the ReLUs and prediction after."""
    heads = ["No.", "prediction", "slope by it", "ReLU1 after", "ReLU2 after", "prediction", "changed by"]
    put_row(ws, f"H{FIRST - 1}", heads, "Column header")
    off = "(I{row}-Net!$B{row})"
    sign = f'IF({STEP_LOSS}="{SUM}",SIGN{off},SIGN{off}/{ROWS})'
    formulas = [
        ("=Net!$A{row}", (WHOLE, "center")),
        (f"=Net!${NET.prediction.letters}{{row}}", (DOT_THREE,)),
        (f'=IF({STEP_LOSS}="{SQUARED}",2*{off}/{ROWS},{sign})', (SCIENTIFIC,)),
        *((f"=MAX(0,{_lin_after(unit)})", (DOT_THREE,)) for unit in range(2)),
        ("=K{row}+L{row}", (DOT_THREE,)),
        ("=M{row}-I{row}", (DOT_THREE,)),
    ]
    for letter, (formula, look) in zip("HIJKLMN", formulas, strict=True):
        fill_down(ws, _cells("One step", letter), formula, "Formula", *look)
    powers_of_ten_when_long(ws, f"K{FIRST}:N{LAST}")


def _lin_after(unit: int) -> str:
    """A set's Lin with the weights after the step: product by product, since these stand below each other."""
    top = FIRST + unit * len(NET.columns)
    cells = zip(range(NET.inputs.area.left, NET.inputs.area.right + 1), range(top, top + 13), strict=True)
    return "+".join(f"Net!${column_letters(col)}{{row}}*$F${row}" for col, row in cells)


# ---- Ten steps -------------------------------------------------------------------------------------------

TEN = 10
WARM = 2  # steps before the ten
STATES = WARM + TEN + 1
PATH = "$C$4"
YOURS = "yours"
PATHS = {  # path -> loss of the steps before the ten, rates of the first and second, split, the ten's rate
    "2024": (SUM, 0.001, 0, SPLIT_2024, 0.001),
    "2026": (SQUARED, 0.01, 0.02, SPLIT_2026, 0.01),
    YOURS: (SQUARED, 0.1, 0.1, SPLIT_2026, 0.2),
}
PATH_HEADS = (
    "path",
    "before the ten: lower the",
    "rate of the first",
    "rate of the second",
    "the ten train on",
    "rate of the ten",
)
PATH_RULES = (
    ("Which loss the steps before the ten lower.", choices(SUM, MEAN, SQUARED)),
    *2 * [("A number from 0 (no step) to 10.", between(0, 10))],
    ("Whose split.", choices(*SPLITS)),
    ("A number from 0 to 10.", between(0, 10)),
)
NOW = 9  # Ten steps: the sheet row of the path that is computed
STATE_TOP = 18
EVERY = "Every row"
WEIGHTS_NOW = Block("steps.weights", "Ten steps", f"G{STATE_TOP}", STATES, COUNT)
SLOPES_NOW = Block("steps.slopes", "Ten steps", f"AH{STATE_TOP}", STATES - 1, COUNT)
LOSSES = Block("steps.losses", "Ten steps", f"D{STATE_TOP}", STATES)
TEN_NOTES = (
    "2024: one step down the sum of the errors, then ten down their mean over 713 rows. 2026: two steps "
    "down the squared error, then ten over 712 rows.",
    "2026's second step counts double (0.02): the notebook shows it, then lets its optimiser take it again "
    "with the slopes that still stand there.",
)


def ten_steps(workbook: Workbook) -> None:
    """The notebooks' loop of ten steps: weights and slopes before each; the losses as a chart."""
    ws = add_page(
        workbook,
        "Ten steps",
        "Ten steps of training, live",
        "Row by row: weights, their slopes, and one step further down the weights of the next row. Every "
        "row has the passengers.",
        widths="A=22 B=24 C=14 D=16 E=16 F=14 G:AF=10.5 AG=2 AH:BG=10.5",
        print_area=f"A1:L{STATE_TOP + STATES + 22}",
        zoom=90,
    )
    put(ws, "A4", "path", "Label")
    put_setting(ws, "C4", "2026", "2024, 2026, or yours: the yellow row.", choices(*PATHS))
    put_row(ws, "A5", PATH_HEADS, "Column header")
    ws.row_dimensions[5].height = 28
    for row, (name, values) in enumerate(PATHS.items(), 6):
        put(ws, f"A{row}", name, "Label")
        for letter, value, (hint, rule) in zip("BCDEF", values, PATH_RULES, strict=True):
            put(ws, f"{letter}{row}", value, "Setting" if name == YOURS else "Data", None, "center")
            if name == YOURS:
                allow(ws, f"{letter}{row}", hint, rule)
    put(ws, f"A{NOW}", "computed now", "Label")
    for letter in "BCDEF":
        formula = f'=INDEX({letter}6:{letter}8,MATCH({PATH}&"",$A$6:$A$8,0))'
        put(ws, f"{letter}{NOW}", formula, "Formula", None, "center")
    put_column(ws, f"A{NOW + 2}", TEN_NOTES, "Page note")
    _write_outcome(ws)
    _write_states(ws)
    numbers, losses = (Block("", "Ten steps", f"{letter}{STATE_TOP + WARM}", TEN) for letter in "ED")
    curves_chart(
        ws,
        f"A{STATE_TOP + STATES + 1}",
        (760, 360),
        "The loss, step by step",
        "A line: the mean absolute error over the training rows before each of the ten steps.",
        [Curve("loss", numbers, losses)],
        axes=("step", "loss"),
    )


def _write_outcome(ws: Worksheet) -> None:
    """How many held-out rows the net at the end is right on."""
    mask, relus, y = _mask(), "+".join(block.ref for block in _relus(STATES - 1)), _cells(EVERY, "B").ref
    put(ws, "A14", "after the ten steps", "Section")
    for row, (label, formula, look) in enumerate(
        (
            ("right, of the held-out", f"=SUMPRODUCT((1-{mask})*(1-ABS(({relus}>0.5)-{y})))", WHOLE),
            ("accuracy", f"=B15/COUNTIF({mask},0)", "0.00%"),
        ),
        15,
    ):
        put(ws, f"A{row}", label, "Label")
        put(ws, f"B{row}", formula, "Result", look)


def _mask() -> str:
    return _cells(EVERY, "C").ref


def _relus(state: int) -> tuple[Block, Block]:
    """The two sets' ReLUs in a state, on Every row."""
    left = 4 + 3 * state
    first, second = (_cells(EVERY, column_letters(left + unit)) for unit in range(2))
    return first, second


def _slope(state: int) -> Block:
    return _cells(EVERY, column_letters(6 + 3 * state))


def _write_states(ws: Worksheet) -> None:
    heads = ["", "step down the", "rate", "loss", "of the ten"]
    names = [f"{unit}: {name}" for unit in (1, 2) for name in (*titanic.NOTEBOOK, "bias")]
    put_row(ws, f"A{STATE_TOP - 1}", heads, "Column header")
    put_row(ws, f"{WEIGHTS_NOW.letters}{STATE_TOP - 1}", names, "Column header")
    put_row(ws, f"{SLOPES_NOW.letters}{STATE_TOP - 1}", names, "Column header")
    put(ws, f"{WEIGHTS_NOW.letters}{STATE_TOP - 2}", "The weights before the step", "Section")
    put(ws, f"{SLOPES_NOW.letters}{STATE_TOP - 2}", "The loss's slope by each weight", "Section")
    start = replay.shipped("net").ravel().tolist()
    for state in range(STATES):
        row = STATE_TOP + state
        _write_state(ws, state, row)
        for k in range(COUNT):
            weight = WEIGHTS_NOW.cell(state, k).corner
            if state == 0:
                put(ws, weight, start[k], "Weight", FOUR)
                continue
            above = WEIGHTS_NOW.cell(state - 1, k).corner, SLOPES_NOW.cell(state - 1, k).corner
            put(ws, weight, f"={above[0]}-$C{row - 1}*{above[1]}", "Weight", FOUR)
    for state in range(STATES - 1):
        for k in range(COUNT):
            unit, j = divmod(k, len(NET.columns))
            formula = (
                f"=SUMPRODUCT({_slope(state).ref}*({_relus(state)[unit].ref}>0)*{NET.inputs.col(j).ref})"
            )
            put(ws, SLOPES_NOW.cell(state, k).corner, formula, "Formula", FIVE)
    weight_scale(ws, WEIGHTS_NOW.local)
    powers_of_ten_when_long(ws, SLOPES_NOW.free_local)


def _write_state(ws: Worksheet, state: int, row: int) -> None:
    step, is_before = state - WARM + 1, state < WARM
    label = (
        f"before: step {state + 1}" if is_before else f"step {step} of 10" if step <= TEN else "after them"
    )
    put(ws, f"A{row}", label, "Label")
    put(
        ws,
        f"B{row}",
        f"=$B${NOW}" if is_before else MEAN,
        "Formula" if is_before else "Label",
        None,
        "center",
    )
    if state < STATES - 1:
        rate = f"{'CD'[state] if is_before else 'F'}${NOW}"
        put(ws, f"C{row}", f"=${rate}", "Formula", "General", "center")
    if 1 <= step <= TEN:
        put(ws, f"E{row}", step, "Label", WHOLE, "center")
    off = "+".join(block.ref for block in _relus(state)) + f"-{_cells(EVERY, 'B').ref}"
    if is_before:
        absolute = f"SUMPRODUCT(ABS({off}))"
        formula = (
            f'=IF($B{row}="{SQUARED}",SUMPRODUCT(({off})^2)/{ROWS},'
            f'IF($B{row}="{MEAN}",{absolute}/{ROWS},{absolute}))'
        )
    else:
        formula = f"=SUMPRODUCT({_mask()}*ABS({off}))/SUM({_mask()})"
    put(ws, f"D{row}", formula, "Result", SIX)


EVERY_LABELS = ("loss, as on Ten steps", "says “survived” of", "above 0, so many rows")


def every_row(workbook: Workbook) -> None:
    """Both ReLUs and the slope of each passenger in each state of Ten steps."""
    last = column_letters(5 + 3 * (STATES - 1))
    ws = add_page(
        workbook,
        EVERY,
        "Every row of Ten steps: two ReLUs and a slope, step after step",
        "This sheet works for Ten steps, where its slopes are added up, each times its column where the ReLU "
        "fires: where it is orange.",
        widths=f"A:C=9 D:{last}=9",
        print_area=f"A1:L{LAST_PRINTED}",
        frozen=f"D{FIRST}",
        zoom=90,
    )
    put_row(ws, f"A{FIRST - 1}", ["No.", "Survived", "Training"], "Column header")
    fill_down(ws, _cells(EVERY, "A"), "=Net!$A{row}", "Formula", WHOLE, "center")
    fill_down(ws, _cells(EVERY, "B"), "=Net!$B{row}", "Data", *BIT)
    split = f"'Ten steps'!$E${NOW}=\"{SPLIT_2024}\""
    fill_down(ws, _cells(EVERY, "C"), f"=IF({split},Columns!$AC{{row}},Columns!$AD{{row}})", "Data", *BIT)
    put_column(ws, "A4", EVERY_LABELS, "Label")
    for state in range(STATES):
        _write_passengers(ws, state)
    powers_of_ten_when_long(ws, f"D{FIRST}:{last}{LAST}")
    for state in range(STATES):
        orange_above_zero(ws, f"{_relus(state)[0].letters}{FIRST}:{_relus(state)[1].letters}{LAST}")


def _write_passengers(ws: Worksheet, state: int) -> None:
    row, relus = STATE_TOP + state, _relus(state)
    put(ws, f"{relus[0].letters}{FIRST - 2}", f"='Ten steps'!$A${row}", "Section")
    for unit, relu in enumerate(relus):
        first = WEIGHTS_NOW.row(state).area.left + unit * len(NET.columns)
        last = first + len(NET.columns) - 1
        weights = f"'Ten steps'!${column_letters(first)}${row}:${column_letters(last)}${row}"
        put(ws, f"{relu.letters}{FIRST - 1}", f"ReLU{unit + 1}", "Column header")
        formula = f"=MAX(0,SUMPRODUCT(Net!{NET.inputs.on_row('{row}')},{weights}))"
        fill_down(ws, relu, formula, "Formula", DOT_THREE)
    predicted = f"{relus[0].local}+{relus[1].local}"
    put(ws, f"{relus[0].letters}4", f"='Ten steps'!$D${row}", "Result", FOUR, "center")
    put(ws, f"{relus[0].letters}5", f"=SUMPRODUCT(({predicted}>0.5)*1)", "Result", WHOLE, "center")
    for relu in relus:
        put(ws, f"{relu.letters}6", f'=COUNTIF({relu.local},">0")', "Formula", WHOLE, "center")
    if state == STATES - 1:
        return
    put(ws, f"{_slope(state).letters}6", f'=COUNTIF({_slope(state).local},">0")', "Formula", WHOLE, "center")
    off = f"({relus[0].letters}{{row}}+{relus[1].letters}{{row}}-$B{{row}})"
    if state < WARM:
        kind = f"'Ten steps'!$B${row}"
        formula = f'=IF({kind}="{SQUARED}",2*{off}/{ROWS},SIGN{off}/IF({kind}="{SUM}",1,{ROWS}))'
    else:
        formula = f"=$C{{row}}*SIGN{off}/SUM({_cells(EVERY, 'C').local})"
    put(ws, f"{_slope(state).letters}{FIRST - 1}", "slope", "Column header")
    fill_down(ws, _slope(state), formula, "Formula", notebook_05.SLOPE)


# ---- Sigmoid ---------------------------------------------------------------------------------------------

SIGMOID = "Sigmoid"
SIGMOID_TOP = 7
SIGMOID_HEADS = (
    "net", "held out by", "loss", "right", "accuracy", "loss", "right", "accuracy", "least prediction",
    "the notebook printed",
)  # fmt: skip
SIGMOID_NOTES = (
    "sigmoid(s) = 1/(1 + EXP(−s)) turns any number into one between 0 and 1. But a sum of ReLUs is never "
    "below 0,",
    "and the sigmoid of 0 is ½: behind ReLUs it cannot say less than ½, so it is far from the truth for "
    "everyone",
    "who died, and says “survived” wherever a ReLU fires. 2026's net has a bias, its ReLUs nearly always "
    "fire,",
    "and so it is right on few more than the survivors. The other way round, in notebook 05, a sigmoid "
    "works well:",
    "there no ReLU stands before it, or the last layer's weights may be below 0.",
)


def _sigmoid_nets() -> list[tuple]:
    """(name, weights (2, 13) or None for those on Net, split, what the notebook printed of it)."""
    loops = replay.shipped("sigmoid loops")
    return [
        ("Net, now", None, SPLIT_2024, ""),
        ("at the start, seed 442", replay.shipped("net"), SPLIT_2024, ""),
        ("2024, as printed", replay.PRINTED["2024"], SPLIT_2024, "loss 0.211279, accuracy 0.82584"),
        (
            "2024, with a sigmoid", replay.PRINTED["2024 with a sigmoid"], SPLIT_2024,
            "with: loss 0.4546, accuracy 0.82584",
        ),
        ("2026, as printed", replay.PRINTED["2026"], SPLIT_2026, "accuracy 0.73743; with: loss 0.4895"),
        ("2026, step 20, with a sigmoid", loops[19], SPLIT_2026, "with: loss 0.4866"),
        ("2026, step 31, with a sigmoid", loops[30], SPLIT_2026, "with: loss 0.484938"),
        ("2026, step 40, with a sigmoid", loops[39], SPLIT_2026, "with: loss 0.483663"),
        ("2026, in the end, with a sigmoid", loops[40], SPLIT_2026, "with: accuracy 0.47486"),
    ]  # fmt: skip


NETS = 9
SETS = Block("sigmoid.sets", SIGMOID, f"M{SIGMOID_TOP}", NETS, COUNT)
SUMS = _cells(SIGMOID, "AO", NETS)
CURVE = SIGMOID_TOP + NETS + 9


def sigmoid(workbook: Workbook) -> None:
    """Nine states of the notebooks' nets, scored with and without a sigmoid at the end."""
    ws = add_page(
        workbook,
        SIGMOID,
        "With and without a sigmoid at the end",
        "Loss: mean absolute error over the training rows. Right: of the rows held out. The nets' weights "
        "and sums are on the right, from column M on.",
        widths="A=28.5 B=12 C:H=10.5 I=11 J=34 K=2 L=2 M:AL=9 AM=2 AN=9 AO:AW=10",
        print_area=f"A1:J{CURVE + 24}",
        zoom=90,
    )
    put(ws, f"C{SIGMOID_TOP - 2}", "the sum itself", "Section")
    put(ws, f"F{SIGMOID_TOP - 2}", "sigmoid of the sum", "Section")
    put_row(ws, f"A{SIGMOID_TOP - 1}", SIGMOID_HEADS, "Column header")
    ws.row_dimensions[SIGMOID_TOP - 1].height = 28
    names = [f"{unit}: {name}" for unit in (1, 2) for name in (*titanic.NOTEBOOK, "bias")]
    put_row(ws, f"{SETS.letters}{SIGMOID_TOP - 1}", names, "Column header")
    put(ws, f"AN{FIRST - 1}", "No.", "Column header")
    fill_down(ws, _cells(SIGMOID, "AN"), "=Net!$A{row}", "Formula", WHOLE, "center")
    for i, (name, weights, split, printed) in enumerate(_sigmoid_nets()):
        _write_scores(ws, i, name, split, printed)
        _write_sums(ws, i, name, weights)
    weight_scale(ws, SETS.local)
    put_column(ws, f"A{SIGMOID_TOP + NETS + 1}", SIGMOID_NOTES, "Page note")
    _write_sigmoid_curve(ws)


def _write_scores(ws: Worksheet, i: int, name: str, split: str, printed: str) -> None:
    row, s, y = SIGMOID_TOP + i, SUMS.col(i).local, NET.target.ref
    mask, squeezed = (
        SPLITS[split].ref,
        f"1/(1+EXP(0-{s}))",
    )  # -{s} would not do: IronCalc takes the sign of a single cell
    put(ws, f"A{row}", name, "Label")
    put(ws, f"B{row}", split[:4], "Formula", None, "center")
    for (loss, right, share), p in (("CDE", s), ("FGH", squeezed)):
        put(ws, f"{loss}{row}", f"=SUMPRODUCT({mask}*ABS({p}-{y}))/SUM({mask})", "Result", SIX)
        put(ws, f"{right}{row}", f"=SUMPRODUCT((1-{mask})*(1-ABS(({p}>0.5)-{y})))", "Formula", WHOLE)
        put(ws, f"{share}{row}", f"={right}{row}/COUNTIF({mask},0)", "Result", FIVE)
    put(ws, f"I{row}", f"=1/(1+EXP(-MIN({s})))", "Formula", FOUR)
    put(ws, f"J{row}", printed, "Label")


def _write_sums(ws: Worksheet, i: int, name: str, weights) -> None:
    """A net's weights, and its sum of ReLUs for each passenger."""
    row, left = SETS.row(i), SETS.area.left
    for k in range(COUNT):
        unit, j = divmod(k, len(NET.columns))
        value = f"={NET.weights.cell(unit, j).ref}" if weights is None else float(weights[unit][j])
        put(ws, row.cell(0, k).corner, value, "Weight", FOUR)
    relus = []
    for unit in range(2):
        first = left + unit * len(NET.columns)
        cells = f"${column_letters(first)}${row.area.top}:${column_letters(first + 12)}${row.area.top}"
        relus.append(f"MAX(0,SUMPRODUCT(Net!{NET.inputs.on_row('{row}')},{cells}))")
    column = SUMS.col(i)
    put(ws, f"{column.letters}{FIRST - 1}", name, "Column header")
    fill_down(ws, column, "=" + "+".join(relus), "Formula", DOT_THREE)


def _write_sigmoid_curve(ws: Worksheet) -> None:
    put_row(ws, f"A{CURVE - 1}", ["s", "sigmoid(s)"], "Column header")
    s, squeezed = (Block("curve", SIGMOID, f"{letter}{CURVE}", 21) for letter in "AB")
    fill(ws, s, [[-5 + i / 2] for i in range(21)], "Data", "General", "center")
    fill_down(ws, squeezed, "=1/(1+EXP(-A{row}))", "Formula", FOUR)
    curves_chart(
        ws,
        f"D{CURVE - 1}",
        (620, 400),
        "The sigmoid",
        "A curve like an S: near 0 on the left, one half at 0, near 1 on the right.",
        [Curve("sigmoid", s, squeezed)],
        axes=("s", "sigmoid(s)"),
    )


# ---- Training --------------------------------------------------------------------------------------------


def training(workbook: Workbook) -> None:
    """Settings, the loss's chart, the weights after the last run, the logs."""
    write_training(workbook, TRAINING, f'={NET.measure.ref}&", "&{SPLIT.ref}')


# ---- exercises -------------------------------------------------------------------------------------------

_N, _X = NET.numbers.ref, NET.inputs.ref
LINS = Block("net.lin", "Net", NET.lin(0).corner, ROWS, NET.units)


def _totals_off(unit: int) -> str:
    """How far a set's Lins are from the totals of the single products, also weighted by number."""
    lin, w = NET.lin(unit).ref, NET.weights.row(unit).ref
    weighted = f"SUMPRODUCT({_N}*{lin})-SUMPRODUCT({_N}*{_X}*{w})"
    return f"ABS(SUM({lin})-SUMPRODUCT({_X}*{w}))+ABS({weighted})/ROWS({_N})"


_P, _Y = (Block("slip", "Broadcasting", corner, 3).ref for corner in ("B5", "C5"))
_TABLE = slips.SLIP
_BEFORE, _SLOPES, _AFTER, _RATE = BEFORE.ref, SLOPES.ref, AFTER.ref, f"'One step'!{STEP_RATE}"
_SHARES, _EXPS = slips.SOFTMAX.ref, Block("exp", "Unit trap", "C6", slips.SOFTMAX.rows).ref

EXERCISES = (
    Exercise(
        "Lin",
        (LINS,),
        "P11: each of the 13 columns C to O of this row times its weight of set 1, added up. Q11: with "
        f"set 2. Fill both down to row {LAST}. Where does it need a $?",
        "All Lins together are as much as all single products together, also when each row counts as often "
        "as its number says.",
        f"={_totals_off(0)}+{_totals_off(1)}",
    ),
    Exercise(
        "One step",
        (AFTER,),
        f"F11: the weight of this line after the step. Fill it down to row {FIRST + COUNT - 1}.",
        "The step is as long as rate × the length of the gradient, and goes straight against it.",
        f"=ABS(SUMXMY2({_BEFORE},{_AFTER})-{_RATE}^2*SUMSQ({_SLOPES}))+ABS(SUMPRODUCT({_SLOPES},{_BEFORE}-{_AFTER})-{_RATE}*SUMSQ({_SLOPES}))",
        after="Lin",
    ),
    Exercise(
        "The slip",
        (_TABLE,),
        "C14: person 1's prediction, in column B, less the truth above, in row 13. Write it such that it "
        "can be filled right to E14 and down to E16.",
        "Each row's and each column's total, and the sum of all squares, are what nine such differences "
        "have.",
        "="
        + "+".join(f"ABS(SUM({_TABLE.row(i).ref})-3*INDEX({_P},{i + 1})+SUM({_Y}))" for i in range(3))
        + "+"
        + "+".join(f"ABS(SUM({_TABLE.col(j).ref})-SUM({_P})+3*INDEX({_Y},{j + 1}))" for j in range(3))
        + f"+ABS(SUMSQ({_TABLE.ref})-3*SUMSQ({_P})-3*SUMSQ({_Y})+2*SUM({_P})*SUM({_Y}))",
    ),
    Exercise(
        "Softmax",
        (slips.SOFTMAX,),
        "D6: the class's EXP(output) as a share of all five. Fill it down to D10.",
        "Together they are 1, and any two of them stand to each other as their EXPs.",
        f"=ABS(SUM({_SHARES})-1)+SUMPRODUCT(ABS({_SHARES}*INDEX({_EXPS},1)-{_EXPS}*INDEX({_SHARES},1)))/SUM({_EXPS})",
    ),
)
