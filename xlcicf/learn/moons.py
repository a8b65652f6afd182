"""The two moons of micrograd's demo: 100 points in the plane, and weights of a 2-16-16-1 net for them."""

import json
from functools import cache
from importlib.resources import files

import numpy as np

SIZES = (2, 16, 16, 1)  # inputs, two hidden layers of ReLUs, one score


def points() -> tuple[np.ndarray, np.ndarray]:
    """X (100, 2) and labels y (100,): 50 points of the lower moon, 1, then 50 of the upper, -1.

    They are scikit-learn's make_moons(100, noise=0.1) after numpy.random.seed(1337), ordered by label.
    """
    table = np.array(_data()["points"])
    return table[:, :2], table[:, 2]


def weights(name: str) -> list[np.ndarray]:
    """Weights that ship in data/moons.json, a layer (inputs + 1, units) each, the bias in its last row.

    "start"    drawn from U(-1, 1) as micrograd's MLP(2, [16, 16, 1]) does after random.seed(1337), biases 0
    "trained"  after 100 steps over all points with learning rate 1 - 0.9 k/100, as in micrograd's demo
    """
    return [np.array(layer) for layer in _data()[name]]


@cache
def _data():
    return json.loads((files("xlcicf.learn") / "data" / "moons.json").read_text(encoding="utf-8"))
