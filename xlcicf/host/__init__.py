"""Where a workbook lives: in a file (the headless engine) or in a running spreadsheet; read in bulk."""

from xlcicf.host.headless.engine import open_book
from xlcicf.host.reading import read_snapshot

__all__ = ["open_book", "read_snapshot"]
