"""The record of training inside a workbook: settings a person may edit, a log of runs with the weights before
each, and the loss at each step of the last run.

The tables ship empty; whoever trains the book fills a row, finding the columns by their header texts.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from openpyxl.worksheet.worksheet import Worksheet

from xlcicf import words
from xlcicf.formula.address import column_letters
from xlcicf.sheet.block import Block, place
from xlcicf.sheet.page import allow, between, choices, fill, put, put_row
from xlcicf.sheet.style import FIVE, FOUR, TENTH_PERCENT, TWO, WHOLE

RUNS, STEPS = 50, 200

# What a lesson is told about is a net that learns by slopes, and as many steps as its log has room for.
SHIPPED: dict[str, float | str | None] = {
    **{setting.cell: setting.default for setting in (*words.SETTINGS.values(), words.INIT)},
    words.OPTIMIZER.cell: "lbfgs",
    words.STEPS.cell: STEPS,
}

# header -> number format
FORMATS = {
    words.RUN: WHOLE, words.WHEN: "yyyy-mm-dd hh:mm", words.STEPS.label: WHOLE, words.RESTARTS.label: WHOLE,
    words.SEED.label: WHOLE, words.LOSS_BEFORE: FIVE, words.LOSS_AFTER: FIVE, words.ACCURACY: TENTH_PERCENT,
    words.SECONDS: TWO,
}  # fmt: skip
LOG = {header: FORMATS.get(header, "General") for header in words.RUNS_HEADERS}
STEP_LOG = {words.STEP: WHOLE, words.LOSS: FIVE}


def write_settings(
    ws: Worksheet,
    corner: str,
    weights: str = "the weights on Net",
    values: Mapping[str, float | str] = MappingProxyType({}),
) -> list[Block]:
    """A line a setting from `corner` down: label, cell, meaning. Returns the cells, to be named.

    weights  what training changes, in words
    values   what the book ships with where that is not as in `SHIPPED`: name -> value
    """
    top, left = place(corner)
    label, value, meaning = (column_letters(left + i) for i in range(3))
    blocks = []
    for row, setting in enumerate((*words.SETTINGS.values(), words.INIT), top):
        block = Block(setting.cell, ws.title, f"{value}{row}")
        put(ws, f"{label}{row}", setting.label.lower(), "Label")
        hint = setting.note.format(weights=weights)
        put(ws, block.corner, (SHIPPED | dict(values))[setting.cell], "Setting")
        put(ws, f"{meaning}{row}", hint, "Page note")
        allow(ws, block.corner, hint, _rule(setting))
        blocks.append(block)
    return blocks


def _rule(setting: words.Setting) -> dict:
    """What may be typed into its cell."""
    if setting.choices:
        return choices(*setting.choices)
    return between(setting.least, setting.most, whole=setting.kind is int)


def write_log(ws: Worksheet, block: Block, formats: dict[str, str]) -> None:
    """An empty table: the headers in the block's first row, cells dressed for what will be written below."""
    assert block.cols == len(formats), block
    put_row(ws, block.corner, formats, "Column header")
    for j, (header, number_format) in enumerate(formats.items()):
        align = "left" if header == words.WHY else "center"
        for i in range(1, block.rows):
            put(ws, block.cell(i, j).corner, None, "Formula", number_format, align)


def write_weight_log(ws: Worksheet, block: Block, headers: Sequence[str]) -> None:
    """Room for the weights before each run, one run a row; above each column what its weight is called."""
    put_row(ws, f"{block.letters}{block.area.top - 1}", headers, "Column header")
    fill(ws, block, [[None] * block.cols] * block.rows, "Formula", FOUR)
