"""What MATCH, COUNTIF and their kind take for a hit: equality with wildcards, criteria such as ">=0.5"."""

import operator
import re
from collections.abc import Callable

from xlcicf.formula.coercion import number_in_text
from xlcicf.formula.comparing import comparable, plain
from xlcicf.formula.grid import CellError

Test = Callable[[object], bool]

_CRITERION = re.compile(r"(>=|<=|<>|>|<|=)?(.*)", re.DOTALL)
_ORDER = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


def equals(wanted: object) -> Test:
    """Letters' case is ignored, * and ? in a text stand for others."""
    if isinstance(wanted, CellError):
        return lambda v: isinstance(v, CellError) and v == wanted
    if isinstance(wanted, str):
        parts = re.findall(r"~[*?~]|.", wanted.casefold(), re.DOTALL)
        pattern = "".join({"*": ".*", "?": "."}.get(part) or re.escape(part[-1]) for part in parts)
        like = re.compile(pattern, re.DOTALL)
        return lambda v: comparable(v, wanted) and like.fullmatch(plain(v)) is not None
    return lambda v: comparable(v, wanted) and v == wanted


def meets(criterion: object) -> Test:
    """The test behind a criterion of COUNTIFS such as 3, "male", "m*", ">=0.5", "<>x" or "" (empty)."""
    if criterion is None:
        criterion = 0.0
    if not isinstance(criterion, str) or isinstance(criterion, CellError):
        return _counts_as(criterion)
    match = _CRITERION.fullmatch(criterion)
    assert match
    sign, text = match[1] or "", match[2]
    if text == "":
        return {
            "": lambda v: v is None or v == "",
            "=": lambda v: v is None,
            "<>": lambda v: v is not None,
        }.get(sign, lambda v: False)
    wanted = _from_criterion(text)
    if sign in _ORDER:
        return lambda v: comparable(v, wanted) and _ORDER[sign](plain(v), plain(wanted))
    hit = _counts_as(wanted)
    return (lambda v: not hit(v)) if sign == "<>" else hit


def _from_criterion(text: str) -> object:
    number = number_in_text(text)
    if number is not None:
        return number
    if text.startswith("#"):
        return CellError(text.upper())
    return {"true": True, "false": False}.get(text.casefold(), text)


def _counts_as(wanted: object) -> Test:
    """Equal, a number written as text included: COUNTIF is the one function that takes "3" for 3."""
    hit = equals(wanted)
    if not isinstance(wanted, float):
        return hit
    return lambda v: hit(v) or (isinstance(v, str) and number_in_text(v) == wanted)
