"""What a document holds, as the protocol of xlcicf.host.remote says it: sheets, cells, names and tables.

Cells are read in bulk. Cell by cell Calc is asked only what it says in no other way: which error a cell
shows, whether a 0 or 1 is a truth, how far an array formula reaches.
"""

# pyright: reportMissingImports=false

import hashlib
import json
import re
from functools import cached_property

from com.sun.star.sheet.FormulaLanguage import API, OOXML
from com.sun.star.util.NumberFormat import DATETIME
from xlcicf_agent.grammar import NUMBER, QUOTED, TEXT, Grammar, names_by

ALL_GROUPS = 0x7FFFFFFF
NUMBERS, TEXTS, FORMULA = 1 + 2, 4, 16  # of com.sun.star.sheet.CellFlags
MAX_CELLS = 10_000_000  # of a rectangle that is read at once

# An error's code -> the error that LibreOffice saves into .xlsx files for it; for the others it saves #N/A.
ERRORS = {
    503: "#NUM!",
    521: "#NULL!",
    524: "#REF!",
    525: "#NAME?",
    526: "#NAME?",
    527: "#NAME?",
    532: "#DIV/0!",
}
ERRORS.update(dict.fromkeys((502, 504, 507, 508, 509, 510, 511, 519, 522), "#VALUE!"))
OTHER_ERROR = "#N/A"

# A constant that Calc can hold as a formula only.
TYPED = re.compile(r"=(?:TRUE\(\)|FALSE\(\)|#(?:N/A|DIV/0!|VALUE!|REF!|NAME\?|NUM!|NULL!))")

# A number that has 15 digits in a formula's text may have 17 in the formula.
ROUNDED = re.compile(r"[1-9](?:\.?\d){14}")
CONSTANT = re.compile(f"{TEXT}|{QUOTED}|(?P<number>{NUMBER})")


def is_typed(text):
    return len(text) <= 8 and TYPED.fullmatch(text) is not None  # no longer one is there


class Refused(Exception):
    """What cannot be read, as a sentence."""


def grammar_of(document, ours):
    """The grammar with the functions that this LibreOffice has.

    ours  a function of the extension, such as "org.xlcicf.AddIn.nnRelu" -> "NN_RELU"
    """
    mapper = document.createInstance("com.sun.star.sheet.FormulaOpCodeMapper")

    def names(language):
        listed = mapper.getAvailableMappings(language, ALL_GROUPS)
        return [(entry.Token.OpCode, entry.Token.Data, entry.Name) for entry in listed]

    return Grammar(*names_by(names(API), names(OOXML), mapper.OpCodeExternal, ours))


# ---- the operations --------------------------------------------------------------------------------------


def sheets(document):
    """[[name, is visible], ...], name of the one in front."""
    found = [[sheet.Name, sheet.IsVisible] for sheet in _sheets(document)]
    controller = document.CurrentController
    return [found, controller.ActiveSheet.Name if controller else found[0][0]]


def outline(document, grammar, kept):
    found = _structure(document, grammar, kept)
    return dict(found, sheets=[{"name": sheet.Name} for sheet in _sheets(document)])


def snapshot(document, grammar, kept, known, waiting=None):
    """`kept` are the document's cells as they were last read."""
    found, filtered, read = _structure(document, grammar, kept), filtered_in(document), kept.sheets(document)
    truths, known = kept.truths, {name: tuple(of) for name, of in (known or {}).items()}
    found["sheets"] = [_whole(cells, grammar, known, filtered.get(cells.name, [])) for cells in read]
    prints = {sheet["name"]: sheet["print"] for sheet in found["sheets"]}
    found["computed"] = waiting is None or prints == {name: its for name, (its, _) in known.items()}
    for cells, sheet in zip(read, found["sheets"]):
        if not found["computed"]:
            sheet["values"] = cells.constants(truths)
        elif waiting is not None:
            sheet["values"] = cells.values(truths, waiting.get(cells.name, []))
        else:
            sheet.update(kept.values(cells, known.get(cells.name), sheet["print"]))
    return found


def used(document, sheet):
    return used_area(document.Sheets.getByName(sheet))


def read(document, grammar, kept, sheet, area):
    cells, values, texts = _read(document, grammar, kept, sheet, area)
    arrays = [[text is not None and text[0] == "{" for text in row] for row in cells.formulas]
    return {
        "values": values,
        "formulas": texts,
        "arrays": arrays if any(map(any, arrays)) else None,
        "dates": _dates(document, cells),
    }


def formulas(document, grammar, kept, sheet, area):
    _, values, texts = _read(document, grammar, kept, sheet, area)
    return [
        [_typed(value) if text is None else text for value, text in zip(*rows)] for rows in zip(values, texts)
    ]


def _read(document, grammar, kept, sheet, area):
    cells, truths = kept.cells(document, sheet, area)
    return cells, cells.values(truths), cells.translated(grammar)


def _without_call(typed):
    """A constant that Calc can hold as a formula only, as a person would type it: "=TRUE()" is TRUE."""
    return typed[1:].replace("()", "") if is_typed(typed) else typed


def _typed(value):
    """A value as a person would type it."""
    if isinstance(value, list):
        return value[0]
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).upper()
    return value if isinstance(value, str) else _number(value)


def _number(value):
    return str(int(value)) if value == int(value) and abs(value) < 1e16 else repr(value).upper()


# ---- a rectangle of cells --------------------------------------------------------------------------------


class Cells:
    """A rectangle of a sheet, read once.

    formulas  rows: the text as Calc has it, that of an array formula in {} in each cell; None without one
    """

    def __init__(self, sheet, area, read=None):
        """`read` are the texts and formulas, where they are known."""
        self.sheet, self.name, self.area = sheet, sheet.Name, area
        top, left, bottom, right = area
        if (bottom - top + 1) * (right - left + 1) > MAX_CELLS:
            raise Refused(
                f"the cells of sheet {self.name!r} span more than {MAX_CELLS:,}; move them together"
            )
        self.range = sheet.getCellRangeByPosition(left - 1, top - 1, right - 1, bottom - 1)
        self.texts, self.formulas = read or (self.range.getFormulaArray(), None)
        if self.formulas is None:
            self.formulas = self._formulas()
        self._then = None, (), ()

    def part(self, area):
        """An area of them, as they were read."""
        return _Part(self, area)

    def put(self, area, texts):
        """Notes what now stands in an area without formulas; returns what stood there and what does."""
        rows, cols = self._within(area)
        lines, was = list(self.texts), [text for row in self.texts[rows] for text in row[cols]]
        lines[rows] = [line[: cols.start] + new + line[cols.stop :] for line, new in zip(lines[rows], texts)]
        self.texts = tuple(lines)
        return was, [text for row in texts for text in row]

    def _within(self, area):
        top, left = self.area[:2]
        return slice(area[0] - top, area[2] - top + 1), slice(area[1] - left, area[3] - left + 1)

    def _formulas(self):
        """A text may look as a formula does; which cells are ones is asked."""
        top, left, _, right = self.area
        rows = [[None] * (right - left + 1) for _ in self.texts]
        for part in self.range.queryContentCells(FORMULA).RangeAddresses:
            start, end = part.StartColumn + 1 - left, part.EndColumn + 2 - left
            for at in range(part.StartRow + 1 - top, part.EndRow + 2 - top):
                rows[at][start:end] = [None if is_typed(t) else t for t in self.texts[at][start:end]]
        for at, row in enumerate(rows):
            if not ROUNDED.search("\0".join(filter(None, row))):  # as of most rows, in one go
                continue
            for to, text in enumerate(row):
                if text and ROUNDED.search(text):
                    row[to] = exact(text, self.cell(at, to).getTokens())
        return rows

    @cached_property
    def print(self):
        """That of the formulas."""
        told = hashlib.sha1()
        for row in self.formulas:
            told.update("\0".join([text or "" for text in row]).encode())
            told.update(b"\1")
        return told.hexdigest()

    def cell(self, at, to):
        return self.range.getCellByPosition(to, at)

    def values(self, truths, waiting=()):
        """Rows of what the cells hold, or their formulas result in; None for formulas in waiting areas."""
        if not waiting:
            return self._whole_values(truths)
        others = truths.document.createInstance("com.sun.star.sheet.SheetCellRanges")
        others.addRangeAddress(self.range.RangeAddress, False)
        for top, left, bottom, right in waiting:
            one = self.sheet.getCellRangeByPosition(left - 1, top - 1, right - 1, bottom - 1)
            others.removeRangeAddress(one.RangeAddress)
        return self._values_in(others.RangeAddresses, truths)

    def _whole_values(self, truths):
        """Rows that are the same objects where nothing has changed in them. What a cell holds follows from
        what Calc hands over, by what it shows of an error and by who tells truths."""
        then_by, then, rows = self._then
        held = self.range.getDataArray()
        if then_by is truths:
            pairs = enumerate(zip(held, then, rows))
            now = [
                known if row == before and None not in row else self._values(at, row, truths, before, known)
                for at, (row, before, known) in pairs
            ]
        else:
            now = [self._values(at, row, truths) for at, row in enumerate(held)]
        self._then = truths, held, now
        return now

    def constants(self, truths):
        """The same without the results of any formula: none is computed."""
        return self._values_in(self.range.queryContentCells(NUMBERS + TEXTS).RangeAddresses, truths)

    def _values_in(self, parts, truths):
        top, left, _, right = self.area
        blank = [""] * (right - left + 1)
        rows, asked = [list(blank) for _ in self.texts], [list(blank) for _ in self.texts]
        for part in parts:
            at, start, end = part.StartRow + 1 - top, part.StartColumn + 1 - left, part.EndColumn + 2 - left
            held = self.sheet.getCellRangeByPosition(
                part.StartColumn, part.StartRow, part.EndColumn, part.EndRow
            ).getDataArray()
            for down, values in enumerate(held, at):
                rows[down][start:end] = values
                asked[down][start:end] = [True] * (end - start)
        return [
            [
                value if was_asked else None
                for value, was_asked in zip(self._values(at, row, truths), asked[at])
            ]
            for at, row in enumerate(rows)
        ]

    def _values(self, at, held, truths, then=(), known=()):
        """A row of what cells hold, of what Calc hands over.

        then, known  what it handed over before, and what the cells then held; kinds of numbers stay
        """
        formulas = self.formulas[at]
        if then:
            row = [kept if value == before else value for value, before, kept in zip(held, then, known)]
        else:
            row = list(held)
        if "" in held:
            row = [None if value == "" and text is None else value for value, text in zip(row, formulas)]
        if None in held:
            for to, value in enumerate(held):
                if value is None:
                    row[to] = [ERRORS.get(self.cell(at, to).getError(), OTHER_ERROR)]
        if 0.0 in held or 1.0 in held:
            for to, value in enumerate(held):
                if value in (0.0, 1.0) and not (then and then[to] == value) and truths.is_one(self, at, to):
                    row[to] = value == 1.0
        return row

    def translated(self, grammar):
        """The same formulas in the grammar of .xlsx files."""
        to_excel = grammar.to_excel
        return [
            [text and to_excel(text[1:-1] if text[0] == "{" else text) for text in row]
            for row in self.formulas
        ]


class _Part(Cells):
    """An area of cells as they were when it was made; what is not asked for is not cut out."""

    def __init__(self, whole, area):
        self.sheet, self.name, self.area = whole.sheet, whole.name, area
        top, left, bottom, right = area
        self.range = whole.sheet.getCellRangeByPosition(left - 1, top - 1, right - 1, bottom - 1)
        self._read, self._cut = (whole.texts, whole.formulas), whole._within(area)
        self._then = None, (), ()

    @cached_property
    def texts(self):
        rows, cols = self._cut
        return tuple(tuple(row[cols]) for row in self._read[0][rows])

    @cached_property
    def formulas(self):
        rows, cols = self._cut
        return [row[cols] for row in self._read[1][rows]]


def is_within(area, whole):
    """Whether an area lies inside another."""
    return area[0] >= whole[0] and area[1] >= whole[1] and area[2] <= whole[2] and area[3] <= whole[3]


def exact(text, tokens):
    """A formula's text with its numbers as its tokens, by which Calc computes, have them."""
    numbers = {f"{n:.15g}": n for n in (token.Data for token in tokens) if isinstance(n, float)}

    def exactly(found):
        number = found["number"] and numbers.get(f"{float(found['number']):.15g}")
        return found.group() if number is None or number == float(found["number"]) else _number(number)

    return CONSTANT.sub(exactly, text)


# ---- watched ---------------------------------------------------------------------------------------------


class Watched:
    """What the formula bar has for some areas, [[sheet, area], ...], when it was last looked at.

    kept  the document's cells as they were last read
    """

    def __init__(self, document, kept, areas):
        self._areas, self._kept = areas, kept
        self.look_again(document)

    def look_again(self, document):
        self._then = [_Seen(self._kept.cells(document, sheet, area)[0]) for sheet, area in self._areas]
        self._then_as = self._kept.cells_are_as(document)

    def changes(self, document, grammar):
        """[[sheet, row, column, what it had, what it has], ...]."""
        now_as = self._kept.cells_are_as(document)
        if now_as is not None and now_as == self._then_as:
            return []
        found = [change for then in self._then for change in then.changes(document, grammar)]
        self._then_as = None if found else now_as
        return found


class _Seen:
    """An area as it was seen. Calc's texts of numbers are rounded: the numbers are kept beside them."""

    def __init__(self, cells):
        self.sheet, self.area, self.cells = cells.name, cells.area, cells
        self.numbers = self._numbers(self.cells.range)

    @staticmethod
    def _numbers(cells):
        """Rows of what cells hold, by the first cell of each part: numbers, and where there is no formula
        what stands between them."""
        found = cells.queryContentCells(NUMBERS).RangeAddresses
        if len(found) > 1 and not cells.queryContentCells(FORMULA).RangeAddresses:
            found = [cells.RangeAddress]
        parts = [
            cells.Spreadsheet.getCellRangeByPosition(p.StartColumn, p.StartRow, p.EndColumn, p.EndRow)
            for p in found
        ]
        return {(p.RangeAddress.StartRow, p.RangeAddress.StartColumn): p.getDataArray() for p in parts}

    def changes(self, document, grammar):
        top, left, bottom, right = self.area
        sheet = document.Sheets.getByName(self.sheet)
        cells = sheet.getCellRangeByPosition(left - 1, top - 1, right - 1, bottom - 1)
        if cells.getFormulaArray() == self.cells.texts and self._numbers(cells) == self.numbers:
            return
        now = _Seen(Cells(sheet, self.area))
        for at, rows in enumerate(zip(self._shown(grammar), now._shown(grammar))):
            for to, (before, after) in enumerate(zip(*rows)):
                if before != after:
                    yield [self.sheet, top + at, left + to, before, after]

    def _shown(self, grammar):
        """Rows of what the formula bar has."""
        top, left = self.area[:2]
        rows = [
            [_without_call(typed) if text is None else text for typed, text in zip(*pair)]
            for pair in zip(self.cells.texts, self.cells.translated(grammar))
        ]
        for (down, across), held in self.numbers.items():
            for at, numbers in enumerate(held, down + 1 - top):
                for to, number in enumerate(numbers, across + 1 - left):
                    if isinstance(number, float):
                        rows[at][to] = _number(number)
        return rows


# ---- a whole sheet ---------------------------------------------------------------------------------------


def _whole(cells, grammar, known, filtered):
    """All but its values.

    known  sheet's name -> (its print, ...)
    """
    hidden = hidden_rows(cells.sheet, cells.area[2])
    found = {"name": cells.name, "area": cells.area}
    found["print"] = _print(cells, hidden, filtered)
    if known.get(cells.name, (None,))[0] != found["print"]:
        arrays = arrays_of(cells)
        found.update(formulas=_first_of_arrays(cells, arrays, grammar), arrays=arrays)
        found.update(hidden=hidden, filtered=filtered)
    return found


def used_area(sheet):
    cursor = sheet.createCursor()
    cursor.gotoStartOfUsedArea(False)
    cursor.gotoEndOfUsedArea(True)
    return _area(cursor.RangeAddress)


def _area(address):
    return [address.StartRow + 1, address.StartColumn + 1, address.EndRow + 1, address.EndColumn + 1]


def _print(cells, hidden, filtered):
    """That of the formulas with their places, whatever the other cells hold."""
    return hashlib.sha1(json.dumps([cells.area, hidden, filtered, cells.print]).encode()).hexdigest()


def arrays_of(cells):
    """The areas of array formulas, in the order of their first cells."""
    top, left = cells.area[:2]
    found, covered = [], set()
    for at, row in enumerate(cells.formulas):
        for to, text in enumerate(row):
            if text and text[0] == "{" and (top + at, left + to) not in covered:
                cursor = cells.sheet.createCursorByRange(cells.cell(at, to))
                cursor.collapseToCurrentArray()
                area = _area(cursor.RangeAddress)
                found.append(area)
                covered.update(
                    (y, x) for y in range(area[0], area[2] + 1) for x in range(area[1], area[3] + 1)
                )
    return found


def _first_of_arrays(cells, arrays, grammar):
    rows = cells.translated(grammar)
    top, left = cells.area[:2]
    for area in arrays:
        first = rows[area[0] - top][area[1] - left]
        for row in rows[area[0] - top : area[2] - top + 1]:
            row[area[1] - left : area[3] - left + 1] = [None] * (area[3] - area[1] + 1)
        rows[area[0] - top][area[1] - left] = first
    return rows


def hidden_rows(sheet, bottom):
    """The rows down to `bottom` that are hidden."""
    rows = sheet.getCellRangeByPosition(0, 0, sheet.Columns.Count - 1, bottom - 1)
    shown = set()
    for part in rows.queryVisibleCells().RangeAddresses:
        shown.update(range(part.StartRow + 1, part.EndRow + 2))
    return [row for row in range(1, bottom + 1) if row not in shown]


# ---- the book --------------------------------------------------------------------------------------------


def _structure(document, grammar, kept):
    """All of a book but its sheets. The header of a table may be a formula's result."""
    return {
        "names": kept.once(document, "names", lambda: _names(document, grammar)),
        "tables": tables_in(document),
        "calculation": kept.once(document, "calculation", lambda: calculation_of(document)),
    }


def names_of_sheets(document):
    """Those of a sheet's own as formulas name them, Sheet.name, unless the book has one spelled so."""
    of_book = {name.lower() for name in document.NamedRanges.ElementNames}
    owned = (
        f"{sheet.Name}.{name}".lower()
        for sheet in _sheets(document)
        for name in sheet.NamedRanges.ElementNames
    )
    return frozenset(owned) - of_book


def _sheets(document):
    return [document.Sheets.getByIndex(i) for i in range(document.Sheets.Count)]


def _names(document, grammar):
    return [
        [name, scope, grammar.to_excel(content), hidden]
        for name, scope, content, hidden in names_in(document)
    ]


def names_in(document):
    """[[name, sheet or None, what Calc says it refers to, is hidden], ...]; LibreOffice 7.4 does not say
    which ones are hidden."""
    found = []
    for held, scope in [(document.NamedRanges, None)] + [(s.NamedRanges, s.Name) for s in _sheets(document)]:
        for name in held.ElementNames:
            one = held.getByName(name)
            found.append([name, scope, one.Content, bool(getattr(one, "IsHidden", False))])
    return found


def tables_in(document):
    ranges = (document.DatabaseRanges.getByName(name) for name in document.DatabaseRanges.ElementNames)
    return [_table(document, one) for one in ranges if one.IsUserDefined]


def _table(document, one):
    sheet, area = document.Sheets.getByIndex(one.DataArea.Sheet), _area(one.DataArea)
    header = sheet.getCellRangeByPosition(area[1] - 1, area[0] - 1, area[3] - 1, area[0] - 1)
    headers = [_header(text) for text in header.getDataArray()[0]] if one.ContainsHeader else []
    rows = int(one.ContainsHeader), int(one.TotalsRow)
    return [one.Name, sheet.Name, area, headers, *rows, _is_filtered(one)]


def _header(value):
    return value if isinstance(value, str) else f"{value:.15g}"


def _is_filtered(table):
    return len(table.getFilterDescriptor().FilterFields) > 0


def filtered_in(document):
    """Each sheet's areas that a filter of no table hides rows of."""
    found = {}
    unnamed = document.getPropertyValue("UnnamedDatabaseRanges")
    for number, sheet in enumerate(_sheets(document)):
        if unnamed.hasByTable(number) and _is_filtered(unnamed.getByTable(number)):
            found[sheet.Name] = [_area(unnamed.getByTable(number).DataArea)]
    return found


def calculation_of(document):
    return {
        "automatic": document.isAutomaticCalculationEnabled(),
        "as_displayed": document.CalcAsShown,
        "iterates": document.IsIterationEnabled,
        "date1904": document.NullDate.Year == 1904,
    }


def _dates(document, cells):
    """Rows that say whether a number is shown as a date or a time; None where none is."""
    top, left, bottom, right = cells.area
    rows = [[False] * (right - left + 1) for _ in range(top, bottom + 1)]
    for part in _shown_as_dates(document.NumberFormats, cells.range):
        start, end = part.StartColumn + 1 - left, part.EndColumn + 2 - left
        for at in range(part.StartRow + 1 - top, part.EndRow + 2 - top):
            rows[at][start:end] = [True] * (end - start)
    return rows if any(map(any, rows)) else None


def _shown_as_dates(formats, cells):
    """The parts of a range whose format is one for dates or times."""
    if cells.getPropertyState("NumberFormat").value != "AMBIGUOUS_VALUE":
        return [cells.RangeAddress] if _is_date(formats, cells) else []
    alike = cells.getUniqueCellFormatRanges()
    groups = (alike.getByIndex(i) for i in range(alike.Count))
    return [
        part for group in groups if _is_date(formats, group.getByIndex(0)) for part in group.RangeAddresses
    ]


def _is_date(formats, cells):
    return bool(formats.getByKey(cells.NumberFormat).Type & DATETIME)
