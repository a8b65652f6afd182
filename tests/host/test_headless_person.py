"""The person in front of a headless book: boxes, status bar, selection, macros, and work between two calls."""

from types import SimpleNamespace

import pytest
import xlwings

import xlcicf
from tests.small import save_small
from xlcicf.errors import AddressError, BookError, NotPossibleHeadless
from xlcicf.formula.address import Area
from xlcicf.host import host_of
from xlcicf.host.headless.person import Busy, person_at


@pytest.fixture
def book(tmp_path):
    return xlcicf.open_book(save_small(tmp_path / "small.xlsx"))


@pytest.mark.parametrize(
    ("buttons", "answer", "pressed"),
    [("ok", None, "ok"), ("ok_cancel", None, "ok"), ("yes_no", None, "yes"), ("yes_no_cancel", "no", "no")],
)
def test_a_box_is_remembered_and_answered(book, buttons, answer, pressed):
    person_at(book).answer = answer
    assert book.app.alert("Keep it?", "Neural Net", buttons) == pressed
    assert person_at(book).alerts == ["Keep it?"]


def test_the_status_bar_holds_what_was_written_there(book):
    assert book.app.status_bar is False
    book.app.status_bar = "step 3"
    assert book.app.status_bar == "step 3"


def test_a_macro_is_noted_and_not_run(book):
    assert book.app.macro("Refresh")(1, "a") is None
    assert person_at(book).macros == [("Refresh", (1, "a"))]


def test_the_first_cell_is_selected_until_others_are(book):
    assert book.app.selection.address == book.selection.address == "$A$1"
    book.sheets["The log"]["A2:B3"].select()
    assert book.sheets.active.name == "The log" and book.app.selection.address == "$A$2:$B$3"
    book.sheets["Net"].activate()
    assert book.app.selection.sheet.name == "Net" and book.app.selection.address == "$A$1"


def test_areas_selected_with_ctrl_are_known_in_their_order_and_used_one_by_one(book):
    net = book.sheets["Net"]
    net["G2:G3,B1"].select()
    chosen = book.app.selection
    assert (chosen.address, chosen.shape) == ("$G$2:$G$3,$B$1", (2, 1))
    assert host_of(book).areas(chosen) == [Area("Net", 2, 7, 3, 7), Area("Net", 1, 2, 1, 2)]
    assert host_of(book).areas(net["G2:G3"]) == [Area("Net", 2, 7, 3, 7)]
    for use in (lambda: chosen.value, lambda: setattr(chosen, "value", 1), chosen.clear_contents):
        with pytest.raises(NotPossibleHeadless, match=r"\$G\$2:\$G\$3,\$B\$1 are several areas"):
            use()
    assert net["G2:G3"].value == [4.0, 5.0]
    with pytest.raises(AddressError, match="no cells or name 'G2,nowhere'"):
        net["G2,nowhere"]


def test_a_book_calls_as_excel_would(book, monkeypatch):
    book.set_mock_caller()
    assert xlwings.Book.caller() == book
    monkeypatch.delattr(xlwings.Book, "_mock_caller")


USES = {
    "cells": lambda book: book.sheets["Net"]["B1"].value,
    "sheets": lambda book: list(book.sheets),
    "names": lambda book: list(book.names),
    "its name": lambda book: book.fullname,
    "a snapshot": xlcicf.host.read_snapshot,
    "saving": lambda book: book.save(),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_closed_book_can_no_longer_be_used(book, use):
    book.close()
    with pytest.raises(BookError, match="small.xlsx was closed; open it again"):
        use(book)


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_person_works_between_two_calls(book, use):
    seen = []

    def type_and_look() -> None:
        book.sheets["Net"]["B1"].value = 7 + len(seen)
        seen.append(book.sheets["Net"]["B1"].value)

    person_at(book).meanwhile = type_and_look
    use(book)
    person_at(book).meanwhile = None
    assert seen and book.sheets["Net"]["B1"].value == seen[-1]


def test_a_busy_host_takes_no_call_and_has_changed_nothing(book):
    def busy() -> None:
        raise Busy

    person_at(book).meanwhile = busy
    with pytest.raises(Busy):
        book.sheets["Net"]["B1"].value = 7
    person_at(book).meanwhile = None
    assert book.sheets["Net"]["B1"].value == 4


def test_a_sheet_comes_to_the_front_whatever_else_xlwings_has_open(book, tmp_path):
    """xlwings refuses where its active app is another: a second book's, or Excel's, as on Windows and Mac."""
    other = xlcicf.open_book(save_small(tmp_path / "other.xlsx"))
    excel = xlwings.Engine(impl=SimpleNamespace(name="as Excel", apps={}))
    before = xlwings.engines.active
    try:
        for engine in (before, excel):
            xlwings.engines.active = engine
            for one in (book, other):
                one.sheets[-1].activate()
                one.sheets[0].activate()
                assert one.sheets.active == one.sheets[0]
            assert xlwings.engines.active is engine
        other.app.activate()
        assert xlwings.apps.active == other.app
    finally:
        xlwings.engines.active = before
