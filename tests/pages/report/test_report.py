"""Reports of solved problems: the same figures as JSON, as text and on a sheet that lives, in books of all kinds."""

import json
import math
import sys

import pytest

from tests import oracles, strangers
from tests.saved_cells import saved_cells
from tests.solve.models.everyday import ANSWERED
from tests.solve.models.no_answer import NO_ANSWER
from tests.solve.models.planning import LARGE
from xlcicf.cli import main
from xlcicf.host import open_book, read_snapshot
from xlcicf.ooxml.package import read_package
from xlcicf.pages.report.content import Live, Report, Section, Table, plain, report_of
from xlcicf.pages.report.in_book import add_report
from xlcicf.pages.report.sheet import ROWS, free_name, report_page
from xlcicf.pages.report.text import report_text
from xlcicf.solve import History, find_problem
from xlcicf.solve.placed import place
from xlcicf.solve.solved import Solved
from xlcicf.solve.training import Settings, Training, save_with_history

SMALL = [model for model in ANSWERED if model not in LARGE and not model.arguments]
SECTIONS = ["answer", "sensitivity", "what_was_done"]  # that every report has


def solved_in(path, **settings):
    """The book with its problem solved, and the report."""
    book = open_book(path)
    training = Training(book, find_problem(book), Settings.of(book, **settings))
    for _ in training:
        pass
    history = History.beside(path)
    outcome = training.write(history)
    return book, history, report_of(Solved.by(training, outcome.answer))


def tables_on(sheet, report):
    """(table, its rows on the sheet) for each table of the report, found by its headers from the top down."""
    rows, at = sheet.used_range.options(ndim=2, err_to_str=True).value, 0
    for section in report.sections:
        for table in section.tables:
            heads = list(table.columns.values())
            while rows[at][: len(heads)] != heads:
                at += 1
            yield table, [row[: len(heads)] for row in rows[at + 1 : at + 1 + len(table.rows)]]
            at += 1 + len(table.rows)


@pytest.fixture(scope="module", params=SMALL, ids=lambda model: model.name)
def reported(request, tmp_path_factory):
    path = request.param.save(tmp_path_factory.mktemp("report") / "model.xlsx")
    book, history, report = solved_in(path)
    add_report(book, report, history)
    save_with_history(book, history, path)
    return path, report


def test_a_report_tells_the_same_on_its_sheet_as_in_json_and_the_sheet_lives(reported):
    path, report = reported
    told = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert set(SECTIONS) <= told.keys()
    sheet, live = open_book(path).sheets["Report"], 0
    for table, rows in tables_on(sheet, report):
        for wanted, shown in zip(table.rows, rows, strict=True):
            for entry, value in zip(wanted, shown, strict=True):
                live += isinstance(entry, Live)
                expected = plain(entry)
                if isinstance(expected, str) or expected is None:
                    assert (value or "") == (expected or ""), (table.title, wanted)
                else:
                    assert value == pytest.approx(expected, rel=1e-9, abs=1e-9), (table.title, wanted)
    assert live > 2 and sheet["A1"].value == report.title


def test_no_figure_of_a_text_is_none(reported):
    _, report = reported
    text = report_text(report)
    assert "nan" not in text.replace("finance", "").split() and "inf" not in text.split()
    assert [f"## {section.title}" in text for section in report.sections] == [True] * len(report.sections)
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert lines and all(line.endswith("|") for line in lines)


PLAN = next(model for model in SMALL if model.name == "product mix")


def test_slack_and_status_follow_the_persons_cells(tmp_path):
    path = PLAN.save(tmp_path / "plan.xlsx")
    book, history, report = solved_in(path)
    sheet = add_report(book, report, history)
    table, rows = next((t, r) for t, r in tables_on(sheet, report) if t.key == "constraints")
    columns = list(table.columns)
    at = [row[columns.index("status")] for row in rows].index("binding")
    right = table.rows[at][columns.index("right")]
    cell = right.formula.removeprefix("=")
    name, _, local = cell.rpartition("!")
    book.sheets[name.strip("'")][local].value = right.value + 7
    _, after = next((t, r) for t, r in tables_on(sheet, report) if t.key == "constraints")
    assert after[at][columns.index("status")] == "not binding"
    assert after[at][columns.index("slack")] == pytest.approx(7)
    book.sheets[name.strip("'")][local].value = right.value - 7
    _, after = next((t, r) for t, r in tables_on(sheet, report) if t.key == "constraints")
    assert after[at][columns.index("status")] == "missed"


def test_the_sheet_in_front_stays_in_front_and_names_are_free(tmp_path):
    path = PLAN.save(tmp_path / "plan.xlsx")
    book, history, report = solved_in(path)
    front = book.sheets.active.name
    names = [add_report(book, report, history).name for _ in range(3)]
    assert names == ["Report", "Report 2", "Report 3"] and book.sheets.active.name == front
    assert free_name(["REPORT", "report 2"]) == "Report 3"


def test_the_report_of_a_book_as_it_stands_is_that_of_the_run_that_left_it(tmp_path):
    path = PLAN.save(tmp_path / "plan.xlsx")
    book, history, report = solved_in(path)
    save_with_history(book, history, path)
    again = open_book(path)
    problem = place(read_snapshot(again), find_problem(again))
    found = report_of(Solved.in_book(problem, History.beside(path), again))
    assert found.to_json() == report.to_json()
    again.sheets[0]["A1"].value = "a label"
    (changing, *_), _ = problem.changing, None
    cell = again.sheets[changing.sheet].range((changing.top, changing.left))
    cell.value = cell.value * 0.5
    problem = place(read_snapshot(again), find_problem(again))
    told = report_of(Solved.in_book(problem, History.beside(path), again)).to_json()
    assert "is not known" in told["answer"]["said"][0]
    assert "solve it first" in told["sensitivity"]["said"][0]
    assert all(row["before"] == row["after"] for row in told["answer"]["variables"])


def test_other_optima_are_told_with_their_values(tmp_path):
    import openpyxl

    from tests.solve.models.model import save_problem
    from xlcicf.solve import Problem

    book = openpyxl.Workbook()
    book.active.title = "S"
    book["S"]["A1"], book["S"]["B1"] = 3, "=COS(3*A1)+A1^2/40"
    save_problem(book, Problem("S!B1", "S!A1", "min"))
    book.save(tmp_path / "waves.xlsx")
    _, _, report = solved_in(tmp_path / "waves.xlsx", restarts=20)
    told = report.to_json()["other_optima"]
    rows = told["optima"]
    assert len(rows) >= 2 and [row["objective"] for row in rows] == sorted(row["objective"] for row in rows)
    for row in rows:
        x = row["S!A1"]
        assert row["objective"] == pytest.approx(math.cos(3 * x) + x**2 / 40)
        assert -3 * math.sin(3 * x) + x / 20 == pytest.approx(0, abs=1e-6) and row["worse"] > 0


def test_long_tables_are_cut_and_say_so():
    table = Table("t", "Many", {"a": "A", "b": "B"}, [[f"x|{i}", float(i)] for i in range(ROWS + 5)])
    report = Report("R", [Section("s", "S", ["said"], [table])])
    text = report_text(report, 3)
    assert "x\\|2" in text and "x\\|3" not in text and f"... and {ROWS + 2} more" in text
    cells = report_page(report, "R").cells
    assert "... and 5 more" in [cell.value for cell in cells.values()]


# ---- by the command line -------------------------------------------------------------------------------------------

DOSE = next(model for model in SMALL if model.name == "dose response")


def test_a_report_is_printed_behind_what_a_run_says(tmp_path, capsys):
    path = PLAN.save(tmp_path / "plan.xlsx")
    assert main(["solve", str(path), "--report"]) == 0
    said = capsys.readouterr().out
    assert said.index("saved") < said.index("# Report:") < said.index("## Sensitivity")
    assert "Report" not in [sheet.name for sheet in open_book(path).sheets]


@pytest.mark.parametrize(("model", "pictures"), [(PLAN, ["constraints"]), (DOSE, ["fit", "residuals"])])
def test_a_folder_gets_the_report_and_its_pictures(model, pictures, tmp_path, capsys):
    path, folder = model.save(tmp_path / "model.xlsx"), tmp_path / "made" / "results"
    assert main(["solve", str(path), "--report", str(folder)]) == 0
    assert {file.name for file in folder.iterdir()} == {"report.md", *(f"{name}.png" for name in pictures)}
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert text.startswith("# Report:") and all(f"]({name}.png)" in text for name in pictures)
    assert f"report      {folder / 'report.md'}" in capsys.readouterr().out


def test_without_matplotlib_the_report_is_written_and_a_line_says_how_to_get_pictures(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    path, folder = PLAN.save(tmp_path / "model.xlsx"), tmp_path / "results"
    assert main(["solve", str(path), "--report", str(folder)]) == 0
    assert [file.name for file in folder.iterdir()] == ["report.md"]
    assert "pip install 'xlcicf[pictures]'" in capsys.readouterr().out


def test_a_book_in_the_folders_place_is_wrong_usage_and_a_file_there_is_named_before_the_run(
    tmp_path, capsys
):
    path = PLAN.save(tmp_path / "plan.xlsx")
    before = path.read_bytes()
    with pytest.raises(SystemExit) as ended:
        main(["solve", "--report", str(path)])
    assert ended.value.code == 2 and "put --report behind BOOK" in capsys.readouterr().err
    (tmp_path / "file").write_text("mine")
    assert main(["solve", str(path), "--report", str(tmp_path / "file")]) == 1
    assert path.read_bytes() == before and (tmp_path / "file").read_text() == "mine"


# What `train --json` has at least, of every run that began.
CONTRACT = {
    "objective", "changing", "variables", "sense", "optimizer", "steps", "restarts", "before", "after", "seconds",
    "status", "reason", "method", "saved", "parity_max", "feasible", "constraints", "parameters", "uncomputed",
}  # fmt: skip


@pytest.mark.parametrize("model", [PLAN, DOSE, *NO_ANSWER], ids=lambda model: model.name)
def test_json_holds_every_field_of_the_contract_however_the_run_ends(model, tmp_path, capsys):
    path = model.save(tmp_path / "model.xlsx")
    code = main(["solve", str(path), "--json", "--report"])
    told = json.loads(capsys.readouterr().out)
    if "error" in told:
        assert code == 1 and told["error"]
        return
    assert told.keys() >= CONTRACT
    assert (told["saved"] is None) == (code == 1) and ("report" in told) == (code == 0)
    assert [len(row) for row in told["constraints"]] == [5] * len(told["constraints"])
    assert [len(row) for row in told["parameters"]] == [5] * told["variables"]


# ---- in books of strangers -----------------------------------------------------------------------------------------

KINDS = [
    "plain", "charts", "images", "pivot_tables", "macros", "tables", "defined_names", "external_links",
    "conditional_formats", "prefixed_names", "merged_cells", "comments",
]  # fmt: skip
ARGUMENTS = [
    "--objective", "Model!B4", "--changing", "Model!A1:A3", "--sense", "max",
    "--subject-to", "Model!A1:A3 >= 0", "--subject-to", "Model!A1:A3 <= 5", "--subject-to", "Model!B4 <= 20",
]  # fmt: skip


@pytest.mark.validator
@pytest.mark.parametrize("kind", KINDS)
def test_a_strangers_book_gets_a_sheet_and_loses_nothing_and_undo_takes_it_away(kind, tmp_path, capsys):
    path = tmp_path / ("book.xlsm" if kind == "macros" else "book.xlsx")
    path.write_bytes(strangers.STRANGERS[kind]().to_bytes())
    before, faults = read_package(path), oracles.validator_errors(path)
    assert main(["solve", str(path), *ARGUMENTS, "--report-sheet", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    after = read_package(path)
    sheets = {part for part in before if part.startswith("xl/worksheets/sheet")}
    assert strangers.changed_by_a_sheet(kind, before, after) <= sheets
    assert oracles.validator_errors(path) == faults
    saved = {cell.value for cell in saved_cells(path.read_bytes())}
    row = next(
        row for row in told["report"]["answer"]["constraints"] if row["constraint"] == "Model!B4 <= 20"
    )
    assert (row["left"], row["status"]) == (20, "binding")
    assert "Report: Model!B4, as high as possible" in saved
    assert main(["undo", str(path)]) == 0
    assert dict(read_package(path)) == dict(before)
    assert main(["redo", str(path)]) == 0
    assert dict(read_package(path)) == dict(after)


@pytest.mark.libreoffice
def test_libreoffice_computes_the_report_as_we_do(tmp_path):
    path = PLAN.save(tmp_path / "plan.xlsx")
    book, history, report = solved_in(path)
    add_report(book, report, history)
    book.save(path)
    assert oracles.disagreements(path, oracles.saved_values(path), oracles.libreoffice_values(path)) == []


def test_undo_in_an_open_book_takes_the_sheet_away_unless_somebody_wrote_there(tmp_path):
    """In a program that can delete a sheet: the headless one is played one."""
    from xlcicf.host.headless.host import Headless, pretend

    removed = []

    class Program(Headless):
        def remove_sheet(self, book, name):
            removed.append(name)

    path = PLAN.save(tmp_path / "plan.xlsx")
    book, history, report = solved_in(path)
    add_report(book, report, history)
    add_report(book, report, history)["A3"].value = "my own note"
    pretend(book, Program())
    history.undo(book)
    assert removed == ["Report"]


def test_what_a_reader_of_slopes_should_know_is_said(tmp_path):
    import openpyxl

    from tests.solve.models.model import save_problem
    from xlcicf.solve import Problem

    def said(cells, changing, **settings):
        book = openpyxl.Workbook()
        book.active.title = "S"
        for address, content in cells.items():
            book["S"][address] = content
        save_problem(book, Problem("S!B1", changing, "min"))
        book.save(tmp_path / "model.xlsx")
        _, _, report = solved_in(tmp_path / "model.xlsx", **settings)
        return " ".join(report.to_json()["sensitivity"]["said"])

    corner = {"A1": 0.5, "A2": 2, "B1": "=MAX(EXP(A1)-1,-2*A1)+(A2-1)^2"}
    assert "A corner of MAX, IF or ABS lies here (S!B1)" in said(corner, "S!A1:A2", optimizer="lbfgs")
    steep = {"A1": 5, "A2": -3, "B1": "=100*(A2-A1^2)^2+(1-A1)^2+7"}
    assert "no optimum yet" in said(steep, "S!A1:A2", optimizer="lbfgs", steps=3)
    assert "yet" not in said(steep, "S!A1:A2", optimizer="lbfgs")
    stepped = {"A1": 3, "B1": "=(A1-1)^2+ROUND(A1,0)/1000"}
    assert "Mind that S!B1 (ROUND) moves in steps" in said(stepped, "S!A1", optimizer="lbfgs")
