"""The model card of trained books, by ribbon and headlessly: filled, kept, refused when it would not be true."""

from pathlib import Path

import openpyxl
import pytest

from tests import oracles, strangers
from tests.addin.test_commands import DANWOOD, Desk
from xlcicf import cli
from xlcicf.errors import AddressError, TrainingError
from xlcicf.host import open_book
from xlcicf.ooxml.package import read_package
from xlcicf.pages.model_card import in_book
from xlcicf.pages.model_card.content import Content
from xlcicf.pages.model_card.sections import FIELDS
from xlcicf.pages.model_card.sheets import CARD, ETHICS, FITS, NAMES
from xlcicf.solve import History


def places(book, sheet: str = CARD) -> dict[str, int]:
    """Variable -> its row."""
    names = book.sheets[sheet][f"{NAMES}1:{NAMES}120"].value
    return {name: row for row, name in enumerate(names, 1) if name}


def said(book) -> dict[str, str | None]:
    """Variable -> what the sheet says."""
    texts = book.sheets[CARD]["D1:D120"].value
    return {name: texts[row - 1] for name, row in places(book).items() if name in FIELDS}


def status(book) -> list:
    return [value for value in book.sheets[CARD]["D3:D4"].value if value]


# ---- what is filled --------------------------------------------------------------------------------------


def test_every_field_that_the_run_log_knows_is_filled_from_it(desk):
    assert "wait for a person" in desk.press("model_card")
    run, texts = History.beside(desk.path).facts(desk.book), said(desk.book)
    for variable, parts in {
        "model_id": ["titanic"],
        "training_data": [*run["data"], "891 rows", "20%"],
        "speeds_sizes_times": ["lbfgs", f"{run['steps']} steps", "2 restarts", "seed 0", f"{run['seconds']:g} seconds", run["when"]],
        "testing_data": ["20%"],
        "testing_factors": ["women", "class 3"],
        "testing_metrics": ["Net!P5", "mean squared error", "Accuracy"],
        "results": [f"{run['before']:.6g}", f"{run['after']:.6g}"],
        "hardware_type": [run["hardware"]],
        "hours_used": [f"{run['seconds']:g} seconds"],
        "software": [run["software"], "torch"],
        "model_specs": ["Net!P5", "Net!C5:M6"],
        "get_started_code": ["xlcicf train titanic.xlsx"],
    }.items():  # fmt: skip
        assert [part for part in parts if part not in texts[variable]] == [], variable
    assert status(desk.book) == [FITS]


def test_the_sheets_live_on_in_the_file_and_are_wide_and_high_enough_to_be_read(desk):
    desk.press("model_card")
    desk.book.save()
    values = oracles.ironcalc_values(desk.path)
    assert values[f"'{CARD}'!D3" if f"'{CARD}'!D3" in values else f"{CARD}!D3"] == FITS
    assert [v for v in values.values() if isinstance(v, oracles.ExcelError)] == []
    ws = openpyxl.load_workbook(desk.path)[CARD]
    text = next(cell for cell in ws["D"] if str(cell.value).startswith("891 rows"))
    assert ws.column_dimensions["D"].width > 70 and text.alignment.wrap_text
    assert ws.row_dimensions[text.row].height >= 45


@pytest.mark.parametrize("kind", strangers.STRANGERS)
@pytest.mark.validator
def test_a_strangers_book_gets_the_card_and_loses_nothing(kind, tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(strangers.STRANGERS[kind]().to_bytes())
    before, faults = read_package(path), oracles.validator_errors(path)
    book = open_book(path)
    in_book.show(book, Content({"model_id": "=net"}))
    book.save()
    after = read_package(path)
    assert strangers.changed_by_a_sheet(kind, before, after) == set()
    assert {part.rpartition("/")[0] for part in after.keys() - before.keys()} == {"xl/worksheets"}
    assert oracles.validator_errors(path) == faults


# ---- what a person typed ---------------------------------------------------------------------------------


def test_what_a_person_typed_stays_when_the_card_is_renewed_after_another_run(desk, tmp_path):
    desk.press("model_card")
    rows, old = places(desk.book), said(desk.book)
    desk.book.sheets[CARD][f"D{rows['developers']}"].value = "'=our team"
    desk.book.sheets[CARD][f"A{rows['developers']}"].value = "Entwickelt von"
    desk.book.sheets[ETHICS][f"D{places(desk.book, ETHICS)['appeal']}"].value = "a form"
    desk.save_and_open()
    desk.press(
        "set_restarts", "30"
    )  # among so many is a better one than the two before found, on any processor
    assert "->" in desk.press("train")
    assert status(desk.book) == ["the weights changed after training: train again, or take it back"]
    assert "wait for a person" in desk.press("model_card")
    new = said(desk.book)
    assert new["developers"] == "=our team" and "30 restarts" in new["speeds_sizes_times"]
    assert desk.book.sheets[CARD][f"A{rows['developers']}"].value == "Entwickelt von"
    assert status(desk.book) == [FITS] and old["speeds_sizes_times"] != new["speeds_sizes_times"]
    desk.book.save()
    assert cli.main(["card", str(desk.path), "--out", str(tmp_path / "README.md")]) == 0
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "**Developed by:** \\=our team" in text and "| a form |" in text


def test_a_sheet_whose_name_has_other_capitals_is_the_same_sheet(desk):
    desk.book.sheets.add(CARD.upper(), after=desk.book.sheets[-1])
    assert "rename that sheet" in desk.press("model_card")


# ---- when it would not be true ---------------------------------------------------------------------------


CHANGES = {  # cell -> (value, the area that the card names, what it says has changed)
    "Passengers!F12": (39, "Passengers!E11:H901", "data"),
    "Passengers!E12": ("male", "Passengers!E11:H901", "data"),
    "Passengers!L13": (None, "Passengers!L11:L901", "data"),
    "Net!P8": (0.3, "Net!P7:P8", "data"),
    "Net!C5": (0.5, "Net!C5:M6", "weights"),
}


def test_a_change_after_training_turns_the_card_red_and_is_refused_by_name(desk):
    desk.press("model_card")
    for cell, (value, at, says) in CHANGES.items():
        sheet, _, place = cell.partition("!")
        before = desk.book.sheets[sheet][place].value
        desk.book.sheets[sheet][place].value = value
        (red,) = status(desk.book)
        assert red.startswith(f"the {says} changed after training"), cell
        with pytest.raises(TrainingError, match=f"{at}.*train again"):
            in_book.collect(desk.book, History.beside(desk.path))
        desk.book.sheets[sheet][place].value = before
        assert status(desk.book) == [FITS], cell


def test_without_its_history_a_book_is_judged_by_its_log_and_by_its_card(copy):
    Path(f"{copy}.xlcicf.json").unlink()
    desk = Desk(copy)
    assert "wait for a person" in desk.press("model_card")
    assert "seed 0" in said(desk.book)["speeds_sizes_times"]
    desk.book.sheets["Passengers"]["F12"].value = 39
    with pytest.raises(TrainingError, match="Net!P5, Passengers!E11:H901 changed"):
        in_book.collect(desk.book, History.beside(copy))


def test_a_sheet_of_that_name_that_is_no_card_is_left_alone(desk):
    desk.book.sheets.add(CARD, after=desk.book.sheets[-1])
    with pytest.raises(AddressError, match="rename that sheet"):
        in_book.collect(desk.book, History.beside(desk.path))


# ---- anybody's book --------------------------------------------------------------------------------------


def test_a_strangers_solver_model_gets_a_card_too(tmp_path):
    path = tmp_path / "stranger.xlsx"
    DANWOOD.build(path)
    assert cli.main(["train", str(path)]) == 0
    assert cli.main(["card", str(path), "--fill"]) == 0
    book = open_book(path)
    assert status(book) == [FITS]
    assert "Fit!E1" in said(book)["results"] and said(book)["testing_factors"] is None
