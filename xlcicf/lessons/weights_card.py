"""The sheet *Model card* of a book with shipped weights: how they came about and what they cannot do.

The short form of what model_card.xlsx is about, filled from what the weights' own file says.
"""

from collections.abc import Callable

from openpyxl import Workbook

from xlcicf.formula.address import column_letters
from xlcicf.learn import vision
from xlcicf.sheet.page import add_page, put, put_column, put_row
from xlcicf.sheet.style import TENTH_PERCENT

SHEET = "Model card"
ABOUT = "how the shipped weights came about, how good they are, and what they cannot do"

ALL, ONLY_3_7 = "the 10,000 test digits", "the 2,038 threes and sevens of the test digits"
NETS = {  # name -> (what it is, what it says)
    "linear": ("one layer, 784 to 10: softmax regression", "which of ten digits"),
    "hidden": ("784 to 10 ReLUs to 10", "which of ten digits"),
    "linear_3_7": ("one layer, 784 to 1", "a three, or a seven"),
    "simple_net": ("784 to 30 ReLUs to 1", "a three, or a seven"),
    "cnn": ("five convolutions, stride 2, with batchnorm", "which of ten digits"),
    "max_pooled": ("one convolution, max-pool, one dense layer", "which of ten digits"),
    "vit": ("a vision transformer: two blocks of two heads", "which of ten digits"),
}
ROLES = {"Weight": "found by training; blue is below zero, orange above"}  # of the books' Front
FIGURES = "#,##0"
LIMITS = (
    "For lessons: to see what a net does. Not for reading anyone's post, cheques or exams.",
    "It learned from digits written in the United States around 1990, scaled and centred in 28 × 28 pixels.",
    "Others it reads worse, and nobody has counted whose.",
    "It always answers with one of its classes, also where there is no digit at all.",
    "Accuracy is a share of test digits that training never saw; the choice of settings did see it.",
    "The digits are MNIST's (LeCun, Cortes and Burges; CC BY-SA 3.0). The weights are xlcicf's, MIT licence.",
)


def weights_card(*names: str) -> Callable[[Workbook], None]:
    """The function that adds the sheet for some of the shipped nets, a column each."""

    def model_card(workbook: Workbook) -> None:
        known = [vision.facts(name) for name in names]
        last = column_letters(1 + len(names))
        ws = add_page(
            workbook,
            SHEET,
            "Model card of the shipped weights",
            "What a stranger should know before trusting them. The book model_card says what a whole card "
            "holds.",
            widths="A=34 B:C=48",
            print_area=f"A1:{max(last, 'C')}{15 + len(LIMITS)}",
        )
        put_row(ws, "A4", ["", *names], "Column header")
        for row, (label, values, *look) in enumerate(
            [
                ("what it is", [NETS[name][0] for name in names]),
                ("what it says of a digit", [NETS[name][1] for name in names]),
                ("numbers learned", _whole(known, "parameters"), FIGURES),
                ("learned from MNIST's training digits", _whole(known, "images"), FIGURES),
                ("times it saw each of them", _whole(known, "epochs"), FIGURES),
                ("seed", _whole(known, "seed"), FIGURES),
                ("judged by", [ONLY_3_7 if name in ("linear_3_7", "simple_net") else ALL for name in names]),
                ("right", [float(one["accuracy"]) for one in known], TENTH_PERCENT),
                ("to train it again", [f"python -m xlcicf.learn.train_vision {name}" for name in names]),
            ],
            5,
        ):
            put(ws, f"A{row}", label, "Label")
            put_row(
                ws, f"B{row}", values, "Result" if label == "right" else "Data", *(look or [None]), "left"
            )
        put(ws, "A15", "What it is for, and what it cannot do", "Section")
        put_column(ws, "A16", LIMITS, "Page note")

    return model_card


def _whole(known: list[dict[str, str]], what: str) -> list[int]:
    return [int(one[what]) for one in known]
