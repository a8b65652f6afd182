"""A model's workbook trained, by the command line and by the library, and what must be true of any run that found
an answer."""

import json
from pathlib import Path

import numpy as np
import openpyxl
import pytest

import xlcicf
from tests.solve.models.model import SOLVED, Answer, Model
from tests.test_cli import run

CLOSE = 1e-8  # by which a constraint may be broken


def by_command_line(capsys, path: Path, *arguments: str) -> tuple[int, dict]:
    """(exit code, the JSON object) of `xlcicf train BOOK --json`."""
    code, out, _ = run(capsys, "train", path, "--json", *arguments)
    return code, json.loads(out)


def by_library(path: Path, **settings) -> np.ndarray:
    """The best values that `xlcicf.train` comes to."""
    book = xlcicf.open_book(path)
    *_, last = xlcicf.train(xlcicf.differentiate(book, xlcicf.find_problem(book)), **settings)
    return last.best_values


def parameters(told: dict) -> tuple[list[str], np.ndarray, list[float | None]]:
    """(addresses, values, standard errors)."""
    addresses, values, errors, *_ = zip(*told["parameters"], strict=True)
    return list(addresses), np.array(values), list(errors)


def assert_solved(model: Model, answer: Answer, code: int, told: dict, path: Path) -> np.ndarray:
    """What was told is true, and is the optimum; the values that were found (n,)."""
    assert (code, told.get("status") in SOLVED) == (0, True), told
    assert told["reason"] and told["method"], told
    addresses, values, _ = parameters(told)
    assert_optimal(model, answer, values)
    assert told["after"] == pytest.approx(model.objective(values), rel=1e-9, abs=1e-12)
    assert told["feasible"] <= CLOSE, told["feasible"]
    for text, left, right, slack, _ in told["constraints"]:
        if None not in (left, right, slack):
            assert abs(slack) == pytest.approx(abs(left - right), abs=1e-9, rel=1e-9), text
    assert written(path, addresses) == values.tolist()
    return values


def assert_optimal(model: Model, answer: Answer, values: np.ndarray) -> None:
    gap = model.objective(values) - answer.objective
    worse = {"min": gap, "max": -gap}.get(str(model.problem.sense), abs(gap))
    shortfall, violation = worse / (abs(answer.objective) or 1.0), model.violation(values)
    assert shortfall <= model.tolerance, f"worse than {answer.objective!r} by {shortfall:.2g} of it"
    assert violation <= CLOSE, f"a constraint is broken by {violation:.2g}"
    assert not model.is_whole or (values == values.round()).all(), values


def written(path: Path, addresses: list[str]) -> list[float]:
    """What stands in the file."""
    book = openpyxl.load_workbook(path)
    places = [address.rpartition("!") for address in addresses]
    return [book[sheet.strip("'")][cell].value for sheet, _, cell in places]


def digits(found, known) -> np.ndarray:
    """How many significant digits agree: NIST's measure, at most the eleven that it prints."""
    known = np.asarray(known, float)
    with np.errstate(divide="ignore"):
        return np.minimum(-np.log10(abs(np.asarray(found, float) - known) / abs(known)), 11)
