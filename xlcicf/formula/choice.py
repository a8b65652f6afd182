"""Choices between values that no one grid can hold, and how whatever is computed of them is computed of each.

`SUM(IF(A1>0,B1:B3,A2))` adds up three cells or one, as a changing cell decides. IF yields an `Either` of the
two, SUM is computed of both, and the condition then chooses between two sums. The same holds for a number or
a text, for a blank cell or a number, and for a condition that differs from cell to cell of a run.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xlcicf.formula import tape as t
from xlcicf.formula.grid import BOOL, TEXT, Grid, merged
from xlcicf.formula.running import Growing

MOST = 64  # combinations of which a formula is computed before it is refused


@dataclass(frozen=True)
class Either:
    """`yes` where the condition, boolean (H, W, 1, 1), holds for a cell of the run, else `no`.

    by    the function that chose, for whoever has to refuse it
    cell  the cell where it did; None for the one that is computed"""

    condition: t.Array
    yes: "Value"
    no: "Value"
    by: str
    cell: str | None = None


Value = Grid | Either


def either(condition: t.Array, yes: Value, no: Value, by: str, cell: str | None = None) -> Value:
    """One grid where that can say it, else an Either."""
    if isinstance(yes, Grid) and isinstance(no, Grid):
        grid = merged(condition, yes, no)
        if grid is not None:
            return grid
    return Either(condition, yes, no, by, cell)


def of_each(compute: Callable[..., Value], *values: Value | Growing) -> Value:
    """compute(*grids) for whichever of the values are chosen."""
    for at, value in enumerate(values):
        if isinstance(value, Either):
            before, after = values[:at], values[at + 1 :]
            yes, no = (of_each(compute, *before, one, *after) for one in (value.yes, value.no))
            return either(value.condition, yes, no, value.by, value.cell)
    return compute(*values)


def combinations(values: Sequence[Value | Growing]) -> int:
    """How many calls of_each makes of a function of these values."""
    product = 1
    for value in values:
        if isinstance(value, Either):
            product *= combinations([value.yes]) + combinations([value.no])
    return product


def alternatives(value: Value) -> list[Grid]:
    """The grids that a value may come to."""
    if isinstance(value, Either):
        return alternatives(value.yes) + alternatives(value.no)
    return [value]


def why_apart(value: Either) -> str:
    """What an Either gives that one cell of a sheet cannot be followed through."""
    given = alternatives(value)
    what = "a text" if any(g.has(TEXT) for g in given) else "TRUE"
    assert what == "a text" or any(g.has(BOOL) for g in given)
    if all(g.has(TEXT) for g in given):
        return "gives one of several texts as a changing cell decides; let it be numbers"
    return f"gives a number or {what} as a changing cell decides; let both branches be numbers"
