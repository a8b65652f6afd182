"""Your spreadsheet, differentiable.

The formulas between some weight cells and a loss cell become one torch function with an exact gradient.
Heavy libraries are imported when a name is first used, never at `import xlcicf`.
"""

from importlib import import_module

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

__all__ = sorted(_HOMES)


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module 'xlcicf' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__():
    return sorted([*globals(), *_HOMES])
