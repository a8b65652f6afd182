"""Where a workbook lives: in a file (the headless engine) or in a running spreadsheet; read in bulk."""

from xlcicf.host.headless.engine import open_book
from xlcicf.host.hosts import host_of
from xlcicf.host.reading import outline, read_snapshot

__all__ = ["host_of", "open_book", "outline", "read_snapshot"]
