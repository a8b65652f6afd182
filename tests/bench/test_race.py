"""Who reaches Solver's answer first on the tutorial's sheet: exact gradients, or who sees values only."""

import shutil
import time
from pathlib import Path

import numpy as np
import pytest

import xlcicf
from tests import layouts
from tests.libreoffice import Office
from xlcicf.host import host_of, read_snapshot
from xlcicf.optim.standins import run_exact, run_standin
from xlcicf.solve import place
from xlcicf.solve.bench import recalculation

pytestmark = pytest.mark.bench

SOLVERS_ANSWER = 0.14315  # where Excel's Solver stopped
SCRIPT = Path(__file__).with_name("libreoffice_solver.py")


@pytest.fixture(scope="module")
def book_path(tmp_path_factory):
    path = tmp_path_factory.mktemp("race") / "nnet.xlsx"
    layouts.nnet(path, np.random.default_rng(2).uniform(-0.5, 0.5, 20))
    return path


@pytest.fixture(scope="module")
def ours(book_path):
    """(seconds to translate the formulas, seconds from there to Solver's answer), the middle of five runs."""
    book = xlcicf.open_book(book_path)
    problem = xlcicf.find_problem(book)
    laps = []
    for _ in range(5):
        began = time.perf_counter()
        f = xlcicf.differentiate(book, problem)
        translating = time.perf_counter() - began
        run = run_exact(f, seconds=60, goal=SOLVERS_ANSWER)
        assert run.loss <= SOLVERS_ANSWER
        laps.append((translating, run.seconds))
    return np.median(laps, axis=0)


def test_exact_gradients_beside_slsqp_through_our_own_evaluator(book_path, ours, bench_seconds, measured):
    book = xlcicf.open_book(book_path)
    placed = place(read_snapshot(book), xlcicf.find_problem(book))
    beside_slsqp("our evaluator", recalculation(book, placed), placed, ours, bench_seconds, measured)


def test_exact_gradients_beside_slsqp_through_ironcalc(book_path, ours, bench_seconds, measured):
    book = xlcicf.open_book(book_path)
    placed = place(read_snapshot(book), xlcicf.find_problem(book))
    with host_of(book).peer(book, placed.objective, placed.changing) as (who, value):
        beside_slsqp(f"{who} (bar 300x)", value, placed, ours, bench_seconds, measured)


def beside_slsqp(who, value, placed, ours, bench_seconds, measured):
    f = placed.function()
    theirs = run_standin(value, f, "SLSQP", bench_seconds, SOLVERS_ANSWER)
    assert theirs.loss <= value(f.start)
    report(f"SLSQP, {who}", theirs.seconds, theirs.loss, ours, measured)


@pytest.mark.libreoffice
def test_exact_gradients_beside_libreoffice_evolutionary_solver(
    book_path, ours, bench_seconds, measured, tmp_path
):
    book = shutil.copy(book_path, tmp_path / "copy.xlsx")  # LibreOffice locks what it opens
    target = {"sheet": "nnet", "objective": "AH1", "changing": "R4:AA5", "goal": SOLVERS_ANSWER}
    office = Office()
    try:
        theirs = office.ask(SCRIPT, book=str(book), seconds=bench_seconds, **target)
    finally:
        office.end()
    if theirs is None:
        pytest.skip(
            "LibreOffice's evolutionary Solver is not installed (libreoffice-nlpsolver, a Java runtime)"
        )
    report("LibreOffice's evolutionary Solver", theirs["seconds"], theirs["loss"], ours, measured)


def report(who, seconds, loss, ours, measured):
    translating, training = ours
    times, stopped = ("", "") if loss <= SOLVERS_ANSWER else ("more than ", f", stopped at {loss:.5f},")
    measured(
        f"712 rows, until {SOLVERS_ANSWER}: {who} / exact gradients",
        f"{times}{seconds / training:.0f}x  ({seconds:.1f} s{stopped} against {training * 1e3:.1f} ms;"
        f" {times}{seconds / (training + translating):.0f}x with {translating * 1e3:.0f} ms of translating)",
    )
