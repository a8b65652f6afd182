"""A program takes no calls while a cell is edited or a box is open: they are repeated, within bounds."""

import time
from collections.abc import Callable
from typing import TypeVar

from xlcicf.errors import BookError
from xlcicf.host.hosts import host_that_raised

PATIENCE = 30.0  # seconds
FIRST, LONGEST = 0.05, 0.4  # seconds between two attempts: doubled each time, so that Stop stays quick

T = TypeVar("T")


class HostIsBusy(BookError):
    """A host took no call for PATIENCE seconds."""


def patiently(call: Callable[..., T], *arguments) -> T:
    """`call(*arguments)`, again and again while its host is busy; it must be a call that can be repeated.

    Raises HostIsBusy where that lasts too long, and BookError where the host refuses or is gone.
    """
    pause, deadline = FIRST, time.monotonic() + PATIENCE
    while True:
        try:
            return call(*arguments)
        except Exception as error:
            host = host_that_raised(error)
            if host is None:
                raise
            if not host.is_busy(error):
                raise BookError(
                    f"{host.name} refuses ({error}); is the book still open, and its sheet unprotected?"
                ) from error
            if time.monotonic() + pause > deadline:
                raise HostIsBusy(
                    f"{host.name} took no call for {PATIENCE:.0f} s, as while a cell is edited or a box is"
                    " open"
                ) from error
        time.sleep(pause)
        pause = min(2 * pause, LONGEST)


def once(call: Callable, *arguments) -> None:
    """`call(*arguments)`, once: for what may be left undone where the host is busy or gone."""
    try:
        call(*arguments)
    except Exception as error:
        if host_that_raised(error) is None:
            raise
