"""Before a book is trained, what its cells show is compared with what their formulas come to."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests import strangers
from tests.formula.sheets import snapshot
from tests.saved_cells import saved_cells
from xlcicf import cli
from xlcicf.addin import host_side
from xlcicf.errors import DisagreementError
from xlcicf.formula.address import Area
from xlcicf.formula.snapshot import Snapshot
from xlcicf.host import open_book
from xlcicf.host.headless.person import person_at
from xlcicf.ooxml.document import Document
from xlcicf.ooxml.package import read_package, save_package
from xlcicf.solve import Problem
from xlcicf.solve.agreement import agreed, disagreements
from xlcicf.solve.problem import Constraint
from xlcicf.solve.training import Settings

# What stands below Model's own cells: the objective reads B8, and that the sum in B4 and the changing cell A8.
# C9 is random, D9 has a function that no table has, E9 reads neither.
ROWS = (
    '<row r="8"><c r="A8"><v>2</v></c><c r="B8"><f>B4*A8+C9-C9+D9-D9</f><v>24</v></c>'
    '<c r="C8"><f>(B8-6)^2</f><v>324</v></c></row>'
    '<row r="9"><c r="C9"><f>RAND()</f><v>0.25</v></c><c r="D9"><f>NOTAFUNCTION(A1)</f><v>7</v></c>'
    '<c r="E9"><f>A1+1</f><v>2</v></c></row>'
)
PROBLEM = Problem("Model!C8", "Model!A8")
TARGET = ["--objective", "Model!C8", "--changing", "Model!A8", "--json"]


def book_of_excel(folder: Path, *changes: tuple[str, str]) -> Path:
    """The book as Excel has saved it, but for what some other program has written since in Model's part."""
    package = strangers.by_excel(strangers.in_sheet(strangers.plain(), "</sheetData>", ROWS))
    for old, new in changes:
        package = strangers.changed(package, strangers.SHEET, old, new)
    path = folder / "book.xlsx"
    path.write_bytes(package.to_bytes())
    return path


def run(capsys, *args) -> tuple[int, dict]:
    code = cli.main([str(arg) for arg in args])
    return code, json.loads(capsys.readouterr().out)


def shown(path: Path) -> dict:
    return {cell.place: cell.value for cell in saved_cells(path.read_bytes()) if cell.sheet == "Model"}


TYPED = ('<c r="A3" t="n"><v>3</v>', '<c r="A3" t="n"><v>4</v>')  # nothing was calculated after it

STALE = {
    "the objective": ([("<v>324</v>", "<v>325</v>")], ["C8 shows 325, not 324"]),
    "a constant that a formula makes": (
        [("<v>12</v>", "<v>13</v>")],
        ["B4 shows 13, not 12"],
    ),
    "what a typed number reaches": (
        [TYPED],
        ["B3 shows 6, not 8", "B4 shows 12, not 14", "B8 shows 24, not 28", "C8 shows 324, not 484"],
    ),
    "an error": (
        [('<c r="B3"><f>A3*2</f><v>6</v>', '<c r="B3" t="e"><f>A3*2</f><v>#N/A</v>')],
        ["B3 shows #N/A, not 6"],
    ),
    "what the objective does not need": (
        [("<v>2</v></c></row></sheetData>", "<v>5</v></c></row></sheetData>")],
        [],
    ),
    "a random number": ([("<v>0.25</v>", "<v>0.5</v>")], []),
    "what cannot be computed": ([("<v>7</v>", "<v>8</v>")], []),
    "nothing": ([], []),
}


@pytest.mark.parametrize("kind", STALE)
def test_what_the_objective_needs_and_is_not_what_its_formula_comes_to_is_named(kind, tmp_path):
    changes, expected = STALE[kind]
    book = open_book(book_of_excel(tmp_path, *changes))
    if not expected:
        assert agreed(book, PROBLEM).objective.address == "Model!C8"
        return
    with pytest.raises(DisagreementError) as refusal:
        agreed(book, PROBLEM)
    for told in expected:
        assert f"Model!{told}" in str(refusal.value)
    assert str(refusal.value).count(" shows ") == len(expected)


LIMITED = {  # by E9, which the objective does not need
    "beside a number": ("Model!E9", 1e6),
    "beside a cell": ("Model!A8", "Model!E9"),
    "in a formula": ("Model!A8", "Model!E9*2"),
}


@pytest.mark.parametrize(("left", "right"), LIMITED.values(), ids=LIMITED)
def test_what_a_constraint_needs_and_is_not_what_its_formula_comes_to_is_named(left, right, tmp_path):
    book = open_book(
        book_of_excel(tmp_path, ("<v>2</v></c></row></sheetData>", "<v>5</v></c></row></sheetData>"))
    )
    limited = replace(PROBLEM, constraints=(Constraint(left, "<=", right),))
    with pytest.raises(DisagreementError, match="Model!E9 shows 5, not 2"):
        agreed(book, limited)
    assert agreed(book, limited, is_constrained=False) and agreed(book, PROBLEM)


@pytest.mark.parametrize("command", ["train", "grad", "bench"])
def test_a_command_refuses_such_a_book_by_its_cells_and_leaves_it(command, tmp_path, capsys):
    path = book_of_excel(tmp_path, TYPED)
    before = path.read_bytes()
    code, told = run(capsys, command, path, *TARGET)
    assert code == 1 and "Model!B3 shows 6, not 8" in told["error"] and "--recalculate" in told["error"]
    assert path.read_bytes() == before and [file.name for file in tmp_path.iterdir()] == [path.name]


def test_told_to_recalculate_a_command_takes_what_the_formulas_come_to_and_saves_that(tmp_path, capsys):
    path = book_of_excel(
        tmp_path, TYPED, ("<v>2</v></c></row></sheetData>", "<v>5</v></c></row></sheetData>")
    )
    code, told = run(capsys, "grad", path, *TARGET, "--recalculate")
    assert (code, told["value"]) == (0, 484) and told["gradient"] == [["Model!A8", 2 * (28 - 6) * 14]]
    code, told = run(capsys, "train", path, *TARGET, "--recalculate")
    assert (code, told["before"]) == (0, 484) and told["after"] < 1e-12
    cells = shown(path)
    assert (cells["B3"], cells["B4"], cells["E9"]) == (8, 14, 2) and cells["B8"] == pytest.approx(6, abs=1e-6)
    assert (cells["C9"], cells["D9"]) == (0.25, 7)
    code, told = run(capsys, "grad", path, *TARGET)  # which the history vouches for now
    assert code == 0


def test_a_book_of_a_program_that_does_not_compute_is_taken_for_what_its_formulas_come_to(tmp_path):
    path = tmp_path / "book.xlsx"
    package = strangers.in_sheet(strangers.plain(), "</sheetData>", ROWS)
    path.write_bytes(strangers.changed(package, strangers.SHEET, *TYPED).to_bytes())
    assert agreed(open_book(path), PROBLEM).function().value([2.0]) == 484


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_at_the_ribbon_the_person_is_asked(answer, tmp_path):
    path = book_of_excel(tmp_path, ("<v>324</v>", "<v>325</v>"))
    book = open_book(path)
    person = person_at(book)
    person.answer = answer
    ending = host_side.train(book, PROBLEM, Settings(steps=50))
    assert "Model!C8 shows 325, not 324" in person.alerts[0]
    if answer == "yes":
        assert ending.outcome and ending.outcome.after < 1e-12
    else:
        assert ending.outcome is None and book.sheets["Model"]["A8"].value == 2


def test_a_history_vouches_for_the_file_that_was_saved_with_it_and_for_no_other(tmp_path, capsys):
    path = tmp_path / "book.xlsx"
    package = strangers.in_sheet(strangers.plain(), "</sheetData>", ROWS.replace("+D9-D9", ""))
    path.write_bytes(strangers.changed(package, strangers.SHEET, "NOTAFUNCTION(A1)", "A1+6").to_bytes())
    assert not Document(path).trusted
    assert run(capsys, "train", path, *TARGET)[0] == 0
    assert Document(path).trusted
    sheet = read_package(path)[strangers.SHEET].replace(*(text.encode() for text in TYPED))
    save_package(read_package(path).replace({strangers.SHEET: sheet}), path)
    assert not Document(path).trusted


def test_a_book_with_a_result_that_nobody_can_check_is_not_vouched_for(tmp_path, capsys):
    path = tmp_path / "book.xlsx"
    path.write_bytes(strangers.in_sheet(strangers.plain(), "</sheetData>", ROWS).to_bytes())
    assert run(capsys, "train", path, *TARGET)[0] == 0 and shown(path)["D9"] == 7
    assert not Document(path).trusted


CELLS = {"A1": 1.0, "B1": "=A1*10", "T!A1": "=S!A1+1", "T!B1": "=T!A1+S!B1", "T!C1": "=TRUE"}
SHOWN = {"S": {(1, 2): 10.0}, "T": {(1, 1): 2.0, (1, 2): 12.0, (1, 3): True}}


def shows(book: Snapshot, **sheets: dict) -> Snapshot:
    """A later snapshot of the book, in which cells show something else."""
    news = {
        name: replace(book.sheets[name], values=book.sheets[name].values | cells)
        for name, cells in sheets.items()
    }
    return replace(book, sheets=book.sheets | news)


def test_one_snapshot_after_another_is_compared_as_each_alone():
    asked = [Area("T", 1, 2, 1, 2), Area("T", 1, 3, 1, 3)]
    first = shows(snapshot(CELLS), **SHOWN)
    moved = shows(first, S={(1, 1): 2.0})  # nothing was calculated after it
    half = shows(moved, S={(1, 2): 20.0})
    whole = shows(half, T={(1, 1): 3.0, (1, 2): 23.0})
    for book, expected in (
        (first, []),
        (first, []),
        (moved, ["S!B1", "T!A1", "T!B1"]),
        (half, ["T!A1", "T!B1"]),
        (whole, []),
        (shows(whole, T={(1, 3): 1.0}), ["T!C1"]),
        (shows(whole, T={(1, 1): 3.0 * (1 + 0.9e-9), (1, 2): 23.0 * (1 + 1.1e-9)}), ["T!B1"]),
        (shows(whole, T={(1, 2): "23"}), ["T!B1"]),
        (shows(whole, S={(1, 2): 21.0}), ["S!B1"]),
        (whole, []),
        (shows(whole, S={(1, 1): 1.0, (1, 2): 10.0}), ["T!A1", "T!B1"]),
        (first, []),
    ):
        assert sorted(cell for cell, *_ in disagreements(book, asked)) == expected
