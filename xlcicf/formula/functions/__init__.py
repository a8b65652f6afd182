"""What each Excel operator and function computes: one file for each of Excel's own categories.

To add a function, add one entry; being in the table is what gets it tested, alone and filled down, against
other spreadsheet engines and finite differences. Most entries are one line of primitives under a decorator
that says what Excel hands the function (see table.py):

    @of_numbers("TANH", "TANH(~0.5)", "TANH(~-2)")
    def tanh(x):
        return t.tanh(x)

Derivatives at ties and corners: MAX and MIN tied with a constant 0, ties among changing arguments shared
equally, IF the branch taken, ABS and SIGN at 0 0, SQRT at 0 0 (as ABS, for SQRT(x^2) is ABS(x)). Functions
with a limited domain are computed on a safe argument outside it and yield nan there, so that a branch not
taken never spoils a gradient.
"""

from xlcicf.formula.functions import (  # noqa: F401  # imported, each enters its functions in the table
    arrays,
    bonds,
    complex_numbers,
    database,
    date_time,
    distributions,
    engineering,
    financial,
    information,
    lambdas,
    logical,
    lookup,
    math_trig,
    matrices,
    odd_periods,
    regression,
    regular_expressions,
    rounding,
    significance,
    statistical,
    subtotals,
    text,
    text_and_numbers,
    text_delimited,
    trigonometry,
    whole_numbers,
)
from xlcicf.formula.functions.operators import INFIX, PERCENT, PREFIX
from xlcicf.formula.functions.table import FUNCTIONS, Function, called

__all__ = ["FUNCTIONS", "INFIX", "PERCENT", "PREFIX", "Function", "called"]
