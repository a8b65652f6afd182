"""Excel's category Information: what kind of value stands there."""

from xlcicf.formula.context import Fails
from xlcicf.formula.functions.table import asking, excel
from xlcicf.formula.grid import BLANK, ERROR, NUMBER, TEXT

asking("ISNUMBER", "IF(ISNUMBER(~1.5),~2,3)", 'IF(ISNUMBER("x"),1,~3)', kinds=(NUMBER,))
asking("ISTEXT", "IF(ISTEXT(~1.5),2,~3)", 'IF(ISTEXT("x"),~1,3)', kinds=(TEXT,))
asking("ISBLANK", "IF(ISBLANK(~1.5),2,~3)", kinds=(BLANK,))
asking("ISERROR", "IF(ISERROR(1/0),~2,3)", "IF(ISERROR(~1.5),2,~3)", kinds=(ERROR,))


@excel("NA", "IFERROR(NA(),~1.5)", arity=(0, 0))
def not_available(context):
    raise Fails("#N/A")
