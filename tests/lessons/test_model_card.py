"""model_card.xlsx: its card beside its run, pandas and the command that writes it; what it tells a reader to
try. What every lesson book promises is tested in test_books.py."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import ModelCard

from tests import oracles
from tests.lessons.live import Live
from xlcicf import cli
from xlcicf.host import open_book
from xlcicf.learn import titanic
from xlcicf.pages.model_card import in_book
from xlcicf.pages.model_card.sections import ASKED, FIELDS
from xlcicf.pages.model_card.sheets import FITS
from xlcicf.sheet import parity_block
from xlcicf.solve import History

BOOK = Path(__file__).parents[2] / "workbooks" / "model_card.xlsx"
RUN = titanic.run()
PEOPLE = titanic.filled()
GROUPS = {
    "everyone": PEOPLE.Age > 0,
    "women": PEOPLE.Sex == "female",
    "men": PEOPLE.Sex == "male",
    **{f"class {i}": PEOPLE.Pclass == i for i in (1, 2, 3)},
    "children, under 16": PEOPLE.Age < 16,
}


@pytest.fixture(scope="module")
def shared() -> Live:
    """One calculator for tests that put back what they change."""
    return Live(BOOK)


@pytest.fixture(scope="module")
def made() -> in_book.Card:
    """The card as the command reads it out of the shipped book."""
    return in_book.collect(open_book(BOOK), History.beside(BOOK))


def at(saved, column: str, name: str, sheet: str = "'Model card'") -> str:
    """The address in `column` on the row of a variable or of a question."""
    rows = [cell for cell, value in saved.items() if value == name and cell.startswith(f"{sheet}!F")]
    return f"{sheet}!{column}{rows[0].rpartition('F')[2]}"


def test_the_shipped_run_is_what_its_weights_give_on_the_training_rows(saved):
    data = titanic.lesson()
    pred = np.maximum(data.X @ np.array(RUN["weights"]).T, 0).sum(1)
    training = np.array([saved[f"Net!V{row}"] for row in range(11, 902)]) == 1
    assert (~training).sum() == 179
    assert ((pred - data.y) ** 2)[training].mean() == pytest.approx(RUN["facts"]["after"], abs=1e-12)
    assert RUN["won"][-1][1] == min(loss for _, loss in RUN["ends"]) == RUN["facts"]["after"]
    assert len(RUN["ends"]) == RUN["facts"]["restarts"]


def test_the_book_shows_the_run_and_agrees_with_torch(saved):
    facts = RUN["facts"]
    assert saved["Net!P5"] == pytest.approx(facts["after"], abs=1e-12)
    assert saved["Net!R7"] == parity_block.AGREE
    line = [saved[f"Training!{letter}26"] for letter in "ACDEFHI"]
    expected = [1, "lbfgs", facts["steps"], 20, 0, facts["before"], facts["after"]]
    assert line[1] == "lbfgs" and line[:1] + line[2:] == pytest.approx(expected[:1] + expected[2:], abs=1e-12)


def test_the_shipped_card_is_the_one_that_the_command_would_write(saved, made):
    differing = {
        variable: (saved.get(at(saved, "D", variable)), made.content.text(variable))
        for variable in FIELDS
        if saved.get(at(saved, "D", variable)) != made.content.text(variable)
    }
    assert differing == {}


def test_the_results_by_group_equal_pandas(made):
    shown = {row[0]: row for row in made.content.results.values}
    pred = np.maximum(titanic.lesson().X @ np.array(RUN["weights"]).T, 0).sum(1)
    right = (pred > 0.5) == (PEOPLE.Survived == 1)
    for name, members in GROUPS.items():
        _, count, survived, true, predicted, _, accuracy = shown[name]
        assert (count, survived) == (members.sum(), PEOPLE.Survived[members].sum())
        expected = (PEOPLE.Survived[members].mean(), (pred > 0.5)[members].mean(), right[members].mean())
        assert (true, predicted, accuracy) == pytest.approx(expected, abs=1e-12)


def test_the_simple_rule_and_the_errors_by_group_stand_as_evidence(saved):
    women = (PEOPLE.Sex == "female") == (PEOPLE.Survived == 1)
    assert women.sum() == 701
    assert f"right for {100 * women.mean():.1f}%" in saved[at(saved, "D", "simple rule", "'Data ethics'")]
    wrong = saved[at(saved, "D", "sub-groups", "'Data ethics'")]
    assert wrong.startswith("wrong about women: ") and wrong.count("%") == 6


# ---- what the book tells a reader to try -----------------------------------------------------------------


def test_a_changed_age_turns_the_card_red_and_says_which_cells(shared):
    shared["Passengers!F12"] = 39
    assert shared["'Model card'!D4"] == "the data changed after training: train again"
    changed = [
        shared[f"'Model card'!H{row}"] for row in range(8, 16) if shared[f"'Model card'!L{row}"] == "changed"
    ]
    assert changed == ["Passengers!E11:H901"]
    shared["Passengers!F12"] = 38
    assert (shared["'Model card'!D3"], shared["'Model card'!D4"]) == (FITS, "")


def test_a_changed_weight_is_another_net(shared):
    before = shared["Net!C5"]
    shared["Net!C5"] = before + 0.1
    assert shared["'Model card'!D4"].startswith("the weights changed")
    shared["Net!C5"] = before
    assert shared["'Model card'!D4"] == ""


def test_a_field_written_is_one_fewer_that_waits(shared, saved):
    waiting = int(shared["'Model card'!D5"].split()[0])
    shared[at(saved, "D", "bias_recommendations")] = "Do not use it to decide about people."
    assert int(shared["'Model card'!D5"].split()[0]) == waiting - 1
    assert shared["'Data ethics'!C3"].startswith("11 of 16 ")
    shared[at(saved, "D", "rights", "'Data ethics'")] = "nobody is decided about"
    assert shared["'Data ethics'!C3"].startswith("10 of 16 ")


def test_the_card_as_readme_then_trained_anew_and_renewed(tmp_path, capsys):
    path, readme = tmp_path / BOOK.name, tmp_path / "README.md"
    shutil.copy(BOOK, path)
    assert cli.main(["card", str(path), "--out", str(readme)]) == 0
    told = capsys.readouterr().out
    assert re.search("^  to fill .*Recommendations", told, re.M)
    assert re.search("^  to answer +11 questions without evidence:\n +\\S.*\\?$", told, re.M)
    assert "Rights: does it respect the rights of all concerned?" in told
    data = ModelCard.load(readme).data
    assert (data.license, data.language, data.model_name) == ("mit", ["en"], "model_card")
    assert cli.main(["train", str(path), "--restarts", "2"]) == 0
    assert oracles.saved_values(path)["'Model card'!D4"].startswith("the weights changed")
    assert cli.main(["card", str(path), "--fill", "--out", str(readme)]) == 0
    values = oracles.saved_values(path)
    assert values["'Model card'!D3"] == FITS
    assert "2 restarts" in values[at(values, "D", "speeds_sizes_times")]
    assert values[at(values, "D", "license")] == "mit"
    assert len(ASKED) == readme.read_text(encoding="utf-8").count("?")  # each question once
