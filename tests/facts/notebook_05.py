"""Section 3: fast.ai's notebook 05, a linear model and a neural net from scratch."""

import numpy as np

from tests.facts import notebooks as nb
from tests.facts.fact import Fact
from xlcicf.learn import titanic

LINEAR = (nb.linear, nb.coefficients, 0.2, 18)
SIGMOID = (nb.logistic, nb.coefficients, 100)
MATRIX = (nb.matrix, nb.column, 100)
HIDDEN_SLOW = (nb.hidden, nb.one_layer, 1.4)
HIDDEN = (nb.hidden, nb.one_layer, 20)
DEEP = (nb.deep, nb.two_layers, 4)


def losses(model, *epochs: slice) -> list[float]:
    """The losses in these epochs, counted from 0."""
    return [loss for part in epochs for loss in nb.notebook_05(*model).losses[part]]


def accuracy(model) -> list[float]:
    run = nb.notebook_05(*model)
    return [run.right, run.accuracy]


def weight(model, *columns: str) -> np.ndarray:
    weights = nb.notebook_05(*model).weights[0].numpy().ravel()
    return weights[[titanic.NOTEBOOK.index(column) for column in columns]]


REPLAY = [
    Fact("rows to train on, held out, survivors among these", "713 178 72",
         lambda: [len(nb.TRAINING), len(nb.HELD_OUT), nb.SINGLE_Y[nb.HELD_OUT].sum()]),
    Fact("coefficients", "-.4629 .1386 .2409 -.2262 -.2632 -.3147 .4876 .3136 .2799 -.4392 .2103 .3625", nb.coefficients),
    Fact("first ten predictions", ".1927 -.6239 .0979 .2056 .0968 .0066 .1306 .3476 .1613 -.6285",
         lambda: nb.linear(nb.coefficients(), nb.SINGLE_X)[:10]),
    Fact("loss over all rows", "0.5382", lambda: nb.mae(nb.linear(nb.coefficients(), nb.SINGLE_X), nb.SINGLE_Y)),
    Fact("gradient", "-.0106 .0129 -.0041 -.0484 .2099 -.2132 -.1212 -.0247 .1425 -.1886 -.0191 .2043", lambda: nb.first_slopes(1)),
    Fact("gradient after a second pass, over the first", "2 2 2 2 2 2 2 2 2 2 2 2", lambda: nb.first_slopes(2) / nb.first_slopes(1)),
    Fact("loss after one step", "0.5197", lambda: nb.loss_after_one_step(1)),
    Fact("loss after one step with three gradients added up", "0.4945", lambda: nb.loss_after_one_step(3)),
    Fact("linear: 18 epochs", ".536 .502 .477 .454 .431 .409 .388 .367 .349 .336 .330 .326 .329 .304 .314 .296 .300 .289", lambda: losses(LINEAR, slice(18))),
    Fact("linear: right of 178, accuracy", "140 .7865", lambda: accuracy(LINEAR)),
    Fact("linear: coefficients", "-.2694 .0901 .2359 .0280 -.3990 .2345 .7232 .4112 .3601 .0955 .2395 .2122", lambda: weight(LINEAR, *titanic.NOTEBOOK)),
    Fact("sigmoid: epochs 1 to 5 and 30", ".510 .327 .294 .207 .201 .194", lambda: losses(SIGMOID, slice(5), slice(29, 30))),
    Fact("sigmoid: right of 178, accuracy", "147 .8258", lambda: accuracy(SIGMOID)),
    Fact("sigmoid: male, female, class 1, class 3, Age", "-10.33 8.42 3.84 -6.23 -1.51", lambda: weight(SIGMOID, "Male", "Female", "Pclass_1", "Pclass_3", "Age")),
    Fact("matrix form: epochs 1 to 4 and 30", ".512 .323 .290 .205 .194", lambda: losses(MATRIX, slice(4), slice(29, 30))),
    Fact("matrix form: right of 178, accuracy", "147 .8258", lambda: accuracy(MATRIX)),
    Fact("20 hidden, lr 1.4: first and last epoch", ".543 .220", lambda: losses(HIDDEN_SLOW, slice(0, 30, 29))),
    Fact("20 hidden, lr 1.4: accuracy", ".7921", lambda: accuracy(HIDDEN_SLOW)[1]),
    Fact("20 hidden, lr 20: epochs 1 to 9 and 30", ".543 .400 .260 .390 .221 .211 .197 .195 .193 .192", lambda: losses(HIDDEN, slice(9), slice(29, 30))),
    Fact("20 hidden, lr 20: right of 178, accuracy", "147 .8258", lambda: accuracy(HIDDEN)),
    Fact("deep: epochs 1 to 4", ".521 .483 .427 .379", lambda: losses(DEEP, slice(4))),
    Fact("deep: epochs 4 to 18 are flat, from most to least", "0", lambda: np.ptp(losses(DEEP, slice(3, 18))), within=0.0035,
         because="“flat” is a drop of less than a hundredth, where the next four epochs drop by .15"),
    Fact("deep: epochs 20 to 23 and 30", ".333 .239 .224 .208 .195", lambda: losses(DEEP, slice(19, 23), slice(29, 30))),
    Fact("deep: right of 178, accuracy", "147 .8258", lambda: accuracy(DEEP)),
]  # fmt: skip
NOT_REPRODUCED = []
FACTS = {"3 notebook 05": REPLAY}
