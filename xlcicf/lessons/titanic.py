"""titanic.xlsx: who survived? A neural net of 22 weights in plain formulas, from passenger list to score.

Each sheet has one function here, in the order of the book. Passenger i stands in row i + 10 of every sheet,
so that a number can be followed back along its row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from openpyxl import Workbook
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.table import Table, TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet

from xlcicf import words
from xlcicf.formula.address import column_letters
from xlcicf.learn import forest, titanic
from xlcicf.lessons import resources
from xlcicf.lessons.recorded_runs import recorded
from xlcicf.lessons.solver_settings import save_problem
from xlcicf.sheet import chart, net, parity_block
from xlcicf.sheet.block import Block
from xlcicf.sheet.book import book_of
from xlcicf.sheet.chain import Chain, write_chain
from xlcicf.sheet.exercise import Exercise
from xlcicf.sheet.front import Front
from xlcicf.sheet.gradient import write_gradients
from xlcicf.sheet.loss_chart import LossAxis
from xlcicf.sheet.page import (
    add_page,
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
from xlcicf.sheet.style import (
    BIT,
    DATA,
    DOT_THREE,
    DOT_TWO,
    DOT_WHOLE,
    FIVE,
    FOUR,
    TENTH_PERCENT,
    THREE,
    TRY,
    TWO,
    WHOLE,
    tint_when,
    weight_scale,
)
from xlcicf.sheet.training_sheet import TrainingSheet, write_training

FIRST, ROWS = 11, 891
LAST = FIRST + ROWS - 1
LAST_PRINTED = FIRST + 59  # of the long sheets

NET = net.Net("Net", titanic.LESSON, ROWS, FIRST)
TRAINING = TrainingSheet(
    book="titanic.xlsx",
    weights=NET.weights,
    rows=[f"set {unit}" for unit in range(1, NET.units + 1)],
    cols=NET.columns,
    columns_log=[f"{unit}: {name}" for unit in range(1, NET.units + 1) for name in NET.columns],
    conditions="switch and held-out share",
    recorded=recorded("titanic"),
    axis=LossAxis(0.1, 0.3),
    has_errors=True,
)
PARITY = parity_block.ParityBlock(
    loss=Block(words.PARITY_LOSS, "Net", "V5"),
    prediction=Block(words.PARITY_PREDICTION, "Net", "V6"),
    status=Block(words.PARITY_STATUS, "Net", "R7"),
    weights=TRAINING.weights_after,
    settings=TRAINING.settings,
    settings_now=TRAINING.settings_now,
)


def build() -> Workbook:
    """The workbook at its start weights; formulas without cached values."""
    pages = passengers, columns, the_net, gradient, training, compare, groups, look_inside
    blocks = [
        NET.weights, NET.inputs, NET.target, NET.prediction, NET.loss, NET.accuracy, NET.valid_loss,
        NET.valid_accuracy, NET.measure, NET.held_out, *PARITY.blocks(), *TRAINING.logs(),
    ]  # fmt: skip
    return book_of(READ_ME, pages, blocks)


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
    "On Net, type yourself into the row “You”: would you have survived? The picture at the right shows your "
    "numbers on their way through the net, or any passenger's.",
    "Before you believe the accuracy: look at Compare and Groups, and hold out some rows on Net.",
    "On Look inside, ask what it has learned. With Solver's weights each ReLU has its own ports. Choose "
    "“trained”: now ReLU1 fires for 61% of the children and 15% of the adults, ReLU2 for every woman.",
)
SHEETS = {
    "Passengers": "the 891 rows of the list, as they were written down",
    "Columns": "eleven numbers made of each row: blanks filled, words turned into 0 and 1, scaled",
    "Net": "the net itself, as a table and a picture: 22 weights, each prediction, the loss, a row for you",
    "Gradient": "how much the loss changes when a weight changes, by the chain rule and by trying",
    "Training": "settings, the log of runs, the weights before each run, the loss at each step",
    "Compare": "the net beside Solver's, two straight lines, logistic regression, “women survive”, a forest",
    "Groups": "for whom the net is right: women and men, classes, children",
    "Look inside": "for whom each ReLU fires, and what pushes it over zero",
}
SOURCE = (
    "The lesson is week 12 of the CI Compass Fellowship, “What is a neural network?”, and its sheet an idea "
    "of fast.ai's. This workbook was made anew by xlcicf, MIT licence. The passenger list is the one "
    "published for Kaggle's Titanic exercise, in the public domain (CC0)."
)


READ_ME = Front(
    title="Who survived the Titanic? A neural network you can read",
    about=ABOUT,
    to_do=TO_DO,
    sheets=SHEETS,
    source=SOURCE,
    links=resources.of_book("titanic"),
    kinds={"Passengers": DATA, "Net": TRY, "Gradient": TRY, "Training": TRY, "Look inside": TRY},
)


# ---- Passengers ------------------------------------------------------------------------------------------

PASSENGERS = {  # column -> (width, what it says, alignment)
    "PassengerId": (13, "", "center"),
    "Survived": (10, "1 yes, 0 no", "center"),
    "Pclass": (9, "ticket class", "center"),
    "Name": (52, "", "left"),
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
        print_area=f"A1:L{LAST_PRINTED}",
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
        print_area=f"A1:Y{LAST_PRINTED}",
        frozen=f"B{FIRST}",
        zoom=90,
    )
    put(ws, "B3", "1. Numbers from the passenger list", "Section")
    put(ws, "O3", "2. Each divided by its column's maximum", "Section")
    put_column(ws, "A4", ("made how", "mode", "looks for", "how many", "maximum", "mean"), "Label")
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
        "Along a row: Lin = SUMPRODUCT(11 columns, a set of weights); ReLU = MAX(0, Lin); prediction = "
        "ReLU1 + ReLU2; above 0.5: survived.",
        widths="A=8 B=9 C:E=7.5 F=8 G=8.5 H:J=8.5 K:M=10.5 N:O=8.5 P:Q=9.5 R=10 S=7 T=8 U=7 V=9",
        print_area=f"A1:V{LAST_PRINTED},{NET.picture.free_local}",
        frozen=f"C{FIRST}",
        zoom=90,
    )
    put(ws, "A3", "Weights: training changes these 22 numbers and nothing else", "Section")
    net.write_weights(ws, NET, titanic.weights("start"))
    net.write_score(ws, NET)
    net.write_held_out(ws, NET)
    _write_parity(ws)
    _write_you(ws)
    inputs = [
        (f"=Columns!{SCALED.col(j).letters}{{row}}", *((DOT_TWO,) if j < MEASURED else BIT))
        for j in range(len(NET.columns))
    ]
    net.write_examples(ws, NET, "=Columns!$A{row}", "=Passengers!$B{row}", inputs)
    save_problem(ws, NET.loss, NET.weights)
    net.write_picture(ws, NET, _cells("Passengers", "D"), has_you=True)
    net.write_losses(ws, NET, TRAINING.losses, TRAINING.axis)


def _write_parity(ws: Worksheet) -> None:
    parity_block.write_parity(ws, NET, PARITY)
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
        put_setting(ws, cell, value, hint, rule)
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
    "prediction that passes the truth).",
    "Then the slopes on both sides are shown; below 0 on the left and above 0 on the right, it is a minimum "
    "that sits on a corner.",
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
    write_gradients(ws, NET, 8, H, STEP)
    put(ws, "M3", "One passenger's way through the net", "Section")
    write_chain(ws, Chain(NET, "M4"), f"=INDEX({_cells('Passengers', 'D').ref},{{row}})")
    put_column(ws, "A31", GRADIENT_NOTES, "Page note")


# ---- Training --------------------------------------------------------------------------------------------


def training(workbook: Workbook) -> None:
    """Settings, the loss's chart, the weights after the last run, the logs."""
    write_training(workbook, TRAINING, parity_block.settings_text(NET))


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
    bounded = titanic.weights("nonnegative")
    carried_over = titanic.carried_over(titanic.weights("solver"))
    women = [0, 0, 0, 0, -1, 1, 1, 1, 0, 0, 0]  # the three classes make 1, Male takes it away
    return [
        Model("start: random weights", "start", start.tolist(), _relus),
        Model("Solver's net, carried over", "Solver", carried_over.tolist(), _relus),
        Model("best straight line", "line", [linear.tolist()], _straight),
        Model("best line, no weight below 0", BOUNDED, [bounded.tolist()], _straight),
        Model("the net on Net, now", "net now", None, _relus),
        Model("a net trained by xlcicf", "trained", trained.tolist(), _relus),
        Model("logistic regression", "logistic", [logistic.tolist()], _sigmoid),
        Model("“women survive”", "women", [women], _straight),
    ]


BOUNDED = "line ≥ 0"
SCORES, WEIGHTS = 6, 20  # first rows of the scores and of the weights on Compare
COMPARE_NOTES = (
    "Every line is scored on all 891 passengers, held out or not; a prediction above 0.5 says “survived”.",
    "Solver's net: what Excel's Solver left in fast.ai's sheet, with ten columns and the 712 passengers "
    "whose age and port are known. Carried over to these eleven columns it predicts the same.",
    "best straight line: least squares, no ReLU. It has one exact answer, so no training can beat it.",
    "best line, no weight below 0: the same under a constraint. Five weights end at exactly 0, Male's among "
    "them: what speaks against survival can only fall silent.",
    "So it cannot tell women from men, and gets 86 passengers fewer right. Ask what a rule costs before you "
    "make it. Here a column Female (1 − Male) would bring 76 of them back.",
    "Find it yourself on this sheet: Data > Solver, objective {loss}, to Min, by changing {weights}, "
    "unconstrained variables made non-negative. Or, in one line:",
    "xlcicf solve titanic.xlsx --sheet Compare --objective {loss} --changing {weights} --subject-to "
    '"{weights} >= 0" --out line.xlsx',
    'The same for the net: xlcicf solve titanic.xlsx --subject-to "C5:M6 >= 0" --out bounded.xlsx. Then '
    "no Lin is below 0, no ReLU has anything to do, and the net is that line again.",
    "a net trained by xlcicf: the best of 1,500 random starts, polished. Most starts end in worse valleys: "
    "a net's loss has many of them.",
    "logistic regression: a straight line through 1/(1+EXP(−z)), fitted to make the list most probable, with "
    "the usual small penalty on large weights.",
    "“women survive”: 1 for women, 0 for men, nothing else. Are 22 weights worth what they add to it?",
    "a random forest: week 11's answer for the same list, {trees} trees of seven columns, grown by "
    "scikit-learn with seed {seed} from {learned_from} passengers and scored on the other {held_out} alone.",
    "On those {held_out} the forest has {right} right ({fewest} to {most} with other seeds), a net of "
    "two ReLUs trained on the same {learned_from} has {net_right}, “women survive” {women_right}.",
)


def compare(workbook: Workbook) -> None:
    """Eight models over the same rows: scores, weights, predictions; and a forest's scores on others."""
    models = _models()
    *rows, end = _weight_rows(models)
    bounded = [model.short for model in models].index(BOUNDED)
    grown = forest.scores()
    fewest, most = grown["right_of_seeds"]
    its = grown | {
        "loss": f"B{SCORES + bounded}", "weights": f"C{rows[bounded]}:M{rows[bounded]}",
        "fewest": fewest, "most": most,
    }  # fmt: skip
    ws = add_page(
        workbook,
        "Compare",
        "Is it any good? The net beside simpler models",
        "Each model's weights are below, its predictions in the columns on the right; its scores are "
        "formulas.",
        widths="A=29 B:E=11 F:M=11 N=2 O:V=9",
        print_area=f"A1:M{end + len(COMPARE_NOTES)}",
        zoom=90,
    )
    heads = ["model", "mean squared error", "mean absolute error", f"right, of {ROWS}", "accuracy"]
    put_row(ws, f"A{SCORES - 1}", heads, "Column header")
    ws.row_dimensions[SCORES - 1].height = 28
    put(ws, f"A{WEIGHTS - 2}", "Their weights", "Section")
    put_row(ws, f"C{WEIGHTS - 1}", NET.columns, "Column header")
    put(ws, f"O{FIRST - 2}", "What each predicts", "Section")
    for i, (model, row) in enumerate(zip(models, rows, strict=True)):
        pred = _cells("Compare", "OPQRSTUV"[i])
        sets = _write_weights(ws, row, model)
        _write_scores(ws, SCORES + i, model.name, pred)
        _write_predictions(ws, model, sets, pred)
    _write_scores_on_known(ws, SCORES + len(models) + 1, _cells("Compare", "P"))
    _write_forest(ws, SCORES + len(models) + 3, grown)
    put_column(ws, f"A{end + 1}", (text.format(**its) for text in COMPARE_NOTES), "Page note")
    names, accuracy = (Block("chart", "Compare", f"{letter}{SCORES}", len(models)) for letter in "AE")
    chart.bar_chart(
        ws,
        "G3",
        (570, 290),
        "Accuracy on all 891 passengers",
        "Bars: the accuracy of each model, as in the table on the left.",
        names,
        {"accuracy": accuracy},
    )


def _weight_rows(models: Sequence[Model]) -> list[int]:
    """The first row of each model's sets of weights on Compare, and the row after the last."""
    return list(accumulate((len(model.weights or range(NET.units)) for model in models), initial=WEIGHTS))


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


def _write_forest(ws: Worksheet, row: int, grown: dict) -> None:
    """The scores of a random forest, which is no formula, on the passengers that it has not seen."""
    put(ws, f"A{row}", f"a random forest, on {grown['held_out']} others", "Label")
    for letter, key, look in (("B", "loss", FIVE), ("C", "error", FIVE), ("D", "right", WHOLE)):
        put(ws, f"{letter}{row}", grown[key], "Data", look)
    put(ws, f"E{row}", f"=D{row}/{grown['held_out']}", "Result", TENTH_PERCENT)


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
        widths="A=9 B=21 C:H=11.5 I=2 J:R=9",
        print_area="A1:R34",
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
    _write_trained(ws)
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
    put_column(ws, f"A{6 + len(GROUPS)}", GROUP_NOTES, "Page note")
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


UNTRAINED = "untrained: Net holds its start weights, drawn at random. Train it, and look again"


def _write_trained(ws: Worksheet) -> None:
    """Whether the net on Net is still the one that it began as."""
    begun = repr(float((titanic.weights("start") ** 2).sum()))
    is_begun = f"ABS(SUMSQ({NET.weights.ref})-{begun})<1E-9"
    put(ws, "A3", f'=IF({is_begun},"{UNTRAINED}","of the net as it stands on Net now")', "Status")
    ws.merge_cells("A3:H3")
    ws.row_dimensions[3].height = 20
    tint_when(ws, "A3", 'LEFT($A$3,9)="untrained"', good=False)


# ---- Look inside -----------------------------------------------------------------------------------------

INSIDE = "Look inside"
NOW, SOLVER, TRAINED = "net now", "Solver", "trained"  # as on Compare
PICKED = Block("inside.picked", INSIDE, "B4")
PICKED_WEIGHTS = Block("inside.weights", INSIDE, "B6", NET.units, len(NET.columns))
WHO_FIRES = Block("inside.who", INSIDE, "B11", 5, 4)
MEANINGS = Block("inside.meanings", INSIDE, "A18", NET.units)
PEOPLE, KINDS, PUSHES = 23, 39, 45  # first rows of the groups, of the kinds of groups, of the ReLUs' pushes
PUSH_ROWS = 10  # from one ReLU's push to the next
# right of what is printed, a passenger a row
INSIDE_LINS = Block("inside.lin", INSIDE, f"P{FIRST}", ROWS, NET.units)
FIRES = Block("inside.fires", INSIDE, f"R{FIRST}", ROWS, NET.units)
INSIDE_PREDICTION = Block("inside.prediction", INSIDE, f"T{FIRST}", ROWS)
KNOWN = Block("inside.known", INSIDE, f"U{FIRST}", ROWS)
DOTS = {"survived": 1, "did not": 0}  # of the chart, from column W on
ZERO_LINES = Block("inside.zero", INSIDE, f"AB{FIRST}", 2, 4)

PORT = {port: NET.inputs.col(NET.columns.index(f"Embarked_{port}")).ref for port in "CQS"}
PEOPLE_GROUPS = (  # grouped by, group, column, what that column holds for the group
    ("all", "everyone", NET.numbers.ref, ">0"),
    ("sex", "women", MALE, "=0"),
    ("sex", "men", MALE, "=1"),
    *(("class", f"class {i}", CLASS[i], "=1") for i in CLASS),
    *(("port", f"port {port}", PORT[port], "=1") for port in PORT),
    ("age", "children", AGE.ref, "<16"),
    ("age", "adults", AGE.ref, ">=16"),
)
FIRING = {"ReLU1 only": (1, 0), "ReLU2 only": (0, 1), "both": (1, 1), "neither": (0, 0)}
NOBODY = "none"
INSIDE_NOTES = (
    "A net of ReLUs is made of straight lines. Where one ReLU fires alone, its Lin is the prediction: a "
    "straight line for those passengers and no others.",
    "With Solver's weights nobody gets both: ReLU1 speaks for Cherbourg and Queenstown, ReLU2 for "
    "Southampton. No one asked for that; it is where the search ended.",
    "Other weights share the passengers out in other ways, and some predict better. That a net is right does "
    "not say why: look inside, and compare.",
    "Ports: C Cherbourg, Q Queenstown, S Southampton. Children are under 16. An unknown port became S, an "
    "unknown age 24, as on Columns.",
)


def look_inside(workbook: Workbook) -> None:
    """For whom each ReLU fires under one of three nets' weights, and which columns push it over zero."""
    ws = add_page(
        workbook,
        INSIDE,
        "What has it learned? For whom each ReLU fires, and why",
        "A ReLU fires for a passenger when its Lin is above 0; else its weights say nothing about that "
        "passenger. So ask of each ReLU: for whom does it fire?",
        widths="A=34 B:M=11 N:O=2 P:Q=9 R:U=9 V=2 W:Z=9 AA=2 AB:AE=9",
        print_area=f"A1:M{PUSHES + NET.units * PUSH_ROWS + len(INSIDE_NOTES) - 1}",
        zoom=90,
    )
    _write_picked(ws)
    _write_inside_rows(ws)
    _write_who_fires(ws)
    _write_people(ws)
    _write_kinds(ws)
    for unit in range(NET.units):
        _write_push(ws, unit, PUSHES + unit * PUSH_ROWS)
    _write_meanings(ws)
    put_column(ws, f"A{PUSHES + NET.units * PUSH_ROWS}", INSIDE_NOTES, "Page note")
    _write_dots(ws)
    break_page(ws, PUSHES)


def _write_picked(ws: Worksheet) -> None:
    """The choice of a net, and its weights."""
    hint = f"{NOW}: the weights on Net. {SOLVER} and {TRAINED}: the weights of those two on Compare."
    put(ws, "A4", "whose weights", "Label")
    put_setting(ws, PICKED.corner, SOLVER, hint, choices(NOW, SOLVER, TRAINED))
    put(ws, "C4", hint, "Page note")
    put_row(ws, f"{PICKED_WEIGHTS.letters}5", NET.columns, "Column header")
    models = _models()
    rows = dict(zip((model.short for model in models), _weight_rows(models), strict=False))
    for unit in range(NET.units):
        put(ws, f"A{PICKED_WEIGHTS.area.top + unit}", f"weights, set {unit + 1}", "Label")
        for j in range(len(NET.columns)):
            solver, trained = (
                f"Compare!${column_letters(3 + j)}${rows[net] + unit}" for net in (SOLVER, TRAINED)
            )
            stored = f'IF({PICKED.local}="{SOLVER}",{solver},{trained})'
            formula = f'=IF({PICKED.local}="{NOW}",{NET.weights.cell(unit, j).ref},{stored})'
            put(ws, PICKED_WEIGHTS.cell(unit, j).corner, formula, "Weight", THREE)
    weight_scale(ws, PICKED_WEIGHTS.local)


def _write_inside_rows(ws: Worksheet) -> None:
    """Each passenger's Lins, all by one product of matrices, and what follows from them."""
    above = "One formula makes both Lins of all passengers: MMULT, inputs times weights"
    put(ws, f"P{FIRST - 3}", above, "Section")
    heads = ["Lin1", "Lin2", "ReLU1 fires", "ReLU2 fires", "prediction", "age and port known"]
    put_row(ws, f"P{FIRST - 1}", heads, "Column header")
    fill(ws, INSIDE_LINS, [[None] * NET.units] * ROWS, "Formula", DOT_THREE)
    # 0+ since LibreOffice's MMULT refuses a formula that refers to an empty cell, as in the exercise copy
    product = f"=MMULT(0+{NET.inputs.ref},TRANSPOSE({PICKED_WEIGHTS.local}))"
    ws[INSIDE_LINS.corner] = ArrayFormula(INSIDE_LINS.free_local, product)
    for unit in range(NET.units):
        lin = INSIDE_LINS.col(unit).letters
        fill_down(ws, FIRES.col(unit), f"=IF({lin}{{row}}>0,1,0)", "Formula", *BIT)
    fill_down(ws, INSIDE_PREDICTION, "=P{row}*R{row}+Q{row}*S{row}", "Formula", DOT_THREE)
    known = '=IF(OR(Passengers!$F{row}="",Passengers!$L{row}=""),0,1)'
    fill_down(ws, KNOWN, known, "Formula", *BIT)


def _mean(total: str, count: str) -> str:
    """A formula for total ÷ count, in words where there is nobody."""
    return f'=IF({count}=0,"{NOBODY}",{total}/{count})'


def _write_who_fires(ws: Worksheet) -> None:
    """How many passengers get one ReLU, the other, both or neither, and what became of them."""
    put(ws, "A9", "Which of them fire?", "Section")
    put_row(ws, "B10", FIRING, "Column header")
    known = f'="share of the "&SUM({KNOWN.local})&" of known age and port"'
    labels = "passengers", "share of all", known, "mean prediction", "share that survived"
    put_column(ws, f"A{WHO_FIRES.area.top}", labels, "Label")
    first, second = (FIRES.col(unit).local for unit in range(2))
    for j, (one, two) in enumerate(FIRING.values()):
        counted, count = f"{first},{one},{second},{two}", WHO_FIRES.cell(0, j).corner
        mask = f"({first}={one})*({second}={two})"
        for i, (formula, number_format) in enumerate(
            [
                (f"=COUNTIFS({counted})", WHOLE),
                (f"={count}/ROWS({first})", TENTH_PERCENT),
                (f"=COUNTIFS({counted},{KNOWN.local},1)/SUM({KNOWN.local})", TENTH_PERCENT),
                (_mean(f"SUMPRODUCT({mask}*{INSIDE_PREDICTION.local})", count), TWO),
                (_mean(f"SUMPRODUCT({mask}*{NET.target.ref})", count), TENTH_PERCENT),
            ]
        ):
            put(ws, WHO_FIRES.cell(i, j).corner, formula, "Result", number_format, "right")


def _write_people(ws: Worksheet) -> None:
    """For groups of passengers: how often each ReLU fires, what the net predicts, who survived."""
    put(ws, f"A{PEOPLE - 2}", "For whom?", "Section")
    heads = ["group", "passengers", "ReLU1 fires", "ReLU2 fires", "mean prediction", "survived"]
    put_row(ws, f"A{PEOPLE - 1}", heads, "Column header")
    ws.row_dimensions[PEOPLE - 1].height = 28
    for row, (_, group, column, holds) in enumerate(PEOPLE_GROUPS, PEOPLE):
        of_group, count = f'{column},"{holds}"', f"$B{row}"
        put(ws, f"A{row}", group, "Label")
        put(ws, f"B{row}", f"=COUNTIFS({of_group})", "Formula", WHOLE)
        for letter, ones in (("C", FIRES.col(0).local), ("D", FIRES.col(1).local), ("F", NET.target.ref)):
            share = _mean(f"COUNTIFS({of_group},{ones},1)", count)
            put(ws, f"{letter}{row}", share, "Formula", TENTH_PERCENT, "right")
        mean = _mean(f"SUMPRODUCT(({column}{holds})*{INSIDE_PREDICTION.local})", count)
        put(ws, f"E{row}", mean, "Formula", TWO, "right")
    weight_scale(ws, f"C{PEOPLE}:D{PEOPLE + len(PEOPLE_GROUPS) - 1}")


KINDS_OF_GROUPS = list(dict.fromkeys(by for by, *_ in PEOPLE_GROUPS[1:]))


def _kind(letter: str, unit: int = 0) -> Block:
    """A column of the table of kinds: B, C and D are ReLU1's, the same of ReLU2 follow."""
    moved = column_letters(1 + "ABCD".index(letter) + 3 * unit)
    return Block(f"inside.kind_{letter}", INSIDE, f"{moved}{KINDS}", len(KINDS_OF_GROUPS))


def _write_kinds(ws: Worksheet) -> None:
    """By sex, class, port and age: the group that each ReLU fires for most often, and least often."""
    put(ws, f"A{KINDS - 2}", "What does it go by?", "Section")
    put(ws, f"A{KINDS - 1}", "by", "Column header")
    ws.row_dimensions[KINDS - 1].height = 40
    put_column(ws, f"A{KINDS}", KINDS_OF_GROUPS, "Label")
    for unit in range(NET.units):
        name = f"ReLU{unit + 1}"
        heads = [f"{name} most often for", f"{name} least often for", "the one less the other"]
        put_row(ws, f"{_kind('B', unit).letters}{KINDS - 1}", heads, "Column header")
        for i, kind in enumerate(KINDS_OF_GROUPS):
            rows = [row for row, (by, *_) in enumerate(PEOPLE_GROUPS, PEOPLE) if by == kind]
            names, shares = (f"${letter}${rows[0]}:${letter}${rows[-1]}" for letter in ("A", "CD"[unit]))
            for letter, extreme in (("B", "MAX"), ("C", "MIN")):
                found = f"=INDEX({names},MATCH({extreme}({shares}),{shares},0))"
                put(ws, _kind(letter, unit).cell(i, 0).corner, found, "Formula", None, "right")
            spread = f"=MAX({shares})-MIN({shares})"
            put(ws, _kind("D", unit).cell(i, 0).corner, spread, "Formula", TENTH_PERCENT)
        weight_scale(ws, _kind("D", unit).local)


def _write_meanings(ws: Worksheet) -> None:
    """A sentence for each ReLU."""
    put(ws, f"A{MEANINGS.area.top - 1}", "In words", "Section")
    for unit in range(NET.units):
        row = MEANINGS.area.top + unit
        put(ws, f"A{row}", _meaning(unit), "Status")
        ws.merge_cells(f"A{row}:F{row}")
        ws.row_dimensions[row].height = 30


def _meaning(unit: int) -> str:
    """A formula for a sentence: what the ReLU goes by, found by the largest difference between two groups."""
    spreads = _kind("D", unit).local
    kind, most, least = (
        f"INDEX({column.local},MATCH(MAX({spreads}),{spreads},0))"
        for column in (_kind("A"), _kind("B", unit), _kind("C", unit))
    )
    names, shares = (
        f"${letter}${PEOPLE}:${letter}${PEOPLE + len(PEOPLE_GROUPS) - 1}" for letter in ("A", "CD"[unit])
    )
    here, there = (f"ROUND(100*INDEX({shares},MATCH({of},{names},0)),0)" for of in (most, least))
    everyone = f"{'CD'[unit]}{PEOPLE}"
    return (
        f'="ReLU{unit + 1} fires for "&IF({everyone}=0,"nobody: it is dead",IF({everyone}=1,"everybody",'
        f'ROUND(100*{everyone},0)&"% of all. It goes most by "&{kind}&": it fires for "'
        f'&{here}&"% of "&{most}&", for "&{there}&"% of "&{least}))&"."'
    )


def _write_push(ws: Worksheet, unit: int, top: int) -> None:
    """What each column adds to the Lin of those for whom the ReLU fires, and of the others, on average."""
    last = column_letters(1 + len(NET.columns))
    put(ws, f"A{top}", f"What pushes ReLU{unit + 1} over zero?", "Section")
    put(ws, f"A{top + 1}", "on average", "Column header")
    put_row(ws, f"B{top + 1}", [*NET.columns, "Lin: their sum"], "Column header")
    labels = (
        "weight", "input, where it fires", "input, where it does not", "weight × input, where it fires",
        "weight × input, where it does not", "difference of these two",
    )  # fmt: skip
    put_column(ws, f"A{top + 2}", labels, "Label")
    weight, fires, rests, with_it, without, push = range(top + 2, top + 2 + len(labels))
    ones = FIRES.col(unit).local
    for j in range(len(NET.columns)):
        at, x = column_letters(2 + j), NET.inputs.col(j).ref
        firing, resting = f"SUMPRODUCT({ones}*{x})", f"SUMPRODUCT((1-{ones})*{x})"
        put(ws, f"{at}{weight}", f"={PICKED_WEIGHTS.cell(unit, j).corner}", "Formula", THREE)
        put(ws, f"{at}{fires}", _mean(firing, f"SUM({ones})"), "Formula", THREE, "right")
        put(ws, f"{at}{rests}", _mean(resting, f"COUNTIF({ones},0)"), "Formula", THREE, "right")
        for row, source in ((with_it, fires), (without, rests)):
            product = f'=IF(COUNT({at}{source})=0,"{NOBODY}",{at}{weight}*{at}{source})'
            put(ws, f"{at}{row}", product, "Formula", THREE, "right")
        one_missing = f"COUNT({at}{with_it}:{at}{without})<2"
        gap = f'=IF({one_missing},"{NOBODY}",{at}{with_it}-{at}{without})'
        put(ws, f"{at}{push}", gap, "Result", THREE, "right")
    for row in (with_it, without, push):
        put(ws, f"M{row}", f"=SUM(B{row}:{last}{row})", "Result", THREE)
    weight_scale(ws, f"B{with_it}:{last}{push}")
    pushes, names = (f"$B${row}:${last}${row}" for row in (push, top + 1))
    put(ws, f"A{push + 1}", _strongest(pushes, names), "Label")


def _strongest(pushes: str, names: str) -> str:
    """A formula for a sentence: the column whose push is largest, up or down."""
    up = f"MAX({pushes})>=-MIN({pushes})"
    at = f"MATCH(IF({up},MAX({pushes}),MIN({pushes})),{pushes},0)"
    size = f"ROUND(INDEX({pushes},{at}),2)"
    return (
        f'=IF(COUNT({pushes})=0,"It treats everyone alike.",INDEX({names},{at})&" makes the largest '
        f'difference: "&{size}&" of the "&ROUND(SUM({pushes}),2)&" between their Lins.")'
    )


def _write_dots(ws: Worksheet) -> None:
    """The chart of Lin1 and Lin2, and its dots: a row of the other kind repeats the dot above."""
    put(ws, f"W{FIRST - 2}", "As drawn: a row of the other kind repeats the dot above", "Section")
    put(ws, f"AB{FIRST - 2}", "The lines where a Lin is 0", "Section")
    put_row(ws, f"AB{FIRST - 1}", ["Lin1", "Lin2"] * 2, "Column header")
    clouds, first, second = [], *(INSIDE_LINS.col(unit) for unit in range(2))
    for number, (name, survived) in enumerate(DOTS.items()):
        pair = [
            Block(f"inside.{name}", INSIDE, f"{column_letters(23 + 2 * number + unit)}{FIRST}", ROWS)
            for unit in range(2)
        ]
        for unit, (column, lin) in enumerate(zip(pair, (first, second), strict=True), 1):
            put(ws, f"{column.letters}{FIRST - 1}", f"{name}: Lin{unit}", "Column header")
            _write_cloud(ws, column, lin, survived)
        clouds.append(chart.Curve(name, *pair, dots=True))
    lines = [[f"={end}({first.local})", 0, 0, f"={end}({second.local})"] for end in ("MIN", "MAX")]
    fill(ws, ZERO_LINES, lines, "Formula", THREE)
    ws.row_dimensions[FIRST - 1].height = 40
    chart.curves_chart(
        ws,
        "H9",
        (490, 500),
        "Each passenger by Lin1 and Lin2",
        "Dots: Lin1 across, Lin2 up for each passenger, in one colour those who survived, in another those "
        "who did not. Grey lines: where a Lin is 0; right of the one ReLU1 fires, above the other ReLU2.",
        clouds,
        axes=("Lin1: right of 0, ReLU1 fires", "Lin2: above 0, ReLU2 fires"),
        behind=[chart.Curve("a Lin of 0", ZERO_LINES.col(j), ZERO_LINES.col(j + 1)) for j in (0, 2)],
    )


def _write_cloud(ws: Worksheet, column: Block, lin: Block, survived: int) -> None:
    """The Lins of those who survived, or of those who did not."""
    above = f"INDEX({lin.local},MATCH({survived},{NET.target.ref},0))"
    for row in range(FIRST, LAST + 1):
        mine = f"Net!$B{row}={survived}"
        put(ws, f"{column.letters}{row}", f"=IF({mine},{lin.letters}{row},{above})", "Formula", DOT_THREE)
        above = f"{column.letters}{row}"


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
        (LINS, _yours(LINS)),
        "N11: each of the 11 columns C to M of this row times its weight of set 1, added up. O11: the same "
        f"with set 2. Fill both down to row {LAST}, and copy them into row 9, your own.",
        "All Lins together are as much as all single products together, also when each row counts as often "
        "as its number says. On your row: twice the sum is |x|² + |w|² − |x − w|².",
        f"={_totals_off(0)}+{_totals_off(1)}",
        after="Scaling",
    ),
    Exercise(
        "ReLU",
        (RELUS, _yours(RELUS)),
        "P11: Lin1 of this row where that is above 0, else 0. Fill it right to Q11, which takes Lin2, and "
        f"down to row {LAST}; copy it into P9 and Q9.",
        "No ReLU is below 0, none is below its Lin, and each is equal to one of the two.",
        f"={_relu_off(RELUS, LINS)}+{_relu_off(_yours(RELUS), _yours(LINS))}",
        after="Lin",
    ),
    Exercise(
        "Prediction",
        (NET.prediction, _yours(NET.prediction)),
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
