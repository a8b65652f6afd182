"""xlwings without the libraries that it loads to convert for, where nobody else uses it in the process."""

import sys

# What xlwings imports if it is there. None of it is asked for by this package through xlwings.
CONVERTED = ("pandas", "polars", "matplotlib", "plotly", "PIL")


def import_bare() -> None:
    """Imports xlwings as it is where these are not installed: they take longer than all the rest.

    For an entry of a process of its own, such as the command line: whoever uses xlwings after this has no
    DataFrames of it. The libraries themselves can be imported as ever. Nothing happens where xlwings, or one
    of them, is loaded already.
    """
    hidden = [name for name in CONVERTED if name not in sys.modules]
    if "xlwings" in sys.modules or len(hidden) < len(CONVERTED):
        return
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: Python's "not to be imported"
    try:
        import xlwings  # noqa: F401
    finally:
        for name in hidden:
            del sys.modules[name]
