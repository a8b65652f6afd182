"""The copy for teachers: the exercises with an answer to each, in its place and beside its task."""

import openpyxl
import pytest

from xlcicf import cli, lessons
from xlcicf.sheet import exercise

ALWAYS = "how_a_net_works", "titanic"
BOOKS = [name if name in ALWAYS else pytest.param(name, marks=pytest.mark.full) for name in lessons.LESSONS]


@pytest.fixture(scope="module", params=BOOKS)
def copy(request, tmp_path_factory):
    """(lesson, the copy with its formulas, the copy with its values)."""
    folder = tmp_path_factory.mktemp("answers")
    assert cli.main(["build", request.param, "--answers", "--out", str(folder)]) == 0
    path = folder / f"{request.param}-answers.xlsx"
    return (
        lessons.LESSONS[request.param],
        openpyxl.load_workbook(path),
        openpyxl.load_workbook(path, data_only=True),
    )


def test_the_sheet_finds_every_answer_right(copy):
    lesson, _, values = copy
    ws = values[exercise.SHEET]
    count = len(lesson.exercises)
    assert [ws[f"E{exercise.FIRST + i}"].value for i in range(count)] == [exercise.RIGHT] * count
    assert ws["A4"].value == f"{count} of {count} are right"


def test_each_answer_is_a_formula_that_stands_in_its_place(copy):
    lesson, book, _ = copy
    for row, one in enumerate(lesson.exercises, exercise.FIRST):
        lines = book[exercise.SHEET][f"K{row}"].value.splitlines()
        assert lines[0].startswith(f"{one.start.corner}  =")
        for line in lines:
            cell, formula = line.split("  ", 1) if "  =" in line else ("", line)
            standing = [book[block.sheet][cell].value for block in one.cells if cell]
            assert not cell or formula in [getattr(value, "text", value) for value in standing]
        for block in one.cells:
            cells = [book[block.sheet].cell(*place) for place in block.area.cells()]
            assert all(cell.data_type == "f" and cell.style == "Exercise" for cell in cells)


def test_it_is_the_lesson_but_for_the_exercises(copy):
    lesson, book, _ = copy
    whole = lesson.build()
    assert [name for name in book.sheetnames if name != exercise.SHEET] == whole.sheetnames
    for ws in whole:
        for row in ws.iter_rows():
            for cell in row:
                if cell.data_type == "f" and isinstance(cell.value, str):
                    named = cell.value.replace(f"{lesson.name}.xlsx", f"{lesson.name}-answers.xlsx")
                    assert book[ws.title][cell.coordinate].value == named


def test_what_is_printed_has_the_answers(copy):
    lesson, book, _ = copy
    ws = book[exercise.SHEET]
    assert ws.print_area.endswith(f"$K${exercise.FIRST + len(lesson.exercises) - 1}")
    assert f"{lesson.name}.xlsx" not in str(
        [cell.value for row in book["Read me"].iter_rows() for cell in row]
    )


def test_a_formula_that_is_another_one_filled_is_listed_once():
    workbook = openpyxl.Workbook()
    ws = workbook.active
    for row in range(2, 6):
        ws[f"B{row}"] = f"=A{row}+B{row - 1}+$A$1"
    ws["D2"], ws["D3"] = "=B2", "=2*B3"
    blocks = [exercise.Block("x", ws.title, "B2", rows=4), exercise.Block("y", ws.title, "D2", rows=2)]
    one = exercise.Exercise("Sum", tuple(blocks), "", "", "=0")
    assert exercise._answer(workbook, one) == ["B2  =A2+B1+$A$1", "D2  =B2", "D3  =2*B3"]


def test_blank_and_answers_are_two_copies():
    with pytest.raises(SystemExit) as ended:
        cli.main(["build", "titanic", "--blank", "--answers"])
    assert ended.value.code == 2
