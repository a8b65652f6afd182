"""The command line as a person and as a machine meet it: verbs, JSON, exit codes, and every kind of bad input."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from tests import layouts, oracles
from xlcicf import cli, docs
from xlcicf.addin import checklist
from xlcicf.errors import AddressError, BookError
from xlcicf.host import open_book
from xlcicf.ooxml import package
from xlcicf.ooxml.openpyxl_book import save_generated
from xlcicf.ooxml.replacing import replace_file
from xlcicf.optim.standins import Result
from xlcicf.solve import Problem, history
from xlcicf.solve.training import Settings, Training


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """The 712-row layout, trained from all weights 0.1 by 20 starts: (folder, what train --json printed)."""
    folder = tmp_path_factory.mktemp("trained")
    layouts.nnet(folder / "nnet.xlsx")
    shutil.copy(folder / "nnet.xlsx", folder / "before.xlsx")
    done = run_as_process("train", folder / "nnet.xlsx", "--restarts", "20", "--json")
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def run_as_process(*args, **options) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "xlcicf.cli", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, **options)


def run(capsys, *args) -> tuple[int, str, str]:
    code = cli.main([str(arg) for arg in args])
    out, err = capsys.readouterr()
    return code, out, err


def run_json(capsys, *args) -> dict:
    code, out, _ = run(capsys, *args, "--json")
    assert code == 0, out
    return json.loads(out)


@pytest.fixture
def book(tmp_path):
    """A book made of {"A1": content}: `book({"A1": 1, "B1": "=A1^2"})` gives its path."""

    def make(cells: dict, computed: bool = True, name: str = "book.xlsx") -> Path:
        workbook = openpyxl.Workbook()
        workbook.active.title = "S"
        for address, content in cells.items():
            workbook.active[address] = content
        path = tmp_path / name
        save_generated(workbook, path) if computed else workbook.save(path)
        return path

    return make


# --- train, undo, redo ----------------------------------------------------------------------------------


def test_train_tells_a_machine_what_the_contract_names(trained):
    _, told = trained
    keys = "objective changing variables sense optimizer steps restarts before after seconds reason saved parity_max status method"
    assert set(keys.split()) <= told.keys()
    assert (told["objective"], told["changing"], told["variables"]) == ("nnet!AH1", "nnet!R4:AA5", 20)
    assert told["before"] == pytest.approx(0.8910132976136, abs=1e-12)
    assert told["after"] < 0.1379 and told["parity_max"] <= 1e-12
    assert (told["optimizer"], told["steps"]) == ("auto", None) and told["method"].startswith("lbfgs: ")
    assert (told["feasible"], told["constraints"], len(told["parameters"])) == (0, [], 20)


def test_the_trained_book_shows_in_ironcalc_what_train_told(trained):
    folder, told = trained
    assert oracles.ironcalc_values(folder / "nnet.xlsx")["nnet!AH1"] == pytest.approx(
        told["after"], abs=1e-13
    )
    assert oracles.saved_values(folder / "nnet.xlsx")["nnet!AH1"] == pytest.approx(told["after"], abs=1e-13)


def test_undo_and_redo_bring_back_every_value(trained, capsys):
    folder, _ = trained
    after = oracles.saved_values(folder / "nnet.xlsx")
    run_json(capsys, "undo", folder / "nnet.xlsx")
    assert oracles.saved_values(folder / "nnet.xlsx") == oracles.saved_values(folder / "before.xlsx")
    code, _, err = run(capsys, "undo", folder / "nnet.xlsx")
    assert code == 1 and "no run to undo" in err
    run_json(capsys, "redo", folder / "nnet.xlsx")
    assert oracles.saved_values(folder / "nnet.xlsx") == after


def test_out_leaves_the_book_as_it_is(book, capsys, tmp_path):
    path = book({"A1": 3, "B1": "=(A1-1)^2"})
    before = path.read_bytes()
    told = run_json(
        capsys, "train", path, "--objective", "S!B1", "--changing", "S!A1", "--out", tmp_path / "o.xlsx"
    )
    assert path.read_bytes() == before and told["after"] == pytest.approx(0, abs=1e-15)
    assert oracles.saved_values(tmp_path / "o.xlsx")["S!A1"] == pytest.approx(1, abs=1e-7)


OPTIMIZERS = ["lbfgs", "sgd", "momentum", "rmsprop", "adam"]


def test_the_same_seed_writes_the_same_bytes(book, tmp_path):
    """In two processes, whose sets are ordered differently, and whatever was trained before in them."""
    path = book({"A1": 3, "A2": -2, "B1": "=(A1-1)^2+ABS(A2)*A1^2"})
    target = ["--objective", "S!B1", "--changing", "S!A1:A2", "--restarts", "3", "--steps", "20"]
    code = (
        "import sys; from xlcicf import cli; folder, *args = sys.argv[1:]; order = args.pop().split(',');"
        "sys.exit(any([cli.main([*args, '--optimizer', o, '--out', f'{folder}/{o}.xlsx']) for o in order]))"
    )
    folders = [tmp_path / "1", tmp_path / "2"]
    for number, (folder, order) in enumerate(zip(folders, (OPTIMIZERS, OPTIMIZERS[::-1]), strict=True), 1):
        folder.mkdir()
        command = [sys.executable, "-c", code, str(folder), "train", str(path), *target, ",".join(order)]
        environment = os.environ | {"SOURCE_DATE_EPOCH": "0", "PYTHONHASHSEED": str(number)}
        subprocess.run(command, env=environment, check=True, capture_output=True)
    for optimizer in OPTIMIZERS:
        one, other = (folder / f"{optimizer}.xlsx" for folder in folders)
        assert one.read_bytes() == other.read_bytes(), optimizer


@pytest.mark.parametrize(
    ("sense", "start", "reached"),
    [("min", 1.0, 0.0), ("max", 1.0, 5.0), ("MAX", 1.0, 5.0), ("2.25", 1.0, 2.25)],
)
def test_every_sense_of_solvers_dialog(book, capsys, sense, start, reached):
    path = book({"A1": start, "B1": "=A1^2", "C1": "=5-(A1-2)^2"})
    objective = "S!C1" if sense.lower() == "max" else "S!B1"
    told = run_json(capsys, "train", path, "--objective", objective, "--changing", "S!A1", "--sense", sense)
    assert told["after"] == pytest.approx(reached, abs=1e-8)


def test_stopping_keeps_the_best(book, tmp_path):
    """SIGINT in the middle of a long run: exit code 0, the best values are written."""
    cells = {f"A{i}": 1.0 for i in range(1, 41)}
    cells["B1"] = "=SUMPRODUCT((A1:A39-A2:A40^2)^2)*100+SUMPRODUCT((1-A1:A40+SIN(A1:A40*9))^2)"
    path = book(cells)
    code = """
import os, signal, sys
from xlcicf import cli
from xlcicf.solve.training import Training

taken, take = [], Training.take

def take_and_press(self, *step):
    take(self, *step)
    taken.append(step)
    if len(taken) == 50:
        os.kill(os.getpid(), signal.SIGINT)

Training.take = take_and_press
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background jobs ignore
sys.exit(cli.main(sys.argv[1:]))
"""
    args = ["train", path, "--objective", "S!B1", "--changing", "S!A1:A40", "--restarts", "100000", "--json"]
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, args)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert "Ctrl-C" in told["reason"] and told["after"] < told["before"]
    assert oracles.saved_values(path)["S!B1"] == pytest.approx(told["after"], rel=1e-12)


def test_a_book_that_changed_meanwhile_is_not_overwritten(book, tmp_path, monkeypatch, capsys):
    path = book({"A1": 3, "B1": "=(A1-1)^2"})
    write = Training.write

    def edited_by_another_program(self, history):
        workbook = openpyxl.load_workbook(path)
        workbook["S"]["A1"] = 30
        workbook.save(path)
        return write(self, history)

    monkeypatch.setattr(Training, "write", edited_by_another_program)
    code, _, err = run(capsys, "train", path, "--objective", "S!B1", "--changing", "S!A1")
    assert code == 1 and "changed by another program" in err and "book-trained.xlsx" in err
    assert openpyxl.load_workbook(path)["S"]["A1"].value == 30
    assert oracles.saved_values(tmp_path / "book-trained.xlsx")["S!A1"] == pytest.approx(1, abs=1e-7)
    assert run(capsys, "undo", path)[0] == 1 and not (tmp_path / "book.xlsx.xlcicf.json").exists()
    run_json(capsys, "undo", tmp_path / "book-trained.xlsx")
    assert oracles.saved_values(tmp_path / "book-trained.xlsx")["S!A1"] == 3


@pytest.mark.parametrize("change", ["locked", "merged"])
def test_a_cell_that_cannot_be_written_is_refused_before_the_training(book, change):
    path = book({"A1": 3, "A2": 3, "B1": "=(A1-1)^2+A2^2"})
    workbook = openpyxl.load_workbook(path)
    if change == "locked":
        workbook["S"].protection.sheet = True
    else:
        workbook["S"].merge_cells("A1:A2")
    workbook.save(path)
    with pytest.raises(AddressError, match="locked|merged"):
        Training(open_book(path), Problem("S!B1", "S!A1:A2"), Settings())


def refusing(is_refused):
    """`replace_file` on a disk that has no room for some files."""

    def replace(path, *arguments, **keywords):
        if is_refused(path.name):
            raise OSError(28, "No space left on device")
        replace_file(path, *arguments, **keywords)

    return replace


def test_without_its_history_a_book_is_not_written(book, capsys, monkeypatch, tmp_path):
    path = book({"A1": 3, "B1": "=(A1-1)^2"})
    before = path.read_bytes()
    monkeypatch.setattr(history, "replace_file", refusing(lambda name: True))
    code, _, err = run(capsys, "train", path, "--objective", "S!B1", "--changing", "S!A1")
    assert code == 1 and re.search(
        r"json cannot be written \(No space .*, so the book was not saved: .*check", err
    )
    assert list(tmp_path.iterdir()) == [path] and path.read_bytes() == before


def test_what_training_found_goes_elsewhere_where_the_history_cannot_be_written(
    book, capsys, monkeypatch, tmp_path
):
    path = book({"A1": 3, "B1": "=(A1-1)^2"})
    before = path.read_bytes()
    monkeypatch.setattr(history, "replace_file", refusing(lambda name: "trained" not in name))
    code, _, err = run(capsys, "train", path, "--objective", "S!B1", "--changing", "S!A1")
    assert code == 1 and "what training found is in" in err and path.read_bytes() == before
    run_json(capsys, "undo", tmp_path / "book-trained.xlsx")
    assert oracles.saved_values(tmp_path / "book-trained.xlsx")["S!A1"] == 3


def test_where_the_book_cannot_be_written_its_history_is_as_it_was(book, capsys, monkeypatch, tmp_path):
    path = book({"A1": 3, "B1": "=(A1-1)^2"})
    target = ["--objective", "S!B1", "--changing", "S!A1"]
    run_json(capsys, "train", path, *target, "--steps", "1")
    before = contents(tmp_path)
    monkeypatch.setattr(package, "replace_file", refusing(lambda name: True))
    for verb in (["train", path, *target], ["undo", path]):
        code, _, err = run(capsys, *verb)
        assert code == 1 and "No space left" in err and contents(tmp_path) == before


def test_the_way_back_is_told_as_it_is_typed(book, capsys):
    path = book({"A1": 3, "B1": "=(A1-1)^2"}, name="my model.xlsx")
    _, out, _ = run(capsys, "train", path, "--objective", "S!B1", "--changing", "S!A1", "--sense", "2")
    assert re.search(r"""xlcicf undo (['"]).*my model\.xlsx\1""", out)
    assert "as near to 2 as possible, by changing S!A1 (1 cell)\n" in out


# --- looking --------------------------------------------------------------------------------------------


def test_grad_tells_addresses_and_numbers(book, capsys):
    path = book({"A1": 3, "A2": 2, "B1": "=A1^2*A2"})
    told = run_json(capsys, "grad", path, "--objective", "S!B1", "--changing", "S!A1:A2", "--check")
    assert told["objective"] == "S!B1" and told["value"] == 18.0
    assert told["gradient"] == [["S!A1", 12.0], ["S!A2", 9.0]]
    assert told["max_difference"] < 1e-6 and told["kinks"] == []


@pytest.mark.parametrize(
    "sheet", ["My sheet", "O'Neil & Co", "2024", "A1", "R1C1", "#x", "x,y", "日本", "=x"]
)
def test_the_sheet_option_takes_a_name_as_it_stands_on_its_tab(sheet, capsys, tmp_path):
    workbook = openpyxl.Workbook()
    workbook.active.title = sheet
    workbook.active["A1"], workbook.active["B1"] = 3, "=A1^2"
    workbook.save(tmp_path / "book.xlsx")
    told = run_json(
        capsys, "grad", tmp_path / "book.xlsx", "--sheet", sheet, "--objective", "B1", "--changing", "A1"
    )
    assert told["gradient"][0][1] == 6.0
    again = ["--objective", told["objective"], "--changing", told["gradient"][0][0]]
    assert run_json(capsys, "grad", tmp_path / "book.xlsx", *again) == told


def test_grad_names_the_cells_that_stand_at_a_corner(book, capsys):
    path = book({"A1": 1, "A2": 4, "C1": "=MAX(0,A1-1)", "B1": "=C1+A2^2"})
    told = run_json(capsys, "grad", path, "--objective", "S!B1", "--changing", "S!A1:A2", "--check")
    assert told["kinks"] == [["S!A1", ["S!C1"]]] and told["max_difference"] < 1e-6


def test_grad_names_a_weight_as_the_sheet_does(book, capsys):
    path = book({
        "A3": "set 1", "A4": "set 2:", "B1": "Weights of the net", "B2": "Age", "C2": "Fare",
        "B3": 1, "C3": 2, "B4": 3, "C4": 4, "Z3": 5, "E1": "=SUMSQ(B3:C4,Z3)",
    })  # fmt: skip
    target = ["--objective", "S!E1", "--changing", "S!B3:C4,S!Z3"]
    told = run_json(capsys, "grad", path, *target)
    names = ["set 1, Age", "set 1, Fare", "set 2, Age", "set 2, Fare", ""]  # nothing heads Z3
    assert [name for _, name in told["names"]] == names
    assert [cell for cell, _ in told["names"]] == [cell for cell, _ in told["gradient"]]
    lines = run(capsys, "grad", path, *target)[1].splitlines()
    assert lines[2] == "  S!C3  set 1, Fare   4.0000000000e+00"
    checked = run(capsys, "grad", path, *target, "--check")[1].splitlines()
    assert checked[2].startswith("  S!B3  set 1, Age    2.0000000000e+00   2.0")


def test_cells_without_headings_leave_no_gap(book, capsys):
    path = book({"A1": 3, "B1": "=A1^2"})
    out = run(capsys, "grad", path, "--objective", "S!B1", "--changing", "S!A1")[1]
    assert out.splitlines()[1] == "  S!A1   6.0000000000e+00"


def test_check_covers_the_saved_problem(trained, capsys):
    folder, _ = trained
    told = run_json(capsys, "check", folder / "before.xlsx")
    assert told["formulas"] == told["differentiable"] > 712 * 5
    assert told["parity_max"] <= 1e-12
    assert (told["errors"], told["blockers"], told["frozen"], told["differs"]) == ([], [], [], [])


def test_check_of_a_book_without_a_problem_covers_what_torch_translates(book, capsys):
    path = book({"A1": 3, "B1": "=A1^2", "C1": "=FROBNICATE(A1:A1)", "D1": "=RAND()", "E1": "=1/0"}, False)
    code, out, _ = run(capsys, "check", path, "--json")
    told = json.loads(out)
    assert code == 1 and told["errors"] == [["S!E1", "#DIV/0!"]]
    assert told["blockers"] == [["S!C1", "FROBNICATE"]] and told["frozen"] == ["S!D1"]
    assert told["formulas"] == 4 and told["differentiable"] == 2 and told["parity_max"] == 0.0


def test_check_takes_one_draw_of_what_is_redrawn_at_each_recalculation(book, capsys):
    told = run_json(capsys, "check", book({"A1": 2, "B1": "=RAND()", "C1": "=B1*A1"}, computed=False))
    assert told["frozen"] == ["S!B1"] and told["parity_max"] == 0.0 and told["differs"] == []


def test_check_names_what_blocks_a_problem(book, capsys):
    path = book({"A1": 3, "B1": '=VALUE(TEXT(A1,"0"))+A1', "C1": "=B1*2", "D1": "=INT(A1)*A1"})
    code, out, _ = run(capsys, "check", path, "--objective", "S!C1", "--changing", "S!A1", "--json")
    assert code == 1 and json.loads(out)["blockers"] == [["S!B1", "TEXT"]]
    told = run_json(capsys, "check", path, "--objective", "S!D1", "--changing", "S!A1")
    assert (told["blockers"], told["stepped"]) == ([], [["S!D1", "INT"]])
    told = run_json(capsys, "grad", path, "--objective", "S!D1", "--changing", "S!A1", "--check")
    assert (told["stepped"], told["gradient"]) == ([["S!D1", "INT"]], [["S!A1", 3.0]])


def test_bench_names_each_contender(book, capsys):
    path = book({"A1": 3, "A2": 2, "B1": "=(A1-1)^2+(A2+1)^2"})
    told = run_json(capsys, "bench", path, *BENCH, "--seconds", "5")
    assert len(told["contenders"]) == 5
    assert all(c["value"] == pytest.approx(0, abs=1e-6) and c["done"] for c in told["contenders"])
    assert all(c["gradients"] * 3 <= c["evaluations"] for c in told["contenders"][1:])
    sizes = {"changing cells": 2, "formulas": 1, "runs": 1, "rings": 0, "batches": 0, "levels": 1}
    assert told["sizes"] == sizes
    assert {"reading", "compiling", "gradients", "recalculation by IronCalc"} <= told["seconds"].keys()


BENCH = ["--objective", "S!B1", "--changing", "S!A1:A2"]


def test_a_contender_without_one_gradient_is_told_so_and_compared_with_nothing(book, capsys):
    changing = {f"A{row}": row for row in range(1, 1001)}
    path = book(changing | {"B1": "=SUMSQ(A1:A1000)"})
    code, out, _ = run(
        capsys, "bench", path, "--objective", "S!B1", "--changing", "S!A1:A1000", "--seconds", "0.001"
    )
    lines = [line for line in out.splitlines() if "differences" in line]
    assert code == 0 and len(lines) == 4
    for line in lines:
        assert line.endswith("its time was up before it had one gradient") and not re.search(r"\dx\b", line)


def test_a_contender_out_of_time_took_more_than_so_many_times_as_long():
    done = Result("ours", 0.5, 10, 1, 1.0, is_done=True)
    cut = Result("theirs", 20.0, 1000, 23, 2.0, is_done=False)
    assert (cli._times(done, done), cli._times(cut, done), cli._times(done, cut)) == (
        "1.0x",
        "over 40.0x",
        "",
    )
    assert cli._ended(cut) == "its time was up, after at most 43 gradients"


def test_doctor_finds_this_machine_well(capsys):
    found = {finding["what"]: finding["fine"] for finding in run_json(capsys, "doctor")["findings"]}
    assert "Python" in found and set(found.values()) == {True}


# --- lessons --------------------------------------------------------------------------------------------


def test_lessons_and_build(capsys, tmp_path):
    assert "titanic" in [lesson["name"] for lesson in run_json(capsys, "lessons")["lessons"]]
    assert run(capsys, "build", "how_a_net_works", "nope", "--out", tmp_path / "new folder")[0] == 1
    assert not (tmp_path / "new folder").exists()
    assert not (tmp_path / "new folder").exists()
    told = run_json(capsys, "build", *2 * ["how_a_net_works"], "--out", tmp_path / "new folder")
    assert [Path(p).name for p in told["built"]] == ["how_a_net_works.xlsx"]
    before = contents(tmp_path / "new folder")
    code, _, err = run(capsys, "build", "how_a_net_works", "--out", tmp_path / "new folder")
    assert code == 1 and "is there already" in err and contents(tmp_path / "new folder") == before


def test_build_writes_here_without_out(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_json(capsys, "build", "how_a_net_works") == {"built": ["how_a_net_works.xlsx"]}
    assert (tmp_path / "how_a_net_works.xlsx").is_file()


def test_the_demo_overwrites_no_book_and_reports(capsys, tmp_path):
    (tmp_path / "titanic.xlsx").write_text("mine")
    told = run_json(capsys, "demo", "--out", tmp_path)
    assert (tmp_path / "titanic.xlsx").read_text() == "mine"
    assert Path(told["saved"]) == tmp_path / "titanic-2.xlsx"
    assert told["after"] <= 0.1285 and told["accuracy_after"] >= 0.82
    values = oracles.saved_values(tmp_path / "titanic-2.xlsx")
    assert values["Net!P5"] == pytest.approx(told["after"], rel=1e-12)
    assert (tmp_path / "titanic-2.xlsx.xlcicf.json").exists()


# --- bad input ------------------------------------------------------------------------------------------

TARGET = ["--objective", "S!B1", "--changing", "S!A1"]
ONE = {"A1": 1, "B1": "=A1^2"}


def encrypted(path: Path) -> None:
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000))


def protected(path: Path) -> None:
    workbook = openpyxl.load_workbook(path)
    workbook["S"].protection.sheet = True
    workbook.save(path)


def open_in_excel(path: Path) -> None:
    path.with_name("~$" + path.name).write_bytes(b"\x06Somebody")


# what it is: (cells or None, done to the file, options, words of the sentence)
BAD = {
    "missing file": (None, None, TARGET, r"book\.xlsx"),
    "no workbook": (None, lambda p: p.write_text("Dear reader"), TARGET, r"book\.xlsx"),
    "encrypted": (None, encrypted, TARGET, r"book\.xlsx.*(password|encrypt)"),
    "independent objective": ({"A1": 1, "B1": "=C1"}, None, TARGET, r"S!B1 does not depend.*S!A1"),
    "objective without a formula": ({"A1": 1, "B1": 2}, None, TARGET, r"S!B1 does not depend"),
    "text inside": ({"A1": 1, "C1": "abc", "B1": "=A1*C1"}, None, TARGET, r"S!C1 holds the text 'abc'"),
    "an error inside": ({"A1": 1, "C1": "=1/0", "B1": "=A1*C1"}, None, TARGET, r"S!C1 shows #DIV/0!"),
    "a changing formula": ({"A1": "=C1", "B1": "=A1"}, None, TARGET, r"S!A1 holds a formula"),
    "changing text": ({"A1": "abc", "B1": "=C1+A1"}, None, TARGET, r"S!A1 holds 'abc'"),
    "a cycle": (
        {"A1": 1, "B1": "=C1+A1", "C1": "=B1"},
        None,
        TARGET,
        r"S!C1 -> S!B1 -> S!C1|S!B1 -> S!C1 -> S!B1",
    ),
    "an unknown function": (
        {"A1": 1, "B1": "=FROBNICATE(A1)"},
        None,
        TARGET,
        r"S!B1: the function FROBNICATE",
    ),
    "an empty range": (ONE, None, ["--objective", "S!B1", "--changing", " "], "changing cells"),
    "no such sheet": (ONE, None, ["--objective", "Nope!B1", "--changing", "S!A1"], "Nope"),
    "no such name": (ONE, None, ["--objective", "S!B1", "--changing", "weights"], "weights"),
    "no saved problem": (ONE, None, [], "--objective and --changing"),
    "half a target": (ONE, None, ["--objective", "S!B1"], "--objective and --changing"),
    "an unknown optimizer": (ONE, None, [*TARGET, "--optimizer", "adamw"], "adamw.*adam"),
    "no steps": (ONE, None, [*TARGET, "--steps", "0"], "steps"),
    "a silly learning rate": (ONE, None, [*TARGET, "--optimizer", "sgd", "--lr", "-1"], "learning rate"),
    "open in Excel": (ONE, open_in_excel, TARGET, r"book\.xlsx.*open"),
    "too many restarts": (ONE, None, [*TARGET, "--restarts", "1000000000000"], r"restarts are too many"),
    "two words for the sheet": (ONE, None, [*TARGET, "--sheet", "S"], r"S!B1 names its sheet.*--sheet"),
    "out is a folder": (ONE, None, [*TARGET, "--out", "."], r"is a folder"),
    "out is empty": (ONE, None, [*TARGET, "--out", ""], r"is a folder"),
    "a locked cell": (ONE, protected, TARGET, r"S!A1 is locked on a protected sheet"),
    "outside the domain": ({"A1": -1, "B1": "=LN(A1)+0*A1"}, None, TARGET, r"error|no number"),
}


def contents(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_sentence_and_touches_no_file(name, book, capsys, tmp_path):
    cells, spoil, options, words = BAD[name]
    path = tmp_path / "book.xlsx"
    if cells is not None:
        book(cells, computed=name not in ("a cycle", "an unknown function"))
    if spoil:
        spoil(path)
    before = contents(tmp_path)
    code, out, err = run(capsys, "train", path, *options)
    assert (code, out) == (1, "")
    assert re.search(words, err), err
    assert err.startswith("xlcicf: ") and err.count("\n") == 1 and "Traceback" not in err
    assert contents(tmp_path) == before


@pytest.mark.skipif(not hasattr(os, "setuid") or os.getuid() != 0, reason="gives up root's rights on POSIX")
def test_a_read_only_target_is_named_and_left_alone(book, tmp_path):
    path = book(ONE)
    path.chmod(0o444)
    for folder in [tmp_path, *tmp_path.parents][:3]:
        folder.chmod(0o555)
    before = contents(tmp_path)
    code = (
        "import os, sys, torch, scipy.optimize, xlwings, ironcalc, xlcicf.solve.training, xlcicf.solve.check;"
        "from xlcicf import cli; cli.main(['grad', *sys.argv[2:]]);"  # imports what is imported late
        "os.setuid(65534); sys.exit(cli.main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "train", str(path), *TARGET]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1 and re.fullmatch(r"xlcicf: .*book\.xlsx.*\n", done.stderr), done.stderr
    assert contents(tmp_path) == before


def test_a_bad_input_is_one_json_object_too(capsys, tmp_path):
    code, out, _ = run(capsys, "train", tmp_path / "no.xlsx", "--json")
    assert code == 1 and "no.xlsx" in json.loads(out)["error"]


def test_a_target_that_cannot_be_written_is_named(book, capsys, tmp_path):
    path = book(ONE)
    code, _, err = run(capsys, "train", path, *TARGET, "--out", tmp_path / "no folder" / "o.xlsx")
    assert code == 1 and "no folder" in err


def test_a_cell_that_ironcalc_cannot_compute_is_named_by_check(book, capsys):
    path = book({"A1": 1, "B1": "=A1^2", "C1": "=FROBNICATE(B1)"}, computed=False)
    code, out, _ = run(capsys, "check", path, "--json")
    told = json.loads(out)
    assert ["S!C1", "FROBNICATE"] in told["blockers"]


# --- a refusal comes before the work --------------------------------------------------------------------

NO_NEW_FILE = Path("/proc")  # where even an administrator can make none
needs_proc = pytest.mark.skipif(not NO_NEW_FILE.is_dir(), reason="needs Linux's /proc")


@pytest.fixture
def no_work(monkeypatch):
    """Whoever reads a book, builds a lesson or trains has begun the work."""

    def begun(*args, **kwargs):
        raise AssertionError("the work has begun")

    for place in ("xlcicf.host.open_book", "xlcicf.lessons.build", "xlcicf.addin.xlam.build_addin"):
        monkeypatch.setattr(place, begun)


REFUSED = [
    ["demo", "--out", NO_NEW_FILE],
    ["build", "titanic", "--out", NO_NEW_FILE],
    ["build", "--all", "--out", NO_NEW_FILE],
    ["train", "BOOK", "--out", NO_NEW_FILE / "o.xlsx"],
    ["train", "BOOK", "--report", NO_NEW_FILE],
    ["card", "BOOK", "--out", NO_NEW_FILE / "card.md"],
    ["addin", "build", "--out", NO_NEW_FILE],
]


@needs_proc
@pytest.mark.parametrize("args", REFUSED, ids=lambda args: " ".join(map(str, args[:2])))
def test_a_folder_that_takes_no_file_is_refused_before_the_work(args, book, capsys, no_work):
    path = book({"A1": 3, "B1": "=A1^2"})
    code, _, err = run(capsys, *(path if arg == "BOOK" else arg for arg in args))
    assert code == 1 and f"nothing can be written into the folder {NO_NEW_FILE} (" in err


def test_a_target_that_may_not_be_written_is_refused_before_the_book_is_read(book, capsys, tmp_path, no_work):
    path = book({"A1": 3, "B1": "=A1^2"})
    protected, opened, folder = (tmp_path / name for name in ("p.xlsx", "o.xlsx", "folder"))
    shutil.copy(path, protected)
    protected.chmod(0o444)
    (tmp_path / "~$o.xlsx").touch()
    folder.mkdir()
    targets = [protected, opened, folder, tmp_path / "none" / "t.xlsx", tmp_path / "t.csv"]
    for target, why in zip(
        targets,
        ["is read-only", "is open in Excel", "is a folder", "no folder", "as .xlsx only"],
        strict=True,
    ):
        code, _, err = run(capsys, "train", path, *TARGET, "--out", target)
        assert code == 1 and why in err


def test_a_book_that_is_not_there_is_what_is_said_of_it(capsys, tmp_path):
    for verb in ("train", "card"):
        code, _, err = run(capsys, verb, tmp_path / "none" / "t.xlsx")
        assert code == 1 and "there is no file" in err


def test_whoever_types_the_name_alone_is_shown_what_can_follow():
    done = run_as_process()
    assert done.returncode == 2 and "build the Titanic book" in done.stderr and not done.stdout


@needs_proc
def test_the_selftest_asks_nobody_where_its_report_cannot_stand(capsys, monkeypatch):
    monkeypatch.chdir(NO_NEW_FILE)
    monkeypatch.setattr("builtins.input", lambda: pytest.fail("a person was asked"))
    with pytest.raises(BookError, match="nothing can be written"):
        cli._selftest(checklist, checklist.WINDOWS, [])


WRONG_USAGE = [
    [],
    ["build"],
    ["build", "--all", "titanic"],
    ["nope"],
    ["train"],
    ["train", "x.xlsx", "--steps", "many"],
    ["train", "x.xlsx", "--sense", "least"],
    ["train", "x.xlsx", "--sense", "nan"],
    ["bench", "x.xlsx", "--seconds", "0"],
]


@pytest.mark.parametrize("args", WRONG_USAGE)
def test_wrong_usage_exits_with_2(args):
    assert run_as_process(*args).returncode == 2


# --- the page on commands and the code say the same -----------------------------------------------------

VERBS = [
    "demo", "lessons", "build", "train", "undo", "redo", "grad", "check", "bench", "card", "addin", "data", "help",
    "doctor",
]  # fmt: skip


def test_each_verb_has_help_and_stands_in_the_page():
    page = docs.page("commands")
    help_text = run_as_process("--help").stdout
    for verb in VERBS:
        assert re.search(rf"^\s+{verb}\s+\S", help_text, re.M), verb
        assert f"`xlcicf {verb}" in page, verb
    assert set(re.findall(r"^    ([a-z]+) ", help_text, re.M)) == set(VERBS)


def test_the_page_names_every_option():
    page = docs.page("commands")
    for verb in VERBS:
        for option in re.findall(r"(--[a-z]+)", run_as_process(verb, "--help").stdout):
            assert option in page, (verb, option)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a POSIX shell and /dev/full")
@pytest.mark.parametrize("sink", ["| true", "> /dev/full", ">&-", "2>&-"])
def test_an_output_that_nobody_takes_is_no_traceback(sink):
    command = f"{sys.executable} -m xlcicf.cli lessons {sink}"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_console_without_the_letters_of_a_sheet_shows_their_codes(tmp_path):
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    done = run_as_process("check", tmp_path / "日本.xlsx", env=environment)
    assert done.returncode == 1 and r"\u65e5\u672c.xlsx" in done.stderr and "Traceback" not in done.stderr


def test_numbers_come_out_as_json_has_them():
    assert cli._jsonable({"a": [np.inf, 1.0, float("nan")]}) == {"a": [None, 1.0, None]}


# --- what a terminal shows meanwhile --------------------------------------------------------------------


def shown_on_a_terminal(*args) -> tuple[str, str]:
    """(what a command prints, what it shows meanwhile) where its errors go to a terminal."""
    termios, pty = pytest.importorskip("termios"), pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    command = [sys.executable, "-m", "xlcicf.cli", *map(str, args)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, text=True) as running:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # as Linux says that the other end is closed
            while piece := os.read(ours, 10_000):
                shown += piece
        printed = running.stdout.read()
    os.close(ours)
    assert running.returncode == 0, printed
    return printed, shown.decode()


LONG_WORK = {
    "train": (["train"], ["reading book.xlsx", "writing"]),
    "grad --check": (["grad", "--check"], ["reading book.xlsx", "compiling", "recalculating"]),
    "check": (["check"], ["reading book.xlsx", "computing and comparing"]),
    "bench": (["bench", "--seconds", "1"], ["compiling", "gradients", "recalculation by xlcicf"]),
}


@pytest.mark.parametrize(("verb", "words"), LONG_WORK.values(), ids=LONG_WORK)
def test_long_work_says_on_a_terminal_what_it_is_at(book, verb, words):
    path = book({"A1": 3, "A2": 2, "B1": "=(A1-1)^2+(A2+1)^2"})
    printed, shown = shown_on_a_terminal(*verb, path, *BENCH)
    assert all(word in shown for word in words)
    assert "\r" in shown and "\r" not in printed


def test_a_machine_sees_no_bar(book):
    path = book({"A1": 3, "A2": 2, "B1": "=(A1-1)^2+(A2+1)^2"})
    printed, shown = shown_on_a_terminal("grad", path, *BENCH, "--check", "--json")
    assert shown == "" and json.loads(printed)["value"] == 13
    piped = run_as_process("grad", path, *BENCH, "--check")
    assert piped.stderr == ""
