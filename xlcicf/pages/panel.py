"""The sheet "Neural Net": where a stranger's book gets training settings, a loss chart and weights pictures.

xlcicf's own books have cells of the same names on their Training sheet; there only pictures need this one.
"""

import os
import tempfile
from collections.abc import Mapping

import numpy as np

from xlcicf.sheet.block import Block
from xlcicf.sheet.page_in_open_book import add_to_page, show_page
from xlcicf.sheet.page_value import Page, PageCell, PageChart
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
_LOG = Block(LOSSES, SHEET, "D3", ROWS + 1, 2)
_PICTURES = "G20"  # below the chart


def setting_cell(book, key: str):
    """The cell named train.KEY; where the book has none, all of them are made, with the usual settings.

    Raises AddressError where a person's own cells stand in the way.
    """
    if f"train.{key}" not in book.names:
        add_to_page(book, _settings_page(Settings()))
    return book.names[f"train.{key}"].refers_to_range


def show_losses(book, losses: list[tuple[int, float]]) -> None:
    """The losses (step, loss) of the last run beside their chart; the sheet comes to the front.

    Raises AddressError where a person's own cells stand in the way.
    """
    if LOSSES not in book.names:
        add_to_page(book, _losses_page())
    log = book.names[LOSSES].refers_to_range
    rows = log.shape[0] - 1
    log[1:, :].value = [*map(list, losses[:rows]), *[[None, None]] * (rows - len(losses))]
    log.sheet.activate()


def show_picture(book, name: str, values: np.ndarray) -> None:
    """A picture of numbers (rows, columns) under that name; the sheet comes to the front."""
    sheet = show_page(book, _page({}))
    descriptor, path = tempfile.mkstemp(suffix=".png")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(heat_map(values))
        sheet.pictures.add(path, name=name, update=True, anchor=sheet[_PICTURES])
    finally:
        os.unlink(path)
    sheet.activate()


# ---- the page, of which a book gets the parts that it needs ----------------------------------------------


def _settings_page(usual: Settings) -> Page:
    rows = {key: row for row, key in enumerate(SETTINGS, start=3)}
    labels = {f"A{row}": PageCell(LABELS[key], "Label") for key, row in rows.items()}
    values = {f"B{row}": PageCell(getattr(usual, key), "Setting") for key, row in rows.items()}
    return _page(labels | values, *(Block(f"train.{key}", SHEET, f"B{row}") for key, row in rows.items()))


def _losses_page() -> Page:
    chart = PageChart(
        "Loss", "A line: the loss at each step of the last run.", corner="G3", size=(560, 320), data=_LOG
    )
    heads = {"D3": PageCell("Step", "Column header"), "E3": PageCell("Loss", "Column header")}
    return _page(heads, _LOG, charts=(chart,))


def _page(cells: Mapping[str, PageCell], *blocks: Block, charts: tuple[PageChart, ...] = ()) -> Page:
    return Page(
        SHEET,
        "Neural Net: what xlcicf keeps in this book",
        "Delete this sheet whenever you like.",
        {"A": 16, "B": 12},
        cells,
        blocks,
        charts,
    )
