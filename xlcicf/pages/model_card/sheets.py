"""The model card as two pages: *Model card*, which says whether it is still true, and *Data ethics*."""

from xlcicf.formula.address import cell_address
from xlcicf.pages.model_card.content import Content, is_count
from xlcicf.pages.model_card.sections import ASKED, QUESTIONS, SECTIONS, SOCIETY, Field, Question
from xlcicf.pages.model_card.trained_book import Groups
from xlcicf.sheet.page_value import Page, PageCell, Tint
from xlcicf.sheet.style import TENTH_PERCENT, TWO, WHOLE

CARD, ETHICS = "Model card", "Data ethics"

# On Model card, column by column; field and question have their names in the same column
SOURCE, TEXT, NAMES = "C", "D", "F"
HEADER = 7
GOOD, BAD, OPEN = "D3", "D4", "D5"
CHECKS = f"H{HEADER + 1}"  # the corner of the tables on the right
# On Data ethics
ANSWER, EVIDENCE = "C", "D"

WRITE, OPTIONAL, LOG = "you", "you, if any", "run log"  # who fills a field
FITS = "data and weights are those that the card tells of"
DATA_CHANGED = "the data changed after training: train again"
WEIGHTS_CHANGED = "the weights changed after training: train again, or take it back"
SAME, CHANGED = "same", "changed"
NEAR = 1e-10  # of the number itself; engines add up in different orders


# ---- Model card ------------------------------------------------------------------------------------------


def card_page(content: Content) -> Page:
    """The sheet *Model card*."""
    heads = "field", "who fills it", "from", "what the card says", "what belongs here", "variable"
    cells = _header("ABCDEF", HEADER, heads)
    row = HEADER
    for number, section in enumerate(SECTIONS, 1):
        row += 1
        cells[f"A{row}"] = PageCell(f"{number}. {section.title}{_if_any(section.optional)}", "Section")
        if not section.fields:
            cells[f"D{row}"] = PageCell("written by xlcicf card, from the headings", "Page note")
        part = ""
        for one in section.fields:
            if one.part != part:
                row, part = row + 1, one.part
                cells[f"A{row}"] = PageCell(part, "Page note")
            row += 1
            cells |= _field_cells(row, one, content)
        if section.title == "Evaluation":
            row += 1
            cells[f"A{row}"] = PageCell(f"{SOCIETY} (optional)", "Label")
            cells[f"D{row}"] = PageCell(f"the answers on the sheet {ETHICS}", "Page note")
    cells |= _check_cells(content) | _status_cells(content, row)
    if content.results:
        cells |= _result_cells(content.results, HEADER + _checks(content) + 3)
    same = f"$L${HEADER + 1}:$L${HEADER + _checks(content)}"
    return Page(
        CARD,
        "Model card: what a stranger should know before trusting this net",
        "Sixteen sections. The run log fills what it knows, people fill the rest. xlcicf card writes it all "
        "as a file that Hugging Face reads.",
        {"A": 38, "B": 16, "C": 11, "D": 72, "E": 40, "F": 23, "G": 2, "H": 30}
        | dict.fromkeys("IJKLMN", 13.0),
        cells,
        tints=(
            Tint(GOOD, f'{GOOD}<>""', good=True),
            Tint(BAD, f'{BAD}<>""', good=False),
            Tint(same, f'L{HEADER + 1}="{CHANGED}"', good=False),
        ),
        key=NAMES,
        ours=CHECKS,
        frozen=f"A{HEADER + 1}",
        printed="E",
    )


def _header(letters: str, row: int, texts: tuple[str, ...], fact: bool = False) -> dict[str, PageCell]:
    heads = zip(letters, texts, strict=False)
    return {f"{letter}{row}": PageCell(text, "Column header", fact=fact) for letter, text in heads if text}


def _if_any(optional: bool) -> str:
    return " (optional)" if optional else ""


def _field_cells(row: int, one: Field, content: Content) -> dict[str, PageCell]:
    known, text = bool(content.known.get(one.variable)), content.text(one.variable)
    source = LOG if known else OPTIONAL if one.optional else WRITE
    return {
        f"A{row}": PageCell(one.heading + _if_any(one.optional), "Label"),
        f"B{row}": PageCell(one.who, "Label"),
        f"{SOURCE}{row}": PageCell(source, "Label", fact=known),
        f"{TEXT}{row}": PageCell(text, "Data", wrap=True, fact=True) if known else _typed(text, one.hint),
        f"E{row}": PageCell(one.hint, "Page note", wrap=True),
        f"{NAMES}{row}": PageCell(one.variable, "Page note"),
    }


def _typed(text: str | None, hint: str) -> PageCell:
    """A cell for a person to fill."""
    return PageCell(text, "Setting", wrap=True, hint=f"{hint[0].upper()}{hint[1:]}.")


def _status_cells(content: Content, last: int) -> dict[str, PageCell]:
    """On top: do data and weights still fit, and how many fields down to row `last` wait for a person."""
    first = HEADER + 1
    data = _some_changed(first, len(content.data))
    weights = _some_changed(first + len(content.data), len(content.weights))
    bad = f'=IF({data},"{DATA_CHANGED}",IF({weights},"{WEIGHTS_CHANGED}",""))'
    waits = f'SUMPRODUCT(($C${first}:$C${last}="{WRITE}")*($D${first}:$D${last}=""))'
    return {
        "A3": PageCell("Is the card still true?", "Label"),
        GOOD: PageCell(f'=IF({BAD}="","{FITS}","")', "Good", formula=True, fact=True),
        BAD: PageCell(bad, "Bad", formula=True, fact=True),
        "A5": PageCell("Is it complete?", "Label"),
        OPEN: PageCell(f'={waits}&" fields wait for a person"', "Page note", formula=True),
    }


def _some_changed(first: int, count: int) -> str:
    return f'COUNTIF($L${first}:$L${first + max(count, 1) - 1},"{CHANGED}")>0'


def _checks(content: Content) -> int:
    return len(content.data) + len(content.weights)


def _check_cells(content: Content) -> dict[str, PageCell]:
    """The table behind the status: each area of data and weights as a number, now and when trained."""
    heads = "cells", "what", "as a number now", "when trained", "the same?"
    cells = {"H6": PageCell("Are data and weights those of the training?", "Section")}
    cells |= _header("HIJKL", HEADER, heads)
    checked = [("data", one) for one in content.data] + [("weights", one) for one in content.weights]
    for row, (what, one) in enumerate(checked, HEADER + 1):
        same = f"ABS(J{row}-K{row})<={NEAR:.0E}*MAX(1,ABS(K{row}))"
        judged = f'=IF(ISNUMBER(J{row}),IF({same},"{SAME}","{CHANGED}"),"{CHANGED}")'
        cells |= {
            f"H{row}": PageCell(one.area.address, "Label", fact=True),
            f"I{row}": PageCell(what, "Label", fact=True),
            f"J{row}": PageCell(one.formula, "Formula", TWO, formula=True, fact=True),
            f"K{row}": PageCell(one.value, "Data", TWO, fact=True),
            f"L{row}": PageCell(judged, "Formula", formula=True, fact=True),
        }
    return cells


def _result_cells(results: Groups, top: int) -> dict[str, PageCell]:
    """The book's own table of results by group, as formulas that show it."""
    letters = "HIJKLMN"
    cells = {f"H{top}": PageCell("Results by group, live", "Section", fact=True)}
    cells |= _header(letters, top + 1, results.headers, fact=True)
    area = results.cells
    for number, values in enumerate(results.values):
        for letter, col, value in zip(letters, range(area.left, area.right + 1), values, strict=False):
            shown = f"={cell_address(area.sheet, area.top + number, col)}"
            look = _number_format(value)
            cells[f"{letter}{top + 2 + number}"] = PageCell(shown, "Formula", look, formula=True, fact=True)
    return cells


def _number_format(value: object) -> str | None:
    if not isinstance(value, float):
        return None
    return WHOLE if is_count(value) else TENTH_PERCENT


# ---- Data ethics -----------------------------------------------------------------------------------------


def ethics_page(content: Content) -> Page:
    """The sheet *Data ethics*."""
    heads = ("", "question", "answer", "evidence: a figure, a cell, a name", "what would be evidence", "name")
    cells = {"A3": PageCell("Is it complete?", "Label")} | _header("ABCDEF", 4, heads)
    row, number = 4, 0
    for title, questions in QUESTIONS.items():
        row += 1
        cells[f"A{row}"] = PageCell(title, "Section")
        for question in questions:
            row, number = row + 1, number + 1
            cells |= _question_cells(row, number, question, content)
    empty = f'SUMPRODUCT(($F$5:$F${row}<>"")*($D$5:$D${row}=""))'
    count = f'={empty}&" of {len(ASKED)} questions have no evidence yet"'
    cells["C3"] = PageCell(count, "Page note", formula=True)
    return Page(
        ETHICS,
        "Data ethics: sixteen questions to answer before anyone uses it",
        "Seven about the project, four about the way it was made, five ways to look at it. An answer counts "
        "with evidence beside it.",
        {"A": 5, "B": 44, "C": 48, "D": 48, "E": 32, "F": 20},
        cells,
        key=NAMES,
        frozen="A5",
        printed="E",
    )


def _question_cells(row: int, number: int, question: Question, content: Content) -> dict[str, PageCell]:
    answer, evidence = content.answers.get(question.name, (None, None))
    live = isinstance(evidence, str) and evidence.startswith("=")
    return {
        f"A{row}": PageCell(f"{number}.", "Label"),
        f"B{row}": PageCell(question.text, "Text", wrap=True),
        f"{ANSWER}{row}": _typed(answer, "in a sentence or two"),
        f"{EVIDENCE}{row}": PageCell(evidence, "Formula", wrap=True, formula=True)
        if live
        else _typed(evidence, question.evidence),
        f"E{row}": PageCell(question.evidence, "Page note", wrap=True),
        f"{NAMES}{row}": PageCell(question.name, "Page note"),
    }
