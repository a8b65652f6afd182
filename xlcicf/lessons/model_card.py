"""model_card.xlsx: the Titanic's net once trained, with its model card and the questions to ask before use.

Passengers, columns, net and groups are titanic.xlsx's own pages. The run is one that ships, a fifth of the
passengers held out; it is written into the book as a run would be, and the card is what xlcicf says of it.
"""

import datetime as dt
import tempfile
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from xlcicf import words
from xlcicf.formula.address import Area
from xlcicf.host import host_of, open_book, read_snapshot
from xlcicf.learn import titanic as passengers
from xlcicf.lessons import resources, titanic
from xlcicf.lessons.titanic import NET
from xlcicf.ooxml.openpyxl_book import save_generated
from xlcicf.pages.model_card.content import content_of
from xlcicf.pages.model_card.sheets import CARD, ETHICS, card_page, ethics_page
from xlcicf.pages.model_card.trained_book import trained_book
from xlcicf.sheet.block import Block
from xlcicf.sheet.book import book_of, mark_kinds
from xlcicf.sheet.exercise import Exercise
from xlcicf.sheet.front import Front
from xlcicf.sheet.page_in_new_book import write_page
from xlcicf.sheet.parity_block import settings_text
from xlcicf.sheet.style import DATA, TRY
from xlcicf.sheet.training_sheet import write_training
from xlcicf.solve import History, find_problem, place, write_back
from xlcicf.solve.course import Course
from xlcicf.solve.parity import collected
from xlcicf.solve.training_log import TrainingLog, accuracy_of

BOOK = "model_card.xlsx"
HELD_OUT = 0.2
TRAINING = replace(titanic.TRAINING, book=BOOK, has_errors=False, recorded=None)


def build() -> Workbook:
    """The trained workbook with its card; formulas without cached values."""
    pages = titanic.passengers, titanic.columns, the_net, training, titanic.groups
    blocks = [
        NET.weights, NET.inputs, NET.target, NET.prediction, NET.loss, NET.accuracy, NET.valid_loss,
        NET.valid_accuracy, NET.measure, NET.held_out, *titanic.PARITY.blocks(), *TRAINING.logs(),
    ]  # fmt: skip
    workbook = book_of(READ_ME, pages, blocks)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, BOOK)
        save_generated(workbook, path)
        _write_run(workbook, path)
        save_generated(workbook, path)
        trained = trained_book(open_book(path), History.beside(path))
    shipped = replace(trained, run={**trained.run, **_machine()})
    content = content_of(shipped, TYPED, ANSWERS)
    for position, page in enumerate((card_page(content), ethics_page(content)), 1):
        ws = write_page(workbook, page)
        workbook.move_sheet(ws, position - workbook.index(ws))
    mark_kinds(workbook, READ_ME)
    return workbook


def the_net(workbook: Workbook) -> None:
    """titanic.xlsx's page, with a fifth of the passengers held out."""
    titanic.the_net(workbook)
    workbook[NET.sheet][NET.held_out.corner].value = HELD_OUT


def training(workbook: Workbook) -> None:
    """titanic.xlsx's page: settings, the loss's chart, the log that the run is written into."""
    write_training(workbook, TRAINING, settings_text(NET))


# ---- the run ---------------------------------------------------------------------------------------------


def _machine() -> dict[str, str]:
    """What only the history of the shipped run notes: on what it ran."""
    facts = passengers.run()["facts"]
    return {key: facts[key] for key in ("hardware", "software")}


def _write_run(workbook: Workbook, path: Path) -> None:
    """The shipped run into the workbook, of which a copy lies at `path`: weights, log, losses, parity."""
    run = passengers.run()
    facts, start, weights = run["facts"], np.ravel(run["start"]), np.ravel(run["weights"])
    book = open_book(path)
    problem = find_problem(book)
    placed = place(read_snapshot(book), problem)
    f, log = placed.function(), TrainingLog.of(book, placed)
    assert log is not None
    write_back(book, problem, weights)
    pred = collected(list(f.blocks(weights)), log.areas[words.NET_PREDICTION])
    when = dt.datetime.fromisoformat(facts["when"])
    accuracy, predictions = host_of(book).numbers(book, log.shown)
    line = words.log_line(facts | {"accuracy": accuracy_of(accuracy), "when": when})
    course = Course.recorded(run["won"], run["ends"])
    written = log.contents(weights, start, f.value(weights), pred, np.array(predictions), course, line)
    for area, rows in {NET.weights.area: weights.reshape(NET.weights.rows, -1).tolist(), **written}.items():
        _write_values(workbook[area.sheet], area, rows)


def _write_values(ws: Worksheet, area: Area, rows: list[list]) -> None:
    """Values into cells that keep their looks; where there is none the cell stays as it is."""
    for (row, col), value in zip(area.cells(), chain.from_iterable(rows), strict=True):
        if value is not None:
            ws.cell(row, col).value = value


# ---- what people say -------------------------------------------------------------------------------------

TYPED = {
    "model_summary": "A net of two ReLUs and 22 weights that says who survived the Titanic, made to be read.",
    "model_description": "Eleven numbers of each passenger (age, family aboard, fare, sex, class, port) are "
    "multiplied by two sets of weights. Each sum below zero becomes zero; the two are added. Above 0.5 means "
    "“survived”. Every step is a formula on the sheet Net.",
    "developers": "the xlcicf developers",
    "funded_by": "nobody; it was made for a lesson",
    "language": "en",
    "license": "mit",
    "direct_use": "Learning what a neural net is, how it is trained, and what a model card must say.",
    "preprocessing": "Unknown ages became 24 and unknown ports S, each the commonest value. Sex, class and "
    "port became columns of 0 and 1. The fare became its logarithm. Each column was divided by its maximum.",
    "results_summary": "Somewhat better than a rule that says “women survive”, and no better on passengers "
    "that it never saw. Of men it says too seldom that they survived.",
    "bias_risks_limitations": "The list has no crew, and only one ship on one night: it says nothing about "
    "any other. The net goes by sex, class and age, which no decision about living people should rest on. "
    "It overstates the gap between women and men.",
    "cloud_provider": "none: an ordinary computer",
    "cloud_region": "none",
    "hardware_requirements": "any program that opens .xlsx files",
    "glossary": "ReLU: a number below zero becomes zero. Loss: how far off the predictions are. Weight: a "
    "number that training may change. Held out: rows that training never sees.",
}  # fmt: skip

_WRONG = "ROUND(100*(1-Groups!$H${row}),1)"
_TOLD = "ROUND(100*Groups!$F${row},0)"
_TRUE = "ROUND(100*Groups!$E${row},0)"
_MALE, _SURVIVED = NET.inputs.col(NET.columns.index("Male")).ref, NET.target.ref
_AGES = f"Passengers!$F${titanic.FIRST}:$F${titanic.LAST}"


def _group(name: str) -> int:
    """The row of a group on Groups."""
    return 5 + [group for _, group, _ in titanic.GROUPS].index(name)


def _sub_groups() -> str:
    parts = [
        f'"{before} "&{_WRONG.format(row=_group(group))}&"%"'
        for before, group in (
            ("wrong about women:", "women"),
            (", men:", "men"),
            (", class 1:", "class 1"),
            (", class 2:", "class 2"),
            (", class 3:", "class 3"),
            (", children:", "children, under 16"),
        )
    ]
    return "=" + "&".join(parts)


def _simple_rule() -> str:
    rule = f"ROUND(100*(1-SUMPRODUCT((1-{_MALE}-{_SURVIVED})^2)/ROWS({_SURVIVED})),1)"
    net = f"ROUND(100*Groups!$H${_group('everyone')},1)"
    return f'="“women survive” is right for "&{rule}&"% of the list, this net for "&{net}&"%"'


def _told_and_true() -> str:
    women, men = _group("women"), _group("men")
    return (
        f'="it says "&{_TOLD.format(row=women)}&"% of women survived, in truth "&{_TRUE.format(row=women)}'
        f'&"%; of men "&{_TOLD.format(row=men)}&"%, in truth "&{_TRUE.format(row=men)}&"%"'
    )


ANSWERS = {
    "bias in the data": (
        "Passengers only, no crew; in class 3 more ages are unknown.",
        f'="the age of "&(ROWS({_AGES})-COUNT({_AGES}))&" of "&ROWS({_AGES})&" is unknown: Passengers!F6"',
    ),
    "audit": (
        "Yes: every number is a formula or a cell of the list.",
        "the sheets Passengers, Columns and Net; xlcicf is free software under the MIT licence",
    ),
    "sub-groups": ("See the sheet Groups, which counts them.", _sub_groups()),
    "simple rule": ("Nearly as good: 22 weights add little to one word.", _simple_rule()),
    "justice": ("It makes the difference between women and men larger than it was.", _told_and_true()),
}

# ---- Read me ---------------------------------------------------------------------------------------------

ABOUT = (
    "A trained net can be right and still be used wrongly. A model card says what a stranger should know "
    "before trusting it: what it is for, what it learned from, how good it is for whom, who made it. Here "
    "is the Titanic's net, trained, and its card."
)
TO_DO = (
    "On Model card, read from the top. Blue was filled from the log of the run on Training; yellow is for "
    "people. Column B says whose task it is.",
    "On Passengers, change one age, say F12 from 38 to 39. On Model card a red line says that the data "
    "changed after training, and column L says which cells. Put 38 back: it goes.",
    "On Net, change a weight: now the card tells of another net. Undo it.",
    "On Groups, find the group about which the net is wrong most often. What would you recommend? Write it "
    "into Model card, at “Recommendations”: one field fewer waits for a person.",
    "On Data ethics, answer the questions that have no evidence yet. Evidence is a figure, a cell or a name.",
    f"Close the book and run  xlcicf card {BOOK}  : it writes the card into a file beside the book, as "
    "Hugging Face shows one for every model, and says what is still open.",
    f"Train anew, with  xlcicf train {BOOK} --restarts 5  . The card is red until  xlcicf card {BOOK} "
    "--fill  brings it up to date; what you typed stays.",
)
SHEETS = {
    CARD: "sixteen sections, from the model's name to the first lines to type; is it still true?",
    ETHICS: "sixteen questions: about the project, the way it was made, and five ways to look at it",
    "Passengers": "the 891 rows of the list, as they were written down",
    "Columns": "eleven numbers made of each row",
    "Net": "the trained net: 22 weights, every prediction, a fifth of the passengers held out",
    "Training": "the run that found the weights, and its log",
    "Groups": "for whom the net is right: women and men, classes, children",
}
SOURCE = (
    "The card's headings and roles are those of Hugging Face's annotated model card, after Mitchell and "
    "others, “Model Cards for Model Reporting” (2019). The questions follow fast.ai's course on data ethics "
    "and the Markkula Center's ways of looking at a decision. All words here are xlcicf's own, MIT licence. "
    "The passenger list is in the public domain (CC0)."
)


READ_ME = Front(
    title="What should a stranger know before trusting this net?",
    note="A trained net, its model card, and sixteen questions to answer before anyone uses it.",
    about=ABOUT,
    to_do=TO_DO,
    sheets=SHEETS,
    source=SOURCE,
    kinds={
        **dict.fromkeys((CARD, ETHICS, "Net", "Training"), TRY),
        "Passengers": DATA,
    },
    links=resources.of_book("model_card"),
    roles={
        "Data": "on Model card: filled from the log of the run; elsewhere: what the net is given",
        "Setting": "yours to type in",
    },
)


# ---- exercises -------------------------------------------------------------------------------------------

COUNTS, TRUE_RATES, TOLD_RATES, GAPS, ACCURACIES = (
    Block(f"groups.{name}", "Groups", f"{letter}5", len(titanic.GROUPS))
    for name, letter in (("count", "C"), ("true", "E"), ("told", "F"), ("gap", "G"), ("accuracy", "H"))
)
_CLASSES = [NET.inputs.col(NET.columns.index(f"Pclass_{i}")).ref for i in (1, 2, 3)]
_YOUNG = f"(0+({titanic.AGE.ref}<16))"
_MEMBERS = (  # 1 for who belongs to the group, in the order of Groups
    f"(0*{_MALE}+1)", f"(1-{_MALE})", _MALE, *_CLASSES, _YOUNG, f"(1-{_YOUNG})",
    *(f"(1-{_MALE})*{of_class}" for of_class in _CLASSES),
    *(f"{_MALE}*{of_class}" for of_class in _CLASSES),
)  # fmt: skip


def _off(block: Block, counted: str | None) -> str:
    """How far a column of Groups, times the count of each group, is from products added up over everyone."""
    terms = []
    for i, members in enumerate(_MEMBERS):
        share = f"*{COUNTS.cell(i, 0).ref}" if counted else ""
        product = f"{members}*{counted}" if counted else f"{members}*1"
        terms.append(f"ABS({block.cell(i, 0).ref}{share}-SUMPRODUCT({product}))")
    return "=" + "+".join(terms)


_LAST = COUNTS.area.bottom
EXERCISES = (
    Exercise(
        "Passengers",
        (COUNTS,),
        f"C5: how many passengers there are, as a count of the numbers in column A of Net that are above 0. "
        f"C6: of those, the women, with 0 in the column Male; and so for each group down to row {_LAST}. "
        "COUNTIFS takes as many conditions as a group needs.",
        "Each count is the sum, over everyone, of 1 for who belongs to the group and 0 for who does not.",
        _off(COUNTS, None),
    ),
    Exercise(
        "True rate",
        (TRUE_RATES,),
        f"E5: the share of the group that survived, of the counts in C5 and D5. Fill it down to row {_LAST}.",
        "The rate times the count is the number of survivors in the group, added up over everyone.",
        _off(TRUE_RATES, NET.target.ref),
        after="Passengers",
    ),
    Exercise(
        "Gap",
        (GAPS,),
        f"G5: the predicted rate less the true one. Fill it down to row {_LAST}.",
        "True rate and gap together are the predicted rate.",
        f"=SUMPRODUCT(ABS({TRUE_RATES.ref}+{GAPS.ref}-{TOLD_RATES.ref}))",
        after="True rate",
    ),
    Exercise(
        "Accuracy by group",
        (ACCURACIES,),
        "H5: the share of the group about whom the net is right (1 in column U of Net). Then each group down "
        f"to row {_LAST}, with its conditions.",
        "The share times the count is how often the net is right in the group, added up over everyone.",
        _off(ACCURACIES, NET.right.ref),
        after="Passengers",
    ),
)
