"""What-if tables: each cell is what its formula comes to with other values in the table's inputs."""

from dataclasses import replace

import openpyxl
import pytest
from openpyxl.worksheet.formula import DataTableFormula

from tests.formula.sheets import area, snapshot
from tests.formula.test_recalculation import Live
from xlcicf.errors import NotDifferentiable
from xlcicf.formula import differentiate, what_if
from xlcicf.formula.recalculation import Recalculation
from xlcicf.formula.snapshot import ExcelError, Snapshot, WhatIf
from xlcicf.host import open_book

# Price in A1, pieces in A2; profit in A4 by way of A3, and a word about it in A5.
PROFIT = {
    "A1": 10.0,
    "A2": 3.0,
    "A3": "=A1*A2",
    "A4": "=A3-20",
    "A5": '=IF(A4>0,"gain",IF(A1=0,1/0,"loss"))',
}
PRICE, PIECES = (1, 1), (2, 1)
AGAINST = {**PROFIT, "C1": "=A4", "D1": 5.0, "E1": 20.0, "C2": 1.0, "C3": 10.0}  # for D2:E3


def book_with(cells: dict[str, object], tables: dict[str, WhatIf]) -> Snapshot:
    book = snapshot(cells)
    book.sheets["S"].data_tables = {area(where): asked for where, asked in tables.items()}
    return book


def shown(live: Live, where: str) -> list:
    values = live.inner.book.sheets["S"].values
    return [values.get(cell) for cell in area(where).cells()]


def test_a_column_of_prices():
    cells = {**PROFIT, "D1": "=A4", "E1": "=A5", "C2": 5.0, "C3": 20.0, "C4": 0.0}
    live = Live(book_with(cells, {"D2:E4": WhatIf(column_input=PRICE)}), trusted=False)
    assert shown(live, "D2:E4") == [-5.0, "loss", 40.0, "gain", -20.0, ExcelError("#DIV/0!")]
    assert (live["A1"], live["D1"], live.uncomputed) == (10.0, 10.0, {})


def test_a_row_of_prices_one_of_them_blank():
    cells = {**PROFIT, "C2": "=A4", "D1": 5.0, "E1": 20.0}
    live = Live(book_with(cells, {"D2:F2": WhatIf(row_input=PRICE)}), trusted=False)
    assert shown(live, "D2:F2") == [-5.0, 40.0, -20.0]


def test_prices_against_pieces_and_what_reads_the_table():
    cells = {**AGAINST, "G1": "=MAX(D2:E3)", "G2": "=G1+A1"}
    live = Live(book_with(cells, {"D2:E3": WhatIf(PRICE, PIECES)}), trusted=False)
    assert shown(live, "D2:E3") == [-15.0, 0.0, 30.0, 180.0]
    assert (live["G1"], live["G2"]) == (180.0, 190.0)
    assert live.write(C3=2.0) == {"D3": -10.0, "E3": 20.0, "G1": 20.0, "G2": 30.0}
    assert live.write(A1=11.0) == {"A3": 33.0, "A4": 13.0, "C1": 13.0, "G2": 31.0}
    assert live.write(Z9=1.0) == {}


def test_of_the_tables_only_those_are_computed_that_matter():
    cells = {
        **PROFIT,
        "C1": "=A4",
        "C2": 5.0,
        "C3": 20.0,
        "D1": "=C1",
        "F1": "=A5",
        "E2": 5.0,
        "G1": "=MAX(D2:D3)",
    }
    tables = {"D2:D3": WhatIf(column_input=PRICE), "F2": WhatIf(column_input=PRICE)}
    live = Recalculation(book_with(cells, tables), trusted=False, of=[area("G1")])
    found = live.renewed()["S"]
    assert (found[1, 7], found[2, 4]) == (40.0, -5.0)
    assert (2, 6) not in found and (5, 1) not in found and not live.uncomputed


def test_a_table_of_another_tables_best():
    inner = {**PROFIT, "C1": "=A4+B9", "C2": 5.0, "C3": 20.0, "C5": "=MAX(D2:D3)", "D1": "=A4+B9"}
    cells = {**inner, "B9": 1.0, "F1": "=C5+B8", "E2": 100.0, "E3": 200.0}
    tables = {"D2:D3": WhatIf(column_input=PRICE), "F2:F3": WhatIf(column_input=(8, 2))}
    live = Live(book_with(cells, tables), trusted=False)
    assert (shown(live, "D2:D3"), live["F1"], shown(live, "F2:F3")) == ([-4.0, 41.0], 41.0, [141.0, 241.0])
    through = book_with(cells, {**tables, "F2:F3": WhatIf(column_input=(9, 2))})
    assert "reads the what-if table in S!D2:D3" in Live(through, trusted=False).uncomputed["F2"]


def test_tables_that_cannot_be_computed_say_why(monkeypatch):
    column = WhatIf(column_input=PRICE)
    cells = {**PROFIT, "C2": 5.0, "D1": "=A4+D2"}
    assert (
        "of cells that depend on it" in Live(book_with(cells, {"D2": column}), trusted=False).uncomputed["D2"]
    )
    drawn = book_with({**PROFIT, "C2": 5.0, "D1": "=A4+RAND()"}, {"D2": column})
    assert "of random numbers" in Live(drawn, trusted=False).uncomputed["D2"]
    unknown = Live(book_with({**PROFIT, "C2": 5.0, "D1": "=A4+FROBNICATE(1)"}, {"D2": column}), trusted=False)
    assert "reads S!D1" in unknown.uncomputed["D2"]
    monkeypatch.setattr(what_if, "MOST_CELLS", 1)
    many = book_with({**PROFIT, "D1": "=A4"}, {"D2:D3": column})
    assert "make it smaller" in Live(many, trusted=False).uncomputed["D3"]


def test_a_table_of_random_numbers_stands_as_they_do():
    book = book_with({**PROFIT, "C2": 5.0, "D1": "=A4+RAND()"}, {"D2": WhatIf(column_input=PRICE)})
    book.sheets["S"].values |= {(1, 4): 10.5, (2, 4): -4.5}
    live = Live(book, trusted=False)
    assert (live["D2"], live.uncomputed) == (-4.5, {})
    live.write(A1=11.0)
    assert (live["D2"], live.uncomputed) == (-4.5, {})


def test_saved_results_stand_until_an_edit_reaches_them():
    cells = {**PROFIT, "A3": 30.0, "A4": 10.0, "A5": "gain", "C2": 5.0, "D1": 10.0, "D2": -5.5}
    book = snapshot({**PROFIT, "C2": 5.0, "D1": "=A4"})
    book.sheets["S"].data_tables = {area("D2"): WhatIf(column_input=PRICE)}
    book.sheets["S"].values |= snapshot(cells).sheets["S"].values
    live = Live(book, trusted=True)
    assert (live.renewed, live["D2"]) == ({}, -5.5)
    assert live.write(C2=6.0) == {"D2": -2.0}


def test_a_function_through_a_table_is_refused_and_beside_one_is_not():
    cells = {**PROFIT, "C2": 5.0, "C3": 20.0, "D1": "=A4", "G1": "=A4+D2", "G2": "=A4*A9", "A9": 2.0}
    book = book_with(cells, {"D2:D3": WhatIf(column_input=PRICE)})
    book.sheets["S"].values[2, 4] = -5.0
    with pytest.raises(
        NotDifferentiable, match=r"S!G1 reads the what-if table in S!D2:D3, which changing cells"
    ):
        function_of(book, "G1", "A2")
    assert function_of(book, "G1", "A9", sheet_formula="=A9+D2").value([3.0]) == -2.0
    assert function_of(book, "G2", "A2").value([3.0]) == 20.0


def function_of(book: Snapshot, objective: str, changing: str, sheet_formula: str | None = None):
    if sheet_formula:
        where = area(objective)
        sheet = book.sheets["S"]
        sheet = replace(sheet, formulas=sheet.formulas | {(where.top, where.left): sheet_formula})
        book = replace(book, sheets={"S": sheet})
    return differentiate(book, area(objective), [area(changing)])


def test_a_saved_book_shows_its_table_as_it_is_after_an_edit(tmp_path):
    book = openpyxl.Workbook()
    for at, content in {**AGAINST, "D3": 0.0, "E2": 0.0, "E3": 0.0}.items():
        book.active[at] = content
    book.active["D2"] = DataTableFormula(ref="D2:E3", dt2D=True, dtr=True, r1="A1", r2="A2")
    book.save(tmp_path / "prices.xlsx")
    opened = open_book(tmp_path / "prices.xlsx")
    opened.sheets[0]["C3"].value = 2
    opened.save()
    opened.close()
    saved = openpyxl.load_workbook(tmp_path / "prices.xlsx", data_only=True).active
    assert [[cell.value for cell in row] for row in saved["D2:E3"]] == [[-15, 0], [-10, 20]]
    asked = openpyxl.load_workbook(tmp_path / "prices.xlsx").active["D2"].value
    assert (asked.ref, asked.r1, asked.r2) == ("D2:E3", "A1", "A2")
