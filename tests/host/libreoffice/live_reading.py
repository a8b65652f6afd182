"""What the reading half of the agent says of a book that LibreOffice has open. Asked by test_live_snapshot."""

import importlib.util
import re
import sys
from pathlib import Path

from uno_office import opened

AGENT = Path(__file__).parents[3] / "xlcicf" / "host" / "libreoffice" / "agent"
EVERYTHING = 1023  # that can be cleared from a cell
CELLS_AND_NUMBERS = re.compile(r"\$?[A-Z]{1,3}\$?\d+|\d+")


def agent(module):
    """A module of the agent's, under the name that the extension gives to their package."""
    if "xlcicf_agent" not in sys.modules:
        where = {"submodule_search_locations": [str(AGENT)]}
        spec = importlib.util.spec_from_file_location("xlcicf_agent", AGENT / "__init__.py", **where)
        sys.modules["xlcicf_agent"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["xlcicf_agent"])
    return importlib.import_module("xlcicf_agent." + module)


def answer(context, url, asked):
    return globals()[asked](agent("reading"), opened(context, url))


def snapshots(reading, document):
    """The book, and once more for one who has its formulas already."""
    grammar = reading.grammar_of(document, {})
    first = reading.snapshot(document, grammar, None)
    again = reading.snapshot(document, grammar, {sheet["name"]: sheet["print"] for sheet in first["sheets"]})
    return [first, again]


def parts(reading, document):
    """[used area, a part read, its formula bar] of Data, and the used area of a sheet that is empty."""
    grammar, area = reading.grammar_of(document, {}), [1, 10, 5, 16]
    document.Sheets.insertNewByName("Nothing", 99)
    return [
        reading.used(document, "Data"),
        reading.read(document, grammar, "Data", area),
        reading.formulas(document, grammar, "Data", area),
        reading.used(document, "Nothing"),
        reading.sheets(document)[0][-1],
    ]


def written_back(reading, document):
    """[how many formulas were written into a cell of their row, [sheet, before, after] of those that read otherwise
    there]; one of each form."""
    grammar = reading.grammar_of(document, {})
    said = reading.snapshot(document, grammar, None)
    tried, other = 0, []
    document.enableAutomaticCalculation(False)
    for sheet in said["sheets"]:
        cells, (top, left, _, right) = document.Sheets.getByName(sheet["name"]), sheet["area"]
        arrays, forms = {tuple(area[:2]) for area in sheet["arrays"]}, set()
        for row, texts in enumerate(sheet["formulas"], top):
            for col, before in enumerate(texts, left):
                form = before and CELLS_AND_NUMBERS.sub("0", before)
                if form is None or form in forms:
                    continue
                forms.add(form)
                tried += 1
                target = cells.getCellRangeByPosition(right + 1, row - 1, right + 1, row - 1)
                if (row, col) in arrays:
                    target.setArrayFormula(grammar.to_office(before))
                else:
                    target.getCellByPosition(0, 0).setFormula(grammar.to_office(before))
                ((after,),) = reading.Cells(cells, [row, right + 2] * 2).translated(grammar)
                target.clearContents(EVERYTHING)
                if after != before:
                    other.append([sheet["name"], before, after])
    return [tried, other]


def prints_after_edits(reading, document):
    """{what was edited: [names of the sheets whose print is another one after it]}"""
    grammar = reading.grammar_of(document, {})
    sheet = document.Sheets.getByIndex(0)
    found, before = {}, _prints(reading, document, grammar)

    def edited(what):
        nonlocal before
        now = _prints(reading, document, grammar)
        found[what], before = sorted(name for name in now if now[name] != before.get(name)), now

    sheet.getCellRangeByName("A1").setValue(41)
    edited("a number")
    sheet.getCellRangeByName("A6").setString("=1+1")
    edited("a text")
    sheet.getCellRangeByName("B2").setFormula("=A2*3")
    edited("a formula")
    document.UndoManager.undo()
    edited("undone")
    sheet.getCellRangeByName("B2").setValue(4)
    edited("a formula's end")
    sheet.getCellRangeByName("B1:B2").setFormulaArray((("=A1*2",), ("=A2*2",)))
    edited("formulas at once")
    sheet.Rows.getByIndex(1).IsVisible = False
    edited("a hidden row")
    sheet.Rows.insertByIndex(0, 1)
    edited("a row put in")
    sheet.getCellRangeByName("D1:D3").setArrayFormula("=A2:A4*2")
    edited("an array")
    return found


def _prints(reading, document, grammar):
    return {sheet["name"]: sheet["print"] for sheet in reading.snapshot(document, grammar, None)["sheets"]}
