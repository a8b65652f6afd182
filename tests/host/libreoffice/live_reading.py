"""What the reading half of the agent says of a book that LibreOffice has open. Asked by test_live_snapshot."""

import importlib.util
import re
import sys
from pathlib import Path

import uno
from com.sun.star.beans import PropertyValue
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


def grammar_and_kept(reading, document):
    """The grammar of the document, and what is kept of it: nothing as yet."""
    grammar = reading.grammar_of(document, {})
    grammar.in_book(reading.names_of_sheets(document))
    return grammar, agent("kept").Kept(document)


def snapshots(reading, document):
    """The book, and once more for one who has its formulas already."""
    both = grammar_and_kept(reading, document)
    first = reading.snapshot(document, *both, None)
    again = reading.snapshot(document, *both, known_of(first))
    return [first, again]


def known_of(found):
    """A snapshot, for who has it."""
    return {sheet["name"]: [sheet["print"], sheet["told"]] for sheet in found["sheets"]}


def whole(found, before):
    """A snapshot of which `before` is known, as if nothing had been."""
    then = {sheet["name"]: sheet for sheet in before["sheets"]} if before else {}
    sheets = []
    for sheet in found["sheets"]:
        sheet = {**then.get(sheet["name"], {}), **sheet}
        if "others" in sheet:
            sheet["values"] = list(sheet["values"])
            for at, row in sheet.pop("others"):
                sheet["values"][at] = row
        sheets.append(sheet)
    return dict(found, sheets=sheets)


def without_numbers(found):
    """A snapshot but for the numbers that tell when it was told."""
    sheets = [{key: said for key, said in sheet.items() if key != "told"} for sheet in found["sheets"]]
    return dict(found, sheets=sheets)


def parts(reading, document):
    """[used area, a part read, its formula bar] of Data, and the used area of a sheet that is empty."""
    both, area = grammar_and_kept(reading, document), [1, 10, 5, 16]
    document.Sheets.insertNewByName("Nothing", 99)
    return [
        reading.used(document, "Data"),
        reading.read(document, *both, "Data", area),
        reading.formulas(document, *both, "Data", area),
        reading.used(document, "Nothing"),
        reading.sheets(document)[0][-1],
    ]


def written_back(reading, document):
    """[how many formulas were written into a cell of their row, [sheet, before, after] of those that read otherwise
    there]; one of each form."""
    grammar, kept = grammar_and_kept(reading, document)
    said = reading.snapshot(document, grammar, kept, None)
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
    both = grammar_and_kept(reading, document)
    sheet = document.Sheets.getByIndex(0)
    found, before = {}, _prints(reading, document, *both)

    def edited(what):
        nonlocal before
        now = _prints(reading, document, *both)
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


def _prints(reading, document, grammar, kept):
    found = reading.snapshot(document, grammar, kept, None)
    return {sheet["name"]: sheet["print"] for sheet in found["sheets"]}


def kept_after_edits(reading, document):
    """{what was done: [whether what is kept counts still, whether the book so read is the book read anew]}"""
    grammar, kept = grammar_and_kept(reading, document)
    sheet, names, found = document.Sheets.getByIndex(0), document.NamedRanges, {}
    frame, manager = document.CurrentController.Frame, uno.getComponentContext().ServiceManager
    helper = manager.createInstance("com.sun.star.frame.DispatchHelper")

    def press(command, **given):
        values = tuple(PropertyValue(Name=name, Value=value) for name, value in given.items())
        helper.executeDispatch(frame, ".uno:" + command, "", 0, values)

    def at(address):
        return sheet.getCellRangeByName(address)

    def written(address, rows):
        cells = at(address)
        a = cells.RangeAddress
        area = [a.StartRow + 1, a.StartColumn + 1, a.EndRow + 1, a.EndColumn + 1]
        with kept.writing(sheet.Name, cells, area, False):
            writing.write(document, cells, rows, grammar)

    def quiet(change):
        document.disableSetModified()
        change()

    def replaced():
        descriptor = sheet.createReplaceDescriptor()
        descriptor.setSearchString("41")
        descriptor.setReplaceString("=6*7")
        sheet.replaceAll(descriptor)

    writing = agent("writing")
    steps = {
        "nothing": lambda: None,
        "calculated": document.calculateAll,
        "a number": lambda: at("A1").setValue(41),
        "a formula": lambda: at("B2").setFormula("=A2*3"),
        "another of the same result": lambda: at("B2").setFormula("=3*A2"),
        "several at once": lambda: at("B1:B2").setFormulaArray((("=A1*2",), ("=TRUE()",))),
        "a place": lambda: press("GoToCell", ToPoint="$B$4"),
        "typed": lambda: press("EnterString", StringName="=A1+5"),
        "undone": lambda: press("Undo"),
        "done again": lambda: press("Redo"),
        "copied": lambda: press("Copy"),
        "another place": lambda: press("GoToCell", ToPoint="$B$5"),
        "put in": lambda: press("Paste"),
        "rows put in": lambda: press("InsertRows"),
        "rows taken out": lambda: press("DeleteRows"),
        "a row hidden": lambda: press("HideRow"),
        "a range": lambda: press("GoToCell", ToPoint="$B$4:$B$8"),
        "filled": lambda: press("FillDown"),
        "found and replaced": replaced,
        "an array": lambda: at("D1:D3").setArrayFormula("=A2:A4*2"),
        "a name": lambda: names.addNewByName("ours", "$A$1", at("A1").CellAddress, 0),
        "a sheet": lambda: document.Sheets.insertNewByName("More", 99),
        "another name of it": lambda: setattr(document.Sheets.getByName("More"), "Name", "Most"),
        "by hand only": lambda: document.enableAutomaticCalculation(False),
        "saved": lambda: document.setModified(False),
        "after that": lambda: at("B9").setFormula("=A1"),
        "ours: numbers": lambda: written("M2:N3", [[1.0, 0.0], [2.0, 1.0]]),
        "ours: numbers again": lambda: written("M2:N3", [[3.0, 0.0], [1.0, 5.0]]),
        "ours: texts beyond": lambda: written("P30:P31", [["a"], [None]]),
        "ours: a truth": lambda: written("M2:M2", [[True]]),
        "ours: over a truth": lambda: written("M2:M2", [[1.0]]),
        "ours: a formula": lambda: written("M2:M2", [[{"formula": "=A1"}]]),
        "ours: over a formula": lambda: written("M2:M2", [[1.0]]),
        "in silence": lambda: quiet(lambda: at("B2").setFormula("=A1*7")),
    }
    now = reading.snapshot(document, grammar, kept, None)
    for what, do in steps.items():
        before = kept.revision(document)
        do()
        counts = before is not None and before == kept.revision(document)
        now = whole(reading.snapshot(document, grammar, kept, known_of(now)), now)
        anew = reading.snapshot(document, *grammar_and_kept(reading, document), None)
        parts = [
            reading.read(document, grammar, one, sheet.Name, [1, 1, 9, 9])
            for one in (kept, agent("kept").Kept(document))
        ]
        found[what] = [counts, without_numbers(now) == without_numbers(anew) and parts[0] == parts[1]]
    return found
