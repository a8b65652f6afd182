"""Where a workbook lives: in a file (the headless engine) or in a running spreadsheet; read in bulk."""

from typing import TYPE_CHECKING

from xlcicf.late import late

if TYPE_CHECKING:
    from xlcicf.host.headless.engine import open_book as open_book
    from xlcicf.host.hosts import host_of as host_of
    from xlcicf.host.reading import cells_of as cells_of
    from xlcicf.host.reading import outline as outline
    from xlcicf.host.reading import read_snapshot as read_snapshot

_HOMES = {
    "cells_of": "xlcicf.host.reading",
    "host_of": "xlcicf.host.hosts",
    "open_book": "xlcicf.host.headless.engine",
    "outline": "xlcicf.host.reading",
    "read_snapshot": "xlcicf.host.reading",
}

__all__ = list(_HOMES)  # pyright: ignore[reportUnsupportedDunderAll]
__getattr__, __dir__ = late(__name__, _HOMES)
