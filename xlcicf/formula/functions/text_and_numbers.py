"""Numbers as texts and texts as numbers, of Excel's category Text."""

import re

from xlcicf.formula.coercion import MOST_LETTERS, number_of, text_of, truth_of, within_limits
from xlcicf.formula.context import Fails
from xlcicf.formula.functions.table import of_constants
from xlcicf.formula.functions.text import of_values
from xlcicf.formula.number_format import fixed, shown
from xlcicf.formula.plain import Cells
from xlcicf.formula.snapshot import ExcelError

MOST_PLACES = 127


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
    if abs(places) > MOST_PLACES:
        raise Fails("#VALUE!", f"rounds to more than {MOST_PLACES} places")
    return places


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
    """Of each sign the first letter counts; thousands may stand anywhere before the point."""
    point, thousands = text_of(point)[:1], text_of(thousands)[:1]
    if not point or not thousands or point == thousands:
        raise Fails("#VALUE!", "is told no two signs, of decimals and of thousands")
    whole, *decimals = text_of(text).replace(" ", "").split(point)
    plain = ".".join([whole.replace(thousands, ""), *decimals])
    if not plain:
        return 0.0
    match = re.fullmatch(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(%*)", plain, re.ASCII)
    if not match:
        raise Fails("#VALUE!", f"finds no number in {text_of(text)!r}")
    return number_of(match[1]) / 100 ** len(match[2])


@of_values("T", "T(~1.5)&2")
def text_only(value):
    return value if isinstance(value, str) else ""


def _strictly(value: object) -> str:
    """As a formula would write it."""
    if isinstance(value, str) and not isinstance(value, ExcelError):
        return '"' + value.replace('"', '""') + '"'
    return text_of(value)


def _is_strict(way: object) -> bool:
    way = number_of(way)
    if way not in (0.0, 1.0):
        raise Fails("#VALUE!", "knows the ways 0 and 1")
    return way == 1.0


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
    width = cells.size[1]
    written = [_strictly(value) for value in cells.values]
    rows = (",".join(written[at : at + width]) for at in range(0, len(written), width))
    return within_limits("{" + ";".join(rows) + "}")
