"""Which cells hold one formula, filled down or right: its text as a key that is equal in all of them.

To search a text for references takes 3 to 10 us. So of cells filled down or right only the first is searched;
how its text reads in the cells that follow is put together and compared, thousands of cells at a time.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property, lru_cache
from itertools import chain, islice, pairwise, product, takewhile
from operator import gt, sub
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits
from typing import NamedTuple

from xlcicf.formula.address import MAX_COL, MAX_ROW, column_number

Strip = tuple[int, int, int, str]  # column, first row, last row, key

# What to leave alone (strings, quoted sheet names, brackets), then what moves with the cell.
_MOVES = re.compile(
    r"\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'!|\[(?:[^\[\]]|\[[^\[\]]*\])*\]"
    r"|(?<![\w.$\\:])(?P<cols>\$?[A-Za-z]{1,3}:\$?[A-Za-z]{1,3})(?![\w(.!\[])"
    r"|(?<![\w.$\\:])(?P<rows>\$?[0-9]{1,7}:\$?[0-9]{1,7})(?![\w.])"
    r"|(?<![\w.$\\])(?P<cabs>\$?)(?P<col>[A-Za-z]{1,3})(?P<rabs>\$?)(?P<row>[0-9]{1,7})(?![\w(.!\[\\])"
)
_WORDS = re.compile(r"(\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'!|[\w.$\\]+)")  # among them all that may be a cell
MARK = "\x01"  # in a key, before and behind each reference
_END = "\0"  # behind each of several texts
CELL_IN_KEY = re.compile(r"(\$?)(-?[0-9]+)(\$?),(-?[0-9]+)")  # column and row
_HOST_COLUMN = re.compile(r"\x01c[^@\x01]*@([0-9]+)\x01")  # columns without $, such as A:B, move with no cell
_BARE = str.maketrans("", "", ascii_letters + digits)

_ROWS = range(MAX_ROW + 1)  # the names of the rows
_REMEMBERED = 4  # formulas that are alike but for letters and digits
_AT_ONCE = 4096  # texts compared in one go


@cache
def _columns(letters: str) -> list[str]:
    """The names of the columns, counted from 1, in capitals or in small letters."""
    names = chain([""], *(map("".join, product(letters, repeat=n)) for n in (1, 2, 3)))
    return list(islice(names, MAX_COL + 1))


def relative_key(text: str, row: int, col: int) -> str:
    """The text with each reference as a distance from (row, col): equal keys mean equal trees."""
    if "[" in text:
        return _searched(text, row, col)
    pieces = _WORDS.split(text)  # what stands between words, a word, ...: half the time of a search
    for i in range(1, len(pieces), 2):
        cell = _named_cell(pieces[i])
        if cell is None:
            if pieces[i - 1][-1:] == ":" or pieces[i + 1][:1] == ":":  # such as whole columns
                return _searched(text, row, col)
        elif not pieces[i + 1].startswith(("(", "!")):
            pieces[i] = _relative(cell, row, col)
    return "".join(pieces)


def _relative(cell: tuple[str, int, str, int], row: int, col: int) -> str:
    cabs, c, rabs, r = cell
    return f"\x01{cabs}{c if cabs else c - col}{rabs},{r if rabs else r - row}\x01"


@lru_cache(maxsize=2**16)
def _named_cell(word: str) -> tuple[str, int, str, int] | None:
    """ "B$7" -> ("", 2, "$", 7): column and row, each behind what makes it fixed; None for another word."""
    match = _MOVES.fullmatch(word)
    if match is None or match.lastgroup != "row":
        return None
    cabs, letters, rabs, line = match.group("cabs", "col", "rabs", "row")
    c, r = column_number(letters), int(line)
    if c > MAX_COL or r > MAX_ROW or line[0] == "0":  # beyond column XFD: a name, such as YTM1
        return None
    return cabs, c, rabs, r


def _searched(text: str, row: int, col: int) -> str:
    """The key of any text."""

    def row_distance(text: str) -> str:
        return text if text.startswith("$") else str(int(text) - row)

    def distance(match: re.Match) -> str:
        kind = match.lastgroup
        if kind == "row":
            return _relative(cell, row, col) if (cell := _named_cell(match[0])) else match[0]
        if kind == "rows":
            first, last = match["rows"].split(":")
            return f"\x01r{row_distance(first)}:{row_distance(last)}\x01"
        if kind == "cols":
            return f"\x01c{match['cols']}@{'' if match['cols'].count('$') == 2 else col}\x01"
        return match[0]

    return _MOVES.sub(distance, text)


def without_references(key: str) -> str:
    """What formulas have in common that differ in their references alone."""
    return MARK.join(key.split(MARK)[::2])


def strips(formulas: Mapping[tuple[int, int], str]) -> Iterator[Strip]:
    """The cells (row, column) -> text, column by column, in strips as long as can be of cells of one key."""
    return lengthened(_Fills(formulas).strips())


def lengthened(strips: Iterable[Strip]) -> Iterator[Strip]:
    """The strips, in the order of their places; those of one key that touch in a column are one."""
    last: Strip | None = None
    for strip in strips:
        col, top, bottom, key = strip
        if last and last[0] == col and last[2] == top - 1 and last[3] == key:
            last = (col, last[1], bottom, key)
            continue
        if last:
            yield last
        last = strip
    if last:
        yield last


class _Fills:
    """A sheet's formulas, each searched for references unless it was filled here from another cell.

    seen    the keys of those searched
    often   those seen in several cells, by their texts without letters and digits, the newest first
    filled  by row the one that was last filled right in it, and the last column that it was filled into
    """

    def __init__(self, formulas: Mapping[tuple[int, int], str]):
        self.formulas = formulas
        self.seen: set[str] = set()
        self.often: dict[str, list[_Formula]] = defaultdict(list)
        self.filled: dict[int, tuple[_Formula, int]] = {}

    def strips(self) -> Iterator[Strip]:
        """Those of each column in turn; several that touch may have one key."""
        for col, top, texts in _stacks(self.formulas):
            row, bottom = top, top + len(texts) - 1
            while row <= bottom:
                last = row
                formula = self.filled_into(row, col) or self.first(texts[row - top], row, col)
                if isinstance(formula, str):
                    yield col, row, row, formula
                else:
                    if row < bottom and not self.filled_into(row + 1, col):
                        last += formula.fills_down(row, col, texts, row + 1 - top)
                    yield col, row, last, formula.key
                row = last + 1

    def filled_into(self, row: int, col: int) -> "_Formula | None":
        """The formula that was filled right into this cell, if one was."""
        formula, last = self.filled.get(row, (None, 0))
        return formula if col <= last else None

    def first(self, text: str, row: int, col: int) -> "_Formula | str":
        """The formula of a cell that none was filled into, filled right from there; or, of one seen nowhere
        before, its key: to know how it reads in other cells would not pay."""
        often = self.often[text.translate(_BARE)]
        for formula in often:
            if text.endswith(formula.tail) and formula.reads(text, row, col):
                break
        else:
            key = relative_key(text, row, col)
            if key not in self.seen:
                self.seen.add(key)
                return key
            often.insert(0, formula := _Formula(key, text))
            del often[_REMEMBERED:]
        if right := formula.fills_right(row, col, self.formulas):
            self.filled[row] = formula, col + right
        return formula


def _stacks(formulas: Mapping[tuple[int, int], str]) -> Iterator[tuple[int, int, Sequence[str]]]:
    """(column, first row, texts) of cells under each other without a gap, by columns, from the top down."""
    columns: dict[int, tuple[list[int], list[str]]] = defaultdict(lambda: ([], []))
    for (row, col), text in formulas.items():
        rows, texts = columns[col]
        rows.append(row)
        texts.append(text)
    for col in sorted(columns):
        rows, texts = columns[col]
        if any(map(gt, rows, rows[1:])):
            rows, texts = zip(*sorted(zip(rows, texts, strict=True)), strict=True)
        gaps = () if rows[-1] - rows[0] < len(rows) else _gaps(rows)
        for start, end in pairwise((0, *gaps, len(rows))):
            yield col, rows[start], texts[start:end]


def _gaps(rows: Sequence[int]) -> Iterator[int]:
    """Where in rising numbers one is left out."""
    return (i for i, step in enumerate(map(sub, rows[1:], rows), 1) if step > 1)


class _Place(NamedTuple):
    """Where a text names a row, or a column, that moves with its cell: so far from it."""

    is_row: bool
    distance: int


class _Line(NamedTuple):
    """How a formula reads all the way down a column, or all the way right in a row.

    form       its text for %, with a place for each row (or column) that it names and that moves
    distances  how far from its own cell each of them lies
    room       the rows (or columns) in which none of its references leaves the sheet
    """

    form: str
    distances: list[int]
    room: range


class _Formula:
    """One relative formula: its key, and how it reads in the cells that it is filled into.

    tail     what stands behind its last reference, in all cells
    columns  their names in its texts
    """

    def __init__(self, key: str, text: str):
        self.key = key
        self.tail = key.rpartition(MARK)[2]
        self.columns = _columns(ascii_lowercase if text.islower() else ascii_uppercase)
        self.can_be_filled = MARK not in text and _END not in text
        self._down: tuple[int, _Line] = 0, _NOWHERE

    def reads(self, text: str, row: int, col: int) -> bool:
        """Whether `text` is this formula in (row, col)."""
        form, distances, rows = self.down(col)
        return row in rows and form % tuple([row + distance for distance in distances]) == text

    def fills_down(self, row: int, col: int, texts: Sequence[str], start: int) -> int:
        """How many cells below (row, col) it was filled into; their texts begin at `start`."""
        if not (texts[start].endswith(self.tail) and self.reads(texts[start], row + 1, col)):
            return 0
        form, distances, rows = self.down(col)
        below = range(start, min(len(texts), start + rows.stop - row - 1))
        names = [(_ROWS, row + 1 + distance) for distance in distances]
        return _agreeing(form, names, map(texts.__getitem__, below))

    def fills_right(self, row: int, col: int, formulas: Mapping[tuple[int, int], str]) -> int:
        """How many cells to the right of (row, col) it was filled into."""
        text = formulas.get((row, col + 1))
        if text is None or not text.endswith(self.tail):
            return 0
        form, distances, columns = self.line(row, down=False)
        if col + 1 not in columns:
            return 0
        right = ((row, c) for c in range(col + 1, columns.stop))
        names = [(self.columns, col + 1 + distance) for distance in distances]
        return _agreeing(form, names, map(formulas.__getitem__, takewhile(formulas.__contains__, right)))

    def down(self, col: int) -> _Line:
        """Its line down a column, kept until another is asked for."""
        if self._down[0] != col:
            self._down = col, self.line(col, down=True)
        return self._down[1]

    def line(self, host: int, down: bool) -> _Line:
        """Its line down the column `host`, or right in that row."""
        rows, columns = self.room
        if host not in (columns if down else rows):
            return _NOWHERE
        form: list[str] = []
        distances: list[int] = []
        for piece in self.pieces:
            if isinstance(piece, str):
                form.append(piece)
            elif piece.is_row == down:
                form.append("%s")
                distances.append(piece.distance)
            else:
                form.append(str((_ROWS if piece.is_row else self.columns)[host + piece.distance]))
        return _Line("".join(form), distances, rows if down else columns)

    @cached_property
    def room(self) -> tuple[range, range]:
        """The rows, and the columns, in which none of its references leaves the sheet."""
        if not self.can_be_filled:
            return range(0), range(0)
        places = [piece for piece in self.pieces if not isinstance(piece, str)]
        rows = [0, *(place.distance for place in places if place.is_row)]
        cols = [0, *(place.distance for place in places if not place.is_row)]
        columns = range(1 - min(cols), MAX_COL - max(cols) + 1)
        if host := _HOST_COLUMN.search(self.key):
            columns = range(int(host[1]), int(host[1]) + 1)
        return range(1 - min(rows), MAX_ROW - max(rows) + 1), columns

    @cached_property
    def pieces(self) -> list[str | _Place]:
        """Its text in what stays, with "%" doubled, and what moves."""
        parts = enumerate(self.key.replace("%", "%%").split(MARK))
        return [p for i, part in parts for p in (self.reference(part) if i % 2 else (part,))]

    def reference(self, part: str) -> Iterator[str | _Place]:
        """A reference of its key, in pieces."""
        if part[0] == "c":
            yield part[1:].partition("@")[0]
        elif part[0] == "r":
            first, last = part[1:].split(":")
            yield from (_row(first), ":", _row(last))
        else:
            match = CELL_IN_KEY.fullmatch(part)
            assert match
            yield f"${self.columns[int(match[2])]}" if match[1] else _Place(False, int(match[2]))
            yield _row(match[3] + match[4])


_NOWHERE = _Line("", [], range(0))


def _row(text: str) -> str | _Place:
    return text if text.startswith("$") else _Place(True, int(text))


def _agreeing(form: str, names: Iterable[tuple[Sequence, int]], texts: Iterator[str]) -> int:
    """How many of the texts, up to one that differs, are the form filled in: at each of its places with the
    name of that number in the first text, and with the next name in the next."""
    line, found, ask = form + _END, 0, 1
    while asked := list(islice(texts, ask)):
        n = len(asked)
        filled = zip(*(sequence[at + found : at + found + n] for sequence, at in names), strict=True)
        expected = line * n % tuple(chain.from_iterable(filled))
        if expected != _END.join([*asked, ""]):
            pairs = zip(asked, expected.split(_END), strict=False)
            return found + next(i for i, (text, other) in enumerate(pairs) if text != other)
        found += n
        ask = min(4 * ask, _AT_ONCE)
    return found
