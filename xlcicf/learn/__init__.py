"""Numbers only: data and its preparation, nets, and the training generator. Knows no sheets."""

from xlcicf.learn.train import OPTIMIZERS, Step, train

__all__ = ["OPTIMIZERS", "Step", "train"]
