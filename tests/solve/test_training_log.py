"""A run written down in the Titanic book after a person has been at its cells."""

import numpy as np
import pytest

from xlcicf.host import open_book
from xlcicf.solve import History, find_problem
from xlcicf.solve.training import Settings, Training


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
    "text in the log": ((("Training!A26:A27", "mine"),), 3, 1),
    "numbers in the log": ((("Training!A26", 7), ("Training!A27", 3)), 3, 8),
    "a note beside the run's number": ((("Training!B26", "mine"),), 2, 1),
}


@pytest.mark.parametrize(("edits", "lines", "number"), HAND_EDITS.values(), ids=HAND_EDITS)
def test_a_run_is_written_below_what_stands_in_the_log(edits, lines, number, titanic_book, tmp_path):
    book, training = trained(titanic_book, tmp_path, *edits)
    assert len(runs(book)) == lines and runs(book)[-1][0] == number
    loss, gap = (book.names[name].refers_to_range.value for name in ("parity.loss", "parity.prediction"))
    assert loss == training.f.value(training.best_values) and gap <= 1e-12
    weights = book.names["hidden.weight"].refers_to_range.options(np.array).value
    assert (weights.ravel() == training.best_values).all()
