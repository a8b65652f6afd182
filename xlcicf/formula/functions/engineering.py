"""Excel's category Engineering but for complex numbers: bases, bits, units, error and Bessel functions."""

import math
import operator
import re
from collections.abc import Callable

from xlcicf.formula import tape as t
from xlcicf.formula.bessel import bessel_i, bessel_j, bessel_k, bessel_y
from xlcicf.formula.coercion import number_of, taken_without_truths, text_of
from xlcicf.formula.context import Context, Fails
from xlcicf.formula.functions.table import elementwise, handing_on, of_constants, of_numbers
from xlcicf.formula.grid import Grid
from xlcicf.formula.measures import conversion
from xlcicf.formula.plain import for_each
from xlcicf.formula.special import erf, erfc


def of_analysis(name: str, *examples: str, arity: tuple[int, int] = (1, 1), smooth: bool = True):
    """Enters a function of single numbers that takes no TRUE and FALSE for them."""
    return of_numbers(name, *examples, arity=arity, smooth=smooth, taken=taken_without_truths)


# --- bases ----------------------------------------------------------------------------------------------

DIGITS = "0123456789ABCDEF"
MOST_DIGITS = 10  # of them the first says the sign: numbers below 0 are complements
BASES = {"BIN": 2, "OCT": 8, "HEX": 16}
BELOW_ZERO = {"BIN": "1110011100", "OCT": "7777777533", "HEX": "FFFFFFFF5b"}


FREE = object()  # as many places as there are digits


def number_written(text: str, base: int) -> int:
    """What digits are worth, none at all 0. Raises Fails("#NUM!")."""
    if not re.fullmatch(f"[{DIGITS[:base]}]{{0,{MOST_DIGITS}}}", text.upper()):
        raise Fails("#NUM!", f"finds {text!r} where it needs up to ten digits of base {base}")
    number = int(text or "0", base)
    return number - base**MOST_DIGITS if 2 * number >= base**MOST_DIGITS else number


def places_asked(places: object) -> int:
    """To how many places a number is filled up, 0 for no more than it has digits. Raises Fails("#NUM!")."""
    count = 0 if places is FREE else int(number_of(places))
    if places is not FREE and not 0 < count <= MOST_DIGITS:
        raise Fails("#NUM!", "fills up to 1 to 10 places")
    return count


def written(count: int, number: int, base: int) -> str:
    """A number's digits, filled up with 0 in front to so many places. Raises Fails("#NUM!")."""
    if not -(base**MOST_DIGITS) <= 2 * number < base**MOST_DIGITS:
        raise Fails("#NUM!", f"finds {number}, for which ten digits of base {base} are too few")
    digits = _digits(number % base**MOST_DIGITS, base)
    if number >= 0 and 0 < count < len(digits):
        raise Fails("#NUM!", f"needs more than {count} places")
    return digits if number < 0 else digits.rjust(count, "0")


def _digits(number: int, base: int) -> str:
    return {2: f"{number:b}", 8: f"{number:o}", 16: f"{number:X}"}[base]


def of_bases(name: str, *examples: str):
    return of_constants(
        name, *examples, arity=(1, 1 if name.endswith("DEC") else 2), arrays=lambda i: False, no_truths=True
    )


for _name, _base in BASES.items():
    of_bases(f"{_name}2DEC", f"{_name}2DEC(~11)", f'{_name}2DEC("{BELOW_ZERO[_name]}")+{_name}2DEC(~1)')(
        lambda text, base=_base: float(number_written(text_of(text), base))
    )
    of_bases(f"DEC2{_name}", f"DEC2{_name}(~100,8)", f"DEC2{_name}(~-100)", f"DEC2{_name}(~5.9)")(
        lambda number, places=FREE, base=_base: written(places_asked(places), int(number_of(number)), base)
    )
    for _other in (other for other in BASES if other != _name):
        of_bases(f"{_name}2{_other}", f"{_name}2{_other}(~101)", f"{_name}2{_other}(~11,5)")(
            lambda text, places=FREE, base=_base, other=BASES[_other]: written(
                places_asked(places), number_written(text_of(text), base), other
            )
        )


# --- bits -----------------------------------------------------------------------------------------------

MOST_BITS, MOST_SHIFTED = 48, 53


def _bits(value: object) -> int:
    number = number_of(value)
    if not 0 <= number < 2**MOST_BITS or number % 1:
        raise Fails("#NUM!", f"finds {number:g} where it needs a whole number of up to {MOST_BITS} bits")
    return int(number)


def of_bits(name: str, combine: Callable[[int, int], int], *examples: str) -> None:
    of_constants(name, *examples, arity=(2, 2), arrays=lambda i: False)(
        lambda a, b: float(combine(_bits(a), _bits(b)))
    )


of_bits("BITAND", operator.and_, "BITAND(~13,~25)")
of_bits("BITOR", operator.or_, "BITOR(~23,~10)")
of_bits("BITXOR", operator.xor, "BITXOR(~5,~3)")


@of_constants("BITLSHIFT", "BITLSHIFT(~4,~2)", "BITLSHIFT(~13,-2.9)", arity=(2, 2), arrays=lambda i: False)
def shifted_left(number, places):
    bits, places = _bits(number), int(number_of(places))
    if abs(places) > MOST_SHIFTED:
        raise Fails("#NUM!", f"shifts by more than {MOST_SHIFTED} bits")
    return float(_bits(float(bits << places if places >= 0 else bits >> -places)))


@of_constants("BITRSHIFT", "BITRSHIFT(~13,~2)", "BITRSHIFT(~4,-2)", arity=(2, 2), arrays=lambda i: False)
def shifted_right(number, places):
    return shifted_left(number, -number_of(places))


# --- units ----------------------------------------------------------------------------------------------


@handing_on(
    "CONVERT",
    'CONVERT(~2.5,"lbm","kg")',
    'CONVERT(~68,"F","C")',
    'CONVERT(~1.5,"Mibyte","kbit")',
    'CONVERT(~3,"km2","uk_acre")',
    arity=(3, 3),
    arrays=lambda i: False,
)
def converted(context: Context, number: Grid, unit: Grid, other: Grid) -> Grid:
    """Units tell upper case from lower case."""

    def part(which: int) -> Callable[[object, object], float]:
        def found(unit: object, other: object) -> float:
            rule = conversion(text_of(unit), text_of(other))
            if rule is None:
                raise Fails("#N/A", f"knows no way from {text_of(unit)!r} to {text_of(other)!r}")
            return rule[which]

        return found

    factor, zero = (for_each(context, part(which), [unit, other], [False, False]) for which in (0, 1))
    grids = [taken_without_truths(number), factor, zero]
    return elementwise(context, lambda x, a, b: t.add(t.mul(x, a), b), grids)


# --- steps ----------------------------------------------------------------------------------------------


@of_analysis("DELTA", "DELTA(~5,~4)", "DELTA(~0)", arity=(1, 2), smooth=False)
def delta(x, y=0.0):
    return _held(t.equal(x, y), x, y)


@of_analysis("GESTEP", "GESTEP(~5,~4)", "GESTEP(~-1)", "GESTEP(~3,3)", arity=(1, 2), smooth=False)
def step(x, at=0.0):
    return _held(t.greater_equal(x, at), x, at)


def _held(pattern: t.Array, *numbers: t.Operand) -> t.Array:
    """1 where a pattern of numbers holds, 0 elsewhere."""
    t.decide(pattern)
    return t.unless_nan(t.as_number(pattern), *numbers)


# --- error function -------------------------------------------------------------------------------------


@of_analysis("ERF", "ERF(~0.745)", "ERF(~-1.5)", "ERF(~0.2,~1)", "ERF(~5,~5.5)", arity=(1, 2))
def error_function(x, end=None):
    """From 0 to x, or from x to `end`; far from 0, where erf is nearly 1, as a difference of erfc."""
    if end is None:
        return erf(x)
    same_side = t.greater(t.mul(t.sign(x), t.sign(end)), 0.0)
    tails = t.mul(t.sign(x), t.sub(erfc(t.absolute(x)), erfc(t.absolute(end))))
    return t.where(same_side, tails, t.sub(erf(end), erf(x)))


of_analysis("ERF.PRECISE", "ERF.PRECISE(~0.745)")(erf)
of_analysis("ERFC", "ERFC(~1)", "ERFC(~-0.5)", "ERFC(~10)")(erfc)
of_analysis("ERFC.PRECISE", "ERFC.PRECISE(~1)")(erfc)


# --- Bessel functions -----------------------------------------------------------------------------------


HIGHEST = 1e7  # order that is computed; of Y it takes as many steps


def of_bessel(name: str, compute: t.Primitive, *examples: str, above: float = -math.inf) -> None:
    """Enters a Bessel function of x, which is above a bound, and of a whole order, which is not below 0 or so
    high that computing would not end."""

    def body(x, order):
        order = t.truncated(order)
        if isinstance(order, t.Var):
            order.tape.note_step(order, name)
            t.decide(order)
        inside = t.both(
            t.greater(x, above), t.both(t.greater_equal(order, 0.0), t.less_equal(order, HIGHEST))
        )
        out = compute(t.where(inside, x, 1.0), t.where(inside, order, 0.0))
        return t.where(inside, t.may_fail(out), t.NAN)

    of_analysis(name, *examples, arity=(2, 2))(body)


of_bessel("BESSELI", bessel_i, "BESSELI(~1.5,1)", "BESSELI(~-2.5,0)", "BESSELI(~1.5,3.9)")
of_bessel("BESSELJ", bessel_j, "BESSELJ(~1.9,2)", "BESSELJ(~-2.5,0)", "BESSELJ(~40,3.9)")
of_bessel("BESSELK", bessel_k, "BESSELK(~1.5,1)", "BESSELK(~0.5,0)", "BESSELK(~3,2.9)", above=0.0)
of_bessel("BESSELY", bessel_y, "BESSELY(~2.5,1)", "BESSELY(~0.5,0)", "BESSELY(~3,2.9)", above=0.0)
