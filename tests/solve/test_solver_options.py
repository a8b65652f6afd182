"""Solver's own options in a book: which are followed, and that nobody's wish is not."""

import json

import numpy as np
import pytest

from tests.solve.test_answer import saved
from xlcicf.cli import main
from xlcicf.host import open_book
from xlcicf.solve import find_problem
from xlcicf.solve.training import Settings, Training

VALLEYS = {"A1": 3, "A2": 0.2, "B1": "=(A1^2-4)^2+A1+A2^2", "C1": "=A1+A2", "D1": 2}


def book(path, cells=VALLEYS, constraints=(), **options):
    """A book with such a problem, with Solver's names for its options: msl, ssz, itr, tim, rsd, rlx."""
    return saved(path, cells, "B1", "A1:A2", "min", constraints, **options)


def settings(path, **asked):
    opened = open_book(path)
    return Training(opened, find_problem(opened), Settings.of(opened, **asked)).settings


def test_iterations_and_starts_are_those_that_somebody_has_set_in_solvers_dialog(tmp_path):
    path = book(tmp_path / "a.xlsx", itr=37, msl=1, ssz=12, rsd=5)
    assert settings(path) == Settings(steps=37, restarts=12, seed=5)
    assert settings(path, steps=4, restarts=3, seed=2) == Settings(steps=4, restarts=3, seed=2)


@pytest.mark.parametrize("first", [0, 100, 32767, 2147483647])
def test_limits_that_solver_has_at_first_are_nobodys_wish(first, tmp_path):
    path = book(tmp_path / "a.xlsx", itr=first, tim=first, msl=2, ssz=100)
    opened = open_book(path)
    training = Training(opened, find_problem(opened), Settings())
    assert training.settings == Settings() and training.arguments["time_limit"] is None


def test_the_time_that_solver_may_take_ends_a_run_with_its_best(tmp_path, capsys):
    path = book(tmp_path / "a.xlsx", tim=0.000001, msl=1, ssz=1000)
    assert main(["train", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["status"] == "stopped" and told["reason"].startswith("the time is up, 1e-06 s")
    assert told["after"] <= told["before"]


def test_several_starts_name_the_other_optima_that_they_met(tmp_path, capsys):
    path = book(tmp_path / "a.xlsx", msl=1, ssz=12)
    assert main(["train", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    roots = sorted(np.roots([4, 0, -16, 1]).real)  # where (a^2-4)^2+a is flat
    low, _, high = ((root**2 - 4) ** 2 + root for root in roots)
    assert told["status"] == "local" and told["after"] == pytest.approx(low, abs=1e-12)
    assert f"other optima, none better: {high:.6g}" in told["reason"]


def test_integers_that_solver_is_told_to_ignore_are_ignored_aloud(tmp_path, capsys):
    rows = [("C1", ">=", "D1"), ("A1:A2", "int", None)]
    cells = {"A1": 1, "A2": 1, "B1": "=(A1-0.4)^2+(A2-1.7)^2", "C1": "=A1+A2", "D1": 2}
    for rlx, expected in ((2, {0, 1, 2}), (1, {0.4, 1.7})):
        assert main(["train", str(book(tmp_path / f"{rlx}.xlsx", cells, rows, rlx=rlx)), "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert {round(row[1], 6) for row in told["parameters"]} <= expected
        assert ("whole numbers are not kept to" in told["reason"]) == (rlx == 1)


def test_one_start_that_is_typed_is_one_start(tmp_path, capsys):
    path = book(tmp_path / "a.xlsx", msl=1, ssz=12)
    assert main(["train", str(path), "--restarts", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["restarts"] == 1 and "starts" not in told["reason"]


NO_BEGINNING = {
    "error": ({"A1": 1, "A2": 0, "B1": "=A1/A2"}, []),
    "infeasible": ({"A1": 1, "A2": 0, "B1": "=A1+A2"}, [("A1", "<=", 1), ("A1", ">=", 2)]),
}


@pytest.mark.parametrize("status", NO_BEGINNING)
def test_what_cannot_begin_says_its_status_too(status, tmp_path, capsys):
    cells, rows = NO_BEGINNING[status]
    path = book(tmp_path / "a.xlsx", cells, rows)
    before = path.read_bytes()
    assert main(["train", str(path), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["status"] == status and "S!A1" in told["error"] + "S!A1" * (status == "error")
    assert path.read_bytes() == before


def test_ten_thousand_constraints_are_served(tmp_path, capsys):
    """Each limits a sum of all changing cells: only the tightest counts."""
    cells = {"A1": 0, "A2": 0, "B1": "=3*A1+2*A2"}
    for row in range(1, 10_001):
        cells |= {f"E{row}": f"=A1+{row}*A2", f"F{row}": 10 + row / 10}
    rows = [("E1:E10000", "<=", "F1:F10000"), ("A1:A2", ">=", 0)]
    path = saved(tmp_path / "a.xlsx", cells, "B1", "A1:A2", "max", rows)
    assert main(["train", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["status"] == "found" and told["feasible"] <= 1e-8
    assert len(told["constraints"]) == 10_002
    assert told["after"] == pytest.approx(30.3, abs=1e-6)


def ring(path, start, **options):
    """A round of towns on a ring, of which the one that stands first is to be town 1."""
    n = len(start)
    legs = {f"B{i + 1}": f"=ABS(SIN(PI()*(A{i + 1}-A{(i + 1) % n + 1})/{n}))" for i in range(n)}
    cells = {f"A{i + 1}": town for i, town in enumerate(start)} | legs
    cells |= {"C1": f"=SUM(B1:B{n})", "C2": "=IF(A1=1,1,0)"}
    rows = [(f"A1:A{n}", "dif", None), ("C2", "=", 1)]
    return saved(path, cells, "C1", f"A1:A{n}", "min", rows, **options)


def test_a_round_of_many_towns_is_soon_found_with_a_constraint_beside_it(tmp_path, capsys):
    n = 44
    start = np.random.default_rng(0).permutation(n) + 1
    assert main(["train", str(ring(tmp_path / "a.xlsx", start.tolist(), msl=1, ssz=6)), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["status"] == "converged" and told["feasible"] == 0
    assert told["after"] == pytest.approx(n * np.sin(np.pi / n), rel=1e-12)


def test_the_time_ends_a_search_among_orders_that_finds_nothing_better(tmp_path, capsys):
    path = ring(tmp_path / "a.xlsx", list(range(1, 13)), tim=0.000001)
    assert main(["train", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["status"] == "stopped" and told["reason"].startswith("the time is up, 1e-06 s")
    assert told["after"] == told["before"]
