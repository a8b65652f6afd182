"""Exercise copies: nothing of the answers is in them, and answers are judged by every program alike."""

import itertools
import json
import os
import re
import subprocess
import zipfile
from html import unescape
from pathlib import Path

import openpyxl
import pytest

from tests import oracles
from tests.lessons.answers import ANSWERS, judgements
from xlcicf import lessons
from xlcicf.bridge import open_book
from xlcicf.cli import main
from xlcicf.errors import BookError
from xlcicf.formula.address import cell_address, column_letters
from xlcicf.sheet import exercise

WITH_EXERCISES = [name for name, lesson in lessons.LESSONS.items() if lesson.exercises]

# lesson -> inputs that a person changes, all at once
CHANGES = {
    "titanic": {
        "Net!P7": "MAE", "Net!P8": 0.2, "Net!C5": 0.75, "Net!G6": -0.5, "Passengers!F12": 90, "Net!G8": "male",
    },
}  # fmt: skip

JUDGEMENTS = dict(
    zip(ANSWERS, (exercise.RIGHT, *2 * [exercise.TYPED], *2 * [exercise.WRONG], exercise.EMPTY), strict=True)
)


class Copy:
    """A lesson's exercise copy as built, and the lesson's formulas that are not in it."""

    def __init__(self, name: str, folder: Path):
        self.name, self.exercises = name, lessons.LESSONS[name].exercises
        assert main(["build", name, "--blank", "--out", str(folder)]) == 0
        self.path, self.solved = folder / f"{name}-exercises.xlsx", folder / "solved.xlsx"
        whole, book = lessons.LESSONS[name].build(), open_book(self.path)
        self.removed = {}
        for block in (block for one in self.exercises for block in one.cells):
            area, ws = block.area, whole[block.sheet]
            rows = ws.iter_rows(area.top, area.bottom, area.left, area.right)
            formulas = [[cell.value for cell in row] for row in rows]
            taken = zip(area.cells(), itertools.chain(*formulas), strict=True)
            self.removed |= {(block.sheet, *cell): formula for cell, formula in taken}
            book.sheets[block.sheet].range(block.local).formula = formulas
        book.save(self.solved)

    def asked(self) -> list[tuple[list[str], str]]:
        """The areas of each exercise and the cell that judges it."""
        return [
            ([block.area.address for block in one.cells], f"{exercise.SHEET}!E{row}")
            for row, one in enumerate(self.exercises, exercise.FIRST)
        ]

    def places(self, one: exercise.Exercise) -> list[tuple[str, int, int]]:
        """Sheet, row and column of each of an exercise's cells."""
        return [(block.sheet, *cell) for block in one.cells for cell in block.area.cells()]

    def parts(self) -> dict[str, str]:
        with zipfile.ZipFile(self.path) as package:
            return {part: package.read(part).decode() for part in package.namelist()}


@pytest.fixture(scope="module", params=WITH_EXERCISES)
def copy(request, tmp_path_factory):
    return Copy(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def shown(copy):
    """Address -> the value saved in the copy."""
    return oracles.saved_values(copy.path)


# ---- what is in it ---------------------------------------------------------------------------------------


def relative(sheet: str, row: int, col: int, formula: str) -> str:
    """The formula with each reference as sheet and distance: equal for cells that one fill makes."""

    def cell(dollar, letters, fixed, number):
        column = openpyxl.utils.column_index_from_string(letters)
        return f"R{number if fixed else [int(number) - row]}C{column if dollar else [column - col]}"

    def reference(found):
        first, last = cell(*found.groups()[1:5]), found[6] and cell(*found.groups()[6:10])
        return f"{(found[1] or sheet).strip(chr(39))}!{first}" + (f":{last}" if last else "")

    one = r"(\$?)\b([A-Z]{1,3})(\$?)(\d+)\b"
    return re.sub(rf"(?:('[^']+'|\w+)!)?{one}(:{one})?(?!\()", reference, formula)


def formulas_of(path):
    for ws in openpyxl.load_workbook(path):
        for row in ws.iter_rows():
            for cell in row:
                if cell.data_type == "f" and cell.value is not None:
                    text = getattr(cell.value, "text", cell.value)  # of an array formula
                    yield (ws.title, cell.row, cell.column), text


def test_no_formula_taken_out_stands_in_another_cell(copy):
    taken = {relative(*place, formula) for place, formula in copy.removed.items()}
    assert [place for place, text in formulas_of(copy.path) if relative(*place, text) in taken] == []


def test_no_formula_taken_out_is_a_part_of_anything_in_the_file(copy):
    def plain(text):
        return text.replace("$", "").replace(" ", "")

    starts = {one.start.area.address: one.start for one in copy.exercises}
    for start in starts.values():
        sought = plain(copy.removed[start.sheet, start.area.top, start.area.left].removeprefix("="))
        for spelled in (sought, sought.replace(f"{start.sheet}!", "")):
            assert [p for p, xml in copy.parts().items() if spelled in plain(unescape(xml))] == []


def test_the_cells_to_fill_are_empty_in_the_file(copy):
    book = openpyxl.load_workbook(copy.path), openpyxl.load_workbook(copy.path, data_only=True)
    filled = [place for place in copy.removed for b in book if b[place[0]].cell(*place[1:]).value is not None]
    assert filled == []


def test_no_cell_shows_an_error_while_formulas_are_missing(shown):
    assert [cell for cell, value in shown.items() if isinstance(value, oracles.ExcelError)] == []


def test_each_exercise_says_that_it_is_empty(copy, shown):
    assert {shown[state] for _, state in copy.asked()} == {exercise.EMPTY}


@pytest.mark.validator
def test_the_open_xml_sdk_finds_nothing_wrong_with_the_copy(copy):
    assert oracles.validator_errors(copy.path) == []


@pytest.mark.libreoffice
def test_ironcalc_and_libreoffice_agree_on_the_copy(copy):
    values = oracles.ironcalc_values(copy.path), oracles.libreoffice_values(copy.path)
    assert oracles.disagreements(copy.path, *values, tolerance=1e-9) == []


def test_the_solved_copy_computes_what_the_whole_book_does(copy):
    whole = oracles.ironcalc_values(Path(__file__).parents[2] / "workbooks" / f"{copy.name}.xlsx")
    solved = oracles.ironcalc_values(copy.solved)
    assert {cell: value for cell, value in whole.items() if solved.get(cell) != value} == {}
    rows = range(exercise.FIRST, exercise.FIRST + len(copy.exercises))
    assert {solved[f"{exercise.SHEET}!E{row}"] for row in rows} == {exercise.RIGHT}


def test_a_lesson_without_exercises_is_refused_by_name(monkeypatch):
    monkeypatch.setitem(lessons.LESSONS, "dull", lessons.Lesson("dull", "Dull", openpyxl.Workbook))
    with pytest.raises(BookError, match="dull has no exercises.*titanic"):
        lessons.book_name("dull", blank=True)


# ---- what it says to answers -----------------------------------------------------------------------------


class IronCalc:
    """A book in IronCalc, as `answers.judgements` asks for it."""

    def __init__(self, path: Path):
        self._model = oracles.load_ironcalc(path)
        self._names = [sheet["name"] for sheet in self._model.get_worksheets_properties()]

    def _rows(self, area: str) -> list[list[tuple[int, int, int]]]:
        sheet, _, ref = area.rpartition("!")
        left, top, right, bottom = openpyxl.utils.range_boundaries(ref)
        index = self._names.index(sheet.strip("'"))
        return [[(index, row, col) for col in range(left, right + 1)] for row in range(top, bottom + 1)]

    def formulas(self, area):
        return [[self._model.get_cell_formula(*place) for place in row] for row in self._rows(area)]

    def values(self, area):
        return [[self._model.get_cell_value(*place) for place in row] for row in self._rows(area)]

    def write(self, area, rows):
        for places, answers in zip(self._rows(area), rows, strict=True):
            for place, answer in zip(places, answers, strict=True):
                self._type(place, answer)

    def _type(self, place, answer) -> None:
        if answer == "":
            self._model.clear_cell_contents(*place)
        elif isinstance(answer, str):
            self._model.set_user_input(*place, answer)
        else:
            self._model.update_cell_with_number(*place, answer)

    def says(self, cell):
        self._model.evaluate()
        return self._model.get_cell_value(*self._rows(cell)[0][0])


def as_expected(copy) -> list[dict[str, str]]:
    return [JUDGEMENTS] * len(copy.exercises)


def test_answers_are_judged_before_and_after_inputs_change(copy):
    program = IronCalc(copy.solved)
    assert [judgements(program, *asked) for asked in copy.asked()] == as_expected(copy)
    for cell, value in CHANGES[copy.name].items():
        program.write(cell, [[value]])
    program.says(copy.asked()[0][1])
    assert [judgements(program, *asked) for asked in copy.asked()] == as_expected(copy)


HINTED = "(INDEX(Net!$N$11:$O$901,0,A{row})>0)*INDEX(Net!$C$11:$M$901,0,MATCH(B{row},Net!$C$10:$M$10,0))"
OFF = "(Net!$R$11:$R$901-Net!$B$11:$B$901)"

# lesson -> exercise -> right answers that are not the lesson's own, by their first column; {row} is the row
OTHERWISE = {
    "titanic": {
        "Lin": {
            "N": "=SUMXMY2($C{row}:$M{row},-$C$5:$M$5)/4-SUMXMY2($C{row}:$M{row},$C$5:$M$5)/4",
            "O": "=SUMPRODUCT($C{row}:$M{row}*$C$6:$M$6)",
        },
        "ReLU": {letter: f"=IF({x}{{row}}>0,{x}{{row}},0)" for letter, x in ("PN", "QO")},
        "Loss of a row": {"T": '=ABS(R{row}-B{row})^IF($P$7="MSE",2,1)'},
        "Accuracy": {"P": "=COUNTIFS($U$11:$U$901,1,$V$11:$V$901,1)/P4"},
        "Derivative": {
            "D": f'=IF(Net!$P$7="MSE",SUMPRODUCT(Net!$V$11:$V$901*2*{OFF}*{HINTED}),'
            f"SUMPRODUCT(Net!$V$11:$V$901*SIGN{OFF}*{HINTED}))/SUM(Net!$V$11:$V$901)"
        },
    },
}  # fmt: skip


def test_right_answers_may_be_written_otherwise(copy):
    program = IronCalc(copy.solved)
    for one, (_, state) in zip(copy.exercises, copy.asked(), strict=True):
        for letters, formula in OTHERWISE.get(copy.name, {}).get(one.name, {}).items():
            for sheet, row, col in copy.places(one):
                if column_letters(col) == letters:
                    program.write(cell_address(sheet, row, col), [[formula.format(row=row)]])
        assert program.says(state) == exercise.RIGHT, one.name


@pytest.mark.libreoffice
def test_libreoffice_judges_answers_alike_before_and_after_inputs_change(copy, tmp_path):
    python = oracles.python_with_uno()
    if python is None:
        pytest.skip("no Python here has LibreOffice's uno module (python3-uno)")
    script = Path(__file__).with_name("libreoffice_answers.py")
    done = subprocess.run(
        [python, script, oracles.libreoffice_profile().as_uri(), copy.solved.as_uri()],
        input=json.dumps({"exercises": copy.asked(), "changes": CHANGES[copy.name]}),
        env=os.environ | {"TMPDIR": str(tmp_path), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [as_expected(copy)] * 2
