"""Formulas that compute with every cell of whole columns, the blank ones too: SUMPRODUCT((A:A="x")*B:B).

A grid ends where the data does. The million blank cells beyond it are all alike, so what the formula makes of
two of them tells what they do to its outcome.
"""

from collections.abc import Callable
from enum import Enum

from xlcicf.errors import NotDifferentiable
from xlcicf.formula.address import Area
from xlcicf.formula.choice import Value
from xlcicf.formula.grid import ERROR, Grid
from xlcicf.formula.tree import Const, Node


class Beyond(Enum):
    """Of whole columns or rows, which of their cells are meant."""

    LEFT_OUT = "those up to the end of the data"
    ONE_MORE = "these, and a blank row or column"
    BLANKS = "two blank rows or columns"  # of one an array would be a single value, which counts otherwise


class EveryBlankCell(NotDifferentiable):
    """A formula computes with every cell of whole columns or rows."""


# Functions of whose arrays each element comes of one of theirs. What others yield within counts as one value.
OF_EACH = frozenset(
    "ABS CEILING CODE CONCATENATE DATE DAY EXACT EXP FIND FLOOR HOUR IF IFERROR IFNA INT ISBLANK"
    " ISERR ISERROR ISEVEN ISLOGICAL ISNA ISNONTEXT ISNUMBER ISODD ISTEXT LEFT LEN LN LOG LOG10 LOWER"
    " MID MINUTE MOD MONTH NOT POWER PROPER REPLACE RIGHT ROUND ROUNDDOWN ROUNDUP SEARCH SECOND SIGN"
    " SQRT SUBSTITUTE TEXT TRIM TRUNC UPPER VALUE WEEKDAY YEAR".split()
)
ADDED_UP = {"SUM", "SUMPRODUCT", "SUMSQ", "COUNT", "COUNTA"}
THE_SAME_AGAIN = {"MAX", "MIN", "AND", "OR"}  # to which another of what was there already does nothing
OF_NUMBERS = frozenset(
    "AVERAGE AVEDEV DEVSQ GEOMEAN HARMEAN LARGE MEDIAN PERCENTILE PERCENTILE.INC QUARTILE QUARTILE.INC SMALL"
    " STDEV STDEV.P STDEV.S STDEVP VAR VAR.P VAR.S VARP".split()
)
RANKING = {
    "LARGE",
    "PERCENTILE",
    "PERCENTILE.INC",
    "QUARTILE",
    "QUARTILE.INC",
    "SMALL",
}  # by a second argument


def is_of_each(name: str, args: tuple[Node, ...]) -> bool:
    """Whether each element of a function's outcome comes of one element of its arrays."""
    is_all = name == "INDEX" and all(arg in (Const(0.0), Const(None)) for arg in args[1:])
    return name in OF_EACH or is_all


def meant(whole: Area, filled: Area, beyond: Beyond) -> Area | None:
    """The cells meant of a range of whole columns or rows, which is filled so far; None where it has both."""
    more = {Beyond.LEFT_OUT: 0, Beyond.ONE_MORE: 1, Beyond.BLANKS: 2}[beyond]
    if filled.right == whole.right and filled.bottom + more <= whole.bottom:
        first = filled.bottom + 1 if beyond is Beyond.BLANKS else filled.top
        return Area(filled.sheet, first, filled.left, filled.bottom + more, filled.right)
    if filled.bottom == whole.bottom and filled.right + more <= whole.right:
        first = filled.right + 1 if beyond is Beyond.BLANKS else filled.left
        return Area(filled.sheet, filled.top, first, filled.bottom, filled.right + more)
    return None


def of_whole_columns(
    name: str,
    args: tuple[Node, ...],
    compute: Callable[[str, tuple[Node, ...], Beyond], Value],
    added: Callable[[Value, Grid], Value],
    taken: Callable[[Node, Beyond], Value],
) -> Value | None:
    """A function's outcome; None where two blank cells do not tell what all of them do to it.

    compute  (name, arguments, which cells are meant) -> a function's outcome
    added    (an outcome, what two blank cells add) -> the outcome with all of them
    taken    (an argument, which cells are meant) -> what it comes to
    """
    if name in ADDED_UP:
        blanks = _known(compute(name, args, Beyond.BLANKS))
        if blanks is None or blanks.is_error_everywhere:
            return blanks
        return None if blanks.has(ERROR) else added(compute(name, args, Beyond.LEFT_OUT), blanks)
    if name in THE_SAME_AGAIN or name == "MATCH" and args[2:] == (Const(0.0),):
        return compute(name, args, Beyond.ONE_MORE)
    if name in OF_NUMBERS:
        arrays = args[:1] if name in RANKING else args
        count, total = (_known(compute(each, arrays, Beyond.BLANKS)) for each in ("COUNT", "SUM"))
        if count is None or total is None or count.numbers().any() or total.has(ERROR):
            return None
        return compute(name, args, Beyond.LEFT_OUT)
    if name == "LOOKUP" and len(args) == 3:  # an error is passed over, as in LOOKUP(2,1/(A:A<>""),B:B)
        blanks = _known(taken(args[1], Beyond.BLANKS))
        if blanks is not None and blanks.is_error_everywhere:
            return compute(name, args, Beyond.LEFT_OUT)
    return None


def _known(value: Value) -> Grid | None:
    """What stands in each cell of a run, if no changing cell has to do with it."""
    return value if isinstance(value, Grid) and value.is_constant and value.there is None else None
