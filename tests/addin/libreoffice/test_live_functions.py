"""The functions in cells of a live LibreOffice: what they show is what their bodies compute."""

import shutil
import time
from pathlib import Path

import numpy as np
import openpyxl
import pytest

import xlcicf
from tests.addin.libreoffice.office import running, until
from xlcicf.addin.udfs import FUNCTIONS

pytestmark = pytest.mark.libreoffice

BOOKS = Path(__file__).parents[3] / "workbooks"
VALUE, NUM = 519, 503  # Calc's codes of #VALUE! and #NUM!

X, Y, W, IMAGE, KERNEL = "A1:B3", "D1:D3", "F1:G2", "J1:M4", "O1:P2"
DATA = {
    X: [[1.5, -2.0], [-3.0, 4.0], [0.25, -0.5]],
    Y: [[1.0], [0.0], [1.0]],
    W: [[0.1, 0.2], [0.3, -0.4]],
    IMAGE: [[float(i * j % 5 - 2) for j in range(4)] for i in range(1, 5)],
    KERNEL: [[1.0, -1.0], [0.5, 2.0]],
}

# formula -> (cells that it fills, function, arguments)
BY_VALUE = {
    f"=NN_RELU({X})": ((3, 2), "NN_RELU", (X,)),
    f"=NN_SIGMOID({X})": ((3, 2), "NN_SIGMOID", (X,)),
    f"=NN_SOFTMAX({X})": ((3, 2), "NN_SOFTMAX", (X,)),
    f"=NN_DENSE({X};{W})": ((3, 2), "NN_DENSE", (X, W)),
    f"=NN_PREDICT({X};{W})": ((3, 1), "NN_PREDICT", (X, W)),
    f"=NN_PREDICT({X};{W};A1:B1)": ((3, 2), "NN_PREDICT", (X, W, "A1:B1")),
    f"=NN_LOSS(A1:A3;{Y})": ((1, 1), "NN_LOSS", ("A1:A3", Y)),
    f'=NN_LOSS(A1:A3;{Y};"mae")': ((1, 1), "NN_LOSS", ("A1:A3", Y, '"mae"')),
    f"=NN_ACCURACY(A1:A3;{Y})": ((1, 1), "NN_ACCURACY", ("A1:A3", Y)),
    f"=NN_GRAD({X};{Y};{W})": ((2, 2), "NN_GRAD", (X, Y, W)),
    f"=NN_STEP({X};{Y};{W};0.1)": ((2, 2), "NN_STEP", (X, Y, W, 0.1)),
    f"=NN_TRAIN({X};{Y};{W};20)": ((2, 2), "NN_TRAIN", (X, Y, W, 20.0)),
    f"=NN_CONV2D({IMAGE};{KERNEL})": ((3, 3), "NN_CONV2D", (IMAGE, KERNEL)),
    f"=NN_MAXPOOL({IMAGE};2)": ((2, 2), "NN_MAXPOOL", (IMAGE, 2.0)),
    f"=NN_CONFUSION({Y};{Y})": ((2, 2), "NN_CONFUSION", (Y, Y)),
}


@pytest.fixture
def office():
    return running()


@pytest.fixture
def path(office, tmp_path):
    path = tmp_path / "functions.xlsx"
    book = openpyxl.Workbook()
    book.active.title = "S"
    book.save(path)
    office.open(path)
    for cells, rows in DATA.items():
        office.write(path, "S", cells, rows)
    yield path
    if office.is_there:
        office.close(path)


def given(argument):
    """What a cell hands over: rows of numbers, one number, a text."""
    if isinstance(argument, str) and not argument.startswith('"'):
        rows = DATA.get(argument)
        if rows is None:
            rows = {"A1:B1": DATA[X][:1], "A1:A3": [row[:1] for row in DATA[X]]}[argument]
        return rows
    return argument.strip('"') if isinstance(argument, str) else argument


def test_the_wizard_lists_each_with_its_arguments(office):
    assert {name: len(function.arguments) for name, function in FUNCTIONS.items()} == {
        name: len(arguments) for name, arguments in office.wizard().items()
    }


@pytest.mark.parametrize("formula", BY_VALUE)
def test_a_function_of_values_shows_what_it_computes(office, path, formula):
    (rows, cols), name, arguments = BY_VALUE[formula]
    target = f"R1:{'RSTU'[cols - 1]}{rows}"
    office.enter_array(path, "S", target, formula)
    shown = np.array(office.values(path, "S", target), dtype=float)
    assert shown == pytest.approx(np.array(FUNCTIONS[name](*map(given, arguments))), abs=1e-12)
    office.clear(path, "S", target)


def test_what_cannot_be_is_an_error_with_a_sentence(office, path):
    for formula, code, says in (
        ('=NN_RELU("a")', VALUE, "NN_RELU: x is the text 'a'"),
        (f'=NN_LOSS(A1:A3;{Y};"huh")', VALUE, "must be one of"),
    ):
        office.enter(path, "S", "W1", formula)
        assert office.error(path, "S", "W1") == code
        office.enter(path, "S", "W2", "=NN_LASTERROR()")
        assert says in office.text(path, "S", "W2")


def test_ten_thousand_numbers_there_and_back(office, path, measured):
    rows = [[float(i * j % 7 - 3) for j in range(10)] for i in range(1000)]
    office.write(path, "S", "AA1:AJ1000", rows)
    office.enter(path, "S", "W5", "=SUM(NN_RELU(AA1:AJ1000))")
    assert office.values(path, "S", "W5")[0][0] == sum(max(0, n) for row in rows for n in row)
    began = time.monotonic()
    office.write(path, "S", "AA1", [[100.0]])
    total = office.values(path, "S", "W5")[0][0]
    measured(
        "LibreOffice: 10,000 numbers to NN_RELU and back (bar 0.1 s)", f"{time.monotonic() - began:.2f} s"
    )
    assert total == sum(max(0, n) for row in rows for n in row) - max(0, rows[0][0]) + 100


@pytest.fixture
def titanic(office, tmp_path):
    path = Path(shutil.copy(BOOKS / "titanic.xlsx", tmp_path))
    office.open(path)
    office.enter_array(path, "Net", SLOPES, "=NN_DERIVATIVE(P5;C5:M6)")
    office.enter_array(path, "Net", NUDGED, "=NN_NUDGE(P5;C5:M6)")
    yield path
    office.close(path)


SLOPES, NUDGED = "Y5:AI6", "Y8:AI9"  # of Net, where nothing stands


def numbers(office, path, cells) -> np.ndarray:
    return np.array(office.values(path, "Net", cells), dtype=float)


def test_functions_of_cells_read_the_document(office, titanic):
    expected = gradient(titanic).reshape(2, 11)
    assert numbers(office, titanic, SLOPES) == pytest.approx(expected, abs=1e-12)
    assert numbers(office, titanic, NUDGED) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("changing", ["C5:M6", "$Net.$C$5:$M$6", "all_weights", None])
def test_parity_knows_its_cells_whether_they_are_given_or_left_out(office, titanic, changing):
    office.define(titanic, "all_weights", "$Net.$C$5:$M$6")
    office.enter(titanic, "Net", "Y11", f"=NN_PARITY(P5{';' + changing if changing else ''})")
    assert office.error(titanic, "Net", "Y11") == 0
    assert office.values(titanic, "Net", "Y11")[0][0] < 1e-9


def test_cells_of_parity_that_no_formula_names_are_refused(office, titanic):
    office.enter(titanic, "Net", "Y11", "=NN_PARITY(P5;OFFSET(C5;0;0;2;11))")
    assert office.error(titanic, "Net", "Y11") == VALUE
    office.enter(titanic, "Net", "Y12", "=NN_LASTERROR()")
    until(lambda: "cannot be seen" in office.text(titanic, "Net", "Y12"))


def test_functions_of_cells_follow_them_and_so_does_what_reads_those(office, titanic, measured):
    """Whichever of the cells Calc computes first, and in whatever sheet they stand."""
    office.enter(titanic, "Net", "Y13", "=MAX(Y5;Y8)")
    office.enter(titanic, "Training", "Z50", "=SUM($Net.Y5:AI6)*2+$Net.Y13")
    office.enter(titanic, "Net", "Y14", "=NN_RELU($Training.Z50)+NN_DERIVATIVE(P5;C5)")
    for weight in (0.75, -0.25, 0.5):
        office.write(titanic, "Net", "C5", [[weight]])
        last = office.values(titanic, "Net", "Y14")[0][0]  # asked for before what it reads
        now, nudged = numbers(office, titanic, SLOPES), numbers(office, titanic, NUDGED)
        larger = office.values(titanic, "Net", "Y13")[0][0]
        assert larger == max(now[0, 0], nudged[0, 0])
        total = 2 * now.sum() + larger
        assert office.values(titanic, "Training", "Z50")[0][0] == pytest.approx(total, rel=1e-12)
        assert last == pytest.approx(max(0, total) + now[0, 0], rel=1e-9)
        office.save(titanic)
        assert now == pytest.approx(gradient(titanic).reshape(2, 11), abs=1e-12)
    began = time.monotonic()
    office.write(titanic, "Net", "C5", [[0.625]])
    moved = numbers(office, titanic, SLOPES)
    took = time.monotonic() - began
    measured("LibreOffice: titanic's NN_DERIVATIVE once a weight has moved (bar 0.3 s)", f"{took:.2f} s")
    assert np.abs(moved - now).max() > 1e-6


# What happens to a book, one after the other, and what the derivative of C2 by A1 is then. Calc computes cells in
# the middle of some of it, before it tells the agent of any change.
CHANGES = [
    ("a weight", "write", ("S", "A1", [[4.0]]), 6),
    ("a constant", "write", ("S", "A2", [[2.0]]), 7),
    ("a formula", "enter", ("S", "B1", "=A1*5"), 10),
    ("another of the same result", "enter", ("S", "B1", "=A1+16"), 6),
    (
        "a number with digits that do not show",
        "enter",
        ("S", "B1", "=A1*0.1234567890123456"),
        5.1234567890123456,
    ),
    ("another such number", "enter", ("S", "B1", "=A1*0.12345678901234567"), 5.12345678901234567),
    ("a value over a formula", "write", ("S", "B1", [[7.0]]), 5),
    ("a text that looks like a formula", "write", ("S", "B3", [["=A3*$A$1"]]), 4),
    ("formulas undone", "undo", (), 5),
    ("a formula put back", "enter", ("S", "B1", "=A1*3"), 8),
    ("filled down", "fill_down", ("S", "B1:B5"), 3),
    ("filling undone", "undo", (), 8),
    ("a truth in place of a number", "write", ("S", "A3", [[0.0]]), 7),
    ("a row put in", "insert_rows", ("S", 3, 1), 7),
    ("a formula in it", "enter", ("S", "B3", "=A3*$A$1"), 7),
    ("a constant in it", "write", ("S", "A3", [[5.0]]), 12),
    ("a cell moved that a formula reads", "move", ("S", "A2", "H2"), 12),
    ("a number where it was", "write", ("S", "A2", [[9.0]]), 12),
    ("a number where it is", "write", ("S", "H2", [[4.0]]), 14),
    ("a name", "define", ("rate", "$Rates.$A$1"), 14),
    ("a formula with it", "enter", ("S", "B1", "=A1*rate"), 21),
    ("another meaning of it", "define", ("rate", "$Rates.$A$2"), 22),
    ("another name of its sheet", "rename_sheet", ("Rates", "Others"), 22),
    ("a constant there", "write", ("Others", "A2", [[12.0]]), 23),
    ("an array", "enter_array", ("S", "B1:B2", "=A1*A1:A2"), 2 * 4 + 9 + 7),
    ("the array undone", "undo", (), 23),
    ("a sum of rows that are shown", "enter", ("S", "C2", "=SUBTOTAL(109;B1:B9)"), 23),
    ("a row hidden", "hide_rows", ("S", 3, 3), 18),
    ("a constant far below", "write", ("S", "A50", [[1.0]]), 18),
    ("a sum of a column", "enter", ("S", "C2", "=SUM(B1:B6)*SUM(A50:A1000)"), 23),
    ("a constant farther below", "write", ("S", "A900", [[1.0]]), 46),
    ("a reference that is made", "enter", ("S", "C2", '=A1*INDIRECT("A"&A50)'), 8),
    ("another such reference", "write", ("S", "A50", [[2.0]]), 9),
]


def differing_after(office, path, objective: str, changes) -> dict[str, tuple[float, float]]:
    """What was done -> (the derivative of an objective by A1 then, the right one), where these differ."""
    office.open(path)
    office.enter(path, "S", "F1", f"=NN_DERIVATIVE({objective};A1)")
    found = {}
    for what, how, given, expected in changes:
        getattr(office, how)(path, *given)
        found[what] = office.values(path, "S", "F1")[0][0], expected
    office.close(path)
    return {what: pair for what, pair in found.items() if pair[0] != pytest.approx(pair[1], rel=1e-16)}


def test_a_derivative_follows_whatever_is_changed(office, tmp_path):
    book = openpyxl.Workbook()
    sheet, rates = book.active, book.create_sheet("Rates")
    sheet.title = "S"
    rates["A1"], rates["A2"] = 10.0, 11.0
    sheet["A1"], sheet["B1"], sheet["C2"] = 3.0, "=A1*2", "=SUM(B1:B5)"
    for row in range(2, 6):
        sheet.cell(row, 1, 1.0)
        sheet.cell(row, 2, f"=A{row}*$A$1")
    path = tmp_path / "changed.xlsx"
    book.save(path)
    assert differing_after(office, path, "C2", CHANGES) == {}


# The same of columns that are filled down: B1:B9, =A1*$A$1, and C1:C3, =SUM($A$1:$A$3*2), of which each cell
# takes its own row's number.
FILLED = [
    ("another weight", "write", ("S", "A1", [[4.0]]), 2 * 4 + 8 + 2),
    ("a formula in the middle", "enter", ("S", "B5", "=A5*$A$1*3"), 2 * 4 + 10 + 2),
    ("undone", "undo", (), 2 * 4 + 8 + 2),
    ("another reference in the middle", "enter", ("S", "B5", "=A5*A$1+$A$1"), 2 * 4 + 9 + 2),
    ("a constant in place of a formula", "write", ("S", "B5", [[1.0]]), 2 * 4 + 7 + 2),
    ("a formula again", "enter", ("S", "B5", "=A5*$A$1"), 2 * 4 + 8 + 2),
    ("an array formula in the middle", "enter_array", ("S", "C2:C2", "=SUM($A$1:$A$3*2)"), 2 * 4 + 8 + 4),
    ("all others", "fill_down", ("S", "B5:B9"), 2 * 4 + 8 + 4),
    ("the first one", "enter", ("S", "B1", "=A1*2"), 2 + 8 + 4),
    ("all like the first", "fill_down", ("S", "B1:B9"), 2 + 4),
    ("a digit that does not show", "enter", ("S", "B1", "=A1*2.0000000000000004"), 2.0000000000000004 + 4),
]


def test_a_derivative_follows_what_is_changed_in_columns_that_are_filled_down(office, tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "S"
    for row in range(1, 10):
        sheet.append([1.0, f"=A{row}*$A$1", "=SUM($A$1:$A$3*2)" if row < 4 else None])
    sheet["A1"], sheet["E1"] = 3.0, "=SUM(B1:B9)+SUM(C1:C3)"
    path = tmp_path / "filled.xlsx"
    book.save(path)
    assert differing_after(office, path, "E1", FILLED) == {}


def test_the_latest_sentence_shows_by_itself(office, path):
    office.enter(path, "S", "W7", "=NN_LASTERROR()")
    for word in ("huh", "hmm"):
        office.enter(path, "S", "W8", f'=NN_LOSS(A1:A3;{Y};"{word}")')
        assert office.error(path, "S", "W8") == VALUE  # Calc computes what is looked at
        until(lambda word=word: f"'{word}'" in office.text(path, "S", "W7"))


def test_an_error_in_an_argument_is_shown_as_it_is_and_a_blank_refused(office, path):
    office.enter(path, "S", "W9", "=NN_RELU(1/0)")
    assert office.error(path, "S", "W9") == 532  # #DIV/0!
    office.enter(path, "S", "W9", "=NN_RELU(Z90:Z91)")
    assert office.error(path, "S", "W9") == VALUE


def test_an_option_in_the_middle_may_be_left_out(office, path):
    office.enter(path, "S", "W10", f'=SUM(NN_TRAIN({X};{Y};{W};20;;"sgd"))')
    expected = np.sum(FUNCTIONS["NN_TRAIN"](DATA[X], DATA[Y], DATA[W], 20.0, None, "sgd"))
    assert office.values(path, "S", "W10")[0][0] == pytest.approx(expected, abs=1e-12)


def gradient(path: Path) -> np.ndarray:
    """Of the file, whose copy nobody has open."""
    book = xlcicf.open_book(shutil.copy(path, path.with_name("copy.xlsx")))
    f = xlcicf.differentiate(book, xlcicf.find_problem(book))
    return f.gradient(f.start)
