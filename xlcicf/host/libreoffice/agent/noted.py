"""What a function in a cell was made of: is all of it as it was? Then the book need not be handed over anew.

Nothing here goes by what is kept (kept.py). Calc may compute a cell in the middle of a change, before it
tells anybody of that change: in Undo and in fillAuto, say.
"""

# pyright: reportMissingImports=false

import re

from com.sun.star.table import CellAddress
from xlcicf_agent.grammar import NUMBER, QUOTED, TEXT
from xlcicf_agent.reading import (
    FORMULA,
    NUMBERS,
    ROUNDED,
    Cells,
    arrays_of,
    calculation_of,
    exact,
    filtered_in,
    hidden_rows,
    names_in,
    tables_in,
    used_area,
)
from xlcicf_agent.truths import Truths

# Formulas that are no others as array formulas: of single values, and of ranges all of whose cells are taken.
# Of these Calc can be asked whether they are the first one filled down.
CELL = rf"(?:\$?(?:{QUOTED}|[^\W\d]\w*)\.)?\$?[A-Z]{{1,3}}\$?[1-9]\d*(?![\w.(])"
RANGE = rf"{CELL}(?::{CELL})?"
OF_CELLS = rf"(?:SUM|SUMPRODUCT|MAX|MIN|AVERAGE|COUNT)\({RANGE}(?:;{RANGE})*\)"
OF_VALUES = r"(?:IF|AND|OR|NOT|MAX|MIN|ABS|SIGN|INT|ROUND|MOD|SQRT|EXP|LN|LOG10|SIN|COS|TAN|TANH|PI)\("
FILLED = re.compile(f"=(?:{TEXT}|{NUMBER}|{OF_CELLS}|{CELL}(?!:)|{OF_VALUES}|[-+*/^&%<>=;() ])*")


class Noted:
    """Formulas and constants of some areas, and what else decides what the formulas there mean.

    areas    [[sheet, area], ...] that formulas lead to; beyond the used cells they count once those are used
    own      areas of constants that may change
    results  areas of formulas whose results shall be the same, too
    kept     the cells as they were read in the same call of the function
    """

    def __init__(self, document, kept, areas, own, results):
        used = {name: used_area(document.Sheets.getByName(name)) for name, _ in areas}
        self._areas = [(name, area) for name, area in _within(areas, used) if area is not None]
        self._results = [(name, area) for name, area in _within(results, used) if area is not None]
        self._own, self._sheets = own, list(used)
        self._about = self._what_formulas_follow(document)
        self._then = []
        for name, area in self._areas:
            texts = kept.cells(document, name, area)[0].texts
            self._then.append(_Area(document, name, area, texts))
        self._held = self._computed(document)

    def values(self, document):
        """Of each own area rows of cells; None where anything else is not as it was."""
        if self._what_formulas_follow(document) != self._about:
            return None
        if not all(then.is_in(document, self._is_own) for then in self._then):
            return None
        if self._computed(document) != self._held:
            return None
        return [self._values(document, *one) for one in self._own]

    def _what_formulas_follow(self, document):
        """Besides cells. The sheets' names come first: by the others those are looked up that were noted."""
        names = document.Sheets.ElementNames
        if not set(self._sheets) <= set(names):
            return names
        sheets = [document.Sheets.getByName(name) for name in self._sheets]
        used = [used_area(sheet) for sheet in sheets]
        hidden = [hidden_rows(sheet, area[2]) for sheet, area in zip(sheets, used)]
        book = names_in(document), tables_in(document), filtered_in(document), calculation_of(document)
        return names, used, hidden, book

    def _computed(self, document):
        return [_range(document.Sheets.getByName(name), area).getDataArray() for name, area in self._results]

    def _is_own(self, sheet, row, col):
        return any(
            name == sheet and top <= row <= bottom and left <= col <= right
            for name, (top, left, bottom, right) in self._own
        )

    @staticmethod
    def _values(document, name, area):
        cells, truths = Cells(document.Sheets.getByName(name), area), Truths(document)
        truths.look_in(cells)
        return cells.values(truths)


class _Area:
    """An area as it was seen. Calc rounds the numbers in its texts: they are kept beside them.

    It takes Calc long to write formulas as texts, and a moment to compare them: `filled` are the columns of
    formulas that are the first one filled down, of which the first one's text is enough.
    """

    def __init__(self, document, name, area, texts):
        sheet = document.Sheets.getByName(name)
        cells = _range(sheet, area)
        self.name, self.area, self.texts = name, area, texts
        self.formulas_at, self.numbers_at = _parts(cells, FORMULA), _parts(cells, NUMBERS)
        self.numbers = _numbers(sheet, self.numbers_at)
        self.filled = frozenset()
        if self.formulas_at == [tuple(area)]:
            self.filled = {to for to in _filled_down(cells) if FILLED.fullmatch(texts[0][to])}
        self.rounded = {
            (at, to): exact(texts[at][to], _tokens(cells, at, to))
            for at, to in _rounded(texts)
            if not at or to not in self.filled
        }
        self.arrays = arrays_of(Cells(sheet, area, (texts, texts)))

    def is_in(self, document, is_own):
        """Whether the same stands there, but for constants that are `is_own(sheet, row, column)`."""
        sheet = document.Sheets.getByName(self.name)
        cells = _range(sheet, self.area)
        if (_parts(cells, FORMULA), _parts(cells, NUMBERS)) != (self.formulas_at, self.numbers_at):
            return False
        if self.filled and not self.filled <= _filled_down(cells):
            return False
        now = self._texts(sheet, cells)
        if not all(is_own(self.name, *cell) for cell in _differing(self.texts, now, *self.area[:2])):
            return False
        for part, then, held in zip(self.numbers_at, self.numbers, _numbers(sheet, self.numbers_at)):
            if not all(is_own(self.name, *cell) for cell in _differing(then, held, *part[:2])):
                return False
        if any(exact(text, _tokens(cells, *at)) != text for at, text in self.rounded.items()):
            return False
        return not self.arrays or arrays_of(Cells(sheet, self.area, (now, now))) == self.arrays

    def _texts(self, sheet, cells):
        """Rows of what stands there now; below the first row of filled columns, what stood there."""
        if not self.filled:
            return cells.getFormulaArray()
        top, left, bottom, right = self.area
        rows = [list(row) for row in self.texts]
        rows[0] = _range(sheet, (top, left, top, right)).getFormulaArray()[0]
        others = [to for to in range(right - left + 1) if to not in self.filled]
        for to in others:
            column = _range(sheet, (top, left + to, bottom, left + to)).getFormulaArray()
            for row, (text,) in zip(rows, column):
                row[to] = text
        return tuple(map(tuple, rows))


def _filled_down(cells):
    """The columns, counted from 0, in which each formula is the first one filled down."""
    area, first = cells.RangeAddress, CellAddress()
    first.Sheet, first.Column, first.Row = area.Sheet, area.StartColumn, area.StartRow
    others = set()
    for part in cells.queryColumnDifferences(first).RangeAddresses:
        others.update(range(part.StartColumn, part.EndColumn + 1))
    return {
        col - area.StartColumn for col in range(area.StartColumn, area.EndColumn + 1) if col not in others
    }


def _range(sheet, area):
    top, left, bottom, right = area
    return sheet.getCellRangeByPosition(left - 1, top - 1, right - 1, bottom - 1)


def _within(areas, used):
    """Each area as far as its sheet is used; None where it lies beyond."""
    for name, (top, left, bottom, right) in areas:
        _, _, last_row, last_column = used[name]
        is_used = top <= last_row and left <= last_column
        yield name, [top, left, min(bottom, last_row), min(right, last_column)] if is_used else None


def _parts(cells, flags):
    """Where such contents stand in a range, as areas."""
    found = cells.queryContentCells(flags).RangeAddresses
    return [(p.StartRow + 1, p.StartColumn + 1, p.EndRow + 1, p.EndColumn + 1) for p in found]


def _numbers(sheet, parts):
    return [_range(sheet, part).getDataArray() for part in parts]


def _rounded(texts):
    """Places of formulas with numbers that may have more digits than are shown."""
    for at, row in enumerate(texts):
        if ROUNDED.search("\0".join(row)):
            for to, text in enumerate(row):
                if text[:1] in ("=", "{") and ROUNDED.search(text):
                    yield at, to


def _tokens(cells, at, to):
    return cells.getCellByPosition(to, at).getTokens()


def _differing(then, now, top, left):
    """The cells (row, column) in which rows of one shape differ."""
    if then == now:
        return
    for row, (before, after) in enumerate(zip(then, now), top):
        if before != after:
            yield from ((row, col) for col, (was, has) in enumerate(zip(before, after), left) if was != has)
