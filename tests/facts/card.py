"""Sections 7.6 and 7.7: Hugging Face's annotated model card and the questions of data ethics, in model_card.xlsx."""

from tests.facts import books
from tests.facts.fact import Fact, NotReproduced
from xlcicf.pages.model_card import sections, sheets

HEADINGS = (
    "Model Name, Table of Contents, Model Details, Uses, Bias, Risks, and Limitations, Training Details, Evaluation, "
    "Model Examination, Environmental Impact, Technical Specifications, Citation, Glossary, More Information, "
    "Model Card Authors, Model Card Contact, How to Get Started with the Model"
)
VARIABLES = (
    "model_id model_summary model_description developers funded_by shared_by model_type language license base_model "
    "repo paper demo direct_use downstream_use out_of_scope_use bias_risks_limitations bias_recommendations "
    "training_data preprocessing speeds_sizes_times testing_data testing_factors testing_metrics results "
    "results_summary model_examination hardware_type hours_used cloud_provider cloud_region co2_emitted model_specs "
    "compute_infrastructure hardware_requirements software citation_bibtex citation_apa glossary more_information "
    "model_card_authors model_card_contact get_started_code"
)


def column(sheet: str, letters: str) -> list[str]:
    """The texts saved in a column of the shipped book, from the top."""
    cells = books.saved("model_card")
    rows = sorted(
        (int(digits), text)
        for cell, text in cells.items()
        if cell.startswith(f"'{sheet}'!{letters}")
        and (digits := cell.partition(f"!{letters}")[2]).isdigit()
        and isinstance(text, str)
    )
    return [text for _, text in rows]


def headings() -> str:
    numbered = [text for text in column(sheets.CARD, "A") if text.partition(".")[0].isdigit()]
    return ", ".join(text.partition(". ")[2].removesuffix(" (optional)") for text in numbered)


def asked() -> list[int]:
    """How many questions of each kind stand on Data ethics."""
    names = column(sheets.ETHICS, sheets.NAMES)
    return [
        sum(question.name in names for question in questions) for questions in sections.QUESTIONS.values()
    ]


FACTS = {
    "7.6": [
        Fact("headings, in order", HEADINGS, headings),
        Fact("variables, in order, each once", VARIABLES, lambda: " ".join(v for v in column(sheets.CARD, "F") if v != "variable")),
        Fact("who fills them", "developer, project organiser, sociotechnic", lambda: ", ".join(sorted({v for v in column(sheets.CARD, "B") if v != "who fills it"}))),
    ],
    "7.7": [Fact("questions on project, process; lenses", "7 4 5", asked)],
}  # fmt: skip
NOT_REPRODUCED: list[NotReproduced] = []
