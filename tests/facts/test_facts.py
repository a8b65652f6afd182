"""Every figure of the lesson's sources, computed here; tables after the tests list fact, expected and got."""

import pytest

from tests.facts import card, cicf, excel_files, forest, micrograd, notebook_05, visual
from tests.facts.fact import Fact
from xlcicf.learn import layers

TABLES = [cicf, forest, excel_files, notebook_05, micrograd, visual, card]
SECTIONS = sorted((item for table in TABLES for item in table.FACTS.items()), key=lambda item: item[0])
FACTS = [(section, fact) for section, facts in SECTIONS for fact in facts]
NOT_REPRODUCED = [fact for table in TABLES for fact in table.NOT_REPRODUCED]


@pytest.mark.parametrize("section, fact", FACTS, ids=[f"{section}: {fact.what}" for section, fact in FACTS])
def test_a_published_figure_comes_out(section, fact, told):
    with layers.one_thread():
        got = fact.got()
    reason = f"  (within {fact.within:g}: {fact.because})" if fact.because else ""
    table = f"facts, section {section}: fact, expected, got"
    told(table, fact.what, fact.published, fact.shown(got) + reason)
    assert fact.comes_out(got)


@pytest.mark.parametrize("fact", NOT_REPRODUCED, ids=[fact.what for fact in NOT_REPRODUCED])
def test_a_figure_that_does_not_come_out_says_why(fact, told):
    assert fact.because
    got = "-"
    if fact.got:
        found = fact.got()
        assert not fact.comes_out(found), "it does come out: put it among the facts"
        got = fact.shown(found)
    told("facts that do not come out: fact, printed, got, why", fact.what, fact.published, got, fact.because)


@pytest.mark.parametrize(
    "published, got, comes_out",
    [
        (".25", 0.2549, True), (".25", 0.2551, False), ("20", 20, True), ("20", 20.001, False),
        ("3.82e-6", 3.824e-6, True), ("3.82e-6", 3.826e-6, False), ("13,002", 13002, True), ("1", float("nan"), False),
        ("1 2", [1, 2], True), ("1 2", [1], False), ("1", [1, 1], False), ("S", "S", True), ("S", "Q", False),
    ],
)  # fmt: skip
def test_a_figure_comes_out_if_it_rounds_to_what_was_printed(published, got, comes_out):
    assert Fact("", published, lambda: got).comes_out(got) is comes_out
