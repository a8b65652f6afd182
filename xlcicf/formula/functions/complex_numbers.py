"""Complex numbers of Excel's category Engineering, which are texts such as 3+4i or 3+4j."""

import cmath
import math
import re
from collections.abc import Callable, Sequence

from xlcicf.formula.coercion import number_of, text_of
from xlcicf.formula.context import Fails
from xlcicf.formula.functions.table import ANY, of_constants
from xlcicf.formula.number_format import MOST_LETTERS, number_as_text
from xlcicf.formula.plain import Cells

_NUMBER = r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_REAL = re.compile(rf"[+-]?{_NUMBER}")
_COMPLEX = re.compile(rf"(?P<real>[+-]?{_NUMBER}(?=[+-]))?(?P<imaginary>[+-]?(?:{_NUMBER})?)(?P<letter>[ij])")


def read(value: object) -> tuple[complex, str]:
    """A complex number and its letter, none where it is real. Raises Fails."""
    if isinstance(value, bool):
        raise Fails("#VALUE!", "finds TRUE or FALSE where it needs a complex number")
    if not isinstance(value, str):
        return complex(number_of(value)), ""
    if _REAL.fullmatch(value):
        return complex(float(value)), ""
    match = _COMPLEX.fullmatch(value)
    if not match:
        raise Fails("#NUM!", f"finds {value!r} where it needs a complex number such as 3+4i")
    imaginary = match["imaginary"]
    imaginary = f"{imaginary}1" if imaginary in ("", "+", "-") else imaginary
    return complex(float(match["real"] or 0), float(imaginary)), match["letter"]


def shown(z: complex, letter: str) -> str:
    """As COMPLEX writes it. Raises Fails("#NUM!") beyond all numbers."""
    if not cmath.isfinite(z):
        raise Fails("#NUM!", "comes to what is no complex number")
    real, imaginary = (_part_shown(part + 0.0) for part in (z.real, z.imag))
    if not z.imag:
        return real
    imaginary = {"1": "", "-1": "-"}.get(imaginary, imaginary) + (letter or "i")
    if not z.real:
        return imaginary
    return real + (imaginary if imaginary.startswith("-") else f"+{imaginary}")


def _part_shown(x: float) -> str:
    """Parts of one have one letter more without an exponent than numbers elsewhere."""
    return number_as_text(x, MOST_LETTERS + (abs(x) < 1))


def _one_letter(letters: Sequence[str], code: str = "#VALUE!") -> str:
    """The letter of several complex numbers together. Raises Fails(code) where they have two."""
    found = {letter for letter in letters if letter}
    if len(found) > 1:
        raise Fails(code, "mixes complex numbers of i and of j")
    return found.pop() if found else ""


def of_complex(name: str, compute: Callable[..., complex | float], *examples: str, count: int = 1) -> None:
    """Enters a function of so many complex numbers, of which a complex outcome is shown as one."""

    def body(*values: object) -> object:
        numbers, letters = zip(*map(read, values), strict=True)
        letter = _one_letter(letters, "#NUM!")
        out = _computed(compute, *numbers)
        return shown(out, letter) if isinstance(out, complex) else out

    of_constants(name, *examples, arity=(count, count), arrays=lambda i: False, no_ranges=True)(body)


def _computed(compute: Callable[..., complex | float], *numbers: complex | float) -> complex | float:
    try:
        return compute(*numbers)
    except (ValueError, OverflowError, ZeroDivisionError) as error:
        raise Fails("#NUM!", f"is not defined there: {error}") from error


def of_all(name: str, start: complex, combine: Callable[[complex, complex], complex], *examples: str) -> None:
    """Enters a function of complex numbers in ranges, arrays and values; blanks are passed over, but 0 where
    they are an argument of their own."""

    def body(*arrays: Cells) -> str:
        if error := next((cells.first_error for cells in arrays if cells.first_error), None):
            raise Fails(str(error))
        values = [value for cells in arrays for value in cells.values if value is not None or len(cells) == 1]
        out, letters = start, []
        for number, letter in map(read, values):
            out = combine(out, number)
            letters.append(letter)
        return shown(out if values else 0j, _one_letter(letters))

    of_constants(name, *examples, arity=(1, ANY), arrays=lambda i: True)(body)


@of_constants(
    "COMPLEX",
    "COMPLEX(~3,~4)",
    'COMPLEX(~0.1,-1,"j")',
    "COMPLEX(~0,1)",
    arity=(2, 3),
    arrays=lambda i: False,
    no_truths=True,
)
def made(real, imaginary, letter="i"):
    letter = text_of(letter)
    if letter not in ("i", "j", ""):
        raise Fails("#VALUE!", "marks an imaginary part by i or j alone")
    return shown(complex(number_of(real), number_of(imaginary)), letter)


def argument(z: complex) -> float:
    if not z:
        raise Fails("#DIV/0!")
    return cmath.phase(z)


def power(z: complex, exponent: object) -> complex:
    """By absolute value and argument."""
    if isinstance(exponent, bool):
        raise Fails("#VALUE!", "finds TRUE or FALSE where it needs a number")
    x = number_of(exponent)
    if not z and x > 0:
        return 0j
    return cmath.rect(abs(z) ** x, x * argument(z)) if z else z / 0


@of_constants(
    "IMPOWER",
    "IMPOWER(~2,3)",
    'IMPOWER("2+3j",2)&IMPOWER(~1,1)',
    arity=(2, 2),
    arrays=lambda i: False,
    no_ranges=True,
)
def to_the_power(value, exponent):
    number, letter = read(value)
    return shown(complex(_computed(lambda z: power(z, exponent), number)), letter)


of_complex("IMREAL", lambda z: z.real, "IMREAL(~6)", 'IMREAL("6-9i")+IMREAL(~1)')
of_complex("IMAGINARY", lambda z: z.imag, "IMAGINARY(~6)", 'IMAGINARY("6-9j")+IMAGINARY(~1)')
of_complex("IMABS", lambda z: abs(z), "IMABS(~-6)", 'IMABS("5+12i")+IMABS(~1)')
of_complex("IMARGUMENT", argument, "IMARGUMENT(~-6)", 'IMARGUMENT("3+4i")+IMARGUMENT(~1)')
of_complex("IMCONJUGATE", lambda z: z.conjugate(), "IMCONJUGATE(~6)", 'IMCONJUGATE("3+4j")&IMCONJUGATE(~1)')
of_complex("IMSUB", lambda a, b: a - b, "IMSUB(~6,~2)", 'IMSUB("13+4i","5+3i")&IMSUB(~1,1)', count=2)
of_complex("IMDIV", lambda a, b: a / b, "IMDIV(~6,~3)", 'IMDIV("-238+240i","10+24i")&IMDIV(~1,1)', count=2)
of_all("IMSUM", 0j, lambda a, b: a + b, "IMSUM(~6,~3)", 'IMSUM("3+4i",{"5-3i","2"},~1)')
of_all("IMPRODUCT", 1 + 0j, lambda a, b: a * b, "IMPRODUCT(~6,~3)", 'IMPRODUCT("3+4i","5-3i",~1)')

of_complex("IMEXP", cmath.exp, "IMEXP(~0.5)", 'IMEXP("1+i")&IMEXP(~1)')
of_complex("IMLN", cmath.log, "IMLN(~2)", 'IMLN("3+4i")&IMLN(~1)')
of_complex("IMLOG10", lambda z: cmath.log(z) / math.log(10), "IMLOG10(~2)", 'IMLOG10("3+4i")&IMLOG10(~1)')
of_complex("IMLOG2", lambda z: cmath.log(z) / math.log(2), "IMLOG2(~8)", 'IMLOG2("3+4i")&IMLOG2(~1)')
of_complex("IMSQRT", cmath.sqrt, "IMSQRT(~2)", 'IMSQRT("1+i")&IMSQRT(~1)')

of_complex("IMSIN", cmath.sin, "IMSIN(~0.5)", 'IMSIN("4+3i")&IMSIN(~1)')
of_complex("IMCOS", cmath.cos, "IMCOS(~0.5)", 'IMCOS("1+i")&IMCOS(~1)')
of_complex("IMTAN", cmath.tan, "IMTAN(~0.5)", 'IMTAN("4+3i")&IMTAN(~1)')
of_complex("IMSEC", lambda z: 1 / cmath.cos(z), "IMSEC(~0.5)", 'IMSEC("4+3i")&IMSEC(~1)')
of_complex("IMCSC", lambda z: 1 / cmath.sin(z), "IMCSC(~0.5)", 'IMCSC("4+3i")&IMCSC(~1)')
of_complex("IMCOT", lambda z: 1 / cmath.tan(z), "IMCOT(~0.5)", 'IMCOT("4+3i")&IMCOT(~1)')
of_complex("IMSINH", cmath.sinh, "IMSINH(~0.5)", 'IMSINH("4+3i")&IMSINH(~1)')
of_complex("IMCOSH", cmath.cosh, "IMCOSH(~0.5)", 'IMCOSH("4+3i")&IMCOSH(~1)')
of_complex("IMSECH", lambda z: 1 / cmath.cosh(z), "IMSECH(~0.5)", 'IMSECH("4+3i")&IMSECH(~1)')
of_complex("IMCSCH", lambda z: 1 / cmath.sinh(z), "IMCSCH(~0.5)", 'IMCSCH("4+3i")&IMCSCH(~1)')
