"""What the functions in cells compute: nets of any depth, losses and slopes, pictures, scores.

Arrays (rows, columns) of float64 come in, tensors of that kind go out. A misfit of shapes is a DataError that
names both.
"""

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch.nn import functional as F

from xlcicf.errors import DataError, TrainingError
from xlcicf.learn import nets
from xlcicf.optim.objective import Free
from xlcicf.optim.train import train

MAX_CLASSES = 1000  # of a table of classes by classes

Layer = tuple[torch.Tensor, torch.Tensor | None]
"""A weight (out, in) and its bias (1, out), if it has one."""


@contextmanager
def one_thread() -> Iterator[None]:
    """Within it torch uses one thread: sums come out the same everywhere, and small ones sooner."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


# ---- nets ------------------------------------------------------------------------------------------------


def dense(X, weight, bias=None) -> torch.Tensor:
    """X (rows, in) times weight (out, in) as torch.nn.Linear has it, plus bias (1, out): (rows, out)."""
    X, weight = torch.as_tensor(X), torch.as_tensor(weight)
    if X.shape[1] != weight.shape[1]:
        raise DataError(
            f"X is {_size(X)} and the weight {_size(weight)};"
            " each row of the weight needs one number for each column of X"
        )
    if bias is None:
        return X @ weight.T
    bias = torch.as_tensor(bias)
    if bias.shape != (1, len(weight)):
        raise DataError(
            f"the bias is {_size(bias)} and the weight {_size(weight)};"
            " a bias is one row with a number for each row of its weight"
        )
    return X @ weight.T + bias


def relu(x) -> torch.Tensor:
    """The larger of 0 and each number."""
    return torch.relu(torch.as_tensor(x))


def sigmoid(x) -> torch.Tensor:
    """1 / (1 + exp(-x)) of each number."""
    return torch.sigmoid(torch.as_tensor(x))


def predict(X, blocks: Sequence) -> torch.Tensor:
    """What a net makes of X (rows, in): ReLU between its layers, none after the last (rows, out).

    One block alone (units, in) is the lesson's net: the sum of its ReLUs (rows, 1). Of several each is a
    weight (out, in) or the bias after it, as `layers_of` tells them apart.
    """
    if len(blocks) == 1:
        return relu(dense(X, blocks[0])).sum(1, keepdim=True)
    *hidden, last = layers_of(np.shape(X)[1], blocks)
    for weight, bias in hidden:
        X = relu(dense(X, weight, bias))
    return dense(X, *last)


def layers_of(inputs: int, blocks: Sequence) -> list[Layer]:
    """The blocks as layers, each weight with as many columns as the layer before it has outputs.

    A block of one row that has a number for each output of the weight before it is that weight's bias
    wherever the blocks after it then still fit each other; otherwise it is the next weight.
    """
    tensors = [torch.as_tensor(block) for block in blocks]
    layers = _read_layers(inputs, tensors)
    if layers is None:
        sizes = ", ".join(_size(block) for block in tensors)
        raise DataError(
            f"weights of {sizes} do not fit onto {inputs} columns of X and each other;"
            " a weight is out x in, its bias a row with out numbers after it"
        )
    return layers


def _read_layers(inputs: int, blocks: list[torch.Tensor]) -> list[Layer] | None:
    if not blocks:
        return []
    weight, *rest = blocks
    if weight.shape[1] != inputs:
        return None
    outputs = len(weight)
    if rest and rest[0].shape == (1, outputs):
        following = _read_layers(outputs, rest[1:])
        if following is not None:
            return [(weight, rest[0]), *following]
    following = _read_layers(outputs, rest)
    return None if following is None else [(weight, None), *following]


# ---- losses ----------------------------------------------------------------------------------------------


def bce(pred: torch.Tensor, actual: torch.Tensor) -> torch.Tensor:
    """Mean binary cross entropy of probabilities. As in torch, no logarithm is taken below -100."""
    for name, numbers in (("pred", pred), ("actual", actual)):
        outside = ((numbers < 0) | (numbers > 1)).nonzero()
        if len(outside):
            place = tuple(outside[0].tolist())
            raise DataError(
                f"bce takes probabilities, and {name} {_place(place)} is {numbers[place].item():g};"
                " take the sigmoid of scores first"
            )
    return F.binary_cross_entropy(pred, actual)


def cross_entropy(scores: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Mean cross entropy of scores (rows, classes), before any softmax, against class numbers from 0."""
    numbers = _classes(classes, "actual", scores.shape[1])
    if len(numbers) != len(scores):
        raise DataError(
            f"pred has {len(scores)} rows of scores and actual {len(numbers)} class numbers;"
            " there must be one a row"
        )
    return F.cross_entropy(scores, numbers)


ELEMENTWISE = {"mse": nets.mse, "mae": nets.mae, "bce": bce}
LOSSES = (*ELEMENTWISE, "cross_entropy")


def loss(pred, actual, kind: str) -> torch.Tensor:
    """The mean loss of predictions, a scalar; `kind` is one of LOSSES."""
    pred, actual = torch.as_tensor(pred), torch.as_tensor(actual)
    if kind == "cross_entropy":
        return cross_entropy(pred, actual)
    return ELEMENTWISE[kind](*_alike(pred, actual))


class NetLoss(Free):
    """The loss of the lesson's net, the sum of its ReLUs, as a function of its weights: `train` takes it.

    X (rows, in), y (rows, 1) or (1, rows), weights (units, in); `kind` is one of ELEMENTWISE.
    """

    sense, init = "min", None

    def __init__(self, X, y, weights, kind: str):
        self._X, self._loss, self._shape = torch.as_tensor(X), ELEMENTWISE[kind], np.shape(weights)
        _, self._y = _alike(predict(X, [weights]), torch.as_tensor(y))
        self.start = np.ravel(weights)
        self.cells = [
            f"weight {i // self._shape[1] + 1}, {i % self._shape[1] + 1}" for i in range(self.start.size)
        ]
        self.lower, self.upper = np.full(self.start.size, -np.inf), np.full(self.start.size, np.inf)

    def value_and_gradient(self, values) -> tuple[float, np.ndarray]:
        """The loss at the weights (n,), row by row, and its slopes (n,)."""
        weights = torch.tensor(values, requires_grad=True)
        value = self._loss(nets.predict(self._X, weights.reshape(self._shape)), self._y)
        (slopes,) = torch.autograd.grad(value, weights)
        return value.item(), slopes.numpy()

    def batch(self, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """values (k, n) -> losses (k,), slopes (k, n)."""
        pairs = [self.value_and_gradient(row.numpy()) for row in values]
        losses, slopes = zip(*pairs, strict=True)
        return torch.tensor(losses, dtype=torch.float64), torch.from_numpy(np.array(slopes))


def gradient(X, y, weights, kind: str) -> np.ndarray:
    """The slopes of the loss of the sum of ReLUs, in the weights' own shape (units, in)."""
    f = NetLoss(X, y, weights, kind)
    return f.value_and_gradient(f.start)[1].reshape(np.shape(weights))


OPTIMIZERS = ("lbfgs", "sgd", "momentum", "rmsprop", "adam")  # that suit a net


def trained(
    X, y, weights, steps: int, lr: float | None, optimizer: str, kind: str, seconds: float
) -> np.ndarray:
    """The best weights (units, in) that `train` meets in so many steps.

    seconds  that it may take after its first step, for which programs may have to be loaded
    Raises TrainingError after `seconds`, and what `train` raises.
    """
    f = NetLoss(X, y, weights, kind)
    stop = math.inf
    for step in train(f, optimizer=optimizer, steps=steps, lr=lr):
        now = time.monotonic()
        stop = min(stop, now + seconds)
        if now > stop and step.reason is None:
            raise TrainingError(
                f"{seconds:g} s were over at step {step.number} of {steps};"
                " ask for fewer steps, or train from the ribbon, where it may take its time"
            )
    return step.best_values.reshape(np.shape(weights))


# ---- pictures --------------------------------------------------------------------------------------------


def conv2d(image, kernel, stride: int, padding: int) -> torch.Tensor:
    """Cross-correlation of an image (h, w) with a kernel (kh, kw), zeros around it: torch's conv2d."""
    image, kernel = torch.as_tensor(image), torch.as_tensor(kernel)
    padded = tuple(side + 2 * padding for side in image.shape)
    if kernel.shape[0] > padded[0] or kernel.shape[1] > padded[1]:
        raise DataError(
            f"the kernel is {_size(kernel)} and the image, padding included, {padded[0]} x {padded[1]};"
            " the kernel must fit inside it"
        )
    return F.conv2d(image[None, None], kernel[None, None], stride=stride, padding=padding)[0, 0]


def maxpool(image, size: int, stride: int) -> torch.Tensor:
    """The largest number in each square of `size`, one every `stride` cells; what is left over is dropped."""
    image = torch.as_tensor(image)
    if size > min(image.shape):
        raise DataError(f"the image is {_size(image)}; a square of {size} x {size} does not fit inside it")
    return F.max_pool2d(image[None, None], size, stride)[0, 0]


# ---- scores ----------------------------------------------------------------------------------------------


def softmax(scores) -> torch.Tensor:
    """exp(score) as a share of its row's sum (rows, classes), safe against overflow."""
    return torch.softmax(torch.as_tensor(scores), dim=1)


def accuracy(pred, actual, threshold: float) -> torch.Tensor:
    """The share of predictions above the threshold exactly where `actual` is 1 rather than 0."""
    pred, actual = _alike(torch.as_tensor(pred), torch.as_tensor(actual))
    neither = ((actual != 0) & (actual != 1)).nonzero()
    if len(neither):
        place = tuple(neither[0].tolist())
        raise DataError(f"actual {_place(place)} is {actual[place].item():g}; it must be 0 or 1")
    return ((pred > threshold) == (actual == 1)).double().mean()


def confusion(pred, actual, classes: int | None) -> torch.Tensor:
    """How often class i (row) was taken for class j (column), counted from 0 (classes, classes)."""
    pred, actual = torch.as_tensor(pred), torch.as_tensor(actual)
    if classes is None:
        classes = int(max(pred.max().item(), actual.max().item(), 0)) + 1
    if classes > MAX_CLASSES:
        raise DataError(f"{classes:,} classes are too many for a table; at most {MAX_CLASSES} are possible")
    guesses, truths = _classes(pred, "pred", classes), _classes(actual, "actual", classes)
    if len(guesses) != len(truths):
        raise DataError(f"there are {len(guesses)} predictions and {len(truths)} actual values; one for each")
    table = torch.bincount(truths * classes + guesses, minlength=classes**2)
    return table.reshape(classes, classes).double()


def _classes(numbers: torch.Tensor, name: str, classes: int) -> torch.Tensor:
    """A row or column of class numbers as whole numbers (n,); DataError for what is none below `classes`."""
    if 1 not in numbers.shape:
        raise DataError(f"{name} is {_size(numbers)}; class numbers stand in one row or one column")
    flat = numbers.flatten()
    unfit = ((flat != flat.round()) | (flat < 0) | (flat >= classes)).nonzero()
    if len(unfit):
        at = int(unfit[0])
        raise DataError(
            f"{name} number {at + 1} is {flat[at].item():g};"
            f" with {classes} classes it must be a whole number from 0 to {classes - 1}"
        )
    return flat.long()


# ---- shapes ----------------------------------------------------------------------------------------------


def _alike(pred: torch.Tensor, actual: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Both in one shape; a row and a column of one length are alike, and both become (n,)."""
    if 1 in pred.shape and 1 in actual.shape and pred.numel() == actual.numel():
        return pred.flatten(), actual.flatten()
    if pred.shape != actual.shape:
        raise DataError(
            f"there are {_size(pred)} predictions and {_size(actual)} actual values; one for each"
        )
    return pred, actual


def _size(numbers: torch.Tensor) -> str:
    return " x ".join(str(side) for side in numbers.shape)


def _place(place: tuple[int, ...]) -> str:
    """Where a number stands in its argument, counted from 1."""
    if len(place) == 1:
        return f"number {place[0] + 1}"
    return f"in row {place[0] + 1}, column {place[1] + 1}"
