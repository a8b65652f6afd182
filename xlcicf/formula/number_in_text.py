"""What a text is worth where Excel needs a number: 1,234.5, 5%, $3, (7), 1 1/2, 1/15/2024, 15-Jan-24, 2 PM.

Dates and times are numbers as dates.py has them; a year left out is that of NOW. Texts are read as en-US has
them, and of a number's digits the first 15 count, as of a number that a person types.
"""

import math
import re
from decimal import ROUND_DOWN, Context, Overflow

from xlcicf.formula.dates import LAST, SECONDS, day_number, first_day, moment

_FIFTEEN = Context(prec=15, rounding=ROUND_DOWN)
_AMOUNT = re.compile(
    r"(?P<open>\(?) *(?P<sign>[+-]?) *(?P<currency>\$?) *(?P<sign2>[+-]?) *"
    r"(?P<digits>(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:\.[0-9]*)?)(?P<power>e[+-]?[0-9]+)?"
    r" *(?P<percent>%?) *(?P<close>\)?)"
)
_SPACES = re.compile(" {2,}")
_FRACTION = re.compile(r"([+-]?) *([0-9]+) +([0-9]+)/([0-9]+)")

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
        ("ym", f"{_FOUR}{_LINE}{_TWO}"),
        ("md", f"{_TWO}{_LINE}{_TWO}"),
        ("my", f"{_TWO}{_LINE}{_TWO}"),
        ("dmy", f"{_TWO} *[-/]? *{_NAME} *[-/,]? *{_YEAR}"),
        ("dm", f"{_TWO} *[-/]? *{_NAME}"),
        ("mdy", f"{_NAME} *[-/]? *{_TWO} *[-/, ] *{_YEAR}"),
        ("my", f"{_NAME} *[-/, ]? *{_FOUR}"),
        ("md", f"{_NAME} *[-/ ]? *{_TWO}"),
        ("my", f"{_NAME} *[-/ ]? *{_TWO}"),
    )
]
# With one colon and a point, 45:30.5, these are minutes and seconds.
_TIME = re.compile(
    r"(?P<hour>[0-9]{1,4})(?::(?P<minute>[0-9]{1,4})(?::(?P<second>[0-9]{1,4}(?:\.[0-9]*)?)|\.)?)?"
    r"(?: +(?P<half>[ap]m?))?"
    r"|(?P<minute2>[0-9]{1,4}):(?P<second2>[0-9]{1,4}\.[0-9]+)"
)


def number_in_text(text: str) -> float | None:
    """The number, spaces around an amount ignored; None where Excel would say #VALUE!."""
    plain = _plain(text)
    if plain is None:
        return None
    amount = _amount(plain)
    if amount is not None:
        return amount
    moment_ = date_and_time_in(text)
    return moment_ and sum(moment_)


def date_and_time_in(text: str) -> tuple[float, float] | None:
    """The day and the time that a text says, 0 for the one left out; None for other numbers,
    and for a day with spaces before or behind."""
    plain = _plain(text)
    if plain is None or (found := _date_and_time(plain)) is None:
        return None
    return None if found[0] and text != text.strip(" ") else found


def _plain(text: str) -> str | None:
    """In one case, without spaces around and with one where several stand, which mean no more than one; None
    for what holds no digit."""
    stripped = _SPACES.sub(" ", text.strip(" ").casefold())
    return stripped if any("0" <= letter <= "9" for letter in stripped) else None


def _typed(digits: str) -> float:
    try:
        return float(_FIFTEEN.create_decimal(digits))
    except Overflow:
        return math.inf


def _amount(text: str) -> float | None:
    if match := _FRACTION.fullmatch(text):
        whole, part, size = map(float, match.groups()[1:])
        number = whole + part / size if size else math.inf
        return None if not math.isfinite(number) else -number if match[1] == "-" else number
    match = _AMOUNT.fullmatch(text)
    if not match or bool(match["open"]) != bool(match["close"]) or not any(map(str.isdigit, match["digits"])):
        return None
    signs = match["sign"] + match["sign2"]
    if len(signs) > 1 or (signs and match["open"]):
        return None
    number = _typed(match["digits"].replace(",", "") + (match["power"] or ""))
    if math.isinf(number):
        return None
    if match["percent"]:
        number /= 100
    return -number if signs == "-" or match["open"] else number


def _date_and_time(text: str) -> tuple[float, float] | None:
    """A date, a time, or both with a space between them."""
    day, time = _day(text), _part_of_day(text)
    if day is not None or time is not None:
        return day or 0.0, time or 0.0
    for at in (i for i, letter in enumerate(text) if letter == " "):
        day, time = _day(text[:at].strip()), _part_of_day(text[at:].strip())
        if day is not None and time is not None:
            return day, time
    return None


def _day(text: str) -> float | None:
    for parts, pattern in _DATES:
        if match := pattern.fullmatch(text):
            said = dict(zip(parts, match.groups(), strict=True))
            month = _MONTH.get(said["m"]) or int(said["m"])
            day = day_number(_full_year(said.get("y")), month, int(said.get("d", 1)))
            if day is not None and first_day() <= day <= LAST:
                return float(day - first_day())
    return None


def _full_year(year: str | None) -> int:
    """Years of two digits lie between 1930 and 2029."""
    if year is None:
        return moment().year
    number = int(year)
    return number if len(year) > 2 else number + (2000 if number < 30 else 1900)


def _part_of_day(text: str) -> float | None:
    match = _TIME.fullmatch(text)
    if not match or not (match["minute"] or match["half"] or match["minute2"]):
        return None
    minute, second = match["minute"] or match["minute2"], match["second"] or match["second2"]
    hour, minute, second = (float(part or 0) for part in (match["hour"], minute, second))
    # One part alone may be more than a clock shows.
    if (hour >= 24) + (minute >= 60) + (second >= 60) > (not match["half"]):
        return None
    if half := match["half"]:
        if hour > 12:
            return None
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    return (hour * 3600 + minute * 60 + second) / SECONDS
