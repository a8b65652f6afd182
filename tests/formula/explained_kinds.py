"""Kinds of drawn formulas of which IronCalc shows something else than Excel's documentation has, each with the reason."""

import re
from collections.abc import Callable
from typing import NamedTuple


class Differing(NamedTuple):
    """A formula, its value by our evaluator and by IronCalc; errors as their texts, empty text as None."""

    formula: str
    ours: object
    theirs: object

    @property
    def calls(self) -> set[str]:
        return set(re.findall(r"[A-Z][A-Z0-9.]*(?=\()", self.formula))

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
_AROUND = re.compile(r"^-?(IFERROR|ISERROR|ISNUMBER|COUNT|TYPE|SUMPRODUCT\(--ISNUMBER)\(")
_TYPED_IN = re.compile(r'"|TRUE|FALSE|\(,|,,|,\)')


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def explained(case: Differing) -> str | None:
    """Why the two differ, where it is known."""
    return next(
        (k.reason for k in KINDS if (not k.functions or k.functions & case.calls) and k.holds(case)), None
    )


def is_error(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"#[A-Z0-9/]+[!?A]", value))


def _refuses(case: Differing) -> bool:
    """IronCalc shows #VALUE!, or what a function around makes of it."""
    return case.theirs == "#VALUE!" or bool(_AROUND.match(case.formula))


def _of_early_days(case: Differing) -> bool:
    if isinstance(case.ours, float) and isinstance(case.theirs, float):
        return abs(case.ours - case.theirs) <= 31  # the end of another month
    return case.theirs == "#NUM!" or bool(_AROUND.match(case.formula))


def _same_but_for_digits(case: Differing) -> bool:
    def cut(text: object) -> str:
        return re.sub(r"\d+\.?\d*(E[+-]\d+)?", lambda n: f"{float(n[0]):.12g}", str(text))

    return cut(case.ours) == cut(case.theirs)


_ANY: frozenset[str] = frozenset()
_PAIRS = _names(
    "SUMX2MY2 SUMX2PY2 SUMXMY2 CORREL PEARSON RSQ SLOPE INTERCEPT STEYX FORECAST FORECAST.LINEAR COVAR COVARIANCE.P COVARIANCE.S"
    " F.TEST FTEST T.TEST TTEST CHISQ.TEST CHITEST PROB"
)
_TYPED = _names(
    "VAR VAR.S VAR.P VARP VARA VARPA STDEV STDEV.S STDEV.P STDEVP STDEVA STDEVPA DEVSQ AVEDEV SUMSQ SKEW SKEW.P KURT NPV MEDIAN"
    " AVERAGEA MAXA MINA COUNT AND OR XOR HARMEAN GEOMEAN MODE MODE.SNGL MODE.MULT"
)
_DATES = _names(
    "DAY MONTH YEAR WEEKDAY WEEKNUM ISOWEEKNUM EDATE EOMONTH NETWORKDAYS NETWORKDAYS.INTL WORKDAY WORKDAY.INTL YEARFRAC DAYS360"
    " COUPDAYBS COUPDAYS COUPDAYSNC COUPNCD COUPPCD COUPNUM DATEDIF"
)
_CRITERIA = _names("COUNTIF COUNTIFS SUMIF SUMIFS AVERAGEIF AVERAGEIFS MAXIFS MINIFS")
_CIRCLE = _names("SIN COS TAN SEC CSC COT SECH CSCH COTH IMSIN IMCOS IMTAN")

KINDS = [
    Kind("it writes all digits of a number in a text, Excel 15", _ANY, _same_but_for_digits),
    Kind(
        "it counts no typed texts, TRUE, FALSE and empty arguments, which count by Microsoft's page",
        _TYPED,
        lambda case: bool(_TYPED_IN.search(case.formula)),
    ),
    Kind("it takes single values for no array of one element", _PAIRS, _refuses),
    Kind(
        "Excel takes ranges only there, not values; of a single cell it takes no criterion",
        _CRITERIA,
        lambda case: is_error(case.theirs) or bool(_AROUND.match(case.formula)),
    ),
    Kind("it has no day 0, and counts the days before March 1900 from another day", _DATES, _of_early_days),
    Kind(
        "it computes sines of numbers from 2^27 on, where Excel has #NUM!",
        _CIRCLE,
        lambda case: case.ours == "#NUM!",
    ),
    Kind(
        "its Bessel functions have eight right digits",
        _names("BESSELI BESSELJ BESSELK BESSELY"),
        lambda _: True,
    ),
    Kind(
        "to choose some of none is #NUM! by Microsoft's page",
        _names("PERMUTATIONA"),
        lambda case: case.ours == "#NUM!",
    ),
    Kind("it cuts the second that Excel rounds", _names("SECOND"), lambda _: True),
    Kind("it converts degrees Fahrenheit with an offset of 0.35", _names("CONVERT"), lambda _: True),
    Kind(
        "it takes rows or columns that are left out for none of them",
        _names("TAKE DROP EXPAND"),
        lambda _: True,
    ),
    Kind(
        "it computes no element by element in a plain cell",
        _ANY,
        lambda case: case.has_arrays and _refuses(case),
    ),
    Kind(
        "it takes a range for its first cell, Excel in a plain cell for the one in the formula's row or column",
        _ANY,
        lambda case: case.has_arrays and case.ours == "#VALUE!",
    ),
    Kind(
        "which of several errors comes first no documentation says",
        _ANY,
        lambda c: is_error(c.ours) and is_error(c.theirs),
    ),
]
