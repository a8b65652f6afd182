"""The table of methods, and what each promises. A way to solve is an entry here and a file beside."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module

from xlcicf.optim.steps import Step


@dataclass(frozen=True)
class Method:
    """One way to solve a problem.

    name      as it is typed: `--optimizer adam`
    promises  what it does and how far it can be relied on, in words
    home      the function that does it, as "file.name": imported when asked for, with what it needs
    lr        the learning rate when none is given; None where it finds its own step length
    """

    name: str
    promises: str
    home: str
    lr: float | None = None

    @property
    def run(self) -> Callable[..., Iterator[Step]]:
        """(f, steps, restarts, seed, lr) -> Steps, the last one with its reason."""
        file, _, function = self.home.partition(".")
        return getattr(import_module(f"{__name__}.{file}"), function)


# The learning rates suit inputs between 0 and 1 and a mean as loss: in 200 steps the lesson's net falls from
# 0.264 to 0.172, 0.136, 0.141 and 0.134.
METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method("lbfgs", "L-BFGS-B: few, long steps to a local optimum, bounds kept exactly", "lbfgs.run"),
        Method("sgd", "gradient descent: the learning rate times the gradient", "first_order.sgd", 0.1),
        Method("momentum", "gradient descent that keeps 0.9 of its last step", "first_order.momentum", 0.1),
        Method("rmsprop", "steps scaled by the gradient's recent size", "first_order.rmsprop", 0.01),
        Method("adam", "momentum and scaled steps together", "first_order.adam", 0.01),
    )
}
OPTIMIZERS = tuple(METHODS)
