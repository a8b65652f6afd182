"""Runs taken back and brought back from the file beside a book, across saving and reopening."""

import datetime as dt
import hashlib
import itertools
import json
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import xlcicf
from tests.small import save_small
from xlcicf.errors import BookError, TrainingError
from xlcicf.formula.address import Area
from xlcicf.host.headless.person import person_at
from xlcicf.ooxml.package import read_package, save_package
from xlcicf.solve import History, history
from xlcicf.solve.history import KEPT, redone_in_file, undone_in_file
from xlcicf.solve.training import save_with_history

WEIGHTS, LOG = Area("Net", 1, 2, 2, 2), Area("The log", 1, 1, 4, 3)
FORMULA = "=(B1-1)^2+(B2+2)^2"  # of Net!B3


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return save_small(tmp_path_factory.mktemp("undo") / "small.xlsx")


@pytest.fixture
def path(template, tmp_path):
    """A copy of the small workbook."""
    return shutil.copy(template, tmp_path / "small.xlsx")


def run(path, weights, log=(), title="a run"):
    """A run as a command makes it: open, write, save the book, save its history."""
    book, history = xlcicf.open_book(path), History.beside(path)
    with history.recording(book, title, [WEIGHTS, LOG]):
        book.sheets["Net"]["B1:B2"].value = [[w] for w in weights]
        for cell, value in dict(log).items():
            book.sheets["The log"][cell].value = value
    save_with_history(book, history, path)


def take(path, direction):
    """`xlcicf undo` or `redo`: the run taken back or brought back."""
    book, history = xlcicf.open_book(path), History.beside(path)
    taken = getattr(history, direction)(book)
    save_with_history(book, history, path)
    return taken


def contents(path):
    """Formulas and values of all cells in a file."""
    return snapshot(xlcicf.open_book(path))


def snapshot(book):
    """Those in an open book."""
    found = xlcicf.host.read_snapshot(book)
    return {name: (sheet.formulas, sheet.values) for name, sheet in found.sheets.items()}


def weights(path):
    return xlcicf.open_book(path).sheets["Net"]["B1:B2"].value


# What a run may write over: text, a formula, TRUE, text that only looks like a number or a formula, blanks.
OVERWRITE_ALL = {"A1": 1, "B1": 2, "C1": 3, "A2": 4, "A3": 5, "B3": 6, "C4": "done"}


def test_undo_restores_every_kind_of_content_and_redo_brings_it_back(path):
    before = contents(path)
    run(path, [0.1 + 0.2, 1 / 3], OVERWRITE_ALL, title="lbfgs, 12 steps")
    after = contents(path)
    assert after["Net"] != before["Net"] and after["The log"] != before["The log"]
    assert take(path, "undo").title == "lbfgs, 12 steps"
    assert contents(path) == before
    take(path, "redo")
    assert contents(path) == after


@pytest.mark.parametrize(
    "written",
    [
        "'=1+1",
        "'007",
        "'",
        "text",
        "=B1*2",
        True,
        False,
        None,
        "#N/A",
        dt.datetime(2024, 5, 17, 9, 30),
        1e300,
    ],
    ids=repr,
)
def test_redo_brings_back_whatever_a_run_wrote(path, written):
    run(path, [1, 2], {"B4": written})
    after = contents(path)
    take(path, "undo")
    take(path, "redo")
    assert contents(path) == after


@settings(max_examples=30)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=2))
def test_any_number_comes_back_exactly(tmp_path_factory, template, values):
    path = shutil.copy(template, tmp_path_factory.mktemp("numbers") / "small.xlsx")
    run(path, values)
    run(path, [1, 2])
    take(path, "undo")
    assert list(map(repr, weights(path))) == list(map(repr, values))


def test_a_zero_without_its_sign_is_no_change_by_hand(path):
    """A bound can leave -0.0 in a weight, and not every reader of the cell keeps the sign."""
    before = contents(path)
    run(path, [-0.0, 2.0])
    book = xlcicf.open_book(path)
    book.sheets["Net"]["B1"].value = 0.0
    book.save()
    take(path, "undo")
    assert contents(path) == before


def test_runs_are_undone_one_by_one_and_a_new_run_ends_redoing(path):
    for k in range(3):
        run(path, [k, -k], title=f"run {k}")
    assert [take(path, "undo").title for _ in range(2)] == ["run 2", "run 1"]
    assert weights(path) == [0, 0]
    assert take(path, "redo").title == "run 1"
    run(path, [9, 9], title="another")
    with pytest.raises(TrainingError, match="there is no run to redo"):
        take(path, "redo")
    assert [take(path, "undo").title for _ in range(3)] == ["another", "run 1", "run 0"]
    assert weights(path) == [4, 4]
    with pytest.raises(TrainingError, match="there is no run to undo: small.xlsx.xlcicf.json"):
        take(path, "undo")


class Killed(Exception):
    """The end of the process that writes, at a call of its choice."""


def cut_off(book, calls) -> bool:
    """Two writes of a run into two areas, which end after so many calls to the book; whether they were cut."""

    def count() -> None:
        nonlocal calls
        calls -= 1
        if calls < 0:
            raise Killed

    net, log = Area("Net", 1, 2, 2, 2), Area("The log", 1, 1, 4, 3)
    recording = History.beside(book.fullname).begin(book, "a run", [WEIGHTS, LOG], ahead=True)
    person_at(book).meanwhile = count
    try:
        for k in (1, 2):
            recording.write({net: [[k], [0.1 * k]], log: [["text", k, None]] * 4})
        recording.end()
    except Killed:
        return True
    finally:
        person_at(book).meanwhile = None
    return False


def test_a_run_cut_off_at_any_moment_is_undone_exactly(path):
    for calls in itertools.count():
        path.with_name("small.xlsx.xlcicf.json").unlink(missing_ok=True)
        book = xlcicf.open_book(path)
        before = snapshot(book)
        was_cut = cut_off(book, calls)
        changed = snapshot(book) != before
        history = History.beside(path)
        if changed:
            history.undo(book)
        else:
            with pytest.raises(TrainingError, match="no run to undo"):
                history.undo(book)
        assert snapshot(book) == before
        if not was_cut:
            break
    assert changed and calls > 4


def test_redo_after_a_cut_brings_what_was_about_to_be_written(path):
    book = xlcicf.open_book(path)
    recording = History.beside(path).begin(book, "a run", [WEIGHTS], ahead=True)
    recording.announce({Area("Net", 1, 2, 2, 2): [[7], [8]]})
    history = History.beside(path)
    history.redo(book)
    assert book.sheets["Net"]["B1:B2"].value == [7, 8]
    history.undo(book)
    assert book.sheets["Net"]["B1:B2"].value == [4, 4]


def test_a_run_taken_back_by_itself_is_none(path):
    book, history = xlcicf.open_book(path), History.beside(path)
    before = snapshot(book)
    with history.recording(book, "a run", [WEIGHTS]) as recording:
        recording.write({Area("Net", 1, 2, 2, 2): [[7], [8]]})
        recording.restore()
    assert history.runs == [] and snapshot(book) == before


@pytest.mark.parametrize(("saved", "done"), [(0, 3), (1, 3), (2, 3), (3, 3), (3, 1), (2, 0), (3, 0)])
def test_undo_and_redo_go_on_from_what_the_book_was_saved_with(path, saved, done):
    """`saved` runs stand in the file, `done` in the history: the book was closed without saving the others."""
    book, states = xlcicf.open_book(path), [[4, 4]]
    for k in range(3):
        history = History.beside(path)
        with history.recording(book, f"run {k}", [WEIGHTS, LOG]):
            book.sheets["Net"]["B1:B2"].value = [[k], [-k]]
            book.sheets["The log"].range((k + 1, 1)).value = k  # a line that this run alone writes
        history.save()
        states.append([k, -k])
        if k + 1 == saved:
            book.save()
    for _ in range(3 - done):
        history.undo(book)
    history.save()
    for move, there in (("undo", saved - 1), ("redo", saved + 1)):
        reopened, history = xlcicf.open_book(path), History.beside(path)
        if there in range(4):
            getattr(history, move)(reopened)
            assert reopened.sheets["Net"]["B1:B2"].value == states[there]
        else:
            with pytest.raises(TrainingError, match=f"no run to {move}"):
                getattr(history, move)(reopened)


class Died(Exception):
    """The end of a process that has written the history of a book, and not yet the book."""


def move(path, verb, weights=None, dies=False):
    """`xlcicf train`, `undo` or `redo`. Raises what that raises, and Died before the book is saved."""
    book, history = xlcicf.open_book(path), History.beside(path)
    if verb == "train":
        with history.recording(book, "a run", [WEIGHTS]) as recording:
            recording.facts, recording.losses = {"weights": weights}, ((1, 0.5),)
            book.sheets["Net"]["B1:B2"].value = [[w] for w in weights]
    else:
        getattr(history, verb)(book)
    with history.saved_first(path):
        if dies:
            raise Died
        book.save()


MOVES = st.tuples(
    st.sampled_from(["train", "train", "undo", "redo"]),
    st.lists(st.sampled_from([1.0, 2.0, 4.0]), min_size=2, max_size=2),
    st.booleans(),
)


@settings(max_examples=40)
@given(st.lists(MOVES, min_size=3, max_size=8))
def test_wherever_writers_died_the_next_command_goes_on_from_the_book(tmp_path_factory, template, moves):
    """The same few weights come again and again, so that the cells alone would not tell one run from another."""
    path = shutil.copy(template, tmp_path_factory.mktemp("moves") / "small.xlsx")
    stand, undone = [[4.0, 4.0]], []
    for verb, values, dies in moves:
        if verb == "train":
            if values == stand[-1]:  # a run that changes nothing stands and does not stand
                continue
            there, stand, undone = stand, [*stand, values], []
            if dies:
                stand, undone = there, [values]
        elif not (stand[1:] if verb == "undo" else undone):
            with pytest.raises(TrainingError, match=f"there is no run to {verb}"):
                move(path, verb)
            continue
        elif not dies and verb == "undo":
            undone = [*undone, stand.pop()]
        elif not dies:
            stand = [*stand, undone.pop()]
        if dies:
            with pytest.raises(Died):
                move(path, verb, values, dies)
        else:
            move(path, verb, values)
        assert weights(path) == stand[-1]
        history, book = History.beside(path), xlcicf.open_book(path)
        assert history.facts(book) == ({"weights": stand[-1]} if stand[1:] else {})
        assert bool(history.losses(book)) == bool(stand[1:])


def test_a_run_that_is_not_in_the_book_is_not_what_a_change_by_hand_is_held_against(path):
    """The last writer died before it saved the book; then a person has changed a cell."""
    run(path, [1, 2])
    with pytest.raises(Died):
        move(path, "train", [7, 8], dies=True)
    book = xlcicf.open_book(path)
    book.sheets["Net"]["B2"].value = 2.5
    book.save()
    with pytest.raises(TrainingError, match="Net!B2 was changed by hand: it holds 2.5 in place of 2.0"):
        move(path, "undo")


def test_runs_on_a_sheet_that_is_gone_do_not_stop_the_next_run(path):
    run(path, [1, 2], {"A1": 3})
    beside = path.with_name("small.xlsx.xlcicf.json")
    beside.write_text(json.dumps(damaged(json.loads(beside.read_text()), changes=change(cells="Gone!B1:B2"))))
    run(path, [7, 8])
    take(path, "undo")
    assert weights(path) == [1, 2]


def test_the_cells_before_any_run_are_known(path):
    for k in range(3):
        run(path, [k, 7 - k], {"A1": k})
    history, book = History.beside(path), xlcicf.open_book(path)
    assert history.before_first_run(book, Area("Net", 1, 2, 3, 2)) == [[4], [4], [{"formula": FORMULA}]]
    assert history.before_first_run(book, Area("The log", 1, 1, 2, 2)) == [
        ["text", {"formula": "=1+1"}],
        ["0123", None],
    ]
    assert history.before_first_run(book, Area("Net", 5, 5, 5, 5)) is None


def test_the_losses_are_those_of_the_last_run_that_stands(path):
    for k in range(2):
        book, history = xlcicf.open_book(path), History.beside(path)
        with history.recording(book, f"run {k}", [WEIGHTS]) as recording:
            book.sheets["Net"]["B1"].value = k
            recording.losses = ((1, 0.5), (2, 1 / (3 + k)))
        book.save()
        history.save()
    history, book = History.beside(path), xlcicf.open_book(path)
    assert history.losses(book) == [(1, 0.5), (2, 1 / 4)]
    history.undo(book)
    assert history.losses(book) == [(1, 0.5), (2, 1 / 3)]


def test_a_history_that_cannot_be_written_stops_a_run_before_it_writes(path):
    book = xlcicf.open_book(path)
    recording = History.beside(path).begin(book, "a run", [WEIGHTS], ahead=True)
    path.with_name("small.xlsx.xlcicf.json").mkdir()
    with pytest.raises(BookError, match="cannot be written .* nothing more was written into the cells"):
        recording.write({Area("Net", 1, 2, 2, 2): [[7], [8]]})
    assert book.sheets["Net"]["B1:B2"].value == [4, 4]


def test_the_last_fifty_runs_are_kept(path):
    book, history = xlcicf.open_book(path), History.beside(path)
    for k in range(KEPT + 3):
        with history.recording(book, f"run {k}", [WEIGHTS]):
            book.sheets["Net"]["B1"].value = k
    history.save()
    kept = History.beside(path)
    assert [r.title for r in kept.runs] == [f"run {k}" for k in range(3, KEPT + 3)] and kept.done == KEPT
    for _ in range(KEPT):
        kept.undo(book)
    assert book.sheets["Net"]["B1"].value == 2


def test_a_cell_changed_by_hand_is_not_overwritten(path):
    run(path, [1, 2], {"A1": 3})
    book = xlcicf.open_book(path)
    book.sheets["Net"]["B2"].value = 2.5
    book.save()
    before, history = contents(path), History.beside(path)
    with pytest.raises(
        TrainingError, match="Net!B2 was changed by hand: it holds 2.5 in place of 2.0; put that"
    ):
        history.undo(book)
    assert history.done == 1
    book.save()
    assert contents(path) == before


def test_what_a_run_left_alone_may_be_changed_by_hand(path):
    run(path, [1, 2], {"A1": 3})
    book = xlcicf.open_book(path)
    book.sheets["The log"]["C4"].value = "my remark"
    book.save()
    take(path, "undo")
    assert weights(path) == [4, 4]
    assert xlcicf.open_book(path).sheets["The log"]["C4"].value == "my remark"


def test_a_run_that_fails_is_not_recorded(path):
    book, history = xlcicf.open_book(path), History.beside(path)
    with pytest.raises(ZeroDivisionError), history.recording(book, "fails", [WEIGHTS]):
        raise ZeroDivisionError
    assert history.runs == [] and history.done == 0


def test_a_run_that_changes_nothing_can_be_undone(path):
    before = contents(path)
    run(path, [4, 4])
    assert take(path, "undo").changes == ()
    assert contents(path) == before


def test_a_history_goes_along_to_another_name(path, tmp_path):
    run(path, [1, 2])
    book, history = xlcicf.open_book(path), History.beside(path)
    with history.recording(book, "more", [WEIGHTS]):
        book.sheets["Net"]["B1"].value = 7
    save_with_history(book, history, tmp_path / "other.xlsx")
    assert History.beside(path).done == 1
    take(tmp_path / "other.xlsx", "undo")
    take(tmp_path / "other.xlsx", "undo")
    assert weights(tmp_path / "other.xlsx") == [4, 4] and weights(path) == [1, 2]


def test_the_same_run_gives_the_same_bytes(template, tmp_path):
    written = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        run(shutil.copy(template, folder / "small.xlsx"), [1 / 3, 2], {"A1": 3})
        written.append((folder / "small.xlsx.xlcicf.json").read_bytes())
    assert written[0] == written[1]


def damaged(content, **run_fields):
    """The file's content with a run's fields exchanged, and its hash made to fit."""
    first = content["runs"][0] | run_fields
    del first["hash"]
    first["hash"] = hashlib.sha256(json.dumps(first, sort_keys=True).encode()).hexdigest()
    return content | {"runs": [first]}


def change(**fields):
    return [{"cells": "Net!B1:B2", "before": [[1], [2]], "after": [[3], [4]]} | fields]


DAMAGES = {
    "cut off": lambda c: json.dumps(c)[:-9],
    "empty": lambda c: "",
    "a list": lambda c: "[]",
    "no runs": lambda c: "{}",
    "runs of text": lambda c: json.dumps(c | {"runs": ["run"]}),
    "too many done": lambda c: json.dumps(c | {"done": 2}),
    "done is text": lambda c: json.dumps(c | {"done": "1"}),
    "a value exchanged": lambda c: json.dumps(c).replace("7.25", "7.5"),
    "a title exchanged": lambda c: json.dumps(c).replace("a run", "the run"),
    "not a number": lambda c: json.dumps(c).replace("7.25", "NaN"),
    "infinite": lambda c: json.dumps(c).replace("7.25", "-Infinity"),
    "too deep": lambda c: "[" * 100_000,
    "rows of other lengths": lambda c: json.dumps(damaged(c, changes=change(after=[[1], [2, 3]]))),
    "other shapes": lambda c: json.dumps(damaged(c, changes=change(after=[[1, 2]]))),
    "no rows": lambda c: json.dumps(damaged(c, changes=change(before=[], after=[]))),
    "lists in cells": lambda c: json.dumps(damaged(c, changes=change(before=[[[1]], [2]]))),
    "a number beyond any cell": lambda c: json.dumps(damaged(c, changes=change(before=[[10**400], [2]]))),
    "half a run done": lambda c: json.dumps(c | {"done": 1.0}),
    "an unknown content": lambda c: json.dumps(damaged(c, changes=change(before=[[{"x": 1}], [2]]))),
    "no date": lambda c: json.dumps(damaged(c, changes=change(before=[[{"date": "yesterday"}], [2]]))),
    "cells of no text": lambda c: json.dumps(damaged(c, changes=change(cells=7))),
    "losses of text": lambda c: json.dumps(damaged(c, losses=[[1, "a"]])),
    "losses of three": lambda c: json.dumps(damaged(c, losses=[[1, 2.0, 3]])),
    "half a step": lambda c: json.dumps(damaged(c, losses=[[1.5, 2.0]])),
    "another shape on the way": lambda c: json.dumps(damaged(c, changes=change(last=[[1, 2]]))),
    "more before than there are": lambda c: json.dumps(c | {"was": 2}),
    "a book that is none": lambda c: json.dumps(c | {"instead_of": ["a book"]}),
    "a file of no kind": lambda c: json.dumps(c | {"file": ["a file"]}),
    "a file without its parts": lambda c: json.dumps(c | {"file": {"done": 1}}),
    "half a run in the file": lambda c: json.dumps(c | {"file": c["file"] | {"done": 0.5}}),
    "another field": lambda c: json.dumps(damaged(c, changes=change(more=1))),
    "not UTF-8": lambda c: b"\xff\xfe{}",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_history_is_refused_with_the_way_out(path, damage):
    run(path, [7.25, 2])
    beside = path.with_name("small.xlsx.xlcicf.json")
    written = damage(json.loads(beside.read_text()))
    assert written != beside.read_text()
    beside.write_bytes(written if isinstance(written, bytes) else written.encode())
    with pytest.raises(
        BookError, match="small.xlsx.xlcicf.json is damaged .* or delete it and go on without"
    ):
        History.beside(path)


@pytest.mark.parametrize(
    ("cells", "message"),
    [("Net!B1:B3", "another size"), ("Net!B1,Net!B2", "another size"), ("Gone!B1:B2", "no sheet 'Gone'")],
)
def test_a_history_of_other_cells_is_refused(path, cells, message):
    run(path, [1, 2])
    beside = path.with_name("small.xlsx.xlcicf.json")
    content = json.loads(beside.read_text())
    beside.write_text(json.dumps(damaged(content, changes=change(cells=cells))))
    with pytest.raises(xlcicf.XlcicfError, match=message):
        History.beside(path).undo(xlcicf.open_book(path))
    assert weights(path) == [1, 2]


def test_a_book_without_its_history_says_where_it_is_looked_for(path):
    run(path, [1, 2])
    moved = path.rename(path.with_name("moved.xlsx"))
    with pytest.raises(
        TrainingError, match=r"no moved\.xlsx\.xlcicf\.json lies beside .* move that file along"
    ):
        History.beside(moved).undo(xlcicf.open_book(moved))


def test_a_link_to_a_book_leads_to_the_books_history(path, tmp_path):
    link = tmp_path / "elsewhere" / "link.xlsx"
    link.parent.mkdir()
    link.symlink_to(path)
    before = weights(path)
    run(link, [1, 2])
    assert link.is_symlink() and weights(path) == [1, 2]
    take(path, "undo")
    assert weights(path) == before


def test_the_history_file_is_readable_text_of_one_line_a_run(path):
    for k in range(3):
        run(path, [k, k])
    lines = path.with_name("small.xlsx.xlcicf.json").read_text().splitlines()
    assert len(lines) == 6 and '"cells": "Net!B1:B2"' in lines[1]
    assert lines[5].startswith('"file": {"done": 3,')


# ---- by the file alone -----------------------------------------------------------------------------------


def parts(path):
    return dict(read_package(path))


def test_a_file_that_nobody_wrote_since_comes_back_part_by_part(path):
    before = parts(path)
    run(path, [0.1 + 0.2, 1 / 3], OVERWRITE_ALL, title="lbfgs, 12 steps")
    after = parts(path)
    assert after != before
    for _ in range(2):
        assert undone_in_file(path).title == "lbfgs, 12 steps" and parts(path) == before
        assert redone_in_file(path).title == "lbfgs, 12 steps" and parts(path) == after


def test_both_ways_back_are_taken_in_any_order(path):
    run(path, [1, 2])
    run(path, [3, 4])
    undone_in_file(path)
    assert weights(path) == [1, 2]
    take(path, "undo")
    assert weights(path) == [4, 4]
    redone_in_file(path)
    assert weights(path) == [1, 2]
    take(path, "redo")
    assert weights(path) == [3, 4]
    undone_in_file(path)
    assert weights(path) == [1, 2] and History.beside(path).done == 1


def by_hand(path):
    book = xlcicf.open_book(path)
    book.sheets["The log"]["B4"].value = "by hand"
    book.save()


def saved_by_another_program(path):
    package = read_package(path)
    part = "docProps/core.xml"
    save_package(package.replace({part: package[part] + b" "}), path)


def undone(path):
    assert undone_in_file(path)


def run_without_a_save(path):
    """As in a program that closes the book without saving: the run before it is no longer known."""
    book, beside = xlcicf.open_book(path), History.beside(path)
    beside.undo(book)
    recording = beside.begin(book, "another", [WEIGHTS], ahead=True)
    recording.write({WEIGHTS: [[5], [6]]})
    recording.end()


def difference_exchanged(path):
    beside = path.with_name("small.xlsx.xlcicf.json")
    content = json.loads(beside.read_text())
    told = content["file"]["difference"]
    beside.write_text(json.dumps(content | {"file": content["file"] | {"difference": told[::-1]}}))


def another_difference(path):
    """A true one, which leads to another file than the history says."""
    beside = path.with_name("small.xlsx.xlcicf.json")
    content = json.loads(beside.read_text())
    now = read_package(path)
    part = "docProps/core.xml"
    told = history.difference(now, now.replace({part: b"<other/>"}))
    beside.write_text(json.dumps(content | {"file": content["file"] | {"difference": told}}))


@pytest.mark.parametrize(
    "act",
    [by_hand, saved_by_another_program, undone, run_without_a_save, difference_exchanged, another_difference],
    ids=lambda act: act.__name__,
)
def test_any_other_file_has_to_be_opened(path, act):
    run(path, [1, 2])
    act(path)
    before = path.read_bytes()
    assert undone_in_file(path) is None
    assert path.read_bytes() == before


def test_what_was_written_beside_the_run_is_not_taken_back_with_it(path):
    book, beside = xlcicf.open_book(path), History.beside(path)
    book.sheets["The log"]["B4"].value = "by hand"
    with beside.recording(book, "a run", [WEIGHTS]):
        book.sheets["Net"]["B1"].value = 7
    save_with_history(book, beside, path)
    assert History.beside(path).saved is None and undone_in_file(path) is None


def test_what_is_too_much_to_keep_is_not_kept(path, monkeypatch):
    monkeypatch.setattr(history, "MAX_DIFFERENCE", 10)
    run(path, [1, 2])
    assert History.beside(path).saved is None
    take(path, "undo")
    assert weights(path) == [4, 4]


def test_a_file_saved_under_another_name_has_its_own_way_back(path, tmp_path):
    before, out = parts(path), tmp_path / "out.xlsx"
    book, beside = xlcicf.open_book(path), History.beside(path)
    with beside.recording(book, "a run", [WEIGHTS]):
        book.sheets["Net"]["B1"].value = 7
    save_with_history(book, beside, out)
    assert undone_in_file(path) is None and parts(path) == before
    assert undone_in_file(out) and parts(out) == before
