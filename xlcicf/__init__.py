"""Your spreadsheet, differentiable.

The formulas between some weight cells and a loss cell become one torch function with an exact gradient.
Heavy libraries are imported when a name is first used, never at `import xlcicf`.
"""

from typing import TYPE_CHECKING

from xlcicf.late import late

if TYPE_CHECKING:
    from xlcicf.errors import XlcicfError as XlcicfError
    from xlcicf.formula import SheetFunction as SheetFunction
    from xlcicf.host import open_book as open_book
    from xlcicf.optim import Step as Step
    from xlcicf.optim import train as train
    from xlcicf.solve import Problem as Problem
    from xlcicf.solve import differentiate as differentiate
    from xlcicf.solve import find_problem as find_problem
    from xlcicf.solve import write_back as write_back

__version__ = "0.1.0"

_HOMES = {
    "open_book": "xlcicf.host",
    "find_problem": "xlcicf.solve",
    "Problem": "xlcicf.solve",
    "differentiate": "xlcicf.solve",
    "write_back": "xlcicf.solve",
    "SheetFunction": "xlcicf.formula",
    "train": "xlcicf.optim",
    "Step": "xlcicf.optim",
    "XlcicfError": "xlcicf.errors",
}

__all__ = sorted(_HOMES)  # pyright: ignore[reportUnsupportedDunderAll]
__getattr__, __dir__ = late(__name__, _HOMES)
