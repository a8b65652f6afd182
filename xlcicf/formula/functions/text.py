"""Excel's category Text but for numbers as texts and delimiters: parts, letters, joining, looking for.

Letters are counted as Excel does, in units of UTF-16. LEFTB and its kind count bytes where the computer's
language has letters of two; in en-US they count letters.
"""

import math
import re
import unicodedata
from itertools import cycle
from urllib.parse import quote

from xlcicf.formula.coercion import MOST_LETTERS, number_of, text_of, truth_of, within_limits
from xlcicf.formula.context import Fails
from xlcicf.formula.criteria import wildcards, without_loose_tildes
from xlcicf.formula.functions.table import ANY, of_constants
from xlcicf.formula.plain import Cells


def of_values(name: str, *examples: str, arity: tuple[int, int] = (1, 1)):
    """Enters a function of single plain values."""
    return of_constants(name, *examples, arity=arity, arrays=lambda i: False)


def length_of(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def part_of(text: str, start: int, length: int) -> str:
    """So many letters from the one after `start` others."""
    if text.isascii():
        return text[start : start + length]
    units = text.encode("utf-16-le", "surrogatepass")[2 * start : 2 * (start + length)]
    return units.decode("utf-16-le", "surrogatepass")


def count_of(value: object, least: int = 0) -> int:
    """A whole number of letters or a place among them. Raises Fails("#VALUE!") below the least."""
    count = math.floor(number_of(value))
    if count < least:
        raise Fails("#VALUE!", f"is given {count} where it needs {least} or more")
    return count


# --- parts ----------------------------------------------------------------------------------------------


@of_values("LEFT", "LEFT(~12345,2)", "LEFT(~12345)", arity=(1, 2))
@of_values("LEFTB", "LEFTB(~12345,2)", arity=(1, 2))
def left(text, count=1.0):
    return part_of(text_of(text), 0, count_of(count))


@of_values("RIGHT", "RIGHT(~12345,2)", "RIGHT(~12,9)", arity=(1, 2))
@of_values("RIGHTB", "RIGHTB(~12345,2)", arity=(1, 2))
def right(text, count=1.0):
    text = text_of(text)
    start = max(length_of(text) - count_of(count), 0)
    return part_of(text, start, length_of(text))


@of_values("MID", "MID(~12345,2,3)", "MID(~123,3,9)", arity=(3, 3))
@of_values("MIDB", "MIDB(~12345,2,3)", arity=(3, 3))
def middle(text, start, count):
    return part_of(text_of(text), count_of(start, 1) - 1, count_of(count))


@of_values("LEN", "LEN(~12345)")
@of_values("LENB", "LENB(~12345)")
def length(text):
    return float(length_of(text_of(text)))


# --- other letters --------------------------------------------------------------------------------------


@of_values("UPPER", "UPPER(~2)")
def upper(text):
    """A letter that would become two, as ß, stays."""
    return "".join(big if len(big := letter.upper()) == 1 else letter for letter in text_of(text))


@of_values("LOWER", "LOWER(~2)")
def lower(text):
    return text_of(text).lower()


@of_values("PROPER", "PROPER(~2)")
def proper(text):
    return re.sub(r"[^\W\d_]+", lambda word: word[0][0].upper() + word[0][1:].lower(), text_of(text))


@of_values("TRIM", "TRIM(~2)")
def trim(text):
    return re.sub(" +", " ", text_of(text)).strip(" ")


@of_values("CLEAN", "CLEAN(~2)")
def clean(text):
    return "".join(letter for letter in text_of(text) if letter >= " ")


ALL = object()  # the places of a text


@of_values("SUBSTITUTE", 'SUBSTITUTE(~121,"1","ab")', 'SUBSTITUTE(~121,1,"ab",2)', arity=(3, 4))
def substitute(text, old, new, which=ALL):
    """All places, or only one of them, counted from 1."""
    text, old, new = text_of(text), text_of(old), text_of(new)
    if not old:
        return text
    if which is ALL:
        return within_limits(text.replace(old, new))
    places = [match.start() for match in re.finditer(re.escape(old), text)]
    number = count_of(which, 1)
    if number > len(places):
        return text
    at = places[number - 1]
    return within_limits(text[:at] + new + text[at + len(old) :])


@of_values("REPLACE", 'REPLACE(~12345,2,3,"x")', arity=(4, 4))
@of_values("REPLACEB", 'REPLACEB(~12345,2,3,"x")', arity=(4, 4))
def replace(text, start, count, new):
    text, start, count = text_of(text), count_of(start, 1) - 1, count_of(count)
    behind = part_of(text, start + count, length_of(text))
    return within_limits(part_of(text, 0, start) + text_of(new) + behind)


@of_values("REPT", 'REPT("ab",~2.9)', arity=(2, 2))
def repeated(text, times):
    text, times = text_of(text), count_of(times)
    return within_limits(text * min(times, 32_768))


# --- together -------------------------------------------------------------------------------------------


@of_values("CONCATENATE", 'CONCATENATE("a",~2,"b")', arity=(1, ANY))
def concatenate(*values):
    return within_limits("".join(map(text_of, values)))


def _texts(arrays: tuple[Cells, ...]) -> list[str]:
    if error := next((cells.first_error for cells in arrays if cells.first_error), None):
        raise Fails(str(error))
    return [text_of(value) for cells in arrays for value in cells.values]


@of_constants("CONCAT", 'CONCAT("a",~2,$A$1:$B$2)', arity=(1, ANY), arrays=lambda i: True)
def concat(*arrays):
    return within_limits("".join(_texts(arrays)))


@of_constants(
    "TEXTJOIN",
    'TEXTJOIN("-",TRUE,~2,$A$1:$B$2)',
    'TEXTJOIN("-",0,~2,"")',
    'TEXTJOIN({"-","+"},TRUE,~2,$A$1:$B$2)',
    arity=(3, ANY),
    arrays=lambda i: i != 1,
)
def text_joined(between, without_empty, *arrays):
    """Several texts between the parts take turns."""
    parts, between_texts = _texts(arrays), _texts((between,))
    if truth_of(without_empty):
        parts = [part for part in parts if part]
    elif "" not in between_texts and sum(cells.beyond for cells in arrays) > MOST_LETTERS:
        raise Fails("#VALUE!", "joins whole rows or columns to a text that no cell holds")
    joined = (text for pair in zip(parts, cycle(between_texts or [""]), strict=False) for text in pair)
    return within_limits("".join(list(joined)[:-1]))


# --- looked for -----------------------------------------------------------------------------------------


def _from(text: str, start: object) -> int:
    """How many of Python's letters lie before the place where a search begins."""
    start = count_of(start, 1) - 1
    if start > length_of(text):
        raise Fails("#VALUE!", "looks from a place behind the text's end")
    return len(part_of(text, 0, start))


def _place(text: str, at: int) -> float:
    if at < 0:
        raise Fails("#VALUE!", "looks for a text that is not there")
    return float(length_of(text[:at]) + 1)


@of_values("FIND", 'FIND("3",~1234)', 'FIND("1",~121,2)', arity=(2, 3))
@of_values("FINDB", 'FINDB("3",~1234)', arity=(2, 3))
def find(wanted, text, start=1.0):
    text = text_of(text)
    return _place(text, text.find(text_of(wanted), _from(text, start)))


@of_values("SEARCH", 'SEARCH("?3",~1234)', 'SEARCH("1",~121,2)', arity=(2, 3))
@of_values("SEARCHB", 'SEARCHB("?3",~1234)', arity=(2, 3))
def search(wanted, text, start=1.0):
    """Letters' case is ignored, * and ? stand for others. A ~ before any other letter is passed over."""
    text = text_of(text)
    found = wildcards(without_loose_tildes(text_of(wanted)).lower()).search(text.lower(), _from(text, start))
    return _place(text, found.start() if found else -1)


@of_values("EXACT", 'EXACT("2",~2)', arity=(2, 2))
def exact(one, other):
    return text_of(one) == text_of(other)


# --- letters by their numbers ---------------------------------------------------------------------------


_UNUSED = (0x81, 0x8D, 0x8F, 0x90, 0x9D)  # by Windows' set of letters for en-US


@of_values("CHAR", "CHAR(~65.5)")
def letter_of(number):
    code = count_of(number, 1)
    if code > 255:
        raise Fails("#VALUE!", "knows no letter of that number")
    return bytes([code]).decode("cp1252") if code > 127 and code not in _UNUSED else chr(code)


@of_values("CODE", "CODE(~2)")
def code_of(text):
    text = text_of(text)
    if not text:
        raise Fails("#VALUE!", "finds no letter")
    return float(text[0].encode("cp1252", "replace")[0])


@of_values("UNICHAR", "UNICHAR(~955)")
def unicode_letter(number):
    code = count_of(number, 1)
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise Fails("#VALUE!", "knows no letter of that number")
    return chr(code)


@of_values("UNICODE", "UNICODE(~2)")
def unicode_of(text):
    text = text_of(text)
    if not text:
        raise Fails("#VALUE!", "finds no letter")
    return float(ord(text[0]))


@of_values("ENCODEURL", 'ENCODEURL("a b/ä")&ENCODEURL(~1.5)')
def encoded_for_url(text):
    """Letters other than A to Z, digits and - _ . ~ as bytes of UTF-8."""
    return within_limits(quote(text_of(text), safe=""))


# --- letters of two widths ------------------------------------------------------------------------------

_WIDE = {chr(code - 0x20 + 0xFF00): chr(code) for code in range(0x21, 0x7F)} | {"\u3000": " "}
_KANA = {chr(code): unicodedata.normalize("NFKC", chr(code)) for code in range(0xFF61, 0xFFA0)} | {
    "\uff9e": "\u309b",
    "\uff9f": "\u309c",
}
_VOICED = {
    kana + mark: both
    for kana in _KANA
    for mark in "\uff9e\uff9f"
    if len(both := unicodedata.normalize("NFKC", kana + mark)) == 1 and kana not in "\uff9e\uff9f"
}
_NARROW = _WIDE | {wide: narrow for narrow, wide in (_KANA | _VOICED).items()}
_WIDENED = {narrow: wide for wide, narrow in _WIDE.items()} | _KANA


@of_values("ASC", 'ASC("ＥＸＣＥＬ　１！ガア")&ASC(~1)', 'ASC("Excel")&ASC(~1)')
def narrowed(text):
    """Letters of full width in half of it, as computers have it whose language has such letters."""
    return text_of(text).translate(str.maketrans(_NARROW))


@of_values("DBCS", 'DBCS("EXCEL 1!ｶﾞｱ")&LEN(DBCS(~1))')
def widened(text):
    """The other way; a letter and its mark are one."""
    pairs = re.sub(".[\uff9e\uff9f]", lambda pair: _VOICED.get(pair[0], pair[0]), text_of(text))
    return pairs.translate(str.maketrans(_WIDENED))
