"""The picture of the loss: the start that won the last run, from where it began, and a dot where each start
ended; behind it in grey a run that was recorded when the book was made, so that the picture is never empty.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from openpyxl.worksheet.worksheet import Worksheet

from xlcicf import words
from xlcicf.formula.address import column_letters
from xlcicf.sheet.block import Block, place
from xlcicf.sheet.chart import Curve, curves_chart
from xlcicf.sheet.page import fill, put, put_row
from xlcicf.sheet.style import FIVE, WHOLE


@dataclass(frozen=True)
class RecordedRun:
    """A run that ships with a book.

    how   settings, in words
    won   (step, loss) of the start that won
    ends  (steps, loss) where each start ended
    """

    how: str
    won: Sequence[tuple[int, float]]
    ends: Sequence[tuple[int, float]]


@dataclass(frozen=True)
class LossAxis:
    """The vertical axis, such that the fall is seen: its least and its largest number (None: as large as the
    losses are), and whether its lines are powers of ten."""

    least: float
    most: float | None = None
    has_powers_of_ten: bool = False


@dataclass(frozen=True)
class LossLogs:
    """Where losses are logged: tables of two columns, steps and losses, with a header.

    steps     of the start that won the last run
    starts    where each of its starts ended
    recorded  corner of the table of the recorded run's way, to the right of which its ends stand
    run       the recorded run; None where the book ships with one in its logs
    book      the file's name, as a person types it
    """

    steps: Block
    starts: Block
    recorded: str
    run: RecordedRun | None
    book: str

    @property
    def curves(self) -> list[Curve]:
        return [
            Curve("last run: the start that won", *_points(self.steps)),
            Curve("where each start ended", *_points(self.starts), dots=True),
        ]

    @property
    def behind(self) -> list[Curve]:
        if self.run is None:
            return []
        won, ends = self.kept(self.run)
        return [Curve("recorded run", *_points(won)), Curve("its starts", *_points(ends), dots=True)]

    def kept(self, run: RecordedRun) -> tuple[Block, Block]:
        """Where the way of the recorded run and the ends of its starts stand."""
        row, col = place(self.recorded)
        corners = self.recorded, f"{column_letters(col + 3)}{row}"
        won, ends = (
            Block("recorded", self.steps.sheet, corner, 1 + len(points), 2)
            for corner, points in zip(corners, (run.won, run.ends), strict=True)
        )
        return won, ends


def _points(log: Block) -> tuple[Block, Block]:
    """The two columns without their headers."""
    row, _ = place(log.corner)
    below = Block(log.name, log.sheet, f"{log.letters}{row + 1}", log.rows - 1, 2)
    return below.col(0), below.col(1)


def write_recorded(ws: Worksheet, logs: LossLogs) -> None:
    """The recorded run's points, and above them what they are."""
    if logs.run is None:
        return
    (row, _), (won, ends) = place(logs.recorded), logs.kept(logs.run)
    put(ws, f"{won.letters}{row - 2}", f"A run recorded when this book was made: {logs.run.how}", "Section")
    for block, points, what in (
        (won, logs.run.won, "the start that won"),
        (ends, logs.run.ends, "where each start ended"),
    ):
        put(ws, f"{block.letters}{row - 1}", what, "Label")
        put_row(ws, block.corner, words.STEPS_HEADERS, "Column header")
        for column, look, j in zip(_points(block), (WHOLE, FIVE), (0, 1), strict=True):
            fill(ws, column, [[point[j]] for point in points], "Data", look, "center")


def said(logs: LossLogs) -> tuple[str, str]:
    """What the chart shows: a formula for the reader's own run, or what to press while there is none; and of
    the recorded one."""
    _, losses = _points(logs.steps)
    yours = (
        f'=IF(COUNT({losses.ref})=0,"No run of yours yet: press Train, or run  xlcicf train {logs.book}",'
        '"Blue: the start that won the last run. Dots: where each start ended.")'
    )
    return yours, f"Grey: recorded when this book was made, {logs.run.how}." if logs.run else ""


def write_loss_chart(
    ws: Worksheet,
    corner: str,
    size: tuple[int, int],
    logs: LossLogs,
    axis: LossAxis,
    is_small: bool = False,
) -> None:
    """The chart, also on another sheet than the logs'. `size` is width, height in pixels."""
    span = axis.least, axis.most
    curves_chart(
        ws,
        corner,
        size,
        "Loss, step by step" if is_small else "Loss, step by step of the last run",
        "A blue line: the loss at each step of the start that won the last run. Dots: where each start "
        "ended. In grey the same of a run that was recorded when this book was made.",
        logs.curves,
        powers_of_ten=span if axis.has_powers_of_ten else None,
        behind=logs.behind,
        heights=None if axis.has_powers_of_ten else span,
        is_small=is_small,
    )
