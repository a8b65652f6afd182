"""Numbers as texts and texts as numbers, of Excel's category Text."""

import math
import re

from xlcicf.formula.coercion import MOST_LETTERS, number_of, text_of, truth_of, within_limits
from xlcicf.formula.context import Context, Fails
from xlcicf.formula.functions.table import handing_on, of_constants
from xlcicf.formula.functions.text import of_values
from xlcicf.formula.grid import Grid
from xlcicf.formula.number_format import fixed, shown
from xlcicf.formula.plain import Cells, for_each
from xlcicf.formula.snapshot import ExcelError

MOST_PLACES = 127
MOST_DIGITS = 310  # before the point, and one more


@of_values(
    "TEXT",
    'TEXT(~1234.5,"#,##0.00")',
    'TEXT(~0.125,"0.0%")',
    'TEXT(~45306.5,"yyyy-mm-dd hh:mm")',
    arity=(2, 2),
)
def text_by_format(value, number_format):
    try:
        number = text_of(value) if isinstance(value, bool) else _read(value)
        return within_limits(shown(number, text_of(number_format)))
    except ValueError as error:
        raise Fails("#VALUE!", f"cannot write a number so: {error}") from error


def _read(value: float | str | None) -> float | str:
    """A text that reads as a number as that number."""
    try:
        return number_of(value)
    except Fails:
        return str(value)


@of_values("VALUE", "VALUE(~2)", 'VALUE("1,234")+VALUE(~1)')
def value_of(value):
    if isinstance(value, bool):
        raise Fails("#VALUE!", "finds TRUE or FALSE where it needs a number")
    return number_of(value)


def _places(value: object) -> int:
    places = int(number_of(value))
    if places > MOST_PLACES:
        raise Fails("#VALUE!", f"rounds to more than {MOST_PLACES} places")
    return max(places, -MOST_DIGITS)


@of_values(
    "FIXED",
    "FIXED(~1234.567,1)",
    "FIXED(~1234.567)",
    "FIXED(~-1234.567,-1,TRUE)",
    "FIXED(~0.5,0)",
    arity=(1, 3),
)
def fixed_places(number, places=2.0, without_commas=False):
    return within_limits(fixed(number_of(number), _places(places), not truth_of(without_commas)))


@of_values("USDOLLAR", "USDOLLAR(~1234.567,2)", arity=(1, 2))
@of_values("DOLLAR", "DOLLAR(~1234.567,2)", "DOLLAR(~-1234.567,-2)", "DOLLAR(~99.888)", arity=(1, 2))
def dollars(number, places=2.0):
    written = fixed(number_of(number), _places(places), True)
    return within_limits(f"(${written[1:]})" if written.startswith("-") else f"${written}")


@of_values(
    "NUMBERVALUE",
    'NUMBERVALUE("2.500,27",",",".")+NUMBERVALUE(~1)',
    'NUMBERVALUE("3.5%%")*NUMBERVALUE(~2)',
    arity=(1, 3),
)
def number_value(text, point=".", thousands=","):
    """Of each sign the first letter counts; thousands may stand anywhere before the point. What stands in
    parentheses is below 0."""
    point, thousands = text_of(point)[:1], text_of(thousands)[:1]
    if not point or not thousands or point == thousands:
        raise Fails("#VALUE!", "is told no two signs, of decimals and of thousands")
    whole, *decimals = text_of(text).replace(" ", "").split(point)
    plain = ".".join([whole.replace(thousands, ""), *decimals])
    if not plain:
        return 0.0
    match = _PLAIN.fullmatch(plain) or _IN_PARENTHESES.fullmatch(plain)
    if not match:
        raise Fails("#VALUE!", f"finds no number in {text_of(text)!r}")
    number, *percents = match.groups()
    sign = -1.0 if match.re is _IN_PARENTHESES else 1.0
    return sign * number_of(number) / 100 ** len("".join(percents))


_PLAIN = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(%*)", re.ASCII)
_IN_PARENTHESES = re.compile(r"\(((?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(%*)\)(%*)", re.ASCII)


@handing_on("T", "T(~1.5)&2", "T($A$1:$A$2)&~2", smooth=False)
def text_only(context: Context, grid: Grid) -> Grid:
    """A text as it is, and "" for all else; of a range its first cell."""
    asked = grid.first() if grid.is_range else grid
    return for_each(context, lambda value: value if isinstance(value, str) else "", [asked], [False])


def _strictly(value: object) -> str:
    """As a formula would write it."""
    if isinstance(value, str) and not isinstance(value, ExcelError):
        return '"' + value.replace('"', '""') + '"'
    return text_of(value)


def _is_strict(way: object) -> bool:
    way = math.trunc(number_of(way))
    if way not in (0, 1):
        raise Fails("#VALUE!", "knows the ways 0 and 1")
    return way == 1


@of_constants(
    "VALUETOTEXT",
    "VALUETOTEXT(~1.5)",
    'VALUETOTEXT("a",1)&VALUETOTEXT(~1)',
    "VALUETOTEXT(NA())&VALUETOTEXT(~1)",
    arity=(1, 2),
    arrays=lambda i: False,
    errors_too=True,
)
def value_to_text(value, way=0.0):
    return within_limits((_strictly if _is_strict(way) else text_of)(value))


@of_constants(
    "ARRAYTOTEXT",
    "ARRAYTOTEXT(~{1,2;3,4})",
    "ARRAYTOTEXT(~{1,2;3,4},1)",
    arity=(1, 2),
    arrays=lambda i: i == 0,
    errors_too=True,  # which are shown
)
def array_to_text(cells: Cells, way=0.0):
    """In one line, or as a formula would write the array."""
    if isinstance(way, ExcelError):
        raise Fails(str(way))
    if cells.beyond > MOST_LETTERS:  # a comma each
        raise Fails("#VALUE!", "makes a text of whole rows or columns, which no cell holds")
    if not _is_strict(way):
        return within_limits(", ".join(map(text_of, cells.values)))
    if cells.values == [None]:
        raise Fails("#VALUE!", "is handed a blank cell alone, which no formula writes")
    width = cells.size[1]
    written = [_strictly(value) for value in cells.values]
    rows = (",".join(written[at : at + width]) for at in range(0, len(written), width))
    return within_limits("{" + ";".join(rows) + "}")


_THAI = "ศูนย์ หนึ่ง สอง สาม สี่ ห้า หก เจ็ด แปด เก้า".split()
_THAI_PLACES = ("", "สิบ", "ร้อย", "พัน", "หมื่น", "แสน")


@of_values(
    "BAHTTEXT", "BAHTTEXT(~1234)", "BAHTTEXT(~-21.5)&BAHTTEXT(0)", "BAHTTEXT(~1011111111.25)&BAHTTEXT(0.11)"
)
def baht_text(number):
    """An amount in Thai words, baht and satang."""
    amount = fixed(abs(number_of(number)), 2, False)
    baht, satang = map(int, amount.split("."))
    minus = "ลบ" if number_of(number) < 0 and (baht or satang) else ""
    words = f"{_in_thai(baht)}บาท" if baht or not satang else ""
    return minus + words + (f"{_in_thai(satang)}สตางค์" if satang else "ถ้วน")


def _in_thai(number: int) -> str:
    """In words, by millions: a 1 at the end of several digits is another word, and so are 1 and 2 tens."""
    millions, rest = divmod(number, 1_000_000)
    words = f"{_in_thai(millions)}ล้าน" if millions else ""
    digits = [*map(int, reversed(str(rest)))] if rest or not millions else []
    for place, digit in reversed([*enumerate(digits)]):
        if place == 0 and digit == 1 and number > 10:
            words += "เอ็ด"
        elif place == 1 and digit in (1, 2):
            words += ("สิบ", "ยี่สิบ")[digit - 1]
        elif digit or number == 0:
            words += _THAI[digit] + _THAI_PLACES[place]
    return words
