"""The table of functions as a page of the documentation (Markdown)."""

import re

from xlcicf.errors import FormulaError
from xlcicf.formula.evaluate import Evaluator
from xlcicf.formula.functions import FUNCTIONS
from xlcicf.formula.functions.table import ANY, Function
from xlcicf.formula.graph import graph_of
from xlcicf.formula.rings import compute
from xlcicf.formula.snapshot import ExcelError, Scalar, Sheet, Snapshot

_MARK = re.compile(r"~(?=[-{A-Z\d])")
_CELLS = {(row, col): float(row + 3 * (col - 1)) for row in (1, 2, 3) for col in (1, 2)}  # A1:B3
_AT = 99, 26

_HEAD = """\
# Functions

These {count} functions are computed as Excel does, with texts, blanks and errors, in every cell of a book;
this page is made from the table that computes them. What their derivative is on the way from changing cells
to an objective:

- **exact**: the derivative by every argument that has one; at corners (MAX, IF, ABS) the rules that
  `xlcicf help commands` gives.
- **exact, but ...**: the arguments named may not depend on a changing cell; the cell is refused by name.
- **in steps**: the value is followed wherever the changing cells go; between two steps the derivative is 0,
  and `grad`, `check` and `train` name the cell and the function.
- **a text**: constants only; a text made of a changing number is refused by name, but as a criterion
  (`">"&A1` in COUNTIF or SUMIF) it is followed, in steps. Which of several texts, or a number or a text, a
  changing cell decides by IF or a lookup is followed, too, but not by who needs several such cells at once.

RAND, RANDBETWEEN, RANDARRAY, NOW and TODAY stand at the values that the book has, and are named. Texts that
are read as numbers or dates follow English (US) rules. OFFSET, INDIRECT, spilled ranges (D1#), ranges that
end in a function and LET and LAMBDA are part of the grammar; what a reference means may not depend on a
changing cell. A macro's function, a cube's, GETPIVOTDATA and functions that ask the network keep the value
saved in the book, and are named.

| function | arguments | for example | derivative |
|---|---|---|---|
"""


def page() -> str:
    """The page's text."""
    rows = "".join(_row(FUNCTIONS[name]) for name in sorted(FUNCTIONS) if name[0].isalpha())
    return _HEAD.format(count=len(FUNCTIONS)) + rows


def _row(function: Function) -> str:
    example = _MARK.sub("", function.examples[0]).replace("|", "\\|")
    return f"| {function.name} | {_count(*function.arity)} | `{example}` | {_derivative(function)} |\n"


def _count(least: int, most: int) -> str:
    return f"{least}" if least == most else f"{least} or more" if most >= ANY - 1 else f"{least} to {most}"


def _derivative(function: Function) -> str:
    if not function.smooth:
        shown = _shown(function.examples[0])
        return "a text" if isinstance(shown, str) and not isinstance(shown, ExcelError) else "in steps"
    if not function.fixed:
        return "exact"
    numbers = [str(i + 1) for i in function.fixed]
    listed = " and ".join(filter(None, (", ".join(numbers[:-1]), numbers[-1])))
    return f"exact, but not by argument{'s' if len(numbers) > 1 else ''} {listed}"


def _shown(example: str) -> Scalar:
    """What an example comes to."""
    text = "=" + _MARK.sub("", example)
    graph = graph_of(Snapshot({"S": Sheet("S", {_AT: text}, dict(_CELLS))}))
    (run,) = graph.runs("S")
    try:
        (piece,) = compute(Evaluator(graph), run)
    except FormulaError:
        return None
    return piece.grid.scalars().item()
