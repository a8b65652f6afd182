"""The words that several rooms share, each said once: the settings of training, the names that our books give
to their cells, the headers of their logs. Who writes a book and who reads one take them from here."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from xlcicf.errors import TrainingError

TAB = "Neural Net"  # the ribbon's tab, the head of what is told a person, and our sheet in a person's book

# ---- the history of a book's runs, a file beside it

HISTORY = ".xlcicf.json"  # stands behind the book's name
COMPUTED = "computed"  # in it: the digest of the book's file where all results in that are known to be true

# ---- settings of training --------------------------------------------------------------------------------

KINDS = {str: "the name of an optimizer", int: "a whole number", float: "a number"}

T = TypeVar("T", covariant=True)


@dataclass(frozen=True)
class Setting(Generic[T]):
    """A setting, wherever it is shown: an argument of `train`, an option of the command line, a named cell, a
    box in the ribbon, a column of the run log.

    name      of the argument
    kind      str (one of the choices), int or float
    label     what people see, and the run log's header
    default   None: the optimiser's own
    least     a whole number is at least that, any other above it
    most      the largest that its cell takes
    choices   of a word
    metavar   what stands for the value in the command line's help, which begins with
    help      the option in words; "" where it is none
    note      what stands beside its cell on a Training sheet; {weights}: what training changes
    tip       what the ribbon's box says; "" where there is none
    """

    name: str
    kind: type
    label: str
    default: T
    least: int = 0
    most: int = 0
    choices: tuple[str, ...] = ()
    metavar: str = ""
    help: str = ""
    note: str = ""
    tip: str = ""

    @property
    def cell(self) -> str:
        """The name of the cell that sets it: "train.lr"."""
        return f"train.{self.name}"

    @property
    def option(self) -> str:
        return f"--{self.name}"

    @property
    def control(self) -> str:
        """The name of its box in the ribbon, and of the command behind it."""
        return f"set_{self.name}"

    @property
    def usage(self) -> str:
        """The option's help, with its choices and its default."""
        if self.choices:
            first, *others, last = [f"{c} (default)" if c == self.default else c for c in self.choices]
            return f"{', '.join([first, *others])} or {last}"
        return self.help if self.default is None else f"{self.help} (default: {self.default})"

    def require(self, value: object) -> None:
        """Raises TrainingError where it cannot have this value."""
        if self.kind is str:
            if value not in self.choices:
                raise TrainingError(
                    f"no {self.name} named {value!r}; choose one of {', '.join(self.choices)}"
                )
        elif value is None and self.default is None:
            return
        elif self.kind is int:
            if isinstance(value, bool) or not isinstance(value, int) or value < self.least:
                raise TrainingError(
                    f"{self.name} must be a whole number of at least {self.least}, not {value!r}"
                )
        else:
            if not isinstance(value, int | float) or not (value > self.least and math.isfinite(value)):
                raise TrainingError(
                    f"the {self.label.lower()} must be a number above {self.least}, not {value!r}"
                )


LEAST_SQUARES = "least-squares"
# optimizer -> what it is for, in a few words; what each promises stands in `xlcicf.optim.methods`
MADE_FOR = {
    "auto": "chooses from what the model is made of",
    "lbfgs": "smooth models, with bounds or without",
    LEAST_SQUARES: "sums of squares",
    "slsqp": "smooth models with constraints on formulas",
    "lagrangian": "smooth models with constraints on formulas, of many values",
    "interior-point": "the same, where POUNCE is installed",
    "linear": "linear models, with whole numbers or without",
    "quadratic": "convex quadratic objectives with linear constraints",
    "branch-and-bound": "whole numbers in models that bend",
    "orders": "cells that must all be different",
    "evolutionary": "what moves in steps",
    "sgd": "the lesson's gradient descent",
    "momentum": "gradient descent that keeps its way",
    "rmsprop": "gradient descent with scaled steps",
    "adam": "momentum and scaled steps together",
}

OPTIMIZER: Setting[str] = Setting(
    "optimizer",
    str,
    "Optimiser",
    "auto",
    choices=tuple(MADE_FOR),
    metavar="NAME",
    note="auto chooses what serves the problem; sgd to adam follow the gradient as in the lesson",
    tip="How a step is made. auto chooses what serves the problem.",
)
STEPS: Setting[int | None] = Setting(
    "steps",
    int,
    "Steps",
    None,
    least=1,
    most=1_000_000,
    metavar="N",
    help="at most so many a start (default: as many as are usual with the optimizer)",
    note="at most so many a start; empty: as many as are usual",
    tip="At most so many steps a start; empty takes as many as are usual.",
)
LR: Setting[float | None] = Setting(
    "lr",
    float,
    "Learning rate",
    None,
    most=1000,
    metavar="X",
    help="learning rate of a first-order optimizer",
    note="empty: the optimiser's usual one; lbfgs needs none",
    tip="Length of a step; empty takes the optimiser's own. lbfgs has none.",
)
RESTARTS: Setting[int] = Setting(
    "restarts",
    int,
    "Restarts",
    1,
    least=1,
    most=100_000,
    metavar="K",
    help="starts, the sheet's own first",
    note="1 goes on from {weights}; more also try random starts and keep the best",
    tip="How many starts; the first is from the sheet's weights, the best end is kept.",
)
SEED: Setting[int] = Setting(
    "seed",
    int,
    "Seed",
    0,
    most=2_147_483_647,
    metavar="N",
    help="of the random starts",
    note="of the random starts: the same seed, the same numbers",
)

# The arguments of `train` that Solver's dialog has no word for.
SETTINGS: dict[str, Setting] = {s.name: s for s in (OPTIMIZER, STEPS, LR, RESTARTS, SEED)}

# How a run can end. Of the first four the values are worth having.
FOUND, CONVERGED, LOCAL, STOPPED = "found", "converged", "local", "stopped"
UNBOUNDED, INFEASIBLE, ERROR, TARGET, FLAT = "unbounded", "infeasible", "error", "target", "flat"
WORTH_HAVING = (FOUND, CONVERGED, LOCAL, STOPPED)

# A cell of our own books only: the half-width of the box in which the weights' restarts begin.
INIT: Setting[float] = Setting(
    "init", float, "Spread", 0.5, most=1000, note="random starts lie between −spread and +spread"
)

# ---- names in our books ----------------------------------------------------------------------------------

WEIGHTS = "hidden.weight"  # the changing cells, named as in torch's state_dict

NET_LOSS = "net.loss"  # the objective
NET_ACCURACY = "net.accuracy"
NET_VALID_LOSS = "net.valid_loss"
NET_VALID_ACCURACY = "net.valid_accuracy"
NET_PREDICTION = "net.prediction"  # one a row
NET_MEASURE = "net.measure"  # MSE or MAE
NET_HELD_OUT = "net.held_out"  # the share of the rows
NET_SETTINGS = "net.settings"  # what the loss depends on besides weights and data, as a text

PARITY_LOSS = "parity.loss"  # torch's, at the end of the last run
PARITY_PREDICTION = "parity.prediction"  # the largest difference of one, then
PARITY_WEIGHTS = "parity.weights"  # those that it ended with
PARITY_SETTINGS = "parity.settings"  # NET_SETTINGS then
PARITY_STATUS = "parity.status"  # what a person reads of all that

FIT_ERRORS = "fit.errors"  # standard errors of the weights that the last run ended with
FIT_UNKNOWN = "fit.unknown"  # in words, why there are none of some

RUNS_LOG = "runs.log"
RUNS_WEIGHTS = "runs.weights"  # before each run of the log
STEPS_LOG = "steps.log"  # of the start that won the last run
STARTS_LOG = "starts.log"  # where each start of the last run ended

# ---- headers of the logs ---------------------------------------------------------------------------------

RUN = "Run"
WHEN = "When"
LOSS_BEFORE = "Loss before"
LOSS_AFTER = "Loss after"
ACCURACY = "Accuracy"
SECONDS = "Seconds"
WHY = "Why it stopped"

# Header of the log -> what the facts of a run in the history call it.
LOGGED = {
    WHEN: "when",
    OPTIMIZER.label: OPTIMIZER.name,
    STEPS.label: STEPS.name,
    RESTARTS.label: RESTARTS.name,
    SEED.label: SEED.name,
    LR.label: LR.name,
    LOSS_BEFORE: "before",
    LOSS_AFTER: "after",
    ACCURACY: "accuracy",
    SECONDS: "seconds",
    WHY: "reason",
}
RUNS_HEADERS = (RUN, *LOGGED)


def log_line(facts: Mapping[str, object]) -> dict[str, object]:
    """Header -> what a run's line in the log says there, as far as the facts know it."""
    return {header: facts[fact] for header, fact in LOGGED.items() if fact in facts}


STEP = "Step"
LOSS = "Loss"
STEPS_HEADERS = (STEP, LOSS)
