"""titanic.xlsx: who survived? A neural net of 22 weights in plain formulas, from passenger list to score.

Each sheet has one function here, in the order of the book. Passenger i stands in row i + 10 of every sheet,
so that a number can be followed back along its row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.worksheet.table import Table, TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet

from xlcicf.learn import titanic
from xlcicf.lessons.problem import save_problem
from xlcicf.sheet import chart, net, parity
from xlcicf.sheet.block import Block
from xlcicf.sheet.chain import Chain, write_chain
from xlcicf.sheet.exercise import Exercise
from xlcicf.sheet.front import Front, write_front
from xlcicf.sheet.gradient import write_gradients
from xlcicf.sheet.page import add_page, allow, between, book_of, choices, fill, fill_down, put, put_row
from xlcicf.sheet.style import (
    BIT,
    DOT_THREE,
    DOT_TWO,
    DOT_WHOLE,
    FIVE,
    FOUR,
    ROLES,
    TENTH_PERCENT,
    THREE,
    TWO,
    WHOLE,
    weight_scale,
)
from xlcicf.sheet.training import Training, write_training

FIRST, ROWS = 11, 891
LAST = FIRST + ROWS - 1

NET = net.Net("Net", titanic.LESSON, ROWS, FIRST)
TRAINING = Training(
    book="titanic.xlsx",
    weights=NET.weights,
    rows=[f"set {unit}" for unit in range(1, NET.units + 1)],
    cols=NET.columns,
    columns_log=[f"{unit}: {name}" for unit in range(1, NET.units + 1) for name in NET.columns],
    conditions="switch and held-out share",
)
PARITY = parity.Parity(
    loss=Block("parity.loss", "Net", "V5"),
    prediction=Block("parity.prediction", "Net", "V6"),
    status=Block("parity.status", "Net", "R7"),
    weights=TRAINING.weights_after,
    settings=TRAINING.settings,
    settings_now=TRAINING.settings_now,
)


def build() -> Workbook:
    """The workbook at its start weights; formulas without cached values."""
    pages = read_me, passengers, columns, the_net, gradient, training, compare, groups
    blocks = [
        NET.weights, NET.inputs, NET.target, NET.prediction, NET.loss, NET.accuracy, NET.valid_loss,
        NET.valid_accuracy, NET.measure, NET.held_out, *PARITY.blocks(), *TRAINING.logs(),
    ]  # fmt: skip
    return book_of(pages, blocks)


def _cells(sheet: str, letter: str) -> Block:
    """One column of all passengers."""
    return Block(f"{sheet}.{letter}", sheet, f"{letter}{FIRST}", ROWS)


# ---- Read me ---------------------------------------------------------------------------------------------

ABOUT = (
    "A neural network takes numbers, multiplies them by weights, adds up, turns what is below zero into "
    "zero (that is a ReLU), and adds up again. This one has two sets of 11 weights, and says how likely "
    "each of 891 passengers was to survive. Training is nothing but finding 22 weights that make its loss "
    "small."
)
TO_DO = (
    "On Net, change one of the 22 weights and watch the loss. Lower is better.",
    "On Gradient, read which way each weight should go, and how much the loss will change.",
    "Let Excel find them: Data > Solver opens filled in; press Solve. (Solver comes with Excel: File > "
    "Options > Add-ins > Go.)",
    "Or let xlcicf find them, with exact gradients and sooner: xlcicf train titanic.xlsx. It writes the "
    "weights into Net and the run into Training; xlcicf undo titanic.xlsx takes it back.",
    "On Net, type yourself into the row “You”: would you have survived?",
    "Before you believe the accuracy: look at Compare and Groups, and hold out some rows on Net.",
)
SHEETS = {
    "Passengers": "the 891 rows of the list, as they were written down",
    "Columns": "eleven numbers made of each row: blanks filled, words turned into 0 and 1, scaled",
    "Net": "the net itself: 22 weights, every step of every prediction, the loss, and a row for you",
    "Gradient": "how much the loss changes when a weight changes, by the chain rule and by trying",
    "Training": "settings, the log of runs, the weights before each run, the loss at each step",
    "Compare": "the net beside Solver's, a straight line, logistic regression and “women survive”",
    "Groups": "for whom the net is right: women and men, classes, children",
}
SOURCE = (
    "The lesson is week 12 of the CI Compass Fellowship, “What is a neural network?”, and its sheet an idea "
    "of fast.ai's. This workbook was made anew by xlcicf, MIT licence. The passenger list is the one "
    "published for Kaggle's Titanic exercise, in the public domain (CC0)."
)


def read_me(workbook: Workbook) -> None:
    """What to do, what the colours say, where things are."""
    write_front(
        workbook,
        Front(
            title="Who survived the Titanic? A neural network you can read",
            note="Everything here is a plain formula: click a cell to see how it is made.",
            about=ABOUT,
            to_do=TO_DO,
            sheets=SHEETS,
            source=SOURCE,
            roles=ROLES,
        ),
    )


# ---- Passengers ------------------------------------------------------------------------------------------

PASSENGERS = {  # column -> (width, what it says, alignment)
    "PassengerId": (13, "", "center"),
    "Survived": (10, "1 yes, 0 no", "center"),
    "Pclass": (9, "ticket class", "center"),
    "Name": (48, "", "left"),
    "Sex": (9, "", "center"),
    "Age": (9, "years", "center"),
    "SibSp": (11, "siblings and spouse aboard", "center"),
    "Parch": (11, "parents and children aboard", "center"),
    "Ticket": (20, "", "left"),
    "Fare": (11, "pounds", "right"),
    "Cabin": (17, "", "center"),
    "Embarked": (14, "Cherbourg, Queenstown, Southampton", "center"),
}
SUMMARIES = {  # label -> (formula, number format, of columns of numbers only?)
    "filled": ("=COUNTA({cells})", WHOLE, False),
    "blank": ("=ROWS({cells})-COUNTA({cells})", WHOLE, False),
    "smallest": ("=MIN({cells})", "General", True),
    "mean": ("=AVERAGE({cells})", TWO, True),
    "largest": ("=MAX({cells})", "General", True),
}


def passengers(workbook: Workbook) -> None:
    """The list as an Excel table, with a summary of each column above it."""
    letters = dict(zip(PASSENGERS, "ABCDEFGHIJKL", strict=True))
    ws = add_page(
        workbook,
        "Passengers",
        "The passenger list",
        "891 people, one a row. A blank is left blank here; the sheet Columns fills it. Passenger 1 stands "
        "in row 11 of every sheet, passenger 2 in row 12, and so on.",
        widths=" ".join(f"{letters[column]}={width}" for column, (width, _, _) in PASSENGERS.items()),
        print_area=f"A1:L{LAST}",
        frozen=f"A{FIRST}",
        zoom=90,
    )
    people = titanic.passengers()
    assert list(people.columns) == list(PASSENGERS)
    put_row(ws, f"A{FIRST - 1}", PASSENGERS, "Column header")
    for column, letter in letters.items():
        _, says, align = PASSENGERS[column]
        if says:
            put(ws, f"{letter}4", says, "Column header")
        for row, value in enumerate(people[column], FIRST):
            put(ws, f"{letter}{row}", _as_typed(value), "Data", None, align)
    for row, (label, (formula, number_format, numbers_only)) in enumerate(SUMMARIES.items(), 5):
        put(ws, f"A{row}", label, "Label")
        for column in list(PASSENGERS)[1:]:
            if not numbers_only or people[column].dtype.kind in "if":
                cells, align = _cells("Passengers", letters[column]), PASSENGERS[column][2]
                text = formula.format(cells=cells.local)
                put(ws, f"{cells.letters}{row}", text, "Formula", number_format, align)
    ws.row_dimensions[4].height = 38
    look = TableStyleInfo(name="TableStyleLight1", showRowStripes=False)
    ws.add_table(Table(displayName="Passengers", ref=f"A{FIRST - 1}:L{LAST}", tableStyleInfo=look))


def _as_typed(value):
    """A value of the list as Excel holds it when it is typed in: blanks empty, digits as a number."""
    if value != value:  # NaN, pandas' blank
        return None
    if isinstance(value, str):
        return int(value) if value.isdigit() else value
    return int(value) if value == int(value) else float(value)


# ---- Columns ---------------------------------------------------------------------------------------------

# Columns!B..M: name, how it is made, formula of row {row}, look, column of the list that "how many" counts,
# and what the column looks for (row 6)
NUMBERS = (
    ("Age", "blank: mode", '=IF(Passengers!$F{row}="",B$5,Passengers!$F{row})', ("General",), "F", None),
    ("SibSp", "as it is", "=Passengers!$G{row}", (DOT_WHOLE,), "G", None),
    ("Parch", "as it is", "=Passengers!$H{row}", (DOT_WHOLE,), "H", None),
    ("LogFare", "LN of fare + 1", "=LN(Passengers!$J{row}+1)", (DOT_THREE,), "J", None),
    ("Male", "1 if male", "=IF(Passengers!$E{row}=F$6,1,0)", BIT, "E", "male"),
    ("Pclass_1", "1 if class 1", "=IF(Passengers!$C{row}=G$6,1,0)", BIT, "C", 1),
    ("Pclass_2", "1 if class 2", "=IF(Passengers!$C{row}=H$6,1,0)", BIT, "C", 2),
    ("Pclass_3", "1 if class 3", "=IF(Passengers!$C{row}=I$6,1,0)", BIT, "C", 3),
    ("Port", "blank: mode", '=IF(Passengers!$L{row}="",J$5,Passengers!$L{row})', (None, "center"), "L", None),
    ("Embarked_C", "1 if port C", "=IF($J{row}=K$6,1,0)", BIT, "L", "C"),
    ("Embarked_Q", "1 if port Q", "=IF($J{row}=L$6,1,0)", BIT, "L", "Q"),
    ("Embarked_S", "1 if port S", "=IF($J{row}=M$6,1,0)", BIT, "L", "S"),
)  # fmt: skip
AGE = _cells("Columns", "B")
SCALED = Block("columns.scaled", "Columns", f"O{FIRST}", ROWS, 11)
MEASURED = 4  # the first four of the eleven are measured; the others are 0 or 1


def columns(workbook: Workbook) -> None:
    """Eleven numbers of each passenger, then the same divided by their column's maximum."""
    ws = add_page(
        workbook,
        "Columns",
        "From words and blanks to eleven numbers",
        "A net can only multiply and add. So blanks are filled with the commonest value (the mode), words "
        "become columns of 0 and 1, and each column is divided by its maximum. A dot is 0.",
        widths="A=10 B:D=7.5 E=9 F=7.5 G:I=8.5 J=8 K:M=10 N=2 O:Q=7.5 R=8.5 S=7.5 T:V=8.5 W:Y=10",
        print_area=f"A1:Y{LAST}",
        frozen=f"B{FIRST}",
        zoom=90,
    )
    put(ws, "B3", "1. Numbers from the passenger list", "Section")
    put(ws, "O3", "2. Each divided by its column's maximum", "Section")
    for row, label in enumerate(("made how", "mode", "looks for", "how many", "maximum", "mean"), 4):
        put(ws, f"A{row}", label, "Label")
    ws.row_dimensions[4].height = 26
    put(ws, f"A{FIRST - 1}", "No.", "Column header")
    fill_down(ws, _cells("Columns", "A"), "=Passengers!$A{row}", "Formula", WHOLE, "center")
    for letter, column in zip("BCDEFGHIJKLM", NUMBERS, strict=True):
        _write_column(ws, letter, *column)
    put(ws, "B5", f"=MODE({_cells('Passengers', 'F').ref})", "Result", WHOLE)
    put(ws, "J5", "=INDEX(K6:M6,MATCH(MAX(K7:M7),K7:M7,0))", "Result", None, "center")
    for j, (source, name) in enumerate(zip("BCDEFGHIKLM", titanic.LESSON, strict=True)):
        scaled = SCALED.col(j)
        look = (DOT_THREE,) if j < MEASURED else BIT
        put(ws, f"{scaled.letters}{FIRST - 1}", name, "Column header")
        put(ws, f"{scaled.letters}4", f"{source} ÷ {source}8", "Column header")
        fill_down(ws, scaled, f"={source}{{row}}/{source}$8", "Formula", *look)
        put(ws, f"{scaled.letters}8", f"=MAX({scaled.local})", "Formula", WHOLE, *look[1:])
        put(ws, f"{scaled.letters}9", f"=AVERAGE({scaled.local})", "Formula", THREE, *look[1:])


def _write_column(ws: Worksheet, letter: str, name: str, how: str, formula: str, look, counted, key) -> None:
    cells, source, align = _cells("Columns", letter), _cells("Passengers", counted).ref, look[1:]
    put(ws, f"{letter}4", how, "Column header")
    put(ws, f"{letter}{FIRST - 1}", name, "Column header")
    fill_down(ws, cells, formula, "Formula", *look)
    if key is None:
        put(ws, f"{letter}7", f"=COUNTA({source})", "Formula", WHOLE, *align)
    else:
        put(ws, f"{letter}6", key, "Data", None, "center")
        put(ws, f"{letter}7", f"=COUNTIF({source},{letter}6)", "Formula", WHOLE, *align)
    if name != "Port":
        maximum_format = FOUR if name == "LogFare" else WHOLE
        put(ws, f"{letter}8", f"=MAX({cells.local})", "Result", maximum_format, *align)
        put(ws, f"{letter}9", f"=AVERAGE({cells.local})", "Formula", THREE, *align)


# ---- Net -------------------------------------------------------------------------------------------------


def the_net(workbook: Workbook) -> None:
    """Weights, score, parity and the reader's own row on top; below, every step for every passenger."""
    ws = add_page(
        workbook,
        "Net",
        "The net: 22 weights, two ReLUs, one sum",
        "Along a row: Lin = SUMPRODUCT(the 11 columns, a set of weights); ReLU = MAX(0, Lin); prediction = "
        "ReLU1 + ReLU2. Above 0.5 it says 1, survived. The loss is how far off it was; training makes its "
        "mean small.",
        widths="A=8 B=9 C:E=7.5 F=8 G=8.5 H:J=8.5 K:M=10.5 N:O=8.5 P:Q=9.5 R=10 S=7 T=8 U=7 V=9",
        print_area=f"A1:V{LAST}",
        frozen=f"C{FIRST}",
        zoom=90,
    )
    put(ws, "A3", "Weights: training changes these 22 numbers and nothing else", "Section")
    net.write_weights(ws, NET, titanic.weights("start"))
    net.write_score(ws, NET)
    _write_parity(ws)
    _write_you(ws)
    inputs = [
        (f"=Columns!{SCALED.col(j).letters}{{row}}", *((DOT_TWO,) if j < MEASURED else BIT))
        for j in range(len(NET.columns))
    ]
    net.write_examples(ws, NET, "=Columns!$A{row}", "=Passengers!$B{row}", inputs)
    save_problem(ws, NET.loss, NET.weights)


def _write_parity(ws: Worksheet) -> None:
    parity.write_parity(ws, NET, PARITY)
    first, second = (f'COUNTIF({NET.relu(unit).local},">0")' for unit in range(2))
    dead = f'"a ReLU is dead: ReLU1 fires for "&{first}&", ReLU2 for "&{second}'
    alive = f'"ReLU1 fires for "&{first}&", ReLU2 for "&{second}&" passengers"'
    put(ws, "R8", f"=IF({first}*{second}=0,{dead},{alive})", "Page note")


# What the reader types: cell, label, value, hint, rule. Each stands above the column that it becomes.
YOU = (
    ("C8", "age", 30, "Years, 0 to 120.", between(0, 120)),
    ("D8", "siblings, spouse", 0, "How many of them are aboard, 0 to 20.", between(0, 20, whole=True)),
    ("E8", "parents, children", 0, "How many of them are aboard, 0 to 20.", between(0, 20, whole=True)),
    ("F8", "fare, £", 15, "Pounds of 1912; the dearest ticket was 512.", between(0, 10_000)),
    ("G8", "sex", "female", "male or female", choices("male", "female")),
    ("H8", "class", 2, "1, 2 or 3", choices(1, 2, 3)),
    ("K8", "port", "S", "C Cherbourg, Q Queenstown, S Southampton", choices("C", "Q", "S")),
)
YOUR_COLUMNS = (
    "=C8/Columns!B8", "=D8/Columns!C8", "=E8/Columns!D8", "=LN(F8+1)/Columns!E8", '=IF(G8="male",1,0)',
    "=IF($H8=1,1,0)", "=IF($H8=2,1,0)", "=IF($H8=3,1,0)",
    '=IF($K8="C",1,0)', '=IF($K8="Q",1,0)', '=IF($K8="S",1,0)',
)  # fmt: skip


def _write_you(ws: Worksheet) -> None:
    put(ws, "A7", "You", "Section")
    put(ws, "A8", "type here", "Label")
    put(ws, "A9", "as columns", "Label")
    for cell, label, value, hint, rule in YOU:
        put(ws, f"{cell[0]}7", label, "Column header")
        put(ws, cell, value, "Setting")
        allow(ws, cell, hint, rule)
    ws.row_dimensions[7].height = 26
    for j, formula in enumerate(YOUR_COLUMNS):
        look = (DOT_TWO,) if j < MEASURED else BIT
        put(ws, f"{NET.inputs.col(j).letters}{NET.you}", formula, "Data", *look)
    net.write_you(ws, NET)
    put(ws, "T9", '=IF(S9=1,"you survive","you do not survive")', "Result", None, "center")
    ws.merge_cells("T9:V9")


# ---- Gradient --------------------------------------------------------------------------------------------

H = Block("nudge.h", "Gradient", "D4")
STEP = Block("nudge.step", "Gradient", "D5")
GRADIENT_NOTES = (
    "derivative: the mean over the training rows of (loss by prediction) × 1 × (1 if Lin > 0) × x, as on "
    "the right.",
    "nudge: the loss at the weight + h less the loss at the weight − h, over 2h. Between corners the "
    "squared error is a parabola, where this is exact.",
    "at a corner: so many passengers have a Lin that passes 0 within the nudge (under MAE also: a "
    "prediction that passes the truth). Then the slopes on both sides are shown; below 0 on the left and "
    "above 0 on the right, it is a minimum that sits on a corner.",
    "A ReLU that fires for nobody is flat: its weights have no slope, and no training will move them.",
)


def gradient(workbook: Workbook) -> None:
    """Every weight's derivative and nudge, and one passenger's way through the chain rule."""
    ws = add_page(
        workbook,
        "Gradient",
        "If I adjust one weight, how much does the loss change?",
        "The derivative says it exactly, by the chain rule. The nudge tries it: a little more, a little "
        "less, the whole net computed anew. Both are live; they differ only where a passenger stands at a "
        "corner.",
        widths="A=6 B=14 C=9.5 D:E=11 F=11 G:H=10.5 I:J=11 K=11 L=2 M=14 N=8 O:R=10",
        print_area="A1:R35",
        zoom=90,
    )
    put(ws, "A4", "size h of the nudge", "Label")
    put(ws, H.corner, 0.0001, "Setting")
    allow(ws, H.corner, "A small number, such as 0.0001.", between(0.0000001, 1))
    put(ws, "A5", "raise one weight by", "Label")
    put(ws, STEP.corner, 0.01, "Setting")
    allow(ws, STEP.corner, "How much a weight is to be raised, such as 0.01.", between(-10, 10))
    put(ws, "E5", "… and the loss changes by about what the last column says", "Page note")
    write_gradients(ws, NET, 8, H, STEP)
    ws.row_dimensions[7].height = 40
    put(ws, "M3", "One passenger's way through the net", "Section")
    write_chain(ws, Chain(NET, "M4"), f"=INDEX({_cells('Passengers', 'D').ref},{{row}})")
    for row, text in enumerate(GRADIENT_NOTES, 31):
        put(ws, f"A{row}", text, "Page note")


# ---- Training --------------------------------------------------------------------------------------------


def training(workbook: Workbook) -> None:
    """Settings, the loss's chart, the weights after the last run, the logs."""
    write_training(workbook, TRAINING, parity.settings_text(NET))


# ---- Compare ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Model:
    """One line of the comparison: what it is called, its sets of weights (None: those on Net), its formula.

    predict  makes the formula from the addresses of a row's inputs and of the sets of weights
    """

    name: str
    short: str
    weights: Sequence[Sequence[float]] | None
    predict: Callable[[str, list[str]], str]


def _relus(inputs: str, sets: list[str]) -> str:
    return "+".join(f"MAX(0,SUMPRODUCT({inputs},{weights}))" for weights in sets)


def _straight(inputs: str, sets: list[str]) -> str:
    return f"SUMPRODUCT({inputs},{sets[0]})"


def _sigmoid(inputs: str, sets: list[str]) -> str:
    return f"1/(1+EXP(-{_straight(inputs, sets)}))"


def _models() -> list[Model]:
    start, linear, trained, logistic = map(titanic.weights, ("start", "linear", "trained", "logistic"))
    carried_over = titanic.carried_over(titanic.weights("solver"))
    women = [0, 0, 0, 0, -1, 1, 1, 1, 0, 0, 0]  # the three classes make 1, Male takes it away
    return [
        Model("start: random weights", "start", start.tolist(), _relus),
        Model("Solver's net, carried over", "Solver", carried_over.tolist(), _relus),
        Model("best straight line", "line", [linear.tolist()], _straight),
        Model("the net on Net, now", "net now", None, _relus),
        Model("a net trained by xlcicf", "trained", trained.tolist(), _relus),
        Model("logistic regression", "logistic", [logistic.tolist()], _sigmoid),
        Model("“women survive”", "women", [women], _straight),
    ]


COMPARE_NOTES = (
    "Every line is scored on all 891 passengers, held out or not; a prediction above 0.5 says “survived”.",
    "Solver's net: what Excel's Solver left in fast.ai's sheet, with ten columns and the 712 passengers "
    "whose age and port are known. Carried over to these eleven columns it predicts the same.",
    "best straight line: least squares, no ReLU. It has one exact answer, so no training can beat it.",
    "a net trained by xlcicf: the best of 1,500 random starts, polished. Most starts end in worse valleys: "
    "a net's loss has many of them.",
    "logistic regression: a straight line through 1/(1+EXP(−z)), fitted to make the list most probable, with "
    "the usual small penalty on large weights.",
    "“women survive”: 1 for women, 0 for men, nothing else. Are 22 weights worth what they add to it?",
)
SCORES, WEIGHTS = 6, 20  # first rows of the scores and of the weights on Compare


def compare(workbook: Workbook) -> None:
    """Seven models over the same rows: scores, weights, predictions."""
    ws = add_page(
        workbook,
        "Compare",
        "Is it any good? The net beside simpler models",
        "Each model's weights are below, its predictions in the columns on the right; its scores are "
        "formulas.",
        widths="A=29 B:E=11 F:M=11 N=2 O:U=9",
        print_area="A1:M38",
        zoom=90,
    )
    heads = ["model", "mean squared error", "mean absolute error", f"right, of {ROWS}", "accuracy"]
    put_row(ws, f"A{SCORES - 1}", heads, "Column header")
    ws.row_dimensions[SCORES - 1].height = 28
    put(ws, f"A{WEIGHTS - 2}", "Their weights", "Section")
    put_row(ws, f"C{WEIGHTS - 1}", NET.columns, "Column header")
    put(ws, f"O{FIRST - 2}", "What each predicts", "Section")
    models, row = _models(), WEIGHTS
    for i, model in enumerate(models):
        pred = _cells("Compare", "OPQRSTU"[i])
        sets = _write_weights(ws, row, model)
        _write_scores(ws, SCORES + i, model.name, pred)
        _write_predictions(ws, model, sets, pred)
        row += len(sets)
    _write_scores_on_known(ws, SCORES + len(models) + 1, _cells("Compare", "P"))
    for i, text in enumerate(COMPARE_NOTES, 1):
        put(ws, f"A{row + i}", text, "Page note")
    names, accuracy = (Block("chart", "Compare", f"{letter}{SCORES}", len(models)) for letter in "AE")
    chart.bar_chart(
        ws,
        "G3",
        (600, 290),
        "Accuracy on all 891 passengers",
        "Bars: the accuracy of each model, as in the table on the left.",
        names,
        {"accuracy": accuracy},
    )


def _write_weights(ws: Worksheet, row: int, model: Model) -> list[Block]:
    """The model's sets of weights from `row` down; returns where they lie."""
    live = [[f"={NET.weights.cell(i, j).ref}" for j in range(11)] for i in range(2)]
    values = model.weights or live
    block = Block(model.short, "Compare", f"C{row}", len(values), 11)
    put(ws, f"A{row}", model.name, "Label")
    if block.rows > 1:
        for i in range(block.rows):
            put(ws, f"B{row + i}", f"set {i + 1}", "Label")
    fill(ws, block, values, "Weight", THREE)
    weight_scale(ws, block.local)
    return [block.row(i) for i in range(block.rows)]


def _write_predictions(ws: Worksheet, model: Model, sets: list[Block], pred: Block) -> None:
    put(ws, f"{pred.letters}{FIRST - 1}", model.short, "Column header")
    inputs = f"Net!{NET.inputs.on_row('{row}')}"
    fill_down(ws, pred, f"={model.predict(inputs, [s.local for s in sets])}", "Formula", DOT_THREE)


def _write_scores(ws: Worksheet, row: int, name: str, pred: Block) -> None:
    p, y = pred.local, NET.target.ref
    put(ws, f"A{row}", name, "Label")
    put(ws, f"B{row}", f"=SUMPRODUCT(({p}-{y})^2)/ROWS({y})", "Result", FIVE)
    put(ws, f"C{row}", f"=SUMPRODUCT(ABS({p}-{y}))/ROWS({y})", "Result", FIVE)
    put(ws, f"D{row}", f"=ROWS({y})-SUMPRODUCT(ABS(({p}>0.5)-{y}))", "Result", WHOLE)
    put(ws, f"E{row}", f"=D{row}/ROWS({y})", "Result", TENTH_PERCENT)


def _write_scores_on_known(ws: Worksheet, row: int, pred: Block) -> None:
    """Solver's net on the passengers that it was fitted to: those whose age and port are known."""
    p, y = pred.local, NET.target.ref
    known = "*".join(f'({_cells("Passengers", letter).ref}<>"")' for letter in "FL")
    put(ws, f"A{row}", "Solver's net on its own rows", "Label")
    put(ws, f"B{row}", f"=SUMPRODUCT({known}*({p}-{y})^2)/SUMPRODUCT({known})", "Result", FIVE)
    put(ws, f"C{row}", f"=SUMPRODUCT({known}*ABS({p}-{y}))/SUMPRODUCT({known})", "Result", FIVE)
    put(ws, f"D{row}", f"=SUMPRODUCT({known}*(1-ABS(({p}>0.5)-{y})))", "Result", WHOLE)
    put(ws, f"E{row}", f"=D{row}/SUMPRODUCT({known})", "Result", TENTH_PERCENT)
    text = f'="the "&SUMPRODUCT({known})&" passengers whose age and port are known"'
    put(ws, f"A{row + 1}", text, "Page note")


# ---- Groups ----------------------------------------------------------------------------------------------

MALE = NET.inputs.col(NET.columns.index("Male")).ref
CLASS = {i: NET.inputs.col(NET.columns.index(f"Pclass_{i}")).ref for i in (1, 2, 3)}
GROUPS = (  # grouped by, group, conditions for COUNTIFS
    ("all", "everyone", f'{NET.numbers.ref},">0"'),
    ("sex", "women", f"{MALE},0"),
    ("sex", "men", f"{MALE},1"),
    *(("class", f"class {i}", f"{CLASS[i]},1") for i in CLASS),
    ("age", "children, under 16", f'{AGE.ref},"<16"'),
    ("age", "16 and over", f'{AGE.ref},">=16"'),
    *(("both", f"women, class {i}", f"{MALE},0,{CLASS[i]},1") for i in CLASS),
    *(("both", f"men, class {i}", f"{MALE},1,{CLASS[i]},1") for i in CLASS),
)
GROUP_NOTES = (
    "Ages are those of Columns: an unknown age became 24, so every unknown is an adult here.",
    "If such a net decided about people: who is missing from the list, and who is hurt by which error?",
)


def groups(workbook: Workbook) -> None:
    """Predicted against true rate of survival, and accuracy, for groups of passengers."""
    ws = add_page(
        workbook,
        "Groups",
        "For whom is the net right?",
        "true rate: the share that survived. predicted rate: the share of whom the net on Net says so now. "
        "A net can be right on the whole and wrong about a group.",
        widths="A=9 B=21 C:H=11.5 I=2 J:Q=9",
        print_area="A1:Q34",
        zoom=90,
    )
    heads = [
        "by",
        "group",
        "passengers",
        "survived",
        "true rate",
        "predicted rate",
        "predicted less true",
        "accuracy",
    ]
    put_row(ws, "A4", heads, "Column header")
    ws.row_dimensions[4].height = 28
    for row, (by, group, conditions) in enumerate(GROUPS, 5):
        put(ws, f"A{row}", by, "Page note")
        put(ws, f"B{row}", group, "Label")
        put(ws, f"C{row}", f"=COUNTIFS({conditions})", "Formula", WHOLE)
        put(ws, f"D{row}", f"=COUNTIFS({conditions},{NET.target.ref},1)", "Formula", WHOLE)
        put(ws, f"E{row}", f"=D{row}/C{row}", "Formula", TENTH_PERCENT)
        put(ws, f"F{row}", f"=COUNTIFS({conditions},{NET.says.ref},1)/C{row}", "Formula", TENTH_PERCENT)
        put(ws, f"G{row}", f"=F{row}-E{row}", "Result", "+0.0%;-0.0%;0.0%")
        put(ws, f"H{row}", f"=COUNTIFS({conditions},{NET.right.ref},1)/C{row}", "Result", TENTH_PERCENT)
    for row, text in enumerate(GROUP_NOTES, 6 + len(GROUPS)):
        put(ws, f"A{row}", text, "Page note")
    names, true, predicted = (Block("chart", "Groups", f"{letter}5", len(GROUPS)) for letter in "BEF")
    chart.bar_chart(
        ws,
        "J3",
        (560, 560),
        "Who survived, in truth and as the net says",
        "Bars: for each group of the table on the left, the share that survived and the share of whom the "
        "net says so.",
        names,
        {"true rate": true, "predicted rate": predicted},
    )


# ---- exercises -------------------------------------------------------------------------------------------

# what the checks call the columns of Net, over all passengers
_N, _X, _Y, _P = NET.numbers.ref, NET.inputs.ref, NET.target.ref, NET.prediction.ref
_LOSS, _TRAINING, _SAYS = NET.row_loss.ref, NET.training.ref, NET.says.ref
_IS_MSE = f'{NET.measure.ref}="MSE"'
LINS, RELUS = (
    Block(name, "Net", column(0).corner, ROWS, NET.units)
    for name, column in (("net.lin", NET.lin), ("net.relu", NET.relu))
)
DERIVATIVES = Block("gradient.derivative", "Gradient", "D8", NET.units * len(NET.columns))


def _yours(columns: Block) -> Block:
    """The same columns on the reader's own row."""
    return Block(columns.name, "Net", f"{columns.letters}{NET.you}", 1, columns.cols)


def _totals_off(unit: int) -> str:
    """How far a set's Lins are from the totals of the single products, and from those weighted by number.

    On the reader's row, where there is nothing to add up, 2 x·w = |x|² + |w|² − |x − w|².
    """
    lin, w = NET.lin(unit), NET.weights.row(unit).ref
    x = f"Net!{NET.inputs.on_row(NET.you)}"
    return (
        f"ABS(SUM({lin.ref})-SUMPRODUCT({_X}*{w}))"
        f"+ABS(SUMPRODUCT({_N}*{lin.ref})-SUMPRODUCT({_N}*{_X}*{w}))/ROWS({_N})"
        f"+ABS(2*{_yours(lin).ref}-SUMSQ({x})-SUMSQ({w})+SUMXMY2({x},{w}))"
    )


def _relu_off(relus: Block, lins: Block) -> str:
    """How far ReLUs lie below 0, below their Lin, and from both."""
    r, x = relus.ref, lins.ref
    return f"SUMPRODUCT(({r}<0)*(0-{r})+({r}<{x})*({x}-{r})+ABS({r}*({r}-{x})))"


def _slopes_off(unit: int) -> str:
    """A set's weights times their derivatives, less the errors' slopes times the ReLU, which is w·x or 0."""
    relu, count = NET.relu(unit).ref, len(NET.columns)
    top = DERIVATIVES.area.top + unit * count
    slopes = Block("", "Gradient", f"{DERIVATIVES.letters}{top}", count)
    return (
        f"ABS(SUMPRODUCT(Gradient!$C${top}:$C${top + count - 1}*{slopes.ref})"
        f"-IF({_IS_MSE},2*SUMPRODUCT({_TRAINING}*({_P}-{_Y})*{relu}),"
        f"SUMPRODUCT({_TRAINING}*SIGN({_P}-{_Y})*{relu}))/SUM({_TRAINING}))"
    )


def _nudges_off() -> str:
    """How far derivatives are from nudges, beyond what rows with a corner within the nudge explain."""
    d, nudge, at_relus, at_errors = (
        f"Gradient!${letter}${DERIVATIVES.area.top}:${letter}${DERIVATIVES.area.bottom}" for letter in "DEGH"
    )
    explained = f"2*({at_relus}+{at_errors})*MAX(1,{_P})/SUM({_TRAINING})"
    return f"SUMPRODUCT((ABS({d}-{nudge})>{explained})*ABS({d}-{nudge}))"


EXERCISES = (
    Exercise(
        "Scaling",
        (SCALED,),
        "O11: passenger 1's age (B11) divided by the largest age (B8), such that the formula can be filled "
        f"right to V11; again in W11 for the ports, right to Y11; all of them down to row {LAST}. Where does "
        "it need a $?",
        "Each number times its column's maximum gives back the number it was made of.",
        f"=SUMPRODUCT(ABS(Columns!O{FIRST}:V{LAST}*Columns!B8:I8-Columns!B{FIRST}:I{LAST}))"
        f"+SUMPRODUCT(ABS(Columns!W{FIRST}:Y{LAST}*Columns!K8:M8-Columns!K{FIRST}:M{LAST}))",
    ),
    Exercise(
        "Lin",
        (_yours(LINS), LINS),
        "N11: each of the 11 columns C to M of this row times its weight of set 1, added up. O11: the same "
        f"with set 2. Fill both down to row {LAST}, and copy them into row 9, your own.",
        "All Lins together are as much as all single products together, also when each row counts as often "
        "as its number says. On your row: twice the sum is |x|² + |w|² − |x − w|².",
        f"={_totals_off(0)}+{_totals_off(1)}",
        after="Scaling",
    ),
    Exercise(
        "ReLU",
        (_yours(RELUS), RELUS),
        "P11: Lin1 of this row where that is above 0, else 0. Fill it right to Q11, which takes Lin2, and "
        f"down to row {LAST}; copy it into P9 and Q9.",
        "No ReLU is below 0, none is below its Lin, and each is equal to one of the two.",
        f"={_relu_off(RELUS, LINS)}+{_relu_off(_yours(RELUS), _yours(LINS))}",
        after="Lin",
    ),
    Exercise(
        "Prediction",
        (_yours(NET.prediction), NET.prediction),
        f"R11: both ReLUs of this row together. Fill it down to row {LAST}, and copy it into R9.",
        "Of each prediction nothing is left when its two ReLUs are taken away.",
        f"=SUMPRODUCT(ABS({_P}-{NET.relu(0).ref}-{NET.relu(1).ref}))"
        f"+ABS({_yours(NET.prediction).ref}-SUM({_yours(RELUS).ref}))",
        after="ReLU",
    ),
    Exercise(
        "Loss of a row",
        (NET.row_loss,),
        "T11: how far the prediction is off: if the switch P7 says MSE, the square of prediction less "
        f"Survived, else its size without the sign. Fill it down to row {LAST}.",
        "No loss is below 0, and p² − 2py + y² is the loss under MSE, its square under MAE.",
        f"=SUMPRODUCT(ABS({_LOSS}^IF({_IS_MSE},1,2)-{_P}^2+2*{_P}*{_Y}-{_Y}^2)+({_LOSS}<0)*(0-{_LOSS}))",
        after="Prediction",
    ),
    Exercise(
        "Accuracy",
        (NET.accuracy,),
        "P6: the share of the training rows that the net gets right; column U says which are right, column V "
        "which are training rows.",
        "The accuracy times the number of training rows is the survivors of whom the net says 1 and the "
        "others of whom it says 0, counted.",
        f"=ABS({NET.accuracy.ref}*COUNTIF({_TRAINING},1)-COUNTIFS({_TRAINING},1,{_SAYS},1,{_Y},1)"
        f"-COUNTIFS({_TRAINING},1,{_SAYS},0,{_Y},0))",
        after="Prediction",
    ),
    Exercise(
        "Derivative",
        (DERIVATIVES,),
        "D8: the mean over the training rows of (the error's slope) × (1 if Lin1 is above 0) × Age. The "
        "error's slope is 2(prediction − Survived) under MSE, the sign of that difference under MAE. Then a "
        "line for each weight. One formula does for all, with INDEX(Net!$N$11:$O$901,0,A8) for the line's "
        "Lin and INDEX(Net!$C$11:$M$901,0,MATCH(B8,Net!$C$10:$M$10,0)) for its column.",
        "Each derivative is the nudge beside it, corners aside; and the weights of a set times their "
        "derivatives add up to the mean of the error's slope times the ReLU.",
        f"={_nudges_off()}+{_slopes_off(0)}+{_slopes_off(1)}",
        after="Prediction",
    ),
)
