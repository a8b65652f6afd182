"""How the controls of a book stand: which can be pressed, and what the boxes show.

Excel asks its own VBA (`ribbon`); a program whose agent draws the controls is told.
"""

from xlcicf.addin import claims
from xlcicf.addin.ribbon import ALWAYS, CONTROLS, IDLE, REDO, RUNNING, UNDO, OfTheSelection, SettingCell
from xlcicf.errors import XlcicfError
from xlcicf.host import host_of
from xlcicf.host.cell_contents import typed
from xlcicf.solve import History
from xlcicf.solve.book_problem import constraints_of


def states(book) -> dict[str, bool]:
    """Control -> whether it can be pressed now."""
    path = book.fullname
    is_running = claims.running(path)
    to_undo, to_redo = (False, False) if is_running else _undone_and_redone(path)
    can = {ALWAYS: True, RUNNING: is_running, IDLE: not is_running, UNDO: to_undo, REDO: to_redo}
    return {name: can[control.enabled] for name, control in CONTROLS.items()}


def _undone_and_redone(path: str) -> tuple[bool, bool]:
    """Whether there may be a run to undo, and one to redo."""
    try:
        history = History.beside(path)
    except XlcicfError:  # the command itself will say what is wrong with it
        return True, True
    stood = history.done if history.was is None else history.was  # of a write that was cut off
    return max(history.done, stood) > 0, len(history.runs) > min(history.done, stood)


def texts(book) -> dict[str, str]:
    """Box -> what it shows."""
    names = book.names
    shown = {}
    for name, control in CONTROLS.items():
        match control.shows:
            case SettingCell(cell, usual):
                value = names[cell].refers_to_range.value if cell in names else None
                shown[name] = usual if value is None else typed(value)
            case OfTheSelection():
                shown[name] = _constraints(book)
    return shown


def _constraints(book) -> str:
    """Of the selected cells; nothing where there can be none."""
    try:
        selection = book.app.selection
        return "" if selection is None else constraints_of(book, host_of(book).areas(selection))
    except XlcicfError:
        return ""
