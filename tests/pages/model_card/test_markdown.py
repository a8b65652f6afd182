"""The card as Markdown: what Hugging Face reads, and that no text of a person's becomes structure."""

import html
import re
from dataclasses import replace

import pytest
import yaml
from huggingface_hub import ModelCard
from hypothesis import given
from hypothesis import strategies as st

from tests.pages.model_card.test_content import RUN
from tests.pages.model_card.test_sections import PUBLISHED
from tests.pages.model_card.test_sheets import RESULTS
from xlcicf.host import open_book
from xlcicf.pages.model_card import in_book
from xlcicf.pages.model_card.content import Content, known_texts
from xlcicf.pages.model_card.markdown import body, card_text
from xlcicf.pages.model_card.sections import ASKED, FIELDS, SOCIOTECHNIC
from xlcicf.pages.model_card.trained_book import TrainedBook
from xlcicf.solve import History

KEYS = {
    "language", "license", "license_name", "license_link", "library_name", "tags", "datasets", "buckets", "metrics",
    "base_model", "model-index", "pipeline_tag", "model_name",
}  # hub-docs 242f4a1, modelcard.md  # fmt: skip


def head(**typed) -> dict:
    trained = TrainedBook("fit.xlsx", RUN, {}, (), (), (), None, {}, True)
    return ModelCard(card_text(trained, Content({"model_id": "fit"}, typed))).data.to_dict()


def test_the_head_is_such_as_hugging_face_reads_with_the_books_own_figures(trained):
    book = open_book(trained)
    made = in_book.collect(book, History.beside(trained))
    text = card_text(made.trained, made.content)
    loaded = ModelCard(text)
    read = yaml.safe_load(text.split("---\n")[1])
    assert read.keys() <= KEYS and read == loaded.data.to_dict()
    (index,) = read["model-index"]
    for result in index["results"]:
        assert result["task"]["type"] and result["dataset"].keys() >= {"type", "name"}
        assert all(metric.keys() >= {"type", "value"} for metric in result["metrics"])
    found = {(r.dataset_split, r.metric_type): r.metric_value for r in loaded.data.eval_results}
    net = book.sheets["Net"]
    assert found["train", "mse"] == pytest.approx(net["P5"].value, abs=1e-12)
    assert [found["train", "accuracy"], found["test", "mse"], found["test", "accuracy"]] == [
        net["P6"].value, net["Q5"].value, net["Q6"].value,
    ]  # fmt: skip


def test_a_book_without_an_accuracy_is_a_regression():
    data = head()
    assert data["pipeline_tag"] == "tabular-regression" and data["metrics"] == ["loss"]
    assert data["model-index"][0]["results"][0]["metrics"][0]["value"] == RUN["after"]


@pytest.mark.parametrize(
    "typed, expected",
    [("MIT", {"license": "mit"}), ("ask us first", {"license": "other", "license_name": "ask us first"})],
)
def test_licence_and_languages_typed_into_the_sheet_stand_in_the_head(typed, expected):
    data = head(license=typed, language="en, de")
    assert data["language"] == ["en", "de"] and data.items() >= expected.items()


def headings(text: str) -> list[str]:
    return [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]


def test_the_body_has_the_sections_in_order_and_says_who_is_to_fill_what_is_missing():
    text = body(Content({"model_id": "net"}))
    assert ["Model Name", *headings(text)] == list(PUBLISHED)
    assert text.startswith("# Model Card for net\n")
    assert text.count("[to be filled by the sociotechnic]") == sum(
        one.who == SOCIOTECHNIC for one in FIELDS.values()
    )
    assert text.count("[open]") == 2 * len(ASKED)


@given(st.text(max_size=60))
def test_whatever_is_typed_adds_no_heading(text):
    typed = dict.fromkeys(FIELDS, text)
    made = body(Content({}, typed, {ASKED[0].name: (text, text)}))
    lines = made.split("\n")
    assert [line for line in lines if line.startswith("## ")] == [
        f"## {title}" for title in list(PUBLISHED)[1:]
    ]
    assert sum(line.startswith("| ") for line in lines) == 1 + len(ASKED)


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "[here](https://evil.example)", "me@evil.example"]
)
def test_a_cells_text_is_no_link_and_no_html(text):
    markdown_it = pytest.importorskip(
        "markdown_it", reason="markdown-it-py is missing: pip install '.[test]'"
    )
    pytest.importorskip("linkify_it", reason="linkify-it-py is missing: pip install '.[test]'")
    results = replace(RESULTS, headers=(text, "passengers", "accuracy"))
    answers = {ASKED[0].name: (text, text)}
    made = body(Content({}, dict.fromkeys(FIELDS, text), answers, results=results))
    shown = markdown_it.MarkdownIt("gfm-like", {"html": True}).render(made)
    assert "<script" not in shown and "<img" not in shown
    links = re.findall('<a href="([^"]*)"', shown)
    assert links and all(link.startswith("#") for link in links)  # the table of contents
    assert html.unescape(re.sub("<[^>]*>", "", shown)).count(text) == len(FIELDS) + 3


def test_a_name_with_a_space_is_one_word_of_the_commands():
    trained = TrainedBook("my net.xlsx", RUN, {}, (), (), (), None, {}, True)
    assert known_texts(trained)["get_started_code"].startswith(
        "xlcicf check 'my net.xlsx'\nxlcicf train 'my net.xlsx' "
    )


def test_results_by_group_stand_as_figures():
    assert "| women | 314 | 82.5% |" in body(Content({}, results=RESULTS))
