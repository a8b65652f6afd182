"""Three sheets of basic_neural_network.xlsx about slips: shapes that broadcast, slopes that add up, a wrong
logarithm."""

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from xlcicf.learn import replay, titanic
from xlcicf.lessons import notebook_05
from xlcicf.sheet.block import Block
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
from xlcicf.sheet.style import BIT, FIVE, FOUR, SCIENTIFIC, SIX, TENTH_PERCENT, THREE, WHOLE, weight_scale

FIRST, LAST, ROWS = notebook_05.FIRST, notebook_05.LAST, notebook_05.ROWS

# ---- Broadcasting ----------------------------------------------------------------------------------------

SLIP = Block("slip.errors", "Broadcasting", "C14", 3, 3)
BROADCASTING_NOTES = (
    "The notebook's net B gives its predictions as a column, of shape (n, 1); the truths are a plain list, "
    "of shape (n,).",
    "torch does not complain. It stretches both to a table n × n and compares each prediction with "
    "everybody's truth.",
    "Then it does not matter whom the net says to survive, only how many; and the best it can do is to say "
    "the same of all.",
    "So look at shapes before you subtract. In a sheet the slip shows at once: 9 cells where 3 should be.",
)


def broadcasting(workbook: Workbook) -> None:
    """Three predictions against three truths, rightly and by the slip; then the slip at its real size."""
    ws = add_page(
        workbook,
        "Broadcasting",
        "A slip to see once: a column less a row",
        "Change predictions and truths and compare the two losses.",
        widths="A=27 B:F=13 G=2",
        print_area="A1:J36",
    )
    put_row(ws, "A4", ["person", "prediction", "truth", "error", "says", "right"], "Column header")
    for row, (p, y) in enumerate(((0.9, 1), (0.2, 0), (0.6, 0)), 5):
        put(ws, f"A{row}", f"person {row - 4}", "Label")
        put_setting(ws, f"B{row}", p, "A number from 0 to 1.", between(0, 1))
        put_setting(ws, f"C{row}", y, "0 or 1.", choices(0, 1))
        put(ws, f"D{row}", f"=B{row}-C{row}", "Formula", TWO_SIGNED)
        put(ws, f"E{row}", f"=IF(B{row}>0.5,1,0)", "Formula", WHOLE, "center")
        put(ws, f"F{row}", f"=IF(E{row}=C{row},1,0)", "Formula", WHOLE, "center")
    put(ws, "A9", "right: mean absolute error", "Label")
    put(ws, "D9", "=(ABS(D5)+ABS(D6)+ABS(D7))/3", "Result", FOUR)
    put(ws, "E9", "accuracy", "Label")
    put(ws, "F9", "=SUM(F5:F7)/3", "Result", TENTH_PERCENT)
    put(ws, "A11", "The slip: prediction (down) less truth (across)", "Section")
    put(ws, "A13", "prediction", "Column header")
    put(ws, "B13", "", "Column header")
    for j, letter in enumerate("CDE"):
        put(ws, f"{letter}12", f"truth {j + 1}", "Column header")
        put(ws, f"{letter}13", f"=$C${5 + j}", "Data", WHOLE, "center")
    for i in range(3):
        put(ws, f"A{14 + i}", f"person {i + 1}", "Label")
        put(ws, f"B{14 + i}", f"=B{5 + i}", "Data", "0.00")
    for i in range(3):
        for letter in "CDE":
            put(ws, f"{letter}{14 + i}", f"=$B{14 + i}-{letter}$13", "Formula", TWO_SIGNED)
    put(ws, "A18", "slip: mean of the 9 errors", "Label")
    put(ws, "D18", f"=SUMPRODUCT(ABS({SLIP.local}+0))/9", "Result", FOUR)
    put(ws, "E18", "accuracy", "Label")
    hits = "SUMPRODUCT(1-ABS((B14:B16>0.5)-C13:E13))"
    put(ws, "F18", f"={hits}/9", "Result", TENTH_PERCENT)
    put(
        ws,
        "A20",
        '=IF(ABS(D9-D18)<0.000000001,"here they happen to be the same","the slip has changed the loss")',
        "Status",
    )
    ws.merge_cells("A20:C20")
    _write_real_size(ws)
    put_column(ws, "A32", BROADCASTING_NOTES, "Page note")


TWO_SIGNED = "+0.00;-0.00;0.00"


def _write_real_size(ws: Worksheet) -> None:
    """Net B of 2026 on its 179 held-out rows: an accuracy that no number of right rows has."""
    put(ws, "A22", "The slip at its real size: net B of 2026", "Section")
    for row, (label, value, style, look) in enumerate(
        (
            ("passengers held out, n", 179, "Data", WHOLE),
            ("of these survived", 74, "Data", WHOLE),
            ("the net says of so many", 10, "Setting", WHOLE),
            ("right cells, of n × n", "=B25*B24+(B23-B25)*(B23-B24)", "Formula", "#,##0"),
            ("accuracy, as printed", "=B26/B23^2", "Result", FIVE),
            ("that would be right rows", "=B27*B23", "Formula", "0.000"),
        ),
        23,
    ):
        put(ws, f"A{row}", label, "Label")
        put(ws, f"B{row}", value, style, look)
    allow(ws, "B25", "A whole number from 0 to 179.", between(0, 179, whole=True))
    put(ws, "C25", "survived", "Page note")
    put(ws, "C27", "The notebook printed 0.57692.", "Page note")
    put(ws, "C28", "No whole number: such an accuracy cannot be a count of 179 people.", "Page note")


# ---- Adding up -------------------------------------------------------------------------------------------

CLEARED, ADDED = "cleared", "added up"
ADDING = "Adding up"
COEFFICIENTS, ONE_PASS, IN_GRAD, MOVED = (Block("adding", ADDING, f"D{row}", 1, 12) for row in (5, 6, 7, 8))


def _column(letter: str) -> Block:
    return Block(f"{ADDING}.{letter}", ADDING, f"{letter}{FIRST}", ROWS)


def adding_up(workbook: Workbook) -> None:
    """Notebook 05's first step with slopes cleared before each pass, or added up over the passes."""
    ws = add_page(
        workbook,
        ADDING,
        "Slopes add up unless you clear them",
        "torch adds each pass's slopes to those that stand in grad already. Notebook 05's first "
        "coefficients, all 891 rows, one step.",
        widths="A=27 B=12 C=18 D:F=9.5 G=9.5 H:I=9.5 J:L=9.5 M:O=11",
        print_area=f"A1:O{notebook_05.LAST_PRINTED}",
        frozen=f"A{FIRST}",
        zoom=90,
    )
    put_row(ws, "D4", titanic.NOTEBOOK, "Column header")
    put_column(ws, "C5", ("coefficients", "slopes of one pass", "in grad now", "after the step"), "Label")
    (linear,) = (model for model in notebook_05.LIVE if model.name == "linear")
    fill(ws, COEFFICIENTS, replay.log(linear).parameters[:1].tolist(), "Weight", FOUR)
    weight_scale(ws, COEFFICIENTS.local)
    y, before, slope, after = (_column(letter).local for letter in "BCDE")
    for j in range(COEFFICIENTS.cols):
        letter = COEFFICIENTS.col(j).letters
        column = notebook_05.INPUTS.col(j).ref
        put(ws, f"{letter}6", f"=SUMPRODUCT({slope},{column})", "Formula", FOUR)
        put(ws, f"{letter}7", f'=IF($B$4="{ADDED}",$B$5,1)*{letter}6', "Result", FOUR)
        put(ws, f"{letter}8", f"={letter}5-$B$6*{letter}7", "Formula", FOUR)
    for row, label, value, hint, rule in (
        (4, "before each pass, slopes are", ADDED, "cleared or added up", choices(CLEARED, ADDED)),
        (5, "backward passes", 3, "A whole number from 1 to 10.", between(1, 10, whole=True)),
        (6, "learning rate", 0.1, "A number from 0 to 10.", between(0, 10)),
    ):
        put(ws, f"A{row}", label, "Label")
        put_setting(ws, f"B{row}", value, hint, rule)
    put(ws, "A7", "loss before the step", "Label")
    put(ws, "B7", f"=SUMPRODUCT(ABS({before}-{y}))/{ROWS}", "Result", FOUR)
    put(ws, "A8", "loss after it", "Label")
    put(ws, "B8", f"=SUMPRODUCT(ABS({after}-{y}))/{ROWS}", "Result", FOUR)
    put_row(ws, f"A{FIRST - 1}", ["No.", "Survived", "prediction", "slope", "after"], "Column header")
    for letter, formula, look in (
        ("A", "=Net!$A{row}", (WHOLE, "center")),
        ("B", "=Net!$B{row}", BIT),
        ("C", f"=SUMPRODUCT(Columns!{notebook_05.INPUTS.on_row('{row}')},{COEFFICIENTS.local})", (FOUR,)),
        ("D", f"=SIGN(C{{row}}-B{{row}})/{ROWS}", (SCIENTIFIC,)),
        ("E", f"=SUMPRODUCT(Columns!{notebook_05.INPUTS.on_row('{row}')},{MOVED.local})", (FOUR,)),
    ):
        fill_down(ws, _column(letter), formula, "Formula", *look)
    put_column(ws, f"G{FIRST + 1}", ADDING_NOTES, "Page note")


ADDING_NOTES = (
    "The notebook printed 0.5197 after one step with fresh slopes, and 0.4945 after three passes that added "
    "up.",
    "Here the slip even helps: a step three times as long. But nobody asked for that;",
    "the tenth step would be ten times as long.",
    "In torch: grad.zero_() after each step, or an optimiser's zero_grad().",
)


# ---- Unit trap -------------------------------------------------------------------------------------------

# fast.ai's entropy_example.xlsx shows three digits of these; here are more, such that its results come out.
CLASSES = {"cat": -4.885, "dog": 2.59748, "plane": 0.591665, "fish": -2.0689, "building": -4.5687}
SOFTMAX = Block("softmax", "Unit trap", "D6", len(CLASSES))
TRAP_NOTES = (
    "softmax: EXP of each output, divided by their sum. Every number is between 0 and 1, together they are "
    "1.",
    "cross entropy: −LN of what the net gives to the true class. 0 if it is sure and right, large if sure "
    "and wrong.",
    "The trap: Excel's LOG(x) is to base 10, torch's log is LN. A sheet with LOG shows 0.0589 for the dog; "
    "torch says 0.1357.",
    "The ratio is always LN(10) = 2.302585. Training finds the same weights either way, but no number can "
    "be compared.",
)


def unit_trap(workbook: Workbook) -> None:
    """Softmax and cross entropy of five classes, with the natural and with the decimal logarithm."""
    ws = add_page(
        workbook,
        "Unit trap",
        "Softmax, cross entropy, and a logarithm of the wrong base",
        "A net for more than two classes: one output a class. Change outputs and the true class.",
        widths="A=24 B:G=15",
        print_area="A1:G24",
    )
    last = 5 + len(CLASSES)
    heads = ["class", "output", "EXP(output)", "softmax", "truth", "truth × −LN(p)", "truth × −LOG10(p)"]
    put_row(ws, "A5", heads, "Column header")
    for row, (name, output) in enumerate(CLASSES.items(), 6):
        put(ws, f"A{row}", name, "Label")
        put_setting(ws, f"B{row}", output, "A number from −20 to 20.", between(-20, 20), THREE)
        put(ws, f"C{row}", f"=EXP(B{row})", "Formula", SIX)
        put(ws, f"D{row}", f"=C{row}/SUM(C$6:C${last})", "Formula", SIX)
        put(ws, f"E{row}", f"=IF($A{row}=$B$3,1,0)", "Formula", *BIT)
        put(ws, f"F{row}", f"=-E{row}*LN(D{row})", "Formula", SIX)
        put(ws, f"G{row}", f"=-E{row}*LOG10(D{row})", "Formula", SIX)
    put(ws, "A3", "the true class", "Label")
    put_setting(ws, "B3", "dog", "Which of the five it is.", choices(*CLASSES))
    put(ws, f"A{last + 1}", "sum", "Label")
    for letter, style in zip("CDFG", ("Formula", "Formula", "Result", "Result"), strict=True):
        put(ws, f"{letter}{last + 1}", f"=SUM({letter}6:{letter}{last})", style, SIX)
    put(ws, f"A{last + 3}", "cross entropy, as torch has it", "Label")
    put(ws, f"C{last + 3}", f"=F{last + 1}", "Result", SIX)
    put(ws, f"A{last + 4}", "with Excel's LOG, base 10", "Label")
    put(ws, f"C{last + 4}", f"=G{last + 1}", "Result", SIX)
    put(ws, f"A{last + 5}", "one divided by the other", "Label")
    put(ws, f"C{last + 5}", f"=C{last + 3}/C{last + 4}", "Formula", SIX)
    put(ws, f"A{last + 6}", "LN(10)", "Label")
    put(ws, f"C{last + 6}", "=LN(10)", "Formula", SIX)
    put_column(ws, f"A{last + 8}", TRAP_NOTES, "Page note")
