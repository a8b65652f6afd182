"""The nets of the lesson, their losses, and the simpler models they are measured against.

X (rows, columns) and y (rows,) may be numpy arrays or torch tensors; tensors come back, so that torch can
differentiate what is made of them.
"""

import numpy as np
import torch


def lin(X, W):
    """X times each set of weights (rows, units), the sheet's Lin1 and Lin2; W (units, columns)."""
    return torch.as_tensor(X) @ torch.as_tensor(W).T


def predict(X, W):
    """The lesson's net, the sum of its ReLUs (rows,): one hidden layer, no bias, no output weights."""
    return torch.relu(lin(X, W)).sum(1)


def mse(pred, y):
    """Mean squared error. pred and y have one shape: (n, 1) against (n,) would compare each with each."""
    return (_minus(pred, y) ** 2).mean()


def mae(pred, y):
    """Mean absolute error, with 0 as the slope of |0|."""
    return _minus(pred, y).abs().mean()


def accuracy(pred, y):
    """The share of rows where pred > 0.5 says what y says (0 or 1)."""
    return ((torch.as_tensor(pred) > 0.5) == (torch.as_tensor(y) > 0.5)).double().mean().item()


def dead_units(X, W) -> list[int]:
    """The units, from 0, whose ReLU fires for no row: their weights have slope 0 and cannot learn."""
    fires = (lin(X, W) > 0).any(0)
    return [unit for unit, alive in enumerate(fires.tolist()) if not alive]


def linear_optimum(X, y) -> np.ndarray:
    """The weights (columns,) of the linear model X @ w with the least MSE, exactly; the shortest such w."""
    return np.linalg.lstsq(np.asarray(X), np.asarray(y), rcond=None)[0]


def logistic(X, w):
    """The probabilities (rows,) that a logistic regression gives: sigmoid(X @ w)."""
    return torch.sigmoid(torch.as_tensor(X) @ torch.as_tensor(w))


def logistic_optimum(X, y, penalty=1.0, steps=25) -> np.ndarray:
    """The weights (columns,) with the least sum of cross entropies + penalty / 2 * |w|^2, by Newton's method.

    Penalty 1 is what scikit-learn's LogisticRegression has unasked; it also makes the optimum unique where
    X lacks full rank.
    """
    X, y = np.asarray(X), np.asarray(y)
    w = np.zeros(X.shape[1])
    for _ in range(steps):
        p = logistic(X, w).numpy()
        slope = X.T @ (p - y) + penalty * w
        curvature = (X.T * (p * (1 - p))) @ X + penalty * np.eye(len(w))
        w = w - np.linalg.solve(curvature, slope)
    return w


def _minus(pred, y):
    pred, y = torch.as_tensor(pred), torch.as_tensor(y)
    assert pred.shape == y.shape, f"{tuple(pred.shape)} against {tuple(y.shape)}"
    return pred - y
