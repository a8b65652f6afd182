"""The card's table against the published annotated card, and what it makes of texts of any kind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlcicf.pages.model_card import sections
from xlcicf.pages.model_card.sections import (
    FIELDS,
    QUESTIONS,
    SECTIONS,
    Content,
    Results,
    card_page,
    ethics_page,
    markdown,
)

# hub-docs 242f4a1, modelcard-annotated: the sections in order with their variables
PUBLISHED = {
    "Model Name": "model_id model_summary",
    "Table of Contents": "",
    "Model Details": "model_description developers funded_by shared_by model_type language license base_model repo paper demo",
    "Uses": "direct_use downstream_use out_of_scope_use",
    "Bias, Risks, and Limitations": "bias_risks_limitations bias_recommendations",
    "Training Details": "training_data preprocessing speeds_sizes_times",
    "Evaluation": "testing_data testing_factors testing_metrics results results_summary",
    "Model Examination": "model_examination",
    "Environmental Impact": "hardware_type hours_used cloud_provider cloud_region co2_emitted",
    "Technical Specifications": "model_specs compute_infrastructure hardware_requirements software",
    "Citation": "citation_bibtex citation_apa",
    "Glossary": "glossary",
    "More Information": "more_information",
    "Model Card Authors": "model_card_authors",
    "Model Card Contact": "model_card_contact",
    "How to Get Started with the Model": "get_started_code",
}  # fmt: skip


def headings(text: str) -> list[str]:
    return [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]


def test_the_sections_and_variables_are_those_published_in_their_order_each_once():
    ours = {section.title: " ".join(one.variable for one in section.fields) for section in SECTIONS}
    assert list(ours.items()) == list(PUBLISHED.items())
    variables = " ".join(PUBLISHED.values()).split()
    assert len(variables) == len(set(variables)) == len(FIELDS)


def test_the_roles_are_the_cards_own():
    assert {one.who for one in FIELDS.values()} == {"developer", "sociotechnic", "project organiser"}


def test_the_questions_are_seven_four_and_five():
    assert [len(questions) for questions in QUESTIONS.values()] == [7, 4, 5]
    assert len({question.name for question in sections.ASKED}) == 16


def test_the_sheet_has_the_sections_in_order_and_each_variable_once():
    cells = card_page(Content({})).cells
    shown = [cell.value for address, cell in cells.items() if address[0] == "A" and cell.style == "Section"]
    assert [text.partition(". ")[2].removesuffix(" (optional)") for text in shown] == list(PUBLISHED)
    named = [
        cell.value
        for address, cell in cells.items()
        if address[0] == "F" and address != f"F{sections.HEADER}"
    ]
    assert named == list(FIELDS)


def test_the_readme_has_the_sections_in_order_and_says_who_is_to_fill_what_is_missing():
    text = markdown(Content({"model_id": "net"}))
    assert ["Model Name", *headings(text)] == list(PUBLISHED)
    assert text.startswith("# Model Card for net\n")
    assert text.count("[to be filled by the sociotechnic]") == sum(
        one.who == sections.SOCIOTECHNIC for one in FIELDS.values()
    )
    assert text.count("[open]") == 2 * len(sections.ASKED)


def test_what_the_run_log_knows_goes_before_what_stood_there():
    content = Content({"software": "new"}, {"software": "old", "license": "mit", "demo": ""})
    assert [content.text(name) for name in ("software", "license", "demo")] == ["new", "mit", None]
    assert "license" not in content.empty and "developers" in content.empty


@given(st.text(max_size=60))
def test_whatever_is_typed_adds_no_heading_to_the_readme(text):
    typed = dict.fromkeys(FIELDS, text)
    made = markdown(Content({}, typed, {sections.ASKED[0].name: (text, text)}))
    lines = made.split("\n")
    assert [line for line in lines if line.startswith("## ")] == [
        f"## {title}" for title in list(PUBLISHED)[1:]
    ]
    assert sum(line.startswith("| ") for line in lines) == 1 + len(sections.ASKED)
    assert "<script" not in markdown(Content({}, {"demo": "<script>alert(1)</script>"}))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx"])
def test_only_what_is_marked_so_is_a_formula(text):
    page = card_page(Content({"software": text}, {"license": text}))
    cells = [cell for cell in page.cells.values() if cell.value == text]
    assert len(cells) == 2 and not any(cell.formula for cell in cells)


def test_results_by_group_stand_as_formulas_in_the_sheet_and_as_figures_in_the_readme():
    results = Results(
        ("group", "passengers", "accuracy"), (("=G!B6", "=G!C6", "=G!H6"),), (("women", 314.0, 0.825),)
    )
    cells = card_page(Content({}, results=results)).cells.values()
    assert {cell.value for cell in cells if cell.formula} >= {"=G!B6", "=G!C6", "=G!H6"}
    assert "| women | 314 | 82.5% |" in markdown(Content({}, results=results))


def test_an_answer_with_a_formula_as_evidence_is_live():
    name = sections.ASKED[3].name
    cells = ethics_page(Content({}, answers={name: ("yes", "=A1")})).cells.values()
    assert [cell.formula for cell in cells if cell.value == "=A1"] == [True]
