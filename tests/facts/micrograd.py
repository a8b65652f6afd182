"""Section 6: micrograd, its demo, and the lecture about it."""

from functools import cache

import numpy as np
import torch

from tests.facts import books
from tests.facts.fact import Fact, NotReproduced
from tests.learn import test_moons
from xlcicf.learn import moons
from xlcicf.lessons import micrograd as lesson


def node(graph: str, *names: str) -> np.ndarray:
    """The data of nodes on the book's sheet Nodes."""
    return _node_cells(lesson.GRAPHS[graph].data, names)


def grad(graph: str, *names: str) -> np.ndarray:
    """The gradients of nodes on the book's sheet Nodes."""
    return _node_cells(lesson.GRAPHS[graph].grad, names)


def _node_cells(cell, names) -> np.ndarray:
    return books.cells("micrograd", "Nodes", *(cell(name).replace("$", "") for name in names))


def beside(graph: str, line: int) -> np.ndarray:
    """A number in column N beside a table on Nodes, so many rows below its header."""
    return books.cells("micrograd", "Nodes", f"N{lesson.GRAPHS[graph].top + line}")


def slope_at_two_thirds() -> float:
    """The lecture's numerical slope of f with its h = 1e-6."""
    x = lesson.GRAPHS["f"].data("x").replace("$", "")
    return books.typed("micrograd", (f"Nodes!{x}", 2 / 3))[f"Nodes!N{lesson.GRAPHS['f'].top + 9}"]


def slope_by_c() -> float:
    a, b, c = (torch.tensor(x, requires_grad=True) for x in (2.0, -3.0, 10.0))
    (slope,) = torch.autograd.grad(a * b + c, c)
    return slope.item()


@cache
def demo() -> list[tuple[float, float]]:
    """(loss, accuracy) before each of the demo's 100 steps."""
    return test_moons.trained_as_in_the_demo()[0]


def drawn_by_scikit_learn() -> tuple[np.ndarray, np.ndarray]:
    """The demo's points (100, 2) and labels 0 and 1 (100,), in the order in which they are drawn."""
    from sklearn.datasets import make_moons

    np.random.seed(1337)
    return make_moons(100, noise=0.1)


def off_scikit_learns() -> float:
    """How far our points are from scikit-learn's, at most, once these are ordered by label."""
    X, y = drawn_by_scikit_learn()
    return np.abs(moons.points()[0] - X[np.argsort(-y, kind="stable")]).max()


ENGINE = [
    Fact("README: g", "24.70408163265306", lambda: node("readme", "g"), within=1e-12, because="double precision"),
    Fact("README: dg/da", "138.83381924198252", lambda: grad("readme", "a"), within=1e-12, because="double precision"),
    Fact("README: dg/db", "645.5772594752186", lambda: grad("readme", "b"), within=1e-12, because="double precision"),
    Fact("first test, at x = -4: y, dy/dx", "-20 46", lambda: [*node("first", "y"), *grad("first", "x")]),
    Fact("ReLU at 0: slope", "0", lambda: torch.autograd.functional.jacobian(torch.relu, torch.tensor(0.0))),
    Fact("demo: points, units, parameters", "100 16 16 337",
         lambda: [len(moons.points()[0]), *moons.SIZES[1:3], books.saved("micrograd")["Moons!C5"]]),
    Fact("demo: points off make_moons(100, noise=.1) under seed 1337 by at most", "0", off_scikit_learns, within=1e-15, because="double precision"),
    Fact("demo: its first point", "1.12211461 0.08147717", lambda: drawn_by_scikit_learn()[0][0]),
    Fact("demo: its first labels", "0 0 1 0 1 1 1 1 1 0", lambda: drawn_by_scikit_learn()[1][:10]),
    Fact("demo: loss and accuracy at the start", ".8958 .5", lambda: books.cells("micrograd", "Moons", "C9", "C10")),
    Fact("demo: loss and accuracy in step 1", "1.7236 .81", lambda: demo()[1]),
    Fact("demo: accuracy in steps 9 and 22", ".91 .97", lambda: [demo()[9][1], demo()[22][1]]),
    Fact("demo: first step with all right", "40", lambda: next(k for k, (_, accuracy) in enumerate(demo()) if accuracy == 1)),
    Fact("demo: loss and accuracy in step 99", ".010978 1", lambda: demo()[99]),
]  # fmt: skip
LECTURE = [
    Fact("f(3) of 3x² - 4x + 5", "20", lambda: node("f", "f")),
    Fact("f's slope at 2/3, by a nudge", "3e-6", slope_at_two_thirds),
    Fact("a·b + c with 2, -3, 10", "4", lambda: node("L", "d")),
    Fact("… its slope by c", "1", slope_by_c),
    Fact("L, and after a step of .01 up", "-8 -7.286496", lambda: [*node("L", "L"), *beside("L", 4)]),
    Fact("dL/db, by the chain rule", "-4", lambda: grad("L", "b")),
    Fact("dL/db, by a nudge", "-4", lambda: beside("L", 5)),
    Fact("neuron: n, o", ".88137 .7071", lambda: node("neuron", "n", "o")),
    Fact("neuron: grads of o, n, b, x1, w1, x2, w2", "1 .5 .5 -1.5 1 .5 0", lambda: grad("neuron", "o", "n", "b", "x1", "w1", "x2", "w2")),
    Fact("the same by exp: grads of x1, w1, x2, w2", "-1.5 1 .5 0", lambda: grad("exp", "x1", "w1", "x2", "w2")),
    Fact("a + a: gradient", "2", lambda: grad("twice", "a")),
    Fact("parameters of MLP(3, [4, 4, 1])", "41", lambda: books.cells("micrograd", lesson.CHAIN, "I40")),
]  # fmt: skip
NOT_REPRODUCED = [
    NotReproduced("lines of engine.py and nn.py", "94 60", "a count of another project's files, none of which ships here"),
    NotReproduced("lecture, four points: loss in 20 steps of .1, from, to", ".00206 .00179", "its net is made without a seed"),
]  # fmt: skip
FACTS = {"6 micrograd": ENGINE, "6 the lecture": LECTURE}
