"""The hosts there are, and which of them a book, a name or an exception belongs to."""

import xlwings

from xlcicf.host.boundary import Host
from xlcicf.host.excel import EXCEL
from xlcicf.host.headless.host import HEADLESS
from xlcicf.host.libreoffice.host import LIBREOFFICE

HOSTS: tuple[Host, ...] = (EXCEL, HEADLESS, LIBREOFFICE)


def host_of(opened: xlwings.Book | xlwings.Range) -> Host:
    """The host of an open book, or of cells in one. The program itself is not asked: it may be busy."""
    return getattr(opened.impl, "host", EXCEL)  # engines of our own say it; the others are xlwings' for Excel


def host_named(name: str) -> Host:
    """The host of that name."""
    return next(host for host in HOSTS if host.name == name)


def host_that_raised(error: Exception) -> Host | None:
    """The host whose exception this is; None for one of ours."""
    return next((host for host in HOSTS if host.raised(error)), None)
