"""The cells of a worksheet part as its XML has them, one after the other: in the usual form by a pattern, in
any other by way of a tree, which takes more than twice as long and far more memory.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from math import isfinite, nan
from xml.etree import ElementTree

from xlcicf.errors import BookError
from xlcicf.formula.address import MAX_COL, MAX_ROW, parse_cell
from xlcicf.ooxml.inventory import string_text
from xlcicf.ooxml.sheet_cells import Cell, SheetCells
from xlcicf.ooxml.usual_form import ATTRIBUTES, SPACE, Content, UnusualForm, attributes
from xlcicf.ooxml.xml import decode_string, natural, unescape

MAX_CELLS = 4_000_000  # of one sheet that hold something

Attributes = Mapping[str, str]

# A cell's place, its s= and t=, the attributes and the text of its <f>, the text of its <v> and of its <is>;
# None for what it has not, "" for an element without text.
CellElement = tuple[Cell, int | None, str | None, Attributes | None, str | None, str | None, str | None]


class Elements:
    """Finds the cells of a <sheetData>. A row or cell without r= stands right after the one before it.

    sheet      what the formats of its rows, which arrays spill, and the cells that need nothing else, are
               put into
    followers  number of a shared formula -> the cells that have this number for a formula
    """

    def __init__(self, sheet: SheetCells):
        self.sheet = sheet
        self.followers: dict[str, list[Cell]] = {}
        self.columns: dict[str, int] = {}

    def damaged(self, where: str) -> BookError:
        return BookError(f"sheet {self.sheet.name!r} is damaged at {where}; open and save the book in Excel")

    def require_room(self, more: int = 0) -> None:
        """Raises BookError where so many formulas more would be too many, or what has been read is."""
        if max(len(self.sheet.values), len(self.sheet.formulas) + more) > MAX_CELLS:
            raise BookError(f"sheet {self.sheet.name!r} has more than {MAX_CELLS:,} cells; split it up")

    def row(self, reference: str | None, before: int, style: int, hidden: bool) -> int:
        """The number of the row with that r=, s= and hidden=, which comes after row `before`."""
        self.require_room()
        row = natural(reference) or before + 1
        if row > MAX_ROW:
            raise self.damaged(f"row {row}")
        if style:
            self.sheet.row_styles[row] = style
        if hidden:
            self.sheet.hidden.add(row)
        return row

    def column(self, letters: str, reference: str) -> int:
        """The number of the column of a cell with that r=."""
        if letters not in self.columns:
            at = parse_cell(letters + "1")
            if at is None or at[0] != 1 or not letters.isalpha():
                raise self.damaged(reference)
            self.columns[letters] = at[1]
        return self.columns[letters]

    def column_after(self, before: int, row: int) -> int:
        """The number of the column of a cell without r=."""
        if before >= MAX_COL:
            raise self.damaged(f"column {before + 1} of row {row}")
        return before + 1

    def in_tree(self, data: ElementTree.Element) -> Iterator[CellElement]:
        """The cells of a <sheetData>."""
        space = data.tag[: -len("sheetData")]  # the namespace in braces: comparing whole tags is quick
        names = space + "f", space + "v", space + "is"
        row = 0
        for line in data:
            row = self.row(line.get("r"), row, natural(line.get("s")), is_on(line.get("hidden")))
            suffix, col = str(row), 0
            for cell in line:
                reference = cell.get("r")
                if reference is None:
                    col = self.column_after(col, row)
                else:
                    col = self.column(reference.removesuffix(suffix), reference)
                if cell.get("cm"):
                    self.sheet.spilling.add((row, col))
                yield _of_element(cell, (row, col), *names)

    def in_content(self, data: Content) -> Iterator[CellElement]:
        """The cells of a <sheetData> in the usual form: a formula before a value before a text. Most hold a
        number, and a plain formula or one that is shared: those are put where they belong, not given.

        Raises UnusualForm.
        """
        values, formulas, styles = self.sheet.values, self.sheet.formulas, self.sheet.styles
        kept = lru_cache(1024)
        format_of, row_format, alike_by = kept(_cell_format), kept(_row_format), kept(self.alike)
        row = col = 0
        suffix = ""  # the row's number in the r= of its cells; "" between rows
        for found in data.found(_pattern(data.prefix), "row"):
            (
                letters,
                digits,
                more,
                f,
                formula,
                no_value,
                value,
                text,
                row_end,
                row_number,
                of_row,
                empty,
                other,
            ) = found
            if more is not None:
                if not suffix:
                    raise UnusualForm
                if letters is None or digits is None:
                    col = self.column_after(col, row)
                elif digits == suffix:
                    col = self.columns.get(letters) or self.column(letters, letters + digits)
                else:
                    raise UnusualForm
                style, kind, spills = format_of(more)
                alike = alike_by(f) if f and not formula else None
                if value and text is None and (kind is None or kind == "n") and (alike is not None or not f):
                    try:
                        number = float(value)
                    except ValueError:
                        number = nan
                    if isfinite(number):
                        at = row, col
                        values[at] = number
                        if alike is not None:
                            alike.append(at)
                        elif formula:
                            formulas[at] = "=" + unescape(formula)
                        if style is not None:
                            styles[at] = style
                        continue
                of_formula = None
                if spills:
                    self.sheet.spilling.add((row, col))
                if f is not None:
                    of_formula = attributes(f) if f else _NO_ATTRIBUTES
                    formula = unescape(formula) if formula else ""
                if no_value:
                    value = ""
                elif value and "&" in value:
                    value = unescape(value)
                if text is not None:
                    text = decode_string(unescape(text))
                yield (row, col), style, kind, of_formula, formula, value, text
            elif row_end:
                suffix = ""
            elif of_row is not None:
                if suffix:
                    raise UnusualForm
                row, col = self.row(row_number, row, *row_format(of_row)), 0
                suffix = "" if empty else str(row)
            elif other:
                raise UnusualForm

    def alike(self, f: str) -> list[Cell] | None:
        """Those of `followers` with the number in the attributes of an <f> without text; None where it is
        not shared."""
        found = attributes(f)
        return self.followers.setdefault(found["si"], []) if is_shared(found) else None


def is_on(said: str | None) -> bool:
    """Whether an attribute says so."""
    return said in ("1", "true")


def is_shared(formula: Attributes) -> bool:
    return formula.get("t") == "shared" and "si" in formula


_NO_ATTRIBUTES: Attributes = {}


def _of_element(cell: ElementTree.Element, at: Cell, f: str, v: str, inline: str) -> CellElement:
    formula = formula_text = value = text = None
    for part in cell:
        if part.tag == f:
            formula, formula_text = part.attrib, part.text or ""
        elif part.tag == v:
            value, text = part.text or "", None
        elif part.tag == inline:
            text = string_text(part)
    style = cell.get("s")
    return at, natural(style) if style else None, cell.get("t"), formula, formula_text, value, text


@cache
def _pattern(prefix: str) -> re.Pattern:
    """A cell, the end of a row, its start tag, white space; or, in the last group, anything else."""
    p = re.escape(prefix)
    return re.compile(
        rf'<{p}c(?: r="([A-Z]+)([0-9]+)")?({ATTRIBUTES})\s*(?:/>|>\s*'
        rf"(?:<{p}f({ATTRIBUTES})\s*(?:/>|>([^<]*)</{p}f>)\s*)?"
        rf"(?:<{p}v{SPACE}\s*(?:(/)>|>([^<]*)</{p}v>)\s*)?"
        rf"(?:<{p}is>\s*<{p}t{SPACE}>([^<]*)</{p}t>\s*</{p}is>\s*)?"
        rf"</{p}c>)"
        rf"|(</{p}row>)"
        rf'|<{p}row(?: r="([0-9]+)")?({ATTRIBUTES})\s*(/?)>'
        r"|\s+|(.)",
        re.DOTALL,
    )


def _cell_format(text: str) -> tuple[int | None, str | None, bool]:
    """The s= and t= of a cell's further attributes, and whether it has a cm=: its array formula spills."""
    found = attributes(text)
    if "r" in found:
        raise UnusualForm
    style = found.get("s")
    return natural(style) if style else None, found.get("t"), "cm" in found


def _row_format(text: str) -> tuple[int, bool]:
    """The s= of a row's further attributes, 0 where there is none, and whether it is hidden."""
    found = attributes(text)
    if "r" in found:
        raise UnusualForm
    return natural(found.get("s")), is_on(found.get("hidden"))
