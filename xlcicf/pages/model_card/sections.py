"""The model card's sixteen sections with their fields, and the questions of data ethics: one table for all.

Headings, variables and roles are those of Hugging Face's annotated model card (hub-docs 242f4a1), the
questions those of fast.ai's data ethics course and of chapter 3 of its book; the words are ours.
"""

from dataclasses import dataclass

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
