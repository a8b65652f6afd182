"""The sheet "Neural Net": where a stranger's book gets training settings, a loss chart and weights pictures.

xlcicf's own books have cells of the same names on their Training sheet; there only pictures need this one.
"""

import os
import tempfile

import numpy as np

from xlcicf.sheet.picture import heat_map
from xlcicf.solve.book_problem import SETTINGS
from xlcicf.solve.training import Settings
from xlcicf.words import TAB

SHEET = TAB  # one name for what a person sees of xlcicf
LABELS = {
    "optimizer": "Optimiser",
    "steps": "Steps",
    "lr": "Learning rate",
    "restarts": "Restarts",
    "seed": "Seed",
}
ROWS = 200  # steps that the loss chart has room for
LOSSES = "steps.log"


def sheet(book):
    """The sheet, added behind the last one where the book has none yet."""
    if SHEET in [found.name for found in book.sheets]:
        return book.sheets[SHEET]
    added = book.sheets.add(SHEET, after=book.sheets[-1])
    added["A1"].value = "Neural Net: what xlcicf keeps in this book. Delete this sheet whenever you like."
    return added


def setting_cell(book, key: str):
    """The cell named train.KEY; where the book has none, all of them are made, with the usual settings."""
    if f"train.{key}" not in book.names:
        _add_settings(book)
    return book.names[f"train.{key}"].refers_to_range


def _add_settings(book) -> None:
    panel, usual = sheet(book), Settings()
    panel["A3:B7"].value = [[LABELS[key], getattr(usual, key)] for key in SETTINGS]
    for row, key in enumerate(SETTINGS, start=3):
        book.names.add(f"train.{key}", f"='{SHEET}'!$B${row}")


def show_losses(book, losses: list[tuple[int, float]]) -> None:
    """The losses (step, loss) of the last run beside their chart; the sheet comes to the front."""
    if LOSSES not in book.names:
        _add_chart(book)
    log = book.names[LOSSES].refers_to_range
    rows = log.shape[0] - 1
    log[1:, :].value = [*map(list, losses[:rows]), *[[None, None]] * (rows - len(losses))]
    log.sheet.activate()


def _add_chart(book) -> None:
    panel = sheet(book)
    panel["D3:E3"].value = ["Step", "Loss"]
    book.names.add(LOSSES, f"='{SHEET}'!$D$3:$E${3 + ROWS}")
    chart = panel.charts.add(left=360, top=36, width=420, height=240)
    chart.name = "Loss"
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
