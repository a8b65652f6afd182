"""Sections 7.3, 7.4 and 8: the notebook "How does a neural net really work?", the film about backpropagation, and
the short list of golden tests, as far as it says more than the sections before it."""

import torch
from torch import nn

from tests.facts import books, notebooks
from tests.facts.fact import Fact, NotReproduced
from xlcicf.learn import titanic, vision
from xlcicf.lessons import how_a_net_works
from xlcicf.lessons.micrograd import CHAIN


def quadratic(*refs: str):
    return books.cells("how_a_net_works", "Quadratic", *refs)


def added_up(area: str):
    """Numbers on Quadratic where each step adds its slopes to those before."""
    live = books.typed("how_a_net_works", (how_a_net_works.SLOPES.ref, how_a_net_works.ADDED_UP))
    return live.numbers(f"Quadratic!{area}")


QUADRATIC = [
    Fact("points, from x, to x", "20 -2 2", lambda: [len(quadratic("A15:A34")), *quadratic("A15", "A34")]),
    Fact("first five y", "11.869 6.5433 5.9396 2.6304 1.7947", lambda: quadratic("B15:B19")),
    Fact("a, b, c at the start", "1.1 1.1 1.1", lambda: quadratic("B5:D5"), within=1e-12, because="typed in"),
    Fact("mean absolute error there", "2.42185451", lambda: quadratic("F7"), within=5e-8, because="the notebook squares x in single precision"),
    Fact("its slopes", "-1.3529 -.0316 -.5000", lambda: quadratic("B6:D6")),
    Fact("error after one step of .01", "2.4010", lambda: quadratic("L24")),
    Fact("errors of ten steps, slopes added up", "2.40 2.36 2.30 2.21 2.11 1.98 1.85 1.72 1.58 1.46", lambda: added_up("L24:L33")),
    Fact("a, b, c after them", "1.9634 1.1381 1.4100", lambda: added_up("I34:K34")),
]  # fmt: skip


def chain(*refs: str):
    return books.cells("micrograd", CHAIN, *refs)


def autograds_slope() -> float:
    """∂C/∂w of the last neuron of the book's chain, by torch."""
    (a_before, w, b), (y,) = chain("B8:D8"), chain("D3")
    w = torch.tensor(w, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad((torch.sigmoid(w * a_before + b) - y) ** 2, w)
    return slope.item()


def three_factors() -> float:
    """a before · σ'(z) · 2(a - y), as the film takes ∂C/∂w apart, from the book's cells."""
    a_before, a, falls, y = chain("B8", "F8", "G8", "D3")
    return a_before * falls * 2 * (a - y)


BACKPROPAGATION = [
    Fact("parameters of 784-16-16-10, a layer each", "12,560 272 170", lambda: chain("F38:H38")),
    Fact("… together", "13,002", lambda: chain("I38")),
    Fact("the example's a and y", ".66 1", lambda: chain("F8", "D3")),
    Fact("∂C/∂w on the sheet less its three factors", "0", lambda: chain("J8") - three_factors(), within=1e-15, because="double precision"),
    Fact("… less autograd's", "0", lambda: chain("J8") - autograds_slope(), within=1e-15, because="double precision"),
    Fact("… less the nudge's", "0", lambda: chain("J8") - chain("M8"), within=1e-9, because="a nudge rounds"),
]  # fmt: skip


def mnist_loss(*pred: float) -> torch.Tensor:
    """fast.ai's loss of predictions whose targets are 1, 0, 1."""
    return vision.mnist_loss(torch.tensor(pred, dtype=torch.float64), torch.tensor([1, 0, 1]))


def each_layers(net: nn.Sequential) -> list[int]:
    """The parameters of each layer that has some."""
    return [count for layer in net if (count := vision.parameters(layer))]


TEN_DIGITS = vision.convolutions(batchnorm=False)
GOLDEN = [
    Fact("mnist_loss of .9, .4, .2", ".4333", lambda: mnist_loss(0.9, 0.4, 0.2)),
    Fact("mnist_loss of .9, .4, .8", ".2333", lambda: mnist_loss(0.9, 0.4, 0.8)),
    Fact("parameters of fast.ai's sheet and of ours", "20 22", lambda: [titanic.weights(name).size for name in ("solver", "start")]),
    Fact("parameters of net A", "26", lambda: vision.parameters(notebooks.linear_12_2())),
    Fact("parameters of the moons' net", "337", lambda: books.cells("micrograd", CHAIN, "I39")),
    Fact("parameters of the net for threes and sevens", "6,722", lambda: vision.parameters(vision.convolutions((1, 4, 8, 16, 32, 2), 3, batchnorm=False))),
    Fact("parameters of the net for ten digits, a layer each", "208 1168 4640 18496 5770",
         lambda: each_layers(TEN_DIGITS)),
    Fact("… together", "30,282", lambda: vision.parameters(TEN_DIGITS)),
]  # fmt: skip
NOT_REPRODUCED = [
    NotReproduced("parameters of 784-30-1", "23,551", "784·30 + 30 and 30 + 1; the figure leaves thirty out",
                  lambda: vision.parameters(vision.hidden(30, 1))),
]  # fmt: skip
FACTS = {"7.3 how a net works": QUADRATIC, "7.4 backpropagation": BACKPROPAGATION, "8 golden tests": GOLDEN}
