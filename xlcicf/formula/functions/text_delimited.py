"""Parts of texts between delimiters, of Excel's category Text."""

import math
import re

from xlcicf.formula.coercion import no_error, number_of, text_of, truth_of
from xlcicf.formula.context import Fails
from xlcicf.formula.functions.table import making_arrays, of_constants
from xlcicf.formula.functions.text import length_of
from xlcicf.formula.grid import CellError, error_at
from xlcicf.formula.plain import Cells

NOT_FOUND = error_at("#N/A", None, "finds no such delimiter")


def _delimiters(cells: Cells, ignoring_case: object) -> tuple[list[str], re.RegexFlag]:
    if cells.first_error:
        raise Fails(str(cells.first_error))
    return [text_of(value) for value in cells.values], re.IGNORECASE if truth_of(ignoring_case) else re.NOFLAG


def _part(text, delimiters, which, ignoring_case, at_the_end, otherwise, after: bool) -> object:
    """What stands before a delimiter, or after it: the one number `which`, counted from the end where that is
    below 0. With `at_the_end` the text's end (or beginning) counts as one too."""
    for one in (text, delimiters.first_error, which, ignoring_case, at_the_end):
        no_error(one)
    text, at_the_end = text_of(text), _choice(at_the_end)
    words, flags = _delimiters(delimiters, _choice(ignoring_case))
    least = min(map(length_of, words))
    places = length_of(text) - least + 1
    if which is None:
        which = 1
    elif (which := math.floor(number_of(which))) == 0 or abs(which) > max(places, least == 0):
        raise Fails("#VALUE!", "is asked for a delimiter by a number that none can have")
    if "" in words:
        return text if (which > 0) == after else ""
    found = [match.span() for match in re.finditer("|".join(map(re.escape, words)), text, flags)]
    at = which - 1 if which > 0 else len(found) + which
    if 0 <= at < len(found):
        start, end = found[at]
        return text[end:] if after else text[:start]
    if at_the_end and at in (-1, len(found)):
        return text if (at < 0) == after else ""
    return "" if otherwise is None else otherwise


def _choice(value: object) -> bool:
    """0 or 1, or FALSE or TRUE. Raises Fails("#VALUE!")."""
    number = float(value) if isinstance(value, bool) else number_of(value)
    if number not in (0.0, 1.0):
        raise Fails("#VALUE!", "chooses by 0 or 1 alone")
    return bool(number)


def of_delimited(name: str, *examples: str):
    """Enters a function of a text, delimiters in one array, and single values."""
    return of_constants(
        name, *examples, arity=(2, 6), arrays=lambda i: i == 1, errors_too=True, or_left_out=(2,)
    )


@of_delimited(
    "TEXTBEFORE",
    "TEXTBEFORE(~1234,3)",
    'TEXTBEFORE(~12321,{"3","2"},2)',
    'TEXTBEFORE("a-B-c","b",-1,1)&TEXTBEFORE(~12,2)',
    'TEXTBEFORE(~12,"x",1,0,1)',
    'TEXTBEFORE(~12,"x",1,0,0,"none")',
)
def text_before(text, delimiters, which=None, ignoring_case=False, at_the_end=False, otherwise=NOT_FOUND):
    return _part(text, delimiters, which, ignoring_case, at_the_end, otherwise, after=False)


@of_delimited(
    "TEXTAFTER",
    "TEXTAFTER(~1234,2)",
    'TEXTAFTER(~12321,{"3","2"},-2)',
    'TEXTAFTER("a-B-c","b",1,1)&TEXTAFTER(~12,1)',
    'TEXTAFTER(~12,"x",-1,0,1)',
    'TEXTAFTER(~12,"x",1,0,0,"none")',
)
def text_after(text, delimiters, which=None, ignoring_case=False, at_the_end=False, otherwise=NOT_FOUND):
    return _part(text, delimiters, which, ignoring_case, at_the_end, otherwise, after=True)


@making_arrays(
    "TEXTSPLIT",
    'ARRAYTOTEXT(TEXTSPLIT("a,b;c",",",";",,,"-"))&TEXTSPLIT(~12,",")',
    'ARRAYTOTEXT(TEXTSPLIT("a,,b",{",",";"},,TRUE))&ARRAYTOTEXT(TEXTSPLIT(~121,2))',
    arity=(2, 6),
)
def text_split(
    texts: Cells,
    columns: Cells,
    rows: Cells | None = None,
    without_empty: Cells | None = None,
    ignoring_case: Cells | None = None,
    padding: Cells | None = None,
) -> list[list[object]]:
    """Of several texts the first piece of each."""
    across, down = _given(columns), _given(rows)
    if not across and not down or any("" in map(text_of, x.values) for x in (across, down) if x):
        raise Fails("#VALUE!", "splits by no delimiter")
    kept, folded = (bool(cells and truth_of(_single(cells))) for cells in (without_empty, ignoring_case))
    pad = padding.values[0] if padding else NOT_FOUND
    if len(texts) == 1:
        return _table(text_of(_single(texts)), across, down, kept, folded, pad)

    def first_of(text: object) -> object:
        return (
            text
            if isinstance(text, CellError)
            else _table(text_of(text), across, down, kept, folded, pad)[0][0]
        )

    firsts, width = [*map(first_of, texts.values)], texts.size[1]
    return [firsts[at : at + width] for at in range(0, len(firsts), width)]


def _given(delimiters: Cells | None) -> Cells | None:
    """None for what is left out between commas."""
    return None if delimiters is None or delimiters.values == [None] else delimiters


def _single(cells: Cells) -> object:
    return no_error(cells.values[0])


def _table(
    text: str,
    columns: Cells | None,
    rows: Cells | None,
    without_empty: bool,
    ignoring_case: bool,
    pad: object,
) -> list[list[object]]:
    lines = [_pieces(line, columns, ignoring_case) for line in _pieces(text, rows, ignoring_case)]
    if without_empty:
        lines = [kept for line in lines if (kept := [part for part in line if part])]
    width = max(map(len, lines), default=0)
    if not width:
        raise Fails("#CALC!", "splits a text into no pieces at all")
    return [[*line, *[pad] * (width - len(line))] for line in lines]


def _pieces(text: str, delimiters: Cells | None, ignoring_case: bool) -> list[str]:
    if delimiters is None:
        return [text]
    words, flags = _delimiters(delimiters, ignoring_case)
    return re.split("|".join(map(re.escape, words)), text, flags=flags)
