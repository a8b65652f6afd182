"""looking_inside.xlsx: what a net has learned, and why it says what it says, of digits and of a passenger.

Each sheet has one function here, in the order of the book. Digit i stands in row i + 4 of Digits and Scores;
weights lie in the columns of the pixels that they belong to.
"""

from openpyxl import Workbook
from openpyxl.formatting.rule import ColorScaleRule
from openpyxl.worksheet.worksheet import Worksheet

from xlcicf import words
from xlcicf.formula.address import column_letters, quote_sheet
from xlcicf.learn import mnist, titanic, vision
from xlcicf.lessons import resources, weights_card
from xlcicf.sheet import chart
from xlcicf.sheet.block import Block
from xlcicf.sheet.book import book_of
from xlcicf.sheet.exercise import Exercise
from xlcicf.sheet.front import Front
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
    SMALL,
    Digits,
    blue_and_orange,
    greys,
    lead_to_the_middle,
    picture_in_line,
    squares,
    write_picture,
)
from xlcicf.sheet.style import (
    BIT,
    DATA,
    DOT_THREE,
    FOUR,
    ORANGE_TINT,
    PERCENT,
    TENTH_PERCENT,
    THREE,
    TRY,
    TWO,
    WHITE,
    WHOLE,
    WORKING,
    tint_when,
    weight_scale,
)

CLASSES, UNITS, COUNT = 10, 10, 500
PIXELS = SIDE * SIDE
DIGITS = Digits("Digits", COUNT)
FIRST, LAST = DIGITS.first, DIGITS.first + COUNT - 1


def build() -> Workbook:
    """The workbook with the shipped nets; formulas without cached values."""
    pages = (
        templates,
        confusion,
        surest,
        hidden,
        saliency,
        passenger,
        weights_card.weights_card("linear", "hidden"),
        weights,
        digits,
        scores,
        occlusion,
    )
    blocks = [PICKED, LINEAR, LINEAR_BIAS, HIDDEN_WEIGHT, HIDDEN_BIAS, OUTPUT, OUTPUT_BIAS, ACCURACY]
    return book_of(READ_ME, pages, blocks)


# ---- Read me ---------------------------------------------------------------------------------------------

ABOUT = (
    "A trained net is a heap of numbers. Here they are made visible: as pictures of what each class looks "
    "for, as a table of what is taken for what, and as pictures of the pixels that decided. All of it is "
    "computed by the cells of this book, for whichever of its 500 digits you pick. The last of these sheets "
    "asks the same of a passenger of the Titanic."
)
TO_DO = (
    "On Templates, type another number from 1 to 500 and see which of the ten pictures the digit fits. "
    "Orange pixels speak for a class, blue ones against it.",
    "On Confusion, click a count: it leads to the digits behind it. Then type what they are and what they "
    "were taken for, 3 and 5 say, and look at them.",
    "On Surest, look at the digits that it is surest of, and at its worst mistakes. Would you have known?",
    "On Hidden, see ten units that no one told what to look for, and how much each speaks for each class.",
    "On Saliency, choose a class: which pixels would raise its score, and what is lost when a patch of the "
    "digit is covered?",
    "On A passenger, type a number from 1 to 891: why does the net think that she or he survived?",
)
SHEETS = {
    "Templates": "one layer: ten pictures of weights, the digit that you pick, ten scores",
    "Confusion": "what each digit was taken for; the digits behind each count",
    "Behind a count": "the digits behind the count that is chosen on Confusion",
    "Surest": "the digits it is surest of, and its worst mistakes",
    "Hidden": "two layers: ten hidden units as pictures, and what each says for each class",
    "Saliency": "the slope of a score by each pixel, and what covering a patch costs",
    "A passenger": "the same questions about a row of a table: the net of titanic.xlsx",
    weights_card.SHEET: weights_card.ABOUT,
    "Weights": "the weights of both nets, a row for each output, in the columns of their pixels",
    "Digits": "the 500 digits, a row each; an empty cell is white",
    "Scores": "all 500 digits: ten scores, what the net says, how sure it is, its loss",
    "Occlusion": "the sums behind the covered patches of Saliency",
}
KINDS = {
    **dict.fromkeys(("Templates", "Confusion", "Saliency", "A passenger"), TRY),
    **dict.fromkeys(("Weights", "Digits"), DATA),
    **dict.fromkeys(("Scores", "Occlusion"), WORKING),
}
SOURCE = (
    "The questions are those of ml4a's chapter “Looking inside neural nets”, one of the resources of week 12 "
    "of the CI Compass Fellowship. The digits are the first 500 test digits of MNIST (LeCun, Cortes and "
    "Burges; CC BY-SA 3.0). This workbook was made anew by xlcicf, MIT licence; its weights were trained on "
    "MNIST's 60,000 training digits."
)


READ_ME = Front(
    title="Looking inside: what has a net learned, and why does it say so?",
    about=ABOUT,
    to_do=TO_DO,
    sheets=SHEETS,
    source=SOURCE,
    kinds=KINDS,
    links=resources.of_book("looking_inside"),
    roles=weights_card.ROLES,
)


# ---- Weights, where everything else looks them up --------------------------------------------------------


def _by_pixel(name: str, row: int, rows: int) -> Block:
    """Rows of weights in the columns of the pixels on Digits."""
    return Block(name, "Weights", f"C{row}", rows, PIXELS)


LINEAR = _by_pixel("linear.weight", 6, CLASSES)
LINEAR_BIAS = Block("linear.bias", "Weights", "B6", CLASSES)
HIDDEN_WEIGHT = _by_pixel(words.WEIGHTS, 20, UNITS)
HIDDEN_BIAS = Block("hidden.bias", "Weights", "B20", UNITS)
OUTPUT = Block("output.weight", "Weights", "C34", CLASSES, UNITS)
OUTPUT_BIAS = Block("output.bias", "Weights", "B34", CLASSES)


def weights(workbook: Workbook) -> None:
    """Both nets, as torch's state_dict has them."""
    ws = add_page(
        workbook,
        "Weights",
        "The weights of both nets",
        "What both nets learned; Templates and Hidden show it as pictures, Scores and Saliency compute with "
        "it. A row for each output: its bias, then a weight for each of the 784 pixels, line by line.",
        widths="A=12 B=9 C:ADF=7.5",
        print_area="A1:N43",
        frozen="C4",
        zoom=80,
    )
    linear, deep = vision.weights("linear"), vision.weights("hidden")
    names = [f"{i + 1},{j + 1}" for i in range(SIDE) for j in range(SIDE)]
    units = [f"unit {unit}" for unit in range(1, UNITS + 1)]
    classes = [f"class {number}" for number in range(CLASSES)]
    for title, weight, bias, values, rows, columns in (
        ("One layer: 784 pixels to 10 scores", LINEAR, LINEAR_BIAS, linear, classes, names),
        (
            "Two layers, the first: 784 pixels to 10 hidden units",
            HIDDEN_WEIGHT,
            HIDDEN_BIAS,
            deep,
            units,
            names,
        ),
        ("Two layers, the second: 10 hidden units to 10 scores", OUTPUT, OUTPUT_BIAS, deep, classes, units),
    ):
        layer = "hidden" if weight is HIDDEN_WEIGHT else "output"
        top = weight.area.top
        put(ws, f"A{top - 2}", title, "Section")
        put_row(ws, f"A{top - 1}", ["", "bias", *columns], "Column header")
        put_column(ws, f"A{top}", rows, "Label")
        fill(ws, bias, values[f"{layer}.bias"][:, None].astype(float).tolist(), "Weight", THREE)
        fill(ws, weight, values[f"{layer}.weight"].astype(float).tolist(), "Weight", THREE)
        weight_scale(ws, weight.local)
    lead_to_the_middle(ws, LINEAR, "A3", OUTPUT.area.bottom)


def digits(workbook: Workbook) -> None:
    """The digits that everything here is about."""
    shown = mnist.sample()
    DIGITS.write(
        workbook,
        "The 500 digits",
        "A digit a row: what it is, then its 784 pixels, line by line, from 0 for white, left empty, to 255 "
        "for black. The header of a pixel says its line and its column.",
        shown.valid_x,
        shown.valid_y,
    )


# ---- pictures --------------------------------------------------------------------------------------------

LEFT = "J"  # the first picture's column, right of the text


def _draw_digit(ws: Worksheet, picture: Block, number: str) -> None:
    """The digit whose number stands in cell `number`; white where that cell is empty."""
    write_picture(
        ws,
        picture,
        lambda i, j: f'=IF({number}="",0,INDEX({DIGITS.pixels.ref},{number},{SIDE * i + j + 1})/255)',
    )
    greys(ws, picture)


def _weight_at(block: Block, row: int, i: int, j: int) -> str:
    return f"={block.cell(row, SIDE * i + j).free}"


# ---- Templates -------------------------------------------------------------------------------------------

PICKED = Block("picked", "Templates", "B4")
START, START_CLASS = 19, 3  # the digit and the class that the book opens with
TABLE = Block("templates.table", "Templates", "A7", CLASSES, 3)
SCORE, PROBABILITY = TABLE.col(1), TABLE.col(2)
DIGIT = picture_in_line("Templates", 0, 20, LEFT)
TEMPLATES = [picture_in_line("Templates", 1 + k % 5, 20 if k < 5 else 51, LEFT) for k in range(CLASSES)]
PRODUCT = picture_in_line("Templates", 0, 51, LEFT)
CLASS_SHOWN = Block("templates.class", "Templates", "F6")
TEMPLATE_NOTES = (
    "template: the weights of a class, a pixel each. Orange: ink here speaks for it; blue: against it.",
    "score: each pixel of the digit times the template's, added up, plus the bias on Weights.",
    "probability: EXP(score) as a share of all ten. The largest is what the net says.",
    "for and against: the digit times one template, pixel by pixel: what the score is the sum of.",
)


def templates(workbook: Workbook) -> None:
    """One layer of weights as ten pictures; the picked digit's scores."""
    ws = add_page(
        workbook,
        "Templates",
        "One layer: ten pictures of weights",
        "The net lays the digit on each of ten templates and adds up what it covers. The template that it "
        "fits best wins.",
        widths="A=9 B:C=10 D=2 E=20 F=8 G:I=3",
        print_area=f"A1:{_last_column(5)}79",
        zoom=70,
    )
    put(ws, "A4", "digit No.", "Label")
    put_setting(ws, PICKED.corner, START, f"A whole number from 1 to {COUNT}.", between(1, COUNT, whole=True))
    put_row(ws, "A6", ["class", "score", "probability"], "Column header")
    for k in range(CLASSES):
        put(ws, f"A{7 + k}", k, "Formula", WHOLE, "center")
        score = f"=SUMPRODUCT({DIGIT.local},{TEMPLATES[k].local})+{LINEAR_BIAS.cell(k, 0).ref}"
        put(ws, f"B{7 + k}", score, "Formula", THREE)
        put(
            ws,
            f"C{7 + k}",
            f"=EXP(B{7 + k}-MAX({SCORE.local}))/SUMPRODUCT(EXP({SCORE.local}-MAX({SCORE.local})))",
            "Result",
            TENTH_PERCENT,
        )
    for row, label, formula, style in (
        (4, "it is a", f"=INDEX({DIGITS.labels.ref},{PICKED.local})", "Formula"),
        (5, "the net says", f"=MATCH(MAX({SCORE.local}),{SCORE.local},0)-1", "Result"),
    ):
        put(ws, f"E{row}", label, "Label")
        put(ws, f"F{row}", formula, style, WHOLE, "center")
    put(ws, "E6", "for and against class", "Label")
    put_setting(ws, CLASS_SHOWN.corner, START_CLASS, "A class, 0 to 9.", choices(*range(CLASSES)))
    known = vision.facts("linear")
    put(ws, "E8", f"{float(known['accuracy']):.1%} of 10,000 test digits right", "Page note")
    put(ws, "E9", f'=ROUND(100*{ACCURACY.ref},1)&"% of the {COUNT} here"', "Page note")
    chart.bar_chart(
        ws, f"{TEMPLATES[0].letters}3", (620, 250), "How probable each class is",
        "Bars: the probability of each of the ten classes for the digit that was picked, as in the table.",
        TABLE.col(0), {"probability": PROBABILITY},
    )  # fmt: skip
    DIGITS.write_picked(ws, DIGIT, PICKED.local, width=SMALL)
    put_over(ws, DIGIT, '="the digit No. "&' + PICKED.local)
    for k, picture in enumerate(TEMPLATES):
        write_picture(ws, picture, lambda i, j, k=k: _weight_at(LINEAR, k, i, j))
        blue_and_orange(ws, picture, 0.4)
        put_over(ws, picture, f'="{k}:  "&ROUND(B{7 + k},1)')
    write_picture(ws, PRODUCT, lambda i, j: (
        f"={DIGIT.cell(i, j).free_local}"
        f"*INDEX({LINEAR.ref},{CLASS_SHOWN.local}+1,{SIDE * i + j + 1})"
    ))  # fmt: skip
    blue_and_orange(ws, PRODUCT, 0.4)
    put_over(ws, PRODUCT, f'="for and against "&{CLASS_SHOWN.local}')
    put_column(ws, "A81", TEMPLATE_NOTES, "Page note")


def _last_column(number: int, beside: str = LEFT) -> str:
    """The last column of the number-th picture of a line."""
    return column_letters(picture_in_line("", number, 1, beside).area.right)


# ---- Scores ----------------------------------------------------------------------------------------------


def _down(name: str, letter: str, cols: int = 1) -> Block:
    """Columns of Scores, a digit a row."""
    return Block(f"scores.{name}", "Scores", f"{letter}{FIRST}", COUNT, cols)


NUMBERS, TRUE, ALL_SCORES = _down("number", "A"), _down("true", "B"), _down("scores", "C", CLASSES)
SAYS, RIGHT, SURE, LOSS = (
    _down(n, x) for n, x in (("says", "M"), ("right", "N"), ("sure", "O"), ("loss", "P"))
)
BEHIND, SORTED = _down("behind", "Q"), _down("order", "R")
SURE_KEY, LOSS_KEY = _down("sure_key", "S"), _down("loss_key", "T")
ACCURACY = Block("accuracy", "Confusion", "P6")


def scores(workbook: Workbook) -> None:
    """Every digit's scores by the templates, and what follows from them."""
    ws = add_page(
        workbook,
        "Scores",
        "All 500 digits, scored by the ten templates",
        "Worked out for Confusion and Surest, which the last four columns put digits in order for. sure: the "
        "probability of what the net says. loss: minus the logarithm of that of what the digit is.",
        widths="A:B=6 C:L=7.5 M:N=6 O:P=9 Q=9 R=10 S:T=10",
        print_area=f"A1:T{LAST}",
        frozen=f"C{FIRST}",
        zoom=90,
    )
    heads = ["No.", "digit", *(f"score {k}" for k in range(CLASSES)), "says", "right", "sure", "loss"]
    put_row(
        ws, f"A{FIRST - 1}", [*heads, "chosen cell", "order", "sure, right", "loss, wrong"], "Column header"
    )
    ws.row_dimensions[FIRST - 1].height = 26
    here, best = ALL_SCORES.on_row("{row}"), f"MAX({ALL_SCORES.on_row('{row}')})"
    total = f"SUMPRODUCT(EXP({here}-{best}))"
    pixels = f"{DIGITS.sheet}!{DIGITS.pixels.on_row('{row}')}"
    for block, formula, *look in (
        (NUMBERS, f"={DIGITS.sheet}!A{{row}}", WHOLE, "center"),
        (TRUE, f"={DIGITS.sheet}!B{{row}}", WHOLE, "center"),
        (SAYS, f"=MATCH({best},{here},0)-1", WHOLE, "center"),
        (RIGHT, "=IF(M{row}=B{row},1,0)", *BIT),
        (SURE, f"=1/{total}", FOUR),
        (LOSS, f"=LN({total})+{best}-INDEX({here},1,B{{row}}+1)", FOUR),
        (BEHIND, f"=SUM(Q{FIRST - 1})", WHOLE, "center"),
        (SORTED, "=10000*B{row}+1000*M{row}+A{row}", WHOLE),
        (SURE_KEY, "=N{row}*O{row}", DOT_THREE),
        (LOSS_KEY, "=(1-N{row})*P{row}", DOT_THREE),
    ):
        fill_down(ws, block, formula, "Formula", *look)
    for row in range(FIRST, LAST + 1):
        chosen = f"=SUM(Q{row - 1})+IF(B{row}={CHOSEN_TRUE.ref},IF(M{row}={CHOSEN_SAYS.ref},1,0),0)"
        put(ws, f"Q{row}", chosen, "Formula", WHOLE, "center")
    for k in range(CLASSES):
        score = f"=SUMPRODUCT({pixels},{LINEAR.row(k).ref})/255+{LINEAR_BIAS.cell(k, 0).ref}"
        fill_down(ws, ALL_SCORES.col(k), score, "Formula", TWO)
    ws.conditional_formatting.add(
        ALL_SCORES.local,
        ColorScaleRule(start_type="num", start_value=0, start_color=WHITE,
                       end_type="num", end_value=12, end_color=ORANGE_TINT),
    )  # fmt: skip
    tint_when(ws, SAYS.local, f"$N{FIRST}=0", good=False)


# ---- Confusion -------------------------------------------------------------------------------------------

MATRIX = Block("confusion", "Confusion", "C6", CLASSES, CLASSES)
TOTALS = Block("confusion.totals", "Confusion", "M6", CLASSES)
CHOSEN_TRUE, CHOSEN_SAYS = (
    Block(f"chosen.{n}", "Confusion", f"P{row}") for n, row in (("true", 9), ("says", 10))
)
ORDER_TOP = 38  # of the list that the counts lead to
SHOWN = 12  # digits behind the chosen cell, as pictures


def confusion(workbook: Workbook) -> None:
    """What was taken for what, and the digits behind each count."""
    ws = add_page(
        workbook,
        "Confusion",
        "What is taken for what?",
        "A row is what a digit is, a column what the net says. On the diagonal it is right. Click a count: "
        "it leads to its digits in the list below.",
        widths="A=10 B=5 C:L=7 M=8 N=3 O=24 P=10 Q:T=9",
        print_area=f"A1:T{ORDER_TOP + COUNT}",
        header=ORDER_TOP - 1,
        zoom=90,
    )
    put(ws, "C4", "the net says", "Section")
    put(ws, "A6", "the digit is", "Section")
    put_row(ws, "C5", [*range(CLASSES), "of"], "Column header")
    for true in range(CLASSES):
        row = MATRIX.area.top + true
        put(ws, f"B{row}", true, "Column header")
        put_row(
            ws,
            f"C{row}",
            [_count(row, column_letters(3 + says)) for says in range(CLASSES)],
            "Formula",
            '0;-0;"·"',
            "center",
        )
        put(ws, f"M{row}", f"=SUM(C{row}:L{row})", "Formula", WHOLE, "center")
    ws.conditional_formatting.add(
        MATRIX.local,
        ColorScaleRule(start_type="num", start_value=0, start_color=WHITE, mid_type="num", mid_value=6,
                       mid_color=ORANGE_TINT, end_type="num", end_value=50, end_color="E69F00"),
    )  # fmt: skip
    put(ws, "O5", "right", "Label")
    put(ws, "P5", f"=SUM({RIGHT.ref})", "Formula", WHOLE)
    put(ws, "O6", f"accuracy, of {COUNT}", "Label")
    put(ws, ACCURACY.corner, f"=P5/ROWS({RIGHT.ref})", "Result", TENTH_PERCENT)
    put(ws, "O8", "The digits behind one cell", "Section")
    for block, label, value in ((CHOSEN_TRUE, "the digit is", 3), (CHOSEN_SAYS, "the net says", 5)):
        put(ws, f"O{block.area.top}", label, "Label")
        put_setting(ws, block.corner, value, "A class, 0 to 9.", choices(*range(CLASSES)))
    put(ws, "O11", "how many", "Label")
    put(ws, "P11", f"=INDEX({MATRIX.local},{CHOSEN_TRUE.local}+1,{CHOSEN_SAYS.local}+1)", "Formula", WHOLE)
    put(ws, "O12", "Their pictures", "Link")
    ws["O12"].hyperlink = f"#{quote_sheet('Behind a count')}!A1"
    ws["O12"].style = "Link"
    _write_wrongs(ws)
    _write_order(ws)
    _behind(workbook)


def _count(row: int, letters: str) -> str:
    """A count that leads to its digits in the list, as a formula; its row and column say which."""
    here = f"{TRUE.ref},$B{row},{SAYS.ref},{letters}$5"
    before = f'COUNTIF({TRUE.ref},"<"&$B{row})+COUNTIFS({TRUE.ref},$B{row},{SAYS.ref},"<"&{letters}$5)'
    return f'=HYPERLINK("#Confusion!A"&{ORDER_TOP}+{before},COUNTIFS({here}))'


def _write_wrongs(ws: Worksheet) -> None:
    """The share of each class that is right, and what it is most often taken for instead."""
    put(ws, "A18", "Class by class", "Section")
    put_row(ws, "B19", ["", "right", "share"], "Column header")
    for k in range(CLASSES):
        row, line = 20 + k, MATRIX.row(k).local
        put(ws, f"B{row}", k, "Column header")
        put(ws, f"C{row}", f"=INDEX({line},1,B{row}+1)", "Formula", WHOLE)
        put(ws, f"D{row}", f"=C{row}/{TOTALS.cell(k, 0).local}", "Result", PERCENT)
    classes, share = (Block("chart", "Confusion", f"{x}20", CLASSES) for x in "BD")
    chart.bar_chart(
        ws, "F18", (560, 300), "The share of each digit that is right",
        "Bars: for each digit from 0 to 9, the share of its test digits that the net gets right.",
        classes, {"right": share},
    )  # fmt: skip


def _write_order(ws: Worksheet) -> None:
    put(ws, f"A{ORDER_TOP - 3}", "All digits, in the order of the table above", "Section")
    put_row(ws, f"A{ORDER_TOP - 1}", ["No.", "digit", "says", "sure"], "Column header")
    key = f"SMALL({SORTED.ref},ROW()-{ORDER_TOP - 1})"
    for letter, formula, *look in (
        ("A", f"={key}-10000*B{{row}}-1000*C{{row}}", WHOLE, "center"),
        ("B", f"=INT({key}/10000)", WHOLE, "center"),
        ("C", f"=INT(({key}-10000*B{{row}})/1000)", WHOLE, "center"),
        ("D", f"=INDEX({SURE.ref},A{{row}})", FOUR),
    ):
        fill_down(ws, Block("order", "Confusion", f"{letter}{ORDER_TOP}", COUNT), formula, "Formula", *look)
    tint_when(ws, f"$B${ORDER_TOP}:$C${ORDER_TOP + COUNT - 1}", f"$B{ORDER_TOP}<>$C{ORDER_TOP}", good=False)


def _behind(workbook: Workbook) -> None:
    """Pictures of the first digits behind the chosen count."""
    name = "Behind a count"
    ws = add_page(
        workbook,
        name,
        "The digits behind one count",
        "Which count is chosen on Confusion; here are up to twelve of its digits.",
        widths="A=16",
        print_area=f"A1:{_last_column(5, 'B')}72",
        zoom=70,
    )
    put(ws, "A4", f'={CHOSEN_TRUE.ref}&" taken for "&{CHOSEN_SAYS.ref}', "Section")
    put(ws, "A5", f'=MAX({BEHIND.ref})&" of them"', "Label")
    for k in range(SHOWN):
        picture = picture_in_line(name, k % 6, 9 if k < 6 else 41, "B")
        number = _number(ws, picture, f'=IF({k + 1}<=MAX({BEHIND.ref}),MATCH({k + 1},{BEHIND.ref},0),"")')
        put_over(ws, picture, f'=IF({number}="","","sure "&ROUND(INDEX({SURE.ref},{number}),3))', "Formula")
        _draw_digit(ws, picture, number)


def _number(ws: Worksheet, picture: Block, formula: str) -> str:
    """Puts a digit's number two rows above its picture; the cell where it stands, "$B$7"."""
    row, area = picture.area.top - 2, picture.area
    put(ws, f"{picture.letters}{row}", formula, "Formula", '"No. "0', "center")
    ws.merge_cells(start_row=row, end_row=row, start_column=area.left, end_column=area.right)
    return f"${picture.letters}${row}"


# ---- Surest ----------------------------------------------------------------------------------------------

SHOWN_OF_EACH = 6


def surest(workbook: Workbook) -> None:
    """The digits that the net is surest of, and those on which its loss is largest."""
    ws = add_page(
        workbook,
        "Surest",
        "Surest, and most wrong",
        "Above: the six digits that it gets right and is surest of. Below: those that it gets wrong with the "
        "largest loss, minus the logarithm of the probability it gave the truth.",
        widths="A=16",
        print_area=f"A1:{_last_column(5, 'B')}70",
        zoom=70,
    )
    sure, loss = (f"ROUND(INDEX({block.ref},{{number}}),4)" for block in (SURE, LOSS))
    says, true = (f"INDEX({block.ref},{{number}})" for block in (SAYS, TRUE))
    for top, heading, key, text in (
        (9, "Right, and sure", SURE_KEY, f'="a "&{true}&", sure "&{sure}'),
        (42, "Wrong", LOSS_KEY, f'="a "&{true}&", says "&{says}&", loss "&{loss}'),
    ):
        put(ws, f"A{top - 2}", heading, "Section")
        for k in range(SHOWN_OF_EACH):
            picture = picture_in_line("Surest", k, top, "B")
            number = _number(ws, picture, f"=MATCH(LARGE({key.ref},{k + 1}),{key.ref},0)")
            put_over(ws, picture, text.format(number=number))
            _draw_digit(ws, picture, number)


# ---- Hidden ----------------------------------------------------------------------------------------------

UNIT_TABLE = Block("hidden.table", "Hidden", "A7", UNITS, 3)
H_SUM, H = UNIT_TABLE.col(1), UNIT_TABLE.col(2)
HIDDEN_SCORES = Block("hidden.scores", "Hidden", "F7", CLASSES)
HIDDEN_PROBABILITY = Block("hidden.probability", "Hidden", "G7", CLASSES)
HIDDEN_DIGIT = picture_in_line("Hidden", 0, 20, LEFT)
BARS_TOP = (49, 92)  # rows of each line's weights for the classes, under its pictures
FILTERS = [picture_in_line("Hidden", 1 + u % 5, 20 if u < 5 else 63, LEFT) for u in range(UNITS)]
HIDDEN_NOTES = (
    "sum: the digit laid on the unit's picture, plus its bias. h: MAX(0, sum): the unit is silent below 0.",
    "score of a class: the ten h, each times the weight under its picture, plus the class's bias.",
    "Nobody said what a unit should look for: training found pictures that tell the digits apart together.",
    "Unit 5 fires for none of the 500 digits: a dead ReLU. Its weights have no slope, so training left it.",
    "Digits are easy: all stand alike. On small photographs of ten kinds (CIFAR-10) such a net without "
    "convolutions gets 37% right, ml4a's chapter says, where chance gets 10%: one picture cannot fit a frog "
    "on the left and a frog on the right.",
)


def hidden(workbook: Workbook) -> None:
    """Ten hidden units as pictures, each with its ten weights for the classes."""
    ws = add_page(
        workbook,
        "Hidden",
        "Two layers: ten hidden units, and what they say",
        "Each unit looks at the whole digit through its own picture. Below a picture: how much the "
        "unit speaks for each class, 0 to 9 (bars to the right), or against it (to the left).",
        widths="A=9 B:C=9 D=3 E=9 F:G=10 H=2 I=4",
        print_area=f"A1:{_last_column(5)}108",
        zoom=70,
    )
    put(
        ws,
        "A4",
        f'="No. "&{PICKED.ref}&", a "&INDEX({DIGITS.labels.ref},{PICKED.ref})&"; choose it on Templates"',
        "Section",
    )
    put_row(ws, "A6", ["unit", "sum", "h"], "Column header")
    put_row(ws, "E6", ["class", "score", "probability"], "Column header")
    for u, picture in enumerate(FILTERS):
        row = 7 + u
        put(ws, f"A{row}", u + 1, "Formula", WHOLE, "center")
        total = f"=SUMPRODUCT({HIDDEN_DIGIT.local},{picture.local})+{HIDDEN_BIAS.cell(u, 0).ref}"
        put(ws, f"B{row}", total, "Formula", TWO)
        put(ws, f"C{row}", f"=MAX(0,B{row})", "Formula", '0.00;-0.00;"·"')
        write_picture(ws, picture, lambda i, j, u=u: _weight_at(HIDDEN_WEIGHT, u, i, j))
        blue_and_orange(ws, picture, 0.4)
        put_over(ws, picture, f'="unit {u + 1}:  h = "&ROUND(C{row},1)')
    for k in range(CLASSES):
        row = 7 + k
        put(ws, f"E{row}", k, "Formula", WHOLE, "center")
        terms = "+".join(f"{H.cell(u, 0).local}*{OUTPUT.cell(k, u).ref}" for u in range(UNITS))
        put(ws, f"F{row}", f"={OUTPUT_BIAS.cell(k, 0).ref}+{terms}", "Formula", THREE)
        s = HIDDEN_SCORES.local
        put(ws, f"G{row}", f"=EXP(F{row}-MAX({s}))/SUMPRODUCT(EXP({s}-MAX({s})))", "Result", TENTH_PERCENT)
    put(ws, "A17", f'="it says "&MATCH(MAX({HIDDEN_SCORES.local}),{HIDDEN_SCORES.local},0)-1', "Section")
    known = vision.facts("hidden")
    put(ws, "E17", f"{float(known['accuracy']):.1%} of 10,000 test digits right", "Page note")
    chart.bar_chart(
        ws, f"{FILTERS[0].letters}3", (620, 250), "How probable each class is",
        "Bars: the probability that the net of two layers gives each class, as in the table.",
        Block("chart", "Hidden", "E7", CLASSES), {"probability": HIDDEN_PROBABILITY},
    )  # fmt: skip
    DIGITS.write_picked(ws, HIDDEN_DIGIT, PICKED.ref, width=SMALL)
    put_over(ws, HIDDEN_DIGIT, '="the digit No. "&' + PICKED.ref)
    _write_bars(ws)
    put_column(ws, "A105", HIDDEN_NOTES, "Page note")


FULL_BAR = 2.0  # the weight whose bar fills its half


def _write_bars(ws: Worksheet) -> None:
    """Under each picture a bar for each class, made of the picture's own columns: 1, -1 or nothing a cell."""
    half = SIDE // 2
    for line, top in enumerate(BARS_TOP):
        units = range(5 * line, 5 * line + 5)
        for k in range(CLASSES):
            put(ws, f"I{top + k}", k, "Page note", None, "right")
        for u in units:
            bars = Block("bars", "Hidden", f"{FILTERS[u].letters}{top}", CLASSES, SIDE)
            rows = [[_bar(OUTPUT.cell(k, u).ref, j - half) for j in range(SIDE)] for k in range(CLASSES)]
            fill(ws, bars, rows, "Formula", HIDDEN)
            blue_and_orange(ws, bars, 1)


def _bar(weight: str, at: int) -> str:
    """Whether a bar from the middle reaches the cell `at` right of it; below 0, left of it."""
    if at < 0:
        return f"=IF({weight}<{(at + 0.5) * FULL_BAR / (SIDE // 2):.10g},-1,0)"
    return f"=IF({weight}>{(at + 0.5) * FULL_BAR / (SIDE // 2):.10g},1,0)"


# ---- Saliency --------------------------------------------------------------------------------------------

ASKED = Block("saliency.class", "Saliency", "B5")
SALIENT_DIGIT, SLOPES, COVERED = (picture_in_line("Saliency", k, 20, LEFT) for k in range(3))
ROUTES = Block("saliency.routes", "Saliency", "C8", UNITS)  # what a unit's sum is worth to the class
PATCH, STRIDE, ACROSS = 4, 2, 13
PATCHES = ACROSS * ACROSS
SALIENCY_NOTES = (
    "slope: by how much the score grows per unit of ink in this pixel: the sum, over the units that fire, of "
    "the pixel's weight × the unit's weight for the class. It is the derivative that torch computes.",
    "covered: a patch of 4 × 4 pixels is painted white and the score computed again; the darker, the more of "
    "the score is lost. Orange speaks for the class, blue spoke against it.",
    "The two do not agree everywhere: a slope asks about a little more ink, covering takes all of it away.",
)


def saliency(workbook: Workbook) -> None:
    """Which pixels a class's score hangs on: the slope by each pixel, and what covering a patch costs."""
    ws = add_page(
        workbook,
        "Saliency",
        "Which pixels decided?",
        "Of the net with two layers, for the digit picked on Templates and a class of your choice.",
        widths="A=12 B:C=11 D:I=2",
        print_area=f"A1:{_last_column(2)}54",
        zoom=80,
    )
    put(ws, "A4", "digit No.", "Label")
    put(ws, "B4", f"={PICKED.ref}", "Formula", WHOLE, "center")
    put(ws, "A5", "class", "Label")
    put_setting(ws, ASKED.corner, START_CLASS, "A class, 0 to 9.", choices(*range(CLASSES)))
    put(ws, "A6", "its score", "Label")
    put(ws, "B6", f"=INDEX({HIDDEN_SCORES.ref},{ASKED.local}+1)", "Result", THREE, "center")
    put_row(ws, "A7", ["unit", "fires", "worth"], "Column header")
    for u in range(UNITS):
        row = 8 + u
        put(ws, f"A{row}", u + 1, "Formula", WHOLE, "center")
        put(ws, f"B{row}", f"=IF({H_SUM.cell(u, 0).ref}>0,1,0)", "Formula", *BIT)
        put(ws, f"C{row}", f"=B{row}*INDEX({OUTPUT.col(u).ref},{ASKED.local}+1)", "Formula", '0.00;-0.00;"·"')
    DIGITS.write_picked(ws, SALIENT_DIGIT, PICKED.ref, width=2 * SMALL)
    column = HIDDEN_WEIGHT.area.top, HIDDEN_WEIGHT.area.bottom
    for picture in (SLOPES, COVERED):
        squares(ws, picture, 2 * SMALL)

    def slope(i: int, j: int) -> str:
        letters = HIDDEN_WEIGHT.col(SIDE * i + j).letters
        return f"=SUMPRODUCT({ROUTES.local},Weights!{letters}${column[0]}:{letters}${column[1]})"

    fill(ws, SLOPES, [[slope(i, j) for j in range(SIDE)] for i in range(SIDE)], "Formula", HIDDEN)
    fill(ws, COVERED, [[f"={_drop(i, j).ref}" for j in range(SIDE)] for i in range(SIDE)], "Formula", HIDDEN)
    blue_and_orange(ws, SLOPES, 1)
    blue_and_orange(ws, COVERED, 4)
    for picture, text in ((SALIENT_DIGIT, "the digit"), (SLOPES, "slope of the score by each pixel"),
                          (COVERED, "what the score loses when covered")):  # fmt: skip
        put_over(ws, picture, text)
    put_column(ws, "A50", SALIENCY_NOTES, "Page note")


def _drop(i: int, j: int) -> Block:
    """Where the loss by covering stands of the patch whose middle is nearest to a pixel."""
    nearest = [min(ACROSS - 1, max(0, (at - 1) // STRIDE)) for at in (i, j)]
    return DROPS.cell(ACROSS * nearest[0] + nearest[1], 0)


OCCLUSION_FIRST = 6
PATCH_PLACES = Block("occlusion.place", "Occlusion", f"A{OCCLUSION_FIRST}", PATCHES, 2)
PATCH_SUMS = Block("occlusion.sums", "Occlusion", f"C{OCCLUSION_FIRST}", PATCHES, UNITS)
DROPS = Block("occlusion.drop", "Occlusion", f"N{OCCLUSION_FIRST}", PATCHES)


def occlusion(workbook: Workbook) -> None:
    """Each patch: what it gives each unit's sum, and the score without it."""
    ws = add_page(
        workbook,
        "Occlusion",
        "The score with a patch covered",
        "Worked out for Saliency, which shows the last column as a picture. A patch of 4 × 4 pixels a row: "
        "what it adds to each unit, and the score without.",
        widths="A:B=7 C:L=8 M:N=11",
        print_area=f"A1:N{OCCLUSION_FIRST + PATCHES - 1}",
        frozen=f"C{OCCLUSION_FIRST}",
        zoom=90,
    )
    units = [f"unit {u + 1}" for u in range(UNITS)]
    put(ws, "A4", "the sums", "Label")
    put_row(ws, "C4", [f"={H_SUM.cell(u, 0).ref}" for u in range(UNITS)], "Formula", TWO)
    put_row(ws, "A5", ["line", "column", *units, "score then", "score lost"], "Column header")
    value = f"INDEX({OUTPUT.ref},{ASKED.ref}+1,0)"
    for p in range(PATCHES):
        row = OCCLUSION_FIRST + p
        top, left = STRIDE * (p // ACROSS), STRIDE * (p % ACROSS)
        put_row(ws, f"A{row}", [top + 1, left + 1], "Formula", WHOLE, "center")
        ink = _part(SALIENT_DIGIT, top, left).ref
        put_row(
            ws,
            f"C{row}",
            [f"=SUMPRODUCT({ink},{_part(picture, top, left).ref})" for picture in FILTERS],
            "Formula",
            DOT_THREE,
        )
        sums = f"(C$4:L$4-C{row}:L{row})"
        then = f"=SUMPRODUCT({value}*({sums}>0)*{sums})+INDEX({OUTPUT_BIAS.ref},{ASKED.ref}+1)"
        put(ws, f"M{row}", then, "Formula", THREE)
        put(ws, f"N{row}", f"=Saliency!$B$6-M{row}", "Result", THREE)


def _part(picture: Block, top: int, left: int) -> Block:
    """The patch of a picture whose first pixel is (top, left), counted from 0."""
    return Block("patch", picture.sheet, picture.cell(top, left).corner, PATCH, PATCH)


# ---- A passenger -----------------------------------------------------------------------------------------

COLUMNS = len(titanic.LESSON)
PEOPLE_FIRST, PASSENGERS = 34, 891
PEOPLE = Block("people.inputs", "A passenger", f"B{PEOPLE_FIRST}", PASSENGERS, COLUMNS)
SURVIVED, NAMES = (
    Block(f"people.{n}", "A passenger", f"{x}{PEOPLE_FIRST}", PASSENGERS)
    for n, x in (("survived", "M"), ("name", "N"))
)
PERSON = Block("passenger.number", "A passenger", "B4")
PREDICTION = Block("passenger.prediction", "A passenger", "B6")
X, MEANS, SET_1, SET_2, GIVES, AT_MEAN, TAKES = (
    Block(f"passenger.{name}", "A passenger", f"{letter}9", COLUMNS)
    for name, letter in zip(
        ("x", "mean", "set_1", "set_2", "gives", "at_mean", "takes"), "BCDEFGH", strict=True
    )
)
LIN, RELU = (
    Block(f"passenger.{name}", "A passenger", f"D{row}", 1, 2) for name, row in (("lin", 20), ("relu", 21))
)
PASSENGER_NOTES = (
    "gives: the column times its weight, in each set that fires. All eleven add up to the prediction.",
    "at the mean: the prediction if this one column stood at everyone's mean; then what that takes away.",
    "A class or a port cannot really change alone; here it does, for the sake of the question.",
    "All this explains one net, not the disaster: another net, as good, may give other reasons.",
)


def passenger(workbook: Workbook) -> None:
    """What each column gives to one passenger's prediction."""
    ws = add_page(
        workbook,
        "A passenger",
        "Why does the net say so of this passenger?",
        "The net of titanic.xlsx, trained: two sets of 11 weights, a ReLU each, their sum. A prediction "
        "above 0.5 says “survived”.",
        widths="A=24 B:L=11 M=9 N=52",
        print_area=f"A1:N{PEOPLE_FIRST + 30}",
        zoom=90,
    )
    put(ws, "A4", f"passenger, 1 to {PASSENGERS}", "Label")
    put_setting(
        ws, PERSON.corner, 2, f"A whole number from 1 to {PASSENGERS}.", between(1, PASSENGERS, whole=True)
    )
    put(ws, "C4", f"=INDEX({NAMES.local},{PERSON.local})", "Section")
    put(ws, "A5", "survived", "Label")
    put(ws, "B5", f"=INDEX({SURVIVED.local},{PERSON.local})", "Formula", WHOLE, "center")
    put(ws, "A6", "prediction", "Label")
    put(ws, PREDICTION.corner, f"=SUM({RELU.local})", "Result", THREE, "center")
    put(ws, "C6", f'=IF(ROUND({PREDICTION.local},0)=B5,"the net is right","the net is wrong")', "Label")
    heads = [
        "column",
        "this passenger",
        "everyone's mean",
        "weight, set 1",
        "weight, set 2",
        "gives",
        "at the mean",
        "takes away",
    ]
    put_row(ws, "A8", heads, "Column header")
    ws.row_dimensions[8].height = 26
    for j, name in enumerate(titanic.LESSON):
        row = X.area.top + j
        put(ws, f"A{row}", name, "Label")
        put(ws, f"B{row}", f"=INDEX({PEOPLE.col(j).local},{PERSON.local})", "Formula", DOT_THREE)
        put(ws, f"C{row}", f"=AVERAGE({PEOPLE.col(j).local})", "Formula", THREE)
    for block, values in zip((SET_1, SET_2), titanic.weights("trained").tolist(), strict=True):
        fill(ws, block, [[w] for w in values], "Weight", THREE)
        weight_scale(ws, block.local)
    fires = [f"IF({LIN.cell(0, k).local}>0,{x}{{row}},0)" for k, x in enumerate("DE")]
    moved = [f"MAX(0,{LIN.cell(0, k).local}+(C{{row}}-B{{row}})*{x}{{row}})" for k, x in enumerate("DE")]
    for block, formula, style, look in (
        (GIVES, f"=B{{row}}*({fires[0]}+{fires[1]})", "Result", SIGNED),
        (AT_MEAN, f"={moved[0]}+{moved[1]}", "Formula", THREE),
        (TAKES, f"={PREDICTION.local}-G{{row}}", "Formula", SIGNED),
    ):
        fill_down(ws, block, formula, style, look)
    for block in (GIVES, TAKES):
        blue_and_orange(ws, block, 0.6)
    chart.bar_chart(
        ws, "I3", (530, 420), "What each column gives, and takes away",
        "Bars: for the chosen passenger, what each of the eleven columns gives to the prediction, and what "
        "the prediction loses when the column stands at everyone's mean.",
        Block("chart", "A passenger", f"A{X.area.top}", COLUMNS),
        {"gives": GIVES, "takes away at the mean": TAKES}, span=(-1.2, 1.2),
    )  # fmt: skip
    put(ws, "A20", "Lin: all products added up", "Label")
    put(ws, "A21", "ReLU: MAX(0, Lin)", "Label")
    for k, block in enumerate((SET_1, SET_2)):
        put(ws, LIN.cell(0, k).corner, f"=SUMPRODUCT({X.local},{block.local})", "Formula", THREE)
        put(ws, RELU.cell(0, k).corner, f"=MAX(0,{LIN.cell(0, k).local})", "Formula", THREE)
    put(ws, "F20", f"=SUM({GIVES.local})", "Formula", SIGNED)
    put(ws, "G20", "together: the prediction", "Page note")
    put_column(ws, "A24", PASSENGER_NOTES, "Page note")
    _write_people(ws)


SIGNED = "+0.000;-0.000;0"


def _write_people(ws: Worksheet) -> None:
    put(ws, f"A{PEOPLE_FIRST - 2}", "All passengers: the eleven columns of titanic.xlsx", "Section")
    put_row(ws, f"A{PEOPLE_FIRST - 1}", ["No.", *titanic.LESSON, "survived", "name"], "Column header")
    data, people = titanic.lesson(), titanic.passengers()
    fill(ws, PEOPLE, data.X.tolist(), "Data", DOT_THREE)
    for row, (survived, name) in enumerate(zip(data.y, people["Name"], strict=True), PEOPLE_FIRST):
        put(ws, f"A{row}", row - PEOPLE_FIRST + 1, "Label", WHOLE, "center")
        put(ws, f"M{row}", int(survived), "Data", *BIT)
        put(ws, f"N{row}", name, "Page note")


# ---- exercises -------------------------------------------------------------------------------------------

_CLASSES, _ONES = "{0,1,2,3,4,5,6,7,8,9}", "{1;1;1;1;1;1;1;1;1;1}"
_SCORES = ALL_SCORES.ref
_EXPS = f"EXP(0+{_SCORES})"  # 0+: IronCalc takes one cell of a plain range here


def _of(classes: Block, scores: str = _SCORES) -> str:
    """Each digit's score of the class that stands in a column of Scores (500, 1)."""
    return f"MMULT(({classes.ref}={_CLASSES})*{scores},{_ONES})"


def _slopes_off(shares: str) -> str:
    """How far the slopes, each times a share, are from each unit's worth times its weights' shares."""
    units = "+".join(
        f"{ROUTES.cell(u, 0).ref}*SUMPRODUCT({picture.ref}{shares})" for u, picture in enumerate(FILTERS)
    )
    return f"ABS(SUMPRODUCT({SLOPES.ref}{shares})-({units}))"


EXERCISES = (
    Exercise(
        "Says",
        (SAYS,),
        f"M{FIRST}: the class whose score is the largest of C{FIRST} to L{FIRST}, as a number from 0 to 9. "
        f"Fill it down to row {LAST}. MATCH finds a place, counted from 1.",
        "No score in the row is above that of the class that you name.",
        f"=SUMPRODUCT(0+({_SCORES}>{_of(SAYS)}))",
    ),
    Exercise(
        "Loss",
        (LOSS,),
        f"P{FIRST}: minus the natural logarithm of the probability that the scores C{FIRST} to L{FIRST} give "
        f"to what the digit is, B{FIRST}. A probability is EXP of a score as a share of all ten. Fill it "
        f"down to row {LAST}.",
        "EXP of minus the loss, times the sum of EXP of all ten scores, is EXP of the digit's own score.",
        f"=SUMPRODUCT((EXP(0-{LOSS.ref})*MMULT({_EXPS},{_ONES})/{_of(TRUE, _EXPS)}-1)^2)",
    ),
    Exercise(
        "Accuracy",
        (ACCURACY,),
        "P6: the share of all digits that the net gets right; P5 says how many they are.",
        "The accuracy times all counts of the table is the sum of its diagonal.",
        f"=ABS({ACCURACY.ref}*SUM({MATRIX.ref})-({'+'.join(MATRIX.cell(k, k).ref for k in range(CLASSES))}))",
        after="Says",
    ),
    Exercise(
        "Hidden unit",
        (H,),
        "C7: the unit's sum B7 where that is above 0, else 0. Fill it down to C16.",
        "No h is below 0, none is below its sum, and each is equal to one of the two.",
        f"=SUMPRODUCT(({H.ref}<0)*(0-{H.ref})+({H.ref}<{H_SUM.ref})*({H_SUM.ref}-{H.ref})"
        f"+ABS({H.ref}*({H.ref}-{H_SUM.ref})))",
    ),
    Exercise(
        "Slope of a pixel",
        (SLOPES,),
        f"{SLOPES.corner}: by how much the score of the class grows with the ink of the first pixel: each "
        "unit's worth (C8 to C17) times its weight for that pixel, added up. On Weights the first pixel's "
        "ten weights are C20 to C29, the next pixel's D20 to D29. Then all 784 of them, line by line.",
        "All slopes together are each unit's worth times all of its weights; so they are when each counts "
        "as much as the digit has ink there.",
        f"={_slopes_off('')}+{_slopes_off(f',{SALIENT_DIGIT.ref}')}",
        after="Hidden unit",
    ),
    Exercise(
        "Gives",
        (GIVES,),
        "F9: the column B9 times its weight in each set whose Lin (D20, E20) is above 0. Fill it down to "
        "F19.",
        "All eleven add up to the prediction, and a column that is 0 gives 0.",
        f"=ABS(SUM({GIVES.ref})-{PREDICTION.ref})+SUMPRODUCT(({X.ref}=0)*ABS(0+{GIVES.ref}))",
    ),
)
