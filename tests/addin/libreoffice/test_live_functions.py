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

# By --full only: driven over its bridge LibreOffice 7.4 now and then crashes, or waits for ever.
pytestmark = [pytest.mark.libreoffice, pytest.mark.full]

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


@pytest.mark.skipif(not shutil.which("xdotool"), reason="no keys can be pressed: xdotool is missing")
def test_functions_of_cells_read_the_document(office, tmp_path):
    path = Path(shutil.copy(BOOKS / "titanic.xlsx", tmp_path / "titanic.xlsx"))
    office.open(path)
    try:
        # From another thread than the main one uno may wait for ever for a function that reads the document.
        office.keys(path, "Net", "Y5:AI6", "=NN_DERIVATIVE(P5;C5:M6)", "ctrl+shift+Return")
        office.keys(path, "Net", "Y8", "=NN_PARITY(P5;C5:M6)")
        until(lambda: office.text(path, "Net", "Y8") not in ("", "0"), what="NN_PARITY shows nothing")
        slopes = np.array(office.values(path, "Net", "Y5:AI6"), dtype=float)
        assert slopes == pytest.approx(gradient(path).reshape(2, 11), abs=1e-12)
        assert office.values(path, "Net", "Y8")[0][0] < 1e-9
    finally:
        office.close(path)


def gradient(path: Path) -> np.ndarray:
    """Of the file, whose copy nobody has open."""
    book = xlcicf.open_book(shutil.copy(path, path.with_name("copy.xlsx")))
    f = xlcicf.differentiate(book, xlcicf.find_problem(book))
    return f.gradient(f.start)
