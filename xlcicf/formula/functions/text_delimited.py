"""Parts of texts between delimiters, of Excel's category Text."""

import math
import re

from xlcicf.formula.coercion import number_of, text_of, truth_of
from xlcicf.formula.context import Fails
from xlcicf.formula.functions.table import making_arrays, of_constants
from xlcicf.formula.functions.text import length_of
from xlcicf.formula.grid import error_at
from xlcicf.formula.plain import Cells

NOT_FOUND = error_at("#N/A", None, "finds no such delimiter")


def _delimiters(cells: Cells, ignoring_case: object) -> tuple[list[str], re.RegexFlag]:
    if cells.first_error:
        raise Fails(str(cells.first_error))
    return [text_of(value) for value in cells.values], re.IGNORECASE if truth_of(ignoring_case) else re.NOFLAG


def _part(text, delimiters, which, ignoring_case, at_the_end, otherwise, after: bool) -> object:
    """What stands before a delimiter, or after it: the one number `which`, counted from the end where that is
    below 0. With `at_the_end` the text's end (or beginning) counts as one too."""
    text, which, at_the_end = text_of(text), math.floor(number_of(which)), truth_of(at_the_end)
    words, flags = _delimiters(delimiters, ignoring_case)
    if which == 0 or abs(which) > max(length_of(text), 1):
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
    return otherwise


ARITY = (2, 6)


@of_constants(
    "TEXTBEFORE",
    "TEXTBEFORE(~1234,3)",
    'TEXTBEFORE(~12321,{"3","2"},2)',
    'TEXTBEFORE("a-B-c","b",-1,1)&TEXTBEFORE(~12,2)',
    'TEXTBEFORE(~12,"x",1,0,1)',
    'TEXTBEFORE(~12,"x",1,0,0,"none")',
    arity=ARITY,
    arrays=lambda i: i == 1,
    errors_too=True,
)
def text_before(text, delimiters, which=1.0, ignoring_case=False, at_the_end=False, otherwise=NOT_FOUND):
    return _part(text, delimiters, which, ignoring_case, at_the_end, otherwise, after=False)


@of_constants(
    "TEXTAFTER",
    "TEXTAFTER(~1234,2)",
    'TEXTAFTER(~12321,{"3","2"},-2)',
    'TEXTAFTER("a-B-c","b",1,1)&TEXTAFTER(~12,1)',
    'TEXTAFTER(~12,"x",-1,0,1)',
    'TEXTAFTER(~12,"x",1,0,0,"none")',
    arity=ARITY,
    arrays=lambda i: i == 1,
    errors_too=True,
)
def text_after(text, delimiters, which=1.0, ignoring_case=False, at_the_end=False, otherwise=NOT_FOUND):
    return _part(text, delimiters, which, ignoring_case, at_the_end, otherwise, after=True)


@making_arrays(
    "TEXTSPLIT",
    'ARRAYTOTEXT(TEXTSPLIT("a,b;c",",",";",,,"-"))&TEXTSPLIT(~12,",")',
    'ARRAYTOTEXT(TEXTSPLIT("a,,b",{",",";"},,TRUE))&ARRAYTOTEXT(TEXTSPLIT(~121,2))',
    arity=(2, 6),
    arrays=lambda i: i in (1, 2),
    errors_too=(5,),
)
def text_split(text, columns, rows=None, without_empty=False, ignoring_case=False, padding=NOT_FOUND):
    """Of an array of texts the first piece of each."""
    table = []
    for line in _pieces(text_of(text), rows, ignoring_case):
        parts = _pieces(line, columns, ignoring_case)
        parts = [part for part in parts if part] if truth_of(without_empty) else parts
        if parts or not truth_of(without_empty):
            table.append(parts)
    width = max(map(len, table), default=0)
    if not width:
        raise Fails("#CALC!", "splits a text into no pieces at all")
    return [[*parts, *[padding] * (width - len(parts))] for parts in table]


def _pieces(text: str, delimiters: Cells | None, ignoring_case: object) -> list[str]:
    words, flags = _delimiters(delimiters, ignoring_case) if delimiters else ([], re.NOFLAG)
    words = [word for word in words if word]
    return re.split("|".join(map(re.escape, words)), text, flags=flags) if words else [text]
