"""A net of summed ReLUs as a sheet: weights above, one example per row below, every step a cell.

Lin = SUMPRODUCT(inputs, weights), ReLU = MAX(0, Lin), prediction = the sum of the ReLUs, loss = the mean of
the rows' errors. Each column is one relative formula filled down, so it can be followed by eye and compiles
to a handful of tensor operations.
"""

from dataclasses import dataclass
from math import gcd

from openpyxl.worksheet.worksheet import Worksheet

from xlcicf import words
from xlcicf.formula.address import column_letters
from xlcicf.sheet.block import Block, place
from xlcicf.sheet.diagram import Pair, write_pair
from xlcicf.sheet.loss_chart import LossAxis, LossLogs, write_loss_chart
from xlcicf.sheet.page import between, choices, fill, fill_down, put, put_column, put_row, put_setting
from xlcicf.sheet.style import BIT, DOT_THREE, FIVE, FOUR, PERCENT, TENTH_PERCENT, WHOLE, weight_scale

MEASURES = choices("MSE", "MAE")


@dataclass(frozen=True)
class Net:
    """Where a net lies on its sheet. The only class that knows its columns' order.

    columns     the inputs' names, from column C on; A is the example's number, B the target (0 or 1)
    units       how many sets of weights
    weights_row sheet row of the first set of weights
    first, rows sheet row of the first example, number of examples
    """

    sheet: str
    columns: tuple[str, ...]
    rows: int
    first: int = 11
    units: int = 2
    weights_row: int = 5

    @property
    def spread(self) -> int:
        """What an example's number is multiplied by to choose the held-out rows; 551 for 891 rows.

        number x spread mod rows deals out 0, 1, ..., rows - 1 where the two share no factor, and a multiplier
        near 0.618 x rows takes neighbours far apart (Fibonacci hashing, Knuth 6.4).
        """
        return next(k for k in range(round(0.618034 * self.rows), self.rows + 2) if gcd(k, self.rows) == 1)

    @property
    def numbers(self) -> Block:
        return self._column("net.number", 0)

    @property
    def target(self) -> Block:
        return self._column("net.survived", 1)

    @property
    def inputs(self) -> Block:
        return Block("net.inputs", self.sheet, f"C{self.first}", self.rows, len(self.columns))

    @property
    def weights(self) -> Block:
        return Block(words.WEIGHTS, self.sheet, f"C{self.weights_row}", self.units, len(self.columns))

    @property
    def you(self) -> int:
        """The sheet row in which the reader's own example is computed like any other."""
        return self.first - 2

    def lin(self, unit: int) -> Block:
        return self._column(f"net.lin{unit + 1}", self._computed + unit)

    def relu(self, unit: int) -> Block:
        return self._column(f"net.relu{unit + 1}", self._computed + self.units + unit)

    @property
    def prediction(self) -> Block:
        return self._after_relus(words.NET_PREDICTION, 0)

    @property
    def says(self) -> Block:
        return self._after_relus("net.says", 1)

    @property
    def row_loss(self) -> Block:
        return self._after_relus("net.row_loss", 2)

    @property
    def right(self) -> Block:
        return self._after_relus("net.right", 3)

    @property
    def training(self) -> Block:
        return self._after_relus("net.training", 4)

    # the score block: right of the weights, two columns of labels, then training and held out
    @property
    def loss(self) -> Block:
        return self._score(words.NET_LOSS, 2, 2)

    @property
    def accuracy(self) -> Block:
        return self._score(words.NET_ACCURACY, 3, 2)

    @property
    def valid_loss(self) -> Block:
        return self._score(words.NET_VALID_LOSS, 2, 3)

    @property
    def valid_accuracy(self) -> Block:
        return self._score(words.NET_VALID_ACCURACY, 3, 3)

    @property
    def measure(self) -> Block:
        """The switch: "MSE" or "MAE"."""
        return self._score(words.NET_MEASURE, 4, 2)

    @property
    def held_out(self) -> Block:
        """The share of examples kept out of training, 0 to 0.9."""
        return self._score(words.NET_HELD_OUT, 5, 2)

    # the picture: right of the examples, with an empty column between
    @property
    def picture(self) -> Block:
        """The whole of it: from the sheet's first row, below the last of what it says."""
        left = self.training.area.left + 2
        return Block("net.picture", self.sheet, f"{column_letters(left)}1", len(self.columns) + 11, 12)

    @property
    def shown(self) -> Block:
        """Which example the picture shows, 0 for the reader's own."""
        return Block("net.shown", self.sheet, f"{column_letters(self.picture.area.left + 5)}4")

    @property
    def _computed(self) -> int:
        return 2 + len(self.columns)

    def _column(self, name: str, offset: int) -> Block:
        return Block(name, self.sheet, f"{column_letters(offset + 1)}{self.first}", self.rows)

    def _after_relus(self, name: str, offset: int) -> Block:
        return self._column(name, self._computed + 2 * self.units + offset)

    def _score(self, name: str, down: int, right: int) -> Block:
        letters = column_letters(self._computed + 1 + right)
        return Block(name, self.sheet, f"{letters}{self.weights_row - 2 + down}")


def write_weights(ws: Worksheet, net: Net, values) -> None:
    """The sets of weights (units, columns) under their columns' names."""
    put_row(ws, f"C{net.weights_row - 1}", net.columns, "Column header")
    for unit in range(net.units):
        put(ws, f"A{net.weights_row + unit}", f"set {unit + 1}", "Label")
    fill(ws, net.weights, values, "Weight", FOUR)
    weight_scale(ws, net.weights.local)


def write_examples(ws: Worksheet, net: Net, number: str, target: str, inputs: list[tuple]) -> None:
    """The examples' rows: number, target and inputs by the given formulas ({row} is the row), then the net.

    inputs  (formula, number format, alignment) of each column
    """
    header = ["No.", "Survived", *net.columns, *_headers(net)]
    put_row(ws, f"A{net.first - 1}", header, "Column header")
    fill_down(ws, net.numbers, number, "Formula", WHOLE, "center")
    fill_down(ws, net.target, target, "Data", *BIT)
    for j, (formula, *look) in enumerate(inputs):
        fill_down(ws, net.inputs.col(j), formula, "Data", *look)
    for block, formula, *look in _forward(net) + _scoring(net):
        fill_down(ws, block, formula, "Formula", *look)


def write_you(ws: Worksheet, net: Net) -> None:
    """The net's formulas once more on the row of the reader's own example."""
    for block, formula, *look in _forward(net):
        put(ws, f"{block.letters}{net.you}", formula.format(row=net.you), "Formula", *look)


def write_score(ws: Worksheet, net: Net, measure: str = "MSE", number_format: str = FIVE) -> None:
    """Rows, loss and accuracy of the training and of the held-out rows; which error the loss is a mean of."""
    label = column_letters(net.loss.area.left - 2)
    top = net.loss.area.top - 2
    training, held_out = net.loss.letters, net.valid_loss.letters
    put(ws, f"{label}{top}", "Score", "Section")
    put_row(ws, f"{training}{top}", ["training", "held out"], "Column header")
    put_column(ws, f"{label}{top + 1}", ["rows", "loss", "accuracy", "error is"], "Label")

    mask, n = net.training.local, f"SUM({net.training.local})"
    rest = f"COUNTIF({mask},0)"
    put(ws, f"{training}{top + 1}", f"={n}", "Formula", WHOLE)
    put(ws, f"{held_out}{top + 1}", f"={rest}", "Formula", WHOLE)
    for on_training, on_held_out, column, look in (
        (net.loss, net.valid_loss, net.row_loss.local, number_format),
        (net.accuracy, net.valid_accuracy, net.right.local, TENTH_PERCENT),
    ):
        put(ws, on_training.corner, f"=SUMPRODUCT({mask},{column})/{n}", "Result", look)
        mean = f"SUMPRODUCT(1-{mask},{column})/{rest}"
        put(ws, on_held_out.corner, f'=IF({rest}=0,"none",{mean})', "Result", look, "right")
    put_setting(
        ws, net.measure.corner, measure, "MSE, mean squared error, or MAE, mean absolute error.", MEASURES
    )


def write_held_out(ws: Worksheet, net: Net) -> None:
    """The share of the rows that training does not see, below the score."""
    label = column_letters(net.loss.area.left - 2)
    put(ws, f"{label}{net.held_out.area.top}", "held-out share", "Label")
    put_setting(ws, net.held_out.corner, 0, "A share from 0% to 90% of the rows.", between(0, 0.9), PERCENT)


def write_picture(ws: Worksheet, net: Net, names: Block, has_you: bool = False) -> None:
    """The net as a picture that one example goes through, to the right of everything; a net of two units.

    names    of the examples, a column
    has_you  whether the reader's own row may be shown too, as number 0
    """
    left = column_letters(net.picture.area.left)
    put(ws, "J3", "as a picture: to the right", "Link")
    ws["J3"].hyperlink = f"#{net.sheet}!{left}3"
    ws["J3"].style = "Link"
    ws.column_dimensions[column_letters(net.picture.area.left - 1)].width = 2
    put(ws, f"{left}3", "The net as a picture: one passenger goes through it", "Section")
    shown, least = net.shown.local, 0 if has_you else 1
    rule = between(least, net.rows, whole=True)
    put(ws, f"{left}4", "passenger no., or 0 for you" if has_you else "passenger no.", "Label")
    you = ", or 0: the row “You”" if has_you else ""
    put_setting(ws, net.shown.corner, least, f"A number from 1 to {net.rows}{you}.", rule)
    row, columns = f"MAX(1,{shown})", [net.inputs.col(j) for j in range(len(net.columns))]
    own = [f"{column.letters}${net.you}" for column in columns]
    picked = [f"INDEX({column.local},{row})" for column in columns]
    values = (
        [f"IF({shown}=0,{mine},{its})" for mine, its in zip(own, picked, strict=True)] if has_you else picked
    )
    name = f"INDEX({names.ref},{row})"
    name = f'IF({shown}=0,"you, as typed in row 8",{name})' if has_you else name
    put(ws, f"{column_letters(net.shown.area.left + 1)}4", f"={name}", "Label")
    weights = [[net.weights.cell(u, j).local for j in range(len(columns))] for u in range(net.units)]
    pair = Pair(
        f"{left}5",
        list(zip(net.columns, values, strict=True)),
        ("ReLU1", "ReLU2"),
        weights,
        "prediction: both added",
    )
    output = write_pair(ws, pair).outputs[0]
    survived = f'IF(INDEX({net.target.local},{row})=1,"in truth: survived","in truth: did not")'
    told = (
        f'=IF({output}>0.5,"above 0.5: survives","not above 0.5: does not survive")',
        f'=IF({shown}=0,"",{survived})' if has_you else f"={survived}",
    )
    at, col = place(output)
    put_column(ws, f"{column_letters(col)}{at + 1}", told, "Label")


def write_losses(ws: Worksheet, net: Net, losses: LossLogs, axis: LossAxis) -> None:
    """The chart of the loss, small, above the score."""
    ws.row_dimensions[1].height = 74
    corner = f"{column_letters(net.loss.area.left - 2)}1"
    write_loss_chart(ws, corner, (540, 116), losses, axis, is_small=True)


def _headers(net: Net) -> list[str]:
    units = range(1, net.units + 1)
    lins, relus = [f"Lin{unit}" for unit in units], [f"ReLU{unit}" for unit in units]
    return [*lins, *relus, "Prediction", "Says", "Loss", "Right", "Training"]


def _forward(net: Net) -> list[tuple]:
    """(column, formula, number format, alignment) from the inputs to what the net says."""
    units = range(net.units)
    inputs = net.inputs.on_row("{row}")
    lins = [(net.lin(u), f"=SUMPRODUCT({inputs},{net.weights.row(u).local})", DOT_THREE) for u in units]
    relus = [(net.relu(u), f"=MAX(0,{net.lin(u).letters}{{row}})", DOT_THREE) for u in units]
    total = "+".join(f"{net.relu(u).letters}{{row}}" for u in units)
    says = f"=IF({net.prediction.letters}{{row}}>0.5,1,0)"
    return [*lins, *relus, (net.prediction, f"={total}", DOT_THREE), (net.says, says, *BIT)]


def _scoring(net: Net) -> list[tuple]:
    """(column, formula, number format, alignment) from the target to what training minimises."""
    pred, target, says = (f"{block.letters}{{row}}" for block in (net.prediction, net.target, net.says))
    number, count = net.numbers.on_row("{row}"), f"ROWS({net.numbers.local})"
    loss = f'=IF({net.measure.local}="MSE",({pred}-{target})^2,ABS({pred}-{target}))'
    training = f"=IF(MOD({number}*{net.spread},{count})>={net.held_out.local}*{count},1,0)"
    return [
        (net.row_loss, loss, DOT_THREE),
        (net.right, f"=IF({says}={target},1,0)", *BIT),
        (net.training, training, *BIT),
    ]
