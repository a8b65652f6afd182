"""The lesson's notebooks run once more in plain torch, in the order in which a reader would run their cells.

The first two are CICF's week 12 (2024) and week 11b (2026), in double precision; the third is fast.ai's
notebook 05, in single precision as there. Nothing of the package but its data is used, so that what the lesson
books compute may be held against it.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch

from xlcicf.learn import titanic

SEED = 442
DATA = titanic.notebook()
X, Y = torch.tensor(DATA.X), torch.tensor(DATA.y)


def mae(pred, y):
    assert pred.shape == y.shape
    return (pred - y).abs().mean()


# ---- CICF's net of two sets of weights -------------------------------------------------------------------


def linear_12_2() -> torch.nn.Linear:
    """Two sets of 12 weights and a bias each, as torch draws them under the notebooks' seed."""
    torch.manual_seed(SEED)
    return torch.nn.Linear(12, 2, dtype=torch.float64)


def two_sets(net, X):
    """What the two sets predict (rows,): the sum of their ReLUs."""
    return torch.relu(net(X)).sum(1)


def one_step(net, loss, lr) -> None:
    slopes = torch.autograd.grad(loss, list(net.parameters()))
    with torch.no_grad():
        for parameter, slope in zip(net.parameters(), slopes, strict=True):
            parameter -= lr * slope


@dataclass(frozen=True)
class Run:
    """The training loss before each epoch, the number right among the held-out, and the weights at the end."""

    losses: list[float]
    right: int
    held_out: int
    weights: list[torch.Tensor]

    @property
    def accuracy(self) -> float:
        return self.right / self.held_out


def _loops(net, lr, training, held_out) -> Run:
    losses = []
    for _ in range(10):
        loss = mae(two_sets(net, X[training]), Y[training])
        losses.append(loss.item())
        one_step(net, loss, lr)
    return Run(losses, right(two_sets, net, held_out), len(held_out), [p.detach() for p in net.parameters()])


@cache
def year_2024() -> Run:
    """One step down the sum of absolute errors, then ten loops down their mean over 713 rows."""
    net = linear_12_2()
    one_step(net, (two_sets(net, X) - Y).abs().sum(), 0.001)
    return _loops(net, 0.001, *titanic.random_split(891))


@cache
def year_2026() -> Run:
    """Two shown steps down the MSE, a third that the optimiser takes with the second's slopes, as they still
    stand in `grad`; then ten loops down the mean absolute error over 712 rows."""
    net = linear_12_2()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    for _ in range(2):
        optimizer.zero_grad()
        ((two_sets(net, X) - Y) ** 2).mean().backward()
        optimizer.step()
    optimizer.step()
    return _loops(net, 0.01, *split_2026())


@cache
def split_2026() -> tuple[np.ndarray, np.ndarray]:
    """(training rows, test rows) as scikit-learn's train_test_split draws them for the 2026 notebook."""
    from sklearn.model_selection import train_test_split

    training, test = train_test_split(np.arange(891), test_size=0.2, random_state=42)
    return training, test


# ---- what the notebooks print between cells that were run again ---------------------------------------------


def printed(weight: list[list[float]], bias: list[float]) -> torch.nn.Linear:
    """Net A with weights as a notebook prints them, to four digits."""
    net = linear_12_2()
    with torch.no_grad():
        net.weight.copy_(torch.tensor(weight))
        net.bias.copy_(torch.tensor(bias))
    return net


def net_a_2024() -> torch.nn.Linear:
    """Net A as it is printed in 2024, after its ten loops."""
    return printed(
        [
            [
                -0.0836,
                -0.1562,
                -0.0925,
                0.1516,
                -0.7237,
                0.6614,
                0.3275,
                0.3220,
                -0.9256,
                -0.0205,
                0.1028,
                0.0375,
            ],
            [
                -0.1980,
                0.1385,
                -0.2328,
                -0.4433,
                -0.6048,
                0.3697,
                -0.4307,
                -0.3428,
                0.3637,
                0.2890,
                0.3146,
                -0.6060,
            ],
        ],
        [0.0325, 0.0223],
    )


def net_a_2024_with_sigmoid() -> torch.nn.Linear:
    """Net A as it is printed in 2024, after its loops with a sigmoid."""
    return printed(
        [
            [
                -0.0826,
                -0.1561,
                -0.0923,
                0.1532,
                -0.7237,
                0.6639,
                0.3290,
                0.3230,
                -0.9256,
                -0.0197,
                0.1028,
                0.0392,
            ],
            [
                -0.1979,
                0.1385,
                -0.2328,
                -0.4431,
                -0.6048,
                0.3702,
                -0.4307,
                -0.3427,
                0.3640,
                0.2893,
                0.3148,
                -0.6060,
            ],
        ],
        [0.0349, 0.0227],
    )


def net_b_2024() -> torch.nn.Sequential:
    """Net B as it is printed in 2024, after its 200 loops."""
    net = net_b()
    with torch.no_grad():
        net[0].weight.copy_(
            torch.tensor([
                [-0.1960, -0.1220, 0.1653, -0.2724, -0.1901, -0.1111, 0.2767, 0.1198, -0.1633, 0.0999, 0.2361, -0.2181],
                [-0.2748, -0.2190, 0.0676, -0.1815, 0.0796, 0.2002, 0.2100, -0.1078, -0.2290, 0.2101, -0.1251, -0.1723],
            ])
        )  # fmt: skip
        net[0].bias.copy_(torch.tensor([0.1902, -0.0883]))
        net[2].weight.copy_(torch.tensor([[0.6278, -0.3675]]))
        net[2].bias.copy_(torch.tensor([0.0003]))
    return net


def net_a_2026() -> torch.nn.Linear:
    """Net A as it is printed in 2026, before its loops with a sigmoid."""
    return printed(
        [
            [
                -0.1111,
                0.2417,
                0.2268,
                0.2457,
                -0.1786,
                0.1481,
                -0.0452,
                -0.1822,
                -0.0171,
                -0.0508,
                0.0428,
                0.1813,
            ],
            [
                0.1034,
                0.2246,
                -0.1488,
                -0.1860,
                -0.1459,
                0.1260,
                0.0099,
                -0.0738,
                -0.1307,
                0.2769,
                0.1408,
                -0.2048,
            ],
        ],
        [0.0642, 0.2374],
    )


def sigmoid(net, X):
    return torch.sigmoid(two_sets(net, X))


def right(predict, net, held_out) -> int:
    """How many of the held-out rows net A is right about."""
    return ((predict(net, X[held_out]) > 0.5) == (Y[held_out] > 0.5)).sum().item()


@cache
def sigmoid_2026() -> Run:
    """40 loops with a sigmoid, from net A as it is printed: three runs of the cell, of 20, 10 and 10 loops."""
    net, (training, test) = net_a_2026(), split_2026()
    losses = []
    for _ in range(40):
        loss = mae(sigmoid(net, X[training]), Y[training])
        losses.append(loss.item())
        one_step(net, loss, 0.01)
    return Run(losses, right(sigmoid, net, test), len(test), [p.detach() for p in net.parameters()])


def net_b() -> torch.nn.Sequential:
    """Two sets of weights and weights for their sum, as torch draws them from where its generator stands."""
    first = torch.nn.Linear(12, 2, dtype=torch.float64)
    return torch.nn.Sequential(first, torch.nn.ReLU(), torch.nn.Linear(2, 1, dtype=torch.float64))


def each_with_each(pred, truth):
    """The errors that the notebooks take by a slip: predictions (n, 1) less truths (n,) are n x n."""
    assert pred.shape == (len(truth), 1)
    return pred - truth


def net_b_of_the_seed() -> torch.nn.Sequential:
    """Net B drawn at once after the seed."""
    torch.manual_seed(SEED)
    return net_b()


def accuracy_each_with_each(net, held_out) -> float:
    """The share of the n x n comparisons in which net B is right."""
    return ((net(X[held_out]) > 0.5) == (Y[held_out] > 0.5)).double().mean().item()


@cache
def net_b_2026() -> tuple[float, float, int]:
    """(first loss, accuracy, said to survive) of 200 loops of net B, drawn after net A, each with each."""
    linear_12_2()
    net, (training, test) = net_b(), split_2026()
    losses = []
    for _ in range(200):
        loss = each_with_each(net(X[training]), Y[training]).abs().mean()
        losses.append(loss.item())
        one_step(net, loss, 0.001)
    return losses[0], accuracy_each_with_each(net, test), (net(X[test]) > 0.5).sum().item()


# ---- fast.ai's notebook 05 -------------------------------------------------------------------------------

SINGLE_X, SINGLE_Y = X.float(), Y.float()
TRAINING, HELD_OUT = map(torch.tensor, titanic.random_split(891))


def linear(w, X):
    return X @ w


def logistic(w, X):
    return torch.sigmoid(X @ w)


def matrix(w, X):
    return torch.sigmoid(X @ w)[:, 0]


def hidden(layers, X):
    first, second, const = layers
    return torch.sigmoid(torch.relu(X @ first) @ second + const)[:, 0]


def deep(layers, X):
    *before, (last, const) = zip(layers[::2], layers[1::2], strict=True)
    for weight, bias in before:
        X = torch.relu(X @ weight + bias)
    return torch.sigmoid(X @ last + const)[:, 0]


def coefficients():
    """12 coefficients from U(-.5, .5)."""
    torch.manual_seed(SEED)
    return torch.rand(12) - 0.5


def column():
    """The coefficients as a matrix (12, 1), from U(0, .1)."""
    torch.manual_seed(SEED)
    return torch.rand(12, 1) * 0.1


def one_layer():
    """Weights (12, 20) and (20, 1) and a constant, as the notebook scales them."""
    torch.manual_seed(SEED)
    return [(torch.rand(12, 20) - 0.5) / 20, torch.rand(20, 1) - 0.3, torch.rand(1)[0]]


def two_layers():
    """Weights and a constant of each layer in turn, 12 to 10 to 10 to 1."""
    torch.manual_seed(SEED)
    sizes = (12, 10, 10, 1)
    weights = [(torch.rand(i, o) - 0.3) / o * 4 for i, o in zip(sizes, sizes[1:], strict=False)]
    constants = [(torch.rand(1)[0] - 0.5) * 0.1 for _ in weights]
    return [part for layer in zip(weights, constants, strict=True) for part in layer]


def first_slopes(times: int) -> torch.Tensor:
    """The slopes (12,) that stand in `grad` after so many backward passes from the first coefficients."""
    w = coefficients().requires_grad_()
    for _ in range(times):
        mae(linear(w, SINGLE_X), SINGLE_Y).backward()
    return w.grad


def loss_after_one_step(times: int) -> float:
    """The loss over all rows after one step of 0.1 down the slopes of so many backward passes."""
    return mae(linear(coefficients() - 0.1 * first_slopes(times), SINGLE_X), SINGLE_Y).item()


@cache
def notebook_05(predict, start, lr, epochs=30) -> Run:
    """So many epochs of plain gradient descent over all 713 training rows."""
    drawn = start()
    parts = [drawn] if isinstance(drawn, torch.Tensor) else drawn
    for part in parts:
        part.requires_grad_()
    w = parts[0] if isinstance(drawn, torch.Tensor) else parts
    losses = []
    for _ in range(epochs):
        loss = mae(predict(w, SINGLE_X[TRAINING]), SINGLE_Y[TRAINING])
        losses.append(loss.item())
        slopes = torch.autograd.grad(loss, parts)
        with torch.no_grad():
            for part, slope in zip(parts, slopes, strict=True):
                part -= lr * slope
    right = ((predict(w, SINGLE_X[HELD_OUT]) > 0.5) == (SINGLE_Y[HELD_OUT] > 0.5)).sum().item()
    return Run(losses, right, len(HELD_OUT), [part.detach() for part in parts])
