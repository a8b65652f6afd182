"""What a run tells beside its loss: sides, slack and shadow price of each constraint, bounds of parameters."""

import json

import numpy as np
import openpyxl
import pytest

from tests.solve.models.model import absolute, write_names
from xlcicf.cli import main

RELATIONS = {"<=": 1, "=": 2, ">=": 3, "int": 4, "dif": 6}


def saved(path, cells, objective, changing, sense, constraints, **options):
    """A book with a problem on its sheet S: `constraints` are (left, relation, right), options by Solver's key."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "S"
    for address, content in cells.items():
        sheet[address] = content
    names = {"opt": absolute(f"S!{objective}"), "adj": absolute(f"S!{changing}"), "num": len(constraints)}
    names |= {"typ": {"max": 1, "min": 2}[sense], "val": 0, "neg": 2}
    for i, (left, relation, right) in enumerate(constraints, 1):
        names |= {f"lhs{i}": absolute(f"S!{left}"), f"rel{i}": RELATIONS[relation]}
        is_cells = right is not None and not isinstance(right, float | int)
        names[f"rhs{i}"] = absolute(f"S!{right}") if is_cells else "integer" if right is None else right
    write_names(sheet, names | options)
    book.save(path)
    return path


def told(path, capsys):
    assert main(["train", str(path), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


LINEAR = {"A1": 1, "A2": 1, "B1": "=5*A1+4*A2", "C1": "=6*A1+4*A2", "C2": "=A1+2*A2", "D1": 24, "D2": 6}
BENT = {
    "A1": 1,
    "A2": 2,
    "B1": "=(A1-3)^2+2*(A2-1)^2+A1*A2",
    "C1": "=A1+A2",
    "C2": "=A1-A2",
    "D1": 2,
    "D2": 5,
}
CURVED = {"A1": 1, "A2": 2, "B1": "=EXP(A1)+A2^2", "C1": "=A1*A2", "C2": "=A1+A2", "D1": 3, "D2": 9}
MODELS = {
    "linear": (LINEAR, "max", [("C1", "<=", "D1"), ("C2", "<=", "D2"), ("A1:A2", ">=", 0)]),
    "quadratic": (BENT, "min", [("C1", "<=", "D1"), ("C2", "<=", "D2")]),
    "slsqp": (CURVED, "min", [("C1", ">=", "D1"), ("C2", "<=", "D2"), ("A1:A2", ">=", 0.5)]),
}


@pytest.mark.parametrize("method", MODELS)
def test_a_multiplier_is_by_how_much_the_objective_follows_the_right_side(method, tmp_path, capsys):
    cells, sense, constraints = MODELS[method]
    here = told(saved(tmp_path / "a.xlsx", cells, "B1", "A1:A2", sense, constraints), capsys)
    assert here["method"].startswith(method) and here["status"] == "found"
    prices = {row[0].split()[0]: row[4] for row in here["constraints"]}
    assert any(abs(prices[f"S!{left}"]) > 0.1 for left in ("C1", "C2"))
    for left, right in (("C1", "D1"), ("C2", "D2")):
        step = 1e-4
        around = [
            told(
                saved(
                    tmp_path / f"{left}{sign}.xlsx", cells | {right: cells[right] + sign * step},
                    "B1", "A1:A2", sense, constraints,
                ),
                capsys,
            )["after"]
            for sign in (1, -1)
        ]  # fmt: skip
        assert prices[f"S!{left}"] == pytest.approx((around[0] - around[1]) / (2 * step), abs=1e-5)


def test_each_constraint_stands_with_its_sides_and_slack_in_solvers_order(tmp_path, capsys):
    cells, sense, constraints = MODELS["linear"]
    found = told(saved(tmp_path / "a.xlsx", cells, "B1", "A1:A2", sense, constraints), capsys)
    texts = [row[0] for row in found["constraints"]]
    assert texts == ["S!C1 <= S!D1", "S!C2 <= S!D2", "S!A1 >= 0", "S!A2 >= 0"]
    lefts, rights, slacks = (np.array([row[i] for row in found["constraints"]]) for i in (1, 2, 3))
    assert lefts == pytest.approx([24, 6, 3, 1.5]) and rights == pytest.approx([24, 6, 0, 0])
    assert slacks == pytest.approx([0, 0, 3, 1.5], abs=1e-9)
    assert [row[:1] + row[3:] for row in found["parameters"]] == [["S!A1", 0, None], ["S!A2", 0, None]]
    assert found["feasible"] <= 1e-9


def test_a_person_reads_which_constraints_bind_and_how_far_parameters_are_known(tmp_path, capsys):
    cells, sense, constraints = MODELS["linear"]
    assert main(["train", str(saved(tmp_path / "a.xlsx", cells, "B1", "A1:A2", sense, constraints))]) == 0
    told = capsys.readouterr().out
    assert "binding     S!C1 <= S!D1; one more on its right is worth 0.75" in told
    assert "S!A1 >= 0" not in told
    line = {f"D{i}": i for i in range(1, 6)} | {f"E{i}": f"=(D{i}^2-$A$1-$A$2*D{i})" for i in range(1, 6)}
    fit = {"A1": 0, "A2": 0, "B1": "=SUMSQ(E1:E5)"} | line
    assert main(["train", str(saved(tmp_path / "b.xlsx", fit, "B1", "A1:A2", "min", []))]) == 0
    assert "parameter   S!A2 = 6 ± 0.68313" in capsys.readouterr().out


def test_a_check_looks_at_the_way_to_what_constraints_limit_too(tmp_path, capsys):
    cells = {"A1": 1.2, "A2": 2, "B1": "=A1+A2", "C1": "=ROUND(A1,0)", "C2": "=D2*2", "D2": "=MYOWN(A2)"}
    rows = [("C1", "<=", 3), ("C2", "<=", 3), ("A1", "<=", 5)]
    path = saved(tmp_path / "a.xlsx", cells, "B1", "A1:A2", "max", rows)
    assert main(["check", str(path), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["stepped"] == [["S!C1", "ROUND"]]
    assert ["S!D2", "MYOWN"] in told["blockers"] and told["formulas"] == 4
