"""Constraints that cannot be served: a sentence that names the cells, exit code 1, and the file as it was."""

import json

import openpyxl
import pytest

from tests.solve.models.model import write_names
from tests.test_cli import run

# name -> (Solver's rows as (left side, number of the relation, right side), what the sentence must say)
ROWS = {
    "bounds that leave no value": ([("S!$B$1", 1, 3), ("S!$B$1", 3, 5)], "S!B1"),
    "a text on the right": ([("S!$B$1", 1, "S!$C$1")], "S!C1"),
    "a text on the left": ([("S!$C$1", 1, 5)], "S!C1"),
    "another book's cell": ([("S!$B$1", 1, "[other.xlsx]S!$A$1")], "other.xlsx"),
    "cells that were deleted": ([("S!#REF!", 1, 5)], "deleted"),
    "a name that is gone": ([("S!$B$1", 1, "the_limit")], "the_limit"),
    "two sides of other sizes": ([("S!$B$1:$B$2", 1, "S!$D$1:$D$3")], "S!B1:B2"),
    "equalities that cannot hold": ([("S!$C$2", 2, 3), ("S!$C$2", 2, 5)], "S!C2"),
    "a whole number asked of a formula": ([("S!$C$2", 4, "integer")], "S!C2"),
    "an error in a constraint": ([("S!$C$3", 1, 5)], "S!C3"),
}
CELLS = {"A1": "=SUMSQ(B1:B2)", "B1": 4, "B2": 4, "C1": "ten", "C2": "=B1+B2", "C3": "=LN(-1-B1^2)"}


@pytest.mark.parametrize("name", ROWS)
def test_a_constraint_that_cannot_be_served_is_named_and_no_file_touched(name, tmp_path, capsys):
    constraints, said = ROWS[name]
    book = openpyxl.Workbook()
    book.active.title = "S"
    for address, content in {**CELLS, "D1": 1, "D2": 2, "D3": 3}.items():
        book.active[address] = content
    settings = {"opt": "S!$A$1", "adj": "S!$B$1:$B$2", "typ": 2, "neg": 2, "num": len(constraints)}
    for number, row in enumerate(constraints, 1):
        settings |= {f"{key}{number}": part for key, part in zip(("lhs", "rel", "rhs"), row, strict=True)}
    write_names(book.active, settings)
    book.save(path := tmp_path / "book.xlsx")
    before = path.read_bytes()
    code, out, _ = run(capsys, "train", path, "--json")
    told = json.loads(out)
    assert code == 1
    assert said in (told.get("error") or told["reason"])
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]
