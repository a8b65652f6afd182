"""Formula text and the text of references, taken apart and put together without building a tree: is it well
formed, how does it read in another cell, which cells does it mean.
"""

import re
from collections.abc import Sequence

from xlcicf.formula.address import (
    MAX_COL,
    MAX_ROW,
    Area,
    column_letters,
    column_number,
    parse_cell,
    quote_sheet,
    unquote_sheet,
)
from xlcicf.formula.tokens import (
    ARRAY,
    CLOSING,
    END_OF,
    FUNC,
    INFIX,
    OPENING,
    PERCENT,
    PREFIX,
    RANGE,
    SEPARATORS,
    SPACE,
    tokens,
)


def is_well_formed(formula: str) -> bool:
    """Whether operands, operators and brackets of a formula follow each other as Excel needs them to:
    a book with a formula that it cannot read does not open unrepaired."""
    try:
        parts = tokens(formula)
    except ValueError:
        return False
    opened: list[str] = []
    before, awaits_operand, may_intersect, spaced = "", True, False, False
    for token in parts:
        kind, starts = token.kind, token.kind in OPENING
        if kind == SPACE:
            spaced = True
            continue
        if kind in CLOSING:
            empty = opened[-1:] == [FUNC] and (before in OPENING or before in SEPARATORS)
            if not opened or END_OF[opened.pop()] != kind or (awaits_operand and not empty):
                return False
            awaits_operand, may_intersect = False, kind != END_OF[ARRAY]
        elif kind in SEPARATORS:
            if not opened or (awaits_operand and opened[-1] != FUNC):
                return False
            awaits_operand = True
        elif kind in (INFIX, PERCENT):
            if awaits_operand:
                return False
            awaits_operand = kind == INFIX
        else:  # an operand, an opening bracket or a sign
            refers = kind == RANGE or starts
            joins = token.value.startswith(":")  # a range that goes on behind a bracket, INDEX(A1:A3,1):B2
            if token.value.endswith(":") or (awaits_operand and joins):
                return False
            if not awaits_operand and not (may_intersect and (joins or (spaced and refers))):
                return False  # two operands in a row; ranges with a space between them intersect
            awaits_operand, may_intersect = starts or kind == PREFIX, refers
            opened += [kind] * starts
        before, spaced = kind, False
    return not opened and not awaits_operand


# ---- references ------------------------------------------------------------------------------------------


def split_sheet(reference: str) -> tuple[str | None, str]:
    """The sheet that a reference or a name begins with, and the rest: "'My sheet'!B2" -> ("My sheet", "B2");
    None where it names none."""
    prefix, mark, rest = reference.rpartition("!")
    return (unquote_sheet(prefix) if mark else None), rest


def area_of(sheet: str, cells: str) -> Area | None:
    """The Area of "$A$1:B9", "A:C" or "3:4" on that sheet; None where the text is no area of cells."""
    first, colon, last = cells.replace("$", "").partition(":")
    if colon and first.isalpha() and last.isalpha():
        first, last = first + "1", f"{last}{MAX_ROW}"
    elif colon and first.isdigit() and last.isdigit():
        first, last = "A" + first, f"{column_letters(MAX_COL)}{last}"
    start, end = parse_cell(first), parse_cell(last if colon else first)
    if start is None or end is None:
        return None
    (top, bottom), (left, right) = sorted((start[0], end[0])), sorted((start[1], end[1]))
    return Area(sheet, top, left, bottom, right)


def relative(area: Area) -> str:
    """ "C5:M6", as a formula on the area's own sheet calls it that moves with the formula."""
    return _corners(area, "")


def absolute(area: Area) -> str:
    """ "$C$5:$M$6", as a formula on the area's own sheet calls it wherever it is filled."""
    return _corners(area, "$")


def reference(area: Area) -> str:
    """ "Net!$C$5:$M$6", as names, charts and formulas on any sheet call it."""
    return f"{quote_sheet(area.sheet)}!{absolute(area)}"


def _corners(area: Area, dollar: str) -> str:
    corners = dict.fromkeys([(area.top, area.left), (area.bottom, area.right)])
    return ":".join(f"{dollar}{column_letters(col)}{dollar}{row}" for row, col in corners)


# ---- a formula in another cell ---------------------------------------------------------------------------

_REFERENCE = re.compile(
    r"(?<![\w.\\])(?:"
    r"(?P<dc>\$?)(?P<col>[A-Za-z]{1,3})(?P<dr>\$?)(?P<row>[1-9]\d{0,6})"
    r"|(?P<dc1>\$?)(?P<col1>[A-Za-z]{1,3}):(?P<dc2>\$?)(?P<col2>[A-Za-z]{1,3})"
    r"|(?P<dr1>\$?)(?P<row1>[1-9]\d{0,6}):(?P<dr2>\$?)(?P<row2>[1-9]\d{0,6})"
    r")(?![\w.(\[!])"
)

Template = list[str | tuple[str, int]]  # literal text, or ("col" | "row", number) that moves


def relative_template(formula: str) -> Template:
    """A formula without "=", cut into text that stays and row and column numbers that move.

    Raises ValueError for what is no formula.
    """
    pieces: Template = []
    for token in tokens("=" + formula):
        if token.kind == RANGE:
            _add_operand(pieces, token.value)
        else:
            pieces.append(token.value)
    return pieces


def _add_operand(pieces: Template, text: str) -> None:
    if "[" in text.rpartition("!")[2]:  # a structured reference has nothing to move
        pieces.append(text)
        return
    prefix_end = text.rfind("!") + 1
    pieces.append(text[:prefix_end])
    last = prefix_end
    for match in _REFERENCE.finditer(text, prefix_end):
        pieces.append(text[last : match.start()])
        _add_reference(pieces, match.groupdict(""))
        last = match.end()
    pieces.append(text[last:])


def _add_reference(pieces: Template, found: dict[str, str]) -> None:
    if found["col"]:
        _add_part(pieces, "col", found["dc"], found["col"])
        _add_part(pieces, "row", found["dr"], found["row"])
        return
    kind = "col" if found["col1"] else "row"
    for number, colon in (("1", ":"), ("2", "")):
        _add_part(pieces, kind, found["dc" + number] or found["dr" + number], found[kind + number])
        pieces.append(colon)


def _add_part(pieces: Template, kind: str, dollar: str, text: str) -> None:
    if dollar:
        pieces.append("$" + text)
    else:
        pieces.append((kind, column_number(text) if kind == "col" else int(text)))


def shifted(template: Template, rows: int, cols: int) -> str:
    """The formula's text so many rows down and columns right; past the sheet's edge it wraps, as in Excel."""
    return "".join(piece if isinstance(piece, str) else _moved(*piece, rows, cols) for piece in template)


def absolute_formula(formula: str) -> str:
    """A formula without "=", with a $ before each row and column: the same cells wherever it is read from.

    Raises ValueError for what is no formula.
    """
    template = relative_template(formula)
    return "".join(piece if isinstance(piece, str) else "$" + _moved(*piece, 0, 0) for piece in template)


def shifted_each(template: Template, rows: Sequence[int], cols: int) -> list[str]:
    """The same for each of many distances down, in a fifth of the time. The formula has no "\\0"."""
    form: list[str] = []
    numbers: list[int] = []
    for piece in template:
        if isinstance(piece, str):
            form.append(piece.replace("%", "%%"))
        elif piece[0] == "col":
            form.append(_moved(*piece, 0, cols))
        else:
            form.append("%d")
            numbers.append(piece[1] - 1)
    named = tuple([(number + down) % MAX_ROW + 1 for down in rows for number in numbers])
    return ("\0".join(["".join(form)] * len(rows)) % named).split("\0")


def _moved(kind: str, number: int, rows: int, cols: int) -> str:
    if kind == "col":
        return column_letters((number - 1 + cols) % MAX_COL + 1)
    return str((number - 1 + rows) % MAX_ROW + 1)
