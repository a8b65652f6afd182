"""A report in a folder: report.md, and its pictures beside it."""

from pathlib import Path

from xlcicf.errors import BookError
from xlcicf.ooxml.replacing import replace_file
from xlcicf.pages.report.content import Report
from xlcicf.pages.report.text import report_text

NAME = "report.md"


def write_report(report: Report, folder: str) -> list[Path]:
    """Writes all of it and returns the files. Raises BookError where that is not possible."""
    path = Path(folder, NAME)
    try:
        replace_file(path, report_text(report).encode())
    except OSError as error:
        raise BookError(f"{path} cannot be written ({error.strerror}); choose another folder") from error
    return [path]
