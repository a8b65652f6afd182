"""How a number is written: as & writes it, and as TEXT does by a number format, in en-US.

A format has up to four sections, for positive numbers, negative ones, 0 and texts, or says by [<100] which
numbers a section is for. In a section 0, # and ? stand for digits; y, m, d, h and s for parts of a date.
"""

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from itertools import takewhile

from xlcicf.formula.dates import LAST, SECONDS, first_day, weekday, year_month_day

MOST_LETTERS = 20  # of a number as & writes it, before it is written with E
EXACT = 1e15  # up to here hours, minutes and seconds are counted
GENERAL_LETTERS = 11  # of one in the format General
MOST_DIGITS = 700  # of the largest number with the smallest part of it
_ALL_DIGITS = Context(prec=MOST_DIGITS + 1)

# --- without a format -----------------------------------------------------------------------------------


def number_as_text(x: float, most: int = MOST_LETTERS) -> str:
    """Up to 15 significant digits, none to spare; with E where more letters than `most` would be needed."""
    number = _decimal(x)
    return _with_exponent(number) if _letters(number) > most else f"{number:f}"


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
    """To so many places after the point, half away from 0. Raises ValueError for more digits than any has."""
    if number.adjusted() + places > MOST_DIGITS:
        raise ValueError(f"a format has {MOST_DIGITS} digits at most")
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _ALL_DIGITS)


def fixed(x: float, places: int, in_threes: bool) -> str:
    """With so many places after the point, or rounded to so many before it, and commas between thousands."""
    number = _rounded(_decimal(x), places)
    number = number if number else abs(number)
    return f"{number:,f}" if in_threes else f"{number:f}"


# --- formats --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Section:
    """A format's letters as tokens, and which numbers it is for where it says so.

    below_zero  whether these are negative numbers alone, whose sign it leaves out
    """

    tokens: list[str]
    condition: Callable[[float], bool] | None = None
    below_zero: bool = False

    @property
    def is_date(self) -> bool:
        return any(
            token[0] in "ymdhs" or token in _HALVES or token in _YEARS or _ELAPSED.fullmatch(token)
            for token in map(str.casefold, self.tokens)
        )

    @property
    def is_of_text(self) -> bool:
        return "@" in self.tokens

    @property
    def is_general(self) -> bool:
        return "general" in self.tokens


_MEANS = re.compile(r"\[[hms]+\]|am/pm|a/p|general|e[+-]|[ymdhseb]+", re.IGNORECASE)
_TOKEN = re.compile(
    r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|am/pm|a/p|general|e[+-]|y+|m+|d+|h+|s+|e+|b[12]|b+|.',
    re.IGNORECASE | re.DOTALL,
)
_HALVES = ("am/pm", "a/p")
_YEARS = ("e", "ee", "b", "bb", "bbb", "bbbb")  # bb is that of the Buddhist calendar
_UNKNOWN = ("[", "g", "b1", "b2")  # eras, and calendars other than ours
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=) *(-?[0-9.]+)\]")
_ORDER = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "<>": operator.ne,
}
_DIGIT = "0#?"
_GENERAL = _Section(["general"])


def shown(value: float | str, number_format: str) -> str:
    """A number or text as TEXT writes it. Raises ValueError where that is no date, or a format none."""
    sections = list(_sections(number_format))
    if len(sections) > 4:
        raise ValueError("a format has four sections at most")
    of_text = sections.pop() if len(sections) == 4 or sections[-1].is_of_text else _Section(["@"])
    if isinstance(value, str):
        written = (value if token in ("@", "general") else _literal(token) for token in of_text.tokens)
        return "".join(written) if value else ""
    section, signed = _section_for(sections or [_GENERAL], value)
    if section.is_date:
        return _date(section.tokens, value)
    text = _number(section.tokens, abs(_decimal(value)))
    minus = signed and value < 0 and text != _number(section.tokens, Decimal(0))
    return "-" + text if minus else text


def _sections(number_format: str) -> Iterator[_Section]:
    section = _Section([])
    for token in [*_TOKEN.findall(number_format), ";"]:
        if token == ";":
            yield section
            section = _Section([])
        elif match := _CONDITION.fullmatch(token):
            sign, bound = match[1], float(match[2])
            below_zero = bound == 0 and sign in ("<", "<=")
            section = _Section(section.tokens, _holds(sign, bound), below_zero)
        elif token.casefold() in _UNKNOWN:
            raise ValueError(f"a format has no {token!r}")
        elif token[0] != "[" or token[1:2] == "$" or _ELAPSED.fullmatch(token):  # others are colours
            section.tokens.append(token.casefold() if _MEANS.fullmatch(token) and token != "A/P" else token)


def _holds(sign: str, bound: float) -> Callable[[float], bool]:
    return lambda x: _ORDER[sign](x, bound)


def _section_for(sections: Sequence[_Section], x: float) -> tuple[_Section, bool]:
    """The section for a number, and whether a minus sign is still to be written."""
    if len(sections) == 1 and sections[0].condition and not sections[0].condition(x):
        return _GENERAL, True
    if any(section.condition for section in sections):
        fitting = (i for i, s in enumerate(sections) if s.condition is None or s.condition(x))
        which = next(fitting, 0)
        return sections[which], which != 1 and not sections[which].below_zero
    if x < 0 and len(sections) > 1:
        return sections[1], sections[1].is_general
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
    if "general" in tokens:
        return "".join(_general(x) if token == "general" else _literal(token) for token in tokens)
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
    if not any(token in _DIGIT for token in exponent):
        raise ValueError("a format has no place for a digit behind its E")
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
    point = tokens.index(".") if "." in tokens else len(tokens)
    last_whole = max((i for i in digits if i < point), default=point - 1)
    behind = {*_commas(tokens, last_whole + 1), *_commas(tokens, digits[-1] + 1)}
    between = {i for i, token in enumerate(tokens[:point]) if token == "," and i > digits[0]} - behind
    for i in sorted(behind | between, reverse=True):
        del tokens[i]
    return bool(between), len(behind)


def _commas(tokens: Sequence[str], start: int) -> range:
    """Where commas stand in a row from a place on."""
    return range(start, start + _run(tokens[start:], ","))


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
            if in_threes and count and count % 3 == 0:
                out.append("," if digit != " " else " ")
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
    left = slash - _run(reversed(tokens[:slash]), " ")
    start = left - _run(reversed(tokens[:left]), _DIGIT)
    right = slash + 1 + _run(tokens[slash + 1 :], " ")
    end = right + _run(tokens[right:], "0123456789#?")
    below = "".join(tokens[right:end])
    mixed = any(token in _DIGIT for token in tokens[:start])
    above = tokens[start:left]
    if not (above and below):
        raise ValueError("a format has no place for digits above or below its fraction's stroke")
    width = min(max(above.count("?") or len(above), len(below)), 7)
    if below.strip("#?0"):
        size, width = int(below.translate({ord("#"): None, ord("?"): None})), len(above)
        whole, part = divmod(int(Fraction(x) * size + Fraction(1, 2)), size)
    else:
        part, size = _convergent(float(x), 10**width - 1)
        whole, part = divmod(part, size)
    if not mixed:
        whole, part = 0, whole * size + part
    digits = str(whole) if whole or (mixed and not part) else ""
    head = _whole_digits(tokens[:start], digits, False) if mixed else "".join(map(_literal, tokens[:start]))
    tail = "".join(map(_literal, tokens[end:]))
    if mixed and not part:
        return head + " " * (left - start + 1 + len(below)) + tail
    over = _whole_digits(above, str(part), False).rjust(width if "?" in above else 0)
    under = str(size).ljust(width if "?" in below else 0)
    return f"{head}{over}{''.join(tokens[left:right])}{under}{tail}"


def _run(tokens: Iterable[str], of: str) -> int:
    """How many of the first tokens are some of these letters."""
    return sum(1 for _ in takewhile(lambda token: token in of, tokens))


def _convergent(x: float, largest: int) -> tuple[int, int]:
    """The last convergent of the continued fraction with so large a denominator at most, which is what Excel
    takes, in doubles: a fraction between two of them may be nearer."""
    before, now = (0, 1), (1, 0)
    while True:
        whole = int(x)
        then = whole * now[0] + before[0], whole * now[1] + before[1]
        if then[1] > largest:
            return now
        before, now = now, then
        if x - whole < 5e-8:
            return now
        x = 1 / (x - whole)


# --- dates ----------------------------------------------------------------------------------------------

_MONTHS = "January February March April May June July August September October November December".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()


def _date(tokens: Sequence[str], x: float) -> str:
    timed = [token for token in tokens if token[0] in "ymdhs" or _ELAPSED.fullmatch(token)]
    alone = len(timed) == 1 and _ELAPSED.fullmatch(timed[0]) and not _MANY.fullmatch(timed[0])
    if alone and not any(token in "0#?." for token in tokens) and abs(x) < EXACT:
        return _elapsed_alone(tokens, x)
    if abs(x) > LAST + 1:  # before it is divided, which a decimal of so many digits cannot be
        raise ValueError(f"{x} is no date")
    tokens = list(_with_parts_of_seconds(tokens))
    if any(token in _DIGIT or _MANY.fullmatch(token) for token in tokens):
        raise ValueError("a format is of digits or of a date, not both")
    places = max((len(token) - 1 for token in tokens if _PARTS.fullmatch(token)), default=0)
    seconds = _rounded(abs(_decimal(x)) * SECONDS, places)
    day = int(seconds // SECONDS)
    if (x < 0 and not first_day()) or day + first_day() > LAST:
        raise ValueError(f"{x} is no date")
    halves = any(token.casefold() in _HALVES for token in tokens)
    parts = _Moment(day + first_day(), seconds - day * SECONDS, seconds, halves)
    # Only a book that counts from 1904 has dates below 0, which are shown as their opposites.
    return ("-" if x < 0 else "") + "".join(parts.shown(token) for token in _minutes_marked(tokens))


def _elapsed_alone(tokens: Sequence[str], x: float) -> str:
    """Hours, minutes or seconds of a number that need be no date; below 0 with its sign."""
    moment = _Moment(0, Decimal(0), _rounded(abs(_decimal(x)) * SECONDS, 0), False)
    return ("-" if x < 0 else "") + "".join(map(moment.shown, tokens))


_PARTS = re.compile(r"\.0+")  # of seconds
_MANY = re.compile(r"\[?(hhh+|sss+)\]?|\[mmm+\]")  # letters that mean no part of a time


def _with_parts_of_seconds(tokens: Sequence[str]) -> Iterator[str]:
    """The tokens, a point and the zeros behind it as one."""
    at = 0
    while at < len(tokens):
        end = at + 1
        while tokens[at] == "." and end < len(tokens) and tokens[end] == "0":
            end += 1
        yield "".join(tokens[at:end])
        at = end


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
            case "y" | "m" | "d" | "e" | "b":
                return self._of_date(token)
            case "h":
                hour = int(self.second // 3600)
                return f"{(hour % 12 or 12) if self.halves else hour:0{min(len(token), 2)}d}"
            case "s":
                return f"{int(self.second % 60):0{len(token)}d}"
        if _PARTS.fullmatch(token):
            return (
                f"{self.second % 1:f}".partition(".")[2]
                .ljust(len(token), "0")[: len(token) - 1]
                .join((".", ""))
            )
        if token.casefold() in _HALVES:
            before, after = ("AM", "PM") if len(token) > 3 else token.split("/")
            return before if self.second < SECONDS / 2 else after
        return _literal(token)

    def _of_date(self, token: str) -> str:
        year, month, day = year_month_day(self.day)
        length = len(token)
        if token[0] in "yeb":
            year += 543 if token[0] == "b" else 0
            return f"{year % 100:02d}" if length < 3 and token[0] != "e" else f"{year:04d}"
        if token[0] == "d":
            name = _DAYS[weekday(self.day)]
            return [str(day), f"{day:02d}", name[:3], name][min(length, 4) - 1]
        name = _MONTHS[month - 1]
        return [str(month), f"{month:02d}", name[:3], name, name[0]][length - 1 if length < 6 else 3]
