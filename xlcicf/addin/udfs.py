"""The functions in cells. xlwings' server imports this module and calls them by name.

Those that take numbers know no workbook; NN_DERIVATIVE, NN_NUDGE and NN_PARITY take cells and follow the
sheet's own formulas from the changing cells to the objective. None of them changes a cell.
"""

import math

import numpy as np

from xlcicf.addin import wrappers
from xlcicf.addin.compiled import asked
from xlcicf.addin.function_calls import FUNCTIONS, LAST_ERROR, cells, choice, in_cells, number, numbers, whole
from xlcicf.errors import DataError
from xlcicf.learn import layers
from xlcicf.solve.differences import central_differences, nudges
from xlcicf.solve.parity import compared

TRAIN_SECONDS = 2.0

_X = numbers("rows x columns", "inputs, one case a row")
_y = numbers("one column", "what the net should say, one number a row of X")
_units = numbers("units x columns", "weights of a net that adds up its ReLUs, one unit a row")
_pred = numbers("any shape", "predictions")
_actual = numbers("the shape of pred", "what they should have been")
_kind = choice("how errors count", *layers.ELEMENTWISE)
_lr = number("learning rate, how far a step goes down the slope")
_objective = cells("one cell", "the cell to explain, such as a loss")
_changing = cells("one rectangle", "the cells it depends on, such as weights")


# ---- by value: layers ------------------------------------------------------------------------------------


@in_cells(x=numbers("any shape", "numbers"))
def NN_RELU(x):
    """The larger of 0 and each number."""
    return layers.relu(x)


@in_cells(x=numbers("any shape", "numbers"))
def NN_SIGMOID(x):
    """1/(1+EXP(-x)) of each number, between 0 and 1."""
    return layers.sigmoid(x)


@in_cells(scores=numbers("rows x classes", "scores, one case a row"))
def NN_SOFTMAX(scores):
    """Scores as probabilities: EXP of each as a share of its row's sum."""
    return layers.softmax(scores)


@in_cells(
    X=_X,
    weight=numbers("outputs x columns", "weights as torch's Linear has them, one output a row"),
    bias=numbers("one row", "one number an output, added"),
)
def NN_DENSE(X, weight, bias=None):
    """One linear layer: X times the weight turned on its side, plus the bias."""
    return layers.dense(X, weight, bias)


@in_cells(
    X=_X,
    weights=numbers(
        "outputs x inputs each", "each layer's weight, and after it, if it has one, its bias as one row"
    ),
)
def NN_PREDICT(X, *weights):
    """What a net says to each row of X: ReLU between layers, the last one linear; one block alone adds up its
    ReLUs. One row after a weight is its bias if all blocks then still fit, else the next weight."""
    return layers.predict(X, weights)


@in_cells(
    image=numbers("height x width", "a picture, one number a pixel"),
    kernel=numbers("height x width", "what slides over it"),
    stride=whole("how far it slides each time", least=1),
    padding=whole("rows and columns of 0 put around the image", least=0),
)
def NN_CONV2D(image, kernel, stride=1, padding=0):
    """The kernel's sum of products at each place of the image, as torch's conv2d: it is not turned."""
    return layers.conv2d(image, kernel, stride, padding)


@in_cells(
    image=numbers("height x width", "a picture, one number a pixel"),
    size=whole("height and width of the squares", least=1),
    stride=whole("how far apart they begin; left out: size", least=1),
)
def NN_MAXPOOL(image, size=2, stride=None):
    """The largest number in each square of the image; what is left over at the edges is dropped."""
    return layers.maxpool(image, size, stride or size)


# ---- by value: how good it is ----------------------------------------------------------------------------


@in_cells(pred=_pred, actual=_actual, kind=choice("how errors count", *layers.LOSSES))
def NN_LOSS(pred, actual, kind="mse"):
    """The mean loss of predictions. For cross_entropy pred holds scores, a column a class, and actual one
    column of class numbers from 0."""
    return layers.loss(pred, actual, kind)


@in_cells(
    pred=_pred,
    actual=numbers("the shape of pred", "0 or 1 for each"),
    threshold=number("above it a prediction says 1"),
)
def NN_ACCURACY(pred, actual, threshold=0.5):
    """The share of predictions that are above the threshold exactly where actual is 1."""
    return layers.accuracy(pred, actual, threshold)


@in_cells(
    pred=numbers("one column", "predicted class numbers from 0"),
    actual=numbers("one column", "true class numbers"),
    classes=whole("how many there are; left out: as many as are met", least=1),
)
def NN_CONFUSION(pred, actual, classes=None):
    """How often each true class (row) was taken for each class (column)."""
    return layers.confusion(pred, actual, classes)


# ---- by value: learning ----------------------------------------------------------------------------------


@in_cells(X=_X, y=_y, weights=_units, kind=_kind)
def NN_GRAD(X, y, weights, kind="mse"):
    """How fast the loss grows with each weight, in the weights' own shape; the net adds up its ReLUs."""
    return layers.gradient(X, y, weights, kind)


@in_cells(X=_X, y=_y, weights=_units, lr=_lr, kind=_kind)
def NN_STEP(X, y, weights, lr, kind="mse"):
    """The weights after one step of gradient descent: weights - lr * NN_GRAD(X, y, weights, kind)."""
    return weights - lr * layers.gradient(X, y, weights, kind)


@in_cells(
    X=_X,
    y=_y,
    weights=_units,
    steps=whole("how many steps at most", least=1),
    lr=number("learning rate; left out: the optimizer's own"),
    optimizer=choice("how a step is made", *layers.OPTIMIZERS),
    kind=_kind,
)
def NN_TRAIN(X, y, weights, steps=100, lr=None, optimizer="sgd", kind="mse"):
    """The best weights met in so many steps from these on. After 2 seconds it gives up with #NUM!: the Train
    button may take its time."""
    return layers.trained(X, y, weights, steps, lr, optimizer, kind, TRAIN_SECONDS)


# ---- by reference: through the sheet's formulas ----------------------------------------------------------


@in_cells(objective=_objective, changing=_changing)
def NN_DERIVATIVE(objective, changing):
    """The exact derivative of a cell with respect to each changing cell, through the sheet's own formulas."""
    at = asked(objective, changing)
    return at.f.gradient(at.values).reshape(changing.shape)


@in_cells(
    objective=_objective,
    changing=_changing,
    h=number("the nudge; of a value beyond 1 it is a share"),
)
def NN_NUDGE(objective, changing, h=1e-6):
    """The same by trying: how much the cell moves when each changing cell is nudged by h up and down, divided
    by 2h. The formulas are computed elsewhere; no cell changes."""
    if h <= 0:
        raise DataError(f"h is {h:g}; a nudge must be above 0")
    at = asked(objective, changing)
    slopes = central_differences(at.f.value, at.values, nudges(at.values, h))
    return slopes.reshape(changing.shape)


@in_cells(objective=_objective, changing=_changing)
def NN_PARITY(objective, changing=None):
    """The largest difference between sheet and torch in the formulas from the changing cells (left out,
    those of Solver's settings) to the objective; up to 0.000000001 they agree."""
    at = asked(objective, changing)
    blocks = list(at.f.blocks(at.values))
    shown = at.shown([block.area for block in blocks])
    agreement = compared(zip(blocks, map(np.array, shown), strict=True))
    if agreement.maximum is None or math.isinf(agreement.maximum):
        raise DataError(f"{agreement.worst or objective.address} shows no number where there should be one")
    return agreement.maximum


@in_cells(volatile=True)
def NN_LASTERROR():
    """The latest sentence that says why a function of these showed an error; F9 asks again."""
    return LAST_ERROR.sentence


# ---- the same as texts -----------------------------------------------------------------------------------


def wrappers_module() -> str:
    """The VBA module through which Excel calls them; xlcicf.addin.xlam puts it into the add-in."""
    return wrappers.module_text(FUNCTIONS.values())


def table() -> list[tuple[str, str]]:
    """(how one types it, what it gives) of each function, for docs/addin.md."""
    return [(function.usage, function.summary) for function in FUNCTIONS.values()]
