"""What a text is worth where Excel needs a number: 1,234.5, 5%, $3, (7), 1 1/2, 1/15/2024, 15-Jan-24, 2 PM.

A date is a number of days, 1 for 1 January 1900 (with the 29 February 1900 that Excel believes in), a time a
part of a day. Texts are read as en-US has them.
"""

import math
import re
from datetime import date

_AMOUNT = re.compile(
    r"(?P<open>\(?) *(?P<sign>[+-]?) *(?P<currency>\$?) *(?P<sign2>[+-]?)"
    r"(?P<digits>(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:\.[0-9]*)?)(?P<power>[eE][+-]?[0-9]+)?"
    r" *(?P<percent>%?) *(?P<close>\)?)"
)
_FRACTION = re.compile(r"([+-]?)([0-9]+) +([0-9]+)/([1-9][0-9]*)")

_MONTHS = "january february march april may june july august september october november december".split()
_MONTH = {name[:length]: number for length in (None, 3) for number, name in enumerate(_MONTHS, 1)}
_NAME, _TWO, _FOUR, _YEAR = f"({'|'.join(_MONTH)})", "([0-9]{1,2})", "([0-9]{4})", "([0-9]{4}|[0-9]{1,2})"
_LINE = " *[-/] *"
# What the groups of a pattern are: day, month, year.
_DATES = [
    (parts, re.compile(pattern))
    for parts, pattern in (
        ("mdy", f"{_TWO}{_LINE}{_TWO}{_LINE}{_YEAR}"),
        ("ymd", f"{_FOUR}{_LINE}{_TWO}{_LINE}{_TWO}"),
        ("my", f"{_TWO}{_LINE}{_FOUR}"),
        ("md", f"{_TWO}{_LINE}{_TWO}"),
        ("dmy", f"{_TWO} *[-/]? *{_NAME} *[-/,]? *{_YEAR}"),
        ("dm", f"{_TWO} *[-/]? *{_NAME}"),
        ("mdy", f"{_NAME} *[-/]? *{_TWO} *[-/, ] *{_YEAR}"),
        ("my", f"{_NAME} *[-/, ]? *{_FOUR}"),
        ("md", f"{_NAME} *[-/ ]? *{_TWO}"),
        ("my", f"{_NAME} *[-/ ]? *{_TWO}"),
    )
]
_TIME = re.compile(
    r"(?P<hour>[0-9]{1,4})(?::(?P<minute>[0-9]{1,2})(?::(?P<second>[0-9]{1,2}(?:\.[0-9]*)?))?)?"
    r" *(?P<half>[ap]m?)?"
)


def number_in_text(text: str) -> float | None:
    """The number, spaces around ignored; None where Excel would say #VALUE!."""
    stripped = text.strip(" ").casefold()
    if not any(c.isdigit() for c in stripped):
        return None
    amount = _amount(stripped)
    return amount if amount is not None else _date_and_time(stripped)


def _amount(text: str) -> float | None:
    if match := _FRACTION.fullmatch(text):
        size = int(match[2]) + int(match[3]) / int(match[4])
        return -size if match[1] == "-" else size
    match = _AMOUNT.fullmatch(text)
    if not match or bool(match["open"]) != bool(match["close"]) or not any(map(str.isdigit, match["digits"])):
        return None
    signs = match["sign"] + match["sign2"]
    if len(signs) > 1 or (signs and match["open"]):
        return None
    number = float(match["digits"].replace(",", "") + (match["power"] or ""))
    if math.isinf(number):
        return None
    if match["percent"]:
        number /= 100
    return -number if signs == "-" or match["open"] else number


def _date_and_time(text: str) -> float | None:
    """A date, a time, or both with a space between them."""
    day, time = _day(text), _part_of_day(text)
    if day is not None or time is not None:
        return day if day is not None else time
    for at in (i for i, letter in enumerate(text) if letter == " "):
        day, time = _day(text[:at].strip()), _part_of_day(text[at:].strip())
        if day is not None and time is not None:
            return day + time
    return None


def _day(text: str) -> float | None:
    for parts, pattern in _DATES:
        if match := pattern.fullmatch(text):
            said = dict(zip(parts, match.groups(), strict=True))
            month = _MONTH.get(said["m"]) or int(said["m"])
            day = _serial(_full_year(said.get("y")), month, int(said.get("d", 1)))
            if day is not None:
                return day
    return None


def _full_year(year: str | None) -> int:
    """Years of two digits lie between 1930 and 2029; no year at all is this one."""
    if year is None:
        return date.today().year
    number = int(year)
    return number if len(year) > 2 else number + (2000 if number < 30 else 1900)


def _serial(year: int, month: int, day: int) -> float | None:
    if (year, month, day) == (1900, 2, 29):
        return 60.0
    try:
        days = (date(year, month, day) - date(1899, 12, 31)).days
    except ValueError:
        return None
    return float(days + (days >= 60)) if days > 0 else None


def _part_of_day(text: str) -> float | None:
    match = _TIME.fullmatch(text)
    if not match or not (match["minute"] or match["half"]):
        return None
    hour, minute, second = (float(match[name] or 0) for name in ("hour", "minute", "second"))
    if minute >= 60 or second >= 60 or hour > 9999:
        return None
    if half := match["half"]:
        if not 1 <= hour <= 12 and hour:
            return None
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    return (hour * 3600 + minute * 60 + second) / 86400
