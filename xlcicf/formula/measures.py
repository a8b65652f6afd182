"""The units of CONVERT: each a multiple of its quantity's basic unit; temperatures have zeros of their own.

Sizes are exact by definition, or as the CODATA of 2006 measured them, whose digits Excel shows.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

_DECIMAL = {
    "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1, "e": 1,
    "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15, "a": -18, "z": -21, "y": -24,
}  # fmt: skip
_BINARY = {f"{letter}i": 10 * power for power, letter in enumerate("kMGTPEZY", 1)}


@dataclass(frozen=True)
class Measure:
    """A unit: so many basic units of its quantity, its zero so many of them from theirs.

    prefixes  the power of a prefix that it takes, 2 in km2; 0 where it takes none
    """

    quantity: str
    size: Fraction
    zero: Fraction = Fraction(0)
    prefixes: int = 0

    def times(self, factor: Fraction) -> "Measure":
        return Measure(self.quantity, self.size * factor**self.prefixes, self.zero)


_POUND = Fraction("453.59237")
_FOOT, _INCH, _YARD, _MILE, _SEA_MILE = map(Fraction, ("0.3048", "0.0254", "0.9144", "1609.344", "1852"))
_LENGTHS = {  # in metres, of which there are squares and cubes
    "ang": Fraction("1e-10"), "ft": _FOOT, "in": _INCH, "ly": Fraction(9_460_730_472_580_800), "mi": _MILE,
    "Nmi": _SEA_MILE, "yd": _YARD, "Picapt": _INCH / 72, "Pica": _INCH / 72,
}  # fmt: skip
_POUND_FORCE = _POUND / 1000 * Fraction("9.80665")
_FOOT_POUND = _POUND_FORCE * _FOOT
_HORSEPOWER = 550 * _FOOT_POUND
_GALLON, _UK_GALLON = 231 * _INCH**3 * 1000, Fraction("4.54609")
_DEGREE = Fraction(5, 9)
_FREEZING = Fraction("273.15")

# quantity -> names of a unit -> its size; those that Excel takes with prefixes in a table of their own
_WITH_PREFIXES: dict[str, dict[str, Fraction | int | str]] = {
    "mass": {"g": 1, "u": "1.660538782e-24"},
    "distance": {"m": 1, "ang": _LENGTHS["ang"], "ly": _LENGTHS["ly"], "parsec pc": "3.08567758128155e16"},
    "time": {"sec s": 1},
    "pressure": {"Pa p": 1, "atm at": 101_325, "mmHg": "133.322"},
    "force": {"N": 1, "dyn dy": "1e-5", "pond": "0.00980665"},
    "energy": {"J": 1, "e": "1e-7", "c": "4.184", "cal": "4.1868", "eV ev": "1.602176487e-19", "Wh wh": 3600},
    "power": {"W w": 1},
    "magnetism": {"T": 1, "ga": "1e-4"},
    "temperature": {"K kel": 1},
    "volume": {"l L lt": 1, "uk_pt": _UK_GALLON / 8},
    "area": {"ar": 100},
    "information": {"bit": 1, "byte": 8},
    "speed": {"m/s m/sec": 1, "m/h m/hr": Fraction(1, 3600), "mph": _MILE / 3600},
}  # fmt: skip
_WITHOUT: dict[str, dict[str, Fraction | int | str]] = {
    "mass": {
        "sg": _POUND_FORCE / _FOOT * 1000, "lbm": _POUND, "ozm": _POUND / 16, "grain": _POUND / 7000,
        "cwt shweight": 100 * _POUND, "uk_cwt lcwt hweight": 112 * _POUND, "stone": 14 * _POUND,
        "ton": 2000 * _POUND, "uk_ton LTON brton": 2240 * _POUND,
    },
    "distance": {
        "mi": _MILE, "Nmi": _SEA_MILE, "in": _INCH, "ft": _FOOT, "yd": _YARD, "ell": 45 * _INCH,
        "Picapt Pica": _INCH / 72, "pica": _INCH / 6, "survey_mi": Fraction(6_336_000, 3937),
    },
    "time": {"yr": Fraction("365.25") * 86400, "day d": 86400, "hr": 3600, "mn min": 60},
    "pressure": {"psi": _POUND_FORCE / _INCH**2, "Torr": Fraction(101_325, 760)},
    "force": {"lbf": _POUND_FORCE},
    "energy": {"HPh hh": _HORSEPOWER * 3600, "flb": _FOOT_POUND, "BTU btu": "1055.05585262"},
    "power": {"HP h": _HORSEPOWER, "PS": "735.49875"},
    "volume": {
        "tsp": _GALLON / 768, "tspm": "0.005", "tbs": _GALLON / 256, "oz": _GALLON / 128, "cup": _GALLON / 16,
        "pt us_pt": _GALLON / 8, "qt": _GALLON / 4, "uk_qt": _UK_GALLON / 4,
        "gal": _GALLON, "uk_gal": _UK_GALLON, "barrel": 42 * _GALLON, "bushel": Fraction("35.23907016688"),
        "GRT regton": 100 * _FOOT**3 * 1000, "MTON": 40 * _FOOT**3 * 1000,
    },
    "area": {
        "uk_acre": 4840 * _YARD**2, "us_acre": 43_560 * Fraction(1200, 3937) ** 2, "ha": 10_000,
        "Morgen": 2500,
    },
    "speed": {"admkn": 6080 * _FOOT / 3600, "kn": _SEA_MILE / 3600},
}  # fmt: skip


@cache
def _measures() -> dict[str, Measure]:
    """All units without a prefix, by their names."""
    found = {
        name: Measure(quantity, Fraction(size), prefixes=prefixes)
        for prefixes, table in ((0, _WITHOUT), (1, _WITH_PREFIXES))
        for quantity, units in table.items()
        for names, size in units.items()
        for name in names.split()
    }
    for name, metres in (_LENGTHS | {"m": Fraction(1)}).items():
        for power, quantity, size in ((2, "area", metres**2), (3, "volume", metres**3 * 1000)):
            one = Measure(quantity, size, prefixes=power if name in ("m", "ang") else 0)
            found |= {f"{name}{power}": one, f"{name}^{power}": one}
    found |= {name: Measure("temperature", Fraction(1), _FREEZING) for name in ("C", "cel")}
    fahrenheit = Measure("temperature", _DEGREE, Fraction("459.67") * _DEGREE)
    found |= {"F": fahrenheit, "fah": fahrenheit, "Rank": Measure("temperature", _DEGREE)}
    return found | {"Reau": Measure("temperature", Fraction(5, 4), _FREEZING)}


def _measure(name: str) -> Measure | None:
    """The unit of that name, with a prefix or without; None where there is none."""
    measures = _measures()
    if name in measures:
        return measures[name]
    for length in (1, 2):
        prefix, rest = name[:length], measures.get(name[length:])
        if rest is None or not rest.prefixes:
            continue
        if prefix in _DECIMAL:
            return rest.times(Fraction(10) ** _DECIMAL[prefix])
        if prefix in _BINARY and rest.quantity == "information":
            return rest.times(Fraction(2) ** _BINARY[prefix])
    return None


@cache
def conversion(unit: str, other: str) -> tuple[float, float] | None:
    """(a, b) where x of one unit is a*x + b of the other; None where they do not measure the same."""
    one, two = _measure(unit), _measure(other)
    if one is None or two is None or one.quantity != two.quantity:
        return None
    return float(one.size / two.size), float((one.zero - two.zero) / two.size)
