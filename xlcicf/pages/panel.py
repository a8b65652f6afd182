"""The sheet "Neural Net": where a stranger's book gets training settings, a loss chart and weights pictures.

xlcicf's own books have cells of the same names on their Training sheet; there only pictures need this one.
"""

import os
import tempfile

import numpy as np

from xlcicf.sheet.picture import heat_map
from xlcicf.words import LOSS, SETTINGS, STEPS_HEADERS, STEPS_LOG, TAB, Setting

SHEET = TAB  # one name for what a person sees of xlcicf
ROWS = 200  # steps that the loss chart has room for


def sheet(book):
    """The sheet, added behind the last one where the book has none yet."""
    if SHEET in [found.name for found in book.sheets]:
        return book.sheets[SHEET]
    added = book.sheets.add(SHEET, after=book.sheets[-1])
    added["A1"].value = "Neural Net: what xlcicf keeps in this book. Delete this sheet whenever you like."
    return added


def setting_cell(book, setting: Setting):
    """The setting's cell; where the book has none, all of them are made, with the usual settings."""
    if setting.cell not in book.names:
        _add_settings(book)
    return book.names[setting.cell].refers_to_range


def _add_settings(book) -> None:
    panel, settings = sheet(book), SETTINGS.values()
    panel["A3"].resize(len(settings), 2).value = [[setting.label, setting.default] for setting in settings]
    for row, setting in enumerate(settings, start=3):
        book.names.add(setting.cell, f"='{SHEET}'!$B${row}")


def show_losses(book, losses: list[tuple[int, float]]) -> None:
    """The losses (step, loss) of the last run beside their chart; the sheet comes to the front."""
    if STEPS_LOG not in book.names:
        _add_chart(book)
    log = book.names[STEPS_LOG].refers_to_range
    rows = log.shape[0] - 1
    log[1:, :].value = [*map(list, losses[:rows]), *[[None, None]] * (rows - len(losses))]
    log.sheet.activate()


def _add_chart(book) -> None:
    panel = sheet(book)
    panel["D3:E3"].value = list(STEPS_HEADERS)
    book.names.add(STEPS_LOG, f"='{SHEET}'!$D$3:$E${3 + ROWS}")
    chart = panel.charts.add(left=360, top=36, width=420, height=240)
    chart.name = LOSS
    chart.chart_type = "xy_scatter_lines_no_markers"
    chart.set_source_data(panel["D3"].resize(ROWS + 1, 2))


def show_picture(book, name: str, values: np.ndarray) -> None:
    """A picture of numbers (rows, columns) under that name; the sheet comes to the front."""
    panel = sheet(book)
    descriptor, path = tempfile.mkstemp(suffix=".png")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(heat_map(values))
        panel.pictures.add(path, name=name, update=True, left=360, top=300)
    finally:
        os.unlink(path)
    panel.activate()
