"""The sheet "Neural Net" of a stranger's book: made of pages, part by part, beside whatever a person has there."""

import numpy as np
import pytest

from tests import oracles, strangers
from xlcicf import words
from xlcicf.errors import AddressError
from xlcicf.host import open_book
from xlcicf.ooxml.package import read_package
from xlcicf.pages import panel
from xlcicf.solve.book_problem import training_settings

LOSSES = [(0, 4.0), (1, 2.0), (2, 1.0)]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(strangers.plain().to_bytes())
    return path


def test_settings_are_made_once_with_the_usual_values_and_a_name_each(path):
    book = open_book(path)
    panel.setting_cell(book, words.STEPS).value = 7
    assert panel.setting_cell(book, words.STEPS).value == 7
    others = [setting for setting in words.SETTINGS.values() if setting != words.STEPS]
    assert [panel.setting_cell(book, setting).value for setting in others] == [s.default for s in others]
    sheet = book.sheets[panel.SHEET]
    assert sheet["A3:A7"].value == ["Optimiser", "Steps", "Learning rate", "Restarts", "Seed"]
    assert sheet["A1"].value.startswith("Neural Net")


def test_each_part_comes_to_the_sheet_when_it_is_needed(path):
    book = open_book(path)
    panel.show_picture(book, "Weights 1", np.eye(2))
    sheet = book.sheets[panel.SHEET]
    assert sheet["A3"].value is None and len(sheet.charts) == 0
    panel.show_losses(book, LOSSES)
    assert sheet["D3:E6"].value == [["Step", "Loss"], *map(list, LOSSES)] and sheet["A3"].value is None
    panel.setting_cell(book, words.SEED).value = 3
    panel.show_losses(book, LOSSES[:1])
    assert sheet["D4:E5"].value == [[0, 4.0], [None, None]] and sheet["B7"].value == 3
    assert ([chart.name for chart in sheet.charts], [p.name for p in sheet.pictures]) == (
        ["Loss"],
        ["Weights 1"],
    )


def test_a_log_longer_than_the_sheet_has_room_for_is_cut(path):
    book = open_book(path)
    panel.show_losses(book, [(step, 1.0) for step in range(panel.ROWS + 5)])
    assert book.sheets[panel.SHEET].used_range.last_cell.row == 3 + panel.ROWS


def test_a_persons_empty_sheet_of_that_name_is_used_and_named_as_it_is_written(path):
    book = open_book(path)
    book.sheets.add("NEURAL NET", after=book.sheets[-1])
    panel.setting_cell(book, words.STEPS).value = 7
    assert training_settings(book)["steps"] == 7
    assert book.names["train.steps"].refers_to == "='NEURAL NET'!$B$4"


PARTS = {
    "B5": lambda book: panel.setting_cell(book, words.LR),
    "E203": lambda book: panel.show_losses(book, LOSSES),
}


@pytest.mark.parametrize("cell", PARTS)
@pytest.mark.parametrize("name", ["Neural Net", "NEURAL NET"])
def test_a_persons_own_cells_are_never_written_over(path, name, cell):
    book = open_book(path)
    own = book.sheets.add(name, after=book.sheets[-1])
    own[cell].value = "mine"
    with pytest.raises(AddressError, match=f"{cell} holds something already; empty it"):
        PARTS[cell](book)
    assert own.used_range.value == "mine"
    assert [n.name for n in book.names] == [] and len(own.charts) == 0


@pytest.mark.validator
@pytest.mark.parametrize("kind", ["plain", "charts", "images", "defined_names", "prefixed_names"])
def test_the_validator_finds_nothing_in_a_book_that_got_the_panel_and_no_other_part_changed(kind, tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(strangers.STRANGERS[kind]().to_bytes())
    before, faults = read_package(path), oracles.validator_errors(path)
    book = open_book(path)
    panel.setting_cell(book, words.SEED)
    panel.show_losses(book, LOSSES)
    panel.show_picture(book, "Weights 1", np.eye(2))
    book.save()
    after = read_package(path)
    assert strangers.changed_by_a_sheet(kind, before, after) == set()
    assert oracles.validator_errors(path) == faults
    assert panel.setting_cell(open_book(path), words.OPTIMIZER).value == words.OPTIMIZER.default
