"""TRUE and FALSE told from the numbers 1 and 0, as which Calc computes them and hands them over."""

# pyright: reportMissingImports=false

import re

from com.sun.star.util.NumberFormat import LOGICAL
from xlcicf_agent.grammar import BRACKETS, NUMBER, QUOTED, TEXT

CONSTANTS = {"TRUE", "FALSE", "=TRUE()", "=FALSE()"}  # the latter two as an .xlsx file's come
TRUTHS = set("AND OR NOT XOR EXACT TRUE FALSE ISBLANK ISERR ISERROR ISEVEN ISFORMULA ISLOGICAL ISNA".split())
TRUTHS.update("ISNONTEXT ISNUMBER ISODD ISREF ISTEXT".split())
TRUTHS.update("COM.SUN.STAR.SHEET.ADDIN.ANALYSIS.GETIS" + kind for kind in ("EVEN", "ODD"))
HANDED_ON = {  # which of its arguments a function results in
    "IF": lambda given: given[1:] + ["FALSE()"] * (len(given) == 2),
    "IFERROR": lambda given: given,
    "IFNA": lambda given: given,
    "CHOOSE": lambda given: given[1:],
    "IFS": lambda given: given[1::2],
    "SWITCH": lambda given: given[2::2] + given[-1:],
}
LOOKED_UP = set("INDEX OFFSET INDIRECT LOOKUP HLOOKUP VLOOKUP".split())  # what they find is not followed

PIECES = re.compile(
    f"{TEXT}|{QUOTED}|{BRACKETS}|{NUMBER}"
    r"|(?P<open>[({])|(?P<close>[)}])|(?P<compared><>|[<>]?=|[<>])|(?P<sign>[-+*/^&%])|(?P<next>;)"
)
CALL = re.compile(r"([^\W\d][\w.]*)\((.*)\)", re.DOTALL)
CELL = re.compile(rf"(?:\$?({QUOTED}|[^\W\d]\w*)\.)?\$?([A-Z]{{1,3}})\$?([1-9]\d*)")
DIGITS = re.compile(r"\d+")
LITERAL = re.compile(f"{TEXT}|{NUMBER}")

ALIKE, KEPT = {}, 100_000  # what formulas result in that follow no reference, whatever their document
TRUE, OTHER, UNKNOWN = "a truth", "a number or text", "not known"


class Truths:
    """Of one document while it is read.

    A formula results in a truth where it does in Excel. What only hands on a value is followed to where that
    comes from; where nothing is to be followed, the cell's number format tells.
    """

    DEPTH = 100  # cells that hand on what the next one holds

    def __init__(self, document):
        self.document, self.read, self.logical = document, {}, {}
        self.known, self.follows = {}, False

    def look_in(self, cells):
        """References that lead to these cells are followed there."""
        self.read.setdefault(cells.name, []).append(cells)

    def is_one(self, cells, at, to):
        """Of a cell that holds 1 or 0."""
        if cells.formulas[at][to] is None:
            return cells.texts[at][to] in CONSTANTS
        top, left = cells.area[:2]
        found = self._at(cells.name, top + at, left + to, self.DEPTH)
        if found in ({TRUE}, {OTHER}):
            return found == {TRUE}
        key = cells.cell(at, to).NumberFormat
        if key not in self.logical:
            self.logical[key] = bool(self.document.NumberFormats.getByKey(key).Type & LOGICAL)
        return self.logical[key]

    def _at(self, sheet, row, col, depth):
        """What the cell may hold."""
        if (sheet, row, col) not in self.known:
            text, is_formula = self._look(sheet, row, col)
            self.known[sheet, row, col] = {UNKNOWN}  # until it is known: a cell may refer to itself
            if text in CONSTANTS or not is_formula:
                found = {TRUE if text in CONSTANTS else OTHER}
            else:
                found = self._of_formula(text[2:-1] if text[0] == "{" else text[1:], sheet, depth)
            self.known[sheet, row, col] = found
        return self.known[sheet, row, col]

    def _of_formula(self, text, sheet, depth):
        """The same of a whole one; where it follows no reference, of all that differ in numbers only."""
        form = DIGITS.sub("0", text)
        found = ALIKE.get(form)
        if found is None:
            self.follows = False
            found = self._of(text, sheet, depth)
            if not self.follows:
                if len(ALIKE) >= KEPT:
                    ALIKE.clear()
                ALIKE[form] = found
        return found

    def _look(self, sheet, row, col):
        for cells in self.read.get(sheet, ()):
            top, left, bottom, right = cells.area
            if top <= row <= bottom and left <= col <= right:
                return cells.texts[row - top][col - left], cells.formulas[row - top][col - left] is not None
        cell = self.document.Sheets.getByName(sheet).getCellByPosition(col - 1, row - 1)
        return cell.Formula, cell.Type.value == "FORMULA"

    def _of(self, text, sheet, depth):
        """What a formula, or a part of one, in a cell of that sheet may result in."""
        text = text.strip(" \n+")
        if LITERAL.fullmatch(text):
            return {OTHER}
        last = _done_last(text)
        if last is not None:
            return {last}
        if text.startswith("("):
            return self._of(text[1:-1], sheet, depth)
        call, cell = CALL.fullmatch(text), CELL.fullmatch(text)
        if call and call[1] in HANDED_ON:
            given = HANDED_ON[call[1]](_arguments(call[2]))
            return set().union(*(self._of(one, sheet, depth) for one in given))
        if call:
            return {UNKNOWN if call[1] in LOOKED_UP else TRUE if call[1] in TRUTHS else OTHER}
        if cell and depth:
            owner = cell[1].strip("'").replace("''", "'") if cell[1] else sheet
            found = self._at(owner, int(cell[3]), _number_of(cell[2]), depth - 1)
            self.follows = True
            return found
        return {UNKNOWN}


def _outside(text):
    """The pieces of a formula that stand in no brackets."""
    depth = 0
    for found in PIECES.finditer(text):
        if found.lastgroup == "close":
            depth -= 1
        if depth == 0:
            yield found
        if found.lastgroup == "open":
            depth += 1


def _done_last(text):
    """TRUE where two things are compared last, OTHER where two are computed, None for a single operand."""
    kinds = {found.lastgroup for found in _outside(text)}
    return TRUE if "compared" in kinds else OTHER if "sign" in kinds else None


def _arguments(text):
    """Those of a call, of what stands between its brackets."""
    ends = [found.start() for found in _outside(text) if found.lastgroup == "next"] + [len(text)]
    return [text[start:end] for start, end in zip([0] + [end + 1 for end in ends], ends)]


def _number_of(letters):
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number
