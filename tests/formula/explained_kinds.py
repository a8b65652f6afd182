"""Kinds of drawn formulas of which no other engine shows what Excel's documentation has, each with the reason.

"It" is IronCalc, or LibreOffice where IronCalc lacks the formula."""

import itertools
import math
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from xlcicf.errors import XlcicfError


def calls_in(formula: str) -> set[str]:
    """The functions that a formula calls."""
    return set(re.findall(r"[A-Z][A-Z0-9._]*(?=\()", formula))


class Differing(NamedTuple):
    """A formula, its value by our evaluator and by another engine; errors as their texts, empty text as None.

    theirs   by IronCalc, or by LibreOffice where IronCalc lacks it
    by_both  whether both of them have it so
    has_ironcalc  whether it is IronCalc's
    """

    formula: str
    ours: object
    theirs: object
    by_both: bool = False
    has_ironcalc: bool = True

    @property
    def calls(self) -> set[str]:
        return calls_in(self.formula)

    @property
    def has_arrays(self) -> bool:
        return bool(_ARRAY.search(re.sub(r'"[^"]*"', "", self.formula)))


class Kind(NamedTuple):
    reason: str
    functions: frozenset[str]
    """Of which one is called; empty for any."""
    holds: Callable[[Differing], bool]


_ARRAY = re.compile(
    r"\{|:|Sales|figures|words|\b(OFFSET|INDEX|CHOOSE|INDIRECT|FILTER|SORT|SORTBY|SEQUENCE|UNIQUE|[HV]STACK|TOCOL|TOROW|WRAP\w+"
    r"|EXPAND|TAKE|DROP|MUNIT|MAKEARRAY|MAP|SCAN|TREND|GROWTH|LINEST|LOGEST|FREQUENCY|MODE\.MULT|TRANSPOSE|MMULT|MINVERSE"
    r"|TEXTSPLIT|BYROW|BYCOL)\("
)
_AROUND = re.compile(
    r"^-?(SUM\()?(IFERROR|IS[A-Z]+|COUNT|TYPE|IF\(IS[A-Z]+|SUMPRODUCT\(--ISNUMBER|IF\(A1>0,IFERROR)\("
)
_LEFT_OUT = r"\(,|,,|,\)"
_A_TEXT = r'"|&|\bD(?:[678]|1[4-8])\b|Other!A3|words|G2|[A-Z](?:LEFT|RIGHT|MID|TEXT|LOWER|UPPER|CONCAT)?B?\('
_A_TRUTH = r"TRUE|FALSE|\bD(?:9|10)\b"
_NUMBER = re.compile(r"\d+\.?\d*(?:E[+-]?\d+)?")
_MANY_DIGITS = re.compile(r"[\d.]{17,}")
_CLOSE = 1e-9  # as near as numbers have to be


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def explained(case: Differing) -> str | None:
    """Why the two differ, where it is known."""
    return next(
        (k.reason for k in KINDS if (not k.functions or k.functions & case.calls) and k.holds(case)), None
    )


# --- what a case is like --------------------------------------------------------------------------------

Holds = Callable[[Differing], bool]


def is_error(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"#[A-Z0-9/]+[!?A]", value))


def _numbers(case: Differing) -> bool:
    return isinstance(case.ours, float) and isinstance(case.theirs, float)


def _refused(case: Differing) -> bool:
    """IronCalc shows #VALUE!, or what a function around makes of it."""
    return case.theirs == "#VALUE!" or bool(_AROUND.match(case.formula))


def _they_fail(case: Differing) -> bool:
    """IronCalc alone shows an error, or what a function around makes of it."""
    return (is_error(case.theirs) and not is_error(case.ours)) or bool(_AROUND.match(case.formula))


def _we_fail(case: Differing) -> bool:
    return (is_error(case.ours) and not is_error(case.theirs)) or bool(_AROUND.match(case.formula))


def _arguments(formula: str, names: frozenset[str]) -> list[str]:
    """What stands in the parentheses of the calls of these functions."""
    found = []
    for call in re.finditer(r"(?<![\w.])([A-Z][A-Z0-9._]*)\(", formula):
        if call[1] in names:
            depth, end = 1, call.end()
            while depth and end < len(formula):
                depth += {"(": 1, ")": -1}.get(formula[end], 0)
                end += 1
            found.append(formula[call.end() : end - 1])
    return found


def _given(names: frozenset[str], test: Callable[[float], bool]) -> Holds:
    """One of these functions is given a number, and it alone, of which `test` holds."""

    def holds(argument: str) -> bool:
        from tests.formula.drawn_formulas import ours_of  # whose sheet is asked for here alone

        try:
            value = ours_of(argument)
        except XlcicfError:
            return False
        return isinstance(value, float) and test(value)

    return lambda case: any(map(holds, _arguments(case.formula, names)))


def _has(pattern: str, *others: Holds) -> Holds:
    found = re.compile(pattern)
    return lambda case: bool(found.search(case.formula)) and all(other(case) for other in others)


def _within(relative: float) -> Holds:
    return lambda case: _numbers(case) and math.isclose(case.ours, case.theirs, rel_tol=relative)  # type: ignore[arg-type]


def _days_apart(most: float) -> Holds:
    return lambda case: _numbers(case) and abs(case.ours - case.theirs) <= most  # type: ignore[operator]


def either(*holds: Holds) -> Holds:
    return lambda case: any(one(case) for one in holds)


def _texts_within(relative: float) -> Holds:
    """Texts that are alike but for the last digits of the numbers in them."""

    def holds(case: Differing) -> bool:
        ours, theirs = str(case.ours), str(case.theirs)
        pairs = zip(_NUMBER.findall(ours), _NUMBER.findall(theirs), strict=False)
        near = all(math.isclose(float(x), float(y), rel_tol=relative) for x, y in pairs)
        return _NUMBER.sub("#", ours) == _NUMBER.sub("#", theirs) and near

    return holds


def _same_but_for_digits(case: Differing) -> bool:
    """Texts that differ in how numbers in them are written, and by as little as numbers may."""
    if isinstance(case.ours, float | bool) or is_error(case.ours) or is_error(case.theirs):
        return False
    ours, theirs = str(case.ours or ""), str(case.theirs or "")
    if _texts_within(_CLOSE)(case):
        return True
    like = "[-+0-9.Ee%B]*".join(map(re.escape, _MANY_DIGITS.split(theirs)))
    return bool(_MANY_DIGITS.search(theirs)) and re.fullmatch(like, ours) is not None


def _of_digits(case: Differing) -> bool:
    """Parts of a long number's text, or their count."""
    if _numbers(case):
        return 400 > case.theirs > case.ours > 5 and case.theirs % 1 == 0  # type: ignore[operator]
    return bool(re.fullmatch(r"[\d.]*(E[+-]?\d*)?", str(case.ours or ""))) and bool(
        re.fullmatch(r"[\d.]*", str(case.theirs or ""))
    )


def _noise_of_a_root(case: Differing) -> bool:
    """A part of a complex number that is 0 but for rounding."""
    theirs = re.sub(r"-?0\.0{14,}\d+\+?", "", str(case.theirs))
    return theirs != str(case.theirs) and theirs == case.ours


def _zero_below_zero(case: Differing) -> bool:
    theirs = str(case.theirs)
    return theirs == "-" or (
        "-0" in theirs and theirs.replace("-0", "0") in (str(case.ours), f"{case.ours}.0")
    )


_ANY: frozenset[str] = frozenset()
_ARRAYS_AT = {  # where a function is handed arrays of numbers
    **dict.fromkeys(
        (
            "SUMX2MY2 SUMX2PY2 SUMXMY2 CORREL PEARSON RSQ SLOPE INTERCEPT STEYX COVAR COVARIANCE.P COVARIANCE.S F.TEST FTEST"
            " T.TEST TTEST CHISQ.TEST CHITEST PROB XIRR FREQUENCY LINEST LOGEST"
        ).split(),
        (0, 1),
    ),
    **dict.fromkeys("TREND GROWTH".split(), (0, 1, 2)),
    **dict.fromkeys("FORECAST FORECAST.LINEAR XNPV".split(), (1, 2)),
    **dict.fromkeys(
        (
            "PERCENTILE PERCENTILE.INC PERCENTILE.EXC QUARTILE QUARTILE.INC QUARTILE.EXC TRIMMEAN Z.TEST ZTEST LARGE SMALL"
            " PERCENTRANK PERCENTRANK.INC PERCENTRANK.EXC"
        ).split(),
        (0,),
    ),
}  # fmt: skip
_PAIRS = _names(
    "SUMX2MY2 SUMX2PY2 SUMXMY2 CORREL PEARSON RSQ SLOPE INTERCEPT STEYX FORECAST FORECAST.LINEAR COVAR COVARIANCE.P COVARIANCE.S"
    " T.TEST TTEST CHISQ.TEST CHITEST PROB XIRR XNPV"
)
_TYPED = _names(
    "VAR VAR.S VAR.P VARP VARA VARPA STDEV STDEV.S STDEV.P STDEVP STDEVA STDEVPA DEVSQ AVEDEV SUMSQ SKEW SKEW.P KURT NPV MEDIAN"
    " AVERAGE AVERAGEA MAXA MINA COUNT AND OR XOR HARMEAN GEOMEAN MODE MODE.SNGL MODE.MULT MULTINOMIAL"
)
_DATES = _names(
    "DAY MONTH YEAR DATE WEEKDAY WEEKNUM ISOWEEKNUM EDATE EOMONTH NETWORKDAYS NETWORKDAYS.INTL WORKDAY WORKDAY.INTL YEARFRAC"
    " DAYS360 DATEDIF HOUR MINUTE SECOND DAYS"
)
_SECURITIES = _names(
    "COUPDAYBS COUPDAYS COUPDAYSNC COUPNCD COUPPCD COUPNUM DURATION MDURATION PRICE YIELD PRICEMAT YIELDMAT PRICEDISC YIELDDISC"
    " ACCRINT ACCRINTM DISC INTRATE RECEIVED AMORLINC AMORDEGRC TBILLEQ TBILLPRICE TBILLYIELD"
)
_ODD = _names("ODDFPRICE ODDFYIELD ODDLPRICE ODDLYIELD")
_CRITERIA = _names("COUNTIF COUNTIFS SUMIF SUMIFS AVERAGEIF AVERAGEIFS MAXIFS MINIFS")
_CIRCLE = _names("SIN COS TAN SEC CSC IMSIN IMCOS IMTAN COT")
_OF_NUMBERS = _names(
    "WEIBULL WEIBULL.DIST F.DIST F.DIST.RT FDIST F.INV F.INV.RT FINV BETA.DIST BETADIST BETA.INV BETAINV HYPGEOM.DIST HYPGEOMDIST"
    " STANDARDIZE PHI GAUSS NORM.DIST NORMDIST NORM.INV NORMINV NORM.S.DIST NORM.S.INV NORMSDIST NORMSINV LOGNORM.DIST LOGNORMDIST"
    " LOGNORM.INV LOGINV GAMMA.DIST GAMMADIST GAMMA.INV GAMMAINV GAMMA GAMMALN GAMMALN.PRECISE T.DIST T.DIST.RT T.DIST.2T TDIST"
    " T.INV T.INV.2T TINV CHISQ.DIST CHISQ.DIST.RT CHIDIST CHISQ.INV CHISQ.INV.RT CHIINV EXPON.DIST EXPONDIST POISSON POISSON.DIST"
    " BINOM.DIST BINOMDIST BINOM.INV CRITBINOM BINOM.DIST.RANGE NEGBINOM.DIST NEGBINOMDIST CONFIDENCE CONFIDENCE.NORM CONFIDENCE.T"
    " FISHER FISHERINV ERF.PRECISE PERMUT PERMUTATIONA"
)
_BASES = _names(
    "BIN2DEC BIN2HEX BIN2OCT DEC2BIN DEC2HEX DEC2OCT HEX2BIN HEX2DEC HEX2OCT OCT2BIN OCT2DEC OCT2HEX"
)
_COMPLEX = _names(
    "IMABS IMAGINARY IMARGUMENT IMCONJUGATE IMCOS IMCOSH IMCOT IMCSC IMCSCH IMDIV IMEXP IMLN IMLOG10 IMLOG2 IMPOWER IMPRODUCT"
    " IMREAL IMSEC IMSECH IMSIN IMSINH IMSQRT IMSUB IMSUM IMTAN"
)
_CIRCLE_OF_COMPLEX = _names("IMSIN IMCOS IMTAN IMSEC IMCSC IMCOT")
_BESSEL = _names("BESSELI BESSELJ BESSELK BESSELY")
_CUTTING = _names("LEFT LEFTB RIGHT RIGHTB MID MIDB")
_LOOKUPS = _names("MATCH XMATCH LOOKUP VLOOKUP HLOOKUP XLOOKUP")
_DATES_AT = {  # where a function is handed days; the others of _DATES and _SECURITIES have two in front
    **dict.fromkeys("DAY MONTH YEAR WEEKDAY WEEKNUM ISOWEEKNUM EDATE EOMONTH HOUR MINUTE SECOND DATE".split(), (0,)),
    **dict.fromkeys("NETWORKDAYS WORKDAY PRICEMAT YIELDMAT ACCRINT".split(), (0, 1, 2)),
    **dict.fromkeys("NETWORKDAYS.INTL WORKDAY.INTL".split(), (0, 1, 3)),
    **dict.fromkeys("AMORLINC AMORDEGRC".split(), (1, 2)),
    **dict.fromkeys("ODDFPRICE ODDFYIELD".split(), (0, 1, 2, 3)),
    **dict.fromkeys("ODDLPRICE ODDLYIELD".split(), (0, 1, 2)),
}  # fmt: skip
_MARCH_1900 = 61


def _of(formula: str) -> object:
    """What ours makes of a formula; None for one that it refuses."""
    from tests.formula.drawn_formulas import ours_of

    try:
        return ours_of(formula)
    except XlcicfError:
        return None


def _size(argument: str) -> float:
    """How many elements an argument has: one where it is left out or an error."""
    size = _of(f"ROWS({argument})*COLUMNS({argument})") if argument else 1.0
    return size if isinstance(size, float) else 1.0


def _handed_arrays(case: Differing, names: frozenset[str]) -> Iterator[list[str]]:
    """What each call of these functions is handed in the place of arrays."""
    for name in case.calls & names:
        for inside in _arguments(case.formula, frozenset((name,))):
            yield [part for at, part in enumerate(_parts(inside)) if at in _ARRAYS_AT[name]]


def _takes_a_single_value(case: Differing) -> bool:
    """A function of arrays is handed a value, or nothing."""
    handed = itertools.chain.from_iterable(_handed_arrays(case, frozenset(_ARRAYS_AT)))
    return any(not x.startswith("{") and _size(x) == 1 for x in handed)


def _pairs_another_number(case: Differing) -> bool:
    """A function of pairs is handed more numbers for the one than for the other."""
    handed = _handed_arrays(case, _PAIRS)
    return any(len(two) == 2 and _size(two[0]) != _size(two[1]) for two in handed)


def _pairs_no_number(case: Differing) -> bool:
    """A function of pairs is handed a text, a truth or nothing in an array's place."""
    handed = itertools.chain.from_iterable(_handed_arrays(case, _PAIRS))
    return any(
        not x or not x.startswith("{") and _size(x) == 1 and _of(f"TYPE({x})") in (2.0, 4.0) for x in handed
    )


def _is_left_out_of(names: frozenset[str]) -> Holds:
    """One of these functions has an argument left out between commas."""
    return lambda case: any("" in _parts(inside) for inside in _arguments(case.formula, names))


_ITS_FIRST = (  # how a range is written, and its first cell
    (re.compile(r"A1:B2 B1:B3"), "B1"),
    (re.compile(r"A1:INDEX\((?:[^()]|\([^()]*\))*\)"), "A1"),
    (re.compile(r"(?<![\w$])(\$?[A-Z]+\$?\d+):\$?[A-Z]+\$?\d+"), r"\1"),
    (re.compile(r"\b([A-Z]):[A-Z]\b"), r"\g<1>1"),
    (re.compile(r"\bfigures\b"), "E1"),
    (re.compile(r"\bwords\b"), "F1"),
    (re.compile(r"Sales\[Amount\]"), "L2"),
    (re.compile(r"Sales\[\[Item\]:\[Amount\]\]"), "K2"),
    (re.compile(r"Sales\[#All\]"), "K1"),
    (re.compile(r"OFFSET\(A1,0,0,3,1\)"), "A1"),
    (re.compile(r"OFFSET\(A1,1,1,2\)"), "B2"),
)


def _has_it_of_first_cells(case: Differing) -> bool:
    """Ours of the first cell of each range is what the other has of the ranges, or it is known why not."""
    formula = case.formula
    for written, first in _ITS_FIRST:
        formula = written.sub(first, formula)
    if formula == case.formula:
        return False
    value = _of(formula)
    value = value if isinstance(value, bool | float) or value is None else str(value)
    if isinstance(value, float) and isinstance(case.theirs, float):
        same = math.isclose(value, case.theirs, rel_tol=_CLOSE)
    else:
        same = value == case.theirs or is_error(value) and is_error(case.theirs)
    return same or explained(case._replace(formula=formula, ours=value)) is not None


def _begins_within_a_period(case: Differing) -> bool:
    """The first of the periods that are added up is no whole number."""
    starts = (_of(_parts(inside)[3]) for inside in _arguments(case.formula, _names("CUMIPMT CUMPRINC")))
    return any(isinstance(start, float) and start % 1 != 0 for start in starts)


def _has_a_coupon_before_1900(case: Differing) -> bool:
    """Of a coupon's period the end is a day, the beginning none."""
    return any(
        is_error(str(_of(f"COUPPCD({inside})"))) and isinstance(_of(f"COUPNCD({inside})"), float)
        for inside in _arguments(case.formula, frozenset({"COUPPCD"}))
    )


def _has_criteria_in_one_row(case: Differing) -> bool:
    """A function of a database is handed a single row of criteria."""
    names = frozenset(name for name in case.calls if re.fullmatch(r"D[A-Z]+", name))
    handed = (_parts(inside) for inside in _arguments(case.formula, names))
    return any(len(parts) == 3 and _of(f"ROWS({parts[2]})") == 1.0 for parts in handed)


def _sorts_by_another_size(case: Differing) -> bool:
    """SORTBY is handed a key that has neither as many rows nor as many columns."""
    for inside in _arguments(case.formula, frozenset({"SORTBY"})):
        array, key = _parts(inside)[:2]
        rows, columns = (_of(f"{by}({array})") for by in ("ROWS", "COLUMNS"))
        if (_of(f"ROWS({key})"), _of(f"COLUMNS({key})")) not in ((rows, 1.0), (1.0, columns)):
            return True
    return False


def _has_a_period_before_1(case: Differing) -> bool:
    """A depreciation's period lies between 0 and 1."""
    given = (_parts(inside)[3:5] for inside in _arguments(case.formula, _names("DB DDB VDB SYD")))
    values = (_of(x) for parts in given for x in parts if x)
    return any(isinstance(value, float) and 0 < value < 1 for value in values)


def _taken_by_index(case: Differing) -> list[str]:
    """What INDEX takes elements of."""
    return [_parts(inside)[0] for inside in _arguments(case.formula, frozenset({"INDEX"}))]


def _takes_one_of_a_single_value(case: Differing) -> bool:
    return any(not x.startswith("{") and _size(x) == 1 for x in _taken_by_index(case))


def _takes_one_of_what_is_lifted(case: Differing) -> bool:
    """INDEX takes an element of several that a function makes of a range or an array."""
    return any("(" in x and _size(x) > 1 for x in _taken_by_index(case))


def _is_known_of_what_index_takes(case: Differing) -> bool:
    inside = re.fullmatch(r"INDEX\((.*),1,1\)", case.formula)
    return bool(inside) and explained(case._replace(formula=inside[1])) is not None


def _pairs_another_shape(case: Differing) -> bool:
    """A test of frequencies is handed as many, in other rows and columns."""
    handed = _handed_arrays(case, _names("CHISQ.TEST CHITEST"))
    return any(_size(x) == _size(y) and _of(f"ROWS({x})") != _of(f"ROWS({y})") for x, y in handed)


def _looks_in_another_size(case: Differing) -> bool:
    """A function with criteria is handed ranges of other sizes."""
    for name in case.calls & _names("SUMIFS AVERAGEIFS MAXIFS MINIFS COUNTIFS"):
        for inside in _arguments(case.formula, frozenset((name,))):
            parts = _parts(inside)
            ranges = parts[::2] if name == "COUNTIFS" else [parts[0], *parts[1::2]]
            if len(set(map(_size, ranges))) > 1:
                return True
    return False


def _has_a_part_of_a_basis(case: Differing) -> bool:
    """A depreciation by the French rule is handed a basis that is no whole number."""
    given = (_parts(inside)[6:] for inside in _arguments(case.formula, _names("AMORLINC AMORDEGRC")))
    values = (_of(x) for parts in given for x in parts if x)
    return any(isinstance(value, float) and value % 1 != 0 for value in values)


def _asks_more_of_a_pattern(case: Differing) -> bool:
    """A function of patterns is handed more than a text, a pattern and a replacement."""
    most = {"REGEXTEST": 2, "REGEXEXTRACT": 2, "REGEXREPLACE": 3}
    return any(
        len(_parts(inside)) > most[name]
        for name in case.calls & most.keys()
        for inside in _arguments(case.formula, frozenset((name,)))
    )


def _pays_nothing(case: Differing) -> bool:
    """RATE is handed no payment and no value, or next to none."""
    amounts = (_parts(inside)[1:4] for inside in _arguments(case.formula, frozenset({"RATE"})))
    return any(
        all(isinstance(value := _of(f"0+{x or 0}"), float) and abs(value) < 1e-299 for x in given)
        for given in amounts
    )


def _looks_for_an_array(case: Differing) -> bool:
    """XLOOKUP or XMATCH is handed an array of values to look for."""
    return any(inside.startswith("{") for inside in _arguments(case.formula, _names("XLOOKUP XMATCH")))


def _expects_0_of_one(case: Differing) -> bool:
    """A test of frequencies is handed a single one, of which none is expected."""
    given = (_parts(inside) for inside in _arguments(case.formula, _names("CHISQ.TEST CHITEST")))
    return any(_of(f"ROWS({x})*COLUMNS({x})") == 1.0 and _of(f"0+({y})") == 0.0 for x, y in given)


def _looks_for_a_blank(case: Differing) -> bool:
    """XLOOKUP or XMATCH is handed a blank, or nothing, to look for."""
    wanted = (_parts(inside)[0] for inside in _arguments(case.formula, _names("XLOOKUP XMATCH")))
    return any(not x or _of(f"ISBLANK({x})") is True for x in wanted)


def _has_an_empty_delimiter(case: Differing) -> bool:
    """TEXTSPLIT is handed a text without letters to split by."""
    delimiters = (_parts(inside)[1:3] for inside in _arguments(case.formula, frozenset({"TEXTSPLIT"})))
    return any(
        x and _of(f"ISTEXT({x})") is True and _of(f"LEN({x})") == 0.0 for two in delimiters for x in two
    )


def _no_date_yet(case: Differing) -> bool:
    """A function of days is handed one before March 1900, or leads to one, or what is no day at all."""
    return any(
        _is_early(argument, name)
        for name in case.calls & (_DATES | _SECURITIES | _ODD)
        for inside in _arguments(case.formula, frozenset((name,)))
        for at, argument in enumerate(_parts(inside))
        if at in _DATES_AT.get(name, (0, 1))
    ) or any(
        _is_early(f"{name}({inside})", name)
        for name in case.calls & _names("EDATE EOMONTH WORKDAY WORKDAY.INTL DATE")
        for inside in _arguments(case.formula, frozenset((name,)))
    )


def _has_no_basis(case: Differing) -> bool:
    """A security's last argument is no basis."""
    from tests.formula.drawn_formulas import ours_of

    for inside in _arguments(case.formula, _SECURITIES):
        try:
            basis = ours_of(_parts(inside)[-1])
        except XlcicfError:
            continue
        if isinstance(basis, float) and not 0 <= basis < 5:
            return True
    return False


def _unescaped(text: str) -> str:
    """_x0002_ as the letter that it stands for."""
    return re.sub(r"_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), text)


def _parts(inside: str) -> list[str]:
    """Arguments between their commas."""
    parts, depth, quoted = [""], 0, False
    for letter in inside:
        quoted ^= letter == '"'
        depth += 0 if quoted else {"(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1}.get(letter, 0)
        if letter == "," and not depth and not quoted:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _is_early(argument: str, name: str) -> bool:
    from tests.formula.drawn_formulas import ours_of

    if not argument:
        return True
    for asked in (f"MIN({argument})", f"1*({argument})"):
        try:
            value = ours_of(asked)
        except XlcicfError:
            continue
        if isinstance(value, float) and value < (
            1901 if name == "DATE" and "(" not in argument else _MARCH_1900
        ):
            return True
    return False


_MAY_FAIL = re.compile(
    r"NA\(\)|(?:[\d)]|TRUE|FALSE)/0|#[A-Z]+[/!?A0]+|\"[^\"]*\"|\{|:|words|figures|tenth|Other!A3|\bD\d+\b|G2|E[+-]\d+|,,|\(,|,\)|-"
)  # an operand that may be the first error of several


def _several_may_fail(case: Differing) -> bool:
    return is_error(case.ours) and is_error(case.theirs) and len(_MAY_FAIL.findall(case.formula)) > 1


def _of_both(case: Differing) -> bool:
    return case.by_both


def _of_one(case: Differing) -> bool:
    return not case.by_both


def _left_to_the_last_digit(case: Differing) -> bool:
    """Ours is what Python says is left."""
    from tests.formula.drawn_formulas import ours_of

    match = re.search(r"MOD\(([^(),]+),([^(),]+)\)", case.formula)
    try:
        x, by, left = map(ours_of, (match[1], match[2], match[0])) if match else (0.0, 1.0, 1.0)
    except XlcicfError:
        return False
    return isinstance(x, float) and isinstance(by, float) and by != 0 and left == x % by


def _nothing(case: Differing) -> bool:
    """Ours is 0 as far as a payment of that size may be."""
    return _numbers(case) and abs(case.ours) < 1e-12 and abs(case.theirs) < 1e4  # type: ignore[arg-type]


def _same_in_capitals(case: Differing) -> bool:
    return str(case.ours).casefold() == str(case.theirs).casefold()


def _same_up_to_noise(case: Differing) -> bool:
    """Complex numbers whose first part is the same to 12 digits."""
    return str(case.ours)[:13] == str(case.theirs)[:13]


def _errors(case: Differing) -> bool:
    return is_error(case.ours) and is_error(case.theirs)


KINDS = [
    Kind(
        "it wants a field, which Microsoft's page calls optional",
        _names("DCOUNT DCOUNTA"),
        _has(",,", _they_fail),
    ),
    Kind(
        "a constant left out is fitted by Microsoft's page",
        _names("LINEST LOGEST TREND GROWTH"),
        _has(r",\)|,,"),
    ),
    Kind(
        "a truth is TRUE or FALSE, no other text",
        _OF_NUMBERS,
        _has('"|D18|D1[5-7]|D[678]', lambda c: c.ours == "#VALUE!"),
    ),
    Kind(
        "the logarithm of 0 is no complex number", _names("IMLN IMLOG2 IMLOG10"), lambda c: c.ours == "#NUM!"
    ),
    Kind("ranges without a common cell are #NULL!", _ANY, lambda c: c.ours == "#NULL!"),
    Kind("there is no cell of that property before there is none of that name", _names("CELL"), _errors),
    Kind(
        "a rate that is not found is #NUM! by Microsoft's page",
        _names("RATE IRR XIRR YIELD"),
        lambda c: c.ours == "#NUM!",
    ),
    Kind(
        "a day before March 1900 counts from another day, in texts too",
        _DATES,
        _has(r'&""|\bIM[A-Z]', _no_date_yet),
    ),
    Kind("a blank is the complex number 0", _COMPLEX, _has(r"A:A|E:E|A:B|D1:D20", _they_fail)),
    Kind(
        "beyond all numbers is #NUM! by Microsoft's page",
        _names("FACT FACTDOUBLE COMBIN"),
        _has("D8|D19|45306", lambda c: c.ours == "#NUM!"),
    ),
    Kind(
        "the skew of fewer than three numbers is #DIV/0! by Microsoft's page",
        _names("SKEW SKEW.P"),
        lambda c: c.ours == "#DIV/0!",
    ),
    Kind(
        "a text that is a number counts where it is an argument", _names("SUM"), _has("SUM\\(IM", _they_fail)
    ),
    Kind("the kind of an array is 64, whatever is in it", _names("TYPE"), lambda c: c.ours == 64.0),
    Kind(
        "LibreOffice computes no array's elements there", _names("REPLACEB REPLACE"), _has(r"\{", _they_fail)
    ),
    Kind(
        "LibreOffice saves each of its own errors as #VALUE!",
        _ANY,
        lambda c: not c.has_ironcalc and c.theirs == "#VALUE!" and _errors(c),
    ),
    Kind(
        "TRUE and FALSE are #VALUE! by Microsoft's pages, and what has no digits of a base #NUM!",
        _COMPLEX | _BASES | {"DECIMAL"},
        lambda c: c.ours in ("#VALUE!", "#NUM!") and _errors(c),
    ),
    Kind("it looks in no single value", _LOOKUPS, _errors),
    Kind(
        "an array without numbers is #NUM! by Microsoft's page",
        _names("PERCENTRANK PERCENTRANK.INC PERCENTRANK.EXC"),
        _errors,
    ),
    Kind(
        "a later start, or no such unit, is #NUM! by Microsoft's page",
        _names("DATEDIF"),
        lambda c: c.ours == "#NUM!",
    ),
    Kind(
        "#NUM! is what a number beyond all others or a text of no time is",
        _names("FACT FACTDOUBLE BESSELK BESSELI EDATE EOMONTH"),
        _has(r"1E\+|D4", either(_errors, _has(r"BESSELI\(", lambda c: c.ours == "#NUM!"))),
    ),
    Kind("a text that cannot hold so many delimiters is #VALUE!", _names("TEXTBEFORE TEXTAFTER"), _errors),
    Kind(
        "a range beyond its end is #REF!",
        _names("INDEX"),
        lambda c: c.ours == "#REF!" and _errors(c),
    ),
    Kind(
        "of a range in an array formula's place it takes one cell",
        _names("TEXTSPLIT"),
        _has(":|MIRR|words|figures"),
    ),
    # --- what LibreOffice alone has, otherwise
    Kind(
        "LibreOffice takes an error among an array's elements for the outcome",
        _ANY,
        _has(r"\{[^}]*#N/A", lambda c: c.theirs == "#N/A"),
    ),
    Kind(
        "LibreOffice has no TRUE and FALSE, only numbers shown so",
        _COMPLEX
        | _BASES
        | _names(
            "BETAINV BETA.INV CONCAT CONCATENATE PRODUCT MIN RANK RANK.EQ RANK.AVG AGGREGATE SUMPRODUCT FREQUENCY IFS"
        )
        | _BESSEL,
        _has(rf"{_A_TRUTH}|D6:D11", lambda c: not is_error(c.theirs)),
    ),
    Kind(
        "arrays of TRUE and FALSE are passed over by Microsoft's page, and as Excel saved",
        _names("KURT AVERAGE AVERAGEA SKEW"),
        _has(r"\{TRUE,FALSE\}"),
    ),
    Kind(
        "LibreOffice reads TRUE in a text as 1",
        _ANY,
        _has(
            '"TRUE"|D18|G2',
            lambda c: (
                c.ours == "#VALUE!" and not (c.has_ironcalc and not c.by_both) and not is_error(c.theirs)
            ),
        ),
    ),
    Kind("from nothing no rate leads on", _names("RRI PDURATION"), lambda c: c.ours == "#NUM!"),
    Kind(
        "LibreOffice writes e for E, and reads commas, in a complex number",
        _COMPLEX | {"COMPLEX"},
        either(_same_in_capitals, _has('"1,234"|D16', _we_fail)),
    ),
    Kind(
        "nothing times a number is 0, as Excel has saved of a blank",
        _names("IMPRODUCT"),
        _has(_LEFT_OUT, lambda c: c.ours == "0"),
    ),
    Kind("LibreOffice has a letter of number 0", _names("CHAR UNICHAR"), _we_fail),
    Kind(
        "LibreOffice rounds parts of a number down, Excel cuts them off",
        _names("DEC2HEX DEC2OCT DEC2BIN BITRSHIFT BITLSHIFT"),
        _has("-"),
    ),
    Kind("to choose none of none is one way", _names("COMBINA"), lambda c: c.ours == 1.0),
    Kind("LibreOffice's counts of ways end at some number", _names("COMBINA"), _has(r"1E\+|D4", _they_fail)),
    Kind(
        "LibreOffice's AGGREGATE looks in the first range",
        _names("AGGREGATE"),
        _has(r":[^,]*,[A-Z]\d:", _numbers),
    ),
    Kind("it takes a height that is left out for 0", _names("OFFSET"), _has(r"OFFSET\([^)]*,,", _errors)),
    Kind(
        "it encodes a point, which Microsoft's example leaves as it is",
        _names("ENCODEURL"),
        lambda c: str(c.theirs).replace("%2E", ".") == c.ours,
    ),
    Kind(
        "LibreOffice takes one number at a time",
        _names("FORECAST FORECAST.LINEAR"),
        _has(r"\{5,-7\}", _numbers),
    ),
    Kind(
        "LibreOffice rounds to so many digits where Microsoft's page cuts",
        _names("PERCENTRANK PERCENTRANK.INC PERCENTRANK.EXC"),
        either(_within(1e-2), _days_apart(0.1 + _CLOSE)),
    ),
    Kind(
        "LibreOffice begins with the whole of a period of which a part is left out, or takes a rate for another",
        _names("CUMIPMT CUMPRINC"),
        _has(r"\{", _numbers),
    ),
    Kind(
        "a chance of 1 is none, as Excel has saved",
        _names("NEGBINOMDIST NEGBINOM.DIST BETAINV BETA.INV"),
        _has(r"\{|TRUE|D9", _we_fail),
    ),
    Kind(
        "a range of numbers is ranked in, no value",
        _names("RANK RANK.EQ RANK.AVG"),
        lambda c: c.ours == "#N/A",
    ),
    Kind("only Google has the function", _names("ARRAYFORMULA ARRAY_CONSTRAIN"), lambda c: True),
    Kind("it shows the error itself", _names("VALUETOTEXT ARRAYTOTEXT"), either(_they_fail, _of_both)),
    Kind(
        "it takes values beside a table's first column, where Microsoft's page begins at the first cell",
        _names("SUMIF AVERAGEIF"),
        _has(r"Sales\[#All\]\)", lambda c: c.has_ironcalc and c.ours in ("#DIV/0!", 0.0)),
    ),
    Kind(
        "of a rate next to nothing in each of very many periods both take 1 and it, of which none of it is left",
        _names("EFFECT"),
        _has(r"EFFECT\([^,]*,1E\+300\)", lambda c: c.theirs == 0.0 and _numbers(c)),
    ),
    Kind(
        "LibreOffice's ACCRINT has no way of counting from issue or not",
        _names("ACCRINT"),
        lambda c: (
            not c.has_ironcalc
            and c.theirs == "#VALUE!"
            and len(_parts(*_arguments(c.formula, _names("ACCRINT"))[:1])) == 8
        ),
    ),
    Kind(
        "LibreOffice begins with the whole of a period of which a part is left out, Excel, as it saved, with the next",
        _names("CUMIPMT CUMPRINC"),
        lambda c: not c.has_ironcalc and _numbers(c) and _begins_within_a_period(c),
    ),
    Kind(
        "a day before 1900 is no date",
        _names("COUPPCD"),
        lambda c: c.ours == "#NUM!" and isinstance(c.theirs, float) and _has_a_coupon_before_1900(c),
    ),
    Kind(
        "LibreOffice takes what is left out for 0, Excel saved #N/A",
        _names("LCM GCD MROUND"),
        lambda c: c.ours == "#N/A" and not c.has_ironcalc and _is_left_out_of(_names("LCM GCD MROUND"))(c),
    ),
    Kind(
        "which comes first, what is left out or TRUE and FALSE, no documentation says",
        _names("LCM GCD MROUND"),
        lambda c: c.ours == "#N/A" and _errors(c) and _is_left_out_of(_names("LCM GCD MROUND"))(c),
    ),
    Kind(
        "of more digits than a number has all are left",
        _names("PERCENTRANK PERCENTRANK.INC PERCENTRANK.EXC"),
        _has(r",(D4|D19|45306|1E\+\d+)\)", lambda c: isinstance(c.ours, float) and c.theirs == "#NUM!"),
    ),
    Kind(
        "LibreOffice writes a letter that no file may hold by its number",
        _names("CHAR UNICHAR"),
        lambda c: not c.has_ironcalc and c.ours == _unescaped(str(c.theirs)),
    ),
    Kind(
        "a basis below 0 or above 4 is #NUM! by Microsoft's page",
        _SECURITIES,
        lambda c: c.ours == "#NUM!" and _has_no_basis(c),
    ),
    Kind(
        "of small chances that they take from 1 few digits are left, nor of what is made of them",
        _names("ERF"),
        _has(r"^\w+\(ERF\(", _within(1e-2)),
    ),
    Kind(
        "it writes off within no time", _names("DB"), _has(r"DB\([^,]*,[^,]*,(D2|D10|-?0|FALSE)?,", _we_fail)
    ),
    # --- what no documentation says
    Kind(
        "what a bill yields whose discount is more than all that it pays only Excel can say",
        _names("TBILLEQ"),
        lambda c: c.ours == "#NUM!" and isinstance(c.theirs, float) and c.theirs < 0,
    ),
    Kind(
        "whether what is no LAMBDA or the error that it would be called with comes first only Excel can say",
        _names("REDUCE"),
        lambda c: c.ours == "#VALUE!" and _errors(c),
    ),
    Kind(
        "a deviation of 0 or less is no number, as of NORM.DIST",
        _names("Z.TEST ZTEST"),
        _has("-|D3", lambda c: c.ours == "#NUM!"),
    ),
    Kind(
        "in what order a table is looked through beside a row of results only Excel can say",
        _names("LOOKUP"),
        _has(r"LOOKUP\([^{]*\{1,2;3,4\}"),
    ),
    Kind(
        "whether a part of 1 is 0 or no way only Excel can say",
        _names("ARRAYTOTEXT VALUETOTEXT"),
        lambda c: c.ours == "#VALUE!",
    ),
    # --- one of several witnesses is Microsoft's page
    Kind("what is left out behind a comma is 0 by Microsoft's page", _names("IF"), _has(r",\)|,,", _of_both)),
    Kind("a delimiter without letters is found at once", _names("TEXTAFTER TEXTBEFORE"), _has(_LEFT_OUT)),
    Kind("a number has 255 digits at most by Microsoft's page", _names("BASE"), lambda c: c.ours == "#NUM!"),
    Kind("other x's than y's are #REF!", _names("LINEST LOGEST TREND GROWTH"), lambda c: c.ours == "#REF!"),
    Kind(
        "of a range N takes the first cell",
        _names("N"),
        _has(r"N\(\$?[A-Z]+\$?\d*:|N\(Other|N\(words|N\(figures|N\(Sales|N\(OFFSET|N\(INDIRECT|N\(CHOOSE"),
    ),
    Kind("a plain cell takes the element of its own row", _names("SMALL LARGE"), _has(r"[A-Z]:[A-Z]/")),
    Kind(
        "days until 46000 of another year are counted from the start's, as C. Pearson describes",
        _names("DATEDIF"),
        _has('"YD"'),
    ),
    Kind("29 February 1900 counts in Excel", _names("DAY"), _has(r"DAY\(60\)")),
    Kind(
        "of very many degrees of freedom it is the normal distribution",
        _names("T.INV T.INV.2T TDIST TINV T.DIST.RT T.DIST T.DIST.2T CONFIDENCE.T"),
        _has(r"1E\+|D4"),
    ),
    Kind("at such numbers a sine hangs on digits that are not there", _COMPLEX, _has(r"1E\+|D4", _of_one)),
    Kind(
        "at such numbers a sine hangs on digits that are not there",
        _CIRCLE_OF_COMPLEX,
        _given(_CIRCLE_OF_COMPLEX, lambda x: abs(x) > 1e12),
    ),
    Kind(
        "1 by the sine of 0 is no number, nor what is made of it",
        _names("IMCSC IMCSCH IMCOT"),
        _given(_names("IMCSC IMCSCH IMCOT"), lambda x: x == 0),
    ),
    Kind(
        "TRUE is no number of functions that were once an add-in, as Excel has saved of EFFECT and MROUND",
        _names(
            "CONVERT ERF ACCRINTM ACCRINT EFFECT NOMINAL DOLLARDE DOLLARFR MROUND SERIESSUM QUOTIENT DELTA GESTEP"
        ),
        _has(_A_TRUTH, lambda c: c.ours == "#VALUE!"),
    ),
    Kind(
        "a number outside the bounds is #NUM! by Microsoft's page",
        _names("BETADIST BETA.DIST"),
        lambda c: c.ours == "#NUM!",
    ),
    Kind(
        "at a rate of -100% no periods are 0^0, #NUM! as what Excel has saved of FV(-1,-2,1) is that of 0^-2",
        _names("FV"),
        _has(r"FV\(-(1|TRUE),(0|-0|FALSE|D2|D10)?,", lambda c: c.ours == "#NUM!"),
    ),
    Kind(
        "on the way to a payment it meets what is beyond all numbers",
        _names("PMT PPMT IPMT"),
        _has(r"D4|1E\+300", lambda c: c.theirs == "#NUM!" and _they_fail(c)),
    ),
    Kind(
        "a text is of 32,767 letters at most by Microsoft's page",
        _names("REPT"),
        lambda c: c.ours == "#VALUE!" and len(str(c.theirs)) > 32_767,
    ),
    Kind(
        "of almost no payments it has none, in a text too",
        _names("PV FV PMT IPMT PPMT"),
        _has(r'(1E-300|D5).*&""', lambda c: abs(float(str(c.ours)) - float(str(c.theirs or 0))) < _CLOSE),
    ),
    Kind(
        "an error alone is passed over too, and of no numbers there is none",
        _names("AGGREGATE"),
        lambda c: c.ours == "#NUM!" and _errors(c) and not c.has_ironcalc,
    ),
    Kind(
        "whether ISFORMULA in a plain cell tells of each of several cells, as ROW does, only Excel can say",
        _names("ISFORMULA"),
        _has(r"ISFORMULA\([^)]*:", lambda c: c.theirs == "#VALUE!"),
    ),
    Kind(
        "of a payment that is paid back at once nothing is left to pay", _names("CUMPRINC CUMIPMT"), _nothing
    ),
    Kind(
        "the smaller part of a complex power is 0 but for rounding",
        _names("IMPOWER IMSQRT"),
        _same_up_to_noise,
    ),
    Kind(
        "INDEX takes a single value for an array of one element",
        _names("INDEX"),
        lambda c: (
            (c.theirs == "#VALUE!" or bool(_AROUND.match(c.formula))) and _takes_one_of_a_single_value(c)
        ),
    ),
    Kind(
        "Excel computes element by element what INDEX takes one of, as ranges do",
        _names("INDEX"),
        lambda c: (
            c.theirs == "#VALUE!" and (_takes_one_of_what_is_lifted(c) or _is_known_of_what_index_takes(c))
        ),
    ),
    Kind(
        "of several columns INDEX takes none where no column is given, as Excel saved",
        _names("INDEX"),
        _has(r"INDEX\(A1:B3,[^,()]*\)", lambda c: c.ours == "#REF!"),
    ),
    Kind(
        "of rates found by steps the last digits differ, and where a letter stands in their texts",
        _names("RATE"),
        _has(r"(FIND|SEARCH)B?\(.*\bRATE\("),
    ),
    Kind(
        "without a bound 0 is one, as Excel saved",
        _names("FREQUENCY"),
        _has(r'FREQUENCY\([^,]*,(\{"3";"";"abc"\}|\{"a","b"\}|F1:F7|words|D6:D11|C1:C5)\)'),
    ),
    # --- numbers in texts
    Kind(
        "it writes all digits of a number in a text, Excel 15 and those beyond with E",
        _ANY,
        _same_but_for_digits,
    ),
    Kind(
        "it takes parts of a number's text, or counts its letters, with all digits of the number",
        _CUTTING
        | _names(
            "LEN LENB TEXTAFTER TEXTBEFORE TEXTSPLIT CODE UNICODE FIND FINDB SEARCH SEARCHB REPT ENCODEURL"
        ),
        either(_of_digits, _has(r"1E[+-]300|D4|D5|10\^90", either(_they_fail, _we_fail, _numbers))),
    ),
    Kind("it has a zero below zero", _ANY, _zero_below_zero),
    Kind(
        "it has a zero below zero", _names("ACOT ODD ATAN2"), _has(r"-(0|FALSE|\"0\"|A:A|E:E|D2|D10|\{0\})")
    ),
    Kind(
        "it goes on with what is beyond all numbers",
        _ANY,
        lambda case: bool(re.search("inf|NaN", str(case.theirs))),
    ),
    Kind(
        "it goes on with what is beyond all numbers, or no number",
        _names("ASIN ACOS ACOSH ATANH EXP SINH COSH FACTDOUBLE IMEXP IMCOSH IMSINH"),
        _we_fail,
    ),
    Kind(
        "it reads no day with a time, and no number in spaces, in a text",
        _ANY,
        _has(r'hh:mm|" 12 "|D15', _they_fail),
    ),
    Kind(
        "it knows no name that stands for a number",
        _ANY,
        _has(r"\btenth\b", either(_they_fail, _has("IFERROR"), lambda case: "#NAME?" in str(case.theirs))),
    ),
    # --- which values count
    Kind(
        "it counts no typed texts, TRUE, FALSE and empty arguments, which count by Microsoft's page",
        _TYPED,
        _has(
            f"{_LEFT_OUT}|{_A_TEXT}|{_A_TRUTH}",
            lambda case: case.ours in ("#VALUE!", "#NUM!") or not is_error(case.ours),
        ),
    ),
    Kind(
        "it passes over errors and texts among conditions and values, or stops at the first that decides",
        _names("AND OR XOR MODE MODE.SNGL MODE.MULT"),
        _we_fail,
    ),
    Kind(
        "pairs of which there are not as many are #N/A by Microsoft's pages, as Excel saved of FORECAST",
        _PAIRS,
        lambda c: (c.ours == "#N/A" or bool(_AROUND.match(c.formula))) and _pairs_another_number(c),
    ),
    Kind(
        "what a single text, truth or nothing counts for among pairs only Excel can say",
        _PAIRS,
        lambda c: (is_error(c.ours) or bool(_AROUND.match(c.formula))) and _pairs_no_number(c),
    ),
    Kind(
        "of one value alone nothing is tested, as Excel saved",
        _names("Z.TEST ZTEST"),
        _has(r"TEST\((?![A-Z{])[^,]*,", lambda c: c.ours == "#DIV/0!"),
    ),
    Kind(
        "criteria are a label and a cell below it at least",
        _names("DSUM DAVERAGE DMAX DMIN DPRODUCT DSTDEV DSTDEVP DVAR DVARP DCOUNT DCOUNTA DGET"),
        lambda c: c.ours == "#VALUE!" and _has_criteria_in_one_row(c),
    ),
    Kind(
        "so many blank cells and what is between them are no text, as they count by Microsoft's page",
        _names("TEXTJOIN"),
        _has(r"TEXTJOIN\([^,]*,(0|FALSE|D2|D10|-0|),.*\b(A:A|E:E|A:B)", lambda c: c.ours == "#VALUE!"),
    ),
    Kind(
        "of one number alone the rank is 1, as Excel saved",
        _names("PERCENTRANK PERCENTRANK.INC"),
        lambda c: c.ours == 1.0 and c.theirs == "#N/A" and c.has_ironcalc,
    ),
    Kind(
        "it takes single values for no array of one element",
        frozenset(_ARRAYS_AT),
        lambda c: _takes_a_single_value(c) and (c.theirs == "#VALUE!" or _they_fail(c)),
    ),
    Kind(
        "it takes TRUE and FALSE, and texts, for no numbers in functions that were never an add-in",
        _OF_NUMBERS | _names("NPER PMT PV FV RATE SLN SYD DB DDB RRI PDURATION TBILLEQ"),
        _has(f"{_A_TRUTH}|{_A_TEXT}", _refused),
    ),
    Kind("it takes TRUE for a part of a complex number", _names("COMPLEX"), _has(_A_TRUTH, _we_fail)),
    Kind(
        "it takes texts for no counts of letters",
        _CUTTING | _names("TEXTBEFORE TEXTAFTER"),
        _has(_A_TEXT, _refused),
    ),
    Kind("it takes blanks and texts without letters for no number of a base", _BASES, _they_fail),
    Kind(
        "it takes a text with spaces or without letters for a complex number, a blank for none",
        _COMPLEX,
        _has(r'" 12 "|""|D11|D14|D15|,\)|\(,'),
    ),
    Kind(
        "Excel takes ranges only there, not values; of a single cell it takes no criterion",
        _CRITERIA | {"COUNTBLANK"},
        either(_they_fail, _errors, _has("COUNTBLANK", _we_fail)),
    ),
    Kind(
        "it takes an array of criteria for none",
        _CRITERIA,
        _has(r"\{", lambda case: case.theirs in (0.0, "0", "-0")),
    ),
    Kind(
        "it takes lists of days that are typed, or left out, for none",
        _DATES,
        _has(rf'"|{_LEFT_OUT}', _they_fail),
    ),
    Kind(
        "it takes what is no rate for one",
        _names("FVSCHEDULE SERIESSUM XNPV XIRR"),
        either(_we_fail, _they_fail),
    ),
    Kind(
        "it knows no par of 1000 where none is given", _names("ACCRINT ACCRINTM"), _has(r",,|,\)", _they_fail)
    ),
    Kind("it cannot tell the number of a range's sheet", _names("SHEET SHEETS"), _they_fail),
    Kind(
        "it asks the kind of an array's first element alone",
        _names("ISERR ISERROR ISNONTEXT ISTEXT ISNUMBER ISNA ISODD ISEVEN"),
        _has(r"\{|:|1E\+300|D4"),
    ),
    # --- dates
    Kind(
        "it has no day 0, and counts the days before March 1900 from another day",
        _DATES,
        either(
            lambda case: _days_apart(1)(case) and _no_date_yet(case),
            lambda case: (
                either(_days_apart(52), _within(1e-4), lambda c: c.theirs == "#NUM!", _we_fail)(case)
                and _no_date_yet(case)
            ),
        ),
    ),
    Kind(
        "LibreOffice takes years below 30 for those from 2000 on",
        _names("DATE"),
        lambda c: not c.has_ironcalc and _days_apart(36526)(c) and not _days_apart(36524)(c),
    ),
    Kind(
        "of a day before March 1900, which counts from another day, something else is made",
        _names("DATE"),
        _has(r"^\w+\(DATE\(", lambda c: _numbers(c) and _no_date_yet(c)),
    ),
    Kind(
        "it has a year before 1900, where 29 February 1900 counts in Excel",
        _names("DATE"),
        _has(r"DAY\(60\)|DELTA"),
    ),
    Kind(
        "it has no day 0, and counts the days before March 1900 from another day",
        _SECURITIES,
        lambda case: (
            either(_within(2e-2), _days_apart(4), _they_fail, _we_fail, _errors)(case) and _no_date_yet(case)
        ),
    ),
    Kind(
        "it cuts the second that Excel rounds",
        _names("SECOND"),
        lambda case: _numbers(case) and (case.ours - case.theirs) in (1, -59),  # type: ignore[operator]
    ),
    Kind("it takes days that are beyond the calendar", _DATES | _SECURITIES, _has(r"1E\+\d+|D4", _we_fail)),
    # --- mathematics
    Kind(
        "half of it is not below, where most of it is, or little",
        _names("T.DIST"),
        _has(r"1E\+\d+|D4", _numbers),
    ),
    Kind(
        "a part of an hour, or of a digit, below 0 it takes for a whole one",
        _names("TIME DOLLAR FIXED"),
        _has(r'-"|,-'),
    ),
    Kind("it has rows beyond the sheet", _names("ADDRESS EXPAND"), _we_fail),
    Kind(
        "what is reinvested at -100% is lost, but for the last payment",
        _names("MIRR"),
        _has(r",-(1|TRUE)\)", _they_fail),
    ),
    Kind("a day without a time is at midnight", _names("TIMEVALUE"), _they_fail),
    Kind("it takes no range of complex numbers", _names("IMSUM IMPRODUCT"), _has(":")),
    Kind(
        "pairs of which there are not as many are #N/A by Microsoft's page",
        _names("T.TEST TTEST"),
        lambda case: case.ours == "#N/A",
    ),
    Kind(
        "it reads a number's own text, without E",
        _names("NUMBERVALUE"),
        _has(r"NUMBERVALUE\([A-Z0-9]", _numbers),
    ),
    Kind(
        "it takes an array of one number for none", _names("DB DDB VDB SYD SLN"), _has(r"\{|[A-Z]:[A-Z]|,,")
    ),
    Kind(
        "its inverses lie far off at probabilities next to 0",
        _OF_NUMBERS,
        _has(r"INV\w*\(.*(1E-300|D5)", _numbers),
    ),
    Kind(
        "it takes texts for no numbers in functions that were never an add-in",
        _OF_NUMBERS,
        _has(_A_TEXT, _they_fail),
    ),
    Kind("three quarters are reached by one of two at a half", _names("BINOM.INV CRITBINOM"), _days_apart(1)),
    Kind(
        "log-gamma of 1 is 0, but for rounding",
        _names("GAMMALN GAMMALN.PRECISE"),
        lambda case: isinstance(case.ours, bool),
    ),
    Kind("it takes small numbers, or their squares, for 0", _COMPLEX, _has("1E-|D5")),
    Kind(
        "very many periods a year leave few digits of its rate, or none",
        _names("EFFECT NOMINAL"),
        either(_has(r"1E\+", _within(1e-4)), _has(r"(EFFECT|NOMINAL)\(.*(1E\+300|D4)", _numbers)),
    ),
    Kind("its rates have eight right digits, as Excel's have", _names("XIRR IRR"), _within(1e-6)),
    Kind(
        "a part of a period before the first interest it counts by another day",
        _names("ACCRINT"),
        _within(1e-2),
    ),
    Kind(
        "it takes the difference of payment and interest, of which few digits are left",
        _names("CUMIPMT"),
        _within(1e-5),
    ),
    Kind(
        "squares of the largest numbers are beyond all numbers",
        _names("FTEST F.TEST VAR STDEV CHISQ.TEST"),
        _has("D4|D1:D|1E\\+300"),
    ),
    Kind(
        "it takes a text of an array for 0, Excel passes over the pair",
        _names("SUMX2MY2 SUMX2PY2 SUMXMY2"),
        _has('"|[DFG]\\d*:|OFFSET\\(D|Other!A1:'),
    ),
    Kind("it chooses no times of less than nothing", _names("PERMUTATIONA"), _they_fail),
    Kind("it has a zero below zero", _names("CODE UNICODE LEN LENB"), _has(r"-(0|[A-Z]+:[A-Z])", _numbers)),
    Kind(
        "its distributions of very many degrees of freedom are further off",
        _OF_NUMBERS,
        _has(r"1E\+\d+|D4", either(_within(1e-4), _they_fail, _we_fail)),
    ),
    Kind(
        "half of it is not below, where most of it is",
        _names("T.DIST.RT"),
        _has(r"T\.DIST\.RT\(-.*(1E\+|D4)"),
    ),
    Kind(
        "its whole numbers end at 32767 hours, forms of 4 and 170!",
        _names("TIME ROMAN FACT DECIMAL"),
        _we_fail,
    ),
    Kind("it takes what has no digits of that base for one", _BASES, _has(r"1E|D4", _we_fail)),
    Kind(
        "at a rate next to 0 it finds no payments",
        _names("IPMT PPMT PMT PV FV NPER"),
        _has("1E-300|D5", either(_they_fail, _numbers)),
    ),
    # --- texts and places
    Kind("it has a zero below zero", _names("REPLACE REPLACEB SUBSTITUTE"), _has(r"\(-0")),
    Kind(
        "of more than 15 digits it writes all",
        _names("FIXED DOLLAR"),
        lambda case: len(str(case.theirs)) > 18,
    ),
    Kind(
        "it computes no element by element in a plain cell, Excel one element",
        _names("T.TEST TTEST F.TEST FTEST CHISQ.TEST"),
        _has(r"[A-Z]\d:[A-Z]\d+[*]|-[A-Z]\d:"),
    ),
    Kind("it takes only TRUE and 1 for true", _names("TEXTJOIN"), lambda case: not is_error(case.ours)),
    Kind("it takes what is left out for 0", _names("ADDRESS"), _has(",,|,\\)", _they_fail)),
    Kind(
        "the values lie where the range does that meets the criterion",
        _names("AVERAGEIF SUMIF"),
        _has(r":.*,.*:", _numbers),
    ),
    Kind(
        "it counts the elements of what is computed, Excel in a plain cell one",
        _names("COUNTA STDEVA VARA MAXA MINA"),
        _has(r"[-+*/]\$?[A-Z]"),
    ),
    Kind(
        "it passes over an error that is written out",
        _names("T MINA MAXA IFERROR ERROR.TYPE COUNTA"),
        either(_we_fail, _has(r"\{|:")),
    ),
    Kind(
        "it spills what a plain cell shows the first element of",
        _ANY,
        lambda case: case.theirs == "#SPILL!" and case.has_arrays,
    ),
    Kind("it takes an error that is written out for the outcome", _names("FILTER XLOOKUP"), _they_fail),
    Kind(
        "it computes sines of numbers from 2^27 on, where Excel has #NUM!",
        _CIRCLE,
        lambda case: case.ours == "#NUM!" or bool(_AROUND.match(case.formula)),
    ),
    Kind(
        "its Bessel functions have eight right digits, as Excel's have",
        _BESSEL,
        either(_within(1e-6), _days_apart(1e-6), _texts_within(1e-6)),
    ),
    Kind("LibreOffice's Bessel functions end at some order", _BESSEL, _has(r"1E\+|D4", _they_fail)),
    Kind(
        "of what is left between two numbers next to 1 it has few digits", _names("ERF ERFC"), _within(1e-4)
    ),
    Kind(
        "its inverses of distributions, and what follows of them, have eight right digits",
        _OF_NUMBERS,
        _within(1e-7),
    ),
    Kind(
        "next to a whole number below 0 the function hangs on the last digit of what it is of",
        _names("GAMMA"),
        _has(r"GAMMA\(-[A-Z]", _within(1e-3)),  # 13565853978 by mpmath of -BETAINV(0.685470581,8,10,1,3)
    ),
    Kind(
        "its inverses find nothing at probabilities next to 0, or of distributions that are far from usual",
        _OF_NUMBERS,
        _has(r"1E[+-]\d+|D4|D5|D8|\d/\d", either(_they_fail, _we_fail)),
    ),
    Kind(
        "it takes small probabilities from 1, which leaves nothing of them",
        _names("BINOM.DIST.RANGE"),
        _has(r"BINOM\.DIST\.RANGE\(60,0\.2,45,50\)\*(10|1E\+10)\^"),  # 7.1648 by fractions
    ),
    Kind(
        "to choose some of none, or a part of one, is #NUM! by Microsoft's page",
        _names("PERMUT COMBIN PERMUTATIONA"),
        _we_fail,
    ),
    Kind("its rounding leaves digits behind", _names("TRUNC ROUND ROUNDDOWN ROUNDUP"), _within(1e-14)),
    Kind(
        "a number of so few digits is beyond all numbers",
        _names("ROUND ROUNDUP ROUNDDOWN TRUNC"),
        _has('1E|D4|45306|"', _we_fail),
    ),
    Kind(
        "MOD leaves what is left to the last digit, as Excel has saved",
        _names("MOD"),
        _left_to_the_last_digit,
    ),
    Kind("MOD takes no quotient of more than 2^40", _names("MOD"), lambda case: case.ours == "#NUM!"),
    Kind("it takes a matrix next to 0 for one without an inverse", _names("MINVERSE"), _they_fail),
    Kind(
        "a blank, a text or TRUE in a matrix is #VALUE! by Microsoft's page",
        _names("MDETERM MINVERSE MMULT"),
        either(_we_fail, lambda c: c.ours == "#VALUE!" and _errors(c)),
    ),
    Kind(
        "the skew of fewer than three numbers is #DIV/0! by Microsoft's page", _names("SKEW SKEW.P"), _we_fail
    ),
    Kind("an empty text is 0 by Microsoft's page", _names("ARABIC NUMBERVALUE"), _they_fail),
    Kind(
        "a group sign behind the decimal sign is #VALUE! by Microsoft's page", _names("NUMBERVALUE"), _we_fail
    ),
    Kind("0 to the power of 0 is #NUM!", _names("IMPOWER"), _we_fail),
    Kind(
        "the part of a complex root that is 0 is so but for rounding",
        _names("IMSQRT IMPOWER"),
        _noise_of_a_root,
    ),
    Kind(
        "it squares the parts of a complex number, which may be beyond all numbers",
        _COMPLEX,
        _has("1E|D[45]", either(_they_fail, lambda c: str(c.ours).replace("1E-300", "0") == c.theirs)),
    ),
    Kind("it converts degrees Fahrenheit with an offset of 0.35", _names("CONVERT"), _days_apart(0.5)),
    Kind(
        "it has 48 bits and more, to which fractions are cut",
        _names("BITLSHIFT BITRSHIFT BITAND BITOR BITXOR"),
        lambda case: case.ours == "#NUM!" or bool(_AROUND.match(case.formula)),
    ),
    # --- money
    Kind(
        "it finds no rate within 20 steps, where the equation has one",
        _names("RATE IRR XIRR YIELD"),
        _they_fail,
    ),
    Kind(
        "it takes the first number of an array alone",
        _names("NPV"),
        _has(r"\{|:", either(_numbers, _we_fail)),
    ),
    Kind(
        "it takes the difference of payment and interest, of which few digits are left",
        _names("PPMT CUMPRINC"),
        either(_within(1e-3), lambda case: _numbers(case) and max(abs(case.ours), abs(case.theirs)) < 1e-5),  # type: ignore[arg-type]
    ),
    Kind("at a rate next to 0 it finds no payments", _names("CUMPRINC CUMIPMT"), _has("1E-300|D5")),
    Kind(
        "whether a basis that is no whole number is cut only Excel can say",
        _names("AMORLINC AMORDEGRC"),
        lambda c: c.ours == "#NUM!" and _has_a_part_of_a_basis(c),
    ),
    Kind(
        "it has periods between 0 and 1",
        _names("DB DDB VDB AMORLINC AMORDEGRC SYD"),
        either(_has(r'\b0\.\d|1E-300|D5|D20|":|"|D15'), _has_a_period_before_1),
    ),
    Kind(
        "it writes off less than nothing where less was paid than is left",
        _names("VDB DDB AMORDEGRC AMORLINC"),
        either(
            lambda case: _numbers(case) and case.theirs < 0 <= case.ours,  # type: ignore[operator]
            lambda case: bool(_AROUND.match(case.formula)),
        ),
    ),
    Kind("a single payment is #DIV/0!, as no period is left to earn a rate in", _names("MIRR"), _we_fail),
    Kind("at a rate of -100% nothing is left to count periods by", _names("NPER"), _we_fail),
    # --- references and arrays
    Kind(
        "it takes rows or columns that are left out for none of them",
        _names("TAKE DROP EXPAND"),
        _has(_LEFT_OUT),
    ),
    Kind("it takes texts for larger than numbers, and TRUE for larger than both", _LOOKUPS, _we_fail),
    Kind("it looks in no single value, and not for an array of values", _LOOKUPS, _they_fail),
    Kind(
        "it goes another way through cells that are not in order",
        _names("MATCH LOOKUP VLOOKUP HLOOKUP"),
        _has(r"D1:D5|D1:D20|D6:D11|G1:G7"),
    ),
    Kind(
        "halving what is not in the order asked leads anywhere",
        _names("XLOOKUP XMATCH"),
        _has(r",-?2\)"),
    ),
    Kind(
        "it takes an error in any argument for the outcome, where it is one element of several",
        _names("HSTACK VSTACK SORTBY TEXTSPLIT CHOOSECOLS CHOOSEROWS TOROW TOCOL"),
        either(_they_fail, lambda case: bool(re.search("#(N/A|VALUE!)", str(case.theirs)))),
    ),
    Kind("it passes over a single value that is left out, too", _names("TOROW TOCOL"), _we_fail),
    Kind(
        "whether one element, handed on, is a value or an array only Excel can say",
        _names("BYCOL BYROW MAP SCAN FILTER"),
        lambda case: is_error(case.ours) or bool(_AROUND.match(case.formula)),
    ),
    Kind(
        "whether an array that is cut is computed element by element in a plain cell only Excel can say",
        _names(
            "TAKE DROP EXPAND CHOOSECOLS CHOOSEROWS SORT SORTBY UNIQUE FILTER TOROW TOCOL HSTACK VSTACK WRAPROWS WRAPCOLS"
        ),
        _has(r"A1:A3\*2|-B1:B3|-INDEX\(A1:B3", lambda c: c.ours == "#VALUE!" and not is_error(c.theirs)),
    ),
    Kind(
        "it sorts by an array of another size, of which Excel saved #VALUE!",
        _names("SORTBY"),
        lambda c: c.ours == "#VALUE!" and not is_error(c.theirs) and _sorts_by_another_size(c),
    ),
    Kind(
        "of a range that is blank nothing is left, of which Excel saved #REF!",
        _names("TRIMRANGE"),
        _has(r"TRIMRANGE\((D11|C1:C5)\b", lambda c: c.ours == "#REF!"),
    ),
    Kind(
        "a blank cell is a format without letters, of which nothing is shown",
        _names("TEXT"),
        _has(r"TEXT\([^,]*,(A:A|E:E)\)", lambda c: c.ours is None),
    ),
    Kind(
        "a power beyond all numbers is #NUM!",
        _ANY,
        _has(r'\d\^("2024-05-01"|45306|D4|D8|D19|1E\+)', lambda c: c.ours == "#NUM!" and _errors(c)),
    ),
    Kind(
        "frequencies and what is expected of them may stand in another shape, as Excel saved",
        _names("CHISQ.TEST CHITEST"),
        lambda c: isinstance(c.ours, float) and is_error(c.theirs) and _pairs_another_shape(c),
    ),
    Kind(
        "ranges with more cells than the criteria's are #VALUE! by Microsoft's pages",
        _names("SUMIFS AVERAGEIFS MAXIFS MINIFS COUNTIFS"),
        lambda c: c.ours == "#VALUE!" and _looks_in_another_size(c),
    ),
    Kind(
        "neither computes element by element with a table's cells",
        _ANY,
        _has(r"^SUMPRODUCT\(--ISNUMBER\(.*Sales\[", lambda c: c.theirs == 0.0),
    ),
    Kind(
        "which comes first, that nothing is looked for or that it is so for no time, no documentation says",
        _names("SUBSTITUTE"),
        _has(r"SUBSTITUTE\([^,]*,,", lambda c: not is_error(c.ours) and c.theirs == "#VALUE!"),
    ),
    Kind(
        "whether functions that were an add-in, of texts or with criteria take several areas only Excel can say",
        _names("LCM GCD MULTINOMIAL CONCAT TEXTJOIN") | _CRITERIA,
        _has(r"\(\(A1:A2,\w+(:\w+)?\)", lambda c: c.ours == "#VALUE!" and not c.has_ironcalc),
    ),
    Kind(
        "whether a single value that is turned around is a value or an array only Excel can say",
        _names("TRANSPOSE"),
        _has(r'TRANSPOSE\(("[^"]*"|[-\d.]+|D\d+|TRUE|FALSE)\)'),
    ),
    Kind(
        "whether nothing, handed on, is a blank or 0 only Excel can say",
        _names("FILTER"),
        _has(r"FILTER\(,", lambda c: c.ours is None),
    ),
    Kind(
        "it writes a single value without the braces of an array",
        _names("ARRAYTOTEXT"),
        lambda case: str(case.ours).startswith("{"),
    ),
    Kind("whether an empty case meets FALSE only Excel can say", _names("SWITCH"), _has(",,")),
    Kind("what is blank equals 0, as Excel saved of cells", _names("SWITCH"), _has(r"SWITCH\(,-?0,")),
    Kind(
        "LibreOffice has no LAMBDA",
        _names("ISOMITTED"),
        lambda case: not case.has_ironcalc and case.theirs == "#VALUE!",
    ),
    Kind(
        "it takes no number for a format, nor a format without places for digits",
        _names("TEXT FIXED DOLLAR"),
        either(_they_fail, _we_fail),
    ),
    Kind(
        "it rounds half of a number's last digit to the even one, and TRUE as a number",
        _names("TEXT"),
        either(_texts_within(1e-2), lambda case: case.ours in ("TRUE", "FALSE")),
    ),
    Kind(
        "which error the harmonic mean of no numbers is only Excel can say",
        _names("HARMEAN"),
        lambda c: c.ours == "#N/A" and _errors(c),
    ),
    Kind(
        "IF hands a cell on as one, whose TRUE does not count by Microsoft's page",
        _names("IF"),
        _has(r"SUM\(IF\(.*D(9|10)\b", _numbers),
    ),
    Kind(
        "a text that is a number is shown as one",
        _names("TEXT"),
        _has(r'TEXT\((" 12 "|D15),', lambda c: str(c.ours).startswith("12")),
    ),
    Kind(
        "a day without a date is day 0, as Excel passes over a time behind a date",
        _names("DATEVALUE"),
        _has(r'"10:30"', lambda c: c.ours == 0.0),
    ),
    Kind(
        "LibreOffice takes a text without letters for 0",
        _ANY,
        _has(r'D14|""', lambda c: c.ours == "#VALUE!" and not c.has_ironcalc and c.theirs == 0.0),
    ),
    Kind(
        "E is a year in a format without digits before it, in an era too",
        _names("TEXT"),
        _has(r'"1E3"|TRUE|FALSE|D9|D10|D18|,-?1E\+'),
    ),
    Kind(
        "what a date says as a format, or a number in LibreOffice's reading, only Excel can tell",
        _names("TEXT"),
        either(_has(r',"1/2/2024"\)'), _has("tenth", lambda case: not case.has_ironcalc)),
    ),
    Kind(
        "a day before March 1900 counts from another day, in texts too",
        _names("TEXT"),
        _has(r"yyyy|hh:mm", lambda case: str(case.ours).startswith("1900-0")),
    ),
    Kind(
        "it finds an empty text nowhere",
        _names("FIND FINDB SEARCH SEARCHB TEXTAFTER TEXTBEFORE"),
        _has(_LEFT_OUT, _they_fail),
    ),
    Kind("it ignores letters' case by any number, Excel by 0 or 1", _names("TEXTAFTER TEXTBEFORE"), _we_fail),
    Kind(
        "it fits no line through values alone",
        _names("LINEST LOGEST TREND GROWTH"),
        lambda case: "#REF!" in str(case.theirs),
    ),
    Kind(
        "it computes no element by element in a plain cell",
        _ANY,
        lambda case: case.has_arrays and _refused(case) and (not case.by_both or _errors(case)),
    ),
    Kind(
        "it takes a range for its first cell, Excel in a plain cell for the one in the formula's row or column",
        _ANY,
        lambda case: case.ours == "#VALUE!" and _has_it_of_first_cells(case),
    ),
    Kind(
        "Excel saved that its periods are counted from the start, where that lies within one",
        _names("VDB"),
        _has(r"VDB\((?:[^,()]*,){3}(?!\d+[,)])", _numbers),
    ),
    Kind(
        "Excel saved that it takes no TRUE or FALSE for a number",
        _names("SQRTPI FACTDOUBLE XNPV"),
        _has(_A_TRUTH, lambda case: case.ours == "#VALUE!"),
    ),
    Kind(
        "Microsoft's page has #NUM! for what lies below 0",
        _names("EXPON.DIST EXPONDIST"),
        _has(r"DIST\(-", lambda case: case.ours == "#NUM!" and not case.has_ironcalc),
    ),
    Kind(
        "days of 1900 count from another day before March, and so do periods that begin there",
        _ODD,
        _no_date_yet,
    ),
    Kind(
        "it asks nothing of the order of dates, where Microsoft's page has #NUM!",
        _ODD,
        lambda case: case.ours == "#NUM!" or bool(_AROUND.match(case.formula)),
    ),
    Kind(
        "it has no arguments beyond pattern and replacement, and patterns of its own",
        _names("REGEXTEST REGEXEXTRACT REGEXREPLACE"),
        lambda c: c.has_ironcalc and _asks_more_of_a_pattern(c),
    ),
    Kind(
        "neither chooses element by element in a plain cell",
        _names("CHOOSE"),
        _has(r"CHOOSE\(\{", lambda case: case.theirs == "#VALUE!"),
    ),
    Kind(
        "days of 1900 count from another day before March, and so do weeks",
        _DATES,
        lambda case: isinstance(case.ours, bool) and not case.has_ironcalc and _no_date_yet(case),
    ),
    Kind(
        "Excel saved #NUM! of a share for every error among the numbers",
        _names("PERCENTOF"),
        lambda case: case.ours == "#NUM!" or bool(_AROUND.match(case.formula)),
    ),
    Kind(
        "one narrows no kana, the other no space of full width",
        _names("ASC DBCS"),
        lambda case: not case.by_both,
    ),
    Kind(
        "which comes first, an error in the array or a number of none, no documentation says",
        _names("WRAPROWS WRAPCOLS"),
        _has(r"D1[23],", _errors),
    ),
    Kind(
        "Excel saved #VALUE! of a way to trim that is no whole number",
        _names("TRIMRANGE"),
        lambda case: case.ours == "#VALUE!" or bool(_AROUND.match(case.formula)),
    ),
    Kind(
        "an error handed over is the outcome, computed ones too",
        _names("ROWS COLUMNS"),
        lambda c: (
            is_error(c.ours)
            and not is_error(c.theirs)
            and any(_of(x) == c.ours for x in _arguments(c.formula, _names("ROWS COLUMNS")))
        ),
    ),
    Kind("it has a zero below zero", _names("ACOT"), _has(r"ACOT\(-", lambda case: case.ours == math.pi / 2)),
    Kind(
        "of small chances that it takes from 1 few digits are left",
        _names("CONFIDENCE CONFIDENCE.NORM"),
        _within(1e-5),
    ),
    Kind(
        "tables without a pair of numbers are #DIV/0!, as Excel saved",
        _names("CHISQ.TEST CHITEST"),
        lambda case: case.ours == "#DIV/0!" or bool(_AROUND.match(case.formula)),
    ),
    Kind(
        "a density of 0 degrees of freedom is #DIV/0!, as Excel saved",
        _names("T.DIST"),
        lambda case: case.ours == "#DIV/0!" or bool(_AROUND.match(case.formula)),
    ),
    Kind(
        "Microsoft's page has #NUM! for a logarithm of 0",
        _names("LOGNORM.DIST LOGNORMDIST"),
        lambda case: case.ours == "#NUM!" and not case.has_ironcalc,
    ),
    Kind("a digit in a format is shown as it is", _names("TEXT"), _has(r',(D17|D15|"50%"|" 12 ")\)')),
    Kind(
        "Excel saved #VALUE! for flows among which is an error",
        _names("IRR"),
        lambda case: case.ours == "#VALUE!" and is_error(case.theirs),
    ),
    Kind(
        "Excel saved #VALUE! for a fit of values among which is an error",
        _names("LINEST LOGEST TREND GROWTH"),
        lambda case: case.ours == "#VALUE!" or bool(_AROUND.match(case.formula)),
    ),
    Kind("where nothing is paid any rate is right", _names("RATE"), _pays_nothing),
    Kind(
        "functions that were an add-in take no TRUE or FALSE, as Excel saved of many of them",
        _names("CONVERT AMORLINC AMORDEGRC GCD LCM") | _COMPLEX,
        _has(rf"{_A_TRUTH}|\b(EXACT|IS[A-Z]+)\(", lambda case: case.ours == "#VALUE!"),
    ),
    Kind(
        "its rates have eight right digits, in texts too",
        _names("XIRR IRR"),
        _texts_within(1e-6),
    ),
    Kind(
        "it takes the difference of payment and interest, of which nothing is left at rates above 1",
        _names("CUMIPMT CUMPRINC"),
        _has(r'CUM\w+\((\d{2,}|"(\$|1/2/))', _numbers),
    ),
    Kind(
        "it takes small probabilities from 1, which leaves nothing of them",
        _names("BINOM.DIST.RANGE"),
        _has(r"BINOM\.DIST\.RANGE\(60,0\.2,45,50\)\*.*\^"),
    ),
    Kind(
        "LibreOffice takes what is left out for what it is without the comma",
        _names("CEILING.PRECISE FLOOR.PRECISE ISO.CEILING CEILING.MATH FLOOR.MATH FIXED"),
        _has(_LEFT_OUT, lambda case: not case.has_ironcalc),
    ),
    Kind(
        "Microsoft's equation multiplies by (1 + rate)^periods, which is beyond all numbers",
        _names("PV PMT FV IPMT PPMT NPER"),
        _has(r'1E\+300|D4|"2024-05-01"|45306', lambda case: case.ours == "#NUM!"),
    ),
    Kind(
        "at no rate and no payment nothing is paid, in no number of periods",
        _names("NPER"),
        lambda case: case.ours == "#NUM!" and not case.by_both,
    ),
    Kind(
        "it goes another way through an array that is not in order", _names("LOOKUP"), _has(r"\{TRUE,FALSE\}")
    ),
    Kind("it knows sheets by their names alone", _names("SHEET"), lambda case: case.theirs == "#N/A"),
    Kind("b is a year of the Buddhist era in a format", _names("TEXT"), _has(r',"abc"\)|,D6\)')),
    Kind(
        "day 0 is a Saturday, as days are counted from it",
        _names("WEEKDAY"),
        lambda case: "#NUM!" in str(case.theirs),
    ),
    Kind(
        'Excel reads "$5" for a number in criteria too',
        _CRITERIA,
        _has(r'"\$5"', lambda case: bool(case.calls - _CRITERIA)),
    ),
    Kind(
        "what is blank is above all others, as Excel saved, and what is left out is so",
        _names("XMATCH XLOOKUP"),
        _looks_for_a_blank,
    ),
    Kind(
        "it looks for an array of values as for one below all numbers",
        _names("XMATCH XLOOKUP"),
        lambda c: c.has_ironcalc and _looks_for_an_array(c),
    ),
    Kind(
        "which comes first, that one frequency alone is none or that 0 are expected, no documentation says",
        _names("CHISQ.TEST CHITEST"),
        lambda c: c.ours == "#N/A" and _errors(c) and _expects_0_of_one(c),
    ),
    Kind(
        "it splits at an empty delimiter beside another, of which Excel saved #VALUE!",
        _names("TEXTSPLIT"),
        lambda c: str(c.ours).startswith("#VALUE!") and _has_an_empty_delimiter(c),
    ),
    Kind(
        "it takes a blank cell for an empty text, which Excel saved that it is not",
        _names("XMATCH XLOOKUP"),
        _has(r'\(("",|D14,).*(figures|E1:E7|C1:C5|E:E)'),
    ),
    Kind(
        "Excel in a plain cell takes of a range the one in the formula's row or column, of which there is none",
        _names("ERROR.TYPE"),
        lambda case: case.has_arrays and case.ours == 3.0,
    ),
    Kind(
        "it writes what is no number as a text, where Excel has #NUM!",
        _COMPLEX,
        _has(r"D19|45306", lambda c: c.ours == "#NUM!" or bool(_AROUND.match(c.formula))),
    ),
    Kind(
        "LibreOffice writes 12 digits of a number in a complex one",
        _COMPLEX,
        lambda case: (
            not case.has_ironcalc and _texts_within(_CLOSE)(case._replace(theirs=str(case.theirs).upper()))
        ),
    ),
    Kind(
        "LibreOffice encodes a point, which Microsoft's example leaves, and counts days of 1900 from another one",
        _names("ENCODEURL"),
        lambda case: _texts_within(1e-4 if "YEARFRAC" in case.calls else _CLOSE)(
            case._replace(theirs=str(case.theirs).replace("%2E", "."))
        ),
    ),
    Kind(
        "no number reaches a probability of 1, for which Microsoft's page has #NUM!",
        _OF_NUMBERS,
        _has(
            r"INV\w*\(.*TRUE",
            lambda c: c.ours == "#NUM!" and isinstance(c.theirs, float) and c.theirs > 1e100,
        ),
    ),
    Kind(
        "no number is left to drop of, as Microsoft's page has it, whatever the number was",
        _names("DROP TAKE"),
        lambda case: case.ours == "#CALC!" and is_error(case.theirs),
    ),
    Kind(
        "N takes the first cell of a range, as Excel saved of T",
        _names("N T"),
        _has(r"\b[NT]\((SWITCH|IF|CHOOSE|INDEX|OFFSET|\$?[A-Z]+\$?\d*:|Sales|figures|words)"),
    ),
    Kind(
        "which of several errors comes first no documentation says",
        _ANY,
        _several_may_fail,
    ),
]
