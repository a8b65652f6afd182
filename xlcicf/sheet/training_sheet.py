"""The sheet Training of a lesson book: settings, loss chart, the weights after the last run, the logs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from openpyxl import Workbook
from openpyxl.styles import Alignment
from openpyxl.worksheet.worksheet import Worksheet

from xlcicf import words
from xlcicf.formula.address import column_letters
from xlcicf.sheet import training_log
from xlcicf.sheet.block import Block, place
from xlcicf.sheet.loss_chart import LossAxis, LossLogs, RecordedRun, said, write_loss_chart, write_recorded
from xlcicf.sheet.page import add_page, fill, put, put_column, put_row
from xlcicf.sheet.style import FOUR, pale_while_empty, weight_scale

SHEET = "Training"
PRINTED_RUNS = 12  # of the log, and as many steps


@dataclass(frozen=True)
class TrainingSheet:
    """What is trained, in the page's words, and where its blocks lie.

    book         the file's name, as a person types it
    weights      the changing cells, on their own sheet
    rows, cols   what each row and each column of the weights is called
    columns_log  what each weight is called in the log of weights, row by row
    conditions   in words, what the loss depends on besides the weights
    values       settings that the book ships with, where not as in `training_log.SHIPPED`: name -> value
    has_errors   whether a run of least squares tells here how far each weight is known
    recorded     a run that ships with the book, None where its logs hold one
    axis         the loss chart's
    """

    book: str
    weights: Block
    rows: Sequence[str]
    cols: Sequence[str]
    columns_log: Sequence[str]
    conditions: str
    recorded: RecordedRun | None
    axis: LossAxis
    values: Mapping[str, float | str] = field(default_factory=dict)
    has_errors: bool = False

    @property
    def weights_after(self) -> Block:
        return Block(words.PARITY_WEIGHTS, SHEET, "B19", self.weights.rows, self.weights.cols)

    @property
    def settings(self) -> Block:
        """The conditions as a text, at the last run."""
        return Block(words.PARITY_SETTINGS, SHEET, f"D{19 + self.weights.rows}")

    @property
    def settings_now(self) -> Block:
        return Block(words.NET_SETTINGS, SHEET, f"D{20 + self.weights.rows}")

    @property
    def errors(self) -> Block:
        """The standard errors of the weights after the last run."""
        top = 25 + self.weights.rows
        return Block(words.FIT_ERRORS, SHEET, f"B{top}", self.weights.rows, self.weights.cols)

    @property
    def unknown(self) -> Block:
        """Why there are none of some."""
        return Block(words.FIT_UNKNOWN, SHEET, f"B{25 + 2 * self.weights.rows}")

    @property
    def runs(self) -> Block:
        return Block(
            words.RUNS_LOG, SHEET, f"A{self._logs_row}", training_log.RUNS + 1, len(training_log.LOG)
        )

    @property
    def weights_before(self) -> Block:
        return Block(
            words.RUNS_WEIGHTS, SHEET, f"T{self._logs_row + 1}", training_log.RUNS, len(self.columns_log)
        )

    @property
    def steps(self) -> Block:
        return Block(
            words.STEPS_LOG, SHEET, f"Q{self._logs_row}", training_log.STEPS + 1, len(training_log.STEP_LOG)
        )

    @property
    def losses(self) -> LossLogs:
        return losses_of(self.steps, self.weights_before, self.recorded, self.book)

    def logs(self) -> list[Block]:
        fit = [self.errors, self.unknown] if self.has_errors else []
        return [self.runs, self.weights_before, self.steps, *fit]

    @property
    def _logs_row(self) -> int:
        """The sheet row of the logs' headers."""
        return 28 + 2 * self.weights.rows if self.has_errors else 23 + self.weights.rows


def write_training(workbook: Workbook, training: TrainingSheet, settings_text: str) -> None:
    """Adds the sheet and names its cells train.*; `settings_text` is a formula for the conditions' text."""
    net, last = training.weights.sheet, column_letters(19 + len(training.columns_log))
    widths = f"A=14 B=16 C:L=11 M:O=12 P=2 Q:R=9 S=2 T:{last}=11"
    how_to = _how_to_train(training.book, net)
    ws = add_training_page(
        workbook, net, widths, training.runs.area.top + PRINTED_RUNS, training.values, how_to
    )
    _write_weights_after(ws, training, settings_text)
    if training.has_errors:
        _write_errors(ws, training)
    logs = training.runs, training.weights_before, training.losses
    write_logs(ws, *logs, training.columns_log, training.axis, ("J4", (610, 270)))


def add_training_page(
    workbook: Workbook,
    net: str,
    widths: str,
    bottom: int,
    values: Mapping[str, float | str],
    how_to: Sequence[str],
) -> Worksheet:
    """The sheet with its settings, named train.*, and how to train; what stands below is the caller's.

    net     the sheet whose weights are trained
    bottom  the last row that is printed
    values  as `Training.values`
    """
    ws = add_page(
        workbook,
        SHEET,
        "Training: what was run, and how it went",
        f"xlcicf takes its settings from here, trains, writes the weights into {net} and a line into the log "
        "below.",
        widths=widths,
        print_area=f"A1:R{bottom}",
        zoom=90,
    )
    put(ws, "A4", "Settings", "Section")
    for block in training_log.write_settings(ws, "A5", f"the weights on {net}", values):
        block.define(workbook)
    put(ws, "A12", "How to train", "Section")
    put_column(ws, "A13", how_to, "Page note")
    return ws


def _how_to_train(book: str, net: str) -> tuple[str, ...]:
    return (
        f"With xlcicf: close this book, then run  xlcicf train {book}  and open it again.",
        f"To take a run back: xlcicf undo {book}, or copy its “weights before” (far right) into {net}.",
        "With Excel alone: Data > Solver > Solve. Solver finds weights too, but writes no line here.",
    )


def _while_empty(block: Block, text: str) -> str:
    """A formula for a text that stands there while no number stands in the block."""
    return f'=IF(COUNT({block.local})=0,"{text}","")'


def _write_weights_after(ws: Worksheet, training: TrainingSheet, settings_text: str) -> None:
    put(ws, "A17", "Weights after the last run", "Section")
    put(ws, "D17", _while_empty(training.weights_after, "empty until a run writes them here"), "Page note")
    pale_while_empty(ws, training.weights_after.free_local)
    put_row(ws, "B18", training.cols, "Column header")
    after = training.weights_after
    fill(ws, after, [[None] * after.cols] * after.rows, "Weight", FOUR)
    weight_scale(ws, after.local)
    labels = (*training.rows, f"{training.conditions} then", f"{training.conditions} now")
    put_column(ws, f"A{after.area.top}", labels, "Label")
    put(ws, training.settings.corner, None, "Formula")
    put(ws, training.settings_now.corner, settings_text, "Formula")


ERRORS_NOTE = (
    "About how far each weight would move if other rows like these had been drawn: within twice that, 95 "
    "times of 100. A run of least squares tells it: xlcicf train {book} --optimizer least-squares"
)
NO_ERRORS = "none yet: they come with a run of least squares"


def _write_errors(ws: Worksheet, training: TrainingSheet) -> None:
    """Room for the standard errors, and for why there are none of some."""
    errors, unknown = training.errors, training.unknown
    top, said = errors.area.top, unknown.area.top
    put(ws, f"A{top - 3}", "Standard errors of these weights", "Section")
    put(ws, f"A{top - 2}", ERRORS_NOTE.format(book=training.book), "Page note")
    put_row(ws, f"B{top - 1}", training.cols, "Column header")
    put_column(ws, f"A{top}", training.rows, "Label")
    fill(ws, errors, [[None] * errors.cols] * errors.rows, "Result", FOUR)
    put(ws, f"A{said}", "not known", "Label")
    ws[f"A{said}"].alignment = Alignment(horizontal="left", vertical="top", indent=1)
    put(ws, unknown.corner, NO_ERRORS, "Text")
    pale_while_empty(ws, errors.free_local)
    ws.merge_cells(f"B{said}:R{said}")
    ws.row_dimensions[said].height = 6 * 13  # as many lines as a run may write


def losses_of(steps: Block, weights_before: Block, recorded: RecordedRun | None, book: str) -> LossLogs:
    """Where a Training sheet logs losses: the starts' ends left of the steps, the recorded run at the right.

    recorded  a run that ships with the book, None where its logs hold one
    book      the file's name, as a person types it
    """
    top = steps.area.top
    corner = f"{column_letters(steps.area.left - 3)}{top}"
    starts = Block(words.STARTS_LOG, SHEET, corner, steps.rows, steps.cols)
    return LossLogs(steps, starts, f"{column_letters(weights_before.area.right + 2)}{top}", recorded, book)


def write_logs(
    ws: Worksheet,
    log: Block,
    weights_before: Block,
    losses: LossLogs,
    names: Sequence[str],
    axis: LossAxis,
    chart_at: tuple[str, tuple[int, int]],
) -> None:
    """The logs of runs, of the last run's losses and of weights, empty; the recorded run; and the chart of
    the losses, below a line that says what it shows.

    names     what each weight is called, in the order in which training has them
    chart_at  the chart's corner and its size in pixels
    """
    steps, starts = losses.steps, losses.starts
    for block, text in (
        (log, "Runs"), (starts, "Where its starts ended"), (steps, "Last run"),
        (weights_before, "Weights before each run"),
    ):  # fmt: skip
        put(ws, f"{block.letters}{log.area.top - 1}", text, "Section")
    none = "none yet: your first run writes the first line, its losses and the weights before it"
    put(ws, f"B{log.area.top - 1}", _while_empty(log, none), "Page note")
    training_log.write_log(ws, log, training_log.LOG)
    for block in (starts, steps):
        training_log.write_log(ws, block, training_log.STEP_LOG)
    training_log.write_weight_log(ws, weights_before, names)
    write_recorded(ws, losses)
    assert ws.parent
    starts.define(ws.parent)
    row, col = place(chart_at[0])
    put_column(ws, f"{column_letters(col)}{row - 2}", said(losses), "Page note")
    write_loss_chart(ws, *chart_at, losses, axis)
