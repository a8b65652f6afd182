"""Four sheets of basic_neural_network.xlsx: fast.ai's notebook 05, each epoch of it computed by formulas.

torch's own log of every epoch ships with the package. A reader picks an epoch; formulas compute from the
coefficients that the log has for it the predictions, the loss, the slopes and the next coefficients, and
these stand beside what the log says.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from xlcicf.formula.address import column_letters
from xlcicf.learn import replay, titanic
from xlcicf.sheet.block import Block
from xlcicf.sheet.chart import Curve, curves_chart
from xlcicf.sheet.diagram import Diagram, Layer, relu, sigmoid, write_diagram
from xlcicf.sheet.page import add_page, allow, between, fill, fill_down, put, put_column, put_row, put_setting
from xlcicf.sheet.style import (
    BIT,
    DOT_THREE,
    FIVE,
    FOUR,
    SCIENTIFIC,
    SIX,
    TENTH_PERCENT,
    THREE,
    WHOLE,
    orange_above_zero,
    tint_when,
    weight_scale,
)

FIRST, ROWS = 11, 891
LAST = FIRST + ROWS - 1
LAST_PRINTED = FIRST + 59  # of the long sheets
SUMMARY, LOGS, PICTURES = "Notebook 05", "Logs", "05 Pictures"
EPOCH = Block("replay.epoch", SUMMARY, "C4")
EPOCHS = 30
TABLE = 17  # Notebook 05: the sheet row of the first epoch's losses
SLOPE = '0.0E+00;-0.0E+00;"·"'  # number format
NEAR = 1e-3  # single precision, magnified by the largest learning rate, stays below it

TITLES = {  # name of a replay -> its sheet, its title, what is said on it
    "linear": (
        "05 Linear",
        "Notebook 05: twelve coefficients, added up",
        "prediction = the sum of column × coefficient, nothing else. It may be below 0 or above 1.",
    ),
    "sigmoid": (
        "05 Sigmoid",
        "Notebook 05: the same sum, through a sigmoid",
        "prediction = 1/(1 + EXP(−sum)): always between 0 and 1, so a large sum costs nothing. Learning rate "
        "100!",
    ),
    "hidden": (
        "05 One hidden layer",
        "Notebook 05: twenty ReLUs, then a sigmoid",
        "Each of 20 units adds up the columns with its own 12 weights, then MAX(0, ·). The output adds up "
        "the units.",
    ),
    "deep": (
        "05 Two hidden layers",
        "Notebook 05: ten ReLUs, ten more, then a sigmoid",
        "Two layers of 10 units, each layer with one constant. The second layer's inputs are the first's "
        "ReLUs.",
    ),
}
LIVE = tuple(model for model in replay.MODELS if model.name in TITLES)
HEADS = {
    "linear": "linear, rate 0.2",
    "sigmoid": "sigmoid, rate 100",
    "matrix": "same, as matrix",
    "hidden slow": "20 hidden, rate 1.4",
    "hidden": "20 hidden, rate 20",
    "deep": "10 and 10, rate 4",
}


def _log_rows() -> dict[str, int]:
    """Model -> the row of Logs in which its first epoch stands."""
    rows, row = {}, 6
    for model in LIVE:
        rows[model.name] = row
        row += model.epochs + 6
    return rows


LOG_ROWS = _log_rows()


@dataclass(frozen=True)
class Sheet:
    """Where a model lies: passengers by row, weights on the right; the only place that knows its columns.

    D..   for each hidden layer, a column a unit: its ReLU
    then  z, prediction, the loss's slope by z, and layer by layer backwards that by each unit's sum
    then  for each layer four tables: weights, slopes, next weights, and how far these are from the log's
    """

    model: replay.Model

    @property
    def name(self) -> str:
        return TITLES[self.model.name][0]

    @property
    def log(self) -> Block:
        """The parameters before each epoch and at the end."""
        model = self.model
        n = sum(int(np.prod(shape)) for shape in model.shapes)
        return Block(f"{model.name}.log", LOGS, f"C{LOG_ROWS[model.name]}", model.epochs + 1, n)

    def units(self, layer: int) -> Block:
        """The outputs (rows, units) of a layer of ReLUs, counted from 0."""
        left = 4 + sum(self.model.sizes[1 : layer + 1])
        return self._columns(left, self.model.sizes[layer + 1])

    @property
    def z(self) -> Block:
        return self._columns(self._z, 1)

    @property
    def prediction(self) -> Block:
        return self._columns(self._z + 1, 1)

    def slopes(self, layer: int) -> Block:
        """The loss's slopes by the sums (rows, units) of a layer; the last layer's are those by z."""
        sizes = self.model.sizes
        left = self._z + 2 + sum(sizes[layer + 2 :])
        return self._columns(left, sizes[layer + 1])

    def inputs(self, layer: int) -> Block:
        """What a layer takes in (rows, inputs): the twelve columns, or the ReLUs before it."""
        return self.units(layer - 1) if layer else INPUTS

    def table(self, layer: int, which: int) -> Block:
        """Weights (0), slopes (1), next weights (2), next less logged (3) of a layer (out, in)."""
        sizes = self.model.sizes
        left = self._tables + sum(size + 4 for size in sizes[:layer])
        top = FIRST + which * (max(sizes[1:]) + 3)
        return Block(
            f"table {layer}", self.name, f"{column_letters(left)}{top}", sizes[layer + 1], sizes[layer]
        )

    def const(self, layer: int, which: int) -> Block:
        """The cell of a layer's constant in that table, to the right of its first row."""
        area = self.table(layer, which).area
        return Block(f"const {layer}", self.name, f"{column_letters(area.right + 1)}{area.top}")

    def place(self, layer: int, i: int, j: int) -> int:
        """Column of the log, from 1, in which the weight of a layer stands."""
        before = sum(int(np.prod(shape)) for shape in self.model.shapes[:layer])
        return before + i * self.model.sizes[layer] + j + 1

    def const_place(self, layer: int) -> int:
        return self.log.cols - len(self.model.consts) + self.model.consts.index(layer) + 1

    @cached_property
    def _z(self) -> int:
        return 4 + sum(self.model.sizes[1:-1])

    @cached_property
    def _tables(self) -> int:
        return self._z + 2 + sum(self.model.sizes[1:]) + 2

    def _columns(self, left: int, count: int) -> Block:
        return Block("columns", self.name, f"{column_letters(left)}{FIRST}", ROWS, count)

    # above the passengers
    @property
    def picked(self) -> Block:
        """The epoch that is computed."""
        return Block("picked", self.name, "C4")

    @property
    def loss(self) -> Block:
        return Block(f"{self.model.name}.loss", self.name, "C5")

    @property
    def accuracy(self) -> Block:
        return Block(f"{self.model.name}.accuracy", self.name, "C6")

    @property
    def largest(self) -> Block:
        """How far the next coefficients are from the log's, at most."""
        return Block(f"{self.model.name}.largest", self.name, "C7")


SHEETS = tuple(Sheet(model) for model in LIVE)
INPUTS = Block("columns.scaled", "Columns", f"P{FIRST}", ROWS, 12)
TRAINING = Block("columns.training", "Columns", f"AC{FIRST}", ROWS)  # of fast.ai's split
SURVIVED = Block("passengers.survived", "Passengers", f"B{FIRST}", ROWS)


# ---- Notebook 05 -----------------------------------------------------------------------------------------

NOTES = (
    "The log is torch's, in single precision; the formulas compute in double precision, so the sixth digit "
    "may differ. Loss: mean absolute error over the 713 training rows.",
    "The straight line learns slowly and jumps about once its steps are too long. The sigmoid lets it take "
    "steps 500 times as long.",
    "The deep net sits on a plateau, epochs 4 to 18: its slopes there are almost 0, since it says the same "
    "of everybody. Then it falls.",
    "In the end all three with a sigmoid are right on the same number of held-out passengers. More layers "
    "are not always better.",
)


def summary(workbook: Workbook) -> None:
    """The epoch to look at, four models at that epoch, six lists of losses and their chart."""
    ws = add_page(
        workbook,
        SUMMARY,
        "fast.ai's notebook 05: every printed loss, proved by formulas",
        "Pick an epoch. The four sheets named in the table compute it from the log's coefficients; the table "
        "says whether they come to what the notebook printed.",
        widths="A=4 B=23 C:H=13.5 I=2 J:Q=9.5",
        print_area="A1:R47",
        zoom=90,
    )
    put(ws, "B4", "epoch", "Label")
    put(ws, EPOCH.corner, 1, "Setting")
    hint = f"A whole number from 1 to {EPOCHS}, or {EPOCHS + 1}: after the last."
    allow(ws, EPOCH.corner, hint, between(1, EPOCHS + 1, whole=True))
    untrained = (
        f"untrained: in epoch 1 the coefficients are as they were drawn. Type {EPOCHS} for trained ones"
    )
    trained = f"1 to {EPOCHS}; {EPOCHS + 1} is after the last. The linear model has 18 epochs"
    put(ws, "D4", f'=IF({EPOCH.local}=1,"{untrained}","{trained}")', "Status")
    ws.merge_cells("D4:H4")
    ws.row_dimensions[4].height = 28
    tint_when(ws, "D4", f"{EPOCH.local}=1", good=False)
    heads = [
        "model",
        "epoch",
        "loss, logged",
        "loss, formulas",
        "next coefficients off",
        "right of 178",
        "accuracy",
    ]
    put_row(ws, "B5", heads, "Column header")
    ws.row_dimensions[5].height = 28
    for row, sheet in enumerate(SHEETS, 6):
        _write_line(ws, row, sheet)
    put_column(ws, "B11", NOTES, "Page note")
    put_row(ws, f"B{TABLE - 1}", ["loss in epoch", *HEADS.values()], "Column header")
    ws.row_dimensions[TABLE - 1].height = 28
    numbers = Block("epochs", SUMMARY, f"B{TABLE}", EPOCHS)
    fill(ws, numbers, [[i] for i in range(1, EPOCHS + 1)], "Label", WHOLE, "center")
    models = {model.name: model for model in replay.MODELS}
    curves = []
    for letter, (name, head) in zip("CDEFGH", HEADS.items(), strict=True):
        losses = replay.log(models[name]).losses
        column = Block(name, SUMMARY, f"{letter}{TABLE}", len(losses))
        fill(ws, column, [[float(loss)] for loss in losses], "Data", THREE, "center")
        if name in TITLES:
            curves.append(Curve(head, Block("epochs", SUMMARY, f"B{TABLE}", len(losses)), column))
    tint_when(ws, f"B{TABLE}:H{TABLE + EPOCHS - 1}", f"$B{TABLE}={EPOCH.local}", good=True)
    curves_chart(
        ws,
        f"J{TABLE - 1}",
        (628, 480),
        "Four models, epoch by epoch",
        "Four lines: the loss of the linear model, of the sigmoid, of the net with one hidden layer and of "
        "that with two, in each epoch of notebook 05.",
        curves,
        axes=("epoch", "loss"),
    )


def _write_line(ws: Worksheet, row: int, sheet: Sheet) -> None:
    losses = Block("", SUMMARY, f"{'CDEFGH'[list(HEADS).index(sheet.model.name)]}{TABLE}", sheet.model.epochs)
    name, after = f"'{sheet.name}'!", f"C{row}>{sheet.model.epochs}"
    put(ws, f"B{row}", sheet.name, "Link")
    ws[f"B{row}"].hyperlink = f"#{name}A1"
    ws[f"B{row}"].style = "Link"
    put(ws, f"C{row}", f"={sheet.picked.ref}", "Formula", WHOLE, "center")
    logged = f'=IF({after},"no more",INDEX({losses.local},C{row}))'
    put(ws, f"D{row}", logged, "Data", SIX, "center")
    put(ws, f"E{row}", f"={sheet.loss.ref}", "Result", SIX, "center")
    put(ws, f"F{row}", f'=IF({after},"no more",{sheet.largest.ref})', "Formula", SCIENTIFIC, "center")
    put(ws, f"G{row}", f"=ROUND(H{row}*178,0)", "Formula", WHOLE, "center")
    put(ws, f"H{row}", f"={sheet.accuracy.ref}", "Result", TENTH_PERCENT, "center")


# ---- 05 Pictures -----------------------------------------------------------------------------------------

PICKED = Block("replay.passenger", PICTURES, "B4")


PICTURE_NOTES = (
    "Follow an input along its row: at each unit's column it meets a weight. Below the column stands the sum "
    "of input × weight.",
    "Without a hidden layer the sum is the output, or its sigmoid is. With one, each unit makes a ReLU of "
    "its sum,",
    "and the ReLUs go down the arrows to the next layer's weights, whose sums stand at the right.",
    "The output says how sure the net is that this passenger survived; above 0.5 it says so.",
    f"On {SUMMARY}, type epoch {EPOCHS}: the weights take on colour, and many units are off.",
)


def pictures(workbook: Workbook) -> None:
    """The four nets at the epoch that is picked, one passenger on the way through each of them."""
    ws = add_page(
        workbook,
        PICTURES,
        "Notebook 05: one passenger goes through its four nets",
        f"Each weight stands where its input meets its unit, at the epoch picked on {SUMMARY}. Grey "
        "and slanted: it has nothing to carry, since its input is 0, or the unit is off.",
        widths="A=22",
        print_area="A1:AA79",
        zoom=90,
    )
    put(ws, "A4", "passenger no.", "Label")
    put_setting(ws, PICKED.corner, 2, f"A number from 1 to {ROWS}.", between(1, ROWS, whole=True))
    names = Block("", "Passengers", f"D{FIRST}", ROWS)
    put(ws, "D4", f"=INDEX({names.ref},{PICKED.local})", "Label")
    put(ws, "A5", "epoch", "Label")
    put(ws, "B5", f"=MIN({EPOCH.ref},{EPOCHS + 1})", "Formula", WHOLE)
    put(ws, "D5", f"picked on {SUMMARY}", "Link")
    ws["D5"].hyperlink = f"#'{SUMMARY}'!{EPOCH.corner}"
    ws["D5"].style = "Link"
    truth = f'=IF(INDEX({SURVIVED.ref},{PICKED.local})=1,"in truth: survived","in truth: did not")'
    put(ws, "N4", truth, "Label")
    linear, squeezed, hidden, deep = SHEETS
    columns = (INPUTS.col(j).ref for j in range(INPUTS.cols))
    inputs = [
        (name, f"INDEX({column},{PICKED.local})")
        for name, column in zip(titanic.NOTEBOOK, columns, strict=True)
    ]
    plain = Layer(
        ("linear", "sigmoid"),
        [_weights(linear, 0)[0], _weights(squeezed, 0)[0]],
        (lambda total: total, sigmoid),
        "output",
    )
    put_column(ws, "H9", PICTURE_NOTES, "Page note")
    for row, text, layers in (
        (7, "Two nets without a hidden layer", [plain]),
        (25, "One hidden layer of twenty units", _layers(hidden)),
        (48, "Two hidden layers of ten units", _layers(deep)),
    ):
        put(ws, f"D{row}", text, "Section")
        write_diagram(ws, Diagram(f"A{row + 1}", inputs, layers, look=THREE, unit_width=7, is_even=True))


def _layers(sheet: Sheet) -> list[Layer]:
    last = sheet.model.layers - 1
    layers = []
    for number in range(last):
        units = [f"{number + 1}.{unit + 1}" for unit in range(sheet.model.sizes[number + 1])]
        layers.append(
            Layer(units, _weights(sheet, number), [relu] * len(units), "ReLU: the sum, or 0 if below")
        )
    return [*layers, Layer(["output"], _weights(sheet, last), [sigmoid], "output: sigmoid of the sum")]


def _weights(sheet: Sheet, layer: int) -> list[list[str]]:
    """Of each unit of a layer, the references of its weights, and of the layer's constant, if any."""
    table = sheet.table(layer, 0)
    constant = [sheet.const(layer, 0).ref] if layer in sheet.model.consts else []
    return [[*(table.cell(unit, j).ref for j in range(table.cols)), *constant] for unit in range(table.rows)]


# ---- the models' sheets ----------------------------------------------------------------------------------


def models(workbook: Workbook) -> None:
    """A sheet for each of the four models: one epoch of it, passenger by passenger."""
    for sheet in SHEETS:
        _write_model(workbook, sheet)


def _write_model(workbook: Workbook, sheet: Sheet) -> None:
    _, title, note = TITLES[sheet.model.name]
    steps, tables = sheet.slopes(sheet.model.layers - 1), sheet.table(0, 0)
    bottom, left = sheet.table(0, 3).area.bottom, tables.area.left
    before, labels, last = map(column_letters, (left - 2, left - 1, left + sum(sheet.model.sizes) + 12))
    right = column_letters(tables.area.right + 1)
    printed = f"A1:{steps.letters}{LAST_PRINTED},{labels}8:{right}{bottom}"
    if sheet.model.layers == 1:
        printed = f"A1:{right}{LAST_PRINTED}"
    ws = add_page(
        workbook,
        sheet.name,
        title,
        f"This sheet works for {SUMMARY}, where the epoch is picked and C5, C6 and C7 are read. {note}",
        widths=f"A=16 B=9 C=10 D:{before}=8.5 {labels}:{last}=12",
        print_area=printed,
        frozen=f"D{FIRST}",
        zoom=90,
    )
    _write_score(ws, sheet)
    put(ws, "E4", f"The weights beside what they do, for one passenger: on {PICTURES}.", "Page note")
    rate = f"{sheet.model.rate:g}"
    there = f"Weights, their slopes, the next weights (rate {rate}): to the right, from {tables.corner} on"
    put(ws, "E5", there, "Link")
    ws["E5"].hyperlink = f"#'{sheet.name}'!{tables.corner}"
    ws["E5"].style = "Link"
    put_row(ws, f"A{FIRST - 1}", ["No.", "Survived", "Training"], "Column header")
    for letter, source, look in (
        ("A", Block("", "Passengers", "A1"), (WHOLE, "center")),
        ("B", SURVIVED, BIT),
        ("C", TRAINING, BIT),
    ):
        column = Block("", sheet.name, f"{letter}{FIRST}", ROWS)
        fill_down(ws, column, f"={source.sheet}!${source.letters}{{row}}", "Data", *look)
    _write_forward(ws, sheet)
    for layer in range(sheet.model.layers - 1):
        orange_above_zero(ws, sheet.units(layer).local)
    _write_backward(ws, sheet)
    for layer in range(sheet.model.layers):
        _write_tables(ws, sheet, layer)


def _write_score(ws: Worksheet, sheet: Sheet) -> None:
    survived, training = (Block("", sheet.name, f"{letter}{FIRST}", ROWS).local for letter in "BC")
    p = sheet.prediction.local
    right = f"SUMPRODUCT((1-{training})*(1-ABS(({p}>0.5)-{survived})))"
    differences = [sheet.table(layer, 3) for layer in range(sheet.model.layers)]
    differences += [sheet.const(layer, 3) for layer in sheet.model.consts]
    cells = ",".join(block.local for block in differences)
    for block, label, formula, style, look in (
        (sheet.picked, "epoch", f"=MIN({EPOCH.ref},{sheet.model.epochs + 1})", "Formula", WHOLE),
        (
            sheet.loss,
            "loss, training",
            f"=SUMPRODUCT({training}*ABS({p}-{survived}))/SUM({training})",
            "Result",
            SIX,
        ),
        (sheet.accuracy, "right, held out", f"={right}/COUNTIF({training},0)", "Result", TENTH_PERCENT),
        (sheet.largest, "off the log by", f"=MAX(MAX({cells}),-MIN({cells}))", "Formula", SCIENTIFIC),
    ):
        put(ws, f"A{block.area.top}", label, "Label")
        put(ws, block.corner, formula, style, look)


def _write_forward(ws: Worksheet, sheet: Sheet) -> None:
    """The ReLUs of each hidden layer, then z and the prediction."""
    for layer in range(sheet.model.layers):
        hidden = layer < sheet.model.layers - 1
        for unit in range(sheet.model.sizes[layer + 1]):
            column = (sheet.units(layer) if hidden else sheet.z).col(unit)
            total = (
                f"SUMPRODUCT({_on_row(sheet, sheet.inputs(layer))},{sheet.table(layer, 0).row(unit).local})"
            )
            if layer in sheet.model.consts:
                total += f"+{sheet.const(layer, 0).local}"
            head = f"ReLU {layer + 1}.{unit + 1}" if hidden else "sum z"
            put(ws, f"{column.letters}{FIRST - 1}", head, "Column header")
            fill_down(ws, column, f"=MAX(0,{total})" if hidden else f"={total}", "Formula", DOT_THREE)
    z = f"{sheet.z.letters}{{row}}"
    put(ws, f"{sheet.prediction.letters}{FIRST - 1}", "prediction", "Column header")
    squeezed = f"=1/(1+EXP(-{z}))" if sheet.model.sigmoid else f"={z}"
    fill_down(ws, sheet.prediction, squeezed, "Formula", DOT_THREE)


def _on_row(sheet: Sheet, block: Block) -> str:
    cells = block.on_row("{row}")
    return cells if block.sheet == sheet.name else f"{block.sheet}!{cells}"


def _write_backward(ws: Worksheet, sheet: Sheet) -> None:
    """The loss's slope by each sum, from the last layer to the first, as parts of the mean."""
    p, last = f"{sheet.prediction.letters}{{row}}", sheet.model.layers - 1
    chain = f"*{p}*(1-{p})" if sheet.model.sigmoid else ""
    top = sheet.slopes(last)
    put(ws, f"{top.letters}{FIRST - 1}", "slope by z", "Column header")
    n = Block("", sheet.name, f"C{FIRST}", ROWS).local
    formula = f"=IF(C{{row}}=1,SIGN({p}-B{{row}}){chain}/SUM({n}),0)"
    fill_down(ws, top, formula, "Formula", SLOPE)
    for layer in reversed(range(last)):
        after, weights = sheet.slopes(layer + 1), sheet.table(layer + 1, 0)
        for unit in range(sheet.model.sizes[layer + 1]):
            column, relu = sheet.slopes(layer).col(unit), sheet.units(layer).col(unit)
            ways = "+".join(
                f"{after.col(k).letters}{{row}}*{weights.cell(k, unit).local}" for k in range(after.cols)
            )
            put(ws, f"{column.letters}{FIRST - 1}", f"slope {layer + 1}.{unit + 1}", "Column header")
            formula = f"=IF({relu.letters}{{row}}>0,{ways},0)"
            fill_down(ws, column, formula, "Formula", SLOPE)


TABLE_HEADS = (
    "weights at this epoch",
    "the loss's slope by each",
    "next = weight − rate × slope",
    "next less the log's",
)


def _write_tables(ws: Worksheet, sheet: Sheet, layer: int) -> None:
    model, name = sheet.model, f"layer {layer + 1}: " if sheet.model.layers > 1 else ""
    for which, head in enumerate(TABLE_HEADS):
        table = sheet.table(layer, which)
        top, left = table.area.top, table.area.left
        put(
            ws,
            f"{column_letters(left)}{top - 2}" if which else f"{column_letters(left)}{top - 3}",
            name + head,
            "Section",
        )
        heads = titanic.NOTEBOOK if layer == 0 else [f"{layer}.{i + 1}" for i in range(table.cols)]
        consts = ["const"] if layer in model.consts else []
        put_row(ws, f"{column_letters(left)}{top - 1}", [*heads, *consts], "Column header")
        for i in range(table.rows):
            if model.layers > 1 and which == 0 or which:
                put(ws, f"{column_letters(left - 1)}{top + i}", f"to {layer + 1}.{i + 1}", "Label")
            for j in range(table.cols):
                _write_parameter(ws, sheet, layer, which, table.cell(i, j), i, j)
        if consts:
            _write_parameter(ws, sheet, layer, which, sheet.const(layer, which), is_const=True)
    weight_scale(ws, sheet.table(layer, 0).local)


def _write_parameter(
    ws, sheet: Sheet, layer: int, which: int, cell: Block, i: int = 0, j: int = 0, is_const: bool = False
) -> None:
    """One weight (i, j) of a layer, or its constant, in one of the four tables."""
    now, slope, after = (
        (sheet.const(layer, k) if is_const else sheet.table(layer, k).cell(i, j)).corner for k in range(3)
    )
    place = sheet.const_place(layer) if is_const else sheet.place(layer, i, j)
    log, picked = sheet.log, sheet.picked.local
    if which == 0:
        put(ws, cell.corner, f"=INDEX({log.ref},{picked},{place})", "Weight", FOUR)
    elif which == 1:
        by = sheet.slopes(layer)
        formula = (
            f"=SUM({by.local})" if is_const else f"=SUMPRODUCT({by.col(i).local},{_called(sheet, layer, j)})"
        )
        put(ws, cell.corner, formula, "Formula", FIVE)
    elif which == 2:
        put(ws, cell.corner, f"={now}-{sheet.model.rate:g}*{slope}", "Result", FOUR)
    else:
        logged = f"INDEX({log.ref},{picked}+1,{place})"
        put(ws, cell.corner, f'=IF({picked}>{sheet.model.epochs},"",{after}-{logged})', "Formula", SCIENTIFIC)


def _called(sheet: Sheet, layer: int, j: int) -> str:
    """A column of a layer's inputs, as formulas on the model's sheet call it."""
    column = sheet.inputs(layer).col(j)
    return column.local if column.sheet == sheet.name else column.ref


# ---- Logs ------------------------------------------------------------------------------------------------


def logs(workbook: Workbook) -> None:
    """torch's coefficients before each epoch and at the end, of all four models."""
    widest = max(sheet.log.cols for sheet in SHEETS)
    ws = add_page(
        workbook,
        LOGS,
        "Logs: what torch had before each epoch of notebook 05",
        "Values, no formulas: each row holds all coefficients of a model. The sheets 05 … pick a row and "
        "compute the next one.",
        widths=f"A=10 B=11 C:{column_letters(2 + widest)}=12",
        print_area=f"A1:N{LOG_ROWS[LIVE[-1].name] + EPOCHS}",
        frozen="C4",
        zoom=90,
    )
    for sheet in SHEETS:
        _write_log(ws, sheet)


def _write_log(ws: Worksheet, sheet: Sheet) -> None:
    model, top, kept = sheet.model, LOG_ROWS[sheet.model.name], replay.log(sheet.model)
    put(ws, f"A{top - 2}", f"{sheet.name}: {sheet.log.cols} numbers", "Section")
    put_row(ws, f"A{top - 1}", ["epoch", "loss", *_parameter_names(model)], "Column header")
    for i, row in enumerate(kept.parameters):
        done = i == model.epochs
        put(ws, f"A{top + i}", "after" if done else i + 1, "Label", None, "center")
        put(ws, f"B{top + i}", None if done else float(kept.losses[i]), "Data", FIVE)
        put_row(ws, sheet.log.cell(i, 0).corner, row.tolist(), "Data", FOUR)


def _parameter_names(model: replay.Model) -> list[str]:
    names = []
    for layer in range(model.layers):
        heads = titanic.NOTEBOOK if layer == 0 else [f"{layer}.{i + 1}" for i in range(model.sizes[layer])]
        units = range(1, model.sizes[layer + 1] + 1)
        names += (
            list(heads)
            if model.sizes == (12, 1)
            else [f"{head} to {layer + 1}.{u}" for u in units for head in heads]
        )
    return [*names, *(f"const {layer + 1}" for layer in model.consts)]
