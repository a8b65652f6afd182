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
from xlcicf.words import LOSS, SETTINGS, STEPS_HEADERS, STEPS_LOG, TAB, Setting

SHEET = TAB  # one name for what a person sees of xlcicf
ROWS = 200  # steps that the loss chart has room for
_LOG = Block(STEPS_LOG, SHEET, "D3", ROWS + 1, len(STEPS_HEADERS))
_PICTURES = "G20"  # below the chart


def setting_cell(book, setting: Setting):
    """The setting's cell; where the book has none, all of them are made, with the usual settings.

    Raises AddressError where a person's own cells stand in the way.
    """
    if setting.cell not in book.names:
        add_to_page(book, _settings_page())
    return book.names[setting.cell].refers_to_range


def show_losses(book, losses: list[tuple[int, float]]) -> None:
    """The losses (step, loss) of the last run beside their chart; the sheet comes to the front.

    Raises AddressError where a person's own cells stand in the way.
    """
    if STEPS_LOG not in book.names:
        add_to_page(book, _losses_page())
    log = book.names[STEPS_LOG].refers_to_range
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


def _settings_page() -> Page:
    rows = dict(enumerate(SETTINGS.values(), start=3))
    labels = {f"A{row}": PageCell(setting.label, "Label") for row, setting in rows.items()}
    values = {f"B{row}": PageCell(setting.default, "Setting") for row, setting in rows.items()}
    return _page(labels | values, *(Block(setting.cell, SHEET, f"B{row}") for row, setting in rows.items()))


def _losses_page() -> Page:
    chart = PageChart(
        LOSS, "A line: the loss at each step of the last run.", corner="G3", size=(560, 320), data=_LOG
    )
    heads = {
        f"{letter}3": PageCell(header, "Column header")
        for letter, header in zip("DE", STEPS_HEADERS, strict=True)
    }
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
