"""The record of training inside a workbook: settings a person may edit, a log of runs with the weights before
each, and the loss at each step of the last run.

The tables ship empty; whoever trains the book fills a row, finding the columns by their header texts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from openpyxl.worksheet.worksheet import Worksheet

from xlcicf.formula.address import column_letters
from xlcicf.optim.train import OPTIMIZERS
from xlcicf.sheet.block import Block, place
from xlcicf.sheet.page import allow, between, choices, fill, put, put_row
from xlcicf.sheet.style import FIVE, FOUR, TENTH_PERCENT, TWO, WHOLE

RUNS, STEPS = 50, 200

WHY = "Why it stopped"
# header -> number format
LOG = {
    "Run": WHOLE, "When": "yyyy-mm-dd hh:mm", "Optimiser": "General", "Steps": WHOLE, "Restarts": WHOLE,
    "Seed": WHOLE, "Learning rate": "General", "Loss before": FIVE, "Loss after": FIVE,
    "Accuracy": TENTH_PERCENT, "Seconds": TWO, WHY: "General",
}  # fmt: skip
STEP_LOG = {"Step": WHOLE, "Loss": FIVE}


@dataclass(frozen=True)
class Setting:
    """One line of settings: the name of its cell, its label, the value it ships with, and what it means."""

    name: str
    label: str
    value: float | str | None
    meaning: str
    rule: dict


SETTINGS = (
    Setting(
        "train.optimizer", "optimiser", "lbfgs",
        "lbfgs finds its own step sizes; the others follow the gradient as in the lesson",
        choices(*OPTIMIZERS),
    ),
    Setting("train.steps", "steps", 200, "at most so many", between(1, 1_000_000, whole=True)),
    Setting(
        "train.lr", "learning rate", None, "empty: the optimiser's usual one; lbfgs needs none",
        between(0, 1000),
    ),
    Setting(
        "train.restarts", "restarts", 1,
        "1 goes on from {weights}; more also try random starts and keep the best",
        between(1, 100_000, whole=True),
    ),
    Setting(
        "train.seed", "seed", 0, "of the random starts: the same seed, the same numbers",
        between(0, 2_147_483_647, whole=True),
    ),
    Setting("train.init", "spread", 0.5, "random starts lie between −spread and +spread", between(0, 1000)),
)  # fmt: skip


def write_settings(
    ws: Worksheet,
    corner: str,
    weights: str = "the weights on Net",
    values: Mapping[str, float | str] = MappingProxyType({}),
) -> list[Block]:
    """A line a setting from `corner` down: label, cell, meaning. Returns the cells, to be named.

    weights  what training changes, in words
    values   what the book ships with where that is not the usual value: name -> value
    """
    top, left = place(corner)
    label, value, meaning = (column_letters(left + i) for i in range(3))
    blocks = []
    for row, setting in enumerate(SETTINGS, top):
        block = Block(setting.name, ws.title, f"{value}{row}")
        put(ws, f"{label}{row}", setting.label, "Label")
        hint = setting.meaning.format(weights=weights)
        put(ws, block.corner, values.get(setting.name, setting.value), "Setting")
        put(ws, f"{meaning}{row}", hint, "Page note")
        allow(ws, block.corner, hint, setting.rule)
        blocks.append(block)
    return blocks


def write_log(ws: Worksheet, block: Block, formats: dict[str, str]) -> None:
    """An empty table: the headers in the block's first row, cells dressed for what will be written below."""
    assert block.cols == len(formats), block
    put_row(ws, block.corner, formats, "Column header")
    for j, (header, number_format) in enumerate(formats.items()):
        align = "left" if header == WHY else "center"
        for i in range(1, block.rows):
            put(ws, block.cell(i, j).corner, None, "Formula", number_format, align)


def write_weight_log(ws: Worksheet, block: Block, headers: Sequence[str]) -> None:
    """Room for the weights before each run, one run a row; above each column what its weight is called."""
    put_row(ws, f"{block.letters}{block.area.top - 1}", headers, "Column header")
    fill(ws, block, [[None] * block.cols] * block.rows, "Formula", FOUR)
