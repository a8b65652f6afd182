"""Constraints on the command line: `--subject-to`, what is told of a run that keeps to them, and runs that end
without an answer."""

import json

import openpyxl
import pytest

from tests.solve.models.model import write_names
from tests.test_cli import book, contents, run, run_json
from xlcicf.cli import _outcome_lines
from xlcicf.errors import ProblemError
from xlcicf.host import open_book
from xlcicf.solve import History, Problem
from xlcicf.solve.problem import Constraint, constraint_of
from xlcicf.solve.training import Settings, Training

_ = book  # a fixture

READ = {
    "A1<=3": Constraint("A1", "<=", 3.0),
    "Net!D4:N5 <= 3.5": Constraint("Net!D4:N5", "<=", 3.5),
    " w  >=  -1e-3 ": Constraint("w", ">=", -0.001),
    "A1,B2 = B3:B4": Constraint("A1,B2", "=", "B3:B4"),
    "'a<=b'!A1 >= 'x=y'!B2": Constraint("'a<=b'!A1", ">=", "'x=y'!B2"),
    "Data[a=b] = Data[c]": Constraint("Data[a=b]", "=", "Data[c]"),
    "A1 =< =IF(A2>3,1,2)": Constraint("A1", "<=", "IF(A2>3,1,2)"),
    "A1 => SUM(B1:B3)/2": Constraint("A1", ">=", "SUM(B1:B3)/2"),
    "Net!D4:D9 int": Constraint("Net!D4:D9", "int"),
    "Net!D4:D9 Binary": Constraint("Net!D4:D9", "bin"),
    "w dif": Constraint("w", "dif"),
    "w AllDifferent": Constraint("w", "dif"),
}


@pytest.mark.parametrize("text", READ)
def test_a_constraint_is_read_as_it_is_typed(text):
    assert constraint_of(text) == READ[text]


@pytest.mark.parametrize("constraint", [*READ.values()], ids=str)
def test_what_a_person_is_shown_of_a_constraint_can_be_typed(constraint):
    assert constraint_of(str(constraint)) == constraint


UNREADABLE = {
    "": "cannot be read; write it as 'Sheet!A1 <= 3'",
    "A1": "cannot be read",
    "int": "cannot be read",
    "A1 integers": "cannot be read",
    "<= 3": "cannot be read",
    "A1 <=": "has no right side; give it a number or cells",
    "A1 < 3": "< is not among Solver's; write <=",
    "A1 > 3": "> is not among Solver's; write >=",
    "A1 <= 1e999": "1e999 is no number that a cell can hold",
    "A1 <= nan": "nan is no number that a cell can hold",
}


@pytest.mark.parametrize("text", UNREADABLE)
def test_a_constraint_that_cannot_be_read_is_refused_with_its_text(text):
    with pytest.raises(ProblemError) as refused:
        constraint_of(text)
    assert str(refused.value).startswith(f"the constraint {text!r}") and UNREADABLE[text] in str(
        refused.value
    )


# --- in a run -------------------------------------------------------------------------------------------

TARGET = ["--objective", "S!B1", "--changing", "S!A1:A2"]
BOWL = {"A1": 0, "A2": 0, "B1": "=(A1-3)^2+(A2-2)^2", "C1": "=A1+A2", "D1": 4}


def subject_to(*texts: str) -> list[str]:
    return [word for text in texts for word in ("--subject-to", text)]


ANSWERS = {  # -> A1, A2
    "a bound": (["S!A1 <= 1"], [1, 2]),
    "a bound from a cell": (["A1 <= D1/4", "A2 >= D1"], [1, 4]),
    "a limit": (["S!C1 <= D1"], [2.5, 1.5]),
    "an equality": (["S!C1 = 1"], [1, 0]),
    "a side that moves": (["A2 >= A1*2"], [1.4, 2.8]),
    "whole numbers": (["C1 <= 4.5", "A1:A2 int"], [2, 2]),
    "noughts and ones": (["A1:A2 bin"], [1, 1]),
    "an order": (["A1:A2 dif"], [2, 1]),
}


@pytest.mark.parametrize(("texts", "values"), ANSWERS.values(), ids=ANSWERS)
def test_a_run_keeps_to_the_constraints_of_its_command_line(texts, values, book, capsys):
    told = run_json(capsys, "train", book(BOWL), *TARGET, *subject_to(*texts))
    assert [row[1] for row in told["parameters"]] == pytest.approx(values, abs=1e-7)
    assert (told["status"], told["feasible"] <= 1e-8) == ("found", True), told["reason"]
    assert len(told["constraints"]) >= len(texts)
    for _, left, right, slack, _ in told["constraints"]:
        assert slack is None or abs(slack) == pytest.approx(abs(left - right), abs=1e-12)


def test_solve_is_another_name_of_train(book, capsys):
    path = book(BOWL)
    trained = run_json(
        capsys, "train", path, *TARGET, *subject_to("C1 <= 4"), "--out", path.parent / "1.xlsx"
    )
    solved = run_json(capsys, "solve", path, *TARGET, *subject_to("C1 <= 4"), "--out", path.parent / "2.xlsx")
    assert solved["parameters"] == trained["parameters"] and solved["status"] == "found"


def saved(path) -> None:
    """Into the book's file: the least of B1 by changing A1:A2, A1 at most 1."""
    workbook = openpyxl.load_workbook(path)
    limit = {"num": 1, "lhs1": "S!$A$1", "rel1": 1, "rhs1": 1}
    write_names(workbook["S"], {"opt": "S!$B$1", "adj": "S!$A$1:$A$2", "typ": 2, "neg": 2, **limit})
    workbook.save(path)


@pytest.mark.parametrize("target", [[], TARGET], ids=["found", "named"])
def test_a_constraint_is_added_to_those_of_the_saved_problem(target, book, capsys):
    saved(path := book(BOWL))
    told = run_json(capsys, "train", path, *target, *subject_to("A2 <= 0.5"))
    assert [row[1] for row in told["parameters"]] == pytest.approx([1, 0.5], abs=1e-7)
    assert [row[0] for row in told["constraints"]] == ["S!A1 <= 1", "S!A2 <= 0.5"]


def test_grad_and_check_take_constraints_and_refuse_none(book, capsys):
    path = book(BOWL)
    told = run_json(capsys, "grad", path, *TARGET, *subject_to("C1 <= 4", "B1 int"))
    assert told["gradient"] == [["S!A1", -6.0], ["S!A2", -4.0]]
    told = run_json(capsys, "check", path, *TARGET, *subject_to("C1 <= 4", "B1 int"))
    ((text, why),) = told["constraints"]
    assert text == "B1 int" and "S!B1, which is not among the changing cells" in why


def test_bench_keeps_to_bounds_and_names_any_other_constraint(book, capsys):
    path = book(BOWL)
    told = run_json(capsys, "bench", path, *TARGET, *subject_to("A1 <= 1"), "--seconds", "5")
    assert [c["value"] for c in told["contenders"]] == pytest.approx([4] * len(told["contenders"]), abs=1e-4)
    code, _, err = run(capsys, "bench", path, *TARGET, *subject_to("A1 <= 1", "C1 <= 4"))
    assert code == 1 and "problem has the constraint C1 <= 4.0 too" in err


BAD = {
    "unreadable": (["A1 <> 3"], "the constraint 'A1 <> 3'"),
    "no such sheet": (["Nope!A1 <= 3"], "the constraint Nope!A1 <= 3.0: 'Nope!A1': there is no sheet 'Nope'"),
    "no such name": (["A1 <= most"], "there is no name 'most' in this workbook"),
    "whole numbers of a formula": (["C1 int"], "S!C1, which is not among the changing cells"),
    "bounds that cross": (["A1 <= 1", "A1 >= 2"], "S!A1 should be at least 2 and at most 1"),
}


@pytest.mark.parametrize("verb", ["train", "bench"])
@pytest.mark.parametrize(("texts", "words"), BAD.values(), ids=BAD)
def test_a_constraint_that_cannot_be_served_is_a_sentence_and_no_file_is_touched(
    texts, words, verb, book, capsys
):
    path = book(BOWL)
    before = contents(path.parent)
    code, out, err = run(capsys, verb, path, *TARGET, *subject_to(*texts))
    assert (code, out) == (1, "") and words in err and err.count("\n") == 1
    assert contents(path.parent) == before


# --- runs without an answer -----------------------------------------------------------------------------

ENDINGS = {  # status -> cells, further options, what the reason says
    "unbounded": ({**BOWL, "B1": "=A1-A2"}, [], "S!A"),
    "infeasible": (BOWL, subject_to("C1 <= 1", "C1 >= 2"), "S!C1"),
    "target": ({**BOWL, "B1": "=A1^2+A2^2+3"}, ["--sense", "2"], "2 was not reached; the nearest found is 3"),
    "flat": ({**BOWL, "B1": "=INT(A1)+INT(A2)"}, ["--optimizer", "lbfgs"], "S!B1 (INT)"),
}


@pytest.mark.parametrize("status", ENDINGS)
def test_a_run_without_an_answer_says_why_exits_with_1_and_touches_no_file(status, book, capsys):
    cells, options, words = ENDINGS[status]
    path = book(cells)
    before = contents(path.parent)
    code, out, _ = run(capsys, "train", path, *TARGET, *options, "--json")
    told = json.loads(out)
    assert (code, told["status"], told["saved"]) == (1, status, None), told
    assert words in told["reason"]
    code, out, _ = run(capsys, "train", path, *TARGET, *options)
    assert code == 1 and f"S!B1: {status}" in out and "nothing; the file is as it was" in out
    assert contents(path.parent) == before


def test_a_run_that_is_stopped_where_constraints_do_not_hold_yet_says_so(book):
    path = book(BOWL)
    asked = Problem("S!B1", "S!A1:A2", constraints=(Constraint("S!C1", ">=", 4.0),))
    training = Training(opened := open_book(path), asked, Settings())
    outcome = training.write(History.beside(path))
    assert (outcome.status, outcome.answer.missed) == ("stopped", 1)
    assert "constraints are missed, by 1 at most" in outcome.sentence
    assert "  missed      constraints are missed, by 1 at most" in _outcome_lines(outcome, path, {})
    for _ in (training := Training(opened, asked, Settings())):
        pass
    outcome = training.write(History.beside(path))
    assert outcome.missed == "" and "missed" not in outcome.sentence
