"""A book that LibreOffice has open is read as its file is: formulas, values, names, tables, arrays, hidden rows.

LibreOffice computes each book anew, so numbers agree as two computers' do. Formulas agree where their trees do:
it writes 1E-09 as 0.000000001 and quotes other sheets' names than Excel.
"""

import functools
from dataclasses import replace
from pathlib import Path

import pytest

import xlcicf
from tests import layouts, strangers
from tests.host.libreoffice import every_kind
from tests.libreoffice import ask
from xlcicf.errors import FormulaError
from xlcicf.formula.parse import parse
from xlcicf.formula.snapshot import ExcelError, Snapshot, agree
from xlcicf.host import read_snapshot
from xlcicf.host.remote.snapshots import outline_of, scalar, snapshot_of
from xlcicf.ooxml.package import save_package

pytestmark = pytest.mark.libreoffice

SCRIPT = Path(__file__).with_name("live_reading.py")
LESSONS = {path.stem: path for path in sorted((Path(__file__).parents[3] / "workbooks").glob("*.xlsx"))}

# Of these kinds Calc keeps something else than their file has.
OTHER = {"data_tables", "external_links", "pivot_tables", "rich_text", "volatile_formulas"}


def _stranger(kind: str, path: Path) -> None:
    save_package(strangers.STRANGERS[kind](), path)


MADE = {kind: functools.partial(_stranger, kind) for kind in strangers.STRANGERS if kind not in OTHER}
MADE |= {model.name: model.build for model in layouts.MODELS[:3]}
MADE["calculated otherwise"] = every_kind.calculated_otherwise
MADE["every kind"] = every_kind.every_kind


def the_book(name: str, folder: Path) -> Path:
    """A copy of a lesson book or a book that is made."""
    path = folder / "book.xlsx"
    if name in LESSONS:
        path.write_bytes(LESSONS[name].read_bytes())
    else:
        MADE[name](path)
    return path


def asked(path: Path, what: str):
    return ask(SCRIPT, url=path.as_uri(), asked=what)


by_book = pytest.mark.parametrize("name", [*LESSONS, *MADE])


@by_book
def test_a_live_book_is_read_as_its_file_is(name, tmp_path):
    path = the_book(name, tmp_path)
    file = read_snapshot(xlcicf.open_book(path))
    live = snapshot_of(asked(path, "snapshots")[0], None)
    assert [sheet for sheet in live.sheets if sheet in file.sheets] == list(file.sheets)
    more = [
        sheet for name, sheet in live.sheets.items() if name not in file.sheets
    ]  # those that show a chart
    assert not any(sheet.formulas or sheet.values for sheet in more)
    for sheet, saved in file.sheets.items():
        shown = live.sheets[sheet]
        unlike = [
            f"{cell}: {a} | {b}"
            for cell, a, b in _pairs(saved.formulas, shown.formulas)
            if not _alike(a, b, sheet, cell, file, live)
        ]
        assert unlike == []
        otherwise = _otherwise(saved) if name == "every kind" else ()
        values = [pair for pair in _pairs(saved.values, shown.values) if pair[0] not in otherwise]
        assert [f"{cell}: {a!r} | {b!r}" for cell, a, b in values if not agree(a, b)] == []
        assert shown.arrays == saved.arrays
        assert shown.hidden == saved.hidden
        assert shown.filtered == saved.filtered
    assert live.tables == file.tables
    assert live.calculation == replace(file.calculation, on_load=False)
    assert _meanings(live) == _meanings(file)


def _pairs(saved: dict, shown: dict):
    """(cell, in the file, live) for each cell that either has."""
    return [(cell, saved.get(cell), shown.get(cell)) for cell in sorted(saved.keys() | shown.keys())]


def _alike(saved: str | None, shown: str | None, sheet: str, cell, file: Snapshot, live: Snapshot) -> bool:
    if saved is None or shown is None:
        return saved == shown
    return _letters(saved) == _letters(shown) or parse(saved, sheet, *cell, file) == parse(
        shown, sheet, *cell, live
    )


def _letters(text: str) -> str:
    """Without what is not its meaning, in formulas that no parser reads."""
    return text.replace(" ", "").replace("'", "").upper()


def _otherwise(sheet) -> set:
    return {cell for cell, text in sheet.formulas.items() if text[1:] in every_kind.OTHERWISE}


def _meanings(book: Snapshot) -> dict:
    """What names refer to; _FilterDatabase is Excel's own note of a filter, which Calc keeps otherwise."""
    names = {key: text for key, text in book.names.items() if key[0] != "_xlnm._filterdatabase"}
    return {
        key: parse(f"({text})", key[1] or next(iter(book.sheets)), 1, 1, book) for key, text in names.items()
    }


@pytest.mark.parametrize("name", ["titanic", "every kind"])
def test_of_a_book_that_is_known_the_values_alone_are_told(name, tmp_path):
    first, again = asked(the_book(name, tmp_path), "snapshots")
    assert not any({"formulas", "arrays", "hidden", "filtered"} & sheet.keys() for sheet in again["sheets"])
    before = snapshot_of(first, None)
    now = snapshot_of(again, before)
    assert now == before
    assert all(now.sheets[sheet].formulas is before.sheets[sheet].formulas for sheet in before.sheets)
    assert outline_of(first).names == before.names
    assert not any(sheet.formulas or sheet.values for sheet in outline_of(first).sheets.values())


@by_book
def test_a_formula_that_is_written_beside_its_own_reads_the_same(name, tmp_path):
    tried, other = asked(the_book(name, tmp_path), "written_back")
    assert tried > 0
    assert [pair for pair in other if pair[1].casefold() != pair[2].casefold()] == []


def test_a_part_of_a_sheet_is_read_with_dates_arrays_and_what_the_formula_bar_shows(tmp_path):
    """J1:P5 of Data."""
    path = the_book("every kind", tmp_path)
    file = read_snapshot(xlcicf.open_book(path)).sheets["Data"]
    used, part, bar, nothing, last = asked(path, "parts")
    rows, cols = range(1, 6), range(10, 17)
    assert used == [1, 1, max(row for row, _ in file.formulas), 20]
    assert nothing == [1, 1, 1, 1]
    assert last == ["Nothing", True]

    def told(rows_of):
        return {(r, c): rows_of[r - 1][c - 10] for r in rows for c in cols}

    values = {cell: scalar(value) for cell, value in told(part["values"]).items()}
    assert [cell for cell in values if not agree(values[cell], file.values.get(cell))] == []
    assert {cell for cell, is_date in told(part["dates"]).items() if is_date} == {(1, 11), (2, 11)}
    in_arrays = {cell: a for a in file.arrays.values() for cell in a.cells() if cell in values}
    assert {cell for cell, is_in in told(part["arrays"]).items() if is_in} == in_arrays.keys()
    formulas = {cell: file.formulas.get(cell) for cell in values}
    formulas |= {cell: file.formulas[area.top, area.left] for cell, area in in_arrays.items()}
    assert told(part["formulas"]) == formulas
    shown = told(bar)
    assert {cell: text for cell, text in shown.items() if formulas[cell]} == {
        c: t for c, t in formulas.items() if t
    }
    assert [shown[1, 10], shown[2, 10], shown[3, 10]] == ["TRUE", "FALSE", "TRUE"]
    assert [shown[1, 11], shown[3, 11], shown[1, 12], shown[4, 12]] == ["43864", "2020", "'x", "1E5"]
    assert [shown[4, 10], shown[5, 11], shown[1, 13], shown[2, 13]] == ["TRUE", "", "=x", "#N/A"]


def test_what_libreoffice_knows_otherwise_is_told_as_it_shows_it(tmp_path):
    path = the_book("every kind", tmp_path)
    file = read_snapshot(xlcicf.open_book(path)).sheets["Data"]
    live = snapshot_of(asked(path, "snapshots")[0], None).sheets["Data"]
    shown = {text[1:]: live.values[cell] for cell, text in file.formulas.items()}
    assert {text: shown[text] for text in every_kind.OTHERWISE} == every_kind.OTHERWISE
    assert all(
        isinstance(shown[text], ExcelError)
        for text, value in every_kind.OTHERWISE.items()
        if value == "#NAME?"
    )


def test_what_excels_grammar_cannot_say_stays_as_it_is_and_no_parser_reads_it(tmp_path):
    for kind, cell in (("external_links", (8, 1)), ("data_tables", (8, 4))):
        path = tmp_path / f"{kind}.xlsx"
        _stranger(kind, path)
        book = snapshot_of(asked(path, "snapshots")[0], None)
        text = book.sheets["Model"].formulas[cell]
        assert text.startswith(("='file:///", "=TABLE("))
        if kind == "external_links":
            with pytest.raises(FormulaError):
                parse(text, "Model", *cell, book)


def test_a_print_changes_with_what_a_sheet_computes_and_with_nothing_else(tmp_path):
    """Of a cell that holds no formula, the value is told anyway."""
    changed = asked(the_book("plain", tmp_path), "prints_after_edits")
    assert changed == {
        "a number": [],
        "a text": [],
        "a formula": ["Model"],
        "undone": ["Model"],
        "a formula's end": ["Model"],
        "formulas at once": ["Model"],
        "a hidden row": ["Model"],
        "a row put in": ["Model", "Other"],
        "an array": ["Model"],
    }


# What is no change of the document, or one of our own that leaves its formulas as they are.
LEFT_AS_IT_WAS = {
    *("nothing", "calculated", "a place", "copied", "another place", "a range"),
    *("ours: numbers again", "ours: texts beyond"),
}
EITHER = {"ours: numbers"}  # the first write beside all others may be told of twice


def test_what_is_kept_counts_until_somebody_changes_the_document(tmp_path):
    """Whatever a person, a macro or Undo does: the book read by what is kept is the book read anew."""
    found = asked(the_book("plain", tmp_path), "kept_after_edits")
    assert {what for what, (counts, _) in found.items() if counts} - EITHER == LEFT_AS_IT_WAS
    assert [what for what, (_, is_so) in found.items() if not is_so] == []
    assert len(found) > 30
