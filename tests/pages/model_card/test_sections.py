"""The card's table against the published annotated card."""

from xlcicf.pages.model_card.sections import ASKED, FIELDS, QUESTIONS, SECTIONS

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


def test_the_sections_and_variables_are_those_published_in_their_order_each_once():
    ours = {section.title: " ".join(one.variable for one in section.fields) for section in SECTIONS}
    assert list(ours.items()) == list(PUBLISHED.items())
    variables = " ".join(PUBLISHED.values()).split()
    assert len(variables) == len(set(variables)) == len(FIELDS)


def test_the_roles_are_the_cards_own():
    assert {one.who for one in FIELDS.values()} == {"developer", "sociotechnic", "project organiser"}


def test_the_questions_are_seven_four_and_five():
    assert [len(questions) for questions in QUESTIONS.values()] == [7, 4, 5]
    assert len({question.name for question in ASKED}) == 16
