"""The lesson's notebooks run once more: their nets as torch draws them, and each epoch of their training.

`python -m xlcicf.learn.replay` writes what `shipped` reads, so that no build trains anything. CICF's
notebooks compute in double precision, fast.ai's notebook 05 in single precision; here, too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from xlcicf.learn import titanic

SEED = 442
FILE = "replay.safetensors"


# ---- CICF: two sets of 12 weights and a bias -------------------------------------------------------------


def first_weights() -> np.ndarray:
    """torch's Linear(12, 2) under the seed: two sets of 12 weights, the bias as a thirteenth (2, 13)."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        net = torch.nn.Linear(12, 2, dtype=torch.float64)
    return torch.hstack([net.weight, net.bias[:, None]]).detach().numpy()


def split_2026(rows: int = 891) -> tuple[np.ndarray, np.ndarray]:
    """(training rows, test rows) as scikit-learn's train_test_split draws them: 712 and 179 of the 891.

    That is numpy's old generator with seed 42, a fifth of its permutation, rounded up.
    """
    order = np.random.RandomState(42).permutation(rows)
    test = -(-rows // 5)
    return order[test:], order[:test]


# Net A as the notebooks print it, to four digits, the bias last.
PRINTED = {
    "2024": [
        [
            -0.0836, -0.1562, -0.0925, 0.1516, -0.7237, 0.6614, 0.3275,
            0.3220, -0.9256, -0.0205, 0.1028, 0.0375, 0.0325,
        ],
        [
            -0.1980, 0.1385, -0.2328, -0.4433, -0.6048, 0.3697, -0.4307,
            -0.3428, 0.3637, 0.2890, 0.3146, -0.6060, 0.0223,
        ],
    ],
    "2024 with a sigmoid": [
        [
            -0.0826, -0.1561, -0.0923, 0.1532, -0.7237, 0.6639, 0.3290,
            0.3230, -0.9256, -0.0197, 0.1028, 0.0392, 0.0349,
        ],
        [
            -0.1979, 0.1385, -0.2328, -0.4431, -0.6048, 0.3702, -0.4307,
            -0.3427, 0.3640, 0.2893, 0.3148, -0.6060, 0.0227,
        ],
    ],
    "2026": [
        [
            -0.1111, 0.2417, 0.2268, 0.2457, -0.1786, 0.1481, -0.0452,
            -0.1822, -0.0171, -0.0508, 0.0428, 0.1813, 0.0642,
        ],
        [
            0.1034, 0.2246, -0.1488, -0.1860, -0.1459, 0.1260, 0.0099,
            -0.0738, -0.1307, 0.2769, 0.1408, -0.2048, 0.2374,
        ],
    ],
}  # fmt: skip
SIGMOID_LOOPS = 40  # the cell was run three times: 20, 10 and 10 loops


def sigmoid_loops() -> np.ndarray:
    """2026's net A with a sigmoid, from its printed weights: before each loop and at the end (41, 2, 13).

    Mean absolute error over the 712 training rows, steps of 0.01 down its slopes.
    """
    import torch

    data, (training, _) = titanic.notebook(), split_2026()
    X = torch.tensor(np.hstack([data.X, np.ones((len(data.X), 1))])[training])
    y, w = torch.tensor(data.y[training]), torch.tensor(PRINTED["2026"], dtype=torch.float64)
    path = [w.numpy().copy()]
    for _ in range(SIGMOID_LOOPS):
        w.requires_grad_()
        loss = (torch.sigmoid(torch.relu(X @ w.T).sum(1)) - y).abs().mean()
        (slope,) = torch.autograd.grad(loss, w)
        w = (w - 0.01 * slope).detach()
        path.append(w.numpy().copy())
    return np.array(path)


# ---- fast.ai's notebook 05 -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Model:
    """A model of notebook 05, whose layers have ReLUs between them.

    sizes    numbers of inputs, of each hidden layer's units, and 1
    consts   of which layers, counted from 0, a constant is added
    sigmoid  whether the last number goes through a sigmoid
    start    () -> weights (in, out) of each layer, then the constants, as torch draws them
    """

    name: str
    sizes: tuple[int, ...]
    rate: float
    start: Callable
    epochs: int = 30
    consts: tuple[int, ...] = ()
    sigmoid: bool = True

    @property
    def layers(self) -> int:
        return len(self.sizes) - 1

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Of the weights of each layer as torch.nn has them, (out, in), then of the constants, ()."""
        weights = zip(self.sizes[1:], self.sizes, strict=False)
        return [*weights, *[()] * len(self.consts)]


def _coefficients():
    import torch

    return [torch.rand(12)[:, None] - 0.5]


def _matrix():
    import torch

    return [torch.rand(12, 1) * 0.1]


def _one_layer():
    import torch

    return [(torch.rand(12, 20) - 0.5) / 20, torch.rand(20, 1) - 0.3, torch.rand(1)[0]]


def _two_layers():
    import torch

    sizes = (12, 10, 10, 1)
    weights = [(torch.rand(i, o) - 0.3) / o * 4 for i, o in zip(sizes, sizes[1:], strict=False)]
    return [*weights, *((torch.rand(1)[0] - 0.5) * 0.1 for _ in weights)]


MODELS = (
    Model("linear", (12, 1), 0.2, _coefficients, epochs=18, sigmoid=False),
    Model("sigmoid", (12, 1), 100, _coefficients),
    Model("matrix", (12, 1), 100, _matrix),
    Model("hidden slow", (12, 20, 1), 1.4, _one_layer, consts=(1,)),
    Model("hidden", (12, 20, 1), 20, _one_layer, consts=(1,)),
    Model("deep", (12, 10, 10, 1), 4, _two_layers, consts=(0, 1, 2)),
)


@dataclass(frozen=True)
class Log:
    """What a replay leaves.

    losses      of the training rows before each update (epochs,)
    parameters  before each update and at the end (epochs + 1, n): each layer's weights (out, in), row by
                row, then the constants
    right       how many of the 178 held-out rows it is right on at the end
    """

    losses: np.ndarray
    parameters: np.ndarray
    right: int


def replay(model: Model) -> Log:
    """Runs the model's epochs: the mean absolute error over the 713 training rows, float32."""
    import torch

    data = titanic.notebook()
    X, y = torch.tensor(data.X).float(), torch.tensor(data.y).float()
    training, held_out = map(torch.tensor, titanic.random_split(len(y)))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        parts = [part.requires_grad_() for part in model.start()]
    losses, path = [], [_flat(model, parts)]
    for _ in range(model.epochs):
        loss = (_predict(model, parts, X[training]) - y[training]).abs().mean()
        slopes = torch.autograd.grad(loss, parts)
        with torch.no_grad():
            for part, slope in zip(parts, slopes, strict=True):
                part -= model.rate * slope
        losses.append(loss.item())
        path.append(_flat(model, parts))
    right = ((_predict(model, parts, X[held_out]) > 0.5) == (y[held_out] > 0.5)).sum()
    return Log(np.array(losses, np.float32), np.array(path), int(right))


def _predict(model: Model, parts, X):
    import torch

    weights = parts[: model.layers]
    consts = dict(zip(model.consts, parts[model.layers :], strict=True))
    for layer, weight in enumerate(weights):
        X = X @ weight + consts[layer] if layer in consts else X @ weight
        if layer < model.layers - 1:
            X = torch.relu(X)
    return (torch.sigmoid(X) if model.sigmoid else X)[:, 0]


def _flat(model: Model, parts) -> np.ndarray:
    arrays = [part.detach().numpy() for part in parts]
    return np.concatenate([array.T.ravel() for array in arrays])


# ---- what ships ------------------------------------------------------------------------------------------


def made() -> dict[str, np.ndarray]:
    """Everything that ships, computed anew: name -> array."""
    arrays = {"net": first_weights(), "sigmoid loops": sigmoid_loops()}
    for model in MODELS:
        log = replay(model)
        arrays[f"{model.name}.loss"] = log.losses
        arrays[f"{model.name}.parameters"] = log.parameters
        arrays[f"{model.name}.right"] = np.array([log.right])
    return arrays


@cache
def _shipped() -> dict[str, np.ndarray]:
    from safetensors.numpy import load

    return load((files("xlcicf.learn") / "data" / FILE).read_bytes())


def shipped(name: str) -> np.ndarray:
    """An array that ships: "net" (2, 13), "sigmoid loops" (41, 2, 13)."""
    return _shipped()[name]


def log(model: Model) -> Log:
    """The model's replay, as it ships."""
    arrays = (_shipped()[f"{model.name}.{part}"] for part in ("loss", "parameters", "right"))
    losses, parameters, right = arrays
    return Log(losses, parameters, int(right[0]))


if __name__ == "__main__":
    from safetensors.numpy import save

    from xlcicf.learn.layers import one_thread

    with one_thread():
        content = save({name: np.ascontiguousarray(array) for name, array in made().items()})
    (Path(__file__).with_name("data") / FILE).write_bytes(content)
