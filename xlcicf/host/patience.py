"""Excel takes no calls while a cell is being edited or a box is open: calls to it, repeated within bounds."""

import time
from collections.abc import Callable
from typing import TypeVar

from xlcicf.errors import BookError

PATIENCE = 30.0  # seconds
FIRST, LONGEST = 0.05, 0.4  # seconds between two attempts: doubled each time, so that Stop stays quick

# VBA_E_IGNORE (a cell is being edited), RPC_E_SERVERCALL_RETRYLATER, RPC_E_CALL_REJECTED
BUSY = {0x800AC472, 0x8001010A, 0x80010001}

T = TypeVar("T")


class ExcelIsBusy(BookError):
    """Excel took no call for PATIENCE seconds."""


def patiently(call: Callable[..., T], *arguments) -> T:
    """`call(*arguments)`, again and again while Excel is busy; the call must be one that can be repeated.

    Raises ExcelIsBusy where that lasts too long, and BookError where Excel refuses or is gone.
    """
    pause, deadline = FIRST, time.monotonic() + PATIENCE
    while True:
        try:
            return call(*arguments)
        except Exception as error:
            if not _is_of_excel(error):
                raise
            if not is_busy(error):
                raise BookError(
                    f"Excel refuses ({error}); is the book still open, and its sheet unprotected?"
                ) from error
            if time.monotonic() + pause > deadline:
                raise ExcelIsBusy(
                    f"Excel took no call for {PATIENCE:.0f} s, as while a cell is edited or a box is open"
                ) from error
        time.sleep(pause)
        pause = min(2 * pause, LONGEST)


def once(call: Callable, *arguments) -> None:
    """`call(*arguments)`, once: for what may be left undone where Excel is busy or gone."""
    try:
        call(*arguments)
    except Exception as error:
        if not _is_of_excel(error):
            raise


def is_busy(error: Exception) -> bool:
    """Whether an exception is Excel's word for "not now"."""
    if type(error).__name__ == "ExcelBusyError":  # xlwings' own, of a module that only Windows can import
        return True
    inner = getattr(error, "excepinfo", None)
    codes = (getattr(error, "hresult", None), inner[5] if inner else None)
    return any(code is not None and code % 2**32 in BUSY for code in codes)


def _is_of_excel(error: Exception) -> bool:
    """Whether it comes from COM on Windows or from appscript on a Mac."""
    return hasattr(error, "hresult") or type(error).__name__ in ("ExcelBusyError", "CommandError")
