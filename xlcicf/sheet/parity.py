"""The parity block: what torch computed in the last run beside what the sheet's formulas say now.

Whoever trains the book writes the three values (loss, largest difference of a prediction, weights) and copies
`net.settings` into `parity.settings`; the status cell compares. The settings are compared as text with whole
numbers only, since a decimal point would read otherwise in another language's Excel.
"""

from dataclasses import dataclass

from openpyxl.worksheet.worksheet import Worksheet

from xlcicf.sheet.block import Block
from xlcicf.sheet.net import Net
from xlcicf.sheet.page import put
from xlcicf.sheet.style import tint_when

NO_RUN = "no run yet"
AGREE = "formulas and torch agree"
WEIGHT_CHANGED = "a weight was changed since the last run"
SETTING_CHANGED = "the switch or the held-out share was changed since"
DIFFER = "they differ: was the data changed? train again"
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Parity:
    """Where the block's cells lie; all are defined names of the workbook."""

    loss: Block
    prediction: Block
    status: Block
    weights: Block
    settings: Block  # the text at the last run
    settings_now: Block  # the text now, a formula

    def blocks(self) -> list[Block]:
        return [self.loss, self.prediction, self.status, self.weights, self.settings, self.settings_now]


def settings_text(net: Net) -> str:
    """A formula for what the loss depends on besides the weights: "MSE, 200‰ held out"."""
    return f'={net.measure.ref}&", "&ROUND(1000*{net.held_out.ref},0)&"‰ held out"'


def status(net: Net, parity: Parity) -> str:
    """A formula that says in words whether formulas and torch agree, and if not, why."""
    near = f"{TOLERANCE:.0E}"
    agree = f"AND(ABS({net.loss.ref}-{parity.loss.ref})<={near},{parity.prediction.ref}<={near})"
    return (
        f'=IF(COUNT({parity.loss.ref})=0,"{NO_RUN}",'
        f'IF(SUMPRODUCT(({net.weights.ref}-{parity.weights.ref})^2)>0,"{WEIGHT_CHANGED}",'
        f'IF({parity.settings.ref}<>{parity.settings_now.ref},"{SETTING_CHANGED}",'
        f'IF({agree},"{AGREE}","{DIFFER}"))))'
    )


def write_status(ws: Worksheet, net: Net, parity: Parity) -> None:
    """The status cell, green while formulas and torch agree, vermilion when they differ."""
    here = parity.status.local
    put(ws, parity.status.corner, status(net, parity), "Status")
    tint_when(ws, here, f'{here}="{AGREE}"', good=True)
    tint_when(ws, here, f'AND({here}<>"{AGREE}",{here}<>"{NO_RUN}")', good=False)
