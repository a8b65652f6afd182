"""Formulas that are alike but for references and numbers are parsed once; of the others these are read: where
they differ in references alone out of their keys, else out of their texts."""

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from xlcicf.errors import FormulaError
from xlcicf.formula.keys import CELL_IN_KEY, MARK
from xlcicf.formula.parse import MAX_LENGTH, RESIZING, parse, reference_to
from xlcicf.formula.snapshot import Snapshot
from xlcicf.formula.tree import Const, Edge, Formula, Ref

# What is passed over (texts, quoted sheets), then references to cells, then numbers. Whatever else has digits
# in it (names, LOG10, whole columns) belongs to what formulas have in common.
_OPERANDS = re.compile(
    r"\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'"
    r"|(?<![\w.$\\?:#@])"
    r"(?P<ref>\$?[A-Za-z]{1,3}\$?[1-9][0-9]{0,6}(?::\$?[A-Za-z]{1,3}\$?[1-9][0-9]{0,6})?)(?![\w.(!\\?:\[])"
    r"|(?<![\w.$\\?:#])"
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[Ee][+-]?[0-9]+)?)(?![\w.:!])"
)

_REF, _NUMBER = "\1", "\2"  # what stands in their places
# Calls, operators and texts around marks: no name, no array, no colon or space, which make one reference of
# two, and no %, which stands with its operand in a formula's shape.
_PLAIN = re.compile(
    r"=(?:[-+*/^&<>=,()]|\"(?:[^\"]|\"\")*+\"|(?:[A-Za-z_][\w.]*!|'(?:[^']|'')*+'!)?\x01|\x02|[A-Za-z_][\w.]*\()*+"
)


class Templates:
    """The formulas of a book."""

    def __init__(self, book: Snapshot):
        self._book = book
        self._templates: dict[tuple[str, str], _Template] = {}
        self._by_stem: dict[tuple[str, str], Formula | None] = {}  # None where keys do not tell the operands

    def formula(self, text: str, sheet: str, row: int, col: int, key: str) -> Formula:
        """The formula `text` in a cell; its key is what relative_key has. Raises what `parse` raises."""
        if "[" in text or len(text) > MAX_LENGTH:  # a structured reference may mean the table around the cell
            return Formula(parse(text, sheet, row, col, self._book))
        pieces = key.split(MARK)
        stem = sheet, MARK.join(pieces[::2])
        like = self._by_stem.get(stem)
        if like is not None and (operands := _named_in(pieces, like.operands)) is not None:
            return like.with_operands(operands)
        texts: list[str] = []

        def cut(match: re.Match[str]) -> str:
            if match.lastgroup is None:
                return match[0]
            texts.append(match[0])
            return _REF if match.lastgroup == "ref" else _NUMBER

        bare = _OPERANDS.sub(cut, text)
        template = self._templates.get((sheet, bare))
        if template is None:
            formula = Formula(parse(text, sheet, row, col, self._book))
            self._templates[sheet, bare] = _Template(formula, bare, texts, sheet, row, col)
            return formula
        operands = template.operands(texts, row, col) if template.holds(self._book) else None
        if operands is None:
            return Formula(parse(text, sheet, row, col, self._book))
        formula = template.formula.with_operands(operands)
        if stem not in self._by_stem:
            self._by_stem[stem] = formula if _named_in(pieces, operands) == operands else None
        return formula


@dataclass
class _Template:
    """A parsed formula in a cell, and its text with marks in the places of `texts`, its operands."""

    formula: Formula
    bare: str
    texts: list[str]
    sheet: str
    row: int
    col: int
    _holds: bool | None = None

    def holds(self, book: Snapshot) -> bool:
        """Whether the marks are its operands: then other operands in their places become those of the tree.
        They are not where a number belongs to an array, a name stands for a reference of its own, or a range
        is taken as large as another."""
        if self._holds is None:
            may_hold = RESIZING.isdisjoint(self.formula.functions)
            self._holds = may_hold and (self._has_marks_only() or self._takes_others(book))
        return self._holds

    def _has_marks_only(self) -> bool:
        """Whether the text is so plain that each mark becomes an operand and nothing else can."""
        is_plain = _PLAIN.fullmatch(self.bare) is not None
        return is_plain and self.operands(self.texts, self.row, self.col) == self.formula.operands

    def _takes_others(self, book: Snapshot) -> bool:
        """Whether operands that stand nowhere else, put in the places of the marks, are those of its tree."""
        marks = [mark for mark in self.bare if mark in (_REF, _NUMBER)]
        others = [f"$XA${9001 + i}" if mark == _REF else f"{9001 + i}.5" for i, mark in enumerate(marks)]
        left = iter(others)
        text = "".join(next(left) if mark in (_REF, _NUMBER) else mark for mark in self.bare)
        try:
            other = Formula(parse(text, self.sheet, self.row, self.col, book))
        except FormulaError:  # such as for an intersection of ranges that have nothing in common
            return False
        operands = self.operands(others, self.row, self.col)
        return (other.operands, other.shape) == (operands, self.formula.shape)

    def operands(self, texts: list[str], row: int, col: int) -> list[Ref | Const] | None:
        """What texts in the places of the marks are in a cell; None where one is no operand."""
        known = self.formula.operands
        if len(texts) != len(known):
            return None
        found: list[Ref | Const] = []
        for text, like in zip(texts, known, strict=True):
            one = reference_to(text, like.sheet, row, col) if isinstance(like, Ref) else _number(text)
            if one is None:
                return None
            found.append(one)
        return found


def _named_in(pieces: list[str], like: list[Ref | Const]) -> list[Ref | Const] | None:
    """Operands with the references of a key, which is split at its marks, in the places of references; None
    where these are not as many, or not of cells and ranges alone."""
    found: list[Ref | Const] = []
    at, count = 1, len(pieces)
    for one in like:
        if isinstance(one, Ref):
            if at >= count or (first := _edges(pieces[at])) is None:
                return None
            last = first
            if pieces[at + 1] == ":":
                at += 2
                if at >= count or (last := _edges(pieces[at])) is None:
                    return None
            one = Ref(one.sheet, *first, *last)
            at += 2
        found.append(one)
    return found if at >= count else None


@lru_cache(maxsize=2**16)
def _edges(part: str) -> tuple[Edge, Edge] | None:
    """ "$2,-1", a cell in a key, as its row and its column."""
    match = CELL_IN_KEY.fullmatch(part)
    if match is None:
        return None
    cabs, col, rabs, row = match.groups()
    return Edge(int(row), bool(rabs)), Edge(int(col), bool(cabs))


def _number(text: str) -> Const | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return Const(number) if math.isfinite(number) else None
