"""A report in a folder: report.md, and its pictures beside it."""

from collections.abc import Iterator
from pathlib import Path

from xlcicf.errors import BookError, XlcicfError
from xlcicf.ooxml.replacing import replace_file
from xlcicf.pages.report.content import Report
from xlcicf.pages.report.text import report_text

NAME = "report.md"

Picture = tuple[str, str, bytes]  # title, file, PNG


def write_report(report: Report, folder: str) -> tuple[list[Path], str]:
    """Writes all of it; returns the files, and a sentence where there are no pictures for want of a library.

    Raises BookError where a file cannot be written.
    """
    try:
        pictures, without = list(_pictures(report)), ""
    except XlcicfError as missing:
        pictures, without = [], str(missing)
    text = report_text(report, pictures={title: file for title, file, _ in pictures})
    contents = {NAME: text.encode(), **{file: png for _, file, png in pictures}}
    for file, content in contents.items():
        path = Path(folder, file)
        try:
            replace_file(path, content)
        except OSError as error:
            raise BookError(f"{path} cannot be written ({error.strerror}); choose another folder") from error
    return [Path(folder, file) for file in contents], without


def _pictures(report: Report) -> Iterator[Picture]:
    """Those that apply. Raises XlcicfError, with the way to get it, where matplotlib is missing."""
    limited = [row for row in report.constraints if row.limited and not row.is_bound]
    if not limited and report.fitted is None:
        return
    from xlcicf.pages.report.pictures import binding_picture, fit_picture, residuals_picture

    if report.fitted is not None:
        yield "Data and model", "fit.png", fit_picture(report.fitted)
        yield "Residuals", "residuals.png", residuals_picture(report.fitted)
    if limited:
        rows = [
            (row.text, row.left, row.limited.relation, row.right, row.binds) for row in limited if row.limited
        ]
        yield "Which constraints bind", "constraints.png", binding_picture(rows)
