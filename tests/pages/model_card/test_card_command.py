"""`xlcicf card`: which file it writes, what it tells, and that a refusal leaves book and file as they are."""

import json
import shutil

import pytest
from huggingface_hub import ModelCard

from tests import oracles
from tests.addin.test_commands import TITANIC
from xlcicf import cli, docs
from xlcicf.host import open_book
from xlcicf.pages.model_card.sections import ASKED


def test_the_card_lies_beside_the_book_under_its_name_wherever_one_stands(
    copy, tmp_path, monkeypatch, capsys
):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert cli.main(["card", str(copy)]) == 0
    card = copy.with_name("titanic-card.md")
    told = capsys.readouterr().out
    assert told.startswith(f"written {card}\n")
    to_fill = [line for line in told.splitlines() if line.startswith("  to fill ")]
    assert to_fill[0].split() == "to fill Model Name: Summary".split() and len(to_fill) == 7
    waiting = told.splitlines()[2 + len(to_fill) :]
    assert waiting[0].split() == "to answer 16 questions without evidence:".split()
    assert [line.strip() for line in waiting[1:]] == [question.text for question in ASKED]
    assert ModelCard.load(card).data.model_name == "titanic"
    assert list(elsewhere.iterdir()) == []
    monkeypatch.chdir(tmp_path)
    assert cli.main(["card", copy.name]) == 0  # renewed: it is ours
    assert capsys.readouterr().out.startswith("written titanic-card.md\n")


def test_what_the_command_tells_a_machine(copy, tmp_path, capsys):
    capsys.readouterr()
    assert cli.main(["card", str(copy), "--json", "--out", str(tmp_path / "README.md")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told.keys() == {"written", "filled", "empty", "unanswered", "data"}
    assert told["written"] == str(tmp_path / "README.md")
    assert "license" in told["empty"] and "results" in told["filled"] and len(told["unanswered"]) == 16
    assert cli.main(["card", str(copy), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["written"] == str(tmp_path / "titanic-card.md")


@pytest.mark.parametrize("name", ["README.md", "titanic.xlsx"])
def test_anothers_file_is_refused_before_anything_is_written_into_the_book(copy, name, capsys):
    target = copy.with_name(name)
    if not target.exists():
        target.write_text("# My project\n")
    files = {path: path.read_bytes() for path in copy.parent.iterdir() if path.is_file()}
    assert cli.main(["card", str(copy), "--fill", "--json", "--out", str(target)]) == 1
    said = json.loads(capsys.readouterr().out)["error"]
    assert (
        said.startswith(f"{target} was not written by xlcicf")
        and "another file with --out, or delete it" in said
    )
    assert {path: path.read_bytes() for path in copy.parent.iterdir() if path.is_file()} == files


def test_a_card_that_a_person_edited_is_refused_and_kept(copy, capsys):
    assert cli.main(["card", str(copy)]) == 0
    card = copy.with_name("titanic-card.md")
    card.write_text(
        card.read_text(encoding="utf-8").replace("[to be filled", "[being filled"), encoding="utf-8"
    )
    edited = card.read_bytes()
    assert cli.main(["card", str(copy)]) == 1
    assert f"{card} was edited after xlcicf wrote it" in capsys.readouterr().err
    assert card.read_bytes() == edited


@pytest.mark.validator
def test_the_open_xml_sdk_finds_nothing_wrong_with_a_book_that_got_a_card(copy):
    assert cli.main(["card", str(copy), "--fill"]) == 0
    assert oracles.validator_errors(copy) == []


def test_data_that_changed_are_refused_and_nothing_is_written(copy, capsys):
    book = open_book(copy)
    book.sheets["Passengers"]["F12"].value = 39
    book.save()
    assert cli.main(["card", str(copy)]) == 1
    assert "Passengers!E11:H901 changed after the last run" in capsys.readouterr().err
    assert not copy.with_name("titanic-card.md").exists()


def test_an_untrained_book_is_told_to_train_first(tmp_path, capsys):
    shutil.copy(TITANIC, tmp_path / "new.xlsx")
    assert cli.main(["card", str(tmp_path / "new.xlsx")]) == 1
    assert "xlcicf train new.xlsx" in capsys.readouterr().err


def test_help_and_the_page_name_the_usual_file(capsys):
    with pytest.raises(SystemExit):
        cli.main(["card", "--help"])
    for text in (" ".join(capsys.readouterr().out.split()), docs.page("commands")):
        assert "titanic-card.md" in text and "edited since" in text
