"""The table of methods, and what each promises. A way to solve is an entry here and a file beside."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module

from xlcicf.optim.steps import Step

OWN_UNITS = "none: the cells' own units"
BY_BEND = "values by their size and by how the objective bends, constraints by their slopes"
BY_GRADIENT = "each value by its gradient's recent size"


@dataclass(frozen=True)
class Method:
    """One way to solve a problem.

    name      as it is typed: `--optimizer adam`
    promises  what it does and how far it can be relied on, in words
    home      the function that does it, as "file.name": imported when asked for, with what it needs
    lr        the learning rate when none is given; None where it finds its own step length
    steps     the most of each start when nobody says it; None: as many as it needs
    serves    what it can keep to: constraints on formulas, whole numbers, orders
    scaling   how it measures values and constraints, in words
    goes_by_slopes  whether slopes lead it: where all are 0 it goes nowhere, and other starts may lead on
    tells_conflicts  whether it tells soon, and by name, which constraints cannot hold together
    """

    name: str
    promises: str
    home: str
    lr: float | None = None
    steps: int | None = None
    serves: frozenset[str] = frozenset()
    scaling: str = OWN_UNITS
    goes_by_slopes: bool = False
    tells_conflicts: bool = False

    @property
    def run(self) -> Callable[..., Iterator[Step]]:
        """(f, steps, restarts, seed, lr, elsewhere) -> Steps, the last one with its reason."""
        file, _, function = self.home.partition(".")
        return getattr(import_module(f"{__name__}.{file}"), function)


STEPS = 200
CONSTRAINTS, WHOLE, ORDERS = "constraints on formulas", "whole numbers", "AllDifferent"

# The learning rates suit inputs between 0 and 1 and a mean as loss: in 200 steps the lesson's net falls from
# 0.264 to 0.172, 0.136, 0.141 and 0.134.
METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(
            "lbfgs",
            "L-BFGS-B: few, long steps to a local optimum, bounds kept exactly",
            "lbfgs.run",
            steps=STEPS,
            goes_by_slopes=True,
        ),
        Method(
            "least-squares",
            "trust region and Gauss-Newton's steps, for sums of squares: all digits of the parameters",
            "least_squares.run",
            serves=frozenset({CONSTRAINTS}),
            scaling="each value by its column of the Jacobian",
            goes_by_slopes=True,
        ),
        Method(
            "slsqp",
            "sequential quadratic programming, for constraints on formulas: a local optimum",
            "slsqp.run",
            serves=frozenset({CONSTRAINTS}),
            scaling=BY_BEND,
            goes_by_slopes=True,
        ),
        Method(
            "lagrangian",
            "L-BFGS-B on the augmented Lagrangian, for constraints on formulas of many values",
            "lagrangian.run",
            serves=frozenset({CONSTRAINTS}),
            scaling="constraints by their slopes",
            goes_by_slopes=True,
        ),
        Method(
            "interior-point",
            "from inside bounds and constraints on formulas, of many values: a local optimum",
            "interior_point.run",
            serves=frozenset({CONSTRAINTS}),
            scaling=BY_BEND,
            goes_by_slopes=True,
        ),
        Method(
            "linear",
            "HiGHS, for linear models with whole numbers or without: the best there is",
            "programs.linear",
            serves=frozenset({CONSTRAINTS, WHOLE}),
            scaling="HiGHS's own",
            tells_conflicts=True,
        ),
        Method(
            "quadratic",
            "HiGHS, for convex quadratics, corners that are valleys, linear constraints: the best there is",
            "programs.quadratic",
            serves=frozenset({CONSTRAINTS}),
            scaling="HiGHS's own",
            tells_conflicts=True,
        ),
        Method(
            "branch-and-bound",
            "whole numbers in models that bend: the best there is where these are convex",
            "branch_and_bound.run",
            serves=frozenset({CONSTRAINTS, WHOLE}),
            scaling=BY_BEND,
            goes_by_slopes=True,
        ),
        Method(
            "orders",
            "exchanges in an order, for cells that must all be different",
            "orders.run",
            serves=frozenset({CONSTRAINTS, WHOLE, ORDERS}),
            scaling="none: exchanges need none",
        ),
        Method(
            "evolutionary",
            "a population that needs no slopes, for what moves in steps",
            "evolutionary.run",
            serves=frozenset({CONSTRAINTS, WHOLE}),
            scaling="none: values are drawn between their bounds",
        ),
        Method(
            "sgd",
            "gradient descent: the learning rate times the gradient",
            "first_order.sgd",
            0.1,
            steps=STEPS,
        ),
        Method(
            "momentum",
            "gradient descent that keeps 0.9 of its last step",
            "first_order.momentum",
            0.1,
            steps=STEPS,
        ),
        Method(
            "rmsprop",
            "steps scaled by the gradient's recent size",
            "first_order.rmsprop",
            0.01,
            steps=STEPS,
            scaling=BY_GRADIENT,
        ),
        Method(
            "adam",
            "momentum and scaled steps together",
            "first_order.adam",
            0.01,
            steps=STEPS,
            scaling=BY_GRADIENT,
        ),
    )
}
AUTO = "auto"  # whichever serves the problem: see `optim.choosing`
OPTIMIZERS = (AUTO, *METHODS)
