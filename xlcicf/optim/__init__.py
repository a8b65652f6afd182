"""Training as a generator of steps: an objective with its gradient in, better values out. Knows no sheets."""

from xlcicf.optim.methods import METHODS, OPTIMIZERS
from xlcicf.optim.steps import Step
from xlcicf.optim.train import train

__all__ = ["METHODS", "OPTIMIZERS", "Step", "train"]
