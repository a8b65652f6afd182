"""Cells that must all be different, row by row and column by column or with some of them given: what the best
there is is known of is found, and nothing is written that breaks a rule."""

import itertools
import json

import numpy as np
import openpyxl
import pytest

from tests.test_cli import run

CLUES = """
53..7....  6..195...  .98....6.
8...6...3  4..8.3..1  7...2...6
.6....28.  ...419..5  ....8..79
"""  # the first Sudoku of Wikipedia's article, which has one solution
SOLUTION = """
534678912  672195348  198342567
859761423  426853791  713924856
961537284  287419635  345286179
"""
GIVEN = [[0 if x == "." else int(x) for x in row] for row in CLUES.split()]
SOLVED = [[int(x) for x in row] for row in SOLUTION.split()]
LETTERS = "ABCDEFGHI"
ROWS = [f"A{row}:I{row}" for row in range(1, 10)]
COLUMNS = [f"{letter}1:{letter}9" for letter in LETTERS]
BLOCKS = [f"{LETTERS[i]}{j}:{LETTERS[i + 2]}{j + 2}" for i in (0, 3, 6) for j in (1, 4, 7)]


def trained(tmp_path, capsys, cells: dict, changing: str, *constraints: str, sense: str = "min"):
    """(exit code, what was told, the sheet afterwards) of a book whose objective is Z1."""
    book = openpyxl.Workbook()
    sheet = book.active
    for address, value in cells.items():
        sheet[address] = value
    path = tmp_path / "b.xlsx"
    book.save(path)
    said = [part for constraint in constraints for part in ("--subject-to", constraint)]
    code, out, _ = run(
        capsys, "train", path, "--objective", "Z1", "--changing", changing, "--sense", sense, *said, "--json"
    )
    return code, json.loads(out), openpyxl.load_workbook(path, data_only=True).active


def square(sheet, size: int = 9) -> list[list]:
    return [[sheet.cell(row, column).value for column in range(1, size + 1)] for row in range(1, size + 1)]


def sudoku() -> dict:
    places = itertools.product(range(9), range(9))
    return {f"{LETTERS[j]}{i + 1}": GIVEN[i][j] or 1 for i, j in places}


@pytest.mark.parametrize("way", ["cells that are given", "the sum of what differs", "that sum to come to 0"])
def test_a_sudoku_is_solved(way, tmp_path, capsys):
    cells = sudoku() | {f"{LETTERS[j]}{i + 21}": GIVEN[i][j] for i in range(9) for j in range(9)}
    cells["Z1"] = "=SUMPRODUCT((A21:I29>0)*(A1:I9-A21:I29)^2)"
    rules, sense = [f"{group} dif" for group in (*ROWS, *COLUMNS, *BLOCKS)], "min"
    if way == "cells that are given":
        cells["Z1"] = "=A1+0*SUM(A1:I9)"
        rules += [f"{LETTERS[j]}{i + 1} = {GIVEN[i][j]}" for i in range(9) for j in range(9) if GIVEN[i][j]]
    elif way == "that sum to come to 0":
        sense = "0"
    code, told, sheet = trained(tmp_path, capsys, cells, "A1:I9", *rules, sense=sense)
    assert (code, told["status"]) == (0, "found"), told
    assert square(sheet) == SOLVED


def test_a_sudoku_without_a_solution_is_called_so_and_left_alone(tmp_path, capsys):
    cells = sudoku() | {"Z1": "=SUM(A1:I9)"}
    rules = [f"{group} dif" for group in (*ROWS, *COLUMNS, *BLOCKS)]
    code, told, sheet = trained(
        tmp_path, capsys, cells, "A1:I9", *rules, "A1 = 5", "E5 = 5", "I9 = 5", "A9 = 5"
    )
    assert (code, told["status"]) == (1, "infeasible"), told
    assert square(sheet) == square_of(cells)


def square_of(cells: dict) -> list[list]:
    return [[cells[f"{letter}{row}"] for letter in LETTERS] for row in range(1, 10)]


def test_who_does_what_is_proven_beside_all_ways(tmp_path, capsys):
    costs = np.random.default_rng(5).integers(1, 90, (6, 6))
    cells = {f"A{i + 1}": i + 1 for i in range(6)}
    cells |= {f"{'DEFGHI'[j]}{i + 1}": int(costs[i, j]) for i in range(6) for j in range(6)}
    cells |= {f"B{i}": f"=INDEX(D{i}:I{i},A{i})" for i in range(1, 7)} | {"Z1": "=SUM(B1:B6)"}
    code, told, sheet = trained(tmp_path, capsys, cells, "A1:A6", "A1:A6 dif")
    least = min(sum(costs[i, way[i]] for i in range(6)) for way in itertools.permutations(range(6)))
    assert (code, told["status"], told["after"]) == (0, "found", least)
    assert sorted(sheet.cell(row, 1).value for row in range(1, 7)) == [1, 2, 3, 4, 5, 6]


def test_sums_that_are_demanded_hold(tmp_path, capsys):
    """A magic square of 3 x 3 with the most in its first cell."""
    cells = {f"{letter}{row}": 3 * (row - 1) + i for row in (1, 2, 3) for i, letter in enumerate("ABC", 1)}
    lines = ["A1:C1", "A2:C2", "A3:C3", "A1:A3", "B1:B3", "C1:C3"]
    cells |= {f"E{i}": f"=SUM({line})" for i, line in enumerate(lines, 1)}
    cells |= {"E7": "=A1+B2+C3", "E8": "=A3+B2+C1", "Z1": "=A1"}
    code, told, sheet = trained(tmp_path, capsys, cells, "A1:C3", "A1:C3 dif", "E1:E8 = 15", sense="max")
    found = np.array(square(sheet, 3))
    assert (code, told["status"], told["after"]) == (0, "found", 8)
    assert sorted(found.ravel()) == list(range(1, 10))
    sums = [*found.sum(0), *found.sum(1), np.trace(found), np.trace(found[::-1])]
    assert sums == [15] * 8


def test_a_tour_begins_where_it_is_told_to(tmp_path, capsys):
    legs = np.random.default_rng(3).integers(1, 90, (6, 6))
    cells = {f"A{i + 1}": i + 1 for i in range(6)}
    cells |= {f"{'DEFGHI'[j]}{i + 1}": int(legs[i, j]) for i in range(6) for j in range(6)}
    cells |= {f"B{i}": f"=INDEX($D$1:$I$6,A{i - 1},A{i})" for i in range(2, 7)} | {"Z1": "=SUM(B2:B6)"}
    code, told, sheet = trained(tmp_path, capsys, cells, "A1:A6", "A1:A6 dif", "A1 = 4", "A6 >= 5")
    ways = [way for way in itertools.permutations(range(6)) if way[0] == 3 and way[-1] >= 4]
    least = min(sum(legs[a, b] for a, b in itertools.pairwise(way)) for way in ways)
    found = [sheet.cell(row, 1).value for row in range(1, 7)]
    assert (code, told["after"], sorted(found), found[0]) == (0, least, [1, 2, 3, 4, 5, 6], 4) and found[
        -1
    ] >= 5


def test_orders_that_all_lead_to_an_error_are_called_so_and_left_alone(tmp_path, capsys):
    cells = {"A1": 1, "A2": 2, "A3": 1, "D1": 5, "D2": 7, "Z1": "=B2+B3+INDEX(D1:D2,A3)"}
    cells |= {f"B{row + 1}": f"=INDEX($D$1:$D$2,A{row})*A{row + 1}" for row in (1, 2)}
    code, told, sheet = trained(tmp_path, capsys, cells, "A1:A3", "A1:A3 dif")
    assert (code, told["status"], told["after"]) == (1, "error", None)
    assert told["reason"].endswith("!B3 shows an error there"), told["reason"]
    assert [sheet.cell(row, 1).value for row in (1, 2, 3)] == [1, 2, 1]


def test_groups_that_overlap_beside_what_is_no_sum_are_refused(tmp_path, capsys):
    cells = {f"{letter}{row}": row for row in (1, 2, 3) for letter in "ABC"} | {"Z1": "=A1*B2*C3"}
    rules = [f"A{row}:C{row} dif" for row in (1, 2, 3)] + [f"{letter}1:{letter}3 dif" for letter in "ABC"]
    code, told, sheet = trained(tmp_path, capsys, cells, "A1:C3", *rules)
    assert code == 1 and "groups that overlap" in told["error"]
    assert square(sheet, 3) == [[row] * 3 for row in (1, 2, 3)]
