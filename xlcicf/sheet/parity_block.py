"""The parity block: what torch computed in the last run beside what the sheet's formulas say now.

Whoever trains the book writes the three values (loss, largest difference of a prediction, weights) and copies
`net.settings` into `parity.settings`; the status cell compares. The settings are compared as text that is put
together from whole numbers, since a decimal point would read otherwise in another language's Excel.
"""

from dataclasses import dataclass
from typing import Protocol

from openpyxl.worksheet.worksheet import Worksheet

from xlcicf.sheet.block import Block, Blocks
from xlcicf.sheet.net import Net
from xlcicf.sheet.page import put
from xlcicf.sheet.style import FIVE, SCIENTIFIC, tint_when

NO_RUN = "no run yet"
AGREE = "formulas and torch agree"
WEIGHT_CHANGED = "a weight was changed since the last run"
SETTING_CHANGED = "the switch or the held-out share was changed since"
DIFFER = "they differ: was the data changed? train again"
TOLERANCE = 1e-9


class Model(Protocol):
    """What has weights and a loss, such as a `Net`."""

    @property
    def weights(self) -> Block | Blocks: ...

    @property
    def loss(self) -> Block: ...


@dataclass(frozen=True)
class ParityBlock:
    """Where the block's cells lie; all are defined names of the workbook.

    settings_changed  what the status says when `settings` is not what it was
    """

    loss: Block
    prediction: Block
    status: Block
    weights: Block | Blocks  # in as many rectangles as the model's, of the same shapes
    settings: Block  # the text at the last run
    settings_now: Block  # the text now, a formula
    settings_changed: str = SETTING_CHANGED

    def blocks(self) -> list[Block | Blocks]:
        return [self.loss, self.prediction, self.status, self.weights, self.settings, self.settings_now]


def settings_text(net: Net) -> str:
    """A formula for what the loss depends on besides the weights: "MSE, 12.5% held out"."""
    share = f"ROUND(1000*{net.held_out.ref},0)"
    tenths = f'IF(MOD({share},10)=0,"","."&MOD({share},10))'
    return f'={net.measure.ref}&", "&IF({share}=0,"nothing",INT({share}/10)&{tenths}&"%")&" held out"'


def status(model: Model, parity: ParityBlock) -> str:
    """A formula that says in words whether formulas and torch agree, and if not, why."""
    near = f"{TOLERANCE:.0E}"
    agree = f"AND(ABS({model.loss.ref}-{parity.loss.ref})<={near},{parity.prediction.ref}<={near})"
    return (
        f'=IF(COUNT({parity.loss.ref})=0,"{NO_RUN}",'
        f'IF({_moved(model, parity)}>0,"{WEIGHT_CHANGED}",'
        f'IF({parity.settings.ref}<>{parity.settings_now.ref},"{parity.settings_changed}",'
        f'IF({agree},"{AGREE}","{DIFFER}"))))'
    )


def _moved(model: Model, parity: ParityBlock) -> str:
    """The squared distance of the weights from those after the last run, as a part of a formula."""
    pairs = zip(model.weights.parts, parity.weights.parts, strict=True)
    return "+".join(f"SUMPRODUCT(({now.ref}-{then.ref})^2)" for now, then in pairs)


def write_parity(
    ws: Worksheet, model: Model, parity: ParityBlock, compared: str = "largest difference of a prediction"
) -> None:
    """The block from two rows above torch's loss to the status: words in the status's column, numbers in
    the loss's. `compared` says what `parity.prediction` is."""
    words, numbers, row = parity.status.letters, parity.loss.letters, parity.loss.area.top
    put(ws, f"{words}{row - 2}", "Formulas against torch", "Section")
    put(ws, f"{words}{row - 1}", "loss by these formulas", "Label")
    put(ws, f"{numbers}{row - 1}", f"={model.loss.local}", "Formula", FIVE)
    put(ws, f"{words}{row}", "loss by torch, last run", "Label")
    put(ws, parity.loss.corner, None, "Data", FIVE)
    put(ws, f"{words}{row + 1}", compared, "Label")
    put(ws, parity.prediction.corner, None, "Data", SCIENTIFIC)
    write_status(ws, model, parity)
    ws.merge_cells(f"{words}{row + 2}:{numbers}{row + 2}")


def write_status(ws: Worksheet, model: Model, parity: ParityBlock) -> None:
    """The status cell, green while formulas and torch agree, vermilion when they differ."""
    here = parity.status.local
    put(ws, parity.status.corner, status(model, parity), "Status")
    tint_when(ws, here, f'{here}="{AGREE}"', good=True)
    tint_when(ws, here, f'AND({here}<>"{AGREE}",{here}<>"{NO_RUN}")', good=False)
