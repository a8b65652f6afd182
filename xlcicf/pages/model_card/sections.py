"""The model card: its sixteen sections and the questions of data ethics, as one table for sheet and README.

Headings, variables and roles are those of Hugging Face's annotated model card (hub-docs 242f4a1), the
questions those of fast.ai's data ethics course and of chapter 3 of its book; the words are ours. What
stands here knows neither books nor files: `Content` goes in, cells or Markdown come out.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

from xlcicf.sheet.page import add_page, allow, put
from xlcicf.sheet.style import GREEN, GREY, INK, RED, TENTH_PERCENT, TWO, WHOLE, tint_when

CARD, ETHICS = "Model card", "Data ethics"
DEVELOPER, SOCIOTECHNIC, ORGANISER = "developer", "sociotechnic", "project organiser"


@dataclass(frozen=True)
class Field:
    """One variable of the card: heading, who fills it, what belongs there; `part` is the heading above."""

    variable: str
    heading: str
    who: str
    hint: str
    part: str = ""
    optional: bool = False


@dataclass(frozen=True)
class Section:
    """One of the sixteen sections."""

    title: str
    fields: tuple[Field, ...] = ()
    optional: bool = False


ABOUT, SOURCES, PROCEDURE = "Model Description", "Model Sources", "Training Procedure"
TESTING, RESULTS, SOCIETY = "Testing Data, Factors & Metrics", "Results", "Societal Impact Assessment"

SECTIONS = (
    Section("Model Name", (
        Field("model_id", "Model ID", ORGANISER, "the name under which others find it"),
        Field("model_summary", "Summary", ORGANISER, "one or two sentences: what it takes and what it says"),
    )),
    Section("Table of Contents"),
    Section("Model Details", (
        Field("model_description", "Description", ORGANISER, "how it works, for someone new to it", ABOUT),
        Field("developers", "Developed by", ORGANISER, "the people who made it", ABOUT),
        Field("funded_by", "Funded by", ORGANISER, "who paid, in money or in time", ABOUT),
        Field("shared_by", "Shared by", ORGANISER, "who publishes it, if someone else", ABOUT, optional=True),
        Field("model_type", "Model type", ORGANISER, "the kind of model and what it learns from", ABOUT),
        Field("language", "Language(s)", ORGANISER, "of the texts it reads or writes, such as en", ABOUT),
        Field("license", "License", ORGANISER, "on which terms others may use it, such as mit", ABOUT),
        Field("base_model", "Finetuned from", ORGANISER, "the model it started from", ABOUT, optional=True),
        Field("repo", "Repository", ORGANISER, "where its files are", SOURCES, optional=True),
        Field("paper", "Paper", ORGANISER, "where it is described", SOURCES, optional=True),
        Field("demo", "Demo", ORGANISER, "where it can be tried", SOURCES, optional=True),
    )),
    Section("Uses", (
        Field("direct_use", "Direct Use", ORGANISER, "what it is good for as it is, and for whom"),
        Field("downstream_use", "Downstream Use", ORGANISER, "what can be built on it", optional=True),
        Field("out_of_scope_use", "Out-of-Scope Use", SOCIOTECHNIC, "what it must not be used for, and why"),
    )),
    Section("Bias, Risks, and Limitations", (
        Field("bias_risks_limitations", "Bias, risks, limitations", SOCIOTECHNIC,
              "whom it may harm and how; the developer adds where it fails"),
        Field("bias_recommendations", "Recommendations", SOCIOTECHNIC, "what users should do about that"),
    )),
    Section("Training Details", (
        Field("training_data", "Training Data", DEVELOPER, "which data, from where; how to know them again"),
        Field("preprocessing", "Preprocessing", DEVELOPER, "what was done to the data first", PROCEDURE,
              optional=True),
        Field("speeds_sizes_times", "Speeds, Sizes, Times", DEVELOPER, "optimiser, steps, time", PROCEDURE,
              optional=True),
    )),
    Section("Evaluation", (
        Field("testing_data", "Testing Data", DEVELOPER, "on which rows it was judged", TESTING),
        Field("testing_factors", "Factors", SOCIOTECHNIC, "for which groups results stand apart", TESTING),
        Field("testing_metrics", "Metrics", DEVELOPER, "what is measured, and why that", TESTING),
        Field("results", "Results", DEVELOPER, "the figures, whole and by group", RESULTS),
        Field("results_summary", "Summary", DEVELOPER, "what the figures say, in a sentence", RESULTS),
    )),
    Section("Model Examination", (
        Field("model_examination", "Model Examination", DEVELOPER, "what was seen inside it", optional=True),
    ), optional=True),
    Section("Environmental Impact", (
        Field("hardware_type", "Hardware Type", DEVELOPER, "on what it was trained"),
        Field("hours_used", "Hours used", DEVELOPER, "for how long"),
        Field("cloud_provider", "Cloud Provider", DEVELOPER, "whose machine it was; none if your own"),
        Field("cloud_region", "Compute Region", DEVELOPER, "where that machine stands"),
        Field("co2_emitted", "Carbon Emitted", DEVELOPER, "grams of CO2: kW × hours × grams per kWh"),
    )),
    Section("Technical Specifications", (
        Field("model_specs", "Model Architecture and Objective", DEVELOPER, "what is computed and optimised",
              optional=True),
        Field("compute_infrastructure", "Compute Infrastructure", DEVELOPER, "what ran where", optional=True),
        Field("hardware_requirements", "Hardware", DEVELOPER, "what is needed to run it", optional=True),
        Field("software", "Software", DEVELOPER, "with which versions", optional=True),
    ), optional=True),
    Section("Citation", (
        Field("citation_bibtex", "BibTeX", ORGANISER, "an entry for a list of references", optional=True),
        Field("citation_apa", "APA", ORGANISER, "the same as a line of text", optional=True),
    ), optional=True),
    Section("Glossary", (
        Field("glossary", "Glossary", ORGANISER, "words a reader may not know", optional=True),
    ), optional=True),
    Section("More Information", (
        Field("more_information", "More Information", ORGANISER, "where to read on", optional=True),
    ), optional=True),
    Section("Model Card Authors", (
        Field("model_card_authors", "Authors", ORGANISER, "who wrote this card", optional=True),
    ), optional=True),
    Section("Model Card Contact", (
        Field("model_card_contact", "Contact", ORGANISER, "whom to ask, and whom to tell of a mistake"),
    )),
    Section("How to Get Started with the Model", (
        Field("get_started_code", "Code", DEVELOPER, "the first lines that someone else would type"),
    )),
)  # fmt: skip

FIELDS = {one.variable: one for section in SECTIONS for one in section.fields}


@dataclass(frozen=True)
class Question:
    """A question of data ethics: a name to call it by, the question, and what would be evidence."""

    name: str
    text: str
    evidence: str


QUESTIONS = {
    "About the project": (
        Question("at all", "Should this be done at all?", "what happens if nobody does it"),
        Question("bias in the data", "Which bias is in the data?", "who is missing; how labels were made"),
        Question("audit", "Can others check code and data?", "where both can be had"),
        Question("sub-groups", "How large is the error for each group of people?", "a figure for each group"),
        Question("simple rule", "How good is a simple rule instead?", "the accuracy of such a rule"),
        Question("appeal", "How can a person object to a decision?", "whom they reach; what then happens"),
        Question("team", "Who made it, and who was not asked?", "who took part; whose view is missing"),
    ),
    "About the way it was made": (
        Question("interests", "Whose wishes were asked for, and whose were assumed?", "talks, letters, none"),
        Question("directly affected", "Who is affected directly?", "the people about whom it decides"),
        Question("indirectly affected", "Who is affected indirectly?", "families, colleagues, competitors"),
        Question("unexpected use", "Who might use it for something else?", "a use that you would not want"),
    ),
    "Five ways to look at it": (
        Question("rights", "Rights: does it respect the rights of all concerned?", "a right; how it is kept"),
        Question("justice", "Justice: does it treat people alike, or as they need?", "two groups compared"),
        Question("usefulness", "Usefulness: does it do most good and least harm?", "good and harm, for whom"),
        Question("common good", "Common good: does it serve everyone, not some only?", "what all gain by it"),
        Question("virtue", "Virtue: would you be proud to have made it?", "what you would tell a friend"),
    ),
}  # fmt: skip

ASKED = [question for questions in QUESTIONS.values() for question in questions]


@dataclass(frozen=True)
class Checked:
    """Cells as one number: a formula for what it is now, and what it was when the net was trained."""

    cells: str
    formula: str
    then: float


@dataclass(frozen=True)
class Results:
    """Results by group: headers, for each group a formula a column, and what these show now."""

    headers: tuple[str, ...]
    formulas: tuple[tuple[str, ...], ...]
    values: tuple[tuple, ...]


@dataclass(frozen=True)
class Content:
    """What a card says.

    known     variable -> what the run log says
    typed     variable -> what stood there or a person wrote; `known` goes first
    answers   name of a question -> (answer, evidence), each None where nobody has written it
    data      what the card's truth rests on besides the changing cells, and `weights` these
    """

    known: Mapping[str, str]
    typed: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)
    data: tuple[Checked, ...] = ()
    weights: tuple[Checked, ...] = ()
    results: Results | None = None

    def text(self, variable: str) -> str | None:
        """What stands in a field; None where it is empty."""
        return self.known.get(variable) or self.typed.get(variable) or None

    @property
    def empty(self) -> list[str]:
        """The fields that a card needs and nobody has filled."""
        return [name for name, one in FIELDS.items() if not one.optional and self.text(name) is None]

    @property
    def unanswered(self) -> list[str]:
        """The questions without evidence."""
        return [q.name for q in ASKED if not self.answers.get(q.name, (None, None))[1]]


# ---- as cells --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """One cell of a page. Only a `formula` begins a computation; any other text is text, whatever it is."""

    value: str | float | None
    style: str
    number_format: str | None = None
    formula: bool = False
    hint: str = ""


@dataclass(frozen=True)
class Page:
    """A sheet of the card: column -> width, address -> cell."""

    name: str
    title: str
    note: str
    widths: Mapping[str, float]
    cells: Mapping[str, Cell]

    @property
    def bottom(self) -> int:
        return max(int("".join(filter(str.isdigit, address))) for address in self.cells)


WRITE, OPTIONAL, LOG = "you", "you, if any", "run log"  # who fills a field, in column C
NAMES = "F"  # the column that says each field's variable, or each question's name
TEXT, EVIDENCE = "D", "D"  # the columns with what a card says, and with evidence
ANSWER = "C"  # on Data ethics
HEADER = 7
GOOD, BAD, OPEN = "D3", "D4", "D5"
CHECKS = "H"  # the first column of the tables on the right

FITS = "data and weights are those that the card tells of"
DATA_CHANGED = "the data changed after training: train again"
WEIGHTS_CHANGED = "the weights changed after training: train again, or take it back"
SAME, CHANGED = "same", "changed"
NEAR = 1e-10  # of the number itself; engines add up in different orders


def card_page(content: Content) -> Page:
    """The sheet *Model card*."""
    cells = {}
    heads = "field", "who fills it", "from", "what the card says", "what belongs here", "variable"
    for letter, head in zip("ABCDEF", heads, strict=True):
        cells[f"{letter}{HEADER}"] = Cell(head, "Column header")
    row = HEADER
    for number, section in enumerate(SECTIONS, 1):
        row += 1
        cells[f"A{row}"] = Cell(f"{number}. {section.title}{_if_any(section.optional)}", "Section")
        if not section.fields:
            cells[f"D{row}"] = Cell("written by xlcicf card, from the headings", "Page note")
        part = ""
        for one in section.fields:
            if one.part != part:
                row, part = row + 1, one.part
                cells[f"A{row}"] = Cell(part, "Page note")
            row += 1
            cells |= _field_cells(row, one, content)
        if section.title == "Evaluation":
            row += 1
            cells[f"A{row}"] = Cell(f"{SOCIETY} (optional)", "Label")
            cells[f"D{row}"] = Cell(f"the answers on the sheet {ETHICS}", "Page note")
    cells |= _check_cells(content, row)
    widths = {"A": 29, "B": 16, "C": 11, "D": 72, "E": 40, "F": 23, "G": 2, "H": 30} | dict.fromkeys(
        "IJKLMN", 13.0
    )
    return Page(
        CARD,
        "Model card: what a stranger should know before trusting this net",
        "Sixteen sections. The run log fills what it knows, people fill the rest. xlcicf card writes it all "
        "as README.md.",
        widths,
        cells,
    )


def _if_any(optional: bool) -> str:
    return " (optional)" if optional else ""


def _field_cells(row: int, one: Field, content: Content) -> dict[str, Cell]:
    known = bool(content.known.get(one.variable))
    source = LOG if known else OPTIONAL if one.optional else WRITE
    return {
        f"A{row}": Cell(one.heading + _if_any(one.optional), "Label"),
        f"B{row}": Cell(one.who, "Label"),
        f"C{row}": Cell(source, "Label"),
        f"D{row}": Cell(content.text(one.variable), "Data" if known else "Setting", hint=one.hint),
        f"E{row}": Cell(one.hint, "Page note"),
        f"F{row}": Cell(one.variable, "Page note"),
    }


def _check_cells(content: Content, last: int) -> dict[str, Cell]:
    """The status on top, and on the right the numbers behind it and the results by group."""
    cells = {}
    lines = {"data": content.data, "weights": content.weights}
    cells["H6"] = Cell("Are data and weights those of the training?", "Section")
    heads = ("cells", "what", "as a number now", "when trained", "the same?")
    cells |= {
        f"{letter}{HEADER}": Cell(head, "Column header") for letter, head in zip("HIJKL", heads, strict=True)
    }
    row, spans = HEADER, {}
    for what, checked in lines.items():
        first = row + 1
        for one in checked:
            row += 1
            same = f"ABS(J{row}-K{row})<={NEAR:.0E}*MAX(1,ABS(K{row}))"
            judged = f'=IF(ISNUMBER(J{row}),IF({same},"{SAME}","{CHANGED}"),"{CHANGED}")'
            cells |= {
                f"H{row}": Cell(one.cells, "Label"),
                f"I{row}": Cell(what, "Label"),
                f"J{row}": Cell(one.formula, "Formula", TWO, formula=True),
                f"K{row}": Cell(one.then, "Data", TWO),
                f"L{row}": Cell(judged, "Formula", formula=True),
            }
        spans[what] = f'COUNTIF($L${first}:$L${max(first, row)},"{CHANGED}")>0'
    bad = f'=IF({spans["data"]},"{DATA_CHANGED}",IF({spans["weights"]},"{WEIGHTS_CHANGED}",""))'
    empty = f'SUMPRODUCT(($C${HEADER + 1}:$C${last}="{WRITE}")*($D${HEADER + 1}:$D${last}=""))'
    cells |= {
        "A3": Cell("Is the card still true?", "Label"),
        GOOD: Cell(f'=IF({BAD}="","{FITS}","")', "Good", formula=True),
        BAD: Cell(bad, "Bad", formula=True),
        "A5": Cell("Is it complete?", "Label"),
        OPEN: Cell(f'={empty}&" fields wait for a person"', "Page note", formula=True),
    }
    return cells | _result_cells(content.results, row + 3) if content.results else cells


def _result_cells(results: Results, top: int) -> dict[str, Cell]:
    letters = "HIJKLMN"
    cells = {f"H{top}": Cell("Results by group, live", "Section")}
    heads = zip(letters, results.headers, strict=False)
    cells |= {f"{letter}{top + 1}": Cell(head, "Column header") for letter, head in heads}
    for row, (formulas, values) in enumerate(zip(results.formulas, results.values, strict=True), top + 2):
        for letter, formula, value in zip(letters, formulas, values, strict=False):
            look = _number_format(value)
            cells[f"{letter}{row}"] = Cell(formula, "Formula", look, formula=True)
    return cells


def _number_format(value: object) -> str | None:
    if not isinstance(value, float):
        return None
    return WHOLE if value.is_integer() and abs(value) > 1 else TENTH_PERCENT


def ethics_page(content: Content) -> Page:
    """The sheet *Data ethics*."""
    cells = {"A3": Cell("Is it complete?", "Label")}
    heads = ("", "question", "answer", "evidence: a figure, a cell, a name", "what would be evidence", "name")
    cells |= {
        f"{letter}4": Cell(head, "Column header")
        for letter, head in zip("ABCDEF", heads, strict=True)
        if head
    }
    row, number = 4, 0
    for title, questions in QUESTIONS.items():
        row += 1
        cells[f"A{row}"] = Cell(title, "Section")
        for question in questions:
            row, number = row + 1, number + 1
            answer, evidence = content.answers.get(question.name, (None, None))
            live = isinstance(evidence, str) and evidence.startswith("=")
            cells |= {
                f"A{row}": Cell(f"{number}.", "Label"),
                f"B{row}": Cell(question.text, "Text"),
                f"C{row}": Cell(answer, "Setting", hint="In a sentence or two."),
                f"D{row}": Cell(
                    evidence, "Formula" if live else "Setting", formula=live, hint=question.evidence
                ),
                f"E{row}": Cell(question.evidence, "Page note"),
                f"F{row}": Cell(question.name, "Page note"),
            }
    empty = f'SUMPRODUCT(($F$5:$F${row}<>"")*($D$5:$D${row}=""))'
    cells["C3"] = Cell(
        f'={empty}&" of {len(ASKED)} questions have no evidence yet"', "Page note", formula=True
    )
    return Page(
        ETHICS,
        "Data ethics: sixteen questions to answer before anyone uses it",
        "Seven about the project, four about the way it was made, five ways to look at it. An answer counts "
        "with evidence beside it.",
        {"A": 5, "B": 44, "C": 48, "D": 48, "E": 32, "F": 20},
        cells,
    )


# ---- into a workbook of openpyxl's -----------------------------------------------------------------------

_LONG = {"type": "textLength", "operator": "lessThanOrEqual", "formula1": "3000"}
_WRAPPED = Alignment(horizontal="left", vertical="center", wrap_text=True, indent=1)
_COLOURS = {"Good": GREEN, "Bad": RED}


def write_card(workbook: Workbook, content: Content) -> None:
    """Adds the sheets *Model card* and *Data ethics*."""
    for page, frozen in ((card_page(content), "A8"), (ethics_page(content), "A5")):
        ws = add_page(
            workbook,
            page.name,
            page.title,
            page.note,
            widths=" ".join(f"{letter}={width}" for letter, width in page.widths.items()),
            print_area=f"A1:E{page.bottom}",
            frozen=frozen,
            zoom=90,
        )
        for address, cell in page.cells.items():
            _write_cell(ws, address, cell)
        _set_heights(ws, page)
    ws = workbook[CARD]
    tint_when(ws, GOOD, f'{GOOD}<>""', good=True)
    tint_when(ws, BAD, f'{BAD}<>""', good=False)
    same = f"$L${HEADER + 1}:$L${HEADER + len(content.data) + len(content.weights)}"
    tint_when(ws, same, f'L{HEADER + 1}="{CHANGED}"', good=False)


def _write_cell(ws: Worksheet, address: str, cell: Cell) -> None:
    style = "Label" if cell.style in _COLOURS else cell.style
    put(ws, address, cell.value, style, cell.number_format)
    target = ws[address]
    if isinstance(cell.value, str) and not cell.formula:
        target.data_type = "s"
    if cell.style in _COLOURS:
        target.font = Font(name="Arial", size=10, bold=True, color=_COLOURS[cell.style])
    if cell.hint:
        target.alignment = _WRAPPED
        target.font = Font(name="Arial", size=10, color=INK)
        if cell.style == "Setting":
            allow(ws, address, cell.hint[0].upper() + cell.hint[1:] + ".", _LONG)
    elif cell.style == "Text":
        target.alignment = _WRAPPED
    elif cell.style == "Page note" and address[0] == "E":
        target.alignment = _WRAPPED
        target.font = Font(name="Arial", size=9, color=GREY)


def _set_heights(ws: Worksheet, page: Page) -> None:
    """Each row as high as the longest of its texts needs."""
    for address, cell in page.cells.items():
        if cell.hint or cell.style == "Text":
            letter, row = address[0], int(address[1:])
            room = page.widths[letter] * 1.15
            text = "" if cell.formula else str(cell.value or "")
            lines = 2 if cell.formula else sum(1 + int(len(line) / room) for line in text.split("\n"))
            height = max(ws.row_dimensions[row].height or 15, 4 + 13 * lines)
            ws.row_dimensions[row].height = height


# ---- as Markdown -----------------------------------------------------------------------------------------


def markdown(content: Content) -> str:
    """The card as the body of a README.md: sixteen sections in order; what is missing is said."""
    return "\n".join(_markdown_lines(content)).rstrip() + "\n"


def _markdown_lines(content: Content) -> Iterator[str]:
    name, contents, *others = SECTIONS
    yield f"# Model Card for {content.text('model_id')}\n"
    yield f"{_shown(content, 'model_summary')}\n"
    yield f"## {contents.title}\n"
    yield from (f"- [{section.title}](#{_anchor(section.title)})" for section in others)
    yield ""
    for section in others:
        yield f"## {section.title}\n"
        part = ""
        for one in section.fields:
            if one.part != part:
                part = one.part
                yield f"### {part}\n"
            shown = _shown(content, one.variable)
            is_alone = len(section.fields) == 1 or one.heading == one.part
            yield f"{shown}\n" if is_alone else f"**{one.heading}:** {shown}\n"
            if one.variable == "results" and content.results:
                yield from _table(content.results)
        if section.title == "Evaluation":
            yield f"### {SOCIETY}\n"
            yield from _ethics_table(content)


def _shown(content: Content, variable: str) -> str:
    one, text = FIELDS[variable], content.text(variable)
    if text is None:
        return "[none given]" if one.optional else f"[to be filled by the {one.who}]"
    return _fenced(text) if variable == "get_started_code" else _escaped(text)


def _fenced(code: str) -> str:
    """A block of code, in a fence that the code itself does not end."""
    fence = "```"
    while fence in code:
        fence += "`"
    return f"{fence}sh\n{code}\n{fence}"


def _escaped(text: str) -> str:
    """Text as Markdown shows it: no HTML, and no line that makes a heading or a list."""
    lines = _without_html(text).split("\n")
    return "  \n".join(f"\\{line}" if line[:1] in ("#", "-", "=", "`", "~") else line for line in lines)


def _without_html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _anchor(title: str) -> str:
    """The anchor that Markdown readers give a heading."""
    return "".join(c for c in title.lower() if c.isalnum() or c in " -").replace(" ", "-")


def _row(cells: Iterable) -> str:
    """A row of a table, each cell on one line."""
    texts = (_without_html(str(cell)).replace("|", "\\|").replace("\n", " ") for cell in cells)
    return f"| {' | '.join(texts)} |"


def _table(results: Results) -> Iterator[str]:
    yield _row(results.headers)
    yield f"|{'---|' * len(results.headers)}"
    for values in results.values:
        yield _row(_as_text(value) for value in values)
    yield ""


def _as_text(value: object) -> str:
    if not isinstance(value, float):
        return str(value or "")
    return f"{value:.0f}" if _number_format(value) == WHOLE else f"{value:.1%}"


def _ethics_table(content: Content) -> Iterator[str]:
    yield _row(("question", "answer", "evidence"))
    yield "|---|---|---|"
    for question in ASKED:
        answer, evidence = content.answers.get(question.name, (None, None))
        yield _row((question.text, answer or "[open]", evidence or "[open]"))
    yield ""
