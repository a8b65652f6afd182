"""Excel's category Information: what kind of value stands there."""

from xlcicf.formula import tape as t
from xlcicf.formula.coercion import taken_as_n, taken_for_analysis
from xlcicf.formula.context import Context, Fails
from xlcicf.formula.functions.table import asking, excel, handing_on, of_numbers
from xlcicf.formula.grid import BLANK, BOOL, ERROR, NUMBER, TEXT, Grid
from xlcicf.formula.whereabouts import holds_formulas

asking("ISNUMBER", "IF(ISNUMBER(~1.5),~2,3)", 'IF(ISNUMBER("x"),1,~3)', kinds=(NUMBER,))
asking("ISTEXT", "IF(ISTEXT(~1.5),2,~3)", 'IF(ISTEXT("x"),~1,3)', kinds=(TEXT,))
asking("ISNONTEXT", "IF(ISNONTEXT(~1.5),~2,3)", 'IF(ISNONTEXT("x"),1,~3)', kinds=(NUMBER, BOOL, BLANK, ERROR))
asking("ISLOGICAL", "IF(ISLOGICAL(~1.5),2,~3)", "IF(ISLOGICAL(TRUE),~2,3)", kinds=(BOOL,))
asking("ISBLANK", "IF(ISBLANK(~1.5),2,~3)", kinds=(BLANK,))
asking("ISERROR", "IF(ISERROR(1/0),~2,3)", "IF(ISERROR(~1.5),2,~3)", kinds=(ERROR,))
asking(
    "ISNA", "IF(ISNA(NA()),~2,3)", "IF(ISNA(1/0),2,~3)", kinds=(ERROR,), errors=lambda code: code == "#N/A"
)
asking(
    "ISERR", "IF(ISERR(NA()),2,~3)", "IF(ISERR(1/0),~2,3)", kinds=(ERROR,), errors=lambda code: code != "#N/A"
)
excel("ISFORMULA", "IF(ISFORMULA($B$1),2,~3)")(holds_formulas)


@of_numbers("ISEVEN", "ISEVEN(~2.9)", "ISEVEN(~-3)", smooth=False, truth=True, taken=taken_for_analysis)
def is_even(x):
    return t.equal(t.truncated(t.div(t.truncated(x), 2.0)), t.div(t.truncated(x), 2.0))


@of_numbers("ISODD", "ISODD(~2.9)", "ISODD(~-3)", smooth=False, truth=True, taken=taken_for_analysis)
def is_odd(x):
    return t.not_equal(t.truncated(t.div(t.truncated(x), 2.0)), t.div(t.truncated(x), 2.0))


@excel("NA", "IFERROR(NA(),~1.5)", arity=(0, 0))
def not_available(context):
    raise Fails("#N/A")


@handing_on("N", "N(~1.5)", 'N("x")+~2', "N(TRUE)*~2")
def as_number(context: Context, grid: Grid) -> Grid:
    """A number as it is, TRUE as 1, all else as 0; of a range its first cell."""
    return taken_as_n(grid.first() if grid.is_range else grid)
