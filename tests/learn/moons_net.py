"""The two moons' net written by hand in torch: what the sheet is measured against."""

import torch

PENALTY = 1e-4


def scores(X, layers):
    """The scores (n,) of points X (n, 2); each layer (inputs + 1, units) has its bias in the last row."""
    h = X
    for layer in layers[:-1]:
        h = torch.relu(h @ layer[:-1] + layer[-1])
    return (h @ layers[-1][:-1] + layers[-1][-1])[:, 0]


def loss(X, y, layers):
    """micrograd's: the mean of relu(1 - y score), and the penalty on the sum of all weights' squares."""
    margins = torch.relu(1 - y * scores(X, layers))
    return margins.mean() + PENALTY * sum((layer * layer).sum() for layer in layers)


def accuracy(X, y, layers) -> float:
    """The share of points whose score has their label's sign."""
    return ((scores(X, layers) > 0) == (y > 0)).double().mean().item()
