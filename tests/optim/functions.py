"""Functions with the face of a SheetFunction, written straight in torch: training needs no sheet."""

from dataclasses import dataclass, field

import numpy as np
import torch

from xlcicf.learn import nets
from xlcicf.optim.objective import Free


@dataclass
class Function(Free):
    """`loss` maps a float64 tensor (n,) to a scalar tensor; the other fields are SheetFunction's."""

    loss: object
    start: np.ndarray
    sense: str | float = "min"
    lower: np.ndarray | None = None
    upper: np.ndarray | None = None
    init: float | None = None
    evaluations: int = field(default=0, init=False)

    def __post_init__(self):
        n = len(self.start)
        self.start = np.asarray(self.start, dtype=float)
        self.lower = np.full(n, -np.inf) if self.lower is None else np.asarray(self.lower, dtype=float)
        self.upper = np.full(n, np.inf) if self.upper is None else np.asarray(self.upper, dtype=float)
        self.cells = [f"Model!A{i + 1}" for i in range(n)]

    def value_and_gradient(self, values):
        self.evaluations += 1
        v = torch.tensor(values, requires_grad=True)
        loss = self.loss(v)
        (gradient,) = torch.autograd.grad(loss, v)
        return loss.item(), gradient.numpy()

    def batch(self, values):
        losses, gradients = zip(*(self.value_and_gradient(row) for row in values.numpy()), strict=True)
        return torch.tensor(losses, dtype=torch.float64), torch.from_numpy(np.array(gradients))


def net(data, start, **fields):
    """The two-ReLU net's MSE over `data` as a function of its weights, row by row."""
    X, y = torch.from_numpy(data.X), torch.from_numpy(data.y)
    shape = np.shape(start)
    return Function(lambda v: nets.mse(nets.predict(X, v.reshape(shape)), y), np.ravel(start), **fields)
