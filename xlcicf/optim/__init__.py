"""Training as a generator of steps: an objective with its gradient in, better values out. Knows no sheets."""

from xlcicf.optim.train import OPTIMIZERS, Step, train

__all__ = ["OPTIMIZERS", "Step", "train"]
