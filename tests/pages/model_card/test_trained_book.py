"""What is known of a trained book: its last run, from history or log, the data it read, its results."""

from pathlib import Path

import pytest

from tests.addin.test_commands import TITANIC
from xlcicf.errors import TrainingError
from xlcicf.host import open_book
from xlcicf.pages.model_card.trained_book import trained_book
from xlcicf.solve import History


@pytest.fixture(scope="module")
def known(trained):
    return trained_book(open_book(trained), History.beside(trained))


def test_the_run_is_the_historys_last_one(known, trained):
    assert known.has_history and known.run == History.beside(trained).facts(open_book(trained))
    assert known.changed == ()


def test_data_are_what_the_objective_reads_and_weights_what_training_changes(known):
    assert [one.area.address for one in known.prints] == list(known.data)
    assert "Passengers!E11:H901" in known.data and "Net!P7:P8" in known.data
    assert [one.area.address for one in known.weight_prints] == ["Net!C5:M6"]


def test_results_by_group_go_from_group_to_accuracy(known):
    assert known.groups.headers[0] == "group" and known.groups.headers[-1] == "accuracy"
    assert known.groups.cells.sheet == "Groups"
    assert [len(row) for row in known.groups.values] == [len(known.groups.headers)] * len(known.groups.values)
    assert known.groups.values[0][:2] == ("everyone", 891)


def test_the_log_on_the_training_sheet_says_the_same_run(known, copy):
    Path(f"{copy}.xlcicf.json").unlink()
    logged = trained_book(open_book(copy), History.beside(copy))
    assert not logged.has_history and logged.changed == ()
    same = "objective changing variables sense optimizer steps restarts seed reason".split()
    assert {key: logged.run[key] for key in same} == {key: known.run[key] for key in same}
    assert (logged.run["before"], logged.run["after"]) == pytest.approx(
        (known.run["before"], known.run["after"]), abs=1e-12
    )
    assert logged.data_hash == known.data_hash


def test_a_changed_cell_is_named_by_its_area(copy):
    book = open_book(copy)
    book.sheets["Passengers"]["F12"].value = 39
    book.sheets["Net"]["C5"].value = 0.5
    assert trained_book(book, History.beside(copy)).changed == ("Passengers!E11:H901", "Net!C5:M6")


def test_a_book_that_no_run_is_recorded_of_says_what_to_do():
    with pytest.raises(TrainingError, match="xlcicf train titanic.xlsx"):
        trained_book(open_book(TITANIC), History.beside(TITANIC))
