"""A run written down in the Titanic book: after a person has been at its cells, and with its standard errors."""

import numpy as np
import pytest

from xlcicf.host import open_book, read_snapshot
from xlcicf.learn import titanic as passengers
from xlcicf.optim.fit import Fit
from xlcicf.solve import History, find_problem, place
from xlcicf.solve.answer import Answer
from xlcicf.solve.training import Settings, Training
from xlcicf.solve.training_log import TrainingLog, told_unknown


def trained(path, tmp_path, *edits):
    """The shipped book with (area, value) typed into it, trained for two steps; nothing is saved."""
    book = open_book(path)
    for area, value in edits:
        sheet, _, cells = area.rpartition("!")
        book.sheets[sheet][cells].value = value
    training = Training(book, find_problem(book), Settings(steps=2))
    for _ in training:
        pass
    training.write(History.beside(tmp_path / "none.xlsx"))
    return book, training


def runs(book):
    """The lines of the log that hold something, header left out."""
    lines = book.names["runs.log"].refers_to_range.options(ndim=2).value[1:]
    return [line for line in lines if any(cell is not None for cell in line)]


# what a person did to the book before the run: (edits, lines in the log after it, the run's number)
HAND_EDITS = {
    "nothing": ((), 1, 1),
    "a passenger's row of the net emptied": ((("Net!A30:V30", None),), 1, 1),
    "text in the log": ((("Training!A33:A34", "mine"),), 3, 1),
    "numbers in the log": ((("Training!A33", 7), ("Training!A34", 3)), 3, 8),
    "a note beside the run's number": ((("Training!B33", "mine"),), 2, 1),
}


@pytest.mark.parametrize(("edits", "lines", "number"), HAND_EDITS.values(), ids=HAND_EDITS)
def test_a_run_is_written_below_what_stands_in_the_log(edits, lines, number, titanic_book, tmp_path):
    book, training = trained(titanic_book, tmp_path, *edits)
    assert len(runs(book)) == lines and runs(book)[-1][0] == number
    loss, gap = (book.names[name].refers_to_range.value for name in ("parity.loss", "parity.prediction"))
    assert loss == training.f.value(training.best_values) and gap <= 1e-12
    weights = book.names["hidden.weight"].refers_to_range.options(np.array).value
    assert (weights.ravel() == training.best_values).all()


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_each_start_has_a_dot_where_it_ended_and_the_winner_its_way(optimizer, titanic_book, tmp_path):
    book = open_book(titanic_book)
    training = Training(book, find_problem(book), Settings(optimizer, steps=4, restarts=5))
    for _ in training:
        pass
    training.write(History.beside(tmp_path / "none.xlsx"))
    won, ends = (
        [line for line in book.names[name].refers_to_range.options(ndim=2).value[1:] if line[0] is not None]
        for name in ("steps.log", "starts.log")
    )
    assert [number for number, _ in won] == [0, 1, 2, 3, 4]
    assert [number for number, _ in ends] == [4] * 5 and len({loss for _, loss in ends}) == 5
    assert won[-1] in ends and min(loss for _, loss in won) == training.best_loss


# ---- standard errors -------------------------------------------------------------------------------------

NOT_LEAST_SQUARES = "all: the last run was not one of least squares"


def run(book, history, optimizer, steps=None):
    training = Training(book, find_problem(book), Settings(optimizer, steps))
    for _ in training:
        pass
    return training.write(history)


def told(book):
    """The standard errors on Training, as a list of 22, and what it says of those that are not known."""
    errors, unknown = (book.names[name].refers_to_range.value for name in ("fit.errors", "fit.unknown"))
    return sum(errors, []), unknown


@pytest.fixture
def titanic(titanic_book):
    book = open_book(titanic_book)
    yield book
    book.close()


def test_a_run_of_least_squares_tells_its_standard_errors_and_why_some_are_blank(titanic, tmp_path):
    history = History.beside(tmp_path / "none.xlsx")
    shipped = told(titanic)
    known = run(titanic, history, "least-squares").answer
    assert told(titanic) == ([error for _, _, error, *_ in known.parameters], told_unknown(known))
    history.undo(titanic)
    assert told(titanic) == shipped


SOLVERS = passengers.carried_over(passengers.weights("solver"))
A_LINE = np.array([passengers.weights("linear"), np.full(11, -1.0)])
# weights where a run of least squares begins -> the columns whose weights are known after it, of either set
MEASURED = ["Age", "SibSp", "Parch", "LogFare", "Male"]
KNOWN = {"Solver's": (SOLVERS, [MEASURED, MEASURED]), "a dead ReLU": (A_LINE, [MEASURED, []])}


@pytest.mark.parametrize(("start", "known"), KNOWN.values(), ids=KNOWN)
def test_the_standard_errors_of_the_net_are_those_of_numpy(titanic, tmp_path, start, known):
    """s sqrt(diag((J'J)+)) with s^2 = r'r / (k - rank); classes and ports add up to 1, nothing tells them apart."""
    titanic.names["hidden.weight"].refers_to_range.value = start.tolist()
    run(titanic, History.beside(tmp_path / "none.xlsx"), "least-squares")
    data = passengers.lesson()
    weights = titanic.names["hidden.weight"].refers_to_range.options(np.array).value
    lin = data.X @ weights.T
    jacobian = np.hstack([data.X * (lin[:, [unit]] > 0) for unit in range(2)])
    residuals = np.maximum(lin, 0).sum(1) - data.y
    freedom = len(residuals) - np.linalg.matrix_rank(jacobian)
    covariance = residuals @ residuals / freedom * np.linalg.pinv(jacobian.T @ jacobian, hermitian=True)
    expected = [
        [error if name in of_set else None for name, error in zip(data.columns, errors, strict=True)]
        for errors, of_set in zip(np.sqrt(np.diag(covariance)).reshape(2, 11), known, strict=True)
    ]
    shown, unknown = told(titanic)
    assert shown == [error and pytest.approx(error, rel=1e-9) for error in sum(expected, [])]
    assert "it has no effect on any residual here" in unknown and "the data do not tell" in unknown
    assert "corner" not in unknown


def test_weights_at_a_corner_are_named(titanic, tmp_path):
    titanic.names["hidden.weight"].refers_to_range.value = passengers.weights("trained").tolist()
    run(titanic, History.beside(tmp_path / "none.xlsx"), "least-squares")
    shown, unknown = told(titanic)
    assert 0 < shown.count(None) < 22
    assert "at a corner of MAX" in unknown
    assert unknown.endswith(
        "the others are rough: the run came to rest where slopes are left, as at a corner"
    )


@pytest.mark.parametrize(
    ("optimizer", "steps", "why"),
    [
        ("lbfgs", 20, NOT_LEAST_SQUARES),
        ("adam", 2, NOT_LEAST_SQUARES),
        ("least-squares", 2, "all: the last run was stopped before it came to rest"),
    ],
)
def test_another_run_empties_the_standard_errors_and_says_why_undo_brings_them_back(
    titanic, tmp_path, optimizer, steps, why
):
    history = History.beside(tmp_path / "none.xlsx")
    before = [[i / 100 for i in range(start, start + 11)] for start in (1, 12)]
    titanic.names["fit.errors"].refers_to_range.value = before
    run(titanic, history, optimizer, steps)
    assert told(titanic) == ([None] * 22, why)
    history.undo(titanic)
    assert told(titanic)[0] == sum(before, [])


def answered(errors, unknown, away=0.0):
    """An answer whose parameters Net!C5, Net!D5, ... have these standard errors."""
    cells = [f"Net!{letter}{row}" for row in (5, 6) for letter in "CDEFGHIJKLM"][: len(errors)]
    covariance = np.diag([np.nan if error is None else error**2 for error in errors])
    why = {cells.index(cell): said for cell, said in unknown.items()}
    fit = Fit(np.zeros(len(cells)), "least squares", "", covariance, why, away)
    parameters = [(cell, 0.0, error, None, None) for cell, error in zip(cells, errors, strict=True)]
    return Answer([], parameters, 0.0, fit, unknown)


def test_standard_errors_stand_as_the_weights_do_and_blanks_stay_blank(titanic):
    log = TrainingLog.of(titanic, place(read_snapshot(titanic), find_problem(titanic)))
    errors = [i / 8 for i in range(22)]
    errors[3] = errors[21] = None
    rows = log.fit(answered(errors, {"Net!F5": "at a corner", "Net!M6": "no effect"}), "")
    assert list(rows.values()) == [
        [errors[:11], errors[11:]],
        [["Net!F5: at a corner\nNet!M6: no effect"]],
    ]
    assert set(rows) <= set(log.written)


UNKNOWN = {
    "nothing": ([1.0, 2.0], {}, "none: each is known"),
    "one reason for all": ([None] * 2, dict.fromkeys(("Net!C5", "Net!D5"), "no effect"), "all: no effect"),
    "no reason": ([None, 1.0], {}, "Net!C5: the run does not say why"),
    "the commonest first": (
        [None, None, None, 1.0],
        {"Net!C5": "no effect", "Net!D5": "a corner", "Net!E5": "a corner"},
        "Net!D5, Net!E5: a corner\nNet!C5: no effect",
    ),
    "more reasons than have room": (
        [None] * 7,
        {f"Net!{letter}5": f"why {letter}" for letter in "CDEFGHI"},
        "Net!C5: why C\nNet!D5: why D\nNet!E5: why E\nNet!F5: why F\n3 more, for other reasons",
    ),
}


@pytest.mark.parametrize(("errors", "unknown", "said"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_known_is_said_in_words(errors, unknown, said):
    assert told_unknown(answered(errors, unknown)) == said


def test_standard_errors_far_from_an_optimum_are_called_rough():
    assert told_unknown(answered([1.0, None], {"Net!D5": "no effect"}, away=0.2)).splitlines() == [
        "Net!D5: no effect",
        "the others are rough: the run came to rest where slopes are left, as at a corner",
    ]
    assert "rough" not in told_unknown(answered([None, None], {}, away=0.2))


def test_a_book_without_room_for_standard_errors_takes_its_run_as_ever(titanic_book, tmp_path):
    book = open_book(titanic_book.with_name("model_card.xlsx"))
    run(book, History.beside(tmp_path / "none.xlsx"), "least-squares", 2)
    assert "fit.errors" not in [name.name for name in book.names]
    assert runs(book)[-1][2] == "least-squares"
