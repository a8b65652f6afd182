"""How a function in a cell is called: what it reads, refuses and remembers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.addin.cells import AS_COM, Cells
from xlcicf.addin import function_calls, udfs
from xlcicf.addin.function_calls import array_of
from xlcicf.errors import DataError

DIV0 = AS_COM["Div"]

floats = st.floats(allow_nan=False, allow_infinity=False)
tables = st.tuples(st.integers(1, 6), st.integers(1, 6)).flatmap(
    lambda shape: arrays(float, shape, elements=floats)
)


def rows(array) -> tuple:
    """Cells as COM hands them over: rows as tuples."""
    return tuple(map(tuple, array.tolist()))


@given(tables)
def test_numbers_come_in_exactly_as_they_stand_in_the_cells(table):
    read = array_of(rows(table), "x")
    assert read.dtype == np.float64
    assert read.shape == table.shape
    assert np.array_equal(read, table)


@given(tables)
def test_results_go_out_exactly_as_they_were_computed(table):
    assert np.array_equal(udfs.NN_RELU(rows(table)), np.maximum(table, 0))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (3.0, [[3]]),
        (3, [[3]]),
        (True, [[1]]),
        ((1.0, 2.0), [[1, 2]]),
        (((1.0,), (2.0,)), [[1], [2]]),
        (((True, False),), [[1, 0]]),
        (((True, 2.5),), [[1, 2.5]]),
        (((float(DIV0), 1.0),), [[DIV0, 1]]),  # a number is no error value, whatever its size
    ],
)
def test_scalars_rows_and_columns_are_read_alike(given, expected):
    assert array_of(given, "x").tolist() == expected


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (None, "x is blank"),
        ("three", "x is the text 'three'"),
        ("3", "x is the text '3'"),
        ("a" * 32_000, "x is the text 'aaaaaaaaaaaa...aaaaaaaaaaaaa'"),
        (DIV0, "x is #DIV/0!"),
        (((1.0, None),), "x in row 1, column 2 is blank"),
        (((1.0, 2.0), (3.0, "1,5")), "x in row 2, column 2 is the text '1,5'"),
        (((1.0,), (AS_COM["Na"],)), "x in row 2, column 1 is #N/A"),
        (((True,), (DIV0,)), "x in row 2, column 1 is #DIV/0!"),
        ((1.0, None), "x in row 1, column 2 is blank"),
        (((1.0, 2043 - 0x7FF60000),), "x in row 1, column 2 is an error value"),
    ],
)
def test_what_is_no_number_is_refused_by_row_and_column(given, words):
    with pytest.raises(DataError, match="a number is needed there") as refusal:
        array_of(given, "x")
    assert str(refusal.value).startswith(words)


X, y, W = ((1.0, 2.0), (3.0, 4.0)), ((1.0,), (0.0,)), ((0.5, 0.25),)
HUGE = ((1e308, 1e308),)

WRONG = [
    # function, arguments as Excel hands them over, what the cell shows, words of the sentence
    ("NN_RELU", (((1.0, "a"),),), "#VALUE!", "x in row 1, column 2 is the text 'a'"),
    ("NN_SOFTMAX", (DIV0,), "#VALUE!", "scores is #DIV/0!"),
    ("NN_DENSE", (X, ((1.0, 2.0, 3.0),)), "#VALUE!", "X is 2 x 2 and the weight 1 x 3"),
    ("NN_DENSE", (X, W, ((1.0, 2.0),)), "#VALUE!", "the bias is 1 x 2 and the weight 1 x 2"),
    ("NN_DENSE", (HUGE, HUGE), "#NUM!", "row 1, column 1 is too large or no number"),
    ("NN_PREDICT", (X, ((1.0, 2.0, 3.0),)), "#VALUE!", "X is 2 x 2 and the weight 1 x 3"),
    ("NN_PREDICT", (X, W, W), "#VALUE!", "weights of 1 x 2, 1 x 2 do not fit onto 2 columns"),
    ("NN_PREDICT", (X,), "#VALUE!", "weights is missing"),
    ("NN_PREDICT", (X, W, None), "#VALUE!", "weights 2 is blank"),
    ("NN_LOSS", (X, y), "#VALUE!", "2 x 2 predictions and 2 x 1 actual values"),
    ("NN_LOSS", (X, X, "rmse"), "#VALUE!", "kind is the text 'rmse'; it must be one of mse, mae, bce"),
    ("NN_LOSS", (X, X, 3.0), "#VALUE!", "kind is 3.0; it must be one of"),
    ("NN_LOSS", (X, X, DIV0), "#VALUE!", "kind is #DIV/0!"),
    ("NN_LOSS", (X, X, ((1.0, 2.0),)), "#VALUE!", "kind is ((1.0, 2.0),)"),
    ("NN_LOSS", (X, X, "bce"), "#VALUE!", "pred in row 1, column 2 is 2"),
    ("NN_LOSS", (X, ((2.0,), (0.0,)), "cross_entropy"), "#VALUE!", "actual number 1 is 2; with 2 classes"),
    ("NN_LOSS", (X, ((1.0,),), "cross_entropy"), "#VALUE!", "2 rows of scores and actual 1 class numbers"),
    ("NN_ACCURACY", (y, ((1.0,), (0.5,))), "#VALUE!", "actual number 2 is 0.5; it must be 0 or 1"),
    ("NN_ACCURACY", (y, y, X), "#VALUE!", "threshold is 2 x 2 cells; it must be one number"),
    ("NN_CONFUSION", (y, X), "#VALUE!", "actual is 2 x 2; class numbers stand in one row or one column"),
    ("NN_CONFUSION", (y, ((0.0,),)), "#VALUE!", "2 predictions and 1 actual values"),
    ("NN_CONFUSION", (((0.5,), (1.0,)), y), "#VALUE!", "pred number 1 is 0.5"),
    ("NN_CONFUSION", (((-1.0,), (1.0,)), y), "#VALUE!", "pred number 1 is -1"),
    ("NN_CONFUSION", (((1e300,), (1.0,)), y), "#VALUE!", "classes are too many"),
    ("NN_CONFUSION", (y, y, 1.0), "#VALUE!", "with 1 classes it must be a whole number from 0 to 0"),
    ("NN_GRAD", (X, ((1.0,),), W), "#VALUE!", "2 x 1 predictions and 1 x 1 actual values"),
    ("NN_GRAD", (X, y, W, "cross_entropy"), "#VALUE!", "it must be one of mse, mae, bce"),
    ("NN_GRAD", (X, y, ((1.0, 1.0),), "bce"), "#VALUE!", "pred number 1 is 3"),
    ("NN_STEP", (X, y, W, None), "#VALUE!", "lr is blank"),
    ("NN_STEP", (X, y), "#VALUE!", "weights is missing"),
    ("NN_TRAIN", (X, y, W, 2.5), "#VALUE!", "steps is 2.5; it must be a whole number of at least 1"),
    ("NN_TRAIN", (X, y, W, 0.0), "#VALUE!", "steps is 0; it must be a whole number of at least 1"),
    ("NN_TRAIN", (X, y, W, 5.0, -1.0), "#NUM!", "learning rate must be a number above 0"),
    ("NN_TRAIN", (X, y, W, 5.0, 0.1, "newton"), "#VALUE!", "it must be one of lbfgs, sgd"),
    ("NN_TRAIN", (X, y, W, 5.0, 0.1, "lbfgs"), "#NUM!", "leave the learning rate out"),
    ("NN_CONV2D", (W, X), "#VALUE!", "the kernel is 2 x 2 and the image, padding included, 1 x 2"),
    ("NN_CONV2D", (X, W, 0.0), "#VALUE!", "stride is 0; it must be a whole number of at least 1"),
    ("NN_CONV2D", (X, W, 1.0, -1.0), "#VALUE!", "padding is -1; it must be a whole number of at least 0"),
    ("NN_MAXPOOL", (X, 3.0), "#VALUE!", "the image is 2 x 2; a square of 3 x 3 does not fit"),
]


@pytest.mark.parametrize(("name", "given", "shown", "words"), WRONG)
def test_a_wrong_argument_shows_excels_error_and_says_why(name, given, shown, words):
    assert getattr(udfs, name)(*given) == [[shown]]
    ((sentence,),) = udfs.NN_LASTERROR()
    assert sentence.startswith(f"{name}: ")
    assert words in sentence
    assert "\n" not in sentence


def test_the_sentence_is_asked_for_from_a_cell():
    sheet = Cells({"A1": [[1, "text"]]})
    assert sheet.shows("=NN_RELU(A1:B1)") == "#VALUE!"
    assert sheet.shows("=NN_LASTERROR()") == (
        "NN_RELU: x in row 1, column 2 is the text 'text'; a number is needed there"
    )


def test_what_nobody_thought_of_is_an_error_too_and_no_traceback(monkeypatch, caplog):
    function = function_calls.FUNCTIONS["NN_RELU"]
    monkeypatch.setattr(udfs.layers, "relu", lambda x: 1 / 0)
    assert function(((0.123, 0.456),)) == [["#VALUE!"]]
    assert "NN_RELU met what it was not made for (ZeroDivisionError" in udfs.NN_LASTERROR()[0][0]
    assert "ZeroDivisionError" in caplog.text  # the log has the whole of it


def test_training_gives_up_when_its_time_is_over(monkeypatch):
    monkeypatch.setattr(udfs, "TRAIN_SECONDS", 0.0)
    assert udfs.NN_TRAIN(X, y, W, 1000.0, 1e-9) == [["#NUM!"]]
    assert "train from the ribbon" in udfs.NN_LASTERROR()[0][0]


def test_a_blank_cell_leaves_an_option_out():
    assert udfs.NN_TRAIN(X, y, W, None, None, None, None) == udfs.NN_TRAIN(X, y, W)


# ---- what is remembered ----------------------------------------------------------------------------------


@pytest.fixture
def computed(monkeypatch):
    """Grows by one each time NN_RELU computes; nothing is remembered from before."""
    calls, relu = [], udfs.layers.relu
    monkeypatch.setattr(udfs.layers, "relu", lambda x: calls.append(x) or relu(x))
    monkeypatch.setattr(function_calls, "RESULTS", function_calls.Results())
    return calls


def test_the_same_content_is_computed_once(computed):
    assert udfs.NN_RELU(((1.0, 2.0),)) == udfs.NN_RELU([[1.0, 2.0]]) == [[1.0, 2.0]]
    assert len(computed) == 1


@pytest.mark.parametrize("other", [((1.0,), (2.0,)), ((1.0, 2.5),), ((2.0, 1.0),)])
def test_other_content_or_another_shape_is_computed_anew(computed, other):
    udfs.NN_RELU(((1.0, 2.0),))
    assert udfs.NN_RELU(other) == np.array(other).tolist()
    assert len(computed) == 2


def test_an_option_makes_another_result():
    image = tuple((float(i), float(i + 1)) for i in range(4))
    assert udfs.NN_MAXPOOL(image, 1.0) != udfs.NN_MAXPOOL(image, 1.0, 2.0)


@pytest.mark.parametrize(("limit", "value"), [("MOST", 3), ("ROOM", 7)])
def test_the_longest_unused_result_is_forgotten_first(computed, monkeypatch, limit, value):
    monkeypatch.setattr(function_calls.Results, limit, value)
    a, b, c, d = (((float(i), float(-i)),) for i in range(1, 5))
    for each in (a, b, c, a, d):  # room for three of two numbers each
        udfs.NN_RELU(each)
    assert len(computed) == 4
    for each in (d, a, c):
        udfs.NN_RELU(each)
    assert len(computed) == 4
    udfs.NN_RELU(b)
    assert len(computed) == 5
