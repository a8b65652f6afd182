"""How a number is written: as & writes it, and as TEXT does by a number format, in en-US.

A format has up to four sections, for positive numbers, negative ones, 0 and texts, or says by [<100] which
numbers a section is for. In a section 0, # and ? stand for digits; y, m, d, h and s for parts of a date.
"""

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from itertools import takewhile

from xlcicf.formula.dates import LAST, SECONDS, first_day, weekday, year_month_day

MOST_LETTERS = 20  # of a number as & writes it, before it is written with E
GENERAL_LETTERS = 11  # of one in the format General
_ALL_DIGITS = Context(prec=700)  # of the largest number with the smallest part of it that a format can show

# --- without a format -----------------------------------------------------------------------------------


def number_as_text(x: float) -> str:
    """Up to 15 significant digits, none to spare; with E where more than 20 letters would be needed."""
    number = _decimal(x)
    return _with_exponent(number) if _letters(number) > MOST_LETTERS else f"{number:f}"


def _general(number: Decimal) -> str:
    """As a cell of the format General shows it: within 11 letters, a sign not counted."""
    if number and not -5 < number.adjusted() < GENERAL_LETTERS:
        short = _rounded(number, 5 - number.adjusted()).normalize()
        return _with_exponent(short) if _letters(number) > GENERAL_LETTERS else f"{number:f}"
    whole = max(number.adjusted(), 0) + 1
    return f"{_rounded(number, max(GENERAL_LETTERS - 1 - whole, 0)).normalize():f}"


def _decimal(x: float) -> Decimal:
    """The number as its first 15 significant digits say it, which is all that Excel shows of it."""
    return Decimal(f"{x:.14e}").normalize() if x else Decimal(0)


def _letters(number: Decimal) -> int:
    return len(f"{abs(number):f}")


def _with_exponent(number: Decimal) -> str:
    sign, digits, _ = number.as_tuple()
    fraction = "." + "".join(map(str, digits[1:])) if digits[1:] else ""
    return f"{'-' * sign}{digits[0]}{fraction}E{number.adjusted():+03d}"


def _rounded(number: Decimal, places: int) -> Decimal:
    """To so many places after the point, half away from 0."""
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _ALL_DIGITS)


# --- formats --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Section:
    """A format's letters as tokens, and which numbers it is for where it says so."""

    tokens: list[str]
    condition: Callable[[float], bool] | None

    @property
    def is_date(self) -> bool:
        return any(
            token[0] in "ymdhs" or token in _HALVES or _ELAPSED.fullmatch(token) for token in self.tokens
        )


_TOKEN = re.compile(
    r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|am/pm|a/p|general|e[+-]|y+|m+|d+|h+|s+(?:\.0+)?|.',
    re.IGNORECASE | re.DOTALL,
)
_MEANS = re.compile(r"\[[hms]+\]|am/pm|a/p|general|e[+-]|y+|m+|d+|h+|s+(?:\.0+)?", re.IGNORECASE)
_HALVES = ("am/pm", "a/p")
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)(-?[0-9.]+)\]")
_ORDER = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "<>": operator.ne,
}
_DIGIT = "0#?"


def shown(value: float | str, number_format: str) -> str:
    """A number or text as TEXT writes it. Raises ValueError where that is no date, or a format none."""
    sections = list(_sections(number_format))
    if isinstance(value, str):
        tokens = sections[3].tokens if len(sections) > 3 else ["@"]
        return "".join(value if token == "@" else _literal(token) for token in tokens)
    section, signed = _section_for(sections, value)
    if section.is_date:
        return _date(section.tokens, value)
    text = _number(section.tokens, abs(_decimal(value)))
    minus = signed and value < 0 and text != _number(section.tokens, Decimal(0))
    return "-" + text if minus else text


def _sections(number_format: str) -> Iterator[_Section]:
    tokens: list[str] = []
    condition = None
    for token in [*_TOKEN.findall(number_format), ";"]:
        if token == ";":
            yield _Section(tokens, condition)
            tokens, condition = [], None
        elif match := _CONDITION.fullmatch(token):
            condition = _holds(match[1], float(match[2]))
        elif token[0] != "[" or token[1:2] == "$" or _ELAPSED.fullmatch(token):  # others are colours
            tokens.append(token.casefold() if _MEANS.fullmatch(token) else token)


def _holds(sign: str, bound: float) -> Callable[[float], bool]:
    return lambda x: _ORDER[sign](x, bound)


def _section_for(sections: Sequence[_Section], x: float) -> tuple[_Section, bool]:
    """The section for a number, and whether a minus sign is still to be written."""
    if any(section.condition for section in sections):
        fitting = (s for s in sections[:3] if s.condition is None or s.condition(x))
        return next(fitting, sections[0]), True
    if x < 0 and len(sections) > 1:
        return sections[1], False
    return sections[2 if x == 0 and len(sections) > 2 else 0], True


def _literal(token: str) -> str:
    """What a token writes that stands for no digit."""
    if token[0] == '"':
        return token[1:-1]
    if token[0] == "\\":
        return token[1:]
    if token[0] == "[":
        return token[2:-1].partition("-")[0]
    return {"_": " ", "*": ""}.get(token[0], token) if len(token) > 1 else token


# --- numbers --------------------------------------------------------------------------------------------


def _number(tokens: Sequence[str], x: Decimal) -> str:
    """A number that is not negative."""
    whole = {"general": _general(x), "@": number_as_text(float(x))}
    if any(token in whole for token in tokens):
        return "".join(whole.get(token) or _literal(token) for token in tokens)
    if "/" in tokens and any(token in _DIGIT for token in tokens[: tokens.index("/")]):
        return _fraction(tokens, x)
    x = x.scaleb(2 * tokens.count("%"))
    power = next((i for i, token in enumerate(tokens) if token in ("e+", "e-")), len(tokens))
    mantissa, exponent = list(tokens[:power]), tokens[power + 1 :]
    in_threes, thousands = _take_commas(mantissa)
    x = x.scaleb(-3 * thousands)
    point = mantissa.index(".") if "." in mantissa else len(mantissa)
    before, after = mantissa[:point], mantissa[point:]
    places = sum(token in _DIGIT for token in after)
    if power == len(tokens):
        return _laid_out(before, after, _rounded(x, places), in_threes)
    shift = _exponent(x, sum(token in _DIGIT for token in before) or 1, places)
    head = _laid_out(before, after, _rounded(x.scaleb(-shift), places), False)
    sign = "-" if shift < 0 else "+" if tokens[power] == "e+" else ""
    return f"{head}E{sign}{_whole_digits(exponent, str(abs(shift)), False)}"


def _take_commas(tokens: list[str]) -> tuple[bool, int]:
    """Whether commas between the whole digits group them in threes, and how many commas behind the last digit
    leave out three digits each; they go from the tokens."""
    digits = [i for i, token in enumerate(tokens) if token in _DIGIT]
    if not digits:
        return False, 0
    end = digits[-1] + 1
    thousands = sum(1 for _ in takewhile(lambda token: token == ",", tokens[end:]))
    del tokens[end : end + thousands]
    point = tokens.index(".") if "." in tokens else len(tokens)
    between = [i for i, token in enumerate(tokens[:point]) if token == "," and i > digits[0]]
    for i in reversed(between):
        del tokens[i]
    return bool(between), thousands


def _exponent(x: Decimal, whole: int, places: int) -> int:
    """The power of ten, a multiple of `whole`, that leaves so many digits before the point."""
    if not x:
        return 0
    shift = (x.adjusted() // whole) * whole if whole > 1 else x.adjusted()
    return shift + whole if _rounded(x.scaleb(-shift), places).adjusted() >= whole else shift


def _laid_out(before: Sequence[str], after: Sequence[str], x: Decimal, in_threes: bool) -> str:
    """A number's digits in the places before the point, and in those behind it, the point among them."""
    whole, _, decimals = f"{x:f}".partition(".")
    whole = whole.lstrip("0")
    if not any(token in _DIGIT for token in before):
        head = "".join(map(_literal, before)) + (whole if after else "")
    else:
        head = _whole_digits(before, whole, in_threes)
    return head + _decimal_digits(after, decimals)


def _whole_digits(tokens: Sequence[str], digits: str, in_threes: bool) -> str:
    """Digits laid out from the right; the first place takes those left over."""
    out: list[str] = []
    first = next(i for i, token in enumerate(tokens) if token in _DIGIT)
    count = 0
    for i in reversed(range(len(tokens))):
        if tokens[i] not in _DIGIT:
            out.append(_literal(tokens[i]))
            continue
        own, digits = (digits, "") if i == first else (digits[-1:], digits[:-1])
        for digit in reversed(own or {"0": "0", "?": " "}.get(tokens[i], "")):
            if in_threes and count and count % 3 == 0 and digit != " ":
                out.append(",")
            out.append(digit)
            count += 1
    return "".join(reversed(out))


def _decimal_digits(tokens: Sequence[str], digits: str) -> str:
    places = [token for token in tokens if token in _DIGIT]
    kept = len(digits)
    while kept and digits[kept - 1] == "0" and places[kept - 1] != "0":
        kept -= 1
    shown_ = iter([d if i < kept else " " if places[i] == "?" else "" for i, d in enumerate(digits)])
    return "".join(next(shown_) if token in _DIGIT else _literal(token) for token in tokens)


def _fraction(tokens: Sequence[str], x: Decimal) -> str:
    """Such as # ?/?, with the whole part before it, or as one fraction where no place is left for that."""
    slash = tokens.index("/")
    start = slash
    while start and tokens[start - 1] in _DIGIT:
        start -= 1
    end = slash + 1
    while end < len(tokens) and tokens[end] in "0123456789#?":
        end += 1
    below = "".join(tokens[slash + 1 : end])
    mixed = any(token in _DIGIT for token in tokens[:start])
    whole = int(x) if mixed else 0
    rest = Fraction(x) - whole
    if below.strip("#?0"):
        part, size = round(rest * int(below)), int(below)
    else:
        part, size = rest.limit_denominator(10 ** len(below) - 1).as_integer_ratio()
    if mixed and part == size:
        whole, part, size = whole + 1, 0, 1
    head = _whole_digits(tokens[:start], str(whole) if whole else "", False)
    tail = "".join(map(_literal, tokens[end:]))
    if mixed and not part:
        if not whole:
            head = _whole_digits(tokens[:start], "0", False)
        return head + " " * (end - start) + tail
    above = str(part).rjust(slash - start)
    return f"{head}{above}/{str(size).ljust(len(below))}{tail}"


# --- dates ----------------------------------------------------------------------------------------------

_MONTHS = "January February March April May June July August September October November December".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()


def _date(tokens: Sequence[str], x: float) -> str:
    if any(token in _DIGIT for token in tokens):
        raise ValueError("a format is of digits or of a date, not both")
    places = max((len(token.partition(".")[2]) for token in tokens if token[0] == "s"), default=0)
    seconds = _rounded(abs(_decimal(x)) * SECONDS, places)
    day = int(seconds // SECONDS)
    if (x < 0 and not first_day()) or day + first_day() > LAST:
        raise ValueError(f"{x} is no date")
    halves = any(token in _HALVES for token in tokens)
    parts = _Moment(day + first_day(), seconds - day * SECONDS, seconds, halves)
    # Only a book that counts from 1904 has dates below 0, which are shown as their opposites.
    return ("-" if x < 0 else "") + "".join(parts.shown(token) for token in _minutes_marked(tokens))


def _minutes_marked(tokens: Sequence[str]) -> Iterator[str]:
    """The tokens, but m and mm as "minute m" where they stand behind hours or before seconds."""
    timed = [token for token in tokens if token[0] in "ymdhs" or _ELAPSED.fullmatch(token)]
    at = 0
    for token in tokens:
        if token not in timed:
            yield token
            continue
        near = (timed[at - 1][:2] if at else ""), (timed[at + 1][:1] if at + 1 < len(timed) else "")
        is_minute = token in ("m", "mm") and (near[0][:1] == "h" or near[0] == "[h" or near[1] == "s")
        yield f"minute {token}" if is_minute else token
        at += 1


@dataclass(frozen=True)
class _Moment:
    """A time of a day.

    day          of 1900's count
    second       of the day
    all_seconds  since the book's day 0
    halves       whether hours count to 12
    """

    day: int
    second: Decimal
    all_seconds: Decimal
    halves: bool

    def shown(self, token: str) -> str:
        if token.startswith("minute "):
            return f"{int(self.second // 60 % 60):0{len(token) - 7}d}"
        if _ELAPSED.fullmatch(token):
            size = {"h": 3600, "m": 60, "s": 1}[token[1]]
            return f"{int(self.all_seconds // size):0{len(token) - 2}d}"
        match token[0]:
            case "y" | "m" | "d":
                return self._of_date(token)
            case "h":
                hour = int(self.second // 3600)
                return f"{(hour % 12 or 12) if self.halves else hour:0{min(len(token), 2)}d}"
            case "s":
                whole, _, places = token.partition(".")
                shown_ = f"{self.second % 60:.{len(places)}f}"
                return shown_.rjust(min(len(whole), 2) + (len(places) + 1 if places else 0), "0")
        if token in _HALVES:
            half = "AM" if self.second < SECONDS / 2 else "PM"
            return half if token == "am/pm" else half[0]
        return _literal(token)

    def _of_date(self, token: str) -> str:
        year, month, day = year_month_day(self.day)
        length = len(token)
        if token[0] == "y":
            return f"{year % 100:02d}" if length < 3 else f"{year:04d}"
        if token[0] == "d":
            name = _DAYS[weekday(self.day)]
            return [str(day), f"{day:02d}", name[:3], name][min(length, 4) - 1]
        name = _MONTHS[month - 1]
        return [str(month), f"{month:02d}", name[:3], name, name[0]][length - 1 if length < 6 else 3]
