"""Threes and sevens epoch by epoch, and the numbers that the lesson about them starts from.

The record ships with the package; `python -m xlcicf.learn.threes_sevens` makes it anew, from the full MNIST.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load, save
from torch import nn

from xlcicf.learn import mnist, vision
from xlcicf.learn.layers import one_thread

FILE = "threes_sevens.safetensors"
SEED = 0
BATCH = 256

# What chapter 4 of fast.ai's book prints after each epoch. No seed was set, so nobody will see these again.
PRINTED = {
    "by_hand": (
        0.6883, 0.8314, 0.9017, 0.9227, 0.9349, 0.9438, 0.9501, 0.9535, 0.9564, 0.9594, 0.9618,
        0.9613, 0.9638, 0.9643, 0.9652, 0.9662, 0.9677, 0.9687, 0.9691, 0.9691, 0.9696,
    ),
    "linear": (
        0.4932, 0.8618, 0.8203, 0.9102, 0.9331, 0.9468, 0.9555, 0.9629, 0.9658, 0.9673, 0.9687,
        0.9707, 0.9726, 0.9751, 0.9761, 0.9761, 0.9775, 0.9780, 0.9785, 0.9785,
    ),
    "simple_net": (
        0.508341, 0.807655, 0.919529, 0.943081, 0.956330, 0.963690, 0.965653, 0.968106, 0.968597, 0.970559,
        0.972031, 0.972522, 0.973503, 0.974485, 0.975466, 0.976448, 0.976448, 0.976938, 0.977920, 0.977920,
        0.977920, 0.978410, 0.978901, 0.979392, 0.979882, 0.979882, 0.979882, 0.980864, 0.980864, 0.981845,
        0.981845, 0.981845, 0.981845, 0.981845, 0.981845, 0.982336, 0.982826, 0.982826, 0.982826, 0.982826,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """One way to train: the net, its learning rate, its epochs, and whether batches are drawn anew each time.

    A run that is not `shuffled` goes through all threes and then all sevens, as the book's does.
    """

    net: Callable[[], nn.Sequential]
    lr: float
    epochs: int
    shuffled: bool = False


def by_hand() -> nn.Sequential:
    """One layer whose weights and bias are drawn with a spread of 1, as the book's first line is."""
    net = vision.linear(1)
    for parameter in net.parameters():
        nn.init.normal_(parameter)
    return net


RUNS = {
    "by_hand": Recipe(by_hand, 1.0, 21),
    "linear": Recipe(partial(vision.linear, 1), 1.0, 20),
    "simple_net": Recipe(partial(vision.hidden, 30, 1), 0.1, 40),
    "linear_shuffled": Recipe(partial(vision.linear, 1), 1.0, 20, shuffled=True),
    "simple_net_shuffled": Recipe(partial(vision.hidden, 30, 1), 0.1, 40, shuffled=True),
}


def accuracies(name: str) -> np.ndarray:
    """Of one of RUNS: the share of the 2,038 validation digits that is right, before training and after each
    epoch (epochs + 1,) in float64."""
    return _stored()[name].astype(float)


def first_weights() -> tuple[np.ndarray, float]:
    """The weights (784,) and the bias that torch draws for one layer under the seed, float32 values."""
    stored = _stored()
    return stored["start.weight"][0].astype(float), float(stored["start.bias"][0])


def speeds() -> tuple[np.ndarray, np.ndarray]:
    """A roller coaster's times (20,) in seconds, 0 to 19, and its measured speeds (20,).

    The speed is 0.75 (time - 9.5)² + 1 and noise of width 3, as in fast.ai's chapter; numpy draws the noise
    after seed(42), and speeds are kept to three decimals.
    """
    time = np.arange(20.0)
    noise = np.random.RandomState(42).normal(scale=3, size=20)
    return time, (0.75 * (time - 9.5) ** 2 + 1 + noise).round(3)


def _stored() -> dict[str, np.ndarray]:
    return load((files("xlcicf.learn") / "data" / FILE).read_bytes())


# ---- making the record -----------------------------------------------------------------------------------


def train(run: Recipe, digits: mnist.Digits) -> list[float]:
    """What `accuracies` tells of a run, made anew from the threes and sevens among all digits."""
    x, y = _in_order(digits.train_x, digits.train_y)
    judges = digits.only(3, 7)
    valid = vision.as_rows(judges.valid_x), vision.labels(judges.valid_y == 3)
    net = vision.seeded(run.net, SEED)
    found = [vision.accuracy(net, *valid)]
    for _ in _shuffled(net, x, y, run) if run.shuffled else _as_they_lie(net, x, y, run):
        found.append(vision.accuracy(net, *valid))
    return found


def _shuffled(net: nn.Module, x: torch.Tensor, y: torch.Tensor, run: Recipe) -> Iterator[None]:
    """Trains the net and yields after each epoch."""
    settings = {"batch": BATCH, "one_cycle": False, "optimizer": vision.sgd, "seed": SEED}
    for step in vision.fit(net, x, y, run.epochs, run.lr, loss=vision.sigmoid_mnist_loss, **settings):
        if step.ends_epoch:
            yield


def _as_they_lie(net: nn.Module, x: torch.Tensor, y: torch.Tensor, run: Recipe) -> Iterator[None]:
    """The same with the batches in the order of the images, alike in each epoch."""
    for _ in range(run.epochs):
        for images, targets in zip(x.split(BATCH), y.split(BATCH), strict=True):
            loss = vision.sigmoid_mnist_loss(net(images), targets)
            slopes = torch.autograd.grad(loss, list(net.parameters()))
            with torch.no_grad():
                for parameter, slope in zip(net.parameters(), slopes, strict=True):
                    parameter -= run.lr * slope
        yield


def _in_order(images: np.ndarray, numbers: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """All threes, then all sevens, each in the order of fast.ai's file names: 10.png, 10000.png."""
    rows = []
    for label in (3, 7):
        rows += sorted(np.flatnonzero(numbers == label), key=lambda at: f"{at}.png")
    return vision.as_rows(images[rows]), vision.labels(numbers[rows] == 3)


def main() -> None:
    """Makes the record and writes it into the package."""
    digits = mnist.full()
    with one_thread():
        record = {name: np.array(train(run, digits), np.float32) for name, run in RUNS.items()}
    start = vision.seeded(partial(vision.linear, 1), SEED).state_dict()
    record |= {f"start.{name}": start[f"output.{name}"].numpy() for name in ("weight", "bias")}
    for name in RUNS:
        print(f"{name}: {' '.join(f'{share:.4f}' for share in record[name])}")
    Path(__file__).with_name("data").joinpath(FILE).write_bytes(save(record))


if __name__ == "__main__":
    main()
