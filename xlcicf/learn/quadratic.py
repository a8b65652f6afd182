"""The noisy points of a parabola that the first lesson fits by hand and by gradient descent."""

from importlib.resources import files

import numpy as np

TRUTH = (3.0, 2.0, 1.0)  # a, b, c of the parabola a x² + b x + c without its noise


def points() -> tuple[np.ndarray, np.ndarray]:
    """x (20,) from -2 to 2 and y (20,), as the shipped quadratic.csv has them.

    y = (3 x² + 2 x + 1)(1 + e) + f, with e normal of width 0.15 and f of width 1.5, both drawn by numpy after
    seed(42), as in Jeremy Howard's notebook "How does a neural net really work?". Its x is torch's linspace
    in single precision, whose digits the file keeps.
    """
    with (files("xlcicf.learn") / "data" / "quadratic.csv").open(encoding="utf-8") as csv:
        x, y = np.loadtxt(csv, delimiter=",", skiprows=1, unpack=True)
    return x, y
