"""A report in an open book: a sheet more, which the history knows, so that Undo takes it away."""

from contextlib import suppress

from xlcicf.host import host_of
from xlcicf.pages.report.content import Report
from xlcicf.pages.report.sheet import free_name, report_page
from xlcicf.sheet.page_in_open_book import show_page
from xlcicf.solve import History


def add_report(book, report: Report, history: History):
    """The report on a sheet of its own behind the last one; the sheet in front stays there.

    Where the last run recorded is the one that the report tells of, undoing that run takes the sheet away
    again; the caller saves book and history.
    """
    front, names = book.sheets.active, [sheet.name for sheet in book.sheets]
    name = free_name(names)
    page = report_page(report, name)
    try:
        sheet = show_page(book, page)
        for chart in (chart for chart in page.charts if chart.dots):
            host_of(book).draw_as_dots(sheet.charts[chart.name], chart.dots)
        front.activate()
        history.note_sheet(book, name)
    except Exception:  # the program is busy, say: half a report is none
        with suppress(Exception):
            host_of(book).remove_sheet(book, name)
        raise
    return sheet
