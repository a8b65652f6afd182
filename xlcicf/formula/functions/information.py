"""Excel's category Information: what kind of value stands there."""

from functools import reduce

from xlcicf.formula import tape as t
from xlcicf.formula.coercion import taken_as_n, taken_without_truths
from xlcicf.formula.context import Context, Fails
from xlcicf.formula.functions.table import asking, excel, handing_on, of_constants, of_numbers
from xlcicf.formula.grid import BLANK, BOOL, ERROR, NUMBER, TEXT, Grid, constant, from_numbers, kinds_asked
from xlcicf.formula.snapshot import ERRORS_IN_ORDER, ExcelError
from xlcicf.formula.whereabouts import (
    formula_text,
    holds_formulas,
    is_reference,
    sheet_count,
    sheet_number,
    told_of_a_cell,
)

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
excel("ISREF", "IF(ISREF($B$1),~2,3)", 'IF(ISREF("x"),3,~2)')(is_reference)
excel("FORMULATEXT", 'LEN(IFERROR(FORMULATEXT($B$1),"none"))*~2')(formula_text)
excel(
    "CELL",
    'LEN(CELL("address",$B$2))*~2',
    'IF(CELL("type",$B$2)="v",~2,3)',
    'CELL("row",$B$2)*~2',
    'CELL("col",$C$2)+~2',
    'CELL("contents",~A1:A2)+1',
    arity=(1, 2),
)(told_of_a_cell)
excel("SHEET", "SHEET()+~1", "SHEET($A$1)*~2", 'IFERROR(SHEET("none"),~3)', arity=(0, 1))(sheet_number)
excel("SHEETS", "SHEETS($A$1)*~2", arity=(0, 1))(sheet_count)


@of_numbers("ISEVEN", "ISEVEN(~2.9)", "ISEVEN(~-3)", smooth=False, truth=True, taken=taken_without_truths)
def is_even(x):
    return t.equal(t.truncated(t.div(t.truncated(x), 2.0)), t.div(t.truncated(x), 2.0))


@of_numbers("ISODD", "ISODD(~2.9)", "ISODD(~-3)", smooth=False, truth=True, taken=taken_without_truths)
def is_odd(x):
    return t.not_equal(t.truncated(t.div(t.truncated(x), 2.0)), t.div(t.truncated(x), 2.0))


@excel("NA", "IFERROR(NA(),~1.5)", arity=(0, 0))
def not_available(context):
    raise Fails("#N/A")


@handing_on("N", "N(~1.5)", 'N("x")+~2', "N(TRUE)*~2")
def as_number(context: Context, grid: Grid) -> Grid:
    """A number as it is, TRUE as 1, all else as 0; of a range its first cell."""
    return taken_as_n(grid.first() if grid.is_range else grid)


TYPES = {1.0: (NUMBER, BLANK), 2.0: (TEXT,), 4.0: (BOOL,), 16.0: (ERROR,)}
OF_ARRAYS = 64.0


@handing_on("TYPE", "TYPE(~1.5)*~2", 'TYPE("x")+~1', "TYPE(1/0)+~1", "TYPE(~{1,2})+~1", "TYPE(TRUE)*~2")
def type_of(context: Context, grid: Grid) -> Grid:
    if grid.listed or not grid.is_single:
        return constant(OF_ARRAYS)
    if grid.may_fail:
        raise context.refuse("asks whether a changing number is an error; use IFERROR")
    asked = (t.mul(t.as_number(kinds_asked(grid, kinds)), number) for number, kinds in TYPES.items())
    return from_numbers(reduce(t.add, asked))


@of_constants(
    "ERROR.TYPE",
    "ERROR.TYPE(NA())+IFERROR(ERROR.TYPE(~1),2)",
    'ERROR.TYPE("x"+1)+IFERROR(ERROR.TYPE(~1),2)',
    arity=(1, 1),
    arrays=lambda i: False,
    errors_too=True,
)
def error_type(value):
    if not isinstance(value, ExcelError) or str(value) not in ERRORS_IN_ORDER:
        raise Fails("#N/A", "asks for the number of an error where there is none")
    return float(ERRORS_IN_ORDER.index(str(value)) + 1)
