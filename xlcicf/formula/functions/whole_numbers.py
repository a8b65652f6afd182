"""Excel's category Math & Trig: factorials, combinations, divisors, and numbers written in other ways."""

import math
from collections.abc import Callable, Mapping
from functools import reduce

from xlcicf.formula import tape as t
from xlcicf.formula.coercion import number_of, taken_as_scalar, taken_without_truths, text_of
from xlcicf.formula.context import Fails
from xlcicf.formula.functions.table import ALL_NEEDED, ANY, NO_ARGUMENT, of_constants, of_numbers
from xlcicf.formula.grid import Grid
from xlcicf.formula.number_by_number import stepwise
from xlcicf.formula.plain import Cells
from xlcicf.formula.snapshot import ExcelError

LARGEST_FACTORIAL, LARGEST_DOUBLE_FACTORIAL = 170, 300
EXACT = 2.0**53  # whole numbers below it are told apart


def of_whole(
    name: str,
    *examples: str,
    arity: tuple[int, int] = (1, 1),
    taken: Callable[[Grid], Grid] = taken_as_scalar,
):
    """Enters a function of whole numbers from -1 on, body(m, n, ...) -> float, to which fractions are cut; of
    those below, and for ValueError and OverflowError, it is #NUM!."""

    def enter(body: Callable[..., float]):
        def plain(*numbers: float) -> float:
            if any(x < 0 and x != -1 for x in numbers):
                return math.nan
            try:
                return float(body(*map(math.trunc, numbers)))
            except (ValueError, OverflowError):
                return math.nan

        of_numbers(name, *examples, arity=arity, smooth=False, taken=taken)(
            lambda *operands: t.may_fail(stepwise(*map(t.as_array, operands), compute=plain))
        )
        return body

    return enter


@of_whole("FACT", "FACT(~5)", "FACT(~1.9)", "FACT(~170)/FACT(~169)")
def factorial(n):
    if n > LARGEST_FACTORIAL:
        raise OverflowError
    return math.factorial(n)


@of_whole(
    "FACTDOUBLE", "FACTDOUBLE(~6)", "FACTDOUBLE(~7.9)", "FACTDOUBLE(~-1)", "FACTDOUBLE(~0)",
    taken=taken_without_truths,
)  # fmt: skip
def double_factorial(n):
    if n > LARGEST_DOUBLE_FACTORIAL:
        raise OverflowError
    return math.prod(range(n, 0, -2))


@of_whole("COMBIN", "COMBIN(~8,~2)", "COMBIN(~8.9,~2.9)", arity=(2, 2))
def combinations(n, chosen):
    if chosen > n:
        raise ValueError
    return _choose(n, chosen)


@of_whole("COMBINA", "COMBINA(~4,~3)", "COMBINA(~10,~3)", "COMBINA(~3,~0)", arity=(2, 2))
def combinations_with_repetition(n, chosen):
    if n < 0 or chosen < 0 or n == 0 < chosen:
        raise ValueError
    return 1 if chosen == 0 else _choose(n + chosen - 1, chosen)


MOST_FACTORS = 100_000


def _choose(n: int, chosen: int) -> int:
    if min(chosen, n - chosen) > MOST_FACTORS:  # beyond all numbers, or as good as endless to compute
        raise OverflowError
    return math.comb(n, chosen)


# --- divisors -------------------------------------------------------------------------------------------


def _whole_numbers(arrays: tuple[Cells, ...]) -> list[int]:
    """All numbers of arrays, cut to whole ones; a blank among others is 0, but passed over where it is an
    argument of its own. Raises Fails for what is none, is negative, and for no numbers."""
    numbers = []
    for cells in arrays:
        if cells.first_error:
            raise Fails(str(cells.first_error))
        for value in cells.values:
            if isinstance(value, bool):
                raise Fails("#VALUE!", "takes no TRUE or FALSE")
            if value is not None or len(cells) > 1:
                numbers.append(number_of(value))
    if not numbers:
        raise Fails("#VALUE!", "finds no numbers among its arguments")
    if any(not 0 <= x < EXACT for x in numbers):
        raise Fails("#NUM!", "takes whole numbers from 0 to 2^53 only")
    return [int(x) for x in numbers]


def of_whole_arrays(name: str, *examples: str, omitted: Mapping[int, float | ExcelError] = NO_ARGUMENT):
    """Enters a function of any number of whole numbers, body(list) -> int."""

    def enter(body: Callable[[list[int]], int]):
        def compute(*arrays: Cells) -> float:
            try:
                return float(body(_whole_numbers(arrays)))
            except OverflowError:
                raise Fails("#NUM!", "is beyond all numbers") from None

        of_constants(name, *examples, arity=(1, ANY), arrays=lambda i: True, omitted=omitted)(compute)
        return body

    return enter


@of_whole_arrays("GCD", "GCD(~24,36)", "GCD(~{24,36},8.9)", "GCD(~5,0)", omitted=ALL_NEEDED)
def greatest_common_divisor(numbers):
    return math.gcd(*numbers)


@of_whole_arrays("LCM", "LCM(~24,36)", "LCM(~{5,2},3)", "LCM(~5,0)", omitted=ALL_NEEDED)
def least_common_multiple(numbers):
    out = math.lcm(*numbers)
    if out >= EXACT:
        raise OverflowError
    return out


@of_whole_arrays("MULTINOMIAL", "MULTINOMIAL(~2,3,4)", "MULTINOMIAL(~{2,3},4.9)")
def multinomial(numbers):
    if sum(numbers) > MOST_FACTORS:
        raise OverflowError
    return reduce(lambda out, n: out * n, _ways(numbers), 1)


def _ways(numbers: list[int]) -> list[int]:
    """In how many ways each number's share is taken from those left."""
    return [math.comb(sum(numbers[: i + 1]), n) for i, n in enumerate(numbers)]


# --- other ways of writing ------------------------------------------------------------------------------

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _radix(value: object) -> int:
    radix = math.trunc(number_of(value))
    if not 2 <= radix <= 36:
        raise Fails("#NUM!", "takes a base from 2 to 36")
    return radix


@of_constants(
    "BASE", "LEN(BASE(~7,2))", 'LEN(BASE(~100,16))', "LEN(BASE(~15,2,10))", arity=(2, 3),
    arrays=lambda i: False,
)  # fmt: skip
def in_base(number, radix, length=0.0):
    number, radix, length = number_of(number), _radix(radix), number_of(length)
    if not 0 <= number < EXACT or not 0 <= length < 256:
        raise Fails("#NUM!", "takes numbers from 0 to 2^53 and up to 255 digits")
    left, digits = int(number), ""
    while left or not digits:
        left, digit = divmod(left, radix)
        digits = _DIGITS[digit] + digits
    return digits.rjust(int(length), "0")


@of_constants(
    "DECIMAL", 'DECIMAL("FF",16)+SUM(DECIMAL(~1,2))', "DECIMAL(~111,2)", arity=(2, 2),
    arrays=lambda i: False,
)  # fmt: skip
def from_base(text, radix):
    text, radix = text_of(text).strip(), _radix(radix)
    if len(text) > 255:
        raise Fails("#VALUE!", "reads at most 255 digits")
    try:
        return float(int(text, radix)) if text and text.isalnum() and text.isascii() else _no_number()
    except (ValueError, OverflowError):
        return _no_number()


def _no_number():
    raise Fails("#NUM!", "finds signs that are no digits of that base")


_ROMAN = [(1000, "M"), (500, "D"), (100, "C"), (50, "L"), (10, "X"), (5, "V"), (1, "I")]


@of_constants("ROMAN", "LEN(ROMAN(~499))", "LEN(ROMAN(~499,2))", arity=(1, 2), arrays=lambda i: False)
def roman(number, form=0.0):
    """Where a digit is 4 or 9, a letter stands before a larger one; `form` says how many smaller letters on
    from the usual one it may be, as long as that leaves no more than there is: XLV, VL."""
    number = number_of(number)
    left = math.trunc(number)
    form = 0 if form is True else 4 if form is False else math.trunc(number_of(form))
    if number < 0 or left > 3999 or not 0 <= form <= 4:
        raise Fails("#VALUE!", "writes numbers from 0 to 3999, in forms 0 to 4")
    written = ""
    for unit in range(0, len(_ROMAN), 2):
        digit = left // _ROMAN[unit][0]
        if digit % 5 == 4:
            value, letter = _ROMAN[unit - (1 if digit == 4 else 2)]
            before = unit
            while before - unit < form and before + 1 < len(_ROMAN) and value - _ROMAN[before + 1][0] <= left:
                before += 1
            written += _ROMAN[before][1] + letter
            left -= value - _ROMAN[before][0]
        else:
            written += (_ROMAN[unit - 1][1] if digit > 4 else "") + _ROMAN[unit][1] * (digit % 5)
            left %= _ROMAN[unit][0]
    return written


@of_constants("ARABIC", "ARABIC(~1)", arity=(1, 1), arrays=lambda i: False)
def arabic(text):
    """A letter that a larger one follows, next to it or later, counts below 0."""
    letters, sign = text_of(text).strip().upper(), 1
    if letters.startswith("-"):
        letters, sign = letters[1:], -1
    worth = {letter: value for value, letter in _ROMAN}
    if len(letters) > 255 or any(letter not in worth for letter in letters):
        raise Fails("#VALUE!", "finds letters that are no Roman numeral")
    total = largest = 0
    for value in (worth[letter] for letter in reversed(letters)):
        largest = max(largest, value)
        total += value if value == largest else -value
    return float(sign * total)
