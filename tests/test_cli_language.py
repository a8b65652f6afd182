"""The command line on the books of strangers: how their formulas are written, and what stands in their way."""

import json

import openpyxl
import pytest
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.table import Table

from tests.test_cli import run, run_json
from xlcicf.ooxml.openpyxl_book import save_generated


@pytest.fixture
def saved(tmp_path):
    """A book of {"A1": content, "Other!A1": content} on sheet S, with names and what Solver has saved."""

    def make(
        cells: dict, solver: dict[str, str] | None = None, names: dict[str, str] | None = None, tables=()
    ):
        workbook = openpyxl.Workbook()
        workbook.active.title = "S"
        for address, content in cells.items():
            sheet, _, cell = address.rpartition("!")
            if sheet and sheet not in workbook.sheetnames:
                workbook.create_sheet(sheet)
            workbook[sheet or "S"][cell] = content
        for name, text in (names or {}).items():
            workbook.defined_names[name] = DefinedName(name, attr_text=text)
        for name, text in (solver or {}).items():
            found = DefinedName(f"solver_{name}", attr_text=text, hidden=True)
            workbook["S"].defined_names[found.name] = found
        for sheet, name, ref in tables:
            workbook[sheet].add_table(Table(displayName=name, ref=ref))
        save_generated(workbook, path := tmp_path / "book.xlsx")
        return path

    return make


def gradient(capsys, path, *more) -> tuple[float, list]:
    told = run_json(capsys, "grad", path, "--objective", "S!A1", "--changing", "S!B1", *more)
    return told["value"], told["gradient"]


# A formula in S!A1, where S!B1 is 3, and the derivative by it.
WRITTEN = {
    "a name's sharp s": ("=Größe^2", 9.0, 6.0),
    "a table's": ("=SUM(Maße[y])*B1", 18.0, 6.0),
    "its own row of another sheet's table": ("=B1*Maße[[#This Row],[y]]", None, None),
    "the sheet's name at both ends": ("=SUM(S!B1:S!B2)", 5.0, 1.0),
    "several sheets": ("=SUM(S:Other!B1)", 7.0, 1.0),
    "a constant text": ('=INDIRECT("B"&1)*2', 6.0, 2.0),
    "a range that ends in INDEX": ("=SUM(B1:INDEX(B:B,2))", 5.0, 1.0),
    "LET": ("=_xlfn.LET(_xlpm.x,B1,_xlpm.x*_xlpm.x)", 9.0, 6.0),
}


@pytest.mark.parametrize("case", WRITTEN)
def test_a_formula_is_read_as_people_write_it(case, saved, capsys):
    formula, value, slope = WRITTEN[case]
    cells = {
        "A1": formula,
        "B1": 3.0,
        "B2": 2.0,
        "Other!B1": 4.0,
        "Other!D1": "y",
        "Other!D2": 1.0,
        "Other!D3": 5.0,
    }
    path = saved(cells, names={"Größe": "S!$B$1"}, tables=[("Other", "Maße", "D1:D3")])
    if value is None:  # in the header's row there is no element beside it
        code, _, err = run(capsys, "grad", path, "--objective", "S!A1", "--changing", "S!B1")
        assert code == 1 and "#VALUE!" in err
    else:
        assert gradient(capsys, path) == (value, [["S!B1", slope]])


@pytest.mark.parametrize("upstream", ["=FROBNICATE(1)", "=[1]Rates!A1", "=SUM(", "=nowhere+1"])
def test_what_lies_upstream_of_constants_alone_need_not_be_readable(upstream, tmp_path, capsys):
    workbook = openpyxl.Workbook()
    workbook.active.title = "S"
    workbook.active["A1"], workbook.active["B1"] = "=B1*C1", 2.0
    save_generated(workbook, path := tmp_path / "book.xlsx")
    from tests import strangers
    from xlcicf.ooxml.package import package_from_bytes

    package = package_from_bytes(path.read_bytes())
    cell = f'<c r="C1"><f>{upstream[1:]}</f><v>5</v></c></row>'
    package = strangers.changed(package, strangers.SHEET, "</row>", cell)
    package = strangers.changed(package, strangers.SHEET, "<v>0</v>", "<v>10</v>")
    path.write_bytes(strangers.by_excel(package).to_bytes())
    told = run_json(capsys, "grad", path, "--objective", "S!A1", "--changing", "S!B1")
    assert (told["value"], told["gradient"], told["frozen"]) == (10.0, [["S!B1", 5.0]], ["S!C1"])


@pytest.mark.parametrize("verb", ["grad", "train"])
@pytest.mark.parametrize(
    ("cells", "names"),
    [
        ({"A1": "=C1+1", "C1": "=D1*2", "D1": "=LN(B1-9)", "B1": 3.0}, "S!D1 shows the error #NUM!"),
        ({"A1": "=1/C1", "C1": "=(B1*1E200)^2", "B1": 3.0}, "S!C1"),
    ],
    ids=["a logarithm", "an overflow"],
)
def test_an_error_at_the_start_is_named_where_it_begins(verb, cells, names, saved, capsys):
    path = saved(cells)
    before = path.read_bytes()
    code, out, err = run(capsys, verb, path, "--objective", "S!A1", "--changing", "S!B1")
    assert code == 1 and names in err and "0.000" not in out and path.read_bytes() == before


def test_naming_the_saved_problem_keeps_its_constraints(saved, capsys):
    solver = {
        "opt": "S!$A$1",
        "adj": "S!$B$1",
        "typ": "2",
        "num": "1",
        "lhs1": "S!$B$1",
        "rel1": "1",
        "rhs1": "2",
    }
    path = saved({"A1": "=(B1-5)^2+0*B2", "B1": 0.0, "B2": 1.0}, solver)
    named = ("--objective", "S!A1", "--changing", "S!B1")
    assert run_json(capsys, "train", path, *named)["after"] == pytest.approx(9.0)
    run(capsys, "undo", path)
    code, out, err = run(capsys, "train", path, "--objective", "S!A1", "--changing", "S!B1:B2", "--json")
    assert code == 0 and json.loads(out)["after"] == pytest.approx(0.0, abs=1e-9)
    assert "constraints saved for S!A1 do not apply" in err


@pytest.mark.parametrize(
    ("row", "refusals"),
    [
        ({"rel1": "1", "rhs1": "2"}, []),
        ({"rel1": "4", "rhs1": "integer"}, [["S!C1 int", "not among the changing cells"]]),
        ({"rel1": "1", "rhs1": "the_limit"}, [["S!C1 <= the_limit", "there is no name 'the_limit'"]]),
    ],
)
def test_a_problem_with_constraints_is_differentiated_and_checked_whatever_they_are(
    row, refusals, saved, capsys
):
    solver = {"opt": "S!$A$1", "adj": "S!$B$1", "typ": "2", "num": "1", "lhs1": "S!$C$1"} | row
    path = saved({"A1": "=B1^2", "B1": 3.0, "C1": "=B1*2"}, solver)
    assert run_json(capsys, "grad", path)["gradient"] == [["S!B1", 6.0]]
    told = run_json(capsys, "check", path)
    assert [text for text, _ in told["constraints"]] == [text for text, _ in refusals]
    assert all(words in why for (_, why), (_, words) in zip(told["constraints"], refusals, strict=True))


def test_differences_are_taken_in_steps_that_fit_a_small_cell(saved, capsys):
    path = saved({"A1": "=SUMXMY2(B2:B4,C2:C4)", "B1": 2e-8} | {f"C{r}": 0.1 * r for r in (2, 3, 4)}
                 | {f"B{r}": f"=1-EXP(-B$1*{10**6 * r})" for r in (2, 3, 4)})  # fmt: skip
    told = run_json(capsys, "grad", path, "--objective", "S!A1", "--changing", "S!B1", "--check")
    assert told["max_difference"] < 1e-6 and abs(told["gradient"][0][1]) > 1e5


def test_a_whole_column_by_a_whole_row_is_refused_in_a_moment(tmp_path, capsys):
    workbook = openpyxl.Workbook()
    workbook.active.title = "S"
    for cell in ("B1", "C1", "XFD9", "C1048576"):
        workbook.active[cell] = 1.0
    workbook.active["A1"] = "=B1*SUMPRODUCT(C1:C1048576*C9:XFD9)"
    workbook.save(path := tmp_path / "book.xlsx")
    code, out, _ = run(capsys, "check", path, "--objective", "S!A1", "--changing", "S!B1", "--json")
    assert code == 1 and "numbers at once" in json.loads(out)["blockers"][0][1]
